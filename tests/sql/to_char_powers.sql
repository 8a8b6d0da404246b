-- to_char with EEEE and V: rounding, carries, what they may not stand with
SELECT to_char(1e10::float8, '9.99EEEE'), to_char(0.00012345, '9.999EEEE'), to_char(-5, '9.9EEEE');
SELECT to_char(12.45, '99V9'), to_char(12, '99V999');
SELECT to_char(0, '9.99EEEE'), to_char(9.999, '9.99EEEE'), to_char(-0.000999, '9EEEE'), to_char(123456, '99.9999999EEEE'), to_char('NaN'::numeric, '9.99EEEE'), to_char('inf'::float8, '9.99EEEE');
SELECT to_char(1.5, '9EEEE9');
SELECT to_char(1.5, 'FM9EEEE');
SELECT to_char(1.5, 'S9EEEE');
SELECT to_char(1.5, '9.9V9');
SELECT to_char(1.5, '9V9.9');
SELECT to_char(0.0123, '99V99'), to_char(-1.239, '9V99'), to_char(123.4, '9V9'), to_char(0, '9V9'), to_char(0.5, '0V0'), to_char(12, 'FM99V9'), to_char(1e100::numeric, '9.9EEEE'), to_char(123::bigint, '9.99EEEE'), to_char(1.25::float4, '9.9EEEE');
SELECT '[' || to_char(5, '9EEEE') || ']';

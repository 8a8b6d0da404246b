-- to_char of numbers with an exponent or a shifted point
SELECT to_char(1e10::float8, '9.99EEEE'), to_char(0.00012345, '9.999EEEE'), to_char(-5, '9.9EEEE');
SELECT to_char(12.45, '99V9'), to_char(12, '99V999');

-- to_char and to_number on numbers
SELECT to_char(1234.5, '9999.99'), to_char(1234.5, '9,999.99'), to_char(-1234.5, '9999.99'), to_char(0.5, '0.99'), to_char(0.5, '9.99'), to_char(12, '0000'), to_char(12, 'FM0000'), to_char(12345, '999'), to_char(1234.567, 'FM999999.99');
SELECT to_char(-5, 'S99'), to_char(5, 'S99'), to_char(-5, '99S'), to_char(-5, '99MI'), to_char(-5, '99PR'), to_char(5, '99PR'), to_char(485, 'RN'), to_char(485, 'FMRN'), to_char(12, '99th'), to_char(12.5::float8, '99.9');
SELECT to_char(1, 'RN'), to_char(3999, 'rn'), to_char(3888, 'FMrn'), to_char(4000, 'RN'), to_char(0, 'RN'), to_char(-3, 'FMRN'), to_char(4.5, 'FMRN'), to_char(9.4::float8, 'RN'), to_char(99::int8, 'FMRN');
SELECT to_char(1234567, '9,999,999'), to_char(0, '9'), to_char(0, 'FM9'), to_char(148.5, '999D9'), to_char(123, '"n="999'), to_char(12345::int8, '99G999'), to_char(0.1, 'FM9.99'), to_char(100, 'FM990.00');
SELECT to_number('12,454.8-', '99G999D9S'), to_number('1234', '9999'), to_number('-12.5', 'S99.9');
SELECT to_number('abc', '999');

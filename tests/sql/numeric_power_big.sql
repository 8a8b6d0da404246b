-- powers whose digits are many: whole exponents far beyond what an exact power would hold
SELECT length((10::numeric ^ 131071)::text);
SELECT length((1.5::numeric ^ 131071)::text);
SELECT length((1.5::numeric ^ 1310)::text);
SELECT length((1.0000123::numeric ^ 1310710)::text);
SELECT length((1.123456789012345678901234567890::numeric ^ 200000)::text);
SELECT (1.123456789012345678901234567890::numeric ^ -200000);
SELECT length((2.5::numeric ^ 200000.5)::text);
SELECT md5((1.5::numeric ^ 131071)::text), md5((10::numeric ^ 131071)::text), (-1.0000123::numeric) ^ 1310711, 1.0000123::numeric ^ (-1310711);
SELECT 7.123::numeric ^ -1000, 0.99999::numeric ^ 2147483647, 3::numeric^60000 % 1000000007, (-2.5)::numeric ^ 20001 % 1000, 0.9999::numeric ^ 200000;

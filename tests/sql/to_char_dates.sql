-- to_char, to_date and to_timestamp with the common patterns
SELECT to_char(timestamp '2024-02-09 03:04:05.678901', 'YYYY-MM-DD HH24:MI:SS'), to_char(timestamp '2024-02-09 15:04:05', 'HH12:MI AM'), to_char(timestamp '2024-02-09 15:04:05', 'HH:MI pm'), to_char(timestamp '2024-02-09 03:04:05.678901', 'MS US');
SELECT to_char(date '2024-02-09', 'Day, DD Month YYYY'), to_char(date '2024-02-09', 'FMDay, FMDD FMMonth YYYY'), to_char(date '2024-02-09', 'Dy Mon'), to_char(date '2024-02-09', 'DAY MONTH'), to_char(date '2024-02-09', 'dy mon'), to_char(date '2024-02-09', 'D DDD Q WW IW IYYY');
SELECT to_char(date '2024-02-09', 'YY Y,YYY CC J'), to_char(timestamp '2024-02-09 00:30', 'HH24 HH12 SSSS'), to_char(date '2024-02-09', '"Year:" YYYY'), to_char(date '2024-02-01', 'DDth Mon'), to_char(date '2024-02-22', 'FMDDth');
SELECT to_char(interval '1 day 02:03:04', 'DD HH24:MI:SS'), to_char(interval '26 hours', 'HH24:MI');
SELECT to_date('2024-02-29', 'YYYY-MM-DD'), to_date('05 Dec 2000', 'DD Mon YYYY'), to_date('20240115', 'YYYYMMDD'), to_timestamp('2024-01-15 13:45:30', 'YYYY-MM-DD HH24:MI:SS'), to_timestamp('05 Dec 2000 1:30 PM', 'DD Mon YYYY HH:MI AM');
SELECT to_date('2024-13-01', 'YYYY-MM-DD');
SELECT to_date('2024-02-30', 'YYYY-MM-DD');
SELECT to_date('xx', 'YYYY');
SELECT to_timestamp('2024-01-15 25:00', 'YYYY-MM-DD HH24:MI');

-- arguments given by name
SELECT make_interval(years => 1, months => 2), make_interval(1, days => 3, secs => 1.5), make_interval(years := 2);
SELECT make_date(day => 1, month => 2, year => 2000);
SELECT make_interval(secs => s) FROM (VALUES (1), (90)) v (s);
SELECT make_interval(years => 1, 2);
SELECT make_interval(years => 1, years => 2);
SELECT make_interval(foo => 1);
SELECT make_interval(foo => 1, days => 'x');
SELECT make_interval(1, years => 1);
SELECT lower(string => 'x');

-- words for days beside a time, signs apart from their numbers, long spans of days
select 'today'::time; select 'now'::time is not null; select 'today'::timestamptz = current_date, 'tomorrow'::date - current_date, 'yesterday'::timestamp = current_date - 1;
select 'today 10:30'::timestamp = current_date + time '10:30', '10:30 today'::timestamp = current_date + time '10:30', 'tomorrow 16:00:00'::timestamptz - current_date, 'today'::timetz;
select timestamp 'today 10:30 PM' = current_date + time '22:30', 'allballs'::time, 'allballs today'::timestamp = current_date, 'today tomorrow'::date;
select timestamp '1999-12-01' + interval '1 month - 1 second', interval '2 days - 12:34:56', interval '- 1 day', interval '1 - 2', interval '1 -';
select timestamp 'Jan 1, 4713 BC' + interval '107000000 days';

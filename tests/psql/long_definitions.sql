-- definitions of more than a thousand bytes are whole
CREATE TABLE wide (a_rather_long_column_name_1 int, a_rather_long_column_name_2 int, a_rather_long_column_name_3 int, a_rather_long_column_name_4 int, t text);
CREATE VIEW long_view AS SELECT a_rather_long_column_name_1, a_rather_long_column_name_2, a_rather_long_column_name_3, a_rather_long_column_name_4,
 CASE WHEN t = 'one of many values that are compared here, number 1' THEN 1 WHEN t = 'one of many values that are compared here, number 2' THEN 2 WHEN t = 'one of many values that are compared here, number 3' THEN 3 WHEN t = 'one of many values that are compared here, number 4' THEN 4 WHEN t = 'one of many values that are compared here, number 5' THEN 5 WHEN t = 'one of many values that are compared here, number 6' THEN 6 WHEN t = 'one of many values that are compared here, number 7' THEN 7 WHEN t = 'one of many values that are compared here, number 8' THEN 8 WHEN t = 'one of many values that are compared here, number 9' THEN 9 WHEN t = 'one of many values that are compared here, number 10' THEN 10 WHEN t = 'one of many values that are compared here, number 11' THEN 11 WHEN t = 'one of many values that are compared here, number 12' THEN 12 ELSE 0 END AS k FROM wide WHERE a_rather_long_column_name_1 > 0 AND a_rather_long_column_name_2 > 0;
ALTER TABLE wide ADD CONSTRAINT long_check CHECK (t IN ('one of many values that are compared here, number 1', 'one of many values that are compared here, number 2', 'one of many values that are compared here, number 3', 'one of many values that are compared here, number 4', 'one of many values that are compared here, number 5', 'one of many values that are compared here, number 6', 'one of many values that are compared here, number 7', 'one of many values that are compared here, number 8', 'one of many values that are compared here, number 9', 'one of many values that are compared here, number 10', 'one of many values that are compared here, number 11', 'one of many values that are compared here, number 12', 'one of many values that are compared here, number 13', 'one of many values that are compared here, number 14', 'one of many values that are compared here, number 15', 'one of many values that are compared here, number 16', 'one of many values that are compared here, number 17', 'one of many values that are compared here, number 18'));
\d wide
\d+ long_view
SELECT length(pg_get_viewdef('long_view'::regclass)), length(pg_get_viewdef('long_view'::regclass, true));
SELECT length(pg_get_constraintdef(oid)) FROM pg_constraint WHERE conname = 'long_check';
SELECT length(pg_get_function_arguments(oid)) FROM pg_proc WHERE proname = 'pg_stat_get_activity';
\dcS utf8_to_*
\dx+
\dAo btree int4
\dAp btree int4
\dAo hash text
\dAp hash text

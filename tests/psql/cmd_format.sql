-- how results are written: \a \C \f \H \pset \t \T \x
CREATE TABLE things (id int, name text, price numeric(9,2), made date);
INSERT INTO things VALUES (1, 'plain', 1234567.5, '2024-02-29'), (2, E'two\nlines', NULL, NULL), (3, 'quote " and | and <b> & tab' || E'\t.', -0.5, '1999-12-31'), (4, 'Ünïcode 漢字', 0, 'infinity');
TABLE things;
\a
TABLE things;
\f '%'
TABLE things;
\f
\a
\C 'All things'
TABLE things;
\t
TABLE things;
\t off
\C
\x
TABLE things;
\x auto
SELECT * FROM things WHERE id = 1;
\x off
\H
\T 'class="data"'
TABLE things;
\pset tableattr
\H
\pset border 0
TABLE things;
\pset border 2
TABLE things;
\x on
TABLE things;
\x off
\pset linestyle unicode
TABLE things;
\pset unicode_border_linestyle double
\pset unicode_column_linestyle double
\pset unicode_header_linestyle double
TABLE things;
\pset linestyle old-ascii
TABLE things;
\pset linestyle ascii
\pset border 1
\pset columns 30
\pset format wrapped
TABLE things;
\pset format csv
TABLE things;
\pset csv_fieldsep ;
TABLE things;
\pset csv_fieldsep ','
\pset format asciidoc
TABLE things;
\pset format latex
TABLE things;
\pset format latex-longtable
TABLE things;
\pset format troff-ms
TABLE things;
\pset format html
TABLE things;
\pset format unaligned
\pset fieldsep '\t'
\pset recordsep '--\n'
TABLE things;
\pset recordsep '\n'
\pset fieldsep_zero on
SELECT 1, 2 \g | tr '\000' 0
\pset recordsep_zero on
SELECT 1, 2 \g | tr '\000' 0
\pset recordsep '\n'
\pset fieldsep '|'
\pset format aligned
\pset null '(none)'
\pset numericlocale on
TABLE things;
\pset numericlocale off
\pset footer off
TABLE things;
\pset footer on
\pset title 'A title'
\pset tuples_only on
\pset tuples_only off
TABLE things;
\pset title
\pset expanded auto
\pset expanded off
\pset pager off
\pset pager_min_lines 10
\pset xheader_width
\pset border wide
\pset format none
\pset nosuch 1
\pset
-- no rows, no columns, many rows
SELECT * FROM things WHERE false;
SELECT FROM things;
SELECT;
\x on
SELECT * FROM things WHERE false;
SELECT FROM things;

-- large objects: \lo_import \lo_export \lo_list \lo_unlink \dl
\set dir `mktemp -d`
\cd :dir
\! printf 'first\nobject\n' > one.txt; printf '\001\002\000\377' > two.bin; : > empty
\o out
\lo_import one.txt
\o
SELECT :LASTOID > 0 AS has;
\set one :LASTOID
SELECT convert_from(lo_get(:one), 'UTF8');
\lo_export :one back.txt
\! cat back.txt
\o out
\lo_unlink :one
\o
SELECT count(*) FROM pg_largeobject_metadata;
\lo_export 4009 again.txt
\lo_unlink 4009
\lo_import nosuch.txt
SELECT lo_from_bytea(4001, '\x0102'), lo_from_bytea(4002, '');
COMMENT ON LARGE OBJECT 4001 IS 'two bytes';
\lo_list
\lo_list+
\dl
\dl+
\lo_export 4001 small.bin
\! od -An -tx1 small.bin
BEGIN;
\lo_unlink 4001
\lo_unlink 4001
\lo_list
ROLLBACK;
\lo_list
GRANT SELECT ON LARGE OBJECT 4002 TO PUBLIC;
\lo_list+
\lo_unlink 4001
\lo_unlink 4002
\lo_list
\lo_unlink
\! rm -r "$PWD"
\cd

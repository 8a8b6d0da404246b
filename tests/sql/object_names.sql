-- objects in words: pg_describe_object, pg_identify_object, pg_identify_object_as_address, to_reg*
CREATE SCHEMA app;
CREATE TABLE parent (id serial PRIMARY KEY, "Odd Name" text DEFAULT 'x', CONSTRAINT odd CHECK ("Odd Name" <> ''));
CREATE TABLE app.child (id int REFERENCES parent, n int);
CREATE VIEW app.v AS SELECT id FROM parent;
CREATE INDEX child_n ON app.child (n DESC);
-- (PostgreSQL also notes that a check or a rule needs the relation it belongs to anyway)
SELECT pg_describe_object(classid, objid, objsubid) AS object, pg_describe_object(refclassid, refobjid, refobjsubid) AS on_what, deptype
FROM pg_depend WHERE objid >= 16384 AND classid <> 'pg_trigger'::regclass AND classid <> 'pg_type'::regclass AND NOT (classid = 'pg_class'::regclass AND objid IN (SELECT c.oid FROM pg_class c WHERE c.relname LIKE 'pg_toast%')) AND NOT (deptype = 'n' AND (refobjid IN (SELECT conrelid FROM pg_constraint c WHERE c.oid = objid AND contype = 'c') OR refobjid IN (SELECT ev_class FROM pg_rewrite r WHERE r.oid = objid))) ORDER BY 1, 2, 3;
SELECT i.*, a.object_names, a.object_args FROM (VALUES ('pg_class'::regclass, 'parent'::regclass::oid, 0), ('pg_class', 'parent'::regclass, 2), ('pg_class', 'app.v'::regclass, 0), ('pg_class', 'app.child_n'::regclass, 0), ('pg_class', 'parent_id_seq'::regclass, 0), ('pg_type', 'parent'::regtype, 0), ('pg_type', 'int4[]'::regtype, 0), ('pg_type', 'text'::regtype, 0), ('pg_proc', 871, 0), ('pg_proc', 2108, 0), ('pg_operator', '+(int,int)'::regoperator, 0), ('pg_operator', '-(NONE,int)'::regoperator, 0), ('pg_namespace', 'app'::regnamespace, 0), ('pg_collation', 950, 0), ('pg_am', 403, 0), ('pg_language', 14, 0), ('pg_tablespace', 1663, 0), ('pg_class', 999999, 0), ('pg_proc', 999999, 0), ('pg_namespace', 999999, 0)) o (classid, objid, sub), pg_identify_object(classid, objid, sub) i, pg_identify_object_as_address(classid, objid, sub) a;
SELECT count(pg_describe_object('pg_proc'::regclass, oid, 0)) = count(*) FROM pg_proc WHERE oid < 16384;
SELECT md5(string_agg(pg_describe_object('pg_operator'::regclass, oid, 0), ',' ORDER BY oid)) FROM pg_operator;
SELECT md5(string_agg(pg_describe_object('pg_cast'::regclass, oid, 0), ',' ORDER BY oid)) FROM pg_cast;
SELECT md5(string_agg(pg_describe_object('pg_amop'::regclass, oid, 0), ',' ORDER BY oid)) FROM pg_amop;
SELECT md5(string_agg(pg_describe_object('pg_amproc'::regclass, oid, 0), ',' ORDER BY oid)) FROM pg_amproc;
SELECT md5(string_agg(pg_describe_object('pg_opclass'::regclass, oid, 0), ',' ORDER BY oid)) FROM pg_opclass;
SELECT md5(string_agg(i.identity, ',' ORDER BY f.oid)) FROM pg_opfamily f, pg_identify_object('pg_opfamily'::regclass, f.oid, 0) i;
SELECT pg_describe_object(1, 1, 0);
SELECT pg_describe_object(0, 0, 0) IS NULL;
-- names to OIDs
SELECT to_regclass('parent'), to_regclass('nothing'), to_regclass('app.child'), to_regclass('nowhere.x'), to_regclass('1259');
SELECT to_regclass('');
SELECT to_regclass('a.b.c.d');
SELECT to_regtype('int4'), to_regtype('nothing'), to_regtype('varchar(10)'), to_regtype('int[]'), to_regtype('nowhere.x');
SELECT to_regproc('now'), to_regproc('upper'), to_regproc('nothing');
SELECT '+(int,int)'::regoperator, 551::regoperator, 96::regoper, '"C"'::regcollation;
SELECT '+'::regoper;
SELECT '@@@@'::regoper;
SELECT '+(text,text)'::regoperator;
SELECT '+(int)'::regoperator;
SELECT 'nothing'::regcollation;
SELECT to_regoper('!~~*'), to_regoper('+'), to_regoperator('+(int,int)');
SELECT to_regnamespace('app'), to_regnamespace('nothing'), to_regcollation('"C"'), to_regcollation('nothing');
-- what indexes can do
SELECT amname, p, pg_indexam_has_property(oid, p) FROM pg_am, unnest(ARRAY['can_order', 'can_unique', 'can_multi_col', 'can_exclude', 'can_include', 'nothing']) p WHERE amtype = 'i' ORDER BY amname COLLATE "C", p COLLATE "C";
SELECT p, pg_index_has_property('parent_pkey'::regclass, p), pg_index_has_property('parent'::regclass, p) FROM unnest(ARRAY['clusterable', 'index_scan', 'bitmap_scan', 'backward_scan', 'nothing']) p;
SELECT c, p, pg_index_column_has_property('app.child_n'::regclass, c, p) FROM generate_series(0, 2) c, unnest(ARRAY['asc', 'desc', 'nulls_first', 'nulls_last', 'orderable', 'distance_orderable', 'returnable', 'search_array', 'search_nulls', 'nothing']) p;
SELECT * FROM pg_sequence_parameters('parent_id_seq'::regclass);
SELECT pg_tablespace_databases(1664);
SELECT pg_tablespace_databases(1);

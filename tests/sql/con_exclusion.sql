-- Exclusion constraints compared by equality: definitions, catalogs, conflicts, existing rows.
create table t (a int, b text, n numeric, constraint tx exclude (a with =));
insert into t values (1, 'x', 1.0);
insert into t values (1, 'y', 2);
insert into t values (null, 'y', 3), (null, 'z', 4);
insert into t values (2, 'p', 5), (3, 'q', 6), (2, 'r', 7);
select a, b from t order by n;
insert into t values (2, 'p', 5);
update t set a = 2 where b = 'x';
update t set a = 2 where b = 'p';
update t set b = 'pp' where a = 2;
update t set a = 5 where a = 2;
insert into t values (2, 'again', 8);
delete from t where a = 2;
insert into t values (2, 'again', 8);
select a, b from t order by n;
copy t from stdin;
7	c	10
2	d	11
\.
copy t from stdin;
7	c	10
8	d	11
\.
select a, b from t order by n;

select conname, contype, condeferrable, condeferred, convalidated, conkey, conexclop,
       connoinherit, conislocal from pg_constraint where conrelid = 't'::regclass;
select c.relname, i.indisunique, i.indisprimary, i.indisexclusion, i.indimmediate, i.indkey, i.indclass,
       i.indoption, i.indnkeyatts, i.indnatts, c.relam
  from pg_index i join pg_class c on c.oid = i.indexrelid where i.indrelid = 't'::regclass;
select pg_get_indexdef(conindid), pg_get_constraintdef(oid), pg_get_constraintdef(oid, true)
  from pg_constraint where conrelid = 't'::regclass;
select indexname, indexdef from pg_indexes where tablename = 't';

-- numeric and text keys, several columns, another order
create table m (a numeric, b text, c varchar(5), exclude (a with =, b with =), exclude using hash (c with =),
  exclude (b desc with =, c with =, a with =) where (a > 100));
insert into m values (1, 'x', 'c1'), (1, 'y', 'c2'), (2, 'x', 'c3');
insert into m values (1.00, 'x', 'c4');
insert into m values (9, 'z', 'c3');
insert into m values (null, 'x', 'c5'), (null, 'x', 'c6'), (1, null, 'c7'), (1, null, null), (1, null, null);
insert into m values (101, 'q', 'c8');
select conname, pg_get_constraintdef(oid), conkey, conexclop from pg_constraint where conrelid = 'm'::regclass order by 1;

-- expressions, INCLUDE, WHERE
create table e (a int, b int, exclude ((a + b) with =, lower(b::text) with =) include (a) where (a > 0));
insert into e values (1, 2), (0, 3), (0, 3);
insert into e values (1, 2);
insert into e values (2, 1);
update e set a = 1, b = 2 where a = 0;
select conname, conkey, conexclop, pg_get_constraintdef(oid), pg_get_constraintdef(oid, true)
  from pg_constraint where conrelid = 'e'::regclass;
alter table e drop column b;
alter table e drop column b cascade;
insert into e values (1), (1);

-- rows that are there
create table r (a int, b int);
insert into r values (1, 1), (2, 2), (1, 3), (2, 4);
alter table r add exclude (a with =);
alter table r add constraint foo exclude (a with =);
alter table r add constraint foo exclude (b with =) with (fillfactor = 70);
alter table r add constraint foo exclude (b with =);
alter table r add exclude (a with =) where (b < 3);
alter table r add exclude (b desc nulls last with =);
alter table r add exclude (a with =, b with =) not valid;
alter table r add exclude (a with =, b with =, a with =);
insert into r values (1, 1);
insert into r values (3, 4);
insert into r values (4, 5);
begin;
insert into r values (5, 5);
rollback;
begin;
delete from r where a = 4;
insert into r values (5, 5);
savepoint s;
insert into r values (6, 5);
rollback to s;
commit;
select * from r order by b, a;
alter table r rename constraint foo to bar;
alter index r_b_excl rename to r_b_renamed;
insert into r values (7, 5);
alter table r drop constraint bar;
insert into r values (7, 5);
select conname, pg_get_constraintdef(oid) from pg_constraint where conrelid = 'r'::regclass order by 1;
alter table r drop constraint r_a_excl;
alter table r alter column b type bigint;
insert into r values (7, 5);
select conname, conexclop, pg_get_constraintdef(oid) from pg_constraint where conrelid = 'r'::regclass order by 1;
alter table r alter column b type text, alter column a type numeric;
insert into r values (7, 5);
select conname, conexclop, pg_get_constraintdef(oid) from pg_constraint where conrelid = 'r'::regclass order by 1;
drop index r_b_renamed;
alter table r drop constraint r_b_renamed;
truncate r;
insert into r values (7, 5), (7, 5);
drop table r;

-- a table made and filled in one transaction
begin;
create table o (a int);
insert into o values (1), (2);
alter table o add constraint ox exclude (a with =);
insert into o values (1);
rollback;
begin;
create table o (a int);
insert into o values (1), (2), (1);
alter table o add constraint ox exclude (a with =);
rollback;

-- ON CONFLICT
insert into t values (2, 'no', 1) on conflict do nothing;
insert into t values (2, 'no', 1), (20, 'yes', 20), (20, 'no', 21) on conflict on constraint tx do nothing;
insert into t values (2, 'no', 1) on conflict on constraint tx do update set b = excluded.b;
insert into t values (2, 'no', 1) on conflict (a) do nothing;
insert into t values (2, 'no', 1) on conflict (a) do update set b = excluded.b;
alter table t add unique (b);
insert into t values (2, 'fresh', 1) on conflict (b) do nothing;
insert into t values (30, 'yes', 1), (31, 'thirty', 1), (2, 'thirty', 1) on conflict do nothing;
select a, b from t where a >= 20 order by a;

-- several of one kind
create table k (a int, exclude using hash (a with =) with (fillfactor = 70), exclude (a with =), unique (a));
insert into k values (1);
insert into k values (1);
select conname, pg_get_constraintdef(oid) from pg_constraint where conrelid = 'k'::regclass order by 1;

drop table t, m, e, k;

-- CREATE, ALTER and DROP TRIGGER over built-in trigger functions, and what the catalogs say of them.
create table t (a int primary key, b text, c int);
create view v as select * from t;
create trigger a1 before update on t for each row execute function suppress_redundant_updates_trigger();
create trigger a2 before update of b, c on t for each row when (old.a > 1 and new.b is not null)
    execute procedure suppress_redundant_updates_trigger('x', 'it''s', 'back\slash', 7);
create trigger a1 before update on t for each row execute function suppress_redundant_updates_trigger();
create trigger "A 3" after insert or update or delete on t for each statement
    when (pg_trigger_depth() = 0) execute function suppress_redundant_updates_trigger();
create trigger a4 after update on t referencing old table as "old rows" new table as n for each row
    execute function suppress_redundant_updates_trigger();
create trigger a5 before truncate on t for each statement execute function suppress_redundant_updates_trigger();
create constraint trigger a6 after insert on t deferrable initially deferred for each row
    execute function suppress_redundant_updates_trigger();
create constraint trigger a7 after update of a on t from v not deferrable for each row when (new.a <> 3)
    execute function suppress_redundant_updates_trigger();
create trigger v1 instead of insert or update or delete on v for each row
    execute function suppress_redundant_updates_trigger();
create trigger v2 before insert on v for each statement execute function suppress_redundant_updates_trigger();
select tgname, tgrelid::regclass, tgfoid::regproc, tgtype, tgenabled, tgisinternal, tgconstrrelid::regclass,
       tgconstraint <> 0 con, tgdeferrable, tginitdeferred, tgnargs, tgattr, tgargs, tgqual is not null qual,
       tgoldtable, tgnewtable
  from pg_trigger where not tgisinternal order by 2, 1;
select pg_get_triggerdef(oid) from pg_trigger where not tgisinternal order by tgname;
select pg_get_triggerdef(oid, true) from pg_trigger where not tgisinternal order by tgname;
select pg_get_triggerdef(1);
select conname, contype, condeferrable, condeferred, conrelid::regclass, conkey from pg_constraint
 where conrelid = 't'::regclass order by 1;
select conname, pg_get_constraintdef(oid) from pg_constraint where contype = 't' order by 1;
select relname, relhastriggers from pg_class where relname in ('t', 'v') order by 1;
\d t
\d v
-- errors
create trigger x before insert on v for each row execute function suppress_redundant_updates_trigger();
create trigger x after insert on v for each row execute function suppress_redundant_updates_trigger();
create trigger x instead of insert on t for each row execute function suppress_redundant_updates_trigger();
create trigger x instead of insert on v for each statement execute function suppress_redundant_updates_trigger();
create trigger x instead of insert on v for each row when (new.a > 1) execute function suppress_redundant_updates_trigger();
create trigger x instead of update of a on v for each row execute function suppress_redundant_updates_trigger();
create trigger x before truncate on t for each row execute function suppress_redundant_updates_trigger();
create trigger x before truncate on v for each statement execute function suppress_redundant_updates_trigger();
create trigger x before insert on t for each row when (old.a > 1) execute function suppress_redundant_updates_trigger();
create trigger x before delete on t for each row when (new.a > 1) execute function suppress_redundant_updates_trigger();
create trigger x before update on t for each statement when (new.a > 1) execute function suppress_redundant_updates_trigger();
create trigger x before update on t for each row when (a > 1) execute function suppress_redundant_updates_trigger();
create trigger x before update on t for each row when (new.a) execute function suppress_redundant_updates_trigger();
create trigger x before update on t for each row when ((select true)) execute function suppress_redundant_updates_trigger();
create trigger x before update on t for each row when (count(*) > 1) execute function suppress_redundant_updates_trigger();
create trigger x before update on t for each row when (new.tableoid is null) execute function suppress_redundant_updates_trigger();
create trigger x before update on t for each row when (new.zz is null) execute function suppress_redundant_updates_trigger();
create trigger x before update of zz on t for each row execute function suppress_redundant_updates_trigger();
create trigger x before update of a, b, a on t for each row execute function suppress_redundant_updates_trigger();
create trigger x before insert on t for each row execute function nope();
create trigger x before insert on t for each row execute function nope.nope();
create trigger x before insert on t for each row execute function now();
create trigger x before insert on nope for each row execute function suppress_redundant_updates_trigger();
create trigger x before insert on pg_class for each row execute function suppress_redundant_updates_trigger();
create trigger x before insert on t_pkey for each row execute function suppress_redundant_updates_trigger();
create or replace constraint trigger x after insert on t for each row execute function suppress_redundant_updates_trigger();
create or replace trigger a6 after insert on t for each row execute function suppress_redundant_updates_trigger();
create constraint trigger x after insert on v for each row execute function suppress_redundant_updates_trigger();
create trigger x before insert on t referencing new table as n for each row execute function suppress_redundant_updates_trigger();
create trigger x after insert or update on t referencing new table as n for each row execute function suppress_redundant_updates_trigger();
create trigger x after update of a on t referencing new table as n for each row execute function suppress_redundant_updates_trigger();
create trigger x after insert on t referencing old table as n for each row execute function suppress_redundant_updates_trigger();
create trigger x after delete on t referencing new table as n for each row execute function suppress_redundant_updates_trigger();
create trigger x after delete on t referencing old table as n old table as m for each row execute function suppress_redundant_updates_trigger();
create trigger x after update on t referencing old table as n new table as n for each row execute function suppress_redundant_updates_trigger();
create trigger x after update on t referencing old row as n for each row execute function suppress_redundant_updates_trigger();
create trigger x after truncate on t referencing old table as n for each statement execute function suppress_redundant_updates_trigger();
create trigger x after update on v referencing old table as n for each statement execute function suppress_redundant_updates_trigger();
-- changing them
create or replace trigger a1 after insert on t for each row execute function suppress_redundant_updates_trigger('new');
select pg_get_triggerdef(oid) from pg_trigger where tgname = 'a1';
alter trigger a1 on t rename to b1;
alter trigger a1 on t rename to b2;
alter trigger b1 on t rename to a2;
alter trigger b1 on nope rename to a2;
alter trigger v1 on v rename to v3;
alter table t disable trigger b1;
alter table t enable always trigger a2;
alter table t enable replica trigger a4;
alter table t disable trigger nope;
select tgname, tgenabled from pg_trigger where tgrelid = 't'::regclass order by 1;
\d t
alter table t disable trigger user;
select tgname, tgenabled from pg_trigger where tgrelid = 't'::regclass order by 1;
alter table t enable trigger all;
alter table v disable trigger all;
alter table t_pkey enable trigger user;
comment on trigger b1 on t is 'a comment';
comment on trigger nope on t is 'a comment';
select obj_description(oid, 'pg_trigger') from pg_trigger where tgname = 'b1';
-- what they depend on
alter table t drop column b;
alter table t rename column c to cc;
alter table t rename to tt;
select pg_get_triggerdef(oid) from pg_trigger where tgname = 'a2';
alter table tt drop constraint a6;
drop trigger a6 on tt;
select count(*) from pg_constraint where conname = 'a6';
drop trigger nope on tt;
drop trigger if exists nope on tt;
drop trigger if exists a1 on nope;
drop trigger if exists a1 on nope.nope;
drop trigger a1 on nope;
drop trigger v3 on v;
drop view v;
drop view v cascade;
alter table tt drop column cc;
alter table tt drop column cc cascade;
select tgname from pg_trigger where not tgisinternal order by 1;
drop table tt;
select count(*) from pg_trigger;
select count(*) from pg_depend where classid = 'pg_trigger'::regclass;
-- the triggers of keys
create table p (id int primary key, u int unique deferrable);
create table c (id int primary key deferrable initially deferred, p int references p on delete cascade deferrable initially deferred,
    q int references p on update set null on delete restrict, r int references c on delete set default);
select regexp_replace(tgname, '\d+$', ''), tgrelid::regclass, tgfoid::regproc, tgtype, tgenabled, tgisinternal,
       tgconstrrelid::regclass, tgconstrindid::regclass, conname, tgdeferrable, tginitdeferred
  from pg_trigger join pg_constraint k on k.oid = tgconstraint order by pg_trigger.oid;
select deptype, count(*) from pg_depend where classid = 'pg_trigger'::regclass group by 1;
select event_object_table, trigger_name from information_schema.triggers order by 1, 2;
\d c
\d p
alter table c drop constraint c_p_fkey;
select count(*) from pg_trigger;
alter table p disable trigger all;
insert into p values (1), (2);
insert into c values (1, null, 1), (2, null, 2);
delete from p where id = 1;
alter table p enable trigger all;
delete from p where id = 2;
alter table c disable trigger all;
insert into c values (3, null, 77);
alter table c enable trigger all;
insert into c values (4, null, 77);
set session_replication_role = replica;
insert into c values (5, null, 77);
reset session_replication_role;
insert into c values (6, null, 77);
select * from c order by 1;
drop table c, p;
select count(*) from pg_trigger;
-- suppress_redundant_updates_trigger
create table s (a int, b text);
insert into s values (1, 'one'), (2, null);
create trigger z before update on s for each row execute function suppress_redundant_updates_trigger();
update s set a = a;
update s set a = 1, b = 'one' where a = 1;
update s set b = 'two' where a = 2 returning *;
update s set b = b returning *;
create trigger z1 before insert on s for each row execute function suppress_redundant_updates_trigger();
insert into s values (3);
drop trigger z1 on s;
create trigger z1 after update on s for each row execute function suppress_redundant_updates_trigger();
update s set a = 5;
drop trigger z1 on s;
create trigger z1 before update on s for each statement execute function suppress_redundant_updates_trigger();
update s set a = 5;
alter table s disable trigger z1;
update s set a = a + 1;
update s set a = a;
alter table s disable trigger z;
update s set a = a;
select * from s order by 1;
-- whole rows
create trigger w1 before update on s for each row when (old.* is distinct from new.*)
    execute function suppress_redundant_updates_trigger();
create trigger w2 before update on s for each row when (old is not null and new.b in ('x', 'y'))
    execute function suppress_redundant_updates_trigger();
select pg_get_triggerdef(oid), pg_get_triggerdef(oid, true) from pg_trigger where tgname like 'w_' order by 1;
-- tables that change under them
create table w (a varchar, b text, c int);
create trigger x before update of b on w for each row when (new.c > 1) execute function suppress_redundant_updates_trigger();
create trigger y before update on w for each row when (new.* is distinct from old.*) execute function suppress_redundant_updates_trigger();
alter table w alter b type varchar;
alter table w alter c type bigint;
alter table w alter a type text;
alter table w add column d int default 1;
insert into w values (1, 'b', 1);
select pg_get_triggerdef(oid) from pg_trigger where tgrelid = 'w'::regclass order by 1;
alter table w drop column a;
update w set d = 2;
update w set d = 2;
alter table w drop column c;
alter table w drop column c cascade;
select pg_get_triggerdef(oid) from pg_trigger where tgrelid = 'w'::regclass order by 1;
-- ADD COLUMN with a default that is computed for each row fires nothing
create trigger z after update on w for each row execute function suppress_redundant_updates_trigger();
alter table w add column e float8 default random();
alter table w alter d type text;
update w set d = d;
-- event triggers: none are there
drop event trigger e;
drop event trigger if exists e, f;
alter event trigger e disable;
alter event trigger e rename to f;
comment on event trigger e is 'x';
create event trigger e on nope execute function f();
select count(*) from pg_event_trigger;

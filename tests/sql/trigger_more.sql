-- Triggers together with MERGE, WITH, joins, cascades over one table, errors caught, many rows, dropped columns.
create function log() returns trigger language plpgsql as $$
begin
    raise notice '% % % % old=% new=%', tg_name, tg_when, tg_level, tg_op,
        case when tg_level = 'ROW' and tg_op <> 'INSERT' then old::text end,
        case when tg_level = 'ROW' and tg_op <> 'DELETE' then new::text end;
    if tg_op = 'DELETE' then
        return old;
    end if;
    return new;
end $$;
create table t (a int primary key, gone text default 'gone', b text);
alter table t drop column gone;
create trigger b before insert or update or delete on t for each row execute function log();
create trigger a after insert or update or delete on t for each row execute function log();
create trigger s before insert or update or delete on t for each statement execute function log();
create trigger e after insert or update or delete on t for each statement execute function log();
insert into t values (1, 'one'), (2, 'two'), (3, 'three');
merge into t using (values (1, 'x'), (2, 'y'), (9, 'z')) q(a, b) on t.a = q.a
    when matched and t.a = 1 then delete when matched then update set b = q.b when not matched then insert values (q.a, q.b);
with d as (delete from t where a = 9 returning *) select * from d;
select * from t order by a;
update t set b = v.b from (values (2, 'first'), (2, 'second')) v(a, b) where t.a = v.a and v.b = 'first';
drop trigger b on t;
drop trigger a on t;
drop trigger s on t;
drop trigger e on t;
-- many rows
create table counts (n int);
create function count_rows() returns trigger language plpgsql as $$
begin
    insert into counts values (1);
    new.b := 'row ' || new.a;
    return case when new.a % 2 = 0 then new end;
end $$;
create trigger c before insert on t for each row execute function count_rows();
insert into t select g, 'x' from generate_series(1001, 6000) g;
select count(*), min(b), max(b) from t where a > 1000;
select sum(n) from counts;
drop trigger c on t;
create function sums() returns trigger language plpgsql as $$
begin
    raise notice '% rows, % kept', (select count(*) from o), (select count(*) from n where b like 'row %');
    return null;
end $$;
create trigger u after update on t referencing old table as o new table as n for each statement execute function sums();
update t set b = b where a > 1000;
drop trigger u on t;
delete from t where a > 1000;
-- a tree in one table
create table tree (id int primary key, parent int references tree on delete cascade);
insert into tree values (1, null), (2, 1), (3, 1), (4, 2), (5, 4);
create trigger r after delete on tree for each row execute function log();
create trigger st after delete on tree for each statement execute function log();
create trigger bs before delete on tree for each statement execute function log();
delete from tree where id = 1;
select count(*) from tree;
drop table tree;
-- errors caught inside, and outside
create function careful() returns trigger language plpgsql as $$
begin
    begin
        insert into t values (new.a, 'again');
    exception when unique_violation then
        raise notice 'caught %', sqlerrm;
    end;
    return null;
end $$;
create trigger c after insert on t for each row when (new.b <> 'again') execute function careful();
insert into t values (50, 'fifty');
select * from t where a = 50;
drop trigger c on t;
create function refuse() returns trigger language plpgsql as $$
begin
    if new.a > 60 then
        raise exception 'no % here', new.a;
    end if;
    return new;
end $$;
create trigger c before insert on t for each row execute function refuse();
begin;
insert into t values (59, 'ok');
savepoint s;
insert into t values (60, 'ok'), (61, 'not ok');
rollback to s;
commit;
select * from t where a >= 59 order by a;
copy t from stdin;
62	x
\.
drop trigger c on t;
create function endless() returns trigger language plpgsql as $$
begin
    update t set b = b where a = new.a;
    return null;
end $$;
create trigger c after update on t for each row execute function endless();
\set VERBOSITY sqlstate
update t set b = b where a = 50;
\set VERBOSITY verbose
drop trigger c on t;
create function itself() returns trigger language plpgsql as $$
begin
    if pg_trigger_depth() = 1 then
        update t set b = 'under' where a = old.a;
    end if;
    return new;
end $$;
create trigger c before update on t for each row execute function itself();
insert into t values (50, 'x') on conflict (a) do update set b = 'over';
merge into t using (values (50)) q(a) on t.a = q.a when matched then update set b = 'over';
drop trigger c on t;
-- plans made before
prepare ins(int) as insert into t values ($1, 'prepared');
execute ins(70);
create trigger c before insert on t for each row execute function log();
execute ins(71);
drop trigger c on t;
execute ins(72);
-- constraint triggers: when what is put off is done
create function total() returns trigger language plpgsql as $$
begin
    if (select count(*) from t where b = 'pair') % 2 <> 0 then
        raise exception 'odd number of pairs' using errcode = 'check_violation';
    end if;
    return null;
end $$;
create constraint trigger pairs after insert or delete on t deferrable initially deferred for each row execute function total();
insert into t values (80, 'pair');
begin;
insert into t values (80, 'pair');
insert into t values (81, 'pair');
commit;
begin;
delete from t where a = 80;
set constraints pairs immediate;
rollback;
begin;
set constraints pairs immediate;
delete from t where a = 80;
rollback;
begin;
delete from t where a = 80;
savepoint s;
set constraints all immediate;
rollback to s;
delete from t where a = 81;
commit;
select count(*) from t where b = 'pair';
create function later() returns trigger language plpgsql as $$
begin
    if new.a < 93 then
        insert into t values (new.a + 1, 'chain');
    end if;
    raise notice 'at the end: %', new.a;
    return null;
end $$;
create constraint trigger chain after insert on t deferrable initially deferred for each row when (new.b = 'chain') execute function later();
insert into t values (90, 'chain');
select a from t where b = 'chain' order by a;
-- functions that are no trigger functions, and triggers' functions called
create function not_one() returns int language sql as 'select 1';
create trigger x before insert on t for each row execute function not_one();
drop function total();
drop function total() cascade;

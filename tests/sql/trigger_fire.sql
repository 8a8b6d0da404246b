-- What triggers do: order, OLD and NEW, skipped and changed rows, conditions, constraints, COPY, ON CONFLICT.
create function log() returns trigger language plpgsql as $$
begin
    raise notice '% % % % % old=% new=%', tg_name, tg_when, tg_level, tg_op, coalesce(tg_argv[0], '-'),
        case when tg_level = 'ROW' and tg_op <> 'INSERT' then old::text end,
        case when tg_level = 'ROW' and tg_op <> 'DELETE' then new::text end;
    if tg_op = 'DELETE' then
        return old;
    end if;
    return new;
end $$;
create table t (a int primary key, b text, c int check (c < 100));
create trigger z_before before insert or update or delete on t for each row execute function log('z');
create trigger a_before before insert or update or delete on t for each row execute function log('a');
create trigger z_after after insert or update or delete on t for each row execute function log();
create trigger a_after after insert or update or delete on t for each row execute function log();
create trigger s_before before insert or update or delete or truncate on t for each statement execute function log();
create trigger s_after after insert or update or delete or truncate on t for each statement execute function log();
insert into t values (1, 'one', 1), (2, 'two', 2);
update t set b = b || '!' where a = 1;
update t set a = a where false;
delete from t where a = 2;
insert into t values (1, 'again') on conflict do nothing;
insert into t values (1, 'again') on conflict (a) do update set b = excluded.b;
insert into t values (5, 'five') on conflict (a) do update set b = excluded.b;
copy t from stdin;
10	ten	10
11	eleven	\N
\.
truncate t;
insert into t values (1, 'x', 1000);
drop trigger z_before on t;
drop trigger a_before on t;
drop trigger z_after on t;
drop trigger a_after on t;
drop trigger s_before on t;
drop trigger s_after on t;
-- changed and skipped rows
create function change() returns trigger language plpgsql as $$
begin
    if new.b = 'skip' then
        return null;
    end if;
    new.b := upper(new.b);
    new.c := coalesce(new.c, 0) + 1;
    return new;
end $$;
create trigger change before insert or update on t for each row execute function change();
insert into t values (1, 'a', null), (2, 'skip', 2), (3, 'c', 5) returning *;
insert into t values (4, 'd', 99);
update t set b = 'skip' where a = 1 returning *;
update t set b = 'new' where a = 3 returning *;
insert into t values (3, 'conflict', 1) on conflict (a) do update set b = excluded.b || t.b returning *;
insert into t values (3, 'q', 1) on conflict (a) do update set b = 'skip' returning *;
copy t from stdin;
20	skip	1
21	copied	2
\.
select * from t order by a;
drop trigger change on t;
create function never() returns trigger language plpgsql as 'begin return null; end';
create trigger never before delete on t for each row execute function never();
delete from t;
select count(*) from t;
drop trigger never on t;
-- conditions, columns
create trigger w before update on t for each row when (old.c is distinct from new.c) execute function log('when');
create trigger o after update of b on t for each row execute function log('of b');
create trigger os before update of c on t for each statement execute function log('of c');
update t set c = c;
update t set c = c + 1 where a = 1;
update t set b = b where a = 1;
drop trigger w on t;
drop trigger o on t;
drop trigger os on t;
-- enabled and not
create trigger e1 before insert on t for each row execute function log();
create trigger e2 before insert on t for each row execute function log();
create trigger e3 before insert on t for each row execute function log();
alter table t disable trigger e1;
alter table t enable replica trigger e2;
insert into t values (30);
set session_replication_role = replica;
insert into t values (31);
alter table t enable always trigger e3;
insert into t values (32);
reset session_replication_role;
insert into t values (33);
drop trigger e1 on t;
drop trigger e2 on t;
drop trigger e3 on t;
-- a statement inside, recursion, depth
create table audit (id serial, what text, depth int);
create function audit() returns trigger language plpgsql as $$
begin
    insert into audit (what, depth) values (tg_op || ' ' || (select count(*) from t), pg_trigger_depth());
    return null;
end $$;
create trigger audit after insert or delete on t for each row execute function audit();
insert into t select g from generate_series(100, 103) g;
delete from t where a > 101;
select * from audit order by id;
create function down() returns trigger language plpgsql as $$
begin
    if new.c > 0 then
        insert into t values (new.a + 1, 'deep', new.c - 1);
    end if;
    return new;
end $$;
create trigger down after insert on t for each row when (pg_trigger_depth() < 3) execute function down();
insert into t values (200, 'top', 5);
select * from t where a >= 200 order by a;
drop trigger down on t;
drop trigger audit on t;
-- a row that a trigger changes under its statement
create function itself() returns trigger language plpgsql as $$
begin
    update t set c = 7 where a = old.a;
    return coalesce(new, old);
end $$;
create trigger itself before update on t for each row when (pg_trigger_depth() = 0) execute function itself();
update t set b = 'lost?' where a = 1;
drop trigger itself on t;
create trigger itself before delete on t for each row execute function itself();
delete from t where a = 1;
drop trigger itself on t;
-- errors
create function fails() returns trigger language plpgsql as $$
begin
    raise exception 'no % here', tg_op using errcode = 'P0042';
end $$;
create trigger fails after insert on t for each row execute function fails();
insert into t values (300);
select count(*) from t where a = 300;
copy t from stdin;
301	x	1
\.
drop trigger fails on t;
-- constraint triggers
create constraint trigger k after insert or update on t deferrable initially deferred for each row execute function log('k');
begin;
insert into t values (400);
update t set b = 'later' where a = 400;
savepoint s;
insert into t values (401);
rollback to s;
select 'before commit';
commit;
begin;
insert into t values (402);
set constraints k immediate;
insert into t values (403);
set constraints k deferred;
insert into t values (404);
commit;
begin;
insert into t values (405);
drop table t;
rollback;
begin;
set constraints all immediate;
insert into t values (406);
rollback;
drop trigger k on t;
-- foreign keys
create table c (id int primary key, t int references t on delete cascade on update set null);
create trigger c_row after delete or update on c for each row execute function log();
create trigger c_before before delete or update on c for each row execute function log();
create trigger c_stmt after delete or update on c for each statement execute function log();
create trigger c_bstmt before delete or update on c for each statement execute function log();
create trigger t_row after delete or update on t for each row execute function log();
insert into c select g, 400 + g % 2 * 2 from generate_series(1, 4) g;
update t set a = 1400 where a = 400;
delete from t where a in (402, 403);
drop table c;
drop trigger t_row on t;
-- transition tables
create function pair_up() returns trigger language plpgsql as $$
declare r record;
begin
    for r in select o.a, o.b as old_b, n.b as new_b from o full join n using (a) order by a loop
        raise notice '%: %', tg_name, r;
    end loop;
    return null;
end $$;
create function one() returns trigger language plpgsql as $$
declare n int; s int;
begin
    select count(*), sum(a) into n, s from rows;
    raise notice '% %: % rows, %', tg_name, tg_op, n, s;
    return null;
end $$;
create trigger tu after update on t referencing old table as o new table as n for each statement execute function pair_up();
create trigger ti after insert on t referencing new table as rows for each statement execute function one();
create trigger td after delete on t referencing old table as rows for each statement execute function one();
create trigger tdr after delete on t referencing old table as rows for each row execute function one();
insert into t values (500, 'a'), (501, 'b');
update t set b = b || b where a >= 500;
delete from t where a >= 500;
delete from t where false;
insert into t values (500, 'a') on conflict (a) do update set b = 'c';
insert into t values (500, 'a') on conflict (a) do update set b = 'c';
-- views
create view v as select a, b from t where a >= 500;
create function on_view() returns trigger language plpgsql as $$
begin
    raise notice '% % old=% new=%', tg_op, tg_when, case when tg_op <> 'INSERT' then old end, case when tg_op <> 'DELETE' then new end;
    if tg_op = 'DELETE' then
        return old;
    end if;
    new.b := new.b || ' seen';
    return case when new.a <> 7 then new end;
end $$;
create trigger iv instead of insert or update or delete on v for each row execute function on_view();
insert into v values (600, 'x'), (7, 'y') returning *;
update v set b = 'z' where a = 500 returning *;
delete from v where a = 500 returning *;
delete from v where a = 501;

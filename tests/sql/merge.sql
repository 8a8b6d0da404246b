-- MERGE: actions, their order and conditions, joins, errors, keys, triggers.
create table t (a int primary key, b text, c int default 7);
create table s (a int, b text);
insert into t values (1, 'one'), (2, 'two'), (3, 'three');
insert into s values (1, 'ONE'), (2, 'TWO'), (4, 'FOUR'), (5, 'FIVE');
merge into t using s on t.a = s.a
    when matched and t.a = 1 then update set b = s.b
    when matched then delete
    when not matched and s.a = 5 then do nothing
    when not matched then insert values (s.a, s.b);
select * from t order by a;
merge into t as x using (select a + 1 as k, b from s) as q on x.a = q.k
    when matched and q.k > 100 then do nothing
    when matched then update set (b, c) = (q.b || x.b, default)
    when not matched then insert (b, a) values (q.b, q.k);
select * from t order by a;
merge into t using (values (1, 'v'), (50, 'w')) v(k, b) on t.a = v.k and t.c = 7
    when not matched then insert (a, b, c) values (v.k * 100, v.b, default)
    when matched then update set c = t.c + v.k, b = v.b;
select * from t order by a;
merge into t using s on false when not matched then do nothing;
merge into t using s on true when matched and t.a < 0 then delete;
merge into t using s on t.a = s.a when matched then delete;
select * from t order by a;
with x as (select g as a from generate_series(1, 4) g)
merge into t using x on t.a = x.a
    when matched then update set c = (select count(*) from s where s.a = x.a)
    when not matched and exists (select from s where s.a = x.a) then insert (a, b) values (x.a, (select max(b) from s));
select * from t order by a;
merge into t using (select 1) q on t.a = 1 when matched then update set a = 10 when not matched then insert (a) values (1);
merge into t using (select 1) q on t.a = 1 when matched then update set a = 11 when not matched then insert (a) values (1);
select * from t order by a;
prepare p(int) as merge into t using (values ($1)) q(x) on t.a = q.x
    when matched then update set b = 'p' || x when not matched then insert values (q.x, 'new');
execute p(77);
execute p(77);
select * from t where a = 77;
-- errors
merge into t using s on t.a = s.a when matched then update set b = s.b when matched then delete;
merge into t using s on t.a = s.a when not matched then do nothing when not matched and s.a = 1 then do nothing;
merge into t using s on t.a = s.a when not matched then insert values (s.a, t.b);
merge into t using s on t.a = s.a when not matched and t.a = 3 then do nothing;
merge into t using t on t.a = t.a when matched then delete;
merge into t using s as t on t.a = t.a when matched then delete;
merge into t using (select 1 as a union all select 1) q on t.a = q.a when matched then update set b = 'twice';
merge into t using (select 1 as a union all select 1) q on t.a = q.a when matched then delete;
merge into t using (select 500 as a union all select 500) q on t.a = q.a when not matched then insert values (q.a);
merge into t using s on t.a = s.a when matched then update set zz = 1;
merge into t using s on t.a = s.a when matched then update set b = 1, b = 2;
merge into t using s on t.a = s.a when not matched then insert (a, zz) values (1, 2);
merge into t using s on t.a = s.a when not matched then insert (a, b) values (1);
merge into t using s on t.a = s.a when not matched then insert (a) values (1, 2);
merge into t using s on t.a = s.a when not matched then insert default values;
merge into t using s on t.a = s.a when not matched and s.b then insert default values;
merge into t using s on t.a = s.a when matched then update set b = count(*);
merge into t using s on b = 'x' when matched then delete;
merge into t using nope on true when matched then delete;
merge into nope using s on true when matched then delete;
create view v as select * from t;
merge into v using s on v.a = s.a when matched then delete;
with recursive x as (select 9 as a) merge into t using x on t.a = x.a when matched then delete;
with m as (merge into t using s on t.a = s.a when matched then delete) select 1;
with gone as (delete from t where a = 400 returning a) merge into t using gone on t.a = gone.a when not matched then insert values (gone.a + 1);
copy (merge into t using s on t.a = s.a when matched then delete) to stdout;
-- keys
create table k (id int primary key, t int references t on delete cascade on update set null, n int check (n > 0));
insert into k values (1, 77, 1), (2, 2, 1);
merge into t using (values (77), (2)) q(a) on t.a = q.a
    when matched and t.a = 77 then delete when matched then update set a = 1000;
select * from k order by id;
merge into k using (values (2, 1000), (3, 1000)) q(id, t) on k.id = q.id
    when matched then update set t = q.t, n = 5 when not matched then insert values (q.id, q.t, 6);
select * from k order by id;
merge into k using (values (2, 9999)) q(id, t) on k.id = q.id when matched then update set t = q.t;
merge into k using (values (9, 9999)) q(id, t) on k.id = q.id when not matched then insert values (q.id, q.t);
merge into k using (values (2, -1)) q(id, n) on k.id = q.id when matched then update set n = q.n;
merge into t using (values (1000)) q(a) on t.a = q.a when matched then delete;
select * from k order by id;
-- triggers
create trigger z before update on t for each row execute function suppress_redundant_updates_trigger();
insert into t values (1, 'x'), (2, 'y') on conflict (a) do update set b = excluded.b;
merge into t using (values (1, 'x'), (2, 'z')) q(a, b) on t.a = q.a when matched then update set b = q.b;
select a, b from t where a < 3 order by a;
-- isolation from itself
merge into t using t as o on t.a = o.a + 1 when matched then update set b = o.b when not matched then insert values (o.a + 1, o.b);
select a, b from t order by a;
begin;
set transaction read only;
merge into t using s on t.a = s.a when matched then delete;
rollback;

-- expression, partial and covering indexes: kept up by changes, used by queries, unique, ON CONFLICT
create table u (a int, b text, c varchar(10));
insert into u select g, 'X' || g, 'c' || g from generate_series(1, 2000) g;
create index u_lower on u (lower(b));
create index on u ((a + 1), lower(c) desc);
create unique index u_part on u (b) where a > 5;
create index u_inc on u (a desc nulls last) include (b, c);
create index u_pat on u (b text_pattern_ops, c collate "C");
insert into u values (6, 'X7', 'z');
insert into u values (1, 'X7', 'z');
update u set a = 100 where a = 1 and b = 'X7';
select * from u where lower(b) = 'x55';
select * from u where a + 1 = 12;
select * from u where b = 'X100' and a > 50;
select * from u where b = 'X7' order by a;
delete from u where a < 100;
update u set b = 'Y' || a where a % 7 = 0;
select count(*) from u where lower(b) like 'y%';
select * from u where lower(b) = 'y105';
insert into u values (105, 'Y105', 'q') on conflict (b) where a > 5 do update set c = 'upd' returning *;
insert into u values (105, 'Y105', 'q') on conflict (lower(b)) do nothing;
create unique index u_l2 on u (lower(b)) ;
insert into u values (3, 'y105', 'q') on conflict (lower(b)) do update set c = 'low' returning *;
insert into u values (3, 'y105', 'q');
create index on u (random());
create index on u (lower(b)) where now() > '2020-01-01';
create index on u (b int4_ops);
create index on u (b nothing_ops);

begin; create table w (x text); create unique index on w (upper(x)); insert into w values ('a'); savepoint s; insert into w values ('A'); rollback to s; insert into w values ('B'); commit; select * from w;
alter table u drop column b;


-- tables that lost columns: writes, conflicts and what they return; sequences that are gone
create table dropcol(key int primary key, drop1 int, keep1 text, drop2 numeric, keep2 float);
insert into dropcol(key, drop1, keep1, drop2, keep2) values(1, 1, '1', '1', 1);
alter table dropcol drop column drop1, drop column drop2;
insert into dropcol(key, keep1, keep2) values(1, '4', 4) on conflict(key) do update set keep1 = excluded.keep1, keep2 = excluded.keep2 where excluded.keep1 is not null and excluded.keep2 is not null and dropcol.keep1 is not null and dropcol.keep2 is not null returning *;
insert into dropcol(key, keep1, keep2) values(1, '5', 5) on conflict(key) do update set keep1 = dropcol.keep1 || excluded.keep1 returning *, key+1;
update dropcol set keep2=keep2+1 returning *; delete from dropcol returning *;
create sequence s1; select nextval('s1'); select lastval(); drop sequence s1; select lastval();
create table i_table(f1 int);

-- errors of PL/pgSQL with their contexts: when it is made, when it runs, handlers, diagnostics, cursors
\set SHOW_CONTEXT always
create function g1(x int) returns int language plpgsql as $$
declare y int;
begin
  y := 1/x;
  return y;
end $$;
select g1(0);
create function g3() returns int language plpgsql as $$
begin
  perform g1(0);
  return 1;
end $$;
select g3();
create function g4() returns int language plpgsql as $$
begin
  raise notice 'hi %, % %%', 1, null;
  raise exception 'bad %', 3 using errcode='22012', detail='d', hint='h', column='c', constraint='k', table='t', schema='s', datatype='dt';
end $$;
select g4();
create function g5() returns int language plpgsql as $$
begin
  raise 'x %';
end $$;
create function g5() returns int language plpgsql as $$
begin
  raise 'x', 1;
end $$;
create function g5() returns int language plpgsql as $$
begin
  insert into nosuch values (1);
end $$;
select g5();
create or replace function g5() returns int language plpgsql as $$
begin
  execute 'select 1/0';
end $$;
select g5();
create or replace function g5() returns int language plpgsql as $$
begin
end $$;
select g5();
create or replace function g5() returns int language plpgsql as $$
declare x int not null := null;
begin
end $$;
select g5();
create or replace function g5() returns int language plpgsql as $$
declare x int not null := 1;
begin
 x := null;
end $$;
select g5();
create or replace function g5() returns int language plpgsql as $$
declare x int;
begin
 select 1 into strict x where false;
end $$;
select g5();
create or replace function g5() returns int language plpgsql as $$
declare x int;
begin
 select y into strict x from generate_series(1,3) y;
end $$;
select g5();
create or replace function g5() returns int language plpgsql as $$
declare x int;
begin
 select 1;
end $$;
select g5();
create or replace function g5() returns int language plpgsql as $$
declare x int;
begin
 x := 'abc';
end $$;
select g5();
create or replace function g5() returns int language plpgsql as $$
declare r record;
begin
 return r.a;
end $$;
select g5();
create or replace function g5() returns int language plpgsql as $$
declare r record;
begin
 select 1 as b into r;
 return r.a;
end $$;
select g5();
create or replace function g5() returns int language plpgsql as $$
begin
 assert 1 = 2, 'msg';
end $$;
select g5();
create or replace function g5() returns int language plpgsql as $$
begin
 assert 1 = 2;
end $$;
select g5();
create or replace function g5() returns int language plpgsql as $$
begin
 case 3 when 1 then return 1; end case;
end $$;
select g5();
create or replace function g5() returns int language plpgsql as $$
begin
 for i in 1..null loop return 1; end loop;
end $$;
select g5();
create or replace function g5() returns int language plpgsql as $$
begin
 for i in 1..10 by 0 loop return 1; end loop;
end $$;
select g5();
create or replace function g5() returns int language plpgsql as $$
declare a int;
begin
 foreach a in array null::int[] loop return 1; end loop;
end $$;
select g5();
create or replace function g5() returns int language plpgsql as $$
declare relname text;
begin
 select relname from pg_class limit 1 into relname;
end $$;
select g5();
create or replace function g5() returns int language plpgsql as $$
begin
 begin
   perform 1/0;
 exception when division_by_zero then
   raise notice '% %', sqlstate, sqlerrm;
   raise;
 end;
end $$;
select g5();
do $$ begin raise info 'a'; raise log 'b'; raise debug 'c'; raise warning 'd'; raise division_by_zero; end $$;
do $$ begin raise sqlstate '22012'; end $$;
do $$ begin raise; end $$;
do $$ begin raise exception using message='m', errcode='unique_violation'; end $$;
do $$ begin raise notice nosuch; end $$;
do $$ begin raise nosuch_cond; end $$;
do $$ begin execute null; end $$;
do $$ declare x int; begin execute 'select $1 + 1' into x using 4; raise notice '%', x; end $$;
do $$ begin exit; end $$;
do $$ begin x := 1; end $$;
do $$ declare x int; x text; begin end $$;
do $$ declare x constant int := 1; begin x := 2; end $$;
do $$ begin return 1; end $$;
do $$ begin commit; end $$;
do language sql 'select 1';
do $$ declare c cursor for select 1; x int; begin fetch c into x; end $$;
do $$ declare c refcursor; x int; begin open c for select 1; raise notice '%', c; fetch c into x; raise notice '%', x; fetch c into x; raise notice '% %', x, found; close c; close c; end $$;
do $$ declare c cursor(a int) for select a; begin for r in c(4) loop raise notice '%', r; end loop; for r in c loop end loop; end $$;
do $$ declare x int; d text; m text; begin begin insert into pg_class values(1); exception when others then get stacked diagnostics x = row_count; end; end $$;
do $$ declare d text; m text; c text; begin begin perform 1/0; exception when others then get stacked diagnostics m = message_text, d=returned_sqlstate, c = pg_exception_context; raise notice '% % %',m,d,c; end; end $$;
do $$ declare d text; m text; c int; begin perform 1 from generate_series(1,3); get diagnostics c=row_count; raise notice '% %', c, found; get current diagnostics m = pg_context; raise notice '%', m; end $$;
do $$ begin perform g3(); end $$;

-- functions in SQL and PL/pgSQL: results, sets, OUT parameters, defaults, polymorphism, loops, procedures
create function f1(a int) returns int language sql as 'select a+1';
select f1(3);
select f1(x) from generate_series(1,3) x;
create function g(x int) returns int language plpgsql as $$
declare y int := 5; s text;
begin
  for i in 1..x loop y := y + i; end loop;
  if y > 10 then s := 'big'; elsif y > 7 then s := 'mid'; else s := 'small'; end if;
  raise notice 'y=% s=%', y, s;
  return y;
end $$;
select g(2), g(5);
create table t (id serial primary key, name text, n int);
create function ins(p text, n int) returns t language plpgsql as $$
declare r t;
begin
  insert into t(name, n) values (p, n) returning * into r;
  return r;
end $$;
select ins('a', 1);
select * from ins('b', 2);
select (ins('c', 3)).name;
create function rows(m int) returns table(i int, nm text) language plpgsql as $$
begin
  return query select t.id, t.name from t where t.n <= m order by t.id;
end $$;
select * from rows(2);
create function rows2() returns setof t language sql as 'select * from t order by id';
select * from rows2();
select name from rows2() where n > 1;
create function ex(a int) returns text language plpgsql as $$
begin
  begin
    insert into t values (1, 'dup', 0);
  exception when unique_violation then
    return 'caught ' || sqlstate || ' ' || sqlerrm;
  end;
  return 'no';
end $$;
select ex(1);
select count(*) from t;
do $$ declare r record; begin for r in select * from t order by id loop raise notice '% % %', r.id, r.name, r; end loop; end $$;
create function fib(n int) returns int language plpgsql as $$ begin if n < 2 then return n; end if; return fib(n-1) + fib(n-2); end $$;
select fib(12);
create procedure p(inout a int, b text) language plpgsql as $$ begin a := a * 2; raise notice '%', b; end $$;
call p(4, 'x');
create function dyn(tab text) returns bigint language plpgsql as $$ declare c bigint; begin execute format('select count(*) from %I', tab) into c; return c; end $$;
select dyn('t');
create function o(a int, out b int, out c text) language plpgsql as $$ begin b := a + 1; c := 'v' || a; end $$;
select o(1); select * from o(2);
select (o(3)).c;
create function va(variadic x int[]) returns int language plpgsql as $$ declare s int := 0; v int; begin foreach v in array x loop s := s + v; end loop; return s; end $$;
select va(1,2,3), va(variadic array[4,5]);
create function def(a int, b int default 10) returns int language sql as 'select $1 * $2';
select def(2), def(2,3), def(b => 4, a => 5);
create function poly(a anyelement) returns anyelement language plpgsql as $$ begin return a; end $$;
select poly(1), poly('x'::text);
create function polyarr(a anyelement, b anyelement) returns anyarray language sql as 'select array[a,b]';
select polyarr(1,2);
create function srf(n int) returns setof int language plpgsql as $$ begin for i in 1..n loop return next i; end loop; return; end $$;
select srf(3); select * from srf(2) x; select array_agg(x) from srf(4) x;
create function v() returns void language plpgsql as $$ begin perform 1; end $$;
select v(), v() is null;
create function arr() returns int[] language plpgsql as $$ declare a int[] := '{1,2,3}'; begin a[2] := 20; a[4] := 4; return a; end $$;
select arr();
create function cs(x int) returns text language plpgsql as $$ begin case x when 1, 2 then return 'low'; when 3 then return 'three'; else return 'other'; end case; end $$;
select cs(1), cs(2), cs(3), cs(9);
create function lp() returns text language plpgsql as $$
declare s text := ''; i int := 0;
begin
  <<outer>> loop
    i := i + 1;
    for j in reverse 3..1 loop
      continue outer when i = 2;
      exit outer when i > 3;
      s := s || i || j || ' ';
    end loop;
  end loop;
  return s;
end $$;
select lp();
create function st() returns int language sql stable as 'select count(*)::int from t';
select st();
create function si(x text) returns int strict language plpgsql as $$ begin return length(x); end $$;
select si('abc'), si(null);
drop function g(int);
drop table t cascade;

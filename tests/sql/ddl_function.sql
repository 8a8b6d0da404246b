-- CREATE, ALTER, DROP of functions and procedures: errors, texts, catalog rows, dependencies
create function f1(a int) returns int language sql as 'select a+1';
create function f1(a int) returns int language sql as 'select a+1';
create or replace function f1(b int) returns int language sql as 'select b+1';
create or replace function f1(a int) returns text language sql as 'select a::text';
create function f2(a int) language sql as 'select 1';
create function f2(a int, out b int, out c int) returns int language sql as 'select 1,2';
create function f2(a int, a int) returns int language sql as 'select 1';
create function f2(a int default 1, b int) returns int language sql as 'select 1';
create function f2(a int) returns anyelement language sql as 'select 1';
create function f2(a int) returns int as 'select 1';
create function f2(a int) returns int language foo as 'select 1';
create function f2(a int) returns int language sql as 'select ''x''';
create function f2(a int) returns int language sql as 'select 1, 2';
create function f2(a int) returns int language sql as 'select nosuch';
create function f2(a int) returns int language sql as 'selec 1';
create function f2(a int) returns int language sql as 'insert into nosuch values (1)';
create function f2(a int) returns int language sql as '';
create function f2(a int, variadic b text) returns int language sql as 'select 1';
create function f3(a nosuch) returns int language sql as 'select 1';
create function f3(a int) returns nosuch language sql as 'select 1';
create procedure p1(a int) language sql as 'select a';
create or replace function p1(a int) returns int language sql as 'select a';
select p1(1);
call f1(1);
call nop(1);
drop function p1(int);
drop procedure f1(int);
drop function nosuch(int);
drop function nosuch;
drop function if exists nosuch(int);
drop function if exists nosuch;
drop function if exists nosuch(nosuchtype);
drop function lower(text);
create function f1(a text) returns int language sql as 'select 1';
drop function f1;
create function f5(a int = 3, variadic b numeric[] = '{1,2}', out c text, out d int) returns setof record language plpgsql stable security definer cost 7 rows 30 set work_mem='2MB' set search_path=public, pg_temp parallel safe as $function$begin return next; end$function$;
select pg_get_functiondef('f5'::regproc);
select proargdefaults is null, pg_get_function_arguments(oid), pg_get_function_identity_arguments(oid), pg_get_function_result(oid), proconfig, proargnames, proargmodes, proallargtypes, proargtypes, prorettype, provariadic, pronargdefaults from pg_proc where proname in ('f5','p1');
select pg_get_functiondef('p1'::regproc);
alter function f1(int) rename to f9; alter function f9(int) immutable strict cost 10;
select pg_get_functiondef('f9'::regproc);
alter function f9(int) rows 5;
alter function f9(int) set schema nosuch;
alter procedure f9(int) rename to f10;
comment on function f9(int) is 'x';
create view vv as select f9(3);
drop function f9(int);
drop function f9(int) cascade;
create function f11(int) returns int language plpgsql as 'begin return $1 end';
create function f11(int) returns int language plpgsql as 'begin retrun $1; end';
create function f11(x int) returns int language plpgsql as $$
declare y int := 1;
begin
  y := x +;
  return y;
end $$;
create function f11(x int) returns int language plpgsql as $$
begin
  z := 1;
end $$;
create function f11(x int) returns int language plpgsql as $$
begin
  if x > 1 then return 1; 
end $$;
create function f11(x int) returns int language plpgsql as $$
begin
  selec 1;
end $$;
create function f11(x int) returns int language plpgsql as $$
begin
  for i in 1..10 loop return next i; end loop; return 2;
end $$;
create function f11(x int) returns setof int language plpgsql as $$
begin
  return 2;
end $$;
create function f11(x int) returns void language plpgsql as $$
begin
  return 2;
end $$;

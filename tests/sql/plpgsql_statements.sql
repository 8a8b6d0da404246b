create table acc(id int primary key, bal numeric(10,2) not null default 0, owner text);
insert into acc values (1, 100, 'a'), (2, 50, 'b');
create function transfer(f int, t int, amt numeric) returns void language plpgsql as $$
declare b acc%rowtype; c acc.bal%type;
begin
  select * into strict b from acc where id = f for update;
  if b.bal < amt then
    raise exception 'insufficient funds: %', b.bal using errcode = 'P0001', hint = 'deposit';
  end if;
  update acc set bal = bal - amt where id = f returning bal into c;
  raise notice 'now %', c;
  update acc set bal = bal + amt where id = t;
  if not found then raise exception using errcode = 'no_data_found', message = 'no target'; end if;
end $$;
select transfer(1, 2, 30);
select transfer(1, 2, 300);
select transfer(1, 9, 1);
select transfer(7, 9, 1);
select * from acc order by id;
create function cur() returns text language plpgsql as $$
declare c cursor (m numeric) for select id, bal from acc where bal >= m order by id; r record; s text := ''; rc refcursor; n int;
begin
  open c(10);
  loop fetch c into r; exit when not found; s := s || r.id || ':' || r.bal || ' '; end loop;
  close c;
  for r in c(0) loop s := s || r.id || ' '; end loop;
  open rc for execute 'select id from acc where id > $1 order by id' using 0;
  fetch last from rc into n; s := s || 'last ' || n; fetch first from rc into n; s := s || ' first ' || n;
  move next from rc; fetch relative -1 from rc into n; s := s || ' rel ' || n;
  close rc;
  return s;
end $$;
select cur();
create procedure fill(n int) language plpgsql as $$
begin
  for i in 1..n loop insert into acc values (100 + i, i, 'p'); if i % 2 = 0 then commit; else rollback; end if; end loop;
end $$;
call fill(4);
select id from acc where id > 100 order by id;
begin; call fill(1); rollback;
create function nested() returns text language plpgsql as $$
declare t text := '';
begin
  begin
    insert into acc values (500, 1, 'x');
    begin
      insert into acc values (500, 2, 'y');
    exception when others then t := t || 'inner ' || sqlstate || ' ';
    end;
    raise exception 'outer';
  exception when raise_exception then t := t || sqlerrm;
  end;
  return t || ' ' || (select count(*) from acc where id = 500);
end $$;
select nested();
create function scope() returns int language plpgsql as $$
<<a>> declare x int := 1; begin declare x int := 2; begin return a.x * 10 + x; end; end $$;
select scope();
create function useq() returns table(id int, owner text) language plpgsql as $$
#variable_conflict use_column
begin return query select id, owner from acc order by id limit 2; end $$;
select * from useq();
create function rn() returns setof acc language plpgsql as $$ declare r acc; begin for r in select * from acc order by id limit 2 loop r.owner := upper(r.owner); return next r; end loop; end $$;
select * from rn();
create function rec() returns record language plpgsql as $$ declare r record; begin select 1 as a, 'z'::text as b into r; return r; end $$;
select * from rec() as x(a int, b text);
select rec();
create function setrec() returns setof record language plpgsql as $$ begin return query select 1, 'q'::text; end $$;
select * from setrec() as t(i int, s text);
select * from setrec();
create function ddl() returns int language plpgsql as $$ declare n int; begin create table tmp_x (i int); insert into tmp_x select generate_series(1,5); select sum(i) into n from tmp_x; drop table tmp_x; return n; end $$;
select ddl(), ddl();
create function setcfg() returns text language plpgsql set work_mem = '3MB' as $$ begin return current_setting('work_mem'); end $$;
select setcfg();
create function iso() returns int language plpgsql stable as $$ begin insert into acc values (900); return 1; end $$;
select iso();
create function whl(n int) returns bigint language plpgsql immutable as $$ declare a bigint := 0; begin while n > 0 loop a := a + n; n := n - 1; end loop; return a; end $$;
select whl(100000);
create function chk(x int) returns boolean language plpgsql immutable as $$ begin return x > 0; end $$;
create table ck (x int check (chk(x)), y int default whl(3));
insert into ck values (1); insert into ck values (-1); select * from ck;
create view vv as select whl(x) from ck; select * from vv;
drop function whl(int);
create function jn() returns text language plpgsql as $$ declare j json; d date := '2020-01-31'; ts interval; begin j := '{"a": [1,2]}'; ts := '1 day'; return (j->'a'->>1) || (d + ts)::date::text; end $$;
select jn();
create function inv(a int) returns int language sql as 'select a + 1; select a + 2';
select inv(1), inv(inv(2));
create function upd(a int) returns int language sql as 'update acc set bal = bal + a where id = 1; select bal::int from acc where id = 1';
select upd(5);
select proname, provolatile, prosrc from pg_proc where proname in ('whl','inv') order by 1;
do $$ declare x int[] := array[[1,2],[3,4]]; begin x[1][2] := 9; raise notice '% %', x, array_length(x, 1); end $$;
do $$ declare a alias for b; begin end $$;
do $$ begin perform pg_sleep(0); execute 'create table q1(i int)'; execute 'insert into q1 values ($1)' using 7; end $$;
select * from q1;
do $$ declare r record; begin for r in execute 'select i * $1 as v from q1' using 3 loop raise notice '%', r.v; end loop; end $$;
do $$ begin insert into q1 values (1), (2); raise notice '%', found; delete from q1 where i > 100; raise notice '%', found; end $$;
do $$ declare n int; begin delete from q1; get diagnostics n = row_count; raise notice 'deleted %', n; end $$;
select pg_get_functiondef(oid) from pg_proc where proname in ('setcfg', 'useq', 'fill') order by proname;

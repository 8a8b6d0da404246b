create function f2(a int, b int) returns int language sql immutable strict return a+b;
select f2(1,2), f2(null,1);
select pg_get_functiondef('f2'::regproc);
create function f6() returns table (x int, y text) language sql begin atomic select 1, 'a'::text; select 2, 'b'::text; end;
select * from f6();
select pg_get_functiondef('f6'::regproc), prosrc, prosqlbody is null from pg_proc where proname='f6';
create table t(i int, v text);
insert into t values (1,'x'),(2,'y');
create function f7(n int) returns setof t language sql begin atomic select * from t where i >= n order by i; end;
select * from f7(2);
select pg_get_function_sqlbody('f7'::regproc);
drop table t;
drop table t cascade;
create function f8(a text) returns int language sql return a;
create function f9(a int default 3) returns text language sql return 'v' || a || $1;
select f9(), f9(4);
\sf f9

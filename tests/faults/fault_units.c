/*
 * fault_units.c - what the fault tests run: DML and DDL of every kind that reaches the disk.
 */
#include "fault.h"

const FaultUnit fault_units[] = {
    {{"create table t1 (id int primary key, n numeric, s text unique)",
      "create index t1_lower on t1 (lower(s))", "create index t1_part on t1 (n) where n > 10"}},
    {{"insert into t1 select g, g * 1.5, 'row ' || g from generate_series(1, 60) g"}},
    {{"create table t2 (id int primary key, t1_id int references t1 on delete cascade, big text)"}},
    {{"insert into t2 (id, t1_id, big) select g, g, repeat(chr(97 + g % 26), 2500 * (g % 3)) from "
      "generate_series(1, 30) g"}},
    {{"update t1 set s = s || '!' where id % 3 = 0"}},
    {{"delete from t1 where id between 10 and 20", "insert into t1 values (10, 1, 'new')",
      "savepoint", "update t1 set n = n + 1000", "rollback to",
      "update t1 set n = n + 1 where id < 10"}},
    {{"checkpoint"}},
    {{"alter table t1 add column extra int default 7"}},
    {{"update t1 set extra = id where id < 30"}},
    {{"alter table t1 alter column extra type bigint"}},
    {{"create index t1_extra on t1 (extra)", "insert into t1 values (100, 2, 'hundred', 100)"}},
    {{"purge"}},
    {{"select count(*), min(v) from (select distinct g * 7919 % 9001 as v from generate_series(1, "
      "12000) g) q"}},
    {{"insert into t1 values (1, 1, 'one again') on conflict (id) do update set s = excluded.s"}},
    {{"update t2 set big = repeat('z', 4000) where id % 4 = 0"}},
    {{"create view v1 as select id, s from t1 where n > 20", "create table t3 (a int, b text)",
      "insert into t3 select id, s from v1"}},
    {{"checkpoint"}},
    {{"truncate t2"}},
    {{"insert into t2 values (1, 1, repeat('y', 9000)), (2, 2, null)"}},
    {{"drop index t1_lower", "alter table t3 drop column b", "drop view v1"}},
    {{"purge"}},
    {{"reopen"}},
    {{"select count(*), sum(n) from t1 where s > 'row 3'"}},
    {{"drop table t2"}},
    {{"update t1 set n = n * 2, s = 'all ' || id"}},
    {{"select t1.id, t3.a from t1 left join t3 on t3.a = t1.id order by 1 desc limit 5"}},
    {{"purge"}},
    {{"checkpoint"}},
};
const uint32_t fault_unit_count = ARRAY_LEN(fault_units);

-- Exclusion constraints over operators other than equality: inet's in gist and spgist.
create table nets (id int primary key, c inet, exclude using gist (c inet_ops with &&));
insert into nets values (1, '10.0.0.0/8'), (2, '192.168.1.0/24'), (3, '2001:db8::/32');
insert into nets values (4, '10.1.0.0/16');
insert into nets values (4, '0.0.0.0/0');
insert into nets values (4, '192.168.1.77');
insert into nets values (4, '192.168.2.77'), (5, null), (6, null), (7, '2001:db9::1');
insert into nets values (8, '192.168.2.0/25');
update nets set c = '10.2.3.4' where id = 4;
update nets set c = '192.168.3.0/24' where id = 4;
update nets set c = '192.168.3.128/25' where id = 4;
insert into nets values (8, '192.168.3.0/25');
delete from nets where id = 1;
insert into nets values (1, '10.1.0.0/16'), (9, '10.2.0.0/16');
insert into nets values (10, '10.0.0.0/8');
insert into nets values (10, '10.0.0.0/8') on conflict do nothing;
insert into nets values (10, '10.0.0.0/8') on conflict on constraint nets_c_excl do nothing;
insert into nets values (10, '10.0.0.0/8') on conflict on constraint nets_c_excl do update set c = null;
insert into nets values (10, '11.0.0.0/8') on conflict on constraint nets_c_excl do nothing;
insert into nets values (10, '12.0.0.0/8') on conflict on constraint nets_c_excl do nothing;
insert into nets values (10, '11.1.0.0/16') on conflict (id) do nothing;
select * from nets order by id;
select pg_get_constraintdef(oid), pg_get_indexdef(conindid), conexclop from pg_constraint
 where conrelid = 'nets'::regclass and contype = 'x';
select a.amname from pg_class c join pg_am a on a.oid = c.relam where c.relname = 'nets_c_excl';

-- two columns: what may overlap, and what makes it matter
create table lease (pool inet, c inet, exclude using gist (pool inet_ops with =, c inet_ops with &&));
insert into lease values ('1.1.1.1', '10.0.0.0/8'), ('2.2.2.2', '10.0.0.0/8');
insert into lease values ('1.1.1.1', '10.9.0.0/16');
insert into lease values ('3.3.3.3', '10.9.0.0/16');
insert into lease values (null, '10.9.0.0/16'), (null, '10.9.0.0/16');
create table swap (pool inet, c inet, exclude using gist (c inet_ops with &&, pool inet_ops with =) where (pool <> '0.0.0.0'));
insert into swap select pool, c from lease;
insert into swap values ('1.1.1.1', '10.9.0.0/16');
insert into swap values ('4.4.4.4', '10.9.0.0/16');
insert into swap values ('0.0.0.0', '10.9.0.0/16'), ('0.0.0.0', '10.9.0.0/16');
select pool, c from swap order by pool, c;

-- not all the same
create table same (c inet, exclude using gist (c inet_ops with <>));
insert into same values ('10.0.0.1'), ('10.0.0.1');
insert into same values ('10.0.0.2');

create table sp (c inet, x text, exclude using spgist (c with &&), exclude using spgist (x with =));
insert into sp values ('10.0.0.0/8', 'a');
insert into sp values ('10.0.0.1', 'b');
insert into sp values ('11.0.0.1', 'a');
insert into sp values ('11.0.0.1', 'b');
select conname, pg_get_constraintdef(oid), pg_get_indexdef(conindid) from pg_constraint
 where conrelid = 'sp'::regclass order by 1;

-- rows that are there
create table was (id int, c inet);
insert into was values (1, '10.0.0.0/8'), (2, '11.0.0.0/8'), (3, '10.3.0.0/16');
alter table was add exclude using gist (c inet_ops with &&);
delete from was where id = 3;
alter table was add exclude using gist (c inet_ops with &&);
insert into was select n, ('10.' || n || '.0.0/16')::inet from generate_series(1, 3) n;
insert into was select n, ('20.' || n / 250 || '.' || n % 250 || '.0/24')::inet from generate_series(1, 1000) n;
insert into was values (5, '20.2.7.9');
insert into was values (5, '20.0.0.0/8') on conflict do nothing;
select count(*) from was;

select '10.1.0.0/16'::inet << '10.0.0.0/8'::inet, '10.0.0.0/8'::inet <<= '10.0.0.0/8', '10.0.0.0/8'::inet << '10.0.0.0/8',
       '10.0.0.0/8'::inet >> '10.1.0.0/16', '10.0.0.0/8'::inet >>= '10.0.0.0/8', '10.0.0.0/8'::inet && '10.255.0.0/16',
       '10.0.0.0/8'::inet && '11.0.0.0/8', '10.0.0.0/9'::inet && '10.128.0.0/9', '::/0'::inet && '10.0.0.1',
       '10.0.0.1/8'::inet >> '10.0.0.1', '0.0.0.0/0'::inet >> '10.0.0.1/0';
drop table nets, lease, swap, same, sp, was;

-- many, of all lengths and both families, against those that were let in
create table many (c inet, exclude using gist (c inet_ops with &&));
insert into many
select case when n % 3 = 0
            then '2001:db8:' || to_hex(n * 7919 % 64) || '::' || to_hex(n * 104729 % 256) || '/' || (33 + n * 31 % 96)
            else '10.' || (n * 7919 % 4) || '.' || (n * 104729 % 256) || '.' || (n * 31 % 256) || '/' || (9 + n * 17 % 24)
       end::inet
  from generate_series(1, 3000) n on conflict do nothing;
select count(*) from many;
select c from many order by c limit 40;
select count(*) from many a join many b on a.c && b.c;
drop table many;

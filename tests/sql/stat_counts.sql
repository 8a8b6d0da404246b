-- the numbers of pg_stat_user_tables, _indexes and pg_statio: what was done is counted, committed or not
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET enable_indexonlyscan = off;
CREATE TABLE item (id int PRIMARY KEY, name text, qty int);
CREATE INDEX item_name ON item (name);
CREATE TABLE part (id int PRIMARY KEY, item int);
CREATE VIEW counts AS SELECT relname, seq_scan, seq_tup_read, idx_scan, idx_tup_fetch, n_tup_ins, n_tup_upd, n_tup_del, n_tup_hot_upd, n_mod_since_analyze, analyze_count, last_analyze IS NULL AS never FROM pg_stat_user_tables ORDER BY relname;
CREATE VIEW index_counts AS SELECT relname, indexrelname, idx_scan, idx_tup_read, idx_tup_fetch FROM pg_stat_user_indexes ORDER BY 1, 2;
SELECT pg_stat_force_next_flush();
SELECT pg_stat_reset();
SELECT * FROM counts;
-- rows of one statement and of several
INSERT INTO item SELECT i, 'n' || i, i FROM generate_series(1, 20) i;
INSERT INTO item VALUES (21, 'x', 1), (22, 'y', 2);
UPDATE item SET qty = qty + 1 WHERE id = 3;
UPDATE item SET name = 'other' WHERE id = 4;
DELETE FROM item WHERE id = 5;
SELECT pg_stat_force_next_flush();
SELECT * FROM counts;
SELECT * FROM index_counts;
-- looking by the key, by a range, by nothing
SELECT name FROM item WHERE id = 7;
SELECT name FROM item WHERE id = 700;
SELECT count(name) FROM item WHERE id BETWEEN 8 AND 10;
SELECT id FROM item WHERE name = 'n9';
SET enable_seqscan = on;
SELECT count(*) FROM item;
SET enable_seqscan = off;
SELECT pg_stat_force_next_flush();
SELECT * FROM counts;
SELECT * FROM index_counts;
-- a rollback counts what was tried, but changes nothing
BEGIN;
INSERT INTO item VALUES (31, 'gone', 1);
DELETE FROM item WHERE id = 8;
SELECT n_tup_ins, n_tup_del, idx_scan FROM pg_stat_xact_user_tables WHERE relname = 'item';
ROLLBACK;
SELECT pg_stat_force_next_flush();
SELECT relname, n_tup_ins, n_tup_del, n_mod_since_analyze FROM counts;
-- as does one to a savepoint
BEGIN;
INSERT INTO item VALUES (32, 'stays', 1);
SAVEPOINT a;
INSERT INTO item VALUES (33, 'gone', 1), (34, 'gone', 1);
ROLLBACK TO a;
COMMIT;
SELECT pg_stat_force_next_flush();
SELECT relname, n_tup_ins, n_tup_del, n_mod_since_analyze FROM counts;
-- a foreign key looks its row up
CREATE TABLE whole (id int PRIMARY KEY);
CREATE TABLE piece (whole int REFERENCES whole);
INSERT INTO whole VALUES (1), (2);
INSERT INTO piece VALUES (1), (2);
INSERT INTO piece VALUES (3);
SELECT pg_stat_force_next_flush();
SELECT indexrelname, idx_scan, idx_tup_fetch FROM index_counts WHERE indexrelname = 'whole_pkey';
SELECT relname, n_tup_ins, n_mod_since_analyze FROM counts WHERE relname = 'piece';
DROP TABLE piece, whole;
-- ANALYZE begins the count of changes anew
ANALYZE item;
SELECT relname, seq_scan, n_mod_since_analyze, analyze_count, never FROM counts;
UPDATE item SET qty = 0 WHERE id = 1;
SELECT pg_stat_force_next_flush();
SELECT relname, n_mod_since_analyze, analyze_count FROM counts WHERE relname = 'item';
-- one table, then all
SELECT pg_stat_reset_single_table_counters('item'::regclass);
SELECT relname, n_tup_ins, n_mod_since_analyze FROM counts;
SELECT stats_reset IS NOT NULL FROM pg_stat_database WHERE datname = current_database();
SELECT pg_stat_reset();
SELECT relname, n_tup_ins, n_mod_since_analyze FROM counts;
-- what never is NULL
SELECT count(*) FROM pg_stat_database WHERE num_nulls(xact_commit, xact_rollback, blks_read, blks_hit, tup_returned, tup_fetched, tup_inserted, tup_updated, tup_deleted, conflicts, temp_files, temp_bytes, deadlocks, blk_read_time, blk_write_time, session_time, active_time, idle_in_transaction_time, sessions, sessions_abandoned, sessions_fatal, sessions_killed) > 0;
SELECT pg_stat_force_next_flush();
SELECT xact_commit > 0 AS commits, tup_fetched >= 0 AS fetched, sessions >= 0 AS sessions FROM pg_stat_database WHERE datname = current_database();
SELECT count(*) FROM pg_statio_user_tables WHERE num_nulls(heap_blks_read, heap_blks_hit) > 0;
SELECT count(*) FROM pg_statio_user_indexes WHERE num_nulls(idx_blks_read, idx_blks_hit) > 0;
SELECT wal_records >= 0, wal_bytes >= 0, wal_write >= 0, stats_reset IS NOT NULL FROM pg_stat_wal;
SELECT name FROM pg_stat_slru ORDER BY 1;
SELECT k, pg_stat_have_stats(k, 0, 0) FROM unnest(ARRAY['archiver', 'bgwriter', 'checkpointer', 'slru', 'wal', 'subscription', 'replslot', 'function', 'relation']) k;
SELECT pg_stat_have_stats('nothing', 0, 0);
SELECT pg_stat_get_numscans(1), pg_stat_get_db_sessions(99999), pg_stat_get_xact_tuples_inserted(1);

-- pg_settings, its flags, and what SET does to its rows.
SELECT count(*) > 340 FROM pg_settings;
SELECT name, setting, unit, context, vartype, source, min_val, max_val, enumvals, boot_val, reset_val, pending_restart
FROM pg_settings WHERE name IN ('work_mem', 'client_min_messages', 'enable_seqscan', 'seq_page_cost',
    'statement_timeout', 'server_version_num', 'default_transaction_isolation', 'max_index_keys', 'row_security',
    'synchronize_seqscans', 'restrict_nonsystem_relation_kind', 'block_size') ORDER BY name;
SET work_mem = '5MB';
SET enable_seqscan TO off;
SELECT name, setting, source, reset_val FROM pg_settings WHERE name IN ('work_mem', 'enable_seqscan') ORDER BY name;
SELECT set_config(name, 'view, foreign-table', false) FROM pg_settings WHERE name = 'restrict_nonsystem_relation_kind';
SHOW restrict_nonsystem_relation_kind;
RESET work_mem;
SELECT name, setting, source FROM pg_settings WHERE name = 'work_mem';
SELECT pg_settings_get_flags('work_mem'), pg_settings_get_flags('server_version'), pg_settings_get_flags('nothing');
SELECT name, short_desc, extra_desc, category FROM pg_show_all_settings() WHERE name IN ('row_security', 'search_path')
ORDER BY 1;
PREPARE q (int, text) AS SELECT $1, $2;
SELECT name, statement, parameter_types, from_sql FROM pg_prepared_statements;
DEALLOCATE q;
BEGIN;
DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT 1;
DECLARE d BINARY CURSOR FOR SELECT 2;
SELECT name, statement, is_holdable, is_binary, is_scrollable FROM pg_cursors ORDER BY 1;
ROLLBACK;
SELECT count(*) FROM pg_cursors;

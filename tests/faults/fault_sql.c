/*
 * fault_sql.c - an open database, statements from text to rows, and what must hold of it.
 */
#include "base/map.h"
#include "fault.h"

#define FAULT_WORK_MEM 1024 /* operators spill beyond 64 times that */

void fault_db_init(FaultDb *db, Os *os)
{
    *db = (FaultDb){.os = os, .env = {.extra_float_digits = 1}};
    arena_init(&db->arena, NULL, "fault", 0);
    arena_init(&db->txn_arena, NULL, "fault transaction", 0);
    buf_init(&db->out, (size_t)16 << 20);
    db->cx = (Cx){.err = &db->err, .arena = &db->arena, .refuse = &db->refuse};
}

void fault_db_release(FaultDb *db)
{
    arena_release(&db->arena);
    arena_release(&db->txn_arena);
    buf_release(&db->out);
}

static void fault_options(EngineOptions *o)
{
    engine_options_default(o);
    o->store.pool_bytes = (uint64_t)PAGE_SIZE * 64;
    o->store.max_pages = 1u << 16;
    o->wal.segment_bytes = 262144;
    o->wal.first_segment_bytes = 65536;
    o->wal.region_bytes = (uint64_t)8 << 20;
    o->wal.resident_bytes = o->wal.region_bytes / 8;
    o->build_bytes = 4096;
    o->background = false;
}

Status fault_open(FaultDb *db)
{
    static const Oid PATH[] = {NAMESPACE_PG_CATALOG, NAMESPACE_PUBLIC};
    EngineOptions o;
    fault_options(&o);
    db->engine = NULL;
    db->catalog = NULL;
    TRY(engine_open(&db->cx, db->os, FAULT_PATH, &o, &db->engine));
    Status st = catalog_open(&db->cx, db->engine, &db->catalog);
    if (st != ST_OK) {
        Err first = db->err;
        st_ignore(engine_close(&db->cx, db->engine));
        db->engine = NULL;
        db->err = first;
        return st;
    }
    catalog_set_index_compute(db->catalog, exec_index_compute);
    cat_view_init(&db->view, db->catalog);
    db->view.database = DATABASE_FIRST;
    db->view.user = ROLE_BOOTSTRAP;
    db->view.user_name = "postgres";
    db->view.search_path = PATH;
    db->view.search_path_count = ARRAY_LEN(PATH);
    db->view.creation_namespace = NAMESPACE_PUBLIC;
    return ST_OK;
}

Status fault_close(FaultDb *db)
{
    cat_view_release_pins(&db->view);
    catalog_close(db->catalog);
    Status st = engine_close(&db->cx, db->engine);
    db->engine = NULL;
    db->catalog = NULL;
    return st;
}

/* ---- one statement ---- */

static void put_batch(FaultDb *db, const Plan *p, const Batch *b)
{
    SEL_FOREACH(row, &b->sel)
    {
        for (uint16_t c = 0; c < p->column_count; c++) {
            buf_putc(&db->out, '|');
            if (!vec_is_null(b->cols[c], row)) {
                FnCall call = {
                    .cx = &db->cx, .arena = &db->arena, .env = &db->env, .state_arena = &db->arena};
                Datum d = vec_get(b->cols[c], row);
                type_ops(p->columns[c].type)->out(&call, &d, &db->out);
            }
        }
        buf_putc(&db->out, '\n');
    }
}

static Status run_plan(FaultDb *db, Plan *p)
{
    Cx *cx = &db->cx;
    const Snapshot *snap;
    ExecState *s;
    const Batch *b;
    TRY(txn_snapshot(cx, db->view.txn, &snap));
    ExecEnv env = {.view = &db->view,
                   .txn = db->view.txn,
                   .snapshot = snap,
                   .type_env = &db->env,
                   .work_mem_bytes = db->cannot_spill ? (uint64_t)1 << 30 : FAULT_WORK_MEM,
                   .os = db->os,
                   .temp_prefix = db->cannot_spill ? NULL : FAULT_PATH};
    Status st = exec_open(cx, p, &env, &s);
    if (st == ST_OK) {
        while ((st = exec_next(cx, s, VEC_CAPACITY, &b)) == ST_OK) {
            put_batch(db, p, b);
        }
        if (st == ST_DONE && !p->returns_rows) {
            buf_printf(&db->out, "%llu", (unsigned long long)exec_affected(s));
        }
        exec_close(s);
    }
    txn_snapshot_done(db->view.txn);
    return st == ST_DONE ? ST_OK : st;
}

static Status run_sql(FaultDb *db, const char *sql)
{
    Cx *cx = &db->cx;
    ParsedStmt *stmts;
    uint32_t count;
    Query *q;
    Plan *p;
    const char *tag = "";
    buf_clear(&db->out);
    TRY(parse_sql(cx, &db->arena, slice_of(sql), &stmts, &count));
    DdlCx d = {.view = &db->view,
               .engine = db->engine,
               .arena = &db->arena,
               .sql = slice_of(sql),
               .env = &db->env,
               .work_mem_bytes = FAULT_WORK_MEM};
    TRY(txn_next_command(cx, db->view.txn));
    Status done = ddl_execute(cx, &d, stmts[0].node, &tag);
    if (done != ST_NOTFOUND) {
        buf_puts(&db->out, tag);
        return done;
    }
    BindCx b = {.view = &db->view, .arena = &db->arena, .sql = slice_of(sql), .env = &db->env};
    TRY(bind_statement(cx, &b, stmts[0].node, &q));
    TRY(plan_create(cx, &db->view, &db->env, q, NULL, NULL, &p));
    Status st = run_plan(db, p);
    plan_unref(p);
    return st;
}

/* ---- units ---- */

static Status fault_purge(FaultDb *db)
{
    TRY(wal_flush_wait(&db->cx, db->engine->wal, wal_head(db->engine->wal)));
    Status st;
    while ((st = engine_purge_step(&db->cx, db->engine)) == ST_OK) {
    }
    return st == ST_DONE ? ST_OK : st;
}

/* run_other - the words that are no SQL; ST_NOTFOUND for SQL. */
static Status run_other(FaultDb *db, const char *word)
{
    buf_clear(&db->out);
    if (strcmp(word, "checkpoint") == 0) {
        return engine_checkpoint(&db->cx, db->engine);
    }
    if (strcmp(word, "purge") == 0) {
        return fault_purge(db);
    }
    if (strcmp(word, "reopen") == 0) {
        /* A close that fails has freed everything all the same; the next open recovers. */
        Status st = db->engine != NULL ? fault_close(db) : ST_OK;
        TRY(st);
        return fault_open(db);
    }
    return ST_NOTFOUND;
}

static void unit_ended(FaultDb *db)
{
    db->view.txn = NULL;
    cat_view_release_pins(&db->view);
    arena_clear(&db->txn_arena);
}

static void unit_abort(FaultDb *db)
{
    Err first = db->err;
    txn_snapshot_done(db->view.txn);
    txn_abort(&db->cx, db->view.txn);
    unit_ended(db);
    db->err = first;
}

static Status unit_statements(FaultDb *db, const FaultUnit *unit)
{
    SavePoint sp = {0};
    for (uint32_t i = 0; i < FAULT_STATEMENTS_MAX && unit->statements[i] != NULL; i++) {
        const char *sql = unit->statements[i];
        if (strcmp(sql, "savepoint") == 0) {
            txn_savepoint(db->view.txn, &sp);
        } else if (strcmp(sql, "rollback to") == 0) {
            TRY(txn_rollback_to(&db->cx, db->view.txn, &sp));
            cat_changed(&db->view);
        } else {
            TRY(run_sql(db, sql));
        }
    }
    return ST_OK;
}

Status fault_unit(FaultDb *db, const FaultUnit *unit)
{
    Lsn lsn = 0;
    arena_clear(&db->arena);
    err_clear(&db->cx);
    if (db->engine == NULL) {
        TRY(fault_open(db));
    }
    Status other = run_other(db, unit->statements[0]);
    if (other != ST_NOTFOUND) {
        return other;
    }
    TRY(txn_begin(&db->cx, db->engine->txns, ISO_READ_COMMITTED, &db->txn_arena, &db->view.txn));
    Status st = unit_statements(db, unit);
    if (st != ST_OK) {
        unit_abort(db);
        return st;
    }
    Txn *txn = db->view.txn;
    txn_snapshot_done(txn);
    st = txn_commit(&db->cx, txn, &lsn);
    unit_ended(db);
    TRY(st);
    return lsn != 0 ? wal_flush_wait(&db->cx, db->engine->wal, lsn) : ST_OK;
}

Status fault_leave_open(FaultDb *db)
{
    static const FaultUnit change = {{"update t1 set n = -1, s = 'never ' || id",
                                      "create table t9 (a int primary key, b text)",
                                      "insert into t9 select g, repeat('n', 50) from "
                                      "generate_series(1, 40) g",
                                      "delete from t9 where a % 2 = 0", "drop table t3"}};
    arena_clear(&db->arena);
    TRY(txn_begin(&db->cx, db->engine->txns, ISO_READ_COMMITTED, &db->txn_arena, &db->view.txn));
    TRY(unit_statements(db, &change));
    return wal_flush_wait(&db->cx, db->engine->wal, wal_head(db->engine->wal));
}

/* ---- what must hold ---- */

static Status digest_sql(FaultDb *db, const char *sql, uint64_t *digest)
{
    const FaultUnit unit = {{sql}};
    TRY(fault_unit(db, &unit));
    *digest =
        hash_bytes(db->out.data != NULL ? (const void *)db->out.data : "", db->out.len, *digest);
    return ST_OK;
}

Status fault_digest(FaultDb *db, uint64_t *digest_out)
{
    static const char *const catalogs[] = {
        "select c.relname, c.relkind, a.attname, a.atttypid, a.attisdropped from pg_class c join "
        "pg_attribute a on a.attrelid = c.oid where c.relnamespace = 2200 and a.attnum > 0 order "
        "by "
        "1, a.attnum",
        "select conname, contype from pg_constraint order by 1",
    };
    Buf names;
    Status st = ST_OK;
    *digest_out = 1;
    for (size_t i = 0; i < ARRAY_LEN(catalogs); i++) {
        TRY(digest_sql(db, catalogs[i], digest_out));
    }
    const FaultUnit tables = {
        {"select relname from pg_class where relnamespace = 2200 and relkind = 'r' order by 1"}};
    TRY(fault_unit(db, &tables));
    buf_init(&names, 65536);
    buf_put(&names, db->out.data, db->out.len);
    buf_putc(&names, '\0');
    for (char *at = (char *)names.data, *end; st == ST_OK && *at == '|'; at = end + 1) {
        char sql[200];
        end = strchr(at, '\n');
        (void)snprintf(sql, sizeof(sql), "select * from %.*s order by 1", (int)(end - at - 1),
                       at + 1);
        st = digest_sql(db, sql, digest_out);
    }
    buf_release(&names);
    return st;
}

Status fault_check(FaultDb *db, uint64_t *errors_out)
{
    Buf report;
    uint64_t leaked = 0;
    buf_init(&report, (size_t)1 << 20);
    Status st = engine_settle(&db->cx, db->engine);
    if (st == ST_OK) {
        st = engine_check(&db->cx, db->engine, &report, errors_out);
    }
    if (st == ST_OK && *errors_out == 0) {
        st = catalog_verify(&db->cx, db->catalog, &report, errors_out, false, NULL);
    }
    if (st == ST_OK && *errors_out == 0) {
        st = engine_check_space(&db->cx, db->engine, true, &report, errors_out, &leaked);
    }
    if (*errors_out != 0) {
        (void)printf("%.*s\n", (int)report.len, (const char *)report.data);
    }
    buf_release(&report);
    return st;
}

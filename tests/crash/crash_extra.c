/*
 * crash_extra.c - tables that come and go with transactions, and a sequence.
 */
#include "crash.h"

static const SequenceDef extra_sequence = {
    .start = 1, .increment = 1, .min = 1, .max = INT64_MAX, .cache = 1};

static Status extra_open(Crash *c, Cx *cx, Arena *arena, const CrashExtra *x, bool with_index,
                         Table **table_out)
{
    return table_open(cx, c->engine, arena, 17000, "public", "extra", x->tree, &x->index,
                      with_index ? 1 : 0, table_out);
}

/* extra_make - a table with rows; its index is there before them or built after. */
static bool extra_make(CrashWorker *w, Txn *txn)
{
    Crash *c = w->crash;
    Cx *cx = &w->cx;
    Table *t;
    CrashExtra x = {.rows = crash_random(&w->random, 60)};
    bool build = crash_random(&w->random, 2) == 0;
    x.index = (TableIndex){
        .oid = 17001,
        .unique = true,
        .column_count = 1,
        .columns = {{.column = 0, .type = type_ops(TYPE_INT4), .name = "a"}},
        .name = "extra_a_key",
    };
    if (!crash_status(c, cx, table_create(cx, c->engine, txn, crash_kv_columns, 3, &x.tree)) ||
        !crash_status(c, cx, index_create(cx, c->engine, txn, &x.index.tree, &x.index.root)) ||
        !crash_status(c, cx, extra_open(c, cx, &w->arena, &x, !build, &t))) {
        return false;
    }
    for (uint32_t i = 0; i < x.rows; i++) {
        CrashRow row = {.b = i, .text_seed = 1 + i % 26, .text_len = i};
        RowId id;
        RowValues v = crash_row_values(&w->arena, (int32_t)i, &row, 3);
        if (!crash_status(c, cx, table_insert(cx, txn, t, &v, &id))) {
            return false;
        }
    }
    crash_must(cx, txn_next_command(cx, txn));
    if (build && !crash_status(c, cx, index_build(cx, txn, t, &x.index))) {
        return false;
    }
    w->draft.extra = x;
    return true;
}

bool crash_extra_step(CrashWorker *w, Txn *txn)
{
    CrashExtra *x = &w->draft.extra;
    if (x->tree == 0) {
        return extra_make(w, txn);
    }
    /* One made by this very transaction and dropped again is gone either way. */
    crash_must(&w->cx, txn_start_write(&w->cx, txn));
    txn_drop_tree_on_commit(txn, x->tree);
    txn_drop_tree_on_commit(txn, x->index.tree);
    x->tree = 0;
    return true;
}

void crash_extra_check(Crash *c, const CrashState *model)
{
    if (model->extra.tree == 0) {
        return;
    }
    Arena arena;
    Table *t;
    Snapshot snap;
    TableScan *scan;
    uint64_t rows = 0;
    arena_init(&arena, NULL, "extra", 0);
    crash_must(&c->cx, extra_open(c, &c->cx, &arena, &model->extra, true, &t));
    crash_verify_table(c, t);
    snapshot_take(c->engine->txns, NULL, &snap);
    crash_must(&c->cx, table_scan_create(&c->cx, &arena, t, NULL, 0, false, &scan));
    crash_must(&c->cx, table_scan_start(&c->cx, scan, NULL, &snap));
    crash_must(&c->cx, table_scan_count(&c->cx, scan, &rows));
    table_scan_end(scan);
    snapshot_release(&snap);
    arena_release(&arena);
    crash_check(rows == model->extra.rows, "extra table %u: %llu rows, not %u", model->extra.tree,
                (unsigned long long)rows, model->extra.rows);
}

/* crash_sequence_step - the transaction uses a fresh value. */
bool crash_sequence_step(CrashWorker *w)
{
    Crash *c = w->crash;
    int64_t value;
    if (!crash_status(
            c, &w->cx,
            sequence_next(&w->cx, c->engine, c->sequence_tree, &extra_sequence, "s", &value))) {
        return false;
    }
    crash_check(value > w->draft.sequence, "sequence: %lld after %lld", (long long)value,
                (long long)w->draft.sequence);
    w->draft.sequence = value;
    return true;
}

void crash_sequence_check(Crash *c)
{
    int64_t value;
    crash_must(&c->cx,
               sequence_next(&c->cx, c->engine, c->sequence_tree, &extra_sequence, "s", &value));
    crash_check(value > c->sequence_seen, "sequence: %lld was used before the crash, up to %lld",
                (long long)value, (long long)c->sequence_seen);
}

/*
 * crash_verify.c - after a crash: everything consistent, everything acknowledged there, nothing
 * half.
 */
#include "crash.h"

static void seen_kv(void *arg, int32_t a, const CrashRow *row)
{
    CrashSeen *s = arg;
    uint32_t w = CRASH_KEY_WORKER(a), i = (uint32_t)a % 1000;
    crash_check(w < s->crash->worker_count && i < CRASH_KEYS, "row with an unknown key %d", a);
    crash_check(!s->found[w].rows[i].present, "two rows with key %d", a);
    s->found[w].rows[i] = *row;
}

static void seen_claim(void *arg, int32_t a, const CrashRow *row)
{
    CrashSeen *s = arg;
    uint32_t w = (uint32_t)(row->b / CRASH_MARK);
    crash_check(a >= 0 && a < CRASH_CLAIMS && w < s->crash->worker_count,
                "claim with an unknown key %d", a);
    for (uint32_t i = 0; i < s->crash->worker_count; i++) {
        crash_check(!s->found[i].claims[a].present, "claim %d is there twice", a);
    }
    s->found[w].claims[a] = *row;
}

void crash_see(Crash *c, Cx *cx, const Snapshot *snap, CrashSeen *out)
{
    memset(out, 0, sizeof(*out));
    out->crash = c;
    (void)crash_scan(c, cx, c->kv, snap, seen_kv, out);
    (void)crash_scan(c, cx, c->claim, snap, seen_claim, out);
}

void crash_row_text(const Vector *v, uint32_t at, CrashRow *row, int32_t a)
{
    row->text_seed = row->text_len = 0;
    if (vec_is_null(v, at)) {
        return;
    }
    Str text = vec_get(v, at).str;
    row->text_len = text.len;
    row->text_seed = UINT32_MAX; /* an empty text fits every seed */
    if (text.len > 0) {
        char expected[CRASH_TEXT_MAX];
        crash_check(text.len < CRASH_TEXT_MAX, "text of %u bytes", text.len);
        for (uint32_t seed = 1; seed <= 26 && row->text_seed == UINT32_MAX; seed++) {
            crash_text(seed, 1, expected);
            if (expected[0] == str_ptr(&text)[0]) {
                row->text_seed = seed;
            }
        }
        crash_text(row->text_seed, text.len, expected);
        crash_check(memcmp(expected, str_ptr(&text), text.len) == 0,
                    "the text of key %d is damaged", a);
    }
}

/* row_decode - from the batch of a scan; the text must be one the workers can have made. */
static CrashRow row_decode(const Batch *b, uint32_t at, int32_t *a_out)
{
    CrashRow row = {.present = true};
    *a_out = vec_get(b->cols[0], at).i32;
    row.b = vec_get(b->cols[1], at).i64;
    row.rowid = (RowId)vec_get(b->cols[3], at).i64;
    crash_row_text(b->cols[2], at, &row, *a_out);
    return row;
}

uint32_t crash_scan(Crash *c, Cx *cx, const Table *t, const Snapshot *snap,
                    void (*fn)(void *arg, int32_t a, const CrashRow *row), void *arg)
{
    static const uint16_t columns[3] = {0, 1, 2};
    static const PhysType types[4] = {PHYS_I32, PHYS_I64, PHYS_STR, PHYS_I64};
    TableScan *scan;
    Batch b;
    Arena arena;
    Status st;
    uint32_t rows = 0;
    arena_init(&arena, NULL, "scan-kv", 0);
    batch_init(&b, types, 4, &arena);
    crash_must(cx, table_scan_create(cx, &arena, t, columns, 3, true, &scan));
    crash_must(cx, table_scan_start(cx, scan, snap->txn, snap));
    while ((st = table_scan_next(cx, scan, 16, &b, &arena)) == ST_OK) {
        SEL_FOREACH(at, &b.sel)
        {
            int32_t a;
            CrashRow row = row_decode(&b, at, &a);
            fn(arg, a, &row);
            rows++;
        }
    }
    bool cancelled = st == ST_ERROR && cx->err->sqlstate == ERRCODE_SNAPSHOT_TOO_OLD;
    crash_check(st == ST_DONE || (cancelled && c->retaining), "scan: status %d: %s", (int)st,
                cx->err->message);
    table_scan_end(scan);
    arena_release(&arena);
    return rows;
}

bool crash_row_matches(const CrashRow *model, const CrashRow *found)
{
    if (model->present != found->present) {
        return false;
    }
    if (!model->present) {
        return true;
    }
    bool null_model = model->text_seed == 0, null_found = found->text_seed == 0;
    return model->b == found->b && model->rowid == found->rowid && null_model == null_found &&
           model->text_len == found->text_len &&
           (model->text_len == 0 || model->text_seed == found->text_seed);
}

bool crash_state_matches(const CrashState *model, const CrashState *found)
{
    for (uint32_t i = 0; i < CRASH_KEYS; i++) {
        if (!crash_row_matches(&model->rows[i], &found->rows[i])) {
            return false;
        }
    }
    for (uint32_t i = 0; i < CRASH_CLAIMS; i++) {
        if (!crash_row_matches(&model->claims[i], &found->claims[i])) {
            return false;
        }
    }
    return true;
}

void crash_print_state(const char *what, const CrashState *s)
{
    (void)fprintf(stderr, "  %s (commit %llx):", what, (unsigned long long)s->lsn);
    for (uint32_t i = 0; i < CRASH_KEYS; i++) {
        const CrashRow *r = &s->rows[i];
        if (r->present) {
            (void)fprintf(stderr, " %u=(%lld, id %llu, %u:%u)", i, (long long)r->b,
                          (unsigned long long)r->rowid, r->text_seed, r->text_len);
        }
    }
    for (uint32_t i = 0; i < CRASH_CLAIMS; i++) {
        const CrashRow *r = &s->claims[i];
        if (r->present) {
            (void)fprintf(stderr, " claim %u=(%lld, id %llu)", i, (long long)r->b,
                          (unsigned long long)r->rowid);
        }
    }
    (void)fprintf(stderr, " own table %u, version %u\n", s->own.tree, s->own.version);
}

/* worker_settle - exactly one of the possible states is there; it is the only one from now on.
 * Raises *newest_out to the commit that surely survived, lowers *lost_out to the one surely lost:
 * states with the same content cannot be told apart. */
static void worker_settle(CrashWorker *w, const CrashState *found, Lsn *newest_out, Lsn *lost_out)
{
    uint32_t first = 0;
    while (first < w->state_count && !crash_state_matches(&w->states[first], found)) {
        first++;
    }
    for (uint32_t k = w->state_count; k-- > first;) {
        if (!crash_state_matches(&w->states[k], found)) {
            continue;
        }
        if (first > 0 && w->states[first].lsn > *newest_out) {
            *newest_out = w->states[first].lsn;
        }
        for (uint32_t m = k + 1; m < w->state_count; m++) {
            if (w->states[m].lsn != 0 && w->states[m].lsn < *lost_out) {
                *lost_out = w->states[m].lsn;
            }
        }
        int64_t sequence = w->states[first].sequence;
        w->states[0] = w->states[k];
        w->states[0].sequence = sequence;
        w->state_count = 1;
        w->crash->sequence_seen = MAX(w->crash->sequence_seen, w->states[0].sequence);
        return;
    }
    (void)fprintf(stderr, "worker %u: what survived is none of the %u possible states\n", w->id,
                  w->state_count);
    crash_print_state("found", found);
    for (uint32_t k = 0; k < w->state_count; k++) {
        crash_print_state(k == 0 ? "acknowledged" : "pending", &w->states[k]);
    }
    crash_fail(__FILE__, __LINE__, "committed data was lost, or uncommitted data kept");
}

void crash_verify_table(Crash *c, const Table *t)
{
    Buf report;
    uint64_t errors = 0;
    buf_init(&report, 1u << 20);
    crash_must(&c->cx, table_verify(&c->cx, t, &report, &errors));
    if (errors != 0) {
        (void)fprintf(stderr, "%.*s\n", (int)report.len, (const char *)report.data);
        crash_fail(__FILE__, __LINE__, "table_verify(%s): %llu errors", t->name,
                   (unsigned long long)errors);
    }
    buf_release(&report);
}

static void verify_file(Crash *c)
{
    Buf report;
    uint64_t errors = 0;
    buf_init(&report, 1u << 20);
    crash_must(&c->cx, engine_check(&c->cx, c->engine, &report, &errors));
    if (errors != 0) {
        (void)fprintf(stderr, "%.*s\n", (int)report.len, (const char *)report.data);
        crash_fail(__FILE__, __LINE__, "engine_check: %llu errors", (unsigned long long)errors);
    }
    /* Pages that nobody reaches are legal here, and can be given back; nothing else may differ. */
    uint64_t leaked, again = 0;
    bool reclaim = !c->options.background;
    crash_must(&c->cx, engine_check_space(&c->cx, c->engine, reclaim, &report, &errors, &leaked));
    if (errors == 0 && reclaim && leaked != 0) {
        crash_must(&c->cx, engine_check_space(&c->cx, c->engine, false, &report, &errors, &again));
    }
    if (errors != 0 || again != 0) {
        (void)fprintf(stderr, "%.*s\n", (int)report.len, (const char *)report.data);
        crash_fail(
            __FILE__, __LINE__, "space: %llu errors, %llu pages leaked, %llu after reclaiming",
            (unsigned long long)errors, (unsigned long long)leaked, (unsigned long long)again);
    }
    c->leaked += (uint32_t)leaked;
    buf_release(&report);
}

/* verify_content - rows against the model; settle = the first look decides which state it is. */
static void verify_content(Crash *c, bool settle)
{
    static CrashSeen seen;
    Snapshot snap;
    Lsn newest = 0, lost = UINT64_MAX;
    snapshot_take(c->engine->txns, NULL, &snap);
    crash_see(c, &c->cx, &snap, &seen);
    crash_check_accounts(c, &c->cx, NULL, &snap);
    snapshot_release(&snap);
    for (uint32_t i = 0; i < c->worker_count; i++) {
        CrashWorker *w = &c->workers[i];
        if (settle) {
            worker_settle(w, &seen.found[i], &newest, &lost);
        } else {
            crash_check(crash_state_matches(&w->states[0], &seen.found[i]),
                        "worker %u: the content changed without a writer", i);
        }
    }
    crash_check(newest < lost, "commit %llx survived, the earlier %llx did not",
                (unsigned long long)newest, (unsigned long long)lost);
}

void crash_verify(void *arg)
{
    Crash *c = arg;
    c->faulty = c->verified = false;
    crash_open(c);
    if (c->ready) {
        crash_prepare_recovered(c);
        crash_open_tables(c);
        verify_content(c, true);
        if (!c->options.background) { /* bt_verify wants a tree that nobody changes */
            crash_verify_table(c, c->kv);
            crash_verify_table(c, c->account);
            crash_verify_table(c, c->claim);
        }
    }
    if (c->ready) {
        crash_prepare_settle(c);
    }
    /* When nothing is left to undo or purge, all still is as it was. */
    _Atomic bool stop = false;
    crash_must(&c->cx, txnsys_undo_losers(&c->cx, c->engine->txns, &stop));
    crash_must(&c->cx, wal_flush_wait(&c->cx, c->engine->wal, wal_head(c->engine->wal)));
    Status st;
    while ((st = engine_purge_step(&c->cx, c->engine)) == ST_OK) {
    }
    crash_check(st == ST_DONE, "purge: status %d: %s", (int)st, c->err.message);
    if (c->ready) {
        verify_content(c, false);
        crash_verify_table(c, c->kv);
        crash_verify_table(c, c->account);
        crash_verify_table(c, c->claim);
        for (uint32_t i = 0; i < c->worker_count; i++) {
            crash_own_verify(c, &c->workers[i].states[0].own);
        }
        crash_sequence_check(c);
    }
    verify_file(c);
    if (crash_random(&c->random, 3) == 0) {
        crash_must(&c->cx, engine_close(&c->cx, c->engine));
    }
    c->verified = true;
    os_sim_crash_now(c->os);
}

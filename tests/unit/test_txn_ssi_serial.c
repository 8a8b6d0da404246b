/*
 * test_txn_ssi_serial.c - what committed under SERIALIZABLE has a serial order
 *
 * Goal: random transactions over a few keys, point look-ups, ranges of an index, full scans,
 * updates and inserts by several threads: the dependencies between those that committed are free of
 * circles; the same load under REPEATABLE READ has some, so that the test can fail. Method: every
 * write leaves a number of its own and knows which it replaces, so what each transaction saw says
 * who came before whom. On the simulated machine by seed, and on real threads (for TSan).
 */
#include "table_fixture.h"

#include "os/os_sim.h"
#include "txn/ssi.h"

enum { KEYS = 12, THREADS = 4, OPS = 4, TXNS_MAX = 4096 };

/* Done - what a committed transaction saw and left, by key; version 0: there is no row. */
typedef struct Done {
    int64_t saw[KEYS];   /* -1: did not look */
    int64_t wrote[KEYS]; /* 0: nothing */
} Done;

typedef struct Load {
    Fixture f;
    Isolation iso;
    uint32_t rounds, seed;
    bool posix;
    OsMutex mutex; /* guards done, count, versions */
    Done *done;
    uint32_t count, failed;
    int64_t versions;
} Load;

typedef struct Worker {
    Load *load;
    unsigned seed;
    Session s;
    Txn *txn;
    Done mine;
} Worker;

static int64_t next_version(Load *l)
{
    os_mutex_lock(l->f.os, &l->mutex);
    int64_t v = ++l->versions;
    os_mutex_unlock(l->f.os, &l->mutex);
    return v;
}

/* saw - a key's version, unless it is this transaction's own. */
static void saw(Worker *w, int32_t key, int64_t version)
{
    if (w->mine.wrote[key] == 0 && w->mine.saw[key] < 0) {
        w->mine.saw[key] = version;
    }
}

/* look - the keys from lo to hi by the index; ids and versions out. */
static Status look(Worker *w, const Snapshot *snap, int32_t lo, int32_t hi, RowId *ids,
                   int64_t *versions)
{
    static const PhysType TYPES[3] = {PHYS_I32, PHYS_I64, PHYS_I64};
    static const uint16_t COLUMNS[2] = {0, 1};
    const Table *t = w->load->f.t;
    Cx *cx = &w->s.cx;
    IndexScan *scan;
    Batch b;
    Buf key[2];
    Arena arena;
    arena_init(&arena, NULL, "look", 0);
    IndexBound bounds[2];
    for (int i = 0; i < 2; i++) {
        Datum d = {.i32 = i == 0 ? lo : hi};
        buf_init(&key[i], 100);
        (void)index_key_column(&t->indexes[0], 0, &d, false, &key[i]);
        bounds[i] = (IndexBound){{(const char *)key[i].data, key[i].len}, true};
    }
    for (int32_t k = lo; k <= hi; k++) {
        ids[k] = 0;
        versions[k] = 0;
    }
    batch_init(&b, TYPES, 3, &arena);
    must(&w->s, index_scan_create(cx, &arena, t, 0, COLUMNS, 2, true, &scan));
    Status st =
        index_scan_start(cx, scan, w->txn, snap, &bounds[0], &bounds[1], rand_r(&w->seed) % 2 == 0);
    while (st == ST_OK && (st = index_scan_next(cx, scan, 3, &b, &arena)) == ST_OK) {
        for (uint32_t i = 0; i < b.count; i++) {
            int32_t k = VEC_DATA(b.cols[0], int32_t)[i];
            versions[k] = VEC_DATA(b.cols[1], int64_t)[i];
            ids[k] = VEC_DATA(b.cols[2], uint64_t)[i];
        }
    }
    index_scan_end(scan);
    buf_release(&key[0]);
    buf_release(&key[1]);
    arena_release(&arena);
    return st == ST_DONE ? ST_OK : st;
}

static Status look_all(Worker *w, const Snapshot *snap)
{
    static const PhysType TYPES[2] = {PHYS_I32, PHYS_I64};
    static const uint16_t COLUMNS[2] = {0, 1};
    TableScan *scan;
    Batch b;
    Arena arena;
    int64_t versions[KEYS] = {0};
    arena_init(&arena, NULL, "look", 0);
    batch_init(&b, TYPES, 2, &arena);
    must(&w->s, table_scan_create(&w->s.cx, &arena, w->load->f.t, COLUMNS, 2, false, &scan));
    Status st = table_scan_start(&w->s.cx, scan, w->txn, snap);
    while (st == ST_OK && (st = table_scan_next(&w->s.cx, scan, 1000, &b, &arena)) == ST_OK) {
        for (uint32_t i = 0; i < b.count; i++) {
            versions[VEC_DATA(b.cols[0], int32_t)[i]] = VEC_DATA(b.cols[1], int64_t)[i];
        }
    }
    table_scan_end(scan);
    arena_release(&arena);
    for (int32_t k = 0; k < KEYS && st == ST_DONE; k++) {
        saw(w, k, versions[k]);
    }
    return st == ST_DONE ? ST_OK : st;
}

/* put - a new version of the key: update, or insert when there is none. */
static Status put(Worker *w, const Snapshot *snap, int32_t key)
{
    Load *l = w->load;
    RowId ids[KEYS], id;
    int64_t versions[KEYS], mine = next_version(l);
    WriteOutcome out = WRITE_DONE;
    TRY(look(w, snap, key, key, ids, versions));
    saw(w, key, versions[key]);
    FixtureRow row = {key, mine, "v"};
    if (ids[key] == 0) {
        TRY(try_insert(&l->f, &w->s, w->txn, row, &id));
    } else {
        RowValues v = fixture_values(&w->s, &row, 3);
        TRY(table_update(&w->s.cx, w->txn, snap, l->f.t, ids[key], &v, NULL, &out));
    }
    if (out != WRITE_DONE) {
        return ST_ERROR; /* somebody was faster */
    }
    w->mine.wrote[key] = mine;
    return ST_OK;
}

static Status step(Worker *w)
{
    const Snapshot *snap;
    RowId ids[KEYS];
    int64_t versions[KEYS];
    TRY(txn_snapshot(&w->s.cx, w->txn, &snap));
    int32_t key = rand_r(&w->seed) % KEYS, hi = key;
    switch (rand_r(&w->seed) % 8) {
    case 0: return look_all(w, snap);
    case 1:
    case 2: hi = MIN(key + rand_r(&w->seed) % 4, KEYS - 1); /* fall through */
    case 3:
    case 4:
        TRY(look(w, snap, key, hi, ids, versions));
        for (int32_t k = key; k <= hi; k++) {
            saw(w, k, versions[k]);
        }
        return ST_OK;
    default: return put(w, snap, key);
    }
}

static void worker(void *arg)
{
    Worker *w = arg;
    Load *l = w->load;
    session_begin(&w->s);
    for (uint32_t i = 0; i < l->rounds; i++) {
        Status st = ST_OK;
        Lsn lsn;
        arena_clear(&w->s.arena);
        for (int k = 0; k < KEYS; k++) {
            w->mine.saw[k] = -1;
            w->mine.wrote[k] = 0;
        }
        w->txn = fixture_begin_in(&l->f, &w->s, l->iso);
        w->txn->read_only = rand_r(&w->seed) % 8 == 0;
        int steps = 1 + rand_r(&w->seed) % OPS;
        for (int k = 0; k < steps && st == ST_OK; k++) {
            st = step(w);
            if (st == ST_OK) {
                st = txn_next_command(&w->s.cx, w->txn);
            }
            os_stop_point(l->f.os, "step");
        }
        if (st != ST_OK) {
            txn_abort(&w->s.cx, w->txn);
        } else {
            st = txn_commit(&w->s.cx, w->txn, &lsn);
        }
        err_clear(&w->s.cx);
        os_mutex_lock(l->f.os, &l->mutex);
        if (st == ST_OK && l->count < TXNS_MAX) {
            l->done[l->count++] = w->mine;
        }
        l->failed += st != ST_OK;
        os_mutex_unlock(l->f.os, &l->mutex);
    }
    session_end(&w->s);
}

/* load_run - the whole load on l->f.os; the first simulated thread, or the test's. */
static void load_run(void *arg)
{
    Load *l = arg;
    Fixture *f = &l->f;
    Worker workers[THREADS];
    OsThread *threads[THREADS];
    memset(workers, 0, sizeof(workers));
    fixture_open(f);
    fixture_describe(f);
    Txn *txn = fixture_begin(f);
    must(&f->s, table_create(&f->s.cx, f->e, txn, FIXTURE_COLUMNS, 3, &f->tree));
    must(&f->s, index_create(&f->s.cx, f->e, txn, &f->ix[0].tree, &f->ix[0].root));
    fixture_commit(f, &f->s, txn);
    fixture_open_table(f, 1);
    for (int i = 0; i < THREADS; i++) {
        workers[i].load = l;
        workers[i].seed = l->seed * 31 + (unsigned)i;
        must(&f->s, os_thread_create(&f->s.cx, f->os, "load", worker, &workers[i], &threads[i]));
    }
    for (int i = 0; i < THREADS; i++) {
        os_thread_join(threads[i]);
    }
    SsiCounts left;
    ssi_counts(f->e->txns, &left);
    assert_int_equal(left.active + left.finished + left.summarised + left.locks, 0);
    must(&f->s, engine_close(&f->s.cx, f->e));
}

/* ---- the check ---- */

typedef struct Graph {
    const Load *l;
    uint32_t *writer;      /* of a version: transaction + 1 */
    uint32_t *overwritten; /* by whom, likewise; per key for version 0 */
    uint32_t first[KEYS];
    uint8_t *state; /* 0 new, 1 on the path, 2 done */
} Graph;

static bool circle_from(Graph *g, uint32_t t);

static bool circle_edge(Graph *g, uint32_t t, uint32_t to)
{
    if (to == 0 || to - 1 == t) {
        return false;
    }
    return g->state[to - 1] == 1 || (g->state[to - 1] == 0 && circle_from(g, to - 1));
}

/* circle_from - depth first: is there a way back to a transaction on the path? */
static bool circle_from(Graph *g, uint32_t t)
{
    const Done *d = &g->l->done[t];
    g->state[t] = 1;
    for (int k = 0; k < KEYS; k++) {
        /* Who replaced what it saw comes after it; so does who saw or replaced what it wrote. */
        if (d->saw[k] >= 0) {
            uint32_t by = d->saw[k] == 0 ? g->first[k] : g->overwritten[d->saw[k]];
            if (circle_edge(g, t, by)) {
                return true;
            }
        }
        if (d->wrote[k] != 0) {
            for (uint32_t o = 0; o < g->l->count; o++) {
                if (g->l->done[o].saw[k] == d->wrote[k] && circle_edge(g, t, o + 1)) {
                    return true;
                }
            }
        }
    }
    g->state[t] = 2;
    return false;
}

/* has_circle - do the committed transactions contradict every serial order? */
static bool has_circle(const Load *l)
{
    size_t n = (size_t)l->versions + 2;
    Graph g = {.l = l};
    g.writer = calloc(n, sizeof(uint32_t));
    g.overwritten = calloc(n, sizeof(uint32_t));
    g.state = calloc(l->count + 1, 1);
    bool found = false;
    for (uint32_t t = 0; t < l->count; t++) {
        for (int k = 0; k < KEYS; k++) {
            const Done *d = &l->done[t];
            if (d->wrote[k] != 0) {
                uint32_t *by = d->saw[k] == 0 ? &g.first[k] : &g.overwritten[d->saw[k]];
                assert_int_equal(*by, 0); /* one version, two successors: a lost update */
                *by = t + 1;
            }
        }
    }
    for (uint32_t t = 0; t < l->count && !found; t++) {
        found = g.state[t] == 0 && circle_from(&g, t);
    }
    free(g.writer);
    free(g.overwritten);
    free(g.state);
    return found;
}

/* load_once - one run; true when there was a circle. */
static bool load_once(Isolation iso, bool posix, uint32_t seed, uint32_t rounds,
                      uint32_t *committed, uint32_t *failed)
{
    Load *l = calloc(1, sizeof(*l));
    Fixture *f = &l->f;
    l->iso = iso;
    l->rounds = rounds;
    l->seed = seed;
    l->done = calloc(TXNS_MAX, sizeof(Done));
    os_mutex_init(&l->mutex, "load", 1);
    session_begin(&f->s);
    fixture_options(f);
    f->options.create = true;
    if (posix) {
        f->os = os_posix_create();
        (void)snprintf(f->dir, sizeof(f->dir), "/tmp/dassie-test-XXXXXX");
        assert_non_null(mkdtemp(f->dir));
        (void)snprintf(f->path, sizeof(f->path), "%s/app.db", f->dir);
        load_run(l);
        fixture_remove(f);
    } else {
        f->os = os_sim_create(seed);
        f->options.store.pool_bytes = (uint64_t)4 << 20;
        f->options.store.max_pages = (uint64_t)1 << 14;
        (void)snprintf(f->path, sizeof(f->path), "/app.db");
        assert_int_equal(os_sim_run(f->os, load_run, l), OS_SIM_ENDED);
        os_sim_free(f->os);
        session_end(&f->s);
    }
    bool circle = has_circle(l);
    *committed += l->count;
    *failed += l->failed;
    free(l->done);
    free(l);
    return circle;
}

static void serial_simulated(void **state)
{
    (void)state;
    uint32_t committed = 0, failed = 0, circles = 0, ignored = 0;
    const char *seeds_text = getenv("SSI_SEEDS");
    uint32_t seeds = seeds_text != NULL ? (uint32_t)strtoul(seeds_text, NULL, 10) : 60;
    for (uint32_t seed = 1; seed <= seeds; seed++) {
        if (load_once(ISO_SERIALIZABLE, false, seed, 30, &committed, &failed)) {
            fail_msg("seed %u: no serial order", seed);
        }
    }
    assert_true(committed > seeds * 30);
    assert_true(failed > seeds);
    for (uint32_t seed = 1; seed <= 30; seed++) {
        circles += load_once(ISO_REPEATABLE_READ, false, seed, 30, &ignored, &ignored);
    }
    assert_true(circles > 5);
}

static void serial_threads(void **state)
{
    (void)state;
    uint32_t committed = 0, failed = 0;
    for (uint32_t seed = 1; seed <= 3; seed++) {
        assert_false(load_once(ISO_SERIALIZABLE, true, seed, 300, &committed, &failed));
    }
    assert_true(committed > 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(serial_simulated),
        cmocka_unit_test(serial_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

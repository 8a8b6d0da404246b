/*
 * test_store_meta.c - the row layouts of a tree, read while they are replaced
 *
 * Goal: who reads a tree's meta bytes without a lock gets all of them as they were at one time,
 * never an error and never a mixture, though the chain of pages it walks is freed and its pages are
 * used again meanwhile. Method: on the simulated machine, for many schedules, one thread writes
 * bytes of one value and of changing length, three pages at most; another reads, and looks whether
 * they are of one value and of that value's length.
 */
#include "os/os_sim.h"
#include "store_fixture.h"

enum { META_SEEDS = 40, META_ROUNDS = 60 };

typedef struct MetaRun {
    StoreEnv *env;
    TreeId tree;
    _Atomic bool stop;
    uint32_t reads, failures;
} MetaRun;

static size_t meta_len(uint32_t n)
{
    return n % 3 * PAGE_SIZE + 10 + n % 250;
}

static void meta_reader(void *arg)
{
    MetaRun *r = arg;
    Err err = {0};
    Arena arena;
    arena_init(&arena, NULL, "meta", 0);
    Cx cx = {.err = &err, .arena = &arena};
    while (!atomic_load(&r->stop)) {
        Slice got;
        Status st = tree_meta_read(&cx, r->env->store, &arena, r->tree, &got);
        bool good = st == ST_OK && got.len >= sizeof(uint32_t);
        uint32_t n = 0;
        if (good) {
            memcpy(&n, got.ptr, sizeof(n));
            good = got.len == meta_len(n);
        }
        for (size_t i = sizeof(n); i < got.len && good; i++) {
            good = got.ptr[i] == (char)n;
        }
        r->failures += !good;
        r->reads++;
        arena_clear(&arena);
    }
    arena_release(&arena);
}

/* meta_writer - the first thread: a store, the reader, the changes. */
static void meta_writer(void *arg)
{
    MetaRun *r = arg;
    StoreEnv *e = r->env;
    TreeEntry entry;
    OsThread *reader;
    static char bytes[3 * PAGE_SIZE + 300];
    store_env_open(e, true);
    store_must(&e->cx, tree_create(&e->cx, e->store, TREE_TABLE, &entry));
    r->tree = entry.tree;
    for (uint32_t n = 1; n <= META_ROUNDS; n++) {
        memset(bytes, (char)n, sizeof(bytes));
        memcpy(bytes, &n, sizeof(n));
        store_must(&e->cx, tree_meta_write(&e->cx, e->store, r->tree, (Slice){bytes, meta_len(n)}));
        if (n == 1) {
            store_must(&e->cx, os_thread_create(&e->cx, e->os, "reader", meta_reader, r, &reader));
        }
    }
    atomic_store(&r->stop, true);
    os_thread_join(reader);
    store_env_close(e);
}

static void meta_read_while_written(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= META_SEEDS; seed++) {
        StoreEnv e = {
            .os = os_sim_create(seed), .frames = 64, .path = "/t.db", .wal_dir = "/t.wal"};
        MetaRun r = {.env = &e};
        arena_init(&e.arena, NULL, "test", 0);
        e.cx = (Cx){.err = &e.err, .arena = &e.arena};
        assert_int_equal(os_sim_run(e.os, meta_writer, &r), OS_SIM_ENDED);
        assert_true(r.reads > 0);
        assert_int_equal(r.failures, 0);
        os_sim_free(e.os);
        arena_release(&e.arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(meta_read_while_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

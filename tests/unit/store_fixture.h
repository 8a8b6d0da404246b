#ifndef DASSIE_TEST_STORE_FIXTURE_H
#define DASSIE_TEST_STORE_FIXTURE_H
/*
 * store_fixture.h - a store and its log in a temporary directory, for the tests of src/store and
 * src/btree.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "btree/btree.h"

typedef struct StoreEnv {
    Os *os;
    Wal *wal;
    Store *store;
    Err err;
    Arena arena;
    Cx cx;
    uint32_t frames;
    bool sync;
    char dir[64], path[96], wal_dir[96];
} StoreEnv;

/* store_must - the test ends when a call that has to succeed does not. */
static void store_must(const Cx *cx, Status st)
{
    if (st != ST_OK) {
        fail_msg("status %d: %s", (int)st, cx->err->message);
    }
}

/* store_env_redo - the whole log from `from`, structure changes only. */
static void store_env_redo(StoreEnv *e, Lsn from)
{
    WalReader r;
    Status st;
    wal_reader_init(&r, e->wal, from, 0);
    while ((st = wal_reader_next(&e->cx, &r)) == ST_OK) {
        if (wal_type(&r.hdr) == WAL_SMO) {
            store_must(&e->cx, store_redo(&e->cx, e->store, r.lsn, &r.hdr,
                                          (Slice){(char *)r.body.data, r.body_len}));
        }
    }
    assert_int_equal(st, ST_DONE);
    wal_reader_release(&r);
}

/* store_env_open - create the file, or open it again and redo the log. */
static void store_env_open(StoreEnv *e, bool create)
{
    WalOptions wo;
    StoreOptions so = {
        .pool_bytes = (uint64_t)e->frames * PAGE_SIZE, .max_pages = 1 << 20, .sync = e->sync};
    StoreMaster m;
    wal_options_default(&wo);
    wo.sync = false;
    store_must(&e->cx, create ? store_create(&e->cx, e->os, e->path, &so, &e->store)
                              : store_open(&e->cx, e->os, e->path, &so, &e->store));
    store_master_get(e->store, &m);
    store_must(&e->cx, wal_open(&e->cx, e->os, e->wal_dir, &wo, m.next_lsn, create, &e->wal));
    store_attach_wal(e->store, e->wal);
    store_must(&e->cx, wal_start(&e->cx, e->wal));
    if (!create) {
        store_must(&e->cx, store_restore_torn(&e->cx, e->store));
        store_env_redo(e, m.next_lsn);
    }
    store_must(&e->cx, store_load_space(&e->cx, e->store));
    store_must(&e->cx, store_start(&e->cx, e->store));
}

/* store_env_close - as after a crash: nothing is written that is not written yet, the log is. */
static void store_env_close(StoreEnv *e)
{
    store_must(&e->cx, wal_flush_wait(&e->cx, e->wal, wal_head(e->wal)));
    store_close(e->store);
    store_must(&e->cx, wal_close(&e->cx, e->wal, false));
}

static UNUSED void store_env_init(StoreEnv *e, uint32_t frames, bool sync)
{
    memset(e, 0, sizeof(*e));
    e->os = os_posix_create();
    e->frames = frames;
    e->sync = sync;
    arena_init(&e->arena, NULL, "test", 0);
    e->cx = (Cx){.err = &e->err, .arena = &e->arena};
    (void)snprintf(e->dir, sizeof(e->dir), "/tmp/dassie-store-XXXXXX");
    assert_non_null(mkdtemp(e->dir));
    (void)snprintf(e->path, sizeof(e->path), "%s/t.db", e->dir);
    (void)snprintf(e->wal_dir, sizeof(e->wal_dir), "%s/t.db-wal", e->dir);
    store_env_open(e, true);
}

static UNUSED void store_env_release(StoreEnv *e)
{
    char cmd[128];
    store_env_close(e);
    (void)snprintf(cmd, sizeof(cmd), "rm -rf %s", e->dir);
    assert_int_equal(system(cmd), 0);
    arena_release(&e->arena);
    os_posix_free(e->os);
}

#endif

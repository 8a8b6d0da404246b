#ifndef DASSIE_TEST_WAL_TEST_H
#define DASSIE_TEST_WAL_TEST_H
/*
 * wal_test.h - what the tests of the log share: a scratch directory, small options, and records
 * whose body follows from their number, so that a reader can check every byte.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/arena.h"
#include "wal/wal.h"

typedef struct WalTest {
    Os *os;
    Cx cx;
    Err err;
    Arena arena;
    char root[64], dir[80];
} WalTest;

static inline void wal_test_begin(WalTest *t)
{
    memset(t, 0, sizeof(*t));
    t->os = os_posix_create();
    t->cx.err = &t->err;
    arena_init(&t->arena, NULL, "test", 0);
    t->cx.arena = &t->arena;
    (void)snprintf(t->root, sizeof(t->root), "/tmp/dassie-wal-XXXXXX");
    assert_non_null(mkdtemp(t->root));
    (void)snprintf(t->dir, sizeof(t->dir), "%s/wal", t->root);
}

static inline void wal_test_end(WalTest *t)
{
    char command[128];
    (void)snprintf(command, sizeof(command), "rm -rf '%s'", t->root);
    assert_int_equal(system(command), 0);
    arena_release(&t->arena);
    os_posix_free(t->os);
}

static inline void wal_test_ok(WalTest *t, Status st)
{
    if (st != ST_OK) {
        fail_msg("status %d: %s", (int)st, t->cx.err->message);
    }
}

/* wal_test_options - everything as small as it goes; syncing is not what most tests are about. */
static inline WalOptions wal_test_options(void)
{
    return (WalOptions){
        .segment_bytes = 32768,
        .first_segment_bytes = 8192,
        .region_bytes = 65536,
        .resident_bytes = 16384,
        .sync = false,
    };
}

/* wal_test_body - the body of record number n: 0 to 599 bytes. */
static inline size_t wal_test_body(uint64_t n, uint8_t body[600])
{
    size_t len = (size_t)((n * 2654435761u) % 600);
    for (size_t i = 0; i < len; i++) {
        body[i] = (uint8_t)(n + i * 7);
    }
    return len;
}

static inline Lsn wal_test_append(Wal *wal, uint64_t n)
{
    uint8_t body[600];
    size_t len = wal_test_body(n, body);
    WalHeader h = {.xid48_type8_flags8 = wal_pack(n, WAL_NOOP, 3), .cid = (uint32_t)n, .page = n};
    Slice parts[2] = {{(char *)body, len / 3}, {(char *)body + len / 3, len - len / 3}};
    return wal_append(wal, &h, parts, 2);
}

static inline void wal_test_check(const WalHeader *h, const void *got, size_t len)
{
    uint8_t body[600];
    uint64_t n = wal_xid(h);
    assert_int_equal(len, wal_test_body(n, body));
    assert_int_equal(h->cid, (uint32_t)n);
    assert_int_equal(h->page, n);
    assert_int_equal(wal_type(h), WAL_NOOP);
    assert_int_equal(h->len, ALIGN_UP(sizeof(*h) + len, (size_t)8));
    assert_memory_equal(got, body, len);
}

static inline void wal_test_read(WalTest *t, Wal *wal, Lsn lsn, uint64_t n)
{
    WalHeader h;
    uint8_t body[600];
    size_t len;
    wal_test_ok(t, wal_read(&t->cx, wal, lsn, &h, body, sizeof(body), &len));
    assert_int_equal(wal_xid(&h), n);
    wal_test_check(&h, body, len);
}

#endif

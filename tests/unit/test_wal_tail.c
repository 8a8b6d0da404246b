/*
 * test_wal_tail.c - finding the end of a damaged log
 *
 * Goal: opening takes every whole record and none that is not, and what it leaves behind the end
 * can never come back. Method: damage or cut the last record at every byte and reopen; then write a
 * shorter record over a lost one so that it ends where an older one begins, and see that the older
 * one is gone.
 */
#include <fcntl.h>
#include <unistd.h>

#include "wal_test.h"

#define START 8

static void tail_patch(WalTest *t, Lsn lsn, const void *p, size_t n)
{
    char path[160];
    (void)snprintf(path, sizeof(path), "%s/%016x.wal", t->dir, 0);
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, p, n, (off_t)lsn), (ssize_t)n);
    (void)close(fd);
}

static void tail_torn_at_every_byte(void **state)
{
    (void)state;
    WalTest t;
    Wal *wal;
    wal_test_begin(&t);
    WalOptions o = wal_test_options();
    Lsn last = 0, head = 0;
    for (size_t cut = 0;; cut++) {
        wal_test_ok(&t, wal_open(&t.cx, t.os, t.dir, &o, START, true, &wal));
        for (uint64_t n = 1; n <= 4; n++) {
            last = wal_test_append(wal, n);
        }
        head = wal_head(wal);
        wal_test_ok(&t, wal_close(&t.cx, wal, false));
        if (last + cut >= head) {
            break;
        }
        /* Bytes from the cut on are zeros; in the second turn one byte is wrong instead. */
        uint8_t zeros[700] = {0};
        uint8_t body[600];
        size_t body_len = wal_test_body(4, body);
        bool in_zero_byte = false;
        if (cut >= 40 && cut < 40 + body_len) {
            in_zero_byte = true;
            for (size_t i = cut - 40; i < body_len; i++) {
                in_zero_byte = in_zero_byte && body[i] == 0;
            }
        } else if (cut >= 40 + body_len) {
            in_zero_byte = true; /* padding */
        }
        tail_patch(&t, last + cut, zeros, (size_t)(head - last) - cut);
        wal_test_ok(&t, wal_open(&t.cx, t.os, t.dir, &o, START, false, &wal));
        assert_int_equal(wal_head(wal), in_zero_byte ? head : last);
        wal_test_ok(&t, wal_close(&t.cx, wal, true));
    }
    wal_test_end(&t);
}

/* tail_append_to_block - a record that ends where a 4 KiB block does. */
static Lsn tail_append_to_block(Wal *wal)
{
    static char body[4096];
    WalHeader h = {.xid48_type8_flags8 = wal_pack(1, WAL_NOOP, 0)};
    Lsn end = ALIGN_UP(wal_head(wal) + sizeof(h), (Lsn)4096);
    Slice part = {body, end - wal_head(wal) - sizeof(h)};
    Lsn lsn = wal_append(wal, &h, &part, 1);
    assert_int_equal(wal_head(wal), end);
    return lsn;
}

/* Writing rewrites its last block with zeros behind, so only a record that begins a block is in
 * danger. */
static void tail_old_records_do_not_come_back(void **state)
{
    (void)state;
    WalTest t;
    Wal *wal;
    wal_test_begin(&t);
    WalOptions o = wal_test_options();
    uint8_t broken = 0x5a;
    for (uint64_t before = 0; before < 12; before++) {
        wal_test_ok(&t, wal_open(&t.cx, t.os, t.dir, &o, START, true, &wal));
        for (uint64_t n = 0; n < before; n++) {
            (void)wal_test_append(wal, n);
        }
        Lsn lost = tail_append_to_block(wal);
        Lsn second = wal_head(wal);
        for (uint64_t n = 0; n < 40; n++) {
            (void)wal_test_append(wal, 2000 + n);
        }
        wal_test_ok(&t, wal_close(&t.cx, wal, false));
        assert_true(lost + 40 < 8192); /* in the first file */
        tail_patch(&t, lost + 20, &broken, 1);
        wal_test_ok(&t, wal_open(&t.cx, t.os, t.dir, &o, START, false, &wal));
        assert_int_equal(wal_head(wal), lost);
        assert_int_equal(tail_append_to_block(wal), lost);
        wal_test_ok(&t, wal_close(&t.cx, wal, false));
        wal_test_ok(&t, wal_open(&t.cx, t.os, t.dir, &o, START, false, &wal));
        assert_int_equal(wal_head(wal), second);
        wal_test_ok(&t, wal_close(&t.cx, wal, true));
    }
    wal_test_end(&t);
}

static void tail_many_reopens(void **state)
{
    (void)state;
    WalTest t;
    Wal *wal;
    wal_test_begin(&t);
    WalOptions o = wal_test_options();
    wal_test_ok(&t, wal_open(&t.cx, t.os, t.dir, &o, START, true, &wal));
    uint64_t n = 0;
    for (int round = 0; round < 60; round++) {
        for (int i = 0; i < round % 7; i++) {
            (void)wal_test_append(wal, n++);
        }
        wal_test_ok(&t, wal_close(&t.cx, wal, false));
        wal_test_ok(&t, wal_open(&t.cx, t.os, t.dir, &o, START, false, &wal));
        WalReader r;
        uint64_t count = 0;
        wal_reader_init(&r, wal, START, 0);
        while (wal_reader_next(&t.cx, &r) == ST_OK) {
            assert_int_equal(wal_xid(&r.hdr), count++);
        }
        assert_int_equal(count, n);
        wal_reader_release(&r);
    }
    wal_test_ok(&t, wal_close(&t.cx, wal, true));
    wal_test_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tail_torn_at_every_byte),
        cmocka_unit_test(tail_old_records_do_not_come_back),
        cmocka_unit_test(tail_many_reopens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

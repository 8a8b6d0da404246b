/*
 * test_wal_append.c - appending, reading, reopening
 *
 * Goal: what is appended comes back byte for byte: from memory, from the files after its chunk was
 * dropped, after reopening, over region wraps, segment borders and recycling. Method: records whose
 * content follows from their number, in a region of 64 KiB and segments of 8 to 32 KiB, so that a
 * thousand records go around several times.
 */
#include "wal_test.h"

#define COUNT 2000

static void append_then_read_everything(void **state)
{
    (void)state;
    for (int started = 0; started < 2; started++) {
        WalTest t;
        Wal *wal;
        static Lsn lsns[COUNT];
        wal_test_begin(&t);
        WalOptions o = wal_test_options();
        wal_test_ok(&t, wal_open(&t.cx, t.os, t.dir, &o, 4104, true, &wal));
        if (started) {
            wal_test_ok(&t, wal_start(&t.cx, wal));
        }
        assert_int_equal(wal_head(wal), 4104);
        for (uint64_t n = 0; n < COUNT; n++) {
            lsns[n] = wal_test_append(wal, n);
            wal_test_read(&t, wal, lsns[n], n);
            wal_test_read(&t, wal, lsns[n / 2], n / 2);
        }
        assert_int_equal(lsns[0], 4104);
        for (uint64_t n = COUNT; n-- > 0;) {
            wal_test_read(&t, wal, lsns[n], n);
        }
        wal_test_ok(&t, wal_flush_wait(&t.cx, wal, wal_head(wal)));
        Lsn head = wal_head(wal);
        wal_test_ok(&t, wal_close(&t.cx, wal, false));

        wal_test_ok(&t, wal_open(&t.cx, t.os, t.dir, &o, 4104, false, &wal));
        assert_int_equal(wal_head(wal), head);
        WalReader r;
        wal_reader_init(&r, wal, lsns[1], 0);
        for (uint64_t n = 1; n < COUNT; n++) {
            wal_test_ok(&t, wal_reader_next(&t.cx, &r));
            assert_int_equal(r.lsn, lsns[n]);
            wal_test_check(&r.hdr, r.body.data, r.body_len);
        }
        assert_int_equal(wal_reader_next(&t.cx, &r), ST_DONE);
        /* The end moves with the log. */
        Lsn more = wal_test_append(wal, COUNT);
        wal_test_ok(&t, wal_reader_next(&t.cx, &r));
        assert_int_equal(r.lsn, more);
        assert_int_equal(wal_reader_next(&t.cx, &r), ST_DONE);
        wal_reader_release(&r);
        wal_test_ok(&t, wal_close(&t.cx, wal, true));
        bool exists;
        wal_test_ok(&t, os_exists(&t.cx, t.os, t.dir, &exists));
        assert_false(exists);
        wal_test_end(&t);
    }
}

static void reserve_and_fill(void **state)
{
    (void)state;
    WalTest t;
    Wal *wal;
    wal_test_begin(&t);
    WalOptions o = wal_test_options();
    wal_test_ok(&t, wal_open(&t.cx, t.os, t.dir, &o, 8, true, &wal));
    WalReservation res;
    uint8_t body[600];
    size_t len = wal_test_body(77, body);
    wal_reserve(wal, len, &res);
    Lsn behind = wal_test_append(wal, 78);
    assert_true(behind > res.lsn);
    /* Nothing behind an open reservation counts as complete. */
    WalReader r;
    wal_reader_init(&r, wal, res.lsn, 0);
    assert_int_equal(wal_reader_next(&t.cx, &r), ST_DONE);
    WalHeader h = {.xid48_type8_flags8 = wal_pack(77, WAL_NOOP, 0), .cid = 77, .page = 77};
    Slice part = {(char *)body, len};
    wal_fill(wal, &res, &h, &part, 1);
    wal_test_ok(&t, wal_reader_next(&t.cx, &r));
    wal_test_check(&r.hdr, r.body.data, r.body_len);
    wal_test_ok(&t, wal_reader_next(&t.cx, &r));
    wal_reader_release(&r);
    /* A cap shorter than the body gives its beginning and its true length. */
    size_t true_len;
    uint8_t some[8];
    wal_test_ok(&t, wal_read(&t.cx, wal, res.lsn, &h, some, MIN(len, 8), &true_len));
    assert_int_equal(true_len, len);
    assert_memory_equal(some, body, MIN(len, 8));
    wal_test_ok(&t, wal_close(&t.cx, wal, true));
    wal_test_end(&t);
}

static void truncate_recycles(void **state)
{
    (void)state;
    WalTest t;
    Wal *wal;
    static Lsn lsns[COUNT];
    wal_test_begin(&t);
    WalOptions o = wal_test_options();
    wal_test_ok(&t, wal_open(&t.cx, t.os, t.dir, &o, 8, true, &wal));
    wal_test_ok(&t, wal_start(&t.cx, wal));
    for (uint64_t n = 0; n < COUNT; n++) {
        lsns[n] = wal_test_append(wal, n);
        if (n % 100 == 99) {
            wal_test_ok(&t, wal_flush_wait(&t.cx, wal, wal_head(wal)));
            wal_test_ok(&t, wal_truncate(&t.cx, wal, lsns[n - 50]));
            assert_int_equal(wal_tail(wal), lsns[n - 50]);
            wal_test_read(&t, wal, lsns[n - 50], n - 50);
        }
    }
    char **names;
    uint32_t count;
    wal_test_ok(&t, os_list_dir(&t.cx, t.os, &t.arena, t.dir, &names, &count));
    assert_true(count >= 1 && count <= 6);
    WalHeader h;
    size_t len;
    assert_int_equal(wal_read(&t.cx, wal, lsns[3], &h, NULL, 0, &len), ST_ERROR);
    assert_int_equal(t.err.sqlstate, ERRCODE_DATA_CORRUPTED);
    wal_test_ok(&t, wal_close(&t.cx, wal, false));
    /* Recycled files hold valid records of older places: none of them is taken. */
    wal_test_ok(&t, wal_open(&t.cx, t.os, t.dir, &o, lsns[COUNT - 50], false, &wal));
    WalReader r;
    wal_reader_init(&r, wal, lsns[COUNT - 50], 0);
    for (uint64_t n = COUNT - 50; n < COUNT; n++) {
        wal_test_ok(&t, wal_reader_next(&t.cx, &r));
        assert_int_equal(r.lsn, lsns[n]);
    }
    assert_int_equal(wal_reader_next(&t.cx, &r), ST_DONE);
    wal_reader_release(&r);
    wal_test_ok(&t, wal_close(&t.cx, wal, false));
    /* A log whose beginning is missing is refused. */
    assert_int_equal(wal_open(&t.cx, t.os, t.dir, &o, 8, false, &wal), ST_ERROR);
    assert_int_equal(t.err.sqlstate, ERRCODE_DATA_CORRUPTED);
    wal_test_end(&t);
}

static void big_records(void **state)
{
    (void)state;
    WalTest t;
    Wal *wal;
    wal_test_begin(&t);
    WalOptions o = wal_test_options();
    o.region_bytes = 16u << 20;
    wal_test_ok(&t, wal_open(&t.cx, t.os, t.dir, &o, 8, true, &wal));
    wal_test_ok(&t, wal_start(&t.cx, wal));
    size_t big = 3u << 20;
    char *bytes = malloc(big);
    char *back = malloc(big);
    Lsn lsns[12];
    for (int i = 0; i < 12; i++) {
        memset(bytes, 'a' + i, big);
        WalHeader h = {.xid48_type8_flags8 = wal_pack(1, WAL_IMAGE, 0)};
        Slice part = {bytes, big - (size_t)i};
        wal_test_ok(&t, wal_admit(&t.cx, wal, big));
        lsns[i] = wal_append(wal, &h, &part, 1);
    }
    for (int i = 0; i < 12; i++) {
        WalHeader h;
        size_t len;
        wal_test_ok(&t, wal_read(&t.cx, wal, lsns[i], &h, back, big, &len));
        assert_int_equal(len, big - (size_t)i);
        memset(bytes, 'a' + i, big);
        assert_memory_equal(back, bytes, len);
    }
    free(bytes);
    free(back);
    wal_test_ok(&t, wal_close(&t.cx, wal, true));
    wal_test_end(&t);
}

/* keep_old_records - what wal_keep_resident names stays in memory beyond resident_bytes, and goes
 * when nobody wants it any more. Whether a record is in memory is seen by spoiling the files. */
static void keep_old_records(void **state)
{
    (void)state;
    WalTest t;
    Wal *wal;
    Lsn lsns[2000];
    char command[200];
    WalOptions o = wal_test_options();
    WalHeader h;
    size_t len;
    o.region_bytes = 2u << 20; /* chunks of 128 KiB */
    o.resident_bytes = 256u << 10;
    o.resident_max_bytes = 1536u << 10;
    wal_test_begin(&t);
    wal_test_ok(&t, wal_open(&t.cx, t.os, t.dir, &o, 4096, true, &wal));
    wal_test_ok(&t, wal_start(&t.cx, wal));
    wal_keep_resident(wal, 4096);
    for (uint64_t i = 0; i < 2000; i++) {
        lsns[i] = wal_test_append(wal, i + 1);
    }
    assert_true(lsns[1999] - lsns[0] > 2 * o.resident_bytes);
    wal_test_ok(&t, wal_flush_wait(&t.cx, wal, wal_head(wal)));
    (void)snprintf(command, sizeof(command),
                   "for f in '%s'/*.wal; do tr '\\000-\\377' '\\377' <$f >$f.x && cat $f.x >$f; rm "
                   "$f.x; done",
                   t.dir);
    assert_int_equal(system(command), 0);
    for (uint64_t i = 0; i < 2000; i++) {
        wal_test_read(&t, wal, lsns[i], i + 1);
    }
    wal_keep_resident(wal, UINT64_MAX);
    for (uint64_t i = 2000; i < 4000; i++) {
        (void)wal_test_append(wal, i + 1);
        if (i % 100 == 0) {
            wal_test_ok(&t, wal_flush_wait(&t.cx, wal, wal_head(wal)));
        }
    }
    assert_int_equal(wal_read(&t.cx, wal, lsns[0], &h, NULL, 0, &len), ST_ERROR);
    err_clear(&t.cx);
    wal_test_ok(&t, wal_close(&t.cx, wal, false));
    wal_test_end(&t);
}

/* append_flushed - records [from, to), flushed now and then so that the window can move. */
static void append_flushed(WalTest *t, Wal *wal, Lsn *lsns, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++) {
        lsns[i] = wal_test_append(wal, i + 1);
        if (i % 100 == 0) {
            wal_test_ok(t, wal_flush_wait(&t->cx, wal, wal_head(wal)));
        }
    }
}

/* keep_both_ends - log that outgrows resident_max_bytes loses its middle: half of the budget stays
 * where wal_keep_resident began, until new log needs its place or nobody wants it any more. Every
 * record can be read all the time. */
static void keep_both_ends(void **state)
{
    (void)state;
    enum { GROWN = 9000, WRAPPED = 18000, LATER = 20000 };
    static Lsn lsns[LATER];
    WalTest t;
    Wal *wal;
    uint8_t byte;
    WalOptions o = wal_test_options();
    o.segment_bytes = 1u << 20;
    o.region_bytes = 4u << 20; /* chunks of 256 KiB */
    o.resident_bytes = 512u << 10;
    o.resident_max_bytes = 1536u << 10;
    wal_test_begin(&t);
    wal_test_ok(&t, wal_open(&t.cx, t.os, t.dir, &o, 4096, true, &wal));
    wal_test_ok(&t, wal_start(&t.cx, wal));
    wal_keep_resident(wal, 4096);
    append_flushed(&t, wal, lsns, 0, GROWN);
    assert_true(lsns[GROWN - 1] > o.resident_max_bytes && lsns[GROWN - 1] < o.region_bytes);
    for (uint64_t i = 0; i < GROWN; i++) {
        bool end = lsns[i] < o.resident_max_bytes / 2 - 1024 ||
                   lsns[i] > wal_head(wal) - (64u << 10); /* room is made ahead */
        bool middle = lsns[i] > o.resident_max_bytes / 2 &&
                      lsns[i] < wal_head(wal) - o.resident_max_bytes / 2 - (256u << 10);
        assert_true(!end || wal_peek(wal, lsns[i], &byte, 1));
        assert_false(middle && wal_peek(wal, lsns[i], &byte, 1));
    }
    for (uint64_t i = 0; i < GROWN; i++) {
        uint64_t n = i * 7919 % GROWN; /* in no order: most reads come from the files */
        wal_test_read(&t, wal, lsns[n], n + 1);
    }
    append_flushed(&t, wal, lsns, GROWN, WRAPPED);
    assert_true(lsns[WRAPPED - 1] > o.region_bytes + o.resident_max_bytes / 2);
    assert_false(wal_peek(wal, lsns[0], &byte, 1));
    for (uint64_t i = 0; i < WRAPPED; i++) {
        wal_test_read(&t, wal, lsns[i], i + 1);
    }
    wal_keep_resident(wal, lsns[WRAPPED - 1]);
    append_flushed(&t, wal, lsns, WRAPPED, LATER);
    for (uint64_t i = 0; i < LATER; i++) {
        wal_test_read(&t, wal, lsns[i], i + 1);
    }
    wal_test_ok(&t, wal_close(&t.cx, wal, true));
    wal_test_end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(append_then_read_everything),
        cmocka_unit_test(reserve_and_fill),
        cmocka_unit_test(truncate_recycles),
        cmocka_unit_test(big_records),
        cmocka_unit_test(keep_old_records),
        cmocka_unit_test(keep_both_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

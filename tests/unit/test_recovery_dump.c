/*
 * test_recovery_dump.c - what dump-wal and dump-page say
 *
 * Goal: every record of the log is listed once, in order, with what it did; bounds and the summary
 * agree with the list; a damaged record ends it; a page is shown entry by entry, and damage is
 * told, not followed. Method: a history with one of each kind of change, dumped beside the running
 * engine.
 */
#include "leaks_expected.h"
#include "store/store_internal.h"
#include "table_fixture.h"

#include <fcntl.h>

typedef struct Text {
    char *bytes;
    size_t len;
} Text;

static void text_put(void *arg, const char *text, size_t n)
{
    Text *t = arg;
    t->bytes = realloc(t->bytes, t->len + n + 1);
    memcpy(t->bytes + t->len, text, n);
    t->len += n;
    t->bytes[t->len] = '\0';
}

static Text dump_wal(Fixture *f, Lsn from, Lsn to, bool summary)
{
    Text t = {0};
    EngineDump o = {.from = from, .to = to, .summary = summary, .put = text_put, .arg = &t};
    must(&f->s, engine_dump_wal(&f->s.cx, f->os, f->path, &o));
    return t;
}

static uint32_t lines_with(const Text *t, const char *what)
{
    uint32_t n = 0;
    for (const char *p = t->bytes; p != NULL && (p = strstr(p, what)) != NULL; p++) {
        n++;
    }
    return n;
}

/* dump_history - one of each: rows in and changed, a row deleted, a rollback. */
static RowId dump_history(Fixture *f)
{
    RowId ids[3];
    Txn *w = fixture_begin(f);
    for (int i = 0; i < 3; i++) {
        ids[i] = insert(f, &f->s, w, (FixtureRow){i, 100 + i, "text"});
    }
    fixture_commit(f, &f->s, w);
    w = fixture_begin(f);
    assert_int_equal(update(f, &f->s, w, ids[0], (FixtureRow){0, 7, "text"}), WRITE_DONE);
    assert_int_equal(delete_row(f, &f->s, w, ids[1]), WRITE_DONE);
    fixture_commit(f, &f->s, w);
    w = fixture_begin(f);
    assert_int_equal(update(f, &f->s, w, ids[2], (FixtureRow){2, 8, "other"}), WRITE_DONE);
    txn_abort(&f->s.cx, w);
    must(&f->s, wal_flush_wait(&f->s.cx, f->e->wal, wal_head(f->e->wal)));
    return ids[0];
}

static void dump_records(void **state)
{
    (void)state;
    Fixture f;
    fixture_start(&f, 2);
    Lsn from = wal_head(f.e->wal);
    (void)dump_history(&f);
    Lsn to = wal_head(f.e->wal);
    Text t = dump_wal(&f, from, 0, false);
    assert_int_equal(lines_with(&t, " COMMIT "), 2);
    assert_int_equal(lines_with(&t, " ABORT "), 1);
    assert_int_equal(lines_with(&t, " UPDATE "), 2);
    assert_int_equal(lines_with(&t, " INSERT "), 3 + 6 + 1); /* rows, two indexes; "other" */
    assert_int_equal(lines_with(&t, " DELETE "), 1 + 2 + 1);
    assert_int_equal(lines_with(&t, " CLR "), 3);
    assert_int_equal(lines_with(&t, "damaged"), 0);
    assert_non_null(strstr(t.bytes, " row 1 before "));
    uint32_t all = lines_with(&t, "\n");
    free(t.bytes);
    /* The whole log begins before; bounds cut; the summary counts the same records. */
    t = dump_wal(&f, 0, 0, false);
    assert_true(lines_with(&t, "\n") > all);
    assert_true(lines_with(&t, " SMO ") > 0 && lines_with(&t, " image ") > 0);
    free(t.bytes);
    t = dump_wal(&f, 0, from, false);
    assert_int_equal(lines_with(&t, " UPDATE "), 0);
    free(t.bytes);
    t = dump_wal(&f, from, to, true);
    char want[64];
    (void)snprintf(want, sizeof(want), "\n%-16s %12u %14llu", "all", all,
                   (unsigned long long)(to - from));
    assert_non_null(strstr(t.bytes, want));
    free(t.bytes);
    fixture_end(&f);
}

static Text dump_wal_by(Fixture *f, EngineDump o)
{
    Text t = {0};
    o.put = text_put;
    o.arg = &t;
    must(&f->s, engine_dump_wal(&f->s.cx, f->os, f->path, &o));
    return t;
}

/* dump_filters - each filter leaves what it names, together they leave what both name; JSON has an
 * object for each line of text. */
static void dump_filters(void **state)
{
    (void)state;
    Fixture f;
    char want[64];
    fixture_start(&f, 2);
    Lsn from = wal_head(f.e->wal);
    (void)dump_history(&f);
    Text t = dump_wal_by(&f, (EngineDump){.from = from, .tree = f.t->tree});
    (void)snprintf(want, sizeof(want), " tree %u page ", f.t->tree);
    assert_int_equal(lines_with(&t, want), lines_with(&t, "\n"));
    assert_int_equal(lines_with(&t, " INSERT "), 3);
    free(t.bytes);
    t = dump_wal_by(&f, (EngineDump){.from = from, .kinds = engine_dump_kind(SLICE_LIT("update"))});
    assert_int_equal(lines_with(&t, "\n"), 2);
    free(t.bytes);
    t = dump_wal_by(&f, (EngineDump){.from = from, .kinds = engine_dump_kind(SLICE_LIT("ABORT"))});
    const char *xid = strstr(t.bytes, " xid ");
    assert_non_null(xid);
    Xid aborted = strtoull(xid + 5, NULL, 10);
    free(t.bytes);
    t = dump_wal_by(&f, (EngineDump){.from = from, .xid = aborted});
    assert_int_equal(lines_with(&t, " CLR "), 3);
    assert_int_equal(lines_with(&t, " COMMIT "), 0);
    uint32_t lines = lines_with(&t, "\n");
    free(t.bytes);
    t = dump_wal_by(&f, (EngineDump){.from = from, .xid = aborted, .json = true});
    assert_int_equal(lines_with(&t, "{\"lsn\":\""), lines);
    assert_int_equal(lines_with(&t, "\"}\n"), lines);
    assert_int_equal(lines_with(&t, "\"kind\":\"CLR\""), 3);
    free(t.bytes);
    t = dump_wal_by(&f, (EngineDump){.from = from, .xid = aborted, .tree = f.t->tree});
    assert_int_equal(lines_with(&t, "\n"), 2); /* the update and its undoing */
    free(t.bytes);
    /* The root of the table was made by a record that lists pages. */
    t = dump_wal_by(&f, (EngineDump){.page = f.t->root});
    assert_true(lines_with(&t, " SMO ") > 0);
    assert_int_equal(lines_with(&t, " COMMIT "), 0);
    free(t.bytes);
    t = dump_wal_by(&f, (EngineDump){.summary = true, .json = true});
    assert_int_equal(lines_with(&t, "\"records\":"), lines_with(&t, "\n"));
    free(t.bytes);
    assert_int_equal(engine_dump_kind(SLICE_LIT("unknown")), 0);
    assert_int_equal(engine_dump_kind(SLICE_LIT("INS")), 0);
    fixture_end(&f);
}

/* overwrite - n bytes of a file, behind the engine's back. */
static void overwrite(const char *path, uint64_t at, uint8_t with)
{
    int fd = open(path, O_RDWR);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, &with, 1, (off_t)at), 1);
    assert_int_equal(close(fd), 0);
}

static void dump_damaged_log(void **state)
{
    (void)state;
    Fixture f;
    char path[160];
    fixture_start(&f, 0);
    Lsn from = wal_head(f.e->wal);
    (void)dump_history(&f);
    Text whole = dump_wal(&f, 0, 0, false);
    Lsn start = STORE_FIRST_LSN;
    (void)snprintf(path, sizeof(path), "%s-wal/%016llx.wal", f.path, (unsigned long long)start);
    overwrite(path, from - start + 50, 0x5a);
    Text cut = dump_wal(&f, 0, 0, false);
    assert_true(cut.len < whole.len);
    assert_memory_equal(cut.bytes, whole.bytes, cut.len);
    assert_int_equal(lines_with(&cut, " UPDATE "), 0);
    free(whole.bytes);
    free(cut.bytes);
    EngineDump o = {.put = text_put};
    assert_int_equal(engine_dump_wal(&f.s.cx, f.os, "/tmp/no-such-file.db", &o), ST_ERROR);
    err_clear(&f.s.cx);
    f.crashed = true; /* its log is damaged: not to be closed */
    fixture_remove(&f);
}

static Text dump_page(Fixture *f, PageNo page)
{
    Text t = {0};
    EngineDump o = {.put = text_put, .arg = &t};
    must(&f->s, engine_dump_page(&f->s.cx, f->os, f->path, page, &o));
    return t;
}

static void dump_pages(void **state)
{
    (void)state;
    Fixture f;
    fixture_start(&f, 2);
    (void)dump_history(&f);
    must(&f.s, engine_checkpoint(&f.s.cx, f.e));
    Text t = dump_page(&f, f.t->root);
    assert_non_null(strstr(t.bytes, "table leaf"));
    assert_non_null(strstr(t.bytes, " right\n"));
    assert_int_equal(lines_with(&t, ": row "), 3);
    assert_int_equal(lines_with(&t, " deleted"), 1);
    free(t.bytes);
    t = dump_page(&f, f.ix[0].root);
    assert_non_null(strstr(t.bytes, "index leaf"));
    assert_int_equal(lines_with(&t, ": key "), 3);
    free(t.bytes);
    t = dump_page(&f, STORE_FIRST_PAGE);
    assert_non_null(strstr(t.bytes, "space map"));
    free(t.bytes);
    t = dump_page(&f, 0);
    assert_non_null(strstr(t.bytes, "header of the file"));
    free(t.bytes);
    Text whole = {0};
    EngineDump by_tree = {.tree = f.t->tree, .json = true, .put = text_put, .arg = &whole};
    must(&f.s, engine_dump_tree(&f.s.cx, f.os, f.path, &by_tree));
    assert_true(lines_with(&whole, "{\"page\":") >= 2); /* the leaf and its layouts */
    assert_int_equal(lines_with(&whole, "{\"page\":"), lines_with(&whole, "\"whole\":true"));
    assert_int_equal(lines_with(&whole, "\"bytes\":"), 0);
    free(whole.bytes);
    /* Whatever the bytes are, the dump ends and says so. */
    for (uint32_t at = 4; at < PAGE_SIZE; at += 7) {
        overwrite(f.path, f.t->root * PAGE_SIZE + at, (uint8_t)(at * 37));
        t = dump_page(&f, f.t->root);
        assert_non_null(strstr(t.bytes, " WRONG\n"));
        assert_non_null(strstr(t.bytes, "\n  0000 "));
        free(t.bytes);
    }
    EngineDump o = {.put = text_put};
    assert_int_equal(engine_dump_page(&f.s.cx, f.os, f.path, 1 << 20, &o), ST_ERROR);
    assert_int_equal(f.s.err.sqlstate, ERRCODE_DATA_CORRUPTED);
    err_clear(&f.s.cx);
    must(&f.s, engine_close(&f.s.cx, f.e)); /* the page in memory is whole */
    fixture_remove(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dump_records),
        cmocka_unit_test(dump_filters),
        cmocka_unit_test(dump_damaged_log),
        cmocka_unit_test(dump_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_os_overlay.c - files seen through an overlay
 *
 * Goal: an overlay's files behave as files do, and those below it never change. Method: the same
 * random calls on a file through the overlay and on a copy of it, compared after each; names made,
 * removed and moved; a database that crashed, recovered and written through an overlay.
 */
#include "base/map.h"
#include "os/os_overlay.h"
#include "table_fixture.h"

enum { FILE_BYTES = 40000, CALLS = 4000 };

static void random_bytes(uint8_t *p, size_t n)
{
    bool zero = rand() % 4 == 0;
    for (size_t i = 0; i < n; i++) {
        p[i] = zero ? 0 : (uint8_t)rand();
    }
}

static void same_bytes(Session *s, OsFile *a, OsFile *b)
{
    static uint8_t x[FILE_BYTES * 4], y[FILE_BYTES * 4];
    size_t n, m;
    uint64_t size_a, size_b;
    must(s, os_file_size(&s->cx, a, &size_a));
    must(s, os_file_size(&s->cx, b, &size_b));
    assert_int_equal(size_a, size_b);
    uint64_t at = (uint64_t)rand() % (FILE_BYTES + 5000);
    must(s, os_file_pread(&s->cx, a, x, sizeof(x) / 2, at, &n));
    must(s, os_file_pread(&s->cx, b, y, sizeof(y) / 2, at, &m));
    assert_int_equal(n, m);
    assert_memory_equal(x, y, n);
}

/* random_call - one call on both files. */
static void random_call(Session *s, OsFile *a, OsFile *b)
{
    static uint8_t bytes[20000];
    uint64_t at = (uint64_t)rand() % FILE_BYTES;
    size_t n = rand() % 2 == 0 ? (size_t)(rand() % 300) : (size_t)(rand() % 20000);
    if (rand() % 3 == 0) {
        at = at / 4096 * 4096;
        n = n / 4096 * 4096;
    }
    switch (rand() % 8) {
    case 0:
        must(s, os_file_truncate(&s->cx, a, at));
        must(s, os_file_truncate(&s->cx, b, at));
        break;
    case 1:
        must(s, os_file_allocate(&s->cx, a, at, n + 1));
        must(s, os_file_allocate(&s->cx, b, at, n + 1));
        break;
    default:
        if (n != 0) {
            random_bytes(bytes, n);
            must(s, os_file_pwrite(&s->cx, a, bytes, n, at));
            must(s, os_file_pwrite(&s->cx, b, bytes, n, at));
        }
    }
}

static void overlay_bytes(void **state)
{
    (void)state;
    Session s;
    char dir[64] = "/tmp/dassie-test-XXXXXX", below[96], copy[96];
    static uint8_t bytes[FILE_BYTES], after[FILE_BYTES];
    OsFile *a, *b;
    Os *over;
    size_t n;
    session_begin(&s);
    srand(7);
    Os *os = os_posix_create();
    assert_non_null(mkdtemp(dir));
    (void)snprintf(below, sizeof(below), "%s/below", dir);
    (void)snprintf(copy, sizeof(copy), "%s/copy", dir);
    random_bytes(bytes, sizeof(bytes));
    must(&s, os_file_open(&s.cx, os, below, OS_OPEN_CREATE, &a));
    must(&s, os_file_pwrite(&s.cx, a, bytes, sizeof(bytes), 0));
    os_file_close(a);
    must(&s, os_file_open(&s.cx, os, copy, OS_OPEN_CREATE, &b));
    must(&s, os_file_pwrite(&s.cx, b, bytes, sizeof(bytes), 0));
    must(&s, os_overlay_create(&s.cx, os, dir, &over));
    must(&s, os_file_open(&s.cx, over, below, 0, &a));
    for (int i = 0; i < CALLS; i++) {
        random_call(&s, a, b);
        same_bytes(&s, a, b);
    }
    os_file_close(a);
    os_file_close(b);
    assert_true(os_overlay_bytes(over) > 0);
    must(&s, os_file_open(&s.cx, over, below, 0, &a)); /* opened again: as it was left */
    os_file_close(a);
    os_overlay_free(over);
    must(&s, os_file_open(&s.cx, os, below, 0, &a));
    must(&s, os_file_pread(&s.cx, a, after, sizeof(after), 0, &n));
    assert_int_equal(n, sizeof(after));
    assert_memory_equal(bytes, after, sizeof(after));
    os_file_close(a);
    must(&s, os_unlink(&s.cx, os, below));
    must(&s, os_unlink(&s.cx, os, copy));
    must(&s, os_rmdir(&s.cx, os, dir)); /* and nothing else was in it */
    os_posix_free(os);
    session_end(&s);
}

static void put_file(Session *s, Os *os, const char *dir, const char *name, char byte)
{
    OsFile *f;
    must(s,
         os_file_open(&s->cx, os, arena_printf(&s->arena, "%s/%s", dir, name), OS_OPEN_CREATE, &f));
    must(s, os_file_pwrite(&s->cx, f, &byte, 1, 0));
    os_file_close(f);
}

/* names_are - exactly these names, each with a file whose byte it is known by. */
static void names_are(Session *s, Os *os, const char *dir, const char *want)
{
    char **names;
    uint32_t count;
    must(s, os_list_dir(&s->cx, os, &s->arena, dir, &names, &count));
    assert_int_equal(count, strlen(want) / 2);
    for (const char *p = want; *p != '\0'; p += 2) {
        char byte = 0;
        size_t n;
        OsFile *f;
        must(s, os_file_open(&s->cx, os, arena_printf(&s->arena, "%s/%c", dir, p[0]), 0, &f));
        must(s, os_file_pread(&s->cx, f, &byte, 1, 0, &n));
        assert_int_equal(byte, p[1]);
        os_file_close(f);
    }
}

static void overlay_names(void **state)
{
    (void)state;
    Session s;
    char dir[64] = "/tmp/dassie-test-XXXXXX";
    bool there;
    Os *over;
    OsFile *f;
    session_begin(&s);
    Os *os = os_posix_create();
    assert_non_null(mkdtemp(dir));
    put_file(&s, os, dir, "a", '1');
    put_file(&s, os, dir, "b", '2');
    must(&s, os_overlay_create(&s.cx, os, "/tmp", &over));
    const char *a = arena_printf(&s.arena, "%s/a", dir), *b = arena_printf(&s.arena, "%s/b", dir);
    const char *c = arena_printf(&s.arena, "%s/c", dir);
    names_are(&s, over, dir, "a1b2");
    must(&s, os_rename(&s.cx, over, a, c));
    names_are(&s, over, dir, "b2c1");
    must(&s, os_rename(&s.cx, over, b, a));
    put_file(&s, over, dir, "b", '3');
    names_are(&s, over, dir, "a2b3c1");
    must(&s, os_unlink(&s.cx, over, c));
    assert_int_equal(os_unlink(&s.cx, over, c), ST_ERROR);
    err_clear(&s.cx);
    assert_int_equal(os_file_open(&s.cx, over, c, 0, &f), ST_ERROR);
    assert_int_equal(s.err.sqlstate, ERRCODE_UNDEFINED_FILE);
    err_clear(&s.cx);
    assert_int_equal(os_file_open(&s.cx, over, a, OS_OPEN_CREATE | OS_OPEN_EXCL, &f), ST_ERROR);
    err_clear(&s.cx);
    must(&s, os_exists(&s.cx, over, c, &there));
    assert_false(there);
    must(&s, os_mkdir(&s.cx, over, c)); /* a directory with a file */
    put_file(&s, over, c, "x", '9');
    names_are(&s, over, c, "x9");
    names_are(&s, os, dir, "a1b2");
    os_overlay_free(over);
    must(&s, os_unlink(&s.cx, os, a));
    must(&s, os_unlink(&s.cx, os, b));
    must(&s, os_rmdir(&s.cx, os, dir));
    os_posix_free(os);
    session_end(&s);
}

/* hash_of_files - of names, sizes and bytes of a directory, not deep. */
static uint64_t hash_of_files(Session *s, Os *os, const char *dir)
{
    static uint8_t bytes[1 << 16];
    char **names;
    uint32_t count;
    uint64_t hash = 0;
    must(s, os_list_dir(&s->cx, os, &s->arena, dir, &names, &count));
    for (uint32_t i = 0; i < count; i++) {
        OsFile *f;
        size_t n;
        const char *path = arena_printf(&s->arena, "%s/%s", dir, names[i]);
        if (strcmp(names[i] + strlen(names[i]) - 4, "-wal") == 0) {
            hash += hash_of_files(s, os, path);
            continue;
        }
        uint64_t one = hash_bytes(names[i], strlen(names[i]), 0);
        must(s, os_file_open(&s->cx, os, path, OS_OPEN_READONLY, &f));
        for (uint64_t at = 0;; at += n) {
            must(s, os_file_pread(&s->cx, f, bytes, sizeof(bytes), at, &n));
            one = hash_bytes(bytes, n, one);
            if (n < sizeof(bytes)) {
                break;
            }
        }
        hash += one;
        os_file_close(f);
    }
    return hash;
}

/* overlay_recovery - a crashed file: recovered, checked, changed and closed, and still crashed. */
static void overlay_recovery(void **state)
{
    (void)state;
    Fixture f;
    Os *over;
    Engine *e;
    Buf report;
    uint64_t errors;
    fixture_start(&f, 2);
    Txn *w = fixture_begin(&f);
    for (int i = 0; i < 3000; i++) {
        (void)insert(&f, &f.s, w, (FixtureRow){i, i, "some text of a row"});
        if (i == 1000) {
            must(&f.s, engine_checkpoint(&f.s.cx, f.e));
        }
    }
    fixture_commit(&f, &f.s, w);
    w = fixture_begin(&f);
    (void)insert(&f, &f.s, w, (FixtureRow){4000, 1, "a loser's row"});
    must(&f.s, wal_flush_wait(&f.s.cx, f.e->wal, wal_head(f.e->wal)));
    /* The files as a killed process leaves them; a segment being prepared is no part of the log. */
    char cmd[400], dir[64] = "/tmp/dassie-test-XXXXXX", path[96];
    assert_non_null(mkdtemp(dir));
    (void)snprintf(cmd, sizeof(cmd),
                   "cd '%s' && find . -type f ! -name new.tmp -exec cp --parents -t '%s' {} +",
                   f.dir, dir);
    assert_int_equal(system(cmd), 0);
    (void)snprintf(path, sizeof(path), "%s/app.db", dir);
    uint64_t before = hash_of_files(&f.s, f.os, dir);
    for (int round = 0; round < 2; round++) {
        must(&f.s, os_overlay_create(&f.s.cx, f.os, "/tmp", &over));
        EngineOptions o = f.options;
        o.create = false;
        o.store.read_only = true;
        must(&f.s, engine_open(&f.s.cx, over, path, &o, &e));
        assert_true(engine_recovered(e));
        must(&f.s, engine_settle(&f.s.cx, e));
        buf_init(&report, 1 << 20);
        must(&f.s, engine_check(&f.s.cx, e, &report, &errors));
        assert_int_equal(errors, 0);
        buf_release(&report);
        must(&f.s, engine_close(&f.s.cx, e));
        os_overlay_free(over);
        assert_int_equal(hash_of_files(&f.s, f.os, dir), before);
    }
    (void)snprintf(cmd, sizeof(cmd), "rm -rf '%s'", dir);
    assert_int_equal(system(cmd), 0);
    txn_abort(&f.s.cx, w);
    fixture_end(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(overlay_bytes),
        cmocka_unit_test(overlay_names),
        cmocka_unit_test(overlay_recovery),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

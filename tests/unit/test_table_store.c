/*
 * test_table_store.c - how rows are stored and found
 *
 * Goal: values of all sizes and NULLs come back as written, through updates and aborts; columns
 * added later read as their missing value in old rows; index scans give every row of their bounds
 * in order, both ways; sequences count. Method: write, read back, compare with what was written.
 */
#include "table_fixture.h"

static char *store_text(Arena *a, size_t n, unsigned seed)
{
    char *p = arena_alloc(a, n + 1);
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1103515245u + 12345u;
        p[i] = (char)('a' + (seed >> 16) % 26);
    }
    p[n] = 0;
    return p;
}

/* expect_text - the row's c, under a fresh snapshot. */
static void expect_text(Fixture *f, Txn *txn, RowId id, const char *text)
{
    static const PhysType TYPES[1] = {PHYS_STR};
    static const uint16_t COLUMNS[1] = {2};
    Batch b;
    Arena a;
    Snapshot snap;
    arena_init(&a, NULL, "text", 0);
    batch_init(&b, TYPES, 1, &a);
    snapshot_take(f->e->txns, txn, &snap);
    must(&f->s, table_fetch(&f->s.cx, NULL, &snap, f->t, id, COLUMNS, 1, &b, 0, &a));
    snapshot_release(&snap);
    if (text == NULL) {
        assert_true(vec_is_null(b.cols[0], 0));
    } else {
        const Str *s = VEC_DATA(b.cols[0], Str);
        assert_false(vec_is_null(b.cols[0], 0));
        assert_int_equal(s->len, strlen(text));
        assert_memory_equal(str_ptr(s), text, s->len);
    }
    arena_release(&a);
}

static void store_values_of_all_sizes(void **state)
{
    (void)state;
    static const size_t SIZES[] = {0,    1,    11,   12,    13,    100,   1000,   1900,   2000,
                                   2100, 8000, 8200, 50000, 70000, 65536, 300000, 1000000};
    enum { N = ARRAY_LEN(SIZES) };
    Fixture f;
    RowId ids[N];
    char *texts[N];
    fixture_start(&f, 1);
    Txn *w = fixture_begin(&f);
    for (unsigned i = 0; i < N; i++) {
        texts[i] = store_text(&f.s.arena, SIZES[i], i + 1);
        ids[i] = insert(&f, &f.s, w, (FixtureRow){(int)i, (int)i, texts[i]});
    }
    fixture_commit(&f, &f.s, w);
    for (unsigned i = 0; i < N; i++) {
        expect_text(&f, NULL, ids[i], texts[i]);
    }
    /* Every size becomes another one; aborted, then committed. */
    for (int commits = 0; commits < 2; commits++) {
        w = fixture_begin(&f);
        for (unsigned i = 0; i < N; i++) {
            const char *to = texts[(i + 5) % N];
            assert_int_equal(update(&f, &f.s, w, ids[i], (FixtureRow){(int)i, 7, to}), WRITE_DONE);
        }
        for (unsigned i = 0; i < N; i++) {
            expect_text(&f, NULL, ids[i], texts[i]);
        }
        if (commits) {
            fixture_commit(&f, &f.s, w);
        } else {
            txn_abort(&f.s.cx, w);
        }
        purge_all(&f, &f.s);
        for (unsigned i = 0; i < N; i++) {
            expect_text(&f, NULL, ids[i], texts[(i + (commits ? 5 : 0)) % N]);
        }
    }
    w = fixture_begin(&f);
    for (unsigned i = 0; i < N; i++) {
        assert_int_equal(delete_row(&f, &f.s, w, ids[i]), WRITE_DONE);
    }
    fixture_commit(&f, &f.s, w);
    purge_all(&f, &f.s);
    assert_int_equal(count_now(&f, &f.s, NULL), 0);
    verify(&f, &f.s);
    fixture_end(&f);
}

/* An update of another column takes the external value over instead of writing it again. */
static void store_unchanged_external_value_stays(void **state)
{
    (void)state;
    static const bool CHANGED[3] = {false, true, false};
    Fixture f;
    WriteOutcome out;
    const Snapshot *snap;
    fixture_start(&f, 1);
    char *text = store_text(&f.s.arena, 200000, 3);
    Txn *w = fixture_begin(&f);
    RowId id = insert(&f, &f.s, w, (FixtureRow){1, 1, text});
    fixture_commit(&f, &f.s, w);
    Lsn before = wal_head(f.e->wal);
    w = fixture_begin(&f);
    RowValues v = fixture_values(&f.s, &(FixtureRow){1, 2, text}, 3);
    must(&f.s, txn_snapshot(&f.s.cx, w, &snap));
    must(&f.s, table_update(&f.s.cx, w, snap, f.t, id, &v, CHANGED, &out));
    assert_int_equal(out, WRITE_DONE);
    txn_snapshot_done(w);
    fixture_commit(&f, &f.s, w);
    assert_true(wal_head(f.e->wal) - before < 1000);
    purge_all(&f, &f.s);
    assert_int_equal(see_now(&f, &f.s, NULL, id), 2);
    expect_text(&f, NULL, id, text);
    fixture_end(&f);
}

static void store_columns_added(void **state)
{
    (void)state;
    Fixture f;
    ColumnLayout columns[5];
    uint16_t layout;
    fixture_start(&f, 1);
    Txn *w = fixture_begin(&f);
    RowId old = insert(&f, &f.s, w, (FixtureRow){1, 1, "x"});
    fixture_commit(&f, &f.s, w);
    memcpy(columns, FIXTURE_COLUMNS, sizeof(FIXTURE_COLUMNS));
    columns[3] = (ColumnLayout){.phys = PHYS_I32, .missing.i32 = 77};
    columns[4] =
        (ColumnLayout){.phys = PHYS_STR, .missing.str = str_ref("a default of many bytes", 23)};
    w = fixture_begin(&f);
    must(&f.s, table_add_layout(&f.s.cx, f.e, w, f.tree, columns, 5, &layout));
    assert_int_equal(layout, 1);
    fixture_commit(&f, &f.s, w);
    fixture_open_table(&f, 1);
    assert_int_equal(f.t->column_count, 5);
    static const PhysType TYPES[5] = {PHYS_I32, PHYS_I64, PHYS_STR, PHYS_I32, PHYS_STR};
    Batch b;
    RowId young;
    batch_init(&b, TYPES, 5, &f.s.arena);
    batch_set_count(&b, 1);
    VEC_DATA(b.cols[0], int32_t)[0] = 2;
    VEC_DATA(b.cols[1], int64_t)[0] = 2;
    VEC_DATA(b.cols[2], Str)[0] = str_ref("y", 1);
    VEC_DATA(b.cols[3], int32_t)[0] = 5;
    vec_set_null(b.cols[4], 0);
    RowValues v = {&b, 0};
    w = fixture_begin(&f);
    must(&f.s, table_insert(&f.s.cx, w, f.t, &v, &young));
    fixture_commit(&f, &f.s, w);
    static const uint16_t COLUMNS[3] = {0, 3, 4};
    static const PhysType OUT[3] = {PHYS_I32, PHYS_I32, PHYS_STR};
    TableScan *scan;
    Snapshot snap;
    Batch out;
    batch_init(&out, OUT, 3, &f.s.arena);
    snapshot_take(f.e->txns, NULL, &snap);
    must(&f.s, table_scan_create(&f.s.cx, &f.s.arena, f.t, COLUMNS, 3, false, &scan));
    must(&f.s, table_scan_start(&f.s.cx, scan, NULL, &snap));
    must(&f.s, table_scan_next(&f.s.cx, scan, 1, &out, &f.s.arena));
    assert_int_equal(out.count, 1);
    assert_int_equal(VEC_DATA(out.cols[1], int32_t)[0], 77);
    assert_int_equal(VEC_DATA(out.cols[2], Str)[0].len, 23);
    must(&f.s, table_scan_next(&f.s.cx, scan, 1, &out, &f.s.arena));
    assert_int_equal(out.count, 1);
    assert_int_equal(VEC_DATA(out.cols[1], int32_t)[0], 5);
    assert_true(vec_is_null(out.cols[2], 0));
    assert_int_equal(table_scan_next(&f.s.cx, scan, 1, &out, &f.s.arena), ST_DONE);
    table_scan_end(scan);
    snapshot_release(&snap);
    (void)old;
    (void)young;
    fixture_end(&f);
}

/* scan_keys - keys a of an index scan, in its order; returns their number. */
static uint32_t scan_keys(Fixture *f, const Snapshot *snap, const int32_t *lo, bool lo_in,
                          const int32_t *hi, bool hi_in, bool backward, uint32_t step,
                          int32_t *keys)
{
    static const uint16_t COLUMNS[1] = {0};
    static const PhysType TYPES[1] = {PHYS_I32};
    IndexScan *scan;
    IndexBound l = {.inclusive = lo_in}, h = {.inclusive = hi_in};
    Buf lk, hk;
    Batch b;
    Arena a;
    uint32_t n = 0;
    arena_init(&a, NULL, "scan", 0);
    buf_init(&lk, 64);
    buf_init(&hk, 64);
    if (lo != NULL) {
        Datum d = {.i32 = *lo};
        (void)index_key_column(&f->t->indexes[0], 0, &d, false, &lk);
        l.key = (Slice){(const char *)lk.data, lk.len};
    }
    if (hi != NULL) {
        Datum d = {.i32 = *hi};
        (void)index_key_column(&f->t->indexes[0], 0, &d, false, &hk);
        h.key = (Slice){(const char *)hk.data, hk.len};
    }
    batch_init(&b, TYPES, 1, &a);
    must(&f->s, index_scan_create(&f->s.cx, &a, f->t, 0, COLUMNS, 1, false, &scan));
    must(&f->s, index_scan_start(&f->s.cx, scan, NULL, snap, &l, &h, backward));
    for (;;) {
        Status st = index_scan_next(&f->s.cx, scan, step, &b, &a);
        if (st == ST_DONE) {
            break;
        }
        must(&f->s, st);
        for (uint32_t i = 0; i < b.count; i++) {
            keys[n++] = VEC_DATA(b.cols[0], int32_t)[i];
        }
    }
    index_scan_end(scan);
    arena_release(&a);
    buf_release(&lk);
    buf_release(&hk);
    return n;
}

static void store_index_scans(void **state)
{
    (void)state;
    enum { N = 3000 };
    Fixture f;
    static int32_t keys[N + 10];
    fixture_start(&f, 2);
    Txn *w = fixture_begin(&f);
    for (int i = 0; i < N; i++) {
        ArenaMark mark = arena_mark(&f.s.arena);
        (void)insert(&f, &f.s, w, (FixtureRow){(i * 7919) % N * 2, i, "row"});
        arena_rewind(&f.s.arena, mark);
    }
    fixture_commit(&f, &f.s, w);
    verify(&f, &f.s);
    Snapshot snap;
    snapshot_take(f.e->txns, NULL, &snap);
    static const uint32_t STEPS[] = {1, 7, 1000};
    for (size_t k = 0; k < ARRAY_LEN(STEPS); k++) {
        for (int backward = 0; backward < 2; backward++) {
            uint32_t n = scan_keys(&f, &snap, NULL, true, NULL, true, backward, STEPS[k], keys);
            assert_int_equal(n, N);
            for (int i = 0; i < N; i++) {
                assert_int_equal(keys[i], 2 * (backward ? N - 1 - i : i));
            }
            for (int in = 0; in < 4; in++) {
                int32_t lo = 100, hi = 2000;
                bool li = in & 1, hi_in = in & 2;
                n = scan_keys(&f, &snap, &lo, li, &hi, hi_in, backward, STEPS[k], keys);
                int32_t first = li ? 100 : 102, last = hi_in ? 2000 : 1998;
                assert_int_equal(n, (last - first) / 2 + 1);
                assert_int_equal(keys[0], backward ? last : first);
                assert_int_equal(keys[n - 1], backward ? first : last);
                /* bounds that are no keys */
                lo = 101;
                hi = 1999;
                n = scan_keys(&f, &snap, &lo, li, &hi, hi_in, backward, STEPS[k], keys);
                assert_int_equal(n, (1998 - 102) / 2 + 1);
            }
        }
    }
    snapshot_release(&snap);
    fixture_end(&f);
}

/* Rows with NULL in a unique index are many under one key, and an equality finds them all. */
static void store_nulls_in_unique_index(void **state)
{
    (void)state;
    enum { N = 700 };
    static const PhysType TYPES[3] = {PHYS_I32, PHYS_I64, PHYS_STR};
    static const PhysType OUT[1] = {PHYS_I64};
    static const uint16_t COLUMNS[1] = {1};
    Fixture f;
    Batch b, out;
    IndexScan *scan;
    Snapshot snap;
    Buf key;
    RowId id;
    uint32_t found = 0;
    fixture_start(&f, 1);
    batch_init(&b, TYPES, 3, &f.s.arena);
    batch_set_count(&b, 1);
    Txn *w = fixture_begin(&f);
    for (int i = 0; i < N; i++) {
        vec_set_null(b.cols[0], 0);
        VEC_DATA(b.cols[1], int64_t)[0] = i;
        vec_set_null(b.cols[2], 0);
        RowValues v = {&b, 0};
        must(&f.s, table_insert(&f.s.cx, w, f.t, &v, &id));
    }
    fixture_commit(&f, &f.s, w);
    Datum none = {0};
    buf_init(&key, 64);
    assert_true(index_key_column(&f.t->indexes[0], 0, &none, true, &key));
    IndexBound bound = {.key = {(const char *)key.data, key.len}, .inclusive = true};
    batch_init(&out, OUT, 1, &f.s.arena);
    snapshot_take(f.e->txns, NULL, &snap);
    must(&f.s, index_scan_create(&f.s.cx, &f.s.arena, f.t, 0, COLUMNS, 1, false, &scan));
    must(&f.s, index_scan_start(&f.s.cx, scan, NULL, &snap, &bound, &bound, false));
    Status st;
    while ((st = index_scan_next(&f.s.cx, scan, 1000, &out, &f.s.arena)) == ST_OK) {
        found += out.count;
    }
    assert_int_equal(st, ST_DONE);
    assert_int_equal(found, N);
    snapshot_release(&snap);
    buf_release(&key);
    verify(&f, &f.s);
    fixture_end(&f);
}

static void store_index_build(void **state)
{
    (void)state;
    enum { N = 5000 };
    Fixture f;
    static int32_t keys[N + 10];
    fixture_start(&f, 0);
    Txn *w = fixture_begin(&f);
    for (int i = 0; i < N; i++) {
        ArenaMark mark = arena_mark(&f.s.arena);
        (void)insert(&f, &f.s, w, (FixtureRow){(i * 7919) % N, i, i % 3 == 0 ? NULL : "row"});
        arena_rewind(&f.s.arena, mark);
    }
    fixture_commit(&f, &f.s, w);
    w = fixture_begin(&f);
    for (int i = 0; i < 2; i++) {
        must(&f.s, index_create(&f.s.cx, f.e, w, &f.ix[i].tree, &f.ix[i].root));
        must(&f.s, index_build(&f.s.cx, w, f.t, &f.ix[i]));
    }
    fixture_commit(&f, &f.s, w);
    fixture_open_table(&f, 2);
    verify(&f, &f.s);
    Snapshot snap;
    snapshot_take(f.e->txns, NULL, &snap);
    assert_int_equal(scan_keys(&f, &snap, NULL, true, NULL, true, false, 100, keys), N);
    assert_int_equal(keys[N - 1], N - 1);
    snapshot_release(&snap);
    /* A duplicate is found, the index goes with the transaction. */
    TableIndex dup = f.ix[0];
    w = fixture_begin(&f);
    f.t->index_count = 0;
    (void)insert(&f, &f.s, w, (FixtureRow){17, 0, "dup"});
    must(&f.s, txn_next_command(&f.s.cx, w));
    must(&f.s, index_create(&f.s.cx, f.e, w, &dup.tree, &dup.root));
    assert_int_equal(index_build(&f.s.cx, w, f.t, &dup), ST_ERROR);
    assert_string_equal(f.s.err.message, "could not create unique index \"t_a_key\"");
    assert_string_equal(f.s.err.detail, "Key (a)=(17) is duplicated.");
    err_clear(&f.s.cx);
    txn_abort(&f.s.cx, w);
    TreeEntry gone;
    assert_int_equal(tree_get(&f.s.cx, f.e->store, dup.tree, &gone), ST_NOTFOUND);
    f.t->index_count = 2;
    verify(&f, &f.s);
    fixture_end(&f);
}

static void store_batches(void **state)
{
    (void)state;
    enum { N = 20000, STEP = VEC_CAPACITY < 1000 ? VEC_CAPACITY : 1000 };
    Fixture f;
    fixture_start(&f, 1);
    static const PhysType TYPES[3] = {PHYS_I32, PHYS_I64, PHYS_STR};
    Batch b;
    batch_init(&b, TYPES, 3, &f.s.arena);
    Txn *w = fixture_begin(&f);
    for (int at = 0; at < N; at += STEP) {
        batch_reset(&b);
        batch_set_count(&b, STEP);
        for (int i = 0; i < STEP; i++) {
            VEC_DATA(b.cols[0], int32_t)[i] = at + i;
            VEC_DATA(b.cols[1], int64_t)[i] = at + i;
            size_t len = (size_t)((at + i) % 200);
            char *text = store_text(&f.s.arena, len, (unsigned)i);
            VEC_DATA(b.cols[2], Str)[i] = str_ref(text, len);
            if ((at + i) % 10 == 3) {
                vec_set_null(b.cols[2], (uint32_t)i);
            }
        }
        must(&f.s, table_insert_batch(&f.s.cx, w, f.t, &b, NULL));
    }
    fixture_commit(&f, &f.s, w);
    assert_int_equal(count_now(&f, &f.s, NULL), N);
    verify(&f, &f.s);
    TableSize size;
    must(&f.s, table_size(&f.s.cx, f.t, &size));
    assert_true(size.rows > N * 0.7 && size.rows < N * 1.5);
    double pages = N * 130.0 / PAGE_SIZE;
    assert_true(size.pages > pages / 2 && size.pages < pages * 3);
    /* A batch that is rolled back leaves nothing. */
    w = fixture_begin(&f);
    for (int i = 0; i < STEP; i++) {
        VEC_DATA(b.cols[0], int32_t)[i] = N + i;
    }
    must(&f.s, table_insert_batch(&f.s.cx, w, f.t, &b, NULL));
    txn_abort(&f.s.cx, w);
    assert_int_equal(count_now(&f, &f.s, NULL), N);
    verify(&f, &f.s);
    fixture_end(&f);
}

static void store_sequences(void **state)
{
    (void)state;
    Fixture f;
    TreeId tree;
    int64_t v;
    SequenceState st;
    SequenceDef def = {.start = 5, .increment = 2, .min = 1, .max = 100, .cache = 1};
    fixture_start(&f, 0);
    Txn *w = fixture_begin(&f);
    must(&f.s, sequence_create(&f.s.cx, f.e, w, 5, &tree));
    fixture_commit(&f, &f.s, w);
    for (int i = 0; i < 48; i++) {
        must(&f.s, sequence_next(&f.s.cx, f.e, tree, &def, "s", &v));
        assert_int_equal(v, 5 + 2 * i);
    }
    assert_int_equal(sequence_next(&f.s.cx, f.e, tree, &def, "s", &v), ST_ERROR);
    assert_int_equal(f.s.err.sqlstate, ERRCODE_SEQUENCE_GENERATOR_LIMIT_EXCEEDED);
    assert_string_equal(f.s.err.message, "nextval: reached maximum value of sequence \"s\" (100)");
    err_clear(&f.s.cx);
    def.cycle = true;
    must(&f.s, sequence_next(&f.s.cx, f.e, tree, &def, "s", &v));
    assert_int_equal(v, 1);
    must(&f.s, sequence_set(&f.s.cx, f.e, tree, 42, true));
    must(&f.s, sequence_get(&f.s.cx, f.e, tree, &st));
    assert_int_equal(st.last_value, 42);
    assert_true(st.is_called);
    must(&f.s, sequence_next(&f.s.cx, f.e, tree, &def, "s", &v));
    assert_int_equal(v, 44);
    fixture_end(&f);
}

static uint64_t store_pages_used(Fixture *f)
{
    uint64_t n = 0;
    for (PageNo p = 0; p < store_page_count(f->e->store); p++) {
        n += store_page_used(f->e->store, p);
    }
    return n;
}

/* store_pages_of - pages that a row with the value takes when its column is stored so. */
static uint64_t store_pages_of(Fixture *f, int a, ColumnStorage how, const char *text)
{
    const ColumnStorage storage[3] = {COLUMN_PLAIN, COLUMN_PLAIN, how};
    Table *plain = f->t, t = *f->t;
    t.storage = storage;
    uint64_t before = store_pages_used(f);
    f->t = &t;
    Txn *w = fixture_begin(f);
    (void)insert(f, &f->s, w, (FixtureRow){a, a, text});
    fixture_commit(f, &f->s, w);
    f->t = plain;
    return store_pages_used(f) - before;
}

/* Goal: values of EXTERNAL and PLAIN columns are not compressed out of line, the others are; all
 * are read back. Method: the pages that a megabyte of one letter takes. */
static void store_column_storage(void **state)
{
    (void)state;
    enum { BYTES = 1 << 20, FULL = BYTES / PAGE_SIZE };
    Fixture f;
    char *text = malloc(BYTES + 1);
    memset(text, 'x', BYTES);
    text[BYTES] = '\0';
    fixture_start(&f, 0);
    assert_in_range(store_pages_of(&f, 1, COLUMN_EXTENDED, text), 1, FULL / 8);
    assert_in_range(store_pages_of(&f, 2, COLUMN_EXTERNAL, text), FULL, FULL + FULL / 8 + 2);
    assert_in_range(store_pages_of(&f, 3, COLUMN_MAIN, text), 1, FULL / 8);
    assert_in_range(store_pages_of(&f, 4, COLUMN_PLAIN, text), FULL, FULL + FULL / 8 + 2);
    assert_int_equal(count_now(&f, &f.s, NULL), 4);
    verify(&f, &f.s);
    fixture_end(&f);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(store_values_of_all_sizes),
        cmocka_unit_test(store_unchanged_external_value_stays),
        cmocka_unit_test(store_columns_added),
        cmocka_unit_test(store_index_scans),
        cmocka_unit_test(store_nulls_in_unique_index),
        cmocka_unit_test(store_index_build),
        cmocka_unit_test(store_batches),
        cmocka_unit_test(store_sequences),
        cmocka_unit_test(store_column_storage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

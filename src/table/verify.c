/*
 * verify.c - is every index exactly its table? And rough sizes for the planner.
 */
#include "table/scan_internal.h"

#include <stdarg.h>
#include <stdio.h>

/* VerifyRun - one comparison of a table and its indexes: at which snapshot, and who is told. */
typedef struct VerifyRun {
    const Table *t;
    const Snapshot *snap;
    TableFindingFn fn;
    void *arg;
} VerifyRun;

static void verify_found(const VerifyRun *v, const TableIndex *ix, const char *fmt, ...)
    PRINTF_LIKE(3, 4);
static void verify_found(const VerifyRun *v, const TableIndex *ix, const char *fmt, ...)
{
    char text[160];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    v->fn(v->arg, ix, PAGE_NO_INVALID, text);
}

/* verify_entries - count the index's entries the snapshot sees; each must have its row. */
static Status verify_entries(Cx *cx, const VerifyRun *v, const TableIndex *ix, uint64_t *count_out)
{
    const Table *t = v->t;
    const Snapshot *snap = v->snap;
    BtTree tree = index_tree(t, ix);
    BtCursor c;
    BtPos pos;
    VersionReader vr;
    Buf key;
    Arena ids;
    uint64_t count = 0;
    version_reader_init(&vr);
    buf_init(&key, INDEX_KEY_MAX + 128);
    arena_init(&ids, NULL, "verify", 0);
    bt_cursor_init(&c, &tree, false);
    Status st = bt_cursor_seek(cx, &c, NULL, &pos);
    while (st == ST_OK) {
        uint32_t n = bt_leaf_count(&pos.leaf), k = 0;
        arena_clear(&ids);
        RowId *list = ARENA_ARRAY(&ids, RowId, MAX(n, 1));
        /* A leaf that took its right neighbour meanwhile begins with entries counted already. */
        for (uint32_t s = pos.slot; s < n && st == ST_OK; s++) {
            BtEntry entry;
            bool seen = false;
            Slice none = {NULL, 0};
            bt_leaf_key(&pos.leaf, s, &key);
            if (!bt_leaf_entry(&pos.leaf, s, &entry) || key.len < 8 ||
                tag_lsn(entry.tag) > pos.leaf.hdr->max_row_lsn) { /* I3 */
                st = err_corrupt(cx, pos.leaf.page, "index entry %u is damaged", s);
                break;
            }
            vr.tree = ix->tree;
            vr.rowid = 0;
            vr.key = slice_bytes(key.data, key.len);
            st = version_find(cx, snap, entry.tag, none, &vr, &seen, &none);
            if (st == ST_OK && seen) {
                list[k++] = __builtin_bswap64(get_u64(key.data + key.len - 8));
            }
        }
        bt_cursor_leave(&c, &pos);
        for (uint32_t i = 0; i < k && st == ST_OK; i++) {
            Batch none = {0};
            st = table_fetch(cx, NULL, snap, t, list[i], NULL, 0, &none, 0, &ids);
            if (st == ST_NOTFOUND) {
                verify_found(v, ix, "entry for row %llu, which is not there",
                             (unsigned long long)list[i]);
                st = ST_OK;
            }
        }
        count += k;
        if (st == ST_OK) {
            st = cx_check(cx);
        }
        if (st == ST_OK) {
            st = bt_cursor_next_leaf(cx, &c, &pos);
        }
    }
    bt_cursor_release(&c);
    arena_release(&ids);
    buf_release(&key);
    *count_out = count;
    return st == ST_DONE ? ST_OK : st;
}

/* verify_row_in_index - the entry of a row the snapshot sees must be seen, too. */
static Status verify_row_in_index(Cx *cx, const VerifyRun *v, const TableIndex *ix,
                                  const IndexKey *key, RowId rowid)
{
    BtTree tree = index_tree(v->t, ix);
    BtKey k = index_key(key->buf.data, key->buf.len);
    BtPos pos;
    BtEntry entry;
    VersionReader vr;
    bool seen = false;
    Slice none = {NULL, 0};
    version_reader_init(&vr);
    TRY(bt_seek(cx, &tree, &k, LATCH_SHARED, &pos));
    Status st = ST_OK;
    if (pos.found && bt_leaf_entry(&pos.leaf, pos.slot, &entry)) {
        vr.tree = ix->tree;
        vr.key = k.bytes;
        st = version_find(cx, v->snap, entry.tag, none, &vr, &seen, &none);
    }
    bt_release(&tree, &pos);
    if (st == ST_OK && !seen) {
        verify_found(v, ix, "no entry for row %llu", (unsigned long long)rowid);
    }
    return st;
}

/* VerifyItem - a row's entries in an inverted index being looked up. */
typedef struct VerifyItem {
    const VerifyRun *run;
    const TableIndex *ix;
    RowId rowid;
} VerifyItem;
static Status verify_item(void *arg, Cx *cx, const IndexKey *key)
{
    const VerifyItem *i = arg;
    return verify_row_in_index(cx, i->run, i->ix, key, i->rowid);
}

/* verify_row - a row's entries in one index; *wanted grows by how many it has to have there. */
static Status verify_row(Cx *cx, const VerifyRun *v, const TableIndex *ix, const KeySource *src,
                         RowId rowid, uint64_t *wanted)
{
    IndexKey key;
    if (ix->inverted) {
        VerifyItem item = {v, ix, rowid};
        return inverted_each(cx, v->t, ix, src, rowid, verify_item, &item, wanted);
    }
    TRY(index_key_build(cx, v->t, ix, src, rowid, &key));
    if (key.left_out) {
        return ST_OK;
    }
    ++*wanted;
    return verify_row_in_index(cx, v, ix, &key, rowid);
}

/* verify_rows - every row has its entries in every index; wanted: by index, how many entries all of
 * them have to have. */
static Status verify_rows(Cx *cx, const VerifyRun *v, Arena *arena, uint64_t *count_out,
                          uint64_t *wanted)
{
    const Table *t = v->t;
    uint16_t *cols = ARENA_ARRAY(arena, uint16_t, MAX(t->column_count, 1));
    PhysType *types = ARENA_ARRAY(arena, PhysType, t->column_count + 1u);
    TableScan *scan;
    Batch batch;
    Arena strings;
    uint64_t count = 0;
    for (uint16_t i = 0; i < t->column_count; i++) {
        cols[i] = i;
        types[i] = t->columns[i].phys;
    }
    types[t->column_count] = PHYS_I64;
    batch_init(&batch, types, (uint16_t)(t->column_count + 1), arena);
    TRY(table_scan_create(cx, arena, t, cols, t->column_count, true, &scan));
    TRY(table_scan_start(cx, scan, NULL, v->snap));
    arena_init(&strings, NULL, "verify", 0);
    Status st = ST_OK;
    while (st == ST_OK) {
        arena_clear(&strings);
        st = table_scan_next(cx, scan, VEC_CAPACITY, &batch, &strings);
        for (uint32_t r = 0; st == ST_OK && r < batch.count; r++) {
            RowValues values = {&batch, r};
            KeySource src = {.values = &values};
            RowId rowid = VEC_DATA(batch.cols[t->column_count], uint64_t)[r];
            for (uint16_t i = 0; i < t->index_count && st == ST_OK; i++) {
                st = verify_row(cx, v, &t->indexes[i], &src, rowid, &wanted[i]);
            }
        }
        count += st == ST_OK ? batch.count : 0;
        if (st == ST_OK) {
            st = cx_check(cx);
        }
    }
    table_scan_end(scan);
    arena_release(&strings);
    *count_out = count;
    return st == ST_DONE ? ST_OK : st;
}

/* verify_count - an index's entries against how many it has to have. */
static Status verify_count(Cx *cx, const VerifyRun *v, const TableIndex *ix, uint64_t wanted)
{
    uint64_t entries = 0;
    TRY(verify_entries(cx, v, ix, &entries));
    if (entries != wanted) {
        verify_found(v, ix,
                     ix->inverted ? "%llu entries for %llu items" : "%llu entries for %llu rows",
                     (unsigned long long)entries, (unsigned long long)wanted);
    }
    return ST_OK;
}

/* VerifyReport - findings as lines. */
typedef struct VerifyReport {
    Buf *report;
    uint64_t *errors;
} VerifyReport;

static void report_finding(void *arg, const TableIndex *ix, PageNo page, const char *what)
{
    VerifyReport *r = arg;
    (void)page;
    buf_printf(r->report, "index \"%s\": %s\n", ix->name, what);
    (*r->errors)++;
}

Status table_verify(Cx *cx, const Table *t, Buf *report, uint64_t *errors_out)
{
    BtTree tree = table_tree(t);
    Snapshot snap;
    Arena arena;
    uint64_t rows = 0;
    VerifyReport r = {report, errors_out};
    VerifyRun v = {t, &snap, report_finding, &r};
    TRY(bt_verify(cx, &tree, report, errors_out));
    arena_init(&arena, NULL, "verify", 0);
    snapshot_take(t->engine->txns, NULL, &snap);
    uint64_t *wanted = ARENA_ARRAY(&arena, uint64_t, t->index_count + 1u);
    Status st = verify_rows(cx, &v, &arena, &rows, wanted);
    for (uint16_t i = 0; i < t->index_count && st == ST_OK; i++) {
        BtTree itree = index_tree(t, &t->indexes[i]);
        st = bt_verify(cx, &itree, report, errors_out);
        if (st == ST_OK) {
            st = verify_count(cx, &v, &t->indexes[i], wanted[i]);
        }
    }
    snapshot_release(&snap);
    arena_release(&arena);
    return st;
}

/* ---- while others write ---- */

/* LiveTree - whose structure is being checked. */
typedef struct LiveTree {
    const VerifyRun *run;
    const TableIndex *ix;
    uint64_t count;
} LiveTree;

static void live_finding(void *arg, PageNo page, const char *what)
{
    LiveTree *l = arg;
    l->count++;
    l->run->fn(l->run->arg, l->ix, page, what);
}

/* live_judge - what came of a comparison: damage becomes a finding; a snapshot that was cancelled
 * is no damage, whatever it met. */
static Status live_judge(Cx *cx, const VerifyRun *v, const TableIndex *ix, Status st)
{
    st = snapshot_judge(cx, v->snap, st);
    if (st == ST_OK || !err_is_damage(cx->err)) {
        return st;
    }
    unsigned long long page = PAGE_NO_INVALID;
    (void)sscanf(cx->err->message, "page %llu is damaged", &page); /* err_corrupt's words */
    v->fn(v->arg, ix, page, cx->err->message);
    err_clear(cx);
    return ST_OK;
}

/* Where a tree is damaged nothing is compared with it: its structure says what is wrong. */
Status table_verify_live(Cx *cx, const Table *t, Txn *txn, TableFindingFn fn, void *arg)
{
    Snapshot snap;
    Arena arena;
    uint64_t rows = 0;
    VerifyRun v = {t, &snap, fn, arg};
    Table sound = *t; /* with the indexes that are fit to be compared */
    LiveTree l = {.run = &v};
    BtTree tree = table_tree(t);
    TRY(bt_verify_live(cx, &tree, live_finding, &l));
    bool rows_sound = l.count == 0;
    arena_init(&arena, NULL, "verify", 0);
    sound.indexes = ARENA_ARRAY(&arena, TableIndex, t->index_count + 1u);
    sound.index_count = 0;
    Status st = ST_OK;
    for (uint16_t i = 0; i < t->index_count && st == ST_OK; i++) {
        BtTree itree = index_tree(t, &t->indexes[i]);
        l = (LiveTree){.run = &v, .ix = &t->indexes[i]};
        st = bt_verify_live(cx, &itree, live_finding, &l);
        if (l.count == 0) {
            sound.indexes[sound.index_count++] = t->indexes[i];
        }
    }
    if (st == ST_OK && rows_sound) {
        v.t = &sound;
        snapshot_take(t->engine->txns, txn, &snap);
        uint64_t *wanted = ARENA_ARRAY(&arena, uint64_t, t->index_count + 1u);
        st = verify_rows(cx, &v, &arena, &rows, wanted);
        bool counted = st == ST_OK;
        st = live_judge(cx, &v, NULL, st);
        for (uint16_t i = 0; i < sound.index_count && st == ST_OK && counted; i++) {
            const TableIndex *ix = &sound.indexes[i];
            st = live_judge(cx, &v, ix, verify_count(cx, &v, ix, wanted[i]));
        }
        snapshot_release(&snap);
    }
    arena_release(&arena);
    return st;
}

/* ---- rows of a tree, without its description ---- */

static Status check_ref(void *arg, Cx *cx, const OverflowRef *ref)
{
    Arena scratch;
    arena_init(&scratch, NULL, "check", 0);
    Status st = overflow_read(cx, arg, ref, arena_alloc(&scratch, MAX(ref->len, 1u)));
    arena_release(&scratch);
    return st;
}

/* Rows already deleted may have lost their chains to a purge that a crash interrupted: they are
   parsed by nobody any more. */
Status table_check_rows(Cx *cx, Engine *e, TreeId tree)
{
    TreeRt *rt;
    BtTree t;
    BtCursor c;
    BtPos pos;
    TRY(tree_rt_get(cx, e, tree, &rt));
    TRY(bt_tree_of(cx, e, tree, &t));
    bt_cursor_init(&c, &t, false);
    Status st = bt_cursor_seek(cx, &c, NULL, &pos);
    while (st == ST_OK) {
        for (uint32_t s = 0; s < bt_leaf_count(&pos.leaf) && st == ST_OK; s++) {
            BtEntry entry;
            if (!bt_leaf_entry(&pos.leaf, s, &entry) ||
                tag_lsn(entry.tag) > pos.leaf.hdr->max_row_lsn) { /* I3 */
                st = err_corrupt(cx, pos.leaf.page, "row %u is damaged", s);
            } else if ((entry.tag & TAG_DELETED) == 0) {
                st = row_for_each_ref(cx, e, rt, slice_bytes(entry.payload, entry.payload_len),
                                      false, check_ref, e);
            }
        }
        bt_cursor_leave(&c, &pos);
        if (st == ST_OK) {
            st = bt_cursor_next_leaf(cx, &c, &pos);
        }
    }
    bt_cursor_release(&c);
    return st == ST_DONE ? ST_OK : st;
}

/* ---- pages of a tree ---- */

typedef struct EachPage {
    Engine *e;
    Status (*fn)(void *arg, Cx *cx, PageNo page);
    void *arg;
} EachPage;

static Status each_ref_page(void *arg, Cx *cx, const OverflowRef *ref)
{
    const EachPage *p = arg;
    return overflow_each_page(cx, p->e, ref->page, ref->stamp, p->fn, p->arg);
}

/* each_row_page - the chains of all rows. */
static Status each_row_page(Cx *cx, EachPage *p, TreeRt *rt, const BtTree *t)
{
    BtCursor c;
    BtPos pos;
    bt_cursor_init(&c, t, false);
    Status st = bt_cursor_seek(cx, &c, NULL, &pos);
    while (st == ST_OK) {
        for (uint32_t s = 0; s < bt_leaf_count(&pos.leaf) && st == ST_OK; s++) {
            BtEntry entry;
            if (bt_leaf_entry(&pos.leaf, s, &entry)) {
                st = row_for_each_ref(cx, p->e, rt, slice_bytes(entry.payload, entry.payload_len),
                                      false, each_ref_page, p);
            }
        }
        bt_cursor_leave(&c, &pos);
        if (st == ST_OK) {
            st = bt_cursor_next_leaf(cx, &c, &pos);
        }
    }
    bt_cursor_release(&c);
    return st == ST_DONE ? ST_OK : st;
}

Status table_each_page(Cx *cx, Engine *e, const TreeEntry *entry,
                       Status (*fn)(void *arg, Cx *cx, PageNo page), void *arg)
{
    EachPage p = {e, fn, arg};
    BtTree t = {e->store, entry->tree, entry->kind, entry->root};
    TRY(bt_walk_pages(cx, &t, fn, arg));
    TRY(page_chain_each(cx, e->store, entry->tree, entry->meta, fn, arg));
    if (entry->kind == TREE_TABLE && (entry->flags & TREE_FLAG_OVERFLOW) != 0) {
        TreeRt *rt;
        TRY(tree_rt_get(cx, e, entry->tree, &rt));
        TRY(each_row_page(cx, &p, rt, &t));
    }
    return ST_OK;
}

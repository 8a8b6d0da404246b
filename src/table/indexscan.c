/*
 * indexscan.c - rows in key order between two bounds.
 *
 * Bounds become a range of key bytes [from, to). From each index leaf the row ids of visible
 * entries are collected under its latch; then the leaf is let go and the rows are fetched, keeping
 * a table leaf latched while the next row lies on it as well. Entries are versioned like rows, so
 * what an entry says needs no recheck against the row.
 */
#include <stdlib.h>

#include "table/scan_internal.h"
#include "type/gin.h"

enum { INDEX_SCAN_IDS = 256 };
struct IndexScan {
    const Table *t;
    const TableIndex *ix;
    const uint16_t *columns;
    uint16_t column_count;
    bool want_rowid, backward, done, started;
    bool one;       /* an equality on a unique index: mostly a look-up of one row */
    bool whole_key; /* the entry judged last has the bound's key and no further columns */
    bool within;    /* stopped inside a leaf: go on at `resume` */
    Txn *txn;
    const Snapshot *snap;
    BtTree tree, rows;
    BtCursor cursor;
    Buf from, to, resume, key;
    bool to_open;
    VersionReader vr;
    uint32_t id_count, id_next;
    RowId ids[INDEX_SCAN_IDS];
    bool listed; /* the rows are in `list`, from list_next on */
    Buf list;    /* RowIds */
    size_t list_next;
};

static void index_scan_free(void *arg)
{
    IndexScan *s = arg;
    buf_release(&s->from);
    buf_release(&s->to);
    buf_release(&s->resume);
    buf_release(&s->key);
    buf_release(&s->list);
    bt_cursor_release(&s->cursor);
}

Status index_scan_create(Cx *cx, Arena *arena, const Table *t, uint16_t index,
                         const uint16_t *columns, uint16_t column_count, bool want_rowid,
                         IndexScan **scan_out)
{
    (void)cx;
    ASSERT(index < t->index_count);
    IndexScan *s = arena_zalloc(arena, sizeof(*s));
    s->t = t;
    s->ix = &t->indexes[index];
    s->columns =
        column_count != 0 ? arena_memdup(arena, columns, sizeof(*columns) * column_count) : NULL;
    s->column_count = column_count;
    s->want_rowid = want_rowid;
    s->tree = index_tree(t, s->ix);
    s->rows = table_tree(t);
    s->done = true;
    size_t cap = INDEX_KEY_MAX + 128;
    buf_init(&s->from, cap);
    buf_init(&s->to, cap);
    buf_init(&s->resume, cap);
    buf_init(&s->key, cap);
    buf_init(&s->list, SIZE_MAX);
    bt_cursor_init(&s->cursor, &s->tree, false);
    arena_on_clear(arena, index_scan_free, s);
    *scan_out = s;
    return ST_OK;
}

/* bound_successor - the smallest bytes above everything that begins with `b`; false: none. */
static bool bound_successor(Buf *b)
{
    while (b->len != 0) {
        if (b->data[b->len - 1] != 0xff) {
            b->data[b->len - 1]++;
            return true;
        }
        b->len--;
    }
    return false;
}

/* bound_put - a bound's key, cut to a byte more than any entry has: all entries lie on the same
 * side of it then. */
static void bound_put(Buf *to, Slice key)
{
    buf_put(to, key.ptr, MIN(key.len, INDEX_KEY_MAX + sizeof(RowId) + 1u));
}

Status index_scan_start(Cx *cx, IndexScan *s, Txn *txn, const Snapshot *snap, const IndexBound *lo,
                        const IndexBound *hi, bool backward)
{
    (void)cx;
    s->txn = txn;
    s->snap = snap;
    s->backward = backward;
    s->done = false;
    s->listed = false;
    s->started = false;
    s->within = false;
    s->id_count = 0;
    s->id_next = 0;
    version_reader_init(&s->vr);
    buf_clear(&s->from);
    buf_clear(&s->to);
    if (lo != NULL && lo->key.len != 0) {
        bound_put(&s->from, lo->key);
        if (!lo->inclusive && !bound_successor(&s->from)) {
            s->done = true;
        }
    }
    s->to_open = hi == NULL || hi->key.len == 0;
    if (!s->to_open) {
        bound_put(&s->to, hi->key);
        if (hi->inclusive && !bound_successor(&s->to)) {
            s->to_open = true;
        }
    }
    s->one = s->ix->unique && lo != NULL && hi != NULL && lo->inclusive && hi->inclusive &&
             lo->key.len != 0 && slice_eq(lo->key, hi->key);
    bt_cursor_release(&s->cursor);
    bt_cursor_init(&s->cursor, &s->tree, backward);
    counts_add(txn, s->ix->counts, COUNT_SCANS, 1);
    return ST_OK;
}

void index_scan_end(IndexScan *s)
{
    s->done = true;
    s->id_count = 0;
    s->id_next = 0;
}

static int bytes_cmp(const Buf *a, const Buf *b)
{
    size_t n = MIN(a->len, b->len);
    int c = n != 0 ? memcmp(a->data, b->data, n) : 0;
    return c != 0 ? c : (a->len > b->len) - (a->len < b->len);
}

/* index_scan_latch - the leaf to go on with; pos->slot is the first slot to take (forward), or the
 * one behind it (backward). */
static Status index_scan_latch(Cx *cx, IndexScan *s, BtPos *pos)
{
    if (s->started && !s->within) {
        return bt_cursor_next_leaf(cx, &s->cursor, pos);
    }
    BtKey key = {.rowid = 0};
    const BtKey *at = &key;
    if (s->within) {
        key.bytes = slice_bytes(s->resume.data, s->resume.len);
    } else if (!s->backward) {
        key.bytes = slice_bytes(s->from.data, s->from.len);
    } else if (!s->to_open) {
        key.bytes = slice_bytes(s->to.data, s->to.len);
    } else {
        at = NULL;
    }
    bool resumed = s->within;
    s->started = true;
    s->within = false;
    TRY(bt_cursor_seek(cx, &s->cursor, at, pos));
    if (!s->backward && resumed && pos->found) {
        pos->slot++; /* resume names the last entry taken */
    }
    return ST_OK;
}

/* index_scan_judge - one slot: *end_out when it lies behind the range. */
static Status index_scan_judge(Cx *cx, IndexScan *s, const PageRef *leaf, uint32_t slot,
                               bool *end_out)
{
    BtEntry entry;
    bool seen;
    Slice none = {NULL, 0};
    bt_leaf_key(leaf, slot, &s->key);
    if (s->backward ? bytes_cmp(&s->key, &s->from) < 0
                    : !s->to_open && bytes_cmp(&s->key, &s->to) >= 0) {
        *end_out = true;
        return ST_OK;
    }
    if (!bt_leaf_entry(leaf, slot, &entry) || s->key.len < 8) {
        return err_corrupt(cx, leaf->page, "index entry %u is damaged", slot);
    }
    if (version_settled(s->snap, entry.tag)) {
        seen = (entry.tag & TAG_DELETED) == 0;
    } else {
        s->vr.tree = s->tree.tree;
        s->vr.rowid = 0;
        s->vr.key = slice_bytes(s->key.data, s->key.len);
        TRY(version_find(cx, s->snap, entry.tag, none, &s->vr, &seen, &none));
    }
    if (table_tracked(s->t, s->snap) != NULL) {
        TRY(scan_track(cx, s->snap, s->t, entry.tag, 0, false));
    }
    if (seen) {
        s->whole_key = s->key.len == s->from.len + 8;
        s->ids[s->id_count++] = __builtin_bswap64(get_u64(s->key.data + s->key.len - 8));
    }
    return ST_OK;
}

/* index_scan_lock - SERIALIZABLE: the latched leaf is read, gaps and all. */
static void index_scan_lock(const IndexScan *s, const PageRef *leaf)
{
    if (table_tracked(s->t, s->snap) != NULL) {
        ssi_lock(s->snap->txn, s->ix->tree, SSI_LEAF, leaf->page);
    }
}

/* index_scan_probe - a look-up without a cursor. *done_out: it could be answered from one leaf. */
static Status index_scan_probe(Cx *cx, IndexScan *s, bool *done_out)
{
    BtPos pos;
    BtKey key = {.bytes = slice_bytes(s->from.data, s->from.len)};
    bool end = false;
    TRY(bt_seek(cx, &s->tree, &key, LATCH_SHARED, &pos));
    Status st = ST_OK;
    uint32_t n = bt_leaf_count(&pos.leaf);
    txn_note_page(s->txn, s->snap, &pos.leaf);
    for (uint32_t slot = pos.slot; slot < n && !end && st == ST_OK && s->id_count < INDEX_SCAN_IDS;
         slot++) {
        st = index_scan_judge(cx, s, &pos.leaf, slot, &end);
    }
    *done_out = end;
    if (!end || s->id_count != 1 || !s->whole_key) {
        index_scan_lock(s, &pos.leaf); /* else nobody can add another row of this key */
    }
    bt_release(&s->tree, &pos);
    return st;
}

/* index_scan_collect - row ids of the next leaf (part). */
static Status index_scan_collect(Cx *cx, IndexScan *s, uint32_t want)
{
    BtPos pos;
    s->id_count = 0;
    s->id_next = 0;
    want = MIN(want, (uint32_t)INDEX_SCAN_IDS);
    if (s->listed) {
        const RowId *list = (const RowId *)(const void *)s->list.data;
        size_t left = s->list.len / sizeof(RowId) - s->list_next;
        s->id_count = (uint32_t)MIN(left, (size_t)want);
        if (s->id_count != 0) {
            memcpy(s->ids, list + s->list_next, s->id_count * sizeof(RowId));
        }
        s->list_next += s->id_count;
        s->done = s->id_count == left;
        return ST_OK;
    }
    if (s->one && !s->started) {
        TRY(index_scan_probe(cx, s, &s->done));
        if (s->done) {
            return ST_OK;
        }
        s->id_count = 0;
    }
    Status st = index_scan_latch(cx, s, &pos);
    if (st == ST_DONE) {
        s->done = true;
        return ST_OK;
    }
    TRY(st);
    uint32_t n = bt_leaf_count(&pos.leaf);
    bool end = false;
    txn_note_page(s->txn, s->snap, &pos.leaf);
    index_scan_lock(s, &pos.leaf);
    if (!s->backward) {
        uint32_t slot = pos.slot;
        for (; slot < n && s->id_count < want && !end && st == ST_OK; slot++) {
            st = index_scan_judge(cx, s, &pos.leaf, slot, &end);
        }
        s->within = slot < n;
    } else {
        uint32_t slot = pos.slot;
        for (; slot > 0 && s->id_count < want && !end && st == ST_OK; slot--) {
            st = index_scan_judge(cx, s, &pos.leaf, slot - 1, &end);
        }
        s->within = slot > 0;
    }
    s->done = end;
    if (s->within && !end) {
        /* s->key is the last entry looked at. */
        buf_clear(&s->resume);
        buf_put(&s->resume, s->key.data, s->key.len);
        bt_release(&s->tree, &pos);
    } else {
        bt_cursor_leave(&s->cursor, &pos);
    }
    return st;
}

/* index_scan_fetch - rows of the collected ids into out, from row *filled on. */
static Status index_scan_fetch(Cx *cx, IndexScan *s, uint32_t max_rows, Batch *out,
                               uint32_t *filled, Arena *arena)
{
    BtPos pos = {.leaf = {.hdr = NULL}};
    VersionReader *vr = &s->vr;
    Status st = ST_OK;
    uint64_t read = cx->pages_read;
    uint32_t leaves = 0;
    version_reader_init(vr);
    while (s->id_next < s->id_count && *filled < max_rows) {
        RowId id = s->ids[s->id_next++];
        BtKey key = row_key(id);
        if (pos.leaf.hdr != NULL) {
            pos.found = bt_find_slot(&pos.leaf, &key, &pos.slot);
            if (!pos.found) {
                bt_release(&s->rows, &pos);
                pos.leaf.hdr = NULL;
            }
        }
        if (pos.leaf.hdr == NULL) {
            TRY(bt_seek(cx, &s->rows, &key, LATCH_SHARED, &pos));
            leaves++;
        }
        if (!pos.found) {
            continue;
        }
        st = row_fetch_at(cx, s->txn, s->snap, s->t, vr, &pos, s->columns, s->column_count, out,
                          *filled, arena);
        if (st == ST_NOTFOUND) {
            st = ST_OK;
            continue;
        }
        if (st != ST_OK) {
            break;
        }
        if (s->want_rowid) {
            VEC_DATA(out->cols[s->column_count], uint64_t)[*filled] = id;
        }
        (*filled)++;
    }
    if (pos.leaf.hdr != NULL) {
        bt_release(&s->rows, &pos);
    }
    version_reader_init(vr);
    if (leaves != 0) {
        counts_pages(cx, s->txn, s->t->counts, leaves, read);
    }
    return st;
}

/* ---- inverted indexes ---- */

static int rowid_order(const void *a, const void *b)
{
    RowId x, y;
    memcpy(&x, a, sizeof(x));
    memcpy(&y, b, sizeof(y));
    return (x > y) - (x < y);
}

/* ids_unique - sorted, each once. */
static void ids_unique(Buf *ids)
{
    RowId *v = (RowId *)(void *)ids->data;
    size_t n = ids->len / sizeof(RowId), k = 0;
    if (n == 0) {
        return;
    }
    qsort(v, n, sizeof(RowId), rowid_order);
    for (size_t i = 0; i < n; i++) {
        if (k == 0 || v[k - 1] != v[i]) {
            v[k++] = v[i];
        }
    }
    ids->len = k * sizeof(RowId);
}

/* ids_common - keep in `ids` what is in `other`, too; both in order. */
static void ids_common(Buf *ids, const Buf *other)
{
    RowId *v = (RowId *)(void *)ids->data;
    const RowId *o = (const RowId *)(const void *)other->data;
    size_t n = ids->len / sizeof(RowId), m = other->len / sizeof(RowId), k = 0;
    for (size_t i = 0, j = 0; i < n && j < m;) {
        if (v[i] == o[j]) {
            v[k++] = v[i++];
            j++;
        } else if (v[i] < o[j]) {
            i++;
        } else {
            j++;
        }
    }
    ids->len = k * sizeof(RowId);
}

/* inverted_range - the rows of all visible entries that begin with these bytes, appended. */
static Status inverted_range(Cx *cx, IndexScan *s, Slice prefix, Buf *ids)
{
    IndexBound bound = {prefix, true};
    TRY(index_scan_start(cx, s, s->txn, s->snap, &bound, &bound, false));
    s->one = false;
    while (!s->done) {
        TRY(snapshot_judge(cx, s->snap, index_scan_collect(cx, s, INDEX_SCAN_IDS)));
        buf_put(ids, s->ids, s->id_count * sizeof(RowId));
        TRY(cx_check(cx));
    }
    return ST_OK;
}

/* inverted_item - the rows of one item of a column, in order. */
static Status inverted_item(Cx *cx, IndexScan *s, uint16_t column, Slice item, Buf *ids)
{
    uint8_t bytes[INDEX_KEY_MAX];
    ASSERT(item.len + 1 <= sizeof(bytes));
    bytes[0] = (uint8_t)column;
    memcpy(bytes + 1, item.ptr, item.len);
    return inverted_range(cx, s, slice_bytes(bytes, item.len + 1), ids);
}

/* inverted_narrow - leave in `ids` (first: it is not filled yet) the rows one condition allows. */
static Status inverted_narrow(Cx *cx, IndexScan *s, const InvertedNeed *need, bool *first, Buf *ids,
                              Buf *more)
{
    const GinQuery *q = need->query;
    buf_clear(more);
    for (uint32_t i = 0; i < q->items.count; i++) {
        Buf *into = *first && q->need == GIN_EACH_OF ? ids : more;
        TRY(inverted_item(cx, s, need->column, q->items.items[i], into));
        if (q->need == GIN_EACH_OF && !*first) {
            ids_common(ids, more);
            buf_clear(more);
        }
        if (q->need == GIN_EACH_OF) {
            *first = false;
            if (ids->len == 0) {
                return ST_OK;
            }
        }
    }
    if (q->need == GIN_ANY_OF) {
        ids_unique(more);
        if (*first) {
            buf_put(ids, more->data, more->len);
        } else {
            ids_common(ids, more);
        }
        *first = false;
    }
    return ST_OK;
}

Status index_scan_start_inverted(Cx *cx, IndexScan *s, Txn *txn, const Snapshot *snap,
                                 const InvertedNeed *needs, uint32_t count)
{
    Buf more;
    bool first = true, none = false;
    Status st = ST_OK;
    s->txn = txn;
    s->snap = snap;
    buf_init(&more, SIZE_MAX);
    buf_clear(&s->list);
    for (uint32_t i = 0; i < count && st == ST_OK && !none; i++) {
        none = needs[i].query->need == GIN_NONE;
        if (!none && needs[i].query->need != GIN_ALL) {
            st = inverted_narrow(cx, s, &needs[i], &first, &s->list, &more);
            none = st == ST_OK && s->list.len == 0;
        }
    }
    buf_release(&more);
    if (none) {
        buf_clear(&s->list);
    } else if (st == ST_OK && first) {
        st = inverted_range(cx, s, (Slice){NULL, 0}, &s->list);
        ids_unique(&s->list);
    }
    TRY(st);
    s->listed = true;
    s->list_next = 0;
    s->id_count = 0;
    s->id_next = 0;
    s->done = false;
    version_reader_init(&s->vr);
    return ST_OK;
}

Status index_scan_next(Cx *cx, IndexScan *s, uint32_t max_rows, Batch *out, Arena *arena)
{
    uint32_t filled = 0;
    batch_reset(out);
    max_rows = MIN(max_rows, (uint32_t)VEC_CAPACITY);
    for (;;) {
        Status st = index_scan_fetch(cx, s, max_rows, out, &filled, arena);
        bool full = filled == max_rows || s->done;
        if (st == ST_OK && !full) {
            uint64_t read = cx->pages_read;
            st = index_scan_collect(cx, s, max_rows - filled);
            counts_add(s->txn, s->ix->counts, COUNT_RETURNED, s->id_count);
            counts_pages(cx, s->txn, s->ix->counts, 1, read);
        }
        TRY(snapshot_judge(cx, s->snap, st));
        if (full) {
            break;
        }
        TRY(cx_check(cx));
    }
    batch_set_count(out, filled);
    counts_add(s->txn, s->ix->counts, COUNT_FETCHED, filled);
    return filled == 0 && s->done ? ST_DONE : ST_OK;
}

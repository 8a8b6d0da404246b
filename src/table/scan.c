/*
 * scan.c - full scans into vectors.
 *
 * One leaf at a time under its shared latch: the rows the snapshot sees become an array of pointers
 * (into the page, or to a version stepped back to, copied aside), then each wanted column is
 * gathered in a loop of its own. On a leaf whose newest row is settled no row is judged. Between
 * leaves and between calls nothing is latched.
 */
#include "table/scan_internal.h"

Status table_scan_create(Cx *cx, Arena *arena, const Table *t, const uint16_t *columns,
                         uint16_t column_count, bool want_rowid, TableScan **scan_out)
{
    (void)cx;
    TableScan *s = arena_zalloc(arena, sizeof(*s));
    s->t = t;
    s->counts = t->counts;
    s->columns =
        column_count != 0 ? arena_memdup(arena, columns, sizeof(*columns) * column_count) : NULL;
    s->column_count = column_count;
    s->want_rowid = want_rowid;
    s->tree = table_tree(t);
    bt_cursor_init(&s->cursor, &s->tree, false);
    s->done = true;
    s->leaf_rows = 0;
    *scan_out = s;
    return ST_OK;
}

void table_scan_uncounted(TableScan *s)
{
    s->counts = NULL;
}

Status table_scan_start(Cx *cx, TableScan *s, Txn *txn, const Snapshot *snap)
{
    (void)cx;
    if (table_tracked(s->t, snap) != NULL) {
        ssi_lock(snap->txn, s->t->tree, SSI_TREE, 0);
    }
    s->txn = txn;
    s->snap = snap;
    s->state = SCAN_AT_KEY;
    s->next_rowid = 0;
    s->last_rowid = UINT64_MAX;
    s->done = false;
    version_reader_init(&s->vr);
    bt_cursor_restart(&s->cursor);
    counts_add(txn, s->counts, COUNT_SCANS, 1);
    return ST_OK;
}

Status table_scan_range(Cx *cx, TableScan *s, RowId from, RowId to)
{
    (void)cx;
    s->state = SCAN_AT_KEY;
    s->next_rowid = from;
    s->last_rowid = to;
    s->done = from > to;
    return ST_OK;
}

RowId table_rowid_end(const Table *t)
{
    return atomic_load_explicit(&t->layouts->next_rowid, memory_order_acquire);
}

void table_scan_end(TableScan *s)
{
    bt_cursor_release(&s->cursor);
    s->done = true;
}

/* scan_latch - the leaf to go on with; ST_DONE at the end. */
static Status scan_latch(Cx *cx, TableScan *s, BtPos *pos)
{
    if (s->done) {
        return ST_DONE;
    }
    if (s->state == SCAN_AT_KEY) {
        BtKey key = row_key(s->next_rowid);
        return bt_cursor_seek(cx, &s->cursor, &key, pos);
    }
    return bt_cursor_next_leaf(cx, &s->cursor, pos);
}

/* ---- which rows ---- */

Status scan_track(Cx *cx, const Snapshot *snap, const Table *t, uint64_t tag, RowId rowid,
                  bool lock)
{
    Txn *txn = snap->txn;
    bool own = false;
    TRY(ssi_check_doomed(cx, txn));
    if (!version_settled(snap, tag) || snap->csn != txn->snapshot.csn) {
        TRY(version_conflicts(cx, txn, snap, tag, &own));
    }
    if (lock && !own && table_tracked(t, snap) != NULL) {
        ssi_lock(txn, t->tree, SSI_ROW, rowid);
    }
    return ST_OK;
}

/* row_list_add_back - a row of this layout whose newest version is not settled, by the short way
 * back; false: by the long one. */
static bool row_list_add_back(const Snapshot *snap, const BtEntry *entry, RowList *l, Arena *arena)
{
    uint32_t len = entry->payload_len, number = l->layout->number;
    if (version_settled(snap, entry->tag) || tag_lsn(entry->tag) < snap->taken_lsn ||
        len < l->layout->data_at) {
        return false;
    }
    uint8_t *row = arena_alloc_aligned(arena, len, 1);
    memcpy(row, entry->payload, len);
    uint16_t head;
    if (!version_hop(snap, entry->tag, row, len) ||
        ((head = get_u16(row)) & (ROW_LAYOUT_MASK | ROW_OUT_OF_LINE)) != number) {
        return false;
    }
    uint32_t n = l->count++;
    l->head_bits |= head;
    l->layouts[n] = l->layout;
    l->rows[n] = row;
    l->lens[n] = len;
    l->ids[n] = entry->rowid;
    return true;
}

/* row_list_add_slow - a row that is not plainly this layout's, or not settled. */
static Status row_list_add_slow(Cx *cx, const Snapshot *snap, const Table *t, VersionReader *vr,
                                const BtEntry *entry, PageNo page, RowList *l, Arena *arena)
{
    bool seen;
    Slice payload = slice_bytes(entry->payload, entry->payload_len), row;
    vr->tree = t->tree;
    vr->rowid = entry->rowid;
    TRY(version_find(cx, snap, entry->tag, payload, vr, &seen, &payload));
    if (!seen) {
        return ST_OK;
    }
    const RowLayout *layout;
    if ((const uint8_t *)payload.ptr == vr->bytes) {
        payload.ptr = arena_memdup(arena, payload.ptr, payload.len);
    }
    TRY(row_resolve(cx, t->engine, t->layouts, arena, payload, page, &row, &layout));
    l->mixed |= layout != l->layout;
    l->head_bits |= get_u16(row.ptr);
    l->layouts[l->count] = layout;
    l->rows[l->count] = (const uint8_t *)row.ptr;
    l->lens[l->count] = (uint32_t)row.len;
    l->ids[l->count++] = entry->rowid;
    return ST_OK;
}

Status row_list_add(Cx *cx, const Snapshot *snap, const Table *t, VersionReader *vr,
                    const BtEntry *entry, PageNo page, RowList *l, Arena *arena)
{
    if (LIKELY(version_settled(snap, entry->tag) && entry->payload_len >= l->layout->data_at)) {
        if ((entry->tag & TAG_DELETED) != 0) {
            return ST_OK;
        }
        uint16_t head = get_u16(entry->payload);
        if (LIKELY((head & (ROW_LAYOUT_MASK | ROW_OUT_OF_LINE)) == l->layout->number)) {
            uint32_t n = l->count++;
            l->head_bits |= head;
            l->layouts[n] = l->layout;
            l->rows[n] = entry->payload;
            l->lens[n] = entry->payload_len;
            l->ids[n] = entry->rowid;
            return ST_OK;
        }
    }
    if (table_tracked(t, snap) != NULL) {
        TRY(scan_track(cx, snap, t, entry->tag, entry->rowid, false));
    }
    if (row_list_add_back(snap, entry, l, arena)) {
        return ST_OK;
    }
    return row_list_add_slow(cx, snap, t, vr, entry, page, l, arena);
}

void row_list_begin(RowList *l, const Table *t)
{
    l->layout = tree_rt_layout(t->layouts, t->layout);
    l->count = 0;
    l->head_bits = 0;
    l->mixed = false;
    l->plain = false;
}

/* ---- gathering ---- */

/* One column of one width from all rows: the loop a scan spends its time in. */
#define GATHER(type)                                                                               \
    do {                                                                                           \
        type *out_ = (type *)v->data + at;                                                         \
        for (uint32_t i = 0; i < n; i++) {                                                         \
            memcpy(&out_[i], rows[i] + offset, sizeof(type));                                      \
        }                                                                                          \
    } while (0)

typedef struct Bytes16 {
    uint64_t w[2];
} Bytes16;

static void gather_fixed(const uint8_t *const *rows, uint32_t n, uint32_t offset, Vector *v,
                         uint32_t at)
{
    switch (phys_bytes(v->phys)) {
    case 1: GATHER(uint8_t); break;
    case 2: GATHER(uint16_t); break;
    case 4: GATHER(uint32_t); break;
    case 8: GATHER(uint64_t); break;
    default: GATHER(Bytes16); break;
    }
}

static void gather_nulls(const uint8_t *const *rows, uint32_t n, uint32_t col, Vector *v,
                         uint32_t at)
{
    uint32_t byte = 2 + col / 8, bit = col & 7;
    for (uint32_t i = 0; i < n; i++) {
        if ((rows[i][byte] >> bit & 1) != 0) {
            vec_set_null(v, at + i);
        }
    }
}

/* StrSpan - a string in a latched row. */
typedef struct StrSpan {
    uint16_t from, len, spaces;
} StrSpan;

/* string_span - where a value is; false when it is out of line or damaged. */
static inline bool string_span(const RowLayout *layout, uint32_t k, const uint8_t *row,
                               uint32_t row_len, StrSpan *out)
{
    const uint8_t *ends = row + layout->ends_at;
    uint32_t end = get_u16(ends + 2 * k), to = end & ROW_END_MASK;
    uint32_t from = k == 0 ? layout->data_at : get_u16(ends + 2 * (k - 1)) & ROW_END_MASK;
    uint32_t count = (end & ROW_END_SPACES) >> 13; /* 2 bytes, or none */
    if (UNLIKELY((end & ROW_END_EXTERNAL) != 0 || from < layout->data_at || from + count > to ||
                 to > row_len)) {
        return false;
    }
    *out = (StrSpan){(uint16_t)from, (uint16_t)(to - from - count),
                     count != 0 ? get_u16(row + to - 2) : 0};
    return true;
}

/* gather_strings - a string column of rows of one layout: one piece of memory for all of them.
 * ST_BUSY when a value is out of line or damaged: row_get sees to it. */
static Status gather_strings(const RowList *l, uint16_t col, Vector *v, uint32_t at, Arena *arena)
{
    const RowLayout *layout = l->layout;
    uint32_t n = l->count, k = layout->at[col], byte = 2u + col / 8u, bit = col & 7u;
    Str *out = VEC_DATA(v, Str) + at;
    size_t total = 0;
    StrSpan spans[VEC_CAPACITY];
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *row = l->rows[i];
        if (!string_span(layout, k, row, l->lens[i], &spans[i])) {
            return ST_BUSY;
        }
        if ((row[byte] >> bit & 1) != 0) {
            spans[i].len = spans[i].spaces = 0;
        }
        total += (size_t)spans[i].len + spans[i].spaces;
    }
    char *room = total != 0 ? arena_alloc_aligned(arena, total, 1) : NULL;
    for (uint32_t i = 0; i < n; i++) {
        const char *p = (const char *)l->rows[i] + spans[i].from;
        uint32_t len = (uint32_t)spans[i].len + spans[i].spaces;
        if (spans[i].spaces == 0 && len <= STR_INLINE_BYTES) {
            out[i] = str_ref(p, len);
            continue;
        }
        memcpy(room, p, spans[i].len);
        memset(room + spans[i].len, ' ', spans[i].spaces);
        out[i] = str_ref(room, len);
        room += len;
    }
    return ST_OK;
}

/* gathered_sound - the strings just gathered are of the column's type. NULLs among them are empty,
 * which few types are: then each is looked at. */
static Status gathered_sound(Cx *cx, const Table *t, uint16_t col, const Vector *v, uint32_t at,
                             uint32_t n)
{
    const Str *values = VEC_DATA(v, Str) + at;
    if (LIKELY(t->sound[col](values, n))) {
        return ST_OK;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (!vec_is_null(v, at + i)) {
            TRY(column_sound(cx, t, col, &values[i], 1));
        }
    }
    return ST_OK;
}

Status row_list_gather(Cx *cx, const Table *t, const RowList *l, uint16_t col, Vector *v,
                       uint32_t at, Arena *arena)
{
    const RowLayout *layout = l->layout;
    if (LIKELY(!l->mixed && v->phys != PHYS_STR)) {
        gather_fixed(l->rows, l->count, layout->at[col], v, at);
        if (UNLIKELY((l->head_bits & ROW_HAS_NULLS) != 0)) {
            gather_nulls(l->rows, l->count, col, v, at);
        }
        return ST_OK;
    }
    if (!l->mixed && col < layout->column_count && gather_strings(l, col, v, at, arena) == ST_OK) {
        if (UNLIKELY((l->head_bits & ROW_HAS_NULLS) != 0)) {
            gather_nulls(l->rows, l->count, col, v, at);
        }
        return column_tried(t, col) ? gathered_sound(cx, t, col, v, at, l->count) : ST_OK;
    }
    for (uint32_t i = 0; i < l->count; i++) {
        TRY(row_get(cx, t, l->plain ? layout : l->layouts[i], slice_bytes(l->rows[i], l->lens[i]),
                    col, v, at + i, arena));
    }
    return ST_OK;
}

/* Rows between asking for a log record and looking at it, and between that and judging the row. */
enum { AHEAD_RECORD = 24, AHEAD_LEADS_TO = 12 };

/* scan_ahead - with row `slot` about to be judged: have on the way what later rows need, so that
 * their cache misses overlap. */
static inline void scan_ahead(const TableScan *s, uint32_t slot)
{
    uint32_t i = slot - s->unsettled_from, n = s->unsettled_count;
    if (i + AHEAD_RECORD < n && s->unsettled[i + AHEAD_RECORD] != 0) {
        wal_prefetch(s->t->engine->wal, s->unsettled[i + AHEAD_RECORD]);
    }
    if (i + AHEAD_LEADS_TO < n && s->unsettled[i + AHEAD_LEADS_TO] != 0) {
        version_ahead(s->snap, s->unsettled[i + AHEAD_LEADS_TO]);
    }
}

/* scan_ahead_begin - list what has to be judged of n rows of the leaf, and start with the first. */
static void scan_ahead_begin(TableScan *s, const PageRef *leaf, uint32_t from, uint32_t n)
{
    s->unsettled_from = from;
    s->unsettled_count = 0;
    if (n > VEC_CAPACITY || !bt_leaf_rows(leaf, from, n, 0, s->list.rows, s->list.lens)) {
        return; /* damage is told row by row */
    }
    for (uint32_t i = 0; i < n; i++) {
        uint64_t tag = get_u64(s->list.rows[i] - 8);
        s->unsettled[i] = version_settled(s->snap, tag) ? 0 : tag_lsn(tag);
    }
    s->unsettled_count = n;
    for (uint32_t i = 0; i < MIN(n, (uint32_t)AHEAD_RECORD); i++) {
        if (s->unsettled[i] != 0) {
            wal_prefetch(s->t->engine->wal, s->unsettled[i]);
        }
    }
    for (uint32_t i = 0; i < MIN(n, (uint32_t)AHEAD_LEADS_TO); i++) {
        if (s->unsettled[i] != 0) {
            version_ahead(s->snap, s->unsettled[i]);
        }
    }
}

/* scan_leaf_live - is nothing on the leaf deleted, and all of it in the scan's range? */
static bool scan_leaf_live(const TableScan *s, const PageRef *leaf)
{
    uint32_t n = bt_leaf_count(leaf);
    return bt_leaf_all_live(leaf) && n != 0 && bt_leaf_rowid(leaf, n - 1) <= s->last_rowid;
}

static bool scan_leaf_settled(const TableScan *s, const PageRef *leaf)
{
    return leaf->hdr->max_row_lsn < s->snap->settled_lsn;
}

/* scan_tags_seen - does the snapshot see the newest version of these rows of a live leaf, as far as
 * can be told without reading log records? */
static bool scan_tags_seen(const TableScan *s, uint32_t n)
{
    const Snapshot *snap = s->snap;
    Lsn last = 0;
    for (uint32_t i = 0; i < n; i++) {
        Lsn lsn = tag_lsn(get_u64(s->list.rows[i] - 8));
        if (lsn != last && lsn >= snap->settled_lsn &&
            !lsn_settled_block(snap->sys, lsn, snap->csn)) {
            return false;
        }
        last = lsn;
    }
    return true;
}

/* scan_leaf_seen - does the snapshot see each row of a live leaf from `slot` on as it is? */
static bool scan_leaf_seen(TableScan *s, const PageRef *leaf, uint32_t slot)
{
    uint32_t n = bt_leaf_count(leaf);
    if (!scan_leaf_live(s, leaf)) {
        return false;
    }
    return slot >= n || scan_leaf_settled(s, leaf) ||
           (n - slot <= VEC_CAPACITY &&
            bt_leaf_rows(leaf, slot, n - slot, 2, s->list.rows, s->list.lens) &&
            scan_tags_seen(s, n - slot));
}

/* scan_take_plain - rows of a live leaf, when all are seen as they are and of the table's own
 * layout; false: they have to be looked at one by one. */
static bool scan_take_plain(TableScan *s, const PageRef *leaf, uint32_t slot, uint32_t n)
{
    RowList *l = &s->list;
    uint32_t head_bits = 0, other = 0, number = l->layout->number;
    if (!bt_leaf_rows(leaf, slot, n, l->layout->data_at, l->rows, l->lens)) {
        return false;
    }
    for (uint32_t i = 0; i < n; i++) {
        uint32_t head = get_u16(l->rows[i]);
        other |= (head & (ROW_LAYOUT_MASK | ROW_OUT_OF_LINE)) ^ number;
        head_bits |= head;
    }
    if (other != 0 || (!scan_leaf_settled(s, leaf) && !scan_tags_seen(s, n))) {
        return false;
    }
    if (s->want_rowid) {
        bt_leaf_rowids(leaf, slot, n, l->ids);
    }
    l->head_bits = head_bits;
    l->plain = true;
    l->count = n;
    return true;
}

/* scan_track_leaf - SERIALIZABLE: a leaf is about to be read. Under a snapshot that is not the
 * transaction's own, what is settled for that one has to be looked at, too. */
static Status scan_track_leaf(Cx *cx, const TableScan *s, const PageRef *leaf)
{
    const Txn *txn = s->snap->txn;
    TRY(ssi_check_doomed(cx, s->snap->txn));
    for (uint32_t i = 0; s->snap->csn != txn->snapshot.csn && i < bt_leaf_count(leaf); i++) {
        BtEntry entry;
        if (bt_leaf_entry(leaf, i, &entry) && table_tracked(s->t, s->snap) != NULL) {
            TRY(scan_track(cx, s->snap, s->t, entry.tag, entry.rowid, false));
        }
    }
    return ST_OK;
}

/* scan_take_leaf - rows of the latched leaf from pos->slot on, up to `max`; *slot_out: the first
 * slot not looked at. */
static Status scan_take_leaf(Cx *cx, TableScan *s, const BtPos *pos, uint32_t max, Arena *arena,
                             uint32_t *slot_out)
{
    RowList *l = &s->list;
    uint32_t n = bt_leaf_count(&pos->leaf), slot = pos->slot;
    row_list_begin(l, s->t);
    bt_cursor_prefetch(&s->tree, &pos->leaf);
    s->leaf_rows = n;
    if (slot < n && table_tracked(s->t, s->snap) != NULL) {
        TRY(scan_track_leaf(cx, s, &pos->leaf));
    }
    if (slot < n && scan_leaf_live(s, &pos->leaf) &&
        scan_take_plain(s, &pos->leaf, slot, MIN(n - slot, max))) {
        *slot_out = slot + l->count;
        return ST_OK;
    }
    bool judge = pos->leaf.hdr->max_row_lsn >= s->snap->settled_lsn;
    if (judge && slot < n) {
        scan_ahead_begin(s, &pos->leaf, slot, MIN(n - slot, max));
    }
    for (; slot < n && l->count < max; slot++) {
        BtEntry entry;
        if (judge) {
            scan_ahead(s, slot);
        }
        if (UNLIKELY(!bt_leaf_entry(&pos->leaf, slot, &entry))) {
            return err_corrupt(cx, pos->leaf.page, "row %u is damaged", slot);
        }
        if (UNLIKELY(entry.rowid > s->last_rowid)) {
            s->done = true;
            break;
        }
        TRY(row_list_add(cx, s->snap, s->t, &s->vr, &entry, pos->leaf.page, l, arena));
    }
    *slot_out = slot;
    return ST_OK;
}

Status table_scan_next(Cx *cx, TableScan *s, uint32_t max_rows, Batch *out, Arena *arena)
{
    uint32_t filled = 0, leaves = 0;
    uint64_t read = cx->pages_read;
    batch_reset(out);
    max_rows = MIN(max_rows, (uint32_t)VEC_CAPACITY);
    while (filled < max_rows && !s->done) {
        if (filled != 0 && filled + s->leaf_rows > max_rows) {
            break; /* a batch ends with a leaf: going on inside one costs a descent */
        }
        BtPos pos;
        Status st = scan_latch(cx, s, &pos);
        if (st == ST_DONE) {
            s->done = true;
            break;
        }
        TRY(st);
        uint32_t slot = 0, n = bt_leaf_count(&pos.leaf);
        leaves++;
        txn_note_page(s->txn, s->snap, &pos.leaf);
        st = scan_take_leaf(cx, s, &pos, max_rows - filled, arena, &slot);
        for (uint16_t i = 0; st == ST_OK && i < s->column_count; i++) {
            st = row_list_gather(cx, s->t, &s->list, s->columns[i], out->cols[i], filled, arena);
        }
        if (st == ST_OK && s->want_rowid) {
            memcpy((uint64_t *)out->cols[s->column_count]->data + filled, s->list.ids,
                   s->list.count * sizeof(uint64_t));
        }
        if (st == ST_OK && slot < n && !s->done) {
            s->next_rowid = bt_leaf_rowid(&pos.leaf, slot);
            s->state = SCAN_AT_KEY;
            bt_release(&s->tree, &pos);
        } else {
            s->state = SCAN_NEXT_LEAF;
            bt_cursor_leave(&s->cursor, &pos);
        }
        TRY(snapshot_judge(cx, s->snap, st));
        filled += s->list.count;
        TRY(cx_check(cx));
    }
    batch_set_count(out, filled);
    counts_add(s->txn, s->counts, COUNT_RETURNED, filled);
    counts_pages(cx, s->txn, s->counts, leaves, read);
    return filled == 0 && s->done ? ST_DONE : ST_OK;
}

Status table_scan_count(Cx *cx, TableScan *s, uint64_t *count_out)
{
    uint64_t count = 0, leaves = 0, read = cx->pages_read;
    for (;; leaves++) {
        BtPos pos;
        Status st = scan_latch(cx, s, &pos);
        if (st == ST_DONE) {
            break;
        }
        TRY(st);
        uint32_t n = bt_leaf_count(&pos.leaf);
        txn_note_page(s->txn, s->snap, &pos.leaf);
        bt_cursor_prefetch(&s->tree, &pos.leaf);
        uint32_t slot = pos.slot;
        if (slot < n && table_tracked(s->t, s->snap) != NULL) {
            st = scan_track_leaf(cx, s, &pos.leaf);
        }
        if (scan_leaf_seen(s, &pos.leaf, slot)) {
            count += n - MIN(slot, n);
            slot = n;
        }
        for (; slot < n && st == ST_OK; slot++) {
            BtEntry entry;
            bool seen;
            Slice row;
            if (!bt_leaf_entry(&pos.leaf, slot, &entry)) {
                st = err_corrupt(cx, pos.leaf.page, "row %u is damaged", slot);
                break;
            }
            if (entry.rowid > s->last_rowid) {
                s->done = true;
                break;
            }
            if (LIKELY(version_settled(s->snap, entry.tag))) {
                count += (entry.tag & TAG_DELETED) == 0;
                continue;
            }
            if (table_tracked(s->t, s->snap) != NULL) {
                st = scan_track(cx, s->snap, s->t, entry.tag, entry.rowid, false);
                if (st != ST_OK) {
                    break;
                }
            }
            s->vr.tree = s->t->tree;
            s->vr.rowid = entry.rowid;
            st = version_find(cx, s->snap, entry.tag, slice_bytes(entry.payload, entry.payload_len),
                              &s->vr, &seen, &row);
            count += st == ST_OK && seen;
        }
        s->state = SCAN_NEXT_LEAF;
        bt_cursor_leave(&s->cursor, &pos);
        TRY(snapshot_judge(cx, s->snap, st));
        TRY(cx_check(cx));
    }
    s->done = true;
    *count_out = count;
    counts_add(s->txn, s->counts, COUNT_RETURNED, count);
    counts_pages(cx, s->txn, s->counts, leaves, read);
    return ST_OK;
}

/* ---- one row ---- */

Status row_fetch_at(Cx *cx, Txn *txn, const Snapshot *snap, const Table *t, VersionReader *vr,
                    const BtPos *pos, const uint16_t *columns, uint16_t column_count, Batch *out,
                    uint32_t out_row, Arena *arena)
{
    BtEntry entry;
    bool seen = true;
    if (!bt_leaf_entry(&pos->leaf, pos->slot, &entry)) {
        return err_corrupt(cx, pos->leaf.page, "row %u is damaged", pos->slot);
    }
    Slice payload = slice_bytes(entry.payload, entry.payload_len), row;
    if (version_settled(snap, entry.tag)) {
        seen = (entry.tag & TAG_DELETED) == 0;
        txn_note_shown(txn, snap, tag_lsn(entry.tag));
    } else {
        vr->tree = t->tree;
        vr->rowid = entry.rowid;
        TRY(version_find(cx, snap, entry.tag, payload, vr, &seen, &payload));
        txn_note_shown(txn, snap, vr->shown_lsn);
    }
    if (table_tracked(t, snap) != NULL) {
        TRY(scan_track(cx, snap, t, entry.tag, entry.rowid, seen));
    }
    if (!seen) {
        return ST_NOTFOUND;
    }
    const RowLayout *l;
    TRY(row_resolve(cx, t->engine, t->layouts, arena, payload, pos->leaf.page, &row, &l));
    for (uint16_t i = 0; i < column_count; i++) {
        TRY(row_get(cx, t, l, row, columns[i], out->cols[i], out_row, arena));
    }
    return ST_OK;
}

Status table_fetch(Cx *cx, Txn *txn, const Snapshot *snap, const Table *t, RowId rowid,
                   const uint16_t *columns, uint16_t column_count, Batch *out, uint32_t out_row,
                   Arena *arena)
{
    VersionReader vr;
    BtTree tree = table_tree(t);
    BtKey key = row_key(rowid);
    BtPos pos;
    version_reader_init(&vr);
    TRY(bt_seek(cx, &tree, &key, LATCH_SHARED, &pos));
    Status st = pos.found ? row_fetch_at(cx, txn, snap, t, &vr, &pos, columns, column_count, out,
                                         out_row, arena)
                          : ST_NOTFOUND;
    bt_release(&tree, &pos);
    return snapshot_judge(cx, snap, st);
}

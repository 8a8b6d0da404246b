/*
 * update.c - replacing a row in place: conflict test under the leaf latch, delta to the log,
 * indexes.
 *
 * Nothing that blocks is done under the latch: an in-progress writer or lock holder is waited for
 * after letting go, and then the whole test is run again. A row that grows beyond its leaf is
 * re-found through bt_seek_insert, which splits first.
 */
#include "table/counts.h"
#include "table/table_internal.h"

Status row_write_seek(Cx *cx, Txn *txn, const Snapshot *snap, const Table *t, RowId rowid,
                      RowLockMode mode, uint32_t room, BtPos *pos, BtEntry *entry,
                      bool *own_key_out, WriteOutcome *outcome_out)
{
    BtTree tree = table_tree(t);
    BtKey key = row_key(rowid);
    for (uint32_t tries = 0;;) {
        if (room == 0) {
            TRY(bt_seek(cx, &tree, &key, LATCH_EXCLUSIVE, pos));
        } else {
            TRY(bt_seek_insert(cx, &tree, &key, room, pos));
        }
        if (!pos->found) {
            bt_release(&tree, pos);
            row_wait_over(txn);
            *outcome_out = WRITE_DELETED_MEANWHILE;
            return ST_OK;
        }
        VersionState state = VERSION_FREE;
        Xid xid = 0;
        Status st = ST_OK;
        if (!bt_leaf_entry(&pos->leaf, pos->slot, entry)) {
            st = err_corrupt(cx, pos->leaf.page, "row %u is damaged", pos->slot);
        } else {
            st = version_writable(cx, txn, snap, entry->tag, &state, &xid, own_key_out);
        }
        if (st != ST_OK) {
            bt_release(&tree, pos);
            return st;
        }
        bool deleted = (entry->tag & TAG_DELETED) != 0;
        bool own = xid != 0 && xid == txn->xid;
        bool locked = st == ST_OK && state != VERSION_WAIT && !deleted &&
                      row_lock_conflict(t->engine->txns, txn, t->tree, rowid, mode, own);
        if (state == VERSION_FREE && !deleted && !locked) {
            st = table_check_write(cx, txn, t, t->tree, SSI_ROW, rowid, tag_lsn(entry->tag));
            if (st != ST_OK) {
                bt_release(&tree, pos);
                return st;
            }
            if (own_key_out != NULL) {
                *own_key_out = *own_key_out && xid != 0 && xid == txn->xid;
            }
            *outcome_out = WRITE_DONE;
            txn->park = NULL; /* the row is ours: from here on nothing can be begun again */
            return ST_OK;
        }
        bool waits = state == VERSION_WAIT || (state == VERSION_FREE && locked && !deleted);
        if (waits) {
            row_wait_enter(txn, t->tree, rowid, mode, state == VERSION_WAIT || own ? xid : 0);
        }
        bt_release(&tree, pos);
        if (waits) {
            TRY(row_wait(cx, txn));
            TRY(cx_retry(cx, &tries));
        } else if (state == VERSION_SELF) {
            row_wait_over(txn);
            *outcome_out = WRITE_SELF_CHANGED;
            return ST_OK;
        } else if (deleted) {
            row_wait_over(txn);
            *outcome_out = WRITE_DELETED_MEANWHILE;
            return ST_OK;
        } else {
            /* It keeps its place in the queue: most likely it will want the new version. */
            *outcome_out = WRITE_UPDATED_MEANWHILE;
            return ST_OK;
        }
    }
}

/* ---- indexes ---- */

/* update_touches - may any key column of the index differ? */
static bool update_touches(const TableIndex *ix, const bool *changed)
{
    if (changed == NULL) {
        return true;
    }
    for (uint16_t i = 0; i < ix->column_count; i++) {
        if (ix->columns[i].column >= 0 && changed[ix->columns[i].column]) {
            return true;
        }
    }
    for (uint16_t i = 0; ix->compute != NULL && i < ix->compute->column_count; i++) {
        if (changed[ix->compute->columns[i]]) {
            return true;
        }
    }
    return false;
}

/* update_may_move - may a column of a unique index change, which foreign keys need to know? */
static bool update_may_move(const Table *t, const bool *changed)
{
    for (uint16_t i = 0; i < t->index_count; i++) {
        if (t->indexes[i].unique && update_touches(&t->indexes[i], changed)) {
            return true;
        }
    }
    return false;
}

/* update_moves - does any key of a unique index differ between the row and what it is to become? */
static Status update_moves(Cx *cx, const Table *t, Slice old_payload, const RowValues *values,
                           const bool *changed, RowId rowid, bool *moves_out)
{
    IndexKey old_key, new_key;
    KeySource new_src = {.values = values}, old_src = {.arena = cx->arena};
    ArenaMark mark = arena_mark(cx->arena);
    *moves_out = false;
    TRY(row_resolve(cx, t->engine, t->layouts, cx->arena, old_payload, t->root, &old_src.row,
                    &old_src.layout));
    for (uint16_t i = 0; i < t->index_count && !*moves_out; i++) {
        const TableIndex *ix = &t->indexes[i];
        if (ix->unique && update_touches(ix, changed)) {
            TRY(index_key_build(cx, t, ix, &old_src, rowid, &old_key));
            TRY(index_key_build(cx, t, ix, &new_src, rowid, &new_key));
            *moves_out = !index_key_same(&old_key, &new_key);
        }
    }
    arena_rewind(cx->arena, mark);
    return ST_OK;
}

static bool update_needs_old(const Table *t, const bool *changed)
{
    for (uint16_t i = 0; i < t->index_count; i++) {
        if (update_touches(&t->indexes[i], changed)) {
            return true;
        }
    }
    return false;
}

/* update_indexes - old entry out, new entry in, for every index whose key really differs.
 * *moved_out: there was one. */
static Status update_indexes(Cx *cx, Txn *txn, const Table *t, Slice old_payload,
                             const RowValues *values, const bool *changed, RowId rowid,
                             bool *moved_out)
{
    IndexKey old_key, new_key;
    KeySource new_src = {.values = values}, old_src = {.arena = cx->arena};
    ArenaMark mark = arena_mark(cx->arena);
    Status st = row_resolve(cx, t->engine, t->layouts, cx->arena, old_payload, t->root,
                            &old_src.row, &old_src.layout);
    for (uint16_t i = 0; st == ST_OK && i < t->index_count; i++) {
        const TableIndex *ix = &t->indexes[i];
        if (!update_touches(ix, changed)) {
            continue;
        }
        if (ix->inverted) {
            TRY_OUT(inverted_change(cx, txn, t, ix, &old_src, &new_src, rowid));
            continue;
        }
        TRY_OUT(index_key_build(cx, t, ix, &old_src, rowid, &old_key));
        TRY_OUT(index_key_build(cx, t, ix, &new_src, rowid, &new_key));
        if (index_key_same(&old_key, &new_key)) {
            continue;
        }
        *moved_out = true;
        TRY_OUT(index_delete_mark(cx, txn, t, ix, &old_key));
        TRY_OUT(index_put(cx, txn, t, ix, &new_key, rowid, true, NULL));
    }
out:
    if (st == ST_OK) {
        arena_rewind(cx->arena, mark);
    }
    return st;
}

/* ---- overflow values left behind ---- */

/* RefList - chains named in a row. */
typedef struct RefList {
    OverflowRef *refs;
    uint32_t count, size;
} RefList;

static Status ref_list_add(void *arg, Cx *cx, const OverflowRef *ref)
{
    RefList *l = arg;
    (void)cx;
    if (l->count == l->size) {
        l->size = l->size == 0 ? 8 : l->size * 2;
        l->refs = mem_realloc("overflow refs", l->refs, l->size * sizeof(*l->refs));
    }
    l->refs[l->count++] = *ref;
    return ST_OK;
}

/* update_free_left - chains of the old row that the new one does not name go at commit. Also of a
 * new row that is given up, over the old one, which stays. */
static Status update_free_left(Cx *cx, Txn *txn, const Table *t, Slice old_payload,
                               Slice new_payload)
{
    RefList before = {0}, after = {0};
    Status st =
        row_for_each_ref(cx, t->engine, t->layouts, old_payload, false, ref_list_add, &before);
    if (st == ST_OK && before.count != 0 && new_payload.ptr != NULL) {
        st = row_for_each_ref(cx, t->engine, t->layouts, new_payload, false, ref_list_add, &after);
    }
    for (uint32_t i = 0; st == ST_OK && i < before.count; i++) {
        bool kept = false;
        for (uint32_t k = 0; k < after.count && !kept; k++) {
            kept = after.refs[k].page == before.refs[i].page &&
                   after.refs[k].stamp == before.refs[i].stamp;
        }
        if (!kept) {
            txn_free_chain_on_commit(txn, t->tree, before.refs[i].page, before.refs[i].stamp);
        }
    }
    mem_free(before.refs);
    mem_free(after.refs);
    return st;
}

/* ---- the row ---- */

/* update_log - the UPDATE record of a delta. */
static Lsn update_log(Txn *txn, const Table *t, PageNo page, uint8_t flags, RowId rowid,
                      uint64_t prev_tag, const Delta *d, const uint8_t *old_row,
                      const uint8_t *new_row, const SkipLink *skip)
{
    uint8_t head[22 + 6 * DELTA_RANGES_MAX];
    Slice parts[2 + 2 * DELTA_RANGES_MAX];
    uint32_t n = 1;
    put_u64(head, rowid);
    put_u64(head + 8, prev_tag);
    put_u16(head + 16, d->old_len);
    put_u16(head + 18, d->new_len);
    put_u16(head + 20, (uint16_t)d->count);
    for (uint32_t i = 0; i < d->count; i++) {
        const DeltaRange *r = &d->ranges[i];
        uint8_t *p = head + 22 + 6 * (size_t)i;
        put_u16(p, r->at);
        put_u16(p + 2, r->old_n);
        put_u16(p + 4, r->new_n);
        if (r->old_n != 0) {
            parts[n++] = slice_bytes(old_row + r->at, r->old_n);
        }
        if (r->new_n != 0) {
            parts[n++] = slice_bytes(new_row + r->at, r->new_n);
        }
    }
    parts[0] = slice_bytes(head, 22 + 6 * (size_t)d->count);
    if (skip != NULL) {
        parts[n++] = slice_bytes(skip, sizeof(*skip));
        flags |= ROWREC_SKIP;
    }
    return txn_log(txn, WAL_UPDATE, flags, t->tree, page, parts, n);
}

/* update_apply - leaf latched, room enough: log the delta and rewrite the row. */
static void update_apply(Cx *cx, Txn *txn, const Table *t, BtPos *pos, const BtEntry *entry,
                         uint8_t flags, RowId rowid, const uint8_t *row, uint32_t len)
{
    Delta d;
    SkipLink link;
    Slice old_row = slice_bytes(entry->payload, entry->payload_len);
    bool skip = skip_link_make(cx, txn, entry->tag, &link);
    if (skip) {
        delta_make_one(old_row, slice_bytes(row, len), &d); /* so that it can be a base itself */
    } else {
        delta_make(old_row, slice_bytes(row, len), &d);
    }
    page_dirty(t->engine->store, &pos->leaf);
    Lsn lsn = update_log(txn, t, pos->leaf.page, flags, rowid, entry->tag, &d, entry->payload, row,
                         skip ? &link : NULL);
    BtEntry now = *entry;
    if (len != entry->payload_len) {
        bool fits = bt_leaf_resize(&pos->leaf, pos->slot, len);
        ASSERT(fits);
        bool good = bt_leaf_entry(&pos->leaf, pos->slot, &now);
        ASSERT(good);
        memcpy(now.payload, row, len);
    } else {
        for (uint32_t i = 0; i < d.count; i++) {
            memcpy(now.payload + d.ranges[i].at, row + d.ranges[i].at, d.ranges[i].new_n);
        }
    }
    bt_leaf_set_tag(&pos->leaf, pos->slot, lsn | TAG_HAS_PREV);
    page_set_lsn(&pos->leaf, lsn, true);
}

/* update_old_refs - does the newest version hold external values that row_encode should know? Reads
 * the payload into old (ROW_INLINE_MAX bytes). */
static Status update_read_old(Cx *cx, const Table *t, RowId rowid, uint8_t *old, Slice *out)
{
    BtTree tree = table_tree(t);
    BtKey key = row_key(rowid);
    BtPos pos;
    BtEntry entry;
    *out = (Slice){NULL, 0};
    TRY(bt_seek(cx, &tree, &key, LATCH_SHARED, &pos));
    if (pos.found && bt_leaf_entry(&pos.leaf, pos.slot, &entry) &&
        entry.payload_len <= ROW_INLINE_MAX) {
        memcpy(old, entry.payload, entry.payload_len);
        *out = slice_bytes(old, entry.payload_len);
    }
    bt_release(&tree, &pos);
    return ST_OK;
}

/* update_give_up - the row encoded over `known` (ptr NULL: over nothing) is not written after all.
 */
static Status update_give_up(Cx *cx, Txn *txn, const Table *t, const uint8_t *row, uint32_t len,
                             Slice known)
{
    Slice mine = slice_bytes(row, len);
    return row_has_refs(t->layouts, mine) ? update_free_left(cx, txn, t, mine, known) : ST_OK;
}

/*
 * update_lock - how the row has to be held: in NO KEY UPDATE when every unique key stays as it is.
 * What it was compared with goes into old (*read_out; empty: not compared), for the row must still
 * be that one when it is replaced.
 */
static Status update_lock(Cx *cx, const Table *t, RowId rowid, const RowValues *values,
                          const bool *changed, uint8_t *old, Slice *read_out, RowLockMode *mode_out)
{
    bool moves = false;
    *mode_out = ROWLOCK_NO_KEY_UPDATE;
    *read_out = (Slice){NULL, 0};
    if (!update_may_move(t, changed)) {
        return ST_OK;
    }
    TRY(update_read_old(cx, t, rowid, old, read_out));
    if (read_out->ptr != NULL) {
        TRY(update_moves(cx, t, *read_out, values, changed, rowid, &moves));
    }
    if (moves || read_out->ptr == NULL) {
        *mode_out = ROWLOCK_UPDATE;
        *read_out = (Slice){NULL, 0};
    }
    return ST_OK;
}

Status table_update(Cx *cx, Txn *txn, const Snapshot *snap, const Table *t, RowId rowid,
                    const RowValues *values, const bool *changed, WriteOutcome *outcome_out)
{
    uint8_t row[ROW_INLINE_MAX], old[ROW_INLINE_MAX];
    uint32_t len;
    BtPos pos;
    BtEntry entry;
    BtTree tree = table_tree(t);
    RowLockMode mode;
    bool own_key;
    TRY(txn_start_write(cx, txn));
    TRY(wal_admit(cx, t->engine->wal, 2 * ROW_INLINE_MAX));
    for (uint32_t tries = 0;;) {
        uint32_t room = 0;
        Slice expected, known = {NULL, 0};
        TRY(update_lock(cx, t, rowid, values, changed, old, &expected, &mode));
        bool refs = atomic_load_explicit(&t->layouts->has_overflow, memory_order_acquire);
        if (refs) {
            /* External values that did not change are taken over, so the row must still be the one
               they were read from when it is replaced. Wait first, so as not to write chains for a
               row somebody else holds. */
            TRY(row_write_seek(cx, txn, snap, t, rowid, mode, 0, &pos, &entry, NULL, outcome_out));
            if (*outcome_out != WRITE_DONE) {
                return ST_OK;
            }
            bt_release(&tree, &pos);
            uint8_t *to = expected.ptr != NULL ? row : old;
            TRY(update_read_old(cx, t, rowid, to, &known));
            if (expected.ptr != NULL && !slice_eq(expected, known)) {
                TRY(cx_retry(cx, &tries));
                continue; /* changed since its keys were compared */
            }
            known.ptr = known.ptr != NULL ? (const char *)old : NULL;
            expected = known;
        }
        TRY(row_encode(cx, txn, t, values, known, changed, row, &len));
        if (atomic_load_explicit(&t->layouts->has_overflow, memory_order_acquire)) {
            txn->park = NULL; /* external values may be written: not to be begun again */
        }
        for (;;) {
            TRY(row_write_seek(cx, txn, snap, t, rowid, mode, room, &pos, &entry, &own_key,
                               outcome_out));
            if (*outcome_out != WRITE_DONE) {
                return update_give_up(cx, txn, t, row, len, known);
            }
            BtKey key = row_key(rowid);
            if (room != 0 || len <= entry.payload_len ||
                bt_leaf_has_room(&pos.leaf, &key, 8 + len)) {
                break;
            }
            bt_release(&tree, &pos);
            room = 8 + len;
        }
        if (expected.ptr != NULL && (expected.len != entry.payload_len ||
                                     memcmp(expected.ptr, entry.payload, expected.len) != 0)) {
            bt_release(&tree, &pos);
            TRY(update_give_up(cx, txn, t, row, len, known));
            TRY(cx_retry(cx, &tries));
            continue;
        }
        break;
    }
    if (entry.payload_len > sizeof(old)) {
        bt_release(&tree, &pos);
        return err_corrupt(cx, pos.leaf.page, "row of %u bytes", entry.payload_len);
    }
    Slice old_payload = slice_bytes(old, entry.payload_len);
    bool keep_old = update_needs_old(t, changed) || row_has_refs(t->layouts, old_payload);
    if (keep_old) {
        memcpy(old, entry.payload, entry.payload_len);
    }
    /* KEY SHARE asks the newest record alone, so that one tells of keys moved before by txn, too.
     */
    uint8_t flags = mode == ROWLOCK_UPDATE || own_key ? ROWREC_KEY_UPDATE : 0;
    update_apply(cx, txn, t, &pos, &entry, flags, rowid, row, len);
    row_written(txn, mode);
    bt_release(&tree, &pos);
    counts_change(txn, t, COUNT_UPDATED, 1);
    bool moved = false;
    if (keep_old) {
        if (row_has_refs(t->layouts, old_payload)) {
            TRY(update_free_left(cx, txn, t, old_payload, slice_bytes(row, len)));
        }
        if (t->index_count != 0) {
            TRY(update_indexes(cx, txn, t, old_payload, values, changed, rowid, &moved));
        }
    }
    counts_add(txn, t->counts, COUNT_HOT_UPDATED, moved ? 0 : 1);
    return ST_OK;
}

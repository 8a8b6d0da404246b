/*
 * exclude.c - exclusion constraints: no two rows for which every operator of the constraint is
 * true.
 *
 * The index is an ordered tree whatever its access method is called. Leading columns compared by
 * equality narrow what is looked at, and for a few operators (KeyRangeFn) so does the column behind
 * them; else every entry is looked at. Values are decoded from keys, a leaf at a time, and no latch
 * is held while operators run.
 *
 * Two inserters that conflict: never are both let in, and of two that meet only one waits. Each
 * puts its own entry first and looks at those of others then. An entry and its log record are made
 * under the leaf's latch, so of two entries the one with the later LSN was made when the other one
 * was in the tree already; its inserter, looking afterwards, finds the other. So it suffices that
 * each judges the entries made before its own. Of a later one it need not know, if that entry is
 * new: its inserter has seen ours, and cannot commit before us (or, deferred, looks again before it
 * commits). That is why a new entry in progress with a later LSN is passed over, which also keeps
 * two inserters from waiting for each other. An entry that came before is waited for until its
 * transaction ended, and everything is looked at again. A delete in progress, or an entry that came
 * back to life, has a past that an abort brings back, so it is waited for whenever it was made.
 * Deadlocks among several rows are found where waits are queued.
 */
#include "table/table_internal.h"

/* ExcludeEntry - an entry that may be in the way. */
typedef struct ExcludeEntry {
    Slice key;
    Xid wait; /* its fate is open */
    bool live;
} ExcludeEntry;

typedef struct ExcludeSearch {
    Txn *txn;
    const Table *t;
    const TableIndex *ix;
    const IndexKey *key;
    RowId own;
    Lsn own_lsn; /* of the row's own entry; all ones: there is none yet */
    Arena arena; /* of one leaf's entries */
    ExcludeEntry *entries;
    uint32_t count;
    bool more;                     /* leaves to the right may have entries */
    Buf first, last;               /* entries' keys from and to, or what they begin with */
    Datum mine[INDEX_COLUMNS_MAX]; /* values of the columns that operators are asked about */
    Arena mine_arena;
    RowId conflict;
    Xid wait;
} ExcludeSearch;

/* exclude_decode - a key's values behind the equal columns; *null_out: one of them is NULL, and no
 * operator is true. */
static Status exclude_decode(Cx *cx, const ExcludeSearch *s, Slice key, Arena *arena, Datum *out,
                             bool *null_out)
{
    Slice in = {key.ptr + s->key->equal_len, key.len - s->key->equal_len};
    *null_out = false;
    for (uint16_t c = s->ix->exclude->equal_count; c < s->ix->column_count; c++) {
        const IndexColumn *col = &s->ix->columns[c];
        ASSERT(!col->desc);
        if (in.len > 0 && in.ptr[0] != 1) {
            *null_out = true;
            return ST_OK;
        }
        bool good = in.len > 0;
        in.ptr += good;
        in.len -= good;
        if (!good || !col->type->unkey(arena, &in, &out[c])) {
            return err_set(cx, ERRCODE_INDEX_CORRUPTED, "index \"%s\" has a damaged entry",
                           s->ix->name);
        }
    }
    return ST_OK;
}

/* exclude_column - ask the operator of column c about entries idx[0..*count), and keep those it is
 * true of. others: their values, by entry. */
static Status exclude_column(Cx *cx, ExcludeSearch *s, uint16_t c, Vector *others, uint16_t *idx,
                             uint32_t *count)
{
    static const TypeEnv ENV = {.date_order = DATEORDER_MDY, .extra_float_digits = 1};
    Oid types[2] = {s->ix->columns[c].type->oid, s->ix->columns[c].type->oid};
    FnCall call = {.cx = cx,
                   .arena = &s->arena,
                   .state_arena = &s->arena,
                   .env = &ENV,
                   .fn_oid = s->ix->exclude->opers[c].proc,
                   .result_type = TYPE_BOOL,
                   .arg_types = types,
                   .collation = s->ix->exclude->opers[c].collation,
                   .arg_typmod = -1};
    Vector mine, out;
    Sel sel = {idx, *count};
    const Vector *args[2] = {others, &mine};
    vec_init_const(&mine, others->phys, &s->arena, &s->mine[c], false);
    vec_init(&out, PHYS_BOOL, &s->arena);
    TRY(s->ix->exclude->opers[c].fn->kernel(&call, args, 2, &sel, &out));
    uint32_t n = 0;
    for (uint32_t i = 0; i < *count; i++) {
        if (!vec_is_null(&out, idx[i]) && VEC_DATA(&out, uint8_t)[idx[i]] != 0) {
            idx[n++] = idx[i];
        }
    }
    *count = n;
    return ST_OK;
}

/* exclude_narrow - which of n entries (VEC_CAPACITY at most) conflict with the key: their numbers
 * into idx, in order. */
static Status exclude_narrow(Cx *cx, ExcludeSearch *s, const ExcludeEntry *entries, uint32_t n,
                             uint16_t *idx, uint32_t *count_out)
{
    uint16_t first = s->ix->exclude->equal_count, columns = s->ix->column_count;
    Vector *vecs = ARENA_ARRAY(&s->arena, Vector, columns);
    Datum values[INDEX_COLUMNS_MAX];
    for (uint16_t c = first; c < columns; c++) {
        vec_init(&vecs[c], s->ix->columns[c].type->phys, &s->arena);
    }
    *count_out = 0;
    for (uint32_t i = 0; i < n; i++) {
        bool null;
        TRY(exclude_decode(cx, s, entries[i].key, &s->arena, values, &null));
        for (uint16_t c = first; c < columns && !null; c++) {
            vec_put(&vecs[c], i, &values[c]);
        }
        if (!null) {
            idx[(*count_out)++] = (uint16_t)i;
        }
    }
    for (uint16_t c = first; c<columns && * count_out> 0; c++) {
        TRY(exclude_column(cx, s, c, &vecs[c], idx, count_out));
    }
    return ST_OK;
}

/* exclude_look - one entry of a latched leaf: is it of any interest? */
static Status exclude_look(Cx *cx, ExcludeSearch *s, const PageRef *leaf, uint32_t slot, Slice key)
{
    BtEntry entry;
    bool live, wait;
    Xid xid = 0;
    if (key_rowid(key) == s->own) {
        return ST_OK;
    }
    if (!bt_leaf_entry(leaf, slot, &entry)) {
        return err_corrupt(cx, leaf->page, "index entry %u is damaged", slot);
    }
    TRY(version_live(cx, s->txn, s->t->engine->txns, entry.tag, &live, &wait, &xid));
    if (wait && (entry.tag & (TAG_DELETED | TAG_HAS_PREV)) == 0 &&
        tag_lsn(entry.tag) > s->own_lsn) {
        return ST_OK; /* new, and made after ours: that one waits for us */
    }
    if (!live && !wait && s->txn->ser == NULL) {
        return ST_OK;
    }
    s->entries[s->count++] =
        (ExcludeEntry){{arena_memdup(&s->arena, key.ptr, key.len), key.len}, wait ? xid : 0, live};
    return ST_OK;
}

/* exclude_take_leaf - what is of interest on a latched leaf, from its slot on. */
static Status exclude_take_leaf(Cx *cx, ExcludeSearch *s, const BtPos *pos)
{
    uint8_t bytes[INDEX_KEY_MAX + 64];
    Buf buf = {.data = bytes, .size = sizeof(bytes), .cap = sizeof(bytes)};
    uint32_t n = bt_leaf_count(&pos->leaf);
    arena_clear(&s->arena);
    s->entries = ARENA_ARRAY(&s->arena, ExcludeEntry, n + 1u);
    s->count = 0;
    for (uint32_t slot = pos->slot; slot < n; slot++) {
        bt_leaf_key(&pos->leaf, slot, &buf);
        if (buf.len < s->key->equal_len + 8 ||
            (s->last.len != 0 && memcmp(buf.data, s->last.data, MIN(buf.len, s->last.len)) > 0)) {
            s->more = false;
            break;
        }
        TRY(exclude_look(cx, s, &pos->leaf, slot, slice_bytes(buf.data, buf.len)));
    }
    return ST_OK;
}

/* exclude_note - unique_note for an entry that conflicts. */
static Status exclude_note(Cx *cx, ExcludeSearch *s, const ExcludeEntry *e)
{
    BtTree tree = index_tree(s->t, s->ix);
    BtKey key = index_key(e->key.ptr, e->key.len);
    BtPos pos;
    BtEntry entry;
    Status st = ST_OK;
    if (LIKELY(s->txn->ser == NULL)) {
        return ST_OK;
    }
    TRY(bt_seek(cx, &tree, &key, LATCH_SHARED, &pos));
    if (pos.found && bt_leaf_entry(&pos.leaf, pos.slot, &entry)) {
        st = unique_note(cx, s->txn, s->t, entry.tag, key_rowid(e->key), e->live);
    }
    bt_release(&tree, &pos);
    return st;
}

/* exclude_judge - the entries taken from a leaf, nothing latched: the first that conflicts counts.
 */
static Status exclude_judge(Cx *cx, ExcludeSearch *s)
{
    uint16_t idx[VEC_CAPACITY];
    for (uint32_t at = 0; at < s->count; at += VEC_CAPACITY) {
        uint32_t n = MIN(s->count - at, (uint32_t)VEC_CAPACITY), found;
        TRY(exclude_narrow(cx, s, s->entries + at, n, idx, &found));
        for (uint32_t i = 0; i < found; i++) {
            const ExcludeEntry *e = &s->entries[at + idx[i]];
            if (e->wait != 0) {
                s->wait = e->wait;
                return ST_OK;
            }
            TRY(exclude_note(cx, s, e));
            if (e->live) {
                s->conflict = key_rowid(e->key);
                return ST_OK;
            }
        }
    }
    return ST_OK;
}

/* exclude_walk - leaf by leaf over the entries of a range. */
static Status exclude_walk(Cx *cx, ExcludeSearch *s)
{
    BtTree tree = index_tree(s->t, s->ix);
    BtKey from = index_key(s->first.data, s->first.len);
    BtCursor c;
    BtPos pos;
    s->more = true;
    bt_cursor_init(&c, &tree, false);
    Status st = bt_cursor_seek(cx, &c, s->first.len > 0 ? &from : NULL, &pos);
    while (st == ST_OK) {
        st = exclude_take_leaf(cx, s, &pos);
        bt_cursor_leave(&c, &pos);
        if (st == ST_OK) {
            st = exclude_judge(cx, s);
        }
        if (st == ST_OK) {
            st = cx_check(cx);
        }
        if (st != ST_OK || !s->more || s->conflict != 0 || s->wait != 0) {
            break;
        }
        st = bt_cursor_next_leaf(cx, &c, &pos);
    }
    bt_cursor_release(&c);
    return st == ST_DONE ? ST_OK : st;
}

/* exclude_ranges - all entries that may conflict, range by range. */
static Status exclude_ranges(Cx *cx, ExcludeSearch *s)
{
    const IndexExclude *x = s->ix->exclude;
    for (uint32_t i = 0; s->conflict == 0 && s->wait == 0; i++) {
        buf_clear(&s->first);
        buf_put(&s->first, s->key->buf.data, s->key->equal_len);
        if (x->ranges != NULL) {
            buf_putc(&s->first, 1); /* not NULL */
        }
        buf_clear(&s->last);
        buf_put(&s->last, s->first.data, s->first.len);
        if (x->ranges == NULL ? i > 0
                              : !x->ranges(&s->mine[x->equal_count], i, &s->first, &s->last)) {
            break;
        }
        TRY(exclude_walk(cx, s));
    }
    return ST_OK;
}

/* exclude_own_lsn - when the row's own entry was made. */
static Status exclude_own_lsn(Cx *cx, ExcludeSearch *s)
{
    BtTree tree = index_tree(s->t, s->ix);
    BtKey key = index_key(s->key->buf.data, s->key->buf.len);
    BtPos pos;
    BtEntry entry;
    s->own_lsn = UINT64_MAX;
    if (s->own == 0) {
        return ST_OK;
    }
    TRY(bt_seek(cx, &tree, &key, LATCH_SHARED, &pos));
    if (pos.found && bt_leaf_entry(&pos.leaf, pos.slot, &entry)) {
        s->own_lsn = tag_lsn(entry.tag);
    }
    bt_release(&tree, &pos);
    return ST_OK;
}

/* exclude_begin - a search's own values; exclude_end gives its memory back. */
static Status exclude_begin(Cx *cx, ExcludeSearch *s)
{
    bool null;
    arena_init(&s->arena, NULL, "exclusion check", 0);
    arena_init(&s->mine_arena, NULL, "exclusion check's own values", 0);
    buf_init(&s->first, INDEX_KEY_MAX + 64);
    buf_init(&s->last, INDEX_KEY_MAX + 64);
    return exclude_decode(cx, s, slice_bytes(s->key->buf.data, s->key->prefix_len), &s->mine_arena,
                          s->mine, &null);
}

static void exclude_end(ExcludeSearch *s)
{
    arena_release(&s->arena);
    arena_release(&s->mine_arena);
    buf_release(&s->first);
    buf_release(&s->last);
}

Status exclude_find(Cx *cx, Txn *txn, const Table *t, const TableIndex *ix, const IndexKey *key,
                    RowId own, RowId *conflict_out, Xid *wait_out)
{
    ExcludeSearch s = {.txn = txn, .t = t, .ix = ix, .key = key, .own = own};
    *conflict_out = 0;
    *wait_out = 0;
    if (key->left_out || key->has_null) {
        return ST_OK;
    }
    Status st = exclude_begin(cx, &s);
    if (st == ST_OK) {
        st = exclude_own_lsn(cx, &s);
    }
    if (st == ST_OK) {
        st = exclude_ranges(cx, &s);
    }
    exclude_end(&s);
    TRY(st);
    if (s.conflict != 0) {
        TRY(row_pending(cx, txn, t, s.conflict, &s.wait));
    }
    *conflict_out = s.wait != 0 ? 0 : s.conflict;
    *wait_out = s.wait;
    return ST_OK;
}

Status exclude_put(Cx *cx, Txn *txn, const Table *t, const TableIndex *ix, const IndexKey *key,
                   RowId rowid, RowId *conflict_out)
{
    TRY(index_put_plain(cx, txn, t, ix, key));
    for (uint32_t tries = 0;;) {
        RowId conflict;
        Xid wait;
        bool gone;
        TRY(exclude_find(cx, txn, t, ix, key, rowid, &conflict, &wait));
        if (conflict == 0 && wait == 0) {
            return ST_OK;
        }
        if (ix->deferrable) {
            unique_put_off(txn, t, ix, rowid);
            return ST_OK;
        }
        if (wait != 0) {
            TRY(txn_wait_xid(cx, txn, wait, 0));
            TRY(cx_retry(cx, &tries));
            continue;
        }
        if (conflict_out != NULL) {
            *conflict_out = conflict;
            return ST_OK;
        }
        TRY(exclude_violation(cx, txn, t, ix, key, conflict, false, &gone));
        TRY(cx_retry(cx, &tries));
    }
}

/* ---- the error ---- */

/* exclude_still - does the other key, of a row as it is now, still conflict? */
static Status exclude_still(Cx *cx, Txn *txn, const Table *t, const TableIndex *ix,
                            const IndexKey *key, const IndexKey *other, bool *still_out)
{
    ExcludeSearch s = {.txn = txn, .t = t, .ix = ix, .key = key};
    ExcludeEntry entry = {.key = slice_bytes(other->buf.data, other->buf.len)};
    uint16_t idx[1];
    uint32_t found = 0;
    *still_out = false;
    if (other->left_out || other->has_null || other->equal_len != key->equal_len ||
        memcmp(other->buf.data, key->buf.data, key->equal_len) != 0) {
        return ST_OK;
    }
    Status st = exclude_begin(cx, &s);
    if (st == ST_OK) {
        st = exclude_narrow(cx, &s, &entry, 1, idx, &found);
    }
    exclude_end(&s);
    *still_out = found != 0;
    return st;
}

/* exclude_error - both keys are known. */
static Status exclude_error(Cx *cx, const Txn *txn, const Table *t, const TableIndex *ix,
                            const KeySource *mine, const KeySource *theirs, bool building)
{
    Buf a, b;
    buf_init(&a, 8400);
    buf_init(&b, 8400);
    Status st = index_key_text(cx, txn, t, ix, mine, &a);
    if (st == ST_OK) {
        st = index_key_text(cx, txn, t, ix, theirs, &b);
    }
    if (st == ST_OK) {
        st_ignore(err_set(cx, ERRCODE_EXCLUSION_VIOLATION,
                          building ? "could not create exclusion constraint \"%s\""
                                   : "conflicting key value violates exclusion constraint \"%s\"",
                          ix->name));
        st_ignore(err_detail(cx, "Key %.*s conflicts with %skey %.*s.", (int)a.len,
                             (const char *)a.data, building ? "" : "existing ", (int)b.len,
                             (const char *)b.data));
        st = err_constraint(cx, t->schema_name, t->name, NULL, ix->name);
    }
    buf_release(&a);
    buf_release(&b);
    return st;
}

Status exclude_violation(Cx *cx, Txn *txn, const Table *t, const TableIndex *ix,
                         const IndexKey *key, RowId conflict, bool building, bool *gone_out)
{
    uint8_t bytes[ROW_INLINE_MAX];
    uint32_t len;
    KeySource theirs = {.arena = cx->arena};
    IndexKey other;
    bool still;
    *gone_out = true;
    TRY(row_newest(cx, txn, t, conflict, bytes, &len));
    if (len == 0) {
        return ST_OK;
    }
    TRY(row_resolve(cx, t->engine, t->layouts, cx->arena, slice_bytes(bytes, len), t->root,
                    &theirs.row, &theirs.layout));
    TRY(index_key_build(cx, t, ix, &theirs, conflict, &other));
    TRY(exclude_still(cx, txn, t, ix, key, &other, &still));
    if (!still) {
        return ST_OK;
    }
    *gone_out = false;
    return exclude_error(cx, txn, t, ix, key->src, &theirs, building);
}

/*
 * index.c - index entries: keys, versioned insert, delete-mark and resurrect, unique checks.
 *
 * An entry is key columns in memcmp order followed by the row id, with a tag like a row's. A unique
 * check holds one of the striped key locks over check and insert, so two inserters of one key meet
 * there and not on a page, which a split could take from under them. Under the key lock only
 * latches and I/O happen; an entry whose fate is open makes the inserter let go, wait for that
 * transaction and begin again.
 */
#include <stdlib.h>

#include "table/table_internal.h"

/* ---- keys ---- */

static Status key_column_value(Cx *cx, const Table *t, const KeySource *src, uint16_t col, Datum *v,
                               bool *is_null)
{
    if (src->values != NULL) {
        const Vector *vec = src->values->batch->cols[col];
        *is_null = vec_is_null(vec, src->values->row);
        if (!*is_null) {
            *v = vec_get(vec, src->values->row);
        }
        return ST_OK;
    }
    return row_get_datum(cx, t, src->layout, src->row, col, v, is_null, src->arena);
}

bool index_key_column(const TableIndex *ix, uint16_t col, const Datum *v, bool is_null, Buf *buf)
{
    const IndexColumn *c = &ix->columns[col];
    return key_encode(c->type, v, is_null, c->desc, c->nulls_first, buf) && !buf->overflow;
}

/* key_computed - the values of an index's expressions for a row; *holds_out: the index has it. */
static Status key_computed(Cx *cx, const Table *t, const TableIndex *ix, const KeySource *src,
                           Arena *arena, Datum **values_out, bool **nulls_out, bool *holds_out)
{
    const IndexCompute *c = ix->compute;
    Datum *in = ARENA_ARRAY(arena, Datum, c->column_count + 1u);
    bool *in_nulls = ARENA_ARRAY(arena, bool, c->column_count + 1u);
    for (uint16_t i = 0; i < c->column_count; i++) {
        TRY(key_column_value(cx, t, src, c->columns[i], &in[i], &in_nulls[i]));
    }
    *values_out = ARENA_ARRAY(arena, Datum, c->expr_count + 1u);
    *nulls_out = ARENA_ARRAY(arena, bool, c->expr_count + 1u);
    return c->run(c, cx, in, in_nulls, arena, *values_out, *nulls_out, holds_out);
}

Status index_column_values(Cx *cx, const Table *t, const TableIndex *ix, const KeySource *src,
                           Arena *arena, Datum *values, bool *nulls, bool *holds_out)
{
    Datum *computed = NULL;
    bool *computed_nulls = NULL;
    uint16_t expr = 0;
    *holds_out = true;
    if (ix->compute != NULL) {
        TRY(key_computed(cx, t, ix, src, arena, &computed, &computed_nulls, holds_out));
    }
    for (uint16_t i = 0; i < ix->column_count && *holds_out; i++) {
        if (ix->columns[i].column >= 0) {
            TRY(key_column_value(cx, t, src, (uint16_t)ix->columns[i].column, &values[i],
                                 &nulls[i]));
        } else {
            nulls[i] = computed_nulls[expr];
            values[i] = computed[expr++];
        }
    }
    return ST_OK;
}

/* key_encode_columns - the key's columns; values, nulls: of the expressions, in order. */
static Status key_encode_columns(Cx *cx, const Table *t, const TableIndex *ix, const KeySource *src,
                                 const Datum *values, const bool *nulls, IndexKey *key)
{
    uint16_t expr = 0;
    for (uint16_t i = 0; i < ix->column_count; i++) {
        Datum v = {0};
        bool is_null = false;
        if (ix->columns[i].column >= 0) {
            TRY(key_column_value(cx, t, src, (uint16_t)ix->columns[i].column, &v, &is_null));
        } else if (values == NULL) {
            return err_unsupported(cx, "index on an expression is not supported");
        } else {
            is_null = nulls[expr];
            v = values[expr++];
        }
        key->has_null |= is_null;
        if (ix->exclude != NULL && i == ix->exclude->equal_count) {
            key->equal_len = key->buf.len;
        }
        (void)index_key_column(ix, i, &v, is_null, &key->buf);
    }
    if (ix->exclude != NULL && ix->exclude->equal_count == ix->column_count) {
        key->equal_len = key->buf.len;
    }
    return ST_OK;
}

/* key_stored_size - the entry's size as PostgreSQL counts it, before any compression. */
static Status key_stored_size(Cx *cx, const Table *t, const TableIndex *ix, const KeySource *src,
                              const Datum *values, const bool *nulls, size_t *size_out)
{
    uint16_t expr = 0;
    bool any_null = false;
    size_t at = 0;
    for (uint16_t i = 0; i < ix->column_count; i++) {
        Datum v = {0};
        bool is_null = false;
        if (ix->columns[i].column >= 0) {
            TRY(key_column_value(cx, t, src, (uint16_t)ix->columns[i].column, &v, &is_null));
        } else {
            is_null = nulls[expr];
            v = values[expr++];
        }
        any_null |= is_null;
        at = is_null ? at : type_stored_end(ix->columns[i].type->oid, &v, at);
    }
    *size_out = (any_null ? 16u : 8u) + ALIGN_UP(at, (size_t)8);
    return ST_OK;
}

/* key_check_size - 54000 for a key that PostgreSQL would refuse, or that is too long as encoded
 * here. Ours is never half of what PostgreSQL counts, so most keys are not counted. */
static Status key_check_size(Cx *cx, const Table *t, const TableIndex *ix, const KeySource *src,
                             const Datum *values, const bool *nulls, const IndexKey *key)
{
    size_t size;
    if (LIKELY(!key->buf.overflow && key->buf.len <= INDEX_KEY_MAX / 2)) {
        return ST_OK;
    }
    TRY(key_stored_size(cx, t, ix, src, values, nulls, &size));
    if (!key->buf.overflow && key->buf.len <= INDEX_KEY_MAX && size <= INDEX_KEY_MAX) {
        return ST_OK;
    }
    if (size > INDEX_KEY_MAX && size >= PAGE_SIZE) {
        return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                       "index row requires %zu bytes, maximum size is %d", size, PAGE_SIZE - 1);
    }
    st_ignore(err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                      "index row size %zu exceeds btree version 4 maximum %zu for index \"%s\"",
                      size > INDEX_KEY_MAX ? size : key->buf.len, (size_t)INDEX_KEY_MAX, ix->name));
    st_ignore(err_hint(cx, "Values larger than 1/3 of a buffer page cannot be indexed.\nConsider a "
                           "function index of an MD5 hash of the value, or use full text "
                           "indexing."));
    return err_constraint(cx, t->schema_name, t->name, NULL, ix->name);
}

Status index_key_build(Cx *cx, const Table *t, const TableIndex *ix, const KeySource *src,
                       RowId rowid, IndexKey *key)
{
    Datum *values = NULL;
    bool *nulls = NULL, holds = true;
    Status st = ST_OK;
    key->buf = (Buf){.data = key->bytes, .size = sizeof(key->bytes), .cap = sizeof(key->bytes)};
    key->has_null = false;
    key->left_out = false;
    key->equal_len = 0;
    key->src = src;
    if (ix->compute != NULL) {
        Arena arena;
        arena_init(&arena, NULL, "index key", 0);
        st = key_computed(cx, t, ix, src, &arena, &values, &nulls, &holds);
        if (st == ST_OK && holds) {
            st = key_encode_columns(cx, t, ix, src, values, nulls, key);
        }
        if (st == ST_OK && holds) {
            st = key_check_size(cx, t, ix, src, values, nulls, key);
        }
        arena_release(&arena);
        key->left_out = !holds;
    } else {
        st = key_encode_columns(cx, t, ix, src, NULL, NULL, key);
        if (st == ST_OK) {
            st = key_check_size(cx, t, ix, src, NULL, NULL, key);
        }
    }
    TRY(st);
    key->prefix_len = key->buf.len;
    buf_put_u64be(&key->buf, rowid);
    return ST_OK;
}

bool index_key_same(const IndexKey *a, const IndexKey *b)
{
    if (a->left_out || b->left_out) {
        return a->left_out && b->left_out;
    }
    return a->buf.len == b->buf.len && memcmp(a->buf.data, b->buf.data, a->buf.len) == 0;
}

/* ---- unique checks ---- */

/* UniqueVerdict - what a look at the entries of one key found. */
typedef struct UniqueVerdict {
    RowId conflict; /* a live entry of another row; 0 = none */
    Xid wait;       /* an entry whose fate is open; 0 = none */
    PageNo leaf;    /* where the key would go */
} UniqueVerdict;

RowId key_rowid(Slice key)
{
    uint64_t v = get_u64(key.ptr + key.len - 8);
    return __builtin_bswap64(v);
}

/* unique_note - SERIALIZABLE: what is current decides here, not the snapshot, so that this
 * transaction comes after those it does not see. A key that is taken fails the statement; it
 * matters only when a savepoint lets the transaction go on. */
Status unique_note(Cx *cx, Txn *txn, const Table *t, uint64_t tag, RowId rowid, bool live)
{
    bool own;
    if (LIKELY(txn->ser == NULL) || t->oid < TABLE_USER_OID ||
        (live && txn->savepoint_level == 0)) {
        return ST_OK;
    }
    Snapshot current = snapshot_view(&txn->snapshot);
    current.csn = UINT64_MAX;
    current.taken_lsn = TAG_LSN_MASK;
    current.cid = UINT32_MAX;
    TRY(version_conflicts(cx, txn, &current, tag, &own));
    if (live && txn->ser != NULL) {
        ssi_lock(txn, t->tree, SSI_ROW, rowid);
    }
    return ST_OK;
}

/* unique_look - judge the entry at `slot`; *same_out tells whether it has the key at all. */
static Status unique_look(Cx *cx, Txn *txn, const Table *t, const PageRef *leaf, uint32_t slot,
                          const IndexKey *key, RowId own, Buf *buf, bool *same_out,
                          UniqueVerdict *v)
{
    BtEntry entry;
    bt_leaf_key(leaf, slot, buf);
    *same_out =
        buf->len == key->prefix_len + 8 && memcmp(buf->data, key->buf.data, key->prefix_len) == 0;
    if (!*same_out) {
        return ST_OK;
    }
    RowId rowid = key_rowid(slice_bytes(buf->data, buf->len));
    if (rowid == own) {
        return ST_OK;
    }
    if (!bt_leaf_entry(leaf, slot, &entry)) {
        return err_corrupt(cx, leaf->page, "index entry %u is damaged", slot);
    }
    bool live, wait;
    Xid xid = 0;
    TRY(version_live(cx, txn, t->engine->txns, entry.tag, &live, &wait, &xid));
    if (wait) {
        v->wait = xid;
        return ST_OK;
    }
    if (live) {
        v->conflict = rowid;
    }
    return unique_note(cx, txn, t, entry.tag, rowid, live);
}

/* unique_check_leaf - look at the neighbours of the insert position. *edge_out: entries of the key
 * may lie on other leaves, too. */
static Status unique_check_leaf(Cx *cx, Txn *txn, const Table *t, const BtPos *pos,
                                const IndexKey *key, RowId own, Buf *buf, bool *edge_out,
                                UniqueVerdict *v)
{
    uint32_t n = bt_leaf_count(&pos->leaf);
    bool same = true;
    *edge_out = false;
    uint32_t s = pos->slot;
    while (s > 0 && same) {
        TRY(unique_look(cx, txn, t, &pos->leaf, --s, key, own, buf, &same, v));
    }
    *edge_out |= same; /* ran off the left end (or began there) */
    same = true;
    for (s = pos->slot; s < n && same; s++) {
        TRY(unique_look(cx, txn, t, &pos->leaf, s, key, own, buf, &same, v));
    }
    *edge_out |= same && pos->leaf.hdr->next != PAGE_NO_INVALID;
    return ST_OK;
}

/* unique_check_range - all entries of the key, leaf by leaf. */
static Status unique_check_range(Cx *cx, Txn *txn, const Table *t, const BtTree *tree,
                                 const IndexKey *key, RowId own, Buf *buf, UniqueVerdict *v)
{
    BtCursor c;
    BtPos pos;
    BtKey from = index_key(key->buf.data, key->prefix_len);
    bt_cursor_init(&c, tree, false);
    Status st = bt_cursor_seek(cx, &c, &from, &pos);
    bool same = true;
    while (st == ST_OK) {
        uint32_t n = bt_leaf_count(&pos.leaf);
        for (uint32_t s = pos.slot; s < n && same && st == ST_OK; s++) {
            st = unique_look(cx, txn, t, &pos.leaf, s, key, own, buf, &same, v);
        }
        bt_cursor_leave(&c, &pos);
        if (!same || st != ST_OK || v->conflict != 0 || v->wait != 0) {
            break;
        }
        st = bt_cursor_next_leaf(cx, &c, &pos);
    }
    bt_cursor_release(&c);
    return st == ST_DONE ? ST_OK : st;
}

/* row_pending - is the row of a conflicting entry being changed by another transaction? It may be
 * deleted before that one ends, so its fate is open even while its key stays. */
Status row_pending(Cx *cx, const Txn *txn, const Table *t, RowId rowid, Xid *xid_out)
{
    BtTree tree = table_tree(t);
    BtKey key = row_key(rowid);
    BtPos pos;
    BtEntry entry;
    Status st = ST_OK;
    *xid_out = 0;
    TRY(bt_seek(cx, &tree, &key, LATCH_SHARED, &pos));
    if (pos.found && bt_leaf_entry(&pos.leaf, pos.slot, &entry)) {
        bool live, wait;
        st = version_live(cx, txn, t->engine->txns, entry.tag, &live, &wait, xid_out);
    }
    bt_release(&tree, &pos);
    return st;
}

Status index_find_conflict(Cx *cx, Txn *txn, const Table *t, const TableIndex *ix,
                           const IndexKey *key, RowId own, RowId *conflict_out, Xid *wait_out)
{
    uint8_t bytes[INDEX_KEY_MAX + 64];
    Buf buf = {.data = bytes, .size = sizeof(bytes), .cap = sizeof(bytes)};
    BtTree tree = index_tree(t, ix);
    UniqueVerdict v = {0};
    *conflict_out = 0;
    *wait_out = 0;
    if (ix->exclude != NULL) {
        return exclude_find(cx, txn, t, ix, key, own, conflict_out, wait_out);
    }
    if (!ix->unique || key->left_out || (key->has_null && !ix->nulls_not_distinct)) {
        return ST_OK;
    }
    TRY(unique_check_range(cx, txn, t, &tree, key, own, &buf, &v));
    if (v.conflict != 0) {
        TRY(row_pending(cx, txn, t, v.conflict, &v.wait));
    }
    *conflict_out = v.wait != 0 ? 0 : v.conflict;
    *wait_out = v.wait;
    return ST_OK;
}

/* key_text_columns - names and values of the key's columns, each list with its commas. */
static Status key_text_columns(Cx *cx, const Txn *txn, const Table *t, const TableIndex *ix,
                               const KeySource *src, Buf *names, Buf *vals)
{
    static const TypeEnv DEFAULT_ENV = {.date_order = DATEORDER_MDY, .extra_float_digits = 1};
    FnCall call = {.cx = cx, .arena = cx->arena, .state_arena = cx->arena};
    call.env = txn->type_env != NULL ? txn->type_env : &DEFAULT_ENV;
    Datum *computed = NULL;
    bool *computed_nulls = NULL, holds;
    uint16_t expr = 0;
    if (ix->compute != NULL) {
        TRY(key_computed(cx, t, ix, src, cx->arena, &computed, &computed_nulls, &holds));
    }
    for (uint16_t i = 0; i < ix->column_count; i++) {
        const IndexColumn *c = &ix->columns[i];
        Datum v = {0};
        bool is_null = false;
        buf_puts(names, i == 0 ? "" : ", ");
        buf_puts(names, c->name != NULL ? c->name : "?");
        buf_puts(vals, i == 0 ? "" : ", ");
        if (c->column >= 0) {
            TRY(key_column_value(cx, t, src, (uint16_t)c->column, &v, &is_null));
        } else {
            is_null = computed_nulls[expr];
            v = computed[expr++];
        }
        if (is_null) {
            buf_puts(vals, "null");
        } else {
            c->type->out(&call, &v, vals);
        }
    }
    return ST_OK;
}

Status index_key_text(Cx *cx, const Txn *txn, const Table *t, const TableIndex *ix,
                      const KeySource *src, Buf *text)
{
    Buf names, vals;
    buf_init(&names, 4096);
    buf_init(&vals, 4096);
    Status st = key_text_columns(cx, txn, t, ix, src, &names, &vals);
    if (st == ST_OK) {
        buf_printf(text, "(%.*s)=(%.*s)", (int)names.len, (const char *)names.data, (int)vals.len,
                   (const char *)vals.data);
    }
    buf_release(&names);
    buf_release(&vals);
    return st;
}

Status index_duplicate(Cx *cx, const Txn *txn, const Table *t, const TableIndex *ix,
                       const KeySource *src, bool building)
{
    Buf text;
    buf_init(&text, 8400);
    Status st = index_key_text(cx, txn, t, ix, src, &text);
    if (st == ST_OK) {
        st_ignore(building
                      ? err_set(cx, ERRCODE_UNIQUE_VIOLATION,
                                "could not create unique index \"%s\"", ix->name)
                      : err_set(cx, ERRCODE_UNIQUE_VIOLATION,
                                "duplicate key value violates unique constraint \"%s\"", ix->name));
        st_ignore(err_detail(cx, "Key %.*s %s.", (int)text.len, (const char *)text.data,
                             building ? "is duplicated" : "already exists"));
        st = err_constraint(cx, t->schema_name, t->name, NULL, ix->name);
    }
    buf_release(&text);
    return st;
}

/* ---- changing entries ---- */

/* index_log_key - an index record: [prev_tag,] u16 klen, key. */
static Lsn index_log_key(Txn *txn, WalType type, TreeId tree, PageNo page, const uint64_t *prev_tag,
                         const IndexKey *key)
{
    uint16_t klen = (uint16_t)key->buf.len;
    Slice parts[3];
    uint32_t n = 0;
    if (prev_tag != NULL) {
        parts[n++] = slice_bytes(prev_tag, sizeof(*prev_tag));
    }
    parts[n++] = slice_bytes(&klen, sizeof(klen));
    parts[n++] = slice_bytes(key->buf.data, key->buf.len);
    return txn_log(txn, type, ROWREC_INDEX, tree, page, parts, n);
}

/* index_apply_insert - X latched with room: the entry comes to life. */
static Status index_apply_insert(Cx *cx, Txn *txn, const Table *t, const BtTree *tree, BtPos *pos,
                                 const IndexKey *key)
{
    BtKey k = index_key(key->buf.data, key->buf.len);
    TRY(table_check_write(cx, txn, t, tree->tree, SSI_LEAF, pos->leaf.page, 0));
    if (pos->found) {
        BtEntry entry;
        if (!bt_leaf_entry(&pos->leaf, pos->slot, &entry) || (entry.tag & TAG_DELETED) == 0) {
            return err_set(cx, ERRCODE_INDEX_CORRUPTED,
                           "index %u has an entry for a row that is being inserted", tree->tree);
        }
        page_dirty(tree->store, &pos->leaf);
        Lsn lsn = index_log_key(txn, WAL_RESURRECT, tree->tree, pos->leaf.page, &entry.tag, key);
        bt_leaf_set_tag(&pos->leaf, pos->slot, lsn | TAG_HAS_PREV);
        page_set_lsn(&pos->leaf, lsn, true);
        return ST_OK;
    }
    page_dirty(tree->store, &pos->leaf);
    Lsn lsn = index_log_key(txn, WAL_INSERT, tree->tree, pos->leaf.page, NULL, key);
    bt_leaf_insert(&pos->leaf, &k, pos->slot, lsn, (Slice){NULL, 0});
    page_set_lsn(&pos->leaf, lsn, true);
    return ST_OK;
}

/* index_put_unique - one try under the key lock; *verdict says why nothing was inserted. */
static Status index_put_unique(Cx *cx, Txn *txn, const Table *t, const TableIndex *ix,
                               const IndexKey *key, RowId rowid, UniqueVerdict *v)
{
    uint8_t bytes[INDEX_KEY_MAX + 64];
    Buf buf = {.data = bytes, .size = sizeof(bytes), .cap = sizeof(bytes)};
    BtTree tree = index_tree(t, ix);
    BtKey k = index_key(key->buf.data, key->buf.len);
    BtPos pos;
    bool edge = false;
    *v = (UniqueVerdict){0};
    TRY(bt_seek_insert(cx, &tree, &k, 8, &pos));
    v->leaf = pos.leaf.page;
    Status st = unique_check_leaf(cx, txn, t, &pos, key, rowid, &buf, &edge, v);
    if (st == ST_OK && edge && v->conflict == 0 && v->wait == 0) {
        bt_release(&tree, &pos);
        TRY(unique_check_range(cx, txn, t, &tree, key, rowid, &buf, v));
        if (v->conflict != 0 || v->wait != 0) {
            return ST_OK;
        }
        TRY(bt_seek_insert(cx, &tree, &k, 8, &pos));
    }
    if (st == ST_OK && v->conflict == 0 && v->wait == 0) {
        st = index_apply_insert(cx, txn, t, &tree, &pos, key);
    }
    bt_release(&tree, &pos);
    return st;
}

/* index_put_plain - insert the entry whatever else has its key. */
Status index_put_plain(Cx *cx, Txn *txn, const Table *t, const TableIndex *ix, const IndexKey *key)
{
    BtTree tree = index_tree(t, ix);
    BtKey k = index_key(key->buf.data, key->buf.len);
    BtPos pos;
    TRY(bt_seek_insert(cx, &tree, &k, 8, &pos));
    Status st = index_apply_insert(cx, txn, t, &tree, &pos, key);
    bt_release(&tree, &pos);
    return st;
}

Status index_put(Cx *cx, Txn *txn, const Table *t, const TableIndex *ix, IndexKey *key, RowId rowid,
                 bool check, RowId *conflict_out)
{
    if (conflict_out != NULL) {
        *conflict_out = 0;
    }
    if (key->left_out) {
        return ST_OK;
    }
    if (check && ix->exclude != NULL) {
        return exclude_put(cx, txn, t, ix, key, rowid, conflict_out);
    }
    if (!check || !ix->unique || (key->has_null && !ix->nulls_not_distinct)) {
        return index_put_plain(cx, txn, t, ix, key);
    }
    TxnSys *sys = t->engine->txns;
    uint64_t hash = hash_bytes(key->buf.data, key->prefix_len, ix->tree);
    for (uint32_t tries = 0;;) {
        UniqueVerdict v;
        key_lock(sys, hash);
        Status st = index_put_unique(cx, txn, t, ix, key, rowid, &v);
        key_unlock(sys, hash);
        TRY(st);
        if (ix->deferrable && (v.conflict != 0 || v.wait != 0)) {
            unique_put_off(txn, t, ix, rowid);
            return index_put_plain(cx, txn, t, ix, key);
        }
        if (v.conflict != 0) {
            TRY(row_pending(cx, txn, t, v.conflict, &v.wait));
        }
        if (v.conflict != 0 && v.wait == 0) {
            if (conflict_out != NULL) {
                *conflict_out = v.conflict;
                return ST_OK;
            }
            /* Better told that a retry may help than of a key that a serial order would not have.
             */
            TRY(table_check_write(cx, txn, t, ix->tree, SSI_LEAF, v.leaf, 0));
            return index_duplicate(cx, txn, t, ix, key->src, false);
        }
        if (v.wait == 0) {
            return ST_OK;
        }
        TRY(txn_wait_xid(cx, txn, v.wait, 0));
        TRY(cx_retry(cx, &tries));
    }
}

Status index_delete_mark(Cx *cx, Txn *txn, const Table *t, const TableIndex *ix,
                         const IndexKey *key)
{
    BtTree tree = index_tree(t, ix);
    BtKey k = index_key(key->buf.data, key->buf.len);
    BtPos pos;
    BtEntry entry;
    if (key->left_out) {
        return ST_OK;
    }
    TRY(bt_seek(cx, &tree, &k, LATCH_EXCLUSIVE, &pos));
    Status st = ST_OK;
    if (!pos.found || !bt_leaf_entry(&pos.leaf, pos.slot, &entry) ||
        (entry.tag & TAG_DELETED) != 0) {
        st = err_set(cx, ERRCODE_INDEX_CORRUPTED,
                     "index \"%s\" has no entry for a row of its table", ix->name);
    } else {
        page_dirty(tree.store, &pos.leaf);
        Lsn lsn = index_log_key(txn, WAL_DELETE, tree.tree, pos.leaf.page, &entry.tag, key);
        bt_leaf_set_tag(&pos.leaf, pos.slot, lsn | TAG_HAS_PREV | TAG_DELETED);
        page_set_lsn(&pos.leaf, lsn, true);
    }
    bt_release(&tree, &pos);
    return st;
}

/* ---- building ---- */

Status index_create(Cx *cx, Engine *e, Txn *txn, TreeId *tree_out, PageNo *root_out)
{
    TreeEntry entry;
    TRY(txn_start_write(cx, txn));
    TRY(tree_create(cx, e->store, TREE_INDEX, &entry));
    txn_drop_tree_on_abort(txn, entry.tree);
    *tree_out = entry.tree;
    *root_out = entry.root;
    return ST_OK;
}

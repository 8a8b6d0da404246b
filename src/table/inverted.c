/*
 * inverted.c - inverted indexes: many entries a row, one for each item of its values.
 *
 * An entry's key is the column's number (one byte), the item, the row id: items are never the
 * beginning of another, so all rows of an item stand together, in order. Entries are versioned one
 * by one like those of other indexes; an update changes those that differ. Undo, redo and purge see
 * entries only and know nothing of this.
 */
#include <stdlib.h>

#include "table/table_internal.h"
#include "type/gin.h"

/* ItemKeys - the entries of a row, sorted, each once. */
typedef struct ItemKeys {
    Slice *keys;
    uint32_t count;
} ItemKeys;

static int item_key_order(const void *a, const void *b)
{
    const Slice *x = a, *y = b;
    int c = memcmp(x->ptr, y->ptr, MIN(x->len, y->len));
    return c != 0 ? c : (x->len > y->len) - (x->len < y->len);
}

/* item_key - an item's entry. */
static Slice item_key(Arena *arena, uint16_t column, Slice item, RowId rowid)
{
    uint64_t id = __builtin_bswap64(rowid);
    char *p = arena_alloc(arena, item.len + 9);
    p[0] = (char)column;
    memcpy(p + 1, item.ptr, item.len);
    memcpy(p + 1 + item.len, &id, 8);
    return (Slice){p, item.len + 9};
}

/* item_keys_column - of one column's value. */
static void item_keys_column(Arena *arena, const GinOps *ops, uint16_t column, const Datum *v,
                             bool is_null, RowId rowid, GinItems *out)
{
    GinItems items = {.arena = arena};
    if (!is_null) {
        ops->extract(v, &items);
    }
    if (items.count == 0) {
        gin_push(&items, is_null ? GIN_ITEM_NULL : GIN_ITEM_EMPTY);
    }
    for (uint32_t i = 0; i < items.count; i++) {
        gin_push(out, item_key(arena, column, items.items[i], rowid));
    }
}

/* item_keys - all entries of a row; none when a partial index does not hold it. */
static Status item_keys(Cx *cx, const Table *t, const TableIndex *ix, const KeySource *src,
                        RowId rowid, Arena *arena, ItemKeys *out)
{
    GinItems all = {.arena = arena};
    Datum *values = ARENA_ARRAY(arena, Datum, ix->column_count + 1u);
    bool *nulls = ARENA_ARRAY(arena, bool, ix->column_count + 1u), holds;
    *out = (ItemKeys){0};
    TRY(index_column_values(cx, t, ix, src, arena, values, nulls, &holds));
    if (!holds) {
        return ST_OK;
    }
    for (uint16_t i = 0; i < ix->column_count; i++) {
        item_keys_column(arena, ix->columns[i].gin, i, &values[i], nulls[i], rowid, &all);
    }
    qsort(all.items, all.count, sizeof(Slice), item_key_order);
    for (uint32_t i = 0; i < all.count; i++) {
        if (out->count == 0 || item_key_order(&all.items[out->count - 1], &all.items[i]) != 0) {
            all.items[out->count++] = all.items[i];
        }
    }
    out->keys = all.items;
    return ST_OK;
}

static void item_index_key(Slice bytes, const KeySource *src, IndexKey *key)
{
    key->buf = (Buf){.data = key->bytes, .size = sizeof(key->bytes), .cap = sizeof(key->bytes)};
    key->src = src;
    key->has_null = key->left_out = false;
    key->equal_len = 0;
    key->prefix_len = bytes.len - 8;
    buf_put(&key->buf, bytes.ptr, bytes.len);
}
static Status item_put(Cx *cx, Txn *txn, const Table *t, const TableIndex *ix, Slice bytes)
{
    IndexKey key;
    item_index_key(bytes, NULL, &key);
    return index_put_plain(cx, txn, t, ix, &key);
}
static Status item_delete(Cx *cx, Txn *txn, const Table *t, const TableIndex *ix, Slice bytes)
{
    IndexKey key;
    item_index_key(bytes, NULL, &key);
    return index_delete_mark(cx, txn, t, ix, &key);
}

Status inverted_change(Cx *cx, Txn *txn, const Table *t, const TableIndex *ix,
                       const KeySource *old_row, const KeySource *new_row, RowId rowid)
{
    Arena arena;
    ItemKeys was = {0}, is = {0};
    arena_init(&arena, NULL, "inverted index", 0);
    Status st = old_row != NULL ? item_keys(cx, t, ix, old_row, rowid, &arena, &was) : ST_OK;
    if (st == ST_OK && new_row != NULL) {
        st = item_keys(cx, t, ix, new_row, rowid, &arena, &is);
    }
    for (uint32_t i = 0, k = 0; st == ST_OK && (i < was.count || k < is.count);) {
        int c = i == was.count ? 1 : k == is.count ? -1 : item_key_order(&was.keys[i], &is.keys[k]);
        if (c < 0) {
            st = item_delete(cx, txn, t, ix, was.keys[i++]);
        } else if (c > 0) {
            st = wal_admit(cx, t->engine->wal, 512);
            st = st == ST_OK ? item_put(cx, txn, t, ix, is.keys[k++]) : st;
        } else {
            i++;
            k++;
        }
    }
    arena_release(&arena);
    return st;
}

Status inverted_each(Cx *cx, const Table *t, const TableIndex *ix, const KeySource *row,
                     RowId rowid, Status (*fn)(void *arg, Cx *cx, const IndexKey *key), void *arg,
                     uint64_t *count)
{
    Arena arena;
    ItemKeys is = {0};
    IndexKey key;
    arena_init(&arena, NULL, "inverted index", 0);
    Status st = item_keys(cx, t, ix, row, rowid, &arena, &is);
    for (uint32_t i = 0; st == ST_OK && i < is.count; i++) {
        item_index_key(is.keys[i], row, &key);
        st = fn(arg, cx, &key);
    }
    if (count != NULL) {
        *count += is.count;
    }
    arena_release(&arena);
    return st;
}

/*
 * treert.c - the run-time state of trees: row layouts, row-id ranges, found by tree id.
 *
 * Row layouts are kept in the tree's meta pages and only ever appended: one whose transaction
 * aborted stays behind unused, since every row written in it was undone. Row ids are taken from the
 * directory entry in growing ranges; a crash loses the rest of a range, which costs numbers only.
 */
#include "table/table_internal.h"

enum { TABLE_RANK_RUNTIME = 110, TABLE_RANK_TREE = 120 };

Status table_runtime_create(Cx *cx, Engine *e)
{
    (void)cx;
    e->tables = mem_zalloc("table runtime", sizeof(*e->tables));
    os_mutex_init(&e->tables->mutex, "table runtime", TABLE_RANK_RUNTIME);
    map_init(&e->tables->by_tree);
    map_init(&e->tables->counts);
    map_init(&e->tables->db_counts);
    return ST_OK;
}

static void tree_rt_free(TreeRt *rt)
{
    arena_release(&rt->arena);
    mem_free(rt);
}

void table_runtime_free(Engine *e)
{
    if (e->tables == NULL) {
        return;
    }
    uint32_t pos = 0;
    MapSlot slot;
    while (map_next(&e->tables->by_tree, &pos, &slot)) {
        tree_rt_free(slot.value);
    }
    map_release(&e->tables->by_tree);
    counts_release(e->tables);
    while (e->tables->dropped != NULL) {
        TreeRt *rt = e->tables->dropped;
        e->tables->dropped = rt->next_dropped;
        tree_rt_free(rt);
    }
    mem_free(e->tables);
    e->tables = NULL;
}

/* ---- layouts ---- */

/* layout_compute - offsets from physical types. */
static RowLayout *layout_compute(Arena *a, uint16_t number, ColumnLayout *columns,
                                 uint16_t column_count)
{
    RowLayout *l = ARENA_NEW(a, RowLayout);
    PhysType *phys = ARENA_ARRAY(a, PhysType, MAX(column_count, 1));
    uint16_t *at = ARENA_ARRAY(a, uint16_t, MAX(column_count, 1));
    uint32_t offset = 2 + (column_count + 7u) / 8;
    uint16_t vars = 0;
    for (uint16_t i = 0; i < column_count; i++) {
        phys[i] = columns[i].phys;
        if (phys[i] == PHYS_STR) {
            at[i] = vars++;
        } else {
            at[i] = (uint16_t)offset;
            offset += phys_bytes(phys[i]);
        }
    }
    l->number = number;
    l->column_count = column_count;
    l->var_count = vars;
    l->ends_at = (uint16_t)offset;
    l->data_at = (uint16_t)(offset + 2u * vars);
    l->phys = phys;
    l->at = at;
    l->columns = columns;
    return l;
}

/* tree_rt_push - requires the mutex (or a fresh rt). Readers take the array without it: a grown
 * copy is published before the count. */
static void tree_rt_push(TreeRt *rt, RowLayout *l)
{
    uint32_t n = atomic_load_explicit(&rt->layout_count, memory_order_relaxed);
    RowLayout **items = atomic_load_explicit(&rt->layouts, memory_order_relaxed);
    if (n == rt->layout_size) {
        uint32_t size = rt->layout_size == 0 ? 4 : rt->layout_size * 2;
        RowLayout **bigger = ARENA_ARRAY(&rt->arena, RowLayout *, size);
        if (n != 0) {
            memcpy(bigger, items, n * sizeof(*items));
        }
        rt->layout_size = size;
        items = bigger;
    }
    items[n] = l;
    atomic_store_explicit(&rt->layouts, items, memory_order_release);
    atomic_store_explicit(&rt->layout_count, n + 1, memory_order_release);
}

const RowLayout *tree_rt_layout(TreeRt *rt, uint32_t number)
{
    if (UNLIKELY(number >= atomic_load_explicit(&rt->layout_count, memory_order_acquire))) {
        return NULL;
    }
    return atomic_load_explicit(&rt->layouts, memory_order_acquire)[number];
}

/* Meta bytes: u16 layout count, then per layout u16 columns and per column u8 phys, u8 missing
   (0 NULL, 1 value), value (u32 length before strings). */
static void layouts_encode_columns(Buf *b, const ColumnLayout *columns, uint16_t n)
{
    buf_put(b, &n, 2);
    for (uint16_t i = 0; i < n; i++) {
        buf_putc(b, (char)columns[i].phys);
        buf_putc(b, columns[i].missing_is_null ? 0 : 1);
        if (columns[i].missing_is_null) {
            continue;
        }
        if (columns[i].phys == PHYS_STR) {
            buf_put(b, &columns[i].missing.str.len, 4);
            buf_put(b, str_ptr(&columns[i].missing.str), columns[i].missing.str.len);
        } else {
            buf_put(b, &columns[i].missing, phys_bytes(columns[i].phys));
        }
    }
}

/* layouts_decode_columns - one layout's columns from *p; NULL when the bytes are damaged. */
static ColumnLayout *layouts_decode_columns(Arena *a, const uint8_t **p, const uint8_t *end,
                                            uint16_t *n_out)
{
    if (end - *p < 2) {
        return NULL;
    }
    uint16_t n = get_u16(*p);
    *p += 2;
    if (n > TABLE_COLUMNS_MAX) {
        return NULL;
    }
    ColumnLayout *cols = ARENA_ARRAY(a, ColumnLayout, MAX(n, 1));
    for (uint16_t i = 0; i < n; i++) {
        if (end - *p < 2 || (*p)[0] >= PHYS_COUNT) {
            return NULL;
        }
        cols[i].phys = (PhysType)(*p)[0];
        cols[i].missing_is_null = (*p)[1] == 0;
        *p += 2;
        if (cols[i].missing_is_null) {
            continue;
        }
        uint32_t len = phys_bytes(cols[i].phys);
        if (cols[i].phys == PHYS_STR) {
            if (end - *p < 4) {
                return NULL;
            }
            memcpy(&len, *p, 4);
            *p += 4;
        }
        if ((size_t)(end - *p) < len) {
            return NULL;
        }
        if (cols[i].phys == PHYS_STR) {
            cols[i].missing.str = str_copy(a, *p, len);
        } else {
            memcpy(&cols[i].missing, *p, len);
        }
        *p += len;
    }
    *n_out = n;
    return cols;
}

/* tree_rt_load_layouts - the row layouts of a tree from its metadata; damage is an error. */
static Status tree_rt_load_layouts(Cx *cx, Engine *e, TreeRt *rt)
{
    Slice meta;
    Arena scratch;
    arena_init(&scratch, NULL, "layouts", 0);
    Status st = tree_meta_read(cx, e->store, &scratch, rt->tree, &meta);
    if (st == ST_OK && meta.len >= 2) {
        const uint8_t *p = (const uint8_t *)meta.ptr, *end = p + meta.len;
        uint16_t count = get_u16(p);
        p += 2;
        for (uint16_t i = 0; i < count; i++) {
            uint16_t n = 0;
            ColumnLayout *cols = layouts_decode_columns(&rt->arena, &p, end, &n);
            if (cols == NULL) {
                st = err_corrupt(cx, rt->root, "row layouts of tree %u are damaged", rt->tree);
                break;
            }
            tree_rt_push(rt, layout_compute(&rt->arena, i, cols, n));
        }
    }
    arena_release(&scratch);
    return st;
}

Status tree_rt_get(Cx *cx, Engine *e, TreeId tree, TreeRt **rt_out)
{
    struct TableRuntime *all = e->tables;
    os_mutex_lock(e->os, &all->mutex);
    TreeRt *rt = map_get_int(&all->by_tree, tree);
    os_mutex_unlock(e->os, &all->mutex);
    if (LIKELY(rt != NULL)) {
        *rt_out = rt;
        return ST_OK;
    }
    TreeEntry entry;
    TRY(tree_get(cx, e->store, tree, &entry));
    if ((entry.flags & TREE_FLAG_FREEING) != 0) {
        return ST_NOTFOUND; /* a drop was interrupted: some of its pages are gone already */
    }
    rt = mem_zalloc("tree", sizeof(*rt));
    arena_init(&rt->arena, NULL, "tree", 0);
    os_mutex_init(&rt->mutex, "tree", TABLE_RANK_TREE);
    rt->tree = tree;
    rt->kind = entry.kind;
    rt->root = entry.root;
    rt->rowid_step = 64;
    rt->size_us = -1;
    atomic_store(&rt->next_rowid, MAX(entry.next_rowid, 1));
    atomic_store(&rt->rowid_limit, MAX(entry.next_rowid, 1));
    atomic_store(&rt->has_overflow, (entry.flags & TREE_FLAG_OVERFLOW) != 0);
    Status st = entry.kind == TREE_TABLE ? tree_rt_load_layouts(cx, e, rt) : ST_OK;
    if (st != ST_OK) {
        tree_rt_free(rt);
        return st;
    }
    os_mutex_lock(e->os, &all->mutex);
    TreeRt *other = map_get_int(&all->by_tree, tree);
    if (other == NULL) {
        map_put_int(&all->by_tree, tree, rt);
    }
    os_mutex_unlock(e->os, &all->mutex);
    if (other != NULL) {
        tree_rt_free(rt); /* somebody was faster */
        rt = other;
    }
    *rt_out = rt;
    return ST_OK;
}

void tree_rt_forget(Engine *e, TreeId tree)
{
    /* The memory stays until the engine closes: a stale Table may still point to it. */
    os_mutex_lock(e->os, &e->tables->mutex);
    TreeRt *rt = map_remove_int(&e->tables->by_tree, tree);
    if (rt != NULL) {
        rt->next_dropped = e->tables->dropped;
        e->tables->dropped = rt;
    }
    os_mutex_unlock(e->os, &e->tables->mutex);
}

Status tree_rt_add_layout(Cx *cx, Engine *e, TreeRt *rt, const ColumnLayout *columns,
                          uint16_t column_count, uint16_t *number_out)
{
    Status st = ST_OK;
    Arena scratch;
    Buf meta;
    arena_init(&scratch, NULL, "layouts", 0);
    buf_init(&meta, (size_t)64 << 20);
    os_mutex_lock(e->os, &rt->mutex);
    uint32_t n = atomic_load_explicit(&rt->layout_count, memory_order_relaxed);
    if (n > ROW_LAYOUT_MASK) {
        st = err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                     "table has been altered too often: at most %u row layouts",
                     ROW_LAYOUT_MASK + 1);
        goto out;
    }
    uint16_t count = (uint16_t)(n + 1);
    buf_put(&meta, &count, 2);
    if (n != 0) {
        Slice old;
        TRY_OUT(tree_meta_read(cx, e->store, &scratch, rt->tree, &old));
        if (old.len < 2) {
            st = err_corrupt(cx, rt->root, "tree %u has no row layouts", rt->tree);
            goto out;
        }
        buf_put(&meta, old.ptr + 2, old.len - 2);
    }
    layouts_encode_columns(&meta, columns, column_count);
    TRY_OUT(tree_meta_write(cx, e->store, rt->tree, slice_bytes(meta.data, meta.len)));
    ColumnLayout *copy =
        arena_memdup(&rt->arena, columns, sizeof(*columns) * MAX(column_count, 1u));
    for (uint16_t i = 0; i < column_count; i++) {
        if (copy[i].phys == PHYS_STR && !copy[i].missing_is_null) {
            copy[i].missing.str =
                str_copy(&rt->arena, str_ptr(&columns[i].missing.str), columns[i].missing.str.len);
        }
    }
    *number_out = (uint16_t)n;
    tree_rt_push(rt, layout_compute(&rt->arena, (uint16_t)n, copy, column_count));
out:
    os_mutex_unlock(e->os, &rt->mutex);
    buf_release(&meta);
    arena_release(&scratch);
    return st;
}

Status tree_rt_mark_overflow(Cx *cx, Engine *e, TreeRt *rt)
{
    if (LIKELY(atomic_load_explicit(&rt->has_overflow, memory_order_acquire))) {
        return ST_OK;
    }
    TreeEntry entry;
    os_mutex_lock(e->os, &rt->mutex);
    Status st = tree_get(cx, e->store, rt->tree, &entry);
    if (st == ST_OK) {
        entry.flags |= TREE_FLAG_OVERFLOW;
        st = tree_put(cx, e->store, &entry);
    }
    if (st == ST_OK) {
        atomic_store_explicit(&rt->has_overflow, true, memory_order_release);
    }
    os_mutex_unlock(e->os, &rt->mutex);
    return st;
}

/* ---- row ids ---- */

/* tree_rt_extend - requires the mutex: a longer durable range. */
static Status tree_rt_extend(Cx *cx, Engine *e, TreeRt *rt, uint64_t need)
{
    TreeEntry entry;
    TRY(tree_get(cx, e->store, rt->tree, &entry));
    uint64_t limit = atomic_load(&rt->rowid_limit) + MAX(need, rt->rowid_step);
    entry.next_rowid = limit;
    TRY(tree_put(cx, e->store, &entry));
    rt->rowid_step = MIN(rt->rowid_step * 2, 65536);
    atomic_store_explicit(&rt->rowid_limit, limit, memory_order_release);
    return ST_OK;
}

Status tree_rt_rowids(Cx *cx, Engine *e, TreeRt *rt, uint32_t n, RowId *first_out)
{
    /* The range is made longer before any number of it is used, so taking is one fetch_add. */
    uint64_t first = atomic_fetch_add_explicit(&rt->next_rowid, n, memory_order_relaxed);
    while (UNLIKELY(first + n > atomic_load_explicit(&rt->rowid_limit, memory_order_acquire))) {
        Status st = ST_OK;
        os_mutex_lock(e->os, &rt->mutex);
        uint64_t limit = atomic_load_explicit(&rt->rowid_limit, memory_order_relaxed);
        if (first + n > limit) {
            st = tree_rt_extend(cx, e, rt, first + n - limit);
        }
        os_mutex_unlock(e->os, &rt->mutex);
        TRY(st);
    }
    *first_out = first;
    return ST_OK;
}

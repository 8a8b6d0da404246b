/*
 * fk.c - foreign keys: a new child row needs its parent, a parent that goes needs to be without
 * children.
 *
 * Both look with a fresh snapshot, through an index where one fits, else over the whole table. The
 * parent row is locked FOR KEY SHARE, so that it cannot go before the child's transaction ends.
 */
#include "exec/exec_internal.h"

/* Seek - rows of a table whose columns equal given values. */
typedef struct Seek {
    const CatTable *table;
    const uint16_t *columns; /* compared with the key's values, in the key's order */
    uint16_t count;
    int index;
} Seek;

/* int_convert - integers of another width than the column's; false when out of range. */
static bool int_convert(const Vector *v, uint32_t row, PhysType to, Datum *out)
{
    if (!phys_is_int(v->phys)) {
        *out = vec_get(v, row);
        return true;
    }
    int64_t i = vec_int(v, row);
    if (to == PHYS_I64) {
        out->i64 = i;
    } else if (to == PHYS_I32) {
        out->i32 = (int32_t)i;
        return i >= INT32_MIN && i <= INT32_MAX;
    } else {
        out->i16 = (int16_t)i;
        return i >= INT16_MIN && i <= INT16_MAX;
    }
    return true;
}

static bool row_equals(const Seek *k, const Datum *values, const Batch *b, uint32_t row)
{
    for (uint16_t i = 0; i < k->count; i++) {
        const TypeOps *t = type_ops(k->table->columns[k->columns[i]].carrier);
        if (vec_is_null(b->cols[i], row)) {
            return false;
        }
        Datum d = vec_get(b->cols[i], row);
        if (t == NULL || t->cmp(&d, &values[i]) != 0) {
            return false;
        }
    }
    return true;
}

/*
 * seek_rows - the row ids that match, at most max of them.
 * Returns ST_OK with *count_out = 0 when there are none.
 */
static Status seek_rows(Cx *cx, const ExecEnv *env, Arena *arena, const Seek *k,
                        const Snapshot *snap, const Vector *const *key, uint32_t key_row,
                        RowId **ids_out, uint32_t max, uint32_t *count_out)
{
    const Table *t = k->table->storage;
    Datum values[INDEX_COLUMNS_MAX];
    PhysType types[INDEX_COLUMNS_MAX + 1];
    uint32_t size = 16;
    RowId *ids = ARENA_ARRAY(arena, RowId, size);
    Batch b;
    Status st = ST_OK;
    IndexScan *is = NULL;
    TableScan *ts = NULL;
    Buf buf;
    buf_init(&buf, INDEX_BOUND_BYTES_MAX);
    *count_out = 0;
    for (uint16_t i = 0; i < k->count; i++) {
        types[i] = t->columns[k->columns[i]].phys;
        if (!int_convert(key[i], key_row, types[i], &values[i])) {
            goto out;
        }
    }
    types[k->count] = PHYS_I64;
    batch_init(&b, types, (uint16_t)(k->count + 1), arena);
    if (k->index >= 0) {
        const TableIndex *ti = &t->indexes[k->index];
        for (uint16_t c = 0; c < k->count; c++) {
            for (uint16_t i = 0; i < k->count; i++) {
                if (k->columns[i] == (uint16_t)ti->columns[c].column) {
                    index_key_column(ti, c, &values[i], false, &buf);
                }
            }
        }
        IndexBound bound = {{(const char *)buf.data, buf.len}, true};
        TRY_OUT(
            index_scan_create(cx, arena, t, (uint16_t)k->index, k->columns, k->count, true, &is));
        TRY_OUT(index_scan_start(cx, is, env->txn, snap, &bound, &bound, false));
    } else {
        TRY_OUT(table_scan_create(cx, arena, t, k->columns, k->count, true, &ts));
        TRY_OUT(table_scan_start(cx, ts, env->txn, snap));
    }
    while (*count_out < max) {
        batch_reset(&b);
        st = is != NULL ? index_scan_next(cx, is, VEC_CAPACITY, &b, arena)
                        : table_scan_next(cx, ts, VEC_CAPACITY, &b, arena);
        if (st != ST_OK) {
            st = st == ST_DONE ? ST_OK : st;
            break;
        }
        SEL_FOREACH(row, &b.sel)
        {
            if (!row_equals(k, values, &b, row) || *count_out >= max) {
                continue;
            }
            if (*count_out == size) {
                ids = arena_grow(arena, ids, size * sizeof(RowId), size * 2 * sizeof(RowId));
                size *= 2;
            }
            ids[(*count_out)++] = (RowId)((const int64_t *)b.cols[k->count]->data)[row];
        }
    }
out:
    if (is != NULL) {
        index_scan_end(is);
    }
    if (ts != NULL) {
        table_scan_end(ts);
    }
    buf_release(&buf);
    *ids_out = ids;
    return st;
}

static Status missing_parent(Cx *cx, const ExecEnv *env, const FkCheck *fk, const Batch *rows,
                             uint32_t row)
{
    Buf b;
    buf_init(&b, 1u << 16);
    put_key_text(env, fk->child, fk->child_columns, fk->column_count, rows, row, &b);
    st_ignore(err_set(cx, ERRCODE_FOREIGN_KEY_VIOLATION,
                      "insert or update on table \"%s\" violates foreign key constraint \"%s\"",
                      fk->child->name, fk->con->name));
    st_ignore(err_detail(cx, "Key %.*s is not present in table \"%s\".", (int)b.len,
                         (const char *)b.data, fk->parent->name));
    buf_release(&b);
    return err_constraint(cx, fk->child->schema_name, fk->child->name, NULL, fk->con->name);
}

/* parent_snapshot - READ COMMITTED looks at what is committed now, the other levels at what the
 * transaction sees, and what it has done itself. */
static void parent_snapshot(const ExecEnv *env, Snapshot *out)
{
    if (env->txn->isolation == ISO_READ_COMMITTED || env->snapshot == NULL) {
        snapshot_take(env->txn->sys, env->txn, out);
        return;
    }
    snapshot_copy(env->snapshot, out);
    out->cid = env->txn->cid;
}

static Status changed_meanwhile(Cx *cx)
{
    return err_set(cx, ERRCODE_T_R_SERIALIZATION_FAILURE,
                   "could not serialize access due to concurrent update");
}

/* child_left - there is no parent: an error, unless an action has changed the child since. */
static Status child_left(Cx *cx, const ExecEnv *env, Arena *arena, const FkCheck *fk,
                         const Batch *rows, uint32_t row)
{
    Seek k = {fk->child, fk->child_columns, fk->column_count, fk->child_index};
    Snapshot snap;
    RowId *ids;
    uint32_t count;
    snapshot_take(env->txn->sys, env->txn, &snap);
    Status st = seek_rows(cx, env, arena, &k, &snap, (const Vector *const *)rows->cols, row, &ids,
                          1, &count);
    snapshot_release(&snap);
    TRY(st);
    return count > 0 ? missing_parent(cx, env, fk, rows, row) : ST_OK;
}

/*
 * parent_exists - find and lock the parent; looks again when it changed meanwhile. Where the
 * transaction's snapshot counts, a parent that changed since must at least still have the key.
 */
static Status parent_exists(Cx *cx, const ExecEnv *env, Arena *arena, const FkCheck *fk,
                            const Batch *rows, uint32_t row)
{
    Seek k = {fk->parent, fk->parent_columns, fk->column_count, fk->parent_index};
    RowId known = 0;
    for (;;) {
        Snapshot snap;
        RowId *ids;
        uint32_t count;
        WriteOutcome outcome = WRITE_DONE;
        TRY(cx_check(cx));
        if (known != 0) {
            snapshot_take(env->txn->sys, env->txn, &snap);
        } else {
            parent_snapshot(env, &snap);
        }
        Status st = seek_rows(cx, env, arena, &k, &snap, (const Vector *const *)rows->cols, row,
                              &ids, 1, &count);
        if (st == ST_OK && count > 0) {
            st = table_lock_row(cx, env->txn, &snap, fk->parent->storage, ids[0], ROWLOCK_KEY_SHARE,
                                WAIT_BLOCK, &outcome);
        }
        snapshot_release(&snap);
        TRY(st);
        if (known != 0 && (count == 0 || ids[0] != known)) {
            return changed_meanwhile(cx);
        }
        if (count == 0) {
            return child_left(cx, env, arena, fk, rows, row);
        }
        if (outcome == WRITE_DONE || outcome == WRITE_SELF_CHANGED) {
            return ST_OK;
        }
        known = env->txn->isolation != ISO_READ_COMMITTED ? ids[0] : 0;
    }
}

static Status mixed_nulls(Cx *cx, const FkCheck *fk)
{
    st_ignore(err_set(cx, ERRCODE_FOREIGN_KEY_VIOLATION,
                      "insert or update on table \"%s\" violates foreign key constraint \"%s\"",
                      fk->child->name, fk->con->name));
    st_ignore(err_detail(cx, "MATCH FULL does not allow mixing of null and nonnull key values."));
    return err_constraint(cx, fk->child->schema_name, fk->child->name, NULL, fk->con->name);
}

/* fk_lock_table - what a look for the other side of a key locks the table with. */
static Status fk_lock_table(Cx *cx, const ExecEnv *env, const CatTable *t)
{
    return table_lock(cx, env->txn, (uint64_t)env->view->database << 32 | t->oid,
                      TABLELOCK_ROW_SHARE, WAIT_BLOCK);
}

/* fk_check_rows - every kept key (the child's columns, in the constraint's order) has its parent.
 */
Status fk_check_rows(Cx *cx, const ExecEnv *env, Arena *arena, const FkCheck *fk,
                     const RowStore *keys)
{
    Arena step; /* of one key: scans have cleanups, so it is cleared, never rewound */
    Status st = ST_OK;
    arena_init(&step, arena, "foreign key", 0);
    for (uint32_t c = 0; c < keys->chunk_count; c++) {
        const Batch *b = keys->chunks[c];
        for (uint32_t row = 0; row < b->count; row++) {
            uint16_t nulls = 0;
            for (uint16_t i = 0; i < fk->column_count; i++) {
                nulls = (uint16_t)(nulls + vec_is_null(b->cols[i], row));
            }
            if (nulls > 0 && nulls < fk->column_count && fk->con->match == 'f') {
                st = mixed_nulls(cx, fk);
                goto out;
            }
            if (nulls == 0) {
                TRY_OUT(fk_lock_table(cx, env, fk->parent));
                TRY_OUT(parent_exists(cx, env, &step, fk, b, row));
                arena_clear(&step);
            }
        }
    }
out:
    arena_release(&step);
    return st;
}

static Status still_referenced(Cx *cx, const ExecEnv *env, const FkCheck *fk, const Batch *rows,
                               uint32_t row)
{
    Buf b;
    buf_init(&b, 1u << 16);
    put_key_text(env, fk->parent, fk->parent_columns, fk->column_count, rows, row, &b);
    st_ignore(err_set(
        cx, ERRCODE_FOREIGN_KEY_VIOLATION,
        "update or delete on table \"%s\" violates foreign key constraint \"%s\" on table \"%s\"",
        fk->parent->name, fk->con->name, fk->child->name));
    st_ignore(err_detail(cx, "Key %.*s is still referenced from table \"%s\".", (int)b.len,
                         (const char *)b.data, fk->child->name));
    buf_release(&b);
    return err_constraint(cx, fk->child->schema_name, fk->child->name, NULL, fk->con->name);
}

bool fk_child_owes(const FkCheck *fk, const Batch *old, uint32_t old_at, const Batch *now,
                   uint32_t at)
{
    uint16_t nulls = 0;
    bool same = true;
    for (uint16_t i = 0; i < fk->column_count; i++) {
        uint16_t c = fk->child_columns[i];
        const TypeOps *t = type_ops(fk->child->columns[c].carrier);
        if (vec_is_null(now->cols[c], at)) {
            nulls++;
        } else if (t == NULL || vec_is_null(old->cols[c], old_at)) {
            same = false;
        } else if (same) {
            Datum x = vec_get(now->cols[c], at), y = vec_get(old->cols[c], old_at);
            same = t->cmp(&x, &y) == 0;
        }
    }
    return nulls == 0 ? !same : fk->con->match == 'f' && nulls < fk->column_count;
}

static bool same_key(const FkCheck *fk, const Batch *a, const Batch *b, uint32_t row)
{
    for (uint16_t i = 0; i < fk->column_count; i++) {
        const TypeOps *t = type_ops(fk->parent->columns[fk->parent_columns[i]].carrier);
        if (vec_is_null(a->cols[i], row) || vec_is_null(b->cols[i], row)) {
            return false;
        }
        Datum x = vec_get(a->cols[i], row), y = vec_get(b->cols[i], row);
        if (t == NULL || t->cmp(&x, &y) != 0) {
            return false;
        }
    }
    return true;
}

/*
 * parent_row_gone - no child may be left; with may_return a parent that has come back under the
 * same key will do. A child that is there is locked first: it may be on its way out.
 */
static Status parent_row_gone(Cx *cx, const ExecEnv *env, Arena *arena, const FkCheck *fk,
                              const Batch *old, uint32_t row, bool may_return)
{
    Seek children = {fk->child, fk->child_columns, fk->column_count, fk->child_index};
    Seek parent = {fk->parent, fk->parent_columns, fk->column_count, fk->parent_index};
    const Vector *const *key = (const Vector *const *)old->cols;
    for (;;) {
        Snapshot snap;
        RowId *ids, *parent_ids;
        uint32_t count, parents = 0;
        WriteOutcome outcome = WRITE_DONE;
        TRY(cx_check(cx));
        snapshot_take(env->txn->sys, env->txn, &snap);
        Status st = seek_rows(cx, env, arena, &children, &snap, key, row, &ids, 1, &count);
        if (st == ST_OK && count > 0 && may_return) {
            st = seek_rows(cx, env, arena, &parent, &snap, key, row, &parent_ids, 1, &parents);
        }
        if (st == ST_OK && count > 0 && parents == 0) {
            st = table_lock_row(cx, env->txn, &snap, fk->child->storage, ids[0], ROWLOCK_KEY_SHARE,
                                WAIT_BLOCK, &outcome);
        }
        snapshot_release(&snap);
        TRY(st);
        if (count == 0 || parents > 0) {
            return ST_OK;
        }
        if (outcome == WRITE_DONE || outcome == WRITE_SELF_CHANGED) {
            return still_referenced(cx, env, fk, old, row);
        }
        if (env->txn->isolation != ISO_READ_COMMITTED) {
            return changed_meanwhile(cx);
        }
    }
}

/* fk_key_left - the old key was whole, and the row has another one now (now: NULL for DELETE). */
bool fk_key_left(const FkCheck *fk, const Batch *old, const Batch *now, uint32_t row)
{
    for (uint16_t i = 0; i < fk->column_count; i++) {
        if (vec_is_null(old->cols[i], row)) {
            return false;
        }
    }
    return now == NULL || !same_key(fk, old, now, row);
}

/*
 * fk_parent_gone - rows whose key left the parent table (new_rows: what they became, NULL for
 * DELETE) may have no children. may_return: another parent row with that key will do (NO ACTION).
 */
Status fk_parent_gone(Cx *cx, const ExecEnv *env, Arena *arena, const FkCheck *fk,
                      const RowStore *old_rows, const RowStore *new_rows, bool may_return)
{
    Arena step;
    Status st = ST_OK;
    arena_init(&step, arena, "foreign key", 0);
    for (uint32_t c = 0; c < old_rows->chunk_count; c++) {
        const Batch *b = old_rows->chunks[c];
        for (uint32_t row = 0; row < b->count; row++) {
            if (fk_key_left(fk, b, new_rows != NULL ? new_rows->chunks[c] : NULL, row)) {
                TRY_OUT(fk_lock_table(cx, env, fk->child));
                TRY_OUT(parent_row_gone(cx, env, &step, fk, b, row, may_return));
                arena_clear(&step);
            }
        }
    }
out:
    arena_release(&step);
    return st;
}

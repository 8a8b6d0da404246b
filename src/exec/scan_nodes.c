/*
 * scan_nodes.c - tables, index ranges, catalogs, WITH results.
 */
#include "exec/exec_internal.h"
#include "type/array.h"
#include "type/gin.h"

typedef struct ScanRun {
    TableScan *scan;
    IndexScan *index;
    CatScan *cat;
    ExprRun *keys;
    Buf lo, hi;
    Arena cat_arena;
    bool open, empty;
    uint32_t in_at, in_total; /* next value of an IN list or an array, and how many there are */
    KeyTable in_seen;         /* encoded values done */
    ArrayList in_values;      /* of an array */
    PhysType in_phys;
} ScanRun;

static void scan_end(ExecNode *n)
{
    ScanRun *r = n->priv;
    if (r->open) {
        table_scan_end(r->scan);
        r->open = false;
    }
}

static Status scan_start(Cx *cx, ExecNode *n)
{
    ScanRun *r = n->priv;
    scan_end(n);
    n->done = false;
    TRY(table_scan_start(cx, r->scan, n->s->env.txn, n->s->env.snapshot));
    r->open = true;
    return ST_OK;
}

static Status scan_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    ScanRun *r = n->priv;
    TRY(cx_check(cx));
    if (n->done) {
        return ST_DONE;
    }
    arena_clear(&n->batch);
    batch_reset(&n->out);
    Status st = table_scan_next(cx, r->scan, max_rows, &n->out, &n->batch);
    if (st != ST_OK) {
        n->done = st == ST_DONE;
        return st;
    }
    *out = &n->out;
    return ST_OK;
}

Status scan_create(Cx *cx, ExecNode *n)
{
    const PlanScan *p = &n->plan->u.scan.scan;
    ScanRun *r = ARENA_NEW(&n->s->arena, ScanRun);
    n->priv = r;
    n->start = scan_start;
    n->next = scan_next;
    n->end = scan_end;
    node_out_init(n);
    return table_scan_create(cx, &n->s->arena, p->table->storage, p->columns, p->column_count,
                             p->want_rowid, &r->scan);
}

/* scan_node_count - count(*) over a whole table: no row is looked at beyond its visibility. */
Status scan_node_count(Cx *cx, ExecNode *n, uint64_t *count_out)
{
    ScanRun *r = n->priv;
    n->done = true;
    TRY(table_scan_count(cx, r->scan, count_out));
    node_count_rows(n, *count_out);
    return ST_OK;
}

/* ---- index ranges ---- */

static void index_end(ExecNode *n)
{
    ScanRun *r = n->priv;
    if (r->open) {
        index_scan_end(r->index);
        r->open = false;
    }
}

static void release_bounds(void *arg)
{
    ScanRun *r = arg;
    buf_release(&r->lo);
    buf_release(&r->hi);
}

/* key_convert - a value as the index column's type; false when no row can match (NULL, out of
 * range; *side_out then says on which side of all values it lies: -1 below, 1 above, 0 NULL). */
static Status key_convert(const Vector *v, const IndexColumn *ic, Datum *out, bool *fits_out,
                          int *side_out)
{
    *fits_out = false;
    *side_out = 0;
    if (vec_is_null(v, 0)) {
        return ST_OK;
    }
    *fits_out = true;
    if (!phys_is_int(v->phys) || v->phys == ic->type->phys) {
        *out = vec_get(v, 0);
        return ST_OK;
    }
    int64_t i = vec_int(v, 0);
    int64_t min = ic->type->phys == PHYS_I16 ? INT16_MIN : INT32_MIN;
    int64_t max = ic->type->phys == PHYS_I16 ? INT16_MAX : INT32_MAX;
    if (ic->type->phys == PHYS_I64) {
        out->i64 = i;
    } else if (i < min || i > max) {
        *fits_out = false;
        *side_out = i < min ? -1 : 1;
    } else if (ic->type->phys == PHYS_I32) {
        out->i32 = (int32_t)i;
    } else {
        out->i16 = (int16_t)i;
    }
    return ST_OK;
}

/* key_value - a key expression's value, as key_convert gives it. */
static Status key_value(Cx *cx, ExecNode *n, uint32_t expr, const IndexColumn *ic, Datum *out,
                        bool *fits_out, int *side_out)
{
    static const Batch NONE = {.count = 1, .sel = {NULL, 1}};
    ScanRun *r = n->priv;
    const Vector *v;
    TRY(expr_eval(cx, r->keys, expr, &NONE, &NONE.sel, &n->batch, &v));
    return key_convert(v, ic, out, fits_out, side_out);
}

/* put_range - bounds on the column after the equal ones: both ends, NULLs left out. */
static Status put_range(Cx *cx, ExecNode *n, const TableIndex *ti, uint32_t expr, bool *lo_incl,
                        bool *hi_incl)
{
    ScanRun *r = n->priv;
    const PlanIndex *ix = &n->plan->u.scan.index;
    const IndexColumn *ic = &ti->columns[ix->eq_count];
    size_t prefix = r->lo.len;
    bool have_lo = false, have_hi = false, lo_i = true, hi_i = true;
    Buf *low = ic->desc ? &r->hi : &r->lo, *high = ic->desc ? &r->lo : &r->hi;
    Datum v;
    bool fits;
    int side;
    if (ix->has_lo) {
        TRY(key_value(cx, n, expr++, ic, &v, &fits, &side));
        if (fits) {
            index_key_column(ti, ix->eq_count, &v, false, low);
            have_lo = true;
            lo_i = ix->lo_incl;
        } else if (side >= 0) {
            r->empty = true;
        }
    }
    if (ix->has_hi) {
        TRY(key_value(cx, n, expr++, ic, &v, &fits, &side));
        if (fits) {
            index_key_column(ti, ix->eq_count, &v, false, high);
            have_hi = true;
            hi_i = ix->hi_incl;
        } else if (side <= 0) {
            r->empty = true;
        }
    }
    /* The open end must not run into the NULLs. */
    bool nulls_low = ic->nulls_first; /* in index order NULLs come first */
    bool start_open = ic->desc ? !have_hi : !have_lo, end_open = ic->desc ? !have_lo : !have_hi;
    *lo_incl = ic->desc ? hi_i : lo_i;
    *hi_incl = ic->desc ? lo_i : hi_i;
    if (start_open && nulls_low) {
        ASSERT(r->lo.len == prefix);
        index_key_column(ti, ix->eq_count, NULL, true, &r->lo);
        *lo_incl = false;
    } else if (start_open) {
        *lo_incl = true;
    }
    if (end_open && !nulls_low) {
        index_key_column(ti, ix->eq_count, NULL, true, &r->hi);
        *hi_incl = false;
    } else if (end_open) {
        *hi_incl = true;
    }
    return ST_OK;
}

/* in_repeated - was the range of this value scanned already? */
static bool in_repeated(ScanRun *r)
{
    bool added;
    key_table_add(&r->in_seen, r->lo.data, r->lo.len, &added);
    return !added;
}

/* in_element - the value at in_at of an array. */
static Status in_element(ScanRun *r, const IndexColumn *ic, Datum *out, bool *fits_out)
{
    uint64_t none[VEC_VALID_WORDS] = {0};
    int side;
    Vector v = {.phys = r->in_phys, .kind = VEC_CONST, .data = &r->in_values.values[r->in_at]};
    v.valid = r->in_values.nulls[r->in_at] ? none : NULL;
    return key_convert(&v, ic, out, fits_out, &side);
}

/* in_begin - the values the last equal column takes: those of the list, or an array's elements. */
static Status in_begin(Cx *cx, ExecNode *n)
{
    static const Batch NONE = {.count = 1, .sel = {NULL, 1}};
    ScanRun *r = n->priv;
    const PlanIndex *ix = &n->plan->u.scan.index;
    const Vector *v;
    ArrayView view;
    r->in_at = 0;
    r->in_total = ix->in_count;
    if (ix->in_count == 0) {
        return ST_OK;
    }
    arena_clear(&n->hold);
    key_table_init(&r->in_seen, &n->hold, false);
    if (!ix->in_array) {
        return ST_OK;
    }
    r->in_values = array_list(&n->hold);
    r->in_total = 0;
    TRY(expr_eval(cx, r->keys, ix->eq_count - 1u, &NONE, &NONE.sel, &n->hold, &v));
    if (vec_is_null(v, 0)) {
        return ST_OK;
    }
    Str array = vec_get(v, 0).str;
    array = str_copy(&n->hold, str_ptr(&array), array.len);
    array_view(&array, &view);
    array_list_all(&r->in_values, &view);
    r->in_phys = view.phys;
    r->in_total = r->in_values.count;
    return ST_OK;
}

/* inverted_position - ask the conditions what they need, and start the scan. */
static Status inverted_position(Cx *cx, ExecNode *n, const TableIndex *ti)
{
    static const Batch NONE = {.count = 1, .sel = {NULL, 1}};
    ScanRun *r = n->priv;
    const PlanIndex *ix = &n->plan->u.scan.index;
    GinQuery queries[INDEX_COLUMNS_MAX];
    InvertedNeed needs[INDEX_COLUMNS_MAX];
    arena_clear(&n->hold);
    r->empty = false;
    for (uint16_t i = 0; i < ix->gin_count; i++) {
        const Vector *v;
        TRY(expr_eval(cx, r->keys, i, &NONE, &NONE.sel, &n->hold, &v));
        if (vec_is_null(v, 0)) {
            r->empty = true;
            return ST_OK;
        }
        Datum d = vec_get(v, 0);
        queries[i] = (GinQuery){.items = {.arena = &n->hold}};
        ti->columns[ix->gin[i].column].gin->query(ix->gin[i].strategy, &d, &queries[i]);
        needs[i] = (InvertedNeed){ix->gin[i].column, &queries[i]};
    }
    if (r->open) {
        index_scan_end(r->index);
    }
    r->open = true;
    return index_scan_start_inverted(cx, r->index, n->s->env.txn, n->s->env.snapshot, needs,
                                     ix->gin_count);
}

/* index_position - evaluate the keys and start the scan of one range. */
static Status index_position(Cx *cx, ExecNode *n)
{
    ScanRun *r = n->priv;
    const PlanIndex *ix = &n->plan->u.scan.index;
    const TableIndex *ti = &n->plan->u.scan.scan.table->storage->indexes[ix->index];
    uint16_t plain = (uint16_t)(ix->eq_count - (ix->in_count > 0 ? 1 : 0));
    bool lo_incl = true, hi_incl = true, fits;
    int side;
    Datum v;
    if (ix->gin_count > 0) {
        return inverted_position(cx, n, ti);
    }
    buf_clear(&r->lo);
    buf_clear(&r->hi);
    r->empty = false;
    for (uint16_t i = 0; i < ix->eq_count; i++) {
        if (i == plain && ix->in_array) {
            TRY(in_element(r, &ti->columns[i], &v, &fits));
        } else {
            uint32_t expr = i < plain ? i : plain + r->in_at;
            TRY(key_value(cx, n, expr, &ti->columns[i], &v, &fits, &side));
        }
        if (!fits) {
            r->empty = true;
            return ST_OK;
        }
        index_key_column(ti, i, &v, false, &r->lo);
    }
    if (ix->in_count > 0 && in_repeated(r)) {
        r->empty = true;
        return ST_OK;
    }
    buf_put(&r->hi, r->lo.data, r->lo.len);
    if (ix->has_lo || ix->has_hi) {
        TRY(put_range(cx, n, ti, plain + (uint32_t)ix->in_count, &lo_incl, &hi_incl));
    }
    if (r->empty) {
        return ST_OK;
    }
    IndexBound lo = {{(const char *)r->lo.data, r->lo.len}, lo_incl};
    IndexBound hi = {{(const char *)r->hi.data, r->hi.len}, hi_incl};
    if (r->open) {
        index_scan_end(r->index);
        r->open = false;
    }
    TRY(index_scan_start(cx, r->index, n->s->env.txn, n->s->env.snapshot, &lo, &hi, ix->backward));
    r->open = true;
    return ST_OK;
}

static Status index_start(Cx *cx, ExecNode *n)
{
    ScanRun *r = n->priv;
    n->done = false;
    run_reset(n, r->keys);
    TRY(in_begin(cx, n));
    if (n->plan->u.scan.index.in_count > 0 && r->in_total == 0) {
        n->done = true; /* an empty array, or NULL */
        return ST_OK;
    }
    return index_position(cx, n);
}

/* index_next - rows of the next key range or the next value of an IN list; a unique point ends
 * after its row. */
static Status index_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    ScanRun *r = n->priv;
    const PlanIndex *ix = &n->plan->u.scan.index;
    TRY(cx_check(cx));
    while (!n->done) {
        Status st = ST_DONE;
        if (!r->empty) {
            arena_clear(&n->batch);
            batch_reset(&n->out);
            st = index_scan_next(cx, r->index, ix->unique_point ? 1 : max_rows, &n->out, &n->batch);
        }
        if (st == ST_OK) {
            n->done = ix->unique_point;
            *out = &n->out;
            return ST_OK;
        }
        if (st != ST_DONE) {
            return st;
        }
        if (r->in_at + 1 < r->in_total) {
            r->in_at++;
            TRY(index_position(cx, n));
        } else {
            n->done = true;
        }
    }
    return ST_DONE;
}

Status index_scan_node_create(Cx *cx, ExecNode *n)
{
    const PlanScan *p = &n->plan->u.scan.scan;
    ScanRun *r = ARENA_NEW(&n->s->arena, ScanRun);
    n->priv = r;
    n->start = index_start;
    n->next = index_next;
    n->end = index_end;
    buf_init(&r->lo, INDEX_BOUND_BYTES_MAX);
    buf_init(&r->hi, INDEX_BOUND_BYTES_MAX);
    arena_on_clear(&n->s->arena, release_bounds, r);
    node_out_init(n);
    TRY(run_create(cx, n, n->plan->u.scan.index.keys, &r->keys));
    return index_scan_create(cx, &n->s->arena, p->table->storage, n->plan->u.scan.index.index,
                             p->columns, p->column_count, p->want_rowid, &r->index);
}

/* ---- catalogs ---- */

static void cat_end(ExecNode *n)
{
    ScanRun *r = n->priv;
    if (r->open) {
        cat_scan_end(r->cat);
        r->open = false;
    }
}

/* cat_keys - the values the scan's columns are held equal to; *none_out: one is NULL, no row is. */
static Status cat_keys(Cx *cx, ExecNode *n, Datum *values, bool *none_out)
{
    static const Batch NONE = {.count = 1, .sel = {NULL, 1}};
    ScanRun *r = n->priv;
    const PlanScan *p = &n->plan->u.scan.scan;
    const Vector *v;
    *none_out = false;
    run_reset(n, r->keys);
    for (uint16_t i = 0; i < p->key_count && !*none_out; i++) {
        TRY(expr_eval(cx, r->keys, i, &NONE, &NONE.sel, &n->hold, &v));
        *none_out = vec_is_null(v, 0);
        if (!*none_out) {
            values[i] = vec_get(v, 0);
        }
        if (!*none_out && v->phys == PHYS_STR) { /* it may live in the register */
            values[i].str = str_copy(&n->hold, str_ptr(&values[i].str), values[i].str.len);
        }
    }
    return ST_OK;
}

static Status cat_start(Cx *cx, ExecNode *n)
{
    ScanRun *r = n->priv;
    const PlanScan *p = &n->plan->u.scan.scan;
    Datum values[CAT_SCAN_KEYS_MAX];
    cat_end(n);
    arena_clear(&n->hold);
    TRY(cat_keys(cx, n, values, &n->done));
    if (n->done) {
        return ST_OK;
    }
    TRY(cat_scan_open_key(cx, n->s->env.view, &n->hold, p->table->oid, p->columns, p->column_count,
                          p->key_columns, values, p->key_count, &r->cat));
    r->open = true;
    return ST_OK;
}

/* cat_next - the next rows; tableoid, where asked for, is the last column. */
static Status cat_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    ScanRun *r = n->priv;
    if (n->done) {
        return ST_DONE;
    }
    TRY(cx_check(cx));
    batch_reset(&n->out);
    Status st = cat_scan_next(cx, r->cat, max_rows, &n->out);
    if (st != ST_OK) {
        n->done = st == ST_DONE;
        return st;
    }
    const PlanScan *p = &n->plan->u.scan.scan;
    Datum oid = {.u32 = p->table->oid};
    for (uint32_t i = 0; p->want_tableoid && i < n->out.count; i++) {
        vec_put(n->out.cols[p->column_count], i, &oid);
    }
    *out = &n->out;
    return ST_OK;
}

Status cat_scan_create(Cx *cx, ExecNode *n)
{
    ScanRun *r = ARENA_NEW(&n->s->arena, ScanRun);
    const PlanScan *p = &n->plan->u.scan.scan;
    n->priv = r;
    n->start = cat_start;
    n->next = cat_next;
    n->end = cat_end;
    node_out_init(n);
    return p->key_count > 0 ? run_create(cx, n, p->keys, &r->keys) : ST_OK;
}

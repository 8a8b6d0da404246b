/*
 * window_frame.c - window frames: which rows of a partition count for a row.
 *
 * In a partition the bounds of a frame never move back, so RANGE bounds follow the rows by one
 * walk over the partition.
 */
#include <math.h>

#include "exec/window_internal.h"

static bool start_is(const PlanWindow *w, uint32_t bits)
{
    return (w->frame & bits) != 0;
}

/* offset_error - 22013, as PostgreSQL says it. */
static Status offset_error(Cx *cx, bool start, const char *what)
{
    return err_set(cx,
                   strcmp(what, "null") == 0 ? ERRCODE_NULL_VALUE_NOT_ALLOWED
                                             : ERRCODE_INVALID_PRECEDING_OR_FOLLOWING_SIZE,
                   "frame %s offset must not be %s", start ? "starting" : "ending", what);
}

/* one_offset - the value of an offset. */
static Status one_offset(Cx *cx, ExecNode *n, bool start, int number, int64_t *count, double *f,
                         bool *negative)
{
    static const Batch NONE = {.count = 1, .sel = {NULL, 1}};
    WindowRun *r = n->priv;
    const PlanWindow *w = &n->plan->u.window;
    const Vector *v;
    TRY(expr_eval(cx, r->offsets, (uint32_t)number, &NONE, &NONE.sel, &n->batch, &v));
    if (vec_is_null(v, 0)) {
        return offset_error(cx, start, "null");
    }
    Datum d = vec_get(v, 0);
    if (!(w->frame & FRAME_RANGE) || w->range == RANGE_INT) {
        *count = d.i64;
        *negative = d.i64 < 0;
        return *negative && !(w->frame & FRAME_RANGE) ? offset_error(cx, start, "negative") : ST_OK;
    }
    if (w->range == RANGE_FLOAT) {
        *f = d.f64;
        *negative = d.f64 < 0 || isnan(d.f64);
        return ST_OK;
    }
    if (v->phys == PHYS_B16) { /* interval */
        int64_t us;
        const TypeOps *t = type_ops(TYPE_INTERVAL);
        Datum zero = {0};
        memcpy(&us, d.b16, sizeof(us));
        *count = us;
        *negative = w->range == RANGE_TIME ? us < 0 : t->cmp(&d, &zero) < 0;
        return ST_OK;
    }
    if (v->phys == PHYS_STR) { /* numeric: its text tells the sign */
        Buf text;
        FnCall fc = {.cx = cx, .arena = &n->batch, .state_arena = &n->batch, .arg_typmod = -1};
        buf_init(&text, 1u << 20);
        type_ops(TYPE_NUMERIC)->out(&fc, &d, &text);
        *negative = text.len > 0 && (text.data[0] == '-' || text.data[0] == 'N');
        buf_release(&text);
    }
    return ST_OK;
}

/* window_offsets - the frame's offsets, once for each execution. */
Status window_offsets(Cx *cx, ExecNode *n)
{
    WindowRun *r = n->priv;
    const PlanWindow *w = &n->plan->u.window;
    if (r->offsets_known) {
        return ST_OK;
    }
    r->start_negative = r->end_negative = false;
    if (w->start_offset >= 0) {
        TRY(one_offset(cx, n, true, w->start_offset, &r->start_count, &r->start_float,
                       &r->start_negative));
    }
    if (w->end_offset >= 0) {
        TRY(one_offset(cx, n, false, w->end_offset, &r->end_count, &r->end_float,
                       &r->end_negative));
    }
    r->offsets_known = true;
    return ST_OK;
}

/* find_keyed - where the partition's order key is not NULL. */
static void find_keyed(ExecNode *n)
{
    WindowRun *r = n->priv;
    const PlanWindow *w = &n->plan->u.window;
    WinPartition *p = &r->part;
    uint32_t at, nulls = 0;
    for (uint32_t g = 0; g < p->group_count; g++) { /* NULLs are one group, first or last */
        uint32_t row = p->group_first[g];
        const Vector *v = window_expr(r, w->range_key, row, &at);
        if (vec_is_null(v, at)) {
            nulls = p->group_first[g + 1] - row;
            p->keyed = g == 0 ? (WinRange){p->first + nulls, p->end}
                              : (WinRange){p->first, p->end - nulls};
            return;
        }
    }
    p->keyed = (WinRange){p->first, p->end};
}

Status window_partition_begin(Cx *cx, ExecNode *n, uint32_t first, uint32_t end)
{
    WindowRun *r = n->priv;
    const PlanWindow *w = &n->plan->u.window;
    WinPartition *p = &r->part;
    uint32_t groups = 0;
    TRY(window_offsets(cx, n));
    p->first = first;
    p->end = end;
    p->group_of = arena_alloc(&n->hold, (end - first) * sizeof(uint32_t));
    for (uint32_t i = first; i < end; i++) {
        groups += i == first || r->begins[i] != 0;
        p->group_of[i - first] = groups - 1;
    }
    p->group_first = arena_alloc(&n->hold, (groups + 1u) * sizeof(uint32_t));
    p->group_count = groups;
    for (uint32_t i = end; i-- > first;) {
        p->group_first[p->group_of[i - first]] = i;
    }
    p->group_first[groups] = end;
    if (w->range != RANGE_NONE) {
        find_keyed(n);
        p->start_at = p->end_at = p->keyed.from;
        if ((r->start_negative || r->end_negative) && p->keyed.from < p->keyed.to) {
            return err_set(cx, ERRCODE_INVALID_PRECEDING_OR_FOLLOWING_SIZE,
                           "invalid preceding or following size in window function");
        }
    }
    return ST_OK;
}

/* add_sat - a + b, staying at the ends of int64. */
static int64_t add_sat(int64_t a, int64_t b)
{
    int64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? (b < 0 ? INT64_MIN : INT64_MAX) : sum;
}

/* range_value - the value the bound lies at, for this row. */
static Datum range_value(const ExecNode *n, uint32_t row, bool start)
{
    const WindowRun *r = n->priv;
    const PlanWindow *w = &n->plan->u.window;
    bool preceding = start_is(w, start ? FRAME_START_PRECEDING : FRAME_END_PRECEDING);
    bool minus = preceding != w->desc;
    uint32_t at;
    if (w->range == RANGE_EXPR) {
        const Vector *b = window_expr(r, start ? w->range_start : w->range_end, row, &at);
        return vec_get(b, at);
    }
    const Vector *v = window_expr(r, w->range_key, row, &at);
    Datum d = vec_get(v, at);
    if (w->range == RANGE_FLOAT) {
        double off = start ? r->start_float : r->end_float, key = d.f64;
        d.f64 = minus ? key - off : key + off;
        if (isnan(d.f64) && !isnan(key)) { /* infinity less infinity: all rows are in range */
            d.f64 = start != w->desc ? (double)-INFINITY : (double)INFINITY;
        }
        return d;
    }
    int64_t off = start ? r->start_count : r->end_count;
    d.i64 = add_sat(d.i64, minus ? -off : off);
    return d;
}

/* range_bound - the first row, from `at` on, that is not before (end: that is behind) the bound. */
static uint32_t range_bound(const ExecNode *n, uint32_t row, bool start, uint32_t at)
{
    const WindowRun *r = n->priv;
    const PlanWindow *w = &n->plan->u.window;
    const WinPartition *p = &r->part;
    Datum bound = range_value(n, row, start);
    for (; at < p->keyed.to; at = p->group_first[p->group_of[at - p->first] + 1]) {
        uint32_t k;
        const Vector *v = window_expr(r, w->range_key, at, &k);
        Datum d = vec_get(v, k);
        int c = w->range_type->cmp(&d, &bound);
        c = w->desc ? -c : c;
        if (start ? c >= 0 : c > 0) {
            break;
        }
    }
    return at;
}

static bool row_is_keyed(const WinPartition *p, uint32_t row)
{
    return row >= p->keyed.from && row < p->keyed.to;
}

static uint32_t clamp(const WinPartition *p, int64_t row)
{
    return row < (int64_t)p->first ? p->first : row > (int64_t)p->end ? p->end : (uint32_t)row;
}

/* group_at - the first row of a group that may lie outside the partition. */
static uint32_t group_at(const WinPartition *p, int64_t group)
{
    return group < 0 ? p->first : group >= (int64_t)p->group_count ? p->end : p->group_first[group];
}

/* frame_start - the first row of the frame. */
static uint32_t frame_start(ExecNode *n, uint32_t row)
{
    WindowRun *r = n->priv;
    const PlanWindow *w = &n->plan->u.window;
    WinPartition *p = &r->part;
    uint32_t group = p->group_of[row - p->first];
    if (start_is(w, FRAME_START_UNBOUNDED)) {
        return p->first;
    }
    if (start_is(w, FRAME_START_CURRENT)) {
        return start_is(w, FRAME_ROWS) ? row : p->group_first[group];
    }
    int64_t off = start_is(w, FRAME_START_PRECEDING) ? -r->start_count : r->start_count;
    if (start_is(w, FRAME_ROWS)) {
        return clamp(p, add_sat(row, off));
    }
    if (start_is(w, FRAME_GROUPS)) {
        return group_at(p, add_sat(group, off));
    }
    if (!row_is_keyed(p, row)) {
        return p->group_first[group];
    }
    p->start_at = range_bound(n, row, true, p->start_at);
    return p->start_at;
}

/* frame_end - the row behind the frame's last. */
static uint32_t frame_end(ExecNode *n, uint32_t row)
{
    WindowRun *r = n->priv;
    const PlanWindow *w = &n->plan->u.window;
    WinPartition *p = &r->part;
    uint32_t group = p->group_of[row - p->first];
    if (start_is(w, FRAME_END_UNBOUNDED)) {
        return p->end;
    }
    if (start_is(w, FRAME_END_CURRENT)) {
        return start_is(w, FRAME_ROWS) ? row + 1 : p->group_first[group + 1];
    }
    int64_t off = start_is(w, FRAME_END_PRECEDING) ? -r->end_count : r->end_count;
    if (start_is(w, FRAME_ROWS)) {
        return clamp(p, add_sat(add_sat(row, off), 1));
    }
    if (start_is(w, FRAME_GROUPS)) {
        return group_at(p, add_sat(add_sat(group, off), 1));
    }
    if (!row_is_keyed(p, row)) {
        return p->group_first[group + 1];
    }
    p->end_at = range_bound(n, row, false, p->end_at);
    return p->end_at;
}

static void frame_add(WinFrame *f, uint32_t from, uint32_t to)
{
    if (from < to) {
        f->part[f->count++] = (WinRange){from, to};
    }
}

Status window_frame(ExecNode *n, uint32_t row, WinFrame *out)
{
    const WindowRun *r = n->priv;
    const PlanWindow *w = &n->plan->u.window;
    const WinPartition *p = &r->part;
    uint32_t from = frame_start(n, row), to = frame_end(n, row);
    uint32_t group = p->group_of[row - p->first];
    *out = (WinFrame){0};
    if (from >= to) {
        return ST_OK;
    }
    if (!(w->frame & FRAME_EXCLUDE)) {
        frame_add(out, from, to);
        return ST_OK;
    }
    bool current = (w->frame & FRAME_EXCLUDE_CURRENT) != 0;
    uint32_t gap_from = current ? row : p->group_first[group];
    uint32_t gap_to = current ? row + 1 : p->group_first[group + 1];
    frame_add(out, from, MIN(to, gap_from));
    if ((w->frame & FRAME_EXCLUDE_TIES) && row >= from && row < to) {
        frame_add(out, row, row + 1);
    }
    frame_add(out, MAX(from, gap_to), to);
    return ST_OK;
}

bool frame_find(const WinFrame *f, uint64_t k, uint32_t *row_out)
{
    for (uint32_t i = 0; i < f->count; i++) {
        uint64_t rows = f->part[i].to - f->part[i].from;
        if (k < rows) {
            *row_out = f->part[i].from + (uint32_t)k;
            return true;
        }
        k -= rows;
    }
    return false;
}

bool frame_last(const WinFrame *f, uint32_t *row_out)
{
    if (f->count == 0) {
        return false;
    }
    *row_out = f->part[f->count - 1].to - 1;
    return true;
}

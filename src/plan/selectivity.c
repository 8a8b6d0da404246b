/*
 * selectivity.c - how many rows a condition keeps, how many groups there are: from ANALYZE's
 * statistics where there are some, else from constants.
 *
 * A constant is looked up among the most common values and placed in the histogram of the others. A
 * literal that the statement cache made a parameter counts as the constant it was when the plan was
 * made, but an equality is then never taken for rarer than the average one: the plan will serve
 * other values, too.
 */
#include <math.h>

#include "catalog/catalog_data.h"
#include "plan/plan_internal.h"

#define SEL_RANGE       0.3333
#define SEL_BETWEEN     0.005
#define SEL_EQ          0.005
#define SEL_MATCH       0.005
#define SEL_LEFT_CHAR   0.2 /* of each letter of a pattern behind a wildcard */
#define SEL_LEAST       1e-7
#define GROUPS_DEFAULT  200
#define RANGE_PAIRS_MAX 8

/* Guess - a column of a table and what is known of it. */
typedef struct Guess {
    const Expr *column;
    const CatColumnStats *stats; /* NULL: never analyzed */
    const TypeOps *ops;
    double rows, distinct; /* distinct 0: unknown */
    double nulls, common;  /* share of NULLs; of the most common values together */
} Guess;

static const Expr *skip_relabel(const Expr *e)
{
    while (e->kind == EXPR_RELABEL) {
        e = e->args[0];
    }
    return e;
}

static bool is_single_key(const CatTable *t, int16_t column)
{
    for (uint16_t i = 0; i < t->storage->index_count; i++) {
        const TableIndex *ix = &t->storage->indexes[i];
        if (ix->unique && ix->column_count == 1 && ix->columns[0].column == column &&
            t->indexes[i].predicate_sql == NULL) {
            return true;
        }
    }
    return false;
}

/* guess_of_column - false when the expression is not a column of a table. */
static bool guess_of_column(PlanQuery *pq, const Expr *e, Guess *g)
{
    TableSize size;
    e = skip_relabel(e);
    *g = (Guess){.column = e};
    if (e->kind != EXPR_COLUMN || e->u.column.levels_up > 0 || e->u.column.column < 0 ||
        e->u.column.rte >= pq->q->rte_count) {
        return false;
    }
    const Rte *r = pq->q->rtes[e->u.column.rte];
    if (r->kind != RTE_TABLE || r->table->builtin || r->table->storage == NULL) {
        return false;
    }
    if (table_size(pq->p->cx, r->table->storage, &size) != ST_OK) {
        err_clear(pq->p->cx);
        return false;
    }
    g->rows = MAX(size.rows, 1);
    const CatTableStats *stats = cat_table_stats(pq->p->view, r->table->oid);
    if (stats != NULL && e->u.column.column < stats->column_count &&
        stats->columns[e->u.column.column].known) {
        g->stats = &stats->columns[e->u.column.column];
        g->ops = g->stats->ops;
        g->nulls = g->stats->null_fraction;
        g->common = g->stats->common_total;
        g->distinct = g->stats->distinct < 0 ? -g->stats->distinct * g->rows : g->stats->distinct;
    }
    if (is_single_key(r->table, e->u.column.column)) {
        g->distinct = g->rows * (1 - g->nulls);
    }
    return true;
}

/* Known - the value an expression has while planning. */
typedef struct Known {
    Datum value;
    bool is_null, peeked; /* peeked: it may be another one when the plan is used again */
} Known;

static bool text_like_type(Oid type)
{
    return type == TYPE_TEXT || type == TYPE_VARCHAR;
}

static bool is_int_phys(PhysType p)
{
    return p == PHYS_I16 || p == PHYS_I32 || p == PHYS_I64;
}

static bool int_to_phys(const TypeOps *from, PhysType to, Datum *v)
{
    int64_t i = from->phys == PHYS_I64 ? v->i64 : from->phys == PHYS_I32 ? v->i32 : v->i16;
    *v = (Datum){0};
    if (to == PHYS_I64) {
        v->i64 = i;
    } else if (to == PHYS_I32) {
        v->i32 = (int32_t)MIN(MAX(i, INT32_MIN), INT32_MAX);
    } else {
        v->i16 = (int16_t)MIN(MAX(i, INT16_MIN), INT16_MAX);
    }
    return true;
}

/* known_value - as a value of the column's type; false when it is not known or of another type. */
static bool known_value(const Expr *e, const TypeOps *to, Known *out)
{
    e = skip_relabel(e);
    *out = (Known){0};
    if (e->kind == EXPR_CONST) {
        out->is_null = e->u.constant.is_null;
        out->value = e->u.constant.value;
    } else if (e->kind == EXPR_PARAM && e->u.param.peek != NULL) {
        out->peeked = true;
        out->value = *e->u.param.peek;
    } else {
        return false;
    }
    const TypeOps *from = expr_type_ops(e);
    if (out->is_null || to == NULL || from == to) {
        return out->is_null || to != NULL;
    }
    if (from != NULL && is_int_phys(from->phys) && is_int_phys(to->phys)) {
        return int_to_phys(from, to->phys, &out->value);
    }
    return text_like_type(e->type) && text_like_type(to->oid);
}

/* ---- equality ---- */

/* equal_average - of a value not known: every distinct value has the same chance. */
static double equal_average(const Guess *g)
{
    return g->distinct >= 1 ? (1 - g->nulls) / g->distinct : SEL_EQ;
}

/* equal_to - column = value. */
static double equal_to(const Guess *g, const Expr *value)
{
    Known k;
    double average = equal_average(g), s = -1;
    if (!known_value(value, g->ops, &k)) {
        return average;
    }
    if (k.is_null) {
        return 0;
    }
    if (g->stats == NULL || g->ops == NULL || g->ops->cmp == NULL) {
        return average;
    }
    uint32_t n = g->stats->common_count;
    for (uint32_t i = 0; i < n && s < 0; i++) {
        if (g->ops->cmp(&g->stats->common[i], &k.value) == 0) {
            s = g->stats->frequencies[i];
        }
    }
    if (s < 0) {
        double others = g->distinct - n;
        s = MAX(1 - g->nulls - g->common, 0);
        s = others > 1 ? s / others : s;
        s = n > 0 ? MIN(s, g->stats->frequencies[n - 1]) : s;
    }
    return k.peeked ? MAX(s, average) : s;
}

/* ---- order ---- */

/* scale_bytes - text as a number: its first bytes behind `skip` as a fraction. */
static double scale_bytes(const Str *s, size_t skip)
{
    double v = 0, unit = 1;
    for (size_t i = skip; i < s->len && i < skip + 8; i++) {
        unit /= 256;
        v += (uint8_t)str_ptr(s)[i] * unit;
    }
    return v;
}

/* scale_value - a number in the order of the type; false when it has none that is known here. */
static bool scale_value(const TypeOps *ops, const Datum *v, size_t skip, double *out)
{
    switch (ops->phys) {
    case PHYS_BOOL: *out = v->b; return true;
    case PHYS_I16: *out = v->i16; return true;
    case PHYS_I32: *out = ops->oid == TYPE_OID ? (double)v->u32 : (double)v->i32; return true;
    case PHYS_I64: *out = (double)v->i64; return true;
    case PHYS_F32: *out = (double)v->f32; return true;
    case PHYS_F64: *out = v->f64; return true;
    case PHYS_STR:
        *out = scale_bytes(&v->str, skip);
        return text_like_type(ops->oid) || ops->oid == TYPE_BPCHAR || ops->oid == TYPE_BYTEA;
    default: return false;
    }
}

/* within_bin - how far between two bounds the value lies. */
static double within_bin(const TypeOps *ops, const Datum *lo, const Datum *hi, const Datum *v)
{
    double a, b, x;
    size_t skip = 0;
    if (ops->phys == PHYS_STR) {
        size_t n = MIN(MIN(lo->str.len, hi->str.len), v->str.len);
        const char *p = (const char *)str_ptr(&lo->str), *q = (const char *)str_ptr(&hi->str);
        while (skip < n && p[skip] == q[skip]) {
            skip++;
        }
    }
    if (!scale_value(ops, lo, skip, &a) || !scale_value(ops, hi, skip, &b) ||
        !scale_value(ops, v, skip, &x) || !(b > a)) {
        return 0.5;
    }
    return MIN(MAX((x - a) / (b - a), 0), 1);
}

/* histogram_below - the share of the histogram's values below v. */
static double histogram_below(const CatColumnStats *s, const TypeOps *ops, const Datum *v)
{
    uint32_t lo = 0, hi = s->bound_count; /* the first bound above v */
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (ops->cmp(&s->bounds[mid], v) <= 0) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    double bins = s->bound_count - 1;
    if (lo == 0 || lo == s->bound_count) {
        double edge = 0.5 / (bins * 100); /* the sample may have missed the ends */
        return lo == 0 ? edge : 1 - edge;
    }
    return (lo - 1 + within_bin(ops, &s->bounds[lo - 1], &s->bounds[lo], v)) / bins;
}

static bool order_holds(int strategy, int c)
{
    return strategy == 1 ? c < 0 : strategy == 2 ? c <= 0 : strategy == 4 ? c >= 0 : c > 0;
}

/* order_to - column < <= >= > value (strategy 1 2 4 5); false: no statistics tell. */
static bool order_to(const Guess *g, int strategy, const Expr *value, double *out)
{
    Known k;
    if (g->stats == NULL || g->ops == NULL || g->ops->cmp == NULL ||
        !known_value(value, g->ops, &k)) {
        return false;
    }
    if (k.is_null) {
        *out = 0;
        return true;
    }
    double s = 0;
    for (uint32_t i = 0; i < g->stats->common_count; i++) {
        if (order_holds(strategy, g->ops->cmp(&g->stats->common[i], &k.value))) {
            s += g->stats->frequencies[i];
        }
    }
    double rest = MAX(1 - g->nulls - g->common, 0);
    if (g->stats->bound_count >= 2) {
        double below = histogram_below(g->stats, g->ops, &k.value);
        s += rest * (strategy < 3 ? below : 1 - below);
    } else if (g->stats->common_count == 0) {
        return false;
    } else {
        s += rest * 0.5;
    }
    *out = MIN(MAX(s, SEL_LEAST), 1);
    return true;
}

/* ---- patterns ---- */

/* pattern_prefix - the letters every match begins with; *exact_out: there is nothing behind them;
 * *any_out: only one % is. *letters_out counts the fixed letters behind the first wildcard. */
static size_t pattern_prefix(const Str *p, char *prefix, size_t size, bool *exact_out,
                             bool *any_out, uint32_t *letters_out)
{
    const char *s = (const char *)str_ptr(p);
    size_t n = 0, i = 0;
    while (i < p->len && s[i] != '%' && s[i] != '_' && n < size) {
        i += s[i] == '\\' && i + 1 < p->len ? 1 : 0;
        prefix[n++] = s[i++];
    }
    *exact_out = i == p->len;
    *any_out = i + 1 == p->len && s[i] == '%';
    *letters_out = 0;
    for (; i < p->len; i++) {
        *letters_out += s[i] != '%' && s[i] != '_';
    }
    return n;
}

/* prefix_share - of the column's values that begin with these letters. */
static double prefix_share(const Guess *g, const char *prefix, size_t n)
{
    const CatColumnStats *s = g->stats;
    double share = 0;
    for (uint32_t i = 0; i < s->common_count; i++) {
        const Str *v = &s->common[i].str;
        share += v->len >= n && memcmp(str_ptr(v), prefix, n) == 0 ? s->frequencies[i] : 0;
    }
    if (s->bound_count >= 2 && n > 0) {
        char after[64];
        memcpy(after, prefix, n);
        Datum lo = {.str = str_ref(prefix, n)}, hi;
        size_t m = n;
        while (m > 0 && (uint8_t)after[m - 1] == 0xff) {
            m--;
        }
        if (m > 0) {
            after[m - 1] = (char)((uint8_t)after[m - 1] + 1);
        }
        hi.str = str_ref(after, m);
        double range =
            (m > 0 ? histogram_below(s, g->ops, &hi) : 1) - histogram_below(s, g->ops, &lo);
        share += MAX(range, 0) * MAX(1 - g->nulls - g->common, 0);
    } else if (n == 0) {
        share = 1 - g->nulls;
    }
    return share;
}

/* pattern_match - column LIKE pattern. */
static double pattern_match(PlanQuery *pq, const Expr *e)
{
    Guess g;
    Known k;
    char prefix[64];
    bool exact, any;
    uint32_t letters;
    bool column = guess_of_column(pq, e->args[0], &g);
    if (!known_value(e->args[1], type_ops(TYPE_TEXT), &k) || k.is_null) {
        return k.is_null ? 0 : SEL_MATCH;
    }
    size_t n = pattern_prefix(&k.value.str, prefix, sizeof(prefix), &exact, &any, &letters);
    if (exact) {
        return column ? equal_average(&g) : SEL_EQ;
    }
    double s = column && g.stats != NULL && g.ops != NULL && g.ops->phys == PHYS_STR
                   ? prefix_share(&g, prefix, n)
                   : (n > 0 ? SEL_MATCH : 1);
    if (!any) {
        s *= pow(SEL_LEFT_CHAR, MIN(letters, 3u));
    }
    return MIN(MAX(s, SEL_LEAST), 1);
}

/* ---- conditions ---- */

static bool is_named(const Expr *e, const char *a, const char *b, const char *c)
{
    const char *n = e->proc->name;
    return strcmp(n, a) == 0 || strcmp(n, b) == 0 || strcmp(n, c) == 0;
}

/* join_equal - a column of one table equals one of another. */
static double join_equal(const Guess *a, const Guess *b)
{
    double d = MAX(a->distinct, b->distinct);
    return d >= 1 ? (1 - a->nulls) * (1 - b->nulls) / d : SEL_EQ;
}

static double equal_selectivity(PlanQuery *pq, const Expr *a, const Expr *b)
{
    Guess ga, gb;
    bool left = guess_of_column(pq, a, &ga), right = guess_of_column(pq, b, &gb);
    if (left && right) {
        return join_equal(&ga, &gb);
    }
    return left ? equal_to(&ga, b) : right ? equal_to(&gb, a) : SEL_EQ;
}

/* RangeSide - "column op value" with the column on the left. */
typedef struct RangeSide {
    Guess g;
    int strategy;
    double share;
    bool known;
} RangeSide;

static bool range_side(PlanQuery *pq, const Expr *e, RangeSide *out)
{
    static const int SWAPPED[] = {0, 5, 4, 3, 2, 1};
    if (e->kind != EXPR_FUNC || e->oper == 0 || e->arg_count != 2) {
        return false;
    }
    int strategy = cat_oper_strategy(pq->p->view, e->oper);
    if (strategy == 0 || strategy == 3) {
        return false;
    }
    bool left = guess_of_column(pq, e->args[0], &out->g);
    if (!left && !guess_of_column(pq, e->args[1], &out->g)) {
        return false;
    }
    out->strategy = left ? strategy : SWAPPED[strategy];
    out->share = SEL_RANGE;
    out->known = order_to(&out->g, out->strategy, e->args[left ? 1 : 0], &out->share);
    return true;
}

/* restriction_guess - what is not known better: by the estimator PostgreSQL has for the operator.
 */
static double restriction_guess(Oid oper)
{
    enum { CONTSEL = 1386, ARRAYCONTSEL = 3817, MATCHINGSEL = 5040 };
    for (uint32_t i = 0; i < CATALOG_PG_OPERATOR_COUNT; i++) {
        if (catalog_pg_operator[i].oid == oper) {
            Oid est = catalog_pg_operator[i].oprrest;
            return est == CONTSEL                              ? 0.001
                   : est == ARRAYCONTSEL || est == MATCHINGSEL ? 0.01
                                                               : 0.3333;
        }
    }
    return 0.3333;
}

/* function_selectivity - a call, which most operators are. */
static double function_selectivity(PlanQuery *pq, const Expr *e)
{
    RangeSide side;
    int strategy = e->oper != 0 && e->arg_count == 2 ? cat_oper_strategy(pq->p->view, e->oper) : 0;
    if (strategy == 3) {
        return equal_selectivity(pq, e->args[0], e->args[1]);
    }
    if (strategy != 0) {
        return range_side(pq, e, &side) ? side.share : SEL_RANGE;
    }
    if (e->arg_count == 2 && is_named(e, "textlike", "like", "bpcharlike")) {
        return pattern_match(pq, e);
    }
    if (e->arg_count == 2 && is_named(e, "textnlike", "notlike", "bpcharnlike")) {
        return 1 - pattern_match(pq, e);
    }
    const CatOper *op = e->oper != 0 && e->arg_count == 2 ? cat_oper(pq->p->view, e->oper) : NULL;
    if (op != NULL && op->negator != 0 && cat_oper_strategy(pq->p->view, op->negator) == 3) {
        Guess g;
        double nulls = guess_of_column(pq, e->args[0], &g) ? g.nulls : 0;
        return MAX(1 - equal_selectivity(pq, e->args[0], e->args[1]) - nulls, SEL_LEAST);
    }
    return op != NULL ? restriction_guess(op->oid) : 0.3333;
}

static double list_selectivity(PlanQuery *pq, const Expr *e)
{
    Guess g;
    double s = 0;
    bool column = guess_of_column(pq, e->args[0], &g);
    for (uint16_t i = 1; i < e->arg_count; i++) {
        s += column ? equal_to(&g, e->args[i]) : SEL_EQ;
    }
    s = MIN(s, 1);
    return e->u.negated ? MAX(1 - s - (column ? g.nulls : 0), SEL_LEAST) : s;
}

/* any_selectivity - x = ANY (array): the elements one by one where they are known. */
static double any_selectivity(PlanQuery *pq, const Expr *e)
{
    Guess g;
    Expr *array = e->args[1];
    bool eq = e->oper != 0 && cat_oper_strategy(pq->p->view, e->oper) == 3;
    if (!eq || e->u.is_all) {
        return e->u.is_all && eq ? SEL_EQ : 0.3333;
    }
    bool column = guess_of_column(pq, e->args[0], &g);
    if (array->kind == EXPR_ARRAY && !array->u.array.nested) {
        double s = 0;
        for (uint16_t i = 0; i < array->arg_count; i++) {
            s += column ? equal_to(&g, array->args[i]) : SEL_EQ;
        }
        return MIN(s, 1);
    }
    double one = column && g.distinct >= 1 ? (1 - g.nulls) / g.distinct : SEL_EQ;
    return MIN(any_item_count(array) * one, 1);
}

/* truth_selectivity - a boolean column as a condition. */
static double truth_selectivity(PlanQuery *pq, const Expr *e)
{
    Guess g;
    Expr yes = {.kind = EXPR_CONST, .type = TYPE_BOOL, .phys = PHYS_BOOL, .typmod = -1};
    yes.u.constant.value.b = true;
    return guess_of_column(pq, e, &g) && g.stats != NULL ? equal_to(&g, &yes) : 0.5;
}

double qual_selectivity(PlanQuery *pq, const Expr *e)
{
    Guess g;
    switch (e->kind) {
    case EXPR_CONST: return !e->u.constant.is_null && e->u.constant.value.b ? 1 : 0;
    case EXPR_NOT: return 1 - qual_selectivity(pq, e->args[0]);
    case EXPR_AND: return quals_selectivity(pq, e->args, e->arg_count);
    case EXPR_OR: {
        double s = 0;
        for (uint16_t i = 0; i < e->arg_count; i++) {
            double a = qual_selectivity(pq, e->args[i]);
            s = s + a - s * a;
        }
        return s;
    }
    case EXPR_IN: return list_selectivity(pq, e);
    case EXPR_IS_NULL: {
        bool known = guess_of_column(pq, e->args[0], &g) && g.stats != NULL;
        double s = known ? g.nulls : SEL_EQ;
        return MIN(MAX(e->u.negated ? 1 - s : s, SEL_LEAST), 1);
    }
    case EXPR_ARRAY_ANY: return any_selectivity(pq, e);
    case EXPR_COLUMN: return truth_selectivity(pq, e);
    case EXPR_FUNC: return function_selectivity(pq, e);
    default: return 0.5;
    }
}

/* RangePair - the bounds several conditions set to one column. */
typedef struct RangePair {
    RangeSide lo, hi;
    bool has_lo, has_hi;
} RangePair;

/* pair_add - false when there are too many columns. */
static bool pair_add(RangePair *pairs, uint32_t *count, const RangeSide *s)
{
    bool is_lo = s->strategy > 3;
    for (uint32_t i = 0; i < *count; i++) {
        RangePair *p = &pairs[i];
        const Expr *column = p->has_lo ? p->lo.g.column : p->hi.g.column;
        if (expr_equal(column, s->g.column)) {
            RangeSide *at = is_lo ? &p->lo : &p->hi;
            bool *has = is_lo ? &p->has_lo : &p->has_hi;
            if (!*has || s->share < at->share) {
                *at = *s;
            }
            *has = true;
            return true;
        }
    }
    if (*count == RANGE_PAIRS_MAX) {
        return false;
    }
    RangePair *p = &pairs[(*count)++];
    *p = (RangePair){.has_lo = is_lo, .has_hi = !is_lo};
    *(is_lo ? &p->lo : &p->hi) = *s;
    return true;
}

static double pair_selectivity(const RangePair *p)
{
    if (!p->has_lo || !p->has_hi) {
        return p->has_lo ? p->lo.share : p->hi.share;
    }
    if (!p->lo.known || !p->hi.known) {
        return p->lo.known || p->hi.known ? p->lo.share * p->hi.share : SEL_BETWEEN;
    }
    return MAX(p->lo.share + p->hi.share - 1 + p->lo.g.nulls, 1 / (p->lo.g.rows + 1));
}

double quals_selectivity(PlanQuery *pq, Expr *const *exprs, uint32_t count)
{
    RangePair pairs[RANGE_PAIRS_MAX];
    uint32_t pair_count = 0;
    double s = 1;
    for (uint32_t i = 0; i < count; i++) {
        RangeSide side;
        if (range_side(pq, exprs[i], &side) && pair_add(pairs, &pair_count, &side)) {
            continue;
        }
        s *= qual_selectivity(pq, exprs[i]);
    }
    for (uint32_t i = 0; i < pair_count; i++) {
        s *= pair_selectivity(&pairs[i]);
    }
    return s;
}

double semi_selectivity(PlanQuery *pq, Expr *const *exprs, uint32_t count, uint64_t outer_rels,
                        double inner_rows)
{
    double s = 1;
    bool known = false;
    for (uint32_t i = 0; i < count; i++) {
        const Expr *e = exprs[i];
        Guess outer, inner;
        if (e->kind != EXPR_FUNC || e->oper == 0 || e->arg_count != 2 ||
            cat_oper_strategy(pq->p->view, e->oper) != 3) {
            continue;
        }
        uint16_t o = (expr_rels(pq, e->args[0]) & ~outer_rels) == 0 ? 0 : 1;
        if (guess_of_column(pq, e->args[o], &outer) &&
            guess_of_column(pq, e->args[1 - o], &inner) && outer.distinct >= 1 &&
            inner.distinct >= 1) {
            double d = MIN(inner.distinct, MAX(inner_rows, 1));
            s *= (1 - outer.nulls) * MIN(d / outer.distinct, 1);
            known = true;
        }
    }
    return known ? s : 0.5;
}

/* ---- groups ---- */

/* GroupColumns - the columns that grouping keys are made of, each once. */
typedef struct GroupColumns {
    PlanQuery *pq;
    const Expr *columns[32];
    uint32_t count;
    bool other;
} GroupColumns;

/* group_note - note each column met. */
static bool group_note(void *arg, const Expr *e)
{
    GroupColumns *c = arg;
    if (e->kind == EXPR_SUBLINK) {
        c->other = true;
    }
    if (e->kind != EXPR_COLUMN || e->u.column.levels_up > 0) {
        return true;
    }
    for (uint32_t i = 0; i < c->count; i++) {
        if (expr_equal(c->columns[i], e)) {
            return true;
        }
    }
    if (c->count < ARRAY_LEN(c->columns)) {
        c->columns[c->count++] = e;
    } else {
        c->other = true;
    }
    return true;
}

double group_estimate(PlanQuery *pq, Expr *const *keys, uint32_t count, double rows)
{
    GroupColumns c = {.pq = pq};
    double groups = 1;
    for (uint32_t i = 0; i < count; i++) {
        expr_walk(keys[i], group_note, &c);
    }
    if (c.other || (c.count == 0 && count > 0)) {
        groups = GROUPS_DEFAULT;
    }
    for (uint32_t i = 0; i < c.count; i++) {
        Guess g;
        double d = guess_of_column(pq, c.columns[i], &g) && g.distinct >= 1
                       ? g.distinct + (g.nulls > 0 ? 1 : 0)
                       : GROUPS_DEFAULT;
        if (g.rows > rows && d > 1) { /* what a random choice of the rows leaves of them */
            d *= 1 - pow(1 - rows / g.rows, g.rows / d);
        }
        groups *= MAX(d, 1);
    }
    return MAX(MIN(groups, rows), 1);
}

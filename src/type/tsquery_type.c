/*
 * tsquery_type.c - tsquery, matching and ranking: what SQL sees of src/tsearch.
 */
#include "type/array.h"
#include "type/kernel.h"
#include "type/tsearch_type.h"

bool type_tsquery_sound(const Str *values, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (!tsq_sound(str_slice(&values[i]))) {
            return false;
        }
    }
    return true;
}

static Status tsquery_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    return tsq_parse(call->cx, call->arena, text, TSQ_SYNTAX_FULL, NULL, NULL, &out->str);
}
static void tsquery_out(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    tsq_print(str_slice(&v->str), buf);
}
static Status tsquery_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    return tsq_receive(call->cx, call->arena, bytes, &out->str);
}
static void tsquery_send(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    tsq_send(str_slice(&v->str), buf);
}
static int tsquery_cmp(const Datum *a, const Datum *b)
{
    return tsq_compare(str_slice(&a->str), str_slice(&b->str));
}
static void tsquery_key(const Datum *v, Buf *buf)
{
    tsq_key(str_slice(&v->str), buf);
}
/* tsquery_hash - of its key: weights do not make queries differ. */
static uint64_t tsquery_hash(const Datum *v)
{
    Buf key;
    buf_init(&key, SIZE_MAX);
    tsquery_key(v, &key);
    uint64_t h = hash_bytes(key.data, key.len, 0);
    buf_release(&key);
    return h;
}

static int tsquery_compare_str(const Str *a, const Str *b)
{
    return tsq_compare(str_slice(a), str_slice(b));
}
KERNEL_COMPARE_BY(k_tsquery_, Str, tsquery_compare_str)
ROW_KERNEL(tsquery_cmp)
{
    r->i32 = tsquery_compare_str(&a[0].str, &a[1].str);
    return ST_OK;
}

/* ---- building ---- */

static TsqNode *tsquery_tree(FnCall *call, const Datum *d)
{
    TsQuery q = tsq_open(str_slice(&d->str));
    return tsq_tree(call->arena, &q);
}

/* tsquery_join - an empty query is left out. */
static Status tsquery_join(FnCall *call, const Datum *a, TsqOper oper, uint32_t distance, Datum *r)
{
    TsqNode *left = tsquery_tree(call, &a[0]), *right = tsquery_tree(call, &a[1]);
    if (left == NULL || right == NULL) {
        const Str *s = left == NULL ? &a[1].str : &a[0].str;
        r->str = str_copy(call->arena, str_ptr(s), s->len);
        return ST_OK;
    }
    return tsq_build(call->cx, call->arena, tsq_operator(call->arena, oper, distance, left, right),
                     &r->str);
}
ROW_KERNEL(tsquery_and)
{
    return tsquery_join(call, a, TSQ_AND, 0, r);
}
ROW_KERNEL(tsquery_or)
{
    return tsquery_join(call, a, TSQ_OR, 0, r);
}
ROW_KERNEL(tsquery_phrase)
{
    return tsquery_join(call, a, TSQ_PHRASE, 1, r);
}
ROW_KERNEL(tsquery_phrase_distance)
{
    if (a[2].i32 < 0 || a[2].i32 > TSV_POSITION_LAST + 1) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "distance in phrase operator must be an integer value between zero and %d "
                       "inclusive",
                       TSV_POSITION_LAST + 1);
    }
    return tsquery_join(call, a, TSQ_PHRASE, (uint32_t)a[2].i32, r);
}
ROW_KERNEL(tsquery_not)
{
    TsqNode *tree = tsquery_tree(call, &a[0]);
    if (tree != NULL) {
        tree = tsq_operator(call->arena, TSQ_NOT, 0, NULL, tree);
    }
    return tsq_build(call->cx, call->arena, tree, &r->str);
}
ROW_KERNEL(tsquery_numnode)
{
    r->i32 = (int32_t)tsq_open(str_slice(&a[0].str)).count;
    return ST_OK;
}
ROW_KERNEL(tsquerytree)
{
    TsqNode *tree = tsquery_tree(call, &a[0]);
    Str value;
    Buf text;
    if (tree == NULL) {
        r->str = str_ref("", 0);
        return ST_OK;
    }
    tree = tsq_drop_nots(tree);
    if (tree == NULL) {
        r->str = str_ref("T", 1);
        return ST_OK;
    }
    TRY(tsq_build(call->cx, call->arena, tree, &value));
    buf_init(&text, SIZE_MAX);
    tsq_print(str_slice(&value), &text);
    r->str = str_of_buf(call->arena, &text);
    buf_release(&text);
    return ST_OK;
}
ROW_KERNEL(tsquery_rewrite)
{
    TsqNode *tree = tsq_rewrite(call->arena, tsquery_tree(call, &a[0]), tsquery_tree(call, &a[1]),
                                tsquery_tree(call, &a[2]));
    return tsq_build(call->cx, call->arena, tree, &r->str);
}
ROW_KERNEL(tsq_mcontains)
{
    r->b = tsq_contains(str_slice(&a[0].str), str_slice(&a[1].str));
    return ST_OK;
}
ROW_KERNEL(tsq_mcontained)
{
    r->b = tsq_contains(str_slice(&a[1].str), str_slice(&a[0].str));
    return ST_OK;
}

/* ---- matching ---- */

ROW_KERNEL(ts_match_vq)
{
    r->b = tsq_match(call->arena, str_slice(&a[0].str), str_slice(&a[1].str));
    return ST_OK;
}
ROW_KERNEL(ts_match_qv)
{
    r->b = tsq_match(call->arena, str_slice(&a[1].str), str_slice(&a[0].str));
    return ST_OK;
}

/* ---- ranking ---- */

/* rank_weights - four numbers; a negative one is the default. */
static Status rank_weights(FnCall *call, const Str *array, float *out)
{
    ArrayView view;
    ArrayList list = array_list(call->arena);
    array_view(array, &view);
    if (view.shape.ndim != 1) {
        return err_set(call->cx, ERRCODE_ARRAY_SUBSCRIPT_ERROR,
                       "array of weight must be one-dimensional");
    }
    if (view.count < 4) {
        return err_set(call->cx, ERRCODE_ARRAY_SUBSCRIPT_ERROR, "array of weight is too short");
    }
    array_list_all(&list, &view);
    for (uint32_t i = 0; i < list.count; i++) {
        if (list.nulls[i]) {
            return err_set(call->cx, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                           "array of weight must not contain nulls");
        }
    }
    for (uint32_t i = 0; i < 4; i++) {
        float w = list.values[i].f32;
        out[i] = w >= 0 ? w : TS_RANK_WEIGHTS[i];
        if (out[i] > 1.0f) {
            return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE, "weight out of range");
        }
    }
    return ST_OK;
}

/* rank_call - with weights or without, cover density or not. */
static Status rank_call(FnCall *call, const Str *weights, const Datum *vq, int32_t method,
                        bool cover, Datum *r)
{
    float w[4];
    Slice v = str_slice(&vq[0].str), q = str_slice(&vq[1].str);
    memcpy(w, TS_RANK_WEIGHTS, sizeof(w));
    if (weights != NULL) {
        TRY(rank_weights(call, weights, w));
    }
    if (cover) {
        return ts_rank_cover(call->cx, call->arena, w, v, q, method, &r->f32);
    }
    r->f32 = ts_rank(call->arena, w, v, q, method);
    return ST_OK;
}
ROW_KERNEL(ts_rank_wttf)
{
    return rank_call(call, &a[0].str, a + 1, a[3].i32, false, r);
}
ROW_KERNEL(ts_rank_wtt)
{
    return rank_call(call, &a[0].str, a + 1, 0, false, r);
}
ROW_KERNEL(ts_rank_ttf)
{
    return rank_call(call, NULL, a, a[2].i32, false, r);
}
ROW_KERNEL(ts_rank_tt)
{
    return rank_call(call, NULL, a, 0, false, r);
}
ROW_KERNEL(ts_rankcd_wttf)
{
    return rank_call(call, &a[0].str, a + 1, a[3].i32, true, r);
}
ROW_KERNEL(ts_rankcd_wtt)
{
    return rank_call(call, &a[0].str, a + 1, 0, true, r);
}
ROW_KERNEL(ts_rankcd_ttf)
{
    return rank_call(call, NULL, a, a[2].i32, true, r);
}
ROW_KERNEL(ts_rankcd_tt)
{
    return rank_call(call, NULL, a, 0, true, r);
}

static const TypeOps TSQUERY_TYPES[] = {
    {.oid = TYPE_TSQUERY,
     .name = "tsquery",
     .phys = PHYS_STR,
     .in = tsquery_in,
     .out = tsquery_out,
     .recv = tsquery_recv,
     .send = tsquery_send,
     .cmp = tsquery_cmp,
     .hash = tsquery_hash,
     .key = tsquery_key},
};
static const FnOps TSQUERY_FNS[] = {
    FN_COMPARE(tsquery_, 0), FN(tsquery_cmp),     FN(tsquery_and),
    FN(tsquery_or),          FN(tsquery_phrase),  FN(tsquery_phrase_distance),
    FN(tsquery_not),         FN(tsquery_numnode), FN(tsquerytree),
    FN(tsquery_rewrite),     FN(tsq_mcontains),   FN(tsq_mcontained),
    FN(ts_match_vq),         FN(ts_match_qv),     FN(ts_rank_wttf),
    FN(ts_rank_wtt),         FN(ts_rank_ttf),     FN(ts_rank_tt),
    FN(ts_rankcd_wttf),      FN(ts_rankcd_wtt),   FN(ts_rankcd_ttf),
    FN(ts_rankcd_tt),
};
const TypeFamily type_family_tsquery = {
    .types = TSQUERY_TYPES,
    .type_count = ARRAY_LEN(TSQUERY_TYPES),
    .fns = TSQUERY_FNS,
    .fn_count = ARRAY_LEN(TSQUERY_FNS),
};

/*
 * tsvector_type.c - tsvector and its functions and operators: what SQL sees of src/tsearch.
 */
#include "type/array.h"
#include "type/kernel.h"
#include "type/tsearch_type.h"

bool type_tsvector_sound(const Str *values, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (!tsv_sound(str_slice(&values[i]))) {
            return false;
        }
    }
    return true;
}

static Status tsvector_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    return tsv_parse(call->cx, call->arena, text, &out->str);
}
static void tsvector_out(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    tsv_print(str_slice(&v->str), buf);
}
static Status tsvector_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    return tsv_receive(call->cx, call->arena, bytes, &out->str);
}
static void tsvector_send(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    tsv_send(str_slice(&v->str), buf);
}
static int tsvector_cmp(const Datum *a, const Datum *b)
{
    return tsv_compare(str_slice(&a->str), str_slice(&b->str));
}
static uint64_t tsvector_hash(const Datum *v)
{
    return hash_bytes(str_ptr(&v->str), v->str.len, 0);
}
static void tsvector_key(const Datum *v, Buf *buf)
{
    tsv_key(str_slice(&v->str), buf);
}

static int tsvector_compare_str(const Str *a, const Str *b)
{
    return tsv_compare(str_slice(a), str_slice(b));
}
KERNEL_COMPARE_BY(k_tsvector_, Str, tsvector_compare_str)
ROW_KERNEL(tsvector_cmp)
{
    r->i32 = tsvector_compare_str(&a[0].str, &a[1].str);
    return ST_OK;
}

/* ---- functions ---- */

ROW_KERNEL(tsvector_length)
{
    r->i32 = (int32_t)tsv_open(str_slice(&a[0].str)).count;
    return ST_OK;
}
ROW_KERNEL(tsvector_strip)
{
    return tsv_strip(call->cx, call->arena, str_slice(&a[0].str), &r->str);
}
ROW_KERNEL(tsvector_concat)
{
    return tsv_concat(call->cx, call->arena, str_slice(&a[0].str), str_slice(&a[1].str), &r->str);
}
ROW_KERNEL(tsvector_delete_str)
{
    Slice gone = str_slice(&a[1].str);
    return tsv_delete(call->cx, call->arena, str_slice(&a[0].str), &gone, 1, &r->str);
}

/* tsvector_texts - the elements of an array of texts, borrowed, NULLs left out; unless they are
 * refused: 22004. */
static Status tsvector_texts(FnCall *call, const Str *array, bool refuse, const Slice **out,
                             uint32_t *count)
{
    ArrayView view;
    ArrayList list = array_list(call->arena);
    array_view(array, &view);
    array_list_all(&list, &view);
    Slice *texts = ARENA_ARRAY(call->arena, Slice, list.count + 1);
    uint32_t n = 0;
    for (uint32_t i = 0; i < list.count; i++) {
        if (list.nulls[i] && refuse) {
            return err_set(call->cx, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                           "lexeme array may not contain nulls");
        }
        if (!list.nulls[i]) {
            texts[n++] = str_slice(&list.values[i].str);
        }
    }
    *out = texts;
    *count = n;
    return ST_OK;
}

ROW_KERNEL(tsvector_delete_arr)
{
    const Slice *gone;
    uint32_t count;
    TRY(tsvector_texts(call, &a[1].str, false, &gone, &count));
    return tsv_delete(call->cx, call->arena, str_slice(&a[0].str), gone, count, &r->str);
}

/* tsvector_letter - a "char" as a byte; PostgreSQL says %d of an unknown one where no list is. */
static char tsvector_letter(const Datum *d)
{
    return d->str.len == 0 ? '\0' : *str_ptr(&d->str);
}

ROW_KERNEL(tsvector_setweight)
{
    char letter = tsvector_letter(&a[1]);
    int weight = ts_weight(letter);
    if (weight < 0) {
        return err_set(call->cx, ERRCODE_INTERNAL_ERROR, "unrecognized weight: %d", letter);
    }
    return tsv_set_weight(call->cx, call->arena, str_slice(&a[0].str), (uint32_t)weight, NULL, 0,
                          &r->str);
}
ROW_KERNEL(tsvector_setweight_by_filter)
{
    const Slice *only;
    uint32_t count;
    char letter = tsvector_letter(&a[1]);
    int weight = ts_weight(letter);
    if (weight < 0) {
        return err_set(call->cx, ERRCODE_INTERNAL_ERROR, "unrecognized weight: %c", letter);
    }
    TRY(tsvector_texts(call, &a[2].str, false, &only, &count));
    return tsv_set_weight(call->cx, call->arena, str_slice(&a[0].str), (uint32_t)weight, only,
                          count, &r->str);
}

ROW_KERNEL(tsvector_filter)
{
    ArrayView view;
    ArrayList list = array_list(call->arena);
    uint32_t weights = 0;
    array_view(&a[1].str, &view);
    array_list_all(&list, &view);
    for (uint32_t i = 0; i < list.count; i++) {
        if (list.nulls[i]) {
            return err_set(call->cx, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                           "weight array may not contain nulls");
        }
        char letter = tsvector_letter(&list.values[i]);
        int weight = ts_weight(letter);
        if (weight < 0) {
            return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE, "unrecognized weight: \"%c\"",
                           letter);
        }
        weights |= 1u << weight;
    }
    return tsv_filter(call->cx, call->arena, str_slice(&a[0].str), weights, &r->str);
}

ROW_KERNEL(tsvector_to_array)
{
    Str own = a[0].str;
    TsVector v = tsv_open(str_slice(&own));
    ArrayList list = array_list(call->arena);
    for (uint32_t i = 0; i < v.count; i++) {
        Slice text = tsv_entry(&v, i).text;
        Datum d = {.str = str_ref(text.ptr, text.len)};
        array_list_add(&list, PHYS_STR, &d, false, true);
    }
    r->str = array_build_list(&list, TYPE_TEXT);
    return ST_OK;
}

ROW_KERNEL(array_to_tsvector)
{
    const Slice *texts;
    uint32_t count;
    TsvWords words = {.arena = call->arena};
    TRY(tsvector_texts(call, &a[0].str, true, &texts, &count));
    for (uint32_t i = 0; i < count; i++) {
        if (texts[i].len == 0) {
            return err_set(call->cx, ERRCODE_ZERO_LENGTH_CHARACTER_STRING,
                           "lexeme array may not contain empty strings");
        }
        tsv_add(&words, texts[i], NULL, 0);
    }
    tsv_merge(&words);
    return tsv_build(call->cx, &words, &r->str);
}

/* ---- unnest(tsvector) ---- */

typedef struct TsvRows {
    Str value; /* short values are inside the Str: the view is over our own */
    TsVector v;
    uint32_t next;
} TsvRows;

static Status tsvector_unnest_begin(FnCall *call, const Datum *a, const bool *nulls UNUSED,
                                    uint32_t n UNUSED)
{
    TsvRows *s = ARENA_NEW(call->state_arena, TsvRows);
    s->value = a[0].str;
    s->v = tsv_open(str_slice(&s->value));
    call->state = s;
    return ST_OK;
}
/* tsvector_unnest_next - a lexeme, its positions and weights. */
static Status tsvector_unnest_next(FnCall *call, Datum *cols, bool *nulls)
{
    TsvRows *s = call->state;
    if (s->next == s->v.count) {
        return ST_DONE;
    }
    TsvEntry e = tsv_entry(&s->v, s->next++);
    ArrayList places = array_list(call->arena), weights = array_list(call->arena);
    cols[0].str = str_copy(call->arena, e.text.ptr, e.text.len);
    nulls[0] = false;
    nulls[1] = nulls[2] = !e.has_places;
    for (uint32_t i = 0; i < e.place_count; i++) {
        uint16_t p = tsv_place(&e, i);
        Datum place = {.i16 = (int16_t)TSV_POSITION(p)};
        Datum weight = {.str = str_ref(&"DCBA"[TSV_WEIGHT(p)], 1)};
        array_list_add(&places, PHYS_I16, &place, false, false);
        array_list_add(&weights, PHYS_STR, &weight, false, false);
    }
    if (e.has_places) {
        cols[1].str = array_build_list(&places, TYPE_INT2);
        cols[2].str = array_build_list(&weights, TYPE_TEXT);
    }
    return ST_OK;
}

static const TypeOps TSVECTOR_TYPES[] = {
    {.oid = TYPE_TSVECTOR,
     .name = "tsvector",
     .phys = PHYS_STR,
     .in = tsvector_in,
     .out = tsvector_out,
     .recv = tsvector_recv,
     .send = tsvector_send,
     .cmp = tsvector_cmp,
     .hash = tsvector_hash,
     .key = tsvector_key},
};
static const FnOps TSVECTOR_FNS[] = {
    FN_COMPARE(tsvector_, 0), FN(tsvector_cmp),       FN(tsvector_length),
    FN(tsvector_strip),       FN(tsvector_concat),    FN(tsvector_delete_str),
    FN(tsvector_delete_arr),  FN(tsvector_setweight), FN(tsvector_setweight_by_filter),
    FN(tsvector_filter),      FN(tsvector_to_array),  FN(array_to_tsvector),
};
static const SetOps TSVECTOR_SETS[] = {
    {"tsvector_unnest", tsvector_unnest_begin, tsvector_unnest_next},
};
const TypeFamily type_family_tsvector = {
    .types = TSVECTOR_TYPES,
    .type_count = ARRAY_LEN(TSVECTOR_TYPES),
    .fns = TSVECTOR_FNS,
    .fn_count = ARRAY_LEN(TSVECTOR_FNS),
    .sets = TSVECTOR_SETS,
    .set_count = ARRAY_LEN(TSVECTOR_SETS),
};

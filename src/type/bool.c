/*
 * bool.c - boolean: I/O, order, comparisons, casts.
 */
#include "type/kernel.h"

/* bool_parse - PostgreSQL's words and their unambiguous beginnings. */
static bool bool_parse(Slice s, bool *out)
{
    static const struct {
        const char *word;
        uint32_t len, min;
        bool value;
    } WORDS[] = {{"true", 4, 1, true}, {"false", 5, 1, false}, {"yes", 3, 1, true},
                 {"no", 2, 1, false},  {"on", 2, 2, true},     {"off", 3, 2, false},
                 {"1", 1, 1, true},    {"0", 1, 1, false}};
    for (size_t i = 0; i < ARRAY_LEN(WORDS); i++) {
        if (s.len < WORDS[i].min || s.len > WORDS[i].len) {
            continue;
        }
        size_t k = 0;
        while (k < s.len && ascii_lower(s.ptr[k]) == WORDS[i].word[k]) {
            k++;
        }
        if (k == s.len) {
            *out = WORDS[i].value;
            return true;
        }
    }
    return false;
}
static Status bool_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    return bool_parse(slice_trim(text), &out->b) ? ST_OK
                                                 : err_bad_syntax(call->cx, "boolean", text);
}
static void bool_out(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    buf_putc(buf, v->b ? 't' : 'f');
}
static Status bool_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    TRY(recv_exact(call->cx, bytes, 1));
    out->b = bytes.ptr[0] != 0;
    return ST_OK;
}
static void bool_send(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    buf_putc(buf, v->b ? 1 : 0);
}
static int bool_order(const Datum *a, const Datum *b)
{
    return (int)a->b - (int)b->b;
}
static uint64_t bool_hash(const Datum *v)
{
    return hash_u64(v->b);
}
static void bool_key(const Datum *v, Buf *buf)
{
    buf_putc(buf, v->b ? 1 : 0);
}
static bool bool_unkey(Arena *arena UNUSED, Slice *in, Datum *out)
{
    if (in->len < 1) {
        return false;
    }
    out->b = in->ptr[0] != 0;
    in->ptr++;
    in->len--;
    return true;
}

KERNEL_COMPARE_TOTAL(k_bool, uint8_t, uint8_t)
KERNEL_BINARY_TOTAL(k_btboolcmp, uint8_t, uint8_t, int32_t, (int)a - (int)b)
KERNEL_BINARY_TOTAL(k_booland_statefunc, uint8_t, uint8_t, uint8_t, a &b)
KERNEL_BINARY_TOTAL(k_boolor_statefunc, uint8_t, uint8_t, uint8_t, a | b)
KERNEL_UNARY_TOTAL(k_booltext, uint8_t, Str, (a ? str_ref("true", 4) : str_ref("false", 5)))

static const FnOps BOOL_FNS[] = {
    FN_COMPARE(bool, FN_TOTAL), FN_T(btboolcmp), FN_T(booland_statefunc),
    FN_T(boolor_statefunc),     FN_T(booltext),
};
static const TypeOps BOOL_TYPES[] = {
    {TYPE_BOOL, "bool", PHYS_BOOL, bool_in, bool_out, bool_recv, bool_send, bool_order, bool_hash,
     bool_key, bool_unkey},
};
const TypeFamily type_family_bool = {
    .types = BOOL_TYPES,
    .type_count = ARRAY_LEN(BOOL_TYPES),
    .fns = BOOL_FNS,
    .fn_count = ARRAY_LEN(BOOL_FNS),
};

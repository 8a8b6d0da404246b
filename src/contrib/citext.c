/*
 * citext.c - the extension citext: text whose case does not matter when it is compared.
 *
 * Values are kept as they were given. What is compared, hashed and made a key is what lower() makes
 * of them in the default collation, C: the letters of ASCII change. The same bytes go through
 * everything else that takes text, since the casts are binary-coercible.
 */
#include "contrib/contrib.h"
#include "type/kernel.h"

static uint8_t citext_lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + ('a' - 'A')) : c;
}

/* citext_order - TypeOps.cmp. */
static int citext_order(const Datum *a, const Datum *b)
{
    const uint8_t *p = (const uint8_t *)str_ptr(&a->str), *q = (const uint8_t *)str_ptr(&b->str);
    uint32_t n = MIN(a->str.len, b->str.len);
    for (uint32_t i = 0; i < n; i++) {
        int c = (int)citext_lower(p[i]) - (int)citext_lower(q[i]);
        if (c != 0) {
            return c;
        }
    }
    return (a->str.len > b->str.len) - (a->str.len < b->str.len);
}

/* citext_fold - the value in small letters, in room for short ones or on the heap. */
static char *citext_fold(const Str *s, char *room, size_t room_bytes)
{
    char *out = s->len <= room_bytes ? room : mem_alloc("citext", s->len);
    const char *p = str_ptr(s);
    for (uint32_t i = 0; i < s->len; i++) {
        out[i] = (char)citext_lower((uint8_t)p[i]);
    }
    return out;
}

static uint64_t citext_hash_value(const Datum *v)
{
    char room[256], *folded = citext_fold(&v->str, room, sizeof(room));
    uint64_t h = hash_bytes(folded, v->str.len, 0);
    if (folded != room) {
        mem_free(folded);
    }
    return h;
}

/* citext_key - TypeOps.key: that of the text in small letters. */
static void citext_key(const Datum *v, Buf *buf)
{
    char room[256], *folded = citext_fold(&v->str, room, sizeof(room));
    key_put_text(buf, folded, v->str.len);
    if (folded != room) {
        mem_free(folded);
    }
}

static Status citext_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    out->str = str_copy(call->arena, text.ptr, text.len);
    return ST_OK;
}

static Status citext_recv(FnCall *call, Slice bytes, int32_t typmod, Datum *out)
{
    TRY(utf8_verify(call->cx, bytes));
    return citext_in(call, bytes, typmod, out);
}

static void citext_out(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    buf_put(buf, str_ptr(&v->str), v->str.len);
}

/* ---- functions ---- */

/* citext_cmp2 - the order of two Str. */
static int citext_cmp2(const Str *a, const Str *b)
{
    Datum x = {.str = *a}, y = {.str = *b};
    return citext_order(&x, &y);
}
KERNEL_COMPARE_BY(k_citext_, Str, citext_cmp2)

ROW_KERNEL(citext_cmp)
{
    int c = citext_order(&a[0], &a[1]);
    r->i32 = (c > 0) - (c < 0);
    return ST_OK;
}

ROW_KERNEL(citext_smaller)
{
    const Datum *best = citext_order(&a[0], &a[1]) < 0 ? &a[0] : &a[1];
    r->str = str_copy(call->arena, str_ptr(&best->str), best->str.len);
    return ST_OK;
}

ROW_KERNEL(citext_larger)
{
    const Datum *best = citext_order(&a[0], &a[1]) > 0 ? &a[0] : &a[1];
    r->str = str_copy(call->arena, str_ptr(&best->str), best->str.len);
    return ST_OK;
}

#define CITEXT_COMPARE(op) FN_AS("citext:citext_" #op, citext_##op)
static const FnOps CITEXT_FNS[] = {
    CITEXT_COMPARE(eq),
    CITEXT_COMPARE(ne),
    CITEXT_COMPARE(lt),
    CITEXT_COMPARE(le),
    CITEXT_COMPARE(gt),
    CITEXT_COMPARE(ge),
    FN_AS("citext:citext_cmp", citext_cmp),
    FN_AS("citext:citext_smaller", citext_smaller),
    FN_AS("citext:citext_larger", citext_larger),
    /* In collation C the order of patterns is the same. */
    FN_AS("citext:citext_pattern_lt", citext_lt),
    FN_AS("citext:citext_pattern_le", citext_le),
    FN_AS("citext:citext_pattern_gt", citext_gt),
    FN_AS("citext:citext_pattern_ge", citext_ge),
    FN_AS("citext:citext_pattern_cmp", citext_cmp),
};

static const TypeOps CITEXT_TYPES[] = {
    {CARRIER_CITEXT, "citext", PHYS_STR, citext_in, citext_out, citext_recv, citext_out,
     citext_order, citext_hash_value, citext_key, NULL},
};

const TypeFamily contrib_citext = {
    .types = CITEXT_TYPES,
    .type_count = ARRAY_LEN(CITEXT_TYPES),
    .fns = CITEXT_FNS,
    .fn_count = ARRAY_LEN(CITEXT_FNS),
};

/*
 * numeric.c - numeric: the stored form, text and binary I/O, typmod, order, hash, keys.
 */
#include <stdlib.h>

#include "type/kernel.h"
#include "type/numeric.h"

/* ---- the stored form ---- */
Status err_num_overflow(Cx *cx)
{
    return err_set(cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "value overflows numeric format");
}

Str num_special(NumKind kind)
{
    char bytes[12] = {(char)kind};
    return str_ref(bytes, sizeof(bytes));
}

Str num_make(Arena *a, bool neg, u128 m, int32_t dscale)
{
    char bytes[20];
    uint16_t d = (uint16_t)dscale;
    bytes[0] = (char)(neg && m != 0 ? 0x10 : 0);
    bytes[1] = 0;
    memcpy(bytes + 2, &d, 2);
    memcpy(bytes + 4, &m, 16);
    return str_copy(a, bytes, (uint64_t)(m >> 64) == 0 ? 12 : 20);
}

void num_set_u128(mpz_t z, u128 m)
{
    uint64_t limbs[2] = {(uint64_t)m, (uint64_t)(m >> 64)};
    mpz_import(z, 2, -1, 8, 0, 0, limbs);
}

void num_get_mpz(const Str *s, mpz_t z)
{
    const char *p = str_ptr(s);
    mpz_import(z, (s->len - 4) / 8, -1, 8, 0, 0, p + 4);
    if ((p[0] & 0x10) != 0) {
        mpz_neg(z, z);
    }
}

int32_t num_digits(const mpz_t z)
{
    if (mpz_sgn(z) == 0) {
        return 0;
    }
    /* mpz_sizeinbase is exact or one too many. */
    size_t n = mpz_sizeinbase(z, 10);
    mpz_t p;
    mpz_init(p);
    mpz_ui_pow_ui(p, 10, n - 1);
    if (mpz_cmpabs(z, p) < 0) {
        n--;
    }
    mpz_clear(p);
    return (int32_t)n;
}

Status num_make_mpz(Cx *cx, Arena *a, const mpz_t z, int32_t dscale, Str *out)
{
    size_t bits = mpz_sizeinbase(z, 2);
    if (bits <= 128) {
        uint64_t limbs[2] = {0, 0};
        mpz_export(limbs, NULL, -1, 8, 0, 0, z);
        *out = num_make(a, mpz_sgn(z) < 0, (u128)limbs[1] << 64 | limbs[0], dscale);
        return ST_OK;
    }
    /* A quick bound first: counting digits exactly is only needed near the limit. */
    if (mpz_sizeinbase(z, 10) > (size_t)(NUM_INT_DIGITS_MAX + dscale) &&
        num_digits(z) > NUM_INT_DIGITS_MAX + dscale) {
        return err_num_overflow(cx);
    }
    size_t words = (bits + 63) / 64;
    char *p = arena_alloc(a, 4 + words * 8);
    uint16_t d = (uint16_t)dscale;
    p[0] = (char)(mpz_sgn(z) < 0 ? 0x10 : 0);
    p[1] = 0;
    memcpy(p + 2, &d, 2);
    mpz_export(p + 4, NULL, -1, 8, 0, 0, z);
    *out = str_ref(p, 4 + words * 8);
    return ST_OK;
}

u128 num_pow10_u128(uint32_t n)
{
    u128 r = 1;
    while (n-- > 0) {
        r *= 10;
    }
    return r;
}
void num_pow10(mpz_t z, uint32_t n)
{
    mpz_ui_pow_ui(z, 10, n);
}

void num_div_round(mpz_t z, const mpz_t num, const mpz_t den)
{
    mpz_t q, r;
    mpz_inits(q, r, NULL);
    mpz_tdiv_qr(q, r, num, den);
    mpz_mul_2exp(r, r, 1);
    if (mpz_cmpabs(r, den) >= 0) {
        if (mpz_sgn(num) * mpz_sgn(den) < 0) {
            mpz_sub_ui(q, q, 1);
        } else {
            mpz_add_ui(q, q, 1);
        }
    }
    mpz_swap(z, q);
    mpz_clears(q, r, NULL);
}

void num_rescale(mpz_t z, int32_t from, int32_t to)
{
    if (from == to || mpz_sgn(z) == 0) {
        return;
    }
    mpz_t p;
    mpz_init(p);
    num_pow10(p, (uint32_t)abs(to - from));
    if (to > from) {
        mpz_mul(z, z, p);
    } else {
        num_div_round(z, z, p);
    }
    mpz_clear(p);
}

/* ---- typmod ---- */
static int32_t num_typmod_precision(int32_t typmod)
{
    return ((typmod - 4) >> 16) & 0xffff;
}
static int32_t num_typmod_scale(int32_t typmod)
{
    return (((typmod - 4) & 0x7ff) ^ 1024) - 1024;
}
static Status err_num_field_overflow(Cx *cx, int32_t precision, int32_t scale, const char *bound)
{
    st_ignore(err_set(cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "numeric field overflow"));
    return err_detail(cx, "A field with precision %d, scale %d %s", precision, scale, bound);
}

Status numeric_apply_typmod(Cx *cx, Arena *a, int32_t typmod, Str *v)
{
    if (typmod < 4) {
        return ST_OK;
    }
    int32_t precision = num_typmod_precision(typmod), scale = num_typmod_scale(typmod);
    Num n = num_get(v);
    if (n.kind == NUM_NAN) {
        return ST_OK;
    }
    if (n.kind != NUM_FINITE) {
        st_ignore(err_num_field_overflow(cx, precision, scale, "cannot hold an infinite value."));
        return ST_ERROR;
    }
    int32_t max_digits = precision - scale, dscale = MAX(scale, 0);
    if (!n.big && n.dscale <= dscale && precision <= 38 && scale >= 0 && dscale - n.dscale <= 19 &&
        (uint64_t)(n.m >> 64) == 0) {
        u128 m = n.m * num_pow10_u128((uint32_t)(dscale - n.dscale));
        if (LIKELY(m < num_pow10_u128((uint32_t)precision))) {
            if (n.dscale != dscale) {
                *v = num_make(a, n.neg, m, dscale);
            }
            return ST_OK;
        }
    }
    mpz_t z, limit;
    mpz_inits(z, limit, NULL);
    num_get_mpz(v, z);
    num_rescale(z, n.dscale, scale);
    num_pow10(limit, (uint32_t)MAX(max_digits + scale, 0));
    Status st = ST_OK;
    if (mpz_sgn(z) != 0 && (max_digits + scale < 0 || mpz_cmpabs(z, limit) >= 0)) {
        char bound[96];
        Buf text;
        buf_init(&text, sizeof(bound));
        buf_puts(&text, "must round to an absolute value less than ");
        buf_puts(&text, max_digits != 0 ? "10^" : "");
        buf_put_i64_text(&text, max_digits != 0 ? max_digits : 1);
        buf_putc(&text, '.');
        memcpy(bound, text.data, text.len);
        bound[text.len] = '\0';
        buf_release(&text);
        st_ignore(err_num_field_overflow(cx, precision, scale, bound));
        st = ST_ERROR;
    } else {
        num_rescale(z, scale, dscale);
        st = num_make_mpz(cx, a, z, dscale, v);
    }
    mpz_clears(z, limit, NULL);
    return st;
}

/* ---- text ---- */
/* num_word - NaN and the infinities. */
static bool num_word(Slice s, Str *out)
{
    bool neg = s.len > 0 && s.ptr[0] == '-', sign = neg || (s.len > 0 && s.ptr[0] == '+');
    Slice w = {s.ptr + sign, s.len - sign};
    if (slice_ieq(s, "nan")) {
        *out = num_special(NUM_NAN);
    } else if (slice_ieq(w, "infinity") || slice_ieq(w, "inf")) {
        *out = num_special(neg ? NUM_NINF : NUM_PINF);
    } else {
        return false;
    }
    return true;
}

/* num_finish_big - digits (no point) times 10^exp10, for what 128 bits do not hold. */
static Status num_finish_big(FnCall *call, const char *digits, size_t n, int64_t exp10, bool neg,
                             int32_t dscale, Str *out)
{
    size_t lead = 0;
    while (lead < n && digits[lead] == '0') {
        lead++;
    }
    if (lead == n) {
        *out = num_make(call->arena, false, 0, dscale);
        return ST_OK;
    }
    if ((int64_t)(n - lead) + exp10 > NUM_INT_DIGITS_MAX) {
        return err_num_overflow(call->cx);
    }
    mpz_t z;
    mpz_init(z);
    mpz_set_str(z, digits, 10);
    if (exp10 > 0) {
        num_rescale(z, 0, (int32_t)exp10);
    }
    if (neg) {
        mpz_neg(z, z);
    }
    Status st = num_make_mpz(call->cx, call->arena, z, dscale, out);
    mpz_clear(z);
    return st;
}

/* num_exponent - the e-part at p; false when it is not one. */
static bool num_exponent(const char **pp, const char *end, int64_t *exp10)
{
    const char *p = *pp + 1;
    bool neg = false;
    if (p < end && (*p == '-' || *p == '+')) {
        neg = *p++ == '-';
    }
    if (p == end || !is_digit(*p)) {
        return false;
    }
    int64_t e = 0;
    for (; p < end && is_digit(*p); p++) {
        e = MIN(e * 10 + (*p - '0'), 1000000000);
    }
    *exp10 += neg ? -e : e;
    *pp = p;
    return true;
}

Status numeric_parse(FnCall *call, Slice text, int32_t typmod, Str *out)
{
    Slice s = slice_trim(text);
    const char *p = s.ptr, *end = s.ptr + s.len;
    bool neg = false;
    if (num_word(s, out)) {
        return numeric_apply_typmod(call->cx, call->arena, typmod, out);
    }
    if (p < end && (*p == '-' || *p == '+')) {
        neg = *p++ == '-';
    }
    const char *first = p;
    u128 m = 0;
    uint32_t digits = 0, significant = 0;
    int64_t exp10 = 0;
    bool dot = false;
    for (; p < end; p++) {
        if (is_digit(*p)) {
            digits++;
            significant += m != 0 || *p != '0';
            if (significant <= 38) {
                m = m * 10 + (uint32_t)(*p - '0');
            }
            exp10 -= dot;
        } else if (*p == '.' && !dot) {
            dot = true;
        } else {
            break;
        }
    }
    const char *last = p;
    if (digits == 0 || (p < end && *p != 'e' && *p != 'E')) {
        return err_bad_syntax(call->cx, "numeric", text);
    }
    if (p < end && (!num_exponent(&p, end, &exp10) || p != end)) {
        return err_bad_syntax(call->cx, "numeric", text);
    }
    int64_t dscale = exp10 < 0 ? -exp10 : 0;
    if (dscale > NUM_DSCALE_MAX || exp10 > NUM_INT_DIGITS_MAX) {
        return err_num_overflow(call->cx);
    }
    if (significant <= 38 && exp10 <= 0) {
        *out = num_make(call->arena, neg, m, (int32_t)dscale);
    } else {
        char *copy = arena_alloc(call->cx->arena, digits + 1);
        size_t n = 0;
        for (const char *q = first; q < last; q++) {
            if (*q != '.') {
                copy[n++] = *q;
            }
        }
        copy[n] = '\0';
        TRY(num_finish_big(call, copy, n, MAX(exp10, 0), neg, (int32_t)dscale, out));
    }
    return numeric_apply_typmod(call->cx, call->arena, typmod, out);
}

/* num_u128_digits - decimal text, no leading zeros ("0" for zero). */
static uint32_t num_u128_digits(u128 m, char out[40])
{
    char tmp[40];
    uint32_t n = 0;
    while ((uint64_t)(m >> 64) != 0) {
        tmp[n++] = (char)('0' + (uint32_t)(m % 10));
        m /= 10;
    }
    uint64_t low = (uint64_t)m;
    do {
        tmp[n++] = (char)('0' + (uint32_t)(low % 10));
        low /= 10;
    } while (low != 0);
    for (uint32_t i = 0; i < n; i++) {
        out[i] = tmp[n - 1 - i];
    }
    return n;
}

void numeric_text(const Str *v, Buf *buf)
{
    Num n = num_get(v);
    if (n.kind != NUM_FINITE) {
        static const char *const NAMES[] = {"", "NaN", "Infinity", "-Infinity"};
        buf_puts(buf, NAMES[n.kind]);
        return;
    }
    char small[40], *digits = small;
    size_t count = 0;
    if (n.big) {
        mpz_t z;
        mpz_init(z);
        num_get_mpz(v, z);
        mpz_abs(z, z);
        digits = mem_alloc("numeric", mpz_sizeinbase(z, 10) + 2);
        mpz_get_str(digits, 10, z);
        count = strlen(digits);
        mpz_clear(z);
    } else {
        count = num_u128_digits(n.m, small);
    }
    if (n.neg) {
        buf_putc(buf, '-');
    }
    size_t scale = (size_t)n.dscale;
    if (count > scale) {
        buf_put(buf, digits, count - scale);
    } else {
        buf_putc(buf, '0');
    }
    if (scale > 0) {
        buf_putc(buf, '.');
        for (size_t i = count; i < scale; i++) {
            buf_putc(buf, '0');
        }
        size_t from = count > scale ? count - scale : 0;
        buf_put(buf, digits + from, count - from);
    }
    if (digits != small) {
        mem_free(digits);
    }
}

static Status numeric_in(FnCall *call, Slice text, int32_t typmod, Datum *out)
{
    return numeric_parse(call, text, typmod, &out->str);
}
static void numeric_out(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    numeric_text(&v->str, buf);
}

/* ---- binary: base-10000 digits, as PostgreSQL ---- */
enum {
    NUM_WIRE_POS = 0,
    NUM_WIRE_NEG = 0x4000,
    NUM_WIRE_NAN = 0xc000,
    NUM_WIRE_PINF = 0xd000,
    NUM_WIRE_NINF = 0xf000
};

/* numeric_recv - base-10000 digits to a scaled magnitude; digits past dscale are cut. */
static Status numeric_recv(FnCall *call, Slice bytes, int32_t typmod, Datum *out)
{
    Cx *cx = call->cx;
    if (bytes.len < 8) {
        return recv_exact(cx, bytes, 8);
    }
    uint32_t count = load_u16be(bytes.ptr);
    int32_t weight = (int16_t)load_u16be(bytes.ptr + 2), dscale = load_u16be(bytes.ptr + 6);
    uint32_t sign = load_u16be(bytes.ptr + 4);
    TRY(recv_exact(cx, bytes, 8 + (size_t)count * 2));
    if (sign != NUM_WIRE_POS && sign != NUM_WIRE_NEG && sign != NUM_WIRE_NAN &&
        sign != NUM_WIRE_PINF && sign != NUM_WIRE_NINF) {
        return err_set(cx, ERRCODE_INVALID_BINARY_REPRESENTATION,
                       "invalid sign in external \"numeric\" value");
    }
    if (dscale > NUM_DSCALE_MAX) {
        return err_set(cx, ERRCODE_INVALID_BINARY_REPRESENTATION,
                       "invalid scale in external \"numeric\" value");
    }
    if (sign >= NUM_WIRE_NAN) {
        out->str = num_special(sign == NUM_WIRE_NAN    ? NUM_NAN
                               : sign == NUM_WIRE_PINF ? NUM_PINF
                                                       : NUM_NINF);
        return numeric_apply_typmod(cx, call->arena, typmod, &out->str);
    }
    mpz_t z, p;
    mpz_inits(z, p, NULL);
    Status st = ST_OK;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t d = load_u16be(bytes.ptr + 8 + (size_t)i * 2);
        if (d > 9999) {
            st = err_set(cx, ERRCODE_INVALID_BINARY_REPRESENTATION,
                         "invalid digit in external \"numeric\" value");
            goto out;
        }
        mpz_mul_ui(z, z, 10000);
        mpz_add_ui(z, z, d);
    }
    /* z * 10000^(weight - count + 1), cut to dscale decimals. */
    int32_t exp10 = (weight - (int32_t)count + 1) * 4 + dscale;
    num_pow10(p, (uint32_t)abs(exp10));
    if (exp10 >= 0) {
        mpz_mul(z, z, p);
    } else {
        mpz_tdiv_q(z, z, p);
    }
    if (sign == NUM_WIRE_NEG) {
        mpz_neg(z, z);
    }
    TRY_OUT(num_make_mpz(cx, call->arena, z, dscale, &out->str));
    TRY_OUT(numeric_apply_typmod(cx, call->arena, typmod, &out->str));
out:
    mpz_clears(z, p, NULL);
    return st;
}

/* numeric_send - peel base-10000 digits off the magnitude. */
static void numeric_send(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    Num n = num_get(&v->str);
    if (n.kind != NUM_FINITE) {
        buf_put_u32be(buf, 0);
        buf_put_u16be(buf, n.kind == NUM_NAN    ? NUM_WIRE_NAN
                           : n.kind == NUM_PINF ? NUM_WIRE_PINF
                                                : NUM_WIRE_NINF);
        buf_put_u16be(buf, 0);
        return;
    }
    /* Make the fraction a whole number of base-10000 digits, then peel digits off. */
    mpz_t z;
    mpz_init(z);
    num_get_mpz(&v->str, z);
    mpz_abs(z, z);
    int32_t pad = (4 - n.dscale % 4) % 4, frac = (n.dscale + pad) / 4;
    num_rescale(z, 0, pad);
    size_t max = mpz_sizeinbase(z, 10) / 4 + 2;
    uint16_t *digits = mem_alloc("numeric", max * sizeof(uint16_t));
    size_t count = 0, low = 0;
    while (mpz_sgn(z) != 0) {
        digits[count++] = (uint16_t)mpz_tdiv_q_ui(z, z, 10000);
    }
    mpz_clear(z);
    while (low < count && digits[low] == 0) {
        low++;
    }
    buf_put_u16be(buf, (uint16_t)(count - low));
    buf_put_u16be(buf, (uint16_t)(count == 0 ? 0 : (int32_t)count - 1 - frac));
    buf_put_u16be(buf, n.neg ? NUM_WIRE_NEG : NUM_WIRE_POS);
    buf_put_u16be(buf, (uint16_t)n.dscale);
    for (size_t i = count; i > low; i--) {
        buf_put_u16be(buf, digits[i - 1]);
    }
    mem_free(digits);
}

/* ---- order, hash, keys ---- */

/* numeric_compare - in 128 bits where the common scale allows, else by GMP. */
int numeric_compare(const Str *a, const Str *b)
{
    Num x = num_get(a), y = num_get(b);
    if (UNLIKELY(x.kind != NUM_FINITE || y.kind != NUM_FINITE)) {
        static const int RANK[] = {1, 3, 2, 0}; /* -Infinity < finite < Infinity < NaN */
        return RANK[x.kind] - RANK[y.kind];
    }
    if (x.neg != y.neg) {
        return x.neg ? -1 : 1;
    }
    int sign = x.neg ? -1 : 1, d = x.dscale - y.dscale;
    if (LIKELY(!x.big && !y.big)) {
        bool fits = d == 0;
        if (d > 0 && d <= 19 && (uint64_t)(y.m >> 64) == 0) {
            y.m *= num_pow10_u128((uint32_t)d);
            fits = true;
        } else if (d < 0 && d >= -19 && (uint64_t)(x.m >> 64) == 0) {
            x.m *= num_pow10_u128((uint32_t)-d);
            fits = true;
        }
        if (fits) {
            return x.m == y.m ? 0 : x.m < y.m ? -sign : sign;
        }
    }
    mpz_t p, q;
    mpz_inits(p, q, NULL);
    num_get_mpz(a, p);
    num_get_mpz(b, q);
    num_rescale(p, x.dscale, MAX(x.dscale, y.dscale));
    num_rescale(q, y.dscale, MAX(x.dscale, y.dscale));
    int c = mpz_cmp(p, q);
    mpz_clears(p, q, NULL);
    return (c > 0) - (c < 0);
}
static int numeric_order(const Datum *a, const Datum *b)
{
    return numeric_compare(&a->str, &b->str);
}

/* num_strip - the digits of |v| without trailing zeros, and the exponent of the last one. */
static size_t num_strip(const Str *v, const Num *n, char **digits, char small[40], int32_t *exp10)
{
    size_t count = 0;
    *digits = small;
    if (n->big) {
        mpz_t z;
        mpz_init(z);
        num_get_mpz(v, z);
        mpz_abs(z, z);
        *digits = mem_alloc("numeric", mpz_sizeinbase(z, 10) + 2);
        mpz_get_str(*digits, 10, z);
        count = strlen(*digits);
        mpz_clear(z);
    } else {
        count = num_u128_digits(n->m, small);
    }
    *exp10 = -n->dscale;
    while (count > 0 && (*digits)[count - 1] == '0') {
        count--;
        (*exp10)++;
    }
    return count;
}

/* numeric_hash - equal numbers of any dscale hash alike: trailing zeros do not count. */
static uint64_t numeric_hash(const Datum *v)
{
    Num n = num_get(&v->str);
    if (n.kind != NUM_FINITE) {
        return hash_u64((uint64_t)n.kind + 1000);
    }
    if (LIKELY(!n.big)) {
        while (n.dscale > 0 && n.m % 10 == 0 && n.m != 0) {
            n.m /= 10;
            n.dscale--;
        }
        if (n.dscale == 0 || n.m == 0) {
            return hash_u64((uint64_t)n.m ^ (uint64_t)(n.m >> 64) ^ (n.neg ? 0x5555 : 0));
        }
    }
    char small[40], *digits;
    int32_t exp10;
    size_t count = num_strip(&v->str, &n, &digits, small, &exp10);
    uint64_t h;
    if (exp10 >= 0 && count + (size_t)exp10 <= 38) {
        /* A whole number: the same hash as from its short form. */
        u128 m = 0;
        for (size_t i = 0; i < count; i++) {
            m = m * 10 + (uint32_t)(digits[i] - '0');
        }
        m *= num_pow10_u128((uint32_t)exp10);
        h = hash_u64((uint64_t)m ^ (uint64_t)(m >> 64) ^ (n.neg ? 0x5555 : 0));
    } else {
        h = hash_bytes(digits, count, (uint64_t)(int64_t)exp10 * 2 + n.neg);
    }
    if (digits != small) {
        mem_free(digits);
    }
    return h;
}

bool numeric_sound(const Str *values, uint32_t n)
{
    bool good = true;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t len = values[i].len;
        if (UNLIKELY(len < 12)) {
            return false;
        }
        const char *p = str_ptr(&values[i]);
        uint16_t dscale;
        memcpy(&dscale, p + 2, 2);
        good &= (len - 4) % 8 == 0 && (p[0] & 0x0f) <= NUM_NINF && dscale <= NUM_DSCALE_MAX;
    }
    return good;
}

/*
 * numeric_key - class byte; then for numbers the decimal exponent of the first digit and the digits
 * in pairs (1..100, ended by 0), all inverted for negative numbers.
 */
static void numeric_key(const Datum *v, Buf *buf)
{
    Num n = num_get(&v->str);
    if (n.kind != NUM_FINITE) {
        buf_putc(buf, n.kind == NUM_NINF ? 0 : n.kind == NUM_PINF ? 4 : 5);
        return;
    }
    char small[40], *digits;
    int32_t exp10;
    size_t count = num_strip(&v->str, &n, &digits, small, &exp10);
    buf_putc(buf, count == 0 ? 2 : n.neg ? 1 : 3);
    if (count != 0) {
        size_t start = buf->len;
        buf_put_u32be(buf, (uint32_t)(exp10 + (int32_t)count) ^ 0x80000000u);
        for (size_t i = 0; i < count; i += 2) {
            int pair = (digits[i] - '0') * 10 + (i + 1 < count ? digits[i + 1] - '0' : 0);
            buf_putc(buf, (char)(pair + 1));
        }
        buf_putc(buf, 0);
        if (n.neg) {
            for (size_t i = start; i < buf->len; i++) {
                buf->data[i] = (uint8_t)~buf->data[i];
            }
        }
    }
    if (digits != small) {
        mem_free(digits);
    }
}

KERNEL_COMPARE_BY(k_numeric_, Str, numeric_compare)
KERNEL_BINARY(k_numeric_cmp, Str, Str, int32_t, int c = numeric_compare(&a, &b);
              r = (c > 0) - (c < 0))
KERNEL_BINARY(k_numeric_larger, Str, Str, Str, r = numeric_compare(&a, &b) > 0 ? a : b)
KERNEL_BINARY(k_numeric_smaller, Str, Str, Str, r = numeric_compare(&a, &b) < 0 ? a : b)
ROW_KERNEL(numeric)
{
    r->str = a[0].str;
    return numeric_apply_typmod(call->cx, call->arena, a[1].i32, &r->str);
}

static const FnOps NUMERIC_FNS[] = {
    FN_COMPARE(numeric_, 0), FN(numeric_cmp), FN(numeric_larger), FN(numeric_smaller), FN(numeric),
};
static const TypeOps NUMERIC_TYPES[] = {
    {TYPE_NUMERIC, "numeric", PHYS_STR, numeric_in, numeric_out, numeric_recv, numeric_send,
     numeric_order, numeric_hash, numeric_key, NULL},
};
const TypeFamily type_family_numeric = {
    .types = NUMERIC_TYPES,
    .type_count = ARRAY_LEN(NUMERIC_TYPES),
    .fns = NUMERIC_FNS,
    .fn_count = ARRAY_LEN(NUMERIC_FNS),
};

#ifndef DASSIE_TYPE_NUMERIC_H
#define DASSIE_TYPE_NUMERIC_H
/*
 * numeric.h - exact decimal numbers inside src/type: the stored form and its arithmetic.
 *
 * A numeric is a Str of one of three sizes:
 *   bytes 0     kind (finite, NaN, +-Infinity) in the low half, 0x10 when negative
 *   byte  1     zero
 *   bytes 2..3  dscale, decimals shown (little-endian)
 *   bytes 4..   the magnitude times 10^dscale, little-endian: 8 bytes (12 in all: it fits a Str
 *               inline), 16, or a multiple of 8 above; always the least that holds it
 * So the same value with the same dscale has one form; 1.0 and 1.00 differ in bytes and compare
 * equal. Any thread; results live in the arena given.
 */
#include <gmp.h>

#include "type/type_internal.h"

typedef enum NumKind { NUM_FINITE, NUM_NAN, NUM_PINF, NUM_NINF } NumKind;

#define NUM_DSCALE_MAX        16383
#define NUM_DISPLAY_SCALE_MAX 1000
#define NUM_MIN_SIG_DIGITS    16
#define NUM_INT_DIGITS_MAX    131072

/* Num - a decoded numeric. Finite: `big` says whether the magnitude is in z or in m. */
typedef struct Num {
    NumKind kind;
    bool neg, big;
    int32_t dscale;
    u128 m;
} Num;

/* num_get - decode what fits 128 bits; big is set when only num_get_mpz can give the magnitude. */
static inline Num num_get(const Str *s)
{
    const char *p = str_ptr(s);
    Num n = {.kind = (NumKind)(p[0] & 0x0f), .neg = (p[0] & 0x10) != 0};
    uint16_t dscale;
    memcpy(&dscale, p + 2, 2);
    n.dscale = dscale;
    if (LIKELY(s->len == 12)) {
        uint64_t m;
        memcpy(&m, p + 4, 8);
        n.m = m;
    } else if (s->len == 20) {
        memcpy(&n.m, p + 4, 16);
    } else {
        n.big = true;
    }
    return n;
}
/* num_get_mpz - the signed magnitude into an initialised z. */
void num_get_mpz(const Str *s, mpz_t z);
void num_set_u128(mpz_t z, u128 m);
/* numeric_sound - TypeSoundFn. */
bool numeric_sound(const Str *values, uint32_t n);
/* num_make - a finite number from parts; a zero loses its sign. */
Str num_make(Arena *a, bool neg, u128 m, int32_t dscale);
/* num_make_mpz - likewise; 22003 when there are too many digits before the point. */
Status num_make_mpz(Cx *cx, Arena *a, const mpz_t z, int32_t dscale, Str *out);
Str num_special(NumKind kind);
Status err_num_overflow(Cx *cx);

/* num_pow10_u128 - 10^n, n <= 38. */
u128 num_pow10_u128(uint32_t n);
void num_pow10(mpz_t z, uint32_t n);
/* num_rescale - z * 10^from -> 10^to, half away from zero. */
void num_rescale(mpz_t z, int32_t from, int32_t to);
/* num_digits - decimal digits of |z|, 0 for zero. */
int32_t num_digits(const mpz_t z);
/* num_weight - the position and value of the first base-10000 digit, as PostgreSQL stores it. */
int32_t num_weight(const mpz_t z, int32_t dscale, int32_t *first);
/* num_div_round - z = num / den to an integer, half away from zero. */
void num_div_round(mpz_t z, const mpz_t num, const mpz_t den);

static inline Str numeric_from_i128(Arena *a, i128 v, int32_t dscale)
{
    return num_make(a, v < 0, v < 0 ? 0 - (u128)v : (u128)v, dscale);
}
/* Order (NaN is above all), sum, difference, product. */
int numeric_compare(const Str *a, const Str *b);
Status numeric_add(Cx *cx, Arena *a, const Str *x, const Str *y, Str *out);
Status numeric_subtract(Cx *cx, Arena *a, const Str *x, const Str *y, Str *out);
Status numeric_multiply(Cx *cx, Arena *a, const Str *x, const Str *y, Str *out);
/* numeric_divide - with PostgreSQL's choice of scale. */
Status numeric_divide(Cx *cx, Arena *a, const Str *x, const Str *y, Str *out);
/* numeric_modulo - the remainder, with the sign of x. */
Status numeric_modulo(Cx *cx, Arena *a, const Str *x, const Str *y, Str *out);
/* numeric_div_scale - that scale. */
int32_t numeric_div_scale(const mpz_t x, int32_t xscale, const mpz_t y, int32_t yscale);
Status numeric_sqrt_scaled(Cx *cx, Arena *a, const mpz_t z, int32_t scale, int32_t rscale,
                           Str *out);
Status numeric_round_to(Cx *cx, Arena *a, const Str *x, int32_t scale, bool truncate, Str *out);
Status numeric_parse(FnCall *call, Slice text, int32_t typmod, Str *out);
void numeric_text(const Str *v, Buf *buf);
Status numeric_apply_typmod(Cx *cx, Arena *a, int32_t typmod, Str *v);
/* numeric_to_i64 - rounded; false when it does not fit or is not finite. */
bool numeric_to_i64(const Str *v, int64_t *out);
double numeric_to_f64(const Str *v);
/* numeric_from_f64 - with `digits` significant decimal digits, as casts from floats do. */
Status numeric_from_f64(FnCall *call, double v, int digits, Str *out);

#endif

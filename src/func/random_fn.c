/*
 * random_fn.c - random() and setseed(): xoroshiro128+ (Blackman and Vigna), one state a session, as
 * PostgreSQL 15.
 */
#include "func/func_internal.h"

static uint64_t rotl(uint64_t x, int k)
{
    return x << k | x >> (64 - k);
}

static uint64_t session_random(FuncSession *fs)
{
    uint64_t *s = fs->random_state;
    if (!fs->random_seeded) {
        os_random(fs->engine->os, s, sizeof(fs->random_state));
        s[0] |= 1;
        fs->random_seeded = true;
    }
    uint64_t s0 = s[0], s1 = s[1], result = s0 + s1;
    s1 ^= s0;
    s[0] = rotl(s0, 24) ^ s1 ^ (s1 << 16);
    s[1] = rotl(s1, 37);
    return result;
}

static Status fn_random(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)call;
    (void)a;
    (void)null_out;
    out->f64 = (double)(session_random(fs) >> 12) * 0x1p-52;
    return ST_OK;
}
KERNEL(fn_random)

static Status fn_setseed(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)out;
    (void)null_out;
    if (!(a[0].f64 >= -1 && a[0].f64 <= 1)) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "setseed parameter %g is out of allowed range [-1,1]", a[0].f64);
    }
    uint64_t seed = hash_bytes(&a[0].f64, sizeof(double), 0);
    fs->random_state[0] = hash_u64(seed) | 1;
    fs->random_state[1] = hash_u64(seed + 1);
    fs->random_seeded = true;
    return ST_OK;
}
KERNEL(fn_setseed)

static const FnOps FNS[] = {{"drandom", fn_random_kernel, 0}, {"setseed", fn_setseed_kernel, 0}};
const FuncTable FUNC_RANDOM = {FNS, ARRAY_LEN(FNS)};

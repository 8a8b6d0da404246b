/*
 * uuid_fn.c - the functions of the extension uuid-ossp: the well-known name spaces of RFC 4122 and
 * identifiers of versions 1, 3, 4 and 5.
 *
 * Version 1 takes a random node with the multicast bit instead of a network card's address, as the
 * RFC allows, so an identifier does not tell where it was made.
 */
#include <openssl/evp.h>

#include "func/func_internal.h"

#define UUID_EPOCH_TICKS 0x01B21DD213814000ULL /* 100 ns from 1582-10-15 to 1970 */

/* uuid_stamp - put version and variant into 16 bytes. */
static void uuid_stamp(uint8_t b[16], int version)
{
    b[6] = (uint8_t)((b[6] & 0x0f) | version << 4);
    b[8] = (uint8_t)((b[8] & 0x3f) | 0x80);
}

/* UUID_CONSTANT - nil and the name spaces 6ba7b81X-9dad-11d1-80b4-00c04fd430c8. */
#define UUID_CONSTANT(name, last)                                                                  \
    static Status name(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)  \
    {                                                                                              \
        static const uint8_t SPACE[16] = {0x6b, 0xa7, 0xb8, 0x10, 0x9d, 0xad, 0x11, 0xd1,          \
                                          0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8};         \
        (void)call, (void)fs, (void)a, (void)null_out;                                             \
        if ((last) != 0) {                                                                         \
            memcpy(out->b16, SPACE, 16);                                                           \
            out->b16[3] = (last);                                                                  \
        }                                                                                          \
        return ST_OK;                                                                              \
    }                                                                                              \
    KERNEL(name)
UUID_CONSTANT(fn_uuid_nil, 0)
UUID_CONSTANT(fn_uuid_dns, 0x10)
UUID_CONSTANT(fn_uuid_url, 0x11)
UUID_CONSTANT(fn_uuid_oid, 0x12)
UUID_CONSTANT(fn_uuid_x500, 0x14)

/* fn_uuid_v1 - time, clock sequence, node: RFC 4122, 4.1. */
static Status fn_uuid_v1(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)call, (void)a, (void)null_out;
    uint8_t *b = out->b16, rest[10];
    /* The clock sequence and a spread below the microsecond keep calls of one moment apart. */
    os_random(fs->engine->os, rest, sizeof(rest));
    uint64_t ticks = (uint64_t)os_now_us(fs->engine->os) * 10 + UUID_EPOCH_TICKS + (rest[8] % 10u);
    uint32_t low = (uint32_t)ticks;
    uint16_t mid = (uint16_t)(ticks >> 32), high = (uint16_t)(ticks >> 48);
    for (int i = 0; i < 4; i++) {
        b[i] = (uint8_t)(low >> (24 - 8 * i));
    }
    b[4] = (uint8_t)(mid >> 8);
    b[5] = (uint8_t)mid;
    b[6] = (uint8_t)(high >> 8);
    b[7] = (uint8_t)high;
    memcpy(b + 8, rest, 8);
    b[10] |= 1; /* multicast: not a card's address */
    uuid_stamp(b, 1);
    return ST_OK;
}
KERNEL(fn_uuid_v1)

static Status fn_uuid_v4(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)call, (void)a, (void)null_out;
    os_random(fs->engine->os, out->b16, 16);
    uuid_stamp(out->b16, 4);
    return ST_OK;
}
KERNEL(fn_uuid_v4)

/* uuid_named - the hash of a name space and a name. */
static Status uuid_named(FnCall *call, const EVP_MD *md, int version, const Datum *a, Datum *out)
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned int n = 0;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    bool good = ctx != NULL && EVP_DigestInit_ex(ctx, md, NULL) == 1 &&
                EVP_DigestUpdate(ctx, a[0].b16, 16) == 1 &&
                EVP_DigestUpdate(ctx, str_ptr(&a[1].str), a[1].str.len) == 1 &&
                EVP_DigestFinal_ex(ctx, hash, &n) == 1;
    EVP_MD_CTX_free(ctx);
    if (!good || n < 16) {
        return err_set(call->cx, ERRCODE_INTERNAL_ERROR, "could not compute a hash");
    }
    memcpy(out->b16, hash, 16);
    uuid_stamp(out->b16, version);
    return ST_OK;
}

static Status fn_uuid_v3(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)fs, (void)null_out;
    return uuid_named(call, EVP_md5(), 3, a, out);
}
KERNEL(fn_uuid_v3)

static Status fn_uuid_v5(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)fs, (void)null_out;
    return uuid_named(call, EVP_sha1(), 5, a, out);
}
KERNEL(fn_uuid_v5)

static const FnOps FNS[] = {
    {"uuid-ossp:uuid_nil", fn_uuid_nil_kernel, 0},
    {"uuid-ossp:uuid_ns_dns", fn_uuid_dns_kernel, 0},
    {"uuid-ossp:uuid_ns_url", fn_uuid_url_kernel, 0},
    {"uuid-ossp:uuid_ns_oid", fn_uuid_oid_kernel, 0},
    {"uuid-ossp:uuid_ns_x500", fn_uuid_x500_kernel, 0},
    {"uuid-ossp:uuid_generate_v1", fn_uuid_v1_kernel, 0},
    {"uuid-ossp:uuid_generate_v1mc", fn_uuid_v1_kernel, 0},
    {"uuid-ossp:uuid_generate_v3", fn_uuid_v3_kernel, 0},
    {"uuid-ossp:uuid_generate_v4", fn_uuid_v4_kernel, 0},
    {"uuid-ossp:uuid_generate_v5", fn_uuid_v5_kernel, 0},
    {"pgcrypto:pg_random_uuid", fn_uuid_v4_kernel, 0},
};
const FuncTable FUNC_UUID = {FNS, ARRAY_LEN(FNS)};

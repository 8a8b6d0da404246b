/*
 * uuid.c - uuid: I/O, order, comparisons, random ones.
 */
#include "os/os.h"
#include "type/kernel.h"

typedef struct Uuid {
    uint8_t b[16];
} Uuid;

static int uuid_hex(char c)
{
    char l = ascii_lower(c);
    return is_digit(l) ? l - '0' : l >= 'a' && l <= 'f' ? l - 'a' + 10 : -1;
}
/* uuid_parse - 32 digits; a dash may follow every group of four, braces may enclose all. */
static bool uuid_parse(Slice s, uint8_t out[16])
{
    const char *p = s.ptr, *end = s.ptr + s.len;
    bool braces = p < end && *p == '{';
    p += braces;
    for (int i = 0; i < 16; i++) {
        if (end - p < 2) {
            return false;
        }
        int hi = uuid_hex(p[0]), lo = uuid_hex(p[1]);
        if (hi < 0 || lo < 0) {
            return false;
        }
        out[i] = (uint8_t)(hi << 4 | lo);
        p += 2;
        if (p < end && *p == '-' && i % 2 == 1 && i < 15) {
            p++;
        }
    }
    if (braces) {
        if (p == end || *p != '}') {
            return false;
        }
        p++;
    }
    return p == end;
}
static Status uuid_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    return uuid_parse(text, out->b16) ? ST_OK : err_bad_syntax(call->cx, "uuid", text);
}
static void uuid_out(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    char text[36];
    int at = 0;
    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            text[at++] = '-';
        }
        text[at++] = "0123456789abcdef"[v->b16[i] >> 4];
        text[at++] = "0123456789abcdef"[v->b16[i] & 15];
    }
    buf_put(buf, text, sizeof(text));
}
static Status uuid_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    TRY(recv_exact(call->cx, bytes, 16));
    memcpy(out->b16, bytes.ptr, 16);
    return ST_OK;
}
static void uuid_send(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    buf_put(buf, v->b16, 16);
}
static int uuid_order(const Datum *a, const Datum *b)
{
    return memcmp(a->b16, b->b16, 16);
}
static uint64_t uuid_hash(const Datum *v)
{
    return hash_bytes(v->b16, 16, 0);
}
static bool uuid_unkey(Arena *arena UNUSED, Slice *in, Datum *out)
{
    if (in->len < 16) {
        return false;
    }
    memcpy(out->b16, in->ptr, 16);
    in->ptr += 16;
    in->len -= 16;
    return true;
}
static void uuid_key(const Datum *v, Buf *buf)
{
    buf_put(buf, v->b16, 16);
}
static int uuid_compare(const Uuid *a, const Uuid *b)
{
    return memcmp(a, b, 16);
}
KERNEL_COMPARE_BY(k_uuid_, Uuid, uuid_compare)
KERNEL_BINARY(k_uuid_cmp, Uuid, Uuid, int32_t, int c = uuid_compare(&a, &b); r = (c > 0) - (c < 0))
static Status k_gen_random_uuid(KERNEL_PARAMS)
{
    (void)args, (void)arg_count;
    if (call->env == NULL || call->env->os == NULL) {
        return err_set(call->cx, ERRCODE_INTERNAL_ERROR, "could not generate random values");
    }
    SEL_FOREACH(row, sel)
    {
        Uuid *u = &((Uuid *)out->data)[row];
        os_random(call->env->os, u->b, sizeof(u->b));
        u->b[6] = (uint8_t)((u->b[6] & 0x0f) | 0x40); /* version 4, variant 10 */
        u->b[8] = (uint8_t)((u->b[8] & 0x3f) | 0x80);
    }
    return ST_OK;
}

static const FnOps UUID_FNS[] = {
    FN_COMPARE(uuid_, 0),
    FN(uuid_cmp),
    FN(gen_random_uuid),
};
static const TypeOps UUID_TYPES[] = {
    {TYPE_UUID, "uuid", PHYS_B16, uuid_in, uuid_out, uuid_recv, uuid_send, uuid_order, uuid_hash,
     uuid_key, uuid_unkey},
};
const TypeFamily type_family_uuid = {
    .types = UUID_TYPES,
    .type_count = ARRAY_LEN(UUID_TYPES),
    .fns = UUID_FNS,
    .fn_count = ARRAY_LEN(UUID_FNS),
};

/*
 * oid.c - oid, xid, cid, tid: unsigned numbers that name things.
 */
#include "type/kernel.h"

/* oid_parse - like strtoul: a negative number wraps, as long as it fits 32 bits either way. */
static Status oid_parse(Cx *cx, Slice text, const char *type_name, uint32_t *out)
{
    Slice s = slice_trim(text);
    size_t i = 0;
    bool neg = false, overflow = false;
    if (i < s.len && (s.ptr[i] == '-' || s.ptr[i] == '+')) {
        neg = s.ptr[i++] == '-';
    }
    if (i == s.len) {
        return err_bad_syntax(cx, type_name, text);
    }
    uint64_t v = 0;
    for (; i < s.len; i++) {
        if (!is_digit(s.ptr[i])) {
            return err_bad_syntax(cx, type_name, text);
        }
        v = v * 10 + (uint64_t)(s.ptr[i] - '0');
        overflow |= v > UINT32_MAX;
        v = overflow ? 0 : v;
    }
    if (overflow || (neg && v > (uint64_t)INT32_MAX + 1)) {
        return err_value_range(cx, type_name, text);
    }
    *out = neg ? 0 - (uint32_t)v : (uint32_t)v;
    return ST_OK;
}
static Status oid_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    return oid_parse(call->cx, text, "oid", &out->u32);
}
/* xid and cid never complain: what is not a number counts as far as it goes. */
static Status xid_in(FnCall *call UNUSED, Slice text, int32_t typmod UNUSED, Datum *out)
{
    Slice s = slice_trim(text);
    uint32_t v = 0;
    for (size_t i = 0; i < s.len && is_digit(s.ptr[i]); i++) {
        v = v * 10 + (uint32_t)(s.ptr[i] - '0');
    }
    out->u32 = v;
    return ST_OK;
}
static void oid_out(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    buf_put_u64_text(buf, v->u32);
}
static Status oid_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    TRY(recv_exact(call->cx, bytes, 4));
    out->u32 = load_u32be(bytes.ptr);
    return ST_OK;
}
static void oid_send(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    buf_put_u32be(buf, v->u32);
}
static int oid_order(const Datum *a, const Datum *b)
{
    return (a->u32 > b->u32) - (a->u32 < b->u32);
}
static uint64_t oid_hash(const Datum *v)
{
    return hash_u64(v->u32);
}
static void oid_key(const Datum *v, Buf *buf)
{
    key_put_u32(buf, v->u32);
}
static bool oid_unkey(Arena *arena UNUSED, Slice *in, Datum *out)
{
    if (in->len < 4) {
        return false;
    }
    out->u32 = load_u32be(in->ptr);
    in->ptr += 4;
    in->len -= 4;
    return true;
}

/* ---- regclass and relatives: oids shown as the name of what they stand for. Names are a matter of
   the catalog: the binder reads them in literals, the session's TypeEnv.reg_out writes them. ----
 */
/* reg_in - a number, "-" for none, or a name where the session's catalog is at hand. */
static Status reg_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    Slice s = slice_trim(text);
    if (s.len == 1 && s.ptr[0] == '-') {
        out->u32 = OID_INVALID;
        return ST_OK;
    }
    const TypeEnv *env = call->env;
    for (size_t i = 0; i < s.len; i++) {
        if (!is_digit(s.ptr[i]) && env != NULL && env->types != NULL) {
            int64_t oid = 0;
            TRY(env->types->enum_value(call->cx, env->session, call->result_type, text, &oid));
            out->u32 = (Oid)oid;
            return ST_OK;
        }
        if (!is_digit(s.ptr[i])) {
            return err_unsupported(call->cx,
                                   "looking up the name \"%.*s\" at run time is not "
                                   "supported",
                                   (int)s.len, s.ptr);
        }
    }
    return oid_parse(call->cx, text, "oid", &out->u32);
}
static void reg_out(FnCall *call, const Datum *v, Buf *buf)
{
    const TypeEnv *env = call->env;
    if (v->u32 == OID_INVALID) {
        buf_putc(buf, '-');
    } else if (env == NULL || env->reg_out == NULL ||
               !env->reg_out(env->session, call->result_type, v->u32, buf)) {
        buf_put_u64_text(buf, v->u32);
    }
}
/* Reg types that nothing else in this folder names. */
enum { OID_REGOPER = 2203, OID_REGOPERATOR = 2204, OID_REGCOLLATION = 4191 };
#define REG_OUT(name, type)                                                                        \
    static void name(FnCall *call, const Datum *v, Buf *buf)                                       \
    {                                                                                              \
        FnCall c = *call;                                                                          \
        c.result_type = (type);                                                                    \
        reg_out(&c, v, buf);                                                                       \
    }
REG_OUT(regproc_out, TYPE_REGPROC)
REG_OUT(regprocedure_out, TYPE_REGPROCEDURE)
REG_OUT(regclass_out, TYPE_REGCLASS)
REG_OUT(regtype_out, TYPE_REGTYPE)
REG_OUT(regnamespace_out, TYPE_REGNAMESPACE)
REG_OUT(regoper_out, OID_REGOPER)
REG_OUT(regoperator_out, OID_REGOPERATOR)
REG_OUT(regcollation_out, OID_REGCOLLATION)
REG_OUT(regrole_out, TYPE_REGROLE)
REG_OUT(regconfig_out, TYPE_REGCONFIG)
REG_OUT(regdictionary_out, TYPE_REGDICTIONARY)

/* ---- tid: a row id in eight bytes, shown as (block,offset) with sixteen bits of offset ---- */

/* tid_in - "(block,offset)". */
static Status tid_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    Slice s = slice_trim(text);
    uint64_t part[2] = {0, 0};
    uint32_t k = 0;
    bool digits = false;
    if (s.len < 5 || s.ptr[0] != '(' || s.ptr[s.len - 1] != ')') {
        return err_bad_syntax(call->cx, "tid", text);
    }
    for (size_t i = 1; i + 1 < s.len; i++) {
        if (s.ptr[i] == ',' && k == 0 && digits) {
            k = 1;
            digits = false;
        } else if (is_digit(s.ptr[i]) && part[k] <= UINT32_MAX) {
            part[k] = part[k] * 10 + (uint64_t)(s.ptr[i] - '0');
            digits = true;
        } else {
            return err_bad_syntax(call->cx, "tid", text);
        }
    }
    if (k != 1 || !digits || part[0] > UINT32_MAX || part[1] > UINT16_MAX) {
        return err_bad_syntax(call->cx, "tid", text);
    }
    out->i64 = (int64_t)(part[0] << 16 | part[1]);
    return ST_OK;
}
static void tid_out(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    buf_putc(buf, '(');
    buf_put_u64_text(buf, (uint64_t)v->i64 >> 16);
    buf_putc(buf, ',');
    buf_put_u64_text(buf, (uint64_t)v->i64 & 0xffff);
    buf_putc(buf, ')');
}
static Status tid_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    TRY(recv_exact(call->cx, bytes, 6));
    out->i64 = (int64_t)((uint64_t)load_u32be(bytes.ptr) << 16 | load_u16be(bytes.ptr + 4));
    return ST_OK;
}
static void tid_send(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    buf_put_u32be(buf, (uint32_t)((uint64_t)v->i64 >> 16));
    buf_put_u16be(buf, (uint16_t)v->i64);
}
static int tid_order(const Datum *a, const Datum *b)
{
    uint64_t x = (uint64_t)a->i64, y = (uint64_t)b->i64;
    return (x > y) - (x < y);
}
static uint64_t tid_hash(const Datum *v)
{
    return hash_u64((uint64_t)v->i64);
}
static void tid_key(const Datum *v, Buf *buf)
{
    key_put_u64(buf, (uint64_t)v->i64);
}

/* ---- operators and casts ---- */
KERNEL_COMPARE_TOTAL(k_oid, uint32_t, uint32_t)
KERNEL_COMPARE_TOTAL(k_tid, uint64_t, uint64_t)
KERNEL_BINARY_TOTAL(k_btoidcmp, uint32_t, uint32_t, int32_t, (a > b) - (a < b))
KERNEL_BINARY_TOTAL(k_bttidcmp, uint64_t, uint64_t, int32_t, (a > b) - (a < b))
KERNEL_BINARY_TOTAL(k_oidlarger, uint32_t, uint32_t, uint32_t, a > b ? a : b)
KERNEL_BINARY_TOTAL(k_oidsmaller, uint32_t, uint32_t, uint32_t, a < b ? a : b)
KERNEL_BINARY_TOTAL(k_tidlarger, uint64_t, uint64_t, uint64_t, a > b ? a : b)
KERNEL_BINARY_TOTAL(k_tidsmaller, uint64_t, uint64_t, uint64_t, a < b ? a : b)
KERNEL_BINARY_TOTAL(k_xideq, uint32_t, uint32_t, uint8_t, a == b)
KERNEL_BINARY_TOTAL(k_xidneq, uint32_t, uint32_t, uint8_t, a != b)
KERNEL_UNARY_TOTAL(k_oidtoi8, uint32_t, int64_t, a)
KERNEL_UNARY(k_i8tooid, int64_t, uint32_t,
             if (UNLIKELY(a < 0 || a > UINT32_MAX)) return err_set(
                 call->cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "OID out of range");
             r = (uint32_t)a)

static const FnOps OID_FNS[] = {
    FN_COMPARE(oid, FN_TOTAL),
    FN_COMPARE(tid, FN_TOTAL),
    FN_T(btoidcmp),
    FN_T(bttidcmp),
    FN_T(oidlarger),
    FN_T(oidsmaller),
    FN_T(tidlarger),
    FN_T(tidsmaller),
    FN_T(xideq),
    FN_T(xidneq),
    {.prosrc = "cideq", .kernel = k_xideq, .flags = FN_TOTAL},
    FN_T(oidtoi8),
    FN(i8tooid),
};
static const TypeOps OID_TYPES[] = {
    {TYPE_OID, "oid", PHYS_I32, oid_in, oid_out, oid_recv, oid_send, oid_order, oid_hash, oid_key,
     oid_unkey},
    {TYPE_REGPROC, "regproc", PHYS_I32, reg_in, regproc_out, oid_recv, oid_send, oid_order,
     oid_hash, oid_key, oid_unkey},
    {TYPE_REGPROCEDURE, "regprocedure", PHYS_I32, reg_in, regprocedure_out, oid_recv, oid_send,
     oid_order, oid_hash, oid_key, oid_unkey},
    {TYPE_REGCLASS, "regclass", PHYS_I32, reg_in, regclass_out, oid_recv, oid_send, oid_order,
     oid_hash, oid_key, oid_unkey},
    {TYPE_REGTYPE, "regtype", PHYS_I32, reg_in, regtype_out, oid_recv, oid_send, oid_order,
     oid_hash, oid_key, oid_unkey},
    {TYPE_REGNAMESPACE, "regnamespace", PHYS_I32, reg_in, regnamespace_out, oid_recv, oid_send,
     oid_order, oid_hash, oid_key, oid_unkey},
    {OID_REGOPER, "regoper", PHYS_I32, reg_in, regoper_out, oid_recv, oid_send, oid_order, oid_hash,
     oid_key, oid_unkey},
    {OID_REGOPERATOR, "regoperator", PHYS_I32, reg_in, regoperator_out, oid_recv, oid_send,
     oid_order, oid_hash, oid_key, oid_unkey},
    {OID_REGCOLLATION, "regcollation", PHYS_I32, reg_in, regcollation_out, oid_recv, oid_send,
     oid_order, oid_hash, oid_key, oid_unkey},
    {TYPE_REGROLE, "regrole", PHYS_I32, reg_in, regrole_out, oid_recv, oid_send, oid_order,
     oid_hash, oid_key, oid_unkey},
    {TYPE_REGCONFIG, "regconfig", PHYS_I32, reg_in, regconfig_out, oid_recv, oid_send, oid_order,
     oid_hash, oid_key, oid_unkey},
    {TYPE_REGDICTIONARY, "regdictionary", PHYS_I32, reg_in, regdictionary_out, oid_recv, oid_send,
     oid_order, oid_hash, oid_key, oid_unkey},
    {TYPE_XID, "xid", PHYS_I32, xid_in, oid_out, oid_recv, oid_send, NULL, oid_hash, NULL, NULL},
    {TYPE_CID, "cid", PHYS_I32, xid_in, oid_out, oid_recv, oid_send, NULL, oid_hash, NULL, NULL},
    {TYPE_TID, "tid", PHYS_I64, tid_in, tid_out, tid_recv, tid_send, tid_order, tid_hash, tid_key,
     NULL},
};
const TypeFamily type_family_oid = {
    .types = OID_TYPES,
    .type_count = ARRAY_LEN(OID_TYPES),
    .fns = OID_FNS,
    .fn_count = ARRAY_LEN(OID_FNS),
};

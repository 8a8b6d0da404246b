/*
 * record.c - row values: form, text and binary output, order.
 *
 * Packed: the number of fields; for each its type OID, its name after its length, a NULL byte, and
 * when it is not NULL the value, fixed-width as in a vector, strings after their length.
 */
#include "type/record.h"

#include "type/kernel.h"

static PhysType record_phys(Oid type)
{
    const TypeOps *ops = type_ops(type);
    return ops != NULL ? ops->phys : PHYS_STR;
}

/* record_build - packed, string bytes copied. */
Str record_build(Arena *arena, const RecordField *fields, uint32_t count)
{
    Buf b;
    buf_init(&b, 1u << 30);
    buf_put(&b, &count, 4);
    for (uint32_t i = 0; i < count; i++) {
        const RecordField *f = &fields[i];
        uint32_t name_len = f->name != NULL ? (uint32_t)strlen(f->name) : 0;
        buf_put(&b, &f->type, 4);
        buf_put(&b, &name_len, 4);
        buf_put(&b, f->name, name_len);
        buf_putc(&b, f->is_null ? 1 : 0);
        PhysType phys = record_phys(f->type);
        if (f->is_null) {
            continue;
        }
        if (phys == PHYS_STR) {
            buf_put(&b, &f->value.str.len, 4);
            buf_put(&b, str_ptr(&f->value.str), f->value.str.len);
        } else {
            buf_put(&b, &f->value, phys_bytes(phys));
        }
    }
    Str s = str_of_buf(arena, &b);
    buf_release(&b);
    return s;
}

static uint32_t record_u32(const uint8_t **at)
{
    uint32_t v;
    memcpy(&v, *at, 4);
    *at += 4;
    return v;
}

RecordIter record_iter(const Str *record)
{
    RecordIter it = {.at = (const uint8_t *)str_ptr(record)};
    it.count = record_u32(&it.at);
    return it;
}

bool record_next(RecordIter *it, RecordField *f, Slice *name)
{
    if (it->next >= it->count) {
        return false;
    }
    it->next++;
    memset(f, 0, sizeof(*f));
    f->type = record_u32(&it->at);
    name->len = record_u32(&it->at);
    name->ptr = (const char *)it->at;
    it->at += name->len;
    f->is_null = *it->at++ != 0;
    PhysType phys = record_phys(f->type);
    if (f->is_null) {
        return true;
    }
    if (phys == PHYS_STR) {
        uint32_t len = record_u32(&it->at);
        f->value.str = str_ref(it->at, len);
        it->at += len;
    } else {
        memcpy(&f->value, it->at, phys_bytes(phys));
        it->at += phys_bytes(phys);
    }
    return true;
}

static Status record_in(FnCall *call, Slice text UNUSED, int32_t typmod UNUSED, Datum *out UNUSED)
{
    return err_unsupported(call->cx, "input of anonymous composite types is not implemented");
}

/* record_put_text - a field's text, quoted where the form of rows needs it. */
static void record_put_text(Slice s, Buf *buf)
{
    bool quote = s.len == 0;
    for (size_t i = 0; i < s.len && !quote; i++) {
        quote = strchr("\"\\(),", s.ptr[i]) != NULL || is_space(s.ptr[i]);
    }
    if (!quote) {
        buf_put_slice(buf, s);
        return;
    }
    buf_putc(buf, '"');
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '"' || s.ptr[i] == '\\') {
            buf_putc(buf, s.ptr[i]);
        }
        buf_putc(buf, s.ptr[i]);
    }
    buf_putc(buf, '"');
}

/* record_out - (1,"a b",) */
static void record_out(FnCall *call, const Datum *v, Buf *buf)
{
    RecordIter it = record_iter(&v->str);
    RecordField f;
    Slice name;
    Buf text;
    buf_init(&text, 1u << 30);
    buf_putc(buf, '(');
    while (record_next(&it, &f, &name)) {
        const TypeOps *ops = type_ops(f.type);
        buf_puts(buf, it.next > 1 ? "," : "");
        if (f.is_null || ops == NULL) {
            continue;
        }
        FnCall each = *call;
        each.result_type = f.type;
        each.state = NULL;
        buf_clear(&text);
        ops->out(&each, &f.value, &text);
        record_put_text((Slice){(const char *)text.data, text.len}, buf);
    }
    buf_putc(buf, ')');
    buf_release(&text);
}

/* record_send - the number of fields, then of each its type, length and bytes. */
static void record_send(FnCall *call, const Datum *v, Buf *buf)
{
    RecordIter it = record_iter(&v->str);
    RecordField f;
    Slice name;
    buf_put_u32be(buf, it.count);
    while (record_next(&it, &f, &name)) {
        const TypeOps *ops = type_ops(f.type);
        buf_put_u32be(buf, f.type);
        size_t at = buf->len;
        buf_put_u32be(buf, UINT32_MAX);
        if (f.is_null || ops == NULL || ops->send == NULL) {
            continue;
        }
        FnCall each = *call;
        each.result_type = f.type;
        each.state = NULL;
        ops->send(&each, &f.value, buf);
        if (!buf->overflow) {
            uint32_t len = __builtin_bswap32((uint32_t)(buf->len - at - 4));
            memcpy(buf->data + at, &len, 4);
        }
    }
}

/* record_order - field by field, NULLs last; fields of other types by their OIDs, so that it is an
 * order at all. */
static int record_order(const Datum *a, const Datum *b)
{
    RecordIter i = record_iter(&a->str), j = record_iter(&b->str);
    RecordField x, y;
    Slice name;
    while (record_next(&i, &x, &name) && record_next(&j, &y, &name)) {
        const TypeOps *ops = type_ops(x.type);
        int c = x.type != y.type           ? (x.type < y.type ? -1 : 1)
                : x.is_null || y.is_null   ? x.is_null - y.is_null
                : ops == NULL || !ops->cmp ? 0
                                           : ops->cmp(&x.value, &y.value);
        if (c != 0) {
            return c < 0 ? -1 : 1;
        }
    }
    return (i.count > j.count) - (i.count < j.count);
}

static uint64_t record_hash(const Datum *v)
{
    RecordIter it = record_iter(&v->str);
    RecordField f;
    Slice name;
    uint64_t h = 1;
    while (record_next(&it, &f, &name)) {
        const TypeOps *ops = type_ops(f.type);
        h = h * 31 + (f.is_null || ops == NULL || ops->hash == NULL ? 0 : ops->hash(&f.value));
    }
    return h;
}

static void record_key(const Datum *v, Buf *buf)
{
    RecordIter it = record_iter(&v->str);
    RecordField f;
    Slice name;
    while (record_next(&it, &f, &name)) {
        const TypeOps *ops = type_ops(f.type);
        buf_putc(buf, f.is_null ? 2 : 1);
        if (!f.is_null && ops != NULL && ops->key != NULL) {
            ops->key(&f.value, buf);
        }
    }
    buf_putc(buf, 0);
}

#define RECORD_COMPARE(name, expr)                                                                 \
    ROW_KERNEL(name)                                                                               \
    {                                                                                              \
        int c = record_order(&a[0], &a[1]);                                                        \
        r->b = (expr);                                                                             \
        return ST_OK;                                                                              \
    }
RECORD_COMPARE(record_eq, c == 0)
RECORD_COMPARE(record_ne, c != 0)
RECORD_COMPARE(record_lt, c < 0)
RECORD_COMPARE(record_le, c <= 0)
RECORD_COMPARE(record_gt, c > 0)
RECORD_COMPARE(record_ge, c >= 0)

static const FnOps RECORD_FNS[] = {
    FN(record_eq), FN(record_ne), FN(record_lt), FN(record_le), FN(record_gt), FN(record_ge),
};
static const TypeOps RECORD_TYPES[] = {
    {TYPE_RECORD, "record", PHYS_STR, record_in, record_out, NULL, record_send, record_order,
     record_hash, record_key, NULL},
};
const TypeFamily type_family_record = {
    .types = RECORD_TYPES,
    .type_count = ARRAY_LEN(RECORD_TYPES),
    .fns = RECORD_FNS,
    .fn_count = ARRAY_LEN(RECORD_FNS),
};

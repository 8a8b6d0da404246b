/*
 * record.c - row values: form, text and binary output, order.
 *
 * Packed: the number of fields; for each its carrier's OID, its type's OID, its name after its
 * length, a NULL byte, and when it is not NULL the value, fixed-width as in a vector, strings after
 * their length.
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
        Oid declared = f->declared != 0 ? f->declared : f->type;
        buf_put(&b, &f->type, 4);
        buf_put(&b, &declared, 4);
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
    f->declared = record_u32(&it->at);
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

/* ---- sound bytes ---- */

/* record_bytes_sound - one value from disk: every field within the bytes, and itself sound. */
static bool record_bytes_sound(const uint8_t *p, uint32_t len)
{
    uint32_t count, at = 4;
    if (len < 4) {
        return false;
    }
    memcpy(&count, p, 4);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t head[3], n;
        if (len - at < 13) {
            return false;
        }
        memcpy(head, p + at, 12);
        at += 12;
        if (head[2] > len - at - 1) {
            return false;
        }
        at += head[2];
        if (p[at++] != 0) {
            continue;
        }
        PhysType phys = record_phys(head[0]);
        n = phys_bytes(phys);
        if (phys == PHYS_STR) {
            if (len - at < 4) {
                return false;
            }
            memcpy(&n, p + at, 4);
            at += 4;
        }
        if (n > len - at) {
            return false;
        }
        TypeSoundFn sound = phys == PHYS_STR ? type_sound(head[0]) : NULL;
        Str field = phys == PHYS_STR ? str_ref(p + at, n) : (Str){0};
        if (sound != NULL && !sound(&field, 1)) {
            return false;
        }
        at += n;
    }
    return at == len;
}

bool record_sound(const Str *values, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (!record_bytes_sound((const uint8_t *)str_ptr(&values[i]), values[i].len)) {
            return false;
        }
    }
    return true;
}

/* ---- input ---- */

/* record_fields - the fields of the row type that is read. */
static Status record_fields(FnCall *call, RecordField **fields, uint32_t *count)
{
    const TypeEnv *env = call->env;
    if (env == NULL || env->types == NULL || call->result_type == TYPE_RECORD) {
        return err_unsupported(call->cx, "input of anonymous composite types is not implemented");
    }
    Status st =
        env->types->fields(call->cx, env->session, call->arena, call->result_type, fields, count);
    return st == ST_NOTFOUND
               ? err_unsupported(call->cx, "input of anonymous composite types is not implemented")
               : st;
}

static Status record_malformed(FnCall *call, Slice text, const char *detail)
{
    (void)err_set(call->cx, ERRCODE_INVALID_TEXT_REPRESENTATION,
                  "malformed record literal: \"%.*s\"", (int)text.len, text.ptr);
    return err_detail(call->cx, "%s", detail);
}

/* record_word - the text of one field up to its comma or parenthesis; *is_null: there is none. */
static Status record_word(FnCall *call, Slice text, size_t *at, Buf *word, bool *is_null)
{
    bool quoted = false;
    size_t i = *at;
    buf_clear(word);
    *is_null = i < text.len && (text.ptr[i] == ',' || text.ptr[i] == ')');
    while (!*is_null && (quoted || i >= text.len || (text.ptr[i] != ',' && text.ptr[i] != ')'))) {
        if (i >= text.len) {
            return record_malformed(call, text, "Unexpected end of input.");
        }
        char c = text.ptr[i++];
        if (c == '\\') {
            if (i >= text.len) {
                return record_malformed(call, text, "Unexpected end of input.");
            }
            buf_putc(word, text.ptr[i++]);
        } else if (c != '"') {
            buf_putc(word, c);
        } else if (!quoted) {
            quoted = true;
        } else if (i < text.len && text.ptr[i] == '"') {
            buf_putc(word, text.ptr[i++]);
        } else {
            quoted = false;
        }
    }
    *at = i;
    return ST_OK;
}

/* record_field_in - one field from its text. */
static Status record_field_in(FnCall *call, RecordField *f, Slice text, bool binary)
{
    const TypeOps *ops = type_ops(f->type);
    FnCall each = *call;
    each.result_type = type_domain_base(call, f->declared);
    each.state = NULL;
    if (ops == NULL || (binary ? ops->recv == NULL : ops->in == NULL)) {
        return err_unsupported(call->cx, "input of type %u is not supported", f->declared);
    }
    char *copy = arena_strndup(call->arena, text.ptr, text.len); /* values may refer to it */
    Slice s = {copy, text.len};
    TRY(binary ? ops->recv(&each, s, f->typmod, &f->value)
               : ops->in(&each, s, f->typmod, &f->value));
    f->is_null = false;
    return type_check_domain(call, f->declared, &f->value);
}

/* record_in - (1,"a b",) as a value of the row type. */
static Status record_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    RecordField *fields;
    uint32_t count;
    size_t at = 0;
    Buf word;
    Status st = ST_OK;
    TRY(record_fields(call, &fields, &count));
    while (at < text.len && is_space(text.ptr[at])) {
        at++;
    }
    if (at == text.len || text.ptr[at++] != '(') {
        return record_malformed(call, text, "Missing left parenthesis.");
    }
    buf_init(&word, 1u << 30);
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) {
            if (at >= text.len || text.ptr[at] != ',') {
                TRY_OUT(record_malformed(call, text, "Too few columns."));
            }
            at++;
        }
        bool is_null;
        TRY_OUT(record_word(call, text, &at, &word, &is_null));
        if (is_null) {
            TRY_OUT(type_check_domain(call, fields[i].declared, NULL));
            continue;
        }
        TRY_OUT(
            record_field_in(call, &fields[i], (Slice){(const char *)word.data, word.len}, false));
    }
    if (at >= text.len || text.ptr[at++] != ')') {
        TRY_OUT(record_malformed(call, text, "Too many columns."));
    }
    for (; at < text.len; at++) {
        if (!is_space(text.ptr[at])) {
            TRY_OUT(record_malformed(call, text, "Junk after right parenthesis."));
        }
    }
    out->str = record_build(call->arena, fields, count);
out:
    buf_release(&word);
    return st;
}

/* record_recv - what record_send writes; the fields' types must be the row type's. */
static Status record_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    RecordField *fields;
    uint32_t count;
    TRY(record_fields(call, &fields, &count));
    if (bytes.len < 4) {
        return err_set(call->cx, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
    }
    uint32_t given = load_u32be(bytes.ptr);
    size_t at = 4;
    if (given != count) {
        return err_set(call->cx, ERRCODE_DATATYPE_MISMATCH,
                       "wrong number of columns: %u, expected %u", given, count);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (bytes.len - at < 8) {
            return err_set(call->cx, ERRCODE_PROTOCOL_VIOLATION,
                           "insufficient data left in message");
        }
        Oid type = load_u32be(bytes.ptr + at);
        uint32_t len = load_u32be(bytes.ptr + at + 4);
        at += 8;
        if (type != fields[i].declared) {
            return err_set(call->cx, ERRCODE_DATATYPE_MISMATCH,
                           "binary data has type %u instead of expected %u in record column %u",
                           type, fields[i].declared, i + 1);
        }
        if (len == UINT32_MAX) {
            TRY(type_check_domain(call, fields[i].declared, NULL));
            continue;
        }
        if (len > bytes.len - at) {
            return err_set(call->cx, ERRCODE_INVALID_BINARY_REPRESENTATION,
                           "insufficient data left in message");
        }
        TRY(record_field_in(call, &fields[i], (Slice){bytes.ptr + at, len}, true));
        at += len;
    }
    if (at != bytes.len) {
        return err_set(call->cx, ERRCODE_INVALID_BINARY_REPRESENTATION,
                       "improper binary format in record");
    }
    out->str = record_build(call->arena, fields, count);
    return ST_OK;
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

/* record_added - how many attributes the row type has that a value of it was written without. */
static uint32_t record_added(FnCall *call, uint32_t have)
{
    const TypeEnv *env = call->env;
    RecordField *fields;
    Arena arena;
    uint32_t count = 0;
    if (env == NULL || env->types == NULL || call->result_type < 16384) {
        return 0;
    }
    arena_init(&arena, NULL, "row type", 0);
    Status st =
        env->types->fields(call->cx, env->session, &arena, call->result_type, &fields, &count);
    arena_release(&arena);
    return st == ST_OK && count > have ? count - have : 0;
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
        each.result_type = f.declared;
        each.state = NULL;
        buf_clear(&text);
        ops->out(&each, &f.value, &text);
        record_put_text((Slice){(const char *)text.data, text.len}, buf);
    }
    for (uint32_t n = record_added(call, it.count); n > 0; n--) {
        buf_puts(buf, ",");
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
        buf_put_u32be(buf, f.declared);
        size_t at = buf->len;
        buf_put_u32be(buf, UINT32_MAX);
        if (f.is_null || ops == NULL || ops->send == NULL) {
            continue;
        }
        FnCall each = *call;
        each.result_type = f.declared;
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
    {TYPE_RECORD, "record", PHYS_STR, record_in, record_out, record_recv, record_send, record_order,
     record_hash, record_key, NULL},
};
const TypeFamily type_family_record = {
    .types = RECORD_TYPES,
    .type_count = ARRAY_LEN(RECORD_TYPES),
    .fns = RECORD_FNS,
    .fn_count = ARRAY_LEN(RECORD_FNS),
};

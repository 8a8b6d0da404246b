/*
 * hstore.c - the type of the extension hstore: its form, text and binary I/O, order, hash, keys.
 */
#include "contrib/hstore.h"

#define HS_HEAD_BYTES 4
#define HS_PAIR_BYTES 8

static uint32_t hs_u32(const char *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}

uint32_t hs_count(const Str *s)
{
    return hs_u32(str_ptr(s));
}

/* hs_val_bytes - of a value whose length stands there. */
static uint32_t hs_val_bytes(uint32_t stored)
{
    return stored == HS_NULL ? 0 : stored;
}

/* hs_pool - where the texts begin. */
static const char *hs_pool(const Str *s)
{
    return str_ptr(s) + HS_HEAD_BYTES + (size_t)hs_count(s) * HS_PAIR_BYTES;
}

bool hstore_sound(const Str *values, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const Str *s = &values[i];
        if (s->len < HS_HEAD_BYTES) {
            return false;
        }
        uint64_t count = hs_count(s), bytes = HS_HEAD_BYTES + count * HS_PAIR_BYTES;
        if (bytes > s->len) {
            return false;
        }
        for (uint32_t k = 0; k < count; k++) {
            const char *lens = str_ptr(s) + HS_HEAD_BYTES + (size_t)k * HS_PAIR_BYTES;
            bytes += (uint64_t)hs_u32(lens) + hs_val_bytes(hs_u32(lens + 4));
        }
        if (bytes != s->len) {
            return false;
        }
    }
    return true;
}

/* HsIter - the pairs of a value one after the other. */
typedef struct HsIter {
    const char *lens, *text;
    uint32_t left;
} HsIter;

static HsIter hs_iter(const Str *s)
{
    return (HsIter){str_ptr(s) + HS_HEAD_BYTES, hs_pool(s), hs_count(s)};
}

static bool hs_next(HsIter *it, HsPair *out)
{
    if (it->left == 0) {
        return false;
    }
    uint32_t key = hs_u32(it->lens), val = hs_u32(it->lens + 4);
    *out = (HsPair){.key = {it->text, key},
                    .val = {it->text + key, hs_val_bytes(val)},
                    .is_null = val == HS_NULL};
    it->text += key + hs_val_bytes(val);
    it->lens += HS_PAIR_BYTES;
    it->left--;
    return true;
}

HsList hs_list(Arena *arena, const Str *s, uint32_t more)
{
    HsList l = {.arena = arena, .size = (s != NULL ? hs_count(s) : 0) + more + 1};
    l.pairs = ARENA_ARRAY(arena, HsPair, l.size);
    if (s != NULL) {
        HsIter it = hs_iter(s);
        while (hs_next(&it, &l.pairs[l.count])) {
            l.count++;
        }
    }
    return l;
}

void hs_add(HsList *l, Slice key, const Slice *val)
{
    if (l->count == l->size) {
        uint32_t size = l->size < 8 ? 16 : l->size * 2;
        l->pairs = arena_grow(l->arena, l->pairs, l->size * sizeof(HsPair), size * sizeof(HsPair));
        l->size = size;
    }
    l->pairs[l->count] = (HsPair){.key = key, .is_null = val == NULL, .order = l->count};
    if (val != NULL) {
        l->pairs[l->count].val = *val;
    }
    l->count++;
}

int hs_key_order(Slice a, Slice b)
{
    return a.len != b.len ? (a.len > b.len) - (a.len < b.len) : memcmp(a.ptr, b.ptr, a.len);
}

bool hs_find(const Str *s, Slice key, HsPair *out)
{
    HsIter it = hs_iter(s);
    while (hs_next(&it, out)) {
        if (out->key.len == key.len && memcmp(out->key.ptr, key.ptr, key.len) == 0) {
            return true;
        }
    }
    return false;
}

Str hs_pack(const HsList *l)
{
    size_t bytes = HS_HEAD_BYTES + (size_t)l->count * HS_PAIR_BYTES;
    for (uint32_t i = 0; i < l->count; i++) {
        bytes += l->pairs[i].key.len + l->pairs[i].val.len;
    }
    char *p = arena_alloc(l->arena, bytes), *to = p + HS_HEAD_BYTES,
         *text = to + (size_t)l->count * HS_PAIR_BYTES;
    memcpy(p, &l->count, 4);
    for (uint32_t i = 0; i < l->count; i++) {
        const HsPair *pair = &l->pairs[i];
        uint32_t lens[2] = {(uint32_t)pair->key.len,
                            pair->is_null ? HS_NULL : (uint32_t)pair->val.len};
        memcpy(to, lens, sizeof(lens));
        to += sizeof(lens);
        memcpy(text, pair->key.ptr, pair->key.len);
        text += pair->key.len;
        if (pair->val.len != 0) {
            memcpy(text, pair->val.ptr, pair->val.len);
        }
        text += pair->val.len;
    }
    return str_ref(p, bytes);
}

static int hs_pair_order(const void *a, const void *b)
{
    const HsPair *x = a, *y = b;
    int c = hs_key_order(x->key, y->key);
    return c != 0 ? c : (x->order > y->order) - (x->order < y->order);
}

Str hs_build(HsList *l)
{
    uint32_t n = 0;
    array_sort(l->pairs, l->count, sizeof(HsPair), hs_pair_order);
    for (uint32_t i = 0; i < l->count; i++) {
        if (n == 0 || hs_key_order(l->pairs[n - 1].key, l->pairs[i].key) != 0) {
            l->pairs[n++] = l->pairs[i];
        }
    }
    l->count = n;
    return hs_pack(l);
}

/* ---- text ---- */

/* HsParse - the text being read; words without escapes are slices of it. */
typedef struct HsParse {
    FnCall *call;
    const char *begin, *p, *end;
    Buf word;
} HsParse;

/* hs_syntax, hs_end - errors that PostgreSQL raises as internal ones. */
static Status hs_syntax(const HsParse *s)
{
    size_t n = utf8_offset((Slice){s->p, (size_t)(s->end - s->p)}, 1);
    return err_set(s->call->cx, ERRCODE_INTERNAL_ERROR, "Syntax error near \"%.*s\" at position %d",
                   (int)n, s->p, (int)(s->p - s->begin));
}

static Status hs_end(const HsParse *s)
{
    return err_set(s->call->cx, ERRCODE_INTERNAL_ERROR, "Unexpected end of string");
}

static bool hs_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* hs_quoted - a word in quotes, behind the first one; leaves p behind the last. */
static Status hs_quoted(HsParse *s)
{
    for (; s->p < s->end && *s->p != '"'; s->p++) {
        if (*s->p == '\\' && ++s->p == s->end) {
            return hs_end(s);
        }
        buf_putc(&s->word, *s->p);
    }
    if (s->p == s->end) {
        return hs_end(s);
    }
    s->p++;
    return ST_OK;
}

/* hs_word - a key, which ends at '=', or a value, which ends at ','. ST_DONE: there is none.
 * *quoted: it is no NULL. */
static Status hs_word(HsParse *s, bool is_value, bool *quoted, Slice *out)
{
    char stop = is_value ? ',' : '=';
    buf_clear(&s->word);
    *quoted = false;
    while (s->p < s->end && hs_space(*s->p)) {
        s->p++;
    }
    if (s->p == s->end) {
        return ST_DONE;
    }
    if (*s->p == '"') {
        s->p++;
        *quoted = true;
        TRY(hs_quoted(s));
    } else if (*s->p == '=' && !is_value) {
        return hs_syntax(s);
    } else {
        /* The first letter belongs to the word whatever it is. */
        for (bool first = true; s->p < s->end; s->p++, first = false) {
            if (!first && (*s->p == stop || hs_space(*s->p))) {
                break;
            }
            if (*s->p == '\\' && ++s->p == s->end) {
                return hs_end(s);
            }
            buf_putc(&s->word, *s->p);
        }
    }
    *out = (Slice){arena_memdup(s->call->arena, s->word.len != 0 ? (const char *)s->word.data : "",
                                s->word.len),
                   s->word.len};
    return ST_OK;
}

/* hs_expect - the letter, after white space. */
static Status hs_expect(HsParse *s, char c, bool after_space)
{
    while (after_space && s->p < s->end && hs_space(*s->p)) {
        s->p++;
    }
    if (s->p == s->end) {
        return hs_end(s);
    }
    if (*s->p != c) {
        return hs_syntax(s);
    }
    s->p++;
    return ST_OK;
}

/* hs_parse - all pairs of the text. */
static Status hs_parse(HsParse *s, HsList *l)
{
    bool quoted;
    Slice key, val;
    for (;;) {
        Status st = hs_word(s, false, &quoted, &key);
        if (st != ST_OK) {
            return st == ST_DONE ? ST_OK : st;
        }
        TRY(hs_expect(s, '=', true));
        TRY(hs_expect(s, '>', false));
        st = hs_word(s, true, &quoted, &val);
        if (st != ST_OK) {
            return st == ST_DONE ? hs_end(s) : st;
        }
        bool is_null = !quoted && val.len == 4 && strncasecmp(val.ptr, "null", 4) == 0;
        hs_add(l, key, is_null ? NULL : &val);
        while (s->p < s->end && hs_space(*s->p)) {
            s->p++;
        }
        if (s->p == s->end) {
            return ST_OK;
        }
        if (*s->p != ',') {
            return hs_syntax(s);
        }
        s->p++;
    }
}

static Status hs_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    HsParse s = {.call = call, .begin = text.ptr, .p = text.ptr, .end = text.ptr + text.len};
    HsList l = hs_list(call->arena, NULL, 4);
    buf_init(&s.word, (size_t)1 << 30);
    Status st = hs_parse(&s, &l);
    buf_release(&s.word);
    if (st == ST_OK) {
        out->str = hs_build(&l);
    }
    return st;
}

static void hs_put_text(Slice s, Buf *buf)
{
    buf_putc(buf, '"');
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '"' || s.ptr[i] == '\\') {
            buf_putc(buf, '\\');
        }
        buf_putc(buf, s.ptr[i]);
    }
    buf_putc(buf, '"');
}

static void hs_out(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    HsIter it = hs_iter(&v->str);
    HsPair p;
    for (bool first = true; hs_next(&it, &p); first = false) {
        buf_puts(buf, first ? "" : ", ");
        hs_put_text(p.key, buf);
        buf_puts(buf, "=>");
        if (p.is_null) {
            buf_puts(buf, "NULL");
        } else {
            hs_put_text(p.val, buf);
        }
    }
}

/* ---- binary ---- */

/* hs_recv_text - a length and so many bytes; *is_null: it is negative. */
static Status hs_recv_text(FnCall *call, Slice *in, bool *is_null, Slice *out)
{
    if (in->len < 4) {
        return err_set(call->cx, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
    }
    int32_t n = (int32_t)load_u32be(in->ptr);
    *in = (Slice){in->ptr + 4, in->len - 4};
    *is_null = n < 0;
    if (n >= 0 && (size_t)n > in->len) {
        return err_set(call->cx, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
    }
    size_t bytes = n < 0 ? 0 : (size_t)n;
    *out = (Slice){in->ptr, bytes};
    *in = (Slice){in->ptr + bytes, in->len - bytes};
    return utf8_verify(call->cx, *out);
}

/* hs_recv - TypeOps.recv: the number of pairs, then keys and values with their lengths. */
static Status hs_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    HsList l = hs_list(call->arena, NULL, 4);
    if (bytes.len < 4) {
        return err_set(call->cx, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
    }
    int32_t count = (int32_t)load_u32be(bytes.ptr);
    Slice in = {bytes.ptr + 4, bytes.len - 4};
    if (count < 0 || (size_t)count > in.len / 8) {
        return err_set(call->cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                       "number of pairs (%d) exceeds the maximum allowed (%d)", count,
                       (int)(in.len / 8));
    }
    for (int32_t i = 0; i < count; i++) {
        Slice key, val;
        bool is_null;
        TRY(hs_recv_text(call, &in, &is_null, &key));
        if (is_null) {
            return err_set(call->cx, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                           "null value not allowed for hstore key");
        }
        TRY(hs_recv_text(call, &in, &is_null, &val));
        hs_add(&l, key, is_null ? NULL : &val);
    }
    if (in.len != 0) {
        return err_set(call->cx, ERRCODE_INVALID_BINARY_REPRESENTATION,
                       "incorrect binary data format");
    }
    out->str = hs_build(&l);
    return ST_OK;
}

static void hs_send(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    HsIter it = hs_iter(&v->str);
    HsPair p;
    buf_put_u32be(buf, it.left);
    while (hs_next(&it, &p)) {
        buf_put_u32be(buf, (uint32_t)p.key.len);
        buf_put_slice(buf, p.key);
        buf_put_u32be(buf, p.is_null ? UINT32_MAX : (uint32_t)p.val.len);
        buf_put_slice(buf, p.val);
    }
}

/* ---- order ---- */

/* hs_texts - all keys and values in one piece. */
static Slice hs_texts(const Str *s)
{
    const char *pool = hs_pool(s);
    return (Slice){pool, (size_t)(str_ptr(s) + s->len - pool)};
}

/* hs_lengths_order - of two values with the same texts: by where each of them ends, NULLs last. */
static int hs_lengths_order(const Str *a, const Str *b)
{
    HsIter x = hs_iter(a), y = hs_iter(b);
    HsPair p, q;
    while (hs_next(&x, &p) && hs_next(&y, &q)) {
        if (p.key.len != q.key.len) {
            return p.key.len > q.key.len ? 1 : -1;
        }
        if (p.val.len != q.val.len) {
            return p.val.len > q.val.len ? 1 : -1;
        }
        if (p.is_null != q.is_null) {
            return p.is_null ? 1 : -1;
        }
    }
    return 0;
}

/* hs_order - TypeOps.cmp: PostgreSQL's, which compares the texts in one piece. */
static int hs_order(const Datum *a, const Datum *b)
{
    Slice x = hs_texts(&a->str), y = hs_texts(&b->str);
    int c = memcmp(x.ptr, y.ptr, MIN(x.len, y.len));
    if (c != 0) {
        return c;
    }
    if (x.len != y.len) {
        return x.len > y.len ? 1 : -1;
    }
    uint32_t m = hs_count(&a->str), n = hs_count(&b->str);
    return m != n ? (m > n ? 1 : -1) : hs_lengths_order(&a->str, &b->str);
}

static uint64_t hs_hash(const Datum *v)
{
    return hash_bytes(str_ptr(&v->str), v->str.len, 0);
}

/* hs_key - TypeOps.key: texts, number of pairs, lengths. */
static void hs_key(const Datum *v, Buf *buf)
{
    Slice texts = hs_texts(&v->str);
    HsIter it = hs_iter(&v->str);
    HsPair p;
    key_put_text(buf, texts.ptr, texts.len);
    key_put_u32(buf, it.left);
    while (hs_next(&it, &p)) {
        key_put_u32(buf, (uint32_t)p.key.len);
        key_put_u32(buf, (uint32_t)p.val.len);
        buf_putc(buf, p.is_null ? 1 : 0);
    }
}

static int hs_cmp2(const Str *a, const Str *b)
{
    Datum x = {.str = *a}, y = {.str = *b};
    return hs_order(&x, &y);
}
KERNEL_COMPARE_BY(k_hstore_, Str, hs_cmp2)

ROW_KERNEL(hstore_cmp)
{
    int c = hs_order(&a[0], &a[1]);
    r->i32 = (c > 0) - (c < 0);
    return ST_OK;
}

static const FnOps HSTORE_FNS[] = {
    FN_AS("hstore:hstore_eq", hstore_eq),   FN_AS("hstore:hstore_ne", hstore_ne),
    FN_AS("hstore:hstore_lt", hstore_lt),   FN_AS("hstore:hstore_le", hstore_le),
    FN_AS("hstore:hstore_gt", hstore_gt),   FN_AS("hstore:hstore_ge", hstore_ge),
    FN_AS("hstore:hstore_cmp", hstore_cmp),
};

static const TypeOps HSTORE_TYPES[] = {
    {CARRIER_HSTORE, "hstore", PHYS_STR, hs_in, hs_out, hs_recv, hs_send, hs_order, hs_hash, hs_key,
     NULL},
};

const TypeFamily contrib_hstore = {
    .types = HSTORE_TYPES,
    .type_count = ARRAY_LEN(HSTORE_TYPES),
    .fns = HSTORE_FNS,
    .fn_count = ARRAY_LEN(HSTORE_FNS),
};

/*
 * jsonb.c - the binary form of jsonb: members found in place, values encoded, order, containment.
 *
 * Encoding goes over the items twice: sizes first, from the leaves up (a container's width depends
 * on what is in it), then the bytes, into one piece of memory.
 */
#include <stdlib.h>

#include "type/jsonb.h"
#include "type/numeric.h"

/* ---- reading ---- */

static inline uint32_t jb_load(const uint8_t *p, uint32_t width)
{
    uint32_t v = 0;
    memcpy(&v, p, width);
    return v;
}

JbView jb_view(Slice node)
{
    const uint8_t *p = (const uint8_t *)node.ptr;
    JbView v = {.kind = jb_kind(node)};
    if (jb_is_container(v.kind)) {
        v.width = 1u << (p[0] >> 4);
        v.depth = jb_load(p + 1, v.width);
        v.count = jb_load(p + 1 + v.width, v.width);
        v.ends = p + 1 + 2 * v.width;
        v.body = v.ends + (size_t)v.count * v.width * (v.kind == JB_OBJECT ? 2 : 1);
    }
    return v;
}

static inline Slice jb_member(const JbView *v, uint32_t i)
{
    uint32_t from = i == 0 ? 0 : jb_load(v->ends + (size_t)(i - 1) * v->width, v->width);
    uint32_t end = jb_load(v->ends + (size_t)i * v->width, v->width);
    return (Slice){(const char *)v->body + from, end - from};
}
Slice jb_element(const JbView *v, uint32_t i)
{
    return jb_member(v, i);
}
Slice jb_key(const JbView *v, uint32_t i)
{
    return jb_member(v, i);
}
Slice jb_value(const JbView *v, uint32_t i)
{
    return jb_member(v, v->count + i);
}

int jb_key_order(Slice a, Slice b)
{
    if (a.len != b.len) {
        return a.len < b.len ? -1 : 1;
    }
    return a.len == 0 ? 0 : memcmp(a.ptr, b.ptr, a.len);
}

bool jb_find(const JbView *v, Slice key, Slice *value)
{
    if (v->kind != JB_OBJECT) {
        return false;
    }
    uint32_t lo = 0, hi = v->count;
    while (lo < hi) {
        uint32_t mid = lo + (hi - lo) / 2;
        int c = jb_key_order(jb_key(v, mid), key);
        if (c == 0) {
            *value = jb_value(v, mid);
            return true;
        }
        if (c < 0) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return false;
}

bool jb_at(const JbView *v, int64_t index, Slice *element)
{
    if (index < 0) {
        index += v->count;
    }
    if (v->kind != JB_ARRAY || index < 0 || index >= (int64_t)v->count) {
        return false;
    }
    *element = jb_element(v, (uint32_t)index);
    return true;
}

Str jb_number(Slice node)
{
    size_t n = node.len - 1;
    if (n > STR_INLINE_BYTES) {
        return str_ref(node.ptr + 1, n);
    }
    Str s = {.len = STR_INLINE_BYTES};
    memset(s.inl, 0, sizeof(s.inl));
    memcpy(s.inl, node.ptr + 1, n);
    return s;
}

/* ---- order ---- */

/* jb_type_rank - false and true are of one type. */
static int jb_type_rank(JbKind kind)
{
    return kind == JB_TRUE ? JB_FALSE : (int)kind;
}

static int jb_text_order(Slice a, Slice b)
{
    size_t n = MIN(a.len, b.len);
    int c = n == 0 ? 0 : memcmp(a.ptr, b.ptr, n);
    return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

int jb_scalar_compare(Slice a, Slice b)
{
    JbKind ka = jb_kind(a), kb = jb_kind(b);
    int ra = jb_type_rank(ka), rb = jb_type_rank(kb);
    if (ra != rb) {
        return ra < rb ? -1 : 1;
    }
    if (ka == JB_STRING) {
        return jb_text_order(jb_text(a), jb_text(b));
    }
    if (ka == JB_NUMBER) {
        Str x = jb_number(a), y = jb_number(b);
        return numeric_compare(&x, &y);
    }
    return (ka > kb) - (ka < kb);
}

/* jb_compare_members - of two values inside containers. */
static int jb_compare_members(Slice a, Slice b)
{
    JbKind ka = jb_kind(a), kb = jb_kind(b);
    if (!jb_is_container(ka) || !jb_is_container(kb) || ka != kb) {
        return jb_scalar_compare(a, b);
    }
    JbView x = jb_view(a), y = jb_view(b);
    if (x.count != y.count) {
        return x.count < y.count ? -1 : 1;
    }
    for (uint32_t i = 0; i < x.count; i++) {
        int c = 0;
        if (ka == JB_OBJECT) {
            c = jb_text_order(jb_key(&x, i), jb_key(&y, i));
            c = c != 0 ? c : jb_compare_members(jb_value(&x, i), jb_value(&y, i));
        } else {
            c = jb_compare_members(jb_element(&x, i), jb_element(&y, i));
        }
        if (c != 0) {
            return c;
        }
    }
    return 0;
}

/* jb_compare - a scalar that is a whole value stands among arrays, as one of a single element that
 * comes before the others of that length. */
int jb_compare(Slice a, Slice b)
{
    JbKind ka = jb_kind(a), kb = jb_kind(b);
    bool sa = !jb_is_container(ka), sb = !jb_is_container(kb);
    if (sa == sb) {
        return jb_compare_members(a, b);
    }
    if (ka == JB_OBJECT || kb == JB_OBJECT) {
        return ka == JB_OBJECT ? 1 : -1;
    }
    uint32_t na = sa ? 1 : jb_view(a).count, nb = sb ? 1 : jb_view(b).count;
    return na != nb ? (na < nb ? -1 : 1) : (sa ? -1 : 1);
}

/* ---- containment ---- */

bool jb_array_has(const JbView *array, Slice scalar)
{
    for (uint32_t i = 0; i < array->count; i++) {
        Slice e = jb_element(array, i);
        if (!jb_is_container(jb_kind(e)) && jb_scalar_compare(e, scalar) == 0) {
            return true;
        }
    }
    return false;
}

/* jb_container_has - two containers. */
static bool jb_container_has(Slice whole, Slice part)
{
    JbView w = jb_view(whole), p = jb_view(part);
    if (w.kind != p.kind || (w.kind == JB_OBJECT && w.count < p.count)) {
        return false;
    }
    for (uint32_t i = 0; i < p.count; i++) {
        Slice want = p.kind == JB_OBJECT ? jb_value(&p, i) : jb_element(&p, i), have;
        bool container = jb_is_container(jb_kind(want)), found = false;
        if (p.kind == JB_OBJECT) {
            found = jb_find(&w, jb_key(&p, i), &have) &&
                    (container ? jb_kind(have) == jb_kind(want) && jb_container_has(have, want)
                               : jb_scalar_compare(have, want) == 0);
        } else if (!container) {
            found = jb_array_has(&w, want);
        } else {
            for (uint32_t k = 0; k < w.count && !found; k++) {
                have = jb_element(&w, k);
                found = jb_is_container(jb_kind(have)) && jb_container_has(have, want);
            }
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

bool jb_contains(Slice whole, Slice part)
{
    bool sw = !jb_is_container(jb_kind(whole)), sp = !jb_is_container(jb_kind(part));
    if (sp) {
        if (sw) {
            return jb_scalar_compare(whole, part) == 0;
        }
        JbView w = jb_view(whole);
        return w.kind == JB_ARRAY && jb_array_has(&w, part);
    }
    return !sw && jb_container_has(whole, part);
}

/* ---- bytes from disk ---- */

/* jb_node_sound - is this a node, to its last byte, not deeper than that? */
static bool jb_node_sound(Slice node, uint32_t depth_left)
{
    if (node.len == 0) {
        return false;
    }
    const uint8_t *p = (const uint8_t *)node.ptr;
    JbKind kind = jb_kind(node);
    if (!jb_is_container(kind)) {
        Str number;
        switch (kind) {
        case JB_NULL:
        case JB_FALSE:
        case JB_TRUE: return node.len == 1 && p[0] == (uint8_t)kind;
        case JB_STRING: return p[0] == JB_STRING;
        case JB_NUMBER:
            number = jb_number(node);
            return p[0] == JB_NUMBER && numeric_sound(&number, 1);
        default: return false;
        }
    }
    if ((p[0] >> 4) > 2 || depth_left == 0) {
        return false;
    }
    uint64_t width = 1u << (p[0] >> 4), head = 1 + 2 * width;
    if (node.len < head) {
        return false;
    }
    JbView v = jb_view(node);
    uint64_t ends = (uint64_t)v.count * (kind == JB_OBJECT ? 2 : 1), at = 0;
    if (head + ends * width > node.len || v.depth > depth_left || v.depth == 0) {
        return false;
    }
    for (uint64_t i = 0; i < ends; i++) {
        uint64_t end = jb_load(v.ends + i * width, v.width);
        if (end < at || end > node.len - head - ends * width) {
            return false;
        }
        Slice member = {(const char *)v.body + at, end - at};
        bool is_key = kind == JB_OBJECT && i < v.count;
        if (is_key && i > 0 && jb_key_order(jb_key(&v, (uint32_t)i - 1), member) >= 0) {
            return false;
        }
        if (!is_key && !jb_node_sound(member, v.depth - 1)) {
            return false;
        }
        at = end;
    }
    return at == node.len - head - ends * width;
}

bool jsonb_sound(const Str *values, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (!jb_node_sound(str_slice(&values[i]), JB_DEPTH_MAX)) {
            return false;
        }
    }
    return true;
}

/* ---- building ---- */

JbItem jb_numeric(Arena *arena, const Str *numeric)
{
    const char *p = str_ptr(numeric);
    size_t n = numeric->len;
    if (n <= STR_INLINE_BYTES) {
        while (n > 0 && p[n - 1] == 0) {
            n--;
        }
    }
    return (JbItem){.kind = JB_NUMBER, .bytes = {arena_memdup(arena, p, n), n}};
}

JbItem *jb_add(Arena *arena, JbItem *c, Slice key, JbItem member)
{
    if (c->count == c->size) {
        uint32_t size = MAX(c->size * 2, 4u);
        c->items =
            arena_grow(arena, c->items, c->size * sizeof(JbItem), (size_t)size * sizeof(JbItem));
        c->size = size;
    }
    JbItem *m = &c->items[c->count++];
    *m = member;
    m->key = key;
    return m;
}

JbItem jb_open(Arena *arena, Slice node)
{
    JbView v = jb_view(node);
    JbItem c = {.kind = v.kind, .count = v.count, .size = v.count};
    c.items = ARENA_ARRAY(arena, JbItem, v.count + 1u);
    for (uint32_t i = 0; i < v.count; i++) {
        c.items[i] = jb_packed(v.kind == JB_OBJECT ? jb_value(&v, i) : jb_element(&v, i));
        c.items[i].key = v.kind == JB_OBJECT ? jb_key(&v, i) : (Slice){NULL, 0};
    }
    return c;
}

static int jb_item_order(const void *a, const void *b)
{
    const JbItem *x = a, *y = b;
    int c = jb_key_order(x->key, y->key);
    return c != 0 ? c : (x->depth > y->depth) - (x->depth < y->depth);
}

/* jb_sort_members - by key, of equal ones the last given; depth is lent to tell them apart. */
static void jb_sort_members(JbItem *o)
{
    bool sorted = true;
    for (uint32_t i = 1; i < o->count && sorted; i++) {
        sorted = jb_key_order(o->items[i - 1].key, o->items[i].key) < 0;
    }
    if (sorted) {
        return;
    }
    for (uint32_t i = 0; i < o->count; i++) {
        o->items[i].depth = i;
    }
    qsort(o->items, o->count, sizeof(JbItem), jb_item_order);
    uint32_t n = 0;
    for (uint32_t i = 0; i < o->count; i++) {
        if (n > 0 && jb_key_order(o->items[n - 1].key, o->items[i].key) == 0) {
            n--;
        }
        o->items[n++] = o->items[i];
    }
    o->count = n;
}

static uint32_t jb_width_code(uint64_t largest)
{
    return largest <= 0xff ? 0 : largest <= 0xffff ? 1 : 2;
}

static Status jb_measure(Cx *cx, JbItem *item, uint32_t level);

/* jb_measure_members - a container's bytes. */
static Status jb_measure_members(Cx *cx, JbItem *c, uint32_t level)
{
    uint64_t body = 0;
    if (c->kind == JB_OBJECT) {
        jb_sort_members(c);
    }
    c->depth = 1;
    for (uint32_t i = 0; i < c->count; i++) {
        JbItem *m = &c->items[i];
        TRY(jb_measure(cx, m, level + 1));
        c->depth = MAX(c->depth, m->depth + 1);
        body += m->encoded + (c->kind == JB_OBJECT ? m->key.len : 0);
        if (body > JB_BYTES_MAX) {
            return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                           c->kind == JB_OBJECT
                               ? "total size of jsonb object elements exceeds the maximum of %u "
                                 "bytes"
                               : "total size of jsonb array elements exceeds the maximum of %u "
                                 "bytes",
                           JB_BYTES_MAX);
        }
    }
    if (c->depth > JB_DEPTH_MAX) {
        return err_set(cx, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
    }
    uint64_t ends = (uint64_t)c->count * (c->kind == JB_OBJECT ? 2 : 1);
    uint64_t width = 1u << jb_width_code(MAX(body, (uint64_t)MAX(c->count, c->depth)));
    c->encoded = (uint32_t)(1 + width * (2 + ends) + body);
    return ST_OK;
}

/* jb_measure - how many bytes an item takes, and how deep it is. */
static Status jb_measure(Cx *cx, JbItem *item, uint32_t level)
{
    item->depth = 0;
    if (level > JB_DEPTH_MAX) {
        return err_set(cx, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
    }
    if (jb_is_container(item->kind)) {
        return jb_measure_members(cx, item, level);
    }
    if (item->kind == JB_PACKED) {
        item->depth = jb_view(item->bytes).depth;
        item->encoded = (uint32_t)item->bytes.len;
        return ST_OK;
    }
    if (item->kind == JB_STRING && item->bytes.len > JB_BYTES_MAX) {
        return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                       "string too long to represent as jsonb string");
    }
    bool has_bytes = item->kind == JB_STRING || item->kind == JB_NUMBER;
    item->encoded = 1 + (has_bytes ? (uint32_t)item->bytes.len : 0);
    return ST_OK;
}

static void jb_write(const JbItem *item, uint8_t *p);

/* jb_write_bytes - a text or a node as it is. */
static uint8_t *jb_write_bytes(uint8_t *p, Slice s)
{
    if (s.len != 0) {
        memcpy(p, s.ptr, s.len);
    }
    return p + s.len;
}

/* jb_write_container - head, ends and members; measured before. */
static void jb_write_container(const JbItem *c, uint8_t *p)
{
    uint64_t body = 0;
    bool object = c->kind == JB_OBJECT;
    for (uint32_t i = 0; i < c->count; i++) {
        body += c->items[i].encoded + (object ? c->items[i].key.len : 0);
    }
    uint32_t code = jb_width_code(MAX(body, (uint64_t)MAX(c->count, c->depth)));
    uint32_t width = 1u << code, end = 0;
    *p++ = (uint8_t)((uint32_t)c->kind | code << 4);
    memcpy(p, &c->depth, width);
    memcpy(p + width, &c->count, width);
    uint8_t *ends = p + 2 * width;
    p = ends + (size_t)c->count * width * (object ? 2 : 1);
    for (uint32_t i = 0; object && i < c->count; i++) {
        p = jb_write_bytes(p, c->items[i].key);
        end += (uint32_t)c->items[i].key.len;
        memcpy(ends, &end, width);
        ends += width;
    }
    for (uint32_t i = 0; i < c->count; i++) {
        jb_write(&c->items[i], p);
        p += c->items[i].encoded;
        end += c->items[i].encoded;
        memcpy(ends, &end, width);
        ends += width;
    }
}

static void jb_write(const JbItem *item, uint8_t *p)
{
    switch (item->kind) {
    case JB_ARRAY:
    case JB_OBJECT: jb_write_container(item, p); return;
    case JB_PACKED: (void)jb_write_bytes(p, item->bytes); return;
    case JB_STRING:
    case JB_NUMBER: (void)jb_write_bytes(p + 1, item->bytes); break;
    default: break;
    }
    *p = (uint8_t)item->kind;
}

Status jb_encode_node(Cx *cx, Arena *arena, JbItem *item, Slice *out)
{
    TRY(jb_measure(cx, item, 0));
    uint8_t *p = arena_alloc(arena, item->encoded);
    jb_write(item, p);
    *out = (Slice){(const char *)p, item->encoded};
    return ST_OK;
}
Status jb_encode(Cx *cx, Arena *arena, JbItem *item, Str *out)
{
    Slice node;
    TRY(jb_encode_node(cx, arena, item, &node));
    *out = str_ref(node.ptr, node.len);
    return ST_OK;
}

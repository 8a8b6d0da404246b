/*
 * range.c - ranges and multiranges: form, text and binary, order, keys.
 */
#include "type/range.h"

#include "type/datetime.h"
#include "type/kernel.h"

enum {
    RANGE_EMPTY_FLAG = 1,
    RANGE_LB_INC = 2,
    RANGE_UB_INC = 4,
    RANGE_LB_INF = 8,
    RANGE_UB_INF = 16,
    RANGE_HEADER_BYTES = 13,
};

/* ---- form ---- */

static uint32_t range_u32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return v;
}

/* range_bound_get - one finite bound. */
static const uint8_t *range_bound_get(const uint8_t *p, PhysType phys, Datum *out)
{
    uint32_t n = phys_bytes(phys);
    memset(out, 0, sizeof(*out));
    if (phys == PHYS_STR) {
        n = range_u32(p);
        out->str = str_ref(p + 4, n);
        return p + 4 + n;
    }
    memcpy(out, p, n);
    return p + n;
}

RangeSet range_open(Arena *arena, const Str *s)
{
    const uint8_t *p = (const uint8_t *)str_ptr(s);
    RangeSet r = {.type = range_u32(p), .carrier = range_u32(p + 4), .canonical = (char)p[8]};
    r.count = range_u32(p + 9);
    r.ops = type_ops(r.carrier);
    r.items = ARENA_ARRAY(arena, RangeItem, r.count + 1);
    p += RANGE_HEADER_BYTES;
    for (uint32_t i = 0; i < r.count; i++) {
        RangeItem *it = &r.items[i];
        uint8_t flags = *p++;
        it->lower_inc = (flags & RANGE_LB_INC) != 0;
        it->upper_inc = (flags & RANGE_UB_INC) != 0;
        it->lower_inf = (flags & RANGE_LB_INF) != 0;
        it->upper_inf = (flags & RANGE_UB_INF) != 0;
        if (!it->lower_inf) {
            p = range_bound_get(p, r.ops->phys, &it->lower);
        }
        if (!it->upper_inf) {
            p = range_bound_get(p, r.ops->phys, &it->upper);
        }
    }
    return r;
}

static void range_bound_put(Buf *b, PhysType phys, const Datum *d)
{
    if (phys == PHYS_STR) {
        buf_put(b, &d->str.len, 4);
        buf_put(b, str_ptr(&d->str), d->str.len);
    } else {
        buf_put(b, d, phys_bytes(phys));
    }
}

static uint8_t range_flags(const RangeItem *it)
{
    return (uint8_t)((it->lower_inc ? RANGE_LB_INC : 0) | (it->upper_inc ? RANGE_UB_INC : 0) |
                     (it->lower_inf ? RANGE_LB_INF : 0) | (it->upper_inf ? RANGE_UB_INF : 0));
}

Str range_pack(Arena *arena, const RangeSet *s)
{
    Buf b;
    buf_init(&b, 1u << 30);
    buf_put(&b, &s->type, 4);
    buf_put(&b, &s->carrier, 4);
    buf_putc(&b, s->canonical);
    buf_put(&b, &s->count, 4);
    for (uint32_t i = 0; i < s->count; i++) {
        const RangeItem *it = &s->items[i];
        buf_putc(&b, (char)range_flags(it));
        if (!it->lower_inf) {
            range_bound_put(&b, s->ops->phys, &it->lower);
        }
        if (!it->upper_inf) {
            range_bound_put(&b, s->ops->phys, &it->upper);
        }
    }
    Str r = str_of_buf(arena, &b);
    buf_release(&b);
    return r;
}

/* range_value_sound - are these bytes from disk such a value, to the last one? */
static bool range_value_sound(const uint8_t *p, uint32_t len)
{
    uint32_t at = RANGE_HEADER_BYTES;
    if (len < RANGE_HEADER_BYTES) {
        return false;
    }
    const TypeOps *ops = type_ops(range_u32(p + 4));
    TypeSoundFn sound = type_sound(range_u32(p + 4));
    uint32_t count = range_u32(p + 9);
    if (ops == NULL || ops->cmp == NULL || type_is_range(range_u32(p + 4))) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (at >= len) {
            return false;
        }
        uint8_t flags = p[at++];
        uint32_t bounds =
            ((flags & RANGE_LB_INF) == 0 ? 1u : 0) + ((flags & RANGE_UB_INF) == 0 ? 1u : 0);
        for (; bounds > 0; bounds--) {
            uint32_t n = phys_bytes(ops->phys);
            if (ops->phys == PHYS_STR) {
                if (len - at < 4) {
                    return false;
                }
                n = range_u32(p + at);
                at += 4;
            }
            if (n > len - at) {
                return false;
            }
            Str bound = ops->phys == PHYS_STR ? str_ref(p + at, n) : (Str){0};
            if (sound != NULL && !sound(&bound, 1)) {
                return false;
            }
            at += n;
        }
    }
    return at == len;
}

bool range_sound(const Str *values, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if (!range_value_sound((const uint8_t *)str_ptr(&values[i]), values[i].len)) {
            return false;
        }
    }
    return true;
}

/* ---- types ---- */

typedef struct RangeBuiltin {
    Oid range, multirange, subtype;
    char canonical;
} RangeBuiltin;
static const RangeBuiltin RANGES[] = {
    {3904, 4451, TYPE_INT4, 'i'},    {3906, 4532, TYPE_NUMERIC, 0},
    {3908, 4533, TYPE_TIMESTAMP, 0}, {3910, 4534, TYPE_TIMESTAMPTZ, 0},
    {3912, 4535, TYPE_DATE, 'd'},    {3926, 4536, TYPE_INT8, 'I'},
};

bool type_is_range(Oid type)
{
    for (size_t i = 0; i < ARRAY_LEN(RANGES); i++) {
        if (RANGES[i].range == type || RANGES[i].multirange == type) {
            return true;
        }
    }
    return type == TYPE_ANYRANGE || type == TYPE_ANYMULTIRANGE;
}

bool range_type(const FnCall *call, Oid type, TypeRange *out)
{
    for (size_t i = 0; i < ARRAY_LEN(RANGES); i++) {
        const RangeBuiltin *r = &RANGES[i];
        if (r->range == type || r->multirange == type) {
            *out = (TypeRange){.range = r->range,
                               .multirange = r->multirange,
                               .subtype = r->subtype,
                               .carrier = r->subtype,
                               .is_multirange = r->multirange == type,
                               .canonical = r->canonical};
            return true;
        }
    }
    const TypeEnv *env = call->env;
    return env != NULL && env->types != NULL && env->types->range(env->session, type, out);
}

Status range_new(FnCall *call, Oid type, RangeSet *out)
{
    TypeRange t;
    if (type == TYPE_ANYRANGE || type == TYPE_ANYMULTIRANGE) {
        return err_unsupported(call->cx, "cannot accept a value of type %s",
                               type == TYPE_ANYRANGE ? "anyrange" : "anymultirange");
    }
    if (!range_type(call, type, &t)) {
        return err_unsupported(call->cx, "type %u is not known as a range type here", type);
    }
    *out = (RangeSet){
        .type = type, .carrier = t.carrier, .canonical = t.canonical, .ops = type_ops(t.carrier)};
    return out->ops != NULL && out->ops->cmp != NULL
               ? ST_OK
               : err_unsupported(call->cx, "ranges over type %u are not supported", t.subtype);
}

/* ---- order ---- */

int range_bounds_compare(const RangeSet *s, const RangeItem *a, bool a_lower, const RangeItem *b,
                         bool b_lower)
{
    bool a_inf = a_lower ? a->lower_inf : a->upper_inf,
         b_inf = b_lower ? b->lower_inf : b->upper_inf;
    bool a_inc = a_lower ? a->lower_inc : a->upper_inc,
         b_inc = b_lower ? b->lower_inc : b->upper_inc;
    if (a_inf || b_inf) {
        int x = a_inf ? (a_lower ? -1 : 1) : 0, y = b_inf ? (b_lower ? -1 : 1) : 0;
        return x - y;
    }
    int c = s->ops->cmp(a_lower ? &a->lower : &a->upper, b_lower ? &b->lower : &b->upper);
    if (c != 0) {
        return c;
    }
    /* An exclusive lower bound lies just above its value, an exclusive upper one just below. */
    int x = a_inc ? 0 : a_lower ? 1 : -1, y = b_inc ? 0 : b_lower ? 1 : -1;
    return x - y;
}

bool range_touch(const RangeSet *s, const RangeItem *a, const RangeItem *b)
{
    if (a->upper_inf || b->lower_inf) {
        return false;
    }
    int c = s->ops->cmp(&a->upper, &b->lower);
    return c == 0 && a->upper_inc != b->lower_inc;
}

static int range_items_compare(const RangeSet *s, const RangeItem *a, const RangeItem *b)
{
    int c = range_bounds_compare(s, a, true, b, true);
    return c != 0 ? c : range_bounds_compare(s, a, false, b, false);
}

int range_compare(const Datum *a, const Datum *b)
{
    Arena arena;
    arena_init(&arena, NULL, "range", 0);
    RangeSet x = range_open(&arena, &a->str), y = range_open(&arena, &b->str);
    int c = 0;
    for (uint32_t i = 0; i < x.count && i < y.count && c == 0; i++) {
        c = range_items_compare(&x, &x.items[i], &y.items[i]);
    }
    c = c != 0 ? c : (x.count > y.count) - (x.count < y.count);
    arena_release(&arena);
    return c;
}

uint64_t range_hash(const Datum *v)
{
    Arena arena;
    arena_init(&arena, NULL, "range", 0);
    RangeSet s = range_open(&arena, &v->str);
    uint64_t h = 1;
    for (uint32_t i = 0; i < s.count; i++) {
        const RangeItem *it = &s.items[i];
        h = h * 31 + range_flags(it);
        h = h * 31 + (it->lower_inf ? 0 : s.ops->hash(&it->lower));
        h = h * 31 + (it->upper_inf ? 0 : s.ops->hash(&it->upper));
    }
    arena_release(&arena);
    return h;
}

/* range_key_head - the same for all values of a type, so that keys can be decoded. */
static void range_key_head(const RangeSet *s, Buf *buf)
{
    buf_put_u32be(buf, s->type);
    buf_put_u32be(buf, s->carrier);
    buf_putc(buf, s->canonical);
}

/* range_key - each range after a 1: its bounds, infinity before or behind all values; a 0 ends. */
static void range_key(const Datum *v, Buf *buf)
{
    Arena arena;
    arena_init(&arena, NULL, "range", 0);
    RangeSet s = range_open(&arena, &v->str);
    range_key_head(&s, buf);
    for (uint32_t i = 0; i < s.count; i++) {
        const RangeItem *it = &s.items[i];
        buf_putc(buf, 1);
        buf_putc(buf, it->lower_inf ? 0 : 1);
        if (!it->lower_inf) {
            s.ops->key(&it->lower, buf);
            buf_putc(buf, it->lower_inc ? 0 : 1);
        }
        buf_putc(buf, it->upper_inf ? 1 : 0);
        if (!it->upper_inf) {
            s.ops->key(&it->upper, buf);
            buf_putc(buf, it->upper_inc ? 1 : 0);
        }
    }
    buf_putc(buf, 0);
    arena_release(&arena);
}

static bool range_take(Slice *in, uint8_t *out)
{
    if (in->len == 0) {
        return false;
    }
    *out = (uint8_t)*in->ptr;
    in->ptr++;
    in->len--;
    return true;
}

/* range_unkey - what range_key wrote, where the bounds' keys can be decoded. */
static bool range_unkey(Arena *arena, Slice *in, Datum *out)
{
    uint8_t more, mark;
    if (in->len < 10) {
        return false;
    }
    RangeSet s = {
        .type = load_u32be(in->ptr), .carrier = load_u32be(in->ptr + 4), .canonical = in->ptr[8]};
    s.ops = type_ops(s.carrier);
    in->ptr += 9;
    in->len -= 9;
    if (s.ops == NULL || s.ops->unkey == NULL) {
        return false;
    }
    while (range_take(in, &more) && more != 0) {
        RangeItem it = {0};
        if (!range_take(in, &mark)) {
            return false;
        }
        it.lower_inf = mark == 0;
        if (!it.lower_inf && (!s.ops->unkey(arena, in, &it.lower) || !range_take(in, &mark))) {
            return false;
        }
        it.lower_inc = !it.lower_inf && mark == 0;
        if (!range_take(in, &mark)) {
            return false;
        }
        it.upper_inf = mark == 1;
        if (!it.upper_inf && (!s.ops->unkey(arena, in, &it.upper) || !range_take(in, &mark))) {
            return false;
        }
        it.upper_inc = !it.upper_inf && mark == 1;
        range_add(arena, &s, &it);
    }
    out->str = range_pack(arena, &s);
    return true;
}

/* ---- making ---- */

void range_add(Arena *arena, RangeSet *s, const RangeItem *item)
{
    if ((s->count & (s->count - 1)) == 0) { /* at every power of two */
        uint32_t size = s->count == 0 ? 1 : s->count * 2;
        s->items =
            arena_grow(arena, s->items, s->count * sizeof(RangeItem), size * sizeof(RangeItem));
    }
    s->items[s->count++] = *item;
}

/* range_next - the next value of a discrete type; error when there is none. */
static Status range_next(FnCall *call, char canonical, Datum *d)
{
    switch (canonical) {
    case 'i': return __builtin_add_overflow(d->i32, 1, &d->i32) ? err_int4_range(call->cx) : ST_OK;
    case 'I': return __builtin_add_overflow(d->i64, 1, &d->i64) ? err_int8_range(call->cx) : ST_OK;
    default:
        if (d->i32 == INT32_MAX || d->i32 == INT32_MIN) { /* infinity stays what it is */
            return ST_OK;
        }
        d->i32++;
        return d->i32 <= 2145031948
                   ? ST_OK
                   : err_set(call->cx, ERRCODE_DATETIME_VALUE_OUT_OF_RANGE, "date out of range");
    }
}

/* range_canonical - [a,b) for discrete types. */
static Status range_canonical(FnCall *call, const RangeSet *s, RangeItem *it)
{
    bool date = s->canonical == 'd';
    bool low =
        !it->lower_inf && !(date && (it->lower.i32 == INT32_MAX || it->lower.i32 == INT32_MIN));
    bool high =
        !it->upper_inf && !(date && (it->upper.i32 == INT32_MAX || it->upper.i32 == INT32_MIN));
    if (s->canonical == 0) {
        return ST_OK;
    }
    if (low && !it->lower_inc) {
        TRY(range_next(call, s->canonical, &it->lower));
        it->lower_inc = true;
    }
    if (high && it->upper_inc) {
        TRY(range_next(call, s->canonical, &it->upper));
        it->upper_inc = false;
    }
    return ST_OK;
}

Status range_make(FnCall *call, RangeSet *s, RangeItem it)
{
    it.lower_inc = it.lower_inc && !it.lower_inf;
    it.upper_inc = it.upper_inc && !it.upper_inf;
    for (int round = 0; round < 2; round++) {
        int c = it.lower_inf || it.upper_inf ? -1 : s->ops->cmp(&it.lower, &it.upper);
        if (c > 0 && round == 0) {
            return err_set(call->cx, ERRCODE_DATA_EXCEPTION,
                           "range lower bound must be less than or equal to range upper bound");
        }
        if (c > 0 || (c == 0 && !(it.lower_inc && it.upper_inc))) {
            return ST_OK; /* empty */
        }
        if (round == 0) {
            TRY(range_canonical(call, s, &it));
        }
    }
    range_add(call->arena, s, &it);
    return ST_OK;
}

void range_normalize(Arena *arena, RangeSet *s)
{
    RangeSet r = range_like(s);
    for (uint32_t i = 1; i < s->count; i++) { /* few and mostly in order */
        for (uint32_t k = i; k > 0 && range_items_compare(s, &s->items[k - 1], &s->items[k]) > 0;
             k--) {
            RangeItem t = s->items[k];
            s->items[k] = s->items[k - 1];
            s->items[k - 1] = t;
        }
    }
    for (uint32_t i = 0; i < s->count; i++) {
        RangeItem *last = r.count > 0 ? &r.items[r.count - 1] : NULL;
        const RangeItem *it = &s->items[i];
        if (last != NULL &&
            (range_bounds_compare(s, it, true, last, false) <= 0 || range_touch(s, last, it))) {
            if (range_bounds_compare(s, it, false, last, false) > 0) {
                last->upper = it->upper;
                last->upper_inc = it->upper_inc;
                last->upper_inf = it->upper_inf;
            }
        } else {
            range_add(arena, &r, it);
        }
    }
    *s = r;
}

/* ---- text ---- */

static Status range_malformed(FnCall *call, bool multi, Slice text, const char *detail)
{
    (void)err_set(call->cx, ERRCODE_INVALID_TEXT_REPRESENTATION, "malformed %s literal: \"%.*s\"",
                  multi ? "multirange" : "range", (int)text.len, text.ptr);
    return err_detail(call->cx, "%s", detail);
}

/* range_word - the text of a bound up to its comma or bracket; *infinite: there is none. */
static Status range_word(FnCall *call, Slice text, size_t *at, Buf *word, bool *infinite)
{
    bool quoted = false;
    size_t i = *at;
    buf_clear(word);
    *infinite = i < text.len && memchr(",)]", text.ptr[i], 3) != NULL;
    while (!*infinite && (quoted || i >= text.len || memchr(",)]", text.ptr[i], 3) == NULL)) {
        if (i >= text.len) {
            return range_malformed(call, false, text, "Unexpected end of input.");
        }
        char c = text.ptr[i++];
        if (c == '\\') {
            if (i >= text.len) {
                return range_malformed(call, false, text, "Unexpected end of input.");
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

/* range_bound_in - one bound by the subtype's input. */
static Status range_bound_in(FnCall *call, const TypeRange *t, const RangeSet *s, const Buf *word,
                             int32_t typmod, Datum *out)
{
    FnCall each = *call;
    each.result_type = type_domain_base(call, t->subtype);
    each.state = NULL;
    char *copy = arena_strndup(call->arena, (const char *)word->data, word->len);
    return s->ops->in(&each, (Slice){copy, word->len}, typmod, out);
}

static void range_spaces(Slice text, size_t *at)
{
    while (*at < text.len && is_space(text.ptr[*at])) {
        (*at)++;
    }
}

/* range_read - the text of one range, added to the set; the whole of text is it. */
static Status range_read(FnCall *call, Slice text, const TypeRange *t, int32_t typmod, RangeSet *s)
{
    RangeItem it = {0};
    size_t at = 0;
    Buf low, high;
    Status st = ST_OK;
    range_spaces(text, &at);
    if (text.len - at >= 5 && slice_ieq((Slice){text.ptr + at, 5}, "empty")) {
        at += 5;
        range_spaces(text, &at);
        return at == text.len
                   ? ST_OK
                   : range_malformed(call, false, text, "Junk after \"empty\" key word.");
    }
    if (at == text.len || (text.ptr[at] != '[' && text.ptr[at] != '(')) {
        return range_malformed(call, false, text, "Missing left parenthesis or bracket.");
    }
    it.lower_inc = text.ptr[at++] == '[';
    buf_init(&low, 1u << 30);
    buf_init(&high, 1u << 30);
    TRY_OUT(range_word(call, text, &at, &low, &it.lower_inf));
    if (at >= text.len || text.ptr[at] != ',') {
        TRY_OUT(range_malformed(call, false, text, "Missing comma after lower bound."));
    }
    at++;
    TRY_OUT(range_word(call, text, &at, &high, &it.upper_inf));
    if (text.ptr[at] != ']' && text.ptr[at] != ')') {
        TRY_OUT(range_malformed(call, false, text, "Too many commas."));
    }
    it.upper_inc = text.ptr[at++] == ']';
    range_spaces(text, &at);
    if (at != text.len) {
        TRY_OUT(range_malformed(call, false, text, "Junk after right parenthesis or bracket."));
    }
    if (!it.lower_inf) {
        TRY_OUT(range_bound_in(call, t, s, &low, typmod, &it.lower));
    }
    if (!it.upper_inf) {
        TRY_OUT(range_bound_in(call, t, s, &high, typmod, &it.upper));
    }
    st = range_make(call, s, it);
out:
    buf_release(&low);
    buf_release(&high);
    return st;
}

static Status range_in(FnCall *call, Slice text, int32_t typmod, Datum *out)
{
    RangeSet s;
    TypeRange t;
    TRY(range_new(call, call->result_type, &s));
    (void)range_type(call, call->result_type, &t);
    TRY(range_read(call, text, &t, typmod, &s));
    out->str = range_pack(call->arena, &s);
    return ST_OK;
}

/* range_piece - where the range that begins at `at` ends: behind its bracket, or "empty". */
static size_t range_piece(Slice text, size_t at)
{
    bool quoted = false;
    if (text.len - at >= 5 && slice_ieq((Slice){text.ptr + at, 5}, "empty")) {
        return at + 5;
    }
    if (at < text.len && text.ptr[at] != '[' && text.ptr[at] != '(') {
        return at;
    }
    for (size_t i = at; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\\') {
            i++;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (!quoted && i > at && (c == ']' || c == ')')) {
            return i + 1;
        }
    }
    return text.len + 1; /* none */
}

/* multirange_in - ranges between braces, with commas. */
static Status multirange_in(FnCall *call, Slice text, int32_t typmod, Datum *out)
{
    RangeSet s;
    TypeRange t;
    size_t at = 0;
    TRY(range_new(call, call->result_type, &s));
    (void)range_type(call, call->result_type, &t);
    range_spaces(text, &at);
    if (at == text.len || text.ptr[at++] != '{') {
        return range_malformed(call, true, text, "Missing left brace.");
    }
    range_spaces(text, &at);
    bool first = true;
    while (at < text.len && text.ptr[at] != '}') {
        if (!first) {
            if (text.ptr[at] != ',') {
                return range_malformed(call, true, text, "Expected comma or end of multirange.");
            }
            at++;
            range_spaces(text, &at);
        }
        first = false;
        size_t end = range_piece(text, at);
        if (end == at) {
            return range_malformed(call, true, text, "Expected range start.");
        }
        if (end > text.len) {
            return range_malformed(call, true, text, "Unexpected end of input.");
        }
        TRY(range_read(call, (Slice){text.ptr + at, end - at}, &t, typmod, &s));
        at = end;
        range_spaces(text, &at);
    }
    if (at >= text.len) {
        return range_malformed(call, true, text, "Unexpected end of input.");
    }
    at++;
    range_spaces(text, &at);
    if (at != text.len) {
        return range_malformed(call, true, text, "Junk after closing right brace.");
    }
    range_normalize(call->arena, &s);
    out->str = range_pack(call->arena, &s);
    return ST_OK;
}

/* range_put_bound - a bound's text, quoted where the form needs it. */
static void range_put_bound(FnCall *call, const RangeSet *s, const Datum *d, Buf *buf)
{
    Buf text;
    FnCall each = *call;
    each.result_type = s->carrier;
    each.state = NULL;
    buf_init(&text, 1u << 30);
    s->ops->out(&each, d, &text);
    bool quote = text.len == 0;
    for (size_t i = 0; i < text.len && !quote; i++) {
        quote = strchr("\"\\()[],", (char)text.data[i]) != NULL || is_space((char)text.data[i]);
    }
    buf_puts(buf, quote ? "\"" : "");
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '"' || text.data[i] == '\\') {
            buf_putc(buf, (char)text.data[i]);
        }
        buf_putc(buf, (char)text.data[i]);
    }
    buf_puts(buf, quote ? "\"" : "");
    buf_release(&text);
}

static void range_put(FnCall *call, const RangeSet *s, const RangeItem *it, Buf *buf)
{
    buf_putc(buf, it->lower_inc ? '[' : '(');
    if (!it->lower_inf) {
        range_put_bound(call, s, &it->lower, buf);
    }
    buf_putc(buf, ',');
    if (!it->upper_inf) {
        range_put_bound(call, s, &it->upper, buf);
    }
    buf_putc(buf, it->upper_inc ? ']' : ')');
}

static void range_out(FnCall *call, const Datum *v, Buf *buf)
{
    Arena arena;
    arena_init(&arena, NULL, "range", 0);
    RangeSet s = range_open(&arena, &v->str);
    if (s.count == 0) {
        buf_puts(buf, "empty");
    } else {
        range_put(call, &s, &s.items[0], buf);
    }
    arena_release(&arena);
}

static void multirange_out(FnCall *call, const Datum *v, Buf *buf)
{
    Arena arena;
    arena_init(&arena, NULL, "range", 0);
    RangeSet s = range_open(&arena, &v->str);
    buf_putc(buf, '{');
    for (uint32_t i = 0; i < s.count; i++) {
        buf_puts(buf, i > 0 ? "," : "");
        range_put(call, &s, &s.items[i], buf);
    }
    buf_putc(buf, '}');
    arena_release(&arena);
}

/* ---- the wire ---- */

static Status range_short(FnCall *call)
{
    return err_set(call->cx, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
}

/* range_recv_bound - a length and the subtype's bytes. */
static Status range_recv_bound(FnCall *call, const TypeRange *t, const RangeSet *s, Slice *in,
                               int32_t typmod, Datum *out)
{
    FnCall each = *call;
    each.result_type = type_domain_base(call, t->subtype);
    each.state = NULL;
    if (in->len < 4) {
        return range_short(call);
    }
    uint32_t n = load_u32be(in->ptr);
    if (n > in->len - 4) {
        return range_short(call);
    }
    TRY(s->ops->recv(&each, (Slice){in->ptr + 4, n}, typmod, out));
    in->ptr += 4 + n;
    in->len -= 4 + n;
    return ST_OK;
}

/* range_recv_item - one range, all of the bytes. */
static Status range_recv_item(FnCall *call, const TypeRange *t, Slice in, int32_t typmod,
                              RangeSet *s)
{
    if (in.len < 1) {
        return range_short(call);
    }
    uint8_t flags = (uint8_t)in.ptr[0];
    RangeItem it = {.lower_inc = (flags & RANGE_LB_INC) != 0,
                    .upper_inc = (flags & RANGE_UB_INC) != 0,
                    .lower_inf = (flags & RANGE_LB_INF) != 0,
                    .upper_inf = (flags & RANGE_UB_INF) != 0};
    in.ptr++;
    in.len--;
    bool empty = (flags & RANGE_EMPTY_FLAG) != 0;
    if (!empty && !it.lower_inf) {
        TRY(range_recv_bound(call, t, s, &in, typmod, &it.lower));
    }
    if (!empty && !it.upper_inf) {
        TRY(range_recv_bound(call, t, s, &in, typmod, &it.upper));
    }
    if (in.len != 0) {
        return err_set(call->cx, ERRCODE_INVALID_BINARY_REPRESENTATION,
                       "incorrect binary data format");
    }
    return empty ? ST_OK : range_make(call, s, it);
}

static Status range_recv(FnCall *call, Slice bytes, int32_t typmod, Datum *out)
{
    RangeSet s;
    TypeRange t;
    TRY(range_new(call, call->result_type, &s));
    (void)range_type(call, call->result_type, &t);
    TRY(range_recv_item(call, &t, bytes, typmod, &s));
    out->str = range_pack(call->arena, &s);
    return ST_OK;
}

/* multirange_recv - a number of ranges, each after its length. */
static Status multirange_recv(FnCall *call, Slice bytes, int32_t typmod, Datum *out)
{
    RangeSet s;
    TypeRange t;
    TRY(range_new(call, call->result_type, &s));
    (void)range_type(call, call->result_type, &t);
    if (bytes.len < 4) {
        return range_short(call);
    }
    uint32_t count = load_u32be(bytes.ptr);
    bytes.ptr += 4;
    bytes.len -= 4;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t n = bytes.len >= 4 ? load_u32be(bytes.ptr) : UINT32_MAX;
        if (bytes.len < 4 || n > bytes.len - 4) {
            return range_short(call);
        }
        TRY(range_recv_item(call, &t, (Slice){bytes.ptr + 4, n}, typmod, &s));
        bytes.ptr += 4 + n;
        bytes.len -= 4 + n;
    }
    if (bytes.len != 0) {
        return err_set(call->cx, ERRCODE_INVALID_BINARY_REPRESENTATION,
                       "incorrect binary data format");
    }
    range_normalize(call->arena, &s);
    out->str = range_pack(call->arena, &s);
    return ST_OK;
}

static void range_send_bound(FnCall *call, const RangeSet *s, const Datum *d, Buf *buf)
{
    size_t at = buf->len;
    FnCall each = *call;
    each.result_type = s->carrier;
    each.state = NULL;
    buf_put_u32be(buf, 0);
    s->ops->send(&each, d, buf);
    if (!buf->overflow) {
        uint32_t len = __builtin_bswap32((uint32_t)(buf->len - at - 4));
        memcpy(buf->data + at, &len, 4);
    }
}

static void range_send_item(FnCall *call, const RangeSet *s, const RangeItem *it, Buf *buf)
{
    buf_putc(buf, (char)range_flags(it));
    if (!it->lower_inf) {
        range_send_bound(call, s, &it->lower, buf);
    }
    if (!it->upper_inf) {
        range_send_bound(call, s, &it->upper, buf);
    }
}

static void range_send(FnCall *call, const Datum *v, Buf *buf)
{
    Arena arena;
    arena_init(&arena, NULL, "range", 0);
    RangeSet s = range_open(&arena, &v->str);
    if (s.count == 0) {
        buf_putc(buf, RANGE_EMPTY_FLAG);
    } else {
        range_send_item(call, &s, &s.items[0], buf);
    }
    arena_release(&arena);
}

static void multirange_send(FnCall *call, const Datum *v, Buf *buf)
{
    Arena arena;
    arena_init(&arena, NULL, "range", 0);
    RangeSet s = range_open(&arena, &v->str);
    buf_put_u32be(buf, s.count);
    for (uint32_t i = 0; i < s.count; i++) {
        size_t at = buf->len;
        buf_put_u32be(buf, 0);
        range_send_item(call, &s, &s.items[i], buf);
        if (!buf->overflow) {
            uint32_t len = __builtin_bswap32((uint32_t)(buf->len - at - 4));
            memcpy(buf->data + at, &len, 4);
        }
    }
    arena_release(&arena);
}

/* range_overlap_keys - KeyRangeFn of &&: what begins before v ends. */
bool range_overlap_keys(const Datum *v, uint32_t i, Buf *first, Buf *last)
{
    Arena arena;
    arena_init(&arena, NULL, "range", 0);
    RangeSet s = range_open(&arena, &v->str);
    bool any = i == 0 && s.count > 0;
    if (any) {
        const RangeItem *it = &s.items[s.count - 1];
        range_key_head(&s, first);
        buf_putc(first, 1);
        range_key_head(&s, last);
        buf_putc(last, 1);
        if (!it->upper_inf) {
            buf_putc(last, 1);
            s.ops->key(&it->upper, last);
        }
        buf_putc(last, (char)0xff);
    }
    arena_release(&arena);
    return any;
}

#define RANGE_TYPE(oid, name)                                                                      \
    {                                                                                              \
        oid, name, PHYS_STR, range_in, range_out, range_recv, range_send, range_compare,           \
            range_hash, range_key, range_unkey                                                     \
    }
#define MULTIRANGE_TYPE(oid, name)                                                                 \
    {                                                                                              \
        oid, name, PHYS_STR, multirange_in, multirange_out, multirange_recv, multirange_send,      \
            range_compare, range_hash, range_key, range_unkey                                      \
    }
static const TypeOps RANGE_TYPES[] = {
    RANGE_TYPE(3904, "int4range"),
    RANGE_TYPE(3906, "numrange"),
    RANGE_TYPE(3908, "tsrange"),
    RANGE_TYPE(3910, "tstzrange"),
    RANGE_TYPE(3912, "daterange"),
    RANGE_TYPE(3926, "int8range"),
    RANGE_TYPE(TYPE_ANYRANGE, "anyrange"),
    MULTIRANGE_TYPE(4451, "int4multirange"),
    MULTIRANGE_TYPE(4532, "nummultirange"),
    MULTIRANGE_TYPE(4533, "tsmultirange"),
    MULTIRANGE_TYPE(4534, "tstzmultirange"),
    MULTIRANGE_TYPE(4535, "datemultirange"),
    MULTIRANGE_TYPE(4536, "int8multirange"),
    MULTIRANGE_TYPE(TYPE_ANYMULTIRANGE, "anymultirange"),
};
const TypeFamily type_family_range = {
    .types = RANGE_TYPES,
    .type_count = ARRAY_LEN(RANGE_TYPES),
};

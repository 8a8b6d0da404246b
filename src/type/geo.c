/*
 * geo.c - text and binary form of the geometric types.
 *
 * What may be written around a list of points is generous, and the same for all: see geo_points.
 */
#include "type/geo.h"

#define PATH_HEAD 8

Status geo_end(FnCall *call, GeoFault f)
{
    switch (f) {
    case GEO_FINE: return ST_OK;
    case GEO_OVERFLOW: return err_float_overflow(call->cx);
    case GEO_UNDERFLOW: return err_float_underflow(call->cx);
    case GEO_DIVISION: return err_division_by_zero(call->cx);
    case GEO_DEPTH: break;
    }
    return err_set(call->cx, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded");
}

/* ---- values of any length ---- */

static GeoPath geo_points_of(FnCall *call, Slice bytes, bool closed)
{
    uint32_t n = (uint32_t)(bytes.len / sizeof(GeoPoint));
    GeoPath v = {ARENA_ARRAY(call->arena, GeoPoint, n + 1u), n, closed};
    memcpy(v.p, bytes.ptr, n * sizeof(GeoPoint));
    return v;
}
GeoPath geo_poly(FnCall *call, const Datum *d)
{
    return geo_points_of(call, str_slice(&d->str), true);
}
GeoPath geo_path(FnCall *call, const Datum *d)
{
    Slice s = str_slice(&d->str);
    return geo_points_of(call, (Slice){s.ptr + PATH_HEAD, s.len - PATH_HEAD}, s.ptr[0] != 0);
}
uint32_t geo_poly_count(const Datum *d)
{
    return (uint32_t)(d->str.len / sizeof(GeoPoint));
}
uint32_t geo_path_count(const Datum *d)
{
    return (uint32_t)((d->str.len - PATH_HEAD) / sizeof(GeoPoint));
}
void geo_put_poly(FnCall *call, Datum *d, GeoPath v)
{
    d->str = str_copy(call->arena, (const char *)v.p, v.count * sizeof(GeoPoint));
}
void geo_put_path(FnCall *call, Datum *d, GeoPath v)
{
    size_t len = PATH_HEAD + v.count * sizeof(GeoPoint);
    char *bytes = arena_alloc(call->arena, len);
    memset(bytes, 0, PATH_HEAD);
    bytes[0] = v.closed;
    memcpy(bytes + PATH_HEAD, v.p, v.count * sizeof(GeoPoint));
    d->str = str_copy(call->arena, bytes, len);
}

static bool geo_sound(const Str *values, uint32_t n, size_t len)
{
    for (uint32_t i = 0; i < n; i++) {
        if (values[i].len != len) {
            return false;
        }
    }
    return true;
}
static bool geo_sound_16(const Str *values, uint32_t n)
{
    return geo_sound(values, n, 16);
}
static bool geo_sound_24(const Str *values, uint32_t n)
{
    return geo_sound(values, n, 24);
}
static bool geo_sound_32(const Str *values, uint32_t n)
{
    return geo_sound(values, n, 32);
}
static bool geo_sound_list(const Str *values, uint32_t n, size_t head)
{
    for (uint32_t i = 0; i < n; i++) {
        if (values[i].len <= head || (values[i].len - head) % sizeof(GeoPoint) != 0) {
            return false;
        }
    }
    return true;
}
static bool geo_sound_path(const Str *values, uint32_t n)
{
    return geo_sound_list(values, n, PATH_HEAD);
}
static bool geo_sound_poly(const Str *values, uint32_t n)
{
    return geo_sound_list(values, n, 0);
}

Oid type_fixed_element(Oid type)
{
    return type == TYPE_POINT || type == TYPE_LINE ? TYPE_FLOAT8
           : type == TYPE_LSEG || type == TYPE_BOX ? TYPE_POINT
                                                   : OID_INVALID;
}

TypeSoundFn geo_type_sound(Oid type)
{
    switch (type) {
    case TYPE_POINT: return geo_sound_16;
    case TYPE_LINE:
    case TYPE_CIRCLE: return geo_sound_24;
    case TYPE_LSEG:
    case TYPE_BOX: return geo_sound_32;
    case TYPE_PATH: return geo_sound_path;
    case TYPE_POLYGON: return geo_sound_poly;
    default: return NULL;
    }
}

/* ---- reading text ---- */

/* GeoText - a text being read. */
typedef struct GeoText {
    Cx *cx;
    const char *type;
    Slice text;
    size_t at;
} GeoText;

static Status geo_syntax(const GeoText *t)
{
    return err_bad_syntax(t->cx, t->type, t->text);
}
static char geo_peek(const GeoText *t)
{
    return t->at < t->text.len ? t->text.ptr[t->at] : '\0';
}
static void geo_spaces(GeoText *t)
{
    while (is_space(geo_peek(t))) {
        t->at++;
    }
}
/* geo_take - this character, and white space behind it when told to. */
static bool geo_take(GeoText *t, char c, bool spaces)
{
    if (geo_peek(t) != c) {
        return false;
    }
    t->at++;
    if (spaces) {
        geo_spaces(t);
    }
    return true;
}

/* geo_digits - how many digits are there from `at`. */
static size_t geo_digits(Slice s, size_t at)
{
    size_t i = at;
    while (i < s.len && is_digit(s.ptr[i])) {
        i++;
    }
    return i - at;
}

/* geo_number_len - the length of the number that begins at `at`; 0: none does. */
static size_t geo_number_len(Slice s, size_t at)
{
    static const char *const WORDS[] = {"infinity", "inf", "nan"};
    size_t i = at + (at < s.len && (s.ptr[at] == '-' || s.ptr[at] == '+'));
    for (size_t w = 0; w < ARRAY_LEN(WORDS); w++) {
        size_t n = strlen(WORDS[w]);
        if (s.len - MIN(i, s.len) >= n && slice_ieq((Slice){s.ptr + i, n}, WORDS[w])) {
            return i + n - at;
        }
    }
    size_t whole = geo_digits(s, i), part = 0;
    i += whole;
    if (i < s.len && s.ptr[i] == '.') {
        part = geo_digits(s, i + 1);
        i += whole + part > 0 ? part + 1 : 0;
    }
    if (whole + part == 0) {
        return 0;
    }
    if (i < s.len && (s.ptr[i] == 'e' || s.ptr[i] == 'E')) {
        size_t e = i + 1;
        e += e < s.len && (s.ptr[e] == '-' || s.ptr[e] == '+');
        size_t n = geo_digits(s, e);
        i = n > 0 ? e + n : i;
    }
    return i - at;
}

static Status geo_number(GeoText *t, double *out)
{
    geo_spaces(t);
    size_t n = geo_number_len(t->text, t->at);
    if (n == 0) {
        return geo_syntax(t);
    }
    TRY(float8_parse(t->cx, (Slice){t->text.ptr + t->at, n}, "double precision", out));
    t->at += n;
    geo_spaces(t);
    return ST_OK;
}

/* geo_pair - x,y or (x,y). */
static Status geo_pair(GeoText *t, GeoPoint *out)
{
    geo_spaces(t);
    bool paren = geo_take(t, '(', false);
    TRY(geo_number(t, &out->x));
    if (!geo_take(t, ',', false)) {
        return geo_syntax(t);
    }
    TRY(geo_number(t, &out->y));
    return paren && !geo_take(t, ')', true) ? geo_syntax(t) : ST_OK;
}

/* geo_last_paren - is the parenthesis here the last one that opens? */
static bool geo_last_paren(const GeoText *t)
{
    for (size_t i = t->at + 1; i < t->text.len; i++) {
        if (t->text.ptr[i] == '(') {
            return false;
        }
    }
    return true;
}

/*
 * geo_points - a list of points: bare, in ( ), or, where paths may be open, in [ ]. A parenthesis
 * belongs to the list when another follows it, or no other is in the text.
 */
static Status geo_points(GeoText *t, bool may_open, GeoPoint *out, uint32_t n, bool *open_out)
{
    uint32_t depth = 0;
    geo_spaces(t);
    *open_out = geo_peek(t) == '[';
    if (*open_out) {
        if (!may_open) {
            return geo_syntax(t);
        }
        depth++;
        t->at++;
    } else if (geo_peek(t) == '(') {
        GeoText next = *t;
        next.at++;
        geo_spaces(&next);
        if (geo_peek(&next) == '(' || geo_last_paren(t)) {
            depth++;
            t->at = next.at;
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        TRY(geo_pair(t, &out[i]));
        (void)geo_take(t, ',', false);
    }
    for (; depth > 0; depth--) {
        if (!geo_take(t, ')', true) && !(*open_out && geo_take(t, ']', true))) {
            return geo_syntax(t);
        }
    }
    return ST_OK;
}

/* geo_whole - nothing may be left of the text. */
static Status geo_whole(const GeoText *t)
{
    return t->at == t->text.len ? ST_OK : geo_syntax(t);
}

/* geo_count - how many points a text can hold by its commas; 0: none. */
static uint32_t geo_count(Slice s)
{
    size_t commas = 0;
    for (size_t i = 0; i < s.len; i++) {
        commas += s.ptr[i] == ',';
    }
    return commas % 2 == 1 ? (uint32_t)((commas + 1) / 2) : 0;
}

static Status point_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    GeoText t = {call->cx, "point", text, 0};
    GeoPoint p;
    TRY(geo_pair(&t, &p));
    TRY(geo_whole(&t));
    geo_put_point(call, out, p);
    return ST_OK;
}

static Status lseg_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    GeoText t = {call->cx, "lseg", text, 0};
    GeoSeg s;
    bool open;
    TRY(geo_points(&t, true, s.p, 2, &open));
    TRY(geo_whole(&t));
    geo_put_lseg(call, out, s);
    return ST_OK;
}

static Status box_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    GeoText t = {call->cx, "box", text, 0};
    GeoPoint p[2];
    bool open;
    TRY(geo_points(&t, false, p, 2, &open));
    TRY(geo_whole(&t));
    geo_put_box(call, out, geo_box_of(p[0], p[1]));
    return ST_OK;
}

/* line_read - {A,B,C}. */
static Status line_read(GeoText *t, GeoLine *l)
{
    TRY(geo_number(t, &l->a));
    if (!geo_take(t, ',', false)) {
        return geo_syntax(t);
    }
    TRY(geo_number(t, &l->b));
    if (!geo_take(t, ',', false)) {
        return geo_syntax(t);
    }
    TRY(geo_number(t, &l->c));
    return geo_take(t, '}', true) ? geo_whole(t) : geo_syntax(t);
}

/* line_in - {A,B,C}, or two points on it as a segment is written. */
static Status line_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    GeoText t = {call->cx, "line", text, 0};
    GeoLine l;
    GeoPoint p[2];
    GeoFault f = GEO_FINE;
    bool open;
    geo_spaces(&t);
    if (geo_take(&t, '{', false)) {
        TRY(line_read(&t, &l));
        if (fuzzy_zero(l.a) && fuzzy_zero(l.b)) {
            return err_set(call->cx, ERRCODE_INVALID_TEXT_REPRESENTATION,
                           "invalid line specification: A and B cannot both be zero");
        }
        geo_put_line(call, out, l);
        return ST_OK;
    }
    TRY(geo_points(&t, true, p, 2, &open));
    TRY(geo_whole(&t));
    if (geo_point_same(p[0], p[1])) {
        return err_set(call->cx, ERRCODE_INVALID_TEXT_REPRESENTATION,
                       "invalid line specification: must be two distinct points");
    }
    l = geo_line_through(&f, p[0], geo_slope(&f, p[0], p[1]));
    geo_put_line(call, out, l);
    return geo_end(call, f);
}

/* path_in - in [ ] it is open, else closed. */
static Status path_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    GeoText t = {call->cx, "path", text, 0};
    uint32_t n = geo_count(text);
    bool open;
    if (n == 0) {
        return geo_syntax(&t);
    }
    geo_spaces(&t);
    bool paren = geo_peek(&t) == '(' && geo_last_paren(&t);
    t.at += paren;
    GeoPath v = {ARENA_ARRAY(call->arena, GeoPoint, n), n, false};
    TRY(geo_points(&t, true, v.p, n, &open));
    if (paren && !geo_take(&t, ')', true)) {
        return geo_syntax(&t);
    }
    TRY(geo_whole(&t));
    v.closed = !open;
    geo_put_path(call, out, v);
    return ST_OK;
}

static Status poly_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    GeoText t = {call->cx, "polygon", text, 0};
    uint32_t n = geo_count(text);
    bool open;
    if (n == 0) {
        return geo_syntax(&t);
    }
    GeoPath v = {ARENA_ARRAY(call->arena, GeoPoint, n), n, true};
    TRY(geo_points(&t, false, v.p, n, &open));
    TRY(geo_whole(&t));
    geo_put_poly(call, out, v);
    return ST_OK;
}

/* circle_in - <(x,y),r>, ((x,y),r), (x,y),r and x,y,r. */
static Status circle_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    GeoText t = {call->cx, "circle", text, 0};
    GeoCircle c;
    bool angle = false, paren = false;
    geo_spaces(&t);
    if (geo_take(&t, '<', false)) {
        angle = true;
    } else if (geo_peek(&t) == '(') {
        GeoText next = t;
        next.at++;
        geo_spaces(&next);
        paren = geo_peek(&next) == '(';
        t.at = paren ? next.at : t.at;
    }
    TRY(geo_pair(&t, &c.center));
    (void)geo_take(&t, ',', false);
    TRY(geo_number(&t, &c.radius));
    if (c.radius < 0 ||
        ((angle || paren) && !geo_take(&t, ')', true) && !geo_take(&t, '>', true))) {
        return geo_syntax(&t);
    }
    TRY(geo_whole(&t));
    geo_put_circle(call, out, c);
    return ST_OK;
}

/* ---- writing text ---- */

static void geo_put_number(FnCall *call, double v, Buf *buf)
{
    float8_text(v, call->env != NULL ? call->env->extra_float_digits : 1, buf);
}
static void geo_put_pair(FnCall *call, GeoPoint p, Buf *buf)
{
    buf_putc(buf, '(');
    geo_put_number(call, p.x, buf);
    buf_putc(buf, ',');
    geo_put_number(call, p.y, buf);
    buf_putc(buf, ')');
}
static void geo_put_points(FnCall *call, const GeoPoint *p, uint32_t n, const char *around,
                           Buf *buf)
{
    if (around != NULL) {
        buf_putc(buf, around[0]);
    }
    for (uint32_t i = 0; i < n; i++) {
        if (i > 0) {
            buf_putc(buf, ',');
        }
        geo_put_pair(call, p[i], buf);
    }
    if (around != NULL) {
        buf_putc(buf, around[1]);
    }
}
static void point_out(FnCall *call, const Datum *v, Buf *buf)
{
    geo_put_pair(call, geo_point(v), buf);
}
static void lseg_out(FnCall *call, const Datum *v, Buf *buf)
{
    GeoSeg s = geo_lseg(v);
    geo_put_points(call, s.p, 2, "[]", buf);
}
static void box_out(FnCall *call, const Datum *v, Buf *buf)
{
    GeoBox b = geo_box(v);
    GeoPoint p[2] = {b.high, b.low};
    geo_put_points(call, p, 2, NULL, buf);
}
static void line_out(FnCall *call, const Datum *v, Buf *buf)
{
    GeoLine l = geo_line(v);
    buf_putc(buf, '{');
    geo_put_number(call, l.a, buf);
    buf_putc(buf, ',');
    geo_put_number(call, l.b, buf);
    buf_putc(buf, ',');
    geo_put_number(call, l.c, buf);
    buf_putc(buf, '}');
}
static void path_out(FnCall *call, const Datum *v, Buf *buf)
{
    GeoPath p = geo_path(call, v);
    geo_put_points(call, p.p, p.count, p.closed ? "()" : "[]", buf);
}
static void poly_out(FnCall *call, const Datum *v, Buf *buf)
{
    GeoPath p = geo_poly(call, v);
    geo_put_points(call, p.p, p.count, "()", buf);
}
static void circle_out(FnCall *call, const Datum *v, Buf *buf)
{
    GeoCircle c = geo_circle(v);
    buf_putc(buf, '<');
    geo_put_pair(call, c.center, buf);
    buf_putc(buf, ',');
    geo_put_number(call, c.radius, buf);
    buf_putc(buf, '>');
}

/* ---- binary ---- */

static void geo_doubles_in(const char *p, size_t n, double *out)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t bits = load_u64be(p + 8 * i);
        memcpy(&out[i], &bits, 8);
    }
}
static void geo_doubles_out(const char *p, size_t n, Buf *buf)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, p + 8 * i, 8);
        buf_put_u64be(buf, bits);
    }
}
static void geo_fixed_send(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    geo_doubles_out(str_ptr(&v->str), v->str.len / 8, buf);
}
static Status point_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    GeoPoint p;
    TRY(recv_exact(call->cx, bytes, sizeof(p)));
    geo_doubles_in(bytes.ptr, 2, &p.x);
    geo_put_point(call, out, p);
    return ST_OK;
}
static Status lseg_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    double v[4];
    TRY(recv_exact(call->cx, bytes, sizeof(v)));
    geo_doubles_in(bytes.ptr, 4, v);
    geo_put_lseg(call, out, (GeoSeg){{{v[0], v[1]}, {v[2], v[3]}}});
    return ST_OK;
}
static Status box_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    double v[4];
    TRY(recv_exact(call->cx, bytes, sizeof(v)));
    geo_doubles_in(bytes.ptr, 4, v);
    geo_put_box(call, out, geo_box_of((GeoPoint){v[0], v[1]}, (GeoPoint){v[2], v[3]}));
    return ST_OK;
}
static Status line_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    GeoLine l;
    TRY(recv_exact(call->cx, bytes, sizeof(l)));
    geo_doubles_in(bytes.ptr, 3, &l.a);
    if (fuzzy_zero(l.a) && fuzzy_zero(l.b)) {
        return err_set(call->cx, ERRCODE_INVALID_BINARY_REPRESENTATION,
                       "invalid line specification: A and B cannot both be zero");
    }
    geo_put_line(call, out, l);
    return ST_OK;
}
static Status circle_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    double v[3];
    TRY(recv_exact(call->cx, bytes, sizeof(v)));
    geo_doubles_in(bytes.ptr, 3, v);
    if (v[2] < 0) {
        return err_set(call->cx, ERRCODE_INVALID_BINARY_REPRESENTATION,
                       "invalid radius in external \"circle\" value");
    }
    geo_put_circle(call, out, (GeoCircle){{v[0], v[1]}, v[2]});
    return ST_OK;
}

/* geo_list_recv - a count of points and the points. */
static Status geo_list_recv(FnCall *call, Slice bytes, const char *type, GeoPath *out)
{
    if (bytes.len < 4) {
        return recv_exact(call->cx, bytes, 4);
    }
    uint32_t n = load_u32be(bytes.ptr);
    if (n == 0 || n > GEO_POINTS_MAX) {
        return err_set(call->cx, ERRCODE_INVALID_BINARY_REPRESENTATION,
                       "invalid number of points in external \"%s\" value", type);
    }
    TRY(recv_exact(call->cx, (Slice){bytes.ptr + 4, bytes.len - 4}, n * sizeof(GeoPoint)));
    out->p = ARENA_ARRAY(call->arena, GeoPoint, n);
    out->count = n;
    for (uint32_t i = 0; i < n; i++) {
        geo_doubles_in(bytes.ptr + 4 + i * sizeof(GeoPoint), 2, &out->p[i].x);
    }
    return ST_OK;
}
static Status path_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    GeoPath v;
    if (bytes.len < 1) {
        return recv_exact(call->cx, bytes, 1);
    }
    v.closed = bytes.ptr[0] != 0;
    TRY(geo_list_recv(call, (Slice){bytes.ptr + 1, bytes.len - 1}, "path", &v));
    geo_put_path(call, out, v);
    return ST_OK;
}
static Status poly_recv(FnCall *call, Slice bytes, int32_t typmod UNUSED, Datum *out)
{
    GeoPath v = {.closed = true};
    TRY(geo_list_recv(call, bytes, "polygon", &v));
    geo_put_poly(call, out, v);
    return ST_OK;
}
static void path_send(FnCall *call UNUSED, const Datum *v, Buf *buf)
{
    const char *p = str_ptr(&v->str);
    buf_putc(buf, p[0]);
    buf_put_u32be(buf, geo_path_count(v));
    geo_doubles_out(p + PATH_HEAD, 2 * (size_t)geo_path_count(v), buf);
}
static void poly_send(FnCall *call, const Datum *v, Buf *buf)
{
    buf_put_u32be(buf, geo_poly_count(v));
    geo_fixed_send(call, v, buf);
}

/* None has an order or equality by which rows could be sorted or grouped. */
#define GEO_TYPE(oid_, name_, prefix, send_)                                                       \
    {                                                                                              \
        .oid = oid_, .name = name_, .phys = PHYS_STR, .in = prefix##_in, .out = prefix##_out,      \
        .recv = prefix##_recv, .send = send_                                                       \
    }
static const TypeOps GEO_TYPES[] = {
    GEO_TYPE(TYPE_POINT, "point", point, geo_fixed_send),
    GEO_TYPE(TYPE_LSEG, "lseg", lseg, geo_fixed_send),
    GEO_TYPE(TYPE_BOX, "box", box, geo_fixed_send),
    GEO_TYPE(TYPE_LINE, "line", line, geo_fixed_send),
    GEO_TYPE(TYPE_CIRCLE, "circle", circle, geo_fixed_send),
    GEO_TYPE(TYPE_PATH, "path", path, path_send),
    GEO_TYPE(TYPE_POLYGON, "polygon", poly, poly_send),
};
const TypeFamily type_family_geo = {
    .types = GEO_TYPES,
    .type_count = ARRAY_LEN(GEO_TYPES),
};

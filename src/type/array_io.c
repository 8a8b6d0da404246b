/*
 * array_io.c - arrays as text, {1,NULL,"a b"} with [2:4]= before it where bounds are not usual, and
 * on the wire; int2vector and oidvector, which are written 1 2 3.
 *
 * Text is read in two rounds: the structure first, which also cuts the elements out, then the
 * elements by their type's own input, so that a broken structure is told before a broken element.
 */
#include <stdlib.h>

#include "type/array.h"

#include "type/type_internal.h"

/* Where the reader stands between two characters. */
typedef enum ArrayPlace {
    PLACE_OUTSIDE,
    PLACE_OPENED,      /* after { */
    PLACE_WORD,        /* in an element without quotes */
    PLACE_QUOTED,      /* between quotes */
    PLACE_QUOTE_ENDED, /* after the closing quote */
    PLACE_CLOSED,      /* after } */
    PLACE_COMMA,       /* after an element's delimiter */
    PLACE_SUB_COMMA,   /* after a sub-array's delimiter */
} ArrayPlace;

typedef struct ArrayReader {
    FnCall *call;
    Slice text;
    size_t at;
    char delimiter;
    ArrayPlace place;
    uint32_t depth, depth_max;
    int32_t items[ARRAY_DIMS_MAX + 1]; /* of the sub-array open at each depth */
    int32_t known[ARRAY_DIMS_MAX + 1]; /* what an earlier one at that depth had, -1: none */
    ArrayList words;                   /* Datum.str: the text of each element */
    Buf word;
    size_t keep; /* bytes of the word that are not white space at its end */
    bool plain;  /* the word had neither quotes nor backslashes */
} ArrayReader;

static bool array_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static Status array_malformed(ArrayReader *r, const char *detail, char c)
{
    Cx *cx = r->call->cx;
    (void)err_set(cx, ERRCODE_INVALID_TEXT_REPRESENTATION, "malformed array literal: \"%.*s\"",
                  (int)r->text.len, r->text.ptr);
    return c != '\0' ? err_detail(cx, "%s \"%c\" character.", detail, c)
                     : err_detail(cx, "%s", detail);
}

static Status array_too_deep(Cx *cx, uint32_t ndim)
{
    return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                   "number of array dimensions (%u) exceeds the maximum allowed (%d)", ndim,
                   ARRAY_DIMS_MAX);
}

/* reader_word_end - the element that was being read is complete. */
static void reader_word_end(ArrayReader *r)
{
    if (r->place != PLACE_WORD && r->place != PLACE_QUOTE_ENDED) {
        return;
    }
    size_t n = r->place == PLACE_WORD ? r->keep : r->word.len;
    Slice word = {(const char *)r->word.data, n};
    bool is_null = r->plain && r->place == PLACE_WORD && slice_ieq(word, "null");
    Datum d = {.str = str_ref(word.ptr, n)};
    array_list_add(&r->words, PHYS_STR, &d, is_null, true);
    buf_clear(&r->word);
    r->keep = 0;
    r->plain = true;
}

static Status reader_open(ArrayReader *r)
{
    if (r->place != PLACE_OUTSIDE && r->place != PLACE_OPENED && r->place != PLACE_SUB_COMMA) {
        return array_malformed(r, "Unexpected", '{');
    }
    if (r->depth >= ARRAY_DIMS_MAX) {
        return array_too_deep(r->call->cx, r->depth + 1);
    }
    r->items[++r->depth] = 0;
    r->depth_max = MAX(r->depth_max, r->depth);
    r->place = PLACE_OPENED;
    return ST_OK;
}

static Status reader_close(ArrayReader *r)
{
    bool after_item =
        r->place == PLACE_WORD || r->place == PLACE_QUOTE_ENDED || r->place == PLACE_CLOSED;
    if (!after_item && !(r->depth == 1 && r->place == PLACE_OPENED)) {
        return array_malformed(r, "Unexpected", '}');
    }
    reader_word_end(r);
    r->items[r->depth] += after_item ? 1 : 0;
    if (r->known[r->depth] >= 0 && r->known[r->depth] != r->items[r->depth]) {
        return array_malformed(
            r, "Multidimensional arrays must have sub-arrays with matching dimensions.", '\0');
    }
    r->known[r->depth] = r->items[r->depth];
    r->depth--;
    r->place = PLACE_CLOSED;
    return ST_OK;
}

static Status reader_delimiter(ArrayReader *r)
{
    if (r->place != PLACE_WORD && r->place != PLACE_QUOTE_ENDED && r->place != PLACE_CLOSED) {
        return array_malformed(r, "Unexpected", r->delimiter);
    }
    reader_word_end(r);
    r->items[r->depth]++;
    r->place = r->place == PLACE_CLOSED ? PLACE_SUB_COMMA : PLACE_COMMA;
    return ST_OK;
}

/* reader_char - a character that stands for itself, outside quotes. */
static Status reader_char(ArrayReader *r, char c, bool escaped)
{
    if (r->place != PLACE_OPENED && r->place != PLACE_WORD && r->place != PLACE_COMMA) {
        return escaped ? array_malformed(r, "Unexpected", '\\')
                       : array_malformed(r, "Unexpected array element.", '\0');
    }
    if (escaped) {
        if (r->at >= r->text.len) {
            return array_malformed(r, "Unexpected end of input.", '\0');
        }
        c = r->text.ptr[r->at++];
        r->plain = false;
    }
    r->place = PLACE_WORD;
    buf_putc(&r->word, c);
    r->keep = r->word.len;
    return ST_OK;
}

/* reader_quoted - what stands between quotes, from after the opening one. */
static Status reader_quoted(ArrayReader *r)
{
    if (r->place != PLACE_OPENED && r->place != PLACE_COMMA) {
        return array_malformed(r, "Unexpected array element.", '\0');
    }
    r->place = PLACE_QUOTED;
    while (r->at < r->text.len) {
        char c = r->text.ptr[r->at++];
        if (c == '"') {
            r->place = PLACE_QUOTE_ENDED;
            return ST_OK;
        }
        if (c == '\\' && r->at < r->text.len) {
            c = r->text.ptr[r->at++];
        } else if (c == '\\') {
            break;
        }
        buf_putc(&r->word, c);
    }
    return array_malformed(r, "Unexpected end of input.", '\0');
}

/* reader_structure - from the first brace to the last, cutting out the elements. */
static Status reader_structure(ArrayReader *r)
{
    do {
        if (r->at >= r->text.len) {
            return array_malformed(r, "Unexpected end of input.", '\0');
        }
        char c = r->text.ptr[r->at++];
        if (c == '{') {
            TRY(reader_open(r));
        } else if (c == '}') {
            TRY(reader_close(r));
        } else if (c == '"') {
            TRY(reader_quoted(r));
        } else if (c == r->delimiter) {
            TRY(reader_delimiter(r));
        } else if (c == '\\') {
            TRY(reader_char(r, c, true));
        } else if (!array_space(c)) {
            TRY(reader_char(r, c, false));
        } else if (r->place == PLACE_WORD) {
            buf_putc(&r->word, c);
        }
    } while (r->depth > 0);
    while (r->at < r->text.len) {
        if (!array_space(r->text.ptr[r->at++])) {
            return array_malformed(r, "Junk after closing right brace.", '\0');
        }
    }
    return ST_OK;
}

static void reader_spaces(ArrayReader *r)
{
    while (r->at < r->text.len && array_space(r->text.ptr[r->at])) {
        r->at++;
    }
}

static char reader_peek(const ArrayReader *r)
{
    return r->at < r->text.len ? r->text.ptr[r->at] : '\0';
}

/* reader_bound - a number of [2:4]; false when there is no digit. */
static Status reader_bound(ArrayReader *r, int32_t *out, bool *found)
{
    size_t start = r->at;
    while (is_digit(reader_peek(r)) || reader_peek(r) == '-' || reader_peek(r) == '+') {
        r->at++;
    }
    *found = r->at > start;
    *out = 0;
    if (*found) {
        char text[16] = {0};
        memcpy(text, r->text.ptr + start, MIN(r->at - start, sizeof(text) - 1));
        int64_t v = strtol(text, NULL, 10);
        *out = (int32_t)MAX(MIN(v, INT32_MAX), INT32_MIN);
    }
    return ST_OK;
}

/* reader_dimensions - [2:4][3]= before the first brace. */
static Status reader_dimensions(ArrayReader *r, ArrayShape *shape)
{
    reader_spaces(r);
    while (reader_peek(r) == '[') {
        bool found;
        int32_t lower = 1, upper;
        r->at++;
        if (shape->ndim >= ARRAY_DIMS_MAX) {
            return array_too_deep(r->call->cx, shape->ndim + 1);
        }
        TRY(reader_bound(r, &upper, &found));
        if (!found) {
            return array_malformed(r, "\"[\" must introduce explicitly-specified array dimensions.",
                                   '\0');
        }
        if (reader_peek(r) == ':') {
            r->at++;
            lower = upper;
            TRY(reader_bound(r, &upper, &found));
            if (!found) {
                return array_malformed(r, "Missing array dimension value.", '\0');
            }
        }
        if (reader_peek(r) != ']') {
            return array_malformed(r, "Missing \"]\" after array dimensions.", '\0');
        }
        r->at++;
        if (upper < lower) {
            return err_set(r->call->cx, ERRCODE_ARRAY_SUBSCRIPT_ERROR,
                           "upper bound cannot be less than lower bound");
        }
        shape->lower[shape->ndim] = lower;
        shape->dims[shape->ndim++] = (int32_t)MIN((int64_t)upper - lower + 1, INT32_MAX);
        reader_spaces(r);
    }
    if (shape->ndim == 0) {
        return reader_peek(r) == '{'
                   ? ST_OK
                   : array_malformed(
                         r, "Array value must start with \"{\" or dimension information.", '\0');
    }
    if (reader_peek(r) != '=') {
        return array_malformed(r, "Missing \"=\" after array dimensions.", '\0');
    }
    r->at++;
    reader_spaces(r);
    return reader_peek(r) == '{'
               ? ST_OK
               : array_malformed(r, "Array contents must start with \"{\".", '\0');
}

/* reader_shape - the shape the braces make; it must be the one that was announced, if one was. */
static Status reader_shape(ArrayReader *r, ArrayShape *shape)
{
    bool announced = shape->ndim > 0;
    uint64_t product = 1;
    if (announced && shape->ndim != r->depth_max) {
        return array_malformed(r, "Specified array dimensions do not match array contents.", '\0');
    }
    shape->ndim = r->words.count > 0 ? r->depth_max : 0;
    for (uint32_t i = 0; i < r->depth_max; i++) {
        int32_t n = r->known[i + 1];
        if (announced && shape->dims[i] != n) {
            return array_malformed(r, "Specified array dimensions do not match array contents.",
                                   '\0');
        }
        shape->dims[i] = n;
        shape->lower[i] = announced ? shape->lower[i] : 1;
        product *= (uint64_t)(n > 0 ? n : 1);
    }
    /* Elements at different depths: {{1},{{2}}}. */
    if (shape->ndim > 0 && product != r->words.count) {
        return array_malformed(
            r, "Multidimensional arrays must have sub-arrays with matching dimensions.", '\0');
    }
    return ST_OK;
}

Status array_text_in(FnCall *call, Slice text, Oid element, const TypeOps *ops, int32_t typmod,
                     Datum *out)
{
    ArrayReader r = {
        .call = call, .text = text, .delimiter = ',', .words = array_list(call->arena)};
    ArrayShape shape = {.element = call_carrier(call, element)};
    Status st = ST_OK;
    uint32_t count;
    FnCall each = *call;
    each.result_type = type_domain_base(call, element);
    each.state = NULL;
    r.delimiter = element == 603 ? ';' : ','; /* box is alone with its semicolon */
    r.plain = true;
    memset(r.known, 0xff, sizeof(r.known));
    buf_init(&r.word, 1u << 30);
    TRY_OUT(reader_dimensions(&r, &shape));
    TRY_OUT(reader_structure(&r));
    TRY_OUT(reader_shape(&r, &shape));
    TRY_OUT(array_shape_count(call->cx, &shape, &count));
    for (uint32_t i = 0; i < r.words.count; i++) {
        if (!r.words.nulls[i]) {
            Datum d = r.words.values[i];
            Slice word = str_slice(&d.str);
            TRY_OUT(ops->in(&each, word, typmod, &r.words.values[i]));
            TRY_OUT(type_check_domain(call, element, &r.words.values[i]));
            if (ops->phys ==
                PHYS_STR) { /* may refer to the text, which is on the stack when short */
                const Str *s = &r.words.values[i].str;
                r.words.values[i].str = str_copy(call->arena, str_ptr(s), s->len);
            }
        }
    }
    out->str = array_build(call->arena, &shape, r.words.values, r.words.nulls);
out:
    buf_release(&r.word);
    return st;
}

Status array_in(FnCall *call, Slice text, int32_t typmod, Datum *out)
{
    Oid element = call_element(call, call->result_type);
    const TypeOps *ops = type_ops(call_carrier(call, element));
    if (ops == NULL) {
        return err_set(call->cx, ERRCODE_INTERNAL_ERROR, "type %u is not an array type",
                       call->result_type);
    }
    return array_text_in(call, text, element, ops, typmod, out);
}

/* ---- text output ---- */

static bool array_needs_quotes(Slice s, char delimiter)
{
    if (s.len == 0 || slice_ieq(s, "null")) {
        return true;
    }
    for (size_t i = 0; i < s.len; i++) {
        char c = s.ptr[i];
        if (c == '"' || c == '\\' || c == '{' || c == '}' || c == delimiter || array_space(c)) {
            return true;
        }
    }
    return false;
}

static void array_put_element(Slice s, char delimiter, Buf *buf)
{
    if (!array_needs_quotes(s, delimiter)) {
        buf_put_slice(buf, s);
        return;
    }
    buf_putc(buf, '"');
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] == '"' || s.ptr[i] == '\\') {
            buf_putc(buf, '\\');
        }
        buf_putc(buf, s.ptr[i]);
    }
    buf_putc(buf, '"');
}

static void array_put_bounds(const ArrayShape *shape, Buf *buf)
{
    bool usual = true;
    for (uint32_t i = 0; i < shape->ndim; i++) {
        usual = usual && shape->lower[i] == 1;
    }
    for (uint32_t i = 0; !usual && i < shape->ndim; i++) {
        buf_printf(buf, "[%d:%d]", shape->lower[i], shape->lower[i] + shape->dims[i] - 1);
    }
    if (!usual) {
        buf_putc(buf, '=');
    }
}

void array_text_out(FnCall *call, const Datum *v, Buf *buf)
{
    ArrayView a;
    Buf word;
    Datum d;
    bool is_null;
    int32_t at[ARRAY_DIMS_MAX] = {0};
    array_view(&v->str, &a);
    if (a.count == 0) {
        buf_puts(buf, "{}");
        return;
    }
    FnCall each = *call;
    each.result_type = a.shape.element;
    each.state = NULL;
    char delimiter = a.shape.element == 603 ? ';' : ',';
    uint32_t last = a.shape.ndim - 1;
    array_put_bounds(&a.shape, buf);
    buf_init(&word, 1u << 30);
    ArrayIter it = array_iter(&a);
    for (uint32_t open = 0; open <= last; open++) {
        buf_putc(buf, '{');
    }
    while (array_next(&it, &d, &is_null)) {
        if (is_null) {
            buf_puts(buf, "NULL");
        } else {
            buf_clear(&word);
            a.ops->out(&each, &d, &word);
            array_put_element((Slice){(const char *)word.data, word.len}, delimiter, buf);
        }
        /* Step on: close what is complete, then open as much again. */
        uint32_t level = last, closed = 0;
        while (++at[level] == a.shape.dims[level]) {
            at[level] = 0;
            buf_putc(buf, '}');
            closed++;
            if (level-- == 0) {
                break;
            }
        }
        if (closed <= last) {
            buf_putc(buf, delimiter);
        }
        for (; closed > 0 && closed <= last; closed--) {
            buf_putc(buf, '{');
        }
    }
    buf_release(&word);
}

/* ---- the wire ---- */

static Status recv_u32(Cx *cx, Slice *in, uint32_t *out)
{
    if (in->len < 4) {
        return err_set(cx, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
    }
    *out = load_u32be(in->ptr);
    in->ptr += 4;
    in->len -= 4;
    return ST_OK;
}

/* recv_shape - the head of a binary array. */
static Status recv_shape(FnCall *call, Slice *in, Oid wanted, ArrayShape *shape)
{
    Cx *cx = call->cx;
    uint32_t ndim = 0, flags = 0, element = 0;
    TRY(recv_u32(cx, in, &ndim));
    if ((int32_t)ndim < 0) {
        return err_set(cx, ERRCODE_INVALID_BINARY_REPRESENTATION,
                       "invalid number of dimensions: %d", (int32_t)ndim);
    }
    if (ndim > ARRAY_DIMS_MAX) {
        return array_too_deep(cx, ndim);
    }
    TRY(recv_u32(cx, in, &flags));
    if (flags > 1) {
        return err_set(cx, ERRCODE_INVALID_BINARY_REPRESENTATION, "invalid array flags");
    }
    TRY(recv_u32(cx, in, &element));
    if (element != wanted) {
        return err_set(cx, ERRCODE_DATATYPE_MISMATCH,
                       "binary data has array element type %u instead of expected %u", element,
                       wanted);
    }
    *shape = (ArrayShape){.element = element, .ndim = ndim};
    for (uint32_t i = 0; i < ndim; i++) {
        TRY(recv_u32(cx, in, (uint32_t *)&shape->dims[i]));
        TRY(recv_u32(cx, in, (uint32_t *)&shape->lower[i]));
    }
    return ST_OK;
}

Status array_recv(FnCall *call, Slice bytes, int32_t typmod, Datum *out)
{
    Cx *cx = call->cx;
    Oid element = call_element(call, call->result_type);
    const TypeOps *ops = type_ops(call_carrier(call, element));
    ArrayShape shape;
    uint32_t count;
    if (ops == NULL || ops->recv == NULL) {
        return err_unsupported(cx, "binary input of arrays of type %u is not supported", element);
    }
    FnCall each = *call;
    each.result_type = type_domain_base(call, element);
    each.state = NULL;
    TRY(recv_shape(call, &bytes, element, &shape));
    shape.element = call_carrier(call, element);
    TRY(array_shape_count(cx, &shape, &count));
    if (bytes.len / 4 < count) {
        return err_set(cx, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
    }
    ArrayList list = array_list(call->arena);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t len = 0;
        Datum d = {0};
        TRY(recv_u32(cx, &bytes, &len));
        if ((int32_t)len == -1) {
            array_list_add(&list, ops->phys, &d, true, false);
            continue;
        }
        if (len > bytes.len) {
            return err_set(cx, ERRCODE_INVALID_BINARY_REPRESENTATION,
                           "insufficient data left in message");
        }
        TRY(ops->recv(&each, (Slice){bytes.ptr, len}, typmod, &d));
        TRY(type_check_domain(call, element, &d));
        array_list_add(&list, ops->phys, &d, false, true);
        bytes.ptr += len;
        bytes.len -= len;
    }
    if (bytes.len != 0) {
        return err_set(cx, ERRCODE_INVALID_BINARY_REPRESENTATION, "incorrect binary data format");
    }
    bool vector = call->result_type == TYPE_INT2VECTOR || call->result_type == TYPE_OIDVECTOR;
    out->str = vector && count == 0 ? array_vector_empty(call->arena, element)
                                    : array_build(call->arena, &shape, list.values, list.nulls);
    return ST_OK;
}

void array_send(FnCall *call, const Datum *v, Buf *buf)
{
    ArrayView a;
    Datum d;
    bool is_null;
    array_view(&v->str, &a);
    FnCall each = *call;
    Oid element = call_element(call, call->result_type); /* as declared, if it is told */
    element = element != OID_INVALID ? element : a.shape.element;
    each.result_type = element;
    each.state = NULL;
    buf_put_u32be(buf, a.shape.ndim);
    buf_put_u32be(buf, a.valid != NULL ? 1 : 0);
    buf_put_u32be(buf, element);
    for (uint32_t i = 0; i < a.shape.ndim; i++) {
        buf_put_u32be(buf, (uint32_t)a.shape.dims[i]);
        buf_put_u32be(buf, (uint32_t)a.shape.lower[i]);
    }
    ArrayIter it = array_iter(&a);
    while (array_next(&it, &d, &is_null)) {
        size_t at = buf->len;
        buf_put_u32be(buf, UINT32_MAX);
        if (!is_null) {
            a.ops->send(&each, &d, buf);
            if (!buf->overflow) {
                uint32_t len = __builtin_bswap32((uint32_t)(buf->len - at - 4));
                memcpy(buf->data + at, &len, 4);
            }
        }
    }
}

/* ---- int2vector, oidvector: numbers between spaces, counted from 0 ---- */

Status array_vector_text_in(FnCall *call, Slice text, Oid element, Datum *out)
{
    const TypeOps *ops = type_ops(element);
    ArrayList list = array_list(call->arena);
    size_t i = 0;
    while (true) {
        while (i < text.len && array_space(text.ptr[i])) {
            i++;
        }
        size_t start = i;
        while (i < text.len && !array_space(text.ptr[i])) {
            i++;
        }
        if (i == start) {
            break;
        }
        Datum d = {0};
        TRY(ops->in(call, (Slice){text.ptr + start, i - start}, -1, &d));
        array_list_add(&list, ops->phys, &d, false, false);
    }
    ArrayShape shape = {.element = element, .ndim = 1, .dims = {(int32_t)list.count}};
    if (list.count == 0) {
        out->str = array_vector_empty(call->arena, element);
        return ST_OK;
    }
    out->str = array_build(call->arena, &shape, list.values, list.nulls);
    return ST_OK;
}

Status array_vector_in(FnCall *call, Slice text, int32_t typmod UNUSED, Datum *out)
{
    return array_vector_text_in(call, text, type_array_element(call->result_type), out);
}

void array_vector_out(FnCall *call, const Datum *v, Buf *buf)
{
    ArrayView a;
    Datum d;
    bool is_null, first = true;
    array_view(&v->str, &a);
    ArrayIter it = array_iter(&a);
    while (array_next(&it, &d, &is_null)) {
        if (!first) {
            buf_putc(buf, ' ');
        }
        first = false;
        a.ops->out(call, &d, buf);
    }
}

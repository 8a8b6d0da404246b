/*
 * tsvector_text.c - the text and binary forms of tsvector, and the words of both text forms.
 */
#include "tsearch/tsvector.h"

#include <errno.h>
#include <limits.h>

#include "base/map.h"

/* ---- words ---- */

static Status ts_scan_syntax(Cx *cx, const TsScan *s)
{
    return err_set(cx, ERRCODE_SYNTAX_ERROR, "syntax error in %s: \"%.*s\"",
                   s->operators ? "tsquery" : "tsvector", (int)MIN(s->end - s->start, 4096),
                   s->start);
}

/* ts_scan_escaped - the character after a backslash, as it is. */
static Status ts_scan_escaped(Cx *cx, TsScan *s, Buf *word)
{
    s->at++;
    if (s->at >= s->end) {
        return err_set(cx, ERRCODE_SYNTAX_ERROR, "there is no escaped character: \"%.*s\"",
                       (int)MIN(s->end - s->start, 4096), s->start);
    }
    buf_putc(word, *s->at++); /* what follows in a character of several bytes is never special */
    return ST_OK;
}

/* ts_scan_places - "1A,2,3b": at the first digit. */
static Status ts_scan_places(Cx *cx, TsScan *s, TsvWord *out)
{
    uint32_t size = 0, n = 0;
    for (;;) {
        if (!ts_is_digit(ts_peek(s))) {
            return ts_scan_syntax(cx, s);
        }
        int64_t v = 0;
        while (ts_is_digit(ts_peek(s))) {
            v = v > (LONG_MAX - 9) / 10 ? LONG_MAX : v * 10 + (*s->at - '0');
            s->at++;
        }
        int32_t pos = (int32_t)v; /* an integer of C, as it always was */
        pos = (pos > TSV_POSITION_LAST ? TSV_POSITION_LAST : pos) & 0x3fff;
        if (pos == 0) {
            return err_set(cx, ERRCODE_SYNTAX_ERROR, "wrong position info in tsvector: \"%.*s\"",
                           (int)MIN(s->end - s->start, 4096), s->start);
        }
        uint32_t weight = 0;
        for (char c = ts_peek(s); c != ','; c = ts_peek(s)) {
            int w = c == '*' ? 3 : ts_weight(c);
            if (w >= 0 && weight == 0) {
                weight = (uint32_t)w;
            } else if (!ts_is_digit(c)) {
                break;
            }
            s->at++;
        }
        if (n == size) {
            uint32_t more = MAX(size * 2, 4u);
            out->places = arena_grow(s->arena, out->places, size * 2, more * 2);
            size = more;
        }
        out->places[n++] = TSV_PLACE(pos, weight);
        out->place_count = n;
        if (s->at >= s->end || ts_is_space(*s->at)) {
            return ST_OK;
        }
        if (*s->at != ',') {
            return ts_scan_syntax(cx, s);
        }
        s->at++;
    }
}

/* ts_scan_quoted - after the opening quote, to the one that closes. */
static Status ts_scan_quoted(Cx *cx, TsScan *s, Buf *word)
{
    for (;;) {
        if (s->at >= s->end) {
            return ts_scan_syntax(cx, s);
        }
        if (*s->at == '\\') {
            TRY(ts_scan_escaped(cx, s, word));
        } else if (*s->at != '\'') {
            buf_putc(word, *s->at++);
        } else if (s->at + 1 < s->end && s->at[1] == '\'') {
            buf_putc(word, '\'');
            s->at += 2;
        } else {
            s->at++;
            return word->len == 0 ? ts_scan_syntax(cx, s) : ST_OK;
        }
    }
}

/* ts_scan_plain - a word to a space, an operator or a colon; its first character may be one. */
static Status ts_scan_plain(Cx *cx, TsScan *s, Buf *word)
{
    if ((s->operators && ts_is_operator(ts_peek(s))) || (s->web && ts_peek(s) == '"')) {
        return ts_scan_syntax(cx, s);
    }
    for (bool first = true; s->at < s->end; first = false) {
        char c = *s->at;
        if (!s->web && c == '\\') {
            TRY(ts_scan_escaped(cx, s, word));
        } else if (!first && (ts_is_space(c) || c == ':' || (s->operators && ts_is_operator(c)) ||
                              (s->web && c == '"'))) {
            break;
        } else {
            buf_putc(word, c);
            s->at++;
        }
    }
    return ST_OK;
}

Status ts_scan_word(Cx *cx, TsScan *s, TsvWord *out)
{
    Buf word;
    Status st = ST_OK;
    while (s->at < s->end && ts_is_space(*s->at)) {
        s->at++;
    }
    *out = (TsvWord){0};
    if (s->at >= s->end) {
        return ST_DONE;
    }
    buf_init(&word, SIZE_MAX);
    if (!s->web && *s->at == '\'') {
        s->at++;
        TRY_OUT(ts_scan_quoted(cx, s, &word));
    } else {
        TRY_OUT(ts_scan_plain(cx, s, &word));
    }
    out->text = (Slice){arena_memdup(s->arena, word.data, word.len), word.len};
    if (!s->operators && ts_peek(s) == ':') {
        s->at++;
        TRY_OUT(ts_scan_places(cx, s, out));
    }
out:
    buf_release(&word);
    return st;
}

/* ---- text ---- */

void ts_quote(Slice text, Buf *buf)
{
    buf_putc(buf, '\'');
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\'' || c == '\\') {
            buf_putc(buf, c);
        }
        buf_putc(buf, c);
    }
    buf_putc(buf, '\'');
}

Status tsv_parse(Cx *cx, Arena *arena, Slice text, Str *out)
{
    TsScan scan = {.arena = arena, .start = text.ptr, .end = text.ptr + text.len, .at = text.ptr};
    TsvWords words = {.arena = arena};
    TsvWord w;
    Status st;
    size_t bytes = 0;
    while ((st = ts_scan_word(cx, &scan, &w)) == ST_OK) {
        TRY(tsv_word_fits(cx, w.text.len));
        if (bytes > TSV_STRING_MAX) {
            return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                           "string is too long for tsvector (%zu bytes, max %d bytes)", bytes,
                           TSV_STRING_MAX);
        }
        bytes += w.text.len;
        tsv_add(&words, w.text, w.places, w.place_count);
    }
    if (st != ST_DONE) {
        return st;
    }
    tsv_merge(&words);
    return tsv_build(cx, &words, out);
}

void tsv_print(Slice bytes, Buf *buf)
{
    TsVector v = tsv_open(bytes);
    for (uint32_t i = 0; i < v.count; i++) {
        TsvEntry e = tsv_entry(&v, i);
        if (i > 0) {
            buf_putc(buf, ' ');
        }
        ts_quote(e.text, buf);
        for (uint32_t k = 0; k < e.place_count; k++) {
            uint16_t p = tsv_place(&e, k);
            buf_putc(buf, k == 0 ? ':' : ',');
            buf_put_u64_text(buf, TSV_POSITION(p));
            if (TSV_WEIGHT(p) != 0) {
                buf_putc(buf, "DCBA"[TSV_WEIGHT(p)]);
            }
        }
    }
}

/* ---- binary ---- */

void tsv_send(Slice bytes, Buf *buf)
{
    TsVector v = tsv_open(bytes);
    buf_put_u32be(buf, v.count);
    for (uint32_t i = 0; i < v.count; i++) {
        TsvEntry e = tsv_entry(&v, i);
        buf_put_slice(buf, e.text);
        buf_putc(buf, '\0');
        buf_put_u16be(buf, (uint16_t)e.place_count);
        for (uint32_t k = 0; k < e.place_count; k++) {
            buf_put_u16be(buf, tsv_place(&e, k));
        }
    }
}

static Status tsv_receive_short(Cx *cx)
{
    return err_set(cx, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
}

Status tsv_receive(Cx *cx, Arena *arena, Slice in, Str *out)
{
    TsvWords words = {.arena = arena};
    size_t bytes = 0;
    if (in.len < 4) {
        return tsv_receive_short(cx);
    }
    uint32_t count = __builtin_bswap32(ts_load_u32(in.ptr));
    in = (Slice){in.ptr + 4, in.len - 4};
    if (count > (0x3fffffff / 4)) {
        return err_set(cx, ERRCODE_INTERNAL_ERROR, "invalid size of tsvector");
    }
    for (uint32_t i = 0; i < count; i++) {
        const char *end = in.len == 0 ? NULL : memchr(in.ptr, 0, in.len);
        if (end == NULL) {
            return err_set(cx, ERRCODE_PROTOCOL_VIOLATION, "invalid string in message");
        }
        Slice text = {in.ptr, (size_t)(end - in.ptr)};
        in = (Slice){end + 1, in.len - text.len - 1};
        if (in.len < 2) {
            return tsv_receive_short(cx);
        }
        uint32_t n = __builtin_bswap16(ts_load_u16(in.ptr));
        in = (Slice){in.ptr + 2, in.len - 2};
        if (text.len > TSV_LEXEME_MAX + 1) {
            return err_set(cx, ERRCODE_INTERNAL_ERROR, "invalid tsvector: lexeme too long");
        }
        if (bytes > TSV_STRING_MAX) {
            return err_set(cx, ERRCODE_INTERNAL_ERROR,
                           "invalid tsvector: maximum total lexeme length exceeded");
        }
        if (n > TSV_POSITIONS_MAX) {
            return err_set(cx, ERRCODE_INTERNAL_ERROR, "unexpected number of tsvector positions");
        }
        if (in.len < n * 2) {
            return tsv_receive_short(cx);
        }
        uint16_t *places = n == 0 ? NULL : arena_alloc(arena, n * 2);
        for (uint32_t k = 0; k < n; k++) {
            places[k] = __builtin_bswap16(ts_load_u16(in.ptr + k * 2));
            if (k > 0 && TSV_POSITION(places[k]) <= TSV_POSITION(places[k - 1])) {
                return err_set(cx, ERRCODE_INTERNAL_ERROR, "position information is misordered");
            }
        }
        in = (Slice){in.ptr + n * 2, in.len - n * 2};
        bytes += text.len + (n > 0 ? 2 + n * 2 : 0);
        tsv_add(&words, text, places, n);
    }
    if (in.len != 0) {
        return err_set(cx, ERRCODE_INVALID_BINARY_REPRESENTATION,
                       "incorrect binary data format in bind parameter");
    }
    tsv_merge(&words);
    return tsv_build(cx, &words, out);
}

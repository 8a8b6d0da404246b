/*
 * copy_read.c - COPY FROM STDIN: bytes in any pieces to rows of fields, text and CSV.
 *
 * How: complete lines are taken out of `pending`; a field's bytes stay there when nothing had to be
 * unescaped (text), or are unescaped into `fields`. Offsets are kept while a row is built, pointers
 * are made at its end, because both buffers may move. Line ends are detected from the first line,
 * as PostgreSQL does, and must not be mixed.
 */
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/arena.h"
#include "proto/proto.h"

#define COPY_PENDING_MAX ((size_t)1 << 30)

enum { EOL_UNKNOWN, EOL_NL, EOL_CR, EOL_CRNL };

void copy_reader_init(CopyReader *r, const CopyFormat *f)
{
    *r = (CopyReader){.format = f};
    r->null_escaped = strcmp(f->null_text, "\\N") == 0;
    r->null_plain = strchr(f->null_text, '\\') == NULL;
    buf_init(&r->pending, COPY_PENDING_MAX);
    buf_init(&r->fields, COPY_PENDING_MAX);
}

void copy_reader_release(CopyReader *r)
{
    buf_release(&r->pending);
    buf_release(&r->fields);
    mem_free(r->row);
    r->row = NULL;
}

void copy_reader_feed(CopyReader *r, Slice bytes)
{
    if (r->pos != 0) {
        memmove(r->pending.data, r->pending.data + r->pos, r->pending.len - r->pos);
        r->pending.len -= r->pos;
        r->scan_pos -= MIN(r->scan_pos, r->pos);
        r->pos = 0;
    }
    if (bytes.len != 0) {
        buf_put(&r->pending, bytes.ptr, bytes.len);
    }
}

static Status copy_mixed_eol(Cx *cx, CopyReader *r, const char *what)
{
    Status st = err_set(cx, ERRCODE_BAD_COPY_FILE_FORMAT, "literal %s found in data", what);
    if (r->format->csv) {
        (void)err_set(cx, ERRCODE_BAD_COPY_FILE_FORMAT, "unquoted %s found in data", what);
        (void)err_hint(cx, "Use quoted CSV field to represent %s.", what);
    } else {
        (void)err_hint(cx, "Use \"\\%c\" to represent %s.", what[0] == 'c' ? 'r' : 'n', what);
    }
    return st;
}

/*
 * eol_at - is there a line end at p (p < end)? *len_out bytes of it. ST_BUSY when the next byte is
 * needed to know.
 */
static Status eol_at(Cx *cx, CopyReader *r, const uint8_t *p, const uint8_t *end, size_t *len_out)
{
    *len_out = 0;
    if (*p == '\n') {
        if (r->eol == EOL_CR || r->eol == EOL_CRNL) {
            return copy_mixed_eol(cx, r, "newline");
        }
        r->eol = EOL_NL;
        *len_out = 1;
        return ST_OK;
    }
    /* carriage return */
    if (r->eol == EOL_NL) {
        return copy_mixed_eol(cx, r, "carriage return");
    }
    if (r->eol == EOL_CR) {
        *len_out = 1;
        return ST_OK;
    }
    if (p + 1 == end && !r->eof) {
        return ST_BUSY;
    }
    if (p + 1 < end && p[1] == '\n') {
        r->eol = EOL_CRNL;
        *len_out = 2;
        return ST_OK;
    }
    if (r->eol == EOL_CRNL) {
        return copy_mixed_eol(cx, r, "carriage return");
    }
    r->eol = EOL_CR;
    *len_out = 1;
    return ST_OK;
}

/* find_line - [pos, *end_out) is the line, *next_out the byte behind its end. ST_BUSY: more bytes
 * needed. */
static Status find_line(Cx *cx, CopyReader *r, size_t *end_out, size_t *next_out)
{
    const CopyFormat *f = r->format;
    const uint8_t *base = r->pending.data, *end = base + r->pending.len;
    const uint8_t *p = base + MAX(r->scan_pos, r->pos);
    for (; p < end; p++) {
        uint8_t c = *p;
        if (f->csv) {
            if (r->csv_in_quote && c == (uint8_t)f->escape && f->escape != f->quote) {
                if (p + 1 == end && !r->eof) {
                    break;
                }
                p++; /* whatever follows is data */
                continue;
            }
            if (c == (uint8_t)f->quote) {
                r->csv_in_quote = !r->csv_in_quote;
                continue;
            }
            if (r->csv_in_quote) {
                r->inner += c == (r->eol == EOL_NL ? '\n' : '\r') ? 1 : 0;
                continue;
            }
        } else if (c == '\\') {
            if (p + 1 == end && !r->eof) {
                break;
            }
            p++; /* an escaped newline belongs to the field */
            continue;
        }
        if (c != '\n' && c != '\r') {
            continue;
        }
        size_t n = 0;
        Status st = eol_at(cx, r, p, end, &n);
        if (st == ST_BUSY) {
            break;
        }
        TRY(st);
        *end_out = (size_t)(p - base);
        *next_out = *end_out + n;
        r->scan_pos = *next_out;
        return ST_OK;
    }
    r->scan_pos = (size_t)(MIN(p, end) - base);
    if (!r->eof) {
        return ST_BUSY;
    }
    if (r->pos >= r->pending.len) {
        return ST_DONE;
    }
    *end_out = *next_out = r->pending.len;
    return ST_OK;
}

static CopyField *add_field(CopyReader *r)
{
    if (r->field_count == r->field_size) {
        r->field_size = MAX(r->field_size * 2, 16u);
        r->row = mem_realloc("copy", r->row, r->field_size * sizeof(CopyField));
    }
    CopyField *field = &r->row[r->field_count++];
    *field = (CopyField){0};
    return field;
}

static int hex_value(uint8_t c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* unescape_one - the byte a backslash sequence at p (behind the backslash) stands for; returns what
 * follows it. */
static const uint8_t *unescape_one(const uint8_t *p, const uint8_t *end, char *out)
{
    uint8_t c = *p++;
    switch (c) {
    case 'b': *out = '\b'; return p;
    case 'f': *out = '\f'; return p;
    case 'n': *out = '\n'; return p;
    case 'r': *out = '\r'; return p;
    case 't': *out = '\t'; return p;
    case 'v': *out = '\v'; return p;
    case 'x':
        if (p < end && hex_value(*p) >= 0) {
            int v = hex_value(*p++);
            if (p < end && hex_value(*p) >= 0) {
                v = v * 16 + hex_value(*p++);
            }
            *out = (char)v;
            return p;
        }
        *out = 'x';
        return p;
    default: break;
    }
    if (c >= '0' && c <= '7') {
        int v = c - '0';
        for (int i = 0; i < 2 && p < end && *p >= '0' && *p <= '7'; i++) {
            v = v * 8 + (*p++ - '0');
        }
        *out = (char)(v & 0xff);
        return p;
    }
    *out = (char)c;
    return p;
}

/* field_text - one text-format field from p; returns the delimiter's place or end. */
static const uint8_t *field_text(CopyReader *r, const uint8_t *p, const uint8_t *end)
{
    const CopyFormat *f = r->format;
    const uint8_t *start = p;
    while (p < end && *p != (uint8_t)f->delimiter && *p != '\\') {
        p++;
    }
    CopyField *field = add_field(r);
    if (p == end || *p == (uint8_t)f->delimiter) {
        field->ptr = (const char *)start;
        field->len = (uint32_t)(p - start);
        field->is_null = field->len == f->null_len && memcmp(start, f->null_text, f->null_len) == 0;
        return p;
    }
    size_t at = r->fields.len;
    buf_put(&r->fields, start, (size_t)(p - start));
    while (p < end && *p != (uint8_t)f->delimiter) {
        char c = (char)*p++;
        if (c == '\\' && p < end) {
            p = unescape_one(p, end, &c);
        }
        buf_putc(&r->fields, c);
    }
    /* NULL is recognised in the raw text, before unescaping. */
    size_t raw = (size_t)(p - start);
    field->is_null = raw == f->null_len && memcmp(start, f->null_text, raw) == 0;
    field->len = (uint32_t)(r->fields.len - at);
    field->ptr = NULL;
    return p;
}

/* field_csv - one field of a CSV line; quoted parts lose their quotes and escapes. *next_out is
 * behind the field. */
static Status field_csv(Cx *cx, CopyReader *r, const uint8_t *p, const uint8_t *end,
                        const uint8_t **next_out)
{
    const CopyFormat *f = r->format;
    size_t at = r->fields.len;
    bool quoted = false, in_quote = false;
    for (; p < end; p++) {
        uint8_t c = *p;
        if (!in_quote) {
            if (c == (uint8_t)f->delimiter) {
                break;
            }
            if (c == (uint8_t)f->quote) {
                in_quote = quoted = true;
                continue;
            }
        } else if (c == (uint8_t)f->escape && p + 1 < end &&
                   (p[1] == (uint8_t)f->quote || p[1] == (uint8_t)f->escape)) {
            buf_putc(&r->fields, (char)*++p);
            continue;
        } else if (c == (uint8_t)f->quote) {
            in_quote = false;
            continue;
        }
        buf_putc(&r->fields, (char)c);
    }
    if (in_quote) {
        return err_set(cx, ERRCODE_BAD_COPY_FILE_FORMAT, "unterminated CSV quoted field");
    }
    uint32_t index = r->field_count;
    CopyField *field = add_field(r);
    field->len = (uint32_t)(r->fields.len - at);
    bool looks_null =
        field->len == f->null_len &&
        (f->null_len == 0 || memcmp(r->fields.data + at, f->null_text, f->null_len) == 0);
    field->is_null =
        looks_null && (quoted ? f->force_null != NULL && f->force_null[index]
                              : f->force_not_null == NULL || !f->force_not_null[index]);
    *next_out = p;
    return ST_OK;
}

/* fix_pointers - fields that were unescaped lie one behind the other in `fields`. */
static void fix_pointers(CopyReader *r)
{
    const char *at = (const char *)r->fields.data;
    for (uint32_t i = 0; i < r->field_count; i++) {
        if (r->row[i].ptr == NULL) {
            r->row[i].ptr = at;
            at += r->row[i].len;
        }
    }
}

/* ---- plain lines of text at once ---- */

/* text_marks - of 16 bytes: those that end or change a field or a line, one bit each. */
static inline uint32_t text_marks(const uint8_t *p, char delimiter, uint32_t *high)
{
#ifdef __SSE2__
    __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
    __m128i m = _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8(delimiter)),
                             _mm_cmpeq_epi8(v, _mm_set1_epi8('\n')));
    m = _mm_or_si128(m, _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')));
    m = _mm_or_si128(m, _mm_cmpeq_epi8(v, _mm_set1_epi8('\r')));
    m = _mm_or_si128(m, _mm_cmpeq_epi8(v, _mm_setzero_si128()));
    *high |= (uint32_t)_mm_movemask_epi8(v);
    return (uint32_t)_mm_movemask_epi8(m);
#else
    uint32_t marks = 0;
    for (uint32_t i = 0; i < 16; i++) {
        uint8_t c = p[i];
        bool mark = c == (uint8_t)delimiter || c == '\n' || c == '\\' || c == '\r' || c == 0;
        marks |= (uint32_t)mark << i;
        *high |= c & 0x80u;
    }
    return marks;
#endif
}

static inline void add_plain_field(CopyReader *r, const uint8_t *start, const uint8_t *end)
{
    const CopyFormat *f = r->format;
    CopyField *field = add_field(r);
    field->ptr = (const char *)start;
    field->len = (uint32_t)(end - start);
    field->is_null =
        r->null_plain && field->len == f->null_len && memcmp(start, f->null_text, f->null_len) == 0;
}

/*
 * plain_row - a whole line of text whose fields need no unescaping, but for \N: one pass for its
 * end, its fields and whether it is ASCII. False: it is another kind of line or not all there, and
 * nothing has changed; find_line and field_text know what to do.
 */
static bool plain_row(CopyReader *r)
{
    const uint8_t *base = r->pending.data, *end = base + r->pending.len, *p = base + r->pos;
    const uint8_t *start = p;
    char delimiter = r->format->delimiter;
    uint32_t high = 0;
    r->field_count = 0;
    for (; p < end; p += 16) {
        uint8_t last[16] = {0};
        if (UNLIKELY(end - p < 16)) {
            memcpy(last, p, (size_t)(end - p));
        }
        uint32_t marks = text_marks(end - p < 16 ? last : p, delimiter, &high);
        for (; marks != 0; marks &= marks - 1) {
            const uint8_t *at = p + __builtin_ctz(marks);
            if (UNLIKELY(at < start)) {
                continue; /* within what has been taken */
            }
            if (LIKELY(at < end && (*at == (uint8_t)delimiter || *at == '\n'))) {
                add_plain_field(r, start, at);
                start = at + 1;
            } else if (r->null_escaped && at == start && end - at > 2 && *at == '\\' &&
                       at[1] == 'N' && (at[2] == (uint8_t)delimiter || at[2] == '\n')) {
                CopyField *field = add_field(r);
                *field = (CopyField){(const char *)at, 2, true};
                start = at = at + 2;
                start++;
            } else {
                return false;
            }
            if (*at == '\n') {
                r->line++;
                r->line_pos = r->pos;
                r->line_len = (size_t)(at - base) - r->pos;
                r->line_ascii = high == 0;
                r->pos = r->scan_pos = (size_t)(start - base);
                return true;
            }
        }
    }
    return false;
}

Slice copy_reader_line(const CopyReader *r)
{
    return (Slice){(const char *)r->pending.data + r->line_pos, r->line_len};
}

Status copy_reader_row(Cx *cx, CopyReader *r)
{
    size_t end = 0, next = 0;
    if (r->pending.overflow) {
        return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "COPY line is too long");
    }
    if (r->format->binary) {
        return copy_reader_binary_row(cx, r);
    }
    if (r->end_seen) {
        return ST_DONE;
    }
    if (r->eol == EOL_NL && !r->format->csv && r->scan_pos <= r->pos && plain_row(r)) {
        r->line_whole = true;
        return ST_OK;
    }
    r->line_whole = r->line_ascii = false;
    TRY(find_line(cx, r, &end, &next));
    r->line_whole = true;
    r->line += 1 + r->inner;
    r->inner = 0;
    buf_clear(&r->fields);
    r->field_count = 0;
    const uint8_t *p = r->pending.data + r->pos, *stop = r->pending.data + end;
    r->line_pos = r->pos;
    r->line_len = end - r->pos;
    r->pos = next;
    if (stop - p == 2 && p[0] == '\\' && p[1] == '.') {
        r->end_seen = true;
        return ST_DONE;
    }
    for (;;) {
        if (r->format->csv) {
            TRY(field_csv(cx, r, p, stop, &p));
        } else {
            p = field_text(r, p, stop);
        }
        if (p == stop) {
            break;
        }
        p++;
    }
    fix_pointers(r);
    return ST_OK;
}

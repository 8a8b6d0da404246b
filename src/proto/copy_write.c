/*
 * copy_write.c - COPY TO STDOUT in text and CSV: one line a row, in CopyData messages.
 */
#include "proto/proto.h"

/* put_text_escaped - the text format's backslash escapes. */
static void put_text_escaped(const CopyFormat *f, Buf *out, const uint8_t *p, size_t n)
{
    size_t from = 0;
    for (size_t i = 0; i < n; i++) {
        char c = (char)p[i], esc;
        switch (c) {
        case '\b': esc = 'b'; break;
        case '\f': esc = 'f'; break;
        case '\n': esc = 'n'; break;
        case '\r': esc = 'r'; break;
        case '\t': esc = 't'; break;
        case '\v': esc = 'v'; break;
        case '\\': esc = '\\'; break;
        default:
            if (c != f->delimiter) {
                continue;
            }
            esc = c;
            break;
        }
        buf_put(out, p + from, i - from);
        buf_putc(out, '\\');
        buf_putc(out, esc);
        from = i + 1;
    }
    buf_put(out, p + from, n - from);
}

static bool csv_needs_quote(const CopyFormat *f, const uint8_t *p, size_t n, bool single_column)
{
    if (n == f->null_len && memcmp(p, f->null_text, n) == 0) {
        return true; /* a value that looks like NULL */
    }
    if (single_column && n == 2 && memcmp(p, "\\.", 2) == 0) {
        return true;
    }
    for (size_t i = 0; i < n; i++) {
        char c = (char)p[i];
        if (c == f->delimiter || c == f->quote || c == '\n' || c == '\r') {
            return true;
        }
    }
    return false;
}

static void put_csv(const CopyFormat *f, Buf *out, const uint8_t *p, size_t n, bool force,
                    bool single_column)
{
    if (!force && !csv_needs_quote(f, p, n, single_column)) {
        buf_put(out, p, n);
        return;
    }
    buf_putc(out, f->quote);
    for (size_t i = 0; i < n; i++) {
        if ((char)p[i] == f->quote || (char)p[i] == f->escape) {
            buf_putc(out, f->escape);
        }
        buf_putc(out, (char)p[i]);
    }
    buf_putc(out, f->quote);
}

void copy_write_row(const CopyFormat *f, RowWriter *w, Buf *out, Buf *scratch, const Batch *batch,
                    uint32_t row)
{
    size_t at = reply_begin(out, 'd');
    for (uint32_t i = 0; i < w->column_count; i++) {
        if (i != 0) {
            buf_putc(out, f->delimiter);
        }
        const Vector *v = batch->cols[i];
        if (vec_is_null(v, row)) {
            buf_put(out, f->null_text, f->null_len);
            continue;
        }
        Datum d = vec_get(v, row);
        buf_clear(scratch);
        w->ops[i]->out(&w->call, &d, scratch);
        if (f->csv) {
            bool force = f->force_quote_all || (f->force_quote != NULL && f->force_quote[i]);
            put_csv(f, out, scratch->data, scratch->len, force, w->column_count == 1);
        } else {
            put_text_escaped(f, out, scratch->data, scratch->len);
        }
    }
    buf_putc(out, '\n');
    reply_end(out, at);
}

void copy_write_header(const CopyFormat *f, Buf *out, const PlanColumn *cols, uint32_t count)
{
    size_t at = reply_begin(out, 'd');
    for (uint32_t i = 0; i < count; i++) {
        if (i != 0) {
            buf_putc(out, f->delimiter);
        }
        const uint8_t *name = (const uint8_t *)cols[i].name;
        if (f->csv) {
            put_csv(f, out, name, strlen(cols[i].name), false, count == 1);
        } else {
            put_text_escaped(f, out, name, strlen(cols[i].name));
        }
    }
    buf_putc(out, '\n');
    reply_end(out, at);
}

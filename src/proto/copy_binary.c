/*
 * copy_binary.c - COPY in binary: a header, rows of counted fields, a trailer.
 *
 * A row is laid out as in a DataRow message, so that is what writes it. The header goes with the
 * first row (or the trailer) in one message, as PostgreSQL sends it. The reader takes the same
 * bytes in any pieces.
 */
#include "proto/proto.h"

#define COPY_HEADER_BYTES  19u /* signature, flags, length of the extension */
#define COPY_FLAG_CRITICAL 0xffff0000u
#define COPY_FLAG_OIDS     0x00010000u
#define COPY_FIELD_MAX     ((uint32_t)1 << 30)

static const char SIGNATURE[11] = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', '\xff', '\r', '\n', '\0'};

static void put_header(Buf *out)
{
    buf_put(out, SIGNATURE, sizeof(SIGNATURE));
    buf_put_u32be(out, 0);
    buf_put_u32be(out, 0);
}

void copy_write_binary(RowWriter *w, Buf *out, Buf *scratch, const Batch *batch, uint32_t row,
                       bool first)
{
    buf_clear(scratch);
    row_write(w, scratch, batch, row);
    size_t at = reply_begin(out, 'd');
    if (first) {
        put_header(out);
    }
    buf_put(out, scratch->data + 5, scratch->len - 5);
    reply_end(out, at);
}

void copy_write_binary_end(Buf *out, bool first)
{
    size_t at = reply_begin(out, 'd');
    if (first) {
        put_header(out);
    }
    buf_put_u16be(out, UINT16_MAX);
    reply_end(out, at);
}

/* ---- reading ---- */

static uint32_t get_u32(const uint8_t *p)
{
    uint32_t v;
    memcpy(&v, p, 4);
    return __builtin_bswap32(v);
}

/* read_header - ST_BUSY when it is not all there yet. */
static Status read_header(Cx *cx, CopyReader *r)
{
    const uint8_t *p = r->pending.data + r->pos;
    size_t n = r->pending.len - r->pos;
    size_t same = MIN(n, sizeof(SIGNATURE));
    if ((same != 0 && memcmp(p, SIGNATURE, same) != 0) || (n < sizeof(SIGNATURE) && r->eof)) {
        return err_set(cx, ERRCODE_BAD_COPY_FILE_FORMAT, "COPY file signature not recognized");
    }
    if (n < COPY_HEADER_BYTES) {
        if (!r->eof) {
            return ST_BUSY;
        }
        return err_set(cx, ERRCODE_BAD_COPY_FILE_FORMAT, "invalid COPY file header (missing %s)",
                       n < sizeof(SIGNATURE) + 4 ? "flags" : "length");
    }
    uint32_t flags = get_u32(p + sizeof(SIGNATURE)), more = get_u32(p + sizeof(SIGNATURE) + 4);
    if ((flags & COPY_FLAG_OIDS) != 0) {
        return err_set(cx, ERRCODE_BAD_COPY_FILE_FORMAT, "invalid COPY file header (WITH OIDS)");
    }
    if ((flags & COPY_FLAG_CRITICAL) != 0) {
        return err_set(cx, ERRCODE_BAD_COPY_FILE_FORMAT,
                       "unrecognized critical flags in COPY file header");
    }
    if (more > INT32_MAX) {
        return err_set(cx, ERRCODE_BAD_COPY_FILE_FORMAT,
                       "invalid COPY file header (missing length)");
    }
    if (n - COPY_HEADER_BYTES < more) {
        return !r->eof ? ST_BUSY
                       : err_set(cx, ERRCODE_BAD_COPY_FILE_FORMAT,
                                 "invalid COPY file header (wrong length)");
    }
    r->pos += COPY_HEADER_BYTES + more;
    r->header_read = true;
    return ST_OK;
}

static Status short_data(Cx *cx, const CopyReader *r)
{
    return r->eof ? err_set(cx, ERRCODE_BAD_COPY_FILE_FORMAT, "unexpected EOF in COPY data")
                  : ST_BUSY;
}

Status copy_reader_binary_row(Cx *cx, CopyReader *r)
{
    if (!r->header_read) {
        TRY(read_header(cx, r));
    }
    const uint8_t *p = r->pending.data + r->pos, *end = r->pending.data + r->pending.len;
    if (r->end_seen) {
        return p == end ? ST_DONE
                        : err_set(cx, ERRCODE_BAD_COPY_FILE_FORMAT,
                                  "received copy data after EOF marker");
    }
    if (end - p < 2) {
        /* The trailer may be missing where the data ends by itself. */
        return r->eof ? (p == end ? ST_DONE : short_data(cx, r)) : ST_BUSY;
    }
    uint32_t count = (uint32_t)p[0] << 8 | p[1];
    p += 2;
    r->field_count = 0;
    if (count == UINT16_MAX) {
        r->pos += 2;
        r->end_seen = true;
        return copy_reader_binary_row(cx, r);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (end - p < 4) {
            return short_data(cx, r);
        }
        uint32_t len = get_u32(p);
        p += 4;
        if (r->field_count == r->field_size) {
            r->field_size = MAX(r->field_size * 2, 16u);
            r->row = mem_realloc("copy", r->row, r->field_size * sizeof(CopyField));
        }
        if (len == UINT32_MAX) {
            r->row[r->field_count++] = (CopyField){.is_null = true};
            continue;
        }
        if (len > COPY_FIELD_MAX) {
            return err_set(cx, ERRCODE_BAD_COPY_FILE_FORMAT, "invalid field size");
        }
        if ((size_t)(end - p) < len) {
            return short_data(cx, r);
        }
        r->row[r->field_count++] = (CopyField){.ptr = (const char *)p, .len = len};
        p += len;
    }
    r->pos = (size_t)(p - r->pending.data);
    r->line++;
    r->line_whole = r->line_ascii = true;
    return ST_OK;
}

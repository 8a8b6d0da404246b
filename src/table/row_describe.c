/*
 * row_describe.c - the bodies of row records as text, for dump-wal.
 */
#include "table/table_internal.h"

static void describe_tag(uint64_t tag, Buf *out)
{
    buf_printf(out, "%X/%X%s%s", (unsigned)(tag_lsn(tag) >> 32), (unsigned)tag_lsn(tag),
               (tag & TAG_DELETED) != 0 ? " deleted" : "",
               (tag & TAG_HAS_PREV) != 0 ? " prev" : "");
}

static void describe_key(const uint8_t *p, size_t n, Buf *out)
{
    Slice key;
    if (!key_body_decode(p, n, &key)) {
        buf_puts(out, " key damaged");
        return;
    }
    buf_puts(out, " key ");
    for (size_t i = 0; i < MIN(key.len, (size_t)48); i++) {
        buf_printf(out, "%02x", (unsigned char)key.ptr[i]);
    }
    buf_puts(out, key.len > 48 ? "..." : "");
}

/* describe_update - an UPDATE, or the CLR of one, as text: row, tag, which bytes changed, and the
 * skip link of an UPDATE. */
static void describe_update(const WalHeader *hdr, Slice body, bool clr, Buf *out)
{
    UpdateBody u;
    SkipLink link;
    if (!update_body_decode(body, clr, &u)) {
        buf_puts(out, " damaged");
        return;
    }
    buf_printf(out, " row %llu %s ", (unsigned long long)u.rowid, clr ? "tag" : "before");
    describe_tag(u.tag, out);
    buf_printf(out, " bytes %u", u.delta.old_len);
    if (u.delta.old_len != u.delta.new_len) {
        buf_printf(out, "->%u", u.delta.new_len);
    }
    for (uint32_t i = 0; i < u.delta.count; i++) {
        const DeltaRange *r = &u.delta.ranges[i];
        buf_printf(out, " %u+%u", r->at, r->old_n);
        if (r->old_n != r->new_n) {
            buf_printf(out, "->%u", r->new_n);
        }
    }
    if (!clr && skip_link_read(hdr, body, &link)) {
        buf_printf(out, " skip %X/%X", (unsigned)(link.lsn >> 32), (unsigned)link.lsn);
    }
}

/* describe_clr - the body of a compensation record as text. Requires: 8 bytes at least. */
static void describe_clr(const WalHeader *hdr, Slice body, Buf *out)
{
    const uint8_t *p = (const uint8_t *)body.ptr + 8;
    size_t n = body.len - 8;
    buf_printf(out, " next %X/%X", (unsigned)(get_u64(body.ptr) >> 32),
               (unsigned)get_u64(body.ptr));
    switch (wal_flags(hdr)) {
    case CLR_TREE_CREATED: buf_puts(out, " tree created"); return;
    case CLR_CHAIN_FREED: buf_puts(out, " chain freed"); return;
    case CLR_UPDATE_ROW: describe_update(hdr, slice_bytes(p, n), true, out); return;
    case CLR_REMOVE_KEY: describe_key(p, n, out); return;
    case CLR_REMOVE_ROWS:
        if (n >= 10) {
            buf_printf(out, " remove row %llu +%u", (unsigned long long)get_u64(p), get_u16(p + 8));
        }
        return;
    case CLR_TAG_ROW:
        if (n >= 16) {
            buf_printf(out, " row %llu tag ", (unsigned long long)get_u64(p));
            describe_tag(get_u64(p + 8), out);
        }
        return;
    case CLR_TAG_KEY:
        if (n >= 8) {
            buf_puts(out, " tag ");
            describe_tag(get_u64(p), out);
            describe_key(p + 8, n - 8, out);
        }
        return;
    default: buf_puts(out, " of unknown kind");
    }
}

void table_describe_record(const WalHeader *hdr, Slice body, Buf *out)
{
    const uint8_t *p = (const uint8_t *)body.ptr;
    bool index = (wal_flags(hdr) & ROWREC_INDEX) != 0;
    switch (wal_type(hdr)) {
    case WAL_INSERT:
        if (index) {
            describe_key(p, body.len, out);
        } else if (body.len >= 10) {
            buf_printf(out, " row %llu +%u", (unsigned long long)get_u64(p), get_u16(p + 8));
        }
        return;
    case WAL_UPDATE: describe_update(hdr, body, false, out); return;
    case WAL_DELETE:
    case WAL_RESURRECT:
        if (!index && body.len >= 16) {
            buf_printf(out, " row %llu before ", (unsigned long long)get_u64(p));
            describe_tag(get_u64(p + 8), out);
        } else if (index && body.len >= 8) {
            buf_puts(out, " before ");
            describe_tag(get_u64(p), out);
            describe_key(p + 8, body.len - 8, out);
        }
        return;
    case WAL_CLR:
        if (body.len >= 8) {
            describe_clr(hdr, body, out);
        }
        return;
    case WAL_PURGE:
        if (index) {
            describe_key(p, body.len, out);
        } else if (body.len >= 10) {
            buf_printf(out, " row %llu +%u", (unsigned long long)get_u64(p), get_u16(p + 8));
        }
        return;
    default: return;
    }
}

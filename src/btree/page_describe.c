/*
 * page_describe.c - one page of a tree as text, for dump-page: header, fences, entries.
 */
#include "btree/btree_internal.h"

static void describe_bytes(Slice s, Buf *out)
{
    for (size_t i = 0; i < MIN(s.len, (size_t)64); i++) {
        buf_printf(out, "%02x", (unsigned char)s.ptr[i]);
    }
    buf_puts(out, s.len > 64 ? "..." : "");
}

static void describe_fence(const char *name, Slice s, Buf *out)
{
    buf_printf(out, "  %s fence: ", name);
    if (s.ptr == NULL) {
        buf_puts(out, "none");
    }
    describe_bytes(s, out);
    buf_putc(out, '\n');
}

/* describe_leaf_entry - one line about an entry of a leaf; `key` is room for the whole key of an
 * index. */
static void describe_leaf_entry(const PageRef *leaf, uint32_t slot, bool table, Buf *key, Buf *out)
{
    BtEntry e;
    if (!bt_leaf_entry(leaf, slot, &e)) {
        buf_printf(out, "  %u: damaged\n", slot);
        return;
    }
    if (table) {
        buf_printf(out, "  %u: row %llu", slot, (unsigned long long)e.rowid);
    } else {
        bt_leaf_key(leaf, slot, key);
        buf_printf(out, "  %u: key ", slot);
        describe_bytes((Slice){(const char *)key->data, key->len}, out);
    }
    buf_printf(out, " tag %X/%X%s%s", (unsigned)(tag_lsn(e.tag) >> 32), (unsigned)tag_lsn(e.tag),
               (e.tag & TAG_DELETED) != 0 ? " deleted" : "",
               (e.tag & TAG_HAS_PREV) != 0 ? " prev" : "");
    if (table) {
        buf_printf(out, " %u bytes ", e.payload_len);
        describe_bytes((Slice){(const char *)e.payload, e.payload_len}, out);
    }
    buf_putc(out, '\n');
}

void bt_describe_page(PageHeader *h, Buf *out)
{
    PageRef ref = {.hdr = h, .page = h->page, .mode = LATCH_SHARED};
    Buf key;
    if (h->type != PAGE_BT_INNER && h->type != PAGE_BT_INDEX_LEAF &&
        h->type != PAGE_BT_TABLE_LEAF) {
        return;
    }
    buf_init(&key, PAGE_SIZE * 2);
    if (h->type == PAGE_BT_TABLE_LEAF) {
        buf_printf(out, "  row ids from %llu to below %llu\n", (unsigned long long)h->first_rowid,
                   (unsigned long long)h->reserved);
    } else {
        describe_fence("lower", page_lower(h), out);
        describe_fence("upper", page_upper(h), out);
    }
    if (h->type == PAGE_BT_INNER) {
        buf_printf(out, "  level %u\n", key_info(h)->level);
        for (uint32_t i = 0; i < slots_clamped(h); i++) {
            buf_clear(&key);
            key_full(h, i, &key);
            buf_printf(out, "  %u: child %llu from ", i, (unsigned long long)inner_child(h, i));
            describe_bytes((Slice){(const char *)key.data, key.len}, out);
            buf_putc(out, '\n');
        }
    } else {
        for (uint32_t i = 0; i < slots_clamped(h); i++) {
            describe_leaf_entry(&ref, i, h->type == PAGE_BT_TABLE_LEAF, &key, out);
        }
    }
    buf_release(&key);
}

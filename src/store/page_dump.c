/*
 * page_dump.c - one page of a file as it lies on disk, for dump-page: read without opening the
 * store.
 */
#include "store/store_internal.h"

PageNo store_first_page(void)
{
    return STORE_FIRST_PAGE;
}

const char *store_page_type_name(PageNo page, uint8_t type)
{
    static const char *const NAMES[] = {
        "free",       "header",     "space map", "tree directory", "inner",
        "index leaf", "table leaf", "overflow",  "tree layouts",   "sequence"};
    if (page < STORE_FIRST_PAGE) {
        return "header";
    }
    return type < ARRAY_LEN(NAMES) ? NAMES[type] : "unknown type";
}

static void describe_space_map(const PageHeader *h, Buf *out)
{
    const uint8_t *bits = (const uint8_t *)(h + 1);
    uint64_t used = 0;
    for (size_t i = 0; i < SPACE_MAP_BYTES; i++) {
        used += (uint64_t)__builtin_popcount(bits[i]);
    }
    buf_printf(out, "  %llu of %llu pages in use\n", (unsigned long long)used,
               (unsigned long long)SPACE_GROUP_PAGES);
}

static void describe_directory(const PageHeader *h, Buf *out)
{
    const DirEntry *d = (const DirEntry *)(const void *)(h + 1);
    for (uint32_t i = 0; i < DIR_ENTRIES; i++) {
        if (d[i].kind != 0) {
            buf_printf(out, "  %u: tree %u kind %u root %llu layouts %llu flags %u next row %llu\n",
                       i, d[i].tree, d[i].kind, (unsigned long long)d[i].root,
                       (unsigned long long)d[i].meta, d[i].flags,
                       (unsigned long long)d[i].next_rowid);
        }
    }
}

bool store_page_whole(PageNo page, const PageHeader *h, size_t bytes)
{
    return page < STORE_FIRST_PAGE ||
           (bytes == PAGE_SIZE && h->page == page && h->crc == page_crc(h));
}

/* describe_header - the two copies of the file's header. */
static void describe_header(PageNo page, const void *bytes, size_t n, Buf *out)
{
    buf_printf(out, "page %llu: header of the file\n", (unsigned long long)page);
    for (size_t at = 0; at + STORE_HEADER_BYTES <= n; at += STORE_HEADER_BYTES) {
        store_describe_header((const uint8_t *)bytes + at, out);
    }
}

void store_describe_page(PageNo page, const PageHeader *h, size_t bytes, Buf *out)
{
    if (page < STORE_FIRST_PAGE) {
        describe_header(page, h, bytes, out);
        return;
    }
    bool right = h->crc == page_crc(h);
    buf_printf(out, "page %llu: %s, tree %u, lsn %X/%X, newest row %X/%X, checksum %08x %s\n",
               (unsigned long long)h->page, store_page_type_name(page, h->type), h->tree,
               (unsigned)(h->lsn >> 32), (unsigned)h->lsn, (unsigned)(h->max_row_lsn >> 32),
               (unsigned)h->max_row_lsn, h->crc, right ? "right" : "WRONG");
    if (bytes < PAGE_SIZE) {
        buf_printf(out, "  the file ends after %zu of its bytes\n", bytes);
    }
    if (h->page != page) {
        buf_printf(out, "  it should be page %llu\n", (unsigned long long)page);
    }
    buf_printf(out, "  slots %u, heap from %u, fragments %u, next page %llu, flags %u\n",
               h->slot_count, h->heap_top, h->frag_bytes, (unsigned long long)h->next, h->flags);
    if (h->type == PAGE_SPACE_MAP) {
        describe_space_map(h, out);
    } else if (h->type == PAGE_TREE_DIR) {
        describe_directory(h, out);
    }
}

Status store_read_page_of(Cx *cx, OsFile *f, PageNo page, void *bytes, size_t *bytes_out)
{
    *bytes_out = 0;
    memset(bytes, 0, PAGE_SIZE);
    return page < (uint64_t)1 << 40
               ? os_file_pread(cx, f, bytes, PAGE_SIZE, page * PAGE_SIZE, bytes_out)
               : ST_OK;
}

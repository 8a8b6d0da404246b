/*
 * page_dump.c - one page of a file as it lies on disk, for dump-page: read without opening the
 * store.
 */
#include "store/store_internal.h"

static const char *page_type_name(uint8_t type)
{
    static const char *const NAMES[] = {
        "free",       "header",     "space map", "tree directory", "inner",
        "index leaf", "table leaf", "overflow",  "tree layouts",   "sequence"};
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

void store_describe_page(PageNo page, const PageHeader *h, Buf *out)
{
    bool whole = h->crc == page_crc(h);
    buf_printf(out, "page %llu: %s, tree %u, lsn %X/%X, newest row %X/%X, checksum %08x %s\n",
               (unsigned long long)h->page, page_type_name(h->type), h->tree,
               (unsigned)(h->lsn >> 32), (unsigned)h->lsn, (unsigned)(h->max_row_lsn >> 32),
               (unsigned)h->max_row_lsn, h->crc, whole ? "right" : "WRONG");
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

Status store_read_page_of(Cx *cx, Os *os, const char *path, PageNo page, void *bytes)
{
    OsFile *f;
    size_t n = 0;
    TRY(os_file_open(cx, os, path, OS_OPEN_READONLY, &f));
    Status st = page < (uint64_t)1 << 40
                    ? os_file_pread(cx, f, bytes, PAGE_SIZE, page * PAGE_SIZE, &n)
                    : ST_OK;
    os_file_close(f);
    if (st == ST_OK && (n < PAGE_SIZE || page < STORE_FIRST_PAGE)) {
        return err_corrupt(cx, page, "there is no such page");
    }
    return st;
}

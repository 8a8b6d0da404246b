/*
 * dump_pages.c - dump-page: pages of a file as they lie on disk, beside a server or without one.
 *
 * What a page's header says is shown whatever it is; where the page contradicts its checksum or its
 * place in the file, its bytes are shown as well, for they are all there is to go by.
 */
#include "recovery/engine_internal.h"

enum { DUMP_ROW_BYTES = 32 };

static bool dump_zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (p[i] != 0) {
            return false;
        }
    }
    return true;
}

/* dump_hex - offset and bytes by rows; rows of zeros are left out, the last aside. */
static void dump_hex(const uint8_t *p, size_t n, Buf *out)
{
    for (size_t at = 0; at < n; at += DUMP_ROW_BYTES) {
        size_t len = MIN(n - at, (size_t)DUMP_ROW_BYTES);
        if (dump_zero(p + at, len) && at + len < n) {
            continue;
        }
        buf_printf(out, "  %04zx ", at);
        for (size_t i = 0; i < len; i++) {
            buf_printf(out, "%s%02x", i % 4 == 0 ? " " : "", p[at + i]);
        }
        buf_puts(out, "  ");
        for (size_t i = 0; i < len; i++) {
            buf_putc(out, p[at + i] >= 0x20 && p[at + i] < 0x7f ? (char)p[at + i] : '.');
        }
        buf_putc(out, '\n');
    }
}

/* dump_lines - a text as an array of strings, a line each. */
static void dump_lines(const char *name, const Buf *text, Buf *out)
{
    const char *p = (const char *)text->data;
    size_t left = text->len;
    buf_printf(out, ",\"%s\":[", name);
    while (left != 0) {
        const char *end = memchr(p, '\n', left);
        size_t n = end != NULL ? (size_t)(end - p) : left;
        size_t skip = n >= 2 && p[0] == ' ' && p[1] == ' ' ? 2 : 0;
        buf_put_json(out, (Slice){p + skip, n - skip});
        n += end != NULL;
        p += n;
        left -= n;
        buf_puts(out, left != 0 ? "," : "");
    }
    buf_putc(out, ']');
}

/* dump_page_object - the page as one object of JSON. */
static void dump_page_object(PageNo page, const PageHeader *h, size_t bytes, bool hex,
                             const Buf *text, Buf *out)
{
    buf_printf(out,
               "{\"page\":%llu,\"whole\":%s,\"type\":\"%s\",\"own_number\":%llu,\"tree\":%u,"
               "\"lsn\":\"%X/%X\",\"newest_row\":\"%X/%X\",\"checksum\":\"%08x\",\"slots\":%u,"
               "\"heap_top\":%u,\"fragments\":%u,\"next\":%llu,\"flags\":%u",
               (unsigned long long)page, store_page_whole(page, h, bytes) ? "true" : "false",
               store_page_type_name(page, h->type), (unsigned long long)h->page, h->tree,
               (unsigned)(h->lsn >> 32), (unsigned)h->lsn, (unsigned)(h->max_row_lsn >> 32),
               (unsigned)h->max_row_lsn, h->crc, h->slot_count, h->heap_top, h->frag_bytes,
               (unsigned long long)h->next, h->flags);
    dump_lines("lines", text, out);
    if (hex) {
        buf_puts(out, ",\"bytes\":\"");
        for (size_t i = 0; i < bytes; i++) {
            buf_printf(out, "%02x", ((const uint8_t *)h)[i]);
        }
        buf_putc(out, '"');
    }
    buf_puts(out, "}\n");
}

/* dump_page_bytes - one page, of which the file has so many bytes; the rest of PAGE_SIZE is 0. */
static void dump_page_bytes(PageNo page, uint8_t *data, size_t bytes, const EngineDump *o)
{
    PageHeader *h = (PageHeader *)(void *)data;
    bool hex = o->bytes || (!store_page_whole(page, h, bytes) && !dump_zero(data, bytes));
    Buf text, out;
    buf_init(&text, (size_t)8 << 20);
    store_describe_page(page, h, bytes, &text);
    bt_describe_page(h, &text);
    if (!o->json) {
        if (hex) {
            dump_hex(data, bytes, &text);
        }
        o->put(o->arg, (const char *)text.data, text.len);
    } else {
        buf_init(&out, (size_t)64 << 20);
        dump_page_object(page, h, bytes, hex, &text, &out);
        o->put(o->arg, (const char *)out.data, out.len);
        buf_release(&out);
    }
    buf_release(&text);
}

Status engine_dump_page(Cx *cx, Os *os, const char *path, PageNo page, const EngineDump *o)
{
    alignas(4096) uint8_t data[PAGE_SIZE];
    size_t bytes;
    OsFile *f;
    TRY(os_file_open(cx, os, path, OS_OPEN_READONLY, &f));
    Status st = store_read_page_of(cx, f, page, data, &bytes);
    os_file_close(f);
    TRY(st);
    if (bytes == 0) {
        return err_corrupt(cx, page, "there is no such page");
    }
    dump_page_bytes(page, data, bytes, o);
    return ST_OK;
}

Status engine_dump_tree(Cx *cx, Os *os, const char *path, const EngineDump *o)
{
    alignas(4096) uint8_t data[PAGE_SIZE];
    const PageHeader *h = (const PageHeader *)(const void *)data;
    size_t bytes = PAGE_SIZE;
    bool any = false;
    OsFile *f;
    TRY(os_file_open(cx, os, path, OS_OPEN_READONLY, &f));
    Status st = ST_OK;
    for (PageNo page = store_first_page(); st == ST_OK && bytes != 0; page++) {
        st = store_read_page_of(cx, f, page, data, &bytes);
        if (st == ST_OK && bytes >= sizeof(*h) && h->tree == o->tree && h->type != PAGE_FREE) {
            any = true;
            dump_page_bytes(page, data, bytes, o);
        }
        st_keep_first(&st, cx_check(cx));
    }
    os_file_close(f);
    return st != ST_OK || any ? st
                              : err_set(cx, ERRCODE_UNDEFINED_OBJECT,
                                        "no page in the file says it is of tree %u", o->tree);
}

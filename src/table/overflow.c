/*
 * overflow.c - values out of line: immutable chains of pages.
 *
 * A chain is written back to front, so that each piece knows the page that follows, and is never
 * changed. Its pages bear a stamp (a log position at the time of writing, so no two chains that use
 * the same first page share one): freeing compares it, which makes freeing repeatable after a crash
 * and harmless when the pages belong to somebody else by now. The bytes lie at the end of the page,
 * heap_top says where they begin.
 */
#include "table/table_internal.h"

#define OVERFLOW_PAGE_BYTES (PAGE_SIZE - sizeof(PageHeader))
enum { OVERFLOW_PAGES_PER_RECORD = 8 };

/* overflow_write_piece - up to 8 pages holding `bytes`, linked to `next`; one record. */
static Status overflow_write_piece(Cx *cx, Engine *e, TreeId tree, Slice bytes, uint64_t stamp,
                                   PageNo next, PageNo *first_out)
{
    PageNo pages[OVERFLOW_PAGES_PER_RECORD];
    PageRef refs[OVERFLOW_PAGES_PER_RECORD];
    uint32_t n = (uint32_t)((bytes.len + OVERFLOW_PAGE_BYTES - 1) / OVERFLOW_PAGE_BYTES);
    for (uint32_t i = 0; i < n; i++) {
        Status st = page_reserve(cx, e->store, &pages[i]);
        if (st != ST_OK) {
            while (i > 0) {
                page_unreserve(e->store, pages[--i]);
            }
            return st;
        }
    }
    Smo smo;
    smo_begin(&smo, e->store);
    for (uint32_t i = 0; i < n; i++) {
        size_t at = (size_t)i * OVERFLOW_PAGE_BYTES;
        size_t len = MIN(bytes.len - at, OVERFLOW_PAGE_BYTES);
        page_lock_new(e->store, pages[i], PAGE_OVERFLOW, tree, &refs[i]);
        PageHeader *h = refs[i].hdr;
        h->heap_top = (uint16_t)(PAGE_SIZE - len);
        h->next = i + 1 < n ? pages[i + 1] : next;
        h->first_rowid = stamp;
        memcpy((uint8_t *)h + h->heap_top, bytes.ptr + at, len);
        smo_alloc(&smo, pages[i]);
        smo_image(&smo, &refs[i]);
    }
    (void)smo_commit(&smo, tree);
    for (uint32_t i = 0; i < n; i++) {
        page_unlock(e->store, &refs[i]);
    }
    *first_out = pages[0];
    return ST_OK;
}

Status overflow_write(Cx *cx, Engine *e, TreeId tree, Slice bytes, OverflowRef *ref_out)
{
    const size_t piece = OVERFLOW_PAGES_PER_RECORD * OVERFLOW_PAGE_BYTES;
    uint64_t stamp = wal_head(e->wal);
    PageNo next = PAGE_NO_INVALID;
    size_t count = MAX((bytes.len + piece - 1) / piece, 1);
    if (bytes.len > UINT32_MAX) {
        return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "value of %zu bytes is too large",
                       bytes.len);
    }
    for (size_t k = count; k-- > 0;) {
        size_t at = k * piece;
        Slice part = {bytes.ptr + at, MIN(bytes.len - at, piece)};
        TRY(wal_admit(cx, e->wal, part.len + 4096));
        TRY(overflow_write_piece(cx, e, tree, part, stamp, next, &next));
    }
    *ref_out = (OverflowRef){next, stamp, (uint32_t)bytes.len, 0};
    return ST_OK;
}

Status overflow_read(Cx *cx, Engine *e, const OverflowRef *ref, void *out)
{
    uint8_t *p = out;
    size_t left = ref->len;
    PageNo page = ref->page;
    while (left != 0) {
        PageRef r;
        TRY(page_lock(cx, e->store, page, LATCH_SHARED, &r));
        const PageHeader *h = r.hdr;
        size_t n = h->heap_top <= PAGE_SIZE ? (size_t)PAGE_SIZE - h->heap_top : 0;
        bool good = h->type == PAGE_OVERFLOW && h->first_rowid == ref->stamp && n != 0 &&
                    n <= left && n <= OVERFLOW_PAGE_BYTES;
        if (good) {
            memcpy(p, (const uint8_t *)h + h->heap_top, n);
        }
        PageNo next = h->next;
        page_unlock(e->store, &r);
        if (!good) {
            return err_corrupt(cx, page, "overflow page does not belong to the value");
        }
        p += n;
        left -= n;
        page = next;
    }
    return ST_OK;
}

Status overflow_each_page(Cx *cx, Engine *e, PageNo page, uint64_t stamp,
                          Status (*fn)(void *arg, Cx *cx, PageNo page), void *arg)
{
    while (page != PAGE_NO_INVALID && page < store_page_count(e->store)) {
        PageRef r;
        TRY(page_lock(cx, e->store, page, LATCH_SHARED, &r));
        bool ours = r.hdr->type == PAGE_OVERFLOW && r.hdr->first_rowid == stamp;
        PageNo next = r.hdr->next;
        page_unlock(e->store, &r);
        if (!ours) {
            break;
        }
        TRY(fn(arg, cx, page));
        page = next;
    }
    return ST_OK;
}

static Status overflow_collect(void *arg, Cx *cx, PageNo page)
{
    (void)cx;
    buf_put(arg, &page, sizeof(page));
    return ST_OK;
}

Status overflow_free(Cx *cx, Engine *e, TreeId tree, PageNo page, uint64_t stamp)
{
    Status st = ST_OK;
    Buf pages;
    buf_init(&pages, (size_t)1 << 30);
    TRY_OUT(overflow_each_page(cx, e, page, stamp, overflow_collect, &pages));
    /* From the tail: whatever a crash leaves is still a chain from its first page. */
    size_t n = pages.len / sizeof(PageNo);
    while (n != 0) {
        size_t k = MIN(n, (size_t)OVERFLOW_PAGES_PER_RECORD);
        PageRef refs[OVERFLOW_PAGES_PER_RECORD];
        Smo smo;
        smo_begin(&smo, e->store);
        size_t locked = 0;
        for (size_t i = 0; i < k && st == ST_OK; i++) {
            PageNo no;
            memcpy(&no, pages.data + (n - k + i) * sizeof(no), sizeof(no));
            st = page_lock(cx, e->store, no, LATCH_EXCLUSIVE, &refs[i]);
            if (st == ST_OK) {
                locked++;
            }
        }
        if (st != ST_OK) {
            for (size_t i = 0; i < locked; i++) {
                page_unlock(e->store, &refs[i]);
            }
            buf_release(&smo.ops);
            goto out;
        }
        for (size_t i = 0; i < k; i++) {
            page_dirty(e->store, &refs[i]);
            refs[i].hdr->type = PAGE_FREE;
            refs[i].hdr->first_rowid = 0;
            smo_image(&smo, &refs[i]);
            smo_free(&smo, refs[i].page);
        }
        (void)smo_commit(&smo, tree);
        for (size_t i = 0; i < k; i++) {
            page_unlock(e->store, &refs[i]);
        }
        n -= k;
    }
out:
    buf_release(&pages);
    return st;
}

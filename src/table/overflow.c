/*
 * overflow.c - values out of line: immutable chains of pages.
 *
 * A chain begins with a log record of its transaction (NOOP_CHAIN_WRITTEN) that names its first
 * page, and whose LSN is the stamp all its pages bear: undo, also after a crash, frees what was
 * written of it, whatever else did or did not happen. The stamp is compared before a page is freed,
 * which makes freeing repeatable and harmless when the pages belong to somebody else by now. Pages
 * are written front to back, 8 with one record; the first page of the next 8 is reserved
 * beforehand, so that the last of these can name it. The bytes lie at the end of the page, heap_top
 * says where they begin.
 *
 * A value of more than a page is compressed in blocks, each after a u32: its stored length, and
 * whether it is stored as it is. So writing and reading need no second copy of the value.
 */
#include <lz4.h>

#include "table/table_internal.h"

#define OVERFLOW_PAGE_BYTES (PAGE_SIZE - sizeof(PageHeader))
enum {
    OVERFLOW_PAGES_PER_RECORD = 8,
    OVERFLOW_PIECE_BYTES = OVERFLOW_PAGES_PER_RECORD * OVERFLOW_PAGE_BYTES,
    OVERFLOW_BLOCK_BYTES = 64 << 10, /* of the value, compressed by itself */
};
#define OVERFLOW_BLOCK_RAW 0x80000000u

/* ---- writing ---- */

/* ChainWriter - the pieces of a chain on their way to pages. */
typedef struct ChainWriter {
    Engine *e;
    TreeId tree;
    uint64_t stamp;
    PageNo next; /* reserved: where the next piece begins */
    uint32_t used;
    uint8_t *piece; /* OVERFLOW_PIECE_BYTES */
} ChainWriter;

/* chain_reserve - the pages after the first of a piece of n, and (unless it is the last) the first
 * of the next. */
static Status chain_reserve(Cx *cx, ChainWriter *w, PageNo *pages, uint32_t n, bool last)
{
    pages[0] = w->next;
    pages[n] = PAGE_NO_INVALID;
    for (uint32_t i = 1; i < n + (last ? 0 : 1); i++) {
        Status st = page_reserve(cx, w->e->store, &pages[i]);
        if (st != ST_OK) {
            while (i > 1) {
                page_unreserve(w->e->store, pages[--i]);
            }
            return st;
        }
    }
    return ST_OK;
}

/* chain_flush - the bytes gathered go to pages; one record. */
static Status chain_flush(Cx *cx, ChainWriter *w, bool last)
{
    PageNo pages[OVERFLOW_PAGES_PER_RECORD + 1];
    PageRef refs[OVERFLOW_PAGES_PER_RECORD];
    uint32_t n =
        MAX((w->used + (uint32_t)OVERFLOW_PAGE_BYTES - 1) / (uint32_t)OVERFLOW_PAGE_BYTES, 1u);
    TRY(wal_admit(cx, w->e->wal, w->used + 4096));
    TRY(chain_reserve(cx, w, pages, n, last));
    Smo smo;
    smo_begin(&smo, w->e->store);
    for (uint32_t i = 0; i < n; i++) {
        size_t at = (size_t)i * OVERFLOW_PAGE_BYTES;
        size_t len = MIN(w->used - at, OVERFLOW_PAGE_BYTES);
        page_lock_new(w->e->store, pages[i], PAGE_OVERFLOW, w->tree, &refs[i]);
        PageHeader *h = refs[i].hdr;
        h->heap_top = (uint16_t)(PAGE_SIZE - len);
        h->next = pages[i + 1];
        h->first_rowid = w->stamp;
        memcpy((uint8_t *)h + h->heap_top, w->piece + at, len);
        smo_alloc(&smo, pages[i]);
        smo_image(&smo, &refs[i]);
    }
    (void)smo_commit(&smo, w->tree);
    for (uint32_t i = 0; i < n; i++) {
        page_unlock(w->e->store, &refs[i]);
    }
    w->next = pages[n];
    w->used = 0;
    return ST_OK;
}

/* chain_put - append bytes. A full piece is flushed only when more comes: the last is known at the
 * end. */
static Status chain_put(Cx *cx, ChainWriter *w, const void *bytes, size_t n)
{
    const uint8_t *p = bytes;
    while (n != 0) {
        if (w->used == OVERFLOW_PIECE_BYTES) {
            TRY(chain_flush(cx, w, false));
        }
        size_t k = MIN(n, (size_t)OVERFLOW_PIECE_BYTES - w->used);
        memcpy(w->piece + w->used, p, k);
        w->used += (uint32_t)k;
        p += k;
        n -= k;
    }
    return ST_OK;
}

/* chain_put_block - one block, compressed into `room` if that makes it smaller. */
static Status chain_put_block(Cx *cx, ChainWriter *w, Slice block, char *room)
{
    int n = LZ4_compress_default(block.ptr, room, (int)block.len, (int)block.len - 1);
    uint32_t head = n > 0 ? (uint32_t)n : (uint32_t)block.len | OVERFLOW_BLOCK_RAW;
    TRY(chain_put(cx, w, &head, sizeof(head)));
    return chain_put(cx, w, n > 0 ? room : block.ptr, n > 0 ? (size_t)n : block.len);
}

/* chain_pays - does compressing save an eighth of the first block? The rest is taken to be alike.
 */
static bool chain_pays(Slice bytes, char *room)
{
    int n = (int)MIN(bytes.len, (size_t)OVERFLOW_BLOCK_BYTES);
    return bytes.len > OVERFLOW_PAGE_BYTES &&
           LZ4_compress_default(bytes.ptr, room, n, n - n / 8) > 0;
}

/* chain_write - all of the value, and the end. */
static Status chain_write(Cx *cx, ChainWriter *w, Slice bytes, char *room, bool compress)
{
    while (compress && bytes.len != 0) {
        size_t n = MIN(bytes.len, (size_t)OVERFLOW_BLOCK_BYTES);
        TRY(cx_check(cx));
        TRY(chain_put_block(cx, w, (Slice){bytes.ptr, n}, room));
        bytes.ptr += n;
        bytes.len -= n;
    }
    while (bytes.len != 0) {
        size_t n = MIN(bytes.len, (size_t)OVERFLOW_BLOCK_BYTES);
        TRY(cx_check(cx));
        TRY(chain_put(cx, w, bytes.ptr, n));
        bytes.ptr += n;
        bytes.len -= n;
    }
    return chain_flush(cx, w, true);
}

Status overflow_write(Cx *cx, Engine *e, Txn *txn, TreeId tree, Slice bytes, bool compress,
                      OverflowRef *ref_out)
{
    ChainWriter w = {.e = e, .tree = tree};
    if (bytes.len > OVERFLOW_BYTES_MAX) {
        return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "value of %zu bytes is too large",
                       bytes.len);
    }
    TRY(page_reserve(cx, e->store, &w.next));
    PageNo first = w.next;
    w.piece = mem_alloc("overflow", OVERFLOW_PIECE_BYTES + OVERFLOW_BLOCK_BYTES);
    char *room = (char *)w.piece + OVERFLOW_PIECE_BYTES;
    compress = compress && chain_pays(bytes, room);
    w.stamp = txn_chain_written(txn, tree, first);
    Status st = chain_write(cx, &w, bytes, room, compress);
    if (st != ST_OK && w.next != PAGE_NO_INVALID) {
        page_unreserve(e->store, w.next); /* what was written before it goes by undo */
    }
    mem_free(w.piece);
    *ref_out = (OverflowRef){first, w.stamp, (uint32_t)bytes.len, compress ? OVERFLOW_LZ4 : 0};
    return st;
}

/* ---- reading ---- */

/* ChainReader - a place in a chain. */
typedef struct ChainReader {
    Engine *e;
    PageNo page;
    uint64_t stamp;
    uint32_t at; /* bytes of the page passed */
} ChainReader;

/* chain_get - the next n bytes. */
static Status chain_get(Cx *cx, ChainReader *r, void *out, size_t n)
{
    uint8_t *to = out;
    while (n != 0) {
        PageRef ref;
        if (r->page == PAGE_NO_INVALID || r->page >= store_page_count(r->e->store)) {
            return err_corrupt(cx, r->page, "a value's chain of pages ends too early");
        }
        TRY(page_lock(cx, r->e->store, r->page, LATCH_SHARED, &ref));
        const PageHeader *h = ref.hdr;
        size_t size = h->heap_top <= PAGE_SIZE ? (size_t)PAGE_SIZE - h->heap_top : 0;
        bool good = h->type == PAGE_OVERFLOW && h->first_rowid == r->stamp && size > r->at &&
                    size <= OVERFLOW_PAGE_BYTES;
        size_t k = good ? MIN(n, size - r->at) : 0;
        if (good) {
            memcpy(to, (const uint8_t *)h + h->heap_top + r->at, k);
        }
        PageNo next = h->next, page = r->page;
        page_unlock(r->e->store, &ref);
        if (!good) {
            return err_corrupt(cx, page, "overflow page does not belong to the value");
        }
        to += k;
        n -= k;
        r->at += (uint32_t)k;
        if (r->at == size) {
            r->page = next;
            r->at = 0;
        }
    }
    return ST_OK;
}

/* chain_get_block - the next block, which is n bytes of the value. */
static Status chain_get_block(Cx *cx, ChainReader *r, char *out, size_t n, char *room)
{
    uint32_t head;
    PageNo page = r->page;
    TRY(chain_get(cx, r, &head, sizeof(head)));
    if ((head & OVERFLOW_BLOCK_RAW) != 0) {
        return (head & ~OVERFLOW_BLOCK_RAW) == n
                   ? chain_get(cx, r, out, n)
                   : err_corrupt(cx, page, "block of a value has a wrong length");
    }
    if (head >= n) {
        return err_corrupt(cx, page, "block of a value has a wrong length");
    }
    TRY(chain_get(cx, r, room, head));
    return LZ4_decompress_safe(room, out, (int)head, (int)n) == (int)n
               ? ST_OK
               : err_corrupt(cx, page, "compressed block of a value is damaged");
}

Status overflow_read(Cx *cx, Engine *e, const OverflowRef *ref, void *out)
{
    ChainReader r = {.e = e, .page = ref->page, .stamp = ref->stamp};
    if (ref->flags > OVERFLOW_LZ4 || ref->len > OVERFLOW_BYTES_MAX) {
        return err_corrupt(cx, ref->page, "reference to a value out of line is damaged");
    }
    if (ref->flags != OVERFLOW_LZ4) {
        return chain_get(cx, &r, out, ref->len);
    }
    char *to = out, *room = mem_alloc("overflow", OVERFLOW_BLOCK_BYTES);
    Status st = ST_OK;
    for (size_t left = ref->len; left != 0 && st == ST_OK;) {
        size_t n = MIN(left, (size_t)OVERFLOW_BLOCK_BYTES);
        st = chain_get_block(cx, &r, to, n, room);
        to += n;
        left -= n;
        if (st == ST_OK) {
            st = cx_check(cx);
        }
    }
    mem_free(room);
    return st;
}

Status overflow_each_page(Cx *cx, Engine *e, PageNo page, uint64_t stamp,
                          Status (*fn)(void *arg, Cx *cx, PageNo page), void *arg)
{
    /*
     * Behind the last piece that was written comes a page that was not, or is somebody else's. A
     * page met again is damage: it is looked for with one page kept, after 1, 2, 4 ... steps (R. P.
     * Brent, "An improved Monte Carlo factorization algorithm", 1980).
     */
    PageNo kept = PAGE_NO_INVALID;
    uint64_t steps = 0, next_kept = 1;
    while (page != PAGE_NO_INVALID && store_page_used(e->store, page)) {
        PageRef r;
        if (page == kept) {
            return err_corrupt(cx, page, "chain of a value out of line comes back to itself");
        }
        if (++steps == next_kept) {
            kept = page;
            next_kept *= 2;
        }
        Status st = page_lock(cx, e->store, page, LATCH_SHARED, &r);
        if (st == ST_ERROR && cx->err->sqlstate == ERRCODE_DATA_CORRUPTED) {
            err_clear(cx);
            break;
        }
        TRY(st);
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

/* ---- freeing ---- */

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
    st = overflow_each_page(cx, e, page, stamp, overflow_collect, &pages);
    if (st == ST_ERROR && cx->err->sqlstate == ERRCODE_DATA_CORRUPTED) {
        err_clear(cx); /* a ring: its pages stay as they are for `dassie check` to tell of */
        st = ST_OK;
        goto out;
    }
    TRY_OUT(st);
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
            smo_bytes(&smo, &refs[i], 0, 8); /* the type: no page of a chain any more */
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

/*
 * smo.c - structure-change records: one log record with a list of page operations, and their redo.
 *
 * Body: operations, each {u8 op, u8 0, u16 offset, u32 length, u64 page} and its bytes padded to 8.
 *   IMAGE  the whole page without its longest run of zero bytes: offset = start of the run, length
 * = bytes that follow; the run's length is what is missing to PAGE_SIZE BYTES  bytes [offset,
 * offset + length) of the page ALLOC  the page's bit in the space map is set;  FREE  it is cleared
 * Redo-only and all or nothing (the record's checksum), so structure changes need no undo (shared
 * engine notes 1.3).
 */
#include "store/store_internal.h"

enum { SMO_IMAGE = 1, SMO_BYTES = 2, SMO_ALLOC = 3, SMO_FREE = 4 };
#define SMO_BYTES_MAX   ((size_t)WAL_RECORD_BYTES_MAX - 4096)
#define REDO_GROW_PAGES 64u
#define SMO_MANY_GROUPS 16u

typedef struct SmoOp {
    uint8_t op, reserved;
    uint16_t offset;
    uint32_t len;
    PageNo page;
} SmoOp;
STATIC_ASSERT(sizeof(SmoOp) == 16, "SmoOp is 16 bytes on disk");

void smo_begin(Smo *smo, Store *s)
{
    memset(smo, 0, sizeof(*smo));
    smo->store = s;
    buf_init(&smo->ops, SMO_BYTES_MAX);
}

static void smo_op(Smo *smo, uint8_t op, uint16_t offset, uint32_t len, PageNo page)
{
    SmoOp o = {.op = op, .offset = offset, .len = len, .page = page};
    buf_put(&smo->ops, &o, sizeof(o));
}

static void smo_pad(Smo *smo)
{
    static const uint8_t ZEROS[8];
    buf_put(&smo->ops, ZEROS, ALIGN_UP(smo->ops.len, (size_t)8) - smo->ops.len);
}

/* smo_page - remember the page for its LSN. */
static void smo_page(Smo *smo, PageRef *ref)
{
    page_dirty(smo->store, ref);
    for (uint32_t i = 0; i < smo->page_count; i++) {
        if (smo->pages[i] == ref) {
            return;
        }
    }
    ASSERT(smo->page_count < ARRAY_LEN(smo->pages));
    smo->pages[smo->page_count++] = ref;
}

/* zero_run - the longest run of zero words behind the header. */
static void zero_run(const PageHeader *h, uint32_t *start_out, uint32_t *len_out)
{
    const uint64_t *w = (const uint64_t *)(const void *)h;
    uint32_t words = PAGE_SIZE / 8, best = 0, best_at = words;
    for (uint32_t i = sizeof(PageHeader) / 8; i < words;) {
        uint32_t from = i;
        while (i < words && w[i] == 0) {
            i++;
        }
        if (i - from > best) {
            best = i - from;
            best_at = from;
        }
        i++;
    }
    *start_out = best_at * 8;
    *len_out = best * 8;
}

void smo_image(Smo *smo, PageRef *ref)
{
    uint32_t hole, hole_len;
    smo_page(smo, ref);
    zero_run(ref->hdr, &hole, &hole_len);
    const uint8_t *bytes = (const uint8_t *)ref->hdr;
    smo_op(smo, SMO_IMAGE, (uint16_t)(hole / 8), PAGE_SIZE - hole_len, ref->page);
    buf_put(&smo->ops, bytes, hole);
    buf_put(&smo->ops, bytes + hole + hole_len, PAGE_SIZE - hole - hole_len);
    smo_pad(smo);
}

void smo_bytes(Smo *smo, PageRef *ref, uint32_t offset, uint32_t n)
{
    ASSERT(offset + n <= PAGE_SIZE);
    smo_page(smo, ref);
    smo_op(smo, SMO_BYTES, (uint16_t)offset, n, ref->page);
    buf_put(&smo->ops, (const uint8_t *)ref->hdr + offset, n);
    smo_pad(smo);
}

void smo_diff(Smo *smo, PageRef *ref, const void *before)
{
    const uint64_t *old = before, *now = (const uint64_t *)(const void *)ref->hdr;
    const uint32_t words = PAGE_SIZE / 8,
                   gap_max = 4; /* shorter gaps cost less than another operation */
    smo_page(smo, ref);
    for (uint32_t i = 0; i < words;) {
        if (old[i] == now[i]) {
            i++;
            continue;
        }
        uint32_t from = i, last = i;
        for (; i < words && i - last <= gap_max; i++) {
            last = old[i] != now[i] ? i : last;
        }
        smo_bytes(smo, ref, from * 8, (last + 1 - from) * 8);
    }
}

void smo_alloc(Smo *smo, PageNo page)
{
    ASSERT(smo->alloc_count < ARRAY_LEN(smo->alloc));
    smo->alloc[smo->alloc_count++] = page;
    smo_op(smo, SMO_ALLOC, 0, 0, page);
}

void smo_free(Smo *smo, PageNo page)
{
    ASSERT(smo->freed_count < ARRAY_LEN(smo->freed));
    smo->freed[smo->freed_count++] = page;
    smo_op(smo, SMO_FREE, 0, 0, page);
}

uint32_t smo_free_many(Smo *smo, const PageNo *pages, uint32_t count)
{
    PageNo groups[SMO_MANY_GROUPS];
    uint32_t n = 0, group_count = 0;
    ASSERT(smo->many == NULL);
    for (; n < count; n++) {
        PageNo page = pages[count - 1 - n], map = space_map_page(page);
        uint32_t g = 0;
        while (g < group_count && groups[g] != map) {
            g++;
        }
        if (g == SMO_MANY_GROUPS) {
            break;
        }
        groups[g] = map;
        group_count = MAX(group_count, g + 1);
        smo_op(smo, SMO_FREE, 0, 0, page);
    }
    smo->many = pages + (count - n);
    smo->many_count = n;
    return n;
}

/* smo_space - the i-th page whose bit the record changes, and to what. */
static PageNo smo_space(const Smo *smo, uint32_t i, bool *used_out)
{
    *used_out = i < smo->alloc_count;
    if (i < smo->alloc_count) {
        return smo->alloc[i];
    }
    i -= smo->alloc_count;
    return i < smo->freed_count ? smo->freed[i] : smo->many[i - smo->freed_count];
}

/* map_pages - the space map pages this record changes, ascending, each once. */
static uint32_t map_pages(const Smo *smo, PageNo *out)
{
    uint32_t n = 0;
    bool used;
    for (uint32_t i = 0; i < smo->alloc_count + smo->freed_count + smo->many_count; i++) {
        PageNo page = space_map_page(smo_space(smo, i, &used));
        uint32_t at = 0;
        while (at < n && out[at] < page) {
            at++;
        }
        if (at < n && out[at] == page) {
            continue;
        }
        memmove(out + at + 1, out + at, (n - at) * sizeof(*out));
        out[at] = page;
        n++;
    }
    return n;
}

Lsn smo_commit(Smo *smo, TreeId tree)
{
    Store *s = smo->store;
    PageNo maps[32 + SMO_MANY_GROUPS];
    PageRef refs[32 + SMO_MANY_GROUPS];
    Err err = {0};
    Cx cx = {.err = &err};
    uint32_t n = map_pages(smo, maps);
    ASSERT(!smo->ops.overflow);
    for (uint32_t i = 0; i < n; i++) {
        Status st =
            page_lock(&cx, s, maps[i], LATCH_EXCLUSIVE, &refs[i]); /* resident: cannot fail */
        ASSERT(st == ST_OK);
        page_dirty(s, &refs[i]);
    }
    WalHeader h = {.xid48_type8_flags8 = wal_pack(0, WAL_SMO, 0), .tree = tree};
    h.page = smo->page_count != 0 ? smo->pages[0]->page : 0;
    Slice body = {(const char *)smo->ops.data, smo->ops.len};
    Lsn lsn = wal_append(s->wal, &h, &body, 1);
    for (uint32_t i = 0; i < smo->page_count; i++) {
        page_set_lsn(smo->pages[i], lsn, false);
    }
    for (uint32_t i = 0; i < smo->alloc_count + smo->freed_count + smo->many_count; i++) {
        bool used;
        PageNo page = smo_space(smo, i, &used);
        for (uint32_t m = 0; m < n; m++) {
            if (maps[m] == space_map_page(page)) {
                space_bit_set(refs[m].hdr, page, used);
            }
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        page_set_lsn(&refs[i], lsn, false);
        page_unlock(s, &refs[i]);
    }
    for (uint32_t i = 0; i < smo->freed_count; i++) {
        space_mark(s, smo->freed[i], false);
    }
    for (uint32_t i = 0; i < smo->many_count; i++) {
        space_mark(s, smo->many[i], false);
    }
    buf_release(&smo->ops);
    return lsn;
}

/* ---- redo ---- */

Status store_redo_page(Cx *cx, Store *s, PageNo page, Lsn lsn, bool *apply_out, PageRef *ref_out)
{
    *apply_out = false;
    if (page >= atomic_load(&s->page_count)) {
        TRY(store_grow(cx, s, page + 1));
    }
    TRY(page_lock(cx, s, page, LATCH_EXCLUSIVE, ref_out));
    if (ref_out->hdr->lsn >= lsn) {
        return ST_OK;
    }
    if (atomic_load(&s->rec_lsn[page]) == 0) {
        atomic_store(&s->rec_lsn[page], lsn);
    }
    *apply_out = true;
    return ST_OK;
}

/* redo_image - the page as a whole; what is on disk may be unreadable, the image makes it good. */
static Status redo_image(Cx *cx, Store *s, Lsn lsn, const SmoOp *op, const uint8_t *bytes)
{
    PageRef ref;
    bool apply;
    uint32_t hole = (uint32_t)op->offset * 8, hole_len = PAGE_SIZE - op->len;
    if (op->len > PAGE_SIZE || hole < sizeof(PageHeader) || hole + hole_len > PAGE_SIZE) {
        return err_corrupt(cx, op->page, "its image in the log is malformed");
    }
    if (store_redo_page(cx, s, op->page, lsn, &apply, &ref) != ST_OK) {
        err_clear(cx);
        if (op->page >= atomic_load(&s->page_count)) {
            return store_grow(cx, s, op->page + 1);
        }
        page_lock_new(s, op->page, PAGE_FREE, 0, &ref);
        atomic_store(&s->rec_lsn[op->page], lsn);
        apply = true;
    }
    if (apply) {
        uint8_t *to = (uint8_t *)ref.hdr;
        memcpy(to, bytes, hole);
        memset(to + hole, 0, hole_len);
        memcpy(to + hole + hole_len, bytes + hole, PAGE_SIZE - hole - hole_len);
        page_set_lsn(&ref, lsn, false);
    }
    page_unlock(s, &ref);
    return ST_OK;
}

/* redo_small - BYTES, ALLOC, FREE. A page may have several operations in one record: the LSN is
 * stamped at the end. */
static Status redo_small(Cx *cx, Store *s, Lsn lsn, const SmoOp *op, const uint8_t *bytes,
                         bool last)
{
    PageRef ref;
    bool apply;
    bool is_map = op->op == SMO_ALLOC || op->op == SMO_FREE;
    PageNo page = is_map ? space_map_page(op->page) : op->page;
    if (!is_map && (op->offset + op->len > PAGE_SIZE)) {
        return err_corrupt(cx, op->page, "a change of it in the log is malformed");
    }
    TRY(store_redo_page(cx, s, page, lsn, &apply, &ref));
    if (apply && is_map) {
        if (ref.hdr->type == PAGE_FREE) {
            ref.hdr->type = PAGE_SPACE_MAP;
            ref.hdr->page = page;
            space_bit_set(ref.hdr, page, true);
        }
        space_bit_set(ref.hdr, op->page, op->op == SMO_ALLOC);
    } else if (apply) {
        memcpy((uint8_t *)ref.hdr + op->offset, bytes, op->len);
    }
    if (apply && last) {
        page_set_lsn(&ref, lsn, false);
    } else if (apply && !is_map && op->offset < offsetof(PageHeader, lsn) + sizeof(Lsn)) {
        /* The logged header bytes carry the LSN before the change: keep later operations of this
         * record applicable. */
        ref.hdr->lsn = MIN(ref.hdr->lsn, lsn - 1);
    }
    page_unlock(s, &ref);
    return ST_OK;
}

/* later_op - does another operation of the record concern the same page? */
static bool later_op(const Slice body, size_t at, PageNo page)
{
    while (at + sizeof(SmoOp) <= body.len) {
        SmoOp op;
        memcpy(&op, body.ptr + at, sizeof(op));
        bool is_map = op.op == SMO_ALLOC || op.op == SMO_FREE;
        if ((is_map ? space_map_page(op.page) : op.page) == page) {
            return true;
        }
        at += sizeof(op) + (is_map ? 0 : ALIGN_UP(op.len, 8u));
    }
    return false;
}

/* smo_next - the operation at *at and its bytes; *at moves behind it. ST_DONE at the end of the
 * record, ST_NOTFOUND when the rest makes no sense. */
static Status smo_next(Slice body, size_t *at, SmoOp *op, const uint8_t **bytes_out)
{
    if (*at + sizeof(*op) > body.len) {
        return ST_DONE;
    }
    memcpy(op, body.ptr + *at, sizeof(*op));
    if (op->op == 0) {
        return ST_DONE; /* padding of the record */
    }
    *at += sizeof(*op);
    bool is_map = op->op == SMO_ALLOC || op->op == SMO_FREE;
    size_t n = is_map ? 0 : ALIGN_UP((size_t)op->len, (size_t)8);
    if (n > body.len - *at || op->page < STORE_FIRST_PAGE) {
        return ST_NOTFOUND;
    }
    *bytes_out = (const uint8_t *)body.ptr + *at;
    *at += n;
    return ST_OK;
}

/* smo_target - the page an operation changes. */
static PageNo smo_target(const SmoOp *op)
{
    return op->op == SMO_ALLOC || op->op == SMO_FREE ? space_map_page(op->page) : op->page;
}

Status store_redo_on(Cx *cx, Store *s, Lsn lsn, Slice body, PageNo page)
{
    SmoOp op;
    Status st;
    const uint8_t *bytes;
    size_t at = 0;
    while ((st = smo_next(body, &at, &op, &bytes)) == ST_OK) {
        if (op.page >= s->options.max_pages) {
            st = ST_NOTFOUND;
            break;
        }
        if (page != PAGE_NO_INVALID && smo_target(&op) != page) {
            continue;
        }
        if (op.op == SMO_IMAGE) {
            TRY(redo_image(cx, s, lsn, &op, bytes));
        } else {
            TRY(redo_small(cx, s, lsn, &op, bytes, !later_op(body, at, smo_target(&op))));
        }
    }
    return st == ST_DONE
               ? ST_OK
               : err_corrupt(cx, op.page, "log record %llu is malformed", (unsigned long long)lsn);
}

Status store_redo(Cx *cx, Store *s, Lsn lsn, const WalHeader *hdr, Slice body)
{
    (void)hdr;
    return store_redo_on(cx, s, lsn, body, PAGE_NO_INVALID);
}

Status store_redo_reach(Cx *cx, Store *s, PageNo page)
{
    uint64_t count = atomic_load_explicit(&s->page_count, memory_order_relaxed);
    if (LIKELY(page < count)) {
        return ST_OK;
    }
    /* More than this one, as at run time: the pages behind it come next. */
    return store_grow(cx, s, MAX(page + 1, MIN(page + REDO_GROW_PAGES, s->options.max_pages)));
}

bool store_redo_each_page(Slice body, void (*fn)(void *arg, PageNo page), void *arg)
{
    SmoOp op;
    const uint8_t *bytes;
    size_t at = 0;
    Status st;
    while ((st = smo_next(body, &at, &op, &bytes)) == ST_OK) {
        fn(arg, smo_target(&op));
    }
    return st == ST_DONE;
}

void store_describe_record(Slice body, Buf *out)
{
    static const char *const NAMES[] = {"?", "image", "bytes", "alloc", "free"};
    SmoOp op;
    const uint8_t *bytes;
    size_t at = 0;
    Status st;
    while ((st = smo_next(body, &at, &op, &bytes)) == ST_OK) {
        buf_printf(out, " %s %llu", NAMES[op.op < ARRAY_LEN(NAMES) ? op.op : 0],
                   (unsigned long long)op.page);
        if (op.op == SMO_IMAGE) {
            buf_printf(out, " (%u)", op.len);
        } else if (op.op == SMO_BYTES) {
            buf_printf(out, " %u+%u", op.offset, op.len);
        }
    }
    if (st != ST_DONE) {
        buf_puts(out, " damaged");
    }
}

/*
 * smo.c - structure changes: one record, a list of page operations, all or nothing.
 *
 * Body: operations, each u8 kind, u64 page, u32 n, n bytes. IMAGE: u16 low, then page bytes [0,
 * low) and [heap_top, end): the hole between is left out. BYTES: u32 offset, bytes. BIT: u32 bit,
 * u8 value, on a space map page. CALL: bytes for the folder above. Redo applies each by its page's
 * LSN, so operations of one record on one page must be applied together: the LSN is set after the
 * last.
 */
#include "base/log.h"
#include "store/store_internal.h"

void smo_begin(Smo *smo, Store *s)
{
    smo->store = s;
    buf_init(&smo->ops, WAL_RECORD_BYTES_MAX - 4096);
    smo->page_count = 0;
    smo->alloc_count = 0;
    smo->freed_count = 0;
}

static void smo_note_page(Smo *smo, PageRef *ref)
{
    ASSERT(ref->mode == LATCH_EXCLUSIVE);
    for (uint32_t i = 0; i < smo->page_count; i++) {
        if (smo->pages[i] == ref) {
            return;
        }
    }
    ASSERT(smo->page_count < ARRAY_LEN(smo->pages));
    smo->pages[smo->page_count++] = ref;
}

static void smo_head(Smo *smo, uint8_t kind, PageNo page, uint32_t n)
{
    buf_put(&smo->ops, &kind, 1);
    buf_put(&smo->ops, &page, 8);
    buf_put(&smo->ops, &n, 4);
}

/* page_slot_bytes - bytes of a slot, by page type; 0 = the page has no slots. */
static uint32_t page_slot_bytes(const PageHeader *h)
{
    return h->type == PAGE_BT_INNER || h->type == PAGE_BT_INDEX_LEAF ||
                   h->type == PAGE_BT_TABLE_LEAF
               ? 8
               : 0;
}

void smo_image(Smo *smo, PageRef *ref)
{
    const uint8_t *p = (const uint8_t *)ref->hdr;
    uint32_t low = (uint32_t)sizeof(PageHeader) + ref->hdr->slot_count * page_slot_bytes(ref->hdr);
    uint32_t top = ref->hdr->type == PAGE_FREE ? PAGE_SIZE : ref->hdr->heap_top;
    smo_note_page(smo, ref);
    if (top < low || top > PAGE_SIZE) {
        top = low;
    }
    uint16_t low16 = (uint16_t)low, top16 = (uint16_t)(top == PAGE_SIZE ? 0 : top);
    smo_head(smo, SMO_OP_IMAGE, ref->page, 4 + low + (PAGE_SIZE - top));
    buf_put(&smo->ops, &low16, 2);
    buf_put(&smo->ops, &top16, 2); /* 0 = the end of the page */
    buf_put(&smo->ops, p, low);
    buf_put(&smo->ops, p + top, PAGE_SIZE - top);
}

void smo_bytes(Smo *smo, PageRef *ref, uint32_t offset, uint32_t n)
{
    smo_note_page(smo, ref);
    smo_head(smo, SMO_OP_BYTES, ref->page, 4 + n);
    buf_put(&smo->ops, &offset, 4);
    buf_put(&smo->ops, (const uint8_t *)ref->hdr + offset, n);
}

void smo_diff(Smo *smo, PageRef *ref, const void *before)
{
    const uint64_t *old = before, *now = (const uint64_t *)(const void *)ref->hdr;
    const uint32_t words = PAGE_SIZE / 8;
    smo_note_page(smo, ref);
    for (uint32_t i = 0; i < words; i++) {
        if (old[i] == now[i]) {
            continue;
        }
        uint32_t last = i; /* gaps of up to two words cost less than another operation */
        for (uint32_t k = i + 1; k < words && k - last <= 3; k++) {
            last = old[k] != now[k] ? k : last;
        }
        smo_bytes(smo, ref, i * 8, (last + 1 - i) * 8);
        i = last;
    }
}

void smo_op(Smo *smo, PageRef *ref, const void *op, uint32_t n)
{
    smo_note_page(smo, ref);
    smo_head(smo, SMO_OP_CALL, ref->page, n);
    buf_put(&smo->ops, op, n);
}

void smo_alloc(Smo *smo, PageNo page)
{
    ASSERT(smo->alloc_count < ARRAY_LEN(smo->alloc));
    smo->alloc[smo->alloc_count++] = page;
}

void smo_free(Smo *smo, PageNo page)
{
    ASSERT(smo->freed_count < ARRAY_LEN(smo->freed));
    smo->freed[smo->freed_count++] = page;
}

static void map_apply(PageHeader *map, uint32_t bit, bool used)
{
    uint8_t *bits = (uint8_t *)(map + 1);
    if (used) {
        bits[bit / 8] = (uint8_t)(bits[bit / 8] | 1u << (bit & 7));
    } else {
        bits[bit / 8] = (uint8_t)(bits[bit / 8] & ~(1u << (bit & 7)));
    }
}

/* SmoMaps - map pages the record changes, latched in order of their numbers. */
typedef struct SmoMaps {
    PageRef refs[32];
    uint32_t count;
} SmoMaps;

static void smo_add_group(uint64_t *groups, uint32_t *n, PageNo page)
{
    uint64_t g = page / MAP_BITS;
    uint32_t i = *n;
    for (uint32_t k = 0; k < *n; k++) {
        if (groups[k] == g) {
            return;
        }
    }
    for (; i > 0 && groups[i - 1] > g; i--) {
        groups[i] = groups[i - 1];
    }
    groups[i] = g;
    (*n)++;
}

static void smo_latch_maps(Smo *smo, SmoMaps *maps)
{
    uint64_t groups[32];
    uint32_t n = 0;
    Err err;
    memset(&err, 0, sizeof(err));
    Cx cx = {.err = &err};
    for (uint32_t i = 0; i < smo->alloc_count; i++) {
        smo_add_group(groups, &n, smo->alloc[i]);
    }
    for (uint32_t i = 0; i < smo->freed_count; i++) {
        smo_add_group(groups, &n, smo->freed[i]);
    }
    for (uint32_t i = 0; i < n; i++) {
        if (page_lock(&cx, smo->store, MAP_PAGE(groups[i]), LATCH_EXCLUSIVE, &maps->refs[i]) !=
            ST_OK) {
            log_err(LOG_FATAL, &err);
            PANIC("space map page %llu cannot be read", (unsigned long long)MAP_PAGE(groups[i]));
        }
    }
    maps->count = n;
}

static void smo_set_bits(Smo *smo, SmoMaps *maps, const PageNo *pages, uint32_t n, bool used)
{
    for (uint32_t i = 0; i < n; i++) {
        PageNo map = MAP_PAGE(pages[i] / MAP_BITS);
        uint32_t bit = (uint32_t)(pages[i] % MAP_BITS);
        uint8_t value = used;
        smo_head(smo, SMO_OP_BIT, map, 5);
        buf_put(&smo->ops, &bit, 4);
        buf_put(&smo->ops, &value, 1);
        for (uint32_t k = 0; k < maps->count; k++) {
            if (maps->refs[k].page == map) {
                map_apply(maps->refs[k].hdr, bit, used);
            }
        }
    }
}

Lsn smo_commit(Smo *smo, TreeId tree)
{
    Store *s = smo->store;
    SmoMaps maps;
    smo_latch_maps(smo, &maps);
    for (uint32_t i = 0; i < smo->page_count; i++) {
        page_dirty(s, smo->pages[i]);
    }
    for (uint32_t i = 0; i < maps.count; i++) {
        page_dirty(s, &maps.refs[i]);
    }
    smo_set_bits(smo, &maps, smo->alloc, smo->alloc_count, true);
    smo_set_bits(smo, &maps, smo->freed, smo->freed_count, false);
    ASSERT(!smo->ops.overflow);
    Slice part = {(const char *)smo->ops.data, smo->ops.len};
    WalHeader h = {
        .xid48_type8_flags8 = wal_pack(0, WAL_SMO, 0),
        .tree = tree,
        .page = smo->page_count != 0 ? smo->pages[0]->page : 0,
    };
    Lsn lsn = wal_append(s->wal, &h, &part, 1);
    for (uint32_t i = 0; i < smo->page_count; i++) {
        page_set_lsn(smo->pages[i], lsn, false);
    }
    for (uint32_t i = 0; i < maps.count; i++) {
        page_set_lsn(&maps.refs[i], lsn, false);
        page_unlock(s, &maps.refs[i]);
    }
    for (uint32_t i = 0; i < smo->freed_count; i++) {
        space_note_used(s, smo->freed[i], false);
    }
    buf_release(&smo->ops);
    return lsn;
}

/* ---- redo ---- */

Status store_redo_page(Cx *cx, Store *s, PageNo page, Lsn lsn, bool *apply_out, PageRef *ref_out)
{
    s->redo_lsn = lsn;
    TRY(page_lock(cx, s, page, LATCH_EXCLUSIVE, ref_out));
    *apply_out = ref_out->hdr->lsn < lsn;
    return ST_OK;
}

/* RedoPage - a page touched by the record being redone: latched until its end. */
typedef struct RedoPage {
    PageRef ref;
    bool apply;
} RedoPage;

static Status redo_image(Cx *cx, RedoPage *rp, const uint8_t *p, uint32_t n)
{
    uint16_t low, top16;
    if (n < 4) {
        return err_corrupt(cx, rp->ref.page, "structure record is damaged");
    }
    memcpy(&low, p, 2);
    memcpy(&top16, p + 2, 2);
    uint32_t top = top16 == 0 ? PAGE_SIZE : top16;
    if (low > top || top > PAGE_SIZE || n != 4 + (uint32_t)low + (PAGE_SIZE - top)) {
        return err_corrupt(cx, rp->ref.page, "structure record is damaged");
    }
    uint8_t *page = (uint8_t *)rp->ref.hdr;
    memcpy(page, p + 4, low);
    memset(page + low, 0, top - low);
    memcpy(page + top, p + 4 + low, PAGE_SIZE - top);
    return ST_OK;
}

static Status redo_op(Cx *cx, Store *s, uint8_t kind, RedoPage *rp, const uint8_t *p, uint32_t n)
{
    uint32_t at = 0;
    if (kind != SMO_OP_IMAGE && kind != SMO_OP_CALL) {
        if (n < 5) {
            return err_corrupt(cx, rp->ref.page, "structure record is damaged");
        }
        memcpy(&at, p, 4);
    }
    switch (kind) {
    case SMO_OP_IMAGE: return redo_image(cx, rp, p, n);
    case SMO_OP_BYTES:
        if (at > PAGE_SIZE || n - 4 > PAGE_SIZE - at) {
            return err_corrupt(cx, rp->ref.page, "structure record is damaged");
        }
        memcpy((uint8_t *)rp->ref.hdr + at, p + 4, n - 4);
        return ST_OK;
    case SMO_OP_BIT:
        if (at >= MAP_BITS) {
            return err_corrupt(cx, rp->ref.page, "structure record is damaged");
        }
        map_apply(rp->ref.hdr, at, p[4] != 0);
        return ST_OK;
    case SMO_OP_CALL: return s->smo_redo(cx, &rp->ref, (Slice){(const char *)p, n});
    default: return err_corrupt(cx, rp->ref.page, "structure record with operation %u", kind);
    }
}

/* redo_latch - the page of an operation, latched once a record. Images need no read of the disk. */
static Status redo_latch(Cx *cx, Store *s, uint8_t kind, PageNo page, Lsn lsn, RedoPage *pages,
                         uint32_t *count, RedoPage **out)
{
    for (uint32_t i = 0; i < *count; i++) {
        if (pages[i].ref.page == page) {
            *out = &pages[i];
            return ST_OK;
        }
    }
    RedoPage *rp = &pages[*count];
    if (*count == 48 || page == PAGE_NO_INVALID || page >= s->options.max_pages) {
        return err_corrupt(cx, page, "structure record is damaged");
    }
    s->redo_lsn = lsn;
    if (kind == SMO_OP_IMAGE && atomic_load(&s->state[page]) >> PS_SHIFT == PS_EVICTED) {
        page_lock_new(s, page, PAGE_FREE, 0, &rp->ref);
        rp->apply = true;
    } else {
        TRY(store_redo_page(cx, s, page, lsn, &rp->apply, &rp->ref));
        if (rp->apply) {
            page_dirty(s, &rp->ref);
        }
    }
    (*count)++;
    *out = rp;
    return ST_OK;
}

Status store_redo(Cx *cx, Store *s, Lsn lsn, const WalHeader *hdr, Slice body)
{
    RedoPage pages[48];
    uint32_t count = 0;
    const uint8_t *p = (const uint8_t *)body.ptr, *end = p + body.len;
    Status st = ST_OK;
    (void)hdr;
    while (st == ST_OK && end - p >= 13) {
        uint8_t kind = p[0];
        PageNo page;
        uint32_t n;
        RedoPage *rp = NULL;
        memcpy(&page, p + 1, 8);
        memcpy(&n, p + 9, 4);
        if (n > (size_t)(end - p) - 13) {
            st = err_corrupt(cx, page, "structure record is damaged");
            break;
        }
        st = redo_latch(cx, s, kind, page, lsn, pages, &count, &rp);
        if (st == ST_OK && rp->apply) {
            st = redo_op(cx, s, kind, rp, p + 13, n);
        }
        p += 13 + n;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (pages[i].apply && st == ST_OK) {
            page_set_lsn(&pages[i].ref, lsn, false);
        }
        page_unlock(s, &pages[i].ref);
    }
    return st;
}

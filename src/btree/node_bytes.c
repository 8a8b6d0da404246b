/*
 * node_bytes.c - slots, heap, fences and keys of one page.
 *
 * Edits are pure functions of the page's bytes and their arguments: redo repeats them and gets the
 * same page to the byte.
 */
#include "btree/btree_internal.h"

#define GUESSES    2
#define GUESS_NEAR 6u /* slots: one line of memory to either side */

static uint32_t head_of(const uint8_t *key, size_t len)
{
    uint8_t b[4] = {0};
    if (len != 0) {
        memcpy(b, key, MIN(len, (size_t)4));
    }
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* slot_key - key bytes behind the prefix, clamped to the page. */
static Slice slot_key(PageHeader *h, const KeySlot *s)
{
    uint32_t at = s->offset + 8u, len = s->key_len;
    return at <= PAGE_SIZE && len <= PAGE_SIZE - at ? (Slice){(const char *)h + at, len}
                                                    : (Slice){(const char *)h, 0};
}

/* slot_cmp - the slot's key against the key behind the prefix. Eight bytes at a time where the page
 * has them: most keys are that short, and a call of memcmp costs more than the comparison. */
static inline int slot_cmp(PageHeader *h, const KeySlot *s, const uint8_t *key, size_t len)
{
    Slice k = slot_key(h, s);
    size_t n = MIN(k.len, len);
    uint64_t a, b;
    if (n >= 8) {
        memcpy(&a, k.ptr, 8);
        memcpy(&b, key, 8);
        if (a != b) {
            return __builtin_bswap64(a) < __builtin_bswap64(b) ? -1 : 1;
        }
        int c = n > 8 ? memcmp(k.ptr + 8, key + 8, n - 8) : 0;
        return c != 0 ? c : (k.len > len) - (k.len < len);
    }
    return slice_cmp(k, (Slice){(const char *)key, len});
}

/* search_bound - what one look at a slot's head tells about [lo, hi); equal heads say nothing. */
static inline void search_bound(const KeySlot *slots, uint32_t head, uint32_t at, uint32_t *lo,
                                uint32_t *hi)
{
    uint32_t there = slots[at].head;
    if (there < head) {
        *lo = MAX(*lo, at + 1);
    } else if (there > head) {
        *hi = MIN(*hi, at);
    }
}

/* search_near - narrow [lo, hi) around the place a head has in evenly spread ones, as those of
 * numbers mostly are: halving a cold page misses the cache at every step, a good guess twice. Wrong
 * guesses cost two looks and are given up. */
static inline void search_near(const KeySlot *slots, uint32_t head, uint32_t *lo, uint32_t *hi)
{
    /* A page read without a latch may say anything: even that it ends before it begins. */
    for (int i = 0; *hi > *lo + 4 * GUESS_NEAR && i < GUESSES; i++) {
        /* Each read once: a page read without a latch may change under us. */
        uint32_t first = __atomic_load_n(&slots[*lo].head, __ATOMIC_RELAXED);
        uint32_t last = __atomic_load_n(&slots[*hi - 1].head, __ATOMIC_RELAXED);
        if (head <= first || head >= last) {
            *lo = head > last ? *hi : *lo;
            *hi = head < first ? *lo : *hi;
            return;
        }
        uint32_t at = *lo + (uint32_t)((uint64_t)(*hi - 1 - *lo) * (head - first) / (last - first));
        uint32_t below = at - *lo > GUESS_NEAR ? at - GUESS_NEAR : *lo;
        uint32_t above = *hi - 1 - at > GUESS_NEAR ? at + GUESS_NEAR : *hi - 1;
        search_bound(slots, head, above, lo, hi);
        if (below < *hi) {
            search_bound(slots, head, below, lo, hi);
        }
    }
}

uint32_t key_search(PageHeader *h, Slice key, uint32_t from, bool *exact_out)
{
    const KeySlot *slots = key_slots(h);
    uint32_t prefix = MIN((uint32_t)key_info(h)->prefix_len, (uint32_t)key.len);
    const uint8_t *k = (const uint8_t *)key.ptr + prefix;
    size_t len = key.len - prefix;
    uint32_t head = head_of(k, len), lo = from, hi = slots_clamped(h);
    *exact_out = false;
    search_near(slots, head, &lo, &hi);
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        KeySlot s = slots[mid];
        int c = s.head < head ? -1 : s.head > head;
        if (c == 0) {
            c = slot_cmp(h, &s, k, len);
        }
        if (c < 0) {
            lo = mid + 1;
        } else {
            *exact_out |= c == 0;
            hi = mid;
        }
    }
    return lo;
}

uint32_t inner_find(PageHeader *h, Slice key, bool before)
{
    bool exact;
    uint32_t n = slots_clamped(h);
    uint32_t at = n > 1 ? key_search(h, key, 1, &exact) : 1;
    if (n > 1 && at < n && exact && !before) {
        return at;
    }
    return at - 1;
}

PageNo inner_child(PageHeader *h, uint32_t slot)
{
    uint32_t n = slots_clamped(h);
    PageNo child = PAGE_NO_INVALID;
    if (slot < n) {
        uint32_t at = key_slots(h)[slot].offset;
        if (at >= HEAP_START && at + 8 <= PAGE_SIZE) {
            memcpy(&child, (const uint8_t *)h + at, 8);
        }
    }
    return child;
}

uint32_t key_entry_bytes(PageHeader *h, uint32_t key_len, uint32_t payload_len)
{
    uint32_t suffix = key_len - MIN(key_len, (uint32_t)key_info(h)->prefix_len);
    return ALIGN_UP(8 + suffix + payload_len, 8u);
}

/* entry_bytes - heap bytes of the entry in a slot. */
static uint32_t entry_bytes(PageHeader *h, uint32_t slot)
{
    if (page_is_table_leaf(h)) {
        return ALIGN_UP((uint32_t)table_slots(h)[slot].len, 8u);
    }
    const KeySlot *s = &key_slots(h)[slot];
    return ALIGN_UP(8u + s->key_len + s->payload_len, 8u);
}

static uint32_t slot_offset(PageHeader *h, uint32_t slot)
{
    return page_is_table_leaf(h) ? table_slots(h)[slot].offset : key_slots(h)[slot].offset;
}

static void slot_offset_set(PageHeader *h, uint32_t slot, uint32_t offset)
{
    if (page_is_table_leaf(h)) {
        table_slots(h)[slot].offset = (uint16_t)offset;
    } else {
        key_slots(h)[slot].offset = (uint16_t)offset;
    }
}

/* fence_move - copy one fence from the old page to the new heap. */
static void fence_move(const PageHeader *old, PageHeader *h, uint16_t *offset, uint16_t len)
{
    if (*offset != 0 && (uint32_t)*offset + len <= PAGE_SIZE) {
        uint32_t n = ALIGN_UP((uint32_t)len, 8u);
        n = MAX(n, 8u);
        h->heap_top = (uint16_t)(h->heap_top - n);
        memcpy((uint8_t *)h + h->heap_top, (const uint8_t *)old + *offset, len);
        *offset = h->heap_top;
    }
}

void page_compact(PageHeader *h)
{
    alignas(16) uint8_t copy[PAGE_SIZE];
    PageHeader *old = (PageHeader *)(void *)copy;
    memcpy(copy, h, PAGE_SIZE);
    uint32_t end = slots_end(h);
    memset((uint8_t *)h + end, 0, PAGE_SIZE - end);
    h->heap_top = (uint16_t)PAGE_SIZE;
    h->frag_bytes = 0;
    if (!page_is_table_leaf(h)) {
        KeyFences *f = key_fences(h);
        fence_move(old, h, &f->lower_offset, f->lower_len);
        fence_move(old, h, &f->upper_offset, f->upper_len);
    }
    for (uint32_t i = 0; i < h->slot_count; i++) {
        uint32_t n = entry_bytes(h, i), at = slot_offset(h, i);
        if (at + n > PAGE_SIZE || h->heap_top < end + n) {
            continue; /* damaged: readers of the slot say so */
        }
        h->heap_top = (uint16_t)(h->heap_top - n);
        memcpy((uint8_t *)h + h->heap_top, copy + at, n);
        slot_offset_set(h, i, h->heap_top);
    }
}

uint32_t heap_alloc(PageHeader *h, uint32_t n, uint32_t new_slots)
{
    uint32_t need = n + new_slots * slot_bytes(h);
    if (space_total(h) < need) {
        return 0;
    }
    if (h->heap_top < slots_end(h) + need) {
        page_compact(h);
        if (h->heap_top < slots_end(h) + need) {
            return 0;
        }
    }
    h->heap_top = (uint16_t)(h->heap_top - n);
    return h->heap_top;
}

static void slots_open(PageHeader *h, uint32_t slot)
{
    uint32_t n = slot_bytes(h);
    uint8_t *at = (uint8_t *)(h + 1) + (size_t)slot * n;
    memmove(at + n, at, (size_t)(h->slot_count - slot) * n);
    h->slot_count++;
}

void key_insert(PageHeader *h, uint32_t slot, Slice key, uint64_t value, Slice payload)
{
    uint32_t prefix = MIN((uint32_t)key_info(h)->prefix_len, (uint32_t)key.len);
    uint32_t suffix = (uint32_t)key.len - prefix;
    uint32_t at = heap_alloc(h, key_entry_bytes(h, (uint32_t)key.len, (uint32_t)payload.len), 1);
    ASSERT(at != 0 && slot <= h->slot_count);
    uint8_t *p = (uint8_t *)h + at;
    memset(p, 0, key_entry_bytes(h, (uint32_t)key.len, (uint32_t)payload.len));
    memcpy(p, &value, 8);
    if (suffix != 0) {
        memcpy(p + 8, key.ptr + prefix, suffix);
    }
    if (payload.len != 0) {
        memcpy(p + 8 + suffix, payload.ptr, payload.len);
    }
    slots_open(h, slot);
    key_slots(h)[slot] = (KeySlot){.offset = (uint16_t)at,
                                   .key_len = (uint16_t)suffix,
                                   .payload_len = (uint16_t)payload.len,
                                   .head = head_of((const uint8_t *)key.ptr + prefix, suffix)};
}

void key_full(PageHeader *h, uint32_t slot, Buf *buf)
{
    Slice lower = page_lower(h), rest = slot_key(h, &key_slots(h)[slot]);
    uint32_t prefix = key_info(h)->prefix_len;
    if (prefix != 0 && lower.len >= prefix) {
        buf_put(buf, lower.ptr, prefix);
    }
    buf_put(buf, rest.ptr, rest.len);
}

static void fence_put(PageHeader *h, Slice fence, uint16_t *offset, uint16_t *len)
{
    *offset = *len = 0;
    if (fence.ptr != NULL) {
        uint32_t n = MAX(ALIGN_UP((uint32_t)fence.len, 8u), 8u);
        uint32_t at = heap_alloc(h, n, 0);
        ASSERT(at != 0);
        memset((uint8_t *)h + at, 0, n);
        memcpy((uint8_t *)h + at, fence.ptr, fence.len);
        *offset = (uint16_t)at;
        *len = (uint16_t)fence.len;
    }
}

void page_set_fences(PageHeader *h, Slice lower, Slice upper)
{
    KeyFences f = {0};
    uint16_t prefix = 0;
    fence_put(h, lower, &f.lower_offset, &f.lower_len);
    *key_fences(h) = f;
    fence_put(h, upper, &f.upper_offset, &f.upper_len);
    *key_fences(h) = f;
    if (lower.ptr != NULL && upper.ptr != NULL) {
        size_t n = MIN(lower.len, upper.len);
        while (prefix < n && lower.ptr[prefix] == upper.ptr[prefix]) {
            prefix++;
        }
    }
    key_info(h)->prefix_len = prefix;
}

bool page_set_upper(PageHeader *h, Slice upper)
{
    KeyFences *f = key_fences(h);
    uint32_t n = MAX(ALIGN_UP((uint32_t)upper.len, 8u), 8u);
    uint32_t old = f->upper_offset != 0 ? MAX(ALIGN_UP((uint32_t)f->upper_len, 8u), 8u) : 0;
    if (space_total(h) + old < n) {
        return false;
    }
    h->frag_bytes = (uint16_t)(h->frag_bytes + old);
    f->upper_offset = f->upper_len = 0;
    fence_put(h, upper, &f->upper_offset, &f->upper_len);
    return true;
}

static uint32_t fence_bytes(uint32_t offset, uint32_t len)
{
    return offset == 0 ? 0 : MAX(ALIGN_UP(len, 8u), 8u);
}

static bool fence_sound(uint32_t offset, uint32_t len)
{
    return offset == 0 || (offset >= HEAP_START && offset + fence_bytes(offset, len) <= PAGE_SIZE);
}

bool page_head_sound(PageHeader *h)
{
    if (h->slot_count > slots_max(h) || h->heap_top > PAGE_SIZE || h->heap_top < slots_end(h)) {
        return false;
    }
    if (page_is_table_leaf(h)) {
        return h->reserved == 0 || h->reserved > h->first_rowid;
    }
    const KeyFences *f = key_fences(h);
    uint32_t prefix = key_info(h)->prefix_len;
    return fence_sound(f->lower_offset, f->lower_len) &&
           fence_sound(f->upper_offset, f->upper_len) &&
           (prefix == 0 || (f->lower_offset != 0 && prefix <= f->lower_len));
}

bool page_sound(PageHeader *h)
{
    if (!page_head_sound(h)) {
        return false;
    }
    bool table = page_is_table_leaf(h);
    const KeyFences *f = key_fences(h);
    uint32_t heap = PAGE_SIZE - h->heap_top;
    uint64_t used = h->frag_bytes;
    if (!table) {
        used += fence_bytes(f->lower_offset, f->lower_len);
        used += fence_bytes(f->upper_offset, f->upper_len);
    }
    for (uint32_t i = 0; i < h->slot_count; i++) {
        uint32_t at = slot_offset(h, i), n = entry_bytes(h, i);
        if (at < h->heap_top || n < 8 || at + n > PAGE_SIZE ||
            (table && (table_slots(h)[i].len < 8 ||
                       (i != 0 && table_slots(h)[i].delta <= table_slots(h)[i - 1].delta)))) {
            return false;
        }
        used += n;
    }
    return used <= heap;
}

bool page_covers(PageHeader *h, const BtKey *key)
{
    if (page_is_table_leaf(h)) {
        return key->rowid >= h->first_rowid && (h->reserved == 0 || key->rowid < h->reserved);
    }
    Slice lower = page_lower(h), upper = page_upper(h);
    return (lower.ptr == NULL || slice_cmp(key->bytes, lower) >= 0) &&
           (upper.ptr == NULL || slice_cmp(key->bytes, upper) < 0);
}

bool page_must_compact(PageHeader *h, uint32_t bytes)
{
    return h->heap_top < slots_end(h) + bytes + slot_bytes(h) + 8;
}

/* ---- leaves ---- */

bool bt_leaf_sound(const PageRef *leaf, uint32_t bytes)
{
    PageHeader *h = leaf->hdr;
    bool is_leaf = h->type == PAGE_BT_TABLE_LEAF || h->type == PAGE_BT_INDEX_LEAF;
    return is_leaf && (page_must_compact(h, bytes) ? page_sound(h) : page_head_sound(h));
}

uint32_t bt_leaf_count(const PageRef *leaf)
{
    return slots_clamped(leaf->hdr);
}

bool bt_leaf_entry(const PageRef *leaf, uint32_t slot, BtEntry *out)
{
    PageHeader *h = leaf->hdr;
    uint32_t at, len, skip;
    if (slot >= slots_clamped(h)) {
        return false;
    }
    if (page_is_table_leaf(h)) {
        const TableSlot *s = &table_slots(h)[slot];
        at = s->offset;
        len = s->len;
        skip = 8;
        out->rowid = h->first_rowid + s->delta;
    } else {
        const KeySlot *s = &key_slots(h)[slot];
        at = s->offset;
        skip = 8u + s->key_len;
        len = skip + s->payload_len;
        out->rowid = 0;
    }
    if (at < HEAP_START || len < 8 || at + len > PAGE_SIZE) {
        return false;
    }
    memcpy(&out->tag, (const uint8_t *)h + at, 8);
    out->payload = (uint8_t *)h + at + skip;
    out->payload_len = len - skip;
    return true;
}

void bt_leaf_key(const PageRef *leaf, uint32_t slot, Buf *buf)
{
    buf_clear(buf);
    if (slot < slots_clamped(leaf->hdr)) {
        key_full(leaf->hdr, slot, buf);
    }
}

RowId bt_leaf_rowid(const PageRef *leaf, uint32_t slot)
{
    return leaf->hdr->first_rowid + table_slots(leaf->hdr)[slot].delta;
}

bool bt_leaf_has_room(const PageRef *leaf, const BtKey *key, uint32_t entry_bytes_wanted)
{
    PageHeader *h = leaf->hdr;
    if (page_is_table_leaf(h)) {
        bool fits_delta = key->rowid >= h->first_rowid && key->rowid - h->first_rowid <= UINT32_MAX;
        return fits_delta && space_total(h) >= ALIGN_UP(entry_bytes_wanted, 8u) + sizeof(TableSlot);
    }
    uint32_t payload = entry_bytes_wanted - MIN(entry_bytes_wanted, 8u);
    return space_total(h) >=
           key_entry_bytes(h, (uint32_t)key->bytes.len, payload) + sizeof(KeySlot);
}

/* live_note - an entry of the leaf gets this tag. */
static void live_note(PageHeader *h, uint64_t tag)
{
    if ((tag & TAG_DELETED) != 0) {
        h->flags = (uint8_t)(h->flags & ~LEAF_ALL_LIVE);
    }
}

/* live_review - an entry is gone: was it the last one with a delete mark? Ends at the first mark,
 * so that purging a page of marked rows costs little. */
static void live_review(PageHeader *h)
{
    if (!page_is_table_leaf(h) || (h->flags & LEAF_ALL_LIVE) != 0) {
        return;
    }
    for (uint32_t i = 0; i < slots_clamped(h); i++) {
        uint64_t tag;
        uint32_t at = slot_offset(h, i);
        if (at < HEAP_START || at + 8 > PAGE_SIZE) {
            return;
        }
        memcpy(&tag, (const uint8_t *)h + at, 8);
        if ((tag & TAG_DELETED) != 0) {
            return;
        }
    }
    h->flags |= LEAF_ALL_LIVE;
}

bool bt_leaf_all_live(const PageRef *leaf)
{
    return page_is_table_leaf(leaf->hdr) && (leaf->hdr->flags & LEAF_ALL_LIVE) != 0;
}

bool bt_leaf_rows(const PageRef *leaf, uint32_t from, uint32_t n, uint32_t least,
                  const uint8_t **payloads_out, uint32_t *lens_out)
{
    const uint8_t *base = (const uint8_t *)leaf->hdr;
    const TableSlot *slots = table_slots(leaf->hdr) + from;
    bool sound = from + n <= slots_clamped(leaf->hdr);
    for (uint32_t i = 0; sound && i < n; i++) {
        uint32_t at = slots[i].offset, len = slots[i].len;
        sound = at >= HEAP_START && len >= 8 + least && at + len <= PAGE_SIZE;
        __builtin_prefetch(base + at);
        __builtin_prefetch(base + at + 7 + least);
        payloads_out[i] = base + at + 8;
        lens_out[i] = len - 8;
    }
    return sound;
}

void bt_leaf_rowids(const PageRef *leaf, uint32_t from, uint32_t n, RowId *ids_out)
{
    const TableSlot *slots = table_slots(leaf->hdr) + from;
    for (uint32_t i = 0; i < n; i++) {
        ids_out[i] = leaf->hdr->first_rowid + slots[i].delta;
    }
}

void bt_leaf_insert(PageRef *leaf, const BtKey *key, uint32_t slot, uint64_t tag, Slice payload)
{
    PageHeader *h = leaf->hdr;
    if (!page_is_table_leaf(h)) {
        key_insert(h, slot, key->bytes, tag, payload);
        return;
    }
    uint32_t len = 8 + (uint32_t)payload.len, n = ALIGN_UP(len, 8u);
    uint32_t at = heap_alloc(h, n, 1);
    ASSERT(at != 0 && slot <= h->slot_count && key->rowid - h->first_rowid <= UINT32_MAX);
    uint8_t *p = (uint8_t *)h + at;
    memset(p + n - 8, 0, 8);
    memcpy(p, &tag, 8);
    if (payload.len != 0) {
        memcpy(p + 8, payload.ptr, payload.len);
    }
    if (h->slot_count == 0) {
        h->flags |= LEAF_ALL_LIVE;
    }
    live_note(h, tag);
    slots_open(h, slot);
    table_slots(h)[slot] = (TableSlot){.offset = (uint16_t)at,
                                       .len = (uint16_t)len,
                                       .delta = (uint32_t)(key->rowid - h->first_rowid)};
}

void bt_leaf_set_tag(PageRef *leaf, uint32_t slot, uint64_t tag)
{
    if (page_is_table_leaf(leaf->hdr)) {
        live_note(leaf->hdr, tag);
    }
    memcpy((uint8_t *)leaf->hdr + slot_offset(leaf->hdr, slot), &tag, 8);
}

bool bt_leaf_resize(PageRef *leaf, uint32_t slot, uint32_t payload_len)
{
    PageHeader *h = leaf->hdr;
    TableSlot *s = &table_slots(h)[slot];
    uint32_t old = ALIGN_UP((uint32_t)s->len, 8u), len = 8 + payload_len, now = ALIGN_UP(len, 8u);
    ASSERT(page_is_table_leaf(h));
    if (now <= old) {
        h->frag_bytes = (uint16_t)(h->frag_bytes + old - now);
        s->len = (uint16_t)len;
        return true;
    }
    if (space_total(h) + old < now) {
        return false;
    }
    /* Take the entry out, then give it a bigger place: the old one may be what compaction gains. */
    alignas(8) uint8_t keep[PAGE_SIZE];
    memcpy(keep, (uint8_t *)h + s->offset, s->len);
    uint32_t kept = s->len;
    h->frag_bytes = (uint16_t)(h->frag_bytes + old);
    s->len = 0;
    uint32_t at = heap_alloc(h, now, 0);
    ASSERT(at != 0);
    memset((uint8_t *)h + at, 0, now);
    memcpy((uint8_t *)h + at, keep, kept);
    s->offset = (uint16_t)at;
    s->len = (uint16_t)len;
    return true;
}

void bt_leaf_remove(PageRef *leaf, uint32_t slot)
{
    PageHeader *h = leaf->hdr;
    uint32_t n = slot_bytes(h), bytes = entry_bytes(h, slot);
    uint8_t *at = (uint8_t *)(h + 1) + (size_t)slot * n;
    h->frag_bytes = (uint16_t)(h->frag_bytes + bytes);
    memmove(at, at + n, (size_t)(h->slot_count - slot - 1) * n);
    h->slot_count--;
    live_review(h);
}

bool bt_find_slot(const PageRef *leaf, const BtKey *key, uint32_t *slot_out)
{
    PageHeader *h = leaf->hdr;
    if (!page_is_table_leaf(h)) {
        bool exact;
        *slot_out = key_search(h, key->bytes, 0, &exact);
        return exact;
    }
    const TableSlot *slots = table_slots(h);
    uint32_t lo = 0, hi = slots_clamped(h);
    uint64_t delta = key->rowid - h->first_rowid;
    if (key->rowid < h->first_rowid) {
        *slot_out = 0;
        return false;
    }
    /* Row ids are mostly dense: try the place they would have. */
    if (delta < hi && slots[delta].delta == delta) {
        *slot_out = (uint32_t)delta;
        return true;
    }
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (slots[mid].delta < delta) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    *slot_out = lo;
    return lo < slots_clamped(h) && slots[lo].delta == delta;
}

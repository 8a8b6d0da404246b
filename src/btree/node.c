/*
 * node.c - pages of slots and entries: search, insert, remove, compaction.
 *
 * Every edit is a function of the page's bytes and its arguments alone, so that redo, which repeats
 * it, ends with the same bytes. What a compaction frees is zeroed: structure records leave it out.
 */
#include "btree/btree_internal.h"

bool bt_slot_sane(const PageHeader *h, const BtSlot *s)
{
    uint32_t fixed = bt_is_table_leaf(h) ? BT_TABLE_ENTRY : BT_KEY_ENTRY;
    return s->off >= sizeof(PageHeader) && s->off + fixed + (uint32_t)s->len <= PAGE_SIZE;
}

uint32_t bt_entry_bytes(const PageHeader *h, const BtSlot *s)
{
    if (bt_is_table_leaf(h)) {
        return BT_TABLE_ENTRY + (uint32_t)s->len;
    }
    uint16_t plen;
    memcpy(&plen, bt_bytes(h, s->off + 8u), 2);
    return BT_KEY_ENTRY + (uint32_t)s->len + plen;
}

/* bt_gap - contiguous free bytes between slots and heap. */
static uint32_t bt_gap(const PageHeader *h)
{
    uint32_t low = (uint32_t)(sizeof(PageHeader) + h->slot_count * sizeof(BtSlot));
    uint32_t top = bt_heap_top(h);
    return top > low ? top - low : 0;
}

uint32_t bt_free_bytes(const PageHeader *h)
{
    return bt_gap(h) + h->frag_bytes;
}

void bt_compact(PageHeader *h)
{
    uint8_t copy[PAGE_SIZE];
    memcpy(copy, h, PAGE_SIZE);
    const PageHeader *old = (const PageHeader *)(const void *)copy;
    uint32_t top = PAGE_SIZE;
    uint32_t low = (uint32_t)(sizeof(PageHeader) + h->slot_count * sizeof(BtSlot));
    for (uint32_t i = 0; i < h->slot_count; i++) {
        BtSlot *s = &bt_slots(h)[i];
        uint32_t n = bt_entry_bytes(old, s);
        if (!bt_slot_sane(old, s) || n > top - low) {
            return; /* damaged: leave it to the readers' checks */
        }
        top -= n;
        memcpy(bt_bytes(h, top), copy + s->off, n);
        s->off = (uint16_t)top;
    }
    memset(bt_bytes(h, low), 0, top - low);
    h->heap_top = (uint16_t)top;
    h->frag_bytes = 0;
}

uint32_t bt_place(PageHeader *h, uint32_t n, uint32_t slots_more)
{
    if (bt_gap(h) < n + slots_more * (uint32_t)sizeof(BtSlot)) {
        bt_compact(h);
        ASSERT(bt_gap(h) >= n + slots_more * (uint32_t)sizeof(BtSlot));
    }
    h->heap_top = (uint16_t)(bt_heap_top(h) - n);
    return h->heap_top;
}

uint32_t bt_key_search(const PageHeader *h, const uint8_t *p, size_t n, bool *found_out)
{
    uint32_t head = bt_key_head(p, n);
    uint32_t lo = 0, hi = h->slot_count;
    const BtSlot *slots = bt_slots(h);
    *found_out = false;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        const BtSlot *s = &slots[mid];
        int c;
        if (s->head != head) {
            c = s->head < head ? -1 : 1;
        } else if (!bt_slot_sane(h, s)) {
            c = -1;
        } else {
            size_t m = MIN((size_t)s->len, n);
            c = memcmp(bt_bytes(h, s->off + (uint32_t)BT_KEY_ENTRY), p, m);
            if (c == 0) {
                c = ((size_t)s->len > n) - ((size_t)s->len < n);
            }
        }
        if (c == 0) {
            *found_out = true;
            return mid;
        }
        if (c < 0) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return lo;
}

uint32_t bt_child_slot(const PageHeader *h, const BtBytes *key, bool below)
{
    bool found;
    uint32_t s = bt_key_search(h, key->p, key->n, &found);
    return found && !below ? s : s > 0 ? s - 1 : 0;
}

/* bt_slot_open - make place for slot number `slot`. */
static BtSlot *bt_slot_open(PageHeader *h, uint32_t slot)
{
    BtSlot *slots = bt_slots(h);
    memmove(slots + slot + 1, slots + slot, (h->slot_count - slot) * sizeof(BtSlot));
    h->slot_count++;
    return &slots[slot];
}

void bt_key_insert(PageHeader *h, uint32_t slot, uint64_t tag, const uint8_t *key, size_t klen,
                   Slice payload)
{
    uint32_t n = (uint32_t)(BT_KEY_ENTRY + klen + payload.len);
    uint32_t off = bt_place(h, n, 1);
    uint16_t plen = (uint16_t)payload.len;
    uint8_t *e = bt_bytes(h, off);
    memcpy(e, &tag, 8);
    memcpy(e + 8, &plen, 2);
    if (klen != 0) {
        memcpy(e + BT_KEY_ENTRY, key, klen);
    }
    if (payload.len != 0) {
        memcpy(e + BT_KEY_ENTRY + klen, payload.ptr, payload.len);
    }
    *bt_slot_open(h, slot) = (BtSlot){(uint16_t)off, (uint16_t)klen, bt_key_head(key, klen)};
}

void bt_slot_remove(PageHeader *h, uint32_t slot)
{
    BtSlot *slots = bt_slots(h);
    h->frag_bytes = (uint16_t)(h->frag_bytes + bt_entry_bytes(h, &slots[slot]));
    memmove(slots + slot, slots + slot + 1, (h->slot_count - slot - 1u) * sizeof(BtSlot));
    h->slot_count--;
    memset(&slots[h->slot_count], 0, sizeof(BtSlot));
}

void bt_move_upper(PageHeader *h, uint32_t from, PageHeader *to, bool drop_first_key)
{
    BtSlot *slots = bt_slots(h), *dest = bt_slots(to);
    uint32_t n = h->slot_count - from;
    ASSERT(to->slot_count == 0);
    for (uint32_t i = 0; i < n; i++) {
        const BtSlot *s = &slots[from + i];
        if (i == 0 && drop_first_key) {
            bt_key_insert(to, 0, bt_slot_child(h, from), NULL, 0, (Slice){NULL, 0});
            continue;
        }
        uint32_t bytes = bt_entry_bytes(h, s);
        uint32_t off = bt_place(to, bytes, 1);
        memcpy(bt_bytes(to, off), bt_bytes(h, s->off), bytes);
        uint32_t head = s->head;
        if (bt_is_table_leaf(h)) {
            head = (uint32_t)(h->first_rowid + s->head - to->first_rowid);
        }
        dest[i] = (BtSlot){(uint16_t)off, s->len, head};
        to->slot_count++;
    }
    memset(&slots[from], 0, n * sizeof(BtSlot));
    h->slot_count = (uint16_t)from;
    bt_compact(h);
}

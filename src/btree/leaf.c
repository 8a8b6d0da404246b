/*
 * leaf.c - entries of a latched leaf, for src/table: reading, searching, editing. Nothing is logged
 * here.
 */
#include "btree/btree_internal.h"

uint32_t bt_leaf_count(const PageRef *leaf)
{
    return leaf->hdr->slot_count;
}

bool bt_leaf_entry(const PageRef *leaf, uint32_t slot, BtEntry *out)
{
    const PageHeader *h = leaf->hdr;
    const BtSlot *s = &bt_slots(h)[slot];
    if (UNLIKELY(!bt_slot_sane(h, s))) {
        return false;
    }
    uint8_t *e = bt_bytes(h, s->off);
    memcpy(&out->tag, e, 8);
    if (LIKELY(bt_is_table_leaf(h))) {
        out->payload = e + BT_TABLE_ENTRY;
        out->payload_len = s->len;
        out->rowid = h->first_rowid + s->head;
        return true;
    }
    uint16_t plen;
    memcpy(&plen, e + 8, 2);
    out->payload = e + BT_KEY_ENTRY + s->len;
    out->payload_len = plen;
    out->rowid = 0;
    return s->off + (uint32_t)BT_KEY_ENTRY + s->len + plen <= PAGE_SIZE;
}

void bt_leaf_key(const PageRef *leaf, uint32_t slot, Buf *buf)
{
    buf_clear(buf);
    if (bt_slot_sane(leaf->hdr, &bt_slots(leaf->hdr)[slot])) {
        buf_put_slice(buf, bt_slot_key(leaf->hdr, slot));
    }
}

RowId bt_leaf_rowid(const PageRef *leaf, uint32_t slot)
{
    return leaf->hdr->first_rowid + bt_slots(leaf->hdr)[slot].head;
}

bool bt_find_slot(const PageRef *leaf, const BtKey *key, uint32_t *slot_out)
{
    const PageHeader *h = leaf->hdr;
    bool found;
    if (!bt_is_table_leaf(h)) {
        *slot_out = bt_key_search(h, (const uint8_t *)key->bytes.ptr, key->bytes.len, &found);
        return found;
    }
    const BtSlot *slots = bt_slots(h);
    uint32_t n = h->slot_count;
    if (key->rowid < h->first_rowid) {
        *slot_out = 0;
        return false;
    }
    uint64_t delta = key->rowid - h->first_rowid;
    /* Dense leaves: the row is where its number says. */
    if (LIKELY(delta < n && slots[delta].head == delta)) {
        *slot_out = (uint32_t)delta;
        return true;
    }
    uint32_t lo = 0, hi = n;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (slots[mid].head < delta) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    *slot_out = lo;
    return lo < n && slots[lo].head == delta;
}

bool bt_leaf_has_room(const PageRef *leaf, const BtKey *key, uint32_t entry_bytes)
{
    const PageHeader *h = leaf->hdr;
    uint32_t need = (uint32_t)sizeof(BtSlot) + entry_bytes;
    if (!bt_is_table_leaf(h)) {
        need += (BT_KEY_ENTRY - 8u) + (uint32_t)key->bytes.len;
    } else if (key->rowid < h->first_rowid || key->rowid - h->first_rowid > UINT32_MAX) {
        return false;
    }
    return bt_free_bytes(h) >= need;
}

void bt_leaf_insert(PageRef *leaf, const BtKey *key, uint32_t slot, uint64_t tag, Slice payload)
{
    PageHeader *h = leaf->hdr;
    ASSERT(leaf->mode == LATCH_EXCLUSIVE && slot <= h->slot_count);
    if (!bt_is_table_leaf(h)) {
        bt_key_insert(h, slot, tag, (const uint8_t *)key->bytes.ptr, key->bytes.len, payload);
        return;
    }
    uint32_t off = bt_place(h, (uint32_t)(BT_TABLE_ENTRY + payload.len), 1);
    uint8_t *e = bt_bytes(h, off);
    memcpy(e, &tag, 8);
    if (payload.len != 0) {
        memcpy(e + BT_TABLE_ENTRY, payload.ptr, payload.len);
    }
    BtSlot *slots = bt_slots(h);
    memmove(slots + slot + 1, slots + slot, (h->slot_count - slot) * sizeof(BtSlot));
    slots[slot] =
        (BtSlot){(uint16_t)off, (uint16_t)payload.len, (uint32_t)(key->rowid - h->first_rowid)};
    h->slot_count++;
}

void bt_leaf_set_tag(PageRef *leaf, uint32_t slot, uint64_t tag)
{
    memcpy(bt_bytes(leaf->hdr, bt_slots(leaf->hdr)[slot].off), &tag, 8);
}

bool bt_leaf_resize(PageRef *leaf, uint32_t slot, uint32_t payload_len)
{
    PageHeader *h = leaf->hdr;
    BtSlot *s = &bt_slots(h)[slot];
    ASSERT(bt_is_table_leaf(h) && leaf->mode == LATCH_EXCLUSIVE);
    if (payload_len <= s->len) {
        h->frag_bytes = (uint16_t)(h->frag_bytes + (s->len - payload_len));
        s->len = (uint16_t)payload_len;
        return true;
    }
    uint32_t old = BT_TABLE_ENTRY + (uint32_t)s->len, now = BT_TABLE_ENTRY + payload_len;
    if (bt_free_bytes(h) + old < now) {
        return false;
    }
    uint8_t copy[PAGE_SIZE];
    memcpy(copy, bt_bytes(h, s->off), old);
    uint32_t low = (uint32_t)(sizeof(PageHeader) + h->slot_count * sizeof(BtSlot));
    if (bt_heap_top(h) - low >= now) {
        h->frag_bytes = (uint16_t)(h->frag_bytes + old);
    } else {
        /* Rewrite the others without it, then there is room for all of it. */
        uint32_t after = h->slot_count - slot - 1u;
        BtSlot kept = *s;
        memmove(s, s + 1, after * sizeof(BtSlot));
        h->slot_count--;
        bt_compact(h);
        memmove(s + 1, s, after * sizeof(BtSlot));
        *s = kept;
        h->slot_count++;
    }
    h->heap_top = (uint16_t)(bt_heap_top(h) - now);
    s->off = h->heap_top;
    s->len = (uint16_t)payload_len;
    memcpy(bt_bytes(h, s->off), copy, old);
    return true;
}

void bt_leaf_remove(PageRef *leaf, uint32_t slot)
{
    ASSERT(leaf->mode == LATCH_EXCLUSIVE && slot < leaf->hdr->slot_count);
    bt_slot_remove(leaf->hdr, slot);
}

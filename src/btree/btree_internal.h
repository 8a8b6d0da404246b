#ifndef DASSIE_BTREE_INTERNAL_H
#define DASSIE_BTREE_INTERNAL_H
/*
 * btree_internal.h - the layout of tree pages and what the files of src/btree share.
 *
 * Slots of 8 bytes grow up from the header, entries grow down from the end of the page.
 *   table leaf   slot {offset, payload length, row id - header.first_rowid}; entry: u64 tag,
 * payload index leaf   slot {offset, key length, first 4 key bytes}; entry: u64 tag, u16 payload
 * length, key, payload inner node   as an index leaf with the child's page number for the tag; the
 * first key is empty (minus infinity); header.flags is the level (leaves: 0) first_rowid of a table
 * leaf is the lower bound of its range, not its first row.
 */
#include "btree/btree.h"

typedef struct BtSlot {
    uint16_t off, len;
    uint32_t head;
} BtSlot;
STATIC_ASSERT(sizeof(BtSlot) == 8, "BtSlot is 8 bytes on disk");

enum { BT_TABLE_ENTRY = 8, BT_KEY_ENTRY = 10 };
#define BT_LEVELS_MAX 16

static inline BtSlot *bt_slots(const PageHeader *h)
{
    return (BtSlot *)(void *)(uintptr_t)(h + 1);
}
static inline uint8_t *bt_bytes(const PageHeader *h, uint32_t off)
{
    return (uint8_t *)(uintptr_t)h + off;
}
static inline bool bt_is_table_leaf(const PageHeader *h)
{
    return h->type == PAGE_BT_TABLE_LEAF;
}
static inline bool bt_is_inner(const PageHeader *h)
{
    return h->type == PAGE_BT_INNER;
}
static inline uint32_t bt_heap_top(const PageHeader *h)
{
    return h->heap_top == 0 ? PAGE_SIZE : h->heap_top;
}
static inline uint32_t bt_key_head(const uint8_t *p, size_t n)
{
    uint8_t b[4] = {0, 0, 0, 0};
    if (n >= 4) {
        memcpy(b, p, 4);
    } else if (n != 0) {
        memcpy(b, p, n);
    }
    return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* BtBytes - a key as inner nodes compare it: index bytes, or the row id big-endian. */
typedef struct BtBytes {
    const uint8_t *p;
    size_t n;
    uint8_t rowid[8];
} BtBytes;
static inline void bt_key_bytes(const BtTree *t, const BtKey *key, BtBytes *out)
{
    if (t->kind == TREE_TABLE) {
        uint64_t be = __builtin_bswap64(key->rowid);
        memcpy(out->rowid, &be, 8);
        out->p = out->rowid;
        out->n = 8;
    } else {
        out->p = (const uint8_t *)key->bytes.ptr;
        out->n = key->bytes.len;
    }
}

/* ---- node.c: pages with slots ---- */
/* bt_slot_sane - offsets of damaged pages are checked before they are followed. */
bool bt_slot_sane(const PageHeader *h, const BtSlot *s);
uint32_t bt_entry_bytes(const PageHeader *h, const BtSlot *s);
uint32_t bt_free_bytes(const PageHeader *h);
void bt_compact(PageHeader *h);
/* bt_place - room for an entry of n bytes in the heap (compacting if need be); its offset. */
uint32_t bt_place(PageHeader *h, uint32_t n, uint32_t slots_more);
/* bt_key_search - first slot whose key is >= (p, n); *found_out: equal. */
uint32_t bt_key_search(const PageHeader *h, const uint8_t *p, size_t n, bool *found_out);
void bt_key_insert(PageHeader *h, uint32_t slot, uint64_t tag, const uint8_t *key, size_t klen,
                   Slice payload);
void bt_slot_remove(PageHeader *h, uint32_t slot);
/* bt_move_upper - slots from `from` on to the empty page `to`. drop_first_key: it becomes
 * -infinity. */
void bt_move_upper(PageHeader *h, uint32_t from, PageHeader *to, bool drop_first_key);
static inline Slice bt_slot_key(const PageHeader *h, uint32_t slot)
{
    const BtSlot *s = &bt_slots(h)[slot];
    return (Slice){(const char *)bt_bytes(h, s->off + BT_KEY_ENTRY), s->len};
}
static inline PageNo bt_slot_child(const PageHeader *h, uint32_t slot)
{
    PageNo child;
    memcpy(&child, bt_bytes(h, bt_slots(h)[slot].off), sizeof(child));
    return child;
}
/* bt_child_slot - the child that covers the key; below: the one that covers keys just below it. */
uint32_t bt_child_slot(const PageHeader *h, const BtBytes *key, bool below);

/* ---- descend.c ---- */
/* BtFences - bounds of the leaf reached: separators of the path, copied. */
typedef struct BtFences {
    Buf *low, *high;
    bool has_low, has_high;
} BtFences;
typedef enum BtSide { BT_COVERING, BT_BELOW, BT_FIRST, BT_LAST } BtSide;
Status bt_descend(Cx *cx, const BtTree *t, const BtBytes *key, BtSide side, LatchMode mode,
                  BtFences *fences, PageRef *leaf_out);
Status bt_check_page(Cx *cx, const BtTree *t, const PageRef *ref);

/* ---- split.c ---- */
Status bt_make_room(Cx *cx, const BtTree *t, const BtKey *key, uint32_t entry_bytes);

#endif

#ifndef DASSIE_BTREE_INTERNAL_H
#define DASSIE_BTREE_INTERNAL_H
/*
 * btree_internal.h - page layouts and the helpers shared by the files of src/btree.
 *
 * Table leaf (PAGE_BT_TABLE_LEAF), keys are row ids:
 *   64   slots, 8 bytes each: {u16 offset, u16 length, u32 row id - first_rowid}, ascending
 *   heap_top..PAGE_SIZE   entries, 8-aligned: tag u64, payload; length counts both
 *   hdr.first_rowid is the lower bound of the page, hdr.reserved the upper bound (exclusive; 0 =
 * none) Key page (PAGE_BT_INNER, PAGE_BT_INDEX_LEAF), keys are bytes: 64   slots, 12 bytes each:
 * {u16 offset, u16 key length, u16 payload length, u16 0, u32 head}, ascending heap  entries,
 * 8-aligned: value u64 (leaf: tag; inner: child page), key without the page's prefix, payload; and
 * fences hdr.first_rowid holds KeyFences, hdr.reserved holds KeyInfo the first slot of an inner
 * page stands for everything below the second The lower fence's first prefix_len bytes are the
 * prefix. head = first four key bytes behind the prefix, big-endian. A page of zeros but for type,
 * number, tree and heap_top is an empty root leaf.
 * LEAF_ALL_LIVE in hdr.flags of a table leaf: none of its entries is delete-marked, so that a scan
 * over settled rows need not look at their tags. A function of the entries, kept by the edits.
 */
#include "btree/btree.h"
#include "txn/txn.h"

enum { LEAF_ALL_LIVE = 1 };

typedef struct TableSlot {
    uint16_t offset, len;
    uint32_t delta;
} TableSlot;
typedef struct KeySlot {
    uint16_t offset, key_len, payload_len, reserved;
    uint32_t head;
} KeySlot;
STATIC_ASSERT(sizeof(TableSlot) == 8 && sizeof(KeySlot) == 12, "slots are as on disk");
typedef struct KeyFences {
    uint16_t lower_offset, lower_len, upper_offset, upper_len; /* offset 0 = unbounded */
} KeyFences;
typedef struct KeyInfo {
    uint16_t prefix_len, level; /* level: 0 leaf, 1 above leaves, ... */
    uint32_t reserved;
} KeyInfo;

#define HEAP_START          ((uint32_t)sizeof(PageHeader))
#define BT_DEPTH_MAX        32
#define BT_RETRY_OPTIMISTIC 8

static inline bool page_is_table_leaf(const PageHeader *h)
{
    return h->type == PAGE_BT_TABLE_LEAF;
}
static inline TableSlot *table_slots(PageHeader *h)
{
    return (TableSlot *)(void *)(h + 1);
}
static inline KeySlot *key_slots(PageHeader *h)
{
    return (KeySlot *)(void *)(h + 1);
}
static inline KeyFences *key_fences(PageHeader *h)
{
    return (KeyFences *)(void *)&h->first_rowid;
}
static inline KeyInfo *key_info(PageHeader *h)
{
    return (KeyInfo *)(void *)&h->reserved;
}
static inline uint32_t slot_bytes(const PageHeader *h)
{
    return page_is_table_leaf(h) ? sizeof(TableSlot) : sizeof(KeySlot);
}
/* leaf_slots_max - no page holds more: what a slot count is clamped to while it cannot be trusted.
 */
static inline uint32_t slots_max(const PageHeader *h)
{
    return (PAGE_SIZE - HEAP_START) / slot_bytes(h);
}
static inline uint32_t slots_clamped(const PageHeader *h)
{
    return MIN((uint32_t)h->slot_count, slots_max(h));
}
static inline uint32_t slots_end(const PageHeader *h)
{
    return HEAP_START + h->slot_count * slot_bytes(h);
}
static inline uint32_t space_total(const PageHeader *h)
{
    uint32_t used = slots_end(h);
    return h->heap_top >= used ? h->heap_top - used + h->frag_bytes : 0;
}
static inline Slice page_slice(const PageHeader *h, uint32_t offset, uint32_t len)
{
    return offset + len <= PAGE_SIZE ? (Slice){(const char *)h + offset, len} : (Slice){NULL, 0};
}
static inline Slice page_lower(PageHeader *h)
{
    KeyFences *f = key_fences(h);
    return f->lower_offset == 0 ? (Slice){NULL, 0} : page_slice(h, f->lower_offset, f->lower_len);
}
static inline Slice page_upper(PageHeader *h)
{
    KeyFences *f = key_fences(h);
    return f->upper_offset == 0 ? (Slice){NULL, 0} : page_slice(h, f->upper_offset, f->upper_len);
}
static inline int slice_cmp(Slice a, Slice b)
{
    size_t n = MIN(a.len, b.len);
    int c = n != 0 ? memcmp(a.ptr, b.ptr, n) : 0;
    return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}
/* rowid_key - a row id as inner pages hold it. */
static inline Slice rowid_key(RowId rowid, uint8_t bytes[8])
{
    uint64_t be = __builtin_bswap64(rowid);
    memcpy(bytes, &be, 8);
    return (Slice){(const char *)bytes, 8};
}

/* key_search - first slot whose key is >= key; *exact_out. Reads nothing outside the page, whatever
 * the bytes are. */
uint32_t key_search(PageHeader *h, Slice key, uint32_t from, bool *exact_out);
/* inner_find - the child slot that covers key; before: the one that covers keys just below it. */
uint32_t inner_find(PageHeader *h, Slice key, bool before);
PageNo inner_child(PageHeader *h, uint32_t slot);
/* heap_alloc - room for n bytes in the heap, compacting when only fragments are left; 0 when there
 * is none. */
uint32_t heap_alloc(PageHeader *h, uint32_t n, uint32_t new_slots);
void page_compact(PageHeader *h);
/* key_insert - put an entry under a full key at slot; room guaranteed. */
void key_insert(PageHeader *h, uint32_t slot, Slice key, uint64_t value, Slice payload);
uint32_t key_entry_bytes(PageHeader *h, uint32_t key_len, uint32_t payload_len);
/* key_full - prefix and rest of a slot's key appended to buf (not cleared). */
void key_full(PageHeader *h, uint32_t slot, Buf *buf);
/* page_set_fences - on a page without entries: bounds and prefix. Empty slices = unbounded. */
void page_set_fences(PageHeader *h, Slice lower, Slice upper);
/* page_set_upper - replace the upper fence of a page with entries; false when there is no room. */
bool page_set_upper(PageHeader *h, Slice upper);

/*
 * Bytes under a right checksum may still be wrong (bad memory, a bug): what an edit relies on is
 * checked before it. page_head_sound - header and fences, constant time, on every latched leaf.
 * page_sound - every slot and the free space too, before a split or a compaction. page_covers -
 * does the key belong here? page_must_compact - will an entry of so many bytes rewrite the heap?
 */
bool page_head_sound(PageHeader *h);
bool page_sound(PageHeader *h);
bool page_covers(PageHeader *h, const BtKey *key);
bool page_must_compact(PageHeader *h, uint32_t bytes);

typedef enum Descend { DESCEND_KEY, DESCEND_BEFORE, DESCEND_FIRST, DESCEND_LAST } Descend;
/* bt_descend - latch the leaf for key (bytes as in inner pages). */
Status bt_descend(Cx *cx, const BtTree *t, Descend how, Slice key, LatchMode mode,
                  PageRef *leaf_out);
/* bt_leaves_from - page numbers of the leaf that covers key and those right of it under the same
 * parent; a hint: none when a race was lost. */
uint32_t bt_leaves_from(Cx *cx, const BtTree *t, Slice key, PageNo *pages, uint32_t max);
/* bt_leaf_accept - is the latched page a sound leaf of this tree? XX001 and unlatched when not. */
Status bt_leaf_accept(Cx *cx, const BtTree *t, PageRef *leaf);
/* bt_split - one step towards room for the key: split a page on its path. *force: see split.c. */
Status bt_split(Cx *cx, const BtTree *t, const BtKey *key, uint32_t entry_bytes);
Slice bt_key_bytes(const BtTree *t, const BtKey *key, uint8_t scratch[8]);

#endif

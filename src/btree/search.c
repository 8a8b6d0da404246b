/*
 * search.c - descents: inner pages read optimistically, the leaf latched.
 *
 * Order of steps at each level (shared engine notes 1.1): read the child number; validate the
 * parent, else a torn read would be followed; check the number; note the child's version, faulting
 * it in; validate the parent again, else a split that finished in between hides the key; only then
 * look into the child. A leaf is latched from the very version noted, and the parent validated once
 * more. After BT_RETRY_OPTIMISTIC lost races the descent couples shared latches.
 */
#include "btree/btree_internal.h"

Slice bt_key_bytes(const BtTree *t, const BtKey *key, uint8_t scratch[8])
{
    return t->kind == TREE_TABLE ? rowid_key(key->rowid, scratch) : key->bytes;
}

static bool type_is_leaf(uint8_t type)
{
    return type == PAGE_BT_TABLE_LEAF || type == PAGE_BT_INDEX_LEAF;
}

static uint32_t choose_child(PageHeader *h, Descend how, Slice key)
{
    switch (how) {
    case DESCEND_FIRST: return 0;
    case DESCEND_LAST: return slots_clamped(h) - (slots_clamped(h) != 0);
    case DESCEND_BEFORE: return inner_find(h, key, true);
    default: return inner_find(h, key, false);
    }
}

static Status bad_node(Cx *cx, const BtTree *t, PageNo page)
{
    return err_corrupt(cx, page, "it is not a page of tree %u where one should be", t->tree);
}

Status bt_leaf_accept(Cx *cx, const BtTree *t, PageRef *leaf)
{
    PageHeader *h = leaf->hdr;
    PageNo page = leaf->page;
    uint8_t type = t->kind == TREE_TABLE ? PAGE_BT_TABLE_LEAF : PAGE_BT_INDEX_LEAF;
    if (LIKELY(h->type == type && h->tree == t->tree && page_head_sound(h))) {
        return ST_OK;
    }
    bool mine = h->type == type && h->tree == t->tree;
    page_unlock(t->store, leaf);
    return mine ? err_corrupt(cx, page, "its header and its slots do not agree")
                : bad_node(cx, t, page);
}

/* descend_once - one optimistic attempt; ST_RESTART when a race was lost. */
static Status descend_once(Cx *cx, const BtTree *t, Descend how, Slice key, LatchMode mode,
                           PageRef *leaf_out)
{
    Store *s = t->store;
    PageRef ref, child;
    Status st = ST_OK;
    TRY(page_peek(cx, s, t->root, &ref));
    if (type_is_leaf(ref.hdr->type)) {
        uint64_t version = ref.version;
        page_unlock(s, &ref);
        return page_lock_at(cx, s, t->root, version, mode, leaf_out);
    }
    for (int depth = 0; depth < BT_DEPTH_MAX; depth++) {
        uint8_t type = ref.hdr->type;
        TreeId tree = ref.hdr->tree;
        PageNo next = inner_child(ref.hdr, choose_child(ref.hdr, how, key));
        uint16_t level = key_info(ref.hdr)->level;
        page_prefetch(s, next, 2 * CACHE_LINE); /* the head, and where the slots begin */
        TRY_OUT(page_validate(s, &ref));
        if (type != PAGE_BT_INNER || tree != t->tree || next < 1 || next >= store_page_count(s)) {
            st = bad_node(cx, t, ref.page);
            goto out;
        }
        TRY_OUT(page_peek(cx, s, next, &child));
        st = page_validate(s, &ref);
        if (st != ST_OK) {
            page_unlock(s, &child);
            goto out;
        }
        if (level == 1) {
            uint64_t version = child.version;
            page_unlock(s, &child);
            TRY_OUT(page_lock_at(cx, s, next, version, mode, leaf_out));
            st = page_validate(s, &ref);
            if (st != ST_OK) {
                page_unlock(s, leaf_out);
            }
            goto out;
        }
        page_unlock(s, &ref);
        ref = child;
    }
    st = err_corrupt(cx, t->root, "tree %u is too deep", t->tree);
out:
    page_unlock(s, &ref);
    return st;
}

/* descend_coupled - shared latches hand over hand: cannot lose a race for ever. */
static Status descend_coupled(Cx *cx, const BtTree *t, Descend how, Slice key, LatchMode mode,
                              PageRef *leaf_out)
{
    Store *s = t->store;
    PageRef ref, child;
    TRY(page_lock(cx, s, t->root, LATCH_SHARED, &ref));
    if (type_is_leaf(ref.hdr->type)) {
        if (mode == LATCH_SHARED) {
            *leaf_out = ref;
            return ST_OK;
        }
        page_unlock(s, &ref);
        TRY(page_lock(cx, s, t->root, mode, leaf_out));
        if (type_is_leaf(leaf_out->hdr->type)) {
            return ST_OK;
        }
        page_unlock(s, leaf_out);
        return ST_RESTART;
    }
    for (int depth = 0; depth < BT_DEPTH_MAX; depth++) {
        PageNo next = inner_child(ref.hdr, choose_child(ref.hdr, how, key));
        uint16_t level = key_info(ref.hdr)->level;
        Status st = ST_OK;
        if (ref.hdr->type != PAGE_BT_INNER || ref.hdr->tree != t->tree) {
            st = bad_node(cx, t, ref.page);
        } else {
            st = page_lock(cx, s, next, level == 1 ? mode : LATCH_SHARED, &child);
        }
        page_unlock(s, &ref);
        TRY(st);
        if (level == 1) {
            *leaf_out = child;
            return ST_OK;
        }
        ref = child;
    }
    page_unlock(s, &ref);
    return err_corrupt(cx, t->root, "tree %u is too deep", t->tree);
}

Status bt_descend(Cx *cx, const BtTree *t, Descend how, Slice key, LatchMode mode,
                  PageRef *leaf_out)
{
    store_throttle(t->store);
    for (uint32_t tries = 0;;) {
        leaf_out->hdr = NULL;
        Status st = tries < BT_RETRY_OPTIMISTIC ? descend_once(cx, t, how, key, mode, leaf_out)
                                                : descend_coupled(cx, t, how, key, mode, leaf_out);
        if (st == ST_OK) {
            return bt_leaf_accept(cx, t, leaf_out);
        }
        if (st != ST_RESTART) {
            return st;
        }
        TRY(cx_retry(cx, &tries));
    }
}

/* leaves_from_once - down to the parent of the leaves, as descend_once goes. */
static Status leaves_from_once(Cx *cx, const BtTree *t, Slice key, PageNo *pages, uint32_t max,
                               uint32_t *n_out)
{
    Store *s = t->store;
    PageRef ref, child;
    Status st = ST_OK;
    TRY(page_peek(cx, s, t->root, &ref));
    for (int depth = 0; depth < BT_DEPTH_MAX && ref.hdr->type == PAGE_BT_INNER; depth++) {
        uint32_t slot = inner_find(ref.hdr, key, false), n = 0;
        uint16_t level = key_info(ref.hdr)->level;
        if (level == 1) {
            uint32_t end = MIN(slots_clamped(ref.hdr), slot + max);
            for (; slot < end; slot++) {
                pages[n++] = inner_child(ref.hdr, slot);
            }
            TRY_OUT(page_validate(s, &ref));
            *n_out = n;
            break;
        }
        PageNo next = inner_child(ref.hdr, slot);
        TRY_OUT(page_validate(s, &ref));
        if (next < 1 || next >= store_page_count(s)) {
            break;
        }
        TRY_OUT(page_peek(cx, s, next, &child));
        page_unlock(s, &ref);
        ref = child;
    }
out:
    page_unlock(s, &ref);
    return st;
}

uint32_t bt_leaves_from(Cx *cx, const BtTree *t, Slice key, PageNo *pages, uint32_t max)
{
    uint32_t n = 0;
    Err err = {0};
    Cx own = *cx;
    own.err = &err; /* an error is told by whoever comes to the page */
    return leaves_from_once(&own, t, key, pages, max, &n) == ST_OK ? n : 0;
}

Status bt_seek(Cx *cx, const BtTree *t, const BtKey *key, LatchMode mode, BtPos *pos_out)
{
    uint8_t scratch[8];
    pos_out->leaf.hdr = NULL;
    TRY(bt_descend(cx, t, DESCEND_KEY, bt_key_bytes(t, key, scratch), mode, &pos_out->leaf));
    /* I4, I5: a leaf of this tree, whose bounds hold the key. */
    DASSERT(pos_out->leaf.hdr->tree == t->tree && page_covers(pos_out->leaf.hdr, key));
    pos_out->found = bt_find_slot(&pos_out->leaf, key, &pos_out->slot);
    return ST_OK;
}

Status bt_seek_first(Cx *cx, const BtTree *t, LatchMode mode, BtPos *pos_out)
{
    TRY(bt_descend(cx, t, DESCEND_FIRST, (Slice){"", 0}, mode, &pos_out->leaf));
    pos_out->slot = 0;
    pos_out->found = false;
    return ST_OK;
}

Status bt_seek_last(Cx *cx, const BtTree *t, LatchMode mode, BtPos *pos_out)
{
    TRY(bt_descend(cx, t, DESCEND_LAST, (Slice){"", 0}, mode, &pos_out->leaf));
    pos_out->slot = bt_leaf_count(&pos_out->leaf);
    pos_out->found = false;
    return ST_OK;
}

Status bt_seek_insert(Cx *cx, const BtTree *t, const BtKey *key, uint32_t entry_bytes,
                      BtPos *pos_out)
{
    for (uint32_t tries = 0;;) {
        TRY(bt_seek(cx, t, key, LATCH_EXCLUSIVE, pos_out));
        PageHeader *h = pos_out->leaf.hdr;
        bool room = entry_bytes == 0 || bt_leaf_has_room(&pos_out->leaf, key, entry_bytes);
        uint32_t bytes = ALIGN_UP(entry_bytes + (uint32_t)key->bytes.len, 8u);
        if (UNLIKELY(!page_covers(h, key) ||
                     ((!room || page_must_compact(h, bytes)) && !page_sound(h)))) {
            PageNo page = pos_out->leaf.page;
            page_unlock(t->store, &pos_out->leaf);
            return err_corrupt(cx, page, "its entries and its bounds do not agree");
        }
        if (room) {
            return ST_OK;
        }
        page_unlock(t->store, &pos_out->leaf);
        TRY(bt_split(cx, t, key, entry_bytes));
        TRY(cx_retry(cx, &tries));
    }
}

void bt_release(const BtTree *t, BtPos *pos)
{
    page_unlock(t->store, &pos->leaf);
}

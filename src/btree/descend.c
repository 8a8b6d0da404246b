/*
 * descend.c - from the root to a leaf, latch by latch: the parent is held shared until its child is
 * latched, so no split can hide the key in between, and no freed page is ever entered.
 */
#include "btree/btree_internal.h"

Status bt_check_page(Cx *cx, const BtTree *t, const PageRef *ref)
{
    const PageHeader *h = ref->hdr;
    bool leaf = h->type == (t->kind == TREE_TABLE ? PAGE_BT_TABLE_LEAF : PAGE_BT_INDEX_LEAF);
    bool good = h->tree == t->tree && (leaf || bt_is_inner(h)) &&
                sizeof(PageHeader) + h->slot_count * sizeof(BtSlot) <= bt_heap_top(h) &&
                bt_heap_top(h) <= PAGE_SIZE && (leaf || h->slot_count != 0);
    return good ? ST_OK
                : err_corrupt(cx, ref->page, "page %llu is not a page of tree %u",
                              (unsigned long long)ref->page, t->tree);
}

static void fence_set(Buf *b, const PageHeader *h, uint32_t slot, bool *has)
{
    Slice key = bt_slot_key(h, slot);
    buf_clear(b);
    buf_put_slice(b, key);
    *has = true;
}

/* descend_choose - the slot to go down; fences get tighter on the way. */
static Status descend_choose(Cx *cx, const PageRef *node, const BtBytes *key, BtSide side,
                             BtFences *fences, uint32_t *slot_out)
{
    const PageHeader *h = node->hdr;
    uint32_t slot = side == BT_FIRST  ? 0
                    : side == BT_LAST ? h->slot_count - 1u
                                      : bt_child_slot(h, key, side == BT_BELOW);
    if (!bt_slot_sane(h, &bt_slots(h)[slot])) {
        return err_corrupt(cx, node->page, "inner page has a damaged slot");
    }
    if (fences != NULL) {
        if (fences->low != NULL && slot > 0) {
            fence_set(fences->low, h, slot, &fences->has_low);
        }
        if (fences->high != NULL && slot + 1 < h->slot_count &&
            bt_slot_sane(h, &bt_slots(h)[slot + 1])) {
            fence_set(fences->high, h, slot + 1, &fences->has_high);
        }
    }
    *slot_out = slot;
    return ST_OK;
}

Status bt_descend(Cx *cx, const BtTree *t, const BtBytes *key, BtSide side, LatchMode mode,
                  BtFences *fences, PageRef *leaf_out)
{
    PageRef node, child;
    /* The root may be a leaf; then it has to be latched as one. */
    LatchMode root_mode = LATCH_SHARED;
    for (;;) {
        TRY(page_lock(cx, t->store, t->root, root_mode, &node));
        Status st = bt_check_page(cx, t, &node);
        if (st != ST_OK) {
            page_unlock(t->store, &node);
            return st;
        }
        bool leaf = !bt_is_inner(node.hdr);
        if (leaf && root_mode == mode) {
            *leaf_out = node;
            return ST_OK;
        }
        if (!leaf) {
            break;
        }
        page_unlock(t->store, &node);
        root_mode = mode;
    }
    for (uint32_t depth = 0;; depth++) {
        uint32_t slot = 0;
        Status st = depth == BT_LEVELS_MAX
                        ? err_corrupt(cx, node.page, "tree %u is too deep", t->tree)
                        : descend_choose(cx, &node, key, side, fences, &slot);
        if (st == ST_OK) {
            bool to_leaf = node.hdr->flags == 1;
            uint8_t level = node.hdr->flags;
            st = page_lock(cx, t->store, bt_slot_child(node.hdr, slot),
                           to_leaf ? mode : LATCH_SHARED, &child);
            if (st == ST_OK) {
                page_unlock(t->store, &node);
                node = child;
                st = bt_check_page(cx, t, &node);
                if (st == ST_OK &&
                    (bt_is_inner(node.hdr) ? node.hdr->flags + 1 != level : level != 1)) {
                    st = err_corrupt(cx, node.page, "page has a wrong level");
                }
            }
        }
        if (st != ST_OK) {
            page_unlock(t->store, &node);
            return st;
        }
        if (!bt_is_inner(node.hdr)) {
            *leaf_out = node;
            return ST_OK;
        }
    }
}

Status bt_seek(Cx *cx, const BtTree *t, const BtKey *key, LatchMode mode, BtPos *pos_out)
{
    BtBytes b;
    bt_key_bytes(t, key, &b);
    TRY(bt_descend(cx, t, &b, BT_COVERING, mode, NULL, &pos_out->leaf));
    pos_out->found = bt_find_slot(&pos_out->leaf, key, &pos_out->slot);
    return ST_OK;
}

Status bt_seek_first(Cx *cx, const BtTree *t, LatchMode mode, BtPos *pos_out)
{
    pos_out->slot = 0;
    pos_out->found = false;
    return bt_descend(cx, t, NULL, BT_FIRST, mode, NULL, &pos_out->leaf);
}

Status bt_seek_last(Cx *cx, const BtTree *t, LatchMode mode, BtPos *pos_out)
{
    TRY(bt_descend(cx, t, NULL, BT_LAST, mode, NULL, &pos_out->leaf));
    pos_out->slot = bt_leaf_count(&pos_out->leaf);
    pos_out->found = false;
    return ST_OK;
}

Status bt_seek_insert(Cx *cx, const BtTree *t, const BtKey *key, uint32_t entry_bytes,
                      BtPos *pos_out)
{
    for (;;) {
        TRY(bt_seek(cx, t, key, LATCH_EXCLUSIVE, pos_out));
        if (entry_bytes == 0 || bt_leaf_has_room(&pos_out->leaf, key, entry_bytes)) {
            return ST_OK;
        }
        bt_release(t, pos_out);
        TRY(bt_make_room(cx, t, key, entry_bytes));
    }
}

void bt_release(const BtTree *t, BtPos *pos)
{
    page_unlock(t->store, &pos->leaf);
}

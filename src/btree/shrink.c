/*
 * shrink.c - unlinking an empty leaf, and freeing whole trees.
 *
 * Only purge calls bt_try_shrink. A leaf without entries is given to its left neighbour under the
 * same parent: one record for parent, left and the freed page. The leftmost child of a parent
 * stays, even empty.
 */
#include "btree/btree_internal.h"

/* unlink_leaf - parent, left and leaf latched exclusive, leaf empty. */
static void unlink_leaf(const BtTree *t, PageRef *parent, uint32_t slot, PageRef *left,
                        PageRef *leaf)
{
    Store *s = t->store;
    alignas(16) uint8_t left_before[PAGE_SIZE], parent_before[PAGE_SIZE];
    PageHeader *h = leaf->hdr;
    memcpy(left_before, left->hdr, PAGE_SIZE);
    memcpy(parent_before, parent->hdr, PAGE_SIZE);
    if (page_is_table_leaf(h)) {
        left->hdr->reserved = h->reserved;
    } else {
        Slice upper = page_upper(h);
        if (upper.ptr == NULL) {
            KeyFences *f = key_fences(left->hdr);
            left->hdr->frag_bytes =
                (uint16_t)(left->hdr->frag_bytes + MAX(ALIGN_UP((uint32_t)f->upper_len, 8u), 8u));
            f->upper_offset = f->upper_len = 0;
        } else {
            bool fits = page_set_upper(left->hdr, upper);
            ASSERT(fits);
        }
    }
    Smo smo;
    page_dirty(s, parent);
    page_dirty(s, left);
    page_dirty(s, leaf);
    left->hdr->next = h->next;
    bt_leaf_remove(parent, slot);
    h->type = PAGE_FREE;
    h->next = PAGE_NO_INVALID;
    smo_begin(&smo, s);
    smo_diff(&smo, left, left_before);
    smo_diff(&smo, parent, parent_before);
    smo_bytes(&smo, leaf, 0, sizeof(PageHeader));
    smo_free(&smo, leaf->page);
    (void)smo_commit(&smo, t->tree);
    store_page_moved(s, t->tree, leaf->page, left->page);
}

/* can_unlink - does widening left keep its prefix true and find room for the fence? */
static bool can_unlink(PageHeader *left, PageHeader *leaf)
{
    if (leaf->slot_count != 0 || left->type != leaf->type) {
        return false;
    }
    if (page_is_table_leaf(leaf)) {
        return true;
    }
    Slice lower = page_lower(left), upper = page_upper(leaf);
    uint32_t prefix = key_info(left)->prefix_len;
    if (prefix != 0 &&
        (upper.ptr == NULL || upper.len < prefix || memcmp(lower.ptr, upper.ptr, prefix) != 0)) {
        return false;
    }
    return upper.ptr == NULL || space_total(left) >= MAX(ALIGN_UP((uint32_t)upper.len, 8u), 8u);
}

Status bt_try_shrink(Cx *cx, const BtTree *t, const BtKey *key)
{
    Store *s = t->store;
    uint8_t scratch[8];
    Slice bytes = bt_key_bytes(t, key, scratch);
    PageRef cur, left, leaf;
    TRY(page_lock(cx, s, t->root, LATCH_EXCLUSIVE, &cur));
    while (cur.hdr->type == PAGE_BT_INNER) {
        uint32_t slot = inner_find(cur.hdr, bytes, false);
        if (key_info(cur.hdr)->level != 1) {
            PageRef child;
            Status st = page_lock(cx, s, inner_child(cur.hdr, slot), LATCH_EXCLUSIVE, &child);
            page_unlock(s, &cur);
            TRY(st);
            cur = child;
            continue;
        }
        if (slot == 0) {
            break;
        }
        Status st = page_lock(cx, s, inner_child(cur.hdr, slot - 1), LATCH_EXCLUSIVE, &left);
        if (st == ST_OK) {
            st = page_lock(cx, s, inner_child(cur.hdr, slot), LATCH_EXCLUSIVE, &leaf);
            if (st == ST_OK) {
                if (can_unlink(left.hdr, leaf.hdr)) {
                    unlink_leaf(t, &cur, slot, &left, &leaf);
                }
                page_unlock(s, &leaf);
            }
            page_unlock(s, &left);
        }
        page_unlock(s, &cur);
        return st;
    }
    page_unlock(s, &cur);
    return ST_OK;
}

/* walk_node - children first, so that freeing can stop and start anywhere. */
static Status walk_node(Cx *cx, const BtTree *t, PageNo page, int depth,
                        Status (*fn)(void *arg, Cx *cx, PageNo page), void *arg)
{
    PageRef ref;
    PageNo *children = NULL;
    uint32_t n = 0;
    Status st = ST_OK;
    TRY(page_lock(cx, t->store, page, LATCH_SHARED, &ref));
    if (ref.hdr->type == PAGE_BT_INNER && ref.hdr->tree == t->tree && depth < BT_DEPTH_MAX) {
        n = slots_clamped(ref.hdr);
        children = mem_alloc("walk", (n + 1) * sizeof(PageNo));
        for (uint32_t i = 0; i < n; i++) {
            children[i] = inner_child(ref.hdr, i);
        }
    }
    bool mine = ref.hdr->tree == t->tree && ref.hdr->type != PAGE_FREE;
    page_unlock(t->store, &ref);
    for (uint32_t i = 0; i < n && st == ST_OK; i++) {
        st = walk_node(cx, t, children[i], depth + 1, fn, arg);
    }
    mem_free(children);
    return st == ST_OK && mine ? fn(arg, cx, page) : st;
}

Status bt_walk_pages(Cx *cx, const BtTree *t, Status (*fn)(void *arg, Cx *cx, PageNo page),
                     void *arg)
{
    return walk_node(cx, t, t->root, 0, fn, arg);
}

/* free_page - mark one page of a dropped tree free. */
static Status free_page(void *arg, Cx *cx, PageNo page)
{
    const BtTree *t = arg;
    PageRef ref;
    Smo smo;
    TRY(page_lock(cx, t->store, page, LATCH_EXCLUSIVE, &ref));
    if (ref.hdr->tree == t->tree && ref.hdr->type != PAGE_FREE) {
        page_dirty(t->store, &ref);
        ref.hdr->type = PAGE_FREE;
        smo_begin(&smo, t->store);
        smo_bytes(&smo, &ref, 0, sizeof(PageHeader));
        smo_free(&smo, page);
        (void)smo_commit(&smo, t->tree);
    }
    page_unlock(t->store, &ref);
    return ST_OK;
}

Status bt_free_tree(Cx *cx, Store *s, TreeId tree)
{
    TreeEntry entry;
    Status st = tree_get(cx, s, tree, &entry);
    if (st == ST_NOTFOUND) {
        return ST_OK;
    }
    TRY(st);
    BtTree t = {.store = s, .tree = tree, .kind = entry.kind, .root = entry.root};
    TRY(bt_walk_pages(cx, &t, free_page, &t));
    TRY(page_chain_free(cx, s, tree, entry.meta));
    return tree_remove_entry(cx, s, tree);
}

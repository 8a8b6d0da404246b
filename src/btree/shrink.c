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

/* shrink_sound - are parent and leaves what the unlinking relies on? */
static bool shrink_sound(const BtTree *t, PageHeader *parent, PageHeader *left, PageHeader *leaf)
{
    return parent->tree == t->tree && left->tree == t->tree && leaf->tree == t->tree &&
           page_head_sound(parent) && page_head_sound(left) && page_head_sound(leaf);
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
                if (!shrink_sound(t, cur.hdr, left.hdr, leaf.hdr)) {
                    st = err_corrupt(cx, cur.page, "its header and its slots do not agree");
                } else if (can_unlink(left.hdr, leaf.hdr)) {
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

/*
 * Freeing a tree nobody can see. Leaves are not read: the node above names them, and no other page
 * does, so one record frees the last of its children and shortens it. Nodes higher up are shortened
 * by each child that is gone. So the walk may stop anywhere, for a crash or because it has done
 * enough, and goes on where it was: each step finds its way down the last child of every node.
 */
enum { FREE_RECORD_PAGES = 256 };

typedef struct FreeRun {
    const BtTree *t;
    uint32_t left; /* pages that may still be freed in this step */
} FreeRun;

/* free_shorten - the node has only its first n children from now on; with none it is free itself.
 */
static void free_shorten(FreeRun *run, Smo *smo, PageRef *node, uint32_t n)
{
    page_dirty(run->t->store, node);
    node->hdr->slot_count = (uint16_t)n;
    if (n == 0) {
        node->hdr->type = PAGE_FREE;
        smo_free(smo, node->page);
        run->left -= MIN(run->left, 1u);
    }
    smo_bytes(smo, node, 0, 8); /* type and count */
    (void)smo_commit(smo, run->t->tree);
}

/* free_leaves - the last children of a node over leaves, as many as one record takes. */
static Status free_leaves(Cx *cx, FreeRun *run, PageRef *node)
{
    Store *s = run->t->store;
    PageNo pages[FREE_RECORD_PAGES];
    uint32_t n = slots_clamped(node->hdr);
    uint32_t k = MIN(MIN(n, (uint32_t)FREE_RECORD_PAGES), MAX(run->left, 1u));
    Smo smo;
    for (uint32_t i = 0; i < k; i++) {
        pages[i] = inner_child(node->hdr, n - k + i);
        if (pages[i] >= store_page_count(s) || !store_page_used(s, pages[i])) {
            return err_corrupt(cx, node->page, "it names page %llu, which is not in use",
                               (unsigned long long)pages[i]);
        }
    }
    smo_begin(&smo, s);
    k = smo_free_many(&smo, pages, k);
    run->left -= MIN(run->left, k);
    free_shorten(run, &smo, node, n - k);
    return ST_OK;
}

static Status free_node(Cx *cx, FreeRun *run, PageNo page, int depth);

/* free_children - a node's children from the last to the first, then the node. Latched exclusive at
 * entry and exit, not while its children are. */
static Status free_children(Cx *cx, FreeRun *run, PageRef *node, int depth)
{
    Store *s = run->t->store;
    PageNo page = node->page;
    Smo smo;
    if (depth >= BT_DEPTH_MAX) {
        return err_corrupt(cx, page, "the tree is deeper than any");
    }
    while (node->hdr->type == PAGE_BT_INNER) {
        uint32_t n = slots_clamped(node->hdr);
        if (run->left == 0) {
            return ST_RESTART;
        }
        if (key_info(node->hdr)->level == 1 && n != 0) {
            TRY(free_leaves(cx, run, node));
            continue;
        }
        if (n != 0) {
            PageNo child = inner_child(node->hdr, n - 1);
            page_unlock(s, node);
            Status st = free_node(cx, run, child, depth + 1);
            Status again = page_lock(cx, s, page, LATCH_EXCLUSIVE, node);
            TRY(again);
            TRY(st);
        }
        smo_begin(&smo, s);
        free_shorten(run, &smo, node, n - MIN(n, 1u));
    }
    return ST_OK;
}

/* free_node - a page and all below it. ST_RESTART: there is more to do. */
static Status free_node(Cx *cx, FreeRun *run, PageNo page, int depth)
{
    const BtTree *t = run->t;
    PageRef ref;
    Smo smo;
    Status st = ST_OK;
    TRY(page_lock(cx, t->store, page, LATCH_EXCLUSIVE, &ref));
    if (ref.hdr->tree != t->tree || ref.hdr->type == PAGE_FREE) {
        page_unlock(t->store, &ref); /* freed before a crash already */
        return ST_OK;
    }
    if (ref.hdr->type == PAGE_BT_INNER) {
        st = free_children(cx, run, &ref, depth);
    } else {
        smo_begin(&smo, t->store);
        free_shorten(run, &smo, &ref, 0);
    }
    page_unlock(t->store, &ref);
    return st;
}

Status bt_free_tree(Cx *cx, Store *s, TreeId tree, uint32_t pages)
{
    TreeEntry entry;
    Status st = tree_get(cx, s, tree, &entry);
    if (st == ST_NOTFOUND) {
        return ST_OK;
    }
    TRY(st);
    BtTree t = {.store = s, .tree = tree, .kind = entry.kind, .root = entry.root};
    FreeRun run = {.t = &t, .left = pages};
    TRY(free_node(cx, &run, t.root, 0));
    TRY(page_chain_free(cx, s, tree, entry.meta));
    return tree_remove_entry(cx, s, tree);
}

/*
 * tree_size.c - how many pages a tree has, without reading its leaves.
 *
 * All leaves are equally deep, so a node whose first child is a leaf names as many leaves as it has
 * children: of a large tree a few hundredths of a percent of its pages are looked at. Others may
 * split and merge meanwhile, then the number is that of no single moment.
 */
#include "btree/btree_internal.h"

enum { SIZE_CHILDREN = (PAGE_SIZE - sizeof(PageHeader)) / sizeof(KeySlot) };

/* size_node - the pages from this one down; *leaf_out: it is a leaf. */
static Status size_node(Cx *cx, const BtTree *t, PageNo page, int depth, bool *leaf_out,
                        uint64_t *pages_out)
{
    PageRef ref;
    PageNo children[SIZE_CHILDREN];
    uint32_t n = 0;
    TRY(page_lock(cx, t->store, page, LATCH_SHARED, &ref));
    if (ref.hdr->type == PAGE_BT_INNER && ref.hdr->tree == t->tree && depth < BT_DEPTH_MAX) {
        n = MIN(slots_clamped(ref.hdr), (uint32_t)SIZE_CHILDREN);
        for (uint32_t i = 0; i < n; i++) {
            children[i] = inner_child(ref.hdr, i);
        }
    }
    page_unlock(t->store, &ref);
    *leaf_out = n == 0;
    *pages_out += 1;
    bool leaf = false;
    for (uint32_t i = 0; i < n; i++) {
        TRY(size_node(cx, t, children[i], depth + 1, &leaf, pages_out));
        if (leaf) {
            *pages_out += n - 1;
            break;
        }
        TRY(cx_check(cx));
    }
    return ST_OK;
}

Status bt_page_count(Cx *cx, const BtTree *t, uint64_t *pages_out)
{
    bool leaf;
    *pages_out = 0;
    return size_node(cx, t, t->root, 0, &leaf, pages_out);
}

/*
 * cursor.c - ordered walks, leaf by leaf, holding nothing in between.
 *
 * Forward, the next leaf is tried directly and taken if it is still a leaf of this tree that begins
 * where the last one ended; otherwise, and always backward (there are no left links), the place is
 * found again by descent.
 */
#include "btree/btree_internal.h"

#define AHEAD_FIRST 4u
#define AHEAD_MAX   64u

void bt_cursor_init(BtCursor *c, const BtTree *t, bool backward)
{
    *c = (BtCursor){.tree = t, .backward = backward};
    buf_init(&c->resume_key, PAGE_SIZE * 2);
}

void bt_cursor_release(BtCursor *c)
{
    buf_release(&c->resume_key);
}

Status bt_cursor_seek(Cx *cx, BtCursor *c, const BtKey *key, BtPos *pos_out)
{
    c->at_end = false;
    if (key != NULL) {
        return bt_seek(cx, c->tree, key, LATCH_SHARED, pos_out);
    }
    return c->backward ? bt_seek_last(cx, c->tree, LATCH_SHARED, pos_out)
                       : bt_seek_first(cx, c->tree, LATCH_SHARED, pos_out);
}

void bt_cursor_prefetch(const BtTree *t, const PageRef *leaf)
{
    PageNo next = leaf->hdr->next;
    if (next != PAGE_NO_INVALID) {
        page_prefetch(t->store, next, 10 * CACHE_LINE);
    }
}

void bt_cursor_leave(BtCursor *c, BtPos *pos)
{
    PageHeader *h = pos->leaf.hdr;
    buf_clear(&c->resume_key);
    c->next_page = h->next;
    if (page_is_table_leaf(h)) {
        c->resume_rowid = c->backward ? h->first_rowid : h->reserved;
        c->at_end = c->resume_rowid == 0;
    } else {
        Slice fence = c->backward ? page_lower(h) : page_upper(h);
        c->at_end = fence.ptr == NULL;
        buf_put(&c->resume_key, fence.ptr, fence.len);
    }
    if (c->ahead != 0) {
        page_unlock_cold(c->tree->store, &pos->leaf);
    } else {
        bt_release(c->tree, pos);
    }
}

/* cursor_read_ahead - the next leaf is not in memory: have it and some of those behind it read
 * together. The parent says which they are. The more the walk has needed, the more it gets. */
static void cursor_read_ahead(Cx *cx, BtCursor *c)
{
    PageNo pages[AHEAD_MAX];
    uint8_t scratch[8];
    BtKey key = {.bytes = {(const char *)c->resume_key.data, c->resume_key.len},
                 .rowid = c->resume_rowid};
    c->ahead = MIN(MAX(c->ahead * 2, AHEAD_FIRST), AHEAD_MAX);
    uint32_t n = bt_leaves_from(cx, c->tree, bt_key_bytes(c->tree, &key, scratch), pages, c->ahead);
    cx->pages_read += store_prefetch(c->tree->store, pages, n);
}

/* begins_here - is the latched page the leaf that begins at the resume point? */
static bool begins_here(const BtCursor *c, const PageRef *ref)
{
    PageHeader *h = ref->hdr;
    if (h->tree != c->tree->tree) {
        return false;
    }
    if (c->tree->kind == TREE_TABLE) {
        return h->type == PAGE_BT_TABLE_LEAF && h->first_rowid == c->resume_rowid;
    }
    Slice lower = h->type == PAGE_BT_INDEX_LEAF ? page_lower(h) : (Slice){NULL, 0};
    return lower.ptr != NULL &&
           slice_cmp(lower, (Slice){(const char *)c->resume_key.data, c->resume_key.len}) == 0;
}

Status bt_cursor_next_leaf(Cx *cx, BtCursor *c, BtPos *pos_out)
{
    uint8_t scratch[8];
    const BtTree *t = c->tree;
    pos_out->leaf.hdr = NULL;
    pos_out->found = false;
    pos_out->slot = 0;
    if (c->at_end) {
        return ST_DONE;
    }
    if (!c->backward && c->next_page != PAGE_NO_INVALID &&
        c->next_page < store_page_count(t->store)) {
        store_throttle(t->store);
        if (c->walked++ >= 2 && !page_resident(t->store, c->next_page)) {
            cursor_read_ahead(cx, c);
        }
        TRY(page_lock(cx, t->store, c->next_page, LATCH_SHARED, &pos_out->leaf));
        if (begins_here(c, &pos_out->leaf)) {
            return bt_leaf_accept(cx, t, &pos_out->leaf);
        }
        page_unlock(t->store, &pos_out->leaf);
    }
    BtKey key = {.bytes = {(const char *)c->resume_key.data, c->resume_key.len},
                 .rowid = c->resume_rowid};
    Slice bytes = bt_key_bytes(t, &key, scratch);
    TRY(bt_descend(cx, t, c->backward ? DESCEND_BEFORE : DESCEND_KEY, bytes, LATCH_SHARED,
                   &pos_out->leaf));
    if (c->backward) {
        /* Entries at or above the resume point may have been left of it by a merge: begin below it.
         */
        pos_out->found = bt_find_slot(&pos_out->leaf, &key, &pos_out->slot);
    } else {
        pos_out->found = bt_find_slot(&pos_out->leaf, &key, &pos_out->slot);
    }
    return ST_OK;
}

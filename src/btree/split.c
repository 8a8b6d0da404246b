/*
 * split.c - making room: top-down, one redo-only record a split; and removing empty leaves.
 *
 * The way down holds parent and child exclusively and splits a child that could not take a
 * separator of its own before it is entered; so a split always finds room in the parent and never
 * goes up. The root page keeps its number: when it is full its content moves into a child. Appends
 * open an empty right page instead of halving a full one.
 */
#include "btree/btree_internal.h"

/* Split - one way down. */
typedef struct Split {
    const BtTree *t;
    const BtKey *key;
    BtBytes bytes;
    uint32_t need;     /* of the entry, as bt_leaf_has_room takes it */
    uint32_t sep_room; /* longest separator an inner page must be able to take */
} Split;

static bool inner_has_room(const PageHeader *h, uint32_t key_bytes)
{
    return bt_free_bytes(h) >= sizeof(BtSlot) + BT_KEY_ENTRY + key_bytes;
}

/* split_grow_root - the root's content moves into a new child. */
static Status split_grow_root(Cx *cx, const BtTree *t, PageRef *root)
{
    PageNo page;
    PageRef child;
    Smo smo;
    TRY(page_reserve(cx, t->store, &page));
    page_lock_new(t->store, page, (PageType)root->hdr->type, t->tree, &child);
    PageHeader *h = root->hdr, *c = child.hdr;
    uint8_t level = h->flags;
    page_dirty(t->store, root);
    memcpy(c + 1, h + 1, PAGE_SIZE - sizeof(*h));
    c->flags = level;
    c->slot_count = h->slot_count;
    c->max_row_lsn = h->max_row_lsn;
    c->heap_top = h->heap_top;
    c->frag_bytes = h->frag_bytes;
    c->next = h->next;
    c->first_rowid = h->first_rowid;
    memset(h + 1, 0, PAGE_SIZE - sizeof(*h));
    h->type = PAGE_BT_INNER;
    h->flags = (uint8_t)(level + 1);
    h->slot_count = 0;
    h->heap_top = (uint16_t)PAGE_SIZE;
    h->frag_bytes = 0;
    h->next = PAGE_NO_INVALID;
    bt_key_insert(h, 0, page, NULL, 0, (Slice){NULL, 0});
    smo_begin(&smo, t->store);
    smo_alloc(&smo, page);
    smo_image(&smo, &child);
    smo_image(&smo, root);
    (void)smo_commit(&smo, t->tree);
    page_unlock(t->store, &child);
    return ST_OK;
}

/* SplitPoint - where: slots from `at` on go right; the separator's bytes. */
typedef struct SplitPoint {
    uint32_t at;
    uint8_t sep[PAGE_SIZE];
    uint32_t sep_len;
} SplitPoint;

/* split_key_at - key bytes of slot i. */
static Slice split_key_at(const PageHeader *h, uint32_t i, uint8_t rowid[8])
{
    if (!bt_is_table_leaf(h)) {
        return bt_slot_key(h, i);
    }
    uint64_t be = __builtin_bswap64(h->first_rowid + bt_slots(h)[i].head);
    memcpy(rowid, &be, 8);
    return (Slice){(const char *)rowid, 8};
}

/* split_sep - the shortest key above `left` and not above `right`. */
static void split_sep(SplitPoint *p, Slice left, Slice right, bool whole)
{
    size_t n = 0;
    while (n < left.len && n < right.len && left.ptr[n] == right.ptr[n]) {
        n++;
    }
    p->sep_len = (uint32_t)(whole ? right.len : MIN(n + 1, right.len));
    memcpy(p->sep, right.ptr, p->sep_len);
}

/* split_half - the slot where half of the bytes are left of it; between 1 and n-1. */
static uint32_t split_half(const PageHeader *h)
{
    uint32_t total = 0, sum = 0, i = 0, n = h->slot_count;
    for (uint32_t k = 0; k < n; k++) {
        total += bt_entry_bytes(h, &bt_slots(h)[k]) + (uint32_t)sizeof(BtSlot);
    }
    while (i < n && sum < total / 2) {
        sum += bt_entry_bytes(h, &bt_slots(h)[i++]) + (uint32_t)sizeof(BtSlot);
    }
    return MIN(MAX(i, 1), n - 1);
}

static void split_choose(const Split *s, const PageHeader *h, SplitPoint *p)
{
    uint8_t r1[8], r2[8];
    uint32_t n = h->slot_count;
    Slice key = {(const char *)s->bytes.p, s->bytes.n};
    if (bt_is_inner(h)) {
        bool append = bt_child_slot(h, &s->bytes, false) == n - 1u && n > 2;
        p->at = append ? n - 1u : split_half(h);
        split_sep(p, (Slice){NULL, 0}, bt_slot_key(h, p->at), true);
        return;
    }
    Slice last = split_key_at(h, n - 1u, r1);
    size_t m = MIN(last.len, key.len);
    int c = memcmp(last.ptr, key.ptr, m);
    bool above = c < 0 || (c == 0 && last.len < key.len);
    bool table = bt_is_table_leaf(h);
    if (above && (h->next == PAGE_NO_INVALID || n == 1)) {
        p->at = n;
        split_sep(p, last, key, table);
        return;
    }
    if (n == 1) {
        p->at = 0; /* the new key goes before the only entry */
        split_sep(p, key, split_key_at(h, 0, r1), table);
        return;
    }
    p->at = split_half(h);
    split_sep(p, split_key_at(h, p->at - 1, r1), split_key_at(h, p->at, r2), table);
}

/* split_child - move the upper part of child into a new right page. ST_RESTART (and a larger
 * sep_room): the parent cannot take the separator. */
static Status split_child(Cx *cx, Split *s, PageRef *parent, uint32_t pslot, PageRef *child)
{
    const BtTree *t = s->t;
    SplitPoint p;
    PageNo page;
    PageRef right;
    Smo smo;
    PageHeader *h = child->hdr;
    if (bt_is_inner(h) && h->slot_count < 2) {
        return err_corrupt(cx, child->page, "inner page is full with one child");
    }
    split_choose(s, h, &p);
    if (!inner_has_room(parent->hdr, p.sep_len)) {
        s->sep_room = MAX(s->sep_room, p.sep_len);
        return ST_RESTART;
    }
    TRY(page_reserve(cx, t->store, &page));
    uint8_t *before = mem_alloc("split", 2 * (size_t)PAGE_SIZE);
    memcpy(before, h, PAGE_SIZE);
    memcpy(before + PAGE_SIZE, parent->hdr, PAGE_SIZE);
    page_lock_new(t->store, page, (PageType)h->type, t->tree, &right);
    page_dirty(t->store, child);
    page_dirty(t->store, parent);
    PageHeader *r = right.hdr;
    r->flags = h->flags;
    r->max_row_lsn = h->max_row_lsn;
    if (bt_is_table_leaf(h)) {
        uint64_t be;
        memcpy(&be, p.sep, 8);
        r->first_rowid = __builtin_bswap64(be);
    }
    if (!bt_is_inner(h)) {
        r->next = h->next;
        h->next = page;
    }
    if (p.at < h->slot_count) {
        bt_move_upper(h, p.at, r, bt_is_inner(h));
    }
    bt_key_insert(parent->hdr, pslot + 1, page, p.sep, p.sep_len, (Slice){NULL, 0});
    smo_begin(&smo, t->store);
    smo_alloc(&smo, page);
    smo_image(&smo, &right);
    smo_diff(&smo, child, before);
    smo_diff(&smo, parent, before + PAGE_SIZE);
    (void)smo_commit(&smo, t->tree);
    page_unlock(t->store, &right);
    mem_free(before);
    return ST_OK;
}

/* split_pass - one way down from the root. *done_out: the leaf has room. */
static Status split_pass(Cx *cx, Split *s, bool *done_out)
{
    const BtTree *t = s->t;
    PageRef cur, child;
    *done_out = false;
    TRY(page_lock(cx, t->store, t->root, LATCH_EXCLUSIVE, &cur));
    Status st = bt_check_page(cx, t, &cur);
    bool inner = st == ST_OK && bt_is_inner(cur.hdr);
    if (st == ST_OK && !inner && bt_leaf_has_room(&cur, s->key, s->need)) {
        *done_out = true;
    } else if (st == ST_OK && (!inner || !inner_has_room(cur.hdr, s->sep_room))) {
        st = split_grow_root(cx, t, &cur);
        inner = false;
    }
    while (st == ST_OK && inner) {
        uint32_t slot = bt_child_slot(cur.hdr, &s->bytes, false);
        st = page_lock(cx, t->store, bt_slot_child(cur.hdr, slot), LATCH_EXCLUSIVE, &child);
        if (st != ST_OK) {
            break;
        }
        st = bt_check_page(cx, t, &child);
        inner = st == ST_OK && bt_is_inner(child.hdr);
        bool room = st == ST_OK && (inner ? inner_has_room(child.hdr, s->sep_room)
                                          : bt_leaf_has_room(&child, s->key, s->need));
        if (st == ST_OK && !room) {
            st = split_child(cx, s, &cur, slot, &child);
            inner = false;
        } else if (st == ST_OK && !inner) {
            *done_out = true;
        }
        page_unlock(t->store, &cur);
        cur = child;
    }
    page_unlock(t->store, &cur);
    return st;
}

Status bt_make_room(Cx *cx, const BtTree *t, const BtKey *key, uint32_t entry_bytes)
{
    Split s = {.t = t, .key = key, .need = entry_bytes};
    bt_key_bytes(t, key, &s.bytes);
    s.sep_room = (uint32_t)s.bytes.n;
    bool done = false;
    for (uint32_t tries = 0; !done; tries++) {
        if (tries == 1000) {
            return err_set(cx, ERRCODE_INTERNAL_ERROR, "could not make room in tree %u", t->tree);
        }
        Status st = split_pass(cx, &s, &done);
        if (st != ST_OK && st != ST_RESTART) {
            return st;
        }
    }
    return ST_OK;
}

/* ---- empty leaves ---- */

/* shrink_unlink - the empty child of slot `slot` (> 0) goes; its left neighbour covers its range.
 */
static Status shrink_unlink(Cx *cx, const BtTree *t, PageRef *parent, uint32_t slot)
{
    PageRef left, leaf;
    Smo smo;
    TRY(page_lock(cx, t->store, bt_slot_child(parent->hdr, slot - 1), LATCH_EXCLUSIVE, &left));
    Status st = page_lock(cx, t->store, bt_slot_child(parent->hdr, slot), LATCH_EXCLUSIVE, &leaf);
    if (st != ST_OK) {
        page_unlock(t->store, &left);
        return st;
    }
    if (leaf.hdr->slot_count == 0 && left.hdr->next == leaf.page) {
        uint8_t *before = mem_alloc("shrink", PAGE_SIZE);
        memcpy(before, parent->hdr, PAGE_SIZE);
        page_dirty(t->store, parent);
        page_dirty(t->store, &left);
        page_dirty(t->store, &leaf);
        left.hdr->next = leaf.hdr->next;
        bt_slot_remove(parent->hdr, slot);
        memset(leaf.hdr + 1, 0, PAGE_SIZE - sizeof(PageHeader));
        leaf.hdr->type = PAGE_FREE;
        smo_begin(&smo, t->store);
        smo_diff(&smo, parent, before);
        smo_bytes(&smo, &left, offsetof(PageHeader, next), sizeof(left.hdr->next));
        smo_image(&smo, &leaf);
        smo_free(&smo, leaf.page);
        (void)smo_commit(&smo, t->tree);
        mem_free(before);
    }
    page_unlock(t->store, &leaf);
    page_unlock(t->store, &left);
    return ST_OK;
}

Status bt_try_shrink(Cx *cx, const BtTree *t, const BtKey *key)
{
    BtBytes b;
    PageRef cur, child;
    bt_key_bytes(t, key, &b);
    TRY(wal_admit(cx, store_wal(t->store), 2 * PAGE_SIZE));
    TRY(page_lock(cx, t->store, t->root, LATCH_EXCLUSIVE, &cur));
    Status st = bt_check_page(cx, t, &cur);
    while (st == ST_OK && bt_is_inner(cur.hdr)) {
        uint32_t slot = bt_child_slot(cur.hdr, &b, false);
        if (cur.hdr->flags == 1) {
            st = slot > 0 ? shrink_unlink(cx, t, &cur, slot) : ST_OK;
            break;
        }
        st = page_lock(cx, t->store, bt_slot_child(cur.hdr, slot), LATCH_EXCLUSIVE, &child);
        if (st != ST_OK) {
            break;
        }
        page_unlock(t->store, &cur);
        cur = child;
        st = bt_check_page(cx, t, &cur);
    }
    page_unlock(t->store, &cur);
    return st;
}

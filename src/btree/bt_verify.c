/*
 * bt_verify.c - walks over whole trees: checking, printing, counting pages, freeing.
 */
#include <stdlib.h>

#include "btree/btree_internal.h"

typedef Status (*WalkFn)(void *arg, Cx *cx, const PageRef *page, const Buf *low, const Buf *high);
/* Walk - pages in order, each inner one before its children; the page is latched S while fn runs.
 */
typedef struct Walk {
    const BtTree *t;
    WalkFn fn;
    void *arg;
} Walk;

/* WalkChild - children are copied out, so that no latch is held while going down. */
typedef struct WalkChild {
    PageNo page;
    Buf low;
} WalkChild;

static Status walk_page(Cx *cx, const Walk *w, PageNo page, const Buf *low, const Buf *high,
                        uint32_t depth)
{
    PageRef ref;
    if (depth > BT_LEVELS_MAX) {
        return err_corrupt(cx, page, "tree %u is too deep", w->t->tree);
    }
    TRY(page_lock(cx, w->t->store, page, LATCH_SHARED, &ref));
    Status st = bt_check_page(cx, w->t, &ref);
    if (st == ST_OK) {
        st = w->fn(w->arg, cx, &ref, low, high);
    }
    if (st != ST_OK || !bt_is_inner(ref.hdr)) {
        page_unlock(w->t->store, &ref);
        return st;
    }
    uint32_t n = ref.hdr->slot_count;
    WalkChild *children = mem_zalloc("walk", (n + 1) * sizeof(*children));
    for (uint32_t i = 0; i < n; i++) {
        buf_init(&children[i].low, PAGE_SIZE);
        if (bt_slot_sane(ref.hdr, &bt_slots(ref.hdr)[i])) {
            children[i].page = bt_slot_child(ref.hdr, i);
            buf_put_slice(&children[i].low, i == 0 && low != NULL
                                                ? (Slice){(const char *)low->data, low->len}
                                                : bt_slot_key(ref.hdr, i));
        }
    }
    page_unlock(w->t->store, &ref);
    for (uint32_t i = 0; i < n && st == ST_OK; i++) {
        st = walk_page(cx, w, children[i].page, &children[i].low,
                       i + 1 < n ? &children[i + 1].low : high, depth + 1);
    }
    for (uint32_t i = 0; i < n; i++) {
        buf_release(&children[i].low);
    }
    mem_free(children);
    return st;
}

/* ---- verify ---- */

typedef struct Verify {
    const BtTree *t;
    Buf *report;
    uint64_t *errors;
    PageNo expect_next; /* of the leaf before */
    bool any_leaf;
} Verify;

static void verify_say(Verify *v, const PageRef *ref, const char *what)
{
    buf_printf(v->report, "tree %u, page %llu: %s\n", v->t->tree, (unsigned long long)ref->page,
               what);
    (*v->errors)++;
}

static Slice verify_key(const PageHeader *h, uint32_t i, uint8_t rowid[8])
{
    if (!bt_is_table_leaf(h)) {
        return bt_slot_key(h, i);
    }
    uint64_t be = __builtin_bswap64(h->first_rowid + bt_slots(h)[i].head);
    memcpy(rowid, &be, 8);
    return (Slice){(const char *)rowid, 8};
}

static int verify_cmp(Slice a, Slice b)
{
    size_t n = MIN(a.len, b.len);
    int c = n != 0 ? memcmp(a.ptr, b.ptr, n) : 0;
    return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

static Status verify_page(void *arg, Cx *cx, const PageRef *ref, const Buf *low, const Buf *high)
{
    Verify *v = arg;
    const PageHeader *h = ref->hdr;
    uint8_t r1[8], r2[8];
    uint32_t used = 0;
    (void)cx;
    for (uint32_t i = 0; i < h->slot_count; i++) {
        const BtSlot *s = &bt_slots(h)[i];
        if (!bt_slot_sane(h, s)) {
            verify_say(v, ref, "slot points outside");
            return ST_OK;
        }
        used += bt_entry_bytes(h, s);
        if (i > 0 && verify_cmp(verify_key(h, i - 1, r1), verify_key(h, i, r2)) >= 0) {
            verify_say(v, ref, "keys are out of order");
        }
        if (!bt_is_table_leaf(h) &&
            s->head != bt_key_head((const uint8_t *)bt_slot_key(h, i).ptr, s->len)) {
            verify_say(v, ref, "slot has a wrong key head");
        }
    }
    if (used + h->frag_bytes + bt_heap_top(h) != PAGE_SIZE) {
        verify_say(v, ref, "heap is accounted wrongly");
    }
    uint32_t first = bt_is_inner(h) ? 1 : 0;
    if (h->slot_count > first) {
        Slice a = verify_key(h, first, r1), z = verify_key(h, h->slot_count - 1u, r2);
        if (low != NULL && verify_cmp(a, (Slice){(const char *)low->data, low->len}) < 0) {
            verify_say(v, ref, "first key lies below the page's range");
        }
        if (high != NULL && verify_cmp(z, (Slice){(const char *)high->data, high->len}) >= 0) {
            verify_say(v, ref, "last key lies above the page's range");
        }
    }
    if (!bt_is_inner(h)) {
        if (v->any_leaf && v->expect_next != ref->page) {
            verify_say(v, ref, "the leaf before does not link here");
        }
        v->any_leaf = true;
        v->expect_next = h->next;
    }
    return ST_OK;
}

Status bt_verify(Cx *cx, const BtTree *t, Buf *report, uint64_t *errors_out)
{
    Verify v = {.t = t, .report = report, .errors = errors_out};
    Walk w = {t, verify_page, &v};
    Status st = walk_page(cx, &w, t->root, NULL, NULL, 0);
    if (st == ST_OK && v.expect_next != PAGE_NO_INVALID) {
        buf_printf(report, "tree %u: the last leaf links on\n", t->tree);
        (*errors_out)++;
    }
    return st;
}

/* ---- print ---- */

static Status print_page(void *arg, Cx *cx, const PageRef *ref, const Buf *low, const Buf *high)
{
    const PageHeader *h = ref->hdr;
    (void)cx;
    (void)low;
    (void)high;
    buf_printf(arg, "%*spage %llu level %u slots %u free %u next %llu lsn %llu\n",
               2 * (8 - MIN(h->flags, 8)), "", (unsigned long long)ref->page, h->flags,
               h->slot_count, bt_free_bytes(h), (unsigned long long)h->next,
               (unsigned long long)h->lsn);
    return ST_OK;
}

void bt_print(Cx *cx, const BtTree *t, Buf *out)
{
    Walk w = {t, print_page, out};
    if (walk_page(cx, &w, t->root, NULL, NULL, 0) != ST_OK) {
        buf_printf(out, "damaged: %s\n", cx->err->message);
        err_clear(cx);
    }
}

/* ---- pages ---- */

typedef struct PageWalk {
    Status (*fn)(void *arg, Cx *cx, PageNo page);
    void *arg;
} PageWalk;

static Status pages_page(void *arg, Cx *cx, const PageRef *ref, const Buf *low, const Buf *high)
{
    const PageWalk *p = arg;
    (void)low;
    (void)high;
    return p->fn(p->arg, cx, ref->page);
}

Status bt_walk_pages(Cx *cx, const BtTree *t, Status (*fn)(void *arg, Cx *cx, PageNo page),
                     void *arg)
{
    PageWalk p = {fn, arg};
    Walk w = {t, pages_page, &p};
    return walk_page(cx, &w, t->root, NULL, NULL, 0);
}

/* ---- freeing ---- */

/* FreeList - pages of a tree, parents before children. */
typedef struct FreeList {
    const BtTree *t;
    PageNo *pages;
    size_t count, size;
} FreeList;

static void free_list_add(FreeList *l, PageNo page)
{
    if (l->count == l->size) {
        l->size = l->size == 0 ? 256 : l->size * 2;
        l->pages = mem_realloc("free tree", l->pages, l->size * sizeof(PageNo));
    }
    l->pages[l->count++] = page;
}

/* free_collect - the page and what is below, if it is still the tree's: an earlier try may have
 * freed some, and somebody else may use them by now. */
static Status free_collect(Cx *cx, FreeList *l, PageNo page, uint32_t depth)
{
    PageRef ref;
    if (depth > BT_LEVELS_MAX) {
        return ST_OK;
    }
    TRY(page_lock(cx, l->t->store, page, LATCH_SHARED, &ref));
    const PageHeader *h = ref.hdr;
    bool ours = h->tree == l->t->tree && (h->type == PAGE_BT_INNER || h->type == PAGE_SEQUENCE ||
                                          h->type == PAGE_BT_INDEX_LEAF || bt_is_table_leaf(h));
    uint32_t n = ours && bt_is_inner(h) ? h->slot_count : 0;
    PageNo *children = n != 0 ? mem_alloc("free tree", n * sizeof(PageNo)) : NULL;
    for (uint32_t i = 0; i < n; i++) {
        children[i] = bt_slot_sane(h, &bt_slots(h)[i]) ? bt_slot_child(h, i) : PAGE_NO_INVALID;
    }
    page_unlock(l->t->store, &ref);
    if (ours) {
        free_list_add(l, page);
    }
    Status st = ST_OK;
    for (uint32_t i = 0; i < n && st == ST_OK; i++) {
        if (children[i] != PAGE_NO_INVALID) {
            st = free_collect(cx, l, children[i], depth + 1);
        }
    }
    mem_free(children);
    return st;
}

/* free_some - the last k pages of the list. */
static Status free_some(Cx *cx, FreeList *l, uint32_t k)
{
    PageRef refs[8];
    Smo smo;
    uint32_t n = 0;
    Store *s = l->t->store;
    TRY(wal_admit(cx, store_wal(s), 4096));
    smo_begin(&smo, s);
    for (; n < k; n++) {
        Status st = page_lock(cx, s, l->pages[l->count - 1 - n], LATCH_EXCLUSIVE, &refs[n]);
        if (st != ST_OK) {
            while (n > 0) {
                page_unlock(s, &refs[--n]);
            }
            buf_release(&smo.ops);
            return st;
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        page_dirty(s, &refs[i]);
        memset(refs[i].hdr + 1, 0, PAGE_SIZE - sizeof(PageHeader));
        refs[i].hdr->type = PAGE_FREE;
        refs[i].hdr->slot_count = 0;
        smo_image(&smo, &refs[i]);
        smo_free(&smo, refs[i].page);
    }
    (void)smo_commit(&smo, l->t->tree);
    for (uint32_t i = 0; i < n; i++) {
        page_unlock(s, &refs[i]);
    }
    l->count -= n;
    return ST_OK;
}

Status bt_free_tree(Cx *cx, Store *s, TreeId tree)
{
    TreeEntry entry;
    TRY(tree_get(cx, s, tree, &entry));
    BtTree t = {s, tree, entry.kind, entry.root};
    FreeList l = {.t = &t};
    Status st = free_collect(cx, &l, entry.root, 0);
    while (st == ST_OK && l.count != 0) {
        st = free_some(cx, &l, (uint32_t)MIN(l.count, 8));
    }
    mem_free(l.pages);
    return st == ST_OK ? tree_remove_entry(cx, s, tree) : st;
}

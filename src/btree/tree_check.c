/*
 * tree_check.c - checking and printing a whole tree.
 */
#include "btree/btree_internal.h"

typedef struct Verify {
    const BtTree *tree;
    Buf *report;
    uint64_t *errors;
    PageNo last_leaf, expect_next;
    Buf upper; /* of the last leaf */
    bool any_leaf;
} Verify;

static void finding(Verify *v, PageNo page, const char *what)
{
    buf_printf(v->report, "tree %u page %llu: %s\n", v->tree->tree, (unsigned long long)page, what);
    (*v->errors)++;
}

/* verify_slots - slots lie in the page, keys ascend and stay between the fences. Requires: the
 * page latched. */
static void verify_slots(Verify *v, PageHeader *h)
{
    uint32_t n = h->slot_count;
    bool table = page_is_table_leaf(h);
    if (n > slots_max(h) || h->heap_top < slots_end(h)) {
        finding(v, h->page, "slots and heap overlap");
        return;
    }
    Buf prev, key;
    buf_init(&prev, PAGE_SIZE * 2);
    buf_init(&key, PAGE_SIZE * 2);
    for (uint32_t i = 0; i < n; i++) {
        PageRef ref = {.hdr = h};
        BtEntry e;
        if (!bt_leaf_entry(&ref, i, &e)) {
            finding(v, h->page, "a slot points outside the page");
            continue;
        }
        if (table) {
            if (i != 0 && table_slots(h)[i].delta <= table_slots(h)[i - 1].delta) {
                finding(v, h->page, "row ids are not ascending");
            }
            if (h->reserved != 0 && e.rowid >= h->reserved) {
                finding(v, h->page, "a row id is above the page's bound");
            }
            continue;
        }
        buf_clear(&key);
        key_full(h, i, &key);
        Slice k = {(const char *)key.data, key.len}, p = {(const char *)prev.data, prev.len};
        bool first_inner = h->type == PAGE_BT_INNER && i == 0;
        if (i > (h->type == PAGE_BT_INNER) && slice_cmp(p, k) >= 0) {
            finding(v, h->page, "keys are not ascending");
        }
        Slice lower = page_lower(h), upper = page_upper(h);
        if (!first_inner && ((lower.ptr != NULL && slice_cmp(k, lower) < 0) ||
                             (upper.ptr != NULL && slice_cmp(k, upper) >= 0))) {
            finding(v, h->page, "a key is outside the page's fences");
        }
        buf_clear(&prev);
        buf_put(&prev, key.data, key.len);
    }
    buf_release(&prev);
    buf_release(&key);
}

/* verify_live - a leaf that says it has no delete mark has none. */
static void verify_live(Verify *v, PageHeader *h)
{
    PageRef leaf = {.hdr = h, .page = h->page};
    BtEntry entry;
    if (!bt_leaf_all_live(&leaf)) {
        return;
    }
    for (uint32_t i = 0; bt_leaf_entry(&leaf, i, &entry); i++) {
        if ((entry.tag & TAG_DELETED) != 0) {
            finding(v, h->page, "it says that no entry is deleted, but one is");
            return;
        }
    }
}

/* verify_leaf_link - leaves must follow each other in key order with touching fences. */
static void verify_leaf_link(Verify *v, PageHeader *h)
{
    uint8_t lo[8], hi[8];
    Slice lower, upper;
    if (page_is_table_leaf(h)) {
        lower = rowid_key(h->first_rowid, lo);
        upper = h->reserved != 0 ? rowid_key(h->reserved, hi) : (Slice){NULL, 0};
    } else {
        lower = page_lower(h);
        upper = page_upper(h);
    }
    if (v->any_leaf) {
        Slice before = {(const char *)v->upper.data, v->upper.len};
        if (v->expect_next != h->page) {
            finding(v, v->last_leaf, "it is not linked to the next leaf");
        }
        if (lower.ptr == NULL || slice_cmp(before, lower) != 0) {
            finding(v, h->page, "its lower fence is not the left leaf's upper fence");
        }
    }
    v->any_leaf = true;
    v->last_leaf = h->page;
    v->expect_next = h->next;
    buf_clear(&v->upper);
    buf_put(&v->upper, upper.ptr, upper.len);
}

/* verify_node - check a page and all below it; what is wrong becomes a finding, not an error. The
 * latch is released before children are visited, so a depth costs no latch. */
static Status verify_node(Cx *cx, Verify *v, PageNo page, int depth, int level)
{
    PageRef ref;
    PageNo *children = NULL;
    uint32_t n = 0;
    Status st = page_lock(cx, v->tree->store, page, LATCH_SHARED, &ref);
    if (st != ST_OK) {
        finding(v, page, cx->err->message);
        err_clear(cx);
        return ST_OK;
    }
    PageHeader *h = ref.hdr;
    int own = h->type == PAGE_BT_INNER ? key_info(h)->level : 0;
    if (h->tree != v->tree->tree || h->page != page ||
        (h->type != PAGE_BT_INNER && h->type != PAGE_BT_TABLE_LEAF &&
         h->type != PAGE_BT_INDEX_LEAF)) {
        finding(v, page, "it does not belong to the tree");
    } else if ((level >= 0 && own != level) || depth >= BT_DEPTH_MAX) {
        finding(v, page, "it is at the wrong level");
    } else {
        verify_slots(v, h);
        if (h->type == PAGE_BT_INNER) {
            n = slots_clamped(h);
            children = mem_alloc("verify", (n + 1) * sizeof(PageNo));
            for (uint32_t i = 0; i < n; i++) {
                children[i] = inner_child(h, i);
            }
        } else {
            verify_leaf_link(v, h);
            verify_live(v, h);
        }
    }
    page_unlock(v->tree->store, &ref);
    for (uint32_t i = 0; i < n && st == ST_OK; i++) {
        st = verify_node(cx, v, children[i], depth + 1, own - 1);
    }
    mem_free(children);
    st_keep_first(&st, cx_check(cx));
    return st;
}

Status bt_verify(Cx *cx, const BtTree *t, Buf *report, uint64_t *errors_out)
{
    Verify v = {.tree = t, .report = report, .errors = errors_out};
    buf_init(&v.upper, PAGE_SIZE * 2);
    Status st = verify_node(cx, &v, t->root, 0, -1);
    if (st == ST_OK && v.any_leaf && v.upper.len != 0) {
        finding(&v, v.last_leaf, "the last leaf has an upper fence");
    }
    if (st == ST_OK && v.any_leaf && v.expect_next != PAGE_NO_INVALID) {
        finding(&v, v.last_leaf, "the last leaf is linked to another");
    }
    buf_release(&v.upper);
    return st;
}

/* print_node - a page and all below it as text, indented; no latch is held while children are
 * printed. */
static void print_node(Cx *cx, const BtTree *t, PageNo page, int depth, Buf *out)
{
    PageRef ref;
    if (depth >= BT_DEPTH_MAX || page_lock(cx, t->store, page, LATCH_SHARED, &ref) != ST_OK) {
        buf_printf(out, "%*spage %llu: unreadable\n", depth * 2, "", (unsigned long long)page);
        return;
    }
    PageHeader *h = ref.hdr;
    PageNo children[(PAGE_SIZE - sizeof(PageHeader)) / sizeof(KeySlot)];
    uint32_t n = h->type == PAGE_BT_INNER ? slots_clamped(h) : 0;
    buf_printf(out, "%*spage %llu type %u lsn %llu slots %u free %u next %llu\n", depth * 2, "",
               (unsigned long long)page, h->type, (unsigned long long)h->lsn, h->slot_count,
               space_total(h), (unsigned long long)h->next);
    for (uint32_t i = 0; i < n; i++) {
        children[i] = inner_child(h, i);
    }
    page_unlock(t->store, &ref);
    for (uint32_t i = 0; i < n; i++) {
        print_node(cx, t, children[i], depth + 1, out);
    }
}

void bt_print(Cx *cx, const BtTree *t, Buf *out)
{
    print_node(cx, t, t->root, 0, out);
}

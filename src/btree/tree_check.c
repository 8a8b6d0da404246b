/*
 * tree_check.c - checking and printing a whole tree: at rest, or while others change it.
 */
#include "btree/btree_internal.h"

typedef struct Verify {
    const BtTree *tree;
    Buf *report;
    uint64_t *errors;
    BtFindingFn fn; /* live: who is told, instead of the report */
    void *fn_arg;
    PageNo last_leaf, expect_next;
    Buf upper; /* of the last leaf */
    bool any_leaf;
} Verify;

static void finding(Verify *v, PageNo page, const char *what)
{
    if (v->fn != NULL) {
        v->fn(v->fn_arg, page, what);
        return;
    }
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

/* leaf_bounds - a leaf's fences as inner pages hold keys; .ptr NULL: unbounded. */
static void leaf_bounds(PageHeader *h, uint8_t lo[8], uint8_t hi[8], Slice *lower, Slice *upper)
{
    if (page_is_table_leaf(h)) {
        *lower = rowid_key(h->first_rowid, lo);
        *upper = h->reserved != 0 ? rowid_key(h->reserved, hi) : (Slice){NULL, 0};
    } else {
        *lower = page_lower(h);
        *upper = page_upper(h);
    }
}

/* verify_leaf_link - leaves must follow each other in key order with touching fences. */
static void verify_leaf_link(Verify *v, PageHeader *h)
{
    uint8_t lo[8], hi[8];
    Slice lower, upper;
    leaf_bounds(h, lo, hi, &lower, &upper);
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

/* ---- while others change the tree ---- */

/*
 * Live - where the walk is. `at`: the next leaf is the one that covers this key; empty at first.
 * `lower` and `upper`: what the pages above say of the page under check, upper.ptr NULL as they do.
 * `checked`: the inner page last looked at in each depth, whose slots need not be tried again for
 * each of its leaves.
 */
typedef struct Live {
    Verify v;
    Buf at, lower, upper;
    bool has_lower, has_upper;
    PageNo checked[BT_DEPTH_MAX];
} Live;

static Slice buf_slice(const Buf *b)
{
    return (Slice){(const char *)b->data, b->len};
}

/* live_bounds - the latched page keeps to what its parent gave it; findings otherwise. */
static void live_bounds(Live *l, PageHeader *h, Slice lower, Slice upper)
{
    if (l->has_lower && (lower.ptr == NULL || slice_cmp(lower, buf_slice(&l->lower)) < 0)) {
        finding(&l->v, h->page, "its lower fence is below what its parent says");
    }
    if (h->type == PAGE_BT_INNER && l->has_upper &&
        (upper.ptr == NULL || slice_cmp(upper, buf_slice(&l->upper)) > 0)) {
        finding(&l->v, h->page, "its upper fence is above what its parent says");
    }
}

/* live_child - from a latched inner page to the child that covers `at`: the bounds narrow to the
 * child's. */
static PageNo live_child(Live *l, PageHeader *h)
{
    uint32_t n = slots_clamped(h), slot = inner_find(h, buf_slice(&l->at), false);
    if (slot > 0 && slot < n) {
        buf_clear(&l->lower);
        key_full(h, slot, &l->lower);
        l->has_lower = true;
    }
    if (slot + 1 < n) {
        buf_clear(&l->upper);
        key_full(h, slot + 1, &l->upper);
        l->has_upper = true;
    }
    return inner_child(h, slot);
}

/* live_page_sound - identity, level and slots of a latched page; false: it leads nowhere. */
static bool live_page_sound(Live *l, const PageRef *ref, int depth, int level)
{
    PageHeader *h = ref->hdr;
    TreeId tree = l->v.tree->tree;
    uint8_t leaf = l->v.tree->kind == TREE_TABLE ? PAGE_BT_TABLE_LEAF : PAGE_BT_INDEX_LEAF;
    bool inner = h->type == PAGE_BT_INNER;
    if (h->tree != tree || h->page != ref->page || (!inner && h->type != leaf)) {
        finding(&l->v, ref->page, "it does not belong to the tree");
        return false;
    }
    int own = inner ? key_info(h)->level : 0;
    if ((level >= 0 && own != level) || (inner && (own == 0 || depth + 1 >= BT_DEPTH_MAX))) {
        finding(&l->v, ref->page, "it is at the wrong level");
        return false;
    }
    if (inner && l->checked[depth] == ref->page) {
        return true;
    }
    if (!page_head_sound(h)) {
        finding(&l->v, ref->page, "its header and its slots do not agree");
        return false;
    }
    if (inner) {
        l->checked[depth] = ref->page;
        live_bounds(l, h, page_lower(h), page_upper(h));
    }
    verify_slots(&l->v, h);
    return true;
}

/* live_descend - the leaf that covers `at`, latched; ST_DONE: there is no way to it, which is told.
 * A parent is latched until its child is, so that what it says of the child is true. */
static Status live_descend(Cx *cx, Live *l, PageRef *leaf_out)
{
    Store *s = l->v.tree->store;
    PageRef ref = {0}, child;
    PageNo page = l->v.tree->root;
    int level = -1;
    l->has_lower = l->has_upper = false;
    store_throttle(s);
    for (int depth = 0;; depth++) {
        Status st = page_lock(cx, s, page, LATCH_SHARED, &child);
        page_unlock(s, &ref);
        if (st != ST_OK) {
            if (!err_is_damage(cx->err)) {
                return st;
            }
            finding(&l->v, page, cx->err->message);
            err_clear(cx);
            return ST_DONE;
        }
        ref = child;
        if (!live_page_sound(l, &ref, depth, level)) {
            page_unlock(s, &ref);
            return ST_DONE;
        }
        if (ref.hdr->type != PAGE_BT_INNER) {
            *leaf_out = ref;
            return ST_OK;
        }
        level = key_info(ref.hdr)->level - 1;
        page = live_child(l, ref.hdr);
        if (page == ref.page) {
            finding(&l->v, page, "it is its own child");
            page_unlock(s, &ref);
            return ST_DONE;
        }
    }
}

/* live_begins - does the page begin as a leaf where `upper` is? */
static Status live_begins(Cx *cx, Live *l, PageNo page, bool *yes_out)
{
    Store *s = l->v.tree->store;
    PageRef ref;
    uint8_t lo[8], hi[8];
    Slice lower, upper;
    *yes_out = false;
    if (page < 1 || page >= store_page_count(s)) {
        return ST_OK;
    }
    Status st = page_lock(cx, s, page, LATCH_SHARED, &ref);
    if (st != ST_OK) { /* damage is told when the walk comes to the page by its parent */
        if (!err_is_damage(cx->err)) {
            return st;
        }
        err_clear(cx);
        *yes_out = true;
        return ST_OK;
    }
    if (ref.hdr->tree == l->v.tree->tree && ref.hdr->type != PAGE_BT_INNER) {
        leaf_bounds(ref.hdr, lo, hi, &lower, &upper);
        *yes_out = lower.ptr != NULL && slice_cmp(lower, buf_slice(&l->upper)) == 0;
    }
    page_unlock(s, &ref);
    return ST_OK;
}

/* live_next - is the page that a leaf is linked to the one that begins where the leaf ends? Never
 * two latches at once: a wrong link may lead anywhere, against the order of latches. So both may
 * change in between, and only what is seen several times with the leaf as it was is a finding. */
static Status live_next(Cx *cx, Live *l, PageNo leaf, PageNo next)
{
    Store *s = l->v.tree->store;
    PageRef ref;
    uint8_t lo[8], hi[8];
    for (int tries = 0; tries < 3; tries++) {
        bool begins;
        Slice lower, upper;
        TRY(live_begins(cx, l, next, &begins));
        if (begins) {
            return ST_OK;
        }
        TRY(page_lock(cx, s, leaf, LATCH_SHARED, &ref));
        bool same = ref.hdr->tree == l->v.tree->tree && ref.hdr->type != PAGE_BT_INNER &&
                    ref.hdr->next == next;
        if (same) {
            leaf_bounds(ref.hdr, lo, hi, &lower, &upper);
            same = upper.ptr != NULL && slice_cmp(upper, buf_slice(&l->upper)) == 0;
        }
        page_unlock(s, &ref);
        if (!same) {
            return ST_OK;
        }
    }
    finding(&l->v, leaf, "it is not linked to the leaf that begins where it ends");
    return ST_OK;
}

/* live_leaf - check the latched leaf, and let go of it. */
static Status live_leaf(Cx *cx, Live *l, PageRef *leaf)
{
    uint8_t lo[8], hi[8];
    Slice lower, upper, at = buf_slice(&l->at);
    PageNo page = leaf->page, next = leaf->hdr->next;
    bool linked = false;
    leaf_bounds(leaf->hdr, lo, hi, &lower, &upper);
    live_bounds(l, leaf->hdr, lower, upper);
    verify_live(&l->v, leaf->hdr);
    if (lower.ptr != NULL && at.len != 0 && slice_cmp(lower, at) > 0) {
        finding(&l->v, page, "its lower fence is not the left leaf's upper fence");
    }
    if (l->has_upper ? upper.ptr == NULL || slice_cmp(upper, buf_slice(&l->upper)) != 0
                     : upper.ptr != NULL) {
        finding(&l->v, page, "its upper fence is not where its parent says that it ends");
    } else if (l->has_upper) {
        linked = true;
    } else if (next != PAGE_NO_INVALID) {
        finding(&l->v, page, "the last leaf is linked to another");
    }
    page_unlock(l->v.tree->store, leaf);
    return linked ? live_next(cx, l, page, next) : ST_OK;
}

Status bt_verify_live(Cx *cx, const BtTree *t, BtFindingFn fn, void *arg)
{
    Live l = {.v = {.tree = t, .fn = fn, .fn_arg = arg}};
    PageRef leaf;
    Status st = ST_OK;
    buf_init(&l.at, PAGE_SIZE * 2);
    buf_init(&l.lower, PAGE_SIZE * 2);
    buf_init(&l.upper, PAGE_SIZE * 2);
    for (bool more = true; more && st == ST_OK;) {
        st = live_descend(cx, &l, &leaf);
        if (st == ST_OK) {
            st = live_leaf(cx, &l, &leaf);
        } else if (st == ST_DONE) {
            st = ST_OK;
        }
        more = l.has_upper && slice_cmp(buf_slice(&l.upper), buf_slice(&l.at)) > 0;
        if (more) {
            buf_clear(&l.at);
            buf_put(&l.at, l.upper.data, l.upper.len);
        }
        st_keep_first(&st, cx_check(cx));
    }
    buf_release(&l.at);
    buf_release(&l.lower);
    buf_release(&l.upper);
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

/*
 * split.c - splitting a full page, top-down.
 *
 * How: latch exclusively from the root down, always parent then child, and split the first page on
 * the key's path that needs it: the leaf when it lacks room, or an inner page whose child could not
 * place its separator the time before
 * (`force`). A full root moves its content into one new child and becomes that child's parent; the
 * next turn splits the child. Each split is one redo-only record for left, right and parent;
 * nothing is ever visible half done. Phases: reserve a page and latch (may fail) -> edit and log
 * (must not fail).
 */
#include "btree/btree_internal.h"

typedef struct Split {
    const BtTree *tree;
    const BtKey *key;
    Slice key_bytes;
    uint32_t entry_bytes;
    PageNo force; /* inner page to split, 0 = none */
    PageNo fresh; /* reserved page */
    Buf sep;
} Split;

static bool is_leaf_page(const PageHeader *h)
{
    return h->type != PAGE_BT_INNER;
}

/* split_root - push the root's content down into a new child. */
static void split_root(Split *sp, PageRef *root)
{
    Store *s = sp->tree->store;
    PageRef child;
    Smo smo;
    PageHeader *h = root->hdr;
    page_lock_new(s, sp->fresh, (PageType)h->type, sp->tree->tree, &child);
    Lsn max_row = h->max_row_lsn;
    memcpy(child.hdr, h, PAGE_SIZE);
    child.hdr->page = sp->fresh;
    uint16_t level = is_leaf_page(h) ? 1 : (uint16_t)(key_info(h)->level + 1);
    memset(h + 1, 0, PAGE_SIZE - sizeof(*h));
    h->type = PAGE_BT_INNER;
    h->slot_count = 0;
    h->heap_top = (uint16_t)PAGE_SIZE;
    h->frag_bytes = 0;
    h->flags = 0;
    h->next = PAGE_NO_INVALID;
    h->first_rowid = h->reserved = 0;
    h->max_row_lsn = 0;
    key_info(h)->level = level;
    key_insert(h, 0, (Slice){"", 0}, sp->fresh, (Slice){NULL, 0});
    child.hdr->max_row_lsn = max_row;
    smo_begin(&smo, s);
    smo_alloc(&smo, sp->fresh);
    smo_image(&smo, &child);
    smo_image(&smo, root);
    (void)smo_commit(&smo, sp->tree->tree);
    if (level == 1) {
        store_page_moved(s, sp->tree->tree, root->page, sp->fresh);
    }
    sp->fresh = PAGE_NO_INVALID;
    page_unlock(s, &child);
}

/* choose_middle - the first slot that goes right: half the bytes, or the end when the page only
 * grows at its end. */
static uint32_t choose_middle(PageHeader *h, bool append)
{
    uint32_t n = h->slot_count, total = 0, sum = 0;
    if (append || n < 2) {
        return n;
    }
    bool table = page_is_table_leaf(h);
    for (uint32_t i = 0; i < n; i++) {
        total += table ? table_slots(h)[i].len
                       : 8u + key_slots(h)[i].key_len + key_slots(h)[i].payload_len;
    }
    for (uint32_t i = 0; i < n; i++) {
        if (sum * 2 >= total && i != 0) {
            return i;
        }
        sum += table ? table_slots(h)[i].len
                     : 8u + key_slots(h)[i].key_len + key_slots(h)[i].payload_len;
    }
    return n - 1;
}

/* truncate_slots - left keeps its first n entries. */
static void truncate_slots(PageHeader *h, uint32_t n)
{
    PageRef ref = {.hdr = h};
    while (h->slot_count > n) {
        bt_leaf_remove(&ref, h->slot_count - 1u);
    }
}

/* table_split_point - the row id the right page begins with. */
static RowId table_split_point(const Split *sp, PageHeader *h, uint32_t *mid_out)
{
    uint32_t n = h->slot_count;
    RowId last = n != 0 ? h->first_rowid + table_slots(h)[n - 1].delta : 0;
    bool beyond = n == 0 || sp->key->rowid > last;
    bool append = beyond && h->reserved == 0;
    uint32_t mid = choose_middle(h, append);
    if (mid == n && !append && !beyond) {
        mid = n - 1; /* one entry, and the new one goes before it */
    }
    *mid_out = mid;
    return mid == n ? sp->key->rowid : h->first_rowid + table_slots(h)[mid].delta;
}

static void table_move(PageHeader *left, PageHeader *right, uint32_t mid, RowId sep)
{
    PageRef to = {.hdr = right};
    right->first_rowid = sep;
    right->reserved = left->reserved;
    for (uint32_t i = mid; i < left->slot_count; i++) {
        const TableSlot *s = &table_slots(left)[i];
        const uint8_t *p = (const uint8_t *)left + s->offset;
        BtKey key = {.rowid = left->first_rowid + s->delta};
        uint64_t tag;
        memcpy(&tag, p, 8);
        bt_leaf_insert(&to, &key, i - mid, tag, (Slice){(const char *)p + 8, s->len - 8u});
    }
    truncate_slots(left, mid);
    left->reserved = sep;
}

/* separator - into sp->sep: the shortest key above slot mid-1 and not above slot mid (or the new
 * key). */
static void separator(Split *sp, PageHeader *h, uint32_t mid)
{
    Buf high, low;
    buf_init(&high, PAGE_SIZE * 2);
    buf_init(&low, PAGE_SIZE * 2);
    if (mid < h->slot_count) {
        key_full(h, mid, &high);
    } else {
        buf_put_slice(&high, sp->key_bytes);
    }
    size_t n = high.len;
    if (mid > 0 && is_leaf_page(h)) {
        key_full(h, mid - 1, &low);
        n = 0;
        while (n < high.len && n < low.len && high.data[n] == low.data[n]) {
            n++;
        }
        n = MIN(n + 1, high.len);
    }
    buf_clear(&sp->sep);
    buf_put(&sp->sep, high.data, n);
    buf_release(&high);
    buf_release(&low);
}

static void key_move(PageHeader *left, PageHeader *right, uint32_t mid, Slice sep, Slice upper)
{
    Buf key;
    buf_init(&key, PAGE_SIZE * 2);
    page_set_fences(right, sep, upper);
    key_info(right)->level = key_info(left)->level;
    for (uint32_t i = mid; i < left->slot_count; i++) {
        const KeySlot *s = &key_slots(left)[i];
        const uint8_t *p = (const uint8_t *)left + s->offset;
        uint64_t value;
        memcpy(&value, p, 8);
        buf_clear(&key);
        key_full(left, i, &key);
        key_insert(right, i - mid, (Slice){(const char *)key.data, key.len}, value,
                   (Slice){(const char *)p + 8 + s->key_len, s->payload_len});
    }
    buf_release(&key);
    truncate_slots(left, mid);
}

/* key_split_point - middle and separator such that left has room for the separator as its upper
 * fence. */
static uint32_t key_split_point(Split *sp, PageHeader *h)
{
    uint32_t n = h->slot_count;
    bool exact;
    bool append = is_leaf_page(h) && key_fences(h)->upper_offset == 0 &&
                  key_search(h, sp->key_bytes, 0, &exact) == n;
    uint32_t mid = choose_middle(h, append);
    if (n < 2 && is_leaf_page(h)) {
        mid =
            key_search(h, sp->key_bytes, 0, &exact); /* the new key's side gets a page of its own */
    }
    separator(sp, h, mid);
    uint32_t fence = MAX(ALIGN_UP((uint32_t)sp->sep.len, 8u), 8u);
    if (mid == n && n > 1 && space_total(h) < fence) {
        mid = n - 1;
        separator(sp, h, mid);
    }
    return mid;
}

/*
 * split_child - split `left` under `parent`; both latched exclusive. ST_BUSY when the parent lacks
 * room for the separator: nothing was changed, the parent has to be split first.
 */
static Status split_child(Split *sp, PageRef *parent, PageRef *left)
{
    Store *s = sp->tree->store;
    PageHeader *h = left->hdr;
    alignas(16) uint8_t left_before[PAGE_SIZE], parent_before[PAGE_SIZE];
    uint8_t scratch[8];
    uint32_t mid;
    RowId rowid = 0;
    Slice sep;
    if (page_is_table_leaf(h)) {
        rowid = table_split_point(sp, h, &mid);
        sep = rowid_key(rowid, scratch);
    } else {
        mid = key_split_point(sp, h);
        sep = (Slice){(const char *)sp->sep.data, sp->sep.len};
    }
    if (space_total(parent->hdr) <
        key_entry_bytes(parent->hdr, (uint32_t)sep.len, 0) + sizeof(KeySlot)) {
        return ST_BUSY;
    }
    memcpy(left_before, h, PAGE_SIZE);
    memcpy(parent_before, parent->hdr, PAGE_SIZE);
    PageRef right;
    Smo smo;
    page_lock_new(s, sp->fresh, (PageType)h->type, sp->tree->tree, &right);
    page_dirty(s, left);
    page_dirty(s, parent);
    right.hdr->next = h->next;
    right.hdr->max_row_lsn = h->max_row_lsn;
    if (page_is_table_leaf(h)) {
        table_move(h, right.hdr, mid, rowid);
    } else {
        Slice upper = page_upper((PageHeader *)(void *)left_before);
        key_move(h, right.hdr, mid, sep, upper);
        bool fits = page_set_upper(h, sep);
        ASSERT(fits);
    }
    h->next = sp->fresh;
    bool exact;
    uint32_t at = parent->hdr->slot_count > 1 ? key_search(parent->hdr, sep, 1, &exact) : 1;
    key_insert(parent->hdr, at, sep, sp->fresh, (Slice){NULL, 0});
    smo_begin(&smo, s);
    smo_alloc(&smo, sp->fresh);
    smo_image(&smo, &right);
    smo_diff(&smo, left, left_before);
    smo_diff(&smo, parent, parent_before);
    (void)smo_commit(&smo, sp->tree->tree);
    if (is_leaf_page(h)) {
        store_page_moved(s, sp->tree->tree, left->page, sp->fresh);
    }
    sp->fresh = PAGE_NO_INVALID;
    page_unlock(s, &right);
    return ST_OK;
}

/* wants_split - is this the page to split on the way down? */
static bool wants_split(const Split *sp, const PageRef *ref)
{
    if (is_leaf_page(ref->hdr)) {
        return sp->force == PAGE_NO_INVALID && !bt_leaf_has_room(ref, sp->key, sp->entry_bytes);
    }
    return ref->page == sp->force;
}

/* child_fits - is the page what its parent's level says? */
static bool child_fits(PageHeader *parent, PageHeader *child)
{
    uint32_t level = key_info(parent)->level;
    return level == 1 ? child->type == PAGE_BT_TABLE_LEAF || child->type == PAGE_BT_INDEX_LEAF
                      : child->type == PAGE_BT_INNER && key_info(child)->level + 1u == level;
}

/* split_step - one way down with exclusive latches; splits at most one page. *done_out: nothing was
 * left to split. */
static Status split_step(Cx *cx, Split *sp, bool *done_out)
{
    Store *s = sp->tree->store;
    PageRef cur, child;
    Status st = ST_OK;
    TRY(page_lock(cx, s, sp->tree->root, LATCH_EXCLUSIVE, &cur));
    if (wants_split(sp, &cur)) {
        if (!page_sound(cur.hdr)) {
            page_unlock(s, &cur);
            return err_corrupt(cx, sp->tree->root, "it cannot be split: its entries do not agree");
        }
        page_dirty(s, &cur);
        split_root(sp, &cur);
        page_unlock(s, &cur);
        return ST_OK;
    }
    while (!is_leaf_page(cur.hdr)) {
        PageNo next = inner_child(cur.hdr, inner_find(cur.hdr, sp->key_bytes, false));
        if (next == cur.page) {
            st = err_corrupt(cx, next, "it is its own child");
            goto out;
        }
        TRY_OUT(page_lock(cx, s, next, LATCH_EXCLUSIVE, &child));
        if (child.hdr->tree != sp->tree->tree || !child_fits(cur.hdr, child.hdr) ||
            (wants_split(sp, &child) && !(page_sound(cur.hdr) && page_sound(child.hdr)))) {
            page_unlock(s, &child);
            st = err_corrupt(cx, next, "it cannot be split: its entries do not agree");
            goto out;
        }
        if (wants_split(sp, &child)) {
            st = split_child(sp, &cur, &child);
            page_unlock(s, &child);
            if (st == ST_BUSY) {
                sp->force = cur.page;
                st = ST_OK;
            } else {
                sp->force = PAGE_NO_INVALID;
            }
            goto out;
        }
        page_unlock(s, &cur);
        cur = child;
    }
    *done_out = sp->force == PAGE_NO_INVALID;
    sp->force = PAGE_NO_INVALID;
out:
    page_unlock(s, &cur);
    return st;
}

Status bt_split(Cx *cx, const BtTree *t, const BtKey *key, uint32_t entry_bytes)
{
    uint8_t scratch[8];
    Split sp = {.tree = t, .key = key, .entry_bytes = entry_bytes};
    bool done = false;
    uint32_t steps = 0;
    Status st = ST_OK;
    sp.key_bytes = bt_key_bytes(t, key, scratch);
    buf_init(&sp.sep, PAGE_SIZE * 2);
    while (!done && st == ST_OK) {
        if (sp.fresh == PAGE_NO_INVALID) {
            st = page_reserve(cx, t->store, &sp.fresh);
        }
        if (st == ST_OK) {
            bool forced_root = sp.force == t->root;
            st = split_step(cx, &sp, &done);
            /* A split a level, and those that it needs above: nobody undoes them meanwhile. */
            DASSERT(++steps < RETRIES_MAX);
            if (forced_root && sp.force == t->root && sp.fresh == PAGE_NO_INVALID) {
                sp.force = PAGE_NO_INVALID;
            }
        }
    }
    if (sp.fresh != PAGE_NO_INVALID) {
        page_unreserve(t->store, sp.fresh);
    }
    buf_release(&sp.sep);
    return st;
}

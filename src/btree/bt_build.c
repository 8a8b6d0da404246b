/*
 * build.c - bulk build from sorted keys: full leaves left to right, then the levels above them; the
 * topmost page's content goes into the root. Every page is logged as an image.
 */
#include "btree/btree_internal.h"

/* Leave a little room, so that the first inserts do not split every page. */
#define BUILD_FILL (PAGE_SIZE / 10)

/* BuildChild - a finished page and its lower bound, for the level above. */
typedef struct BuildChild {
    PageNo page;
    uint32_t len;
    const uint8_t *sep;
} BuildChild;

struct BtBuild {
    const BtTree *t;
    Arena *arena;
    PageRef leaf;
    PageNo next; /* reserved for the leaf after this one */
    BuildChild *children;
    size_t child_count, child_size;
    Buf last; /* last key added */
};

Status bt_build_begin(Cx *cx, Arena *arena, const BtTree *t, BtBuild **build_out)
{
    BtBuild *b = ARENA_NEW(arena, BtBuild);
    b->t = t;
    b->arena = arena;
    buf_init(&b->last, PAGE_SIZE);
    TRY(page_reserve(cx, t->store, &b->next));
    *build_out = b;
    return ST_OK;
}

static void build_add_child(BtBuild *b, PageNo page, const uint8_t *sep, uint32_t len)
{
    if (b->child_count == b->child_size) {
        size_t size = b->child_size == 0 ? 64 : b->child_size * 2;
        b->children = arena_grow(b->arena, b->children, b->child_size * sizeof(BuildChild),
                                 size * sizeof(BuildChild));
        b->child_size = size;
    }
    uint8_t *copy = arena_alloc_aligned(b->arena, MAX(len, 1u), 1);
    if (len != 0) {
        memcpy(copy, sep, len);
    }
    b->children[b->child_count++] = (BuildChild){page, len, copy};
}

static void build_log(const BtBuild *b, PageRef *ref)
{
    Smo smo;
    smo_begin(&smo, b->t->store);
    smo_alloc(&smo, ref->page);
    smo_image(&smo, ref);
    (void)smo_commit(&smo, b->t->tree);
    page_unlock(b->t->store, ref);
}

/* build_new_leaf - finish the current leaf; the next begins with a bound just above the last key.
 */
static Status build_new_leaf(Cx *cx, BtBuild *b, Slice key)
{
    PageNo page = b->next;
    size_t n = 0;
    TRY(wal_admit(cx, store_wal(b->t->store), 2 * PAGE_SIZE));
    TRY(page_reserve(cx, b->t->store, &b->next));
    bool first = b->leaf.hdr == NULL;
    if (!first) {
        b->leaf.hdr->next = page;
        build_log(b, &b->leaf);
        while (n < b->last.len && n < key.len && b->last.data[n] == (uint8_t)key.ptr[n]) {
            n++;
        }
        n = MIN(n + 1, key.len);
    }
    page_lock_new(b->t->store, page,
                  b->t->kind == TREE_TABLE ? PAGE_BT_TABLE_LEAF : PAGE_BT_INDEX_LEAF, b->t->tree,
                  &b->leaf);
    build_add_child(b, page, (const uint8_t *)key.ptr, (uint32_t)n);
    return ST_OK;
}

Status bt_build_add(Cx *cx, BtBuild *b, Slice key, uint64_t tag, Slice payload)
{
    BtKey k = {.bytes = key};
    ASSERT(b->t->kind == TREE_INDEX);
    uint32_t bytes = (uint32_t)(8 + payload.len);
    if (b->leaf.hdr == NULL ||
        (b->leaf.hdr->slot_count != 0 && !bt_leaf_has_room(&b->leaf, &k, bytes + BUILD_FILL))) {
        TRY(build_new_leaf(cx, b, key));
    }
    bt_leaf_insert(&b->leaf, &k, b->leaf.hdr->slot_count, tag, payload);
    buf_clear(&b->last);
    buf_put_slice(&b->last, key);
    return ST_OK;
}

/* build_level - inner pages over the children; they become the children of the next level. */
static Status build_level(Cx *cx, BtBuild *b, uint8_t level)
{
    BuildChild *below = b->children;
    size_t n = b->child_count;
    PageRef ref = {.hdr = NULL};
    b->children = NULL;
    b->child_count = 0;
    b->child_size = 0;
    for (size_t i = 0; i < n; i++) {
        const BuildChild *c = &below[i];
        if (ref.hdr != NULL &&
            bt_free_bytes(ref.hdr) < sizeof(BtSlot) + BT_KEY_ENTRY + c->len + BUILD_FILL) {
            build_log(b, &ref);
        }
        uint32_t klen = c->len;
        if (ref.hdr == NULL) {
            PageNo page;
            TRY(wal_admit(cx, store_wal(b->t->store), 2 * PAGE_SIZE));
            TRY(page_reserve(cx, b->t->store, &page));
            page_lock_new(b->t->store, page, PAGE_BT_INNER, b->t->tree, &ref);
            ref.hdr->flags = level;
            build_add_child(b, page, c->sep, c->len);
            klen = 0; /* the first key of an inner page is minus infinity */
        }
        bt_key_insert(ref.hdr, ref.hdr->slot_count, c->page, c->sep, klen, (Slice){NULL, 0});
    }
    build_log(b, &ref);
    return ST_OK;
}

/* build_root - an inner root over the last page, which is one too many a level but simple; or the
 * only page's content itself. */
static Status build_root(Cx *cx, BtBuild *b, uint8_t level)
{
    PageRef root, top;
    Smo smo;
    TRY(page_lock(cx, b->t->store, b->t->root, LATCH_EXCLUSIVE, &root));
    Status st = page_lock(cx, b->t->store, b->children[0].page, LATCH_EXCLUSIVE, &top);
    if (st != ST_OK) {
        page_unlock(b->t->store, &root);
        return st;
    }
    PageHeader *h = root.hdr, *from = top.hdr;
    (void)level;
    page_dirty(b->t->store, &root);
    page_dirty(b->t->store, &top);
    memcpy(h + 1, from + 1, PAGE_SIZE - sizeof(*h));
    h->type = from->type;
    h->flags = from->flags;
    h->slot_count = from->slot_count;
    h->heap_top = from->heap_top;
    h->frag_bytes = from->frag_bytes;
    h->next = from->next;
    memset(from + 1, 0, PAGE_SIZE - sizeof(*h));
    from->type = PAGE_FREE;
    from->slot_count = 0;
    smo_begin(&smo, b->t->store);
    smo_image(&smo, &root);
    smo_image(&smo, &top);
    smo_free(&smo, top.page);
    (void)smo_commit(&smo, b->t->tree);
    page_unlock(b->t->store, &top);
    page_unlock(b->t->store, &root);
    return ST_OK;
}

Status bt_build_end(Cx *cx, BtBuild *b)
{
    page_unreserve(b->t->store, b->next);
    buf_release(&b->last);
    if (b->leaf.hdr == NULL) {
        return ST_OK;
    }
    build_log(b, &b->leaf);
    uint8_t level = 0;
    while (b->child_count > 1) {
        level++;
        TRY(build_level(cx, b, level));
    }
    return build_root(cx, b, level);
}

/*
 * build.c - building an index bottom-up from sorted entries.
 *
 * One page per level is open at a time. A full page is logged as an image and its separator goes to
 * the level above. At the end the topmost page's content moves into the root page, whose number is
 * fixed.
 */
#include "btree/btree_internal.h"

#define BUILD_FILL_PERCENT 90u

typedef struct Level {
    PageRef page;
    bool open;
} Level;

struct BtBuild {
    const BtTree *tree;
    Level levels[BT_DEPTH_MAX];
    uint32_t level_count;
    Buf last;  /* last key added: separators are cut against it */
    Buf pages; /* PageNo of every page logged: nobody reaches them before the end */
};

Status bt_build_begin(Cx *cx, Arena *arena, const BtTree *t, BtBuild **build_out)
{
    (void)cx;
    BtBuild *b = ARENA_NEW(arena, BtBuild);
    b->tree = t;
    buf_init(&b->last, PAGE_SIZE * 2);
    buf_init(&b->pages, (size_t)1 << 30);
    *build_out = b;
    return ST_OK;
}

/* level_open - a fresh page at a level; lower is its lower fence (ptr NULL: leftmost). */
static Status level_open(Cx *cx, BtBuild *b, uint32_t level, Slice lower)
{
    PageNo page;
    Level *l = &b->levels[level];
    TRY(store_admit(cx, b->tree->store, 2 * PAGE_SIZE));
    TRY(page_reserve(cx, b->tree->store, &page));
    page_lock_new(b->tree->store, page, level == 0 ? PAGE_BT_INDEX_LEAF : PAGE_BT_INNER,
                  b->tree->tree, &l->page);
    page_set_fences(l->page.hdr, lower, (Slice){NULL, 0});
    key_info(l->page.hdr)->level = (uint16_t)level;
    l->open = true;
    b->level_count = MAX(b->level_count, level + 1);
    return ST_OK;
}

static void page_log(BtBuild *b, PageRef *ref)
{
    Smo smo;
    smo_begin(&smo, b->tree->store);
    smo_alloc(&smo, ref->page);
    smo_image(&smo, ref);
    (void)smo_commit(&smo, b->tree->tree);
    buf_put(&b->pages, &ref->page, sizeof(ref->page));
    page_unlock(b->tree->store, ref);
}

static bool level_full(PageHeader *h, Slice key, uint32_t payload)
{
    uint32_t need = key_entry_bytes(h, (uint32_t)key.len, payload) + (uint32_t)sizeof(KeySlot);
    uint32_t fence =
        ALIGN_UP((uint32_t)key.len, 8u) + 8; /* an upper fence may still have to go in */
    uint32_t spare = (PAGE_SIZE - HEAP_START) * (100 - BUILD_FILL_PERCENT) / 100;
    return h->slot_count >= 2 && space_total(h) < need + MAX(fence, spare);
}

static Status level_add(Cx *cx, BtBuild *b, uint32_t level, Slice key, uint64_t value,
                        Slice payload);

/* level_turn - close the full page of a level at separator sep and open the next one. */
static Status level_turn(Cx *cx, BtBuild *b, uint32_t level, Slice sep)
{
    PageRef old = b->levels[level].page;
    Status st = level_open(cx, b, level, sep);
    if (st != ST_OK) {
        return st;
    }
    bool fits = page_set_upper(old.hdr, sep);
    ASSERT(fits);
    old.hdr->next = level == 0 ? b->levels[level].page.page : PAGE_NO_INVALID;
    PageNo old_page = old.page;
    page_log(b, &old);
    if (level + 1 >= b->level_count) {
        TRY(level_open(cx, b, level + 1, (Slice){NULL, 0}));
        TRY(level_add(cx, b, level + 1, (Slice){"", 0}, old_page, (Slice){NULL, 0}));
    }
    return level_add(cx, b, level + 1, sep, b->levels[level].page.page, (Slice){NULL, 0});
}

/* level_add - append one entry to the open page of a level, turning to a new page when it is full;
 * a leaf hands up the shortest key that still separates. */
static Status level_add(Cx *cx, BtBuild *b, uint32_t level, Slice key, uint64_t value,
                        Slice payload)
{
    Level *l = &b->levels[level];
    ASSERT(level < BT_DEPTH_MAX - 1);
    if (level_full(l->page.hdr, key, (uint32_t)payload.len)) {
        Slice sep = key;
        if (level == 0) {
            size_t n = 0;
            while (n < key.len && n < b->last.len && (uint8_t)key.ptr[n] == b->last.data[n]) {
                n++;
            }
            sep.len = MIN(n + 1, key.len);
        }
        TRY(level_turn(cx, b, level, sep));
        if (level != 0) {
            /* The new inner page's first slot stands for everything from its lower fence on. */
            key_insert(l->page.hdr, 0, key, value, payload);
            return ST_OK;
        }
    }
    key_insert(l->page.hdr, l->page.hdr->slot_count, key, value, payload);
    return ST_OK;
}

Status bt_build_add(Cx *cx, BtBuild *b, Slice key, uint64_t tag, Slice payload)
{
    if (b->level_count == 0) {
        TRY(level_open(cx, b, 0, (Slice){NULL, 0}));
    }
    Status st = level_add(cx, b, 0, key, tag, payload);
    buf_clear(&b->last);
    buf_put_slice(&b->last, key);
    return st;
}

/* build_free - one page logged, which nobody will ever reach. */
static void build_free(Cx *cx, BtBuild *b, PageNo page)
{
    PageRef ref;
    Smo smo;
    if (page_lock(cx, b->tree->store, page, LATCH_EXCLUSIVE, &ref) != ST_OK) {
        err_clear(cx);
        return; /* leaked: `dassie check` finds it */
    }
    page_dirty(b->tree->store, &ref);
    ref.hdr->type = PAGE_FREE;
    smo_begin(&smo, b->tree->store);
    smo_bytes(&smo, &ref, 0, sizeof(PageHeader));
    smo_free(&smo, page);
    (void)smo_commit(&smo, b->tree->tree);
    page_unlock(b->tree->store, &ref);
}

void bt_build_abandon(BtBuild *b)
{
    Err err = {0};
    Cx cx = {.err = &err};
    for (uint32_t i = 0; i < b->level_count; i++) {
        PageNo page = b->levels[i].page.page;
        b->levels[i].page.hdr->type = PAGE_FREE;
        page_unlock(b->tree->store, &b->levels[i].page);
        page_unreserve(b->tree->store, page);
    }
    b->level_count = 0;
    for (size_t i = 0; i < b->pages.len; i += sizeof(PageNo)) {
        PageNo page;
        memcpy(&page, b->pages.data + i, sizeof(page));
        build_free(&cx, b, page);
    }
    buf_release(&b->pages);
    buf_release(&b->last);
}

Status bt_build_end(Cx *cx, BtBuild *b)
{
    Store *s = b->tree->store;
    PageRef root;
    if (b->level_count != 0) {
        Status st = page_lock(cx, s, b->tree->root, LATCH_EXCLUSIVE, &root);
        if (st != ST_OK) {
            return st; /* the caller abandons the build */
        }
        for (uint32_t i = 0; i + 1 < b->level_count; i++) {
            page_log(b, &b->levels[i].page);
        }
        Smo smo;
        PageRef *top = &b->levels[b->level_count - 1].page;
        PageNo spare = top->page;
        page_dirty(s, &root);
        memcpy(root.hdr, top->hdr, PAGE_SIZE);
        root.hdr->page = b->tree->root;
        top->hdr->type = PAGE_FREE;
        smo_begin(&smo, s);
        smo_image(&smo, &root);
        (void)smo_commit(&smo, b->tree->tree);
        page_unlock(s, &root);
        page_unlock(s, top);
        page_unreserve(s, spare);
    }
    buf_release(&b->pages);
    buf_release(&b->last);
    return ST_OK;
}

/*
 * directory.c - the tree directory: a chain of pages of fixed entries, mirrored in memory; and the
 * meta bytes of trees.
 *
 * The first page's `reserved` field holds the last tree id given out, so ids are never reused.
 * Entries are changed by structure records only, with the directory mutex held.
 */
#include "store/store_internal.h"

typedef struct DirEntry {
    uint32_t tree, kind;
    uint64_t root, meta;
    uint32_t flags, pad;
    uint64_t next_rowid;
} DirEntry;
STATIC_ASSERT(sizeof(DirEntry) == 40, "DirEntry is 40 bytes on disk");
#define DIR_PER_PAGE ((uint32_t)((PAGE_SIZE - sizeof(PageHeader)) / sizeof(DirEntry)))

static uint32_t dir_offset(uint32_t slot)
{
    return (uint32_t)(sizeof(PageHeader) + slot * sizeof(DirEntry));
}

static void dir_put(PageRef *ref, uint32_t slot, const TreeEntry *e)
{
    DirEntry d = {e->tree, (uint32_t)e->kind, e->root, e->meta, e->flags, 0, e->next_rowid};
    memcpy((uint8_t *)ref->hdr + dir_offset(slot), &d, sizeof(d));
}

Status dir_create(Cx *cx, Store *s)
{
    PageRef ref;
    Smo smo;
    (void)cx;
    space_note_used(s, DIR_FIRST_PAGE, true);
    page_lock_new(s, DIR_FIRST_PAGE, PAGE_TREE_DIR, 0, &ref);
    ref.hdr->heap_top = 0;
    smo_begin(&smo, s);
    smo_alloc(&smo, DIR_FIRST_PAGE);
    smo_image(&smo, &ref);
    (void)smo_commit(&smo, 0);
    page_unlock(s, &ref);
    s->dir_last = DIR_FIRST_PAGE;
    s->dir_last_count = 0;
    return ST_OK;
}

Status dir_load(Cx *cx, Store *s)
{
    PageNo page = DIR_FIRST_PAGE;
    while (page != PAGE_NO_INVALID) {
        PageRef ref;
        TRY(page_lock(cx, s, page, LATCH_SHARED, &ref));
        if (ref.hdr->type != PAGE_TREE_DIR) {
            page_unlock(s, &ref);
            return err_corrupt(cx, page, "page %llu is not of the tree directory",
                               (unsigned long long)page);
        }
        if (page == DIR_FIRST_PAGE) {
            s->last_tree = (TreeId)ref.hdr->reserved;
        }
        for (uint32_t i = 0; i < DIR_PER_PAGE; i++) {
            DirEntry d;
            memcpy(&d, (const uint8_t *)ref.hdr + dir_offset(i), sizeof(d));
            DirSlot *slot = ARENA_NEW(&s->dir_arena, DirSlot);
            slot->page = page;
            slot->slot = i;
            if (d.tree == 0) {
                slot->next_free = s->dir_free;
                s->dir_free = slot;
                continue;
            }
            slot->entry =
                (TreeEntry){d.tree, (TreeKind)d.kind, d.root, d.meta, d.flags, d.next_rowid};
            map_put_int(&s->trees, d.tree, slot);
        }
        s->dir_last = page;
        s->dir_last_count = DIR_PER_PAGE;
        page = ref.hdr->next;
        page_unlock(s, &ref);
    }
    return ST_OK;
}

/* dir_extend - one more directory page; requires the mutex. */
static Status dir_extend(Cx *cx, Store *s)
{
    PageNo page;
    PageRef last, ref;
    Smo smo;
    TRY(page_reserve(cx, s, &page));
    Status st = page_lock(cx, s, s->dir_last, LATCH_EXCLUSIVE, &last);
    if (st != ST_OK) {
        page_unreserve(s, page);
        return st;
    }
    page_lock_new(s, page, PAGE_TREE_DIR, 0, &ref);
    ref.hdr->heap_top = 0;
    last.hdr->next = page;
    smo_begin(&smo, s);
    smo_alloc(&smo, page);
    smo_image(&smo, &ref);
    smo_bytes(&smo, &last, offsetof(PageHeader, next), sizeof(last.hdr->next));
    (void)smo_commit(&smo, 0);
    page_unlock(s, &ref);
    page_unlock(s, &last);
    s->dir_last = page;
    s->dir_last_count = 0;
    return ST_OK;
}

/* dir_take_slot - requires the mutex. */
static Status dir_take_slot(Cx *cx, Store *s, DirSlot **out)
{
    DirSlot *slot = s->dir_free;
    if (slot != NULL) {
        s->dir_free = slot->next_free;
        *out = slot;
        return ST_OK;
    }
    if (s->dir_last_count == DIR_PER_PAGE) {
        TRY(dir_extend(cx, s));
    }
    slot = ARENA_NEW(&s->dir_arena, DirSlot);
    slot->page = s->dir_last;
    slot->slot = s->dir_last_count++;
    *out = slot;
    return ST_OK;
}

static PageType dir_root_type(TreeKind kind)
{
    return kind == TREE_TABLE   ? PAGE_BT_TABLE_LEAF
           : kind == TREE_INDEX ? PAGE_BT_INDEX_LEAF
                                : PAGE_SEQUENCE;
}

/* dir_create_entry - root page, directory entry, tree id: one record. Requires the mutex. */
static Status dir_create_entry(Cx *cx, Store *s, TreeKind kind, PageNo root, DirSlot *slot)
{
    PageRef dir, first, page;
    Smo smo;
    bool apart = slot->page != DIR_FIRST_PAGE;
    TRY(page_lock(cx, s, DIR_FIRST_PAGE, LATCH_EXCLUSIVE, &first));
    if (apart) {
        Status st = page_lock(cx, s, slot->page, LATCH_EXCLUSIVE, &dir);
        if (st != ST_OK) {
            page_unlock(s, &first);
            return st;
        }
    }
    TreeId tree = ++s->last_tree;
    page_lock_new(s, root, dir_root_type(kind), tree, &page);
    if (kind == TREE_SEQUENCE) {
        page.hdr->heap_top = 0;
    }
    slot->entry = (TreeEntry){.tree = tree, .kind = kind, .root = root, .next_rowid = 1};
    first.hdr->reserved = tree;
    smo_begin(&smo, s);
    smo_alloc(&smo, root);
    smo_image(&smo, &page);
    smo_bytes(&smo, &first, offsetof(PageHeader, reserved), sizeof(first.hdr->reserved));
    dir_put(apart ? &dir : &first, slot->slot, &slot->entry);
    smo_bytes(&smo, apart ? &dir : &first, dir_offset(slot->slot), sizeof(DirEntry));
    (void)smo_commit(&smo, tree);
    page_unlock(s, &page);
    if (apart) {
        page_unlock(s, &dir);
    }
    page_unlock(s, &first);
    map_put_int(&s->trees, tree, slot);
    return ST_OK;
}

Status tree_create(Cx *cx, Store *s, TreeKind kind, TreeEntry *entry_out)
{
    PageNo root;
    DirSlot *slot;
    TRY(wal_admit(cx, s->wal, 4096));
    TRY(page_reserve(cx, s, &root));
    os_mutex_lock(s->os, &s->dir_mutex);
    Status st = dir_take_slot(cx, s, &slot);
    if (st == ST_OK) {
        st = dir_create_entry(cx, s, kind, root, slot);
        if (st == ST_OK) {
            *entry_out = slot->entry;
        } else {
            slot->next_free = s->dir_free;
            s->dir_free = slot;
        }
    }
    os_mutex_unlock(s->os, &s->dir_mutex);
    if (st != ST_OK) {
        page_unreserve(s, root);
    }
    return st;
}

Status tree_get(Cx *cx, Store *s, TreeId tree, TreeEntry *entry_out)
{
    (void)cx;
    os_mutex_lock(s->os, &s->dir_mutex);
    const DirSlot *slot = map_get_int(&s->trees, tree);
    if (slot != NULL) {
        *entry_out = slot->entry;
    }
    os_mutex_unlock(s->os, &s->dir_mutex);
    return slot != NULL ? ST_OK : ST_NOTFOUND;
}

/* dir_change - write the slot's entry (tree 0: remove), freeing `pages` in the same record. */
static Status dir_change(Cx *cx, Store *s, DirSlot *slot, const TreeEntry *e)
{
    PageRef dir;
    Smo smo;
    TRY(wal_admit(cx, s->wal, 256));
    TRY(page_lock(cx, s, slot->page, LATCH_EXCLUSIVE, &dir));
    dir_put(&dir, slot->slot, e);
    smo_begin(&smo, s);
    smo_bytes(&smo, &dir, dir_offset(slot->slot), sizeof(DirEntry));
    (void)smo_commit(&smo, slot->entry.tree);
    page_unlock(s, &dir);
    slot->entry = *e;
    return ST_OK;
}

Status tree_put(Cx *cx, Store *s, const TreeEntry *entry)
{
    os_mutex_lock(s->os, &s->dir_mutex);
    DirSlot *slot = map_get_int(&s->trees, entry->tree);
    Status st = ST_NOTFOUND;
    if (slot != NULL) {
        TreeEntry e = *entry;
        e.meta = slot->entry.meta; /* tree_meta_write's own */
        st = dir_change(cx, s, slot, &e);
    }
    os_mutex_unlock(s->os, &s->dir_mutex);
    return st;
}

/* ---- meta bytes ---- */

enum { META_PAGES_MAX = 7 };
#define META_PAGE_BYTES (PAGE_SIZE - sizeof(PageHeader))

/* meta_old_pages - the chain to be replaced, latched X. */
static Status meta_old_pages(Cx *cx, Store *s, PageNo page, PageRef *refs, uint32_t *n)
{
    *n = 0;
    while (page != PAGE_NO_INVALID && *n < META_PAGES_MAX) {
        TRY(page_lock(cx, s, page, LATCH_EXCLUSIVE, &refs[*n]));
        page = refs[(*n)++].hdr->next;
    }
    return ST_OK;
}

/* meta_replace - new chain in, old chain out, directory entry: one record. Requires the mutex. */
static Status meta_replace(Cx *cx, Store *s, DirSlot *slot, Slice bytes)
{
    PageRef fresh[META_PAGES_MAX], old[META_PAGES_MAX], dir = {.hdr = NULL};
    PageNo pages[META_PAGES_MAX];
    uint32_t n = (uint32_t)((bytes.len + META_PAGE_BYTES - 1) / META_PAGE_BYTES);
    uint32_t reserved = 0, old_n = 0;
    Status st = ST_OK;
    for (; reserved < n && st == ST_OK; reserved += st == ST_OK) {
        st = page_reserve(cx, s, &pages[reserved]);
    }
    if (st == ST_OK) {
        st = meta_old_pages(cx, s, slot->entry.meta, old, &old_n);
    }
    if (st == ST_OK) {
        st = page_lock(cx, s, slot->page, LATCH_EXCLUSIVE, &dir);
    }
    if (st == ST_OK) {
        Smo smo;
        TreeEntry e = slot->entry;
        smo_begin(&smo, s);
        for (uint32_t i = 0; i < n; i++) {
            size_t at = i * META_PAGE_BYTES, len = MIN(bytes.len - at, META_PAGE_BYTES);
            page_lock_new(s, pages[i], PAGE_META, e.tree, &fresh[i]);
            fresh[i].hdr->next = i + 1 < n ? pages[i + 1] : PAGE_NO_INVALID;
            fresh[i].hdr->heap_top = (uint16_t)(PAGE_SIZE - len);
            memcpy((uint8_t *)fresh[i].hdr + fresh[i].hdr->heap_top, bytes.ptr + at, len);
            smo_alloc(&smo, pages[i]);
            smo_image(&smo, &fresh[i]);
        }
        for (uint32_t i = 0; i < old_n; i++) {
            page_dirty(s, &old[i]);
            old[i].hdr->type = PAGE_FREE;
            smo_image(&smo, &old[i]);
            smo_free(&smo, old[i].page);
        }
        e.meta = n != 0 ? pages[0] : PAGE_NO_INVALID;
        dir_put(&dir, slot->slot, &e);
        smo_bytes(&smo, &dir, dir_offset(slot->slot), sizeof(DirEntry));
        (void)smo_commit(&smo, e.tree);
        slot->entry = e;
        for (uint32_t i = 0; i < n; i++) {
            page_unlock(s, &fresh[i]);
        }
    }
    for (uint32_t i = 0; i < old_n; i++) {
        page_unlock(s, &old[i]);
    }
    page_unlock(s, &dir);
    while (st != ST_OK && reserved > 0) {
        page_unreserve(s, pages[--reserved]);
    }
    return st;
}

Status tree_meta_write(Cx *cx, Store *s, TreeId tree, Slice bytes)
{
    if (bytes.len > META_PAGES_MAX * META_PAGE_BYTES) {
        return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                       "table has been altered too often: its row layouts take %zu bytes",
                       bytes.len);
    }
    TRY(wal_admit(cx, s->wal, bytes.len + 16384));
    os_mutex_lock(s->os, &s->dir_mutex);
    DirSlot *slot = map_get_int(&s->trees, tree);
    Status st = slot != NULL ? meta_replace(cx, s, slot, bytes) : ST_NOTFOUND;
    os_mutex_unlock(s->os, &s->dir_mutex);
    return st;
}

Status tree_meta_read(Cx *cx, Store *s, Arena *arena, TreeId tree, Slice *bytes_out)
{
    TreeEntry e;
    TRY(tree_get(cx, s, tree, &e));
    uint8_t *out = arena_alloc(arena, META_PAGES_MAX * META_PAGE_BYTES);
    size_t at = 0;
    PageNo page = e.meta;
    for (uint32_t i = 0; page != PAGE_NO_INVALID && i < META_PAGES_MAX; i++) {
        PageRef ref;
        TRY(page_lock(cx, s, page, LATCH_SHARED, &ref));
        size_t n = ref.hdr->heap_top <= PAGE_SIZE ? (size_t)PAGE_SIZE - ref.hdr->heap_top : 0;
        bool good = ref.hdr->type == PAGE_META && ref.hdr->tree == tree && n <= META_PAGE_BYTES;
        if (good) {
            memcpy(out + at, (const uint8_t *)ref.hdr + ref.hdr->heap_top, n);
            at += n;
        }
        PageNo next = ref.hdr->next;
        page_unlock(s, &ref);
        if (!good) {
            return err_corrupt(cx, page, "page %llu is not a meta page of tree %u",
                               (unsigned long long)page, tree);
        }
        page = next;
    }
    *bytes_out = (Slice){(const char *)out, at};
    return ST_OK;
}

Status tree_remove_entry(Cx *cx, Store *s, TreeId tree)
{
    os_mutex_lock(s->os, &s->dir_mutex);
    DirSlot *slot = map_get_int(&s->trees, tree);
    Status st = slot != NULL ? ST_OK : ST_NOTFOUND;
    if (slot != NULL && slot->entry.meta != PAGE_NO_INVALID) {
        st = meta_replace(cx, s, slot, (Slice){NULL, 0});
    }
    if (st == ST_OK) {
        TreeEntry none = {0};
        st = dir_change(cx, s, slot, &none);
    }
    if (st == ST_OK) {
        (void)map_remove_int(&s->trees, tree);
        slot->next_free = s->dir_free;
        s->dir_free = slot;
    }
    os_mutex_unlock(s->os, &s->dir_mutex);
    return st;
}

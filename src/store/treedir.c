/*
 * treedir.c - the tree directory: where each tree's root and layouts are, by tree id.
 *
 * Entries live on a chain of directory pages that stay resident; a table in memory finds them.
 * Changes are structure-change records made under trees_mutex. The next tree id stands in the first
 * page's first_rowid: ids are never used again.
 */
#include "store/store_internal.h"

static DirEntry *dir_entry(PageRef *ref, uint32_t index)
{
    return (DirEntry *)(void *)(ref->hdr + 1) + index;
}

static void slot_add(Store *s, const DirEntry *e, PageNo page, uint32_t index)
{
    TreeSlot *slot = mem_zalloc("tree", sizeof(*slot));
    slot->entry = (TreeEntry){.tree = e->tree,
                              .kind = (TreeKind)e->kind,
                              .root = e->root,
                              .meta = e->meta,
                              .flags = e->flags,
                              .next_rowid = e->next_rowid};
    slot->page = page;
    slot->index = index;
    mem_free(map_put_int(&s->trees, e->tree, slot));
}

Status trees_load(Cx *cx, Store *s)
{
    for (PageNo page = TREE_DIR_PAGE; page != PAGE_NO_INVALID;) {
        PageRef ref;
        TRY(page_lock(cx, s, page, LATCH_SHARED, &ref));
        if (ref.hdr->type != PAGE_TREE_DIR) {
            page_unlock(s, &ref);
            return err_corrupt(cx, page, "it should be a page of the tree directory");
        }
        if (page == TREE_DIR_PAGE) {
            s->next_tree = (TreeId)ref.hdr->first_rowid;
        }
        for (uint32_t i = 0; i < DIR_ENTRIES; i++) {
            const DirEntry *e = dir_entry(&ref, i);
            if (e->kind != 0) {
                slot_add(s, e, page, i);
            }
        }
        s->dir_last = page;
        page = ref.hdr->next;
        page_unlock(s, &ref);
    }
    return ST_OK;
}

/* dir_free_slot - a free entry on the chain, X latched; ST_NOTFOUND when all pages are full. */
static Status dir_free_slot(Cx *cx, Store *s, PageRef *ref, uint32_t *index_out)
{
    for (PageNo page = TREE_DIR_PAGE; page != PAGE_NO_INVALID;) {
        TRY(page_lock(cx, s, page, LATCH_EXCLUSIVE, ref));
        for (uint32_t i = 0; i < DIR_ENTRIES; i++) {
            if (dir_entry(ref, i)->kind == 0) {
                *index_out = i;
                return ST_OK;
            }
        }
        page = ref->hdr->next;
        page_unlock(s, ref);
    }
    return ST_NOTFOUND;
}

/* dir_grow - one more directory page at the end of the chain. */
static Status dir_grow(Cx *cx, Store *s)
{
    PageNo page;
    PageRef last, fresh;
    Smo smo;
    TRY(page_reserve(cx, s, &page));
    Status st = page_lock(cx, s, s->dir_last, LATCH_EXCLUSIVE, &last);
    if (st != ST_OK) {
        page_unreserve(s, page);
        return st;
    }
    page_lock_new(s, page, PAGE_TREE_DIR, 0, &fresh);
    smo_begin(&smo, s);
    last.hdr->next = page;
    smo_alloc(&smo, page);
    smo_image(&smo, &fresh);
    smo_bytes(&smo, &last, offsetof(PageHeader, next), sizeof(PageNo));
    (void)smo_commit(&smo, 0);
    page_unlock(s, &fresh);
    page_unlock(s, &last);
    s->dir_last = page;
    return ST_OK;
}

static PageType root_type(TreeKind kind)
{
    return kind == TREE_TABLE   ? PAGE_BT_TABLE_LEAF
           : kind == TREE_INDEX ? PAGE_BT_INDEX_LEAF
                                : PAGE_SEQUENCE;
}

/* tree_create_locked - make a tree with an empty root and its entry in the directory, in one log
 * record. Requires: the directory's mutex held. Pages are latched first page, then the entry's,
 * then the root. */
static Status tree_create_locked(Cx *cx, Store *s, TreeKind kind, TreeEntry *entry_out)
{
    PageRef dir, first, root;
    uint32_t index = 0;
    PageNo root_page;
    Smo smo;
    Status st = dir_free_slot(cx, s, &dir, &index);
    if (st == ST_NOTFOUND) {
        TRY(dir_grow(cx, s));
        st = dir_free_slot(cx, s, &dir, &index);
    }
    TRY(st);
    PageNo dir_page = dir.page;
    page_unlock(s, &dir);
    TRY(page_reserve(cx, s, &root_page));
    st = page_lock(cx, s, TREE_DIR_PAGE, LATCH_EXCLUSIVE, &first);
    if (st == ST_OK && dir_page != TREE_DIR_PAGE) {
        st = page_lock(cx, s, dir_page, LATCH_EXCLUSIVE, &dir);
        if (st != ST_OK) {
            page_unlock(s, &first);
        }
    }
    if (st != ST_OK) {
        page_unreserve(s, root_page);
        return st;
    }
    PageRef *at = dir_page == TREE_DIR_PAGE ? &first : &dir;
    TreeId tree = s->next_tree++;
    page_lock_new(s, root_page, root_type(kind), tree, &root);
    *dir_entry(at, index) =
        (DirEntry){.tree = tree, .kind = (uint32_t)kind, .root = root_page, .next_rowid = 1};
    first.hdr->first_rowid = s->next_tree;
    smo_begin(&smo, s);
    smo_alloc(&smo, root_page);
    smo_image(&smo, &root);
    smo_bytes(&smo, &first, offsetof(PageHeader, first_rowid), sizeof(uint64_t));
    smo_bytes(&smo, at, (uint32_t)((uint8_t *)dir_entry(at, index) - (uint8_t *)at->hdr),
              sizeof(DirEntry));
    (void)smo_commit(&smo, tree);
    slot_add(s, dir_entry(at, index), dir_page, index);
    *entry_out = ((TreeSlot *)map_get_int(&s->trees, tree))->entry;
    page_unlock(s, &root);
    if (at == &dir) {
        page_unlock(s, &dir);
    }
    page_unlock(s, &first);
    return ST_OK;
}

Status tree_create(Cx *cx, Store *s, TreeKind kind, TreeEntry *entry_out)
{
    os_mutex_lock(s->os, &s->trees_mutex);
    Status st = tree_create_locked(cx, s, kind, entry_out);
    os_mutex_unlock(s->os, &s->trees_mutex);
    return st;
}

Status tree_get(Cx *cx, Store *s, TreeId tree, TreeEntry *entry_out)
{
    (void)cx;
    os_mutex_lock(s->os, &s->trees_mutex);
    TreeSlot *slot = map_get_int(&s->trees, tree);
    if (slot != NULL) {
        *entry_out = slot->entry;
    }
    os_mutex_unlock(s->os, &s->trees_mutex);
    return slot != NULL ? ST_OK : ST_NOTFOUND;
}

/* dir_write - replace (or, entry NULL, clear) one entry, logged; smo holds what else belongs to the
 * same record. */
static Status dir_write(Cx *cx, Store *s, TreeSlot *slot, const TreeEntry *entry, Smo *smo)
{
    PageRef ref;
    Status st = page_lock(cx, s, slot->page, LATCH_EXCLUSIVE, &ref);
    if (st != ST_OK) {
        buf_release(&smo->ops);
        return st;
    }
    DirEntry *e = dir_entry(&ref, slot->index);
    TreeId tree = slot->entry.tree;
    page_dirty(s, &ref);
    *e = entry == NULL ? (DirEntry){0}
                       : (DirEntry){.tree = tree,
                                    .kind = (uint32_t)entry->kind,
                                    .root = entry->root,
                                    .meta = entry->meta,
                                    .flags = entry->flags,
                                    .next_rowid = entry->next_rowid};
    smo_bytes(smo, &ref, (uint32_t)((uint8_t *)e - (uint8_t *)ref.hdr), sizeof(DirEntry));
    (void)smo_commit(smo, tree);
    page_unlock(s, &ref);
    if (entry != NULL) {
        slot->entry = *entry;
    }
    return ST_OK;
}

static Status tree_change(Cx *cx, Store *s, TreeId tree, const TreeEntry *entry)
{
    Smo smo;
    Status st = ST_NOTFOUND;
    smo_begin(&smo, s);
    os_mutex_lock(s->os, &s->trees_mutex);
    TreeSlot *slot = map_get_int(&s->trees, tree);
    if (slot != NULL) {
        st = dir_write(cx, s, slot, entry, &smo);
        if (st == ST_OK && entry == NULL) {
            mem_free(map_remove_int(&s->trees, tree));
        }
    }
    os_mutex_unlock(s->os, &s->trees_mutex);
    return st;
}

Status tree_put(Cx *cx, Store *s, const TreeEntry *entry)
{
    return tree_change(cx, s, entry->tree, entry);
}

Status tree_remove_entry(Cx *cx, Store *s, TreeId tree)
{
    return tree_change(cx, s, tree, NULL);
}

void trees_foreach(Store *s, Arena *arena, TreeEntry **list_out, uint32_t *count_out)
{
    MapSlot slot;
    uint32_t n = 0;
    os_mutex_lock(s->os, &s->trees_mutex);
    *list_out = ARENA_ARRAY(arena, TreeEntry, s->trees.count + 1);
    for (uint32_t pos = 0; map_next(&s->trees, &pos, &slot);) {
        (*list_out)[n++] = ((TreeSlot *)slot.value)->entry;
    }
    os_mutex_unlock(s->os, &s->trees_mutex);
    *count_out = n;
}

/* ---- meta bytes: a chain of PAGE_META pages, heap_top = bytes used on the page ---- */

#define META_BYTES ((size_t)(PAGE_SIZE - sizeof(PageHeader)))
#define META_BATCH 8u

/* meta_write_chain - write bytes to new pages; each is whole before one points to it. Pages of a
 * chain that fails half-way are lost space, not damage. */
static Status meta_write_chain(Cx *cx, Store *s, TreeId tree, Slice bytes, PageNo *first_out)
{
    size_t left = bytes.len;
    PageNo next = PAGE_NO_INVALID;
    /* From the tail, so that each page knows its successor. */
    while (left > 0 || next == PAGE_NO_INVALID) {
        size_t n = left % META_BYTES != 0 || left == 0 ? left % META_BYTES : META_BYTES;
        PageNo page;
        PageRef ref;
        Smo smo;
        TRY(page_reserve(cx, s, &page));
        page_lock_new(s, page, PAGE_META, tree, &ref);
        left -= n;
        memcpy(ref.hdr + 1, bytes.ptr + left, n);
        ref.hdr->heap_top = (uint16_t)n;
        ref.hdr->next = next;
        smo_begin(&smo, s);
        smo_alloc(&smo, page);
        smo_image(&smo, &ref);
        (void)smo_commit(&smo, tree);
        page_unlock(s, &ref);
        next = page;
        if (left == 0) {
            break;
        }
    }
    *first_out = next;
    return ST_OK;
}

Status page_chain_each(Cx *cx, Store *s, TreeId tree, PageNo page,
                       Status (*fn)(void *arg, Cx *cx, PageNo page), void *arg)
{
    while (page != PAGE_NO_INVALID) {
        PageRef ref;
        TRY(page_lock(cx, s, page, LATCH_SHARED, &ref));
        bool ours = ref.hdr->tree == tree && ref.hdr->type != PAGE_FREE;
        PageNo next = ref.hdr->next;
        page_unlock(s, &ref);
        if (!ours) {
            break;
        }
        TRY(fn(arg, cx, page));
        page = next;
    }
    return ST_OK;
}

Status page_chain_free(Cx *cx, Store *s, TreeId tree, PageNo page)
{
    while (page != PAGE_NO_INVALID) {
        PageRef ref;
        Smo smo;
        TRY(page_lock(cx, s, page, LATCH_EXCLUSIVE, &ref));
        if (ref.hdr->tree != tree || ref.hdr->type == PAGE_FREE) {
            page_unlock(s, &ref);
            return ST_OK; /* freed before a crash already */
        }
        PageNo next = ref.hdr->next;
        page_dirty(s, &ref);
        ref.hdr->type = PAGE_FREE;
        smo_begin(&smo, s);
        smo_bytes(&smo, &ref, 0, sizeof(PageHeader));
        smo_free(&smo, page);
        (void)smo_commit(&smo, tree);
        page_unlock(s, &ref);
        page = next;
    }
    return ST_OK;
}

Status tree_meta_write(Cx *cx, Store *s, TreeId tree, Slice bytes)
{
    TreeEntry entry;
    PageNo chain;
    TRY(tree_get(cx, s, tree, &entry));
    PageNo old = entry.meta;
    TRY(meta_write_chain(cx, s, tree, bytes, &chain));
    TRY(tree_get(cx, s, tree, &entry));
    entry.meta = chain;
    TRY(tree_put(cx, s, &entry));
    return page_chain_free(cx, s, tree, old);
}

/* meta_read_chain - the bytes of a chain as long as nobody replaces it. *lsn_out: of its first
 * page. *bad_out: a page that is not of such a chain, or none. */
static Status meta_read_chain(Cx *cx, Store *s, TreeId tree, PageNo first, Buf *bytes, Lsn *lsn_out,
                              PageNo *bad_out)
{
    *lsn_out = 0;
    *bad_out = PAGE_NO_INVALID;
    for (PageNo page = first; page != PAGE_NO_INVALID;) {
        PageRef ref;
        TRY(page_lock(cx, s, page, LATCH_SHARED, &ref));
        bool sound =
            ref.hdr->type == PAGE_META && ref.hdr->tree == tree && ref.hdr->heap_top <= META_BYTES;
        if (sound) {
            buf_put(bytes, ref.hdr + 1, ref.hdr->heap_top);
        }
        PageNo next = ref.hdr->next;
        *lsn_out = page == first ? ref.hdr->lsn : *lsn_out;
        page_unlock(s, &ref);
        if (!sound || bytes->overflow) {
            *bad_out = page;
            return ST_OK;
        }
        page = next;
    }
    return ST_OK;
}

/* meta_replaced - is the chain no longer what it was when its first page had this LSN? Its pages
 * may have been used again, for the next chain of the same tree even. */
static Status meta_replaced(Cx *cx, Store *s, TreeId tree, PageNo first, Lsn lsn,
                            bool *replaced_out)
{
    TreeEntry now;
    PageRef ref;
    *replaced_out = true;
    TRY(tree_get(cx, s, tree, &now));
    if (now.meta != first || first == PAGE_NO_INVALID) {
        *replaced_out = now.meta != first;
        return ST_OK;
    }
    TRY(page_lock(cx, s, first, LATCH_SHARED, &ref));
    *replaced_out = ref.hdr->lsn != lsn;
    page_unlock(s, &ref);
    return ST_OK;
}

Status tree_meta_read(Cx *cx, Store *s, Arena *arena, TreeId tree, Slice *bytes_out)
{
    Buf bytes;
    Status st = ST_OK;
    bool replaced = false;
    *bytes_out = (Slice){NULL, 0};
    buf_init(&bytes, (size_t)16 << 20);
    do {
        TreeEntry entry;
        Lsn lsn;
        PageNo bad;
        buf_clear(&bytes);
        TRY_OUT(tree_get(cx, s, tree, &entry));
        TRY_OUT(meta_read_chain(cx, s, tree, entry.meta, &bytes, &lsn, &bad));
        TRY_OUT(meta_replaced(cx, s, tree, entry.meta, lsn, &replaced));
        if (bad != PAGE_NO_INVALID && !replaced) {
            st = err_corrupt(cx, bad, "it should hold row layouts of tree %u", tree);
            goto out;
        }
        TRY_OUT(cx_check(cx));
    } while (replaced);
    *bytes_out =
        (Slice){arena_memdup(arena, bytes.data != NULL ? (const char *)bytes.data : "", bytes.len),
                bytes.len};
out:
    buf_release(&bytes);
    return st;
}

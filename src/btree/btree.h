#ifndef DASSIE_BTREE_H
#define DASSIE_BTREE_H
/*
 * btree.h - B+-trees over latched pages: search, insert, split, delete, cursors, bulk build,
 * verify, print.
 *
 * Two leaf kinds share the inner nodes and all structure changes: table leaves (key = 64-bit row
 * id, delta-coded against the page's first row id) and index leaves (key = memcmp-ordered bytes
 * ending in the 8-byte big-endian row id, fences, prefix truncation, 4-byte heads). Every leaf
 * entry is an 8-byte tag and a payload (index entries: usually empty). This folder knows pages and
 * keys; what tags mean, and the log records of entry changes, belong to src/table: the caller gets
 * a latched leaf with room guaranteed, appends its own record, then edits through bt_leaf_*.
 * Descents read inner nodes optimistically and latch leaves. Splits are top-down, one redo-only
 * record each.
 */
#include "store/store.h"

typedef uint64_t RowId;
typedef struct BtTree {
    Store *store;
    TreeId tree;
    TreeKind kind;
    PageNo root;
} BtTree;

/* A key to search: index bytes, or a row id for tables (big-endian in inner nodes). */
typedef struct BtKey {
    Slice bytes; /* index trees */
    RowId rowid; /* table trees */
} BtKey;

/* BtPos - a leaf latched S or X and a slot in it. found: slot holds exactly the key; else the key
 * would go there. */
typedef struct BtPos {
    PageRef leaf;
    uint32_t slot;
    bool found;
} BtPos;

/* bt_seek - latch the leaf that covers the key (mode S or X) and find the slot. */
Status bt_seek(Cx *cx, const BtTree *t, const BtKey *key, LatchMode mode, BtPos *pos_out);
/* bt_seek_first / bt_seek_last - the leftmost / rightmost leaf. */
Status bt_seek_first(Cx *cx, const BtTree *t, LatchMode mode, BtPos *pos_out);
Status bt_seek_last(Cx *cx, const BtTree *t, LatchMode mode, BtPos *pos_out);
/*
 * bt_seek_insert - X latch the covering leaf with room for one more entry of entry_bytes (tag +
 * payload) under the key, splitting top-down first when there is none (appends to the rightmost
 * table leaf open an empty right leaf). *pos_out.found tells that the key exists already.
 * entry_bytes 0: no room wanted.
 */
Status bt_seek_insert(Cx *cx, const BtTree *t, const BtKey *key, uint32_t entry_bytes,
                      BtPos *pos_out);
void bt_release(const BtTree *t, BtPos *pos);

/* ---- entries of a latched leaf ---- */
typedef struct BtEntry {
    uint64_t tag;
    uint8_t *payload; /* in the page */
    uint32_t payload_len;
    RowId rowid; /* table leaves */
} BtEntry;
uint32_t bt_leaf_count(const PageRef *leaf);
/* bt_leaf_sound - may the page be edited as a leaf, by about so many bytes? Slots and free space
 * are within it; where entries will be moved they agree, too. Descents have looked already. */
bool bt_leaf_sound(const PageRef *leaf, uint32_t bytes);
/* bt_leaf_entry - false when the slot's bytes are damaged (lengths checked against the page). */
bool bt_leaf_entry(const PageRef *leaf, uint32_t slot, BtEntry *out);
/* bt_leaf_key - the full key of an index entry, copied to buf (cleared first). */
void bt_leaf_key(const PageRef *leaf, uint32_t slot, Buf *buf);
RowId bt_leaf_rowid(const PageRef *leaf, uint32_t slot);
/* bt_leaf_all_live - true: no entry of the table leaf is delete-marked (false says nothing). */
bool bt_leaf_all_live(const PageRef *leaf);
/* bt_leaf_rows - payloads and their lengths of n slots of a table leaf from `from` on, their first
 * cache lines on the way. False when a slot's bytes are damaged or a payload is shorter than
 * `least`. */
bool bt_leaf_rows(const PageRef *leaf, uint32_t from, uint32_t n, uint32_t least,
                  const uint8_t **payloads_out, uint32_t *lens_out);
void bt_leaf_rowids(const PageRef *leaf, uint32_t from, uint32_t n, RowId *ids_out);
/* bt_cursor_prefetch - hint that the leaf right of this latched one is read next. */
void bt_cursor_prefetch(const BtTree *t, const PageRef *leaf);
/* Edits; X latch, room guaranteed by bt_seek_insert or bt_leaf_has_room. They do not log. Used by
 * redo as well. */
bool bt_leaf_has_room(const PageRef *leaf, const BtKey *key, uint32_t entry_bytes);
void bt_leaf_insert(PageRef *leaf, const BtKey *key, uint32_t slot, uint64_t tag, Slice payload);
void bt_leaf_set_tag(PageRef *leaf, uint32_t slot, uint64_t tag);
/* bt_leaf_resize - give the entry payload_len bytes (compacting if need be); false when it does not
 * fit. Bytes are kept. */
bool bt_leaf_resize(PageRef *leaf, uint32_t slot, uint32_t payload_len);
void bt_leaf_remove(PageRef *leaf, uint32_t slot);
/* bt_find_slot - search within a latched leaf (also used by redo); true when found. */
bool bt_find_slot(const PageRef *leaf, const BtKey *key, uint32_t *slot_out);

/*
 * BtCursor - ordered walk, leaf by leaf. The caller takes what it needs from the latched leaf, then
 * lets go; between leaves nothing is held: {next page, version, key} re-finds the place, by descent
 * if something moved.
 */
typedef struct BtCursor {
    const BtTree *tree;
    bool backward;
    bool at_end;
    PageNo next_page;
    Buf resume_key; /* upper fence of the last leaf (lower fence when backward): where to go on */
    RowId resume_rowid;
    uint32_t
        walked; /* leaves since the walk began: the next ones are read ahead from the third on */
    uint32_t ahead; /* how many at a time; 0: what is walked over is in memory */
} BtCursor;
void bt_cursor_init(BtCursor *c, const BtTree *t, bool backward);
/* bt_cursor_seek - latch S the leaf where the walk starts: at key (NULL = the end); pos->slot is
 * the first slot to take. */
Status bt_cursor_seek(Cx *cx, BtCursor *c, const BtKey *key, BtPos *pos_out);
/* bt_cursor_restart - another walk begins with this cursor: nothing is read ahead yet. */
static inline void bt_cursor_restart(BtCursor *c)
{
    c->walked = c->ahead = 0;
}
/* bt_cursor_leave - before unlatching: remember where to go on; then the leaf is released. */
void bt_cursor_leave(BtCursor *c, BtPos *pos);
/* bt_cursor_next_leaf - latch S the next leaf; ST_DONE at the end. */
Status bt_cursor_next_leaf(Cx *cx, BtCursor *c, BtPos *pos_out);
void bt_cursor_release(BtCursor *c);

/* ---- bulk build (CREATE INDEX): sorted entries in, pages logged as images ---- */
typedef struct BtBuild BtBuild;
Status bt_build_begin(Cx *cx, Arena *arena, const BtTree *t, BtBuild **build_out);
Status bt_build_add(Cx *cx, BtBuild *b, Slice key, uint64_t tag,
                    Slice payload); /* ascending keys */
Status bt_build_end(Cx *cx, BtBuild *b);
/* bt_build_abandon - after an error of any of them: pages written so far are freed. */
void bt_build_abandon(BtBuild *b);

/* bt_try_shrink - after purge emptied a leaf: unlink it if its left or right neighbour has the same
   parent. Never waits on the user path. */
Status bt_try_shrink(Cx *cx, const BtTree *t, const BtKey *key);

/* bt_verify - walk everything: order, fences, sibling links, page identity, counts. Findings
 * appended to report. */
Status bt_verify(Cx *cx, const BtTree *t, Buf *report, uint64_t *errors_out);
/* bt_verify_live - the same while others read and write: leaf by leaf in key order, by a descent
 * each that couples shared latches. fn is told each finding and may not look at the tree. 57014
 * between leaves. */
typedef void (*BtFindingFn)(void *arg, PageNo page, const char *what);
Status bt_verify_live(Cx *cx, const BtTree *t, BtFindingFn fn, void *arg);
void bt_print(Cx *cx, const BtTree *t, Buf *out);

/* bt_verify and others number pages reached through bt_walk_pages (used by tree_free, store_check).
 */
Status bt_walk_pages(Cx *cx, const BtTree *t, Status (*fn)(void *arg, Cx *cx, PageNo page),
                     void *arg);

/* bt_page_count - how many pages it has, inner ones included; leaves are not read. */
Status bt_page_count(Cx *cx, const BtTree *t, uint64_t *pages_out);

/* bt_free_tree - free all pages of a tree and its directory entry: after a drop no snapshot can see
   it, or on undo of its creation. About so many pages at most; ST_RESTART: there are more, call
   again. Repeatable after a crash. */
Status bt_free_tree(Cx *cx, Store *s, TreeId tree, uint32_t pages);

/* bt_describe_page - fences and entries of one page as text; nothing for pages of other kinds. The
 * bytes may be damaged. */
void bt_describe_page(PageHeader *h, Buf *out);

#endif

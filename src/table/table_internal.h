#ifndef DASSIE_TABLE_INTERNAL_H
#define DASSIE_TABLE_INTERNAL_H
/*
 * table_internal.h - what the files of src/table share: row layouts, log record bodies, versions.
 *
 * Log record bodies of row operations (little-endian, packed):
 *   INSERT        u64 rowid, u16 n, n x u16 len, payloads   (n consecutive row ids of one leaf)
 *   INSERT index  u16 klen, key
 *   UPDATE        u64 rowid, u64 prev_tag, u16 old_len, u16 new_len, u16 ranges,
 *                 ranges x {u16 at, u16 old_n, u16 new_n}, then per range old bytes, new bytes
 *   DELETE        u64 rowid, u64 prev_tag
 *   DELETE index  u64 prev_tag, u16 klen, key        RESURRECT likewise
 *   CLR           u64 undo_next, then by flags as CLR_* says
 *   PURGE         u64 rowid, u16 n                   PURGE index  u16 klen, key
 * flags bit 0 tells an index entry; bit 1 of UPDATE: a column of a unique index changed; bit 2 of
 * UPDATE: a SkipLink follows.
 */
#include "base/map.h"
#include "table/maintain.h"
#include "txn/ssi.h"

enum { ROWREC_INDEX = 1, ROWREC_KEY_UPDATE = 2, ROWREC_SKIP = 4 };
/* CLR kinds (the record's flags). */
enum {
    CLR_REMOVE_ROWS = 1, /* u64 rowid, u16 n */
    CLR_UPDATE_ROW = 2,  /* u64 rowid, u64 tag, u16 len_now, u16 len_then, u16 ranges, ranges, bytes
                            (only the new ones) */
    CLR_TAG_ROW = 3,     /* u64 rowid, u64 tag */
    CLR_REMOVE_KEY = 4,  /* u16 klen, key */
    CLR_TAG_KEY = 5,     /* u64 tag, u16 klen, key */
};

#define TABLE_USER_OID 16384u /* catalogs have lower ones */

/* ---- rows ---- */
#define ROW_LAYOUT_MASK 0x3fffu
#define ROW_HAS_NULLS   0x4000u
#define ROW_OUT_OF_LINE                                                                            \
    0x8000u /* the payload is u16, OverflowRef: the row itself lives in a chain */
#define ROW_END_EXTERNAL 0x8000u /* in an end offset: the value is an OverflowRef */
#define ROW_END_SPACES   0x4000u /* ... its last two bytes are a number of spaces to append */
#define ROW_END_MASK     0x3fffu
#define ROW_SPACES_MIN   8u /* shorter runs of spaces at a value's end are kept as they are */
#define ROW_INLINE_MAX   (PAGE_SIZE / 4 - 16)
#define ROW_BYTES_MAX    16383u
#define INDEX_KEY_MAX    (PAGE_SIZE / 3 - 26)

/* RowLayout - where the columns of a row are. Immutable. */
typedef struct RowLayout {
    uint16_t number, column_count, var_count;
    uint16_t ends_at, data_at; /* end offsets of variable columns; first variable byte */
    const PhysType *phys;
    const uint16_t *at; /* fixed: byte offset in the payload; variable: index of its end offset */
    ColumnLayout *columns;
} RowLayout;

/* OverflowRef - a value (or row) that lives out of line. */
typedef struct OverflowRef {
    PageNo page;
    uint64_t stamp;      /* tells this chain from later ones on the same pages */
    uint32_t len, flags; /* of the value; 0 or OVERFLOW_LZ4 */
} OverflowRef;
STATIC_ASSERT(sizeof(OverflowRef) == 24, "OverflowRef is 24 bytes on disk");
enum { OVERFLOW_LZ4 = 1, OVERFLOW_BYTES_MAX = 0x3fffffff };

/* RowLayouts - the run-time state of one tree: layouts, row ids, counters, a sequence's value. */
struct RowLayouts {
    TreeId tree;
    TreeKind kind;
    PageNo root;
    OsMutex mutex; /* guards what is not atomic */
    Arena arena;
    _Atomic uint32_t layout_count;
    RowLayout **_Atomic layouts;
    uint32_t layout_size;
    _Atomic uint64_t next_rowid;
    _Atomic uint64_t rowid_limit;
    uint32_t rowid_step;
    _Atomic bool has_overflow; /* TreeEntry.flags says so too */
    TableSize size;            /* last estimate */
    uint64_t size_rowid;
    int64_t size_us;
    bool seq_loaded, seq_called;
    int64_t seq_last, seq_logged;
    uint32_t seq_left;
    _Atomic Lsn
        built_lsn; /* of an index: where the log was when its build ended, in this process */
    struct RowLayouts *next_dropped;
};
typedef struct RowLayouts TreeRt;
enum { TREE_FLAG_OVERFLOW = 1, TREE_FLAG_FREEING = 2 };

struct TableRuntime {
    OsMutex mutex;
    Map by_tree;     /* TreeId -> TreeRt */
    TreeRt *dropped; /* their memory, kept until the engine closes */
    _Atomic Lsn purge_pos;
    _Atomic Lsn newest_build; /* of all TreeRt.built_lsn */
    Map counts;               /* database << 32 | OID -> RelCounts (counts.h) */
    Map db_counts;            /* database -> DbCounts */
};
/* counts_release - free the numbers. */
void counts_release(struct TableRuntime *all);

/* tree_rt_get - the run-time state of a tree, loaded on first use. */
Status tree_rt_get(Cx *cx, Engine *e, TreeId tree, TreeRt **rt_out);
/* tree_rt_forget - the tree was dropped: its id is not found any more. */
void tree_rt_forget(Engine *e, TreeId tree);
Status tree_rt_rowids(Cx *cx, Engine *e, TreeRt *rt, uint32_t n, RowId *first_out);
/* tree_rt_layout - NULL when the number is not known (damaged row). */
const RowLayout *tree_rt_layout(TreeRt *rt, uint32_t number);
Status tree_rt_add_layout(Cx *cx, Engine *e, TreeRt *rt, const ColumnLayout *columns,
                          uint16_t column_count, uint16_t *number_out);
Status tree_rt_mark_overflow(Cx *cx, Engine *e, TreeRt *rt);

/* ---- row codec ---- */
/* row_encode - the payload of a row into out (ROW_INLINE_MAX bytes). Values that do not fit are
 * written out of line; old_payload (may be NULL): unchanged external values are taken over from it.
 */
Status row_encode(Cx *cx, Txn *txn, const Table *t, const RowValues *values, Slice old_payload,
                  const bool *changed, uint8_t *out, uint32_t *len_out);
/* row_resolve - checks a payload's frame; a row out of line is read into the arena first. */
Status row_resolve(Cx *cx, Engine *e, TreeRt *rt, Arena *arena, Slice payload, PageNo page,
                   Slice *row_out, const RowLayout **layout_out);
/* row_get - column `col` of a resolved row to row `at` of v; string bytes are copied to the arena.
 */
Status row_get(Cx *cx, const Table *t, const RowLayout *l, Slice row, uint16_t col, Vector *v,
               uint32_t at, Arena *arena);
Status row_get_datum(Cx *cx, const Table *t, const RowLayout *l, Slice row, uint16_t col,
                     Datum *out, bool *null_out, Arena *arena);
/* row_for_each_ref - calls fn for each OverflowRef in the payload (the row's own chain last).
 * freeing: when the row's own chain is there no more as a whole, a crash interrupted its freeing,
 * and what it named is gone already. */
Status row_for_each_ref(Cx *cx, Engine *e, TreeRt *rt, Slice payload, bool freeing,
                        Status (*fn)(void *arg, Cx *cx, const OverflowRef *ref), void *arg);
/* row_has_refs - cheap: may the payload hold OverflowRefs? */
bool row_has_refs(TreeRt *rt, Slice payload);

/* ---- overflow chains ---- */
/* overflow_write - a new chain, which goes again if txn is rolled back. What it wrote when it fails
 * goes likewise. compress: if it pays. */
Status overflow_write(Cx *cx, Engine *e, Txn *txn, TreeId tree, Slice bytes, bool compress,
                      OverflowRef *ref_out);
/* overflow_each_page - fn for each page of the chain that still bears the stamp. XX001 when the
 * chain is a ring, some of whose pages fn has then seen twice. */
Status overflow_each_page(Cx *cx, Engine *e, PageNo page, uint64_t stamp,
                          Status (*fn)(void *arg, Cx *cx, PageNo page), void *arg);
Status overflow_read(Cx *cx, Engine *e, const OverflowRef *ref, void *out);

/* ---- versions ---- */
/* VersionReader - scratch of version_find; the row it steps back to lives in `bytes`. */
typedef struct VersionReader {
    Lsn last_lsn; /* verdict cache for rows written by one record */
    bool last_seen, last_own;
    Lsn shown_lsn; /* what version_find showed last: its LSN; 0 = nothing, or an own change */
    TreeId tree;   /* whose entry is asked for, for assertions: its row, or its key (an index) */
    RowId rowid;
    Slice key;
    uint8_t bytes[PAGE_SIZE / 4];
} VersionReader;
static inline void version_reader_init(VersionReader *vr)
{
    vr->last_lsn = 0;
    vr->tree = 0;
    vr->rowid = 0;
}
/* version_find - the one visibility function. With the entry's leaf latched: *seen_out tells
 * whether the snapshot sees a row (entry), *row_out its bytes: in the page, or in vr->bytes. */
Status version_find(Cx *cx, const Snapshot *snap, uint64_t tag, Slice payload, VersionReader *vr,
                    bool *seen_out, Slice *row_out);
/* version_hop - bring row, a copy of the bytes with this tag, back to the version the snapshot
 * sees, if that is a row and the way there is of the common form. False: ask version_find (row may
 * then be anything). With the leaf latched. */
bool version_hop(const Snapshot *snap, uint64_t tag, uint8_t *row, uint32_t len);
/* version_ahead - a hint that the version made at lsn is judged soon. Its record was asked for by
 * wal_prefetch a little earlier: fetches what the record leads to. */
void version_ahead(const Snapshot *snap, Lsn lsn);
/* version_visible_fast - settled without looking: true when `tag` needs no version_find. */
static inline bool version_settled(const Snapshot *snap, uint64_t tag)
{
    return tag_lsn(tag) < snap->settled_lsn;
}

typedef enum VersionState {
    VERSION_FREE,  /* may be written by me */
    VERSION_WAIT,  /* in progress: *xid_out */
    VERSION_NEWER, /* committed after my snapshot */
    VERSION_SELF,  /* changed by this very command */
} VersionState;
/* version_key_changed - who last changed more than columns outside of unique keys since the
 * snapshot; 0: nobody. tag: of the newest version, not deleted. */
Status version_key_changed(Cx *cx, const Snapshot *snap, uint64_t tag, Xid *changer_out);
/* version_writable - with the leaf latched X: may txn change the entry on top of what snap sees?
 * *xid_out: who made the newest change, when that had to be asked. *key_update_out (may be NULL):
 * it was a delete or touched a key. */
Status version_writable(Cx *cx, Txn *txn, const Snapshot *snap, uint64_t tag,
                        VersionState *state_out, Xid *xid_out, bool *key_update_out);
/* version_conflicts - SERIALIZABLE, with the leaf latched: the edges between txn and those whose
 * versions of the entry snap does not see, or sees though the transaction's own snapshot does not.
 * *own_out: the version seen is its own. 40001. */
Status version_conflicts(Cx *cx, Txn *txn, const Snapshot *snap, uint64_t tag, bool *own_out);
/* version_live - for unique checks: is the entry live whatever the snapshot? WAIT when unsettled.
 */
Status version_live(Cx *cx, const Txn *txn, TxnSys *sys, uint64_t tag, bool *live_out,
                    bool *wait_out, Xid *xid_out);
/* table_tracked - the transaction whose reads of this table under this snapshot are to be
 * remembered for SERIALIZABLE; NULL: nobody's. Those of the catalogs never are. */
static inline Txn *table_tracked(const Table *t, const Snapshot *snap)
{
    return UNLIKELY(snap->txn != NULL && snap->txn->ser != NULL) && t->oid >= TABLE_USER_OID
               ? snap->txn
               : NULL;
}
/* table_check_write - ssi_check_write for a tree of this table. */
static inline Status table_check_write(Cx *cx, Txn *txn, const Table *t, TreeId tree, SsiWhat what,
                                       uint64_t id, Lsn over)
{
    return LIKELY(txn->ser == NULL) || t->oid < TABLE_USER_OID
               ? ST_OK
               : ssi_check_write_slow(cx, txn, tree, what, id, over);
}
/* txn_note_shown - a version made at this LSN by somebody else was shown: what a reply has to wait
 * for. */
static inline void txn_note_shown(Txn *txn, const Snapshot *snap, Lsn lsn)
{
    if (txn != NULL && lsn >= txnsys_durable_lsn(snap->sys)) {
        txn->seen_lsn = MAX(txn->seen_lsn, snap->commit_lsn);
    }
}
/* txn_note_page - the same for any row of a page. Own changes count too, so a look at single rows
 * notes those instead. */
static inline void txn_note_page(Txn *txn, const Snapshot *snap, const PageRef *leaf)
{
    txn_note_shown(txn, snap, leaf->hdr->max_row_lsn);
}

/*
 * SkipLink - at the end of an UPDATE record, for snapshots older than a run of updates of one row.
 * `lsn` is an earlier UPDATE, the base of the run, of the transaction with commit number `csn`; all
 * records of the run between it and this one changed bytes within [from, to) of the row only, which
 * is the one range of the base. A snapshot with a lower csn sees none of them: it takes this
 * record's before-image, then the base's, and goes on before the base.
 */
typedef struct SkipLink {
    Lsn lsn;
    Csn csn;
    uint16_t from, to;
    uint32_t pad;
} SkipLink;
STATIC_ASSERT(sizeof(SkipLink) == 24, "SkipLink is 24 bytes on disk");
/* skip_link_make - the link for an update of the version `tag`; false when none is worth it. */
bool skip_link_make(Cx *cx, const Txn *txn, uint64_t tag, SkipLink *out);
static inline bool skip_link_read(const WalHeader *hdr, Slice body, SkipLink *out)
{
    if ((wal_flags(hdr) & ROWREC_SKIP) == 0 || body.len < sizeof(*out)) {
        return false;
    }
    memcpy(out, body.ptr + body.len - sizeof(*out), sizeof(*out));
    return true;
}

/* column_sound - the n strings at `values`, of column col and not NULL, are of its type; XX001. */
Status column_sound(Cx *cx, const Table *t, uint16_t col, const Str *values, uint32_t n);
static inline bool column_tried(const Table *t, uint16_t col)
{
    return t->sound != NULL && t->sound[col] != NULL;
}

/* ---- deltas ---- */
#define DELTA_RANGES_MAX 8
typedef struct DeltaRange {
    uint16_t at, old_n, new_n;
} DeltaRange;
typedef struct Delta {
    uint16_t old_len, new_len;
    uint32_t count;
    DeltaRange ranges[DELTA_RANGES_MAX];
} Delta;
void delta_make(Slice old_row, Slice new_row, Delta *d);
/* delta_make_one - as one range. */
void delta_make_one(Slice old_row, Slice new_row, Delta *d);
/* UpdateBody - a decoded UPDATE record or CLR_UPDATE_ROW. old/new bytes alternate from `bytes`. */
typedef struct UpdateBody {
    RowId rowid;
    uint64_t tag; /* prev_tag, or the tag to restore */
    Delta delta;
    const uint8_t *bytes;
    size_t byte_count;
} UpdateBody;
bool update_body_decode(Slice body, bool clr, UpdateBody *out);
/* delta_apply - rewrite row (len_now bytes, room for cap) from new to old (back) or old to new.
 * false when the lengths do not match. */
bool delta_apply_back(const UpdateBody *u, uint8_t *row, uint32_t *len, uint32_t cap);
bool delta_apply_forward(const UpdateBody *u, bool clr, uint8_t *row, uint32_t *len, uint32_t cap);

/* ---- little-endian helpers ---- */
static inline uint16_t get_u16(const void *p)
{
    uint16_t v;
    memcpy(&v, p, 2);
    return v;
}
static inline uint64_t get_u64(const void *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}
static inline void put_u16(void *p, uint16_t v)
{
    memcpy(p, &v, 2);
}
static inline void put_u64(void *p, uint64_t v)
{
    memcpy(p, &v, 8);
}
static inline Slice slice_bytes(const void *p, size_t n)
{
    return (Slice){(const char *)p, n};
}
/* key_body_decode - u16 klen, key at p. */
static inline bool key_body_decode(const uint8_t *p, size_t n, Slice *key_out)
{
    if (n < 2 || (size_t)get_u16(p) > n - 2) {
        return false;
    }
    *key_out = slice_bytes(p + 2, get_u16(p));
    return true;
}

/* ---- writing, shared ---- */
static inline BtTree table_tree(const Table *t)
{
    return (BtTree){t->engine->store, t->tree, TREE_TABLE, t->root};
}
static inline BtTree index_tree(const Table *t, const TableIndex *ix)
{
    return (BtTree){t->engine->store, ix->tree, TREE_INDEX, ix->root};
}
static inline BtKey row_key(RowId rowid)
{
    return (BtKey){.rowid = rowid};
}
static inline BtKey index_key(const void *p, size_t n)
{
    return (BtKey){.bytes = {(const char *)p, n}};
}
/* sequence_redo - a WAL_SEQUENCE record on its latched page. */
Status sequence_redo(Cx *cx, PageRef *ref, Slice body);
/* bt_tree_of - any tree by id, for undo, redo and purge. ST_NOTFOUND when dropped. */
Status bt_tree_of(Cx *cx, Engine *e, TreeId tree, BtTree *out);

/*
 * row_write_seek - the leaf of a row latched X, when txn may change the row on top of what snap
 * sees. room != 0: with room for that many bytes. Waits (no latch held) for writers and lock
 * holders. On any outcome but WRITE_DONE nothing is latched. *own_key_out (may be NULL): txn itself
 * made the newest version, and changed a key by it.
 */
Status row_write_seek(Cx *cx, Txn *txn, const Snapshot *snap, const Table *t, RowId rowid,
                      RowLockMode mode, uint32_t room, BtPos *pos, BtEntry *entry,
                      bool *own_key_out, WriteOutcome *outcome_out);

/* IndexKey - an entry's key being built: encoded columns, then the row id. */
typedef struct IndexKey {
    Buf buf;
    const struct KeySource *src; /* for the text of an error */
    size_t prefix_len;
    size_t equal_len; /* of an exclusion constraint: the columns compared by equality */
    bool has_null;
    bool left_out; /* the row is not one of this partial index: there is no entry */
    uint8_t bytes[INDEX_KEY_MAX + 64];
} IndexKey;
typedef struct KeySource {
    const RowValues *values; /* new rows */
    const RowLayout *layout; /* or a stored one */
    Slice row;
    Arena *arena;
} KeySource;
Status index_key_build(Cx *cx, const Table *t, const TableIndex *ix, const KeySource *src,
                       RowId rowid, IndexKey *key);
/* index_column_values - the values of an index's columns for a row, in the arena; *holds_out: the
 * index has the row. */
Status index_column_values(Cx *cx, const Table *t, const TableIndex *ix, const KeySource *src,
                           Arena *arena, Datum *values, bool *nulls, bool *holds_out);
/* inverted_change - a row's entries in an inverted index, from what it was to what it is: NULL,
 * when it was not or will not be there. */
Status inverted_change(Cx *cx, Txn *txn, const Table *t, const TableIndex *ix,
                       const KeySource *old_row, const KeySource *new_row, RowId rowid);
/* inverted_each - the entries a row has to have; count (may be NULL) grows by how many. */
Status inverted_each(Cx *cx, const Table *t, const TableIndex *ix, const KeySource *row,
                     RowId rowid, Status (*fn)(void *arg, Cx *cx, const IndexKey *key), void *arg,
                     uint64_t *count);
/* index_key_same - the same entry, or none either way. */
bool index_key_same(const IndexKey *a, const IndexKey *b);
/* unique_put_off - the row's key in this deferrable index is to be looked at later. */
void unique_put_off(Txn *txn, const Table *t, const TableIndex *ix, RowId rowid);
/* index_put - insert (or resurrect) the entry, with its unique check. conflict_out NULL: a
 * duplicate is 23505, or put off where the index is deferrable; else it is reported there (0 =
 * none). */
Status index_put(Cx *cx, Txn *txn, const Table *t, const TableIndex *ix, IndexKey *key, RowId rowid,
                 bool check, RowId *conflict_out);
/* index_put_plain - insert the entry whatever else has its key. */
Status index_put_plain(Cx *cx, Txn *txn, const Table *t, const TableIndex *ix, const IndexKey *key);
/* index_key_text - the key as a message shows it, appended: "(a, b)=(1, x)". */
Status index_key_text(Cx *cx, const Txn *txn, const Table *t, const TableIndex *ix,
                      const KeySource *src, Buf *text);
/* index_duplicate - 23505 as PostgreSQL words it, for a new row or while building. */
Status index_duplicate(Cx *cx, const Txn *txn, const Table *t, const TableIndex *ix,
                       const KeySource *src, bool building);
/* key_rowid - the row id at the end of an entry's key. */
RowId key_rowid(Slice key);
Status index_delete_mark(Cx *cx, Txn *txn, const Table *t, const TableIndex *ix,
                         const IndexKey *key);
/* index_find_conflict - a live row in the way of the key in a unique or exclusion index, or a
 * transaction to wait for. own: the row's entry is there already (0: not yet). */
Status index_find_conflict(Cx *cx, Txn *txn, const Table *t, const TableIndex *ix,
                           const IndexKey *key, RowId own, RowId *conflict_out, Xid *wait_out);
/* row_pending - is the row of a conflicting entry being changed by another transaction? */
Status row_pending(Cx *cx, const Txn *txn, const Table *t, RowId rowid, Xid *xid_out);
/* row_newest - the newest version of the row, if it is live and nobody else is changing it; copied
 * to `bytes` (ROW_INLINE_MAX), *len_out 0 when there is none. */
Status row_newest(Cx *cx, const Txn *txn, const Table *t, RowId rowid, uint8_t *bytes,
                  uint32_t *len_out);
/* unique_note - SERIALIZABLE: an entry decided over a key, its leaf latched. */
Status unique_note(Cx *cx, Txn *txn, const Table *t, uint64_t tag, RowId rowid, bool live);

/* ---- exclusion constraints ---- */
/* exclude_put - index_put for the index of an exclusion constraint. */
Status exclude_put(Cx *cx, Txn *txn, const Table *t, const TableIndex *ix, const IndexKey *key,
                   RowId rowid, RowId *conflict_out);
/* exclude_find - index_find_conflict for it. */
Status exclude_find(Cx *cx, Txn *txn, const Table *t, const TableIndex *ix, const IndexKey *key,
                    RowId own, RowId *conflict_out, Xid *wait_out);
/* exclude_violation - 23P01 as PostgreSQL words it; *gone_out (then ST_OK): the other row is not in
 * the way any more. */
Status exclude_violation(Cx *cx, Txn *txn, const Table *t, const TableIndex *ix,
                         const IndexKey *key, RowId conflict, bool building, bool *gone_out);

/*
 * KeySorter - index entries sorted in bounded memory: what does not fit goes to a temporary file in
 * sorted runs, which are merged at the end. One thread.
 */
typedef struct KeySorter KeySorter;
/* key_sorter_create - memory_bytes: about what it may take; path: where a temporary file may be
 * made. */
KeySorter *key_sorter_create(Os *os, const char *path, size_t memory_bytes);
void key_sorter_free(KeySorter *s);
Status key_sorter_add(Cx *cx, KeySorter *s, Slice key, bool has_null);
/* key_sorter_finish - all are added; key_sorter_next - the least one left: valid until the next
 * call. ST_DONE at the end. */
Status key_sorter_finish(Cx *cx, KeySorter *s);
Status key_sorter_next(Cx *cx, KeySorter *s, Slice *key_out, bool *has_null_out);
uint32_t key_sorter_runs(const KeySorter *s);

#endif

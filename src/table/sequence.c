/*
 * sequence.c - sequences: not transactional, logged 32 values ahead.
 *
 * The page holds the value up to which the log has given numbers away; the exact one lives in
 * memory. After a crash a sequence goes on behind the logged value, so up to 32 numbers are lost
 * and none is given twice, whatever the page's flush caught. A clean shutdown writes the exact one.
 */
#include "table/table_internal.h"

/* SequencePage - behind the page header; also the body of a WAL_SEQUENCE record. */
typedef struct SequencePage {
    int64_t value;
    uint64_t is_called;
} SequencePage;
enum { SEQUENCE_AHEAD = 32 };

static SequencePage *sequence_page(const PageRef *ref)
{
    return (SequencePage *)(void *)(ref->hdr + 1);
}

Status sequence_redo(Cx *cx, PageRef *ref, Slice body)
{
    if (body.len < sizeof(SequencePage) || ref->hdr->type != PAGE_SEQUENCE) {
        return err_corrupt(cx, ref->page, "sequence record does not fit the page");
    }
    memcpy(sequence_page(ref), body.ptr, sizeof(SequencePage));
    return ST_OK;
}

/* sequence_log - page and log get the value; requires rt->mutex. */
static Status sequence_log(Cx *cx, Engine *e, TreeRt *rt, int64_t value, bool is_called)
{
    PageRef ref;
    SequencePage s = {value, is_called ? 1 : 0};
    TRY(wal_admit(cx, e->wal, 128));
    TRY(page_lock(cx, e->store, rt->root, LATCH_EXCLUSIVE, &ref));
    Slice part = slice_bytes(&s, sizeof(s));
    WalHeader h = {
        .xid48_type8_flags8 = wal_pack(0, WAL_SEQUENCE, 0),
        .tree = rt->tree,
        .page = rt->root,
    };
    page_dirty(e->store, &ref);
    Lsn lsn = wal_append(e->wal, &h, &part, 1);
    memcpy(sequence_page(&ref), &s, sizeof(s));
    page_set_lsn(&ref, lsn, false);
    page_unlock(e->store, &ref);
    rt->seq_logged = value;
    return ST_OK;
}

/* sequence_load - requires rt->mutex. */
static Status sequence_load(Cx *cx, Engine *e, TreeRt *rt)
{
    PageRef ref;
    if (rt->seq_loaded) {
        return ST_OK;
    }
    TRY(page_lock(cx, e->store, rt->root, LATCH_SHARED, &ref));
    SequencePage s;
    memcpy(&s, sequence_page(&ref), sizeof(s));
    page_unlock(e->store, &ref);
    rt->seq_last = s.value;
    rt->seq_logged = s.value;
    rt->seq_called = s.is_called != 0;
    rt->seq_left = 0;
    rt->seq_loaded = true;
    return ST_OK;
}

static Status sequence_rt(Cx *cx, Engine *e, TreeId tree, TreeRt **rt_out)
{
    TRY(tree_rt_get(cx, e, tree, rt_out));
    return (*rt_out)->kind == TREE_SEQUENCE
               ? ST_OK
               : err_set(cx, ERRCODE_INTERNAL_ERROR, "tree %u is not a sequence", tree);
}

Status sequence_create(Cx *cx, Engine *e, Txn *txn, int64_t first_value, TreeId *tree_out)
{
    TreeEntry entry;
    TRY(txn_start_write(cx, txn));
    TRY(tree_create(cx, e->store, TREE_SEQUENCE, &entry));
    txn_drop_tree_on_abort(txn, entry.tree);
    *tree_out = entry.tree;
    return sequence_set(cx, e, entry.tree, first_value, false);
}

/* sequence_step - v plus increment within the bounds; false at the limit. */
static bool sequence_step(const SequenceDef *def, int64_t v, int64_t *out)
{
    int64_t next;
    if (__builtin_add_overflow(v, def->increment, &next) ||
        (def->increment > 0 ? next > def->max : next < def->min)) {
        return false;
    }
    *out = next;
    return true;
}

/* sequence_advance - the next value of a sequence; every SEQUENCE_AHEAD values a record is logged
 * that covers those to come. Requires: the sequence's mutex held. */
static Status sequence_advance(Cx *cx, Engine *e, TreeRt *rt, const SequenceDef *def,
                               const char *name, int64_t *value_out)
{
    int64_t v = rt->seq_last;
    if (rt->seq_called && !sequence_step(def, v, &v)) {
        if (!def->cycle) {
            bool up = def->increment > 0;
            return err_set(cx, ERRCODE_SEQUENCE_GENERATOR_LIMIT_EXCEEDED,
                           "nextval: reached %s value of sequence \"%s\" (%lld)",
                           up ? "maximum" : "minimum", name, (long long)(up ? def->max : def->min));
        }
        v = def->increment > 0 ? def->min : def->max;
        rt->seq_left = 0;
    }
    if (rt->seq_left == 0) {
        int64_t ahead = v;
        uint32_t n = 0;
        while (n < SEQUENCE_AHEAD && sequence_step(def, ahead, &ahead)) {
            n++;
        }
        TRY(sequence_log(cx, e, rt, ahead, true));
        rt->seq_left = n;
    } else {
        rt->seq_left--;
    }
    rt->seq_last = v;
    rt->seq_called = true;
    *value_out = v;
    return ST_OK;
}

Status sequence_next(Cx *cx, Engine *e, TreeId tree, const SequenceDef *def, const char *name,
                     int64_t *value_out)
{
    TreeRt *rt;
    TRY(sequence_rt(cx, e, tree, &rt));
    os_mutex_lock(e->os, &rt->mutex);
    Status st = sequence_load(cx, e, rt);
    if (st == ST_OK) {
        st = sequence_advance(cx, e, rt, def, name, value_out);
    }
    os_mutex_unlock(e->os, &rt->mutex);
    return st;
}

Status sequence_set(Cx *cx, Engine *e, TreeId tree, int64_t value, bool is_called)
{
    TreeRt *rt;
    TRY(sequence_rt(cx, e, tree, &rt));
    os_mutex_lock(e->os, &rt->mutex);
    Status st = sequence_log(cx, e, rt, value, is_called);
    if (st == ST_OK) {
        rt->seq_last = value;
        rt->seq_called = is_called;
        rt->seq_left = 0;
        rt->seq_loaded = true;
    }
    os_mutex_unlock(e->os, &rt->mutex);
    return st;
}

Status sequence_get(Cx *cx, Engine *e, TreeId tree, SequenceState *out)
{
    TreeRt *rt;
    TRY(sequence_rt(cx, e, tree, &rt));
    os_mutex_lock(e->os, &rt->mutex);
    Status st = sequence_load(cx, e, rt);
    *out = (SequenceState){rt->seq_last, rt->seq_called, rt->seq_left};
    os_mutex_unlock(e->os, &rt->mutex);
    return st;
}

Status table_sequences_settle(Cx *cx, Engine *e)
{
    uint32_t pos = 0;
    MapSlot slot;
    while (map_next(&e->tables->by_tree, &pos, &slot)) {
        TreeRt *rt = slot.value;
        if (rt->kind == TREE_SEQUENCE && rt->seq_loaded && rt->seq_left != 0) {
            TRY(sequence_log(cx, e, rt, rt->seq_last, rt->seq_called));
            rt->seq_left = 0;
        }
    }
    return ST_OK;
}

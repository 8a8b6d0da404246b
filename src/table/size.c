/*
 * size.c - how large tables and indexes are: rows, by a sample of leaves, for the planner; pages,
 * by the nodes above the leaves, for people.
 */
#include "table/table_internal.h"

enum { SIZE_SAMPLES = 12 };

/* size_sample - live rows, row-id span and fill of leaves spread over the row ids given out. */
static Status size_sample(Cx *cx, const Table *t, uint64_t last_rowid, TableSize *out)
{
    BtTree tree = table_tree(t);
    double live = 0, span = 0, leaves = 0;
    RowId next = 0;
    for (uint32_t i = 0; i < SIZE_SAMPLES; i++) {
        RowId at = last_rowid / SIZE_SAMPLES * i;
        BtPos pos;
        BtEntry entry;
        if (at < next) {
            continue; /* the sample before reached as far */
        }
        BtKey key = row_key(at);
        TRY(bt_seek(cx, &tree, &key, LATCH_SHARED, &pos));
        uint32_t n = bt_leaf_count(&pos.leaf);
        RowId first = n != 0 ? bt_leaf_rowid(&pos.leaf, 0) : at;
        RowId last = n != 0 ? bt_leaf_rowid(&pos.leaf, n - 1) : at;
        for (uint32_t s = 0; s < n; s++) {
            live += bt_leaf_entry(&pos.leaf, s, &entry) && (entry.tag & TAG_DELETED) == 0;
        }
        bt_release(&tree, &pos);
        span += (double)(MAX(last, at) - MIN(first, at) + 1);
        leaves += 1;
        next = last + 1;
    }
    out->rows = live == 0 ? 0 : live / span * (double)last_rowid;
    out->pages = live == 0 ? 1 : MAX(out->rows / (live / leaves), 1);
    return ST_OK;
}

Status table_size(Cx *cx, const Table *t, TableSize *out)
{
    TreeRt *rt = t->layouts;
    Engine *e = t->engine;
    uint64_t last = atomic_load(&rt->next_rowid) - 1;
    int64_t now = os_mono_us(e->os);
    os_mutex_lock(e->os, &rt->mutex);
    bool fresh = rt->size_us >= 0 && now - rt->size_us < 1000000 &&
                 last - rt->size_rowid <= rt->size_rowid / 16;
    *out = rt->size;
    os_mutex_unlock(e->os, &rt->mutex);
    if (fresh) {
        return ST_OK;
    }
    TRY(size_sample(cx, t, last, out));
    os_mutex_lock(e->os, &rt->mutex);
    rt->size = *out;
    rt->size_us = now;
    rt->size_rowid = last;
    os_mutex_unlock(e->os, &rt->mutex);
    return ST_OK;
}

/* ---- pages ---- */

enum { CHAIN_PAGES_WALKED = 64 };
#define CHAIN_PAGE_BYTES (PAGE_SIZE - sizeof(PageHeader))

/* ChainSample - the overflow chains of the leaves looked at. */
typedef struct ChainSample {
    Engine *e;
    double pages;
    uint32_t walked;
} ChainSample;

static Status chain_page(void *arg, Cx *cx, PageNo page)
{
    ChainSample *s = arg;
    (void)cx, (void)page;
    return ++s->walked < CHAIN_PAGES_WALKED ? ST_OK : ST_DONE;
}

/* size_chain_count - the pages of one chain: of a value not compressed by its length, else by going
 * along it; of a long one no further than CHAIN_PAGES_WALKED, it is taken for not compressed. */
static Status size_chain_count(void *arg, Cx *cx, const OverflowRef *ref)
{
    ChainSample *s = arg;
    double whole = MAX((double)((ref->len + CHAIN_PAGE_BYTES - 1) / CHAIN_PAGE_BYTES), 1);
    s->walked = 0;
    if ((ref->flags & OVERFLOW_LZ4) != 0) {
        Status st = overflow_each_page(cx, s->e, ref->page, ref->stamp, chain_page, s);
        if (st != ST_OK && st != ST_DONE) {
            return st;
        }
        whole = s->walked < CHAIN_PAGES_WALKED ? s->walked : whole;
    }
    s->pages += whole;
    return ST_OK;
}

/* chains_estimate - overflow pages of a table tree, from a sample of its leaves. */
static Status chains_estimate(Cx *cx, Engine *e, const BtTree *tree, TreeRt *rt, double leaves,
                              double *pages_out)
{
    ChainSample s = {.e = e};
    uint64_t last_rowid = atomic_load(&rt->next_rowid) - 1;
    double seen = 0;
    RowId next = 0;
    for (uint32_t i = 0; i < SIZE_SAMPLES; i++) {
        RowId at = last_rowid / SIZE_SAMPLES * i;
        BtPos pos;
        BtEntry entry;
        Status st = ST_OK;
        if (at < next) {
            continue;
        }
        BtKey key = row_key(at);
        TRY(bt_seek(cx, tree, &key, LATCH_SHARED, &pos));
        uint32_t n = bt_leaf_count(&pos.leaf);
        for (uint32_t slot = 0; slot < n && st == ST_OK; slot++) {
            if (bt_leaf_entry(&pos.leaf, slot, &entry) && (entry.tag & TAG_DELETED) == 0) {
                st = row_for_each_ref(cx, e, rt, slice_bytes(entry.payload, entry.payload_len),
                                      false, size_chain_count, &s);
            }
        }
        next = n != 0 ? bt_leaf_rowid(&pos.leaf, n - 1) + 1 : at + 1;
        bt_release(tree, &pos);
        TRY(st);
        seen += 1;
    }
    *pages_out = seen > 0 ? s.pages / seen * MAX(leaves, seen) : 0;
    return ST_OK;
}

Status tree_pages(Cx *cx, Engine *e, TreeId tree, TreePages *out)
{
    TreeEntry entry;
    *out = (TreePages){0};
    TRY(tree_get(cx, e->store, tree, &entry));
    if ((entry.flags & TREE_FLAG_FREEING) != 0) {
        return ST_NOTFOUND;
    }
    if (entry.kind == TREE_SEQUENCE) {
        out->tree = 1;
        return ST_OK;
    }
    BtTree t = {e->store, tree, entry.kind, entry.root};
    TRY(bt_page_count(cx, &t, &out->tree));
    if (entry.kind == TREE_TABLE && (entry.flags & TREE_FLAG_OVERFLOW) != 0) {
        TreeRt *rt;
        double chains;
        TRY(tree_rt_get(cx, e, tree, &rt));
        TRY(chains_estimate(cx, e, &t, rt, (double)out->tree, &chains));
        out->out_of_line = (uint64_t)(chains + 0.5);
    }
    return ST_OK;
}

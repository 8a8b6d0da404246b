/*
 * ssi_graph.c - edges between serializable transactions, and which of them are dangerous.
 *
 * An edge says that the reader did not see what the writer wrote, so it comes before it in any
 * serial order. Snapshot isolation lets a circle of dependencies stand only where two such edges
 * follow each other, T0 -> T1 -> T2, and T2 is the first of the three to commit (T0 may be T2). So
 * that is what is looked for, when an edge is made and when a transaction commits; T1, the pivot,
 * or whoever is still able to fail, is ended. A read-only T0 is in danger only when T2 had
 * committed before T0's snapshot was taken.
 *
 * What is known of transactions that ended: a committed one keeps the time of the earliest commit
 * it has an edge to (earliest_out), and edges from those that are still active. Everything here is
 * under the graph's mutex.
 */
#include <stdio.h>

#include "txn/ssi_internal.h"

SerTxn *ser_by_xid(struct Ssi *ssi, Xid xid)
{
    SerTxn *t = ssi->by_xid[xid & (SSI_XID_BUCKETS - 1)];
    while (t != NULL && t->xid != xid) {
        t = t->xid_next;
    }
    return t;
}

Status ser_failure(Cx *cx, const char *reason)
{
    st_ignore(err_set(cx, ERRCODE_T_R_SERIALIZATION_FAILURE,
                      "could not serialize access due to read/write dependencies among "
                      "transactions"));
    st_ignore(err_detail(cx, "Reason code: Canceled on %s.", reason));
    return err_hint(cx, "The transaction might succeed if retried.");
}

static bool ser_is(const SerTxn *t, uint32_t bits)
{
    return (ser_flags(t) & bits) != 0;
}

static uint64_t ser_commit_seq(const SerTxn *t)
{
    return atomic_load_explicit(&t->commit_seq, memory_order_relaxed);
}

/* ---- edges ---- */

void ser_edge_free(SerEdge *e)
{
    list_remove(&e->out_link);
    list_remove(&e->in_link);
    mem_free(e);
}

static void ser_edge_remove(SerEdge *e)
{
    e->reader->out_count--;
    e->writer->in_count--;
    ser_edge_free(e);
}

void ser_edges_free(SerTxn *t)
{
    while (!list_empty(&t->out)) {
        ser_edge_remove(LIST_ITEM(t->out.next, SerEdge, out_link));
    }
    while (!list_empty(&t->in)) {
        ser_edge_remove(LIST_ITEM(t->in.next, SerEdge, in_link));
    }
}

/* ser_edge_known - looks through the shorter of the two lists. */
static bool ser_edge_known(const SerTxn *reader, const SerTxn *writer)
{
    if (reader->out_count <= writer->in_count) {
        LIST_FOREACH (n, &reader->out) {
            if (LIST_ITEM(n, SerEdge, out_link)->writer == writer) {
                return true;
            }
        }
    } else {
        LIST_FOREACH (n, &writer->in) {
            if (LIST_ITEM(n, SerEdge, in_link)->reader == reader) {
                return true;
            }
        }
    }
    return false;
}

static void ser_edge_make(SerTxn *reader, SerTxn *writer)
{
    SerEdge *e = mem_alloc("rw edge", sizeof(*e));
    e->reader = reader;
    e->writer = writer;
    list_push_back(&reader->out, &e->out_link);
    list_push_back(&writer->in, &e->in_link);
    reader->out_count++;
    writer->in_count++;
}

/* ---- dangerous structures ---- */

/* writer_is_pivot - reader -> writer -> T2, with T2 the first to commit? reader NULL: a summarised
 * one, of which only its commit before now is known. */
static bool writer_is_pivot(const SerTxn *reader, const SerTxn *writer)
{
    if (ser_is(writer, SER_SUMMARY_OUT)) {
        return true;
    }
    uint64_t limit = SSI_SEQ_NONE; /* T2 must have committed by then */
    if (reader != NULL) {
        limit = ser_commit_seq(reader);
        limit = ser_is(reader, SER_READ_ONLY) ? MIN(limit, reader->snap_seq) : limit;
    }
    limit = MIN(limit, ser_commit_seq(writer));
    if (ser_is(writer, SER_COMMITTED) && ser_is(writer, SER_CONFLICT_OUT) &&
        (reader == NULL || !ser_is(reader, SER_READ_ONLY) ||
         writer->earliest_out <= reader->snap_seq)) {
        return true;
    }
    LIST_FOREACH (n, &writer->out) {
        const SerTxn *t2 = LIST_ITEM(n, SerEdge, out_link)->writer;
        if (ser_is(t2, SER_PREPARED) && t2->prepare_seq <= limit) {
            return true;
        }
    }
    return false;
}

/* reader_is_pivot - T0 -> reader -> writer, with the writer committed (or certain to) first? */
static bool reader_is_pivot(const SerTxn *reader, const SerTxn *writer)
{
    if (!ser_is(writer, SER_PREPARED) || ser_is(reader, SER_READ_ONLY)) {
        return false;
    }
    if (ser_is(reader, SER_SUMMARY_IN)) {
        return true;
    }
    LIST_FOREACH (n, &reader->in) {
        const SerTxn *t0 = LIST_ITEM(n, SerEdge, in_link)->reader;
        if (!ser_is(t0, SER_DOOMED) && ser_commit_seq(t0) >= writer->prepare_seq &&
            (!ser_is(t0, SER_READ_ONLY) || t0->snap_seq >= writer->prepare_seq)) {
            return true;
        }
    }
    return false;
}

Status ser_edge_add(Cx *cx, SerTxn *me, SerTxn *reader, SerTxn *writer)
{
    if (reader != NULL && ser_edge_known(reader, writer)) {
        return ST_OK;
    }
    if (writer_is_pivot(reader, writer) || (reader != NULL && reader_is_pivot(reader, writer))) {
        if (me == writer) {
            return ser_failure(cx, "identification as a pivot, during write");
        }
        if (ser_is(writer, SER_PREPARED)) {
            char reason[80];
            (void)snprintf(reason, sizeof(reason), "conflict out to pivot %llu, during read",
                           (unsigned long long)writer->xid);
            return ser_failure(cx, reason);
        }
        ser_flag(writer, SER_DOOMED);
    }
    if (reader == NULL) {
        ser_flag(writer, SER_SUMMARY_IN);
    } else {
        ser_edge_make(reader, writer);
    }
    return ST_OK;
}

/* has_live_reader - is there T0 -> pivot with T0 still able to commit after me? */
static bool has_live_reader(const SerTxn *pivot, const SerTxn *me)
{
    LIST_FOREACH (n, &pivot->in) {
        const SerTxn *t0 = LIST_ITEM(n, SerEdge, in_link)->reader;
        if (t0 == me || !ser_is(t0, SER_COMMITTED | SER_READ_ONLY | SER_DOOMED)) {
            return true;
        }
    }
    return false;
}

Status ser_precommit(Cx *cx, struct Ssi *ssi, SerTxn *me)
{
    if (ser_is(me, SER_DOOMED)) {
        return ser_failure(cx, "identification as a pivot, during commit attempt");
    }
    LIST_FOREACH (n, &me->in) {
        SerTxn *pivot = LIST_ITEM(n, SerEdge, in_link)->reader;
        if (ser_is(pivot, SER_COMMITTED | SER_DOOMED) || !has_live_reader(pivot, me)) {
            continue;
        }
        if (ser_is(pivot, SER_PREPARED)) {
            return ser_failure(cx, "commit attempt with conflict in from prepared pivot");
        }
        ser_flag(pivot, SER_DOOMED);
    }
    me->prepare_seq = ++ssi->seq;
    ser_flag(me, SER_PREPARED);
    return ST_OK;
}

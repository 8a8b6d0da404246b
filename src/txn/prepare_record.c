/*
 * prepare_record.c - the PREPARE record: everything a transaction is, as bytes, and back.
 *
 * PrepareHead, the name, commit actions, row locks, table locks, advisory locks, what a
 * SERIALIZABLE one has read. What exceeds one record goes ahead into WAL_PREPARE records flagged
 * PREPARE_PART; the last one, without the flag, begins with their LSNs. Only it makes the
 * transaction prepared, so a crash between the two leaves a loser.
 */
#include "txn/ssi_internal.h"

enum { PREPARE_PART_BYTES = 1 << 20 };
#define PREPARE_BODY_BYTES_MAX ((size_t)1 << 32)

typedef struct PrepareHead {
    uint32_t gid_len, owner, database, flags;
    int64_t prepared_us;
    uint32_t cid, action_count, table_count, advisory_count;
    uint64_t row_count, read_count;
} PrepareHead;
enum { PREPARE_CHANGED_CATALOG = 1, PREPARE_SERIALIZABLE = 2 };

typedef struct PrepareRow {
    uint64_t block, rows; /* as in RowHold */
    TreeId tree;
    uint32_t mode;
} PrepareRow;
typedef struct PrepareTable {
    uint64_t key;
    uint32_t modes, pad;
} PrepareTable;

typedef struct PrepareAdvisory {
    AdvisoryKey key;
    uint32_t mode, pad;
} PrepareAdvisory;

typedef struct PrepareRead {
    uint64_t id;
    TreeId tree;
    uint32_t what;
} PrepareRead;

typedef struct ReadSink {
    PrepareHead *head;
    Buf *out;
} ReadSink;

static void prepare_put_read(void *arg, TreeId tree, SsiWhat what, uint64_t id)
{
    ReadSink *sink = arg;
    PrepareRead r = {id, tree, (uint32_t)what};
    buf_put(sink->out, &r, sizeof(r));
    sink->head->read_count++;
}

static void prepare_put_actions(const TxnPrivate *p, PrepareHead *h, Buf *out)
{
    for (uint32_t i = 0; i < p->action_count; i++) {
        const TxnAction *a = &p->actions[i];
        if (a->kind == ACTION_DROP_ON_COMMIT || a->kind == ACTION_FREE_CHAIN) {
            CommitAction c = {
                .kind = a->kind == ACTION_DROP_ON_COMMIT ? COMMIT_DROP_TREE : COMMIT_FREE_CHAIN,
                .tree = a->tree,
                .page = a->page,
                .stamp = a->stamp,
            };
            buf_put(out, &c, sizeof(c));
            h->action_count++;
        }
    }
}

static void prepare_put_advisory(const AdvisoryOwner *owner, PrepareHead *h, Buf *out)
{
    LIST_FOREACH (n, &owner->xact_holds) {
        const AdvisoryHold *a = LIST_ITEM(n, AdvisoryHold, xact_link);
        PrepareAdvisory lock = {a->entry->key, (uint32_t)a->mode, 0};
        buf_put(out, &lock, sizeof(lock));
        h->advisory_count++;
    }
}

void prepare_encode(const Txn *txn, const PreparedFacts *facts, Buf *out)
{
    const TxnPrivate *p = txn->priv;
    PrepareHead h = {
        .gid_len = (uint32_t)strlen(facts->gid),
        .owner = facts->owner,
        .database = facts->database,
        .flags = facts->changed_catalog ? PREPARE_CHANGED_CATALOG : 0,
        .prepared_us = facts->prepared_us,
        .cid = txn->cid,
    };
    buf_init(out, PREPARE_BODY_BYTES_MAX);
    buf_put(out, &h, sizeof(h));
    buf_put(out, facts->gid, h.gid_len);
    prepare_put_actions(p, &h, out);
    for (const RowHold *r = p->row_holds; r != NULL; r = r->txn_next) {
        PrepareRow row = {r->entry->block, r->rows, r->entry->tree, (uint32_t)r->mode};
        buf_put(out, &row, sizeof(row));
        h.row_count++;
    }
    for (const TableGrant *g = p->table_grants; g != NULL; g = g->txn_next) {
        PrepareTable table = {g->entry->key, g->modes, 0};
        buf_put(out, &table, sizeof(table));
        h.table_count++;
    }
    if (txn->advisory != NULL) {
        prepare_put_advisory(txn->advisory, &h, out);
    }
    if (txn->ser != NULL) {
        ReadSink sink = {&h, out};
        h.flags |= PREPARE_SERIALIZABLE;
        ssi_each_read(txn, prepare_put_read, &sink);
    }
    if (!out->overflow) {
        memcpy(out->data, &h, sizeof(h));
    }
}

/* prepare_log_parts - all but what fits into the last record; *parts gets their number and LSNs.
 * Returns how many bytes of the body they hold. */
size_t prepare_log_parts(Txn *txn, const Buf *body, Buf *parts)
{
    size_t at = 0;
    uint64_t count = 0;
    buf_init(parts, WAL_RECORD_BYTES_MAX);
    buf_put(parts, &count, sizeof(count));
    while (body->len - at > PREPARE_PART_BYTES) {
        Slice part = {(const char *)body->data + at, PREPARE_PART_BYTES};
        Lsn lsn = txn_log(txn, WAL_PREPARE, PREPARE_PART, 0, 0, &part, 1);
        buf_put(parts, &lsn, sizeof(lsn));
        count++;
        at += PREPARE_PART_BYTES;
    }
    memcpy(parts->data, &count, sizeof(count));
    return at;
}

/* prepare_read - one record of the log, appended to the body. */
static Status prepare_read(Cx *cx, Wal *wal, Lsn lsn, Xid xid, uint8_t flags, Buf *body)
{
    WalHeader h;
    size_t len = 0, before = body->len;
    TRY(wal_read(cx, wal, lsn, &h, NULL, 0, &len));
    if (wal_type(&h) != WAL_PREPARE || wal_xid(&h) != xid || wal_flags(&h) != flags ||
        !buf_reserve(body, len)) {
        return err_corrupt(cx, 0, "log record at %llu is not the PREPARE of transaction %llu",
                           (unsigned long long)lsn, (unsigned long long)xid);
    }
    TRY(wal_read(cx, wal, lsn, &h, body->data + before, len, &len));
    body->len = before + len;
    return ST_OK;
}

Status prepare_read_body(Cx *cx, Wal *wal, Lsn lsn, Xid xid, Buf *body)
{
    Buf last;
    uint64_t count = 0;
    buf_init(&last, PREPARE_BODY_BYTES_MAX);
    buf_init(body, PREPARE_BODY_BYTES_MAX);
    Status st = prepare_read(cx, wal, lsn, xid, 0, &last);
    if (st == ST_OK && last.len >= sizeof(count)) {
        memcpy(&count, last.data, sizeof(count));
    }
    if (st == ST_OK && (last.len < sizeof(count) || count > last.len / sizeof(Lsn) - 1)) {
        st = err_corrupt(cx, 0, "PREPARE record: %zu bytes", last.len);
    }
    for (uint64_t i = 0; st == ST_OK && i < count; i++) {
        Lsn part;
        memcpy(&part, last.data + (i + 1) * sizeof(Lsn), sizeof(part));
        st = prepare_read(cx, wal, part, xid, PREPARE_PART, body);
    }
    if (st == ST_OK) {
        size_t skip = (size_t)(count + 1) * sizeof(Lsn);
        buf_put(body, last.data + skip, last.len - skip);
    }
    buf_release(&last);
    return st;
}

Status prepare_decode(Cx *cx, const Buf *body, Txn *txn, PreparedFacts *facts_out)
{
    PrepareHead h;
    const uint8_t *at = body->data + sizeof(h);
    if (body->len < sizeof(h)) {
        return err_corrupt(cx, 0, "PREPARE record: %zu bytes", body->len);
    }
    memcpy(&h, body->data, sizeof(h));
    size_t need = sizeof(h) + h.gid_len + (size_t)h.action_count * sizeof(CommitAction) +
                  (size_t)h.table_count * sizeof(PrepareTable) +
                  (size_t)h.advisory_count * sizeof(PrepareAdvisory) +
                  (size_t)h.read_count * sizeof(PrepareRead);
    if (h.gid_len >= PREPARED_GID_BYTES || h.read_count > body->len || need > body->len ||
        h.row_count != (body->len - need) / sizeof(PrepareRow)) {
        return err_corrupt(cx, 0, "PREPARE record does not parse");
    }
    *facts_out = (PreparedFacts){.xid = txn->xid,
                                 .owner = h.owner,
                                 .database = h.database,
                                 .prepared_us = h.prepared_us,
                                 .changed_catalog = (h.flags & PREPARE_CHANGED_CATALOG) != 0};
    memcpy(facts_out->gid, at, h.gid_len);
    at += h.gid_len;
    txn->cid = h.cid;
    for (uint32_t i = 0; i < h.action_count; i++, at += sizeof(CommitAction)) {
        CommitAction a;
        memcpy(&a, at, sizeof(a));
        if (a.kind == COMMIT_DROP_TREE) {
            txn_drop_tree_on_commit(txn, a.tree);
        } else {
            txn_free_chain_on_commit(txn, a.tree, a.page, a.stamp);
        }
    }
    for (uint64_t i = 0; i < h.row_count; i++, at += sizeof(PrepareRow)) {
        PrepareRow r;
        memcpy(&r, at, sizeof(r));
        row_lock_adopt(txn, r.tree, r.block, r.rows, (RowLockMode)(r.mode & ROWLOCK_UPDATE));
    }
    for (uint32_t i = 0; i < h.table_count; i++, at += sizeof(PrepareTable)) {
        PrepareTable t;
        memcpy(&t, at, sizeof(t));
        table_lock_adopt(txn, t.key, t.modes);
    }
    for (uint32_t i = 0; i < h.advisory_count; i++, at += sizeof(PrepareAdvisory)) {
        PrepareAdvisory a;
        memcpy(&a, at, sizeof(a));
        advisory_lock_adopt(txn, &a.key, a.mode != 0);
    }
    if ((h.flags & PREPARE_SERIALIZABLE) != 0) {
        ssi_restore(txn);
    }
    for (uint64_t i = 0; txn->ser != NULL && i < h.read_count; i++, at += sizeof(PrepareRead)) {
        PrepareRead r;
        memcpy(&r, at, sizeof(r));
        ssi_lock(txn, r.tree, r.what == SSI_ROW ? SSI_ROW : SSI_TREE, r.id);
    }
    return ST_OK;
}

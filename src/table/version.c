/*
 * version.c - which version of a row or index entry a snapshot sees, and whether it may be written.
 *
 * A tag is the LSN of the log record that made the version on the page. Below the snapshot's
 * settled_lsn it is seen without looking; else its record says who wrote it, and holds what is
 * needed to step back to the version before. Records are copied out of the log, never pointed into.
 */
#include "table/table_internal.h"

enum { VERSION_BODY_BYTES = 512 };

/* VersionRecord - a log record being looked at. */
typedef struct VersionRecord {
    WalHeader hdr;
    size_t len;
    uint8_t body[VERSION_BODY_BYTES];
    uint8_t *big; /* the body when longer; mem_alloc */
} VersionRecord;

/* is_row_record - I6: what a tag leads to made a version of a row or an index entry. */
static UNUSED bool is_row_record(const WalHeader *h)
{
    WalType t = wal_type(h);
    return t == WAL_INSERT || t == WAL_UPDATE || t == WAL_DELETE || t == WAL_RESURRECT;
}

/* version_read - the record behind a tag. *gone_out: truncated meanwhile, hence settled. */
static Status version_read(Cx *cx, TxnSys *sys, Lsn lsn, VersionRecord *r, bool *gone_out)
{
    Wal *wal = txnsys_wal(sys);
    *gone_out = false;
    r->big = NULL;
    Status st = wal_read(cx, wal, lsn, &r->hdr, r->body, sizeof(r->body), &r->len);
    if (UNLIKELY(st != ST_OK) && lsn < wal_tail(wal)) {
        err_clear(cx);
        *gone_out = true;
        return ST_OK;
    }
    DASSERT(st != ST_OK || is_row_record(&r->hdr)); /* I6 */
    return st;
}

/* is_record_of - I6: the record is one of the entry that the reader asks for. */
static UNUSED bool is_record_of(const VersionReader *vr, const VersionRecord *r)
{
    size_t have = MIN(r->len, sizeof(r->body));
    WalType type = wal_type(&r->hdr);
    if (vr->tree == 0) {
        return true; /* not told */
    }
    if (r->hdr.tree != vr->tree || ((wal_flags(&r->hdr) & ROWREC_INDEX) != 0) != (vr->rowid == 0)) {
        return false;
    }
    if (vr->rowid != 0) {
        RowId first = have >= 10 ? get_u64(r->body) : 0;
        return type == WAL_INSERT ? vr->rowid >= first && vr->rowid - first < get_u16(r->body + 8)
                                  : vr->rowid == first;
    }
    Slice key;
    size_t at = type == WAL_INSERT ? 0 : 8;
    return have != r->len ||
           (have >= at && key_body_decode(r->body + at, have - at, &key) && slice_eq(key, vr->key));
}

/* version_body - the whole body; a long one (an update of a long row) is read again. */
static Status version_body(Cx *cx, TxnSys *sys, Lsn lsn, VersionRecord *r, Slice *out)
{
    if (LIKELY(r->len <= sizeof(r->body))) {
        *out = slice_bytes(r->body, r->len);
        return ST_OK;
    }
    r->big = mem_alloc("version", r->len);
    TRY(wal_read(cx, txnsys_wal(sys), lsn, &r->hdr, r->big, r->len, &r->len));
    *out = slice_bytes(r->big, r->len);
    return ST_OK;
}

/* version_step_update - row (copied to vr->bytes first) as it was before the UPDATE. */
static Status version_step_update(Cx *cx, Slice body, VersionReader *vr, Slice *row, uint64_t *tag)
{
    UpdateBody u;
    if (!update_body_decode(body, false, &u) || row->len > sizeof(vr->bytes)) {
        return err_corrupt(cx, 0, "update record is damaged");
    }
    if ((const uint8_t *)row->ptr != vr->bytes) {
        memcpy(vr->bytes, row->ptr, row->len);
    }
    uint32_t len = (uint32_t)row->len;
    if (!delta_apply_back(&u, vr->bytes, &len, sizeof(vr->bytes))) {
        return err_corrupt(cx, 0, "update record does not match the row");
    }
    *row = slice_bytes(vr->bytes, len);
    *tag = u.tag;
    return ST_OK;
}

/* version_skip - after the step before `link`'s record: over the run, to before its base. */
static Status version_skip(Cx *cx, TxnSys *sys, const SkipLink *link, VersionReader *vr, Slice *row,
                           uint64_t *tag)
{
    WalHeader hdr;
    uint8_t body[VERSION_BODY_BYTES];
    size_t len = 0;
    if (tag_lsn(*tag) == link->lsn) {
        return ST_OK; /* a run of one: the next step is the base itself */
    }
    TRY(wal_read(cx, txnsys_wal(sys), link->lsn, &hdr, body, sizeof(body), &len));
    if (wal_type(&hdr) != WAL_UPDATE || len > sizeof(body)) {
        return err_corrupt(cx, 0, "skip link does not lead to an update record");
    }
    return version_step_update(cx, slice_bytes(body, len), vr, row, tag);
}

/* version_step_back - the tag and bytes before the record. */
static Status version_step_back(Cx *cx, const Snapshot *snap, Lsn lsn, VersionRecord *r,
                                VersionReader *vr, Slice *row, uint64_t *tag)
{
    Slice body;
    SkipLink link;
    TxnSys *sys = snap->sys;
    Status st = version_body(cx, sys, lsn, r, &body);
    if (st == ST_OK) {
        size_t at = (wal_flags(&r->hdr) & ROWREC_INDEX) != 0 ? 0 : 8;
        switch (wal_type(&r->hdr)) {
        case WAL_UPDATE:
            st = version_step_update(cx, body, vr, row, tag);
            if (st == ST_OK && skip_link_read(&r->hdr, body, &link) && snap->csn < link.csn) {
                st = version_skip(cx, sys, &link, vr, row, tag);
            }
            break;
        case WAL_DELETE:
        case WAL_RESURRECT:
            if (body.len < at + 8) {
                st = err_corrupt(cx, 0, "log record at %llu is damaged", (unsigned long long)lsn);
            } else {
                *tag = get_u64(body.ptr + at);
            }
            break;
        default:
            st = err_corrupt(cx, 0, "log record at %llu holds no earlier version",
                             (unsigned long long)lsn);
        }
    }
    if (UNLIKELY(r->big != NULL)) {
        mem_free(r->big);
    }
    return st;
}

Status version_find(Cx *cx, const Snapshot *snap, uint64_t tag, Slice payload, VersionReader *vr,
                    bool *seen_out, Slice *row_out)
{
    bool first = true;
    vr->shown_lsn = 0;
    for (;;) {
        Lsn lsn = tag_lsn(tag);
        bool own = false, seen = lsn < snap->settled_lsn;
        if (!seen && first && lsn == vr->last_lsn) {
            seen = vr->last_seen;
            own = vr->last_own;
            if (!seen && (tag & TAG_HAS_PREV) == 0) {
                *seen_out = false;
                return ST_OK;
            }
        }
        if (!seen) {
            seen = lsn_settled_block(snap->sys, lsn, snap->csn);
        }
        if (!seen) {
            VersionRecord r;
            bool gone;
            TRY(version_read(cx, snap->sys, lsn, &r, &gone));
            DASSERT(gone || is_record_of(vr, &r));
            seen = gone || xid_visible(snap, lsn, wal_xid(&r.hdr), r.hdr.cid);
            own = !gone && snap->txn != NULL && wal_xid(&r.hdr) == snap->txn->xid;
            if (first) {
                vr->last_lsn = lsn;
                vr->last_seen = seen;
                vr->last_own = own;
            }
            if (!seen) {
                if ((tag & TAG_HAS_PREV) == 0) {
                    *seen_out = false;
                    return ST_OK;
                }
                TRY(version_step_back(cx, snap, lsn, &r, vr, &payload, &tag));
                first = false;
                continue;
            }
        }
        *seen_out = (tag & TAG_DELETED) == 0;
        *row_out = payload;
        vr->shown_lsn = own ? 0 : lsn;
        return ST_OK;
    }
}

/* version_before - the tag before the version the record made, over a run that snap does not see.
 * *base_out: the writer of that run's first version, else 0. False: there is none. */
static Status version_before(Cx *cx, const Snapshot *snap, VersionRecord *r, Lsn lsn, uint64_t *tag,
                             Xid *base_out)
{
    Slice body;
    SkipLink link;
    *base_out = 0;
    Status st = version_body(cx, snap->sys, lsn, r, &body);
    size_t at = (wal_flags(&r->hdr) & ROWREC_INDEX) != 0 ? 0 : 8;
    if (st == ST_OK && body.len < at + 8) {
        st = err_corrupt(cx, 0, "log record at %llu is damaged", (unsigned long long)lsn);
    }
    if (st == ST_OK) {
        *tag = get_u64(body.ptr + at);
        if (wal_type(&r->hdr) == WAL_UPDATE && skip_link_read(&r->hdr, body, &link) &&
            snap->csn < link.csn && tag_lsn(*tag) != link.lsn) {
            WalHeader hdr;
            uint8_t head[16];
            size_t len = 0;
            st = wal_read(cx, txnsys_wal(snap->sys), link.lsn, &hdr, head, sizeof(head), &len);
            if (st == ST_OK && (wal_type(&hdr) != WAL_UPDATE || len < sizeof(head))) {
                st = err_corrupt(cx, 0, "skip link does not lead to an update record");
            }
            if (st == ST_OK) {
                *base_out = wal_xid(&hdr);
                *tag = get_u64(head + 8);
            }
        }
    }
    if (UNLIKELY(r->big != NULL)) {
        mem_free(r->big);
    }
    return st;
}

Status version_conflicts(Cx *cx, Txn *txn, const Snapshot *snap, uint64_t tag, bool *own_out)
{
    const Snapshot *base = &txn->snapshot; /* what it is to be seen by, in the end */
    bool first = true;
    *own_out = false;
    for (;; first = false) {
        Lsn lsn = tag_lsn(tag);
        VersionRecord r;
        bool gone;
        Xid xid, run_base;
        if (txn->ser == NULL || lsn < base->settled_lsn ||
            lsn_settled_block(base->sys, lsn, base->csn)) {
            return ST_OK;
        }
        TRY(version_read(cx, base->sys, lsn, &r, &gone));
        if (gone) {
            return ST_OK;
        }
        xid = wal_xid(&r.hdr);
        if (xid_visible(snap, lsn, xid, r.hdr.cid)) {
            *own_out = first && xid == txn->xid;
            return snap->csn == base->csn || xid_visible(base, lsn, xid, r.hdr.cid)
                       ? ST_OK
                       : ssi_conflict_by(cx, txn, xid);
        }
        TRY(ssi_conflict_out(cx, txn, xid));
        if ((tag & TAG_HAS_PREV) == 0) {
            return ST_OK;
        }
        TRY(version_before(cx, snap, &r, lsn, &tag, &run_base));
        if (run_base != 0) {
            TRY(ssi_conflict_out(cx, txn, run_base));
        }
    }
}

/* version_writable_look - version_writable for a snapshot that is not too old. */
static Status version_writable_look(Cx *cx, Txn *txn, const Snapshot *snap, uint64_t tag,
                                    VersionState *state_out, Xid *xid_out, bool *key_update_out)
{
    Lsn lsn = tag_lsn(tag);
    *state_out = VERSION_FREE;
    if (key_update_out != NULL) {
        *key_update_out = true;
    }
    if (LIKELY(lsn < snap->settled_lsn) || lsn_settled_block(snap->sys, lsn, snap->csn)) {
        return ST_OK;
    }
    WalHeader hdr;
    size_t len;
    Status st = wal_read(cx, txnsys_wal(snap->sys), lsn, &hdr, NULL, 0, &len);
    if (UNLIKELY(st != ST_OK)) {
        if (lsn < wal_tail(txnsys_wal(snap->sys))) {
            err_clear(cx);
            return ST_OK;
        }
        return st;
    }
    if (key_update_out != NULL && wal_type(&hdr) == WAL_UPDATE) {
        *key_update_out = (wal_flags(&hdr) & ROWREC_KEY_UPDATE) != 0;
    }
    Xid xid = wal_xid(&hdr);
    *xid_out = xid;
    if (xid == txn->xid) {
        *state_out = hdr.cid < snap->cid ? VERSION_FREE : VERSION_SELF;
        return ST_OK;
    }
    Csn csn;
    if (xid_state(snap->sys, xid, &csn) != XID_COMMITTED) {
        *state_out = VERSION_WAIT;
    } else if (csn > snap->csn) {
        *state_out = VERSION_NEWER;
    }
    return ST_OK;
}

Status version_writable(Cx *cx, Txn *txn, const Snapshot *snap, uint64_t tag,
                        VersionState *state_out, Xid *xid_out, bool *key_update_out)
{
    Status st = version_writable_look(cx, txn, snap, tag, state_out, xid_out, key_update_out);
    /* Afterwards: a version newer than a cancelled snapshot may look settled, and be overwritten.
     */
    return snapshot_judge(cx, snap, st);
}

Status version_key_changed(Cx *cx, const Snapshot *snap, uint64_t tag, Xid *changer_out)
{
    *changer_out = 0;
    for (;;) {
        VersionRecord r;
        bool gone;
        Slice body;
        UpdateBody u;
        Lsn lsn = tag_lsn(tag);
        if (lsn < snap->settled_lsn || lsn_settled_block(snap->sys, lsn, snap->csn)) {
            return ST_OK;
        }
        TRY(version_read(cx, snap->sys, lsn, &r, &gone));
        if (gone || xid_visible(snap, lsn, wal_xid(&r.hdr), r.hdr.cid)) {
            return ST_OK;
        }
        Status st = version_body(cx, snap->sys, lsn, &r, &body);
        bool update = st == ST_OK && wal_type(&r.hdr) == WAL_UPDATE &&
                      (wal_flags(&r.hdr) & ROWREC_KEY_UPDATE) == 0 &&
                      update_body_decode(body, false, &u);
        tag = update ? u.tag : tag;
        if (r.big != NULL) {
            mem_free(r.big);
        }
        TRY(st);
        if (!update) {
            *changer_out = wal_xid(&r.hdr); /* or the row was not there */
            return ST_OK;
        }
    }
}

Status version_live(Cx *cx, const Txn *txn, TxnSys *sys, uint64_t tag, bool *live_out,
                    bool *wait_out, Xid *xid_out)
{
    Lsn lsn = tag_lsn(tag);
    *live_out = (tag & TAG_DELETED) == 0;
    *wait_out = false;
    if (LIKELY(lsn < txnsys_settled_now(sys)) || lsn_settled_block(sys, lsn, UINT64_MAX)) {
        return ST_OK;
    }
    WalHeader hdr;
    size_t len;
    Status st = wal_read(cx, txnsys_wal(sys), lsn, &hdr, NULL, 0, &len);
    if (UNLIKELY(st != ST_OK)) {
        if (lsn < wal_tail(txnsys_wal(sys))) {
            err_clear(cx);
            return ST_OK;
        }
        return st;
    }
    Csn csn;
    if (wal_xid(&hdr) != txn->xid && xid_state(sys, wal_xid(&hdr), &csn) != XID_COMMITTED) {
        *wait_out = true;
        *xid_out = wal_xid(&hdr);
    }
    return ST_OK;
}

bool skip_link_make(Cx *cx, const Txn *txn, uint64_t tag, SkipLink *out)
{
    TxnSys *sys = txn_sys(txn);
    Csn oldest_csn, csn;
    if ((tag & TAG_HAS_PREV) == 0 || tag_lsn(tag) < txnsys_oldest_snapshot(sys, &oldest_csn)) {
        return false; /* every snapshot sees the version being replaced */
    }
    WalHeader hdr;
    uint8_t bytes[VERSION_BODY_BYTES];
    size_t len = 0;
    UpdateBody prev;
    if (wal_read(cx, txnsys_wal(sys), tag_lsn(tag), &hdr, bytes, sizeof(bytes), &len) != ST_OK) {
        err_clear(cx); /* cut off meanwhile */
        return false;
    }
    if (wal_type(&hdr) != WAL_UPDATE || len > sizeof(bytes) || wal_xid(&hdr) == txn->xid ||
        !update_body_decode(slice_bytes(bytes, len), false, &prev) || prev.delta.count != 1 ||
        prev.delta.old_len != prev.delta.new_len ||
        xid_state(sys, wal_xid(&hdr), &csn) != XID_COMMITTED || csn == 0) {
        return false;
    }
    const DeltaRange *r = &prev.delta.ranges[0];
    uint16_t from = r->at, to = (uint16_t)(r->at + r->new_n);
    /* Go on with the run while the oldest snapshot is older than its base and the base has the
       bytes; else a new run begins with the version being replaced. */
    if (skip_link_read(&hdr, slice_bytes(bytes, len), out) && out->csn > oldest_csn &&
        out->from <= from && to <= out->to) {
        return true;
    }
    *out = (SkipLink){tag_lsn(tag), csn, from, to, 0};
    return true;
}

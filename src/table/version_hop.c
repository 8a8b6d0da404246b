/*
 * version_hop.c - the common way back to an earlier version of a row, as fast as memory allows.
 *
 * An old snapshot's scan of a table under update takes one or two steps back for nearly every row,
 * each to a random place in the log. What remains when the misses overlap (version_ahead) is the
 * work on each record, so records of the common form are read where they lie: an update of one
 * range that keeps the row's length, logged after the snapshot was taken. Everything else is left
 * to version_find, which starts over.
 */
#include "table/table_internal.h"

enum { HOP_STEPS_MAX = 16 };

/* hop_update - take the update at `lsn` back in row. False: not of the common form, or no longer in
 * memory; row may then be anything. *link_out: its skip link, lsn 0 when it has none. */
static inline bool hop_update(Wal *wal, Lsn lsn, Xid own, uint8_t *row, uint32_t len,
                              uint64_t *tag_out, SkipLink *link_out)
{
    WalHeader hdr;
    WalView v;
    if (!wal_view(wal, lsn, &hdr, &v) || wal_type(&hdr) != WAL_UPDATE || wal_xid(&hdr) == own ||
        v.body_len < 28) {
        return false;
    }
    uint32_t old_len = get_u16(v.body + 16), new_len = get_u16(v.body + 18);
    uint32_t count = get_u16(v.body + 20);
    uint32_t at = get_u16(v.body + 22), n = get_u16(v.body + 24), new_n = get_u16(v.body + 26);
    uint32_t after = 28 + n + new_n; /* what follows the bytes */
    if (count != 1 || old_len != len || new_len != len || n != new_n || at + n > len ||
        after > v.body_len) {
        return false;
    }
    *tag_out = get_u64(v.body + 8);
    if (LIKELY(n <= 8 && at + 8 <= len && after + 8 <= v.body_len)) {
        /* A call of memcpy costs more than the copy. */
        uint64_t was, now, mask = n == 8 ? UINT64_MAX : ((uint64_t)1 << (8 * n)) - 1;
        memcpy(&was, v.body + 28, 8);
        memcpy(&now, row + at, 8);
        now = (now & ~mask) | (was & mask);
        memcpy(row + at, &now, 8);
    } else {
        memcpy(row + at, v.body + 28, n);
    }
    link_out->lsn = 0;
    if ((wal_flags(&hdr) & ROWREC_SKIP) != 0) {
        if (v.body_len < after + sizeof(*link_out)) {
            return false;
        }
        memcpy(link_out, v.body + v.body_len - sizeof(*link_out), sizeof(*link_out));
    }
    return wal_view_good(&v);
}

bool version_hop(const Snapshot *snap, uint64_t tag, uint8_t *row, uint32_t len)
{
    Wal *wal = txnsys_wal(snap->sys);
    Xid own = snap->txn != NULL ? snap->txn->xid : 0;
    for (uint32_t steps = 0; steps < HOP_STEPS_MAX; steps++) {
        SkipLink link, none;
        /* Nothing logged since the snapshot was taken can be seen by it. */
        if (tag_lsn(tag) < snap->taken_lsn ||
            (tag & (TAG_HAS_PREV | TAG_DELETED)) != TAG_HAS_PREV ||
            !hop_update(wal, tag_lsn(tag), own, row, len, &tag, &link)) {
            return false;
        }
        if (link.lsn != 0 && link.lsn != tag_lsn(tag)) {
            if (snap->csn >= link.csn || link.lsn < snap->taken_lsn ||
                !hop_update(wal, link.lsn, own, row, len, &tag, &none)) {
                return false;
            }
        }
        if (version_settled(snap, tag)) {
            return (tag & TAG_DELETED) == 0;
        }
    }
    return false;
}

void version_ahead(const Snapshot *snap, Lsn lsn)
{
    Wal *wal = txnsys_wal(snap->sys);
    WalHeader h;
    SkipLink link;
    if (!wal_peek(wal, lsn, &h, sizeof(h))) {
        return;
    }
    if (lsn < snap->taken_lsn) {
        xid_prefetch(snap->sys, wal_xid(&h));
    }
    if (wal_type(&h) == WAL_UPDATE && (wal_flags(&h) & ROWREC_SKIP) != 0 &&
        wal_peek(wal, wal_peek_end(lsn, &h) - sizeof(link), &link, sizeof(link))) {
        wal_prefetch(wal, link.lsn);
    }
}

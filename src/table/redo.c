/*
 * redo.c - row records applied again after a crash: physiological, one page each, guarded by the
 * page's LSN. The same bt_leaf_* edits as at run time, so the page comes out the same to the byte.
 */
#include "table/table_internal.h"

static Status redo_damaged(Cx *cx, const WalHeader *hdr)
{
    return err_corrupt(cx, hdr->page, "log record of type %u does not fit the page",
                       (unsigned)wal_type(hdr));
}

/* redo_insert - an insert of rows again; lengths come from the log and are checked against page
 * and record. */
static Status redo_insert(Cx *cx, PageRef *leaf, Lsn lsn, const WalHeader *hdr, Slice body)
{
    const uint8_t *p = (const uint8_t *)body.ptr;
    if (body.len < 10) {
        return redo_damaged(cx, hdr);
    }
    RowId first = get_u64(p);
    uint16_t n = get_u16(p + 8);
    size_t at = 10 + 2u * (size_t)n;
    for (uint16_t i = 0; i < n; i++) {
        uint32_t slot;
        BtKey key = row_key(first + i);
        uint16_t len = at <= body.len ? get_u16(p + 10 + 2u * i) : 0;
        if (at + len > body.len || bt_find_slot(leaf, &key, &slot) ||
            !bt_leaf_has_room(leaf, &key, 8u + len)) {
            return redo_damaged(cx, hdr);
        }
        bt_leaf_insert(leaf, &key, slot, lsn, slice_bytes(p + at, len));
        at += len;
    }
    return ST_OK;
}

static Status redo_insert_key(Cx *cx, PageRef *leaf, Lsn lsn, const WalHeader *hdr, Slice body)
{
    BtKey key;
    uint32_t slot;
    if (!key_body_decode((const uint8_t *)body.ptr, body.len, &key.bytes) ||
        bt_find_slot(leaf, &key, &slot) || !bt_leaf_has_room(leaf, &key, 8)) {
        return redo_damaged(cx, hdr);
    }
    bt_leaf_insert(leaf, &key, slot, lsn, (Slice){NULL, 0});
    return ST_OK;
}

/* redo_update - UPDATE and its CLR. */
static Status redo_update(Cx *cx, PageRef *leaf, uint64_t tag, const WalHeader *hdr, Slice body,
                          bool clr)
{
    UpdateBody u;
    BtEntry entry;
    uint32_t slot;
    uint8_t row[ROW_INLINE_MAX];
    if (!update_body_decode(body, clr, &u)) {
        return redo_damaged(cx, hdr);
    }
    BtKey key = row_key(u.rowid);
    if (!bt_find_slot(leaf, &key, &slot) || !bt_leaf_entry(leaf, slot, &entry) ||
        entry.payload_len > sizeof(row)) {
        return redo_damaged(cx, hdr);
    }
    uint32_t len = entry.payload_len;
    memcpy(row, entry.payload, len);
    if (!delta_apply_forward(&u, clr, row, &len, sizeof(row)) ||
        (len != entry.payload_len && !bt_leaf_resize(leaf, slot, len)) ||
        !bt_leaf_entry(leaf, slot, &entry)) {
        return redo_damaged(cx, hdr);
    }
    memcpy(entry.payload, row, len);
    bt_leaf_set_tag(leaf, slot, clr ? u.tag : tag);
    return ST_OK;
}

/* redo_tag - the entry of a row or key gets a tag; remove: goes. */
static Status redo_tag(Cx *cx, PageRef *leaf, const BtKey *key, uint64_t tag, bool remove,
                       const WalHeader *hdr)
{
    BtEntry entry;
    uint32_t slot;
    if (!bt_find_slot(leaf, key, &slot) || !bt_leaf_entry(leaf, slot, &entry)) {
        return redo_damaged(cx, hdr);
    }
    if (remove) {
        bt_leaf_remove(leaf, slot);
    } else {
        bt_leaf_set_tag(leaf, slot, tag);
    }
    return ST_OK;
}

/* redo_remove_rows - u64 rowid, u16 n. */
static Status redo_remove_rows(Cx *cx, PageRef *leaf, Slice body, const WalHeader *hdr)
{
    if (body.len < 10) {
        return redo_damaged(cx, hdr);
    }
    RowId first = get_u64(body.ptr);
    uint16_t n = get_u16(body.ptr + 8);
    for (uint16_t i = 0; i < n; i++) {
        BtKey key = row_key(first + i);
        TRY(redo_tag(cx, leaf, &key, 0, true, hdr));
    }
    return ST_OK;
}

/* redo_key - {[u64 tag,] u16 klen, key}: the entry gets `tag` or goes. */
static Status redo_key(Cx *cx, PageRef *leaf, Slice keyed, uint64_t tag, bool remove,
                       const WalHeader *hdr)
{
    BtKey key = {.rowid = 0};
    if (!key_body_decode((const uint8_t *)keyed.ptr, keyed.len, &key.bytes)) {
        return redo_damaged(cx, hdr);
    }
    return redo_tag(cx, leaf, &key, tag, remove, hdr);
}

/* redo_clr - a compensation record again: the undo it describes. */
static Status redo_clr(Cx *cx, PageRef *leaf, const WalHeader *hdr, Slice body)
{
    if (body.len < 16) {
        return redo_damaged(cx, hdr);
    }
    body.ptr += 8; /* undo_next */
    body.len -= 8;
    Slice after_tag = {body.ptr + 8, body.len - 8};
    switch (wal_flags(hdr)) {
    case CLR_REMOVE_ROWS: return redo_remove_rows(cx, leaf, body, hdr);
    case CLR_UPDATE_ROW: return redo_update(cx, leaf, 0, hdr, body, true);
    case CLR_TAG_ROW: {
        BtKey key = row_key(get_u64(body.ptr));
        return body.len < 16 ? redo_damaged(cx, hdr)
                             : redo_tag(cx, leaf, &key, get_u64(body.ptr + 8), false, hdr);
    }
    case CLR_REMOVE_KEY: return redo_key(cx, leaf, body, 0, true, hdr);
    case CLR_TAG_KEY: return redo_key(cx, leaf, after_tag, get_u64(body.ptr), false, hdr);
    default: return redo_damaged(cx, hdr);
    }
}

/* redo_apply - a row record on its latched leaf, by type. */
static Status redo_apply(Cx *cx, PageRef *leaf, Lsn lsn, const WalHeader *hdr, Slice body)
{
    bool index = (wal_flags(hdr) & ROWREC_INDEX) != 0;
    WalType type = wal_type(hdr);
    if ((type == WAL_DELETE || type == WAL_RESURRECT) && body.len < 16 &&
        !(index && body.len >= 8)) {
        return redo_damaged(cx, hdr);
    }
    Slice after_tag = {body.ptr + 8, body.len >= 8 ? body.len - 8 : 0};
    if (!bt_leaf_sound(leaf, (uint32_t)MIN(body.len, (size_t)PAGE_SIZE))) {
        return err_corrupt(cx, leaf->page, "its header and its slots do not agree");
    }
    switch (type) {
    case WAL_INSERT:
        return index ? redo_insert_key(cx, leaf, lsn, hdr, body)
                     : redo_insert(cx, leaf, lsn, hdr, body);
    case WAL_UPDATE: return redo_update(cx, leaf, lsn | TAG_HAS_PREV, hdr, body, false);
    case WAL_DELETE:
        if (!index) {
            BtKey key = row_key(get_u64(body.ptr));
            return redo_tag(cx, leaf, &key, lsn | TAG_HAS_PREV | TAG_DELETED, false, hdr);
        }
        return redo_key(cx, leaf, after_tag, lsn | TAG_HAS_PREV | TAG_DELETED, false, hdr);
    case WAL_RESURRECT: return redo_key(cx, leaf, after_tag, lsn | TAG_HAS_PREV, false, hdr);
    case WAL_CLR: return redo_clr(cx, leaf, hdr, body);
    case WAL_PURGE:
        return index ? redo_key(cx, leaf, body, 0, true, hdr)
                     : redo_remove_rows(cx, leaf, body, hdr);
    default: return redo_damaged(cx, hdr);
    }
}

Status table_redo_record(Cx *cx, Engine *e, Lsn lsn, const WalHeader *hdr, Slice body)
{
    bool apply = false;
    PageRef ref;
    WalType type = wal_type(hdr);
    if (type == WAL_CLR &&
        (wal_flags(hdr) == CLR_TREE_CREATED || wal_flags(hdr) == CLR_CHAIN_FREED)) {
        return ST_OK; /* freeing logged its own records */
    }
    TRY(store_redo_page(cx, e->store, hdr->page, lsn, &apply, &ref));
    Status st = ST_OK;
    if (apply) {
        page_dirty(e->store, &ref);
        st = type == WAL_SEQUENCE ? sequence_redo(cx, &ref, body)
                                  : redo_apply(cx, &ref, lsn, hdr, body);
        if (st == ST_OK) {
            page_set_lsn(&ref, lsn,
                         type == WAL_INSERT || type == WAL_UPDATE || type == WAL_DELETE ||
                             type == WAL_RESURRECT);
        }
    }
    page_unlock(e->store, &ref);
    return st;
}

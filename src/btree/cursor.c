/*
 * cursor.c - ordered walks. The bound of a leaf towards the next one is taken from the inner nodes
 * on the way down, so going on is one descent by that bound: whatever was split or merged
 * meanwhile, no key is passed over or met twice.
 */
#include "btree/btree_internal.h"

enum { CURSOR_KEY_MAX = PAGE_SIZE };

void bt_cursor_init(BtCursor *c, const BtTree *t, bool backward)
{
    memset(c, 0, sizeof(*c));
    c->tree = t;
    c->backward = backward;
    buf_init(&c->resume_key, CURSOR_KEY_MAX);
}

/* cursor_go - descend and note where the walk goes on after this leaf. */
static Status cursor_go(Cx *cx, BtCursor *c, const BtBytes *key, BtSide side, BtPos *pos)
{
    BtFences f = {0};
    if (c->backward) {
        f.low = &c->resume_key;
    } else {
        f.high = &c->resume_key;
    }
    TRY(bt_descend(cx, c->tree, key, side, LATCH_SHARED, &f, &pos->leaf));
    c->at_end = c->backward ? !f.has_low : !f.has_high;
    c->next_page = pos->leaf.hdr->next;
    pos->found = false;
    return ST_OK;
}

Status bt_cursor_seek(Cx *cx, BtCursor *c, const BtKey *key, BtPos *pos_out)
{
    if (key == NULL) {
        TRY(cursor_go(cx, c, NULL, c->backward ? BT_LAST : BT_FIRST, pos_out));
        pos_out->slot = c->backward ? bt_leaf_count(&pos_out->leaf) : 0;
        return ST_OK;
    }
    BtBytes b;
    bt_key_bytes(c->tree, key, &b);
    TRY(cursor_go(cx, c, &b, c->backward ? BT_BELOW : BT_COVERING, pos_out));
    pos_out->found = bt_find_slot(&pos_out->leaf, key, &pos_out->slot);
    return ST_OK;
}

void bt_cursor_leave(BtCursor *c, BtPos *pos)
{
    page_unlock(c->tree->store, &pos->leaf);
}

Status bt_cursor_next_leaf(Cx *cx, BtCursor *c, BtPos *pos_out)
{
    if (c->at_end) {
        return ST_DONE;
    }
    uint8_t bytes[CURSOR_KEY_MAX];
    BtBytes b = {.p = bytes, .n = c->resume_key.len};
    BtKey key = {.rowid = 0};
    memcpy(bytes, c->resume_key.data, b.n);
    if (c->tree->kind == TREE_TABLE) {
        uint64_t be = 0;
        memcpy(&be, bytes, MIN(b.n, sizeof(be)));
        key.rowid = __builtin_bswap64(be);
    } else {
        key.bytes = (Slice){(const char *)bytes, b.n};
    }
    TRY(cursor_go(cx, c, &b, c->backward ? BT_BELOW : BT_COVERING, pos_out));
    (void)bt_find_slot(&pos_out->leaf, &key, &pos_out->slot);
    return ST_OK;
}

void bt_cursor_release(BtCursor *c)
{
    buf_release(&c->resume_key);
}

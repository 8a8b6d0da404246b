/*
 * reader.c - walking the log forward.
 */
#include "wal/wal_internal.h"

void wal_reader_init(WalReader *r, Wal *wal, Lsn start, Lsn end)
{
    memset(r, 0, sizeof(*r));
    r->wal = wal;
    r->next = start;
    r->end = end;
    buf_init(&r->body, WAL_RECORD_BYTES_MAX);
}

/* wal_reader_next - stops before the first record some thread is still storing: it ends the valid
 * log for now. */
Status wal_reader_next(Cx *cx, WalReader *r)
{
    if (r->next >= r->bound) {
        r->bound = wal_complete_bound(r->wal);
        r->bound = r->end != 0 ? MIN(r->end, r->bound) : r->bound;
        if (r->next >= r->bound) {
            return ST_DONE;
        }
    }
    for (;;) {
        TRY(wal_read(cx, r->wal, r->next, &r->hdr, r->body.data, r->body.size, &r->body_len));
        if (r->body_len <= r->body.size) {
            break;
        }
        buf_clear(&r->body);
        (void)buf_reserve(&r->body, r->body_len);
    }
    r->body.len = r->body_len;
    r->lsn = r->next;
    r->next += r->hdr.len;
    return ST_OK;
}

void wal_reader_release(WalReader *r)
{
    buf_release(&r->body);
}

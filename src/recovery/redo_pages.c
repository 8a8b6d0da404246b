/*
 * redo_pages.c - before redo: the pages the log is about to change, read in the order they lie in.
 *
 * Redo meets pages in the order of time, one at a time, and would wait for the disk at each. One
 * pass over the log (in memory, no page touched) names them; threads then read them ascending,
 * neighbours together. It is a hint only: a page that is missing or damaged is redo's to judge.
 */
#include "recovery/engine_internal.h"

enum { REDO_READERS = 8, REDO_SHARE_PAGES = 256 };

/* RedoPages - the pages found, as a bitmap, then as a list the readers share out. */
struct RedoPages {
    Arena arena;
    Store *store;
    uint64_t *seen;
    uint64_t limit; /* pages of the file */
    uint64_t room;  /* pages that may still be brought in */
    uint64_t found;
    PageNo *list;
    uint32_t count;
    _Atomic uint32_t next;
};

RedoPages *engine_redo_pages_create(Engine *e)
{
    RedoPages *r = mem_zalloc("redo pages", sizeof(*r));
    r->store = e->store;
    r->limit = store_page_count(e->store);
    /* A part of the pool stays free for pages that redo makes. */
    r->room = store_frames(e->store) / 4 * 3;
    arena_init(&r->arena, NULL, "redo pages", 0);
    r->seen = arena_zalloc(&r->arena, (r->limit / 64 + 1) * sizeof(uint64_t));
    return r;
}

void engine_redo_pages_free(RedoPages *r)
{
    if (r != NULL) {
        arena_release(&r->arena);
        mem_free(r);
    }
}

static void redo_pages_note(void *arg, PageNo page)
{
    RedoPages *r = arg;
    if (page < r->limit && r->room != 0 && (r->seen[page / 64] >> page % 64 & 1) == 0) {
        r->seen[page / 64] |= (uint64_t)1 << page % 64;
        r->room--;
        r->found++;
    }
}

bool engine_redo_targets(const WalHeader *hdr, Slice body, void (*fn)(void *arg, PageNo page),
                         void *arg)
{
    switch (wal_type(hdr)) {
    case WAL_INSERT:
    case WAL_UPDATE:
    case WAL_DELETE:
    case WAL_RESURRECT:
    case WAL_CLR:
    case WAL_PURGE:
    case WAL_SEQUENCE: fn(arg, hdr->page); return true;
    case WAL_SMO:
    case WAL_IMAGE:
    case WAL_TREE: return store_redo_each_page(body, fn, arg);
    default: return true;
    }
}

void engine_redo_pages_record(void *arg, Lsn lsn, const WalHeader *hdr, Slice body)
{
    (void)lsn;
    (void)engine_redo_targets(hdr, body, redo_pages_note, arg);
}

/* redo_pages_before - from the redo point to the checkpoint: what opening the log did not see. */
static Status redo_pages_before(Cx *cx, RedoPages *r, Wal *wal, Lsn from, Lsn to)
{
    WalReader reader;
    Status st;
    wal_reader_init(&reader, wal, from, to);
    while ((st = wal_reader_next(cx, &reader)) == ST_OK) {
        engine_redo_pages_record(r, reader.lsn, &reader.hdr,
                                 (Slice){(const char *)reader.body.data, reader.body.len});
    }
    wal_reader_release(&reader);
    return st == ST_DONE ? ST_OK : st;
}

static void redo_pages_list(RedoPages *r)
{
    r->list = ARENA_ARRAY(&r->arena, PageNo, r->found + 1);
    for (uint64_t w = 0; w < (r->limit + 63) / 64; w++) {
        for (uint64_t bits = r->seen[w]; bits != 0; bits &= bits - 1) {
            r->list[r->count++] = w * 64 + (uint64_t)__builtin_ctzll(bits);
        }
    }
}

/* redo_reader_main - take shares of the list until it is done. */
static void redo_reader_main(void *arg)
{
    RedoPages *r = arg;
    for (;;) {
        uint32_t at = atomic_fetch_add(&r->next, REDO_SHARE_PAGES);
        if (at >= r->count) {
            return;
        }
        store_prefetch(r->store, r->list + at, MIN(REDO_SHARE_PAGES, r->count - at));
    }
}

Status engine_redo_pages_read(Cx *cx, Engine *e, RedoPages *r, Lsn redo, Lsn checkpoint)
{
    OsThread *threads[REDO_READERS];
    uint32_t started = 0;
    Status st = ST_OK;
    TRY(redo_pages_before(cx, r, e->wal, redo, checkpoint));
    redo_pages_list(r);
    while (st == ST_OK && started < REDO_READERS && (started + 1) * REDO_SHARE_PAGES < r->count) {
        st = os_thread_create(cx, e->os, "redo reader", redo_reader_main, r, &threads[started]);
        started += st == ST_OK;
    }
    redo_reader_main(r);
    for (uint32_t i = 0; i < started; i++) {
        os_thread_join(threads[i]);
    }
    return st;
}

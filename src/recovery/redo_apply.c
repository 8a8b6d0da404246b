/*
 * redo_apply.c - redo by several threads: records are read in order by one, applied by others.
 *
 * Every change is to one page, guarded by that page's LSN, and a record that changes several is
 * applied to each on its own; so all that matters is the order of the records of one page. The
 * thread that opens the file (the reader) walks the log in pieces of a megabyte, verifies the
 * records, and lists each under the worker that owns its page (by hash). Workers go through the
 * pieces in order; nobody waits for another but for a free piece.
 *
 * Locking: a piece is the reader's until `filled` passes it, then the workers' until each has
 * finished it. The error of whoever fails first is kept under the mutex.
 */
#include "base/map.h"
#include "recovery/engine_internal.h"

enum {
    REDO_WORKERS_MAX = 8,
    REDO_PIECES = 6,
    REDO_PIECE_BYTES = 1 << 20,
    REDO_INLINE_BYTES = 256 << 10, /* less log is not worth a thread */
    REDO_AHEAD = 6,                /* entries whose pages are asked for in advance */
    REDO_TOUCH_BYTES = 192,        /* of a page: its header and the first slots */
};

/* RedoEntry - one page a record changes. */
typedef struct RedoEntry {
    PageNo page;
    uint32_t at; /* of the record in the piece */
} RedoEntry;

typedef struct RedoList {
    RedoEntry *entries;
    uint32_t count, size;
} RedoList;

typedef struct RedoPiece {
    Lsn lsn;
    uint8_t *bytes;
    size_t room;
    RedoList lists[REDO_WORKERS_MAX];
    _Atomic uint32_t users; /* workers that have not finished it */
} RedoPiece;

typedef struct RedoRun {
    Engine *e;
    uint32_t workers; /* 0: the reader applies by itself, in list 0 */
    RedoPiece pieces[REDO_PIECES];
    _Atomic uint64_t filled; /* pieces given to the workers */
    _Atomic bool ended;      /* no more come */
    OsEvent filled_event, freed_event;
    _Atomic bool failed;
    OsMutex mutex; /* guards err */
    Err err;
    uint64_t records;
} RedoRun;

typedef struct RedoWorker {
    RedoRun *run;
    uint32_t index;
    OsThread *thread;
    Cx cx;
    Err err;
    Arena arena;
} RedoWorker;

static void redo_list_add(RedoList *l, PageNo page, uint32_t at)
{
    if (l->count == l->size) {
        l->size = MAX(2 * l->size, 1024u);
        l->entries = mem_realloc("redo", l->entries, l->size * sizeof(*l->entries));
    }
    l->entries[l->count++] = (RedoEntry){page, at};
}

/* redo_entry - apply one record to one page. */
static Status redo_entry(Cx *cx, Engine *e, const RedoPiece *piece, const RedoEntry *entry)
{
    WalHeader hdr;
    Slice body;
    wal_parsed(piece->bytes + entry->at, &hdr, &body);
    switch (wal_type(&hdr)) {
    case WAL_SMO:
    case WAL_IMAGE:
    case WAL_TREE: return store_redo_on(cx, e->store, piece->lsn + entry->at, body, entry->page);
    default: return table_redo_record(cx, e, piece->lsn + entry->at, &hdr, body);
    }
}

/* redo_list_apply - a worker's part of a piece, in the order of the log. */
static Status redo_list_apply(Cx *cx, RedoRun *run, const RedoPiece *piece, const RedoList *l)
{
    Store *s = run->e->store;
    for (uint32_t i = 0; i < MIN(l->count, (uint32_t)REDO_AHEAD); i++) {
        page_prefetch(s, l->entries[i].page, REDO_TOUCH_BYTES);
    }
    for (uint32_t i = 0; i < l->count; i++) {
        if (i + REDO_AHEAD < l->count) {
            page_prefetch(s, l->entries[i + REDO_AHEAD].page, REDO_TOUCH_BYTES);
        }
        TRY(redo_entry(cx, run->e, piece, &l->entries[i]));
        store_redo_room(cx, s);
    }
    return ST_OK;
}

static void redo_fail(RedoRun *run, const Err *err)
{
    os_mutex_lock(run->e->os, &run->mutex);
    if (!atomic_exchange(&run->failed, true)) {
        run->err = *err;
    }
    os_mutex_unlock(run->e->os, &run->mutex);
}

/* redo_wait_piece - until piece number n is filled; false when it never will be. */
static bool redo_wait_piece(RedoRun *run, uint64_t n)
{
    for (;;) {
        uint32_t seen = os_event_value(&run->filled_event);
        if (atomic_load(&run->filled) > n) {
            return true;
        }
        if (atomic_load(&run->ended)) {
            return atomic_load(&run->filled) > n;
        }
        (void)os_event_wait(run->e->os, &run->filled_event, seen, -1);
    }
}

static void redo_apply_main(void *arg)
{
    RedoWorker *w = arg;
    RedoRun *run = w->run;
    for (uint64_t n = 0; redo_wait_piece(run, n); n++) {
        RedoPiece *piece = &run->pieces[n % REDO_PIECES];
        /* After a failure pieces are only handed back. */
        if (!atomic_load(&run->failed) &&
            redo_list_apply(&w->cx, run, piece, &piece->lists[w->index]) != ST_OK) {
            redo_fail(run, &w->err);
        }
        arena_clear(&w->arena);
        if (atomic_fetch_sub(&piece->users, 1) == 1) {
            os_event_signal(run->e->os, &run->freed_event);
        }
    }
}

/* redo_piece_free - the piece that comes next, when everybody is done with what it held. */
static RedoPiece *redo_piece_free(RedoRun *run)
{
    RedoPiece *piece = &run->pieces[atomic_load(&run->filled) % REDO_PIECES];
    for (;;) {
        uint32_t seen = os_event_value(&run->freed_event);
        if (atomic_load(&piece->users) == 0) {
            break;
        }
        (void)os_event_wait(run->e->os, &run->freed_event, seen, -1);
    }
    for (uint32_t i = 0; i < REDO_WORKERS_MAX; i++) {
        piece->lists[i].count = 0;
    }
    return piece;
}

/* RedoTarget - where the pages of the record being listed go. */
typedef struct RedoTarget {
    RedoRun *run;
    RedoPiece *piece;
    uint32_t at;
    PageNo highest;
} RedoTarget;

static void redo_target(void *arg, PageNo page)
{
    RedoTarget *t = arg;
    uint32_t worker = t->run->workers > 1 ? (uint32_t)(hash_u64(page) % t->run->workers) : 0;
    redo_list_add(&t->piece->lists[worker], page, t->at);
    t->highest = MAX(t->highest, page);
}

/* redo_list_record - under whom it belongs; records that change no page belong to nobody. */
static Status redo_list_record(Cx *cx, RedoRun *run, RedoPiece *piece, uint32_t at,
                               const WalHeader *hdr, Slice body)
{
    RedoTarget t = {.run = run, .piece = piece, .at = at};
    if (!engine_redo_targets(hdr, body, redo_target, &t)) {
        return err_corrupt(cx, hdr->page, "log record %llu is malformed",
                           (unsigned long long)(piece->lsn + at));
    }
    return t.highest != 0 ? store_redo_reach(cx, run->e->store, t.highest) : ST_OK;
}

/* redo_piece_fill - records from `from` on into a piece, up to *next_out: as many as are whole in
 * it. ST_DONE at the end of the log. */
static Status redo_piece_fill(Cx *cx, RedoRun *run, RedoPiece *piece, Lsn from, Lsn end,
                              EngineRedoNote note, void *arg, Lsn *next_out)
{
    size_t need = REDO_PIECE_BYTES, at = 0, n;
    Status st;
    do {
        if (piece->room < need) {
            piece->room = need;
            piece->bytes = mem_realloc("redo", piece->bytes, need);
        }
        n = (size_t)MIN((uint64_t)piece->room, end - from);
        TRY(wal_read_raw(cx, run->e->wal, from, piece->bytes, n));
        piece->lsn = from;
        for (at = 0, st = ST_OK; st == ST_OK && at < n;) {
            WalHeader hdr;
            Slice body;
            st = wal_parse(from + at, piece->bytes + at, n - at, &hdr, &body, &need);
            if (st == ST_OK) {
                TRY(redo_list_record(cx, run, piece, (uint32_t)at, &hdr, body));
                TRY(note(arg, cx, from + at, &hdr, body));
                run->records++;
                at += hdr.len;
            }
        }
        if (st == ST_NOTFOUND || (st == ST_RESTART && from + n == end)) {
            return err_set(cx, ERRCODE_DATA_CORRUPTED, "no valid log record at %X/%X",
                           (unsigned)((from + at) >> 32), (unsigned)(from + at));
        }
    } while (at == 0); /* a record larger than the piece */
    *next_out = from + at;
    return ST_OK;
}

/* redo_read - the reader: fill pieces until the log ends or somebody fails. */
static Status redo_read(Cx *cx, RedoRun *run, Lsn from, Lsn end, EngineRedoNote note, void *arg)
{
    WalAhead *ahead = wal_ahead_start(run->e->wal, from, end);
    Status st = ST_OK;
    while (st == ST_OK && from < end && !atomic_load(&run->failed)) {
        RedoPiece *piece = redo_piece_free(run);
        wal_ahead_at(ahead, from);
        st = redo_piece_fill(cx, run, piece, from, end, note, arg, &from);
        if (st == ST_OK && run->workers == 0) {
            st = redo_list_apply(cx, run, piece, &piece->lists[0]);
        } else if (st == ST_OK) {
            atomic_store(&piece->users, run->workers);
            atomic_fetch_add(&run->filled, 1);
            os_event_signal(run->e->os, &run->filled_event);
        }
    }
    wal_ahead_end(ahead);
    return st;
}

/* redo_workers_start - as many as can be had; none is fine. */
static void redo_workers_start(RedoRun *run, RedoWorker *workers, uint64_t bytes)
{
    Os *os = run->e->os;
    Err err = {0};
    Cx cx = {.err = &err};
    uint32_t want = os->simulated ? 3 : MIN(MAX(os_processors(), 2u), (uint32_t)REDO_WORKERS_MAX);
    if (bytes < (os->simulated ? 4096u : (uint32_t)REDO_INLINE_BYTES)) {
        return;
    }
    for (uint32_t i = 0; i < want; i++) {
        RedoWorker *w = &workers[i];
        w->run = run;
        w->index = i;
        arena_init(&w->arena, NULL, "redo worker", 0);
        w->cx = (Cx){.err = &w->err, .arena = &w->arena};
        if (os_thread_create(&cx, os, "redo worker", redo_apply_main, w, &w->thread) != ST_OK) {
            arena_release(&w->arena);
            w->thread = NULL;
            break;
        }
        run->workers++; /* nobody looks at it before the first piece is filled */
    }
}

Status engine_redo_apply(Cx *cx, Engine *e, Lsn from, EngineRedoNote note, void *arg,
                         uint64_t *records_out)
{
    RedoRun *run = mem_zalloc("redo", sizeof(*run));
    RedoWorker *workers = mem_zalloc("redo", REDO_WORKERS_MAX * sizeof(*workers));
    Lsn end = wal_head(e->wal);
    run->e = e;
    os_mutex_init(&run->mutex, "redo", ENGINE_RANK_REDO);
    redo_workers_start(run, workers, end - from);
    Status st = redo_read(cx, run, from, end, note, arg);
    atomic_store(&run->ended, true);
    os_event_signal(e->os, &run->filled_event);
    for (uint32_t i = 0; i < run->workers; i++) {
        os_thread_join(workers[i].thread);
        arena_release(&workers[i].arena);
    }
    if (st == ST_OK && atomic_load(&run->failed)) {
        *cx->err = run->err;
        st = ST_ERROR;
    }
    *records_out = run->records;
    for (uint32_t i = 0; i < REDO_PIECES; i++) {
        for (uint32_t w = 0; w < REDO_WORKERS_MAX; w++) {
            mem_free(run->pieces[i].lists[w].entries);
        }
        mem_free(run->pieces[i].bytes);
    }
    mem_free(workers);
    mem_free(run);
    return st;
}

#ifndef DASSIE_ENGINE_INTERNAL_H
#define DASSIE_ENGINE_INTERNAL_H
/*
 * engine_internal.h - what the files of src/recovery share.
 */
#include "recovery/engine.h"
#include "table/maintain.h"

enum {
    ENGINE_RANK_CHECKPOINT = 10,
    ENGINE_RANK_PURGE = 20,
    ENGINE_RANK_OID = 30,
    ENGINE_RANK_REDO = 40,
    ENGINE_RANK_TOLD = 50,
    PURGE_STEP_RECORDS = 4096,
    PURGE_STEP_PAGES = 16384, /* of a dropped tree */
    PURGE_IDLE_US = 50000,
    RETAIN_CHECKPOINT_US = 1000000, /* between checkpoints made to give log back */
    CHECK_STEP_PAGES = 1024,
    CLOSE_PURGE_US = 10000000,
    OID_STEP = 256,
    PACE_TICK_US = 100000, /* a paced checkpoint writes, or looks whether to, this often */
    PACE_BATCH_MIN = 16,
};

typedef struct RedoPages RedoPages;

/* progress.c: lines in the server log about recovery, at most one each progress_us. */
typedef struct EngineProgress {
    int64_t start_us, told_us;
    uint64_t count; /* records since the clock was looked at */
} EngineProgress;

struct EnginePrivate {
    char *path, *wal_dir;
    OsMutex checkpoint_mutex, purge_mutex, oid_mutex;
    OsThread *checkpoint_thread, *purge_thread, *undo_thread;
    _Atomic bool stop;
    OsEvent wake;
    _Atomic Lsn purge_lsn;         /* everything below was visited by purge */
    _Atomic Lsn checkpoint_lsn;    /* where the last one began */
    _Atomic int64_t checkpoint_us; /* when it began */
    _Atomic Lsn checkpoint_end;    /* its record */
    OsMutex told_mutex;            /* guards checkpoints */
    EngineCheckpoints checkpoints;
    _Atomic uint32_t hurry;       /* somebody waits for checkpoint_mutex */
    bool was_recovered;           /* set when the file is opened */
    _Atomic bool recovered;       /* the first checkpoint writes what redo changed */
    EngineProgress undo_progress; /* of the one undoer */
    Lsn retain_told;              /* the limit when what holds the log was last said */
    uint64_t next_oid, oid_limit;
    EngineCheckFn check_fn; /* engine_check_watch */
    void *check_arg;
    RedoPages *redo_pages; /* while the file is opened after a crash */
};

/* CheckpointBody - a CHECKPOINT record; followed by active_count TxnActive. */
typedef struct CheckpointBody {
    Lsn redo;
    Lsn purge_lsn;
    uint64_t next_xid, next_csn, next_oid;
    uint64_t active_count;
} CheckpointBody;

/* engine_remove_leftovers - temporary files beside the file, whose lock is held, go. What fails is
 * logged: no reason not to open. */
void engine_remove_leftovers(Cx *cx, Engine *e);
/* engine_make_txns - the transaction system, once the next xid is known. */
Status engine_make_txns(Cx *cx, Engine *e, Xid next_xid, Csn next_csn);
/* restart.c: redo from the checkpoint named by the master record; makes the transaction system;
 * losers enter its active list. */
Status engine_redo(Cx *cx, Engine *e, const StoreMaster *m);
/* progress.c */
void engine_progress_start(Engine *e, EngineProgress *p);
/* engine_progress - `what` ("redo") is at this position of the log. */
void engine_progress(Engine *e, EngineProgress *p, const char *what, Lsn at);
/* engine_undo_progress - TxnUndoProgressFn. */
void engine_undo_progress(void *engine, Xid xid, Lsn at, uint64_t records);
/* redo_pages.c: the pages the log changes, noted while it is opened, then read as far as the pool
 * has room. engine_redo_pages_record is WalOptions.on_found. */
RedoPages *engine_redo_pages_create(Engine *e);
void engine_redo_pages_free(RedoPages *r);
/* engine_redo_targets - fn for each page that the record changes, none for most kinds; false: its
 * body does not parse. */
bool engine_redo_targets(const WalHeader *hdr, Slice body, void (*fn)(void *arg, PageNo page),
                         void *arg);
void engine_redo_pages_record(void *arg, Lsn lsn, const WalHeader *hdr, Slice body);
Status engine_redo_pages_read(Cx *cx, Engine *e, RedoPages *r, Lsn redo, Lsn checkpoint);
/* redo_apply.c: redo all from `from` on, by several threads; `note` is called for each record in
 * order, by the calling one. */
typedef Status (*EngineRedoNote)(void *arg, Cx *cx, Lsn lsn, const WalHeader *hdr, Slice body);
Status engine_redo_apply(Cx *cx, Engine *e, Lsn from, EngineRedoNote note, void *arg,
                         uint64_t *records_out);
/* checkpoint.c */
typedef enum CheckpointKind {
    CHECKPOINT_TIMED, /* these three take their time ... */
    CHECKPOINT_LOG,
    CHECKPOINT_RECOVERED,
    CHECKPOINT_REQUESTED, /* ... and these are made at once */
    CHECKPOINT_OPENING,   /* not worth telling */
    CHECKPOINT_CLOSING,
    CHECKPOINT_CLEAN, /* the last one: the file is complete without its log */
} CheckpointKind;
Status engine_checkpoint_write(Cx *cx, Engine *e, CheckpointKind kind);
/* engine_checkpoint_distance - a checkpoint begins after this much log. */
uint64_t engine_checkpoint_distance(const Engine *e);
/* retain.c: when more than max_wal_retained of log is kept, cancel what holds it; true: a
 * checkpoint would give some back. */
bool engine_retain(Engine *e);
/* background.c */
Status engine_background_start(Cx *cx, Engine *e);
void engine_background_stop(Engine *e);

#endif

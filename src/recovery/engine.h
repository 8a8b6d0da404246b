#ifndef DASSIE_ENGINE_H
#define DASSIE_ENGINE_H
/*
 * engine.h - one open database file: the log, the store, transactions, checkpoints, purge,
 * background undo, recovery.
 *
 * engine_open brings a file to a consistent state (torn pages back, redo) and starts the background
 * threads; losers are undone after it returned. Several engines may be open in one process. Any
 * thread may use an open engine.
 */
#include "store/store.h"
#include "table/table.h"
#include "txn/txn.h"

typedef struct EngineOptions {
    StoreOptions store;
    WalOptions wal;
    uint64_t max_wal_bytes;    /* a checkpoint is due after this much log (max_wal_size) */
    int64_t checkpoint_us;     /* ... or this much time */
    uint64_t max_wal_retained; /* see design section 4: log space */
    bool create;               /* make the file when absent */
    bool background; /* start checkpoint, purge and writer threads (tests may drive them by hand) */
} EngineOptions;
void engine_options_default(EngineOptions *o);

struct Engine {
    Os *os;
    Wal *wal;
    Store *store;
    TxnSys *txns;
    EngineOptions options;
    bool created; /* the file was made by this open: catalogs must be bootstrapped */
    struct EnginePrivate *priv;
};

Status engine_open(Cx *cx, Os *os, const char *path, const EngineOptions *o, Engine **engine_out);
/* engine_close - stop background work, finish purge and undo (within reason), checkpoint, remove
 * the log when clean. */
Status engine_close(Cx *cx, Engine *e);
/* engine_checkpoint - now; returns when durable. */
Status engine_checkpoint(Cx *cx, Engine *e);
/* engine_purge_step - one bounded step of purge (background thread, tests); ST_DONE when nothing is
 * left to do. */
Status engine_purge_step(Cx *cx, Engine *e);
/* engine_next_oid - a fresh OID >= 16384, unique in the file, durable ahead in ranges. */
Status engine_next_oid(Cx *cx, Engine *e, Oid *oid_out);
/* engine_check - whole-file verification: checksums, trees, space map. Appends findings. */
Status engine_check(Cx *cx, Engine *e, Buf *report, uint64_t *errors_out);

#endif

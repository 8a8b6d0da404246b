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

/* EngineOptions and struct Engine: table/table.h */
void engine_options_default(EngineOptions *o);

Status engine_open(Cx *cx, Os *os, const char *path, const EngineOptions *o, Engine **engine_out);
/* engine_close - stop background work, finish purge and undo (within reason), checkpoint, remove
 * the log when clean. */
Status engine_close(Cx *cx, Engine *e);
/* engine_checkpoint - now, as fast as it can be; one that is under way hurries. Returns when
 * durable. */
Status engine_checkpoint(Cx *cx, Engine *e);
/* EngineCheckpoints - counts since the file was opened, for pg_stat_bgwriter. */
typedef struct EngineCheckpoints {
    uint64_t timed, requested; /* because time had passed; for the log's size, or asked for */
    uint64_t pages;
    int64_t write_us, sync_us; /* pauses between the writes count as writing */
    int64_t since_us;          /* the wall clock when the file was opened */
} EngineCheckpoints;
void engine_checkpoints(Engine *e, EngineCheckpoints *out);
/* engine_purge_step - one bounded step of purge (background thread, tests); ST_DONE when nothing is
 * left to do. */
Status engine_purge_step(Cx *cx, Engine *e);
/* engine_next_oid - a fresh OID >= 16384, unique in the file, durable ahead in ranges. */
Status engine_next_oid(Cx *cx, Engine *e, Oid *oid_out);
/* engine_check - whole-file verification: checksums, trees, values out of line. Appends findings.
 */
Status engine_check(Cx *cx, Engine *e, Buf *report, uint64_t *errors_out);
/* engine_check_watch - fn is told how far a check has come, between two findings: it may take what
 * the report holds. engine_check_at - tell it; for those who check on top. */
typedef void (*EngineCheckFn)(void *arg, const char *what, uint64_t done, uint64_t total);
void engine_check_watch(Engine *e, EngineCheckFn fn, void *arg);
void engine_check_at(Engine *e, const char *what, uint64_t done, uint64_t total);

/* engine_check_space - the space map against the pages that are reachable. Requires that nothing is
 * left to undo or purge and nobody writes. *leaked_out: pages in use that nothing reaches (legal
 * after a crash); with reclaim, and when there is no damage, they are freed. */
Status engine_check_space(Cx *cx, Engine *e, bool reclaim, Buf *report, uint64_t *errors,
                          uint64_t *leaked_out);
/* engine_drop_lost_tree - free a tree that nothing names (catalog_verify). */
Status engine_drop_lost_tree(Cx *cx, Engine *e, TreeId tree);
/* engine_recovered - had the file to be recovered when it was opened? */
bool engine_recovered(const Engine *e);
/* engine_settle - undo and purge until nothing is left to do: for checks of a quiet file. */
Status engine_settle(Cx *cx, Engine *e);

/* EngineDump - what the dump commands write, and where. */
typedef struct EngineDump {
    Lsn from, to;   /* records at or above, below; 0 = no bound */
    TreeId tree;    /* of this tree only; 0 = of all (the log, and engine_dump_tree) */
    Xid xid;        /* of this transaction only; 0 = of all */
    PageNo page;    /* that change this page only; 0 = any */
    uint32_t kinds; /* of these types only (1 << WalType); 0 = of all */
    bool summary;   /* counts and bytes by type instead of the records */
    bool json;      /* one object a line */
    bool bytes;     /* pages: their bytes, too; those of a bad page are always shown */
    void (*put)(void *arg, const char *text, size_t n);
    void *arg;
} EngineDump;
/* engine_dump_kind - the bit in `kinds` of a type by its name, in any case; 0: there is none. */
uint32_t engine_dump_kind(Slice name);
/* engine_dump_wal - the log of the database file at `path` as text, as it lies on disk.
 * engine_dump_page - one of its pages. engine_dump_tree - every page that says it is of o->tree, in
 * the order of the file. None opens the file as an engine: read only, beside a running server too.
 */
Status engine_dump_wal(Cx *cx, Os *os, const char *path, const EngineDump *o);
Status engine_dump_tree(Cx *cx, Os *os, const char *path, const EngineDump *o);
Status engine_dump_page(Cx *cx, Os *os, const char *path, PageNo page, const EngineDump *o);

#endif

/*
 * background.c - the engine's own threads: checkpoints, purge, undo of losers; and purge itself.
 *
 * Purge reads the log from where it stopped to the horizon and hands each record on: deletes to
 * src/table, commits that dropped trees or overflow chains to their actions. It never reads beyond
 * what is flushed, since what is flushed is complete.
 */
#include "base/log.h"
#include "recovery/engine_internal.h"

/* purge_action - one entry of a COMMIT record's action list. */
static Status purge_action(void *arg, Cx *cx, const CommitAction *a)
{
    Engine *e = arg;
    switch (a->kind) {
    case COMMIT_DROP_TREE: return table_drop_some(cx, e, a->tree, PURGE_STEP_PAGES);
    case COMMIT_FREE_CHAIN: return overflow_free(cx, e, a->tree, a->page, a->stamp);
    default: return err_corrupt(cx, 0, "commit record with unknown action %u", a->kind);
    }
}

static Status purge_record(Cx *cx, Engine *e, const WalReader *r)
{
    Slice body = {(const char *)r->body.data, r->body.len};
    switch (wal_type(&r->hdr)) {
    case WAL_DELETE: return table_purge_record(cx, e, r->lsn, &r->hdr, body);
    case WAL_COMMIT: return commit_record_actions(cx, e->wal, &r->hdr, body, purge_action, e);
    default: return ST_OK;
    }
}

Status engine_purge_step(Cx *cx, Engine *e)
{
    struct EnginePrivate *p = e->priv;
    os_mutex_lock(e->os, &p->purge_mutex);
    Lsn horizon = txnsys_horizon(e->txns);
    os_stop_point(e->os, "purge.horizon");
    wal_keep_resident(e->wal, horizon); /* what is above may still be stepped back through */
    Lsn end = MIN(horizon, wal_flushed(e->wal));
    Lsn start = atomic_load(&p->purge_lsn);
    Status st = ST_DONE;
    if (start < end) {
        WalReader r;
        wal_reader_init(&r, e->wal, start, end);
        uint32_t n = 0;
        do {
            st = wal_reader_next(cx, &r);
            if (st == ST_OK) {
                st = purge_record(cx, e, &r);
            }
            if (st == ST_RESTART) {
                st = ST_OK; /* a large tree: the next step meets the record again */
                break;
            }
            if (st == ST_OK) {
                DASSERT(r.next >= atomic_load(&p->purge_lsn) && r.next <= end); /* I8 */
                atomic_store(&p->purge_lsn, r.next);
            }
        } while (st == ST_OK && ++n < PURGE_STEP_RECORDS);
        wal_reader_release(&r);
        if (st == ST_DONE) {
            atomic_store(&p->purge_lsn, MAX(atomic_load(&p->purge_lsn), end));
        }
    }
    os_mutex_unlock(e->os, &p->purge_mutex);
    return st;
}

/* Job - what a background thread needs to call the engine. */
typedef struct Job {
    Err err;
    Arena arena;
    Cx cx;
} Job;

static void job_init(Job *j, const char *name)
{
    memset(j, 0, sizeof(*j));
    arena_init(&j->arena, NULL, name, 0);
    j->cx.err = &j->err;
    j->cx.arena = &j->arena;
}

/* job_failed - say so, forget it, and let the job be tried again later. */
static void job_failed(Job *j, const char *what)
{
    log_line(LOG_ERROR, "%s failed", what);
    log_err(LOG_ERROR, &j->err);
    err_clear(&j->cx);
}

/* job_sleep - until woken or the time is over. */
static void job_sleep(Engine *e, int64_t us)
{
    struct EnginePrivate *p = e->priv;
    uint32_t seen = os_event_value(&p->wake);
    if (!atomic_load(&p->stop)) {
        (void)os_event_wait(e->os, &p->wake, seen, us);
    }
}

static void purge_thread(void *arg)
{
    Engine *e = arg;
    Job j;
    job_init(&j, "purge");
    while (!atomic_load(&e->priv->stop)) {
        Status st = engine_purge_step(&j.cx, e);
        arena_clear(&j.arena);
        if (st == ST_OK) {
            continue;
        }
        if (st != ST_DONE) {
            job_failed(&j, "purge");
            job_sleep(e, 1000000);
        }
        job_sleep(e, PURGE_IDLE_US);
    }
    arena_release(&j.arena);
}

/* checkpoint_due - is one to be made now, and why. */
static bool checkpoint_due(Engine *e, CheckpointKind *kind_out)
{
    struct EnginePrivate *p = e->priv;
    Lsn head = wal_head(e->wal);
    if (p->recovered) {
        *kind_out = CHECKPOINT_RECOVERED;
        return true;
    }
    /* Every time: under steady load a checkpoint is due in each turn, and who holds the log would
     * never be looked for. */
    if (engine_retain(e) || head - p->checkpoint_lsn > engine_checkpoint_distance(e)) {
        *kind_out = CHECKPOINT_LOG;
        return true;
    }
    *kind_out = CHECKPOINT_TIMED;
    bool idle = head - p->checkpoint_end < 4096;
    return !idle && os_mono_us(e->os) - p->checkpoint_us > e->options.checkpoint_us;
}

/* checkpoint_thread - checkpoints when enough log was written, log is held back, or time has
 * passed since the last. */
static void checkpoint_thread(void *arg)
{
    Engine *e = arg;
    struct EnginePrivate *p = e->priv;
    CheckpointKind kind;
    Job j;
    job_init(&j, "checkpoint");
    while (!atomic_load(&p->stop)) {
        if (checkpoint_due(e, &kind)) {
            if (engine_checkpoint_write(&j.cx, e, kind) != ST_OK) {
                job_failed(&j, "checkpoint");
                job_sleep(e, 5000000);
            }
            arena_clear(&j.arena);
        }
        job_sleep(e, 200000);
    }
    arena_release(&j.arena);
}

/* undo_thread - take back what a crash interrupted, saying so. */
static void undo_thread(void *arg)
{
    Engine *e = arg;
    Job j;
    job_init(&j, "undo of losers");
    uint32_t losers = e->os->simulated ? 0 : txnsys_losers(e->txns);
    if (losers != 0) {
        log_line(LOG_INFO,
                 "undo of %u transactions that were interrupted goes on in the background", losers);
    }
    engine_progress_start(e, &e->priv->undo_progress);
    if (txnsys_undo_losers(&j.cx, e->txns, &e->priv->stop) != ST_OK) {
        log_err(LOG_FATAL, &j.err);
        os_halt(e->os, "undo of interrupted transactions failed");
    }
    if (losers != 0 && txnsys_losers(e->txns) == 0) {
        log_line(LOG_INFO, "undo done: %u transactions in %lld ms", losers,
                 (long long)((os_mono_us(e->os) - e->priv->undo_progress.start_us) / 1000));
    }
    arena_release(&j.arena);
}

Status engine_background_start(Cx *cx, Engine *e)
{
    struct EnginePrivate *p = e->priv;
    atomic_store(&p->stop, false);
    TRY(os_thread_create(cx, e->os, "checkpoint", checkpoint_thread, e, &p->checkpoint_thread));
    TRY(os_thread_create(cx, e->os, "purge", purge_thread, e, &p->purge_thread));
    return os_thread_create(cx, e->os, "undo", undo_thread, e, &p->undo_thread);
}

void engine_background_stop(Engine *e)
{
    struct EnginePrivate *p = e->priv;
    atomic_store(&p->stop, true);
    os_event_signal(e->os, &p->wake);
    OsThread **threads[] = {&p->checkpoint_thread, &p->purge_thread, &p->undo_thread};
    for (size_t i = 0; i < ARRAY_LEN(threads); i++) {
        if (*threads[i] != NULL) {
            os_thread_join(*threads[i]);
            *threads[i] = NULL;
        }
    }
}

/*
 * checkpoint.c - fuzzy checkpoints: writers go on meanwhile.
 *
 * The order matters: the log's head first, then the pages dirtied before that head, then the redo
 * point (computed by the store before its data fsync, so that a page written but not yet durable
 * still holds it back) and the active transactions, then the record, durable, then the master
 * record that names it, and only then the log behind it goes.
 *
 * The pages are written in small batches over most of the time until the next checkpoint is due, by
 * the clock or by the log written meanwhile, whichever is ahead: a burst of writes and syncs would
 * stand in the way of the log's. Who asks for a checkpoint, closes the file, or needs the log's
 * space makes it hurry.
 */
#include "base/log.h"
#include "recovery/engine_internal.h"

/* CheckpointPace - the schedule of one that takes its time. */
typedef struct CheckpointPace {
    Engine *e;
    int64_t start_us, span_us; /* when it began; how long it may take */
    Lsn begin;
    uint64_t span_bytes; /* log that may be written meanwhile */
} CheckpointPace;

uint64_t engine_checkpoint_distance(const Engine *e)
{
    uint64_t most = e->options.max_wal_bytes;
    if (e->options.max_wal_retained != 0) {
        most = MIN(most, e->options.max_wal_retained / 2);
    }
    /* When the next one ends, redo would begin where this one began: the log of the time between
     * the two, and of the time the next one takes. */
    return (uint64_t)((double)most / (1 + e->options.checkpoint_share));
}

/* pace_share - how much of its time is over, of 1. */
static double pace_share(const CheckpointPace *p)
{
    double time = (double)(os_mono_us(p->e->os) - p->start_us) / (double)MAX(p->span_us, 1);
    double log = (double)(wal_head(p->e->wal) - p->begin) / (double)MAX(p->span_bytes, 1);
    return MAX(time, log);
}

static bool pace_hurry(Engine *e)
{
    struct EnginePrivate *p = e->priv;
    return atomic_load(&p->stop) || atomic_load(&p->hurry) != 0 || engine_retain(e);
}

/* checkpoint_pace - StoreFlush.pace: wait while more is written than should be by now. Batches are
 * so large that one is written about every tenth of a second, and not so small that their syncs
 * are all there is. */
static uint32_t checkpoint_pace(void *arg, uint64_t written, uint64_t total)
{
    CheckpointPace *p = arg;
    Engine *e = p->e;
    struct EnginePrivate *priv = e->priv;
    while (written < total && !pace_hurry(e)) {
        double share = pace_share(p), done = (double)written / (double)total;
        if (done <= share) {
            double left = (1 - MIN(share, 1)) * (double)p->span_us;
            double batch = (double)(total - written) * PACE_TICK_US / MAX(left, PACE_TICK_US);
            return (uint32_t)MIN(MAX(batch, PACE_BATCH_MIN), 1000.0);
        }
        uint32_t seen = os_event_value(&priv->wake);
        (void)os_event_wait(e->os, &priv->wake, seen, PACE_TICK_US);
    }
    return 0;
}

/* checkpoint_log - the CHECKPOINT record, durable. */
static Status checkpoint_log(Cx *cx, Engine *e, const CheckpointBody *body, const TxnActive *active,
                             Lsn *lsn_out)
{
    Slice parts[2] = {{(const char *)body, sizeof(*body)},
                      {(const char *)active, body->active_count * sizeof(*active)}};
    WalHeader h = {.xid48_type8_flags8 = wal_pack(0, WAL_CHECKPOINT, 0)};
    *lsn_out = wal_append(e->wal, &h, parts, body->active_count != 0 ? 2 : 1);
    return wal_flush_wait(cx, e->wal, wal_head(e->wal));
}

/* checkpoint_truncate - the log behind everybody who may still read it goes. */
static Status checkpoint_truncate(Cx *cx, Engine *e, const CheckpointBody *body,
                                  const TxnActive *active)
{
    Lsn keep = MIN(body->redo, body->purge_lsn);
    keep = MIN(keep, txnsys_horizon(e->txns));
    for (uint64_t i = 0; i < body->active_count; i++) {
        keep = MIN(keep, active[i].first_lsn);
    }
    /* I8: never past what anybody may still read; these only grow. */
    DASSERT(keep <= body->redo && keep <= atomic_load(&e->priv->purge_lsn) &&
            keep <= txnsys_oldest_active(e->txns));
    return wal_truncate(cx, e->wal, keep);
}

/* checkpoint_active - the transactions that write, once the pages changed below `begin` are
 * written. Not before: a record may lie below `begin` while its writer has yet to say that it is
 * its newest. The writer says so with the record's page latched, and the page was latched to be
 * written. Who has ended meanwhile did so above `begin`, where redo sees it. */
static void checkpoint_active(Engine *e, Arena *arena, CheckpointBody *body, TxnActive **active)
{
    uint32_t count;
    Xid next_xid;
    Csn next_csn;
    txnsys_active(e->txns, arena, active, &count, &next_xid, &next_csn);
    body->next_xid = next_xid;
    body->next_csn = next_csn;
    body->active_count = count;
}

/* checkpoint_begin - what the record says of the moment the checkpoint begins. Returns the log's
 * head then. */
static Lsn checkpoint_begin(Engine *e, bool clean, CheckpointBody *body)
{
    struct EnginePrivate *p = e->priv;
    Lsn begin = wal_head_fence(e->wal);
    body->purge_lsn = atomic_load(&p->purge_lsn);
    os_mutex_lock(e->os, &p->oid_mutex);
    body->next_oid = clean ? p->next_oid : p->oid_limit;
    os_mutex_unlock(e->os, &p->oid_mutex);
    return begin;
}

/* checkpoint_flush - the pages, at the pace of this kind. */
static Status checkpoint_flush(Cx *cx, Engine *e, CheckpointKind kind, Lsn begin, int64_t start_us,
                               StoreFlush *flush, Lsn *redo_out)
{
    double share = e->options.checkpoint_share;
    CheckpointPace pace = {.e = e, .begin = begin, .start_us = start_us};
    /* After recovery the old log is still needed: sooner than usual, but not in the way of those
     * who have waited for the server. */
    share = kind == CHECKPOINT_RECOVERED ? share / 10 : share;
    pace.span_us = (int64_t)((double)e->options.checkpoint_us * share);
    pace.span_bytes = (uint64_t)((double)engine_checkpoint_distance(e) * share);
    if (kind <= CHECKPOINT_RECOVERED && pace.span_us > 0) {
        flush->pace = checkpoint_pace;
        flush->arg = &pace;
    }
    return store_flush_before(cx, e->store, begin, flush, redo_out);
}

static const char *const CHECKPOINT_NAMES[] = {
    "time", "wal", "end-of-recovery", "immediate", "opening", "shutdown", "shutdown"};

/* checkpoint_told - count it, and say so in the log. */
static void checkpoint_told(Engine *e, CheckpointKind kind, const StoreFlush *flush,
                            int64_t start_us, int64_t write_us, Lsn begin)
{
    struct EnginePrivate *p = e->priv;
    EngineCheckpoints *c = &p->checkpoints;
    if (kind == CHECKPOINT_OPENING) {
        return;
    }
    os_mutex_lock(e->os, &p->told_mutex);
    c->timed += kind == CHECKPOINT_TIMED;
    c->requested += kind != CHECKPOINT_TIMED;
    c->pages += flush->pages;
    c->write_us += write_us;
    c->sync_us += flush->sync_us;
    os_mutex_unlock(e->os, &p->told_mutex);
    if (e->options.log_checkpoints) {
        log_line(LOG_INFO,
                 "checkpoint complete: wrote %llu buffers (%.1f%%); write=%.3f s, sync=%.3f s, "
                 "total=%.3f s; %llu kB of log meanwhile, %llu kB kept",
                 (unsigned long long)flush->pages,
                 100.0 * (double)flush->pages / (double)store_frames(e->store),
                 (double)write_us / 1e6, (double)flush->sync_us / 1e6,
                 (double)(os_mono_us(e->os) - start_us) / 1e6,
                 (unsigned long long)((wal_head(e->wal) - begin) / 1024),
                 (unsigned long long)((wal_head(e->wal) - wal_tail(e->wal)) / 1024));
    }
}

/* checkpoint_locked - requires checkpoint_mutex. */
static Status checkpoint_locked(Cx *cx, Engine *e, CheckpointKind kind, Arena *arena)
{
    struct EnginePrivate *p = e->priv;
    bool clean = kind == CHECKPOINT_CLEAN;
    CheckpointBody body = {0};
    TxnActive *active = NULL;
    StoreFlush flush = {0};
    StoreMaster m;
    Lsn lsn;
    int64_t start_us = os_mono_us(e->os);
    if (e->options.log_checkpoints && kind != CHECKPOINT_OPENING) {
        log_line(LOG_INFO, "checkpoint starting: %s", CHECKPOINT_NAMES[kind]);
    }
    Lsn begin = checkpoint_begin(e, clean, &body);
    os_stop_point(e->os, "checkpoint.begun");
    TRY(checkpoint_flush(cx, e, kind, begin, start_us, &flush, &body.redo));
    checkpoint_active(e, arena, &body, &active);
    int64_t write_us = os_mono_us(e->os) - start_us - flush.sync_us;
    TRY(checkpoint_log(cx, e, &body, active, &lsn));
    store_master_get(e->store, &m);
    m.seq++;
    m.checkpoint_lsn = clean ? 0 : lsn;
    m.next_lsn = wal_head(e->wal);
    m.clean = clean ? 1 : 0;
    m.next_xid = body.next_xid;
    m.next_csn = body.next_csn;
    m.next_oid = body.next_oid;
    TRY(store_master_put(cx, e->store, &m));
    p->checkpoint_lsn = begin;
    p->checkpoint_us = start_us;
    p->checkpoint_end = lsn;
    p->recovered = false;
    Status st = clean ? ST_OK : checkpoint_truncate(cx, e, &body, active);
    checkpoint_told(e, kind, &flush, start_us, write_us, begin);
    return st;
}

Status engine_checkpoint_write(Cx *cx, Engine *e, CheckpointKind kind)
{
    struct EnginePrivate *p = e->priv;
    Arena arena;
    bool hurry = kind > CHECKPOINT_RECOVERED;
    arena_init(&arena, NULL, "checkpoint", 0);
    if (hurry) {
        atomic_fetch_add(&p->hurry, 1);
        os_event_signal(e->os, &p->wake);
    }
    os_mutex_lock(e->os, &p->checkpoint_mutex);
    if (hurry) {
        atomic_fetch_sub(&p->hurry, 1);
    }
    Status st = checkpoint_locked(cx, e, kind, &arena);
    os_mutex_unlock(e->os, &p->checkpoint_mutex);
    arena_release(&arena);
    return st;
}

Status engine_checkpoint(Cx *cx, Engine *e)
{
    return engine_checkpoint_write(cx, e, CHECKPOINT_REQUESTED);
}

void engine_checkpoints(Engine *e, EngineCheckpoints *out)
{
    struct EnginePrivate *p = e->priv;
    os_mutex_lock(e->os, &p->told_mutex);
    *out = p->checkpoints;
    os_mutex_unlock(e->os, &p->told_mutex);
}

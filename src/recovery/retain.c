/*
 * retain.c - the bound on the log that is kept: max_wal_retained.
 *
 * What holds the log, in this order of blame: a checkpoint that is due (made now); snapshots taken
 * before the limit, which are cancelled: their next look at a page is 72000, and from the mark on
 * nobody waits for them; then the oldest writer, when its session is idle: the server ends it, on
 * whose behalf the call-back decides what idle means. A writer that works is never cancelled: the
 * log then grows until it ends, and the server's log says so. Nor is a prepared transaction ever:
 * it was promised to wait.
 */
#include "base/log.h"
#include "recovery/engine_internal.h"
#include "txn/prepare.h"

#define MIB ((uint64_t)1 << 20)

/* retain_writer - the oldest writer began below the limit: have it ended if it is idle. */
static void retain_writer(Engine *e, Lsn limit)
{
    struct EnginePrivate *p = e->priv;
    Lsn first;
    int32_t pid = 0;
    if (!txnsys_oldest_writer(e->txns, &first, &pid) || first >= limit) {
        return;
    }
    PreparedFacts facts;
    bool prepared = txnsys_prepared_at(e->txns, first, &facts);
    bool ended = !prepared && e->options.on_retained != NULL &&
                 e->options.on_retained(e->options.on_flush_arg, pid);
    if (ended || p->retain_told + e->options.max_wal_retained / 4 >= limit) {
        return;
    }
    p->retain_told = limit;
    if (prepared) {
        log_line(
            LOG_WARNING,
            "the prepared transaction \"%s\" keeps %llu MB of log, more than max_wal_retained: "
            "it waits for COMMIT PREPARED or ROLLBACK PREPARED",
            facts.gid, (unsigned long long)((wal_head(e->wal) - first) / MIB));
    } else {
        log_line(
            LOG_WARNING,
            "a transaction of process %d that is still at work keeps %llu MB of log, more than "
            "max_wal_retained",
            (int)pid, (unsigned long long)((wal_head(e->wal) - first) / MIB));
    }
}

bool engine_retain(Engine *e)
{
    uint64_t most = e->options.max_wal_retained;
    Lsn head = wal_head(e->wal);
    if (most == 0 || head - wal_tail(e->wal) <= most) {
        return false;
    }
    Lsn limit = head - most;
    uint32_t cancelled = txnsys_cancel_snapshots(e->txns, limit);
    if (cancelled != 0) {
        log_line(LOG_WARNING,
                 "%u snapshots older than %llu MB of log were cancelled (max_wal_retained)",
                 cancelled, (unsigned long long)(most / MIB));
    }
    retain_writer(e, limit);
    Lsn keep = MIN(atomic_load(&e->priv->purge_lsn), txnsys_oldest_active(e->txns));
    return os_mono_us(e->os) - e->priv->checkpoint_us > RETAIN_CHECKPOINT_US &&
           MIN(keep, head) > wal_tail(e->wal) + most / 8;
}

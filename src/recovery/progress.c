/*
 * progress.c - what the server log says while recovery takes its time.
 */
#include "base/log.h"
#include "recovery/engine_internal.h"

enum { PROGRESS_RECORDS = 4096 }; /* between two looks at the clock */

void engine_progress_start(Engine *e, EngineProgress *p)
{
    *p = (EngineProgress){.start_us = os_mono_us(e->os)};
    p->told_us = p->start_us;
}

/* progress_due - time for another line; *elapsed_out since the start. */
static bool progress_due(Engine *e, EngineProgress *p, int64_t *elapsed_out)
{
    int64_t now = os_mono_us(e->os);
    if (e->options.progress_us == 0 || e->os->simulated ||
        now - p->told_us < e->options.progress_us) {
        return false;
    }
    p->told_us = now;
    *elapsed_out = now - p->start_us;
    return true;
}

void engine_progress(Engine *e, EngineProgress *p, const char *what, Lsn at)
{
    int64_t elapsed;
    if (LIKELY(++p->count % PROGRESS_RECORDS != 0) || !progress_due(e, p, &elapsed)) {
        return;
    }
    log_line(LOG_INFO, "%s in progress, elapsed time: %lld.%02d s, current LSN: %X/%X", what,
             (long long)(elapsed / 1000000), (int)(elapsed / 10000 % 100), (unsigned)(at >> 32),
             (unsigned)at);
}

void engine_undo_progress(void *engine, Xid xid, Lsn at, uint64_t records)
{
    Engine *e = engine;
    int64_t elapsed;
    if (progress_due(e, &e->priv->undo_progress, &elapsed)) {
        log_line(LOG_INFO,
                 "undo in progress, elapsed time: %lld.%02d s, transaction %llu, current LSN: "
                 "%X/%X, %llu records undone",
                 (long long)(elapsed / 1000000), (int)(elapsed / 10000 % 100),
                 (unsigned long long)xid, (unsigned)(at >> 32), (unsigned)at,
                 (unsigned long long)records);
    }
}

/*
 * crash_prepare.c - two-phase commit: a transaction is prepared, waits, and is committed or rolled
 * back by its name, with the power cut at any moment; what recovery finds prepared is ended there.
 *
 * The model: CrashPrepared.phase says what was asked for last. Prepared and told so
 * (CRASH_PREPARED) it must be found; while something is under way both outcomes are right, and
 * which one it is decides what the worker's rows must be.
 */
#include "crash.h"
#include "txn/prepare.h"

/* prepare_told - PREPARE is durable, and so is everything of this worker before it. */
static void prepare_told(CrashWorker *w)
{
    w->prepared.phase = CRASH_PREPARED;
    w->states[0] = w->states[w->state_count - 1];
    w->state_count = 1;
    w->crash->sequence_seen = MAX(w->crash->sequence_seen, w->states[0].sequence);
}

/* prepare_end - COMMIT PREPARED or ROLLBACK PREPARED, and wait until it is durable. */
static void prepare_end(CrashWorker *w, Cx *cx, bool commit)
{
    Engine *e = w->crash->engine;
    Prepared *p;
    Lsn lsn;
    crash_must(cx, prepared_claim(cx, e->txns, w->prepared.gid, &p));
    if (commit) {
        w->prepared.phase = CRASH_PREPARED_COMMITS;
        w->states[1] = w->prepared.draft;
        w->states[1].lsn = 0;
        w->state_count = 2;
        w->committing = true;
        crash_must(cx, prepared_commit(cx, e->txns, p, &lsn));
        w->committing = false;
        w->states[1].lsn = lsn;
        w->epoch++;
        w->crash->commits++;
    } else {
        w->prepared.phase = CRASH_PREPARED_ABORTS;
        prepared_rollback(cx, e->txns, p, &lsn);
        w->crash->aborts++;
    }
    crash_must(cx, wal_flush_wait(cx, e->wal, lsn));
    if (commit) {
        w->states[0] = w->states[1];
        w->state_count = 1;
        w->crash->sequence_seen = MAX(w->crash->sequence_seen, w->states[0].sequence);
    }
    w->prepared.phase = CRASH_PREPARED_NONE;
}

void crash_prepare_commit(CrashWorker *w, Txn *txn)
{
    Crash *c = w->crash;
    PreparedFacts facts = {.owner = 10, .database = 5};
    Lsn lsn;
    CrashPrepared *p = &w->prepared;
    (void)snprintf(p->gid, sizeof(p->gid), "%u-%u", w->id, ++p->number);
    memcpy(facts.gid, p->gid, sizeof(p->gid));
    p->draft = w->draft;
    p->phase = CRASH_PREPARING;
    if (!crash_status(c, &w->cx, txn_prepare(&w->cx, txn, &facts, &lsn))) {
        p->phase = CRASH_PREPARED_NONE;
        c->aborts++;
        txn_abort(&w->cx, txn);
        return;
    }
    c->prepared++;
    crash_must(&w->cx, wal_flush_wait(&w->cx, c->engine->wal, lsn));
    prepare_told(w);
    if (crash_random(&w->random, 2) == 0) { /* checkpoints and purges go on, and others wait */
        os_sleep_us(c->os, 1000 + crash_random(&w->random, 20000));
    }
    prepare_end(w, &w->cx, crash_random(&w->random, 4) != 0);
}

/* found - is the worker's transaction among those that are prepared? */
static bool found(const CrashWorker *w, const PreparedFacts *list, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (strcmp(list[i].gid, w->prepared.gid) == 0) {
            crash_check(list[i].owner == 10 && list[i].database == 5, "facts of %s are wrong",
                        list[i].gid);
            return true;
        }
    }
    return false;
}

void crash_prepare_recovered(Crash *c)
{
    PreparedFacts *list;
    uint32_t count, known = 0;
    Arena arena;
    arena_init(&arena, NULL, "prepared", 0);
    crash_must(&c->cx, txnsys_prepared_list(&c->cx, c->engine->txns, &arena, &list, &count));
    for (uint32_t i = 0; i < c->worker_count; i++) {
        CrashWorker *w = &c->workers[i];
        CrashPhase phase = w->prepared.phase;
        if (phase == CRASH_PREPARED_NONE) {
            continue;
        }
        w->committing = false;
        if (found(w, list, count)) {
            known++;
            if (phase == CRASH_PREPARED_COMMITS) {
                w->state_count = 1;
            }
            prepare_told(w);
            continue;
        }
        crash_check(phase != CRASH_PREPARED, "%s was prepared, and is not after the crash",
                    w->prepared.gid);
        if (phase == CRASH_PREPARED_COMMITS) { /* it is gone, so it has committed */
            w->states[0] = w->states[1];
            w->state_count = 1;
        }
        w->prepared.phase = CRASH_PREPARED_NONE;
    }
    crash_check(known == count, "%u prepared transactions, of which %u are known", count, known);
    arena_release(&arena);
}

void crash_prepare_settle(Crash *c)
{
    for (uint32_t i = 0; i < c->worker_count; i++) {
        CrashWorker *w = &c->workers[i];
        if (w->prepared.phase == CRASH_PREPARED) {
            c->prepared_found++;
            prepare_end(w, &c->cx, crash_random(&c->random, 2) == 0);
        }
    }
}

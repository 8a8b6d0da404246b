/*
 * crash_watch.c - old snapshots: what they see must not change while everything does.
 *
 * A snapshot is taken in a moment when no commit is under way, and the model's states are copied
 * then: so it is known exactly what it sees. It is held through commits, rollbacks, drops,
 * checkpoints and purges, and read again and again: rows, every index, every worker's own table,
 * which may be dropped or rewritten by then. With a bound on the log kept it may be cancelled
 * instead.
 */
#include "crash.h"

#define WATCH_TRIES 20

/* watch_epoch - how many commits there were; false: one is under way. */
static bool watch_epoch(const Crash *c, uint64_t *epoch_out)
{
    *epoch_out = 0;
    for (uint32_t i = 0; i < c->worker_count; i++) {
        if (c->workers[i].committing) {
            return false;
        }
        *epoch_out += c->workers[i].epoch;
    }
    return true;
}

/* watch_take - a snapshot, and what it sees: threads switch inside of snapshot_take. */
static bool watch_take(Crash *c, Snapshot *snap, CrashState *states)
{
    for (uint32_t i = 0; i < WATCH_TRIES; i++) {
        uint64_t before, after;
        if (!watch_epoch(c, &before)) {
            os_sleep_us(c->os, 50);
            continue;
        }
        snapshot_take(c->engine->txns, NULL, snap);
        if (watch_epoch(c, &after) && after == before) {
            for (uint32_t k = 0; k < c->worker_count; k++) {
                const CrashWorker *w = &c->workers[k];
                states[k] = w->states[w->state_count - 1];
            }
            return true;
        }
        snapshot_release(snap);
    }
    return false;
}

/* watch_look - everything the snapshot sees is what it saw. */
static void watch_look(Crash *c, Cx *cx, const Snapshot *snap, const CrashState *states)
{
    static const CrashIndexKind all[] = {CRASH_IX_KEY, CRASH_IX_TEXT, CRASH_IX_EXPR,
                                         CRASH_IX_PARTIAL, CRASH_IX_ITEMS};
    CrashSeen *seen = mem_zalloc("watch", sizeof(*seen));
    crash_see(c, cx, snap, seen);
    for (uint32_t i = 0; i < c->worker_count && !snapshot_too_old(snap); i++) {
        if (!crash_state_matches(&states[i], &seen->found[i])) {
            crash_print_state("seen now", &seen->found[i]);
            crash_print_state("seen first", &states[i]);
            crash_fail(__FILE__, __LINE__, "worker %u: an old snapshot sees something else", i);
        }
        crash_own_check(c, cx, &states[i].own, snap);
    }
    mem_free(seen);
    crash_check_indexes(c, cx, c->kv, all, snap);
    crash_check_indexes(c, cx, c->account, all, snap);
    crash_check_indexes(c, cx, c->claim, all, snap);
    crash_check_accounts(c, cx, NULL, snap);
    c->old_snapshots++;
}

void crash_watch(void *arg)
{
    Crash *c = arg;
    uint64_t random = c->seed ^ 0x77617463;
    CrashState *states = mem_zalloc("watch", CRASH_WORKERS_MAX * sizeof(*states));
    Err err;
    Arena arena;
    memset(&err, 0, sizeof(err));
    arena_init(&arena, NULL, "watch", 0);
    Cx cx = {.err = &err, .arena = &arena};
    while (!c->stop) {
        Snapshot snap;
        os_sleep_us(c->os, crash_random(&random, 3000));
        if (c->faulty || !watch_take(c, &snap, states)) {
            os_sleep_us(c->os, 5000);
            continue;
        }
        for (uint32_t looks = 1 + crash_random(&random, 3); looks > 0 && !c->stop; looks--) {
            watch_look(c, &cx, &snap, states);
            os_sleep_us(c->os, crash_random(&random, 20000));
            arena_clear(&arena);
        }
        snapshot_release(&snap);
    }
    mem_free(states);
    arena_release(&arena);
}

bool crash_on_retained(void *arg, int32_t process_id)
{
    Crash *c = arg;
    CrashWorker *w = process_id > 0 ? &c->workers[process_id - 1] : NULL;
    if (w == NULL || !w->idle) {
        return false;
    }
    w->ended = true;
    c->cancelled++;
    return true;
}

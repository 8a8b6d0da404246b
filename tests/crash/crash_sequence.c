/*
 * crash_sequence.c - no value of a sequence that a surviving transaction used comes again.
 */
#include "crash.h"

static const SequenceDef crash_sequence = {
    .start = 1, .increment = 1, .min = 1, .max = INT64_MAX, .cache = 1};

/* crash_sequence_step - the transaction uses a fresh value. */
bool crash_sequence_step(CrashWorker *w)
{
    Crash *c = w->crash;
    int64_t value;
    if (!crash_status(
            c, &w->cx,
            sequence_next(&w->cx, c->engine, c->sequence_tree, &crash_sequence, "s", &value))) {
        return false;
    }
    crash_check(value > w->draft.sequence, "sequence: %lld after %lld", (long long)value,
                (long long)w->draft.sequence);
    w->draft.sequence = value;
    return true;
}

void crash_sequence_check(Crash *c)
{
    int64_t value;
    crash_must(&c->cx,
               sequence_next(&c->cx, c->engine, c->sequence_tree, &crash_sequence, "s", &value));
    crash_check(value > c->sequence_seen, "sequence: %lld was used before the crash, up to %lld",
                (long long)value, (long long)c->sequence_seen);
}

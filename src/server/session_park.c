/*
 * session_park.c - an UPDATE or DELETE that waits for a row without holding a thread.
 *
 * As long as the statement has changed nothing, what it did can be done again: portal_run gives its
 * execution state back, keeps the snapshot, and returns ST_BUSY. The session stays as it is, with
 * the messages behind the Execute unread in `in`, until the transaction it waits for ends; the
 * thread that ended it puts the session into its poller's list. Under the same snapshot the
 * statement then finds the row changed and does what it would have done after a wait in its thread.
 *
 * The monitor wakes a session now and then, so that deadlocks made by locks granted later are
 * found, and when it was told to stop.
 */
#include "server/server_internal.h"

#define PARK_LOOK_US 500000

bool session_parked(const Session *s)
{
    return s->parked_portal != NULL;
}

void session_park(Session *s, Portal *p)
{
    s->parked_portal = p;
    atomic_fetch_add(&s->server->parked_sessions, 1);
    atomic_store(&s->parked_since_us, os_mono_us(s->server->os));
}

bool session_park_over(Session *s)
{
    return atomic_load(&s->park_woken) || atomic_load(&s->cancel) != 0;
}

/* park_leave - the session does not stand still any more. */
static void park_leave(Session *s)
{
    s->parked_portal = NULL;
    atomic_store(&s->parked_since_us, 0);
    atomic_fetch_sub(&s->server->parked_sessions, 1);
    atomic_store(&s->park_woken, false);
}

void session_park_end(Session *s)
{
    if (session_parked(s)) {
        txn_unpark(s->txn);
        park_leave(s);
    }
}

void session_try_again(Session *s)
{
    Portal *p = s->parked_portal;
    park_leave(s);
    /* Only what asked for all rows at once parks. */
    Status st = session_execute(&s->cx, s, p, 0);
    if (!session_parked(s)) {
        txn_unpark(s->txn);
    }
    if (st != ST_OK) {
        session_extended_failed(s);
    }
    arena_clear(&s->stmt_arena);
}

void session_park_watch(Session *s, int64_t now_us)
{
    int64_t since = atomic_load(&s->parked_since_us);
    if (since != 0 && (atomic_load(&s->cancel) != 0 || now_us - since > PARK_LOOK_US) &&
        !atomic_load(&s->park_woken)) {
        poller_make_ready(s);
    }
}

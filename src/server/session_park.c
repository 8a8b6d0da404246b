/*
 * session_park.c - a statement that waits for a row, a key or a table without holding a thread.
 *
 * As long as the statement has changed nothing and sent nothing, what it did can be done again: it
 * gives its execution state back, keeps its transaction with the snapshot and the place in the
 * queue, and returns ST_BUSY. The message stays unread in `in` with those behind it, until what it
 * waits for ends; the thread that ended it puts the session into its poller's list, and the message
 * is dispatched again. Under the same snapshot the statement then finds the row changed and does
 * what it would have done after a wait in its thread.
 *
 * The monitor wakes a session when it was told to stop, when its lock_timeout is over, and now and
 * then in any case.
 */
#include <pg_query/pg_query.pb-c.h>

#include "server/server_internal.h"

#define PARK_LOOK_US 2000000

bool session_parked(const Session *s)
{
    return s->parked;
}

TxnPark *session_may_park(Session *s)
{
    return s->may_park ? &s->park : NULL;
}

bool session_park(Session *s, Status st)
{
    if (st != ST_BUSY || !s->may_park) {
        return false;
    }
    ASSERT(!s->park_opened || s->txn != NULL);
    int64_t now = os_mono_us(s->server->os);
    s->out.len = MIN(s->out.len, s->park_out_len);
    s->may_park = false;
    s->parked = true;
    int64_t look = s->lock_timeout_us > 0 ? MIN(s->lock_timeout_us, PARK_LOOK_US) : PARK_LOOK_US;
    atomic_fetch_add(&s->server->parked_sessions, 1);
    atomic_store(&s->park_look_us, now + look);
    atomic_store(&s->parked_since_us, now);
    return true;
}

void session_park_allow(Session *s)
{
    s->may_park = true;
    s->park_out_len = s->out.len;
}

void utility_park(Session *s, const Statement *st)
{
    s->may_park = s->may_park && st->node->node_case == PG_QUERY__NODE__NODE_LOCK_STMT;
}

bool session_park_over(Session *s)
{
    return atomic_load(&s->park_woken) || atomic_load(&s->cancel) != 0;
}

/* park_leave - the session does not stand still any more. */
static void park_leave(Session *s)
{
    s->parked = false;
    atomic_store(&s->parked_since_us, 0);
    atomic_fetch_sub(&s->server->parked_sessions, 1);
    atomic_store(&s->park_woken, false);
}

void session_park_end(Session *s)
{
    if (session_parked(s)) {
        if (s->txn != NULL) {
            txn_unpark(s->txn);
        }
        park_leave(s);
        s->park_opened = false;
    }
}

void session_park_retry(Session *s)
{
    park_leave(s);
    s->park_again = true;
}

void session_park_tried(Session *s)
{
    s->may_park = false;
    if (s->park_again && !session_parked(s)) {
        s->park_again = false;
        s->park_opened = false;
        if (s->txn != NULL) {
            txn_unpark(s->txn);
        }
    }
}

void session_park_watch(Session *s, int64_t now_us)
{
    if (atomic_load(&s->parked_since_us) != 0 &&
        (atomic_load(&s->cancel) != 0 || now_us > atomic_load(&s->park_look_us)) &&
        !atomic_load(&s->park_woken)) {
        poller_make_ready(s);
    }
}

/*
 * session_activity.c - what every session does now, for pg_stat_activity and its like.
 *
 * A session writes down the text of each statement and when it began, under a mutex of its own that
 * is free but for the moment when somebody looks. What it waits for is not written down: locks are
 * found in the list of waiters, other waits follow from its state.
 */
#include "server/server_internal.h"
#include "table/counts.h"

#define RANK_ACTIVITY 12 /* below the server's mutex, which guards the list of sessions */

void activity_init(Session *s)
{
    os_mutex_init(&s->activity.mutex, "session.activity", RANK_ACTIVITY);
}

void activity_release(Session *s)
{
    mem_free(s->activity.query);
    s->activity.query = NULL;
}

/* activity_text - as much of the text as is kept, cut between characters. Requires the mutex. */
static void activity_text(Activity *a, Slice sql, uint32_t limit)
{
    size_t n = MIN(sql.len, (size_t)limit - 1);
    while (n < sql.len && n > 0 && ((uint8_t)sql.ptr[n] & 0xc0) == 0x80) {
        n--;
    }
    if (a->query_size <= n) {
        a->query_size = (uint32_t)(n + 1 + n / 2);
        a->query = mem_realloc("query text", a->query, a->query_size);
    }
    memcpy(a->query, sql.ptr, n);
    a->query[n] = '\0';
}

void activity_session_begins(Session *s)
{
    s->counts = counts_db(s->server->engine, s->view.database);
    counts_db_add(s->counts, s->pid, DB_SESSIONS, 1);
}

void activity_session_ends(Session *s)
{
    if (s->counts == NULL) {
        return;
    }
    bool killed = (atomic_load(&s->cancel) & CX_CANCEL_TERMINATE) != 0;
    if (killed || s->fatal_told || atomic_load(&s->idle_expired)) {
        counts_db_add(s->counts, s->pid, killed ? DB_SESSIONS_KILLED : DB_SESSIONS_FATAL, 1);
    } else if (!s->said_goodbye) {
        counts_db_add(s->counts, s->pid, DB_SESSIONS_ABANDONED, 1);
    }
    counts_db_add(s->counts, s->pid, DB_SESSION_US, os_now_us(s->server->os) - s->backend_start_us);
}

/* activity_spent - the time since the state changed last has been spent in it. Requires the mutex.
 */
static void activity_spent(Session *s, int64_t now)
{
    const Activity *a = &s->activity;
    if (a->state == ACTIVITY_ACTIVE) {
        counts_db_add(s->counts, s->pid, DB_ACTIVE_US, MAX(now - a->state_change_us, 0));
    } else if (a->state == ACTIVITY_IDLE_IN_TXN || a->state == ACTIVITY_IDLE_FAILED) {
        counts_db_add(s->counts, s->pid, DB_IDLE_IN_TXN_US, MAX(now - a->state_change_us, 0));
    }
}

void activity_query(Session *s, Slice sql)
{
    Activity *a = &s->activity;
    Os *os = s->server->os;
    os_mutex_lock(os, &a->mutex);
    if (LIKELY(s->track_activities)) {
        activity_spent(s, s->env.statement_time_us);
        a->state = ACTIVITY_ACTIVE;
        a->query_start_us = a->state_change_us = s->env.statement_time_us;
        activity_text(a, sql, s->server->activity_bytes);
    } else {
        a->state = ACTIVITY_DISABLED;
    }
    os_mutex_unlock(os, &a->mutex);
}

void activity_idle(Session *s)
{
    Activity *a = &s->activity;
    Os *os = s->server->os;
    os_mutex_lock(os, &a->mutex);
    if (LIKELY(s->track_activities)) {
        int64_t now = os_now_us(os) - UNIX_TO_PG_EPOCH_US;
        activity_spent(s, now);
        a->state = s->failed     ? ACTIVITY_IDLE_FAILED
                   : s->in_block ? ACTIVITY_IDLE_IN_TXN
                                 : ACTIVITY_IDLE;
        a->state_change_us = now;
        if (a->query == NULL) {
            activity_text(a, slice_of(""), 1);
        }
    } else {
        a->state = ACTIVITY_DISABLED;
    }
    os_mutex_unlock(os, &a->mutex);
}

void activity_txn_begins(Session *s)
{
    atomic_fetch_add_explicit(&s->activity.xact_number, 1, memory_order_relaxed);
    atomic_store_explicit(&s->activity.xact_start_us, s->env.statement_time_us,
                          memory_order_relaxed);
}

void activity_txn_ends(Session *s)
{
    atomic_store_explicit(&s->activity.xact_start_us, 0, memory_order_relaxed);
}

void activity_application(Session *s)
{
    Activity *a = &s->activity;
    os_mutex_lock(s->server->os, &a->mutex);
    memcpy(a->application_name, s->application_name, sizeof(a->application_name));
    os_mutex_unlock(s->server->os, &a->mutex);
}

static const char *activity_state_name(ActivityState state)
{
    static const char *const NAMES[] = {
        [ACTIVITY_ACTIVE] = "active",
        [ACTIVITY_IDLE] = "idle",
        [ACTIVITY_IDLE_IN_TXN] = "idle in transaction",
        [ACTIVITY_IDLE_FAILED] = "idle in transaction (aborted)",
        [ACTIVITY_DISABLED] = "disabled",
    };
    return NAMES[state];
}

/* activity_wait - what the session waits for, locks aside. */
static const FuncWait *activity_wait(Session *s, ActivityState state)
{
    static const FuncWait READ = {"Client", "ClientRead"};
    const FuncWait *own = atomic_load(&s->func.wait);
    if (own != NULL) {
        return own;
    }
    bool idle =
        state == ACTIVITY_IDLE || state == ACTIVITY_IDLE_IN_TXN || state == ACTIVITY_IDLE_FAILED;
    /* Nobody runs it in mid-statement, and it waits for no row: for the data of a COPY. */
    bool starved = state == ACTIVITY_ACTIVE && atomic_load(&s->run_state) == 0 &&
                   atomic_load(&s->parked_since_us) == 0;
    return idle || starved ? &READ : NULL;
}

/* activity_tell - one session, as others see it; false: it is not ready. */
static bool activity_tell(Session *s, Arena *arena, FuncBackend *out)
{
    Activity *a = &s->activity;
    bool ready;
    os_mutex_lock(s->server->os, &a->mutex);
    ready = a->state != ACTIVITY_NONE;
    if (ready) {
        bool told = a->state != ACTIVITY_DISABLED;
        *out = (FuncBackend){
            .pid = s->pid,
            .database = s->view.database,
            .user = s->auth_user,
            .application_name = arena_strdup(arena, a->application_name),
            .query = told ? arena_strdup(arena, a->query) : "",
            .state = activity_state_name(a->state),
            .wait = told ? activity_wait(s, a->state) : NULL,
            .client_address = s->is_unix ? NULL : s->client_address,
            .client_port = s->client_port,
            .backend_start_us = s->backend_start_us - UNIX_TO_PG_EPOCH_US,
            .xact_start_us = told ? atomic_load(&a->xact_start_us) : 0,
            .query_start_us = told ? a->query_start_us : 0,
            .state_change_us = told ? a->state_change_us : 0,
            .xact_number = atomic_load(&a->xact_number),
        };
        tls_tell(s, arena, &out->tls);
        if (out->client_address != NULL) {
            out->client_address = arena_strdup(arena, out->client_address);
        }
    }
    os_mutex_unlock(s->server->os, &a->mutex);
    return ready;
}

void func_backends(void *arg, Arena *arena, struct FuncBackend **out, uint32_t *count_out)
{
    const Session *me = arg;
    Server *srv = me->server;
    uint32_t n = 0, size = 0;
    FuncBackend *list = NULL;
    os_mutex_lock(srv->os, &srv->mutex);
    LIST_FOREACH (node, &srv->sessions) {
        size++;
    }
    list = ARENA_ARRAY(arena, FuncBackend, size + 1u);
    LIST_FOREACH (node, &srv->sessions) {
        n += activity_tell(LIST_ITEM(node, Session, link), arena, &list[n]);
    }
    os_mutex_unlock(srv->os, &srv->mutex);
    *out = list;
    *count_out = n;
}

bool func_backend_exists(void *arg, int32_t pid)
{
    const Session *me = arg;
    Server *srv = me->server;
    os_mutex_lock(srv->os, &srv->mutex);
    bool found = map_get_int(&srv->sessions_by_pid, (uint64_t)pid) != NULL;
    os_mutex_unlock(srv->os, &srv->mutex);
    return found;
}

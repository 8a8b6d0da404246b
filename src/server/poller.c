/*
 * poller.c - epoll sets, the workers that own them, spare workers, replies released by the log.
 *
 * Ownership: the worker that runs a session publishes a token in poller->in_session. Whoever swaps
 * that token for 0 owns the poller: the worker itself when the session is done, the worker before
 * it blocks (worker_blocking), or the monitor when the same token is there two ticks in a row. The
 * loser of the race has no poller any more and becomes a spare when its session is done. Events
 * already fetched stay in the poller, so nothing is lost on the way.
 *
 * Replies of the sessions run in one turn are sent together at its end (poller_send_due): the
 * clients woken by the first would else take the processor before the others were served.
 *
 * Events are edge-triggered. A session that is being run when its event comes gets run_state 2 and
 * is run once more.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "server/server_internal.h"

#define MONITOR_TICK_US    10000
#define MONITOR_IDLE_TICKS 100      /* without a session running, then it sleeps */
#define MONITOR_SLEEP_US   30000000 /* not for ever: what it looks at may be another thread's */
#define RANK_WAITING       11
#define RANK_READY         745 /* below src/txn's, which call poller_make_ready */
#define READERS_MAX        64u /* workers that gave their poller away to read from the disk */
#define RUN_STATE_DEAD     3u

#define SPARES_KEPT      2 /* spare threads beyond these end when nobody needs them for long */
#define SPARE_SLEEP_US   500000
#define SPARE_SLEEPS_MAX 6

static void worker_main(void *arg);

/* worker_spawn - a new thread that starts with this poller (or as a spare). Requires
 * srv->spares_mutex. */
static Status worker_spawn(Cx *cx, Server *srv, Poller *p)
{
    Worker *w = mem_zalloc("worker", sizeof(*w));
    w->server = srv;
    w->poller = p;
    w->recv_buf = mem_alloc("worker", SERVER_RECV_BYTES);
    list_init(&w->spare_link);
    Status st = os_thread_create(cx, srv->os, "worker", worker_main, w, &w->thread);
    if (st != ST_OK) {
        mem_free(w->recv_buf);
        mem_free(w);
        return st;
    }
    if (srv->worker_count == srv->worker_size) {
        srv->worker_size = MAX(srv->worker_size * 2, 16u);
        srv->workers = mem_realloc("worker", srv->workers, srv->worker_size * sizeof(Worker *));
    }
    srv->workers[srv->worker_count++] = w;
    return ST_OK;
}

/* poller_give_away - hand an unowned poller to a spare worker, a new one when there is none. */
static void poller_give_away(Server *srv, Poller *p)
{
    Worker *spare = NULL;
    os_mutex_lock(srv->os, &srv->spares_mutex);
    if (!list_empty(&srv->spares)) {
        spare = LIST_ITEM(srv->spares.next, Worker, spare_link);
        list_remove(&spare->spare_link);
        srv->spare_count--;
        spare->poller = p;
    } else {
        Err err = {0};
        Cx cx = {.err = &err};
        if (worker_spawn(&cx, srv, p) != ST_OK) {
            /* Without a thread the sessions of this poller would starve for ever. */
            PANIC("cannot start a worker thread: %s", err.message);
        }
    }
    os_mutex_unlock(srv->os, &srv->spares_mutex);
    if (spare != NULL) {
        os_event_signal(srv->os, &spare->event);
    }
}

/* worker_leave_poller - the session goes on without the poller; a spare worker serves the others.
 */
static void worker_leave_poller(Worker *w)
{
    Poller *p = w->poller;
    uint64_t token = w->token;
    if (atomic_compare_exchange_strong(&p->in_session, &token, 0)) {
        poller_send_due(p);
        poller_give_away(w->server, p);
    }
    w->poller = NULL;
}

void worker_blocking(void *session, CxBlocking what)
{
    Session *s = session;
    Worker *w = s->worker;
    if (what == CX_BLOCKING_READ_ENDS) {
        atomic_fetch_sub(&s->server->readers, 1);
    } else if (what == CX_BLOCKING_READ) {
        uint32_t readers = atomic_fetch_add(&s->server->readers, 1);
        /* A poller with one session has nobody to serve meanwhile. */
        if (w != NULL && w->poller != NULL && readers < READERS_MAX &&
            atomic_load(&w->poller->session_count) > 1) {
            worker_leave_poller(w);
        }
    } else if (what == CX_BLOCKING_WAIT && w != NULL && w->poller != NULL) {
        worker_leave_poller(w);
    }
}

/*
 * session_bury - close a session whose memory must outlive events already fetched: the poller's
 * owner frees it when its event list is used up (poller_free_dead). No event can come after the
 * close.
 */
static void session_bury(Poller *p, Session *s)
{
    Os *os = p->server->os;
    session_close(s);
    atomic_store(&s->run_state, RUN_STATE_DEAD);
    os_mutex_lock(os, &p->wait_mutex);
    list_push_back(&p->dead, &s->wait_link);
    os_mutex_unlock(os, &p->wait_mutex);
}

static void poller_free_dead(Poller *p)
{
    Os *os = p->server->os;
    os_mutex_lock(os, &p->wait_mutex);
    while (!list_empty(&p->dead)) {
        Session *s = LIST_ITEM(p->dead.next, Session, wait_link);
        list_remove(&s->wait_link);
        session_free(s);
    }
    os_mutex_unlock(os, &p->wait_mutex);
}

void poller_send_due(Poller *p)
{
    OsSend ops[POLLER_SENDS_MAX];
    uint32_t count = p->send_count;
    if (count == 0) {
        return;
    }
    p->send_count = 0;
    for (uint32_t i = 0; i < count; i++) {
        Session *s = p->send_due[i];
        ops[i] =
            (OsSend){.fd = s->fd, .data = s->out.data + s->out_pos, .len = s->out.len - s->out_pos};
    }
    os_sends(p->sends, ops, count);
    for (uint32_t i = 0; i < count; i++) {
        Session *s = p->send_due[i];
        s->send_queued = false;
        if (!session_sent(s, ops[i].result)) {
            /* The connection is gone, which its next event will find out. */
            s->close_after_send = true;
            buf_clear(&s->out);
            s->out_pos = 0;
            (void)shutdown(s->fd, SHUT_RDWR);
        }
    }
}

/* worker_gather - the session that was run leaves its replies to be sent with those of others; true
 * when it did. When the poller was lost meanwhile they are sent here. */
static bool worker_gather(Worker *w, Session *s)
{
    Poller *p = w->poller;
    uint64_t token = w->token;
    s->send_due = false;
    if (p != NULL && atomic_compare_exchange_strong(&p->in_session, &token, 0)) {
        /* It was ours all the time, so nobody else has claimed the session. */
        p->send_due[p->send_count++] = s;
        s->send_queued = true;
        atomic_store(&s->run_state, 0);
        return true;
    }
    w->poller = NULL;
    if (!session_send(s)) {
        s->state = SESSION_CLOSED;
    }
    return false;
}

/* worker_watched - a session runs: the monitor must look. */
static inline void worker_watched(Server *srv)
{
    if (UNLIKELY(atomic_load(&srv->monitor_asleep)) &&
        atomic_exchange(&srv->monitor_asleep, false)) {
        os_event_signal(srv->os, &srv->monitor_event);
    }
}

/* worker_run - run one session while publishing the token; afterwards w->poller is NULL if the
 * poller was taken. */
static void worker_run(Worker *w, Session *s)
{
    Poller *p = w->poller;
    if (s->send_queued || p->send_count == POLLER_SENDS_MAX) {
        poller_send_due(p); /* the list holds no running session */
    }
    w->token = ++p->token;
    atomic_store(&p->in_session, w->token);
    worker_watched(w->server);
    for (;;) {
        session_run(s, w);
        if (s->send_due && worker_gather(w, s)) {
            return;
        }
        if (s->state == SESSION_CLOSED) {
            session_bury(p, s);
            break;
        }
        uint32_t running = 1;
        if (atomic_compare_exchange_strong(&s->run_state, &running, 0)) {
            break;
        }
        atomic_store(&s->run_state, 1);
    }
    uint64_t token = w->token;
    if (w->poller != NULL && !atomic_compare_exchange_strong(&p->in_session, &token, 0)) {
        w->poller = NULL;
    }
}

/* session_claim - the event's worker becomes the session's runner, unless another one is at it (it
 * will see to it). */
static bool session_claim(Session *s)
{
    for (;;) {
        uint32_t state = 0;
        if (atomic_compare_exchange_strong(&s->run_state, &state, 1)) {
            return true;
        }
        if (state >= 2 || atomic_compare_exchange_strong(&s->run_state, &state, 2)) {
            return false;
        }
    }
}

/* poller_release_flushed - run the sessions whose replies the log has released; false when the
 * poller was lost. */
static bool poller_release_flushed(Worker *w)
{
    Poller *p = w->poller;
    Server *srv = p->server;
    while (atomic_load(&p->waiting_count) != 0) {
        Lsn flushed = wal_flushed(srv->engine->wal);
        p->flushed_seen = flushed;
        Session *ready = NULL;
        os_mutex_lock(srv->os, &p->wait_mutex);
        LIST_FOREACH (n, &p->waiting) {
            Session *s = LIST_ITEM(n, Session, wait_link);
            if (s->hold_lsn <= flushed) {
                ready = s;
                list_remove(&s->wait_link);
                atomic_fetch_sub(&p->waiting_count, 1);
                break;
            }
        }
        os_mutex_unlock(srv->os, &p->wait_mutex);
        if (ready == NULL) {
            return true;
        }
        atomic_store(&ready->waiting_flush, false);
        if (session_claim(ready)) {
            worker_run(w, ready);
            if (w->poller == NULL) {
                return false;
            }
        }
    }
    return true;
}

/* poller_run_ready - run the sessions whose wait for a row may be over; false when the poller was
 * lost. */
static bool poller_run_ready(Worker *w)
{
    Poller *p = w->poller;
    Os *os = p->server->os;
    while (atomic_load(&p->ready_count) != 0) {
        Session *s = NULL;
        os_mutex_lock(os, &p->ready_mutex);
        if (!list_empty(&p->ready)) {
            s = LIST_ITEM(p->ready.next, Session, ready_link);
            list_remove(&s->ready_link);
            atomic_fetch_sub(&p->ready_count, 1);
        }
        os_mutex_unlock(os, &p->ready_mutex);
        if (s != NULL && session_claim(s)) {
            worker_run(w, s);
            if (w->poller == NULL) {
                return false;
            }
        }
    }
    return true;
}

/* poller_sleep - wait for events, unless something came by another way since we looked for it. */
static int poller_sleep(Poller *p)
{
    atomic_store(&p->sleeping, true);
    atomic_thread_fence(memory_order_seq_cst);
    bool due = atomic_load(&p->ready_count) != 0 ||
               (atomic_load(&p->waiting_count) != 0 &&
                wal_flushed(p->server->engine->wal) != p->flushed_seen);
    os_latch_none(); /* I10 */
    int n = epoll_wait(p->epoll_fd, p->events, POLLER_EVENTS_MAX, due ? 0 : 1000);
    atomic_store(&p->sleeping, false);
    return n;
}

/* poller_turn - one pass: pending events, then sleep for more. */
static void poller_turn(Worker *w)
{
    Poller *p = w->poller;
    struct epoll_event *events = p->events;
    poller_send_due(p); /* left by a worker the poller was taken from */
    while (p->next_event < p->event_count) {
        /* First those that others may wait for. */
        if (!poller_run_ready(w)) {
            return;
        }
        struct epoll_event *ev = &events[p->next_event++];
        Session *s = ev->data.ptr;
        if (s == NULL) {
            uint64_t n;
            ssize_t got = read(p->wake_fd, &n, sizeof(n));
            (void)got;
            atomic_store(&p->wake_pending, false);
            continue;
        }
        if (ev->events & (uint32_t)(EPOLLRDHUP | EPOLLHUP | EPOLLERR)) {
            session_peer_closed(s);
        }
        if (session_claim(s)) {
            worker_run(w, s);
            if (w->poller == NULL) {
                return;
            }
        }
    }
    do {
        if (!poller_release_flushed(w) || !poller_run_ready(w)) {
            return;
        }
    } while (atomic_load(&p->waiting_count) != 0 &&
             wal_flushed(p->server->engine->wal) != p->flushed_seen);
    poller_send_due(p);
    poller_free_dead(p);
    int n = poller_sleep(p);
    p->next_event = 0;
    p->event_count = n < 0 ? 0 : n;
}

/* worker_retire - a spare that was not needed for long ends, unless it has just been given a
 * poller.
 */
static bool worker_retire(Worker *w)
{
    Server *srv = w->server;
    os_mutex_lock(srv->os, &srv->spares_mutex);
    bool ends = w->poller == NULL && srv->spare_count > SPARES_KEPT;
    if (ends) {
        list_remove(&w->spare_link);
        srv->spare_count--;
        w->ended = true;
        atomic_fetch_add(&srv->ended_workers, 1);
    }
    os_mutex_unlock(srv->os, &srv->spares_mutex);
    return ends;
}

/* workers_reap - join the threads that have ended. */
static void workers_reap(Server *srv)
{
    while (atomic_load(&srv->ended_workers) != 0) {
        Worker *w = NULL;
        os_mutex_lock(srv->os, &srv->spares_mutex);
        for (uint32_t i = 0; i < srv->worker_count && w == NULL; i++) {
            if (srv->workers[i]->ended) {
                w = srv->workers[i];
                srv->workers[i] = srv->workers[--srv->worker_count];
            }
        }
        os_mutex_unlock(srv->os, &srv->spares_mutex);
        ASSERT(w != NULL);
        atomic_fetch_sub(&srv->ended_workers, 1);
        os_thread_join(w->thread);
        mem_free(w->recv_buf);
        mem_free(w);
    }
}

/* worker_wait_poller - be a spare until a poller is assigned, the server stops or nothing came for
 * long; false: the thread is to end. */
static bool worker_wait_poller(Worker *w)
{
    Server *srv = w->server;
    uint32_t idle = 0;
    os_mutex_lock(srv->os, &srv->spares_mutex);
    list_push_front(&srv->spares, &w->spare_link);
    srv->spare_count++;
    os_mutex_unlock(srv->os, &srv->spares_mutex);
    for (;;) {
        uint32_t seen = os_event_value(&w->event);
        os_mutex_lock(srv->os, &srv->spares_mutex);
        Poller *p = w->poller;
        os_mutex_unlock(srv->os, &srv->spares_mutex);
        if (p != NULL) {
            return true;
        }
        if (atomic_load(&srv->stopping)) {
            return false;
        }
        if (!os_event_wait(srv->os, &w->event, seen, SPARE_SLEEP_US)) {
            arena_thread_end(); /* idle for long: its memory is of use to others */
            if (++idle >= SPARE_SLEEPS_MAX && worker_retire(w)) {
                return false;
            }
        }
    }
}

static void worker_main(void *arg)
{
    Worker *w = arg;
    while (!atomic_load(&w->server->stopping)) {
        if (w->poller == NULL && !worker_wait_poller(w)) {
            break;
        }
        poller_turn(w);
    }
}

/* monitor_look - one tick: take pollers from workers that have been in one session since the last
 * one; true when there was anything to watch. */
static bool monitor_look(Server *srv)
{
    bool busy = atomic_load(&srv->timed_sessions) != 0 || atomic_load(&srv->parked_sessions) != 0 ||
                atomic_load(&srv->closed_peers) != 0;
    for (uint32_t i = 0; i < srv->poller_count; i++) {
        Poller *p = &srv->pollers[i];
        uint64_t token = atomic_load(&p->in_session);
        if (token != 0 && token == p->monitor_token &&
            atomic_compare_exchange_strong(&p->in_session, &token, 0)) {
            poller_give_away(srv, p);
        }
        busy |= token != 0;
        p->monitor_token = token;
    }
    server_check_timeouts(srv, os_mono_us(srv->os));
    workers_reap(srv);
    return busy;
}

/* monitor_main - look every tick; sleep when nothing ran for a while, until a worker runs a session
 * again (worker_watched). */
static void monitor_main(void *arg)
{
    Server *srv = arg;
    uint32_t idle_ticks = 0;
    while (!atomic_load(&srv->stopping)) {
        os_sleep_us(srv->os, MONITOR_TICK_US);
        idle_ticks = monitor_look(srv) ? 0 : idle_ticks + 1;
        if (idle_ticks < MONITOR_IDLE_TICKS) {
            continue;
        }
        idle_ticks = 0;
        uint32_t seen = os_event_value(&srv->monitor_event);
        atomic_store(&srv->monitor_asleep, true);
        /* A worker publishes its session before it looks whether we sleep. */
        if (!monitor_look(srv) && !atomic_load(&srv->stopping)) {
            (void)os_event_wait(srv->os, &srv->monitor_event, seen, MONITOR_SLEEP_US);
        }
        atomic_store(&srv->monitor_asleep, false);
    }
}

Status poller_add(Cx *cx, Poller *p, Session *s)
{
    struct epoll_event ev = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = s};
    if (epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, s->fd, &ev) != 0) {
        return err_set(cx, ERRCODE_INSUFFICIENT_RESOURCES, "could not watch a connection: errno %d",
                       errno);
    }
    return ST_OK;
}

void poller_arm_write(Session *s, bool on)
{
    if (s->write_armed == on) {
        return;
    }
    s->write_armed = on;
    struct epoll_event ev = {
        .events = EPOLLIN | EPOLLRDHUP | EPOLLET | (on ? (uint32_t)EPOLLOUT : 0u), .data.ptr = s};
    (void)epoll_ctl(s->poller->epoll_fd, EPOLL_CTL_MOD, s->fd, &ev);
}

static void poller_wake(Poller *p)
{
    if (!atomic_exchange(&p->wake_pending, true)) {
        uint64_t one = 1;
        ssize_t put = write(p->wake_fd, &one, sizeof(one));
        (void)put;
    }
}

/* poller_nudge - something is to be done that is no event: an owner that does not sleep will look
 * for it before it does. */
static void poller_nudge(Poller *p)
{
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load(&p->sleeping)) {
        poller_wake(p);
    }
}

void poller_make_ready(void *session)
{
    Session *s = session;
    Poller *p = s->poller;
    Os *os = p->server->os;
    os_mutex_lock(os, &p->ready_mutex);
    atomic_store(&s->park_woken, true);
    if (list_empty(&s->ready_link)) {
        list_push_back(&p->ready, &s->ready_link);
        atomic_fetch_add(&p->ready_count, 1);
    }
    os_mutex_unlock(os, &p->ready_mutex);
    poller_nudge(p);
}

void poller_forget_ready(Session *s)
{
    Poller *p = s->poller;
    Os *os = p->server->os;
    os_mutex_lock(os, &p->ready_mutex);
    if (!list_empty(&s->ready_link)) {
        list_remove(&s->ready_link);
        atomic_fetch_sub(&p->ready_count, 1);
    }
    os_mutex_unlock(os, &p->ready_mutex);
}

bool poller_wait_flush(Poller *p, Session *s)
{
    Server *srv = p->server;
    atomic_store(&s->waiting_flush, true);
    os_mutex_lock(srv->os, &p->wait_mutex);
    list_push_back(&p->waiting, &s->wait_link);
    atomic_fetch_add(&p->waiting_count, 1);
    os_mutex_unlock(srv->os, &p->wait_mutex);
    wal_flush_request(srv->engine->wal, s->hold_lsn);
    if (wal_flushed(srv->engine->wal) < s->hold_lsn) {
        return true;
    }
    /* The log got there between the check and the queueing: take it back unless the owner already
     * has. */
    os_mutex_lock(srv->os, &p->wait_mutex);
    bool queued = s->wait_link.next != &s->wait_link;
    if (queued) {
        list_remove(&s->wait_link);
        atomic_fetch_sub(&p->waiting_count, 1);
    }
    os_mutex_unlock(srv->os, &p->wait_mutex);
    if (queued) {
        atomic_store(&s->waiting_flush, false);
    }
    return !queued;
}

void poller_on_flush(void *server, Lsn flushed)
{
    Server *srv = server;
    (void)flushed;
    for (uint32_t i = 0; i < srv->poller_count; i++) {
        if (atomic_load(&srv->pollers[i].waiting_count) != 0) {
            poller_nudge(&srv->pollers[i]);
        }
    }
}

Status pollers_start(Cx *cx, Server *srv, uint32_t count)
{
    srv->pollers = mem_zalloc("poller", count * sizeof(Poller));
    list_init(&srv->spares);
    for (uint32_t i = 0; i < count; i++) {
        Poller *p = &srv->pollers[i];
        p->server = srv;
        p->number = i;
        p->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
        p->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        p->sends = os_sends_create();
        p->events = mem_alloc("poller", POLLER_EVENTS_MAX * sizeof(struct epoll_event));
        list_init(&p->waiting);
        list_init(&p->ready);
        os_mutex_init(&p->ready_mutex, "poller.ready", RANK_READY);
        list_init(&p->dead);
        os_mutex_init(&p->wait_mutex, "poller.waiting", RANK_WAITING);
        struct epoll_event ev = {.events = EPOLLIN, .data.ptr = NULL};
        if (p->epoll_fd < 0 || p->wake_fd < 0 ||
            epoll_ctl(p->epoll_fd, EPOLL_CTL_ADD, p->wake_fd, &ev) != 0) {
            return err_set(cx, ERRCODE_INSUFFICIENT_RESOURCES,
                           "could not create an event queue: errno %d", errno);
        }
    }
    srv->poller_count = count;
    os_mutex_lock(srv->os, &srv->spares_mutex);
    Status st = ST_OK;
    for (uint32_t i = 0; i < count && st == ST_OK; i++) {
        st = worker_spawn(cx, srv, &srv->pollers[i]);
    }
    os_mutex_unlock(srv->os, &srv->spares_mutex);
    TRY(st);
    return os_thread_create(cx, srv->os, "monitor", monitor_main, srv, &srv->monitor);
}

void pollers_stop(Server *srv)
{
    for (uint32_t i = 0; i < srv->poller_count; i++) {
        poller_wake(&srv->pollers[i]);
    }
    if (srv->monitor != NULL) {
        os_event_signal(srv->os, &srv->monitor_event);
        os_thread_join(srv->monitor);
    }
    /* Workers may still be spawned by workers that give pollers away: walk by index, without the
     * lock while joining. */
    for (uint32_t i = 0;; i++) {
        os_mutex_lock(srv->os, &srv->spares_mutex);
        Worker *w = i < srv->worker_count ? srv->workers[i] : NULL;
        os_mutex_unlock(srv->os, &srv->spares_mutex);
        if (w == NULL) {
            break;
        }
        os_event_signal(srv->os, &w->event);
        os_thread_join(w->thread);
        mem_free(w->recv_buf);
        mem_free(w);
    }
    mem_free(srv->workers);
}

void pollers_free(Server *srv)
{
    for (uint32_t i = 0; i < srv->poller_count; i++) {
        poller_free_dead(&srv->pollers[i]);
        (void)close(srv->pollers[i].epoll_fd);
        (void)close(srv->pollers[i].wake_fd);
        os_sends_free(srv->pollers[i].sends);
        mem_free(srv->pollers[i].events);
    }
    mem_free(srv->pollers);
}

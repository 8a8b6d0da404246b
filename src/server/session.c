/*
 * session.c - one connection: bytes in, messages processed, bytes out.
 *
 * A session is run whenever something came, or the log released its replies. It works off whole
 * messages, collects the replies in `out`, and sends them when the log is flushed far enough for
 * everything they tell (hold_lsn). While replies are held nothing more is read, so memory stays
 * bounded. An incomplete message waits in `in`; otherwise the bytes are parsed in the worker's own
 * buffer and the idle session keeps nothing.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "func/run.h"
#include "server/server_internal.h"

#define SESSION_OUT_MAX     ((size_t)1 << 31)
#define STATEMENT_ARENA_MAX ((size_t)1 << 30)

static void session_notice(void *arg, const Err *notice)
{
    Session *s = arg;
    if (notice->severity == ERR_INFO || notice->severity >= s->notices_min) {
        reply_error(&s->out, notice, true);
    }
}

Status session_create(Cx *cx, Server *srv, Poller *p, int fd, bool is_unix,
                      const struct sockaddr_storage *client)
{
    Session *s = mem_zalloc("session", sizeof(*s));
    s->server = srv;
    s->poller = p;
    s->fd = fd;
    s->is_unix = is_unix;
    session_name_client(s, client);
    list_init(&s->link);
    list_init(&s->wait_link);
    buf_init(&s->in, (size_t)PROTO_MESSAGE_MAX + 1024);
    buf_init(&s->out, SESSION_OUT_MAX);
    arena_init(&s->arena, NULL, "session", 0);
    arena_init(&s->txn_arena, NULL, "transaction", 0);
    s->fk_deferred.arena = &s->txn_arena;
    arena_init(&s->stmt_arena, NULL, "statement", STATEMENT_ARENA_MAX);
    s->cx = (Cx){.err = &s->err,
                 .arena = &s->stmt_arena,
                 .cancel = &s->cancel,
                 .notice = session_notice,
                 .notice_arg = s,
                 .blocking = worker_blocking,
                 .blocking_arg = s};
    s->park = (TxnPark){.wake = poller_make_ready, .arg = s};
    list_init(&s->ready_link);
    map_init(&s->statements);
    map_init(&s->portals);
    s->backend_start_us = os_now_us(srv->os);
    /* Until the client has said who it is: authentication_timeout (settings_apply goes on). */
    s->timed = true;
    atomic_fetch_add(&srv->timed_sessions, 1);
    s->idle_timeout_us = srv->authentication_timeout_us;
    atomic_store(&s->idle_allowed_us, s->idle_timeout_us);
    atomic_store(&s->idle_start_us, os_mono_us(srv->os));
    activity_init(s);
    os_random(srv->os, &s->cancel_key, sizeof(s->cancel_key));
    os_mutex_lock(srv->os, &srv->mutex);
    s->pid = ++srv->next_pid;
    advisory_owner_init(&s->advisory, srv->engine->txns, s->pid);
    list_push_back(&srv->sessions, &s->link);
    (void)map_put_int(&srv->sessions_by_pid, (uint64_t)s->pid, s);
    os_mutex_unlock(srv->os, &srv->mutex);
    atomic_fetch_add(&srv->session_count, 1);
    atomic_fetch_add(&p->session_count, 1);
    atomic_store(&s->run_state, 0);
    Status st = poller_add(cx, p, s);
    if (st != ST_OK) {
        session_close(s);
        session_free(s);
    }
    return st;
}

void session_peer_closed(Session *s)
{
    int64_t none = 0;
    atomic_store(&s->peer_closed, true);
    if (atomic_compare_exchange_strong(&s->peer_closed_us, &none, os_mono_us(s->server->os))) {
        atomic_fetch_add(&s->server->closed_peers, 1);
    }
}

/* session_watch_peer - what runs for a client that is gone ends. It may have been sent just before
 * the client closed, without waiting for an answer, so it has some time. */
static void session_watch_peer(Session *s, int64_t now_us)
{
    int64_t since = atomic_load(&s->peer_closed_us);
    if (since == 0 || s->client_check_us <= 0 || now_us - since < s->client_check_us) {
        return;
    }
    bool first = (atomic_fetch_or(&s->cancel, CX_CANCEL_GONE) & CX_CANCEL_GONE) == 0;
    if (first && atomic_load(&s->run_state) == 0 && atomic_load(&s->parked_since_us) == 0) {
        poller_make_ready(s); /* nothing runs: it has replies that nobody takes */
    }
}

void session_close(Session *s)
{
    Server *srv = s->server;
    s->close_after_send = true;
    session_park_end(s);
    copy_abort(s);
    session_abort(s);
    activity_session_ends(s);
    advisory_unlock_all(&s->advisory);
    session_notify_close(s);
    portals_drop_all(s);
    session_drop_statements(s);
    session_temp_end(s);
    cat_view_release_pins(&s->view);
    settings_release(s);
    os_mutex_lock(srv->os, &srv->mutex);
    list_remove(&s->link);
    (void)map_remove_int(&srv->sessions_by_pid, (uint64_t)s->pid);
    os_mutex_unlock(srv->os, &srv->mutex);
    if (s->timed) {
        atomic_fetch_sub(&srv->timed_sessions, 1);
    }
    if (atomic_load(&s->peer_closed_us) != 0) {
        atomic_fetch_sub(&srv->closed_peers, 1);
    }
    poller_forget_ready(s);
    tls_end(s);
    (void)close(s->fd);
    atomic_fetch_sub(&s->poller->session_count, 1);
    atomic_fetch_sub(&srv->session_count, 1);
}

void session_free(Session *s)
{
    buf_release(&s->in);
    buf_release(&s->out);
    map_release(&s->statements);
    map_release(&s->portals);
    map_release(&s->sequence_values);
    func_manager_free(s->functions);
    mem_free(s->scram);
    mem_free(s->rest_sql);
    activity_release(s);
    arena_release(&s->stmt_arena);
    arena_release(&s->txn_arena);
    arena_release(&s->arena);
    mem_free(s);
}

void session_terminate(Session *s)
{
    atomic_fetch_or(&s->cancel, CX_CANCEL_TERMINATE);
    /* Wakes the session if it is idle: its socket reports the end of input. */
    (void)shutdown(s->fd, SHUT_RD);
}

bool server_signal_session(Server *srv, int32_t pid, int32_t key, bool check_key, uint32_t bits)
{
    os_mutex_lock(srv->os, &srv->mutex);
    Session *s = map_get_int(&srv->sessions_by_pid, (uint64_t)pid);
    bool found = s != NULL && (!check_key || s->cancel_key == key);
    if (found) {
        atomic_fetch_or(&s->cancel, bits);
        if (bits & CX_CANCEL_TERMINATE) {
            session_terminate(s);
        }
    }
    os_mutex_unlock(srv->os, &srv->mutex);
    return found;
}

bool server_end_idle(void *server, int32_t pid)
{
    Server *srv = server;
    os_mutex_lock(srv->os, &srv->mutex);
    Session *s = map_get_int(&srv->sessions_by_pid, (uint64_t)pid);
    bool idle = s != NULL && atomic_load(&s->statement_start_us) == 0 &&
                atomic_load(&s->run_state) == 0 && atomic_load(&s->parked_since_us) == 0;
    if (idle) {
        log_line(LOG_WARNING,
                 "the idle transaction of process %d keeps more log than max_wal_retained: its "
                 "session is ended",
                 (int)pid);
        atomic_fetch_or(&s->cancel, CX_CANCEL_TERMINATE);
        (void)shutdown(s->fd, SHUT_RD);
    }
    os_mutex_unlock(srv->os, &srv->mutex);
    return idle;
}

void server_check_timeouts(Server *srv, int64_t now_us)
{
    if (atomic_load(&srv->timed_sessions) == 0 && atomic_load(&srv->parked_sessions) == 0 &&
        atomic_load(&srv->closed_peers) == 0) {
        return;
    }
    os_mutex_lock(srv->os, &srv->mutex);
    LIST_FOREACH (n, &srv->sessions) {
        Session *s = LIST_ITEM(n, Session, link);
        int64_t start = atomic_load(&s->statement_start_us);
        if (start != 0 && s->statement_timeout_us > 0 && now_us - start > s->statement_timeout_us) {
            atomic_fetch_or(&s->cancel, CX_CANCEL_TIMEOUT);
        }
        int64_t idle = atomic_load(&s->idle_start_us);
        int64_t allowed = atomic_load(&s->idle_allowed_us);
        if (idle != 0 && allowed > 0 && now_us - idle > allowed &&
            !atomic_exchange(&s->idle_expired, true)) {
            (void)shutdown(s->fd, SHUT_RD); /* wakes it: the end of its input */
        }
        session_watch_peer(s, now_us);
        session_park_watch(s, now_us);
    }
    os_mutex_unlock(srv->os, &srv->mutex);
}

/* ---- sending ---- */

/* out_sent - nothing is left of out. */
static void out_sent(Session *s)
{
    s->out_pos = 0;
    s->hold_lsn = 0;
    if (s->out.size > SESSION_OUT_KEEP_BYTES) {
        buf_release(&s->out);
    } else {
        buf_clear(&s->out);
    }
}

/* send_some - as much of out as the socket takes; *blocked_out when it takes no more now. False:
 * connection gone. */
static bool send_some(Session *s, bool *blocked_out)
{
    *blocked_out = false;
    while (s->out_pos < s->out.len) {
        const uint8_t *p = s->out.data + s->out_pos;
        size_t len = s->out.len - s->out_pos;
        ssize_t n = s->tls != NULL ? tls_send(s, p, len) : send(s->fd, p, len, MSG_NOSIGNAL);
        if (n > 0) {
            s->out_pos += (size_t)n;
        } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            *blocked_out = true;
            return true;
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else {
            return false;
        }
    }
    out_sent(s);
    return true;
}

bool session_sent(Session *s, int64_t result)
{
    if (result == (int64_t)(s->out.len - s->out_pos)) {
        out_sent(s);
        return true;
    }
    if (result > 0) {
        s->out_pos += (size_t)result;
    }
    return session_send(s); /* meets the same error, or the socket is full */
}

bool session_send(Session *s)
{
    bool blocked;
    if (!send_some(s, &blocked)) {
        return false;
    }
    poller_arm_write(s, blocked);
    return true;
}

Status session_send_wait(Cx *cx, Session *s)
{
    Wal *wal = s->server->engine->wal;
    if (s->txn != NULL) {
        session_note_reads(s, s->txn);
    }
    if (s->hold_lsn > wal_flushed(wal)) {
        worker_blocking(s, CX_BLOCKING_WAIT);
        TRY(wal_flush_wait(cx, wal, s->hold_lsn));
    }
    for (;;) {
        bool blocked;
        if (!send_some(s, &blocked)) {
            s->state = SESSION_CLOSED;
            Status st = err_set(cx, ERRCODE_CONNECTION_FAILURE, "could not send data to client");
            return st;
        }
        if (!blocked) {
            return ST_OK;
        }
        worker_blocking(s, CX_BLOCKING_WAIT);
        struct pollfd pfd = {.fd = s->fd, .events = POLLOUT};
        os_latch_none(); /* I10 */
        (void)poll(&pfd, 1, 200);
        TRY(cx_check(cx));
    }
}

void session_say_goodbye(Session *s)
{
    bool blocked;
    bool terminate = atomic_load(&s->cancel) & CX_CANCEL_TERMINATE;
    if (s->state != SESSION_READY || (!terminate && !atomic_load(&s->idle_expired)) ||
        s->hold_lsn > wal_flushed(s->server->engine->wal)) {
        return;
    }
    if (terminate) {
        st_ignore(cx_check_slow(&s->cx, CX_CANCEL_TERMINATE));
        if (s->copy != NULL) {
            st_ignore(err_context(&s->cx, "COPY %s, line %llu", s->copy->table->name,
                                  (unsigned long long)s->copy->reader.line + 1));
        }
    } else if (s->in_block) {
        st_ignore(err_set(&s->cx, ERRCODE_IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
                          "terminating connection due to idle-in-transaction timeout"));
    } else {
        st_ignore(err_set(&s->cx, ERRCODE_IDLE_SESSION_TIMEOUT,
                          "terminating connection due to idle-session timeout"));
    }
    s->err.severity = ERR_FATAL;
    reply_error(&s->out, &s->err, false);
    (void)send_some(s, &blocked);
}

/* ---- processing ---- */

/* session_fatal - tell the client why, then close. */
static void session_fatal(Session *s)
{
    s->fatal_told = true;
    s->err.severity = ERR_FATAL;
    reply_error(&s->out, &s->err, false);
    s->close_after_send = true;
}

/* session_message - one message of the client by state: authentication, COPY data, skipping to
 * Sync after an error, then by type. */
static void session_message(Session *s, ProtoMsg *m)
{
    if (s->state == SESSION_AUTH) {
        if (session_auth_message(&s->cx, s, m) != ST_OK) {
            session_fatal(s);
        }
        return;
    }
    if (s->copy != NULL && m->type != 'X') {
        copy_message(s, m);
        return;
    }
    if (s->skip_to_sync && m->type != 'S' && m->type != 'X') {
        return;
    }
    s->waits_for_query = false;
    switch (m->type) {
    case 'Q': {
        const char *sql = msg_cstring(m);
        if (msg_end(&s->cx, m) != ST_OK) {
            session_statement_failed(s);
            reply_error(&s->out, &s->err, false);
            session_ready_for_query(s);
            return;
        }
        session_simple_query(s, slice_of(sql));
        return;
    }
    case 'X':
        s->said_goodbye = true;
        s->close_after_send = true;
        return;
    case 'F': session_function_call(s, m); return;
    case 'd':
    case 'c':
    case 'f': return; /* left over from a COPY that failed: ignored, as the protocol says */
    case 'p':
        st_ignore(err_set(&s->cx, ERRCODE_PROTOCOL_VIOLATION, "unexpected password message"));
        session_fatal(s);
        return;
    default: session_extended_message(s, m);
    }
}

/* startup_bytes - the untyped packets before authentication; ST_BUSY when more bytes are needed. */
static Status startup_bytes(Session *s, const uint8_t *data, size_t len, size_t *used_out)
{
    *used_out = 0;
    if (len < 4) {
        return ST_BUSY;
    }
    uint32_t n;
    memcpy(&n, data, 4);
    n = __builtin_bswap32(n);
    if (n < 8 || n > PROTO_STARTUP_MAX) {
        return err_set(&s->cx, ERRCODE_PROTOCOL_VIOLATION, "invalid length of startup packet");
    }
    if (len < n) {
        return ST_BUSY;
    }
    *used_out = n;
    return session_startup(&s->cx, s, data, n);
}

/* session_consume - work off whole messages; returns the bytes used. Stops when replies must wait
 * for the log. */
static size_t session_consume(Session *s, const uint8_t *data, size_t len)
{
    size_t at = 0;
    while (!s->close_after_send && s->state != SESSION_CLOSED) {
        size_t used = 0, need = 0;
        Status st;
        ProtoMsg m;
        if (s->state == SESSION_STARTUP) {
            st = startup_bytes(s, data + at, len - at, &used);
            at += used;
            if (st == ST_OK) {
                arena_clear(&s->stmt_arena);
            }
            if (st == ST_OK && s->state == SESSION_TLS) {
                if (at < len) { /* put there by somebody in between */
                    st_ignore(err_set(&s->cx, ERRCODE_PROTOCOL_VIOLATION,
                                      "received unencrypted data after SSL request"));
                    s->close_after_send = true;
                }
                return len;
            }
        } else {
            st = msg_split(&s->cx, data + at, len - at, &m, &used, &need);
            if (st == ST_OK) {
                at += used;
                if (s->timed && s->state == SESSION_READY) {
                    atomic_store(&s->idle_start_us, 0);
                }
                session_message(s, &m);
                session_park_tried(s);
                arena_clear(&s->stmt_arena);
                if (session_parked(s)) {
                    return at - used; /* to be dispatched again */
                }
            }
        }
        if (st == ST_BUSY) {
            break;
        }
        if (st != ST_OK) {
            session_fatal(s);
            break;
        }
        if (s->hold_lsn > wal_flushed(s->server->engine->wal) ||
            s->out.len > SESSION_OUT_FLUSH_BYTES) {
            break; /* replies first */
        }
    }
    return at;
}

/* session_keep - remember bytes that could not be used yet. */
static void session_keep(Session *s, const uint8_t *data, size_t len, bool in_buffer, size_t used)
{
    if (in_buffer) {
        memmove(s->in.data, s->in.data + used, s->in.len - used);
        s->in.len -= used;
        if (s->in.len == 0) {
            buf_release(&s->in);
        }
    } else {
        buf_put(&s->in, data + used, len - used);
    }
}

/* session_note_rows - replies are about to leave while their transaction goes on: the rows among
 * them wait for the commits they show, and so does the news that there are no rows. The tag of a
 * change of rows shows nothing that matters: what its transaction did with them counts only once
 * it has committed, later in the log. */
static void session_note_rows(Session *s)
{
    if (s->rows_told && s->txn != NULL) {
        session_note_reads(s, s->txn);
    }
}

/* session_flush_out - send what may be sent. False: stop running for now (held, blocked or closed).
 */
static bool session_flush_out(Session *s)
{
    session_note_rows(s);
    if (s->out.len == 0) {
        if (s->close_after_send) {
            s->state = SESSION_CLOSED;
        }
        return s->state != SESSION_CLOSED;
    }
    if (s->hold_lsn > wal_flushed(s->server->engine->wal) && poller_wait_flush(s->poller, s)) {
        return false;
    }
    if (!session_send(s)) {
        s->state = SESSION_CLOSED;
        return false;
    }
    if (s->out.len != 0) {
        /* The client reads slowly: EPOLLOUT goes on. Not for one that is to go. */
        if (atomic_load(&s->cancel) & (CX_CANCEL_TERMINATE | CX_CANCEL_GONE)) {
            s->state = SESSION_CLOSED;
        }
        return false;
    }
    if (s->close_after_send) {
        s->state = SESSION_CLOSED;
    }
    return s->state != SESSION_CLOSED;
}

/* session_gather - at the end of the input: leave the replies to be sent with those of others that
 * ran in the same turn. */
static bool session_gather(Session *s)
{
    session_note_rows(s);
    s->send_due = s->out.len != 0 && s->tls == NULL && s->out.len <= SESSION_OUT_GATHER_MAX &&
                  s->out_pos == 0 && !s->close_after_send && !s->write_armed &&
                  s->state == SESSION_READY && s->hold_lsn <= wal_flushed(s->server->engine->wal);
    return s->send_due;
}

/* session_stay - the session waits for a row; drained: the socket was found empty. */
static void session_stay(Session *s, bool drained)
{
    s->park_drained = drained;
    s->input_due = true;
}

/* session_go_on - the wait for a row may be over: the statement, then the messages behind it. True:
 * look at the socket as well. */
static bool session_go_on(Session *s)
{
    if (!session_park_over(s)) {
        session_stay(s, false); /* something came */
        return false;
    }
    session_park_retry(s);
    size_t used = session_consume(s, s->in.data, s->in.len);
    session_keep(s, s->in.data, s->in.len, true, used);
    if (session_parked(s)) {
        session_stay(s, s->park_drained);
        return false;
    }
    s->input_due = !s->park_drained || (s->in.len != 0 && used != 0);
    if (!s->input_due && session_gather(s)) {
        return false;
    }
    return session_flush_out(s) && s->input_due;
}

/* session_recv - as recv; a TLS handshake under way goes on first. */
static ssize_t session_recv(Session *s, uint8_t *bytes)
{
    if (s->state == SESSION_TLS) {
        Status st = tls_handshake(&s->cx, s);
        if (st == ST_BUSY) {
            errno = EAGAIN;
            return -1;
        }
        if (st != ST_OK) {
            log_line(LOG_INFO, "%s (%s)", s->err.message, s->client_address);
            errno = ECONNRESET;
            return -1;
        }
    }
    return s->tls != NULL ? tls_recv(s, bytes, SERVER_RECV_BYTES)
                          : recv(s->fd, bytes, SERVER_RECV_BYTES, 0);
}

void session_run(Session *s, Worker *w)
{
    s->worker = w;
    if (atomic_load(&s->waiting_flush)) {
        s->input_due = true;
        return; /* replies are held: the log writer's release runs the session again */
    }
    if (s->waits_for_query) {
        session_take_mail(s);
    }
    if (session_parked(s)) {
        if (!session_go_on(s)) {
            return;
        }
    } else if (!s->input_due && s->in.len == 0 && s->out.len != 0 && session_gather(s)) {
        return; /* released by the log, and nothing came meanwhile */
    } else if (!session_flush_out(s)) {
        return;
    }
    s->input_due = true;
    for (;;) {
        bool in_buffer = s->in.len != 0;
        const uint8_t *data = s->in.data;
        size_t len = s->in.len, used = 0;
        bool drained = false;
        if (in_buffer) {
            used = session_consume(s, data, len);
            session_keep(s, data, len, true, used);
        }
        if (session_parked(s)) {
            session_stay(s, false);
            return;
        }
        if (!in_buffer || used == 0) {
            ssize_t n = session_recv(s, w->recv_buf);
            if (n == 0) {
                session_say_goodbye(s);
            }
            if (n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
                s->state = SESSION_CLOSED;
                return;
            }
            if (n < 0) {
                s->input_due = errno == EINTR;
                return;
            }
            /* Edge-triggered: bytes and an end that came together made one event. */
            drained = n < (ssize_t)SERVER_RECV_BYTES && !atomic_load(&s->peer_closed) &&
                      s->tls == NULL; /* which may have read more of the socket */
            if (in_buffer) {
                buf_put(&s->in, w->recv_buf, (size_t)n);
                continue;
            }
            used = session_consume(s, w->recv_buf, (size_t)n);
            if (used < (size_t)n) {
                session_keep(s, w->recv_buf, (size_t)n, false, used);
            }
            if (session_parked(s)) {
                session_stay(s, drained);
                return;
            }
        }
        /* Edge-triggered: new bytes make a new event. */
        s->input_due = !drained || (s->in.len != 0 && used != 0);
        if (!s->input_due && session_gather(s)) {
            return;
        }
        if (!session_flush_out(s)) {
            return;
        }
        if (!s->input_due) {
            return;
        }
    }
}

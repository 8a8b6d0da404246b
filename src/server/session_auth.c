/*
 * session_auth.c - the startup packet, authentication, and what a session begins with.
 *
 * On the Unix socket the operating-system user that runs the server may log in as any role;
 * everybody else, everywhere, by SCRAM-SHA-256. Unknown roles play the exchange to its end, so
 * nothing tells them from wrong passwords.
 */
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "server/server_internal.h"

static Status auth_failed(Cx *cx, Session *s)
{
    log_line(LOG_WARNING, "password authentication failed for user \"%s\" from %s", s->user,
             s->client_address);
    Status st = err_set(cx, ERRCODE_INVALID_PASSWORD,
                        "password authentication failed for user \"%s\"", s->user);
    cx->err->severity = ERR_FATAL;
    return st;
}

/* auth_ok - who it is is known; what follows may still refuse the session. */
static void auth_ok(Session *s)
{
    size_t at = reply_begin(&s->out, 'R');
    buf_put_u32be(&s->out, 0);
    reply_end(&s->out, at);
}

/* session_ready - authenticated: find the database, apply settings, send what a client waits for.
 */
static Status session_ready(Cx *cx, Session *s)
{
    Server *srv = s->server;
    TRY(session_login(cx, s));
    TRY(settings_begun_check(cx, s));
    TRY(session_begin_settings(cx, s));
    TRY(session_role_apply(cx, s));
    s->func = (FuncSession){.view = &s->view,
                            .engine = srv->engine,
                            .user_name = s->current_user_name,
                            .session_user_name = s->session_user_name,
                            .database_name = s->database,
                            .application_name = s->application_name,
                            .backend_pid = s->pid,
                            .server_start_us = srv->start_us - UNIX_TO_PG_EPOCH_US,
                            .backend_start_us = s->backend_start_us - UNIX_TO_PG_EPOCH_US,
                            .client_address = s->is_unix ? NULL : s->client_address,
                            .client_port = s->client_port,
                            .server_port = srv->options.port,
                            .setting_get = func_setting_get,
                            .setting_set = func_setting_set,
                            .setting_tell = func_setting_tell,
                            .signal_backend = func_signal_backend,
                            .backends = func_backends,
                            .backend_exists = func_backend_exists,
                            .prepared_statements = func_prepared_statements,
                            .cursors = func_cursors,
                            .statement_stats = func_statement_stats,
                            .statement_info = func_statement_info,
                            .statement_reset = func_statement_reset,
                            .notify = func_notify,
                            .listening = func_listening,
                            .notify_usage = func_notify_usage,
                            .arg = s,
                            .sequence_values = &s->sequence_values,
                            .session_arena = &s->arena};
    s->env.session = &s->func;
    s->env.reg_out = func_reg_out;
    s->env.types = &FUNC_TYPES;
    s->env.search = &FUNC_TEXT_SEARCH;
    s->env.os = srv->os;
    session_functions_begin(s);
    TRY(settings_apply(cx, s));
    s->state = SESSION_READY;
    activity_session_begins(s);
    settings_report_all(s);
    size_t at = reply_begin(&s->out, 'K');
    buf_put_u32be(&s->out, (uint32_t)s->pid);
    buf_put_u32be(&s->out, (uint32_t)s->cancel_key);
    reply_end(&s->out, at);
    session_ready_for_query(s);
    return ST_OK;
}

static void ask_sasl(Session *s)
{
    size_t at = reply_begin(&s->out, 'R');
    buf_put_u32be(&s->out, 10);
    if (s->scram->binding_len != 0) {
        buf_put(&s->out, "SCRAM-SHA-256-PLUS", 19);
    }
    buf_put(&s->out, "SCRAM-SHA-256\0", 15);
    reply_end(&s->out, at);
    s->state = SESSION_AUTH;
}

/* startup_options - "-c name=value" words of the options parameter; backslash escapes a space. */
static Status startup_options(Cx *cx, Session *s, const char *options)
{
    char word[512];
    bool expect = false;
    for (const char *p = options; *p != '\0';) {
        while (*p == ' ') {
            p++;
        }
        size_t n = 0;
        for (; *p != '\0' && *p != ' '; p++) {
            if (*p == '\\' && p[1] != '\0') {
                p++;
            }
            if (n + 1 < sizeof(word)) {
                word[n++] = *p;
            }
        }
        word[n] = '\0';
        const char *pair = word;
        if (!expect && strcmp(word, "-c") == 0) {
            expect = true;
            continue;
        }
        if (!expect && strncmp(word, "-c", 2) == 0) {
            pair = word + 2;
        } else if (!expect && strncmp(word, "--", 2) == 0) {
            pair = word + 2;
        } else if (!expect && n != 0) {
            return err_set(cx, ERRCODE_SYNTAX_ERROR,
                           "invalid command-line argument for server process: %s", word);
        }
        expect = false;
        char *eq = strchr(pair, '=');
        if (eq != NULL) {
            *eq = '\0';
            TRY(setting_assign(cx, s, pair, eq + 1, false, true));
        }
    }
    return ST_OK;
}

static Status startup_settings(Cx *cx, Session *s, const Startup *st)
{
    for (uint32_t i = 0; i < st->pair_count; i++) {
        if (strncmp(st->pairs[i].name, "_pq_.", 5) == 0) {
            continue; /* protocol extensions: none known, none needed */
        }
        TRY(setting_assign(cx, s, st->pairs[i].name, st->pairs[i].value, false, true));
    }
    return st->options != NULL ? startup_options(cx, s, st->options) : ST_OK;
}

/* peer_is_owner - does the operating-system user that runs the server sit at the other end of the
 * Unix socket? */
static bool peer_is_owner(const Session *s)
{
    struct ucred cred;
    socklen_t len = sizeof(cred);
    return s->is_unix && getsockopt(s->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 &&
           cred.uid == geteuid();
}

/* startup_session - the startup packet: role, database, limits and settings, then authentication,
 * or none for the owner of the server on its socket. */
static Status startup_session(Cx *cx, Session *s, const Startup *st)
{
    char *verifier;
    if (st->replication != NULL && strcmp(st->replication, "false") != 0 &&
        strcmp(st->replication, "0") != 0) {
        return err_unsupported(cx, "replication connections are not supported");
    }
    if (strlen(st->user) >= sizeof(s->user) || strlen(st->database) >= sizeof(s->database)) {
        return err_set(cx, ERRCODE_INVALID_NAME, "user or database name is too long");
    }
    (void)snprintf(s->user, sizeof(s->user), "%s", st->user);
    (void)snprintf(s->database, sizeof(s->database), "%s", st->database);
    if (atomic_load(&s->server->session_count) > s->server->max_connections) {
        return err_set(cx, ERRCODE_TOO_MANY_CONNECTIONS, "sorry, too many clients already");
    }
    cat_view_init(&s->view, s->server->catalog);
    if ((st->code & 0xffff) != 0 || st->unknown_count != 0) {
        reply_negotiate(&s->out, st);
    }
    bool by_scram;
    TRY(hba_check(cx, s, peer_is_owner(s), &by_scram));
    if (!by_scram) {
        auth_ok(s);
    }
    TRY(startup_settings(cx, s, st));
    settings_startup_done(s);
    if (!by_scram) {
        return session_ready(cx, s);
    }
    TRY(session_verifier(cx, s, &verifier));
    s->scram = mem_zalloc("scram", sizeof(*s->scram));
    scram_begin(s->scram, verifier, s->user, s->server->secret);
    if (s->tls_ready) {
        scram_offer_binding(s->scram, s->server->tls_binding, s->server->tls_binding_len);
    }
    ask_sasl(s);
    return ST_OK;
}

/* startup_tls - the answer to an SSLRequest; what comes after an "S" is TLS. */
static Status startup_tls(Cx *cx, Session *s)
{
    if (s->server->tls == NULL || s->is_unix || s->tls != NULL) {
        buf_putc(&s->out, 'N');
        return ST_OK;
    }
    TRY(tls_begin(cx, s));
    /* Nothing has been sent on this connection: there is room for one byte. */
    if (send(s->fd, "S", 1, MSG_NOSIGNAL) != 1) {
        return err_set(cx, ERRCODE_CONNECTION_FAILURE, "could not send data to client");
    }
    s->state = SESSION_TLS;
    return ST_OK;
}

Status session_startup(Cx *cx, Session *s, const uint8_t *packet, size_t len)
{
    Startup st;
    TRY(startup_parse(cx, packet, len, &st));
    switch (st.code) {
    case PROTO_SSL_CODE: return startup_tls(cx, s);
    case PROTO_GSSENC_CODE: buf_putc(&s->out, 'N'); return ST_OK;
    case PROTO_CANCEL_CODE:
        (void)server_signal_session(s->server, (int32_t)st.cancel_pid, (int32_t)st.cancel_key, true,
                                    CX_CANCEL_QUERY);
        s->state = SESSION_CLOSED;
        return ST_OK;
    default: return startup_session(cx, s, &st);
    }
}

/* sasl_payload - the SCRAM message inside a SASLInitialResponse or SASLResponse. */
static Status sasl_payload(Cx *cx, Session *s, ProtoMsg *m, Slice *out)
{
    if (s->scram->step == 0) {
        const char *mechanism = msg_cstring(m);
        s->scram->plus = s->scram->binding_len != 0 && strcmp(mechanism, "SCRAM-SHA-256-PLUS") == 0;
        if (!s->scram->plus && strcmp(mechanism, "SCRAM-SHA-256") != 0) {
            return err_set(cx, ERRCODE_PROTOCOL_VIOLATION,
                           "client selected an invalid SASL authentication mechanism");
        }
        uint32_t n = msg_u32(m);
        *out = msg_bytes(m, n == UINT32_MAX ? 0 : n);
    } else {
        *out = msg_bytes(m, (size_t)(m->end - m->at));
    }
    return msg_end(cx, m);
}

Status session_auth_message(Cx *cx, Session *s, ProtoMsg *m)
{
    Slice payload = {NULL, 0};
    uint8_t nonce[18];
    Buf reply;
    bool done = false;
    if (m->type != 'p') {
        return err_set(cx, ERRCODE_PROTOCOL_VIOLATION,
                       "expected SASL response, got message type %d", m->type);
    }
    TRY(sasl_payload(cx, s, m, &payload));
    os_random(s->server->os, nonce, sizeof(nonce));
    buf_init(&reply, 4096);
    Status st = scram_step(cx, s->scram, payload, nonce, &reply, &done);
    if (st == ST_OK) {
        size_t at = reply_begin(&s->out, 'R');
        buf_put_u32be(&s->out, done ? 12 : 11);
        buf_put(&s->out, reply.data, reply.len);
        reply_end(&s->out, at);
    }
    buf_release(&reply);
    if (st == ST_NOTFOUND) {
        return auth_failed(cx, s);
    }
    TRY(st);
    if (!done) {
        return ST_OK;
    }
    mem_free(s->scram);
    s->scram = NULL;
    auth_ok(s);
    return session_ready(cx, s);
}

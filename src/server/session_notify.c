/*
 * session_notify.c - LISTEN, UNLISTEN, NOTIFY.
 *
 * What a transaction says of channels waits in a list of its own until it commits; a savepoint's
 * part goes with it. At commit, under one mutex, the transaction is committed, its LISTENs take
 * effect and its messages go into the inboxes of all who listen, so messages come in the order of
 * commits and nobody who has listened misses one. A message is one block of memory however many
 * have it. A listener that waits for its client is run by its poller at once and holds no thread
 * until then; one that is busy takes its inbox when it is ready for the next query and in no
 * transaction. The message leaves only when the log is flushed as far as its commit.
 * Locking: Server.notify_mutex guards channels, inboxes and their count of bytes; it is held over
 * txn_commit, and poller_make_ready is called under it.
 */
#include "server/server_internal.h"

#define NOTIFY_CHANNEL_MAX   63u
#define NOTIFY_PAYLOAD_MAX   7999u
#define NOTIFY_BYTES_MAX     ((uint64_t)1 << 30) /* of messages nobody has taken yet */
#define NOTIFY_MESSAGE_BYTES 64u                 /* what one costs beside its text */

typedef enum NotifyKind {
    NOTIFY_SEND,
    NOTIFY_LISTEN,
    NOTIFY_UNLISTEN,
    NOTIFY_UNLISTEN_ALL,
} NotifyKind;

/* NotifyAction - what the transaction will do when it commits; in its arena. */
typedef struct NotifyAction {
    struct NotifyAction *next;
    NotifyKind kind;
    uint32_t level;
    const char *channel, *payload;
} NotifyAction;

/* NotifyMessage - "channel\0payload\0" of one NOTIFY. */
typedef struct NotifyMessage {
    uint32_t refs;
    int32_t pid;
    Lsn lsn; /* end of the commit that sent it */
    uint32_t bytes;
    const char *payload;
    char channel[];
} NotifyMessage;

/* NotifyItem - a message in an inbox. */
struct NotifyItem {
    struct NotifyItem *next;
    NotifyMessage *message;
};

/* NotifyChannel - who listens; there as long as somebody does. */
typedef struct NotifyChannel {
    uint8_t key[sizeof(Oid) + NOTIFY_CHANNEL_MAX + 1]; /* database, name */
    size_t key_len;
    Session **sessions;
    uint32_t count, size;
} NotifyChannel;

/* ---- channels; the mutex is held ---- */

static size_t notify_key(uint8_t *key, Oid database, const char *name)
{
    size_t n = strlen(name);
    memcpy(key, &database, sizeof(database));
    memcpy(key + sizeof(database), name, n + 1);
    return sizeof(database) + n;
}

static NotifyChannel *channel_find(Session *s, const char *name)
{
    uint8_t key[sizeof(Oid) + NOTIFY_CHANNEL_MAX + 1];
    size_t len = notify_key(key, s->view.database, name);
    return map_get(&s->server->channels, key, len);
}

static uint32_t channel_place(const NotifyChannel *c, const Session *s)
{
    uint32_t i = 0;
    while (i < c->count && c->sessions[i] != s) {
        i++;
    }
    return i;
}

/* channel_listen - the session listens to it from now on. */
static void channel_listen(Session *s, const char *name)
{
    NotifyChannel *c = channel_find(s, name);
    if (c == NULL) {
        c = mem_zalloc("notify", sizeof(*c));
        c->key_len = notify_key(c->key, s->view.database, name);
        (void)map_put(&s->server->channels, c->key, c->key_len, c);
    }
    if (channel_place(c, s) < c->count) {
        return;
    }
    if (c->count == c->size) {
        c->size = MAX(c->size * 2, 4u);
        c->sessions = mem_realloc("notify", c->sessions, c->size * sizeof(Session *));
    }
    c->sessions[c->count++] = s;
    if (s->listening_count == s->listening_size) {
        s->listening_size = MAX(s->listening_size * 2, 4u);
        s->listening =
            mem_realloc("notify", s->listening, s->listening_size * sizeof(s->listening[0]));
    }
    s->listening[s->listening_count++] = c;
}

/* channel_leave - the session does not listen to it any more. */
static void channel_leave(Session *s, NotifyChannel *c)
{
    uint32_t at = channel_place(c, s);
    if (at == c->count) {
        return;
    }
    c->sessions[at] = c->sessions[--c->count];
    for (uint32_t i = 0; i < s->listening_count; i++) {
        if (s->listening[i] == c) {
            memmove(&s->listening[i], &s->listening[i + 1],
                    (s->listening_count - i - 1) * sizeof(s->listening[0]));
            s->listening_count--;
            break;
        }
    }
    if (c->count == 0) {
        (void)map_remove(&s->server->channels, c->key, c->key_len);
        mem_free(c->sessions);
        mem_free(c);
    }
}

static void channel_leave_all(Session *s)
{
    while (s->listening_count != 0) {
        channel_leave(s, s->listening[s->listening_count - 1]);
    }
}

/* ---- messages; the mutex is held ---- */

static NotifyMessage *message_make(Session *s, const NotifyAction *a, Lsn lsn)
{
    size_t n = strlen(a->channel) + 1, m = strlen(a->payload) + 1;
    NotifyMessage *message = mem_alloc("notify", sizeof(*message) + n + m);
    *message = (NotifyMessage){
        .refs = 1, .pid = s->pid, .lsn = lsn, .bytes = (uint32_t)(n + m) + NOTIFY_MESSAGE_BYTES};
    memcpy(message->channel, a->channel, n);
    memcpy(message->channel + n, a->payload, m);
    message->payload = message->channel + n;
    s->server->notify_bytes += message->bytes;
    return message;
}

static void message_unref(Server *srv, NotifyMessage *m)
{
    if (--m->refs == 0) {
        srv->notify_bytes -= m->bytes;
        mem_free(m);
    }
}

/* message_send - into the inbox of everybody who listens. */
static void message_send(Session *s, const NotifyAction *a, Lsn lsn)
{
    NotifyChannel *c = channel_find(s, a->channel);
    if (c == NULL) {
        return;
    }
    NotifyMessage *m = message_make(s, a, lsn);
    for (uint32_t i = 0; i < c->count; i++) {
        Session *to = c->sessions[i];
        struct NotifyItem *item = mem_zalloc("notify", sizeof(*item));
        item->message = m;
        m->refs++;
        *(to->inbox != NULL ? &to->inbox_last->next : &to->inbox) = item;
        to->inbox_last = item;
        atomic_store(&to->has_mail, true);
        if (to != s) {
            poller_make_ready(to);
        }
    }
    message_unref(s->server, m);
}

/* ---- statements ---- */

static Status notify_add(Cx *cx, Session *s, NotifyKind kind, const char *channel,
                         const char *payload)
{
    TRY(session_txn_need(cx, s));
    NotifyAction *a = ARENA_NEW(&s->txn_arena, NotifyAction);
    *a = (NotifyAction){.kind = kind,
                        .level = session_level(s),
                        .channel = arena_strdup(&s->txn_arena, channel),
                        .payload = arena_strdup(&s->txn_arena, payload)};
    *(s->notify_first != NULL ? &s->notify_last->next : &s->notify_first) = a;
    s->notify_last = a;
    s->prepare_refused = "executed LISTEN, UNLISTEN, or NOTIFY";
    return ST_OK;
}

Status session_notify(Cx *cx, Session *s, const char *channel, const char *payload)
{
    size_t n = strlen(channel);
    if (n == 0) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "channel name cannot be empty");
    }
    if (n > NOTIFY_CHANNEL_MAX) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "channel name too long");
    }
    if (strlen(payload) > NOTIFY_PAYLOAD_MAX) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "payload string too long");
    }
    return notify_add(cx, s, NOTIFY_SEND, channel, payload);
}

Status session_listen(Cx *cx, Session *s, const char *channel)
{
    return notify_add(cx, s, NOTIFY_LISTEN, channel, "");
}

Status session_unlisten(Cx *cx, Session *s, const char *channel)
{
    if (s->listening_count == 0 && s->notify_first == NULL) {
        return ST_OK; /* nothing to stop: what pools say to each connection they take back */
    }
    bool all = channel == NULL || channel[0] == '\0';
    return notify_add(cx, s, all ? NOTIFY_UNLISTEN_ALL : NOTIFY_UNLISTEN, all ? "" : channel, "");
}

/* ---- the transaction's end ---- */

void session_notify_rollback(Session *s, uint32_t to_level)
{
    /* Newer ones have higher levels or the same, so what goes is the list's end. */
    NotifyAction **at = &s->notify_first;
    s->notify_last = NULL;
    while (*at != NULL && (*at)->level < to_level) {
        s->notify_last = *at;
        at = &(*at)->next;
    }
    *at = NULL;
}

void session_notify_release(Session *s, uint32_t level)
{
    for (NotifyAction *a = s->notify_first; a != NULL; a = a->next) {
        a->level = MIN(a->level, level);
    }
}

/* notify_first_of_kind - is it the first message of these words? */
static bool notify_first_of_kind(Session *s, Map *seen, const NotifyAction *a)
{
    size_t n = strlen(a->channel) + 1, m = strlen(a->payload);
    char *key = arena_alloc(&s->txn_arena, n + m);
    memcpy(key, a->channel, n);
    memcpy(key + n, a->payload, m);
    if (map_get(seen, key, n + m) != NULL) {
        return false;
    }
    (void)map_put(seen, key, n + m, key);
    return true;
}

/* notify_apply - committed: LISTEN and UNLISTEN take effect, then the messages go. */
static void notify_apply(Session *s, Lsn lsn)
{
    Map seen;
    map_init(&seen);
    for (NotifyAction *a = s->notify_first; a != NULL; a = a->next) {
        if (a->kind == NOTIFY_LISTEN) {
            channel_listen(s, a->channel);
        } else if (a->kind == NOTIFY_UNLISTEN) {
            NotifyChannel *c = channel_find(s, a->channel);
            if (c != NULL) {
                channel_leave(s, c);
            }
        } else if (a->kind == NOTIFY_UNLISTEN_ALL) {
            channel_leave_all(s);
        }
    }
    for (NotifyAction *a = s->notify_first; a != NULL; a = a->next) {
        if (a->kind == NOTIFY_SEND && notify_first_of_kind(s, &seen, a)) {
            message_send(s, a, lsn);
        }
    }
    map_release(&seen);
}

Status session_notify_commit(Cx *cx, Session *s, Txn *txn, Lsn *lsn_out)
{
    Server *srv = s->server;
    if (s->notify_first == NULL) {
        return txn_commit(cx, txn, lsn_out);
    }
    os_mutex_lock(srv->os, &srv->notify_mutex);
    if (srv->notify_bytes > NOTIFY_BYTES_MAX) {
        os_mutex_unlock(srv->os, &srv->notify_mutex);
        txn_abort(cx, txn);
        return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                       "too many notifications in the NOTIFY queue");
    }
    Status st = txn_commit(cx, txn, lsn_out);
    if (st == ST_OK) {
        notify_apply(s, *lsn_out);
    }
    os_mutex_unlock(srv->os, &srv->notify_mutex);
    return st;
}

/* ---- taking messages ---- */

void session_take_mail(Session *s)
{
    Server *srv = s->server;
    if (LIKELY(!atomic_load(&s->has_mail)) || s->in_block || s->txn != NULL) {
        return;
    }
    os_mutex_lock(srv->os, &srv->notify_mutex);
    while (s->inbox != NULL) {
        struct NotifyItem *item = s->inbox;
        NotifyMessage *m = item->message;
        size_t at = reply_begin(&s->out, 'A');
        buf_put_u32be(&s->out, (uint32_t)m->pid);
        buf_put(&s->out, m->channel, strlen(m->channel) + 1);
        buf_put(&s->out, m->payload, strlen(m->payload) + 1);
        reply_end(&s->out, at);
        s->hold_lsn = MAX(s->hold_lsn, m->lsn);
        s->inbox = item->next;
        mem_free(item);
        message_unref(srv, m);
    }
    s->inbox_last = NULL;
    atomic_store(&s->has_mail, false);
    os_mutex_unlock(srv->os, &srv->notify_mutex);
}

void session_unlisten_all(Session *s)
{
    Server *srv = s->server;
    os_mutex_lock(srv->os, &srv->notify_mutex);
    channel_leave_all(s);
    os_mutex_unlock(srv->os, &srv->notify_mutex);
}

void session_notify_close(Session *s)
{
    Server *srv = s->server;
    session_unlisten_all(s);
    os_mutex_lock(srv->os, &srv->notify_mutex);
    while (s->inbox != NULL) {
        struct NotifyItem *item = s->inbox;
        s->inbox = item->next;
        message_unref(srv, item->message);
        mem_free(item);
    }
    os_mutex_unlock(srv->os, &srv->notify_mutex);
    mem_free(s->listening);
    s->listening = NULL;
    s->listening_size = 0;
}

/* ---- what functions ask ---- */

Status func_notify(void *arg, Cx *cx, const char *channel, const char *payload)
{
    return session_notify(cx, arg, channel, payload);
}

uint32_t func_listening(void *arg, Arena *arena, const char ***names_out)
{
    const Session *s = arg;
    Server *srv = s->server;
    os_mutex_lock(srv->os, &srv->notify_mutex);
    uint32_t n = s->listening_count;
    *names_out = ARENA_ARRAY(arena, const char *, n + 1u);
    for (uint32_t i = 0; i < n; i++) {
        (*names_out)[i] = arena_strdup(arena, (const char *)s->listening[i]->key + sizeof(Oid));
    }
    os_mutex_unlock(srv->os, &srv->notify_mutex);
    return n;
}

double func_notify_usage(void *arg)
{
    const Session *s = arg;
    Server *srv = s->server;
    os_mutex_lock(srv->os, &srv->notify_mutex);
    uint64_t bytes = srv->notify_bytes;
    os_mutex_unlock(srv->os, &srv->notify_mutex);
    return (double)bytes / (double)NOTIFY_BYTES_MAX;
}

#ifndef DASSIE_SERVER_INTERNAL_H
#define DASSIE_SERVER_INTERNAL_H
/*
 * server_internal.h - sessions, pollers, workers and statements, for the files of src/server only.
 *
 * Threads. A Poller is an epoll set with its sessions; at any time one Worker owns it, runs its
 * sessions one by one and sleeps in epoll_wait when there are none. Before a worker blocks in
 * mid-statement (a row lock, a slow client), or when the monitor sees it in one session for too
 * long, the poller passes to a spare worker; the first worker finishes its session alone and
 * becomes a spare. A session is run by one worker at a time (run_state).
 */
#include <sys/socket.h>

#include "base/list.h"
#include "exec/exec.h"
#include "func/func.h"
#include "proto/proto.h"
#include "server/server.h"

#define SERVER_VERSION          "15.18 (dassie " DASSIE_VERSION ")"
#define SERVER_VERSION_NUM      "150018"
#define SEARCH_PATH_MAX         64           /* schemas of a search_path */
#define SESSION_OUT_FLUSH_BYTES (64u * 1024) /* results are sent in pieces of this size */
#define SESSION_OUT_KEEP_BYTES  2048u        /* an idle session keeps no larger buffer */
#define POLLER_EVENTS_MAX       64
#define POLLER_SENDS_MAX        32u          /* replies gathered before they are sent together */
#define SESSION_OUT_GATHER_MAX  (16u * 1024) /* longer replies are sent at once */

struct PgQuery__TransactionStmt;
struct PgQuery__CopyStmt;

typedef struct Session Session;
typedef struct Worker Worker;
typedef struct Poller Poller;
typedef struct TempAction TempAction;
struct DdlCx;

/* ---- settings (settings.c) ---- */
#define SETTINGS_REPORTED_MAX 16
typedef struct SettingValue {
    struct SettingValue *next;
    const char *name; /* canonical */
    char *value;      /* mem_alloc'd */
} SettingValue;
/* One entry of the undo list: what a setting was before SET in this transaction. */
typedef struct SettingUndo {
    struct SettingUndo *next;
    const char *name;
    char *old_value; /* NULL = was at its default */
    uint32_t savepoint_level;
    bool local;
    bool kept; /* at commit: nothing to put back */
} SettingUndo;
typedef struct Settings {
    SettingValue *changed; /* differing from what the session began with */
    SettingValue *startup; /* given by the startup packet: what RESET goes back to */
    SettingUndo *undo;     /* newest first */
    uint64_t generation;   /* grows with each change: cached env is stale */
    bool report_due;       /* a setting clients are told of may have changed */
    uint64_t reported[SETTINGS_REPORTED_MAX]; /* hashes of what the client was told last */
} Settings;
/* setting_show - current text, NULL for an unknown name. */
const char *setting_show(Session *s, const char *name, const char **canonical_out);
/* setting_assign - SET: check, remember for rollback, apply. value NULL = RESET. */
Status setting_assign(Cx *cx, Session *s, const char *name, const char *value, bool local,
                      bool startup);
void settings_commit(Session *s);
void settings_rollback(Session *s, uint32_t to_level);
/* settings_release_level - what was set in savepoints above `level`, now released, counts as set in
 * it. */
void settings_release_level(Session *s, uint32_t level);
void settings_release(Session *s);
/* setting_value - text in the base unit, of a setting that exists. */
const char *setting_value(Session *s, const char *name);
/* setting_session_text - settings whose value is a fact of the session or transaction; NULL for
 * others. */
const char *setting_session_text(Session *s, const char *name);
/* setting_encoding - the name of an encoding text can be exchanged in: UTF8, and SQL_ASCII, which
 * asks for no conversion and so means the same bytes. NULL: not one of these; *other_out tells that
 * PostgreSQL knows it. */
const char *setting_encoding(const char *name, bool *other_out);
/* setting_check_string - text settings with rules of their own; text becomes canonical.
 * current is the value the setting has now. */
Status setting_check_string(Cx *cx, Os *os, const char *name, const char *current, char *text,
                            size_t size);
/* setting_check_search - default_text_search_config must be there; it is kept with its schema. */
Status setting_check_search(Cx *cx, Session *s, const char *name, char **text);
/* setting_changed - report it to the client where due, bring the session's parsed copies in step.
 */
Status setting_changed(Cx *cx, Session *s, const char *name);
/* settings_apply - all parsed copies; the search path only inside a transaction, else
 * settings_apply_path does it later. */
Status settings_apply(Cx *cx, Session *s);
Status settings_apply_path(Cx *cx, Session *s);
void settings_report_all(Session *s);
/* settings_report - before ReadyForQuery: tell the client of reported settings that changed. */
void settings_report(Session *s);
/* setting_custom - the text of a setting that is in no list of the catalog (role, a.b), or NULL.
 * setting_is_given - has the client (or the server's arguments for it) set it? setting_begin - a
 * value that RESET goes back to. settings_reset_all - RESET ALL; roles: SET ROLE and SET SESSION
 * AUTHORIZATION are undone, too. setting_try - is the value (NULL: none) good for the setting, as
 * ALTER ROLE ... SET would keep it? */
const char *setting_custom(Session *s, const char *name);
bool setting_is_given(Session *s, const char *name);
Status setting_begin(Cx *cx, Session *s, const char *name, const char *value);
Status settings_reset_all(Cx *cx, Session *s, bool roles);
Status setting_try(Cx *cx, Session *s, const char *name, const char *value,
                   const char **canonical_out);
/* settings_begun_check - 42501 when the client began with a setting only superusers may give. */
Status settings_begun_check(Cx *cx, Session *s);
/* settings_startup_done - what was set so far is what RESET goes back to. */
void settings_startup_done(Session *s);
/* session_sub_begin, session_sub_end - a savepoint without a name: kept, or rolled back and gone.
 */
void *session_sub_begin(Session *s);
Status session_sub_end(Cx *cx, Session *s, void *mark, bool keep);
/* ---- session_call.c ---- */
void session_functions_begin(Session *s);
/* session_level - savepoints around what is made now; 0 = none. */
uint32_t session_level(const Session *s);
Status server_setting_set(Cx *cx, Server *srv, const char *name, const char *value);
const char *server_setting(Server *srv, const char *name);
bool setting_parse_bool(const char *text, bool *out);
bool setting_parse_bytes(const char *text, uint64_t unit, uint64_t *out);
/* setting_tell - the i-th of catalog_settings, for pg_settings. */
void setting_tell(Session *s, uint32_t i, struct FuncSetting *out);
void settings_foreach(Session *s,
                      void (*fn)(void *arg, const char *name, const char *value, const char *desc),
                      void *arg);

/* ---- statements ---- */
typedef enum StmtClass {
    STMT_EMPTY,
    STMT_PLANNED /* SELECT, INSERT, UPDATE, DELETE */,
    STMT_UTILITY,
} StmtClass;

/* Statement - a parsed statement, with its plan when it has one. Belongs to one session; its name
 * and the portals made from it hold references. */
typedef struct Statement {
    Arena arena;
    Slice sql;      /* the text it stands in */
    uint32_t index; /* which statement of the text it is */
    const struct PgQuery__Node *node;
    StmtClass cls;
    BindParams params;
    Plan *plan; /* NULL: utility, or not planned yet */
    uint64_t settings_generation;
    char *name;      /* prepared: its name */
    const char *tag; /* command tag word: "SELECT" ... */
    bool from_sql;   /* PREPARE, not Parse */
    int64_t prepared_at_us;
    uint32_t refs;
} Statement;

typedef struct Portal {
    char *name;
    Arena arena;
    Statement *stmt; /* a reference, unless the portal lives on a stack */
    Plan *plan;
    ExecState *exec; /* NULL before the first Execute and after the end */
    Datum *param_values;
    bool *param_nulls;
    uint32_t param_count;
    int16_t *formats;
    uint32_t format_count;
    RowWriter writer;
    bool writer_ready, done, holds_snapshot;
    bool count_nodes;   /* for EXPLAIN ANALYZE */
    uint64_t rows_sent; /* by this run; of data-modifying statements: rows changed */
    Buf store;          /* DataRows of a data-modifying statement, which always runs to its end */
    size_t store_pos;
    Snapshot snapshot;
    uint32_t savepoint_level;
    struct Cursor *cursor; /* made by DECLARE; NULL for the protocol's own portals */
    bool held;             /* WITH HOLD, and its transaction has committed */
    int64_t created_us;    /* since 2000-01-01 UTC */
} Portal;

typedef struct SessionSavepoint {
    struct SessionSavepoint *outer; /* or the next free one */
    char name[64];
    SavePoint sp;
    FkModes fk_modes; /* SET CONSTRAINTS as it was */
    bool read_only;   /* the transaction was */
} SessionSavepoint;

/* TxnModes - what AND CHAIN hands on. */
typedef struct TxnModes {
    Isolation isolation;
    bool read_uncommitted, read_only, deferrable;
} TxnModes;

typedef enum SessionState {
    SESSION_STARTUP, /* no startup packet yet */
    SESSION_TLS,     /* the TLS handshake is under way */
    SESSION_AUTH,    /* SCRAM under way */
    SESSION_READY,   /* takes messages */
    SESSION_CLOSED,
} SessionState;

typedef struct CopyIn {
    Arena arena;
    CopyFormat format;
    CopyReader reader;
    const CatTable *table;
    uint16_t *columns; /* table column of each field */
    uint32_t column_count;
    const char *const *names; /* of these columns */
    const TypeOps **ops;
    int32_t *typmods;
    Oid *types;          /* of values: a domain's base */
    uint8_t *int_digits; /* an integer of so many digits surely fits; 0: not an integer */
    Batch batch;
    Arena batch_arena;
    ExprRun *defaults; /* for columns not listed */
    ExprRun *where;    /* of FROM ... WHERE; NULL: all rows */
    uint16_t *kept;    /* rows of the batch that it lets in */
    ExecInsert *insert;
    uint64_t *lines;   /* of each row of the batch: where it stood */
    char **line_texts; /* ... and its beginning, where a CHECK may want to show it; else NULL */
    bool lone_rows;    /* every row on its own: a column that is not listed may not be NULL */
    bool row_triggers; /* ... or there are BEFORE ROW triggers */
    Snapshot snapshot;
    uint64_t rows;
    bool header_pending, failed, extended;
} CopyIn;

/* ---- what a session does now, for pg_stat_activity (session_activity.c) ---- */
typedef enum ActivityState {
    ACTIVITY_NONE, /* not ready yet */
    ACTIVITY_ACTIVE,
    ACTIVITY_IDLE,
    ACTIVITY_IDLE_IN_TXN,
    ACTIVITY_IDLE_FAILED,
    ACTIVITY_DISABLED,
} ActivityState;
typedef struct Activity {
    OsMutex mutex; /* guards what follows; the session writes, others read */
    ActivityState state;
    char *query; /* as much of it as track_activity_query_size allows */
    uint32_t query_size;
    int64_t query_start_us, state_change_us; /* since 2000-01-01; 0: none */
    char application_name[64];
    _Atomic int64_t xact_start_us; /* 0: no transaction */
    _Atomic uint32_t xact_number;
} Activity;

struct Session {
    ListNode link;      /* server's list */
    ListNode wait_link; /* poller's list of sessions whose replies wait for the log */
    Server *server;
    Poller *poller;
    Worker *worker; /* running it now; for cx.blocking */
    int fd;
    bool is_unix, peer_is_owner, write_armed, close_after_send;
    _Atomic bool waiting_flush; /* the poller's worker clears it, whoever runs the session looks */
    _Atomic bool peer_closed;   /* the end of input was reported: no further event tells of it */
    _Atomic int64_t peer_closed_us; /* when; 0: not yet */
    bool send_due;                  /* its replies are to be sent together with others' */
    bool send_queued;               /* in its poller's list of those */
    bool input_due;                 /* there may be input nobody will tell us of */
    _Atomic uint32_t run_state;     /* 0 idle, 1 running, 2 running and an event came, 3 dead */
    SessionState state;
    int32_t pid, cancel_key;
    _Atomic uint32_t cancel;
    Buf in; /* bytes of an incomplete message */
    Buf out;
    size_t out_pos; /* sent so far */
    Lsn hold_lsn;   /* out must not be sent before the log is flushed up to here */
    bool rows_told; /* out has rows that an open transaction read: hold_lsn is still to be raised */
    Arena arena;    /* session */
    Arena txn_arena;
    Arena stmt_arena;
    Err err;
    Cx cx;
    Scram *scram;
    /* TLS (tls.c); NULL: none. */
    struct ssl_st *tls;
    bool tls_ready, peer_verified; /* the client's certificate has been checked */
    char peer_name[64];            /* its common name */
    FuncTls tls_facts; /* constant once tls_ready; texts of OpenSSL's or in the session's arena */
    char user[64], database[64], application_name[64];
    /* Who it is (session_role.c): logged in as, SET SESSION AUTHORIZATION, and the view's user. */
    Oid auth_user, session_user;
    bool auth_super;
    char session_user_name[64], current_user_name[64], role_name[64];
    uint64_t user_version; /* of the catalog the view's flags of its user are from */
    Oid counted_role;      /* logged in so; guarded by the server's mutex */
    AdvisoryOwner advisory;
    Oid connected;       /* the database it counts for; guarded by the server's mutex */
    bool holds_database; /* its transaction keeps others out of some database */
    /* transaction */
    Txn *txn;
    bool in_block;       /* BEGIN was said */
    bool implicit_block; /* several statements in one query string, or a pipeline before Sync */
    bool failed;         /* the block must be rolled back */
    const char *prepare_refused; /* what it has done that PREPARE TRANSACTION cannot keep */
    struct NotifyAction *notify_first, *notify_last; /* what it says of channels */
    bool had_query;      /* the transaction has taken a snapshot: its isolation is fixed */
    char *rest_sql;      /* of a query string whose COPY FROM STDIN is under way: the string and */
    uint32_t rest_index; /* the statement to go on with */
    SessionSavepoint *savepoints;      /* the innermost */
    SessionSavepoint *free_savepoints; /* of this transaction, ended: to be used again */
    CatView view;
    TypeEnv env;
    FuncSession func;
    struct FuncManager *functions; /* of users */
    Map sequence_values;           /* currval: OID -> int64_t in the session's arena */
    Settings settings;
    bool search_path_stale;
    Oid search_path[SEARCH_PATH_MAX + 2]; /* what the view's search_path points to once it is set */
    uint64_t search_path_version;         /* of the catalog it was resolved by */
    uint64_t cache_salt;                  /* hash of the settings that binding depends on */
    FkDeferred fk_deferred;               /* of the transaction */
    /* temporary objects (session_temp.c) */
    uint32_t temp_number; /* of its schema, 0 = none yet; the server's mutex */
    Oid temp_made;
    struct TempAction *temp_actions;
    uint32_t temp_count, temp_size;
    _Atomic int64_t statement_timeout_us; /* the monitor reads it */
    _Atomic int64_t client_check_us;      /* it, too */
    int64_t lock_timeout_us;
    uint64_t work_mem_bytes;
    bool replica; /* session_replication_role */
    Isolation default_isolation;
    bool read_uncommitted, default_read_uncommitted; /* what READ COMMITTED was asked for as */
    bool default_read_only, default_deferrable, sync_commit, track_activities;
    ErrSeverity notices_min; /* client_min_messages */
    /* extended protocol */
    Map statements; /* name -> Statement */
    Map portals;    /* name -> Portal */
    Statement *unnamed;
    bool skip_to_sync;
    const Portal *running_portal; /* of a utility statement by Execute: its values and formats */
    /* A statement that waits without a thread (session_park.c). */
    TxnPark park;
    bool may_park;       /* the message being dispatched may be dispatched again */
    bool parked;         /* it will be: it is still in `in` */
    bool park_again;     /* it is being so */
    bool park_opened;    /* it had its table locks and its snapshot, and has them still */
    size_t park_out_len; /* replies before it */
    _Atomic int64_t parked_since_us; /* 0: not waiting */
    _Atomic int64_t park_look_us;    /* when the monitor wakes it */
    _Atomic bool park_woken;         /* worth while to try again */
    bool park_drained;               /* nothing has come since the last look at the socket */
    ListNode ready_link;             /* poller's list of sessions to try again */
    CopyIn *copy;
    /* LISTEN (session_notify.c); the server's notify_mutex guards it. */
    struct NotifyChannel **listening;
    uint32_t listening_count, listening_size;
    struct NotifyItem *inbox, *inbox_last;
    _Atomic bool has_mail;
    bool waits_for_query; /* ReadyForQuery was the last word */
    char client_address[64];
    int32_t client_port;
    /* monitoring */
    Activity activity;
    _Atomic int64_t statement_start_us;
    _Atomic int64_t idle_start_us;   /* ReadyForQuery was said then; kept only when `timed` */
    _Atomic int64_t idle_allowed_us; /* how long that may last; set before idle_start_us */
    _Atomic bool idle_expired;
    bool timed; /* some time-out is set: the monitor looks at this session */
    int64_t idle_timeout_us, idle_txn_timeout_us;
    int64_t backend_start_us;
    struct DbCounts *counts;       /* of its database, once it is ready */
    bool said_goodbye, fatal_told; /* how it ends */
};

struct Poller {
    Server *server;
    uint32_t number;
    int epoll_fd, wake_fd;
    _Atomic uint64_t in_session; /* token of the session run under way, 0 = none: who clears it owns
                                    the poller */
    uint64_t token;
    _Atomic uint32_t session_count; /* connected ones */
    int next_event, event_count;
    void *events;       /* struct epoll_event[POLLER_EVENTS_MAX] */
    OsMutex wait_mutex; /* guards waiting */
    ListNode waiting;
    ListNode dead; /* closed sessions, freed when no fetched event can name them */
    _Atomic uint32_t waiting_count;
    OsMutex ready_mutex; /* guards ready; taken under src/txn's mutexes */
    ListNode ready;      /* sessions whose wait for a row may be over */
    _Atomic uint32_t ready_count;
    _Atomic bool sleeping; /* the owner is in epoll_wait, or about to look a last time before */
    Lsn flushed_seen;      /* by the owner's last look at `waiting` */
    _Atomic bool wake_pending;
    OsSends *sends;
    uint32_t send_count;
    Session *send_due[POLLER_SENDS_MAX]; /* not running, out not empty; the owner's */
    uint64_t monitor_token;              /* monitor thread only */
};

struct Worker {
    Server *server;
    Poller *poller; /* owned, or NULL */
    uint64_t token; /* of the session run under way */
    OsThread *thread;
    OsEvent event; /* signalled when a poller is assigned */
    ListNode spare_link;
    bool ended; /* the thread has ended, or is about to: to be joined */
    _Atomic bool stop;
    uint8_t *recv_buf; /* SERVER_RECV_BYTES */
};
#define SERVER_RECV_BYTES (64u * 1024)

struct Server {
    Os *os;
    Engine *engine;
    Catalog *catalog;
    ServerOptions options;
    char socket_path[SERVER_PATH_MAX];
    int tcp_fd, unix_fd;
    Poller *pollers;
    _Atomic uint32_t poller_count; /* set when all are ready: the log writer looks at them */
    OsMutex mutex;                 /* guards sessions, next_pid, database_holds */
    struct DatabaseHold *database_holds;
    ListNode sessions;
    _Atomic uint32_t session_count;
    Map sessions_by_pid;
    int32_t next_pid;
    struct StatementStats *statement_stats;
    struct ssl_ctx_st *tls; /* NULL: ssl = off */
    uint8_t tls_binding[64], tls_binding_len;
    bool tls_asks_client; /* for certificates */
    struct HbaRule *hba;  /* NULL: no rules given */
    OsMutex notify_mutex; /* guards channels, inboxes of sessions, notify_bytes */
    Map channels;         /* {database, name} -> NotifyChannel */
    uint64_t notify_bytes;
    OsMutex
        spares_mutex; /* guards from here to worker_size; taken in a page fault, under latches */
    ListNode spares;
    uint32_t spare_count, worker_count;
    Worker **workers;               /* all, for joining */
    _Atomic uint32_t ended_workers; /* of them, to be joined (monitor) */
    uint32_t worker_size;
    _Atomic uint32_t readers; /* workers that wait for the disk */
    OsThread *monitor;
    OsEvent monitor_event; /* a session runs while the monitor sleeps */
    _Atomic bool monitor_asleep;
    _Atomic bool stopping;
    _Atomic int stop_fd; /* eventfd the accept loop listens to */
    uint32_t next_poller;
    uint32_t max_connections;
    int64_t authentication_timeout_us;
    _Atomic uint32_t timed_sessions;
    _Atomic uint32_t parked_sessions; /* the monitor looks at these, too */
    _Atomic uint32_t closed_peers;    /* sessions whose client has closed; likewise */
    uint32_t activity_bytes;          /* track_activity_query_size */
    bool runfile_written;
    uint8_t secret[32];
    int64_t start_us;
    SettingValue *settings; /* --set */
    struct PlanCache *plan_cache;
    Arena arena;
};

/* ---- poller.c ---- */
Status pollers_start(Cx *cx, Server *srv, uint32_t count);
/* pollers_stop - end the threads. pollers_free - after the engine is closed: until then its log
 * writer calls poller_on_flush. */
void pollers_stop(Server *srv);
void pollers_free(Server *srv);
Status poller_add(Cx *cx, Poller *p, Session *s);
/* poller_wait_flush - queue a session whose replies wait for the log; false when the log got there
 * meanwhile. */
bool poller_wait_flush(Poller *p, Session *s);
void poller_on_flush(void *server, Lsn flushed);
void poller_arm_write(Session *s, bool on);
/* poller_make_ready - have the session run soon: TxnPark.wake, and the monitor. Any thread. */
void poller_make_ready(void *session);
void poller_forget_ready(Session *s);
/* poller_send_due - send the gathered replies. Requires the poller. */
void poller_send_due(Poller *p);
/* worker_blocking - Cx.blocking of sessions: give the poller away. */
void worker_blocking(void *session, CxBlocking what);
/* server_check_timeouts - statement_timeout and friends, from the monitor thread (session.c). */
void server_check_timeouts(Server *srv, int64_t now_us);

/* ---- session_temp.c ---- */
/* session_need_temp - DdlCx.need_temp: the session's schema of temporary objects is there, and in
 * its path. */
Status session_need_temp(void *session, Cx *cx);
/* session_on_commit - DdlCx.on_commit. */
void session_on_commit(void *session, Oid table, char what);
/* session_temp_commit - ON COMMIT of temporary tables, before the transaction commits. */
Status session_temp_commit(Cx *cx, Session *s);
/* session_discard_temp - DISCARD TEMP: all of them are dropped, in the session's transaction. */
Status session_discard_temp(Cx *cx, Session *s);
/* session_temp_end - all of them are dropped as the session ends. */
void session_temp_end(Session *s);

/* ---- session.c ---- */
/* session_create - a session for a connection just accepted; it runs, and may have ended, when this
 * returns. */
Status session_create(Cx *cx, Server *srv, Poller *p, int fd, bool is_unix,
                      const struct sockaddr_storage *client);
/* session_name_client - client_address and client_port from the socket's other end (listen.c). */
void session_name_client(Session *s, const struct sockaddr_storage *client);
/* session_run - process what has come, reply, until nothing is left to do. Called by the worker
 * that set run_state. */
void session_run(Session *s, Worker *w);
/* session_close - roll back, give everything up, close the socket; session_free - the memory. */
void session_close(Session *s);
void session_free(Session *s);
/* session_say_goodbye - the reason why an idle session ends, as far as the socket takes it. */
void session_say_goodbye(Session *s);
/* session_sent - `result` of sending all of out; false when the connection is gone. */
bool session_sent(Session *s, int64_t result);
/* session_send - send what may be sent now; false when the connection is gone. */
bool session_send(Session *s);
/* session_send_wait - in mid-statement: wait for the log if needed and send everything, blocking.
 */
Status session_send_wait(Cx *cx, Session *s);
bool server_signal_session(Server *srv, int32_t pid, int32_t key, bool check_key, uint32_t bits);
/* session_terminate - tell it to end, and wake it. Requires the server's mutex. */
void session_terminate(Session *s);

/* session_peer_closed - the end of the client's input was reported. */
void session_peer_closed(Session *s);

/* ---- session_activity.c ---- */
void activity_init(Session *s);
void activity_release(Session *s);
/* activity_query - a statement of this text begins. activity_idle - ReadyForQuery. */
void activity_query(Session *s, Slice sql);
void activity_idle(Session *s);
void activity_txn_begins(Session *s);
/* activity_session_begins - it is let in; activity_session_ends - in whatever way it does: counted
 * for pg_stat_database. */
void activity_session_begins(Session *s);
void activity_session_ends(Session *s);
void activity_txn_ends(Session *s);
void activity_application(Session *s);
struct FuncBackend;
/* func_backends - FuncSession.backends. func_backend_exists - ... of this pid. */
void func_backends(void *arg, Arena *arena, struct FuncBackend **out, uint32_t *count_out);
bool func_backend_exists(void *arg, int32_t pid);

/* ---- statement_stats.c ---- */
struct StatementStats *statement_stats_create(int64_t now_us);
void statement_stats_free(struct StatementStats *st);
/* statement_stats_start - count from the start when a database has pg_stat_statements;
 * statement_stats_on - count from now. statement_stats_wanted - is it counted? */
Status statement_stats_start(Cx *cx, Server *srv);
void statement_stats_on(Server *srv);
bool statement_stats_wanted(const Session *s);
/* statement_stats_add - a statement has run. */
void statement_stats_add(Session *s, Slice sql, int64_t took_us, uint64_t rows);
void func_statement_stats(void *arg, Arena *arena, FuncStatement **out, uint32_t *count_out);
void func_statement_info(void *arg, int64_t *dealloc_out, int64_t *reset_us_out);
void func_statement_reset(void *arg, Oid user, Oid database, int64_t query_id);

/* ---- tls.c ---- */
/* tls_server_start - ssl = on: read the certificate and the key. F0000. */
Status tls_server_start(Cx *cx, Server *srv);
void tls_server_end(Server *srv);
/* tls_begin - the session goes on with TLS; tls_handshake - ST_BUSY: more is to come. */
Status tls_begin(Cx *cx, Session *s);
Status tls_handshake(Cx *cx, Session *s);
/* tls_recv, tls_send - as recv and send on a non-blocking socket. */
ssize_t tls_recv(Session *s, void *bytes, size_t n);
ssize_t tls_send(Session *s, const void *bytes, size_t n);
void tls_end(Session *s);
/* tls_tell - of a session that is ready; any thread that keeps the session from being freed. */
void tls_tell(const Session *s, Arena *arena, FuncTls *out);
/* ---- hba.c ---- */
typedef enum HbaMethod { HBA_TRUST, HBA_REJECT, HBA_PEER, HBA_SCRAM, HBA_CERT } HbaMethod;
typedef enum HbaCert { HBA_CERT_NONE, HBA_CERT_CA, HBA_CERT_FULL } HbaCert;
Status hba_load(Cx *cx, Server *srv);
/* hba_check - may he come, and if so, by SCRAM? owner: the server's own user is at the other end of
 * the Unix socket. 28000. */
Status hba_check(Cx *cx, Session *s, bool owner, bool *scram_out);

/* ---- session_fastpath.c ---- */
/* session_function_call - the message that calls a function by its OID; ends with ReadyForQuery. */
void session_function_call(Session *s, ProtoMsg *m);

/* ---- session_notify.c ---- */
/* session_notify, session_listen, session_unlisten (NULL: all) - take effect at commit. 22023. */
Status session_notify(Cx *cx, Session *s, const char *channel, const char *payload);
Status session_listen(Cx *cx, Session *s, const char *channel);
Status session_unlisten(Cx *cx, Session *s, const char *channel);
/* session_notify_rollback - what was said in savepoints of this level and deeper is forgotten;
 * session_notify_release - those deeper than `level` are now part of it. */
void session_notify_rollback(Session *s, uint32_t to_level);
void session_notify_release(Session *s, uint32_t level);
/* session_notify_commit - txn_commit, and then what the transaction said. */
Status session_notify_commit(Cx *cx, Session *s, Txn *txn, Lsn *lsn_out);
/* session_take_mail - messages for the session into out, when it is in no transaction. */
void session_take_mail(Session *s);
void session_unlisten_all(Session *s);
void session_notify_close(Session *s);
Status func_notify(void *arg, Cx *cx, const char *channel, const char *payload);
uint32_t func_listening(void *arg, Arena *arena, const char ***names_out);
double func_notify_usage(void *arg);

/* ---- session_database.c ---- */
/* server_databases - the OIDs of all databases. */
Status server_databases(Cx *cx, Server *srv, Arena *arena, Oid **out, uint32_t *count_out);
/* session_connect_database - the session's database by its name, which its user may use: 3D000,
 * 55000, 42501, 53300. */
Status session_connect_database(Cx *cx, Session *s);
/* session_hold_database - DdlCx.hold_database. session_release_databases - its transaction ended.
 */
Status session_hold_database(void *session, Cx *cx, Oid database, bool exclusive, bool terminate,
                             uint32_t *others_out);
void session_release_databases(Session *s);

/* ---- session_auth.c ---- */
Status session_startup(Cx *cx, Session *s, const uint8_t *packet, size_t len);
Status session_auth_message(Cx *cx, Session *s, ProtoMsg *m);

/* ---- session_role.c ---- */
/* session_role_setting - "role" or "session_authorization", as one string each; NULL for others. */
const char *session_role_setting(const char *name);
bool session_role_is_authorization(const char *canonical);
/* session_role_check - may it be set to that? session_role_apply - the settings' meaning.
 * session_role_refresh - what the view keeps of its user, when the catalog has changed. */
Status session_role_check(Cx *cx, Session *s, const char *canonical, const char *value);
Status session_role_apply(Cx *cx, Session *s);
Status session_role_refresh(Cx *cx, Session *s);
/* session_login - the role and the database are there and may be used. session_verifier - the
 * password's of the role, in the statement's arena; NULL for unknown roles, expired ones, none. */
Status session_login(Cx *cx, Session *s);
Status session_verifier(Cx *cx, Session *s, char **out);
/* session_begin_settings - what ALTER ROLE and ALTER DATABASE say it begins with. */
Status session_begin_settings(Cx *cx, Session *s);
Status session_make_verifier(void *session, Cx *cx, Arena *arena, const char *password,
                             const char **out);

/* ---- session_func.c: what src/func asks for ---- */
const char *func_setting_get(void *arg, const char *name);
struct FuncPrepared;
struct FuncCursor;
void func_prepared_statements(void *arg, Arena *arena, struct FuncPrepared **out,
                              uint32_t *count_out);
void func_cursors(void *arg, Arena *arena, struct FuncCursor **out, uint32_t *count_out);
void func_setting_tell(void *arg, uint32_t i, struct FuncSetting *out);
Status func_setting_set(void *arg, Cx *cx, const char *name, const char *value, bool local);
/* server_end_idle - the engine's on_retained: end the session if it waits for its client. */
bool server_end_idle(void *server, int32_t pid);
bool func_signal_backend(void *arg, int32_t pid, bool terminate);

/* ---- session_txn.c ---- */
Status session_txn_need(Cx *cx, Session *s);
struct PgQuery__Node;
Status session_transaction_stmt(Cx *cx, Session *s, const struct PgQuery__TransactionStmt *stmt,
                                const char **tag_out);
/* session_txn_left - the transaction is prepared and no more the session's. */
void session_txn_left(Session *s);
/* session_prepare.c */
Status session_prepare_stmt(Cx *cx, Session *s, const struct PgQuery__TransactionStmt *stmt,
                            const char **tag_out);
Status session_finish_prepared(Cx *cx, Session *s, const struct PgQuery__TransactionStmt *stmt,
                               const char **tag_out);
TxnModes session_modes(const Session *s);
void session_modes_put(Session *s, TxnModes m);
/* mode_is_setting - is it a setting that is a mode of the transaction? session_mode_assign - set
 * one (text NULL: as RESET does); session_mode_text - its value now. */
bool mode_is_setting(const char *name);
Status session_mode_assign(Cx *cx, Session *s, const char *name, const char *text);
const char *session_mode_text(const Session *s, const char *name);
/* session_import_snapshot - SET TRANSACTION SNAPSHOT. */
Status session_import_snapshot(Cx *cx, Session *s, const char *name);
/* session_set_transaction - SET TRANSACTION (modes as in BEGIN). 25001 after the first query. */
Status session_set_transaction(Cx *cx, Session *s, struct PgQuery__Node **options, size_t count);
/* session_commit - end of an implicit transaction: commit (or abort after an error). */
Status session_commit(Cx *cx, Session *s);
void session_abort(Session *s);
/* session_statement_failed - after an error: abort an implicit transaction, or mark the block
 * failed. */
void session_statement_failed(Session *s);
char session_txn_status(const Session *s);
/* session_check_deferred - foreign keys put off, now (set_constraints.c); 0: all of them. */
Status session_check_deferred(Cx *cx, Session *s, Oid constraint);
struct PgQuery__ConstraintsSetStmt;
Status session_set_constraints(Cx *cx, Session *s, const struct PgQuery__ConstraintsSetStmt *stmt);
/* session_note_reads - the reply must not outrun the flush of what was read. */
void session_note_reads(Session *s, const Txn *txn);

/* ---- session_query.c: simple protocol ---- */
void session_simple_query(Session *s, Slice sql);
/* session_rest_query - the statements behind a COPY FROM STDIN that has ended well. */
void session_rest_query(Session *s);
/* session_ready_for_query - what ends every query string and Sync. */
void session_ready_for_query(Session *s);
#define UNIX_TO_PG_EPOCH_US 946684800000000LL
/* session_statement_begin / _end - statement time, cancel flags, time-out clock. */
void session_statement_begin(Session *s);
void session_statement_end(Session *s);

/* ---- session_park.c ---- */
/* session_park_allow - the message to be dispatched now may be dispatched again, as long as it
 * changes nothing. session_may_park - what its waits are to be parked with; NULL: it may not. */
void session_park_allow(Session *s);
TxnPark *session_may_park(Session *s);
/* utility_park - of what is not planned, only LOCK TABLE can be begun again. */
void utility_park(Session *s, const Statement *st);
/* session_park - the message ended with st: if it waits (ST_BUSY), no other is worked off until it
 * has been dispatched again. */
bool session_park(Session *s, Status st);
bool session_parked(const Session *s);
/* session_park_over - is it worth while to try again? session_park_retry - the message is about to
 * be; session_park_tried - it was, and may have parked again. */
bool session_park_over(Session *s);
void session_park_retry(Session *s);
void session_park_tried(Session *s);
/* session_park_end - forget about it (the session is closed). */
void session_park_end(Session *s);
/* session_park_watch - the monitor's look: wake it if it was told to stop, or has waited for long.
 */
void session_park_watch(Session *s, int64_t now_us);

/* ---- session_extended.c ---- */
/* session_execute - run a portal with a plan and reply; session_extended_failed - what follows an
 * error. */
Status session_execute(Cx *cx, Session *s, Portal *p, uint32_t max_rows);
void session_extended_failed(Session *s);
void session_extended_message(Session *s, ProtoMsg *m);
Statement *statement_find(Session *s, const char *name);
/* statement_unref - the last reference frees it. */
void statement_unref(Statement *st);
Status statement_add(Cx *cx, Session *s, Statement *st, const char *name);
bool statement_drop(Session *s, const char *name);
void session_drop_statements(Session *s);
void portal_drop(Session *s, Portal *p);
void portal_drop_unnamed(Session *s);
void portals_drop_all(Session *s);
void portals_drop_level(Session *s, uint32_t above_level);
/* session_plans_alone - plans of this transaction are not shared, either way: it changed catalogs,
 * or its snapshot is older than some index. */
bool session_plans_alone(const Session *s);
Status portal_create(Cx *cx, Session *s, const char *name, Portal **out);

/* ---- statement.c: one statement through bind, plan, exec ---- */
/* statement_in - a statement of one run, without parameters, living in the arena. */
Statement *statement_in(Arena *arena, Slice sql, const struct PgQuery__Node *node);
/* statement_again - the text of outer parsed again, into a statement of its own whose arena lives
 * as long as it; its node is outer's, for the caller to take the query it holds. The caller owns a
 * reference, after an error too. */
Status statement_again(Cx *cx, const Statement *outer, Statement **out);
Status statement_prepare(Cx *cx, Session *s, Statement *st); /* classify, bind, plan */
/* statement_params_resolved - every $n must have got a type (42P18). */
Status statement_params_resolved(Cx *cx, const BindParams *params);
/* statement_create_plan - plan_create and the table locks an execution takes; version: the
 * catalog's before binding began. */
Status statement_create_plan(Cx *cx, Session *s, uint64_t version, const Query *query,
                             const BindParams *params, Plan **plan_out);
/* statement_tables - the table locks that a bound query needs. */
void statement_tables(Arena *arena, Oid database, const Query *query, PlanLock **locks_out,
                      uint32_t *count_out);
/* statement_query_may - DdlCx.may_run. */
Status statement_query_may(void *session, Cx *cx, const Query *query);
/* statement_may - what was found when the plan was made: may its user do that? 42501. */
Status statement_may(Cx *cx, const Plan *plan);
Status statement_replan(Cx *cx, Session *s, Statement *st); /* when catalog or settings moved on */
Status statement_check_txn(Cx *cx, Session *s, const Statement *st); /* 25P02 */
/* portal_run - up to max_rows rows (0 = all) as DataRows into s->out; *done_out when the end was
 * reached. */
Status portal_run(Cx *cx, Session *s, Portal *p, uint64_t max_rows, bool *done_out);
/* portal_explain - run it to its end, sending nothing, and write its plan with what the nodes
 * counted; us_out: how long that took. The portal has ended then, after an error too. */
Status portal_explain(Cx *cx, Session *s, Portal *p, const ExplainOptions *o, int64_t *us_out,
                      Buf *text);
/* portal_prepare - take the locks and open the portal, so that later runs see the database as it is
 * now; suspendable: it may outlive the statement. ST_RESTART when its plan, which no statement can
 * make again, is stale. */
Status portal_prepare(Cx *cx, Session *s, Portal *p, bool suspendable);
/* portal_close_exec - give the execution state and the snapshot back; the portal cannot run any
 * more. */
void portal_close_exec(Session *s, Portal *p);
struct PgQuery__FetchStmt;
/* sql_cursor.c */
typedef struct Cursor Cursor;
Status cursor_run(Cx *cx, Session *s, const Statement *st, bool extended, const char **tag_out);
void cursor_columns(Session *s, const struct PgQuery__FetchStmt *f, PlanColumn **cols_out,
                    uint32_t *count_out);
Status cursors_hold(Cx *cx, Session *s);
/* session_needs_table - why the session needs the table to stay as it is, as PostgreSQL words it: a
 * cursor or portal that may still read it, a check put off. NULL: it does not (DdlCx.in_use). */
const char *session_needs_table(void *session, Oid table);
/* cursors_drop_open - all portals but cursors held beyond a commit. */
void cursors_drop_open(Session *s);
bool cursor_is_with_hold(const Portal *p);
/* cursor_is_scroll, cursor_is_binary - as DECLARE said; false for portals of the protocol. */
bool cursor_is_scroll(const Portal *p);
bool cursor_is_binary(const Portal *p);
void portal_tag(const Portal *p, char *tag, size_t size);
Status do_run(Cx *cx, Session *s, const Statement *st, const char **tag_out);
Status call_run(Cx *cx, Session *s, const Statement *st, bool extended, const char **tag_out);
/* call_prepare - the types of CALL's parameters; call_describe - the columns of its row: count 0 =
 * none. */
Status call_prepare(Cx *cx, Session *s, Statement *st);
Status call_describe(Cx *cx, Session *s, const Statement *st, PlanColumn **cols_out,
                     uint32_t *count_out);
void exec_env_fill(Session *s, ExecEnv *env, const Snapshot *snap, const Datum *values,
                   const bool *nulls, uint32_t n);

/* ---- utility.c ---- */
/* session_ddl_cx - what src/ddl works with for this session's statement. */
void session_ddl_cx(Session *s, Slice sql, struct DdlCx *out);
/* utility_run - everything that is not planned. Rows (SHOW, EXPLAIN) go to s->out with their
 * description. */
Status utility_run(Cx *cx, Session *s, const Statement *st, bool extended, const char **tag_out);
/* lock_table_run - LOCK TABLE (lock_table.c). */
struct PgQuery__LockStmt;
Status lock_table_run(Cx *cx, Session *s, const struct PgQuery__LockStmt *stmt,
                      const char **tag_out);
struct DdlCx;
/* create_as_run - CREATE TABLE AS, SELECT INTO (create_as.c). */
Status create_as_run(Cx *cx, Session *s, struct DdlCx *ddl, const Statement *st,
                     const char **tag_out);
/* session_explain - what EXPLAIN shows, appended as lines (explain_run.c). */
Status session_explain(Cx *cx, Session *s, const Statement *st, Buf *text);
/* utility_tag - the command tag of a statement, or what comes nearest (utility_tag.c). */
const char *utility_tag(Arena *arena, const struct PgQuery__Node *node);
/* utility_columns - result columns for Describe; count 0 = none. */
Status utility_columns(Cx *cx, Session *s, const Statement *st, PlanColumn **cols_out,
                       uint32_t *count_out);

/* ---- session_copy.c, copy_options.c ---- */
struct PgQuery__List;
/* CopyOptions - what COPY's options say; the column lists are looked up when the columns are known.
 */
typedef struct CopyOptions {
    CopyFormat format;
    const struct PgQuery__List *force_quote, *force_not_null, *force_null; /* NULL = not given */
} CopyOptions;
Status copy_options(Cx *cx, const struct PgQuery__CopyStmt *stmt, Slice sql, CopyOptions *o);
/* copy_force_columns - which of the copied columns (names) the list has; list NULL gives NULL.
 * table NULL: the columns of a query. 42703, 42701, 42P10 in the name of the option. */
Status copy_force_columns(Cx *cx, Arena *arena, const struct PgQuery__List *list,
                          const CatTable *table, const char *const *names, uint32_t count,
                          const char *option, bool **out);
/* copy_feed - bytes of a COPY FROM; last: there are no more. */
Status copy_feed(Cx *cx, Session *s, Slice bytes, bool last);
/* CopyFile - a file that COPY TO writes (copy_file.c). copy_file_put - the bodies of CopyData
 * messages, which are taken out of the buffer. copy_file_end - st, or what closing makes of it. */
typedef struct CopyFile {
    OsFile *file;
    uint64_t at;
    Buf bytes; /* not written yet */
} CopyFile;
Status copy_file_allowed(Cx *cx, Session *s, const struct PgQuery__CopyStmt *stmt);
Status copy_file_create(Cx *cx, Session *s, const char *path, CopyFile *f);
Status copy_file_put(Cx *cx, CopyFile *f, Buf *messages);
Status copy_file_end(Cx *cx, CopyFile *f, Status st);
/* copy_file_read - feed the session's COPY FROM with the file. */
Status copy_file_read(Cx *cx, Session *s, const char *path);
Status copy_begin(Cx *cx, Session *s, const struct PgQuery__CopyStmt *stmt, const Statement *st,
                  bool extended, const char **tag_out);
void copy_message(Session *s, ProtoMsg *m);
void copy_abort(Session *s);

/* ---- plancache.c ---- */
struct PlanCache *plan_cache_create(void);
void plan_cache_free(struct PlanCache *c);
/* plan_cache_find - a plan for the text, its literals as parameter values (in arena); ST_NOTFOUND.
 */
Status plan_cache_find(Cx *cx, Session *s, Slice sql, StmtShape *shape_out, Plan **plan_out,
                       Datum **values_out, bool **nulls_out);
/* plan_cache_add - after a first run: lift the literals the bound query allows, plan again,
 * remember. */
void plan_cache_add(Session *s, const StmtShape *shape, Slice sql);

/* ---- listen.c ---- */
Status server_listen(Cx *cx, Server *srv);
void server_accept_loop(Server *srv);
void server_unlisten(Server *srv);

/* ---- supervise.c ---- */
/* server_supervise - become two processes: true in the one that is to serve, at first and after
 * each death of one that served; false in the supervisor when all is over, with its exit code.
 * Before any thread is started. */
bool server_supervise(ServerOptions *o, int *exit_code_out);

/* ---- runfile.c, psql.c ---- */
/* server_read_text - a small text file or pipe, cut at size - 1 bytes; false: it cannot be read. */
bool server_read_text(const char *path, char *out, size_t size);
/* runfile_read - pid, socket directory and port of a running server of the file; false when there
 * is none. */
bool runfile_read(const char *file, int *pid_out, char *dir, size_t dir_size, unsigned *port_out);
/* server_open_engine - open the database file. One that is locked although the program in its run
 * file is dead (or is own_pid, whose last server died) is about to be let go of: a killed process
 * takes a moment to give its memory back, so wait for it. */
Status server_open_engine(Cx *cx, Os *os, const char *file, int own_pid,
                          const EngineOptions *options, Engine **out);
Status runfile_write(Cx *cx, Server *srv);
void runfile_remove(Server *srv);
int psql_command(int argc, char **argv);

/* check_command - `dassie check`: its exit code, or -1 for wrong arguments. main_fail - tell an
 * error on stderr; returns 1. */
int check_command(int argc, char **argv);
int main_fail(const Err *err);
/* dump_command.c: the arguments behind the command's name; *usage_out: they are wrong. */
Status dump_wal_command(Cx *cx, int argc, char **argv, bool *usage_out);
Status dump_page_command(Cx *cx, int argc, char **argv, bool *usage_out);

#endif

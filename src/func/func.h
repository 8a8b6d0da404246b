#ifndef DASSIE_FUNC_H
#define DASSIE_FUNC_H
/*
 * func.h - functions that need the engine or the session: system information, administration,
 * settings, sequences, deparsers. They are kernels like those of src/type, found by pg_proc.prosrc
 * through func_ops_by_prosrc.
 *
 * A kernel reaches its session through FnCall.env->session, a FuncSession that the server fills;
 * the callbacks are how this folder asks the folders above. One thread at a time, the one that runs
 * the session's statement.
 */
#include "catalog/catalog.h"

/* FuncWait - what a session waits for that is no lock, as pg_stat_activity names it. */
typedef struct FuncWait {
    const char *type, *event;
} FuncWait;

/* FuncTls - a session's encryption; texts NULL: not known. */
typedef struct FuncTls {
    bool on;
    const char *version, *cipher, *subject, *serial, *issuer;
    int bits;
} FuncTls;

/* FuncStatement - what is counted of a statement; text NULL: not for the session's user. */
typedef struct FuncStatement {
    Oid user, database;
    int64_t query_id, calls, rows;
    const char *text;
    double total_ms, min_ms, max_ms, mean_ms, stddev_ms;
} FuncStatement;

/* FuncBackend - a session as others may see it. Times since 2000-01-01 UTC; 0: none. */
typedef struct FuncBackend {
    int32_t pid;
    Oid database, user;
    const char *application_name, *query, *state; /* NULL: not told */
    const FuncWait *wait;                         /* NULL: none */
    const char *client_address;                   /* NULL on a Unix socket */
    int32_t client_port;
    int64_t backend_start_us, xact_start_us, query_start_us, state_change_us;
    uint32_t xact_number; /* of the transaction under way, or the last one */
    FuncTls tls;
} FuncBackend;

/* FuncSetting - one setting as pg_settings tells it; values in the setting's base unit. */
typedef struct FuncSetting {
    const char *value, *boot, *reset, *source;
} FuncSetting;

/* FuncPrepared, FuncCursor - a prepared statement and an open cursor of the session. */
typedef struct FuncPrepared {
    const char *name, *statement;
    int64_t prepared_us;
    const Oid *types;
    uint32_t type_count;
    bool from_sql;
} FuncPrepared;
typedef struct FuncCursor {
    const char *name, *statement;
    bool holdable, binary, scrollable;
    int64_t created_us;
} FuncCursor;

typedef struct FuncSession {
    CatView *view;
    Engine *engine;
    const char *user_name, *session_user_name, *database_name, *application_name;
    int32_t backend_pid;
    int64_t server_start_us, backend_start_us; /* since 2000-01-01 UTC */
    const char *client_address;                /* NULL on a Unix socket */
    int32_t client_port, server_port;
    /* Settings: text of the current value, NULL when there is no such setting (get); set with
     * PostgreSQL's errors. */
    const char *(*setting_get)(void *arg, const char *name);
    Status (*setting_set)(void *arg, Cx *cx, const char *name, const char *value, bool local);
    /* setting_tell - the i-th of catalog_settings. */
    void (*setting_tell)(void *arg, uint32_t i, FuncSetting *out);
    /* Cancel or terminate another session by its pid; false when there is none. */
    bool (*signal_backend)(void *arg, int32_t pid, bool terminate);
    /* All sessions that are ready; is there one of this pid? */
    void (*backends)(void *arg, Arena *arena, FuncBackend **out, uint32_t *count_out);
    bool (*backend_exists)(void *arg, int32_t pid);
    _Atomic(const FuncWait *) wait; /* set while a function waits */
    /* What the session itself has prepared and opened. */
    void (*prepared_statements)(void *arg, Arena *arena, FuncPrepared **out, uint32_t *count_out);
    void (*cursors)(void *arg, Arena *arena, FuncCursor **out, uint32_t *count_out);
    /* Statistics of statements: all, how often some had to go and since when; forget some (0:
     * any). */
    void (*statement_stats)(void *arg, Arena *arena, FuncStatement **out, uint32_t *count_out);
    void (*statement_info)(void *arg, int64_t *dealloc_out, int64_t *reset_us_out);
    void (*statement_reset)(void *arg, Oid user, Oid database, int64_t query_id);
    /* NOTIFY; the channels the session listens to; how full the queue is. */
    Status (*notify)(void *arg, Cx *cx, const char *channel, const char *payload);
    uint32_t (*listening)(void *arg, Arena *arena, const char ***names_out);
    double (*notify_usage)(void *arg);
    void *arg;
    Map *sequence_values; /* currval: sequence OID -> int64_t* in session memory */
    Oid last_sequence;    /* lastval */
    struct FuncLob *lobs; /* open large objects; they end with the transaction (func_lobs_end) */
    uint32_t lob_count;
    Arena *session_arena;
    uint64_t random_state[2];
    bool random_seeded;
} FuncSession;

/* func_ops_by_prosrc - a kernel of this folder, or NULL. Given to the expression compiler as
 * extra_fn. */
const FnOps *func_ops_by_prosrc(const char *prosrc);
/* func_sets_by_prosrc - likewise a function that returns a set: ExecEnv.extra_set. */
const SetOps *func_sets_by_prosrc(const char *prosrc);

/* func_lobs_end - the transaction is over: its descriptors of large objects are no more. */
void func_lobs_end(FuncSession *fs);

/* FUNC_TEXT_SEARCH - TypeEnv.search of such a session. */
extern const TypeSearch FUNC_TEXT_SEARCH;
/* func_reg_out - TypeEnv.reg_out of a session whose TypeEnv.session is a FuncSession. */
bool func_reg_out(void *session, Oid reg_type, Oid oid, Buf *buf);
/* FUNC_TYPES - TypeEnv.types likewise. */
extern const TypeCatalog FUNC_TYPES;

#endif

#ifndef DASSIE_DDL_H
#define DASSIE_DDL_H
/*
 * ddl.h - statements that define things: CREATE, ALTER, DROP, TRUNCATE, COMMENT, one file per
 * object kind.
 *
 * Everything is transactional: catalog rows and trees are made under the statement's transaction
 * and vanish with it. One thread, that of the session. Locks are taken on what is changed; names
 * and texts are PostgreSQL's.
 */
#include "bind/bind.h"
#include "exec/exec.h"

struct PgQuery__VacuumStmt;
struct PgQuery__VariableSetStmt;

typedef struct DdlCx {
    CatView *view; /* with its transaction */
    Engine *engine;
    Arena *arena; /* statement */
    Slice sql;    /* for error positions */
    const TypeEnv *env;
    const FnOps *(*extra_fn)(const char *prosrc);
    uint64_t work_mem_bytes;
    bool replica; /* session_replication_role */
    /* Why this session needs the table as it is ("it has pending trigger events"); NULL: it does
     * not. May be NULL itself. */
    const char *(*in_use)(void *arg, Oid table);
    void *in_use_arg; /* of the next three, too */
    /* The session needs its schema of temporary objects: view->temp_namespace is set. NULL: it
     * cannot have any. */
    Status (*need_temp)(void *arg, Cx *cx);
    /* A temporary table is to be emptied ('d') or dropped ('D') at commit. */
    void (*on_commit)(void *arg, Oid table, char what);
    /* Until the transaction ends nobody new connects to the database, and with exclusive nobody
     * else holds it; those who are there have some seconds to leave, or (terminate) are ended.
     * *others_out: how many are left. NULL: nobody else is ever connected. */
    Status (*hold_database)(void *arg, Cx *cx, Oid database, bool exclusive, bool terminate,
                            uint32_t *others_out);
    /* What a known encoding is called; NULL and *other_out: known, but not here. */
    const char *(*encoding_name)(const char *name, bool *other_out);
    Oid session_user;
    /* What only the server knows: a password's verifier (0A000 for forms that are refused); name
     * and text of a SET, checked, value NULL to reset. */
    Status (*make_verifier)(void *arg, Cx *cx, Arena *arena, const char *password,
                            const char **out);
    Status (*setting_text)(void *arg, Cx *cx, const struct PgQuery__VariableSetStmt *set,
                           const char **name_out, const char **value_out);
    /* 42501 when the view's user may not do what the bound query does. */
    Status (*may_run)(void *arg, Cx *cx, const Query *q);
    void *server_arg;
} DdlCx;

/* ddl_execute - run the statement; *tag_out is its command tag ("CREATE TABLE"). ST_NOTFOUND when
   the statement is not of this folder (the caller then says 0A000). */
Status ddl_execute(Cx *cx, DdlCx *d, const struct PgQuery__Node *stmt, const char **tag_out);
/* ---- temporary objects: for the session they belong to ---- */
typedef Status (*DdlTempFn)(void *arg, Cx *cx, DdlCx *d);
/* ddl_temp_run - fn in a transaction of its own, which commits. */
Status ddl_temp_run(Cx *cx, Engine *e, Catalog *c, Oid database, DdlTempFn fn, void *arg);
/* ddl_temp_schema - the schema of this name, empty: made, or cleared of what a session left. */
Status ddl_temp_schema(Cx *cx, DdlCx *d, const char *name, Oid *oid_out);
/* ddl_temp_clear - everything in the schema is dropped, silently. */
Status ddl_temp_clear(Cx *cx, DdlCx *d, Oid namespace_oid);
/* ddl_temp_clear_all - those of all sessions. */
Status ddl_temp_clear_all(Cx *cx, DdlCx *d);
/* ddl_temp_sweep - what a crash left of all sessions' temporary objects. Requires: no sessions. */
Status ddl_temp_sweep(Cx *cx, Engine *e, Catalog *c, Oid database);
/* ddl_temp_exists, ddl_temp_empty, ddl_temp_drop - ON COMMIT, tables in the order they were made.
 */
Status ddl_temp_exists(Cx *cx, DdlCx *d, Oid table, bool *exists_out);
Status ddl_temp_empty(Cx *cx, DdlCx *d, const Oid *tables, uint32_t count);
Status ddl_temp_drop(Cx *cx, DdlCx *d, const Oid *tables, uint32_t count);

/* ddl_vacuum - VACUUM and ANALYZE as written. */
Status ddl_vacuum(Cx *cx, DdlCx *d, const struct PgQuery__VacuumStmt *stmt);
/* ddl_analyze - ANALYZE: gather statistics of one table; NULL: of all. */
Status ddl_analyze(Cx *cx, DdlCx *d, const CatTable *table);

#endif

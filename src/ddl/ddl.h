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

typedef struct DdlCx {
    CatView *view; /* with its transaction */
    Engine *engine;
    Arena *arena; /* statement */
    Slice sql;    /* for error positions */
    const TypeEnv *env;
    const FnOps *(*extra_fn)(const char *prosrc);
    uint64_t work_mem_bytes;
    /* Why this session needs the table as it is ("it has pending trigger events"); NULL: it does
     * not. May be NULL itself. */
    const char *(*in_use)(void *arg, Oid table);
    void *in_use_arg;
} DdlCx;

/* ddl_execute - run the statement; *tag_out is its command tag ("CREATE TABLE"). ST_NOTFOUND when
   the statement is not of this folder (the caller then says 0A000). */
Status ddl_execute(Cx *cx, DdlCx *d, const struct PgQuery__Node *stmt, const char **tag_out);
/* ddl_analyze - ANALYZE: gather statistics of one table; NULL: of all. */
Status ddl_analyze(Cx *cx, DdlCx *d, const CatTable *table);

#endif

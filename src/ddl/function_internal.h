#ifndef DASSIE_DDL_FUNCTION_INTERNAL_H
#define DASSIE_DDL_FUNCTION_INTERNAL_H
/*
 * function_internal.h - what CREATE, ALTER and DROP of functions and procedures share.
 */
#include "ddl/ddl_internal.h"

enum { DDL_PG_LANGUAGE = 2612, DDL_LANGUAGE_SQL = 14, DDL_FUNCTION_ARGS_MAX = 100 };

/* FunctionOptions - what follows the signature; 0 and NULL: not given. */
typedef struct FunctionOptions {
    const char *language;
    const PgQuery__List *as;
    char volatility, parallel;
    int strict, security_definer, leakproof; /* -1 not given */
    double cost, rows;                       /* -1 not given */
    bool changes_config;
    const char *const *config; /* what SET asks for, name=value; NULL value text: RESET */
    uint32_t config_count;
    bool reset_all;
} FunctionOptions;
/* function_options - of CREATE, or the actions of ALTER. config: what the function has now. */
Status function_options(Cx *cx, DdlCx *d, PgQuery__Node *const *nodes, size_t count,
                        const CatProc *old, FunctionOptions *o);
/* function_type - a parameter's or result's type: %TYPE too. *missing_out: there is no such type,
 * and no error was set. */
Status function_type(Cx *cx, DdlCx *d, const PgQuery__TypeName *name, Oid *type_out);
/* function_array - "{a,b}": the text of a text[] column. */
const char *function_text_array(Arena *a, const char *const *items, uint32_t count);
/* function_find - the function or procedure a statement names. kind: 'f' function, 'p' procedure,
 * 'a' aggregate, 0 routine. missing_ok: a notice, and *out NULL. */
Status function_find(Cx *cx, DdlCx *d, const PgQuery__ObjectWithArgs *o, char kind, bool missing_ok,
                     const CatProc **out);
/* function_text - name(types) as messages have it. */
const char *function_text(DdlCx *d, const CatProc *p);
char function_kind(PgQuery__ObjectType type);
Status function_lock_row(Cx *cx, DdlCx *d, Oid oid, DdlRow *r);

#endif

/*
 * vacuum.c - VACUUM and ANALYZE: options as PostgreSQL checks them
 *
 * VACUUM has nothing to do here (purge follows the log); what it is asked for is checked all the
 * same, so that a wrong command is told. ANALYZE gathers the statistics of whole tables, also when
 * columns are named.
 */
#include <strings.h>

#include "ddl/role.h"

/* VacuumWish - what the options ask for. */
typedef struct VacuumWish {
    bool analyze, full, parallel, keep_pages;
} VacuumWish;

static Status vacuum_option_error(Cx *cx, DdlCx *d, const PgQuery__DefElem *e, const char *text)
{
    return ddl_error_at(cx, d, err_set(cx, ERRCODE_SYNTAX_ERROR, "%s", text), e->location);
}

/* vacuum_bool - an option's value; false for one that is none. */
static bool vacuum_bool(DdlCx *d, const PgQuery__DefElem *e, bool *out)
{
    static const char *const YES[] = {"true", "on", "1", "yes"}, *const NO[] = {"false", "off", "0",
                                                                                "no"};
    const char *value = ddl_option_value(d->arena, e->arg);
    for (size_t i = 0; i < ARRAY_LEN(YES); i++) {
        if (strcasecmp(value, YES[i]) == 0 || strcasecmp(value, NO[i]) == 0) {
            *out = strcasecmp(value, YES[i]) == 0;
            return true;
        }
    }
    return false;
}

/* vacuum_parallel - PARALLEL n. */
static Status vacuum_parallel(Cx *cx, DdlCx *d, const PgQuery__DefElem *e, VacuumWish *w)
{
    if (e->arg == NULL || e->arg->node_case != PG_QUERY__NODE__NODE_INTEGER) {
        return vacuum_option_error(cx, d, e, "parallel option requires a value between 0 and 1024");
    }
    if (e->arg->integer->ival < 0 || e->arg->integer->ival > 1024) {
        return vacuum_option_error(cx, d, e,
                                   "parallel workers for vacuum must be between 0 and 1024");
    }
    w->parallel = e->arg->integer->ival > 0;
    return ST_OK;
}

/* vacuum_option - one option; ANALYZE has only VERBOSE and SKIP_LOCKED. */
static Status vacuum_option(Cx *cx, DdlCx *d, const PgQuery__DefElem *e, bool vacuum, VacuumWish *w)
{
    static const char *const BOTH[] = {"verbose", "skip_locked"};
    static const char *const VACUUM[] = {
        "analyze",       "freeze",   "full",         "disable_page_skipping",
        "process_toast", "truncate", "index_cleanup"};
    bool known = false, on = true;
    if (vacuum && strcmp(e->defname, "parallel") == 0) {
        return vacuum_parallel(cx, d, e, w);
    }
    for (size_t i = 0; i < ARRAY_LEN(BOTH); i++) {
        known = known || strcmp(BOTH[i], e->defname) == 0;
    }
    for (size_t i = 0; vacuum && i < ARRAY_LEN(VACUUM); i++) {
        known = known || strcmp(VACUUM[i], e->defname) == 0;
    }
    if (!known) {
        return vacuum_option_error(cx, d, e,
                                   arena_printf(d->arena, "unrecognized %s option \"%s\"",
                                                vacuum ? "VACUUM" : "ANALYZE", e->defname));
    }
    bool automatic = strcmp(e->defname, "index_cleanup") == 0 && e->arg != NULL &&
                     strcasecmp(ddl_option_value(d->arena, e->arg), "auto") == 0;
    if (!automatic && !vacuum_bool(d, e, &on)) {
        return err_set(cx, ERRCODE_SYNTAX_ERROR, "%s requires a Boolean value", e->defname);
    }
    w->analyze = strcmp(e->defname, "analyze") == 0 ? on : w->analyze;
    w->full = strcmp(e->defname, "full") == 0 ? on : w->full;
    w->keep_pages = strcmp(e->defname, "disable_page_skipping") == 0 ? on : w->keep_pages;
    return ST_OK;
}

/* vacuum_columns - the columns named exist, each once. */
static Status vacuum_columns(Cx *cx, const CatTable *t, const PgQuery__VacuumRelation *r)
{
    for (size_t i = 0; i < r->n_va_cols; i++) {
        const char *name = ddl_string(r->va_cols[i]);
        if (ddl_column(t, name) == NULL) {
            return err_set(cx, ERRCODE_UNDEFINED_COLUMN,
                           "column \"%s\" of relation \"%s\" does not exist", name, t->name);
        }
        for (size_t k = 0; k < i; k++) {
            if (strcmp(ddl_string(r->va_cols[k]), name) == 0) {
                return err_set(cx, ERRCODE_DUPLICATE_COLUMN,
                               "column \"%s\" of relation \"%s\" appears more than once", name,
                               t->name);
            }
        }
    }
    return ST_OK;
}

/* vacuum_may - the owner of the table, or of the database, may; others are told that it is left
 * out. */
static Status vacuum_may(Cx *cx, DdlCx *d, const CatTable *t, bool vacuum, bool *out)
{
    TRY(cat_is_owner(cx, d->view, CAT_PG_CLASS, t->oid, d->view->user, out));
    if (!*out) {
        TRY(cat_is_owner(cx, d->view, CAT_PG_DATABASE, d->view->database, d->view->user, out));
    }
    if (!*out) {
        err_notice(cx, ERR_WARNING, ERRCODE_WARNING, NULL, "skipping \"%s\" --- only %s can %s it",
                   t->name,
                   t->oid < FIRST_USER_OID ? "superuser or database owner"
                                           : "table or database owner",
                   vacuum ? "vacuum" : "analyze");
    }
    return ST_OK;
}

/* vacuum_relation - one relation as written: there is nothing to vacuum; statistics if asked for.
 */
static Status vacuum_relation(Cx *cx, DdlCx *d, const PgQuery__VacuumRelation *r, bool vacuum,
                              bool analyze)
{
    const PgQuery__RangeVar *rv = r->relation;
    const char *schema =
        rv->schemaname != NULL && rv->schemaname[0] != '\0' ? rv->schemaname : NULL;
    const CatTable *t;
    Status st = cat_table_by_name(cx, d->view, schema, rv->relname, &t);
    if (st == ST_NOTFOUND) {
        return err_set(cx, ERRCODE_UNDEFINED_TABLE, "relation \"%s%s%s\" does not exist",
                       schema != NULL ? schema : "", schema != NULL ? "." : "", rv->relname);
    }
    TRY(st);
    bool may;
    TRY(vacuum_may(cx, d, t, vacuum, &may));
    if (!may) {
        return ST_OK;
    }
    if (t->kind != 'r' && t->kind != 'm') {
        err_notice(cx, ERR_WARNING, ERRCODE_WARNING, NULL,
                   "skipping \"%s\" --- cannot %s non-tables or special system tables", t->name,
                   vacuum ? "vacuum" : "analyze");
        return ST_OK;
    }
    TRY(vacuum_columns(cx, t, r));
    return analyze ? ddl_analyze(cx, d, t) : ST_OK;
}

Status ddl_vacuum(Cx *cx, DdlCx *d, const PgQuery__VacuumStmt *stmt)
{
    VacuumWish w = {.analyze = !stmt->is_vacuumcmd};
    bool columns = false;
    for (size_t i = 0; i < stmt->n_options; i++) {
        TRY(vacuum_option(cx, d, stmt->options[i]->def_elem, stmt->is_vacuumcmd, &w));
    }
    if (w.full && w.parallel) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "VACUUM FULL cannot be performed in parallel");
    }
    for (size_t i = 0; i < stmt->n_rels; i++) {
        columns = columns || stmt->rels[i]->vacuum_relation->n_va_cols != 0;
    }
    if (columns && !w.analyze) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "ANALYZE option must be specified when a column list is provided");
    }
    if (w.full && w.keep_pages) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "VACUUM option DISABLE_PAGE_SKIPPING cannot be used with FULL");
    }
    for (size_t i = 0; i < stmt->n_rels; i++) {
        TRY(vacuum_relation(cx, d, stmt->rels[i]->vacuum_relation, stmt->is_vacuumcmd, w.analyze));
    }
    return stmt->n_rels == 0 && w.analyze ? ddl_analyze(cx, d, NULL) : ST_OK;
}

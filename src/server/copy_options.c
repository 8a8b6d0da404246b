/*
 * copy_options.c - the options of COPY: what they may be, alone and together
 *
 * Checked in PostgreSQL's order, which its errors show: each argument as it comes, then the values,
 * then the column lists, which need the columns that are copied.
 */
#include <pg_query/pg_query.pb-c.h>
#include <strings.h>

#include "server/server_internal.h"

/* option_error_at - the error just raised is about this option. */
static Status option_error_at(Cx *cx, Slice sql, const PgQuery__DefElem *d)
{
    return d->location >= 0 ? err_position(cx, parse_char_position(sql, d->location)) : ST_ERROR;
}

/* option_text - the argument of an option as text, whatever it was written as; 42601 when
 * there is none. */
static Status option_text(Cx *cx, const PgQuery__DefElem *d, const char **text_out)
{
    const PgQuery__Node *arg = d->arg;
    *text_out = "";
    if (arg == NULL) {
        return err_set(cx, ERRCODE_SYNTAX_ERROR, "%s requires a parameter", d->defname);
    }
    switch (arg->node_case) {
    case PG_QUERY__NODE__NODE_STRING: *text_out = arg->string->sval; return ST_OK;
    case PG_QUERY__NODE__NODE_INTEGER:
        *text_out = arena_printf(cx->arena, "%d", (int)arg->integer->ival);
        return ST_OK;
    case PG_QUERY__NODE__NODE_FLOAT: *text_out = arg->float_->fval; return ST_OK;
    case PG_QUERY__NODE__NODE_A_STAR: *text_out = "*"; return ST_OK;
    case PG_QUERY__NODE__NODE_LIST:
        for (size_t i = 0; i < arg->list->n_items; i++) {
            const PgQuery__Node *item = arg->list->items[i];
            const char *name =
                item->node_case == PG_QUERY__NODE__NODE_STRING ? item->string->sval : "";
            *text_out = i == 0 ? name : arena_printf(cx->arena, "%s.%s", *text_out, name);
        }
        return ST_OK;
    default: return err_set(cx, ERRCODE_SYNTAX_ERROR, "%s requires a parameter", d->defname);
    }
}

/* option_bool - a Boolean option, on when it has no argument; HEADER may also be MATCH (match not
 * NULL). */
static Status option_bool(Cx *cx, const PgQuery__DefElem *d, bool *match, bool *out)
{
    const char *text;
    *out = true;
    if (d->arg == NULL) {
        return ST_OK;
    }
    if (d->arg->node_case == PG_QUERY__NODE__NODE_BOOLEAN) {
        *out = d->arg->boolean->boolval != 0;
        return ST_OK;
    }
    TRY(option_text(cx, d, &text));
    bool number = d->arg->node_case == PG_QUERY__NODE__NODE_INTEGER;
    if (match != NULL && strcasecmp(text, "match") == 0) {
        *match = true;
        return ST_OK;
    }
    if (strcasecmp(text, "true") == 0 || strcasecmp(text, "on") == 0 ||
        (number && strcmp(text, "1") == 0)) {
        return ST_OK;
    }
    *out = false;
    if (strcasecmp(text, "false") == 0 || strcasecmp(text, "off") == 0 ||
        (number && strcmp(text, "0") == 0)) {
        return ST_OK;
    }
    return err_set(cx, ERRCODE_SYNTAX_ERROR, "%s requires a Boolean value%s", d->defname,
                   match != NULL ? " or \"match\"" : "");
}

/* CopyWords - the arguments as written. */
typedef struct CopyWords {
    CopyOptions *o;
    Slice sql;
    bool is_from, binary;
    const char *delimiter, *null_text, *quote, *escape; /* NULL = not given */
} CopyWords;

static Status option_header(Cx *cx, CopyWords *w, const PgQuery__DefElem *d)
{
    CopyFormat *f = &w->o->format;
    f->header_match = false;
    TRY(option_bool(cx, d, &f->header_match, &f->header));
    if (f->header_match && !w->is_from) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "cannot use \"match\" with HEADER in COPY TO");
    }
    return ST_OK;
}

/* option_columns - a list of column names, or for FORCE_QUOTE all of them. */
static Status option_columns(Cx *cx, CopyWords *w, const PgQuery__DefElem *d,
                             const PgQuery__List **list, bool *all)
{
    if (d->arg != NULL && d->arg->node_case == PG_QUERY__NODE__NODE_LIST) {
        *list = d->arg->list;
        return ST_OK;
    }
    if (all != NULL && d->arg != NULL && d->arg->node_case == PG_QUERY__NODE__NODE_A_STAR) {
        *all = true;
        return ST_OK;
    }
    st_ignore(err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                      "argument to option \"%s\" must be a list of column names", d->defname));
    return option_error_at(cx, w->sql, d);
}

static Status option_encoding(Cx *cx, CopyWords *w, const PgQuery__DefElem *d)
{
    const char *text;
    bool other;
    TRY(option_text(cx, d, &text));
    if (setting_encoding(text, &other) != NULL) {
        return ST_OK;
    }
    if (other) {
        return err_unsupported(cx, "COPY ENCODING \"%s\" is not supported: use UTF8", text);
    }
    st_ignore(err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                      "argument to option \"%s\" must be a valid encoding name", d->defname));
    return option_error_at(cx, w->sql, d);
}

static Status option_format(Cx *cx, CopyWords *w, const PgQuery__DefElem *d)
{
    const char *name;
    TRY(option_text(cx, d, &name));
    w->o->format.csv = strcmp(name, "csv") == 0;
    w->binary = strcmp(name, "binary") == 0;
    if (w->o->format.csv || w->binary || strcmp(name, "text") == 0) {
        return ST_OK;
    }
    st_ignore(
        err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "COPY format \"%s\" not recognized", name));
    return option_error_at(cx, w->sql, d);
}

/* option_take - the argument of one option. */
static Status option_take(Cx *cx, CopyWords *w, const PgQuery__DefElem *d)
{
    const char *name = d->defname;
    CopyOptions *o = w->o;
    bool freeze;
    const char **word = strcmp(name, "delimiter") == 0 ? &w->delimiter
                        : strcmp(name, "null") == 0    ? &w->null_text
                        : strcmp(name, "quote") == 0   ? &w->quote
                        : strcmp(name, "escape") == 0  ? &w->escape
                                                       : NULL;
    if (word != NULL) {
        return option_text(cx, d, word);
    }
    if (strcmp(name, "format") == 0) {
        return option_format(cx, w, d);
    }
    if (strcmp(name, "header") == 0) {
        return option_header(cx, w, d);
    }
    if (strcmp(name, "force_quote") == 0) {
        return option_columns(cx, w, d, &o->force_quote, &o->format.force_quote_all);
    }
    if (strcmp(name, "force_not_null") == 0) {
        return option_columns(cx, w, d, &o->force_not_null, NULL);
    }
    if (strcmp(name, "force_null") == 0) {
        return option_columns(cx, w, d, &o->force_null, NULL);
    }
    if (strcmp(name, "encoding") == 0) {
        return option_encoding(cx, w, d);
    }
    if (strcmp(name, "freeze") == 0) { /* asks for what is always so: rows need no later freezing */
        return option_bool(cx, d, NULL, &freeze);
    }
    st_ignore(err_set(cx, ERRCODE_SYNTAX_ERROR, "option \"%s\" not recognized", name));
    return option_error_at(cx, w->sql, d);
}

/* settle_delimiter - the delimiter and what stands for NULL. */
static Status settle_delimiter(Cx *cx, const CopyWords *w, CopyFormat *f)
{
    static const char NEVER[] = "\\.abcdefghijklmnopqrstuvwxyz0123456789";
    const char *delimiter = w->delimiter != NULL ? w->delimiter : f->csv ? "," : "\t";
    const char *null_text = w->null_text != NULL ? w->null_text : f->csv ? "" : "\\N";
    if (strlen(delimiter) != 1) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "COPY delimiter must be a single one-byte character");
    }
    if (strchr("\r\n", delimiter[0]) != NULL) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "COPY delimiter cannot be newline or carriage return");
    }
    if (strpbrk(null_text, "\r\n") != NULL) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "COPY null representation cannot use newline or carriage return");
    }
    if (!f->csv && strchr(NEVER, delimiter[0]) != NULL) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "COPY delimiter cannot be \"%s\"",
                       delimiter);
    }
    size_t n = strlen(null_text);
    if (n >= sizeof(f->null_text)) {
        return err_unsupported(cx, "COPY null representation is too long");
    }
    memcpy(f->null_text, null_text, n + 1);
    f->null_len = (uint16_t)n;
    f->delimiter = delimiter[0];
    return ST_OK;
}

/* settle_quote - QUOTE and ESCAPE. */
static Status settle_quote(Cx *cx, const CopyWords *w, CopyFormat *f)
{
    if (!f->csv && w->quote != NULL) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED, "COPY quote available only in CSV mode");
    }
    const char *quote = w->quote != NULL ? w->quote : "\"";
    const char *escape = w->escape != NULL ? w->escape : quote;
    if (f->csv && strlen(quote) != 1) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "COPY quote must be a single one-byte character");
    }
    if (f->csv && f->delimiter == quote[0]) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "COPY delimiter and quote must be different");
    }
    if (!f->csv && w->escape != NULL) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED, "COPY escape available only in CSV mode");
    }
    if (f->csv && strlen(escape) != 1) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "COPY escape must be a single one-byte character");
    }
    f->quote = quote[0];
    f->escape = escape[0];
    return ST_OK;
}

/* settle_force - one of the FORCE options: CSV only, and in one direction only. */
static Status settle_force(Cx *cx, const CopyWords *w, bool given, const char *name, bool from)
{
    if (given && !w->o->format.csv) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED, "COPY %s available only in CSV mode",
                       name);
    }
    if (given && w->is_from != from) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED, "COPY %s only available using COPY %s",
                       name, from ? "FROM" : "TO");
    }
    return ST_OK;
}

/* settle_options - what the options mean together. */
static Status settle_options(Cx *cx, const CopyWords *w)
{
    CopyOptions *o = w->o;
    CopyFormat *f = &o->format;
    if (w->binary && (w->delimiter != NULL || w->null_text != NULL)) {
        return err_set(cx, ERRCODE_SYNTAX_ERROR, "cannot specify %s in BINARY mode",
                       w->delimiter != NULL ? "DELIMITER" : "NULL");
    }
    TRY(settle_delimiter(cx, w, f));
    if (w->binary && f->header) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED, "cannot specify HEADER in BINARY mode");
    }
    TRY(settle_quote(cx, w, f));
    TRY(settle_force(cx, w, o->force_quote != NULL || f->force_quote_all, "force quote", false));
    TRY(settle_force(cx, w, o->force_not_null != NULL, "force not null", true));
    TRY(settle_force(cx, w, o->force_null != NULL, "force null", true));
    if (strchr(f->null_text, f->delimiter) != NULL) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "COPY delimiter must not appear in the NULL specification");
    }
    if (f->csv && strchr(f->null_text, f->quote) != NULL) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "CSV quote character must not appear in the NULL specification");
    }
    f->binary = w->binary;
    return ST_OK;
}

Status copy_options(Cx *cx, const PgQuery__CopyStmt *stmt, Slice sql, CopyOptions *o)
{
    CopyWords w = {.o = o, .sql = sql, .is_from = stmt->is_from != 0};
    *o = (CopyOptions){0};
    for (size_t i = 0; i < stmt->n_options; i++) {
        const PgQuery__DefElem *d = stmt->options[i]->def_elem;
        for (size_t k = 0; k < i; k++) {
            if (strcmp(stmt->options[k]->def_elem->defname, d->defname) == 0) {
                st_ignore(err_set(cx, ERRCODE_SYNTAX_ERROR, "conflicting or redundant options"));
                return option_error_at(cx, sql, d);
            }
        }
        TRY(option_take(cx, &w, d));
    }
    return settle_options(cx, &w);
}

Status copy_force_columns(Cx *cx, Arena *arena, const PgQuery__List *list, const CatTable *table,
                          const char *const *names, uint32_t count, const char *option, bool **out)
{
    *out = NULL;
    if (list == NULL) {
        return ST_OK;
    }
    *out = ARENA_ARRAY(arena, bool, count + 1);
    for (size_t i = 0; i < list->n_items; i++) {
        const char *name = list->items[i]->string->sval;
        uint32_t at = 0;
        bool known = table == NULL;
        for (uint16_t c = 0; table != NULL && c < table->column_count; c++) {
            known |= !table->columns[c].dropped && strcmp(table->columns[c].name, name) == 0;
        }
        while (at < count && strcmp(names[at], name) != 0) {
            at++;
        }
        if (table != NULL && !known) {
            return err_set(cx, ERRCODE_UNDEFINED_COLUMN,
                           "column \"%s\" of relation \"%s\" does not exist", name, table->name);
        }
        if (table == NULL && at == count) {
            return err_set(cx, ERRCODE_UNDEFINED_COLUMN, "column \"%s\" does not exist", name);
        }
        for (size_t k = 0; k < i; k++) {
            if (strcmp(list->items[k]->string->sval, name) == 0) {
                return err_set(cx, ERRCODE_DUPLICATE_COLUMN,
                               "column \"%s\" specified more than once", name);
            }
        }
        if (at == count) {
            return err_set(cx, ERRCODE_INVALID_COLUMN_REFERENCE,
                           "%s column \"%s\" not referenced by COPY", option, name);
        }
        (*out)[at] = true;
    }
    return ST_OK;
}

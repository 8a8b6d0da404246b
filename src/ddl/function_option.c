/*
 * function_option.c - what stands behind the signature of a function: language, volatility, SET...
 */
#include "ddl/function_internal.h"

const char *function_text_array(Arena *a, const char *const *items, uint32_t count)
{
    Buf b;
    buf_init(&b, 1u << 20);
    buf_putc(&b, '{');
    for (uint32_t i = 0; i < count; i++) {
        const char *s = items[i];
        bool quote = s[0] == '\0' || strcasecmp(s, "null") == 0;
        for (const char *p = s; *p != '\0'; p++) {
            quote = quote || strchr("\"\\{}, \t\n\r\v\f", *p) != NULL;
        }
        buf_puts(&b, i > 0 ? "," : "");
        buf_puts(&b, quote ? "\"" : "");
        for (const char *p = s; *p != '\0'; p++) {
            if (*p == '"' || *p == '\\') {
                buf_putc(&b, '\\');
            }
            buf_putc(&b, *p);
        }
        buf_puts(&b, quote ? "\"" : "");
    }
    buf_putc(&b, '}');
    const char *text = arena_strndup(a, (const char *)b.data, b.len);
    buf_release(&b);
    return text;
}

static Status option_conflict(Cx *cx, DdlCx *d, const PgQuery__DefElem *e)
{
    return ddl_error_at(
        cx, d, err_set(cx, ERRCODE_SYNTAX_ERROR, "conflicting or redundant options"), e->location);
}

static bool option_is_on(const PgQuery__DefElem *e)
{
    const PgQuery__Node *n = e->arg;
    if (n == NULL) {
        return true;
    }
    return n->node_case == PG_QUERY__NODE__NODE_BOOLEAN   ? n->boolean->boolval
           : n->node_case == PG_QUERY__NODE__NODE_INTEGER ? n->integer->ival != 0
                                                          : true;
}

static double function_option_number(const PgQuery__DefElem *e)
{
    const PgQuery__Node *n = e->arg;
    return n->node_case == PG_QUERY__NODE__NODE_INTEGER ? n->integer->ival
           : n->node_case == PG_QUERY__NODE__NODE_FLOAT ? strtod(n->float_->fval, NULL)
                                                        : 0;
}

/* config_value - the arguments of SET as one text: a list's identifiers quoted. */
static const char *config_value(DdlCx *d, const PgQuery__VariableSetStmt *s)
{
    const char *text = "";
    bool list = strcasecmp(s->name, "search_path") == 0 || s->n_args > 1;
    for (size_t i = 0; i < s->n_args; i++) {
        const PgQuery__Node *n = s->args[i];
        const char *v = "";
        if (n->node_case == PG_QUERY__NODE__NODE_A_CONST) {
            const PgQuery__AConst *c = n->a_const;
            v = c->val_case == PG_QUERY__A__CONST__VAL_IVAL
                    ? arena_printf(d->arena, "%d", c->ival->ival)
                : c->val_case == PG_QUERY__A__CONST__VAL_FVAL ? c->fval->fval
                : c->val_case == PG_QUERY__A__CONST__VAL_SVAL
                    ? (list ? ddl_quote_name(d->arena, c->sval->sval) : c->sval->sval)
                : c->val_case == PG_QUERY__A__CONST__VAL_BOOLVAL
                    ? (c->boolval->boolval ? "on" : "off")
                    : "";
        }
        text = arena_printf(d->arena, "%s%s%s", text, i > 0 ? ", " : "", v);
    }
    return text;
}

/* option_config - one SET or RESET into the list. */
static Status option_config(Cx *cx, DdlCx *d, const PgQuery__VariableSetStmt *s, FunctionOptions *o)
{
    const char **list = ARENA_ARRAY(d->arena, const char *, o->config_count + 1u);
    uint32_t n = 0;
    o->changes_config = true;
    if (s->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_RESET_ALL) {
        o->config_count = 0;
        return ST_OK;
    }
    size_t len = strlen(s->name);
    for (uint32_t i = 0; i < o->config_count; i++) {
        if (strncmp(o->config[i], s->name, len) != 0 || o->config[i][len] != '=') {
            list[n++] = o->config[i];
        }
    }
    if (s->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_VALUE) {
        list[n++] = arena_printf(d->arena, "%s=%s", s->name, config_value(d, s));
    } else if (s->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_CURRENT ||
               s->kind == PG_QUERY__VARIABLE_SET_KIND__VAR_SET_MULTI) {
        return err_unsupported(cx, "SET ... FROM CURRENT of functions is not supported");
    }
    o->config = list;
    o->config_count = n;
    return ST_OK;
}

/* option_word - volatility and parallel safety. */
static Status option_word(Cx *cx, DdlCx *d, const PgQuery__DefElem *e, char *out)
{
    const char *word = ddl_string(e->arg);
    if (*out != 0) {
        return option_conflict(cx, d, e);
    }
    if (strcmp(e->defname, "parallel") == 0 && strcmp(word, "safe") != 0 &&
        strcmp(word, "unsafe") != 0 && strcmp(word, "restricted") != 0) {
        return err_set(cx, ERRCODE_SYNTAX_ERROR,
                       "parameter \"parallel\" must be SAFE, RESTRICTED, or UNSAFE");
    }
    *out = word[0];
    return ST_OK;
}

static Status option_number_of(Cx *cx, DdlCx *d, const PgQuery__DefElem *e, double *out)
{
    if (*out >= 0) {
        return option_conflict(cx, d, e);
    }
    *out = function_option_number(e);
    return *out > 0 ? ST_OK
                    : err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "%s must be positive",
                              strcmp(e->defname, "cost") == 0 ? "COST" : "ROWS");
}

static Status option_flag(Cx *cx, DdlCx *d, const PgQuery__DefElem *e, int *out)
{
    if (*out >= 0) {
        return option_conflict(cx, d, e);
    }
    *out = option_is_on(e) ? 1 : 0;
    return ST_OK;
}

/* option_one - one option into o. */
static Status option_one(Cx *cx, DdlCx *d, const PgQuery__DefElem *e, FunctionOptions *o)
{
    const char *name = e->defname;
    if (strcmp(name, "as") == 0) {
        if (o->as != NULL) {
            return option_conflict(cx, d, e);
        }
        o->as = e->arg->list;
        return ST_OK;
    }
    if (strcmp(name, "language") == 0) {
        if (o->language != NULL) {
            return option_conflict(cx, d, e);
        }
        o->language = ddl_string(e->arg);
        return ST_OK;
    }
    if (strcmp(name, "volatility") == 0) {
        return option_word(cx, d, e, &o->volatility);
    }
    if (strcmp(name, "parallel") == 0) {
        return option_word(cx, d, e, &o->parallel);
    }
    if (strcmp(name, "strict") == 0) {
        return option_flag(cx, d, e, &o->strict);
    }
    if (strcmp(name, "security") == 0) {
        return option_flag(cx, d, e, &o->security_definer);
    }
    if (strcmp(name, "leakproof") == 0) {
        return option_flag(cx, d, e, &o->leakproof);
    }
    if (strcmp(name, "cost") == 0) {
        return option_number_of(cx, d, e, &o->cost);
    }
    if (strcmp(name, "rows") == 0) {
        return option_number_of(cx, d, e, &o->rows);
    }
    if (strcmp(name, "set") == 0) {
        return option_config(cx, d, e->arg->variable_set_stmt, o);
    }
    return err_unsupported(cx, "functions with %s are not supported", name);
}

Status function_options(Cx *cx, DdlCx *d, PgQuery__Node *const *nodes, size_t count,
                        const CatProc *old, FunctionOptions *o)
{
    *o = (FunctionOptions){
        .strict = -1, .security_definer = -1, .leakproof = -1, .cost = -1, .rows = -1};
    if (old != NULL) {
        o->config = old->config;
        o->config_count = old->config_count;
    }
    for (size_t i = 0; i < count; i++) {
        TRY(option_one(cx, d, nodes[i]->def_elem, o));
    }
    return ST_OK;
}

/*
 * create_function.c - CREATE [OR REPLACE] FUNCTION and PROCEDURE: the row of pg_proc.
 *
 * The body is text, checked by the language's handler when the row is there (a function may call
 * itself), or for BEGIN ATOMIC and RETURN stored as text with its own check. Defaults are stored as
 * one bound ROW(...).
 */
#include "ddl/function_internal.h"
#include "ddl/role.h"
#include "expr/call.h"
#include "parse/lex.h"

/* NewFunction - the signature under construction. */
typedef struct NewFunction {
    const PgQuery__CreateFunctionStmt *stmt;
    Oid namespace_oid, language, result, variadic;
    const char *name;
    bool procedure, returns_set, has_modes, has_names;
    Oid in_types[DDL_FUNCTION_ARGS_MAX], all_types[DDL_FUNCTION_ARGS_MAX];
    uint32_t in_count, all_count, out_count, table_count, default_count;
    char modes[DDL_FUNCTION_ARGS_MAX];
    const char *names[DDL_FUNCTION_ARGS_MAX];
    Expr *defaults[DDL_FUNCTION_ARGS_MAX];
    Oid out_type; /* of the one OUT parameter */
    const char *default_tree;
    Query **queries; /* of a SQL-standard body */
    uint32_t query_count;
    const char *body_tree;
    FunctionOptions o;
} NewFunction;

static Status function_bad(Cx *cx, const char *message)
{
    return err_set(cx, ERRCODE_INVALID_FUNCTION_DEFINITION, "%s", message);
}

static const char *type_name_text(DdlCx *d, const PgQuery__TypeName *n)
{
    const char *text = "";
    for (size_t i = 0; i < n->n_names; i++) {
        text = arena_printf(d->arena, "%s%s%s", text, i > 0 ? "." : "", ddl_string(n->names[i]));
    }
    return text;
}

/* function_pct_type - table.column%TYPE. */
static Status function_pct_type(Cx *cx, DdlCx *d, const PgQuery__TypeName *n, Oid *type_out)
{
    const CatTable *t;
    if (n->n_names < 2) {
        return err_set(cx, ERRCODE_SYNTAX_ERROR,
                       "improper %%TYPE reference (too few dotted names): %s",
                       type_name_text(d, n));
    }
    const char *column = ddl_string(n->names[n->n_names - 1]);
    const char *table = ddl_string(n->names[n->n_names - 2]);
    const char *schema = n->n_names > 2 ? ddl_string(n->names[n->n_names - 3]) : NULL;
    Status st = cat_table_by_name(cx, d->view, schema, table, &t);
    if (st == ST_NOTFOUND) {
        return err_set(cx, ERRCODE_UNDEFINED_TABLE, "relation \"%s%s%s\" does not exist",
                       schema != NULL ? schema : "", schema != NULL ? "." : "", table);
    }
    TRY(st);
    const CatColumn *c = ddl_column(t, column);
    if (c == NULL) {
        return err_set(cx, ERRCODE_UNDEFINED_COLUMN,
                       "column \"%s\" of relation \"%s\" does not exist", column, table);
    }
    Buf b;
    buf_init(&b, 512);
    cat_format_type(d->view, c->type, -1, &b);
    err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
               "type reference %s%%TYPE converted to %.*s", type_name_text(d, n), (int)b.len,
               (const char *)b.data);
    buf_release(&b);
    *type_out = c->type;
    return ST_OK;
}

Status function_type(Cx *cx, DdlCx *d, const PgQuery__TypeName *name, Oid *type_out)
{
    BindCx b = {.view = d->view, .arena = d->arena, .env = d->env};
    PgQuery__TypeName plain = *name;
    int32_t typmod;
    if (name->pct_type) {
        return function_pct_type(cx, d, name, type_out);
    }
    plain.setof = 0;
    return bind_type_name(cx, &b, &plain, type_out, &typmod);
}

/* function_param_type - of a parameter; an unknown one has a text of its own. */
static Status function_param_type(Cx *cx, DdlCx *d, const PgQuery__TypeName *n, Oid *type_out)
{
    Status st = function_type(cx, d, n, type_out);
    if (st == ST_ERROR && cx->err->sqlstate == ERRCODE_UNDEFINED_OBJECT) {
        err_clear(cx);
        return err_set(cx, ERRCODE_UNDEFINED_OBJECT, "type %s%s does not exist",
                       type_name_text(d, n), n->n_array_bounds > 0 ? "[]" : "");
    }
    TRY(st);
    const CatType *t = cat_type(d->view, *type_out);
    if (n->setof) {
        return function_bad(cx, "functions cannot accept set arguments");
    }
    return t != NULL ? ST_OK
                     : err_set(cx, ERRCODE_UNDEFINED_OBJECT, "type %s does not exist",
                               type_name_text(d, n));
}

/* function_param_names - 42P13 for one used twice among the inputs, or among the outputs. */
static Status function_param_names(Cx *cx, const NewFunction *f, uint32_t at)
{
    bool in = f->modes[at] != 'o' && f->modes[at] != 't';
    for (uint32_t i = 0; i < at; i++) {
        bool other_in = f->modes[i] != 'o' && f->modes[i] != 't';
        if (f->names[i][0] == '\0' || strcmp(f->names[i], f->names[at]) != 0) {
            continue;
        }
        /* An IN and an OUT one of SQL's own kind may not agree either. */
        if (in != other_in && f->modes[i] != 'b' && f->modes[at] != 'b' && f->modes[i] != 't' &&
            f->modes[at] != 't') {
            continue;
        }
        return err_set(cx, ERRCODE_INVALID_FUNCTION_DEFINITION,
                       "parameter name \"%s\" used more than once", f->names[at]);
    }
    return ST_OK;
}

static char function_mode(PgQuery__FunctionParameterMode mode)
{
    switch (mode) {
    case PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_OUT: return 'o';
    case PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_INOUT: return 'b';
    case PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_VARIADIC: return 'v';
    case PG_QUERY__FUNCTION_PARAMETER_MODE__FUNC_PARAM_TABLE: return 't';
    default: return 'i';
    }
}

/* function_variadic - the element type of the VARIADIC parameter. */
static Status function_variadic(Cx *cx, DdlCx *d, NewFunction *f, Oid type)
{
    const CatType *t = cat_type(d->view, type);
    f->variadic = type == TYPE_ANYARRAY             ? TYPE_ANYELEMENT
                  : type == TYPE_ANYCOMPATIBLEARRAY ? TYPE_ANYCOMPATIBLE
                  : type == TYPE_ANY                ? TYPE_ANY
                  : t->category == 'A'              ? t->element
                                                    : 0;
    return f->variadic != 0 ? ST_OK : function_bad(cx, "VARIADIC parameter must be an array");
}

/* function_default - a parameter's default, bound as its type. */
static Status function_default(Cx *cx, DdlCx *d, NewFunction *f, const PgQuery__Node *node,
                               Oid type, bool input)
{
    BindCx b = {.view = d->view, .arena = d->arena, .sql = d->sql, .env = d->env};
    Expr *e;
    if (node == NULL) {
        return input && f->default_count > 0
                   ? function_bad(cx, f->procedure ? "procedure OUT parameters cannot appear after "
                                                     "one with a default value"
                                                   : "input parameters after one with a default "
                                                     "value must also have defaults")
                   : ST_OK;
    }
    if (!input) {
        return function_bad(cx, "only input parameters can have default values");
    }
    TRY(bind_table_expr(cx, &b, NULL, node, type, -1, "DEFAULT", &e));
    f->defaults[f->default_count++] = e;
    return ST_OK;
}

/* function_one_param - add one parameter to the signature. */
static Status function_one_param(Cx *cx, DdlCx *d, NewFunction *f,
                                 const PgQuery__FunctionParameter *p)
{
    char mode = function_mode(p->mode);
    Oid type;
    bool input = mode != 'o' && mode != 't';
    TRY(function_param_type(cx, d, p->arg_type, &type));
    if (f->all_count >= DDL_FUNCTION_ARGS_MAX) {
        return err_set(cx, ERRCODE_TOO_MANY_ARGUMENTS,
                       "functions cannot have more than %d arguments", DDL_FUNCTION_ARGS_MAX);
    }
    if (input && f->variadic != 0) {
        return function_bad(cx, "VARIADIC parameter must be the last input parameter");
    }
    if (input) {
        f->in_types[f->in_count++] = type;
    }
    if (mode == 'o' || mode == 'b' || mode == 't') {
        if (f->procedure && f->variadic != 0) {
            return function_bad(cx, "VARIADIC parameter must be the last parameter");
        }
        f->out_type = f->out_count++ == 0 ? type : TYPE_RECORD;
        f->table_count += mode == 't';
    }
    uint32_t at = f->all_count++;
    f->all_types[at] = type;
    f->modes[at] = mode;
    f->names[at] = p->name != NULL ? p->name : "";
    f->has_modes = f->has_modes || mode != 'i';
    f->has_names = f->has_names || f->names[at][0] != '\0';
    if (mode == 'v') {
        TRY(function_variadic(cx, d, f, type));
    }
    if (f->names[at][0] != '\0') {
        TRY(function_param_names(cx, f, at));
    }
    return function_default(cx, d, f, p->defexpr, type, input);
}

static Status function_params(Cx *cx, DdlCx *d, NewFunction *f)
{
    for (size_t i = 0; i < f->stmt->n_parameters; i++) {
        TRY(function_one_param(cx, d, f, f->stmt->parameters[i]->function_parameter));
    }
    if (f->default_count == 0) {
        return ST_OK;
    }
    Expr *row = ARENA_NEW(d->arena, Expr);
    row->kind = EXPR_ROW;
    row->type = TYPE_RECORD;
    row->phys = PHYS_STR;
    row->typmod = row->location = -1;
    row->args = f->defaults;
    row->arg_count = (uint16_t)f->default_count;
    return bind_store_expr(cx, d->arena, row, &f->default_tree);
}

static bool is_polymorphic(Oid t)
{
    return t == TYPE_ANYELEMENT || t == TYPE_ANYARRAY || t == TYPE_ANYNONARRAY || t == 3500 ||
           t == 3831 || t == 4537 || t == TYPE_ANYCOMPATIBLE || t == TYPE_ANYCOMPATIBLEARRAY ||
           t == TYPE_ANYCOMPATIBLENONARRAY || t == 5080 || t == 4538;
}

/* function_polymorphic - a polymorphic result is known from an input of the same family only. */
static Status function_polymorphic(Cx *cx, DdlCx *d, const NewFunction *f, Oid type)
{
    bool compatible = type >= 4538 && type != 4537;
    if (!is_polymorphic(type)) {
        return ST_OK;
    }
    for (uint32_t i = 0; i < f->in_count; i++) {
        bool other = f->in_types[i] >= 4538;
        if (is_polymorphic(f->in_types[i]) && other == compatible) {
            return ST_OK;
        }
    }
    st_ignore(function_bad(cx, "cannot determine result data type"));
    return err_detail(cx,
                      compatible ? "A result of type %s requires at least one input of type "
                                   "anycompatible, anycompatiblearray, anycompatiblenonarray, "
                                   "anycompatiblerange, or anycompatiblemultirange."
                                 : "A result of type %s requires at least one input of type "
                                   "anyelement, anyarray, anynonarray, anyenum, anyrange, or "
                                   "anymultirange.",
                      ddl_type_text(d, type));
}

/* function_result - what it returns, from RETURNS and the OUT parameters. */
static Status function_result(Cx *cx, DdlCx *d, NewFunction *f)
{
    const PgQuery__CreateFunctionStmt *stmt = f->stmt;
    if (f->procedure) {
        f->result = f->out_count > 0 ? TYPE_RECORD : TYPE_VOID;
        return ST_OK;
    }
    if (stmt->return_type != NULL && f->table_count > 0) {
        f->result = f->out_type; /* TABLE (...) */
        f->returns_set = true;
    } else if (stmt->return_type != NULL) {
        Status st = function_type(cx, d, stmt->return_type, &f->result);
        TRY(st);
        f->returns_set = stmt->return_type->setof;
        if (f->out_count > 0 && f->result != f->out_type) {
            return err_set(cx, ERRCODE_INVALID_FUNCTION_DEFINITION,
                           "function result type must be %s because of OUT parameters",
                           ddl_type_text(d, f->out_type));
        }
    } else if (f->out_count > 0) {
        f->result = f->out_type;
    } else {
        return function_bad(cx, "function result type must be specified");
    }
    for (uint32_t i = 0; i < f->all_count; i++) {
        if (strchr("obt", f->modes[i]) != NULL) {
            TRY(function_polymorphic(cx, d, f, f->all_types[i]));
        }
    }
    return function_polymorphic(cx, d, f, f->result);
}

/* function_language - the row of pg_language; *trusted_out. */
static Status function_language(Cx *cx, NewFunction *f)
{
    const char *name = f->o.language;
    if (name == NULL && f->stmt->sql_body != NULL) {
        name = "sql";
    }
    if (name == NULL) {
        return function_bad(cx, "no language specified");
    }
    for (uint32_t i = 0; i < CATALOG_PG_LANGUAGE_COUNT; i++) {
        if (strcmp(catalog_str(catalog_pg_language[i].lanname), name) == 0) {
            f->language = catalog_pg_language[i].oid;
        }
    }
    if (f->language == 0) {
        return err_set(cx, ERRCODE_UNDEFINED_OBJECT, "language \"%s\" does not exist", name);
    }
    if (f->language < DDL_LANGUAGE_SQL) {
        return err_unsupported(cx, "functions in language %s are not supported", name);
    }
    if (f->stmt->sql_body != NULL && f->language != DDL_LANGUAGE_SQL) {
        return function_bad(cx, "inline SQL function body only valid for language SQL");
    }
    if (f->o.as == NULL && f->stmt->sql_body == NULL) {
        return function_bad(cx, "no function body specified");
    }
    if (f->o.as != NULL && f->stmt->sql_body != NULL) {
        return function_bad(cx, "duplicate function body specified");
    }
    if (f->o.as != NULL && f->o.as->n_items > 1) {
        return err_set(cx, ERRCODE_INVALID_FUNCTION_DEFINITION,
                       "only one AS item needed for language \"%s\"", name);
    }
    return ST_OK;
}

/* function_signature_text - name(types) of the inputs. */
static const char *function_signature_text(DdlCx *d, const NewFunction *f)
{
    const char *text = arena_printf(d->arena, "%s(", f->name);
    for (uint32_t i = 0; i < f->in_count; i++) {
        text = arena_printf(d->arena, "%s%s%s", text, i > 0 ? "," : "",
                            ddl_type_text(d, f->in_types[i]));
    }
    return arena_printf(d->arena, "%s)", text);
}

static Status replace_hint(Cx *cx, DdlCx *d, const NewFunction *f)
{
    return err_hint(cx, "Use DROP %s %s first.", f->procedure ? "PROCEDURE" : "FUNCTION",
                    function_signature_text(d, f));
}

/* replace_outputs - do the OUT parameters make the same row? */
static bool replace_outputs(const CatProc *old, const NewFunction *f)
{
    uint32_t at = 0;
    uint16_t all = old->arg_modes != NULL ? old->all_arg_count : 0;
    for (uint16_t i = 0; i < all; i++) {
        if (strchr("obt", old->arg_modes[i]) == NULL) {
            continue;
        }
        while (at < f->all_count && strchr("obt", f->modes[at]) == NULL) {
            at++;
        }
        const char *name = old->arg_names != NULL && old->arg_names[i] ? old->arg_names[i] : "";
        if (at == f->all_count || f->all_types[at] != old->all_args[i] ||
            strcmp(name, f->names[at]) != 0) {
            return false;
        }
        at++;
    }
    while (at < f->all_count && strchr("obt", f->modes[at]) == NULL) {
        at++;
    }
    return at == f->all_count;
}

/* replace_names - inputs keep the names that they have. */
static Status replace_names(Cx *cx, DdlCx *d, const CatProc *old, const NewFunction *f)
{
    uint32_t at = 0;
    uint16_t all = old->arg_modes != NULL ? old->all_arg_count : old->arg_count;
    for (uint16_t i = 0; i < all && old->arg_names != NULL; i++) {
        if (old->arg_modes != NULL && (old->arg_modes[i] == 'o' || old->arg_modes[i] == 't')) {
            continue;
        }
        while (at < f->all_count && (f->modes[at] == 'o' || f->modes[at] == 't')) {
            at++;
        }
        const char *name = old->arg_names[i];
        if (name != NULL && name[0] != '\0' && at < f->all_count &&
            strcmp(name, f->names[at]) != 0) {
            st_ignore(err_set(cx, ERRCODE_INVALID_FUNCTION_DEFINITION,
                              "cannot change name of input parameter \"%s\"", name));
            return replace_hint(cx, d, f);
        }
        at++;
    }
    return ST_OK;
}

/* function_replace - may the new definition take the place of the old one? */
static Status function_replace(Cx *cx, DdlCx *d, const CatProc *old, const NewFunction *f)
{
    if (!f->stmt->replace) {
        return err_set(cx, ERRCODE_DUPLICATE_FUNCTION,
                       "function \"%s\" already exists with same argument types", f->name);
    }
    if ((old->kind == 'p') != f->procedure || old->kind == 'a' || old->kind == 'w') {
        st_ignore(err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "cannot change routine kind"));
        return err_detail(cx, "\"%s\" is %s.", f->name,
                          old->kind == 'p'   ? "a procedure"
                          : old->kind == 'a' ? "an aggregate function"
                          : old->kind == 'w' ? "a window function"
                                             : "a function");
    }
    if (old->result != f->result || old->returns_set != f->returns_set) {
        st_ignore(function_bad(cx, f->procedure
                                       ? "cannot change whether a procedure has output parameters"
                                       : "cannot change return type of existing function"));
        return replace_hint(cx, d, f);
    }
    if (old->result == TYPE_RECORD && !replace_outputs(old, f)) {
        st_ignore(function_bad(cx, "cannot change return type of existing function"));
        st_ignore(err_detail(cx, "Row type defined by OUT parameters is different."));
        return replace_hint(cx, d, f);
    }
    TRY(replace_names(cx, d, old, f));
    if (old->default_count > f->default_count) {
        st_ignore(function_bad(cx, "cannot remove parameter defaults from existing function"));
        return replace_hint(cx, d, f);
    }
    return ST_OK;
}

/* function_existing - the function of this name and these inputs in the schema; NULL: none. */
static Status function_existing(Cx *cx, DdlCx *d, const NewFunction *f, const CatProc **out)
{
    const CatProc *const *list;
    uint32_t count = 0;
    *out = NULL;
    Status st = cat_procs_by_name(cx, d->view, cat_namespace_name(d->view, f->namespace_oid),
                                  f->name, &list, &count);
    if (st == ST_ERROR) {
        return st;
    }
    for (uint32_t i = 0; st == ST_OK && i < count; i++) {
        if (list[i]->arg_count == f->in_count &&
            memcmp(list[i]->args, f->in_types, f->in_count * sizeof(Oid)) == 0) {
            *out = list[i];
        }
    }
    return ST_OK;
}

static const char *oid_vector(DdlCx *d, const Oid *v, uint32_t n)
{
    const char *text = "";
    for (uint32_t i = 0; i < n; i++) {
        text = arena_printf(d->arena, "%s%s%u", text, i > 0 ? " " : "", v[i]);
    }
    return text;
}

/* function_row_lists - the columns about parameters. */
static void function_row_lists(DdlCx *d, const NewFunction *f, DdlRow *r)
{
    ddl_set_i16(r, PG_PROC_PRONARGS, (int16_t)f->in_count);
    ddl_set_i16(r, PG_PROC_PRONARGDEFAULTS, (int16_t)f->default_count);
    ddl_set_text(r, PG_PROC_PROARGTYPES, oid_vector(d, f->in_types, f->in_count));
    ddl_set_text(r, PG_PROC_PROARGDEFAULTS, f->default_tree);
    ddl_set_text(r, PG_PROC_PROALLARGTYPES, NULL);
    ddl_set_text(r, PG_PROC_PROARGMODES, NULL);
    ddl_set_text(r, PG_PROC_PROARGNAMES, NULL);
    if (f->has_modes && (f->out_count > 0 || f->variadic != 0)) {
        const char *modes = "{";
        for (uint32_t i = 0; i < f->all_count; i++) {
            modes = arena_printf(d->arena, "%s%s%c", modes, i > 0 ? "," : "", f->modes[i]);
        }
        ddl_set_text(r, PG_PROC_PROARGMODES, arena_printf(d->arena, "%s}", modes));
        ddl_set_text(r, PG_PROC_PROALLARGTYPES,
                     ddl_oid_array(d->arena, f->all_types, (uint16_t)f->all_count));
    }
    if (f->has_names) {
        ddl_set_text(r, PG_PROC_PROARGNAMES, function_text_array(d->arena, f->names, f->all_count));
    }
}

/* body_var - the input of that name or number, for the texts of a SQL-standard body. */
static void body_var(const NewFunction *f, uint32_t in, BindVar *out)
{
    *out = (BindVar){.number = in + 1, .type = f->in_types[in], .typmod = -1};
}

static Status body_parameter(void *arg, Cx *cx, const char *const *names, uint32_t count,
                             BindVar *out)
{
    const NewFunction *f = arg;
    uint32_t in = 0;
    (void)cx;
    if (count > 2 || (count == 2 && strcmp(names[0], f->name) != 0)) {
        return ST_NOTFOUND;
    }
    for (uint32_t i = 0; i < f->all_count; i++) {
        bool input = f->modes[i] != 'o' && f->modes[i] != 't';
        if (input && f->names[i][0] != '\0' && strcmp(f->names[i], names[count - 1]) == 0) {
            body_var(f, in, out);
            return ST_OK;
        }
        in += input;
    }
    return ST_NOTFOUND;
}

static Status body_dollar(void *arg, Cx *cx, uint32_t number, BindVar *out)
{
    const NewFunction *f = arg;
    (void)cx;
    if (number == 0 || number > f->in_count) {
        return ST_NOTFOUND;
    }
    body_var(f, number - 1, out);
    return ST_OK;
}

/* body_return - RETURN e as SELECT e. */
static PgQuery__Node *body_return(DdlCx *d, PgQuery__Node *value)
{
    PgQuery__ResTarget *rt = ARENA_NEW(d->arena, PgQuery__ResTarget);
    PgQuery__SelectStmt *s = ARENA_NEW(d->arena, PgQuery__SelectStmt);
    PgQuery__Node *target = ARENA_NEW(d->arena, PgQuery__Node);
    PgQuery__Node *n = ARENA_NEW(d->arena, PgQuery__Node);
    pg_query__res_target__init(rt);
    pg_query__select_stmt__init(s);
    pg_query__node__init(target);
    pg_query__node__init(n);
    rt->val = value;
    target->node_case = PG_QUERY__NODE__NODE_RES_TARGET;
    target->res_target = rt;
    s->target_list = ARENA_ARRAY(d->arena, PgQuery__Node *, 1);
    s->target_list[0] = target;
    s->n_target_list = 1;
    s->limit_option = PG_QUERY__LIMIT_OPTION__LIMIT_OPTION_DEFAULT;
    s->op = PG_QUERY__SET_OPERATION__SETOP_NONE;
    n->node_case = PG_QUERY__NODE__NODE_SELECT_STMT;
    n->select_stmt = s;
    return n;
}

/* body_bind - the queries of a SQL-standard body, and the text that keeps them. */
static Status body_bind(Cx *cx, DdlCx *d, NewFunction *f)
{
    PgQuery__Node *body = f->stmt->sql_body;
    BindParams params = {0};
    BindVars vars = {
        .find = body_parameter, .number = body_dollar, .arg = f, .conflict = BIND_CONFLICT_COLUMN};
    BindCx b = {.view = d->view,
                .arena = d->arena,
                .sql = d->sql,
                .env = d->env,
                .params = &params,
                .vars = &vars,
                .no_row_security = true};
    bool atomic = body->node_case != PG_QUERY__NODE__NODE_RETURN_STMT;
    PgQuery__Node *one = atomic ? NULL : body_return(d, body->return_stmt->returnval);
    PgQuery__Node **nodes = &one;
    size_t count = 1;
    if (atomic) {
        const PgQuery__List *list = body->list;
        bool nested = list->n_items == 1 && list->items[0]->node_case == PG_QUERY__NODE__NODE_LIST;
        list = nested ? list->items[0]->list : list;
        nodes = list->items;
        count = list->n_items;
    }
    f->queries = ARENA_ARRAY(d->arena, Query *, count + 1);
    for (size_t i = 0; i < count; i++) {
        if (nodes[i]->node_case != PG_QUERY__NODE__NODE_SELECT_STMT) {
            return err_unsupported(cx, "SQL-standard function bodies are supported with SELECT "
                                       "only");
        }
        TRY(bind_statement(cx, &b, nodes[i], &f->queries[f->query_count++]));
    }
    return bind_store_body(cx, d->arena, atomic, f->queries, f->query_count, &f->body_tree);
}

/* function_body - prosrc, or what a SQL-standard body was bound to. */
static Status function_body(Cx *cx, DdlCx *d, NewFunction *f, DdlRow *r)
{
    if (f->stmt->sql_body != NULL) {
        TRY(body_bind(cx, d, f));
        ddl_set_text(r, PG_PROC_PROSRC, "");
        ddl_set_text(r, PG_PROC_PROSQLBODY, f->body_tree);
        return ST_OK;
    }
    ddl_set_text(r, PG_PROC_PROSRC, ddl_string(f->o.as->items[0]));
    ddl_set_text(r, PG_PROC_PROSQLBODY, NULL);
    return ST_OK;
}

/* function_row - the columns of pg_proc. */
static Status function_row(Cx *cx, DdlCx *d, NewFunction *f, DdlRow *r)
{
    const FunctionOptions *o = &f->o;
    if (o->rows >= 0 && !f->returns_set) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "ROWS is not applicable when function does not return a set");
    }
    ddl_set_text(r, PG_PROC_PRONAME, f->name);
    ddl_set_oid(r, PG_PROC_PRONAMESPACE, f->namespace_oid);
    ddl_set_oid(r, PG_PROC_PROLANG, f->language);
    ddl_set_f32(r, PG_PROC_PROCOST, o->cost >= 0 ? (float)o->cost : 100);
    ddl_set_f32(r, PG_PROC_PROROWS, o->rows >= 0 ? (float)o->rows : f->returns_set ? 1000 : 0);
    ddl_set_oid(r, PG_PROC_PROVARIADIC, f->variadic);
    ddl_set_oid(r, PG_PROC_PROSUPPORT, 0);
    ddl_set_char(r, PG_PROC_PROKIND, f->procedure ? 'p' : 'f');
    ddl_set_bool(r, PG_PROC_PROSECDEF, o->security_definer > 0);
    ddl_set_bool(r, PG_PROC_PROLEAKPROOF, o->leakproof > 0);
    ddl_set_bool(r, PG_PROC_PROISSTRICT, o->strict > 0);
    ddl_set_bool(r, PG_PROC_PRORETSET, f->returns_set);
    ddl_set_char(r, PG_PROC_PROVOLATILE, o->volatility != 0 ? o->volatility : 'v');
    ddl_set_char(r, PG_PROC_PROPARALLEL, o->parallel != 0 ? o->parallel : 'u');
    ddl_set_oid(r, PG_PROC_PRORETTYPE, f->result);
    function_row_lists(d, f, r);
    ddl_set_text(r, PG_PROC_PROCONFIG,
                 o->config_count > 0 ? function_text_array(d->arena, o->config, o->config_count)
                                     : NULL);
    return function_body(cx, d, f, r);
}

/* function_depend - on the schema, on types of users, on what the defaults name. */
static Status function_depend(Cx *cx, DdlCx *d, const NewFunction *f, DdlObject self)
{
    TRY(ddl_depend(cx, d, self, (DdlObject){CAT_PG_NAMESPACE, f->namespace_oid, 0}, 'n'));
    TRY(ddl_depend(cx, d, self, (DdlObject){CAT_PG_TYPE, f->result, 0}, 'n'));
    for (uint32_t i = 0; i < f->all_count; i++) {
        TRY(ddl_depend(cx, d, self, (DdlObject){CAT_PG_TYPE, f->all_types[i], 0}, 'n'));
    }
    for (uint32_t i = 0; i < f->query_count; i++) {
        TRY(ddl_depend_on_query(cx, d, self, f->queries[i]));
    }
    for (uint32_t i = 0; i < f->default_count; i++) {
        TRY(ddl_depend_on_expr(cx, d, self, f->defaults[i]));
    }
    return ST_OK;
}

/* function_write - the row, new or in the place of the old one. */
static Status function_write(Cx *cx, DdlCx *d, NewFunction *f, const CatProc *old, Oid *oid_out)
{
    DdlRow r;
    if (old != NULL) {
        TRY(cat_owner_need(cx, d->view, CAT_PG_PROC, old->oid));
        TRY(function_lock_row(cx, d, old->oid, &r));
        TRY(function_row(cx, d, f, &r));
        TRY(ddl_row_store(cx, d, &r));
        Datum depends[2] = {{.u32 = CAT_PG_PROC}, {.u32 = old->oid}};
        TRY(ddl_row_remove(cx, d, CAT_PG_DEPEND, depends, 2));
        *oid_out = old->oid;
    } else {
        TRY(ddl_new_oid(cx, d, oid_out));
        ddl_row_init(&r, CAT_PG_PROC);
        ddl_set_oid(&r, PG_PROC_OID, *oid_out);
        Oid owner = d->view->user;
        const Acl *acl;
        const char *acl_list;
        DdlObject self = {CAT_PG_PROC, *oid_out, 0};
        ddl_set_oid(&r, PG_PROC_PROOWNER, owner);
        TRY(ddl_new_acl(cx, d, 'f', owner, f->namespace_oid, &acl, &acl_list));
        ddl_set_text(&r, PG_PROC_PROACL, acl_list);
        TRY(function_row(cx, d, f, &r));
        TRY(ddl_row_insert(cx, d, &r));
        TRY(ddl_shdepend_owner(cx, d, self, owner));
        TRY(ddl_shdepend_acl(cx, d, self, owner, NULL, acl));
    }
    return function_depend(cx, d, f, (DdlObject){CAT_PG_PROC, *oid_out, 0});
}

/* function_body_place - where the body's text begins in the statement; -1 when it has escapes. */
static int32_t function_body_place(const PgQuery__CreateFunctionStmt *stmt, Slice sql)
{
    for (size_t i = 0; i < stmt->n_options; i++) {
        const PgQuery__DefElem *e = stmt->options[i]->def_elem;
        if (strcmp(e->defname, "as") != 0 || e->location < 0 || sql.ptr == NULL) {
            continue;
        }
        Lexer lx = {.text = sql, .at = (size_t)e->location};
        LexToken t;
        const PgQuery__List *as = e->arg->list;
        lex_next(&lx, &t); /* AS */
        lex_next(&lx, &t);
        bool same = t.kind == LEX_STRING && t.value.len == strlen(ddl_string(as->items[0]));
        return same && t.value.ptr >= sql.ptr ? (int32_t)(t.value.ptr - sql.ptr) : -1;
    }
    return -1;
}

Status ddl_create_function(Cx *cx, DdlCx *d, const PgQuery__CreateFunctionStmt *stmt)
{
    NewFunction *f = ARENA_NEW(d->arena, NewFunction);
    PgQuery__RangeVar rv = PG_QUERY__RANGE_VAR__INIT;
    const CatProc *old;
    Oid oid;
    f->stmt = stmt;
    f->procedure = stmt->is_procedure;
    f->name = ddl_string(stmt->funcname[stmt->n_funcname - 1]);
    rv.relname = (char *)(uintptr_t)f->name;
    rv.schemaname = stmt->n_funcname > 1
                        ? (char *)(uintptr_t)ddl_string(stmt->funcname[stmt->n_funcname - 2])
                        : NULL;
    rv.location = -1;
    TRY(ddl_creation_namespace(cx, d, &rv, false, &f->namespace_oid));
    TRY(function_options(cx, d, stmt->options, stmt->n_options, NULL, &f->o));
    TRY(function_language(cx, f));
    TRY(function_params(cx, d, f));
    TRY(function_result(cx, d, f));
    TRY(function_existing(cx, d, f, &old));
    if (old != NULL) {
        TRY(function_replace(cx, d, old, f));
    }
    TRY(function_write(cx, d, f, old, &oid));
    cat_changed(d->view);
    struct FnManager *m = d->env->functions;
    if (m == NULL || m->validate == NULL) {
        return ST_OK;
    }
    FnValidate v = {
        .function = oid, .sql = d->sql, .body_location = function_body_place(stmt, d->sql)};
    return m->validate(m, cx, &v);
}

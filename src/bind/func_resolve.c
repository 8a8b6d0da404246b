/*
 * func_resolve.c - function calls: choosing the function, its arguments, aggregates
 */
#include "bind/bind_internal.h"
#include "catalog/catalog_data.h"

typedef struct FuncPick {
    const CatProc *proc;
    Oid *decl; /* one a given argument */
    uint32_t nargs;
    uint16_t defaults;
    Oid variadic;
    const uint16_t *at; /* named notation: the parameter each given argument is for */
} FuncPick;

/* CallNames - the names of arguments given as name => value; NULL for those given by place. */
typedef struct CallNames {
    const char **names;
    uint32_t positional; /* how many come before the first name; = all when there are none */
    bool variadic;       /* the last one is VARIADIC: an array given as such */
} CallNames;

static const char *func_signature(BindScope *s, const char *name, Expr *const *args, uint32_t nargs)
{
    return arena_printf(s->b->arena, "%s(%s)", name, bind_types_text(s, args, nargs));
}

/* candidate_named - which parameters the named arguments are for; false when they do not fit: a
 * name the function does not have, one given twice, or a parameter left out that has no default. */
static bool candidate_named(BindScope *s, const CatProc *p, const CallNames *names, uint32_t nargs,
                            BindCandidate *out)
{
    uint16_t *at = ARENA_ARRAY(s->b->arena, uint16_t, nargs + 1);
    bool *given = ARENA_ARRAY(s->b->arena, bool, p->arg_count + 1u);
    Oid *args = ARENA_ARRAY(s->b->arena, Oid, nargs + 1);
    if (p->variadic != 0 || nargs > p->arg_count || p->arg_names == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < nargs; i++) {
        uint32_t k = i, in = 0;
        if (i >= names->positional) {
            uint16_t all = p->arg_modes != NULL ? p->all_arg_count : p->arg_count;
            bool found = false;
            for (uint16_t n = 0; n < all && !found; n++) {
                if (p->arg_modes != NULL && strchr("iv", p->arg_modes[n]) == NULL &&
                    p->arg_modes[n] != 'b') {
                    continue;
                }
                found = p->arg_names[n] != NULL && strcmp(p->arg_names[n], names->names[i]) == 0;
                k = in++;
            }
            if (!found || given[k]) {
                return false;
            }
        }
        given[k] = true;
        at[i] = (uint16_t)k;
        args[i] = p->args[k];
    }
    for (uint16_t k = 0; k + p->default_count < p->arg_count; k++) {
        if (!given[k]) {
            return false;
        }
    }
    out->args = args;
    out->at = at;
    out->defaults = (uint16_t)(p->arg_count - nargs);
    return true;
}

/* candidate_of - how a function takes nargs arguments; false when it cannot. */
static bool candidate_of(BindScope *s, const CatProc *p, const CallNames *names, uint32_t nargs,
                         BindCandidate *out)
{
    *out = (BindCandidate){.object = p, .nargs = (uint16_t)nargs};
    if (names->positional < nargs) {
        return candidate_named(s, p, names, nargs, out);
    }
    if (names->variadic) {
        out->args = p->args;
        return p->variadic != 0 && nargs == p->arg_count;
    }
    if (p->variadic != 0 && nargs >= p->arg_count) {
        Oid *args = ARENA_ARRAY(s->b->arena, Oid, nargs + 1);
        for (uint32_t i = 0; i < nargs; i++) {
            args[i] = i + 1 < p->arg_count ? p->args[i] : p->variadic;
        }
        out->args = args;
        out->variadic = p->variadic;
        return true;
    }
    if (nargs > p->arg_count || nargs + p->default_count < p->arg_count) {
        return false;
    }
    out->args = p->args;
    out->defaults = (uint16_t)(p->arg_count - nargs);
    return true;
}

/* add_candidate - a nearer schema hides the same argument types further away; a function that takes
 * the arguments as they are hides a variadic one or one with defaults. */
static uint32_t add_candidate(BindCandidate *list, uint32_t count, const BindCandidate *c)
{
    for (uint32_t i = 0; i < count; i++) {
        if (memcmp(list[i].args, c->args, c->nargs * sizeof(Oid)) != 0) {
            continue;
        }
        bool plain_old = list[i].variadic == 0 && list[i].defaults == 0;
        bool plain_new = c->variadic == 0 && c->defaults == 0;
        if (plain_new && !plain_old) {
            list[i] = *c;
        }
        return count;
    }
    list[count] = *c;
    return count + 1;
}

/* func_missing - the error for a call that no function fits, or (left > 1) more than one; a call
 * by name shows the names. */
static Status func_missing(BindScope *s, const char *name, Expr *const *args,
                           const CallNames *names, uint32_t nargs, uint32_t left, int32_t location)
{
    const char *sig = func_signature(s, name, args, nargs);
    if (names->positional < nargs) {
        sig = arena_printf(s->b->arena, "%s(", name);
        for (uint32_t i = 0; i < nargs; i++) {
            sig = arena_printf(s->b->arena, "%s%s%s%s%s", sig, i > 0 ? ", " : "",
                               i >= names->positional ? names->names[i] : "",
                               i >= names->positional ? " => " : "",
                               bind_type_text(s, args[i]->type));
        }
        sig = arena_printf(s->b->arena, "%s)", sig);
    }
    if (left > 1) {
        (void)err_set(s->cx, ERRCODE_AMBIGUOUS_FUNCTION, "%s %s is not unique",
                      s->in_call ? "procedure" : "function", sig);
        (void)err_hint(s->cx, "Could not choose a best candidate function. "
                              "You might need to add explicit type casts.");
    } else {
        (void)err_set(s->cx, ERRCODE_UNDEFINED_FUNCTION, "%s %s does not exist",
                      s->in_call ? "procedure" : "function", sig);
        (void)err_hint(s->cx, s->in_call ? "No procedure matches the given name and argument "
                                           "types. You might need to add explicit type casts."
                                         : "No function matches the given name and argument types. "
                                           "You might need to add explicit type casts.");
    }
    return bind_at(s, location);
}

/* func_as_cast - f(x) where f names a type: a cast. ST_NOTFOUND when it is none. */
static Status func_as_cast(BindScope *s, const char *schema, const char *name, Expr *arg,
                           int32_t location, Expr **out)
{
    const CatType *t;
    Status st = cat_type_by_name(s->cx, s->b->view, schema, name, &t);
    if (st != ST_OK) {
        return st;
    }
    if (t->kind == 'p' || t->kind == 'c') {
        return ST_NOTFOUND;
    }
    const CatType *from = cat_type(s->b->view, arg->type);
    const CatCast *c = cat_cast(s->b->view, arg->type, t->oid);
    bool string = from != NULL && from->category == 'S';
    if (arg->type != TYPE_UNKNOWN && arg->type != t->oid && !(c != NULL && c->method == 'b') &&
        !(c == NULL && (string || t->category == 'S'))) {
        return ST_NOTFOUND;
    }
    return bind_coerce_to(s, arg, t->oid, -1, 'e', location, out);
}

/* call_proc - a procedure as CALL sees it: its OUT parameters are arguments, too. */
static const CatProc *call_proc(BindScope *s, const CatProc *p)
{
    if (p->kind != 'p' || p->arg_modes == NULL || strchr(p->arg_modes, 'o') == NULL) {
        return p;
    }
    CatProc *all = arena_memdup(s->b->arena, p, sizeof(*p));
    char *modes = ARENA_ARRAY(s->b->arena, char, p->all_arg_count + 1u);
    memset(modes, 'i', p->all_arg_count);
    all->args = p->all_args;
    all->arg_count = p->all_arg_count;
    all->arg_modes = modes;
    if (p->default_count > 0 && p->arg_modes[p->all_arg_count - 1] == 'o') {
        all->default_count = 0;
    }
    return all;
}

/* func_pick - resolve the name for these argument types. ST_DONE: *out is a cast instead. */
static Status func_pick(BindScope *s, const PgQuery__FuncCall *f, Expr *const *args, uint32_t nargs,
                        const CallNames *names, FuncPick *pick, Expr **out)
{
    const char *schema, *name;
    const CatProc *const *procs;
    uint32_t count = 0, n = 0;
    TRY(bind_names(s, f->funcname, f->n_funcname, &schema, &name));
    Status st = cat_procs_by_name(s->cx, s->b->view, schema, name, &procs, &count);
    if (st != ST_OK && st != ST_NOTFOUND) {
        return st;
    }
    if (st == ST_NOTFOUND) {
        TRY(bind_schema_exists(s, schema, f->location));
        count = 0;
    }
    Oid *types = ARENA_ARRAY(s->b->arena, Oid, nargs + 1);
    for (uint32_t i = 0; i < nargs; i++) {
        types[i] = args[i]->type;
    }
    BindCandidate *list = ARENA_ARRAY(s->b->arena, BindCandidate, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        BindCandidate c;
        if (candidate_of(s, s->in_call ? call_proc(s, procs[i]) : procs[i], names, nargs, &c)) {
            n = add_candidate(list, n, &c);
        }
    }
    const BindCandidate *best = NULL;
    for (uint32_t i = 0; i < n && best == NULL; i++) {
        if (memcmp(list[i].args, types, nargs * sizeof(Oid)) == 0) {
            best = &list[i];
        }
    }
    const char *full = schema != NULL ? arena_printf(s->b->arena, "%s.%s", schema, name) : name;
    if (best == NULL) {
        if (nargs == 1 && names->positional == 1 && !f->agg_star && !f->agg_distinct) {
            st = func_as_cast(s, schema, name, args[0], f->location, out);
            if (st != ST_NOTFOUND) {
                return st == ST_OK ? ST_DONE : st;
            }
        }
        n = bind_match_candidates(s, types, nargs, list, n);
        n = n > 1 ? bind_select_candidate(s, types, nargs, list, n) : n;
        if (n != 1) {
            return func_missing(s, full, args, names, nargs, n, f->location);
        }
        best = &list[0];
    }
    pick->proc = best->object;
    pick->decl = arena_memdup(s->b->arena, best->args, (nargs + 1) * sizeof(Oid) - sizeof(Oid));
    pick->nargs = nargs;
    pick->defaults = best->defaults;
    pick->variadic = best->variadic;
    pick->at = best->at;
    return ST_OK;
}

/* func_defaults - the last arguments from pg_proc's default expressions. */
static Status func_defaults(BindScope *s, const FuncPick *p, Expr **args)
{
    ParsedStmt *stmts;
    uint32_t count;
    const CatProc *proc = p->proc;
    if (bind_is_tree(proc->defaults)) {
        Expr *row;
        TRY(bind_read_expr(s, proc->defaults, 0, &row));
        for (uint16_t at = (uint16_t)(proc->arg_count - proc->default_count); at < proc->arg_count;
             at++) {
            Expr *e = row->args[row->arg_count + at - proc->arg_count];
            if (args[at] == NULL) {
                TRY(bind_coerce_implicit(s, e, proc->args[at], &args[at]));
            }
        }
        return ST_OK;
    }
    char *sql = arena_printf(s->b->arena, "SELECT %s", proc->defaults);
    TRY(parse_sql(s->cx, s->b->arena, slice_of(sql), &stmts, &count));
    const PgQuery__SelectStmt *st = stmts[0].node->select_stmt;
    BindScope *d = bind_scope_new(s, NULL, CMD_SELECT);
    d->stored = true;
    for (uint16_t at = (uint16_t)(proc->arg_count - proc->default_count); at < proc->arg_count;
         at++) {
        const Node *n = st->target_list[st->n_target_list + at - proc->arg_count];
        Expr *e;
        if (args[at] != NULL) {
            continue;
        }
        TRY(bind_expr(d, n->res_target->val, &e));
        TRY(bind_coerce_implicit(d, e, proc->args[at], &args[at]));
    }
    return ST_OK;
}

/* func_args - coerce the arguments, spread or gather variadic ones, add defaults. */
static Status func_args(BindScope *s, const FuncPick *p, Expr *const *args, Expr *call)
{
    for (uint32_t i = 0; i < p->nargs; i++) {
        uint32_t at = p->at != NULL ? p->at[i] : i;
        TRY(bind_coerce_implicit(s, args[i], p->decl[i], &call->args[at]));
    }
    if (p->defaults > 0) {
        TRY(func_defaults(s, p, call->args));
    }
    if (p->variadic != 0 && p->variadic != TYPE_ANY) {
        uint32_t fixed = p->proc->arg_count - 1u;
        const CatType *t = cat_type(s->b->view, p->decl[fixed]);
        Expr *a = bind_expr_new(s, EXPR_ARRAY, t != NULL ? t->array : 0, -1, -1, p->nargs - fixed);
        memcpy(a->args, call->args + fixed, (p->nargs - fixed) * sizeof(Expr *));
        call->args[fixed] = a;
        call->arg_count = (uint16_t)(fixed + 1);
    }
    return ST_OK;
}

/* ---- aggregates ---- */

typedef struct AggLevels {
    bool own, outer;
} AggLevels;

static Status agg_level_visit(void *arg, Expr *e, uint32_t level, bool *descend)
{
    AggLevels *l = arg;
    (void)descend;
    if (e->kind == EXPR_COLUMN) {
        l->own |= e->u.column.levels_up == level;
        l->outer |= e->u.column.levels_up > level;
    }
    return ST_OK;
}

static Status agg_check_place(BindScope *s, const PgQuery__FuncCall *f)
{
    if (s->in_agg) {
        return BIND_ERR(s, f->location, ERRCODE_GROUPING_ERROR,
                        "aggregate function calls cannot be nested");
    }
    if (s->no_aggs != NULL) {
        return BIND_ERR(s, f->location, ERRCODE_GROUPING_ERROR,
                        "aggregate functions are not allowed in %s", s->no_aggs);
    }
    return ST_OK;
}

/* agg_kind - n: a plain aggregate, o: ordered-set, h: hypothetical-set. */
static char agg_kind(Oid proc)
{
    for (uint32_t i = 0; i < CATALOG_PG_AGGREGATE_COUNT; i++) {
        if (catalog_pg_aggregate[i].aggfnoid == proc) {
            return (char)catalog_pg_aggregate[i].aggkind;
        }
    }
    return 'n';
}

/* agg_check_group - WITHIN GROUP belongs to ordered-set aggregates, and only to them. */
static Status agg_check_group(BindScope *s, const PgQuery__FuncCall *f, const CatProc *p)
{
    char kind = agg_kind(p->oid);
    if (kind == 'n' && f->agg_within_group) {
        return BIND_ERR(s, f->location, ERRCODE_WRONG_OBJECT_TYPE,
                        "%s is not an ordered-set aggregate, so it cannot have WITHIN GROUP",
                        p->name);
    }
    if (kind != 'n' && !f->agg_within_group) {
        return BIND_ERR(s, f->location, ERRCODE_WRONG_OBJECT_TYPE,
                        "WITHIN GROUP is required for ordered-set aggregate %s", p->name);
    }
    if (kind == 'h') {
        return BIND_ERR(s, f->location, ERRCODE_FEATURE_NOT_SUPPORTED,
                        "hypothetical-set aggregates are not supported");
    }
    return ST_OK;
}

/* group_args - the direct arguments, then what WITHIN GROUP orders by: all are the aggregate's. */
static Status group_args(BindScope *s, const PgQuery__FuncCall *f, Expr ***args, uint32_t *nargs)
{
    Expr **all = ARENA_ARRAY(s->b->arena, Expr *, *nargs + f->n_agg_order + 1);
    memcpy(all, *args, *nargs * sizeof(*all));
    for (size_t i = 0; i < f->n_agg_order; i++) {
        TRY(bind_expr(s, f->agg_order[i]->sort_by->node, &all[*nargs + i]));
    }
    *args = all;
    *nargs += (uint32_t)f->n_agg_order;
    return ST_OK;
}

/* agg_order - an aggregate's own ORDER BY. */
static Status agg_order(BindScope *s, const PgQuery__FuncCall *f, Expr *agg)
{
    agg->u.agg.order_by = ARENA_ARRAY(s->b->arena, SortKey, f->n_agg_order + 1);
    for (size_t i = 0; i < f->n_agg_order; i++) {
        const PgQuery__SortBy *sb = f->agg_order[i]->sort_by;
        SortKey *k = &agg->u.agg.order_by[i];
        if (sb->sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_USING) {
            return err_unsupported(s->cx, "ORDER BY USING is not supported");
        }
        if (f->agg_within_group) {
            k->expr = agg->args[f->n_args + i];
        } else {
            TRY(bind_expr(s, sb->node, &k->expr));
            TRY(bind_resolve_unknown(s, k->expr, &k->expr));
        }
        TRY(bind_default_order(s, k->expr->type, bind_location(k->expr), false));
        TRY(bind_collation_check(s, k->expr));
        k->desc = sb->sortby_dir == PG_QUERY__SORT_BY_DIR__SORTBY_DESC;
        k->nulls_first =
            sb->sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST ||
            (k->desc && sb->sortby_nulls == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_DEFAULT);
    }
    agg->u.agg.order_count = (uint16_t)f->n_agg_order;
    for (uint16_t i = 0; agg->u.agg.distinct && i < agg->u.agg.order_count; i++) {
        bool found = false;
        for (uint16_t a = 0; a < agg->arg_count && !found; a++) {
            found = bind_same(agg->args[a], agg->u.agg.order_by[i].expr);
        }
        if (!found) {
            return BIND_ERR(s, bind_location(agg->u.agg.order_by[i].expr),
                            ERRCODE_INVALID_COLUMN_REFERENCE,
                            "in an aggregate with DISTINCT, ORDER BY expressions must appear in "
                            "argument list");
        }
    }
    return ST_OK;
}

/* agg_finish - turn a call into an aggregate: FILTER, ORDER BY, DISTINCT, and whose columns it is
 * over. */
static Status agg_finish(BindScope *s, const PgQuery__FuncCall *f, Expr *agg)
{
    AggLevels levels = {0};
    bool saved = s->in_agg;
    Status st = ST_OK;
    agg->kind = EXPR_AGG;
    agg->u.agg.star = f->agg_star;
    agg->u.agg.distinct = f->agg_distinct;
    agg->u.agg.within_group = f->agg_within_group;
    s->in_agg = true;
    if (f->agg_filter != NULL) {
        const char *no_windows = s->no_windows;
        s->no_windows = "FILTER";
        TRY_OUT(bind_bool_expr(s, f->agg_filter, "FILTER", &agg->u.agg.filter));
        s->no_windows = no_windows;
    }
    TRY_OUT(agg_order(s, f, agg));
    for (uint16_t i = 0; f->agg_distinct && i < agg->arg_count; i++) {
        TRY_OUT(bind_default_order(s, agg->args[i]->type, f->location, true));
    }
    TRY_OUT(bind_walk(agg, 0, agg_level_visit, &levels));
    if (levels.outer && !levels.own) {
        st = BIND_ERR(s, f->location, ERRCODE_FEATURE_NOT_SUPPORTED,
                      "aggregates over columns of an outer query are not supported");
    }
    s->query->has_aggs = true;
out:
    s->in_agg = saved;
    return st;
}

/* func_check_decoration - what only aggregates may have. */
static Status func_check_decoration(BindScope *s, const PgQuery__FuncCall *f, const char *name)
{
    if (f->agg_star) {
        return BIND_ERR(s, f->location, ERRCODE_WRONG_OBJECT_TYPE,
                        "%s(*) specified, but %s is not an aggregate function", name, name);
    }
    const char *what = f->agg_distinct         ? "DISTINCT"
                       : f->n_agg_order > 0    ? "ORDER BY"
                       : f->agg_filter != NULL ? "FILTER"
                       : f->agg_within_group   ? "WITHIN GROUP"
                                               : NULL;
    if (what != NULL) {
        return BIND_ERR(s, f->location, ERRCODE_WRONG_OBJECT_TYPE,
                        "%s specified, but %s is not an aggregate function", what, name);
    }
    return ST_OK;
}

/* func_check_kind - what the chosen function may be used as, here. */
static Status func_check_kind(BindScope *s, const PgQuery__FuncCall *f, const CatProc *p,
                              Expr *const *args, uint32_t nargs, bool from_top)
{
    if (s->in_call && p->kind != 'p') {
        (void)err_set(s->cx, ERRCODE_WRONG_OBJECT_TYPE, "%s is not a procedure",
                      func_signature(s, p->name, args, nargs));
        (void)err_hint(s->cx, "To call a function, use SELECT.");
        return bind_at(s, f->location);
    }
    if (s->in_call) {
        s->in_call = false;
        return func_check_decoration(s, f, p->name);
    }
    if (p->kind == 'p') {
        (void)err_set(s->cx, ERRCODE_WRONG_OBJECT_TYPE, "%s is a procedure",
                      func_signature(s, p->name, args, nargs));
        (void)err_hint(s->cx, "To call a procedure, use CALL.");
        return bind_at(s, f->location);
    }
    if (p->kind == 'w') {
        if (f->over == NULL) {
            return BIND_ERR(s, f->location, ERRCODE_WRONG_OBJECT_TYPE,
                            "window function %s requires an OVER clause", p->name);
        }
        return ST_OK;
    }
    if (p->kind == 'a' && f->over != NULL) {
        return ST_OK;
    }
    if (p->kind == 'a') {
        if (nargs == 0 && !f->agg_star && p->arg_count == 0) {
            return BIND_ERR(s, f->location, ERRCODE_WRONG_OBJECT_TYPE,
                            "%s(*) must be used to call a parameterless aggregate function",
                            p->name);
        }
        TRY(agg_check_group(s, f, p));
        return agg_check_place(s, f);
    }
    if (p->returns_set && s->in_agg) {
        (void)err_set(s->cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                      "aggregate function calls cannot contain set-returning function calls");
        (void)err_hint(s->cx, "You might be able to move the set-returning function into a LATERAL "
                              "FROM item.");
        return bind_at(s, f->location);
    }
    if (p->returns_set && !from_top && s->no_aggs != NULL) {
        return BIND_ERR(s, f->location, ERRCODE_FEATURE_NOT_SUPPORTED,
                        "set-returning functions are not allowed in %s", s->no_aggs);
    }
    if (p->returns_set && !from_top && s->in_targets) {
        return ST_DONE;
    }
    if (p->returns_set && !from_top) {
        return BIND_ERR(s, f->location, ERRCODE_FEATURE_NOT_SUPPORTED,
                        "set-returning functions are only supported in FROM");
    }
    TRY(func_check_decoration(s, f, p->name));
    if (f->over != NULL) {
        return BIND_ERR(s, f->location, ERRCODE_WRONG_OBJECT_TYPE,
                        "OVER specified, but %s is not a window function nor an aggregate function",
                        p->name);
    }
    return ST_OK;
}

/* call_args - bind the arguments, and take the names off them. */
static Status call_args(BindScope *s, const PgQuery__FuncCall *f, Expr ***args_out,
                        CallNames *names)
{
    size_t n = f->n_args;
    Node **values = ARENA_ARRAY(s->b->arena, Node *, n + 1);
    *names = (CallNames){ARENA_ARRAY(s->b->arena, const char *, n + 1), (uint32_t)n, false};
    for (size_t i = 0; i < n; i++) {
        values[i] = f->args[i];
        if (!NODE_IS(f->args[i], NAMED_ARG_EXPR)) {
            if (names->positional < n) {
                /* The place is that of the argument itself. */
                Expr *e;
                TRY(bind_expr(s, f->args[i], &e));
                return BIND_ERR(s, bind_location(e), ERRCODE_SYNTAX_ERROR,
                                "positional argument cannot follow named argument");
            }
            continue;
        }
        const PgQuery__NamedArgExpr *a = f->args[i]->named_arg_expr;
        for (size_t k = names->positional; k < i; k++) {
            if (strcmp(names->names[k], a->name) == 0) {
                return BIND_ERR(s, a->location, ERRCODE_SYNTAX_ERROR,
                                "argument name \"%s\" used more than once", a->name);
            }
        }
        names->positional = MIN(names->positional, (uint32_t)i);
        names->names[i] = a->name;
        values[i] = a->arg;
    }
    return bind_exprs(s, values, n, args_out);
}

/* drop_void_params - parameters of type void are no arguments: drivers give them for the OUT
 * parameters of what they call. */
static void drop_void_params(Expr **args, uint32_t *nargs, CallNames *names)
{
    uint32_t kept = 0;
    if (names->positional != *nargs) {
        return;
    }
    for (uint32_t i = 0; i < *nargs; i++) {
        if (args[i]->kind != EXPR_PARAM || args[i]->type != TYPE_VOID) {
            args[kept++] = args[i];
        }
    }
    *nargs = names->positional = kept;
}

Status bind_func_call(BindScope *s, const PgQuery__FuncCall *f, Expr **out)
{
    Expr **args;
    FuncPick pick = {0};
    CallNames names;
    uint32_t nargs = (uint32_t)f->n_args;
    bool from_top = s->in_from_function, was_in_agg = s->in_agg;
    s->in_from_function = false;
    bool had_aggs = s->query->has_aggs;
    bool in_call = s->in_call;
    s->in_call = false; /* not the functions in its arguments */
    TRY(call_args(s, f, &args, &names));
    s->in_call = in_call;
    if (nargs > FUNC_ARGS_MAX) {
        return BIND_ERR(s, f->location, ERRCODE_TOO_MANY_ARGUMENTS,
                        "cannot pass more than %d arguments to a function", FUNC_ARGS_MAX);
    }
    names.variadic = f->func_variadic;
    drop_void_params(args, &nargs, &names);
    for (uint32_t i = 0; i < nargs; i++) {
        TRY(bind_row_resolve(s, args[i]));
    }
    if (f->agg_within_group) {
        TRY(group_args(s, f, &args, &nargs));
        names.positional = nargs;
    }
    s->in_agg = was_in_agg;
    Status st = func_pick(s, f, args, nargs, &names, &pick, out);
    if (st == ST_DONE) {
        return ST_OK;
    }
    TRY(st);
    (void)had_aggs;
    st = func_check_kind(s, f, pick.proc, args, nargs, from_top);
    bool rows = st == ST_OK && from_top && s->in_targets && pick.proc->returns_set &&
                pick.proc->result == TYPE_RECORD;
    if (st == ST_DONE || rows) {
        return bind_set_in_target(s, f, out);
    }
    TRY(st);
    s->set_top = s->set_top || (from_top && s->in_targets && pick.proc->returns_set);
    if (names.variadic && pick.proc->variadic == TYPE_ANY) {
        return BIND_ERR(s, f->location, ERRCODE_FEATURE_NOT_SUPPORTED,
                        "VARIADIC arguments of any type are not supported");
    }
    Oid result;
    Oid *actual = ARENA_ARRAY(s->b->arena, Oid, nargs + 1);
    for (uint32_t i = 0; i < nargs; i++) {
        actual[i] = args[i]->type;
    }
    TRY(bind_resolve_generic(s, actual, pick.decl, nargs, pick.proc->result,
                             func_signature(s, pick.proc->name, args, nargs), f->location,
                             &result));
    Expr *call = bind_func_expr(s, pick.proc, result, f->location, nargs + pick.defaults);
    TRY(func_args(s, &pick, args, call));
    call->default_count = pick.at == NULL ? pick.defaults : 0;
    call->form =
        f->funcformat == PG_QUERY__COERCION_FORM__COERCE_SQL_SYNTAX ? FORM_SQL_SYNTAX : FORM_CALL;
    *out = call;
    if (f->over != NULL) {
        return bind_window_call(s, f, call, out);
    }
    if (pick.proc->kind == 'a') {
        for (uint32_t i = 0; i < nargs; i++) {
            if (bind_has_agg(args[i])) {
                return BIND_ERR(s, bind_location(args[i]), ERRCODE_GROUPING_ERROR,
                                "aggregate function calls cannot be nested");
            }
            const Expr *w = bind_find_window(args[i]);
            if (w != NULL) {
                return BIND_ERR(s, w->location, ERRCODE_GROUPING_ERROR,
                                "aggregate function calls cannot contain window function calls");
            }
        }
        return agg_finish(s, f, call);
    }
    return bind_sql_function(s, call, out);
}

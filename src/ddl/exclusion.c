/*
 * exclusion.c - EXCLUDE constraints: what their index is over, and by which operators.
 *
 * Any access method that PostgreSQL takes for one is taken, with its operator classes; the index is
 * an ordered tree all the same (src/table/exclude.c).
 */
#include <stdlib.h>

#include "ddl/ddl_internal.h"

/* Exclusion - a constraint under construction. */
typedef struct Exclusion {
    DdlCx *d;
    const CatTable *t;
    const PgQuery__Constraint *node;
    const DdlMethod *method;
    NewIndex ix;
    Oid operators[INDEX_COLUMNS_MAX];
} Exclusion;

/* exclusion_method - the access method, and whether it will do. */
static Status exclusion_method(Cx *cx, Exclusion *x)
{
    TRY(ddl_method_by_name(cx, x->node->access_method, &x->method));
    TRY(ddl_method_may(cx, x->method, false, x->node->n_exclusions, x->node->n_including));
    return x->method->exclusion ? ST_OK : ddl_method_lacks(cx, x->method, "exclusion constraints");
}

/* ---- operators ---- */

/* exclusion_operator_text - "<(integer,integer)". */
static const char *exclusion_operator_text(DdlCx *d, const CatOper *o)
{
    Buf b;
    buf_init(&b, 512);
    cat_format_type(d->view, o->left, CAT_TYPMOD_NONE, &b);
    buf_putc(&b, ',');
    cat_format_type(d->view, o->right, CAT_TYPMOD_NONE, &b);
    const char *text =
        arena_printf(d->arena, "%s(%.*s)", o->name, (int)b.len, (const char *)b.data);
    buf_release(&b);
    return text;
}

/* exclusion_bind - "element operator element" as an expression over the table. */
static Status exclusion_bind(Cx *cx, Exclusion *x, const PgQuery__IndexElem *e,
                             const PgQuery__Node *names, Expr **out)
{
    BindCx b = {.view = x->d->view, .arena = x->d->arena, .env = x->d->env, .no_locks = true};
    PgQuery__Node ref = PG_QUERY__NODE__INIT, part = PG_QUERY__NODE__INIT,
                  top = PG_QUERY__NODE__INIT;
    PgQuery__ColumnRef column = PG_QUERY__COLUMN_REF__INIT;
    PgQuery__String string = PG_QUERY__STRING__INIT;
    PgQuery__AExpr expr = PG_QUERY__A__EXPR__INIT;
    PgQuery__Node *parts[1] = {&part};
    string.sval = e->name;
    part.node_case = PG_QUERY__NODE__NODE_STRING;
    part.string = &string;
    column.n_fields = 1;
    column.fields = parts;
    column.location = -1;
    ref.node_case = PG_QUERY__NODE__NODE_COLUMN_REF;
    ref.column_ref = &column;
    expr.kind = PG_QUERY__A__EXPR__KIND__AEXPR_OP;
    expr.n_name = names->list->n_items;
    expr.name = names->list->items;
    expr.lexpr = expr.rexpr = e->expr != NULL ? e->expr : &ref;
    expr.location = -1;
    top.node_case = PG_QUERY__NODE__NODE_A_EXPR;
    top.a_expr = &expr;
    return bind_table_expr(cx, &b, x->t, &top, 0, -1, "index expression", out);
}

/* exclusion_same_bytes - are values of the type operands of the operator as they are? */
static bool exclusion_same_bytes(DdlCx *d, Oid type, Oid operand)
{
    const CatType *t = cat_type(d->view, operand);
    const CatCast *c = cat_cast(d->view, type, operand);
    return type == operand || (t != NULL && t->kind == 'p') ||
           (c != NULL && c->method == 'b' && c->context == 'i');
}

/* exclusion_family_name - as messages show it. */
static Status exclusion_family_name(Cx *cx, DdlCx *d, Oid family, const char **name_out)
{
    const Datum *values, key = {.u32 = family};
    const bool *nulls;
    *name_out = "";
    Status st = cat_row_get(cx, d->view, d->arena, CAT_PG_OPFAMILY, &key, 1, &values, &nulls);
    if (st == ST_OK) {
        const Str *name = &values[PG_OPFAMILY_OPFNAME].str;
        *name_out = arena_strndup(d->arena, str_ptr(name), name->len);
    }
    return st == ST_ERROR ? st : ST_OK;
}

/* exclusion_allowed - the operator must be commutative, and one of the operator class's family. */
static Status exclusion_allowed(Cx *cx, DdlCx *d, const CatOper *o, Oid opclass)
{
    const char *family_name;
    Oid family = cat_opclass_family(d->view, opclass);
    if (o->commutator != o->oid) {
        st_ignore(err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "operator %s is not commutative",
                          exclusion_operator_text(d, o)));
        return err_detail(cx, "Only commutative operators can be used in exclusion constraints.");
    }
    if (cat_family_strategy(d->view, family, o->oid) == 0) {
        TRY(exclusion_family_name(cx, d, family, &family_name));
        st_ignore(err_set(cx, ERRCODE_WRONG_OBJECT_TYPE,
                          "operator %s is not a member of operator family \"%s\"",
                          exclusion_operator_text(d, o), family_name));
        return err_detail(cx, "The exclusion operator must be related to the index operator class "
                              "for the constraint.");
    }
    return ST_OK;
}

/* exclusion_workable - can the engine evaluate it? Equality of the type's order needs only its
 * keys; of another operator both the function and the keys' way back to values have to be there,
 * also for all columns behind it. */
static Status exclusion_workable(Cx *cx, Exclusion *x, uint16_t n, Oid type, const CatOper *o,
                                 bool *plain)
{
    Oid lt, eq, gt;
    const CatType *t = cat_type(x->d->view, type);
    const CatProc *proc = cat_proc(x->d->view, o->proc);
    bool order = cat_default_order(x->d->view, type, &lt, &eq, &gt);
    *plain = *plain && order && eq == o->oid;
    bool works = t != NULL && t->ops != NULL && t->ops->key != NULL &&
                 (*plain || (t->ops->unkey != NULL && (x->ix.options[n] & 1) == 0 && proc != NULL &&
                             fn_ops_by_prosrc(proc->prosrc) != NULL));
    return works ? ST_OK
                 : err_unsupported(cx, "operator %s in exclusion constraints is not supported",
                                   exclusion_operator_text(x->d, o));
}

/* exclusion_element - one "element WITH operator". */
static Status exclusion_element(Cx *cx, Exclusion *x, const PgQuery__Node *pair, bool *plain)
{
    const PgQuery__IndexElem *e = pair->list->items[0]->index_elem;
    uint16_t n = x->ix.column_count;
    Oid type, collation;
    int32_t typmod;
    Expr *bound;
    TRY(ddl_index_element(cx, x->d, x->t, e, true, &x->ix));
    ddl_index_column_type(x->t, &x->ix, n, &type, &typmod, &collation);
    TRY(exclusion_bind(cx, x, e, pair->list->items[1], &bound));
    const CatOper *o = bound->kind == EXPR_FUNC ? cat_oper(x->d->view, bound->oper) : NULL;
    if (o == NULL) {
        return err_unsupported(cx, "this operator in exclusion constraints is not supported");
    }
    if (!exclusion_same_bytes(x->d, type, o->left) || !exclusion_same_bytes(x->d, type, o->right)) {
        Buf b;
        buf_init(&b, 256);
        cat_format_type(x->d->view, type, CAT_TYPMOD_NONE, &b);
        st_ignore(err_set(cx, ERRCODE_UNDEFINED_FUNCTION,
                          "operator requires run-time type coercion: %.*s %s %.*s", (int)b.len,
                          (const char *)b.data, o->name, (int)b.len, (const char *)b.data));
        buf_release(&b);
        return ST_ERROR;
    }
    TRY(exclusion_allowed(cx, x->d, o, x->ix.opclasses[n]));
    TRY(ddl_method_order(cx, x->method, e));
    x->operators[n] = o->oid;
    return exclusion_workable(cx, x, n, type, o, plain);
}

/* exclusion_index - all that the index is over. */
static Status exclusion_index(Cx *cx, Exclusion *x)
{
    bool plain = true;
    for (size_t i = 0; i < x->node->n_including; i++) {
        const char *name = ddl_string(x->node->including[i]);
        if (ddl_column(x->t, name) == NULL) {
            st_ignore(err_set(cx, ERRCODE_UNDEFINED_COLUMN,
                              "column \"%s\" named in key does not exist", name));
            return ddl_error_at(cx, x->d, ST_ERROR, x->node->location);
        }
    }
    if (x->node->where_clause != NULL) {
        TRY(ddl_index_predicate(cx, x->d, x->t, x->node->where_clause, &x->ix));
    }
    for (size_t i = 0; i < x->node->n_exclusions; i++) {
        TRY(exclusion_element(cx, x, x->node->exclusions[i], &plain));
    }
    for (size_t i = 0; i < x->node->n_including; i++) {
        PgQuery__IndexElem e = PG_QUERY__INDEX_ELEM__INIT;
        e.name = (char *)(uintptr_t)ddl_string(x->node->including[i]);
        TRY(ddl_index_element(cx, x->d, x->t, &e, false, &x->ix));
    }
    return ddl_rel_options(cx, x->d, x->method->options, x->node->options, x->node->n_options,
                           &x->ix.rel_options);
}

/* exclusion_name - t_a_b_excl. */
static Status exclusion_name(Cx *cx, DdlCx *d, const CatTable *t, NewIndex *ix)
{
    const char **columns = ddl_index_column_names(d, t, ix);
    char *names = NULL, *name;
    for (uint16_t i = 0; i < ix->column_count; i++) {
        names = i == 0 ? arena_strdup(d->arena, columns[i])
                       : arena_printf(d->arena, "%s_%s", names, columns[i]);
        if (strlen(names) > DDL_NAME_BYTES_MAX) {
            break;
        }
    }
    TRY(ddl_choose_relation_name(cx, d, t->namespace_oid, t->name, names, "excl", &name));
    ix->name = name;
    return ST_OK;
}

Status ddl_make_exclusion(Cx *cx, DdlCx *d, const CatTable *t, NewIndex *ix, const Oid *operators,
                          bool deferred, Oid *index_out)
{
    if (ix->name == NULL) {
        TRY(exclusion_name(cx, d, t, ix));
    }
    ConstraintRow r = {.name = ix->name,
                       .type = 'x',
                       .columns = ix->columns,
                       .column_count = ix->key_count,
                       .operators = operators,
                       .deferrable = ix->deferrable,
                       .deferred = deferred,
                       .validated = true};
    TRY(ddl_index_define(cx, d, t, ix, &r.index));
    TRY(ddl_index_depend_computed(cx, d, t, ix, r.index));
    TRY(ddl_new_oid(cx, d, &r.oid));
    TRY(ddl_insert_constraint(cx, d, t, &r));
    TRY(ddl_depend(cx, d, (DdlObject){CAT_PG_CLASS, r.index, 0},
                   (DdlObject){CAT_PG_CONSTRAINT, r.oid, 0}, 'i'));
    TRY(ddl_unique_trigger(cx, d, t->oid, &r));
    *index_out = r.index;
    return ddl_index_fill(cx, d, t->oid, r.index);
}

Status ddl_add_exclusion(Cx *cx, DdlCx *d, const CatTable *t, const NewConstraint *c)
{
    Exclusion *x = ARENA_NEW(d->arena, Exclusion);
    Oid index;
    *x = (Exclusion){.d = d, .t = t, .node = c->node};
    TRY(exclusion_method(cx, x));
    TRY(ddl_constraint_refuse(cx, c->node));
    x->ix = (NewIndex){.constraint = true,
                       .exclusion = true,
                       .method = x->method->oid,
                       .deferrable = c->node->deferrable != 0};
    TRY(exclusion_index(cx, x));
    if (c->node->conname != NULL && c->node->conname[0] != '\0') { /* it must be free */
        x->ix.name = c->node->conname;
        TRY(ddl_constraint_name_free(cx, d, t, x->ix.name));
    }
    return ddl_make_exclusion(cx, d, t, &x->ix, x->operators, c->node->initdeferred != 0, &index);
}

Status ddl_retype_exclusion(Cx *cx, DdlCx *d, const CatTable *t, const CatIndex *ix, uint16_t k,
                            Oid type, Oid *opclass_out)
{
    const CatConstraint *con = NULL;
    Oid lt, eq, gt;
    Datum key;
    DdlRow r;
    for (uint16_t i = 0; i < t->constraint_count; i++) {
        con = t->constraints[i].oid == ix->constraint ? &t->constraints[i] : con;
    }
    bool equality =
        con != NULL &&
        cat_default_order(d->view, t->columns[ix->columns[k] - 1].type, &lt, &eq, &gt) &&
        con->operators[k] == eq;
    *opclass_out = cat_method_opclass(d->view, cat_opclass_method(d->view, ix->opclasses[k]), type);
    if (!equality || *opclass_out == 0 || !cat_default_order(d->view, type, &lt, &eq, &gt)) {
        return err_unsupported(cx,
                               "changing the type of a column that exclusion constraint \"%s\" "
                               "uses is not supported",
                               ix->name);
    }
    key.u32 = con->oid;
    TRY(ddl_row_load(cx, d, CAT_PG_CONSTRAINT, &key, 1, &r));
    Oid *operators = ARENA_ARRAY(d->arena, Oid, con->column_count + 1u);
    const char *at =
        ddl_row_text(d, &r, PG_CONSTRAINT_CONEXCLOP); /* other columns may have changed */
    for (uint16_t i = 0; i < con->column_count && at != NULL; i++) {
        operators[i] = i == k ? eq : (Oid)strtoul(at + 1, NULL, 10);
        at = strpbrk(at + 1, ",}");
    }
    ddl_set_text(&r, PG_CONSTRAINT_CONEXCLOP,
                 ddl_oid_array(d->arena, operators, con->column_count));
    return ddl_row_store(cx, d, &r);
}

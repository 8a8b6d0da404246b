/*
 * trigger_when.c - the WHEN condition of a trigger: an expression over the old and the new row.
 */
#include "bind/bind_internal.h"

enum { WHEN_OLD, WHEN_NEW };

/* WhenCheck - what a condition of this kind of trigger may name. */
typedef struct WhenCheck {
    BindScope *s;
    int16_t type;
} WhenCheck;

static Status when_refuse(BindScope *s, const Expr *e, uint32_t state, const char *text)
{
    st_ignore(err_set(s->cx, state, "%s", text));
    return bind_at(s, e->location);
}

/* when_column - a column of OLD or NEW: does the trigger have that row? */
static Status when_column(void *arg, Expr *e, uint32_t level, bool *descend)
{
    const WhenCheck *w = arg;
    (void)level;
    *descend = true;
    if (e->kind != EXPR_COLUMN) {
        return ST_OK;
    }
    if ((w->type & TRIGGER_ROW) == 0) {
        return when_refuse(w->s, e, ERRCODE_INVALID_OBJECT_DEFINITION,
                           "statement trigger's WHEN condition cannot reference column values");
    }
    if (e->u.column.rte == WHEN_OLD && (w->type & TRIGGER_INSERT) != 0) {
        return when_refuse(w->s, e, ERRCODE_INVALID_OBJECT_DEFINITION,
                           "INSERT trigger's WHEN condition cannot reference OLD values");
    }
    if (e->u.column.rte == WHEN_NEW && (w->type & TRIGGER_DELETE) != 0) {
        return when_refuse(w->s, e, ERRCODE_INVALID_OBJECT_DEFINITION,
                           "DELETE trigger's WHEN condition cannot reference NEW values");
    }
    if (e->u.column.rte == WHEN_NEW && e->u.column.column < 0 && (w->type & TRIGGER_BEFORE) != 0) {
        return when_refuse(w->s, e, ERRCODE_FEATURE_NOT_SUPPORTED,
                           "BEFORE trigger's WHEN condition cannot reference NEW system columns");
    }
    if (e->u.column.column < 0) {
        return err_unsupported(w->s->cx,
                               "system columns in a trigger's WHEN condition are not supported");
    }
    return ST_OK;
}

Status bind_trigger_when(Cx *cx, BindCx *b, const CatTable *table, const struct PgQuery__Node *when,
                         int16_t type, Expr **expr_out)
{
    BindScope base = {.cx = cx, .b = b, .stored = b->sql.ptr == NULL};
    BindScope *s = bind_scope_new(&base, NULL, CMD_SELECT);
    WhenCheck check = {s, type};
    Expr *e;
    s->no_aggs = "trigger WHEN conditions";
    s->no_subquery = "trigger WHEN condition";
    for (int i = WHEN_OLD; i <= WHEN_NEW; i++) {
        uint16_t rte;
        const char *name = i == WHEN_OLD ? "old" : "new";
        TRY(bind_table_rte(s, table, name, &rte));
        ASSERT(rte == i);
        bind_add_item(s, bind_item_of_rte(s, rte, name, NULL, 0));
    }
    TRY(bind_expr(s, when, &e));
    TRY(bind_coerce_bool(s, e, "WHEN", expr_out));
    return bind_walk(*expr_out, 0, when_column, &check);
}

/* whole_column - column i of OLD or NEW, like the one that stood first in the stored row. */
static Expr *whole_column(BindScope *s, const CatTable *t, const Expr *like, uint16_t i)
{
    const CatColumn *c = &t->columns[i];
    while (like->kind != EXPR_COLUMN && like->arg_count > 0) {
        like = like->args[0]; /* compared as another type */
    }
    return bind_column_expr(s, like->u.column.rte, (int16_t)i, c->type, c->typmod, c->collation,
                            -1);
}

/* whole_rows - OLD and NEW as a whole have the columns that the table has now. */
static Status whole_rows(BindScope *s, const CatTable *t, Expr *e)
{
    bool rows = (e->kind == EXPR_OR || e->kind == EXPR_AND) && e->form == FORM_WHOLE_ROWS;
    bool row = e->kind == EXPR_ROW && e->u.row.whole && e->arg_count > 0;
    if (!rows && !row) {
        for (uint16_t i = 0; i < e->arg_count; i++) {
            TRY(whole_rows(s, t, e->args[i]));
        }
        return ST_OK;
    }
    const Expr *first = e->args[0];
    Expr **args = ARENA_ARRAY(s->b->arena, Expr *, t->column_count + 1u);
    const char **names = ARENA_ARRAY(s->b->arena, const char *, t->column_count + 1u);
    uint16_t n = 0;
    for (uint16_t i = 0; i < t->column_count; i++) {
        if (t->columns[i].dropped) {
            continue;
        }
        Expr *x = whole_column(s, t, row ? first : first->args[0], i);
        names[n] = t->columns[i].name;
        if (row) {
            args[n] = x;
        } else if (e->kind == EXPR_AND) {
            args[n] = bind_expr_new(s, EXPR_IS_NULL, TYPE_BOOL, -1, -1, 1);
            args[n]->args[0] = x;
            args[n]->u.negated = first->u.negated;
        } else {
            TRY(bind_distinct_pair(s, x, whole_column(s, t, first->args[1], i), false, -1,
                                   &args[n]));
        }
        n++;
    }
    e->args = args;
    e->arg_count = n;
    if (row) {
        e->u.row.names = names;
    }
    return ST_OK;
}

Status bind_load_trigger_when(Cx *cx, BindCx *b, const CatTable *table, const char *stored,
                              Expr **out)
{
    BindScope base = {.cx = cx, .b = b, .stored = true};
    BindScope *s = bind_scope_new(&base, NULL, CMD_SELECT);
    TRY(bind_read_expr(s, stored, NO_RTE, out));
    return whole_rows(s, table, *out);
}

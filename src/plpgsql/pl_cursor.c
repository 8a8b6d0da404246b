/*
 * pl_cursor.c - OPEN, FETCH, MOVE, CLOSE and loops over cursors.
 *
 * A cursor's rows are made when it is opened and kept until it is closed or its transaction ends:
 * it may be moved in any direction and sees nothing that is done later.
 */
#include <stdio.h>

#include "plpgsql/pl_internal.h"

typedef struct PlCursor {
    struct PlCursor *next, **link; /* link: where the list points to it */
    FuncManager *m;
    Arena arena;
    char name[64];
    FuncRows rows;
    PlanColumn *columns;
    int64_t at;     /* 0: before the first row; count + 1: behind the last */
    uint32_t level; /* of savepoints, where its end was registered */
    bool pinned;    /* a loop is over it */
} PlCursor;

static PlCursor *pl_cursor_find(FuncManager *m, const char *name)
{
    for (PlCursor *c = m->cursors; c != NULL; c = c->next) {
        if (strcmp(c->name, name) == 0) {
            return c;
        }
    }
    return NULL;
}

/* cursor_link - put it at the head of a list; cursor_unlink - take it out of its list. */
static void cursor_link(PlCursor *c, PlCursor **list)
{
    c->next = *list;
    c->link = list;
    if (c->next != NULL) {
        c->next->link = &c->next;
    }
    *list = c;
}

static void cursor_unlink(PlCursor *c)
{
    *c->link = c->next;
    if (c->next != NULL) {
        c->next->link = c->link;
    }
}

/* cursor_free - at the end of the transaction, or of the sub-transaction that opened it. */
static void cursor_free(void *arg, bool committed)
{
    PlCursor *c = arg;
    (void)committed;
    cursor_unlink(c);
    arena_release(&c->arena);
    mem_free(c);
}

/* cursor_close - its memory but for the struct goes now. */
static void cursor_close(PlCursor *c)
{
    arena_clear(&c->arena);
    cursor_unlink(c);
    cursor_link(c, &c->m->closed_cursors);
}

/* cursor_fill - all rows of the query. */
static Status cursor_fill(PlFrame *f, PlCursor *c, FuncQuery *q, const Datum *values,
                          const bool *nulls)
{
    FuncRun run;
    const Batch *b;
    Status st;
    if (q->utility) {
        return err_set(&f->cx, ERRCODE_INVALID_CURSOR_DEFINITION, "cannot open %s query as cursor",
                       "utility");
    }
    TRY(func_run_open(&f->cx, q, values, nulls, f->fn->body->read_only, &run));
    const Plan *p = run.plan;
    c->rows = (FuncRows){.arena = &c->arena, .col_count = p->column_count};
    c->rows.phys = ARENA_ARRAY(&c->arena, PhysType, p->column_count + 1u);
    c->columns = ARENA_ARRAY(&c->arena, PlanColumn, p->column_count + 1u);
    Datum *row_values = ARENA_ARRAY(&c->arena, Datum, p->column_count + 1u);
    bool *row_nulls = ARENA_ARRAY(&c->arena, bool, p->column_count + 1u);
    for (uint16_t i = 0; i < p->column_count; i++) {
        c->columns[i] = p->columns[i];
        c->columns[i].name = arena_strdup(&c->arena, p->columns[i].name);
        c->rows.phys[i] = func_phys(f->fn->m, p->columns[i].type);
    }
    while ((st = func_run_next(&f->cx, &run, VEC_CAPACITY, &b)) == ST_OK) {
        SEL_FOREACH(row, &b->sel)
        {
            for (uint16_t i = 0; i < c->rows.col_count; i++) {
                row_nulls[i] = vec_is_null(b->cols[i], row);
                if (!row_nulls[i]) {
                    row_values[i] = vec_get(b->cols[i], row);
                }
            }
            func_rows_add(&c->rows, row_values, row_nulls);
        }
    }
    return func_run_close(&f->cx, &run, st == ST_DONE ? ST_OK : st);
}

/* cursor_new - under the variable's name, or one of its own. */
static Status cursor_new(PlFrame *f, uint32_t var, PlCursor **out)
{
    FuncManager *m = f->fn->m;
    const PlValue *v = &f->slots[var].value;
    char name[64];
    if (v->is_null) {
        do {
            (void)snprintf(name, sizeof(name), "<unnamed portal %u>", ++m->portal_number);
        } while (pl_cursor_find(m, name) != NULL);
        TRY(pl_assign_text(f, var, name));
    } else {
        (void)snprintf(name, sizeof(name), "%.*s", (int)v->v.str.len, str_ptr(&v->v.str));
        if (pl_cursor_find(m, name) != NULL) {
            return err_set(&f->cx, ERRCODE_DUPLICATE_CURSOR, "cursor \"%s\" already in use", name);
        }
    }
    Txn *txn = m->fs->view->txn;
    PlCursor *c = m->closed_cursors;
    if (c != NULL && c->level == txn->savepoint_level) {
        cursor_unlink(c); /* it ends where a new one would */
    } else {
        c = mem_zalloc("cursor", sizeof(*c));
        arena_init(&c->arena, NULL, "cursor", 0);
        c->m = m;
        c->level = txn->savepoint_level;
        txn_on_end(txn, cursor_free, c);
    }
    memcpy(c->name, name, sizeof(c->name));
    c->at = 0;
    c->pinned = false;
    cursor_link(c, &m->cursors);
    *out = c;
    return ST_OK;
}

/* cursor_args - the arguments of a bound cursor into its parameters. */
static Status cursor_args(PlFrame *f, const PlStmt *s, const PlVar *v)
{
    for (uint32_t i = 0; i < s->arg_count; i++) {
        uint32_t at = i;
        for (uint32_t k = 0; s->arg_names[i] != NULL && k < v->cursor_arg_count; k++) {
            at = strcmp(f->fn->vars[v->cursor_args[k]]->name, s->arg_names[i]) == 0 ? k : at;
        }
        PlTarget t = {v->cursor_args[at], NULL};
        Datum d = {0};
        bool is_null;
        Oid type;
        TRY(pl_eval(f, s->args[i], &d, &is_null, &type));
        TRY(pl_assign(f, &t, &d, is_null, type));
    }
    return ST_OK;
}

/* cursor_open - OPEN, and the beginning of a loop over a cursor. */
static Status cursor_open(PlFrame *f, const PlStmt *s, PlCursor **out)
{
    const PlVar *v = f->fn->vars[s->var];
    PlExpr *e = v->cursor_query != NULL ? v->cursor_query : s->expr;
    FuncQuery dynamic, *q = &e->q;
    Arena arena;
    Datum *values;
    bool *nulls;
    Status st;
    if (v->cursor_query != NULL) { /* else they are of USING */
        TRY(cursor_args(f, s, v));
    }
    TRY(cursor_new(f, s->var, out));
    arena_init(&arena, NULL, "open cursor", 0);
    dynamic.m = NULL;
    if (s->dynamic) {
        st = pl_dynamic(f, s, &arena, &dynamic, &values, &nulls);
        q = &dynamic;
    } else {
        st = pl_fill(f, e, &arena, false, &values, &nulls);
    }
    if (st == ST_OK) {
        st = cursor_fill(f, *out, q, values, nulls);
    }
    if (dynamic.m != NULL) {
        func_query_release(&dynamic);
    }
    arena_release(&arena);
    if (st != ST_OK) {
        cursor_close(*out);
    }
    return st;
}

Status pl_run_open(PlFrame *f, const PlStmt *s)
{
    PlCursor *c;
    return cursor_open(f, s, &c);
}

/* cursor_of - the cursor that a variable names. */
static Status cursor_of(PlFrame *f, uint32_t var, PlCursor **out)
{
    const PlValue *v = &f->slots[var].value;
    char name[64];
    if (v->is_null) {
        return err_set(&f->cx, ERRCODE_NULL_VALUE_NOT_ALLOWED, "cursor variable \"%s\" is null",
                       f->fn->vars[var]->name);
    }
    (void)snprintf(name, sizeof(name), "%.*s", (int)v->v.str.len, str_ptr(&v->v.str));
    *out = pl_cursor_find(f->fn->m, name);
    return *out != NULL
               ? ST_OK
               : err_set(&f->cx, ERRCODE_INVALID_CURSOR_NAME, "cursor \"%s\" does not exist", name);
}

/* fetch_place - where the direction leads. */
static Status fetch_place(PlFrame *f, const PlStmt *s, const PlCursor *c, int64_t *place,
                          int64_t *moved)
{
    int64_t count = (int64_t)c->rows.count, n = 1;
    Datum d = {0};
    bool is_null;
    if (s->expr != NULL) {
        TRY(pl_eval_as(f, s->expr, TYPE_INT8, &d, &is_null));
        if (is_null) {
            return err_set(&f->cx, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                           "relative or absolute cursor position is null");
        }
        n = d.i64;
    } else if (s->slice == INT64_MAX) {
        n = count + 1;
    }
    const char *t = s->text;
    int64_t to = strcmp(t, "first") == 0      ? 1
                 : strcmp(t, "last") == 0     ? MAX(count, 1)
                 : strcmp(t, "prior") == 0    ? c->at - 1
                 : strcmp(t, "backward") == 0 ? c->at - n
                 : strcmp(t, "absolute") == 0 ? (n >= 0 ? n : count + 1 + n)
                                              : c->at + n;
    *place = to < 0 ? 0 : to > count ? count + 1 : to;
    *moved = *place > c->at ? MIN(*place, count) - c->at : c->at - MAX(*place, 1);
    *moved = MAX(*moved, 0);
    return ST_OK;
}

Status pl_run_fetch(PlFrame *f, const PlStmt *s)
{
    PlCursor *c;
    int64_t place = 0, moved = 0;
    TRY(cursor_of(f, s->var, &c));
    TRY(fetch_place(f, s, c, &place, &moved));
    c->at = place;
    bool there = place >= 1 && place <= (int64_t)c->rows.count;
    if (s->move) {
        f->row_count = (uint64_t)moved;
        pl_set_found(f, there || moved > 0);
        return ST_OK;
    }
    uint64_t first = there ? (uint64_t)(place - 1) * c->rows.col_count : 0;
    PlRow row = {.values = c->rows.values + first, .nulls = c->rows.nulls + first};
    TRY(pl_take_row(f, s->targets, s->target_count, c->columns, c->rows.col_count,
                    there ? &row : NULL));
    f->row_count = there ? 1 : 0;
    pl_set_found(f, there);
    return ST_OK;
}

Status pl_run_close(PlFrame *f, const PlStmt *s)
{
    PlCursor *c;
    TRY(cursor_of(f, s->var, &c));
    if (c->pinned) {
        return err_set(&f->cx, ERRCODE_INVALID_CURSOR_STATE, "cannot drop pinned portal \"%s\"",
                       c->name);
    }
    cursor_close(c);
    return ST_OK;
}

Status pl_run_for_cursor(PlFrame *f, const PlStmt *s)
{
    PlCursor *c;
    bool found = false;
    TRY(cursor_open(f, s, &c));
    Status st = ST_OK;
    f->fn->m->open_runs++;
    c->pinned = true;
    for (uint64_t i = 0; i < c->rows.count && st == ST_OK; i++) {
        PlRow row = {.values = c->rows.values + i * c->rows.col_count,
                     .nulls = c->rows.nulls + i * c->rows.col_count};
        found = true;
        f->stmt = s;
        arena_clear(&f->scratch);
        st = pl_take_row(f, s->targets, s->target_count, c->columns, c->rows.col_count, &row);
        st = st == ST_OK ? pl_run_statements(f, s->body) : st;
        if (st == ST_OK && pl_loop_flow(f, s)) {
            break;
        }
    }
    f->fn->m->open_runs--;
    c->pinned = false;
    if (st != ST_OK) {
        return st; /* the cursor goes with its transaction */
    }
    cursor_close(c);
    pl_set_found(f, found);
    return ST_OK;
}

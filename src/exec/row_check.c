/*
 * row_check.c - NOT NULL and CHECK of new rows, with PostgreSQL's texts.
 */
#include "exec/exec_internal.h"

/* put_value - one value of a row as the detail of a constraint's error shows it, cut at `max`
 * bytes between characters; dropped columns are left out. */
static void put_value(const ExecEnv *env, const CatColumn *col, const Vector *v, uint32_t row,
                      size_t max, Buf *out)
{
    const TypeOps *t = type_ops(col->carrier);
    if (col->dropped) {
        return;
    }
    if (vec_is_null(v, row) || t == NULL) {
        buf_puts(out, "null");
        return;
    }
    Err err = {0};
    Arena arena;
    arena_init(&arena, NULL, "value text", 0);
    Cx cx = {.err = &err, .arena = &arena};
    FnCall call = {
        .cx = &cx, .arena = &arena, .env = env->type_env, .state_arena = &arena, .arg_typmod = -1};
    Datum d = vec_get(v, row);
    size_t from = out->len;
    t->out(&call, &d, out);
    if (out->len - from > max) {
        size_t keep = max;
        while (keep > 0 && (out->data[from + keep] & 0xc0) == 0x80) {
            keep--;
        }
        out->len = from + keep;
        buf_puts(out, "...");
    }
    arena_release(&arena);
}

/* put_key_text - "(a, b)=(1, x)", as PostgreSQL shows keys. */
void put_key_text(const ExecEnv *env, const CatTable *t, const uint16_t *columns, uint16_t count,
                  const Batch *rows, uint32_t row, Buf *out)
{
    buf_putc(out, '(');
    for (uint16_t i = 0; i < count; i++) {
        buf_printf(out, "%s%s", i > 0 ? ", " : "", t->columns[columns[i]].name);
    }
    buf_puts(out, ")=(");
    for (uint16_t i = 0; i < count; i++) {
        if (i > 0) {
            buf_puts(out, ", ");
        }
        put_value(env, &t->columns[columns[i]], rows->cols[i], row, SIZE_MAX, out);
    }
    buf_putc(out, ')');
}

/* failing_row - the detail line of 23502 and 23514. */
static Status failing_row(Cx *cx, const ExecEnv *env, const CatTable *t, const Batch *rows,
                          uint32_t row)
{
    Buf b;
    buf_init(&b, 1u << 20);
    bool first = true;
    cx->err->batch_row = row + 1;
    for (uint16_t c = 0; c < t->column_count; c++) {
        if (t->columns[c].dropped) {
            continue;
        }
        if (!first) {
            buf_puts(&b, ", ");
        }
        first = false;
        put_value(env, &t->columns[c], rows->cols[c], row, 64, &b);
    }
    Status st = err_detail(cx, "Failing row contains (%.*s).", (int)b.len, (const char *)b.data);
    buf_release(&b);
    return st;
}

Status check_not_null(Cx *cx, const ExecState *s, const CatTable *t, const Batch *rows)
{
    for (uint16_t c = 0; c < t->column_count; c++) {
        const Vector *v = rows->cols[c];
        if (!t->columns[c].not_null || t->columns[c].dropped || v->valid == NULL) {
            continue;
        }
        SEL_FOREACH(row, &rows->sel)
        {
            if (vec_is_null(v, row)) {
                st_ignore(err_set(
                    cx, ERRCODE_NOT_NULL_VIOLATION,
                    "null value in column \"%s\" of relation \"%s\" violates not-null constraint",
                    t->columns[c].name, t->name));
                st_ignore(failing_row(cx, &s->env, t, rows, row));
                return err_constraint(cx, t->schema_name, t->name, t->columns[c].name, NULL);
            }
        }
    }
    return ST_OK;
}

/* policy_violated - a new row that no policy permits, or that a restrictive one forbids. */
static Status policy_violated(Cx *cx, const CatTable *t, const char *policy)
{
    return policy == NULL
               ? err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                         "new row violates row-level security policy for table \"%s\"", t->name)
               : err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                         "new row violates row-level security policy \"%s\" for table \"%s\"",
                         policy, t->name);
}

/* check_view - WITH CHECK OPTION: the new rows are rows of the view. */
static Status check_view(Cx *cx, const ExecState *s, const PlanModify *m, const char *view,
                         const Vector *v, const Batch *rows)
{
    SEL_FOREACH(row, &rows->sel)
    {
        if (vec_is_null(v, row) || ((const uint8_t *)v->data)[vec_index(v, row)] == 0) {
            st_ignore(err_set(cx, ERRCODE_WITH_CHECK_OPTION_VIOLATION,
                              "new row violates check option for view \"%s\"", view));
            return failing_row(cx, &s->env, m->table, rows, row);
        }
    }
    return ST_OK;
}

Status check_constraints(Cx *cx, const ExecState *s, const PlanModify *m, ExprRun *run,
                         const Batch *rows, Arena *arena)
{
    const CatTable *t = m->table;
    for (uint16_t i = 0; i < m->check_count; i++) {
        const Vector *v;
        TRY(expr_eval(cx, run, i, rows, &rows->sel, arena, &v));
        if (m->check_constraints[i] == NULL) {
            TRY(check_view(cx, s, m, m->check_views[i], v, rows));
            continue;
        }
        SEL_FOREACH(row, &rows->sel)
        {
            if (!vec_is_null(v, row) && ((const uint8_t *)v->data)[vec_index(v, row)] == 0) {
                const char *name = m->check_constraints[i]->name;
                if (m->check_constraints[i]->type == 'R') {
                    return policy_violated(cx, t, name);
                }
                st_ignore(err_set(cx, ERRCODE_CHECK_VIOLATION,
                                  "new row for relation \"%s\" violates check constraint \"%s\"",
                                  t->name, name));
                st_ignore(failing_row(cx, &s->env, t, rows, row));
                return err_constraint(cx, t->schema_name, t->name, NULL, name);
            }
        }
    }
    return ST_OK;
}

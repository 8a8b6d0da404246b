/*
 * deparse_window.c - window calls and window definitions back to text
 */
#include "bind/deparse_from.h"

/* dp_frame_end - one end of a frame. */
static Status dp_frame_end(DpOut *o, uint32_t frame, const Expr *offset, bool start)
{
    if (frame & (start ? FRAME_START_UNBOUNDED : FRAME_END_UNBOUNDED)) {
        buf_puts(o->buf, start ? "UNBOUNDED PRECEDING " : "UNBOUNDED FOLLOWING ");
        return ST_OK;
    }
    if (frame & (start ? FRAME_START_CURRENT : FRAME_END_CURRENT)) {
        buf_puts(o->buf, "CURRENT ROW ");
        return ST_OK;
    }
    TRY(dp_expr(o, offset, false));
    buf_puts(o->buf, frame & (start ? FRAME_START_PRECEDING : FRAME_END_PRECEDING) ? " PRECEDING "
                                                                                   : " FOLLOWING ");
    return ST_OK;
}

static Status dp_frame(DpOut *o, const Window *w)
{
    uint32_t f = w->frame;
    buf_puts(o->buf, f & FRAME_ROWS ? "ROWS " : f & FRAME_GROUPS ? "GROUPS " : "RANGE ");
    buf_puts(o->buf, w->between ? "BETWEEN " : "");
    TRY(dp_frame_end(o, f, w->start_offset, true));
    if (w->between) {
        buf_puts(o->buf, "AND ");
        TRY(dp_frame_end(o, f, w->end_offset, false));
    }
    buf_puts(o->buf, f & FRAME_EXCLUDE_CURRENT ? "EXCLUDE CURRENT ROW "
                     : f & FRAME_EXCLUDE_GROUP ? "EXCLUDE GROUP "
                     : f & FRAME_EXCLUDE_TIES  ? "EXCLUDE TIES "
                                               : "");
    o->buf->len--; /* the last blank */
    return ST_OK;
}

/* dp_window - a definition in parentheses; what it took from another one is not repeated. */
static Status dp_window(DpOut *o, const Query *q, const Window *w)
{
    bool space = false;
    buf_putc(o->buf, '(');
    if (w->base != NULL) {
        dp_name(o, w->base);
        space = true;
    }
    if (w->partition_count > 0 && w->base == NULL) {
        buf_puts(o->buf, "PARTITION BY ");
        TRY(dp_sort_exprs(o, q, w->partition_by, w->partition_count));
        space = true;
    }
    if (w->order_count > 0 && !w->order_copied) {
        buf_puts(o->buf, space ? " ORDER BY " : "ORDER BY ");
        TRY(dp_sort_keys(o, q, w->order_by, w->order_count));
        space = true;
    }
    if (w->has_frame) {
        buf_puts(o->buf, space ? " " : "");
        TRY(dp_frame(o, w));
    }
    buf_putc(o->buf, ')');
    return ST_OK;
}

Status dp_window_call(DpOut *o, const Expr *e)
{
    const Query *q = o->names != NULL ? o->names->query : NULL;
    if (q == NULL || e->u.window.number >= q->window_count) {
        return err_unsupported(o->cx, "this kind of expression cannot be written as text");
    }
    const Window *w = &q->windows[e->u.window.number];
    TRY(dp_call_name(o, e->proc));
    buf_puts(o->buf, e->u.window.star ? "(*" : "(");
    TRY(dp_list(o, e->args, e->arg_count, true));
    if (e->u.window.filter != NULL) {
        buf_puts(o->buf, ") FILTER (WHERE ");
        TRY(dp_expr(o, e->u.window.filter, false));
    }
    buf_puts(o->buf, ") OVER ");
    if (w->name != NULL) {
        dp_name(o, w->name);
        return ST_OK;
    }
    return dp_window(o, q, w);
}

Status dp_window_clause(DpOut *o, const Query *q)
{
    bool any = false;
    for (uint16_t i = 0; i < q->window_count; i++) {
        const Window *w = &q->windows[i];
        if (w->name == NULL) {
            continue;
        }
        if (any) {
            buf_puts(o->buf, ", ");
        } else {
            dp_keyword(o, " WINDOW ", -DP_INDENT_STD, DP_INDENT_STD, 1);
        }
        any = true;
        dp_name(o, w->name);
        buf_puts(o->buf, " AS ");
        TRY(dp_window(o, q, w));
    }
    return ST_OK;
}

/*
 * sql_cursor.c - SQL cursors: DECLARE, FETCH, MOVE, CLOSE, over the portals of the protocol
 *
 * A cursor stands before its first row (position 0), on a row, or behind the last. Rows it passed
 * are kept as DataRow messages, so that it can go back: those of a SCROLL or WITH HOLD cursor all,
 * those of another until they fill CURSOR_KEEP_BYTES. A cursor WITH HOLD is read to its end when
 * its transaction commits, and lives on from what is kept.
 */
#include <pg_query/pg_query.pb-c.h>

#include <stdio.h>

#include "server/server_internal.h"

#define CURSOR_STORE_MAX  ((size_t)1 << 30)
#define CURSOR_KEEP_BYTES ((size_t)4 << 20)

enum { OPT_BINARY = 0x1, OPT_SCROLL = 0x2, OPT_NO_SCROLL = 0x4, OPT_HOLD = 0x20 };

struct Cursor {
    int options;
    size_t *rows; /* where each kept row begins in the portal's store */
    uint64_t kept, size;
    uint64_t seen; /* rows taken from the query so far */
    uint64_t at;   /* position */
    bool ended;    /* the query has no more rows */
    bool forward;  /* rows are not kept (any more) */
    bool was_binary;
    bool adopted; /* a portal of Bind, which Execute uses, too */
};

/* ---- rows ---- */

static Status cursor_forward_only(Cx *cx)
{
    (void)err_set(cx, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "cursor can only scan forward");
    return err_hint(cx, "Declare it with SCROLL option to enable backward scan.");
}

/* cursor_keep - a row that was just written to the store from `begin` on. */
static void cursor_keep(Portal *p, size_t begin)
{
    Cursor *c = p->cursor;
    if (c->kept == c->size) {
        uint64_t size = c->size == 0 ? 64 : c->size * 2;
        c->rows = arena_grow(&p->arena, c->rows, c->size * sizeof(size_t), size * sizeof(size_t));
        c->size = size;
    }
    c->rows[c->kept++] = begin;
}

/* cursor_put - one row into the store, or straight into the reply when none are kept. */
static Status cursor_put(Cx *cx, Session *s, Portal *p, const Batch *b, uint32_t row, bool wanted)
{
    Cursor *c = p->cursor;
    if (c->forward) {
        if (wanted) {
            row_write(&p->writer, &s->out, b, row);
        }
        return ST_OK;
    }
    size_t begin = p->store.len;
    row_write(&p->writer, &p->store, b, row);
    if (p->store.overflow) {
        return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "the cursor's result is too large");
    }
    cursor_keep(p, begin);
    if (wanted) {
        buf_put(&s->out, p->store.data + begin, p->store.len - begin);
    }
    return ST_OK;
}

/* cursor_pull - up to `want` more rows from the query; *got_out: how many there were. */
static Status cursor_pull(Cx *cx, Session *s, Portal *p, uint64_t want, bool wanted,
                          uint64_t *got_out)
{
    Cursor *c = p->cursor;
    *got_out = 0;
    while (*got_out < want && !c->ended) {
        const Batch *b;
        TRY(cx_check(cx));
        Status st =
            exec_next(cx, p->exec, (uint32_t)MIN(want - *got_out, (uint64_t)VEC_CAPACITY), &b);
        if (st == ST_DONE) {
            c->ended = true;
            s->rows_told = true; /* that there are no more */
            break;
        }
        TRY(st);
        p->writer.call.cx = cx;
        s->rows_told = true;
        SEL_FOREACH(row, &b->sel)
        {
            TRY(cursor_put(cx, s, p, b, row, wanted));
            if (wanted && UNLIKELY(s->out.len > SESSION_OUT_FLUSH_BYTES)) {
                TRY(session_send_wait(cx, s));
            }
        }
        *got_out += b->sel.count;
        c->seen += b->sel.count;
        if (!c->forward && !(c->options & (OPT_SCROLL | OPT_HOLD)) &&
            p->store.len > CURSOR_KEEP_BYTES) {
            c->forward = true;
            buf_release(&p->store);
            buf_init(&p->store, CURSOR_STORE_MAX);
            c->kept = 0;
        }
    }
    return ST_OK;
}

/* cursor_send - a kept row, 1-based. */
static Status cursor_send(Cx *cx, Session *s, Portal *p, uint64_t row)
{
    const Cursor *c = p->cursor;
    s->rows_told = true;
    size_t begin = c->rows[row - 1], end = row < c->kept ? c->rows[row] : p->store.len;
    buf_put(&s->out, p->store.data + begin, end - begin);
    return UNLIKELY(s->out.len > SESSION_OUT_FLUSH_BYTES) ? session_send_wait(cx, s) : ST_OK;
}

/* cursor_go_forward - rows at+1..at+count. */
static Status cursor_go_forward(Cx *cx, Session *s, Portal *p, uint64_t count, bool wanted,
                                uint64_t *got_out)
{
    Cursor *c = p->cursor;
    *got_out = 0;
    while (!c->forward && *got_out < count && c->at < c->kept) {
        c->at++;
        (*got_out)++;
        if (wanted) {
            TRY(cursor_send(cx, s, p, c->at));
        }
    }
    if (*got_out < count && c->at >= c->seen) {
        uint64_t more;
        c->at = c->seen;
        TRY(cursor_pull(cx, s, p, count - *got_out, wanted, &more));
        c->at += more;
        *got_out += more;
    }
    if (*got_out < count) {
        c->at = c->seen + 1;
    }
    return ST_OK;
}

/* cursor_go_back - rows at-1 down to at-count. */
static Status cursor_go_back(Cx *cx, Session *s, Portal *p, uint64_t count, bool wanted,
                             uint64_t *got_out)
{
    Cursor *c = p->cursor;
    *got_out = 0;
    if (c->forward || (c->options & OPT_NO_SCROLL)) {
        return cursor_forward_only(cx);
    }
    while (*got_out < count && c->at > 1) {
        c->at--;
        (*got_out)++;
        if (wanted) {
            TRY(cursor_send(cx, s, p, c->at));
        }
    }
    if (*got_out < count) {
        c->at = 0;
    }
    return ST_OK;
}

/* cursor_again - the row the cursor stands on. */
static Status cursor_again(Cx *cx, Session *s, Portal *p, bool wanted, uint64_t *got_out)
{
    const Cursor *c = p->cursor;
    *got_out = 0;
    if (c->at < 1 || c->at > c->seen) {
        return ST_OK;
    }
    if (wanted && (c->forward || (c->options & OPT_NO_SCROLL))) {
        return cursor_forward_only(cx);
    }
    *got_out = 1;
    return wanted ? cursor_send(cx, s, p, c->at) : ST_OK;
}

/* cursor_one - go to a row by its number (0: before the first) and give that one. */
static Status cursor_one(Cx *cx, Session *s, Portal *p, uint64_t row, bool wanted,
                         uint64_t *got_out)
{
    Cursor *c = p->cursor;
    uint64_t skipped;
    *got_out = 0;
    if (row > c->at) {
        TRY(cursor_go_forward(cx, s, p, row - c->at - 1, false, &skipped));
        return c->at == row - 1 ? cursor_go_forward(cx, s, p, 1, wanted, got_out) : ST_OK;
    }
    if (row == c->at && row > 0) {
        return cursor_again(cx, s, p, wanted, got_out);
    }
    if (c->at > row + 1) {
        TRY(cursor_go_back(cx, s, p, c->at - row - 1, false, &skipped));
    }
    return c->at > row ? cursor_go_back(cx, s, p, 1, wanted, got_out) : ST_OK;
}

/* cursor_absolute - row `n` from the start, from the end when negative. */
static Status cursor_absolute(Cx *cx, Session *s, Portal *p, int64_t n, bool wanted,
                              uint64_t *got_out)
{
    Cursor *c = p->cursor;
    uint64_t skipped;
    if (n >= 0) {
        return cursor_one(cx, s, p, (uint64_t)n, wanted, got_out);
    }
    TRY(cursor_go_forward(cx, s, p, UINT64_MAX, false, &skipped));
    uint64_t back = 0 - (uint64_t)n;
    return cursor_one(cx, s, p, back > c->seen ? 0 : c->seen + 1 - back, wanted, got_out);
}

/* ---- statements ---- */

static Status cursor_find(Cx *cx, Session *s, const char *name, Portal **out)
{
    *out = map_get(&s->portals, name, strlen(name));
    if (*out == NULL) {
        return err_set(cx, ERRCODE_UNDEFINED_CURSOR, "cursor \"%s\" does not exist", name);
    }
    return ST_OK;
}

/* cursor_writer - rows in the format the client asked for; kept rows cannot change theirs. */
static Status cursor_writer(Cx *cx, Session *s, Portal *p)
{
    Cursor *c = p->cursor;
    static const int16_t BINARY[] = {1};
    const int16_t *formats = s->running_portal != NULL ? s->running_portal->formats : NULL;
    uint32_t count = s->running_portal != NULL ? s->running_portal->format_count : 0;
    if (c->options & OPT_BINARY) {
        formats = BINARY;
        count = 1;
    }
    bool binary = count > 0 && formats[0] == 1;
    if (binary != c->was_binary && c->kept > 0) {
        return err_unsupported(cx, "another result format for rows a cursor has passed is not "
                                   "supported");
    }
    c->was_binary = binary;
    return row_writer_init(cx, &p->arena, &p->writer, p->plan->columns, p->plan->column_count,
                           formats, count, &s->env, &s->view);
}

/* cursor_params - the values Execute gave for the parameters of the cursor's query. */
static void cursor_params(Session *s, Portal *p, const Portal *given)
{
    p->param_count = given->param_count;
    p->param_values = ARENA_ARRAY(&p->arena, Datum, given->param_count + 1);
    p->param_nulls = ARENA_ARRAY(&p->arena, bool, given->param_count + 1);
    for (uint32_t i = 0; i < given->param_count; i++) {
        const CatType *type = cat_type(&s->view, p->stmt->params.types[i]);
        Datum v = given->param_values[i];
        p->param_nulls[i] = given->param_nulls[i];
        if (type != NULL && type->phys == PHYS_STR && !p->param_nulls[i]) {
            v.str = str_copy(&p->arena, str_ptr(&v.str), v.str.len);
        }
        p->param_values[i] = v;
    }
}

/* cursor_declare - DECLARE: a portal with a statement of its own, open with its own snapshot. */
static Status cursor_declare(Cx *cx, Session *s, const Statement *outer,
                             const PgQuery__DeclareCursorStmt *d)
{
    Portal *p;
    const Portal *given = s->running_portal;
    if (!(d->options & OPT_HOLD) && !s->in_block && !s->implicit_block) {
        return err_set(cx, ERRCODE_NO_ACTIVE_SQL_TRANSACTION,
                       "DECLARE CURSOR can only be used in transaction blocks");
    }
    TRY(portal_create(cx, s, d->portalname, &p));
    Statement *st;
    Status status = statement_again(cx, outer, &st);
    p->stmt = st;
    p->cursor = ARENA_NEW(&p->arena, Cursor);
    p->cursor->options = d->options;
    buf_init(&p->store, CURSOR_STORE_MAX);
    if (status == ST_OK) {
        st->node = st->node->declare_cursor_stmt->query;
    }
    st->params.count = outer->params.count;
    st->params.types = ARENA_ARRAY(&st->arena, Oid, outer->params.count + 1);
    for (uint32_t i = 0; i < outer->params.count; i++) {
        st->params.types[i] = outer->params.types[i];
    }
    st->params.fixed = true;
    if (status == ST_OK) {
        status = statement_prepare(cx, s, st);
    }
    if (status == ST_OK && (st->plan == NULL || st->plan->command != CMD_SELECT)) {
        status = err_set(cx, ERRCODE_INVALID_CURSOR_DEFINITION,
                         "DECLARE CURSOR must specify a SELECT query");
    }
    if (status == ST_OK && given != NULL) {
        cursor_params(s, p, given);
    }
    if (status == ST_OK) {
        plan_ref(st->plan);
        p->plan = st->plan;
        status = portal_prepare(cx, s, p, true);
    }
    if (status != ST_OK) {
        portal_drop(s, p);
    }
    return status;
}

/* cursor_adopt - FETCH and MOVE of a portal that Bind made: it goes forward only, and Execute goes
 * on where they stop. */
static Status cursor_adopt(Cx *cx, Session *s, Portal *p)
{
    bool rows = p->plan != NULL && p->plan->command == CMD_SELECT && p != s->running_portal;
    if (!rows) {
        return err_set(cx, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE, "portal \"%s\" cannot be run",
                       p->name);
    }
    if (p->exec == NULL && !p->done) {
        TRY(portal_prepare(cx, s, p, true));
    }
    p->cursor = ARENA_NEW(&p->arena, struct Cursor);
    *p->cursor = (struct Cursor){
        .options = OPT_NO_SCROLL, .forward = true, .ended = p->done, .adopted = true};
    return ST_OK;
}

/* cursor_fetch - FETCH and MOVE in all directions. */
static Status cursor_fetch(Cx *cx, Session *s, const PgQuery__FetchStmt *f, bool extended,
                           const char **tag_out)
{
    Portal *p;
    uint64_t got = 0;
    bool wanted = !f->ismove;
    int64_t n = f->how_many;
    TRY(cursor_find(cx, s, f->portalname, &p));
    if (p->cursor == NULL) {
        TRY(cursor_adopt(cx, s, p));
    }
    if (wanted || !p->cursor->adopted) {
        TRY(cursor_writer(cx, s, p));
    }
    if (wanted && !extended) {
        reply_row_description(&s->out, p->plan->columns, p->plan->column_count,
                              p->cursor->was_binary ? (const int16_t[]){1} : NULL,
                              p->cursor->was_binary, &s->view);
    }
    switch (f->direction) {
    case PG_QUERY__FETCH_DIRECTION__FETCH_ABSOLUTE:
        TRY(cursor_absolute(cx, s, p, n, wanted, &got));
        break;
    case PG_QUERY__FETCH_DIRECTION__FETCH_RELATIVE: {
        uint64_t back = n < 0 ? 0 - (uint64_t)n : 0, at = p->cursor->at;
        uint64_t to = n < 0 ? (back > at ? 0 : at - back) : at + (uint64_t)n;
        TRY(n == 0 ? cursor_again(cx, s, p, wanted, &got) : cursor_one(cx, s, p, to, wanted, &got));
        break;
    }
    default: {
        bool back = f->direction == PG_QUERY__FETCH_DIRECTION__FETCH_BACKWARD;
        uint64_t count = n < 0 ? 0 - (uint64_t)n : n == INT64_MAX ? UINT64_MAX : (uint64_t)n;
        if (n == 0) {
            TRY(cursor_again(cx, s, p, wanted, &got));
        } else if (back != (n < 0)) {
            TRY(cursor_go_back(cx, s, p, count, wanted, &got));
        } else {
            TRY(cursor_go_forward(cx, s, p, count, wanted, &got));
        }
        break;
    }
    }
    *tag_out = arena_printf(&s->stmt_arena, "%s %llu", f->ismove ? "MOVE" : "FETCH",
                            (unsigned long long)got);
    if (wanted && p->cursor->adopted) {
        /* Execute sends its rows in the formats of Bind. */
        return row_writer_init(cx, &p->arena, &p->writer, p->plan->columns, p->plan->column_count,
                               p->formats, p->format_count, &s->env, &s->view);
    }
    return ST_OK;
}

Status cursor_run(Cx *cx, Session *s, const Statement *st, bool extended, const char **tag_out)
{
    const PgQuery__Node *node = st->node;
    Portal *p;
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_DECLARE_CURSOR_STMT:
        *tag_out = "DECLARE CURSOR";
        return cursor_declare(cx, s, st, node->declare_cursor_stmt);
    case PG_QUERY__NODE__NODE_FETCH_STMT:
        return cursor_fetch(cx, s, node->fetch_stmt, extended, tag_out);
    default:
        *tag_out = "CLOSE CURSOR";
        TRY(cursor_find(cx, s, node->close_portal_stmt->portalname, &p));
        portal_drop(s, p);
        return ST_OK;
    }
}

void cursor_columns(Session *s, const PgQuery__FetchStmt *f, PlanColumn **cols_out,
                    uint32_t *count_out)
{
    const Portal *p = map_get(&s->portals, f->portalname, strlen(f->portalname));
    if (p != NULL && p->cursor != NULL && !f->ismove) {
        *cols_out = p->plan->columns;
        *count_out = p->plan->column_count;
    }
}

/* cursors_hold - the transaction is about to commit: cursors WITH HOLD are read to their end and
 * stay; other portals go. */
Status cursors_hold(Cx *cx, Session *s)
{
    MapSlot slot;
    for (uint32_t pos = 0; s->portals.count != 0 && map_next(&s->portals, &pos, &slot);) {
        Portal *p = slot.value;
        uint64_t got;
        if (p->cursor == NULL || !(p->cursor->options & OPT_HOLD)) {
            portal_drop(s, p);
            pos = 0; /* removal moves slots */
            continue;
        }
        if (p->held) {
            continue;
        }
        TRY(p->writer_ready ? ST_OK : cursor_writer(cx, s, p));
        TRY(cursor_pull(cx, s, p, UINT64_MAX, false, &got));
        portal_close_exec(s, p);
        p->held = true;
        p->savepoint_level = 0;
    }
    return ST_OK;
}

bool cursor_is_with_hold(const Portal *p)
{
    return p->cursor != NULL && (p->cursor->options & OPT_HOLD) != 0;
}

bool cursor_is_scroll(const Portal *p)
{
    return p->cursor != NULL && (p->cursor->options & OPT_SCROLL) != 0;
}

bool cursor_is_binary(const Portal *p)
{
    return p->cursor != NULL && (p->cursor->options & OPT_BINARY) != 0;
}

const char *session_needs_table(void *session, Oid table)
{
    Session *s = session;
    MapSlot slot;
    for (uint32_t pos = 0; s->portals.count != 0 && map_next(&s->portals, &pos, &slot);) {
        const Portal *p = slot.value;
        if (!p->held && p->plan != NULL && p->plan->command == CMD_SELECT && !p->plan->writes &&
            plan_reads(p->plan, table)) {
            return "it is being used by active queries in this session";
        }
    }
    return fk_pending_on(&s->fk_deferred, table) ? "it has pending trigger events" : NULL;
}

void cursors_drop_open(Session *s)
{
    MapSlot slot;
    for (uint32_t pos = 0; s->portals.count != 0 && map_next(&s->portals, &pos, &slot);) {
        Portal *p = slot.value;
        if (!p->held) {
            portal_drop(s, p);
            pos = 0; /* removal moves slots */
        }
    }
}

/*
 * raise.c - RAISE: notices and errors of a function's own; GET [STACKED] DIAGNOSTICS.
 */
#include <stdio.h>

#include "plpgsql/pl_internal.h"

static void put_field(char *to, size_t size, const char *text)
{
    (void)snprintf(to, size, "%s", text != NULL ? text : "");
}

/* raise_text - the format with its parameters. */
static Status raise_text(PlFrame *f, const PlStmt *s, char *to, size_t size)
{
    Buf b;
    uint32_t arg = 0;
    Status st = ST_OK;
    buf_init(&b, 1u << 20);
    for (const char *c = s->text; *c != '\0' && st == ST_OK; c++) {
        const char *value;
        if (*c != '%') {
            buf_putc(&b, *c);
        } else if (c[1] == '%') {
            buf_putc(&b, '%');
            c++;
        } else {
            st = pl_eval_text(f, s->args[arg++], &value);
            buf_puts(&b, value != NULL && st == ST_OK ? value : "<NULL>");
        }
    }
    size_t n = MIN(b.len, size - 1);
    if (n > 0) {
        memcpy(to, b.data, n);
    }
    to[n] = '\0';
    buf_release(&b);
    return st;
}

/* option_state - ERRCODE: five characters, or a condition's name. */
static Status option_state(PlFrame *f, const char *text, uint32_t *out)
{
    bool code = strlen(text) == 5 && strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5;
    *out = code ? SQLSTATE(text[0], text[1], text[2], text[3], text[4]) : pl_condition(text);
    return *out != 0 ? ST_OK
                     : err_set(&f->cx, ERRCODE_UNDEFINED_OBJECT,
                               "unrecognized exception condition \"%s\"", text);
}

/* raise_option - one option of USING into the error. */
static Status raise_option(PlFrame *f, const PlOption *o, Err *e, bool *message)
{
    const char *text;
    const char *n = o->name;
    TRY(pl_eval_text(f, o->value, &text));
    if (text == NULL) {
        return err_set(&f->cx, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                       "RAISE statement option cannot be null");
    }
    if (strcmp(n, "errcode") == 0) {
        return option_state(f, text, &e->sqlstate);
    }
    if (strcmp(n, "message") == 0) {
        if (*message) {
            return err_set(&f->cx, ERRCODE_SYNTAX_ERROR, "RAISE option already specified: %s",
                           "MESSAGE");
        }
        *message = true;
        put_field(e->message, sizeof(e->message), text);
    } else if (strcmp(n, "detail") == 0) {
        put_field(e->detail, sizeof(e->detail), text);
    } else if (strcmp(n, "hint") == 0) {
        put_field(e->hint, sizeof(e->hint), text);
    } else if (strcmp(n, "column") == 0) {
        put_field(e->column_name, sizeof(e->column_name), text);
    } else if (strcmp(n, "constraint") == 0) {
        put_field(e->constraint_name, sizeof(e->constraint_name), text);
    } else if (strcmp(n, "datatype") == 0) {
        put_field(e->datatype_name, sizeof(e->datatype_name), text);
    } else if (strcmp(n, "table") == 0) {
        put_field(e->table_name, sizeof(e->table_name), text);
    } else {
        put_field(e->schema_name, sizeof(e->schema_name), text);
    }
    return ST_OK;
}

/* raise_again - RAISE alone: the error that the handler runs for. */
static Status raise_again(PlFrame *f)
{
    if (f->caught == NULL) {
        return err_set(&f->cx, SQLSTATE('0', 'Z', '0', '0', '2'),
                       "RAISE without parameters cannot be used outside an exception handler");
    }
    *f->cx.err = f->caught->err;
    f->fn->m->context_done = true;
    return ST_ERROR;
}

Status pl_run_raise(PlFrame *f, const PlStmt *s)
{
    bool message = s->text != NULL;
    if (s->text == NULL && s->condition == NULL && s->option_count == 0) {
        return raise_again(f);
    }
    Err *e = mem_zalloc("raise", sizeof(*e));
    Status st = ST_OK;
    e->severity = s->level;
    e->sqlstate = s->sqlstate;
    e->file = __FILE__;
    e->line = __LINE__;
    e->func = "exec_stmt_raise";
    if (s->text != NULL) {
        st = raise_text(f, s, e->message, sizeof(e->message));
    } else {
        put_field(e->message, sizeof(e->message), s->condition);
    }
    for (uint32_t i = 0; i < s->option_count && st == ST_OK; i++) {
        st = raise_option(f, &s->options[i], e, &message);
    }
    if (st == ST_OK) {
        if (e->sqlstate == 0) {
            e->sqlstate = s->level >= ERR_ERROR     ? ERRCODE_RAISE_EXCEPTION
                          : s->level == ERR_WARNING ? ERRCODE_WARNING
                                                    : ERRCODE_SUCCESSFUL_COMPLETION;
        }
        if (e->message[0] == '\0' && !message) {
            sqlstate_text(e->sqlstate, e->message);
        }
        if (s->level >= ERR_ERROR) {
            *f->cx.err = *e;
            st = ST_ERROR;
        } else if (f->cx.notice != NULL) {
            f->cx.notice(f->cx.notice_arg, e);
        }
    }
    mem_free(e);
    return st;
}

/* ---- GET DIAGNOSTICS ---- */

/* stacked_text - an item of the error that was caught. */
static const char *stacked_text(PlFrame *f, const char *name)
{
    const Err *e = &f->caught->err;
    if (strcmp(name, "returned_sqlstate") == 0) {
        char *state = arena_alloc(&f->scratch, 6);
        sqlstate_text(e->sqlstate, state);
        return state;
    }
    return strcmp(name, "message_text") == 0          ? e->message
           : strcmp(name, "column_name") == 0         ? e->column_name
           : strcmp(name, "constraint_name") == 0     ? e->constraint_name
           : strcmp(name, "pg_datatype_name") == 0    ? e->datatype_name
           : strcmp(name, "table_name") == 0          ? e->table_name
           : strcmp(name, "schema_name") == 0         ? e->schema_name
           : strcmp(name, "pg_exception_detail") == 0 ? e->detail
           : strcmp(name, "pg_exception_hint") == 0   ? e->hint
                                                      : e->context;
}

Status pl_run_get_diag(PlFrame *f, const PlStmt *s)
{
    if (s->stacked && f->caught == NULL) {
        return err_set(&f->cx, SQLSTATE('0', 'Z', '0', '0', '2'),
                       "GET STACKED DIAGNOSTICS cannot be used outside an exception handler");
    }
    for (uint32_t i = 0; i < s->option_count; i++) {
        const PlOption *o = &s->options[i];
        Datum d = {0};
        Oid type = TYPE_INT8;
        if (s->stacked) {
            const char *text = stacked_text(f, o->name);
            d.str = str_ref(text, strlen(text));
            type = TYPE_TEXT;
        } else if (strcmp(o->name, "row_count") == 0) {
            d.i64 = (int64_t)f->row_count;
        } else if (strcmp(o->name, "pg_context") == 0) {
            Buf b;
            buf_init(&b, 1u << 20);
            func_put_context(f->fn->m, &b);
            d.str = str_copy(&f->scratch, b.data, b.len);
            buf_release(&b);
            type = TYPE_TEXT;
        }
        TRY(pl_assign(f, &o->target, &d, false, type));
    }
    return ST_OK;
}

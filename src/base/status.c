/*
 * status.c - raising errors, adding their fields, polling for cancel.
 */
#include "base/status.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"

/* text_fill - vsnprintf that never cuts inside a UTF-8 sequence. */
static void text_fill(char *dst, size_t size, const char *fmt, va_list ap)
{
    int n = vsnprintf(dst, size, fmt, ap);
    if (n >= 0 && (size_t)n >= size) {
        size_t end = size - 1;
        while (end > 0 && ((unsigned char)dst[end - 1] & 0xc0) == 0x80) {
            end--;
        }
        if (end > 0 && (unsigned char)dst[end - 1] >= 0xc0) {
            end--;
        }
        dst[end] = '\0';
    }
}

static void err_reset(Err *e, uint32_t sqlstate, const char *file, int line, const char *func)
{
    e->sqlstate = sqlstate;
    e->severity = ERR_ERROR;
    e->position = e->internal_position = 0;
    e->file = file;
    e->line = line;
    e->func = func;
    e->message[0] = e->detail[0] = e->hint[0] = e->context[0] = e->internal_query[0] = '\0';
    e->schema_name[0] = e->table_name[0] = e->column_name[0] = '\0';
    e->datatype_name[0] = e->constraint_name[0] = '\0';
}

Status err_set_at(Cx *cx, const char *file, int line, const char *func, uint32_t sqlstate,
                  const char *fmt, ...)
{
    va_list ap;
    err_reset(cx->err, sqlstate, file, line, func);
    va_start(ap, fmt);
    text_fill(cx->err->message, sizeof(cx->err->message), fmt, ap);
    va_end(ap);
    return ST_ERROR;
}

Status err_corrupt_at(Cx *cx, const char *file, int line, const char *func, uint64_t page_no,
                      const char *fmt, ...)
{
    va_list ap;
    char what[256];
    va_start(ap, fmt);
    text_fill(what, sizeof(what), fmt, ap);
    va_end(ap);
    err_reset(cx->err, ERRCODE_DATA_CORRUPTED, file, line, func);
    (void)snprintf(cx->err->message, sizeof(cx->err->message), "page %llu is damaged: %s",
                   (unsigned long long)page_no, what);
    log_err_limited(LOG_ERROR, cx->err);
    return ST_ERROR;
}

#define FILL_FIELD(cx, field, fmt)                                                                 \
    do {                                                                                           \
        va_list ap;                                                                                \
        va_start(ap, fmt);                                                                         \
        text_fill((cx)->err->field, sizeof((cx)->err->field), fmt, ap);                            \
        va_end(ap);                                                                                \
    } while (0)

Status err_detail(Cx *cx, const char *fmt, ...)
{
    FILL_FIELD(cx, detail, fmt);
    return ST_ERROR;
}

Status err_hint(Cx *cx, const char *fmt, ...)
{
    FILL_FIELD(cx, hint, fmt);
    return ST_ERROR;
}

Status err_context(Cx *cx, const char *fmt, ...)
{
    FILL_FIELD(cx, context, fmt);
    return ST_ERROR;
}

Status err_add_context(Cx *cx, const char *fmt, ...)
{
    char *at = cx->err->context;
    size_t n = strlen(at), room = sizeof(cx->err->context) - n;
    va_list ap;
    if (room < 16) {
        return ST_ERROR; /* the innermost lines tell most */
    }
    if (n > 0) {
        at[n++] = '\n';
        room--;
    }
    va_start(ap, fmt);
    text_fill(at + n, room, fmt, ap);
    va_end(ap);
    return ST_ERROR;
}

Status err_position(Cx *cx, int32_t position)
{
    if (cx->err->position == 0 && position > 0) {
        cx->err->position = position;
    }
    return ST_ERROR;
}

static void name_copy(char *dst, size_t size, const char *src)
{
    (void)snprintf(dst, size, "%s", src ? src : "");
}

Status err_constraint(Cx *cx, const char *schema, const char *table, const char *column,
                      const char *constraint)
{
    Err *e = cx->err;
    name_copy(e->schema_name, sizeof(e->schema_name), schema);
    name_copy(e->table_name, sizeof(e->table_name), table);
    name_copy(e->column_name, sizeof(e->column_name), column);
    name_copy(e->constraint_name, sizeof(e->constraint_name), constraint);
    return ST_ERROR;
}

bool err_is_damage(const Err *e)
{
    return e->sqlstate == ERRCODE_DATA_CORRUPTED || e->sqlstate == ERRCODE_INDEX_CORRUPTED ||
           e->sqlstate == ERRCODE_IO_ERROR;
}

void err_clear(Cx *cx)
{
    err_reset(cx->err, 0, NULL, 0, NULL);
}

void err_notice(Cx *cx, ErrSeverity severity, uint32_t sqlstate, const char *hint, const char *fmt,
                ...)
{
    if (cx->notice == NULL) {
        return;
    }
    Err e;
    va_list ap;
    err_reset(&e, sqlstate, __FILE__, __LINE__, __func__);
    e.severity = severity;
    va_start(ap, fmt);
    text_fill(e.message, sizeof(e.message), fmt, ap);
    va_end(ap);
    name_copy(e.hint, sizeof(e.hint), hint);
    cx->notice(cx->notice_arg, &e);
}

void sqlstate_text(uint32_t sqlstate, char out[6])
{
    for (int i = 0; i < 5; i++) {
        out[i] = (char)(((sqlstate >> (6 * i)) & 0x3f) + '0');
    }
    out[5] = '\0';
}

Status cx_check_slow(Cx *cx, uint32_t bits)
{
    if (bits & CX_CANCEL_TERMINATE) {
        Status st = err_set(cx, ERRCODE_ADMIN_SHUTDOWN,
                            "terminating connection due to administrator command");
        cx->err->severity = ERR_FATAL;
        return st;
    }
    if (bits & CX_CANCEL_GONE) {
        Status st = err_set(cx, ERRCODE_CONNECTION_FAILURE, "connection to client lost");
        cx->err->severity = ERR_FATAL;
        return st;
    }
    if (bits & CX_CANCEL_LOCK_TIMEOUT) {
        return err_set(cx, ERRCODE_LOCK_NOT_AVAILABLE, "canceling statement due to lock timeout");
    }
    if (bits & CX_CANCEL_TIMEOUT) {
        return err_set(cx, ERRCODE_QUERY_CANCELED, "canceling statement due to statement timeout");
    }
    return err_set(cx, ERRCODE_QUERY_CANCELED, "canceling statement due to user request");
}

void panic_at(const char *file, int line, const char *fn, const char *fmt, ...)
{
    va_list ap;
    char what[512];
    va_start(ap, fmt);
    (void)vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    log_line(LOG_FATAL, "%s (%s:%d %s)", what, file, line, fn);
    abort();
}

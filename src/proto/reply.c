/*
 * reply.c - building the server's messages.
 */
#include <stdio.h>

#include "proto/proto.h"

size_t reply_begin(Buf *out, char type)
{
    buf_putc(out, type);
    size_t at = out->len;
    buf_put_u32be(out, 0);
    return at;
}

void reply_end(Buf *out, size_t begin)
{
    if (!out->overflow) {
        uint32_t n = __builtin_bswap32((uint32_t)(out->len - begin));
        memcpy(out->data + begin, &n, 4);
    }
}

void reply_simple(Buf *out, char type)
{
    reply_end(out, reply_begin(out, type));
}

static void put_cstring(Buf *out, const char *s)
{
    buf_put(out, s, strlen(s) + 1);
}

static void put_error_field(Buf *out, char code, const char *value)
{
    if (value != NULL && value[0] != '\0') {
        buf_putc(out, code);
        put_cstring(out, value);
    }
}

static void put_error_number(Buf *out, char code, int32_t n)
{
    char text[16];
    if (n > 0) {
        (void)snprintf(text, sizeof(text), "%d", n);
        put_error_field(out, code, text);
    }
}

void reply_error(Buf *out, const Err *err, bool notice)
{
    static const char *const SEVERITY[] = {"DEBUG",   "LOG",   "INFO", "NOTICE",
                                           "WARNING", "ERROR", "FATAL"};
    char state[6];
    sqlstate_text(err->sqlstate, state);
    size_t at = reply_begin(out, notice ? 'N' : 'E');
    put_error_field(out, 'S', SEVERITY[err->severity]);
    put_error_field(out, 'V', SEVERITY[err->severity]);
    put_error_field(out, 'C', state);
    put_error_field(out, 'M', err->message[0] ? err->message : "missing error text");
    put_error_field(out, 'D', err->detail);
    put_error_field(out, 'H', err->hint);
    put_error_number(out, 'P', err->position);
    put_error_number(out, 'p', err->internal_position);
    put_error_field(out, 'q', err->internal_query);
    put_error_field(out, 'W', err->context);
    put_error_field(out, 's', err->schema_name);
    put_error_field(out, 't', err->table_name);
    put_error_field(out, 'c', err->column_name);
    put_error_field(out, 'd', err->datatype_name);
    put_error_field(out, 'n', err->constraint_name);
    if (err->file != NULL) {
        const char *slash = strrchr(err->file, '/');
        put_error_field(out, 'F', slash ? slash + 1 : err->file);
        put_error_number(out, 'L', err->line);
        put_error_field(out, 'R', err->func);
    }
    buf_putc(out, '\0');
    reply_end(out, at);
}

void reply_parameter_status(Buf *out, const char *name, const char *value)
{
    size_t at = reply_begin(out, 'S');
    put_cstring(out, name);
    put_cstring(out, value);
    reply_end(out, at);
}

void reply_command_complete(Buf *out, const char *tag)
{
    size_t at = reply_begin(out, 'C');
    put_cstring(out, tag);
    reply_end(out, at);
}

void reply_ready(Buf *out, char state)
{
    size_t at = reply_begin(out, 'Z');
    buf_putc(out, state);
    reply_end(out, at);
}

void reply_negotiate(Buf *out, const Startup *st)
{
    size_t at = reply_begin(out, 'v');
    buf_put_u32be(out, PROTO_VERSION_3);
    buf_put_u32be(out, st->unknown_count);
    for (uint32_t i = 0; i < st->pair_count; i++) {
        if (strncmp(st->pairs[i].name, "_pq_.", 5) == 0) {
            put_cstring(out, st->pairs[i].name);
        }
    }
    reply_end(out, at);
}

static int16_t format_of(const int16_t *formats, uint32_t format_count, uint32_t column)
{
    return format_count == 0 ? 0 : format_count == 1 ? formats[0] : formats[column];
}

void reply_row_description(Buf *out, const PlanColumn *cols, uint32_t count, const int16_t *formats,
                           uint32_t format_count, const CatView *view)
{
    size_t at = reply_begin(out, 'T');
    buf_put_u16be(out, (uint16_t)count);
    for (uint32_t i = 0; i < count; i++) {
        const PlanColumn *c = &cols[i];
        const CatType *type = cat_type((CatView *)(uintptr_t)view, c->type);
        int32_t typmod = c->typmod;
        /* A domain is told as what it is over. */
        while (type != NULL && type->kind == 'd') {
            typmod = typmod < 0 ? type->typmod : typmod;
            type = cat_type((CatView *)(uintptr_t)view, type->base);
        }
        put_cstring(out, c->name);
        buf_put_u32be(out, c->source_table);
        buf_put_u16be(out, (uint16_t)c->source_column);
        buf_put_u32be(out, type != NULL ? type->oid : c->type);
        buf_put_u16be(out, (uint16_t)(type ? type->len : -1));
        buf_put_u32be(out, (uint32_t)typmod);
        buf_put_u16be(out, (uint16_t)format_of(formats, format_count, i));
    }
    reply_end(out, at);
}

void reply_param_description(Buf *out, const Oid *types, uint32_t count)
{
    size_t at = reply_begin(out, 't');
    buf_put_u16be(out, (uint16_t)count);
    for (uint32_t i = 0; i < count; i++) {
        buf_put_u32be(out, types[i]);
    }
    reply_end(out, at);
}

Status row_writer_init(Cx *cx, Arena *arena, RowWriter *w, const PlanColumn *cols, uint32_t count,
                       const int16_t *formats, uint32_t format_count, const TypeEnv *env,
                       const CatView *view)
{
    if (format_count > 1 && format_count != count) {
        return err_set(cx, ERRCODE_PROTOCOL_VIOLATION,
                       "bind message has %u result formats but query has %u columns", format_count,
                       count);
    }
    *w = (RowWriter){.column_count = count};
    w->ops = arena_alloc(arena, sizeof(w->ops[0]) * (count + 1));
    w->formats = arena_alloc(arena, sizeof(w->formats[0]) * (count + 1));
    w->types = arena_alloc(arena, sizeof(w->types[0]) * (count + 1));
    w->call = (FnCall){.cx = cx, .arena = arena, .env = env, .state_arena = arena};
    for (uint32_t i = 0; i < count; i++) {
        const CatType *type = cat_type((CatView *)(uintptr_t)view, cols[i].type);
        if (type == NULL || type->ops == NULL) {
            return err_unsupported(cx, "values of type %s are not supported",
                                   type ? type->name : "unknown to the catalog");
        }
        w->ops[i] = type->ops;
        w->types[i] = cols[i].type;
        w->formats[i] = format_of(formats, format_count, i);
        if (w->formats[i] != 0 && w->formats[i] != 1) {
            return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "unsupported format code: %d",
                           w->formats[i]);
        }
    }
    return ST_OK;
}

/* put_i64_sized - length word and decimal digits, without going through the type's output function.
 */
static void put_i64_sized(Buf *out, int64_t v)
{
    char text[24];
    size_t at = sizeof(text);
    uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do {
        text[--at] = (char)('0' + u % 10);
        u /= 10;
    } while (u != 0);
    if (v < 0) {
        text[--at] = '-';
    }
    buf_put_u32be(out, (uint32_t)(sizeof(text) - at));
    buf_put(out, text + at, sizeof(text) - at);
}

/* row_put_value - one column of a DataRow with its length; the commonest types without a call. */
static void row_put_value(RowWriter *w, Buf *out, uint32_t col, const Datum *d)
{
    if (w->formats[col] == 0) {
        switch (w->types[col]) {
        case TYPE_INT4: put_i64_sized(out, d->i32); return;
        case TYPE_INT8: put_i64_sized(out, d->i64); return;
        case TYPE_TEXT:
        case TYPE_VARCHAR:
            buf_put_u32be(out, d->str.len);
            buf_put(out, str_ptr(&d->str), d->str.len);
            return;
        default: break;
        }
    }
    size_t at = out->len;
    w->call.result_type = w->types[col];
    buf_put_u32be(out, 0);
    if (w->formats[col] == 0) {
        w->ops[col]->out(&w->call, d, out);
    } else {
        w->ops[col]->send(&w->call, d, out);
    }
    if (!out->overflow) {
        uint32_t n = __builtin_bswap32((uint32_t)(out->len - at - 4));
        memcpy(out->data + at, &n, 4);
    }
}

void row_write(RowWriter *w, Buf *out, const Batch *batch, uint32_t row)
{
    size_t at = reply_begin(out, 'D');
    buf_put_u16be(out, (uint16_t)w->column_count);
    for (uint32_t i = 0; i < w->column_count; i++) {
        const Vector *v = batch->cols[i];
        if (vec_is_null(v, row)) {
            buf_put_u32be(out, UINT32_MAX);
            continue;
        }
        Datum d = vec_get(v, row);
        row_put_value(w, out, i, &d);
    }
    reply_end(out, at);
}

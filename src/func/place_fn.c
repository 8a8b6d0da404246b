/*
 * place_fn.c - sizes and where things are: pg_size_pretty and pg_size_bytes, sizes of relations and
 * places, and small facts that tools ask for unasked.
 */
#include <strings.h>

#include "bind/bind.h"
#include "func/func_internal.h"
#include "type/numeric.h"

/* SizeUnit - a unit is used below its limit; `half` says that the size is kept in halves of it, for
 * rounding. */
typedef struct SizeUnit {
    const char *name;
    int64_t limit;
    bool half;
    int bits;
} SizeUnit;

static const SizeUnit SIZE_UNITS[] = {
    {"bytes", 10240, false, 0}, {"kB", 20479, true, 10}, {"MB", 20479, true, 20},
    {"GB", 20479, true, 30},    {"TB", 20479, true, 40}, {"PB", 20479, true, 50},
};

/* ---- sizes as text ---- */

/* size_text - from unit `i` on; size is in that unit, or its halves. */
static void size_text(FnCall *call, int64_t size, size_t i, Datum *out)
{
    for (;; i++) {
        const SizeUnit *u = &SIZE_UNITS[i];
        bool fits = size > -u->limit && size < u->limit;
        if (fits || i + 1 == ARRAY_LEN(SIZE_UNITS)) {
            int64_t shown = u->half ? (size + (size < 0 ? -1 : 1)) / 2 : size;
            func_text(call, out, arena_printf(call->arena, "%lld %s", (long long)shown, u->name));
            return;
        }
        size /= (int64_t)1 << (u[1].bits - u->bits - (u[1].half ? 1 : 0) + (u->half ? 1 : 0));
    }
}

static Status fn_size_pretty(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                             bool *null_out)
{
    (void)fs, (void)null_out;
    size_text(call, a[0].i64, 0, out);
    return ST_OK;
}
KERNEL(fn_size_pretty)

/* fn_size_pretty_numeric - likewise of a numeric; below the first limit it keeps its fraction. */
static Status fn_size_pretty_numeric(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                     bool *null_out)
{
    int64_t size;
    Str whole;
    Buf b;
    (void)fs, (void)null_out;
    TRY(numeric_round_to(call->cx, call->arena, &a[0].str, 0, true, &whole));
    if (!numeric_to_i64(&whole, &size)) {
        Str by = numeric_from_i128(call->arena, (i128)1 << 49, 0);
        TRY(numeric_divide(call->cx, call->arena, &whole, &by, &whole));
        TRY(numeric_round_to(call->cx, call->arena, &whole, 0, true, &whole));
        if (!numeric_to_i64(&whole, &size)) {
            return err_set(call->cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "bigint out of range");
        }
        size_text(call, size, ARRAY_LEN(SIZE_UNITS) - 1, out);
        return ST_OK;
    }
    if (size <= -SIZE_UNITS[0].limit || size >= SIZE_UNITS[0].limit) {
        size_text(call, size, 0, out);
        return ST_OK;
    }
    buf_init(&b, SIZE_MAX);
    numeric_text(&a[0].str, &b);
    buf_puts(&b, " bytes");
    out->str = str_copy(call->arena, b.data, b.len);
    buf_release(&b);
    return ST_OK;
}
KERNEL(fn_size_pretty_numeric)

/* size_number_end - where the number at the beginning of a size ends; NULL when there is none. */
static const char *size_number_end(const char *p)
{
    bool digits = false;
    p += *p == '-' || *p == '+' ? 1 : 0;
    for (; *p >= '0' && *p <= '9'; p++) {
        digits = true;
    }
    if (*p == '.') {
        for (p++; *p >= '0' && *p <= '9'; p++) {
            digits = true;
        }
    }
    if (!digits) {
        return NULL;
    }
    if (*p == 'e' || *p == 'E') {
        const char *e = p + 1;
        e += *e == '-' || *e == '+' ? 1 : 0;
        if (*e >= '0' && *e <= '9') {
            for (p = e; *p >= '0' && *p <= '9'; p++) {
            }
        }
    }
    return p;
}

static bool size_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* size_unit_bits - the power of two a unit's name means; -1 for no such unit. */
static int size_unit_bits(const char *name, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(SIZE_UNITS); i++) {
        if (strlen(SIZE_UNITS[i].name) == len && strncasecmp(SIZE_UNITS[i].name, name, len) == 0) {
            return SIZE_UNITS[i].bits;
        }
    }
    return len == 1 && (*name == 'B' || *name == 'b') ? 0 : -1;
}

/* fn_size_bytes - pg_size_bytes: a number, and a unit after it. */
static Status fn_size_bytes(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                            bool *null_out)
{
    const char *text = func_cstring(call, &a[0]), *p = text;
    Str number;
    int bits = 0;
    (void)fs, (void)null_out;
    while (size_space(*p)) {
        p++;
    }
    const char *end = size_number_end(p);
    if (end == NULL) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE, "invalid size: \"%s\"", text);
    }
    TRY(numeric_parse(call, (Slice){p, (size_t)(end - p)}, -1, &number));
    while (size_space(*end)) {
        end++;
    }
    size_t len = strlen(end);
    while (len > 0 && size_space(end[len - 1])) {
        len--;
    }
    if (len > 0 && (bits = size_unit_bits(end, len)) < 0) {
        st_ignore(err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE, "invalid size: \"%s\"", text));
        st_ignore(err_detail(call->cx, "Invalid size unit: \"%.*s\".", (int)len, end));
        return err_hint(call->cx, "Valid units are \"bytes\", \"kB\", \"MB\", \"GB\", \"TB\", and "
                                  "\"PB\".");
    }
    Str by = numeric_from_i128(call->arena, (i128)1 << bits, 0);
    TRY(numeric_multiply(call->cx, call->arena, &number, &by, &number));
    return numeric_to_i64(&number, &out->i64)
               ? ST_OK
               : err_set(call->cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE, "bigint out of range");
}
KERNEL(fn_size_bytes)

/* ---- facts ---- */

static Status fn_encoding_max(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                              bool *null_out)
{
    enum { PLACE_UTF8 = 6, PLACE_ASCII = 0 };
    (void)call, (void)fs;
    *null_out = a[0].i32 != PLACE_UTF8 && a[0].i32 != PLACE_ASCII;
    out->i32 = a[0].i32 == PLACE_UTF8 ? 4 : 1;
    return ST_OK;
}
KERNEL(fn_encoding_max)

/* fn_name_oid - nameconcatoid(name, oid): name_oid, the name cut so that it stays one. */
static Status fn_name_oid(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    enum { NAME_BYTES = 64 };
    const char *suffix = arena_printf(call->arena, "_%u", a[1].u32);
    size_t len = a[0].str.len, keep = NAME_BYTES - 1 - strlen(suffix);
    const char *name = func_cstring(call, &a[0]);
    (void)fs, (void)null_out;
    if (len > keep) {
        for (len = keep; len > 0 && ((uint8_t)name[len] & 0xC0) == 0x80; len--) {
        }
    }
    func_text(call, out, arena_printf(call->arena, "%.*s%s", (int)len, name, suffix));
    return ST_OK;
}
KERNEL(fn_name_oid)

/* fn_my_temp - the session's schema of temporary objects, 0 while it has none. */
static Status fn_my_temp(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)call, (void)a, (void)null_out;
    out->u32 = fs->view->temp_namespace;
    return ST_OK;
}
KERNEL(fn_my_temp)

static Status fn_other_temp(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                            bool *null_out)
{
    (void)call, (void)null_out;
    out->b = a[0].u32 != fs->view->temp_namespace &&
             cat_is_temp_name(cat_namespace_name(fs->view, a[0].u32));
    return ST_OK;
}
KERNEL(fn_other_temp)

/* place_events - the commands that may change a relation (column 0) or a column of it. */
static Status place_events(FnCall *call, FuncSession *fs, Oid relation, int16_t column,
                           bool triggers, int *events_out)
{
    const CatTable *t;
    BindCx b = {.view = fs->view, .arena = call->arena, .env = call->env, .no_locks = true};
    *events_out = 0;
    Status st = cat_table_by_oid(call->cx, fs->view, relation, &t);
    if (st != ST_OK) {
        return st == ST_ERROR ? st : ST_OK;
    }
    return bind_change_events(call->cx, &b, t, column, triggers, events_out);
}

/* fn_updatable - pg_relation_is_updatable: a bit for each command that changes rows. */
static Status fn_updatable(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                           bool *null_out)
{
    int events;
    (void)null_out;
    TRY(place_events(call, fs, a[0].u32, 0, a[1].b, &events));
    out->i32 = events;
    return ST_OK;
}
KERNEL(fn_updatable)

/* fn_column_updatable - PostgreSQL wants both UPDATE and DELETE to be possible, and no system
 * column. */
static Status fn_column_updatable(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                  bool *null_out)
{
    enum { UPDATE_AND_DELETE = 4 | 16 };
    int events = 0;
    (void)null_out;
    if (a[1].i16 > 0) {
        TRY(place_events(call, fs, a[0].u32, a[1].i16, a[2].b, &events));
    }
    out->b = (events & UPDATE_AND_DELETE) == UPDATE_AND_DELETE;
    return ST_OK;
}
KERNEL(fn_column_updatable)

/* fn_reload - there is no file to read again. */
static Status fn_reload(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)call, (void)fs, (void)a, (void)null_out;
    out->b = true;
    return ST_OK;
}
KERNEL(fn_reload)

/* fn_no - false, 0 or OID 0: there is no such thing in dassie. */
static Status fn_no(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)call, (void)fs, (void)a, (void)out, (void)null_out;
    return ST_OK;
}
KERNEL(fn_no)

/* fn_nothing - NULL: likewise. */
static Status fn_nothing(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)call, (void)fs, (void)a, (void)out;
    *null_out = true;
    return ST_OK;
}
KERNEL(fn_nothing)

static const FnOps FNS[] = {
    {"pg_size_pretty", fn_size_pretty_kernel, 0},
    {"pg_size_pretty_numeric", fn_size_pretty_numeric_kernel, 0},
    {"pg_size_bytes", fn_size_bytes_kernel, 0},
    {"pg_encoding_max_length_sql", fn_encoding_max_kernel, 0},
    {"nameconcatoid", fn_name_oid_kernel, 0},
    {"pg_relation_is_updatable", fn_updatable_kernel, 0},
    {"pg_column_is_updatable", fn_column_updatable_kernel, 0},
    {"pg_reload_conf", fn_reload_kernel, 0},
    {"pg_my_temp_schema", fn_my_temp_kernel, 0},
    {"pg_is_other_temp_schema", fn_other_temp_kernel, 0},
    {"pg_jit_available", fn_no_kernel, 0},
    {"pg_notification_queue_usage", fn_no_kernel, 0},  /* no NOTIFY */
    {"pg_last_wal_receive_lsn", fn_nothing_kernel, 0}, /* no standby */
    {"pg_last_wal_replay_lsn", fn_nothing_kernel, 0},
    {"pg_last_xact_replay_timestamp", fn_nothing_kernel, 0},
    {"pg_current_logfile", fn_nothing_kernel, 0}, /* the log goes to stderr */
    {"pg_current_logfile_1arg", fn_nothing_kernel, 0},
    {"pg_get_replica_identity_index", fn_nothing_kernel, 0},
    {"pg_indexam_progress_phasename", fn_nothing_kernel, 0},
    {"pg_partition_root", fn_nothing_kernel, 0},
    {"pg_collation_actual_version", fn_nothing_kernel, 0}, /* C and its relatives have none */
    {"pg_database_collation_actual_version", fn_nothing_kernel, 0},
};
const FuncTable FUNC_PLACE = {FNS, ARRAY_LEN(FNS)};

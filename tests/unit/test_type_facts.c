/*
 * test_type_facts.c - types, functions and aggregates answer what PostgreSQL 15 answered.
 *
 * Goal: values, SQLSTATEs and messages are PostgreSQL's. Method: tests/unit/data/NAME.tsv, recorded
 * by tools/type_facts.py, says which type, kernel or aggregate to call with which text arguments;
 * each line is replayed on vectors of one row and the text of the result compared. Aggregates are
 * run in one state and again in two that are combined. Types with keys are checked: key order is
 * the order of comparison.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "type/datetime.h"
#include "type/type.h"

#define FACT_ARGS_MAX   64
#define FACT_FIELDS_MAX (8 + FACT_ARGS_MAX)

typedef struct FactRun {
    Cx cx;
    Err err;
    Arena arena;
    Os *os;
    TypeEnv env;
    uint32_t done, failed, missing;
} FactRun;

/* fact_unescape - undo the recorder's backslashes, in place. */
static size_t fact_unescape(char *s)
{
    char *to = s;
    for (const char *p = s; *p != '\0'; p++) {
        if (*p == '\\' && p[1] != '\0') {
            p++;
            *to++ = *p == 't' ? '\t' : *p == 'n' ? '\n' : *p == 'r' ? '\r' : *p;
        } else {
            *to++ = *p;
        }
    }
    *to = '\0';
    return (size_t)(to - s);
}

static void fact_settings(FactRun *run, const char *settings)
{
    char copy[256];
    run->env = (TypeEnv){.extra_float_digits = 1, .date_order = DATEORDER_MDY};
    const char *zone = "UTC";
    snprintf(copy, sizeof(copy), "%s", settings);
    char *save = NULL;
    for (char *s = strtok_r(copy, ",", &save); s != NULL; s = strtok_r(NULL, ",", &save)) {
        char *value = strchr(s, '=');
        if (value == NULL) {
            continue;
        }
        *value++ = '\0';
        if (strcmp(s, "extra_float_digits") == 0) {
            run->env.extra_float_digits = (int)strtol(value, NULL, 10);
        } else if (strcmp(s, "bytea_output") == 0) {
            run->env.bytea_escape = strcmp(value, "escape") == 0;
        } else if (strcmp(s, "timezone") == 0) {
            zone = value;
        } else if (strcmp(s, "intervalstyle") == 0) {
            run->env.interval_style = strcmp(value, "postgres") == 0 ? INTERVALSTYLE_POSTGRES
                                      : strcmp(value, "postgres_verbose") == 0
                                          ? INTERVALSTYLE_POSTGRES_VERBOSE
                                      : strcmp(value, "iso_8601") == 0 ? INTERVALSTYLE_ISO_8601
                                                                       : INTERVALSTYLE_SQL_STANDARD;
        } else if (strcmp(s, "datestyle") == 0) {
            run->env.date_style = strstr(value, "German") != NULL     ? DATESTYLE_GERMAN
                                  : strstr(value, "Postgres") != NULL ? DATESTYLE_POSTGRES
                                  : strstr(value, "SQL") != NULL      ? DATESTYLE_SQL
                                                                      : DATESTYLE_ISO;
            run->env.date_order = strstr(value, "DMY") != NULL   ? DATEORDER_DMY
                                  : strstr(value, "YMD") != NULL ? DATEORDER_YMD
                                                                 : DATEORDER_MDY;
        }
    }
    const struct TimeZone *tz = NULL;
    if (tz_load(&run->cx, run->os, &run->arena, zone, &tz) != ST_OK) {
        fail_msg("time zone %s", zone);
    }
    run->env.timezone = tz;
    run->env.os = run->os;
}

static FnCall fact_call(FactRun *run, Oid result, const Oid *arg_types)
{
    return (FnCall){.cx = &run->cx,
                    .arena = &run->arena,
                    .env = &run->env,
                    .state_arena = &run->arena,
                    .result_type = result,
                    .arg_types = arg_types,
                    .arg_typmod = -1};
}

/* fact_value - a text argument as a constant vector. */
static Status fact_value(FactRun *run, Oid oid, char *text, Vector *out)
{
    const TypeOps *type = type_ops(oid);
    if (type == NULL) {
        return ST_NOTFOUND;
    }
    Datum d;
    memset(&d, 0, sizeof(d));
    bool is_null = strcmp(text, "\\N") == 0;
    if (!is_null) {
        FnCall call = fact_call(run, oid, &oid);
        size_t n = fact_unescape(text);
        TRY(type->in(&call, (Slice){arena_memdup(&run->arena, text, n), n}, -1, &d));
    }
    vec_init_const(out, type->phys, &run->arena, &d, is_null);
    return ST_OK;
}

/* fact_compare - the outcome of a call against what was recorded. */
static void fact_compare(FactRun *run, const char *line, Status st, const TypeOps *type,
                         const Datum *v, bool is_null, const char *state, char *expected)
{
    char got_state[6] = "00000", *got = NULL;
    Buf buf;
    buf_init(&buf, SIZE_MAX);
    if (st == ST_ERROR) {
        sqlstate_text(run->err.sqlstate, got_state);
        buf_puts(&buf, run->err.message);
    } else if (is_null) {
        buf_puts(&buf, "\\N");
    } else {
        FnCall call = fact_call(run, type->oid, &type->oid);
        if (type->oid == TYPE_BOOL) {
            buf_puts(&buf, v->b ? "true" : "false"); /* the recorder casts to text */
        } else {
            type->out(&call, v, &buf);
        }
    }
    buf_putc(&buf, '\0');
    got = (char *)buf.data;
    if (strcmp(expected, "\\N") != 0) {
        fact_unescape(expected);
    }
    run->done++;
    if (strcmp(got_state, state) != 0 || strcmp(got, expected) != 0) {
        run->failed++;
        print_message("%s\n  expected %s %s\n  got      %s %s\n", line, state, expected, got_state,
                      got);
    }
    buf_release(&buf);
}

/* fact_key_roundtrip - a key decodes to an equal value where the type can. */
static void fact_key_roundtrip(FactRun *run, const char *line, const TypeOps *type, const Datum *v)
{
    if (type->key == NULL) {
        return;
    }
    Buf key;
    buf_init(&key, SIZE_MAX);
    type->key(v, &key);
    Datum back;
    Slice in = {(const char *)key.data, key.len};
    if (type->unkey != NULL &&
        (!type->unkey(&run->arena, &in, &back) || in.len != 0 || type->cmp(&back, v) != 0)) {
        run->failed++;
        print_message("%s\n  the key does not decode to the value\n", line);
    }
    buf_release(&key);
}

/* fact_binary_roundtrip - what send writes, recv reads. */
static void fact_binary_roundtrip(FactRun *run, const char *line, const TypeOps *type,
                                  const Datum *v)
{
    if (type->recv == NULL || type->cmp == NULL) {
        return;
    }
    FnCall call = fact_call(run, type->oid, &type->oid);
    Buf wire;
    buf_init(&wire, SIZE_MAX);
    type->send(&call, v, &wire);
    Datum back;
    memset(&back, 0, sizeof(back));
    Status st = type->recv(&call, (Slice){(const char *)wire.data, wire.len}, -1, &back);
    if (st != ST_OK || type->cmp(&back, v) != 0 || type->hash(&back) != type->hash(v)) {
        run->failed++;
        print_message("%s\n  binary form does not read back: %s\n", line, run->err.message);
    }
    buf_release(&wire);
}

static void fact_in(FactRun *run, const char *line, char **f)
{
    const TypeOps *type = type_ops((Oid)strtoul(f[1], NULL, 10));
    if (type == NULL) {
        run->missing++;
        print_message("%s\n  no such type\n", line);
        return;
    }
    FnCall call = fact_call(run, type->oid, &type->oid);
    Datum v;
    memset(&v, 0, sizeof(v));
    size_t n = fact_unescape(f[8]);
    Status st = type->in(&call, (Slice){f[8], n}, (int)strtol(f[4], NULL, 10), &v);
    if (st == ST_OK) {
        fact_key_roundtrip(run, line, type, &v);
        fact_binary_roundtrip(run, line, type, &v);
    }
    fact_compare(run, line, st, type, &v, false, f[6], f[7]);
}

static uint32_t fact_oids(const char *text, Oid *out)
{
    uint32_t n = 0;
    while (text[0] != '-' && text[0] != '\0' && n < FACT_ARGS_MAX) {
        char *end;
        out[n++] = (Oid)strtoul(text, &end, 10);
        text = *end == ',' ? end + 1 : end;
    }
    return n;
}

static void fact_fn(FactRun *run, const char *line, char **f)
{
    Oid types[FACT_ARGS_MAX];
    uint32_t n = fact_oids(f[3], types);
    const TypeOps *result = type_ops((Oid)strtoul(f[2], NULL, 10));
    const FnOps *fn = strncmp(f[1], "oid:", 4) == 0
                          ? fn_ops_by_oid((Oid)strtoul(f[1] + 4, NULL, 10))
                          : fn_ops_by_prosrc(f[1]);
    if (fn == NULL || result == NULL) {
        run->missing++;
        print_message("%s\n  no kernel\n", line);
        return;
    }
    Vector args[FACT_ARGS_MAX], out;
    const Vector *arg_ptrs[FACT_ARGS_MAX];
    Status st = ST_OK;
    for (uint32_t i = 0; i < n && st == ST_OK; i++) {
        st = fact_value(run, types[i], f[8 + i], &args[i]);
        arg_ptrs[i] = &args[i];
    }
    vec_init(&out, result->phys, &run->arena);
    if (st == ST_OK) {
        FnCall call = fact_call(run, result->oid, types);
        st = fn->kernel(&call, arg_ptrs, n, &(Sel){NULL, 1}, &out);
    }
    Datum v = vec_get(&out, 0);
    fact_compare(run, line, st, result, &v, st == ST_OK && vec_is_null(&out, 0), f[6], f[7]);
}

static void fact_agg(FactRun *run, const char *line, char **f, uint32_t values)
{
    Oid types[FACT_ARGS_MAX];
    uint32_t n = fact_oids(f[3], types);
    const AggOps *agg = agg_ops((Oid)strtoul(f[1], NULL, 10));
    const TypeOps *result = type_ops((Oid)strtoul(f[2], NULL, 10));
    if (agg == NULL || result == NULL) {
        run->missing++;
        print_message("%s\n  no aggregate\n", line);
        return;
    }
    /* A float's rounding depends on the order of additions, so its parts are not put together. */
    int ways = result->phys == PHYS_F64 || result->phys == PHYS_F32 || agg->combine == NULL ? 1 : 2;
    for (int split = 0; split < ways; split++) {
        FnCall call = fact_call(run, result->oid, types);
        void *states[2];
        for (int k = 0; k < 2; k++) {
            states[k] = arena_zalloc(&run->arena, agg->state_bytes);
            if (agg->init != NULL) {
                agg->init(states[k]);
            }
        }
        Status st = ST_OK;
        Vector arg[2], out;
        const Vector *args[2] = {&arg[0], &arg[1]};
        char comma[2] = ",";
        for (uint32_t i = 0; i < values && st == ST_OK; i++) {
            char *text = arena_strdup(&run->arena, f[8 + i]);
            bool is_null = strcmp(text, "\\N") == 0;
            st = fact_value(run, types[0], text, &arg[0]);
            if (st == ST_OK && n > 1) {
                st = fact_value(run, types[1], comma, &arg[1]);
            }
            if (st == ST_OK && !(is_null && agg->ignores_nulls)) {
                void *into = states[split && i >= values / 2];
                st = i % 2 == 0
                         ? agg->update_one(&call, args, n, &(Sel){NULL, 1}, into)
                         : agg->update(&call, args, n, &(Sel){NULL, 1}, (void *const[]){into});
            }
        }
        if (st == ST_OK && split) {
            st = agg->combine(&call, states[0], states[1]);
        }
        vec_init(&out, result->phys, &run->arena);
        if (st == ST_OK) {
            st = agg->final(&call, states[0], &out, 0);
        }
        Datum v = vec_get(&out, 0);
        char *expected = arena_strdup(&run->arena, f[7]);
        fact_compare(run, line, st, result, &v, st == ST_OK && vec_is_null(&out, 0), f[6],
                     expected);
    }
}

static void fact_line(FactRun *run, char *line)
{
    char *fields[FACT_FIELDS_MAX];
    char *copy = arena_strdup(&run->arena, line);
    uint32_t n = 0;
    for (char *p = copy; p != NULL && n < FACT_FIELDS_MAX;) {
        fields[n++] = p;
        p = strchr(p, '\t');
        if (p != NULL) {
            *p++ = '\0';
        }
    }
    assert_true(n >= 8);
    fact_settings(run, fields[5]);
    err_clear(&run->cx);
    if (strcmp(fields[0], "in") == 0) {
        fact_in(run, line, fields);
    } else if (strcmp(fields[0], "fn") == 0) {
        fact_fn(run, line, fields);
    } else {
        fact_agg(run, line, fields, n - 8);
    }
}

static void fact_file(const char *name)
{
    FactRun run = {.done = 0};
    char path[512];
    snprintf(path, sizeof(path), "%s/tests/unit/data/%s.tsv", DASSIE_SOURCE_DIR, name);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    arena_init(&run.arena, NULL, "facts", 0);
    run.os = os_posix_create();
    run.cx = (Cx){.err = &run.err, .arena = &run.arena};
    char *line = NULL;
    size_t size = 0;
    ssize_t got;
    while ((got = getline(&line, &size, file)) > 0) {
        line[got - 1] = '\0';
        fact_line(&run, line);
        arena_clear(&run.arena);
    }
    free(line);
    fclose(file);
    arena_release(&run.arena);
    os_posix_free(run.os);
    print_message("%s: %u facts, %u wrong, %u without a kernel\n", name, run.done, run.failed,
                  run.missing);
    assert_int_equal(run.failed + run.missing, 0);
}

#define FACT_TEST(name)                                                                            \
    static void test_##name(void **state)                                                          \
    {                                                                                              \
        (void)state;                                                                               \
        fact_file(#name);                                                                          \
    }
FACT_TEST(type_basic)
FACT_TEST(type_numeric)
FACT_TEST(type_text)
FACT_TEST(type_datetime)
FACT_TEST(type_datetime_ops)
FACT_TEST(type_array)
FACT_TEST(type_misc)
FACT_TEST(type_math)
FACT_TEST(type_regex)
FACT_TEST(type_to_char)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_type_basic),        cmocka_unit_test(test_type_numeric),
        cmocka_unit_test(test_type_text),         cmocka_unit_test(test_type_datetime),
        cmocka_unit_test(test_type_datetime_ops), cmocka_unit_test(test_type_misc),
        cmocka_unit_test(test_type_array),        cmocka_unit_test(test_type_math),
        cmocka_unit_test(test_type_regex),        cmocka_unit_test(test_type_to_char),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

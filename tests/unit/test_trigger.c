/*
 * test_trigger.c - which triggers fire, when, and with which rows.
 *
 * Goal: order, OLD and NEW, rows changed and skipped, conditions, ON CONFLICT, foreign keys'
 * actions, deferred calls, TRUNCATE and COPY fire triggers as PostgreSQL does. Method: a stand-in
 * for the languages of functions, which does what the trigger's first argument says and writes down
 * each call; a list of statements, each with its result and the calls it made. The same triggers in
 * PL/pgSQL, with PostgreSQL's answers, are in tests/sql.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "catalog/catalog_data.h"
#include "expr/call.h"
#include "steps_fixture.h"

enum { TRIGGER_TYPE = 2279 };

/* StandIn - the manager of functions, and what it was called with. */
typedef struct StandIn {
    FnManager m; /* first: the manager is the stand-in */
    StepsRun *r;
    Buf log;
    FkDeferred deferred;
    Arena arena;
} StandIn;

static void put_row(StandIn *s, const CatTable *t, const TriggerRow *row)
{
    if (row == NULL) {
        buf_putc(&s->log, '-');
        return;
    }
    for (uint16_t c = 0; c < t->column_count; c++) {
        buf_puts(&s->log, c > 0 ? "," : "");
        if (!row->nulls[c]) {
            FnCall call = {.cx = &s->r->f->cx, .arena = &s->r->f->arena, .env = &s->r->env};
            type_ops(t->columns[c].type)->out(&call, &row->values[c], &s->log);
        }
    }
}

static void put_row_count(StandIn *s, const TransitionRows *rows)
{
    uint32_t n = 0;
    for (uint32_t i = 0; rows != NULL && i < rows->batch_count; i++) {
        n += rows->batches[i]->count;
    }
    if (rows != NULL) {
        buf_printf(&s->log, " %s=%u", rows->name, n);
    }
}

/* stand_in_call - FnManager.trigger. */
static Status stand_in_call(FnManager *m, Cx *cx, TriggerCall *c)
{
    StandIn *s = (StandIn *)m;
    const char *what = c->arg_count > 0 ? c->args[0] : "log";
    buf_printf(&s->log, "%s%s %c%c%s ", s->log.len > 0 ? "; " : "", c->name, c->when, c->event,
               c->row ? "" : "s");
    put_row(s, c->table, c->old_row);
    buf_putc(&s->log, '>');
    put_row(s, c->table, c->new_row);
    put_row_count(s, c->old_rows);
    put_row_count(s, c->new_rows);
    if (strcmp(what, "skip") == 0) {
        c->skip = true;
    } else if (strcmp(what, "set") == 0) { /* column, integer */
        long column = strtol(c->args[1], NULL, 10);
        Datum *values =
            arena_memdup(c->arena, c->new_row->values, c->table->column_count * sizeof(Datum));
        bool *nulls =
            arena_memdup(c->arena, c->new_row->nulls, c->table->column_count * sizeof(bool));
        values[column].i32 = (int32_t)strtol(c->args[2], NULL, 10);
        nulls[column] = false;
        c->values = values;
        c->nulls = nulls;
    } else if (strcmp(what, "sql") == 0 && m->trigger_depth == 0) {
        Buf out;
        buf_init(&out, 1 << 20);
        s->m.trigger_depth++;
        s->r->nested = true;
        Status st = steps_run_sql(s->r, c->args[1], &out);
        s->r->nested = false;
        s->m.trigger_depth--;
        if (st == ST_OK) {
            buf_printf(&s->log, " (%.*s)", (int)out.len, (const char *)out.data);
        }
        buf_release(&out);
        return st;
    } else if (strcmp(what, "fail") == 0) {
        return err_set(cx, ERRCODE_RAISE_EXCEPTION, "no");
    }
    return ST_OK;
}

/* make_function - a row of pg_proc: stand_in() returns trigger. */
static void make_function(StepsRun *r)
{
    CatalogFixture *f = r->f;
    Datum v[PG_PROC_COLUMN_COUNT] = {0};
    bool nulls[PG_PROC_COLUMN_COUNT];
    Oid oid;
    memset(nulls, 1, sizeof(nulls));
    for (int i = 0; i < PG_PROC_PROARGTYPES; i++) {
        nulls[i] = false;
    }
    nulls[PG_PROC_PROARGTYPES] = nulls[PG_PROC_PROSRC] = false;
    MUST(engine_next_oid(&f->cx, f->engine, &oid));
    v[PG_PROC_OID].u32 = oid;
    v[PG_PROC_PRONAME].str = str_ref("stand_in", 8);
    v[PG_PROC_PRONAMESPACE].u32 = NAMESPACE_PUBLIC;
    v[PG_PROC_PROOWNER].u32 = ROLE_BOOTSTRAP;
    v[PG_PROC_PROLANG].u32 = 12;
    v[PG_PROC_PROKIND].str = str_ref("f", 1);
    v[PG_PROC_PROVOLATILE].str = str_ref("v", 1);
    v[PG_PROC_PROPARALLEL].str = str_ref("u", 1);
    v[PG_PROC_PRORETTYPE].u32 = TRIGGER_TYPE;
    v[PG_PROC_PROARGTYPES].str = str_ref("", 0);
    v[PG_PROC_PROSRC].str = str_ref("stand_in", 8);
    MUST(cat_row_insert(&f->cx, &r->view, CAT_PG_PROC, v, nulls));
    cat_changed(&r->view);
}

/* Call - a statement, its result (! and a SQLSTATE) and the calls it made. "commit": what is put
 * off is done. */
typedef struct Call {
    const char *sql, *want, *calls;
} Call;

#define FN "execute function stand_in"

static const Call CALLS[] = {
    {"create table t (a int primary key, b int, c int check (c < 100))", "CREATE TABLE", ""},
    {"create trigger z before insert or update or delete on t for each row " FN "()",
     "CREATE TRIGGER", ""},
    {"create trigger b before insert or update or delete on t for each row " FN "()",
     "CREATE TRIGGER", ""},
    {"create trigger r after insert or update or delete on t for each row " FN "()",
     "CREATE TRIGGER", ""},
    {"create trigger s before insert or update or delete or truncate on t " FN "()",
     "CREATE TRIGGER", ""},
    {"create trigger e after insert or update or delete or truncate on t " FN "()",
     "CREATE TRIGGER", ""},
    {"insert into t values (1, 1, 1), (2, 2, 2)", "2",
     "s bis ->-; b bi ->1,1,1; z bi ->1,1,1; b bi ->2,2,2; z bi ->2,2,2; r ai ->1,1,1; "
     "r ai ->2,2,2; e ais ->-"},
    {"update t set b = 5 where a = 1", "1",
     "s bus ->-; b bu 1,1,1>1,5,1; z bu 1,1,1>1,5,1; r au 1,1,1>1,5,1; e aus ->-"},
    {"update t set b = 5 where false", "0", "s bus ->-; e aus ->-"},
    {"delete from t where a = 2", "1",
     "s bds ->-; b bd 2,2,2>-; z bd 2,2,2>-; r ad 2,2,2>-; e ads ->-"},
    {"insert into t values (1) on conflict do nothing", "0",
     "s bis ->-; b bi ->1,,; z bi ->1,,; e ais ->-"},
    {"insert into t values (1, 8) on conflict (a) do update set b = excluded.b returning b", "8",
     "s bis ->-; s bus ->-; b bi ->1,8,; z bi ->1,8,; b bu 1,5,1>1,8,1; z bu 1,5,1>1,8,1; "
     "r au 1,5,1>1,8,1; e aus ->-; e ais ->-"},
    {"truncate t", "TRUNCATE TABLE", "s bts ->-; e ats ->-"},
    {"insert into t values (1, 1, 1000)", "!23514", "s bis ->-; b bi ->1,1,1000; z bi ->1,1,1000"},
    {"alter table t disable trigger user", "ALTER TABLE", ""},
    /* rows changed and skipped */
    {"create trigger c1 before insert or update on t for each row " FN "('set', '1', '7')",
     "CREATE TRIGGER", ""},
    {"create trigger c2 before insert or update on t for each row when (new.a < 0) " FN "('skip')",
     "CREATE TRIGGER", ""},
    {"insert into t values (1, 0, 3), (-1, 0, 3), (2, 0, 3) returning a, b", "1|7;2|7",
     "c1 bi ->1,0,3; c1 bi ->-1,0,3; c2 bi ->-1,7,3; c1 bi ->2,0,3"},
    {"update t set b = 9, c = 4 where a = 2 returning b, c", "7|4", "c1 bu 2,7,3>2,9,4"},
    {"update t set a = -a where a = 2 returning a", "", "c1 bu 2,7,4>-2,7,4; c2 bu 2,7,4>-2,7,4"},
    {"create index on t (b)", "CREATE INDEX", ""},
    {"alter table t disable trigger c1", "ALTER TABLE", ""},
    {"update t set b = 1 where a = 1", "1", ""},
    {"alter table t enable trigger c1", "ALTER TABLE", ""},
    {"update t set c = 5 where a = 1", "1", "c1 bu 1,1,3>1,1,5"},
    {"select a, b, c from t where b = 7 order by a", "1|7|5;2|7|4", ""},
    {"drop trigger c1 on t", "DROP TRIGGER", ""},
    {"drop trigger c2 on t", "DROP TRIGGER", ""},
    {"create trigger n before delete on t for each row " FN "('skip')", "CREATE TRIGGER", ""},
    {"delete from t", "0", "n bd 1,7,5>-; n bd 2,7,4>-"},
    {"drop trigger n on t", "DROP TRIGGER", ""},
    /* columns, conditions */
    {"create trigger o after update of b on t for each row when (old.* is distinct from new.*) " FN
     "()",
     "CREATE TRIGGER", ""},
    {"create trigger os after update of c on t for each statement " FN "()", "CREATE TRIGGER", ""},
    {"update t set b = b", "2", ""},
    {"update t set b = 8 where a = 1", "1", "o au 1,7,5>1,8,5"},
    {"update t set c = c where a = 1", "1", "os aus ->-"},
    {"drop trigger o on t", "DROP TRIGGER", ""},
    {"drop trigger os on t", "DROP TRIGGER", ""},
    /* statements inside: they see what was done before them */
    {"create trigger i after insert on t for each row " FN "('sql', 'select count(*) from t')",
     "CREATE TRIGGER", ""},
    {"create trigger j before insert on t for each row " FN "('sql', 'select count(*) from t')",
     "CREATE TRIGGER", ""},
    {"insert into t values (10), (11)", "2",
     "j bi ->10,, (2); j bi ->11,, (3); i ai ->10,, (4); i ai ->11,, (4)"},
    {"drop trigger i on t", "DROP TRIGGER", ""},
    {"drop trigger j on t", "DROP TRIGGER", ""},
    /* a row changed under its statement */
    {"create trigger u before update on t for each row " FN
     "('sql', 'update t set c = 1 where a = 10')",
     "CREATE TRIGGER", ""},
    {"update t set b = 3 where a = 10", "!27000", "u bu 10,,>10,3,; u bu 10,,>10,,1 (1)"},
    {"update t set b = 3 where a = 11", "1", "u bu 11,,>11,3,; u bu 10,,>10,,1 (1)"},
    {"drop trigger u on t", "DROP TRIGGER", ""},
    {"create trigger f after delete on t for each row " FN "('fail')", "CREATE TRIGGER", ""},
    {"delete from t where a = 10", "!P0001", "f ad 10,,1>-"},
    {"drop trigger f on t", "DROP TRIGGER", ""},
    /* replicas */
    {"create trigger y before delete on t " FN "()", "CREATE TRIGGER", ""},
    {"alter table t enable replica trigger y", "ALTER TABLE", ""},
    {"delete from t where false", "0", ""},
    {"alter table t enable always trigger y", "ALTER TABLE", ""},
    {"delete from t where false", "0", "y bds ->-"},
    {"drop trigger y on t", "DROP TRIGGER", ""},
    /* transition tables */
    {"create trigger w after update on t referencing old table as o new table as n " FN "()",
     "CREATE TRIGGER", ""},
    {"update t set b = 1", "4", "w aus ->- o=4 n=4"},
    {"update t set b = 1 where false", "0", "w aus ->- o=0 n=0"},
    {"drop trigger w on t", "DROP TRIGGER", ""},
    /* constraint triggers */
    {"create constraint trigger k after insert on t deferrable initially deferred for each row " FN
     "()",
     "CREATE TRIGGER", ""},
    {"insert into t values (20), (21)", "2", ""},
    {"commit", "", "k ai ->20,,; k ai ->21,,"},
    {"drop trigger k on t", "DROP TRIGGER", ""},
    /* foreign keys' actions */
    {"create table c (id int primary key, a int references t on delete cascade on update set null)",
     "CREATE TABLE", ""},
    {"create trigger cr after update or delete on c for each row " FN "()", "CREATE TRIGGER", ""},
    {"create trigger cb before update or delete on c for each row " FN "()", "CREATE TRIGGER", ""},
    {"create trigger cs after update or delete on c " FN "()", "CREATE TRIGGER", ""},
    {"create trigger ct before update or delete on c " FN "()", "CREATE TRIGGER", ""},
    {"create trigger p after update or delete on t for each row " FN "()", "CREATE TRIGGER", ""},
    {"insert into c values (1, 20), (2, 21), (3, 20), (4, 21)", "4", ""},
    {"update t set a = 30 where a = 20", "1",
     "ct bus ->-; cb bu 1,20>1,; cb bu 3,20>3,; p au 20,,>30,,; cr au 1,20>1,; cr au 3,20>3,; "
     "cs aus ->-"},
    {"delete from t where a in (21, 30)", "2",
     "ct bds ->-; cb bd 2,21>-; cb bd 4,21>-; p ad 21,,>-; p ad 30,,>-; cr ad 2,21>-; "
     "cr ad 4,21>-; cs ads ->-"},
    {"drop table c, t", "DROP TABLE", ""},
    {"select count(*) from pg_trigger", "0", ""},
};

/* run_call - one statement of the list in a savepoint. */
static Status run_call(StandIn *s, const Call *c, Buf *out)
{
    StepsRun *r = s->r;
    Cx *cx = &r->f->cx;
    if (strcmp(c->sql, "commit") != 0) {
        return steps_run_sql(r, c->sql, out);
    }
    ExecEnv env = {.view = &r->view,
                   .txn = r->view.txn,
                   .type_env = &r->env,
                   .deferred = r->deferred,
                   .work_mem_bytes = 4 << 20};
    buf_clear(out);
    assert_true(trigger_deferred_any(r->deferred, 0));
    TRY(trigger_deferred_fire(cx, r->deferred, &env, 0));
    assert_false(trigger_deferred_any(r->deferred, 0));
    return ST_OK;
}

/* test_calls - the list. */
static void test_calls(void **state)
{
    CatalogFixture *f = *state;
    StepsRun r;
    StandIn s = {.m = {.trigger = stand_in_call}, .r = &r};
    Buf out;
    int bad = 0;
    steps_begin(&r, f);
    arena_init(&s.arena, NULL, "deferred", 0);
    s.deferred.arena = &s.arena;
    r.deferred = &s.deferred;
    r.env.functions = &s.m;
    buf_init(&out, 1 << 20);
    buf_init(&s.log, 1 << 20);
    make_function(&r);
    for (size_t i = 0; i < ARRAY_LEN(CALLS); i++) {
        char got[2048], state_text[6];
        SavePoint sp;
        txn_savepoint(r.view.txn, &sp);
        buf_clear(&s.log);
        Status st = run_call(&s, &CALLS[i], &out);
        if (st == ST_OK) {
            snprintf(got, sizeof(got), "%.*s", (int)out.len, (const char *)out.data);
        } else {
            sqlstate_text(f->err.sqlstate, state_text);
            snprintf(got, sizeof(got), "!%s", state_text);
            MUST(txn_rollback_to(&f->cx, r.view.txn, &sp));
            txn_snapshot_done(r.view.txn);
        }
        char *calls =
            arena_strndup(&s.arena, s.log.len > 0 ? (const char *)s.log.data : "", s.log.len);
        if (strcmp(got, CALLS[i].want) != 0 || strcmp(calls, CALLS[i].calls) != 0) {
            printf("%s\n  want %s\n  got  %s %s\n  want %s\n  got  %s\n", CALLS[i].sql,
                   CALLS[i].want, got, st == ST_OK ? "" : f->err.message, CALLS[i].calls, calls);
            bad++;
        }
        err_clear(&f->cx);
    }
    buf_release(&out);
    buf_release(&s.log);
    steps_end(&r);
    arena_release(&s.arena);
    assert_int_equal(bad, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_calls, catalog_setup, catalog_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

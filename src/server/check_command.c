/*
 * check_command.c - the command check: is the file whole?
 *
 * Checksums of all pages, every tree's structure, rows and values out of line, every index against
 * its table, what the catalogs say against what is there, the space map against what is reachable.
 * The file is opened as a server would, recovery included, but through an overlay: what that would
 * write goes to a scratch file, and the file itself is only read. With --reclaim it is not.
 * Findings go to stdout as they come, as lines of text or (--json) as objects, one a line; how far
 * it has come goes to stderr, if that is a terminal, or is a line of --json too. Exit codes: 0
 * nothing is wrong; 1 damage was found, or the file is not one of ours; 2 it could not be checked
 * (it is served, missing, of another version, cannot be read).
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "os/os_overlay.h"
#include "server/server_internal.h"
#include "txn/prepare.h"

enum { CHECK_CLEAN = 0, CHECK_DAMAGED = 1, CHECK_NOT_DONE = 2 };
#define CHECK_TELL_US 200000
#define CHECK_BAR     30

typedef struct CheckRun {
    Os *os, *overlay; /* overlay NULL: the file is written (--reclaim) */
    const char *file;
    bool json, reclaim, bar, recovered;
    Buf report;
    uint64_t errors, leaked, lost, pages; /* pages and trees of nobody */
    int64_t began_us, told_us;
    const char *phase; /* what was told of last */
    bool drawn;        /* a bar stands on the terminal's line */
} CheckRun;

static void check_json_string(const char *s, size_t n)
{
    Buf b;
    buf_init(&b, 6 * n + 8);
    buf_put_json(&b, (Slice){s, n});
    (void)fwrite(b.data, 1, b.len, stdout);
    buf_release(&b);
}

/* finding_number - the number behind `word` in a finding, if it is there. */
static void finding_number(const char *line, const char *word)
{
    const char *at = strstr(line, word);
    if (at != NULL && at[strlen(word)] == ' ') {
        char *end;
        unsigned long long n = strtoull(at + strlen(word) + 1, &end, 10);
        if (end != at + strlen(word) + 1) {
            (void)printf(",\"%s\":%llu", word, n);
        }
    }
}

/* check_finding - one line of the report, as it is or as an object. */
static void check_finding(const CheckRun *run, const char *line, size_t n)
{
    char text[512];
    if (!run->json) {
        (void)printf("%.*s\n", (int)n, line);
        return;
    }
    (void)snprintf(text, sizeof(text), "%.*s", (int)MIN(n, sizeof(text) - 1), line);
    (void)printf("{\"type\":\"finding\"");
    finding_number(text, "tree");
    finding_number(text, "page");
    finding_number(text, "row");
    const char *index = strstr(text, "index \"");
    const char *end = index != NULL ? strchr(index + 7, '"') : NULL;
    if (end != NULL) {
        (void)printf(",\"index\":");
        check_json_string(index + 7, (size_t)(end - index - 7));
    }
    (void)printf(",\"text\":");
    check_json_string(line, n);
    (void)printf("}\n");
}

/* check_flush - what was found so far goes out, so that memory stays bounded. */
static void check_flush(CheckRun *run)
{
    const char *p = (const char *)run->report.data;
    size_t left = run->report.len;
    if (left != 0 && run->drawn) {
        (void)fprintf(stderr, "\r\033[K");
        run->drawn = false;
    }
    while (left != 0) {
        const char *end = memchr(p, '\n', left);
        size_t n = end != NULL ? (size_t)(end - p) : left;
        check_finding(run, p, n);
        n += end != NULL;
        p += n;
        left -= n;
    }
    buf_clear(&run->report);
    (void)fflush(stdout);
}

/* check_at - EngineCheckFn: findings out; how far it is, now and then. */
static void check_at(void *arg, const char *what, uint64_t done, uint64_t total)
{
    CheckRun *run = arg;
    int64_t now = os_mono_us(run->os);
    check_flush(run);
    bool begins = run->phase == NULL || strcmp(run->phase, what) != 0;
    if ((!run->bar && !run->json) ||
        (now - run->told_us < CHECK_TELL_US && done != total && !begins)) {
        return;
    }
    run->phase = what;
    run->told_us = now;
    if (run->json) {
        (void)printf("{\"type\":\"progress\",\"phase\":\"%s\",\"done\":%llu,\"total\":%llu}\n",
                     what, (unsigned long long)done, (unsigned long long)total);
        return;
    }
    int filled = (int)(done * CHECK_BAR / MAX(total, 1));
    (void)fprintf(stderr, "\r\033[K%-8s [%.*s%*s] %3llu%% of %llu", what, filled,
                  "##############################", CHECK_BAR - filled, "",
                  (unsigned long long)(done * 100 / MAX(total, 1)), (unsigned long long)total);
    (void)fflush(stderr);
    run->drawn = true;
}

/* check_all - everything there is to check in an open file. */
static Status check_all(Cx *cx, CheckRun *run, Engine *e)
{
    Catalog *catalog;
    bool prepared = txnsys_prepared_count(e->txns) != 0;
    if (prepared && run->reclaim) {
        return err_set(cx, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                       "--reclaim is not possible while there are prepared transactions");
    }
    TRY(engine_settle(cx, e));
    run->pages = store_page_count(e->store);
    TRY(engine_check(cx, e, &run->report, &run->errors));
    if (run->errors != 0) {
        return ST_OK; /* the rest relies on sound trees */
    }
    TRY(catalog_open(cx, e, &catalog));
    catalog_set_index_compute(catalog, exec_index_compute);
    Status st = catalog_verify(cx, catalog, &run->report, &run->errors, run->reclaim,
                               prepared ? NULL : &run->lost);
    catalog_close(catalog);
    TRY(st);
    if (prepared) {
        /* What they changed is reachable from the log only: pages of it would count as lost. */
        return ST_OK;
    }
    return engine_check_space(cx, e, run->reclaim, &run->report, &run->errors, &run->leaked);
}

/* check_tell_note - something to know that is no finding. */
static void check_tell_note(CheckRun *run, const char *type, const char *text)
{
    check_flush(run);
    if (run->json) {
        (void)printf("{\"type\":\"%s\",\"text\":", type);
        check_json_string(text, strlen(text));
        (void)printf("}\n");
    } else {
        (void)printf("%s: %s\n", run->file, text);
    }
}

/* check_open - the file as a server would open it. */
static Status check_open(Cx *cx, CheckRun *run, Engine **out)
{
    EngineOptions o;
    const char *scratch = getenv("TMPDIR");
    engine_options_default(&o);
    o.create = false;
    o.background = false;
    o.store.pool_bytes = os_memory_bytes() / 4;
    if (!run->reclaim) {
        o.store.read_only = true;
        o.store.sync = o.wal.sync = false;
        TRY(os_overlay_create(cx, run->os, scratch != NULL && scratch[0] != '\0' ? scratch : "/tmp",
                              &run->overlay));
    }
    check_at(run, "open", 0, 1);
    Status st = server_open_engine(cx, run->overlay != NULL ? run->overlay : run->os, run->file, 0,
                                   &o, out);
    if (st != ST_OK && cx->err->sqlstate == ERRCODE_OBJECT_IN_USE) {
        return err_hint(cx, "Beside a running server its own check helps: SELECT * FROM "
                            "dassie_check();");
    }
    TRY(st);
    check_at(run, "open", 1, 1);
    run->recovered = engine_recovered(*out);
    if (run->recovered) {
        check_tell_note(run, "recovery",
                        run->reclaim ? "was not shut down cleanly, and has been recovered"
                                     : "was not shut down cleanly: it is checked as recovery would "
                                       "leave it, and not changed");
    }
    return ST_OK;
}

/* check_open_and_all - open the file, with recovery when it needs it, check it, close it. */
static Status check_open_and_all(Cx *cx, CheckRun *run)
{
    Engine *engine;
    TRY(check_open(cx, run, &engine));
    engine_check_watch(engine, check_at, run);
    Status st = check_all(cx, run, engine);
    Err first = *cx->err;
    st_keep_first(&st, engine_close(cx, engine));
    *cx->err = first;
    return st;
}

/* check_tell_lost - what is in use by nobody, in words. */
static void check_tell_lost(const CheckRun *run, uint64_t count, const char *what)
{
    if (count != 0) {
        (void)printf("%s: %llu %s by nobody, as a crash may leave them%s\n", run->file,
                     (unsigned long long)count, what,
                     !run->reclaim      ? "; --reclaim frees them"
                     : run->errors == 0 ? "; freed"
                                        : "; not freed, for there are errors");
    }
}

/* check_tell - the result, in words or as the last object. */
static void check_tell(const CheckRun *run, int code)
{
    if (run->json) {
        (void)printf(
            "{\"type\":\"summary\",\"errors\":%llu,\"leaked_pages\":%llu,\"lost_trees\":%llu,"
            "\"pages\":%llu,\"recovered\":%s,\"seconds\":%.3f,\"exit_code\":%d}\n",
            (unsigned long long)run->errors, (unsigned long long)run->leaked,
            (unsigned long long)run->lost, (unsigned long long)run->pages,
            run->recovered ? "true" : "false", (double)(os_mono_us(run->os) - run->began_us) / 1e6,
            code);
        return;
    }
    check_tell_lost(run, run->lost, "tables, indexes or sequences are owned");
    check_tell_lost(run, run->leaked, "pages are in use");
    (void)printf("%s: %llu errors found\n", run->file, (unsigned long long)run->errors);
}

/* check_failed - it could not be opened, or not be checked to its end. Returns the exit code. */
static int check_failed(const CheckRun *run, const Err *err)
{
    bool damaged = err->sqlstate == ERRCODE_DATA_CORRUPTED || run->errors != 0;
    int code = damaged ? CHECK_DAMAGED : CHECK_NOT_DONE;
    if (run->json) {
        char state[6];
        sqlstate_text(err->sqlstate, state);
        (void)printf("{\"type\":\"error\",\"sqlstate\":\"%s\",\"text\":", state);
        check_json_string(err->message, strlen(err->message));
        (void)printf(",\"hint\":");
        check_json_string(err->hint, strlen(err->hint));
        (void)printf("}\n");
        check_tell(run, code);
    } else {
        (void)main_fail(err);
    }
    return code;
}

int check_command(int argc, char **argv)
{
    Err err = {0};
    Arena arena;
    CheckRun run = {.file = argc > 0 ? argv[0] : NULL};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--reclaim") == 0) {
            run.reclaim = true;
        } else if (strcmp(argv[i], "--json") == 0) {
            run.json = true;
        } else {
            return -1;
        }
    }
    if (run.file == NULL || run.file[0] == '-') {
        return -1;
    }
    arena_init(&arena, NULL, "check", 0);
    buf_init(&run.report, (size_t)64 << 20);
    Cx cx = {.err = &err, .arena = &arena};
    run.os = os_posix_create();
    run.bar = !run.json && isatty(STDERR_FILENO);
    run.began_us = os_mono_us(run.os);
    Status st = check_open_and_all(&cx, &run);
    check_flush(&run);
    if (run.drawn) {
        (void)fprintf(stderr, "\r\033[K");
    }
    int code = run.errors == 0 ? CHECK_CLEAN : CHECK_DAMAGED;
    if (st != ST_OK) {
        code = check_failed(&run, &err);
    } else {
        check_tell(&run, code);
    }
    os_overlay_free(run.overlay);
    os_posix_free(run.os);
    buf_release(&run.report);
    arena_release(&arena);
    return code;
}

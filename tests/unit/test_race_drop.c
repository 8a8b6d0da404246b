/*
 * test_race_drop.c - a table dropped while a statement is about to use it
 *
 * Goal: whoever has found a table by its name and not locked it yet does not go on with one that
 * was dropped, or replaced by another of the name, meanwhile; and the pages of a dropped table stay
 * while an older snapshot reads them. Method: threads held at stop points (race_fixture.h), DDL as
 * statements.
 */
#include "catalog/catalog.h"
#include "ddl/ddl.h"
#include "parse/parse.h"
#include "race_fixture.h"
#include "store/store_internal.h"

#define FRAMES 512

/* DropRace - an open database and one statement about to begin. */
typedef struct DropRace {
    Fixture *f;
    Catalog *catalog;
    TypeEnv env;
    Oid found;
} DropRace;

static DropRace race; /* of the scene that runs: one at a time */

static void race_view(CatView *view)
{
    static const Oid PATH[] = {NAMESPACE_PG_CATALOG, NAMESPACE_PUBLIC};
    cat_view_init(view, race.catalog);
    view->database = DATABASE_FIRST;
    view->user = ROLE_BOOTSTRAP;
    view->user_name = "postgres";
    view->search_path = PATH;
    view->search_path_count = ARRAY_LEN(PATH);
    view->creation_namespace = NAMESPACE_PUBLIC;
}

/* race_ddl - one statement in a transaction of its own. */
static void race_ddl(Session *s, const char *sql)
{
    ParsedStmt *stmts;
    uint32_t count;
    const char *tag;
    CatView view;
    Lsn lsn;
    race_view(&view);
    DdlCx d = {.view = &view,
               .engine = race.f->e,
               .arena = &s->arena,
               .sql = slice_of(sql),
               .env = &race.env,
               .work_mem_bytes = 1 << 16};
    view.txn = fixture_begin_in(race.f, s, ISO_READ_COMMITTED);
    must(s, parse_sql(&s->cx, &s->arena, slice_of(sql), &stmts, &count));
    must(s, ddl_execute(&s->cx, &d, stmts[0].node, &tag));
    must(s, txn_commit(&s->cx, view.txn, &lsn));
    must(s, wal_flush_wait(&s->cx, race.f->e->wal, lsn));
    cat_view_release_pins(&view);
}

static void race_db_open(Fixture *f)
{
    memset(&race, 0, sizeof(race));
    race.f = f;
    race.env.extra_float_digits = 1;
    fixture_open(f);
    must(&f->s, catalog_open(&f->s.cx, f->e, &race.catalog));
}

static void race_db_close(Fixture *f)
{
    catalog_close(race.catalog);
    must(&f->s, engine_close(&f->s.cx, f->e));
}

/* run_open - what a statement does with the name of a table. */
static void run_open(Racer *r)
{
    const CatTable *t;
    CatView view;
    race_view(&view);
    view.txn = r->txn;
    r->st = cat_table_lock(&r->s.cx, &view, NULL, "t", TABLELOCK_ACCESS_SHARE, &t);
    if (r->st == ST_OK) {
        TreeEntry entry;
        race.found = t->oid;
        /* The lock is had: its pages are there. */
        must(&r->s, tree_get(&r->s.cx, r->f->e->store, t->tree, &entry));
    }
    cat_view_release_pins(&view);
}

static void drop_scene(Fixture *f, bool again)
{
    Racer r;
    race_db_open(f);
    race_ddl(&f->s, "CREATE TABLE t (a int)");
    racer_init(&r, f);
    r.txn = fixture_begin_in(f, &r.s, ISO_READ_COMMITTED);
    os_sim_stop(f->os, "table.found", "R");
    racer_start(&r, "R", run_open);
    race_check(os_sim_await(f->os, "table.found"));
    race_ddl(&f->s, "DROP TABLE t");
    if (again) {
        race_ddl(&f->s, "CREATE TABLE t (b text)");
    }
    purge_all(f, &f->s);
    os_sim_go_on(f->os, "table.found");
    racer_join(&r);
    race_check(r.st == (again ? ST_OK : ST_NOTFOUND));
    race_check(!again || race.found != 0);
    fixture_commit(f, &r.s, r.txn);
    race_db_close(f);
}

static void scene_dropped(void *arg)
{
    drop_scene(arg, false);
}

static void scene_replaced(void *arg)
{
    drop_scene(arg, true);
}

static void test_drop_against_open(void **state)
{
    (void)state;
    race_run(FRAMES, scene_dropped);
    race_run(FRAMES, scene_replaced);
}

/* ---- the pages of a dropped table ---- */

static Snapshot old_snapshot; /* of the scene that runs: one at a time */

static void run_count(Racer *r)
{
    r->value = (int64_t)count_rows(r->f, &r->s, &old_snapshot);
}

/*
 * A scan under an old snapshot is held before it reads its first page; the table is dropped, purge
 * runs, and another table takes what pages are free. The scan must go on in the old table's.
 */
static void scene_drop_pages(void *arg)
{
    Fixture *f = arg;
    Racer r;
    enum { ROWS = 2000 };
    fixture_make(f, 0);
    Txn *txn = fixture_begin(f);
    for (int i = 0; i < ROWS; i++) {
        (void)insert(f, &f->s, txn, (FixtureRow){i, i, "a row of the table that is dropped"});
    }
    fixture_commit(f, &f->s, txn);
    snapshot_take(f->e->txns, NULL, &old_snapshot);
    must(&f->s, engine_checkpoint(&f->s.cx, f->e));
    while (evict_clean(f->e->store, EVICT_BATCH, 4096) != 0 ||
           page_resident(f->e->store, f->t->root)) {
    }
    racer_init(&r, f);
    os_sim_stop(f->os, "page_fault.begin", "R");
    racer_start(&r, "R", run_count);
    race_check(os_sim_await(f->os, "page_fault.begin"));
    txn = fixture_begin(f);
    must(&f->s, txn_start_write(&f->s.cx, txn));
    txn_drop_tree_on_commit(txn, f->tree);
    fixture_commit(f, &f->s, txn);
    purge_all(f, &f->s);
    Fixture other = *f;
    txn = fixture_begin(f);
    must(&f->s, table_create(&f->s.cx, f->e, txn, FIXTURE_COLUMNS, 3, &other.tree));
    fixture_commit(f, &f->s, txn);
    must(&f->s, table_open(&f->s.cx, f->e, &f->s.arena, 16385, "public", "u", other.tree, NULL, 0,
                           &other.t));
    txn = fixture_begin(f);
    for (int i = 0; i < ROWS; i++) {
        (void)insert(&other, &f->s, txn, (FixtureRow){i, i, "a row of the other table"});
    }
    fixture_commit(f, &f->s, txn);
    os_sim_go_on(f->os, "page_fault.begin");
    racer_join(&r);
    race_check(r.value == ROWS);
    snapshot_release(&old_snapshot);
    purge_all(f, &f->s);
    TreeEntry entry;
    race_check(tree_get(&f->s.cx, f->e->store, f->tree, &entry) == ST_NOTFOUND);
    must(&f->s, engine_close(&f->s.cx, f->e));
}

static void test_drop_pages(void **state)
{
    (void)state;
    race_run(FRAMES, scene_drop_pages);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_drop_against_open),
        cmocka_unit_test(test_drop_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

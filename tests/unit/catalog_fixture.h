/*
 * catalog_fixture.h - a new file with an engine and a catalog, for unit tests above storage
 *
 * A program includes it after cmocka.h and gives catalog_setup and catalog_teardown to each of its
 * tests. Used by one thread; every test has a file of its own, removed at its end.
 */
#ifndef DASSIE_CATALOG_FIXTURE_H
#define DASSIE_CATALOG_FIXTURE_H

#include "catalog/catalog.h"

typedef struct CatalogFixture {
    Os *os;
    Engine *engine;
    Catalog *catalog;
    Err err;
    Arena arena;
    Cx cx;
    char dir[64], path[96];
} CatalogFixture;

static void catalog_must(CatalogFixture *f, Status st, int line)
{
    if (st != ST_OK) {
        printf("line %d: status %d: %s\n", line, (int)st, f->err.message);
    }
    assert_int_equal(st, ST_OK);
}
#define MUST(expr) catalog_must(f, (expr), __LINE__)

static int catalog_setup(void **state)
{
    CatalogFixture *f = mem_zalloc("test", sizeof(*f));
    EngineOptions o;
    arena_init(&f->arena, NULL, "test", 0);
    f->cx = (Cx){.err = &f->err, .arena = &f->arena};
    f->os = os_posix_create();
    snprintf(f->dir, sizeof(f->dir), "/tmp/dassie-test-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->path, sizeof(f->path), "%s/app.db", f->dir);
    engine_options_default(&o);
    o.store.pool_bytes = (uint64_t)64 << 20;
    o.store.max_pages = (uint64_t)1 << 20;
    o.create = true;
    o.background = false;
    MUST(engine_open(&f->cx, f->os, f->path, &o, &f->engine));
    MUST(catalog_open(&f->cx, f->engine, &f->catalog));
    *state = f;
    return 0;
}

static int catalog_teardown(void **state)
{
    CatalogFixture *f = *state;
    char cmd[160];
    catalog_close(f->catalog);
    MUST(engine_close(&f->cx, f->engine));
    snprintf(cmd, sizeof(cmd), "rm -rf '%s'", f->dir);
    (void)!system(cmd);
    os_posix_free(f->os);
    arena_release(&f->arena);
    mem_free(f);
    return 0;
}

#endif

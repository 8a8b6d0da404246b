#ifndef DASSIE_TESTS_BIND_FIXTURE_H
#define DASSIE_TESTS_BIND_FIXTURE_H
/*
 * bind_fixture.h - a catalog in memory and what the binder needs, for tests of src/bind.
 *
 * Include after cmocka.h. setup and teardown are cmocka's; the state is a BindFixture.
 */
#include "bind/bind.h"

typedef struct BindFixture {
    Err err;
    Arena arena;
    Cx cx;
    Catalog *catalog;
    CatView view;
    TypeEnv env;
    BindParams params;
} BindFixture;

static inline int bind_setup(void **state)
{
    BindFixture *f = mem_zalloc("test", sizeof(*f));
    arena_init(&f->arena, NULL, "test", 0);
    f->cx = (Cx){.err = &f->err, .arena = &f->arena};
    assert_int_equal(catalog_open_memory(&f->cx, &f->catalog), ST_OK);
    cat_view_init(&f->view, f->catalog);
    *state = f;
    return 0;
}

static inline int bind_teardown(void **state)
{
    BindFixture *f = *state;
    cat_view_release_pins(&f->view);
    catalog_close(f->catalog);
    arena_release(&f->arena);
    mem_free(f);
    return 0;
}

#endif

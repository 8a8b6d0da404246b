#ifndef DASSIE_RACE_FIXTURE_H
#define DASSIE_RACE_FIXTURE_H
/*
 * race_fixture.h - interleavings written down: the table of table_fixture.h on the simulated
 * machine, whose threads change only where one waits, ends, or is held at a stop point.
 *
 * A scene runs as the simulated thread "main": it makes threads by their names (racer_start), says
 * where they are to be held (os_sim_stop), and lets them go on in the order that once went wrong. A
 * failed check ends the process, as cmocka cannot jump out of a simulated thread.
 */
#include "leaks_expected.h"
#include "os/os_sim.h"
#include "table_fixture.h"

/* Builds of type release have no stop points, so there is nothing to hold a thread by. */
#ifdef DASSIE_NO_STOP_POINTS
#define RACES_CAN_BE_PINNED false
#else
#define RACES_CAN_BE_PINNED true
#endif

#define race_check(cond)                                                                           \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            printf("%s:%d: not so: %s\n", __FILE__, __LINE__, #cond);                              \
            fflush(stdout);                                                                        \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#define RACE_LET_RUN_US 3000000 /* longer than any wait that looks again by itself */

/* Racer - one thread of a scene. */
typedef struct Racer {
    Fixture *f;
    Session s;
    OsThread *thread;
    void (*fn)(struct Racer *r);
    Txn *txn;
    RowId id;
    Lsn lsn;
    int64_t value;
    Status st;
    bool done;
} Racer;

static void racer_main(void *arg)
{
    Racer *r = arg;
    r->fn(r);
    r->done = true;
}

/* racer_start - a thread begins fn; it runs when others wait. Its session was begun by racer_init.
 */
static UNUSED void racer_init(Racer *r, Fixture *f)
{
    *r = (Racer){.f = f};
    session_begin(&r->s);
}

static UNUSED void racer_start(Racer *r, const char *name, void (*fn)(Racer *r))
{
    r->fn = fn;
    r->done = false;
    must(&r->s, os_thread_create(&r->s.cx, r->f->os, name, racer_main, r, &r->thread));
}

static UNUSED void racer_join(Racer *r)
{
    os_thread_join(r->thread);
    r->thread = NULL;
}

/* race_let_run - everybody who can run does, until all wait or are held. */
static UNUSED void race_let_run(Fixture *f)
{
    os_sleep_us(f->os, RACE_LET_RUN_US);
}

/* race_begin - a machine on which nothing has happened. */
static UNUSED void race_begin(Fixture *f, uint64_t frames)
{
    memset(f, 0, sizeof(*f));
    session_begin(&f->s);
    f->os = os_sim_create(1);
    os_sim_switching(f->os, 0);
    snprintf(f->path, sizeof(f->path), "/app.db");
    fixture_options(f);
    EngineOptions *o = &f->options;
    o->store.pool_bytes = frames * PAGE_SIZE;
    o->store.max_pages = (uint64_t)1 << 16;
    o->wal.segment_bytes = 262144;
    o->wal.first_segment_bytes = 65536;
    o->wal.region_bytes = (uint64_t)8 << 20;
    o->wal.resident_bytes = o->wal.region_bytes / 8;
}

static UNUSED void race_end(Fixture *f)
{
    os_sim_free(f->os);
    session_end(&f->s);
}

/* race_run - one scene from its beginning to its end. */
static UNUSED void race_run(uint64_t frames, void (*scene)(void *fixture))
{
    Fixture f;
    if (!RACES_CAN_BE_PINNED) {
        skip();
    }
    race_begin(&f, frames);
    assert_int_equal(os_sim_run(f.os, scene, &f), OS_SIM_ENDED);
    race_end(&f);
}

#endif

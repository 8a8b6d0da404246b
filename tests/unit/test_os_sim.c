/*
 * test_os_sim.c - the simulated machine itself
 *
 * Goal: the disk keeps what was synced and may lose, tear and reorder the rest; names likewise; the
 * scheduler interleaves, lets virtual time pass, and repeats itself for the same seed. Method: tiny
 * programs run for many seeds, counting which outcomes occurred: all allowed ones must, no other
 * may.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/arena.h"
#include "leaks_expected.h"
#include "os/os_sim.h"

typedef struct Step {
    struct Program *program;
    uint32_t id;
} Step;

typedef struct Program {
    Step of[4];
    Os *os;
    Cx cx;
    Err err;
    OsMutex mutex;
    OsEvent event;
    uint32_t shared, steps[64], step_count;
    bool timed_out;
} Program;

static void program_init(Program *p, uint64_t seed)
{
    memset(p, 0, sizeof(*p));
    p->os = os_sim_create(seed);
    p->cx.err = &p->err;
    os_mutex_init(&p->mutex, "test", 1);
}

#define OK(expr) assert_int_equal((expr), ST_OK)

static void write_two_sectors(void *arg)
{
    Program *p = arg;
    OsFile *f;
    char bytes[1024];
    OK(os_file_open(&p->cx, p->os, "/f", OS_OPEN_CREATE, &f));
    OK(os_sync_dir(&p->cx, p->os, "/"));
    memset(bytes, 'a', sizeof(bytes));
    OK(os_file_pwrite(&p->cx, f, bytes, sizeof(bytes), 0));
    OK(os_file_sync(&p->cx, f));
    memset(bytes, 'b', sizeof(bytes));
    OK(os_file_pwrite(&p->cx, f, bytes, sizeof(bytes), 0));
    os_sim_crash_now(p->os);
}

static void sectors_are_torn(void **state)
{
    (void)state;
    uint32_t seen[4] = {0};
    for (uint64_t seed = 0; seed < 200; seed++) {
        Program p;
        OsFile *f;
        char bytes[1024];
        size_t got;
        program_init(&p, seed);
        assert_int_equal(os_sim_run(p.os, write_two_sectors, &p), OS_SIM_CRASHED);
        os_sim_restart(p.os, seed);
        OK(os_file_open(&p.cx, p.os, "/f", 0, &f));
        OK(os_file_pread(&p.cx, f, bytes, sizeof(bytes), 0, &got));
        assert_int_equal(got, 1024);
        for (int i = 0; i < 1024; i++) {
            assert_int_equal(bytes[i], bytes[i / 512 * 512]);
        }
        seen[(bytes[0] == 'b') + 2 * (bytes[512] == 'b')]++;
        os_file_close(f);
        os_sim_free(p.os);
    }
    for (int i = 0; i < 4; i++) {
        assert_true(seen[i] > 10);
    }
}

static void make_names(void *arg)
{
    Program *p = arg;
    OsFile *f;
    OK(os_mkdir(&p->cx, p->os, "/d"));
    OK(os_sync_dir(&p->cx, p->os, "/"));
    OK(os_file_open(&p->cx, p->os, "/d/new", OS_OPEN_CREATE, &f));
    OK(os_file_pwrite(&p->cx, f, "x", 1, 0));
    OK(os_file_sync(&p->cx, f));
    os_file_close(f);
    OK(os_sync_dir(&p->cx, p->os, "/d"));
    OK(os_rename(&p->cx, p->os, "/d/new", "/d/final"));
    OK(os_file_open(&p->cx, p->os, "/d/other", OS_OPEN_CREATE, &f));
    os_sim_crash_now(p->os);
}

static void names_are_lost_in_order(void **state)
{
    (void)state;
    uint32_t seen[3] = {0};
    for (uint64_t seed = 0; seed < 100; seed++) {
        Program p;
        bool is_new, final, other;
        program_init(&p, seed);
        assert_int_equal(os_sim_run(p.os, make_names, &p), OS_SIM_CRASHED);
        os_sim_restart(p.os, seed);
        OK(os_exists(&p.cx, p.os, "/d/new", &is_new));
        OK(os_exists(&p.cx, p.os, "/d/final", &final));
        OK(os_exists(&p.cx, p.os, "/d/other", &other));
        assert_true(is_new != final);
        assert_true(!other || final);
        seen[final + other]++;
        os_sim_free(p.os);
    }
    assert_true(seen[0] > 5 && seen[1] > 5 && seen[2] > 5);
}

static void step_main(void *arg)
{
    const Step *step = arg;
    Program *p = step->program;
    for (uint32_t i = 0; i < 8; i++) {
        os_mutex_lock(p->os, &p->mutex);
        uint32_t seen = p->shared;
        os_stop_point(p->os, "inside");
        p->shared = seen + 1;
        p->steps[p->step_count++] = step->id;
        os_mutex_unlock(p->os, &p->mutex);
    }
    os_event_signal(p->os, &p->event);
}

static void four_threads(void *arg)
{
    Program *p = arg;
    OsThread *t[4];
    for (int i = 0; i < 4; i++) {
        p->of[i] = (Step){p, (uint32_t)i};
        OK(os_thread_create(&p->cx, p->os, "step", step_main, &p->of[i], &t[i]));
    }
    uint32_t seen = os_event_value(&p->event);
    (void)os_event_wait(p->os, &p->event, seen, 1000);
    for (int i = 0; i < 4; i++) {
        os_thread_join(t[i]);
    }
    int64_t begin = os_mono_us(p->os);
    p->timed_out = !os_event_wait(p->os, &p->event, os_event_value(&p->event), 5000000);
    assert_true(os_mono_us(p->os) - begin >= 5000000);
    os_sleep_us(p->os, 1000000);
    assert_true(os_mono_us(p->os) - begin >= 6000000);
}

static void schedules_differ_and_repeat(void **state)
{
    (void)state;
    uint32_t switches_min = UINT32_MAX, switches_max = 0;
    for (uint64_t seed = 0; seed < 60; seed++) {
        Program a, b;
        program_init(&a, seed / 2);
        assert_int_equal(os_sim_run(a.os, four_threads, &a), OS_SIM_ENDED);
        assert_int_equal(a.shared, 32);
        assert_true(a.timed_out);
        int64_t clock = os_mono_us(a.os);
        os_sim_free(a.os);
        program_init(&b, seed / 2);
        assert_int_equal(os_sim_run(b.os, four_threads, &b), OS_SIM_ENDED);
        assert_int_equal(os_mono_us(b.os), clock);
        uint32_t switches = 0;
        for (uint32_t i = 1; i < 32; i++) {
            switches += b.steps[i] != b.steps[i - 1];
            assert_int_equal(a.steps[i], b.steps[i]);
        }
        switches_min = MIN(switches_min, switches);
        switches_max = MAX(switches_max, switches);
        os_sim_free(b.os);
    }
    assert_true(switches_min < 12 && switches_max > 16);
}

static void fill_the_disk(void *arg)
{
    Program *p = arg;
    OsFile *f;
    size_t got;
    char bytes[600] = {0};
    OK(os_file_open(&p->cx, p->os, "/f", OS_OPEN_CREATE, &f));
    os_sim_capacity(p->os, 1000);
    OK(os_file_pwrite(&p->cx, f, bytes, 600, 0));
    assert_int_equal(os_file_pwrite(&p->cx, f, bytes, 600, 600), ST_ERROR);
    assert_int_equal(p->err.sqlstate, ERRCODE_DISK_FULL);
    OK(os_file_pwrite(&p->cx, f, bytes, 600, 100));
    os_sim_fault_at(p->os, 2, OS_SIM_EIO);
    OK(os_file_pread(&p->cx, f, bytes, 10, 0, &got));
    assert_int_equal(os_file_pread(&p->cx, f, bytes, 10, 0, &got), ST_ERROR);
    assert_int_equal(p->err.sqlstate, ERRCODE_IO_ERROR);
    os_sim_fault_at(p->os, 1, OS_SIM_SHORT_WRITE);
    memset(bytes, 'z', sizeof(bytes));
    assert_int_equal(os_file_pwrite(&p->cx, f, bytes, 100, 0), ST_ERROR);
    OK(os_file_pread(&p->cx, f, bytes, 100, 0, &got));
    assert_int_equal(bytes[49], 'z');
    assert_int_equal(bytes[50], 0);
    os_file_close(f);
    os_halt(p->os, "enough");
}

static void faults_and_halt(void **state)
{
    (void)state;
    Program p;
    program_init(&p, 1);
    assert_int_equal(os_sim_run(p.os, fill_the_disk, &p), OS_SIM_HALTED);
    assert_string_equal(os_sim_halt_reason(p.os), "enough");
    os_sim_free(p.os);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sectors_are_torn),
        cmocka_unit_test(names_are_lost_in_order),
        cmocka_unit_test(schedules_differ_and_repeat),
        cmocka_unit_test(faults_and_halt),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

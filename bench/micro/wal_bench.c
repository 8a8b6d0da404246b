/*
 * wal_bench.c - what the log costs: appending, reading resident records, durable commits
 *
 * Usage: wal_bench [directory]. Prints nanoseconds per append of 100 bytes (one and two threads),
 * per read of a resident record, and microseconds per append that waits for the disk, one waiter
 * and eight. Figures mean something on an idle machine only.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "wal/wal.h"

#define APPENDS 400000
#define COMMITS 1000

typedef struct WalBench {
    Os *os;
    Wal *wal;
    int count;
    bool flush;
} WalBench;

static void bench_must(Cx *cx, Status st)
{
    if (st != ST_OK) {
        (void)fprintf(stderr, "wal_bench: %s\n", cx->err->message);
        exit(1);
    }
}

static void *bench_append_main(void *arg)
{
    WalBench *b = arg;
    Err err;
    Cx cx = {.err = &err};
    char body[60] = {1, 2, 3};
    Slice parts[2] = {{body, 20}, {body + 20, 40}};
    for (int i = 0; i < b->count; i++) {
        WalHeader h = {.xid48_type8_flags8 = wal_pack(5, WAL_UPDATE, 0), .tree = 7, .page = 9};
        bench_must(&cx, wal_admit(&cx, b->wal, 100));
        Lsn lsn = wal_append(b->wal, &h, parts, 2);
        if (b->flush) {
            bench_must(&cx, wal_flush_wait(&cx, b->wal, lsn + 100));
        }
    }
    return NULL;
}

static double bench_run(WalBench *b, int threads)
{
    pthread_t ids[16];
    int64_t begin = os_mono_us(b->os);
    for (int i = 0; i < threads; i++) {
        (void)pthread_create(&ids[i], NULL, bench_append_main, b);
    }
    for (int i = 0; i < threads; i++) {
        (void)pthread_join(ids[i], NULL);
    }
    return (double)(os_mono_us(b->os) - begin) / ((double)b->count * threads);
}

static double bench_read(WalBench *b, Lsn first, int count)
{
    Err err;
    Cx cx = {.err = &err};
    WalHeader h;
    char body[64];
    size_t len;
    int64_t begin = os_mono_us(b->os);
    uint64_t at = 0;
    for (int i = 0; i < count; i++) {
        at = (at + 7919) % 20000;
        bench_must(&cx, wal_read(&cx, b->wal, first + at * 104, &h, body, sizeof(body), &len));
    }
    return (double)(os_mono_us(b->os) - begin) * 1000 / count;
}

int main(int argc, char **argv)
{
    Err err;
    Cx cx = {.err = &err};
    WalBench b = {.os = os_posix_create()};
    char dir[512];
    (void)snprintf(dir, sizeof(dir), "%s/wal-bench", argc > 1 ? argv[1] : "/tmp");
    WalOptions o;
    wal_options_default(&o);
    bench_must(&cx, wal_open(&cx, b.os, dir, &o, 8, true, &b.wal));
    bench_must(&cx, wal_start(&cx, b.wal));
    b.count = APPENDS;
    (void)bench_run(&b, 1); /* grows the first small segments */
    (void)printf("append, 1 thread      %7.1f ns\n", bench_run(&b, 1) * 1000);
    (void)printf("append, 2 threads     %7.1f ns\n", bench_run(&b, 2) * 1000);
    Lsn first = wal_head(b.wal);
    b.count = 20000;
    (void)bench_run(&b, 1);
    (void)printf("read resident         %7.1f ns\n", bench_read(&b, first, 1000000));
    b.flush = true;
    b.count = COMMITS;
    (void)printf("durable, 1 thread     %7.1f us\n", bench_run(&b, 1));
    (void)printf("durable, 8 threads    %7.1f us each\n", bench_run(&b, 8));
    bench_must(&cx, wal_close(&cx, b.wal, true));
    os_posix_free(b.os);
    return 0;
}

/*
 * os_posix.c - the real machine: clock, random, threads, futex waits, and the table of operations.
 */
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "os/os_posix_internal.h"

#define THREAD_STACK_BYTES (8u * 1024 * 1024)

typedef struct PosixThread {
    OsThread base;
    pthread_t id;
    void (*fn)(void *arg);
    void *arg;
} PosixThread;

static int64_t posix_clock(clockid_t id)
{
    struct timespec ts;
    (void)clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static int64_t posix_now_us(Os *os)
{
    (void)os;
    return posix_clock(CLOCK_REALTIME);
}

static int64_t posix_mono_us(Os *os)
{
    (void)os;
    return posix_clock(CLOCK_MONOTONIC);
}

static void posix_random(Os *os, void *buf, size_t n)
{
    (void)os;
    uint8_t *p = buf;
    while (n > 0) {
        ssize_t got = getrandom(p, n, 0);
        if (got < 0 && errno != EINTR) {
            PANIC("getrandom failed: errno %d", errno);
        }
        if (got > 0) {
            p += got;
            n -= (size_t)got;
        }
    }
}

static void *posix_thread_main(void *arg)
{
    PosixThread *t = arg;
    t->fn(t->arg);
    arena_thread_end();
    return NULL;
}

/* posix_thread_create - with a stack of stated size, whatever ulimit says. */
static Status posix_thread_create(Os *os, Cx *cx, const char *name, void (*fn)(void *arg),
                                  void *arg, OsThread **out)
{
    PosixThread *t = mem_zalloc("os", sizeof(*t));
    t->base.os = os;
    t->fn = fn;
    t->arg = arg;
    pthread_attr_t attr;
    (void)pthread_attr_init(&attr);
    (void)pthread_attr_setstacksize(&attr, THREAD_STACK_BYTES);
    int err = pthread_create(&t->id, &attr, posix_thread_main, t);
    (void)pthread_attr_destroy(&attr);
    if (err != 0) {
        mem_free(t);
        return err_set(cx, ERRCODE_INSUFFICIENT_RESOURCES, "could not create thread \"%s\": %s",
                       name, strerrordesc_np(err));
    }
    char short_name[16]; /* the kernel's limit */
    (void)snprintf(short_name, sizeof(short_name), "%.15s", name);
    (void)pthread_setname_np(t->id, short_name);
    *out = &t->base;
    return ST_OK;
}

static void posix_thread_join(OsThread *thread)
{
    PosixThread *t = (PosixThread *)thread;
    (void)pthread_join(t->id, NULL);
    mem_free(t);
}

static bool posix_wait(Os *os, _Atomic uint32_t *addr, uint32_t expected, int64_t timeout_us)
{
    (void)os;
    struct timespec ts;
    if (timeout_us >= 0) {
        ts.tv_sec = timeout_us / 1000000;
        ts.tv_nsec = (long)(timeout_us % 1000000) * 1000;
    }
    long rc = syscall(SYS_futex, (uint32_t *)addr, FUTEX_WAIT_PRIVATE, expected,
                      timeout_us >= 0 ? &ts : NULL, NULL, 0);
    return !(rc == -1 && errno == ETIMEDOUT);
}

static void posix_wake(Os *os, _Atomic uint32_t *addr, uint32_t count)
{
    (void)os;
    int n = count > INT32_MAX ? INT32_MAX : (int)count;
    (void)syscall(SYS_futex, (uint32_t *)addr, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0);
}

static void posix_pause(Os *os)
{
    (void)os;
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void posix_sleep_us(Os *os, int64_t us)
{
    (void)os;
    struct timespec ts = {us / 1000000, (long)(us % 1000000) * 1000};
    while (us > 0 && nanosleep(&ts, &ts) != 0 && errno == EINTR) {
    }
}

static void posix_stop_point(Os *os, const char *name)
{
    (void)os;
    (void)name;
}

NORETURN static void posix_halt(Os *os, const char *why)
{
    (void)os;
    PANIC("%s", why);
}

static const OsOps posix_ops = {
    .file_open = posix_file_open,
    .file_close = posix_file_close,
    .file_pread = posix_file_pread,
    .file_pwrite = posix_file_pwrite,
    .file_sync = posix_file_sync,
    .file_writeback = posix_file_writeback,
    .file_truncate = posix_file_truncate,
    .file_allocate = posix_file_allocate,
    .file_size = posix_file_size,
    .file_lock = posix_file_lock,
    .unlink = posix_unlink,
    .rename = posix_rename,
    .mkdir = posix_mkdir,
    .rmdir = posix_rmdir,
    .sync_dir = posix_sync_dir,
    .list_dir = posix_list_dir,
    .exists = posix_exists,
    .now_us = posix_now_us,
    .mono_us = posix_mono_us,
    .random = posix_random,
    .thread_create = posix_thread_create,
    .thread_join = posix_thread_join,
    .wait = posix_wait,
    .wake = posix_wake,
    .pause = posix_pause,
    .sleep_us = posix_sleep_us,
    .stop_point = posix_stop_point,
    .halt = posix_halt,
};

Os *os_posix_create(void)
{
    Os *os = mem_zalloc("os", sizeof(*os));
    os->ops = &posix_ops;
    return os;
}

void os_posix_free(Os *os)
{
    mem_free(os);
}

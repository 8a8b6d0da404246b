#ifndef DASSIE_OS_H
#define DASSIE_OS_H
/*
 * os.h - the seam: files, clock, random, threads, waits, mutexes, memory mappings. Two
 * implementations: posix (os_posix.h) and simulated (os_sim.h: a disk that loses, reorders and
 * tears unsynced writes, and a baton scheduler, both by seed).
 *
 * Every folder above reaches the operating system through an Os only. All functions may be called
 * by any thread. Sockets are not here: only src/server uses them, and it is not simulated.
 */
#include "base/arena.h"
#include "base/status.h"

typedef struct Os Os;
typedef struct OsFile OsFile;
typedef struct OsThread OsThread;

enum {
    OS_OPEN_CREATE = 1, /* create when absent */
    OS_OPEN_EXCL = 2,   /* with CREATE: fail when it exists (ST_ERROR, 58P02) */
    OS_OPEN_READONLY = 4,
    OS_OPEN_DIRECT = 8, /* O_DIRECT where the file system takes it, else silently buffered */
};

typedef struct OsOps {
    Status (*file_open)(Os *os, Cx *cx, const char *path, uint32_t flags, OsFile **file_out);
    void (*file_close)(OsFile *f);
    Status (*file_pread)(OsFile *f, Cx *cx, void *buf, size_t n, uint64_t offset, size_t *n_out);
    Status (*file_pwrite)(OsFile *f, Cx *cx, const void *buf, size_t n, uint64_t offset);
    Status (*file_sync)(OsFile *f, Cx *cx);
    Status (*file_writeback)(OsFile *f, Cx *cx, uint64_t offset, uint64_t n, bool wait);
    Status (*file_truncate)(OsFile *f, Cx *cx, uint64_t size);
    Status (*file_allocate)(OsFile *f, Cx *cx, uint64_t offset, uint64_t n);
    Status (*file_size)(OsFile *f, Cx *cx, uint64_t *size_out);
    Status (*file_lock)(OsFile *f, Cx *cx);
    Status (*unlink)(Os *os, Cx *cx, const char *path);
    Status (*rename)(Os *os, Cx *cx, const char *from, const char *to);
    Status (*mkdir)(Os *os, Cx *cx, const char *path);
    Status (*rmdir)(Os *os, Cx *cx, const char *path);
    Status (*sync_dir)(Os *os, Cx *cx, const char *path);
    Status (*list_dir)(Os *os, Cx *cx, Arena *arena, const char *path, char ***names_out,
                       uint32_t *count_out);
    Status (*exists)(Os *os, Cx *cx, const char *path, bool *exists_out);
    int64_t (*now_us)(Os *os);
    int64_t (*mono_us)(Os *os);
    void (*random)(Os *os, void *buf, size_t n);
    Status (*thread_create)(Os *os, Cx *cx, const char *name, void (*fn)(void *arg), void *arg,
                            OsThread **out);
    void (*thread_join)(OsThread *t);
    bool (*wait)(Os *os, _Atomic uint32_t *addr, uint32_t expected, int64_t timeout_us);
    void (*wake)(Os *os, _Atomic uint32_t *addr, uint32_t count);
    void (*pause)(Os *os);
    void (*sleep_us)(Os *os, int64_t us);
    void (*stop_point)(Os *os, const char *name);
    void (*halt)(Os *os, const char *why) NORETURN;
} OsOps;

struct Os {
    const OsOps *ops;
    bool simulated;
};

/* os_posix_create - the real one. Free it after every file and thread of it is closed and joined.
 */
Os *os_posix_create(void);
void os_posix_free(Os *os);

/* ---- files. Paths are UTF-8. Errors: 58030 (io_error), 53100 (disk_full), 58P01 (undefined_file),
 * 42501. ---- */
static inline Status os_file_open(Cx *cx, Os *os, const char *path, uint32_t flags,
                                  OsFile **file_out)
{
    return os->ops->file_open(os, cx, path, flags, file_out);
}
/* An OsFile starts with its Os, so that the calls below find their implementation. */
struct OsFile {
    Os *os;
};
static inline void os_file_close(OsFile *f)
{
    if (f != NULL) {
        f->os->ops->file_close(f);
    }
}
/* os_file_pread - read n bytes; *n_out < n only at the end of the file. */
static inline Status os_file_pread(Cx *cx, OsFile *f, void *buf, size_t n, uint64_t offset,
                                   size_t *n_out)
{
    return f->os->ops->file_pread(f, cx, buf, n, offset, n_out);
}
/* os_file_pwrite - write all n bytes or fail. Not durable before os_file_sync. */
static inline Status os_file_pwrite(Cx *cx, OsFile *f, const void *buf, size_t n, uint64_t offset)
{
    return f->os->ops->file_pwrite(f, cx, buf, n, offset);
}
/* os_file_sync - fdatasync. On failure the caller must PANIC: the kernel may have dropped the
 * pages. */
static inline Status os_file_sync(Cx *cx, OsFile *f)
{
    return f->os->ops->file_sync(f, cx);
}
/* os_file_writeback - have the bytes of a buffered file written to the device soon, or (wait) wait
 * for the writes begun: os_file_sync then finds less to do. Nothing is durable by it, but a failure
 * is one of os_file_sync, which will not report it again. */
static inline Status os_file_writeback(Cx *cx, OsFile *f, uint64_t offset, uint64_t n, bool wait)
{
    return f->os->ops->file_writeback(f, cx, offset, n, wait);
}
static inline Status os_file_truncate(Cx *cx, OsFile *f, uint64_t size)
{
    return f->os->ops->file_truncate(f, cx, size);
}
/* os_file_allocate - make [offset, offset+n) take real zeroed blocks; 53100 when the disk is full.
 */
static inline Status os_file_allocate(Cx *cx, OsFile *f, uint64_t offset, uint64_t n)
{
    return f->os->ops->file_allocate(f, cx, offset, n);
}
static inline Status os_file_size(Cx *cx, OsFile *f, uint64_t *size_out)
{
    return f->os->ops->file_size(f, cx, size_out);
}
/* os_file_lock - exclusive advisory lock held until close; ST_BUSY when another process (or opener)
 * has it. */
static inline Status os_file_lock(Cx *cx, OsFile *f)
{
    return f->os->ops->file_lock(f, cx);
}
static inline Status os_unlink(Cx *cx, Os *os, const char *path)
{
    return os->ops->unlink(os, cx, path);
}
static inline Status os_rename(Cx *cx, Os *os, const char *from, const char *to)
{
    return os->ops->rename(os, cx, from, to);
}
/* os_mkdir - ST_OK as well when it is there already. */
static inline Status os_mkdir(Cx *cx, Os *os, const char *path)
{
    return os->ops->mkdir(os, cx, path);
}
static inline Status os_rmdir(Cx *cx, Os *os, const char *path)
{
    return os->ops->rmdir(os, cx, path);
}
/* os_sync_dir - make creations, renames and removals in the directory durable. */
static inline Status os_sync_dir(Cx *cx, Os *os, const char *path)
{
    return os->ops->sync_dir(os, cx, path);
}
static inline Status os_list_dir(Cx *cx, Os *os, Arena *arena, const char *path, char ***names_out,
                                 uint32_t *count_out)
{
    return os->ops->list_dir(os, cx, arena, path, names_out, count_out);
}
static inline Status os_exists(Cx *cx, Os *os, const char *path, bool *exists_out)
{
    return os->ops->exists(os, cx, path, exists_out);
}

/* ---- clock and random ---- */
/* os_now_us - wall clock, microseconds since 1970-01-01 UTC. */
static inline int64_t os_now_us(Os *os)
{
    return os->ops->now_us(os);
}
static inline int64_t os_mono_us(Os *os)
{
    return os->ops->mono_us(os);
}
static inline void os_random(Os *os, void *buf, size_t n)
{
    os->ops->random(os, buf, n);
}

/* ---- threads and waits ---- */
static inline Status os_thread_create(Cx *cx, Os *os, const char *name, void (*fn)(void *arg),
                                      void *arg, OsThread **out)
{
    return os->ops->thread_create(os, cx, name, fn, arg, out);
}
struct OsThread {
    Os *os;
};
static inline void os_thread_join(OsThread *t)
{
    t->os->ops->thread_join(t);
}
/* os_wait - sleep while *addr == expected (futex semantics: may wake early); false on time-out.
 * timeout_us < 0 = none. */
static inline bool os_wait(Os *os, _Atomic uint32_t *addr, uint32_t expected, int64_t timeout_us)
{
    return os->ops->wait(os, addr, expected, timeout_us);
}
static inline void os_wake(Os *os, _Atomic uint32_t *addr, uint32_t count)
{
    os->ops->wake(os, addr, count);
}
/* os_pause - one turn of a short spin (the simulated scheduler may switch here). */
static inline void os_pause(Os *os)
{
    os->ops->pause(os);
}
static inline void os_sleep_us(Os *os, int64_t us)
{
    os->ops->sleep_us(os, us);
}
/* os_stop_point - a named place where a test may hold a thread (os_sim.h) and the simulated
 * scheduler may switch. Builds of type release have none. */
static inline void os_stop_point(Os *os, const char *name)
{
#ifndef DASSIE_NO_STOP_POINTS
    if (UNLIKELY(os->simulated)) {
        os->ops->stop_point(os, name);
    }
#else
    (void)os, (void)name;
#endif
}

/*
 * os_halt - the state in memory can no longer be trusted (a write or sync of the log failed): end
 * the process at once, as PANIC does; on the simulated machine, cut its power. Never returns.
 */
NORETURN static inline void os_halt(Os *os, const char *why)
{
    os->ops->halt(os, why);
    UNREACHABLE();
}

/*
 * OsMutex - a blocking mutex over os_wait, with a rank: debug builds assert that ranks rise while a
 * thread takes more (docs/LOCKS.md); several of one rank are taken in the order of their addresses.
 */
typedef struct OsMutex {
    _Atomic uint32_t word; /* 0 free, 1 held, 2 held with waiters */
    uint16_t rank;
    const char *name;
} OsMutex;
void os_mutex_init(OsMutex *m, const char *name, uint16_t rank);
void os_mutex_lock(Os *os, OsMutex *m);
bool os_mutex_trylock(Os *os, OsMutex *m);
void os_mutex_unlock(Os *os, OsMutex *m);
void os_mutex_assert_held(const OsMutex *m);

/* os_latch_note - this thread took (1) or let go of (-1) a page latch; os_latch_none - asserts that
 * it holds none, where it may block (I10). In debug builds only. */
#ifdef DASSIE_DEBUG
void latch_held_note(int n);
void latch_held_none(void);
#define os_latch_note(n) latch_held_note(n)
#define os_latch_none()  latch_held_none()
#else
#define os_latch_note(n) ((void)(n))
#define os_latch_none()  ((void)0)
#endif

/* OsEvent - a counter to wait on: read os_event_value, check the condition, os_event_wait(value);
 * os_event_signal wakes. */
typedef struct OsEvent {
    _Atomic uint32_t seq;
    _Atomic uint32_t waiters;
} OsEvent;
uint32_t os_event_value(OsEvent *e);
bool os_event_wait(Os *os, OsEvent *e, uint32_t value, int64_t timeout_us);
void os_event_signal(Os *os, OsEvent *e);

/* ---- memory mappings (not simulated) ---- */
/* os_mem_reserve - zero pages on touch, NORESERVE; NULL when the machine refuses. */
void *os_mem_reserve(size_t bytes);
void os_mem_unreserve(void *p, size_t bytes);
/* os_mem_drop - give the pages' memory back; they read as zeros afterwards. */
void os_mem_drop(void *p, size_t bytes);
/* os_mem_drop_many - the same for several ranges: processors are interrupted once for all of them
 * where the kernel can (Linux 6.18: 0.8 us a page instead of 2 to 12). */
typedef struct OsRange {
    void *p;
    size_t bytes;
} OsRange;
void os_mem_drop_many(const OsRange *ranges, uint32_t count);
/* os_mem_populate - have the pages there now, so that the first touch need not fault. A hint. */
void os_mem_populate(void *p, size_t bytes);
/* os_mem_prefer_huge - from now on a first touch may bring in a huge page (2 MiB of zeros). */
void os_mem_prefer_huge(void *p, size_t bytes);
/* os_mem_make_huge - move what the aligned range holds into huge pages; false when the kernel does
 * not. Its bytes stay, and may be used meanwhile. */
bool os_mem_make_huge(void *p, size_t bytes);
/* os_processors - processors this process may run on, one at least. */
uint32_t os_processors(void);
/* os_memory_bytes - memory this process may use (cgroup limit or physical). */
uint64_t os_memory_bytes(void);

/* ---- many sends at once (not simulated) ---- */
#define OS_SENDS_MAX    64u
#define OS_SEND_UNKNOWN INT64_MIN
typedef struct OsSends OsSends;
typedef struct OsSend {
    int fd;
    const void *data;
    size_t len;
    int64_t result; /* bytes sent, or -errno; -EAGAIN when the socket takes nothing now */
} OsSend;
/* os_sends_create - never fails: without the kernel's help every send is a call of its own. One
 * thread at a time may use it. */
OsSends *os_sends_create(void);
void os_sends_free(OsSends *r);
/* os_sends - send each, without waiting. */
void os_sends(OsSends *r, OsSend *ops, uint32_t count);

#endif

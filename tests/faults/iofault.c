/*
 * iofault.c - below a real server: the n-th system call of a kind on the server's files fails.
 *
 * A library to be preloaded (LD_PRELOAD). It stands in front of libc's file functions and goes to
 * the kernel itself, so it works with a sanitizer's own interceptors above it. What is to fail is
 * in a file that tests and server map together (IOFAULT_CONTROL; its layout is IoFaultControl,
 * which iofault.py repeats): a running server is armed by writing there. Only files whose path
 * begins with IOFAULT_PREFIX count. Of memory, only what the program itself asks for counts, not
 * what libraries ask for.
 */
/* open and open64 are both defined here, so neither may be a name of the other. */
#undef _FILE_OFFSET_BITS
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define IOFAULT_FDS    65536
#define IOFAULT_EXPORT __attribute__((visibility("default")))

/* Kinds of calls, and kinds of files: bits. */
enum {
    CALL_OPEN = 1,
    CALL_CREATE = 2,
    CALL_READ = 4,
    CALL_WRITE = 8,
    CALL_SYNC = 16,
    CALL_ALLOCATE = 32,
    CALL_TRUNCATE = 64,
    CALL_UNLINK = 128,
    CALL_RENAME = 256,
    CALL_MKDIR = 512,
    CALL_RMDIR = 1024,
    CALL_LIST = 2048,
    CALL_STAT = 4096,
    CALL_EXTEND = 8192, /* a write behind the end of the file */
    CALL_MEMORY = 16384,
    CALL_MAP = 32768
};
enum { FILE_DATA = 1, FILE_LOG = 2, FILE_DOUBLE = 4, FILE_TEMP = 8, FILE_OTHER = 16 };

typedef struct IoFaultControl {
    _Atomic uint32_t armed;  /* 0 = nothing fails and nothing is counted */
    uint32_t calls, files;   /* masks of CALL_ and FILE_ */
    uint32_t at, times;      /* the first that fails, and how many from there on */
    int32_t error;           /* errno; 0 = a short read or write, a sync that lasts */
    uint32_t half;           /* reads and writes do half of their work, then fail or return */
    _Atomic uint32_t seen;   /* calls that matched since the arming */
    _Atomic uint32_t failed; /* those that failed */
    _Atomic uint32_t last;   /* the last that failed: CALL_ | FILE_ << 16 */
    _Atomic uint64_t where;  /* of memory: who asked, as an address for addr2line */
} IoFaultControl;

static IoFaultControl nothing_armed;
static IoFaultControl *control = &nothing_armed;
static const char *prefix = "";
static size_t prefix_bytes;
static _Atomic uint8_t fd_files[IOFAULT_FDS];
static uintptr_t program_base, program_from, program_to;

/* program_range - where the program itself lies: the first object of the list. */
static int program_range(struct dl_phdr_info *info, size_t bytes, void *arg)
{
    (void)bytes;
    (void)arg;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        const ElfW(Phdr) *p = &info->dlpi_phdr[i];
        if (p->p_type == PT_LOAD && (p->p_flags & PF_X) != 0) {
            program_base = info->dlpi_addr;
            program_from = info->dlpi_addr + p->p_vaddr;
            program_to = program_from + p->p_memsz;
        }
    }
    return 1;
}

__attribute__((constructor)) static void iofault_start(void)
{
    const char *path = getenv("IOFAULT_CONTROL");
    prefix = getenv("IOFAULT_PREFIX") != NULL ? getenv("IOFAULT_PREFIX") : "";
    prefix_bytes = strlen(prefix);
    if (path == NULL) {
        return;
    }
    (void)dl_iterate_phdr(program_range, NULL);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    void *p = fd < 0
                  ? MAP_FAILED
                  : mmap(NULL, sizeof(IoFaultControl), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (p == MAP_FAILED) {
        static const char text[] = "iofault: the control file cannot be mapped\n";
        (void)syscall(SYS_write, 2, text, sizeof(text) - 1);
        _exit(99);
    }
    (void)close(fd);
    control = p;
}

/* path_file - which of the server's files this is; 0 = none of them. */
static uint32_t path_file(const char *path)
{
    size_t n = strlen(path);
    if (n > 0 && n < prefix_bytes && prefix[n] == '/' && memcmp(path, prefix, n) == 0 &&
        strchr(prefix + n + 1, '/') == NULL) {
        return FILE_OTHER; /* the directory */
    }
    if (prefix_bytes == 0 || strncmp(path, prefix, prefix_bytes) != 0) {
        return 0;
    }
    const char *rest = path + prefix_bytes;
    return *rest == '\0'                    ? FILE_DATA
           : strcmp(rest, "-new") == 0      ? FILE_DATA
           : strncmp(rest, "-wal", 4) == 0  ? FILE_LOG
           : strncmp(rest, "-dwb", 4) == 0  ? FILE_DOUBLE
           : strncmp(rest, "-tmp", 4) == 0  ? FILE_TEMP
           : strncmp(rest, "-sort", 5) == 0 ? FILE_TEMP
                                            : FILE_OTHER;
}

static uint32_t fd_file(int fd)
{
    return fd >= 0 && fd < IOFAULT_FDS ? fd_files[fd] : 0;
}

/* fails - is this the call? Sets errno if so; with half set the caller does half first. */
static bool fails(uint32_t call, uint32_t file)
{
    IoFaultControl *c = control;
    if (atomic_load(&c->armed) == 0 || (c->calls & call) == 0 || (c->files & file) == 0) {
        return false;
    }
    uint32_t n = atomic_fetch_add(&c->seen, 1) + 1;
    if (n < c->at || n - c->at >= c->times) {
        return false;
    }
    atomic_store(&c->last, call | file << 16);
    atomic_fetch_add(&c->failed, 1);
    errno = c->error;
    return true;
}

static int open_any(int dir, const char *path, int flags, mode_t mode)
{
    uint32_t file = path_file(path);
    if (file != 0 && fails(flags & O_CREAT ? CALL_CREATE : CALL_OPEN, file)) {
        return -1;
    }
    int fd = (int)syscall(SYS_openat, dir, path, flags, mode);
    if (fd >= 0 && fd < IOFAULT_FDS) {
        fd_files[fd] = (uint8_t)file;
    }
    return fd;
}

#define OPEN_MODE(flags, mode)                                                                     \
    mode_t mode = 0;                                                                               \
    if (((flags)&O_CREAT) != 0) {                                                                  \
        va_list ap;                                                                                \
        va_start(ap, flags);                                                                       \
        mode = (mode_t)va_arg(ap, unsigned);                                                       \
        va_end(ap);                                                                                \
    }

IOFAULT_EXPORT int open64(const char *path, int flags, ...)
{
    OPEN_MODE(flags, mode)
    return open_any(AT_FDCWD, path, flags, mode);
}

IOFAULT_EXPORT int open(const char *path, int flags, ...)
{
    OPEN_MODE(flags, mode)
    return open_any(AT_FDCWD, path, flags, mode);
}

IOFAULT_EXPORT int openat64(int dir, const char *path, int flags, ...)
{
    OPEN_MODE(flags, mode)
    return open_any(dir, path, flags, mode);
}

IOFAULT_EXPORT int openat(int dir, const char *path, int flags, ...)
{
    OPEN_MODE(flags, mode)
    return open_any(dir, path, flags, mode);
}

IOFAULT_EXPORT int close(int fd)
{
    if (fd >= 0 && fd < IOFAULT_FDS) {
        fd_files[fd] = 0;
    }
    return (int)syscall(SYS_close, fd);
}

/* half_of - how much of n bytes a short read or write does. */
static size_t half_of(size_t n)
{
    return n > 1 ? n / 2 : n;
}

IOFAULT_EXPORT ssize_t pread64(int fd, void *buf, size_t n, off64_t offset)
{
    uint32_t file = fd_file(fd);
    if (file != 0 && fails(CALL_READ, file)) {
        if (control->half == 0 || control->error != 0) {
            return -1;
        }
        n = half_of(n);
    }
    return syscall(SYS_pread64, fd, buf, n, offset);
}

IOFAULT_EXPORT ssize_t pread(int fd, void *buf, size_t n, off_t offset)
{
    return pread64(fd, buf, n, offset);
}

/* preadv64v2 - with RWF_NOWAIT it may always say that it would have to wait, so it is not counted:
 * who asks so asks again. But what the kernel's cache has must not come by a way that never fails.
 */
IOFAULT_EXPORT ssize_t preadv64v2(int fd, const struct iovec *io, int count, off64_t offset,
                                  int flags)
{
    if (fd_file(fd) != 0 && atomic_load(&control->armed) != 0) {
        errno = EAGAIN;
        return -1;
    }
    return syscall(SYS_preadv2, fd, io, (unsigned long)count, offset, 0L, flags);
}

/* write_call - only a write that makes its file longer needs room, where files are overwritten in
 * place. */
static uint32_t write_call(int fd, size_t n, off64_t offset)
{
    struct stat64 st;
    if (atomic_load(&control->armed) == 0 ||
        syscall(SYS_newfstatat, fd, "", &st, AT_EMPTY_PATH) != 0) {
        return CALL_WRITE;
    }
    return offset + (off64_t)n > st.st_size ? CALL_EXTEND : CALL_WRITE;
}

IOFAULT_EXPORT ssize_t pwrite64(int fd, const void *buf, size_t n, off64_t offset)
{
    uint32_t file = fd_file(fd);
    if (file == 0 || !fails(write_call(fd, n, offset), file)) {
        return syscall(SYS_pwrite64, fd, buf, n, offset);
    }
    int error = errno;
    if (control->half == 0) {
        return -1;
    }
    ssize_t put = syscall(SYS_pwrite64, fd, buf, half_of(n), offset);
    if (error == 0) {
        return put;
    }
    errno = error;
    return -1;
}

IOFAULT_EXPORT ssize_t pwrite(int fd, const void *buf, size_t n, off_t offset)
{
    return pwrite64(fd, buf, n, offset);
}

/* sync_fails - a sync that is to fail without an error lasts until nothing is armed any more. */
static bool sync_fails(int fd)
{
    uint32_t file = fd_file(fd);
    if (file == 0 || !fails(CALL_SYNC, file)) {
        return false;
    }
    int error = errno;
    while (error == 0 && atomic_load(&control->armed) != 0) {
        (void)usleep(1000);
    }
    errno = error;
    return error != 0;
}

IOFAULT_EXPORT int fdatasync(int fd)
{
    return sync_fails(fd) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

IOFAULT_EXPORT int fsync(int fd)
{
    return sync_fails(fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

IOFAULT_EXPORT int fallocate64(int fd, int mode, off64_t offset, off64_t n)
{
    uint32_t file = fd_file(fd);
    return file != 0 && fails(CALL_ALLOCATE, file)
               ? -1
               : (int)syscall(SYS_fallocate, fd, mode, offset, n);
}

IOFAULT_EXPORT int fallocate(int fd, int mode, off_t offset, off_t n)
{
    return fallocate64(fd, mode, offset, n);
}

IOFAULT_EXPORT int ftruncate64(int fd, off64_t size)
{
    uint32_t file = fd_file(fd);
    return file != 0 && fails(CALL_TRUNCATE, file) ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

IOFAULT_EXPORT int ftruncate(int fd, off_t size)
{
    return ftruncate64(fd, size);
}

IOFAULT_EXPORT int fstat64(int fd, struct stat64 *out)
{
    uint32_t file = fd_file(fd);
    return file != 0 && fails(CALL_STAT, file)
               ? -1
               : (int)syscall(SYS_newfstatat, fd, "", out, AT_EMPTY_PATH);
}

IOFAULT_EXPORT int fstat(int fd, struct stat *out)
{
    return fstat64(fd, (struct stat64 *)out);
}

IOFAULT_EXPORT int stat64(const char *path, struct stat64 *out)
{
    uint32_t file = path_file(path);
    return file != 0 && fails(CALL_STAT, file)
               ? -1
               : (int)syscall(SYS_newfstatat, AT_FDCWD, path, out, 0);
}

IOFAULT_EXPORT int stat(const char *path, struct stat *out)
{
    return stat64(path, (struct stat64 *)out);
}

IOFAULT_EXPORT int unlink(const char *path)
{
    uint32_t file = path_file(path);
    return file != 0 && fails(CALL_UNLINK, file) ? -1 : (int)syscall(SYS_unlink, path);
}

IOFAULT_EXPORT int rename(const char *from, const char *to)
{
    uint32_t file = path_file(from);
    return file != 0 && fails(CALL_RENAME, file) ? -1 : (int)syscall(SYS_rename, from, to);
}

IOFAULT_EXPORT int mkdir(const char *path, mode_t mode)
{
    uint32_t file = path_file(path);
    return file != 0 && fails(CALL_MKDIR, file) ? -1 : (int)syscall(SYS_mkdir, path, mode);
}

IOFAULT_EXPORT int rmdir(const char *path)
{
    uint32_t file = path_file(path);
    return file != 0 && fails(CALL_RMDIR, file) ? -1 : (int)syscall(SYS_rmdir, path);
}

IOFAULT_EXPORT DIR *opendir(const char *path)
{
    uint32_t file = path_file(path);
    if (file != 0 && fails(CALL_LIST, file)) {
        return NULL;
    }
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? NULL : fdopendir(fd);
}

/* ---- memory: what the program itself asks for; a sanitizer's allocator is never seen here ---- */

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t count, size_t n);
void *__libc_realloc(void *p, size_t n);

static bool memory_fails(const void *caller, uint32_t call)
{
    uintptr_t at = (uintptr_t)caller;
    if (atomic_load_explicit(&control->armed, memory_order_relaxed) == 0 || at < program_from ||
        at >= program_to || !fails(call, FILE_OTHER)) {
        return false;
    }
    atomic_store(&control->where, at - program_base);
    return true;
}

IOFAULT_EXPORT void *malloc(size_t n)
{
    return memory_fails(__builtin_return_address(0), CALL_MEMORY) ? NULL : __libc_malloc(n);
}

IOFAULT_EXPORT void *calloc(size_t count, size_t n)
{
    return memory_fails(__builtin_return_address(0), CALL_MEMORY) ? NULL : __libc_calloc(count, n);
}

IOFAULT_EXPORT void *realloc(void *p, size_t n)
{
    return memory_fails(__builtin_return_address(0), CALL_MEMORY) ? NULL : __libc_realloc(p, n);
}

IOFAULT_EXPORT void *mmap64(void *at, size_t n, int prot, int flags, int fd, off64_t offset)
{
    if (memory_fails(__builtin_return_address(0), CALL_MAP)) {
        return MAP_FAILED;
    }
    return (void *)syscall(SYS_mmap, at, n, prot, flags, fd, offset);
}

IOFAULT_EXPORT void *mmap(void *at, size_t n, int prot, int flags, int fd, off_t offset)
{
    if (memory_fails(__builtin_return_address(0), CALL_MAP)) {
        return MAP_FAILED;
    }
    return (void *)syscall(SYS_mmap, at, n, prot, flags, fd, offset);
}

/*
 * os_posix_file.c - files and directories of the real machine.
 *
 * A direct file keeps a second, buffered descriptor for the accesses O_DIRECT refuses because of
 * their alignment; the kernel keeps both views coherent (a direct write drops the cached pages of
 * its range, a direct read first writes them out). Where the file system has no O_DIRECT, only the
 * buffered one is used. Retrying a failed fdatasync is useless, so nothing here does.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "os/os_posix_internal.h"

/* What every device in use accepts; finer would need a question per file system. */
#define DIRECT_ALIGN     4096u
#define ZERO_CHUNK_BYTES (64u * 1024)

typedef struct PosixFile {
    OsFile base;
    int fd;
    int direct_fd; /* -1 = none */
    char path[];
} PosixFile;

static uint32_t posix_sqlstate(int err)
{
    switch (err) {
    case EPERM:
    case EACCES:
    case EROFS: return ERRCODE_INSUFFICIENT_PRIVILEGE;
    case ENOENT: return ERRCODE_UNDEFINED_FILE;
    case EEXIST: return ERRCODE_DUPLICATE_FILE;
    case ENOTDIR:
    case EISDIR:
    case ENOTEMPTY: return ERRCODE_WRONG_OBJECT_TYPE;
    case ENOSPC:
    case EDQUOT:
    case EFBIG: return ERRCODE_DISK_FULL;
    case ENFILE:
    case EMFILE: return ERRCODE_INSUFFICIENT_RESOURCES;
    case ENOMEM: return ERRCODE_OUT_OF_MEMORY;
    default: return ERRCODE_IO_ERROR;
    }
}

Status posix_error(Cx *cx, int err, const char *verb, const char *path)
{
    const char *text = strerrordesc_np(err);
    st_ignore(err_set(cx, posix_sqlstate(err), "could not %s \"%s\": %s", verb, path,
                      text ? text : "unknown error"));
    if (posix_sqlstate(err) == ERRCODE_DISK_FULL) {
        st_ignore(err_hint(cx, "Check free disk space."));
    }
    return ST_ERROR;
}

/* posix_write_error - a write that found no room was an extension of the file, and is called so. */
static Status posix_write_error(Cx *cx, int err, const char *path)
{
    bool full = posix_sqlstate(err) == ERRCODE_DISK_FULL;
    return posix_error(cx, err, full ? "extend file" : "write file", path);
}

Status posix_file_open(Os *os, Cx *cx, const char *path, uint32_t flags, OsFile **file_out)
{
    int mode = flags & OS_OPEN_READONLY ? O_RDONLY : O_RDWR;
    int how = mode | O_CLOEXEC;
    how |= flags & OS_OPEN_CREATE ? O_CREAT : 0;
    how |= flags & OS_OPEN_CREATE && flags & OS_OPEN_EXCL ? O_EXCL : 0;
    int fd;
    do {
        fd = open(path, how, 0600);
    } while (fd < 0 && errno == EINTR);
    if (fd < 0) {
        int err = errno;
        return posix_error(cx, err, flags & OS_OPEN_CREATE ? "create file" : "open file", path);
    }
    size_t path_bytes = strlen(path) + 1;
    PosixFile *f = mem_zalloc("os", sizeof(*f) + path_bytes);
    f->base.os = os;
    f->fd = fd;
    f->direct_fd = flags & OS_OPEN_DIRECT ? open(path, mode | O_CLOEXEC | O_DIRECT) : -1;
    memcpy(f->path, path, path_bytes);
    *file_out = &f->base;
    return ST_OK;
}

void posix_file_close(OsFile *file)
{
    PosixFile *f = (PosixFile *)file;
    if (f->direct_fd >= 0) {
        (void)close(f->direct_fd);
    }
    (void)close(f->fd);
    mem_free(f);
}

/* posix_pick_fd - the direct descriptor when everything is aligned for it. */
static int posix_pick_fd(const PosixFile *f, const void *buf, size_t n, uint64_t offset)
{
    bool aligned = (((uintptr_t)buf | n | offset) & (DIRECT_ALIGN - 1)) == 0;
    return f->direct_fd >= 0 && aligned ? f->direct_fd : f->fd;
}

/* posix_read_all - all n bytes from `done` on, or those up to the end of the file. */
static Status posix_read_all(Cx *cx, const PosixFile *f, int fd, uint8_t *buf, size_t n,
                             uint64_t offset, size_t done, size_t *n_out)
{
    while (done < n) {
        ssize_t got = pread(fd, buf + done, n - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR) {
            continue;
        }
        if (got < 0 && errno == EINVAL && fd != f->fd) {
            fd = f->fd;
            continue;
        }
        if (got < 0) {
            int err = errno;
            return posix_error(cx, err, "read file", f->path);
        }
        if (got == 0) {
            break;
        }
        done += (size_t)got;
        if (fd != f->fd && done < n && (done & (DIRECT_ALIGN - 1)) != 0) {
            fd = f->fd; /* a short direct read: the unaligned end of the file */
        }
    }
    *n_out = done;
    return ST_OK;
}

/* posix_file_pread - all n bytes, or those up to the end of the file. What the kernel has in memory
 * is taken without telling anybody that this thread may block. */
Status posix_file_pread(OsFile *file, Cx *cx, void *buf, size_t n, uint64_t offset, size_t *n_out)
{
    PosixFile *f = (PosixFile *)file;
    int fd = posix_pick_fd(f, buf, n, offset);
    size_t done = 0;
    if (cx->blocking == NULL) {
        return posix_read_all(cx, f, fd, buf, n, offset, 0, n_out);
    }
    if (fd == f->fd) {
        struct iovec io = {.iov_base = buf, .iov_len = n};
        ssize_t got = preadv2(fd, &io, 1, (off_t)offset, RWF_NOWAIT);
        done = got > 0 ? (size_t)got : 0;
    }
    if (done == n) {
        *n_out = n;
        return ST_OK;
    }
    cx_blocking(cx, CX_BLOCKING_READ);
    Status st = posix_read_all(cx, f, fd, buf, n, offset, done, n_out);
    cx_blocking(cx, CX_BLOCKING_READ_ENDS);
    return st;
}

/* posix_file_pwrite - all n bytes, or an error; a short write is gone on with. */
Status posix_file_pwrite(OsFile *file, Cx *cx, const void *buf, size_t n, uint64_t offset)
{
    PosixFile *f = (PosixFile *)file;
    size_t done = 0;
    int fd = posix_pick_fd(f, buf, n, offset);
    while (done < n) {
        ssize_t put = pwrite(fd, (const uint8_t *)buf + done, n - done, (off_t)(offset + done));
        if (put < 0 && errno == EINTR) {
            continue;
        }
        if (put < 0 && errno == EINVAL && fd != f->fd) {
            fd = f->fd;
            continue;
        }
        if (put <= 0) {
            int err = put < 0 ? errno : ENOSPC;
            return posix_write_error(cx, err, f->path);
        }
        done += (size_t)put;
        if (fd != f->fd && (done & (DIRECT_ALIGN - 1)) != 0) {
            fd = f->fd;
        }
    }
    return ST_OK;
}

Status posix_file_sync(OsFile *file, Cx *cx)
{
    PosixFile *f = (PosixFile *)file;
    int rc;
    do {
        rc = fdatasync(f->fd);
    } while (rc != 0 && errno == EINTR);
    if (rc != 0) {
        int err = errno;
        return posix_error(cx, err, "fsync file", f->path);
    }
    return ST_OK;
}

/* posix_file_writeback - a file system or kernel without it leaves the work to fdatasync. */
Status posix_file_writeback(OsFile *file, Cx *cx, uint64_t offset, uint64_t n, bool wait)
{
    PosixFile *f = (PosixFile *)file;
    unsigned how = wait ? SYNC_FILE_RANGE_WAIT_BEFORE : SYNC_FILE_RANGE_WRITE;
    int rc;
    do {
        rc = sync_file_range(f->fd, (off_t)offset, (off_t)n, how);
    } while (rc != 0 && errno == EINTR);
    int err = rc != 0 ? errno : 0;
    if (err != 0 && err != ENOSYS && err != EINVAL && err != ESPIPE && err != EOPNOTSUPP) {
        return posix_error(cx, err, "fsync file", f->path);
    }
    return ST_OK;
}

Status posix_file_truncate(OsFile *file, Cx *cx, uint64_t size)
{
    PosixFile *f = (PosixFile *)file;
    int rc;
    do {
        rc = ftruncate(f->fd, (off_t)size);
    } while (rc != 0 && errno == EINTR);
    if (rc != 0) {
        int err = errno;
        return posix_error(cx, err, "truncate file", f->path);
    }
    return ST_OK;
}

Status posix_file_size(OsFile *file, Cx *cx, uint64_t *size_out)
{
    PosixFile *f = (PosixFile *)file;
    struct stat st;
    if (fstat(f->fd, &st) != 0) {
        int err = errno;
        return posix_error(cx, err, "stat file", f->path);
    }
    *size_out = (uint64_t)st.st_size;
    return ST_OK;
}

/* posix_file_allocate - the file system's own way where it has one, else zeros behind the end. */
Status posix_file_allocate(OsFile *file, Cx *cx, uint64_t offset, uint64_t n)
{
    PosixFile *f = (PosixFile *)file;
    int rc;
    do {
        rc = fallocate(f->fd, 0, (off_t)offset, (off_t)n);
    } while (rc != 0 && errno == EINTR);
    if (rc == 0) {
        return ST_OK;
    }
    int err = errno;
    if (err != EOPNOTSUPP && err != ENOSYS) {
        return posix_write_error(cx, err, f->path);
    }
    static const uint8_t zeros[ZERO_CHUNK_BYTES];
    uint64_t size;
    TRY(posix_file_size(file, cx, &size));
    for (uint64_t at = MAX(size, offset); at < offset + n;) {
        size_t part = (size_t)MIN(offset + n - at, sizeof(zeros));
        TRY(posix_file_pwrite(file, cx, zeros, part, at));
        at += part;
    }
    return ST_OK;
}

/* posix_file_lock - flock belongs to the open file, so two opens in one process conflict as well.
 */
Status posix_file_lock(OsFile *file, Cx *cx)
{
    PosixFile *f = (PosixFile *)file;
    int rc;
    do {
        rc = flock(f->fd, LOCK_EX | LOCK_NB);
    } while (rc != 0 && errno == EINTR);
    if (rc == 0) {
        return ST_OK;
    }
    int err = errno;
    return err == EWOULDBLOCK ? ST_BUSY : posix_error(cx, err, "lock file", f->path);
}

Status posix_unlink(Os *os, Cx *cx, const char *path)
{
    (void)os;
    if (unlink(path) != 0) {
        int err = errno;
        return posix_error(cx, err, "remove file", path);
    }
    return ST_OK;
}

Status posix_rename(Os *os, Cx *cx, const char *from, const char *to)
{
    (void)os;
    if (rename(from, to) != 0) {
        int err = errno;
        st_ignore(posix_error(cx, err, "rename file", from));
        return err_detail(cx, "The new name was to be \"%s\".", to);
    }
    return ST_OK;
}

Status posix_mkdir(Os *os, Cx *cx, const char *path)
{
    (void)os;
    struct stat st;
    if (mkdir(path, 0700) == 0) {
        return ST_OK;
    }
    int err = errno;
    if (err == EEXIST && stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
        return ST_OK;
    }
    return posix_error(cx, err, "create directory", path);
}

Status posix_rmdir(Os *os, Cx *cx, const char *path)
{
    (void)os;
    if (rmdir(path) != 0) {
        int err = errno;
        return posix_error(cx, err, "remove directory", path);
    }
    return ST_OK;
}

Status posix_sync_dir(Os *os, Cx *cx, const char *path)
{
    (void)os;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        int err = errno;
        return posix_error(cx, err, "open directory", path);
    }
    int rc;
    do {
        rc = fsync(fd);
    } while (rc != 0 && errno == EINTR);
    int err = rc != 0 ? errno : 0;
    (void)close(fd);
    /* Some file systems have nothing to sync for a directory and say so. */
    if (err != 0 && err != EBADF && err != EINVAL) {
        return posix_error(cx, err, "fsync file", path);
    }
    return ST_OK;
}

/* posix_list_dir - the names, without "." and "..", in no order. */
Status posix_list_dir(Os *os, Cx *cx, Arena *arena, const char *path, char ***names_out,
                      uint32_t *count_out)
{
    (void)os;
    DIR *d = opendir(path);
    if (d == NULL) {
        int err = errno;
        return posix_error(cx, err, "open directory", path);
    }
    uint32_t count = 0, room = 16;
    char **names = ARENA_ARRAY(arena, char *, room);
    struct dirent *e;
    while (errno = 0, (e = readdir(d)) != NULL) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) {
            continue;
        }
        if (count == room) {
            names = arena_grow(arena, names, room * sizeof(char *), 2 * room * sizeof(char *));
            room *= 2;
        }
        names[count++] = arena_strdup(arena, e->d_name);
    }
    int err = errno;
    (void)closedir(d);
    if (err != 0) {
        return posix_error(cx, err, "read directory", path);
    }
    *names_out = names;
    *count_out = count;
    return ST_OK;
}

Status posix_exists(Os *os, Cx *cx, const char *path, bool *exists_out)
{
    (void)os;
    struct stat st;
    if (stat(path, &st) == 0) {
        *exists_out = true;
        return ST_OK;
    }
    int err = errno;
    if (err == ENOENT || err == ENOTDIR) {
        *exists_out = false;
        return ST_OK;
    }
    return posix_error(cx, err, "stat file", path);
}

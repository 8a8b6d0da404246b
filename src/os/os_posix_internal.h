#ifndef DASSIE_OS_POSIX_INTERNAL_H
#define DASSIE_OS_POSIX_INTERNAL_H
/*
 * os_posix_internal.h - shared by the files of the posix implementation only.
 */
#include "os/os.h"

/* posix_error - raise the error of a failed call, with PostgreSQL's choice of SQLSTATE and its
 * wording: `could not <verb> "<path>": <strerror>`. */
Status posix_error(Cx *cx, int err, const char *verb, const char *path);

Status posix_file_open(Os *os, Cx *cx, const char *path, uint32_t flags, OsFile **file_out);
void posix_file_close(OsFile *f);
Status posix_file_pread(OsFile *f, Cx *cx, void *buf, size_t n, uint64_t offset, size_t *n_out);
Status posix_file_pwrite(OsFile *f, Cx *cx, const void *buf, size_t n, uint64_t offset);
Status posix_file_sync(OsFile *f, Cx *cx);
Status posix_file_writeback(OsFile *f, Cx *cx, uint64_t offset, uint64_t n, bool wait);
Status posix_file_truncate(OsFile *f, Cx *cx, uint64_t size);
Status posix_file_allocate(OsFile *f, Cx *cx, uint64_t offset, uint64_t n);
Status posix_file_size(OsFile *f, Cx *cx, uint64_t *size_out);
Status posix_file_lock(OsFile *f, Cx *cx);

Status posix_unlink(Os *os, Cx *cx, const char *path);
Status posix_rename(Os *os, Cx *cx, const char *from, const char *to);
Status posix_mkdir(Os *os, Cx *cx, const char *path);
Status posix_rmdir(Os *os, Cx *cx, const char *path);
Status posix_sync_dir(Os *os, Cx *cx, const char *path);
Status posix_list_dir(Os *os, Cx *cx, Arena *arena, const char *path, char ***names_out,
                      uint32_t *count_out);
Status posix_exists(Os *os, Cx *cx, const char *path, bool *exists_out);

#endif

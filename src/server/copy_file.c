/*
 * copy_file.c - COPY to and from files of the server, for superusers and roles that may.
 *
 * What COPY writes comes as CopyData messages, as for a client; their bodies go into the file. What
 * it reads goes to the same reader as what a client sends.
 */
#include <pg_query/pg_query.pb-c.h>
#include <stdio.h>
#include <sys/stat.h>

#include "catalog/acl.h"
#include "catalog/catalog_data.h"
#include "server/server_internal.h"

#define COPY_FILE_PIECE (256u * 1024)

Status copy_file_allowed(Cx *cx, Session *s, const PgQuery__CopyStmt *stmt)
{
    Oid role = stmt->is_program ? ROLE_PG_EXECUTE_SERVER_PROGRAM
               : stmt->is_from  ? ROLE_PG_READ_SERVER_FILES
                                : ROLE_PG_WRITE_SERVER_FILES;
    bool may;
    TRY(cat_role_inherits(cx, &s->view, s->view.user, role, &may));
    if (!may) {
        st_ignore(err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                          stmt->is_program
                              ? "must be superuser or have privileges of the "
                                "pg_execute_server_program role to COPY to or from an external "
                                "program"
                          : stmt->is_from ? "must be superuser or have privileges of the "
                                            "pg_read_server_files role to COPY from a file"
                                          : "must be superuser or have privileges of the "
                                            "pg_write_server_files role to COPY to a file"));
        return err_hint(cx, "Anyone can COPY to stdout or from stdin. psql's \\copy command also "
                            "works for anyone.");
    }
    return stmt->is_program ? err_unsupported(cx, "COPY PROGRAM is not supported") : ST_OK;
}

/* file_failed - the error in PostgreSQL's words; cx has the operating system's. */
static Status file_failed(Cx *cx, const char *path, bool writing)
{
    char why[256];
    uint32_t state = cx->err->sqlstate;
    const char *colon = strrchr(cx->err->message, ':');
    (void)snprintf(why, sizeof(why), "%.200s", colon != NULL ? colon + 2 : cx->err->message);
    st_ignore(err_set(cx, state, "could not open file \"%s\" for %s: %s", path,
                      writing ? "writing" : "reading", why));
    if (state != ERRCODE_UNDEFINED_FILE && state != ERRCODE_INSUFFICIENT_PRIVILEGE) {
        return ST_ERROR;
    }
    return err_hint(cx, writing ? "COPY TO instructs the PostgreSQL server process to write a "
                                  "file. You may want a client-side facility such as psql's \\copy."
                                : "COPY FROM instructs the PostgreSQL server process to read a "
                                  "file. You may want a client-side facility such as psql's "
                                  "\\copy.");
}

/* file_is_directory - 42809. */
static Status file_is_directory(Cx *cx, const char *path, bool writing)
{
    struct stat st;
    if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
        return ST_OK;
    }
    return writing ? err_set(cx, ERRCODE_WRONG_OBJECT_TYPE,
                             "could not open file \"%s\" for writing: Is a directory", path)
                   : err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is a directory", path);
}

Status copy_file_create(Cx *cx, Session *s, const char *path, CopyFile *f)
{
    *f = (CopyFile){0};
    buf_init(&f->bytes, COPY_FILE_PIECE * 4);
    if (path[0] != '/') {
        return err_set(cx, ERRCODE_INVALID_NAME, "relative path not allowed for COPY to file");
    }
    TRY(file_is_directory(cx, path, true));
    if (os_file_open(cx, s->server->os, path, OS_OPEN_CREATE, &f->file) != ST_OK) {
        return file_failed(cx, path, true);
    }
    return os_file_truncate(cx, f->file, 0);
}

/* file_flush - what is gathered goes into the file. */
static Status file_flush(Cx *cx, CopyFile *f)
{
    TRY(os_file_pwrite(cx, f->file, f->bytes.data, f->bytes.len, f->at));
    f->at += f->bytes.len;
    buf_clear(&f->bytes);
    return ST_OK;
}

Status copy_file_put(Cx *cx, CopyFile *f, Buf *messages)
{
    for (size_t at = 0; at + 5 <= messages->len;) {
        uint32_t len;
        memcpy(&len, messages->data + at + 1, 4);
        len = __builtin_bswap32(len);
        for (size_t from = 0, n = len - 4u; from < n;) { /* in pieces that fit the buffer */
            size_t piece = MIN(n - from, (size_t)COPY_FILE_PIECE);
            buf_put(&f->bytes, messages->data + at + 5 + from, piece);
            from += piece;
            if (f->bytes.len >= COPY_FILE_PIECE) {
                TRY(file_flush(cx, f));
            }
        }
        at += 1u + len;
    }
    buf_clear(messages);
    return ST_OK;
}

Status copy_file_end(Cx *cx, CopyFile *f, Status st)
{
    if (st == ST_OK && f->file != NULL && f->bytes.len != 0) {
        st = file_flush(cx, f);
    }
    os_file_close(f->file);
    buf_release(&f->bytes);
    return st;
}

Status copy_file_read(Cx *cx, Session *s, const char *path)
{
    OsFile *file = NULL;
    uint64_t at = 0;
    size_t n = COPY_FILE_PIECE;
    TRY(file_is_directory(cx, path, false));
    if (os_file_open(cx, s->server->os, path, OS_OPEN_READONLY, &file) != ST_OK) {
        return file_failed(cx, path, false);
    }
    uint8_t *piece = mem_alloc("copy file", COPY_FILE_PIECE);
    Status st = ST_OK;
    while (st == ST_OK && n == COPY_FILE_PIECE) {
        st = os_file_pread(cx, file, piece, COPY_FILE_PIECE, at, &n);
        if (st == ST_OK) {
            at += n;
            st = copy_feed(cx, s, (Slice){(const char *)piece, n}, n < COPY_FILE_PIECE);
        }
    }
    os_file_close(file);
    mem_free(piece);
    return st;
}

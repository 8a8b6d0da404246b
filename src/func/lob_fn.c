/*
 * lob_fn.c - the functions over large objects (lo_*): descriptors, which end with the transaction,
 * and whole-object functions.
 */
#include "func/func_internal.h"
#include "func/lob.h"

#define LOB_WRITE     0x20000
#define LOB_READ      0x40000
#define LOB_FILE_STEP (64u * 1024)

/* FuncLob - an open descriptor; oid 0: the place is free. */
typedef struct FuncLob {
    Oid oid;
    bool write, read;
    int64_t pos;
} FuncLob;

void func_lobs_end(FuncSession *fs)
{
    mem_free(fs->lobs);
    fs->lobs = NULL;
    fs->lob_count = 0;
}

/* lob_descriptor - 42704 for a number that is none. */
static Status lob_descriptor(FnCall *call, FuncSession *fs, int32_t fd, FuncLob **out)
{
    if (fd < 0 || (uint32_t)fd >= fs->lob_count || fs->lobs[fd].oid == OID_INVALID) {
        return err_set(call->cx, ERRCODE_UNDEFINED_OBJECT, "invalid large-object descriptor: %d",
                       fd);
    }
    *out = &fs->lobs[fd];
    return ST_OK;
}

static Status lob_writable(FnCall *call, const FuncLob *l, int32_t fd)
{
    return l->write ? ST_OK
                    : err_set(call->cx, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                              "large object descriptor %d was not opened for writing", fd);
}

#define LOB_FN(name)                                                                               \
    static Status name(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
#define LOB_UNUSED (void)call, (void)fs, (void)a, (void)out, (void)null_out

LOB_FN(lob_fn_create)
{
    LOB_UNUSED;
    return lob_create(call->cx, fs->view, fs->engine, a[0].u32, &out->u32);
}
KERNEL(lob_fn_create)

LOB_FN(lob_fn_creat)
{
    LOB_UNUSED;
    return lob_create(call->cx, fs->view, fs->engine, OID_INVALID, &out->u32);
}
KERNEL(lob_fn_creat)

LOB_FN(lob_fn_open)
{
    LOB_UNUSED;
    int32_t mode = a[1].i32;
    if ((mode & (LOB_READ | LOB_WRITE)) == 0) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "invalid flags for opening a large object: %d", mode);
    }
    bool write = (mode & LOB_WRITE) != 0;
    TRY(lob_check(call->cx, fs->view, a[0].u32, write));
    uint32_t fd = 0;
    while (fd < fs->lob_count && fs->lobs[fd].oid != OID_INVALID) {
        fd++;
    }
    if (fd == fs->lob_count) {
        uint32_t count = MAX(fs->lob_count * 2, 16u);
        fs->lobs = mem_realloc("large objects", fs->lobs, count * sizeof(FuncLob));
        memset(fs->lobs + fs->lob_count, 0, (count - fs->lob_count) * sizeof(FuncLob));
        fs->lob_count = count;
    }
    fs->lobs[fd] = (FuncLob){.oid = a[0].u32, .write = write, .read = true};
    out->i32 = (int32_t)fd;
    return ST_OK;
}
KERNEL(lob_fn_open)

LOB_FN(lob_fn_close)
{
    LOB_UNUSED;
    FuncLob *l = NULL;
    TRY(lob_descriptor(call, fs, a[0].i32, &l));
    l->oid = OID_INVALID;
    out->i32 = 0;
    return ST_OK;
}
KERNEL(lob_fn_close)

/* lob_bytes - n bytes of an object from pos as a bytea. */
static Status lob_bytes(FnCall *call, FuncSession *fs, Oid oid, int64_t pos, int64_t n, Datum *out)
{
    size_t got;
    if (n > (int64_t)1 << 30) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "large object read request is too large");
    }
    uint8_t *bytes = arena_alloc(call->arena, (size_t)n + 1);
    TRY(lob_read(call->cx, fs->view, oid, pos, bytes, (size_t)n, &got));
    out->str = str_ref(bytes, got);
    return ST_OK;
}

LOB_FN(lob_fn_loread)
{
    LOB_UNUSED;
    FuncLob *l = NULL;
    int64_t size;
    TRY(lob_descriptor(call, fs, a[0].i32, &l));
    TRY(lob_size(call->cx, fs->view, l->oid, &size));
    int64_t n = MIN((int64_t)MAX(a[1].i32, 0), MAX(size - l->pos, 0));
    TRY(lob_bytes(call, fs, l->oid, l->pos, n, out));
    l->pos += out->str.len;
    return ST_OK;
}
KERNEL(lob_fn_loread)

LOB_FN(lob_fn_lowrite)
{
    LOB_UNUSED;
    FuncLob *l = NULL;
    TRY(lob_descriptor(call, fs, a[0].i32, &l));
    TRY(lob_writable(call, l, a[0].i32));
    TRY(lob_write(call->cx, fs->view, l->oid, l->pos, (const uint8_t *)str_ptr(&a[1].str),
                  a[1].str.len));
    l->pos += a[1].str.len;
    out->i32 = (int32_t)a[1].str.len;
    return ST_OK;
}
KERNEL(lob_fn_lowrite)

/* lob_seek - whence as lseek's. */
static Status lob_seek(FnCall *call, FuncSession *fs, int32_t fd, int64_t offset, int32_t whence,
                       int64_t *pos_out)
{
    FuncLob *l = NULL;
    int64_t base = 0;
    TRY(lob_descriptor(call, fs, fd, &l));
    if (whence < 0 || whence > 2) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE, "invalid whence setting: %d",
                       whence);
    }
    if (whence == 1) {
        base = l->pos;
    } else if (whence == 2) {
        TRY(lob_size(call->cx, fs->view, l->oid, &base));
    }
    if (base + offset < 0 || base + offset > LOB_BYTES_MAX) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "invalid large object seek target: %lld", (long long)(base + offset));
    }
    l->pos = *pos_out = base + offset;
    return ST_OK;
}

/* lob_int - a position as an integer. */
static Status lob_int(FnCall *call, int64_t pos, const char *what, int32_t fd, Datum *out)
{
    out->i32 = (int32_t)pos;
    return pos <= INT32_MAX
               ? ST_OK
               : err_set(call->cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
                         "%s result out of range for large-object descriptor %d", what, fd);
}

LOB_FN(lob_fn_lseek)
{
    LOB_UNUSED;
    int64_t pos;
    TRY(lob_seek(call, fs, a[0].i32, a[1].i32, a[2].i32, &pos));
    return lob_int(call, pos, "lo_lseek", a[0].i32, out);
}
KERNEL(lob_fn_lseek)

LOB_FN(lob_fn_lseek64)
{
    LOB_UNUSED;
    return lob_seek(call, fs, a[0].i32, a[1].i64, a[2].i32, &out->i64);
}
KERNEL(lob_fn_lseek64)

LOB_FN(lob_fn_tell)
{
    LOB_UNUSED;
    FuncLob *l = NULL;
    TRY(lob_descriptor(call, fs, a[0].i32, &l));
    return lob_int(call, l->pos, "lo_tell", a[0].i32, out);
}
KERNEL(lob_fn_tell)

LOB_FN(lob_fn_tell64)
{
    LOB_UNUSED;
    FuncLob *l = NULL;
    TRY(lob_descriptor(call, fs, a[0].i32, &l));
    out->i64 = l->pos;
    return ST_OK;
}
KERNEL(lob_fn_tell64)

static Status lob_cut(FnCall *call, FuncSession *fs, int32_t fd, int64_t size)
{
    FuncLob *l = NULL;
    TRY(lob_descriptor(call, fs, fd, &l));
    TRY(lob_writable(call, l, fd));
    if (size < 0 || size > LOB_BYTES_MAX) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "invalid large object truncation target: %lld", (long long)size);
    }
    return lob_truncate(call->cx, fs->view, l->oid, size);
}

LOB_FN(lob_fn_truncate)
{
    LOB_UNUSED;
    return lob_cut(call, fs, a[0].i32, a[1].i32);
}
KERNEL(lob_fn_truncate)

LOB_FN(lob_fn_truncate64)
{
    LOB_UNUSED;
    return lob_cut(call, fs, a[0].i32, a[1].i64);
}
KERNEL(lob_fn_truncate64)

LOB_FN(lob_fn_unlink)
{
    LOB_UNUSED;
    TRY(lob_unlink(call->cx, fs->view, a[0].u32));
    for (uint32_t i = 0; i < fs->lob_count; i++) {
        if (fs->lobs[i].oid == a[0].u32) {
            fs->lobs[i].oid = OID_INVALID;
        }
    }
    out->i32 = 1;
    return ST_OK;
}
KERNEL(lob_fn_unlink)

/* ---- whole objects ---- */

LOB_FN(lob_fn_from_bytea)
{
    LOB_UNUSED;
    TRY(lob_create(call->cx, fs->view, fs->engine, a[0].u32, &out->u32));
    return lob_write(call->cx, fs->view, out->u32, 0, (const uint8_t *)str_ptr(&a[1].str),
                     a[1].str.len);
}
KERNEL(lob_fn_from_bytea)

LOB_FN(lob_fn_get)
{
    LOB_UNUSED;
    int64_t size;
    TRY(lob_check(call->cx, fs->view, a[0].u32, false));
    TRY(lob_size(call->cx, fs->view, a[0].u32, &size));
    return lob_bytes(call, fs, a[0].u32, 0, size, out);
}
KERNEL(lob_fn_get)

LOB_FN(lob_fn_get_fragment)
{
    LOB_UNUSED;
    int64_t size;
    TRY(lob_check(call->cx, fs->view, a[0].u32, false));
    if (a[2].i32 < 0) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "requested length cannot be negative");
    }
    if (a[1].i64 < 0 || a[1].i64 > LOB_BYTES_MAX) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "invalid large object seek target: %lld", (long long)a[1].i64);
    }
    TRY(lob_size(call->cx, fs->view, a[0].u32, &size));
    int64_t n = MIN((int64_t)a[2].i32, MAX(size - a[1].i64, 0));
    return lob_bytes(call, fs, a[0].u32, a[1].i64, n, out);
}
KERNEL(lob_fn_get_fragment)

LOB_FN(lob_fn_put)
{
    LOB_UNUSED;
    TRY(lob_check(call->cx, fs->view, a[0].u32, true));
    if (a[1].i64 < 0 || a[1].i64 > LOB_BYTES_MAX) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "invalid large object seek target: %lld", (long long)a[1].i64);
    }
    return lob_write(call->cx, fs->view, a[0].u32, a[1].i64, (const uint8_t *)str_ptr(&a[2].str),
                     a[2].str.len);
}
KERNEL(lob_fn_put)

/* ---- files of the server ---- */

/* lob_file_open - the error in PostgreSQL's words. Who may call these functions is up to GRANT. */
static Status lob_file_open(FnCall *call, FuncSession *fs, const char *path, bool create,
                            OsFile **file_out)
{
    Status st = os_file_open(call->cx, fs->engine->os, path,
                             create ? OS_OPEN_CREATE : OS_OPEN_READONLY, file_out);
    if (st != ST_OK) {
        const char *colon = strrchr(call->cx->err->message, ':');
        const char *why = arena_strdup(call->arena, colon != NULL ? colon + 2 : "");
        return err_set(call->cx, call->cx->err->sqlstate, "could not %s server file \"%s\": %s",
                       create ? "create" : "open", path, why);
    }
    return create ? os_file_truncate(call->cx, *file_out, 0) : ST_OK;
}

/* lob_import - a new large object with the bytes of a file. */
static Status lob_import(FnCall *call, FuncSession *fs, const char *path, Oid oid, Oid *oid_out)
{
    OsFile *file = NULL;
    size_t n = LOB_FILE_STEP;
    uint8_t *piece = arena_alloc(call->arena, LOB_FILE_STEP);
    Status st = lob_file_open(call, fs, path, false, &file);
    if (st == ST_OK) {
        st = lob_create(call->cx, fs->view, fs->engine, oid, oid_out);
    }
    for (int64_t at = 0; st == ST_OK && n == LOB_FILE_STEP; at += (int64_t)n) {
        st = os_file_pread(call->cx, file, piece, LOB_FILE_STEP, (uint64_t)at, &n);
        if (st == ST_OK && n != 0) {
            st = lob_write(call->cx, fs->view, *oid_out, at, piece, n);
        }
    }
    os_file_close(file);
    return st;
}

LOB_FN(lob_fn_import)
{
    LOB_UNUSED;
    return lob_import(call, fs, func_cstring(call, &a[0]), OID_INVALID, &out->u32);
}
KERNEL(lob_fn_import)

LOB_FN(lob_fn_import_with_oid)
{
    LOB_UNUSED;
    return lob_import(call, fs, func_cstring(call, &a[0]), a[1].u32, &out->u32);
}
KERNEL(lob_fn_import_with_oid)

LOB_FN(lob_fn_export)
{
    LOB_UNUSED;
    OsFile *file = NULL;
    int64_t size = 0;
    size_t n = 0;
    uint8_t *piece = arena_alloc(call->arena, LOB_FILE_STEP);
    TRY(lob_check(call->cx, fs->view, a[0].u32, false));
    TRY(lob_size(call->cx, fs->view, a[0].u32, &size));
    Status st = lob_file_open(call, fs, func_cstring(call, &a[1]), true, &file);
    for (int64_t at = 0; st == ST_OK && at < size; at += (int64_t)n) {
        st = lob_read(call->cx, fs->view, a[0].u32, at, piece, LOB_FILE_STEP, &n);
        if (st == ST_OK) {
            st = os_file_pwrite(call->cx, file, piece, n, (uint64_t)at);
        }
    }
    os_file_close(file);
    out->i32 = 1;
    return st;
}
KERNEL(lob_fn_export)

static const FnOps FNS[] = {
    {"be_lo_import", lob_fn_import_kernel, 0},
    {"be_lo_import_with_oid", lob_fn_import_with_oid_kernel, 0},
    {"be_lo_export", lob_fn_export_kernel, 0},
    {"be_lo_create", lob_fn_create_kernel, 0},
    {"be_lo_creat", lob_fn_creat_kernel, 0},
    {"be_lo_open", lob_fn_open_kernel, 0},
    {"be_lo_close", lob_fn_close_kernel, 0},
    {"be_loread", lob_fn_loread_kernel, 0},
    {"be_lowrite", lob_fn_lowrite_kernel, 0},
    {"be_lo_lseek", lob_fn_lseek_kernel, 0},
    {"be_lo_lseek64", lob_fn_lseek64_kernel, 0},
    {"be_lo_tell", lob_fn_tell_kernel, 0},
    {"be_lo_tell64", lob_fn_tell64_kernel, 0},
    {"be_lo_truncate", lob_fn_truncate_kernel, 0},
    {"be_lo_truncate64", lob_fn_truncate64_kernel, 0},
    {"be_lo_unlink", lob_fn_unlink_kernel, 0},
    {"be_lo_from_bytea", lob_fn_from_bytea_kernel, 0},
    {"be_lo_get", lob_fn_get_kernel, 0},
    {"be_lo_get_fragment", lob_fn_get_fragment_kernel, 0},
    {"be_lo_put", lob_fn_put_kernel, 0},
};
const FuncTable FUNC_LOB = {FNS, ARRAY_LEN(FNS)};

#ifndef DASSIE_FUNC_LOB_H
#define DASSIE_FUNC_LOB_H
/*
 * lob.h - large objects: numbered byte strings in rows of pg_largeobject, 2 KiB a row; absent rows
 * are zeros.
 *
 * They are rows of a catalog and so part of the transaction, of dumps and of copies of databases.
 * Reads see the newest committed state and the transaction's own. One thread, the session's.
 */
#include "catalog/acl.h"
#include "func/func.h"

#define LOB_PAGE_BYTES 2048
#define LOB_BYTES_MAX  ((int64_t)INT32_MAX * LOB_PAGE_BYTES)

/* lob_exists - is there one of this number? */
Status lob_exists(Cx *cx, CatView *v, Oid oid, bool *exists_out);
/* lob_need - 42704 when not. lob_check - likewise, and 42501 unless the user may read (and write)
 * it. */
Status lob_need(Cx *cx, CatView *v, Oid oid);
Status lob_check(Cx *cx, CatView *v, Oid oid, bool write);
/* lob_create - oid 0: a new number. 23505. */
Status lob_create(Cx *cx, CatView *v, Engine *e, Oid oid, Oid *oid_out);
/* lob_unlink - by its owner: 42501 for others. */
Status lob_unlink(Cx *cx, CatView *v, Oid oid);
Status lob_size(Cx *cx, CatView *v, Oid oid, int64_t *size_out);
/* lob_read - as many of n bytes as there are; the caller gives the room. */
Status lob_read(Cx *cx, CatView *v, Oid oid, int64_t pos, uint8_t *bytes, size_t n, size_t *n_out);
Status lob_write(Cx *cx, CatView *v, Oid oid, int64_t pos, const uint8_t *bytes, size_t n);
Status lob_truncate(Cx *cx, CatView *v, Oid oid, int64_t size);

#endif

#ifndef DASSIE_CATALOG_ROWS_H
#define DASSIE_CATALOG_ROWS_H
/*
 * catalog_rows.h - the built-in catalog rows as constant tables: how the generated arrays are read.
 *
 * src/catalog/data/<relation>.dat is turned into catalog_data.h and catalog_data.c by
 * tools/catalog_gen.py in the build: a struct <Relation>Row, an array catalog_<relation>[] in the
 * order of its primary key, and index arrays catalog_<relation>_by_<columns>[]. Text is an offset
 * into one pool of NUL-terminated strings, arrays of integers an offset into one pool of integers;
 * offset 0 is NULL in both. Constant data: any thread.
 */
#include "base/compiler.h"

typedef uint32_t CatStr; /* catalog_str() */
typedef uint32_t CatVec; /* catalog_vec() */

typedef enum CatColKind {
    CAT_COL_BOOL,
    CAT_COL_CHAR, /* "char" */
    CAT_COL_I16,
    CAT_COL_I32, /* INT32_MIN is NULL */
    CAT_COL_I64,
    CAT_COL_U32, /* oid, regproc, xid */
    CAT_COL_F32,
    CAT_COL_STR, /* name, text, and every type that has no kind of its own, as text */
    CAT_COL_VEC, /* oidvector, int2vector, arrays of oid, int2 and "char" */
} CatColKind;

typedef struct CatRelColumn {
    const char *name;
    uint16_t offset; /* in the row struct */
    uint8_t kind;    /* CatColKind */
} CatRelColumn;

/* CatRel - one relation's rows, for readers that treat all alike; columns in attnum order. */
typedef struct CatRel {
    uint32_t relid; /* 0: not a relation (view, settings) */
    const char *name;
    const void *rows;
    const void *boot_rows; /* rows a new database file starts with: stored, not constant */
    const CatRelColumn *columns;
    uint32_t row_count, boot_count;
    uint16_t row_bytes, column_count;
} CatRel;

extern const char catalog_strings[];
extern const int32_t catalog_ints[];

/* catalog_str - the text at a pool offset, NULL for SQL NULL. */
static inline const char *catalog_str(CatStr at)
{
    return at != 0 ? catalog_strings + at : NULL;
}
/* catalog_vec - the integers at a pool offset and how many; NULL and 0 for SQL NULL. */
static inline const int32_t *catalog_vec(CatVec at, uint32_t *count_out)
{
    *count_out = at != 0 ? (uint32_t)catalog_ints[at] : 0;
    return at != 0 ? catalog_ints + at + 1 : NULL;
}

#endif

#ifndef DASSIE_TYPE_GIN_H
#define DASSIE_TYPE_GIN_H
/*
 * gin.h - operator classes of inverted indexes: what items a value is made of, and what a condition
 * asks of them.
 *
 * An item is a piece of bytes; no item is the beginning of another. A condition is answered by the
 * rows that have all of some items, or any of them, and then tested on the rows themselves. Any
 * thread; no state; items live in the arena of their list.
 */
#include "type/type.h"

typedef struct GinItems {
    Arena *arena;
    Slice *items;
    uint32_t count, size;
} GinItems;

typedef enum GinNeed {
    GIN_NONE, /* no row can match */
    GIN_ALL,  /* any row may */
    GIN_ANY_OF,
    GIN_EACH_OF,
} GinNeed;
typedef struct GinQuery {
    GinNeed need;
    GinItems items;
} GinQuery;

typedef struct GinOps {
    Oid extract_proc;    /* pg_proc OID of the class's extractValue function */
    const char *symbol;  /* of an extension: as CatProc.prosrc names that function */
    uint32_t strategies; /* a bit per strategy that `query` knows */
    /* The items of a value that is not NULL; none: it is an empty one. */
    void (*extract)(const Datum *v, GinItems *out);
    /* What a condition asks for whose right side is v. */
    void (*query)(int strategy, const Datum *v, GinQuery *out);
} GinOps;

/* gin_ops - by the class's extractValue function (pg_amproc number 2), its OID and CatProc.prosrc;
 * NULL: not there. */
const GinOps *gin_ops(Oid extract_proc, const char *prosrc);
/* Those of extensions: filled by src/contrib. */
extern const GinOps *const TYPE_CONTRIB_GINS[];
extern const uint32_t TYPE_CONTRIB_GIN_COUNT;

/* What stands for a row whose value is NULL, and for one without items. */
#define GIN_ITEM_NULL  SLICE_LIT("\0")
#define GIN_ITEM_EMPTY SLICE_LIT("\1")
#define GIN_FLAG_FIRST 2 /* the first byte of items of values is this or above */
/* gin_push - one piece of bytes as it is. */
void gin_push(GinItems *list, Slice item);
/* gin_add - one item: a flag, then bytes that may be long: those are replaced by a hash. */
void gin_add(GinItems *list, uint8_t flag, Slice bytes);

extern const GinOps gin_jsonb_ops, gin_jsonb_path_ops;

#endif

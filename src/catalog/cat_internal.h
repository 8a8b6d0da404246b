#ifndef DASSIE_CAT_INTERNAL_H
#define DASSIE_CAT_INTERNAL_H
/*
 * cat_internal.h - what the files of src/catalog share: shapes of the catalog relations, the store
 * of user rows, cached objects.
 *
 * Threads: shapes and built-in objects are constant after catalog_open; the object cache has its
 * mutex; a CatView and its pins belong to one thread.
 */
#include "catalog/catalog.h"
#include "catalog/catalog_data.h"

#define CAT_KEY_COLUMNS_MAX   8
#define CAT_COLUMNS_MAX       40
#define CAT_CACHE_OBJECTS_MAX 65536
#define CAT_MUTEX_RANK        500
#define AM_BTREE              403 /* access methods, rows of pg_am */
#define AM_GIN                2742

/* CatShape - one catalog relation: its columns and keys. */
typedef struct CatShape {
    Oid rel;
    const char *name;
    const CatRel *builtin; /* NULL: no built-in rows */
    bool shared;           /* one for all databases */
    uint16_t column_count;
    PhysType phys[CAT_COLUMNS_MAX];
    Oid types[CAT_COLUMNS_MAX];
    uint16_t key_count; /* primary key; column positions */
    uint16_t key[CAT_KEY_COLUMNS_MAX];
    const char *columns[CAT_COLUMNS_MAX];
} CatShape;

/* CatKey - rows whose columns (positions) equal the values. */
typedef struct CatKey {
    uint32_t count;
    uint16_t columns[CAT_KEY_COLUMNS_MAX];
    Datum values[CAT_KEY_COLUMNS_MAX];
} CatKey;

/*
 * CatRowStore - where user rows live: trees of an engine (cat_trees.c) or memory (cat_memory.c).
 * begin/end bracket reads by one snapshot: the latest committed state plus everything the view's
 * transaction wrote. scan calls fn for every row of the view's database that matches the key; fn
 * must not change rows of the same relation.
 */
typedef struct CatRead {
    CatView *view;
    Snapshot snap;
    bool has_snap;
} CatRead;
typedef struct CatRowStore {
    void (*begin)(void *self, CatRead *read, CatView *v);
    void (*end)(void *self, CatRead *read);
    Status (*scan)(void *self, Cx *cx, CatRead *read, const CatShape *shape, const CatKey *key,
                   CatRowFn fn, void *arg);
    Status (*insert)(void *self, Cx *cx, CatView *v, const CatShape *shape, const Datum *values,
                     const bool *nulls);
    Status (*update)(void *self, Cx *cx, CatView *v, const CatShape *shape, RowId rowid,
                     const Datum *values, const bool *nulls);
    Status (*remove)(void *self, Cx *cx, CatView *v, const CatShape *shape, RowId rowid);
    /* Set t->storage of a table with a tree; NULL: no table has storage. */
    Status (*open)(void *self, Cx *cx, CatRead *read, Arena *arena, CatTable *t);
    void (*close)(void *self);
} CatRowStore;

typedef enum CatObjKind {
    CAT_OBJ_TABLE,
    CAT_OBJ_TABLE_NAME,
    CAT_OBJ_TYPE,
    CAT_OBJ_TYPE_NAME,
    CAT_OBJ_NAMESPACE,
    CAT_OBJ_NAMESPACE_NAME,
    CAT_OBJ_PROC,
    CAT_OBJ_PROC_NAMES,
    CAT_OBJ_STATS,
    CAT_OBJ_ROLE,
    CAT_OBJ_ACL,
    CAT_OBJ_DATABASE,
    CAT_OBJ_ENUM,
    CAT_OBJ_ENUM_LABEL,
    CAT_OBJ_DOMAIN,
    CAT_OBJ_RANGE,
    CAT_OBJ_OPER,
    CAT_OBJ_OPER_NAMES,
    CAT_OBJ_CAST,
    CAT_OBJ_CLASSES,
} CatObjKind;

/* CatObj - an immutable cached answer; payload NULL says that there is no such object. */
typedef struct CatObj {
    Arena arena;
    _Atomic uint32_t refs;
    const void *key;
    size_t key_len;
    const void *payload;
} CatObj;

struct CatPins {
    CatObj **objs;
    uint32_t count, capacity;
    Map own; /* look-ups of a transaction with DDL: key -> CatObj, all of them in objs */
};

struct Catalog {
    Engine *engine; /* NULL: memory */
    Arena arena;
    const CatRowStore *store;
    void *store_self;
    CatIndexComputeFn index_compute; /* NULL: nobody knows expressions */
    CatShape *shapes;                /* by relation OID */
    uint32_t shape_count;
    CatType *types; /* built-in, in the order of catalog_pg_type; likewise below */
    CatProc *procs;
    CatProc identity_nextval;
    CatOper *opers;
    CatCast *casts; /* by (source, target) */
    _Atomic uint64_t version;
    OsMutex mutex; /* guards what follows */
    Map cache;     /* key -> CatObj, one reference each */
    uint64_t cache_version;
};

/* cat_trees.c: catalog_verify for the stored rows of catalogs. */
Status cat_trees_verify(Cx *cx, Catalog *c, Buf *report, uint64_t *errors);
/* cat_trees_each - fn for each tree of the catalogs themselves, with whose it is. */
void cat_trees_each(Catalog *c, void (*fn)(void *arg, TreeId tree, Oid oid), void *arg);

/* cat_builtin.c */
Status cat_builtin_init(Cx *cx, Catalog *c);
const CatShape *cat_shape(const Catalog *c, Oid rel); /* NULL when no such catalog */
const CatType *cat_builtin_type(const Catalog *c, Oid oid);
const CatProc *cat_builtin_proc(const Catalog *c, Oid oid);
const CatOper *cat_builtin_oper(const Catalog *c, Oid oid);
const CatCast *cat_builtin_cast(const Catalog *c, Oid source, Oid target);
const PgClassRow *cat_builtin_class(Oid oid);
/* cat_lower_bound - first position of an index array whose text column is not less than name. */
uint32_t cat_type_name_lower(const char *name);
uint32_t cat_proc_name_lower(const char *name);
uint32_t cat_oper_name_lower(const char *name);
uint32_t cat_class_name_lower(const char *name);
/* cat_builtin_value - one column of one constant row as a Datum; text in the pool or in arena. */
void cat_builtin_value(const CatShape *shape, const void *row, uint16_t column, Arena *arena,
                       Datum *value_out, bool *null_out);

/* cat_text.c: the text forms of vectors and arrays */
uint32_t cat_text_ints(Arena *arena, const char *text, int64_t **values_out);

/* cat_cache.c */
typedef Status (*CatBuildFn)(Cx *cx, CatRead *read, CatObj *obj, Oid oid, const char *name);
/* cat_obj_get - the cached answer to (kind, oid, name), or what build makes of it; pinned to the
 * view. build leaves payload NULL when there is no such object. */
Status cat_obj_get(Cx *cx, CatView *v, CatObjKind kind, Oid oid, const char *name, CatBuildFn build,
                   const void **payload_out);
void cat_cache_release(Catalog *c);
/* cat_find_object - likewise, for look-ups that have no way to report: an error counts as "none"
 * until cat_view_judge. */
const void *cat_find_object(CatView *v, CatObjKind kind, Oid oid, const char *name,
                            CatBuildFn build);

/* CatClasses - the stored operator classes of a database, beside those that are built in. */
typedef struct CatClasses {
    const PgOpclassRow *classes; /* without names */
    const char *const *names;
    const PgAmopRow *opers;
    const PgAmprocRow *procs;
    uint32_t class_count, oper_count, proc_count;
} CatClasses;
/* cat_user_order.c. Never NULL. */
const CatClasses *cat_user_classes(CatView *v);

/* cat_user_type.c: the built-in type that handles values of a type. */
Oid cat_carrier(CatView *v, char kind, char category, Oid oid, Oid base, Oid element);

/* cat_load.c */
Status cat_load_table(Cx *cx, CatRead *read, CatObj *obj, Oid oid, const char *name);
Status cat_load_stats(Cx *cx, CatRead *read, CatObj *obj, Oid oid, const char *name);
/* cat_load_trigger.c */
/* cat_load_triggers - the triggers of a relation, internal ones included, in arena. */
Status cat_load_triggers(Cx *cx, CatRead *read, Arena *scratch, Arena *arena, CatTable *t);

/* cat_load_object.c */
Status cat_load_type(Cx *cx, CatRead *read, CatObj *obj, Oid oid, const char *name);
Status cat_load_proc(Cx *cx, CatRead *read, CatObj *obj, Oid oid, const char *name);

/* cat_storage.c */
Status cat_storage_open(void *self, Cx *cx, CatRead *read, Arena *arena, CatTable *t);

/* cat_open.c */
Status cat_create(Cx *cx, Engine *e, const CatRowStore *store, void *store_self,
                  Catalog **catalog_out);
/* cat_bootstrap - the first rows of a file; local_only: of a database of it. */
Status cat_bootstrap(Cx *cx, Catalog *c, CatView *v, bool local_only);

/* cat_rows.c */
bool cat_row_matches(const CatShape *shape, const CatRow *row, const CatKey *key);

/* cat_reg.c's rest: reg types of cat_reg_oper.c. text is the whole name, schema and name its parts.
 */
enum { CAT_REGOPER = 2203, CAT_REGOPERATOR = 2204, CAT_REGCOLLATION = 4191 };
Status cat_reg_find_more(Cx *cx, CatView *v, Arena *arena, Oid reg_type, Slice text,
                         const char *schema, const char *name, Oid *oid_out);
bool cat_reg_text_more(Cx *cx, CatView *v, Oid reg_type, Oid oid, Buf *buf);
/* cat_read_list - the matching rows, copied to arena. */
Status cat_read_list(Cx *cx, CatRead *read, Arena *arena, Oid rel, const CatKey *key,
                     const CatRow **rows_out, uint32_t *count_out);
/* cat_read_one - the only row that matches; NULL when none. */
Status cat_read_one(Cx *cx, CatRead *read, Arena *arena, Oid rel, const CatKey *key,
                    const CatRow **row_out);
/* cat_key_oid - the key "column = oid". */
static inline CatKey cat_key_oid(uint16_t column, Oid oid)
{
    CatKey k = {.count = 1, .columns = {column}};
    k.values[0].u32 = oid;
    return k;
}
/* cat_str - a NUL-terminated copy of a text value in arena; NULL for SQL NULL. */
char *cat_str(Arena *arena, const CatRow *row, uint16_t column);
/* cat_char - a "char" column: its byte, 0 for an empty or NULL one. */
char cat_char(const CatRow *row, uint16_t column);
/* cat_int - an integer or boolean column of any width; 0 for NULL. */
int64_t cat_int(const CatShape *shape, const CatRow *row, uint16_t column);
static inline Oid cat_oid(const CatRow *row, uint16_t column)
{
    return row->nulls[column] ? OID_INVALID : row->values[column].u32;
}

#endif

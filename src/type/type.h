#ifndef DASSIE_TYPE_H
#define DASSIE_TYPE_H
/*
 * type.h - catalog-free types: what the engine above knows of a type's values, functions and
 * aggregates.
 *
 * Three tables, each filled by one array per family file and looked up once, at bind or compile
 * time: TypeOps  by type OID      text and binary I/O, order, hash, memcmp keys FnOps    by
 * pg_proc.prosrc (or, for SQL-bodied rows, by OID) the vector kernel AggOps   by the aggregate's
 * pg_proc OID The tables are constant; any thread may call. Kernels keep no state but FnCall.state.
 */
#include "vec/vec.h"

typedef uint32_t Oid;
#define OID_INVALID 0u

/* OIDs of built-in types the code names; the rest are data. */
enum {
    TYPE_BOOL = 16,
    TYPE_BYTEA = 17,
    TYPE_CHAR = 18,
    TYPE_NAME = 19,
    TYPE_INT8 = 20,
    TYPE_INT2 = 21,
    TYPE_INT2VECTOR = 22,
    TYPE_INT4 = 23,
    TYPE_REGPROC = 24,
    TYPE_TEXT = 25,
    TYPE_OID = 26,
    TYPE_TID = 27,
    TYPE_XID = 28,
    TYPE_CID = 29,
    TYPE_OIDVECTOR = 30,
    TYPE_JSON = 114,
    TYPE_FLOAT4 = 700,
    TYPE_FLOAT8 = 701,
    TYPE_UNKNOWN = 705,
    TYPE_INET = 869,
    TYPE_BPCHAR = 1042,
    TYPE_VARCHAR = 1043,
    TYPE_DATE = 1082,
    TYPE_TIME = 1083,
    TYPE_TIMESTAMP = 1114,
    TYPE_TIMESTAMPTZ = 1184,
    TYPE_INTERVAL = 1186,
    TYPE_TIMETZ = 1266,
    TYPE_BIT = 1560,
    TYPE_VARBIT = 1562,
    TYPE_NUMERIC = 1700,
    TYPE_REFCURSOR = 1790,
    TYPE_REGPROCEDURE = 2202,
    TYPE_REGCLASS = 2205,
    TYPE_REGTYPE = 2206,
    TYPE_RECORD = 2249,
    TYPE_RECORD_ARRAY = 2287,
    TYPE_CSTRING = 2275,
    TYPE_ANY = 2276,
    TYPE_ANYARRAY = 2277,
    TYPE_VOID = 2278,
    TYPE_ANYELEMENT = 2283,
    TYPE_ANYNONARRAY = 2776,
    TYPE_UUID = 2950,
    TYPE_PG_LSN = 3220,
    TYPE_ANYENUM = 3500,
    TYPE_TSVECTOR = 3614,
    TYPE_TSQUERY = 3615,
    TYPE_REGCONFIG = 3734,
    TYPE_REGDICTIONARY = 3769,
    TYPE_JSONB = 3802,
    TYPE_ANYRANGE = 3831,
    TYPE_JSONPATH = 4072,
    TYPE_REGNAMESPACE = 4089,
    TYPE_REGROLE = 4096,
    TYPE_ANYMULTIRANGE = 4537,
    TYPE_ANYCOMPATIBLE = 5077,
    TYPE_ANYCOMPATIBLEARRAY = 5078,
    TYPE_ANYCOMPATIBLENONARRAY = 5079,
    TYPE_ANYCOMPATIBLERANGE = 5080,
    TYPE_ANYCOMPATIBLEMULTIRANGE = 4538,
    /* Carriers of arrays of users' enums, ranges and multiranges: no rows of pg_type. */
    CARRIER_ENUM_ARRAY = 9990,
    CARRIER_RANGE_ARRAY = 9991,
    CARRIER_MULTIRANGE_ARRAY = 9992,
    /* Of types of extensions: type_contrib_carrier. */
    CARRIER_CITEXT = 9993,
    CARRIER_CITEXT_ARRAY = 9994,
    CARRIER_HSTORE = 9995,
    CARRIER_HSTORE_ARRAY = 9996,
};

struct TimeZone;
struct Os;
struct FnManager;
typedef enum DateStyle {
    DATESTYLE_ISO,
    DATESTYLE_SQL,
    DATESTYLE_POSTGRES,
    DATESTYLE_GERMAN
} DateStyle;
typedef enum DateOrder { DATEORDER_YMD, DATEORDER_DMY, DATEORDER_MDY } DateOrder;
typedef enum IntervalStyle {
    INTERVALSTYLE_POSTGRES,
    INTERVALSTYLE_POSTGRES_VERBOSE,
    INTERVALSTYLE_SQL_STANDARD,
    INTERVALSTYLE_ISO_8601,
} IntervalStyle;

/*
 * Types of users. A value of one is handled by the TypeOps of its carrier, a built-in type: of an
 * enum anyenum, of a row record, of a range anyrange, of a domain what its base has, of an array
 * the array of its element's carrier. Values tell what comparing, hashing and writing them needs;
 * only reading them asks the catalog, through TypeEnv.types, about FnCall.result_type.
 */
typedef struct TypeFacts {
    Oid carrier, element, base, relation;
    char kind; /* typtype */
} TypeFacts;
struct RecordField;
/* TypeRange - what a range or multirange type is made of. */
typedef struct TypeRange {
    Oid range, multirange, subtype, carrier, collation; /* carrier: the subtype's */
    bool is_multirange;
    char canonical; /* how bounds are made canonical: 0 not at all, i int4, I int8, d date */
} TypeRange;
typedef struct TypeCatalog {
    bool (*facts)(void *session, Oid type, TypeFacts *out);
    /* enum_label - appends the label of an enum's value; false: there is none. */
    bool (*enum_label)(void *session, int64_t value, Buf *buf);
    /* enum_value - the value of a label; ST_NOTFOUND. Of regclass and its relatives: the OID of a
     * name. */
    Status (*enum_value)(Cx *cx, void *session, Oid type, Slice label, int64_t *out);
    /* enum_values - all values of an enum in its order. */
    Status (*enum_values)(Cx *cx, void *session, Arena *arena, Oid type, int64_t **out,
                          uint32_t *count_out);
    /* fields - those of a row type, dropped ones left out; ST_NOTFOUND: it is none. */
    Status (*fields)(Cx *cx, void *session, Arena *arena, Oid type, struct RecordField **out,
                     uint32_t *count_out);
    /* range - of a range or multirange type, users' or built in. */
    bool (*range)(void *session, Oid type, TypeRange *out);
    /* name - a type as messages call it. */
    void (*name)(void *session, Oid type, Buf *buf);
    /* check - does the value (of the base's carrier) fulfil the domain? */
    Status (*check)(Cx *cx, void *session, Oid domain, const Datum *value, bool is_null);
} TypeCatalog;
struct TsConfig;
struct TsDict;
/* TypeSearch - how text search functions come by what the catalog has of it: asked with the
 * TypeEnv's session; results live in the arena. */
typedef struct TypeSearch {
    Status (*config)(Cx *cx, void *session, Arena *arena, Oid config, struct TsConfig **out);
    Status (*dict)(Cx *cx, void *session, Arena *arena, Oid dict, struct TsDict **out);
    Status (*current)(Cx *cx, void *session, Oid *config_out); /* default_text_search_config */
} TypeSearch;

/* TypeEnv - the session's settings that I/O and functions depend on; constant during a statement.
 */
typedef struct TypeEnv {
    DateStyle date_style;
    DateOrder date_order;
    IntervalStyle interval_style;
    const struct TimeZone *timezone; /* session TimeZone */
    int extra_float_digits;
    bool bytea_escape;    /* bytea_output = escape */
    int64_t xact_time_us; /* now(): microseconds since 2000-01-01 UTC */
    int64_t statement_time_us;
    struct Os *os; /* zone files, random bytes; NULL: neither */
    /* How regclass and its relatives are written: appends the name of oid and returns true; NULL or
       false: as a number. */
    bool (*reg_out)(void *session, Oid reg_type, Oid oid, Buf *buf);
    const TypeCatalog *types; /* asked with session; NULL: no types of users */
    const TypeSearch *search; /* NULL: none */
    void *session;            /* for src/func kernels: declared and used there only */
    /* The session's functions of users (expr/call.h); NULL: there is no session. */
    struct FnManager *functions;
} TypeEnv;

/* FnRow - the columns a set function is asked for, where its row of pg_proc does not say. */
typedef struct FnRow {
    uint16_t count;
    const char *const *names;
    const Oid *types;
    const int32_t *typmods;
} FnRow;

/* FnCall - one call of a kernel, of an I/O function or an aggregate's step. */
typedef struct FnCall {
    Cx *cx;
    Arena *arena; /* result bytes: lives as long as the batch (aggregates: as the state) */
    const TypeEnv *env;
    void *state; /* kernel's own, zero at first, kept between batches of one execution; from
                    state_arena */
    Arena *state_arena;
    Oid fn_oid, result_type;
    const Oid *arg_types;  /* carriers */
    const Oid *real_types; /* of the arguments; NULL: not told */
    Oid collation;
    const FnRow *row; /* of a set function with a column definition list; else NULL */
    int32_t arg_typmod;
    uint32_t set_cols; /* of a set: how many columns its rows have here */
    bool arg_column;   /* the first argument is a column as it is, not something computed */
} FnCall;

/* ---- types ---- */
typedef struct TypeOps {
    Oid oid;
    const char *name;
    PhysType phys;
    /* Text input: PostgreSQL's <type>in; typmod -1 = none. Errors: 22P02 and friends with
     * PostgreSQL's texts. */
    Status (*in)(FnCall *call, Slice text, int32_t typmod, Datum *out);
    /* Text output appended to buf. */
    void (*out)(FnCall *call, const Datum *v, Buf *buf);
    /* Binary wire format. */
    Status (*recv)(FnCall *call, Slice bytes, int32_t typmod, Datum *out);
    void (*send)(FnCall *call, const Datum *v, Buf *buf);
    /* Default btree order; NULL when the type has none. */
    int (*cmp)(const Datum *a, const Datum *b);
    /* Equal values hash alike. */
    uint64_t (*hash)(const Datum *v);
    /* Append a key whose memcmp order is cmp's order and which no other key extends (prefix-free).
     */
    void (*key)(const Datum *v, Buf *buf);
    /* Decode what `key` wrote, advancing *in; false where a key does not hold the whole value (NULL
     * = never). */
    bool (*unkey)(Arena *arena, Slice *in, Datum *out);
} TypeOps;

/* type_ops - the operations of a built-in type, or NULL (not supported). Domains, enums:
 * src/catalog. */
const TypeOps *type_ops(Oid type);

/* type_fixed_element - the type of the parts of a type that is a fixed list of them (the numbers of
 * a point, the points of a box), for subscripts; 0 for another type. */
Oid type_fixed_element(Oid type);

/* call_type_facts - what the catalog says of a type of a user. */
static inline bool call_type_facts(const FnCall *call, Oid type, TypeFacts *out)
{
    const TypeEnv *env = call->env;
    return env != NULL && env->types != NULL && env->types->facts(env->session, type, out);
}
/* call_carrier - the built-in type that handles values of a type; the type itself when it is one,
 * or not known. */
Oid call_carrier(const FnCall *call, Oid type);
/* call_element - the element type of an array type, users' ones included; 0 for what is none. */
Oid call_element(const FnCall *call, Oid type);

/* type_domain_base - what a domain is over in the end; another type itself. type_check_domain - the
 * domain's constraints, of a value that was read for it. */
Oid type_domain_base(const FnCall *call, Oid type);
Status type_check_domain(const FnCall *call, Oid type, const Datum *value);

/* type_stored_end - where a value that begins at offset `at` of a row would end in PostgreSQL's
 * storage, uncompressed (numeric: in ours). */
size_t type_stored_end(Oid type, const Datum *v, size_t at);
/* type_value_bytes - likewise, of a value by itself; computed: one that was never in a row, whose
 * length PostgreSQL keeps in four bytes however short it is. */
size_t type_value_bytes(Oid type, const Datum *v, bool computed);

/* TypeSoundFn - are these n values, read from disk, ones that the type's functions can take? */
typedef bool (*TypeSoundFn)(const Str *values, uint32_t n);
/* type_sound - the test of a built-in type kept as a string; NULL: any bytes will do. */
TypeSoundFn type_sound(Oid type);

/* text_quote_ident - a name as SQL has to write it: in quotes where it needs them. */
void text_quote_ident(Slice s, Buf *buf);

/* utf8_verify - 22021 when the bytes are not valid UTF-8 or hold a zero byte. */
Status utf8_verify(Cx *cx, Slice s);

/* Typmod texts: the "(10,2)" after a type name in format_type; empty when typmod < 0. */
void type_typmod_out(Oid type, int32_t typmod, Buf *buf);
/* type_typmod_in - build a typmod from the constants of a type name, e.g. numeric(10,2); errors as
 * PostgreSQL's. ST_NOTFOUND: the type takes none. */
Status type_typmod_in(Cx *cx, Oid type, const int32_t *mods, uint32_t mod_count,
                      int32_t *typmod_out);

/*
 * Sort and index keys: one encoded column is a NULL marker byte, then the type's key bytes, all
 * inverted for DESC. nulls_first decides the marker's order. key_encode returns false when the type
 * has no order.
 */
bool key_encode(const TypeOps *type, const Datum *v, bool is_null, bool desc, bool nulls_first,
                Buf *buf);

/* KeyRangeFn - where among the keys of a type (not inverted) those of all values lie for which a
 * function of two such values is true with v: range i's first and last key, or what they begin
 * with, appended. False: there are no more. key_range_fn - that of a function (pg_proc OID); NULL:
 * they may be anywhere. */
typedef bool (*KeyRangeFn)(const Datum *v, uint32_t i, Buf *first, Buf *last);
KeyRangeFn key_range_fn(Oid proc);

/* ---- functions ---- */
typedef Status (*FnKernel)(FnCall *call, const Vector *const *args, uint32_t arg_count,
                           const Sel *sel, Vector *out);

enum {
    FN_STRICT = 1, /* kernel only ever sees rows whose arguments are all not NULL (filled from
                      pg_proc.proisstrict) */
    FN_TOTAL = 2,  /* cannot raise and touches no memory behind the values: may run on every lane,
                      selected or not */
};
/*
 * A kernel fills rows `sel` of `out` (FLAT, buffers ready). args are FLAT or CONST. For a strict
 * function the caller has removed rows with NULL arguments from sel and marks them NULL in out
 * itself; a kernel makes further NULLs by vec_set_null. When all args are CONST and the function is
 * not volatile, the caller evaluates once.
 */
typedef struct FnOps {
    const char *prosrc;
    FnKernel kernel;
    uint32_t flags; /* FN_TOTAL */
} FnOps;

/* fn_ops_by_prosrc - the kernel of a built-in function by pg_proc.prosrc; NULL = not there yet
 * (0A000 when called). */
const FnOps *fn_ops_by_prosrc(const char *prosrc);
/* fn_ops_by_oid - the kernel of a built-in function whose pg_proc row is written in SQL (prolang =
 * sql): its prosrc names nothing. Ask this first for such rows. */
const FnOps *fn_ops_by_oid(Oid fn_oid);

/* ---- functions that return sets ---- */
#define SET_COLUMNS_MAX 48
/*
 * A set function keeps what it needs in call->state, from call->state_arena, which also holds its
 * arguments; both live until the set is at its end. `next` gives one row, its bytes in call->arena
 * (or the state's); ST_DONE after the last. `begin` of a strict function (strict) is not called
 * with NULL arguments: such a set is empty.
 */
typedef struct SetOps {
    const char *prosrc;
    Status (*begin)(FnCall *call, const Datum *args, const bool *nulls, uint32_t arg_count);
    Status (*next)(FnCall *call, Datum *cols, bool *nulls);
} SetOps;
/* set_ops_by_prosrc - by pg_proc.prosrc; NULL = not there yet. */
const SetOps *set_ops_by_prosrc(const char *prosrc);

/* ---- aggregates ---- */
typedef struct AggOps {
    Oid fn_oid;           /* pg_proc OID of the aggregate, e.g. 2147 count("any") */
    const char *name;     /* for reading */
    uint32_t state_bytes; /* 16-byte aligned, zeroed, then init */
    bool ignores_nulls;   /* rows with a NULL argument are removed by the caller */
    void (*init)(void *state);
    /* Add the selected rows to one state (no GROUP BY). */
    Status (*update_one)(FnCall *call, const Vector *const *args, uint32_t arg_count,
                         const Sel *sel, void *state);
    /* Add each selected row to its own state: states[k] belongs to the k-th selected row. */
    Status (*update)(FnCall *call, const Vector *const *args, uint32_t arg_count, const Sel *sel,
                     void *const *states);
    /* into += from, states of the same aggregate. */
    Status (*combine)(FnCall *call, void *into, const void *from);
    /* Write the result to row `row` of out (vec_set_null for NULL). */
    Status (*final)(FnCall *call, const void *state, Vector *out, uint32_t row);
} AggOps;
const AggOps *agg_ops(Oid fn_oid);
/* agg_ops_of - likewise; an extension's aggregate, whose OID nobody knows, is found by its
 * transition function, as CatProc.prosrc names it. */
const AggOps *agg_ops_of(Oid fn_oid, const char *prosrc);
/* AggRemove - take the selected rows out of a state again. agg_remove - where that is exact (counts
 * and sums of integers), for moving frames; NULL = not so. */
typedef void (*AggRemove)(const Vector *const *args, const Sel *sel, void *state);
AggRemove agg_remove(Oid fn_oid);

/* ---- families: each family file exports its arrays; type.c joins them ---- */
typedef struct TypeFamily {
    const TypeOps *types;
    uint32_t type_count;
    const FnOps *fns;
    uint32_t fn_count;
    const AggOps *aggs;
    uint32_t agg_count;
    const SetOps *sets;
    uint32_t set_count;
} TypeFamily;

/* ---- extensions ---- */
/*
 * What src/contrib brings: families like those of src/type, whose names have the library in front
 * ("hstore:akeys"), and the types. The table is declared here and filled there.
 */
typedef struct ContribType {
    const char *order_proc; /* the comparing function of its default btree class */
    Oid carrier;
    TypeSoundFn sound; /* NULL: any bytes will do */
} ContribType;
extern const TypeFamily *const TYPE_CONTRIB_FAMILIES[];
extern const ContribType TYPE_CONTRIB_TYPES[];
/* ContribAgg - an aggregate, by its transition function, and the built-in one whose AggOps, which
 * go by the argument's carrier, do the same. */
typedef struct ContribAgg {
    const char *step;
    Oid like;
} ContribAgg;
extern const ContribAgg TYPE_CONTRIB_AGGS[];
extern const uint32_t TYPE_CONTRIB_FAMILY_COUNT, TYPE_CONTRIB_TYPE_COUNT, TYPE_CONTRIB_AGG_COUNT;
/* type_contrib_carrier - what handles values of an extension's type; 0: nothing does. */
Oid type_contrib_carrier(const char *order_proc);
TypeSoundFn type_contrib_sound(Oid carrier);

#endif

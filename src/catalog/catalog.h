#ifndef DASSIE_CATALOG_H
#define DASSIE_CATALOG_H
/*
 * catalog.h - what the SQL layers know of schemas, types, functions, operators, tables: look-ups
 * over built-in constant rows (OID < 16384) and versioned user rows, behind caches of immutable
 * objects.
 *
 * A Catalog belongs to one engine and is shared by all threads. A CatView is one session's way of
 * looking at it: its transaction (own uncommitted DDL is seen), database, search path. Look-ups see
 * the latest committed catalog plus own changes, not the statement's snapshot (PostgreSQL's rule):
 * after waiting for a table lock, look up again. Objects returned are immutable and stay valid
 * until cat_view_release_pins() (statement end) or, for plans, until the CatPins taken over by the
 * plan are released. Names are NUL-terminated UTF-8.
 */
#include "base/map.h"
#include "recovery/engine.h"

typedef struct Catalog Catalog;

/* OIDs of catalog relations the code names (others are data). */
enum {
    CAT_PG_TYPE = 1247,
    CAT_PG_ENUM = 3501,
    CAT_PG_RANGE = 3541,
    CAT_PG_ATTRIBUTE = 1249,
    CAT_PG_PROC = 1255,
    CAT_PG_CLASS = 1259,
    CAT_PG_AUTHID = 1260,
    CAT_PG_DATABASE = 1262,
    CAT_PG_CONSTRAINT = 2606,
    CAT_PG_ATTRDEF = 2604,
    CAT_PG_INDEX = 2610,
    CAT_PG_NAMESPACE = 2615,
    CAT_PG_OPERATOR = 2617,
    CAT_PG_CAST = 2605,
    CAT_PG_OPCLASS = 2616,
    CAT_PG_OPFAMILY = 2753,
    CAT_PG_AMOP = 2602,
    CAT_PG_AMPROC = 2603,
    CAT_PG_AGGREGATE = 2600,
    CAT_PG_SEQUENCE = 2224,
    CAT_PG_DEPEND = 2608,
    CAT_PG_DESCRIPTION = 2609,
    CAT_PG_STATISTIC = 2619,
    CAT_PG_TRIGGER = 2620,
    CAT_PG_SHDESCRIPTION = 2396,
    CAT_PG_DB_ROLE_SETTING = 2964,
    CAT_PG_TS_DICT = 3600,
    CAT_PG_TS_PARSER = 3601,
    CAT_PG_TS_CONFIG = 3602,
    CAT_PG_TS_CONFIG_MAP = 3603,
    CAT_PG_TS_TEMPLATE = 3764,
};
enum {
    NAMESPACE_PG_CATALOG = 11,
    NAMESPACE_PUBLIC = 2200,
    ROLE_BOOTSTRAP = 10,
    DATABASE_TEMPLATE1 = 1,
    DATABASE_TEMPLATE0 = 4,
    DATABASE_FIRST = 5,
    FIRST_USER_OID = 16384
};

typedef struct CatType {
    Oid oid, namespace_oid;
    const char *name;
    char kind;     /* typtype: b base, c composite, d domain, e enum, p pseudo, r range */
    char category; /* typcategory */
    bool preferred;
    int16_t len; /* typlen as PostgreSQL reports it */
    Oid element, array, base, relation, collation;
    int32_t typmod;          /* domains */
    bool not_null;           /* domains */
    const char *default_sql; /* domains: stored expression, NULL = none */
    Oid carrier;             /* built-in type that handles the values (TypeFacts) */
    PhysType phys;
    const TypeOps *ops; /* NULL: values of this type cannot be handled yet */
} CatType;

typedef struct CatProc {
    Oid oid, namespace_oid, language, result, variadic;
    const char *name;
    /* What finds the kernel: pg_proc.prosrc; of C functions (all of extensions) with the library
       before it, "hstore:hstore_in"; of their aggregates that of the transition function. */
    const char *prosrc;
    char kind;       /* f function, a aggregate, w window, p procedure */
    char volatility; /* i s v */
    bool strict, returns_set;
    uint16_t arg_count, default_count;
    const Oid *args; /* input argument types */
    const char
        *defaults; /* text of the default expressions, as pg_get_expr gives them; NULL = none */
    /* OUT/TABLE columns of set-returning and record functions; NULL when none. */
    uint16_t all_arg_count;
    const Oid *all_args;
    const char *arg_modes;        /* one of i o b v t each; NULL = all i */
    const char *const *arg_names; /* of all args; NULL = none */
    /* Of functions of users: */
    Oid owner;
    bool security_definer;
    const char *const *config; /* SET of the function: name=value each */
    uint16_t config_count;
    const char *sqlbody; /* of BEGIN ATOMIC or RETURN: bind_load_body; NULL = none */
} CatProc;
/* cat_proc_is_user - has it a body that src/func runs? The constructors of range types and what
 * extensions make have not. */
static inline bool cat_proc_is_user(const CatProc *p)
{
    enum { INTERNAL = 12, C = 13 };
    return p->oid >= FIRST_USER_OID && p->language != INTERNAL && p->language != C;
}

typedef struct CatOper {
    Oid oid, namespace_oid, left, right, result, proc, commutator, negator;
    const char *name;
    bool can_hash, can_merge;
} CatOper;

typedef struct CatCast {
    Oid source, target, proc; /* proc 0 for binary-coercible and I/O casts */
    char context;             /* i implicit, a assignment, e explicit */
    char method;              /* f function, b binary-coercible, i I/O */
} CatCast;

typedef struct CatColumn {
    const char *name;
    int16_t number;               /* attnum, 1-based */
    Oid type, carrier, collation; /* carrier: built-in type that handles the values */
    int32_t typmod;
    bool not_null, dropped;
    char identity;           /* 0, 'a' always, 'd' by default */
    char generated;          /* 0, 's' stored */
    char storage;            /* p plain, e external, m main, x extended */
    char compression;        /* of values out of line: 0 the default, 'l' lz4 (the same) */
    Oid default_oid;         /* pg_attrdef OID, 0 = none */
    const char *default_sql; /* stored expression (bind_load_expr), NULL = none */
    Oid identity_sequence;   /* of an identity column: its own sequence */
} CatColumn;

typedef struct CatIndex {
    Oid oid;
    const char *name;
    bool unique, primary, nulls_not_distinct, valid, deferrable;
    bool exclusion;                   /* of an exclusion constraint */
    uint16_t column_count, key_count; /* key_count excludes INCLUDE columns */
    const int16_t *columns;           /* attnum, 0 = expression */
    const uint8_t *options;           /* bit 0 DESC, bit 1 NULLS FIRST (pg_index.indoption) */
    const Oid *opclasses;
    const Oid *collations;                       /* pg_index.indcollation */
    const char *expressions_sql, *predicate_sql; /* NULL = none */
    TreeId tree;
    Oid constraint; /* the constraint it serves, 0 = none */
} CatIndex;

typedef struct CatConstraint {
    Oid oid;
    const char *name;
    char type; /* p u c f x */
    bool deferrable, deferred, validated;
    const Oid *operators; /* of x: of each key column (conexclop) */
    Oid index;            /* of p, u, x; of f: the referenced unique index */
    uint16_t column_count;
    const int16_t *columns; /* conkey */
    Oid foreign_table;      /* confrelid */
    const int16_t *foreign_columns;
    char on_update, on_delete, match; /* a r c n d; s f */
    uint16_t delete_set_count;        /* ON DELETE SET NULL (a, b): 0 = all columns */
    const int16_t *delete_set_columns;
    const char *check_sql; /* stored expression (bind_load_expr) */
} CatConstraint;

/* TRIGGER_* - bits of pg_trigger.tgtype. */
enum {
    TRIGGER_ROW = 1,
    TRIGGER_BEFORE = 2,
    TRIGGER_INSERT = 4,
    TRIGGER_DELETE = 8,
    TRIGGER_UPDATE = 16,
    TRIGGER_TRUNCATE = 32,
    TRIGGER_INSTEAD = 64,
    TRIGGER_EVENTS = TRIGGER_INSERT | TRIGGER_DELETE | TRIGGER_UPDATE | TRIGGER_TRUNCATE,
};

typedef struct CatTrigger {
    Oid oid, function;
    Oid constraint;       /* pg_constraint: of a constraint trigger, of internal ones the key */
    Oid constraint_table; /* FROM; of internal ones the key's other table */
    Oid constraint_index;
    const char *name;
    int16_t type; /* TRIGGER_* */
    char enabled; /* O origin, D disabled, R replica, A always */
    bool internal, deferrable, deferred;
    uint16_t column_count; /* UPDATE OF */
    const int16_t *columns;
    uint16_t arg_count;
    const char *const *args;
    const char *when_sql;              /* stored condition (bind_load_trigger_when); NULL = none */
    const char *old_table, *new_table; /* REFERENCING ... TABLE AS; NULL = none */
} CatTrigger;

typedef struct CatTable {
    Oid oid, namespace_oid, owner, type_oid;
    const char *name, *schema_name;
    char kind; /* relkind: r table, i index, S sequence, v view, m materialized view */
    char persistence;
    bool row_security, force_row_security;
    bool populated;        /* kind m: it has its rows */
    bool builtin;          /* a pg_catalog relation: scan with cat_scan_* */
    TreeId tree;           /* relfilenode */
    uint16_t column_count; /* dropped ones included */
    const CatColumn *columns;
    uint16_t index_count;
    const CatIndex *indexes;
    uint16_t constraint_count;
    const CatConstraint *constraints;
    uint16_t referenced_by_count; /* foreign keys of other tables that point here: {table,
                                     constraint} OIDs */
    const Oid *referenced_by_tables, *referenced_by_constraints;
    uint16_t trigger_count;
    const CatTrigger *triggers; /* by name, which is the order they fire in */
    const char *view_sql;       /* views, materialized ones too: stored query (bind_load_view) */
    const char *options;        /* reloptions' text, "{a=b,c=d}"; NULL = none */
    Oid index_table;            /* kind i: its table */
    SequenceDef sequence;       /* kind S */
    Oid sequence_type;
    const Table
        *storage; /* kind r, not builtin: what src/table works on (index order = indexes order) */
} CatTable;

typedef struct CatPins CatPins; /* references that keep cached objects alive */

typedef struct CatView {
    Catalog *catalog;
    Txn *txn; /* may be NULL outside a transaction: latest committed */
    Oid database, user;
    const char *user_name, *database_name;
    bool user_super, user_bypass_rls; /* of the user; kept by cat_user_refresh (acl.h) */
    bool row_security_off;            /* the setting row_security: refuse instead of filtering */
    const Oid *search_path;           /* schema OIDs, pg_catalog first unless named elsewhere */
    uint32_t search_path_count;
    Oid creation_namespace; /* first schema of the path that exists, 0 = none */
    Oid temp_namespace; /* the session's schema of temporary objects ("pg_temp"); 0 = not made */
    bool temp_in_path;  /* the path names it; else it comes first, unnamed */
    bool creation_temp; /* the path's first schema is pg_temp */
    bool temp_locked;   /* this transaction has locked a temporary table by name */
    CatPins *pins;
    bool has_own_ddl; /* this transaction changed catalogs: private look-ups, no shared plans */
    uint32_t own_ddl_count; /* changes not yet ended; kept by cat_changed */
    uint64_t version;       /* catalog version its look-ups saw */
    /* Values that the transaction under way added to enums. */
    Oid new_labels[64];
    uint32_t new_label_count;
    Err *lost; /* what a look-up that answers with a pointer met instead of an answer */
} CatView;

/* catalog_open - bootstrap a created file (database and role postgres, schema public), load caches.
 */
Status catalog_open(Cx *cx, Engine *e, Catalog **catalog_out);
/* catalog_open_memory - a catalog without a file: user rows live in memory, not transactional, one
 * thread. For tests of the layers above; CatTable.storage stays NULL. */
Status catalog_open_memory(Cx *cx, Catalog **catalog_out);
void catalog_close(Catalog *c);
Engine *catalog_engine(Catalog *c);
/* catalog_set_index_compute - how what an index computes from a row is made, in arena; names_out:
 * its expressions' texts, for messages. Given by a folder that knows expressions, before the first
 * table is looked up; without it, tables with such indexes cannot be opened. */
typedef Status (*CatIndexComputeFn)(Cx *cx, CatView *v, Arena *arena, const CatTable *t,
                                    const CatIndex *ix, const IndexCompute **out,
                                    const char *const **names_out);
void catalog_set_index_compute(Catalog *c, CatIndexComputeFn fn);
/* catalog_verify - every table, catalogs included, against each of its indexes, and all that the
 * catalogs say of trees, columns and sequences against what is in the file. Findings are appended
 * to report. lost_out: trees that belong to nobody, as a crash may leave them; with reclaim, and
 * when nothing was found, they are dropped. NULL: transactions are under way, whose trees look so.
 */
Status catalog_verify(Cx *cx, Catalog *c, Buf *report, uint64_t *errors, bool reclaim,
                      uint64_t *lost_out);
/* catalog_stored_table - the i-th catalog's stored rows: NULL when it has none (yet). false: there
 * are not so many catalogs. They are never dropped. */
bool catalog_stored_table(Catalog *c, uint32_t i, const Table **table_out);
/* catalog_set_password - store a role's SCRAM verifier in a transaction of its own (bootstrap). */
Status catalog_set_password(Cx *cx, Catalog *c, Arena *arena, const char *role,
                            const char *verifier);
/* catalog_version - grows by each committed change of any catalog; a plan made under another
 * version is rebuilt. */
uint64_t catalog_version(Catalog *c);

void cat_view_init(CatView *v, Catalog *c);
/* cat_view_release_pins - objects looked up so far may go (statement end). */
void cat_view_release_pins(CatView *v);
/* cat_view_judge - the outcome of work with the view: NULL from a look-up means "there is none",
 * but when one could not be read, that is the error of the work, whatever became of it. */
Status cat_view_judge_slow(Cx *cx, CatView *v);
static inline Status cat_view_judge(Cx *cx, CatView *v, Status st)
{
    return LIKELY(v->lost == NULL) ? st : cat_view_judge_slow(cx, v);
}
/* cat_pins_take - the plan keeps the view's current pins; cat_pins_release when the plan goes. */
CatPins *cat_pins_take(CatView *v);
void cat_pins_release(CatPins *p);
/* cat_set_search_path - resolve names ("$user" included) to OIDs. `room` has count + 2 places and
 * lives as long as the view points to it; it may be the path in use, which an error leaves as it
 * is. */
Status cat_set_search_path(Cx *cx, CatView *v, Oid *room, const char *const *names, uint32_t count);

/* ---- look-ups; ST_NOTFOUND when there is none (no error set) ---- */
/* cat_namespace - "pg_temp" is the view's own schema of temporary objects. */
Status cat_namespace(Cx *cx, CatView *v, const char *name, Oid *oid_out);
/* cat_is_temp_name - the name of some session's schema of temporary objects (pg_temp_N)? */
bool cat_is_temp_name(const char *schema);
/* cat_other_temp - a temporary object of another session. */
bool cat_other_temp(const CatView *v, const CatTable *t);
const char *cat_namespace_name(CatView *v, Oid oid); /* NULL when none */
Status cat_table_by_name(Cx *cx, CatView *v, const char *schema, const char *name,
                         const CatTable **out);
Status cat_table_by_oid(Cx *cx, CatView *v, Oid oid, const CatTable **out);
/* cat_table_visible - is the relation what its bare name means? Reads no more than its name. */
Status cat_table_visible(Cx *cx, CatView *v, Oid oid, bool *visible_out);
/* cat_table_lock - look up, take the table lock, look up again until stable. */
Status cat_table_lock(Cx *cx, CatView *v, const char *schema, const char *name, TableLockMode mode,
                      const CatTable **out);
const CatType *cat_type(CatView *v, Oid oid); /* NULL when none */
Status cat_type_by_name(Cx *cx, CatView *v, const char *schema, const char *name,
                        const CatType **out);
const CatProc *cat_proc(CatView *v, Oid oid);
/* cat_identity_nextval - nextval as identity columns call it, which asks for no privilege. */
const CatProc *cat_identity_nextval(CatView *v);
/* cat_builtin_body - the text of a built-in function that is written in SQL; NULL for others. */
const char *cat_builtin_body(Oid proc);
const CatOper *cat_oper(CatView *v, Oid oid);
/* All functions (operators) of the name visible under the path (or in the schema); an array in the
   view's arena, nearer schemas first. */
Status cat_procs_by_name(Cx *cx, CatView *v, const char *schema, const char *name,
                         const CatProc *const **list_out, uint32_t *count_out);
Status cat_opers_by_name(Cx *cx, CatView *v, const char *schema, const char *name,
                         const CatOper *const **list_out, uint32_t *count_out);
const CatCast *cat_cast(CatView *v, Oid source, Oid target); /* NULL when none */
/* cat_role_by_name - a role's OID. */
Status cat_role_by_name(Cx *cx, CatView *v, const char *name, Oid *oid_out);
/* cat_btree_opers - the < = > operators' procs of a type's default btree family; false when it has
 * none. */
bool cat_default_order(CatView *v, Oid type, Oid *lt_oper_out, Oid *eq_oper_out, Oid *gt_oper_out);
/* cat_collation_find - a collation by name; schema NULL: any. 0 = none. cat_collation_name - and
 * back, NULL = none. cat_collation_is_bytewise - does it order by the bytes, as the database does?
 * True of 0. */
#define COLLATION_DEFAULT 100
#define COLLATION_POSIX   951
Oid cat_collation_find(const char *schema, const char *name);
const char *cat_collation_name(Oid oid);
bool cat_collation_is_bytewise(Oid oid);
/* cat_default_opclass - OID of that default btree operator class (pg_index.indclass); 0 = none. */
Oid cat_default_opclass(CatView *v, Oid type);
/* cat_method_opclass - the default operator class of another access method (pg_am OID). */
Oid cat_method_opclass(CatView *v, Oid method, Oid type);
/* cat_opclass_input, _method, _family - of an operator class its opcintype, access method, operator
 * family; cat_opclass_proc - its support function of a number; 0 = none. */
Oid cat_opclass_input(CatView *v, Oid opclass);
Oid cat_opclass_method(CatView *v, Oid opclass);
Oid cat_opclass_family(CatView *v, Oid opclass);
Oid cat_opclass_proc(CatView *v, Oid opclass, int16_t number);
/* cat_opclass_name - its opcname, in arena; NULL: there is none. */
const char *cat_opclass_name(CatView *v, Arena *arena, Oid opclass);
/* cat_opclass_by_name - in the schema, or (0) the first on the search path; 0 = none. */
Oid cat_opclass_by_name(CatView *v, Oid method, Oid schema, const char *name);
/* cat_user_order_proc - the comparing function of a stored default btree class of just this type;
 * 0 = there is none. */
Oid cat_user_order_proc(CatView *v, Oid type);
/* cat_family_strategy - an operator's strategy in a family; 0 = it is none of it. */
int cat_family_strategy(CatView *v, Oid family, Oid oper);
/* cat_access_method - an index access method by name; 0 = none. cat_access_method_name - and back.
 */
Oid cat_access_method(const char *name);
const char *cat_access_method_name(Oid method);
/* cat_opclass_key_type - what the class keeps of a value in the index; of arrays' elements theirs;
 * 0: the value's own type. */
Oid cat_opclass_key_type(CatView *v, Oid opclass, Oid type);
/* cat_opclass_strategy - an operator's strategy in the class's family; 0 = it is none of it. */
int cat_opclass_strategy(CatView *v, Oid opclass, Oid oper);
/* cat_oper_strategy - btree strategy of an operator in the default family of (left, right): 1 < 2
 * <= 3 = 4 >= 5 >, 0 none. */
int cat_oper_strategy(CatView *v, Oid oper);

/* ---- types of users ---- */
/* cat_domain_base - what a domain is over in the end; another type itself. */
Oid cat_domain_base(CatView *v, Oid type);
typedef struct CatEnumLabel {
    Oid oid;
    float order;
    const char *label;
    int64_t value;
} CatEnumLabel;
typedef struct CatEnum {
    const CatEnumLabel *labels; /* in order */
    uint32_t count;
} CatEnum;
Status cat_enum(Cx *cx, CatView *v, Oid type, const CatEnum **out);
/* cat_enum_value - the value that stands for a row of pg_enum. */
int64_t cat_enum_value(Oid label, float order);
/* cat_enum_label - the text of a value; NULL: there is no such label. */
const char *cat_enum_label(Cx *cx, CatView *v, int64_t value);
/* cat_enum_added - ALTER TYPE of this transaction added the label. cat_enum_usable - 55P04 for such
 * a label. */
Status cat_enum_added(Cx *cx, CatView *v, Oid label);
Status cat_enum_usable(Cx *cx, CatView *v, Oid type, const CatEnumLabel *label);
typedef struct CatDomainCheck {
    Oid oid;
    const char *name, *sql; /* sql: stored expression, the value is EXPR_ELEMENT */
} CatDomainCheck;
typedef struct CatDomain {
    bool not_null;
    const CatDomainCheck *checks; /* of all levels, the innermost domain's first */
    uint32_t check_count;
} CatDomain;
Status cat_domain(Cx *cx, CatView *v, Oid type, const CatDomain **out);
/* cat_range - of a range or multirange type; false for another. */
bool cat_range(Cx *cx, CatView *v, Oid type, TypeRange *out);

/* format_type - PostgreSQL's name of a type with its typmod ("character varying(10)"), appended.
   typmod -1 is what pg_attribute has for none; CAT_TYPMOD_NONE is format_type(oid, NULL) and
   regtype's text, which differ for char: "bpchar" and "character". */
#define CAT_TYPMOD_NONE (-2)
void cat_format_type(CatView *v, Oid type, int32_t typmod, Buf *buf);

/* ---- regclass and its relatives ---- */
/* cat_reg_find - the OID a text means as a value of a reg type: number, "-", or a possibly
   qualified and quoted name. 42P01, 42704, 3F000, 42883; 0A000 for a reg type not handled. */
Status cat_reg_find(Cx *cx, CatView *v, Arena *arena, Oid reg_type, Slice text, Oid *oid_out);
/* cat_reg_text - append the name as PostgreSQL shows it: quoted where needed, qualified when not
   found by the search path. false: no such object. */
bool cat_reg_text(CatView *v, Oid reg_type, Oid oid, Buf *buf);
/* cat_put_signature - name(argument types), as regprocedure shows a function: qualified when the
 * search path does not find it. */
void cat_put_signature(Cx *cx, CatView *v, const CatProc *p, Buf *buf);
/* cat_put_qualified - schema (when qualify) and name, each quoted where SQL needs it. */
void cat_put_qualified(const char *schema, const char *name, bool qualify, Buf *buf);

/* ---- text search (cat_tsearch.c) ---- */
struct TsConfig;
struct TsDict;
/* cat_ts_find - an object of pg_ts_config, pg_ts_dict, pg_ts_parser or pg_ts_template by name
 * (schema NULL: by the search path). ST_NOTFOUND; 3F000. cat_ts_name - and back; cat_ts_text - as
 * regconfig shows it. */
Status cat_ts_find(Cx *cx, CatView *v, Oid rel, const char *schema, const char *name, Oid *oid_out);
Status cat_ts_name(Cx *cx, CatView *v, Arena *arena, Oid rel, Oid oid, const char **name_out,
                   Oid *namespace_out);
bool cat_ts_text(Cx *cx, CatView *v, Oid rel, Oid oid, Buf *buf);
/* cat_ts_config, cat_ts_dict - made ready for use in the arena; without a view only built-in ones
 * are there. cat_ts_dict_make - one that is not in the catalog yet. */
Status cat_ts_config(Cx *cx, CatView *v, Arena *arena, Oid config, struct TsConfig **out);
Status cat_ts_dict(Cx *cx, CatView *v, Arena *arena, Oid dict, struct TsDict **out);
Status cat_ts_dict_make(Cx *cx, CatView *v, Arena *arena, Oid template, Slice options,
                        struct TsDict **out);

/* ---- rows of catalogs: writing (src/ddl) and scanning (SELECT) ---- */
/*
 * Values are in attnum order of the catalog relation, all columns (positions: the enums of
 * catalog_data.h, e.g. PG_CLASS_RELNAME). The row's OID column is the caller's. Physical types are
 * cat_column_phys() of the column's type: vectors, arrays and node trees are PHYS_STR with their
 * text ("1 2" for int2vector and oidvector, "{1,2}" for arrays, SQL text for pg_node_tree).
 * A name that exists already gives 23505 with PostgreSQL's index name.
 */
PhysType cat_column_phys(Oid type);
Status cat_row_insert(Cx *cx, CatView *v, Oid catalog_rel, const Datum *values, const bool *nulls);
/* cat_row_update / cat_row_delete - the row whose key columns (oid, or attrelid+attnum, or the
   whole key of the catalog's primary index) equal those in values; deleting by a prefix of the key
   deletes all such rows. pg_depend, which has no key, is deleted by a prefix of its columns.
   ST_NOTFOUND when none. Updating a built-in row stores a row that hides it. */
Status cat_row_update(Cx *cx, CatView *v, Oid catalog_rel, const Datum *values, const bool *nulls);
Status cat_row_delete(Cx *cx, CatView *v, Oid catalog_rel, const Datum *key_values,
                      uint32_t key_count);
/* cat_row_get - the stored or built-in row with this key, all columns, in arena. ST_NOTFOUND. */
Status cat_row_get(Cx *cx, CatView *v, Arena *arena, Oid catalog_rel, const Datum *key_values,
                   uint32_t key_count, const Datum **values_out, const bool **nulls_out);
/* cat_rows_each - fn for every stored (not built-in) row whose columns[i] (positions) equal
   values[i]; e.g. what depends on an object. Rows are valid during the call. */
typedef struct CatRow {
    const Datum *values; /* attnum order */
    const bool *nulls;
    RowId rowid;
} CatRow;
typedef Status (*CatRowFn)(void *arg, Cx *cx, const CatRow *row);
Status cat_rows_each(Cx *cx, CatView *v, Oid catalog_rel, const uint16_t *columns,
                     const Datum *values, uint32_t count, CatRowFn fn, void *arg);
/* cat_changed - after the rows of an object were changed in this transaction: caches of this view
   are dropped now, those of others at commit. */
void cat_changed(CatView *v);
/* cat_changed_elsewhere - a transaction that no view of a session had changed catalogs and has
 * ended: the caches of all views are dropped if it committed. */
void cat_changed_elsewhere(void *catalog, bool committed);

/* CatDatabaseCopy - the rows of one database as rows of another that has none yet. tree_of: the
 * tree that a relation of the copy has, 0 = none. */
typedef struct CatDatabaseCopy {
    Oid from, to;
    TreeId (*tree_of)(void *arg, Oid relation);
    void *arg;
} CatDatabaseCopy;
/* cat_database_copy - the rows of all catalogs that each database has for itself. Requires that
 * nobody changes them meanwhile. cat_database_remove - delete them. */
Status cat_database_copy(Cx *cx, CatView *v, const CatDatabaseCopy *copy);
Status cat_database_remove(Cx *cx, CatView *v, Oid database);

/* cat_text_array - the elements of an array column's text ({a,"b c",NULL}); text NULL has none. */
uint32_t cat_text_array(Arena *arena, const char *text, const char *const **values_out);

/* CatScan - the rows of a pg_catalog relation as batches, built-in and user rows united, or the one
 * row of a sequence; columns are 0-based. */
typedef struct CatScan CatScan;
Status cat_scan_open(Cx *cx, CatView *v, Arena *arena, Oid catalog_rel, const uint16_t *columns,
                     uint16_t column_count, CatScan **scan_out);
/* cat_scan_open_key - only rows whose key columns (0-based, of a pg_catalog relation) equal these
 * values, which have the columns' physical types; found by an index where there is one. */
#define CAT_SCAN_KEYS_MAX 4
Status cat_scan_open_key(Cx *cx, CatView *v, Arena *arena, Oid catalog_rel, const uint16_t *columns,
                         uint16_t column_count, const uint16_t *key_columns,
                         const Datum *key_values, uint16_t key_count, CatScan **scan_out);
Status cat_scan_next(Cx *cx, CatScan *scan, uint32_t max_rows, Batch *out);
void cat_scan_end(CatScan *scan);

/* Statistics gathered by ANALYZE, for the planner; NULL when never analyzed. */
typedef struct CatColumnStats {
    bool known;                     /* the column has statistics */
    double null_fraction, distinct; /* distinct < 0: a fraction of the rows */
    uint32_t avg_width;
    double correlation;
    const TypeOps *ops;    /* of the values below */
    uint32_t common_count; /* most common values, the most frequent first */
    const Datum *common;
    const double *frequencies; /* of all rows */
    double common_total;
    uint32_t bound_count; /* of a histogram over the other values: 0, or 2 and more */
    const Datum *bounds;
} CatColumnStats;
typedef struct CatTableStats {
    double rows, pages;
    uint16_t column_count;
    const CatColumnStats *columns;
} CatTableStats;
const CatTableStats *cat_table_stats(CatView *v, Oid table);
/* cat_stats_env - how the values of pg_statistic are written and read, whatever the session. */
const TypeEnv *cat_stats_env(void);

#endif

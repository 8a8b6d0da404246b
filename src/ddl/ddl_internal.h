#ifndef DASSIE_DDL_INTERNAL_H
#define DASSIE_DDL_INTERNAL_H
/*
 * ddl_internal.h - what the files of src/ddl share: rows of catalogs under construction, names,
 * dependencies, and the statements by kind of object.
 *
 * One thread, that of the session's statement.
 */
#include <pg_query/pg_query.pb-c.h>

#include "catalog/catalog_data.h"
#include "ddl/ddl.h"

#define DDL_ROW_COLUMNS_MAX 40
#define DDL_NAME_BYTES_MAX  63
#define DDL_ACCESS_BTREE    403
#define DDL_ACCESS_HEAP     2
#define DDL_ACCESS_GIN      2742
#define DDL_PG_REWRITE      2618
#define DDL_REGOPERATOR     2204 /* a type */
#define DDL_PG_TS_DICT      3600
#define DDL_PG_TS_TEMPLATE  3764

/* ---- row.c: catalog rows ---- */
typedef struct DdlRow {
    Oid rel;
    Datum values[DDL_ROW_COLUMNS_MAX];
    bool nulls[DDL_ROW_COLUMNS_MAX];
} DdlRow;
void ddl_row_init(DdlRow *r, Oid rel);
void ddl_set_oid(DdlRow *r, int column, Oid v);
void ddl_set_i16(DdlRow *r, int column, int16_t v);
void ddl_set_i32(DdlRow *r, int column, int32_t v);
void ddl_set_i64(DdlRow *r, int column, int64_t v);
void ddl_set_f32(DdlRow *r, int column, float v);
void ddl_set_bool(DdlRow *r, int column, bool v);
void ddl_set_char(DdlRow *r, int column, char v);
/* ddl_set_text - text NULL sets NULL. The text must outlive the row. */
void ddl_set_text(DdlRow *r, int column, const char *text);
Status ddl_row_insert(Cx *cx, DdlCx *d, const DdlRow *r);
/* ddl_row_load - the stored row with this OID (first key column), to be changed and stored again.
 */
Status ddl_row_load(Cx *cx, DdlCx *d, Oid rel, const Datum *key, uint32_t key_count, DdlRow *r);
Status ddl_row_store(Cx *cx, DdlCx *d, const DdlRow *r);
/* ddl_row_remove - rows with this key; none is fine. */
Status ddl_row_remove(Cx *cx, DdlCx *d, Oid rel, const Datum *key, uint32_t key_count);

/* DdlObject - what pg_depend names. */
typedef struct DdlObject {
    Oid class_oid, oid;
    int32_t sub;
} DdlObject;
Status ddl_depend(Cx *cx, DdlCx *d, DdlObject object, DdlObject on, char type);

/* ddl_depend_on_expr, ddl_depend_on_query - normal dependencies on all that a bound tree names, the
 * columns of a table expression aside. */
Status ddl_depend_on_expr(Cx *cx, DdlCx *d, DdlObject self, const Expr *e);
Status ddl_depend_on_query(Cx *cx, DdlCx *d, DdlObject self, const Query *q);

/* DdlRowList - copies of catalog rows that match. */
typedef struct DdlRowList {
    DdlCx *d;
    Oid rel;
    uint16_t column_count;
    bool is_text[DDL_ROW_COLUMNS_MAX];
    DdlRow *rows;
    uint32_t count, size;
} DdlRowList;
/* ddl_rows - all stored rows of rel whose columns equal the values. */
Status ddl_rows(Cx *cx, DdlCx *d, Oid rel, const uint16_t *columns, const Datum *values,
                uint32_t count, DdlRowList *list_out);
/* ddl_row_text - a text value of a row, in the statement's arena; NULL for NULL. */
const char *ddl_row_text(DdlCx *d, const DdlRow *r, int column);

/* ---- name.c ---- */
Status ddl_new_oid(Cx *cx, DdlCx *d, Oid *oid_out);
/* ddl_error_at - give the error just raised the position of a byte offset of the statement. */
Status ddl_error_at(Cx *cx, DdlCx *d, Status st, int32_t location);
/* ---- temporary.c ---- */
/* ddl_creation_place - where a relation of this name is made, and whether it is temporary ('t'),
 * unlogged or permanent. 3F000, 42501, 42P16. */
Status ddl_creation_place(Cx *cx, DdlCx *d, const PgQuery__RangeVar *rv, bool with_position,
                          Oid *oid_out, char *persistence_out);
/* ddl_uses_temp - does the query read a temporary relation? */
Status ddl_uses_temp(Cx *cx, DdlCx *d, const Query *q, bool *found_out);
/* ddl_creation_namespace - the place alone. */
Status ddl_creation_namespace(Cx *cx, DdlCx *d, const PgQuery__RangeVar *rv, bool with_position,
                              Oid *oid_out);
/* ddl_choose_relation_name - name1[_name2]_label, numbered until no relation has it. */
Status ddl_choose_relation_name(Cx *cx, DdlCx *d, Oid namespace_oid, const char *name1,
                                const char *name2, const char *label, char **name_out);
Status ddl_choose_constraint_name(Cx *cx, DdlCx *d, Oid namespace_oid, const char *name1,
                                  const char *name2, const char *label, char **name_out);
/* ddl_relation_exists - is the name taken by a relation of the schema? */
Status ddl_relation_exists(Cx *cx, DdlCx *d, Oid namespace_oid, const char *name, bool *exists_out);
/* ddl_lock - look up and lock; 42P01 "relation ... does not exist" unless missing_ok (then *out
 * NULL). */
Status ddl_lock(Cx *cx, DdlCx *d, const PgQuery__RangeVar *rv, TableLockMode mode, bool missing_ok,
                const CatTable **out);
/* ddl_not_in_use - 55006 when open cursors or checks put off in this session need the table as it
 * is; action is what the statement is called. */
Status ddl_not_in_use(Cx *cx, const DdlCx *d, const CatTable *t, const char *action);
/* ddl_require_table - 42809 unless it is a table of a user; 42501 for a catalog. */
Status ddl_require_table(Cx *cx, const CatTable *t);
Status ddl_reload(Cx *cx, DdlCx *d, Oid oid, const CatTable **out);
const CatColumn *ddl_column(const CatTable *t, const char *name);
/* ddl_relation_text - the name as an object description shows it: qualified when not on the path.
 */
const char *ddl_relation_text(Cx *cx, DdlCx *d, const CatTable *t);
const char *ddl_quote_name(Arena *a, const char *name);
const char *ddl_string(const PgQuery__Node *n);
/* ddl_notice_detail - a NOTICE with a detail. */
void ddl_notice_detail(Cx *cx, const char *detail, const char *message);

/* ---- relation.c: rows of pg_class and pg_attribute ---- */
typedef struct NewRelation {
    Oid oid, namespace_oid;
    const char *name;
    char kind, persistence;
    TreeId tree;
    uint16_t column_count;
    bool has_index;
    uint16_t check_count;
    Oid type_oid;        /* row type of a table or view */
    const char *options; /* reloptions' text, NULL = none */
    Oid method;          /* kind i: the access method */
    Oid owner;           /* 0: the user */
} NewRelation;
Status ddl_insert_class(Cx *cx, DdlCx *d, const NewRelation *r);
typedef struct NewColumn {
    const char *name;
    int16_t number;
    const CatType *type;
    int32_t typmod;
    Oid collation;
    bool not_null, null_given;
    char identity;
    char generated;              /* 's': default_node is what it is generated from */
    char storage, compression;   /* storage 0: the type's; compression 0: the default */
    PgQuery__Node *default_node; /* raw DEFAULT, or NULL */
    const Expr *default_expr;    /* bound; NULL = none */
    Oid sequence;                /* owned by the column: serial, identity; 0 = none */
    bool of_index;               /* a column of an index */
    int32_t location;
} NewColumn;
Status ddl_insert_attribute(Cx *cx, DdlCx *d, Oid rel, const NewColumn *c);
/* ddl_insert_row_type - the relation's row type and its array type. */
Status ddl_insert_row_type(Cx *cx, DdlCx *d, const NewRelation *r);
/* ddl_update_class - set one column of the relation's pg_class row. */
Status ddl_update_class_tree(Cx *cx, DdlCx *d, Oid rel, TreeId tree);
Status ddl_update_class_flag(Cx *cx, DdlCx *d, Oid rel, int column, bool value);
Status ddl_update_class_i16(Cx *cx, DdlCx *d, Oid rel, int column, int16_t value);
Status ddl_update_class_text(Cx *cx, DdlCx *d, Oid rel, int column, const char *value);

/* ---- column.c: column definitions ---- */
/* ddl_column_define - one ColumnDef: type, NOT NULL, default, serial, identity. Constraints other
   than those are appended to list by the caller's sink. table_name for names and texts. */
typedef struct ColumnSink {
    void (*constraint)(void *arg, PgQuery__Constraint *con, const char *column);
    void *arg;
    char persistence; /* of the table: that of its sequences; 0 = permanent */
} ColumnSink;
/* ddl_check_column_name - 42701 for the names of system columns. */
Status ddl_check_column_name(Cx *cx, const char *name);
Status ddl_column_define(Cx *cx, DdlCx *d, const PgQuery__ColumnDef *def, const char *table_name,
                         Oid namespace_oid, const ColumnSink *sink, NewColumn *out);
/* ddl_collation - the COLLATE of a column or domain of this type; clause NULL: the type's own. */
Status ddl_collation(Cx *cx, DdlCx *d, const PgQuery__CollateClause *clause, const CatType *type,
                     Oid *out);
/* ddl_column_default - check the raw default and store it; also ties an owned sequence to the
 * column. */
Status ddl_column_finish(Cx *cx, DdlCx *d, const CatTable *t, NewColumn *c);
/* ddl_bind_default - the raw default as the column's type. */
Status ddl_bind_default(Cx *cx, DdlCx *d, const NewColumn *c, Expr **out);
/* ddl_store_default - generated: the expression is a part of its column, which goes with the
 * columns it reads. */
Status ddl_store_default(Cx *cx, DdlCx *d, Oid table, int16_t attnum, const Expr *e,
                         bool generated);
/* ddl_drop_expression - ALTER COLUMN ... DROP EXPRESSION. */
Status ddl_drop_expression(Cx *cx, DdlCx *d, Oid oid, const PgQuery__AlterTableCmd *cmd);
/* ddl_expr_is_mutable - does it call anything whose result is not fixed by its arguments? */
bool ddl_expr_is_mutable(const Expr *e);

/* ---- constraint.c ---- */
typedef struct NewConstraint {
    PgQuery__Constraint *node;
    const char *column; /* of a column constraint; NULL = table constraint */
} NewConstraint;
/* ddl_add_constraint - p, u, c, f of one table. check_rows: the table may hold rows. */
Status ddl_add_constraint(Cx *cx, DdlCx *d, Oid table, const NewConstraint *c, bool check_rows);
/* DdlRowSink - who takes the rows of a statement run here; ST_DONE ends it early. */
typedef struct DdlRowSink {
    Status (*batch)(void *arg, Cx *cx, const Batch *batch);
    void *arg;
} DdlRowSink;
/* ddl_run - one statement to its end. sink may be NULL. */
Status ddl_run(Cx *cx, DdlCx *d, const char *sql, DdlRowSink *sink);
/* ddl_run_maintaining - it may change a materialized view. */
Status ddl_run_maintaining(Cx *cx, DdlCx *d, const char *sql, DdlRowSink *sink);
/* ddl_run_plan - a plan made before, at a snapshot of now. ddl_exec_env - what it runs in. */
Status ddl_run_plan(Cx *cx, DdlCx *d, Plan *plan, DdlRowSink *sink);
ExecEnv ddl_exec_env(DdlCx *d);
/* ddl_check_rows_hold - 23514 when some row makes the check (as text) false. */
Status ddl_check_rows_hold(Cx *cx, DdlCx *d, const CatTable *t, const char *name, const char *text);
/* ddl_qualified, ddl_sql_name - names as our own statements write them, always quoted. */
const char *ddl_qualified(DdlCx *d, const CatTable *t);
const char *ddl_sql_name(Arena *a, const char *name);
/* ddl_insert_constraint - the row of pg_constraint. */
typedef struct ConstraintRow {
    Oid oid, index, foreign_table;
    const char *name;
    const Expr *check; /* bound, of type 'c' */
    char type, on_update, on_delete, match;
    uint16_t column_count, foreign_count, delete_set_count;
    const int16_t *columns, *foreign_columns, *delete_set_columns;
    const uint32_t *operators; /* of foreign keys, foreign_count; of exclusion constraints, one for
                                  each column */
    bool validated, no_inherit, deferrable, deferred;
} ConstraintRow;
/* ddl_oid_array - "{1,2}": the text of an array column. */
const char *ddl_oid_array(Arena *a, const uint32_t *v, uint16_t n);
Status ddl_insert_constraint(Cx *cx, DdlCx *d, const CatTable *t, const ConstraintRow *c);
/* ddl_constraint_named - the table's constraint of this name, NULL when there is none. */
const CatConstraint *ddl_constraint_named(const CatTable *t, const char *name);
/* ddl_set_not_null - the column's flag, after looking for NULLs when check_rows. */
Status ddl_set_not_null(Cx *cx, DdlCx *d, const CatTable *t, int16_t attnum, bool check_rows);
Status ddl_load_attribute(Cx *cx, DdlCx *d, Oid table, int16_t attnum, DdlRow *r);
/* ddl_query_finds_row - does the SELECT give a row? Used to check existing rows. */
Status ddl_query_finds_row(Cx *cx, DdlCx *d, const char *sql, bool *found_out);

/* ddl_constraint_refuse - forms of keys and exclusion constraints that are not there.
 * ddl_constraint_name_free - the name given to one must be free as a relation and as a constraint.
 */
Status ddl_constraint_refuse(Cx *cx, const PgQuery__Constraint *node);
Status ddl_constraint_name_free(Cx *cx, DdlCx *d, const CatTable *t, const char *name);

/* ---- exclusion.c ---- */
struct NewIndex;
/* ddl_make_exclusion - a constraint and its index, filled; its name is chosen when it has none. */
Status ddl_make_exclusion(Cx *cx, DdlCx *d, const CatTable *t, struct NewIndex *ix,
                          const Oid *operators, bool deferred, Oid *index_out);
Status ddl_add_exclusion(Cx *cx, DdlCx *d, const CatTable *t, const NewConstraint *c);
/* ddl_retype_exclusion - key column k of an exclusion constraint's index gets another type: its
 * operator class and operator. 0A000 unless it is compared by equality. */
Status ddl_retype_exclusion(Cx *cx, DdlCx *d, const CatTable *t, const CatIndex *ix, uint16_t k,
                            Oid type, Oid *opclass_out);

/* ---- create_trigger.c, internal_trigger.c, alter_trigger.c ---- */
/* TriggerRecord - a row of pg_trigger. */
typedef struct TriggerRecord {
    Oid oid, table, function, constraint_table, constraint_index, constraint;
    const char *name;
    int16_t type; /* TRIGGER_* */
    bool internal, deferrable, deferred;
    const int16_t *columns;
    uint16_t column_count;
    PgQuery__Node *const *args;
    size_t arg_count;
    const char *when_sql, *old_table, *new_table; /* NULL = none */
} TriggerRecord;
Status ddl_insert_trigger(Cx *cx, DdlCx *d, const TriggerRecord *t);
/* ddl_foreign_key_triggers - the four of a foreign key; ddl_unique_trigger - the one of a
 * deferrable key or exclusion constraint, of others none. */
Status ddl_foreign_key_triggers(Cx *cx, DdlCx *d, Oid child, const ConstraintRow *c);
Status ddl_unique_trigger(Cx *cx, DdlCx *d, Oid table, const ConstraintRow *c);
Status ddl_create_trigger(Cx *cx, DdlCx *d, const PgQuery__CreateTrigStmt *stmt);
const CatTrigger *ddl_trigger_named(const CatTable *t, const char *name);
/* ddl_trigger_missing - 42704. */
Status ddl_trigger_missing(Cx *cx, const CatTable *t, const char *name);
typedef enum TriggerChoice { TRIGGER_ONE, TRIGGER_ALL, TRIGGER_USER } TriggerChoice;
Status ddl_enable_trigger(Cx *cx, DdlCx *d, Oid oid, const char *name, TriggerChoice which,
                          char enabled);
Status ddl_rename_trigger(Cx *cx, DdlCx *d, const CatTable *t, const char *from, const char *to);
/* ddl_find_trigger - the trigger of a name list [schema,] table, trigger; its table is locked. An
 * empty object when missing_ok excuses its absence. */
Status ddl_find_trigger(Cx *cx, DdlCx *d, const PgQuery__List *names, TableLockMode mode,
                        bool missing_ok, DdlObject *o_out);

/* ---- event_trigger.c ---- */
Status ddl_create_event_trigger(Cx *cx, const PgQuery__CreateEventTrigStmt *stmt);
Status ddl_alter_event_trigger(Cx *cx, const char *name);
Status ddl_drop_event_triggers(Cx *cx, const PgQuery__DropStmt *stmt);

/* ---- foreign_key.c ---- */
Status ddl_add_foreign_key(Cx *cx, DdlCx *d, const CatTable *t, const NewConstraint *c,
                           bool check_rows);

/* ddl_recheck_foreign_key - t's foreign key after the type of one of its columns changed: its
 * operators are chosen again (42804); with rows true its rows are tested instead (23503). */
Status ddl_recheck_foreign_key(Cx *cx, DdlCx *d, const CatTable *t, const CatConstraint *con,
                               bool rows);

/* ---- index_method.c ---- */
/* DdlMethod - an access method of indexes: what its indexes may be. */
typedef struct DdlMethod {
    Oid oid;
    const char *name;
    bool unique, multicolumn, include, order, exclusion, cluster;
    char options; /* DdlOptions.kind */
} DdlMethod;
/* ddl_method - by its OID; 0: btree. ddl_method_by_name - by name, none: btree. 42704. */
const DdlMethod *ddl_method(Oid oid);
Status ddl_method_by_name(Cx *cx, const char *name, const DdlMethod **out);
/* ddl_method_lacks - 0A000: its indexes do not support `what`. */
Status ddl_method_lacks(Cx *cx, const DdlMethod *m, const char *what);
/* ddl_method_may - 0A000 when an index of it cannot be unique, of so many columns, or include
 * others. ddl_method_order - ... cannot have ASC, NULLS FIRST and the like. */
Status ddl_method_may(Cx *cx, const DdlMethod *m, bool unique, size_t keys, size_t included);
Status ddl_method_order(Cx *cx, const DdlMethod *m, const PgQuery__IndexElem *e);

/* ---- create_index.c ---- */
typedef struct NewIndex {
    const char *name;
    bool unique, primary, nulls_not_distinct, constraint, deferrable;
    bool exclusion;
    Oid method;                           /* access method, 0 = btree */
    uint16_t key_count, column_count;     /* column_count: with INCLUDE */
    int16_t columns[INDEX_COLUMNS_MAX];   /* 0: an expression */
    Expr *exprs[INDEX_COLUMNS_MAX];       /* NULL: a plain column */
    const char *names[INDEX_COLUMNS_MAX]; /* of expressions, in pg_attribute */
    uint8_t options[INDEX_COLUMNS_MAX];
    Oid opclasses[INDEX_COLUMNS_MAX];  /* 0 = default */
    Oid collations[INDEX_COLUMNS_MAX]; /* 0 = the column's */
    Expr *predicate;                   /* NULL: holds every row */
    const char *rel_options;
} NewIndex;
/* ddl_opclass_accepts - may an index column of this type be of the class? */
bool ddl_opclass_accepts(DdlCx *d, Oid opclass, Oid type);
/* ddl_index_element - add a key column or an expression, or (key false) an INCLUDE column. */
Status ddl_index_element(Cx *cx, DdlCx *d, const CatTable *t, const PgQuery__IndexElem *e, bool key,
                         NewIndex *ix);
/* ddl_index_predicate - the WHERE of a partial index. */
Status ddl_index_predicate(Cx *cx, DdlCx *d, const CatTable *t, const PgQuery__Node *where,
                           NewIndex *ix);
/* ddl_index_trees - the expressions of an index as one stored row of them, and its predicate. */
Status ddl_index_trees(Cx *cx, DdlCx *d, const NewIndex *ix, const char **exprs_out,
                       const char **predicate_out);
/* ddl_index_column_type - type, typmod and collation of what column i of the index holds. */
void ddl_index_column_type(const CatTable *t, const NewIndex *ix, uint16_t i, Oid *type_out,
                           int32_t *typmod_out, Oid *collation_out);
/* ddl_index_column_names - unique names of the index's columns. */
const char **ddl_index_column_names(DdlCx *d, const CatTable *t, const NewIndex *ix);
/* ddl_index_make - the index with its rows in the catalogs, filled; ddl_index_define - without
 * filling it. */
Status ddl_index_make(Cx *cx, DdlCx *d, const CatTable *t, const NewIndex *ix, Oid *oid_out);
Status ddl_index_define(Cx *cx, DdlCx *d, const CatTable *t, const NewIndex *ix, Oid *oid_out);
/* ddl_index_depend_computed - the index goes with the columns its expressions and predicate read,
 * and with what they call. */
Status ddl_index_depend_computed(Cx *cx, DdlCx *d, const CatTable *t, const NewIndex *ix, Oid oid);
/* ddl_no_opclass - 42704: the type has no default operator class for the method. */
Status ddl_no_opclass(Cx *cx, DdlCx *d, Oid type, Oid method);
/* ddl_index_fill - build an empty index over the rows that are there. */
Status ddl_index_fill(Cx *cx, DdlCx *d, Oid table, Oid oid);
Status ddl_create_index(Cx *cx, DdlCx *d, const PgQuery__IndexStmt *stmt, const char **tag_out);

/* ---- statements ---- */
/* DdlOptions - a list of options to set or reset. */
typedef struct DdlOptions {
    char kind;       /* 'r' tables and materialized views, 'v' views, 'a' columns; of indexes
                        DdlMethod.options */
    const char *old; /* what there is: reloptions' text, NULL = none */
    PgQuery__Node *const *list;
    size_t count;
    bool reset;
} DdlOptions;
/* ddl_options - the text with the options set, or taken out. 22023. */
Status ddl_options(Cx *cx, DdlCx *d, const DdlOptions *o, const char **text_out);
/* ddl_rel_options - WITH (...): reloptions' text of a new relation. */
Status ddl_rel_options(Cx *cx, DdlCx *d, char kind, PgQuery__Node *const *options, size_t count,
                       const char **text_out);
const char *ddl_option_value(Arena *a, const PgQuery__Node *n);
Status ddl_create_table(Cx *cx, DdlCx *d, const PgQuery__CreateStmt *stmt);
Status ddl_alter_table(Cx *cx, DdlCx *d, const PgQuery__AlterTableStmt *stmt, const char **tag_out);
/* ddl_alter_types - all ALTER COLUMN ... TYPE of the statement (alter_type.c). sql: its text, for
 * the positions of USING. */
Status ddl_alter_types(Cx *cx, DdlCx *d, Slice sql, Oid oid, const PgQuery__AlterTableStmt *stmt);
/* ---- table_like.c ---- */
/* LikeSource - LIKE of CREATE TABLE: what it takes from, and the new number of each column. */
typedef struct LikeSource {
    Oid oid;
    uint32_t options;
    int16_t *map; /* 0: not taken */
} LikeSource;
Status ddl_like_open(Cx *cx, DdlCx *d, const PgQuery__TableLikeClause *clause, LikeSource *out);
/* ddl_like_column - column i of the source as one of the new table. */
Status ddl_like_column(Cx *cx, DdlCx *d, const LikeSource *s, uint16_t i, const NewRelation *rel,
                       NewColumn *out);
/* ddl_like_finish - what INCLUDING asks for, once the table is there. */
Status ddl_like_finish(Cx *cx, DdlCx *d, Oid table, const LikeSource *s);
/* ddl_copy_sequence - a sequence like another one. */
Status ddl_copy_sequence(Cx *cx, DdlCx *d, Oid namespace_oid, const char *name,
                         const CatTable *like, char persistence, Oid *oid_out);
/* ddl_key_name, ddl_index_name - the names that a key and an index get when none is given. */
Status ddl_key_name(Cx *cx, DdlCx *d, const CatTable *t, NewIndex *ix);
Status ddl_index_name(Cx *cx, DdlCx *d, const CatTable *t, NewIndex *ix);
/* ---- alter_relation.c, alter_constraint.c, set_schema.c ---- */
Status ddl_alter_options(Cx *cx, DdlCx *d, Oid oid, const PgQuery__AlterTableCmd *cmd);
Status ddl_set_logged(Cx *cx, DdlCx *d, Oid oid, bool logged);
Status ddl_replica_identity(Cx *cx, DdlCx *d, Oid oid, const PgQuery__AlterTableCmd *cmd);
/* ddl_cluster_on - index NULL: none. */
Status ddl_cluster_on(Cx *cx, DdlCx *d, Oid oid, const char *index);
Status ddl_set_statistics(Cx *cx, DdlCx *d, Oid oid, const PgQuery__AlterTableCmd *cmd);
Status ddl_column_options(Cx *cx, DdlCx *d, Oid oid, const PgQuery__AlterTableCmd *cmd);
/* ddl_set_place - SET TABLESPACE, SET ACCESS METHOD: there is one of each. */
Status ddl_set_place(Cx *cx, const PgQuery__AlterTableCmd *cmd);
Status ddl_alter_constraint(Cx *cx, DdlCx *d, Oid oid, const PgQuery__AlterTableCmd *cmd);
Status ddl_constraint_using_index(Cx *cx, DdlCx *d, Slice sql, const CatTable *t,
                                  const PgQuery__Constraint *node);
Status ddl_set_schema(Cx *cx, DdlCx *d, const PgQuery__AlterObjectSchemaStmt *stmt,
                      const char **tag_out);
/* ddl_owned_sequences - the sequences that belong to columns of the table. */
Status ddl_owned_sequences(Cx *cx, DdlCx *d, Oid table, DdlObject **out, uint32_t *count_out);
/* ddl_relation_tag - "ALTER VIEW" and the like; false for what is no relation. */
bool ddl_relation_tag(PgQuery__ObjectType type, const char **tag_out);
/* ddl_check_object_kind - 42809 when ALTER VIEW, INDEX ... names a relation of another kind. */
Status ddl_check_object_kind(Cx *cx, const CatTable *t, PgQuery__ObjectType type);
/* ddl_kind_plural - "views", "materialized views" ... */
const char *ddl_kind_plural(char kind);
/* ddl_view_check_allowed - 0A000 unless rows can be changed through a view of this query. */
Status ddl_view_check_allowed(Cx *cx, const Query *q);
/* alter_identity.c: ADD GENERATED, SET ..., DROP IDENTITY of a column; VALIDATE CONSTRAINT */
/* ---- alter_storage.c: SET STORAGE, SET COMPRESSION ---- */
Status ddl_set_storage(Cx *cx, DdlCx *d, Oid oid, const PgQuery__AlterTableCmd *cmd);
Status ddl_set_compression(Cx *cx, DdlCx *d, Oid oid, const PgQuery__AlterTableCmd *cmd);
/* ddl_compression - what a column's compression (a method's name, NULL = none given) is in
 * pg_attribute. 0A000 for types that are never compressed and for pglz, 22023. */
Status ddl_compression(Cx *cx, DdlCx *d, Oid type, const char *method, char *out);
Status ddl_add_identity(Cx *cx, DdlCx *d, Oid oid, const PgQuery__AlterTableCmd *cmd);
Status ddl_set_identity(Cx *cx, DdlCx *d, Oid oid, const PgQuery__AlterTableCmd *cmd);
Status ddl_drop_identity(Cx *cx, DdlCx *d, Oid oid, const PgQuery__AlterTableCmd *cmd);
Status ddl_validate_constraint(Cx *cx, DdlCx *d, Oid oid, const char *name);
Status ddl_rename(Cx *cx, DdlCx *d, const PgQuery__RenameStmt *stmt, const char **tag_out);
Status ddl_truncate(Cx *cx, DdlCx *d, const PgQuery__TruncateStmt *stmt);
Status ddl_create_sequence(Cx *cx, DdlCx *d, const PgQuery__CreateSeqStmt *stmt);
Status ddl_alter_sequence(Cx *cx, DdlCx *d, const PgQuery__AlterSeqStmt *stmt);
/* ddl_make_sequence - for serial and identity columns too. type 0 = by the options. */
Status ddl_make_sequence(Cx *cx, DdlCx *d, Oid namespace_oid, const char *name, Oid type,
                         PgQuery__Node *const *options, size_t option_count, char persistence,
                         Oid *oid_out);
/* ddl_set_sequence_type - of an identity column whose type changes. */
Status ddl_set_sequence_type(Cx *cx, DdlCx *d, Oid sequence, Oid type);
/* ddl_change_sequence - ALTER SEQUENCE's options on one known by OID. */
Status ddl_change_sequence(Cx *cx, DdlCx *d, Oid sequence, PgQuery__Node *const *options,
                           size_t count);
Status ddl_restart_sequence(Cx *cx, DdlCx *d, Oid sequence);
/* ddl_alter_owner - ALTER SCHEMA and others ... OWNER TO; ST_NOTFOUND for kinds that are not there.
 */
Status ddl_alter_owner(Cx *cx, DdlCx *d, const PgQuery__AlterOwnerStmt *stmt, const char **tag_out);
Status ddl_create_schema(Cx *cx, DdlCx *d, const PgQuery__CreateSchemaStmt *stmt);
Status ddl_create_view(Cx *cx, DdlCx *d, const PgQuery__ViewStmt *stmt);
/* ViewColumns - the names given to a view's columns. */
typedef struct ViewColumns {
    PgQuery__Node *const *names;
    size_t count;
    const char *too_many; /* the error when there are fewer columns */
    bool twice_later;     /* a name that comes twice is not looked for here */
} ViewColumns;
/* ddl_view_columns - what the query gives, under the names asked for. */
Status ddl_view_columns(Cx *cx, DdlCx *d, const ViewColumns *names, const Query *q,
                        NewColumn **columns_out, uint16_t *count_out);
/* ddl_view_rule - the row of pg_rewrite that holds the query of a view, made or changed. */
Status ddl_view_rule(Cx *cx, DdlCx *d, Oid view, const Query *q, bool replace);
/* ---- ddl.c ---- */
/* ddl_any - by the kind of the statement; ST_NOTFOUND when it is not of this folder. */
Status ddl_any(Cx *cx, DdlCx *d, const struct PgQuery__Node *stmt, const char **tag_out);
/* ---- reindex.c ---- */
Status ddl_reindex(Cx *cx, DdlCx *d, const PgQuery__ReindexStmt *stmt);
Status ddl_cluster(Cx *cx, DdlCx *d, const PgQuery__ClusterStmt *stmt);
/* ---- matview.c ---- */
Status ddl_create_matview(Cx *cx, DdlCx *d, const PgQuery__CreateTableAsStmt *stmt,
                          const char **tag_out);
Status ddl_refresh_matview(Cx *cx, DdlCx *d, const PgQuery__RefreshMatViewStmt *stmt);
Status ddl_comment(Cx *cx, DdlCx *d, const PgQuery__CommentStmt *stmt);

/* ---- create_function.c, alter_function.c ---- */
Status ddl_create_function(Cx *cx, DdlCx *d, const PgQuery__CreateFunctionStmt *stmt);
Status ddl_alter_function(Cx *cx, DdlCx *d, const PgQuery__AlterFunctionStmt *stmt,
                          const char **tag_out);
/* Functions, procedures and routines in DROP, RENAME, SET SCHEMA, OWNER TO and COMMENT. kind: 'f',
 * 'p', 'a' or 0. */
Status ddl_drop_function(Cx *cx, DdlCx *d, const PgQuery__ObjectWithArgs *o, char kind,
                         bool missing_ok, DdlObject *o_out);
Status ddl_rename_function(Cx *cx, DdlCx *d, const PgQuery__ObjectWithArgs *o, char kind,
                           const char *name);
Status ddl_move_function(Cx *cx, DdlCx *d, const PgQuery__ObjectWithArgs *o, char kind,
                         const char *schema);
/* ddl_function_named - the OID, 42883 when there is none. */
Status ddl_function_named(Cx *cx, DdlCx *d, const PgQuery__ObjectWithArgs *o, char kind,
                          Oid *oid_out);
const char *ddl_function_description(DdlCx *d, Oid oid);
/* ddl_function_type - is it a statement about functions? kind_out, tag_out: "FUNCTION". */
bool ddl_function_type(PgQuery__ObjectType type, char *kind_out, const char **name_out);
/* ddl_function_schema - ALTER ... SET SCHEMA of functions. ST_NOTFOUND for other kinds. */
Status ddl_function_schema(Cx *cx, DdlCx *d, const PgQuery__AlterObjectSchemaStmt *stmt,
                           const char **tag_out);
/* ddl_large_object - the one of this number. 42704. */
Status ddl_large_object(Cx *cx, DdlCx *d, const PgQuery__Node *number, DdlObject *o_out);
/* ---- database.c ---- */
/* ddl_database_by_name - its row of pg_database; ST_NOTFOUND. */
Status ddl_database_by_name(Cx *cx, DdlCx *d, const char *name, DdlRow *r);
Status ddl_create_database(Cx *cx, DdlCx *d, const PgQuery__CreatedbStmt *stmt);
Status ddl_drop_database(Cx *cx, DdlCx *d, const PgQuery__DropdbStmt *stmt);
Status ddl_alter_database(Cx *cx, DdlCx *d, const PgQuery__AlterDatabaseStmt *stmt);
Status ddl_refresh_database_collation(Cx *cx, DdlCx *d,
                                      const PgQuery__AlterDatabaseRefreshCollStmt *stmt);
Status ddl_rename_database(Cx *cx, DdlCx *d, const char *from, const char *to);
/* ---- copy_database.c ---- */
/* ddl_copy_database - what `from` holds, once more as the contents of `to`, which is empty.
 * ddl_empty_database - the contents of a database go at commit. Requires: nobody uses them. */
Status ddl_copy_database(Cx *cx, DdlCx *d, Oid from, Oid to);
Status ddl_empty_database(Cx *cx, DdlCx *d, Oid database);

/* ---- extension.c ---- */
/* ddl_extension_by_name - its row of pg_extension; ST_NOTFOUND. */
Status ddl_extension_by_name(Cx *cx, DdlCx *d, const char *name, DdlRow *r);
Status ddl_create_extension(Cx *cx, DdlCx *d, const PgQuery__CreateExtensionStmt *stmt);
Status ddl_update_extension(Cx *cx, DdlCx *d, const PgQuery__AlterExtensionStmt *stmt);
/* ddl_move_extension - SET SCHEMA. ddl_drop_extension_root - what DROP EXTENSION names; *o_out
 * stays empty when IF EXISTS excuses its absence. */
Status ddl_move_extension(Cx *cx, DdlCx *d, const char *name, const char *schema);
Status ddl_drop_extension_root(Cx *cx, DdlCx *d, const char *name, bool missing_ok,
                               DdlObject *o_out);
/* ---- type_common.c ---- */
typedef struct NewType {
    Oid oid, array; /* oid 0: given here; array: out */
    Oid namespace_oid;
    Oid owner; /* 0: the user */
    const char *name;
    int16_t len;
    bool by_value, not_null;
    bool of_relation; /* the row type of a table or view */
    char kind, category, align, storage, delimiter;
    Oid relation, element, subscript, input, output, receive, send, analyze, base, collation;
    int32_t typmod, dimensions;
    const char *default_tree, *default_text;
} NewType;
/* ddl_insert_type - the rows of a type and of its array type, and what they depend on. */
Status ddl_insert_type(Cx *cx, DdlCx *d, NewType *n);
/* ddl_type_new_name - where a new type goes; 42710 when there is one of the name. */
Status ddl_type_new_name(Cx *cx, DdlCx *d, PgQuery__Node *const *names, size_t n,
                         const char **name_out, Oid *namespace_out);
Status ddl_type_name_free(Cx *cx, DdlCx *d, Oid namespace_oid, const char *name);
/* ddl_type_find - by its names; 42704, or with missing_ok a notice and NULL. */
Status ddl_type_find(Cx *cx, DdlCx *d, PgQuery__Node *const *names, size_t n, bool missing_ok,
                     const CatType **out);
/* ddl_type_owned - 42501 unless the user owns it. */
Status ddl_type_owned(Cx *cx, DdlCx *d, Oid type);
/* ddl_type_text - format_type. */
const char *ddl_type_text(DdlCx *d, Oid type);
/* ddl_type_drop - the type that DROP TYPE or DROP DOMAIN names. ddl_type_remove - its rows. */
Status ddl_type_drop(Cx *cx, DdlCx *d, const PgQuery__Node *object, bool domain, bool missing_ok,
                     DdlObject *out);
Status ddl_type_remove(Cx *cx, DdlCx *d, Oid oid);
Status ddl_type_rename(Cx *cx, DdlCx *d, const PgQuery__RenameStmt *stmt, bool domain);
Status ddl_type_owner(Cx *cx, DdlCx *d, const PgQuery__AlterOwnerStmt *stmt, bool domain);
Status ddl_type_schema(Cx *cx, DdlCx *d, const PgQuery__AlterObjectSchemaStmt *stmt, bool domain);
/* enum_type.c, domain_type.c, composite_type.c, range_type.c */
Status ddl_create_enum(Cx *cx, DdlCx *d, const PgQuery__CreateEnumStmt *stmt);
Status ddl_alter_enum(Cx *cx, DdlCx *d, const PgQuery__AlterEnumStmt *stmt);
Status ddl_create_domain(Cx *cx, DdlCx *d, const PgQuery__CreateDomainStmt *stmt);
Status ddl_alter_domain(Cx *cx, DdlCx *d, const PgQuery__AlterDomainStmt *stmt);
Status ddl_rename_domain_check(Cx *cx, DdlCx *d, const PgQuery__RenameStmt *stmt);
Status ddl_create_range(Cx *cx, DdlCx *d, const PgQuery__CreateRangeStmt *stmt);
Status ddl_create_composite(Cx *cx, DdlCx *d, const PgQuery__CompositeTypeStmt *stmt);
/* ddl_row_type_unused - 0A000 while a column of some table holds values of the row type of `of`, or
 * of one that has it inside. */
Status ddl_row_type_unused(Cx *cx, DdlCx *d, Oid type, const CatTable *of);
Status ddl_alter_composite(Cx *cx, DdlCx *d, const PgQuery__AlterTableStmt *stmt);

/* ddl_new_trees - empty trees for the table and its indexes; the old ones go at commit. */
Status ddl_new_trees(Cx *cx, DdlCx *d, const CatTable *t);

/* ---- drop.c ---- */
Status ddl_drop(Cx *cx, DdlCx *d, const PgQuery__DropStmt *stmt, const char **tag_out);
/* ddl_drop_objects - these and what depends on them: 2BP01 without cascade. */
Status ddl_drop_objects(Cx *cx, DdlCx *d, const DdlObject *roots, uint32_t count, bool cascade);
/* ddl_remove_object - the object's rows and tree, and nothing that depends on it. */
Status ddl_remove_object(Cx *cx, DdlCx *d, DdlObject o);
/* ddl_describe - "table t", "constraint c on table t". */
Status ddl_describe(Cx *cx, DdlCx *d, DdlObject o, const char **text_out);

#endif

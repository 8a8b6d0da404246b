/*
 * alter_table.c - ALTER TABLE: which actions there are and in which order they are done; columns
 * added and dropped, defaults, NOT NULL, constraints. Types are in alter_type.c, storage in
 * alter_storage.c, what holds for the whole relation in alter_relation.c.
 */
#include "ddl/role.h"

/* AlterAdd - a column being added: the constraints of its definition come after it. */
typedef struct AlterAdd {
    DdlCx *d;
    NewConstraint *list;
    uint32_t count;
} AlterAdd;

static void alter_add_constraint(void *arg, PgQuery__Constraint *con, const char *column)
{
    AlterAdd *a = arg;
    a->list = arena_grow(a->d->arena, a->list, a->count * sizeof(NewConstraint),
                         (a->count + 1) * sizeof(NewConstraint));
    a->list[a->count++] = (NewConstraint){.node = con, .column = column};
}

/* AlterValue - DdlRowSink of the one value a default gives. */
typedef struct AlterValue {
    Arena *arena;
    Datum value;
    bool is_null, phys_str;
} AlterValue;

static Status alter_value_row(void *arg, Cx *cx, const Batch *batch)
{
    AlterValue *v = arg;
    (void)cx;
    SEL_FOREACH(row, &batch->sel)
    {
        v->is_null = vec_is_null(batch->cols[0], row);
        if (!v->is_null) {
            v->value = vec_get(batch->cols[0], row);
            if (v->phys_str) {
                Str s = v->value.str;
                v->value.str = str_ref(arena_memdup(v->arena, str_ptr(&s), s.len), s.len);
            }
        }
        return ST_DONE;
    }
    return ST_OK;
}

static bool alter_is_volatile(const Expr *e)
{
    if (e->proc != NULL && e->proc->volatility == 'v') {
        return true;
    }
    for (uint16_t i = 0; i < e->arg_count; i++) {
        if (e->args[i] != NULL && alter_is_volatile(e->args[i])) {
            return true;
        }
    }
    return false;
}

/* alter_default_value - what rows already there get: the default's value now. *each_out: it must be
 * computed for each row. */
static Status alter_default_value(Cx *cx, DdlCx *d, NewColumn *c, ColumnLayout *layout,
                                  bool *each_out)
{
    Expr *e;
    char *text;
    *each_out = c->sequence != 0 || c->generated != 0;
    layout->missing_is_null = true;
    if (c->default_node == NULL || c->generated != 0) {
        return ST_OK;
    }
    TRY(ddl_bind_default(cx, d, c, &e));
    if (alter_is_volatile(e)) {
        *each_out = true;
        return ST_OK;
    }
    TRY(parse_deparse_expression(cx, d->arena, c->default_node, &text));
    Buf type;
    buf_init(&type, 512);
    cat_format_type(d->view, c->type->oid, c->typmod, &type);
    const char *sql = arena_printf(d->arena, "SELECT CAST((%s) AS %.*s)", text, (int)type.len,
                                   (const char *)type.data);
    buf_release(&type);
    AlterValue v = {.arena = d->arena, .is_null = true, .phys_str = c->type->phys == PHYS_STR};
    DdlRowSink sink = {.batch = alter_value_row, .arg = &v};
    TRY(ddl_run(cx, d, sql, &sink));
    layout->missing_is_null = v.is_null;
    layout->missing = v.value;
    return ST_OK;
}

/* alter_store_column - layout and rows of one new column. */
static Status alter_store_column(Cx *cx, DdlCx *d, const CatTable *t, NewColumn *c, bool *each_out)
{
    uint16_t n = t->column_count, layout_no;
    ColumnLayout *layout = ARENA_ARRAY(d->arena, ColumnLayout, n + 1);
    memcpy(layout, t->storage->columns, n * sizeof(ColumnLayout));
    layout[n] = (ColumnLayout){.phys = c->type->phys};
    TRY(alter_default_value(cx, d, c, &layout[n], each_out));
    TRY(table_add_layout(cx, d->engine, d->view->txn, t->tree, layout, (uint16_t)(n + 1),
                         &layout_no));
    bool not_null = c->not_null;
    c->not_null = false; /* set once the rows have values */
    TRY(ddl_insert_attribute(cx, d, t->oid, c));
    c->not_null = not_null;
    return ddl_update_class_i16(cx, d, t->oid, PG_CLASS_RELNATTS, (int16_t)(n + 1));
}

/* alter_add_column - ADD COLUMN: rows are not rewritten unless the default differs from row to
 * row. */
static Status alter_add_column(Cx *cx, DdlCx *d, Slice sql, Oid oid,
                               const PgQuery__AlterTableCmd *cmd)
{
    const PgQuery__ColumnDef *def = cmd->def->column_def;
    const CatTable *t;
    NewColumn c;
    bool each;
    AlterAdd add = {.d = d};
    ColumnSink sink = {.constraint = alter_add_constraint, .arg = &add};
    DdlCx placed = *d;
    placed.sql = sql; /* types are looked up with positions, what follows is not */
    TRY(ddl_reload(cx, d, oid, &t));
    if (ddl_column(t, def->colname) != NULL) {
        if (cmd->missing_ok) {
            err_notice(cx, ERR_NOTICE, ERRCODE_DUPLICATE_COLUMN, NULL,
                       "column \"%s\" of relation \"%s\" already exists, skipping", def->colname,
                       t->name);
            return ST_OK;
        }
        return err_set(cx, ERRCODE_DUPLICATE_COLUMN,
                       "column \"%s\" of relation \"%s\" already exists", def->colname, t->name);
    }
    if (t->column_count >= TABLE_COLUMNS_MAX) {
        return err_set(cx, ERRCODE_TOO_MANY_COLUMNS, "tables can have at most %d columns",
                       TABLE_COLUMNS_MAX);
    }
    sink.persistence = t->persistence;
    TRY(ddl_column_define(cx, &placed, def, t->name, t->namespace_oid, &sink, &c));
    c.number = (int16_t)(t->column_count + 1);
    for (uint32_t i = 0; i < add.count; i++) {
        bool primary = add.list[i].node->contype == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY;
        for (uint16_t k = 0; primary && k < t->index_count; k++) {
            if (t->indexes[k].primary) {
                return err_set(cx, ERRCODE_INVALID_TABLE_DEFINITION,
                               "multiple primary keys for table \"%s\" are not allowed", t->name);
            }
        }
    }
    TRY(alter_store_column(cx, d, t, &c, &each));
    TRY(ddl_reload(cx, d, oid, &t));
    TRY(ddl_column_finish(cx, d, t, &c));
    TRY(ddl_reload(cx, d, oid, &t));
    if (each) {
        TRY(ddl_run(cx, d,
                    arena_printf(d->arena, "UPDATE %s SET %s = DEFAULT", ddl_qualified(d, t),
                                 ddl_sql_name(d->arena, c.name)),
                    NULL));
    }
    if (c.not_null) {
        TRY(ddl_set_not_null(cx, d, t, c.number, true));
    }
    for (uint32_t i = 0; i < add.count; i++) {
        TRY(ddl_add_constraint(cx, d, oid, &add.list[i], true));
    }
    return ST_OK;
}

/* alter_find_column - the column the command names. */
static Status alter_find_column(Cx *cx, const CatTable *t, const char *name,
                                const CatColumn **column_out)
{
    *column_out = ddl_column(t, name);
    return *column_out != NULL
               ? ST_OK
               : err_set(cx, ERRCODE_UNDEFINED_COLUMN,
                         "column \"%s\" of relation \"%s\" does not exist", name, t->name);
}

/* alter_set_default - SET DEFAULT, or DROP DEFAULT when the command has no expression. */
static Status alter_set_default(Cx *cx, DdlCx *d, Oid oid, const PgQuery__AlterTableCmd *cmd)
{
    const CatTable *t;
    const CatColumn *c;
    TRY(ddl_reload(cx, d, oid, &t));
    TRY(alter_find_column(cx, t, cmd->name, &c));
    if (c->identity != 0) {
        return err_set(cx, ERRCODE_SYNTAX_ERROR,
                       "column \"%s\" of relation \"%s\" is an identity column", c->name, t->name);
    }
    if (c->generated != 0) {
        Status st =
            err_set(cx, ERRCODE_SYNTAX_ERROR,
                    "column \"%s\" of relation \"%s\" is a generated column", c->name, t->name);
        return cmd->def != NULL
                   ? st
                   : err_hint(cx, "Use ALTER TABLE ... ALTER COLUMN ... DROP EXPRESSION instead.");
    }
    if (c->default_oid != 0) {
        TRY(ddl_remove_object(cx, d, (DdlObject){CAT_PG_ATTRDEF, c->default_oid, 0}));
    }
    if (cmd->def == NULL) {
        return ST_OK;
    }
    NewColumn n = {.name = c->name,
                   .number = c->number,
                   .type = cat_type(d->view, c->type),
                   .typmod = c->typmod,
                   .default_node = cmd->def};
    DdlRow r;
    TRY(ddl_column_finish(cx, d, t, &n));
    TRY(ddl_load_attribute(cx, d, oid, n.number, &r));
    ddl_set_bool(&r, PG_ATTRIBUTE_ATTHASDEF, n.default_expr != NULL);
    return ddl_row_store(cx, d, &r);
}

/* alter_drop_not_null - DROP NOT NULL; refused for identity columns and keys of the primary key. */
static Status alter_drop_not_null(Cx *cx, DdlCx *d, Oid oid, const char *name)
{
    const CatTable *t;
    const CatColumn *c;
    DdlRow r;
    TRY(ddl_reload(cx, d, oid, &t));
    TRY(alter_find_column(cx, t, name, &c));
    if (c->identity != 0) {
        return err_set(cx, ERRCODE_SYNTAX_ERROR,
                       "column \"%s\" of relation \"%s\" is an identity column", name, t->name);
    }
    for (uint16_t i = 0; i < t->index_count; i++) {
        for (uint16_t k = 0; t->indexes[i].primary && k < t->indexes[i].key_count; k++) {
            if (t->indexes[i].columns[k] == c->number) {
                return err_set(cx, ERRCODE_INVALID_TABLE_DEFINITION,
                               "column \"%s\" is in a primary key", name);
            }
        }
    }
    TRY(ddl_load_attribute(cx, d, oid, c->number, &r));
    ddl_set_bool(&r, PG_ATTRIBUTE_ATTNOTNULL, false);
    return ddl_row_store(cx, d, &r);
}

/* alter_drop_constraint - DROP CONSTRAINT: a foreign key leaves the table it leads to, too. */
static Status alter_drop_constraint(Cx *cx, DdlCx *d, Oid oid, const PgQuery__AlterTableCmd *cmd)
{
    const CatTable *t;
    TRY(ddl_reload(cx, d, oid, &t));
    const CatConstraint *c = ddl_constraint_named(t, cmd->name);
    if (c == NULL && cmd->missing_ok) {
        err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                   "constraint \"%s\" of relation \"%s\" does not exist, skipping", cmd->name,
                   t->name);
        return ST_OK;
    }
    if (c == NULL) {
        return err_set(cx, ERRCODE_UNDEFINED_OBJECT,
                       "constraint \"%s\" of relation \"%s\" does not exist", cmd->name, t->name);
    }
    if (c->type == 'f' && c->foreign_table != oid) {
        const CatTable *parent;
        TRY(cat_table_by_oid(cx, d->view, c->foreign_table, &parent));
        TRY(ddl_not_in_use(cx, d, parent, "ALTER TABLE"));
    }
    DdlObject o = {CAT_PG_CONSTRAINT, c->oid, 0};
    return ddl_drop_objects(cx, d, &o, 1, cmd->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE);
}

/* alter_drop_column - 0A000 where values of the table's row type are stored: it is a field of
 * theirs. */
static Status alter_drop_column(Cx *cx, DdlCx *d, Oid oid, const PgQuery__AlterTableCmd *cmd)
{
    const CatTable *t;
    TRY(ddl_reload(cx, d, oid, &t));
    const CatColumn *c = ddl_column(t, cmd->name);
    if (c == NULL && cmd->missing_ok) {
        err_notice(cx, ERR_NOTICE, ERRCODE_SUCCESSFUL_COMPLETION, NULL,
                   "column \"%s\" of relation \"%s\" does not exist, skipping", cmd->name, t->name);
        return ST_OK;
    }
    TRY(alter_find_column(cx, t, cmd->name, &c));
    TRY(ddl_row_type_unused(cx, d, t->type_oid, t));
    DdlObject o = {CAT_PG_CLASS, oid, c->number};
    return ddl_drop_objects(cx, d, &o, 1, cmd->behavior == PG_QUERY__DROP_BEHAVIOR__DROP_CASCADE);
}

/* alter_command - one command of ALTER TABLE; each looks the table up again, for those before it
 * may have changed it. */
static Status alter_command(Cx *cx, DdlCx *d, Slice sql, Oid oid, const PgQuery__AlterTableCmd *cmd)
{
    const CatTable *t;
    const CatColumn *c;
    switch (cmd->subtype) {
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddColumn: return alter_add_column(cx, d, sql, oid, cmd);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ColumnDefault: return alter_set_default(cx, d, oid, cmd);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropExpression: return ddl_drop_expression(cx, d, oid, cmd);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropNotNull:
        return alter_drop_not_null(cx, d, oid, cmd->name);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetNotNull:
        TRY(ddl_reload(cx, d, oid, &t));
        TRY(alter_find_column(cx, t, cmd->name, &c));
        return ddl_set_not_null(cx, d, t, c->number, true);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint: {
        NewConstraint con = {.node = cmd->def->constraint};
        if (con.node->indexname != NULL && con.node->indexname[0] != '\0') {
            TRY(ddl_reload(cx, d, oid, &t));
            return ddl_constraint_using_index(cx, d, sql, t, con.node);
        }
        return ddl_add_constraint(cx, d, oid, &con, true);
    }
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropConstraint:
        return alter_drop_constraint(cx, d, oid, cmd);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropColumn: return alter_drop_column(cx, d, oid, cmd);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ChangeOwner:
        return ddl_change_owner(cx, d, (DdlObject){CAT_PG_CLASS, oid, 0}, cmd->newowner);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableRowSecurity:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableRowSecurity:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ForceRowSecurity:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_NoForceRowSecurity:
        return ddl_row_security(cx, d, oid, cmd->subtype);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetRelOptions:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ResetRelOptions: return ddl_alter_options(cx, d, oid, cmd);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetLogged: return ddl_set_logged(cx, d, oid, true);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetUnLogged: return ddl_set_logged(cx, d, oid, false);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ReplicaIdentity:
        return ddl_replica_identity(cx, d, oid, cmd);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ClusterOn: return ddl_cluster_on(cx, d, oid, cmd->name);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropCluster: return ddl_cluster_on(cx, d, oid, NULL);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetStatistics: return ddl_set_statistics(cx, d, oid, cmd);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetOptions:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ResetOptions: return ddl_column_options(cx, d, oid, cmd);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetTableSpace:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetAccessMethod: return ddl_set_place(cx, cmd);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropOids: return ST_OK; /* there are none */
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterConstraint:
        return ddl_alter_constraint(cx, d, oid, cmd);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddInherit:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropInherit:
        return err_unsupported(cx, "table inheritance is not supported");
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddOf:
        return err_unsupported(cx, "typed tables are not supported");
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropOf:
        TRY(ddl_reload(cx, d, oid, &t));
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a typed table", t->name);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AttachPartition:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartition:
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DetachPartitionFinalize:
        return err_unsupported(cx, "partitioned tables are not supported");
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetStorage: return ddl_set_storage(cx, d, oid, cmd);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetCompression: return ddl_set_compression(cx, d, oid, cmd);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AddIdentity: return ddl_add_identity(cx, d, oid, cmd);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_SetIdentity: return ddl_set_identity(cx, d, oid, cmd);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DropIdentity: return ddl_drop_identity(cx, d, oid, cmd);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_ValidateConstraint:
        return ddl_validate_constraint(cx, d, oid, cmd->name);
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrig:
        return ddl_enable_trigger(cx, d, oid, cmd->name, TRIGGER_ONE, 'O');
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableAlwaysTrig:
        return ddl_enable_trigger(cx, d, oid, cmd->name, TRIGGER_ONE, 'A');
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableReplicaTrig:
        return ddl_enable_trigger(cx, d, oid, cmd->name, TRIGGER_ONE, 'R');
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrig:
        return ddl_enable_trigger(cx, d, oid, cmd->name, TRIGGER_ONE, 'D');
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrigAll:
        return ddl_enable_trigger(cx, d, oid, NULL, TRIGGER_ALL, 'O');
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrigAll:
        return ddl_enable_trigger(cx, d, oid, NULL, TRIGGER_ALL, 'D');
    case PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrigUser:
        return ddl_enable_trigger(cx, d, oid, NULL, TRIGGER_USER, 'O');
    case PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrigUser:
        return ddl_enable_trigger(cx, d, oid, NULL, TRIGGER_USER, 'D');
    case PG_QUERY__ALTER_TABLE_TYPE__AT_AlterColumnType: return ST_OK; /* done with the first one */
    default: return err_unsupported(cx, "this form of ALTER TABLE is not supported");
    }
}

/* AlterAction - what PostgreSQL knows of an action: its name in errors, in which of its passes it
 * comes, the kinds of relations that have it. */
typedef struct AlterAction {
    PgQuery__AlterTableType action;
    const char *name, *kinds;
    uint8_t pass;
    bool weak; /* readers and writers go on */
} AlterAction;
enum {
    PASS_DROP,
    PASS_TYPE,
    PASS_ADD_COLUMN,
    PASS_COLUMN,
    PASS_USING_INDEX,
    PASS_INDEX,
    PASS_CONSTRAINT,
    PASS_MISC,
    PASS_END
};
#define AT(X) PG_QUERY__ALTER_TABLE_TYPE__AT_##X
static const AlterAction ALTER_ACTIONS[] = {
    {AT(AddColumn), "ADD COLUMN", "r", PASS_ADD_COLUMN, false},
    {AT(ColumnDefault), "ALTER COLUMN ... SET DEFAULT", "rv", PASS_CONSTRAINT, false},
    {AT(DropNotNull), "ALTER COLUMN ... DROP NOT NULL", "r", PASS_DROP, false},
    {AT(SetNotNull), "ALTER COLUMN ... SET NOT NULL", "r", PASS_COLUMN, false},
    {AT(DropExpression), "ALTER COLUMN ... DROP EXPRESSION", "r", PASS_DROP, false},
    {AT(SetStatistics), "ALTER COLUMN ... SET STATISTICS", "rmi", PASS_MISC, true},
    {AT(SetOptions), "ALTER COLUMN ... SET", "rm", PASS_MISC, true},
    {AT(ResetOptions), "ALTER COLUMN ... RESET", "rm", PASS_MISC, true},
    {AT(SetStorage), "ALTER COLUMN ... SET STORAGE", "rm", PASS_MISC, false},
    {AT(SetCompression), "ALTER COLUMN ... SET COMPRESSION", "rm", PASS_MISC, false},
    {AT(DropColumn), "DROP COLUMN", "r", PASS_DROP, false},
    {AT(AddConstraint), "ADD CONSTRAINT", "r", PASS_CONSTRAINT, false},
    {AT(AlterConstraint), "ALTER CONSTRAINT", "r", PASS_MISC, false},
    {AT(ValidateConstraint), "VALIDATE CONSTRAINT", "r", PASS_MISC, true},
    {AT(DropConstraint), "DROP CONSTRAINT", "r", PASS_DROP, false},
    {AT(AlterColumnType), "ALTER COLUMN ... SET DATA TYPE", "r", PASS_TYPE, false},
    {AT(ChangeOwner), "OWNER TO", "rvmSi", PASS_MISC, false},
    {AT(ClusterOn), "CLUSTER ON", "rm", PASS_MISC, true},
    {AT(DropCluster), "SET WITHOUT CLUSTER", "rm", PASS_MISC, true},
    {AT(SetLogged), "SET LOGGED", "rS", PASS_MISC, false},
    {AT(SetUnLogged), "SET UNLOGGED", "rS", PASS_MISC, false},
    {AT(DropOids), "SET WITHOUT OIDS", "r", PASS_DROP, false},
    {AT(SetAccessMethod), "SET ACCESS METHOD", "rm", PASS_MISC, false},
    {AT(SetTableSpace), "SET TABLESPACE", "rmi", PASS_MISC, false},
    {AT(EnableRowSecurity), "ENABLE ROW SECURITY", "r", PASS_MISC, false},
    {AT(DisableRowSecurity), "DISABLE ROW SECURITY", "r", PASS_MISC, false},
    {AT(ForceRowSecurity), "FORCE ROW SECURITY", "r", PASS_MISC, false},
    {AT(NoForceRowSecurity), "NO FORCE ROW SECURITY", "r", PASS_MISC, false},
    {AT(SetRelOptions), "SET", "rvmi", PASS_MISC, true},
    {AT(ResetRelOptions), "RESET", "rvmi", PASS_MISC, true},
    {AT(EnableTrig), "ENABLE TRIGGER", "r", PASS_MISC, false},
    {AT(EnableAlwaysTrig), "ENABLE ALWAYS TRIGGER", "r", PASS_MISC, false},
    {AT(EnableReplicaTrig), "ENABLE REPLICA TRIGGER", "r", PASS_MISC, false},
    {AT(DisableTrig), "DISABLE TRIGGER", "r", PASS_MISC, false},
    {AT(EnableTrigAll), "ENABLE TRIGGER ALL", "r", PASS_MISC, false},
    {AT(DisableTrigAll), "DISABLE TRIGGER ALL", "r", PASS_MISC, false},
    {AT(EnableTrigUser), "ENABLE TRIGGER USER", "r", PASS_MISC, false},
    {AT(DisableTrigUser), "DISABLE TRIGGER USER", "r", PASS_MISC, false},
    {AT(AddInherit), "INHERIT", "r", PASS_MISC, false},
    {AT(DropInherit), "NO INHERIT", "r", PASS_MISC, false},
    {AT(AddOf), "OF", "r", PASS_MISC, false},
    {AT(DropOf), "NOT OF", "r", PASS_MISC, false},
    {AT(ReplicaIdentity), "REPLICA IDENTITY", "rm", PASS_MISC, false},
    {AT(AttachPartition), "ATTACH PARTITION", "ri", PASS_MISC, false},
    {AT(DetachPartition), "DETACH PARTITION", "r", PASS_MISC, false},
    {AT(DetachPartitionFinalize), "DETACH PARTITION ... FINALIZE", "r", PASS_MISC, false},
    {AT(AddIdentity), "ALTER COLUMN ... ADD IDENTITY", "r", PASS_CONSTRAINT, false},
    {AT(SetIdentity), "ALTER COLUMN ... SET", "r", PASS_COLUMN, false},
    {AT(DropIdentity), "ALTER COLUMN ... DROP IDENTITY", "r", PASS_DROP, false},
};

static const AlterAction *alter_action(PgQuery__AlterTableType action)
{
    for (size_t i = 0; i < ARRAY_LEN(ALTER_ACTIONS); i++) {
        if (ALTER_ACTIONS[i].action == action) {
            return &ALTER_ACTIONS[i];
        }
    }
    return NULL;
}

/* alter_pass - when the command comes: a statement's commands are done in PostgreSQL's order. */
static uint8_t alter_pass(const PgQuery__AlterTableCmd *cmd)
{
    const AlterAction *a = alter_action(cmd->subtype);
    if (cmd->subtype == AT(ColumnDefault) && cmd->def == NULL) {
        return PASS_DROP;
    }
    if (cmd->subtype == AT(AddConstraint)) {
        const PgQuery__Constraint *c = cmd->def->constraint;
        bool index = c->contype == PG_QUERY__CONSTR_TYPE__CONSTR_PRIMARY ||
                     c->contype == PG_QUERY__CONSTR_TYPE__CONSTR_UNIQUE ||
                     c->contype == PG_QUERY__CONSTR_TYPE__CONSTR_EXCLUSION;
        bool using = c->indexname != NULL && c->indexname[0] != '\0';
        return using ? PASS_USING_INDEX : index ? PASS_INDEX : PASS_CONSTRAINT;
    }
    return a != NULL ? a->pass : PASS_MISC;
}

/* alter_check_kind - 42809 when relations of this kind have no such action. */
static Status alter_check_kind(Cx *cx, const CatTable *t, const PgQuery__AlterTableCmd *cmd)
{
    const AlterAction *a = alter_action(cmd->subtype);
    if (a == NULL) {
        return err_unsupported(cx, "this form of ALTER TABLE is not supported");
    }
    if (strchr(a->kinds, t->kind) != NULL) {
        return t->oid < FIRST_USER_OID
                   ? err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                             "permission denied: \"%s\" is a system catalog", t->name)
                   : ST_OK;
    }
    st_ignore(err_set(cx, ERRCODE_WRONG_OBJECT_TYPE,
                      "ALTER action %s cannot be performed on relation \"%s\"", a->name, t->name));
    return err_detail(cx, "This operation is not supported for %s.", ddl_kind_plural(t->kind));
}

/* alter_lock_mode - the strongest that one of the commands takes. */
static TableLockMode alter_lock_mode(const PgQuery__AlterTableStmt *stmt)
{
    TableLockMode mode = TABLELOCK_SHARE_UPDATE_EXCLUSIVE;
    for (size_t i = 0; i < stmt->n_cmds; i++) {
        const PgQuery__AlterTableCmd *cmd = stmt->cmds[i]->alter_table_cmd;
        TableLockMode one = TABLELOCK_ACCESS_EXCLUSIVE;
        const AlterAction *a = alter_action(cmd->subtype);
        if (a != NULL && a->weak && stmt->objtype != PG_QUERY__OBJECT_TYPE__OBJECT_VIEW) {
            one = TABLELOCK_SHARE_UPDATE_EXCLUSIVE;
        } else if (cmd->subtype == PG_QUERY__ALTER_TABLE_TYPE__AT_AddConstraint &&
                   cmd->def->constraint->contype == PG_QUERY__CONSTR_TYPE__CONSTR_FOREIGN) {
            one = TABLELOCK_SHARE_ROW_EXCLUSIVE;
        } else if (cmd->subtype >= PG_QUERY__ALTER_TABLE_TYPE__AT_EnableTrig &&
                   cmd->subtype <= PG_QUERY__ALTER_TABLE_TYPE__AT_DisableTrigUser) {
            one = TABLELOCK_SHARE_ROW_EXCLUSIVE;
        }
        mode = MAX(mode, one);
    }
    return mode;
}

/* alter_commands - all commands of one pass, in the order they are written. */
static Status alter_commands(Cx *cx, DdlCx *d, Slice sql, Oid oid,
                             const PgQuery__AlterTableStmt *stmt, uint8_t pass)
{
    bool types_done = false;
    for (size_t i = 0; i < stmt->n_cmds; i++) {
        const PgQuery__AlterTableCmd *cmd = stmt->cmds[i]->alter_table_cmd;
        if (alter_pass(cmd) != pass) {
            continue;
        }
        if (pass == PASS_TYPE && !types_done) {
            TRY(ddl_alter_types(cx, d, sql, oid, stmt));
            types_done = true;
        }
        TRY(alter_command(cx, d, sql, oid, cmd));
        cat_changed(d->view);
    }
    return ST_OK;
}

Status ddl_alter_table(Cx *cx, DdlCx *d, const PgQuery__AlterTableStmt *stmt, const char **tag_out)
{
    const CatTable *t;
    *tag_out = "ALTER TABLE";
    (void)ddl_relation_tag(stmt->objtype, tag_out);
    if (stmt->objtype == PG_QUERY__OBJECT_TYPE__OBJECT_TYPE) {
        *tag_out = "ALTER TYPE";
        return ddl_alter_composite(cx, d, stmt);
    }
    TRY(ddl_lock(cx, d, stmt->relation, alter_lock_mode(stmt), stmt->missing_ok, &t));
    if (t == NULL) {
        return ST_OK;
    }
    if (t->kind == 'c') {
        (void)err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is a composite type", t->name);
        return err_hint(cx, "Use ALTER TYPE instead.");
    }
    Oid oid = t->oid;
    TRY(ddl_check_object_kind(cx, t, stmt->objtype));
    TRY(cat_owner_need(cx, d->view, CAT_PG_CLASS, oid));
    TRY(ddl_not_in_use(cx, d, t, "ALTER TABLE"));
    for (size_t i = 0; i < stmt->n_cmds; i++) {
        TRY(alter_check_kind(cx, t, stmt->cmds[i]->alter_table_cmd));
    }
    DdlCx quiet = *d; /* errors of ALTER's expressions carry no position */
    quiet.sql = (Slice){0};
    for (uint8_t pass = 0; pass < PASS_END; pass++) {
        TRY(alter_commands(cx, &quiet, d->sql, oid, stmt, pass));
    }
    return ST_OK;
}

/*
 * create_sequence.c - CREATE and ALTER SEQUENCE, the sequences of serial and identity columns.
 */
#include "ddl/role.h"

/* SequenceOptions - what the options say; has_* for those given. */
typedef struct SequenceOptions {
    SequenceDef def;
    Oid type;
    int64_t restart;
    bool has_min, has_max, no_min, no_max, has_start, has_increment, has_restart, restart_value,
        has_type;
    const PgQuery__Node *owned_by; /* a list of names; NULL = not given */
} SequenceOptions;

/* sequence_option_int - the number an option gives; one that does not fit is a text in the tree. */
static Status sequence_option_int(Cx *cx, DdlCx *d, const PgQuery__DefElem *e, int64_t *out)
{
    const PgQuery__Node *n = e->arg;
    *out = 0;
    if (n == NULL) {
        return ST_OK;
    }
    if (n->node_case == PG_QUERY__NODE__NODE_INTEGER) {
        *out = n->integer->ival;
        return ST_OK;
    }
    if (n->node_case != PG_QUERY__NODE__NODE_FLOAT) {
        return err_set(cx, ERRCODE_SYNTAX_ERROR, "%s requires a numeric value", e->defname);
    }
    FnCall call = {.cx = cx, .arena = d->arena, .env = d->env};
    Datum v;
    TRY(type_ops(TYPE_INT8)->in(&call, slice_of(n->float_->fval), -1, &v));
    *out = v.i64;
    return ST_OK;
}

/* sequence_option - one option. */
static Status sequence_option(Cx *cx, DdlCx *d, const PgQuery__DefElem *e, SequenceOptions *o)
{
    const char *name = e->defname;
    if (strcmp(name, "as") == 0) {
        BindCx b = {.view = d->view, .arena = d->arena, .sql = d->sql, .env = d->env};
        int32_t typmod;
        TRY(bind_type_name(cx, &b, e->arg->type_name, &o->type, &typmod));
        if (o->type != TYPE_INT2 && o->type != TYPE_INT4 && o->type != TYPE_INT8) {
            return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                           "sequence type must be smallint, integer, or bigint");
        }
        o->has_type = true;
    } else if (strcmp(name, "increment") == 0) {
        TRY(sequence_option_int(cx, d, e, &o->def.increment));
        o->has_increment = true;
        if (o->def.increment == 0) {
            return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "INCREMENT must not be zero");
        }
    } else if (strcmp(name, "start") == 0) {
        TRY(sequence_option_int(cx, d, e, &o->def.start));
        o->has_start = true;
    } else if (strcmp(name, "restart") == 0) {
        o->has_restart = true;
        o->restart_value = e->arg != NULL;
        TRY(sequence_option_int(cx, d, e, &o->restart));
    } else if (strcmp(name, "maxvalue") == 0) {
        o->has_max = e->arg != NULL;
        o->no_max = e->arg == NULL;
        if (o->has_max) {
            TRY(sequence_option_int(cx, d, e, &o->def.max));
        }
    } else if (strcmp(name, "minvalue") == 0) {
        o->has_min = e->arg != NULL;
        o->no_min = e->arg == NULL;
        if (o->has_min) {
            TRY(sequence_option_int(cx, d, e, &o->def.min));
        }
    } else if (strcmp(name, "cache") == 0) {
        TRY(sequence_option_int(cx, d, e, &o->def.cache));
        if (o->def.cache <= 0) {
            return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                           "CACHE (%lld) must be greater than zero", (long long)o->def.cache);
        }
    } else if (strcmp(name, "cycle") == 0) {
        o->def.cycle = e->arg == NULL || e->arg->node_case != PG_QUERY__NODE__NODE_BOOLEAN ||
                       e->arg->boolean->boolval;
    } else if (strcmp(name, "owned_by") == 0) {
        o->owned_by = e->arg;
    } else {
        return err_unsupported(cx, "sequence option \"%s\" is not supported", name);
    }
    return ST_OK;
}

/* sequence_options - all of them, each once. */
static Status sequence_options(Cx *cx, DdlCx *d, PgQuery__Node *const *list, size_t count,
                               SequenceOptions *o)
{
    for (size_t i = 0; i < count; i++) {
        const PgQuery__DefElem *e = list[i]->def_elem;
        for (size_t k = 0; k < i; k++) {
            if (strcmp(e->defname, list[k]->def_elem->defname) == 0) {
                st_ignore(err_set(cx, ERRCODE_SYNTAX_ERROR, "conflicting or redundant options"));
                return ddl_error_at(cx, d, ST_ERROR, e->location);
            }
        }
        if (strcmp(e->defname, "sequence_name") != 0) {
            TRY(sequence_option(cx, d, e, o));
        }
    }
    return ST_OK;
}

static void sequence_limits(Oid type, int64_t *min_out, int64_t *max_out)
{
    *min_out = type == TYPE_INT2 ? INT16_MIN : type == TYPE_INT4 ? INT32_MIN : INT64_MIN;
    *max_out = type == TYPE_INT2 ? INT16_MAX : type == TYPE_INT4 ? INT32_MAX : INT64_MAX;
}

/* sequence_settle - defaults of what was not given, and the checks among the values. fresh: a new
 * sequence, or one whose start must be chosen again. */
static Status sequence_settle(Cx *cx, SequenceOptions *o, bool fresh)
{
    SequenceDef *s = &o->def;
    int64_t lo, hi;
    sequence_limits(o->type, &lo, &hi);
    const char *type_name = o->type == TYPE_INT2   ? "smallint"
                            : o->type == TYPE_INT4 ? "integer"
                                                   : "bigint";
    if (!o->has_max && (fresh || o->no_max)) {
        s->max = s->increment > 0 ? hi : -1;
    }
    if (!o->has_min && (fresh || o->no_min)) {
        s->min = s->increment > 0 ? 1 : lo;
    }
    if (s->max > hi || s->max < lo) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "MAXVALUE (%lld) is out of range for sequence data type %s",
                       (long long)s->max, type_name);
    }
    if (s->min > hi || s->min < lo) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "MINVALUE (%lld) is out of range for sequence data type %s",
                       (long long)s->min, type_name);
    }
    if (s->min >= s->max) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "MINVALUE (%lld) must be less than MAXVALUE (%lld)", (long long)s->min,
                       (long long)s->max);
    }
    if (fresh && !o->has_start) {
        s->start = s->increment > 0 ? s->min : s->max;
    }
    if (s->start < s->min) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "START value (%lld) cannot be less than MINVALUE (%lld)",
                       (long long)s->start, (long long)s->min);
    }
    if (s->start > s->max) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "START value (%lld) cannot be greater than MAXVALUE (%lld)",
                       (long long)s->start, (long long)s->max);
    }
    if (o->has_restart) {
        int64_t v = o->restart_value ? o->restart : s->start;
        if (v < s->min) {
            return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                           "RESTART value (%lld) cannot be less than MINVALUE (%lld)", (long long)v,
                           (long long)s->min);
        }
        if (v > s->max) {
            return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                           "RESTART value (%lld) cannot be greater than MAXVALUE (%lld)",
                           (long long)v, (long long)s->max);
        }
    }
    return ST_OK;
}

static void sequence_row(DdlRow *r, Oid oid, Oid type, const SequenceDef *s)
{
    ddl_row_init(r, CAT_PG_SEQUENCE);
    ddl_set_oid(r, PG_SEQUENCE_SEQRELID, oid);
    ddl_set_oid(r, PG_SEQUENCE_SEQTYPID, type);
    ddl_set_i64(r, PG_SEQUENCE_SEQSTART, s->start);
    ddl_set_i64(r, PG_SEQUENCE_SEQINCREMENT, s->increment);
    ddl_set_i64(r, PG_SEQUENCE_SEQMAX, s->max);
    ddl_set_i64(r, PG_SEQUENCE_SEQMIN, s->min);
    ddl_set_i64(r, PG_SEQUENCE_SEQCACHE, s->cache);
    ddl_set_bool(r, PG_SEQUENCE_SEQCYCLE, s->cycle);
}

/* sequence_columns - the three columns every sequence shows. */
static Status sequence_columns(Cx *cx, DdlCx *d, Oid oid)
{
    static const char *const NAMES[3] = {"last_value", "log_cnt", "is_called"};
    static const Oid TYPES[3] = {TYPE_INT8, TYPE_INT8, TYPE_BOOL};
    for (int16_t i = 0; i < 3; i++) {
        NewColumn c = {.name = NAMES[i],
                       .number = (int16_t)(i + 1),
                       .type = cat_type(d->view, TYPES[i]),
                       .typmod = -1,
                       .not_null = true};
        TRY(ddl_insert_attribute(cx, d, oid, &c));
    }
    return ST_OK;
}

/* sequence_own - OWNED BY: the sequence goes with the column. */
static Status sequence_own(Cx *cx, DdlCx *d, const CatTable *seq, const PgQuery__Node *owned_by)
{
    const PgQuery__List *names = owned_by->list;
    DdlObject self = {CAT_PG_CLASS, seq->oid, 0};
    if (names->n_items == 1) {
        if (strcmp(ddl_string(names->items[0]), "none") != 0) {
            st_ignore(err_set(cx, ERRCODE_SYNTAX_ERROR, "invalid OWNED BY option"));
            return err_hint(cx, "Specify OWNED BY table.column or OWNED BY NONE.");
        }
    }
    /* Forget the present owner. */
    static const uint16_t COLUMNS[2] = {PG_DEPEND_CLASSID, PG_DEPEND_OBJID};
    Datum key[2] = {{.u32 = CAT_PG_CLASS}, {.u32 = seq->oid}};
    DdlRowList deps;
    TRY(ddl_rows(cx, d, CAT_PG_DEPEND, COLUMNS, key, 2, &deps));
    TRY(ddl_row_remove(cx, d, CAT_PG_DEPEND, key, 2));
    for (uint32_t i = 0; i < deps.count; i++) {
        if (deps.rows[i].values[PG_DEPEND_REFCLASSID].u32 != CAT_PG_CLASS) {
            TRY(ddl_row_insert(cx, d, &deps.rows[i]));
        }
    }
    if (names->n_items == 1) {
        return ST_OK;
    }
    size_t n = names->n_items;
    PgQuery__RangeVar rv = PG_QUERY__RANGE_VAR__INIT;
    rv.relname = (char *)(uintptr_t)ddl_string(names->items[n - 2]);
    rv.schemaname = n > 2 ? (char *)(uintptr_t)ddl_string(names->items[n - 3]) : NULL;
    const CatTable *t;
    TRY(ddl_lock(cx, d, &rv, TABLELOCK_ACCESS_SHARE, false, &t));
    const char *column = ddl_string(names->items[n - 1]);
    const CatColumn *c = ddl_column(t, column);
    if (c == NULL) {
        return err_set(cx, ERRCODE_UNDEFINED_COLUMN,
                       "column \"%s\" of relation \"%s\" does not exist", column, t->name);
    }
    if (t->namespace_oid != seq->namespace_oid) {
        return err_set(cx, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                       "sequence must be in same schema as table it is linked to");
    }
    return ddl_depend(cx, d, self, (DdlObject){CAT_PG_CLASS, t->oid, c->number}, 'a');
}

/* sequence_create_with - a sequence by settled options. */
static Status sequence_create_with(Cx *cx, DdlCx *d, Oid namespace_oid, const char *name,
                                   const SequenceOptions *o, char persistence, Oid *oid_out)
{
    DdlRow r;
    TreeId tree;
    TRY(ddl_new_oid(cx, d, oid_out));
    TRY(sequence_create(cx, d->engine, d->view->txn, o->def.start, &tree));
    NewRelation rel = {.oid = *oid_out,
                       .namespace_oid = namespace_oid,
                       .name = name,
                       .kind = 'S',
                       .persistence = persistence,
                       .tree = tree,
                       .column_count = 3};
    TRY(ddl_insert_class(cx, d, &rel));
    TRY(sequence_columns(cx, d, *oid_out));
    sequence_row(&r, *oid_out, o->type, &o->def);
    TRY(ddl_row_insert(cx, d, &r));
    TRY(ddl_depend(cx, d, (DdlObject){CAT_PG_CLASS, *oid_out, 0},
                   (DdlObject){CAT_PG_NAMESPACE, namespace_oid, 0}, 'n'));
    cat_changed(d->view);
    return ST_OK;
}

Status ddl_make_sequence(Cx *cx, DdlCx *d, Oid namespace_oid, const char *name, Oid type,
                         PgQuery__Node *const *options, size_t option_count, char persistence,
                         Oid *oid_out)
{
    SequenceOptions o = {.type = type != 0 ? type : TYPE_INT8, .def = {.increment = 1, .cache = 1}};
    TRY(sequence_options(cx, d, options, option_count, &o));
    TRY(sequence_settle(cx, &o, true));
    return sequence_create_with(cx, d, namespace_oid, name, &o, persistence, oid_out);
}

Status ddl_copy_sequence(Cx *cx, DdlCx *d, Oid namespace_oid, const char *name,
                         const CatTable *like, char persistence, Oid *oid_out)
{
    SequenceOptions o = {.type = like->sequence_type, .def = like->sequence};
    return sequence_create_with(cx, d, namespace_oid, name, &o, persistence, oid_out);
}

Status ddl_create_sequence(Cx *cx, DdlCx *d, const PgQuery__CreateSeqStmt *stmt)
{
    const PgQuery__RangeVar *rv = stmt->sequence;
    Oid namespace_oid, oid;
    bool exists;
    char persistence;
    TRY(ddl_creation_place(cx, d, rv, false, &namespace_oid, &persistence));
    TRY(ddl_relation_exists(cx, d, namespace_oid, rv->relname, &exists));
    if (exists && stmt->if_not_exists) {
        err_notice(cx, ERR_NOTICE, ERRCODE_DUPLICATE_TABLE, NULL,
                   "relation \"%s\" already exists, skipping", rv->relname);
        return ST_OK;
    }
    SequenceOptions o = {.type = TYPE_INT8, .def = {.increment = 1, .cache = 1}};
    TRY(sequence_options(cx, d, stmt->options, stmt->n_options, &o));
    TRY(sequence_settle(cx, &o, true));
    if (exists) {
        return err_set(cx, ERRCODE_DUPLICATE_TABLE, "relation \"%s\" already exists", rv->relname);
    }
    TRY(sequence_create_with(cx, d, namespace_oid, rv->relname, &o, persistence, &oid));
    if (o.owned_by != NULL) {
        const CatTable *seq;
        TRY(ddl_reload(cx, d, oid, &seq));
        TRY(sequence_own(cx, d, seq, o.owned_by));
    }
    return ST_OK;
}

/* sequence_change - settle the options over what the sequence has, and store them. */
static Status sequence_change(Cx *cx, DdlCx *d, const CatTable *seq, SequenceOptions *o)
{
    if (o->has_type && o->type != seq->sequence_type) {
        int64_t lo, hi; /* limits that came from the old type follow the new one */
        sequence_limits(seq->sequence_type, &lo, &hi);
        o->no_max = o->no_max || (!o->has_max && o->def.max == hi);
        o->no_min = o->no_min || (!o->has_min && o->def.min == lo);
    }
    TRY(sequence_settle(cx, o, false));
    SequenceState state;
    TRY(sequence_get(cx, d->engine, seq->tree, &state));
    if (o->has_restart) {
        state.last_value = o->restart_value ? o->restart : o->def.start;
        state.is_called = false;
    }
    if (state.last_value < o->def.min || state.last_value > o->def.max) {
        bool low = state.last_value < o->def.min;
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "RESTART value (%lld) cannot be %s than %s (%lld)",
                       (long long)state.last_value, low ? "less" : "greater",
                       low ? "MINVALUE" : "MAXVALUE", (long long)(low ? o->def.min : o->def.max));
    }
    if (o->has_restart) { /* a new tree, so that rolling back brings the old value back */
        TreeId tree;
        TRY(sequence_create(cx, d->engine, d->view->txn, state.last_value, &tree));
        TRY(ddl_update_class_tree(cx, d, seq->oid, tree));
        txn_drop_tree_on_commit(d->view->txn, seq->tree);
    }
    DdlRow r;
    sequence_row(&r, seq->oid, o->type, &o->def);
    TRY(ddl_row_store(cx, d, &r));
    cat_changed(d->view);
    return ST_OK;
}

Status ddl_set_sequence_type(Cx *cx, DdlCx *d, Oid sequence, Oid type)
{
    const CatTable *seq;
    if (type != TYPE_INT2 && type != TYPE_INT4 && type != TYPE_INT8) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "identity column type must be smallint, integer, or bigint");
    }
    TRY(ddl_reload(cx, d, sequence, &seq));
    SequenceOptions o = {.type = type, .def = seq->sequence, .has_type = true};
    return sequence_change(cx, d, seq, &o);
}

Status ddl_change_sequence(Cx *cx, DdlCx *d, Oid sequence, PgQuery__Node *const *options,
                           size_t count)
{
    const CatTable *seq;
    TRY(ddl_reload(cx, d, sequence, &seq));
    SequenceOptions o = {.type = seq->sequence_type, .def = seq->sequence};
    TRY(sequence_options(cx, d, options, count, &o));
    return sequence_change(cx, d, seq, &o);
}

Status ddl_alter_sequence(Cx *cx, DdlCx *d, const PgQuery__AlterSeqStmt *stmt)
{
    const CatTable *seq;
    TRY(ddl_lock(cx, d, stmt->sequence, TABLELOCK_SHARE_ROW_EXCLUSIVE, stmt->missing_ok, &seq));
    if (seq == NULL) {
        return ST_OK;
    }
    if (seq->kind != 'S') {
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a sequence", seq->name);
    }
    TRY(cat_owner_need(cx, d->view, CAT_PG_CLASS, seq->oid));
    SequenceOptions o = {.type = seq->sequence_type, .def = seq->sequence};
    TRY(sequence_options(cx, d, stmt->options, stmt->n_options, &o));
    TRY(sequence_change(cx, d, seq, &o));
    return o.owned_by != NULL ? sequence_own(cx, d, seq, o.owned_by) : ST_OK;
}

Status ddl_restart_sequence(Cx *cx, DdlCx *d, Oid sequence)
{
    const CatTable *seq;
    TreeId tree;
    TRY(ddl_reload(cx, d, sequence, &seq));
    TRY(sequence_create(cx, d->engine, d->view->txn, seq->sequence.start, &tree));
    TRY(ddl_update_class_tree(cx, d, seq->oid, tree));
    txn_drop_tree_on_commit(d->view->txn, seq->tree);
    cat_changed(d->view);
    return ST_OK;
}

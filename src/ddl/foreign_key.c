/*
 * foreign_key.c - FOREIGN KEY and REFERENCES: the columns, the key they point at, existing rows.
 */
#include "ddl/role.h"

/* ForeignKey - a foreign key under construction. */
typedef struct ForeignKey {
    DdlCx *d;
    const CatTable *t, *ref;
    const NewConstraint *con;
    int16_t columns[INDEX_COLUMNS_MAX], ref_columns[INDEX_COLUMNS_MAX];
    uint32_t operators[INDEX_COLUMNS_MAX];
    uint16_t count, ref_count;
    int16_t set_columns[INDEX_COLUMNS_MAX]; /* of ON DELETE SET NULL (...) */
    uint16_t set_count;
    Oid index;
    const char *name;
    char match;
} ForeignKey;

static Status fkey_column(Cx *cx, const CatTable *t, const char *name, int16_t *list,
                          uint16_t *count)
{
    const CatColumn *c = ddl_column(t, name);
    if (c == NULL) {
        return err_set(cx, ERRCODE_UNDEFINED_COLUMN,
                       "column \"%s\" referenced in foreign key constraint does not exist", name);
    }
    if (*count >= INDEX_COLUMNS_MAX) {
        return err_set(cx, ERRCODE_TOO_MANY_COLUMNS,
                       "cannot have more than %d keys in a foreign key", INDEX_COLUMNS_MAX);
    }
    list[(*count)++] = c->number;
    return ST_OK;
}

/* fkey_columns - both column lists; without a list the primary key is meant. */
static Status fkey_columns(Cx *cx, ForeignKey *f)
{
    const PgQuery__Constraint *node = f->con->node;
    if (f->con->column != NULL) {
        TRY(fkey_column(cx, f->t, f->con->column, f->columns, &f->count));
    }
    for (size_t i = 0; f->con->column == NULL && i < node->n_fk_attrs; i++) {
        TRY(fkey_column(cx, f->t, ddl_string(node->fk_attrs[i]), f->columns, &f->count));
    }
    for (size_t i = 0; i < node->n_pk_attrs; i++) {
        TRY(fkey_column(cx, f->ref, ddl_string(node->pk_attrs[i]), f->ref_columns, &f->ref_count));
    }
    if (node->n_pk_attrs != 0) {
        return ST_OK;
    }
    for (uint16_t i = 0; i < f->ref->index_count; i++) {
        const CatIndex *ix = &f->ref->indexes[i];
        if (ix->primary) {
            if (ix->deferrable) {
                return err_set(cx, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                               "cannot use a deferrable primary key for referenced table \"%s\"",
                               f->ref->name);
            }
            f->index = ix->oid;
            f->ref_count = ix->key_count;
            memcpy(f->ref_columns, ix->columns, ix->key_count * sizeof(int16_t));
            return ST_OK;
        }
    }
    return err_set(cx, ERRCODE_UNDEFINED_OBJECT,
                   "there is no primary key for referenced table \"%s\"", f->ref->name);
}

/* fkey_set_columns - the columns of ON DELETE SET NULL (...): of the key, each once. */
static Status fkey_set_columns(Cx *cx, ForeignKey *f)
{
    const PgQuery__Constraint *node = f->con->node;
    for (size_t i = 0; i < node->n_fk_del_set_cols; i++) {
        int16_t one[1] = {0};
        uint16_t n = 0;
        bool in_key = false, known = false;
        const char *name = ddl_string(node->fk_del_set_cols[i]);
        TRY(fkey_column(cx, f->t, name, one, &n));
        for (uint16_t k = 0; k < f->count; k++) {
            in_key = in_key || f->columns[k] == one[0];
        }
        for (uint16_t k = 0; k < f->set_count; k++) {
            known = known || f->set_columns[k] == one[0];
        }
        if (!in_key) {
            return err_set(cx, ERRCODE_INVALID_COLUMN_REFERENCE,
                           "column \"%s\" referenced in ON DELETE SET action must be part of "
                           "foreign key",
                           name);
        }
        if (!known) {
            f->set_columns[f->set_count++] = one[0];
        }
    }
    return ST_OK;
}

/* fkey_matches - is the unique index over exactly the referenced columns, in any order? */
static bool fkey_matches(const ForeignKey *f, const CatIndex *ix)
{
    if (!ix->unique || ix->key_count != f->ref_count || ix->predicate_sql != NULL) {
        return false;
    }
    for (uint16_t i = 0; i < f->ref_count; i++) {
        bool found = false;
        for (uint16_t k = 0; k < ix->key_count; k++) {
            found = found || ix->columns[k] == f->ref_columns[i];
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

/* fkey_index - the unique index that the referenced columns of a foreign key need; 42830 when
 * there is none. */
static Status fkey_index(Cx *cx, ForeignKey *f)
{
    for (uint16_t i = 0; i < f->ref_count; i++) {
        for (uint16_t k = 0; k < i; k++) {
            if (f->ref_columns[i] == f->ref_columns[k]) {
                return err_set(cx, ERRCODE_INVALID_FOREIGN_KEY,
                               "foreign key referenced-columns list must not contain duplicates");
            }
        }
    }
    bool deferrable = false;
    for (uint16_t i = 0; f->index == 0 && i < f->ref->index_count; i++) {
        const CatIndex *ix = &f->ref->indexes[i];
        if (fkey_matches(f, ix)) {
            deferrable |= ix->deferrable;
            f->index = ix->deferrable ? OID_INVALID : ix->oid;
        }
    }
    if (f->index == 0 && deferrable) {
        return err_set(cx, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                       "cannot use a deferrable unique constraint for referenced table \"%s\"",
                       f->ref->name);
    }
    if (f->index == 0) {
        return err_set(cx, ERRCODE_INVALID_FOREIGN_KEY,
                       "there is no unique constraint matching given keys for referenced table "
                       "\"%s\"",
                       f->ref->name);
    }
    if (f->count != f->ref_count) {
        return err_set(cx, ERRCODE_INVALID_FOREIGN_KEY,
                       "number of referencing and referenced columns for foreign key disagree");
    }
    return ST_OK;
}

static const char *fkey_type_text(DdlCx *d, const CatColumn *c)
{
    Buf b;
    buf_init(&b, 256);
    cat_format_type(d->view, c->type, c->typmod, &b);
    const char *text = arena_strndup(d->arena, (const char *)b.data, b.len);
    buf_release(&b);
    return text;
}

/* fkey_operator - pk = fk: an equality of the two types, or of the referenced type when the other
 * turns into it implicitly. 0 = none. */
static Status fkey_operator(Cx *cx, DdlCx *d, Oid pk, Oid fk, Oid *oper_out)
{
    const CatOper *const *list;
    uint32_t n;
    *oper_out = OID_INVALID;
    TRY(cat_opers_by_name(cx, d->view, "pg_catalog", "=", &list, &n));
    for (uint32_t i = 0; i < n; i++) {
        if (list[i]->left == pk && list[i]->right == fk &&
            cat_oper_strategy(d->view, list[i]->oid) == 3) {
            *oper_out = list[i]->oid;
            return ST_OK;
        }
    }
    const CatCast *cast = pk == fk ? NULL : cat_cast(d->view, fk, pk);
    if (pk != fk && (cast == NULL || cast->context != 'i')) {
        /* varchar and char compare as text */
        const CatCast *a = pk == TYPE_TEXT ? NULL : cat_cast(d->view, pk, TYPE_TEXT);
        const CatCast *b = fk == TYPE_TEXT ? NULL : cat_cast(d->view, fk, TYPE_TEXT);
        bool text = (pk == TYPE_TEXT || (a != NULL && a->context == 'i')) &&
                    (fk == TYPE_TEXT || (b != NULL && b->context == 'i'));
        if (!text) {
            return ST_OK;
        }
        pk = TYPE_TEXT;
    }
    Oid lt, gt;
    if (!cat_default_order(d->view, pk, &lt, oper_out, &gt)) {
        *oper_out = OID_INVALID;
    }
    return ST_OK;
}

static Status fkey_operators(Cx *cx, ForeignKey *f)
{
    for (uint16_t i = 0; i < f->count; i++) {
        const CatColumn *fk = &f->t->columns[f->columns[i] - 1];
        const CatColumn *pk = &f->ref->columns[f->ref_columns[i] - 1];
        TRY(fkey_operator(cx, f->d, pk->type, fk->type, &f->operators[i]));
        if (f->operators[i] == 0) {
            st_ignore(err_set(cx, ERRCODE_DATATYPE_MISMATCH,
                              "foreign key constraint \"%s\" cannot be implemented", f->name));
            return err_detail(
                cx, "Key columns \"%s\" and \"%s\" are of incompatible types: %s and %s.", fk->name,
                pk->name, fkey_type_text(f->d, fk), fkey_type_text(f->d, pk));
        }
    }
    return ST_OK;
}

/* fkey_name - the given name of a foreign key, which must be free, or one made of its columns. */
static Status fkey_name(Cx *cx, ForeignKey *f)
{
    const char *given = f->con->node->conname;
    char *name, *names = NULL;
    if (given != NULL && given[0] != '\0') {
        f->name = given;
        if (ddl_constraint_named(f->t, given) != NULL) {
            return err_set(cx, ERRCODE_DUPLICATE_OBJECT,
                           "constraint \"%s\" for relation \"%s\" already exists", given,
                           f->t->name);
        }
        return ST_OK;
    }
    for (uint16_t i = 0; i < f->count; i++) {
        const char *c = f->t->columns[f->columns[i] - 1].name;
        names =
            i == 0 ? arena_strdup(f->d->arena, c) : arena_printf(f->d->arena, "%s_%s", names, c);
    }
    TRY(ddl_choose_constraint_name(cx, f->d, f->t->namespace_oid, f->t->name, names, "fkey",
                                   &name));
    f->name = name;
    return ST_OK;
}

/* FkeyMissing - the first row without a partner, as text. */
typedef struct FkeyMissing {
    ForeignKey *f;
    bool found;
    Buf values;
} FkeyMissing;

/* fkey_missing_row - DdlRowSink.batch. */
static Status fkey_missing_row(void *arg, Cx *cx, const Batch *batch)
{
    FkeyMissing *m = arg;
    SEL_FOREACH(row, &batch->sel)
    {
        m->found = true;
        for (uint16_t i = 0; i < m->f->count; i++) {
            const CatType *type =
                cat_type(m->f->d->view, m->f->t->columns[m->f->columns[i] - 1].type);
            buf_puts(&m->values, i == 0 ? "" : ", ");
            if (vec_is_null(batch->cols[i], row)) {
                buf_puts(&m->values, "null");
            } else {
                Datum v = vec_get(batch->cols[i], row);
                FnCall call = {.cx = cx, .env = m->f->d->env, .arena = cx->arena};
                type->ops->out(&call, &v, &m->values);
            }
        }
        return ST_DONE;
    }
    return ST_OK;
}

/* fkey_rows_hold - 23503 when a row has no partner. */
static Status fkey_rows_hold(Cx *cx, ForeignKey *f)
{
    Arena *a = f->d->arena;
    bool full = f->match == 'f';
    char *names = arena_strdup(a, ""), *list = arena_strdup(a, ""), *on = arena_strdup(a, ""),
         *set = arena_strdup(a, "");
    for (uint16_t i = 0; i < f->count; i++) {
        const char *fk = f->t->columns[f->columns[i] - 1].name;
        const char *q = ddl_sql_name(a, fk);
        names = arena_printf(a, "%s%s%s", names, i == 0 ? "" : ", ", fk);
        list = arena_printf(a, "%s%sfk.%s", list, i == 0 ? "" : ", ", q);
        on = arena_printf(a, "%s%sfk.%s = pk.%s", on, i == 0 ? "" : " AND ", q,
                          ddl_sql_name(a, f->ref->columns[f->ref_columns[i] - 1].name));
        set = arena_printf(a, "%s%sfk.%s IS NOT NULL", set,
                           i == 0 ? ""
                           : full ? " OR "
                                  : " AND ",
                           q);
    }
    const char *sql = arena_printf(
        a, "SELECT %s FROM %s fk LEFT JOIN %s pk ON %s WHERE pk.%s IS NULL AND (%s) LIMIT 1", list,
        ddl_qualified(f->d, f->t), ddl_qualified(f->d, f->ref), on,
        ddl_sql_name(a, f->ref->columns[f->ref_columns[0] - 1].name), set);
    FkeyMissing m = {.f = f};
    DdlRowSink sink = {.batch = fkey_missing_row, .arg = &m};
    buf_init(&m.values, ERR_FIELD_BYTES_MAX);
    Status st = ddl_run(cx, f->d, sql, &sink);
    if (st == ST_OK && m.found) {
        st_ignore(err_set(cx, ERRCODE_FOREIGN_KEY_VIOLATION,
                          "insert or update on table \"%s\" violates foreign key constraint \"%s\"",
                          f->t->name, f->name));
        st_ignore(err_detail(cx, "Key (%s)=(%.*s) is not present in table \"%s\".", names,
                             (int)m.values.len, (const char *)m.values.data, f->ref->name));
        st = err_constraint(cx, f->t->schema_name, f->t->name, "", f->name);
    }
    buf_release(&m.values);
    return st;
}

static Status fkey_refuse(Cx *cx, const PgQuery__Constraint *node)
{
    if (node->fk_matchtype != NULL && node->fk_matchtype[0] == 'p') {
        return err_unsupported(cx, "MATCH PARTIAL not yet implemented");
    }
    return ST_OK;
}

static char fkey_action(const char *s, char otherwise)
{
    return s != NULL && s[0] != '\0' ? s[0] : otherwise;
}

/* fkey_generated - an action that writes the referencing column cannot write a generated one. */
static Status fkey_generated(Cx *cx, const ForeignKey *f, char on_update, char on_delete)
{
    for (uint16_t i = 0; i < f->count; i++) {
        if (f->t->columns[f->columns[i] - 1].generated == 0) {
            continue;
        }
        bool update = on_update == 'n' || on_update == 'd' || on_update == 'c';
        if (update || on_delete == 'n' || on_delete == 'd') {
            return err_set(cx, ERRCODE_SYNTAX_ERROR,
                           "invalid %s action for foreign key constraint containing generated "
                           "column",
                           update ? "ON UPDATE" : "ON DELETE");
        }
    }
    return ST_OK;
}

/* fkey_persistence - 42P16: rows that stay may not refer to rows that go by themselves. */
static Status fkey_persistence(Cx *cx, DdlCx *d, const CatTable *t, const CatTable *ref)
{
    const char *text = NULL;
    switch (t->persistence) {
    case 't':
        if (ref->persistence != 't') {
            text = "constraints on temporary tables may reference only temporary tables";
        } else if (cat_other_temp(d->view, t) || cat_other_temp(d->view, ref)) {
            text = "constraints on temporary tables must involve temporary tables of this session";
        }
        break;
    case 'u':
        if (ref->persistence == 't') {
            text = "constraints on unlogged tables may reference only permanent or unlogged tables";
        }
        break;
    default:
        if (ref->persistence != 'p') {
            text = "constraints on permanent tables may reference only permanent tables";
        }
    }
    return text == NULL ? ST_OK : err_set(cx, ERRCODE_INVALID_TABLE_DEFINITION, "%s", text);
}

Status ddl_add_foreign_key(Cx *cx, DdlCx *d, const CatTable *t, const NewConstraint *c,
                           bool check_rows)
{
    const PgQuery__Constraint *node = c->node;
    ForeignKey f = {.d = d, .t = t, .con = c};
    TRY(fkey_refuse(cx, node));
    TRY(ddl_lock(cx, d, node->pktable, TABLELOCK_SHARE_ROW_EXCLUSIVE, false, &f.ref));
    if (f.ref->kind != 'r') {
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "referenced relation \"%s\" is not a table",
                       f.ref->name);
    }
    if (f.ref->oid < FIRST_USER_OID) {
        return err_set(cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                       "permission denied: \"%s\" is a system catalog", f.ref->name);
    }
    TRY(fkey_persistence(cx, d, t, f.ref));
    f.match = fkey_action(node->fk_matchtype, 's');
    TRY(fkey_columns(cx, &f));
    TRY(fkey_generated(cx, &f, fkey_action(node->fk_upd_action, 'a'),
                       fkey_action(node->fk_del_action, 'a')));
    TRY(fkey_set_columns(cx, &f));
    TRY(fkey_index(cx, &f));
    TRY(cat_acl_columns_need(cx, d->view, f.ref->oid, f.ref_columns, f.ref_count, d->view->user,
                             ACL_REFERENCES));
    TRY(fkey_name(cx, &f));
    TRY(fkey_operators(cx, &f));
    ConstraintRow r = {.name = f.name,
                       .type = 'f',
                       .index = f.index,
                       .foreign_table = f.ref->oid,
                       .on_update = fkey_action(node->fk_upd_action, 'a'),
                       .on_delete = fkey_action(node->fk_del_action, 'a'),
                       .match = f.match,
                       .columns = f.columns,
                       .column_count = f.count,
                       .foreign_columns = f.ref_columns,
                       .foreign_count = f.ref_count,
                       .operators = f.operators,
                       .delete_set_columns = f.set_columns,
                       .delete_set_count = f.set_count,
                       .deferrable = node->deferrable != 0,
                       .deferred = node->initdeferred != 0,
                       .validated = !node->skip_validation || !check_rows};
    if (check_rows && !node->skip_validation) {
        TRY(fkey_rows_hold(cx, &f));
    }
    TRY(ddl_new_oid(cx, d, &r.oid));
    TRY(ddl_insert_constraint(cx, d, t, &r));
    DdlObject self = {CAT_PG_CONSTRAINT, r.oid, 0};
    for (uint16_t i = 0; i < f.ref_count; i++) {
        TRY(ddl_depend(cx, d, self, (DdlObject){CAT_PG_CLASS, f.ref->oid, f.ref_columns[i]}, 'n'));
    }
    TRY(ddl_depend(cx, d, self, (DdlObject){CAT_PG_CLASS, f.index, 0}, 'n'));
    TRY(ddl_foreign_key_triggers(cx, d, t->oid, &r));
    cat_changed(d->view);
    return ST_OK;
}

Status ddl_recheck_foreign_key(Cx *cx, DdlCx *d, const CatTable *t, const CatConstraint *con,
                               bool rows)
{
    ForeignKey f = {.d = d, .t = t, .count = con->column_count, .name = con->name};
    DdlRow r;
    Datum key = {.u32 = con->oid};
    f.match = con->match;
    TRY(cat_table_by_oid(cx, d->view, con->foreign_table, &f.ref));
    for (uint16_t i = 0; i < con->column_count; i++) {
        f.columns[i] = con->columns[i];
        f.ref_columns[i] = con->foreign_columns[i];
    }
    if (rows) {
        return con->validated ? fkey_rows_hold(cx, &f) : ST_OK;
    }
    TRY(fkey_operators(cx, &f));
    const char *operators = ddl_oid_array(d->arena, f.operators, f.count);
    TRY(ddl_row_load(cx, d, CAT_PG_CONSTRAINT, &key, 1, &r));
    ddl_set_text(&r, PG_CONSTRAINT_CONPFEQOP, operators);
    ddl_set_text(&r, PG_CONSTRAINT_CONPPEQOP, operators);
    ddl_set_text(&r, PG_CONSTRAINT_CONFFEQOP, operators);
    return ddl_row_store(cx, d, &r);
}

/*
 * value.c - the values of variables and records, and what expressions take from them.
 */
#include "plpgsql/pl_internal.h"
#include "type/record.h"

void pl_value_free(PlValue *v)
{
    mem_free(v->bytes);
    *v = (PlValue){.is_null = true};
}

void pl_value_put(PlValue *v, PhysType phys, const Datum *d, bool is_null)
{
    v->is_null = is_null;
    if (is_null) {
        return;
    }
    if (phys != PHYS_STR || d->str.len <= STR_INLINE_BYTES) {
        v->v = *d;
        return;
    }
    uint32_t len = d->str.len;
    const char *from = str_ptr(&d->str);
    if (v->size < len) {
        uint32_t size = MAX(len, v->size * 2);
        char *bytes = mem_alloc("variable", size);
        memcpy(bytes, from, len); /* from may be the old bytes */
        mem_free(v->bytes);
        v->bytes = bytes;
        v->size = size;
    } else {
        memmove(v->bytes, from, len);
    }
    v->v.str = str_ref(v->bytes, len);
}

/* ---- records ---- */

PlRecord *pl_record(PlFrame *f, uint32_t var)
{
    PlSlot *s = &f->slots[var];
    if (s->record == NULL) {
        s->record = mem_zalloc("record", sizeof(PlRecord));
        arena_init(&s->record->arena, NULL, "record", 0);
        s->record->is_null = true;
    }
    return s->record;
}

static void record_clear(PlRecord *r)
{
    for (uint32_t i = 0; i < r->count; i++) {
        mem_free(r->values[i].bytes);
    }
    r->count = 0;
    r->values = NULL;
    arena_clear(&r->arena);
}

void pl_record_free(PlRecord *r)
{
    if (r != NULL) {
        record_clear(r);
        arena_release(&r->arena);
        mem_free(r);
    }
}

void pl_record_shape(PlFrame *f, PlRecord *r, uint32_t count, const char *const *names,
                     const Oid *types, const int32_t *typmods)
{
    bool same = r->assigned && r->count == count;
    (void)f;
    for (uint32_t i = 0; i < count && same; i++) {
        same = r->types[i] == types[i] && strcmp(r->names[i], names[i]) == 0;
    }
    r->assigned = true;
    r->is_null = false;
    if (same) {
        return;
    }
    record_clear(r);
    r->count = count;
    r->names = ARENA_ARRAY(&r->arena, const char *, count + 1u);
    r->types = ARENA_ARRAY(&r->arena, Oid, count + 1u);
    r->typmods = ARENA_ARRAY(&r->arena, int32_t, count + 1u);
    r->values = ARENA_ARRAY(&r->arena, PlValue, count + 1u);
    for (uint32_t i = 0; i < count; i++) {
        r->names[i] = arena_strdup(&r->arena, names[i]);
        r->types[i] = types[i];
        r->typmods[i] = typmods != NULL ? typmods[i] : -1;
        r->values[i].is_null = true;
    }
}

Status pl_record_of_table(PlFrame *f, PlRecord *r, const CatTable *t)
{
    const char **names = ARENA_ARRAY(&f->scratch, const char *, t->column_count + 1u);
    Oid *types = ARENA_ARRAY(&f->scratch, Oid, t->column_count + 1u);
    int32_t *typmods = ARENA_ARRAY(&f->scratch, int32_t, t->column_count + 1u);
    uint32_t n = 0;
    for (uint16_t i = 0; i < t->column_count; i++) {
        if (!t->columns[i].dropped) {
            names[n] = t->columns[i].name;
            types[n] = t->columns[i].type;
            typmods[n++] = t->columns[i].typmod;
        }
    }
    pl_record_shape(f, r, n, names, types, typmods);
    return ST_OK;
}

/* record_declared - a variable of a composite type has its shape from the start, all NULL. */
static Status record_declared(PlFrame *f, uint32_t var)
{
    const PlVar *v = f->fn->vars[var];
    PlRecord *r = pl_record(f, var);
    const CatTable *table;
    if (v->type == TYPE_RECORD) {
        return ST_OK;
    }
    const CatType *t = cat_type(f->fn->m->fs->view, v->type);
    if (t == NULL || t->kind != 'c') {
        return ST_OK;
    }
    TRY(cat_table_by_oid(&f->cx, f->fn->m->fs->view, t->relation, &table));
    TRY(pl_record_of_table(f, r, table));
    return ST_OK;
}

Status pl_record_set(PlFrame *f, uint32_t var, const Datum *value, bool is_null, Oid type)
{
    const PlVar *v = f->fn->vars[var];
    PlRecord *r = pl_record(f, var);
    (void)type;
    if (v->type != TYPE_RECORD) {
        TRY(record_declared(f, var));
    }
    if (is_null) {
        for (uint32_t i = 0; i < r->count; i++) {
            r->values[i].is_null = true;
        }
        r->assigned = v->type != TYPE_RECORD || r->assigned;
        r->is_null = true;
        return ST_OK;
    }
    if (!pl_is_record_type(f->fn->m, type)) {
        return err_set(&f->cx, ERRCODE_DATATYPE_MISMATCH,
                       "cannot assign non-composite value to a record variable");
    }
    RecordIter it = record_iter(&value->str);
    RecordField field;
    Slice name;
    uint32_t n = 0, count = it.count;
    if (v->type == TYPE_RECORD) {
        const char **names = ARENA_ARRAY(&f->scratch, const char *, count + 1u);
        Oid *types = ARENA_ARRAY(&f->scratch, Oid, count + 1u);
        RecordIter shape = it;
        while (record_next(&shape, &field, &name)) {
            names[n] = name.len > 0 ? arena_strndup(&f->scratch, name.ptr, name.len)
                                    : arena_printf(&f->scratch, "f%u", n + 1);
            types[n++] = field.type;
        }
        pl_record_shape(f, r, count, names, types, NULL);
        n = 0;
    }
    r->is_null = false;
    while (record_next(&it, &field, &name) && n < r->count) {
        Datum d = field.value;
        bool null = field.is_null;
        TRY(func_cast(f->fn->m, &f->cx, &f->scratch, &field.value, field.is_null, field.type,
                      r->types[n], r->typmods[n], &d, &null));
        pl_value_put(&r->values[n], func_phys(f->fn->m, r->types[n]), &d, null);
        n++;
    }
    for (; n < r->count; n++) {
        r->values[n].is_null = true;
    }
    return ST_OK;
}

void pl_record_value(PlFrame *f, uint32_t var, Datum *value_out, bool *null_out)
{
    const PlRecord *r = pl_record(f, var);
    *null_out = !r->assigned || r->is_null;
    if (*null_out) {
        return;
    }
    RecordField *fields = ARENA_ARRAY(&f->scratch, RecordField, r->count + 1u);
    for (uint32_t i = 0; i < r->count; i++) {
        fields[i] = (RecordField){.type = func_base_type(f->fn->m, r->types[i]),
                                  .name = r->names[i],
                                  .is_null = r->values[i].is_null,
                                  .value = r->values[i].v};
    }
    value_out->str = record_build(&f->scratch, fields, r->count);
}

/* ---- expressions ---- */

/* fill_one - the value of a parameter; false: its type is not what the expression was bound with.
 */
static Status fill_one(PlFrame *f, const PlParam *p, Oid bound, Datum *value, bool *is_null,
                       bool *same)
{
    const PlVar *v = f->fn->vars[p->var];
    *same = true;
    if (p->field == NULL && !v->record) {
        const PlValue *pv = &f->slots[p->var].value;
        *is_null = pv->is_null;
        *value = pv->v;
        *same = v->type == bound;
        return ST_OK;
    }
    if (p->field == NULL) {
        pl_record_value(f, p->var, value, is_null);
        return ST_OK;
    }
    const PlRecord *r = pl_record(f, p->var);
    for (uint32_t i = 0; r->assigned && i < r->count; i++) {
        if (strcmp(r->names[i], p->field) == 0) {
            *is_null = r->values[i].is_null;
            *value = r->values[i].v;
            *same = r->types[i] == bound;
            return ST_OK;
        }
    }
    if (!r->assigned) {
        st_ignore(err_set(&f->cx, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                          "record \"%s\" is not assigned yet", v->name));
        return err_detail(&f->cx,
                          "The tuple structure of a not-yet-assigned record is indeterminate.");
    }
    return err_set(&f->cx, ERRCODE_UNDEFINED_COLUMN, "record \"%s\" has no field \"%s\"", v->name,
                   p->field);
}

Status pl_fill(PlFrame *f, PlExpr *e, Arena *arena, bool copied, Datum **values_out,
               bool **nulls_out)
{
    for (uint32_t tries = 0;; tries++) {
        bool all_same = true;
        TRY(func_query_ready(&f->cx, &e->q));
        uint32_t n = e->q.params.count;
        Datum *values = ARENA_ARRAY(arena, Datum, n + 1u);
        bool *nulls = ARENA_ARRAY(arena, bool, n + 1u);
        for (uint32_t i = 0; i < n && all_same; i++) {
            if (e->q.params.types[i] == 0) {
                nulls[i] = true; /* of an earlier binding */
                continue;
            }
            TRY(fill_one(f, &e->params[i], e->q.params.types[i], &values[i], &nulls[i], &all_same));
            if (copied && !nulls[i] && func_phys(f->fn->m, e->q.params.types[i]) == PHYS_STR) {
                values[i].str = str_copy(arena, str_ptr(&values[i].str), values[i].str.len);
            }
        }
        if (all_same || tries > 3) {
            *values_out = values;
            *nulls_out = nulls;
            return ST_OK;
        }
        func_query_stale(&e->q);
    }
}

Status pl_eval(PlFrame *f, PlExpr *e, Datum *value_out, bool *null_out, Oid *type_out)
{
    Datum *values;
    bool *nulls;
    *null_out = true;
    TRY(pl_fill(f, e, &f->scratch, false, &values, &nulls));
    Status st = func_eval(&f->cx, &e->q, values, nulls, f->fn->body->read_only, &f->scratch,
                          value_out, null_out);
    bool wanted = e->q.want_type != 0;
    *type_out = wanted ? e->q.want_type : e->q.type;
    return st;
}

Status pl_eval_as(PlFrame *f, PlExpr *e, Oid type, Datum *value_out, bool *null_out)
{
    Oid from;
    TRY(pl_eval(f, e, value_out, null_out, &from));
    return func_cast(f->fn->m, &f->cx, &f->scratch, value_out, *null_out, from, type, -1, value_out,
                     null_out);
}

Status pl_eval_bool(PlFrame *f, PlExpr *e, bool *value_out, bool *null_out)
{
    Datum d = {0};
    TRY(pl_eval_as(f, e, TYPE_BOOL, &d, null_out));
    *value_out = !*null_out && d.b;
    return ST_OK;
}

Status pl_eval_text(PlFrame *f, PlExpr *e, const char **text_out)
{
    Datum d = {0};
    bool is_null;
    Oid type;
    Buf b;
    *text_out = NULL;
    TRY(pl_eval(f, e, &d, &is_null, &type));
    if (is_null) {
        return ST_OK;
    }
    buf_init(&b, 1u << 30);
    func_value_text(f->fn->m, &f->cx, &f->scratch, type, &d, &b);
    *text_out = arena_strndup(&f->scratch, b.data != NULL ? (const char *)b.data : "", b.len);
    buf_release(&b);
    return ST_OK;
}

/* ---- assignment ---- */

/* assign_field - a value into a field of a record. */
static Status assign_field(PlFrame *f, const PlTarget *t, const Datum *value, bool is_null,
                           Oid type)
{
    const PlVar *v = f->fn->vars[t->var];
    PlRecord *r = pl_record(f, t->var);
    if (!r->assigned && v->type != TYPE_RECORD) {
        TRY(record_declared(f, t->var));
    }
    if (!r->assigned) {
        st_ignore(err_set(&f->cx, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                          "record \"%s\" is not assigned yet", v->name));
        return err_detail(&f->cx,
                          "The tuple structure of a not-yet-assigned record is indeterminate.");
    }
    for (uint32_t i = 0; i < r->count; i++) {
        if (strcmp(r->names[i], t->field) == 0) {
            Datum d = *value;
            bool null = is_null;
            TRY(func_cast(f->fn->m, &f->cx, &f->scratch, value, is_null, type, r->types[i],
                          r->typmods[i], &d, &null));
            pl_value_put(&r->values[i], func_phys(f->fn->m, r->types[i]), &d, null);
            r->is_null = false;
            return ST_OK;
        }
    }
    return err_set(&f->cx, ERRCODE_UNDEFINED_COLUMN, "record \"%s\" has no field \"%s\"", v->name,
                   t->field);
}

Status pl_assign(PlFrame *f, const PlTarget *t, const Datum *value, bool is_null, Oid type)
{
    const PlVar *v = f->fn->vars[t->var];
    Datum d = *value;
    bool null = is_null;
    if (t->field != NULL) {
        return assign_field(f, t, value, is_null, type);
    }
    if (v->not_null && is_null) {
        return err_set(&f->cx, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                       "null value cannot be assigned to variable \"%s\" declared NOT NULL",
                       v->name);
    }
    if (v->record) {
        return pl_record_set(f, t->var, value, is_null, type);
    }
    TRY(func_cast(f->fn->m, &f->cx, &f->scratch, value, is_null, type, v->type,
                  type == v->type ? -1 : v->typmod, &d, &null));
    pl_value_put(&f->slots[t->var].value, func_phys(f->fn->m, v->type), &d, null);
    return ST_OK;
}

Status pl_assign_text(PlFrame *f, uint32_t var, const char *text)
{
    PlTarget t = {var, NULL};
    Datum d = {0};
    if (text != NULL) {
        d.str = str_ref(text, strlen(text));
    }
    return pl_assign(f, &t, &d, text == NULL, TYPE_TEXT);
}

void pl_set_found(PlFrame *f, bool found)
{
    f->slots[f->fn->found_var].value.v.b = found;
    f->slots[f->fn->found_var].value.is_null = false;
}

/* row_value - column i of a row; false: NULL, or there is no row. */
static bool row_value(const PlRow *r, uint32_t i, Datum *out)
{
    if (r == NULL || (r->b != NULL ? vec_is_null(r->b->cols[i], r->row) : r->nulls[i])) {
        return false;
    }
    *out = r->b != NULL ? vec_get(r->b->cols[i], r->row) : r->values[i];
    return true;
}

/* take_record - a whole row into one record variable. */
static Status take_record(PlFrame *f, uint32_t var, const PlanColumn *columns, uint32_t count,
                          const PlRow *row)
{
    const PlVar *v = f->fn->vars[var];
    PlRecord *r = pl_record(f, var);
    if (count == 1 && row != NULL && pl_is_record_type(f->fn->m, columns[0].type) &&
        v->type != TYPE_RECORD) {
        Datum d = {0};
        bool null = !row_value(row, 0, &d);
        return pl_record_set(f, var, &d, null, columns[0].type);
    }
    if (v->type == TYPE_RECORD) {
        const char **names = ARENA_ARRAY(&f->scratch, const char *, count + 1u);
        Oid *types = ARENA_ARRAY(&f->scratch, Oid, count + 1u);
        int32_t *typmods = ARENA_ARRAY(&f->scratch, int32_t, count + 1u);
        for (uint32_t i = 0; i < count; i++) {
            names[i] = columns[i].name;
            types[i] = columns[i].type == TYPE_UNKNOWN ? TYPE_TEXT : columns[i].type;
            typmods[i] = columns[i].typmod;
        }
        pl_record_shape(f, r, count, names, types, typmods);
    } else {
        TRY(record_declared(f, var));
    }
    r->is_null = row == NULL;
    for (uint32_t i = 0; i < r->count; i++) {
        Datum d = {0};
        bool null = i >= count || !row_value(row, i, &d);
        if (!null) {
            TRY(func_cast(f->fn->m, &f->cx, &f->scratch, &d, null, columns[i].type, r->types[i],
                          v->type == TYPE_RECORD ? -1 : r->typmods[i], &d, &null));
        }
        pl_value_put(&r->values[i], func_phys(f->fn->m, r->types[i]), &d, null);
    }
    return ST_OK;
}

Status pl_take_row(PlFrame *f, const PlTarget *targets, uint32_t count, const PlanColumn *columns,
                   uint32_t column_count, const PlRow *row)
{
    if (count == 1 && targets[0].field == NULL && f->fn->vars[targets[0].var]->record) {
        return take_record(f, targets[0].var, columns, column_count, row);
    }
    for (uint32_t i = 0; i < count; i++) {
        Datum d = {0};
        bool null = i >= column_count || !row_value(row, i, &d);
        Oid type = null ? TYPE_TEXT : columns[i].type;
        TRY(pl_assign(f, &targets[i], &d, null, type));
    }
    return ST_OK;
}

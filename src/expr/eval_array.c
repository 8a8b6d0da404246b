/*
 * eval_array.c - steps over arrays: ARRAY[...], casts element by element, op ANY/ALL (array),
 * subscripts.
 *
 * Operators and casts see elements as vectors, up to VEC_CAPACITY at once. An array that is the
 * same for all rows is compared one element with all rows, or looked up in a hash set of it.
 */
#include "expr/expr_internal.h"
#include "type/array.h"
#include "type/jsonb.h"
#include "type/record.h"

/* eval_array_make - ARRAY[...]: one array a row from the arguments' values. */
static Status eval_array_make(Cx *cx, const Step *s, StepRun *sr, const Sel *sel, Arena *arena)
{
    Datum *values = ARENA_ARRAY(arena, Datum, s->arg_count + 1u);
    bool *nulls = ARENA_ARRAY(arena, bool, s->arg_count + 1u);
    ArrayShape shape = {.element = s->element, .ndim = 1, .dims = {s->arg_count}, .lower = {1}};
    SEL_FOREACH(row, sel)
    {
        Datum r;
        for (uint16_t i = 0; i < s->arg_count; i++) {
            nulls[i] = vec_is_null(sr->argv[i], row);
            if (!nulls[i]) {
                values[i] = vec_get(sr->argv[i], row);
            }
        }
        if (s->nested) {
            TRY(array_build_nested(cx, arena, s->element, values, nulls, s->arg_count, &r.str));
        } else {
            r.str = array_build(arena, &shape, values, nulls);
        }
        vec_put(&sr->out, row, &r);
    }
    return ST_OK;
}

/* item_fill - the next elements of an array as a FLAT vector; returns how many. */
static uint32_t item_fill(ExprRun *run, StepRun *sr, ArrayIter *it)
{
    uint32_t n = 0;
    Datum d;
    bool is_null;
    if (sr->item.data == NULL || sr->item.phys != it->view->phys) {
        vec_init(&sr->item, it->view->phys, run->arena);
    }
    vec_reset(&sr->item);
    for (; n < VEC_CAPACITY && array_next(it, &d, &is_null); n++) {
        if (is_null) {
            vec_set_null(&sr->item, n);
        } else {
            vec_put(&sr->item, n, &d);
        }
    }
    return n;
}

/* eval_array_cast - every element through the step's own program; the shape stays. */
static Status eval_array_cast(Cx *cx, ExprRun *run, const Step *s, StepRun *sr, const Sel *sel,
                              Arena *arena)
{
    if (sr->each == NULL) {
        TRY(expr_run_create(cx, run->arena, s->each, &sr->each));
        expr_run_reset(sr->each, run->env);
    }
    SEL_FOREACH(row, sel)
    {
        ArrayView v;
        ArrayList list = array_list(arena);
        uint32_t n;
        if (vec_is_null(sr->argv[0], row)) {
            vec_set_null(&sr->out, row);
            continue;
        }
        Datum r = vec_get(sr->argv[0], row);
        array_view(&r.str, &v);
        ArrayIter it = array_iter(&v);
        while ((n = item_fill(run, sr, &it)) > 0) {
            Vector *cols[1] = {&sr->item};
            Batch in = {.cols = cols, .col_count = 1, .count = (uint16_t)n, .sel = {NULL, n}};
            const Vector *out;
            TRY(expr_eval(cx, sr->each, 0, &in, &in.sel, arena, &out));
            for (uint32_t i = 0; i < n; i++) {
                bool is_null = vec_is_null(out, i);
                Datum d = vec_get(out, i);
                array_list_add(&list, out->phys, &d, is_null, false);
            }
        }
        v.shape.element = s->element;
        r.str = array_build(arena, &v.shape, list.values, list.nulls);
        vec_put(&sr->out, row, &r);
    }
    return ST_OK;
}

/* any_put - the answer of one row: decided, or not known because of a NULL, or neither. */
static void any_put(const Step *s, Vector *out, uint32_t row, bool decided, bool unknown)
{
    ((uint8_t *)out->data)[row] = decided != s->is_all;
    if (!decided && unknown) {
        vec_set_null(out, row);
    }
}

/* any_row - one value against the elements of its own array. */
static Status any_row(Cx *cx, ExprRun *run, uint32_t step, uint32_t row, Arena *arena)
{
    const Step *s = &run->prog->steps[step];
    StepRun *sr = &run->steps[step];
    ArrayView v;
    bool decided = false, unknown = false;
    uint32_t n;
    if (vec_is_null(sr->argv[1], row)) {
        vec_set_null(&sr->out, row);
        return ST_OK;
    }
    Datum array = vec_get(sr->argv[1], row), left = {0};
    uint64_t none[VEC_VALID_WORDS] = {0};
    array_view(&array.str, &v);
    ArrayIter it = array_iter(&v);
    bool left_null = vec_is_null(sr->argv[0], row);
    left = vec_get(sr->argv[0], row);
    Vector konst = {.phys = sr->argv[0]->phys,
                    .kind = VEC_CONST,
                    .data = &left,
                    .valid = left_null ? none : NULL};
    if (left_null && s->strict && v.count > 0) {
        vec_set_null(&sr->out, row);
        return ST_OK;
    }
    while (!decided && (n = item_fill(run, sr, &it)) > 0) {
        const Vector *pair[2] = {&konst, &sr->item};
        Sel all = {NULL, n};
        vec_reset(&sr->flat);
        TRY(step_call(cx, run, step, pair, NULL, &all, arena, &sr->flat));
        for (uint32_t i = 0; i < n && !decided; i++) {
            bool is_null = vec_is_null(&sr->flat, i);
            unknown = unknown || is_null;
            decided = !is_null &&
                      (((const uint8_t *)sr->flat.data)[vec_index(&sr->flat, i)] != 0) != s->is_all;
        }
    }
    any_put(s, &sr->out, row, decided, unknown);
    return ST_OK;
}

/* any_hashed - many values against one array: a hash set, made once an execution when it can be. */
static void any_hashed(ExprRun *run, uint32_t step, const Datum *array, const Sel *sel,
                       Arena *arena)
{
    const Step *s = &run->prog->steps[step];
    StepRun *sr = &run->steps[step];
    const InSet *set = sr->set;
    if (set == NULL) {
        bool kept = run->prog->steps[s->args[1]].invariant;
        Arena *where = kept ? &run->const_arena : arena;
        ArrayView v;
        ArrayList list = array_list(where);
        array_view(&array->str, &v);
        array_list_all(&list, &v);
        set = in_set_build_values(where, v.ops, list.values, list.nulls, list.count);
        sr->set = kept ? set : NULL;
    }
    step_eval_in_set(set, false, sr->argv[0], sel, &sr->out);
}

/* eval_array_any - op ANY/ALL (array): by hash set for many rows and one array, else row by row. */
static Status eval_array_any(Cx *cx, ExprRun *run, uint32_t step, const Sel *sel, Arena *arena)
{
    const Step *s = &run->prog->steps[step];
    StepRun *sr = &run->steps[step];
    const Vector *array = sr->argv[1];
    if (sr->flat.data == NULL) {
        vec_init(&sr->flat, PHYS_BOOL, run->arena);
    }
    if (array->kind == VEC_CONST && !vec_is_null(array, 0) && s->hashed && sel->count > 1) {
        Datum d = vec_get(array, 0);
        ArrayView v;
        array_view(&d.str, &v);
        if (v.count > 0) {
            any_hashed(run, step, &d, sel, arena);
            return ST_OK;
        }
    }
    SEL_FOREACH(row, sel)
    {
        TRY(any_row(cx, run, step, row, arena));
    }
    return ST_OK;
}

/* subs_of_row - the subscripts' values; false when one is NULL. */
static bool subs_of_row(const Step *s, const StepRun *sr, uint32_t row, ArraySubs *out)
{
    *out = (ArraySubs){.count = s->subs.count, .is_slice = s->subs.is_slice};
    for (uint32_t i = 0; i < out->count; i++) {
        uint32_t low = s->subs.lower[i], high = s->subs.upper[i];
        if ((low != 0 && vec_is_null(sr->argv[low], row)) ||
            (high != 0 && vec_is_null(sr->argv[high], row))) {
            return false;
        }
        out->lower_open[i] = low == 0;
        out->upper_open[i] = high == 0;
        out->lower[i] = low != 0 ? vec_get(sr->argv[low], row).i32 : 1;
        out->upper[i] = high != 0 ? vec_get(sr->argv[high], row).i32 : 0;
    }
    return true;
}

/* subscript_store - the array of one row with the last argument put in. */
static Status subscript_store(Cx *cx, const Step *s, StepRun *sr, uint32_t row, ArraySubs *subs,
                              Arena *arena)
{
    const Vector *value = sr->argv[s->arg_count - 1];
    bool null_array = vec_is_null(sr->argv[0], row), null_value = vec_is_null(value, row);
    Datum array = vec_get(sr->argv[0], row), d = vec_get(value, row), r = array;
    if (s->subs.is_slice && null_value) { /* nothing to put in */
        if (null_array) {
            vec_set_null(&sr->out, row);
            return ST_OK;
        }
    } else {
        TRY(array_store(cx, arena, s->element, null_array ? NULL : &array.str, subs, &d, null_value,
                        &r.str));
    }
    vec_put(&sr->out, row, &r);
    return ST_OK;
}

/* jsonb_path_of_row - the subscripts' values as steps of a path; false when one is NULL. Numbers
 * are written as texts. */
static bool jsonb_path_of_row(const Step *s, const StepRun *sr, uint32_t row, Arena *arena,
                              JbPath *out)
{
    out->count = s->subs.count;
    out->steps = ARENA_ARRAY(arena, Slice, out->count + 1u);
    out->nulls = ARENA_ARRAY(arena, bool, out->count + 1u);
    for (uint32_t i = 0; i < out->count; i++) {
        const Vector *v = sr->argv[s->subs.upper[i]];
        if (vec_is_null(v, row)) {
            return false;
        }
        Datum d = vec_get(v, row);
        out->steps[i] = v->phys == PHYS_I32
                            ? slice_of(arena_printf(arena, "%d", d.i32))
                            : (Slice){arena_memdup(arena, str_ptr(&d.str), d.str.len), d.str.len};
    }
    return true;
}

/* eval_jsonb_subscript - members of jsonb read, or put in. */
static Status eval_jsonb_subscript(Cx *cx, const Step *s, StepRun *sr, const Sel *sel, Arena *arena)
{
    FnCall call = {.cx = cx, .arena = arena, .state_arena = arena};
    SEL_FOREACH(row, sel)
    {
        JbPath path;
        Slice found;
        Datum r = {0}, value, old = vec_get(sr->argv[0], row);
        bool given = jsonb_path_of_row(s, sr, row, arena, &path);
        bool null_old = vec_is_null(sr->argv[0], row);
        if (s->subs.assign) {
            const Vector *v = sr->argv[s->arg_count - 1];
            if (!given) {
                return err_set(cx, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                               "jsonb subscript in assignment must not be null");
            }
            value = vec_get(v, row);
            TRY(jb_subscript_set(&call, null_old ? NULL : &old.str, &path,
                                 sr->argv[s->subs.upper[0]]->phys == PHYS_I32,
                                 vec_is_null(v, row) ? NULL : &value.str, &r.str));
            vec_put(&sr->out, row, &r);
        } else if (!null_old && given && jb_follow(str_slice(&old.str), &path, &found)) {
            r.str = str_copy(arena, found.ptr, found.len);
            vec_put(&sr->out, row, &r);
        } else {
            vec_set_null(&sr->out, row);
        }
    }
    return ST_OK;
}

/* eval_fixed_subscript - a part of a point and its like, from 0, read or put in. Putting in leaves
 * a NULL as it is. */
static Status eval_fixed_subscript(Cx *cx, const Step *s, StepRun *sr, const Sel *sel, Arena *arena)
{
    SEL_FOREACH(row, sel)
    {
        ArraySubs subs;
        Datum whole = vec_get(sr->argv[0], row), r = {0};
        bool given = subs_of_row(s, sr, row, &subs), is_null = vec_is_null(sr->argv[0], row);
        size_t size = s->element == TYPE_FLOAT8 ? sizeof(double) : 2 * sizeof(double);
        size_t at = given ? (size_t)(uint32_t)subs.upper[0] * size : 0;
        bool inside = given && !is_null && subs.upper[0] >= 0 && at < whole.str.len;
        if (s->subs.assign) {
            const Vector *v = sr->argv[s->arg_count - 1];
            if (!given) {
                return err_set(cx, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                               "array subscript in assignment must not be null");
            }
            if (!is_null && !vec_is_null(v, row)) {
                if (!inside) {
                    return err_set(cx, ERRCODE_ARRAY_SUBSCRIPT_ERROR,
                                   "array subscript out of range");
                }
                Datum part = vec_get(v, row);
                char *bytes = arena_memdup(arena, str_ptr(&whole.str), whole.str.len);
                memcpy(bytes + at,
                       s->element == TYPE_FLOAT8 ? (const char *)&part.f64 : str_ptr(&part.str),
                       size);
                whole.str = str_copy(arena, bytes, whole.str.len);
            }
            if (is_null) {
                vec_set_null(&sr->out, row);
            } else {
                vec_put(&sr->out, row, &whole);
            }
        } else if (!inside) {
            vec_set_null(&sr->out, row);
        } else if (s->element == TYPE_FLOAT8) {
            memcpy(&r.f64, str_ptr(&whole.str) + at, size);
            vec_put(&sr->out, row, &r);
        } else {
            r.str = str_copy(arena, str_ptr(&whole.str) + at, size);
            vec_put(&sr->out, row, &r);
        }
    }
    return ST_OK;
}

/* eval_subscript - elements and slices read, or put in. */
static Status eval_subscript(Cx *cx, const Step *s, StepRun *sr, const Sel *sel, Arena *arena)
{
    if (s->fixed) {
        return eval_fixed_subscript(cx, s, sr, sel, arena);
    }
    if (s->element == OID_INVALID) {
        return eval_jsonb_subscript(cx, s, sr, sel, arena);
    }
    SEL_FOREACH(row, sel)
    {
        ArraySubs subs;
        ArrayView v;
        Datum r = {0};
        bool given = subs_of_row(s, sr, row, &subs);
        if (s->subs.assign) {
            if (!given) {
                return err_set(cx, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                               "array subscript in assignment must not be null");
            }
            TRY(subscript_store(cx, s, sr, row, &subs, arena));
            continue;
        }
        if (vec_is_null(sr->argv[0], row) || !given) {
            vec_set_null(&sr->out, row);
            continue;
        }
        Datum array = vec_get(sr->argv[0], row);
        array_view(&array.str, &v);
        if (s->subs.is_slice) {
            r.str = array_slice(arena, &v, &subs);
            vec_put(&sr->out, row, &r);
        } else if (array_fetch(&v, &subs, &r)) {
            vec_put(&sr->out, row, &r);
        } else {
            vec_set_null(&sr->out, row);
        }
    }
    return ST_OK;
}

/* eval_row - ROW(...): the fields with their types and names. */
static void eval_row(const Step *s, StepRun *sr, const Sel *sel, Arena *arena)
{
    RecordField *fields = ARENA_ARRAY(arena, RecordField, s->arg_count + 1u);
    SEL_FOREACH(row, sel)
    {
        bool any = false;
        for (uint16_t i = 0; i < s->arg_count; i++) {
            fields[i] = (RecordField){.type = s->arg_types[i],
                                      .declared = s->real_types[i],
                                      .name = s->names != NULL ? s->names[i] : NULL,
                                      .is_null = vec_is_null(sr->argv[i], row)};
            if (!fields[i].is_null) {
                fields[i].value = vec_get(sr->argv[i], row);
                any = true;
            }
        }
        if (s->nested && !any) { /* the missing side of an outer join */
            vec_set_null(&sr->out, row);
            continue;
        }
        Datum r = {.str = record_build(arena, fields, s->arg_count)};
        vec_put(&sr->out, row, &r);
    }
}

/* field_fits - can a field of this type be taken for what the row type has there today? Another is
 * there when the type has lost fields since the value was written. */
static bool field_fits(Oid type, const Step *s)
{
    const TypeOps *ops = type_ops(type);
    return type == s->element ||
           (ops != NULL && ops->phys == s->phys && type_sound(type) == type_sound(s->element));
}

/* eval_field - one field of each row value. */
static void eval_field(const Step *s, StepRun *sr, const Sel *sel, Arena *arena)
{
    SEL_FOREACH(row, sel)
    {
        RecordField f = {.is_null = true};
        Slice name;
        if (!vec_is_null(sr->argv[0], row)) {
            Datum d = vec_get(sr->argv[0], row);
            RecordIter it = record_iter(&d.str);
            bool more = true;
            for (uint32_t i = 0; i <= s->number && more; i++) {
                more = record_next(&it, &f, &name);
            }
            f.is_null = f.is_null || !more || !field_fits(f.type, s);
            if (!f.is_null && s->phys == PHYS_STR) {
                f.value.str = str_copy(arena, str_ptr(&f.value.str), f.value.str.len);
            }
        }
        if (f.is_null) {
            vec_set_null(&sr->out, row);
        } else {
            vec_put(&sr->out, row, &f.value);
        }
    }
}

Status step_eval_array(Cx *cx, ExprRun *run, uint32_t step, const Sel *sel, Arena *arena)
{
    const Step *s = &run->prog->steps[step];
    StepRun *sr = &run->steps[step];
    switch (s->kind) {
    case STEP_ARRAY: return eval_array_make(cx, s, sr, sel, arena);
    case STEP_ARRAY_CAST: return eval_array_cast(cx, run, s, sr, sel, arena);
    case STEP_ARRAY_ANY: return eval_array_any(cx, run, step, sel, arena);
    case STEP_SUBSCRIPT: return eval_subscript(cx, s, sr, sel, arena);
    case STEP_ROW: eval_row(s, sr, sel, arena); return ST_OK;
    case STEP_FIELD: eval_field(s, sr, sel, arena); return ST_OK;
    default: UNREACHABLE();
    }
}

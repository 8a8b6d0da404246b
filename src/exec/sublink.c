/*
 * sublink.c - sub-queries in expressions: run once when nothing varies, else once per outer row.
 */
#include "exec/exec_internal.h"
#include "type/array.h"

static void release_sub_key(void *arg)
{
    buf_release(&((SubRun *)arg)->key);
}

Status subs_create(Cx *cx, ExecState *s)
{
    const Plan *p = s->plan;
    s->subs = ARENA_ARRAY(&s->arena, SubRun, p->subplan_count + 1);
    s->ctes = ARENA_ARRAY(&s->arena, CteRun *, p->cte_count + 1);
    for (uint32_t i = 0; i < p->cte_count; i++) {
        TRY(cte_create(cx, s, &p->ctes[i], &s->ctes[i]));
    }
    for (uint32_t i = 0; i < p->subplan_count; i++) {
        SubRun *r = &s->subs[i];
        r->plan = &p->subplans[i];
        arena_init(&r->hold, &s->arena, "sub-query", 0);
        buf_init(&r->key, 1u << 30);
        arena_on_clear(&s->arena, release_sub_key, r);
        TRY(node_create(cx, s, r->plan->root, &r->root));
        if (r->plan->test != NULL) {
            TRY(expr_run_create(cx, &s->arena, r->plan->test, &r->test));
        }
    }
    return ST_OK;
}

/* subs_reset - a new execution: forget every answer. */
void subs_reset(ExecState *s)
{
    for (uint32_t i = 0; i < s->plan->subplan_count; i++) {
        SubRun *r = &s->subs[i];
        arena_clear(&r->hold);
        r->cached = r->no_keys = false;
        r->runs = 0;
        if (r->test != NULL) {
            expr_run_reset(r->test, &s->expr_env);
        }
    }
    for (uint32_t i = 0; i < s->plan->cte_count; i++) {
        cte_reset(s->ctes[i]);
    }
}

void subs_forget(ExecState *s, const PlanScope *scope)
{
    for (uint32_t i = scope->cte_first; i < scope->cte_end; i++) {
        if (s->plan->ctes[i].correlated) {
            cte_reset(s->ctes[i]);
        }
    }
    for (uint32_t i = scope->sub_first; i < scope->sub_end; i++) {
        s->subs[i].cached = false;
        s->subs[i].runs = 0;
    }
}

static Status more_than_one_row(Cx *cx)
{
    return err_set(cx, ERRCODE_CARDINALITY_VIOLATION,
                   "more than one row returned by a subquery used as an expression");
}

/* sub_run - run the sub-query and keep its answer: exists, the value, or the column. */
static Status sub_run(Cx *cx, SubRun *r)
{
    const Batch *b;
    Status st;
    SublinkKind kind = r->plan->kind;
    bool column = kind == SUBLINK_ANY || kind == SUBLINK_ALL;
    arena_clear(&r->hold);
    ArrayList list = array_list(&r->hold);
    r->exists = r->has_null = false;
    r->is_null = true;
    if (column) {
        row_store_init(&r->store, &r->hold, r->plan->root->phys, 1);
        key_table_init(&r->keys, &r->hold, phys_is_int(r->plan->root->phys[0]));
    }
    st = r->root->start(cx, r->root);
    while (st == ST_OK) {
        st = r->root->next(cx, r->root,
                           column || kind == SUBLINK_ARRAY ? VEC_CAPACITY
                           : kind == SUBLINK_EXISTS        ? 1
                                                           : 2,
                           &b);
        if (st != ST_OK) {
            break;
        }
        if (kind == SUBLINK_EXISTS) {
            r->exists = true;
            st = ST_DONE;
        } else if (kind == SUBLINK_ARRAY) {
            SEL_FOREACH(row, &b->sel)
            {
                Datum d = vec_get(b->cols[0], row);
                array_list_add(&list, b->cols[0]->phys, &d, vec_is_null(b->cols[0], row), true);
            }
        } else if (kind == SUBLINK_SCALAR) {
            if (r->exists || b->sel.count > 1) {
                st = more_than_one_row(cx);
                break;
            }
            uint32_t row = b->sel.idx != NULL ? b->sel.idx[0] : 0;
            r->exists = true;
            r->is_null = vec_is_null(b->cols[0], row);
            r->value = vec_get(b->cols[0], row);
            if (!r->is_null && b->cols[0]->phys == PHYS_STR) {
                r->value.str = str_copy(&r->hold, str_ptr(&r->value.str), r->value.str.len);
            }
        } else if (r->plan->hash_type != NULL) {
            SEL_FOREACH(row, &b->sel)
            {
                bool added;
                r->exists = true;
                if (vec_is_null(b->cols[0], row)) {
                    r->has_null = true;
                    continue;
                }
                if (r->keys.ints) {
                    key_table_add_int(&r->keys, vec_int(b->cols[0], row), &added);
                    continue;
                }
                buf_clear(&r->key);
                key_append(r->plan->hash_type, b->cols[0], row, &r->key);
                key_table_add(&r->keys, r->key.data, r->key.len, &added);
            }
        } else {
            row_store_append(&r->store, b);
        }
    }
    if (st != ST_DONE) {
        return st;
    }
    if (kind == SUBLINK_ARRAY) {
        r->is_null = false;
        if (r->plan->nested) {
            TRY(array_accumulate(cx, &list, r->plan->element, &r->value.str));
        } else {
            r->value.str = array_build_list(&list, r->plan->element);
        }
    }
    r->cached = r->plan->param_count == 0;
    return ST_OK;
}

/* sub_compare - x op ANY/ALL (column), by the operator's kernel over whole chunks. */
static Status sub_compare(Cx *cx, SubRun *r, const Vector *tested, uint32_t row, Arena *arena,
                          bool *value, bool *null)
{
    bool any = r->plan->kind == SUBLINK_ANY;
    bool unknown = false;
    Vector konst = {.phys = tested->phys, .kind = VEC_CONST};
    uint64_t invalid[VEC_VALID_WORDS] = {0};
    konst.data =
        (uint8_t *)tested->data + (size_t)vec_index(tested, row) * phys_bytes(tested->phys);
    konst.valid = vec_is_null(tested, row) ? invalid : NULL;
    *null = false;
    for (uint32_t c = 0; c < r->store.chunk_count; c++) {
        const Batch *chunk = r->store.chunks[c];
        Vector *cols[2] = {&konst, chunk->cols[0]};
        Batch pair = {.cols = cols, .col_count = 2, .count = chunk->count, .sel = chunk->sel};
        const Vector *v;
        TRY(expr_eval(cx, r->test, 0, &pair, &pair.sel, arena, &v));
        SEL_FOREACH(i, &pair.sel)
        {
            if (vec_is_null(v, i)) {
                unknown = true;
            } else if ((((const uint8_t *)v->data)[vec_index(v, i)] != 0) == any) {
                *value = any;
                return ST_OK;
            }
        }
    }
    *value = !any;
    *null = unknown;
    return ST_OK;
}

/* sub_find - the row's value, not NULL, among the sub-query's keys; KEY_NONE when it is not there.
 */
static uint32_t sub_find(SubRun *r, const Vector *tested, uint32_t row)
{
    if (r->keys.ints) {
        return key_table_find_int(&r->keys, vec_int(tested, row));
    }
    buf_clear(&r->key);
    key_append(r->plan->hash_type, tested, row, &r->key);
    return key_table_find(&r->keys, r->key.data, r->key.len);
}

static Status sub_hashed(SubRun *r, const Vector *tested, uint32_t row, bool *value, bool *null)
{
    *null = false;
    *value = false;
    if (!r->exists) {
        return ST_OK;
    }
    if (vec_is_null(tested, row)) {
        *null = true;
        return ST_OK;
    }
    *value = sub_find(r, tested, row) != KEY_NONE;
    *null = !*value && r->has_null;
    return ST_OK;
}

/* sub_answer - the value of a subquery for one row, from what the run of its plan left. */
static Status sub_answer(Cx *cx, SubRun *r, const Vector *tested, uint32_t row, Vector *out,
                         uint32_t out_row, Arena *arena)
{
    bool value = false, null = false;
    Datum d = {0};
    switch (r->plan->kind) {
    case SUBLINK_EXISTS: value = r->exists; break;
    case SUBLINK_ARRAY:
    case SUBLINK_SCALAR:
        if (r->is_null) {
            vec_set_null(out, out_row);
            return ST_OK;
        }
        d = r->value;
        if (out->phys == PHYS_STR) {
            d.str = str_copy(arena, str_ptr(&d.str), d.str.len);
        }
        vec_put(out, out_row, &d);
        return ST_OK;
    default:
        if (r->plan->hash_type != NULL) {
            TRY(sub_hashed(r, tested, row, &value, &null));
        } else {
            TRY(sub_compare(cx, r, tested, row, arena, &value, &null));
        }
    }
    if (null) {
        vec_set_null(out, out_row);
    } else {
        ((uint8_t *)out->data)[out_row] = value != r->plan->negated;
    }
    return ST_OK;
}

/* ---- scalars by key ---- */

/* keyed_add - a key with its value; NULL keys are asked for by nobody. */
static void keyed_add(SubRun *r, const Batch *b, uint32_t row)
{
    bool added;
    uint32_t k;
    const Vector *value = b->cols[1];
    if (vec_is_null(b->cols[0], row)) {
        return;
    }
    if (r->keys.ints) {
        k = key_table_add_int(&r->keys, vec_int(b->cols[0], row), &added);
    } else {
        buf_clear(&r->key);
        key_append(r->plan->hash_type, b->cols[0], row, &r->key);
        k = key_table_add(&r->keys, r->key.data, r->key.len, &added);
    }
    if (k >= r->repeated_size) {
        uint32_t size = MAX(r->repeated_size * 2, 1024u);
        r->repeated = arena_grow(&r->hold, r->repeated, r->repeated_size, size);
        memset(r->repeated + r->repeated_size, 0, size - r->repeated_size);
        r->repeated_size = size;
    }
    if (added) {
        row_store_append_row(&r->store, &value, row);
    }
    r->repeated[k] = !added;
}

/* keyed_run - the values of all keys. */
static Status keyed_run(Cx *cx, ExecState *s, SubRun *r)
{
    const Batch *b;
    const PhysType *phys = r->plan->root->phys;
    arena_clear(&r->hold);
    row_store_init(&r->store, &r->hold, r->plan->root->phys + 1, 1);
    key_table_init(&r->keys, &r->hold, phys_is_int(phys[0]));
    r->repeated = NULL;
    r->repeated_size = 0;
    r->none_known = false;
    Status st = r->root->start(cx, r->root);
    while (st == ST_OK && (st = r->root->next(cx, r->root, VEC_CAPACITY, &b)) == ST_OK) {
        SEL_FOREACH(row, &b->sel)
        {
            keyed_add(r, b, row);
        }
        st = exec_budget(cx, s, &r->hold);
    }
    r->cached = st == ST_DONE;
    return st == ST_DONE ? ST_OK : st;
}

/* keyed_none - what the sub-query gives when it finds no rows: as it is for a key that is NULL. */
static Status keyed_none(Cx *cx, ExecState *s, SubRun *r, SubRun *keyed)
{
    for (uint32_t i = 0; i < r->plan->param_count; i++) {
        s->param_nulls[r->plan->params[i].param] = true;
    }
    subs_forget(s, &r->plan->scope);
    TRY(sub_run(cx, r));
    keyed->none = r->value;
    keyed->none_null = r->is_null;
    if (!r->is_null && r->plan->phys == PHYS_STR) {
        keyed->none.str = str_copy(&keyed->hold, str_ptr(&r->value.str), r->value.str.len);
    }
    keyed->none_known = true;
    return ST_OK;
}

/* keyed_made - are there values for all keys? An error on the way may concern a key that nobody
 * asks for, so it is passed over, and rows are answered one by one. */
static Status keyed_made(Cx *cx, ExecState *s, SubRun *keyed, bool *made_out)
{
    *made_out = !keyed->no_keys;
    if (keyed->cached || keyed->no_keys) {
        return ST_OK;
    }
    Status st = keyed_run(cx, s, keyed);
    if (st == ST_ERROR) {
        char state[6];
        sqlstate_text(cx->err->sqlstate, state);
        if (strncmp(state, "22", 2) != 0 && strcmp(state, "53200") != 0) {
            return st;
        }
        err_clear(cx);
        s->spoiled = keyed->no_keys = true;
        *made_out = false;
    }
    return ST_OK;
}

/* keyed_answer - the value for one outer row. */
static Status keyed_answer(Cx *cx, ExecState *s, SubRun *r, SubRun *keyed, const Vector *tested,
                           uint32_t row, Vector *out, Arena *arena)
{
    uint32_t k = KEY_NONE;
    if (!vec_is_null(tested, row)) {
        k = sub_find(keyed, tested, row);
    }
    if (k == KEY_NONE) {
        if (!keyed->none_known) {
            TRY(keyed_none(cx, s, r, keyed));
        }
        if (keyed->none_null) {
            vec_set_null(out, row);
        } else {
            Datum d = keyed->none;
            if (out->phys == PHYS_STR) {
                d.str = str_copy(arena, str_ptr(&d.str), d.str.len);
            }
            vec_put(out, row, &d);
        }
        return ST_OK;
    }
    if (keyed->repeated[k]) {
        return more_than_one_row(cx);
    }
    vec_copy_value(keyed->store.chunks[k / VEC_CAPACITY]->cols[0], k % VEC_CAPACITY, out, row,
                   arena);
    return ST_OK;
}

/* sub_by_hash - answer a row by the second way; *done_out false: it cannot be gone. */
static Status sub_by_hash(Cx *cx, ExecState *s, SubRun *r, const Vector *tested, uint32_t row,
                          Vector *out, Arena *arena, bool *done_out)
{
    SubRun *hashed = &s->subs[r->plan->hashed];
    *done_out = true;
    if (hashed->plan->keyed) {
        TRY(keyed_made(cx, s, hashed, done_out));
        return *done_out ? keyed_answer(cx, s, r, hashed, tested, row, out, arena) : ST_OK;
    }
    if (!hashed->cached) {
        TRY(sub_run(cx, hashed));
    }
    bool found =
        hashed->exists && !vec_is_null(tested, row) && sub_find(hashed, tested, row) != KEY_NONE;
    ((uint8_t *)out->data)[row] = found != r->plan->negated;
    return ST_OK;
}

Status exec_sublink(void *arg, Cx *cx, uint32_t number, const Vector *const *args,
                    uint32_t arg_count, const Sel *sel, Vector *out, Arena *arena)
{
    ExecState *s = arg;
    SubRun *r = &s->subs[number];
    SEL_FOREACH(row, sel)
    {
        if (r->plan->hashed_after != 0 && r->runs >= r->plan->hashed_after) {
            bool done;
            TRY(sub_by_hash(cx, s, r, args[r->plan->hashed_column], row, out, arena, &done));
            if (done) {
                continue;
            }
        }
        r->runs++;
        if (!r->cached) {
            for (uint32_t i = 0; i < r->plan->param_count; i++) {
                const ParamSource *p = &r->plan->params[i];
                const Vector *v = args[p->column];
                s->param_nulls[p->param] = vec_is_null(v, row);
                if (!s->param_nulls[p->param]) {
                    s->params[p->param] = vec_get(v, row);
                }
            }
            subs_forget(s, &r->plan->scope);
            TRY(sub_run(cx, r));
        }
        TRY(sub_answer(cx, r, arg_count > 0 ? args[0] : NULL, row, out, row, arena));
    }
    return ST_OK;
}

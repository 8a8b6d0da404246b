/*
 * agg.c - aggregation: plain, hashed, DISTINCT; count(*) of a whole table from the scan itself.
 *
 * Groups are numbered in order of arrival by a KeyTable (one integer column: the integer; one text
 * column: its bytes; else encoded keys). States lie in blocks of fixed stride, so a batch is added
 * by one call per aggregate.
 *
 * When the groups outgrow their memory, rows of groups that are not there yet are put aside on
 * disk, divided by a hash of their key; each part is aggregated by itself when the groups in memory
 * have been handed out.
 */
#include "base/map.h"
#include "exec/agg_rows.h"
#include "exec/spill.h"

enum { BLOCK_GROUPS = 256 };

typedef enum GroupMode { GROUP_NONE, GROUP_INT, GROUP_TEXT, GROUP_BYTES } GroupMode;

typedef struct AggRun {
    ExprRun *run;
    GroupMode mode;
    RowStore groups;
    KeyTable keys;
    Buf key;
    uint32_t null_group, group_count;
    uint32_t stride, *offsets; /* of each call's state */
    uint8_t **blocks;
    uint32_t block_count, block_size;
    FnCall *calls;
    KeyTable *seen; /* DISTINCT arguments, per call */
    uint32_t *group_of;
    void **states;
    uint16_t *idx, *idx2;
    const Vector **argv, **group_vecs, **sort_vecs;
    uint64_t emitted;
    bool filled;
    /* on disk */
    Arena disk;
    SpillParts *parts; /* rows of unknown groups go there, NULL = there is room */
    Spill *source;     /* the part being aggregated, NULL = the input */
    uint32_t depth;
    struct AggPart {
        struct AggPart *next;
        Spill *rows;
        uint32_t depth;
    } * pending;
    uint16_t *known;
} AggRun;

static void *group_state(const AggRun *r, uint32_t group, uint32_t call)
{
    return r->blocks[group / BLOCK_GROUPS] + (size_t)(group % BLOCK_GROUPS) * r->stride +
           r->offsets[call];
}

/* add_group - states of a new group, initialised. */
static void add_group(ExecNode *n)
{
    AggRun *r = n->priv;
    uint32_t group = r->group_count++;
    if (group / BLOCK_GROUPS >= r->block_count) {
        if (r->block_count == r->block_size) {
            uint32_t size = r->block_size == 0 ? 16 : r->block_size * 2;
            r->blocks = arena_grow(&n->hold, r->blocks, r->block_size * sizeof(uint8_t *),
                                   size * sizeof(uint8_t *));
            r->block_size = size;
        }
        uint32_t groups = n->plan->u.agg.group_count == 0 ? 1 : BLOCK_GROUPS;
        r->blocks[r->block_count++] = arena_zalloc(&n->hold, (size_t)groups * r->stride + 1);
    }
    for (uint16_t c = 0; c < n->plan->u.agg.call_count; c++) {
        const AggOps *ops = n->plan->u.agg.calls[c].ops;
        if (ops->init != NULL && n->plan->u.agg.calls[c].sort_count == 0) {
            ops->init(group_state(r, group, c));
        }
    }
}

/* find_groups - the group number of each selected row; new groups are added. */
static void find_groups(ExecNode *n, const Sel *sel)
{
    AggRun *r = n->priv;
    const PlanNode *p = n->plan;
    uint32_t fresh = 0; /* rows that begin a group */
    if (r->mode == GROUP_INT) {
        key_table_prefetch(&r->keys, r->group_vecs[0], sel);
    }
    SEL_FOREACH(row, sel)
    {
        bool added = false;
        uint32_t g;
        const Vector *v = r->group_vecs[0];
        if (r->mode == GROUP_INT && !vec_is_null(v, row)) {
            g = key_table_add_int(&r->keys, vec_int(v, row), &added);
        } else if (r->mode == GROUP_TEXT && !vec_is_null(v, row)) {
            const Str *s = (const Str *)v->data + vec_index(v, row);
            g = key_table_add(&r->keys, str_ptr(s), s->len, &added);
        } else if (r->mode == GROUP_BYTES) {
            buf_clear(&r->key);
            for (uint16_t c = 0; c < p->u.agg.group_count; c++) {
                key_append(p->u.agg.group_types[c], r->group_vecs[c], row, &r->key);
            }
            g = key_table_add(&r->keys, r->key.data, r->key.len, &added);
        } else { /* the one NULL group of the fast modes */
            g = r->null_group;
            if (g == KEY_NONE) {
                /* Takes a number like any other: keys after it are shifted by `null_shift`. */
                r->null_group = g = r->group_count;
                r->idx[fresh++] = (uint16_t)row;
                add_group(n);
            }
            r->group_of[row_k] = g;
            continue;
        }
        g += r->null_group != KEY_NONE && g >= r->null_group ? 1 : 0;
        if (added) {
            r->idx[fresh++] = (uint16_t)row;
            add_group(n);
        }
        r->group_of[row_k] = g;
    }
    if (fresh != 0) {
        Batch keys = {.cols = (Vector **)(uintptr_t)r->group_vecs,
                      .col_count = p->u.agg.group_count,
                      .count = VEC_CAPACITY,
                      .sel = {r->idx, fresh}};
        row_store_append(&r->groups, &keys);
    }
}

/* narrow - leave out the rows an aggregate does not count: FILTER, NULL arguments, repeated
 * DISTINCT values. The group numbers in states' order follow. */
static void narrow(ExecNode *n, uint32_t call, const Sel *sel, const Sel *pass, Sel *out)
{
    AggRun *r = n->priv;
    const AggCall *c = &n->plan->u.agg.calls[call];
    uint64_t keep[VEC_VALID_WORDS];
    memset(keep, 0xff, sizeof(keep));
    *out = *sel;
    if (c->filter >= 0) {
        memset(keep, 0, sizeof(keep));
        SEL_FOREACH(row, pass)
        {
            keep[row >> 6] |= (uint64_t)1 << (row & 63);
        }
    }
    for (uint16_t a = 0; c->ops->ignores_nulls && a < c->arg_count; a++) {
        const Vector *v = r->argv[a];
        if (v->kind == VEC_CONST && vec_is_null(v, 0)) {
            memset(keep, 0, sizeof(keep));
        } else if (v->kind == VEC_FLAT && v->valid != NULL) {
            for (uint32_t w = 0; w < VEC_VALID_WORDS; w++) {
                keep[w] &= v->valid[w];
            }
        }
    }
    uint32_t count = 0;
    bool grouped = r->mode != GROUP_NONE;
    SEL_FOREACH(row, sel)
    {
        if (!((keep[row >> 6] >> (row & 63)) & 1)) {
            continue;
        }
        uint32_t g = grouped ? r->group_of[row_k] : 0;
        if (c->distinct) {
            bool added;
            buf_clear(&r->key);
            buf_put(&r->key, &g, sizeof(g));
            for (uint16_t a = 0; a < c->arg_count; a++) {
                key_append(type_ops(c->arg_types[a]), r->argv[a], row, &r->key);
            }
            key_table_add(&r->seen[call], r->key.data, r->key.len, &added);
            if (!added) {
                continue;
            }
        }
        r->states[count] = group_state(r, g, call);
        r->idx[count++] = (uint16_t)row;
    }
    *out = (Sel){r->idx, count};
}

/* needs_narrow - must rows be looked at one by one for this call? */
static bool needs_narrow(const AggRun *r, const AggCall *c)
{
    if (c->filter >= 0 || c->distinct) {
        return true;
    }
    for (uint16_t a = 0; c->ops->ignores_nulls && a < c->arg_count; a++) {
        if (r->argv[a]->valid != NULL) {
            return true;
        }
    }
    return false;
}

/* add_ordered - keep the rows of a call that has an order of its own. */
static Status add_ordered(Cx *cx, ExecNode *n, uint32_t call, const Batch *b, const Sel *rows,
                          bool one_by_one)
{
    AggRun *r = n->priv;
    const AggCall *c = &n->plan->u.agg.calls[call];
    for (uint16_t k = 0; k < c->sort_count; k++) {
        TRY(expr_eval(cx, r->run, c->sort_first + (uint32_t)k, b, rows, &n->batch,
                      &r->sort_vecs[k]));
    }
    SEL_FOREACH(row, rows)
    {
        uint32_t group = r->mode == GROUP_NONE ? 0 : r->group_of[row_k];
        AggRows *state = one_by_one ? r->states[row_k] : group_state(r, group, call);
        agg_rows_add(state, c, r->argv, r->sort_vecs, row, &r->key, &n->hold);
    }
    return ST_OK;
}

/* add_call - update the states of one aggregate call with a batch. Arguments are computed only for
 * rows that pass FILTER: for the others they may be errors. */
static Status add_call(Cx *cx, ExecNode *n, uint32_t call, const Batch *b)
{
    AggRun *r = n->priv;
    const AggCall *c = &n->plan->u.agg.calls[call];
    Sel pass = b->sel;
    if (c->filter >= 0) {
        TRY(expr_filter(cx, r->run, (uint32_t)c->filter, b, &b->sel, &n->batch, r->idx2, &pass));
        if (pass.count == 0) {
            return ST_OK;
        }
    }
    for (uint16_t a = 0; a < c->arg_count; a++) {
        TRY(expr_eval(cx, r->run, c->first_arg + (uint32_t)a, b, &pass, &n->batch, &r->argv[a]));
    }
    FnCall *fc = &r->calls[call];
    fc->cx = cx;
    fc->env = n->s->env.type_env;
    Sel rows = b->sel;
    bool one_by_one = needs_narrow(r, c);
    if (one_by_one) {
        narrow(n, call, &b->sel, &pass, &rows);
    }
    if (rows.count == 0) {
        return ST_OK;
    }
    if (c->sort_count > 0) {
        return add_ordered(cx, n, call, b, &rows, one_by_one);
    }
    if (r->mode == GROUP_NONE) {
        return c->ops->update_one(fc, r->argv, c->arg_count, &rows, group_state(r, 0, call));
    }
    if (!one_by_one) {
        for (uint32_t i = 0; i < rows.count; i++) {
            r->states[i] = group_state(r, r->group_of[i], call);
        }
    }
    return c->ops->update(fc, r->argv, c->arg_count, &rows, r->states);
}

/* agg_part_hash - the row's key as a number, and whether its group is in memory. */
static uint64_t agg_part_hash(ExecNode *n, uint32_t row, bool *known_out)
{
    AggRun *r = n->priv;
    const Vector *v = r->group_vecs[0];
    if (r->mode == GROUP_BYTES) {
        buf_clear(&r->key);
        for (uint16_t c = 0; c < n->plan->u.agg.group_count; c++) {
            key_append(n->plan->u.agg.group_types[c], r->group_vecs[c], row, &r->key);
        }
        *known_out = key_table_find(&r->keys, r->key.data, r->key.len) != KEY_NONE;
        return hash_bytes(r->key.data, r->key.len, 0);
    }
    if (vec_is_null(v, row)) {
        *known_out = r->null_group != KEY_NONE;
        return 0;
    }
    if (r->mode == GROUP_INT) {
        *known_out = key_table_find_int(&r->keys, vec_int(v, row)) != KEY_NONE;
        return hash_u64((uint64_t)vec_int(v, row));
    }
    const Str *str = (const Str *)v->data + vec_index(v, row);
    *known_out = key_table_find(&r->keys, str_ptr(str), str->len) != KEY_NONE;
    return hash_bytes(str_ptr(str), str->len, 0);
}

/* put_aside - rows of groups that are not in memory go to disk; *known_out selects the others. */
static Status put_aside(Cx *cx, ExecNode *n, const Batch *b, Sel *known_out)
{
    AggRun *r = n->priv;
    uint32_t count = 0;
    SEL_FOREACH(row, &b->sel)
    {
        bool known;
        uint64_t hash = agg_part_hash(n, row, &known);
        if (known) {
            r->known[count++] = (uint16_t)row;
        } else {
            TRY(spill_put(cx, r->parts, hash, (const Vector *const *)b->cols, row));
        }
    }
    *known_out = (Sel){r->known, count};
    return ST_OK;
}

/* add_batch - a batch of input into the groups; past the budget further groups go to disk. */
static Status add_batch(Cx *cx, ExecNode *n, const Batch *b)
{
    AggRun *r = n->priv;
    Batch known;
    arena_clear(&n->batch);
    for (uint16_t g = 0; g < n->plan->u.agg.group_count; g++) {
        TRY(expr_eval(cx, r->run, g, b, &b->sel, &n->batch, &r->group_vecs[g]));
    }
    if (r->parts != NULL) {
        known = *b;
        TRY(put_aside(cx, n, b, &known.sel));
        b = &known;
    }
    if (r->mode != GROUP_NONE) {
        find_groups(n, &b->sel);
    }
    for (uint16_t c = 0; c < n->plan->u.agg.call_count && b->sel.count > 0; c++) {
        TRY(add_call(cx, n, c, b));
    }
    if (r->parts == NULL && r->mode != GROUP_NONE && r->depth < SPILL_DEPTH_MAX &&
        exec_over_budget(n->s, &n->hold)) {
        const PlanNode *in = n->left->plan;
        r->parts = spill_parts_create(n->s, &r->disk, in->phys, in->col_count, r->depth);
    }
    /* States of groups, DISTINCT values and the last depth stay in memory whatever they take. */
    return spill_possible(n->s) ? cx_check(cx) : exec_budget(cx, n->s, &n->hold);
}

/* agg_forget - no groups. */
static void agg_forget(ExecNode *n)
{
    AggRun *r = n->priv;
    const PlanNode *p = n->plan;
    arena_clear(&n->hold);
    r->filled = false;
    r->emitted = 0;
    r->group_count = r->block_count = r->block_size = 0;
    r->blocks = NULL;
    r->null_group = KEY_NONE;
    row_store_init(&r->groups, &n->hold, p->phys, p->u.agg.group_count);
    key_table_init(&r->keys, &n->hold, r->mode == GROUP_INT);
    for (uint16_t c = 0; c < p->u.agg.call_count; c++) {
        const AggCall *call = &p->u.agg.calls[c];
        r->calls[c] = (FnCall){.arena = &n->hold,
                               .state_arena = &n->hold,
                               .fn_oid = call->ops->fn_oid,
                               .result_type = call->expr->type,
                               .arg_types = call->arg_types,
                               .collation = call->expr->collation,
                               .arg_typmod = -1};
        key_table_init(&r->seen[c], &n->hold, false);
    }
    if (r->mode == GROUP_NONE) {
        add_group(n);
    }
}

static void agg_end(ExecNode *n)
{
    AggRun *r = n->priv;
    arena_clear(&r->disk);
    r->parts = NULL;
    r->source = NULL;
    r->pending = NULL;
    r->depth = 0;
}

static Status agg_start(Cx *cx, ExecNode *n)
{
    AggRun *r = n->priv;
    run_reset(n, r->run);
    agg_forget(n);
    agg_end(n);
    return node_start_children(cx, n);
}

/* next_part - the groups in memory were handed out: go on with a part on disk; ST_DONE = none. */
static Status next_part(Cx *cx, ExecNode *n)
{
    AggRun *r = n->priv;
    for (uint32_t i = 0; r->parts != NULL && i < SPILL_PARTS; i++) {
        if (spill_rows(r->parts->parts[i]) > 0) {
            struct AggPart *part = ARENA_NEW(&r->disk, struct AggPart);
            *part = (struct AggPart){
                .next = r->pending, .rows = r->parts->parts[i], .depth = r->depth + 1};
            r->pending = part;
        }
    }
    r->parts = NULL;
    if (r->source != NULL) {
        spill_drop(r->source);
        r->source = NULL;
    }
    if (r->pending == NULL) {
        return ST_DONE;
    }
    r->source = r->pending->rows;
    r->depth = r->pending->depth;
    r->pending = r->pending->next;
    agg_forget(n);
    return spill_rewind(cx, r->source);
}

/* add_empty_sets - grouping sets without keys have a group also when there are no rows. The set's
 * number is the last key. */
static void add_empty_sets(ExecNode *n)
{
    AggRun *r = n->priv;
    const PlanNode *p = n->plan;
    uint16_t last = (uint16_t)(p->u.agg.group_count - 1);
    const Sel one = {NULL, 1};
    Vector *v = ARENA_ARRAY(&n->hold, Vector, p->u.agg.group_count);
    for (uint16_t i = 0; i < p->u.agg.empty_count; i++) {
        const Datum number = {.i32 = p->u.agg.empty_sets[i]};
        for (uint16_t g = 0; g <= last; g++) {
            vec_init_const(&v[g], p->phys[g], &n->hold, &number, g != last);
            r->group_vecs[g] = &v[g];
        }
        find_groups(n, &one);
    }
}

/* fill - run the input to its end. */
static Status fill(Cx *cx, ExecNode *n)
{
    AggRun *r = n->priv;
    const Batch *b;
    Status st;
    while ((st = r->source != NULL ? spill_next(cx, r->source, &b)
                                   : n->left->next(cx, n->left, VEC_CAPACITY, &b)) == ST_OK) {
        TRY(add_batch(cx, n, b));
    }
    r->filled = st == ST_DONE;
    if (r->filled && r->group_count == 0 && n->plan->u.agg.empty_count > 0) {
        add_empty_sets(n);
    }
    return st == ST_DONE ? ST_OK : st;
}

/* emit_keys - the keys of the next groups. */
static void emit_keys(ExecNode *n, uint32_t count)
{
    const AggRun *r = n->priv;
    for (uint32_t i = 0; i < count; i++) {
        r->group_of[i] = (uint32_t)r->emitted + i;
    }
    for (uint16_t c = 0; c < n->plan->u.agg.group_count; c++) {
        row_store_gather(&r->groups, c, r->group_of, count, n->out.cols[c]);
    }
}

/* agg_next - read the whole input on the first call, then hand out groups; count(*) of a whole
 * table is asked of the scan. */
static Status agg_next(Cx *cx, ExecNode *n, uint32_t max_rows, const Batch **out)
{
    AggRun *r = n->priv;
    const PlanNode *p = n->plan;
    if (!r->filled && p->u.agg.count_scan) {
        uint64_t count;
        TRY(scan_node_count(cx, n->left, &count));
        batch_reset(&n->out);
        for (uint16_t c = 0; c < p->col_count; c++) {
            ((int64_t *)n->out.cols[c]->data)[0] = (int64_t)count;
        }
        batch_set_count(&n->out, 1);
        r->filled = true;
        r->emitted = r->group_count;
        *out = &n->out;
        return ST_OK;
    }
    if (!r->filled) {
        TRY(fill(cx, n));
    }
    while (r->emitted == r->group_count) {
        TRY(next_part(cx, n));
        TRY(fill(cx, n));
    }
    uint32_t count = (uint32_t)MIN((uint64_t)max_rows, r->group_count - r->emitted);
    arena_clear(&n->batch);
    batch_reset(&n->out);
    emit_keys(n, count);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t g = (uint32_t)(r->emitted + i);
        for (uint16_t c = 0; c < p->u.agg.call_count; c++) {
            FnCall *fc = &r->calls[c];
            fc->cx = cx;
            fc->env = n->s->env.type_env;
            const AggCall *call = &p->u.agg.calls[c];
            void *state = group_state(r, g, c);
            fc->arena = &n->batch;
            if (call->sort_count > 0) {
                TRY(agg_rows_update(fc, call, state, &state));
            }
            TRY(call->ops->final(fc, state, n->out.cols[p->u.agg.group_count + c], i));
            fc->arena = &n->hold;
        }
    }
    r->emitted += count;
    batch_set_count(&n->out, count);
    *out = &n->out;
    return ST_OK;
}

static void agg_key_release(void *arg)
{
    buf_release(&((AggRun *)arg)->key);
}

Status agg_create(Cx *cx, ExecNode *n)
{
    const PlanNode *p = n->plan;
    Arena *a = &n->s->arena;
    AggRun *r = ARENA_NEW(a, AggRun);
    n->priv = r;
    n->start = agg_start;
    n->next = agg_next;
    n->end = agg_end;
    node_out_init(n);
    arena_init(&r->disk, a, "aggregate parts", 0);
    r->known = ARENA_ARRAY(a, uint16_t, VEC_CAPACITY);
    buf_init(&r->key, 1u << 30);
    arena_on_clear(a, agg_key_release, r);
    uint32_t args = 1, sorts = 1;
    r->offsets = ARENA_ARRAY(a, uint32_t, p->u.agg.call_count + 1u);
    for (uint16_t c = 0; c < p->u.agg.call_count; c++) {
        r->offsets[c] = r->stride;
        const AggCall *call = &p->u.agg.calls[c];
        uint32_t bytes = call->sort_count > 0 ? (uint32_t)sizeof(AggRows) : call->ops->state_bytes;
        r->stride += (uint32_t)ALIGN_UP(bytes, 16u);
        args = MAX(args, call->arg_count);
        sorts = MAX(sorts, call->sort_count);
    }
    r->calls = ARENA_ARRAY(a, FnCall, p->u.agg.call_count + 1u);
    r->seen = ARENA_ARRAY(a, KeyTable, p->u.agg.call_count + 1u);
    r->argv = ARENA_ARRAY(a, const Vector *, args);
    r->sort_vecs = ARENA_ARRAY(a, const Vector *, sorts);
    r->group_vecs = ARENA_ARRAY(a, const Vector *, p->u.agg.group_count + 1u);
    r->group_of = ARENA_ARRAY(a, uint32_t, VEC_CAPACITY);
    r->states = ARENA_ARRAY(a, void *, VEC_CAPACITY);
    r->idx = ARENA_ARRAY(a, uint16_t, VEC_CAPACITY);
    r->idx2 = ARENA_ARRAY(a, uint16_t, VEC_CAPACITY);
    r->mode = p->u.agg.group_count == 0 ? GROUP_NONE : GROUP_BYTES;
    if (p->u.agg.group_count == 1) {
        r->mode = phys_is_int(p->phys[0]) ? GROUP_INT
                  : p->phys[0] == PHYS_STR && type_is_raw_text(p->u.agg.group_types[0])
                      ? GROUP_TEXT
                      : GROUP_BYTES;
    }
    return run_create(cx, n, p->u.agg.prog, &r->run);
}

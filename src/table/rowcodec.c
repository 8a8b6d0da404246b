/*
 * rowcodec.c - rows as bytes: u16 layout and flags, null bitmap, fixed columns at constant offsets,
 * u16 end offsets of the variable columns, their bytes.
 *
 * A fixed column keeps its place when NULL, so that a scan gathers a column with one load a row.
 * Spaces at the end of a string (char(n) is padded with them) are stored as their number. A row
 * longer than a quarter page has its longest values moved out of line until it fits; one that
 * still does not fit (very many columns) goes out of line whole. Bytes here come from disk: every
 * length is checked against the payload before it is used.
 */
#include "table/table_internal.h"

/* ---- writing ---- */

/* VarValue - a variable column of the row being encoded. */
typedef struct VarValue {
    const char *ptr;
    uint32_t len;    /* bytes in the row */
    uint16_t spaces; /* not stored but counted, in the last two of them */
    bool external;
    ColumnStorage storage;
    OverflowRef ref;
} VarValue;

/* trailing_spaces - how many spaces at the end of a value are worth counting; 0 = none. */
static inline uint16_t trailing_spaces(const char *p, uint32_t len)
{
    uint32_t left = len;
    if (len < ROW_SPACES_MIN || p[len - 1] != ' ') {
        return 0;
    }
    for (uint64_t w; left >= 8; left -= 8) {
        memcpy(&w, p + left - 8, 8);
        if (w != 0x2020202020202020ULL) {
            break;
        }
    }
    while (left > 0 && p[left - 1] == ' ') {
        left--;
    }
    uint32_t run = MIN(len - left, (uint32_t)UINT16_MAX);
    return run >= ROW_SPACES_MIN ? (uint16_t)run : 0;
}

/* codec_value_put - a value's bytes, the spaces at its end as a number; returns the flag for its
 * end offset and advances *at. */
static inline uint32_t codec_value_put(uint8_t *out, uint32_t *at, const char *p, uint32_t len,
                                       uint16_t spaces)
{
    uint32_t n = len - spaces;
    if (n != 0) {
        memcpy(out + *at, p, n);
    }
    *at += n;
    if (spaces == 0) {
        return 0;
    }
    put_u16(out + *at, spaces);
    *at += 2;
    return ROW_END_SPACES;
}

/* row_put_fixed - header, null bitmap and fixed columns; returns whether there are NULLs. */
static bool row_put_fixed(const RowLayout *l, const RowValues *values, uint8_t *out)
{
    bool nulls = false;
    memset(out + 2, 0, (l->column_count + 7u) / 8);
    for (uint32_t i = 0; i < l->column_count; i++) {
        const Vector *v = values->batch->cols[i];
        uint32_t n = phys_bytes(l->phys[i]);
        if (UNLIKELY(vec_is_null(v, values->row))) {
            nulls = true;
            out[2 + i / 8] = (uint8_t)(out[2 + i / 8] | 1u << (i & 7));
            if (l->phys[i] != PHYS_STR) {
                memset(out + l->at[i], 0, n);
            }
        } else if (l->phys[i] != PHYS_STR) {
            const uint8_t *from = (const uint8_t *)v->data + (size_t)vec_index(v, values->row) * n;
            uint8_t *to = out + l->at[i];
            switch (n) { /* a call of memcpy costs more than the copy */
            case 4: memcpy(to, from, 4); break;
            case 8: memcpy(to, from, 8); break;
            default: memcpy(to, from, n);
            }
        }
    }
    return nulls;
}

static void row_put_head(const RowLayout *l, bool nulls, uint8_t *out)
{
    put_u16(out, (uint16_t)(l->number | (nulls ? ROW_HAS_NULLS : 0)));
}

static const Str *row_str(const Vector *v, uint32_t row)
{
    return (const Str *)v->data + vec_index(v, row);
}

/* row_var_total - bytes of all variable columns, in line. */
static size_t row_var_total(const RowLayout *l, const RowValues *values)
{
    size_t total = 0;
    for (uint32_t i = 0; i < l->column_count; i++) {
        const Vector *v = values->batch->cols[i];
        if (l->phys[i] == PHYS_STR && !vec_is_null(v, values->row)) {
            total += row_str(v, values->row)->len;
        }
    }
    return total;
}

/* row_old_ref - the OverflowRef of column i in the row being replaced, when it has one. */
static bool row_old_ref(const RowLayout *l, Slice row, uint32_t i, OverflowRef *out)
{
    if (l == NULL || i >= l->column_count || l->phys[i] != PHYS_STR) {
        return false;
    }
    const uint8_t *ends = (const uint8_t *)row.ptr + l->ends_at;
    uint32_t k = l->at[i];
    uint16_t end = get_u16(ends + 2 * k);
    uint32_t stop = end & ROW_END_MASK;
    if ((end & ROW_END_EXTERNAL) == 0 || stop > row.len || stop < sizeof(*out)) {
        return false;
    }
    memcpy(out, row.ptr + stop - sizeof(*out), sizeof(*out));
    return true;
}

/* row_gather_vars - the variable values, taking over external ones that did not change. */
static void row_gather_vars(const RowLayout *l, const RowValues *values,
                            const ColumnStorage *storage, const RowLayout *old_layout,
                            Slice old_row, const bool *changed, VarValue *vars)
{
    for (uint32_t i = 0; i < l->column_count; i++) {
        if (l->phys[i] != PHYS_STR) {
            continue;
        }
        VarValue *var = &vars[l->at[i]];
        const Vector *v = values->batch->cols[i];
        *var = (VarValue){0};
        if (vec_is_null(v, values->row)) {
            continue;
        }
        const Str *s = row_str(v, values->row);
        var->ptr = str_ptr(s);
        var->storage = storage != NULL ? storage[i] : COLUMN_EXTENDED;
        var->spaces = trailing_spaces(var->ptr, s->len);
        var->len = s->len - var->spaces + (var->spaces != 0 ? 2 : 0);
        if (changed != NULL && !changed[i] && row_old_ref(old_layout, old_row, i, &var->ref)) {
            var->external = true;
            var->spaces = 0;
            var->len = sizeof(OverflowRef);
        }
    }
}

/* var_full - the whole value, spaces and all. */
static Slice var_full(const VarValue *var)
{
    return (Slice){var->ptr, var->spaces == 0 ? var->len : var->len - 2u + var->spaces};
}

/* var_before - which of two values goes out of line first: the longer, but those of MAIN and PLAIN
 * columns after all others. */
static bool var_before(const VarValue *a, const VarValue *b)
{
    bool late_a = a->storage >= COLUMN_MAIN, late_b = b->storage >= COLUMN_MAIN;
    return late_a != late_b ? late_b : a->len > b->len;
}

/* row_move_out - write the longest values out of line until `limit` bytes suffice. */
static Status row_move_out(Cx *cx, Txn *txn, const Table *t, const RowLayout *l, VarValue *vars,
                           size_t limit, size_t *total)
{
    while (l->data_at + *total > limit) {
        VarValue *longest = NULL;
        for (uint32_t k = 0; k < l->var_count; k++) {
            if (!vars[k].external && vars[k].len > sizeof(OverflowRef) &&
                (longest == NULL || var_before(&vars[k], longest))) {
                longest = &vars[k];
            }
        }
        if (longest == NULL) {
            return ST_OK;
        }
        TRY(tree_rt_mark_overflow(cx, t->engine, t->layouts));
        bool compress = longest->storage == COLUMN_EXTENDED || longest->storage == COLUMN_MAIN;
        TRY(overflow_write(cx, t->engine, txn, t->tree, var_full(longest), compress,
                           &longest->ref));
        *total -= longest->len - sizeof(OverflowRef);
        longest->external = true;
        longest->spaces = 0;
        longest->len = sizeof(OverflowRef);
    }
    return ST_OK;
}

static void row_put_vars(const RowLayout *l, const VarValue *vars, uint8_t *out)
{
    uint32_t at = l->data_at;
    for (uint32_t k = 0; k < l->var_count; k++) {
        const VarValue *var = &vars[k];
        Slice full = var_full(var);
        uint32_t flag = ROW_END_EXTERNAL;
        if (var->external) {
            memcpy(out + at, &var->ref, sizeof(var->ref));
            at += (uint32_t)sizeof(var->ref);
        } else {
            flag = codec_value_put(out, &at, full.ptr, (uint32_t)full.len, var->spaces);
        }
        put_u16(out + l->ends_at + 2 * k, (uint16_t)(at | flag));
    }
}

/* row_encode_big - a row that does not fit as it is. */
static Status row_encode_big(Cx *cx, Txn *txn, const Table *t, const RowLayout *l,
                             const RowValues *values, Slice old_payload, const bool *changed,
                             uint8_t *out, uint32_t *len_out)
{
    Engine *e = t->engine;
    VarValue *vars = ARENA_ARRAY(cx->arena, VarValue, MAX(l->var_count, 1));
    const RowLayout *old_layout = NULL;
    Slice old_row = {NULL, 0};
    if (old_payload.ptr != NULL && (get_u16(old_payload.ptr) & ROW_OUT_OF_LINE) == 0) {
        TRY(row_resolve(cx, e, t->layouts, cx->arena, old_payload, t->root, &old_row, &old_layout));
    }
    row_gather_vars(l, values, t->storage, old_layout, old_row, changed, vars);
    size_t total = 0;
    for (uint32_t k = 0; k < l->var_count; k++) {
        total += vars[k].len;
    }
    TRY(row_move_out(cx, txn, t, l, vars, ROW_INLINE_MAX, &total));
    size_t bytes = l->data_at + total;
    uint8_t *row = bytes <= ROW_INLINE_MAX ? out : arena_alloc(cx->arena, bytes);
    if (bytes > ROW_BYTES_MAX) {
        return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                       "row is too big: size %zu, maximum size %u", bytes, ROW_BYTES_MAX);
    }
    row_put_head(l, row_put_fixed(l, values, row), row);
    row_put_vars(l, vars, row);
    *len_out = (uint32_t)bytes;
    if (row != out) {
        OverflowRef ref;
        TRY(tree_rt_mark_overflow(cx, e, t->layouts));
        TRY(overflow_write(cx, e, txn, t->tree, slice_bytes(row, bytes), true, &ref));
        put_u16(out, (uint16_t)(l->number | ROW_OUT_OF_LINE));
        memcpy(out + 2, &ref, sizeof(ref));
        *len_out = 2 + sizeof(ref);
    }
    return ST_OK;
}

Status row_encode(Cx *cx, Txn *txn, const Table *t, const RowValues *values, Slice old_payload,
                  const bool *changed, uint8_t *out, uint32_t *len_out)
{
    const RowLayout *l = tree_rt_layout(t->layouts, t->layout);
    ASSERT(l != NULL && values->batch->col_count >= l->column_count);
    size_t total = row_var_total(l, values);
    if (UNLIKELY(l->data_at + total > ROW_INLINE_MAX)) {
        ArenaMark mark = arena_mark(cx->arena);
        Status st = row_encode_big(cx, txn, t, l, values, old_payload, changed, out, len_out);
        arena_rewind(cx->arena, mark);
        return st;
    }
    row_put_head(l, row_put_fixed(l, values, out), out);
    if (l->var_count != 0) {
        uint32_t at = l->data_at;
        for (uint32_t i = 0; i < l->column_count; i++) {
            if (l->phys[i] != PHYS_STR) {
                continue;
            }
            const Vector *v = values->batch->cols[i];
            uint32_t flag = 0;
            if (!vec_is_null(v, values->row)) {
                const Str *s = row_str(v, values->row);
                const char *p = str_ptr(s);
                flag = codec_value_put(out, &at, p, s->len, trailing_spaces(p, s->len));
            }
            put_u16(out + l->ends_at + 2 * l->at[i], (uint16_t)(at | flag));
        }
        *len_out = at;
    } else {
        *len_out = l->data_at;
    }
    return ST_OK;
}

/* ---- reading ---- */

Status row_resolve(Cx *cx, Engine *e, TreeRt *rt, Arena *arena, Slice payload, PageNo page,
                   Slice *row_out, const RowLayout **layout_out)
{
    if (UNLIKELY(payload.len < 2)) {
        return err_corrupt(cx, page, "row of %zu bytes", payload.len);
    }
    uint16_t head = get_u16(payload.ptr);
    if (UNLIKELY((head & ROW_OUT_OF_LINE) != 0)) {
        OverflowRef ref;
        if (payload.len != 2 + sizeof(ref)) {
            return err_corrupt(cx, page, "row out of line of %zu bytes", payload.len);
        }
        memcpy(&ref, payload.ptr + 2, sizeof(ref));
        if (ref.len > ROW_BYTES_MAX || ref.len < 2) {
            return err_corrupt(cx, page, "row out of line with length %u", ref.len);
        }
        uint8_t *bytes = arena_alloc(arena, ref.len);
        TRY(overflow_read(cx, e, &ref, bytes));
        payload = slice_bytes(bytes, ref.len);
        head = get_u16(bytes);
    }
    const RowLayout *l = tree_rt_layout(rt, head & ROW_LAYOUT_MASK);
    if (UNLIKELY(l == NULL || payload.len < l->data_at)) {
        return err_corrupt(cx, page, "row does not match its layout %u", head & ROW_LAYOUT_MASK);
    }
    *row_out = payload;
    *layout_out = l;
    return ST_OK;
}

/* row_var_span - where variable value k is; false when the offsets are damaged. *spaces: spaces to
 * append, whose number is not in [from, to). */
static inline bool row_var_span(const RowLayout *l, Slice row, uint32_t k, uint32_t *from,
                                uint32_t *to, bool *external, uint32_t *spaces)
{
    const uint8_t *ends = (const uint8_t *)row.ptr + l->ends_at;
    uint16_t end = get_u16(ends + 2 * k);
    *from = k == 0 ? l->data_at : get_u16(ends + 2 * (k - 1)) & ROW_END_MASK;
    *to = end & ROW_END_MASK;
    *external = (end & ROW_END_EXTERNAL) != 0;
    *spaces = 0;
    if (*from < l->data_at || *from > *to || *to > row.len ||
        (*external && *to - *from != sizeof(OverflowRef))) {
        return false;
    }
    if ((end & ROW_END_SPACES) != 0) {
        if (*external || *to - *from < 2) {
            return false;
        }
        *to -= 2;
        *spaces = get_u16(row.ptr + *to);
    }
    return true;
}

/* row_read_str - a variable value, from the row or from its chain. */
static Status row_read_str(Cx *cx, Engine *e, const RowLayout *l, Slice row, uint32_t k,
                           Arena *arena, Str *out)
{
    uint32_t from, to, spaces;
    bool external;
    if (UNLIKELY(!row_var_span(l, row, k, &from, &to, &external, &spaces))) {
        return err_corrupt(cx, 0, "row has damaged offsets");
    }
    if (UNLIKELY(external)) {
        OverflowRef ref;
        memcpy(&ref, row.ptr + from, sizeof(ref));
        if (UNLIKELY(ref.len > OVERFLOW_BYTES_MAX)) {
            return err_corrupt(cx, ref.page, "reference to a value out of line is damaged");
        }
        char *bytes = arena_alloc_aligned(arena, MAX(ref.len, 1u), 1);
        TRY(overflow_read(cx, e, &ref, bytes));
        *out = str_ref(bytes, ref.len);
        return ST_OK;
    }
    uint32_t n = to - from;
    if (n + spaces <= STR_INLINE_BYTES) {
        *out = str_ref(row.ptr + from, n);
        memset(out->inl + n, ' ', spaces);
        out->len = n + spaces;
    } else {
        char *bytes = arena_alloc_aligned(arena, n + spaces, 1);
        memcpy(bytes, row.ptr + from, n);
        memset(bytes + n, ' ', spaces);
        *out = str_ref(bytes, n + spaces);
    }
    return ST_OK;
}

Status column_sound(Cx *cx, const Table *t, uint16_t col, const Str *values, uint32_t n)
{
    return t->sound[col](values, n)
               ? ST_OK
               : err_corrupt(cx, t->root, "a value of column %u of \"%s\" is damaged", col + 1u,
                             t->name);
}

static inline bool row_is_null(Slice row, uint32_t col)
{
    return ((const uint8_t *)row.ptr)[2 + col / 8] >> (col & 7) & 1;
}

Status row_get(Cx *cx, const Table *t, const RowLayout *l, Slice row, uint16_t col, Vector *v,
               uint32_t at, Arena *arena)
{
    if (UNLIKELY(col >= l->column_count)) {
        const ColumnLayout *c = &t->columns[col];
        if (c->missing_is_null) {
            vec_set_null(v, at);
        } else {
            vec_put(v, at, &c->missing);
        }
        return ST_OK;
    }
    if (row_is_null(row, col)) {
        vec_set_null(v, at);
        if (l->phys[col] == PHYS_STR) {
            ((Str *)v->data)[at] = (Str){0};
        }
        return ST_OK;
    }
    if (l->phys[col] == PHYS_STR) {
        Str *out = (Str *)v->data + at;
        TRY(row_read_str(cx, t->engine, l, row, l->at[col], arena, out));
        return column_tried(t, col) ? column_sound(cx, t, col, out, 1) : ST_OK;
    }
    uint32_t n = phys_bytes(l->phys[col]);
    memcpy((uint8_t *)v->data + (size_t)at * n, row.ptr + l->at[col], n);
    return ST_OK;
}

Status row_get_datum(Cx *cx, const Table *t, const RowLayout *l, Slice row, uint16_t col,
                     Datum *out, bool *null_out, Arena *arena)
{
    *null_out = false;
    if (col >= l->column_count) {
        *null_out = t->columns[col].missing_is_null;
        *out = t->columns[col].missing;
        return ST_OK;
    }
    if (row_is_null(row, col)) {
        *null_out = true;
        return ST_OK;
    }
    if (l->phys[col] == PHYS_STR) {
        TRY(row_read_str(cx, t->engine, l, row, l->at[col], arena, &out->str));
        return column_tried(t, col) ? column_sound(cx, t, col, &out->str, 1) : ST_OK;
    }
    memcpy(out, row.ptr + l->at[col], phys_bytes(l->phys[col]));
    return ST_OK;
}

bool row_has_refs(TreeRt *rt, Slice payload)
{
    return payload.len >= 2 && atomic_load_explicit(&rt->has_overflow, memory_order_acquire);
}

Status row_for_each_ref(Cx *cx, Engine *e, TreeRt *rt, Slice payload, bool freeing,
                        Status (*fn)(void *arg, Cx *cx, const OverflowRef *ref), void *arg)
{
    Slice row;
    const RowLayout *l;
    Arena scratch;
    arena_init(&scratch, NULL, "overflow refs", 0);
    Status st = row_resolve(cx, e, rt, &scratch, payload, rt->root, &row, &l);
    bool out_of_line =
        payload.len == 2 + sizeof(OverflowRef) && (get_u16(payload.ptr) & ROW_OUT_OF_LINE) != 0;
    bool half_freed =
        st == ST_ERROR && freeing && out_of_line && cx->err->sqlstate == ERRCODE_DATA_CORRUPTED;
    if (half_freed) {
        err_clear(cx);
        st = ST_OK;
    }
    for (uint32_t k = 0; st == ST_OK && !half_freed && k < l->var_count; k++) {
        uint32_t from, to, spaces;
        bool external;
        if (!row_var_span(l, row, k, &from, &to, &external, &spaces)) {
            st = err_corrupt(cx, rt->root, "row has damaged offsets");
        } else if (external) {
            OverflowRef ref;
            memcpy(&ref, row.ptr + from, sizeof(ref));
            st = fn(arg, cx, &ref);
        }
    }
    if (st == ST_OK && out_of_line) {
        OverflowRef ref;
        memcpy(&ref, payload.ptr + 2, sizeof(ref));
        st = fn(arg, cx, &ref);
    }
    arena_release(&scratch);
    return st;
}

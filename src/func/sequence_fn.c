/*
 * sequence_fn.c - nextval, currval, setval, lastval.
 */
#include "catalog/acl.h"
#include "catalog/catalog_data.h"
#include "func/func_internal.h"

/* sequence_find - the sequence of an OID, locked until the transaction ends: who
 * alters it is waited for, and its limits are those of then. any: one of these privileges must be
 * had. 42501, 42809 for another kind of relation. */
static Status sequence_find(FnCall *call, FuncSession *fs, Oid oid, AclMode any,
                            const CatTable **out)
{
    CatView *v = fs->view;
    if (oid >= FIRST_USER_OID && v->txn != NULL) {
        TRY(table_lock(call->cx, v->txn, (uint64_t)v->database << 32 | oid, TABLELOCK_ROW_EXCLUSIVE,
                       WAIT_BLOCK));
    }
    Status st = cat_table_by_oid(call->cx, v, oid, out);
    if (st == ST_NOTFOUND) {
        return err_set(call->cx, ERRCODE_UNDEFINED_TABLE, "could not open relation with OID %u",
                       oid);
    }
    TRY(st);
    if ((*out)->kind != 'S') {
        return err_set(call->cx, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a sequence",
                       (*out)->name);
    }
    if (any != 0 && !v->user_super) {
        AclMode have;
        TRY(cat_acl_have(call->cx, v, CAT_PG_CLASS, oid, v->user, any, &have));
        return have != 0 ? ST_OK
                         : err_set(call->cx, ERRCODE_INSUFFICIENT_PRIVILEGE,
                                   "permission denied for sequence %s", (*out)->name);
    }
    return ST_OK;
}

/* remember - currval and lastval of this session. */
static void remember(FuncSession *fs, Oid oid, int64_t value)
{
    int64_t *slot = map_get_int(fs->sequence_values, oid);
    if (slot == NULL) {
        slot = arena_alloc(fs->session_arena, sizeof(*slot));
        (void)map_put_int(fs->sequence_values, oid, slot);
    }
    *slot = value;
    fs->last_sequence = oid;
}

static Status writable(FnCall *call, FuncSession *fs, const char *what)
{
    if (fs->view->txn != NULL && fs->view->txn->read_only) {
        return err_set(call->cx, ERRCODE_READ_ONLY_SQL_TRANSACTION,
                       "cannot execute %s in a read-only transaction", what);
    }
    return ST_OK;
}

static Status sequence_take(FnCall *call, FuncSession *fs, Oid oid, AclMode any, Datum *out)
{
    const CatTable *seq;
    TRY(sequence_find(call, fs, oid, any, &seq));
    TRY(writable(call, fs, "nextval()"));
    TRY(sequence_next(call->cx, fs->engine, seq->tree, &seq->sequence, seq->name, &out->i64));
    remember(fs, seq->oid, out->i64);
    return ST_OK;
}

static Status fn_nextval(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)null_out;
    return sequence_take(call, fs, a[0].u32, ACL_USAGE | ACL_UPDATE, out);
}
KERNEL(fn_nextval)

/* fn_identity - nextval of an identity column's sequence: the table's privileges are enough. */
static Status fn_identity(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)null_out;
    return sequence_take(call, fs, a[0].u32, 0, out);
}
KERNEL(fn_identity)

static Status fn_currval(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    const CatTable *seq;
    (void)null_out;
    TRY(sequence_find(call, fs, a[0].u32, ACL_SELECT | ACL_USAGE, &seq));
    const int64_t *slot = map_get_int(fs->sequence_values, seq->oid);
    if (slot == NULL) {
        return err_set(call->cx, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                       "currval of sequence \"%s\" is not yet defined in this session", seq->name);
    }
    out->i64 = *slot;
    return ST_OK;
}
KERNEL(fn_currval)

/* fn_lastval - what nextval last gave this session, of whatever sequence. */
static Status fn_lastval(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)a;
    (void)null_out;
    const CatTable *seq;
    const int64_t *slot = NULL;
    if (fs->last_sequence != 0) {
        Status st = cat_table_by_oid(call->cx, fs->view, fs->last_sequence, &seq);
        if (st == ST_ERROR) {
            return st;
        }
        slot = st == ST_OK ? map_get_int(fs->sequence_values, fs->last_sequence) : NULL;
    }
    if (slot != NULL) {
        TRY(sequence_find(call, fs, fs->last_sequence, ACL_SELECT | ACL_USAGE, &seq));
    }
    if (slot == NULL) { /* never called, or the sequence is gone */
        return err_set(call->cx, ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE,
                       "lastval is not yet defined in this session");
    }
    out->i64 = *slot;
    return ST_OK;
}
KERNEL(fn_lastval)

/* fn_sequence_last - pg_sequence_last_value: NULL before the first nextval. */
static Status fn_sequence_last(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                               bool *null_out)
{
    const CatTable *seq;
    SequenceState state;
    TRY(sequence_find(call, fs, a[0].u32, 0, &seq));
    TRY(sequence_get(call->cx, fs->engine, seq->tree, &state));
    *null_out = !state.is_called;
    out->i64 = state.last_value;
    return ST_OK;
}
KERNEL(fn_sequence_last)

static Status set_value(FnCall *call, FuncSession *fs, Oid oid, int64_t value, bool is_called,
                        Datum *out)
{
    const CatTable *seq;
    TRY(sequence_find(call, fs, oid, ACL_UPDATE, &seq));
    TRY(writable(call, fs, "setval()"));
    if (value < seq->sequence.min || value > seq->sequence.max) {
        return err_set(call->cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
                       "setval: value %lld is out of bounds for sequence \"%s\" (%lld..%lld)",
                       (long long)value, seq->name, (long long)seq->sequence.min,
                       (long long)seq->sequence.max);
    }
    TRY(sequence_set(call->cx, fs->engine, seq->tree, value, is_called));
    if (is_called) {
        remember(fs, oid, value);
    }
    out->i64 = value;
    return ST_OK;
}

static Status fn_setval(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)null_out;
    return set_value(call, fs, a[0].u32, a[1].i64, true, out);
}
KERNEL(fn_setval)

static Status fn_setval3(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)null_out;
    return set_value(call, fs, a[0].u32, a[1].i64, a[2].b, out);
}
KERNEL(fn_setval3)

/* OwnedList - relations that go with a column: its sequence, and indexes. */
typedef struct OwnedList {
    Arena *arena;
    Oid *list;
    uint32_t count;
} OwnedList;

/* owned_row - CatRowFn over pg_depend: a relation that goes with the column. */
static Status owned_row(void *arg, Cx *cx, const CatRow *row)
{
    OwnedList *l = arg;
    (void)cx;
    const Datum *type = &row->values[PG_DEPEND_DEPTYPE];
    char deptype =
        cat_column_phys(TYPE_CHAR) == PHYS_STR ? *str_ptr(&type->str) : (char)type->b16[0];
    if (row->values[PG_DEPEND_CLASSID].u32 == CAT_PG_CLASS && (deptype == 'a' || deptype == 'i')) {
        l->list =
            arena_grow(l->arena, l->list, l->count * sizeof(Oid), (l->count + 1) * sizeof(Oid));
        l->list[l->count++] = row->values[PG_DEPEND_OBJID].u32;
    }
    return ST_OK;
}

/* owned_sequence - the one of them that is a sequence; NULL when none is. */
static Status owned_sequence(FnCall *call, FuncSession *fs, const OwnedList *l,
                             const CatTable **seq_out)
{
    *seq_out = NULL;
    for (uint32_t i = 0; i < l->count && *seq_out == NULL; i++) {
        const CatTable *t;
        Status st = cat_table_by_oid(call->cx, fs->view, l->list[i], &t);
        if (st == ST_ERROR) {
            return st;
        }
        *seq_out = st == ST_OK && t->kind == 'S' ? t : NULL;
    }
    return ST_OK;
}

/* fn_serial_sequence - the sequence that a column owns: serial, identity, OWNED BY. The table's
 * name is read as SQL reads it, the column's is taken as it is. */
static Status fn_serial_sequence(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                 bool *null_out)
{
    static const uint16_t COLUMNS[] = {PG_DEPEND_REFCLASSID, PG_DEPEND_REFOBJID,
                                       PG_DEPEND_REFOBJSUBID};
    Slice table = {str_ptr(&a[0].str), a[0].str.len};
    const char *column = func_cstring(call, &a[1]);
    const CatTable *t, *seq;
    Datum key[3] = {{.u32 = CAT_PG_CLASS}, {.u32 = 0}, {.u32 = 0}};
    OwnedList owned = {.arena = call->arena};
    Oid oid;
    TRY(cat_reg_find(call->cx, fs->view, call->arena, TYPE_REGCLASS, table, &oid));
    Status st = cat_table_by_oid(call->cx, fs->view, oid, &t);
    if (st == ST_NOTFOUND) {
        return err_set(call->cx, ERRCODE_UNDEFINED_TABLE, "relation \"%.*s\" does not exist",
                       (int)table.len, table.ptr);
    }
    TRY(st);
    for (uint16_t i = 0; i < t->column_count; i++) {
        if (!t->columns[i].dropped && strcmp(t->columns[i].name, column) == 0) {
            key[2].i32 = t->columns[i].number;
        }
    }
    if (key[2].i32 == 0) {
        return err_set(call->cx, ERRCODE_UNDEFINED_COLUMN,
                       "column \"%s\" of relation \"%s\" does not exist", column, t->name);
    }
    key[1].u32 = oid;
    TRY(cat_rows_each(call->cx, fs->view, CAT_PG_DEPEND, COLUMNS, key, 3, owned_row, &owned));
    TRY(owned_sequence(call, fs, &owned, &seq));
    *null_out = seq == NULL;
    if (*null_out) {
        return ST_OK;
    }
    Buf b;
    buf_init(&b, 1024);
    cat_put_qualified(seq->schema_name, seq->name, true, &b);
    out->str = str_copy(call->arena, b.data, b.len);
    buf_release(&b);
    return ST_OK;
}
KERNEL(fn_serial_sequence)

static const FnOps FNS[] = {
    {"pg_sequence_last_value", fn_sequence_last_kernel, 0},
    {"nextval_oid", fn_nextval_kernel, 0},
    {"identity_nextval", fn_identity_kernel, 0},
    {"currval_oid", fn_currval_kernel, 0},
    {"lastval", fn_lastval_kernel, 0},
    {"setval_oid", fn_setval_kernel, 0},
    {"setval3_oid", fn_setval3_kernel, 0},
    {"pg_get_serial_sequence", fn_serial_sequence_kernel, 0},
};
const FuncTable FUNC_SEQUENCE = {FNS, ARRAY_LEN(FNS)};

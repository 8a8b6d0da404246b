/*
 * trigger_call.c - calling the function of a trigger: those built in here, all others by the
 * session's FnManager.
 */
#include "exec/exec.h"
#include "exec/trigger_run.h"

bool trigger_fires(const ExecEnv *env, char enabled)
{
    return enabled == 'A' || enabled == (env->replica ? 'R' : 'O');
}

const TriggerRow *trigger_row_of(const CatTable *t, const Batch *b, uint32_t at, Arena *arena)
{
    TriggerRow *r = ARENA_NEW(arena, TriggerRow);
    Datum *values = ARENA_ARRAY(arena, Datum, t->column_count + 1u);
    bool *nulls = ARENA_ARRAY(arena, bool, t->column_count + 1u);
    for (uint16_t c = 0; c < t->column_count; c++) {
        nulls[c] = t->columns[c].dropped || vec_is_null(b->cols[c], at);
        if (!nulls[c]) {
            values[c] = vec_get(b->cols[c], at);
        }
    }
    *r = (TriggerRow){values, nulls};
    return r;
}

TriggerCall trigger_begin_call(const CatTable *t, const CatTrigger *g, int16_t event, Arena *arena)
{
    return (TriggerCall){
        .function = g->function,
        .trigger = g->oid,
        .name = g->name,
        .table = t,
        .when = (g->type & TRIGGER_BEFORE) != 0    ? 'b'
                : (g->type & TRIGGER_INSTEAD) != 0 ? 'i'
                                                   : 'a',
        .row = (g->type & TRIGGER_ROW) != 0,
        .event = event == TRIGGER_INSERT   ? 'i'
                 : event == TRIGGER_UPDATE ? 'u'
                 : event == TRIGGER_DELETE ? 'd'
                                           : 't',
        .arg_count = g->arg_count,
        .args = g->args,
        .arena = arena,
    };
}

/* ---- built-in functions ---- */

static bool rows_same(const CatTable *t, const TriggerRow *a, const TriggerRow *b)
{
    for (uint16_t c = 0; c < t->column_count; c++) {
        PhysType phys = t->storage->columns[c].phys;
        if (a->nulls[c] != b->nulls[c]) {
            return false;
        }
        if (a->nulls[c]) {
            continue;
        }
        if (phys == PHYS_STR ? !str_eq(&a->values[c].str, &b->values[c].str)
                             : memcmp(&a->values[c], &b->values[c], phys_bytes(phys)) != 0) {
            return false;
        }
    }
    return true;
}

/* call_suppress - suppress_redundant_updates_trigger: no update of a row to what it is. */
static Status call_suppress(Cx *cx, TriggerCall *call)
{
    const char *wrong = call->event != 'u'  ? "called on update"
                        : call->when != 'b' ? "called before update"
                        : !call->row        ? "called for each row"
                                            : NULL;
    if (wrong != NULL) {
        return err_set(cx, ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED,
                       "suppress_redundant_updates_trigger: must be %s", wrong);
    }
    call->values = call->new_row->values;
    call->nulls = call->new_row->nulls;
    call->skip = rows_same(call->table, call->old_row, call->new_row);
    return ST_OK;
}

/* BUILTINS - by pg_proc OID, as in pg_proc.dat. */
static const struct TriggerBuiltin {
    Oid oid;
    const char *name;
    Status (*call)(Cx *cx, TriggerCall *call); /* NULL: there is none */
} BUILTINS[] = {
    {1250, "unique_key_recheck", NULL},
    {1291, "suppress_redundant_updates_trigger", call_suppress},
    {1644, "RI_FKey_check_ins", NULL},
    {1645, "RI_FKey_check_upd", NULL},
    {1646, "RI_FKey_cascade_del", NULL},
    {1647, "RI_FKey_cascade_upd", NULL},
    {1648, "RI_FKey_restrict_del", NULL},
    {1649, "RI_FKey_restrict_upd", NULL},
    {1650, "RI_FKey_setnull_del", NULL},
    {1651, "RI_FKey_setnull_upd", NULL},
    {1652, "RI_FKey_setdefault_del", NULL},
    {1653, "RI_FKey_setdefault_upd", NULL},
    {1654, "RI_FKey_noaction_del", NULL},
    {1655, "RI_FKey_noaction_upd", NULL},
    {3752, "tsvector_update_trigger", NULL},
    {3753, "tsvector_update_trigger_column", NULL},
};

Status trigger_call(Cx *cx, const ExecEnv *env, TriggerCall *call)
{
    FnManager *m = env->type_env != NULL ? env->type_env->functions : NULL;
    TRY(cx_check(cx));
    for (size_t i = 0; i < ARRAY_LEN(BUILTINS); i++) {
        if (BUILTINS[i].oid == call->function) {
            return BUILTINS[i].call != NULL
                       ? BUILTINS[i].call(cx, call)
                       : err_unsupported(cx, "trigger function %s is not supported",
                                         BUILTINS[i].name);
        }
    }
    if (m == NULL || m->trigger == NULL) {
        return err_unsupported(cx, "functions of triggers are not supported");
    }
    return m->trigger(m, cx, call);
}

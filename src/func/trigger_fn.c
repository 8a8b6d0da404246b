/*
 * trigger_fn.c - pg_get_triggerdef: a trigger as the statement that makes it; pg_trigger_depth.
 */
#include "bind/bind.h"
#include "bind/deparse.h"
#include "catalog/catalog_data.h"
#include "expr/call.h"
#include "func/func_internal.h"

/* TriggerText - a definition being written. */
typedef struct TriggerText {
    FnCall *call;
    FuncSession *fs;
    const CatTable *table;
    const CatTrigger *trigger;
    bool pretty;
    Buf *buf;
} TriggerText;

/* put_relation - the name, with its schema where the search path does not find it without. */
static Status put_relation(TriggerText *t, const CatTable *rel, bool always)
{
    const CatTable *seen;
    Status st = cat_table_by_name(t->call->cx, t->fs->view, NULL, rel->name, &seen);
    if (st == ST_ERROR) {
        return st;
    }
    cat_put_qualified(rel->schema_name, rel->name, always || st != ST_OK || seen->oid != rel->oid,
                      t->buf);
    return ST_OK;
}

/* put_events - BEFORE INSERT OR UPDATE OF a, b. */
static void put_events(TriggerText *t)
{
    static const struct {
        int bit;
        const char *word;
    } EVENTS[] = {{TRIGGER_INSERT, "INSERT"},
                  {TRIGGER_DELETE, "DELETE"},
                  {TRIGGER_UPDATE, "UPDATE"},
                  {TRIGGER_TRUNCATE, "TRUNCATE"}};
    const CatTrigger *g = t->trigger;
    bool first = true;
    buf_puts(t->buf, (g->type & TRIGGER_BEFORE) != 0    ? "BEFORE"
                     : (g->type & TRIGGER_INSTEAD) != 0 ? "INSTEAD OF"
                                                        : "AFTER");
    for (size_t i = 0; i < ARRAY_LEN(EVENTS); i++) {
        if ((g->type & EVENTS[i].bit) == 0) {
            continue;
        }
        buf_printf(t->buf, "%s %s", first ? "" : " OR", EVENTS[i].word);
        first = false;
        for (uint16_t c = 0; EVENTS[i].bit == TRIGGER_UPDATE && c < g->column_count; c++) {
            buf_puts(t->buf, c == 0 ? " OF " : ", ");
            cat_put_qualified(NULL, t->table->columns[g->columns[c] - 1].name, false, t->buf);
        }
    }
}

/* put_constraint - FROM and when it fires, of constraint triggers. */
static Status put_constraint(TriggerText *t)
{
    const CatTrigger *g = t->trigger;
    const CatTable *from;
    if (g->constraint == OID_INVALID) {
        return ST_OK;
    }
    if (g->constraint_table != OID_INVALID) {
        buf_puts(t->buf, "FROM ");
        TRY(cat_table_by_oid(t->call->cx, t->fs->view, g->constraint_table, &from));
        TRY(put_relation(t, from, false));
        buf_putc(t->buf, ' ');
    }
    buf_printf(t->buf, "%sDEFERRABLE INITIALLY %s ", g->deferrable ? "" : "NOT ",
               g->deferred ? "DEFERRED" : "IMMEDIATE");
    return ST_OK;
}

static void put_transition(TriggerText *t, const char *which, const char *name)
{
    if (name != NULL) {
        buf_printf(t->buf, "%s TABLE AS ", which);
        cat_put_qualified(NULL, name, false, t->buf);
        buf_putc(t->buf, ' ');
    }
}

static Status put_when(TriggerText *t)
{
    Deparse d = {
        .view = t->fs->view, .arena = t->call->arena, .env = t->call->env, .pretty = t->pretty};
    BindCx b = {
        .view = t->fs->view, .arena = t->call->arena, .env = t->call->env, .no_locks = true};
    Expr *e;
    char *text;
    if (t->trigger->when_sql == NULL) {
        return ST_OK;
    }
    TRY(bind_load_trigger_when(t->call->cx, &b, t->table, t->trigger->when_sql, &e));
    TRY(deparse_trigger_when(t->call->cx, &d, e, t->table, &text));
    buf_printf(t->buf, "WHEN (%s) ", text);
    return ST_OK;
}

/* put_function - its name and the arguments as literals. */
static Status put_function(TriggerText *t)
{
    CatView *v = t->fs->view;
    const CatProc *p = cat_proc(v, t->trigger->function);
    const CatProc *const *list;
    uint32_t count = 0;
    if (p == NULL) {
        return err_set(t->call->cx, ERRCODE_INTERNAL_ERROR, "cache lookup failed for function %u",
                       t->trigger->function);
    }
    Status st = cat_procs_by_name(t->call->cx, v, NULL, p->name, &list, &count);
    if (st == ST_ERROR) {
        return st;
    }
    const CatProc *seen = NULL;
    for (uint32_t i = 0; st == ST_OK && i < count && seen == NULL; i++) {
        seen = list[i]->arg_count == 0 ? list[i] : NULL;
    }
    buf_puts(t->buf, "EXECUTE FUNCTION ");
    cat_put_qualified(cat_namespace_name(v, p->namespace_oid), p->name,
                      seen == NULL || seen->oid != p->oid, t->buf);
    buf_putc(t->buf, '(');
    for (uint16_t i = 0; i < t->trigger->arg_count; i++) {
        buf_puts(t->buf, i > 0 ? ", '" : "'");
        for (const char *c = t->trigger->args[i]; *c != '\0'; c++) {
            buf_puts(t->buf, *c == '\'' ? "'" : "");
            buf_putc(t->buf, *c);
        }
        buf_putc(t->buf, '\'');
    }
    buf_putc(t->buf, ')');
    return ST_OK;
}

static Status put_trigger(TriggerText *t)
{
    const CatTrigger *g = t->trigger;
    buf_puts(t->buf,
             g->constraint != OID_INVALID ? "CREATE CONSTRAINT TRIGGER " : "CREATE TRIGGER ");
    cat_put_qualified(NULL, g->name, false, t->buf);
    buf_putc(t->buf, ' ');
    put_events(t);
    buf_puts(t->buf, " ON ");
    TRY(put_relation(t, t->table, !t->pretty));
    buf_putc(t->buf, ' ');
    TRY(put_constraint(t));
    buf_puts(t->buf, g->old_table != NULL || g->new_table != NULL ? "REFERENCING " : "");
    put_transition(t, "OLD", g->old_table);
    put_transition(t, "NEW", g->new_table);
    buf_puts(t->buf, (g->type & TRIGGER_ROW) != 0 ? "FOR EACH ROW " : "FOR EACH STATEMENT ");
    TRY(put_when(t));
    return put_function(t);
}

/* trigger_find - the trigger with this OID and its table; NULL when there is none. */
static Status trigger_find(FnCall *call, FuncSession *fs, Oid oid, TriggerText *t)
{
    Datum key = {.u32 = oid};
    const Datum *values;
    const bool *nulls;
    Status st =
        cat_row_get(call->cx, fs->view, call->arena, CAT_PG_TRIGGER, &key, 1, &values, &nulls);
    if (st == ST_OK) {
        st = cat_table_by_oid(call->cx, fs->view, values[PG_TRIGGER_TGRELID].u32, &t->table);
    }
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    for (uint16_t i = 0; i < t->table->trigger_count; i++) {
        if (t->table->triggers[i].oid == oid) {
            t->trigger = &t->table->triggers[i];
        }
    }
    return ST_OK;
}

static Status get_triggerdef(FnCall *call, FuncSession *fs, Oid oid, bool pretty, Datum *out,
                             bool *null_out)
{
    Buf buf;
    TriggerText t = {.call = call, .fs = fs, .pretty = pretty, .buf = &buf};
    TRY(trigger_find(call, fs, oid, &t));
    *null_out = t.trigger == NULL;
    if (t.trigger == NULL) {
        return ST_OK;
    }
    buf_init(&buf, 1u << 20);
    Status st = put_trigger(&t);
    if (st == ST_OK) {
        out->str = str_copy(call->arena, buf.data, buf.len);
    }
    buf_release(&buf);
    return st;
}

static Status fn_get_triggerdef(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                bool *null_out)
{
    return get_triggerdef(call, fs, a[0].u32, false, out, null_out);
}
KERNEL(fn_get_triggerdef)

static Status fn_get_triggerdef_ext(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                    bool *null_out)
{
    return get_triggerdef(call, fs, a[0].u32, a[1].b, out, null_out);
}
KERNEL(fn_get_triggerdef_ext)

static Status fn_trigger_depth(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                               bool *null_out)
{
    (void)fs, (void)a, (void)null_out;
    out->i32 = call->env->functions != NULL ? (int32_t)call->env->functions->trigger_depth : 0;
    return ST_OK;
}
KERNEL(fn_trigger_depth)

static const FnOps FNS[] = {
    {"pg_get_triggerdef", fn_get_triggerdef_kernel, 0},
    {"pg_get_triggerdef_ext", fn_get_triggerdef_ext_kernel, 0},
    {"pg_trigger_depth", fn_trigger_depth_kernel, 0},
};
const FuncTable FUNC_TRIGGER = {FNS, ARRAY_LEN(FNS)};

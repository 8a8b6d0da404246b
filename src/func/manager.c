/*
 * manager.c - functions of users: found, compiled, called; what is under way; the settings and the
 * role that a function runs with.
 */
#include "catalog/acl.h"
#include "catalog/catalog_data.h"
#include "func/func_internal.h"
#include "func/run.h"
#include "type/record.h"

/* How deep calls may nest: as far as the thread's stack goes, with room to spare. */
#define CALL_STACK_BYTES ((size_t)4 << 20)

static Status manager_call(FnManager *base, Cx *cx, const FnInvoke *invoke, Datum *value_out,
                           bool *null_out);
static Status manager_trigger(FnManager *base, Cx *cx, TriggerCall *call);
static Status manager_validate(FnManager *base, Cx *cx, const FnValidate *check);

FuncManager *func_manager_create(FuncSession *fs, const FuncHost *host, const TypeEnv *env,
                                 const FuncLanguage *const *languages, uint32_t language_count)
{
    FuncManager *m = mem_zalloc("functions", sizeof(*m));
    m->base =
        (FnManager){.call = manager_call, .trigger = manager_trigger, .validate = manager_validate};
    m->fs = fs;
    m->host = host;
    m->env = env;
    m->languages = languages;
    m->language_count = language_count;
    arena_init(&m->arena, NULL, "functions", 0);
    map_init(&m->bodies);
    map_init(&m->casts);
    map_init(&m->by_oid);
    return m;
}

static void body_free(FuncBody *b)
{
    if (b->compiled != NULL && b->ops->release != NULL) {
        b->ops->release(b->compiled);
    }
    arena_release(&b->arena);
    mem_free(b);
}

void func_manager_free(FuncManager *m)
{
    MapSlot slot;
    if (m == NULL) {
        return;
    }
    for (uint32_t at = 0; map_next(&m->bodies, &at, &slot);) {
        body_free(slot.value);
    }
    map_release(&m->bodies);
    map_release(&m->casts);
    map_release(&m->by_oid);
    arena_release(&m->arena);
    mem_free(m);
}

/* ---- contexts ---- */

void func_put_context(const FuncManager *m, Buf *buf)
{
    for (const FuncFrame *f = m->frames; f != NULL; f = f->outer) {
        if (buf->len > 0) {
            buf_putc(buf, '\n');
        }
        f->text(f, buf);
    }
}

Status func_error_context(Cx *cx, const FuncFrame *f)
{
    Buf b;
    buf_init(&b, ERR_CONTEXT_BYTES_MAX - 1);
    f->text(f, &b);
    st_ignore(err_add_context(cx, "%.*s", (int)b.len, (const char *)b.data));
    buf_release(&b);
    return ST_ERROR;
}

/* NoticeWrap - notices from inside functions say where they come from. */
typedef struct NoticeWrap {
    FuncManager *m;
    Cx *outer;
} NoticeWrap;

static void manager_notice(void *arg, const Err *notice)
{
    const NoticeWrap *w = arg;
    Buf b;
    if (w->outer->notice == NULL) {
        return;
    }
    Err e = *notice;
    buf_init(&b, ERR_CONTEXT_BYTES_MAX - 1);
    buf_puts(&b, e.context);
    func_put_context(w->m, &b);
    size_t n = MIN(b.len, sizeof(e.context) - 1);
    if (n > 0) {
        memcpy(e.context, b.data, n);
    }
    e.context[n] = '\0';
    buf_release(&b);
    w->outer->notice(w->outer->notice_arg, &e);
}

/* ---- sub-transactions ---- */

Status func_sub_begin(FuncManager *m, Cx *cx, void **mark_out)
{
    return m->host->sub_begin(m->fs->arg, cx, mark_out);
}

Status func_sub_end(FuncManager *m, Cx *cx, void *mark, bool keep)
{
    if (!keep) {
        m->epoch++;
    }
    return m->host->sub_end(m->fs->arg, cx, mark, keep);
}

/* ---- compiled functions ---- */

/* BodyWant - which function, and as what. */
typedef struct BodyWant {
    Oid oid, result;
    const Oid *types;
    uint32_t count;
    const CatTable *table;
    bool is_trigger;
    Oid trigger; /* each has its own, for the names of its transition tables */
    const FnValidate *check;
} BodyWant;

static const FuncLanguage *find_language(const FuncManager *m, Oid oid)
{
    for (uint32_t i = 0; i < m->language_count; i++) {
        if (m->languages[i]->oid == oid) {
            return m->languages[i];
        }
    }
    return oid == FUNC_LANGUAGE_SQL.oid ? &FUNC_LANGUAGE_SQL : NULL;
}

bool func_is_polymorphic(Oid t)
{
    return t == TYPE_ANYELEMENT || t == TYPE_ANYARRAY || t == TYPE_ANYNONARRAY || t == 3500 ||
           t == 3831 || t == 4537 || t == TYPE_ANYCOMPATIBLE || t == TYPE_ANYCOMPATIBLEARRAY ||
           t == TYPE_ANYCOMPATIBLENONARRAY || t == 5080 || t == 4538;
}

/* resolve_output - a polymorphic OUT parameter's type, from an input of the same family. */
static Oid resolve_output(FuncManager *m, const CatProc *p, const Oid *actual, Oid type)
{
    bool compatible = type >= TYPE_ANYCOMPATIBLE;
    for (uint16_t i = 0; i < p->arg_count; i++) {
        Oid decl = p->args[i];
        if (!func_is_polymorphic(decl) || (decl >= TYPE_ANYCOMPATIBLE) != compatible) {
            continue;
        }
        bool decl_array = decl == TYPE_ANYARRAY || decl == TYPE_ANYCOMPATIBLEARRAY;
        bool want_array = type == TYPE_ANYARRAY || type == TYPE_ANYCOMPATIBLEARRAY;
        const CatType *t = cat_type(m->fs->view, actual[i]);
        if (t == NULL || decl_array == want_array) {
            return actual[i];
        }
        return want_array ? t->array : t->element;
    }
    return type;
}

/* body_types - the signature with polymorphic types resolved. */
static void body_types(FuncManager *m, FuncBody *b, const CatProc *p, const BodyWant *w)
{
    b->args = ARENA_ARRAY(&b->arena, Oid, p->arg_count + 1u);
    b->arg_count = p->arg_count;
    for (uint16_t i = 0; i < p->arg_count; i++) {
        bool given = w->types != NULL && i < w->count;
        b->args[i] = func_is_polymorphic(p->args[i]) && given ? w->types[i] : p->args[i];
    }
    uint16_t all = p->arg_modes != NULL ? p->all_arg_count : p->arg_count;
    b->all_count = all;
    b->all_args = ARENA_ARRAY(&b->arena, Oid, all + 1u);
    b->modes = p->arg_modes != NULL ? arena_strdup(&b->arena, p->arg_modes) : NULL;
    b->names = ARENA_ARRAY(&b->arena, const char *, all + 1u);
    uint16_t in = 0;
    for (uint16_t i = 0; i < all; i++) {
        char mode = p->arg_modes != NULL ? p->arg_modes[i] : 'i';
        bool input = mode != 'o' && mode != 't';
        Oid type = input ? b->args[in]
                   : func_is_polymorphic(p->all_args[i])
                       ? resolve_output(m, p, b->args, p->all_args[i])
                       : p->all_args[i];
        in = (uint16_t)(in + input);
        b->all_args[i] = type;
        if (p->arg_names != NULL && p->arg_names[i] != NULL && p->arg_names[i][0] != '\0') {
            b->names[i] = arena_strdup(&b->arena, p->arg_names[i]);
        }
    }
    b->result = w->result != 0 && !func_is_polymorphic(w->result) ? w->result : p->result;
    if (func_is_polymorphic(b->result)) {
        b->result = resolve_output(m, p, b->args, b->result);
    }
}

static const char *body_signature(FuncManager *m, Cx *cx, FuncBody *b, const CatProc *p)
{
    Buf text;
    buf_init(&text, 4096);
    cat_put_signature(cx, m->fs->view, p, &text);
    const char *s = arena_strndup(&b->arena, (const char *)text.data, text.len);
    buf_release(&text);
    return s;
}

/* body_make - the function of a row of pg_proc, compiled. */
static Status body_make(FuncManager *m, Cx *cx, const CatProc *p, const BodyWant *w, FuncBody **out)
{
    FuncBody *b = mem_zalloc("function", sizeof(*b));
    arena_init(&b->arena, NULL, "function", 0);
    b->oid = p->oid;
    b->language = p->language;
    b->name = arena_strdup(&b->arena, p->name);
    b->source = arena_strdup(&b->arena, p->prosrc != NULL ? p->prosrc : "");
    b->sqlbody = p->sqlbody != NULL ? arena_strdup(&b->arena, p->sqlbody) : NULL;
    b->procedure = p->kind == 'p';
    b->returns_set = p->returns_set;
    b->read_only = p->volatility != 'v';
    b->strict = p->strict;
    b->table = w->table;
    b->is_trigger = w->is_trigger;
    b->security_definer = p->security_definer;
    b->owner = p->owner;
    b->config_count = p->config_count;
    const char **config = ARENA_ARRAY(&b->arena, const char *, p->config_count + 1u);
    for (uint16_t i = 0; i < p->config_count; i++) {
        config[i] = arena_strdup(&b->arena, p->config[i]);
    }
    b->config = config;
    body_types(m, b, p, w);
    b->signature = body_signature(m, cx, b, p);
    b->ops = find_language(m, p->language);
    Status st = b->ops == NULL ? err_unsupported(cx, "function %s is not supported", p->name)
                               : b->ops->compile(cx, m, b, w->check, &b->compiled);
    if (st != ST_OK) {
        body_free(b);
        return st;
    }
    *out = b;
    return ST_OK;
}

/* proc_is_polymorphic - does what it is depend on its arguments? */
static bool proc_is_polymorphic(const CatProc *p)
{
    bool is = func_is_polymorphic(p->result) || p->result == TYPE_RECORD;
    for (uint16_t i = 0; i < p->all_arg_count && !is; i++) {
        is = func_is_polymorphic(p->all_args[i]);
    }
    return is;
}

/* body_key - what tells compiled functions apart. */
static void *body_key(Arena *arena, const CatProc *p, const BodyWant *w, size_t *len_out)
{
    Oid *key = ARENA_ARRAY(arena, Oid, p->arg_count + 4u);
    key[0] = p->oid;
    key[1] = w->result;
    key[2] = w->table != NULL ? w->table->oid : 0;
    key[3] = w->trigger != 0 ? w->trigger : w->is_trigger;
    for (uint16_t i = 0; i < p->arg_count; i++) {
        bool given = w->types != NULL && i < w->count && func_is_polymorphic(p->args[i]);
        key[4 + i] = given ? w->types[i] : 0;
    }
    *len_out = (p->arg_count + 4u) * sizeof(Oid);
    return key;
}

/* body_find - the compiled function, made when it is not there or not what it was. */
static Status body_find(FuncManager *m, Cx *cx, const BodyWant *w, FuncBody **out)
{
    FuncVersion now = func_version_now(m);
    bool plain = !w->is_trigger && w->check == NULL;
    FuncBody *known = plain ? map_get_int(&m->by_oid, w->oid) : NULL;
    if (known != NULL && known->version == now.catalog && known->own == now.own) {
        *out = known;
        return ST_OK;
    }
    const CatProc *p = cat_proc(m->fs->view, w->oid);
    size_t len;
    Arena scratch;
    if (p == NULL) {
        return err_set(cx, ERRCODE_UNDEFINED_FUNCTION, "function with OID %u does not exist",
                       w->oid);
    }
    arena_init(&scratch, NULL, "function key", 0);
    void *key = body_key(&scratch, p, w, &len);
    FuncBody *b = map_get(&m->bodies, key, len);
    Status st = ST_OK;
    if (b == NULL || b->version != now.catalog || b->own != now.own || w->check != NULL) {
        FuncBody *made = NULL;
        st = body_make(m, cx, p, w, &made);
        if (st == ST_OK) {
            made->version = now.catalog;
            made->own = now.own;
            void *kept = b != NULL ? NULL : arena_memdup(&m->arena, key, len);
            if (b != NULL) { /* the key stays that of the map */
                MapSlot slot;
                for (uint32_t at = 0; map_next(&m->bodies, &at, &slot);) {
                    if (slot.value == b) {
                        kept = (void *)(uintptr_t)slot.key;
                        break;
                    }
                }
            }
            (void)map_put(&m->bodies, kept, len, made);
            (void)map_remove_int(&m->by_oid, w->oid);
            if (b != NULL && b->running > 0) {
                b->dropped = true;
            } else if (b != NULL) {
                body_free(b);
            }
            b = made;
        }
    }
    arena_release(&scratch);
    if (st == ST_OK && plain && !proc_is_polymorphic(p)) {
        (void)map_put_int(&m->by_oid, w->oid, b);
    }
    *out = b;
    return st;
}

/* ---- settings and role ---- */

typedef struct CallScope {
    const char **old_values; /* of the settings the function changes */
    Oid user;
    const char *user_name, *fs_user_name;
    bool as_owner;
} CallScope;

/* scope_enter - SECURITY DEFINER and SET of the function. */
static Status scope_enter(FuncManager *m, Cx *cx, Arena *arena, const FuncBody *b, CallScope *s)
{
    CatView *v = m->fs->view;
    *s = (CallScope){.user = v->user, .user_name = v->user_name, .fs_user_name = m->fs->user_name};
    if (b->security_definer && b->owner != v->user) {
        const char *name;
        TRY(cat_role_name(cx, v, arena, b->owner, &name));
        v->user = b->owner;
        v->user_name = m->fs->user_name = arena_strdup(arena, name);
        s->as_owner = true;
        TRY(cat_user_refresh(cx, v));
    }
    s->old_values = ARENA_ARRAY(arena, const char *, b->config_count + 1u);
    for (uint16_t i = 0; i < b->config_count; i++) {
        const char *eq = strchr(b->config[i], '=');
        const char *name = arena_strndup(arena, b->config[i], (size_t)(eq - b->config[i]));
        const char *old = m->fs->setting_get(m->fs->arg, name);
        s->old_values[i] = old != NULL ? arena_strdup(arena, old) : NULL;
        TRY(m->fs->setting_set(m->fs->arg, cx, name, eq + 1, true));
    }
    return ST_OK;
}

/* scope_leave - the caller's role and settings again, whatever became of the call. */
static Status scope_leave(FuncManager *m, Cx *cx, Arena *arena, const FuncBody *b,
                          const CallScope *s, Status st)
{
    CatView *v = m->fs->view;
    if (s->as_owner) {
        v->user = s->user;
        v->user_name = s->user_name;
        m->fs->user_name = s->fs_user_name;
        Err caught = *cx->err;
        Status back = cat_user_refresh(cx, v);
        if (st != ST_OK) {
            *cx->err = caught;
        } else {
            st = back;
        }
    }
    for (uint16_t i = b->config_count; i-- > 0;) {
        const char *eq = strchr(b->config[i], '=');
        const char *name = arena_strndup(arena, b->config[i], (size_t)(eq - b->config[i]));
        Err keep = *cx->err;
        Status back = m->fs->setting_set(m->fs->arg, cx, name, s->old_values[i], true);
        if (st != ST_OK) {
            *cx->err = keep;
        } else {
            st = back;
        }
    }
    return st;
}

/* ---- calls ---- */

/* call_body - run the function with its settings, in a Cx of its own. */
static Status call_body(FuncManager *m, Cx *cx, FuncCallIn *in, Datum *value_out, bool *null_out)
{
    FuncBody *b = in->body;
    Arena scratch;
    CallScope scope;
    Cx inner = *cx;
    NoticeWrap wrap = {m, cx};
    char here;
    if (m->base.depth == 0) {
        m->stack_top = &here;
    }
    if (m->stack_top > &here && (size_t)(m->stack_top - &here) > CALL_STACK_BYTES) {
        st_ignore(err_set(cx, ERRCODE_STATEMENT_TOO_COMPLEX, "stack depth limit exceeded"));
        return err_hint(cx,
                        "Increase the configuration parameter \"max_stack_depth\" (currently "
                        "2048kB), after ensuring the platform's stack depth limit is adequate.");
    }
    arena_init(&scratch, NULL, "function call", 0);
    inner.arena = &scratch;
    if (m->base.depth == 0) {
        inner.notice = manager_notice;
        inner.notice_arg = &wrap;
    }
    const TriggerCall *outer = m->trigger;
    m->trigger = in->trigger;
    b->running++;
    m->base.depth++;
    Status st = cx_check(&inner);
    if (st == ST_OK) {
        st = scope_enter(m, &inner, &scratch, b, &scope);
        st = st == ST_OK ? b->ops->call(&inner, in, value_out, null_out) : st;
        st = scope_leave(m, &inner, &scratch, b, &scope, st);
    }
    m->trigger = outer;
    if (--m->base.depth == 0) {
        m->context_done = false;
    }
    if (--b->running == 0 && b->dropped) {
        body_free(b);
    }
    arena_release(&scratch);
    return st;
}

static bool any_null(const FnInvoke *v)
{
    for (uint32_t i = 0; i < v->arg_count; i++) {
        if (v->nulls[i]) {
            return true;
        }
    }
    return false;
}

static Status manager_call(FnManager *base, Cx *cx, const FnInvoke *invoke, Datum *value_out,
                           bool *null_out)
{
    FuncManager *m = (FuncManager *)base;
    BodyWant want = {.oid = invoke->function,
                     .result = invoke->result,
                     .types = invoke->types,
                     .count = invoke->arg_count};
    FuncBody *b;
    TRY(body_find(m, cx, &want, &b));
    *null_out = true;
    if (b->strict && any_null(invoke)) {
        return ST_OK;
    }
    FuncCallIn in = {.m = m, .body = b, .invoke = invoke, .atomic = true, .arena = invoke->arena};
    return call_body(m, cx, &in, value_out, null_out);
}

Status func_call_procedure(FuncManager *m, Cx *cx, const FnInvoke *invoke, bool atomic,
                           Datum *value_out, bool *null_out)
{
    BodyWant want = {.oid = invoke->function,
                     .result = invoke->result,
                     .types = invoke->types,
                     .count = invoke->arg_count};
    FuncBody *b;
    TRY(body_find(m, cx, &want, &b));
    *null_out = true;
    FuncCallIn in = {.m = m, .body = b, .invoke = invoke, .atomic = atomic, .arena = invoke->arena};
    return call_body(m, cx, &in, value_out, null_out);
}

static Status manager_trigger(FnManager *base, Cx *cx, TriggerCall *call)
{
    FuncManager *m = (FuncManager *)base;
    BodyWant want = {
        .oid = call->function, .table = call->table, .is_trigger = true, .trigger = call->trigger};
    FuncBody *b;
    Datum value;
    bool is_null;
    TRY(body_find(m, cx, &want, &b));
    FuncCallIn in = {.m = m, .body = b, .trigger = call, .atomic = true, .arena = call->arena};
    call->skip = false;
    m->base.trigger_depth++;
    Status st = call_body(m, cx, &in, &value, &is_null);
    m->base.trigger_depth--;
    return st;
}

static Status manager_validate(FnManager *base, Cx *cx, const FnValidate *check)
{
    FuncManager *m = (FuncManager *)base;
    const char *on = m->fs->setting_get(m->fs->arg, "check_function_bodies");
    const CatProc *p = cat_proc(m->fs->view, check->function);
    if ((on != NULL && strcmp(on, "off") == 0) || p == NULL) {
        return ST_OK;
    }
    BodyWant want = {.oid = check->function, .check = check, .is_trigger = p->result == 2279};
    FuncBody *b;
    Arena scratch;
    Cx inner = *cx;
    arena_init(&scratch, NULL, "function check", 0);
    inner.arena = &scratch;
    Status st = body_find(m, &inner, &want, &b);
    arena_release(&scratch);
    return st;
}

Status func_run_block(FuncManager *m, Cx *cx, Oid language, const char *source,
                      const FnValidate *check, bool atomic)
{
    FuncBody *b = mem_zalloc("function", sizeof(*b));
    static const FnInvoke NO_ARGS = {.result = TYPE_VOID};
    Datum value;
    bool is_null;
    arena_init(&b->arena, NULL, "function", 0);
    b->name = b->signature = "inline_code_block";
    b->source = arena_strdup(&b->arena, source);
    b->language = language;
    b->result = TYPE_VOID;
    b->inline_block = true;
    b->args = b->all_args = ARENA_ARRAY(&b->arena, Oid, 1);
    b->names = ARENA_ARRAY(&b->arena, const char *, 1);
    b->ops = find_language(m, language);
    Status st = b->ops == NULL || b->ops == &FUNC_LANGUAGE_SQL
                    ? err_unsupported(cx, "language \"%s\" does not support inline code execution",
                                      b->ops != NULL ? b->ops->name : "?")
                    : b->ops->compile(cx, m, b, check, &b->compiled);
    if (st == ST_OK) {
        FuncCallIn in = {
            .m = m, .body = b, .invoke = &NO_ARGS, .atomic = atomic, .arena = cx->arena};
        st = call_body(m, cx, &in, &value, &is_null);
    }
    body_free(b);
    return st;
}

/* func_call_set - the rows of a call whose place wants a set. */
static Status func_call_set(FuncManager *m, Cx *cx, const FnInvoke *invoke, FuncRows *rows)
{
    BodyWant want = {.oid = invoke->function,
                     .result = invoke->result,
                     .types = invoke->types,
                     .count = invoke->arg_count};
    FuncBody *b;
    Datum value;
    bool is_null = true;
    TRY(body_find(m, cx, &want, &b));
    if (b->strict && any_null(invoke)) {
        return ST_OK;
    }
    FuncCallIn in = {.m = m,
                     .body = b,
                     .invoke = invoke,
                     .atomic = true,
                     .arena = rows->arena,
                     .rows = b->returns_set ? rows : NULL};
    bool set = b->returns_set;
    TRY(call_body(m, cx, &in, &value, &is_null));
    if (set) {
        return ST_OK;
    }
    /* One row: the fields of the value, all NULL when it is. */
    Datum *cols = ARENA_ARRAY(rows->arena, Datum, rows->col_count + 1u);
    bool *nulls = ARENA_ARRAY(rows->arena, bool, rows->col_count + 1u);
    memset(nulls, 1, rows->col_count);
    if (!is_null && rows->is_row) {
        RecordIter it = record_iter(&value.str);
        RecordField f;
        Slice name;
        for (uint32_t c = 0; c < rows->col_count && record_next(&it, &f, &name); c++) {
            cols[c] = f.value;
            nulls[c] = f.is_null;
        }
    } else if (!is_null) {
        cols[0] = value;
        nulls[0] = false;
    }
    func_rows_add(rows, cols, nulls);
    return ST_OK;
}

void func_rows_add(FuncRows *r, const Datum *values, const bool *nulls)
{
    if (r->count == r->size) {
        uint64_t size = r->size == 0 ? 16 : r->size * 2;
        r->values = arena_grow(r->arena, r->values, r->size * r->col_count * sizeof(Datum),
                               size * r->col_count * sizeof(Datum));
        r->nulls = arena_grow(r->arena, r->nulls, r->size * r->col_count, size * r->col_count);
        r->size = size;
    }
    Datum *to = r->values + r->count * r->col_count;
    bool *to_nulls = r->nulls + r->count * r->col_count;
    for (uint32_t c = 0; c < r->col_count; c++) {
        to_nulls[c] = nulls[c];
        to[c] = values[c];
        if (!nulls[c] && r->phys[c] == PHYS_STR) {
            to[c].str = str_copy(r->arena, str_ptr(&values[c].str), values[c].str.len);
        }
    }
    r->count++;
}

/* ---- the kernel and the set of all functions of users ---- */

/* user_fn - FnKernel: a call for each row. */
static Status user_fn(FnCall *call, const Vector *const *args, uint32_t arg_count, const Sel *sel,
                      Vector *out)
{
    FnManager *m = call->env != NULL ? call->env->functions : NULL;
    if (m == NULL) {
        return err_unsupported(call->cx, "functions of users are not supported in this place");
    }
    Datum values[FUNC_USER_ARGS_MAX];
    bool nulls[FUNC_USER_ARGS_MAX];
    FnInvoke invoke = {.function = call->fn_oid,
                       .result = call->result_type,
                       .args = values,
                       .nulls = nulls,
                       .types = call->arg_types,
                       .arg_count = arg_count,
                       .collation = call->collation,
                       .arena = call->arena};
    SEL_FOREACH(row, sel)
    {
        Datum d = {0};
        bool is_null = true;
        for (uint32_t i = 0; i < arg_count; i++) {
            nulls[i] = vec_is_null(args[i], row);
            if (!nulls[i]) {
                values[i] = vec_get(args[i], row);
            }
        }
        TRY(m->call(m, call->cx, &invoke, &d, &is_null));
        if (is_null) {
            vec_set_null(out, row);
        } else {
            vec_put(out, row, &d);
        }
    }
    return ST_OK;
}

const FnOps FUNC_USER_FN = {"user:", user_fn, 0};

/* user_row_types - the columns of what a set function returns, as its place in the query has them.
 */
static Status user_row_types(FuncManager *m, Cx *cx, FuncRows *r, Oid result)
{
    const CatType *t = cat_type(m->fs->view, result);
    const CatTable *table;
    r->is_row = result == TYPE_RECORD || (t != NULL && t->kind == 'c');
    r->phys = ARENA_ARRAY(r->arena, PhysType, r->col_count + 1u);
    r->types = ARENA_ARRAY(r->arena, Oid, r->col_count + 1u);
    if (!r->is_row) {
        r->types[0] = result;
        r->phys[0] = func_phys(m, result);
        return ST_OK;
    }
    if (t != NULL && t->kind == 'c') {
        uint32_t n = 0;
        TRY(cat_table_by_oid(cx, m->fs->view, t->relation, &table));
        for (uint16_t i = 0; i < table->column_count && n < r->col_count; i++) {
            if (!table->columns[i].dropped) {
                r->types[n] = table->columns[i].type;
                r->phys[n++] = func_phys(m, table->columns[i].type);
            }
        }
    }
    return ST_OK;
}

/* record_row_types - of RECORD: the OUT parameters'. */
static void record_row_types(FuncManager *m, FuncRows *r, const CatProc *p, const Oid *types)
{
    uint32_t n = 0;
    for (uint16_t i = 0; p->arg_modes != NULL && i < p->all_arg_count && n < r->col_count; i++) {
        if (strchr("obt", p->arg_modes[i]) != NULL) {
            Oid type = p->all_args[i];
            type = func_is_polymorphic(type) ? resolve_output(m, p, types, type) : type;
            r->types[n] = type;
            r->phys[n++] = func_phys(m, type);
        }
    }
}

/* user_set_begin - SetOps.begin: all rows of the set are made now. */
static Status user_set_begin(FnCall *call, const Datum *args, const bool *nulls, uint32_t arg_count)
{
    FuncManager *m = call->env != NULL ? (FuncManager *)call->env->functions : NULL;
    if (m == NULL) {
        return err_unsupported(call->cx, "functions of users are not supported in this place");
    }
    FuncRows *r = ARENA_NEW(call->state_arena, FuncRows);
    const CatProc *p = cat_proc(m->fs->view, call->fn_oid);
    r->arena = call->state_arena;
    r->col_count = call->set_cols;
    TRY(user_row_types(m, call->cx, r, call->result_type));
    if (call->result_type == TYPE_RECORD && p != NULL) {
        record_row_types(m, r, p, call->arg_types);
    }
    FnInvoke invoke = {.function = call->fn_oid,
                       .result = call->result_type,
                       .args = args,
                       .nulls = nulls,
                       .types = call->arg_types,
                       .arg_count = arg_count,
                       .collation = call->collation,
                       .arena = call->state_arena};
    call->state = r;
    return func_call_set(m, call->cx, &invoke, r);
}

static Status user_set_next(FnCall *call, Datum *cols, bool *nulls)
{
    FuncRows *r = call->state;
    if (r->next >= r->count) {
        return ST_DONE;
    }
    uint64_t at = r->next++ * r->col_count;
    memcpy(cols, r->values + at, r->col_count * sizeof(Datum));
    memcpy(nulls, r->nulls + at, r->col_count);
    return ST_OK;
}

const SetOps FUNC_USER_SET = {"user:", user_set_begin, user_set_next};

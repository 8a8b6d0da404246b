/*
 * activity_fn.c - what other sessions do, hold and wait for: the sets behind pg_stat_activity and
 * pg_locks, and who blocks whom.
 */
#include <stdio.h>

#include "catalog/acl.h"
#include "catalog/catalog_data.h"
#include "func/func_internal.h"
#include "txn/locklist.h"
#include "txn/ssi.h"
#include "type/array.h"

/* By RowLockMode: the modes in which PostgreSQL locks the tuple while it waits for such a lock. */
static const char *const ROW_MODES[] = {"AccessShareLock", "RowShareLock", "ExclusiveLock",
                                        "AccessExclusiveLock"};

/* put_text - a column; NULL when there is none. */
static void put_text(FnCall *call, Datum *col, bool *is_null, const char *text)
{
    *is_null = text == NULL;
    if (text != NULL) {
        func_text(call, col, text);
    }
}

static void put_time(Datum *col, bool *is_null, int64_t us)
{
    *is_null = us == 0;
    col->i64 = us;
}

/* ---- pg_stat_get_activity ---- */

enum {
    ACT_DATABASE,
    ACT_PID,
    ACT_USER,
    ACT_APPLICATION,
    ACT_STATE,
    ACT_QUERY,
    ACT_WAIT_TYPE,
    ACT_WAIT,
    ACT_XACT_START,
    ACT_QUERY_START,
    ACT_BACKEND_START,
    ACT_STATE_CHANGE,
    ACT_CLIENT,
    ACT_HOST_NAME,
    ACT_PORT,
    ACT_XID,
    ACT_XMIN,
    ACT_TYPE,
    ACT_SSL,
    ACT_SSL_VERSION,
    ACT_SSL_CIPHER,
    ACT_SSL_BITS,
    ACT_SSL_DN,
    ACT_SSL_SERIAL,
    ACT_SSL_ISSUER,
    ACT_GSS_AUTH = 25,
    ACT_GSS_ENCRYPTED = 27,
    ACT_LEADER,
    ACT_QUERY_ID,
    ACT_COLUMNS,
};

typedef struct ActivityRows {
    FuncBackend *list;
    LockInfo *waits;
    RunningTxn *running;
    uint32_t count, wait_count, running_count, at;
    int32_t pid; /* of one alone; 0: all */
} ActivityRows;

static Status activity_begin(FnCall *call, const Datum *args, const bool *nulls, uint32_t count)
{
    ActivityRows *r = ARENA_NEW(call->state_arena, ActivityRows);
    FuncSession *fs = func_session(call);
    TxnSys *sys = fs->engine->txns;
    call->state = r;
    r->pid = count != 0 && !nulls[0] ? args[0].i32 : 0;
    /* Waits first: one that ends meanwhile is seen as no wait of a session seen later. */
    lock_waits(sys, call->state_arena, &r->waits, &r->wait_count);
    lock_running(sys, call->state_arena, &r->running, &r->running_count);
    fs->backends(fs->arg, call->state_arena, &r->list, &r->count);
    return ST_OK;
}

static const char *lock_wait_event(const LockInfo *w)
{
    switch (w->kind) {
    case LOCKKIND_TABLE: return "relation";
    case LOCKKIND_ROW: return "tuple";
    case LOCKKIND_XID: return "transactionid";
    case LOCKKIND_ADVISORY: return "advisory";
    case LOCKKIND_SIREAD: return NULL; /* nobody waits for one */
    }
    return NULL;
}

static void activity_put_wait(FnCall *call, const ActivityRows *r, const FuncBackend *b,
                              Datum *cols, bool *nulls)
{
    FuncWait wait = b->wait != NULL ? *b->wait : (FuncWait){0};
    bool active = b->state != NULL && strcmp(b->state, "active") == 0;
    for (uint32_t i = 0; active && i < r->wait_count; i++) {
        if (r->waits[i].process_id == b->pid) {
            wait = (FuncWait){"Lock", lock_wait_event(&r->waits[i])};
        }
    }
    put_text(call, &cols[ACT_WAIT_TYPE], &nulls[ACT_WAIT_TYPE], wait.type);
    put_text(call, &cols[ACT_WAIT], &nulls[ACT_WAIT], wait.event);
}

/* activity_put_client - where it comes from; port -1 is a Unix socket. */
static void activity_put_client(FnCall *call, const FuncBackend *b, Datum *cols, bool *nulls)
{
    const TypeOps *inet = type_ops(TYPE_INET);
    nulls[ACT_CLIENT] = b->client_address == NULL || inet == NULL;
    if (!nulls[ACT_CLIENT]) {
        Status st = inet->in(call, slice_of(b->client_address), -1, &cols[ACT_CLIENT]);
        nulls[ACT_CLIENT] = st != ST_OK;
    }
    cols[ACT_PORT].i32 = b->client_address == NULL ? -1 : b->client_port;
    nulls[ACT_PORT] = false;
}

/* activity_put_tls - how its connection is encrypted. */
static void activity_put_tls(FnCall *call, const FuncTls *t, Datum *cols, bool *nulls)
{
    const TypeOps *numeric = type_ops(TYPE_NUMERIC);
    cols[ACT_SSL].b = t->on;
    cols[ACT_GSS_AUTH].b = cols[ACT_GSS_ENCRYPTED].b = false;
    nulls[ACT_SSL] = nulls[ACT_GSS_AUTH] = nulls[ACT_GSS_ENCRYPTED] = false;
    if (!t->on) {
        return;
    }
    put_text(call, &cols[ACT_SSL_VERSION], &nulls[ACT_SSL_VERSION], t->version);
    put_text(call, &cols[ACT_SSL_CIPHER], &nulls[ACT_SSL_CIPHER], t->cipher);
    cols[ACT_SSL_BITS].i32 = t->bits;
    nulls[ACT_SSL_BITS] = false;
    put_text(call, &cols[ACT_SSL_DN], &nulls[ACT_SSL_DN], t->subject);
    put_text(call, &cols[ACT_SSL_ISSUER], &nulls[ACT_SSL_ISSUER], t->issuer);
    if (t->serial != NULL) {
        nulls[ACT_SSL_SERIAL] =
            numeric->in(call, slice_of(t->serial), -1, &cols[ACT_SSL_SERIAL]) != ST_OK;
    }
}

/* activity_hide - what a session does is told to its own role and to those that read all. */
static Status activity_hide(FnCall *call, const FuncBackend *b, Datum *cols, bool *nulls)
{
    CatView *v = func_session(call)->view;
    bool may;
    TRY(cat_role_inherits(call->cx, v, v->user, b->user, &may));
    if (!may) {
        TRY(cat_role_inherits(call->cx, v, v->user, ROLE_PG_READ_ALL_STATS, &may));
    }
    if (may) {
        return ST_OK;
    }
    for (int i = ACT_STATE; i < ACT_COLUMNS; i++) {
        nulls[i] = nulls[i] || (i != ACT_XID && i != ACT_XMIN);
    }
    put_text(call, &cols[ACT_QUERY], &nulls[ACT_QUERY], "<insufficient privilege>");
    return ST_OK;
}

/* activity_next - the columns of one session. */
static Status activity_next(FnCall *call, Datum *cols, bool *nulls)
{
    ActivityRows *r = call->state;
    while (r->at < r->count && r->pid != 0 && r->list[r->at].pid != r->pid) {
        r->at++;
    }
    if (r->at == r->count) {
        return ST_DONE;
    }
    const FuncBackend *b = &r->list[r->at++];
    for (int i = 0; i < ACT_COLUMNS; i++) {
        nulls[i] = i > ACT_TYPE;
    }
    cols[ACT_DATABASE].u32 = b->database;
    cols[ACT_PID].i32 = b->pid;
    cols[ACT_USER].u32 = b->user;
    put_text(call, &cols[ACT_APPLICATION], &nulls[ACT_APPLICATION], b->application_name);
    put_text(call, &cols[ACT_STATE], &nulls[ACT_STATE], b->state);
    put_text(call, &cols[ACT_QUERY], &nulls[ACT_QUERY], b->query);
    activity_put_wait(call, r, b, cols, nulls);
    put_time(&cols[ACT_XACT_START], &nulls[ACT_XACT_START], b->xact_start_us);
    put_time(&cols[ACT_QUERY_START], &nulls[ACT_QUERY_START], b->query_start_us);
    put_time(&cols[ACT_BACKEND_START], &nulls[ACT_BACKEND_START], b->backend_start_us);
    put_time(&cols[ACT_STATE_CHANGE], &nulls[ACT_STATE_CHANGE], b->state_change_us);
    activity_put_client(call, b, cols, nulls);
    nulls[ACT_HOST_NAME] = true;
    Xid xid = 0, xmin = 0;
    for (uint32_t i = 0; i < r->running_count; i++) {
        if (r->running[i].process_id == b->pid) {
            xid = MAX(xid, r->running[i].xid);
            /* The oldest of its snapshots. */
            Xid one = r->running[i].xmin;
            xmin = one == 0 ? xmin : xmin == 0 ? one : MIN(xmin, one);
        }
    }
    cols[ACT_XID].u32 = (uint32_t)xid;
    nulls[ACT_XID] = xid == 0;
    cols[ACT_XMIN].u32 = (uint32_t)xmin;
    nulls[ACT_XMIN] = xmin == 0;
    put_text(call, &cols[ACT_TYPE], &nulls[ACT_TYPE], "client backend");
    activity_put_tls(call, &b->tls, cols, nulls);
    return activity_hide(call, b, cols, nulls);
}

const SetOps FUNC_ACTIVITY_SET = {"pg_stat_get_activity", activity_begin, activity_next};

/* ---- pg_lock_status ---- */

enum {
    LOCK_TYPE,
    LOCK_DATABASE,
    LOCK_RELATION,
    LOCK_PAGE,
    LOCK_TUPLE,
    LOCK_VIRTUAL_XID,
    LOCK_XID,
    LOCK_CLASS,
    LOCK_OBJECT,
    LOCK_SUB,
    LOCK_VIRTUAL_TXN,
    LOCK_PID,
    LOCK_MODE,
    LOCK_GRANTED,
    LOCK_FAST,
    LOCK_SINCE,
    LOCK_COLUMNS,
};

/* LockRelation - the relation whose rows or keys a tree holds. */
typedef struct LockRelation {
    TreeId tree;
    Oid oid;
} LockRelation;

typedef struct LockRows {
    LockInfo *list;
    FuncBackend *backends;
    uint32_t count, backend_count, at, backend_at;
    int64_t mono_to_clock_us; /* from os_mono_us to the clock */
    Arena *arena;
    LockRelation *relations; /* by tree; none when nothing in the list has one */
    uint32_t relation_count, relation_size;
} LockRows;

/* lock_relation - CatRowFn over pg_class: whose tree is it? */
static Status lock_relation(void *arg, Cx *cx, const CatRow *row)
{
    LockRows *r = arg;
    (void)cx;
    if (r->relation_count == r->relation_size) {
        uint32_t size = MAX(r->relation_size * 2, 64u);
        r->relations = arena_grow(r->arena, r->relations, r->relation_size * sizeof(LockRelation),
                                  size * sizeof(LockRelation));
        r->relation_size = size;
    }
    r->relations[r->relation_count++] =
        (LockRelation){row->values[PG_CLASS_RELFILENODE].u32, row->values[PG_CLASS_OID].u32};
    return ST_OK;
}

static int lock_relation_order(const void *a, const void *b)
{
    TreeId x = ((const LockRelation *)a)->tree, y = ((const LockRelation *)b)->tree;
    return (x > y) - (x < y);
}

/* lock_relations - look the relations up when there is something that only has a tree. */
static Status lock_relations(FnCall *call, CatView *view, LockRows *r)
{
    bool any = false;
    for (uint32_t i = 0; !any && i < r->count; i++) {
        any = r->list[i].tree != 0;
    }
    if (any) {
        TRY(cat_rows_each(call->cx, view, CAT_PG_CLASS, NULL, NULL, 0, lock_relation, r));
        qsort(r->relations, r->relation_count, sizeof(LockRelation), lock_relation_order);
    }
    return ST_OK;
}

/* lock_put_relation - of a lock that knows its tree; NULL when the caller does not see a relation
 * with it. */
static void lock_put_relation(const FnCall *call, const LockRows *r, TreeId tree, Datum *cols,
                              bool *nulls)
{
    const LockRelation key = {.tree = tree}, *found = NULL;
    if (r->relation_count != 0) {
        found = bsearch(&key, r->relations, r->relation_count, sizeof(key), lock_relation_order);
    }
    if (found != NULL && tree != 0) {
        cols[LOCK_DATABASE].u32 = func_session(call)->view->database;
        cols[LOCK_RELATION].u32 = found->oid;
        nulls[LOCK_DATABASE] = nulls[LOCK_RELATION] = false;
    }
}

static Status locks_begin(FnCall *call, const Datum *args, const bool *nulls, uint32_t count)
{
    LockRows *r = ARENA_NEW(call->state_arena, LockRows);
    FuncSession *fs = func_session(call);
    Os *os = fs->engine->os;
    (void)args, (void)nulls, (void)count;
    call->state = r;
    lock_list(fs->engine->txns, call->state_arena, &r->list, &r->count);
    fs->backends(fs->arg, call->state_arena, &r->backends, &r->backend_count);
    r->arena = call->state_arena;
    r->mono_to_clock_us = os_now_us(os) - 946684800000000LL - os_mono_us(os);
    return lock_relations(call, fs->view, r);
}

/* lock_virtual_txn - "process/number" of the transaction under way; "-1/xid" of one that no session
 * runs. */
static const char *lock_virtual_txn(FnCall *call, const LockRows *r, int32_t pid, Xid xid)
{
    for (uint32_t i = 0; i < r->backend_count; i++) {
        if (r->backends[i].pid == pid) {
            return arena_printf(call->arena, "%d/%u", (int)pid, r->backends[i].xact_number);
        }
    }
    return arena_printf(call->arena, "-1/%llu", (unsigned long long)xid);
}

/* lock_put_what - the columns that say what is locked, and the mode. */
static void lock_put_what(FnCall *call, const LockRows *r, const LockInfo *l, Datum *cols,
                          bool *nulls)
{
    const char *type = NULL, *mode = NULL;
    lock_put_relation(call, r, l->tree, cols, nulls);
    switch (l->kind) {
    case LOCKKIND_TABLE:
        type = "relation";
        mode = table_lock_mode_name((TableLockMode)l->mode);
        cols[LOCK_DATABASE].u32 = (uint32_t)(l->key >> 32);
        cols[LOCK_RELATION].u32 = (uint32_t)l->key;
        nulls[LOCK_DATABASE] = nulls[LOCK_RELATION] = false;
        break;
    case LOCKKIND_ROW:
        type = "tuple";
        mode = ROW_MODES[l->mode];
        cols[LOCK_PAGE].i32 = (int32_t)(l->key >> 16);
        cols[LOCK_TUPLE].i16 = (int16_t)l->key;
        nulls[LOCK_PAGE] = nulls[LOCK_TUPLE] = false;
        break;
    case LOCKKIND_SIREAD:
        type = l->mode == SSI_ROW ? "tuple" : l->mode == SSI_LEAF ? "page" : "relation";
        mode = "SIReadLock";
        cols[LOCK_PAGE].i32 = (int32_t)(l->mode == SSI_ROW ? l->key >> 16 : l->key);
        cols[LOCK_TUPLE].i16 = (int16_t)l->key;
        nulls[LOCK_PAGE] = l->mode == SSI_TREE;
        nulls[LOCK_TUPLE] = l->mode != SSI_ROW;
        break;
    case LOCKKIND_XID:
        type = "transactionid";
        mode = l->granted ? "ExclusiveLock" : "ShareLock";
        cols[LOCK_XID].u32 = (uint32_t)l->key;
        nulls[LOCK_XID] = false;
        break;
    case LOCKKIND_ADVISORY:
        type = "advisory";
        mode = l->mode != 0 ? "ExclusiveLock" : "ShareLock";
        cols[LOCK_DATABASE].u32 = l->advisory.database;
        cols[LOCK_CLASS].u32 = l->advisory.a;
        cols[LOCK_OBJECT].u32 = l->advisory.b;
        cols[LOCK_SUB].i16 = (int16_t)l->advisory.kind;
        nulls[LOCK_DATABASE] = nulls[LOCK_CLASS] = nulls[LOCK_OBJECT] = nulls[LOCK_SUB] = false;
        break;
    }
    func_text(call, &cols[LOCK_TYPE], type);
    func_text(call, &cols[LOCK_MODE], mode);
    nulls[LOCK_TYPE] = nulls[LOCK_MODE] = false;
}

/* lock_put_holder - whose it is. */
static void lock_put_holder(FnCall *call, const LockRows *r, const LockInfo *l, Datum *cols,
                            bool *nulls)
{
    int32_t pid = l->process_id;
    func_text(call, &cols[LOCK_VIRTUAL_TXN], lock_virtual_txn(call, r, l->ended ? 0 : pid, l->xid));
    cols[LOCK_PID].i32 = pid;
    cols[LOCK_GRANTED].b = l->granted;
    cols[LOCK_FAST].b = false; /* there is no other path */
    nulls[LOCK_VIRTUAL_TXN] = nulls[LOCK_GRANTED] = nulls[LOCK_FAST] = false;
    nulls[LOCK_PID] = pid == 0;
}

/* locks_next - what is locked or waited for, then the virtual numbers of transactions. */
static Status locks_next(FnCall *call, Datum *cols, bool *nulls)
{
    LockRows *r = call->state;
    for (int i = 0; i < LOCK_COLUMNS; i++) {
        nulls[i] = true;
    }
    /* Row locks that are held are not told, as in PostgreSQL, where they are on the rows. */
    while (r->at < r->count && r->list[r->at].kind == LOCKKIND_ROW && r->list[r->at].granted) {
        r->at++;
    }
    if (r->at < r->count) {
        const LockInfo *l = &r->list[r->at++];
        lock_put_what(call, r, l, cols, nulls);
        lock_put_holder(call, r, l, cols, nulls);
        nulls[LOCK_SINCE] = l->since_us == 0;
        cols[LOCK_SINCE].i64 = l->since_us + r->mono_to_clock_us;
        return ST_OK;
    }
    /* Every transaction holds its own virtual number. */
    while (r->backend_at < r->backend_count && r->backends[r->backend_at].xact_start_us == 0) {
        r->backend_at++;
    }
    if (r->backend_at == r->backend_count) {
        return ST_DONE;
    }
    const LockInfo own = {.process_id = r->backends[r->backend_at++].pid, .granted = true};
    func_text(call, &cols[LOCK_TYPE], "virtualxid");
    func_text(call, &cols[LOCK_VIRTUAL_XID], lock_virtual_txn(call, r, own.process_id, 0));
    func_text(call, &cols[LOCK_MODE], "ExclusiveLock");
    nulls[LOCK_TYPE] = nulls[LOCK_VIRTUAL_XID] = nulls[LOCK_MODE] = false;
    lock_put_holder(call, r, &own, cols, nulls);
    return ST_OK;
}

const SetOps FUNC_LOCKS_SET = {"pg_lock_status", locks_begin, locks_next};

/* ---- who blocks whom ---- */

static Str pid_array(FnCall *call, const int32_t *pids, uint32_t count)
{
    ArrayList list = array_list(call->arena);
    for (uint32_t i = 0; i < count; i++) {
        Datum d = {.i32 = pids[i]};
        array_list_add(&list, PHYS_I32, &d, false, false);
    }
    return array_build_list(&list, TYPE_INT4);
}

static Status fn_blocking_pids(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                               bool *null_out)
{
    int32_t *pids;
    uint32_t count;
    (void)null_out;
    lock_blockers(fs->engine->txns, call->arena, a[0].i32, &pids, &count);
    out->str = pid_array(call, pids, count);
    return ST_OK;
}
KERNEL(fn_blocking_pids)

static Status fn_safe_pids(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                           bool *null_out)
{
    int32_t *pids;
    uint32_t count;
    (void)null_out;
    ssi_safe_blockers(fs->engine->txns, call->arena, a[0].i32, &pids, &count);
    out->str = pid_array(call, pids, count);
    return ST_OK;
}
KERNEL(fn_safe_pids)

/* fn_session_is_blocked - pg_isolation_test_session_is_blocked(pid, interesting pids). */
static Status fn_session_is_blocked(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                    bool *null_out)
{
    int32_t *pids;
    uint32_t count;
    ArrayView view;
    ArrayList list = array_list(call->arena);
    (void)null_out;
    array_view(&a[1].str, &view);
    array_list_all(&list, &view);
    lock_blockers(fs->engine->txns, call->arena, a[0].i32, &pids, &count);
    out->b = false;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = 0; k < list.count; k++) {
            out->b = out->b || (!list.nulls[k] && list.values[k].i32 == pids[i]);
        }
    }
    /* Whoever it is that a wait for a safe snapshot is for, as in PostgreSQL. */
    ssi_safe_blockers(fs->engine->txns, call->arena, a[0].i32, &pids, &count);
    out->b = out->b || count > 0;
    return ST_OK;
}
KERNEL(fn_session_is_blocked)

static const FnOps FNS[] = {
    {"pg_blocking_pids", fn_blocking_pids_kernel, 0},
    {"pg_safe_snapshot_blocking_pids", fn_safe_pids_kernel, 0},
    {"pg_isolation_test_session_is_blocked", fn_session_is_blocked_kernel, 0},
};
const FuncTable FUNC_ACTIVITY = {FNS, ARRAY_LEN(FNS)};

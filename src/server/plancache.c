/*
 * plancache.c - the statement cache for clients that never prepare, shared by all sessions.
 *
 * The key is the statement's shape (its text with each literal replaced by its class) and
 * everything else that binding depends on. A literal becomes a parameter where the bound query has
 * it as a plain constant in WHERE, ON, SET, VALUES or LIMIT; all others (ORDER BY 1, typmods,
 * grouped expressions, folded casts) must match by value. A shape is planned for the cache when it
 * is seen the second time, so one-off statements cost nothing here.
 */
#include <pg_query/pg_query.pb-c.h>

#include "server/server_internal.h"

#define PLAN_CACHE_ENTRIES_MAX 4096u
#define LITERALS_MAX           256u
#define RANK_PLAN_CACHE        12

typedef struct LiftedLiteral {
    uint32_t literal; /* index in the shape */
    bool negate;      /* the tree holds -literal */
    Oid type;
} LiftedLiteral;

typedef struct CacheEntry {
    struct CacheEntry *next; /* same key, other by-value literals */
    uint8_t *key;
    size_t key_len;
    uint32_t seen;
    Plan *plan; /* NULL: not planned yet, or cannot be */
    LiftedLiteral *lifted;
    uint32_t lifted_count;
    uint32_t fixed_count; /* literals that must match by value */
    uint32_t *fixed;
    Slice *fixed_text;
    Arena arena;
} CacheEntry;

struct PlanCache {
    OsMutex mutex;
    Map entries; /* key -> CacheEntry list */
    uint32_t count;
};

struct PlanCache *plan_cache_create(void)
{
    struct PlanCache *c = mem_zalloc("plan cache", sizeof(*c));
    os_mutex_init(&c->mutex, "plan cache", RANK_PLAN_CACHE);
    map_init(&c->entries);
    return c;
}

static void entry_free(CacheEntry *e)
{
    if (e->plan != NULL) {
        plan_unref(e->plan);
    }
    arena_release(&e->arena);
    mem_free(e);
}

static void plancache_clear(struct PlanCache *c)
{
    MapSlot slot;
    for (uint32_t pos = 0; map_next(&c->entries, &pos, &slot);) {
        for (CacheEntry *e = slot.value, *next; e != NULL; e = next) {
            next = e->next;
            entry_free(e);
        }
    }
    map_clear(&c->entries);
    c->count = 0;
}

void plan_cache_free(struct PlanCache *c)
{
    plancache_clear(c);
    map_release(&c->entries);
    mem_free(c);
}

/* cache_key - the shape and what else binding depends on, in the statement's arena. */
static Slice cache_key(Session *s, const StmtShape *shape)
{
    struct {
        uint64_t salt;
        Oid database, user, temp, none; /* no padding: it is hashed */
    } tail = {s->cache_salt, s->view.database, s->view.user, s->view.temp_namespace, 0};
    char *key = arena_alloc(&s->stmt_arena, shape->key.len + sizeof(tail));
    memcpy(key, shape->key.ptr, shape->key.len);
    memcpy(key + shape->key.len, &tail, sizeof(tail));
    return (Slice){key, shape->key.len + sizeof(tail)};
}

static bool entry_matches(const CacheEntry *e, const StmtShape *shape)
{
    for (uint32_t i = 0; i < e->fixed_count; i++) {
        if (!slice_eq(e->fixed_text[i], shape->literals[e->fixed[i]].text)) {
            return false;
        }
    }
    return true;
}

/* literal_value - a literal's text as a value of its parameter's type. */
static Status literal_value(Cx *cx, Session *s, const ShapeLiteral *lit, const LiftedLiteral *l,
                            Datum *out)
{
    Slice text = lit->text;
    if (l->negate) {
        char *neg = arena_alloc(&s->stmt_arena, text.len + 1);
        neg[0] = '-';
        memcpy(neg + 1, text.ptr, text.len);
        text = (Slice){neg, text.len + 1};
    }
    const TypeOps *ops = type_ops(l->type);
    FnCall call = {.cx = cx,
                   .arena = &s->stmt_arena,
                   .env = &s->env,
                   .state_arena = &s->stmt_arena,
                   .result_type = l->type,
                   .arg_typmod = -1};
    return ops->in(&call, text, -1, out);
}

Status plan_cache_find(Cx *cx, Session *s, Slice sql, StmtShape *shape, Plan **plan_out,
                       Datum **values_out, bool **nulls_out)
{
    struct PlanCache *c = s->server->plan_cache;
    Os *os = s->server->os;
    if (session_plans_alone(s)) {
        return ST_NOTFOUND;
    }
    TRY(parse_shape(cx, &s->stmt_arena, sql, shape));
    if (shape->literal_count > LITERALS_MAX) {
        shape->key.len = 0;
        return ST_NOTFOUND;
    }
    Slice key = cache_key(s, shape);
    Plan *plan = NULL;
    const CacheEntry *hit = NULL;
    LiftedLiteral lifted[LITERALS_MAX];
    uint32_t count = 0;
    os_mutex_lock(os, &c->mutex);
    for (CacheEntry *e = map_get(&c->entries, key.ptr, key.len); e != NULL; e = e->next) {
        if (e->plan != NULL && entry_matches(e, shape) &&
            e->plan->catalog_version == catalog_version(s->server->catalog)) {
            hit = e;
            plan = e->plan;
            plan_ref(plan);
            count = e->lifted_count;
            memcpy(lifted, e->lifted, count * sizeof(lifted[0]));
            break;
        }
    }
    os_mutex_unlock(os, &c->mutex);
    if (hit == NULL) {
        return ST_NOTFOUND;
    }
    Datum *values = arena_alloc(&s->stmt_arena, sizeof(Datum) * (count + 1));
    bool *nulls = arena_zalloc(&s->stmt_arena, count + 1);
    for (uint32_t i = 0; i < count; i++) {
        Status st =
            literal_value(cx, s, &shape->literals[lifted[i].literal], &lifted[i], &values[i]);
        if (st != ST_OK) {
            /* Let the parser's path raise it, with its position. */
            plan_unref(plan);
            return ST_NOTFOUND;
        }
    }
    *plan_out = plan;
    *values_out = values;
    *nulls_out = nulls;
    return ST_OK;
}

/* ---- lifting ---- */

typedef struct Lift {
    const StmtShape *shape;
    const char *sql;
    LiftedLiteral *lifted;
    uint32_t count;
    bool *done; /* per literal: lifted */
    Arena *arena;
} Lift;

static void lift_query(Lift *l, Query *q);

/* lift_const - turn a plain constant that is a literal of the text into a parameter. */
static void lift_const(Lift *l, Expr *e)
{
    if (e->u.constant.is_null || e->typmod != -1 || e->location < 0 || type_ops(e->type) == NULL ||
        e->type == TYPE_BOOL) {
        return;
    }
    for (uint32_t i = 0; i < l->shape->literal_count; i++) {
        int32_t at = l->shape->literals[i].location;
        bool negate = at - 1 == e->location && l->sql[e->location] == '-';
        if ((at != e->location && !negate) || l->done[i]) {
            continue;
        }
        l->done[i] = true;
        l->lifted[l->count++] = (LiftedLiteral){.literal = i, .negate = negate, .type = e->type};
        Datum *peek = arena_memdup(l->arena, &e->u.constant.value, sizeof(Datum));
        e->kind = EXPR_PARAM;
        e->u.param.number = l->count;
        e->u.param.peek = peek;
        return;
    }
}

static void lift_expr(Lift *l, Expr *e)
{
    if (e == NULL) {
        return;
    }
    if (e->kind == EXPR_CONST) {
        lift_const(l, e);
        return;
    }
    if (e->kind == EXPR_AGG || e->kind == EXPR_GROUPING || e->kind == EXPR_WINDOW) {
        return;
    }
    for (uint16_t i = 0; i < e->arg_count; i++) {
        lift_expr(l, e->args[i]);
    }
    if (e->kind == EXPR_SUBLINK && e->u.sublink.query != NULL) {
        lift_query(l, e->u.sublink.query);
    }
}

static void lift_from(Lift *l, FromNode *n)
{
    if (n != NULL && n->is_join) {
        lift_expr(l, n->on);
        lift_from(l, n->left);
        lift_from(l, n->right);
    }
}

/* lift_hides_index - conditions are compared with the predicates and expressions of indexes, which
 * have constants. */
static bool lift_hides_index(const Query *q)
{
    for (uint16_t i = 0; i < q->rte_count; i++) {
        const CatTable *t = q->rtes[i]->kind == RTE_TABLE ? q->rtes[i]->table : NULL;
        for (uint16_t k = 0; t != NULL && k < t->index_count; k++) {
            if (t->indexes[k].predicate_sql != NULL || t->indexes[k].expressions_sql != NULL) {
                return true;
            }
        }
    }
    return false;
}

/* lift_query - make parameters of those literals that change no plan's shape or result type. */
static void lift_query(Lift *l, Query *q)
{
    if (!lift_hides_index(q)) {
        lift_expr(l, q->where);
        for (uint16_t i = 0; i < q->from_count; i++) {
            lift_from(l, q->from[i]);
        }
    }
    lift_expr(l, q->limit);
    lift_expr(l, q->offset);
    if (q->command == CMD_UPDATE || q->command == CMD_INSERT) {
        for (uint16_t i = 0; i < q->target_count; i++) {
            lift_expr(l, q->targets[i].expr);
        }
    }
    if (q->command == CMD_INSERT) {
        for (uint16_t i = 0; i < q->rte_count; i++) {
            Rte *rte = q->rtes[i];
            for (uint32_t r = 0; rte->kind == RTE_VALUES && r < rte->row_count; r++) {
                for (uint16_t c = 0; c < rte->column_count; c++) {
                    lift_expr(l, rte->rows[r][c]);
                }
            }
        }
    }
}

/* cache_plan - bind the text again, lift its literals, plan it. */
static Status cache_plan(Cx *cx, Session *s, const StmtShape *shape, Slice sql, CacheEntry *e,
                         bool *done)
{
    ParsedStmt *parsed;
    uint32_t count;
    Query *query;
    TRY(parse_sql(cx, &s->stmt_arena, sql, &parsed, &count));
    if (count != 1) {
        return ST_NOTFOUND;
    }
    BindCx bind = {.view = &s->view, .arena = &s->stmt_arena, .sql = sql, .env = &s->env};
    uint64_t version = catalog_version(s->server->catalog);
    TRY(bind_statement(cx, &bind, parsed[0].node, &query));
    e->lifted = ARENA_ARRAY(&e->arena, LiftedLiteral, shape->literal_count + 1);
    Lift lift = {
        .shape = shape, .sql = sql.ptr, .lifted = e->lifted, .done = done, .arena = &s->stmt_arena};
    lift_query(&lift, query);
    e->lifted_count = lift.count;
    BindParams params = {.types = ARENA_ARRAY(&s->stmt_arena, Oid, lift.count + 1),
                         .count = lift.count,
                         .fixed = true};
    for (uint32_t i = 0; i < lift.count; i++) {
        params.types[i] = e->lifted[i].type;
    }
    return statement_create_plan(cx, s, version, query, &params, &e->plan);
}

static CacheEntry *entry_create(const Slice key, const StmtShape *shape)
{
    CacheEntry *e = mem_zalloc("plan cache", sizeof(*e));
    arena_init(&e->arena, NULL, "cached plan", 0);
    e->key = arena_memdup(&e->arena, key.ptr, key.len);
    e->key_len = key.len;
    e->fixed = ARENA_ARRAY(&e->arena, uint32_t, shape->literal_count + 1);
    e->fixed_text = ARENA_ARRAY(&e->arena, Slice, shape->literal_count + 1);
    return e;
}

/* first_sight - note a shape seen for the first time; true when it was seen before and is worth
 * planning. */
static bool first_sight(struct PlanCache *c, Os *os, Slice key, const StmtShape *shape)
{
    bool again = false;
    os_mutex_lock(os, &c->mutex);
    CacheEntry *e = map_get(&c->entries, key.ptr, key.len);
    if (e == NULL) {
        if (c->count >= PLAN_CACHE_ENTRIES_MAX) {
            plancache_clear(c);
        }
        e = entry_create(key, shape);
        (void)map_put(&c->entries, e->key, e->key_len, e);
        c->count++;
    }
    again = ++e->seen == 2 ||
            e->seen % 64 == 0; /* other by-value literals, stale plans: try again now and then */
    if (e->plan != NULL) {
        again |= e->seen < 1000000;
    }
    os_mutex_unlock(os, &c->mutex);
    return again;
}

void plan_cache_add(Session *s, const StmtShape *shape, Slice sql)
{
    struct PlanCache *c = s->server->plan_cache;
    Os *os = s->server->os;
    if (session_plans_alone(s) || s->failed) {
        return;
    }
    Slice key = cache_key(s, shape);
    if (!first_sight(c, os, key, shape)) {
        return;
    }
    Err keep = s->err;
    bool own_txn = s->txn == NULL;
    bool *done = ARENA_ARRAY(&s->stmt_arena, bool, shape->literal_count + 1);
    CacheEntry *e = entry_create(key, shape);
    Status st = session_txn_need(&s->cx, s);
    if (st == ST_OK) {
        st = cache_plan(&s->cx, s, shape, sql, e, done);
    }
    if (own_txn) {
        st_keep_first(&st, session_commit(&s->cx, s));
    }
    s->err = keep;
    if (st != ST_OK) {
        entry_free(e);
        return;
    }
    for (uint32_t i = 0; i < shape->literal_count; i++) {
        if (!done[i]) {
            const Slice *text = &shape->literals[i].text;
            e->fixed[e->fixed_count] = i;
            e->fixed_text[e->fixed_count++] =
                (Slice){arena_memdup(&e->arena, text->ptr, text->len), text->len};
        }
    }
    os_mutex_lock(os, &c->mutex);
    CacheEntry *head = map_get(&c->entries, key.ptr, key.len);
    if (head == NULL) {
        (void)map_put(&c->entries, e->key, e->key_len, e);
    } else {
        /* Behind the head, whose key the map points to; a stale plan of the same literals goes. */
        for (CacheEntry **at = &head->next; *at != NULL;) {
            CacheEntry *old = *at;
            if (old->plan->catalog_version != e->plan->catalog_version) {
                *at = old->next;
                entry_free(old);
                c->count--;
            } else {
                at = &old->next;
            }
        }
        e->next = head->next;
        head->next = e;
    }
    c->count++;
    os_mutex_unlock(os, &c->mutex);
}

/*
 * stored.c - bound trees as text and back: what the catalogs keep of defaults, checks and views
 *
 * A stored tree names relations, functions, operators and types by OID and columns by number, so
 * neither a search path nor a rename changes what it means, and a literal keeps the value it had
 * when the object was made. One routine per node goes both ways (Tree.reading), so what is written
 * and what is read cannot differ. Numbers are decimal, strings have their length before them,
 * values are hexadecimal; the letters below, not the enum values, stand for kinds of expressions.
 *
 * A view inside a view is kept as a reference: it is read as it is defined at that time.
 */
#include "bind/bind_internal.h"

#define TREE_PREFIX    "{1 "
#define TREE_BYTES_MAX (16u << 20)
#define TREE_DEPTH_MAX 2000

/* TreeLevel - a query being read or written; references to WITH queries look outwards. */
typedef struct TreeLevel {
    Query *query;
    struct TreeLevel *outer;
} TreeLevel;

typedef struct Tree {
    Cx *cx;
    BindScope *scope; /* reading: where objects are made and relations opened */
    Arena *arena;
    bool reading;
    Buf buf;
    const char *at, *end; /* reading: what is left */
    uint16_t rte; /* reading: the range table entry that entry 0 of a table expression stands for */
    bool over_table; /* reading a table expression */
    bool operand;    /* the next query is a set operation's: of the same level */
    uint32_t deep;   /* queries around what is at hand, operands not counted */
    TreeLevel *level;
    Query **queries; /* of sublinks, in order: one used twice stays one */
    uint32_t query_count, query_size;
    uint32_t depth;
    Status st; /* of the first thing that failed */
} Tree;

static const char TREE_LETTERS[] = {
    [EXPR_CONST] = 'k',      [EXPR_COLUMN] = 'v',      [EXPR_FUNC] = 'f',
    [EXPR_AGG] = 'a',        [EXPR_AND] = '&',         [EXPR_OR] = '|',
    [EXPR_NOT] = '!',        [EXPR_CASE] = 'c',        [EXPR_COALESCE] = 'o',
    [EXPR_NULLIF] = 'n',     [EXPR_MINMAX] = 'm',      [EXPR_IS_NULL] = '0',
    [EXPR_IS_BOOL] = 'b',    [EXPR_IS_DISTINCT] = 'd', [EXPR_RELABEL] = 'r',
    [EXPR_IO_CAST] = 'i',    [EXPR_IN] = 'e',          [EXPR_SUBLINK] = 's',
    [EXPR_ARRAY] = 'y',      [EXPR_ARRAY_ANY] = 'x',   [EXPR_ROW] = 'w',
    [EXPR_SQL_VALUE] = 't',  [EXPR_SUBSCRIPT] = 'u',   [EXPR_FIELD] = 'p',
    [EXPR_ARRAY_CAST] = 'z', [EXPR_ELEMENT] = 'j',     [EXPR_GROUPING] = 'g',
    [EXPR_WINDOW] = 'q',     [EXPR_PARAM] = '$',       [EXPR_DOMAIN] = 'D',
};

/* TREE_NUM - one number of any integer type, either way. */
#define TREE_NUM(t, place)                                                                         \
    do {                                                                                           \
        int64_t tree_v = (int64_t)(place);                                                         \
        tree_number((t), &tree_v);                                                                 \
        (place) = (__typeof__(place))tree_v;                                                       \
    } while (0)

/* TREE_LIST - an array and its length; made when reading. */
#define TREE_LIST(t, list, count)                                                                  \
    do {                                                                                           \
        TREE_NUM((t), (count));                                                                    \
        if ((t)->reading) {                                                                        \
            if ((int64_t)(count) > (t)->end - (t)->at) {                                           \
                tree_damaged(t);                                                                   \
                (count) = 0;                                                                       \
            }                                                                                      \
            (list) = arena_zalloc((t)->arena, ((size_t)(count) + 1) * sizeof(*(list)));            \
        }                                                                                          \
    } while (0)

static void tree_expr(Tree *t, Expr **place);
static void tree_query(Tree *t, Query **place);

static void tree_damaged(Tree *t)
{
    if (t->st == ST_OK) {
        t->st = err_set(t->cx, ERRCODE_DATA_CORRUPTED, "a stored expression is damaged");
    }
}

/* tree_number - one integer and a blank after it. */
static void tree_number(Tree *t, int64_t *v)
{
    if (!t->reading) {
        buf_put_i64_text(&t->buf, *v);
        buf_putc(&t->buf, ' ');
        return;
    }
    const char *p = t->at;
    bool minus = *p == '-';
    uint64_t n = 0;
    p += minus ? 1 : 0;
    if (t->st != ST_OK || *p < '0' || *p > '9') {
        tree_damaged(t);
        *v = 0;
        return;
    }
    while (*p >= '0' && *p <= '9') {
        n = n * 10 + (uint64_t)(*p++ - '0');
    }
    if (*p != ' ') {
        tree_damaged(t);
    } else {
        p++;
    }
    t->at = p;
    *v = (int64_t)(minus ? 0 - n : n);
}

/* tree_string - a name or NULL: its length, -1 for NULL, and its bytes. */
static void tree_string(Tree *t, const char **place)
{
    int64_t n = t->reading || *place == NULL ? -1 : (int64_t)strlen(*place);
    tree_number(t, &n);
    if (n < 0) {
        if (t->reading) {
            *place = NULL;
        }
        return;
    }
    if (!t->reading) {
        buf_puts(&t->buf, *place);
        buf_putc(&t->buf, ' ');
        return;
    }
    *place = "";
    if (n >= t->end - t->at) {
        tree_damaged(t);
        return;
    }
    *place = arena_strndup(t->arena, t->at, (size_t)n);
    t->at += n + 1;
}

/* tree_bytes - the bytes of a value; *n is known when writing. Returns them when reading. */
static const uint8_t *tree_bytes(Tree *t, const uint8_t *bytes, uint32_t *n)
{
    static const char HEX[] = "0123456789abcdef";
    TREE_NUM(t, *n);
    if (!t->reading) {
        for (uint32_t i = 0; i < *n; i++) {
            buf_putc(&t->buf, HEX[bytes[i] >> 4]);
            buf_putc(&t->buf, HEX[bytes[i] & 15]);
        }
        buf_putc(&t->buf, ' ');
        return bytes;
    }
    if ((int64_t)*n * 2 >= t->end - t->at) {
        tree_damaged(t);
        *n = 0;
    }
    uint8_t *out = arena_zalloc(t->arena, (size_t)*n + 1);
    for (uint32_t i = 0; i < *n; i++) {
        const char *hi = strchr(HEX, t->at[2 * i]), *lo = strchr(HEX, t->at[2 * i + 1]);
        out[i] = (uint8_t)(hi != NULL && lo != NULL ? (hi - HEX) << 4 | (lo - HEX) : 0);
    }
    t->at += *n * 2 + (t->st == ST_OK ? 1 : 0);
    return out;
}

/* tree_const - a value: the bytes of its physical type. */
static void tree_const(Tree *t, Expr *e)
{
    Datum *v = &e->u.constant.value;
    TREE_NUM(t, e->u.constant.is_null);
    if (e->u.constant.is_null) {
        return;
    }
    bool text = e->phys == PHYS_STR;
    uint32_t n = t->reading ? 0 : text ? v->str.len : phys_bytes(e->phys);
    const uint8_t *from = t->reading ? NULL
                          : text     ? (const uint8_t *)str_ptr(&v->str)
                                     : (const uint8_t *)v;
    const uint8_t *bytes = tree_bytes(t, from, &n);
    if (!t->reading) {
        return;
    }
    if (text) {
        v->str = str_ref(bytes, n);
    } else if (n == phys_bytes(e->phys)) {
        memcpy(v, bytes, n);
    } else {
        tree_damaged(t);
    }
}

static void tree_sort_keys(Tree *t, SortKey **keys, uint16_t *count)
{
    TREE_LIST(t, *keys, *count);
    for (uint16_t i = 0; i < *count && t->st == ST_OK; i++) {
        tree_expr(t, &(*keys)[i].expr);
        TREE_NUM(t, (*keys)[i].desc);
        TREE_NUM(t, (*keys)[i].nulls_first);
    }
}

/* tree_sublink - its query, once: GROUP BY and the target list may share one. */
static void tree_sublink(Tree *t, Expr *e)
{
    TREE_NUM(t, e->u.sublink.kind);
    TREE_NUM(t, e->u.sublink.negated);
    uint32_t i = 0;
    while (!t->reading && i < t->query_count && t->queries[i] != e->u.sublink.query) {
        i++;
    }
    TREE_NUM(t, i);
    if (i > t->query_count) {
        tree_damaged(t);
        return;
    }
    if (i < t->query_count) {
        e->u.sublink.query = t->queries[i];
        return;
    }
    if (t->query_count == t->query_size) {
        uint32_t size = t->query_size == 0 ? 8 : t->query_size * 2;
        t->queries = arena_grow(t->arena, t->queries, t->query_size * sizeof(Query *),
                                size * sizeof(Query *));
        t->query_size = size;
    }
    /* Its place is taken before those of the sublinks inside it. */
    Query *q = t->reading ? ARENA_NEW(t->arena, Query) : e->u.sublink.query;
    t->queries[t->query_count++] = q;
    tree_query(t, &q);
    e->u.sublink.query = q;
}

/* tree_proc - the function behind an expression, by OID; 0 = none. */
static void tree_proc(Tree *t, Expr *e)
{
    Oid oid = e->proc != NULL ? e->proc->oid : 0;
    TREE_NUM(t, oid);
    if (t->reading && oid != 0) {
        e->proc = cat_proc(t->scope->b->view, oid);
        if (e->proc == NULL && t->st == ST_OK) {
            t->st = err_set(t->cx, ERRCODE_UNDEFINED_FUNCTION,
                            "function with OID %u does not exist", oid);
        }
    }
}

/* tree_subscripts - which arguments are the bounds. */
static void tree_subscripts(Tree *t, Subscripts *s)
{
    TREE_NUM(t, s->count);
    TREE_NUM(t, s->is_slice);
    if (s->count > ARRAY_LEN(s->upper)) {
        tree_damaged(t);
        return;
    }
    for (uint8_t i = 0; i < s->count; i++) {
        TREE_NUM(t, s->lower[i]);
        TREE_NUM(t, s->upper[i]);
    }
}

/* tree_row - the names of a row's fields, if it has any. */
static void tree_row(Tree *t, Expr *e)
{
    bool named = e->u.row.names != NULL;
    const char **names = NULL;
    uint16_t count = e->arg_count; /* not read yet */
    TREE_NUM(t, e->u.row.whole);
    TREE_NUM(t, named);
    TREE_NUM(t, count);
    if (t->reading) {
        names = ARENA_ARRAY(t->arena, const char *, count + 1u);
        e->u.row.names = named ? names : NULL;
    }
    for (uint16_t i = 0; named && i < count && t->st == ST_OK; i++) {
        const char *name = t->reading ? NULL : e->u.row.names[i];
        tree_string(t, &name);
        if (t->reading) {
            names[i] = name != NULL ? name : "";
        }
    }
}

/* tree_members - what only one kind of expression has. */
static void tree_members(Tree *t, Expr *e)
{
    switch (e->kind) {
    case EXPR_CONST: tree_const(t, e); break;
    case EXPR_PARAM: TREE_NUM(t, e->u.param.number); break;
    case EXPR_COLUMN:
        TREE_NUM(t, e->u.column.rte);
        TREE_NUM(t, e->u.column.column);
        TREE_NUM(t, e->u.column.levels_up);
        if (t->reading && t->over_table && t->rte != NO_RTE && e->u.column.levels_up == t->deep) {
            e->u.column.rte = t->rte;
        }
        break;
    case EXPR_AGG:
        TREE_NUM(t, e->u.agg.distinct);
        TREE_NUM(t, e->u.agg.star);
        TREE_NUM(t, e->u.agg.within_group);
        tree_expr(t, &e->u.agg.filter);
        tree_sort_keys(t, &e->u.agg.order_by, &e->u.agg.order_count);
        break;
    case EXPR_WINDOW:
        TREE_NUM(t, e->u.window.number);
        TREE_NUM(t, e->u.window.star);
        tree_expr(t, &e->u.window.filter);
        break;
    case EXPR_SUBLINK: tree_sublink(t, e); break;
    case EXPR_IS_BOOL: TREE_NUM(t, e->u.bool_test); break;
    case EXPR_SQL_VALUE: TREE_NUM(t, e->u.sql_value); break;
    case EXPR_IS_NULL:
    case EXPR_IN:
    case EXPR_IS_DISTINCT: TREE_NUM(t, e->u.negated); break;
    case EXPR_MINMAX: TREE_NUM(t, e->u.is_least); break;
    case EXPR_ARRAY_ANY: TREE_NUM(t, e->u.is_all); break;
    case EXPR_FIELD:
        TREE_NUM(t, e->u.field.number);
        tree_string(t, &e->u.field.name);
        break;
    case EXPR_DOMAIN:
        if (t->reading && t->st == ST_OK) { /* its constraints are the domain's of today */
            t->st = bind_domain_fill(t->scope, e);
        }
        break;
    case EXPR_ROW: tree_row(t, e); break;
    case EXPR_ARRAY: TREE_NUM(t, e->u.array.nested); break;
    case EXPR_ARRAY_CAST: tree_expr(t, &e->u.array.each); break;
    case EXPR_SUBSCRIPT: tree_subscripts(t, &e->u.subs); break;
    case EXPR_COALESCE: tree_string(t, &e->u.merged_name); break;
    case EXPR_CASE: tree_expr(t, &e->case_test); break;
    default: break;
    }
}

/* tree_kind - the letter of an expression; '-' stands for none. */
static bool tree_kind(Tree *t, Expr **place)
{
    if (!t->reading) {
        const Expr *e = *place;
        char letter = e == NULL                                   ? '-'
                      : (size_t)e->kind < ARRAY_LEN(TREE_LETTERS) ? TREE_LETTERS[e->kind]
                                                                  : '\0';
        if (letter == '\0') {
            t->st = err_unsupported(t->cx, "storing this kind of expression is not supported");
            return false;
        }
        buf_putc(&t->buf, letter);
        return e != NULL;
    }
    char letter = *t->at;
    *place = NULL;
    if (letter == '-' || letter == '\0') {
        t->at += letter == '-' ? 1 : 0;
        if (letter == '\0') {
            tree_damaged(t);
        }
        return false;
    }
    const char *found = memchr(TREE_LETTERS, letter, sizeof(TREE_LETTERS));
    if (found == NULL) {
        tree_damaged(t);
        return false;
    }
    t->at++;
    *place = ARENA_NEW(t->arena, Expr);
    (*place)->kind = (ExprKind)(found - TREE_LETTERS);
    (*place)->location = -1;
    return true;
}

/* tree_expr - an expression with all below it; NULL too. */
static void tree_expr(Tree *t, Expr **place)
{
    if (t->st != ST_OK || !tree_kind(t, place)) {
        return;
    }
    Expr *e = *place;
    if (++t->depth > TREE_DEPTH_MAX) {
        t->st =
            err_set(t->cx, ERRCODE_STATEMENT_TOO_COMPLEX, "the expression is nested too deeply");
        return;
    }
    TREE_NUM(t, e->type);
    TREE_NUM(t, e->typmod);
    TREE_NUM(t, e->collation);
    tree_proc(t, e);
    TREE_NUM(t, e->oper);
    TREE_NUM(t, e->form);
    TREE_NUM(t, e->default_count);
    if (t->reading) {
        const CatType *type = cat_type(t->scope->b->view, e->type);
        e->phys = type != NULL ? type->phys : PHYS_STR;
        e->carrier = type != NULL ? type->carrier : 0;
    }
    tree_members(t, e);
    TREE_LIST(t, e->args, e->arg_count);
    for (uint16_t i = 0; i < e->arg_count && t->st == ST_OK; i++) {
        tree_expr(t, &e->args[i]);
    }
    t->depth--;
}

static void tree_exprs(Tree *t, Expr ***list, uint16_t *count)
{
    TREE_LIST(t, *list, *count);
    for (uint16_t i = 0; i < *count && t->st == ST_OK; i++) {
        tree_expr(t, &(*list)[i]);
    }
}

/* ---- queries ---- */

/* tree_cte - a reference to a WITH query: how many queries outwards, and which. */
static void tree_cte(Tree *t, Rte *r)
{
    uint32_t up = 0, number = 0;
    TreeLevel *level = t->level;
    for (; !t->reading && level != NULL; level = level->outer, up++) {
        const Query *q = level->query;
        if (r->cte >= q->ctes && r->cte < q->ctes + q->cte_count) {
            number = (uint32_t)(r->cte - q->ctes);
            break;
        }
    }
    TREE_NUM(t, up);
    TREE_NUM(t, number);
    for (uint32_t i = 0; t->reading && i < up && level != NULL; i++) {
        level = level->outer;
    }
    if (level == NULL || number >= level->query->cte_count) {
        tree_damaged(t);
        return;
    }
    r->cte = &level->query->ctes[number];
}

/* tree_relation - a table or view, by OID; reading opens it and, of a view, reads its query. */
static void tree_relation(Tree *t, Rte *r)
{
    const CatTable *table = r->view != NULL ? r->view : r->table;
    Oid oid = table != NULL ? table->oid : 0;
    TREE_NUM(t, oid);
    if (!t->reading || t->st != ST_OK) {
        return;
    }
    t->st = bind_open_oid(t->scope, oid, &table);
    if (t->st == ST_OK) {
        t->st = bind_table_columns(t->scope, table, r);
    }
}

static void tree_rte_columns(Tree *t, Rte *r)
{
    TREE_LIST(t, r->columns, r->column_count);
    for (uint16_t i = 0; i < r->column_count && t->st == ST_OK; i++) {
        RteColumn *c = &r->columns[i];
        tree_string(t, &c->name);
        TREE_NUM(t, c->type);
        TREE_NUM(t, c->collation);
        TREE_NUM(t, c->typmod);
        if (t->reading) {
            const CatType *type = cat_type(t->scope->b->view, c->type);
            c->phys = type != NULL ? type->phys : PHYS_STR;
        }
    }
}

/* tree_rte_used - which columns the query refers to; a table may have got more since. */
static void tree_rte_used(Tree *t, Rte *r)
{
    uint16_t count = r->column_count;
    TREE_NUM(t, count);
    if (t->reading) {
        r->column_used = ARENA_ARRAY(t->arena, bool, (size_t)MAX(count, r->column_count) + 1);
    }
    for (uint16_t i = 0; i < count && t->st == ST_OK; i++) {
        TREE_NUM(t, r->column_used[i]);
    }
}

/* tree_names - names kept for deparse.h; there are size of them when reading, the rest NULL. */
static const char **tree_names(Tree *t, const char *const *names, uint16_t *count, uint16_t size)
{
    TREE_NUM(t, *count);
    const char **list =
        t->reading ? ARENA_ARRAY(t->arena, const char *, (size_t)MAX(*count, size) + 1) : NULL;
    for (uint16_t i = 0; i < *count && t->st == ST_OK; i++) {
        const char *name = t->reading ? NULL : names[i];
        tree_string(t, &name);
        if (t->reading) {
            list[i] = name;
        }
    }
    return list;
}

/* tree_rte_names - the names the text gave the columns; those a table got since have their own. */
static void tree_rte_names(Tree *t, Rte *r)
{
    bool any = r->shown_names != NULL;
    uint16_t count = r->column_count;
    TREE_NUM(t, any);
    if (!any) {
        return;
    }
    const char **list = tree_names(t, r->shown_names, &count, r->column_count);
    if (t->reading) {
        for (uint16_t i = count; i < r->column_count; i++) {
            list[i] = r->columns[i].name;
        }
        r->shown_names = list;
    }
}

/* tree_rte - a range table entry: a relation by OID, others with their columns. */
static void tree_rte(Tree *t, Rte **place)
{
    if (t->reading) {
        *place = ARENA_NEW(t->arena, Rte);
    }
    Rte *r = *place;
    bool relation = !t->reading && (r->kind == RTE_TABLE || r->view != NULL);
    TREE_NUM(t, r->kind);
    tree_string(t, &r->alias);
    TREE_NUM(t, r->lateral);
    TREE_NUM(t, r->alias_given);
    TREE_NUM(t, r->tableoid_used);
    TREE_NUM(t, r->function_item);
    TREE_NUM(t, relation);
    if (relation) {
        tree_relation(t, r);
    } else {
        tree_rte_columns(t, r);
        switch (r->kind) {
        case RTE_SUBQUERY: tree_query(t, &r->subquery); break;
        case RTE_VALUES:
            TREE_LIST(t, r->rows, r->row_count);
            for (uint32_t i = 0; i < r->row_count && t->st == ST_OK; i++) {
                uint16_t count = r->column_count;
                tree_exprs(t, &r->rows[i], &count);
            }
            break;
        case RTE_FUNCTION:
            tree_expr(t, &r->function);
            TREE_NUM(t, r->with_ordinality);
            TREE_NUM(t, r->defined);
            TREE_NUM(t, r->fields);
            break;
        case RTE_CTE: tree_cte(t, r); break;
        case RTE_TRANSITION:
            t->st =
                err_unsupported(t->cx, "storing a query over a transition table is not supported");
            break;
        default: break;
        }
    }
    tree_rte_used(t, r);
    tree_rte_names(t, r);
}

/* tree_from - a join tree. */
static void tree_from(Tree *t, FromNode **place)
{
    if (t->reading) {
        *place = ARENA_NEW(t->arena, FromNode);
    }
    FromNode *n = *place;
    if (t->st != ST_OK || ++t->depth > TREE_DEPTH_MAX) {
        tree_damaged(t);
        return;
    }
    TREE_NUM(t, n->is_join);
    if (n->is_join) {
        TREE_NUM(t, n->join);
        tree_from(t, &n->left);
        tree_from(t, &n->right);
        tree_expr(t, &n->on);
        tree_string(t, &n->alias);
        bool named = n->using_names != NULL;
        TREE_NUM(t, named);
        if (named) {
            const char **names = tree_names(t, n->using_names, &n->using_count, 0);
            n->using_names = t->reading ? names : n->using_names;
        }
    } else {
        TREE_NUM(t, n->rte);
    }
    t->depth--;
}

static void tree_targets(Tree *t, Query *q)
{
    TREE_LIST(t, q->targets, q->target_count);
    for (uint16_t i = 0; i < q->target_count && t->st == ST_OK; i++) {
        Target *g = &q->targets[i];
        tree_expr(t, &g->expr);
        tree_string(t, &g->name);
        tree_string(t, &g->own_name);
        TREE_NUM(t, g->hidden);
        TREE_NUM(t, g->source_table);
        TREE_NUM(t, g->source_column);
    }
}

static void tree_ctes(Tree *t, Query *q)
{
    TREE_LIST(t, q->ctes, q->cte_count);
    for (uint16_t i = 0; i < q->cte_count && t->st == ST_OK; i++) {
        Cte *c = &q->ctes[i];
        tree_string(t, &c->name);
        TREE_NUM(t, c->recursive);
        TREE_NUM(t, c->materialized);
        TREE_NUM(t, c->not_materialized);
        TREE_NUM(t, c->reference_count);
        tree_query(t, &c->query);
        const char **names = tree_names(t, c->alias_names, &c->alias_count, 0);
        c->alias_names = t->reading ? names : c->alias_names;
        c->location = t->reading ? -1 : c->location;
    }
}

/* tree_windows - window definitions; range_key and range bounds share nothing with the order key.
 */
static void tree_windows(Tree *t, Query *q)
{
    TREE_NUM(t, q->has_windows);
    TREE_LIST(t, q->windows, q->window_count);
    for (uint16_t i = 0; i < q->window_count && t->st == ST_OK; i++) {
        Window *w = &q->windows[i];
        tree_string(t, &w->name);
        tree_string(t, &w->base);
        TREE_NUM(t, w->order_copied);
        TREE_NUM(t, w->has_frame);
        TREE_NUM(t, w->between);
        tree_exprs(t, &w->partition_by, &w->partition_count);
        tree_sort_keys(t, &w->order_by, &w->order_count);
        TREE_NUM(t, w->frame);
        tree_expr(t, &w->start_offset);
        tree_expr(t, &w->end_offset);
        TREE_NUM(t, w->range);
        tree_expr(t, &w->range_key);
        tree_expr(t, &w->range_start);
        tree_expr(t, &w->range_end);
    }
}

/* tree_clauses - what a query has beside its range table and its operands. */
static void tree_clauses(Tree *t, Query *q)
{
    TREE_NUM(t, q->from_count);
    if (t->reading) {
        q->from = ARENA_ARRAY(t->arena, FromNode *, q->from_count + 1u);
    }
    for (uint16_t i = 0; i < q->from_count && t->st == ST_OK; i++) {
        tree_from(t, &q->from[i]);
    }
    tree_expr(t, &q->where);
    tree_targets(t, q);
    tree_exprs(t, &q->group_by, &q->group_count);
    TREE_LIST(t, q->group_sets, q->group_set_count);
    for (uint16_t i = 0; i < q->group_set_count; i++) {
        TREE_NUM(t, q->group_sets[i]);
    }
    tree_windows(t, q);
    TREE_NUM(t, q->has_aggs);
    TREE_NUM(t, q->has_group_by);
    TREE_NUM(t, q->has_sublinks);
    tree_expr(t, &q->having);
    TREE_NUM(t, q->distinct);
    tree_exprs(t, &q->distinct_on, &q->distinct_on_count);
    tree_sort_keys(t, &q->order_by, &q->order_count);
    tree_expr(t, &q->limit);
    tree_expr(t, &q->offset);
    TREE_NUM(t, q->with_ties);
    TREE_LIST(t, q->row_marks, q->row_mark_count);
    for (uint16_t i = 0; i < q->row_mark_count && t->st == ST_OK; i++) {
        TREE_NUM(t, q->row_marks[i].rte);
        TREE_NUM(t, q->row_marks[i].mode);
        TREE_NUM(t, q->row_marks[i].wait);
    }
}

/* tree_query - a SELECT: WITH queries and range table first, since all else refers to them. */
static void tree_query(Tree *t, Query **place)
{
    if (t->reading && *place == NULL) {
        *place = ARENA_NEW(t->arena, Query);
    }
    Query *q = *place;
    TreeLevel level = {q, t->level};
    if (t->st != ST_OK || ++t->depth > TREE_DEPTH_MAX) {
        tree_damaged(t);
        return;
    }
    if (!t->reading && q->command != CMD_SELECT) {
        t->st = err_unsupported(t->cx, "storing a query that changes data is not supported");
        return;
    }
    bool operand = t->operand;
    t->operand = false;
    t->deep += operand ? 0 : 1;
    t->level = &level;
    TREE_NUM(t, q->recursive_with);
    tree_ctes(t, q);
    TREE_LIST(t, q->rtes, q->rte_count);
    for (uint16_t i = 0; i < q->rte_count && t->st == ST_OK; i++) {
        tree_rte(t, &q->rtes[i]);
    }
    TREE_NUM(t, q->set_op);
    TREE_NUM(t, q->set_all);
    if (q->set_op != SETOP_NONE) {
        t->operand = true;
        tree_query(t, &q->set_left);
        t->operand = true;
        tree_query(t, &q->set_right);
        t->operand = false;
    }
    tree_clauses(t, q);
    t->level = level.outer;
    t->deep -= operand ? 0 : 1;
    t->depth--;
}

/* ---- the entries ---- */

static Status tree_text(Tree *t, const char **text_out)
{
    if (t->st == ST_OK && t->buf.overflow) {
        t->st = err_set(t->cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "the stored expression is too long");
    }
    if (t->st == ST_OK) {
        buf_putc(&t->buf, '}');
        *text_out = arena_strndup(t->arena, (const char *)t->buf.data, t->buf.len);
    }
    buf_release(&t->buf);
    return t->st;
}

Status bind_store_expr(Cx *cx, Arena *arena, const Expr *e, const char **text_out)
{
    Tree t = {.cx = cx, .arena = arena};
    Expr *root = (Expr *)(uintptr_t)e;
    buf_init(&t.buf, TREE_BYTES_MAX);
    buf_puts(&t.buf, TREE_PREFIX);
    tree_expr(&t, &root);
    return tree_text(&t, text_out);
}

Status bind_store_query(Cx *cx, Arena *arena, const Query *q, const char **text_out)
{
    Tree t = {.cx = cx, .arena = arena};
    Query *root = (Query *)(uintptr_t)q;
    buf_init(&t.buf, TREE_BYTES_MAX);
    buf_puts(&t.buf, TREE_PREFIX);
    tree_query(&t, &root);
    return tree_text(&t, text_out);
}

bool bind_is_tree(const char *stored)
{
    return strncmp(stored, TREE_PREFIX, sizeof(TREE_PREFIX) - 1) == 0;
}

static Tree tree_reader(BindScope *s, const char *stored)
{
    const char *at = stored + sizeof(TREE_PREFIX) - 1;
    return (Tree){.cx = s->cx,
                  .scope = s,
                  .arena = s->b->arena,
                  .reading = true,
                  .at = at,
                  .end = at + strlen(at)};
}

Status bind_read_expr(BindScope *s, const char *stored, uint16_t rte, Expr **out)
{
    Tree t = tree_reader(s, stored);
    t.rte = rte;
    t.over_table = true;
    tree_expr(&t, out);
    if (strcmp(t.at, "}") != 0) {
        tree_damaged(&t);
    }
    return t.st;
}

Status bind_read_query(BindScope *s, const char *stored, Query **out)
{
    Tree t = tree_reader(s, stored);
    *out = NULL;
    tree_query(&t, out);
    if (strcmp(t.at, "}") != 0) {
        tree_damaged(&t);
    }
    return t.st;
}

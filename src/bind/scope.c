/*
 * scope.c - range tables and name spaces: which table and column a name means
 */
#include "bind/bind_internal.h"

BindScope *bind_scope_new(BindScope *like, BindScope *parent, CmdKind command)
{
    BindScope *s = ARENA_NEW(like->b->arena, BindScope);
    s->cx = like->cx;
    s->b = like->b;
    s->parent = parent;
    s->stored = like->stored;
    s->depth = like->depth + 1;
    s->views = like->views;
    s->query = ARENA_NEW(like->b->arena, Query);
    s->query->command = command;
    return s;
}

NsItem *bind_add_item(BindScope *s, NsItem *item)
{
    if (s->item_count == s->item_size) {
        uint16_t size = (uint16_t)(s->item_size == 0 ? 8 : s->item_size * 2);
        s->items = arena_grow(s->b->arena, s->items, s->item_size * sizeof(NsItem *),
                              size * sizeof(NsItem *));
        s->item_size = size;
    }
    s->items[s->item_count++] = item;
    return item;
}

uint16_t bind_add_rte(BindScope *s, Rte *rte)
{
    Query *q = s->query;
    if (q->rte_count == s->rte_size) {
        uint16_t size = (uint16_t)(s->rte_size == 0 ? 8 : s->rte_size * 2);
        q->rtes =
            arena_grow(s->b->arena, q->rtes, s->rte_size * sizeof(Rte *), size * sizeof(Rte *));
        s->rte_size = size;
    }
    if (rte->column_used == NULL) {
        rte->column_used = ARENA_ARRAY(s->b->arena, bool, rte->column_count + 1u);
    }
    rte->column_read = ARENA_ARRAY(s->b->arena, bool, rte->column_count + 1u);
    q->rtes[q->rte_count] = rte;
    return q->rte_count++;
}

NsItem *bind_item_of_rte(BindScope *s, uint16_t rte, const char *name, const char *const *names,
                         uint32_t name_count)
{
    const Rte *r = s->query->rtes[rte];
    NsItem *item = ARENA_NEW(s->b->arena, NsItem);
    item->name = name;
    item->table = r->table;
    item->rte = rte;
    item->rel_visible = item->cols_visible = true;
    item->column_count = r->column_count;
    item->columns = ARENA_ARRAY(s->b->arena, NsColumn, r->column_count + 1u);
    uint32_t at = 0;
    for (uint16_t i = 0; i < r->column_count; i++) {
        const RteColumn *c = &r->columns[i];
        if (r->table != NULL && (r->kind == RTE_TABLE || r->kind == RTE_TRANSITION) &&
            r->table->columns[i].dropped) {
            continue;
        }
        item->columns[i].name = at < name_count ? names[at] : c->name;
        at++;
        item->columns[i].expr =
            bind_column_expr(s, rte, (int16_t)i, c->type, c->typmod, c->collation, -1);
    }
    return item;
}

/* mark_columns - an expression's columns are used; read: by the text of the statement. */
static void mark_columns(BindScope *s, const Expr *e, bool read)
{
    BindScope *at = s;
    if (e->kind == EXPR_COLUMN) {
        for (uint16_t i = 0; i < e->u.column.levels_up && at != NULL; i++) {
            at = at->parent;
        }
        if (at != NULL && e->u.column.column >= 0) {
            Rte *r = at->query->rtes[e->u.column.rte];
            r->column_used[e->u.column.column] = true;
            if (read && r->column_read != NULL) {
                r->column_read[e->u.column.column] = true;
            }
        }
    }
    for (uint16_t i = 0; i < e->arg_count; i++) {
        mark_columns(s, e->args[i], read);
    }
}

void bind_mark_used(BindScope *s, const Expr *e)
{
    mark_columns(s, e, false);
}

Expr *bind_raise_levels(BindScope *s, const Expr *e, uint16_t levels, int32_t location)
{
    Expr *c = arena_memdup(s->b->arena, e, sizeof(*e));
    if (location != LOCATION_KEEP) {
        c->location = s->stored ? -1 : location;
    }
    if (c->kind == EXPR_COLUMN) {
        c->u.column.levels_up = (uint16_t)(c->u.column.levels_up + levels);
    }
    if (c->arg_count > 0) {
        c->args = ARENA_ARRAY(s->b->arena, Expr *, c->arg_count);
        for (uint16_t i = 0; i < c->arg_count; i++) {
            c->args[i] = bind_raise_levels(s, e->args[i], levels, location);
        }
    }
    return c;
}

Expr *bind_item_column(BindScope *s, const NsItem *item, uint16_t column, uint16_t levels_up,
                       int32_t location)
{
    Expr *e = bind_raise_levels(s, item->columns[column].expr, levels_up, location);
    mark_columns(s, e, !s->stored);
    return e;
}

/* lateral_error - the item is there but may not be used from this part of FROM. */
static Status lateral_error(BindScope *s, const NsItem *item, int32_t location)
{
    (void)err_set(s->cx, ERRCODE_INVALID_COLUMN_REFERENCE,
                  "invalid reference to FROM-clause entry for table \"%s\"",
                  item->name != NULL ? item->name : "unnamed_join");
    (void)err_detail(s->cx,
                     "The combining JOIN type must be INNER or LEFT for a LATERAL reference.");
    return bind_at(s, location);
}

static bool item_usable(const BindScope *s, const NsItem *item)
{
    (void)s;
    return !item->lateral_only || item->lateral_ok;
}

static bool item_schema_is(const NsItem *item, const char *schema)
{
    return schema == NULL ||
           (item->table != NULL && item->table->schema_name != NULL &&
            item->name == item->table->name && strcmp(item->table->schema_name, schema) == 0);
}

Status bind_find_relation(BindScope *s, const char *schema, const char *name, int32_t location,
                          NsItem **item_out, uint16_t *levels_out)
{
    uint16_t levels = 0;
    for (BindScope *at = s; at != NULL; at = at->parent, levels++) {
        NsItem *found = NULL;
        for (uint16_t i = 0; i < at->item_count; i++) {
            NsItem *item = at->items[i];
            if (!item->rel_visible || item->name == NULL || strcmp(item->name, name) != 0 ||
                !item_schema_is(item, schema)) {
                continue;
            }
            if (found != NULL) {
                return BIND_ERR(s, location, ERRCODE_AMBIGUOUS_ALIAS,
                                "table reference \"%s\" is ambiguous", name);
            }
            found = item;
        }
        if (found != NULL) {
            *item_out = found;
            *levels_out = levels;
            return item_usable(s, found) ? ST_OK : lateral_error(s, found, location);
        }
    }
    return ST_NOTFOUND;
}

/* missing_relation - 42P01, with a hint when the name is there but hidden. */
static Status missing_relation(BindScope *s, const char *schema, const char *name, int32_t location)
{
    const NsItem *hidden = NULL, *same_table = NULL;
    for (BindScope *at = s; at != NULL; at = at->parent) {
        for (uint16_t i = 0; i < at->item_count; i++) {
            const NsItem *item = at->items[i];
            if (item->name != NULL && strcmp(item->name, name) == 0 && !item->rel_visible) {
                hidden = item;
            }
            if (item->table != NULL && item->name != NULL && strcmp(item->table->name, name) == 0 &&
                strcmp(item->name, name) != 0) {
                same_table = item;
            }
        }
    }
    /* Items not in the name space any more: FROM entries seen from another FROM entry. */
    for (BindScope *at = s; at != NULL && hidden == NULL && same_table == NULL; at = at->parent) {
        for (uint16_t i = 0; i < at->query->rte_count; i++) {
            const Rte *r = at->query->rtes[i];
            if (r->alias != NULL && strcmp(r->alias, name) == 0) {
                (void)err_set(s->cx, ERRCODE_UNDEFINED_TABLE,
                              "invalid reference to FROM-clause entry for table \"%s\"", name);
                (void)err_hint(s->cx,
                               "There is an entry for table \"%s\", but it cannot be "
                               "referenced from this part of the query.",
                               name);
                return bind_at(s, location);
            }
        }
    }
    if (same_table != NULL) {
        (void)err_set(s->cx, ERRCODE_UNDEFINED_TABLE,
                      "invalid reference to FROM-clause entry for table \"%s\"", name);
        (void)err_hint(s->cx, "Perhaps you meant to reference the table alias \"%s\".",
                       same_table->name);
        return bind_at(s, location);
    }
    if (hidden != NULL) {
        (void)err_set(s->cx, ERRCODE_UNDEFINED_TABLE,
                      "invalid reference to FROM-clause entry for table \"%s\"", name);
        (void)err_hint(s->cx,
                       "There is an entry for table \"%s\", but it cannot be referenced from this "
                       "part of the query.",
                       name);
        return bind_at(s, location);
    }
    return BIND_ERR(s, location, ERRCODE_UNDEFINED_TABLE,
                    "missing FROM-clause entry for table \"%s%s%s\"", schema != NULL ? schema : "",
                    schema != NULL ? "." : "", name);
}

/* edit_distance - Levenshtein, for the hint about similar names. */
static uint32_t edit_distance(const char *a, const char *b)
{
    uint32_t row[65];
    size_t n = strlen(a), m = strlen(b);
    if (n > 64 || m > 64) {
        return UINT32_MAX;
    }
    for (size_t j = 0; j <= m; j++) {
        row[j] = (uint32_t)j;
    }
    for (size_t i = 1; i <= n; i++) {
        uint32_t diagonal = row[0];
        row[0] = (uint32_t)i;
        for (size_t j = 1; j <= m; j++) {
            uint32_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = MIN(change, MIN(row[j], row[j - 1]) + 1);
        }
    }
    return row[m];
}

typedef struct ColumnGuess {
    const NsItem *item[2];
    const char *name[2];
    uint32_t distance;
    uint32_t count;
} ColumnGuess;

/* guess_column - the nearest column names of all visible tables, at most two. */
static void guess_column(BindScope *s, const char *rel, const char *name, ColumnGuess *g)
{
    uint32_t limit = (uint32_t)strlen(name) / 2;
    *g = (ColumnGuess){.distance = limit + 1};
    for (BindScope *at = s; at != NULL; at = at->parent) {
        for (uint16_t i = 0; i < at->item_count; i++) {
            const NsItem *item = at->items[i];
            if (item->rte == NO_RTE) {
                continue;
            }
            uint32_t penalty =
                rel != NULL && item->name != NULL ? edit_distance(rel, item->name) : 0;
            for (uint16_t c = 0; c < item->column_count; c++) {
                const char *col = item->columns[c].name;
                if (col == NULL || penalty > limit) {
                    continue;
                }
                uint32_t d = edit_distance(name, col);
                d = d == UINT32_MAX ? d : d + penalty;
                if (d > limit || d > g->distance) {
                    continue;
                }
                if (d < g->distance) {
                    g->count = 0;
                    g->distance = d;
                }
                if (g->count < 2) {
                    g->item[g->count] = item;
                    g->name[g->count] = col;
                }
                g->count++;
            }
        }
    }
}

/* hidden_column - a range table entry that has the column but offers it nowhere. */
static const Rte *hidden_column(const BindScope *s, const char *name)
{
    for (; s != NULL; s = s->parent) {
        for (uint16_t i = 0; i < s->query->rte_count; i++) {
            const Rte *r = s->query->rtes[i];
            for (uint16_t c = 0; r->alias != NULL && c < r->column_count; c++) {
                if (r->columns[c].name != NULL && strcmp(r->columns[c].name, name) == 0) {
                    return r;
                }
            }
        }
    }
    return NULL;
}

Status bind_no_column(BindScope *s, const char *rel, const char *name, int32_t location)
{
    ColumnGuess g;
    if (rel != NULL) {
        (void)err_set(s->cx, ERRCODE_UNDEFINED_COLUMN, "column %s.%s does not exist", rel, name);
    } else {
        (void)err_set(s->cx, ERRCODE_UNDEFINED_COLUMN, "column \"%s\" does not exist", name);
    }
    const Rte *hidden = rel == NULL ? hidden_column(s, name) : NULL;
    if (hidden != NULL) {
        (void)err_hint(s->cx,
                       "There is a column named \"%s\" in table \"%s\", but it cannot be "
                       "referenced from this part of the query.",
                       name, hidden->alias);
        return bind_at(s, location);
    }
    guess_column(s, rel, name, &g);
    if (g.count == 1 && g.distance == 0) {
        (void)err_hint(s->cx,
                       "There is a column named \"%s\" in table \"%s\", but it cannot be "
                       "referenced from this part of the query.",
                       name, g.item[0]->name);
    } else if (g.count == 1) {
        (void)err_hint(s->cx, "Perhaps you meant to reference the column \"%s.%s\".",
                       g.item[0]->name, g.name[0]);
    } else if (g.count == 2) {
        (void)err_hint(s->cx,
                       "Perhaps you meant to reference the column \"%s.%s\" or the column "
                       "\"%s.%s\".",
                       g.item[0]->name, g.name[0], g.item[1]->name, g.name[1]);
    }
    return bind_at(s, location);
}

/* item_find - the column's number in one item; 42702 when the item has two of the name. */
static Status item_find(BindScope *s, const NsItem *item, const char *name, int32_t location,
                        int *column_out)
{
    *column_out = -1;
    for (uint16_t c = 0; c < item->column_count; c++) {
        if (item->columns[c].name != NULL && strcmp(item->columns[c].name, name) == 0) {
            if (*column_out >= 0) {
                return BIND_ERR(s, location, ERRCODE_AMBIGUOUS_COLUMN,
                                "column reference \"%s\" is ambiguous", name);
            }
            *column_out = c;
        }
    }
    return ST_OK;
}

/* system_column - tableoid; the others have no meaning here. ST_NOTFOUND when it is none. */
static Status system_column(BindScope *s, const NsItem *item, const char *name, uint16_t levels,
                            int32_t location, Expr **out)
{
    static const char *const OTHERS[] = {"ctid", "xmin", "xmax", "cmin", "cmax"};
    if (item->rte == NO_RTE || item->table == NULL ||
        (item->table->kind != 'r' && item->table->kind != 'm')) {
        return ST_NOTFOUND;
    }
    if (strcmp(name, "tableoid") == 0) {
        *out = bind_column_expr(s, item->rte, COLUMN_TABLEOID, TYPE_OID, -1, 0, location);
        (*out)->u.column.levels_up = levels;
        for (uint16_t i = 0; i < levels; i++) {
            s = s->parent;
        }
        s->query->rtes[item->rte]->tableoid_used = true;
        return ST_OK;
    }
    for (size_t i = 0; i < ARRAY_LEN(OTHERS); i++) {
        if (strcmp(name, OTHERS[i]) == 0) {
            return BIND_ERR(s, location, ERRCODE_FEATURE_NOT_SUPPORTED,
                            "system column \"%s\" is not supported", name);
        }
    }
    return ST_NOTFOUND;
}

Status bind_find_column(BindScope *s, const char *name, int32_t location, Expr **out)
{
    uint16_t levels = 0;
    for (BindScope *at = s; at != NULL; at = at->parent, levels++) {
        const NsItem *found = NULL;
        int found_column = -1;
        for (uint16_t i = 0; i < at->item_count; i++) {
            const NsItem *item = at->items[i];
            int column;
            if (!item->cols_visible) {
                continue;
            }
            TRY(item_find(s, item, name, location, &column));
            if (column < 0) {
                continue;
            }
            if (found != NULL) {
                return BIND_ERR(s, location, ERRCODE_AMBIGUOUS_COLUMN,
                                "column reference \"%s\" is ambiguous", name);
            }
            if (!item_usable(s, item)) {
                return lateral_error(s, item, location);
            }
            found = item;
            found_column = column;
        }
        if (found != NULL) {
            *out = bind_item_column(s, found, (uint16_t)found_column, levels, location);
            return ST_OK;
        }
        for (uint16_t i = 0; i < at->item_count; i++) {
            Status st = at->items[i]->cols_visible
                            ? system_column(s, at->items[i], name, levels, location, out)
                            : ST_NOTFOUND;
            if (st != ST_NOTFOUND) {
                return st;
            }
        }
    }
    return bind_sql_name(s, name, out);
}

/* whole_row - a table's name used as a value: the row of its columns. */
static void whole_row(BindScope *s, const NsItem *item, uint16_t levels, int32_t location,
                      Expr **out)
{
    Expr *e = bind_expr_new(s, EXPR_ROW, TYPE_RECORD, -1, location, item->column_count);
    const char **names = ARENA_ARRAY(s->b->arena, const char *, item->column_count + 1u);
    uint16_t n = 0;
    for (uint16_t i = 0; i < item->column_count; i++) {
        if (item->columns[i].name != NULL) {
            names[n] = item->columns[i].name;
            e->args[n++] = bind_item_column(s, item, i, levels, location);
        }
    }
    e->arg_count = n;
    e->u.row.names = names;
    e->u.row.whole = true;
    *out = e;
}

/* column_ref - a column, a table's row. */
static Status column_ref(BindScope *s, const PgQuery__ColumnRef *ref, Expr **out)
{
    size_t n = ref->n_fields;
    if (NODE_IS(ref->fields[n - 1], A_STAR)) {
        NsItem *star;
        uint16_t up;
        const char *of = n > 1 ? bind_string(ref->fields[n - 2]) : NULL;
        const char *schema = n > 2 ? bind_string(ref->fields[n - 3]) : NULL;
        if (of != NULL && bind_find_relation(s, schema, of, ref->location, &star, &up) == ST_OK) {
            whole_row(s, star, up, ref->location, out);
            return ST_OK;
        }
        return BIND_ERR(s, ref->location, ERRCODE_FEATURE_NOT_SUPPORTED,
                        "row expansion via \"*\" is not supported here");
    }
    const char *name = bind_string(ref->fields[n - 1]);
    if (n == 1 && s->domain_value != 0 && strcmp(name, "value") == 0) {
        *out = bind_expr_new(s, EXPR_ELEMENT, s->domain_value, s->domain_typmod, ref->location, 0);
        return ST_OK;
    }
    if (s->no_columns != NULL) {
        return BIND_ERR(s, ref->location, ERRCODE_FEATURE_NOT_SUPPORTED,
                        "cannot use column reference in %s", s->no_columns);
    }
    NsItem *item;
    uint16_t levels;
    Status st;
    if (n == 1) {
        st = bind_find_column(s, name, ref->location, out);
        if (st != ST_NOTFOUND) {
            return st;
        }
        if (bind_find_relation(s, NULL, name, ref->location, &item, &levels) == ST_OK) {
            if (item->scalar) {
                *out = bind_item_column(s, item, 0, levels, ref->location);
                return ST_OK;
            }
            whole_row(s, item, levels, ref->location, out);
            return ST_OK;
        }
        return bind_no_column(s, NULL, name, ref->location);
    }
    const char *rel = bind_string(ref->fields[n - 2]);
    const char *schema = n > 2 ? bind_string(ref->fields[n - 3]) : NULL;
    if (n > 4) {
        return BIND_ERR(s, ref->location, ERRCODE_SYNTAX_ERROR,
                        "improper qualified name (too many dotted names)");
    }
    st = bind_find_relation(s, schema, rel, ref->location, &item, &levels);
    if (st == ST_NOTFOUND) {
        return missing_relation(s, schema, rel, ref->location);
    }
    TRY(st);
    int column;
    TRY(item_find(s, item, name, ref->location, &column));
    if (column >= 0) {
        *out = bind_item_column(s, item, (uint16_t)column, levels, ref->location);
        return ST_OK;
    }
    st = system_column(s, item, name, levels, ref->location, out);
    return st == ST_NOTFOUND ? bind_no_column(s, rel, name, ref->location) : st;
}

/* column_missing - the error says that there is nothing of the name. */
static bool column_missing(const Cx *cx)
{
    return cx->err->sqlstate == ERRCODE_UNDEFINED_COLUMN ||
           cx->err->sqlstate == ERRCODE_UNDEFINED_TABLE;
}

Status bind_column_ref(BindScope *s, const PgQuery__ColumnRef *ref, Expr **out)
{
    const BindVars *v = s->b->vars;
    Expr *var = NULL;
    if (v == NULL || s->stored || NODE_IS(ref->fields[ref->n_fields - 1], A_STAR)) {
        return column_ref(s, ref, out);
    }
    if (v->conflict == BIND_CONFLICT_VARIABLE || s->no_columns != NULL) {
        Status st = bind_variable(s, ref, out);
        return st == ST_NOTFOUND ? column_ref(s, ref, out) : st;
    }
    Status st = column_ref(s, ref, out);
    if (st == ST_OK && v->conflict == BIND_CONFLICT_COLUMN) {
        return ST_OK;
    }
    if (st != ST_OK && !column_missing(s->cx)) {
        return st;
    }
    Err kept = *s->cx->err;
    Status found = bind_variable(s, ref, &var);
    if (st != ST_OK) {
        if (found == ST_NOTFOUND) {
            *s->cx->err = kept;
            return st;
        }
        if (found == ST_OK) {
            err_clear(s->cx);
            *out = var;
        }
        return found;
    }
    if (found == ST_OK) {
        (void)err_set(s->cx, ERRCODE_AMBIGUOUS_COLUMN, "column reference \"%s\" is ambiguous",
                      bind_string(ref->fields[ref->n_fields - 1]));
        (void)err_detail(s->cx, "It could refer to either a PL/pgSQL variable or a table column.");
        return bind_at(s, ref->location);
    }
    *s->cx->err = kept;
    return ST_OK;
}

/*
 * declare.c - DECLARE: variables with their types, cursors.
 */
#include <pg_query/pg_query.pb-c.h>

#include "plpgsql/pl_internal.h"

/* declared_type_text - the text of a type: up to the words or characters that end it. */
static Status declared_type_text(PlParser *p, const char *const *words, uint32_t *start_out,
                                 const char **text_out)
{
    uint32_t start = p->tok.start, end = start, depth = 0;
    for (;;) {
        bool stop = pl_is_punct(p, ';') || p->tok.kind == TOK_ASSIGN ||
                    (p->tok.kind == TOK_OP && strcmp(p->tok.value, "=") == 0) ||
                    (depth == 0 && (pl_is_punct(p, ',') || pl_is_punct(p, ')')));
        for (const char *const *w = words; !stop && *w != NULL; w++) {
            stop = pl_is(p, *w);
        }
        if (stop) {
            break;
        }
        if (p->tok.kind == TOK_END) {
            return pl_syntax(p);
        }
        depth += pl_is_punct(p, '(') ? 1 : 0;
        depth -= pl_is_punct(p, ')') ? 1 : 0;
        end = p->tok.end;
        pl_advance(p);
    }
    if (end == start) {
        return pl_error_at(p, p->tok.start, ERRCODE_SYNTAX_ERROR,
                           "missing data type declaration "
                           "at or near \"%.*s\"",
                           (int)(p->tok.end - p->tok.start), p->src.ptr + p->tok.start);
    }
    *start_out = start;
    *text_out = arena_strndup(p->arena, p->src.ptr + start, end - start);
    return ST_OK;
}

/* PctType - name.name%TYPE or %ROWTYPE, taken apart. */
typedef struct PctType {
    const char *names[4];
    uint32_t count;
    bool rowtype, is_pct, array;
} PctType;

/* pct_split - take a text apart when it is name.name%TYPE or %ROWTYPE. */
static void pct_split(PlParser *p, const char *text, PctType *out)
{
    Lexer lx = {.text = slice_of(text), .arena = p->arena};
    LexToken t;
    *out = (PctType){0};
    for (;;) {
        lex_next(&lx, &t);
        if ((t.kind != LEX_IDENT && t.kind != LEX_QUOTED_IDENT) || out->count == 4) {
            return;
        }
        out->names[out->count++] = arena_strndup(p->arena, t.value.ptr, t.value.len);
        lex_next(&lx, &t);
        if (t.kind == LEX_PUNCT && text[t.start] == '.') {
            continue;
        }
        if (t.kind == LEX_OPERATOR && text[t.start] == '%' && t.end - t.start == 1) {
            lex_next(&lx, &t);
            out->rowtype = t.kind == LEX_IDENT && slice_eq(t.value, SLICE_LIT("rowtype"));
            out->is_pct =
                out->rowtype || (t.kind == LEX_IDENT && slice_eq(t.value, SLICE_LIT("type")));
        }
        return;
    }
}

/* pct_relation - the table that %ROWTYPE or column%TYPE names. */
static Status pct_relation(PlParser *p, const char *const *names, uint32_t count, uint32_t start,
                           const CatTable **out)
{
    CatView *v = p->m->fs->view;
    const char *schema = count > 1 ? names[count - 2] : NULL;
    Status st = cat_table_by_name(p->cx, v, schema, names[count - 1], out);
    (void)start;
    if (st == ST_NOTFOUND) {
        return err_set(p->cx, ERRCODE_UNDEFINED_TABLE, "relation \"%s%s%s\" does not exist",
                       schema != NULL ? schema : "", schema != NULL ? "." : "", names[count - 1]);
    }
    return st;
}

/* pct_resolve - %TYPE of a variable, its field, or a column; %ROWTYPE. */
static Status pct_resolve(PlParser *p, const PctType *t, uint32_t start, PlVar *v)
{
    const CatTable *table;
    uint32_t used;
    if (t->rowtype) {
        TRY(pct_relation(p, t->names, t->count, start, &table));
        v->type = table->type_oid;
        v->typmod = -1;
        return ST_OK;
    }
    const PlVar *other = pl_lookup(p->fn, p->level, p->level->count, t->names, t->count, &used);
    if (other != NULL && used == t->count) {
        v->type = other->type;
        v->typmod = other->typmod;
        return ST_OK;
    }
    if (t->count == 1) {
        return pl_error_at(p, start, ERRCODE_SYNTAX_ERROR, "variable \"%s\" does not exist",
                           t->names[0]);
    }
    if (other != NULL && other->record && other->type != TYPE_RECORD) {
        const CatType *ct = cat_type(p->m->fs->view, other->type);
        TRY(cat_table_by_oid(p->cx, p->m->fs->view, ct->relation, &table));
    } else {
        TRY(pct_relation(p, t->names, t->count - 1, start, &table));
    }
    const char *column = t->names[t->count - 1];
    for (uint16_t i = 0; i < table->column_count; i++) {
        if (!table->columns[i].dropped && strcmp(table->columns[i].name, column) == 0) {
            v->type = table->columns[i].type;
            v->typmod = table->columns[i].typmod;
            return ST_OK;
        }
    }
    return err_set(p->cx, ERRCODE_UNDEFINED_COLUMN,
                   "column \"%s\" of relation \"%s\" does not exist", column, table->name);
}

/* sql_type - a type's name, by SQL's own grammar. */
static Status sql_type(PlParser *p, const char *text, uint32_t start, PlVar *v)
{
    ParsedStmt *stmts;
    uint32_t count;
    char *sql = arena_printf(p->arena, "SELECT NULL::%s", text);
    BindCx b = {.view = p->m->fs->view, .arena = p->arena, .sql = slice_of(sql), .env = p->m->env};
    Status st = parse_sql(p->cx, p->arena, b.sql, &stmts, &count);
    if (st == ST_OK && count == 1 && stmts[0].node->node_case == PG_QUERY__NODE__NODE_SELECT_STMT &&
        stmts[0].node->select_stmt->n_target_list == 1) {
        const PgQuery__Node *n = stmts[0].node->select_stmt->target_list[0]->res_target->val;
        if (n->node_case == PG_QUERY__NODE__NODE_TYPE_CAST) {
            st = bind_type_name(p->cx, &b, n->type_cast->type_name, &v->type, &v->typmod);
        }
    }
    if (st == ST_ERROR) {
        p->cx->err->position = 0;
        char message[ERR_MESSAGE_BYTES_MAX];
        memcpy(message, p->cx->err->message, sizeof(message));
        return pl_error_at(p, start, p->cx->err->sqlstate, "%s", message);
    }
    return st;
}

Status pl_read_type(PlParser *p, const char *const *words, PlVar *v)
{
    const char *text = "";
    uint32_t start = 0;
    PctType pct;
    TRY(declared_type_text(p, words, &start, &text));
    v->typmod = -1;
    if (strcasecmp(text, "record") == 0) {
        v->type = TYPE_RECORD;
    } else {
        pct_split(p, text, &pct);
        TRY(pct.is_pct ? pct_resolve(p, &pct, start, v) : sql_type(p, text, start, v));
    }
    const CatType *t = cat_type(p->m->fs->view, v->type);
    if (t != NULL && t->kind == 'p' && v->type != TYPE_RECORD) {
        return err_set(p->cx, ERRCODE_FEATURE_NOT_SUPPORTED, "variable \"%s\" has pseudo-type %s",
                       v->name, t->name);
    }
    v->collation = t != NULL ? t->collation : 0;
    v->record = pl_is_record_type(p->m, v->type);
    return ST_OK;
}

/* declare_cursor - name CURSOR [(args)] FOR query; */
static Status declare_cursor(PlParser *p, const char *name, uint32_t start)
{
    static const char *const NO_WORDS[] = {NULL};
    PlVar *args[64];
    uint32_t n = 0;
    if (pl_accept(p, "no")) {
        TRY(pl_expect(p, "scroll"));
    } else {
        (void)pl_accept(p, "scroll");
    }
    TRY(pl_expect(p, "cursor"));
    pl_level_push(p, NULL);
    PlLevel *inner = p->level;
    if (pl_is_punct(p, '(')) {
        do {
            pl_advance(p);
            if ((p->tok.kind != TOK_WORD && p->tok.kind != TOK_QUOTED) || n == ARRAY_LEN(args)) {
                return pl_syntax(p);
            }
            PlVar *a = pl_var_add(p->fn, p->arena, inner, p->tok.value, TYPE_TEXT, -1);
            pl_advance(p);
            TRY(pl_read_type(p, NO_WORDS, a));
            args[n++] = a;
        } while (pl_is_punct(p, ','));
        TRY(pl_expect_punct(p, ')'));
    }
    if (!pl_accept(p, "for") && !pl_accept(p, "is")) {
        return pl_syntax(p);
    }
    uint32_t from = p->tok.start, end = from;
    while (!pl_is_punct(p, ';')) {
        if (p->tok.kind == TOK_END) {
            return pl_syntax(p);
        }
        end = p->tok.end;
        pl_advance(p);
    }
    PlExpr *query =
        pl_expr_new(p, arena_strndup(p->arena, p->src.ptr + from, end - from), 0, from, false);
    TRY(pl_expr_check(p, query));
    pl_level_pop(p);
    PlVar *v = pl_var_add(p->fn, p->arena, p->level, name, PL_TYPE_REFCURSOR, -1);
    v->line = pl_line(p, start);
    v->is_cursor = true;
    v->cursor_query = query;
    v->cursor_args = ARENA_ARRAY(p->arena, uint32_t, n + 1);
    v->cursor_arg_count = n;
    for (uint32_t i = 0; i < n; i++) {
        v->cursor_args[i] = args[i]->number;
    }
    return pl_expect_punct(p, ';');
}

/* declare_alias - another name for a variable. */
static Status declare_alias(PlParser *p, const char *name)
{
    PlTarget target;
    uint32_t used;
    bool word = p->tok.kind == TOK_WORD || p->tok.kind == TOK_QUOTED;
    if (word && pl_lookup(p->fn, p->level, p->level->count, &p->tok.value, 1, &used) == NULL &&
        !(pl_peek(p).kind == TOK_PUNCT && p->src.ptr[pl_peek(p).start] == '.')) {
        return pl_error_at(p, p->tok.start, ERRCODE_UNDEFINED_OBJECT,
                           "variable \"%s\" does not exist", p->tok.value);
    }
    TRY(pl_parse_variable(p, &target));
    if (target.field != NULL) {
        return pl_syntax(p);
    }
    pl_level_name(p->level, p->arena, name, target.var);
    return pl_expect_punct(p, ';');
}

/* declare_collation - COLLATE behind a type: the one that there is anyway. */
static Status declare_collation(PlParser *p)
{
    if (!pl_accept(p, "collate")) {
        return ST_OK;
    }
    if (pl_is(p, "pg_catalog")) {
        pl_advance(p);
        TRY(pl_expect_punct(p, '.'));
    }
    if (p->tok.kind != TOK_WORD && p->tok.kind != TOK_QUOTED) {
        return pl_syntax(p);
    }
    if (strcmp(p->tok.value, "C") != 0 && strcmp(p->tok.value, "POSIX") != 0 &&
        strcmp(p->tok.value, "default") != 0) {
        return err_unsupported(p->cx, "the collation \"%s\" of a variable is not supported",
                               p->tok.value);
    }
    pl_advance(p);
    return ST_OK;
}

/* declare_default - := value, or DEFAULT. */
static Status declare_default(PlParser *p, PlVar *v)
{
    bool assign = p->tok.kind == TOK_ASSIGN ||
                  (p->tok.kind == TOK_OP && strcmp(p->tok.value, "=") == 0) || pl_is(p, "default");
    if (assign) {
        pl_advance(p);
        TRY(pl_read_expr(p, NULL, ";", &v->init));
        if (!v->record) {
            v->init->q.want_type = v->type;
            v->init->q.want_typmod = v->typmod;
        }
    }
    if (v->not_null && v->init == NULL) {
        return pl_error_at(p, p->tok.start, ERRCODE_NULL_VALUE_NOT_ALLOWED,
                           "variable \"%s\" must have a default value, since it's declared NOT "
                           "NULL",
                           v->name);
    }
    return pl_expect_punct(p, ';');
}

/* declare_one - one declaration. */
static Status declare_one(PlParser *p)
{
    static const char *const WORDS[] = {"not", "default", "collate", NULL};
    if (p->tok.kind != TOK_WORD && p->tok.kind != TOK_QUOTED) {
        return pl_syntax(p);
    }
    PlToken name = p->tok;
    uint32_t used;
    const char *names[1] = {name.value};
    PlLevel own = *p->level;
    own.outer = NULL;
    if (pl_lookup(p->fn, &own, own.count, names, 1, &used) != NULL) {
        return pl_error_at(p, name.start, ERRCODE_SYNTAX_ERROR,
                           "duplicate declaration at or near \"%s\"", name.value);
    }
    pl_advance(p);
    PlToken next = pl_peek(p);
    if (pl_is(p, "cursor") || pl_is(p, "scroll") ||
        (pl_is(p, "no") && next.kind == TOK_WORD && strcmp(next.value, "scroll") == 0)) {
        return declare_cursor(p, name.value, name.start);
    }
    PlVar probe = {.name = name.value};
    probe.constant = pl_accept(p, "constant");
    if (pl_is(p, "alias")) {
        pl_advance(p);
        TRY(pl_expect(p, "for"));
        return declare_alias(p, name.value);
    }
    TRY(pl_read_type(p, WORDS, &probe));
    TRY(declare_collation(p));
    if (pl_is(p, "not")) {
        pl_advance(p);
        TRY(pl_expect(p, "null"));
        probe.not_null = true;
    }
    probe.line = pl_line(p, name.start);
    TRY(declare_default(p, &probe));
    PlVar *v = pl_var_add(p->fn, p->arena, p->level, name.value, probe.type, probe.typmod);
    v->constant = probe.constant;
    v->not_null = probe.not_null;
    v->init = probe.init;
    v->line = probe.line;
    return ST_OK;
}

Status pl_declare_section(PlParser *p, PlStmt *block)
{
    uint32_t first = p->fn->var_count;
    while (!pl_is(p, "begin")) {
        if (pl_accept(p, "declare")) {
            continue;
        }
        TRY(declare_one(p));
    }
    block->var_count = p->fn->var_count - first;
    block->vars = ARENA_ARRAY(p->arena, uint32_t, block->var_count + 1);
    for (uint32_t i = 0; i < block->var_count; i++) {
        block->vars[i] = first + i;
    }
    return ST_OK;
}

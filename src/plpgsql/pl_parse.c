/*
 * pl_parse.c - PL/pgSQL texts to trees: the function, blocks, assignments, IF, CASE, loops.
 */
#include "catalog/catalog_data.h"
#include "plpgsql/pl_internal.h"

static bool tok_is_op(const PlToken *t, const char *op)
{
    return t->kind == TOK_OP && strcmp(t->value, op) == 0;
}

/* label_begin - <<name>>, if there is one. */
static Status label_begin(PlParser *p, const char **label_out)
{
    *label_out = NULL;
    if (!tok_is_op(&p->tok, "<<")) {
        return ST_OK;
    }
    pl_advance(p);
    if (p->tok.kind != TOK_WORD && p->tok.kind != TOK_QUOTED) {
        return pl_syntax(p);
    }
    *label_out = p->tok.value;
    pl_advance(p);
    if (!tok_is_op(&p->tok, ">>")) {
        return pl_syntax(p);
    }
    pl_advance(p);
    return ST_OK;
}

/* label_end - the label that may stand behind END, which is the block's own. */
static Status label_end(PlParser *p, const char *label)
{
    if (p->tok.kind == TOK_WORD || p->tok.kind == TOK_QUOTED) {
        if (label == NULL) {
            return pl_error_at(p, p->tok.start, ERRCODE_SYNTAX_ERROR,
                               "end label \"%s\" specified for unlabeled block", p->tok.value);
        }
        if (strcmp(label, p->tok.value) != 0) {
            return pl_error_at(p, p->tok.start, ERRCODE_SYNTAX_ERROR,
                               "end label \"%s\" differs from block's label \"%s\"", p->tok.value,
                               label);
        }
        pl_advance(p);
    }
    return ST_OK;
}

Status pl_parse_variable(PlParser *p, PlTarget *out)
{
    const char *names[3];
    uint32_t n = 0, used, start = p->tok.start;
    if (p->tok.kind == TOK_PARAM) {
        uint32_t number = (uint32_t)strtoul(p->tok.value + 1, NULL, 10);
        if (number == 0 || number > p->fn->body->arg_count) {
            return pl_syntax(p);
        }
        *out = (PlTarget){p->fn->arg_vars[number - 1], NULL};
        pl_advance(p);
        return ST_OK;
    }
    for (;;) {
        if ((p->tok.kind != TOK_WORD && p->tok.kind != TOK_QUOTED) || n == ARRAY_LEN(names)) {
            return pl_syntax(p);
        }
        names[n++] = p->tok.value;
        pl_advance(p);
        if (!pl_is_punct(p, '.')) {
            break;
        }
        pl_advance(p);
    }
    const PlVar *v = pl_lookup(p->fn, p->level, p->level->count, names, n, &used);
    if (v == NULL || used + 1 < n || (used < n && !v->record)) {
        const char *text = names[0];
        for (uint32_t i = 1; i < n; i++) {
            text = arena_printf(p->arena, "%s.%s", text, names[i]);
        }
        return pl_error_at(p, start, ERRCODE_SYNTAX_ERROR, "\"%s\" is not a known variable", text);
    }
    if (v->constant) {
        return pl_error_at(p, start, ERRCODE_ERROR_IN_ASSIGNMENT,
                           "variable \"%s\" is declared CONSTANT", v->name);
    }
    *out = (PlTarget){v->number, used < n ? names[n - 1] : NULL};
    return ST_OK;
}

/* assign_part - v[...] := e: an UPDATE that SQL's grammar takes apart. */
static Status assign_part(PlParser *p, PlStmt *s, uint32_t start)
{
    uint32_t depth = 0;
    while (depth > 0 || !(p->tok.kind == TOK_ASSIGN || tok_is_op(&p->tok, "="))) {
        if (p->tok.kind == TOK_END || pl_is_punct(p, ';')) {
            return pl_syntax(p);
        }
        depth += pl_is_punct(p, '[') ? 1 : 0;
        depth -= pl_is_punct(p, ']') ? 1 : 0;
        pl_advance(p);
    }
    uint32_t left_end = p->tok.start, right;
    pl_advance(p);
    right = p->tok.start;
    while (!pl_is_punct(p, ';')) {
        if (p->tok.kind == TOK_END) {
            return pl_syntax(p);
        }
        pl_advance(p);
    }
    const char *text =
        arena_printf(p->arena, "UPDATE t SET %.*s = %.*s", (int)(left_end - start),
                     p->src.ptr + start, (int)(p->tok.start - right), p->src.ptr + right);
    s->expr = pl_expr_new(p, text, 13, start, true);
    s->expr->q.store = true;
    return pl_expr_check(p, s->expr);
}

/* parse_assign - target := expression. */
static Status parse_assign(PlParser *p, PlStmt **out)
{
    uint32_t start = p->tok.start;
    PlStmt *s = pl_stmt_new(p, PL_ASSIGN, start);
    PlTarget t;
    TRY(pl_parse_variable(p, &t));
    s->targets = arena_memdup(p->arena, &t, sizeof(t));
    s->target_count = 1;
    if (pl_is_punct(p, '[')) {
        TRY(assign_part(p, s, start));
    } else {
        if (p->tok.kind != TOK_ASSIGN && !tok_is_op(&p->tok, "=")) {
            return pl_syntax(p);
        }
        uint32_t before = start;
        pl_advance(p);
        uint32_t value = p->tok.start;
        TRY(pl_read_expr(p, NULL, ";", &s->expr));
        /* Messages show the whole assignment. */
        s->expr->q.shown_prefix = value - before;
        s->expr->q.shown = arena_printf(p->arena, "%.*s%s", (int)(value - before),
                                        p->src.ptr + before, s->expr->q.text + s->expr->q.prefix);
        const PlVar *v = p->fn->vars[t.var];
        if (t.field == NULL && !v->record) {
            s->expr->q.want_type = v->type;
            s->expr->q.want_typmod = v->typmod;
        }
    }
    *out = s;
    return pl_expect_punct(p, ';');
}

Status pl_parse_if(PlParser *p, PlStmt **out)
{
    static const char *const THEN[] = {"then", NULL};
    PlStmt *s = pl_stmt_new(p, PL_IF, p->tok.start);
    PlBranch **at = &s->branches;
    do {
        pl_advance(p);
        PlBranch *b = ARENA_NEW(p->arena, PlBranch);
        b->conds = ARENA_ARRAY(p->arena, PlExpr *, 1);
        b->count = 1;
        TRY(pl_read_expr(p, THEN, "", &b->conds[0]));
        b->conds[0]->q.want_type = TYPE_BOOL;
        pl_advance(p);
        TRY(pl_statements(p, &b->body));
        *at = b;
        at = &b->next;
    } while (pl_is(p, "elsif") || pl_is(p, "elseif"));
    if (pl_accept(p, "else")) {
        s->has_else = true;
        TRY(pl_statements(p, &s->otherwise));
    }
    TRY(pl_expect(p, "end"));
    TRY(pl_expect(p, "if"));
    *out = s;
    return pl_expect_punct(p, ';');
}

/* case_when - the texts of WHEN a, b: with a test, each compared with its variable. */
static Status case_when(PlParser *p, PlStmt *s, PlBranch *b)
{
    static const char *const THEN[] = {"then", NULL};
    uint32_t size = 0;
    do {
        pl_advance(p);
        if (b->count == size) {
            uint32_t more = size == 0 ? 4 : size * 2;
            b->conds =
                arena_grow(p->arena, b->conds, size * sizeof(PlExpr *), more * sizeof(PlExpr *));
            size = more;
        }
        PlExpr *e;
        TRY(pl_read_expr(p, THEN, s->case_var != PL_NO_VAR ? "," : "", &e));
        if (s->case_var != PL_NO_VAR) {
            const char *text =
                arena_printf(p->arena, "SELECT \"%s\" IN (%s)", p->fn->vars[s->case_var]->name,
                             e->q.text + e->q.prefix);
            e = pl_expr_new(p, text, 7, (uint32_t)e->offset, true);
        }
        e->q.want_type = TYPE_BOOL;
        b->conds[b->count++] = e;
    } while (pl_is_punct(p, ','));
    return pl_expect(p, "then");
}

Status pl_parse_case(PlParser *p, PlStmt **out)
{
    static const char *const WHEN[] = {"when", NULL};
    PlStmt *s = pl_stmt_new(p, PL_CASE, p->tok.start);
    PlBranch **at = &s->branches;
    pl_advance(p);
    if (!pl_is(p, "when")) {
        TRY(pl_read_expr(p, WHEN, "", &s->expr));
        PlVar *v = pl_var_add(p->fn, p->arena, p->level,
                              arena_printf(p->arena, "__Case__Variable_%u__", p->fn->var_count),
                              TYPE_INT4, -1);
        s->case_var = v->number;
    }
    while (pl_is(p, "when")) {
        PlBranch *b = ARENA_NEW(p->arena, PlBranch);
        TRY(case_when(p, s, b));
        TRY(pl_statements(p, &b->body));
        *at = b;
        at = &b->next;
    }
    if (pl_accept(p, "else")) {
        s->has_else = true;
        TRY(pl_statements(p, &s->otherwise));
    }
    TRY(pl_expect(p, "end"));
    TRY(pl_expect(p, "case"));
    *out = s;
    return pl_expect_punct(p, ';');
}

/* parse_exit - EXIT and CONTINUE [label] [WHEN condition]. */
static Status parse_exit(PlParser *p, bool is_continue, PlStmt **out)
{
    uint32_t start = p->tok.start;
    PlStmt *s = pl_stmt_new(p, PL_EXIT, start);
    bool found = false;
    s->is_continue = is_continue;
    pl_advance(p);
    if ((p->tok.kind == TOK_WORD || p->tok.kind == TOK_QUOTED) && !pl_is(p, "when")) {
        s->label = p->tok.value;
        for (const PlLevel *l = p->level; l != NULL; l = l->outer) {
            if (l->label != NULL && strcmp(l->label, s->label) == 0) {
                if (is_continue && !l->is_loop) {
                    return pl_error_at(p, p->tok.start, ERRCODE_SYNTAX_ERROR,
                                       "block label \"%s\" cannot be used in CONTINUE", s->label);
                }
                found = true;
                break;
            }
        }
        if (!found) {
            return pl_error_at(p, p->tok.start, ERRCODE_SYNTAX_ERROR,
                               "there is no label \"%s\" attached to any block or loop enclosing "
                               "this statement",
                               s->label);
        }
        pl_advance(p);
    }
    for (const PlLevel *l = p->level; l != NULL && !found; l = l->outer) {
        found = l->is_loop;
    }
    if (!found) {
        return pl_error_at(p, start, ERRCODE_SYNTAX_ERROR,
                           is_continue
                               ? "CONTINUE cannot be used outside a loop"
                               : "EXIT cannot be used outside a loop, unless it has a label");
    }
    if (pl_accept(p, "when")) {
        TRY(pl_read_expr(p, NULL, ";", &s->expr));
        s->expr->q.want_type = TYPE_BOOL;
    }
    *out = s;
    return pl_expect_punct(p, ';');
}

/* parse_perform - PERFORM what a SELECT has behind its first word. */
static Status parse_perform(PlParser *p, PlStmt **out)
{
    PlStmt *s = pl_stmt_new(p, PL_PERFORM, p->tok.start);
    pl_advance(p);
    TRY(pl_read_expr(p, NULL, ";", &s->expr));
    s->expr->q.is_expr = false;
    s->expr->q.shown = s->expr->q.text;
    s->expr->q.shown_prefix = 7;
    *out = s;
    return pl_expect_punct(p, ';');
}

static Status parse_assert(PlParser *p, PlStmt **out)
{
    PlStmt *s = pl_stmt_new(p, PL_ASSERT, p->tok.start);
    pl_advance(p);
    TRY(pl_read_expr(p, NULL, ",;", &s->expr));
    s->expr->q.want_type = TYPE_BOOL;
    if (pl_is_punct(p, ',')) {
        pl_advance(p);
        TRY(pl_read_expr(p, NULL, ";", &s->expr2));
    }
    *out = s;
    return pl_expect_punct(p, ';');
}

static Status parse_end_transaction(PlParser *p, PlStmt **out)
{
    PlStmt *s = pl_stmt_new(p, PL_COMMIT, p->tok.start);
    s->rollback = pl_is(p, "rollback");
    pl_advance(p);
    if (pl_accept(p, "and")) {
        bool no = pl_accept(p, "no");
        TRY(pl_expect(p, "chain"));
        s->chain = !no;
    }
    *out = s;
    return pl_expect_punct(p, ';');
}

/* is_assignment - does the statement begin with a variable that gets a value? */
static bool is_assignment(PlParser *p)
{
    Lexer lex = p->lex;
    PlToken tok = p->tok, t;
    const char *names[3];
    uint32_t n = 0, used;
    bool is = false;
    if (tok.kind == TOK_PARAM) {
        return true;
    }
    for (;;) {
        if (p->tok.kind != TOK_WORD && p->tok.kind != TOK_QUOTED) {
            break;
        }
        if (n < ARRAY_LEN(names)) {
            names[n++] = p->tok.value;
        }
        pl_advance(p);
        t = p->tok;
        if (pl_is_punct(p, '.')) {
            pl_advance(p);
            continue;
        }
        is = t.kind == TOK_ASSIGN || tok_is_op(&t, "=") || pl_is_punct(p, '[');
        break;
    }
    p->lex = lex;
    p->tok = tok;
    if (!is) {
        return false;
    }
    bool reserved = tok.kind == TOK_WORD &&
                    (pl_is(p, "if") || pl_is(p, "while") || pl_is(p, "case") || pl_is(p, "for"));
    return !reserved || pl_lookup(p->fn, p->level, p->level->count, names, n, &used) != NULL;
}

Status pl_statement(PlParser *p, PlStmt **out)
{
    const char *label;
    uint32_t start = p->tok.start;
    TRY(label_begin(p, &label));
    if (pl_is(p, "declare") || pl_is(p, "begin")) {
        return pl_block(p, label, out);
    }
    if (pl_is(p, "loop") || pl_is(p, "while") || pl_is(p, "for") || pl_is(p, "foreach")) {
        return pl_loop_statement(p, label, out);
    }
    if (label != NULL) {
        return pl_syntax(p);
    }
    if (is_assignment(p)) {
        return parse_assign(p, out);
    }
    if (p->tok.kind != TOK_WORD && !pl_is_punct(p, '(')) {
        return pl_syntax(p);
    }
    if (pl_is(p, "if")) {
        return pl_parse_if(p, out);
    }
    if (pl_is(p, "case")) {
        return pl_parse_case(p, out);
    }
    if (pl_is(p, "exit") || pl_is(p, "continue")) {
        return parse_exit(p, pl_is(p, "continue"), out);
    }
    if (pl_is(p, "return")) {
        return pl_parse_return(p, out);
    }
    if (pl_is(p, "raise")) {
        return pl_parse_raise(p, out);
    }
    if (pl_is(p, "perform")) {
        return parse_perform(p, out);
    }
    if (pl_is(p, "execute")) {
        return pl_parse_execute(p, out);
    }
    if (pl_is(p, "get")) {
        return pl_parse_get(p, out);
    }
    if (pl_is(p, "assert")) {
        return parse_assert(p, out);
    }
    if (pl_is(p, "open")) {
        return pl_parse_open(p, out);
    }
    if (pl_is(p, "fetch") || pl_is(p, "move")) {
        return pl_parse_fetch(p, pl_is(p, "move"), out);
    }
    if (pl_is(p, "close")) {
        return pl_parse_close(p, out);
    }
    if (pl_is(p, "commit") || pl_is(p, "rollback")) {
        return parse_end_transaction(p, out);
    }
    if (pl_is(p, "null")) {
        *out = pl_stmt_new(p, PL_NULL, start);
        pl_advance(p);
        return pl_expect_punct(p, ';');
    }
    return pl_parse_sql(p, start, out);
}

Status pl_statements(PlParser *p, PlStmt **out)
{
    PlStmt **at = out;
    *out = NULL;
    for (;;) {
        if (pl_is(p, "end") || pl_is(p, "else") || pl_is(p, "elsif") || pl_is(p, "elseif") ||
            pl_is(p, "when") || pl_is(p, "exception")) {
            return ST_OK;
        }
        if (p->tok.kind == TOK_END) {
            return pl_syntax(p);
        }
        TRY(pl_statement(p, at));
        at = &(*at)->next;
    }
}

/* handler_conditions - WHEN a OR b OR SQLSTATE 'x'. */
static Status handler_conditions(PlParser *p, PlHandler *h)
{
    h->states = ARENA_ARRAY(p->arena, uint32_t, 1);
    do {
        uint32_t state;
        pl_advance(p); /* WHEN, OR */
        if (pl_is(p, "sqlstate")) {
            pl_advance(p);
            if (p->tok.kind != TOK_STRING || strlen(p->tok.value) != 5) {
                return pl_syntax(p);
            }
            const char *c = p->tok.value;
            state = SQLSTATE(c[0], c[1], c[2], c[3], c[4]);
        } else if (p->tok.kind != TOK_WORD && p->tok.kind != TOK_QUOTED) {
            return pl_syntax(p);
        } else {
            state = pl_condition(p->tok.value);
            if (state == 0 && strcmp(p->tok.value, "others") != 0) {
                return err_set(p->cx, ERRCODE_UNDEFINED_OBJECT,
                               "unrecognized exception condition \"%s\"", p->tok.value);
            }
        }
        h->states = arena_grow(p->arena, h->states, h->count * sizeof(uint32_t),
                               (h->count + 1u) * sizeof(uint32_t));
        h->states[h->count++] = state;
        pl_advance(p);
    } while (pl_is(p, "or"));
    return pl_expect(p, "then");
}

/* block_handlers - EXCEPTION WHEN ... */
static Status block_handlers(PlParser *p, PlStmt *s)
{
    PlHandler **at = &s->handlers;
    pl_level_push(p, NULL);
    PlVar *state = pl_var_add(p->fn, p->arena, p->level, "sqlstate", TYPE_TEXT, -1);
    PlVar *text = pl_var_add(p->fn, p->arena, p->level, "sqlerrm", TYPE_TEXT, -1);
    s->sqlstate_var = state->number;
    s->sqlerrm_var = text->number;
    p->nested++;
    while (pl_is(p, "when")) {
        PlHandler *h = ARENA_NEW(p->arena, PlHandler);
        TRY(handler_conditions(p, h));
        TRY(pl_statements(p, &h->body));
        *at = h;
        at = &h->next;
    }
    state->constant = text->constant = true;
    p->nested--;
    pl_level_pop(p);
    return s->handlers != NULL ? ST_OK : pl_syntax(p);
}

Status pl_block(PlParser *p, const char *label, PlStmt **out)
{
    PlStmt *s = pl_stmt_new(p, PL_BLOCK, p->tok.start);
    PlLevel *l = pl_level_push(p, label);
    l->block = true;
    s->label = label;
    if (pl_accept(p, "declare")) {
        TRY(pl_declare_section(p, s));
    }
    s->line = pl_line(p, p->tok.start);
    TRY(pl_expect(p, "begin"));
    TRY(pl_statements(p, &s->body));
    if (pl_accept(p, "exception")) {
        TRY(block_handlers(p, s));
    }
    TRY(pl_expect(p, "end"));
    pl_level_pop(p);
    TRY(label_end(p, label));
    if (pl_is_punct(p, ';')) {
        pl_advance(p);
    } else if (p->level->outer != NULL) {
        return pl_syntax(p);
    }
    *out = s;
    return ST_OK;
}

/* ---- loops ---- */

/* loop_body - LOOP statements END LOOP [label]; */
static Status loop_body(PlParser *p, PlStmt *s)
{
    TRY(pl_expect(p, "loop"));
    TRY(pl_statements(p, &s->body));
    TRY(pl_expect(p, "end"));
    TRY(pl_expect(p, "loop"));
    TRY(label_end(p, s->label));
    return pl_expect_punct(p, ';');
}

/* for_targets - the loop variable or variables, before IN. */
static Status for_targets(PlParser *p, PlStmt *s, const char **new_name, uint32_t *start)
{
    uint32_t used;
    *new_name = NULL;
    *start = p->tok.start;
    const char *names[1] = {p->tok.value};
    bool word = p->tok.kind == TOK_WORD || p->tok.kind == TOK_QUOTED;
    PlToken next = pl_peek(p);
    bool alone = next.kind == TOK_WORD && strcmp(next.value, "in") == 0;
    if (word && alone) {
        *new_name = p->tok.value;
        if (pl_lookup(p->fn, p->level, p->level->count, names, 1, &used) == NULL) {
            pl_advance(p);
            return ST_OK;
        }
    }
    return pl_parse_targets(p, s);
}

/* for_integer - FOR i IN [REVERSE] a .. b [BY c]: i is the loop's own. */
static Status for_integer(PlParser *p, PlStmt *s, const char *name, PlExpr *from)
{
    static const char *const LOOP[] = {"loop", NULL};
    static const char *const BY[] = {"by", "loop", NULL};
    s->kind = PL_FOR_INT;
    s->expr = from;
    pl_advance(p); /* .. */
    TRY(pl_read_expr(p, BY, "", &s->expr2));
    if (pl_accept(p, "by")) {
        TRY(pl_read_expr(p, LOOP, "", &s->expr3));
        s->expr3->q.want_type = TYPE_INT4;
    }
    s->expr->q.want_type = s->expr2->q.want_type = TYPE_INT4;
    PlVar *v = pl_var_add(p->fn, p->arena, p->level, name, TYPE_INT4, -1);
    s->var = v->number;
    return loop_body(p, s);
}

/* for_over - the loop variables of a query; a name that is not declared is an error. */
static Status for_over(PlParser *p, PlStmt *s, const char *name, uint32_t start)
{
    if (s->target_count == 0) {
        return pl_error_at(p, start, ERRCODE_SYNTAX_ERROR,
                           "loop variable of loop over rows must be a record variable or list of "
                           "scalar variables");
    }
    (void)name;
    return loop_body(p, s);
}

/* for_cursor - FOR r IN cursor(args): r is the loop's own. */
static Status for_cursor(PlParser *p, PlStmt *s, const char *name, const PlVar *cursor)
{
    uint32_t start = p->tok.start;
    s->kind = PL_FOR_CURSOR;
    s->var = cursor->number;
    if (cursor->cursor_query == NULL) {
        return pl_error_at(p, start, ERRCODE_SYNTAX_ERROR,
                           "cursor FOR loop must use a bound cursor variable");
    }
    pl_advance(p);
    TRY(pl_cursor_args(p, cursor, s));
    PlVar *v = pl_var_add(p->fn, p->arena, p->level, name, TYPE_RECORD, -1);
    s->targets = ARENA_ARRAY(p->arena, PlTarget, 1);
    s->targets[0] = (PlTarget){v->number, NULL};
    s->target_count = 1;
    return loop_body(p, s);
}

/* for_query - the text up to LOOP: a query, or the first bound of integers. */
static Status for_query(PlParser *p, PlStmt *s, const char *name, uint32_t start)
{
    static const char *const ENDS[] = {"..", "loop", NULL};
    uint32_t from = p->tok.start;
    bool query = pl_is(p, "select") || pl_is(p, "with") || pl_is(p, "values") ||
                 pl_is(p, "insert") || pl_is(p, "update") || pl_is(p, "delete") ||
                 pl_is(p, "table") || pl_is_punct(p, '(');
    PlExpr *e;
    const FnValidate *check = p->check;
    p->check = NULL; /* it is parsed as what it turns out to be */
    Status st = pl_read_expr(p, ENDS, "", &e);
    p->check = check;
    TRY(st);
    if (p->tok.kind == TOK_DOTS) {
        TRY(pl_expr_check(p, e));
        if (name == NULL) {
            return pl_error_at(p, start, ERRCODE_SYNTAX_ERROR,
                               "integer FOR loop must have only one target variable");
        }
        return for_integer(p, s, name, e);
    }
    if (!query) {
        return pl_error_at(p, from, ERRCODE_SYNTAX_ERROR, "syntax error at or near \"%.*s\"", 20,
                           p->src.ptr + from);
    }
    s->kind = PL_FOR_QUERY;
    s->expr = pl_expr_new(p, e->q.text + e->q.prefix, 0, from, false);
    TRY(pl_expr_check(p, s->expr));
    return for_over(p, s, name, start);
}

/* for_statement - FOR: over integers, rows, a cursor, or EXECUTE. */
static Status for_statement(PlParser *p, PlStmt *s)
{
    static const char *const LOOP[] = {"loop", NULL};
    const char *name;
    uint32_t start, used;
    pl_advance(p);
    TRY(for_targets(p, s, &name, &start));
    TRY(pl_expect(p, "in"));
    s->kind = PL_FOR_QUERY;
    if (pl_is(p, "execute")) {
        s->kind = PL_FOR_EXECUTE;
        static const char *const USING[] = {"loop", "using", NULL};
        pl_advance(p);
        TRY(pl_read_expr(p, USING, "", &s->expr));
        TRY(pl_parse_using(p, LOOP, s));
        return for_over(p, s, name, start);
    }
    if (p->tok.kind == TOK_WORD || p->tok.kind == TOK_QUOTED) {
        const char *names[1] = {p->tok.value};
        const PlVar *v = pl_lookup(p->fn, p->level, p->level->count, names, 1, &used);
        PlToken next = pl_peek(p);
        bool ends = (next.kind == TOK_WORD && strcmp(next.value, "loop") == 0) ||
                    (next.kind == TOK_PUNCT && p->src.ptr[next.start] == '(');
        if (v != NULL && v->type == PL_TYPE_REFCURSOR && ends && name != NULL) {
            return for_cursor(p, s, name, v);
        }
    }
    if (pl_is(p, "reverse")) {
        pl_advance(p);
        s->reverse = true;
    }
    return for_query(p, s, name, start);
}

static Status foreach_statement(PlParser *p, PlStmt *s)
{
    static const char *const LOOP[] = {"loop", NULL};
    s->kind = PL_FOREACH;
    pl_advance(p);
    TRY(pl_parse_targets(p, s));
    if (pl_accept(p, "slice")) {
        if (p->tok.kind != TOK_INT) {
            return pl_syntax(p);
        }
        s->slice = strtoll(p->tok.value, NULL, 10);
        pl_advance(p);
    }
    TRY(pl_expect(p, "in"));
    TRY(pl_expect(p, "array"));
    TRY(pl_read_expr(p, LOOP, "", &s->expr));
    return loop_body(p, s);
}

Status pl_loop_statement(PlParser *p, const char *label, PlStmt **out)
{
    static const char *const LOOP[] = {"loop", NULL};
    PlStmt *s = pl_stmt_new(p, PL_LOOP, p->tok.start);
    PlLevel *l = pl_level_push(p, label);
    Status st;
    l->is_loop = true;
    s->label = label;
    if (pl_is(p, "loop")) {
        st = loop_body(p, s);
    } else if (pl_is(p, "while")) {
        s->kind = PL_WHILE;
        pl_advance(p);
        st = pl_read_expr(p, LOOP, "", &s->expr);
        if (st == ST_OK) {
            s->expr->q.want_type = TYPE_BOOL;
            st = loop_body(p, s);
        }
    } else if (pl_is(p, "foreach")) {
        st = foreach_statement(p, s);
    } else {
        st = for_statement(p, s);
    }
    pl_level_pop(p);
    *out = s;
    return st;
}

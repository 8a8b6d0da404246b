/*
 * parse_stmt.c - statements around SQL: INTO, USING, RETURN, RAISE, EXECUTE, cursors, diagnostics.
 */
#include "plpgsql/pl_internal.h"

Status pl_parse_targets(PlParser *p, PlStmt *s)
{
    uint32_t size = 0;
    s->target_count = 0;
    for (;;) {
        if (s->target_count == size) {
            uint32_t more = size == 0 ? 4 : size * 2;
            s->targets =
                arena_grow(p->arena, s->targets, size * sizeof(PlTarget), more * sizeof(PlTarget));
            size = more;
        }
        uint32_t start = p->tok.start;
        PlTarget *t = &s->targets[s->target_count];
        TRY(pl_parse_variable(p, t));
        bool record = t->field == NULL && p->fn->vars[t->var]->record;
        if (record && (s->target_count > 0 || pl_is_punct(p, ','))) {
            return pl_error_at(p, start, ERRCODE_SYNTAX_ERROR,
                               s->target_count > 0
                                   ? "\"%s\" is not a scalar variable"
                                   : "record variable cannot be part of multiple-item INTO list",
                               p->fn->vars[t->var]->name);
        }
        s->target_count++;
        if (!pl_is_punct(p, ',')) {
            return ST_OK;
        }
        pl_advance(p);
    }
}

static void add_arg(PlParser *p, PlStmt *s, PlExpr *e, const char *name)
{
    s->args = arena_grow(p->arena, s->args, s->arg_count * sizeof(PlExpr *),
                         (s->arg_count + 1u) * sizeof(PlExpr *));
    s->arg_names = arena_grow(p->arena, s->arg_names, s->arg_count * sizeof(char *),
                              (s->arg_count + 1u) * sizeof(char *));
    s->args[s->arg_count] = e;
    s->arg_names[s->arg_count++] = name;
}

Status pl_parse_using(PlParser *p, const char *const *words, PlStmt *s)
{
    if (!pl_is(p, "using")) {
        return ST_OK;
    }
    do {
        PlExpr *e;
        pl_advance(p);
        TRY(pl_read_expr(p, words, ",;", &e));
        add_arg(p, s, e, NULL);
    } while (pl_is_punct(p, ','));
    return ST_OK;
}

Status pl_parse_execute(PlParser *p, PlStmt **out)
{
    static const char *const ENDS[] = {"into", "using", NULL};
    static const char *const INTO[] = {"into", NULL};
    PlStmt *s = pl_stmt_new(p, PL_EXECUTE, p->tok.start);
    pl_advance(p);
    TRY(pl_read_expr(p, ENDS, ";", &s->expr));
    while (!pl_is_punct(p, ';')) {
        if (pl_is(p, "into") && !s->into) {
            pl_advance(p);
            s->into = true;
            s->strict = pl_accept(p, "strict");
            TRY(pl_parse_targets(p, s));
        } else if (pl_is(p, "using") && s->arg_count == 0) {
            TRY(pl_parse_using(p, INTO, s));
        } else {
            return pl_syntax(p);
        }
    }
    *out = s;
    return pl_expect_punct(p, ';');
}

/* sql_unknown - a word that begins no statement, followed by what belongs to an assignment. */
static Status sql_unknown(PlParser *p)
{
    PlToken next = pl_peek(p);
    bool assign = next.kind == TOK_ASSIGN ||
                  (next.kind == TOK_OP && strcmp(next.value, "=") == 0) ||
                  (next.kind == TOK_PUNCT && p->src.ptr[next.start] == '[');
    return assign ? pl_error_at(p, p->tok.start, ERRCODE_SYNTAX_ERROR,
                                "\"%s\" is not a known variable", p->tok.value)
                  : ST_OK;
}

Status pl_parse_sql(PlParser *p, uint32_t start, PlStmt **out)
{
    bool call = pl_is(p, "call") || pl_is(p, "do");
    PlStmt *s = pl_stmt_new(p, call ? PL_CALL : PL_SQL, start);
    uint32_t into_start = 0, into_end = 0, end = start;
    const char *before = "";
    TRY(sql_unknown(p));
    bool import = pl_is(p, "import");
    uint32_t depth = 0;
    while (depth > 0 || !pl_is_punct(p, ';')) {
        if (p->tok.kind == TOK_END) {
            return pl_syntax(p);
        }
        bool into = pl_is(p, "into") && !import && strcmp(before, "insert") != 0 &&
                    strcmp(before, "merge") != 0 && !call;
        if (into && depth == 0) {
            if (s->into) {
                return pl_error_at(p, p->tok.start, ERRCODE_SYNTAX_ERROR,
                                   "INTO specified more than once");
            }
            s->into = true;
            into_start = p->tok.start;
            pl_advance(p);
            s->strict = pl_accept(p, "strict");
            TRY(pl_parse_targets(p, s));
            into_end = p->tok.start;
            before = "";
            continue;
        }
        depth += pl_is_punct(p, '(') ? 1 : 0;
        depth -= pl_is_punct(p, ')') && depth > 0 ? 1 : 0;
        before = p->tok.kind == TOK_WORD ? p->tok.value : "";
        end = p->tok.end;
        pl_advance(p);
    }
    char *text = arena_strndup(p->arena, p->src.ptr + start, end - start);
    if (s->into) {
        uint32_t n = MIN(into_end, end > into_end ? into_end : MAX(end, into_start));
        if (into_start < end) {
            memset(text + (into_start - start), ' ', MIN(n, end) - into_start);
        }
        size_t len = strlen(text);
        while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\n')) {
            text[--len] = '\0';
        }
    }
    s->expr = pl_expr_new(p, text, 0, start, false);
    TRY(pl_expr_check(p, s->expr));
    *out = s;
    return pl_expect_punct(p, ';');
}

/* return_value - the value of RETURN, where there may be one. */
static Status return_value(PlParser *p, PlStmt *s)
{
    const FuncBody *b = p->fn->body;
    uint32_t start = p->tok.start;
    bool none = pl_is_punct(p, ';');
    if (b->returns_set && !none) {
        st_ignore(pl_error_at(p, start, ERRCODE_DATATYPE_MISMATCH,
                              "RETURN cannot have a parameter in function returning set"));
        return err_hint(p->cx, "Use RETURN NEXT or RETURN QUERY.");
    }
    if (b->procedure && !none) {
        return pl_error_at(p, start, ERRCODE_SYNTAX_ERROR,
                           "RETURN cannot have a parameter in a procedure");
    }
    if (p->fn->out_count > 0 && !none) {
        return pl_error_at(p, start, ERRCODE_DATATYPE_MISMATCH,
                           "RETURN cannot have a parameter in function with OUT parameters");
    }
    if (b->result == TYPE_VOID && !none) {
        return pl_error_at(p, start, ERRCODE_DATATYPE_MISMATCH,
                           "RETURN cannot have a parameter in function returning void");
    }
    if (none) {
        if (!b->procedure && !b->returns_set && p->fn->out_count == 0 && b->result != TYPE_VOID) {
            return pl_error_at(p, start, ERRCODE_SYNTAX_ERROR,
                               "missing expression at or near "
                               "\";\"");
        }
        return ST_OK;
    }
    TRY(pl_read_expr(p, NULL, ";", &s->expr));
    if (!b->is_trigger && !pl_is_record_type(p->m, b->result)) {
        s->expr->q.want_type = b->result;
    }
    return ST_OK;
}

Status pl_parse_return(PlParser *p, PlStmt **out)
{
    static const char *const NO_WORDS[] = {NULL};
    static const char *const USING[] = {"using", NULL};
    const FuncBody *b = p->fn->body;
    uint32_t start = p->tok.start;
    PlStmt *s = pl_stmt_new(p, PL_RETURN, start);
    *out = s;
    pl_advance(p);
    if (pl_is(p, "next")) {
        pl_advance(p);
        s->kind = PL_RETURN_NEXT;
        if (!b->returns_set) {
            return pl_error_at(p, start, ERRCODE_DATATYPE_MISMATCH,
                               "cannot use RETURN NEXT in a non-SETOF function");
        }
        if (p->fn->out_count > 0) {
            if (!pl_is_punct(p, ';')) {
                return pl_error_at(p, p->tok.start, ERRCODE_DATATYPE_MISMATCH,
                                   "RETURN NEXT cannot have a parameter in function with OUT "
                                   "parameters");
            }
        } else {
            TRY(pl_read_expr(p, NULL, ";", &s->expr));
            if (!pl_is_record_type(p->m, b->result)) {
                s->expr->q.want_type = b->result;
            }
        }
    } else if (pl_is(p, "query")) {
        pl_advance(p);
        s->kind = PL_RETURN_QUERY;
        if (!b->returns_set) {
            return pl_error_at(p, start, ERRCODE_DATATYPE_MISMATCH,
                               "cannot use RETURN QUERY in a non-SETOF function");
        }
        if (pl_accept(p, "execute")) {
            s->dynamic = true;
            TRY(pl_read_expr(p, USING, ";", &s->expr));
            TRY(pl_parse_using(p, NO_WORDS, s));
        } else {
            uint32_t from = p->tok.start;
            const FnValidate *check = p->check;
            PlExpr *e;
            p->check = NULL;
            Status st = pl_read_expr(p, NULL, ";", &e);
            p->check = check;
            TRY(st);
            s->expr = pl_expr_new(p, e->q.text + e->q.prefix, 0, from, false);
            TRY(pl_expr_check(p, s->expr));
        }
    } else {
        TRY(return_value(p, s));
    }
    return pl_expect_punct(p, ';');
}

/* ---- RAISE ---- */

/* raise_level - DEBUG, LOG...; EXCEPTION when none is said. */
static void raise_level(PlParser *p, PlStmt *s)
{
    static const struct {
        const char *word;
        ErrSeverity level;
    } LEVELS[] = {{"debug", ERR_DEBUG},   {"log", ERR_LOG},         {"info", ERR_INFO},
                  {"notice", ERR_NOTICE}, {"warning", ERR_WARNING}, {"exception", ERR_ERROR}};
    s->level = ERR_ERROR;
    for (size_t i = 0; i < ARRAY_LEN(LEVELS); i++) {
        if (pl_accept(p, LEVELS[i].word)) {
            s->level = LEVELS[i].level;
            return;
        }
    }
}

/* raise_options - USING option = expression, ... */
static Status raise_options(PlParser *p, PlStmt *s)
{
    static const char *const NAMES[] = {"message",    "detail",   "hint",  "errcode", "column",
                                        "constraint", "datatype", "table", "schema"};
    do {
        pl_advance(p); /* USING, comma */
        PlOption o = {0};
        for (size_t i = 0; i < ARRAY_LEN(NAMES); i++) {
            o.name = pl_is(p, NAMES[i]) ? NAMES[i] : o.name;
        }
        if (o.name == NULL) {
            return pl_error_at(p, p->tok.start, ERRCODE_SYNTAX_ERROR,
                               "unrecognized RAISE statement option at or near \"%.*s\"",
                               (int)(p->tok.end - p->tok.start), p->src.ptr + p->tok.start);
        }
        pl_advance(p);
        if (p->tok.kind != TOK_ASSIGN &&
            !(p->tok.kind == TOK_OP && strcmp(p->tok.value, "=") == 0)) {
            return pl_syntax(p);
        }
        pl_advance(p);
        TRY(pl_read_expr(p, NULL, ",;", &o.value));
        s->options = arena_grow(p->arena, s->options, s->option_count * sizeof(PlOption),
                                (s->option_count + 1u) * sizeof(PlOption));
        s->options[s->option_count++] = o;
    } while (pl_is_punct(p, ','));
    return ST_OK;
}

/* raise_format - the text with its parameters. */
static Status raise_format(PlParser *p, PlStmt *s)
{
    static const char *const USING[] = {"using", NULL};
    uint32_t wanted = 0;
    s->text = p->tok.value;
    pl_advance(p);
    while (pl_is_punct(p, ',')) {
        PlExpr *e;
        pl_advance(p);
        TRY(pl_read_expr(p, USING, ",;", &e));
        add_arg(p, s, e, NULL);
    }
    for (const char *c = s->text; *c != '\0'; c++) {
        if (*c == '%' && c[1] == '%') {
            c++;
        } else if (*c == '%') {
            wanted++;
        }
    }
    if (wanted != s->arg_count) {
        p->fn->error_line = s->line;
        return err_set(p->cx, ERRCODE_SYNTAX_ERROR, "too %s parameters specified for RAISE",
                       s->arg_count < wanted ? "few" : "many");
    }
    return ST_OK;
}

/* raise_condition - a condition's name, or SQLSTATE 'x'. */
static Status raise_condition(PlParser *p, PlStmt *s)
{
    if (pl_is(p, "sqlstate")) {
        pl_advance(p);
        if (p->tok.kind != TOK_STRING || strlen(p->tok.value) != 5) {
            return pl_error_at(p, p->tok.start, ERRCODE_SYNTAX_ERROR,
                               "invalid SQLSTATE code at or near \"%.*s\"",
                               (int)(p->tok.end - p->tok.start), p->src.ptr + p->tok.start);
        }
        const char *c = p->tok.value;
        s->sqlstate = SQLSTATE(c[0], c[1], c[2], c[3], c[4]);
    } else if (p->tok.kind == TOK_WORD || p->tok.kind == TOK_QUOTED) {
        s->sqlstate = pl_condition(p->tok.value);
        if (s->sqlstate == 0) {
            p->fn->error_line = s->line;
            return err_set(p->cx, ERRCODE_UNDEFINED_OBJECT,
                           "unrecognized exception condition \"%s\"", p->tok.value);
        }
    } else {
        return pl_syntax(p);
    }
    s->condition = p->tok.value;
    pl_advance(p);
    return ST_OK;
}

Status pl_parse_raise(PlParser *p, PlStmt **out)
{
    PlStmt *s = pl_stmt_new(p, PL_RAISE, p->tok.start);
    *out = s;
    pl_advance(p);
    raise_level(p, s);
    if (p->tok.kind == TOK_STRING) {
        TRY(raise_format(p, s));
    } else if (!pl_is_punct(p, ';') && !pl_is(p, "using")) {
        TRY(raise_condition(p, s));
    }
    if (pl_is(p, "using")) {
        TRY(raise_options(p, s));
    }
    return pl_expect_punct(p, ';');
}

/* ---- cursors ---- */

/* cursor_variable - a variable of type refcursor. */
static Status cursor_variable(PlParser *p, PlStmt *s)
{
    PlTarget t;
    uint32_t start = p->tok.start;
    TRY(pl_parse_variable(p, &t));
    const PlVar *v = p->fn->vars[t.var];
    if (t.field != NULL || v->type != PL_TYPE_REFCURSOR) {
        return pl_error_at(p, start, ERRCODE_DATATYPE_MISMATCH,
                           "variable \"%s\" must be of type cursor or refcursor", v->name);
    }
    s->var = t.var;
    return ST_OK;
}

Status pl_cursor_args(PlParser *p, const PlVar *v, PlStmt *s)
{
    uint32_t start = p->tok.start;
    if (!pl_is_punct(p, '(')) {
        return v->cursor_arg_count == 0 ? ST_OK
                                        : pl_error_at(p, start, ERRCODE_SYNTAX_ERROR,
                                                      "cursor \"%s\" has arguments", v->name);
    }
    if (v->cursor_arg_count == 0) {
        return pl_error_at(p, start, ERRCODE_SYNTAX_ERROR, "cursor \"%s\" has no arguments",
                           v->name);
    }
    do {
        const char *name = NULL;
        PlExpr *e;
        pl_advance(p);
        PlToken next = pl_peek(p);
        if (p->tok.kind == TOK_WORD &&
            (next.kind == TOK_ASSIGN || (next.kind == TOK_OP && strcmp(next.value, "=>") == 0))) {
            name = p->tok.value;
            pl_advance(p);
            pl_advance(p);
        }
        TRY(pl_read_expr(p, NULL, ",)", &e));
        uint32_t at = s->arg_count;
        for (uint32_t i = 0; name != NULL && i < v->cursor_arg_count; i++) {
            at = strcmp(p->fn->vars[v->cursor_args[i]]->name, name) == 0 ? i : at;
        }
        if (at < v->cursor_arg_count && p->fn->vars[v->cursor_args[at]]->record == false) {
            e->q.want_type = p->fn->vars[v->cursor_args[at]]->type;
        }
        add_arg(p, s, e, name);
    } while (pl_is_punct(p, ','));
    if (s->arg_count != v->cursor_arg_count) {
        return pl_error_at(p, start, ERRCODE_SYNTAX_ERROR, "%s arguments for cursor \"%s\"",
                           s->arg_count < v->cursor_arg_count ? "not enough" : "too many", v->name);
    }
    return pl_expect_punct(p, ')');
}

Status pl_parse_open(PlParser *p, PlStmt **out)
{
    static const char *const USING[] = {"using", NULL};
    static const char *const NO_WORDS[] = {NULL};
    PlStmt *s = pl_stmt_new(p, PL_OPEN, p->tok.start);
    *out = s;
    pl_advance(p);
    TRY(cursor_variable(p, s));
    const PlVar *v = p->fn->vars[s->var];
    if (v->cursor_query != NULL) {
        TRY(pl_cursor_args(p, v, s));
        return pl_expect_punct(p, ';');
    }
    if (pl_accept(p, "no")) {
        TRY(pl_expect(p, "scroll"));
    } else {
        (void)pl_accept(p, "scroll");
    }
    TRY(pl_expect(p, "for"));
    if (pl_accept(p, "execute")) {
        s->dynamic = true;
        TRY(pl_read_expr(p, USING, ";", &s->expr));
        TRY(pl_parse_using(p, NO_WORDS, s));
    } else {
        uint32_t from = p->tok.start, end = from;
        while (!pl_is_punct(p, ';')) {
            if (p->tok.kind == TOK_END) {
                return pl_syntax(p);
            }
            end = p->tok.end;
            pl_advance(p);
        }
        s->expr =
            pl_expr_new(p, arena_strndup(p->arena, p->src.ptr + from, end - from), 0, from, false);
        TRY(pl_expr_check(p, s->expr));
    }
    return pl_expect_punct(p, ';');
}

/* fetch_direction - NEXT, PRIOR, FIRST, LAST, ABSOLUTE n, RELATIVE n, FORWARD [n], BACKWARD. */
static Status fetch_direction(PlParser *p, PlStmt *s)
{
    static const char *const PLAIN[] = {"next", "prior", "first", "last"};
    static const char *const FROM[] = {"from", "in", NULL};
    s->text = "next";
    PlToken after = pl_peek(p);
    bool direction =
        after.kind != TOK_PUNCT && !(after.kind == TOK_WORD && strcmp(after.value, "into") == 0);
    if (p->tok.kind != TOK_WORD || !direction) {
        return ST_OK;
    }
    for (size_t i = 0; i < ARRAY_LEN(PLAIN); i++) {
        if (pl_accept(p, PLAIN[i])) {
            s->text = PLAIN[i];
        }
    }
    if (pl_is(p, "absolute") || pl_is(p, "relative")) {
        s->text = p->tok.value;
        pl_advance(p);
        TRY(pl_read_expr(p, FROM, "", &s->expr));
        s->expr->q.want_type = TYPE_INT8;
    } else if (pl_is(p, "forward") || pl_is(p, "backward")) {
        s->text = p->tok.value;
        pl_advance(p);
        if (pl_accept(p, "all")) {
            s->slice = INT64_MAX;
        } else if (!pl_is(p, "from") && !pl_is(p, "in")) {
            TRY(pl_read_expr(p, FROM, "", &s->expr));
            s->expr->q.want_type = TYPE_INT8;
        }
    }
    if (!pl_accept(p, "from")) {
        (void)pl_accept(p, "in");
    }
    return ST_OK;
}

Status pl_parse_fetch(PlParser *p, bool move, PlStmt **out)
{
    PlStmt *s = pl_stmt_new(p, PL_FETCH, p->tok.start);
    *out = s;
    s->move = move;
    pl_advance(p);
    TRY(fetch_direction(p, s));
    TRY(cursor_variable(p, s));
    if (!move) {
        TRY(pl_expect(p, "into"));
        TRY(pl_parse_targets(p, s));
    }
    return pl_expect_punct(p, ';');
}

Status pl_parse_close(PlParser *p, PlStmt **out)
{
    PlStmt *s = pl_stmt_new(p, PL_CLOSE, p->tok.start);
    *out = s;
    pl_advance(p);
    TRY(cursor_variable(p, s));
    return pl_expect_punct(p, ';');
}

Status pl_parse_get(PlParser *p, PlStmt **out)
{
    static const char *const CURRENT[] = {"row_count", "pg_context", "result_oid"};
    static const char *const STACKED[] = {
        "returned_sqlstate", "column_name",         "constraint_name", "pg_datatype_name",
        "message_text",      "table_name",          "schema_name",     "pg_exception_detail",
        "pg_exception_hint", "pg_exception_context"};
    uint32_t start = p->tok.start;
    PlStmt *s = pl_stmt_new(p, PL_GET_DIAG, start);
    *out = s;
    pl_advance(p);
    s->stacked = pl_accept(p, "stacked");
    if (!s->stacked) {
        (void)pl_accept(p, "current");
    }
    TRY(pl_expect(p, "diagnostics"));
    for (;;) {
        PlOption o = {0};
        bool known = false;
        TRY(pl_parse_variable(p, &o.target));
        if (p->tok.kind != TOK_ASSIGN &&
            !(p->tok.kind == TOK_OP && strcmp(p->tok.value, "=") == 0)) {
            return pl_syntax(p);
        }
        pl_advance(p);
        for (size_t i = 0; i < ARRAY_LEN(STACKED); i++) {
            known = known || pl_is(p, STACKED[i]);
            o.name = pl_is(p, STACKED[i]) && s->stacked ? STACKED[i] : o.name;
        }
        for (size_t i = 0; i < ARRAY_LEN(CURRENT); i++) {
            known = known || pl_is(p, CURRENT[i]);
            o.name = pl_is(p, CURRENT[i]) && !s->stacked ? CURRENT[i] : o.name;
        }
        if (o.name == NULL && known) {
            char upper[64] = {0};
            for (size_t i = 0; i < sizeof(upper) - 1 && p->tok.value[i] != '\0'; i++) {
                char c = p->tok.value[i];
                upper[i] = c >= 'a' && c <= 'z' ? (char)(c - 32) : c;
            }
            return pl_error_at(p, start, ERRCODE_SYNTAX_ERROR,
                               "diagnostics item %s is not allowed in GET %s DIAGNOSTICS", upper,
                               s->stacked ? "STACKED" : "CURRENT");
        }
        if (o.name == NULL) {
            return pl_error_at(p, p->tok.start, ERRCODE_SYNTAX_ERROR,
                               "unrecognized GET DIAGNOSTICS item at or near \"%.*s\"",
                               (int)(p->tok.end - p->tok.start), p->src.ptr + p->tok.start);
        }
        pl_advance(p);
        s->options = arena_grow(p->arena, s->options, s->option_count * sizeof(PlOption),
                                (s->option_count + 1u) * sizeof(PlOption));
        s->options[s->option_count++] = o;
        if (!pl_is_punct(p, ',')) {
            return pl_expect_punct(p, ';');
        }
        pl_advance(p);
    }
}

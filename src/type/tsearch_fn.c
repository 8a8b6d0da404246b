/*
 * tsearch_fn.c - text search functions that need a configuration or a dictionary: to_tsvector,
 * to_tsquery and its relatives, ts_headline, ts_lexize, @@ of texts.
 *
 * The configuration is asked of TypeEnv.search and kept in FnCall.state; a row's work is done in an
 * arena of its own, which the next row clears.
 */
#include "tsearch/document.h"
#include "type/array.h"
#include "type/kernel.h"
#include "type/tsearch_type.h"

/* TsCall - what a call keeps between rows. */
typedef struct TsCall {
    Oid oid; /* of the configuration or dictionary */
    TsConfig *config;
    TsDict *dict;
    Arena *row;
} TsCall;

static Status ts_no_search(FnCall *call)
{
    return err_unsupported(call->cx, "text search is not supported here");
}

static TsCall *ts_call(FnCall *call)
{
    if (call->state == NULL) {
        TsCall *c = ARENA_NEW(call->state_arena, TsCall);
        c->row = arena_create(call->state_arena, "text search", 0);
        call->state = c;
    }
    TsCall *c = call->state;
    arena_clear(c->row);
    return c;
}

/* ts_with_config - the call's state with this configuration ready. */
static Status ts_with_config(FnCall *call, Oid config, TsCall **out)
{
    TsCall *c = ts_call(call);
    *out = c;
    if (c->config != NULL && c->oid == config) {
        return ST_OK;
    }
    const TypeSearch *search = call->env != NULL ? call->env->search : NULL;
    if (search == NULL) {
        return ts_no_search(call);
    }
    TRY(search->config(call->cx, call->env->session, call->state_arena, config, &c->config));
    c->oid = config;
    return ST_OK;
}

Status ts_current_config(FnCall *call, Oid *out)
{
    const TypeSearch *search = call->env != NULL ? call->env->search : NULL;
    return search == NULL ? ts_no_search(call) : search->current(call->cx, call->env->session, out);
}

/* ---- documents ---- */

static Status ts_document(FnCall *call, Oid config, Slice text, Datum *r)
{
    TsCall *c;
    TRY(ts_with_config(call, config, &c));
    TsText words = {.arena = c->row};
    TRY(ts_text_add(call->cx, c->config, &words, text));
    TRY(ts_text_vector(call->cx, &words, &r->str));
    r->str = str_copy(call->arena, str_ptr(&r->str), r->str.len);
    return ST_OK;
}
ROW_KERNEL(to_tsvector_byid)
{
    return ts_document(call, a[0].u32, str_slice(&a[1].str), r);
}
ROW_KERNEL(to_tsvector)
{
    Oid config;
    TRY(ts_current_config(call, &config));
    return ts_document(call, config, str_slice(&a[0].str), r);
}

/* ---- queries ---- */

static Status ts_search(FnCall *call, Oid config, Slice text, TsqSyntax syntax, TsqOper between,
                        Datum *r)
{
    TsCall *c;
    TRY(ts_with_config(call, config, &c));
    TRY(ts_text_query(call->cx, c->row, c->config, text, syntax, between, &r->str));
    r->str = str_copy(call->arena, str_ptr(&r->str), r->str.len);
    return ST_OK;
}
/* TS_QUERY_KERNELS - a function of a configuration and a text, and that of the text alone. */
#define TS_QUERY_KERNELS(name, syntax, between)                                                    \
    ROW_KERNEL(name##_byid)                                                                        \
    {                                                                                              \
        return ts_search(call, a[0].u32, str_slice(&a[1].str), syntax, between, r);                \
    }                                                                                              \
    ROW_KERNEL(name)                                                                               \
    {                                                                                              \
        Oid config;                                                                                \
        TRY(ts_current_config(call, &config));                                                     \
        return ts_search(call, config, str_slice(&a[0].str), syntax, between, r);                  \
    }
TS_QUERY_KERNELS(to_tsquery, TSQ_SYNTAX_FULL, TSQ_PHRASE)
TS_QUERY_KERNELS(plainto_tsquery, TSQ_SYNTAX_PLAIN, TSQ_AND)
TS_QUERY_KERNELS(phraseto_tsquery, TSQ_SYNTAX_PLAIN, TSQ_PHRASE)
TS_QUERY_KERNELS(websearch_to_tsquery, TSQ_SYNTAX_WEB, TSQ_PHRASE)

/* ---- texts that match ---- */

ROW_KERNEL(ts_match_tq)
{
    Oid config;
    Datum v;
    TRY(ts_current_config(call, &config));
    TRY(ts_document(call, config, str_slice(&a[0].str), &v));
    r->b = tsq_match(call->arena, str_slice(&v.str), str_slice(&a[1].str));
    return ST_OK;
}
ROW_KERNEL(ts_match_tt)
{
    Oid config;
    Datum v, q;
    TRY(ts_current_config(call, &config));
    TRY(ts_document(call, config, str_slice(&a[0].str), &v));
    TRY(ts_search(call, config, str_slice(&a[1].str), TSQ_SYNTAX_PLAIN, TSQ_AND, &q));
    r->b = tsq_match(call->arena, str_slice(&v.str), str_slice(&q.str));
    return ST_OK;
}

/* ---- headlines ---- */

/* ts_headline_call - a: document, query and, with has_options, options. */
static Status ts_headline_call(FnCall *call, Oid config, const Datum *a, bool has_options, Datum *r)
{
    TsCall *c;
    TsHeadline options;
    Buf out;
    Slice text = has_options ? str_slice(&a[2].str) : (Slice){"", 0};
    TRY(ts_with_config(call, config, &c));
    TRY(ts_headline_options(call->cx, c->row, text, &options));
    buf_init(&out, SIZE_MAX);
    Status st = ts_headline(call->cx, c->config, &options, str_slice(&a[0].str),
                            str_slice(&a[1].str), &out);
    if (st == ST_OK) {
        r->str = str_of_buf(call->arena, &out);
    }
    buf_release(&out);
    return st;
}
ROW_KERNEL(ts_headline_byid_opt)
{
    return ts_headline_call(call, a[0].u32, a + 1, true, r);
}
ROW_KERNEL(ts_headline_byid)
{
    return ts_headline_call(call, a[0].u32, a + 1, false, r);
}
ROW_KERNEL(ts_headline_opt)
{
    Oid config;
    TRY(ts_current_config(call, &config));
    return ts_headline_call(call, config, a, true, r);
}
ROW_KERNEL(ts_headline)
{
    Oid config;
    TRY(ts_current_config(call, &config));
    return ts_headline_call(call, config, a, false, r);
}

/* ---- dictionaries ---- */

static Str ts_lexemes_array(FnCall *call, const TsLexemes *lexemes)
{
    ArrayList list = array_list(call->arena);
    for (uint32_t i = 0; i < lexemes->count; i++) {
        Slice text = lexemes->items[i].text;
        Datum d = {.str = str_ref(text.ptr, text.len)};
        array_list_add(&list, PHYS_STR, &d, false, true);
    }
    return array_build_list(&list, TYPE_TEXT);
}

ROW_KERNEL(ts_lexize)
{
    TsCall *c = ts_call(call);
    TsLexemes lexemes = {0};
    const TypeSearch *search = call->env != NULL ? call->env->search : NULL;
    if (search == NULL) {
        return ts_no_search(call);
    }
    if (c->dict == NULL || c->oid != a[0].u32) {
        TRY(search->dict(call->cx, call->env->session, call->state_arena, a[0].u32, &c->dict));
        c->oid = a[0].u32;
    }
    Status st = ts_dict_lexize(call->cx, c->dict, c->row, str_slice(&a[1].str), &lexemes);
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? KERNEL_NULL : st;
    }
    r->str = ts_lexemes_array(call, &lexemes);
    return ST_OK;
}

ROW_KERNEL(get_current_ts_config)
{
    return ts_current_config(call, &r->u32);
}

/* ---- ts_parse, ts_token_type: there is one parser ---- */

#define TS_PARSER_DEFAULT 3722

/* ts_parser_arg - the parser by OID, or (named) by name. */
static Status ts_parser_arg(FnCall *call, const Datum *d, bool named)
{
    if (!named) {
        return d->u32 == TS_PARSER_DEFAULT
                   ? ST_OK
                   : err_set(call->cx, ERRCODE_INTERNAL_ERROR,
                             "cache lookup failed for text search parser %u", d->u32);
    }
    Slice name = str_slice(&d->str);
    if (slice_ieq(name, "default") || slice_ieq(name, "pg_catalog.default")) {
        return ST_OK;
    }
    return err_set(call->cx, ERRCODE_UNDEFINED_OBJECT, "text search parser \"%.*s\" does not exist",
                   (int)name.len, name.ptr);
}

typedef struct TsParseRows {
    Str text; /* short texts are inside the Str */
    TsParser *parser;
} TsParseRows;

static Status ts_parse_begin(FnCall *call, const Datum *a, bool named)
{
    TsParseRows *s = ARENA_NEW(call->state_arena, TsParseRows);
    TRY(ts_parser_arg(call, &a[0], named));
    s->text = a[1].str;
    s->parser = ts_parser_create(call->state_arena, str_slice(&s->text));
    call->state = s;
    return ST_OK;
}
static Status ts_parse_begin_id(FnCall *call, const Datum *a, const bool *nulls UNUSED,
                                uint32_t n UNUSED)
{
    return ts_parse_begin(call, a, false);
}
static Status ts_parse_begin_name(FnCall *call, const Datum *a, const bool *nulls UNUSED,
                                  uint32_t n UNUSED)
{
    return ts_parse_begin(call, a, true);
}
static Status ts_parse_next(FnCall *call, Datum *cols, bool *nulls)
{
    TsParseRows *s = call->state;
    TsTokenType type;
    Slice token;
    if (!ts_parser_next(s->parser, &type, &token)) {
        return ST_DONE;
    }
    cols[0].i32 = (int32_t)type;
    cols[1].str = str_copy(call->arena, token.ptr, token.len);
    nulls[0] = nulls[1] = false;
    return ST_OK;
}

static Status ts_types_begin_id(FnCall *call, const Datum *a, const bool *nulls UNUSED,
                                uint32_t n UNUSED)
{
    call->state = ARENA_NEW(call->state_arena, uint32_t);
    return ts_parser_arg(call, &a[0], false);
}
static Status ts_types_begin_name(FnCall *call, const Datum *a, const bool *nulls UNUSED,
                                  uint32_t n UNUSED)
{
    call->state = ARENA_NEW(call->state_arena, uint32_t);
    return ts_parser_arg(call, &a[0], true);
}
static Status ts_types_next(FnCall *call, Datum *cols, bool *nulls)
{
    uint32_t *at = call->state;
    if (*at == TS_TOKEN_LAST) {
        return ST_DONE;
    }
    const TsTokenName *name = &TS_TOKEN_NAMES[++*at];
    cols[0].i32 = (int32_t)*at;
    cols[1].str = str_ref(name->alias, strlen(name->alias));
    cols[2].str = str_ref(name->description, strlen(name->description));
    nulls[0] = nulls[1] = nulls[2] = false;
    return ST_OK;
}

/* ---- ts_debug ---- */

typedef struct TsDebugRows {
    Str text;
    TsParser *parser;
    TsConfig *config;
} TsDebugRows;

static Status ts_debug_begin(FnCall *call, const Datum *a, const bool *nulls UNUSED, uint32_t n)
{
    TsDebugRows *s = ARENA_NEW(call->state_arena, TsDebugRows);
    const TypeSearch *search = call->env != NULL ? call->env->search : NULL;
    Oid config = a[0].u32;
    if (search == NULL) {
        return ts_no_search(call);
    }
    if (n == 1) {
        TRY(ts_current_config(call, &config));
    }
    TRY(search->config(call->cx, call->env->session, call->state_arena, config, &s->config));
    s->text = a[n - 1].str;
    s->parser = ts_parser_create(call->state_arena, str_slice(&s->text));
    call->state = s;
    return ST_OK;
}

/* ts_debug_next - a token: the dictionaries of its type, and what the first that knows it makes of
 * it. */
static Status ts_debug_next(FnCall *call, Datum *cols, bool *nulls)
{
    TsDebugRows *s = call->state;
    TsTokenType type;
    Slice token;
    ArrayList dicts = array_list(call->arena);
    if (!ts_parser_next(s->parser, &type, &token)) {
        return ST_DONE;
    }
    memset(nulls, 0, 6);
    cols[0].str = str_ref(TS_TOKEN_NAMES[type].alias, strlen(TS_TOKEN_NAMES[type].alias));
    cols[1].str =
        str_ref(TS_TOKEN_NAMES[type].description, strlen(TS_TOKEN_NAMES[type].description));
    cols[2].str = str_copy(call->arena, token.ptr, token.len);
    nulls[4] = s->config->counts[type] == 0;
    nulls[5] = true;
    for (uint32_t i = 0; i < s->config->counts[type]; i++) {
        Datum oid = {.u32 = s->config->oids[type][i]};
        TsLexemes lexemes = {0};
        array_list_add(&dicts, PHYS_I32, &oid, false, false);
        Status st = nulls[5] ? ts_dict_lexize(call->cx, s->config->dicts[type][i], call->arena,
                                              token, &lexemes)
                             : ST_NOTFOUND;
        if (st == ST_OK) {
            cols[5].str = ts_lexemes_array(call, &lexemes);
            nulls[5] = false;
        }
        if (st == ST_OK || i == 0) {
            cols[4].u32 = oid.u32;
        }
        if (st == ST_ERROR) {
            return st;
        }
    }
    cols[3].str = array_build_list(&dicts, TYPE_REGDICTIONARY);
    return ST_OK;
}

static const FnOps TSEARCH_FNS[] = {
    FN(to_tsvector_byid),
    FN(to_tsvector),
    FN(to_tsquery_byid),
    FN(to_tsquery),
    FN(plainto_tsquery_byid),
    FN(plainto_tsquery),
    FN(phraseto_tsquery_byid),
    FN(phraseto_tsquery),
    FN(websearch_to_tsquery),
    FN(websearch_to_tsquery_byid),
    FN(ts_match_tq),
    FN(ts_match_tt),
    FN(ts_headline_byid_opt),
    FN(ts_headline_byid),
    FN(ts_headline_opt),
    FN(ts_headline),
    FN(ts_lexize),
    FN(get_current_ts_config),
};
static const SetOps TSEARCH_SETS[] = {
    {"sql:ts_debug", ts_debug_begin, ts_debug_next},
    {"ts_parse_byid", ts_parse_begin_id, ts_parse_next},
    {"ts_parse_byname", ts_parse_begin_name, ts_parse_next},
    {"ts_token_type_byid", ts_types_begin_id, ts_types_next},
    {"ts_token_type_byname", ts_types_begin_name, ts_types_next},
};
const TypeFamily type_family_tsearch = {
    .fns = TSEARCH_FNS,
    .fn_count = ARRAY_LEN(TSEARCH_FNS),
    .sets = TSEARCH_SETS,
    .set_count = ARRAY_LEN(TSEARCH_SETS),
};

/*
 * cat_format.c - the names of types as PostgreSQL's format_type writes them.
 */
#include "catalog/cat_internal.h"

enum { FORMAT_BIT = 1560, FORMAT_VARBIT = 1562 };

static void format_identifier(const char *name, Buf *buf)
{
    text_quote_ident((Slice){name, strlen(name)}, buf);
}

/* format_standard - the SQL standard's name of a type that has one; NULL for the others. tail is
 * what follows when there is no typmod. */
static const char *format_standard(Oid type, int32_t typmod, const char **tail_out)
{
    *tail_out = "";
    switch (type) {
    case TYPE_BOOL: return "boolean";
    case TYPE_CHAR: return "\"char\"";
    case TYPE_INT2: return "smallint";
    case TYPE_INT4: return "integer";
    case TYPE_INT8: return "bigint";
    case TYPE_FLOAT4: return "real";
    case TYPE_FLOAT8: return "double precision";
    case TYPE_NUMERIC: return "numeric";
    case TYPE_VARCHAR: return "character varying";
    case TYPE_INTERVAL: return "interval";
    case TYPE_BPCHAR: /* character without a length means character(1), bpchar does not */
        return typmod == -1 ? "bpchar" : "character";
    case FORMAT_BIT: return typmod == -1 ? "\"bit\"" : "bit";
    case FORMAT_VARBIT: return "bit varying";
    case TYPE_TIME: *tail_out = " without time zone"; return "time";
    case TYPE_TIMETZ: *tail_out = " with time zone"; return "time";
    case TYPE_TIMESTAMP: *tail_out = " without time zone"; return "timestamp";
    case TYPE_TIMESTAMPTZ: *tail_out = " with time zone"; return "timestamp";
    default: return NULL;
    }
}

/* format_visible - would the bare name find this very type? */
static bool format_visible(CatView *v, const CatType *t)
{
    Err err = {0};
    Arena arena;
    arena_init(&arena, NULL, "format_type", 0);
    Cx cx = {.err = &err, .arena = &arena};
    const CatType *found;
    Status st = cat_type_by_name(&cx, v, NULL, t->name, &found);
    arena_release(&arena);
    return st == ST_OK && found->oid == t->oid;
}

void cat_format_type(CatView *v, Oid type, int32_t typmod, Buf *buf)
{
    if (type == OID_INVALID) {
        buf_putc(buf, '-');
        return;
    }
    const CatType *t = cat_type(v, type);
    if (t == NULL) {
        buf_puts(buf, "???");
        return;
    }
    /* oidvector and int2vector are arrays inside, but have names of their own. */
    bool is_array = t->element != OID_INVALID && t->len == -1 &&
                    (t->category == 'A' || type == TYPE_RECORD_ARRAY) && type != TYPE_OIDVECTOR &&
                    type != TYPE_INT2VECTOR;
    Oid named = is_array ? t->element : type;
    const char *tail;
    const char *standard = format_standard(named, typmod, &tail);
    t = is_array ? cat_type(v, named) : t;
    if (standard != NULL) {
        buf_puts(buf, standard);
    } else if (t == NULL) {
        buf_puts(buf, "???");
    } else {
        if (!format_visible(v, t)) {
            const char *schema = cat_namespace_name(v, t->namespace_oid);
            format_identifier(schema != NULL ? schema : "???", buf);
            buf_putc(buf, '.');
        }
        format_identifier(t->name, buf);
    }
    if (typmod >= 0) {
        type_typmod_out(named, typmod, buf); /* the tail included */
    } else {
        buf_puts(buf, tail);
    }
    if (is_array) {
        buf_puts(buf, "[]");
    }
}

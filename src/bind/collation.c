/*
 * collation.c - collations of expressions: which one an expression has, and what it is refused for
 *
 * The database's own order is that of the bytes, so collations of the C library's kind (C, POSIX,
 * ucs_basic) change nothing. A column may have an ICU collation: it is kept, shown and handed on to
 * expressions, equality is that of the bytes as in PostgreSQL, where these collations are
 * deterministic; ordering, comparing and changing the case by it are refused.
 */
#include <string.h>

#include "bind/bind_internal.h"

/* Functions whose result depends on the collation of their arguments, beside equality. */
static const char *const SENSITIVE[] = {
    "text_lt",       "text_le",        "text_gt",      "text_ge",       "bpcharlt",
    "bpcharle",      "bpchargt",       "bpcharge",     "text_larger",   "text_smaller",
    "bpchar_larger", "bpchar_smaller", "bttextcmp",    "bpcharcmp",     "lower",
    "upper",         "initcap",        "texticlike",   "texticnlike",   "texticregexeq",
    "texticregexne", "textregexeq",    "textregexne",  "array_lt",      "array_le",
    "array_gt",      "array_ge",       "array_larger", "array_smaller", "btarraycmp",
    "record_lt",     "record_le",      "record_gt",    "record_ge",
};

static bool is_sensitive(const CatProc *p)
{
    if (p->kind == 'a') {
        return strcmp(p->name, "min") == 0 || strcmp(p->name, "max") == 0;
    }
    for (size_t i = 0; p->prosrc != NULL && i < ARRAY_LEN(SENSITIVE); i++) {
        if (strcmp(p->prosrc, SENSITIVE[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* collation_of - through casts; *explicit_out: by a COLLATE clause, which goes before columns'. */
static Oid collation_of(const Expr *e, bool *explicit_out)
{
    for (;;) {
        bool cast = e->kind == EXPR_RELABEL || e->kind == EXPR_IO_CAST || e->kind == EXPR_DOMAIN ||
                    (e->kind == EXPR_FUNC && e->form != FORM_CALL && e->form != FORM_SQL_SYNTAX);
        *explicit_out = e->kind == EXPR_RELABEL && e->form == FORM_COLLATE;
        if (!cast || *explicit_out || e->arg_count == 0) {
            return e->collation;
        }
        e = e->args[0];
    }
}

static Status collation_refuse(BindScope *s, Oid collation, int32_t location)
{
    return BIND_ERR(s, location, ERRCODE_FEATURE_NOT_SUPPORTED,
                    "ordering and changing case by collation \"%s\" is not supported",
                    cat_collation_name(collation));
}

Status bind_collation_check(BindScope *s, const Expr *e)
{
    bool by_clause;
    Oid collation = collation_of(e, &by_clause);
    return cat_collation_is_bytewise(collation) ? ST_OK
                                                : collation_refuse(s, collation, bind_location(e));
}

Status bind_collation_derive(BindScope *s, Expr *e)
{
    Oid found = OID_INVALID;
    bool by_clause = false;
    if (e->kind == EXPR_COLUMN || (e->kind == EXPR_RELABEL && e->form == FORM_COLLATE)) {
        return ST_OK;
    }
    for (uint16_t i = 0; i < e->arg_count && !by_clause; i++) {
        Oid one = e->args[i] != NULL ? collation_of(e->args[i], &by_clause) : OID_INVALID;
        if (by_clause || !cat_collation_is_bytewise(one)) {
            found = one;
        }
    }
    if (cat_collation_is_bytewise(found)) {
        return ST_OK;
    }
    if (e->kind == EXPR_MINMAX || (e->proc != NULL && is_sensitive(e->proc))) {
        return collation_refuse(s, found, e->location);
    }
    if (e->collation != OID_INVALID) {
        e->collation = found;
    }
    return ST_OK;
}

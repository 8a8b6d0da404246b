/*
 * index_method.c - access methods of indexes: what each can do there, and so here.
 *
 * gin has trees of its own kind (src/table/inverted.c). All others are ordered trees as btree's
 * are, whatever they are called: what hash and brin find, an ordered tree finds, too; other
 * operators of gist's and spgist's classes are tested on the rows (exclusion constraints: on the
 * entries).
 */
#include "ddl/ddl_internal.h"

static const DdlMethod METHODS[] = {
    {403, "btree", true, true, true, true, true, true, 'i'},
    {405, "hash", false, false, false, false, true, false, 'h'},
    {783, "gist", false, true, true, false, true, true, 'G'},
    {4000, "spgist", false, false, true, false, true, false, 's'},
    {2742, "gin", false, true, false, false, false, false, 'g'},
    {3580, "brin", false, true, false, false, false, false, 'b'},
};

const DdlMethod *ddl_method(Oid oid)
{
    for (size_t i = 1; i < ARRAY_LEN(METHODS); i++) {
        if (METHODS[i].oid == oid) {
            return &METHODS[i];
        }
    }
    return &METHODS[0];
}

Status ddl_method_by_name(Cx *cx, const char *name, const DdlMethod **out)
{
    const char *wanted = name != NULL && name[0] != '\0' ? name : "btree";
    for (size_t i = 0; i < ARRAY_LEN(METHODS); i++) {
        if (strcmp(METHODS[i].name, wanted) == 0) {
            *out = &METHODS[i];
            return ST_OK;
        }
    }
    return err_set(cx, ERRCODE_UNDEFINED_OBJECT, "access method \"%s\" does not exist", wanted);
}

Status ddl_method_lacks(Cx *cx, const DdlMethod *m, const char *what)
{
    return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED, "access method \"%s\" does not support %s",
                   m->name, what);
}

Status ddl_method_may(Cx *cx, const DdlMethod *m, bool unique, size_t keys, size_t included)
{
    const char *lacks = unique && !m->unique          ? "unique indexes"
                        : included > 0 && !m->include ? "included columns"
                        : keys > 1 && !m->multicolumn ? "multicolumn indexes"
                                                      : NULL;
    return lacks == NULL ? ST_OK : ddl_method_lacks(cx, m, lacks);
}

Status ddl_method_order(Cx *cx, const DdlMethod *m, const PgQuery__IndexElem *e)
{
    bool dir = e->ordering == PG_QUERY__SORT_BY_DIR__SORTBY_ASC ||
               e->ordering == PG_QUERY__SORT_BY_DIR__SORTBY_DESC;
    bool nulls = e->nulls_ordering == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_FIRST ||
                 e->nulls_ordering == PG_QUERY__SORT_BY_NULLS__SORTBY_NULLS_LAST;
    if (m->order || (!dir && !nulls)) {
        return ST_OK;
    }
    return ddl_method_lacks(cx, m, dir ? "ASC/DESC options" : "NULLS FIRST/LAST options");
}

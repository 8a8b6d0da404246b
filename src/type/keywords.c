/*
 * keywords.c - words that quote_ident must quote: every keyword of PostgreSQL 15 that is reserved
 * in some place.
 */
#include <stdlib.h>

#include "type/type_internal.h"

/* clang-format off */
static const char *const TEXT_KEYWORDS[] = {
    "all", "analyse", "analyze", "and", "any", "array", "as", "asc", "asymmetric",
    "authorization", "between", "bigint", "binary", "bit", "boolean", "both", "case", "cast",
    "char", "character", "check", "coalesce", "collate", "collation", "column", "concurrently",
    "constraint", "create", "cross", "current_catalog", "current_date", "current_role",
    "current_schema", "current_time", "current_timestamp", "current_user", "dec", "decimal",
    "default", "deferrable", "desc", "distinct", "do", "else", "end", "except", "exists",
    "extract", "false", "fetch", "float", "for", "foreign", "freeze", "from", "full", "grant",
    "greatest", "group", "grouping", "having", "ilike", "in", "initially", "inner", "inout",
    "int", "integer", "intersect", "interval", "into", "is", "isnull", "join", "lateral",
    "leading", "least", "left", "like", "limit", "localtime", "localtimestamp", "national",
    "natural", "nchar", "none", "normalize", "not", "notnull", "null", "nullif", "numeric",
    "offset", "on", "only", "or", "order", "out", "outer", "overlaps", "overlay", "placing",
    "position", "precision", "primary", "real", "references", "returning", "right", "row",
    "select", "session_user", "setof", "similar", "smallint", "some", "substring", "symmetric",
    "table", "tablesample", "then", "time", "timestamp", "to", "trailing", "treat", "trim",
    "true", "union", "unique", "user", "using", "values", "varchar", "variadic", "verbose",
    "when", "where", "window", "with", "xmlattributes", "xmlconcat", "xmlelement", "xmlexists",
    "xmlforest", "xmlnamespaces", "xmlparse", "xmlpi", "xmlroot", "xmlserialize", "xmltable",
};
/* clang-format on */

bool text_is_keyword(Slice s)
{
    size_t lo = 0, hi = ARRAY_LEN(TEXT_KEYWORDS);
    while (lo < hi) {
        size_t mid = (lo + hi) / 2, n = strlen(TEXT_KEYWORDS[mid]);
        int c = memcmp(s.ptr, TEXT_KEYWORDS[mid], MIN(s.len, n));
        if (c == 0 && s.len == n) {
            return true;
        }
        if (c < 0 || (c == 0 && s.len < n)) {
            hi = mid;
        } else {
            lo = mid + 1;
        }
    }
    return false;
}

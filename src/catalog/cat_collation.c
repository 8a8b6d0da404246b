/*
 * cat_collation.c - collations by name and OID, all of them built in
 *
 * Texts are kept, compared and indexed byte by byte. An ICU collation is deterministic here, so
 * that equality is that of the bytes; what needs its order is refused by the binder.
 */
#include "catalog/cat_internal.h"

static const PgCollationRow *collation_row(Oid oid)
{
    uint32_t low = 0, high = CATALOG_PG_COLLATION_COUNT;
    while (low < high) {
        uint32_t middle = (low + high) / 2;
        if (catalog_pg_collation[middle].oid < oid) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    bool found = low < CATALOG_PG_COLLATION_COUNT && catalog_pg_collation[low].oid == oid;
    return found ? &catalog_pg_collation[low] : NULL;
}

Oid cat_collation_find(const char *schema, const char *name)
{
    if (schema != NULL && strcmp(schema, "pg_catalog") != 0) {
        return OID_INVALID;
    }
    for (uint32_t i = 0; i < CATALOG_PG_COLLATION_COUNT; i++) {
        if (strcmp(catalog_str(catalog_pg_collation[i].collname), name) == 0) {
            return catalog_pg_collation[i].oid;
        }
    }
    return OID_INVALID;
}

const char *cat_collation_name(Oid oid)
{
    const PgCollationRow *row = collation_row(oid);
    return row != NULL ? catalog_str(row->collname) : NULL;
}

bool cat_collation_is_bytewise(Oid oid)
{
    const PgCollationRow *row = oid > COLLATION_POSIX ? collation_row(oid) : NULL;
    return row == NULL || row->collprovider != 'i';
}

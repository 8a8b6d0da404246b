#ifndef DASSIE_DDL_EXTENSION_INTERNAL_H
#define DASSIE_DDL_EXTENSION_INTERNAL_H
/*
 * extension_internal.h - what extension.c and extension_rows.c share. One thread, that of the
 * session's statement.
 */
#include "ddl/ddl_internal.h"

/* ExtensionMake - an extension under construction. */
typedef struct ExtensionMake {
    DdlCx *d;
    const CatExtensionsRow *what;
    Oid oid, namespace_oid, owner; /* owner: of what it makes */
    const char *schema;
    Oid *oids; /* of its objects, by their numbers in the data; the first is the extension */
    uint32_t oid_count;
} ExtensionMake;

/* ddl_extension_acl - the rights an extension gives, in the name of who makes it.
 * ddl_extension_init_privs - what dumps take for given of an object's rights. */
const char *ddl_extension_acl(const ExtensionMake *m, const char *acl);
Status ddl_extension_init_privs(Cx *cx, DdlCx *d, DdlObject o, const char *acl);
/* ddl_extension_rows - everything but views. Requires: the extension's own row. */
Status ddl_extension_rows(Cx *cx, ExtensionMake *m);

#endif

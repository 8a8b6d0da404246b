/*
 * cat_acl.c - access lists: their text, defaults, and what they give to a role.
 */
#include <stdlib.h>
#include <string.h>

#include "catalog/acl.h"
#include "catalog/cat_internal.h"

const AclWord ACL_WORDS[ACL_WORD_COUNT] = {
    {'a', "INSERT"},   {'r', "SELECT"},       {'w', "UPDATE"},    {'d', "DELETE"},
    {'D', "TRUNCATE"}, {'x', "REFERENCES"},   {'t', "TRIGGER"},   {'X', "EXECUTE"},
    {'U', "USAGE"},    {'C', "CREATE"},       {'T', "TEMPORARY"}, {'c', "CONNECT"},
    {'s', "SET"},      {'A', "ALTER SYSTEM"},
};

#define ACL_ALL_TABLE                                                                              \
    (ACL_INSERT | ACL_SELECT | ACL_UPDATE | ACL_DELETE | ACL_TRUNCATE | ACL_REFERENCES |           \
     ACL_TRIGGER)
#define ACL_ALL_COLUMN (ACL_INSERT | ACL_SELECT | ACL_UPDATE | ACL_REFERENCES)

static const AclKind ACL_KINDS[] = {
    {'r', "table", CAT_PG_CLASS, PG_CLASS_RELNAME, PG_CLASS_RELOWNER, PG_CLASS_RELACL,
     ACL_ALL_TABLE, 0, "relation"},
    {'s', "sequence", CAT_PG_CLASS, PG_CLASS_RELNAME, PG_CLASS_RELOWNER, PG_CLASS_RELACL,
     ACL_USAGE | ACL_SELECT | ACL_UPDATE, 0, "sequence"},
    {'c', "column", CAT_PG_ATTRIBUTE, PG_ATTRIBUTE_ATTNAME, -1, PG_ATTRIBUTE_ATTACL, ACL_ALL_COLUMN,
     0, "column"},
    {'d', "database", CAT_PG_DATABASE, PG_DATABASE_DATNAME, PG_DATABASE_DATDBA, PG_DATABASE_DATACL,
     ACL_CREATE | ACL_CREATE_TEMP | ACL_CONNECT, ACL_CREATE_TEMP | ACL_CONNECT, "database"},
    {'f', "function", CAT_PG_PROC, PG_PROC_PRONAME, PG_PROC_PROOWNER, PG_PROC_PROACL, ACL_EXECUTE,
     ACL_EXECUTE, "function"},
    {'l', "language", CAT_PG_LANGUAGE, PG_LANGUAGE_LANNAME, PG_LANGUAGE_LANOWNER,
     PG_LANGUAGE_LANACL, ACL_USAGE, ACL_USAGE, "language"},
    {'n', "schema", CAT_PG_NAMESPACE, PG_NAMESPACE_NSPNAME, PG_NAMESPACE_NSPOWNER,
     PG_NAMESPACE_NSPACL, ACL_USAGE | ACL_CREATE, 0, "schema"},
    {'t', "tablespace", CAT_PG_TABLESPACE, PG_TABLESPACE_SPCNAME, PG_TABLESPACE_SPCOWNER,
     PG_TABLESPACE_SPCACL, ACL_CREATE, 0, "tablespace"},
    {'T', "type", CAT_PG_TYPE, PG_TYPE_TYPNAME, PG_TYPE_TYPOWNER, PG_TYPE_TYPACL, ACL_USAGE,
     ACL_USAGE, "type"},
    {'L', "large object", CAT_PG_LARGEOBJECT, -1, PG_LARGEOBJECT_METADATA_LOMOWNER,
     PG_LARGEOBJECT_METADATA_LOMACL, ACL_SELECT | ACL_UPDATE, 0, "large object"},
    /* no lists: letters that no statement and no function knows */
    {'1', "extension", CAT_PG_EXTENSION, PG_EXTENSION_EXTNAME, PG_EXTENSION_EXTOWNER, -1, 0, 0,
     "extension"},
};

Oid acl_catalog(Oid class_oid)
{
    return class_oid == CAT_PG_LARGEOBJECT ? CAT_PG_LARGEOBJECT_METADATA : class_oid;
}

const AclKind *acl_kind(Oid class_oid, char relkind)
{
    for (size_t i = 0; i < ARRAY_LEN(ACL_KINDS); i++) {
        const AclKind *k = &ACL_KINDS[i];
        if (k->class_oid == class_oid &&
            (class_oid != CAT_PG_CLASS || (k->letter == 's') == (relkind == 'S'))) {
            return k;
        }
    }
    return NULL;
}

const AclKind *acl_kind_of_letter(char letter)
{
    for (size_t i = 0; i < ARRAY_LEN(ACL_KINDS); i++) {
        if (ACL_KINDS[i].letter == letter) {
            return &ACL_KINDS[i];
        }
    }
    return NULL;
}

Acl acl_default(Arena *arena, const AclKind *kind, Oid owner)
{
    Acl acl = {.items = ARENA_ARRAY(arena, AclItem, 2)};
    if (kind->everyone != 0) {
        acl.items[acl.count++] = (AclItem){OID_INVALID, owner, kind->everyone};
    }
    if (kind->letter != 'c') {
        acl.items[acl.count++] = (AclItem){owner, owner, kind->all};
    }
    return acl;
}

/* ---- text ---- */

/* ACL_NOBODY - no role has this number: a name that is not known gives nothing to anyone. */
#define ACL_NOBODY UINT32_MAX

/* acl_builtin_role - a role of the built-in rows, which lists have by name. */
static Oid acl_builtin_role(const char *name)
{
    if (strcmp(name, "postgres") == 0) {
        return ROLE_BOOTSTRAP;
    }
    for (uint32_t i = 0; i < CATALOG_PG_AUTHID_COUNT; i++) {
        if (strcmp(catalog_str(catalog_pg_authid[i].rolname), name) == 0) {
            return catalog_pg_authid[i].oid;
        }
    }
    return ACL_NOBODY;
}

/* acl_role_in - the role at *p, up to `end`: a number, a built-in name, or nothing for everyone. */
static Oid acl_role_in(Arena *arena, const char **p, char end)
{
    size_t n = 0;
    while ((*p)[n] != '\0' && (*p)[n] != end) {
        n++;
    }
    char *name = arena_strndup(arena, *p, n);
    *p += n;
    if (n == 0) {
        return OID_INVALID;
    }
    return name[0] >= '0' && name[0] <= '9' ? (Oid)strtoul(name, NULL, 10) : acl_builtin_role(name);
}

Status acl_parse(Cx *cx, Arena *arena, const char *text, Acl *out)
{
    const char *const *items;
    uint32_t count = cat_text_array(arena, text, &items);
    *out = (Acl){.items = ARENA_ARRAY(arena, AclItem, count + 1)};
    for (uint32_t i = 0; i < count; i++) {
        const char *p = items[i] != NULL ? items[i] : "";
        AclItem item = {.grantee = acl_role_in(arena, &p, '=')};
        AclMode last = 0;
        if (*p != '=') {
            return err_set(cx, ERRCODE_DATA_CORRUPTED, "access list \"%s\" is damaged", text);
        }
        for (p++; *p != '\0' && *p != '/'; p++) {
            if (*p == '*') {
                item.mode |= ACL_OPTION(last);
                continue;
            }
            for (uint32_t w = 0; w < ACL_WORD_COUNT; w++) {
                if (ACL_WORDS[w].letter == *p) {
                    last = 1u << w;
                    item.mode |= last;
                }
            }
        }
        if (*p == '/') {
            p++;
            item.grantor = acl_role_in(arena, &p, '\0');
        }
        out->items[out->count++] = item;
    }
    return ST_OK;
}

static void acl_put_letters(AclMode mode, Buf *b)
{
    for (uint32_t w = 0; w < ACL_WORD_COUNT; w++) {
        if (ACL_RIGHTS(mode) & 1u << w) {
            buf_putc(b, ACL_WORDS[w].letter);
            if (ACL_OPTIONS(mode) & 1u << w) {
                buf_putc(b, '*');
            }
        }
    }
}

const char *acl_text(Arena *arena, const Acl *acl)
{
    Buf b;
    buf_init(&b, 1u << 20);
    buf_putc(&b, '{');
    for (uint32_t i = 0; i < acl->count; i++) {
        const AclItem *item = &acl->items[i];
        buf_puts(&b, i == 0 ? "" : ",");
        if (item->grantee != OID_INVALID) {
            buf_put_u64_text(&b, item->grantee);
        }
        buf_putc(&b, '=');
        acl_put_letters(item->mode, &b);
        buf_putc(&b, '/');
        buf_put_u64_text(&b, item->grantor);
    }
    buf_putc(&b, '}');
    const char *text = arena_strndup(arena, (const char *)b.data, b.len);
    buf_release(&b);
    return text;
}

/* acl_put_name - a role's name as lists show it: quoted unless it is letters, digits, _. */
static void acl_put_name(const char *name, Buf *b)
{
    bool plain = true;
    for (const char *p = name; *p != '\0'; p++) {
        plain = plain && ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                          (*p >= '0' && *p <= '9') || *p == '_');
    }
    buf_puts(b, plain ? "" : "\"");
    for (const char *p = name; *p != '\0'; p++) {
        buf_puts(b, *p == '"' ? "\"" : "");
        buf_putc(b, *p);
    }
    buf_puts(b, plain ? "" : "\"");
}

Status acl_put_item_names(Cx *cx, CatView *v, const AclItem *item, Buf *out)
{
    const char *name;
    if (item->grantee != OID_INVALID) {
        TRY(cat_role_name(cx, v, cx->arena, item->grantee, &name));
        acl_put_name(name, out);
    }
    buf_putc(out, '=');
    acl_put_letters(item->mode, out);
    buf_putc(out, '/');
    TRY(cat_role_name(cx, v, cx->arena, item->grantor, &name));
    acl_put_name(name, out);
    return ST_OK;
}

/* acl_put_element - an item as an element of an array's text. */
static Status acl_put_element(Cx *cx, CatView *v, const AclItem *item, Buf *out)
{
    Buf b;
    buf_init(&b, 4096);
    Status st = acl_put_item_names(cx, v, item, &b);
    bool quote = false;
    for (size_t i = 0; i < b.len; i++) {
        quote = quote || strchr("\"\\{}, ", (char)b.data[i]) != NULL;
    }
    buf_puts(out, quote ? "\"" : "");
    for (size_t i = 0; i < b.len; i++) {
        if (b.data[i] == '"' || b.data[i] == '\\') {
            buf_putc(out, '\\');
        }
        buf_putc(out, (char)b.data[i]);
    }
    buf_puts(out, quote ? "\"" : "");
    buf_release(&b);
    return st;
}

Status cat_acl_names(Cx *cx, CatView *v, Arena *arena, const char *text, const char **out)
{
    Acl acl;
    Buf b;
    *out = text;
    if (strpbrk(text, "0123456789") == NULL) {
        return ST_OK; /* a built-in list, which has names */
    }
    TRY(acl_parse(cx, arena, text, &acl));
    buf_init(&b, 1u << 20);
    buf_putc(&b, '{');
    Status st = ST_OK;
    for (uint32_t i = 0; st == ST_OK && i < acl.count; i++) {
        buf_puts(&b, i == 0 ? "" : ",");
        st = acl_put_element(cx, v, &acl.items[i], &b);
    }
    buf_putc(&b, '}');
    *out = arena_strndup(arena, (const char *)b.data, b.len);
    buf_release(&b);
    return st;
}

/* ---- what a list gives ---- */

Status acl_mask(Cx *cx, CatView *v, const Acl *acl, Oid role, Oid owner, AclMode want,
                AclMode *have_out)
{
    AclMode have = 0;
    bool in;
    if (ACL_OPTIONS(want) != 0 && owner != OID_INVALID && role != OID_INVALID) {
        TRY(cat_role_inherits(cx, v, role, owner, &in));
        have = in ? want & ~0xffffu : 0;
    }
    for (uint32_t i = 0; i < acl->count; i++) {
        if (acl->items[i].grantee == OID_INVALID || acl->items[i].grantee == role) {
            have |= acl->items[i].mode & want;
        }
    }
    for (uint32_t i = 0; role != OID_INVALID && i < acl->count; i++) {
        const AclItem *item = &acl->items[i];
        if (item->grantee == OID_INVALID || item->grantee == role ||
            (item->mode & want & ~have) == 0) {
            continue;
        }
        TRY(cat_role_inherits(cx, v, role, item->grantee, &in));
        have |= in ? item->mode & want : 0;
    }
    *have_out = have;
    return ST_OK;
}

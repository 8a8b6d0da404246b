/*
 * acl_fn.c - access lists as values: acldefault, aclexplode, makeaclitem and their relatives.
 *
 * An aclitem is its text here, grantee=letters/grantor, where a name that is not plain is quoted
 * and a letter with the right to grant it on has a star.
 */
#include <stdlib.h>
#include <strings.h>

#include "func/func_internal.h"

#include "catalog/catalog_data.h"
#include "type/array.h"

enum { ACL_ITEM_TYPE = 1033 };

/* AclWord - a privilege, in the order of PostgreSQL's bits. */
static const struct AclWord {
    char letter;
    const char *name;
} ACL_WORDS[] = {
    {'a', "INSERT"},   {'r', "SELECT"},       {'w', "UPDATE"},    {'d', "DELETE"},
    {'D', "TRUNCATE"}, {'x', "REFERENCES"},   {'t', "TRIGGER"},   {'X', "EXECUTE"},
    {'U', "USAGE"},    {'C', "CREATE"},       {'T', "TEMPORARY"}, {'c', "CONNECT"},
    {'s', "SET"},      {'A', "ALTER SYSTEM"},
};

/* ---- making ---- */

/* acl_put_role - a role by its name, quoted where it is not plain; one that is gone by its number.
 */
static Status acl_put_role(FnCall *call, FuncSession *fs, Oid role, Buf *b)
{
    const Datum *values, key = {.u32 = role};
    const bool *nulls;
    Status st =
        cat_row_get(call->cx, fs->view, call->arena, CAT_PG_AUTHID, &key, 1, &values, &nulls);
    if (st != ST_OK) {
        buf_puts(b, arena_printf(call->arena, "%u", role));
        return st == ST_ERROR ? st : ST_OK;
    }
    const char *name = func_cstring(call, &values[PG_AUTHID_ROLNAME]);
    bool plain = true;
    for (const char *p = name; *p != '\0'; p++) {
        plain = plain && ((*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z') ||
                          (*p >= '0' && *p <= '9') || *p == '_');
    }
    if (plain) {
        buf_puts(b, name);
        return ST_OK;
    }
    buf_putc(b, '"');
    for (const char *p = name; *p != '\0'; p++) {
        buf_puts(b, *p == '"' ? "\"" : "");
        buf_putc(b, *p);
    }
    buf_putc(b, '"');
    return ST_OK;
}

/* acl_make - one item's text; role 0 is PUBLIC. */
static Status acl_make(FnCall *call, FuncSession *fs, Oid grantee, const char *letters, Oid grantor,
                       Datum *out)
{
    Buf b;
    buf_init(&b, 4096);
    Status st = grantee != OID_INVALID ? acl_put_role(call, fs, grantee, &b) : ST_OK;
    buf_putc(&b, '=');
    buf_puts(&b, letters);
    buf_putc(&b, '/');
    st = st == ST_OK ? acl_put_role(call, fs, grantor, &b) : st;
    out->str = str_copy(call->arena, b.data, b.len);
    buf_release(&b);
    return st;
}

/* AclDefault - what an object of a kind gives to PUBLIC and to its owner when it has no list. */
static const struct AclDefault {
    char kind;
    const char *everyone, *owner;
} ACL_DEFAULTS[] = {
    {'c', NULL, NULL}, {'r', NULL, "arwdDxt"}, {'s', NULL, "rwU"}, {'d', "Tc", "CTc"},
    {'f', "X", "X"},   {'l', "U", "U"},        {'L', NULL, "rw"},  {'n', NULL, "UC"},
    {'p', NULL, "sA"}, {'t', NULL, "C"},       {'F', NULL, "U"},   {'S', NULL, "U"},
    {'T', "U", "U"},
};

/* fn_acl_default - acldefault(kind, owner): the list an object without one stands for. */
static Status fn_acl_default(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                             bool *null_out)
{
    char kind = *func_cstring(call, &a[0]);
    ArrayList list = array_list(call->arena);
    Datum item = {0};
    (void)null_out;
    for (size_t i = 0; i < ARRAY_LEN(ACL_DEFAULTS); i++) {
        const struct AclDefault *d = &ACL_DEFAULTS[i];
        if (d->kind != kind) {
            continue;
        }
        if (d->everyone != NULL) {
            TRY(acl_make(call, fs, OID_INVALID, d->everyone, a[1].u32, &item));
            array_list_add(&list, PHYS_STR, &item, false, false);
        }
        if (d->owner != NULL) {
            TRY(acl_make(call, fs, a[1].u32, d->owner, a[1].u32, &item));
            array_list_add(&list, PHYS_STR, &item, false, false);
        }
        out->str = array_build_list(&list, ACL_ITEM_TYPE);
        return ST_OK;
    }
    return err_set(call->cx, ERRCODE_INTERNAL_ERROR, "unrecognized objtype abbreviation: %c", kind);
}
KERNEL(fn_acl_default)

/* fn_make_item - makeaclitem(grantee, grantor, privilege, with grant option). */
static Status fn_make_item(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                           bool *null_out)
{
    const char *p = func_cstring(call, &a[2]);
    (void)null_out;
    for (size_t i = 0; i < ARRAY_LEN(ACL_WORDS); i++) {
        bool temp = ACL_WORDS[i].letter == 'T' && strcasecmp(p, "TEMP") == 0;
        if (temp || strcasecmp(ACL_WORDS[i].name, p) == 0) {
            const char letters[3] = {ACL_WORDS[i].letter, a[3].b ? '*' : '\0', '\0'};
            return acl_make(call, fs, a[0].u32, letters, a[1].u32, out);
        }
    }
    return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE, "unrecognized privilege type: \"%s\"",
                   p);
}
KERNEL(fn_make_item)

/* ---- taking apart ---- */

/* acl_take_role - the role at *p, up to `end`; PUBLIC is the empty name. */
static Status acl_take_role(FnCall *call, FuncSession *fs, const char **p, char end, Oid *role_out)
{
    char *name = arena_alloc(call->arena, strlen(*p) + 1);
    size_t n = 0;
    bool quoted = false, digits = true;
    for (; **p != '\0' && (quoted || **p != end); ++*p) {
        if (**p != '"') {
            digits = digits && **p >= '0' && **p <= '9';
            name[n++] = **p;
        } else if (quoted && (*p)[1] == '"') {
            name[n++] = *++*p;
        } else {
            quoted = !quoted;
        }
    }
    name[n] = '\0';
    *role_out = OID_INVALID;
    if (n == 0) {
        return ST_OK;
    }
    Status st = cat_role_by_name(call->cx, fs->view, name, role_out);
    if (st == ST_NOTFOUND && digits) {
        *role_out = (Oid)strtoul(name, NULL, 10);
        return ST_OK;
    }
    return st == ST_NOTFOUND
               ? err_set(call->cx, ERRCODE_UNDEFINED_OBJECT, "role \"%s\" does not exist", name)
               : st;
}

typedef struct AclRows {
    ArrayList items;
    uint32_t at, word;
    const char *letters; /* of the item at hand; NULL: take the next one */
    Oid grantee, grantor;
} AclRows;

static Status explode_begin(FnCall *call, const Datum *args, const bool *nulls, uint32_t count)
{
    AclRows *r = ARENA_NEW(call->state_arena, AclRows);
    ArrayView view;
    (void)nulls, (void)count;
    call->state = r;
    r->items = array_list(call->state_arena);
    array_view(&args[0].str, &view);
    array_list_all(&r->items, &view);
    return ST_OK;
}

/* explode_item - take the next item apart. */
static Status explode_item(FnCall *call, AclRows *r)
{
    FuncSession *fs = func_session(call);
    const Str *text = &r->items.values[r->at++].str;
    const char *p = arena_strndup(call->state_arena, str_ptr(text), text->len);
    TRY(acl_take_role(call, fs, &p, '=', &r->grantee));
    r->letters = *p == '=' ? ++p : p;
    p += strcspn(p, "/");
    p += *p == '/' ? 1 : 0;
    r->word = 0;
    return acl_take_role(call, fs, &p, '\0', &r->grantor);
}

/* explode_next - one privilege of one item. */
static Status explode_next(FnCall *call, Datum *cols, bool *nulls)
{
    AclRows *r = call->state;
    for (;;) {
        if (r->letters == NULL) {
            if (r->at == r->items.count) {
                return ST_DONE;
            }
            TRY(explode_item(call, r));
        }
        size_t n = strcspn(r->letters, "/");
        while (r->word < ARRAY_LEN(ACL_WORDS)) {
            const struct AclWord *w = &ACL_WORDS[r->word++];
            const char *found = memchr(r->letters, w->letter, n);
            if (found != NULL) {
                cols[0].u32 = r->grantor;
                cols[1].u32 = r->grantee;
                func_put(call, cols, nulls, 2, w->name);
                cols[3].b = found[1] == '*';
                return ST_OK;
            }
        }
        r->letters = NULL;
    }
}

static const FnOps FNS[] = {
    {"acldefault_sql", fn_acl_default_kernel, 0},
    {"makeaclitem", fn_make_item_kernel, 0},
};
const FuncTable FUNC_ACL = {FNS, ARRAY_LEN(FNS)};

static const SetOps SETS[] = {{"aclexplode", explode_begin, explode_next}};
const FuncSets FUNC_ACL_SETS = {SETS, ARRAY_LEN(SETS)};

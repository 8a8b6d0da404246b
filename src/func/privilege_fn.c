/*
 * privilege_fn.c - has_table_privilege and its relatives, pg_has_role.
 *
 * The answers are those of catalog/acl.h; here is what may be asked, and of whom.
 */
#include <strings.h>

#include "catalog/acl.h"
#include "func/func_internal.h"

#include "catalog/catalog_data.h"

/* PrivilegeKind - one kind of object: its catalog and its privileges. */
typedef struct PrivilegeKind {
    const char *words; /* "letterNAME,..." of what may be asked for */
    Oid rel;
} PrivilegeKind;

enum {
    PRIV_WRAPPER = 2328,
    PRIV_FOREIGN_SERVER = 1417,
};

static const PrivilegeKind PRIV_TABLE = {
    "rSELECT,aINSERT,wUPDATE,dDELETE,DTRUNCATE,xREFERENCES,tTRIGGER", CAT_PG_CLASS};
static const PrivilegeKind PRIV_COLUMN = {"rSELECT,aINSERT,wUPDATE,xREFERENCES", CAT_PG_CLASS};
static const PrivilegeKind PRIV_SEQUENCE = {"UUSAGE,rSELECT,wUPDATE", CAT_PG_CLASS};
static const PrivilegeKind PRIV_DATABASE = {"CCREATE,cCONNECT,TTEMPORARY,TTEMP", CAT_PG_DATABASE};
static const PrivilegeKind PRIV_SCHEMA = {"CCREATE,UUSAGE", CAT_PG_NAMESPACE};
static const PrivilegeKind PRIV_FUNCTION = {"XEXECUTE", CAT_PG_PROC};
static const PrivilegeKind PRIV_TYPE = {"UUSAGE", CAT_PG_TYPE};
static const PrivilegeKind PRIV_LANG = {"UUSAGE", CAT_PG_LANGUAGE};
static const PrivilegeKind PRIV_FDW = {"UUSAGE", PRIV_WRAPPER};
static const PrivilegeKind PRIV_SERVER = {"UUSAGE", PRIV_FOREIGN_SERVER};
static const PrivilegeKind PRIV_SPACE = {"CCREATE", CAT_PG_TABLESPACE};

/* ---- roles ---- */

/* role_by_name - "public" is 0. 42704 when there is no such role. */
static Status role_by_name(FnCall *call, FuncSession *fs, const char *name, Oid *oid_out)
{
    *oid_out = OID_INVALID;
    if (strcmp(name, "public") == 0) {
        return ST_OK;
    }
    Status st = cat_role_by_name(call->cx, fs->view, name, oid_out);
    return st == ST_NOTFOUND
               ? err_set(call->cx, ERRCODE_UNDEFINED_OBJECT, "role \"%s\" does not exist", name)
               : st;
}

/* ---- access lists ---- */

/* priv_mode - what the letter asks for; option: the right to grant it on. */
static AclMode priv_mode(char letter, bool option)
{
    for (uint32_t i = 0; i < ACL_WORD_COUNT; i++) {
        if (ACL_WORDS[i].letter == letter) {
            return option ? ACL_OPTION(1u << i) : 1u << i;
        }
    }
    return 0;
}

/* priv_of - may the role do what the letter says with this object? */
static Status priv_of(FnCall *call, FuncSession *fs, const PrivilegeKind *kind, Oid oid, Oid role,
                      char letter, bool option, bool *has_out, bool *missing_out)
{
    const CatAcl *acl;
    AclMode want = priv_mode(letter, option), have;
    *has_out = false;
    *missing_out = acl_kind(kind->rel, 'r') == NULL; /* there are none of these */
    if (*missing_out) {
        return ST_OK;
    }
    Status st = cat_acl(call->cx, fs->view, kind->rel, oid, &acl);
    *missing_out = st == ST_NOTFOUND;
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    TRY(cat_acl_have(call->cx, fs->view, kind->rel, oid, role, want, &have));
    *has_out = have != 0;
    for (uint16_t i = 0; kind == &PRIV_COLUMN && !*has_out && i < acl->column_count; i++) {
        TRY(cat_acl_column_have(call->cx, fs->view, oid, acl->columns[i].number, role, want,
                                &have));
        *has_out = have != 0;
    }
    return ST_OK;
}

/* ---- what is asked for ---- */

/* priv_letter - the letter of one privilege name; 22023 for one that the kind does not have. */
static Status priv_letter(FnCall *call, const PrivilegeKind *kind, const char *name, size_t len,
                          char *letter_out, bool *option_out)
{
    static const char GRANT[] = " WITH GRANT OPTION";
    size_t tail = sizeof(GRANT) - 1, bare = len;
    *option_out = len > tail && strncasecmp(name + len - tail, GRANT, tail) == 0;
    bare -= *option_out ? tail : 0;
    for (const char *w = kind->words; w != NULL;) {
        size_t n = strcspn(w + 1, ",");
        if (n == bare && strncasecmp(w + 1, name, n) == 0) {
            *letter_out = w[0];
            return ST_OK;
        }
        w = w[1 + n] == ',' ? w + n + 2 : NULL;
    }
    return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                   "unrecognized privilege type: \"%.*s\"", (int)len, name);
}

/* priv_any - any of the comma separated privileges; NULL for an object that is not there. */
static Status priv_any(FnCall *call, FuncSession *fs, const PrivilegeKind *kind, Oid oid, Oid role,
                       const Datum *asked, Datum *out, bool *null_out)
{
    const char *p = func_cstring(call, asked);
    bool has = false;
    for (;;) {
        char letter = 0;
        bool option, one, missing;
        p += strspn(p, " ");
        size_t n = strcspn(p, ","), len = n;
        while (len > 0 && p[len - 1] == ' ') {
            len--;
        }
        TRY(priv_letter(call, kind, p, len, &letter, &option));
        TRY(priv_of(call, fs, kind, oid, role, letter, option, &one, &missing));
        *null_out = missing;
        has = has || one;
        if (p[n] == '\0') {
            break;
        }
        p += n + 1;
    }
    out->b = has;
    return ST_OK;
}

/* ---- objects by name ---- */

/* named_row - an object of a catalog without look-up of its own, by its name column. */
typedef struct NamedRow {
    Oid oid;
} NamedRow;

static Status named_row_take(void *arg, Cx *cx, const CatRow *row)
{
    (void)cx;
    ((NamedRow *)arg)->oid = row->values[0].u32;
    return ST_OK;
}

/* object_by_name - the OID a name means for this kind of object. */
static Status object_by_name(FnCall *call, FuncSession *fs, const PrivilegeKind *kind,
                             const Datum *name, Oid *oid_out)
{
    Slice text = {str_ptr(&name->str), name->str.len};
    if (kind->rel == CAT_PG_CLASS) {
        return cat_reg_find(call->cx, fs->view, call->arena, TYPE_REGCLASS, text, oid_out);
    }
    if (kind->rel == CAT_PG_TYPE) {
        return cat_reg_find(call->cx, fs->view, call->arena, TYPE_REGTYPE, text, oid_out);
    }
    if (kind->rel == CAT_PG_NAMESPACE) {
        const char *schema = func_cstring(call, name);
        Status st = cat_namespace(call->cx, fs->view, schema, oid_out);
        return st == ST_NOTFOUND ? err_set(call->cx, ERRCODE_UNDEFINED_SCHEMA,
                                           "schema \"%s\" does not exist", schema)
                                 : st;
    }
    if (kind->rel == CAT_PG_DATABASE) {
        static const uint16_t COLUMN = PG_DATABASE_DATNAME;
        NamedRow found = {0};
        TRY(cat_rows_each(call->cx, fs->view, CAT_PG_DATABASE, &COLUMN, name, 1, named_row_take,
                          &found));
        *oid_out = found.oid;
        return found.oid != 0 ? ST_OK
                              : err_set(call->cx, ERRCODE_UNDEFINED_DATABASE,
                                        "database \"%s\" does not exist", func_cstring(call, name));
    }
    if (kind->rel == PRIV_WRAPPER || kind->rel == PRIV_FOREIGN_SERVER) {
        /* There are none. */
        return err_set(call->cx, ERRCODE_UNDEFINED_OBJECT, "%s \"%s\" does not exist",
                       kind->rel == PRIV_WRAPPER ? "foreign-data wrapper" : "server",
                       func_cstring(call, name));
    }
    if (kind->rel == CAT_PG_LANGUAGE || kind->rel == CAT_PG_TABLESPACE) {
        const AclKind *k = acl_kind(kind->rel, 0);
        const char *text_name = func_cstring(call, name);
        Status st = cat_object_by_name(call->cx, fs->view, kind->rel, (uint16_t)k->name, text_name,
                                       oid_out);
        return st == ST_NOTFOUND ? err_set(call->cx, ERRCODE_UNDEFINED_OBJECT,
                                           "%s \"%s\" does not exist", k->noun, text_name)
                                 : st;
    }
    if (kind->rel == CAT_PG_PROC) {
        return cat_reg_find(call->cx, fs->view, call->arena, TYPE_REGPROCEDURE, text, oid_out);
    }
    return err_unsupported(call->cx, "privileges on this kind of object by name are not supported");
}

/* PRIV_FORMS - the six functions of one kind: (role name or OID or none) x (object name or OID). */
#define PRIV_ONE(fn, kind, ROLE, OBJECT, asked)                                                    \
    static Status fn(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)    \
    {                                                                                              \
        Oid role, oid;                                                                             \
        ROLE;                                                                                      \
        OBJECT;                                                                                    \
        return priv_any(call, fs, &(kind), oid, role, &a[asked], out, null_out);                   \
    }                                                                                              \
    KERNEL(fn)
#define ROLE_NAME         TRY(role_by_name(call, fs, func_cstring(call, &a[0]), &role))
#define ROLE_OID          role = a[0].u32
#define ROLE_SELF         role = fs->view->user
#define OBJ_NAME(kind, i) TRY(object_by_name(call, fs, &(kind), &a[i], &oid))
#define OBJ_OID(i)        oid = a[i].u32
#define PRIV_FORMS(fn, kind)                                                                       \
    PRIV_ONE(fn##_name_name, kind, ROLE_NAME, OBJ_NAME(kind, 1), 2)                                \
    PRIV_ONE(fn##_name_id, kind, ROLE_NAME, OBJ_OID(1), 2)                                         \
    PRIV_ONE(fn##_id_name, kind, ROLE_OID, OBJ_NAME(kind, 1), 2)                                   \
    PRIV_ONE(fn##_id_id, kind, ROLE_OID, OBJ_OID(1), 2)                                            \
    PRIV_ONE(fn##_name, kind, ROLE_SELF, OBJ_NAME(kind, 0), 1)                                     \
    PRIV_ONE(fn##_id, kind, ROLE_SELF, OBJ_OID(0), 1)
PRIV_FORMS(fn_has_table, PRIV_TABLE)
PRIV_FORMS(fn_has_any_column, PRIV_COLUMN)
PRIV_FORMS(fn_has_sequence, PRIV_SEQUENCE)
PRIV_FORMS(fn_has_database, PRIV_DATABASE)
PRIV_FORMS(fn_has_schema, PRIV_SCHEMA)
PRIV_FORMS(fn_has_function, PRIV_FUNCTION)
PRIV_FORMS(fn_has_type, PRIV_TYPE)
PRIV_FORMS(fn_has_language, PRIV_LANG)
PRIV_FORMS(fn_has_tablespace, PRIV_SPACE)
PRIV_FORMS(fn_has_wrapper, PRIV_FDW)
PRIV_FORMS(fn_has_server, PRIV_SERVER)

/* ---- columns ---- */

/* column_privilege - of one column: by its table's list or its own; NULL for one that is not there.
 */
static Status column_privilege(FnCall *call, FuncSession *fs, Oid role, Oid oid, int16_t number,
                               const Datum *asked, Datum *out, bool *null_out)
{
    const char *p = func_cstring(call, asked);
    const CatTable *t;
    bool has = false;
    Status st = cat_table_by_oid(call->cx, fs->view, oid, &t);
    *null_out =
        st == ST_NOTFOUND || (st == ST_OK && (number > t->column_count || number == 0 ||
                                              (number > 0 && t->columns[number - 1].dropped)));
    if (st == ST_ERROR) {
        return st;
    }
    for (;;) {
        char letter = 0;
        bool option;
        AclMode have = 0;
        p += strspn(p, " ");
        size_t n = strcspn(p, ","), len = n;
        while (len > 0 && p[len - 1] == ' ') {
            len--;
        }
        TRY(priv_letter(call, &PRIV_COLUMN, p, len, &letter, &option));
        AclMode want = priv_mode(letter, option);
        if (!*null_out) {
            TRY(cat_acl_have(call->cx, fs->view, CAT_PG_CLASS, oid, role, want, &have));
        }
        if (!*null_out && have == 0) {
            TRY(cat_acl_column_have(call->cx, fs->view, oid, number, role, want, &have));
        }
        has = has || have != 0;
        if (p[n] == '\0') {
            break;
        }
        p += n + 1;
    }
    out->b = has;
    return ST_OK;
}

/* column_number - of a column by its name; 42703 for one that the table does not have. */
static Status column_number(FnCall *call, FuncSession *fs, Oid oid, const Datum *name, int16_t *out)
{
    const CatTable *t;
    const char *column = func_cstring(call, name);
    *out = 0;
    Status st = cat_table_by_oid(call->cx, fs->view, oid, &t);
    if (st != ST_OK) {
        return st == ST_NOTFOUND ? ST_OK : st;
    }
    for (uint16_t i = 0; i < t->column_count; i++) {
        if (!t->columns[i].dropped && strcmp(t->columns[i].name, column) == 0) {
            *out = t->columns[i].number;
            return ST_OK;
        }
    }
    return err_set(call->cx, ERRCODE_UNDEFINED_COLUMN,
                   "column \"%s\" of relation \"%s\" does not exist", column, t->name);
}

#define COLUMN_ONE(fn, ROLE, OBJECT, CHECK, asked)                                                 \
    static Status fn(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)    \
    {                                                                                              \
        Oid role, oid;                                                                             \
        int16_t number;                                                                            \
        ROLE;                                                                                      \
        OBJECT;                                                                                    \
        CHECK;                                                                                     \
        return column_privilege(call, fs, role, oid, number, &a[asked], out, null_out);            \
    }                                                                                              \
    KERNEL(fn)
#define COL_NAME(i) TRY(column_number(call, fs, oid, &a[i], &number))
#define COL_NUM(i)  number = a[i].i16
COLUMN_ONE(fn_col_name_name, ROLE_SELF, OBJ_NAME(PRIV_TABLE, 0), COL_NAME(1), 2)
COLUMN_ONE(fn_col_name_attnum, ROLE_SELF, OBJ_NAME(PRIV_TABLE, 0), COL_NUM(1), 2)
COLUMN_ONE(fn_col_id_name, ROLE_SELF, OBJ_OID(0), COL_NAME(1), 2)
COLUMN_ONE(fn_col_id_attnum, ROLE_SELF, OBJ_OID(0), COL_NUM(1), 2)
COLUMN_ONE(fn_col_name_name_attnum, ROLE_NAME, OBJ_NAME(PRIV_TABLE, 1), COL_NUM(2), 3)
COLUMN_ONE(fn_col_name_id_attnum, ROLE_NAME, OBJ_OID(1), COL_NUM(2), 3)
COLUMN_ONE(fn_col_id_name_name, ROLE_OID, OBJ_NAME(PRIV_TABLE, 1), COL_NAME(2), 3)
COLUMN_ONE(fn_col_id_name_attnum, ROLE_OID, OBJ_NAME(PRIV_TABLE, 1), COL_NUM(2), 3)
COLUMN_ONE(fn_col_id_id_name, ROLE_OID, OBJ_OID(1), COL_NAME(2), 3)
COLUMN_ONE(fn_col_id_id_attnum, ROLE_OID, OBJ_OID(1), COL_NUM(2), 3)
COLUMN_ONE(fn_col_name_name_name, ROLE_NAME, OBJ_NAME(PRIV_TABLE, 1), COL_NAME(2), 3)
COLUMN_ONE(fn_col_name_id_name, ROLE_NAME, OBJ_OID(1), COL_NAME(2), 3)

/* ---- pg_has_role ---- */

/* has_role - MEMBER, USAGE, and the right to grant membership; a superuser is in every role. */
static Status has_role(FnCall *call, FuncSession *fs, Oid member, Oid role, const Datum *asked,
                       Datum *out)
{
    static const char *const WORDS[] = {"MEMBER",
                                        "USAGE",
                                        "MEMBER WITH GRANT OPTION",
                                        "USAGE WITH GRANT OPTION",
                                        "MEMBER WITH ADMIN OPTION",
                                        "USAGE WITH ADMIN OPTION"};
    const char *p = func_cstring(call, asked);
    size_t at = 0;
    while (at < ARRAY_LEN(WORDS) && strcasecmp(p, WORDS[at]) != 0) {
        at++;
    }
    if (at == ARRAY_LEN(WORDS)) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "unrecognized privilege type: \"%s\"", p);
    }
    return at == 0   ? cat_role_member(call->cx, fs->view, member, role, &out->b)
           : at == 1 ? cat_role_inherits(call->cx, fs->view, member, role, &out->b)
                     : cat_role_admin(call->cx, fs->view, member, role, &out->b);
}

#define HAS_ROLE_ONE(fn, MEMBER, ROLE, asked)                                                      \
    static Status fn(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)    \
    {                                                                                              \
        Oid role, of;                                                                              \
        (void)null_out;                                                                            \
        MEMBER;                                                                                    \
        ROLE;                                                                                      \
        return has_role(call, fs, role, of, &a[asked], out);                                       \
    }                                                                                              \
    KERNEL(fn)
#define OF_NAME(i) TRY(role_by_name(call, fs, func_cstring(call, &a[i]), &of))
#define OF_OID(i)  of = a[i].u32
HAS_ROLE_ONE(fn_has_role_name_name, ROLE_NAME, OF_NAME(1), 2)
HAS_ROLE_ONE(fn_has_role_name_id, ROLE_NAME, OF_OID(1), 2)
HAS_ROLE_ONE(fn_has_role_id_name, ROLE_OID, OF_NAME(1), 2)
HAS_ROLE_ONE(fn_has_role_id_id, ROLE_OID, OF_OID(1), 2)
HAS_ROLE_ONE(fn_has_role_name, ROLE_SELF, OF_NAME(0), 1)
HAS_ROLE_ONE(fn_has_role_id, ROLE_SELF, OF_OID(0), 1)

#define PRIV_ENTRIES(sql, fn)                                                                      \
    {sql "_name_name", fn##_name_name_kernel, 0}, {sql "_name_id", fn##_name_id_kernel, 0},        \
        {sql "_id_name", fn##_id_name_kernel, 0}, {sql "_id_id", fn##_id_id_kernel, 0},            \
        {sql "_name", fn##_name_kernel, 0},                                                        \
    {                                                                                              \
        sql "_id", fn##_id_kernel, 0                                                               \
    }

static const FnOps FNS[] = {
    PRIV_ENTRIES("has_table_privilege", fn_has_table),
    PRIV_ENTRIES("has_any_column_privilege", fn_has_any_column),
    PRIV_ENTRIES("has_sequence_privilege", fn_has_sequence),
    PRIV_ENTRIES("has_database_privilege", fn_has_database),
    PRIV_ENTRIES("has_schema_privilege", fn_has_schema),
    PRIV_ENTRIES("has_function_privilege", fn_has_function),
    PRIV_ENTRIES("has_type_privilege", fn_has_type),
    PRIV_ENTRIES("has_language_privilege", fn_has_language),
    PRIV_ENTRIES("has_tablespace_privilege", fn_has_tablespace),
    PRIV_ENTRIES("has_foreign_data_wrapper_privilege", fn_has_wrapper),
    PRIV_ENTRIES("has_server_privilege", fn_has_server),
    {"has_column_privilege_name_name", fn_col_name_name_kernel, 0},
    {"has_column_privilege_name_attnum", fn_col_name_attnum_kernel, 0},
    {"has_column_privilege_id_name", fn_col_id_name_kernel, 0},
    {"has_column_privilege_id_attnum", fn_col_id_attnum_kernel, 0},
    {"has_column_privilege_name_name_attnum", fn_col_name_name_attnum_kernel, 0},
    {"has_column_privilege_name_id_attnum", fn_col_name_id_attnum_kernel, 0},
    {"has_column_privilege_id_name_name", fn_col_id_name_name_kernel, 0},
    {"has_column_privilege_id_name_attnum", fn_col_id_name_attnum_kernel, 0},
    {"has_column_privilege_id_id_name", fn_col_id_id_name_kernel, 0},
    {"has_column_privilege_id_id_attnum", fn_col_id_id_attnum_kernel, 0},
    {"has_column_privilege_name_name_name", fn_col_name_name_name_kernel, 0},
    {"has_column_privilege_name_id_name", fn_col_name_id_name_kernel, 0},
    PRIV_ENTRIES("pg_has_role", fn_has_role),
};
const FuncTable FUNC_PRIVILEGE = {FNS, ARRAY_LEN(FNS)};

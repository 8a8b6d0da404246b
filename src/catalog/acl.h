#ifndef DASSIE_ACL_H
#define DASSIE_ACL_H
/*
 * acl.h - roles, their memberships, and the access lists of objects: who may do what.
 *
 * All answers come from cached immutable objects (catalog.h): a superuser's questions cost one flag
 * of the CatView, others a look-up or two. One thread per CatView.
 *
 * Stored lists are the text of an aclitem[] whose roles are numbers, {16384=r*w/10}, so that they
 * outlive a role's new name; built-in lists have the names of built-in roles. Scans of catalogs
 * give names (cat_acl_names).
 */
#include "catalog/catalog.h"

/* AclMode - privileges, in PostgreSQL's order; shifted by ACL_OPTION_SHIFT the right to grant them
 * on. */
typedef uint32_t AclMode;
enum {
    ACL_INSERT = 1 << 0,
    ACL_SELECT = 1 << 1,
    ACL_UPDATE = 1 << 2,
    ACL_DELETE = 1 << 3,
    ACL_TRUNCATE = 1 << 4,
    ACL_REFERENCES = 1 << 5,
    ACL_TRIGGER = 1 << 6,
    ACL_EXECUTE = 1 << 7,
    ACL_USAGE = 1 << 8,
    ACL_CREATE = 1 << 9,
    ACL_CREATE_TEMP = 1 << 10,
    ACL_CONNECT = 1 << 11,
    ACL_SET = 1 << 12,
    ACL_ALTER_SYSTEM = 1 << 13,
    ACL_WORD_COUNT = 14,
    ACL_OPTION_SHIFT = 16,
};
#define ACL_RIGHTS(mode)  ((AclMode)(mode)&0xffffu)
#define ACL_OPTIONS(mode) ((AclMode)(mode) >> ACL_OPTION_SHIFT)
#define ACL_OPTION(mode)  ((AclMode)(mode) << ACL_OPTION_SHIFT)

/* AclWord - a privilege's letter in lists and its name. */
typedef struct AclWord {
    char letter;
    const char *name;
} AclWord;
extern const AclWord ACL_WORDS[ACL_WORD_COUNT];

typedef struct AclItem {
    Oid grantee, grantor; /* grantee 0: everyone */
    AclMode mode;         /* rights and options */
} AclItem;
typedef struct Acl {
    AclItem *items;
    uint32_t count;
} Acl;

/* AclKind - one kind of object that has a list. */
typedef struct AclKind {
    char letter;              /* as acldefault() and pg_default_acl know it */
    const char *noun;         /* "table" in messages */
    Oid class_oid;            /* the catalog, and its columns: */
    int16_t name, owner, acl; /* name -1: its OID; acl -1: it has an owner only */
    AclMode all;              /* what may be granted; what an owner has without a list */
    AclMode everyone;         /* what everyone has without a list */
    const char *plural;       /* "privileges for" in messages: "relation" */
} AclKind;
enum { ROLE_NONE = 0 };
enum {
    ROLE_PG_DATABASE_OWNER = 6171,
    ROLE_PG_READ_ALL_DATA = 6181,
    ROLE_PG_WRITE_ALL_DATA = 6182,
    ROLE_PG_SIGNAL_BACKEND = 4200,
    ROLE_PG_MONITOR = 3373,
    ROLE_PG_READ_ALL_SETTINGS = 3374,
    ROLE_PG_READ_ALL_STATS = 3375,
    ROLE_PG_CHECKPOINT = 4544,
    ROLE_PG_READ_SERVER_FILES = 4569,
    ROLE_PG_WRITE_SERVER_FILES = 4570,
    ROLE_PG_EXECUTE_SERVER_PROGRAM = 4571,
    CAT_PG_LANGUAGE = 2612,
    CAT_PG_TABLESPACE = 1213,
    CAT_PG_AUTH_MEMBERS = 1261,
    CAT_PG_SHDEPEND = 1214,
    CAT_PG_DEFAULT_ACL = 826,
    CAT_PG_POLICY = 3256,
    CAT_PG_INIT_PRIVS = 3394,
    CAT_PG_LARGEOBJECT = 2613,
    CAT_PG_LARGEOBJECT_METADATA = 2995,
    CAT_PG_EXTENSION = 3079,
};

/* ---- roles ---- */
typedef struct CatMembership {
    Oid role, grantor;
    bool admin;
} CatMembership;
typedef struct CatRole {
    Oid oid;
    const char *name;
    bool super, inherit, create_role, create_db, can_login, replication, bypass_rls;
    int32_t connection_limit;
    const char *password; /* NULL: none */
    bool has_valid_until;
    int64_t valid_until; /* timestamptz */
    uint32_t member_of_count;
    const CatMembership *member_of;
} CatRole;
/* cat_role - ST_NOTFOUND when there is none. */
Status cat_role(Cx *cx, CatView *v, Oid oid, const CatRole **out);
/* cat_role_name - its name, or its number as text when it is gone; in arena or pinned. */
Status cat_role_name(Cx *cx, CatView *v, Arena *arena, Oid oid, const char **out);
/* cat_role_need - a role by name. 42704. */
Status cat_role_need(Cx *cx, CatView *v, const char *name, const CatRole **out);
/* cat_role_super - is it a superuser? One that is not there is none. */
Status cat_role_super(Cx *cx, CatView *v, Oid oid, bool *out);
/* cat_role_inherits - has the member what the role has: it is the role, or inherits from it; a
 * superuser has all. cat_role_member - may it become the role? cat_role_member_of - likewise, but
 * superusers are nothing special. cat_role_admin - may it grant membership in the role? */
Status cat_role_inherits(Cx *cx, CatView *v, Oid member, Oid role, bool *out);
Status cat_role_member(Cx *cx, CatView *v, Oid member, Oid role, bool *out);
Status cat_role_member_of(Cx *cx, CatView *v, Oid member, Oid role, bool *out);
Status cat_role_admin(Cx *cx, CatView *v, Oid member, Oid role, bool *out);
/* cat_user_refresh - keep in the view what is asked most of its user. */
Status cat_user_refresh(Cx *cx, CatView *v);

/* ---- lists ---- */
/* acl_kind - of a catalog's objects; relkind tells tables from sequences, 0 elsewhere. NULL: its
 * objects have no lists. acl_kind_of_letter - by acldefault's letter; 'c' is a column. */
const AclKind *acl_kind(Oid class_oid, char relkind);
const AclKind *acl_kind_of_letter(char letter);
/* acl_catalog - the catalog that has the rows of a class's objects: large objects are of the class
 * of their pages. */
Oid acl_catalog(Oid class_oid);
/* acl_default - the list that stands for none. */
Acl acl_default(Arena *arena, const AclKind *kind, Oid owner);
/* acl_parse - the text of a stored or built-in list. acl_text - a list as it is stored; NULL for an
 * empty one unless keep_empty ("{}"). */
Status acl_parse(Cx *cx, Arena *arena, const char *text, Acl *out);
const char *acl_text(Arena *arena, const Acl *acl);
/* acl_put_item_names - one item with the names of its roles. */
Status acl_put_item_names(Cx *cx, CatView *v, const AclItem *item, Buf *out);
/* cat_acl_names - the text of a stored list with names instead of numbers. */
Status cat_acl_names(Cx *cx, CatView *v, Arena *arena, const char *text, const char **out);
/* acl_mask - which of the wanted (rights and options) the role has by the list. */
Status acl_mask(Cx *cx, CatView *v, const Acl *acl, Oid role, Oid owner, AclMode want,
                AclMode *have_out);

/* CatAcl - what an object's row says about who may use it. */
typedef struct CatColumnAcl {
    int16_t number;
    Acl acl;
} CatColumnAcl;
typedef struct CatAcl {
    const AclKind *kind;
    Oid owner, namespace_oid;
    char relkind;
    const char *name;
    bool given;            /* the row has a list */
    Acl acl;               /* it, or the default */
    uint16_t column_count; /* of relations: columns with lists of their own */
    const CatColumnAcl *columns;
    bool row_security, force_row_security;
} CatAcl;
/* cat_acl - ST_NOTFOUND when there is no such object. */
Status cat_acl(Cx *cx, CatView *v, Oid class_oid, Oid oid, const CatAcl **out);
/* cat_acl_have - which of the wanted privileges the role has on the object; membership, superusers,
 * pg_read_all_data and its like included. 0 for an object that is not there. role 0: everyone. */
Status cat_acl_have(Cx *cx, CatView *v, Oid class_oid, Oid oid, Oid role, AclMode want,
                    AclMode *have_out);
/* cat_acl_column_have - likewise by the list of one column alone. */
Status cat_acl_column_have(Cx *cx, CatView *v, Oid table, int16_t number, Oid role, AclMode want,
                           AclMode *have_out);
/* cat_acl_need - 42501 "permission denied for ..." unless the role has all of want. */
Status cat_acl_need(Cx *cx, CatView *v, Oid class_oid, Oid oid, Oid role, AclMode want);
/* cat_acl_columns_need - 42501 unless the role has want on the table or on each of the columns. */
Status cat_acl_columns_need(Cx *cx, CatView *v, Oid table, const int16_t *numbers, uint32_t count,
                            Oid role, AclMode want);
/* acl_denied - 42501 "permission denied for table x"; acl_not_owner - "must be owner of ...". */
Status acl_denied(Cx *cx, const CatAcl *a);
Status acl_not_owner(Cx *cx, const CatAcl *a);
const char *acl_noun(const CatAcl *a);
/* cat_is_owner - does the role own the object, by itself, by membership, or as a superuser? */
Status cat_is_owner(Cx *cx, CatView *v, Oid class_oid, Oid oid, Oid role, bool *out);
/* cat_view_checks_as - whose rights what a view reads is checked by: its owner's, or with
 * security_invoker those that are asked for the view itself. */
Oid cat_view_checks_as(const CatTable *view, Oid outer);
/* cat_owner_need - 42501 unless the view's user owns it. */
Status cat_owner_need(Cx *cx, CatView *v, Oid class_oid, Oid oid);

/* cat_setting_may - may the view's user see the setting's value? Paths and the like are shown to
 * pg_read_all_settings only. cat_setting_need - 42501 unless so. */
Status cat_setting_may(Cx *cx, CatView *v, const char *name, bool *out);
Status cat_setting_need(Cx *cx, CatView *v, const char *name);

/* CatDatabase - a database as sessions ask for it. */
typedef struct CatDatabase {
    Oid oid, owner;
    const char *name;
    bool allow_connections;
    int32_t connection_limit;
} CatDatabase;
Status cat_database(Cx *cx, CatView *v, Oid oid, const CatDatabase **out);
Status cat_database_by_name(Cx *cx, CatView *v, const char *name, Oid *oid_out);
/* cat_object_by_name - an object of a catalog whose names are unique in it: language, tablespace,
 * database. ST_NOTFOUND. */
Status cat_object_by_name(Cx *cx, CatView *v, Oid class_oid, uint16_t name_column, const char *name,
                          Oid *oid_out);

#endif

/*
 * test_catalog_acl.c - roles, memberships and access lists.
 *
 * Goal: the text of lists is read and written back, with numbers and with names; lists give their
 * privileges to roles, to everyone, to members that inherit, and not to those that do not; what
 * predefined roles and owners may. Method: a catalog in memory; roles and memberships are written
 * as DDL would.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "catalog/acl.h"
#include "catalog/catalog_data.h"

enum { ALICE = 20001, BOB = 20002, STAFF = 20003, CHIEFS = 20004 };

typedef struct AclFixture {
    Err err;
    Arena arena;
    Cx cx;
    Catalog *catalog;
    CatView view;
} AclFixture;

/* acl_role - a role as CREATE ROLE writes it. */
static void acl_role(AclFixture *f, Oid oid, const char *name, bool inherit)
{
    Datum values[PG_AUTHID_COLUMN_COUNT] = {0};
    bool nulls[PG_AUTHID_COLUMN_COUNT] = {0};
    values[PG_AUTHID_OID].u32 = oid;
    values[PG_AUTHID_ROLNAME].str = str_ref(name, strlen(name));
    values[PG_AUTHID_ROLINHERIT].b = inherit;
    values[PG_AUTHID_ROLCONNLIMIT].i32 = -1;
    nulls[PG_AUTHID_ROLPASSWORD] = nulls[PG_AUTHID_ROLVALIDUNTIL] = true;
    assert_int_equal(cat_row_insert(&f->cx, &f->view, CAT_PG_AUTHID, values, nulls), ST_OK);
}

static void acl_member(AclFixture *f, Oid role, Oid member, bool admin)
{
    Datum values[PG_AUTH_MEMBERS_COLUMN_COUNT] = {0};
    bool nulls[PG_AUTH_MEMBERS_COLUMN_COUNT] = {0};
    values[PG_AUTH_MEMBERS_ROLEID].u32 = role;
    values[PG_AUTH_MEMBERS_MEMBER].u32 = member;
    values[PG_AUTH_MEMBERS_GRANTOR].u32 = ROLE_BOOTSTRAP;
    values[PG_AUTH_MEMBERS_ADMIN_OPTION].b = admin;
    assert_int_equal(cat_row_insert(&f->cx, &f->view, CAT_PG_AUTH_MEMBERS, values, nulls), ST_OK);
}

static int acl_setup(void **state)
{
    AclFixture *f = mem_zalloc("test", sizeof(*f));
    arena_init(&f->arena, NULL, "test", 0);
    f->cx = (Cx){.err = &f->err, .arena = &f->arena};
    assert_int_equal(catalog_open_memory(&f->cx, &f->catalog), ST_OK);
    cat_view_init(&f->view, f->catalog);
    acl_role(f, ALICE, "alice", true);
    acl_role(f, BOB, "Bob the 2nd", false);
    acl_role(f, STAFF, "staff", true);
    acl_role(f, CHIEFS, "chiefs", true);
    acl_member(f, STAFF, ALICE, false);
    acl_member(f, STAFF, BOB, false);
    acl_member(f, CHIEFS, STAFF, true);
    cat_changed(&f->view);
    *state = f;
    return 0;
}

static int acl_teardown(void **state)
{
    AclFixture *f = *state;
    cat_view_release_pins(&f->view);
    catalog_close(f->catalog);
    arena_release(&f->arena);
    mem_free(f);
    return 0;
}

/* Goal: membership at a distance, by inheritance or by SET ROLE only, and the admin option. Method:
 * alice and bob are staff, staff are chiefs; bob does not inherit. */
static void test_membership(void **state)
{
    AclFixture *f = *state;
    bool is;
    static const struct {
        Oid member, role;
        bool inherits, member_of, admin;
    } CASES[] = {
        {ALICE, ALICE, true, true, false},    {ALICE, STAFF, true, true, false},
        {ALICE, CHIEFS, true, true, true},    {BOB, STAFF, false, true, false},
        {BOB, CHIEFS, false, true, true},     {STAFF, CHIEFS, true, true, true},
        {CHIEFS, STAFF, false, false, false}, {ROLE_BOOTSTRAP, STAFF, true, true, true},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        assert_int_equal(cat_role_inherits(&f->cx, &f->view, CASES[i].member, CASES[i].role, &is),
                         ST_OK);
        assert_int_equal(is, CASES[i].inherits);
        assert_int_equal(cat_role_member(&f->cx, &f->view, CASES[i].member, CASES[i].role, &is),
                         ST_OK);
        assert_int_equal(is, CASES[i].member_of);
        assert_int_equal(cat_role_admin(&f->cx, &f->view, CASES[i].member, CASES[i].role, &is),
                         ST_OK);
        assert_int_equal(is, CASES[i].admin);
    }
    assert_int_equal(
        cat_role_inherits(&f->cx, &f->view, ROLE_PG_MONITOR, ROLE_PG_READ_ALL_STATS, &is), ST_OK);
    assert_true(is);
}

/* Goal: lists come back as they were written. Method: texts with numbers, with built-in names, with
 * options, with everyone; names as scans show them. */
static void test_text(void **state)
{
    AclFixture *f = *state;
    Acl acl;
    const char *names;
    assert_int_equal(acl_parse(&f->cx, &f->arena, "{20001=ar*w/10,=U/20003}", &acl), ST_OK);
    assert_int_equal(acl.count, 2);
    assert_int_equal(acl.items[0].grantee, ALICE);
    assert_int_equal(acl.items[0].grantor, ROLE_BOOTSTRAP);
    assert_int_equal(acl.items[0].mode,
                     ACL_INSERT | ACL_SELECT | ACL_UPDATE | ACL_OPTION(ACL_SELECT));
    assert_int_equal(acl.items[1].grantee, OID_INVALID);
    assert_string_equal(acl_text(&f->arena, &acl), "{20001=ar*w/10,=U/20003}");
    assert_int_equal(
        acl_parse(&f->cx, &f->arena, "{postgres=X/postgres,pg_monitor=X/postgres}", &acl), ST_OK);
    assert_string_equal(acl_text(&f->arena, &acl), "{10=X/10,3373=X/10}");
    assert_int_equal(
        cat_acl_names(&f->cx, &f->view, &f->arena, "{20002=r/20001,=c/10,77=r/10}", &names), ST_OK);
    assert_string_equal(names, "{\"\\\"Bob the 2nd\\\"=r/alice\",=c/postgres,77=r/postgres}");
    assert_int_equal(acl_parse(&f->cx, &f->arena, "{}", &acl), ST_OK);
    assert_int_equal(acl.count, 0);
    assert_int_equal(acl_parse(&f->cx, &f->arena, "{nonsense}", &acl), ST_ERROR);
}

/* Goal: what a list gives. Method: rights to everyone, to a role, to a role that others are in, and
 * the options that an owner always has. */
static void test_mask(void **state)
{
    AclFixture *f = *state;
    Acl acl;
    AclMode have;
    assert_int_equal(acl_parse(&f->cx, &f->arena, "{=r/10,20003=w*/10,20002=d/10}", &acl), ST_OK);
    AclMode all = ACL_SELECT | ACL_UPDATE | ACL_DELETE | ACL_OPTION(ACL_UPDATE | ACL_SELECT);
    assert_int_equal(acl_mask(&f->cx, &f->view, &acl, ALICE, ROLE_BOOTSTRAP, all, &have), ST_OK);
    assert_int_equal(have, ACL_SELECT | ACL_UPDATE | ACL_OPTION(ACL_UPDATE));
    assert_int_equal(acl_mask(&f->cx, &f->view, &acl, BOB, ROLE_BOOTSTRAP, all, &have), ST_OK);
    assert_int_equal(have, ACL_SELECT | ACL_DELETE);
    assert_int_equal(acl_mask(&f->cx, &f->view, &acl, ALICE, CHIEFS, all, &have), ST_OK);
    assert_int_equal(have, ACL_SELECT | ACL_UPDATE | ACL_OPTION(ACL_UPDATE | ACL_SELECT));
    assert_int_equal(acl_mask(&f->cx, &f->view, &acl, OID_INVALID, ROLE_BOOTSTRAP, all, &have),
                     ST_OK);
    assert_int_equal(have, ACL_SELECT);
}

/* Goal: built-in objects. Method: a catalog everyone reads, one that nobody does, a function that
 * is not everyone's, the schema pg_catalog. */
static void test_builtin(void **state)
{
    AclFixture *f = *state;
    AclMode have;
    bool owner;
    static const struct {
        Oid class_oid, oid;
        AclMode want, have;
    } CASES[] = {
        {CAT_PG_CLASS, CAT_PG_CLASS, ACL_SELECT, ACL_SELECT},
        {CAT_PG_CLASS, CAT_PG_CLASS, ACL_UPDATE, 0},
        {CAT_PG_CLASS, CAT_PG_AUTHID, ACL_SELECT, 0},
        {CAT_PG_NAMESPACE, NAMESPACE_PG_CATALOG, ACL_USAGE | ACL_CREATE, ACL_USAGE},
        {CAT_PG_PROC, 2621, ACL_EXECUTE, 0}, /* pg_reload_conf */
        {CAT_PG_PROC, 1397, ACL_EXECUTE, ACL_EXECUTE},
        {CAT_PG_TYPE, TYPE_INT4, ACL_USAGE, ACL_USAGE},
        {CAT_PG_LANGUAGE, 14, ACL_USAGE, ACL_USAGE},
        {CAT_PG_CLASS, 99999, ACL_SELECT, 0},
    };
    for (size_t i = 0; i < ARRAY_LEN(CASES); i++) {
        assert_int_equal(cat_acl_have(&f->cx, &f->view, CASES[i].class_oid, CASES[i].oid, ALICE,
                                      CASES[i].want, &have),
                         ST_OK);
        assert_int_equal(have, CASES[i].have);
    }
    assert_int_equal(cat_is_owner(&f->cx, &f->view, CAT_PG_CLASS, CAT_PG_CLASS, ALICE, &owner),
                     ST_OK);
    assert_false(owner);
    f->view.user = ALICE;
    f->view.user_super = false;
    assert_int_equal(cat_owner_need(&f->cx, &f->view, CAT_PG_CLASS, CAT_PG_CLASS), ST_ERROR);
    assert_string_equal(f->err.message, "must be owner of table pg_class");
    assert_int_equal(cat_acl_need(&f->cx, &f->view, CAT_PG_CLASS, CAT_PG_AUTHID, ALICE, ACL_SELECT),
                     ST_ERROR);
    assert_string_equal(f->err.message, "permission denied for table pg_authid");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_membership, acl_setup, acl_teardown),
        cmocka_unit_test_setup_teardown(test_text, acl_setup, acl_teardown),
        cmocka_unit_test_setup_teardown(test_mask, acl_setup, acl_teardown),
        cmocka_unit_test_setup_teardown(test_builtin, acl_setup, acl_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

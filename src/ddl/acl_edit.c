/*
 * acl_edit.c - access lists changed: privileges added and taken away with what was granted on from
 * them, by PostgreSQL's rules.
 */
#include "ddl/role.h"

/* acl_copy - the list with items of its own, and room for one more. */
static Acl acl_copy(DdlCx *d, const Acl *acl)
{
    Acl copy = {.items = ARENA_ARRAY(d->arena, AclItem, acl->count + 1), .count = acl->count};
    for (uint32_t i = 0; i < acl->count; i++) {
        copy.items[i] = acl->items[i];
    }
    return copy;
}

/* acl_held - options that a role holds by the list, as rights. */
static Status acl_held(Cx *cx, DdlCx *d, const Acl *acl, Oid role, Oid owner, AclMode rights,
                       AclMode *out)
{
    AclMode have;
    TRY(acl_mask(cx, d->view, acl, role, owner, ACL_OPTION(rights), &have));
    *out = ACL_OPTIONS(have);
    return ST_OK;
}

/* acl_circle - 0LP01 when options are given back to where the grantor has them from. */
static Status acl_circle(Cx *cx, DdlCx *d, const Acl *acl, const AclItem *item, Oid owner)
{
    AclMode own;
    if (item->grantor == owner) {
        return ST_OK;
    }
    Acl copy = acl_copy(d, acl);
    for (uint32_t i = 0; i < copy.count;) {
        if (copy.items[i].grantee == item->grantee && ACL_OPTIONS(copy.items[i].mode) != 0) {
            AclItem gone = copy.items[i];
            TRY(acl_update(cx, d, &copy, &gone, false, owner, true));
            i = 0;
        } else {
            i++;
        }
    }
    TRY(acl_held(cx, d, &copy, item->grantor, owner, ACL_OPTIONS(item->mode), &own));
    return (ACL_OPTIONS(item->mode) & ~own) == 0
               ? ST_OK
               : err_set(cx, ERRCODE_INVALID_GRANT_OPERATION,
                         "grant options cannot be granted back to your own grantor");
}

/* acl_abandoned - what a role granted on that has lost its options goes too. */
static Status acl_abandoned(Cx *cx, DdlCx *d, Acl *acl, Oid grantee, AclMode lost, Oid owner,
                            bool cascade)
{
    AclMode still;
    if (grantee == owner) {
        return ST_OK;
    }
    TRY(acl_held(cx, d, acl, grantee, owner, lost, &still));
    lost &= ~still;
    for (uint32_t i = 0; lost != 0 && i < acl->count;) {
        if (acl->items[i].grantor != grantee || (ACL_RIGHTS(acl->items[i].mode) & lost) == 0) {
            i++;
            continue;
        }
        if (!cascade) {
            st_ignore(
                err_set(cx, ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST, "dependent privileges exist"));
            return err_hint(cx, "Use CASCADE to revoke them too.");
        }
        AclItem gone = {acl->items[i].grantee, grantee, lost | ACL_OPTION(lost)};
        TRY(acl_update(cx, d, acl, &gone, false, owner, cascade));
        i = 0;
    }
    return ST_OK;
}

Status acl_update(Cx *cx, DdlCx *d, Acl *acl, const AclItem *item, bool add, Oid owner,
                  bool cascade)
{
    uint32_t at = 0;
    if (add && ACL_OPTIONS(item->mode) != 0) {
        TRY(acl_circle(cx, d, acl, item, owner));
    }
    while (at < acl->count &&
           (acl->items[at].grantee != item->grantee || acl->items[at].grantor != item->grantor)) {
        at++;
    }
    if (at == acl->count) {
        *acl = acl_copy(d, acl);
        acl->items[acl->count++] = (AclItem){item->grantee, item->grantor, 0};
    }
    AclMode old = acl->items[at].mode;
    AclMode now = add ? old | item->mode : old & ~item->mode;
    acl->items[at].mode = now;
    if (ACL_RIGHTS(now) == 0 && ACL_OPTIONS(now) == 0) {
        acl->count--;
        memmove(&acl->items[at], &acl->items[at + 1], (acl->count - at) * sizeof(AclItem));
    }
    AclMode lost = ACL_OPTIONS(old) & ~ACL_OPTIONS(now);
    return lost != 0 ? acl_abandoned(cx, d, acl, item->grantee, lost, owner, cascade) : ST_OK;
}

static int acl_order(const void *a, const void *b)
{
    const AclItem *x = a, *y = b;
    if (x->grantee != y->grantee) {
        return x->grantee < y->grantee ? -1 : 1;
    }
    if (x->grantor != y->grantor) {
        return x->grantor < y->grantor ? -1 : 1;
    }
    return x->mode == y->mode ? 0 : x->mode < y->mode ? -1 : 1;
}

void acl_sort(Acl *acl)
{
    array_sort(acl->items, acl->count, sizeof(AclItem), acl_order);
}

bool acl_equal(const Acl *a, const Acl *b)
{
    return a->count == b->count &&
           (a->count == 0 || memcmp(a->items, b->items, a->count * sizeof(AclItem)) == 0);
}

Status acl_merge(Cx *cx, DdlCx *d, Acl *acl, const AclChange *c, Oid grantor, Oid owner)
{
    *acl = acl_copy(d, acl); /* it may be that of a cached object */
    for (uint32_t i = 0; i < c->grantee_count; i++) {
        AclItem item = {.grantee = c->grantees[i], .grantor = grantor};
        if (c->grant && c->option && item.grantee == OID_INVALID) {
            return err_set(cx, ERRCODE_INVALID_GRANT_OPERATION,
                           "grant options can only be granted to roles");
        }
        item.mode = c->grant || !c->option ? c->mode : 0;
        item.mode |= !c->grant || c->option ? ACL_OPTION(c->mode) : 0;
        TRY(acl_update(cx, d, acl, &item, c->grant, owner, c->cascade));
    }
    return ST_OK;
}

/* acl_direct - options that the role has by entries of its own, as rights. */
static AclMode acl_direct(const Acl *acl, Oid role, AclMode want)
{
    AclMode have = 0;
    for (uint32_t i = 0; i < acl->count; i++) {
        if (acl->items[i].grantee == role) {
            have |= ACL_OPTIONS(acl->items[i].mode) & want;
        }
    }
    return have;
}

Status acl_grantor(Cx *cx, DdlCx *d, const Acl *acl, Oid owner, AclMode want, Oid *grantor_out,
                   AclMode *may_out)
{
    bool in;
    Oid user = d->view->user;
    *grantor_out = owner;
    *may_out = want;
    if (user == owner || d->view->user_super) {
        return ST_OK;
    }
    *grantor_out = user;
    *may_out = acl_direct(acl, user, want);
    if (*may_out == want) {
        return ST_OK;
    }
    TRY(cat_role_inherits(cx, d->view, user, owner, &in));
    if (in) {
        *grantor_out = owner;
        *may_out = want;
        return ST_OK;
    }
    int best = __builtin_popcount(*may_out);
    for (uint32_t i = 0; i < acl->count && *may_out != want; i++) {
        Oid role = acl->items[i].grantee;
        AclMode may = acl_direct(acl, role, want);
        if (role == OID_INVALID || role == user || __builtin_popcount(may) <= best) {
            continue;
        }
        TRY(cat_role_inherits(cx, d->view, user, role, &in));
        if (in) {
            *grantor_out = role;
            *may_out = may;
            best = __builtin_popcount(may);
        }
    }
    return ST_OK;
}

/*
 * cat_order.c - operator classes: the default order of a type and what place an operator has in it;
 * those of other access methods.
 */
#include "catalog/cat_internal.h"

#define ANYARRAY_OID      2277
#define ANYELEMENT_OID    2283
#define ANYENUM_OID       3500
#define RECORD_OID        2249
#define ANYRANGE_OID      3831
#define ANYMULTIRANGE_OID 4537

Oid cat_opclass_input(Oid opclass)
{
    for (uint32_t i = 0; i < CATALOG_PG_OPCLASS_COUNT; i++) {
        if (catalog_pg_opclass[i].oid == opclass) {
            return catalog_pg_opclass[i].opcintype;
        }
    }
    return OID_INVALID;
}

Oid cat_opclass_method(Oid opclass)
{
    for (uint32_t i = 0; i < CATALOG_PG_OPCLASS_COUNT; i++) {
        if (catalog_pg_opclass[i].oid == opclass) {
            return catalog_pg_opclass[i].opcmethod;
        }
    }
    return OID_INVALID;
}

static Oid opclass_family(Oid opclass)
{
    for (uint32_t i = 0; i < CATALOG_PG_OPCLASS_COUNT; i++) {
        if (catalog_pg_opclass[i].oid == opclass) {
            return catalog_pg_opclass[i].opcfamily;
        }
    }
    return OID_INVALID;
}

Oid cat_opclass_key_type(CatView *v, Oid opclass, Oid type)
{
    for (uint32_t i = 0; i < CATALOG_PG_OPCLASS_COUNT; i++) {
        const PgOpclassRow *r = &catalog_pg_opclass[i];
        if (r->oid == opclass && r->opckeytype == ANYELEMENT_OID) {
            const CatType *t = cat_type(v, type);
            return t != NULL ? t->element : OID_INVALID;
        }
        if (r->oid == opclass) {
            return r->opckeytype;
        }
    }
    return OID_INVALID;
}

Oid cat_opclass_proc(Oid opclass, int16_t number)
{
    Oid family = opclass_family(opclass), input = cat_opclass_input(opclass);
    for (uint32_t i = 0; i < CATALOG_PG_AMPROC_COUNT && family != OID_INVALID; i++) {
        const PgAmprocRow *r = &catalog_pg_amproc[i];
        if (r->amprocfamily == family && r->amproclefttype == input && r->amprocnum == number) {
            return r->amproc;
        }
    }
    return OID_INVALID;
}

int cat_opclass_strategy(Oid opclass, Oid oper)
{
    Oid family = opclass_family(opclass);
    for (uint32_t i = 0; i < CATALOG_PG_AMOP_COUNT && family != OID_INVALID; i++) {
        const PgAmopRow *r = &catalog_pg_amop[i];
        if (r->amopfamily == family && r->amopopr == oper && r->amoppurpose == 's') {
            return r->amopstrategy;
        }
    }
    return 0;
}

const char *cat_access_method_name(Oid method)
{
    for (uint32_t i = 0; i < CATALOG_PG_AM_COUNT; i++) {
        if (catalog_pg_am[i].oid == method) {
            return catalog_str(catalog_pg_am[i].amname);
        }
    }
    return "btree";
}

Oid cat_access_method(const char *name)
{
    for (uint32_t i = 0; i < CATALOG_PG_AM_COUNT; i++) {
        if (catalog_pg_am[i].amtype == 'i' &&
            strcmp(catalog_str(catalog_pg_am[i].amname), name) == 0) {
            return catalog_pg_am[i].oid;
        }
    }
    return OID_INVALID;
}

/* order_exact_class - the method's default class for exactly this input type. */
static const PgOpclassRow *order_exact_class(Oid method, Oid type)
{
    for (uint32_t i = 0; i < CATALOG_PG_OPCLASS_COUNT; i++) {
        const PgOpclassRow *row = &catalog_pg_opclass[i];
        if (row->opcmethod == method && row->opcintype == type && row->opcdefault) {
            return row;
        }
    }
    return NULL;
}

/*
 * order_method_class - the method's default class of a type: for the type itself, for what a domain
 * is made of, for a type it is binary-coercible to (varchar as text, regclass as oid), or for all
 * arrays, enums or rows.
 */
static const PgOpclassRow *order_method_class(CatView *v, Oid method, Oid type)
{
    const CatType *t = cat_type(v, type);
    for (int depth = 0; t != NULL && t->kind == 'd' && depth < 32; depth++) {
        type = t->base;
        t = cat_type(v, type);
    }
    const PgOpclassRow *class = order_exact_class(method, type);
    if (class != NULL || t == NULL) {
        return class;
    }
    /* The preferred target of the category wins, as in PostgreSQL (text for varchar). */
    for (uint32_t i = 0; i < CATALOG_PG_CAST_COUNT; i++) {
        const CatCast *cast = &v->catalog->casts[i];
        if (cast->source != type || cast->method != 'b' || cast->context != 'i') {
            continue;
        }
        const PgOpclassRow *found = order_exact_class(method, cast->target);
        const CatType *target = cat_type(v, cast->target);
        if (found != NULL && (class == NULL || (target != NULL && target->preferred))) {
            class = found;
        }
    }
    if (class != NULL) {
        return class;
    }
    if (t->kind == 'e') {
        return order_exact_class(method, ANYENUM_OID);
    }
    if (t->kind == 'c') {
        return order_exact_class(method, RECORD_OID);
    }
    if (t->kind == 'r' || t->kind == 'm') {
        return order_exact_class(method, t->kind == 'r' ? ANYRANGE_OID : ANYMULTIRANGE_OID);
    }
    /* Arrays have the order of their elements, if these have one; those of inverted indexes are
       made of elements that have one. */
    Oid of_element = method == AM_GIN ? AM_BTREE : method;
    return t->category == 'A' && t->element != OID_INVALID &&
                   order_method_class(v, of_element, t->element) != NULL
               ? order_exact_class(method, ANYARRAY_OID)
               : NULL;
}

static const PgOpclassRow *order_default_class(CatView *v, Oid type)
{
    return order_method_class(v, AM_BTREE, type);
}

/* order_member - the operator of a family for (left, right) and a strategy; 0 when none. */
static Oid order_member(Oid family, Oid left, Oid right, int strategy)
{
    uint32_t lo = 0, hi = CATALOG_PG_AMOP_COUNT;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        const PgAmopRow *r =
            &catalog_pg_amop
                [catalog_pg_amop_by_amopfamily_amoplefttype_amoprighttype_amopstrategy[mid]];
        bool less = r->amopfamily != family     ? r->amopfamily < family
                    : r->amoplefttype != left   ? r->amoplefttype < left
                    : r->amoprighttype != right ? r->amoprighttype < right
                                                : r->amopstrategy < strategy;
        if (less) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    if (lo == CATALOG_PG_AMOP_COUNT) {
        return OID_INVALID;
    }
    const PgAmopRow *r =
        &catalog_pg_amop[catalog_pg_amop_by_amopfamily_amoplefttype_amoprighttype_amopstrategy[lo]];
    return r->amopfamily == family && r->amoplefttype == left && r->amoprighttype == right &&
                   r->amopstrategy == strategy
               ? r->amopopr
               : OID_INVALID;
}

bool cat_default_order(CatView *v, Oid type, Oid *lt_oper_out, Oid *eq_oper_out, Oid *gt_oper_out)
{
    *lt_oper_out = *eq_oper_out = *gt_oper_out = OID_INVALID;
    const PgOpclassRow *class = order_default_class(v, type);
    if (class == NULL) {
        return false;
    }
    Oid in = class->opcintype;
    *lt_oper_out = order_member(class->opcfamily, in, in, 1);
    *eq_oper_out = order_member(class->opcfamily, in, in, 3);
    *gt_oper_out = order_member(class->opcfamily, in, in, 5);
    return *lt_oper_out != OID_INVALID && *eq_oper_out != OID_INVALID;
}

Oid cat_default_opclass(CatView *v, Oid type)
{
    const PgOpclassRow *class = order_default_class(v, type);
    return class != NULL ? class->oid : OID_INVALID;
}

Oid cat_method_opclass(CatView *v, Oid method, Oid type)
{
    const PgOpclassRow *class = order_method_class(v, method, type);
    return class != NULL ? class->oid : OID_INVALID;
}

int cat_oper_strategy(CatView *v, Oid oper)
{
    uint32_t lo = 0, hi = CATALOG_PG_AMOP_COUNT;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        if (catalog_pg_amop[catalog_pg_amop_by_amopopr[mid]].amopopr < oper) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    for (; lo < CATALOG_PG_AMOP_COUNT; lo++) {
        const PgAmopRow *r = &catalog_pg_amop[catalog_pg_amop_by_amopopr[lo]];
        if (r->amopopr != oper) {
            break;
        }
        if (r->amopmethod != AM_BTREE || r->amoppurpose != 's') {
            continue;
        }
        /* text_pattern_ops and the like share operators with the default family or have others. */
        const PgOpclassRow *class = order_default_class(v, r->amoplefttype);
        if (class != NULL && class->opcfamily == r->amopfamily) {
            return r->amopstrategy;
        }
    }
    return 0;
}

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

/* order_class_at - the i-th of all operator classes, built-in ones first; NULL after the last. */
static const PgOpclassRow *order_class_at(const CatClasses *u, uint32_t i)
{
    if (i < CATALOG_PG_OPCLASS_COUNT) {
        return &catalog_pg_opclass[i];
    }
    i -= CATALOG_PG_OPCLASS_COUNT;
    return i < u->class_count ? &u->classes[i] : NULL;
}

/* order_class - an operator class by OID; NULL when there is none. */
static const PgOpclassRow *order_class(CatView *v, Oid opclass)
{
    const PgOpclassRow *row;
    for (uint32_t i = 0; i < CATALOG_PG_OPCLASS_COUNT; i++) {
        if (catalog_pg_opclass[i].oid == opclass) {
            return &catalog_pg_opclass[i];
        }
    }
    const CatClasses *u = opclass >= FIRST_USER_OID ? cat_user_classes(v) : NULL;
    for (uint32_t i = CATALOG_PG_OPCLASS_COUNT; u != NULL && (row = order_class_at(u, i)) != NULL;
         i++) {
        if (row->oid == opclass) {
            return row;
        }
    }
    return NULL;
}

Oid cat_opclass_input(CatView *v, Oid opclass)
{
    const PgOpclassRow *row = order_class(v, opclass);
    return row != NULL ? row->opcintype : OID_INVALID;
}

Oid cat_opclass_method(CatView *v, Oid opclass)
{
    const PgOpclassRow *row = order_class(v, opclass);
    return row != NULL ? row->opcmethod : OID_INVALID;
}

Oid cat_opclass_family(CatView *v, Oid opclass)
{
    const PgOpclassRow *row = order_class(v, opclass);
    return row != NULL ? row->opcfamily : OID_INVALID;
}

Oid cat_opclass_proc(CatView *v, Oid opclass, int16_t number)
{
    const PgOpclassRow *class = order_class(v, opclass);
    const CatClasses *u = cat_user_classes(v);
    bool user = opclass >= FIRST_USER_OID;
    const PgAmprocRow *rows = user ? u->procs : catalog_pg_amproc;
    uint32_t count = class == NULL ? 0 : user ? u->proc_count : CATALOG_PG_AMPROC_COUNT;
    for (uint32_t i = 0; i < count; i++) {
        if (rows[i].amprocfamily == class->opcfamily &&
            rows[i].amproclefttype == class->opcintype && rows[i].amprocnum == number) {
            return rows[i].amproc;
        }
    }
    return OID_INVALID;
}

int cat_family_strategy(CatView *v, Oid family, Oid oper)
{
    const CatClasses *u = family >= FIRST_USER_OID ? cat_user_classes(v) : NULL;
    const PgAmopRow *rows = u != NULL ? u->opers : catalog_pg_amop;
    uint32_t count = u != NULL ? u->oper_count : CATALOG_PG_AMOP_COUNT;
    for (uint32_t i = 0; i < count; i++) {
        if (rows[i].amopfamily == family && rows[i].amopopr == oper && rows[i].amoppurpose == 's') {
            return rows[i].amopstrategy;
        }
    }
    return 0;
}

/* order_class_name - ... of the i-th. */
static const char *order_class_name(const CatClasses *u, uint32_t i)
{
    return i < CATALOG_PG_OPCLASS_COUNT ? catalog_str(catalog_pg_opclass[i].opcname)
                                        : u->names[i - CATALOG_PG_OPCLASS_COUNT];
}

const char *cat_opclass_name(CatView *v, Arena *arena, Oid opclass)
{
    const CatClasses *u = cat_user_classes(v);
    const PgOpclassRow *row;
    for (uint32_t i = 0; (row = order_class_at(u, i)) != NULL; i++) {
        if (row->oid == opclass) {
            return arena_strdup(arena, order_class_name(u, i));
        }
    }
    return NULL;
}

Oid cat_opclass_by_name(CatView *v, Oid method, Oid schema, const char *name)
{
    const CatClasses *u = cat_user_classes(v);
    const PgOpclassRow *row;
    Oid found = OID_INVALID;
    uint32_t found_at = UINT32_MAX;
    for (uint32_t i = 0; (row = order_class_at(u, i)) != NULL; i++) {
        if (row->opcmethod != method || strcmp(order_class_name(u, i), name) != 0) {
            continue;
        }
        for (uint32_t at = 0; at < v->search_path_count && schema == OID_INVALID; at++) {
            if (v->search_path[at] == row->opcnamespace && at < found_at) {
                found = row->oid;
                found_at = at;
            }
        }
        if (schema != OID_INVALID && row->opcnamespace == schema) {
            return row->oid;
        }
    }
    return found;
}

Oid cat_user_order_proc(CatView *v, Oid type)
{
    const CatClasses *u = cat_user_classes(v);
    for (uint32_t i = 0; i < u->class_count; i++) {
        const PgOpclassRow *row = &u->classes[i];
        if (row->opcmethod == AM_BTREE && row->opcintype == type && row->opcdefault) {
            return cat_opclass_proc(v, row->oid, 1);
        }
    }
    return OID_INVALID;
}

Oid cat_opclass_key_type(CatView *v, Oid opclass, Oid type)
{
    const PgOpclassRow *row = order_class(v, opclass);
    if (row != NULL && row->opckeytype == ANYELEMENT_OID) {
        const CatType *t = cat_type(v, type);
        return t != NULL ? t->element : OID_INVALID;
    }
    return row != NULL ? row->opckeytype : OID_INVALID;
}

int cat_opclass_strategy(CatView *v, Oid opclass, Oid oper)
{
    return cat_family_strategy(v, cat_opclass_family(v, opclass), oper);
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
static const PgOpclassRow *order_exact_class(CatView *v, Oid method, Oid type)
{
    for (uint32_t i = 0; i < CATALOG_PG_OPCLASS_COUNT; i++) {
        const PgOpclassRow *row = &catalog_pg_opclass[i];
        if (row->opcmethod == method && row->opcintype == type && row->opcdefault) {
            return row;
        }
    }
    const CatClasses *u = cat_user_classes(v);
    for (uint32_t i = 0; i < u->class_count; i++) {
        const PgOpclassRow *row = &u->classes[i];
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
    const PgOpclassRow *class = order_exact_class(v, method, type);
    if (class != NULL || t == NULL) {
        return class;
    }
    /* The preferred target of the category wins, as in PostgreSQL (text for varchar). */
    for (uint32_t i = 0; i < CATALOG_PG_CAST_COUNT; i++) {
        const CatCast *cast = &v->catalog->casts[i];
        if (cast->source != type || cast->method != 'b' || cast->context != 'i') {
            continue;
        }
        const PgOpclassRow *found = order_exact_class(v, method, cast->target);
        const CatType *target = cat_type(v, cast->target);
        if (found != NULL && (class == NULL || (target != NULL && target->preferred))) {
            class = found;
        }
    }
    if (class != NULL) {
        return class;
    }
    if (t->kind == 'e') {
        return order_exact_class(v, method, ANYENUM_OID);
    }
    if (t->kind == 'c') {
        return order_exact_class(v, method, RECORD_OID);
    }
    if (t->kind == 'r' || t->kind == 'm') {
        return order_exact_class(v, method, t->kind == 'r' ? ANYRANGE_OID : ANYMULTIRANGE_OID);
    }
    /* Arrays have the order of their elements, if these have one; those of inverted indexes are
       made of elements that have one. */
    Oid of_element = method == AM_GIN ? AM_BTREE : method;
    return t->category == 'A' && t->element != OID_INVALID &&
                   order_method_class(v, of_element, t->element) != NULL
               ? order_exact_class(v, method, ANYARRAY_OID)
               : NULL;
}

static const PgOpclassRow *order_default_class(CatView *v, Oid type)
{
    return order_method_class(v, AM_BTREE, type);
}

/* order_member - the operator of a family for (left, right) and a strategy; 0 when none. */
static Oid order_member(CatView *v, Oid family, Oid left, Oid right, int strategy)
{
    const CatClasses *u = family >= FIRST_USER_OID ? cat_user_classes(v) : NULL;
    for (uint32_t i = 0; u != NULL && i < u->oper_count; i++) {
        const PgAmopRow *m = &u->opers[i];
        if (m->amopfamily == family && m->amoplefttype == left && m->amoprighttype == right &&
            m->amopstrategy == strategy && m->amoppurpose == 's') {
            return m->amopopr;
        }
    }
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
    *lt_oper_out = order_member(v, class->opcfamily, in, in, 1);
    *eq_oper_out = order_member(v, class->opcfamily, in, in, 3);
    *gt_oper_out = order_member(v, class->opcfamily, in, in, 5);
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

/* order_user_strategy - cat_oper_strategy of an extension's operator. */
static int order_user_strategy(CatView *v, Oid oper)
{
    const CatClasses *u = cat_user_classes(v);
    for (uint32_t i = 0; i < u->oper_count; i++) {
        const PgAmopRow *m = &u->opers[i];
        if (m->amopopr != oper || m->amopmethod != AM_BTREE || m->amoppurpose != 's') {
            continue;
        }
        const PgOpclassRow *class = order_default_class(v, m->amoplefttype);
        if (class != NULL && class->opcfamily == m->amopfamily) {
            return m->amopstrategy;
        }
    }
    return 0;
}

int cat_oper_strategy(CatView *v, Oid oper)
{
    if (oper >= FIRST_USER_OID) {
        return order_user_strategy(v, oper);
    }
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

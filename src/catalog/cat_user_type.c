/*
 * cat_user_type.c - types of users: what handles their values, the labels of enums, the constraints
 * of domains, what ranges are made of.
 *
 * The value of an enum is eight bytes that compare as integers: the label's sort order above (the
 * bits of the float made to order as integers), the OID of its pg_enum row below. So sorting, keys
 * and hashes need no catalog, and output needs the OID only.
 */
#include "catalog/cat_internal.h"

#include "type/array.h"

Oid cat_carrier(CatView *v, char kind, char category, Oid oid, Oid base, Oid element)
{
    const CatType *of;
    switch (kind) {
    case 'd': of = cat_type(v, base); return of != NULL ? of->carrier : OID_INVALID;
    case 'e': return TYPE_ANYENUM;
    case 'c': return TYPE_RECORD;
    case 'r': return oid < FIRST_USER_OID ? oid : TYPE_ANYRANGE;
    case 'm': return oid < FIRST_USER_OID ? oid : TYPE_ANYMULTIRANGE;
    default: break;
    }
    if (oid >= FIRST_USER_OID && category == 'A' && element != OID_INVALID) {
        of = cat_type(v, element);
        return of != NULL ? type_array_of(of->carrier) : OID_INVALID;
    }
    if (oid >= FIRST_USER_OID && kind == 'b') { /* of an extension: told by its order */
        const CatProc *order = cat_proc(v, cat_user_order_proc(v, oid));
        return order != NULL ? type_contrib_carrier(order->prosrc) : OID_INVALID;
    }
    return oid;
}

Oid cat_domain_base(CatView *v, Oid type)
{
    const CatType *t = cat_type(v, type);
    for (int depth = 0; t != NULL && t->kind == 'd' && depth < 64; depth++) {
        type = t->base;
        t = cat_type(v, type);
    }
    return type;
}

/* ---- enums ---- */

int64_t cat_enum_value(Oid label, float order)
{
    uint32_t bits;
    memcpy(&bits, &order, sizeof(bits));
    int32_t high = (bits >> 31) != 0 ? (int32_t)(~bits ^ UINT32_C(0x80000000)) : (int32_t)bits;
    return (int64_t)((uint64_t)(uint32_t)high << 32 | label);
}

static int enum_by_value(const void *a, const void *b)
{
    const CatEnumLabel *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

/* enum_load - CatBuildFn: all labels of a type, in order. */
static Status enum_load(Cx *cx, CatRead *read, CatObj *obj, Oid oid, const char *name UNUSED)
{
    Arena scratch;
    arena_init(&scratch, NULL, "catalog load", 0);
    CatKey key = cat_key_oid(PG_ENUM_ENUMTYPID, oid);
    const CatRow *rows;
    uint32_t count;
    Status st = cat_read_list(cx, read, &scratch, CAT_PG_ENUM, &key, &rows, &count);
    if (st == ST_OK) {
        CatEnum *e = ARENA_NEW(&obj->arena, CatEnum);
        CatEnumLabel *labels = ARENA_ARRAY(&obj->arena, CatEnumLabel, count + 1);
        for (uint32_t i = 0; i < count; i++) {
            labels[i].oid = cat_oid(&rows[i], PG_ENUM_OID);
            labels[i].order = rows[i].values[PG_ENUM_ENUMSORTORDER].f32;
            labels[i].label = cat_str(&obj->arena, &rows[i], PG_ENUM_ENUMLABEL);
            labels[i].value = cat_enum_value(labels[i].oid, labels[i].order);
        }
        array_sort(labels, count, sizeof(*labels), enum_by_value);
        *e = (CatEnum){labels, count};
        obj->payload = e;
    }
    arena_release(&scratch);
    return st;
}

Status cat_enum(Cx *cx, CatView *v, Oid type, const CatEnum **out)
{
    const void *found = NULL;
    TRY(cat_obj_get(cx, v, CAT_OBJ_ENUM, type, NULL, enum_load, &found));
    *out = found;
    return found != NULL ? ST_OK : ST_NOTFOUND;
}

/* enum_label_load - CatBuildFn: the text of one label. */
static Status enum_label_load(Cx *cx, CatRead *read, CatObj *obj, Oid oid, const char *name UNUSED)
{
    Arena scratch;
    arena_init(&scratch, NULL, "catalog load", 0);
    CatKey key = cat_key_oid(PG_ENUM_OID, oid);
    const CatRow *row;
    Status st = cat_read_one(cx, read, &scratch, CAT_PG_ENUM, &key, &row);
    if (st == ST_OK && row != NULL) {
        obj->payload = cat_str(&obj->arena, row, PG_ENUM_ENUMLABEL);
    }
    arena_release(&scratch);
    return st;
}

const char *cat_enum_label(Cx *cx, CatView *v, int64_t value)
{
    const void *found = NULL;
    Oid oid = (Oid)((uint64_t)value & UINT32_MAX);
    Status st = cat_obj_get(cx, v, CAT_OBJ_ENUM_LABEL, oid, NULL, enum_label_load, &found);
    return st == ST_OK ? found : NULL;
}

/* ---- values that a transaction has added itself: 55P04 ---- */

Status cat_enum_added(Cx *cx, CatView *v, Oid label)
{
    if (v->new_label_count == ARRAY_LEN(v->new_labels)) {
        return err_unsupported(cx,
                               "more than %u new values of enums in one transaction are not "
                               "supported",
                               (unsigned)ARRAY_LEN(v->new_labels));
    }
    v->new_labels[v->new_label_count++] = label;
    return ST_OK;
}

Status cat_enum_usable(Cx *cx, CatView *v, Oid type, const CatEnumLabel *label)
{
    for (uint32_t i = 0; i < v->new_label_count; i++) {
        if (v->new_labels[i] == label->oid) {
            Buf name;
            buf_init(&name, 1024);
            cat_format_type(v, type, -1, &name);
            (void)err_set(cx, ERRCODE_UNSAFE_NEW_ENUM_VALUE_USAGE,
                          "unsafe use of new value \"%s\" of enum type %.*s", label->label,
                          (int)name.len, (const char *)name.data);
            buf_release(&name);
            return err_hint(cx, "New enum values must be committed before they can be used.");
        }
    }
    return ST_OK;
}

/* ---- domains ---- */

static int domain_by_name(const void *a, const void *b)
{
    return strcmp(((const CatDomainCheck *)a)->name, ((const CatDomainCheck *)b)->name);
}

/* domain_checks - those of one domain, by name, before what its own domains above have added. */
static Status domain_checks(Cx *cx, CatRead *read, Arena *scratch, Arena *arena, Oid oid,
                            CatDomain *d)
{
    CatKey key = cat_key_oid(PG_CONSTRAINT_CONTYPID, oid);
    const CatRow *rows;
    uint32_t count, n = 0;
    TRY(cat_read_list(cx, read, scratch, CAT_PG_CONSTRAINT, &key, &rows, &count));
    CatDomainCheck *list = ARENA_ARRAY(arena, CatDomainCheck, count + d->check_count + 1);
    for (uint32_t i = 0; i < count; i++) {
        if (cat_char(&rows[i], PG_CONSTRAINT_CONTYPE) == 'c') {
            list[n].oid = cat_oid(&rows[i], PG_CONSTRAINT_OID);
            list[n].name = cat_str(arena, &rows[i], PG_CONSTRAINT_CONNAME);
            list[n++].sql = cat_str(arena, &rows[i], PG_CONSTRAINT_CONBIN);
        }
    }
    array_sort(list, n, sizeof(*list), domain_by_name);
    if (d->check_count > 0) {
        memcpy(list + n, d->checks, d->check_count * sizeof(*list));
    }
    d->checks = list;
    d->check_count += n;
    return ST_OK;
}

/* domain_load - CatBuildFn: the constraints of a domain and of those it is over, these first. */
static Status domain_load(Cx *cx, CatRead *read, CatObj *obj, Oid oid, const char *name UNUSED)
{
    Arena scratch;
    CatDomain *d = ARENA_NEW(&obj->arena, CatDomain);
    arena_init(&scratch, NULL, "catalog load", 0);
    Status st = ST_OK;
    for (int depth = 0; depth < 64 && oid >= FIRST_USER_OID; depth++) {
        const CatType *t = cat_type(read->view, oid);
        if (t == NULL || t->kind != 'd') {
            break;
        }
        d->not_null = d->not_null || t->not_null;
        TRY_OUT(domain_checks(cx, read, &scratch, &obj->arena, oid, d));
        oid = t->base;
    }
    obj->payload = d;
out:
    arena_release(&scratch);
    return st;
}

Status cat_domain(Cx *cx, CatView *v, Oid type, const CatDomain **out)
{
    const void *found = NULL;
    TRY(cat_obj_get(cx, v, CAT_OBJ_DOMAIN, type, NULL, domain_load, &found));
    *out = found;
    return ST_OK;
}

/* ---- ranges ---- */

/* range_fill - the rest of a TypeRange from the subtype. */
static void range_fill(CatView *v, Oid canonical, TypeRange *r)
{
    const CatType *sub = cat_type(v, r->subtype);
    enum { INT4RANGE_CANONICAL = 3914, INT8RANGE_CANONICAL = 3928, DATERANGE_CANONICAL = 3915 };
    r->carrier = sub != NULL ? sub->carrier : r->subtype;
    r->canonical = canonical == INT4RANGE_CANONICAL   ? 'i'
                   : canonical == INT8RANGE_CANONICAL ? 'I'
                   : canonical == DATERANGE_CANONICAL ? 'd'
                                                      : 0;
}

static bool range_builtin(CatView *v, Oid type, bool by_subtype, TypeRange *out)
{
    for (uint32_t i = 0; i < CATALOG_PG_RANGE_COUNT; i++) {
        const PgRangeRow *r = &catalog_pg_range[i];
        if (by_subtype ? r->rngsubtype == type : r->rngtypid == type || r->rngmultitypid == type) {
            *out = (TypeRange){.range = r->rngtypid,
                               .multirange = r->rngmultitypid,
                               .subtype = r->rngsubtype,
                               .collation = r->rngcollation,
                               .is_multirange = r->rngmultitypid == type};
            range_fill(v, r->rngcanonical, out);
            return true;
        }
    }
    return false;
}

/* range_load - CatBuildFn: the row of pg_range of a range type, or (name given) of a multirange. */
static Status range_load(Cx *cx, CatRead *read, CatObj *obj, Oid oid, const char *name)
{
    Arena scratch;
    arena_init(&scratch, NULL, "catalog load", 0);
    CatKey key = cat_key_oid(name != NULL ? PG_RANGE_RNGMULTITYPID : PG_RANGE_RNGTYPID, oid);
    const CatRow *row;
    Status st = cat_read_one(cx, read, &scratch, CAT_PG_RANGE, &key, &row);
    if (st == ST_OK && row != NULL) {
        TypeRange *r = ARENA_NEW(&obj->arena, TypeRange);
        *r = (TypeRange){.range = cat_oid(row, PG_RANGE_RNGTYPID),
                         .multirange = cat_oid(row, PG_RANGE_RNGMULTITYPID),
                         .subtype = cat_oid(row, PG_RANGE_RNGSUBTYPE),
                         .collation = cat_oid(row, PG_RANGE_RNGCOLLATION),
                         .is_multirange = name != NULL};
        range_fill(read->view, cat_oid(row, PG_RANGE_RNGCANONICAL), r);
        obj->payload = r;
    }
    arena_release(&scratch);
    return st;
}

bool cat_range(Cx *cx, CatView *v, Oid type, TypeRange *out)
{
    const void *found = NULL;
    const CatType *t = cat_type(v, type);
    if (t == NULL || (t->kind != 'r' && t->kind != 'm')) {
        return false;
    }
    if (type < FIRST_USER_OID) {
        return range_builtin(v, type, false, out);
    }
    if (cat_obj_get(cx, v, CAT_OBJ_RANGE, type, t->kind == 'm' ? "m" : NULL, range_load, &found) !=
            ST_OK ||
        found == NULL) {
        return false;
    }
    *out = *(const TypeRange *)found;
    return true;
}

/*
 * type.c - the registry: joins the families' tables and finds entries by OID and by prosrc.
 *
 * The index over the families is built once, before main starts, and is constant afterwards, so
 * look-ups need no lock.
 */
#include "type/array.h"
#include "type/type_internal.h"

static const TypeFamily *const TYPE_FAMILIES[] = {
    &type_family_bool,          &type_family_int,         &type_family_int_cross,
    &type_family_oid,           &type_family_float,       &type_family_text,
    &type_family_agg_basic,     &type_family_numeric,     &type_family_numeric_ops,
    &type_family_numeric_agg,   &type_family_text_fn,     &type_family_text_like,
    &type_family_text_out,      &type_family_datetime,    &type_family_datetime_ops,
    &type_family_datetime_part, &type_family_uuid,        &type_family_inet,
    &type_family_pg_lsn,        &type_family_json,        &type_family_float_math,
    &type_family_numeric_math,  &type_family_text_regex,  &type_family_to_char,
    &type_family_to_char_num,   &type_family_misc,        &type_family_series,
    &type_family_json_set,      &type_family_json_agg,    &type_family_agg_regr,
    &type_family_array,         &type_family_agg_ordered, &type_family_record,
    &type_family_json_record,   &type_family_jsonb_io,    &type_family_jsonb_ops,
    &type_family_jsonb_edit,    &type_family_jsonb_build, &type_family_jsonb_rows,
    &type_family_jsonpath,      &type_family_jsonpath_fn, &type_family_enum,
    &type_family_range,         &type_family_range_fn,    &type_family_inet_fn,
    &type_family_macaddr,       &type_family_bit,         &type_family_money,
    &type_family_geo,           &type_family_geo_fn,      &type_family_geo_path,
    &type_family_tsvector,      &type_family_tsquery,     &type_family_tsearch,
};

#define TYPE_INDEX_SIZE 512
#define FN_INDEX_SIZE   8192
#define AGG_INDEX_SIZE  1024

typedef struct TypeIndex {
    const TypeOps *types[TYPE_INDEX_SIZE];
    const FnOps *fns[FN_INDEX_SIZE];
    const AggOps *aggs[AGG_INDEX_SIZE];
    TypeOps arrays[ARRAY_TYPES_MAX];
} TypeIndex;
static TypeIndex type_index;

static uint32_t type_index_oid_slot(Oid oid, uint32_t size)
{
    return (uint32_t)hash_u64(oid) & (size - 1);
}
static uint32_t type_index_name_slot(const char *name)
{
    uint32_t h = 2166136261u;
    for (; *name != '\0'; name++) {
        h = (h ^ (uint8_t)*name) * 16777619u;
    }
    return (h ^ (h >> 15)) & (FN_INDEX_SIZE - 1);
}

static void type_index_add(const TypeOps *type)
{
    uint32_t s = type_index_oid_slot(type->oid, TYPE_INDEX_SIZE);
    while (type_index.types[s] != NULL) {
        s = (s + 1) & (TYPE_INDEX_SIZE - 1);
    }
    type_index.types[s] = type;
}

/* type_index_family - the entries of one family. */
static void type_index_family(const TypeFamily *family)
{
    for (uint32_t i = 0; i < family->type_count; i++) {
        type_index_add(&family->types[i]);
    }
    for (uint32_t i = 0; i < family->fn_count; i++) {
        uint32_t s = type_index_name_slot(family->fns[i].prosrc);
        while (type_index.fns[s] != NULL) {
            s = (s + 1) & (FN_INDEX_SIZE - 1);
        }
        type_index.fns[s] = &family->fns[i];
    }
    for (uint32_t i = 0; i < family->agg_count; i++) {
        uint32_t s = type_index_oid_slot(family->aggs[i].fn_oid, AGG_INDEX_SIZE);
        while (type_index.aggs[s] != NULL) {
            s = (s + 1) & (AGG_INDEX_SIZE - 1);
        }
        type_index.aggs[s] = &family->aggs[i];
    }
}

/* type_index_build - fill the hash tables; the first entry of a name wins. Array types come last:
 * they are made from what is there of their elements' types. */
__attribute__((constructor)) static void type_index_build(void)
{
    for (size_t f = 0; f < ARRAY_LEN(TYPE_FAMILIES); f++) {
        type_index_family(TYPE_FAMILIES[f]);
    }
    for (uint32_t f = 0; f < TYPE_CONTRIB_FAMILY_COUNT; f++) {
        type_index_family(TYPE_CONTRIB_FAMILIES[f]);
    }
    for (uint32_t i = 0; i < array_type_count(); i++) {
        if (array_type_make(i, &type_index.arrays[i])) {
            type_index_add(&type_index.arrays[i]);
        }
    }
}

const TypeOps *type_ops(Oid type)
{
    uint32_t s = type_index_oid_slot(type, TYPE_INDEX_SIZE);
    for (; type_index.types[s] != NULL; s = (s + 1) & (TYPE_INDEX_SIZE - 1)) {
        if (type_index.types[s]->oid == type) {
            return type_index.types[s];
        }
    }
    return NULL;
}

Oid call_carrier(const FnCall *call, Oid type)
{
    TypeFacts facts;
    return type_ops(type) == NULL && call_type_facts(call, type, &facts) && facts.carrier != 0
               ? facts.carrier
               : type;
}

Oid type_domain_base(const FnCall *call, Oid type)
{
    TypeFacts facts;
    while (type_ops(type) == NULL && call_type_facts(call, type, &facts) && facts.kind == 'd') {
        type = facts.base;
    }
    return type;
}

Status type_check_domain(const FnCall *call, Oid type, const Datum *value)
{
    TypeFacts facts;
    if (type_ops(type) != NULL || !call_type_facts(call, type, &facts) || facts.kind != 'd') {
        return ST_OK;
    }
    return call->env->types->check(call->cx, call->env->session, type, value, value == NULL);
}

Oid call_element(const FnCall *call, Oid type)
{
    TypeFacts facts;
    Oid element = type_array_element(type);
    return element == OID_INVALID && call_type_facts(call, type, &facts) ? facts.element : element;
}

const FnOps *fn_ops_by_prosrc(const char *prosrc)
{
    uint32_t s = type_index_name_slot(prosrc);
    for (; type_index.fns[s] != NULL; s = (s + 1) & (FN_INDEX_SIZE - 1)) {
        if (strcmp(type_index.fns[s]->prosrc, prosrc) == 0) {
            return type_index.fns[s];
        }
    }
    return NULL;
}

const FnOps *fn_ops_by_oid(Oid fn_oid)
{
    char name[16], digits[12];
    size_t n = 0, at = 0;
    do {
        digits[n++] = (char)('0' + fn_oid % 10);
        fn_oid /= 10;
    } while (fn_oid != 0);
    memcpy(name, "oid:", 4);
    for (at = 4; n > 0;) {
        name[at++] = digits[--n];
    }
    name[at] = '\0';
    return fn_ops_by_prosrc(name);
}

/* type_family_set - a set function of one family. */
static const SetOps *type_family_set(const TypeFamily *family, const char *prosrc)
{
    for (uint32_t i = 0; i < family->set_count; i++) {
        if (strcmp(family->sets[i].prosrc, prosrc) == 0) {
            return &family->sets[i];
        }
    }
    return NULL;
}

const SetOps *set_ops_by_prosrc(const char *prosrc)
{
    const SetOps *found = NULL;
    for (size_t f = 0; f < ARRAY_LEN(TYPE_FAMILIES) && found == NULL; f++) {
        found = type_family_set(TYPE_FAMILIES[f], prosrc);
    }
    for (uint32_t f = 0; f < TYPE_CONTRIB_FAMILY_COUNT && found == NULL; f++) {
        found = type_family_set(TYPE_CONTRIB_FAMILIES[f], prosrc);
    }
    return found;
}

Oid type_contrib_carrier(const char *order_proc)
{
    for (uint32_t i = 0; i < TYPE_CONTRIB_TYPE_COUNT && order_proc != NULL; i++) {
        if (strcmp(TYPE_CONTRIB_TYPES[i].order_proc, order_proc) == 0) {
            return TYPE_CONTRIB_TYPES[i].carrier;
        }
    }
    return OID_INVALID;
}

TypeSoundFn type_contrib_sound(Oid carrier)
{
    for (uint32_t i = 0; i < TYPE_CONTRIB_TYPE_COUNT; i++) {
        if (TYPE_CONTRIB_TYPES[i].carrier == carrier) {
            return TYPE_CONTRIB_TYPES[i].sound;
        }
    }
    return NULL;
}

const AggOps *agg_ops_of(Oid fn_oid, const char *prosrc)
{
    const AggOps *found = agg_ops(fn_oid);
    for (uint32_t i = 0; i < TYPE_CONTRIB_AGG_COUNT && found == NULL && prosrc != NULL; i++) {
        if (strcmp(TYPE_CONTRIB_AGGS[i].step, prosrc) == 0) {
            found = agg_ops(TYPE_CONTRIB_AGGS[i].like);
        }
    }
    return found;
}

const AggOps *agg_ops(Oid fn_oid)
{
    uint32_t s = type_index_oid_slot(fn_oid, AGG_INDEX_SIZE);
    for (; type_index.aggs[s] != NULL; s = (s + 1) & (AGG_INDEX_SIZE - 1)) {
        if (type_index.aggs[s]->fn_oid == fn_oid) {
            return type_index.aggs[s];
        }
    }
    return NULL;
}

bool key_encode(const TypeOps *type, const Datum *v, bool is_null, bool desc, bool nulls_first,
                Buf *buf)
{
    if (type->key == NULL) {
        return false;
    }
    if (is_null) {
        buf_putc(buf, nulls_first ? 0 : 2);
        return true;
    }
    buf_putc(buf, 1);
    size_t start = buf->len;
    type->key(v, buf);
    if (desc) {
        for (size_t i = start; i < buf->len; i++) {
            buf->data[i] = (uint8_t)~buf->data[i];
        }
    }
    return true;
}

/*
 * contrib.c - what extensions bring: the tables that src/type looks into.
 */
#include "contrib/contrib.h"

#include "type/gin.h"

/* clang-format off */
const TypeFamily *const TYPE_CONTRIB_FAMILIES[] = {
    &contrib_btree_gist,
    &contrib_citext,
    &contrib_hstore,
    &contrib_hstore_fn,
    &contrib_pg_trgm,
};
/* clang-format on */
const uint32_t TYPE_CONTRIB_FAMILY_COUNT = ARRAY_LEN(TYPE_CONTRIB_FAMILIES);

const ContribType TYPE_CONTRIB_TYPES[] = {
    {"citext:citext_cmp", CARRIER_CITEXT, NULL},
    {"hstore:hstore_cmp", CARRIER_HSTORE, hstore_sound},
};
const uint32_t TYPE_CONTRIB_TYPE_COUNT = ARRAY_LEN(TYPE_CONTRIB_TYPES);

const ContribAgg TYPE_CONTRIB_AGGS[] = {
    {"citext:citext_larger", 2129},  /* max(text) */
    {"citext:citext_smaller", 2145}, /* min(text) */
};
const uint32_t TYPE_CONTRIB_AGG_COUNT = ARRAY_LEN(TYPE_CONTRIB_AGGS);

const GinOps *const TYPE_CONTRIB_GINS[] = {
    &contrib_gin_hstore,   &contrib_gin_trgm,      &contrib_gin_int2,        &contrib_gin_int4,
    &contrib_gin_int8,     &contrib_gin_float4,    &contrib_gin_float8,      &contrib_gin_money,
    &contrib_gin_oid,      &contrib_gin_timestamp, &contrib_gin_timestamptz, &contrib_gin_time,
    &contrib_gin_timetz,   &contrib_gin_date,      &contrib_gin_interval,    &contrib_gin_macaddr,
    &contrib_gin_inet,     &contrib_gin_cidr,      &contrib_gin_text,        &contrib_gin_char,
    &contrib_gin_bytea,    &contrib_gin_bit,       &contrib_gin_varbit,      &contrib_gin_numeric,
    &contrib_gin_macaddr8, &contrib_gin_anyenum,   &contrib_gin_uuid,        &contrib_gin_name,
    &contrib_gin_bool,     &contrib_gin_bpchar,
};
const uint32_t TYPE_CONTRIB_GIN_COUNT = ARRAY_LEN(TYPE_CONTRIB_GINS);

#ifndef DASSIE_CONTRIB_H
#define DASSIE_CONTRIB_H
/*
 * contrib.h - the kernels of PostgreSQL's contrib extensions: one family of type.h an extension.
 *
 * Kernels are found by library and symbol, as pg_proc has them: "hstore:hstore_in". What CREATE
 * EXTENSION writes into the catalogs is data (src/catalog/data/extension_rows.dat). Constant
 * tables; any thread.
 */
#include "type/type.h"

extern const TypeFamily contrib_btree_gist, contrib_citext, contrib_hstore, contrib_hstore_fn,
    contrib_pg_trgm;

extern const struct GinOps contrib_gin_hstore, contrib_gin_trgm;
/* btree_gin: one a type. */
extern const struct GinOps contrib_gin_int2, contrib_gin_int4, contrib_gin_int8, contrib_gin_float4,
    contrib_gin_float8, contrib_gin_money, contrib_gin_oid, contrib_gin_timestamp,
    contrib_gin_timestamptz, contrib_gin_time, contrib_gin_timetz, contrib_gin_date,
    contrib_gin_interval, contrib_gin_macaddr, contrib_gin_inet, contrib_gin_cidr, contrib_gin_text,
    contrib_gin_char, contrib_gin_bytea, contrib_gin_bit, contrib_gin_varbit, contrib_gin_numeric,
    contrib_gin_macaddr8, contrib_gin_anyenum, contrib_gin_uuid, contrib_gin_name, contrib_gin_bool,
    contrib_gin_bpchar;

/* hstore_sound - TypeSoundFn of hstore. */
bool hstore_sound(const Str *values, uint32_t n);

#endif

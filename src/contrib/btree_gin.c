/*
 * btree_gin.c - inverted operator classes of types that have an order, so that such columns stand
 * beside arrays or jsonb in one index. A value's one item is its key; "=" is narrowed by it, the
 * other comparisons are tested on rows.
 */
#include "contrib/contrib.h"
#include "type/gin.h"

enum { BTREE_EQUAL = 3 };

/* btree_gin_item - the item of a value. */
static void btree_gin_item(Oid type, const Datum *v, GinItems *out)
{
    const TypeOps *ops = type_ops(type);
    Buf key;
    if (ops == NULL || ops->key == NULL) {
        return;
    }
    buf_init(&key, SIZE_MAX);
    ops->key(v, &key);
    gin_add(out, GIN_FLAG_FIRST, (Slice){(const char *)key.data, key.len});
    buf_release(&key);
}

/* btree_gin_need - what "=" asks for when the value's item is there. */
static void btree_gin_need(GinQuery *out)
{
    out->need = out->items.count != 0 ? GIN_EACH_OF : GIN_ALL;
}

/* BTREE_GIN - the class whose extractValue function is gin_extract_value_NAME. */
#define BTREE_GIN(name, type)                                                                      \
    static void btree_gin_##name##_items(const Datum *v, GinItems *out)                            \
    {                                                                                              \
        btree_gin_item(type, v, out);                                                              \
    }                                                                                              \
    static void btree_gin_##name##_query(int strategy UNUSED, const Datum *v, GinQuery *out)       \
    {                                                                                              \
        btree_gin_item(type, v, &out->items);                                                      \
        btree_gin_need(out);                                                                       \
    }                                                                                              \
    const GinOps contrib_gin_##name = {                                                            \
        .symbol = "btree_gin:gin_extract_value_" #name,                                            \
        .strategies = 1u << BTREE_EQUAL,                                                           \
        .extract = btree_gin_##name##_items,                                                       \
        .query = btree_gin_##name##_query,                                                         \
    };
BTREE_GIN(int2, TYPE_INT2)
BTREE_GIN(int4, TYPE_INT4)
BTREE_GIN(int8, TYPE_INT8)
BTREE_GIN(float4, TYPE_FLOAT4)
BTREE_GIN(float8, TYPE_FLOAT8)
BTREE_GIN(money, 790)
BTREE_GIN(oid, TYPE_OID)
BTREE_GIN(timestamp, TYPE_TIMESTAMP)
BTREE_GIN(timestamptz, TYPE_TIMESTAMPTZ)
BTREE_GIN(time, TYPE_TIME)
BTREE_GIN(timetz, TYPE_TIMETZ)
BTREE_GIN(date, TYPE_DATE)
BTREE_GIN(interval, TYPE_INTERVAL)
BTREE_GIN(macaddr, 829)
BTREE_GIN(inet, TYPE_INET)
BTREE_GIN(cidr, 650)
BTREE_GIN(text, TYPE_TEXT)
BTREE_GIN(char, TYPE_CHAR)
BTREE_GIN(bytea, TYPE_BYTEA)
BTREE_GIN(bit, TYPE_BIT)
BTREE_GIN(varbit, TYPE_VARBIT)
BTREE_GIN(numeric, TYPE_NUMERIC)
BTREE_GIN(macaddr8, 774)
BTREE_GIN(anyenum, TYPE_ANYENUM)
BTREE_GIN(uuid, TYPE_UUID)
BTREE_GIN(name, TYPE_NAME)
BTREE_GIN(bool, TYPE_BOOL)
BTREE_GIN(bpchar, TYPE_BPCHAR)

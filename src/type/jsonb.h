#ifndef DASSIE_TYPE_JSONB_H
#define DASSIE_TYPE_JSONB_H
/*
 * jsonb.h - the binary form of jsonb: reading it in place, building it, order and containment.
 *
 * A value is one node. A node's first byte is its kind, with the width code of a container in the
 * high half; its length is known from outside.
 *   null, false, true   that byte alone
 *   string              then the text
 *   number              then the numeric's bytes (numeric.h), zeros cut off behind a short one
 *   array               then depth, count, ends[count], the elements' nodes
 *   object              then depth, count, ends[2 * count], the keys' texts, the values' nodes
 * depth, count and ends are little-endian numbers of 1, 2 or 4 bytes (width code 0, 1, 2); ends are
 * counted from behind the last of them, so a member is found without looking at those before it.
 * Keys are unique and stand by length, then by bytes: PostgreSQL's order, and a binary search.
 * Nothing in a node says where it is: a member taken out is a value, copied in it is a member.
 *
 * Any thread; no state. Results live in the arena given.
 */
#include "type/type.h"

typedef enum JbKind {
    JB_NULL, /* in the order of comparison */
    JB_STRING,
    JB_NUMBER,
    JB_FALSE,
    JB_TRUE,
    JB_ARRAY,
    JB_OBJECT,
    JB_PACKED, /* of a JbItem only: a node that exists */
} JbKind;

/* json_quote - a text as a string of JSON. */
void json_quote(Slice s, Buf *buf);

#define JB_DEPTH_MAX 6000
#define JB_BYTES_MAX 0x0fffffffu

/* ---- reading ---- */
typedef struct JbView {
    JbKind kind;
    uint32_t count, depth;
    uint32_t width;
    const uint8_t *ends, *body;
} JbView;

static inline JbKind jb_kind(Slice node)
{
    return (JbKind)((uint8_t)node.ptr[0] & 0x0f);
}
static inline bool jb_is_container(JbKind kind)
{
    return kind == JB_ARRAY || kind == JB_OBJECT;
}
/* jb_text - of a string. */
static inline Slice jb_text(Slice node)
{
    return (Slice){node.ptr + 1, node.len - 1};
}
/* jb_number - as a numeric, its bytes borrowed from the node. */
Str jb_number(Slice node);
/* jb_view - open any node; scalars have no members. */
JbView jb_view(Slice node);
/* jb_element - of an array; jb_key, jb_value - of an object; i < count. */
Slice jb_element(const JbView *v, uint32_t i);
Slice jb_key(const JbView *v, uint32_t i);
Slice jb_value(const JbView *v, uint32_t i);
/* jb_find - the value under a name; false: not an object, or it has none. */
bool jb_find(const JbView *v, Slice key, Slice *value);
/* jb_at - the element at an index, counted from the end when negative. */
bool jb_at(const JbView *v, int64_t index, Slice *element);
/* jb_array_has - is the scalar among an array's elements? */
bool jb_array_has(const JbView *array, Slice scalar);
/* jb_key_order - how the keys of an object are ordered. */
int jb_key_order(Slice a, Slice b);

/* jb_scalar_compare - of two scalars, jb_compare - of two values, as PostgreSQL orders jsonb. */
int jb_scalar_compare(Slice a, Slice b);
int jb_compare(Slice a, Slice b);
/* jb_contains - is `part` in `whole` (@>)? */
bool jb_contains(Slice whole, Slice part);
/* jsonb_sound - TypeSoundFn. */
bool jsonb_sound(const Str *values, uint32_t n);
/* jb_print - as text. indent: one line a member, as jsonb_pretty. */
void jb_print(Slice node, bool indent, Buf *buf);

/* ---- building ---- */
/* JbItem - a value being built. Strings, numbers, packed nodes: `bytes`, borrowed. Members of an
 * object have their names; of equal names the last one stays. */
typedef struct JbItem {
    JbKind kind;
    Slice bytes, key;
    struct JbItem *items;
    uint32_t count, size;
    uint32_t depth, encoded; /* jb_encode's own */
} JbItem;

static inline JbItem jb_item(JbKind kind)
{
    return (JbItem){.kind = kind};
}
static inline JbItem jb_packed(Slice node)
{
    return (JbItem){.kind = JB_PACKED, .bytes = node};
}
static inline JbItem jb_string(Slice text)
{
    return (JbItem){.kind = JB_STRING, .bytes = text};
}
/* jb_numeric - a number; its bytes are copied. */
JbItem jb_numeric(Arena *arena, const Str *numeric);
/* jb_add - a member more; it is copied and may be filled further until the next one is added. */
JbItem *jb_add(Arena *arena, JbItem *container, Slice key, JbItem member);
/* jb_open - the members of a container as packed items, to change some of them. */
JbItem jb_open(Arena *arena, Slice node);
/* jb_encode - 54000 when it is too large, 54001 when too deep. The item's members are sorted. */
Status jb_encode(Cx *cx, Arena *arena, JbItem *item, Str *out);
/* jb_encode_node - likewise, as a node in the arena. */
Status jb_encode_node(Cx *cx, Arena *arena, JbItem *item, Slice *out);

/* jb_parse - from the text of JSON; PostgreSQL's errors. */
Status jb_parse(FnCall *call, Slice text, Str *out);
/* jb_parse_item - likewise, not encoded yet; in call->arena. */
Status jb_parse_item(FnCall *call, Slice text, JbItem *out);
/* jb_key_from_value - a value as the name of a member; 22023 for what cannot be one. */
Status jb_key_from_value(FnCall *call, Oid type, const Datum *v, Slice *out);
/* jb_from_value - any SQL value as a member (to_jsonb); its bytes may be borrowed. */
Status jb_from_value(FnCall *call, Oid type, const Datum *v, bool is_null, JbItem *out);

/* ---- paths (#>, jsonb_set, subscripts) ---- */
typedef enum JbPathOp {
    JB_PATH_CREATE = 1,
    JB_PATH_DELETE = 2,
    JB_PATH_REPLACE = 4,
    JB_PATH_INSERT_BEFORE = 8,
    JB_PATH_INSERT_AFTER = 16,
    JB_PATH_FILL_GAPS = 32,
    JB_PATH_CONSISTENT_POSITION = 64,
} JbPathOp;
typedef struct JbPath {
    uint32_t count;
    Slice *steps;
    bool *nulls;
} JbPath;
/* jb_step_index - a step as the number of an element; false: it is none. */
bool jb_step_index(Slice step, int32_t *out);
/* jb_path - the steps of a text[] of one dimension; its bytes are borrowed. */
JbPath jb_path(Arena *arena, const Str *array);
/* jb_result_text - a member as an SQL text: strings lose their quotes; KERNEL_NULL for null. */
Status jb_result_text(FnCall *call, Slice node, Datum *r);
/* jb_follow - down a path; false: it leads nowhere. */
bool jb_follow(Slice root, const JbPath *path, Slice *out);
/* jb_path_set - the value with the place the path leads to changed; ops: bits of JbPathOp. */
Status jb_path_set(FnCall *call, Slice root, const JbPath *path, const JbItem *value, uint32_t ops,
                   Str *out);
/* jb_subscript_set - assignment through subscripts: what is missing on the way is made. old NULL:
 * an empty array or object; value NULL: JSON's null. */
Status jb_subscript_set(FnCall *call, const Str *old, const JbPath *path, bool array,
                        const Str *value, Str *out);

#endif

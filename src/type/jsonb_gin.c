/*
 * jsonb_gin.c - inverted operator classes of jsonb.
 *
 * jsonb_ops has an item for each key, each string that is an element, and each other scalar;
 * jsonb_path_ops has a hash of each scalar together with the keys that lead to it.
 */
#include "base/map.h"
#include "type/gin.h"
#include "type/jsonb.h"
#include "type/jsonpath.h"
#include "type/type_internal.h"

enum {
    JSONB_CONTAINS = 7,
    JSONB_EXISTS = 9,
    JSONB_EXISTS_ANY = 10,
    JSONB_EXISTS_ALL = 11,
    JSONB_PATH_EXISTS = 15,
    JSONB_PATH_MATCH = 16,
};
enum { GIN_JSONB_NAME = GIN_FLAG_FIRST, GIN_JSONB_SCALAR }; /* then the kind */

/* gin_jsonb_name - a key, or a string where `?` looks for one. */
static void gin_jsonb_name(Slice name, GinItems *out)
{
    Buf b;
    buf_init(&b, SIZE_MAX);
    key_put_text(&b, name.ptr, name.len);
    gin_add(out, GIN_JSONB_NAME, (Slice){(const char *)b.data, b.len});
    buf_release(&b);
}

/* gin_jsonb_put_scalar - bytes that are the same for equal scalars. */
static void gin_jsonb_put_scalar(Slice node, Buf *b)
{
    buf_putc(b, (char)jb_kind(node));
    if (jb_kind(node) == JB_STRING) {
        key_put_text(b, node.ptr + 1, node.len - 1);
    } else if (jb_kind(node) == JB_NUMBER) {
        Datum number = {.str = jb_number(node)};
        type_ops(TYPE_NUMERIC)->key(&number, b);
    }
}

/* gin_jsonb_walk - all items below a node. element: it stands in an array, or is all there is. */
static void gin_jsonb_walk(Slice node, bool element, GinItems *out)
{
    JbView v = jb_view(node);
    if (jb_is_container(v.kind)) {
        for (uint32_t i = 0; i < v.count; i++) {
            if (v.kind == JB_OBJECT) {
                gin_jsonb_name(jb_key(&v, i), out);
                gin_jsonb_walk(jb_value(&v, i), false, out);
            } else {
                gin_jsonb_walk(jb_element(&v, i), true, out);
            }
        }
        return;
    }
    if (v.kind == JB_STRING && element) {
        gin_jsonb_name(jb_text(node), out);
        return;
    }
    Buf b;
    buf_init(&b, SIZE_MAX);
    gin_jsonb_put_scalar(node, &b);
    gin_add(out, GIN_JSONB_SCALAR, (Slice){(const char *)b.data, b.len});
    buf_release(&b);
}
static void gin_jsonb_extract(const Datum *v, GinItems *out)
{
    gin_jsonb_walk(str_slice(&v->str), true, out);
}

/* gin_jsonb_query - GinOps.query of jsonb_ops. */
static void gin_jsonb_query(int strategy, const Datum *v, GinQuery *out)
{
    if (strategy == JSONB_CONTAINS) {
        gin_jsonb_extract(v, &out->items);
        out->need = out->items.count == 0 ? GIN_ALL : GIN_EACH_OF;
        return;
    }
    if (strategy == JSONB_EXISTS) {
        gin_jsonb_name(str_slice(&v->str), &out->items);
        out->need = GIN_EACH_OF;
        return;
    }
    if (strategy == JSONB_PATH_EXISTS || strategy == JSONB_PATH_MATCH) {
        jp_gin_keys(str_slice(&v->str), strategy == JSONB_PATH_MATCH, gin_jsonb_name, &out->items);
        out->need = out->items.count == 0 ? GIN_ALL : GIN_EACH_OF;
        return;
    }
    JbPath names = jb_path(out->items.arena, &v->str);
    for (uint32_t i = 0; i < names.count; i++) {
        if (!names.nulls[i]) {
            gin_jsonb_name(names.steps[i], &out->items);
        }
    }
    bool all = strategy == JSONB_EXISTS_ALL;
    out->need = out->items.count == 0 ? (all ? GIN_ALL : GIN_NONE) : all ? GIN_EACH_OF : GIN_ANY_OF;
}

/* ---- jsonb_path_ops ---- */

static void gin_path_walk(Slice node, uint64_t path, GinItems *out)
{
    JbView v = jb_view(node);
    for (uint32_t i = 0; i < v.count; i++) {
        if (v.kind == JB_OBJECT) {
            Slice key = jb_key(&v, i);
            gin_path_walk(jb_value(&v, i), hash_bytes(key.ptr, key.len, path + 1), out);
        } else {
            gin_path_walk(jb_element(&v, i), path, out);
        }
    }
    if (!jb_is_container(v.kind)) {
        Buf b;
        buf_init(&b, SIZE_MAX);
        gin_jsonb_put_scalar(node, &b);
        uint64_t hash = hash_bytes(b.data, b.len, path);
        gin_add(out, GIN_FLAG_FIRST, (Slice){(const char *)&hash, sizeof(hash)});
        buf_release(&b);
    }
}
static void gin_path_extract(const Datum *v, GinItems *out)
{
    gin_path_walk(str_slice(&v->str), 0, out);
}
static void gin_path_query(int strategy UNUSED, const Datum *v, GinQuery *out)
{
    gin_path_extract(v, &out->items);
    out->need = out->items.count == 0 ? GIN_ALL : GIN_EACH_OF;
}

const GinOps gin_jsonb_ops = {
    .extract_proc = 3482,
    .strategies = 1u << JSONB_CONTAINS | 1u << JSONB_EXISTS | 1u << JSONB_EXISTS_ANY |
                  1u << JSONB_EXISTS_ALL | 1u << JSONB_PATH_EXISTS | 1u << JSONB_PATH_MATCH,
    .extract = gin_jsonb_extract,
    .query = gin_jsonb_query,
};
const GinOps gin_jsonb_path_ops = {
    .extract_proc = 3485,
    .strategies = 1u << JSONB_CONTAINS,
    .extract = gin_path_extract,
    .query = gin_path_query,
};

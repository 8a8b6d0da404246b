/*
 * test_jsonb_form.c - the binary form of jsonb
 *
 * Goal: what is built can be read back member by member; its text reads as the same value; order,
 * index keys and hashes agree with each other; bytes with any damage are either refused by
 * jsonb_sound or can be walked without leaving them. Method: random trees from fixed seeds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "type/jsonb.h"
#include "type/numeric.h"

#define VALUES 400u

typedef struct Form {
    Err err;
    Cx cx;
    Arena arena;
    FnCall call;
    uint64_t seed;
} Form;

static uint32_t form_random(Form *f, uint32_t n)
{
    f->seed = f->seed * 6364136223846793005ULL + 1442695040888963407ULL;
    return (uint32_t)(f->seed >> 33) % n;
}

static void form_init(Form *f, uint64_t seed)
{
    memset(f, 0, sizeof(*f));
    arena_init(&f->arena, NULL, "form", 0);
    f->cx.err = &f->err;
    f->cx.arena = &f->arena;
    f->call = (FnCall){.cx = &f->cx, .arena = &f->arena, .state_arena = &f->arena};
    f->seed = seed;
}

/* form_name - short, so that names repeat. */
static Slice form_name(Form *f)
{
    uint32_t n = form_random(f, 4);
    char *p = arena_alloc(&f->arena, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        p[i] = (char)('a' + form_random(f, 3));
    }
    return (Slice){p, n};
}

/* form_item - any value, depth levels at most. */
static JbItem form_item(Form *f, uint32_t depth)
{
    switch (form_random(f, depth > 0 ? 8 : 5)) {
    case 0: return jb_item(JB_NULL);
    case 1: return jb_item(form_random(f, 2) == 0 ? JB_FALSE : JB_TRUE);
    case 2: return jb_string(form_name(f));
    case 3:
    case 4: {
        Str number = numeric_from_i128(&f->arena, (i128)form_random(f, 2000) - 1000,
                                       (int32_t)form_random(f, 3));
        return jb_numeric(&f->arena, &number);
    }
    default: break;
    }
    JbItem c = jb_item(form_random(f, 2) == 0 ? JB_ARRAY : JB_OBJECT);
    uint32_t count = form_random(f, form_random(f, 10) == 0 ? 300 : 5);
    for (uint32_t i = 0; i < count; i++) {
        jb_add(&f->arena, &c, c.kind == JB_OBJECT ? form_name(f) : (Slice){NULL, 0},
               form_item(f, count > 10 ? 0 : depth - 1));
    }
    return c;
}

static Slice form_value(Form *f)
{
    JbItem item = form_item(f, 4);
    Slice node;
    assert_int_equal(jb_encode_node(&f->cx, &f->arena, &item, &node), ST_OK);
    return node;
}

/* form_walk - look at every member; returns how many bytes of text and numbers there are. */
static size_t form_walk(Slice node)
{
    JbView v = jb_view(node);
    size_t n = node.len;
    for (uint32_t i = 0; i < v.count; i++) {
        Slice m = v.kind == JB_OBJECT ? jb_value(&v, i) : jb_element(&v, i), found;
        assert_true(m.ptr >= node.ptr && m.ptr + m.len <= node.ptr + node.len);
        n += form_walk(m);
        if (v.kind == JB_OBJECT) {
            assert_true(jb_find(&v, jb_key(&v, i), &found));
            assert_ptr_equal(found.ptr, m.ptr);
        } else {
            assert_true(jb_at(&v, (int64_t)i - v.count, &found));
            assert_ptr_equal(found.ptr, m.ptr);
        }
    }
    return n;
}

static void test_form_round_trip(void **state)
{
    (void)state;
    Form f;
    form_init(&f, 1);
    for (uint32_t i = 0; i < VALUES; i++) {
        Slice node = form_value(&f);
        Str s = str_ref(node.ptr, node.len), again;
        Buf text;
        assert_true(jsonb_sound(&s, 1));
        (void)form_walk(node);
        buf_init(&text, SIZE_MAX);
        jb_print(node, i % 2 == 0, &text);
        assert_int_equal(jb_parse(&f.call, (Slice){(const char *)text.data, text.len}, &again),
                         ST_OK);
        assert_int_equal(again.len, node.len);
        assert_memory_equal(str_ptr(&again), node.ptr, node.len);
        assert_int_equal(jb_compare(node, str_slice(&again)), 0);
        buf_release(&text);
    }
    arena_release(&f.arena);
}

static void test_form_order(void **state)
{
    (void)state;
    Form f;
    form_init(&f, 2);
    const TypeOps *ops = type_ops(TYPE_JSONB);
    Datum values[64];
    for (uint32_t i = 0; i < 64; i++) {
        Slice node = form_value(&f);
        values[i].str = str_ref(node.ptr, node.len);
    }
    for (uint32_t i = 0; i < 64; i++) {
        for (uint32_t k = 0; k < 64; k++) {
            Buf a, b;
            int c = ops->cmp(&values[i], &values[k]);
            buf_init(&a, SIZE_MAX);
            buf_init(&b, SIZE_MAX);
            ops->key(&values[i], &a);
            ops->key(&values[k], &b);
            size_t n = a.len < b.len ? a.len : b.len;
            int by_key = memcmp(a.data, b.data, n);
            assert_int_equal((c > 0) - (c < 0), (by_key > 0) - (by_key < 0));
            assert_true(by_key != 0 || a.len == b.len); /* no key is the beginning of another */
            assert_true(c != 0 || ops->hash(&values[i]) == ops->hash(&values[k]));
            buf_release(&a);
            buf_release(&b);
        }
    }
    arena_release(&f.arena);
}

static void test_form_damage(void **state)
{
    (void)state;
    Form f;
    size_t walked = 0;
    form_init(&f, 3);
    for (uint32_t i = 0; i < VALUES; i++) {
        Slice node = form_value(&f);
        for (uint32_t k = 0; k < 50; k++) {
            ArenaMark mark = arena_mark(&f.arena);
            size_t len =
                form_random(&f, 4) == 0 ? form_random(&f, (uint32_t)node.len + 1) : node.len;
            char *bytes = arena_alloc(&f.arena, len + 1); /* its end is the end of a red zone */
            memcpy(bytes, node.ptr, len);
            if (len > 0) {
                bytes[form_random(&f, (uint32_t)len)] = (char)form_random(&f, 256);
            }
            Str s = str_ref(bytes, len);
            if (jsonb_sound(&s, 1)) {
                walked += form_walk(str_slice(&s));
            }
            arena_rewind(&f.arena, mark);
        }
    }
    assert_true(walked > 0);
    arena_release(&f.arena);
}

static void test_form_too_deep(void **state)
{
    (void)state;
    Form f;
    form_init(&f, 4);
    JbItem inner = jb_item(JB_ARRAY);
    Slice node = {NULL, 0};
    Status st = ST_OK;
    uint32_t depth = 0;
    assert_int_equal(jb_encode_node(&f.cx, &f.arena, &inner, &node), ST_OK);
    while (st == ST_OK && depth < 2 * JB_DEPTH_MAX) {
        JbItem outer = jb_item(JB_ARRAY);
        jb_add(&f.arena, &outer, (Slice){NULL, 0}, jb_packed(node));
        st = jb_encode_node(&f.cx, &f.arena, &outer, &node);
        depth++;
    }
    assert_int_equal(st, ST_ERROR);
    assert_int_equal(depth, JB_DEPTH_MAX);
    assert_int_equal(f.err.sqlstate, ERRCODE_STATEMENT_TOO_COMPLEX);
    arena_release(&f.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_form_round_trip),
        cmocka_unit_test(test_form_order),
        cmocka_unit_test(test_form_damage),
        cmocka_unit_test(test_form_too_deep),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

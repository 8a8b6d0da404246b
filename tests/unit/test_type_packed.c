/*
 * test_type_packed.c - packed values (ranges, multiranges, bit strings, rows) from their texts.
 *
 * Goal: bytes from disk that are not a whole value are found out, keys order as the values do and
 * can be decoded. Method: values of each type are read from text; every shorter and one longer run
 * of their bytes must not be sound, the bytes themselves must; every pair's keys compare as cmp
 * does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "type/record.h"
#include "type/type.h"

#define VALUES_MAX 16

typedef struct Packed {
    Arena arena;
    Err err;
    Cx cx;
    const TypeOps *ops;
    Datum values[VALUES_MAX];
    uint32_t count;
} Packed;

static void packed_init(Packed *p, Oid type)
{
    memset(p, 0, sizeof(*p));
    arena_init(&p->arena, NULL, "packed", 0);
    p->cx = (Cx){.err = &p->err, .arena = &p->arena};
    p->ops = type_ops(type);
    assert_non_null(p->ops);
}

static void packed_read(Packed *p, const char *const *texts, uint32_t count)
{
    static const TypeEnv ENV = {.date_order = DATEORDER_MDY, .extra_float_digits = 1};
    FnCall call = {.cx = &p->cx,
                   .arena = &p->arena,
                   .state_arena = &p->arena,
                   .env = &ENV,
                   .result_type = p->ops->oid,
                   .arg_typmod = -1};
    for (uint32_t i = 0; i < count; i++) {
        assert_int_equal(p->ops->in(&call, slice_of(texts[i]), -1, &p->values[i]), ST_OK);
    }
    p->count = count;
}

/* packed_sound - only the whole of the bytes is a value. */
static void packed_sound(Packed *p)
{
    TypeSoundFn sound = type_sound(p->ops->oid);
    assert_non_null(sound);
    for (uint32_t i = 0; i < p->count; i++) {
        const Str *s = &p->values[i].str;
        char *longer = arena_zalloc(&p->arena, s->len + 1);
        memcpy(longer, str_ptr(s), s->len);
        for (uint32_t n = 0; n <= s->len + 1; n++) {
            char *exact =
                arena_memdup(&p->arena, longer, n + (n == 0)); /* so that ASan sees ends */
            Str part = str_ref(exact, n);
            assert_int_equal(sound(&part, 1), n == s->len);
        }
    }
}

static int packed_sign(int c)
{
    return (c > 0) - (c < 0);
}

/* packed_keys - memcmp of keys is cmp of values; a key that can be decoded gives the value again.
 */
static void packed_keys(Packed *p, bool decoded)
{
    Buf a, b;
    buf_init(&a, 1 << 16);
    buf_init(&b, 1 << 16);
    for (uint32_t i = 0; i < p->count; i++) {
        buf_clear(&a);
        p->ops->key(&p->values[i], &a);
        for (uint32_t k = 0; k < p->count; k++) {
            buf_clear(&b);
            p->ops->key(&p->values[k], &b);
            size_t n = a.len < b.len ? a.len : b.len;
            int c = memcmp(a.data, b.data, n);
            int want = packed_sign(p->ops->cmp(&p->values[i], &p->values[k]));
            assert_true(c != 0 || a.len == b.len); /* no key begins another */
            assert_int_equal(packed_sign(c), want);
            if (want == 0) {
                assert_true(p->ops->hash(&p->values[i]) == p->ops->hash(&p->values[k]));
            }
        }
        if (decoded) {
            Slice in = {(const char *)a.data, a.len};
            Datum again;
            assert_true(p->ops->unkey(&p->arena, &in, &again));
            assert_int_equal(in.len, 0);
            assert_int_equal(p->ops->cmp(&again, &p->values[i]), 0);
        }
    }
    buf_release(&a);
    buf_release(&b);
}

static void packed_test(Oid type, bool decoded, const char *const *texts, uint32_t count)
{
    Packed p;
    packed_init(&p, type);
    packed_read(&p, texts, count);
    packed_sound(&p);
    packed_keys(&p, decoded);
    arena_release(&p.arena);
}

static void test_ranges(void **state)
{
    static const char *const INTS[] = {"empty", "(,)",   "[1,5)", "[1,4]", "(,5)",
                                       "[1,)",  "[1,2)", "[2,3)", "[-7,0)"};
    static const char *const DATES[] = {"empty", "[2020-01-01,2020-02-01)", "(,2020-01-01)"};
    static const char *const MANY[] = {"{}", "{[1,5)}", "{[1,5),[7,9)}", "{(,5),[7,)}", "{[1,6)}"};
    (void)state;
    packed_test(3904, true, INTS, ARRAY_LEN(INTS));
    packed_test(3912, true, DATES, ARRAY_LEN(DATES));
    packed_test(4451, true, MANY, ARRAY_LEN(MANY));
}

static void test_number_ranges(void **state)
{
    static const char *const NUMBERS[] = {"[1.0,2)", "[1,2.00)", "(1,2)", "[1,2]", "[-1.5,)"};
    (void)state;
    packed_test(3906, false, NUMBERS, ARRAY_LEN(NUMBERS));
}

static void test_bits(void **state)
{
    static const char *const BITS[] = {"", "0", "1", "10", "100", "10000000", "100000001", "x1F"};
    (void)state;
    packed_test(TYPE_VARBIT, false, BITS, ARRAY_LEN(BITS));
}

/* test_rows - rows are made of fields: they have no text input without a type. */
static void test_rows(void **state)
{
    Packed p;
    RecordField f[3] = {{.type = TYPE_INT4, .name = "a", .value = {.i32 = 7}},
                        {.type = TYPE_TEXT, .name = "b"},
                        {.type = TYPE_NUMERIC, .is_null = true}};
    (void)state;
    packed_init(&p, TYPE_RECORD);
    f[1].value.str = str_ref("some longer text", 16);
    p.values[0].str = record_build(&p.arena, f, 3);
    f[0].value.i32 = 8;
    p.values[1].str = record_build(&p.arena, f, 3);
    f[1].is_null = true;
    p.values[2].str = record_build(&p.arena, f, 3);
    p.count = 3;
    packed_sound(&p);
    packed_keys(&p, false);
    arena_release(&p.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_number_ranges),
        cmocka_unit_test(test_bits),
        cmocka_unit_test(test_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_parse_library.c - libpg_query is linked the way the build says
 *
 * Goal: the packaged parser gives a protobuf tree that we can unpack with an allocator of our own,
 * with only libpg_query.a linked (no libprotobuf-c.so). Method: parse one statement, unpack it with
 * a counting allocator, look at the tree, and see that all memory of the tree came from that
 * allocator; parse a wrong statement and look at the error.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <pg_query.h>
#include <pg_query/pg_query.pb-c.h>

static void *library_counting_alloc(void *data, size_t size)
{
    (*(int *)data)++;
    return malloc(size);
}

static void library_counting_free(void *data, void *pointer)
{
    if (pointer != NULL) {
        (*(int *)data)--;
    }
    free(pointer);
}

static void library_unpacks_with_our_allocator(void **state)
{
    (void)state;
    int live_blocks = 0;
    ProtobufCAllocator allocator = {library_counting_alloc, library_counting_free, &live_blocks};
    PgQueryProtobufParseResult result = pg_query_parse_protobuf("SELECT a + 1 FROM t");
    assert_null(result.error);

    PgQuery__ParseResult *tree = pg_query__parse_result__unpack(
        &allocator, result.parse_tree.len, (const uint8_t *)result.parse_tree.data);
    assert_non_null(tree);
    assert_int_equal(tree->n_stmts, 1);
    assert_int_equal(tree->stmts[0]->stmt->node_case, PG_QUERY__NODE__NODE_SELECT_STMT);
    assert_true(live_blocks > 5);

    pg_query__parse_result__free_unpacked(tree, &allocator);
    assert_int_equal(live_blocks, 0);
    pg_query_free_protobuf_parse_result(result);
}

static void library_reports_error_position(void **state)
{
    (void)state;
    PgQueryProtobufParseResult result = pg_query_parse_protobuf("SELECT FROM WHERE");
    assert_non_null(result.error);
    assert_string_equal(result.error->message, "syntax error at or near \"WHERE\"");
    assert_int_equal(result.error->cursorpos, 13);
    pg_query_free_protobuf_parse_result(result);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(library_unpacks_with_our_allocator),
        cmocka_unit_test(library_reports_error_position),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

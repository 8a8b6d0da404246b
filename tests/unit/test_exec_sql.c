/*
 * test_exec_sql.c - statements from text to rows.
 *
 * Goal: parse, bind, plan and exec together give the rows, counts and errors that PostgreSQL gives.
 * Method: two tables; a list of statements, each with the text of its result
 * (columns by |, rows by ;) or its SQLSTATE; every statement runs in one transaction, each twice to
 * see that a state from the free list behaves like a new one where it reads only.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "steps_fixture.h"

static const Step EXEC_STEPS[] = {
#include "exec_sql_steps.h"
};

static void test_statements(void **state)
{
    StepsRun r;
    steps_begin(&r, *state);
    steps_run(&r, EXEC_STEPS, ARRAY_LEN(EXEC_STEPS));
    steps_end(&r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_statements, catalog_setup, catalog_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/*
 * test_log_limit.c - the log is not flooded by one damaged page
 *
 * Goal: errors of damaged data are logged, but not without end, and what was left out is said.
 * Method: many at once with stderr in a file; then, a second later, one more.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"

static void log_limited(void **state)
{
    (void)state;
    Err err = {0};
    Cx cx = {.err = &err};
    char path[] = "/tmp/dassie-log-XXXXXX", line[4096];
    uint32_t lines = 0, told = 0, left = 0;
    int fd = mkstemp(path), keep = dup(STDERR_FILENO);
    assert_true(fd >= 0 && keep >= 0);
    (void)fflush(stderr);
    assert_true(dup2(fd, STDERR_FILENO) >= 0);
    for (int i = 0; i < 1000; i++) {
        assert_int_equal(err_corrupt(&cx, 7, "checksum"), ST_ERROR);
    }
    (void)usleep(1100000);
    (void)err_corrupt(&cx, 8, "checksum");
    (void)fflush(stderr);
    assert_true(dup2(keep, STDERR_FILENO) >= 0);
    FILE *f = fopen(path, "r");
    assert_non_null(f);
    while (fgets(line, sizeof(line), f) != NULL) {
        uint32_t n;
        const char *p = strstr(line, "ERROR: ");
        lines++;
        told += strstr(line, "XX001") != NULL;
        if (p != NULL && sscanf(p, "ERROR: %u more errors", &n) == 1) {
            left += n;
        }
    }
    assert_true(lines <= 40);
    assert_int_equal(told + left, 1001);
    (void)fclose(f);
    (void)close(fd);
    (void)close(keep);
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(log_limited)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

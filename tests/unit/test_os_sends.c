/*
 * test_os_sends.c - many sends with one call
 *
 * Goal: several sends at once give each its own result: all bytes taken, a full socket, a peer that
 * is gone. Method: socket pairs; the same list is sent together (the kernel's ring where allowed)
 * and one by one (lists of one never use it), and both must tell the same.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "os/os.h"

enum { PAIRS = 8, GONE = 3, FULL = 5 };

static void pairs_open(int fds[PAIRS][2])
{
    char junk[4096] = {0};
    for (int i = 0; i < PAIRS; i++) {
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds[i]), 0);
    }
    close(fds[GONE][1]);
    while (send(fds[FULL][0], junk, sizeof(junk), MSG_DONTWAIT) > 0) {
    }
}

static void pairs_close(int fds[PAIRS][2])
{
    for (int i = 0; i < PAIRS; i++) {
        close(fds[i][0]);
        if (i != GONE) {
            close(fds[i][1]);
        }
    }
}

static void check_results(int fds[PAIRS][2], const OsSend *ops)
{
    for (int i = 0; i < PAIRS; i++) {
        char got[64];
        if (i == GONE) {
            assert_int_equal(ops[i].result, -EPIPE);
        } else if (i == FULL) {
            assert_int_equal(ops[i].result, -EAGAIN);
        } else {
            assert_int_equal(ops[i].result, ops[i].len);
            assert_int_equal(recv(fds[i][1], got, sizeof(got), MSG_DONTWAIT), ops[i].len);
            assert_memory_equal(got, ops[i].data, ops[i].len);
        }
    }
}

static void sends_fill(int fds[PAIRS][2], char texts[PAIRS][32], OsSend *ops)
{
    for (int i = 0; i < PAIRS; i++) {
        int n = snprintf(texts[i], 32, "reply %d%.*s", i, i, "!!!!!!!!!");
        ops[i] = (OsSend){.fd = fds[i][0], .data = texts[i], .len = (size_t)n};
    }
}

static void sends_together(void **state)
{
    (void)state;
    int fds[PAIRS][2];
    char texts[PAIRS][32];
    OsSend ops[PAIRS];
    OsSends *sends = os_sends_create();
    pairs_open(fds);
    for (int round = 0; round < 100; round++) { /* more than the ring has places */
        sends_fill(fds, texts, ops);
        os_sends(sends, ops, PAIRS);
        check_results(fds, ops);
    }
    pairs_close(fds);
    os_sends_free(sends);
}

static void sends_one_by_one(void **state)
{
    (void)state;
    int fds[PAIRS][2];
    char texts[PAIRS][32];
    OsSend ops[PAIRS];
    OsSends *sends = os_sends_create();
    pairs_open(fds);
    sends_fill(fds, texts, ops);
    for (int i = 0; i < PAIRS; i++) {
        os_sends(sends, &ops[i], 1);
    }
    check_results(fds, ops);
    os_sends(sends, ops, 0);
    pairs_close(fds);
    os_sends_free(sends);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sends_together),
        cmocka_unit_test(sends_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

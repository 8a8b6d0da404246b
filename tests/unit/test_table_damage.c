/*
 * test_table_damage.c - lengths that were read are checked before they are used (I12)
 *
 * Goal: whatever bytes an update record has, applying it to a row, forward or backward, writes
 * within the room given or is refused; a good record still does what it says. Method: random
 * records, most of them good but for one number, on a row with guard bytes behind its room.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "table/table_internal.h"

#define ROUNDS 400000u
#define ROOM   ROW_INLINE_MAX
#define GUARD  4096u

static uint64_t record_random(uint64_t *state)
{
    *state = *state * 6364136223846793005ULL + 1442695040888963407ULL;
    return *state >> 33;
}

/* damage_record - an update record of a row of old_len bytes that becomes new_len long; one number
 * of it may be any other. */
static size_t damage_record(uint64_t *seed, uint8_t *body, uint32_t *old_len, uint32_t *new_len)
{
    uint32_t at = (uint32_t)(record_random(seed) % 200);
    uint32_t old_n = (uint32_t)(record_random(seed) % 1000);
    uint32_t new_n = (uint32_t)(record_random(seed) % 1000);
    uint32_t tail = (uint32_t)(record_random(seed) % (ROOM - 1200));
    *old_len = at + old_n + tail;
    *new_len = at + new_n + tail;
    put_u64(body, 1);
    put_u64(body + 8, 8);
    put_u16(body + 16, (uint16_t)*old_len);
    put_u16(body + 18, (uint16_t)*new_len);
    put_u16(body + 20, 1);
    put_u16(body + 22, (uint16_t)at);
    put_u16(body + 24, (uint16_t)old_n);
    put_u16(body + 26, (uint16_t)new_n);
    for (uint32_t i = 0; i < old_n + new_n; i++) {
        body[28 + i] = (uint8_t)i;
    }
    if (record_random(seed) % 4 != 0) {
        uint32_t what = (uint32_t)(record_random(seed) % 6);
        put_u16(body + 16 + 2 * what, (uint16_t)record_random(seed));
    }
    if (record_random(seed) % 2 == 0) { /* what is too long is refused; this may be believed */
        uint32_t what = (uint32_t)(record_random(seed) % 6);
        put_u16(body + 16 + 2 * what, (uint16_t)(record_random(seed) % ROOM));
    }
    return 28 + old_n + new_n;
}

static void test_update_record(void **state)
{
    static uint8_t body[28 + 2 * 1000], row[ROOM + GUARD];
    uint64_t seed = 1, applied = 0, refused = 0;
    (void)state;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        uint32_t old_len, new_len;
        UpdateBody u;
        size_t n = damage_record(&seed, body, &old_len, &new_len);
        bool back = record_random(&seed) % 2 == 0;
        if (!update_body_decode((Slice){(const char *)body, n}, false, &u)) {
            refused++;
            continue;
        }
        memset(row, 0x5a, ROOM);
        memset(row + ROOM, 0xa5, GUARD);
        /* The row may have the length that the record says, or another one. */
        uint32_t len = back ? u.delta.new_len : u.delta.old_len;
        if (record_random(&seed) % 8 == 0 || len > ROOM) {
            len = back ? new_len : old_len;
        }
        bool done = back ? delta_apply_back(&u, row, &len, ROOM)
                         : delta_apply_forward(&u, false, row, &len, ROOM);
        applied += done;
        assert_true(!done || len <= ROOM);
        for (uint32_t k = 0; k < GUARD; k++) {
            assert_int_equal(row[ROOM + k], 0xa5);
        }
    }
    assert_true(applied > ROUNDS / 20 && refused > ROUNDS / 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_update_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

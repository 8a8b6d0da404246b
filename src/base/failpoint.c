/*
 * failpoint.c - arming and hitting named fail points.
 */
#include "base/failpoint.h"

#include <stdio.h>

void failpoint_arm(FailPoints *fps, const char *name, int64_t n, bool sticky)
{
    uint32_t count = atomic_load(&fps->armed_count);
    ASSERT(n >= 1 && count < FAILPOINTS_MAX);
    FailPoint *p = &fps->points[count];
    (void)snprintf(p->name, sizeof(p->name), "%s", name);
    p->sticky = sticky;
    atomic_store(&p->countdown, n);
    atomic_store(&fps->armed_count, count + 1);
}

void failpoint_disarm_all(FailPoints *fps)
{
    atomic_store(&fps->armed_count, 0);
}

bool failpoint_hit_slow(FailPoints *fps, const char *name)
{
    uint32_t count = atomic_load(&fps->armed_count);
    for (uint32_t i = 0; i < count; i++) {
        FailPoint *p = &fps->points[i];
        if (strcmp(p->name, name) != 0) {
            continue;
        }
        int64_t left = atomic_fetch_sub(&p->countdown, 1) - 1;
        return left == 0 || (left < 0 && p->sticky);
    }
    return false;
}

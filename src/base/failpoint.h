#ifndef DASSIE_BASE_FAILPOINT_H
#define DASSIE_BASE_FAILPOINT_H
/*
 * failpoint.h - named places where a test makes an operation fail, on its n-th passing.
 *
 * A FailPoints table belongs to one Os (the seam hands it to everybody), so there is no
 * process-wide state. In a server without armed points a check costs one relaxed load. Any thread.
 */
#include "base/status.h"

#define FAILPOINTS_MAX 16
typedef struct FailPoint {
    char name[48];
    _Atomic int64_t countdown; /* fires when it reaches 0, then every time if sticky */
    bool sticky;
} FailPoint;
typedef struct FailPoints {
    _Atomic uint32_t armed_count;
    FailPoint points[FAILPOINTS_MAX];
} FailPoints;

/* failpoint_arm - fire at the n-th passing (n >= 1) of `name`; sticky keeps firing. Not while other
 * threads run. */
void failpoint_arm(FailPoints *fps, const char *name, int64_t n, bool sticky);
void failpoint_disarm_all(FailPoints *fps);
bool failpoint_hit_slow(FailPoints *fps, const char *name);
static inline bool failpoint_hit(FailPoints *fps, const char *name)
{
    return UNLIKELY(fps != NULL &&
                    atomic_load_explicit(&fps->armed_count, memory_order_relaxed) != 0) &&
           failpoint_hit_slow(fps, name);
}

#endif

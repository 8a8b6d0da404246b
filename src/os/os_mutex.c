/*
 * os_mutex.c - the blocking mutex over os_wait.
 *
 * The word follows the well-known three-state futex mutex: 0 free, 1 held, 2 held and somebody may
 * sleep. On the simulated machine every lock and unlock is a place to switch threads, else no
 * interleaving around a critical section would ever be tried.
 */
#include "os/os.h"

#define MUTEX_SPINS 40

#ifdef DASSIE_DEBUG
#define MUTEX_HELD_MAX 64
/* What this thread holds; for the assertions only. */
static _Thread_local const OsMutex *mutex_held[MUTEX_HELD_MAX];
static _Thread_local uint32_t mutex_held_count;

static void mutex_note_lock(const OsMutex *m, bool check)
{
    for (uint32_t i = 0; check && i < mutex_held_count; i++) {
        const OsMutex *h = mutex_held[i];
        if (h->rank > m->rank || (h->rank == m->rank && h >= m)) {
            PANIC("mutex \"%s\" (rank %u) taken while holding \"%s\" (rank %u)", m->name, m->rank,
                  h->name, h->rank);
        }
    }
    ASSERT(mutex_held_count < MUTEX_HELD_MAX);
    mutex_held[mutex_held_count++] = m;
}

/* I10: page latches this thread holds. */
static _Thread_local int latch_count;

void latch_held_note(int n)
{
    latch_count += n;
    ASSERT(latch_count >= 0);
}

void latch_held_none(void)
{
    ASSERT(latch_count == 0);
}

static void mutex_note_unlock(const OsMutex *m)
{
    for (uint32_t i = mutex_held_count; i-- > 0;) {
        if (mutex_held[i] == m) {
            mutex_held[i] = mutex_held[--mutex_held_count];
            return;
        }
    }
    PANIC("mutex \"%s\" is released by a thread that does not hold it", m->name);
}
#else
static inline void mutex_note_lock(const OsMutex *m, bool check)
{
    (void)m;
    (void)check;
}
static inline void mutex_note_unlock(const OsMutex *m)
{
    (void)m;
}
#endif

void os_mutex_init(OsMutex *m, const char *name, uint16_t rank)
{
    atomic_init(&m->word, 0);
    m->rank = rank;
    m->name = name;
}

static NOINLINE void mutex_lock_slow(Os *os, OsMutex *m)
{
    for (int i = 0; i < MUTEX_SPINS; i++) {
        uint32_t w = atomic_load_explicit(&m->word, memory_order_relaxed);
        if (w == 0 && atomic_compare_exchange_weak_explicit(&m->word, &w, 1, memory_order_acquire,
                                                            memory_order_relaxed)) {
            return;
        }
        if (w == 2) {
            break;
        }
        os_pause(os);
    }
    while (atomic_exchange_explicit(&m->word, 2, memory_order_acquire) != 0) {
        (void)os_wait(os, &m->word, 2, -1);
    }
}

void os_mutex_lock(Os *os, OsMutex *m)
{
    os_stop_point(os, m->name);
    uint32_t free_word = 0;
    if (UNLIKELY(!atomic_compare_exchange_strong_explicit(
            &m->word, &free_word, 1, memory_order_acquire, memory_order_relaxed))) {
        mutex_lock_slow(os, m);
    }
    mutex_note_lock(m, true);
}

bool os_mutex_trylock(Os *os, OsMutex *m)
{
    os_stop_point(os, m->name);
    uint32_t free_word = 0;
    if (!atomic_compare_exchange_strong_explicit(&m->word, &free_word, 1, memory_order_acquire,
                                                 memory_order_relaxed)) {
        return false;
    }
    mutex_note_lock(m, false); /* what never waits cannot deadlock */
    return true;
}

void os_mutex_unlock(Os *os, OsMutex *m)
{
    mutex_note_unlock(m);
    if (atomic_exchange_explicit(&m->word, 0, memory_order_release) == 2) {
        os_wake(os, &m->word, 1);
    }
    os_stop_point(os, m->name);
}

void os_mutex_assert_held(const OsMutex *m)
{
    ASSERT(atomic_load_explicit(&m->word, memory_order_relaxed) != 0);
}

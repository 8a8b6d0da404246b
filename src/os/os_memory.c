/*
 * os_memory.c - memory mappings, and how much memory and how many processors the process may use.
 *
 * The limit of a container is in the control group's files, not in the machine's totals: the
 * smallest of both counts, of version 2 and version 1 groups.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "os/os.h"

void *os_mem_reserve(size_t bytes)
{
    void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

void os_mem_unreserve(void *p, size_t bytes)
{
    if (p != NULL) {
        (void)munmap(p, bytes);
    }
}

void os_mem_drop(void *p, size_t bytes)
{
    if (bytes != 0 && madvise(p, bytes, MADV_DONTNEED) != 0) {
        memset(p, 0, bytes); /* the promise is zeros; the memory itself may stay */
    }
}

void os_mem_drop_many(const OsRange *ranges, uint32_t count)
{
    enum { BATCH = 64, SELF = -10000 }; /* PIDFD_SELF: Linux 6.14, unknown to older headers */
    struct iovec io[BATCH];
    for (uint32_t at = 0, n; at < count; at += n) {
        size_t bytes = 0;
        n = MIN(count - at, (uint32_t)BATCH);
        for (uint32_t i = 0; i < n; i++) {
            io[i] = (struct iovec){.iov_base = ranges[at + i].p, .iov_len = ranges[at + i].bytes};
            bytes += ranges[at + i].bytes;
        }
        if (n > 1 && process_madvise(SELF, io, n, MADV_DONTNEED, 0) == (ssize_t)bytes) {
            continue;
        }
        for (uint32_t i = 0; i < n; i++) {
            os_mem_drop(ranges[at + i].p, ranges[at + i].bytes);
        }
    }
}

void os_mem_populate(void *p, size_t bytes)
{
#ifdef MADV_POPULATE_WRITE
    (void)madvise(p, bytes, MADV_POPULATE_WRITE); /* only a hint: a later touch does it else */
#else
    (void)p;
    (void)bytes;
#endif
}

void os_mem_prefer_huge(void *p, size_t bytes)
{
    (void)madvise(p, bytes, MADV_HUGEPAGE); /* only a hint */
}

bool os_mem_make_huge(void *p, size_t bytes)
{
#ifndef MADV_COLLAPSE
    enum { MADV_COLLAPSE = 25 }; /* Linux 6.1, unknown to older headers */
#endif
    return madvise(p, bytes, MADV_COLLAPSE) == 0;
}

uint32_t os_processors(void)
{
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 0 ? (uint32_t)n : 1;
}

/* memory_limit_read - the number in a control file; "max", absence or nonsense mean no limit. */
static uint64_t memory_limit_read(const char *path)
{
    char text[64];
    FILE *f = fopen(path, "re");
    if (f == NULL) {
        return UINT64_MAX;
    }
    char *line = fgets(text, sizeof(text), f);
    (void)fclose(f);
    if (line == NULL || text[0] < '0' || text[0] > '9') {
        return UINT64_MAX;
    }
    unsigned long long n = strtoull(text, NULL, 10);
    return n == 0 ? UINT64_MAX : n;
}

/* memory_group_limit - the smallest limit from this process's own group up to the root. */
static uint64_t memory_group_limit(void)
{
    uint64_t limit = memory_limit_read("/sys/fs/cgroup/memory.max");
    limit = MIN(limit, memory_limit_read("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
    char line[512];
    FILE *f = fopen("/proc/self/cgroup", "re");
    if (f == NULL) {
        return limit;
    }
    while (fgets(line, sizeof(line), f) != NULL) {
        if (strncmp(line, "0::/", 4) != 0) {
            continue;
        }
        char *group = line + 3;
        group[strcspn(group, "\n")] = '\0';
        for (char *slash = group + strlen(group); slash != NULL && group[0] != '\0';
             slash = strrchr(group, '/')) {
            *slash = '\0';
            char path[600];
            (void)snprintf(path, sizeof(path), "/sys/fs/cgroup%s/memory.max", group);
            limit = MIN(limit, memory_limit_read(path));
        }
    }
    (void)fclose(f);
    return limit;
}

uint64_t os_memory_bytes(void)
{
    long pages = sysconf(_SC_PHYS_PAGES);
    long page_bytes = sysconf(_SC_PAGESIZE);
    uint64_t machine =
        pages > 0 && page_bytes > 0 ? (uint64_t)pages * (uint64_t)page_bytes : (1ULL << 30);
    return MIN(machine, memory_group_limit());
}

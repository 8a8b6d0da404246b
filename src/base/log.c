/*
 * log.c - the server log on stderr.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

static const char *const LEVEL_NAMES[] = {"DEBUG", "LOG", "WARNING", "ERROR", "FATAL"};

void log_line(LogLevel level, const char *fmt, ...)
{
    char line[2048];
    time_t now = time(NULL);
    struct tm tm;
    (void)gmtime_r(&now, &tm);
    size_t n = strftime(line, sizeof(line), "%Y-%m-%d %H:%M:%S UTC", &tm);
    n += (size_t)snprintf(line + n, sizeof(line) - n, " [%d] %s: ", (int)getpid(),
                          LEVEL_NAMES[level]);
    va_list ap;
    va_start(ap, fmt);
    int m = vsnprintf(line + n, sizeof(line) - n - 1, fmt, ap);
    va_end(ap);
    n = MIN(n + (size_t)MAX(m, 0), sizeof(line) - 2);
    line[n++] = '\n';
    (void)fwrite(line, 1, n, stderr);
}

void log_err(LogLevel level, const Err *err)
{
    char state[6];
    sqlstate_text(err->sqlstate, state);
    log_line(level, "%s %s%s%s (%s:%d %s)", state, err->message, err->detail[0] ? " DETAIL: " : "",
             err->detail, err->file ? err->file : "?", err->line, err->func ? err->func : "?");
}

void log_err_limited(LogLevel level, const Err *err)
{
    /* Of the process, as the log itself is. */
    static _Atomic int64_t second;
    static _Atomic uint32_t in_second, left_out;
    enum { PER_SECOND = 10 };
    int64_t now = time(NULL), before = atomic_load(&second);
    if (before != now && atomic_compare_exchange_strong(&second, &before, now)) {
        uint32_t left = atomic_exchange(&left_out, 0);
        atomic_store(&in_second, 0);
        if (left != 0) {
            log_line(level, "%u more errors of this kind were left out", left);
        }
    }
    if (atomic_fetch_add(&in_second, 1) < PER_SECOND) {
        log_err(level, err);
    } else {
        atomic_fetch_add(&left_out, 1);
    }
}

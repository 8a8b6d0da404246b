/*
 * log.c - the server log on stderr.
 */
#include "base/log.h"

#include <stdarg.h>
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

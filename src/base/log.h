#ifndef DASSIE_BASE_LOG_H
#define DASSIE_BASE_LOG_H
/*
 * log.h - the server log: one line an event to stderr, with time, pid, level. Any thread (one write
 * per line).
 */
#include "base/status.h"

typedef enum LogLevel { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR, LOG_FATAL } LogLevel;
/* log_line - one event, printf style; without a newline at the end. */
void log_line(LogLevel level, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* log_err - an error object with its SQLSTATE, place and detail. */
void log_err(LogLevel level, const Err *err);
/* log_err_limited - as log_err, but ten a second at most: how many were left out is said later. For
 * errors that one cause repeats without end, as a damaged page does for every reader. */
void log_err_limited(LogLevel level, const Err *err);

#endif

#ifndef DASSIE_BASE_STATUS_H
#define DASSIE_BASE_STATUS_H
/*
 * status.h - how functions say that they failed: a Status return, and an error object born with its
 * SQLSTATE.
 *
 * ST_ERROR means the details are in cx->err (set once, at the place that knows most). The other
 * values are control flow between functions and never reach a client. One Cx belongs to one thread
 * at a time. Cleanup keeps the first error: st_keep_first().
 */
#include "base/compiler.h"

typedef enum [[nodiscard]] Status{
    ST_OK = 0,   ST_ERROR, /* cx->err says what */
    ST_NOTFOUND,           /* no such key, row, object: not an error yet */
    ST_RESTART,            /* an optimistic read lost a race: do it again */
    ST_BUSY,               /* would have to wait, and was asked not to */
    ST_DONE,               /* no more rows */
} Status;

#define ERR_MESSAGE_BYTES_MAX 1024
#define ERR_DETAIL_BYTES_MAX  3072 /* "Key (k)=(...) already exists." with the longest key */
#define ERR_FIELD_BYTES_MAX   512
#define ERR_CONTEXT_BYTES_MAX 2048 /* a line for each function under way */
#define ERR_QUERY_BYTES_MAX   1024

/* SQLSTATE packed as PostgreSQL does it: five 6-bit characters. */
#define SQLSTATE(a, b, c, d, e)                                                                    \
    ((uint32_t)((((a) - '0') & 0x3f) | ((((b) - '0') & 0x3f) << 6) |                               \
                ((((c) - '0') & 0x3f) << 12) | ((((d) - '0') & 0x3f) << 18) |                      \
                ((((e) - '0') & 0x3f) << 24)))

typedef enum ErrSeverity {
    ERR_DEBUG,
    ERR_LOG,
    ERR_INFO, /* always told to the client */
    ERR_NOTICE,
    ERR_WARNING,
    ERR_ERROR,
    ERR_FATAL
} ErrSeverity;

/* The error object. Text fields are NUL-terminated copies; empty = absent. */
typedef struct Err {
    uint32_t sqlstate; /* 0 = no error */
    ErrSeverity severity;
    int32_t position;          /* 1-based character offset in the statement text, 0 = none */
    int32_t internal_position; /* likewise in internal_query */
    uint32_t batch_row;        /* row of the batch that was being written, from 1; 0 = unknown */
    const char *file, *func;   /* where it was raised: static strings */
    int line;
    char message[ERR_MESSAGE_BYTES_MAX];
    char detail[ERR_DETAIL_BYTES_MAX];
    char hint[ERR_FIELD_BYTES_MAX];
    char context[ERR_CONTEXT_BYTES_MAX];
    char internal_query[ERR_QUERY_BYTES_MAX]; /* of a function, when the error is in its text */
    char schema_name[64], table_name[64], column_name[64], datatype_name[64], constraint_name[64];
} Err;

struct Arena;
struct Notices;

/* CxBlocking - what a thread is about to wait for, or has waited for. */
typedef enum CxBlocking {
    CX_BLOCKING_WAIT, /* for long: a row lock, a client */
    CX_BLOCKING_WAIT_ENDS,
    CX_BLOCKING_READ, /* the disk; whatever is held */
    CX_BLOCKING_READ_ENDS,
} CxBlocking;

/*
 * Cx - what every function that can fail is given: where errors go, where short-lived memory comes
 * from, and whether somebody asked the work to stop. Owned by the caller (a session's statement, a
 * background job, a test).
 */
typedef struct Cx {
    Err *err;
    struct Arena *arena;                          /* reset when the statement (or job step) ends */
    _Atomic uint32_t *cancel;                     /* polled: bits CX_CANCEL_*; may be NULL */
    void (*notice)(void *arg, const Err *notice); /* NOTICE/WARNING sink; NULL = drop */
    void *notice_arg;
    /* Called before and after this thread blocks; NULL = nobody needs to know. The server uses it
       to give the worker's other sessions to a spare worker. */
    void (*blocking)(void *arg, CxBlocking what);
    void *blocking_arg;
    /* Tests: where memory under a budget is asked for counts down, and who reaches 0 is refused.
     * NULL or 0: nobody. */
    uint32_t *refuse;
    uint64_t pages_read; /* by this thread's faults and read-ahead since whenever: see counts.h */
} Cx;

/* cx_refused - is this the request that a test wants refused? */
static inline bool cx_refused(Cx *cx)
{
    return cx->refuse != NULL && *cx->refuse != 0 && --*cx->refuse == 0;
}

enum {
    CX_CANCEL_QUERY = 1,
    CX_CANCEL_TIMEOUT = 2,
    CX_CANCEL_TERMINATE = 4,
    CX_CANCEL_LOCK_TIMEOUT = 8,
    CX_CANCEL_GONE = 16 /* the client is */
};

/* cx_blocking - tell who wants to know. */
static inline void cx_blocking(const Cx *cx, CxBlocking what)
{
    if (cx->blocking != NULL) {
        cx->blocking(cx->blocking_arg, what);
    }
}

/* err_set - raise: fill cx->err and return ST_ERROR, so that `return err_set(cx, ERRCODE_X, "fmt",
 * ...)` reads well. */
Status err_set_at(Cx *cx, const char *file, int line, const char *func, uint32_t sqlstate,
                  const char *fmt, ...) PRINTF_LIKE(6, 7);
#define err_set(cx, state, ...) err_set_at((cx), __FILE__, __LINE__, __func__, (state), __VA_ARGS__)
/* Raise 0A000 naming the feature, PostgreSQL-style: "X is not supported". */
#define err_unsupported(cx, ...) err_set((cx), ERRCODE_FEATURE_NOT_SUPPORTED, __VA_ARGS__)
/* Raise XX001 for damaged bytes read from disk; logged with its line. */
Status err_corrupt_at(Cx *cx, const char *file, int line, const char *func, uint64_t page_no,
                      const char *fmt, ...) PRINTF_LIKE(6, 7);
#define err_corrupt(cx, page_no, ...)                                                              \
    err_corrupt_at((cx), __FILE__, __LINE__, __func__, (page_no), __VA_ARGS__)

/* Add fields to the error just raised; each returns ST_ERROR. */
Status err_detail(Cx *cx, const char *fmt, ...) PRINTF_LIKE(2, 3);
Status err_hint(Cx *cx, const char *fmt, ...) PRINTF_LIKE(2, 3);
Status err_context(Cx *cx, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* err_add_context - one more line of context, below those there are. */
Status err_add_context(Cx *cx, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* err_position - position is 1-based in characters; an earlier position is kept. 0 is ignored. */
Status err_position(Cx *cx, int32_t position);
Status err_constraint(Cx *cx, const char *schema, const char *table, const char *column,
                      const char *constraint);
/* err_is_damage - what was read is damaged or cannot be read: a check goes on after it. */
bool err_is_damage(const Err *e);
/* err_clear - forget the error (a savepoint rollback, a caught exception). */
void err_clear(Cx *cx);
/* err_notice - send a NOTICE or WARNING to the client. */
void err_notice(Cx *cx, ErrSeverity severity, uint32_t sqlstate, const char *hint, const char *fmt,
                ...) PRINTF_LIKE(5, 6);
/* sqlstate_text - write the five characters and a NUL. */
void sqlstate_text(uint32_t sqlstate, char out[6]);
/* cx_check - poll for cancel; 57014 / 57P01 / 55P03 when asked to stop. Called each batch and each
 * retry. */
Status cx_check_slow(Cx *cx, uint32_t bits);
static inline Status cx_check(Cx *cx)
{
    uint32_t bits = cx->cancel ? atomic_load_explicit(cx->cancel, memory_order_relaxed) : 0;
    return LIKELY(bits == 0) ? ST_OK : cx_check_slow(cx, bits);
}

/* cx_retry - a loop that lost a race, or whose wait is over, begins again: counted, and interrupted
 * when asked to stop (I13). More than RETRIES_MAX times is not a race any more, but a loop. */
#define RETRIES_MAX 1000000u
static inline Status cx_retry(Cx *cx, uint32_t *retries)
{
    ++*retries;
    DASSERT(*retries < RETRIES_MAX);
    return cx_check(cx);
}

/* TRY - hand a failure up. TRY_OUT - go to the one cleanup label `out:` with `st` set (declare
 * `Status st = ST_OK;`). */
#define TRY(expr)                                                                                  \
    do {                                                                                           \
        Status try_st_ = (expr);                                                                   \
        if (UNLIKELY(try_st_ != ST_OK)) {                                                          \
            return try_st_;                                                                        \
        }                                                                                          \
    } while (0)
#define TRY_OUT(expr)                                                                              \
    do {                                                                                           \
        st = (expr);                                                                               \
        if (UNLIKELY(st != ST_OK)) {                                                               \
            goto out;                                                                              \
        }                                                                                          \
    } while (0)
static inline void st_keep_first(Status *first, Status later)
{
    if (*first == ST_OK) {
        *first = later;
    }
}
/* st_ignore - for the third phase of a change, where errors have no one to go to. */
static inline void st_ignore(Status st)
{
    (void)st;
}

#include "base/errcodes.h"
#endif

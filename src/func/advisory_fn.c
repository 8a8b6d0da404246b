/*
 * advisory_fn.c - pg_advisory_lock and its family.
 */
#include "func/func_internal.h"

typedef enum AdvisoryWhat {
    ADVISORY_LOCK,
    ADVISORY_TRY,
    ADVISORY_XACT,
    ADVISORY_TRY_XACT
} AdvisoryWhat;

/* advisory_key - of one bigint, or of two integers. */
static AdvisoryKey advisory_key(const FuncSession *fs, const Datum *a, bool two)
{
    AdvisoryKey key = {.database = fs->view->database, .kind = two ? 2 : 1};
    key.a = two ? (uint32_t)a[0].i32 : (uint32_t)((uint64_t)a[0].i64 >> 32);
    key.b = two ? (uint32_t)a[1].i32 : (uint32_t)a[0].i64;
    return key;
}

static Status advisory_take(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool two,
                            AdvisoryWhat what, bool exclusive)
{
    AdvisoryKey key = advisory_key(fs, a, two);
    bool may_wait = what == ADVISORY_LOCK || what == ADVISORY_XACT;
    bool for_session = what == ADVISORY_LOCK || what == ADVISORY_TRY;
    Status st = advisory_lock(call->cx, fs->view->txn, &key, exclusive, for_session,
                              may_wait ? WAIT_BLOCK : WAIT_NOWAIT);
    if (may_wait) {
        func_text(call, out, "");
        return st;
    }
    out->b = st == ST_OK;
    return st == ST_BUSY ? ST_OK : st;
}

static Status advisory_give_back(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                 bool two, bool exclusive)
{
    AdvisoryKey key = advisory_key(fs, a, two);
    out->b = advisory_unlock(fs->view->txn->advisory, &key, exclusive);
    if (!out->b) {
        err_notice(call->cx, ERR_WARNING, ERRCODE_WARNING, NULL, "you don't own a lock of type %s",
                   exclusive ? "ExclusiveLock" : "ShareLock");
    }
    return ST_OK;
}

/* LOCK_FN, UNLOCK_FN - kernels of both key forms. */
#define LOCK_FN1(name, two, what, exclusive)                                                       \
    static Status name(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)  \
    {                                                                                              \
        (void)null_out;                                                                            \
        return advisory_take(call, fs, a, out, two, what, exclusive);                              \
    }                                                                                              \
    KERNEL(name)
#define LOCK_FN(name, what, exclusive)                                                             \
    LOCK_FN1(name##_8, false, what, exclusive)                                                     \
    LOCK_FN1(name##_4, true, what, exclusive)
#define UNLOCK_FN1(name, two, exclusive)                                                           \
    static Status name(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)  \
    {                                                                                              \
        (void)null_out;                                                                            \
        return advisory_give_back(call, fs, a, out, two, exclusive);                               \
    }                                                                                              \
    KERNEL(name)

LOCK_FN(fn_adv_lock, ADVISORY_LOCK, true)
LOCK_FN(fn_adv_lock_shared, ADVISORY_LOCK, false)
LOCK_FN(fn_adv_try, ADVISORY_TRY, true)
LOCK_FN(fn_adv_try_shared, ADVISORY_TRY, false)
LOCK_FN(fn_adv_xact, ADVISORY_XACT, true)
LOCK_FN(fn_adv_xact_shared, ADVISORY_XACT, false)
LOCK_FN(fn_adv_try_xact, ADVISORY_TRY_XACT, true)
LOCK_FN(fn_adv_try_xact_shared, ADVISORY_TRY_XACT, false)
UNLOCK_FN1(fn_adv_unlock_8, false, true)
UNLOCK_FN1(fn_adv_unlock_4, true, true)
UNLOCK_FN1(fn_adv_unlock_shared_8, false, false)
UNLOCK_FN1(fn_adv_unlock_shared_4, true, false)

static Status fn_adv_unlock_all(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                bool *null_out)
{
    (void)a, (void)null_out;
    advisory_unlock_all(fs->view->txn->advisory);
    func_text(call, out, "");
    return ST_OK;
}
KERNEL(fn_adv_unlock_all)

#define BOTH(name, fn)                                                                             \
    {name "_int8", fn##_8_kernel, 0},                                                              \
    {                                                                                              \
        name "_int4", fn##_4_kernel, 0                                                             \
    }
static const FnOps FNS[] = {
    BOTH("pg_advisory_lock", fn_adv_lock),
    BOTH("pg_advisory_lock_shared", fn_adv_lock_shared),
    BOTH("pg_try_advisory_lock", fn_adv_try),
    BOTH("pg_try_advisory_lock_shared", fn_adv_try_shared),
    BOTH("pg_advisory_xact_lock", fn_adv_xact),
    BOTH("pg_advisory_xact_lock_shared", fn_adv_xact_shared),
    BOTH("pg_try_advisory_xact_lock", fn_adv_try_xact),
    BOTH("pg_try_advisory_xact_lock_shared", fn_adv_try_xact_shared),
    BOTH("pg_advisory_unlock", fn_adv_unlock),
    BOTH("pg_advisory_unlock_shared", fn_adv_unlock_shared),
    {"pg_advisory_unlock_all", fn_adv_unlock_all_kernel, 0},
};
const FuncTable FUNC_ADVISORY = {FNS, ARRAY_LEN(FNS)};

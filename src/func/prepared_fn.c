/*
 * prepared_fn.c - pg_prepared_xact: the prepared transactions, for the view pg_prepared_xacts.
 */
#include "func/func_internal.h"
#include "txn/prepare.h"

typedef struct PreparedRows {
    PreparedFacts *list;
    uint32_t count, at;
} PreparedRows;

static Status prepared_begin(FnCall *call, const Datum *args, const bool *nulls, uint32_t count)
{
    PreparedRows *r = ARENA_NEW(call->state_arena, PreparedRows);
    FuncSession *fs = func_session(call);
    (void)args;
    (void)nulls;
    (void)count;
    call->state = r;
    return txnsys_prepared_list(call->cx, fs->engine->txns, call->state_arena, &r->list, &r->count);
}

static Status prepared_next(FnCall *call, Datum *cols, bool *nulls)
{
    PreparedRows *r = call->state;
    (void)nulls;
    if (r->at == r->count) {
        return ST_DONE;
    }
    const PreparedFacts *f = &r->list[r->at++];
    cols[0].u32 = (uint32_t)f->xid;
    func_text(call, &cols[1], f->gid);
    cols[2].i64 = f->prepared_us;
    cols[3].u32 = f->owner;
    cols[4].u32 = f->database;
    return ST_OK;
}

const SetOps FUNC_PREPARED_SET = {"pg_prepared_xact", prepared_begin, prepared_next};

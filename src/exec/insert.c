/*
 * insert.c - COPY FROM: batches of whole rows into a table.
 */
#include "exec/exec_internal.h"

struct ExecInsert {
    ExecState state; /* only env is used */
    const CatTable *table;
    Arena *arena;
};

Status exec_insert_begin(Cx *cx, Arena *arena, const ExecEnv *env, const CatTable *table,
                         ExecInsert **ins_out)
{
    ExecInsert *ins = ARENA_NEW(arena, ExecInsert);
    if (table->builtin || table->storage == NULL) {
        return err_set(cx, ERRCODE_WRONG_OBJECT_TYPE, "cannot copy to \"%s\"", table->name);
    }
    for (uint16_t i = 0; i < table->constraint_count; i++) {
        if (table->constraints[i].type == 'c' || table->constraints[i].type == 'f') {
            return err_unsupported(cx,
                                   "COPY FROM into a table with %s constraints is not supported",
                                   table->constraints[i].type == 'c' ? "CHECK" : "FOREIGN KEY");
        }
    }
    ins->state.env = *env;
    ins->table = table;
    ins->arena = arena;
    *ins_out = ins;
    return txn_start_write(cx, env->txn);
}

Status exec_insert_rows(Cx *cx, ExecInsert *ins, const Batch *rows)
{
    TRY(check_not_null(cx, &ins->state, ins->table, rows));
    return table_insert_batch(cx, ins->state.env.txn, ins->table->storage, rows, NULL);
}

Status exec_insert_end(Cx *cx, ExecInsert *ins)
{
    (void)ins;
    return cx_check(cx);
}

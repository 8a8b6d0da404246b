#ifndef DASSIE_TEST_FAULT_H
#define DASSIE_TEST_FAULT_H
/*
 * fault.h - SQL below the server on the simulated machine, where the n-th disk operation or the
 * n-th budgeted allocation fails.
 *
 * A FaultDb is one open database and a session without a server: units of statements, each unit one
 * transaction. One thread uses it, inside of os_sim_run.
 */
#include <stdio.h>
#include <stdlib.h>

#include <pg_query/pg_query.pb-c.h>

#include "catalog/catalog.h"
#include "ddl/ddl.h"
#include "exec/exec.h"
#include "os/os_sim.h"

#define FAULT_PATH           "/app.db"
#define FAULT_STATEMENTS_MAX 8
#define FAULT_UNITS_MAX      64

/* A unit: statements of one transaction; "savepoint" and "rollback to" are as in SQL, and these are
 * no SQL: "checkpoint", "purge", "reopen" (a clean close between). */
typedef struct FaultUnit {
    const char *statements[FAULT_STATEMENTS_MAX];
} FaultUnit;
extern const FaultUnit fault_units[];
extern const uint32_t fault_unit_count;

typedef struct FaultDb {
    Os *os;
    Engine *engine;
    Catalog *catalog;
    CatView view;
    TypeEnv env;
    Err err;
    Arena arena, txn_arena;
    Cx cx;
    Buf out;
    bool cannot_spill; /* operators have no files, and much memory */
    uint32_t refuse; /* so many requests for memory under a budget until one is refused; 0 = none */
} FaultDb;

void fault_db_init(FaultDb *db, Os *os);
void fault_db_release(FaultDb *db);
Status fault_open(FaultDb *db);
Status fault_close(FaultDb *db);
/* fault_unit - run it and commit, durably; db->out holds the last statement's rows. An error has
 * rolled everything back. */
Status fault_unit(FaultDb *db, const FaultUnit *unit);
/* fault_digest - a hash of all that is visible: relations, their columns and indexes, their rows.
 */
Status fault_digest(FaultDb *db, uint64_t *digest_out);
/* fault_check - everything `dassie check` looks at; findings are printed. */
Status fault_check(FaultDb *db, uint64_t *errors_out);
/* fault_leave_open - change something in a transaction that is left open, its log durable. */
Status fault_leave_open(FaultDb *db);

#endif

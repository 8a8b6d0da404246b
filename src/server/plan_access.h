#ifndef DASSIE_PLAN_ACCESS_H
#define DASSIE_PLAN_ACCESS_H
/*
 * plan_access.h - may the user do what a bound query does? Answered when it is planned: a plan is
 * for one user and one state of the catalogs.
 *
 * One thread, that of the session's statement.
 */
#include "catalog/acl.h"
#include "plan/plan.h"

/* AccessList - what a query needs, gathered while it is walked. */
typedef struct Access {
    Oid table, check_as; /* check_as 0: the user */
    AclMode need;
    const Rte *rte;                 /* its column_read: which columns are read */
    const bool *inserted, *updated; /* which columns are written; NULL: none */
} Access;
typedef struct AccessList {
    Arena *arena;
    bool off;     /* what is walked now is never run */
    Oid check_as; /* of what is walked now: the owner of the view it is in */
    Access *items;
    uint32_t count, size;
    Oid *procs; /* functions called, each once */
    uint32_t proc_count, proc_size;
} AccessList;
/* access_note_rte - a relation of a query's range table. access_note_proc - a function called. */
void access_note_rte(AccessList *l, const Query *q, uint16_t rte);
void access_note_proc(AccessList *l, Oid proc);
/* access_check - 42501 for the first thing that the user may not do. */
Status access_check(Cx *cx, CatView *v, const AccessList *l);

#endif

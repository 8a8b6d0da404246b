/*
 * check_fn.c - dassie_check: trees, and indexes against their tables, while others read and write.
 *
 * One relation at a time: locked (ACCESS SHARE, so that its trees stay), checked as a whole, then
 * its findings are handed out as rows. Nothing is held between rows but the locks, so that a
 * statement may end at any of them.
 */
#include "catalog/catalog_data.h"
#include "func/func_internal.h"

/* More from one relation say nothing that these did not. */
#define CHECK_FINDINGS_MAX 1000u

typedef struct CheckFinding {
    struct CheckFinding *next;
    Oid index; /* OID_INVALID: the row tree */
    PageNo page;
    const char *problem;
} CheckFinding;

typedef struct CheckRun {
    Oid *oids; /* relations to check */
    uint32_t count, size, at;
    bool all;         /* the stored rows of the catalogs come first */
    uint32_t catalog; /* the next of them */
    Arena arena;      /* findings of `relation` */
    Oid relation;
    CheckFinding *first, **last;
    uint32_t found;
} CheckRun;

static void check_found(void *arg, const TableIndex *ix, PageNo page, const char *what)
{
    CheckRun *r = arg;
    if (r->found++ > CHECK_FINDINGS_MAX) {
        return;
    }
    bool more = r->found > CHECK_FINDINGS_MAX;
    CheckFinding *f = ARENA_NEW(&r->arena, CheckFinding);
    if (more) {
        f->problem = "more was found, which is left out";
    } else {
        f->index = ix != NULL ? ix->oid : OID_INVALID;
        f->page = page;
        f->problem = arena_strdup(&r->arena, what);
    }
    *r->last = f;
    r->last = &f->next;
}

/* check_table - leave the findings of one table in r->first. */
static Status check_table(FnCall *call, CheckRun *r, Oid relation, const Table *t)
{
    FuncSession *fs = func_session(call);
    Txn *txn = fs->view->txn;
    arena_clear(&r->arena);
    r->relation = relation;
    r->first = NULL;
    r->last = &r->first;
    r->found = 0;
    /* What this transaction has changed counts; one that only reads needs no part in it. */
    return table_verify_live(call->cx, t, txn != NULL && txn->xid != 0 ? txn : NULL, check_found,
                             r);
}

/* check_relation - a relation of users, or the table of an index; one dropped meanwhile, or without
 * rows of its own, has nothing to find. */
static Status check_relation(FnCall *call, CheckRun *r, Oid oid)
{
    CatView *v = func_session(call)->view;
    const CatTable *t;
    Status st = cat_table_by_oid(call->cx, v, oid, &t);
    if (st == ST_OK && t->kind == 'i') {
        oid = t->index_table;
    }
    if (st == ST_OK && v->txn != NULL) {
        TRY(table_lock(call->cx, v->txn, (uint64_t)v->database << 32 | oid, TABLELOCK_ACCESS_SHARE,
                       WAIT_BLOCK));
    }
    if (st == ST_OK) {
        st = cat_table_by_oid(call->cx, v, oid, &t); /* as it is now that it stays */
    }
    if (st == ST_OK && t->storage != NULL) {
        return check_table(call, r, oid, t->storage);
    }
    return st == ST_NOTFOUND ? ST_OK : st;
}

/* check_note - a row of pg_class: a table is on the list. */
static Status check_note(void *arg, Cx *cx, const CatRow *row)
{
    CheckRun *r = arg;
    Oid oid = row->values[PG_CLASS_OID].u32;
    const Str *kind = &row->values[PG_CLASS_RELKIND].str;
    (void)cx;
    if (kind->len != 1 || str_ptr(kind)[0] != 'r' || oid < FIRST_USER_OID) {
        return ST_OK;
    }
    if (r->count == r->size) {
        uint32_t size = MAX(r->size * 2, 64u);
        Oid *wider = ARENA_ARRAY(&r->arena, Oid, size);
        if (r->count != 0) {
            memcpy(wider, r->oids, r->count * sizeof(Oid));
        }
        r->oids = wider;
        r->size = size;
    }
    r->oids[r->count++] = oid;
    return ST_OK;
}

/* check_one - the argument: a table, or an index and its table. */
static Status check_one(FnCall *call, CheckRun *r, Oid oid)
{
    const CatTable *t;
    Status st = cat_table_by_oid(call->cx, func_session(call)->view, oid, &t);
    if (st == ST_NOTFOUND) {
        return err_set(call->cx, ERRCODE_UNDEFINED_TABLE, "relation with OID %u does not exist",
                       oid);
    }
    TRY(st);
    if (t->kind != 'r' && t->kind != 'i' && t->kind != 'm') {
        return err_set(call->cx, ERRCODE_WRONG_OBJECT_TYPE, "\"%s\" is not a table or index",
                       t->name);
    }
    r->oids = ARENA_NEW(call->state_arena, Oid);
    r->oids[0] = t->kind == 'i' ? t->index_table : oid;
    r->count = 1;
    return ST_OK;
}

static Status check_begin(FnCall *call, const Datum *args, const bool *nulls, uint32_t count)
{
    CheckRun *r = ARENA_NEW(call->state_arena, CheckRun);
    (void)count;
    call->state = r;
    arena_init(&r->arena, call->state_arena, "check", 0);
    if (!nulls[0]) {
        return check_one(call, r, args[0].u32);
    }
    r->all = true;
    TRY(cat_rows_each(call->cx, func_session(call)->view, CAT_PG_CLASS, NULL, NULL, 0, check_note,
                      r));
    if (r->count != 0) {
        r->oids = arena_memdup(call->state_arena, r->oids, r->count * sizeof(Oid));
    }
    return ST_OK;
}

/* check_more - the next relation; ST_DONE after the last. */
static Status check_more(FnCall *call, CheckRun *r)
{
    Catalog *c = func_session(call)->view->catalog;
    const Table *t = NULL;
    bool one = !r->all && r->at < r->count && r->oids[r->at] < FIRST_USER_OID;
    while ((r->all || one) && catalog_stored_table(c, r->catalog, &t)) {
        r->catalog++;
        if (t != NULL && (r->all || t->oid == r->oids[r->at])) {
            r->at += one;
            return check_table(call, r, t->oid, t);
        }
    }
    if (one || r->at == r->count) {
        return ST_DONE;
    }
    r->all = false;
    return check_relation(call, r, r->oids[r->at++]);
}

static Status check_next(FnCall *call, Datum *cols, bool *nulls)
{
    CheckRun *r = call->state;
    while (r->first == NULL) {
        TRY(cx_check(call->cx));
        TRY(check_more(call, r));
    }
    const CheckFinding *f = r->first;
    r->first = f->next;
    cols[0].u32 = r->relation;
    cols[1].u32 = f->index;
    nulls[1] = f->index == OID_INVALID;
    cols[2].i64 = (int64_t)f->page;
    nulls[2] = f->page == PAGE_NO_INVALID;
    func_text(call, &cols[3], f->problem);
    return ST_OK;
}

const SetOps FUNC_CHECK_SET = {"dassie_check", check_begin, check_next};

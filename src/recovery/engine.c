/*
 * engine.c - opening and closing one database file.
 *
 * A file shut down cleanly is complete by itself: its log begins anew behind the old one's end. Any
 * other is recovered: torn pages back from the double-write area, redo from the checkpoint, then it
 * is open; what losers left is undone in the background, while readers already see through it.
 */
#include "base/log.h"
#include "recovery/engine_internal.h"
#include "txn/prepare.h"
#include "txn/ssi.h"

void engine_options_default(EngineOptions *o)
{
    memset(o, 0, sizeof(*o));
    o->store.pool_bytes = MAX(os_memory_bytes() / 4, (uint64_t)16 << 20);
    o->store.sync = true;
    wal_options_default(&o->wal);
    o->max_wal_bytes = (uint64_t)1 << 30;
    o->checkpoint_us = (int64_t)300 * 1000000;
    o->checkpoint_share = 0.9;
    o->max_wal_retained = (uint64_t)16 << 30;
    o->build_bytes = (size_t)64 << 20;
    o->progress_us = 10 * 1000000;
    o->create = true;
    o->background = true;
}

static char *engine_path(const char *path, const char *suffix)
{
    size_t a = strlen(path), b = strlen(suffix);
    char *p = mem_alloc("engine", a + b + 1);
    memcpy(p, path, a);
    memcpy(p + a, suffix, b + 1);
    return p;
}

static Engine *engine_make(Os *os, const char *path, const EngineOptions *o)
{
    Engine *e = mem_zalloc("engine", sizeof(*e));
    struct EnginePrivate *p = mem_zalloc("engine", sizeof(*p));
    e->os = os;
    e->options = *o;
    e->priv = p;
    p->path = engine_path(path, "");
    p->wal_dir = engine_path(path, "-wal");
    os_mutex_init(&p->checkpoint_mutex, "checkpoint", ENGINE_RANK_CHECKPOINT);
    os_mutex_init(&p->purge_mutex, "purge", ENGINE_RANK_PURGE);
    os_mutex_init(&p->oid_mutex, "oid", ENGINE_RANK_OID);
    os_mutex_init(&p->told_mutex, "checkpoints", ENGINE_RANK_TOLD);
    p->checkpoint_us = os_mono_us(os);
    p->checkpoints.since_us = os_now_us(os);
    return e;
}

static void engine_free(Engine *e)
{
    table_runtime_free(e);
    txnsys_free(e->txns);
    engine_redo_pages_free(e->priv->redo_pages);
    mem_free(e->priv->path);
    mem_free(e->priv->wal_dir);
    mem_free(e->priv);
    mem_free(e);
}

static Status engine_drop_created_tree(void *arg, Cx *cx, TreeId tree)
{
    return table_drop_tree(cx, arg, tree);
}

/* engine_open_store - the file itself, made when absent. */
static Status engine_open_store(Cx *cx, Engine *e)
{
    bool exists;
    struct EnginePrivate *p = e->priv;
    TRY(os_exists(cx, e->os, p->path, &exists));
    if (exists) {
        return store_open(cx, e->os, p->path, &e->options.store, &e->store);
    }
    if (!e->options.create) {
        return err_set(cx, ERRCODE_UNDEFINED_FILE, "database file \"%s\" does not exist", p->path);
    }
    return store_create(cx, e->os, p->path, &e->options.store, &e->store);
}

static void engine_page_moved(void *arg, TreeId tree, PageNo from, PageNo to)
{
    ssi_page_moved(arg, tree, from, to);
}

Status engine_make_txns(Cx *cx, Engine *e, Xid next_xid, Csn next_csn)
{
    TRY(txnsys_create(cx, e->os, e->wal, next_xid, next_csn, &e->txns));
    txnsys_set_handlers(e->txns, table_undo_record, engine_drop_created_tree, e);
    store_on_moved(e->store, engine_page_moved, e->txns);
    txnsys_on_undo_progress(e->txns, engine_undo_progress);
    return ST_OK;
}

/* engine_open_log - a log that begins anew, or the one to recover from. */
static Status engine_open_log(Cx *cx, Engine *e, const StoreMaster *m, bool fresh)
{
    struct EnginePrivate *p = e->priv;
    Lsn start = fresh ? m->next_lsn : m->checkpoint_lsn;
    bool exists = true;
    if (!fresh) {
        TRY(os_exists(cx, e->os, p->wal_dir, &exists));
    }
    if (!exists) {
        st_ignore(err_set(cx, ERRCODE_DATA_CORRUPTED, "the log \"%s\" is missing", p->wal_dir));
        return err_hint(cx, "The database was not shut down cleanly and cannot be opened without "
                            "its log: the two must be copied together.");
    }
    WalOptions o = e->options.wal;
    if (!fresh) {
        p->redo_pages = engine_redo_pages_create(e);
        o.on_found = engine_redo_pages_record;
        o.on_found_arg = p->redo_pages;
    }
    TRY(wal_open(cx, e->os, p->wal_dir, &o, start, fresh, &e->wal));
    atomic_store(&p->purge_lsn, wal_head(e->wal));
    store_attach_wal(e->store, e->wal);
    return ST_OK;
}

/* engine_open_steps - open store, log and transactions in order; after a crash torn pages and redo
 * come before anything reads a page. */
static Status engine_open_steps(Cx *cx, Engine *e)
{
    StoreMaster m;
    struct EnginePrivate *p = e->priv;
    TRY(engine_open_store(cx, e));
    if (!e->options.store.read_only) {
        engine_remove_leftovers(cx, e);
    }
    store_master_get(e->store, &m);
    e->created = store_is_new(e->store);
    bool fresh = e->created || m.clean != 0 || m.checkpoint_lsn == 0;
    p->next_oid = MAX(m.next_oid, 16384);
    TRY(engine_open_log(cx, e, &m, fresh));
    TRY(table_runtime_create(cx, e));
    if (fresh) {
        TRY(engine_make_txns(cx, e, m.next_xid, m.next_csn));
    } else {
        TRY(store_restore_torn(cx, e->store));
        TRY(engine_redo(cx, e, &m));
    }
    table_set_purge_pos(e, atomic_load(&p->purge_lsn));
    p->oid_limit = p->next_oid;
    TRY(store_load_space(cx, e->store));
    if (e->options.on_flush != NULL) {
        wal_on_flush(e->wal, e->options.on_flush, e->options.on_flush_arg);
    }
    TRY(wal_start(cx, e->wal));
    TRY(store_start(cx, e->store));
    if (fresh) {
        /* From here on the file is not clean, and recovery begins here. */
        TRY(engine_checkpoint_write(cx, e, CHECKPOINT_OPENING));
    } else {
        /* The old redo point still holds; to write all that redo changed can wait until clients are
         * served: the background begins at once. */
        p->checkpoint_lsn = m.checkpoint_lsn;
        p->recovered = true;
        p->was_recovered = true;
    }
    return e->options.background ? engine_background_start(cx, e) : ST_OK;
}

Status engine_open(Cx *cx, Os *os, const char *path, const EngineOptions *o, Engine **engine_out)
{
    Engine *e = engine_make(os, path, o);
    Status st = engine_open_steps(cx, e);
    if (st != ST_OK) {
        engine_background_stop(e);
        if (e->store != NULL) {
            store_stop(e->store);
        }
        if (e->wal != NULL) {
            Err ignored;
            memset(&ignored, 0, sizeof(ignored));
            Cx own = *cx;
            own.err = &ignored;
            st_ignore(wal_close(&own, e->wal, false));
        }
        if (e->store != NULL) {
            store_close(e->store);
        }
        engine_free(e);
        return st;
    }
    *engine_out = e;
    return ST_OK;
}

/* engine_finish - undo and purge to the end, within reason; *done_out: nothing is left to do. */
static Status engine_finish(Cx *cx, Engine *e, bool *done_out)
{
    struct EnginePrivate *p = e->priv;
    uint32_t writers, snapshots;
    atomic_store(&p->stop, false);
    *done_out = false;
    TRY(txnsys_undo_losers(cx, e->txns, &p->stop));
    txnsys_counts(e->txns, &writers, &snapshots);
    TRY(wal_flush_wait(cx, e->wal, wal_head(e->wal)));
    int64_t until = os_mono_us(e->os) + CLOSE_PURGE_US;
    Status st = ST_OK;
    while (st == ST_OK && os_mono_us(e->os) < until) {
        st = engine_purge_step(cx, e);
    }
    if (st != ST_DONE && st != ST_OK) {
        return st;
    }
    *done_out = st == ST_DONE && writers == 0 && snapshots == 0;
    return ST_OK;
}

Status engine_close(Cx *cx, Engine *e)
{
    bool done = false;
    engine_background_stop(e);
    Status st = engine_finish(cx, e, &done);
    if (st == ST_OK && done) {
        st = table_sequences_settle(cx, e);
    }
    if (st == ST_OK) {
        st = engine_checkpoint_write(cx, e, done ? CHECKPOINT_CLEAN : CHECKPOINT_CLOSING);
    }
    uint32_t prepared = txnsys_prepared_count(e->txns);
    if (prepared != 0) {
        log_line(LOG_WARNING,
                 "\"%s\": %u prepared transactions wait for their end: \"%s\" is left and needed",
                 e->priv->path, prepared, e->priv->wal_dir);
    } else if (!done) {
        log_line(LOG_WARNING,
                 "\"%s\": not everything could be finished at shutdown: \"%s\" is left and needed",
                 e->priv->path, e->priv->wal_dir);
    }
    store_stop(e->store);
    st_keep_first(&st, wal_close(cx, e->wal, st == ST_OK && done));
    store_close(e->store);
    engine_free(e);
    return st;
}

Status engine_next_oid(Cx *cx, Engine *e, Oid *oid_out)
{
    struct EnginePrivate *p = e->priv;
    (void)cx;
    os_mutex_lock(e->os, &p->oid_mutex);
    if (p->next_oid == p->oid_limit) {
        /* Whoever uses the number commits behind this record, so it need not be flushed here. */
        p->oid_limit += OID_STEP;
        Slice part = {(const char *)&p->oid_limit, sizeof(p->oid_limit)};
        WalHeader h = {.xid48_type8_flags8 = wal_pack(0, WAL_NOOP, NOOP_NEXT_OID)};
        (void)wal_append(e->wal, &h, &part, 1);
    }
    *oid_out = (Oid)p->next_oid++;
    os_mutex_unlock(e->os, &p->oid_mutex);
    return *oid_out != 0 ? ST_OK
                         : err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED, "object IDs are used up");
}

Status engine_drop_lost_tree(Cx *cx, Engine *e, TreeId tree)
{
    return table_drop_tree(cx, e, tree);
}

bool engine_recovered(const Engine *e)
{
    return e->priv->was_recovered;
}

Status engine_settle(Cx *cx, Engine *e)
{
    _Atomic bool stop = false;
    TRY(txnsys_undo_losers(cx, e->txns, &stop));
    TRY(wal_flush_wait(cx, e->wal, wal_head(e->wal)));
    Status st;
    while ((st = engine_purge_step(cx, e)) == ST_OK) {
    }
    return st == ST_DONE ? ST_OK : st;
}

/* engine_check_tree - its structure; damage is a finding, not an error. */
static void engine_check_tree(Cx *cx, Engine *e, const TreeEntry *entry, Buf *report,
                              uint64_t *errors)
{
    BtTree tree = {e->store, entry->tree, entry->kind, entry->root};
    Status st = ST_OK;
    if (entry->kind != TREE_SEQUENCE) {
        st = bt_verify(cx, &tree, report, errors);
    }
    if (st == ST_OK && entry->kind == TREE_TABLE) {
        st = table_check_rows(cx, e, entry->tree);
    }
    if (st != ST_OK) {
        buf_printf(report, "tree %u: %s\n", entry->tree, cx->err->message);
        (*errors)++;
        err_clear(cx);
    }
}

void engine_check_watch(Engine *e, EngineCheckFn fn, void *arg)
{
    e->priv->check_fn = fn;
    e->priv->check_arg = arg;
}

void engine_check_at(Engine *e, const char *what, uint64_t done, uint64_t total)
{
    if (e->priv->check_fn != NULL) {
        e->priv->check_fn(e->priv->check_arg, what, done, total);
    }
}

Status engine_check(Cx *cx, Engine *e, Buf *report, uint64_t *errors_out)
{
    Arena arena;
    TreeEntry *trees;
    uint32_t count;
    Status st = ST_OK;
    *errors_out = 0;
    arena_init(&arena, NULL, "check", 0);
    uint64_t pages = store_page_count(e->store);
    for (PageNo p = 0; p < pages && st == ST_OK; p += CHECK_STEP_PAGES) {
        engine_check_at(e, "pages", p, pages);
        st = store_check(cx, e->store, p, p + CHECK_STEP_PAGES, report, errors_out);
    }
    engine_check_at(e, "pages", pages, pages);
    trees_foreach(e->store, &arena, &trees, &count);
    for (uint32_t i = 0; i < count && st == ST_OK; i++) {
        engine_check_at(e, "trees", i, count);
        engine_check_tree(cx, e, &trees[i], report, errors_out);
        st = cx_check(cx);
    }
    arena_release(&arena);
    return st;
}

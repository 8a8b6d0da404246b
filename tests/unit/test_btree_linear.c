/*
 * test_btree_linear.c - trees under concurrent point operations are linearizable, key by key
 *
 * Goal: put, remove and read of single keys by several threads, in a tree far larger than the pool,
 * give results as if each had happened at one moment between its call and its return; and each
 * entry read is of the key asked for (page identity). Method: real threads, a pool of 16 frames,
 * leaves of a few entries, so that pages split, are freed, reused, evicted and written all the
 * time. Each thread records its operations with stamps of one counter taken before and after. Then
 * each key's history is judged by itself, for a history is linearizable if its parts by object are
 * (Herlihy and Wing 1990), by keeping all the states the key may be in: a value, and which of the
 * operations under way have happened already (Wing and Gong's search, breadth first). The checker
 * must refuse histories made wrong by hand.
 */
#include "store_fixture.h"

#define FRAMES      16u
#define KEYS        240u
#define THREADS     4u
#define OPS_EACH    6000u
#define PAYLOAD     ((uint32_t)(PAGE_SIZE / 12) & ~7u)
#define STATES_MAX  4096u
#define SEED_FACTOR 6364136223846793005ULL

typedef enum OpKind { OP_READ, OP_PUT, OP_REMOVE } OpKind;

/* Op - one operation; values are unique, 0 = the key is not there. */
typedef struct Op {
    uint64_t call, ret;
    uint32_t key, thread;
    OpKind kind;
    uint32_t wrote; /* PUT */
    uint32_t found; /* what was there before */
} Op;

/* ---- the checker ---- */

/* Event - an operation of the key begins or ends. */
typedef struct Event {
    uint64_t at;
    const Op *op;
    bool ends;
} Event;

/* State - what the key may be: its value, and by thread whether its operation has happened. */
typedef struct State {
    uint32_t value, happened;
} State;

typedef struct Judge {
    State states[STATES_MAX];
    uint32_t count;
    const Op *pending[THREADS];
} Judge;

static int event_cmp(const void *a, const void *b)
{
    uint64_t x = ((const Event *)a)->at, y = ((const Event *)b)->at;
    return (x > y) - (x < y);
}

static void judge_add(Judge *j, State s)
{
    for (uint32_t i = 0; i < j->count; i++) {
        if (j->states[i].value == s.value && j->states[i].happened == s.happened) {
            return;
        }
    }
    assert_true(j->count < STATES_MAX);
    j->states[j->count++] = s;
}

/* judge_close - let operations under way happen, in every order that their results allow. */
static void judge_close(Judge *j)
{
    for (uint32_t i = 0; i < j->count; i++) {
        for (uint32_t t = 0; t < THREADS; t++) {
            const Op *op = j->pending[t];
            State s = j->states[i];
            if (op == NULL || (s.happened >> t & 1) != 0 || op->found != s.value) {
                continue;
            }
            s.value = op->kind == OP_PUT ? op->wrote : op->kind == OP_REMOVE ? 0 : s.value;
            s.happened |= 1u << t;
            judge_add(j, s);
        }
    }
}

/* linearizable - is there an order of one key's operations that explains their results? */
static bool linearizable(Judge *j, const Op *const *ops, uint32_t n)
{
    Event *events = calloc(n != 0 ? 2 * (size_t)n : 1, sizeof(*events));
    for (uint32_t i = 0; i < n; i++) {
        events[2 * i] = (Event){ops[i]->call, ops[i], false};
        events[2 * i + 1] = (Event){ops[i]->ret, ops[i], true};
    }
    qsort(events, 2 * (size_t)n, sizeof(*events), event_cmp);
    memset(j->pending, 0, sizeof(j->pending));
    j->states[0] = (State){0, 0};
    j->count = 1;
    for (uint32_t i = 0; i < 2 * n && j->count != 0; i++) {
        uint32_t t = events[i].op->thread, kept = 0;
        if (!events[i].ends) {
            j->pending[t] = events[i].op;
            continue;
        }
        judge_close(j);
        for (uint32_t s = 0; s < j->count; s++) { /* by its return it must have happened */
            if ((j->states[s].happened >> t & 1) != 0) {
                j->states[kept] = j->states[s];
                j->states[kept++].happened &= ~(1u << t);
            }
        }
        j->count = kept;
        j->pending[t] = NULL;
    }
    free(events);
    return j->count != 0;
}

/* ---- the load ---- */

typedef struct Load {
    StoreEnv *env;
    BtTree tree;
    _Atomic uint64_t stamp;
    _Atomic uint32_t failures;
} Load;

typedef struct Client {
    Load *load;
    OsThread *thread;
    uint32_t number, count;
    Op ops[OPS_EACH];
    char why[200];
} Client;

static Slice linear_key(uint32_t n, char buf[16])
{
    int len = snprintf(buf, 16, "key%06u", n * 37 % 1000000);
    return (Slice){buf, (size_t)len};
}

static void client_failed(Client *c, const char *what, const Cx *cx)
{
    (void)snprintf(c->why, sizeof(c->why), "%s: %.120s", what, cx->err->message);
    atomic_fetch_add(&c->load->failures, 1);
}

/* entry_value - the entry's value when all of it is of this key and of one write, else UINT32_MAX.
 */
static uint32_t entry_value(const BtEntry *e, uint32_t key)
{
    uint32_t words[PAYLOAD / 4];
    if (e->payload_len != PAYLOAD) {
        return UINT32_MAX;
    }
    memcpy(words, e->payload, PAYLOAD);
    for (uint32_t i = 0; i < PAYLOAD / 4; i += 2) {
        if (words[i] != key || words[i + 1] != words[1]) {
            return UINT32_MAX;
        }
    }
    return words[1];
}

/* linear_log - the leaf as an image, after an edit. */
static void linear_log(const Load *l, BtPos *pos)
{
    Smo smo;
    smo_begin(&smo, l->env->store);
    smo_image(&smo, &pos->leaf);
    (void)smo_commit(&smo, l->tree.tree);
}

/* client_edit - leaf latched exclusive: put or remove. */
static bool client_edit(const Load *l, const Op *op, const BtKey *key, BtPos *pos, BtEntry *entry)
{
    uint32_t words[PAYLOAD / 4];
    for (uint32_t i = 0; i < PAYLOAD / 4; i += 2) {
        words[i] = op->key;
        words[i + 1] = op->wrote;
    }
    page_dirty(l->env->store, &pos->leaf);
    if (op->kind == OP_REMOVE) {
        bt_leaf_remove(&pos->leaf, pos->slot);
    } else if (pos->found) {
        memcpy(entry->payload, words, PAYLOAD);
    } else {
        bt_leaf_insert(&pos->leaf, key, pos->slot, 1, (Slice){(const char *)words, PAYLOAD});
    }
    linear_log(l, pos);
    return bt_leaf_count(&pos->leaf) == 0;
}

/* client_op - one operation on the tree; what was there goes to op->found. */
static Status client_op(Cx *cx, const Load *l, Op *op)
{
    char buf[16];
    BtPos pos;
    BtEntry entry;
    BtKey key = {.rowid = op->key + 1, .bytes = linear_key(op->key, buf)};
    bool empty = false;
    TRY(wal_admit(cx, l->env->wal, 2 * PAGE_SIZE));
    if (op->kind == OP_PUT) {
        TRY(bt_seek_insert(cx, &l->tree, &key, 8 + PAYLOAD, &pos));
    } else {
        TRY(bt_seek(cx, &l->tree, &key, op->kind == OP_READ ? LATCH_SHARED : LATCH_EXCLUSIVE,
                    &pos));
    }
    op->found = 0;
    if (pos.found) {
        op->found =
            bt_leaf_entry(&pos.leaf, pos.slot, &entry) ? entry_value(&entry, op->key) : UINT32_MAX;
    }
    if (op->kind == OP_PUT || (op->kind == OP_REMOVE && pos.found)) {
        empty = client_edit(l, op, &key, &pos, &entry);
    }
    bt_release(&l->tree, &pos);
    return empty ? bt_try_shrink(cx, &l->tree, &key) : ST_OK;
}

static void client_main(void *arg)
{
    Client *c = arg;
    Load *l = c->load;
    Err err = {0};
    Arena arena;
    arena_init(&arena, NULL, "client", 0);
    Cx cx = {.err = &err, .arena = &arena};
    uint64_t seed = c->number + 1;
    for (uint32_t i = 0; i < OPS_EACH && atomic_load(&l->failures) == 0; i++) {
        seed = seed * SEED_FACTOR + 1442695040888963407ULL;
        /* In turn mostly removing and mostly putting, so that leaves empty and fill again. */
        uint32_t what = (uint32_t)(seed >> 33) % 8, removes = (i / 1000) % 2 == 0 ? 1 : 5;
        Op *op = &c->ops[i];
        *op = (Op){.key = (uint32_t)(seed >> 40) % KEYS,
                   .thread = c->number,
                   .wrote = c->number * OPS_EACH + i + 1,
                   .kind = what < 2             ? OP_READ
                           : what < 2 + removes ? OP_REMOVE
                                                : OP_PUT};
        op->call = atomic_fetch_add(&l->stamp, 1);
        Status st = client_op(&cx, l, op);
        op->ret = atomic_fetch_add(&l->stamp, 1);
        c->count = i + 1;
        if (st != ST_OK) {
            client_failed(c, "an operation failed", &cx);
        } else if (op->found == UINT32_MAX) {
            client_failed(c, "an entry is of another key or of two writes", &cx);
        }
        arena_clear(&arena);
    }
    arena_release(&arena);
}

static void judge_all(const Client *clients)
{
    Judge *j = calloc(1, sizeof(*j));
    const Op **ops = calloc((size_t)THREADS * OPS_EACH, sizeof(*ops));
    for (uint32_t key = 0; key < KEYS; key++) {
        uint32_t n = 0;
        for (uint32_t t = 0; t < THREADS; t++) {
            for (uint32_t i = 0; i < clients[t].count; i++) {
                if (clients[t].ops[i].key == key) {
                    ops[n++] = &clients[t].ops[i];
                }
            }
        }
        if (!linearizable(j, ops, n)) {
            fail_msg("the %u operations on key %u have no order that explains them", n, key);
        }
    }
    free(ops);
    free(j);
}

static void run_linear(TreeKind kind)
{
    StoreEnv env;
    TreeEntry entry;
    Buf report;
    uint64_t errors = 0;
    Load l = {.env = &env};
    Client *clients = calloc(THREADS, sizeof(*clients));
    store_env_init(&env, FRAMES, false);
    store_must(&env.cx, tree_create(&env.cx, env.store, kind, &entry));
    l.tree = (BtTree){env.store, entry.tree, kind, entry.root};
    for (uint32_t t = 0; t < THREADS; t++) {
        clients[t].load = &l;
        clients[t].number = t;
        store_must(&env.cx, os_thread_create(&env.cx, env.os, "client", client_main, &clients[t],
                                             &clients[t].thread));
    }
    for (uint32_t t = 0; t < THREADS; t++) {
        os_thread_join(clients[t].thread);
        if (clients[t].why[0] != 0) {
            fail_msg("%s", clients[t].why);
        }
    }
    judge_all(clients);
    buf_init(&report, 1 << 20);
    store_must(&env.cx, bt_verify(&env.cx, &l.tree, &report, &errors));
    if (errors != 0) {
        fail_msg("%.*s", (int)MIN(report.len, 2000), (char *)report.data);
    }
    buf_release(&report);
    store_env_release(&env);
    free(clients);
}

static void test_index_linear(void **state)
{
    (void)state;
    run_linear(TREE_INDEX);
}

static void test_table_linear(void **state)
{
    (void)state;
    run_linear(TREE_TABLE);
}

/* test_checker - histories by hand: lawful ones, and each thing that must not be. */
static void test_checker(void **state)
{
    static Judge j;
    (void)state;
    /* Beside each other, a read may come before or after the write. */
    const Op put = {.call = 1, .ret = 6, .thread = 0, .kind = OP_PUT, .wrote = 7};
    const Op early = {.call = 2, .ret = 3, .thread = 1, .kind = OP_READ};
    const Op late = {.call = 4, .ret = 5, .thread = 1, .kind = OP_READ, .found = 7};
    assert_true(linearizable(&j, (const Op *const[]){&put, &early, &late}, 3));
    /* New, then old again. */
    const Op first = {.call = 2, .ret = 3, .thread = 1, .kind = OP_READ, .found = 7};
    const Op again = {.call = 4, .ret = 5, .thread = 2, .kind = OP_READ};
    assert_false(linearizable(&j, (const Op *const[]){&put, &first, &again}, 3));
    /* Stale: the write had returned. */
    const Op stale = {.call = 7, .ret = 8, .thread = 1, .kind = OP_READ};
    assert_false(linearizable(&j, (const Op *const[]){&put, &stale}, 2));
    /* A lost write: both found nothing there. */
    const Op other = {.call = 2, .ret = 5, .thread = 1, .kind = OP_PUT, .wrote = 8};
    assert_false(linearizable(&j, (const Op *const[]){&put, &other}, 2));
    /* A value that nobody wrote, and one removed twice. */
    const Op ghost = {.call = 7, .ret = 8, .thread = 1, .kind = OP_READ, .found = 9};
    assert_false(linearizable(&j, (const Op *const[]){&put, &ghost}, 2));
    const Op gone = {.call = 7, .ret = 9, .thread = 1, .kind = OP_REMOVE, .found = 7};
    const Op twice = {.call = 8, .ret = 10, .thread = 2, .kind = OP_REMOVE, .found = 7};
    assert_true(linearizable(&j, (const Op *const[]){&put, &gone}, 2));
    assert_false(linearizable(&j, (const Op *const[]){&put, &gone, &twice}, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_checker),
        cmocka_unit_test(test_index_linear),
        cmocka_unit_test(test_table_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

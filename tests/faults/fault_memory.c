/*
 * fault_memory.c - what a refused request for memory leaves behind: nothing.
 *
 * Each statement runs with its n-th request under a budget refused, for n = 1, 2, 3, ... until one
 * meets no refusal (not each n of many), with operators that can spill and with such that cannot,
 * and each n several times: the error must be 53200, and the memory in use must not grow from one
 * time to the next (caches may fill the first times). Then the statement must work as before. A
 * build with a sanitizer counts all memory in use and looks for leaks at the end; any other counts
 * what the heap has given out, which arenas' larger blocks are not part of.
 */
#include <malloc.h>
#include <stdarg.h>
#ifdef __SANITIZE_ADDRESS__
/* gcc has no headers for them. */
size_t __sanitizer_get_current_allocated_bytes(void);
int __lsan_do_recoverable_leak_check(void);
#endif

#include "base/map.h"
#include "fault.h"

#define ROUNDS 6

static const FaultUnit setup[] = {
    {{"create table m (id int primary key, g int, s text unique, n numeric)",
      "create index m_part on m (g, s) where g > 3", "create index m_n on m (n)"}},
    {{"insert into m select g, g % 17, 'row ' || g, g * 1.5 from generate_series(1, 700) g"}},
    {{"create table c (id int primary key, m_id int references m on delete cascade, b text)"}},
    {{"insert into c select g, g, repeat('c', 60 * (g % 30)) from generate_series(1, 300) g"}},
};

/* Each is run and then undone by the second, if there is one. */
static const char *const statements[][2] = {
    {"select count(*), min(v) from (select distinct g * 7919 % 9001 as v from generate_series(1, "
     "12000) g) q"},
    {"select g, count(*), sum(n), array_agg(id order by s), string_agg(s, ',') from m group by g "
     "order by 2, 1"},
    {"select array_agg(s), max(s), count(distinct g) from m"},
    {"select * from m order by s desc, n"},
    {"select m.id, c.b from m join c on c.m_id = m.id where m.n > 5 order by m.s limit 7"},
    {"select m.id, c.id from m full join c on c.id = m.g order by 1, 2"},
    {"select a.id from m a, m b where a.g = b.g and a.id < b.id order by 1 limit 3"},
    {"select id, rank() over (partition by g order by n), sum(n) over (order by id rows 5 "
     "preceding), lag(s) over w from m window w as (partition by g % 3 order by s) order by 1"},
    {"select percentile_cont(0.5) within group (order by n), mode() within group (order by g) "
     "from m"},
    {"select g from m union select id from c except select 5 order by 1"},
    {"select id, g from m intersect all select m_id, m_id from c order by 1"},
    {"with recursive r(a, b) as (select 1, 'x' union all select a + 1, b || 'y' from r where a < "
     "200) select max(a), max(length(b)) from r"},
    {"with recursive r(a) as (select 1 union select a * 3 % 701 from r) select count(*) from r"},
    {"with q as materialized (select * from m) select count(*) from q a join q b using (id)"},
    {"select g, s, count(*) from m group by grouping sets ((g), (s), ()) order by 1, 2, 3"},
    {"select * from m where id in (select m_id from c where b <> '') and not exists (select 1 "
     "from c where c.id = m.g) order by id"},
    {"select (select max(b) from c where c.m_id = m.id), unnest(array[id, g]) from m order by 2"},
    {"insert into m select g, g, 'more ' || g, g from generate_series(1001, 1400) g returning id",
     "delete from m where id > 1000"},
    {"insert into m select g, g, 'row ' || g, g from generate_series(600, 800) g on conflict (id) "
     "do update set n = excluded.n returning id",
     "delete from m where id > 700"},
    {"update m set s = s || '!', g = g + 1 where id % 2 = 0 returning s",
     "update m set s = rtrim(s, '!'), g = g - 1 where id % 2 = 0"},
    {"delete from m where id <= 100", "insert into m select g, g % 17, 'row ' || g, g * 1.5 from "
                                      "generate_series(1, 100) g"},
    {"insert into c select 1000 + g, 200, repeat(md5(g::text), 300) from generate_series(1, 5) g",
     "delete from c where id > 1000"},
    {"create index m_s on m (lower(s), g)", "drop index m_s"},
    {"alter table m alter column n type float8", "alter table m alter column n type numeric"},
    {"truncate c", "insert into c select g, g, 'c' from generate_series(101, 300) g"},
};

/* memory_live - bytes in use. The simulated disk keeps files that were removed until that is
 * durable. */
static uint64_t memory_live(FaultDb *db)
{
    st_ignore(os_sync_dir(&db->cx, db->os, "/"));
#ifdef __SANITIZE_ADDRESS__
    return __sanitizer_get_current_allocated_bytes();
#else
    struct mallinfo2 m = mallinfo2();
    return m.uordblks + m.hblkhd;
#endif
}

typedef struct MemoryRun {
    FaultDb db;
    uint64_t cases, failed, refused, output;
    const char *only;
    bool own_end; /* the last error was without a refusal */
    bool capped;  /* the statement needs more than it may have, also if nothing is refused */
} MemoryRun;

static void PRINTF_LIKE(2, 3) memory_wrong(MemoryRun *r, const char *fmt, ...)
{
    va_list ap;
    char state[6];
    va_start(ap, fmt);
    (void)printf("FAILED ");
    (void)vprintf(fmt, ap);
    va_end(ap);
    sqlstate_text(r->db.err.sqlstate, state);
    (void)printf(" (%s %s)\n", state, r->db.err.message);
    r->failed++;
}

static bool memory_unit(MemoryRun *r, const char *sql)
{
    const FaultUnit unit = {{sql}};
    return sql == NULL || fault_unit(&r->db, &unit) == ST_OK;
}

static uint64_t memory_output(const FaultDb *db)
{
    return hash_bytes(db->out.data != NULL ? (const void *)db->out.data : "", db->out.len, 7);
}

/* memory_refused - one statement with request n refused, ROUNDS times; false: there is no request
 * n. */
static bool memory_refused(MemoryRun *r, const char *sql, const char *undo, uint32_t n)
{
    uint64_t live[ROUNDS];
    r->cases++;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        r->db.refuse = n;
        bool worked = memory_unit(r, sql);
        bool refused = r->db.refuse == 0;
        r->db.refuse = 0;
        if (worked) {
            /* A refusal that is no error: a constant is not folded ahead, say. */
            if (memory_output(&r->db) != r->output) {
                memory_wrong(r, "%s: request %u gives something else", sql, n);
            }
            if (!memory_unit(r, undo)) {
                memory_wrong(r, "%s: cannot be undone", sql);
            }
            if (!refused) {
                return false;
            }
            return true;
        }
        if ((!refused && !r->capped) || r->db.err.sqlstate != ERRCODE_OUT_OF_MEMORY) {
            memory_wrong(r, "%s: request %u", sql, n);
            return false;
        }
        arena_clear(&r->db.arena);
        r->own_end = !refused;
        r->refused++;
        live[i] = memory_live(&r->db);
    }
    /* What writes or spills leaves bytes on the simulated disk, which are memory, too. */
    if (!r->capped && undo == NULL && live[ROUNDS - 1] > live[ROUNDS - 2] &&
        live[ROUNDS - 2] > live[ROUNDS - 3] && live[ROUNDS - 3] > live[ROUNDS - 4]) {
        memory_wrong(r, "%s: request %u leaves %llu bytes behind each time", sql, n,
                     (unsigned long long)(live[ROUNDS - 1] - live[ROUNDS - 2]));
    }
    if (r->db.txn_arena.children != NULL || r->db.view.txn != NULL) {
        memory_wrong(r, "%s: request %u leaves a transaction behind", sql, n);
    }
    return true;
}

/* memory_no_files - temporary files are gone, too. */
static void memory_no_files(MemoryRun *r)
{
    char **names;
    uint32_t count;
    if (os_list_dir(&r->db.cx, r->db.os, &r->db.arena, "/", &names, &count) != ST_OK) {
        memory_wrong(r, "the directory cannot be read");
        return;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (strstr(names[i], "-tmp-") != NULL || strstr(names[i], "-sort-") != NULL) {
            memory_wrong(r, "%s is left behind", names[i]);
        }
    }
}

static void memory_main(void *arg)
{
    MemoryRun *r = arg;
    uint64_t before, after, errors = 0;
    if (fault_open(&r->db) != ST_OK) {
        memory_wrong(r, "open");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(setup); i++) {
        if (fault_unit(&r->db, &setup[i]) != ST_OK) {
            memory_wrong(r, "%s", setup[i].statements[0]);
        }
    }
    for (size_t i = 0; i < 2 * ARRAY_LEN(statements) && r->failed == 0; i++) {
        const char *sql = statements[i / 2][0], *undo = statements[i / 2][1];
        r->db.cannot_spill = i % 2 != 0;
        if (r->only != NULL && strstr(sql, r->only) == NULL) {
            continue;
        }
        bool works = memory_unit(r, sql);
        r->output = memory_output(&r->db);
        r->capped = !works && !r->db.cannot_spill && r->db.err.sqlstate == ERRCODE_OUT_OF_MEMORY;
        if ((!works && !r->capped) || !memory_unit(r, works ? undo : NULL) ||
            fault_digest(&r->db, &before) != ST_OK) {
            memory_wrong(r, "%s: does not work", sql);
        }
        uint32_t n = 1;
        while (r->failed == 0 && memory_refused(r, sql, undo, n)) {
            n += 1 + n / 16; /* those of a loop are all alike */
            if (r->capped && r->own_end) {
                break; /* it got as far as it ever does */
            }
        }
        if (fault_digest(&r->db, &after) != ST_OK || after != before) {
            memory_wrong(r, "%s: has left something else behind", sql);
        }
        (void)printf("refused up to request %u%s: %.90s\n", n - 1,
                     r->db.cannot_spill ? ", nothing can spill" : "", sql);
    }
    r->db.cannot_spill = false;
    memory_no_files(r);
    if (fault_check(&r->db, &errors) != ST_OK || errors != 0) {
        memory_wrong(r, "the file is not sound");
    }
    if (fault_close(&r->db) != ST_OK) {
        memory_wrong(r, "close");
    }
}

int main(int argc, char **argv)
{
    MemoryRun r = {.only = argc > 1 ? argv[1] : NULL};
    Os *os = os_sim_create(5);
    fault_db_init(&r.db, os);
    if (os_sim_run(os, memory_main, &r) != OS_SIM_ENDED) {
        memory_wrong(&r, "the process ended: %s", os_sim_halt_reason(os));
    }
    fault_db_release(&r.db);
    os_sim_free(os);
#ifdef __SANITIZE_ADDRESS__
    if (__lsan_do_recoverable_leak_check() != 0) {
        memory_wrong(&r, "leaks");
    }
#endif
    (void)printf("%llu requests were refused\n", (unsigned long long)r.refused);
    (void)printf("%llu passed, %llu failed\n",
                 (unsigned long long)(r.cases - MIN(r.failed, r.cases)),
                 (unsigned long long)r.failed);
    return r.failed != 0;
}

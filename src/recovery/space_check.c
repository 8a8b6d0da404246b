/*
 * space_check.c - the space map against the pages that are reachable.
 *
 * A page that something reaches but the map calls free, or that is reached twice, is damage: the
 * next owner would overwrite it. A page that the map calls used and nothing reaches is harmless and
 * legal: a crash or an error between writing pages and linking them (an index build given up)
 * leaves such pages. They are counted, and on demand given back.
 */
#include "recovery/engine_internal.h"

typedef struct SpaceCheck {
    Engine *e;
    uint64_t pages;
    uint64_t *reached; /* a bit a page */
    TreeId tree;       /* whose pages are being walked; 0 = the store's own */
    Buf *report;
    uint64_t *errors;
} SpaceCheck;

static Status space_reach(void *arg, Cx *cx, PageNo page)
{
    SpaceCheck *c = arg;
    if (page >= c->pages) {
        buf_printf(c->report, "tree %u: page %llu is beyond the end of the file\n", c->tree,
                   (unsigned long long)page);
        (*c->errors)++;
    } else if ((c->reached[page / 64] >> page % 64 & 1) != 0) {
        buf_printf(c->report, "tree %u: page %llu is reached twice\n", c->tree,
                   (unsigned long long)page);
        (*c->errors)++;
    } else {
        c->reached[page / 64] |= (uint64_t)1 << page % 64;
    }
    return cx_check(cx);
}

static Status space_walk(Cx *cx, SpaceCheck *c, Arena *arena)
{
    TreeEntry *trees;
    uint32_t count;
    TRY(store_own_pages(cx, c->e->store, space_reach, c));
    trees_foreach(c->e->store, arena, &trees, &count);
    for (uint32_t i = 0; i < count; i++) {
        engine_check_at(c->e, "space", i, count);
        c->tree = trees[i].tree;
        Status st = table_each_page(cx, c->e, &trees[i], space_reach, c);
        if (st != ST_OK) {
            TRY(cx_check(cx));
            buf_printf(c->report, "tree %u: %s\n", c->tree, cx->err->message);
            (*c->errors)++;
            err_clear(cx);
        }
    }
    return ST_OK;
}

Status engine_check_space(Cx *cx, Engine *e, bool reclaim, Buf *report, uint64_t *errors,
                          uint64_t *leaked_out)
{
    Arena arena;
    uint64_t before = *errors;
    SpaceCheck c = {
        .e = e, .pages = store_page_count(e->store), .report = report, .errors = errors};
    arena_init(&arena, NULL, "check", 0);
    *leaked_out = 0;
    c.reached = mem_zalloc("check", (c.pages / 64 + 1) * sizeof(uint64_t));
    Status st = space_walk(cx, &c, &arena);
    for (PageNo p = 0; p < c.pages && st == ST_OK; p++) {
        bool reached = (c.reached[p / 64] >> p % 64 & 1) != 0;
        bool used = store_page_used(e->store, p);
        if (reached && !used) {
            buf_printf(report, "page %llu is in use, but the space map says it is free\n",
                       (unsigned long long)p);
            (*errors)++;
        }
        if (reached || !used) {
            continue;
        }
        (*leaked_out)++;
        /* With damage about, what seems to belong to nobody may be somebody's. */
        if (reclaim && *errors == before) {
            st = store_free_leaked(cx, e->store, p);
        }
    }
    mem_free(c.reached);
    arena_release(&arena);
    return st;
}

/*
 * space.c - which pages are free.
 *
 * On disk: one bitmap page per group of MAP_BITS pages, at a fixed place, changed only together
 * with the structure change that takes or frees the page. In memory: one bitmap over all, where a
 * page is also taken while it is only reserved; so reserving touches no page and giving back costs
 * nothing.
 */
#include "store/store_internal.h"

static bool space_get(const Store *s, PageNo page)
{
    return (s->used[page / 64] >> (page & 63) & 1) != 0;
}

static void space_set(Store *s, PageNo page, bool used)
{
    uint64_t bit = (uint64_t)1 << (page & 63);
    if (used) {
        s->used[page / 64] |= bit;
        s->page_count = MAX(s->page_count, page + 1);
    } else {
        s->used[page / 64] &= ~bit;
        s->hint = MIN(s->hint, page);
    }
}

void space_note_used(Store *s, PageNo page, bool used)
{
    os_mutex_lock(s->os, &s->space_mutex);
    space_set(s, page, used);
    os_mutex_unlock(s->os, &s->space_mutex);
}

/* space_make_group - the map page of a group that is entered for the first time. */
static Status space_make_group(Store *s, uint64_t group)
{
    PageRef ref;
    Smo smo;
    page_lock_new(s, MAP_PAGE(group), PAGE_SPACE_MAP, 0, &ref);
    /* It marks itself used, and for the first group the header pages as well. */
    uint8_t *bits = (uint8_t *)(ref.hdr + 1);
    for (PageNo p = group == 0 ? 0 : MAP_PAGE(group); p <= MAP_PAGE(group); p++) {
        uint64_t at = p - group * MAP_BITS;
        bits[at / 8] = (uint8_t)(bits[at / 8] | 1u << (at & 7));
    }
    ref.hdr->heap_top = 0; /* no hole: all of it is content */
    smo_begin(&smo, s);
    smo_image(&smo, &ref);
    (void)smo_commit(&smo, 0);
    page_unlock(s, &ref);
    return ST_OK;
}

Status space_create(Cx *cx, Store *s)
{
    (void)cx;
    os_mutex_lock(s->os, &s->space_mutex);
    for (PageNo p = 0; p <= MAP_PAGE(0); p++) {
        space_set(s, p, true);
    }
    s->group_count = 1;
    os_mutex_unlock(s->os, &s->space_mutex);
    return space_make_group(s, 0);
}

/* space_find - requires the mutex: the lowest free page from the hint on. */
static PageNo space_find(Store *s)
{
    PageNo p = s->hint;
    while (p < s->options.max_pages) {
        uint64_t word = s->used[p / 64] >> (p & 63);
        if (~word == 0) {
            p = (p / 64 + 1) * 64;
            continue;
        }
        p += (uint64_t)__builtin_ctzll(~word);
        if ((p & 63) == 0 && word == ~(uint64_t)0 >> 0) {
            continue;
        }
        if (!space_get(s, p)) {
            return p;
        }
    }
    return PAGE_NO_INVALID;
}

Status page_reserve(Cx *cx, Store *s, PageNo *page_out)
{
    for (;;) {
        os_mutex_lock(s->os, &s->space_mutex);
        PageNo p = space_find(s);
        uint64_t group = p / MAP_BITS;
        bool new_group = p != PAGE_NO_INVALID && group >= s->group_count;
        if (new_group) {
            space_set(s, MAP_PAGE(group), true);
            s->group_count = group + 1;
        } else if (p != PAGE_NO_INVALID) {
            space_set(s, p, true);
            s->hint = p + 1;
        }
        os_mutex_unlock(s->os, &s->space_mutex);
        if (p == PAGE_NO_INVALID) {
            return err_set(cx, ERRCODE_DISK_FULL, "database file is full: %llu pages",
                           (unsigned long long)s->options.max_pages);
        }
        if (!new_group) {
            *page_out = p;
            return ST_OK;
        }
        TRY(space_make_group(s, group));
    }
}

void page_unreserve(Store *s, PageNo page)
{
    space_note_used(s, page, false);
}

/* space_load_group - copy a map page's bits; ST_NOTFOUND when the group was never entered. */
static Status space_load_group(Cx *cx, Store *s, uint64_t group)
{
    PageRef ref;
    uint64_t size = 0;
    PageNo page = MAP_PAGE(group);
    bool here = atomic_load(&s->state[page]) >> PS_SHIFT != PS_EVICTED;
    TRY(os_file_size(cx, s->file, &size));
    if (page >= s->options.max_pages || (!here && (page + 1) * (uint64_t)PAGE_SIZE > size)) {
        return ST_NOTFOUND;
    }
    if (!here) {
        PageHeader h;
        size_t n = 0;
        TRY(os_file_pread(cx, s->file, &h, sizeof(h), page * (uint64_t)PAGE_SIZE, &n));
        if (h.page == 0 && h.type == PAGE_FREE) {
            return ST_NOTFOUND; /* a hole before later pages */
        }
    }
    TRY(page_lock(cx, s, page, LATCH_SHARED, &ref));
    const uint8_t *bits = (const uint8_t *)(ref.hdr + 1);
    os_mutex_lock(s->os, &s->space_mutex);
    for (uint64_t i = 0; i < MAP_BITS; i++) {
        if ((bits[i / 8] >> (i & 7) & 1) != 0) {
            space_set(s, group * MAP_BITS + i, true);
        }
    }
    s->group_count = group + 1;
    os_mutex_unlock(s->os, &s->space_mutex);
    page_unlock(s, &ref);
    return ST_OK;
}

Status store_load_space(Cx *cx, Store *s)
{
    s->redo_lsn = 0;
    if (s->group_count != 0) {
        return ST_OK; /* made by this very process */
    }
    Status st = ST_OK;
    for (uint64_t g = 0; st == ST_OK; g++) {
        st = space_load_group(cx, s, g);
    }
    if (st != ST_NOTFOUND) {
        return st;
    }
    if (s->group_count == 0) {
        TRY(space_create(cx, s));
        return dir_create(cx, s);
    }
    return dir_load(cx, s);
}

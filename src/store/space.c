/*
 * space.c - which pages are free: a bitmap in memory for reservations, bits on space map pages for
 * the truth.
 *
 * A page is first reserved (memory only), then the log record that links it sets its bit on disk: a
 * crash in between leaves it free. Space map pages stay resident, so setting bits needs no I/O and
 * cannot fail.
 */
#include "store/store_internal.h"

#define GROW_PAGES_MIN 64u
#define GROW_PAGES_MAX 2048u
#define CHECK_AHEAD    64u

PageNo space_map_page(PageNo page)
{
    PageNo group = page / SPACE_GROUP_PAGES;
    return group == 0 ? STORE_FIRST_PAGE : group * SPACE_GROUP_PAGES;
}

void space_bit_set(PageHeader *map, PageNo page, bool used)
{
    uint8_t *bits = (uint8_t *)(map + 1);
    PageNo i = page % SPACE_GROUP_PAGES;
    if (used) {
        bits[i >> 3] |= (uint8_t)(1u << (i & 7));
    } else {
        bits[i >> 3] &= (uint8_t) ~(1u << (i & 7));
    }
}

static bool used_get(const Store *s, PageNo page)
{
    return (s->used[page >> 6] >> (page & 63)) & 1;
}

static void used_put(Store *s, PageNo page, bool used)
{
    uint64_t bit = (uint64_t)1 << (page & 63);
    s->used[page >> 6] = used ? s->used[page >> 6] | bit : s->used[page >> 6] & ~bit;
}

void space_mark(Store *s, PageNo page, bool used)
{
    os_mutex_lock(s->os, &s->space_mutex);
    if (s->has_space) {
        used_put(s, page, used);
        s->space_hint = used ? s->space_hint : MIN(s->space_hint, page >> 6);
    }
    os_mutex_unlock(s->os, &s->space_mutex);
}

static void used_extend(Store *s, uint64_t page_count)
{
    uint64_t words = (page_count + 63) / 64;
    if (words > s->used_words) {
        uint64_t size = MAX(words, s->used_words * 2);
        s->used = mem_realloc("space", s->used, size * sizeof(uint64_t));
        memset(s->used + s->used_words, 0, (size - s->used_words) * sizeof(uint64_t));
        s->used_words = size;
    }
}

/* new_map_page - the space map page of a group the file has just reached: in memory, logged when
 * first changed. */
static void new_map_page(Store *s, PageNo page)
{
    PageRef ref;
    page_lock_new(s, page, PAGE_SPACE_MAP, 0, &ref);
    space_bit_set(ref.hdr, page, true);
    Smo smo;
    smo_begin(&smo, s);
    smo_image(&smo, &ref);
    (void)smo_commit(&smo, 0);
    page_unlock(s, &ref);
}

Status store_grow(Cx *cx, Store *s, uint64_t page_count)
{
    uint64_t old = atomic_load(&s->page_count);
    if (page_count <= old) {
        return ST_OK;
    }
    if (page_count > s->options.max_pages) {
        return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                       "the database file cannot grow beyond %llu pages",
                       (unsigned long long)s->options.max_pages);
    }
    TRY(os_file_allocate(cx, s->file, old * PAGE_SIZE, (page_count - old) * PAGE_SIZE));
    atomic_store(&s->page_count, page_count);
    if (!s->has_space) {
        return ST_OK; /* recovery: the log brings the map pages */
    }
    used_extend(s, page_count);
    for (PageNo g = old / SPACE_GROUP_PAGES + 1; g <= (page_count - 1) / SPACE_GROUP_PAGES; g++) {
        PageNo page = g * SPACE_GROUP_PAGES;
        used_put(s, page, true);
        new_map_page(s, page);
    }
    return ST_OK;
}

/* find_free - a page with neither bit; PAGE_NO_INVALID when the file is full. Requires space_mutex.
 */
static PageNo find_free(Store *s)
{
    uint64_t count = atomic_load(&s->page_count), words = (count + 63) / 64;
    for (uint64_t w = s->space_hint; w < words; w++) {
        if (s->used[w] != UINT64_MAX) {
            PageNo page = w * 64 + (PageNo)__builtin_ctzll(~s->used[w]);
            s->space_hint = w;
            return page < count ? page : PAGE_NO_INVALID;
        }
    }
    s->space_hint = words;
    return PAGE_NO_INVALID;
}

Status page_reserve(Cx *cx, Store *s, PageNo *page_out)
{
    Status st = ST_OK;
    store_throttle(s); /* the frame it will take: callers hold no page of a tree yet */
    frames_make_room(s, 1);
    os_mutex_lock(s->os, &s->space_mutex);
    PageNo page = find_free(s);
    if (page == PAGE_NO_INVALID) {
        uint64_t count = atomic_load(&s->page_count);
        st = store_grow(
            cx, s, count + MIN(MAX(count / 8, (uint64_t)GROW_PAGES_MIN), (uint64_t)GROW_PAGES_MAX));
        if (st == ST_OK) {
            s->space_hint = count / 64;
            page = find_free(s);
            ASSERT(page != PAGE_NO_INVALID);
        }
    }
    if (st == ST_OK) {
        used_put(s, page, true);
        *page_out = page;
    }
    os_mutex_unlock(s->os, &s->space_mutex);
    return st;
}

void store_on_moved(Store *s, void (*fn)(void *arg, TreeId tree, PageNo from, PageNo to), void *arg)
{
    s->on_moved = fn;
    s->on_moved_arg = arg;
}

void store_page_moved(Store *s, TreeId tree, PageNo from, PageNo to)
{
    if (s->on_moved != NULL) {
        s->on_moved(s->on_moved_arg, tree, from, to);
    }
}

void page_unreserve(Store *s, PageNo page)
{
    space_mark(s, page, false);
}

Status store_load_space(Cx *cx, Store *s)
{
    uint64_t count = atomic_load(&s->page_count);
    used_extend(s, count);
    for (PageNo g = 0; g <= (count - 1) / SPACE_GROUP_PAGES; g++) {
        PageNo page = g == 0 ? STORE_FIRST_PAGE : g * SPACE_GROUP_PAGES;
        PageRef ref;
        TRY(page_lock(cx, s, page, LATCH_SHARED, &ref));
        bool fresh = ref.hdr->type == PAGE_FREE && ref.hdr->page == 0;
        if (!fresh && ref.hdr->type != PAGE_SPACE_MAP) {
            page_unlock(s, &ref);
            return err_corrupt(cx, page, "it should be a space map");
        }
        const uint8_t *bits = (const uint8_t *)(ref.hdr + 1);
        for (PageNo i = 0; i < SPACE_GROUP_PAGES && g * SPACE_GROUP_PAGES + i < count; i++) {
            if ((bits[i >> 3] >> (i & 7)) & 1) {
                used_put(s, g * SPACE_GROUP_PAGES + i, true);
            }
        }
        used_put(s, page, true);
        page_unlock(s, &ref);
        if (fresh) {
            new_map_page(s, page); /* the file grew to this group and the crash came before its map
                                      was logged */
        }
    }
    s->has_space = true;
    s->recovering = false;
    return trees_load(cx, s);
}

Status store_check(Cx *cx, Store *s, PageNo from, PageNo to, Buf *report, uint64_t *errors)
{
    uint64_t count = MIN(to, atomic_load(&s->page_count));
    for (PageNo p = MAX(from, STORE_FIRST_PAGE); p < count; p++) {
        PageRef ref;
        if (p % CHECK_AHEAD == 0) {
            PageNo ahead[CHECK_AHEAD];
            for (uint32_t i = 0; i < CHECK_AHEAD; i++) {
                ahead[i] = p + i;
            }
            store_prefetch(s, ahead, (uint32_t)MIN((uint64_t)CHECK_AHEAD, count - p));
        }
        if (!store_page_used(s, p)) {
            continue;
        }
        if (page_lock(cx, s, p, LATCH_SHARED, &ref) != ST_OK) {
            buf_printf(report, "%s\n", cx->err->message);
            (*errors)++;
            err_clear(cx);
            continue;
        }
        page_unlock_cold(s, &ref);
        TRY(cx_check(cx));
    }
    return ST_OK;
}

bool store_page_used(Store *s, PageNo page)
{
    os_mutex_lock(s->os, &s->space_mutex);
    bool used = page < atomic_load(&s->page_count) && used_get(s, page);
    os_mutex_unlock(s->os, &s->space_mutex);
    return used || page < STORE_FIRST_PAGE;
}

Status store_own_pages(Cx *cx, Store *s, Status (*fn)(void *arg, Cx *cx, PageNo page), void *arg)
{
    for (PageNo p = 0; p < STORE_FIRST_PAGE; p++) {
        TRY(fn(arg, cx, p));
    }
    for (PageNo g = 0; g <= (atomic_load(&s->page_count) - 1) / SPACE_GROUP_PAGES; g++) {
        TRY(fn(arg, cx, g == 0 ? STORE_FIRST_PAGE : g * SPACE_GROUP_PAGES));
    }
    for (PageNo page = TREE_DIR_PAGE; page != PAGE_NO_INVALID;) {
        PageRef ref;
        TRY(page_lock(cx, s, page, LATCH_SHARED, &ref));
        PageNo next = ref.hdr->next;
        page_unlock(s, &ref);
        TRY(fn(arg, cx, page));
        page = next;
    }
    return ST_OK;
}

Status store_free_leaked(Cx *cx, Store *s, PageNo page)
{
    PageRef ref;
    Smo smo;
    TRY(wal_admit(cx, s->wal, 4096));
    if (page_lock(cx, s, page, LATCH_EXCLUSIVE, &ref) != ST_OK) {
        err_clear(cx); /* its bytes are of no interest: it begins anew */
        page_lock_new(s, page, PAGE_FREE, 0, &ref);
    }
    page_dirty(s, &ref);
    ref.hdr->type = PAGE_FREE;
    smo_begin(&smo, s);
    smo_image(&smo, &ref);
    smo_free(&smo, page);
    (void)smo_commit(&smo, 0);
    page_unlock(s, &ref);
    return ST_OK;
}

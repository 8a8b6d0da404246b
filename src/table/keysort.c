/*
 * keysort.c - sorting index entries in bounded memory.
 *
 * Keys gather in one piece of memory. When it is full they are sorted and appended to a temporary
 * file as a run: entries of {u16 length, top bit: has a null; bytes}. At the end the runs are
 * merged through a heap, each read through a buffer of its own. Without a run everything stays in
 * memory. The file has no name any more once it is open, so a crash leaves nothing.
 */
#include <stdio.h>
#include <stdlib.h>

#include "table/table_internal.h"

#define RUN_BUFFER_MIN    ((size_t)16 << 10)
#define RUN_BUFFER_MAX    ((size_t)256 << 10)
#define RUN_NULL          0x8000u
#define WRITE_BUFFER      ((size_t)256 << 10)
#define SORTER_MEMORY_MIN ((size_t)64 << 10)

/* SortKey - one key in memory: most comparisons end at its first bytes, big-endian. */
typedef struct SortKey {
    uint64_t head;
    uint32_t at; /* in bytes; of the length and flag, then the key */
} SortKey;

typedef struct Run {
    uint64_t at, end; /* what is left of it in the file, behind the buffer */
    uint8_t *buf;
    size_t pos, len;
    Slice key; /* the current entry, in the buffer */
    bool has_null;
} Run;

struct KeySorter {
    Os *os;
    char *path;
    size_t memory;
    uint8_t *bytes;
    size_t used, size;
    SortKey *keys;
    size_t count, key_size, next;
    uint64_t last_head; /* sorted so far? rows often come in the order of their keys */
    bool ordered;
    OsFile *file;
    uint64_t file_end;
    Run *runs;
    uint32_t run_count, run_size;
    uint32_t *heap; /* runs by their current key */
    uint32_t heap_len;
    bool started;
    size_t run_buffer;
};

KeySorter *key_sorter_create(Os *os, const char *path, size_t memory_bytes)
{
    KeySorter *s = mem_zalloc("key sort", sizeof(*s));
    size_t n = strlen(path) + 1;
    s->os = os;
    s->path = memcpy(mem_alloc("key sort", n), path, n);
    s->memory = MIN(MAX(memory_bytes, SORTER_MEMORY_MIN), (size_t)UINT32_MAX);
    s->ordered = true;
    return s;
}

void key_sorter_free(KeySorter *s)
{
    if (s == NULL) {
        return;
    }
    for (uint32_t i = 0; i < s->run_count; i++) {
        mem_free(s->runs[i].buf);
    }
    os_file_close(s->file);
    mem_free(s->runs);
    mem_free(s->heap);
    mem_free(s->keys);
    mem_free(s->bytes);
    mem_free(s->path);
    mem_free(s);
}

uint32_t key_sorter_runs(const KeySorter *s)
{
    return s->run_count;
}

static Slice sort_key_bytes(const KeySorter *s, const SortKey *k, bool *has_null)
{
    uint16_t len = get_u16(s->bytes + k->at);
    *has_null = (len & RUN_NULL) != 0;
    return slice_bytes(s->bytes + k->at + 2, len & ~RUN_NULL);
}

static int slice_order(Slice a, Slice b)
{
    int c = memcmp(a.ptr, b.ptr, MIN(a.len, b.len));
    return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

static int sort_key_cmp(const void *pa, const void *pb, void *sorter)
{
    const SortKey *a = pa, *b = pb;
    bool n;
    if (a->head != b->head) {
        return a->head < b->head ? -1 : 1;
    }
    return slice_order(sort_key_bytes(sorter, a, &n), sort_key_bytes(sorter, b, &n));
}

static void sort_memory(KeySorter *s)
{
    if (!s->ordered) {
        qsort_r(s->keys, s->count, sizeof(*s->keys), sort_key_cmp, s);
    }
}

static Status sorter_open(Cx *cx, KeySorter *s)
{
    if (s->file != NULL) {
        return ST_OK;
    }
    TRY(os_file_open(cx, s->os, s->path, OS_OPEN_CREATE, &s->file));
    TRY(os_unlink(cx, s->os, s->path));
    return ST_OK;
}

/* sorter_spill - what is in memory becomes a run. */
static Status sorter_spill(Cx *cx, KeySorter *s)
{
    TRY(sorter_open(cx, s));
    sort_memory(s);
    if (s->run_count == s->run_size) {
        s->run_size = MAX(s->run_size * 2, 16u);
        s->runs = mem_realloc("key sort", s->runs, s->run_size * sizeof(Run));
    }
    Run *r = &s->runs[s->run_count++];
    *r = (Run){.at = s->file_end};
    uint8_t *out = mem_alloc("key sort", WRITE_BUFFER);
    size_t n = 0;
    Status st = ST_OK;
    for (size_t i = 0; i < s->count && st == ST_OK; i++) {
        const uint8_t *p = s->bytes + s->keys[i].at;
        size_t len = 2 + (get_u16(p) & ~RUN_NULL & 0xffffu);
        if (n + len > WRITE_BUFFER) {
            st = os_file_pwrite(cx, s->file, out, n, s->file_end);
            s->file_end += n;
            n = 0;
        }
        memcpy(out + n, p, len);
        n += len;
    }
    if (st == ST_OK && n != 0) {
        st = os_file_pwrite(cx, s->file, out, n, s->file_end);
        s->file_end += n;
    }
    mem_free(out);
    r->end = s->file_end;
    s->count = s->used = 0;
    s->ordered = true;
    s->last_head = 0;
    return st;
}

/* sorter_room - memory for one more key of len bytes: as much as the budget allows, then a run. */
static Status sorter_room(Cx *cx, KeySorter *s, size_t len)
{
    size_t taken = s->used + len + 2 + (s->count + 1) * sizeof(SortKey);
    if (taken > s->memory && s->count != 0) {
        TRY(sorter_spill(cx, s));
    }
    if (s->used + len + 2 > s->size) {
        s->size = MIN(MAX(s->size * 2, (size_t)32 << 10), s->memory) + len + 2;
        s->bytes = mem_realloc("key sort", s->bytes, s->size);
    }
    if (s->count == s->key_size) {
        s->key_size = MAX(s->key_size * 2, (size_t)1024);
        s->keys = mem_realloc("key sort", s->keys, s->key_size * sizeof(SortKey));
    }
    return cx_check(cx);
}

Status key_sorter_add(Cx *cx, KeySorter *s, Slice key, bool has_null)
{
    ASSERT(key.len >= 8 && key.len < RUN_NULL);
    TRY(sorter_room(cx, s, key.len));
    SortKey *k = &s->keys[s->count++];
    /* The row id's 8 bytes are always there, so the key is long enough. */
    *k = (SortKey){__builtin_bswap64(get_u64(key.ptr)), (uint32_t)s->used};
    put_u16(s->bytes + s->used, (uint16_t)(key.len | (has_null ? RUN_NULL : 0)));
    memcpy(s->bytes + s->used + 2, key.ptr, key.len);
    s->used += 2 + key.len;
    if (s->ordered && s->count > 1) {
        s->ordered =
            k->head > s->last_head || (k->head == s->last_head && sort_key_cmp(k - 1, k, s) < 0);
    }
    s->last_head = k->head;
    return ST_OK;
}

/* run_next - the run's next entry becomes its current one; *more_out false at its end. */
static Status run_next(Cx *cx, KeySorter *s, Run *r, bool *more_out)
{
    for (int round = 0; round < 2; round++) {
        size_t left = r->len - r->pos;
        size_t len = left >= 2 ? (size_t)(get_u16(r->buf + r->pos) & ~RUN_NULL & 0xffffu) : 0;
        if (left >= 2 && left >= 2 + len) {
            r->has_null = (get_u16(r->buf + r->pos) & RUN_NULL) != 0;
            r->key = slice_bytes(r->buf + r->pos + 2, len);
            r->pos += 2 + len;
            *more_out = true;
            return ST_OK;
        }
        if (left == 0 && r->at == r->end) {
            break;
        }
        memmove(r->buf, r->buf + r->pos, left);
        size_t n = (size_t)MIN((uint64_t)(s->run_buffer - left), r->end - r->at), got = 0;
        TRY(os_file_pread(cx, s->file, r->buf + left, n, r->at, &got));
        if (got < n) {
            return err_set(cx, ERRCODE_IO_ERROR, "a temporary file of a sort ends too early");
        }
        r->at += n;
        r->pos = 0;
        r->len = left + n;
    }
    *more_out = false;
    return ST_OK;
}

/* heap_sift - restore the order from position i down. */
static void heap_sift(KeySorter *s, uint32_t i)
{
    for (;;) {
        uint32_t least = i;
        for (uint32_t c = 2 * i + 1; c <= 2 * i + 2 && c < s->heap_len; c++) {
            if (slice_order(s->runs[s->heap[c]].key, s->runs[s->heap[least]].key) < 0) {
                least = c;
            }
        }
        if (least == i) {
            return;
        }
        uint32_t run = s->heap[i];
        s->heap[i] = s->heap[least];
        s->heap[least] = run;
        i = least;
    }
}

Status key_sorter_finish(Cx *cx, KeySorter *s)
{
    if (s->run_count == 0) {
        sort_memory(s);
        return ST_OK;
    }
    TRY(sorter_spill(cx, s));
    mem_free(s->bytes);
    mem_free(s->keys);
    s->bytes = NULL;
    s->keys = NULL;
    s->size = s->key_size = 0;
    s->run_buffer = MIN(MAX(s->memory / s->run_count, RUN_BUFFER_MIN), RUN_BUFFER_MAX);
    s->heap = mem_alloc("key sort", s->run_count * sizeof(*s->heap));
    for (uint32_t i = 0; i < s->run_count; i++) {
        bool more;
        s->runs[i].buf = mem_alloc("key sort", s->run_buffer);
        TRY(run_next(cx, s, &s->runs[i], &more));
        if (more) {
            s->heap[s->heap_len++] = i;
        }
    }
    for (uint32_t i = s->heap_len / 2; i-- > 0;) {
        heap_sift(s, i);
    }
    return ST_OK;
}

Status key_sorter_next(Cx *cx, KeySorter *s, Slice *key_out, bool *has_null_out)
{
    if (s->run_count == 0) {
        if (s->next == s->count) {
            return ST_DONE;
        }
        *key_out = sort_key_bytes(s, &s->keys[s->next++], has_null_out);
        return ST_OK;
    }
    if (s->started) { /* the entry given out last lies in its run's buffer: only now go on in it */
        bool more;
        TRY(run_next(cx, s, &s->runs[s->heap[0]], &more));
        if (!more) {
            s->heap[0] = s->heap[--s->heap_len];
        }
        heap_sift(s, 0);
    }
    s->started = true;
    if (s->heap_len == 0) {
        return ST_DONE;
    }
    *key_out = s->runs[s->heap[0]].key;
    *has_null_out = s->runs[s->heap[0]].has_null;
    return ST_OK;
}

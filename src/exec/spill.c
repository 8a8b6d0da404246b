/*
 * spill.c - rows on disk: what sorts, aggregations and hash joins put aside beyond their memory.
 *
 * A Spill is a temporary file beside the database, unlinked as soon as it is open, so it goes with
 * the process however that ends. Rows are written by column in chunks of SPILL_ROWS: u32 bytes that
 * follow, u32 rows; per column: u8 has NULLs, [bitmap], values; then the bytes of long strings in
 * the order of columns and rows. Files need not survive anything, so nothing is synced and nothing
 * is checked but lengths.
 */
#include "exec/spill.h"

#include <stdio.h>

#include "table/counts.h"

enum {
    SPILL_ROWS = VEC_CAPACITY < 256 ? VEC_CAPACITY : 256, /* those pending are one chunk of rows */
    SPILL_BITMAP_BYTES = (SPILL_ROWS + 7) / 8,
};

struct Spill {
    ExecState *s;
    OsFile *file;
    RowStore pending;
    Arena rows; /* of pending */
    Buf buf;    /* a chunk being written, or the one being read */
    uint64_t written, read;
    uint64_t total;
    Batch in;
    Spill *of; /* a reader: whose file it reads */
};

static void spill_close(void *arg)
{
    Spill *p = arg;
    if (p->file != NULL && p->of == NULL) {
        os_file_close(p->file);
    }
    p->file = NULL;
    buf_release(&p->buf);
}

/* spill_count - temporary files are told in pg_stat_database. */
static void spill_count(const Spill *p, DbCountKind kind, int64_t n)
{
    const Txn *txn = p->s->env.txn;
    if (txn != NULL) {
        counts_db_add(txn->counts_to, txn->process_id, kind, n);
    }
}

static Status spill_open_file(Cx *cx, Spill *p)
{
    const ExecEnv *env = &p->s->env;
    uint64_t id;
    char path[4096];
    os_random(env->os, &id, sizeof(id));
    (void)snprintf(path, sizeof(path), "%s-tmp-%016llx", env->temp_prefix, (unsigned long long)id);
    TRY(os_file_open(cx, env->os, path, OS_OPEN_CREATE | OS_OPEN_EXCL, &p->file));
    spill_count(p, DB_TEMP_FILES, 1);
    return os_unlink(cx, env->os, path);
}

bool spill_possible(const ExecState *s)
{
    return s->env.os != NULL && s->env.temp_prefix != NULL;
}

Spill *spill_create(ExecState *s, Arena *arena, const PhysType *types, uint16_t col_count)
{
    Spill *p = ARENA_NEW(arena, Spill);
    p->s = s;
    arena_init(&p->rows, arena, "spilled rows", 0);
    buf_init(&p->buf, (size_t)1 << 31);
    row_store_init(&p->pending, &p->rows, types, col_count);
    batch_init(&p->in, types, col_count, arena);
    arena_on_clear(arena, spill_close, p);
    return p;
}

static void spill_put_column(Buf *b, const Vector *v, uint32_t rows)
{
    uint32_t bytes = phys_bytes(v->phys);
    buf_putc(b, v->valid != NULL);
    if (v->valid != NULL) {
        buf_put(b, v->valid, SPILL_BITMAP_BYTES);
    }
    buf_put(b, v->data, (size_t)rows * bytes);
}

/* spill_put_strings - the bytes that the strings of a column point to. */
static void spill_put_strings(Buf *b, const Vector *v, uint32_t rows)
{
    const Str *s = v->data;
    for (uint32_t i = 0; v->phys == PHYS_STR && i < rows; i++) {
        if (!vec_is_null(v, i) && s[i].len > STR_INLINE_BYTES) {
            buf_put(b, s[i].ptr, s[i].len);
        }
    }
}

/* spill_flush - the rows in memory become a chunk of the file. */
static Status spill_flush(Cx *cx, Spill *p)
{
    uint32_t rows = (uint32_t)p->pending.rows, len;
    if (rows == 0) {
        return ST_OK;
    }
    const Batch *b = p->pending.chunks[0];
    if (p->file == NULL) {
        TRY(spill_open_file(cx, p));
    }
    buf_clear(&p->buf);
    buf_put(&p->buf, &rows, sizeof(rows)); /* place of the length */
    buf_put(&p->buf, &rows, sizeof(rows));
    for (uint16_t c = 0; c < b->col_count; c++) {
        spill_put_column(&p->buf, b->cols[c], rows);
    }
    for (uint16_t c = 0; c < b->col_count; c++) {
        spill_put_strings(&p->buf, b->cols[c], rows);
    }
    if (p->buf.overflow) {
        return err_set(cx, ERRCODE_PROGRAM_LIMIT_EXCEEDED,
                       "the rows are too large to sort or join");
    }
    len = (uint32_t)(p->buf.len - sizeof(len));
    memcpy(p->buf.data, &len, sizeof(len));
    TRY(os_file_pwrite(cx, p->file, p->buf.data, p->buf.len, p->written));
    p->written += p->buf.len;
    spill_count(p, DB_TEMP_BYTES, (int64_t)p->buf.len);
    arena_clear(&p->rows);
    row_store_init(&p->pending, &p->rows, p->pending.types, p->pending.col_count);
    return cx_check(cx);
}

Status spill_append_row(Cx *cx, Spill *p, const Vector *const *cols, uint32_t row)
{
    row_store_append_row(&p->pending, cols, row);
    p->total++;
    return p->pending.rows >= SPILL_ROWS ? spill_flush(cx, p) : ST_OK;
}

Status spill_append(Cx *cx, Spill *p, const Batch *b)
{
    SEL_FOREACH(row, &b->sel)
    {
        TRY(spill_append_row(cx, p, (const Vector *const *)b->cols, row));
    }
    return ST_OK;
}

Status spill_rewind(Cx *cx, Spill *p)
{
    TRY(spill_flush(cx, p));
    p->read = 0;
    return ST_OK;
}

void spill_drop(Spill *p)
{
    spill_close(p);
    buf_init(&p->buf, (size_t)1 << 31);
    arena_clear(&p->rows);
}

uint64_t spill_rows(const Spill *p)
{
    return p->total;
}

/* SpillCursor - the rest of a chunk that was read. */
typedef struct SpillCursor {
    const uint8_t *at;
    size_t left;
} SpillCursor;

static const uint8_t *take(SpillCursor *c, size_t n)
{
    const uint8_t *p = c->at;
    if (n > c->left) {
        return NULL;
    }
    c->at += n;
    c->left -= n;
    return p;
}

/* get_column - one column of a chunk; false when the chunk ends early. */
static bool get_column(SpillCursor *c, Vector *v, uint32_t rows)
{
    const uint8_t *nulls = take(c, 1), *p;
    vec_reset(v);
    if (nulls == NULL) {
        return false;
    }
    if (*nulls != 0) {
        p = take(c, SPILL_BITMAP_BYTES);
        if (p == NULL) {
            return false;
        }
        v->valid = v->valid_buf;
        memset(v->valid, 0xff, VEC_VALID_WORDS * sizeof(uint64_t));
        memcpy(v->valid, p, SPILL_BITMAP_BYTES);
    }
    p = take(c, (size_t)rows * phys_bytes(v->phys));
    if (p != NULL) {
        memcpy(v->data, p, (size_t)rows * phys_bytes(v->phys));
    }
    return p != NULL;
}

static bool get_strings(SpillCursor *c, Vector *v, uint32_t rows)
{
    Str *s = v->data;
    for (uint32_t i = 0; v->phys == PHYS_STR && i < rows; i++) {
        if (!vec_is_null(v, i) && s[i].len > STR_INLINE_BYTES) {
            const uint8_t *p = take(c, s[i].len);
            if (p == NULL) {
                return false;
            }
            s[i].ptr = (const char *)p;
        }
    }
    return true;
}

static Status spill_short(Cx *cx)
{
    return err_set(cx, ERRCODE_IO_ERROR, "a temporary file ended early");
}

Spill *spill_reader(Cx *cx, Spill *of, Arena *arena, Status *status_out)
{
    Spill *p = spill_create(of->s, arena, of->pending.types, of->pending.col_count);
    p->of = of;
    *status_out = spill_flush(cx, of);
    return p;
}

Status spill_next(Cx *cx, Spill *p, const Batch **out)
{
    uint32_t len, rows;
    size_t n;
    if (p->of != NULL) { /* the writer may have gone on */
        TRY(spill_flush(cx, p->of));
        p->file = p->of->file;
        p->written = p->of->written;
    }
    if (p->read >= p->written) {
        return ST_DONE;
    }
    TRY(cx_check(cx));
    TRY(os_file_pread(cx, p->file, &len, sizeof(len), p->read, &n));
    if (n < sizeof(len)) {
        return spill_short(cx);
    }
    buf_clear(&p->buf);
    if (!buf_reserve(&p->buf, len)) {
        return err_set(cx, ERRCODE_OUT_OF_MEMORY, "out of memory");
    }
    uint8_t *to = p->buf.data;
    TRY(os_file_pread(cx, p->file, to, len, p->read + sizeof(len), &n));
    if (n < len || len < sizeof(rows)) {
        return spill_short(cx);
    }
    memcpy(&rows, to, sizeof(rows));
    SpillCursor c = {to + sizeof(rows), len - sizeof(rows)};
    bool ok = rows <= SPILL_ROWS;
    for (uint16_t i = 0; ok && i < p->in.col_count; i++) {
        ok = get_column(&c, p->in.cols[i], rows);
    }
    for (uint16_t i = 0; ok && i < p->in.col_count; i++) {
        ok = get_strings(&c, p->in.cols[i], rows);
    }
    if (!ok) {
        return spill_short(cx);
    }
    p->read += sizeof(len) + len;
    batch_set_count(&p->in, rows);
    *out = &p->in;
    return ST_OK;
}

/* ---- partitions ---- */

SpillParts *spill_parts_create(ExecState *s, Arena *arena, const PhysType *types,
                               uint16_t col_count, uint32_t depth)
{
    SpillParts *p = ARENA_NEW(arena, SpillParts);
    p->depth = depth;
    for (uint32_t i = 0; i < SPILL_PARTS; i++) {
        p->parts[i] = spill_create(s, arena, types, col_count);
    }
    return p;
}

Status spill_put(Cx *cx, SpillParts *p, uint64_t hash, const Vector *const *cols, uint32_t row)
{
    /* Another mix in each depth: rows that came together before are told apart now. */
    uint64_t h = (hash ^ ((uint64_t)p->depth * 0x9e3779b97f4a7c15u)) * 0xff51afd7ed558ccdu;
    return spill_append_row(cx, p->parts[(h >> 40) % SPILL_PARTS], cols, row);
}

/* ---- a row store that goes on on disk ---- */

void big_store_init(BigStore *b, ExecState *s, Arena *arena, const PhysType *types,
                    uint16_t col_count)
{
    *b = (BigStore){.s = s, .arena = arena, .id = ++s->big_stores};
    row_store_init(&b->store, arena, types, col_count);
}

Status big_store_append(Cx *cx, BigStore *b, const Batch *rows)
{
    if (b->disk == NULL && exec_over_budget(b->s, b->arena)) {
        b->disk = spill_create(b->s, b->arena, b->store.types, b->store.col_count);
    }
    b->rows += rows->sel.count;
    if (b->disk != NULL) {
        return spill_append(cx, b->disk, rows);
    }
    row_store_append(&b->store, rows);
    return spill_possible(b->s) ? cx_check(cx) : exec_budget(cx, b->s, b->arena);
}

void big_reader_rewind(BigReader *r)
{
    r->memory->at = 0;
    r->rewound = true;
    r->rest = (Batch){0};
    r->rest_at = 0;
    r->given = 0;
}

void big_reader_init(BigReader *r, ExecState *s)
{
    r->memory = store_reader_new(&s->arena);
    r->idx = ARENA_ARRAY(&s->arena, uint16_t, VEC_CAPACITY);
    big_reader_rewind(r);
}

Status big_read(Cx *cx, BigReader *r, BigStore *b, uint32_t max_rows, const Batch **out)
{
    Status st = store_read(r->memory, &b->store, max_rows, out);
    if (st != ST_DONE || b->disk == NULL) {
        r->given += st == ST_OK ? (*out)->sel.count : 0;
        return st;
    }
    if (r->disk == NULL || r->store != b->id) {
        r->disk = spill_reader(cx, b->disk, b->arena, &st);
        r->store = b->id;
        TRY(st);
    } else if (r->rewound) {
        r->disk->read = 0;
    }
    r->rewound = false;
    if (r->rest_at >= r->rest.sel.count) {
        const Batch *in;
        TRY(spill_next(cx, r->disk, &in));
        r->rest = *in;
        r->rest_at = 0;
    }
    uint32_t count = MIN(max_rows, r->rest.sel.count - r->rest_at);
    for (uint32_t i = 0; i < count; i++) {
        r->idx[i] = (uint16_t)(r->rest_at + i);
    }
    r->rest_at += count;
    r->given += count;
    r->view = r->rest;
    r->view.sel = (Sel){r->idx, count};
    *out = &r->view;
    return ST_OK;
}

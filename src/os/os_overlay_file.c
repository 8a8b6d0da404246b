/*
 * os_overlay_file.c - the bytes of a file of the overlay: by blocks, those that were written from
 * the scratch file, the others from the file below.
 *
 * One mutex is held over each call, reads included: two writers of one block must not lose each
 * other's half, and those who use an overlay are in no hurry.
 */
#include "os/os_overlay_internal.h"

static OverlayOs *overlay_of(const OsFile *f)
{
    return (OverlayOs *)f->os;
}

static OverlayNode *overlay_file_node(OsFile *f)
{
    return ((OverlayFile *)f)->node;
}

void overlay_file_close(OsFile *f)
{
    mem_free(f); /* the node keeps the file below open, and with it a lock */
}

/* overlay_place - the block's number in the scratch file + 1; 0: it was not written. */
static uint64_t overlay_place(const OverlayNode *n, uint64_t block)
{
    return (uint64_t)(uintptr_t)map_get_int(&n->blocks, block);
}

/* overlay_read_base - bytes of the file below; zeros where it has none. */
static Status overlay_read_base(Cx *cx, const OverlayNode *n, uint8_t *buf, size_t bytes,
                                uint64_t offset)
{
    size_t have = 0, got = 0;
    if (n->base != NULL && offset < n->base_bytes) {
        have = (size_t)MIN((uint64_t)bytes, n->base_bytes - offset);
        TRY(os_file_pread(cx, n->base, buf, have, offset, &got));
    }
    memset(buf + got, 0, bytes - got);
    return ST_OK;
}

/* overlay_read_scratch - bytes of one block. */
static Status overlay_read_scratch(Cx *cx, const OverlayOs *o, uint64_t place, uint8_t *buf,
                                   size_t bytes, uint64_t within)
{
    size_t got = 0;
    TRY(os_file_pread(cx, o->scratch, buf, bytes, (place - 1) * OVERLAY_BLOCK + within, &got));
    return got == bytes ? ST_OK : err_set(cx, ERRCODE_IO_ERROR, "the scratch file is cut short");
}

static Status overlay_read(Cx *cx, const OverlayOs *o, const OverlayNode *n, uint8_t *buf,
                           size_t bytes, uint64_t offset)
{
    for (size_t done = 0; done < bytes;) {
        uint64_t at = offset + done;
        uint64_t block = at / OVERLAY_BLOCK;
        uint64_t place = overlay_place(n, block);
        uint64_t end = (block + 1) * OVERLAY_BLOCK;
        while (place == 0 && end < offset + bytes && overlay_place(n, end / OVERLAY_BLOCK) == 0) {
            end += OVERLAY_BLOCK; /* untouched neighbours go in one call */
        }
        size_t part = (size_t)(MIN(end, offset + bytes) - at);
        TRY(place != 0 ? overlay_read_scratch(cx, o, place, buf + done, part, at % OVERLAY_BLOCK)
                       : overlay_read_base(cx, n, buf + done, part, at));
        done += part;
    }
    return ST_OK;
}

Status overlay_file_pread(OsFile *f, Cx *cx, void *buf, size_t n, uint64_t offset, size_t *n_out)
{
    OverlayOs *o = overlay_of(f);
    OverlayNode *node = overlay_file_node(f);
    os_mutex_lock(o->base, &o->mutex);
    size_t have = offset < node->size ? (size_t)MIN((uint64_t)n, node->size - offset) : 0;
    Status st = overlay_read(cx, o, node, buf, have, offset);
    os_mutex_unlock(o->base, &o->mutex);
    *n_out = st == ST_OK ? have : 0;
    return st;
}

static bool overlay_zero(const uint8_t *p, size_t n)
{
    return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

/* overlay_write_block - the part of a write that falls into one block. */
static Status overlay_write_block(Cx *cx, OverlayOs *o, OverlayNode *n, const uint8_t *p,
                                  size_t bytes, uint64_t offset)
{
    uint8_t whole[OVERLAY_BLOCK];
    uint64_t block = offset / OVERLAY_BLOCK, within = offset % OVERLAY_BLOCK;
    uint64_t place = overlay_place(n, block);
    if (place != 0) {
        return os_file_pwrite(cx, o->scratch, p, bytes, (place - 1) * OVERLAY_BLOCK + within);
    }
    if (block * OVERLAY_BLOCK >= n->base_bytes && overlay_zero(p, bytes)) {
        return ST_OK; /* what nobody has written reads as zeros */
    }
    if (bytes < OVERLAY_BLOCK) {
        TRY(overlay_read_base(cx, n, whole, sizeof(whole), block * OVERLAY_BLOCK));
        memcpy(whole + within, p, bytes);
        p = whole;
    }
    TRY(os_file_pwrite(cx, o->scratch, p, OVERLAY_BLOCK, o->scratch_blocks * OVERLAY_BLOCK));
    o->scratch_blocks++;
    map_put_int(&n->blocks, block, (void *)(uintptr_t)o->scratch_blocks);
    return ST_OK;
}

Status overlay_file_pwrite(OsFile *f, Cx *cx, const void *buf, size_t n, uint64_t offset)
{
    OverlayOs *o = overlay_of(f);
    OverlayNode *node = overlay_file_node(f);
    Status st = ST_OK;
    os_mutex_lock(o->base, &o->mutex);
    for (size_t done = 0; done < n && st == ST_OK;) {
        uint64_t at = offset + done;
        size_t part = (size_t)MIN(OVERLAY_BLOCK - at % OVERLAY_BLOCK, (uint64_t)(n - done));
        st = overlay_write_block(cx, o, node, (const uint8_t *)buf + done, part, at);
        done += part;
    }
    if (st == ST_OK) {
        node->size = MAX(node->size, offset + n);
    }
    os_mutex_unlock(o->base, &o->mutex);
    return st;
}

Status overlay_file_sync(OsFile *f, Cx *cx)
{
    (void)f;
    (void)cx;
    return ST_OK;
}

Status overlay_file_writeback(OsFile *f, Cx *cx, uint64_t offset, uint64_t n, bool wait)
{
    (void)f;
    (void)cx;
    (void)offset;
    (void)n;
    (void)wait;
    return ST_OK;
}

/* overlay_cut - blocks from `bytes` on are as if never written. */
static Status overlay_cut(Cx *cx, OverlayOs *o, OverlayNode *n, uint64_t bytes)
{
    static const uint8_t zeros[OVERLAY_BLOCK];
    uint64_t first = (bytes + OVERLAY_BLOCK - 1) / OVERLAY_BLOCK;
    uint64_t last = (n->size + OVERLAY_BLOCK - 1) / OVERLAY_BLOCK;
    if (bytes % OVERLAY_BLOCK != 0 && overlay_place(n, bytes / OVERLAY_BLOCK) != 0) {
        TRY(overlay_write_block(cx, o, n, zeros, (size_t)(OVERLAY_BLOCK - bytes % OVERLAY_BLOCK),
                                bytes));
    }
    for (uint64_t b = first; b < last && n->blocks.count != 0; b++) {
        (void)map_remove_int(&n->blocks, b);
    }
    n->base_bytes = MIN(n->base_bytes, bytes);
    return ST_OK;
}

Status overlay_file_truncate(OsFile *f, Cx *cx, uint64_t size)
{
    OverlayOs *o = overlay_of(f);
    OverlayNode *n = overlay_file_node(f);
    os_mutex_lock(o->base, &o->mutex);
    Status st = size < n->size ? overlay_cut(cx, o, n, size) : ST_OK;
    if (st == ST_OK) {
        n->size = size;
    }
    os_mutex_unlock(o->base, &o->mutex);
    return st;
}

Status overlay_file_allocate(OsFile *f, Cx *cx, uint64_t offset, uint64_t n)
{
    OverlayOs *o = overlay_of(f);
    OverlayNode *node = overlay_file_node(f);
    (void)cx;
    os_mutex_lock(o->base, &o->mutex);
    node->size = MAX(node->size, offset + n);
    os_mutex_unlock(o->base, &o->mutex);
    return ST_OK;
}

Status overlay_file_size(OsFile *f, Cx *cx, uint64_t *size_out)
{
    OverlayOs *o = overlay_of(f);
    (void)cx;
    os_mutex_lock(o->base, &o->mutex);
    *size_out = overlay_file_node(f)->size;
    os_mutex_unlock(o->base, &o->mutex);
    return ST_OK;
}

/* overlay_file_lock - that of the file below, which nobody else may change meanwhile. */
Status overlay_file_lock(OsFile *f, Cx *cx)
{
    const OverlayNode *n = overlay_file_node(f);
    return n->base != NULL ? os_file_lock(cx, n->base) : ST_OK;
}

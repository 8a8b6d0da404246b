/*
 * delta.c - the difference of two versions of a row: only changed byte ranges go to the log, old
 * and new bytes of each, so that the same record serves redo and undo.
 */
#include "table/table_internal.h"

/* Ranges closer than this are logged as one: a range costs 6 bytes. */
enum { DELTA_GAP = 7 };

void delta_make_one(Slice old_row, Slice new_row, Delta *d)
{
    d->old_len = (uint16_t)old_row.len;
    d->new_len = (uint16_t)new_row.len;
    size_t n = MIN(old_row.len, new_row.len), head = 0, tail = 0;
    while (head < n && old_row.ptr[head] == new_row.ptr[head]) {
        head++;
    }
    while (tail < n - head &&
           old_row.ptr[old_row.len - 1 - tail] == new_row.ptr[new_row.len - 1 - tail]) {
        tail++;
    }
    d->count = 1;
    d->ranges[0] = (DeltaRange){(uint16_t)head, (uint16_t)(old_row.len - head - tail),
                                (uint16_t)(new_row.len - head - tail)};
}

void delta_make(Slice old_row, Slice new_row, Delta *d)
{
    d->old_len = (uint16_t)old_row.len;
    d->new_len = (uint16_t)new_row.len;
    d->count = 0;
    if (old_row.len != new_row.len) {
        delta_make_one(old_row, new_row, d);
        return;
    }
    size_t i = 0, n = old_row.len;
    while (i < n) {
        uint64_t a, b;
        if (i + 8 <= n) {
            memcpy(&a, old_row.ptr + i, 8);
            memcpy(&b, new_row.ptr + i, 8);
            if (a == b) {
                i += 8;
                continue;
            }
        }
        if (old_row.ptr[i] == new_row.ptr[i]) {
            i++;
            continue;
        }
        size_t last = i; /* last differing byte */
        for (size_t k = i + 1; k < n && k - last <= DELTA_GAP; k++) {
            if (old_row.ptr[k] != new_row.ptr[k]) {
                last = k;
            }
        }
        if (d->count == DELTA_RANGES_MAX) {
            delta_make_one(old_row, new_row, d);
            return;
        }
        uint16_t len = (uint16_t)(last + 1 - i);
        d->ranges[d->count++] = (DeltaRange){(uint16_t)i, len, len};
        i = last + 1;
    }
}

bool update_body_decode(Slice body, bool clr, UpdateBody *out)
{
    const uint8_t *p = (const uint8_t *)body.ptr;
    if (body.len < 22) {
        return false;
    }
    out->rowid = get_u64(p);
    out->tag = get_u64(p + 8);
    out->delta.old_len = get_u16(p + 16);
    out->delta.new_len = get_u16(p + 18);
    out->delta.count = get_u16(p + 20);
    if (out->delta.count > DELTA_RANGES_MAX || body.len < 22 + 6 * (size_t)out->delta.count) {
        return false;
    }
    size_t bytes = 0;
    for (uint32_t i = 0; i < out->delta.count; i++) {
        const uint8_t *r = p + 22 + 6 * (size_t)i;
        DeltaRange *d = &out->delta.ranges[i];
        *d = (DeltaRange){get_u16(r), get_u16(r + 2), get_u16(r + 4)};
        bytes += (clr ? 0u : d->old_n) + d->new_n;
        if (d->at + (uint32_t)d->old_n > out->delta.old_len ||
            d->at + (uint32_t)d->new_n > out->delta.new_len ||
            (out->delta.count > 1 && d->old_n != d->new_n)) {
            return false;
        }
    }
    /* One range may change the length, by what it gains: else what is moved behind it would not end
     * where the row does. */
    const DeltaRange *one = &out->delta.ranges[0];
    if (out->delta.count == 1 ? out->delta.old_len - one->old_n != out->delta.new_len - one->new_n
                              : out->delta.old_len != out->delta.new_len) {
        return false;
    }
    out->bytes = p + 22 + 6 * (size_t)out->delta.count;
    out->byte_count = body.len - 22 - 6 * (size_t)out->delta.count;
    return bytes <= out->byte_count;
}

/* delta_splice - replace row[at, at+cut) by n bytes, moving the tail. */
static void delta_splice(uint8_t *row, uint32_t len, uint32_t at, uint32_t cut,
                         const uint8_t *bytes, uint32_t n)
{
    if (cut != n) {
        memmove(row + at + n, row + at + cut, len - at - cut);
    }
    if (n != 0) {
        memcpy(row + at, bytes, n);
    }
}

bool delta_apply_back(const UpdateBody *u, uint8_t *row, uint32_t *len, uint32_t cap)
{
    if (*len != u->delta.new_len || u->delta.old_len > cap) {
        return false;
    }
    const uint8_t *p = u->bytes;
    for (uint32_t i = 0; i < u->delta.count; i++) {
        const DeltaRange *r = &u->delta.ranges[i];
        delta_splice(row, *len, r->at, r->new_n, p, r->old_n);
        p += r->old_n + r->new_n;
    }
    *len = u->delta.old_len;
    return true;
}

bool delta_apply_forward(const UpdateBody *u, bool clr, uint8_t *row, uint32_t *len, uint32_t cap)
{
    if (*len != u->delta.old_len || u->delta.new_len > cap) {
        return false;
    }
    const uint8_t *p = u->bytes;
    for (uint32_t i = 0; i < u->delta.count; i++) {
        const DeltaRange *r = &u->delta.ranges[i];
        if (!clr) {
            p += r->old_n;
        }
        delta_splice(row, *len, r->at, r->old_n, p, r->new_n);
        p += r->new_n;
    }
    *len = u->delta.new_len;
    return true;
}

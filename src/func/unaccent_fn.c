/*
 * unaccent_fn.c - unaccent(text) of the extension of that name: letters without their marks, by the
 * table that PostgreSQL's default rules make (src/catalog/data/unaccent.dat).
 */
#include "catalog/catalog_data.h"
#include "func/func_internal.h"

/* unaccent_letter - bytes of the character at p. */
static size_t unaccent_letter(const char *p, const char *end)
{
    uint8_t c = (uint8_t)*p;
    size_t n = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    return MIN(n, (size_t)(end - p));
}

/* unaccent_find - what a character becomes; NULL: it stays. The table is in the order of code
 * points, which is that of their bytes. */
static const char *unaccent_find(const char *p, size_t n)
{
    uint32_t lo = 0, hi = CATALOG_UNACCENT_COUNT;
    while (lo < hi) {
        uint32_t mid = (lo + hi) / 2;
        const char *letter = catalog_str(catalog_unaccent[mid].letter);
        int c = strncmp(letter, p, n);
        if (c == 0 && letter[n] == '\0') {
            const char *plain = catalog_str(catalog_unaccent[mid].plain);
            return plain != NULL ? plain : "";
        }
        if (c < 0) {
            lo = mid + 1;
        } else {
            hi = mid;
        }
    }
    return NULL;
}

/* fn_unaccent - each character that the table has becomes what stands there. */
static Status fn_unaccent(FnCall *call, const Vector *const *args, uint32_t arg_count,
                          const Sel *sel, Vector *out)
{
    Buf b;
    if (arg_count != 1) {
        return err_unsupported(call->cx, "unaccent with a dictionary is not supported");
    }
    buf_init(&b, (size_t)1 << 30);
    SEL_FOREACH(row, sel)
    {
        Datum d = vec_get(args[0], row), result;
        const char *p = str_ptr(&d.str), *end = p + d.str.len;
        buf_clear(&b);
        for (size_t n; p < end; p += n) {
            n = unaccent_letter(p, end);
            const char *plain = n > 1 || (uint8_t)*p >= 0x80 ? unaccent_find(p, n) : NULL;
            if (plain != NULL) {
                buf_puts(&b, plain);
            } else {
                buf_put(&b, p, n);
            }
        }
        result.str = str_copy(call->arena, b.len != 0 ? (const char *)b.data : "", b.len);
        vec_put(out, row, &result);
    }
    buf_release(&b);
    return ST_OK;
}

static const FnOps FNS[] = {{"unaccent:unaccent_dict", fn_unaccent, 0}};
const FuncTable FUNC_UNACCENT = {FNS, ARRAY_LEN(FNS)};

/*
 * text_like.c - LIKE and ILIKE.
 *
 * A pattern is compiled once while it stays the same (constants: once an execution) into pieces
 * between the percent signs; a pattern without underscores or escapes inside its pieces is matched
 * by memcmp at the ends and memmem between, which is what most queries need. Anything else walks
 * character by character.
 */
#include "type/kernel.h"

typedef struct LikePiece {
    Slice text;
} LikePiece;
typedef struct LikePattern {
    Str source; /* the pattern this was made from */
    bool made, simple, starts_open, ends_open;
    uint32_t count;
    LikePiece *pieces;
    char *room;
    size_t room_bytes;
} LikePattern;

static Status like_escape_end(Cx *cx)
{
    return err_set(cx, ERRCODE_INVALID_ESCAPE_SEQUENCE,
                   "LIKE pattern must not end with escape character");
}

/*
 * like_match - the general matcher: 1 yes, 0 no, -1 no and no later start can succeed, -2 a bad
 * escape. Follows each % by trying every later position.
 */
static int like_match(const char *t, size_t tlen, const char *p, size_t plen, bool fold)
{
    while (tlen > 0 && plen > 0) {
        if (*p == '\\') {
            p++;
            plen--;
            if (plen == 0) {
                return -2;
            }
            if (fold ? ascii_lower(*p) != ascii_lower(*t) : *p != *t) {
                return 0;
            }
        } else if (*p == '%') {
            p++;
            plen--;
            while (plen > 0 && (*p == '%' || *p == '_')) {
                if (*p == '_') {
                    if (tlen == 0) {
                        return -1;
                    }
                    size_t n = MIN((size_t)utf8_len(*t), tlen);
                    t += n;
                    tlen -= n;
                }
                p++;
                plen--;
            }
            if (plen == 0) {
                return 1;
            }
            if (*p == '\\' && plen < 2) {
                return -2;
            }
            char first = *p == '\\' ? p[1] : *p;
            while (tlen > 0) {
                if (fold ? ascii_lower(*t) == ascii_lower(first) : *t == first) {
                    int m = like_match(t, tlen, p, plen, fold);
                    if (m != 0) {
                        return m;
                    }
                }
                size_t n = MIN((size_t)utf8_len(*t), tlen);
                t += n;
                tlen -= n;
            }
            return -1;
        } else if (*p == '_') {
            size_t n = MIN((size_t)utf8_len(*t), tlen);
            t += n;
            tlen -= n;
            p++;
            plen--;
            continue;
        } else if (fold ? ascii_lower(*p) != ascii_lower(*t) : *p != *t) {
            return 0;
        }
        t++;
        tlen--;
        p++;
        plen--;
    }
    if (tlen > 0) {
        return 0;
    }
    while (plen > 0 && *p == '%') {
        p++;
        plen--;
    }
    return plen == 0 ? 1 : -1;
}

/* like_compile - cut the pattern at its percent signs when nothing else in it is special. */
static void like_compile(FnCall *call, LikePattern *like, const Str *pattern)
{
    Slice s = str_slice(pattern);
    if (s.len + 1 > like->room_bytes) {
        like->room_bytes = s.len + 64;
        like->room = arena_alloc(call->state_arena, like->room_bytes);
        like->pieces = arena_alloc(call->state_arena, like->room_bytes * sizeof(LikePiece));
    }
    if (s.len > 0) {
        memcpy(like->room, s.ptr, s.len);
    }
    like->source = str_ref(like->room, s.len);
    like->made = true;
    like->count = 0;
    like->simple = memchr(s.ptr, '_', s.len) == NULL && memchr(s.ptr, '\\', s.len) == NULL;
    like->starts_open = s.len > 0 && s.ptr[0] == '%';
    like->ends_open = s.len > 0 && s.ptr[s.len - 1] == '%';
    size_t start = 0;
    for (size_t i = 0; i <= s.len; i++) {
        if (i == s.len || s.ptr[i] == '%') {
            if (i > start) {
                like->pieces[like->count++].text = (Slice){like->room + start, i - start};
            }
            start = i + 1;
        }
    }
}

/* like_simple - match the pieces in order: the ends first, then each as early as it can be. */
static bool like_simple(const LikePattern *like, Slice t)
{
    uint32_t first = 0, last = like->count;
    if (like->count == 0) {
        return like->starts_open || t.len == 0;
    }
    if (!like->starts_open) {
        Slice p = like->pieces[0].text;
        if (t.len < p.len || memcmp(t.ptr, p.ptr, p.len) != 0) {
            return false;
        }
        t.ptr += p.len;
        t.len -= p.len;
        first++;
        if (last == 1 && !like->ends_open) {
            return t.len == 0;
        }
    }
    if (!like->ends_open && first < last) {
        Slice p = like->pieces[last - 1].text;
        if (t.len < p.len || memcmp(t.ptr + t.len - p.len, p.ptr, p.len) != 0) {
            return false;
        }
        t.len -= p.len;
        last--;
    }
    for (uint32_t i = first; i < last; i++) {
        Slice p = like->pieces[i].text;
        const char *at = memmem(t.ptr, t.len, p.ptr, p.len);
        if (at == NULL) {
            return false;
        }
        t.len -= (size_t)(at - t.ptr) + p.len;
        t.ptr = at + p.len;
    }
    return true;
}

/* like_run - compile the pattern when it changes, match each row. */
static Status like_run(KERNEL_PARAMS, bool fold, bool negate)
{
    (void)arg_count;
    LikePattern *like = call->state;
    if (like == NULL) {
        like = call->state = ARENA_NEW(call->state_arena, LikePattern);
    }
    const Str *texts = args[0]->data, *patterns = args[1]->data;
    bool tc = args[0]->kind == VEC_CONST, pc = args[1]->kind == VEC_CONST;
    uint8_t *result = out->data;
    SEL_FOREACH(row, sel)
    {
        TRY(cx_check(call->cx)); /* a text may be long */
        const Str *pattern = &patterns[pc ? 0 : row];
        Slice t = str_slice(&texts[tc ? 0 : row]);
        if (!like->made || (row_k > 0 && pc ? false : !str_eq(&like->source, pattern))) {
            like_compile(call, like, pattern);
        }
        bool match;
        if (like->simple && !fold) {
            match = like_simple(like, t);
        } else {
            Slice p = str_slice(&like->source);
            int m = like_match(t.ptr, t.len, p.ptr, p.len, fold);
            if (m == -2) {
                return like_escape_end(call->cx);
            }
            match = m == 1;
        }
        result[row] = match != negate;
    }
    return ST_OK;
}
#define LIKE_KERNEL(name, fold, negate)                                                            \
    static Status k_##name(KERNEL_PARAMS)                                                          \
    {                                                                                              \
        return like_run(call, args, arg_count, sel, out, fold, negate);                            \
    }
/* clang-format off */
LIKE_KERNEL(textlike, false, false)
LIKE_KERNEL(textnlike, false, true)
LIKE_KERNEL(texticlike, true, false)
LIKE_KERNEL(texticnlike, true, true)
/* clang-format on */

/* like_escape - rewrite a pattern with another escape character to the backslash form. */
ROW_KERNEL(like_escape)
{
    Slice p = str_slice(&a[0].str), e = str_slice(&a[1].str);
    Buf buf;
    if (e.len > 0 && utf8_count(e) != 1) {
        st_ignore(err_set(call->cx, ERRCODE_INVALID_ESCAPE_SEQUENCE, "invalid escape string"));
        return err_hint(call->cx, "Escape string must be empty or one character.");
    }
    if (e.len == 1 && e.ptr[0] == '\\') {
        r->str = a[0].str;
        return ST_OK;
    }
    buf_init(&buf, SIZE_MAX);
    bool after = false;
    for (size_t i = 0; i < p.len;) {
        size_t n = MIN((size_t)utf8_len(p.ptr[i]), p.len - i);
        if (e.len > 0 && n == e.len && memcmp(p.ptr + i, e.ptr, n) == 0 && !after) {
            buf_putc(&buf, '\\');
            after = true;
        } else {
            if (p.ptr[i] == '\\' && !after) {
                buf_putc(&buf, '\\');
            }
            buf_put(&buf, p.ptr + i, n);
            after = false;
        }
        i += n;
    }
    r->str = str_of_buf(call->arena, &buf);
    buf_release(&buf);
    return ST_OK;
}

static const FnOps TEXT_LIKE_FNS[] = {
    FN(textlike),
    FN(textnlike),
    FN(texticlike),
    FN(texticnlike),
    FN_AS("namelike", textlike),
    FN_AS("namenlike", textnlike),
    FN_AS("nameiclike", texticlike),
    FN_AS("nameicnlike", texticnlike),
    FN_AS("bytealike", textlike),
    FN_AS("byteanlike", textnlike),
    FN(like_escape),
    FN_AS("like_escape_bytea", like_escape),
};
const TypeFamily type_family_text_like = {
    .fns = TEXT_LIKE_FNS,
    .fn_count = ARRAY_LEN(TEXT_LIKE_FNS),
};

/*
 * pg_trgm.c - the extension pg_trgm: how alike texts are, by the trigrams they share.
 *
 * Word similarity looks for the stretch of the second text that is most like the first one: the
 * trigrams of the second text are walked through once, as the upper end of the stretch; whenever it
 * reaches one that the first text has (strict: the end of a word), the lower end moves up to where
 * the stretch is most alike. That finds what PostgreSQL finds, which keeps the ends likewise.
 */
#include <stdlib.h>

#include "contrib/contrib.h"
#include "contrib/trgm.h"
#include "func/func.h"
#include "type/array.h"
#include "type/kernel.h"

static const char TRGM_LIMIT[] = "pg_trgm.similarity_threshold",
                  TRGM_WORD_LIMIT[] = "pg_trgm.word_similarity_threshold",
                  TRGM_STRICT_LIMIT[] = "pg_trgm.strict_word_similarity_threshold";

/* trgm_session - the session of a call; NULL: there is none. */
static FuncSession *trgm_session(const FnCall *call)
{
    return call->env != NULL ? call->env->session : NULL;
}

/* trgm_limit - a threshold of the session. */
static double trgm_limit(const FnCall *call, const char *name, double otherwise)
{
    const FuncSession *fs = trgm_session(call);
    const char *text =
        fs != NULL && fs->setting_get != NULL ? fs->setting_get(fs->arg, name) : NULL;
    return text != NULL ? strtod(text, NULL) : otherwise;
}

/* trgm_share - so many of both sets are in each of them. */
static float trgm_share(uint32_t both, uint32_t a, uint32_t b)
{
    return (float)both / ((float)(a + b - both));
}

/* trgm_common - how many trigrams two sets share. */
static uint32_t trgm_common(const TrgmList *a, const TrgmList *b)
{
    uint32_t n = 0;
    for (uint32_t i = 0, k = 0; i < a->count && k < b->count;) {
        int c = memcmp(a->items[i].letters, b->items[k].letters, TRGM_BYTES);
        n += c == 0 ? 1 : 0;
        i += c <= 0 ? 1 : 0;
        k += c >= 0 ? 1 : 0;
    }
    return n;
}

static float trgm_similarity(FnCall *call, const Datum *a)
{
    TrgmList x = trgm_set(call->arena, str_slice(&a[0].str)),
             y = trgm_set(call->arena, str_slice(&a[1].str));
    if (x.count == 0 || y.count == 0) {
        return 0;
    }
    return trgm_share(trgm_common(&x, &y), x.count, y.count);
}

/* ---- word similarity ---- */

/* TrgmStretch - a stretch of the second text's trigrams, from `lower` to the one last entered. */
typedef struct TrgmStretch {
    const uint32_t *kinds; /* which trigram stands where in the second text */
    const bool *wanted;    /* has the first text a trigram of this kind? */
    int32_t *last;         /* where a kind was seen last in the stretch; -1: not */
    uint32_t first_count;  /* of kinds in the first text */
    int32_t lower;
    uint32_t kinds_in, shared_in; /* different kinds in the stretch, those of the first text */
} TrgmStretch;

/* stretch_leave - what the lower end passes is out, unless it comes again higher up. */
static void stretch_leave(const TrgmStretch *s, int32_t at, uint32_t *kinds_in, uint32_t *shared_in)
{
    uint32_t kind = s->kinds[at];
    if (s->last[kind] == at) {
        *kinds_in -= 1;
        *shared_in -= s->wanted[kind] ? 1 : 0;
    }
}

/* stretch_best - the best lower end for the upper end `upper`; returns how alike that stretch is.
 */
static float stretch_best(TrgmStretch *s, int32_t upper, const Trgm *strict)
{
    float best = trgm_share(s->shared_in, s->first_count, s->kinds_in);
    uint32_t kinds_in = s->kinds_in, shared_in = s->shared_in;
    int32_t from = s->lower;
    for (int32_t at = from; at <= upper; at++) {
        if (strict == NULL || strict[at].first) {
            float share = trgm_share(shared_in, s->first_count, kinds_in);
            if (share > best) {
                best = share;
                s->lower = at;
                s->kinds_in = kinds_in;
                s->shared_in = shared_in;
            }
        }
        stretch_leave(s, at, &kinds_in, &shared_in);
    }
    for (int32_t at = from; at < s->lower; at++) {
        if (s->last[s->kinds[at]] == at) {
            s->last[s->kinds[at]] = -1;
        }
    }
    return best;
}

/* TrgmPlace - a trigram and where in the second text it is; -1: in the first one. */
typedef struct TrgmPlace {
    char letters[TRGM_BYTES];
    int32_t at;
} TrgmPlace;

static int trgm_place_order(const void *a, const void *b)
{
    const TrgmPlace *x = a, *y = b;
    int c = memcmp(x->letters, y->letters, TRGM_BYTES);
    return c != 0 ? c : (x->at > y->at) - (x->at < y->at);
}

/* trgm_kinds - number the different trigrams of both texts; how many of them the first one has. */
static uint32_t trgm_kinds(Arena *arena, const TrgmList *x, const TrgmList *y, uint32_t *kinds,
                           bool *wanted)
{
    uint32_t n = x->count + y->count, kind = 0, count = 0;
    TrgmPlace *places = ARENA_ARRAY(arena, TrgmPlace, n + 1);
    for (uint32_t i = 0; i < n; i++) {
        const Trgm *t = i < x->count ? &x->items[i] : &y->items[i - x->count];
        memcpy(places[i].letters, t->letters, TRGM_BYTES);
        places[i].at = i < x->count ? -1 : (int32_t)(i - x->count);
    }
    array_sort(places, n, sizeof(TrgmPlace), trgm_place_order);
    for (uint32_t i = 0; i < n; i++) {
        kind += i > 0 && memcmp(places[i].letters, places[i - 1].letters, TRGM_BYTES) != 0 ? 1 : 0;
        if (places[i].at >= 0) {
            kinds[places[i].at] = kind;
        } else if (!wanted[kind]) {
            wanted[kind] = true;
            count++;
        }
    }
    return count;
}

/* trgm_word_similarity - of the first text with the stretch of the second most like it. */
static Status trgm_word_similarity(FnCall *call, const Str *a, const Str *b, bool strict,
                                   float *out)
{
    TrgmList x = trgm_words(call->arena, str_slice(a)), y = trgm_words(call->arena, str_slice(b));
    uint32_t n = x.count + y.count;
    uint32_t *kinds = ARENA_ARRAY(call->arena, uint32_t, y.count + 1);
    bool *wanted = arena_zalloc(call->arena, (n + 1) * sizeof(bool));
    TrgmStretch s = {.kinds = kinds,
                     .wanted = wanted,
                     .last = ARENA_ARRAY(call->arena, int32_t, n + 1),
                     .lower = strict ? 0 : -1};
    s.first_count = trgm_kinds(call->arena, &x, &y, kinds, wanted);
    memset(s.last, 0xff, (n + 1) * sizeof(int32_t));
    *out = 0;
    for (int32_t i = 0; i < (int32_t)y.count; i++) {
        uint32_t kind = kinds[i];
        TRY(cx_check(call->cx));
        if (s.lower >= 0 || wanted[kind]) {
            if (s.last[kind] < 0) {
                s.kinds_in++;
                s.shared_in += wanted[kind] ? 1 : 0;
            }
            s.last[kind] = i;
        }
        if (strict ? y.items[i].last : wanted[kind]) {
            if (s.lower < 0) {
                s.lower = i;
                s.kinds_in = 1;
            }
            float best = stretch_best(&s, i, strict ? y.items : NULL);
            *out = MAX(*out, best);
        }
    }
    return ST_OK;
}

/* ---- functions ---- */

ROW_KERNEL(similarity)
{
    r->f32 = trgm_similarity(call, a);
    return ST_OK;
}
ROW_KERNEL(similarity_dist)
{
    r->f32 = 1 - trgm_similarity(call, a);
    return ST_OK;
}
ROW_KERNEL(similarity_op)
{
    r->b = (double)trgm_similarity(call, a) >= trgm_limit(call, TRGM_LIMIT, 0.3);
    return ST_OK;
}

/* TRGM_WORD - the functions and operators of word similarity: `one` in a stretch of `two`. */
#define TRGM_WORD(name, one, two, strict)                                                          \
    ROW_KERNEL(name)                                                                               \
    {                                                                                              \
        return trgm_word_similarity(call, &a[one].str, &a[two].str, strict, &r->f32);              \
    }
#define TRGM_WORD_DIST(name, one, two, strict)                                                     \
    ROW_KERNEL(name)                                                                               \
    {                                                                                              \
        TRY(trgm_word_similarity(call, &a[one].str, &a[two].str, strict, &r->f32));                \
        r->f32 = 1 - r->f32;                                                                       \
        return ST_OK;                                                                              \
    }
#define TRGM_WORD_OP(name, one, two, strict)                                                       \
    ROW_KERNEL(name)                                                                               \
    {                                                                                              \
        float share;                                                                               \
        TRY(trgm_word_similarity(call, &a[one].str, &a[two].str, strict, &share));                 \
        r->b = (double)share >= ((strict) ? trgm_limit(call, TRGM_STRICT_LIMIT, 0.5)               \
                                          : trgm_limit(call, TRGM_WORD_LIMIT, 0.6));               \
        return ST_OK;                                                                              \
    }
TRGM_WORD(word_similarity, 0, 1, false)
TRGM_WORD(strict_word_similarity, 0, 1, true)
TRGM_WORD_DIST(word_similarity_dist_op, 0, 1, false)
TRGM_WORD_DIST(word_similarity_dist_commutator_op, 1, 0, false)
TRGM_WORD_DIST(strict_word_similarity_dist_op, 0, 1, true)
TRGM_WORD_DIST(strict_word_similarity_dist_commutator_op, 1, 0, true)
TRGM_WORD_OP(word_similarity_op, 0, 1, false)
TRGM_WORD_OP(word_similarity_commutator_op, 1, 0, false)
TRGM_WORD_OP(strict_word_similarity_op, 0, 1, true)
TRGM_WORD_OP(strict_word_similarity_commutator_op, 1, 0, true)

ROW_KERNEL(show_trgm)
{
    TrgmList l = trgm_set(call->arena, str_slice(&a[0].str));
    ArrayList out = array_list(call->arena);
    for (uint32_t i = 0; i < l.count; i++) {
        Datum d = {.str = str_copy(call->arena, l.items[i].letters, TRGM_BYTES)};
        array_list_add(&out, PHYS_STR, &d, false, false);
    }
    r->str = array_build_list(&out, TYPE_TEXT);
    return ST_OK;
}

ROW_KERNEL(show_limit)
{
    r->f32 = (float)trgm_limit(call, TRGM_LIMIT, 0.3);
    return ST_OK;
}

ROW_KERNEL(set_limit)
{
    FuncSession *fs = trgm_session(call);
    if (fs == NULL || fs->setting_set == NULL) {
        return err_set(call->cx, ERRCODE_FEATURE_NOT_SUPPORTED, "this function needs a session");
    }
    Buf text;
    buf_init(&text, 64);
    float4_text(a[0].f32, 1, &text);
    buf_putc(&text, '\0');
    Status st = fs->setting_set(fs->arg, call->cx, TRGM_LIMIT, (const char *)text.data, false);
    buf_release(&text);
    r->f32 = (float)trgm_limit(call, TRGM_LIMIT, 0.3);
    return st;
}

#define TRGM_FN(name) FN_AS("pg_trgm:" #name, name)
static const FnOps TRGM_FNS[] = {
    TRGM_FN(similarity),
    TRGM_FN(similarity_dist),
    TRGM_FN(similarity_op),
    TRGM_FN(word_similarity),
    TRGM_FN(strict_word_similarity),
    TRGM_FN(word_similarity_dist_op),
    TRGM_FN(word_similarity_dist_commutator_op),
    TRGM_FN(strict_word_similarity_dist_op),
    TRGM_FN(strict_word_similarity_dist_commutator_op),
    TRGM_FN(word_similarity_op),
    TRGM_FN(word_similarity_commutator_op),
    TRGM_FN(strict_word_similarity_op),
    TRGM_FN(strict_word_similarity_commutator_op),
    TRGM_FN(show_trgm),
    TRGM_FN(show_limit),
    TRGM_FN(set_limit),
};
const TypeFamily contrib_pg_trgm = {.fns = TRGM_FNS, .fn_count = ARRAY_LEN(TRGM_FNS)};

/*
 * resolve.c - choosing among overloaded functions and operators
 *
 * The steps and their order are PostgreSQL's (its manual, "Type Conversion"): exact matches, then
 * preferred types, then the categories of unknown literals, then the one type all known arguments
 * share.
 */
#include "bind/bind_internal.h"

#define CATEGORY_INVALID 0

uint32_t bind_match_candidates(BindScope *s, const Oid *types, uint32_t nargs, BindCandidate *list,
                               uint32_t count)
{
    uint32_t kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool ok = true;
        for (uint32_t a = 0; a < nargs && ok; a++) {
            ok = bind_can_coerce(s, types[a], list[i].args[a], 'i');
        }
        if (ok) {
            list[kept++] = list[i];
        }
    }
    return kept;
}

static Oid resolve_base(BindScope *s, Oid type)
{
    const CatType *t = cat_type(s->b->view, type);
    while (t != NULL && t->kind == 'd') {
        type = t->base;
        t = cat_type(s->b->view, type);
    }
    return type;
}

static char resolve_category(BindScope *s, Oid type, bool *preferred_out)
{
    const CatType *t = cat_type(s->b->view, type);
    *preferred_out = t != NULL && t->preferred;
    return t != NULL ? t->category : 'X';
}

/* keep_best - keep the candidates with the highest score. */
static uint32_t keep_best(BindCandidate *list, const uint32_t *score, uint32_t count)
{
    uint32_t best = 0, kept = 0;
    for (uint32_t i = 0; i < count; i++) {
        best = MAX(best, score[i]);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (score[i] == best) {
            list[kept++] = list[i];
        }
    }
    return kept;
}

/* count_matches - exact types, and with prefer also preferred types of the argument's category. */
static void count_matches(BindScope *s, const Oid *base, const char *category, uint32_t nargs,
                          const BindCandidate *list, uint32_t count, bool prefer, uint32_t *score)
{
    for (uint32_t i = 0; i < count; i++) {
        score[i] = 0;
        for (uint32_t a = 0; a < nargs; a++) {
            bool preferred;
            if (base[a] == TYPE_UNKNOWN) {
                continue;
            }
            if (list[i].args[a] == base[a]) {
                score[i]++;
            } else if (prefer) {
                char c = resolve_category(s, list[i].args[a], &preferred);
                score[i] += preferred && c == category[a] ? 1 : 0;
            }
        }
    }
}

/* unknown_categories - step on the category that candidates want where arguments are unknown;
 * returns how many candidates remain. */
static uint32_t unknown_categories(BindScope *s, const Oid *base, char *category, uint32_t nargs,
                                   BindCandidate *list, uint32_t count)
{
    bool *wants_preferred = ARENA_ARRAY(s->b->arena, bool, nargs);
    bool resolved = true, preferred;
    for (uint32_t a = 0; a < nargs && resolved; a++) {
        if (base[a] != TYPE_UNKNOWN) {
            continue;
        }
        bool have_string = false, conflict = false;
        char chosen = CATEGORY_INVALID;
        wants_preferred[a] = false;
        for (uint32_t i = 0; i < count; i++) {
            char c = resolve_category(s, list[i].args[a], &preferred);
            have_string |= c == 'S';
            if (chosen == CATEGORY_INVALID) {
                chosen = c;
                wants_preferred[a] = preferred;
            } else if (chosen == c) {
                wants_preferred[a] |= preferred;
            } else {
                conflict = true;
                if (c == 'S') {
                    chosen = c;
                    wants_preferred[a] = preferred;
                    have_string = true;
                }
            }
        }
        resolved = !conflict || have_string;
        if (conflict && have_string) {
            chosen = 'S';
        }
        category[a] = chosen;
    }
    if (!resolved) {
        return count;
    }
    BindCandidate *kept = ARENA_ARRAY(s->b->arena, BindCandidate, count);
    uint32_t n = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool keep = true;
        for (uint32_t a = 0; a < nargs && keep; a++) {
            if (base[a] == TYPE_UNKNOWN) {
                char c = resolve_category(s, list[i].args[a], &preferred);
                keep = c == category[a] && (preferred || !wants_preferred[a]);
            }
        }
        if (keep) {
            kept[n++] = list[i];
        }
    }
    if (n > 0) {
        memcpy(list, kept, n * sizeof(*kept));
        return n;
    }
    return count;
}

/* same_known_type - all known arguments share one type: try it for the unknown ones. */
static uint32_t same_known_type(BindScope *s, const Oid *base, uint32_t nargs, BindCandidate *list,
                                uint32_t count)
{
    Oid known = TYPE_UNKNOWN;
    for (uint32_t a = 0; a < nargs; a++) {
        if (base[a] != TYPE_UNKNOWN) {
            if (known != TYPE_UNKNOWN && known != base[a]) {
                return count;
            }
            known = base[a];
        }
    }
    if (known == TYPE_UNKNOWN) {
        return count;
    }
    uint32_t hits = 0, hit = 0;
    for (uint32_t i = 0; i < count; i++) {
        bool ok = true;
        for (uint32_t a = 0; a < nargs && ok; a++) {
            ok = bind_can_coerce(s, known, list[i].args[a], 'i');
        }
        if (ok) {
            hits++;
            hit = i;
        }
    }
    if (hits == 1) {
        list[0] = list[hit];
        return 1;
    }
    return count;
}

uint32_t bind_select_candidate(BindScope *s, const Oid *types, uint32_t nargs, BindCandidate *list,
                               uint32_t count)
{
    if (count <= 1) {
        return count;
    }
    Oid *base = ARENA_ARRAY(s->b->arena, Oid, nargs + 1);
    char *category = ARENA_ARRAY(s->b->arena, char, nargs + 1);
    uint32_t *score = ARENA_ARRAY(s->b->arena, uint32_t, count);
    uint32_t unknowns = 0;
    bool preferred;
    for (uint32_t a = 0; a < nargs; a++) {
        base[a] = resolve_base(s, types[a]);
        category[a] = resolve_category(s, base[a], &preferred);
        unknowns += base[a] == TYPE_UNKNOWN ? 1 : 0;
    }
    count_matches(s, base, category, nargs, list, count, false, score);
    count = keep_best(list, score, count);
    if (count == 1) {
        return 1;
    }
    count_matches(s, base, category, nargs, list, count, true, score);
    count = keep_best(list, score, count);
    if (count == 1 || unknowns == 0) {
        return count;
    }
    count = unknown_categories(s, base, category, nargs, list, count);
    if (count == 1 || unknowns == nargs) {
        return count;
    }
    return same_known_type(s, base, nargs, list, count);
}

static Oid generic_array_of(BindScope *s, Oid element)
{
    const CatType *t = cat_type(s->b->view, element);
    return t != NULL ? t->array : 0;
}

static Oid generic_element_of(BindScope *s, Oid array)
{
    const CatType *t = cat_type(s->b->view, array);
    return t != NULL && t->category == 'A' ? t->element : 0;
}

/* generic_take - one argument's say in what an element type is; false when it disagrees. */
static bool generic_take(BindScope *s, Oid actual, bool common, Oid *elem)
{
    if (*elem == 0 || *elem == actual) {
        *elem = actual;
        return true;
    }
    if (!common) {
        return false;
    }
    if (bind_can_coerce(s, *elem, actual, 'i') && !bind_can_coerce(s, actual, *elem, 'i')) {
        *elem = actual;
    }
    return true;
}

Status bind_resolve_generic(BindScope *s, const Oid *actual, Oid *decl, uint32_t nargs, Oid result,
                            const char *name, int32_t location, Oid *result_out)
{
    Oid elem = 0, common = 0;
    bool generic = bind_is_generic(result);
    for (uint32_t i = 0; i < nargs; i++) {
        if (!bind_is_generic(decl[i])) {
            continue;
        }
        generic = true;
        if (actual[i] == TYPE_UNKNOWN) {
            continue;
        }
        bool is_common = decl[i] >= 5077;
        Oid take = decl[i] == TYPE_ANYARRAY || decl[i] == 5078 ? generic_element_of(s, actual[i])
                                                               : actual[i];
        if (!generic_take(s, take, is_common, is_common ? &common : &elem)) {
            return BIND_ERR(s, location, ERRCODE_UNDEFINED_FUNCTION, "function %s does not exist",
                            name);
        }
    }
    *result_out = result;
    if (!generic) {
        return ST_OK;
    }
    elem = elem == 0 ? TYPE_TEXT : elem;
    common = common == 0 ? TYPE_TEXT : common;
    for (uint32_t i = 0; i <= nargs; i++) {
        Oid *d = i < nargs ? &decl[i] : result_out;
        if (bind_is_generic(*d)) {
            Oid base = *d >= 5077 ? common : elem;
            *d = *d == TYPE_ANYARRAY || *d == 5078 ? generic_array_of(s, base) : base;
        }
    }
    return ST_OK;
}

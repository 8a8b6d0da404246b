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
        if (bind_args_fit(s, types, list[i].args, nargs)) {
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
    Oid *all = ARENA_ARRAY(s->b->arena, Oid, nargs + 1);
    for (uint32_t a = 0; a < nargs; a++) {
        all[a] = known;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (bind_args_fit(s, all, list[i].args, nargs)) {
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

/* GenericTypes - what the polymorphic parameters of a call stand for, as far as it is known. */
typedef struct GenericTypes {
    Oid element, array, range, multirange, common;
    bool element_unknown, common_used, element_used, nonarray, common_nonarray;
} GenericTypes;

/* generic_common - the common type of anycompatible arguments; false when there is none. */
static bool generic_common(BindScope *s, const Oid *types, uint32_t count, Oid *out)
{
    bool preferred, skip;
    Oid chosen = count > 0 ? types[0] : 0;
    for (uint32_t i = 1; i < count; i++) {
        if (types[i] == chosen) {
            continue;
        }
        char category = resolve_category(s, chosen, &preferred);
        if (resolve_category(s, types[i], &skip) != category) {
            return false;
        }
        if (!preferred && bind_can_coerce(s, chosen, types[i], 'i') &&
            !bind_can_coerce(s, types[i], chosen, 'i')) {
            chosen = types[i];
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!bind_can_coerce(s, types[i], chosen, 'i')) {
            return false;
        }
    }
    *out = chosen;
    return true;
}

/* generic_take - one argument's say in what anyelement and its relatives are; false when it
 * disagrees with an earlier one. */
static bool generic_take(BindScope *s, Oid actual, Oid decl, GenericTypes *g)
{
    g->element_used = true;
    g->nonarray = g->nonarray || decl == TYPE_ANYNONARRAY;
    if (actual == TYPE_UNKNOWN) {
        g->element_unknown = true;
        return true;
    }
    Oid *place = decl == TYPE_ANYARRAY        ? &g->array
                 : decl == TYPE_ANYRANGE      ? &g->range
                 : decl == TYPE_ANYMULTIRANGE ? &g->multirange
                                              : &g->element;
    if (place != &g->element) {
        actual = resolve_base(s, actual);
    }
    if (*place != 0 && *place != actual) {
        return false;
    }
    *place = actual;
    return true;
}

/* generic_settle_range - a range's element, a multirange's range. */
static bool generic_settle_range(BindScope *s, GenericTypes *g)
{
    TypeRange r;
    if (g->range == 0 && g->multirange == 0) {
        return true;
    }
    if (!cat_range(s->cx, s->b->view, g->range != 0 ? g->range : g->multirange, &r) ||
        (g->range != 0 && g->range != r.range) ||
        (g->multirange != 0 && g->multirange != r.multirange) ||
        (g->element != 0 && g->element != r.subtype)) {
        return false;
    }
    g->range = r.range;
    g->multirange = r.multirange;
    g->element = r.subtype;
    return true;
}

/* generic_settle - element and array types of one call must fit each other. */
static bool generic_settle(BindScope *s, GenericTypes *g)
{
    if (g->array != 0 && g->array != TYPE_ANYARRAY) {
        Oid element = generic_element_of(s, g->array);
        if (element == 0 || (g->element != 0 && g->element != element)) {
            return false;
        }
        g->element = element;
    }
    return generic_settle_range(s, g) && !(g->nonarray && generic_element_of(s, g->element) != 0) &&
           !(g->common_nonarray && generic_element_of(s, g->common) != 0);
}

/* generic_solve - what all polymorphic parameters stand for; false when the arguments do not agree
 * on it. */
static bool generic_solve(BindScope *s, const Oid *actual, const Oid *decl, uint32_t nargs,
                          GenericTypes *g)
{
    Oid *commons = ARENA_ARRAY(s->b->arena, Oid, nargs + 1);
    uint32_t n = 0;
    *g = (GenericTypes){0};
    for (uint32_t i = 0; i < nargs; i++) {
        switch (decl[i]) {
        case TYPE_ANYCOMPATIBLE:
        case TYPE_ANYCOMPATIBLENONARRAY:
        case TYPE_ANYCOMPATIBLEARRAY:
            g->common_used = true;
            g->common_nonarray = g->common_nonarray || decl[i] == TYPE_ANYCOMPATIBLENONARRAY;
            if (actual[i] == TYPE_UNKNOWN) {
                break;
            }
            commons[n] = decl[i] == TYPE_ANYCOMPATIBLEARRAY
                             ? generic_element_of(s, resolve_base(s, actual[i]))
                             : resolve_base(s, actual[i]);
            if (commons[n++] == 0) {
                return false;
            }
            break;
        default:
            if (bind_is_generic(decl[i]) && !generic_take(s, actual[i], decl[i], g)) {
                return false;
            }
        }
    }
    return generic_common(s, commons, n, &g->common) && generic_settle(s, g);
}

bool bind_args_fit(BindScope *s, const Oid *actual, const Oid *decl, uint32_t nargs)
{
    bool generic = false;
    GenericTypes g;
    for (uint32_t i = 0; i < nargs; i++) {
        if (!bind_can_coerce(s, actual[i], decl[i], 'i')) {
            return false;
        }
        generic = generic || bind_is_generic(decl[i]);
    }
    return !generic || generic_solve(s, actual, decl, nargs, &g);
}

/* generic_replace - the type one polymorphic parameter, or the result, has in this call. */
static Status generic_replace(BindScope *s, const GenericTypes *g, Oid *type)
{
    Oid base;
    switch (*type) {
    case TYPE_ANYARRAY:
        if (g->array != 0) {
            *type = g->array;
            return ST_OK;
        }
        base = g->element;
        break;
    case TYPE_ANYRANGE:
    case TYPE_ANYMULTIRANGE:
        *type = *type == TYPE_ANYRANGE ? g->range : g->multirange;
        return *type != 0 ? ST_OK
                          : err_set(s->cx, ERRCODE_DATATYPE_MISMATCH,
                                    "could not determine polymorphic type");
    case TYPE_ANYCOMPATIBLEARRAY: base = g->common; break;
    case TYPE_ANYCOMPATIBLE:
    case TYPE_ANYCOMPATIBLENONARRAY: *type = g->common; return ST_OK;
    default:
        if (g->array == TYPE_ANYARRAY && g->element == 0) {
            return err_set(s->cx, ERRCODE_DATATYPE_MISMATCH,
                           "cannot determine element type of \"anyarray\" argument");
        }
        *type = g->element;
        return ST_OK;
    }
    *type = generic_array_of(s, base);
    return *type != 0
               ? ST_OK
               : err_set(s->cx, ERRCODE_UNDEFINED_OBJECT,
                         "could not find array type for data type %s", bind_type_text(s, base));
}

Status bind_resolve_generic(BindScope *s, const Oid *actual, Oid *decl, uint32_t nargs, Oid result,
                            const char *name, int32_t location, Oid *result_out)
{
    GenericTypes g;
    bool generic = false; /* a result alone stays what it is: anyarray_in */
    for (uint32_t i = 0; i < nargs; i++) {
        generic = generic || bind_is_generic(decl[i]);
    }
    *result_out = result;
    if (!generic) {
        return ST_OK;
    }
    if (!generic_solve(s, actual, decl, nargs, &g)) {
        return BIND_ERR(s, location, ERRCODE_UNDEFINED_FUNCTION, "function %s does not exist",
                        name);
    }
    if (g.element_used && g.element == 0 && g.array == 0 && g.range == 0 && g.multirange == 0) {
        return err_set(s->cx, ERRCODE_DATATYPE_MISMATCH,
                       "could not determine polymorphic type because input has type %s", "unknown");
    }
    g.common = g.common == 0 ? TYPE_TEXT : g.common;
    for (uint32_t i = 0; i <= nargs; i++) {
        Oid *d = i < nargs ? &decl[i] : result_out;
        if (bind_is_generic(*d)) {
            TRY(generic_replace(s, &g, d));
        }
    }
    return ST_OK;
}

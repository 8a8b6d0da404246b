/*
 * headline.c - the piece of a document, or several, that answers a query.
 *
 * The document is cut into words again. A cover is a run of words that satisfies the query, as
 * short as it can be from where it begins. Of all covers, made longer or shorter to the lengths
 * asked for, the one with most words of the query is shown; or, with max_fragments, some of the
 * best.
 */
#include <errno.h>
#include <limits.h>
#include <strings.h>

#include "tsearch/document.h"

#define NO_ITEM UINT32_MAX

/* HlWord - a token. One that answers several operands is there once for each; `repeated` are all
 * but the first. */
typedef struct HlWord {
    Slice text;
    TsTokenType type;
    uint32_t item; /* operand of the query it answers */
    uint16_t place;
    bool repeated, selected, in, replace, skip;
} HlWord;

typedef struct HlText {
    Cx *cx;
    Arena arena;
    const TsHeadline *o;
    TsQuery q;
    HlWord *words;
    int32_t count, size;
    uint32_t place;
    int32_t cover_max;
} HlText;

/* ---- options ---- */

static Status hl_int(Cx *cx, const char *value, int32_t *out)
{
    char *end;
    errno = 0;
    long v = strtol(value, &end, 10);
    while (ts_is_space(*end)) {
        end++;
    }
    if (end == value || *end != '\0') {
        return err_set(cx, ERRCODE_INVALID_TEXT_REPRESENTATION,
                       "invalid input syntax for type integer: \"%s\"", value);
    }
    if (errno != 0 || v < INT32_MIN || v > INT32_MAX) {
        return err_set(cx, ERRCODE_NUMERIC_VALUE_OUT_OF_RANGE,
                       "value \"%s\" is out of range for type integer", value);
    }
    *out = (int32_t)v;
    return ST_OK;
}

static bool hl_yes(const char *value)
{
    static const char *const YES[] = {"1", "on", "true", "t", "y", "yes"};
    for (size_t i = 0; i < ARRAY_LEN(YES); i++) {
        if (strcasecmp(value, YES[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* hl_option - one option by its name, however it is spelled. */
static Status hl_option(Cx *cx, const TsOption *o, TsHeadline *out)
{
    struct {
        const char *name;
        int32_t *number;
        Slice *text;
    } known[] = {
        {"MaxWords", &out->max_words, NULL},
        {"MinWords", &out->min_words, NULL},
        {"ShortWord", &out->short_word, NULL},
        {"MaxFragments", &out->max_fragments, NULL},
        {"StartSel", NULL, &out->start},
        {"StopSel", NULL, &out->stop},
        {"FragmentDelimiter", NULL, &out->delimiter},
    };
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (strcasecmp(o->name, known[i].name) != 0) {
            continue;
        }
        if (known[i].number != NULL) {
            return hl_int(cx, o->value, known[i].number);
        }
        *known[i].text = slice_of(o->value);
        return ST_OK;
    }
    if (strcasecmp(o->name, "HighlightAll") == 0) {
        out->highlight_all = hl_yes(o->value);
        return ST_OK;
    }
    return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "unrecognized headline parameter: \"%s\"",
                   o->name);
}

Status ts_headline_options(Cx *cx, Arena *arena, Slice text, TsHeadline *out)
{
    TsOption *list;
    uint32_t count;
    *out = (TsHeadline){.max_words = 35,
                        .min_words = 15,
                        .short_word = 3,
                        .start = SLICE_LIT("<b>"),
                        .stop = SLICE_LIT("</b>"),
                        .delimiter = SLICE_LIT(" ... ")};
    TRY(ts_options_parse(cx, arena, text, &list, &count));
    for (uint32_t i = 0; i < count; i++) {
        TRY(hl_option(cx, &list[i], out));
    }
    if (out->highlight_all) {
        return ST_OK;
    }
    const char *wrong = out->min_words >= out->max_words ? "MinWords should be less than MaxWords"
                        : out->min_words <= 0            ? "MinWords should be positive"
                        : out->short_word < 0            ? "ShortWord should be >= 0"
                        : out->max_fragments < 0         ? "MaxFragments should be >= 0"
                                                         : NULL;
    return wrong == NULL ? ST_OK : err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE, "%s", wrong);
}

/* ---- the document ---- */

static HlWord *hl_add(HlText *t, HlWord word)
{
    if (t->count == t->size) {
        int32_t size = MAX(t->size * 2, 64);
        t->words = arena_grow(&t->arena, t->words, (size_t)t->size * sizeof(HlWord),
                              (size_t)size * sizeof(HlWord));
        t->size = size;
    }
    t->words[t->count] = word;
    return &t->words[t->count++];
}

/* hl_match - a lexeme of the last word: all operands that it answers. */
static void hl_match(HlText *t, uint32_t place, Slice lexeme)
{
    int32_t last = t->count - 1;
    t->words[last].place = (uint16_t)MIN(place, (uint32_t)TSV_POSITION_LAST);
    for (uint32_t i = 0; i < t->q.count; i++) {
        const TsqItem *it = &t->q.items[i];
        if (it->kind != TSQ_VALUE || ts_compare(tsq_text(&t->q, i), lexeme, it->prefix != 0) != 0) {
            continue;
        }
        if (t->words[last].item == NO_ITEM) {
            t->words[last].item = i;
        } else {
            HlWord again = t->words[last];
            again.item = i;
            again.repeated = true;
            (void)hl_add(t, again);
        }
    }
}

/* hl_read - all tokens of the document, and which operands they answer. */
static Status hl_read(HlText *t, const TsConfig *config, Slice document)
{
    TsParser *p = ts_parser_create(&t->arena, document);
    TsTokenType type;
    Slice token;
    while (ts_parser_next(p, &type, &token)) {
        TsLexemes lexemes;
        TRY(cx_check(t->cx));
        if (token.len > TSV_LEXEME_MAX) {
            ts_long_word(t->cx);
            continue;
        }
        (void)hl_add(t, (HlWord){.text = token, .type = type, .item = NO_ITEM});
        Status st = ts_config_lexize(t->cx, config, &t->arena, type, token, &lexemes);
        if (st == ST_NOTFOUND) {
            continue;
        }
        TRY(st);
        t->place++;
        for (uint32_t i = 0; i < lexemes.count; i++) {
            t->place += (lexemes.items[i].flags & TS_LEXEME_NEXT_PLACE) != 0;
            hl_match(t, t->place, lexemes.items[i].text);
        }
    }
    return ST_OK;
}

/* ---- kinds of words ---- */

static bool hl_whole(TsTokenType type) /* its parts follow */
{
    return type == TS_URL || type == TS_NUMHWORD || type == TS_ASCIIHWORD || type == TS_HWORD;
}
static bool hl_no_word(const HlWord *w)
{
    return w->type == TS_BLANK || w->type == TS_TAG || hl_whole(w->type);
}
static bool hl_wanted(const HlWord *w)
{
    return w->item != NO_ITEM && !w->repeated;
}
/* hl_bad_end - a headline should not end here. */
static bool hl_bad_end(const HlText *t, int32_t i)
{
    const HlWord *w = &t->words[i];
    bool weak = hl_no_word(w) || w->type == TS_SFLOAT || w->type == TS_VERSION ||
                w->type == TS_FLOAT || w->type == TS_INT || w->type == TS_UINT ||
                w->type == TS_PROTOCOL || w->type == TS_ENTITY;
    return (weak || (int64_t)w->text.len <= t->o->short_word) && !hl_wanted(w);
}

/* HlRange - words from first to last, and how many of them are words, and are wanted. */
typedef struct HlRange {
    int32_t first, last;
    int32_t words, wanted;
    bool chosen, excluded;
} HlRange;

static void hl_count(const HlText *t, int32_t i, int32_t by, HlRange *r)
{
    r->words += hl_no_word(&t->words[i]) ? 0 : by;
    r->wanted += hl_wanted(&t->words[i]) ? by : 0;
}

/* ---- covers ---- */

typedef struct HlCheck {
    const HlText *t;
    int32_t first, last;
} HlCheck;

/* hl_found - TsqFoundFn over the words of a cover. */
static TsMatch hl_found(void *arg, uint32_t item, TsPlaces *out)
{
    const HlCheck *c = arg;
    for (int32_t i = c->first; i <= c->last; i++) {
        const HlWord *w = &c->t->words[i];
        if (w->item != item) {
            continue;
        }
        if (out == NULL) {
            return TS_YES;
        }
        if (out->places == NULL) {
            out->places =
                arena_alloc(out->arena, (size_t)(c->last - c->first + 1) * sizeof(uint16_t));
        }
        if (out->count == 0 || out->places[out->count - 1] < w->place) {
            out->places[out->count++] = w->place;
        }
    }
    return out != NULL && out->count > 0 ? TS_YES : TS_NO;
}

static int32_t hl_next_item(const HlText *t, int32_t i)
{
    while (i < t->count && t->words[i].item == NO_ITEM) {
        i++;
    }
    return i < t->count ? i : -1;
}

/* hl_cover - the first cover from word r->first on; ST_DONE: there is none. */
static Status hl_cover(HlText *t, HlRange *r)
{
    Arena scratch;
    Status st = ST_DONE;
    int32_t first = hl_next_item(t, r->first);
    arena_init(&scratch, NULL, "headline cover", 0);
    for (int32_t next = -1; first >= 0 && st == ST_DONE; first = next) {
        next = -1;
        for (int32_t last = first; last >= 0 && last - first < t->cover_max;) {
            HlCheck c = {t, first, last};
            Status stop = cx_check(t->cx);
            arena_clear(&scratch);
            if (stop != ST_OK || tsq_execute(&t->q, &scratch, hl_found, &c, false)) {
                r->first = first;
                r->last = last;
                st = stop;
                break;
            }
            int32_t after = hl_next_item(t, last + 1);
            next = last == first ? after : next;
            last = after;
        }
    }
    arena_release(&scratch);
    return st;
}

/* hl_mark - show these words. */
static void hl_mark(HlText *t, int32_t first, int32_t last)
{
    for (int32_t i = first; i <= last; i++) {
        HlWord *w = &t->words[i];
        w->selected |= w->item != NO_ITEM;
        w->replace |= !t->o->highlight_all && w->type == TS_TAG;
        w->skip |= hl_whole(w->type);
        w->in = !w->repeated;
    }
}

/* hl_mark_beginning - nothing answers the query: the document's first words. */
static void hl_mark_beginning(HlText *t)
{
    HlRange r = {.last = -1};
    for (int32_t i = 0; i < t->count && r.words < t->o->min_words; i++) {
        hl_count(t, i, 1, &r);
        r.last = i;
    }
    hl_mark(t, 0, r.last);
}

/* ---- one headline ---- */

/* hl_lengthen - the cover has room: to a good end, and when the document is at its end before, to
 * the left. at: the word to go on from. */
static void hl_lengthen(HlText *t, const HlRange *cover, int32_t at, HlRange *r)
{
    int32_t i;
    for (i = at; i < t->count && r->words < t->o->max_words; i++) {
        if (i > cover->last) {
            hl_count(t, i, 1, r);
        }
        r->last = i;
        if (!hl_bad_end(t, i) && r->words >= t->o->min_words) {
            break;
        }
    }
    if (r->words >= t->o->min_words) {
        return;
    }
    for (i = cover->first - 1; i >= 0; i--) {
        hl_count(t, i, 1, r);
        if (r->words >= t->o->max_words || (!hl_bad_end(t, i) && r->words >= t->o->min_words)) {
            break;
        }
    }
    r->first = MAX(i, 0);
}

/* hl_fit - the headline around a cover. */
static HlRange hl_fit(HlText *t, const HlRange *cover)
{
    HlRange r = {.first = cover->first, .last = cover->first};
    int32_t i;
    for (i = cover->first; i <= cover->last && r.words < t->o->max_words; i++) {
        hl_count(t, i, 1, &r);
        r.last = i;
    }
    if (r.words < t->o->max_words) {
        hl_lengthen(t, cover, i - 1, &r);
        return r;
    }
    for (i = MIN(i, cover->last); r.words > t->o->min_words && hl_bad_end(t, i); i--) {
        hl_count(t, i, -1, &r);
        r.last = i - 1;
    }
    return r;
}

/* hl_one - the best headline of all covers: one that holds its cover, then with most wanted words,
 * then with a good end. */
static Status hl_one(HlText *t)
{
    HlRange cover = {0}, best = {.first = -1, .last = -1, .wanted = -1};
    bool best_whole = false;
    Status st = ST_DONE;
    if (t->o->highlight_all) {
        hl_mark(t, 0, t->count - 1);
        return ST_OK;
    }
    for (; (st = hl_cover(t, &cover)) == ST_OK; cover.first++) {
        HlRange r = hl_fit(t, &cover);
        bool whole = r.first <= cover.first && r.last >= cover.last;
        bool better = whole != best_whole ? whole
                      : r.wanted != best.wanted
                          ? r.wanted > best.wanted
                          : !hl_bad_end(t, r.last) && hl_bad_end(t, best.last);
        if (better) {
            best = r;
            best_whole = whole;
        }
    }
    if (st != ST_DONE) {
        return st;
    }
    if (best.wanted < 0) {
        hl_mark_beginning(t);
    } else {
        hl_mark(t, best.first, best.last);
    }
    return ST_OK;
}

/* ---- fragments ---- */

/* hl_fragment - cut a range to at most max_words words, with wanted words at both ends. */
static void hl_fragment(HlText *t, HlRange *r)
{
    int32_t i = r->first;
    for (; i <= r->last; i++) {
        r->first = i;
        if (hl_wanted(&t->words[i])) {
            break;
        }
    }
    r->words = r->wanted = 0;
    for (i = r->first; i <= r->last && r->words < t->o->max_words; i++) {
        hl_count(t, i, 1, r);
    }
    if (r->last <= i) {
        return;
    }
    r->last = i;
    for (; i >= r->first; i--) {
        r->last = i;
        if (hl_wanted(&t->words[i])) {
            break;
        }
        r->words -= !hl_no_word(&t->words[i]);
    }
}

/* hl_stretch - a fragment with room takes words on both sides, up to others that are shown. */
static void hl_stretch(HlText *t, HlRange *r)
{
    int32_t most = (t->o->max_words - r->words) / 2, taken = 0, i, edge = r->first;
    if (r->words >= t->o->max_words) {
        return;
    }
    for (i = r->first - 1; i >= 0 && taken < most && !t->words[i].in; i--) {
        bool word = !hl_no_word(&t->words[i]);
        r->words += word;
        taken += word;
        edge = i;
    }
    for (i = edge; i < r->first && hl_bad_end(t, i); i++) {
        r->words -= !hl_no_word(&t->words[i]);
    }
    r->first = i;
    edge = r->last;
    for (i = r->last + 1; i < t->count && r->words < t->o->max_words && !t->words[i].in; i++) {
        r->words += !hl_no_word(&t->words[i]);
        edge = i;
    }
    for (i = edge; i > r->last && hl_bad_end(t, i); i--) {
        r->words -= !hl_no_word(&t->words[i]);
    }
    r->last = i;
}

/* hl_all_fragments - of all covers, in order. */
static Status hl_all_fragments(HlText *t, HlRange **list_out, int32_t *count_out)
{
    HlRange cover = {0}, *list = NULL;
    int32_t n = 0, size = 0;
    Status st;
    for (; (st = hl_cover(t, &cover)) == ST_OK; cover.first++) {
        for (int32_t at = cover.first; at <= cover.last;) {
            HlRange r = {.first = at, .last = cover.last};
            hl_fragment(t, &r);
            if (n == size) {
                int32_t more = MAX(size * 2, 32);
                list = arena_grow(&t->arena, list, (size_t)size * sizeof(*list),
                                  (size_t)more * sizeof(*list));
                size = more;
            }
            list[n++] = r;
            at = r.last + 1;
        }
    }
    *list_out = list;
    *count_out = n;
    return st == ST_DONE ? ST_OK : st;
}

/* hl_several - the best fragments, one after the other; what overlaps with one is not looked at. */
static Status hl_several(HlText *t)
{
    HlRange *list;
    int32_t count, shown = 0;
    TRY(hl_all_fragments(t, &list, &count));
    for (; shown < t->o->max_fragments; shown++) {
        HlRange *best = NULL;
        int32_t wanted = 0, words = INT_MAX;
        for (int32_t i = 0; i < count; i++) {
            HlRange *r = &list[i];
            if (!r->chosen && !r->excluded &&
                (r->wanted > wanted || (r->wanted == wanted && r->words < words))) {
                best = r;
                wanted = r->wanted;
                words = r->words;
            }
        }
        if (best == NULL) {
            break;
        }
        best->chosen = true;
        hl_stretch(t, best);
        hl_mark(t, best->first, best->last);
        for (int32_t i = 0; i < count; i++) { /* what overlaps with it */
            HlRange *r = &list[i];
            bool apart = r->last < best->first || r->first > best->last;
            r->excluded |= r != best && !apart;
        }
    }
    if (shown == 0) {
        hl_mark_beginning(t);
    }
    return ST_OK;
}

/* ---- output ---- */

/* hl_write - the words that are in, pieces with the delimiter between them. */
static void hl_write(const HlText *t, Buf *out)
{
    bool within = false;
    uint32_t fragments = 0;
    for (int32_t i = 0; i < t->count; i++) {
        const HlWord *w = &t->words[i];
        if (!w->in || w->repeated) {
            within = within && w->repeated;
            continue;
        }
        if (!within && fragments++ > 0) {
            buf_put_slice(out, t->o->delimiter);
        }
        within = true;
        if (w->replace) {
            buf_putc(out, ' ');
        } else if (!w->skip) {
            buf_put_slice(out, w->selected ? t->o->start : (Slice){"", 0});
            buf_put_slice(out, w->text);
            buf_put_slice(out, w->selected ? t->o->stop : (Slice){"", 0});
        }
    }
}

Status ts_headline(Cx *cx, const TsConfig *config, const TsHeadline *options, Slice document,
                   Slice query, Buf *out)
{
    HlText t = {.cx = cx, .o = options, .q = tsq_open(query)};
    int64_t longest = MAX((int64_t)options->max_words * 10, 100);
    longest *= options->max_fragments > 0 ? options->max_fragments : 1;
    t.cover_max = (int32_t)MIN(longest, (int64_t)INT_MAX);
    arena_init(&t.arena, NULL, "headline", 0);
    Status st = hl_read(&t, config, document);
    if (st == ST_OK) {
        st = options->max_fragments == 0 ? hl_one(&t) : hl_several(&t);
    }
    if (st == ST_OK) {
        hl_write(&t, out);
    }
    arena_release(&t.arena);
    return st;
}

/*
 * text_regex.c - regular expressions: ~ and its kin, substring from pattern, regexp_*, SIMILAR TO.
 *
 * PCRE2 does the matching. Patterns are rewritten where PostgreSQL's advanced syntax differs: the
 * word escapes \m \M \y \Y, \Z, and newline being an ordinary character unless the options say
 * otherwise. One known difference stays: among alternatives PCRE2 takes the first that matches,
 * PostgreSQL the longest.
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "type/array.h"
#include "type/kernel.h"

typedef struct RegexFlags {
    bool icase, global, extended, newline, multi_line, single_line, literal;
} RegexFlags;
typedef struct Regex {
    Str pattern; /* the source it was made from */
    RegexFlags flags;
    pcre2_code *code;
    pcre2_match_data *match;
    uint32_t groups;
    bool cleanup_set;
} Regex;

static void regex_release(void *arg)
{
    Regex *re = arg;
    pcre2_match_data_free(re->match);
    pcre2_code_free(re->code);
    re->match = NULL;
    re->code = NULL;
}

/* regex_put_range - a character or range of a set, in both cases of its ASCII letters. */
static void regex_put_range(Slice from, Slice to, Buf *out)
{
    static const char SIDES[2][2] = {{'a', 'z'}, {'A', 'Z'}};
    buf_put_slice(out, from);
    if (to.ptr != NULL) {
        buf_putc(out, '-');
        buf_put_slice(out, to);
    }
    uint8_t first = (uint8_t)from.ptr[0], last = to.ptr != NULL ? (uint8_t)to.ptr[0] : first;
    for (int i = 0; i < 2 && first < 0x80; i++) {
        int lo = MAX((int)first, (int)SIDES[i][0]), hi = MIN((int)last, (int)SIDES[i][1]);
        if (lo <= hi) {
            buf_putc(out, (char)(lo ^ 0x20));
            buf_putc(out, '-');
            buf_putc(out, (char)(hi ^ 0x20));
        }
    }
}

/* regex_fold_set - a set with members beyond ASCII, from its [ on: case is ignored for ASCII
 * letters only, so they are written in both cases and the rest as it is. Returns its length, 0 when
 * it is not such a set. */
static size_t regex_fold_set(Slice p, Buf *out)
{
    size_t end = p.len > 1 && p.ptr[1] == '^' ? 2 : 1, i = end;
    bool wide = false;
    end += p.len > end && p.ptr[end] == ']' ? 1 : 0;
    for (; end < p.len && p.ptr[end] != ']'; end++) {
        wide = wide || (p.ptr[end] & 0x80) != 0;
        if (p.ptr[end] == '[' || p.ptr[end] == '\\') {
            return 0; /* classes and escapes stay with the library */
        }
    }
    if (!wide || end >= p.len) {
        return 0;
    }
    buf_puts(out, "(?-i:[");
    if (i == 2) {
        buf_putc(out, '^');
    }
    while (i < end) {
        Slice from = {p.ptr + i, utf8_len(p.ptr[i])}, to = {NULL, 0};
        i += from.len;
        if (i + 1 < end && p.ptr[i] == '-') {
            to = (Slice){p.ptr + i + 1, utf8_len(p.ptr[i + 1])};
            i += 1 + to.len;
        }
        if (from.ptr[0] == ']') {
            buf_putc(out, '\\');
        }
        regex_put_range(from, to, out);
    }
    buf_puts(out, "])");
    return end + 1;
}

/* regex_translate - PostgreSQL's syntax to PCRE2's. */
static void regex_translate(Slice p, bool icase, Buf *out)
{
    bool bracket = false;
    size_t i = 0;
    if (p.len >= 4 && memcmp(p.ptr, "***:", 4) == 0) {
        i = 4;
    }
    for (; i < p.len; i++) {
        char c = p.ptr[i];
        if (c == '\\' && i + 1 < p.len) {
            char e = p.ptr[++i];
            switch (bracket ? '\0' : e) {
            case 'm': buf_puts(out, "\\b(?=\\w)"); break;
            case 'M': buf_puts(out, "\\b(?<=\\w)"); break;
            case 'y': buf_puts(out, "\\b"); break;
            case 'Y': buf_puts(out, "\\B"); break;
            case 'Z': buf_puts(out, "\\z"); break;
            case 'b': buf_puts(out, "\\x08"); break; /* not a boundary, a backspace */
            case 'B': buf_puts(out, "\\\\"); break;
            default: buf_putc(out, '\\'); buf_putc(out, e);
            }
            continue;
        }
        if (icase && !bracket && (c & 0x80) != 0) {
            /* In the C collation only ASCII letters have two cases. */
            buf_puts(out, "(?-i:");
            buf_put(out, p.ptr + i, utf8_len(c));
            buf_putc(out, ')');
            i += utf8_len(c) - 1;
            continue;
        }
        if (icase && !bracket && c == '[') {
            size_t n = regex_fold_set((Slice){p.ptr + i, p.len - i}, out);
            if (n > 0) {
                i += n - 1;
                continue;
            }
        }
        if (!bracket && c == '[') {
            bracket = true;
            buf_putc(out, c);
            if (i + 1 < p.len && p.ptr[i + 1] == '^') {
                buf_putc(out, p.ptr[++i]);
            }
            if (i + 1 < p.len && p.ptr[i + 1] == ']') {
                buf_puts(out, "\\]");
                i++;
            }
            continue;
        }
        if (bracket && c == '[' && i + 1 < p.len &&
            (p.ptr[i + 1] == ':' || p.ptr[i + 1] == '.' || p.ptr[i + 1] == '=')) {
            /* [:class:] whole, so that its ] does not end the set */
            const char *end = memmem(p.ptr + i + 2, p.len - i - 2, (char[]){p.ptr[i + 1], ']'}, 2);
            if (end != NULL) {
                size_t n = (size_t)(end + 2 - (p.ptr + i));
                buf_put(out, p.ptr + i, n);
                i += n - 1;
                continue;
            }
        }
        if (bracket && c == '[') {
            buf_puts(out, "\\[");
            continue;
        }
        if (bracket && c == ']') {
            bracket = false;
        }
        buf_putc(out, c);
    }
}

static Status regex_error(Cx *cx, int code)
{
    const char *text;
    switch (code) {
    case PCRE2_ERROR_MISSING_CLOSING_PARENTHESIS:
    case PCRE2_ERROR_UNMATCHED_CLOSING_PARENTHESIS: text = "parentheses () not balanced"; break;
    case PCRE2_ERROR_MISSING_SQUARE_BRACKET: text = "brackets [] not balanced"; break;
    case PCRE2_ERROR_QUANTIFIER_INVALID: text = "quantifier operand invalid"; break;
    case PCRE2_ERROR_QUANTIFIER_OUT_OF_ORDER:
    case PCRE2_ERROR_QUANTIFIER_TOO_BIG: text = "invalid repetition count(s)"; break;
    case PCRE2_ERROR_CLASS_RANGE_ORDER:
    case PCRE2_ERROR_CLASS_INVALID_RANGE: text = "invalid character range"; break;
    case PCRE2_ERROR_UNKNOWN_POSIX_CLASS: text = "invalid character class"; break;
    case PCRE2_ERROR_BAD_SUBPATTERN_REFERENCE: text = "invalid backreference number"; break;
    case PCRE2_ERROR_PATTERN_TOO_LARGE: text = "regular expression is too complex"; break;
    default: text = "invalid escape \\ sequence"; break;
    }
    return err_set(cx, ERRCODE_INVALID_REGULAR_EXPRESSION, "invalid regular expression: %s", text);
}

/* regex_get - the compiled form of a pattern, kept in the call's state. */
static Status regex_get(FnCall *call, const Str *pattern, RegexFlags flags, Regex **out)
{
    Regex *re = call->state;
    if (re == NULL) {
        re = call->state = ARENA_NEW(call->state_arena, Regex);
    }
    *out = re;
    if (re->code != NULL && str_eq(&re->pattern, pattern) &&
        memcmp(&re->flags, &flags, sizeof(flags)) == 0) {
        return ST_OK;
    }
    regex_release(re);
    Slice p = str_slice(pattern);
    bool literal = flags.literal || (p.len >= 4 && memcmp(p.ptr, "***=", 4) == 0);
    uint32_t options = PCRE2_UTF | PCRE2_NO_UTF_CHECK;
    if (literal) {
        options |= PCRE2_LITERAL;
        if (p.len >= 4 && memcmp(p.ptr, "***=", 4) == 0) {
            p = (Slice){p.ptr + 4, p.len - 4};
        }
    } else {
        options |= PCRE2_DOLLAR_ENDONLY;
        options |= flags.newline || flags.single_line ? 0 : PCRE2_DOTALL;
        options |= flags.newline || flags.multi_line ? PCRE2_MULTILINE : 0;
        options |= flags.extended ? PCRE2_EXTENDED : 0;
    }
    options |= flags.icase ? PCRE2_CASELESS : 0;
    Buf text;
    buf_init(&text, SIZE_MAX);
    if (literal) {
        buf_put_slice(&text, p);
    } else {
        regex_translate(p, flags.icase, &text);
    }
    int code = 0;
    PCRE2_SIZE at = 0;
    re->code = pcre2_compile(text.data == NULL ? (PCRE2_SPTR) "" : text.data, text.len, options,
                             &code, &at, NULL);
    buf_release(&text);
    if (re->code == NULL) {
        return regex_error(call->cx, code);
    }
    (void)pcre2_jit_compile(re->code, PCRE2_JIT_COMPLETE);
    re->match = pcre2_match_data_create_from_pattern(re->code, NULL);
    (void)pcre2_pattern_info(re->code, PCRE2_INFO_CAPTURECOUNT, &re->groups);
    if (!re->cleanup_set) {
        re->cleanup_set = true;
        arena_on_clear(call->state_arena, regex_release, re);
    }
    re->pattern = str_copy(call->state_arena, str_ptr(pattern), pattern->len);
    re->flags = flags;
    return ST_OK;
}

/* regex_exec - search from `from`; *found tells. */
static Status regex_exec(Cx *cx, Regex *re, Slice t, size_t from, bool *found)
{
    int n =
        pcre2_match(re->code, (PCRE2_SPTR)t.ptr, t.len, from, PCRE2_NO_UTF_CHECK, re->match, NULL);
    *found = n > 0;
    if (n < 0 && n != PCRE2_ERROR_NOMATCH) {
        return err_set(cx, ERRCODE_INVALID_REGULAR_EXPRESSION, "regular expression failed: %s",
                       "regular expression is too complex");
    }
    return ST_OK;
}

/* ---- ~, !~, ~*, !~* ---- */
/* regex_match_rows - each text against its pattern, compiled once where it is one. */
static Status regex_match_rows(KERNEL_PARAMS, bool icase, bool negate)
{
    (void)arg_count;
    const Str *texts = args[0]->data, *patterns = args[1]->data;
    bool tc = args[0]->kind == VEC_CONST, pc = args[1]->kind == VEC_CONST;
    RegexFlags flags;
    memset(&flags, 0, sizeof(flags));
    flags.icase = icase;
    Regex *re = NULL;
    SEL_FOREACH(row, sel)
    {
        bool found = false;
        TRY(cx_check(call->cx));
        if (re == NULL || !pc) {
            TRY(regex_get(call, &patterns[pc ? 0 : row], flags, &re));
        }
        TRY(regex_exec(call->cx, re, str_slice(&texts[tc ? 0 : row]), 0, &found));
        VEC_DATA(out, uint8_t)[row] = found != negate;
    }
    return ST_OK;
}
#define REGEX_KERNEL(name, icase, negate)                                                          \
    static Status k_##name(KERNEL_PARAMS)                                                          \
    {                                                                                              \
        return regex_match_rows(call, args, arg_count, sel, out, icase, negate);                   \
    }
/* clang-format off */
REGEX_KERNEL(textregexeq, false, false)
REGEX_KERNEL(textregexne, false, true)
REGEX_KERNEL(texticregexeq, true, false)
REGEX_KERNEL(texticregexne, true, true)
/* clang-format on */

/* ---- options ---- */

/* regex_flags - the letters of an options argument. */
static Status regex_flags(Cx *cx, Slice s, bool allow_global, const char *fn, RegexFlags *flags)
{
    memset(flags, 0, sizeof(*flags));
    for (size_t i = 0; i < s.len; i++) {
        switch (s.ptr[i]) {
        case 'g': flags->global = true; break;
        case 'i': flags->icase = true; break;
        case 'c': flags->icase = false; break;
        case 'm':
        case 'n': flags->newline = true; break;
        case 'p':
            flags->single_line = true;
            flags->newline = false;
            break;
        case 's': flags->newline = flags->single_line = flags->multi_line = false; break;
        case 'w': flags->multi_line = true; break;
        case 'x': flags->extended = true; break;
        case 't': flags->extended = false; break;
        case 'q': flags->literal = true; break;
        case 'e': break;
        case 'b': return err_unsupported(cx, "basic regular expressions are not supported");
        default:
            return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                           "invalid regular expression option: \"%.*s\"", (int)utf8_len(s.ptr[i]),
                           s.ptr + i);
        }
    }
    if (flags->global && !allow_global) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "%s does not support the \"global\" option", fn);
    }
    return ST_OK;
}
Status text_regex_search(FnCall *call, Slice pattern, const char *options, Slice text, bool *found)
{
    RegexFlags flags;
    Regex *re;
    Str p = str_ref(pattern.ptr, pattern.len);
    TRY(regex_flags(call->cx, slice_of(options), false, "", &flags));
    TRY(regex_get(call, &p, flags, &re));
    return regex_exec(call->cx, re, text, 0, found);
}

/* regex_start - a 1-based character position as a byte offset. */
static Status regex_start(Cx *cx, Slice t, int32_t start, const char *name, size_t *at)
{
    if (start <= 0) {
        return err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "invalid value for parameter \"%s\": %d", name, start);
    }
    *at = utf8_offset(t, (size_t)start - 1);
    if (*at == t.len && (size_t)start - 1 > utf8_count(t)) {
        *at = t.len + 1; /* behind the end nothing matches, not even nothing */
    }
    return ST_OK;
}
/* regex_after - where to search next, past an empty match. */
static size_t regex_after(Slice t, const PCRE2_SIZE *v)
{
    return v[1] > v[0] || v[1] >= t.len ? v[1] + (v[1] == v[0]) : v[1] + utf8_len(t.ptr[v[1]]);
}

/* ---- substring(text from pattern) ---- */
ROW_KERNEL(textregexsubstr)
{
    RegexFlags flags;
    Regex *re;
    bool found;
    memset(&flags, 0, sizeof(flags));
    Slice t = str_slice(&a[0].str);
    TRY(regex_get(call, &a[1].str, flags, &re));
    TRY(regex_exec(call->cx, re, t, 0, &found));
    if (!found) {
        return KERNEL_NULL;
    }
    const PCRE2_SIZE *v = pcre2_get_ovector_pointer(re->match);
    uint32_t group = re->groups > 0 ? 1 : 0;
    if (v[group * 2] == PCRE2_UNSET) {
        return KERNEL_NULL;
    }
    r->str = str_copy(call->arena, t.ptr + v[group * 2], v[group * 2 + 1] - v[group * 2]);
    return ST_OK;
}

/* ---- regexp_replace ---- */

/* regex_put_replacement - the replacement with \1 to \9 and \& filled in. */
static void regex_put_replacement(Slice with, Slice t, const Regex *re, const PCRE2_SIZE *v,
                                  Buf *buf)
{
    for (size_t i = 0; i < with.len; i++) {
        char c = with.ptr[i];
        if (c != '\\' || i + 1 >= with.len) {
            buf_putc(buf, c);
            continue;
        }
        char e = with.ptr[++i];
        uint32_t group = is_digit(e) ? (uint32_t)(e - '0') : 0;
        if (e == '&' || (is_digit(e) && e != '0')) {
            if (group <= re->groups && v[group * 2] != PCRE2_UNSET) {
                buf_put(buf, t.ptr + v[group * 2], v[group * 2 + 1] - v[group * 2]);
            }
        } else if (e == '\\') {
            buf_putc(buf, '\\');
        } else {
            buf_putc(buf, '\\');
            buf_putc(buf, e);
        }
    }
}
/* regex_replace - the n-th match from `at` on, or all when n is 0. */
static Status regex_replace(FnCall *call, const Datum *a, RegexFlags flags, size_t at, int32_t n,
                            Str *out)
{
    Regex *re;
    Slice t = str_slice(&a[0].str), with = str_slice(&a[2].str);
    TRY(regex_get(call, &a[1].str, flags, &re));
    const PCRE2_SIZE *v = pcre2_get_ovector_pointer(re->match);
    Buf buf;
    buf_init(&buf, 0x3fffffff);
    Status st = ST_OK;
    size_t copied = 0;
    for (int32_t k = 1; at <= t.len; k++) {
        bool found;
        st = regex_exec(call->cx, re, t, at, &found);
        if (st != ST_OK || !found) {
            break;
        }
        if (n == 0 || k == n) {
            buf_put(&buf, t.ptr + copied, v[0] - copied);
            regex_put_replacement(with, t, re, v, &buf);
            copied = v[1];
            if (k == n) {
                break;
            }
        }
        at = regex_after(t, v);
    }
    buf_put(&buf, t.ptr + copied, t.len - copied);
    *out = str_of_buf(call->arena, &buf);
    buf_release(&buf);
    return st;
}
ROW_KERNEL(textregexreplace_noopt)
{
    RegexFlags flags;
    memset(&flags, 0, sizeof(flags));
    return regex_replace(call, a, flags, 0, 1, &r->str);
}
ROW_KERNEL(textregexreplace)
{
    RegexFlags flags;
    Slice opt = str_slice(&a[3].str);
    if (opt.len > 0 && is_digit(opt.ptr[0])) {
        st_ignore(err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                          "invalid regular expression option: \"%.1s\"", opt.ptr));
        return err_hint(call->cx, "If you meant to use regexp_replace() with a start parameter, "
                                  "cast the fourth argument to integer explicitly.");
    }
    TRY(regex_flags(call->cx, opt, true, "regexp_replace()", &flags));
    bool global = flags.global;
    flags.global = false;
    return regex_replace(call, a, flags, 0, global ? 0 : 1, &r->str);
}
static Status regex_replace_from(FnCall *call, const Datum *a, const int32_t *nth, const Str *opt,
                                 Str *out)
{
    RegexFlags flags;
    size_t at = 0;
    TRY(regex_start(call->cx, str_slice(&a[0].str), a[3].i32, "start", &at));
    if (nth != NULL && *nth < 0) {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "invalid value for parameter \"%s\": %d", "n", *nth);
    }
    TRY(regex_flags(call->cx, opt != NULL ? str_slice(opt) : SLICE_LIT(""), true,
                    "regexp_replace()", &flags));
    int32_t n = nth != NULL ? *nth : flags.global ? 0 : 1;
    flags.global = false;
    return regex_replace(call, a, flags, at, n, out);
}
ROW_KERNEL(textregexreplace_extended)
{
    return regex_replace_from(call, a, &a[4].i32, &a[5].str, &r->str);
}
ROW_KERNEL(textregexreplace_extended_no_flags)
{
    return regex_replace_from(call, a, &a[4].i32, NULL, &r->str);
}
ROW_KERNEL(textregexreplace_extended_no_n)
{
    return regex_replace_from(call, a, NULL, NULL, &r->str);
}

/* ---- regexp_like, regexp_count, regexp_substr ---- */
static Status regex_like(FnCall *call, const Datum *a, const Str *opt, bool *out)
{
    RegexFlags flags;
    Regex *re;
    TRY(regex_flags(call->cx, opt != NULL ? str_slice(opt) : SLICE_LIT(""), false, "regexp_like()",
                    &flags));
    TRY(regex_get(call, &a[1].str, flags, &re));
    return regex_exec(call->cx, re, str_slice(&a[0].str), 0, out);
}
ROW_KERNEL(regexp_like)
{
    return regex_like(call, a, &a[2].str, &r->b);
}
ROW_KERNEL(regexp_like_no_flags)
{
    return regex_like(call, a, NULL, &r->b);
}
static Status regex_count(FnCall *call, const Datum *a, int32_t start, const Str *opt, int32_t *out)
{
    RegexFlags flags;
    Regex *re;
    Slice t = str_slice(&a[0].str);
    size_t at = 0;
    *out = 0;
    TRY(regex_start(call->cx, t, start, "start", &at));
    TRY(regex_flags(call->cx, opt != NULL ? str_slice(opt) : SLICE_LIT(""), false, "regexp_count()",
                    &flags));
    TRY(regex_get(call, &a[1].str, flags, &re));
    for (bool found = true; at <= t.len; *out += found) {
        TRY(regex_exec(call->cx, re, t, at, &found));
        if (!found) {
            break;
        }
        at = regex_after(t, pcre2_get_ovector_pointer(re->match));
    }
    return ST_OK;
}
ROW_KERNEL(regexp_count_no_start)
{
    return regex_count(call, a, 1, NULL, &r->i32);
}
ROW_KERNEL(regexp_count_no_flags)
{
    return regex_count(call, a, a[2].i32, NULL, &r->i32);
}
ROW_KERNEL(regexp_count)
{
    return regex_count(call, a, a[2].i32, &a[3].str, &r->i32);
}
static Status regex_check_int(Cx *cx, bool good, const char *name, int32_t value)
{
    return good ? ST_OK
                : err_set(cx, ERRCODE_INVALID_PARAMETER_VALUE,
                          "invalid value for parameter \"%s\": %d", name, value);
}
/* regex_substr - the n-th match, or a group of it. */
static Status regex_substr(FnCall *call, const Datum *a, int32_t start, int32_t n, const Str *opt,
                           int32_t group, Str *out)
{
    RegexFlags flags;
    Regex *re;
    Slice t = str_slice(&a[0].str);
    size_t at = 0;
    TRY(regex_start(call->cx, t, start, "start", &at));
    TRY(regex_check_int(call->cx, n > 0, "n", n));
    TRY(regex_flags(call->cx, opt != NULL ? str_slice(opt) : SLICE_LIT(""), false,
                    "regexp_substr()", &flags));
    TRY(regex_check_int(call->cx, group >= 0, "subexpr", group));
    TRY(regex_get(call, &a[1].str, flags, &re));
    const PCRE2_SIZE *v = pcre2_get_ovector_pointer(re->match);
    for (int32_t k = 1; at <= t.len; k++) {
        bool found;
        TRY(regex_exec(call->cx, re, t, at, &found));
        if (!found) {
            break;
        }
        if (k == n) {
            if ((uint32_t)group > re->groups || v[group * 2] == PCRE2_UNSET) {
                return KERNEL_NULL;
            }
            *out = str_copy(call->arena, t.ptr + v[group * 2], v[group * 2 + 1] - v[group * 2]);
            return ST_OK;
        }
        at = regex_after(t, v);
    }
    return KERNEL_NULL;
}
ROW_KERNEL(regexp_substr_no_start)
{
    return regex_substr(call, a, 1, 1, NULL, 0, &r->str);
}
ROW_KERNEL(regexp_substr_no_n)
{
    return regex_substr(call, a, a[2].i32, 1, NULL, 0, &r->str);
}
ROW_KERNEL(regexp_substr_no_flags)
{
    return regex_substr(call, a, a[2].i32, a[3].i32, NULL, 0, &r->str);
}
ROW_KERNEL(regexp_substr_no_subexpr)
{
    return regex_substr(call, a, a[2].i32, a[3].i32, &a[4].str, 0, &r->str);
}
ROW_KERNEL(regexp_substr)
{
    return regex_substr(call, a, a[2].i32, a[3].i32, &a[4].str, a[5].i32, &r->str);
}

/* ---- regexp_instr ---- */

/* RegexInstr - the arguments after text and pattern, with their defaults. */
typedef struct RegexInstr {
    int32_t start, n, end_option, group;
    const Str *flags;
} RegexInstr;

/* regex_instr - where the n-th match, or a group of it, begins or (end_option 1) ends; 0 = nowhere.
 */
static Status regex_instr(FnCall *call, const Datum *a, RegexInstr o, int32_t *out)
{
    RegexFlags flags;
    Regex *re;
    Slice t = str_slice(&a[0].str);
    size_t at = 0;
    *out = 0;
    TRY(regex_start(call->cx, t, o.start, "start", &at));
    TRY(regex_check_int(call->cx, o.n > 0, "n", o.n));
    TRY(regex_check_int(call->cx, o.end_option == 0 || o.end_option == 1, "endoption",
                        o.end_option));
    TRY(regex_flags(call->cx, o.flags != NULL ? str_slice(o.flags) : SLICE_LIT(""), false,
                    "regexp_instr()", &flags));
    TRY(regex_check_int(call->cx, o.group >= 0, "subexpr", o.group));
    TRY(regex_get(call, &a[1].str, flags, &re));
    const PCRE2_SIZE *v = pcre2_get_ovector_pointer(re->match);
    for (int32_t k = 1; at <= t.len; k++) {
        bool found;
        TRY(regex_exec(call->cx, re, t, at, &found));
        if (!found) {
            return ST_OK;
        }
        if (k == o.n) {
            if ((uint32_t)o.group <= re->groups && v[o.group * 2] != PCRE2_UNSET) {
                *out = (int32_t)utf8_count((Slice){t.ptr, v[o.group * 2 + o.end_option]}) + 1;
            }
            return ST_OK;
        }
        at = regex_after(t, v);
    }
    return ST_OK;
}
ROW_KERNEL(regexp_instr_no_start)
{
    return regex_instr(call, a, (RegexInstr){1, 1, 0, 0, NULL}, &r->i32);
}
ROW_KERNEL(regexp_instr_no_n)
{
    return regex_instr(call, a, (RegexInstr){a[2].i32, 1, 0, 0, NULL}, &r->i32);
}
ROW_KERNEL(regexp_instr_no_endoption)
{
    return regex_instr(call, a, (RegexInstr){a[2].i32, a[3].i32, 0, 0, NULL}, &r->i32);
}
ROW_KERNEL(regexp_instr_no_flags)
{
    return regex_instr(call, a, (RegexInstr){a[2].i32, a[3].i32, a[4].i32, 0, NULL}, &r->i32);
}
ROW_KERNEL(regexp_instr_no_subexpr)
{
    return regex_instr(call, a, (RegexInstr){a[2].i32, a[3].i32, a[4].i32, 0, &a[5].str}, &r->i32);
}
ROW_KERNEL(regexp_instr)
{
    return regex_instr(call, a, (RegexInstr){a[2].i32, a[3].i32, a[4].i32, a[6].i32, &a[5].str},
                       &r->i32);
}

/* ---- regexp_split_to_table ---- */
typedef struct RegexSplit {
    Regex *re;
    Str text;
    size_t from, at; /* where the next piece begins, where to search on */
    bool done, once;
    FnCall call; /* the pattern is kept in a state of its own */
} RegexSplit;

static Status regex_split_begin(FnCall *call, const Datum *a, const bool *nulls UNUSED, uint32_t n)
{
    RegexSplit *s = ARENA_NEW(call->state_arena, RegexSplit);
    RegexFlags flags;
    TRY(regex_flags(call->cx, n > 2 ? str_slice(&a[2].str) : SLICE_LIT(""), false,
                    "regexp_split_to_table()", &flags));
    s->text = a[0].str;
    s->call = *call;
    s->call.state = NULL;
    call->state = s;
    return regex_get(&s->call, &a[1].str, flags, &s->re);
}
/* regex_split_next - the piece before the next match; an empty match at the beginning, at the end
 * or right behind the one before cuts nothing. */
static Status regex_split_next(FnCall *call, Datum *cols, bool *nulls UNUSED)
{
    RegexSplit *s = call->state;
    Slice t = str_slice(&s->text);
    if (s->done) {
        return ST_DONE;
    }
    const PCRE2_SIZE *v = pcre2_get_ovector_pointer(s->re->match);
    while (s->at <= t.len) {
        bool found;
        TRY(regex_exec(call->cx, s->re, t, s->at, &found));
        if (!found) {
            break;
        }
        PCRE2_SIZE start = v[0], end = v[1];
        s->at = regex_after(t, v);
        if (start == end && (start == s->from || start == t.len)) {
            continue;
        }
        cols[0].str = str_copy(call->arena, t.ptr + s->from, start - s->from);
        s->from = end;
        return ST_OK;
    }
    s->done = true;
    cols[0].str = str_copy(call->arena, t.ptr + s->from, t.len - s->from);
    return ST_OK;
}

/* regex_split_array - all pieces at once, in a state of their own. */
static Status regex_split_array(FnCall *call, const Datum *a, const Str *opt, Datum *r)
{
    RegexFlags flags;
    FnCall split = *call;
    RegexSplit s = {.text = a[0].str};
    ArrayList list = array_list(call->arena);
    Datum piece;
    bool is_null = false;
    TRY(regex_flags(call->cx, opt != NULL ? str_slice(opt) : SLICE_LIT(""), false,
                    "regexp_split_to_array()", &flags));
    TRY(regex_get(call, &a[1].str, flags, &s.re));
    split.state = &s;
    Status st;
    while ((st = regex_split_next(&split, &piece, &is_null)) == ST_OK) {
        array_list_add(&list, PHYS_STR, &piece, false, false);
    }
    r->str = array_build_list(&list, TYPE_TEXT);
    return st == ST_DONE ? ST_OK : st;
}
ROW_KERNEL(regexp_split_to_array)
{
    return regex_split_array(call, a, &a[2].str, r);
}
ROW_KERNEL(regexp_split_to_array_no_flags)
{
    return regex_split_array(call, a, NULL, r);
}

/* ---- regexp_match, regexp_matches ---- */

/* regex_groups - what the parts of the last match matched; without parts the whole. */
static Str regex_groups(Arena *arena, const Regex *re, Slice t)
{
    const PCRE2_SIZE *v = pcre2_get_ovector_pointer(re->match);
    ArrayList list = array_list(arena);
    for (uint32_t g = re->groups > 0 ? 1 : 0; g <= re->groups; g++) {
        bool is_null = v[g * 2] == PCRE2_UNSET;
        Datum d = {.str = str_ref("", 0)};
        if (!is_null) {
            d.str = str_ref(t.ptr + v[g * 2], v[g * 2 + 1] - v[g * 2]);
        }
        array_list_add(&list, PHYS_STR, &d, is_null, false);
    }
    return array_build_list(&list, TYPE_TEXT);
}
static Status regex_match_first(FnCall *call, const Datum *a, const Str *opt, Datum *r)
{
    RegexFlags flags;
    Regex *re;
    bool found;
    Slice t = str_slice(&a[0].str);
    TRY(regex_flags(call->cx, opt != NULL ? str_slice(opt) : SLICE_LIT(""), true, "", &flags));
    if (flags.global) {
        (void)err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                      "%s does not support the \"global\" option", "regexp_match()");
        return err_hint(call->cx, "Use the regexp_matches function instead.");
    }
    TRY(regex_get(call, &a[1].str, flags, &re));
    TRY(regex_exec(call->cx, re, t, 0, &found));
    if (!found) {
        return KERNEL_NULL;
    }
    r->str = regex_groups(call->arena, re, t);
    return ST_OK;
}
ROW_KERNEL(regexp_match)
{
    return regex_match_first(call, a, &a[2].str, r);
}
ROW_KERNEL(regexp_match_no_flags)
{
    return regex_match_first(call, a, NULL, r);
}
static Status regex_matches_begin(FnCall *call, const Datum *a, const bool *nulls UNUSED,
                                  uint32_t n)
{
    RegexSplit *s = ARENA_NEW(call->state_arena, RegexSplit);
    RegexFlags flags;
    TRY(regex_flags(call->cx, n > 2 ? str_slice(&a[2].str) : SLICE_LIT(""), true, "", &flags));
    s->text = a[0].str;
    s->once = !flags.global;
    flags.global = false;
    s->call = *call;
    s->call.state = NULL;
    call->state = s;
    return regex_get(&s->call, &a[1].str, flags, &s->re);
}
static Status regex_matches_next(FnCall *call, Datum *cols, bool *nulls UNUSED)
{
    RegexSplit *s = call->state;
    Slice t = str_slice(&s->text);
    bool found = false;
    if (!s->done && s->at <= t.len) {
        TRY(regex_exec(call->cx, s->re, t, s->at, &found));
    }
    if (!found) {
        return ST_DONE;
    }
    cols[0].str = regex_groups(call->arena, s->re, t);
    s->at = regex_after(t, pcre2_get_ovector_pointer(s->re->match));
    s->done = s->once;
    return ST_OK;
}

/* ---- SIMILAR TO: its pattern as a regular expression ---- */

/* similar_has_parts - are there escaped double quotes, which mark the part that is wanted? */
static bool similar_has_parts(Slice p, Slice esc)
{
    for (size_t i = 0; i + esc.len < p.len; i++) {
        if (memcmp(p.ptr + i, esc.ptr, esc.len) == 0) {
            i += esc.len;
            if (p.ptr[i] == '"') {
                return true;
            }
        }
    }
    return false;
}

/* similar_to_regex - rewrite SIMILAR TO's wildcards; the whole text must match. */
static Status similar_to_regex(FnCall *call, Slice p, Slice esc, Str *out)
{
    if (esc.len > 0 && utf8_count(esc) != 1) {
        st_ignore(err_set(call->cx, ERRCODE_INVALID_ESCAPE_SEQUENCE, "invalid escape string"));
        return err_hint(call->cx, "Escape string must be empty or one character.");
    }
    Buf buf;
    buf_init(&buf, SIZE_MAX);
    bool bracket = false, after = false;
    uint32_t parts = 0; /* separators of substring(text similar pattern escape e) so far */
    bool has_parts = esc.len > 0 && similar_has_parts(p, esc);
    buf_puts(&buf, "^(?:");
    for (size_t i = 0; i < p.len; i++) {
        char c = p.ptr[i];
        size_t n = MIN((size_t)utf8_len(c), p.len - i);
        if (after && c == '"' && !bracket) {
            if (++parts > 2) {
                buf_release(&buf);
                return err_set(call->cx, ERRCODE_INVALID_USE_OF_ESCAPE_CHARACTER,
                               "SQL regular expression may not contain more than two "
                               "escape-double-quote separators");
            }
            buf_puts(&buf, parts == 1 ? ")(" : ")(?:");
            after = false;
        } else if (after) {
            buf_putc(&buf, '\\');
            buf_put(&buf, p.ptr + i, n);
            after = false;
            i += n - 1;
        } else if (esc.len == n && memcmp(esc.ptr, p.ptr + i, n) == 0) {
            after = true;
            i += n - 1;
        } else if (bracket) {
            bracket = c != ']';
            buf_puts(&buf, c == '\\' ? "\\" : "");
            buf_putc(&buf, c);
        } else if (c == '%') {
            /* What stands before the wanted part takes as little as it can. */
            buf_puts(&buf, has_parts && parts == 0 ? ".*?" : ".*");
        } else if (c == '_') {
            buf_putc(&buf, '.');
        } else if (c == '(') {
            buf_puts(&buf, "(?:");
        } else if (c == '\\' || c == '.' || c == '^' || c == '$') {
            buf_putc(&buf, '\\');
            buf_putc(&buf, c);
        } else {
            bracket = c == '[';
            buf_putc(&buf, c);
        }
    }
    buf_puts(&buf, ")$");
    *out = str_of_buf(call->arena, &buf);
    buf_release(&buf);
    return ST_OK;
}
ROW_KERNEL(similar_to_escape_1)
{
    return similar_to_regex(call, str_slice(&a[0].str), SLICE_LIT("\\"), &r->str);
}
ROW_KERNEL(similar_to_escape_2)
{
    return similar_to_regex(call, str_slice(&a[0].str), str_slice(&a[1].str), &r->str);
}

/* similar_escape - as above, where a NULL escape means the backslash. */
ROW_NULL_KERNEL(similar_escape)
{
    if (nulls[0]) {
        return KERNEL_NULL;
    }
    return similar_to_regex(call, str_slice(&a[0].str),
                            nulls[1] ? SLICE_LIT("\\") : str_slice(&a[1].str), &r->str);
}
/* substring(text, pattern, escape), and SUBSTRING(text SIMILAR pattern ESCAPE escape). */
ROW_KERNEL(substring_similar)
{
    Datum re[2] = {a[0], {0}};
    TRY(similar_to_regex(call, str_slice(&a[1].str), str_slice(&a[2].str), &re[1].str));
    return row_textregexsubstr(call, re, r);
}

static const SetOps TEXT_REGEX_SETS[] = {
    {"regexp_matches", regex_matches_begin, regex_matches_next},
    {"regexp_matches_no_flags", regex_matches_begin, regex_matches_next},
    {"regexp_split_to_table_no_flags", regex_split_begin, regex_split_next},
    {"regexp_split_to_table", regex_split_begin, regex_split_next},
};
static const FnOps TEXT_REGEX_FNS[] = {
    FN(regexp_instr),
    FN(regexp_instr_no_start),
    FN(regexp_instr_no_n),
    FN(regexp_instr_no_endoption),
    FN(regexp_instr_no_flags),
    FN(regexp_instr_no_subexpr),
    FN(similar_escape),
    FN_AS("oid:2074", substring_similar),
    FN(regexp_match),
    FN(regexp_match_no_flags),
    FN(regexp_split_to_array),
    FN(regexp_split_to_array_no_flags),
    FN(textregexeq),
    FN(textregexne),
    FN(texticregexeq),
    FN(texticregexne),
    FN_AS("nameregexeq", textregexeq),
    FN_AS("nameregexne", textregexne),
    FN_AS("nameicregexeq", texticregexeq),
    FN_AS("nameicregexne", texticregexne),
    FN(textregexsubstr),
    FN(textregexreplace_noopt),
    FN(textregexreplace),
    FN(textregexreplace_extended),
    FN(textregexreplace_extended_no_flags),
    FN(textregexreplace_extended_no_n),
    FN(regexp_like),
    FN(regexp_like_no_flags),
    FN(regexp_count),
    FN(regexp_count_no_flags),
    FN(regexp_count_no_start),
    FN(regexp_substr),
    FN(regexp_substr_no_start),
    FN(regexp_substr_no_n),
    FN(regexp_substr_no_flags),
    FN(regexp_substr_no_subexpr),
    FN(similar_to_escape_1),
    FN(similar_to_escape_2),
};
const TypeFamily type_family_text_regex = {
    .fns = TEXT_REGEX_FNS,
    .fn_count = ARRAY_LEN(TEXT_REGEX_FNS),
    .sets = TEXT_REGEX_SETS,
    .set_count = ARRAY_LEN(TEXT_REGEX_SETS),
};

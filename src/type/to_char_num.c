/*
 * to_char_num.c - to_char of numbers and to_number: 9 0 . D , G S MI PL SG PR L FM TH V EEEE RN.
 *
 * The number is rounded to the decimals of the format and laid over its digit positions from the
 * right; blanks, commas in blanks and the sign are then decided from the left.
 */
#include <stdlib.h>

#include "type/kernel.h"
#include "type/numeric.h"

typedef enum NumSign { NS_NONE, NS_S_LEAD, NS_S_TRAIL, NS_MI, NS_PL, NS_SG, NS_PR } NumSign;
typedef struct NumFormat {
    NumSign sign;
    bool fill, decimal;
    int32_t pre, post; /* digit positions before and after the point */
    int32_t
        zero_from; /* position (0-based, from the left) of the first 0 before the point, or -1 */
    int32_t last_zero; /* last 0 after the point, 1-based; 0 = none */
    bool shifted;      /* V was met: digits behind it are of the number times a power of ten */
    int32_t shift;     /* how many */
    bool exponent;     /* EEEE */
} NumFormat;

/* num_format_word - length of a word of the format at f, 0 when a plain character. */
static size_t num_format_word(Slice f, char *word)
{
    char a = ascii_upper(f.ptr[0]), b = f.len > 1 ? ascii_upper(f.ptr[1]) : '\0';
    static const char PAIRS[][3] = {"FM", "MI", "PL", "SG", "PR", "TH", "RN"};
    for (size_t i = 0; i < ARRAY_LEN(PAIRS); i++) {
        if (a == PAIRS[i][0] && b == PAIRS[i][1]) {
            *word = PAIRS[i][0] == 'P' ? (b == 'L' ? 'p' : 'r') : PAIRS[i][0] == 'S' ? 'g' : a;
            return 2;
        }
    }
    if (f.len >= 4 && a == 'E' && b == 'E') {
        *word = 'E';
        return 4;
    }
    *word = a;
    return strchr("90.,DGSLVB", a) != NULL ? 1 : 0;
}

/* num_format_scan - what the format asks for; 0A000 for the parts not supported. */
static Status num_format_scan(Cx *cx, Slice f, NumFormat *nf)
{
    *nf = (NumFormat){.zero_from = -1};
    bool digits_seen = false;
    while (f.len > 0) {
        char w = '\0';
        size_t n = f.ptr[0] == '"' ? 0 : num_format_word(f, &w);
        if (f.ptr[0] == '"') {
            const char *end = memchr(f.ptr + 1, '"', f.len - 1);
            n = end == NULL ? f.len : (size_t)(end + 1 - f.ptr);
            w = '\0';
        }
        switch (n == 0 ? '\0' : w) {
        case '9':
        case '0':
            digits_seen = true;
            if (nf->exponent) {
                return err_set(cx, ERRCODE_SYNTAX_ERROR, "\"EEEE\" must be the last pattern used");
            }
            nf->shift += nf->shifted && w == '9' ? 1 : 0; /* 0 only takes room */
            if (nf->decimal) {
                nf->post++;
                nf->last_zero = w == '0' ? nf->post : nf->last_zero;
            } else {
                nf->zero_from = w == '0' && nf->zero_from < 0 ? nf->pre : nf->zero_from;
                nf->pre++;
            }
            break;
        case '.':
        case 'D':
            if (nf->decimal) {
                return err_set(cx, ERRCODE_SYNTAX_ERROR, "multiple decimal points");
            }
            if (nf->shifted) {
                return err_set(cx, ERRCODE_SYNTAX_ERROR,
                               "cannot use \"V\" and decimal point together");
            }
            nf->decimal = true;
            break;
        case 'F': nf->fill = true; break;
        case 'S': nf->sign = digits_seen ? NS_S_TRAIL : NS_S_LEAD; break;
        case 'M': nf->sign = NS_MI; break;
        case 'p': nf->sign = NS_PL; break;
        case 'g': nf->sign = NS_SG; break;
        case 'r': nf->sign = NS_PR; break;
        case 'V':
            if (nf->decimal) {
                return err_set(cx, ERRCODE_SYNTAX_ERROR,
                               "cannot use \"V\" and decimal point together");
            }
            nf->shifted = true;
            break;
        case 'E':
            if (nf->exponent) {
                return err_set(cx, ERRCODE_SYNTAX_ERROR, "cannot use \"EEEE\" twice");
            }
            if (nf->fill || nf->sign != NS_NONE || nf->shifted) {
                st_ignore(err_set(cx, ERRCODE_SYNTAX_ERROR,
                                  "\"EEEE\" is incompatible with other formats"));
                return err_detail(
                    cx,
                    "\"EEEE\" may only be used together with digit and decimal point patterns.");
            }
            nf->exponent = true;
            break;
        case 'R':
            return err_unsupported(cx, "number formats with RN among other patterns are not "
                                       "supported");
        default: break;
        }
        n = MAX(n, (size_t)utf8_len(f.ptr[0]));
        n = MIN(n, f.len);
        f.ptr += n;
        f.len -= n;
    }
    return ST_OK;
}

typedef struct NumLayout {
    const NumFormat *nf;
    char *pre, *post;
    bool neg, overflow;
    int32_t first;      /* first printed digit position before the point; pre when none */
    int32_t last_shown; /* decimals shown with FM */
} NumLayout;

/* num_sign_before - the floating sign, right before the first digit or the point. */
static void num_sign_before(const NumLayout *l, Buf *buf)
{
    switch (l->nf->sign) {
    case NS_NONE:
    case NS_PL:
        if (l->neg) {
            buf_putc(buf, '-');
        } else if (!l->nf->fill) {
            buf_putc(buf, ' ');
        }
        break;
    case NS_S_LEAD: buf_putc(buf, l->neg ? '-' : '+'); break;
    case NS_PR:
        if (l->neg) {
            buf_putc(buf, '<');
        } else if (!l->nf->fill) {
            buf_putc(buf, ' ');
        }
        break;
    default: break;
    }
}
/* num_format_write - walk the format a second time and place everything. */
static void num_format_write(const NumLayout *l, Slice f, Buf *buf)
{
    const NumFormat *nf = l->nf;
    int32_t at = 0, after = 0;
    bool point = false, sign_done = false;
    int32_t total = nf->pre;
    while (f.len > 0) {
        char w = '\0';
        size_t n = f.ptr[0] == '"' ? 0 : num_format_word(f, &w);
        if (f.ptr[0] == '"') {
            const char *end = memchr(f.ptr + 1, '"', f.len - 1);
            size_t text = end == NULL ? f.len - 1 : (size_t)(end - f.ptr - 1);
            buf_put(buf, f.ptr + 1, text);
            n = end == NULL ? f.len : text + 2;
            w = '\0';
        } else if (n == 0) {
            n = MIN((size_t)utf8_len(f.ptr[0]), f.len);
            buf_put(buf, f.ptr, n);
            w = '\0';
        }
        switch (w) {
        case '9':
        case '0':
            if (point) {
                if (after < l->last_shown) {
                    buf_putc(buf, l->overflow ? '#' : l->post[after]);
                }
                after++;
                break;
            }
            if (at < l->first) {
                if (!nf->fill) {
                    buf_putc(buf, ' ');
                }
            } else {
                if (!sign_done) {
                    num_sign_before(l, buf);
                    sign_done = true;
                }
                buf_putc(buf, l->overflow ? '#' : l->pre[at]);
            }
            at++;
            break;
        case '.':
        case 'D':
            if (!sign_done) {
                num_sign_before(l, buf);
                sign_done = true;
            }
            point = true;
            buf_putc(buf, '.');
            break;
        case ',':
        case 'G':
            if (at > l->first || (at == l->first && sign_done)) {
                buf_putc(buf, ',');
            } else if (!nf->fill) {
                buf_putc(buf, ' ');
            }
            break;
        case 'L':
            if (!nf->fill) {
                buf_putc(buf, ' ');
            }
            break;
        case 'M':
            if (l->neg) {
                buf_putc(buf, '-');
            } else if (!nf->fill) {
                buf_putc(buf, ' ');
            }
            break;
        case 'p':
            if (!l->neg) {
                buf_putc(buf, '+');
            } else if (!nf->fill) {
                buf_putc(buf, ' ');
            }
            break;
        case 'g': buf_putc(buf, l->neg ? '-' : '+'); break;
        case 'r':
            if (l->neg) {
                buf_putc(buf, '>');
            } else if (!nf->fill) {
                buf_putc(buf, ' ');
            }
            break;
        case 'S':
            if (nf->sign == NS_S_TRAIL) {
                buf_putc(buf, l->neg ? '-' : '+');
            }
            break;
        case 'T': {
            char one = total > 0 ? l->pre[total - 1] : '0',
                 ten = total > 1 ? l->pre[total - 2] : '0';
            const char *th = ten == '1'   ? "TH"
                             : one == '1' ? "ST"
                             : one == '2' ? "ND"
                             : one == '3' ? "RD"
                                          : "TH";
            for (int i = 0; i < 2 && !l->neg && nf->post == 0; i++) {
                buf_putc(buf, f.ptr[0] == 't' ? ascii_lower(th[i]) : th[i]);
            }
            break;
        }
        default: break;
        }
        f.ptr += n;
        f.len -= n;
    }
}

/* num_to_roman - formats RN and FMRN: 1 to 3999, right-aligned in 15 places; false for any other
 * format. */
static bool num_to_roman(const Str *v, Slice f, Arena *arena, Str *out)
{
    static const struct {
        int value;
        const char *text;
    } PARTS[] = {
        {1000, "M"}, {900, "CM"}, {500, "D"}, {400, "CD"}, {100, "C"}, {90, "XC"}, {50, "L"},
        {40, "XL"},  {10, "X"},   {9, "IX"},  {5, "V"},    {4, "IV"},  {1, "I"},
    };
    bool fill = f.len == 4 && ascii_upper(f.ptr[0]) == 'F' && ascii_upper(f.ptr[1]) == 'M';
    Slice rn = fill ? (Slice){f.ptr + 2, f.len - 2} : f;
    if (!slice_ieq(rn, "rn")) {
        return false;
    }
    char text[16] = "";
    int64_t left;
    size_t n = 0;
    if (!numeric_to_i64(v, &left) || left < 1 || left > 3999) {
        *out = str_copy(arena, "###############", 15);
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(PARTS); i++) {
        for (; left >= PARTS[i].value; left -= PARTS[i].value) {
            for (const char *p = PARTS[i].text; *p != '\0'; p++) {
                text[n++] = rn.ptr[0] == 'r' ? ascii_lower(*p) : *p;
            }
        }
    }
    Buf buf;
    buf_init(&buf, 64);
    for (size_t i = n; i < 15 && !fill; i++) {
        buf_putc(&buf, ' ');
    }
    buf_put(&buf, text, n);
    *out = str_of_buf(arena, &buf);
    buf_release(&buf);
    return true;
}

/* num_to_exponent - EEEE: one digit, the decimals of the format, and the exponent. As in
 * PostgreSQL, floats round to even and carry into the exponent, exact numbers do neither: 9.99 may
 * become 10.0e+00. */
static void num_to_exponent(const Str *v, const double *f64, const NumFormat *nf, Arena *arena,
                            Str *out)
{
    Num n = num_get(v);
    Buf text, buf;
    int32_t count = 0, keep = nf->post + 1;
    buf_init(&text, SIZE_MAX);
    buf_init(&buf, SIZE_MAX);
    if (n.kind != NUM_FINITE) { /* as wide as a number would be */
        buf_puts(&buf, nf->post > 0 ? " #." : " #");
        for (int32_t i = 0; i < nf->post + 4; i++) {
            buf_putc(&buf, '#');
        }
    } else if (f64 != NULL) {
        buf_printf(&buf, "% .*e", nf->post, *f64);
    } else {
        numeric_text(v, &text);
        buf_putc(&text, '\0');
        const char *p = (const char *)text.data + n.neg;
        char *digits = arena_alloc(arena, text.len + (size_t)keep + 2);
        int32_t whole = (int32_t)strcspn(p, ".");
        digits[count++] = '0'; /* room for a carry */
        for (; *p != '\0'; p++) {
            if (*p == '.' || (*p == '0' && count == 1)) {
                whole -= *p == '0' ? 1 : 0; /* leading zeros move the point */
                continue;
            }
            digits[count++] = *p;
        }
        int32_t exponent = count == 1 ? 0 : whole - 1;
        for (; count < keep + 2; count++) {
            digits[count] = '0';
        }
        bool up = digits[keep + 1] >= '5';
        for (int32_t i = keep; up && i >= 0; i--) {
            up = digits[i] == '9';
            digits[i] = up ? '0' : (char)(digits[i] + 1);
        }
        buf_putc(&buf, n.neg ? '-' : ' ');
        buf_puts(&buf, digits[0] == '1' ? "1" : "");
        buf_putc(&buf, digits[1]);
        if (nf->post > 0) {
            buf_putc(&buf, '.');
            buf_put(&buf, digits + 2, (size_t)nf->post);
        }
        buf_printf(&buf, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
    }
    *out = str_of_buf(arena, &buf);
    buf_release(&buf);
    buf_release(&text);
}

/* num_to_char - a numeric by a format; f64: the number it was made from, NULL if it is exact. */
static Status num_to_char(FnCall *call, const Str *v, const double *f64, Slice f, Str *out)
{
    NumFormat nf;
    Str rounded;
    if (num_to_roman(v, f, call->arena, out)) {
        return ST_OK;
    }
    TRY(num_format_scan(call->cx, f, &nf));
    if (nf.exponent) {
        num_to_exponent(v, f64, &nf, call->arena, out);
        return ST_OK;
    }
    TRY(numeric_round_to(call->cx, call->arena, v, nf.shifted ? nf.shift : nf.post, false,
                         &rounded));
    Num n = num_get(&rounded);
    Buf text;
    buf_init(&text, SIZE_MAX);
    numeric_text(&rounded, &text);
    buf_putc(&text, '\0');
    char *p = (char *)text.data + n.neg;
    if (n.kind != NUM_FINITE) {
        *p = '\0';
    }
    char *point = nf.shifted ? strchr(p, '.') : NULL;
    if (point != NULL) { /* V: times ten to the power of its digits */
        memmove(point, point + 1, strlen(point));
        for (; p[0] == '0' && p[1] != '\0'; p++) {
        }
    }
    size_t whole = strcspn(p, ".");
    const char *whole_digits = p, *fraction = p[whole] == '.' ? p + whole + 1 : "";
    if (whole == 1 && p[0] == '0') {
        whole = 0;
    }
    NumLayout l = {.nf = &nf, .neg = n.neg};
    l.pre = arena_alloc(call->arena, (size_t)nf.pre + 1);
    l.post = arena_alloc(call->arena, (size_t)nf.post + 1);
    l.overflow = n.kind != NUM_FINITE || whole > (size_t)nf.pre;
    memset(l.pre, '0', (size_t)nf.pre + 1);
    memset(l.post, '0', (size_t)nf.post + 1);
    l.first = nf.pre - (int32_t)MIN(whole, (size_t)nf.pre);
    if (!l.overflow) {
        memcpy(l.pre + l.first, whole_digits, whole);
        memcpy(l.post, fraction, MIN(strlen(fraction), (size_t)nf.post));
    } else {
        l.first = 0;
    }
    if (nf.zero_from >= 0) {
        l.first = MIN(l.first, nf.zero_from);
    }
    if (l.first == nf.pre && nf.post == 0 && nf.pre > 0) {
        l.first = nf.pre - 1; /* zero itself is shown */
    }
    l.last_shown = nf.post;
    if (nf.fill && !l.overflow) {
        while (l.last_shown > nf.last_zero && l.post[l.last_shown - 1] == '0') {
            l.last_shown--;
        }
        if (l.first == nf.pre && nf.pre > 0 && l.last_shown == 0) {
            l.first = nf.pre - 1;
        }
    }
    Buf buf;
    buf_init(&buf, 0x3fffffff);
    num_format_write(&l, f, &buf);
    *out = str_of_buf(call->arena, &buf);
    buf_release(&buf);
    buf_release(&text);
    return ST_OK;
}
ROW_KERNEL(numeric_to_char)
{
    return num_to_char(call, &a[0].str, NULL, str_slice(&a[1].str), &r->str);
}
ROW_KERNEL(int4_to_char)
{
    Str v = numeric_from_i128(call->arena, a[0].i32, 0);
    double d = a[0].i32;
    return num_to_char(call, &v, &d, str_slice(&a[1].str), &r->str);
}
ROW_KERNEL(int8_to_char)
{
    Str v = numeric_from_i128(call->arena, a[0].i64, 0);
    return num_to_char(call, &v, NULL, str_slice(&a[1].str), &r->str);
}
ROW_KERNEL(float8_to_char)
{
    Str v;
    TRY(numeric_from_f64(call, a[0].f64, 15, &v));
    return num_to_char(call, &v, &a[0].f64, str_slice(&a[1].str), &r->str);
}
ROW_KERNEL(float4_to_char)
{
    Str v;
    TRY(numeric_from_f64(call, (double)a[0].f32, 6, &v));
    double d = (double)a[0].f32;
    return num_to_char(call, &v, &d, str_slice(&a[1].str), &r->str);
}

/* numeric_to_number - the digits, sign and point of a text; the format says how many decimals. */
ROW_KERNEL(numeric_to_number)
{
    NumFormat nf;
    Slice t = str_slice(&a[0].str);
    char *digits = arena_alloc(call->arena, t.len + 3);
    size_t n = 1;
    bool neg = false, point = false, any = false;
    TRY(num_format_scan(call->cx, str_slice(&a[1].str), &nf));
    for (size_t i = 0; i < t.len; i++) {
        char c = t.ptr[i];
        if (is_digit(c)) {
            digits[n++] = c;
            any = true;
        } else if (c == '.' && nf.decimal && !point) {
            point = true;
            digits[n++] = '.';
        } else if (c == '-' || c == '<') {
            neg = true;
        }
    }
    if (!any) {
        return err_bad_syntax(call->cx, "numeric", SLICE_LIT(" "));
    }
    digits[0] = neg ? '-' : '+';
    TRY(numeric_parse(call, (Slice){digits, n}, -1, &r->str));
    Num v = num_get(&r->str);
    return v.dscale > nf.post
               ? numeric_round_to(call->cx, call->arena, &r->str, nf.post, false, &r->str)
               : ST_OK;
}

static const FnOps TO_CHAR_NUM_FNS[] = {
    FN(numeric_to_char), FN(int4_to_char),   FN(int8_to_char),
    FN(float8_to_char),  FN(float4_to_char), FN(numeric_to_number),
};
const TypeFamily type_family_to_char_num = {
    .fns = TO_CHAR_NUM_FNS,
    .fn_count = ARRAY_LEN(TO_CHAR_NUM_FNS),
};

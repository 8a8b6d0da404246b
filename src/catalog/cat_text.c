/*
 * cat_text.c - reading the text forms of vectors and arrays in catalog columns: "1 2", "{1,2}",
 * "{a,\"b c\",NULL}".
 */
#include "catalog/cat_internal.h"

uint32_t cat_text_ints(Arena *arena, const char *text, int64_t **values_out)
{
    *values_out = NULL;
    if (text == NULL) {
        return 0;
    }
    int64_t *values = ARENA_ARRAY(arena, int64_t, strlen(text) / 2 + 1);
    uint32_t count = 0;
    for (const char *p = text; *p != 0;) {
        bool negative = *p == '-';
        if (negative) {
            p++;
        }
        if (*p < '0' || *p > '9') {
            p++;
            continue;
        }
        int64_t n = 0;
        while (*p >= '0' && *p <= '9' && n < INT64_MAX / 10 - 10) {
            n = n * 10 + (*p++ - '0');
        }
        values[count++] = negative ? -n : n;
    }
    *values_out = values;
    return count;
}

/* text_element - one array element: copies it unquoted, returns where it ended. */
static const char *text_element(const char *p, char *out, bool *quoted_out)
{
    *quoted_out = *p == '"';
    if (*quoted_out) {
        p++;
    }
    while (*p != 0 && (*quoted_out ? *p != '"' : *p != ',' && *p != '}')) {
        if (*p == '\\' && p[1] != 0) {
            p++;
        }
        *out++ = *p++;
    }
    *out = 0;
    return *quoted_out && *p == '"' ? p + 1 : p;
}

uint32_t cat_text_array(Arena *arena, const char *text, const char *const **values_out)
{
    *values_out = NULL;
    if (text == NULL || text[0] != '{' || text[1] == '}') {
        return 0;
    }
    size_t len = strlen(text);
    const char **values = ARENA_ARRAY(arena, const char *, len / 2 + 1);
    uint32_t count = 0;
    /* Unquoted elements with their terminators are never longer than the whole text. */
    char *element = arena_alloc(arena, len + 1);
    const char *p = text + 1;
    while (*p != 0 && *p != '}') {
        bool quoted;
        p = text_element(p, element, &quoted);
        values[count++] = !quoted && strcmp(element, "NULL") == 0 ? NULL : element;
        element += strlen(element) + 1;
        if (*p == ',') {
            p++;
        }
    }
    *values_out = values;
    return count;
}

#ifndef DASSIE_TYPE_JSON_INTERNAL_H
#define DASSIE_TYPE_JSON_INTERNAL_H
/*
 * json_internal.h - the scanner over json text that json.c, json_set.c and json_agg.c share. All of
 * it but json_string works on text that is known to be valid. Any thread; no state.
 */
#include "type/jsonb.h"
#include "type/kernel.h"

typedef enum JsonKind {
    JSON_OBJECT,
    JSON_ARRAY,
    JSON_STRING,
    JSON_NUMBER,
    JSON_BOOL,
    JSON_NULL
} JsonKind;
typedef enum JsonErr {
    JE_OK,
    JE_VALUE,
    JE_END,
    JE_ARRAY_FIRST,
    JE_ARRAY_NEXT,
    JE_OBJECT_FIRST,
    JE_OBJECT_NEXT,
    JE_STRING,
    JE_COLON,
    JE_TOKEN,
    JE_ESCAPE,
    JE_CONTROL,
    JE_UNICODE,
    JE_SURROGATE_HIGH,
    JE_SURROGATE_LOW,
    JE_NUL,
    JE_DEPTH
} JsonErr;

typedef struct JsonScan {
    const char *start, *p, *end;
    const char *token, *token_end; /* where an error is */
    uint32_t depth;
    Buf *text; /* strings are tried as texts, too: this one's memory is used; NULL: they are not */
} JsonScan;

void json_skip_space(JsonScan *s);
/* json_string - at the opening quote; the text without escapes goes to `out` when not NULL. */
JsonErr json_string(JsonScan *s, Buf *out);
/* json_raise - the error with PostgreSQL's DETAIL and CONTEXT. */
Status json_raise(Cx *cx, const JsonScan *s, JsonErr e);
/* json_check - is the text JSON? as_texts: and every string of it a text? */
Status json_check(Cx *cx, Slice text, bool as_texts);
JsonKind json_kind(const char *p);
/* json_open - a scan at the first character of the value. */
JsonScan json_open(const Str *v);
/* json_step - past the value at p; returns its bytes. */
Slice json_step(JsonScan *s);
/* json_next - after an element: true when another follows. */
bool json_next(JsonScan *s);
/* json_empty - past the opening bracket: is it closed at once? */
bool json_empty(JsonScan *s);
/* json_find_field - the last value under a name; false: there is none, or it is no object. */
bool json_find_field(Slice text, Slice name, Slice *out);
/* json_as_text - strings lose their quotes; KERNEL_NULL for null. whole: what the value is in, for
 * errors. */
Status json_as_text(FnCall *call, Slice whole, Slice value, Str *out);
/* json_put_value - any value as json; as_key: quoted whatever it is. */
Status json_put_value(FnCall *call, Oid oid, const Vector *arg, uint32_t row, bool as_key,
                      Buf *buf);

#endif

#ifndef DASSIE_TYPE_TSEARCH_TYPE_H
#define DASSIE_TYPE_TSEARCH_TYPE_H
/*
 * tsearch_type.h - what the files of tsvector and tsquery share with the registries of types and of
 * inverted operator classes. Any thread; no state.
 */
#include "tsearch/tsquery.h"
#include "type/gin.h"

/* TypeSoundFn of the two types. */
bool type_tsvector_sound(const Str *values, uint32_t n);
bool type_tsquery_sound(const Str *values, uint32_t n);

/* ts_current_config - default_text_search_config. */
Status ts_current_config(FnCall *call, Oid *out);

extern const GinOps gin_tsvector_ops;

#endif

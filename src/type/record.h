#ifndef DASSIE_TYPE_RECORD_H
#define DASSIE_TYPE_RECORD_H
/*
 * record.h - row values: ROW(...) and whole rows of tables, as packed fields with their types and
 * names. Any thread; no state.
 */
#include "type/type.h"

typedef struct RecordField {
    Oid type;         /* carrier */
    Oid declared;     /* 0: type */
    int32_t typmod;   /* of a row type's field */
    const char *name; /* NULL: f1, f2, ... */
    bool is_null;
    Datum value;
} RecordField;

/* record_sound - TypeSoundFn. */
bool record_sound(const Str *values, uint32_t n);
/* record_build - the value of these fields. */
Str record_build(Arena *arena, const RecordField *fields, uint32_t count);

/* RecordIter - the fields of a value, borrowed. */
typedef struct RecordIter {
    const uint8_t *at;
    uint32_t count, next;
} RecordIter;
RecordIter record_iter(const Str *record);
/* record_next - the next field; its name is not NUL-terminated. false at the end. */
bool record_next(RecordIter *it, RecordField *field, Slice *name);

#endif

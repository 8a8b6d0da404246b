/*
 * same_text.c - do two syntax trees say the same? Positions do not count.
 *
 * Goes by the descriptors of the messages, so that no kind of node is forgotten.
 */
#include "bind/bind_internal.h"

static bool same_value(const ProtobufCFieldDescriptor *f, const void *a, const void *b)
{
    switch (f->type) {
    case PROTOBUF_C_TYPE_MESSAGE:
        return bind_same_text(*(ProtobufCMessage *const *)a, *(ProtobufCMessage *const *)b);
    case PROTOBUF_C_TYPE_STRING: {
        const char *x = *(char *const *)a, *y = *(char *const *)b;
        return x == y || (x != NULL && y != NULL && strcmp(x, y) == 0);
    }
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
    case PROTOBUF_C_TYPE_DOUBLE: return memcmp(a, b, 8) == 0;
    default: return memcmp(a, b, 4) == 0;
    }
}

static bool same_list(const ProtobufCFieldDescriptor *f, const uint8_t *a, const uint8_t *b)
{
    size_t n = *(const size_t *)(const void *)(a + f->quantifier_offset);
    size_t step = f->type == PROTOBUF_C_TYPE_MESSAGE || f->type == PROTOBUF_C_TYPE_STRING
                      ? sizeof(void *)
                      : sizeof(int32_t);
    if (n != *(const size_t *)(const void *)(b + f->quantifier_offset)) {
        return false;
    }
    const uint8_t *x = *(uint8_t *const *)(const void *)(a + f->offset);
    const uint8_t *y = *(uint8_t *const *)(const void *)(b + f->offset);
    for (size_t i = 0; i < n; i++) {
        if (!same_value(f, x + i * step, y + i * step)) {
            return false;
        }
    }
    return true;
}

bool bind_same_text(const ProtobufCMessage *a, const ProtobufCMessage *b)
{
    if (a == NULL || b == NULL || a->descriptor != b->descriptor) {
        return a == b;
    }
    const uint8_t *x = (const uint8_t *)a, *y = (const uint8_t *)b;
    for (unsigned i = 0; i < a->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *f = &a->descriptor->fields[i];
        if (strcmp(f->name, "location") == 0) {
            continue;
        }
        if (f->label == PROTOBUF_C_LABEL_REPEATED) {
            if (!same_list(f, x, y)) {
                return false;
            }
            continue;
        }
        if ((f->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
            uint32_t of_a = *(const uint32_t *)(const void *)(x + f->quantifier_offset);
            uint32_t of_b = *(const uint32_t *)(const void *)(y + f->quantifier_offset);
            if (of_a != of_b) {
                return false;
            }
            if (of_a != f->id) {
                continue;
            }
        }
        if (!same_value(f, x + f->offset, y + f->offset)) {
            return false;
        }
    }
    return true;
}

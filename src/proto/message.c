/*
 * message.c - splitting the stream into messages and taking their fields.
 */
#include "proto/proto.h"

uint8_t msg_u8(ProtoMsg *m)
{
    Slice s = msg_bytes(m, 1);
    return s.ptr ? (uint8_t)s.ptr[0] : 0;
}

uint16_t msg_u16(ProtoMsg *m)
{
    uint16_t v = 0;
    Slice s = msg_bytes(m, 2);
    if (s.ptr != NULL) {
        memcpy(&v, s.ptr, 2);
    }
    return __builtin_bswap16(v);
}

uint32_t msg_u32(ProtoMsg *m)
{
    uint32_t v = 0;
    Slice s = msg_bytes(m, 4);
    if (s.ptr != NULL) {
        memcpy(&v, s.ptr, 4);
    }
    return __builtin_bswap32(v);
}

const char *msg_cstring(ProtoMsg *m)
{
    const uint8_t *nul = memchr(m->at, 0, (size_t)(m->end - m->at));
    if (nul == NULL) {
        m->broken = true;
        m->at = m->end;
        return "";
    }
    const char *s = (const char *)m->at;
    m->at = nul + 1;
    return s;
}

Slice msg_bytes(ProtoMsg *m, size_t n)
{
    if ((size_t)(m->end - m->at) < n) {
        m->broken = true;
        m->at = m->end;
        return (Slice){NULL, 0};
    }
    Slice s = {(const char *)m->at, n};
    m->at += n;
    return s;
}

Status msg_end(Cx *cx, const ProtoMsg *m)
{
    if (m->broken) {
        return err_set(cx, ERRCODE_PROTOCOL_VIOLATION, "insufficient data left in message");
    }
    if (m->at != m->end) {
        return err_set(cx, ERRCODE_PROTOCOL_VIOLATION, "invalid message format");
    }
    return ST_OK;
}

/* message_bytes_max - the longest message of a type, 0 for a type no client may send. */
static uint32_t message_bytes_max(uint8_t type)
{
    switch (type) {
    case 'Q':
    case 'P':
    case 'B':
    case 'F':
    case 'd': return PROTO_MESSAGE_MAX;
    case 'C':
    case 'D':
    case 'E':
    case 'H':
    case 'S':
    case 'X':
    case 'c':
    case 'f':
    case 'p': return PROTO_SMALL_MAX;
    default: return 0;
    }
}

Status msg_split(Cx *cx, const uint8_t *data, size_t len, ProtoMsg *msg_out, size_t *used_out,
                 size_t *need_out)
{
    *used_out = 0;
    *need_out = 5;
    if (len == 0) {
        return ST_BUSY;
    }
    uint32_t max = message_bytes_max(data[0]);
    if (max == 0) {
        return err_set(cx, ERRCODE_PROTOCOL_VIOLATION, "invalid frontend message type %d", data[0]);
    }
    if (len < 5) {
        return ST_BUSY;
    }
    uint32_t body;
    memcpy(&body, data + 1, 4);
    body = __builtin_bswap32(body);
    if (body < 4 || body > max) {
        return err_set(cx, ERRCODE_PROTOCOL_VIOLATION, "invalid message length");
    }
    *need_out = (size_t)body + 1;
    if (len < *need_out) {
        return ST_BUSY;
    }
    *msg_out = (ProtoMsg){.type = (char)data[0], .at = data + 5, .end = data + *need_out};
    *used_out = *need_out;
    return ST_OK;
}

/* startup_field - remember a parameter; those every session looks at get a field of their own. */
static void startup_field(Startup *s, const char *name, const char *value)
{
    if (strcmp(name, "user") == 0) {
        s->user = value;
    } else if (strcmp(name, "database") == 0) {
        s->database = value;
    } else if (strcmp(name, "options") == 0) {
        s->options = value;
    } else if (strcmp(name, "replication") == 0) {
        s->replication = value;
    } else if (s->pair_count < ARRAY_LEN(s->pairs)) {
        s->unknown_count += strncmp(name, "_pq_.", 5) == 0;
        if (strcmp(name, "application_name") == 0) {
            s->application_name = value;
        }
        s->pairs[s->pair_count].name = name;
        s->pairs[s->pair_count++].value = value;
    }
}

Status startup_parse(Cx *cx, const uint8_t *data, size_t len, Startup *out)
{
    memset(out, 0, sizeof(*out));
    ProtoMsg m = {.at = data, .end = data + len};
    (void)msg_u32(&m);
    out->code = msg_u32(&m);
    if (out->code == PROTO_CANCEL_CODE) {
        out->cancel_pid = msg_u32(&m);
        out->cancel_key = msg_u32(&m);
        return msg_end(cx, &m);
    }
    if (out->code == PROTO_SSL_CODE || out->code == PROTO_GSSENC_CODE) {
        return msg_end(cx, &m);
    }
    if (out->code >> 16 != 3) {
        return err_set(cx, ERRCODE_FEATURE_NOT_SUPPORTED,
                       "unsupported frontend protocol %u.%u: server supports 3.0 to 3.0",
                       out->code >> 16, out->code & 0xffff);
    }
    for (;;) {
        const char *name = msg_cstring(&m);
        if (m.broken) {
            return err_set(cx, ERRCODE_PROTOCOL_VIOLATION,
                           "invalid startup packet layout: expected terminator as last byte");
        }
        if (name[0] == '\0') {
            break;
        }
        const char *value = msg_cstring(&m);
        if (m.broken) {
            return err_set(cx, ERRCODE_PROTOCOL_VIOLATION, "invalid startup packet layout");
        }
        startup_field(out, name, value);
    }
    if (m.at != m.end) {
        return err_set(cx, ERRCODE_PROTOCOL_VIOLATION,
                       "invalid startup packet layout: expected terminator as last byte");
    }
    if (out->user == NULL || out->user[0] == '\0') {
        return err_set(cx, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
                       "no PostgreSQL user name specified in startup packet");
    }
    if (out->database == NULL || out->database[0] == '\0') {
        out->database = out->user;
    }
    return ST_OK;
}

#ifndef DASSIE_PROTO_H
#define DASSIE_PROTO_H
/*
 * proto.h - PostgreSQL's wire protocol, version 3: splitting a byte stream into messages, building
 * replies, SCRAM, COPY's text formats. No sockets and no sessions here: bytes in, bytes out, so
 * that everything can be fed by tests and fuzzers.
 *
 * One thread at a time per object. Source: PostgreSQL 15 documentation, chapter 55.
 */
#include "plan/plan.h"

#define PROTO_VERSION_3   196608u
#define PROTO_CANCEL_CODE 80877102u
#define PROTO_SSL_CODE    80877103u
#define PROTO_GSSENC_CODE 80877104u
#define PROTO_STARTUP_MAX 10000u     /* bytes of a startup packet, as PostgreSQL's */
#define PROTO_MESSAGE_MAX (1u << 30) /* bytes of one message */
#define PROTO_SMALL_MAX   10000u     /* bytes of messages that carry no data */

/* ---- reading ---- */
/* ProtoMsg - one message, body without type and length; fields are taken off the front. */
typedef struct ProtoMsg {
    char type;
    const uint8_t *at, *end;
    bool broken; /* a field ran past the end, or a string had no NUL */
} ProtoMsg;
uint8_t msg_u8(ProtoMsg *m);
uint16_t msg_u16(ProtoMsg *m);
uint32_t msg_u32(ProtoMsg *m);
/* msg_cstring - a NUL-terminated string inside the message; "" and broken when there is none. */
const char *msg_cstring(ProtoMsg *m);
/* msg_bytes - the next n bytes; {NULL,0} and broken when there are fewer. */
Slice msg_bytes(ProtoMsg *m, size_t n);
/* msg_end - everything was consumed and nothing was broken, else 08P01. */
Status msg_end(Cx *cx, const ProtoMsg *m);
/* msg_split - the next whole message of a stream of typed messages: ST_OK and *used_out bytes
   consumed; ST_BUSY when more bytes are needed (*need_out in all); 08P01 for an impossible type or
   length. */
Status msg_split(Cx *cx, const uint8_t *data, size_t len, ProtoMsg *msg_out, size_t *used_out,
                 size_t *need_out);

/* Startup packet: pairs of names and values, NUL-terminated inside the packet. */
typedef struct Startup {
    uint32_t code; /* PROTO_VERSION_3, or one of the request codes */
    uint32_t cancel_pid, cancel_key;
    const char *user, *database, *options, *application_name, *replication;
    uint32_t unknown_count; /* of "_pq_." protocol options: none is known */
    uint32_t pair_count;
    struct {
        const char *name, *value;
    } pairs[64];
} Startup;
/* startup_parse - data is the whole packet with its length. 08P01, 0A000 for another protocol
 * version. */
Status startup_parse(Cx *cx, const uint8_t *data, size_t len, Startup *out);

/* ---- writing: append to a Buf ---- */
size_t reply_begin(Buf *out, char type); /* returns the position to give to reply_end */
void reply_end(Buf *out, size_t begin);
void reply_simple(Buf *out, char type); /* a message without body */
void reply_error(Buf *out, const Err *err, bool notice);
void reply_parameter_status(Buf *out, const char *name, const char *value);
void reply_command_complete(Buf *out, const char *tag);
void reply_ready(Buf *out, char state);
/* reply_negotiate - NegotiateProtocolVersion, when a startup packet asks for more than 3.0. */
void reply_negotiate(Buf *out, const Startup *st);
void reply_row_description(Buf *out, const PlanColumn *cols, uint32_t count, const int16_t *formats,
                           uint32_t format_count, const CatView *view);
void reply_param_description(Buf *out, const Oid *types, uint32_t count);

/* RowWriter - turns batches into DataRow messages (or COPY lines), with the output functions looked
 * up once. */
typedef struct RowWriter {
    uint32_t column_count;
    const TypeOps **ops; /* per column */
    int16_t *formats;    /* 0 text, 1 binary */
    Oid *types;
    FnCall call;
} RowWriter;
/* row_writer_init - formats as Bind gives them (0 = all text, 1 = for all, n). 08P01 for a wrong
   number, 0A000 for a type without output. */
Status row_writer_init(Cx *cx, Arena *arena, RowWriter *w, const PlanColumn *cols, uint32_t count,
                       const int16_t *formats, uint32_t format_count, const TypeEnv *env,
                       const CatView *view);
/* row_write - one DataRow. */
void row_write(RowWriter *w, Buf *out, const Batch *batch, uint32_t row);

/* ---- SCRAM-SHA-256 (RFC 5802, RFC 7677), server side ---- */
#define SCRAM_ITERATIONS 4096
#define SCRAM_KEY_BYTES  32
typedef struct Scram {
    int step;
    char client_first_bare[512], server_first[512], nonce[128];
    uint8_t stored_key[SCRAM_KEY_BYTES], server_key[SCRAM_KEY_BYTES];
    bool doomed; /* no such role or no password: the exchange is played to its end, then fails */
    /* Channel binding: what the client must send for SCRAM-SHA-256-PLUS (tls-server-end-point), len
     * 0: not offered; plus: the client chose it; header: its own, in base64. */
    uint8_t binding[64], binding_len;
    bool plus;
    char header[16];
} Scram;
/* scram_make_verifier - "SCRAM-SHA-256$4096:salt$stored:server" for a new password; salt are 16
 * random bytes. */
void scram_make_verifier(const char *password, const uint8_t salt[16], char *out, size_t out_size);
bool scram_verifier_valid(const char *verifier);
/* scram_begin - verifier NULL: doomed with a salt made from the user name and secret, so that
 * nothing tells users apart. */
void scram_begin(Scram *s, const char *verifier, const char *user, const uint8_t secret[32]);
/* scram_offer_binding - TLS: SCRAM-SHA-256-PLUS is offered, too. */
void scram_offer_binding(Scram *s, const uint8_t *binding, size_t len);
/* scram_step - one message of the client. *reply gets the server's; *done_out true after success.
 * ST_NOTFOUND for a wrong proof (the caller
   raises 28P01), 08P01. */
Status scram_step(Cx *cx, Scram *s, Slice message, const uint8_t nonce[18], Buf *reply,
                  bool *done_out);

/* ---- COPY in text, CSV and binary ---- */
typedef struct CopyFormat {
    bool csv, binary, header, header_match;
    char delimiter, quote, escape;
    char null_text[64];
    uint16_t null_len;
    bool *force_quote, *force_not_null, *force_null; /* per field, NULL = none */
    bool force_quote_all;
} CopyFormat;
/* copy_write_row - one line of COPY TO in a CopyData message. */
void copy_write_row(const CopyFormat *f, RowWriter *w, Buf *out, Buf *scratch, const Batch *batch,
                    uint32_t row);
void copy_write_header(const CopyFormat *f, Buf *out, const PlanColumn *cols, uint32_t count);
/* copy_write_binary - one row of the binary format in a CopyData message, by a writer of binary
 * values; the first one brings the header. copy_write_binary_end - the trailer; first: there was
 * no row. */
void copy_write_binary(RowWriter *w, Buf *out, Buf *scratch, const Batch *batch, uint32_t row,
                       bool first);
void copy_write_binary_end(Buf *out, bool first);

/* CopyReader - COPY FROM's line splitter: feed bytes in any pieces, take rows of fields out. */
typedef struct CopyField {
    const char *ptr; /* in the reader's buffers; valid until the next row */
    uint32_t len;
    bool is_null;
} CopyField;
typedef struct CopyReader {
    const CopyFormat *format;
    Buf pending; /* bytes not yet consumed */
    size_t pos;  /* next byte of pending */
    Buf fields;  /* unescaped bytes of the current row */
    CopyField *row;
    uint32_t field_count, field_size;
    uint64_t line;   /* 1-based, of the last line of the row last returned */
    uint64_t inner;  /* line ends met so far inside the row being looked for */
    bool line_whole; /* the row last looked for was found: its fields are what is wrong */
    bool end_seen;   /* "\." or the binary trailer met */
    bool header_read;
    bool eof; /* no more bytes will come */
    bool csv_in_quote;
    size_t scan_pos;           /* CSV: how far the search for the end of line got */
    int eol;                   /* 0 unknown, 1 \n, 2 \r, 3 \r\n */
    size_t line_pos, line_len; /* in pending: the line last returned, without its end */
    bool line_ascii;           /* it is known to be of ASCII, without a zero byte */
    bool null_escaped;         /* NULL is written \N */
    bool null_plain;           /* a field without a backslash may be NULL */
} CopyReader;
void copy_reader_init(CopyReader *r, const CopyFormat *f);
void copy_reader_release(CopyReader *r);
/* copy_reader_feed - add bytes (drops consumed ones first). */
void copy_reader_feed(CopyReader *r, Slice bytes);
/* copy_reader_row - ST_OK with r->row filled; ST_BUSY when more bytes are needed; ST_DONE at the
 * end; 22P04. */
Status copy_reader_row(Cx *cx, CopyReader *r);
/* copy_reader_binary_row - the same of the binary format; r->line counts rows. */
Status copy_reader_binary_row(Cx *cx, CopyReader *r);
/* copy_reader_line - the bytes of the line last read; valid until the next feed. */
Slice copy_reader_line(const CopyReader *r);

#endif

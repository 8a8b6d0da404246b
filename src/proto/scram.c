/*
 * scram.c - SCRAM-SHA-256 and, with TLS, SCRAM-SHA-256-PLUS, server side (RFC 5802 and 7677;
 * channel binding tls-server-end-point of RFC 5929).
 */
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>
#include <stdio.h>

#include "proto/proto.h"

static void b64_encode(const uint8_t *in, size_t n, char *out)
{
    (void)EVP_EncodeBlock((unsigned char *)out, in, (int)n);
}

/* b64_decode - exact length wanted; false for anything else. */
static bool b64_decode(const char *in, size_t in_len, uint8_t *out, size_t want)
{
    uint8_t tmp[256];
    if (in_len % 4 != 0 || in_len / 4 * 3 > sizeof(tmp)) {
        return false;
    }
    int n = EVP_DecodeBlock(tmp, (const unsigned char *)in, (int)in_len);
    size_t pad = 0;
    while (pad < 2 && pad < in_len && in[in_len - 1 - pad] == '=') {
        pad++;
    }
    if (n < 0 || (size_t)n - pad != want) {
        return false;
    }
    memcpy(out, tmp, want);
    return true;
}

static void hmac_sha256(const uint8_t *key, size_t key_len, const void *msg, size_t len,
                        uint8_t out[32])
{
    unsigned int n = 32;
    (void)HMAC(EVP_sha256(), key, (int)key_len, msg, len, out, &n);
}

static void scram_keys(const char *password, const uint8_t *salt, size_t salt_len, int iterations,
                       uint8_t stored[32], uint8_t server[32])
{
    uint8_t salted[32], client[32];
    (void)PKCS5_PBKDF2_HMAC(password, (int)strlen(password), salt, (int)salt_len, iterations,
                            EVP_sha256(), 32, salted);
    hmac_sha256(salted, 32, "Client Key", 10, client);
    (void)SHA256(client, 32, stored);
    hmac_sha256(salted, 32, "Server Key", 10, server);
}

void scram_make_verifier(const char *password, const uint8_t salt[16], char *out, size_t out_size)
{
    uint8_t stored[32], server[32];
    char salt64[32], stored64[64], server64[64];
    scram_keys(password, salt, 16, SCRAM_ITERATIONS, stored, server);
    b64_encode(salt, 16, salt64);
    b64_encode(stored, 32, stored64);
    b64_encode(server, 32, server64);
    (void)snprintf(out, out_size, "SCRAM-SHA-256$%d:%s$%s:%s", SCRAM_ITERATIONS, salt64, stored64,
                   server64);
}

/* verifier_parse - the parts of a stored verifier; false when it is not one. */
static bool verifier_parse(const char *verifier, int *iterations, char salt64[64],
                           uint8_t stored[32], uint8_t server[32])
{
    char stored64[64], server64[64];
    if (sscanf(verifier, "SCRAM-SHA-256$%d:%63[A-Za-z0-9+/=]$%63[A-Za-z0-9+/=]:%63[A-Za-z0-9+/=]",
               iterations, salt64, stored64, server64) != 4) {
        return false;
    }
    return *iterations > 0 && b64_decode(stored64, strlen(stored64), stored, 32) &&
           b64_decode(server64, strlen(server64), server, 32);
}

bool scram_verifier_valid(const char *verifier)
{
    int iterations;
    char salt64[64];
    uint8_t stored[32], server[32];
    return verifier_parse(verifier, &iterations, salt64, stored, server);
}

void scram_begin(Scram *s, const char *verifier, const char *user, const uint8_t secret[32])
{
    int iterations = SCRAM_ITERATIONS;
    char salt64[64];
    memset(s, 0, sizeof(*s));
    if (verifier == NULL ||
        !verifier_parse(verifier, &iterations, salt64, s->stored_key, s->server_key)) {
        uint8_t mock[32];
        s->doomed = true;
        iterations = SCRAM_ITERATIONS;
        hmac_sha256(secret, 32, user, strlen(user), mock);
        b64_encode(mock, 16, salt64);
    }
    /* The first server message but for the nonce; completed by the first step. */
    (void)snprintf(s->server_first, sizeof(s->server_first), ",s=%s,i=%d", salt64, iterations);
}

static Status scram_malformed(Cx *cx)
{
    return err_set(cx, ERRCODE_PROTOCOL_VIOLATION, "malformed SCRAM message");
}

/* scram_first - client-first-message: gs2 header, user name (ignored: the startup packet's counts),
 * client nonce. */
static Status scram_first(Cx *cx, Scram *s, const char *msg, const uint8_t nonce[18], Buf *reply)
{
    static const char PLUS[] = "p=tls-server-end-point,,";
    const char *bare = msg + 3;
    if (msg[0] == 'p') {
        if (!s->plus) {
            return err_set(cx, ERRCODE_PROTOCOL_VIOLATION, "malformed SCRAM message");
        }
        if (strncmp(msg, PLUS, sizeof(PLUS) - 1) != 0) {
            return err_set(cx, ERRCODE_PROTOCOL_VIOLATION,
                           "unsupported SCRAM channel-binding type \"%.*s\"",
                           (int)strcspn(msg + 2, ","), msg + 2);
        }
        bare = msg + sizeof(PLUS) - 1;
    } else if ((msg[0] != 'n' && msg[0] != 'y') || msg[1] != ',' || msg[2] != ',' || s->plus) {
        return scram_malformed(cx);
    } else if (msg[0] == 'y' && s->binding_len != 0) {
        /* Somebody in between may have taken SCRAM-SHA-256-PLUS out of our offer. */
        st_ignore(err_set(cx, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
                          "SCRAM channel binding negotiation error"));
        return err_detail(cx, "The client supports SCRAM channel binding but thinks the server "
                              "does not.  However, this server does support channel binding.");
    }
    (void)snprintf(s->header, sizeof(s->header), "%.3s", msg);
    const char *client_nonce = strstr(bare, ",r=");
    if (strncmp(bare, "n=", 2) != 0 || client_nonce == NULL ||
        strlen(bare) >= sizeof(s->client_first_bare)) {
        return scram_malformed(cx);
    }
    client_nonce += 3;
    size_t n = strcspn(client_nonce, ",");
    if (n == 0 || n > 80) {
        return scram_malformed(cx);
    }
    char own[32], tail[512];
    b64_encode(nonce, 18, own);
    (void)snprintf(s->client_first_bare, sizeof(s->client_first_bare), "%s", bare);
    (void)snprintf(s->nonce, sizeof(s->nonce), "%.*s%s", (int)n, client_nonce, own);
    (void)snprintf(tail, sizeof(tail), "%s", s->server_first);
    if (snprintf(s->server_first, sizeof(s->server_first), "r=%s%s", s->nonce, tail) >=
        (int)sizeof(s->server_first)) {
        return scram_malformed(cx);
    }
    buf_puts(reply, s->server_first);
    return ST_OK;
}

/* scram_bound - the "c=" attribute that the client must send: its first header, and with channel
 * binding what both sides know of the connection. */
static void scram_bound(const Scram *s, char *out, size_t size)
{
    static const char PLUS[] = "p=tls-server-end-point,,";
    uint8_t raw[128];
    char text[256];
    size_t n = s->plus ? sizeof(PLUS) - 1 : 3;
    memcpy(raw, s->plus ? PLUS : s->header, n);
    if (s->plus) {
        memcpy(raw + n, s->binding, s->binding_len);
        n += s->binding_len;
    }
    b64_encode(raw, n, text);
    (void)snprintf(out, size, "c=%s,r=%s", text, s->nonce);
}

void scram_offer_binding(Scram *s, const uint8_t *binding, size_t len)
{
    ASSERT(len <= sizeof(s->binding));
    memcpy(s->binding, binding, len);
    s->binding_len = (uint8_t)len;
}

/* scram_final - client-final-message: check the proof, give our signature. */
static Status scram_final(Cx *cx, Scram *s, const char *msg, Buf *reply, bool *done_out)
{
    const char *proof = strstr(msg, ",p=");
    char expect[512], auth[2048];
    uint8_t proof_bytes[32], signature[32], client_key[32], stored[32];
    if (proof == NULL || !b64_decode(proof + 3, strlen(proof + 3), proof_bytes, 32)) {
        return scram_malformed(cx);
    }
    size_t bare_len = (size_t)(proof - msg);
    scram_bound(s, expect, sizeof(expect));
    if (bare_len != strlen(expect) || memcmp(msg, expect, bare_len) != 0) {
        return s->plus ? err_set(cx, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
                                 "SCRAM channel binding check failed")
                       : scram_malformed(cx);
    }
    (void)snprintf(auth, sizeof(auth), "%s,%s,%.*s", s->client_first_bare, s->server_first,
                   (int)bare_len, msg);
    hmac_sha256(s->stored_key, 32, auth, strlen(auth), signature);
    for (int i = 0; i < 32; i++) {
        client_key[i] = proof_bytes[i] ^ signature[i];
    }
    (void)SHA256(client_key, 32, stored);
    if (CRYPTO_memcmp(stored, s->stored_key, 32) != 0 || s->doomed) {
        return ST_NOTFOUND;
    }
    char verifier[64];
    hmac_sha256(s->server_key, 32, auth, strlen(auth), signature);
    b64_encode(signature, 32, verifier);
    buf_printf(reply, "v=%s", verifier);
    *done_out = true;
    return ST_OK;
}

Status scram_step(Cx *cx, Scram *s, Slice message, const uint8_t nonce[18], Buf *reply,
                  bool *done_out)
{
    char msg[1024];
    *done_out = false;
    if (message.len >= sizeof(msg) || memchr(message.ptr, 0, message.len) != NULL) {
        return scram_malformed(cx);
    }
    memcpy(msg, message.ptr, message.len);
    msg[message.len] = '\0';
    return s->step++ == 0 ? scram_first(cx, s, msg, nonce, reply)
                          : scram_final(cx, s, msg, reply, done_out);
}

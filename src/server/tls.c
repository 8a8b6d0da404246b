/*
 * tls.c - TLS to clients: the server's certificate, the handshake, bytes in and out.
 *
 * A session asks for it with an SSLRequest before it says anything else. From then on its bytes go
 * through OpenSSL, which reads and writes the same non-blocking socket; SSL_read and SSL_write look
 * like recv and send to the rest of the server (-1 with EAGAIN: later). One worker at a time runs a
 * session, so nothing here is locked; the context is constant after start.
 * Sessions are not resumed and never renegotiated: an idle connection keeps one SSL object.
 */
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "server/server_internal.h"

/* tls_reason - why OpenSSL failed, as text. */
static const char *tls_reason(char *text, size_t size)
{
    unsigned long code = ERR_get_error();
    if (code == 0) {
        (void)snprintf(text, size, "no SSL error reported");
    } else if (ERR_SYSTEM_ERROR(code)) {
        (void)snprintf(text, size, "%s", strerror(ERR_GET_REASON(code)));
    } else {
        const char *reason = ERR_reason_error_string(code);
        (void)snprintf(text, size, "%s", reason != NULL ? reason : "unknown SSL error");
    }
    ERR_clear_error();
    return text;
}

/* tls_path - a file's name as given, or beside the database file. */
static void tls_path(const Server *srv, const char *name, char *out, size_t size)
{
    const char *file = srv->options.file, *slash = strrchr(file, '/');
    if (name[0] == '/' || slash == NULL) {
        (void)snprintf(out, size, "%s", name);
    } else {
        (void)snprintf(out, size, "%.*s/%s", (int)(slash - file), file, name);
    }
}

static Status tls_failed(Cx *cx, const char *what, const char *path)
{
    char why[256];
    return err_set(cx, ERRCODE_CONFIG_FILE_ERROR, "could not load %s \"%s\": %s", what, path,
                   tls_reason(why, sizeof(why)));
}

/* tls_key_private - nobody but the owner (or root's group) may read the key. */
static Status tls_key_private(Cx *cx, const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        return err_set(cx, ERRCODE_CONFIG_FILE_ERROR,
                       "could not access private key file \"%s\": %s", path, strerror(errno));
    }
    bool own = st.st_uid == geteuid() && (st.st_mode & (S_IRWXG | S_IRWXO)) == 0;
    bool root = st.st_uid == 0 && (st.st_mode & (S_IWGRP | S_IXGRP | S_IRWXO)) == 0;
    if (own || root) {
        return ST_OK;
    }
    st_ignore(err_set(cx, ERRCODE_CONFIG_FILE_ERROR,
                      "private key file \"%s\" has group or world access", path));
    return err_detail(cx, "File must have permissions u=rw (0600) or less if owned by the database "
                          "user, or permissions u=rw,g=r (0640) or less if owned by root.");
}

static int tls_version(const char *name)
{
    return strcasecmp(name, "TLSv1") == 0     ? TLS1_VERSION
           : strcasecmp(name, "TLSv1.1") == 0 ? TLS1_1_VERSION
           : strcasecmp(name, "TLSv1.2") == 0 ? TLS1_2_VERSION
           : strcasecmp(name, "TLSv1.3") == 0 ? TLS1_3_VERSION
                                              : 0;
}

/* tls_authorities - who may have signed clients' certificates. */
static Status tls_authorities(Cx *cx, Server *srv, SSL_CTX *ctx)
{
    char path[SERVER_PATH_MAX];
    const char *ca = server_setting(srv, "ssl_ca_file"), *crl = server_setting(srv, "ssl_crl_file");
    if (ca[0] != '\0') {
        tls_path(srv, ca, path, sizeof(path));
        STACK_OF(X509_NAME) *names = SSL_load_client_CA_file(path);
        if (names == NULL || SSL_CTX_load_verify_locations(ctx, path, NULL) != 1) {
            return tls_failed(cx, "root certificate file", path);
        }
        SSL_CTX_set_client_CA_list(ctx, names);
        SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_CLIENT_ONCE, NULL);
        srv->tls_asks_client = true;
    }
    if (crl[0] != '\0') {
        X509_STORE *store = SSL_CTX_get_cert_store(ctx);
        tls_path(srv, crl, path, sizeof(path));
        if (X509_STORE_load_locations(store, path, NULL) != 1) {
            return tls_failed(cx, "SSL certificate revocation list file", path);
        }
        (void)X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    }
    return ST_OK;
}

/* tls_binding - tls-server-end-point of RFC 5929: the certificate's hash, by the hash of its
 * signature, SHA-256 in place of MD5 and SHA-1. */
static Status tls_binding(Cx *cx, Server *srv, SSL_CTX *ctx)
{
    X509 *cert = SSL_CTX_get0_certificate(ctx);
    int digest = 0;
    unsigned int n = 0;
    const EVP_MD *md = NULL;
    if (cert != NULL && X509_get_signature_info(cert, &digest, NULL, NULL, NULL) == 1) {
        md = digest == NID_md5 || digest == NID_sha1 ? EVP_sha256() : EVP_get_digestbynid(digest);
    }
    if (md == NULL || EVP_MD_get_size(md) > (int)sizeof(srv->tls_binding) ||
        X509_digest(cert, md, srv->tls_binding, &n) != 1) {
        return err_set(cx, ERRCODE_CONFIG_FILE_ERROR, "could not hash the server certificate");
    }
    srv->tls_binding_len = (uint8_t)n;
    return ST_OK;
}

/* tls_configure - certificate, key, versions, ciphers. */
static Status tls_configure(Cx *cx, Server *srv, SSL_CTX *ctx)
{
    char path[SERVER_PATH_MAX];
    SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
                              SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                 SSL_OP_CIPHER_SERVER_PREFERENCE);
    (void)SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    (void)SSL_CTX_set_num_tickets(ctx, 0);
    tls_path(srv, server_setting(srv, "ssl_cert_file"), path, sizeof(path));
    if (SSL_CTX_use_certificate_chain_file(ctx, path) != 1) {
        return tls_failed(cx, "server certificate file", path);
    }
    tls_path(srv, server_setting(srv, "ssl_key_file"), path, sizeof(path));
    TRY(tls_key_private(cx, path));
    if (SSL_CTX_use_PrivateKey_file(ctx, path, SSL_FILETYPE_PEM) != 1) {
        return tls_failed(cx, "private key file", path);
    }
    if (SSL_CTX_check_private_key(ctx) != 1) {
        return tls_failed(cx, "matching private key file", path);
    }
    int min = tls_version(server_setting(srv, "ssl_min_protocol_version")),
        max = tls_version(server_setting(srv, "ssl_max_protocol_version"));
    if (max != 0 && min > max) {
        return err_set(cx, ERRCODE_CONFIG_FILE_ERROR, "could not set SSL protocol version range");
    }
    if ((min != 0 && SSL_CTX_set_min_proto_version(ctx, min) != 1) ||
        (max != 0 && SSL_CTX_set_max_proto_version(ctx, max) != 1)) {
        return err_set(cx, ERRCODE_CONFIG_FILE_ERROR, "could not set the SSL protocol version");
    }
    if (SSL_CTX_set_cipher_list(ctx, server_setting(srv, "ssl_ciphers")) != 1) {
        return err_set(cx, ERRCODE_CONFIG_FILE_ERROR,
                       "could not set the cipher list (no valid ciphers available)");
    }
    TRY(tls_authorities(cx, srv, ctx));
    return tls_binding(cx, srv, ctx);
}

Status tls_server_start(Cx *cx, Server *srv)
{
    bool on = false;
    if (!setting_parse_bool(server_setting(srv, "ssl"), &on) || !on) {
        return ST_OK;
    }
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    if (ctx == NULL) {
        return err_set(cx, ERRCODE_INTERNAL_ERROR, "could not create SSL context");
    }
    Status st = tls_configure(cx, srv, ctx);
    if (st != ST_OK) {
        SSL_CTX_free(ctx);
        return st;
    }
    srv->tls = ctx;
    return ST_OK;
}

void tls_server_end(Server *srv)
{
    SSL_CTX_free(srv->tls);
    srv->tls = NULL;
}

/* ---- sessions ---- */

Status tls_begin(Cx *cx, Session *s)
{
    SSL *ssl = SSL_new(s->server->tls);
    if (ssl == NULL || SSL_set_fd(ssl, s->fd) != 1) {
        SSL_free(ssl);
        return err_set(cx, ERRCODE_PROTOCOL_VIOLATION, "could not initialize SSL connection");
    }
    s->tls = ssl;
    return ST_OK;
}

/* tls_name - a distinguished name in one line, as certificate names are shown: /C=AU/CN=me. */
static const char *tls_name(Arena *arena, const X509_NAME *name)
{
    char *line = X509_NAME_oneline(name, NULL, 0);
    const char *copy = line != NULL ? arena_strdup(arena, line) : NULL;
    OPENSSL_free(line);
    return copy;
}

/* tls_note_peer - who the client's certificate, which has been verified, says it is. */
static Status tls_note_peer(Cx *cx, Session *s)
{
    X509 *peer = SSL_get0_peer_certificate(s->tls);
    char cn[sizeof(s->peer_name)];
    if (peer == NULL || SSL_get_verify_result(s->tls) != X509_V_OK) {
        return ST_OK;
    }
    s->peer_verified = true;
    const X509_NAME *subject = X509_get_subject_name(peer);
    int n =
        X509_NAME_get_text_by_NID((X509_NAME *)(uintptr_t)subject, NID_commonName, cn, sizeof(cn));
    if (n >= 0 && strlen(cn) != (size_t)n) {
        return err_set(cx, ERRCODE_PROTOCOL_VIOLATION,
                       "SSL certificate's common name contains embedded null");
    }
    (void)snprintf(s->peer_name, sizeof(s->peer_name), "%s", n >= 0 ? cn : "");
    BIGNUM *serial = ASN1_INTEGER_to_BN(X509_get0_serialNumber(peer), NULL);
    char *digits = serial != NULL ? BN_bn2dec(serial) : NULL;
    s->tls_facts.serial = digits != NULL ? arena_strdup(&s->arena, digits) : NULL;
    OPENSSL_free(digits);
    BN_free(serial);
    s->tls_facts.subject = tls_name(&s->arena, subject);
    s->tls_facts.issuer = tls_name(&s->arena, X509_get_issuer_name(peer));
    return ST_OK;
}

Status tls_handshake(Cx *cx, Session *s)
{
    char why[256];
    ERR_clear_error();
    int r = SSL_accept(s->tls);
    if (r == 1) {
        const SSL_CIPHER *cipher = SSL_get_current_cipher(s->tls);
        s->tls_facts = (FuncTls){.on = true,
                                 .version = SSL_get_version(s->tls),
                                 .cipher = cipher != NULL ? SSL_CIPHER_get_name(cipher) : "",
                                 .bits = cipher != NULL ? SSL_CIPHER_get_bits(cipher, NULL) : 0};
        TRY(tls_note_peer(cx, s));
        s->state = SESSION_STARTUP;
        s->tls_ready = true;
        return ST_OK;
    }
    switch (SSL_get_error(s->tls, r)) {
    case SSL_ERROR_WANT_READ: return ST_BUSY;
    case SSL_ERROR_WANT_WRITE: poller_arm_write(s, true); return ST_BUSY;
    case SSL_ERROR_ZERO_RETURN:
    case SSL_ERROR_SYSCALL:
        return err_set(cx, ERRCODE_PROTOCOL_VIOLATION,
                       "could not accept SSL connection: EOF detected");
    default:
        return err_set(cx, ERRCODE_PROTOCOL_VIOLATION, "could not accept SSL connection: %s",
                       tls_reason(why, sizeof(why)));
    }
}

/* tls_result - what recv or send would have said. */
static ssize_t tls_result(Session *s, int r)
{
    if (r > 0) {
        return r;
    }
    switch (SSL_get_error(s->tls, r)) {
    case SSL_ERROR_ZERO_RETURN: return 0;
    case SSL_ERROR_WANT_WRITE:
        poller_arm_write(s, true);
        errno = EAGAIN;
        return -1;
    case SSL_ERROR_WANT_READ: errno = EAGAIN; return -1;
    case SSL_ERROR_SYSCALL: errno = errno != 0 && errno != EAGAIN ? errno : ECONNRESET; return -1;
    default:
        /* A peer that just closes the socket is an end of input like any other. */
        errno = ECONNRESET;
        return ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING ? 0 : -1;
    }
}

ssize_t tls_recv(Session *s, void *bytes, size_t n)
{
    ERR_clear_error();
    errno = 0;
    return tls_result(s, SSL_read(s->tls, bytes, (int)MIN(n, (size_t)INT32_MAX)));
}

ssize_t tls_send(Session *s, const void *bytes, size_t n)
{
    ERR_clear_error();
    errno = 0;
    ssize_t r = tls_result(s, SSL_write(s->tls, bytes, (int)MIN(n, (size_t)INT32_MAX)));
    if (r == 0) { /* closed: nothing can be sent any more */
        errno = EPIPE;
        return -1;
    }
    return r;
}

void tls_end(Session *s)
{
    if (s->tls == NULL) {
        return;
    }
    if (s->tls_ready) {
        ERR_clear_error();
        (void)SSL_shutdown(s->tls); /* says goodbye, waits for none */
    }
    SSL_free(s->tls);
    s->tls = NULL;
}

/* tls_copy - a text that may go with its session. */
static const char *tls_copy(Arena *arena, const char *text)
{
    return text != NULL ? arena_strdup(arena, text) : NULL;
}

void tls_tell(const Session *s, Arena *arena, FuncTls *out)
{
    *out = s->tls_facts;
    out->subject = tls_copy(arena, out->subject);
    out->issuer = tls_copy(arena, out->issuer);
    out->serial = tls_copy(arena, out->serial);
}

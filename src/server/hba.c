/*
 * hba.c - who may connect from where, and how he shows who he is: rules as in a pg_hba.conf.
 *
 * The setting hba_rules holds the lines, one after the other or divided by semicolons:
 *     local|host|hostssl|hostnossl  databases  users  [address [mask]]  method  [option=value ...]
 * The first line that fits decides. Without any, the owner of the server may come by its socket as
 * any role, and everybody else by SCRAM (session_auth.c).
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/socket.h>

#include "base/log.h"
#include "server/server_internal.h"

#define HBA_TOKENS_MAX 64
#define HBA_TOKEN_MAX  256

typedef enum HbaType { HBA_LOCAL, HBA_HOST, HBA_HOSTSSL, HBA_HOSTNOSSL } HbaType;

struct HbaRule {
    struct HbaRule *next;
    HbaType type;
    const char *databases, *users; /* as written: a,b */
    bool any_address;
    int family;
    uint8_t address[16], mask[16];
    HbaMethod method;
    HbaCert cert;
};

/* ---- reading ---- */

/* HbaLine - one rule's tokens. */
typedef struct HbaLine {
    char tokens[HBA_TOKENS_MAX][HBA_TOKEN_MAX];
    uint32_t count;
} HbaLine;

/* hba_line - the tokens of the next rule; NULL at the end. */
static const char *hba_line(const char *p, HbaLine *line)
{
    line->count = 0;
    while (*p != '\0' && line->count == 0) {
        while (*p != '\0' && *p != '\n' && *p != ';') {
            if (*p == '#') {
                p += strcspn(p, "\n");
                break;
            }
            if (isspace((unsigned char)*p)) {
                p++;
                continue;
            }
            char *out = line->tokens[MIN(line->count, (uint32_t)HBA_TOKENS_MAX - 1)];
            size_t n = 0;
            bool quoted = false;
            for (; *p != '\0' && (quoted || strchr(" \t\r\n;#", *p) == NULL); p++) {
                if (*p == '"') {
                    quoted = !quoted;
                } else if (n + 1 < HBA_TOKEN_MAX) {
                    out[n++] = *p;
                }
            }
            out[n] = '\0';
            line->count = MIN(line->count + 1, (uint32_t)HBA_TOKENS_MAX);
        }
        p += *p != '\0';
    }
    return line->count != 0 ? p : NULL;
}

static Status hba_wrong(Cx *cx, const HbaLine *line, const char *what)
{
    return err_set(cx, ERRCODE_CONFIG_FILE_ERROR, "hba_rules: %s in the rule beginning with \"%s\"",
                   what, line->tokens[0]);
}

/* hba_mask_bits - the first n bits. */
static void hba_mask_bits(uint8_t mask[16], long n)
{
    for (long i = 0; i < 16; i++) {
        long bits = n - i * 8;
        mask[i] = (uint8_t)(bits >= 8 ? 0xff : bits <= 0 ? 0 : 0xff << (8 - bits));
    }
}

/* hba_address - "all", an address with a length, or an address and a mask; *used_out tokens. */
static Status hba_address(Cx *cx, const HbaLine *line, uint32_t at, struct HbaRule *r,
                          uint32_t *used_out)
{
    char text[HBA_TOKEN_MAX];
    *used_out = 1;
    if (at >= line->count) {
        return hba_wrong(cx, line, "the address is missing");
    }
    (void)snprintf(text, sizeof(text), "%s", line->tokens[at]);
    if (strcmp(text, "all") == 0) {
        r->any_address = true;
        return ST_OK;
    }
    char *slash = strchr(text, '/'), *end;
    if (slash != NULL) {
        *slash = '\0';
    }
    r->family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
    if (inet_pton(r->family, text, r->address) != 1) {
        return err_unsupported(cx, "hba_rules: host names (\"%s\") are not supported", text);
    }
    if (slash != NULL) {
        long n = strtol(slash + 1, &end, 10);
        if (*end != '\0' || slash[1] == '\0' || n < 0 || n > (r->family == AF_INET ? 32 : 128)) {
            return hba_wrong(cx, line, "the length of the address is wrong");
        }
        hba_mask_bits(r->mask, n);
        return ST_OK;
    }
    if (at + 1 >= line->count || inet_pton(r->family, line->tokens[at + 1], r->mask) != 1) {
        return hba_wrong(cx, line, "the mask of the address is missing");
    }
    *used_out = 2;
    return ST_OK;
}

/* hba_method - how he shows who he is, where that is possible. */
static Status hba_method(Cx *cx, const HbaLine *line, const char *name, struct HbaRule *r)
{
    static const struct {
        const char *name;
        HbaMethod method;
    } METHODS[] = {
        {"trust", HBA_TRUST},         {"reject", HBA_REJECT}, {"peer", HBA_PEER},
        {"scram-sha-256", HBA_SCRAM}, {"cert", HBA_CERT},
    };
    for (size_t i = 0; i < ARRAY_LEN(METHODS); i++) {
        if (strcmp(METHODS[i].name, name) == 0) {
            r->method = METHODS[i].method;
            if (r->method == HBA_PEER && r->type != HBA_LOCAL) {
                return hba_wrong(cx, line,
                                 "peer authentication is only supported on local sockets");
            }
            if (r->method == HBA_CERT && r->type != HBA_HOSTSSL) {
                return hba_wrong(cx, line,
                                 "cert authentication is only supported on hostssl connections");
            }
            r->cert = r->method == HBA_CERT ? HBA_CERT_FULL : HBA_CERT_NONE;
            return ST_OK;
        }
    }
    if (strcmp(name, "md5") == 0 || strcmp(name, "password") == 0) {
        st_ignore(err_unsupported(cx,
                                  "hba_rules: the authentication method \"%s\" is not "
                                  "supported",
                                  name));
        return err_hint(cx, "Passwords are kept and checked by SCRAM only: use scram-sha-256.");
    }
    return err_unsupported(cx, "hba_rules: the authentication method \"%s\" is not supported",
                           name);
}

/* hba_option - clientcert=verify-ca|verify-full. */
static Status hba_option(Cx *cx, const HbaLine *line, const char *text, struct HbaRule *r)
{
    if (strncmp(text, "clientcert=", 11) == 0 && r->type == HBA_HOSTSSL) {
        r->cert = strcmp(text + 11, "verify-ca") == 0     ? HBA_CERT_CA
                  : strcmp(text + 11, "verify-full") == 0 ? HBA_CERT_FULL
                                                          : HBA_CERT_NONE;
        if (r->cert != HBA_CERT_NONE) {
            return ST_OK;
        }
        return hba_wrong(cx, line, "clientcert is neither verify-ca nor verify-full");
    }
    return err_unsupported(cx, "hba_rules: the option \"%s\" is not supported", text);
}

/* hba_rule - the tokens of one line. */
static Status hba_rule(Cx *cx, Server *srv, const HbaLine *line, struct HbaRule *r)
{
    static const char *const TYPES[] = {"local", "host", "hostssl", "hostnossl"};
    uint32_t at = 3, used = 0, type = 0;
    while (type < ARRAY_LEN(TYPES) && strcmp(TYPES[type], line->tokens[0]) != 0) {
        type++;
    }
    if (type == ARRAY_LEN(TYPES)) {
        return hba_wrong(cx, line, "an unknown kind of connection");
    }
    if (line->count < 4) {
        return hba_wrong(cx, line, "something is missing");
    }
    r->type = (HbaType)type;
    r->databases = arena_strdup(&srv->arena, line->tokens[1]);
    r->users = arena_strdup(&srv->arena, line->tokens[2]);
    if (strchr(r->users, '+') != NULL || strchr(r->users, '@') != NULL ||
        strchr(r->databases, '@') != NULL) {
        return err_unsupported(cx, "hba_rules: groups and files of names are not supported");
    }
    if (r->type != HBA_LOCAL) {
        TRY(hba_address(cx, line, at, r, &used));
        at += used;
    }
    if (at >= line->count) {
        return hba_wrong(cx, line, "the authentication method is missing");
    }
    TRY(hba_method(cx, line, line->tokens[at++], r));
    for (; at < line->count; at++) {
        TRY(hba_option(cx, line, line->tokens[at], r));
    }
    return ST_OK;
}

Status hba_load(Cx *cx, Server *srv)
{
    HbaLine *line = mem_alloc("hba", sizeof(*line));
    struct HbaRule **end = &srv->hba;
    const char *p = server_setting(srv, "hba_rules");
    Status st = ST_OK;
    while (st == ST_OK && (p = hba_line(p, line)) != NULL) {
        struct HbaRule *r = ARENA_NEW(&srv->arena, struct HbaRule);
        st = hba_rule(cx, srv, line, r);
        *end = r;
        end = &r->next;
    }
    mem_free(line);
    return st;
}

/* ---- choosing ---- */

/* hba_listed - is the name in a list of words? same: what "sameuser" stands for. */
static bool hba_listed(const char *list, const char *name, const char *same)
{
    for (const char *p = list; *p != '\0';) {
        size_t n = strcspn(p, ",");
        if ((n == 3 && strncmp(p, "all", n) == 0) ||
            (n == strlen(name) && strncmp(p, name, n) == 0) ||
            (same != NULL && n == 8 && strncmp(p, "sameuser", n) == 0 && strcmp(name, same) == 0)) {
            return true;
        }
        p += n;
        p += *p == ',';
    }
    return false;
}

static bool hba_from(const Session *s, const struct HbaRule *r)
{
    uint8_t address[16];
    const char *text = s->client_address;
    int family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
    if (r->any_address) {
        return true;
    }
    if (family != r->family || inet_pton(family, text, address) != 1) {
        return false;
    }
    for (int i = 0; i < (family == AF_INET ? 4 : 16); i++) {
        if ((address[i] & r->mask[i]) != (r->address[i] & r->mask[i])) {
            return false;
        }
    }
    return true;
}

/* hba_find - the first rule that fits; NULL: none does. */
static const struct HbaRule *hba_find(const Session *s)
{
    for (const struct HbaRule *r = s->server->hba; r != NULL; r = r->next) {
        bool kind = r->type == HBA_LOCAL       ? s->is_unix
                    : r->type == HBA_HOSTSSL   ? s->tls_ready
                    : r->type == HBA_HOSTNOSSL ? !s->is_unix && !s->tls_ready
                                               : !s->is_unix;
        if (kind && (s->is_unix || hba_from(s, r)) &&
            hba_listed(r->databases, s->database, s->user) && hba_listed(r->users, s->user, NULL)) {
            return r;
        }
    }
    return NULL;
}

/* hba_refused - FATAL 28000, told to the log as well. */
static Status hba_refused(Cx *cx, const Session *s, const char *why)
{
    Status st = err_set(cx, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
                        "%s for host \"%s\", user \"%s\", database \"%s\", %s", why,
                        s->is_unix ? "[local]" : s->client_address, s->user, s->database,
                        s->tls_ready ? "SSL encryption" : "no encryption");
    log_line(LOG_WARNING, "%s", cx->err->message);
    return st;
}

/* hba_certificate - what the rule wants of the client's certificate. */
static Status hba_certificate(Cx *cx, const Session *s, const struct HbaRule *r)
{
    if (r->cert == HBA_CERT_NONE) {
        return ST_OK;
    }
    if (!s->peer_verified) {
        return err_set(cx, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
                       "connection requires a valid client certificate");
    }
    if (r->cert == HBA_CERT_FULL && strcmp(s->peer_name, s->user) != 0) {
        log_line(LOG_WARNING,
                 "certificate authentication failed for user \"%s\": the certificate is of \"%s\"",
                 s->user, s->peer_name);
        return err_set(cx, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
                       "certificate authentication failed for user \"%s\"", s->user);
    }
    return ST_OK;
}

/* hba_peer - the operating system's user at the other end of the socket is of the role's name, or
 * the owner of the server. */
static Status hba_peer(Cx *cx, const Session *s, bool owner)
{
    struct ucred cred;
    socklen_t len = sizeof(cred);
    struct passwd pw, *found = NULL;
    char room[4096];
    if (owner) {
        return ST_OK;
    }
    if (getsockopt(s->fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 &&
        getpwuid_r(cred.uid, &pw, room, sizeof(room), &found) == 0 && found != NULL &&
        strcmp(pw.pw_name, s->user) == 0) {
        return ST_OK;
    }
    return err_set(cx, ERRCODE_INVALID_AUTHORIZATION_SPECIFICATION,
                   "Peer authentication failed for user \"%s\"", s->user);
}

Status hba_check(Cx *cx, Session *s, bool owner, bool *scram_out)
{
    *scram_out = false;
    if (s->server->hba == NULL) {
        *scram_out = !owner;
        return ST_OK;
    }
    const struct HbaRule *r = hba_find(s);
    if (r == NULL) {
        return hba_refused(cx, s, "no pg_hba.conf entry");
    }
    if (r->method == HBA_REJECT) {
        return hba_refused(cx, s, "pg_hba.conf rejects connection");
    }
    TRY(hba_certificate(cx, s, r));
    *scram_out = r->method == HBA_SCRAM;
    return r->method == HBA_PEER ? hba_peer(cx, s, owner) : ST_OK;
}

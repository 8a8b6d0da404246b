/*
 * crypto_fn.c - functions of the extension pgcrypto: hashes, random bytes, password hashes, raw
 * encryption. OpenSSL and libcrypt do the work.
 *
 * Ciphers: aes and 3des, in cbc (default) and ecb, padded (default) or not. The others of pgcrypto
 * are in no provider that OpenSSL loads by itself, and OpenPGP is not there: both say so.
 */
#include <crypt.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "func/func_internal.h"

#define CRYPTO_RANDOM_MAX 1024

/* crypto_digest - a hash by its name. */
static Status crypto_digest(FnCall *call, const Datum *name, const EVP_MD **out)
{
    const char *text = func_cstring(call, name);
    *out = EVP_get_digestbyname(text);
    return *out != NULL ? ST_OK
                        : err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                                  "Cannot use \"%s\": No such hash algorithm", text);
}

static Status fn_digest(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    const EVP_MD *md;
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned int n = 0;
    (void)fs, (void)null_out;
    TRY(crypto_digest(call, &a[1], &md));
    if (EVP_Digest(str_ptr(&a[0].str), a[0].str.len, hash, &n, md, NULL) != 1) {
        return err_set(call->cx, ERRCODE_INTERNAL_ERROR, "could not compute a hash");
    }
    out->str = str_copy(call->arena, hash, n);
    return ST_OK;
}
KERNEL(fn_digest)

static Status fn_hmac(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    const EVP_MD *md;
    uint8_t hash[EVP_MAX_MD_SIZE];
    unsigned int n = 0;
    (void)fs, (void)null_out;
    TRY(crypto_digest(call, &a[2], &md));
    if (HMAC(md, str_ptr(&a[1].str), (int)a[1].str.len, (const uint8_t *)str_ptr(&a[0].str),
             a[0].str.len, hash, &n) == NULL) {
        return err_set(call->cx, ERRCODE_INTERNAL_ERROR, "could not compute a hash");
    }
    out->str = str_copy(call->arena, hash, n);
    return ST_OK;
}
KERNEL(fn_hmac)

static Status fn_random_bytes(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                              bool *null_out)
{
    uint8_t bytes[CRYPTO_RANDOM_MAX];
    (void)null_out;
    if (a[0].i32 < 1 || a[0].i32 > CRYPTO_RANDOM_MAX) {
        return err_set(call->cx, ERRCODE_EXTERNAL_ROUTINE_INVOCATION_EXCEPTION,
                       "Length not in range");
    }
    os_random(fs->engine->os, bytes, (size_t)a[0].i32);
    out->str = str_copy(call->arena, bytes, (size_t)a[0].i32);
    return ST_OK;
}
KERNEL(fn_random_bytes)

/* ---- passwords ---- */

static Status fn_crypt(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    const char *password = func_cstring(call, &a[0]), *salt = func_cstring(call, &a[1]);
    struct crypt_data *data = arena_zalloc(call->arena, sizeof(*data));
    (void)fs, (void)null_out;
    bool known = strncmp(salt, "$2a$", 4) == 0 || strncmp(salt, "$2x$", 4) == 0 ||
                 strncmp(salt, "$1$", 3) == 0 || (salt[0] != '$' && strlen(salt) >= 2);
    const char *hash = known ? crypt_r(password, salt, data) : NULL;
    if (hash == NULL || hash[0] == '*') {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE, "invalid salt");
    }
    func_text(call, out, hash);
    return ST_OK;
}
KERNEL(fn_crypt)

/* salt_letters - n letters of crypt's alphabet from random bits. */
static void salt_letters(Os *os, char *out, size_t n)
{
    static const char LETTERS[] =
        "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    uint8_t bits[32];
    os_random(os, bits, n);
    for (size_t i = 0; i < n; i++) {
        out[i] = LETTERS[bits[i] & 63];
    }
    out[n] = '\0';
}

/* salt_blowfish - 16 random bytes in bcrypt's own alphabet: 22 letters. */
static void salt_blowfish(Os *os, char out[23])
{
    static const char LETTERS[] =
        "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    uint8_t b[18] = {0};
    os_random(os, b, 16);
    for (size_t i = 0, at = 0; i < 18 && at < 22; i += 3) {
        uint32_t v = (uint32_t)b[i] << 16 | (uint32_t)b[i + 1] << 8 | b[i + 2];
        for (int shift = 18; shift >= 0 && at < 22; shift -= 6) {
            out[at++] = LETTERS[v >> shift & 63];
        }
    }
    out[22] = '\0';
}

/* salt_make - gen_salt of a kind; rounds 0: the kind's own. */
static Status salt_make(FnCall *call, FuncSession *fs, const Datum *kind, int32_t rounds,
                        Datum *out)
{
    static const char LETTERS[] =
        "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    const char *name = func_cstring(call, kind);
    Os *os = fs->engine->os;
    char letters[24];
    bool good = true;
    if (strcasecmp(name, "des") == 0) {
        good = rounds == 0 || rounds == 25;
        salt_letters(os, letters, 2);
        func_text(call, out, letters);
    } else if (strcasecmp(name, "md5") == 0) {
        good = rounds == 0 || rounds == 1000;
        salt_letters(os, letters, 8);
        func_text(call, out, arena_printf(call->arena, "$1$%s", letters));
    } else if (strcasecmp(name, "xdes") == 0) {
        uint32_t n = rounds == 0 ? 29 * 25 : (uint32_t)rounds;
        good = n >= 1 && n <= 0xffffff && n % 2 == 1;
        salt_letters(os, letters, 4);
        func_text(call, out,
                  arena_printf(call->arena, "_%c%c%c%c%s", LETTERS[n & 63], LETTERS[n >> 6 & 63],
                               LETTERS[n >> 12 & 63], LETTERS[n >> 18 & 63], letters));
    } else if (strcasecmp(name, "bf") == 0) {
        int32_t n = rounds == 0 ? 6 : rounds;
        good = n >= 4 && n <= 31;
        salt_blowfish(os, letters);
        func_text(call, out, arena_printf(call->arena, "$2a$%02d$%s", n, letters));
    } else {
        return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                       "gen_salt: Unknown salt algorithm");
    }
    return good ? ST_OK
                : err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                          "gen_salt: Incorrect number of rounds");
}

static Status fn_gen_salt(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)
{
    (void)null_out;
    return salt_make(call, fs, &a[0], 0, out);
}
KERNEL(fn_gen_salt)

static Status fn_gen_salt_rounds(FnCall *call, FuncSession *fs, const Datum *a, Datum *out,
                                 bool *null_out)
{
    (void)null_out;
    return salt_make(call, fs, &a[0], a[1].i32, out);
}
KERNEL(fn_gen_salt_rounds)

/* ---- raw encryption ---- */

/* Cipher - what "aes-cbc/pad:pkcs" means. */
typedef struct CryptoCipher {
    const EVP_CIPHER *cipher;
    bool pad;
} CryptoCipher;

/* cipher_by_name - "algorithm[-mode][/pad:padding]", for a key of so many bytes. */
static Status cipher_by_name(FnCall *call, const Datum *type, size_t key_len, CryptoCipher *out)
{
    char *text = func_cstring(call, type), *slash = strchr(text, '/');
    const char *whole = arena_strdup(call->arena, text);
    out->pad = true;
    if (slash != NULL) {
        *slash = '\0';
        out->pad = strcasecmp(slash + 1, "pad:none") != 0;
        if (out->pad && strcasecmp(slash + 1, "pad:pkcs") != 0) {
            return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                           "Cannot use \"%s\": No such cipher algorithm", whole);
        }
    }
    bool ecb = false;
    char *dash = strchr(text, '-');
    if (dash != NULL) {
        *dash = '\0';
        ecb = strcasecmp(dash + 1, "ecb") == 0;
        if (!ecb && strcasecmp(dash + 1, "cbc") != 0) {
            return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                           "Cannot use \"%s\": No such cipher algorithm", whole);
        }
    }
    bool aes = strcasecmp(text, "aes") == 0 || strcasecmp(text, "rijndael") == 0;
    if (aes) {
        out->cipher = key_len <= 16   ? (ecb ? EVP_aes_128_ecb() : EVP_aes_128_cbc())
                      : key_len <= 24 ? (ecb ? EVP_aes_192_ecb() : EVP_aes_192_cbc())
                                      : (ecb ? EVP_aes_256_ecb() : EVP_aes_256_cbc());
        return ST_OK;
    }
    if (strcasecmp(text, "3des") == 0 || strcasecmp(text, "des3") == 0) {
        out->cipher = ecb ? EVP_des_ede3_ecb() : EVP_des_ede3_cbc();
        return ST_OK;
    }
    if (strcasecmp(text, "bf") == 0 || strcasecmp(text, "blowfish") == 0 ||
        strcasecmp(text, "des") == 0 || strcasecmp(text, "cast5") == 0) {
        return err_unsupported(call->cx, "the cipher \"%s\" of pgcrypto is not supported", whole);
    }
    return err_set(call->cx, ERRCODE_INVALID_PARAMETER_VALUE,
                   "Cannot use \"%s\": No such cipher algorithm", whole);
}

/* cipher_run - one pass; iv NULL: of zeros. */
static Status cipher_run(FnCall *call, const Datum *data, const Datum *key, const Datum *iv,
                         const Datum *type, bool encrypt, Datum *out)
{
    CryptoCipher c = {0};
    uint8_t key_bytes[EVP_MAX_KEY_LENGTH] = {0}, iv_bytes[EVP_MAX_IV_LENGTH] = {0};
    const char *what = encrypt ? "encrypt" : "decrypt";
    TRY(cipher_by_name(call, type, key->str.len, &c));
    if (key->str.len > (size_t)EVP_CIPHER_get_key_length(c.cipher)) {
        return err_set(call->cx, ERRCODE_EXTERNAL_ROUTINE_INVOCATION_EXCEPTION,
                       "%s error: Key was too big", what);
    }
    memcpy(key_bytes, str_ptr(&key->str), key->str.len);
    if (iv != NULL) {
        memcpy(iv_bytes, str_ptr(&iv->str), MIN((size_t)iv->str.len, sizeof(iv_bytes)));
    }
    uint8_t *bytes = arena_alloc(call->arena, data->str.len + EVP_MAX_BLOCK_LENGTH + 1u);
    int n = 0, last = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool good = ctx != NULL &&
                EVP_CipherInit_ex(ctx, c.cipher, NULL, key_bytes, iv_bytes, encrypt) == 1 &&
                EVP_CIPHER_CTX_set_padding(ctx, c.pad) == 1 &&
                EVP_CipherUpdate(ctx, bytes, &n, (const uint8_t *)str_ptr(&data->str),
                                 (int)data->str.len) == 1 &&
                EVP_CipherFinal_ex(ctx, bytes + n, &last) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!good) {
        return err_set(call->cx, ERRCODE_EXTERNAL_ROUTINE_INVOCATION_EXCEPTION, "%s error: %s",
                       what, encrypt ? "Encryption failed" : "Decryption failed");
    }
    out->str = str_copy(call->arena, bytes, (size_t)(n + last));
    return ST_OK;
}

#define CIPHER_FN(name, encrypt, iv, type)                                                         \
    static Status name(FnCall *call, FuncSession *fs, const Datum *a, Datum *out, bool *null_out)  \
    {                                                                                              \
        (void)fs, (void)null_out;                                                                  \
        return cipher_run(call, &a[0], &a[1], iv, &a[type], encrypt, out);                         \
    }                                                                                              \
    KERNEL(name)
CIPHER_FN(fn_encrypt, true, NULL, 2)
CIPHER_FN(fn_decrypt, false, NULL, 2)
CIPHER_FN(fn_encrypt_iv, true, &a[2], 3)
CIPHER_FN(fn_decrypt_iv, false, &a[2], 3)

static const FnOps FNS[] = {
    {"pgcrypto:pg_digest", fn_digest_kernel, 0},
    {"pgcrypto:pg_hmac", fn_hmac_kernel, 0},
    {"pgcrypto:pg_random_bytes", fn_random_bytes_kernel, 0},
    {"pgcrypto:pg_crypt", fn_crypt_kernel, 0},
    {"pgcrypto:pg_gen_salt", fn_gen_salt_kernel, 0},
    {"pgcrypto:pg_gen_salt_rounds", fn_gen_salt_rounds_kernel, 0},
    {"pgcrypto:pg_encrypt", fn_encrypt_kernel, 0},
    {"pgcrypto:pg_decrypt", fn_decrypt_kernel, 0},
    {"pgcrypto:pg_encrypt_iv", fn_encrypt_iv_kernel, 0},
    {"pgcrypto:pg_decrypt_iv", fn_decrypt_iv_kernel, 0},
};
const FuncTable FUNC_CRYPTO = {FNS, ARRAY_LEN(FNS)};

/* Apache's MD5 is a thousand rounds over password, salt and the hash before, whose last bytes are
 * written with an alphabet of their own. To add a scheme: a row in `schemes`. */
#include "net/crypto_password.h"

#include <crypt.h>
#include <string.h>

#include "base/buf.h"
#include "base/encode.h"
#include "net/crypto_hash.h"

enum { MD5_SIZE = 16, SHA1_SIZE = 20, APR1_SALT_MOST = 8, APR1_ROUNDS = 1000 };

static bool is_plain(struct slice password, struct slice stored)
{
    return crypto_equals(password, stored);
}

/* SHA-1 of the password and what follows the hash, the salt. */
static bool is_salted(struct slice password, struct slice stored, bool has_salt)
{
    unsigned char hash[CRYPTO_HASH_MOST];
    struct buf decoded = BUF_EMPTY, salted = BUF_EMPTY;
    bool is_same = false;

    if (encode_unbase64(&decoded, stored, false) && decoded.n >= SHA1_SIZE &&
        (has_salt || decoded.n == SHA1_SIZE)) {
        buf_add_slice(&salted, password);
        buf_add_slice(&salted, slice_from(buf_slice(&decoded), SHA1_SIZE));
        crypto_hash(CRYPTO_SHA1, buf_slice(&salted), hash);
        is_same =
            crypto_equals(slice_of((const char *)hash, SHA1_SIZE), slice_of(decoded.p, SHA1_SIZE));
    }
    buf_free(&decoded);
    buf_free(&salted);
    return is_same;
}

static bool is_sha(struct slice password, struct slice stored)
{
    return is_salted(password, stored, false);
}

static bool is_ssha(struct slice password, struct slice stored)
{
    return is_salted(password, stored, true);
}

static void md5(struct buf *text, unsigned char out[CRYPTO_HASH_MOST])
{
    crypto_hash(CRYPTO_MD5, buf_slice(text), out);
    text->n = 0;
}

static void apr1_hash(struct slice password, struct slice salt,
                      unsigned char hash[CRYPTO_HASH_MOST])
{
    struct buf text = BUF_EMPTY;

    buf_add_slice(&text, password);
    buf_add_slice(&text, salt);
    buf_add_slice(&text, password);
    md5(&text, hash);

    buf_add_slice(&text, password);
    buf_add_lit(&text, "$apr1$");
    buf_add_slice(&text, salt);
    for (size_t left = password.n; left > 0; left -= MIN(left, (size_t)MD5_SIZE))
        buf_add(&text, hash, MIN(left, (size_t)MD5_SIZE));
    for (size_t i = password.n; i > 0; i >>= 1)
        buf_add_char(&text, i & 1 ? '\0' : password.p[0]);
    md5(&text, hash);

    for (int i = 0; i < APR1_ROUNDS; i++) {
        struct slice before = slice_of((const char *)hash, MD5_SIZE);

        buf_add_slice(&text, i & 1 ? password : before);
        if (i % 3)
            buf_add_slice(&text, salt);
        if (i % 7)
            buf_add_slice(&text, password);
        buf_add_slice(&text, i & 1 ? before : password);
        md5(&text, hash);
    }
    buf_free(&text);
}

/* Three bytes as four characters, the lowest bits first. */
static void apr1_write(struct buf *out, unsigned v, int n)
{
    static const char digits[] = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    for (; n > 0; n--, v >>= 6)
        buf_add_char(out, digits[v & 63]);
}

static bool is_apr1(struct slice password, struct slice stored)
{
    unsigned char hash[CRYPTO_HASH_MOST];
    struct slice rest = stored, salt = slice_cut(&rest, '$');
    struct buf text = BUF_EMPTY;
    bool is_same;

    if (!rest.p || salt.n > APR1_SALT_MOST)
        return false;
    apr1_hash(password, salt, hash);
    for (unsigned i = 0; i < 5; i++) {
        unsigned last = i == 4 ? 5 : i + 12;

        apr1_write(&text, (unsigned)hash[i] << 16 | (unsigned)hash[i + 6] << 8 | hash[last], 4);
    }
    apr1_write(&text, hash[11], 2);
    is_same = crypto_equals(buf_slice(&text), rest);
    buf_free(&text);
    return is_same;
}

static bool is_crypted(struct slice password, struct slice stored)
{
    struct crypt_data data = {0};
    struct buf key = BUF_EMPTY, setting = BUF_EMPTY;
    const char *made;
    bool is_same;

    buf_add_slice(&key, password);
    buf_add_slice(&setting, stored);
    made = crypt_r(buf_cstr(&key), buf_cstr(&setting), &data);
    is_same = made && made[0] != '*' && crypto_equals(slice_str(made), stored);
    buf_free(&key);
    buf_free(&setting);
    return is_same;
}

static const struct {
    struct slice prefix;
    bool (*is)(struct slice password, struct slice stored); /* without the prefix */
} schemes[] = {
    {{"{PLAIN}", 7}, is_plain}, {{"{SHA}", 5}, is_sha}, {{"{SSHA}", 6}, is_ssha},
    {{"$apr1$", 6}, is_apr1},   {{"", 0}, is_crypted},
};

bool crypto_password_is(struct slice password, struct slice stored)
{
    if (password.n > CRYPTO_PASSWORD_MOST || slice_find(password, '\0') >= 0 ||
        slice_find(stored, '\0') >= 0)
        return false;
    for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
        if (slice_has_prefix(stored, schemes[i].prefix))
            return schemes[i].is(password, slice_from(stored, schemes[i].prefix.n));
    return false;
}

/* Stored passwords, in the forms that are read here: a password belongs to what was made of it, and
 * reading what was made of nothing ends. The first byte chooses the form, the second is the length
 * of the password. Forms of crypt(3) are read by its library, and may demand minutes. */
#include "net/crypto_password.h"

#include "base/buf.h"
#include "base/check.h"
#include "base/encode.h"
#include "net/crypto_hash.h"

static const char *const forms[] = {"{PLAIN}", "{SHA}", "{SSHA}", "$apr1$"};

static void check_plain(struct slice password)
{
    struct buf stored = BUF_EMPTY;
    bool can_be = password.n <= CRYPTO_PASSWORD_MOST && slice_find(password, '\0') < 0;

    buf_add_lit(&stored, "{PLAIN}");
    buf_add_slice(&stored, password);
    CHECK(crypto_password_is(password, buf_slice(&stored)) == can_be);
    buf_free(&stored);
}

static void check_sha(struct slice password, struct slice salt)
{
    struct buf stored = BUF_EMPTY, salted = BUF_EMPTY;
    unsigned char hash[CRYPTO_HASH_MOST];
    bool can_be = password.n <= CRYPTO_PASSWORD_MOST && slice_find(password, '\0') < 0;

    buf_add_slice(&salted, password);
    buf_add_slice(&salted, salt);
    crypto_hash(CRYPTO_SHA1, buf_slice(&salted), hash);
    salted.n = 0;
    buf_add(&salted, hash, 20);
    buf_add_slice(&salted, salt);
    buf_add_lit(&stored, "{SSHA}");
    encode_base64(&stored, buf_slice(&salted), false, true);
    CHECK(crypto_password_is(password, buf_slice(&stored)) == can_be);
    buf_free(&stored);
    buf_free(&salted);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buf stored = BUF_EMPTY;
    struct slice password, rest;
    size_t n;

    if (size < 2)
        return 0;
    n = data[1] < size - 2 ? data[1] : size - 2;
    password = slice_of((const char *)data + 2, n);
    rest = slice_of((const char *)data + 2 + n, size - 2 - n);
    buf_add_slice(&stored, slice_str(forms[data[0] % ARRAY_LEN(forms)]));
    buf_add_slice(&stored, rest);
    (void)crypto_password_is(password, buf_slice(&stored));
    buf_free(&stored);
    check_plain(password);
    check_sha(password, rest);
    return 0;
}

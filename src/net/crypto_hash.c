/* OpenSSL's hash functions, HKDF written over its HMAC: three calls against a dozen for its own. */
#include "net/crypto_hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/buf.h"
#include "base/check.h"

static const EVP_MD *md_of(enum crypto_hash hash)
{
    switch (hash) {
    case CRYPTO_MD5:
        return EVP_md5();
    case CRYPTO_SHA1:
        return EVP_sha1();
    case CRYPTO_SHA256:
        return EVP_sha256();
    case CRYPTO_SHA384:
        return EVP_sha384();
    case CRYPTO_SHA512:
        return EVP_sha512();
    }
    PANIC("no such hash: %d", (int)hash);
}

bool crypto_hash_find(struct slice name, enum crypto_hash *hash_out)
{
    static const char *const names[] = {"md5", "sha1", "sha256", "sha384", "sha512"};

    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        if (slice_eq(name, slice_str(names[i]))) {
            *hash_out = (enum crypto_hash)i;
            return true;
        }
    }
    return false;
}

size_t crypto_hash(enum crypto_hash hash, struct slice in, unsigned char out[CRYPTO_HASH_MOST])
{
    unsigned n = 0;

    CHECK(EVP_Digest(in.p, in.n, out, &n, md_of(hash), NULL) == 1);
    return n;
}

size_t crypto_hmac(enum crypto_hash hash, struct slice key, struct slice in,
                   unsigned char out[CRYPTO_HASH_MOST])
{
    unsigned n = 0;

    CHECK(HMAC(md_of(hash), key.n ? key.p : "", (int)key.n, (const unsigned char *)in.p, in.n, out,
               &n) != NULL);
    return n;
}

void crypto_hkdf(enum crypto_hash hash, struct slice secret, struct slice salt, struct slice info,
                 unsigned char *out, size_t n)
{
    unsigned char pseudorandom[CRYPTO_HASH_MOST], block[CRYPTO_HASH_MOST];
    size_t size = crypto_hmac(hash, salt, secret, pseudorandom), before = 0;
    struct slice key = slice_of((const char *)pseudorandom, size);
    struct buf text = BUF_EMPTY;

    CHECK(n <= 255 * size);
    for (unsigned i = 1; n > 0; i++) {
        size_t used = MIN(n, size);

        text.n = 0;
        buf_add(&text, block, before);
        buf_add_slice(&text, info);
        buf_add_char(&text, (char)i);
        before = crypto_hmac(hash, key, buf_slice(&text), block);
        memcpy(out, block, used);
        out += used;
        n -= used;
    }
    OPENSSL_cleanse(text.p, text.n);
    OPENSSL_cleanse(block, sizeof block);
    OPENSSL_cleanse(pseudorandom, sizeof pseudorandom);
    buf_free(&text);
}

bool crypto_equals(struct slice a, struct slice b)
{
    return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}

/* The cipher and its context are made once: looking an algorithm up costs more than sealing a
 * cookie does. */
#include "net/crypto_seal.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include "base/check.h"

enum { NONCE = CRYPTO_SEAL_NONCE, TAG = CRYPTO_SEAL_TAG };

static EVP_CIPHER_CTX *context_of(const unsigned char *key, const unsigned char *nonce,
                                  bool is_sealing)
{
    static EVP_CIPHER_CTX *ctx; /* process-wide: used within one call */
    static EVP_CIPHER *cipher;  /* process-wide: never changes */

    if (!ctx) {
        cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
        ctx = EVP_CIPHER_CTX_new();
        CHECK(cipher && ctx);
    }
    CHECK(EVP_CipherInit_ex2(ctx, cipher, key, nonce, is_sealing, NULL) == 1);
    return ctx;
}

void crypto_seal(const unsigned char key[CRYPTO_SEAL_KEY], struct slice context, struct slice text,
                 struct buf *out)
{
    unsigned char *to = (unsigned char *)buf_reserve(out, NONCE + text.n + TAG),
                  *sealed = to + NONCE;
    EVP_CIPHER_CTX *ctx;
    int n = 0;

    CHECK(text.n < INT32_MAX && context.n < INT32_MAX && RAND_bytes(to, NONCE) == 1);
    ctx = context_of(key, to, true);
    CHECK(EVP_CipherUpdate(ctx, NULL, &n, (const unsigned char *)context.p, (int)context.n) == 1);
    if (text.n)
        CHECK(EVP_CipherUpdate(ctx, sealed, &n, (const unsigned char *)text.p, (int)text.n) == 1);
    CHECK(EVP_CipherFinal_ex(ctx, sealed + text.n, &n) == 1 && n == 0);
    CHECK(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG, sealed + text.n) == 1);
    out->n += NONCE + text.n + TAG;
}

bool crypto_unseal(const unsigned char key[CRYPTO_SEAL_KEY], struct slice context,
                   struct slice sealed, struct buf *out)
{
    const unsigned char *from = (const unsigned char *)sealed.p;
    size_t size = sealed.n - NONCE - TAG;
    EVP_CIPHER_CTX *ctx;
    unsigned char tag[TAG], *to;
    int n = 0;

    if (sealed.n < NONCE + TAG || sealed.n > INT32_MAX)
        return false;
    ctx = context_of(key, from, false);
    memcpy(tag, from + NONCE + size, TAG);
    to = (unsigned char *)buf_reserve(out, size + 1);
    CHECK(EVP_CipherUpdate(ctx, NULL, &n, (const unsigned char *)context.p, (int)context.n) == 1);
    if (size)
        CHECK(EVP_CipherUpdate(ctx, to, &n, from + NONCE, (int)size) == 1);
    CHECK(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG, tag) == 1);
    if (EVP_CipherFinal_ex(ctx, to + size, &n) != 1)
        return false;
    out->n += size;
    return true;
}

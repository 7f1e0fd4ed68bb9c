/* One-shot digests. None of them can fail with these arguments unless the library was built without
 * them: a bug. */
#include "net/tls_digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/check.h"

void tls_digest_init(void)
{
    unsigned char unused[TLS_DIGEST_SHA256];

    tls_digest_sha256("", 0, unused);
}

void tls_digest_md5(const char *p, size_t n, unsigned char out[TLS_DIGEST_MD5])
{
    CHECK(EVP_Digest(p, n, out, NULL, EVP_md5(), NULL) == 1);
}

void tls_digest_sha1(const char *p, size_t n, unsigned char out[TLS_DIGEST_SHA1])
{
    CHECK(EVP_Digest(p, n, out, NULL, EVP_sha1(), NULL) == 1);
}

void tls_digest_sha256(const char *p, size_t n, unsigned char out[TLS_DIGEST_SHA256])
{
    CHECK(EVP_Digest(p, n, out, NULL, EVP_sha256(), NULL) == 1);
}

void tls_digest_hmac_sha1(const char *key, size_t key_n, const char *p, size_t n,
                          unsigned char out[TLS_DIGEST_SHA1])
{
    unsigned size = TLS_DIGEST_SHA1;

    CHECK(HMAC(EVP_sha1(), key, (int)key_n, (const unsigned char *)p, n, out, &size) != NULL);
}

/* One-shot digests. None of them can fail with these arguments unless the library was built without
 * them: a bug. */
#include "net/tls/tls_digest.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/provider.h>

#include "base/check.h"

static int pass_over(OSSL_PROVIDER *provider, void *unused)
{
    UNUSED(provider);
    UNUSED(unused);
    return 1;
}

/* Whoever asks for the providers makes the library load them, its configuration's or its own. The
 * first digest would do that, too, at three times the price. */
void tls_digest_init(void)
{
    (void)OSSL_PROVIDER_do_all(NULL, pass_over, NULL);
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

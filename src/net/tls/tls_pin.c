/* Pins are SHA-256 of the subject's public key as the certificate has it (SubjectPublicKeyInfo), in
 * base64: they outlive a certificate that is renewed with the same key. */
#include "net/tls/tls_pin.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/encode.h"
#include "net/tls/tls_certificate.h"

const struct err err_tls_pin = {"tls_pin", "the peer's key is not one of those pinned"};

static const struct slice prefix = {"sha256/", 7};

static bool add_digest(X509 *cert, struct buf *out)
{
    unsigned char *der = NULL, digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
    bool ok = size > 0 && EVP_Digest(der, (size_t)size, digest, &n, EVP_sha256(), NULL) == 1;

    OPENSSL_free(der);
    if (!ok)
        return false;
    buf_add_slice(out, prefix);
    encode_base64(out, slice_of((const char *)digest, n), false, true);
    return true;
}

bool tls_pin_of_pem(struct slice pem, struct buf *out)
{
    BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
    X509 *cert = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    bool ok = cert && add_digest(cert, out);

    X509_free(cert);
    BIO_free(bio);
    return ok;
}

static bool has_word(struct slice words, struct slice pin)
{
    struct slice word;

    while ((word = slice_cut(&words, ' ')).p) {
        if (slice_eq(word, pin) || slice_eq(word, slice_from(pin, prefix.n)))
            return true;
    }
    return false;
}

const struct err *tls_pin_check(const struct stream *s, struct slice pins)
{
    struct buf pem = BUF_EMPTY, pin = BUF_EMPTY;
    bool ok;

    if (pins.n == 0)
        return NULL;
    ok = tls_peer_certificate(s, &pem) && tls_pin_of_pem(buf_slice(&pem), &pin) &&
         has_word(pins, buf_slice(&pin));
    buf_free(&pem);
    buf_free(&pin);
    return ok ? NULL : &err_tls_pin;
}

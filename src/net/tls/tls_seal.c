/* AES in CBC mode and HMAC with SHA-256, as RFC 5077 section 4 suggests. OpenSSL asks for the keys
 * by one callback; the context that the connection uses now says which. */
#include "net/tls/tls_seal.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "net/tls/tls_openssl.h"
#include "net/tls/tls_tickets.h"

enum { UNKNOWN = 0, GOOD = 1, GOOD_BUT_OLD = 2, FAILED = -1, IV = 16 };

struct keys {
    const struct tls_ticket_key *key;
    unsigned n;
};

static struct keys keys_of(const SSL *ssl)
{
    const struct tls_ctx *c = tls_openssl_ctx(ssl);

    if (c->n_ticket_keys)
        return (struct keys){c->ticket_keys, c->n_ticket_keys};
    tls_tickets_renew();
    return (struct keys){tls_tickets_keys(), 2};
}

static bool set_mac(EVP_MAC_CTX *mac, const struct tls_ticket_key *k)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, (void *)(uintptr_t)k->hmac, k->size),
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)(uintptr_t) "SHA256", 0),
        OSSL_PARAM_construct_end(),
    };

    return EVP_MAC_CTX_set_params(mac, params) == 1;
}

static const EVP_CIPHER *cipher_of(const struct tls_ticket_key *k)
{
    return k->size == 32 ? EVP_aes_256_cbc() : EVP_aes_128_cbc();
}

static int seal(struct keys keys, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                EVP_MAC_CTX *mac)
{
    const struct tls_ticket_key *k = keys.key;

    memcpy(name, k->name, TLS_TICKET_NAME);
    if (RAND_bytes(iv, IV) != 1 ||
        EVP_EncryptInit_ex(cipher, cipher_of(k), NULL, k->aes, iv) != 1 || !set_mac(mac, k))
        return FAILED;
    return GOOD;
}

/* Opening a ticket with `renews` makes a new one follow: a client of TLS 1.3 uses each only once
 * (RFC 8446 appendix C.4), and without a next one it would have to begin anew every other time. */
static int unseal(struct keys keys, bool renews, const unsigned char *name, const unsigned char *iv,
                  EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac)
{
    for (unsigned i = 0; i < keys.n; i++) {
        const struct tls_ticket_key *k = &keys.key[i];

        if (memcmp(name, k->name, TLS_TICKET_NAME) != 0)
            continue;
        if (EVP_DecryptInit_ex(cipher, cipher_of(k), NULL, k->aes, iv) != 1 || !set_mac(mac, k))
            return FAILED;
        return i == 0 && !renews ? GOOD : GOOD_BUT_OLD;
    }
    return UNKNOWN;
}

static int on_ticket(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher,
                     EVP_MAC_CTX *mac, int is_sealing)
{
    struct keys keys = keys_of(ssl);

    if (is_sealing)
        return seal(keys, name, iv, cipher, mac);
    return unseal(keys, SSL_version(ssl) >= TLS1_3_VERSION, name, iv, cipher, mac);
}

void tls_seal_use(SSL_CTX *ssl)
{
    SSL_CTX_set_tlsext_ticket_key_evp_cb(ssl, on_ticket);
}

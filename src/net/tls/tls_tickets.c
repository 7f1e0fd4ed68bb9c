/* The secret of an hour is the hash of the one before, so going forward needs nothing and going
 * back is impossible. Hours are those of the wall clock: processes that were forked at different
 * times agree. A clock that is set back leaves the keys as they are. */
#include "net/tls/tls_tickets.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/rand.h"

enum { SECRET = 32, HOURS_BEHIND_MOST = 24 * 366 };

static struct {
    unsigned char secret[SECRET];
    struct tls_ticket_key keys[2];
    int64_t hour; /* 0: no secret yet */
} tickets; /* process-wide: inherited by children, so that all of them read each other's tickets */

static void derive(const char *label, unsigned char out[SECRET])
{
    unsigned n = SECRET;

    CHECK(HMAC(EVP_sha256(), tickets.secret, SECRET, (const unsigned char *)label, strlen(label),
               out, &n) != NULL);
}

static void derive_key(struct tls_ticket_key *key)
{
    unsigned char name[SECRET];

    derive("name", name);
    memcpy(key->name, name, sizeof(key->name));
    derive("aes", key->aes);
    derive("hmac", key->hmac);
    key->size = SECRET;
}

static void step(void)
{
    unsigned char next[SECRET];

    derive("next", next);
    memcpy(tickets.secret, next, SECRET);
    OPENSSL_cleanse(next, sizeof(next));
    tickets.keys[1] = tickets.keys[0];
    derive_key(&tickets.keys[0]);
    tickets.hour++;
}

static int64_t hour_now(void)
{
    return clock_wall_ms() / 1000 / TLS_TICKET_SECONDS;
}

void tls_tickets_start(void)
{
    if (tickets.hour)
        return;
    rand_bytes(tickets.secret, SECRET);
    tickets.hour = hour_now();
    derive_key(&tickets.keys[0]);
    tickets.keys[1] = tickets.keys[0];
}

void tls_tickets_renew(void)
{
    int64_t now = hour_now();

    tls_tickets_start();
    /* a machine that slept for years starts afresh rather than catch up */
    if (now - tickets.hour > HOURS_BEHIND_MOST)
        tickets.hour = now - 2;
    while (tickets.hour < now)
        step();
}

const struct tls_ticket_key *tls_tickets_keys(void)
{
    return tickets.keys;
}

const struct err *tls_tickets_read(struct slice content, struct tls_ticket_key *out)
{
    size_t size = content.n == 80 ? 32 : 16;

    if (content.n != 80 && content.n != 48)
        return &err_invalid;
    *out = (struct tls_ticket_key){.size = (uint8_t)size};
    memcpy(out->name, content.p, TLS_TICKET_NAME);
    memcpy(out->hmac, content.p + TLS_TICKET_NAME, size);
    memcpy(out->aes, content.p + TLS_TICKET_NAME + size, size);
    return NULL;
}

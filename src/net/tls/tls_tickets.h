/* Keys of session tickets (RFC 5077): the same in every process of a server, renewed with time.
 *
 * A process draws a secret before it forks; it and its children derive from it, at the same moments
 * of the clock and without a word between them, the key of the hour, and forget what older keys
 * could be derived from. A key of the hour before is still read. */
#ifndef NET_TLS_TICKETS_H
#define NET_TLS_TICKETS_H

#include "base/base.h"
#include "base/err.h"
#include "base/slice.h"

enum { TLS_TICKET_SECONDS = 3600, TLS_TICKET_NAME = 16, TLS_TICKET_KEYS_MOST = 16 };

struct tls_ticket_key {
    unsigned char name[TLS_TICKET_NAME], aes[32], hmac[32];
    uint8_t size; /* of aes and hmac in use: 16 or 32 */
};

/* Draws the secret unless there is one: to be called before forking. */
void tls_tickets_start(void);

/* Renews the keys when it is time. Called whenever keys are used; a process that uses none (the
 * master) calls it before it forks. */
void tls_tickets_renew(void);

/* The keys now: [0] seals, [1] (of the hour before) opens too. Valid until the next renewal. */
const struct tls_ticket_key *tls_tickets_keys(void);

/* Reads what a key file holds: 80 bytes (a name of 16, a key for HMAC, one for AES-256) or 48 (with
 * AES-128, 16 each). err_invalid for other sizes. */
const struct err *tls_tickets_read(struct slice content, struct tls_ticket_key *out) MUST_USE;

#endif

/* New keys and the refusal of another handshake cost us more than the peer, and no reader is told
 * of them: the library answers and reads on, as long as there is something to read, and the answers
 * to a peer that does not read would pile up. Behind the handshake their steps are counted, and too
 * many take the transport away from the library. Empty records it counts itself.
 *
 * Any alert that ends the connection looks to a reader of the library's state as close_notify does;
 * which one did is known by its name, since in TLS 1.3 the level says nothing (RFC 8446 section 6).
 */
#include "net/tls/tls_notice.h"

#include "base/clock.h"
#include "net/tls/tls_stream.h"

/* New keys are some seven steps. */
enum { STEPS_MOST = 1024, IN_MS = 10000 };

static void count(struct tls *t)
{
    uint32_t now = (uint32_t)clock_ms();

    if (now - t->steps_since > IN_MS) {
        t->steps_since = now;
        t->steps = 0;
    }
    if (++t->steps > STEPS_MOST)
        t->wire.is_flooded = true;
}

/* Called by OpenSSL; never for data. */
static void on_step(const SSL *ssl, int where, int value)
{
    struct tls *t = tls_of(tls_of_ssl(ssl));

    if (where == SSL_CB_READ_ALERT)
        t->is_alerted = (value & 0xff) != SSL_AD_CLOSE_NOTIFY;
    if (t->phase == TLS_OPEN)
        count(t);
}

void tls_notice_use(SSL_CTX *ssl)
{
    SSL_CTX_set_info_callback(ssl, on_step);
}

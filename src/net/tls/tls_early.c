/* Everything that has come early is taken before it is looked at whether the handshake can be
 * ended: where it can, nothing was early. */
#include "net/tls/tls_early.h"

static char record[SSL3_RT_MAX_PLAIN_LENGTH]; /* process-wide: early data that is being read */

int tls_early_shake(struct tls *t)
{
    int r = SSL_READ_EARLY_DATA_FINISH;
    size_t n;

    while (t->early == TLS_EARLY_COMES &&
           (r = SSL_read_early_data(t->ssl, record, sizeof(record), &n)) ==
               SSL_READ_EARLY_DATA_SUCCESS)
        buf_add(&t->early_in, record, n);
    if (r != SSL_READ_EARLY_DATA_FINISH)
        return -1;
    t->early = TLS_EARLY_CAME;
    r = SSL_do_handshake(t->ssl);
    if (r == 1)
        t->early = t->early_in.n ? TLS_EARLY_KEPT : TLS_EARLY_NONE;
    return r;
}

/* A session is gone on with by as many connections as are made before a newer one comes: a server
 * that does not want that refuses, and a whole handshake follows. */
#include "net/tls/tls_resume.h"

#include <openssl/ssl.h>

#include "base/mem.h"

struct tls_resume {
    unsigned refs;
    SSL_SESSION *session;
};

struct tls_resume *tls_resume_new(void)
{
    struct tls_resume *r = mem_new(struct tls_resume);

    r->refs = 1;
    return r;
}

struct tls_resume *tls_resume_ref(struct tls_resume *r)
{
    r->refs++;
    return r;
}

void tls_resume_unref(struct tls_resume **at)
{
    struct tls_resume *r = *at;

    *at = NULL;
    if (!r || --r->refs)
        return;
    SSL_SESSION_free(r->session);
    mem_free(r);
}

void tls_resume_put(struct tls_resume *r, SSL_SESSION *session)
{
    SSL_SESSION_free(r->session);
    r->session = session;
}

SSL_SESSION *tls_resume_session(const struct tls_resume *r)
{
    return r->session;
}

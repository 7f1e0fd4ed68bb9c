/* What comes in early data may be a repeat, so only methods that change nothing are taken there:
 * 425 has the client ask again once the handshake is over (RFC 8470 section 5.2).
 *
 * A client may ask for one name in the handshake and for another in a request. That is refused
 * where the rules for clients' certificates are those of the other one: 421 (RFC 9110
 * section 15.5.20). */
#include "app/tls/tls_request.h"

#include "app/router.h"
#include "app/tls/tls_conf.h"
#include "net/tls/tls.h"
#include "net/tls/tls_error.h"
#include "net/tls/tls_info.h"
#include "net/tls/tls_verify.h"

enum { NAME_MOST = 255 };

/* Lower case, without the dot that may end it. */
static struct slice plain_name(struct slice name, char *room)
{
    size_t n = MIN(name.n, (size_t)NAME_MOST);

    for (size_t i = 0; i < n; i++)
        room[i] = name.p[i] >= 'A' && name.p[i] <= 'Z' ? (char)(name.p[i] | 0x20) : name.p[i];
    if (n && room[n - 1] == '.')
        n--;
    return slice_of(room, n);
}

const struct vhost *tls_request_vhost(const struct listen_conf *l, struct slice name)
{
    char room[NAME_MOST];

    return name.n ? router_find_vhost(l, plain_name(name, room), NULL) : l->default_vhost;
}

static int refuse(struct visit *v, int status, const char *text)
{
    log_write(&v->x->log, LOG_INFO, "%s while reading client request headers", text);
    return status;
}

static int check_certificate(struct visit *v, const struct tls_conf *t)
{
    struct buf why = BUF_EMPTY;
    const struct err *e = tls_info_verified(v->x->req.tls, &why);
    int status = 0;

    if (e == &err_tls_no_certificate) {
        if (t->check == TLS_CHECK_ON)
            status = refuse(v, 496, "client sent no required SSL certificate");
    } else if (e && !(t->check == TLS_CHECK_OPTIONAL_NO_CA && tls_info_is_of_unknown_ca(e))) {
        status = refuse(v, 495,
                        pool_printf(visit_pool(v),
                                    "client SSL certificate verify error: (%ld:" SLICE_FMT ")",
                                    tls_verify_result(v->x->req.tls), SLICE_ARG(buf_slice(&why)))
                            .p);
    }
    buf_free(&why);
    return status;
}

int tls_request_check(struct visit *v)
{
    const struct request *r = &v->x->req;
    const struct tls_conf *t = v->vhost->base->tls;
    struct slice asked = tls_info_server_name(r->tls);

    if (tls_is_early(r->tls) && !method_is_safe(r->method))
        return refuse(v, 425, "client sent early data with a method that is not safe");
    if (!t || t->check == TLS_CHECK_OFF)
        return 0;
    if (asked.n && tls_request_vhost(v->listen, asked) != v->vhost)
        return refuse(v, 421,
                      "client attempted to request the server name different from the one that was "
                      "negotiated");
    return check_certificate(v, t);
}

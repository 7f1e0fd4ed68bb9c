/* The stream leaves its session, as it does for a relay, and becomes a connection of the other
 * port's server with its first bytes unread. */
#include "app/stream/pass.h"

#include "app/conf.h"
#include "app/phases.h"
#include "app/port.h"
#include "app/stream/session.h"
#include "app/variables/script.h"

enum { STATUS_OK = 200, STATUS_ERROR = 500 };

static enum step_result refuse(struct visit *v, const char *why, struct slice target)
{
    log_write(&v->x->log, LOG_ERROR, "%s \"" SLICE_FMT "\" in \"pass\"", why,
              SLICE_ARG(exchange_shown(v->x, target)));
    return phases_finish_status(v, STATUS_ERROR);
}

enum step_result pass_step(struct visit *v, const struct step *step)
{
    struct slice target = script_eval(step->arg, v);
    struct server_stream about = {
        .peer = v->x->peer,
        .proxy = v->x->proxied,
        .passes = v->session->passes + 1,
    };
    struct buf in = BUF_EMPTY;
    struct outq out;
    struct stream *stream;
    struct port *port;
    struct addr a;

    if (v->session->is_udp)
        return refuse(v, "there is no connection to go to", target);
    if (v->session->wire->out.bytes)
        return refuse(v, "the client is still to be sent something before it goes to", target);
    if (addr_parse(target, 0, &a))
        return refuse(v, "invalid address", target);
    port = port_at(v->conf, &a);
    if (!port || port->conf == v->listen)
        return refuse(v, "no other socket listens at", target);
    if (port->server.has_proxy_protocol)
        return refuse(v, "the PROXY protocol is awaited at", target);
    if (about.passes > SERVER_PASSES_MOST)
        return refuse(v, "too many passes, the next would lead to", target);
    outq_init(&out);
    stream = session_take(v->session, &in, &out);
    about.in = buf_slice(&in);
    if (stream)
        server_adopt_stream(&port->server, stream, &about);
    buf_free(&in);
    outq_clear(&out);
    return phases_finish_status(v, STATUS_OK);
}

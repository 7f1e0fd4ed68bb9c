/* A ClientHello names a server; its context replaces that of the default server, with everything
 * that hangs on it: certificates, rules for clients, protocols. Lua may look at the ClientHello
 * before that, and choose a certificate after it. */
#include "app/tls_handshake.h"

#include "app/lua_tls.h"
#include "app/port.h"
#include "app/tls_conf.h"
#include "app/tls_request.h"
#include "http/server_tls.h"
#include "net/tls_info.h"

static struct port *port_of(const struct stream *s)
{
    return CONTAINER_OF(server_tls_conn(s)->server, struct port, server);
}

/* Code for all names: that of the default server of the address. */
static const struct lua_code *hello_code(const struct port *p)
{
    const struct tls_conf *t = p->conf->default_vhost->base->tls;

    return t ? t->hello_by_lua : NULL;
}

static enum tls_answer on_hello(struct stream *s)
{
    enum tls_answer answer = lua_tls_run(s, hello_code(port_of(s)), LUA_CONTEXT_CLIENT_HELLO);
    const struct vhost *vh = tls_request_vhost(port_of(s)->conf, tls_server_name(s));

    if (answer != TLS_GO_ON)
        return answer;
    if (vh->base->tls && vh->base->tls->rejects)
        return TLS_REFUSE;
    if (vh->tls)
        tls_use_ctx(s, vh->tls);
    return TLS_GO_ON;
}

static enum tls_answer on_certificate(struct stream *s)
{
    const struct vhost *vh = tls_request_vhost(port_of(s)->conf, tls_server_name(s));
    const struct tls_conf *t = vh->base->tls;

    return lua_tls_run(s, t ? t->certificate_by_lua : NULL, LUA_CONTEXT_CERTIFICATE);
}

const struct tls_hooks tls_handshake_hooks = {
    .on_hello = on_hello,
    .on_certificate = on_certificate,
    .on_gone = lua_tls_gone,
};

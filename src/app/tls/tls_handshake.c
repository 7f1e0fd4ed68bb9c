/* A ClientHello names a server; its context replaces that of the default server, with everything
 * that hangs on it: certificates, rules for clients, protocols. Lua may look at the ClientHello
 * before that, and look for the session to be resumed or choose a certificate after it. Sessions
 * that clients do not keep themselves are the business of the default server of their address. */
#include "app/tls/tls_handshake.h"

#include "app/tls/lua_tls.h"
#include "app/tls/tls_conf.h"
#include "app/tls/tls_files.h"
#include "app/tls/tls_request.h"
#include "app/tls/tls_seat.h"
#include "app/zones.h"
#include "net/tls/tls.h"
#include "net/tls/tls_hello.h"
#include "net/tls/tls_info.h"

static const struct vhost *asked_vhost(const struct stream *s)
{
    return tls_request_vhost(tls_owner_of(s).listen, tls_info_server_name(s));
}

/* What holds for all names of an address: its default server's. NULL: nothing. */
static const struct tls_conf *conf_of(const struct stream *s)
{
    const struct listen_conf *l = tls_owner_of(s).listen;

    return l ? l->default_vhost->base->tls : NULL;
}

/* Where Lua does not find the session, the handshake is a full one. */
static enum tls_answer fetch_session(struct stream *s, const struct tls_conf *t)
{
    bool is_running = lua_tls_is_running(s, LUA_CONTEXT_SESSION_FETCH);
    enum tls_answer answer;

    if (!t || !t->session_fetch_by_lua || (!is_running && !tls_hello_session_id(s).n))
        return TLS_GO_ON;
    answer = lua_tls_run(s, NULL, t->session_fetch_by_lua, LUA_CONTEXT_SESSION_FETCH);
    return answer == TLS_WAIT ? TLS_WAIT : TLS_GO_ON;
}

static enum tls_answer on_hello(struct stream *s)
{
    const struct tls_conf *t = conf_of(s);
    const struct vhost *vh = asked_vhost(s);
    enum tls_answer answer = TLS_GO_ON;

    if (vh->tls)
        tls_hello_use_ctx(s, vh->tls); /* before Lua, which may narrow its protocols */
    if (!lua_tls_is_running(s, LUA_CONTEXT_SESSION_FETCH))
        answer = lua_tls_run(s, NULL, t ? t->hello_by_lua : NULL, LUA_CONTEXT_CLIENT_HELLO);
    if (answer != TLS_GO_ON)
        return answer;
    if (vh->base->tls && vh->base->tls->rejects)
        return TLS_REFUSE;
    return fetch_session(s, t);
}

static enum tls_answer on_certificate(struct stream *s)
{
    const struct vhost *vh = asked_vhost(s);
    const struct tls_conf *t = vh->base->tls;

    if (!lua_tls_is_running(s, LUA_CONTEXT_CERTIFICATE) && !tls_files_use(s, vh))
        return TLS_REFUSE;
    return lua_tls_run(s, NULL, t ? t->certificate_by_lua : NULL, LUA_CONTEXT_CERTIFICATE);
}

static void on_session(struct stream *s, struct slice id, struct slice der)
{
    const struct tls_conf *t = conf_of(s);
    struct dict_item item = {.type = DICT_STRING, .p = der.p, .n = der.n};

    if (!t)
        return;
    item.ttl = (int64_t)MAX(t->session_timeout, 1U);
    if (t->sessions)
        (void)dict_store(t->sessions->dict, id, &item, DICT_SET);
    if (t->session_store_by_lua)
        lua_tls_store(s, t->session_store_by_lua, id, der);
}

static bool find_session(struct stream *s, struct slice id, struct buf *out)
{
    const struct tls_conf *t = conf_of(s);
    struct dict_item item;

    if (!t || !t->sessions || dict_get(t->sessions->dict, id, &item) != DICT_OK)
        return false;
    buf_add(out, item.p, item.n);
    return true;
}

const struct tls_hooks tls_handshake_hooks = {
    .on_hello = on_hello,
    .on_certificate = on_certificate,
    .on_session = on_session,
    .find_session = find_session,
    .on_gone = lua_tls_gone,
};

/* Addresses are compared as the system sees them, so `80`, `*:80` and `0.0.0.0:80` are one. The
 * options of a socket may be said by one of the servers that share it. Servers of `stream` have the
 * same list, and cannot share an address with those of `http`. */
#include "app/directives/listen.h"

#include <unistd.h>

#include "app/directives/directives.h"
#include "base/num.h"

#define GROUP "HTTP servers"

struct listen_words {
    struct listen_options options;
    bool has_options, is_default, has_http2, is_tls;
    bool is_stream, is_udp, has_proxy_protocol;
    struct slice shown;
    unsigned more_ports; /* of a range, behind the first */
};

static bool not_supported(const struct config_node *node, struct slice word, struct config_error *e)
{
    config_node_error(node, e, "the \"" SLICE_FMT "\" parameter of \"listen\" is not supported",
                      SLICE_ARG(word));
    return config_error_hint(e, "this server speaks HTTP/1.1");
}

/* A number of bytes or connections behind `=`. */
static bool number_of(struct slice value, bool is_size, int *out)
{
    int64_t n;

    if (!(is_size ? num_parse_size(value, &n) : num_parse_u63(value, &n)) || n > INT32_MAX)
        return false;
    *out = (int)n;
    return true;
}

static bool on_off(struct slice value, bool *out)
{
    *out = slice_eq(value, SLICE("on"));
    return *out || slice_eq(value, SLICE("off"));
}

/* Seconds, or nothing. */
static bool seconds_of(struct slice text, int *out)
{
    int64_t ms;

    if (text.n == 0)
        return true;
    if (!num_parse_msec(text, &ms) || ms < 1000 || ms / 1000 > INT16_MAX)
        return false;
    *out = (int)(ms / 1000);
    return true;
}

/* on, off, or idle:interval:count, of which each may be left out. */
static bool keepalive_of(struct slice value, struct listen_keepalive *out)
{
    struct slice idle = slice_cut(&value, ':'), interval = slice_cut(&value, ':');
    bool is_on;

    if (!interval.p && !value.p && on_off(idle, &is_on)) {
        out->is_set = true;
        out->is_on = is_on;
        return true;
    }
    out->is_set = out->is_on = true;
    return interval.p && value.p && seconds_of(idle, &out->idle) &&
           seconds_of(interval, &out->interval) &&
           (value.n == 0 || (number_of(value, false, &out->count) && out->count > 0));
}

/* name=value: 1 taken, 0 not known, -1 bad value. */
static int take_valued(struct listen_words *w, struct slice name, struct slice value)
{
    struct listen_options *o = &w->options;

    if (slice_eq(name, SLICE("backlog")))
        return number_of(value, false, &o->backlog) ? 1 : -1;
    if (slice_eq(name, SLICE("rcvbuf")))
        return number_of(value, true, &o->rcvbuf) ? 1 : -1;
    if (slice_eq(name, SLICE("sndbuf")))
        return number_of(value, true, &o->sndbuf) ? 1 : -1;
    if (slice_eq(name, SLICE("ipv6only")))
        return on_off(value, &o->ipv6only) ? 1 : -1;
    if (slice_eq(name, SLICE("fastopen")))
        return number_of(value, false, &o->fastopen) ? 1 : -1;
    if (slice_eq(name, SLICE("so_keepalive")))
        return keepalive_of(value, &o->keepalive) ? 1 : -1;
    if (slice_eq(name, SLICE("setfib")) || slice_eq(name, SLICE("accept_filter")))
        return 1;
    return 0;
}

/* A word that says what is served rather than how the socket is: where it is noted, or NULL. */
static bool *flag_of(struct listen_words *w, struct slice word)
{
    if (slice_eq(word, SLICE("default_server")) || slice_eq(word, SLICE("default")))
        return &w->is_default;
    if (slice_eq(word, SLICE("ssl")))
        return &w->is_tls;
    if (slice_eq(word, SLICE("proxy_protocol")))
        return &w->has_proxy_protocol;
    if (!w->is_stream)
        return slice_eq(word, SLICE("http2")) ? &w->has_http2 : NULL;
    return slice_eq(word, SLICE("udp")) ? &w->is_udp : NULL;
}

static bool take_word(struct listen_words *w, const struct config_node *node, struct slice word,
                      struct config_error *e)
{
    struct slice value = word, name = slice_cut(&value, '=');
    bool *flag = flag_of(w, word);
    int taken;

    if (flag) {
        *flag = true;
        return true;
    }
    if (slice_eq(word, SLICE("quic")))
        return not_supported(node, word, e);
    w->has_options = true;
    if (slice_eq(word, SLICE("bind")))
        return true;
    if (slice_eq(word, SLICE("reuseport")) || slice_eq(word, SLICE("deferred"))) {
        if (word.p[0] == 'r')
            w->options.reuseport = true;
        else
            w->options.defer_accept = true;
        return true;
    }
    taken = value.p ? take_valued(w, name, value) : 0;
    if (taken < 0)
        return config_node_error(node, e,
                                 "invalid %.*s value in \"" SLICE_FMT "\" of the "
                                 "\"listen\" directive",
                                 (int)name.n, name.p, SLICE_ARG(word));
    return taken > 0 || config_arg_refuse(node, word, e);
}

static struct listen_conf *find_or_add(struct app_conf *conf, const struct addr *addr, bool is_udp,
                                       struct slice text)
{
    struct listen_conf *l;

    for (unsigned i = 0; i < conf->n_listens; i++)
        if (conf->listens[i]->is_udp == is_udp && addr_eq(&conf->listens[i]->addr, addr))
            return conf->listens[i];
    l = pool_new(&conf->pool, struct listen_conf);
    l->addr = *addr;
    l->text = text;
    l->place = conf->place;
    l->is_udp = is_udp;
    l->options.ipv6only = addr->sa.sa_family == AF_INET6;
    conf->listens = pool_grow(&conf->pool, conf->listens, conf->n_listens, &conf->listens_size,
                              sizeof(struct listen_conf *));
    conf->listens[conf->n_listens++] = l;
    return l;
}

static bool add_vhost(struct app_conf *conf, struct listen_conf *l, struct vhost *vh,
                      const struct config_node *node, struct config_error *e)
{
    for (unsigned i = 0; i < l->n_vhosts; i++)
        if (l->vhosts[i] == vh)
            return config_node_error(node, e, "a duplicate listen " SLICE_FMT, SLICE_ARG(l->text));
    l->vhosts =
        pool_grow(&conf->pool, l->vhosts, l->n_vhosts, &l->vhosts_size, sizeof(struct vhost *));
    l->vhosts[l->n_vhosts++] = vh;
    if (!l->default_vhost)
        l->default_vhost = vh;
    return true;
}

static bool merge_words(struct listen_conf *l, const struct listen_words *w, struct vhost *vh,
                        const struct config_node *node, struct config_error *e)
{
    if (l->n_vhosts > 1 && l->is_stream != w->is_stream)
        return config_node_error(node, e, "" SLICE_FMT " is listened on in http and in stream",
                                 SLICE_ARG(node->args[0]));
    l->is_stream = w->is_stream;
    l->has_http2 |= w->has_http2;
    l->is_tls |= w->is_tls;
    l->has_proxy_protocol |= w->has_proxy_protocol;
    if (w->has_options) {
        if (l->has_options)
            return config_node_error(node, e, "duplicate listen options for " SLICE_FMT,
                                     SLICE_ARG(node->args[0]));
        l->options = w->options;
        l->has_options = true;
    }
    if (w->is_default) {
        if (l->is_default_explicit)
            return config_node_error(node, e, "a duplicate default server for " SLICE_FMT,
                                     SLICE_ARG(node->args[0]));
        l->default_vhost = vh;
        l->is_default_explicit = true;
    }
    return true;
}

/* What stands for a port, alone or behind the last colon: no number from 1 to 65535? */
static bool has_bad_port(struct slice text)
{
    const char *colon = memrchr(text.p, ':', text.n);
    struct slice digits = colon ? slice_from(text, (size_t)(colon + 1 - text.p)) : text;
    int64_t port;

    if (digits.n == 0)
        return colon != NULL;
    return num_parse_u63(digits, &port) && (port < 1 || port > UINT16_MAX);
}

static bool bad_address(const struct config_node *node, struct slice text, struct config_error *e)
{
    const char *what = "host not found";

    if (text.n == 0)
        what = "no host";
    else if (slice_eq(text, SLICE("unix:")))
        what = "no path";
    else if (slice_has_prefix(text, SLICE("unix:")))
        what = "too long a path";
    else if (has_bad_port(text))
        what = "invalid port";
    config_node_error(node, e, "%s in \"" SLICE_FMT "\" of the \"listen\" directive", what,
                      SLICE_ARG(text));
    return config_error_hint(e, "give port, address:port, [ipv6]:port, name:port or unix:/path");
}

/* A Unix socket's relative path starts from the prefix. */
static struct slice resolve_text(struct app_conf *conf, struct slice text)
{
    if (!slice_has_prefix(text, SLICE("unix:")) || text.n <= 5 || text.p[5] == '/')
        return text;
    return pool_printf(&conf->pool, "unix:%s", conf_path(conf, slice_from(text, 5)));
}

/* Of "8000-8010" or "address:8000-8010": how many more ports follow the one that stays in *text. */
static unsigned cut_range(struct slice *text)
{
    const char *dash = memrchr(text->p, '-', text->n);
    const char *colon = memrchr(text->p, ':', text->n);
    struct slice first, last;
    int64_t from, to;

    if (!dash || (colon && dash < colon))
        return 0;
    first = colon ? slice_from(*text, (size_t)(colon + 1 - text->p)) : *text;
    first.n = (size_t)(dash - first.p);
    last = slice_from(*text, (size_t)(dash + 1 - text->p));
    if (!num_parse_u63(first, &from) || !num_parse_u63(last, &to) || to < from || from < 1 ||
        to > UINT16_MAX)
        return 0;
    text->n = (size_t)(dash - text->p);
    return (unsigned)(to - from);
}

/* The addresses of "name" or "name:port", each with the port; 0: they cannot be had. */
static size_t of_name(struct app_conf *conf, struct slice text, int default_port, struct addr **out)
{
    ssize_t colon = slice_find(text, ':');
    int64_t port = default_port;
    size_t n;

    if (slice_has_prefix(text, SLICE("unix:")) || slice_find(text, '[') >= 0 ||
        (colon < 0 && num_parse_u63(text, &port)) ||
        (colon >= 0 && !num_parse_u63(slice_from(text, (size_t)colon + 1), &port)) || port < 1 ||
        port > UINT16_MAX)
        return 0;
    n = directives_addresses(conf, colon < 0 ? text : slice_of(text.p, (size_t)colon), out);
    for (size_t i = 0; i < n; i++)
        addr_set_port(&(*out)[i], (uint16_t)port);
    return n;
}

/* The addresses that `text` stands for: one, unless it is a name. */
static size_t addresses_of(struct app_conf *conf, struct slice text, bool is_stream,
                           struct addr **out)
{
    int default_port = is_stream ? 0 : 80;
    struct addr addr;

    if (addr_parse(text, default_port, &addr))
        return of_name(conf, text, default_port, out);
    if (!addr_is_unix(&addr) && addr_port(&addr) == 0)
        return 0;
    *out = pool_new(&conf->pool, struct addr);
    **out = addr;
    return 1;
}

static bool listen_on(struct apply *a, struct addr addr, const struct listen_words *w,
                      const struct config_node *node, struct config_error *e)
{
    for (unsigned i = 0; i <= w->more_ports; i++) {
        struct listen_conf *l = find_or_add(a->conf, &addr, w->is_udp, w->shown);

        if (!add_vhost(a->conf, l, a->vhost, node, e) || !merge_words(l, w, a->vhost, node, e))
            return false;
        if (i < w->more_ports)
            addr_set_port(&addr, (uint16_t)(addr_port(&addr) + 1));
    }
    return true;
}

static bool apply_listen(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct slice text = resolve_text(a->conf, node->args[0]);
    struct listen_words w = {.is_stream = directives_is_stream(a), .shown = text};
    struct addr *all;
    size_t n;

    w.more_ports = slice_has_prefix(text, SLICE("unix:")) ? 0 : cut_range(&text);
    n = addresses_of(a->conf, text, w.is_stream, &all);
    if (n == 0)
        return bad_address(node, text, e);
    w.options.ipv6only = all[0].sa.sa_family == AF_INET6;
    for (size_t i = 1; i < node->n_args; i++)
        if (!take_word(&w, node, node->args[i], e))
            return false;
    if (w.is_udp && (w.is_tls || w.has_proxy_protocol))
        return config_node_error(node, e, "\"%s\" parameter is incompatible with \"udp\"",
                                 w.is_tls ? "ssl" : "proxy_protocol");
    if (w.is_udp && addr_is_unix(&all[0]))
        return config_node_error(node, e, "\"udp\" and a Unix socket do not go together");
    for (size_t i = 0; i < n; i++)
        if (!listen_on(a, all[i], &w, node, e))
            return false;
    return true;
}

static bool has_listen(const struct app_conf *conf, const struct vhost *vh)
{
    for (unsigned i = 0; i < conf->n_listens; i++)
        for (unsigned j = 0; j < conf->listens[i]->n_vhosts; j++)
            if (conf->listens[i]->vhosts[j] == vh)
                return true;
    return false;
}

bool directives_listen_check(const struct app_conf *conf, const struct vhost *vh,
                             const struct config_node *node, struct config_error *e)
{
    return has_listen(conf, vh) ||
           config_node_error(node, e, "no \"listen\" is defined for server in stream");
}

bool directives_listen_default(struct app_conf *conf, struct vhost *vh,
                               const struct config_node *node, struct config_error *e)
{
    struct slice text = geteuid() == 0 ? SLICE("80") : SLICE("8000");
    struct addr addr;

    if (has_listen(conf, vh))
        return true;
    if (addr_parse(text, 80, &addr))
        return bad_address(node, text, e);
    return add_vhost(conf, find_or_add(conf, &addr, false, text), vh, node, e);
}

static const struct directive table[] = {
    {.name = "listen",
     .contexts = CTX_SERVER,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax =
         "listen address[:port[-port]] | port[-port] | unix:path [default_server] [ssl] [http2] "
         "[proxy_protocol] [reuseport] [backlog=number] [rcvbuf=size] [sndbuf=size] "
         "[ipv6only=on|off] [deferred] [so_keepalive=on|off|[idle]:[interval]:[count]] "
         "[fastopen=number] [bind];",
     .default_text = "listen *:80;",
     .doc =
         "An address of the server; may repeat. `[::]:80` is an IPv6 address; the port is 80 "
         "where none is given (8000 when a server has no `listen` at all and is not started by "
         "root). `8000-8010` is each of these ports. A name is each address that it has at the "
         "start.\n\n"
         "- `default_server`: this server gets the requests whose host no server names; "
         "otherwise the first one of the address does.\n"
         "- `ssl`: connections begin with TLS; one of the servers of an address says so for all.\n"
         "- `http2`: HTTP/2 for all servers of the address; see `http2`.\n"
         "- `proxy_protocol`: connections begin with a header of the PROXY protocol, version 1 or "
         "2, "
         "before TLS: `$proxy_protocol_addr`, `$proxy_protocol_port`, "
         "`$proxy_protocol_server_addr`, "
         "`$proxy_protocol_server_port` tell what it says. `$remote_addr` stays that of the "
         "connection. `$proxy_protocol_tlv_NAME` is what version 2 has beside the addresses: "
         "`alpn`, "
         "`authority`, `unique_id`, `netns`, `ssl`, of that `ssl_version`, `ssl_cn`, `ssl_cipher`, "
         "`ssl_sig_alg`, `ssl_key_alg`, `ssl_verify` (a number, 0: the certificate is fine), or a "
         "number "
         "like `0xea`. One of the servers of an address says so for all.\n"
         "- `reuseport`: each worker has a socket of its own and the kernel distributes.\n"
         "- `backlog`: connections that may wait to be accepted (511).\n"
         "- `rcvbuf`, `sndbuf`: buffers of the socket in bytes.\n"
         "- `ipv6only`: whether `[::]` leaves out IPv4 (on).\n"
         "- `deferred`: a connection is accepted once its first bytes are there.\n"
         "- `so_keepalive`: the kernel asks after clients that are silent (SO_KEEPALIVE), with its "
         "own times or after `idle`, each `interval`, `count` times; what is left out is the "
         "system's.\n"
         "- `fastopen`: data that comes with a SYN is taken from clients that hold a cookie "
         "(TCP_FASTOPEN); so many may wait to be accepted.\n\n"
         "`bind` is always done; `setfib=` and `accept_filter=` have no meaning on Linux.",
     .apply = apply_listen},
    {.name = "listen",
     .contexts = CTX_STREAM_SERVER,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = "Sessions of TCP and UDP",
     .syntax = "listen address:port[-port] | port[-port] | unix:path [default_server] [ssl] [udp] "
               "[proxy_protocol] [reuseport] [backlog=number] [rcvbuf=size] [sndbuf=size] "
               "[ipv6only=on|off] [deferred] [so_keepalive=on|off|[idle]:[interval]:[count]] "
               "[fastopen=number] [bind];",
     .doc = "An address of a server of `stream`; may repeat; one is needed. The parameters are "
            "those of `listen` in `http`, and:\n\n"
            "- `proxy_protocol`: connections begin with a header of the PROXY protocol, version 1 "
            "or 2, before TLS: `$proxy_protocol_addr`, `$proxy_protocol_port`, "
            "`$proxy_protocol_server_addr`, `$proxy_protocol_server_port` tell what it says. "
            "`$remote_addr` stays that of the connection.\n"
            "- `udp`: datagrams. What comes from one address and port of a client is one session, "
            "until it ends. With several workers it takes "
            "`reuseport`, or each datagram may come to another worker.\n"
            "- `ssl`: connections begin with TLS. Servers of one address are told apart by the "
            "name that the client asks for in its handshake (`server_name`).",
     .apply = apply_listen},
};

void directives_listen_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}

/* What holds where nothing is said, the kinds, and how the target of each is written. */
#include "app/proxy/proxy_conf.h"

#include "app/conf.h"

const struct proxy_conf proxy_defaults = {
    .connect_timeout = 60000,
    .read_timeout = 60000,
    .send_timeout = 60000,
    .buffers = 32768,
    .max_temp_file = (size_t)1024 << 20,
    .store_access = 0600,
    .tls = {.depth = 1, .keeps_sessions = true},
    .next = PROXY_NEXT_ERROR | PROXY_NEXT_TIMEOUT,
    .flags = PROXY_BUFFERING | PROXY_REQUEST_BUFFERING | PROXY_PASS_HEADERS | PROXY_PASS_BODY,
};

/* Calls have no end that is known before: nothing of them waits for the rest. */
static const struct proxy_conf grpc_defaults = {
    .connect_timeout = 60000,
    .read_timeout = 60000,
    .send_timeout = 60000,
    .next = PROXY_NEXT_ERROR | PROXY_NEXT_TIMEOUT,
    .flags = PROXY_PASS_HEADERS | PROXY_PASS_BODY,
    .tls = {.depth = 1, .keeps_sessions = true},
    .minor = 1,
    .is_h2 = true,
    .kind = PROXY_GRPC,
};

static const struct proxy_conf fastcgi_defaults = {
    .connect_timeout = 60000,
    .read_timeout = 60000,
    .send_timeout = 60000,
    .buffers = 32768,
    .max_temp_file = (size_t)1024 << 20,
    .next = PROXY_NEXT_ERROR | PROXY_NEXT_TIMEOUT,
    .flags = PROXY_BUFFERING | PROXY_REQUEST_BUFFERING | PROXY_PASS_HEADERS | PROXY_PASS_BODY,
    .kind = PROXY_FASTCGI,
    .has_no_redirect = true,
};

static const struct {
    const struct proxy_conf *defaults;
    size_t at; /* in struct location */
    const char *scheme, *word;
} kinds[] = {
    [PROXY_HTTP] = {&proxy_defaults, offsetof(struct location, proxy), "http", "proxy"},
    [PROXY_GRPC] = {&grpc_defaults, offsetof(struct location, grpc), "grpc", "grpc"},
    [PROXY_FASTCGI] = {&fastcgi_defaults, offsetof(struct location, fastcgi), "fastcgi", "fastcgi"},
};

const struct proxy_conf *proxy_conf_of(const struct location *l, enum proxy_kind kind)
{
    const struct proxy_conf *own = *(struct proxy_conf *const *)((const char *)l + kinds[kind].at);

    return own ? own : kinds[kind].defaults;
}

const char *proxy_conf_scheme(enum proxy_kind kind)
{
    return kinds[kind].scheme;
}

const char *proxy_conf_word(enum proxy_kind kind)
{
    return kinds[kind].word;
}

struct proxy_conf *proxy_conf_own(struct app_conf *conf, struct location *l, enum proxy_kind kind)
{
    struct proxy_conf **at = (struct proxy_conf **)((char *)l + kinds[kind].at), *copy;

    if (*at && (*at)->owner == l)
        return *at;
    copy = pool_new(&conf->pool, struct proxy_conf);
    *copy = *proxy_conf_of(l, kind);
    copy->owner = l;
    if (!copy->tls.ctx)
        copy->tls.ctx = pool_new(&conf->pool, struct tls_ctx *);
    *at = copy;
    return copy;
}

/* "unix:/path:/uri": the path ends at a colon, behind which there need not be anything. */
static void cut_unix(struct slice rest, struct proxy_pass *out)
{
    struct slice path = slice_from(rest, 5), uri = path;

    path = slice_cut(&uri, ':');
    out->authority = slice_of(rest.p, 5 + path.n);
    out->uri = uri.n ? uri : slice_of(NULL, 0);
}

bool proxy_pass_parse(struct slice url, struct proxy_pass *out)
{
    struct slice rest;

    out->url = url;
    out->is_tls = slice_has_prefix(url, SLICE("https://"));
    if (!out->is_tls && !slice_has_prefix(url, SLICE("http://")))
        return false;
    out->default_port = out->is_tls ? 443 : 80;
    rest = slice_from(url, out->is_tls ? 8 : 7);
    if (slice_has_prefix(rest, SLICE("unix:"))) {
        cut_unix(rest, out);
    } else {
        size_t n = 0;

        while (n < rest.n && rest.p[n] != '/' && rest.p[n] != '?')
            n++;
        out->authority = slice_of(rest.p, n);
        out->uri = n < rest.n ? slice_from(rest, n) : slice_of(NULL, 0);
    }
    return out->authority.n > 0;
}

/* "grpc://host[:port]", "grpcs://…" or "host[:port]" as proxy_pass_parse wants it. */
static struct slice of_grpc(struct pool *pool, struct slice url)
{
    bool is_tls = slice_has_prefix(url, SLICE("grpcs://"));

    if (is_tls || slice_has_prefix(url, SLICE("grpc://")))
        url = slice_from(url, is_tls ? 8 : 7);
    return pool_printf(pool, "%s" SLICE_FMT, is_tls ? "https://" : "http://", SLICE_ARG(url));
}

bool proxy_pass_read(struct pool *pool, enum proxy_kind kind, struct slice url,
                     struct proxy_pass *out)
{
    if (kind == PROXY_HTTP)
        return proxy_pass_parse(url, out);
    if (kind == PROXY_GRPC)
        return proxy_pass_parse(of_grpc(pool, url), out) && !out->uri.p;
    url = pool_printf(pool, "http://" SLICE_FMT, SLICE_ARG(url));
    if (!proxy_pass_parse(url, out) || out->uri.p)
        return false;
    out->default_port = 0;
    return true;
}

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

#define DEFAULTS_OF_PROGRAMS(which)                                                                \
    {                                                                                              \
        .connect_timeout = 60000, .read_timeout = 60000, .send_timeout = 60000, .buffers = 32768,  \
        .max_temp_file = (size_t)1024 << 20, .store_access = 0600,                                 \
        .next = PROXY_NEXT_ERROR | PROXY_NEXT_TIMEOUT,                                             \
        .flags = PROXY_BUFFERING | PROXY_REQUEST_BUFFERING | PROXY_PASS_HEADERS | PROXY_PASS_BODY, \
        .kind = (which), .has_no_redirect = true, .tls = {.depth = 1, .keeps_sessions = true},     \
    }

static const struct proxy_conf fastcgi_defaults = DEFAULTS_OF_PROGRAMS(PROXY_FASTCGI);
static const struct proxy_conf uwsgi_defaults = DEFAULTS_OF_PROGRAMS(PROXY_UWSGI);
static const struct proxy_conf scgi_defaults = DEFAULTS_OF_PROGRAMS(PROXY_SCGI);

#define AT(field) offsetof(struct location, field)

static const struct {
    const struct proxy_conf *defaults;
    size_t at; /* in struct location */
    const char *word, *scheme, *secure_scheme;
} kinds[PROXY_KINDS] = {
    [PROXY_HTTP] = {&proxy_defaults, AT(proxy), "proxy", "http", "https"},
    [PROXY_GRPC] = {&grpc_defaults, AT(grpc), "grpc", "grpc", "grpcs"},
    [PROXY_FASTCGI] = {&fastcgi_defaults, AT(fastcgi), "fastcgi", "fastcgi", NULL},
    [PROXY_UWSGI] = {&uwsgi_defaults, AT(uwsgi), "uwsgi", "uwsgi", "suwsgi"},
    [PROXY_SCGI] = {&scgi_defaults, AT(scgi), "scgi", "scgi", NULL},
};

struct proxy_conf *proxy_conf_said(const struct location *l, enum proxy_kind kind)
{
    return *(struct proxy_conf *const *)((const char *)l + kinds[kind].at);
}

const struct proxy_conf *proxy_conf_of(const struct location *l, enum proxy_kind kind)
{
    const struct proxy_conf *own = proxy_conf_said(l, kind);

    return own ? own : kinds[kind].defaults;
}

const char *proxy_conf_scheme(enum proxy_kind kind, bool is_tls)
{
    return is_tls ? kinds[kind].secure_scheme : kinds[kind].scheme;
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

/* Takes "scheme://" off the front of *url. */
static bool cut_scheme(struct slice *url, const char *scheme)
{
    struct slice rest = *url;

    if (!scheme || !slice_has_prefix(rest, slice_str(scheme)))
        return false;
    rest = slice_from(rest, strlen(scheme));
    if (!slice_has_prefix(rest, SLICE("://")))
        return false;
    *url = slice_from(rest, 3);
    return true;
}

bool proxy_pass_read(struct pool *pool, enum proxy_kind kind, struct slice url,
                     struct proxy_pass *out)
{
    bool has_scheme = proxy_conf_may_have_tls(kind), is_tls;

    if (kind == PROXY_HTTP)
        return proxy_pass_parse(url, out);
    is_tls = has_scheme && cut_scheme(&url, kinds[kind].secure_scheme);
    if (!is_tls && has_scheme)
        (void)cut_scheme(&url, kinds[kind].scheme);
    url = pool_printf(pool, "%s" SLICE_FMT, is_tls ? "https://" : "http://", SLICE_ARG(url));
    if (!proxy_pass_parse(url, out) || out->uri.p)
        return false;
    if (proxy_conf_has_params(kind))
        out->default_port = 0;
    return true;
}

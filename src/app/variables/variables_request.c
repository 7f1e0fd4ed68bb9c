/* Variables that tell about the request: its line, target, head and body.
 *
 * Most of them are a slice of the request as it is. $args and $query_string follow rewrites,
 * $request_uri does not. What is costly is made once per visit: $request_id, $remote_user. */
#include "app/variables/variables.h"

#include "app/access/auth_basic.h"
#include "app/conf.h"
#include "app/request_body.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/rand.h"
#include "http/body_spool.h"

enum { REQUEST_ID_BYTES = 16 };

static struct slice get_uri(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return v->x->req.path;
}

static struct slice get_request_uri(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return v->x->req.uri;
}

static struct slice get_args(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return v->x->req.query;
}

static bool set_args(struct visit *v, const struct variable *var, struct slice value)
{
    UNUSED(var);
    v->x->req.query = value.p ? pool_dup(visit_pool(v), value) : value;
    return true;
}

static struct slice get_is_args(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return v->x->req.query.n > 0 ? SLICE("?") : SLICE_EMPTY;
}

/* The name in the request wins; the server's first name stands in when there is none. */
static struct slice get_host(struct visit *v, const struct variable *var)
{
    struct slice name;

    UNUSED(var);
    if (v->x->req.host.n > 0)
        return v->x->req.host;
    if (!v->vhost || v->vhost->n_names == 0)
        return SLICE_EMPTY;
    name = v->vhost->names[0];
    return name.n > 0 && name.p[0] == '.' ? slice_from(name, 1) : name;
}

static struct slice get_request_port(struct visit *v, const struct variable *var)
{
    int port = v->x->req.host_port;

    UNUSED(var);
    return port > 0 ? variables_number(v, port) : SLICE_EMPTY;
}

static struct slice get_is_request_port(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return v->x->req.host_port > 0 ? SLICE(":") : SLICE_EMPTY;
}

static struct slice get_scheme(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return v->x->req.is_tls ? SLICE("https") : SLICE("http");
}

static struct slice get_https(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return v->x->req.is_tls ? SLICE("on") : SLICE_EMPTY;
}

static struct slice get_server_protocol(struct visit *v, const struct variable *var)
{
    const struct request *r = &v->x->req;

    UNUSED(var);
    if (r->version_major == 2)
        return SLICE("HTTP/2.0");
    return r->version_minor == 0 ? SLICE("HTTP/1.0") : SLICE("HTTP/1.1");
}

static struct slice get_http2(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    if (v->x->req.version_major != 2)
        return SLICE_EMPTY;
    return v->x->req.is_tls ? SLICE("h2") : SLICE("h2c");
}

static struct slice get_request(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return v->x->req.line;
}

/* As in nginx, that of the request which came, also in its subrequests. */
static struct slice get_request_method(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    while (v->parent)
        v = v->parent;
    return v->x->req.method_token;
}

static struct slice get_echo_request_method(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return v->x->req.method_token;
}

static struct slice get_request_length(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return variables_number(v, (int64_t)v->x->request_length);
}

static struct slice get_request_time(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return variables_seconds(v, (int64_t)(clock_ms() - v->x->start_ms));
}

static struct slice get_echo_incr(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return variables_number(v, ++visit_main(v)->n_incr);
}

static struct slice get_request_id(struct visit *v, const struct variable *var)
{
    struct slice *id = &v->slots[SLOT_REQUEST_ID];
    unsigned char bytes[REQUEST_ID_BYTES];
    char *p;

    UNUSED(var);
    if (id->p)
        return *id;
    p = pool_alloc(visit_pool(v), (size_t)2 * REQUEST_ID_BYTES);
    rand_bytes(bytes, sizeof(bytes));
    *id = slice_of(p, (size_t)2 * REQUEST_ID_BYTES);
    for (size_t i = 0; i < sizeof(bytes); i++)
        p = encode_hex_digits(p, bytes[i]);
    return *id;
}

static struct slice get_request_body(struct visit *v, const struct variable *var)
{
    const struct body_spool *s = request_body_seen(v);

    UNUSED(var);
    if (!s || s->state != BODY_END || s->fd >= 0 || s->memory.n == 0)
        return VARIABLE_NONE;
    return buf_slice(&s->memory);
}

static struct slice get_request_body_file(struct visit *v, const struct variable *var)
{
    const struct body_spool *s = v->x->spool;

    UNUSED(var);
    if (!s || s->state != BODY_END || s->fd < 0 || !s->path)
        return VARIABLE_NONE;
    return slice_str(s->path);
}

static struct slice field_or_none(const struct visit *v, enum header_id id)
{
    const struct header *h = header_find_id(&v->x->req.headers, id);

    return h ? h->value : VARIABLE_NONE;
}

/* The field; of a body without one what was read, once it is complete. */
static struct slice get_content_length(struct visit *v, const struct variable *var)
{
    struct slice value = field_or_none(v, HEADER_CONTENT_LENGTH);
    const struct body_spool *s = v->x->spool;

    UNUSED(var);
    if (!value.p && s && s->state == BODY_END && v->x->req.has_unsized_body)
        return variables_number(v, s->size);
    return value;
}

static struct slice get_content_type(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return field_or_none(v, HEADER_CONTENT_TYPE);
}

/* The user-id of Basic credentials. */
static struct slice parse_user(struct visit *v)
{
    struct slice user, password;

    return auth_basic_credentials(v, &user, &password) ? user : VARIABLE_NONE;
}

static struct slice get_remote_user(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    if (!v->user.p)
        v->user = parse_user(v);
    return v->user;
}

static struct slice get_limit_rate(struct visit *v, const struct variable *var)
{
    int64_t rate = v->x->send_rate;

    UNUSED(var);
    return variables_number(v, rate < 0 ? (int64_t)v->loc->http.send_rate : rate);
}

static bool set_limit_rate(struct visit *v, const struct variable *var, struct slice value)
{
    int64_t rate;

    UNUSED(var);
    if (!num_parse_size(value, &rate)) {
        log_write(&v->x->log, LOG_ERROR, "invalid $limit_rate \"" SLICE_FMT "\"", SLICE_ARG(value));
        return false;
    }
    v->x->send_rate = rate;
    return true;
}

/* The client's own request, whoever asks. */
static const struct request *client_request(const struct visit *v)
{
    while (v->parent)
        v = v->parent;
    return &v->x->req;
}

static struct slice get_client_method(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return client_request(v)->method_token;
}

static struct slice get_client_head(struct visit *v, const struct variable *var)
{
    const struct request *r = client_request(v);
    struct buf text = BUF_EMPTY;
    struct slice out;

    UNUSED(var);
    buf_printf(&text, SLICE_FMT "\r\n", SLICE_ARG(r->line));
    for (unsigned i = 0; i < r->headers.n; i++)
        buf_printf(&text, SLICE_FMT ": " SLICE_FMT "\r\n", SLICE_ARG(r->headers.fields[i].name),
                   SLICE_ARG(r->headers.fields[i].value));
    buf_add_lit(&text, "\r\n");
    out = pool_dup(visit_pool(v), buf_slice(&text));
    buf_free(&text);
    return out;
}

/* Where the request is now, with its query; in a subrequest its own. */
static struct slice get_echo_request_uri(struct visit *v, const struct variable *var)
{
    const struct request *r = &v->x->req;

    UNUSED(var);
    if (!r->query.p || r->query.n == 0)
        return r->path;
    return pool_printf(visit_pool(v), SLICE_FMT "?" SLICE_FMT, SLICE_ARG(r->path),
                       SLICE_ARG(r->query));
}

static struct slice get_path(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return v->x->req.path;
}

/* Names of the http_ family that nginx counts as builtins: they cannot be defined anew. */
static const struct variables_field http_host = {HEADER_HOST, SLICE("host")};
static const struct variables_field http_user_agent = {HEADER_USER_AGENT, SLICE("user_agent")};
static const struct variables_field http_referer = {HEADER_REFERER, SLICE("referer")};
static const struct variables_field http_via = {HEADER_VIA, SLICE("via")};
static const struct variables_field http_cookie = {HEADER_COOKIE, SLICE("cookie")};
static const struct variables_field http_x_forwarded_for = {HEADER_X_FORWARDED_FOR,
                                                            SLICE("x_forwarded_for")};

static struct slice get_field(struct visit *v, const struct variable *var)
{
    return variables_field_value(v, &v->x->req.headers, var->data);
}

#define VARIABLE_FIELD(field)                                                                      \
    {                                                                                              \
        .name = SLICE(#field), .get = get_field, .data = &(field)                                  \
    }

const struct variable variables_request[] = {
    VARIABLE_SETTABLE("args", get_args, set_args),
    VARIABLE_SETTABLE("limit_rate", get_limit_rate, set_limit_rate),
    VARIABLE("query_string", get_args),
    VARIABLE("is_args", get_is_args),
    VARIABLE("uri", get_uri),
    VARIABLE("document_uri", get_uri),
    VARIABLE("request_uri", get_request_uri),
    VARIABLE("host", get_host),
    VARIABLE("request_port", get_request_port),
    VARIABLE("is_request_port", get_is_request_port),
    VARIABLE("scheme", get_scheme),
    VARIABLE("https", get_https),
    VARIABLE("http2", get_http2),
    VARIABLE("server_protocol", get_server_protocol),
    VARIABLE("request", get_request),
    VARIABLE("request_method", get_request_method),
    VARIABLE("echo_request_method", get_echo_request_method),
    VARIABLE("echo_request_body", get_request_body),
    VARIABLE("echo_request_uri", get_echo_request_uri),
    VARIABLE("echo_cacheable_request_uri", get_path),
    VARIABLE("echo_incr", get_echo_incr),
    VARIABLE("echo_timer_elapsed", get_request_time),
    VARIABLE("echo_client_request_method", get_client_method),
    VARIABLE("echo_client_request_headers", get_client_head),
    VARIABLE("request_length", get_request_length),
    VARIABLE("request_time", get_request_time),
    VARIABLE("request_id", get_request_id),
    VARIABLE("request_body", get_request_body),
    VARIABLE("request_body_file", get_request_body_file),
    VARIABLE("content_length", get_content_length),
    VARIABLE("content_type", get_content_type),
    VARIABLE("remote_user", get_remote_user),
    VARIABLE_FIELD(http_host),
    VARIABLE_FIELD(http_user_agent),
    VARIABLE_FIELD(http_referer),
    VARIABLE_FIELD(http_via),
    VARIABLE_FIELD(http_cookie),
    VARIABLE_FIELD(http_x_forwarded_for),
    VARIABLE_END,
};

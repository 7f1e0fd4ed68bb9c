/* Variables that tell about the response: its status, its fields as the peer sees them, what was
 * sent.
 *
 * Fields that the transport writes itself (length, framing, connection) are not in the list of
 * headers; their $sent_http_ variables say what goes out. They are right from the moment the head
 * has been sent. */
#include "app/variables/variables.h"

#include "http/filter_compress.h"
#include "proto/date.h"
#include "proto/status.h"

enum { STATUS_SWITCHING = 101, STATUS_OK = 200, STATUS_CLIENT_CLOSED = 499 };

/* An exchange that the peer gave up before the answer began has no status; logs know 499. */
static int current_status(const struct visit *v)
{
    const struct exchange *x = v->x;

    if (x->res.status != 0)
        return x->res.status;
    if (v->error_status != 0)
        return v->error_status;
    if (x->state == EXCHANGE_ABORTED)
        return STATUS_CLIENT_CLOSED;
    return exchange_has_started(x) ? STATUS_OK : 0;
}

static struct slice get_status(struct visit *v, const struct variable *var)
{
    int status = current_status(v);
    char *p = pool_alloc(visit_pool(v), 3);

    UNUSED(var);
    p[0] = (char)('0' + status / 100 % 10);
    p[1] = (char)('0' + status / 10 % 10);
    p[2] = (char)('0' + status % 10);
    return slice_of(p, 3);
}

static struct slice get_bytes_sent(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return variables_number(v, (int64_t)v->x->bytes_sent);
}

static struct slice get_body_bytes_sent(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return variables_number(v, (int64_t)v->x->body_bytes_sent);
}

static struct slice get_request_completion(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return v->x->state == EXCHANGE_DONE ? SLICE("OK") : SLICE_EMPTY;
}

static struct slice field_or_none(const struct visit *v, enum header_id id)
{
    const struct header *h = header_find_id(&v->x->res.headers, id);

    return h ? h->value : VARIABLE_NONE;
}

static struct slice get_content_type(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return field_or_none(v, HEADER_CONTENT_TYPE);
}

static struct slice get_content_length(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    if (v->x->res.content_length >= 0)
        return variables_number(v, v->x->res.content_length);
    return field_or_none(v, HEADER_CONTENT_LENGTH);
}

static struct slice get_location(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return field_or_none(v, HEADER_LOCATION);
}

static struct slice get_last_modified(struct visit *v, const struct variable *var)
{
    struct slice value = field_or_none(v, HEADER_LAST_MODIFIED);
    char *p;

    UNUSED(var);
    if (value.p || v->x->res.last_modified < 0)
        return value;
    p = pool_alloc(visit_pool(v), DATE_SIZE);
    date_format(p, v->x->res.last_modified);
    return slice_of(p, DATE_SIZE);
}

static struct slice get_connection(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    if (v->x->res.status == STATUS_SWITCHING)
        return SLICE("upgrade");
    return v->x->keep_alive ? SLICE("keep-alive") : SLICE("close");
}

static struct slice get_keep_alive(struct visit *v, const struct variable *var)
{
    const struct exchange *x = v->x;

    UNUSED(var);
    if (!x->keep_alive || x->settings->keepalive_header == 0)
        return VARIABLE_NONE;
    return pool_printf(visit_pool(v), "timeout=%llu",
                       (unsigned long long)x->settings->keepalive_header);
}

/* RFC 9112 section 6.1: chunked is for HTTP/1.1 bodies of unknown length. */
static struct slice get_transfer_encoding(struct visit *v, const struct variable *var)
{
    const struct exchange *x = v->x;
    bool is_http11 = x->req.version_major == 1 && x->req.version_minor >= 1;

    UNUSED(var);
    if (!is_http11 || !exchange_has_started(x) || x->res.content_length >= 0 ||
        !status_can_have_body(current_status(v)))
        return VARIABLE_NONE;
    return SLICE("chunked");
}

static const struct variables_field cache_control = {HEADER_CACHE_CONTROL, SLICE("cache_control")};
static const struct variables_field link_field = {HEADER_LINK, SLICE("link")};

static struct slice get_field(struct visit *v, const struct variable *var)
{
    return variables_field_value(v, &v->x->res.headers, var->data);
}

/* How many times smaller compression has made the body: "4.12"; "-" when it was not compressed. */
static struct slice get_gzip_ratio(struct visit *v, const struct variable *var)
{
    uint64_t in, out;

    UNUSED(var);
    if (!filter_compress_ratio(v->x, &in, &out) || out == 0)
        return VARIABLE_NONE;
    return pool_printf(visit_pool(v), "%.2f", (double)in / (double)out);
}

const struct variable variables_response[] = {
    VARIABLE("status", get_status),
    VARIABLE("echo_response_status", get_status),
    VARIABLE("bytes_sent", get_bytes_sent),
    VARIABLE("body_bytes_sent", get_body_bytes_sent),
    VARIABLE("request_completion", get_request_completion),
    VARIABLE("gzip_ratio", get_gzip_ratio),
    VARIABLE("sent_http_content_type", get_content_type),
    VARIABLE("sent_http_content_length", get_content_length),
    VARIABLE("sent_http_location", get_location),
    VARIABLE("sent_http_last_modified", get_last_modified),
    VARIABLE("sent_http_connection", get_connection),
    VARIABLE("sent_http_keep_alive", get_keep_alive),
    VARIABLE("sent_http_transfer_encoding", get_transfer_encoding),
    {.name = SLICE("sent_http_cache_control"), .get = get_field, .data = &cache_control},
    {.name = SLICE("sent_http_link"), .get = get_field, .data = &link_field},
    VARIABLE_END,
};

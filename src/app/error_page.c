/* The built-in pages, in the form that nginx gives them, byte by byte but for the last line.
 *
 * What a handler had set up for its own answer (type, length, validators) does not describe the
 * page and is dropped; what belongs to the status stays: Location, WWW-Authenticate, Allow,
 * Retry-After, Content-Range of a 416. To give a status another title, extend `titles`. */
#include "app/error_page.h"

#include "app/variables/script.h"
#include "base/product.h"
#include "http/filter_compress.h"
#include "proto/status.h"

/* Where people and programs look for nginx's words rather than for the registry's. */
static const struct {
    int status;
    struct slice title;
} titles[] = {
#define TITLE(status, text)                                                                        \
    {                                                                                              \
        status,                                                                                    \
        {                                                                                          \
            text, sizeof(text) - 1                                                                 \
        }                                                                                          \
    }
    TITLE(401, "401 Authorization Required"),
    TITLE(405, "405 Not Allowed"),
    TITLE(408, "408 Request Time-out"),
    TITLE(413, "413 Request Entity Too Large"),
    TITLE(414, "414 Request-URI Too Large"),
    TITLE(416, "416 Requested Range Not Satisfiable"),
    TITLE(494, "400 Request Header Or Cookie Too Large"),
    TITLE(495, "400 The SSL certificate error"),
    TITLE(496, "400 No required SSL certificate was sent"),
    TITLE(497, "400 The plain HTTP request was sent to HTTPS port"),
    TITLE(503, "503 Service Temporarily Unavailable"),
    TITLE(504, "504 Gateway Time-out"),
#undef TITLE
};

static const uint8_t described[] = {
    HEADER_CONTENT_TYPE,
    HEADER_CONTENT_LENGTH,
    HEADER_CONTENT_ENCODING,
    HEADER_CONTENT_LANGUAGE,
    HEADER_ACCEPT_RANGES,
    HEADER_CONTENT_DISPOSITION,
    HEADER_ETAG,
    HEADER_LAST_MODIFIED,
};

/* These are 400 for the client; their titles say what is wrong below that. */
static bool is_private(int status)
{
    return status >= 494 && status <= 497;
}

int error_page_sent(int status)
{
    return is_private(status) ? 400 : status;
}

static struct slice title_of(int status)
{
    for (size_t i = 0; i < ARRAY_LEN(titles); i++)
        if (titles[i].status == status)
            return titles[i].title;
    return status_reason(status).n ? status_line(status) : SLICE_EMPTY;
}

/* What somebody who reports a failure can quote, and the logs can be searched for. */
static struct slice request_line(struct visit *v, int status)
{
    const struct variable *var =
        status == 500 ? variable_find_at_run(v, SLICE("request_id")) : NULL;
    struct slice id = var ? var->get(v, var) : SLICE_EMPTY;

    if (id.n == 0)
        return SLICE_EMPTY;
    return pool_printf(visit_pool(v), "<center>request " SLICE_FMT "</center>\r\n", SLICE_ARG(id));
}

static const char *footer(const struct visit *v)
{
    if (!product_is_stand_in())
        return "perilune (nginx compatible)";
    return v->loc->has_server_tokens ? product_token() : product_name();
}

struct slice error_page_body(struct visit *v, int status)
{
    struct slice title = title_of(status);
    const struct slice parts[] = {
        SLICE("<html>\r\n<head><title>"),
        title,
        SLICE("</title></head>\r\n<body>\r\n<center><h1>"),
        is_private(status) ? SLICE("400 Bad Request") : title,
        SLICE("</h1></center>\r\n"),
        is_private(status) ? SLICE("<center>") : SLICE_EMPTY,
        is_private(status) ? slice_from(title, 4) : SLICE_EMPTY,
        is_private(status) ? SLICE("</center>\r\n") : SLICE_EMPTY,
        SLICE("<hr><center>"),
        slice_str(footer(v)),
        SLICE("</center>\r\n"),
        request_line(v, status),
        SLICE("</body>\r\n</html>\r\n"),
    };
    size_t size = 0;
    char *out, *p;

    if (status < 300 || status == 304 || title.n == 0)
        return SLICE_EMPTY;
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        size += parts[i].n;
    out = p = pool_alloc(visit_pool(v), size);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        memcpy(p, parts[i].p, parts[i].n);
        p += parts[i].n;
    }
    return slice_of(out, size);
}

static void drop_described(struct response *r, int status)
{
    struct header_list *l = &r->headers;

    r->content_length = -1;
    if (status < 300 && status != 204) {
        header_remove_id(l, HEADER_CONTENT_LENGTH);
        return;
    }
    if (status == 304) {
        header_remove_id(l, HEADER_CONTENT_TYPE);
        header_remove_id(l, HEADER_CONTENT_LENGTH);
        return;
    }
    r->last_modified = -1;
    for (size_t i = 0; l->n > 0 && i < ARRAY_LEN(described); i++)
        header_remove_id(l, described[i]);
    if (status != 416)
        header_remove_id(l, HEADER_CONTENT_RANGE);
}

/* After these nobody knows where the next request on the connection begins. */
static bool does_close(int status)
{
    return status == 400 || status == 408 || status == 413 || status == 414 || status == 431 ||
           is_private(status);
}

void error_page_answer(struct visit *v, int status)
{
    struct exchange *x = v->x;
    struct slice body = v->is_captured ? SLICE_EMPTY : error_page_body(v, status);

    if (status == 304)
        filter_compress_unmodified(x);
    drop_described(&x->res, status);
    /* The answer that an error_page asked for ("=404") holds for a page that itself went well. */
    if (status >= 300 || !v->error_status || x->res.status == 0)
        x->res.status = error_page_sent(status);
    x->res.reason = SLICE_EMPTY;
    if (does_close(status))
        x->keep_alive = false;
    if (body.n)
        header_add_id(&x->res.headers, visit_pool(v), HEADER_CONTENT_TYPE, SLICE("text/html"));
    exchange_respond(x, body);
}

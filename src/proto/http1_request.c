/* Request heads: an upper bound of the size, then plain copies. Nothing is checked here; who sets
 * method, target and fields has validated them. */
#include "proto/http1_request.h"

#include "base/num.h"

/* All that is written but names and values of fields. */
enum { FIXED_MOST = 128, PER_FIELD = 4 };

static inline char *put(char *to, struct slice s)
{
    memcpy(to, s.p, s.n);
    return to + s.n;
}

#define PUT_LIT(to, literal) put((to), SLICE(literal))

static inline bool is_ours(enum header_id id)
{
    return id == HEADER_CONTENT_LENGTH || id == HEADER_TRANSFER_ENCODING || id == HEADER_CONNECTION;
}

size_t http1_request_size(const struct http1_request_head *h)
{
    size_t n = FIXED_MOST + h->method.n + h->target.n + h->host.n + h->connection.n;

    for (unsigned i = 0; h->headers && i < h->headers->n; i++)
        n += h->headers->fields[i].name.n + h->headers->fields[i].value.n + PER_FIELD;
    return n;
}

static char *put_field(char *to, struct slice name, struct slice value)
{
    to = put(to, name);
    to = PUT_LIT(to, ": ");
    to = put(to, value);
    return PUT_LIT(to, "\r\n");
}

static char *put_framing(char *to, const struct http1_request_head *h)
{
    if (h->content_length >= 0) {
        to = PUT_LIT(to, "Content-Length: ");
        to += num_format(to, h->content_length);
        to = PUT_LIT(to, "\r\n");
    }
    if (h->is_chunked)
        to = PUT_LIT(to, "Transfer-Encoding: chunked\r\n");
    if (h->connection.n)
        to = put_field(to, SLICE("Connection"), h->connection);
    return to;
}

size_t http1_write_request(char *to, const struct http1_request_head *h)
{
    char *start = to;

    to = put(to, h->method);
    *to++ = ' ';
    to = put(to, h->target);
    to = h->minor ? PUT_LIT(to, " HTTP/1.1\r\n") : PUT_LIT(to, " HTTP/1.0\r\n");
    if (h->host.n)
        to = put_field(to, SLICE("Host"), h->host);
    to = put_framing(to, h);
    for (unsigned i = 0; h->headers && i < h->headers->n; i++) {
        const struct header *f = &h->headers->fields[i];

        if (!is_ours(f->id))
            to = put_field(to, f->name, f->value);
    }
    to = PUT_LIT(to, "\r\n");
    return (size_t)(to - start);
}

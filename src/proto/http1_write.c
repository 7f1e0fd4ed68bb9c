/* Serialising heads and chunks: measure an upper bound, reserve once, copy.
 *
 * Order of the fields is nginx's. To put another field at a fixed place, add it to `enum place`, to
 * place_of and to http1_write_head. Values were validated by whoever set them (header_is_value);
 * nothing is checked here. */
#include "proto/http1_write.h"

#include "base/num.h"
#include "proto/status.h"

/* Fields of the list that stand at a fixed place; only the first of each, repeats stay in their
 * order. */
enum place { PLACE_TYPE, PLACE_MODIFIED, PLACE_LOCATION, PLACE_COUNT };

/* All that http1_write_head adds itself but values: names, separators, numbers. */
enum { FIXED_MOST = 256 };

enum { STATUS_UPGRADE_REQUIRED = 426 };

static inline char *put(char *to, const char *p, size_t n)
{
    memcpy(to, p, n);
    return to + n;
}

#define PUT_LIT(to, literal) put((to), (literal), sizeof(literal) - 1)

static inline char *put_field(char *to, const struct header *f)
{
    to = put(to, f->name.p, f->name.n);
    to = PUT_LIT(to, ": ");
    to = put(to, f->value.p, f->value.n);
    return PUT_LIT(to, "\r\n");
}

/* Is this field written from http1_response_head, whatever the list says? */
static inline bool is_ours(enum header_id id)
{
    return id == HEADER_SERVER || id == HEADER_DATE || id == HEADER_CONTENT_LENGTH ||
           id == HEADER_TRANSFER_ENCODING || id == HEADER_CONNECTION;
}

static inline int place_of(enum header_id id)
{
    return id == HEADER_CONTENT_TYPE    ? PLACE_TYPE
           : id == HEADER_LAST_MODIFIED ? PLACE_MODIFIED
           : id == HEADER_LOCATION      ? PLACE_LOCATION
                                        : -1;
}

/* Bytes that the list needs; finds the fields that have a place. */
static size_t survey(const struct header_list *l, const struct header *placed[PLACE_COUNT])
{
    size_t need = 0;

    for (unsigned i = 0; l && i < l->n; i++) {
        const struct header *f = &l->fields[i];
        int place = place_of(f->id);
        if (place >= 0 && !placed[place])
            placed[place] = f;
        need += f->name.n + f->value.n + 4;
    }
    return need;
}

static char *put_status(char *to, const struct http1_response_head *h)
{
    struct slice line = status_line(h->status);

    to = PUT_LIT(to, "HTTP/1.1 ");
    if (h->reason.n) {
        to = put(to, line.p, 4);
        to = put(to, h->reason.p, h->reason.n);
    } else {
        to = put(to, line.p, line.n);
    }
    return PUT_LIT(to, "\r\n");
}

static char *put_value(char *to, const char *name, size_t n, struct slice value)
{
    if (value.n == 0)
        return to;
    to = put(to, name, n);
    to = put(to, value.p, value.n);
    return PUT_LIT(to, "\r\n");
}

static char *put_placed(char *to, const struct header *f)
{
    return f ? put_field(to, f) : to;
}

static char *put_length(char *to, int64_t length)
{
    if (length < 0)
        return to;
    to = PUT_LIT(to, "Content-Length: ");
    to += num_format(to, length);
    return PUT_LIT(to, "\r\n");
}

/* An interim response says nothing about the connection (RFC 9110 section 15.2), but for 101. */
static char *put_connection(char *to, const struct http1_response_head *h)
{
    if (h->is_upgrade)
        return PUT_LIT(to, "Connection: upgrade\r\n");
    if (h->status < 200 || h->is_tunnel)
        return to;
    to = PUT_LIT(to, "Connection: ");
    if (h->status == STATUS_UPGRADE_REQUIRED && h->headers &&
        header_find_id(h->headers, HEADER_UPGRADE))
        to = PUT_LIT(to, "upgrade, ");
    return h->is_keep_alive ? PUT_LIT(to, "keep-alive\r\n") : PUT_LIT(to, "close\r\n");
}

static char *put_others(char *to, const struct header_list *l,
                        const struct header *placed[PLACE_COUNT])
{
    for (unsigned i = 0; l && i < l->n; i++) {
        const struct header *f = &l->fields[i];
        int place = place_of(f->id);
        if (is_ours(f->id) || (place >= 0 && placed[place] == f))
            continue;
        to = put_field(to, f);
    }
    return to;
}

void http1_write_head(struct buf *out, const struct http1_response_head *h)
{
    const struct header *placed[PLACE_COUNT] = {NULL, NULL, NULL};
    size_t need = survey(h->headers, placed);
    char *start = buf_reserve(out, need + h->reason.n + h->server.n + h->date.n + FIXED_MOST);
    char *to = put_status(start, h);

    to = put_value(to, "Server: ", 8, h->server);
    to = put_value(to, "Date: ", 6, h->date);
    to = put_placed(to, placed[PLACE_TYPE]);
    to = put_length(to, h->content_length);
    to = put_placed(to, placed[PLACE_MODIFIED]);
    to = put_placed(to, placed[PLACE_LOCATION]);
    if (h->is_chunked)
        to = PUT_LIT(to, "Transfer-Encoding: chunked\r\n");
    to = put_connection(to, h);
    to = put_others(to, h->headers, placed);
    to = PUT_LIT(to, "\r\n");
    out->n += (size_t)(to - start);
}

void http1_write_chunk_size(struct buf *out, size_t n)
{
    char text[2 * sizeof n + 2], *p = text + sizeof text;

    *--p = '\n';
    *--p = '\r';
    do {
        *--p = "0123456789abcdef"[n & 15];
        n >>= 4;
    } while (n);
    buf_add(out, p, (size_t)(text + sizeof text - p));
}

void http1_write_last_chunk(struct buf *out, const struct header_list *trailers)
{
    const struct header *none[PLACE_COUNT] = {NULL, NULL, NULL};
    char *start = buf_reserve(out, survey(trailers, none) + 5), *to = PUT_LIT(start, "0\r\n");

    for (unsigned i = 0; trailers && i < trailers->n; i++)
        to = put_field(to, &trailers->fields[i]);
    to = PUT_LIT(to, "\r\n");
    out->n += (size_t)(to - start);
}

/* A record is a head of 8 bytes (version, type, request number, lengths of content and padding),
 * its content, its padding. Sections are those of the FastCGI specification 1.0. */
#include "proto/fastcgi.h"

#include "base/check.h"

enum { VERSION = 1, REQUEST = 1, RESPONDER = 1, KEEP_CONNECTION = 1, LONG_LENGTH = 128 };

enum type {
    TYPE_BEGIN = 1,
    TYPE_END = 3,
    TYPE_PARAMS = 4,
    TYPE_STDIN = 5,
    TYPE_STDOUT = 6,
    TYPE_STDERR = 7,
};

/* --- requests --- */

static void write_head(struct buf *out, enum type type, size_t n)
{
    const unsigned char head[FASTCGI_HEAD] = {
        VERSION, (unsigned char)type, 0, REQUEST, (unsigned char)(n >> 8), (unsigned char)n, 0, 0};

    CHECK(n <= FASTCGI_CONTENT_MOST);
    buf_add(out, head, sizeof(head));
}

/* Section 3.4: one byte, or four with the highest bit set. */
static void add_length(struct buf *b, size_t n)
{
    if (n < LONG_LENGTH) {
        buf_add_char(b, (char)n);
        return;
    }
    buf_add_char(b, (char)(n >> 24 | LONG_LENGTH));
    buf_add_char(b, (char)(n >> 16));
    buf_add_char(b, (char)(n >> 8));
    buf_add_char(b, (char)n);
}

void fastcgi_add_param(struct buf *params, struct slice name, struct slice value)
{
    add_length(params, name.n);
    add_length(params, value.n);
    buf_add_slice(params, name);
    buf_add_slice(params, value);
}

void fastcgi_write_begin(struct buf *out, struct slice params, bool keeps)
{
    const unsigned char body[] = {0, RESPONDER, keeps ? KEEP_CONNECTION : 0, 0, 0, 0, 0, 0};

    write_head(out, TYPE_BEGIN, sizeof(body));
    buf_add(out, body, sizeof(body));
    while (params.n) {
        size_t n = MIN(params.n, (size_t)FASTCGI_CONTENT_MOST);

        write_head(out, TYPE_PARAMS, n);
        buf_add(out, params.p, n);
        params = slice_from(params, n);
    }
    write_head(out, TYPE_PARAMS, 0);
}

void fastcgi_write_body_head(struct buf *out, size_t n)
{
    write_head(out, TYPE_STDIN, n);
}

/* --- answers --- */

/* Takes up to what is missing of `size` bytes; true: they are whole. */
static bool collect(unsigned char *to, uint8_t *have, size_t size, struct slice *in)
{
    size_t n = MIN(size - *have, in->n);

    memcpy(to + *have, in->p, n);
    *have = (uint8_t)(*have + n);
    *in = slice_from(*in, n);
    return *have == size;
}

static enum fastcgi_result fail(struct fastcgi_reader *r, const char *reason)
{
    r->reason = reason;
    return FASTCGI_BAD;
}

/* The head of a record is whole. */
static enum fastcgi_result look(struct fastcgi_reader *r)
{
    unsigned type = r->head[1];

    r->left = (uint16_t)(r->head[4] << 8 | r->head[5]);
    r->padding = r->head[6];
    if (r->head[0] != VERSION)
        return fail(r, "unsupported FastCGI protocol version");
    if (type != TYPE_STDOUT && type != TYPE_STDERR && type != TYPE_END)
        return fail(r, "unexpected type of a FastCGI record");
    if (r->head[2] != 0 || r->head[3] != REQUEST)
        return fail(r, "unexpected request number in a FastCGI record");
    if (type == TYPE_END && r->left != FASTCGI_HEAD)
        return fail(r, "unexpected length of a FastCGI end request record");
    return FASTCGI_MORE;
}

/* A piece of what the record holds. END: all of the last record but its padding. */
static enum fastcgi_result take_content(struct fastcgi_reader *r, struct slice *in,
                                        struct slice *piece)
{
    size_t n = MIN((size_t)r->left, in->n);

    r->left = (uint16_t)(r->left - n);
    if (r->head[1] == TYPE_END) {
        (void)collect(r->end, &r->n_end, sizeof(r->end), in);
        return FASTCGI_MORE;
    }
    *piece = slice_of(in->p, n);
    *in = slice_from(*in, n);
    return r->head[1] == TYPE_STDOUT ? FASTCGI_OUTPUT : FASTCGI_ERRORS;
}

/* Section 5.5: 0 is "complete"; the others have refused the request. */
static enum fastcgi_result finish(struct fastcgi_reader *r)
{
    unsigned char status = r->end[4];

    r->n_head = r->n_end = 0;
    if (status == 1)
        return fail(r, "the FastCGI server cannot multiplex");
    if (status == 2)
        return fail(r, "the FastCGI server is overloaded");
    return status ? fail(r, "the FastCGI server knows no such role") : FASTCGI_END;
}

enum fastcgi_result fastcgi_read(struct fastcgi_reader *r, struct slice *in, struct slice *piece)
{
    while (in->n) {
        size_t n;

        if (r->n_head < FASTCGI_HEAD) {
            if (collect(r->head, &r->n_head, FASTCGI_HEAD, in) && look(r) == FASTCGI_BAD)
                return FASTCGI_BAD;
        } else if (r->left) {
            enum fastcgi_result result = take_content(r, in, piece);

            if (result != FASTCGI_MORE)
                return result;
        }
        n = r->n_head == FASTCGI_HEAD && !r->left ? MIN((size_t)r->padding, in->n) : 0;
        *in = slice_from(*in, n);
        r->padding = (uint8_t)(r->padding - n);
        if (r->n_head < FASTCGI_HEAD || r->left || r->padding)
            continue;
        if (r->head[1] == TYPE_END)
            return finish(r);
        r->n_head = 0;
    }
    return FASTCGI_MORE;
}

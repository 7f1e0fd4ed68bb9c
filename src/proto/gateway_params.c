/* uwsgi: a head of 4 bytes (modifier, size, modifier), then each name and value behind its size, of
 * 2 bytes; the lower byte comes first. SCGI: a netstring of names and values that end with NUL. */
#include "proto/gateway_params.h"

static void add_size(struct buf *b, size_t n)
{
    buf_add_char(b, (char)n);
    buf_add_char(b, (char)(n >> 8));
}

/* Puts bytes before what is there. */
static void prepend(struct buf *b, struct slice head)
{
    struct buf whole = BUF_EMPTY;

    buf_add_slice(&whole, head);
    buf_add_slice(&whole, buf_slice(b));
    buf_free(b);
    *b = whole;
}

void uwsgi_add_param(struct buf *params, struct slice name, struct slice value)
{
    add_size(params, name.n);
    buf_add_slice(params, name);
    add_size(params, value.n);
    buf_add_slice(params, value);
}

bool uwsgi_wrap(struct buf *params, unsigned char modifier1, unsigned char modifier2)
{
    const char head[] = {(char)modifier1, (char)params->n, (char)(params->n >> 8), (char)modifier2};

    if (params->n > UWSGI_PARAMS_MOST)
        return false;
    prepend(params, slice_of(head, sizeof(head)));
    return true;
}

void scgi_add_param(struct buf *params, struct slice name, struct slice value)
{
    struct slice rest = value;

    buf_add_slice(params, name);
    buf_add_char(params, '\0');
    buf_add_slice(params, slice_cut(&rest, '\0')); /* what is behind would be another parameter */
    buf_add_char(params, '\0');
}

void scgi_wrap(struct buf *params)
{
    struct buf size = BUF_EMPTY;

    buf_printf(&size, "%zu:", params->n);
    prepend(params, buf_slice(&size));
    buf_free(&size);
    buf_add_char(params, ',');
}

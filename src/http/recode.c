/* The fields of a head that speak of the bytes of the body: Content-Length, Content-Encoding,
 * Accept-Ranges, ETag, and Vary for those who keep what they got. */
#include "http/recode.h"

void recode_vary(struct exchange *x)
{
    struct slice token = SLICE("Accept-Encoding");

    for (unsigned i = 0; i < x->res.headers.n; i++) {
        const struct header *h = &x->res.headers.fields[i];

        if (h->id == HEADER_VARY &&
            (header_has_token(h->value, token) || slice_eq(h->value, SLICE("*"))))
            return;
    }
    header_add_id(&x->res.headers, &x->pool, HEADER_VARY, token);
}

/* A strong validator would lie (RFC 9110 section 8.8.1). */
void recode_etag(struct exchange *x)
{
    struct header *h = header_find_id(&x->res.headers, HEADER_ETAG);

    if (h && h->value.n > 0 && h->value.p[0] == '"')
        h->value = pool_printf(&x->pool, "W/" SLICE_FMT, SLICE_ARG(h->value));
    else if (h && !slice_has_prefix(h->value, SLICE("W/")))
        header_remove_id(&x->res.headers, HEADER_ETAG);
}

void recode_head(struct exchange *x, struct slice coding)
{
    x->res.content_length = -1;
    if (coding.n)
        header_set_id(&x->res.headers, &x->pool, HEADER_CONTENT_ENCODING, coding);
    else
        header_remove_id(&x->res.headers, HEADER_CONTENT_ENCODING);
    header_remove_id(&x->res.headers, HEADER_ACCEPT_RANGES);
    recode_etag(x);
}

/* Fields as nghttp2 wants them: known names small by a table, others made small by nghttp2 when it
 * copies them. What is sent at once is not copied. */
#include "proto/h2_submit.h"

#include <nghttp2/nghttp2.h>

#include "base/check.h"
#include "base/mem.h"

enum { FIELDS_ON_STACK = 64, PSEUDO_MOST = 5, NAME_MOST = 24 };

/* Names as HTTP/2 spells them, by id; filled when the first head is sent. */
static char lower_names[HEADER_ID_COUNT][NAME_MOST]; /* process-wide: a constant table */

static void make_names(void)
{
    for (unsigned id = 1; id < HEADER_ID_COUNT; id++) {
        struct slice name = header_name((enum header_id)id);

        CHECK(name.n < NAME_MOST);
        for (size_t i = 0; i < name.n; i++)
            lower_names[id][i] =
                (char)(name.p[i] | (name.p[i] >= 'A' && name.p[i] <= 'Z' ? 32 : 0));
    }
}

/* Has HTTP/2 no such field (RFC 9113 section 8.2.2)? */
static bool is_hop_field(const struct header *f)
{
    switch (f->id) {
    case HEADER_CONNECTION:
    case HEADER_KEEP_ALIVE:
    case HEADER_PROXY_CONNECTION:
    case HEADER_TRANSFER_ENCODING:
    case HEADER_UPGRADE:
    case HEADER_HTTP2_SETTINGS:
        return true;
    case HEADER_TE:
        return !slice_ieq(f->value, SLICE("trailers"));
    default:
        return false;
    }
}

/* --- fields --- */

struct fields {
    nghttp2_nv *at, room[FIELDS_ON_STACK + PSEUDO_MOST];
    size_t n;
    uint8_t value_flag;
};

static void fields_open(struct fields *out, const struct h2_session *s, const struct header_list *l)
{
    if (!lower_names[1][0])
        make_names();
    out->at = out->room;
    out->n = 0;
    out->value_flag =
        h2_state_has(s, H2_IS_BUSY) ? NGHTTP2_NV_FLAG_NONE : NGHTTP2_NV_FLAG_NO_COPY_VALUE;
    if (l && l->n > FIELDS_ON_STACK)
        out->at = mem_alloc((l->n + PSEUDO_MOST) * sizeof(nghttp2_nv));
}

static void fields_close(struct fields *f)
{
    if (f->at != f->room)
        mem_free(f->at);
}

static uint8_t *bytes_of(const char *p)
{
    return (uint8_t *)(uintptr_t)p;
}

static void add_pseudo(struct fields *out, struct slice name, struct slice value)
{
    out->at[out->n++] = (nghttp2_nv){bytes_of(name.p), bytes_of(value.p), name.n, value.n,
                                     (uint8_t)(NGHTTP2_NV_FLAG_NO_COPY_NAME | out->value_flag)};
}

static void add_field(struct fields *out, const struct header *f)
{
    nghttp2_nv nv = {bytes_of(f->name.p), bytes_of(f->value.p), f->name.n, f->value.n,
                     out->value_flag};

    if (f->id) {
        nv.name = bytes_of(lower_names[f->id]);
        nv.flags |= NGHTTP2_NV_FLAG_NO_COPY_NAME;
    }
    out->at[out->n++] = nv;
}

static void add_list(struct fields *out, const struct header_list *l)
{
    for (unsigned i = 0; l && i < l->n; i++)
        if (!is_hop_field(&l->fields[i]))
            add_field(out, &l->fields[i]);
}

/* `digits`: room for three of them. */
static void add_status(struct fields *out, int status, char *digits)
{
    for (unsigned i = 0, rest = (unsigned)status; i < 3; i++, rest /= 10)
        digits[2 - i] = (char)('0' + rest % 10);
    add_pseudo(out, SLICE(":status"), slice_of(digits, 3));
}

/* --- data --- */

/* signature: nghttp2_data_source_read_callback */
static ssize_t on_read(nghttp2_session *ng, int32_t id, uint8_t *unused, size_t most,
                       uint32_t *flags, nghttp2_data_source *source, void *user)
{
    struct h2_session *s = user;
    size_t n = 0;

    UNUSED(ng);
    UNUSED(unused);
    h2_state_set(s, H2_HAS_TRAILERS, false);
    s->pulled = id;
    switch (s->events->on_pull(s->user, source->ptr, most, &n)) {
    case H2_PULL_AGAIN:
        return NGHTTP2_ERR_DEFERRED;
    case H2_PULL_FULL:
        return NGHTTP2_ERR_PAUSE;
    case H2_PULL_LAST:
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        if (h2_state_has(s, H2_HAS_TRAILERS))
            *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        break;
    default:
        break;
    }
    *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
    return (ssize_t)n;
}

/* --- frames --- */

void h2_submit_flush(struct h2_session *s)
{
    const uint8_t *p;
    ssize_t n;

    if (h2_state_has(s, H2_IS_BUSY))
        return;
    h2_state_set(s, H2_IS_BUSY, true);
    while ((n = nghttp2_session_mem_send(s->ng, &p)) > 0)
        s->events->on_output(s->user, slice_of((const char *)p, (size_t)n));
    h2_state_set(s, H2_IS_BUSY, false);
    if (n < 0)
        h2_state_fail(s, n);
}

/* --- heads --- */

void h2_submit_response(struct h2_session *s, int32_t id, int status, const struct header_list *l,
                        bool has_body)
{
    nghttp2_data_provider body = {{.ptr = h2_state_stream(s, id)}, on_read};
    char digits[3];
    struct fields f;

    fields_open(&f, s, l);
    add_status(&f, status, digits);
    add_list(&f, l);
    (void)nghttp2_submit_response(s->ng, id, f.at, f.n, has_body ? &body : NULL);
    h2_submit_flush(s); /* while `digits` and `l` are there */
    fields_close(&f);
}

void h2_submit_inform(struct h2_session *s, int32_t id, int status, const struct header_list *l)
{
    char digits[3];
    struct fields f;

    fields_open(&f, s, l);
    add_status(&f, status, digits);
    add_list(&f, l);
    (void)nghttp2_submit_headers(s->ng, NGHTTP2_FLAG_NONE, id, NULL, f.at, f.n, NULL);
    h2_submit_flush(s);
    fields_close(&f);
}

void h2_submit_trailers(struct h2_session *s, const struct header_list *l)
{
    struct fields f;

    CHECK(h2_state_has(s, H2_IS_BUSY));
    fields_open(&f, s, l);
    add_list(&f, l);
    h2_state_set(s, H2_HAS_TRAILERS,
                 f.n > 0 && nghttp2_submit_trailer(s->ng, s->pulled, f.at, f.n) == 0);
    fields_close(&f);
}

/* RFC 9113 sections 8.3.1 and 8.5, RFC 8441 section 4. */
static void add_request_line(struct fields *out, const struct h2_request *r)
{
    bool is_tunnel = slice_eq(r->method, SLICE("CONNECT")) && !r->protocol.n;

    add_pseudo(out, SLICE(":method"), r->method);
    if (!is_tunnel) {
        add_pseudo(out, SLICE(":scheme"), r->scheme);
        add_pseudo(out, SLICE(":path"), r->path);
    }
    if (r->authority.n)
        add_pseudo(out, SLICE(":authority"), r->authority);
    if (r->protocol.n)
        add_pseudo(out, SLICE(":protocol"), r->protocol);
}

int32_t h2_submit_request(struct h2_session *s, const struct h2_request *r, bool has_body,
                          void *stream)
{
    nghttp2_data_provider body = {{.ptr = stream}, on_read};
    struct fields f;
    int32_t id;

    fields_open(&f, s, r->headers);
    add_request_line(&f, r);
    add_list(&f, r->headers);
    id = nghttp2_submit_request(s->ng, NULL, f.at, f.n, has_body ? &body : NULL, stream);
    h2_submit_flush(s);
    fields_close(&f);
    return id > 0 ? id : 0;
}

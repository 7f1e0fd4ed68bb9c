/* Request heads.
 *
 * One walk over the bytes, line by line: parse_request_line, then read_line for each field until
 * the empty line. Nothing is kept between calls, and nothing lenient is known here: a name is a
 * token that ends at its colon, a value ends at CR LF, and a line never goes on on the next one.
 *
 * Framing and connection fields are judged one by one as their lines end (take_field), the rest
 * when the head is whole (finish). To act on another field, add a case to take_field.
 *
 * A refusal must not depend on how the bytes were cut into calls. Each check therefore has a byte
 * at which it is made, and for a given byte the order is: length of the line, then the rest. A line
 * is too long at its byte limit + 2, when even CRLF could not end it in time; a fault found beyond
 * that byte counts as too long (fault_at). */
#include "proto/http1_parse.h"

#include "base/check.h"
#include "base/num.h"
#include "proto/grammar.h"
#include "proto/url.h"

enum { EMPTY_LINES_MOST = 4 };

enum seen {
    SEEN_HOST = 1,
    SEEN_LENGTH = 2,
    SEEN_CODING = 4,
    SEEN_UPGRADE = 8,
    SEEN_TOKEN_UPGRADE = 16,
    SEEN_TOKEN_CLOSE = 32,
    SEEN_TOKEN_KEEP_ALIVE = 64,
};

/* One call's walk over the header block. */
struct walk {
    struct http1_head *out;
    const struct http1_limits *limits;
    const char *end;  /* of the bytes that may be looked at */
    const char *line; /* where the current line begins */
    unsigned seen;
    bool is_response;
};

static enum http1_result bad(struct http1_head *out, int status, const char *reason)
{
    out->status = status;
    out->reason = reason;
    return HTTP1_BAD;
}

/* ---- request line ---- */

static enum http1_result parse_version(const char *p, const char *end, struct http1_head *out)
{
    static const char form[] = "HTTP/0.0\r\n";
    const char *major = p + 5, *minor = p + 7;

    if (LIKELY(end - p >= 10 && memcmp(p, "HTTP/1.1\r\n", 10) == 0)) {
        out->minor = 1;
        return HTTP1_DONE;
    }
    for (unsigned i = 0; i < sizeof form - 1; i++) {
        if (p + i == end)
            return HTTP1_MORE;
        if (form[i] == '0' ? !grammar_is(p[i], GRAMMAR_DIGIT) : p[i] != form[i])
            return bad(out, 400, "malformed HTTP version");
    }
    if (*major == '0')
        return bad(out, 400, "malformed HTTP version");
    if (*major != '1')
        return bad(out, 505, "unsupported HTTP version");
    out->minor = *minor != '0'; /* a later 1.x is answered as 1.1, RFC 9110 section 2.5 */
    return HTTP1_DONE;
}

/* Is the target, whose bytes are visible ones, a usual path? Then nothing else can be wrong with
 * it. */
static bool is_path(const struct http1_head *out)
{
    return LIKELY(out->target.p[0] == '/' && out->method != METHOD_CONNECT) &&
           !memchr(out->target.p, '#', out->target.n);
}

/* method SP request-target SP HTTP-version CRLF, with `end` cut to what a line may have. *p_out:
 * behind the line. */
static enum http1_result parse_request_line(const char *p, const char *end, struct http1_head *out,
                                            const char **p_out)
{
    struct url_target parts;
    enum http1_result r;
    const char *s = p;

    while (s < end && grammar_is(*s, GRAMMAR_TOKEN))
        s++;
    if (s == end)
        return HTTP1_MORE;
    if (s == p || *s != ' ')
        return bad(out, 400, "malformed method");
    out->method_token = slice_of(p, (size_t)(s - p));
    out->method = method_parse(out->method_token);
    p = ++s;
    s += grammar_span_visible(slice_of(s, (size_t)(end - s)));
    if (s == end)
        return HTTP1_MORE;
    if (*s != ' ' || s == p)
        return bad(out, 400, "malformed request line");
    out->target = slice_of(p, (size_t)(s - p));
    if (!is_path(out) && !url_parse_target(out->target, out->method, &parts))
        return bad(out, 400, "malformed request target");
    r = parse_version(s + 1, end, out);
    *p_out = s + 11;
    return r;
}

/* The line that begins at `p` as far as it can be told. */
static struct slice line_seen(const char *p, const char *end)
{
    const char *s = p;

    while (s < end && *s != '\r' && *s != '\n')
        s++;
    return slice_of(p, (size_t)(s - p));
}

static enum http1_result read_request_line(const char *p, const char *end, size_t limit,
                                           struct http1_head *out, const char **p_out)
{
    const char *most = (size_t)(end - p) > limit + 2 ? p + limit + 2 : end;
    enum http1_result r = parse_request_line(p, most, out, p_out);

    if (LIKELY(r == HTTP1_DONE)) {
        out->request_line = slice_of(p, (size_t)(*p_out - p) - 2);
        return HTTP1_DONE;
    }
    out->request_line = line_seen(p, most);
    if (r == HTTP1_MORE && (size_t)(end - p) >= limit + 2)
        return bad(out, 414, "request line too long");
    return r;
}

/* Empty lines before the request line (RFC 9112 section 2.2). */
static enum http1_result skip_empty_lines(const char **p, const char *end, struct http1_head *out)
{
    const char *s = *p;

    for (unsigned i = 0; s < end && (*s == '\r' || *s == '\n'); i++, s += 2) {
        if (i == EMPTY_LINES_MOST)
            return bad(out, 400, "empty lines before the request");
        if (*s == '\n')
            return bad(out, 400, "bare LF");
        if (s + 1 == end)
            return HTTP1_MORE;
        if (s[1] != '\n')
            return bad(out, 400, "bare CR");
    }
    *p = s;
    return s == end ? HTTP1_MORE : HTTP1_DONE;
}

/* ---- fields: what they mean for the message. NULL: fine, else the reason ---- */

static const char *take_length(struct walk *w, struct slice value)
{
    if (w->seen & SEEN_CODING)
        return "Content-Length with Transfer-Encoding";
    if (w->seen & SEEN_LENGTH)
        return "repeated Content-Length";
    w->seen |= SEEN_LENGTH;
    return num_parse_u63(value, &w->out->content_length) ? NULL : "malformed Content-Length";
}

/* Exactly "chunked". A coding we do not know is 501; `chunked` that is repeated or followed by one
 * is 400. */
static const char *take_coding(struct walk *w, struct slice value)
{
    struct slice first, rest = value;

    if (w->seen & SEEN_LENGTH)
        return "Content-Length with Transfer-Encoding";
    if (w->seen & SEEN_CODING)
        return "repeated Transfer-Encoding";
    if (w->out->minor == 0)
        return "Transfer-Encoding in HTTP/1.0";
    w->seen |= SEEN_CODING;
    w->out->is_chunked = true;
    if (slice_ieq(value, SLICE("chunked")))
        return NULL;
    first = slice_trim(slice_cut(&rest, ','));
    if (slice_ieq(first, SLICE("chunked")))
        return "chunked is not the last transfer coding";
    first.n = grammar_span(first, GRAMMAR_TOKEN);
    if (first.n == 0 || slice_ieq(first, SLICE("chunked")))
        return "malformed Transfer-Encoding";
    w->out->status = 501;
    return "unknown transfer coding";
}

static void take_connection(struct walk *w, struct slice value)
{
    struct slice rest = value;

    while (rest.p) {
        struct slice token = slice_trim(slice_cut(&rest, ','));
        if (token.n == 10 && slice_ieq(token, SLICE("keep-alive")))
            w->seen |= SEEN_TOKEN_KEEP_ALIVE;
        else if (token.n == 5 && slice_ieq(token, SLICE("close")))
            w->seen |= SEEN_TOKEN_CLOSE;
        else if (token.n == 7 && slice_ieq(token, SLICE("upgrade")))
            w->seen |= SEEN_TOKEN_UPGRADE;
    }
}

static const char *take_host(struct walk *w, struct slice value)
{
    if (w->seen & SEEN_HOST)
        return "repeated Host";
    w->seen |= SEEN_HOST;
    return url_parse_host(value, &w->out->host, &w->out->host_port) ? NULL : "malformed Host";
}

/* RFC 9110, section 10.1.1: a list, which may be empty (section 5.6.1.2), and is ignored in
 * HTTP/1.0. */
static const char *take_expect(struct walk *w, struct slice value)
{
    struct slice rest = value;

    while (rest.p) {
        struct slice member = slice_trim(slice_cut(&rest, ','));

        if (slice_ieq(member, SLICE("100-continue"))) {
            w->out->has_expect_continue = w->out->minor > 0;
        } else if (member.n > 0) {
            w->out->status = 417;
            return "unknown expectation";
        }
    }
    return NULL;
}

static const char *take_field(struct walk *w, enum header_id id, struct slice value)
{
    if (UNLIKELY(w->is_response) && (id == HEADER_HOST || id == HEADER_EXPECT))
        return NULL; /* they say nothing there */
    switch (id) {
    case HEADER_HOST:
        return take_host(w, value);
    case HEADER_CONTENT_LENGTH:
        return take_length(w, value);
    case HEADER_TRANSFER_ENCODING:
        return take_coding(w, value);
    case HEADER_EXPECT:
        return take_expect(w, value);
    case HEADER_CONNECTION:
        take_connection(w, value);
        return NULL;
    case HEADER_UPGRADE:
        w->seen |= SEEN_UPGRADE;
        return NULL;
    default:
        return NULL;
    }
}

/* ---- the walk ---- */

/* A fault found at the byte `at` of the current line. */
static enum http1_result fault_at(struct walk *w, const char *at, const char *reason)
{
    if ((size_t)(at - w->line) >= w->limits->line + 2)
        return bad(w->out, 431, "header line too long");
    return bad(w->out, 400, reason);
}

/* The value ends at `eol`, where a CR stands. DONE: w->line is the next line, which may lie behind
 * the end. */
static enum http1_result end_field(struct walk *w, struct slice name, struct slice value,
                                   const char *eol)
{
    struct http1_head *out = w->out;
    enum header_id id = header_id(name);
    const char *reason;

    if ((size_t)(eol - w->line) > w->limits->line)
        return bad(out, 431, "header line too long");
    if (out->headers.n == w->limits->count)
        return bad(out, 431, "too many header fields");
    while (value.n > 0 && (value.p[value.n - 1] == ' ' || value.p[value.n - 1] == '\t'))
        value.n--;
    out->fields[out->headers.n++] = (struct header){name, value, id, 0};
    reason = id == HEADER_OTHER ? NULL : take_field(w, id, value);
    if (UNLIKELY(reason != NULL))
        return bad(out, out->status ? out->status : 400, reason);
    if (eol + 1 < w->end && eol[1] != '\n')
        return bad(out, 400, "bare CR");
    if (eol + 2 < w->end && (eol[2] == ' ' || eol[2] == '\t'))
        return bad(out, 400, "folded header line");
    w->line = eol + 2;
    return HTTP1_DONE;
}

/* Why `at`, where a name has ended, is not its colon. */
static enum http1_result fault_in_name(struct walk *w, const char *at)
{
    if (*at == ' ' || *at == '\t')
        return fault_at(w, at, "space in or after header name");
    return fault_at(w, at, *at == ':' ? "empty header name" : "malformed header name");
}

/* name ":" OWS value OWS CRLF at w->line. */
static enum http1_result read_field(struct walk *w)
{
    const char *p = w->line, *end = w->end;
    struct slice name;
    const char *value;

    while (p < end && grammar_is(*p, GRAMMAR_TOKEN))
        p++;
    if (UNLIKELY(p == end))
        return HTTP1_MORE;
    if (UNLIKELY(*p != ':' || p == w->line))
        return fault_in_name(w, p);
    name = slice_of(w->line, (size_t)(p - w->line));
    for (p++; p < end && (*p == ' ' || *p == '\t');)
        p++;
    value = p;
    p += grammar_span_value(slice_of(p, (size_t)(end - p)));
    if (UNLIKELY(p == end))
        return HTTP1_MORE;
    if (LIKELY(*p == '\r'))
        return end_field(w, name, slice_of(value, (size_t)(p - value)), p);
    return fault_at(w, p, *p == '\n' ? "bare LF" : "control byte in header value");
}

static enum http1_result finish(struct walk *w)
{
    struct http1_head *out = w->out;

    if (!(w->seen & SEEN_HOST) && out->minor > 0 && !w->is_response)
        return bad(out, 400, "Host missing");
    out->has_keep_alive =
        !(w->seen & SEEN_TOKEN_CLOSE) && (out->minor > 0 || (w->seen & SEEN_TOKEN_KEEP_ALIVE) != 0);
    out->has_upgrade =
        out->minor > 0 && (w->seen & SEEN_UPGRADE) != 0 && (w->seen & SEEN_TOKEN_UPGRADE) != 0;
    return HTTP1_DONE;
}

/* The line that ends the block: CR LF. */
static enum http1_result end_block(struct walk *w)
{
    if (w->line + 1 == w->end)
        return HTTP1_MORE;
    return w->line[1] == '\n' ? finish(w) : bad(w->out, 400, "bare CR");
}

/* The header block at w->line; `is_cut`: w->end is the block limit, not the end of the input. */
static enum http1_result read_block(struct walk *w, bool is_cut)
{
    enum http1_result r = HTTP1_DONE;

    while (r == HTTP1_DONE && w->line < w->end) {
        if (*w->line == '\r') {
            r = end_block(w);
            if (LIKELY(r == HTTP1_DONE))
                return r;
        } else if (*w->line == '\n') {
            return bad(w->out, 400, "bare LF");
        } else {
            r = read_field(w);
        }
    }
    if (r == HTTP1_BAD)
        return r;
    if (w->end > w->line && (size_t)(w->end - w->line) >= w->limits->line + 2)
        return bad(w->out, 431, "header line too long");
    return is_cut ? bad(w->out, 431, "head too large") : HTTP1_MORE;
}

void http1_head_clear(struct http1_head *out)
{
    out->method_token = out->target = out->request_line = SLICE_EMPTY;
    out->method = METHOD_OTHER;
    out->minor = 0;
    out->has_keep_alive = out->has_expect_continue = out->is_chunked = out->has_upgrade = false;
    out->content_length = -1;
    out->host = (struct slice){NULL, 0};
    out->host_port = 0;
    out->headers = (struct header_list){out->fields, 0, HTTP1_HEADERS_MOST};
    out->size = 0;
    out->status = 0;
    out->reason = NULL;
}

/* The block limit counts the first line, too. */
static enum http1_result parse_fields(struct walk *w, struct slice in, size_t at)
{
    size_t room = w->limits->block - MIN(w->limits->block, at);
    enum http1_result r;

    CHECK(w->limits->count <= HTTP1_HEADERS_MOST);
    w->line = in.p + at;
    w->end = in.n - at < room ? in.p + in.n : w->line + room;
    r = read_block(w, in.n - at >= room);
    w->out->size = r == HTTP1_DONE ? (size_t)(w->line - in.p) + 2 : 0;
    return r;
}

enum http1_result http1_parse_response_fields(struct slice in, size_t at,
                                              const struct http1_limits *limits,
                                              struct http1_head *out)
{
    struct walk w = {.out = out, .limits = limits, .is_response = true};

    return parse_fields(&w, in, at);
}

enum http1_result http1_parse_request(const char *p, size_t n, const struct http1_limits *limits,
                                      struct http1_head *out)
{
    const char *start = p, *end = p + n, *fields;
    struct walk w = {.out = out, .limits = limits};
    enum http1_result r;

    http1_head_clear(out);
    r = skip_empty_lines(&start, end, out);
    if (r != HTTP1_DONE)
        return r;
    r = read_request_line(start, end, limits->line, out, &fields);
    if (r != HTTP1_DONE)
        return r;
    return parse_fields(&w, slice_of(p, n), (size_t)(fields - p));
}

const char *http1_head_keep(const struct http1_head *h, const char *from, struct pool *pool,
                            struct header_list *fields_out)
{
    char *copy = pool_alloc(pool, h->size);
    struct header *fields = pool_alloc(pool, h->headers.n * sizeof(*fields));

    memcpy(copy, from, h->size);
    for (unsigned i = 0; i < h->headers.n; i++) {
        const struct header *f = &h->headers.fields[i];

        fields[i].name = http1_moved(f->name, from, copy);
        fields[i].value = http1_moved(f->value, from, copy);
        fields[i].id = f->id;
        fields[i].marks = 0;
    }
    *fields_out = (struct header_list){fields, h->headers.n, h->headers.n};
    return copy;
}

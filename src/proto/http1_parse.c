/* Request heads.
 *
 * The request line is read here: llhttp knows a fixed list of methods and is lenient about blanks.
 * The header block is walked by llhttp, which starts from a copy of a parser that has just read a
 * request line. It reports names and values; for each this file checks that both agree about where
 * the line begins and ends, which is what rules out whatever llhttp 8.1.0 lets pass: blanks in or
 * behind a name, an empty name, obs-fold, a bare CR before the blank line. Bytes inside of names
 * and values are looked at by llhttp alone, so that there is one pass over them.
 *
 * Framing and connection fields are judged one by one as their lines end (take_field), the rest
 * when the head is whole (finish). To act on another field, add a case to take_field.
 *
 * A refusal must not depend on how the bytes were cut into calls. Each check therefore has a byte
 * at which it is made, and for a given byte the order is: length of the line, then the rest. A line
 * is too long at its byte limit + 2, when even CRLF could not end it in time; a fault found beyond
 * that byte counts as too long (fault_at). */
#include "proto/http1_parse.h"

#include <llhttp.h>

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
    const char *end;   /* of the bytes that llhttp is given */
    const char *line;  /* where the current line begins */
    const char *value; /* where its value begins; NULL: no name yet, or the value is taken */
    struct slice name;
    enum header_id id;
    unsigned seen;
    bool is_whole;
};

static const char space_in_name[] = "space in or after header name";

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
    if (!url_parse_target(out->target, out->method, &parts))
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

static const char *take_expect(struct walk *w, struct slice value)
{
    if (!slice_ieq(value, SLICE("100-continue"))) {
        w->out->status = 417;
        return "unknown expectation";
    }
    w->out->has_expect_continue = w->out->minor > 0; /* RFC 9110 section 10.1.1 */
    return NULL;
}

static const char *take_field(struct walk *w, enum header_id id, struct slice value)
{
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

static int fault(struct walk *w, int status, const char *reason)
{
    bad(w->out, status, reason);
    return -1;
}

/* A fault found at the byte `at` of the current line. */
static int fault_at(struct walk *w, const char *at, const char *reason)
{
    if ((size_t)(at - w->line) >= w->limits->line + 2)
        return fault(w, 431, "header line too long");
    return fault(w, 400, reason);
}

/* The value ends at `eol`, where a CR or LF stands. */
static int end_field(struct walk *w, const char *eol)
{
    struct http1_head *out = w->out;
    struct slice value = slice_of(w->value, (size_t)(eol - w->value));
    const char *reason;

    if ((size_t)(eol - w->line) > w->limits->line)
        return fault(w, 431, "header line too long");
    if (*eol == '\n')
        return fault(w, 400, "bare LF");
    if (out->headers.n == w->limits->count)
        return fault(w, 431, "too many header fields");
    while (value.n > 0 && (value.p[value.n - 1] == ' ' || value.p[value.n - 1] == '\t'))
        value.n--;
    out->fields[out->headers.n++] = (struct header){w->name, value, w->id};
    reason = w->id == HEADER_OTHER ? NULL : take_field(w, w->id, value);
    if (reason)
        return fault(w, out->status ? out->status : 400, reason);
    if (eol + 1 < w->end && eol[1] != '\n')
        return fault(w, 400, "bare CR");
    if (eol + 2 < w->end && (eol[2] == ' ' || eol[2] == '\t'))
        return fault(w, 400, "folded header line");
    w->line = eol + 2;
    w->value = NULL;
    return 0;
}

/* Spans that reach the end of the input are not whole; the next call reads them again. */
static int on_name(llhttp_t *parser, const char *at, size_t n)
{
    struct walk *w = parser->data;
    const char *v = at + n;

    if (v == w->end || *v != ':')
        return 0; /* llhttp has found a byte that may not stand there, and says so itself */
    if (at != w->line || n == 0)
        return fault_at(w, v, "empty header name");
    w->name = slice_of(at, n);
    w->id = header_id(w->name);
    if (w->id == HEADER_OTHER && memchr(at, ' ', n))
        return fault_at(w, v, space_in_name);
    for (v++; v < w->end && (*v == ' ' || *v == '\t');)
        v++;
    w->value = v;
    return v < w->end && (*v == '\r' || *v == '\n') ? end_field(w, v) : 0;
}

static int on_value(llhttp_t *parser, const char *at, size_t n)
{
    struct walk *w = parser->data;
    const char *eol = at + n;

    if (n == 0 || eol == w->end)
        return 0; /* empty values are taken by on_name */
    if (at != w->value)
        return fault_at(w, eol, "folded header line");
    return *eol == '\r' || *eol == '\n' ? end_field(w, eol) : 0;
}

/* llhttp takes any byte after the last CR for the LF. */
static int on_headers_complete(llhttp_t *parser)
{
    struct walk *w = parser->data;

    if (w->line >= w->end || *w->line != '\r')
        return fault(w, 400, "bare LF");
    if (w->line + 1 < w->end && w->line[1] != '\n')
        return fault(w, 400, "bare CR");
    w->is_whole = w->line + 1 < w->end;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {
    .on_header_field = on_name,
    .on_header_value = on_value,
    .on_headers_complete = on_headers_complete,
};

/* A parser behind a request line. */
static void start_walker(llhttp_t *parser)
{
    static llhttp_t started; /* process-wide: constant once made; spares each request llhttp's own
                                request line */
    static const char line[] = "GET / HTTP/1.1\r\n";

    if (UNLIKELY(!started.settings)) {
        llhttp_init(&started, HTTP_REQUEST, &settings);
        CHECK(llhttp_execute(&started, line, sizeof line - 1) == HPE_OK);
    }
    *parser = started;
}

/* The byte that llhttp stopped at. The position that it gives is at times one further. */
static char culprit(const struct walk *w)
{
    const char *p = w->value ? w->value : w->line;

    while (p < w->end && grammar_is(*p, w->value ? GRAMMAR_VALUE : GRAMMAR_TOKEN))
        p++;
    return p < w->end ? *p : 0;
}

/* In our words why llhttp stopped. */
static const char *walker_reason(const struct walk *w, llhttp_errno_t e)
{
    char c = culprit(w);

    if (e == HPE_INVALID_CONTENT_LENGTH)
        return "malformed Content-Length";
    if (e == HPE_INVALID_TRANSFER_ENCODING)
        return w->seen & SEEN_CODING ? "repeated Transfer-Encoding"
                                     : "chunked is not the last transfer coding";
    if (e == HPE_UNEXPECTED_CONTENT_LENGTH)
        return w->seen & SEEN_LENGTH && w->id != HEADER_TRANSFER_ENCODING
                   ? "repeated Content-Length"
                   : "Content-Length with Transfer-Encoding";
    if (!w->value)
        return c == ' ' ? space_in_name : "malformed header name";
    if (c == '\n')
        return "bare LF";
    return e == HPE_LF_EXPECTED || c == '\r' ? "bare CR" : "control byte in header value";
}

static enum http1_result finish(struct walk *w)
{
    struct http1_head *out = w->out;

    if (!(w->seen & SEEN_HOST) && out->minor > 0)
        return bad(out, 400, "Host missing");
    out->has_keep_alive =
        !(w->seen & SEEN_TOKEN_CLOSE) && (out->minor > 0 || (w->seen & SEEN_TOKEN_KEEP_ALIVE) != 0);
    out->has_upgrade =
        out->minor > 0 && (w->seen & SEEN_UPGRADE) != 0 && (w->seen & SEEN_TOKEN_UPGRADE) != 0;
    return HTTP1_DONE;
}

/* The header block at w->line; `is_cut`: w->end is the block limit, not the end of the input. */
static enum http1_result walk_headers(struct walk *w, bool is_cut)
{
    llhttp_t parser;
    llhttp_errno_t e;

    start_walker(&parser);
    parser.data = w;
    e = llhttp_execute(&parser, w->line, (size_t)(w->end - w->line));
    if (w->out->reason)
        return HTTP1_BAD;
    if (LIKELY(w->is_whole))
        return finish(w);
    if (e != HPE_OK && e != HPE_PAUSED) {
        const char *at = llhttp_get_error_pos(&parser);
        fault_at(w, at, walker_reason(w, e));
        return HTTP1_BAD;
    }
    if (w->end > w->line && (size_t)(w->end - w->line) >= w->limits->line + 2)
        return bad(w->out, 431, "header line too long");
    return is_cut ? bad(w->out, 431, "head too large") : HTTP1_MORE;
}

static void clear(struct http1_head *out)
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

enum http1_result http1_parse_request(const char *p, size_t n, const struct http1_limits *limits,
                                      struct http1_head *out)
{
    const char *start = p, *end = p + n;
    struct walk w = {.out = out, .limits = limits};
    enum http1_result r;
    size_t room;

    CHECK(limits->count <= HTTP1_HEADERS_MOST);
    clear(out);
    r = skip_empty_lines(&start, end, out);
    if (r != HTTP1_DONE)
        return r;
    r = read_request_line(start, end, limits->line, out, &w.line);
    if (r != HTTP1_DONE)
        return r;
    room = limits->block - MIN(limits->block, (size_t)(w.line - p));
    w.end = (size_t)(end - w.line) < room ? end : w.line + room;
    r = walk_headers(&w, (size_t)(end - w.line) >= room);
    out->size = r == HTTP1_DONE ? (size_t)(w.line - p) + 2 : 0;
    return r;
}

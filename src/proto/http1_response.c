/* The status line is read here, byte by byte against its grammar, the fields by http1_parse.c.
 *
 * A refusal must not depend on how the bytes were cut into calls: each byte of the line is checked
 * when it is there, before anything is said about the line as a whole. */
#include "proto/http1_response.h"

#include "proto/grammar.h"
#include "proto/status.h"

/* `d` stands for a digit. What follows is the phrase. */
static const char form[] = "HTTP/1.d ddd";

static enum http1_result bad(struct http1_response *out, const char *reason)
{
    out->head.reason = reason;
    return HTTP1_BAD;
}

static const char *fault_in_form(unsigned at)
{
    return at < 5 ? "not HTTP" : at < 8 ? "unsupported HTTP version" : "malformed status";
}

/* The phrase from `s` on. *end_out: where its CR stands. */
static enum http1_result read_phrase(const char *s, const char *end, struct http1_response *out,
                                     const char **end_out)
{
    const char *start = s;

    while (s < end && grammar_is(*s, GRAMMAR_VALUE))
        s++;
    if (s == end)
        return HTTP1_MORE;
    if (*s != '\r')
        return bad(out, *s == '\n' ? "bare LF" : "control byte in reason phrase");
    if (s > start && *start != ' ')
        return bad(out, "malformed status");
    if (s > start)
        out->phrase = slice_of(start + 1, (size_t)(s - start) - 1);
    *end_out = s;
    return HTTP1_DONE;
}

/* *end_out: behind the line. */
static enum http1_result read_line(const char *p, const char *end, struct http1_response *out,
                                   const char **end_out)
{
    enum http1_result r;

    for (unsigned i = 0; i < sizeof form - 1; i++) {
        if (p + i == end)
            return HTTP1_MORE;
        if (form[i] == 'd' ? !grammar_is(p[i], GRAMMAR_DIGIT) : p[i] != form[i])
            return bad(out, fault_in_form(i));
    }
    out->head.minor = p[7] != '0';
    out->status = (p[9] - '0') * 100 + (p[10] - '0') * 10 + (p[11] - '0');
    if (out->status < 100)
        return bad(out, "malformed status");
    p += sizeof form - 1;
    if (p < end && *p != ' ' && *p != '\r')
        return bad(out, *p == '\n' ? "bare LF" : "malformed status");
    r = read_phrase(p, end, out, &p);
    if (r != HTTP1_DONE)
        return r;
    if (p + 1 == end)
        return HTTP1_MORE;
    if (p[1] != '\n')
        return bad(out, "bare CR");
    *end_out = p + 2;
    return HTTP1_DONE;
}

enum http1_result http1_parse_response(const char *p, size_t n, const struct http1_limits *limits,
                                       struct http1_response *out)
{
    const char *most = n > limits->line + 2 ? p + limits->line + 2 : p + n, *fields;
    enum http1_result r;

    http1_head_clear(&out->head);
    out->status = 0;
    out->phrase = SLICE_EMPTY;
    r = read_line(p, most, out, &fields);
    if (r == HTTP1_MORE && n >= limits->line + 2)
        return bad(out, "status line too long");
    if (r != HTTP1_DONE)
        return r;
    return http1_parse_response_fields(slice_of(p, n), (size_t)(fields - p), limits, &out->head);
}

enum http1_body_kind http1_response_body(const struct http1_response *r, enum method method)
{
    if (method == METHOD_HEAD || !status_can_have_body(r->status) ||
        (method == METHOD_CONNECT && r->status < 300))
        return HTTP1_BODY_NONE;
    if (r->head.is_chunked)
        return HTTP1_BODY_CHUNKED;
    if (r->head.content_length == 0)
        return HTTP1_BODY_NONE;
    return r->head.content_length > 0 ? HTTP1_BODY_LENGTH : HTTP1_BODY_EOF;
}

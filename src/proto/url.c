/* Request targets, paths, authorities and query strings.
 *
 * What arrives is split, never rewritten: the slices point into the input. Only url_normalise_path
 * makes new bytes, and only when the path is not already in its final form. Escapes are decoded
 * before dot segments are resolved, so that
 * "%2e%2e" climbs like ".." and no later step sees a different path. */
#include "proto/url.h"

#include <arpa/inet.h>

#include "base/num.h"
#include "proto/grammar.h"

/* Splits at the first '?'; `path` keeps what stands before it. */
static void split_query(struct slice in, struct url_target *out)
{
    const char *mark = memchr(in.p, '?', in.n);

    out->path = in;
    out->query = slice_of(NULL, 0);
    out->is_normal = false;
    if (!mark)
        return;
    out->path.n = (size_t)(mark - in.p);
    out->query = slice_of(mark + 1, in.n - out->path.n - 1);
}

/* absolute-path [ "?" query ], in one walk, which also sees whether anything in the path could be
 * normalised: an escape, an empty segment, one that begins with a dot. */
static bool parse_origin(struct slice in, struct url_target *out)
{
    const char *p = in.p, *end = in.p + in.n;
    bool is_normal = true;

    for (; p < end && *p != '?'; p++) {
        if (LIKELY(grammar_is(*p, GRAMMAR_PLAIN)))
            continue;
        if (*p == '/')
            is_normal = is_normal && (p + 1 == end || (p[1] != '/' && p[1] != '.'));
        else if (*p == '%')
            is_normal = false;
        else
            return false;
    }
    out->form = URL_ORIGIN;
    out->path = slice_of(in.p, (size_t)(p - in.p));
    out->is_normal = is_normal;
    if (p >= end) {
        out->query = slice_of(NULL, 0);
        return true;
    }
    out->query = slice_of(p + 1, (size_t)(end - p) - 1);
    return grammar_span_visible(out->query) == out->query.n &&
           !memchr(out->query.p, '#', out->query.n);
}

/* scheme "://" authority path-abempty [ "?" query ] */
static bool parse_absolute(struct slice in, struct url_target *out)
{
    struct slice name, rest;
    size_t n = 0;
    int port;

    while (n < in.n && (grammar_is(in.p[n], GRAMMAR_ALPHA | GRAMMAR_DIGIT) || in.p[n] == '+' ||
                        in.p[n] == '-' || in.p[n] == '.'))
        n++;
    if (n == 0 || !grammar_is(in.p[0], GRAMMAR_ALPHA))
        return false;
    rest = slice_from(in, n);
    if (!slice_has_prefix(rest, SLICE("://")))
        return false;
    rest = slice_from(rest, 3);
    out->form = URL_ABSOLUTE;
    out->scheme = slice_of(in.p, n);
    for (n = 0; n < rest.n && rest.p[n] != '/' && rest.p[n] != '?';)
        n++;
    out->authority = slice_of(rest.p, n);
    split_query(slice_from(rest, n), out);
    if (out->path.n == 0)
        out->path = SLICE("/");
    return url_parse_host(out->authority, &name, &port);
}

bool url_parse_target(struct slice target, enum method method, struct url_target *out)
{
    struct slice name;
    int port;

    out->scheme = out->authority = SLICE_EMPTY;
    if (LIKELY(target.n > 0 && target.p[0] == '/' && method != METHOD_CONNECT))
        return parse_origin(target, out);
    if (target.n == 0 || grammar_span_visible(target) != target.n ||
        memchr(target.p, '#', target.n))
        return false;
    if (method == METHOD_CONNECT) {
        out->form = URL_AUTHORITY;
        out->authority = target;
        split_query(SLICE("/"), out);
        return url_parse_host(target, &name, &port) && port != 0;
    }
    if (method == METHOD_OPTIONS && slice_eq(target, SLICE("*"))) {
        out->form = URL_ASTERISK;
        split_query(SLICE("/"), out);
        return true;
    }
    return parse_absolute(target, out);
}

/* Does a segment that begins here consist of one or two dots? */
static bool is_dot_segment(const char *p, const char *end)
{
    if (p == end || *p != '.')
        return false;
    p++;
    if (p < end && *p == '.')
        p++;
    return p == end || *p == '/';
}

static bool is_normal(struct slice s, bool merge)
{
    const char *end = s.p + s.n;

    for (const char *p = s.p; p < end; p++) {
        if (*p == '%')
            return false;
        if (*p == '/' && ((merge && p + 1 < end && p[1] == '/') || is_dot_segment(p + 1, end)))
            return false;
    }
    return true;
}

/* Decodes escapes into `out` (room for s.n); the length, or -1. */
static ssize_t decode(struct slice s, char *out)
{
    size_t n = 0;

    for (size_t i = 0; i < s.n; i++) {
        int high, low;
        if (s.p[i] != '%') {
            out[n++] = s.p[i];
            continue;
        }
        high = i + 2 < s.n ? num_hex_digit(s.p[i + 1]) : -1;
        low = i + 2 < s.n ? num_hex_digit(s.p[i + 2]) : -1;
        if (high < 0 || low < 0 || high + low == 0)
            return -1;
        out[n++] = (char)(high << 4 | low);
        i += 2;
    }
    return (ssize_t)n;
}

/* Resolves dot segments in place; p[0] is '/'. The new length, or -1 above the root. */
static ssize_t resolve(char *p, size_t n, bool merge)
{
    size_t to = 1, from = 1;

    while (from < n) {
        const char *slash = memchr(p + from, '/', n - from);
        size_t end = slash ? (size_t)(slash - p) : n;
        size_t len = end - from;

        if (len == 0 && !merge) {
            p[to++] = '/';
        } else if (is_dot_segment(p + from, p + end)) {
            if (len == 2 && to == 1)
                return -1;
            if (len == 2)
                for (to--; p[to - 1] != '/';)
                    to--;
        } else if (len > 0) {
            memmove(p + to, p + from, len);
            to += len;
            if (slash)
                p[to++] = '/';
        }
        from = end + 1;
    }
    return (ssize_t)to;
}

bool url_normalise_path(struct slice raw, bool merge, struct pool *pool, struct slice *out)
{
    ssize_t n;
    char *p;

    if (raw.n == 0 || raw.p[0] != '/')
        return false;
    if (LIKELY(is_normal(raw, merge))) {
        *out = raw;
        return true;
    }
    p = pool_alloc(pool, raw.n);
    n = decode(raw, p);
    if (n > 0)
        n = resolve(p, (size_t)n, merge);
    if (n < 0)
        return false;
    *out = slice_of(p, (size_t)n);
    return true;
}

/* ":" digits, or nothing. */
static bool parse_port(struct slice s, int *port)
{
    int v = 0;

    *port = 0;
    if (s.n == 0)
        return true;
    if (s.p[0] != ':')
        return false;
    for (size_t i = 1; i < s.n; i++) {
        if (!grammar_is(s.p[i], GRAMMAR_DIGIT))
            return false;
        v = v * 10 + (s.p[i] - '0');
        if (v > 65535)
            return false;
    }
    *port = v;
    return s.n == 1 || v != 0; /* 0 means absent here, and nobody can listen there */
}

static bool is_ipv6(struct slice s)
{
    unsigned char address[16];
    char text[INET6_ADDRSTRLEN];

    if (s.n == 0 || s.n >= sizeof text || memchr(s.p, 0, s.n))
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = 0;
    return inet_pton(AF_INET6, text, address) == 1;
}

bool url_parse_host(struct slice in, struct slice *name, int *port)
{
    size_t n = 0;

    if (in.n > 0 && in.p[0] == '[') {
        const char *close = memchr(in.p, ']', in.n);
        if (!close || !is_ipv6(slice_of(in.p + 1, (size_t)(close - in.p) - 1)))
            return false;
        n = (size_t)(close - in.p) + 1;
        *name = slice_of(in.p, n);
        return parse_port(slice_from(in, n), port);
    }
    for (; n < in.n; n++) {
        if (LIKELY(grammar_is(in.p[n], GRAMMAR_LABEL)))
            continue;
        if (in.p[n] == ':')
            break;
        if (in.p[n] == '.') {
            if (n == 0 || in.p[n - 1] == '.')
                return false; /* no empty label: a name may become part of a path */
            continue;
        }
        if (in.p[n] != '%' || n + 2 >= in.n || num_hex_digit(in.p[n + 1]) < 0 ||
            num_hex_digit(in.p[n + 2]) < 0)
            return false;
        n += 2;
    }
    *name = slice_of(in.p, n);
    return n > 0 && parse_port(slice_from(in, n), port);
}

bool url_next_arg(struct slice *rest, struct slice *name, struct slice *value, bool *has_value)
{
    struct slice piece;
    ssize_t at;

    do {
        piece = slice_cut(rest, '&');
        if (!piece.p)
            return false;
    } while (piece.n == 0);
    at = slice_find(piece, '=');
    *has_value = at >= 0;
    *name = at >= 0 ? slice_of(piece.p, (size_t)at) : piece;
    *value = at >= 0 ? slice_from(piece, (size_t)at + 1) : SLICE_EMPTY;
    return true;
}

/* Without Status the answer is 200, with Location 302. A field whose value cannot be passed on is
 * an error, as with servers of HTTP. */
#include "proto/cgi_head.h"

#include "base/num.h"

/* The next line without its end; false: it is not whole. */
static bool next_line(struct slice in, size_t *at, struct slice *line)
{
    struct slice rest = slice_from(in, *at);
    ssize_t n = slice_find(rest, '\n');

    if (n < 0)
        return false;
    *at += (size_t)n + 1;
    *line = slice_of(rest.p, (size_t)n);
    if (line->n && line->p[line->n - 1] == '\r')
        line->n--;
    return true;
}

/* "404 Not Found", "404" */
static bool read_status(struct slice value, struct cgi_head *h)
{
    struct slice phrase = value, code = slice_cut(&phrase, ' ');
    int64_t n;

    if (code.n != 3 || !num_parse_u63(code, &n) || n < 200)
        return false;
    h->status = (int)n;
    h->phrase = phrase.p ? slice_trim(phrase) : SLICE_EMPTY;
    return true;
}

static bool read_length(struct slice value, struct cgi_head *h)
{
    int64_t n;

    if (!num_parse_u63(value, &n) || (h->content_length >= 0 && h->content_length != n))
        return false;
    h->content_length = n;
    return true;
}

static const char *take_field(struct slice line, struct pool *pool, struct header_list *fields,
                              struct cgi_head *h)
{
    struct slice value = line, name = slice_cut(&value, ':');
    struct header field;

    if (fields->n == CGI_HEAD_FIELDS_MOST)
        return "too many header lines";
    if (!value.p)
        return "header line without a colon";
    field = (struct header){.name = name, .value = slice_trim(value), .id = header_id(name)};
    if (!header_check(&field))
        return "invalid header line";
    if (slice_ieq(name, SLICE("Status")))
        return read_status(field.value, h) ? NULL : "invalid status";
    if (field.id == HEADER_CONTENT_LENGTH && !read_length(field.value, h))
        return "invalid Content-Length";
    header_append(fields, pool, field);
    return NULL;
}

/* "HTTP/1.1 404 Not Found", in place of Status: some write it. */
static bool read_status_line(struct slice line, struct cgi_head *h)
{
    struct slice rest = line;

    (void)slice_cut(&rest, ' ');
    return rest.p && read_status(rest, h);
}

static const char *take_line(struct slice line, bool is_first, struct pool *pool,
                             struct header_list *fields, struct cgi_head *h)
{
    if (!is_first || !slice_has_prefix(line, SLICE("HTTP/")))
        return take_field(line, pool, fields, h);
    return read_status_line(line, h) ? NULL : "invalid status line";
}

size_t cgi_head_size(struct slice in, size_t *seen)
{
    struct slice line;

    while (next_line(in, seen, &line))
        if (!line.n)
            return *seen;
    return 0;
}

const char *cgi_head_read(struct slice head, struct pool *pool, struct header_list *fields,
                          struct cgi_head *out)
{
    const char *wrong = NULL;
    struct slice line;
    size_t at = 0;
    bool is_first = true;

    *out = (struct cgi_head){.content_length = -1};
    for (; !wrong && next_line(head, &at, &line) && line.n; is_first = false)
        wrong = take_line(line, is_first, pool, fields, out);
    if (out->status == 0)
        out->status = header_find_id(fields, HEADER_LOCATION) ? 302 : 200;
    return wrong;
}

/* A rule is a subject, a relation and a value. To add a subject: a value of enum subject, a line in
 * `subjects` and a case in holds(). */
#include "app/proxy/health_match.h"

#include "app/variables/regex.h"
#include "base/num.h"

enum subject { SUBJECT_STATUS, SUBJECT_HEADER, SUBJECT_BODY };

enum relation { IS_THERE, EQUALS, MATCHES };

struct range {
    int from, to;
};

struct health_rule {
    enum subject subject;
    enum relation relation;
    bool is_negated;
    struct slice header;
    struct range *ranges; /* of status */
    size_t n_ranges;
    struct slice value;
    struct regex *pattern;
    struct health_rule *next;
};

/* --- reading --- */

/* Takes "!" off the words, or "!=" and "!~" as what they negate. */
static bool take_relation(struct slice word, struct health_rule *r)
{
    r->is_negated = slice_has_prefix(word, SLICE("!"));
    if (r->is_negated)
        word = slice_from(word, 1);
    if (slice_eq(word, SLICE("=")))
        r->relation = EQUALS;
    else if (slice_eq(word, SLICE("~")))
        r->relation = MATCHES;
    else
        return false;
    return true;
}

static bool take_value(struct pool *pool, struct health_rule *r, struct slice word,
                       struct slice *error_out)
{
    r->value = word;
    if (r->relation != MATCHES)
        return true;
    r->pattern = regex_compile(pool, word, false, error_out);
    return r->pattern != NULL;
}

static bool take_range(struct slice word, struct range *out)
{
    struct slice from = slice_cut(&word, '-');
    int64_t a, b;

    if (!num_parse_u63(from, &a) || !num_parse_u63(word.n ? word : from, &b) || a > b || b > 999)
        return false;
    *out = (struct range){(int)a, (int)b};
    return true;
}

static bool read_status(struct pool *pool, struct health_rule *r, const struct slice *words,
                        size_t n)
{
    r->is_negated = n > 0 && slice_eq(words[0], SLICE("!"));
    words += r->is_negated;
    n -= r->is_negated;
    r->ranges = pool_alloc(pool, (n + 1) * sizeof(*r->ranges));
    for (; r->n_ranges < n; r->n_ranges++)
        if (!take_range(words[r->n_ranges], &r->ranges[r->n_ranges]))
            return false;
    return n > 0;
}

static bool read_header(struct pool *pool, struct health_rule *r, const struct slice *words,
                        size_t n, struct slice *error_out)
{
    if (n == 2 && slice_eq(words[0], SLICE("!"))) {
        r->is_negated = true;
        r->header = words[1];
        return header_is_name(r->header);
    }
    if (n == 0 || !header_is_name(words[0]))
        return false;
    r->header = words[0];
    return n == 1 ||
           (n == 3 && take_relation(words[1], r) && take_value(pool, r, words[2], error_out));
}

static bool read_body(struct pool *pool, struct health_rule *r, const struct slice *words, size_t n,
                      struct slice *error_out)
{
    return n == 2 && take_relation(words[0], r) && r->relation == MATCHES &&
           take_value(pool, r, words[1], error_out);
}

bool health_match_add_http(struct pool *pool, struct health_match *m, struct slice name,
                           const struct slice *words, size_t n, struct slice *error_out)
{
    struct health_rule *r = pool_new(pool, struct health_rule), **at = &m->rules;
    bool ok = false;

    *error_out = pool_printf(pool, "invalid \"" SLICE_FMT "\" in \"match\"", SLICE_ARG(name));
    if (slice_eq(name, SLICE("status"))) {
        r->subject = SUBJECT_STATUS;
        ok = read_status(pool, r, words, n);
    } else if (slice_eq(name, SLICE("header"))) {
        r->subject = SUBJECT_HEADER;
        ok = read_header(pool, r, words, n, error_out);
    } else if (slice_eq(name, SLICE("body"))) {
        r->subject = SUBJECT_BODY;
        m->needs_body = true;
        ok = read_body(pool, r, words, n, error_out);
    }
    while (*at)
        at = &(*at)->next;
    *at = r;
    return ok;
}

/* \x0a and its like; any other byte is itself. */
static struct slice unescape(struct pool *pool, struct slice text)
{
    char *out = pool_alloc(pool, text.n + 1);
    size_t n = 0;

    for (size_t i = 0; i < text.n; i++) {
        int64_t byte;

        if (slice_has_prefix(slice_from(text, i), SLICE("\\x")) && i + 4 <= text.n &&
            num_parse_hex(slice_of(text.p + i + 2, 2), &byte)) {
            out[n++] = (char)byte;
            i += 3;
        } else {
            out[n++] = text.p[i];
        }
    }
    return slice_of(out, n);
}

bool health_match_add_stream(struct pool *pool, struct health_match *m, struct slice name,
                             const struct slice *words, size_t n, struct slice *error_out)
{
    *error_out = pool_printf(pool, "invalid \"" SLICE_FMT "\" in \"match\"", SLICE_ARG(name));
    if (slice_eq(name, SLICE("send")) && n == 1) {
        m->send = unescape(pool, words[0]);
        return true;
    }
    if (slice_eq(name, SLICE("expect")) && n == 2 && slice_eq(words[0], SLICE("~"))) {
        m->expect_pattern = regex_compile(pool, words[1], false, error_out);
        return m->expect_pattern != NULL;
    }
    if (!slice_eq(name, SLICE("expect")) || n != 1)
        return false;
    m->expect = unescape(pool, words[0]);
    return true;
}

struct health_match *health_match_find(struct health_match *all, struct slice name, bool is_stream)
{
    while (all && !(all->is_stream == is_stream && slice_eq(all->name, name)))
        all = all->next;
    return all;
}

/* --- looking --- */

static bool is_in_range(const struct health_rule *r, int status)
{
    for (size_t i = 0; i < r->n_ranges; i++)
        if (status >= r->ranges[i].from && status <= r->ranges[i].to)
            return true;
    return false;
}

static bool matches(const struct regex *pattern, struct slice text)
{
    int vector[2 * REGEX_CAPTURES_MOST];

    return regex_match(pattern, text, vector) > 0;
}

/* One of the fields of that name is as the rule says. */
static bool has_header(const struct health_rule *r, const struct header_list *l)
{
    for (unsigned i = 0; i < l->n; i++) {
        if (!slice_ieq(l->fields[i].name, r->header))
            continue;
        if (r->relation == IS_THERE ||
            (r->relation == EQUALS && slice_eq(l->fields[i].value, r->value)) ||
            (r->relation == MATCHES && matches(r->pattern, l->fields[i].value)))
            return true;
    }
    return false;
}

static bool holds(const struct health_rule *r, const struct health_answer *a)
{
    switch (r->subject) {
    case SUBJECT_STATUS:
        return is_in_range(r, a->status) != r->is_negated;
    case SUBJECT_HEADER:
        return has_header(r, a->headers) != r->is_negated;
    case SUBJECT_BODY:
        break;
    }
    return matches(r->pattern, a->body) != r->is_negated;
}

const char *health_match_http(const struct health_match *m, const struct health_answer *a)
{
    static const char *const subjects[] = {
        [SUBJECT_STATUS] = "status code", [SUBJECT_HEADER] = "header", [SUBJECT_BODY] = "body"};

    if (!m)
        return a->status >= 200 && a->status < 400 ? NULL : subjects[SUBJECT_STATUS];
    for (const struct health_rule *r = m->rules; r; r = r->next)
        if (!holds(r, a))
            return subjects[r->subject];
    return NULL;
}

bool health_match_stream(const struct health_match *m, struct slice bytes)
{
    if (m->expect_pattern)
        return matches(m->expect_pattern, bytes);
    return !m->expect.p || memmem(bytes.p, bytes.n, m->expect.p, m->expect.n) != NULL;
}

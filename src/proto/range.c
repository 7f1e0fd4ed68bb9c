/* Range requests and conditions: what a client already has, and which part it wants.
 *
 * Malformed fields are as good as absent (RFC 9110 sections 13.1 and 14.2 let the recipient ignore
 * them), except that a malformed If-Match matches nothing. */
#include "proto/range.h"

#include "base/num.h"
#include "proto/date.h"
#include "proto/grammar.h"

/* Cuts digits off the front; a number past INT64_MAX reads as INT64_MAX, which is beyond any size.
 * False: none. */
static bool cut_number(struct slice *s, int64_t *out)
{
    int64_t v = 0;
    size_t n = grammar_span(*s, GRAMMAR_DIGIT);

    for (size_t i = 0; i < n; i++)
        if (__builtin_mul_overflow(v, 10, &v) || __builtin_add_overflow(v, s->p[i] - '0', &v)) {
            v = INT64_MAX;
            break;
        }
    *s = slice_from(*s, n);
    *out = v;
    return n > 0;
}

/* One range-spec: "a-b", "a-", "-n". False when malformed; size 0 when it lies outside. */
static bool parse_spec(struct slice s, int64_t size, struct range *out)
{
    int64_t first, last = INT64_MAX;
    bool has_first = cut_number(&s, &first), has_last;

    if (s.n == 0 || s.p[0] != '-')
        return false;
    s = slice_from(s, 1);
    has_last = cut_number(&s, &last);
    if (s.n != 0 || (!has_first && !has_last) || (has_first && has_last && last < first))
        return false;
    *out = (struct range){0, 0};
    if (!has_first) {
        out->size = MIN(last, size);
        out->first = size - out->size;
    } else if (first < size) {
        out->first = first;
        out->size = (has_last ? MIN(last, size - 1) : size - 1) - first + 1;
    }
    return true;
}

/* What follows "bytes=", or p == NULL. */
static struct slice range_set(struct slice value)
{
    struct slice unit = SLICE("bytes=");

    if (value.n < unit.n || !slice_ieq(slice_of(value.p, unit.n), unit))
        return slice_of(NULL, 0);
    return slice_from(value, unit.n);
}

enum range_result range_parse(struct slice value, int64_t size, struct range *out, unsigned most,
                              unsigned *n_out)
{
    struct slice rest = range_set(slice_trim(value));
    unsigned n = 0, specs = 0;
    int64_t left = size;

    *n_out = 0;
    if (size == 0) /* a client that always asks for "0-" wants what there is */
        return RANGE_NONE;
    while (rest.p) {
        struct slice spec = slice_trim(slice_cut(&rest, ','));
        struct range r;
        if (spec.n == 0)
            continue;
        if (!parse_spec(spec, size, &r))
            return RANGE_NONE;
        specs++;
        if (r.size == 0)
            continue;
        if (n == most || r.size > left)
            return RANGE_NONE;
        left -= r.size;
        out[n++] = r;
    }
    if (specs == 0)
        return RANGE_NONE;
    *n_out = n;
    return n > 0 ? RANGE_SOME : RANGE_UNSATISFIABLE;
}

/* An entity-tag (section 8.8.3). */
struct tag {
    struct slice opaque; /* with its quotes */
    bool is_weak;
};

/* Cuts a tag off the front. */
static bool cut_tag(struct slice *s, struct tag *out)
{
    size_t i = 0;

    out->is_weak = slice_has_prefix(*s, SLICE("W/"));
    if (out->is_weak)
        *s = slice_from(*s, 2);
    if (s->n < 2 || s->p[0] != '"')
        return false;
    for (i = 1; i < s->n && s->p[i] != '"'; i++)
        if ((unsigned char)s->p[i] <= 0x20 || s->p[i] == 0x7f)
            return false;
    if (i == s->n)
        return false;
    out->opaque = slice_of(s->p, i + 1);
    *s = slice_from(*s, i + 1);
    return true;
}

static bool is_match(struct tag a, struct tag b, bool strong)
{
    return slice_eq(a.opaque, b.opaque) && !(strong && (a.is_weak || b.is_weak));
}

/* Is `etag` one of the list? A malformed list ends where it stops making sense. */
static bool list_has_tag(struct slice list, struct slice etag, bool strong)
{
    struct tag own, other;

    if (!cut_tag(&etag, &own) || etag.n != 0)
        return false;
    for (;;) {
        while (list.n > 0 && (list.p[0] == ' ' || list.p[0] == '\t' || list.p[0] == ','))
            list = slice_from(list, 1);
        if (list.n == 0 || !cut_tag(&list, &other))
            return false;
        list = slice_trim(list);
        if (list.n > 0 && list.p[0] != ',')
            return false;
        if (is_match(own, other, strong))
            return true;
    }
}

/* A tag as it was given out is known again, also one that is none because it is not quoted. */
static bool is_given_tag(struct slice value, struct slice etag, bool strong)
{
    return etag.n > 0 && slice_eq(value, etag) && !(strong && slice_has_prefix(etag, SLICE("W/")));
}

/* Does any field `id` of the request hold "*" or the tag? */
static bool field_has_tag(const struct header_list *request, enum header_id id, struct slice etag)
{
    bool strong = id == HEADER_IF_MATCH;

    for (unsigned i = 0; i < request->n; i++) {
        const struct header *f = &request->fields[i];
        if (f->id != id)
            continue;
        if (slice_eq(slice_trim(f->value), SLICE("*")) ||
            is_given_tag(slice_trim(f->value), etag, strong) ||
            list_has_tag(f->value, etag, strong))
            return true;
    }
    return false;
}

static bool field_has_date(const struct header_list *request, enum header_id id, int64_t *out)
{
    const struct header *f = header_find_id(request, id);

    return f && date_parse(slice_trim(f->value), out);
}

int range_check_conditions(const struct header_list *request, enum method method, struct slice etag,
                           int64_t mtime, bool exact_mtime)
{
    bool is_read = method == METHOD_GET || method == METHOD_HEAD;
    int64_t date;

    if (header_find_id(request, HEADER_IF_MATCH)) {
        if (!field_has_tag(request, HEADER_IF_MATCH, etag))
            return 412;
    } else if (mtime >= 0 && field_has_date(request, HEADER_IF_UNMODIFIED_SINCE, &date)) {
        if (mtime > date)
            return 412;
    }
    if (header_find_id(request, HEADER_IF_NONE_MATCH)) {
        if (field_has_tag(request, HEADER_IF_NONE_MATCH, etag))
            return is_read ? 304 : 412;
    } else if (is_read && mtime >= 0 && field_has_date(request, HEADER_IF_MODIFIED_SINCE, &date)) {
        if (exact_mtime ? mtime == date : mtime <= date)
            return 304;
    }
    return 0;
}

bool range_parse_content(struct slice value, struct range *out, int64_t *total_out)
{
    struct slice rest = value, unit = slice_cut(&rest, ' '), first, last;
    int64_t end;

    first = slice_cut(&rest, '-');
    last = slice_cut(&rest, '/');
    if (!slice_ieq(unit, SLICE("bytes")) || !rest.p ||
        !num_parse_u63(slice_trim(first), &out->first) || !num_parse_u63(last, &end) ||
        !num_parse_u63(slice_trim(rest), total_out) || out->first > end || end >= *total_out)
        return false;
    out->size = end - out->first + 1;
    return true;
}

bool range_if_range_holds(const struct header_list *request, struct slice etag, int64_t mtime)
{
    const struct header *f = header_find_id(request, HEADER_IF_RANGE);
    struct slice value;
    struct tag own, other;
    int64_t date;

    if (!f)
        return true;
    value = slice_trim(f->value);
    if (cut_tag(&value, &other))
        return value.n == 0 && cut_tag(&etag, &own) && etag.n == 0 && is_match(own, other, true);
    return mtime >= 0 && date_parse(slice_trim(f->value), &date) && date == mtime;
}

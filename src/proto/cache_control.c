/* A list of directives, each a token with an optional argument, which may be quoted. */
#include "proto/cache_control.h"

#include "base/num.h"

enum { SECONDS_MOST = INT32_MAX };

/* The element at the front of `rest`, which ends at a comma that is in no quoted text. */
static struct slice next_element(struct slice *rest)
{
    bool is_quoted = false;
    size_t n = 0;
    struct slice element;

    for (; n < rest->n && (is_quoted || rest->p[n] != ','); n++) {
        if (rest->p[n] == '"')
            is_quoted = !is_quoted;
        else if (is_quoted && rest->p[n] == '\\' && n + 1 < rest->n)
            n++;
    }
    element = slice_of(rest->p, n);
    *rest = slice_from(*rest, MIN(n + 1, rest->n));
    return slice_trim(element);
}

static int64_t seconds_of(struct slice text)
{
    int64_t n;

    if (text.n >= 2 && text.p[0] == '"' && text.p[text.n - 1] == '"')
        text = slice_of(text.p + 1, text.n - 2);
    if (!num_parse_u63(text, &n))
        return 0;
    return MIN(n, SECONDS_MOST);
}

static void take_age(struct cache_control *c, int64_t seconds, bool is_shared)
{
    if (c->is_shared_age && !is_shared)
        return;
    if (c->max_age < 0 || is_shared != c->is_shared_age || seconds < c->max_age)
        c->max_age = seconds;
    c->is_shared_age = is_shared;
    c->allows |= is_shared;
}

void cache_control_add(struct cache_control *c, struct slice value)
{
    while (value.n) {
        struct slice argument = next_element(&value), name = slice_cut(&argument, '=');

        name = slice_trim(name);
        argument = argument.p ? slice_trim(argument) : SLICE_EMPTY;
        if (slice_ieq(name, SLICE("no-store")) || slice_ieq(name, SLICE("no-cache")) ||
            slice_ieq(name, SLICE("private")))
            c->forbids = true;
        else if (slice_ieq(name, SLICE("public")) || slice_ieq(name, SLICE("must-revalidate")))
            c->allows = true;
        else if (slice_ieq(name, SLICE("max-age")))
            take_age(c, seconds_of(argument), false);
        else if (slice_ieq(name, SLICE("s-maxage")))
            take_age(c, seconds_of(argument), true);
        else if (slice_ieq(name, SLICE("stale-while-revalidate")))
            c->stale_while_revalidate = seconds_of(argument);
        else if (slice_ieq(name, SLICE("stale-if-error")))
            c->stale_if_error = seconds_of(argument);
    }
}

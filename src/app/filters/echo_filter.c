/* The texts are made when their turn comes: those behind the body know what has become of the
 * request. */
#include "app/filters/echo_filter.h"

#include "app/echo.h"
#include "app/filters/around_filter.h"
#include "app/variables/script.h"

void echo_filter_text(struct visit *v, const struct echo_line *line, struct buf *out)
{
    for (unsigned i = 0; i < line->n; i++) {
        if (i > 0)
            buf_add_char(out, ' ');
        buf_add_slice(out, script_eval(line->words[i], v));
    }
    if (line->has_newline)
        buf_add_char(out, '\n');
}

static bool is_meant(struct visit *v)
{
    return v->loc->echo_before || v->loc->echo_after;
}

static void add_text(struct visit *v, bool is_behind, struct buf *out)
{
    const struct echo_line *line = is_behind ? v->loc->echo_after : v->loc->echo_before;

    for (; line; line = line->next)
        echo_filter_text(v, line, out);
}

void echo_filter_add(struct visit *v)
{
    static const struct around_user echo = {AROUND_OPS("echo"), is_meant, add_text};

    if (is_meant(v))
        around_filter_add(v, &echo);
}

/* The texts are made when their turn comes: those behind the body know what has become of the
 * request. */
#include "app/echo_filter.h"

#include "app/echo.h"
#include "app/script.h"
#include "app/visit.h"
#include "http/filter.h"
#include "proto/status.h"

struct echo_filter {
    struct filter f;
    bool is_on, has_begun;
};

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

static void on_head(struct filter *filter, struct exchange *x)
{
    struct echo_filter *f = CONTAINER_OF(filter, struct echo_filter, f);

    f->is_on = status_can_have_body(x->res.status) && x->res.status != 206 && !x->is_head;
    if (f->is_on) {
        x->res.content_length = -1;
        header_remove_id(&x->res.headers, HEADER_ACCEPT_RANGES);
    }
    exchange_pass_head(x, filter->next);
}

/* The texts of a list in one piece. */
static void pass_texts(struct filter *f, struct exchange *x, const struct echo_line *lines,
                       bool is_last)
{
    struct buf text = BUF_EMPTY;
    struct chunk c;

    for (const struct echo_line *line = lines; line; line = line->next)
        echo_filter_text(visit_of(x), line, &text);
    c = CHUNK_BYTES(buf_slice(&text));
    c.is_last = is_last;
    if (text.n || is_last)
        exchange_pass_body(x, f->next, &c);
    buf_free(&text);
}

static void on_body(struct filter *filter, struct exchange *x, const struct chunk *c)
{
    struct echo_filter *f = CONTAINER_OF(filter, struct echo_filter, f);
    const struct location *l = visit_of(x)->loc;
    struct chunk part = *c;

    if (!f->is_on) {
        exchange_pass_body(x, filter->next, c);
        return;
    }
    exchange_hold(x);
    if (!f->has_begun)
        pass_texts(filter, x, l->echo_before, false);
    f->has_begun = true;
    part.is_last = false;
    if (part.bytes.n || part.fd >= 0 || part.is_flush)
        exchange_pass_body(x, filter->next, &part);
    if (c->is_last)
        pass_texts(filter, x, l->echo_after, true);
    exchange_release(x);
}

void echo_filter_add(struct visit *v)
{
    static const struct filter_ops ops = {"echo", on_head, on_body, NULL};
    struct echo_filter *f;

    if (!v->loc->echo_before && !v->loc->echo_after)
        return;
    f = pool_new(visit_pool(v), struct echo_filter);
    filter_append(v->x, &f->f, &ops);
}

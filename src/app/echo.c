/* The content step of `echo`. The lines of a block are one list; each is written by itself, so that
 * a variable is evaluated when its line is reached. */
#include "app/echo.h"

#include "app/script.h"
#include "app/static_send.h"
#include "app/visit.h"
#include "base/buf.h"

static void write_line(struct visit *v, const struct echo_line *line)
{
    struct chunk c = CHUNK_BYTES(SLICE_EMPTY);
    struct buf text = BUF_EMPTY;

    for (unsigned i = 0; i < line->n; i++) {
        if (i > 0)
            buf_add_char(&text, ' ');
        buf_add_slice(&text, script_eval(line->words[i], v));
    }
    if (line->has_newline)
        buf_add_char(&text, '\n');
    c.bytes = buf_slice(&text);
    if (c.bytes.n > 0)
        exchange_write(v->x, &c);
    buf_free(&text);
}

enum step_result echo_step(struct visit *v, const struct step *s)
{
    const struct echo_line *line = *(struct echo_line *const *)s->arg;
    struct exchange *x = v->x;

    if (x->res.status == 0)
        x->res.status = 200;
    static_send_type(v);
    exchange_start(x);
    for (; line && x->state < EXCHANGE_DONE; line = line->next)
        write_line(v, line);
    if (x->state < EXCHANGE_DONE)
        exchange_end(x);
    return STEP_DONE;
}

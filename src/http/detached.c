/* Streams tell of their end, whoever has them by then. */
#include "http/detached.h"

static unsigned count;     /* process-wide: streams that are not closed */
static void (*gone)(void); /* process-wide: who hears of their ends */

static void on_closed(void)
{
    count--;
    if (gone)
        gone();
}

struct stream *detached_take(struct exchange *x, struct buf *in, struct outq *out)
{
    struct stream *s = exchange_detach(x, in, out);

    if (s) {
        s->on_closed = on_closed;
        count++;
    }
    return s;
}

unsigned detached_count(void)
{
    return count;
}

void detached_on_gone(void (*fn)(void))
{
    gone = fn;
}

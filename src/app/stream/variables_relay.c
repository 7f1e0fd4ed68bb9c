/* $upstream_… of sessions. Those of several attempts are joined by ", ", as nginx does. */
#include "app/variables.h"

#include "app/stream/relay.h"

enum { TRIES_MOST = 64 };

/* The attempts, oldest first, each as `write` puts it; not found when there were none. */
static struct slice join(struct visit *v, void (*write)(struct buf *b, const struct relay_try *t))
{
    const struct relay *r = v->session->relay;
    const struct relay_try *tries[TRIES_MOST];
    struct buf b = BUF_EMPTY;
    struct slice made;
    unsigned n = 0;

    for (const struct relay_try *t = r ? r->history : NULL; t && n < TRIES_MOST; t = t->next)
        tries[n++] = t;
    if (n == 0)
        return VARIABLE_NONE;
    while (n--) {
        write(&b, tries[n]);
        if (n)
            buf_add_lit(&b, ", ");
    }
    made = pool_dup(visit_pool(v), buf_slice(&b));
    buf_free(&b);
    return made;
}

static void write_ms(struct buf *b, uint64_t ms)
{
    if (ms == UINT64_MAX)
        buf_add_char(b, '-');
    else
        buf_printf(b, "%llu.%03u", (unsigned long long)(ms / 1000), (unsigned)(ms % 1000));
}

static void write_addr(struct buf *b, const struct relay_try *t)
{
    buf_add_slice(b, t->addr);
}

static void write_connect(struct buf *b, const struct relay_try *t)
{
    write_ms(b, t->connect_ms);
}

static void write_first_byte(struct buf *b, const struct relay_try *t)
{
    write_ms(b, t->first_byte_ms);
}

static void write_session(struct buf *b, const struct relay_try *t)
{
    write_ms(b, t->session_ms);
}

static void write_sent(struct buf *b, const struct relay_try *t)
{
    buf_add_int(b, (int64_t)t->bytes_sent);
}

static void write_received(struct buf *b, const struct relay_try *t)
{
    buf_add_int(b, (int64_t)t->bytes_received);
}

#define GETTER(name)                                                                               \
    static struct slice get_##name(struct visit *v, const struct variable *var)                    \
    {                                                                                              \
        UNUSED(var);                                                                               \
        return join(v, write_##name);                                                              \
    }

GETTER(addr)
GETTER(connect)
GETTER(first_byte)
GETTER(session)
GETTER(sent)
GETTER(received)

const struct variable variables_relay[] = {
    VARIABLE("upstream_addr", get_addr),
    VARIABLE("upstream_connect_time", get_connect),
    VARIABLE("upstream_first_byte_time", get_first_byte),
    VARIABLE("upstream_session_time", get_session),
    VARIABLE("upstream_bytes_sent", get_sent),
    VARIABLE("upstream_bytes_received", get_received),
    VARIABLE_END,
};

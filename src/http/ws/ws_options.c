/* Ten thousand connections of one handler have the same options. The copies in use stand in a list,
 * the last used ones first; only a few are compared, so whoever gives each connection options of
 * its own pays with memory, not with time. */
#include "http/ws/ws_options.h"

#include "base/list.h"
#include "base/mem.h"

enum { COMPARED_MOST = 8 };

struct shared {
    struct list node;
    unsigned refs;
    struct ws_options options;
};

const struct ws_options ws_options_default = {
    .deflate_least = 64,
    .max_frame = 65536,
    .max_message = 1048576,
    .watermark = 65536,
    .close_timeout = 5000,
    .heartbeat_n = sizeof "heartbeat" - 1,
    .heartbeat = "heartbeat",
};

static struct list in_use = LIST_INIT(in_use); /* process-wide: options of open connections */

static bool is_same_deflate(const struct ws_deflate_params *a, const struct ws_deflate_params *b)
{
    return a->out_bits == b->out_bits && a->in_bits == b->in_bits &&
           a->out_no_takeover == b->out_no_takeover && a->in_no_takeover == b->in_no_takeover &&
           a->level == b->level && a->memory_level == b->memory_level;
}

static bool is_same(const struct ws_options *a, const struct ws_options *b)
{
    return a->is_client == b->is_client && a->is_by_piece == b->is_by_piece &&
           a->has_deflate == b->has_deflate && is_same_deflate(&a->deflate, &b->deflate) &&
           a->deflate_least == b->deflate_least && a->max_frame == b->max_frame &&
           a->max_message == b->max_message && a->watermark == b->watermark &&
           a->heartbeat_idle == b->heartbeat_idle && a->heartbeat_timeout == b->heartbeat_timeout &&
           a->close_timeout == b->close_timeout && a->heartbeat_n == b->heartbeat_n &&
           memcmp(a->heartbeat, b->heartbeat, a->heartbeat_n) == 0;
}

static struct shared *find(const struct ws_options *o)
{
    unsigned n = 0;

    LIST_FOR (node, &in_use) {
        struct shared *s = CONTAINER_OF(node, struct shared, node);

        if (is_same(&s->options, o))
            return s;
        if (++n == COMPARED_MOST)
            break;
    }
    return NULL;
}

const struct ws_options *ws_options_share(const struct ws_options *o)
{
    struct shared *s = find(o);

    if (s) {
        list_remove(&s->node);
    } else {
        s = mem_new(struct shared);
        s->options = *o;
    }
    list_prepend(&in_use, &s->node);
    s->refs++;
    return &s->options;
}

void ws_options_release(const struct ws_options **o)
{
    struct shared *s = CONTAINER_OF(*o, struct shared, options);

    *o = NULL;
    if (--s->refs > 0)
        return;
    list_remove(&s->node);
    mem_free(s);
}

/* They come and go with each message, so they are kept for reuse. */
#include "http/ws/ws_buffer.h"

#include "base/mem.h"

static struct mem_cache buffers = MEM_CACHE(struct ws_buffer, 64); /* process-wide: for reuse */

struct ws_buffer *ws_buffer_new(const struct ws_options *o, struct ws_deflate *deflate)
{
    struct ws_buffer *b = mem_cache_take(&buffers);

    ws_messages_init(&b->m);
    b->m.max_message = o->max_message;
    b->m.is_by_piece = o->is_by_piece;
    b->m.deflate = deflate;
    b->m.frames.max_frame = o->max_frame;
    b->m.frames.expects_mask = !o->is_client;
    b->m.frames.can_be_deflated = deflate != NULL;
    b->held = b->rest = BUF_EMPTY;
    return b;
}

void ws_buffer_free(struct ws_buffer **p)
{
    struct ws_buffer *b = *p;

    *p = NULL;
    if (!b)
        return;
    ws_messages_deinit(&b->m);
    buf_free(&b->held);
    buf_free(&b->rest);
    mem_cache_give(&buffers, b);
}

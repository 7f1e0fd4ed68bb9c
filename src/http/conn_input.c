/* Moving input from the shared buffer to its owner, and what that costs: the slow half. */
#include "http/conn_input.h"

#include "base/mem.h"

enum { KEPT_MOST = 64 };

static struct mem_cache cache =
    MEM_CACHE(struct conn_input_kept, KEPT_MOST); /* process-wide: shared by all connections */

void conn_input_free(struct conn_input *in)
{
    buf_free(&in->kept->bytes);
    mem_cache_give(&cache, in->kept);
    in->kept = NULL;
}

static void drop_kept(struct conn_input *in)
{
    if (in->kept)
        conn_input_free(in);
}

void conn_input_add(struct conn_input *in, struct slice bytes)
{
    if (!in->kept) {
        in->kept = mem_cache_take(&cache);
        *in->kept = (struct conn_input_kept){BUF_EMPTY, 0};
    }
    if (in->kept->at) {
        buf_drop(&in->kept->bytes, in->kept->at);
        in->kept->at = 0;
    }
    buf_add_slice(&in->kept->bytes, bytes);
}

void conn_input_evict(struct conn_reader *r)
{
    struct conn_input *in = r->owner;

    if (!in)
        return;
    r->owner = NULL;
    if (r->rest.n)
        conn_input_add(in, r->rest);
}

ssize_t conn_input_read(struct conn_reader *r, struct conn_input *in, struct stream *s, size_t most)
{
    bool has_rest;
    ssize_t n;

    conn_input_evict(r);
    has_rest = in->kept && in->kept->at < in->kept->bytes.n;
    n = stream_read(s, r->bytes, MIN(most, sizeof(r->bytes)));
    if (n > 0 && has_rest) {
        conn_input_add(in, slice_of(r->bytes, (size_t)n));
    } else if (n > 0) {
        drop_kept(in);
        r->owner = in;
        r->rest = slice_of(r->bytes, (size_t)n);
    }
    return n;
}

void conn_input_drop(struct conn_reader *r, struct conn_input *in)
{
    if (r->owner == in)
        r->owner = NULL;
    drop_kept(in);
}

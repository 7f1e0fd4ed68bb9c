/* Most of what an idle connection costs is its session's, and most of that the buffer of 16 KiB in
 * which nghttp2 makes frames. It holds something only while output is fetched, and output is
 * fetched to its end, by one session at a time (h2_submit_flush). So all sessions of servers share
 * one. A client's has its first bytes there before it is ever asked for output: it keeps its own.
 *
 * nghttp2 allocates the buffer when the session is made, and only then anything as large. */
#include "proto/h2_memory.h"

#include <nghttp2/nghttp2.h>

#include "base/check.h"
#include "base/mem.h"

enum { FRAME_LEAST = 16384 };

/* The sessions' common buffer. */
static struct {
    void *p;
    size_t n;
    bool is_making; /* a session is being made */
} frame;            /* process-wide: shared by all sessions of servers */

static void *on_malloc(size_t n, void *user)
{
    UNUSED(user);
    return mem_alloc(n);
}

static void *on_calloc(size_t n, size_t size, void *user)
{
    UNUSED(user);
    return mem_zalloc(n * size);
}

static void on_free(void *p, void *user)
{
    UNUSED(user);
    if (p != frame.p)
        mem_free(p);
}

static void *on_realloc(void *p, size_t n, void *user)
{
    UNUSED(user);
    if (!p && frame.is_making && n >= FRAME_LEAST && (!frame.p || n == frame.n)) {
        if (!frame.p)
            frame.p = mem_alloc(n);
        frame.n = n;
        return frame.p;
    }
    if (UNLIKELY(p && p == frame.p)) {
        p = mem_alloc(n);
        memcpy(p, frame.p, MIN(n, frame.n));
        return p;
    }
    return mem_realloc(p, n);
}

struct nghttp2_session *h2_memory_new_server(const struct nghttp2_session_callbacks *callbacks,
                                             const struct nghttp2_option *option, void *user)
{
    nghttp2_mem mem = {NULL, on_malloc, on_free, on_calloc, on_realloc};
    nghttp2_session *ng;

    frame.is_making = true;
    if (nghttp2_session_server_new3(&ng, callbacks, user, option, &mem))
        PANIC("out of memory");
    frame.is_making = false;
    return ng;
}

/* The header is peeked at (MSG_PEEK) into bytes of the caller, and what belongs to it is then read
 * away. */
#include "http/proxy_peek.h"

#include <errno.h>
#include <sys/socket.h>

/* Takes `n` bytes that are known to be there. */
static void skip(struct stream *s, size_t n)
{
    char bytes[PROXY_PROTO_V2_MAX];

    while (n) {
        ssize_t got = stream_read(s, bytes, n);

        if (got <= 0)
            return;
        n -= (size_t)got;
    }
}

enum proxy_proto_result proxy_peek(struct stream *s, struct slice before, struct proxy_peek *out)
{
    enum proxy_proto_result r;
    ssize_t got;

    out->has_ended = false;
    out->seen = SLICE_EMPTY;
    if (before.n >= sizeof(out->bytes))
        return PROXY_PROTO_BAD;
    if (before.n)
        memcpy(out->bytes, before.p, before.n);
    out->seen = slice_of(out->bytes, before.n);
    got = recv(stream_fd(s), out->bytes + before.n, sizeof(out->bytes) - before.n,
               MSG_PEEK | MSG_DONTWAIT);
    if (got <= 0) {
        out->has_ended = got == 0 || (errno != EAGAIN && errno != EINTR);
        return PROXY_PROTO_MORE;
    }
    out->seen.n += (size_t)got;
    r = proxy_proto_read(out->seen, &out->proto);
    if (r == PROXY_PROTO_DONE)
        skip(s, out->proto.n - before.n);
    else if (r == PROXY_PROTO_MORE)
        skip(s, (size_t)got);
    return r;
}

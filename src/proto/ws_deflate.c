/* Each message ends with an empty stored block (Z_SYNC_FLUSH), whose last four bytes are left out
 * on the wire and put back before reading (RFC 7692 section 7.2).
 *
 * A deflate state is some 260 KB, so a connection has one only when the window is carried over from
 * message to message. Without that, states come from a few that the process keeps. */
#include "proto/ws_deflate.h"

#include <zlib.h>

#include "base/check.h"
#include "base/mem.h"

enum { SPARES = 4, ROOM_LEAST = 512 };

/* A state of one direction; `key` tells which parameters it was made with. */
struct coder {
    z_stream z;
    unsigned key;
    bool is_deflater;
};

struct ws_deflate {
    struct ws_deflate_params p;
    struct coder *out, *in;
};

static struct coder *spares[SPARES]; /* process-wide: coders between two messages */

static const unsigned char tail[4] = {0x00, 0x00, 0xff, 0xff};

static unsigned key_of(const struct ws_deflate_params *p, bool is_deflater)
{
    if (!is_deflater)
        return p->in_bits;
    return 1U << 16 | (unsigned)p->out_bits << 8 | (unsigned)p->level << 4 | p->memory_level;
}

static struct coder *make_coder(const struct ws_deflate_params *p, bool is_deflater)
{
    struct coder *c = mem_new(struct coder);
    int rc = is_deflater ? deflateInit2(&c->z, p->level, Z_DEFLATED, -p->out_bits, p->memory_level,
                                        Z_DEFAULT_STRATEGY)
                         : inflateInit2(&c->z, -p->in_bits);

    CHECK(rc == Z_OK);
    c->is_deflater = is_deflater;
    c->key = key_of(p, is_deflater);
    return c;
}

static void free_coder(struct coder *c)
{
    if (!c)
        return;
    if (c->is_deflater)
        (void)deflateEnd(&c->z);
    else
        (void)inflateEnd(&c->z);
    mem_free(c);
}

static void reset_coder(struct coder *c)
{
    int rc = c->is_deflater ? deflateReset(&c->z) : inflateReset(&c->z);

    CHECK(rc == Z_OK);
}

static struct coder *take_coder(const struct ws_deflate_params *p, bool is_deflater)
{
    unsigned key = key_of(p, is_deflater);

    for (unsigned i = 0; i < SPARES; i++) {
        struct coder *c = spares[i];

        if (c && c->key == key) {
            spares[i] = NULL;
            return c;
        }
    }
    return make_coder(p, is_deflater);
}

static void give_coder(struct coder *c)
{
    reset_coder(c);
    for (unsigned i = 0; i < SPARES; i++) {
        if (!spares[i]) {
            spares[i] = c;
            return;
        }
    }
    free_coder(c);
}

struct ws_deflate *ws_deflate_new(const struct ws_deflate_params *p)
{
    struct ws_deflate *d = mem_new(struct ws_deflate);

    CHECK(p->out_bits >= 9 && p->out_bits <= 15 && p->in_bits >= 9 && p->in_bits <= 15);
    d->p = *p;
    return d;
}

void ws_deflate_free(struct ws_deflate **d)
{
    if (!*d)
        return;
    free_coder((*d)->out);
    free_coder((*d)->in);
    mem_free(*d);
    *d = NULL;
}

/* Runs the coder until the input is taken and no output is pending. Z_OK or zlib's error. */
static int run(struct coder *c, struct slice in, struct buf *out, size_t most)
{
    z_stream *z = &c->z;
    int rc;

    z->next_in = (Bytef *)(uintptr_t)in.p; /* zlib does not write to it */
    z->avail_in = (uInt)in.n;
    do {
        size_t room = MIN(MAX(ROOM_LEAST, in.n * 2), most - out->n + 1);

        z->next_out = (Bytef *)buf_reserve(out, room);
        z->avail_out = (uInt)room;
        rc = c->is_deflater ? deflate(z, Z_SYNC_FLUSH) : inflate(z, Z_SYNC_FLUSH);
        out->n += room - z->avail_out;
        if (rc != Z_OK)
            break;
    } while ((z->avail_out == 0 || z->avail_in > 0) && out->n <= most);
    return rc == Z_BUF_ERROR ? Z_OK : rc; /* nothing to do: all was taken by the call before */
}

void ws_deflate_message(struct ws_deflate *d, struct slice in, struct buf *out)
{
    size_t before = out->n;
    struct coder *c;

    CHECK(in.n <= UINT32_MAX);
    if (in.n == 0) { /* zlib has nothing to flush; section 7.2.3.6 */
        buf_add_char(out, '\0');
        return;
    }
    c = d->out ? d->out : take_coder(&d->p, true);
    CHECK(run(c, in, out, SIZE_MAX / 2) == Z_OK);
    CHECK(out->n >= before + sizeof tail &&
          memcmp(out->p + out->n - sizeof tail, tail, sizeof tail) == 0);
    out->n -= sizeof tail;
    if (d->p.out_no_takeover) {
        give_coder(c);
        c = NULL;
    }
    d->out = c;
}

static enum ws_inflate_result inflate_step(struct coder *c, struct slice in, struct buf *out,
                                           size_t most)
{
    int rc = run(c, in, out, most);

    if (out->n > most)
        return WS_INFLATE_TOO_LARGE;
    /* A final block (section 7.2.3.4): what follows it begins anew. */
    while (rc == Z_STREAM_END) {
        struct slice rest = slice_of((const char *)c->z.next_in, c->z.avail_in);

        reset_coder(c);
        if (rest.n == 0)
            return WS_INFLATE_OK;
        rc = run(c, rest, out, most);
        if (out->n > most)
            return WS_INFLATE_TOO_LARGE;
    }
    return rc == Z_OK ? WS_INFLATE_OK : WS_INFLATE_BAD;
}

enum ws_inflate_result ws_inflate_piece(struct ws_deflate *d, struct slice in, bool is_last,
                                        struct buf *out, size_t most)
{
    enum ws_inflate_result r = WS_INFLATE_OK;

    if (!d->in)
        d->in = take_coder(&d->p, false);
    if (in.n > 0)
        r = inflate_step(d->in, in, out, most);
    if (r == WS_INFLATE_OK && is_last)
        r = inflate_step(d->in, slice_of((const char *)tail, sizeof tail), out, most);
    if (is_last && d->p.in_no_takeover && r == WS_INFLATE_OK) {
        give_coder(d->in);
        d->in = NULL;
    }
    return r;
}

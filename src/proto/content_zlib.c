/* gzip (RFC 1952; several members are one text) and deflate (RFC 1950; the bare form of RFC 1951,
 * which some servers send under that name, is told by its first byte). */
#include <zlib.h>

#include "base/check.h"
#include "base/mem.h"
#include "proto/content_codings.h"

enum { WINDOW_GZIP = 15 + 16, WINDOW_ZLIB = 15, WINDOW_RAW = -15 };

struct inflater {
    z_stream z;
    bool is_gzip, has_begun, has_ended;
};

static void start(struct inflater *f, int window)
{
    CHECK(inflateInit2(&f->z, window) == Z_OK);
    f->has_begun = true;
}

static void *open_gzip(void)
{
    struct inflater *f = mem_new(struct inflater);

    f->is_gzip = true;
    start(f, WINDOW_GZIP);
    return f;
}

static void *open_deflate(void)
{
    return mem_new(struct inflater);
}

static void close_inflater(void *state)
{
    struct inflater *f = state;

    if (f->has_begun)
        (void)inflateEnd(&f->z);
    mem_free(f);
}

/* The method in the low bits of the first byte of a zlib header is 8. */
static bool looks_like_zlib(char first)
{
    return (first & 15) == 8 && ((unsigned char)first >> 4) <= 7;
}

static int step(void *state, struct slice *in, char *to, size_t *room)
{
    struct inflater *f = state;
    int r;

    if (!f->has_begun)
        start(f, looks_like_zlib(in->p[0]) ? WINDOW_ZLIB : WINDOW_RAW);
    if (f->has_ended && f->is_gzip)
        CHECK(inflateReset(&f->z) == Z_OK); /* the next member came later */
    f->z.next_in = (Bytef *)(uintptr_t)in->p;
    f->z.avail_in = (uInt)in->n;
    f->z.next_out = (Bytef *)to;
    f->z.avail_out = (uInt)*room;
    do {
        r = inflate(&f->z, Z_NO_FLUSH);
        if (r == Z_STREAM_END && f->is_gzip && f->z.avail_in > 0)
            r = inflateReset(&f->z); /* the next member */
    } while (r == Z_OK && f->z.avail_in > 0 && f->z.avail_out > 0);
    *in = slice_of((const char *)f->z.next_in, f->z.avail_in);
    *room -= f->z.avail_out;
    f->has_ended = r == Z_STREAM_END;
    if (r == Z_STREAM_END)
        return 1;
    return r == Z_OK || r == Z_BUF_ERROR ? 0 : -1;
}

const struct content_coding content_gzip = {
    .name = {"gzip", 4}, .open = open_gzip, .step = step, .close = close_inflater};
const struct content_coding content_x_gzip = {
    .name = {"x-gzip", 6}, .open = open_gzip, .step = step, .close = close_inflater};
const struct content_coding content_deflate = {
    .name = {"deflate", 7}, .open = open_deflate, .step = step, .close = close_inflater};

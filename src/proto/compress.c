/* One row of `codings` a library: how a state is made, made anew, fed and freed. To add a coding,
 * add it to enum coding in order of preference and give it a row.
 *
 * States are large (gzip 260 KB, zstd and brotli more) and are made anew faster than they are made,
 * so a few are kept. All three libraries take input and give output in the same way: `step` is
 * called until the input is gone and nothing is pending. */
#include "proto/compress.h"

#include <brotli/encode.h>
#include <zlib.h>
#include <zstd.h>

#include "base/check.h"
#include "base/mem.h"

enum { ROOM_LEAST = 1024, ROOM_MOST = 65536, SPARES = 4 };
/* gzip: the window in bits, and what zlib calls memory. Making a state anew clears its hash table,
 * which costs more than compressing a short answer does: that one gets a small table. */
enum {
    GZIP = 16,
    GZIP_BITS = 15,
    GZIP_MEMORY = 8,
    SHORT_MOST = 8192,
    SHORT_BITS = 13,
    SHORT_MEMORY = 6
};
enum { BROTLI_WINDOW = 19 };

struct compressor {
    enum coding coding;
    int level;
    bool is_short; /* for no more than SHORT_MOST bytes; with more it works, but not as well */
    union {
        z_stream gzip;
        BrotliEncoderState *brotli;
        ZSTD_CCtx *zstd;
    } u;
};

/* One call of a library: what is left of the input and of the room. */
struct step {
    const uint8_t *in;
    size_t in_n;
    uint8_t *out;
    size_t out_n;
};

struct coding_ops {
    struct slice name;
    int level_least, level_most;
    void (*open)(struct compressor *c);
    void (*renew)(struct compressor *c);
    void (*close)(struct compressor *c);
    /* False: there is more to come out. */
    bool (*step)(struct compressor *c, struct step *s, enum compress_mode mode);
};

static struct compressor *spares[SPARES]; /* process-wide: between two responses */

/* --- gzip --- */

static void gzip_open(struct compressor *c)
{
    memset(&c->u.gzip, 0, sizeof c->u.gzip);
    CHECK(deflateInit2(&c->u.gzip, c->level, Z_DEFLATED,
                       GZIP + (c->is_short ? SHORT_BITS : GZIP_BITS),
                       c->is_short ? SHORT_MEMORY : GZIP_MEMORY, Z_DEFAULT_STRATEGY) == Z_OK);
}

static void gzip_renew(struct compressor *c)
{
    CHECK(deflateReset(&c->u.gzip) == Z_OK);
}

static void gzip_close(struct compressor *c)
{
    (void)deflateEnd(&c->u.gzip);
}

static bool gzip_step(struct compressor *c, struct step *s, enum compress_mode mode)
{
    static const int flushes[] = {Z_NO_FLUSH, Z_SYNC_FLUSH, Z_FINISH};
    z_stream *z = &c->u.gzip;
    int rc;

    z->next_in = (Bytef *)(uintptr_t)s->in; /* zlib does not write to it */
    z->avail_in = (uInt)s->in_n;
    z->next_out = s->out;
    z->avail_out = (uInt)s->out_n;
    rc = deflate(z, flushes[mode]);
    CHECK(rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR);
    s->in = z->next_in;
    s->in_n = z->avail_in;
    s->out = z->next_out;
    s->out_n = z->avail_out;
    return mode == COMPRESS_END ? rc == Z_STREAM_END : s->out_n > 0;
}

/* --- brotli --- */

static void brotli_open(struct compressor *c)
{
    c->u.brotli = BrotliEncoderCreateInstance(NULL, NULL, NULL);
    CHECK(c->u.brotli != NULL);
    (void)BrotliEncoderSetParameter(c->u.brotli, BROTLI_PARAM_QUALITY, (uint32_t)c->level);
    (void)BrotliEncoderSetParameter(c->u.brotli, BROTLI_PARAM_LGWIN, BROTLI_WINDOW);
}

static void brotli_close(struct compressor *c)
{
    BrotliEncoderDestroyInstance(c->u.brotli);
}

static void brotli_renew(struct compressor *c)
{
    brotli_close(c);
    brotli_open(c);
}

static bool brotli_step(struct compressor *c, struct step *s, enum compress_mode mode)
{
    static const BrotliEncoderOperation operations[] = {
        BROTLI_OPERATION_PROCESS, BROTLI_OPERATION_FLUSH, BROTLI_OPERATION_FINISH};

    CHECK(BrotliEncoderCompressStream(c->u.brotli, operations[mode], &s->in_n, &s->in, &s->out_n,
                                      &s->out, NULL));
    return !BrotliEncoderHasMoreOutput(c->u.brotli);
}

/* --- zstd --- */

static void zstd_open(struct compressor *c)
{
    c->u.zstd = ZSTD_createCCtx();
    CHECK(c->u.zstd != NULL);
    (void)ZSTD_CCtx_setParameter(c->u.zstd, ZSTD_c_compressionLevel, c->level);
}

static void zstd_renew(struct compressor *c)
{
    (void)ZSTD_CCtx_reset(c->u.zstd, ZSTD_reset_session_only);
}

static void zstd_close(struct compressor *c)
{
    (void)ZSTD_freeCCtx(c->u.zstd);
}

static bool zstd_step(struct compressor *c, struct step *s, enum compress_mode mode)
{
    static const ZSTD_EndDirective directives[] = {ZSTD_e_continue, ZSTD_e_flush, ZSTD_e_end};
    ZSTD_inBuffer in = {s->in, s->in_n, 0};
    ZSTD_outBuffer out = {s->out, s->out_n, 0};
    size_t left = ZSTD_compressStream2(c->u.zstd, &out, &in, directives[mode]);

    CHECK(!ZSTD_isError(left));
    s->in += in.pos;
    s->in_n -= in.pos;
    s->out += out.pos;
    s->out_n -= out.pos;
    return mode == COMPRESS_MORE ? s->out_n > 0 : left == 0;
}

static const struct coding_ops codings[CODING_COUNT] = {
    [CODING_BROTLI] = {SLICE("br"), 0, 11, brotli_open, brotli_renew, brotli_close, brotli_step},
    [CODING_ZSTD] = {SLICE("zstd"), 1, 19, zstd_open, zstd_renew, zstd_close, zstd_step},
    [CODING_GZIP] = {SLICE("gzip"), 1, 9, gzip_open, gzip_renew, gzip_close, gzip_step},
};

/* --- all of them --- */

struct slice coding_name(enum coding coding)
{
    return codings[coding].name;
}

int coding_level_least(enum coding coding)
{
    return codings[coding].level_least;
}

int coding_level_most(enum coding coding)
{
    return codings[coding].level_most;
}

struct compressor *compressor_new(enum coding coding, int level, int64_t size)
{
    bool is_short = coding == CODING_GZIP && size >= 0 && size <= SHORT_MOST;
    struct compressor *c;

    for (unsigned i = 0; i < SPARES; i++) {
        c = spares[i];
        if (c && c->coding == coding && c->level == level && c->is_short == is_short) {
            spares[i] = NULL;
            codings[coding].renew(c);
            return c;
        }
    }
    c = mem_new(struct compressor);
    c->coding = coding;
    c->level = level;
    c->is_short = is_short;
    codings[coding].open(c);
    return c;
}

void compressor_free(struct compressor **p)
{
    struct compressor *c = *p;

    *p = NULL;
    if (!c)
        return;
    for (unsigned i = 0; i < SPARES; i++) {
        if (!spares[i]) {
            spares[i] = c;
            return;
        }
    }
    codings[c->coding].close(c);
    mem_free(c);
}

void compressor_write(struct compressor *c, struct slice in, enum compress_mode mode,
                      struct buf *out)
{
    struct step s = {.in = (const uint8_t *)in.p, .in_n = in.n};
    bool is_done;

    CHECK(in.n <= UINT32_MAX);
    do {
        size_t room = MIN(MAX(s.in_n, (size_t)ROOM_LEAST), (size_t)ROOM_MOST);

        s.out = (uint8_t *)buf_reserve(out, room);
        s.out_n = room;
        is_done = codings[c->coding].step(c, &s, mode);
        out->n += room - s.out_n;
    } while (s.in_n > 0 || !is_done);
}

/* Each coding, decompressed by its own library: whole, in pieces, and flushed. */
#include "proto/compress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

/* What can be read of `in`, also when its end has not come. */
static size_t unpack_gzip(struct slice in, char *out, size_t room)
{
    z_stream z = {0};
    size_t n;

    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    z.next_in = (Bytef *)(uintptr_t)in.p;
    z.avail_in = (uInt)in.n;
    z.next_out = (Bytef *)out;
    z.avail_out = (uInt)room;
    (void)inflate(&z, Z_SYNC_FLUSH);
    n = room - z.avail_out;
    (void)inflateEnd(&z);
    return n;
}

static size_t unpack_brotli(struct slice in, char *out, size_t room)
{
    BrotliDecoderState *d = BrotliDecoderCreateInstance(NULL, NULL, NULL);
    const uint8_t *next = (const uint8_t *)in.p;
    uint8_t *to = (uint8_t *)out;
    size_t left = room, n = in.n;

    (void)BrotliDecoderDecompressStream(d, &n, &next, &left, &to, NULL);
    BrotliDecoderDestroyInstance(d);
    return room - left;
}

static size_t unpack_zstd(struct slice in, char *out, size_t room)
{
    ZSTD_DCtx *d = ZSTD_createDCtx();
    ZSTD_inBuffer i = {in.p, in.n, 0};
    ZSTD_outBuffer o = {out, room, 0};

    while (i.pos < i.size && !ZSTD_isError(ZSTD_decompressStream(d, &o, &i)))
        continue;
    (void)ZSTD_freeDCtx(d);
    return o.pos;
}

static size_t (*const unpack[CODING_COUNT])(struct slice in, char *out, size_t room) = {
    [CODING_BROTLI] = unpack_brotli,
    [CODING_ZSTD] = unpack_zstd,
    [CODING_GZIP] = unpack_gzip,
};

static void expect(enum coding coding, const struct buf *packed, struct slice want)
{
    char *room = malloc(want.n + 100);
    size_t n = unpack[coding](buf_slice(packed), room, want.n + 100);

    if (n != want.n || memcmp(room, want.p, n) != 0)
        fail_msg("%s: %zu bytes, expected %zu", coding_name(coding).p, n, want.n);
    free(room);
}

static void test_whole_and_in_pieces(void **state)
{
    char text[200000];

    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)("etaoin shrdlu"[i % 13] + (i / 1000) % 3);
    for (enum coding coding = 0; coding < CODING_COUNT; coding++) {
        for (size_t step = sizeof text; step > 500; step /= 7) {
            struct compressor *c = compressor_new(coding, coding_level_least(coding) + 2, -1);
            struct buf packed = BUF_EMPTY;

            for (size_t at = 0; at < sizeof text; at += step)
                compressor_write(c, slice_of(text + at, MIN(step, sizeof text - at)), COMPRESS_MORE,
                                 &packed);
            compressor_write(c, SLICE_EMPTY, COMPRESS_END, &packed);
            assert_in_range(packed.n, 50, sizeof text / 4);
            expect(coding, &packed, slice_of(text, sizeof text));
            compressor_free(&c);
            assert_null(c);
            buf_free(&packed);
        }
    }
}

/* After a flush all that was written can be read, though the end has not come. */
static void test_flush(void **state)
{
    (void)state;
    for (enum coding coding = 0; coding < CODING_COUNT; coding++) {
        struct compressor *c = compressor_new(coding, coding_level_least(coding) + 1, -1);
        struct buf packed = BUF_EMPTY;

        compressor_write(c, SLICE("data: one\n\n"), COMPRESS_FLUSH, &packed);
        expect(coding, &packed, SLICE("data: one\n\n"));
        compressor_write(c, SLICE("data: two"), COMPRESS_MORE, &packed);
        compressor_write(c, SLICE("\n\n"), COMPRESS_FLUSH, &packed);
        expect(coding, &packed, SLICE("data: one\n\ndata: two\n\n"));
        compressor_free(&c); /* given up in the middle */
        buf_free(&packed);
    }
}

/* A state that was given up in the middle starts afresh. */
static void test_reuse(void **state)
{
    (void)state;
    for (enum coding coding = 0; coding < CODING_COUNT; coding++) {
        int level = coding_level_least(coding) + 1;

        for (unsigned i = 0; i < 10; i++) {
            struct compressor *c = compressor_new(coding, level, i % 3 ? 5 : -1);
            struct buf packed = BUF_EMPTY;

            compressor_write(c, SLICE("hello"), i % 2 ? COMPRESS_END : COMPRESS_FLUSH, &packed);
            expect(coding, &packed, SLICE("hello"));
            compressor_free(&c);
            buf_free(&packed);
        }
    }
}

/* Answers whose size is known, those that are short, and one that is longer than was said. */
static void test_sizes(void **state)
{
    static const size_t sizes[] = {1, 2048, 8192, 8193, 50000};
    char text[50000];

    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)("etaoin shrdlu"[i * i % 13] + (i / 100) % 3);
    for (enum coding coding = 0; coding < CODING_COUNT; coding++) {
        for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
            for (size_t said = 1; said <= sizes[i]; said += sizes[i] > 1 ? sizes[i] - 1 : 1) {
                struct compressor *c = compressor_new(coding, 1, (int64_t)said);
                struct buf packed = BUF_EMPTY;

                compressor_write(c, slice_of(text, sizes[i]), COMPRESS_END, &packed);
                expect(coding, &packed, slice_of(text, sizes[i]));
                compressor_free(&c);
                buf_free(&packed);
            }
        }
    }
}

static void test_empty(void **state)
{
    (void)state;
    for (enum coding coding = 0; coding < CODING_COUNT; coding++) {
        struct compressor *c = compressor_new(coding, coding_level_most(coding), 0);
        struct buf packed = BUF_EMPTY;

        compressor_write(c, SLICE_EMPTY, COMPRESS_END, &packed);
        assert_true(packed.n > 0);
        expect(coding, &packed, SLICE_EMPTY);
        compressor_free(&c);
        buf_free(&packed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole_and_in_pieces),
        cmocka_unit_test(test_flush),
        cmocka_unit_test(test_reuse),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

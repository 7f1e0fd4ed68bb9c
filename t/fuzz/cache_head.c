/* Heads of kept responses: what is read lies inside, and is written back as it was. Each input is
 * read as it is, and as the fields of a head that is right otherwise. */
#include "proto/cache_head.h"

#include "base/check.h"

static void check_fields(const struct cache_head *h)
{
    struct header_list l = {0};
    struct pool pool;

    pool_init(&pool, NULL, 0);
    if (cache_head_fields(h, &pool, &l))
        for (unsigned i = 0; i < l.n; i++)
            CHECK(header_check(&l.fields[i]));
    pool_reset(&pool);
}

static void check_head(struct slice in)
{
    struct cache_head h;
    struct buf again = BUF_EMPTY;
    size_t size;

    switch (cache_head_read(in, &h, &size)) {
    case CACHE_HEAD_MORE:
        CHECK(size > in.n && size <= CACHE_HEAD_MOST);
        break;
    case CACHE_HEAD_BAD:
        break;
    case CACHE_HEAD_DONE:
        CHECK(size <= in.n);
        cache_head_write(&h, &again);
        CHECK(slice_eq(buf_slice(&again), slice_of(in.p, size)));
        check_fields(&h);
        buf_free(&again);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = slice_of((const char *)data, size);
    struct cache_head h = {.status = 200, .key = in, .fields = in};
    struct buf b = BUF_EMPTY;

    check_head(in);
    if (size > CACHE_HEAD_MOST / 4)
        return 0;
    cache_head_write(&h, &b);
    check_head(buf_slice(&b));
    buf_free(&b);
    return 0;
}

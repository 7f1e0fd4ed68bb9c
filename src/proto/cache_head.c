/* Fixed part, key, value of Vary, fields, in this order. */
#include "proto/cache_head.h"

#include "base/crc32.h"

static const uint64_t magic = 0x3148434143524550; /* "PERCACH1" where the low byte comes first */

struct fixed {
    uint64_t magic;
    uint32_t sum; /* of all that follows it in the head */
    int32_t status;
    int64_t made, valid_until, body_size;
    uint32_t age, stale_updating, stale_error;
    uint32_t key_n, vary_n, fields_n;
    unsigned char variant[CACHE_VARIANT];
};

_Static_assert(sizeof(struct fixed) == CACHE_HEAD_FIXED, "the format of files");

void cache_head_add_field(struct buf *fields, struct slice name, struct slice value)
{
    buf_printf(fields, SLICE_FMT ": " SLICE_FMT "\n", SLICE_ARG(name), SLICE_ARG(value));
}

static uint32_t sum_of(const struct fixed *f, struct slice key, struct slice vary,
                       struct slice fields)
{
    const char *from = (const char *)&f->status;
    uint32_t sum = crc32_add(0, slice_of(from, sizeof(*f) - offsetof(struct fixed, status)));

    return crc32_add(crc32_add(crc32_add(sum, key), vary), fields);
}

void cache_head_write(const struct cache_head *h, struct buf *out)
{
    struct fixed f = {
        .magic = magic,
        .status = h->status,
        .made = h->made,
        .valid_until = h->valid_until,
        .body_size = h->body_size,
        .age = h->age,
        .stale_updating = h->stale_updating,
        .stale_error = h->stale_error,
        .key_n = (uint32_t)h->key.n,
        .vary_n = (uint32_t)h->vary.n,
        .fields_n = (uint32_t)h->fields.n,
    };

    memcpy(f.variant, h->variant, sizeof(f.variant));
    f.sum = sum_of(&f, h->key, h->vary, h->fields);
    buf_add(out, (const char *)&f, sizeof(f));
    buf_add_slice(out, h->key);
    buf_add_slice(out, h->vary);
    buf_add_slice(out, h->fields);
}

static struct slice take(struct slice *in, size_t n)
{
    struct slice taken = slice_of(in->p, n);

    *in = slice_from(*in, n);
    return taken;
}

enum cache_head_result cache_head_read(struct slice in, struct cache_head *out, size_t *size_out)
{
    struct fixed f;
    uint64_t size;

    *size_out = sizeof(f);
    if (in.n < sizeof(f))
        return CACHE_HEAD_MORE;
    memcpy(&f, in.p, sizeof(f));
    size = sizeof(f) + (uint64_t)f.key_n + f.vary_n + f.fields_n;
    if (f.magic != magic || size > CACHE_HEAD_MOST || f.body_size < 0)
        return CACHE_HEAD_BAD;
    *size_out = (size_t)size;
    if (in.n < size)
        return CACHE_HEAD_MORE;
    in = slice_from(in, sizeof(f));
    *out = (struct cache_head){
        .status = f.status,
        .made = f.made,
        .valid_until = f.valid_until,
        .body_size = f.body_size,
        .age = f.age,
        .stale_updating = f.stale_updating,
        .stale_error = f.stale_error,
    };
    memcpy(out->variant, f.variant, sizeof(f.variant));
    out->key = take(&in, f.key_n);
    out->vary = take(&in, f.vary_n);
    out->fields = take(&in, f.fields_n);
    return f.sum == sum_of(&f, out->key, out->vary, out->fields) ? CACHE_HEAD_DONE : CACHE_HEAD_BAD;
}

bool cache_head_fields(const struct cache_head *h, struct pool *pool, struct header_list *out)
{
    struct slice rest = h->fields;

    while (rest.p && rest.n) {
        struct slice value = slice_cut(&rest, '\n'), name = slice_cut(&value, ':');

        if (!value.p || !value.n || value.p[0] != ' ' || !header_is_name(name))
            return false;
        value = slice_from(value, 1);
        if (!header_is_value(value))
            return false;
        header_add(out, pool, name, value);
    }
    return true;
}

/* Networks and spans of addresses: each address has the value that a walk over all that was said
 * gives it. */
#include "net/addr_table.h"

#include <netinet/in.h>

#include "base/check.h"

enum { SAID_MOST = 64, SAID_BYTES = 5 };

struct said {
    struct addr_range network;
    uint32_t first, last; /* of a span */
    const void *value;
};

static struct addr v4(uint32_t number)
{
    struct addr a = {.len = sizeof(struct sockaddr_in)};
    struct sockaddr_in *in = (struct sockaddr_in *)(void *)&a.storage;

    in->sin_family = AF_INET;
    in->sin_addr.s_addr = htonl(number);
    return a;
}

/* 10.0.x.y: few bytes make many meetings. */
static uint32_t number_of(const uint8_t *p)
{
    return 0x0a000000u | (uint32_t)p[0] << 8 | p[1];
}

static void add(struct addr_table *t, const uint8_t *p, bool is_spans, struct said *s)
{
    static const char values[256];
    struct addr first = v4(number_of(p)), last = v4(number_of(p + 2));
    struct buf text = BUF_EMPTY;
    bool is_loose;

    s->value = p[4] ? &values[p[4]] : NULL;
    s->first = number_of(p);
    s->last = number_of(p + 2);
    if (is_spans) {
        CHECK(addr_table_add_span(t, &first, &last, s->value) == (s->first <= s->last));
        return;
    }
    addr_format_host(&first, &text);
    buf_printf(&text, "/%u", p[2] % 33);
    CHECK(addr_range_parse(buf_slice(&text), &s->network, &is_loose));
    buf_free(&text);
    addr_table_add_network(t, &s->network, s->value);
}

/* The last word about it. */
static const void *expected_span(const struct said *s, size_t n, uint32_t number)
{
    for (size_t i = n; i > 0; i--)
        if (s[i - 1].first <= number && number <= s[i - 1].last)
            return s[i - 1].value;
    return NULL;
}

/* The most specific one whose last word is a value. */
static const void *expected_network(const struct said *s, size_t n, const struct addr *a)
{
    for (unsigned bits = 33; bits-- > 0;) {
        const void *value = NULL;

        for (size_t i = 0; i < n; i++)
            if (s[i].network.bits == bits && addr_range_has(&s[i].network, a))
                value = s[i].value;
        if (value)
            return value;
    }
    return NULL;
}

static void check(const struct addr_table *t, const struct said *s, size_t n, uint32_t number,
                  bool is_spans)
{
    struct addr a = v4(number);

    CHECK(addr_table_find(t, &a) ==
          (is_spans ? expected_span(s, n, number) : expected_network(s, n, &a)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct said said[SAID_MOST];
    struct addr_table *t;
    struct pool pool;
    bool is_spans = size > 0 && data[0] % 2;
    size_t n = 0;

    pool_init(&pool, NULL, 0);
    t = addr_table_new(&pool);
    for (size_t at = 1; at + SAID_BYTES <= size && n < SAID_MOST; at += SAID_BYTES)
        add(t, data + at, is_spans, &said[n++]);
    addr_table_finish(t);
    for (size_t i = 0; i < n; i++)
        for (uint32_t near = 0; near < 3; near++) {
            check(t, said, n, said[i].first + near - 1, is_spans);
            check(t, said, n, said[i].last + near - 1, is_spans);
        }
    check(t, said, n, 0, is_spans);
    check(t, said, n, UINT32_MAX, is_spans);
    pool_reset(&pool);
    return 0;
}

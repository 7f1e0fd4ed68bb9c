/* The list is read from its end: what stands before the address of somebody who is not trusted
 * could be invented. */
#include "net/forwarded.h"

#include <string.h>

#include "base/num.h"

bool forwarded_is_trusted(const struct forwarded_trust *t, const struct addr *a)
{
    for (unsigned i = 0; i < t->n; i++)
        if (addr_range_has(&t->ranges[i], a))
            return true;
    return false;
}

static bool is_separator(char c)
{
    return c == ',' || c == ' ' || c == '\t';
}

/* Takes the last entry off the list; empty: there is none. */
static struct slice take_last(struct slice *list)
{
    size_t end = list->n, start;

    while (end > 0 && is_separator(list->p[end - 1]))
        end--;
    for (start = end; start > 0 && !is_separator(list->p[start - 1]);)
        start--;
    list->n = start;
    return slice_of(list->p + start, end - start);
}

/* Cuts ":80" off "1.2.3.4:80" and "[::1]:80". False: what follows the colon is no port. */
static bool cut_port(struct slice *text, int64_t *port)
{
    const char *colon = memrchr(text->p, ':', text->n);
    size_t n;

    if (!colon)
        return true;
    n = (size_t)(colon - text->p);
    if (text->p[0] == '[' ? text->p[n - 1] != ']' : memchr(text->p, ':', n) != NULL)
        return true; /* a colon of an IPv6 address */
    if (!num_parse_u63(slice_from(*text, n + 1), port) || *port > UINT16_MAX)
        return false;
    text->n = n;
    return true;
}

/* The name of an interface (fe80::1%eth0) says nothing about another machine's. */
static bool read_entry(struct slice text, struct addr *out)
{
    int64_t port = 0;

    if (text.n == 0 || slice_find(text, '%') >= 0 || !cut_port(&text, &port) ||
        !addr_literal(text, out))
        return false;
    addr_set_port(out, (uint16_t)port);
    return true;
}

bool forwarded_client(const struct forwarded_trust *t, struct slice list, int hops,
                      struct addr *client)
{
    struct addr next;
    bool is_found = false;

    for (; hops != 0 && forwarded_is_trusted(t, client); hops--) {
        if (!read_entry(take_last(&list), &next))
            break;
        *client = next;
        is_found = true;
    }
    return is_found;
}

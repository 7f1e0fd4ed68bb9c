/* Lists of addresses, as names resolve to them. */
#include "net/addr_list.h"

#include <netinet/in.h>

#include "base/mem.h"

static bool has(const struct addr_list *l, const struct addr *a)
{
    for (unsigned i = 0; i < l->n; i++) {
        if (addr_eq(&l->items[i], a))
            return true;
    }
    return false;
}

void addr_list_add(struct addr_list *l, const struct addr *a)
{
    if (l->n == ADDR_LIST_MAX || has(l, a))
        return;
    if (l->n == l->size) {
        l->size = l->size ? 2 * l->size : 2;
        l->items = mem_realloc(l->items, l->size * sizeof(*l->items));
    }
    l->items[l->n++] = *a;
}

void addr_list_add_ip(struct addr_list *l, struct slice ip)
{
    struct addr a;

    memset(&a, 0, sizeof(a));
    if (ip.n == 4) {
        struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)&a.storage;

        v4->sin_family = AF_INET;
        memcpy(&v4->sin_addr, ip.p, 4);
        a.len = sizeof(*v4);
    } else {
        struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)&a.storage;

        v6->sin6_family = AF_INET6;
        memcpy(&v6->sin6_addr, ip.p, 16);
        a.len = sizeof(*v6);
    }
    addr_list_add(l, &a);
}

void addr_list_add_all(struct addr_list *l, const struct addr_list *from, unsigned turn)
{
    for (unsigned i = 0; i < from->n; i++)
        addr_list_add(l, &from->items[(turn + i) % from->n]);
}

void addr_list_free(struct addr_list *l)
{
    mem_free(l->items);
    *l = ADDR_LIST_EMPTY;
}

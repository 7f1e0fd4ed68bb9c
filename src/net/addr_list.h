/* A growing list of addresses; at most ADDR_LIST_MAX, what is more is left out. */
#ifndef NET_ADDR_LIST_H
#define NET_ADDR_LIST_H

#include "net/addr.h"

enum { ADDR_LIST_MAX = 64 };

struct addr_list {
    struct addr *items;
    unsigned n, size;
};

#define ADDR_LIST_EMPTY ((struct addr_list){NULL, 0, 0})

/* Appends a copy; one that is there already, and the 65th, are left out. */
void addr_list_add(struct addr_list *l, const struct addr *a);

/* Appends an IPv4 (4 bytes) or IPv6 (16 bytes) address without a port. */
void addr_list_add_ip(struct addr_list *l, struct slice ip);

/* Appends every address of `from`, beginning with number `turn` modulo its size. */
void addr_list_add_all(struct addr_list *l, const struct addr_list *from, unsigned turn);

/* Frees the memory and empties the list. */
void addr_list_free(struct addr_list *l);

#endif

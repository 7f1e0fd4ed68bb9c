/* From addresses to values, by networks (the most specific one counts) or by spans of addresses
 * (the last one counts). Built once, then only read. IPv4 addresses are those of ::ffff:0:0/96. */
#ifndef NET_ADDR_TABLE_H
#define NET_ADDR_TABLE_H

#include "base/pool.h"
#include "net/addr_range.h"

struct addr_table;

/* An empty table, which is freed with the pool. */
struct addr_table *addr_table_new(struct pool *pool);

/* A network of IPv4 or IPv6. Of two that are the same the later one counts; NULL as value takes it
 * away: what is less specific holds there. */
void addr_table_add_network(struct addr_table *t, const struct addr_range *network,
                            const void *value);

/* The addresses from `first` to `last`, of the same family, whatever was said of them before; NULL
 * as value: nothing holds there. False: they are no such addresses. In a table of spans only. */
bool addr_table_add_span(struct addr_table *t, const struct addr *first, const struct addr *last,
                         const void *value);

/* All has been added. Before any look-up. */
void addr_table_finish(struct addr_table *t);

/* The value of an address; NULL: there is none, or it is no IP address. */
const void *addr_table_find(const struct addr_table *t, const struct addr *a);

#endif

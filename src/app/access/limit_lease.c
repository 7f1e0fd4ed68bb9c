/* A list in the visit's pool. */
#include "app/access/limit_lease.h"

struct limit_lease {
    struct dict *dict;
    struct slice key;
    struct limit_lease *next;
};

enum dict_result limit_lease_take(struct visit *v, struct dict *d, struct slice key, uint64_t most)
{
    enum dict_result r = tally_take(d, key, most);
    struct limit_lease *lease;

    if (r != DICT_OK)
        return r;
    lease = pool_new(visit_pool(v), struct limit_lease);
    *lease = (struct limit_lease){d, pool_dup(visit_pool(v), key), v->leases};
    v->leases = lease;
    return r;
}

void limit_lease_end(struct visit *v)
{
    for (; v->leases; v->leases = v->leases->next)
        tally_give(v->leases->dict, v->leases->key);
}

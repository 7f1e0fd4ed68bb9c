/* `geo`: a variable whose value depends on an address. */
#ifndef APP_VARIABLES_GEO_BLOCK_H
#define APP_VARIABLES_GEO_BLOCK_H

#include "app/conf.h"
#include "app/variables/script.h"
#include "net/addr_table.h"
#include "net/forwarded.h"

struct geo_block {
    const struct variable *source; /* a variable that holds the address; NULL: the client's */
    struct addr_table *table;      /* of struct slice * */
    struct slice fallback;
    struct forwarded_trust proxies; /* whose X-Forwarded-For tells the client's address */
    unsigned proxies_room;
    bool is_recursive, is_volatile;
};

/* Getter of the variable whose data is the block. */
struct slice geo_block_get(struct visit *v, const struct variable *var);

#endif

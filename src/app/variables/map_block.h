/* `map`: a variable whose value depends on another value. */
#ifndef APP_VARIABLES_MAP_BLOCK_H
#define APP_VARIABLES_MAP_BLOCK_H

#include "app/conf.h"
#include "app/variables/script.h"

struct map_block;

/* An empty map from what `source`, with these variables, gives. Lives in the configuration's pool.
 */
struct map_block *map_block_new(struct app_conf *conf, struct variable_table *variables,
                                struct script *source);

/* Keys may be names of hosts with wildcards. Before any key is added. */
void map_block_take_hostnames(struct map_block *m);

/* The value is worked out anew each time instead of once a request. */
void map_block_set_volatile(struct map_block *m);

/* Adds a key: `default`, `~regex`, `~*regex` or a string, where a `\` before one of these takes its
 * meaning away. False, with nginx's words in *error_out, when it is there already or is no regex.
 */
bool map_block_add(struct map_block *m, struct slice key, struct script *value,
                   struct slice *error_out);

/* Getter of the variable whose data is the map. */
struct slice map_block_get(struct visit *v, const struct variable *var);

#endif

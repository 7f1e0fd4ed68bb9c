/* Is a tree what the registered directives allow? Checks context, terminator, number of arguments,
 * duplicates and kinds of arguments, in this order and in nginx's words. */
#ifndef CONFIG_SCHEMA_CHECK_H
#define CONFIG_SCHEMA_CHECK_H

#include "config/schema.h"
#include "config/tree.h"

/* Loads `src` and checks each directive as it is read, so that the first error in reading order is
 * the one that is reported. As config_load otherwise: end with config_free. `src->on_node` is not
 * used. */
bool schema_check_load(struct config_tree *tree, const struct config_source *src,
                       struct config_error *e) MUST_USE;

/* Checks one directive whose ancestors are checked, and sets its schema and content. Fit for
 * config_source.on_node: that is how blocks not named *_by_lua_block can hold Lua. */
bool schema_check_node(struct config_node *node, struct config_error *e) MUST_USE;

#endif

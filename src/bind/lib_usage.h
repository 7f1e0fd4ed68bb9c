/* How pools are used, as Lua sees it: the module "perilune.core.usage", and the table of figures
 * that all pools show. */
#ifndef BIND_LIB_USAGE_H
#define BIND_LIB_USAGE_H

#include <lua.h>

#include "base/usage.h"

/* "perilune.core.usage" */
int lib_usage(lua_State *L);

/* Sets fields of the table on top of the stack: `utilisation`, quantiles of `queue_length` and
 * `queue_latency`, and of the time for which things were held, by the name `held`. Seconds. */
void lib_usage_report(lua_State *L, const struct usage *u, const char *held);

#endif

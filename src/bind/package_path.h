/* Where `require` looks, the same in every machine. */
#ifndef BIND_PACKAGE_PATH_H
#define BIND_PACKAGE_PATH_H

#include <lua.h>

#include "base/slice.h"

/* Notes lua_package_path and lua_package_cpath, which are borrowed; ";;" stands for the default,
 * empty is the default. */
void package_path_choose(struct slice path, struct slice cpath);

/* Sets package.path and package.cpath of a machine to what was chosen. */
void package_path_set(lua_State *L);

#endif

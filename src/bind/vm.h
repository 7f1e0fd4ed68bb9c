/* The Lua virtual machine of this process: the one that bind/machine.h opened, and calls into it.
 */
#ifndef BIND_VM_H
#define BIND_VM_H

#include <lua.h>
#include <stdbool.h>

/* The open machine, or NULL. */
lua_State *vm_main(void);

/* Makes `L` the machine, or there is none any more (NULL). For bind/machine.c. */
void vm_set(lua_State *L);

/* Counts the machines opened so far: what was loaded in an older one is gone. */
unsigned vm_generation(void);

/* Directory of the Lua library, without the final '/': $PERILUNE_LUA, beside the program's folder
 * (../lua, ../../lua), or ../share/perilune/lua. Found once. */
const char *vm_lua_dir(void);

/* May this process, as who it is now, read what is in there? */
bool vm_has_library(void);

/* Calls the function below its `nargs` arguments on the main state's stack, with a traceback on
 * failure: logs and pops the error, then returns false. */
bool vm_call(int nargs, int nresults, const char *what);

/* The message handler of vm_call, for others that call lua_pcall: the message with a traceback;
 * error objects by their tostring. */
int vm_add_traceback(lua_State *L);

/* Pushes function `name` of module `module` (required when it is not loaded). False (logged) when
 * there is none. */
bool vm_push_function(const char *module, const char *name);

/* Pushes the table of `L` that belongs to `key`, the address of something static; it is made when
 * it is first asked for. */
void vm_push_table(lua_State *L, const void *key);

#endif

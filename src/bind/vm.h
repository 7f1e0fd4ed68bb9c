/* The Lua virtual machine of this process: one, opened by whoever runs Lua (worker, script, test), closed at its end. */
#ifndef BIND_VM_H
#define BIND_VM_H

#include <lua.h>

#include "base/slice.h"

struct vm_options {
    struct slice package_path;  /* lua_package_path, ";;" stands for the default; empty: the default */
    struct slice package_cpath; /* likewise */
};

/* Opens the machine: standard libraries, the package paths, the C modules, `await` and the scheduler-aware
 * coroutine functions. NULL when a file of the library is missing or broken: the text is in the log. */
lua_State *vm_open(const struct vm_options *o);

/* Closes it: every object is collected. */
void vm_close(void);

/* The open machine, or NULL. */
lua_State *vm_main(void);

/* Counts the machines opened so far: what was loaded in an older one is gone. */
unsigned vm_generation(void);

/* Directory of the Lua library, without the final '/': $PERILUNE_LUA, beside the program's folder (../lua, ../../lua), or
 * ../share/perilune/lua. Found once. */
const char *vm_lua_dir(void);

/* Calls the function below its `nargs` arguments on the main state's stack, with a traceback on failure: logs and pops the
 * error, then returns false. */
bool vm_call(int nargs, int nresults, const char *what);

/* Pushes function `name` of module `module` (required when it is not loaded). False (logged) when there is none. */
bool vm_push_function(const char *module, const char *name);

#endif

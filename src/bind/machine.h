/* Opening and closing the Lua virtual machine: one a process, opened by whoever runs Lua (worker,
 * script, test). */
#ifndef BIND_MACHINE_H
#define BIND_MACHINE_H

#include <lua.h>

#include "base/slice.h"

struct machine_options {
    struct slice
        package_path; /* lua_package_path, ";;" stands for the default; empty: the default */
    struct slice package_cpath; /* likewise */
};

/* Opens the machine: standard libraries, the package paths, the C modules, `await` and the
 * scheduler-aware coroutine functions. NULL when a file of the library is missing or broken: the
 * text is in the log. */
lua_State *machine_open(const struct machine_options *o);

/* Closes it: every object is collected. */
void machine_close(void);

#endif

/* os.execute for machines that run in threads. */
#ifndef BIND_THREAD_EXECUTE_H
#define BIND_THREAD_EXECUTE_H

#include <lua.h>

/* Puts it in the place of the standard one. That one ignores SIGINT and SIGQUIT in the whole
 * process while the command runs, so that the order to end gracefully would be lost, and starts the
 * command with the signals blocked that threads block. */
void thread_execute_install(lua_State *L);

#endif

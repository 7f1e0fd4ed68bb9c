/* As system(3), but for the signals. */
#include "bind/thread_execute.h"

#include <errno.h>
#include <lauxlib.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"

enum { CANNOT_RUN = 127 << 8 };

static int start(const char *command, pid_t *pid_out)
{
    char *argv[] = {(char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c", (char *)(uintptr_t)command,
                    NULL};
    posix_spawnattr_t attributes;
    sigset_t all, none;
    int rc = posix_spawnattr_init(&attributes);

    if (rc)
        return rc;
    (void)sigfillset(&all);
    (void)sigemptyset(&none);
    (void)posix_spawnattr_setsigdefault(&attributes, &all);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    rc = posix_spawn(pid_out, "/bin/sh", NULL, &attributes, argv, environ);
    (void)posix_spawnattr_destroy(&attributes);
    return rc;
}

/* execute([command]) → its status as waitpid gives it; without a command 1: there is a shell */
static int execute(lua_State *L)
{
    const char *command = luaL_optstring(L, 1, NULL);
    int status = CANNOT_RUN;
    pid_t pid;

    if (!command)
        status = 1;
    else if (start(command, &pid) == 0)
        while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
            continue;
    lua_pushinteger(L, status);
    return 1;
}

void thread_execute_install(lua_State *L)
{
    lua_getglobal(L, "os");
    lua_pushcfunction(L, execute);
    lua_setfield(L, -2, "execute");
    lua_pop(L, 1);
}

/* Fuzzing a parser that is written in Lua: t/fuzz/lua/NAME.lua returns a function of the input,
 * which raises when something is not as it should be. It runs as a task, so it may await; one that
 * waits for ever is a fault.
 *
 * libFuzzer sees nothing of what the interpreter does, so each line of Lua that runs counts as
 * coverage here, by a hook. That needs the interpreter: the compiler is off. */
#ifndef T_FUZZ_LUA_TARGET_H
#define T_FUZZ_LUA_TARGET_H

#include <lauxlib.h>
#include <lua.h>
#include <luajit.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/check.h"
#include "bind/co.h"
#include "bind/vm.h"
#include "loop/loop.h"
#include "proc/script.h"

enum { TURNS_MOST = 10000, COUNTERS = 1 << 15, GARBAGE_EVERY = 256 };

__attribute__((section("__libfuzzer_extra_counters"))) static uint8_t counters[COUNTERS];

/* What only Lua's memory refers to looks like a leak. */
int __lsan_is_turned_off(void); /* NOLINT(bugprone-reserved-identifier): the sanitizer's name */

int __lsan_is_turned_off(void)
{
    return 1;
}

static struct {
    int function; /* registry reference of the target */
    bool is_running;
    unsigned runs, line;
} target;

/* The line alone costs little; with the one before it says where in which file, nearly always. */
static void on_line(lua_State *L, lua_Debug *ar)
{
    uint8_t *at = &counters[(target.line * 1031 + (unsigned)ar->currentline) % COUNTERS];

    UNUSED(L);
    if (*at < UINT8_MAX)
        ++*at;
    target.line = (unsigned)ar->currentline;
}

static void on_end(struct co *co, enum co_result result, int n)
{
    UNUSED(n);
    target.is_running = false;
    if (result != CO_FAILED)
        return;
    fprintf(stderr, "%s\n", co_traceback(co));
    abort();
}

static void open_target(const char *name)
{
    char path[64];
    lua_State *L;

    (void)setenv("PERILUNE_LUA", "lua", 0);
    if (!script_open())
        abort();
    L = vm_main();
    luaJIT_setmode(L, 0, LUAJIT_MODE_ENGINE | LUAJIT_MODE_OFF);
    snprintf(path, sizeof path, "t/fuzz/lua/%s.lua", name);
    if (luaL_loadfile(L, path) || lua_pcall(L, 0, 1, 0)) {
        fprintf(stderr, "%s\n", lua_tostring(L, -1));
        abort();
    }
    target.function = luaL_ref(L, LUA_REGISTRYINDEX);
    lua_sethook(L, on_line, LUA_MASKLINE, 0);
}

/* Gives an input to the target `name`. */
static void run_target(const char *name, const uint8_t *data, size_t size)
{
    struct co *co;

    if (!target.function)
        open_target(name);
    co = co_new(NULL, on_end);
    lua_rawgeti(co->L, LUA_REGISTRYINDEX, target.function);
    lua_pushlstring(co->L, (const char *)data, size);
    target.is_running = true;
    co_start(co, 1);
    for (unsigned i = 0; target.is_running; i++) {
        CHECK(i < TURNS_MOST);
        loop_turn(false);
    }
    if (++target.runs % GARBAGE_EVERY == 0)
        lua_gc(vm_main(), LUA_GCCOLLECT, 0);
}

#define LUA_TARGET(name)                                                                           \
    int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)                                   \
    {                                                                                              \
        run_target(name, data, size);                                                              \
        return 0;                                                                                  \
    }

#endif

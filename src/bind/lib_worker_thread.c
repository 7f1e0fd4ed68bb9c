/* A job takes a machine that nobody uses, gets its arguments copied into it by the loop's thread,
 * runs there in a thread of the pool, and has its results copied out by the loop's thread again:
 * at any time one thread has the machine, so nothing in it needs a lock.
 *
 * A job whose caller has lost interest (it waits no more, or the job's value was collected) runs to
 * its end all the same. */
#include "bind/lib_worker_thread.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/mem.h"
#include "bind/copy_value.h"
#include "bind/handle.h"
#include "bind/lib.h"
#include "bind/lib_stream.h"
#include "bind/thread_machine.h"
#include "bind/vm.h"
#include "loop/offload.h"
#include "shm/lock.h"

#define TYPE "perilune.worker_thread.job"

enum { THREADS = 32, MOST_WAITING = 65536, MACHINES = 10, GARBAGE_KB = 1024 };

static const struct worker_thread_pool default_pool = {{"default", 7}, THREADS, MOST_WAITING};

struct machine {
    lua_State *L;
    int kept_kb; /* that survived the last collection of garbage */
    bool is_busy;
};

struct job {
    struct offload_job offload;
    struct machine *machine;
    struct lib_stream_waiter waiter;
    struct lib_job *value; /* NULL: collected, or nobody waits any more */
    bool is_running, has_failed;
};

/* The userdata. */
struct lib_job {
    struct job *job; /* NULL: its results were taken, or dropped */
};

static struct {
    const struct worker_thread_options *options;
    struct offload *
        *pools; /* by their place in the options, the default one last; NULL: not used */
    struct machine *machines;
    unsigned n_machines, n_running;
    int on_free; /* registry reference of a function; LUA_NOREF */
    bool has_exit_hook;
} threads = {.on_free = LUA_NOREF}; /* process-wide: the process's pools and machines */

static unsigned count_pools(void)
{
    return threads.options ? threads.options->n_pools : 0;
}

/* --- machines --- */

static unsigned most_machines(void)
{
    return threads.options ? threads.options->most_machines : MACHINES;
}

/* NULL: as many as may be are busy, or one cannot be opened, which is logged. */
static struct machine *take_machine(void)
{
    struct machine *m;

    for (unsigned i = 0; i < threads.n_machines; i++) {
        m = &threads.machines[i];
        if (!m->is_busy) {
            m->is_busy = true;
            return m;
        }
    }
    if (threads.n_machines == most_machines())
        return NULL;
    if (!threads.machines)
        threads.machines = mem_zalloc(most_machines() * sizeof(*threads.machines));
    m = &threads.machines[threads.n_machines];
    m->L = thread_machine_open();
    if (!m->L)
        return NULL;
    m->is_busy = true;
    threads.n_machines++;
    return m;
}

static void give_machine(struct machine *m)
{
    lua_settop(m->L, 0);
    m->is_busy = false;
    if (threads.on_free == LUA_NOREF)
        return;
    lua_rawgeti(vm_main(), LUA_REGISTRYINDEX, threads.on_free);
    vm_call(0, 0, "worker thread");
}

/* --- in the thread --- */

/* (module, function, …) → what the function returns */
static int call_function(lua_State *L)
{
    const char *module = lua_tostring(L, 1), *name = lua_tostring(L, 2);

    lua_getglobal(L, "require");
    lua_pushvalue(L, 1);
    lua_call(L, 1, 1);
    if (!lua_istable(L, -1))
        return luaL_error(L, "module '%s' is not a table", module);
    lua_getfield(L, -1, name);
    if (!lua_isfunction(L, -1))
        return luaL_error(L, "module '%s' has no function '%s'", module, name);
    lua_replace(L, 2);
    lua_settop(L, -2);
    lua_call(L, lua_gettop(L) - 2, LUA_MULTRET);
    return lua_gettop(L) - 1;
}

/* What earlier jobs have left is not to grow without a bound: idle machines collect nothing. */
static void collect_garbage(struct machine *m)
{
    if (lua_gc(m->L, LUA_GCCOUNT, 0) < 2 * m->kept_kb + GARBAGE_KB)
        return;
    lua_gc(m->L, LUA_GCCOLLECT, 0);
    m->kept_kb = lua_gc(m->L, LUA_GCCOUNT, 0);
}

static void run(struct offload_job *o)
{
    struct job *job = CONTAINER_OF(o, struct job, offload);
    lua_State *L = job->machine->L;

    collect_garbage(job->machine);
    job->has_failed = lua_pcall(L, lua_gettop(L) - 1, LUA_MULTRET, 0) != 0;
}

/* --- in the loop's thread --- */

static void end_job(struct job *job)
{
    if (threads.machines)
        give_machine(job->machine);
    mem_free(job);
}

static void on_done(struct offload_job *o)
{
    struct job *job = CONTAINER_OF(o, struct job, offload);

    threads.n_running--;
    job->is_running = false;
    if (job->value && (!job->waiter.co || co_wake(job->waiter.co, job->waiter.wait)))
        return;
    if (job->value)
        job->value->job = NULL;
    end_job(job);
}

static int fail(lua_State *L, const struct err *e, const char *text)
{
    lua_pushnil(L);
    lua_pushstring(L, e->code);
    lua_pushstring(L, text);
    return 3;
}

/* At the end of the process libraries tidy up what a thread may still be using. */
static void on_exit_now(int status, void *arg)
{
    UNUSED(arg);
    if (threads.n_running == 0)
        return;
    (void)fflush(stdout);
    (void)fflush(stderr);
    _exit(status);
}

static void prepare(void)
{
    threads.pools = mem_zalloc((count_pools() + 1) * sizeof(*threads.pools));
    lock_enlist();
    if (!threads.has_exit_hook)
        (void)on_exit(on_exit_now, NULL);
    threads.has_exit_hook = true;
}

/* NULL: there is none of that name. */
static struct offload *pool_named(struct slice name)
{
    const struct worker_thread_pool *p = &default_pool;
    unsigned i;

    if (!threads.pools)
        prepare();
    for (i = 0; i < count_pools(); i++) {
        if (slice_eq(threads.options->pools[i].name, name)) {
            p = &threads.options->pools[i];
            break;
        }
    }
    if (!slice_eq(p->name, name))
        return NULL;
    if (!threads.pools[i])
        threads.pools[i] = offload_new(p->threads, p->most_waiting);
    return threads.pools[i];
}

/* Puts the job on the stack of its machine; what cannot be copied, or NULL. */
static const char *copy_arguments(lua_State *L, lua_State *to)
{
    const char *bad = NULL;

    lua_pushcfunction(to, call_function);
    for (int i = 2; i <= lua_gettop(L) && !bad; i++)
        bad = copy_value(L, i, to);
    return bad;
}

/* start(pool, module, function, …) → job; or nil, a code and a text: "not_found" (no such pool),
 * "busy" (as many machines as may be are in use), "unsupported" (an argument that cannot be
 * copied), "no_resources" (too many jobs wait, or no thread can be started) */
static int l_start(lua_State *L)
{
    size_t n;
    const char *name = luaL_checklstring(L, 1, &n), *bad;
    struct offload *pool = pool_named(slice_of(name, n));
    struct machine *m;
    struct job *job;

    luaL_checkstring(L, 2);
    luaL_checkstring(L, 3);
    if (!pool)
        return fail(L, &err_not_found, name);
    m = take_machine();
    if (!m)
        return fail(L, &err_busy, "no available Lua vm");
    bad = copy_arguments(L, m->L);
    if (bad) {
        (void)fail(L, &err_unsupported, bad);
        give_machine(m);
        return 3;
    }
    job = mem_new(struct job);
    job->machine = m;
    job->offload.run = run;
    job->offload.done = on_done;
    if (!offload_submit(pool, &job->offload)) {
        end_job(job);
        return fail(L, &err_no_resources, "too many jobs wait for a thread");
    }
    threads.n_running++;
    job->is_running = true;
    job->value = lua_newuserdata(L, sizeof(*job->value));
    job->value->job = job;
    luaL_getmetatable(L, TYPE);
    lua_setmetatable(L, -2);
    return 1;
}

/* Results, or the text of an error; false as the first when they cannot be copied. */
static int push_results(lua_State *L, const struct job *job)
{
    int first = lua_gettop(L) + 1;
    const char *bad = NULL, *text;
    lua_State *from = job->machine->L;

    lua_pushboolean(L, !job->has_failed);
    if (job->has_failed) {
        text = lua_tostring(from, -1);
        lua_pushstring(L, text ? text : "unknown reason");
        return 2;
    }
    for (int i = 1; i <= lua_gettop(from) && !bad; i++)
        bad = copy_value(from, i, L);
    if (!bad)
        return lua_gettop(L) - first + 1;
    lua_settop(L, first - 1);
    lua_pushboolean(L, 0);
    lua_pushfstring(L, "%s in the return value", bad);
    return 2;
}

/* take(job) → true and results, or false and a text; or the wait token: ask again then. Once. */
static int l_take(lua_State *L)
{
    struct lib_job *value = luaL_checkudata(L, 1, TYPE);
    struct job *job = value->job;
    int n;

    if (!job)
        return luaL_error(L, "the results of this job were taken");
    if (job->is_running)
        return lib_stream_begin_wait(L, &job->waiter);
    n = push_results(L, job);
    value->job = NULL;
    end_job(job);
    return n;
}

/* on_free(fn): fn is called when a machine has become free */
static int l_on_free(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    threads.on_free = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

static int l_gc(lua_State *L)
{
    struct lib_job *value = luaL_checkudata(L, 1, TYPE);
    struct job *job = value->job;

    value->job = NULL;
    if (!job)
        return 0;
    job->value = NULL;
    if (!job->is_running)
        end_job(job);
    return 0;
}

void lib_worker_thread_configure(const struct worker_thread_options *o)
{
    threads.options = o;
}

void lib_worker_thread_close(void)
{
    threads.on_free = LUA_NOREF;
    if (threads.n_running > 0)
        return;
    for (unsigned i = 0; threads.pools && i <= count_pools(); i++)
        offload_free(&threads.pools[i]);
    for (unsigned i = 0; i < threads.n_machines; i++)
        lua_close(threads.machines[i].L);
    mem_free(threads.pools);
    mem_free(threads.machines);
    threads.pools = NULL;
    threads.machines = NULL;
    threads.n_machines = 0;
}

int lib_worker_thread(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"start", l_start}, {"take", l_take}, {"on_free", l_on_free}, {NULL, NULL}};

    handle_type(L, TYPE, "job", l_gc);
    lua_newtable(L);
    luaL_register(L, NULL, functions);
    lua_pushlightuserdata(L, co_wait_token());
    lua_setfield(L, -2, "WAIT");
    return 1;
}

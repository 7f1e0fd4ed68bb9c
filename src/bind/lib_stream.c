/* The Lua view of a wire. A value is born closed and is opened by whoever has a stream for it:
 * connect, an accepted socket, an exchange that was detached.
 *
 * Every operation that may wait has one form: it tries; it answers its results, or nil and a code
 * (and what came before, when it reads), or the wait token. Then the Lua code yields the token, and
 * makes the same call again when it is resumed: the wire remembers how far the call had come. A
 * wait that ended because of its timeout answers nil, "timeout" and what came before.
 *
 * A side has one waiter. Nothing has to be tidied up when the waiting task is cancelled or killed:
 * a task's number of waits goes on, and a waiter whose number is old is nobody.
 *
 * The functions of the module are in lib_stream_module.c, those that read and write in
 * lib_stream_read.c and lib_stream_write.c. To add an operation that reads: take a slice from the
 * wire and end with lib_stream_answer. */
#include "bind/lib_stream.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "bind/lib_stream_io.h"
#include "bind/vm.h"

static const char magic = 's';    /* only its address matters */
static int metatable = LUA_NOREF; /* process-wide: registry reference of the metatable */

/* --- values --- */

static void on_owner_lost(struct owned *o);

struct lib_stream *lib_stream_push(lua_State *L)
{
    struct lib_stream *ls = lua_newuserdata(L, sizeof(*ls));

    memset(ls, 0, sizeof(*ls));
    ls->magic = &magic;
    wire_init(&ls->wire);
    owned_init(&ls->owner, on_owner_lost);
    ls->on_lost = LUA_NOREF;
    lua_rawgeti(L, LUA_REGISTRYINDEX, metatable);
    lua_setmetatable(L, -2);
    return ls;
}

struct lib_stream *lib_stream_check(lua_State *L, int arg)
{
    struct lib_stream *ls = lua_touserdata(L, arg);

    /* the length of a light userdata is 0 */
    if (!ls || lua_objlen(L, arg) != sizeof(*ls) || ls->magic != &magic)
        luaL_argerror(L, arg, "stream expected");
    return ls;
}

struct lib_stream *lib_stream_of(void *userdata)
{
    struct lib_stream *ls = userdata;

    return ls && ls->magic == &magic ? ls : NULL;
}

void lib_stream_open(struct lib_stream *ls, struct stream *s)
{
    wire_open(&ls->wire, s, lib_stream_on_event);
    ls->subject = NULL;
    ls->reader.co = ls->writer.co = NULL;
    ls->uses = 0;
    ls->is_parked = false;
}

/* --- its addresses --- */

static void remember(union lib_stream_end *end, const struct addr *a)
{
    if (a->len <= sizeof(*end) && !addr_is_unix(a))
        memcpy(end, &a->sa, a->len);
}

static bool recall(const union lib_stream_end *end, struct addr *out)
{
    if (!end->sa.sa_family)
        return false;
    out->len = end->sa.sa_family == AF_INET ? sizeof(struct sockaddr_in) : sizeof(end->in6);
    memcpy(&out->storage, end, out->len);
    return true;
}

void lib_stream_accepted(struct lib_stream *ls, const struct addr *peer)
{
    remember(&ls->peer, peer);
}

bool lib_stream_address(const struct lib_stream *ls, bool is_peer, struct addr *out)
{
    int fd = ls->wire.stream ? stream_fd(ls->wire.stream) : -1;

    if (recall(is_peer ? &ls->peer : &ls->local, out))
        return true;
    return fd >= 0 && addr_of_fd(fd, is_peer, out) == NULL;
}

static void remember_local(struct lib_stream *ls)
{
    struct addr a;

    if (ls->peer.sa.sa_family && lib_stream_address(ls, false, &a))
        remember(&ls->local, &a);
}

/* --- its life --- */

static void wake(struct lib_stream_waiter *waiter)
{
    if (waiter->co)
        co_wake(waiter->co, waiter->wait);
}

void lib_stream_forget_on_lost(struct lib_stream *ls)
{
    if (ls->on_lost != LUA_NOREF && vm_main())
        luaL_unref(vm_main(), LUA_REGISTRYINDEX, ls->on_lost);
    ls->on_lost = LUA_NOREF;
}

void lib_stream_close(struct lib_stream *ls, bool reset)
{
    if (ls->opening)
        ls->stop_opening(ls);
    owned_give(&ls->owner, NULL);
    lib_stream_forget_on_lost(ls);
    if (!ls->wire.stream)
        return;
    remember_local(ls);
    wire_close(&ls->wire, reset);
    ls->is_parked = false;
    wake(&ls->reader);
    wake(&ls->writer);
}

static void tell_lost(struct lib_stream *ls)
{
    lua_State *L = vm_main();

    if (ls->on_lost == LUA_NOREF || !L)
        return;
    lua_rawgeti(L, LUA_REGISTRYINDEX, ls->on_lost);
    vm_call(0, 0, "on_lost");
}

static void on_owner_lost(struct owned *o)
{
    struct lib_stream *ls = CONTAINER_OF(o, struct lib_stream, owner);

    tell_lost(ls);
    lib_stream_close(ls, false);
}

/* Its peer has closed it, has said something unasked, or its time is over. */
static void end_parked(struct lib_stream *ls)
{
    int fn = ls->on_lost;

    log_write(NULL, LOG_DEBUG, "lua tcp socket keepalive close handler: fd:%d",
              stream_fd(ls->wire.stream));
    ls->on_lost = LUA_NOREF;
    lib_stream_close(ls, false);
    ls->on_lost = fn;
    tell_lost(ls);
    lib_stream_forget_on_lost(ls);
}

void lib_stream_on_event(struct wire *w, int events)
{
    struct lib_stream *ls = CONTAINER_OF(w, struct lib_stream, wire);

    if (ls->is_parked)
        end_parked(ls);
    else
        wake(events & IO_READ ? &ls->reader : &ls->writer);
}

const void *lib_stream_subject(void)
{
    const struct co *co = co_current();

    if (!co)
        return NULL;
    return co->user ? co->user : (const void *)co->log;
}

bool lib_stream_is_busy(const struct lib_stream_waiter *waiter)
{
    const struct co *co = waiter->co;

    if (!co || co == co_current() || co->has_cancel)
        return false;
    return co->state == CO_WAITING ? co->wait == waiter->wait
                                   : co->state == CO_QUEUED && co->wait == waiter->wait + 1;
}

void lib_stream_debug(const char *what, unsigned value)
{
    const struct co *co = co_current();

    log_write(co ? co->log : NULL, LOG_DEBUG, "lua tcp socket %s: %u", what, value);
}

static void begin_wait(lua_State *L, struct lib_stream_waiter *waiter)
{
    struct co *co = co_current();

    if (!co)
        luaL_error(L, "a stream cannot be waited for outside of a task");
    waiter->co = co;
    waiter->wait = co_begin_wait(co);
}

int lib_stream_begin_wait(lua_State *L, struct lib_stream_waiter *waiter)
{
    begin_wait(L, waiter);
    lua_pushlightuserdata(L, co_wait_token());
    return 1;
}

void lib_stream_start_wait(lua_State *L, struct lib_stream *ls, int side)
{
    begin_wait(L, side == IO_READ ? &ls->reader : &ls->writer);
    wire_wait(&ls->wire, side, side == IO_READ ? ls->read_timeout : ls->write_timeout);
    if (side == IO_READ)
        lib_stream_debug("read timeout", ls->read_timeout);
}

int lib_stream_wait(lua_State *L, struct lib_stream *ls, int side)
{
    lib_stream_start_wait(L, ls, side);
    lua_pushlightuserdata(L, co_wait_token());
    return 1;
}

int lib_stream_refuse(lua_State *L, const char *code)
{
    lua_pushnil(L);
    lua_pushstring(L, code);
    return 2;
}

int lib_stream_fail(lua_State *L, const struct lib_stream *ls)
{
    const struct stream *s = ls->wire.stream;

    if (s && ls->wire.is_overfull)
        return lib_stream_refuse(L, err_too_large.code);
    return lib_stream_refuse(L, s && s->err ? s->err->code : err_closed.code);
}

/* Pushes the place ("file:line: ") of the innermost Lua code that is not of our library. */
static void where(lua_State *L)
{
    const char *own = vm_lua_dir();
    lua_Debug ar;

    for (int level = 1; lua_getstack(L, level, &ar); level++) {
        lua_getinfo(L, "Sl", &ar);
        if (ar.currentline <= 0 || strncmp(ar.source + 1, own, strlen(own)) == 0)
            continue;
        lua_pushfstring(L, "%s:%d: ", ar.short_src, ar.currentline);
        return;
    }
    lua_pushliteral(L, "");
}

/* May the running task use it? */
static bool is_own(const struct lib_stream *ls)
{
    return !ls->subject || (ls->subject == lib_stream_subject() && !ls->owner.is_orphan);
}

struct lib_stream *lib_stream_own(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);

    if (UNLIKELY(!is_own(ls))) {
        where(L);
        lua_pushliteral(L, "bad request");
        lua_concat(L, 2);
        lua_error(L);
    }
    return ls;
}

struct lib_stream *lib_stream_reader(lua_State *L)
{
    struct lib_stream *ls = lib_stream_own(L);

    if (!ls->wire.stream)
        (void)lib_stream_fail(L, ls);
    else if (lib_stream_is_busy(&ls->reader))
        (void)lib_stream_refuse(L, err_busy.code);
    else
        return ls;
    return NULL;
}

struct lib_stream *lib_stream_writer(lua_State *L)
{
    struct lib_stream *ls = lib_stream_own(L);

    if (!ls->wire.stream)
        (void)lib_stream_fail(L, ls);
    else if (lib_stream_is_busy(&ls->writer))
        (void)lib_stream_refuse(L, err_busy.code);
    else
        return ls;
    return NULL;
}

size_t lib_stream_check_size(lua_State *L, int arg, lua_Number least)
{
    lua_Number n = luaL_checknumber(L, arg);

    if (!(n >= least) || n > WIRE_INPUT_MOST || n != floor(n))
        luaL_argerror(L, arg, "size out of range");
    return (size_t)n;
}

static int l_gc(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);

    co_forget(ls->reader.co, ls);
    co_forget(ls->writer.co, ls);
    ls->reader.co = ls->writer.co = NULL;
    lib_stream_close(ls, false);
    return 0;
}

void lib_stream_init(lua_State *L)
{
    lua_newtable(L);
    lua_pushcfunction(L, l_gc);
    lua_setfield(L, -2, "__gc");
    lua_pushliteral(L, "stream");
    lua_setfield(L, -2, "__name");
    metatable = luaL_ref(L, LUA_REGISTRYINDEX);
}

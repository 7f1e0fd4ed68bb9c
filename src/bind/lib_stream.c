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
 * To add an operation that reads: take a slice from the wire and end with lib_stream_answer. */
#include "bind/lib_stream.h"

#include <lauxlib.h>
#include <math.h>
#include <string.h>

#include "base/num.h"
#include "bind/vm.h"
#include "net/pair.h"
#include "net/tcp.h"
#include "proto/delimiter.h"

enum { DEPTH_MOST = 16 };

static const char magic = 's';    /* only its address matters */
static int metatable = LUA_NOREF; /* process-wide: registry reference of the metatable */

/* --- values --- */

struct lib_stream *lib_stream_push(lua_State *L)
{
    struct lib_stream *ls = lua_newuserdata(L, sizeof(*ls));

    memset(ls, 0, sizeof(*ls));
    ls->magic = &magic;
    wire_init(&ls->wire);
    list_init(&ls->owner);
    ls->on_lost = LUA_NOREF;
    lua_rawgeti(L, LUA_REGISTRYINDEX, metatable);
    lua_setmetatable(L, -2);
    return ls;
}

struct lib_stream *lib_stream_check(lua_State *L, int arg)
{
    struct lib_stream *ls = lua_touserdata(L, arg);

    if (!ls || lua_type(L, arg) != LUA_TUSERDATA || lua_objlen(L, arg) != sizeof(*ls) ||
        ls->magic != &magic)
        luaL_argerror(L, arg, "stream expected");
    return ls;
}

void lib_stream_open(struct lib_stream *ls, struct stream *s)
{
    wire_open(&ls->wire, s, lib_stream_on_event);
    ls->subject = NULL;
    ls->reader.co = ls->writer.co = NULL;
    ls->uses = 0;
    ls->is_parked = false;
}

static void wake(struct lib_stream_waiter *waiter)
{
    if (waiter->co)
        co_wake(waiter->co, waiter->wait);
}

static void forget_on_lost(struct lib_stream *ls)
{
    if (ls->on_lost != LUA_NOREF && vm_main())
        luaL_unref(vm_main(), LUA_REGISTRYINDEX, ls->on_lost);
    ls->on_lost = LUA_NOREF;
}

void lib_stream_close(struct lib_stream *ls, bool reset)
{
    if (ls->opening)
        ls->stop_opening(ls);
    list_remove(&ls->owner);
    forget_on_lost(ls);
    if (!ls->wire.stream)
        return;
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

static const char orphaned; /* the subject of streams whose subject has ended before they did */

void lib_stream_hand_over(struct list *streams, struct list *to)
{
    for (struct list *n = streams->next; n != streams; n = n->next)
        CONTAINER_OF(n, struct lib_stream, owner)->subject = &orphaned;
    list_splice(to, streams);
}

void lib_stream_close_all(struct list *streams)
{
    while (!list_is_empty(streams)) {
        struct lib_stream *ls = CONTAINER_OF(streams->next, struct lib_stream, owner);

        tell_lost(ls);
        lib_stream_close(ls, false);
    }
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
    forget_on_lost(ls);
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

/* A line of the kind that OpenResty's own tests look for. */
static void debug(const char *what, unsigned value)
{
    const struct co *co = co_current();

    log_write(co ? co->log : NULL, LOG_DEBUG, "lua tcp socket %s: %u", what, value);
}

int lib_stream_begin_wait(lua_State *L, struct lib_stream_waiter *waiter)
{
    struct co *co = co_current();

    if (!co)
        return luaL_error(L, "a stream cannot be waited for outside of a task");
    waiter->co = co;
    waiter->wait = co_begin_wait(co);
    lua_pushlightuserdata(L, co_wait_token());
    return 1;
}

int lib_stream_wait(lua_State *L, struct lib_stream *ls, int side)
{
    int n = lib_stream_begin_wait(L, side == IO_READ ? &ls->reader : &ls->writer);

    wire_wait(&ls->wire, side, side == IO_READ ? ls->read_timeout : ls->write_timeout);
    debug(side == IO_READ ? "read timeout" : "send timeout",
          side == IO_READ ? ls->read_timeout : ls->write_timeout);
    return n;
}

static int fail_with(lua_State *L, const char *code)
{
    lua_pushnil(L);
    lua_pushstring(L, code);
    return 2;
}

int lib_stream_fail(lua_State *L, const struct lib_stream *ls)
{
    const struct stream *s = ls->wire.stream;

    if (s && ls->wire.is_overfull)
        return fail_with(L, err_too_large.code);
    return fail_with(L, s && s->err ? s->err->code : err_closed.code);
}

/* --- reading --- */

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

/* The value at 1, if the running task may use it; raises an error otherwise. */
static struct lib_stream *own_stream(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);

    if (UNLIKELY(ls->subject && ls->subject != lib_stream_subject())) {
        where(L);
        lua_pushliteral(L, "bad request");
        lua_concat(L, 2);
        lua_error(L);
    }
    return ls;
}

struct lib_stream *lib_stream_reader(lua_State *L)
{
    struct lib_stream *ls = own_stream(L);

    if (!ls->wire.stream)
        (void)lib_stream_fail(L, ls);
    else if (lib_stream_is_busy(&ls->reader))
        (void)fail_with(L, err_busy.code);
    else
        return ls;
    return NULL;
}

int lib_stream_answer(lua_State *L, struct lib_stream *ls, enum wire_result r, struct slice data)
{
    if (r == WIRE_DONE) {
        lua_pushlstring(L, data.p, data.n);
        return 1;
    }
    if (r == WIRE_WAIT) {
        if (!wire_has_expired(&ls->wire, IO_READ))
            return lib_stream_wait(L, ls, IO_READ);
        (void)fail_with(L, err_timeout.code);
        data = wire_input(&ls->wire);
        wire_consume(&ls->wire, data.n);
    } else {
        (void)lib_stream_fail(L, ls);
    }
    lua_pushlstring(L, data.p, data.n);
    return 3;
}

static size_t check_size(lua_State *L, int arg, lua_Number least)
{
    lua_Number n = luaL_checknumber(L, arg);

    if (!(n >= least) || n > WIRE_INPUT_MOST || n != floor(n))
        luaL_argerror(L, arg, "size out of range");
    return (size_t)n;
}

/* read(s, n) → exactly n bytes */
static int l_read(lua_State *L)
{
    struct lib_stream *ls = lib_stream_reader(L);
    struct slice data = SLICE_EMPTY;

    if (!ls)
        return 2;
    return lib_stream_answer(L, ls, wire_take(&ls->wire, check_size(L, 2, 0), &data), data);
}

/* read_some(s, most) → what is there, at most that many bytes */
static int l_read_some(lua_State *L)
{
    struct lib_stream *ls = lib_stream_reader(L);
    struct slice data = SLICE_EMPTY;

    if (!ls)
        return 2;
    return lib_stream_answer(L, ls, wire_take_some(&ls->wire, check_size(L, 2, 1), &data), data);
}

/* Pushes `s` without the CRs in it. */
static int push_without_cr(lua_State *L, struct slice s)
{
    luaL_Buffer b;

    luaL_buffinit(L, &b);
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != '\r')
            luaL_addchar(&b, s.p[i]);
    luaL_pushresult(&b);
    return 1;
}

/* read_line(s[, drops_cr]) → a line without its end, LF or CR LF; drops_cr: without any CR */
static int l_read_line(lua_State *L)
{
    struct lib_stream *ls = lib_stream_reader(L);
    struct slice data = SLICE_EMPTY;
    enum wire_result r;

    if (!ls)
        return 2;
    r = wire_take_line(&ls->wire, &data);
    if (r == WIRE_DONE && data.n && data.p[data.n - 1] == '\r')
        data.n--;
    if (r == WIRE_DONE && lua_toboolean(L, 2) && memchr(data.p, '\r', data.n))
        return push_without_cr(L, data);
    return lib_stream_answer(L, ls, r, data);
}

/* read_all(s) → everything until the peer ends its side */
static int l_read_all(lua_State *L)
{
    struct lib_stream *ls = lib_stream_reader(L);
    struct slice data = SLICE_EMPTY;

    if (!ls)
        return 2;
    return lib_stream_answer(L, ls, wire_take_all(&ls->wire, &data), data);
}

/* A search for a delimiter, which may go on over several calls. Places are counted from the start
 * of the stream. */
struct search {
    uint64_t base;    /* where the input begins, as far as the search knows */
    uint64_t scanned; /* seen up to here */
    uint64_t found;   /* the delimiter ends here; 0: not found yet */
    uint32_t matched;
    bool is_inclusive;
    bool is_over; /* the last piece before a delimiter was handed out: the next call says so */
    struct delimiter *delimiter;
};

/* scanner(pattern, inclusive) → for read_until */
static int l_scanner(lua_State *L)
{
    bool is_inclusive = lua_toboolean(L, 2);
    struct slice pattern;
    struct search *s;

    pattern.p = luaL_checklstring(L, 1, &pattern.n);
    luaL_argcheck(L, pattern.n > 0 && pattern.n < WIRE_INPUT_MOST, 1,
                  "pattern is empty or too long");
    s = lua_newuserdata(L, sizeof(*s) + delimiter_size(pattern.n));
    *s = (struct search){.is_inclusive = is_inclusive};
    s->delimiter = delimiter_init(s + 1, pattern);
    luaL_getmetatable(L, "perilune.scanner");
    lua_setmetatable(L, -2);
    return 1;
}

/* Whoever has read without the search has made it begin anew. */
static void align(struct search *s, const struct wire *w)
{
    if (s->base == w->taken)
        return;
    s->base = s->scanned = w->taken;
    s->found = 0;
    s->matched = 0;
}

/* Looks at what has not been looked at. True: found, or `size` bytes are known to come before it.
 */
static bool look(struct search *s, const struct wire *w, size_t size)
{
    struct slice rest = slice_from(wire_input(w), (size_t)(s->scanned - s->base));
    size_t used;

    if (!s->found) {
        bool is_found = delimiter_find(s->delimiter, rest, &s->matched, &used);

        s->scanned += used;
        if (is_found)
            s->found = s->scanned;
    }
    return s->found || (size && s->scanned - s->matched - s->base >= size);
}

/* Takes the piece that look has found. */
static struct slice take_piece(struct search *s, struct wire *w, size_t size)
{
    size_t n = size, all = size;

    if (s->found && (!size || s->found - s->delimiter->n - s->base < size)) {
        all = (size_t)(s->found - s->base);
        n = all - (s->is_inclusive ? 0 : s->delimiter->n);
        s->is_over = size > 0;
        s->found = 0;
    }
    s->base += all;
    wire_consume(w, all);
    return slice_of(w->in - all, n);
}

/* read_until(s, scanner[, size]) → what comes before the delimiter; with a size: a piece of it, nil
 * (without an error) after the last one */
static int l_read_until(lua_State *L)
{
    struct lib_stream *ls = lib_stream_reader(L);
    struct search *s;
    size_t size = lua_isnoneornil(L, 3) ? 0 : check_size(L, 3, 0);
    enum wire_result r = WIRE_DONE;
    struct slice data = SLICE_EMPTY;

    if (!ls)
        return 2;
    s = luaL_checkudata(L, 2, "perilune.scanner");
    align(s, &ls->wire);
    if (s->is_over) {
        s->is_over = false;
        return 0;
    }
    while (r == WIRE_DONE && !look(s, &ls->wire, size))
        r = wire_fill(&ls->wire, 0);
    if (r == WIRE_DONE) {
        data = take_piece(s, &ls->wire, size);
    } else if (r != WIRE_WAIT) {
        data = wire_input(&ls->wire);
        wire_consume(&ls->wire, data.n);
    }
    return lib_stream_answer(L, ls, r, data);
}

/* --- writing --- */

static struct lib_stream *writer_of(lua_State *L)
{
    struct lib_stream *ls = own_stream(L);

    if (!ls->wire.stream)
        (void)lib_stream_fail(L, ls);
    else if (lib_stream_is_busy(&ls->writer))
        (void)fail_with(L, err_busy.code);
    else
        return ls;
    return NULL;
}

/* NULL, or what is wrong with the value at `i`. */
static const char *check_data(lua_State *L, int i, int depth)
{
    int type = lua_type(L, i);
    const char *bad = NULL;
    size_t n;

    if (type == LUA_TSTRING || type == LUA_TNUMBER || type == LUA_TBOOLEAN || type == LUA_TNIL)
        return NULL;
    if (type != LUA_TTABLE)
        return lua_typename(L, type);
    if (depth == DEPTH_MOST)
        return "table nested too deeply";
    n = lua_objlen(L, i);
    if (n == 0) {
        lua_pushnil(L);
        return lua_next(L, i) ? "non-array table" : NULL;
    }
    for (size_t k = 1; k <= n && !bad; k++) {
        lua_rawgeti(L, i, (int)k);
        if (lua_type(L, -1) != LUA_TSTRING)
            bad = check_data(L, lua_gettop(L), depth + 1);
        lua_pop(L, 1);
    }
    return bad;
}

static size_t add_number(lua_State *L, struct wire *w, int i)
{
    lua_Number number = lua_tonumber(L, i);
    char text[32];
    size_t n;

    if (number == (lua_Number)(int32_t)number && (number != 0 || !signbit(number))) {
        n = num_format(text, (int32_t)number);
        wire_write_add(w, text, n);
    } else {
        const char *p;

        lua_pushvalue(L, i);
        p = lua_tolstring(L, -1, &n);
        wire_write_add(w, p, n);
        lua_pop(L, 1);
    }
    return n;
}

/* Adds the value at `i` to the message; how many bytes. */
static size_t add_data(lua_State *L, struct wire *w, int i)
{
    const char *p;
    size_t n, all = 0;

    switch (lua_type(L, i)) {
    case LUA_TSTRING:
        p = lua_tolstring(L, i, &n);
        wire_write_add(w, p, n);
        return n;
    case LUA_TNUMBER:
        return add_number(L, w, i);
    case LUA_TTABLE:
        n = lua_objlen(L, i);
        for (size_t k = 1; k <= n; k++) {
            lua_rawgeti(L, i, (int)k);
            all += add_data(L, w, lua_gettop(L));
            lua_pop(L, 1);
        }
        return all;
    default:
        p = lua_isnil(L, i) ? "nil" : lua_toboolean(L, i) ? "true" : "false";
        wire_write_add(w, p, strlen(p));
        return strlen(p);
    }
}

/* write(s, data) → bytes, and whether all of them have been sent; data: text, number, or an array
 * of data; nil, "invalid" and a text when it is none */
static int l_write(lua_State *L)
{
    struct lib_stream *ls = writer_of(L);
    enum wire_result r;
    const char *bad;
    size_t n;

    if (!ls)
        return 2;
    lua_settop(L, 2);
    bad = check_data(L, 2, 0);
    if (bad) {
        (void)fail_with(L, err_invalid.code);
        lua_pushfstring(L, "string, number, boolean, nil, or array table expected, got %s", bad);
        return 3;
    }
    wire_write_begin(&ls->wire);
    n = add_data(L, &ls->wire, 2);
    r = wire_write_end(&ls->wire);
    if (r == WIRE_FAILED)
        return lib_stream_fail(L, ls);
    lua_pushnumber(L, (lua_Number)n);
    lua_pushboolean(L, r == WIRE_DONE);
    return 2;
}

/* drained(s[, most]) → true once no more than that (0) is queued */
static int l_drained(lua_State *L)
{
    struct lib_stream *ls = writer_of(L);

    if (!ls)
        return 2;
    switch (wire_drained(&ls->wire, lua_isnoneornil(L, 2) ? 0 : check_size(L, 2, 0))) {
    case WIRE_DONE:
        lua_pushboolean(L, 1);
        return 1;
    case WIRE_WAIT:
        if (wire_has_expired(&ls->wire, IO_WRITE))
            return fail_with(L, err_timeout.code);
        return lib_stream_wait(L, ls, IO_WRITE);
    default:
        return lib_stream_fail(L, ls);
    }
}

/* --- the rest --- */

/* new() → a closed stream */
static int l_new(lua_State *L)
{
    (void)lib_stream_push(L);
    return 1;
}

/* adopt(fd) → a stream over a connected, non-blocking socket, which it owns */
static int l_adopt(lua_State *L)
{
    int fd = (int)luaL_checkinteger(L, 1);

    lib_stream_open(lib_stream_push(L), tcp_adopt(fd));
    return 1;
}

/* pair(capacity) → two streams in memory, each the other's peer */
static int l_pair(lua_State *L)
{
    struct stream *ends[2];

    pair_new(ends, check_size(L, 1, 0));
    lib_stream_open(lib_stream_push(L), ends[0]);
    lib_stream_open(lib_stream_push(L), ends[1]);
    return 2;
}

/* close(s[, reset]) → was it open? */
static int l_close(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);
    bool was_open = ls->wire.stream != NULL;

    lib_stream_close(ls, lua_toboolean(L, 2));
    lua_pushboolean(L, was_open);
    return 1;
}

/* shutdown(s): ends our side */
static int l_shutdown(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);

    if (ls->wire.stream)
        stream_shutdown(ls->wire.stream);
    return 0;
}

static int l_is_open(lua_State *L)
{
    lua_pushboolean(L, lib_stream_check(L, 1)->wire.stream != NULL);
    return 1;
}

static uint32_t milliseconds(lua_State *L, int arg)
{
    lua_Number ms = luaL_checknumber(L, arg);

    luaL_argcheck(L, ms >= 0 && ms < 4e9, arg, "milliseconds out of range");
    return (uint32_t)ms;
}

/* set_timeouts(s, read, write): milliseconds without progress, 0: never */
static int l_set_timeouts(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);

    ls->read_timeout = milliseconds(L, 2);
    ls->write_timeout = milliseconds(L, 3);
    return 0;
}

/* state(s) → "reading", "writing" of other tasks: two booleans */
static int l_busy(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);

    lua_pushboolean(L, lib_stream_is_busy(&ls->reader));
    lua_pushboolean(L, lib_stream_is_busy(&ls->writer));
    return 2;
}

/* buffered(s) → bytes of input that are not taken, bytes of output that are not sent */
static int l_buffered(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);

    lua_pushnumber(L, (lua_Number)wire_input(&ls->wire).n);
    lua_pushnumber(L, (lua_Number)ls->wire.out.bytes);
    return 2;
}

/* park(s, ms) → true: nobody uses the stream for now; it is closed after that time (0: never), or
 * when the peer ends it or sends something. False: that has happened already */
static int l_park(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);
    uint32_t ms = milliseconds(L, 2);

    if (!ls->wire.stream || ls->wire.n || !outq_is_empty(&ls->wire.out) ||
        wire_fill(&ls->wire, 0) != WIRE_WAIT) {
        lib_stream_close(ls, false);
        lua_pushboolean(L, 0);
        return 1;
    }
    list_remove(&ls->owner);
    forget_on_lost(ls);
    ls->subject = NULL;
    ls->uses++;
    ls->is_parked = true;
    wire_forget(&ls->wire, IO_WRITE);
    wire_wait(&ls->wire, IO_READ, ms);
    lua_pushboolean(L, 1);
    return 1;
}

/* unpark(s) → how often it was parked; false: it has been closed meanwhile */
static int l_unpark(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);

    if (!ls->wire.stream) {
        lua_pushboolean(L, 0);
        return 1;
    }
    ls->is_parked = false;
    forget_on_lost(ls);
    wire_forget(&ls->wire, IO_READ);
    debug("get keepalive peer: using connection, fd", (unsigned)stream_fd(ls->wire.stream));
    lua_pushinteger(L, (lua_Integer)ls->uses);
    return 1;
}

/* uses(s) → how often it was parked */
static int l_uses(lua_State *L)
{
    lua_pushinteger(L, (lua_Integer)lib_stream_check(L, 1)->uses);
    return 1;
}

/* check(s): raises "bad request" when it belongs to another one than the running task works for */
static int l_check(lua_State *L)
{
    (void)own_stream(L);
    return 0;
}

/* on_lost(s, fn): fn is called when the stream is closed because what it belongs to has ended, or,
 * while it is parked, by itself */
static int l_on_lost(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);

    luaL_checktype(L, 2, LUA_TFUNCTION);
    forget_on_lost(ls);
    lua_settop(L, 2);
    ls->on_lost = luaL_ref(L, LUA_REGISTRYINDEX);
    return 0;
}

/* fd(s) → the descriptor, -1: none */
static int l_fd(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);

    lua_pushinteger(L, ls->wire.stream ? stream_fd(ls->wire.stream) : -1);
    return 1;
}

static int l_gc(lua_State *L)
{
    struct lib_stream *ls = lib_stream_check(L, 1);

    ls->reader.co = ls->writer.co = NULL;
    lib_stream_close(ls, false);
    return 0;
}

static void make_metatable(lua_State *L)
{
    luaL_newmetatable(L, "perilune.scanner");
    lua_pop(L, 1);
    lua_newtable(L);
    lua_pushcfunction(L, l_gc);
    lua_setfield(L, -2, "__gc");
    lua_pushliteral(L, "stream");
    lua_setfield(L, -2, "__name");
    metatable = luaL_ref(L, LUA_REGISTRYINDEX);
}

int lib_stream(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"new", l_new},
        {"adopt", l_adopt},
        {"pair", l_pair},
        {"read", l_read},
        {"read_some", l_read_some},
        {"read_line", l_read_line},
        {"read_all", l_read_all},
        {"scanner", l_scanner},
        {"read_until", l_read_until},
        {"write", l_write},
        {"drained", l_drained},
        {"close", l_close},
        {"shutdown", l_shutdown},
        {"is_open", l_is_open},
        {"set_timeouts", l_set_timeouts},
        {"busy", l_busy},
        {"buffered", l_buffered},
        {"park", l_park},
        {"unpark", l_unpark},
        {"uses", l_uses},
        {"check", l_check},
        {"on_lost", l_on_lost},
        {"fd", l_fd},
        {NULL, NULL},
    };

    make_metatable(L);
    lua_newtable(L);
    luaL_register(L, NULL, functions);
    lua_pushlightuserdata(L, co_wait_token());
    lua_setfield(L, -2, "WAIT");
    return 1;
}

/* "perilune.core.client": requests. Pools are in lib_client_pool.c, what Lua asks about heads in
 * lib_client_text.c.
 *
 * Nothing here waits: a request is sent or queued, and client_call.c tells what becomes of it.
 * Misuse raises; what is wrong with a request (a header that may not be sent) is nil and an error.
 */
#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bind/arg.h"
#include "bind/client_call.h"
#include "bind/handle.h"
#include "bind/lerr.h"
#include "bind/lib.h"
#include "bind/lib_client_pool.h"
#include "bind/lib_client_text.h"
#include "bind/lib_client_way.h"
#include "bind/lib_dns.h"
#include "bind/lib_stream.h"
#include "bind/opts.h"
#include "bind/vm.h"
#include "http/client/client_pool.h"
#include "net/dns/resolver.h"
#include "proto/grammar.h"

/* --- requests --- */

/* `key`, or a longer one in `room`: other name servers than the default may know other addresses,
 * so what a location's lead to is an origin of its own. A way that names a resolver says so itself.
 */
static struct slice key_by_resolver(lua_State *L, struct slice key, int way, struct buf *room)
{
    struct resolver *chosen = lib_dns_chosen();
    bool is_named;

    if (LIKELY(chosen == resolver_default()))
        return key;
    lua_getfield(L, way, "resolver");
    is_named = !lua_isnil(L, -1);
    lua_pop(L, 1);
    if (is_named)
        return key;
    buf_printf(room, SLICE_FMT " resolver=%p", SLICE_ARG(key), (void *)chosen);
    return buf_slice(room);
}

/* The origin of `key`, made by the table at `way` when it is not there. */
static struct client_origin *origin_of(lua_State *L, struct client_pool *pool, struct slice key,
                                       int way)
{
    struct client_origin *o = client_pool_find(pool, key);
    struct lib_client_way w;
    int top = lua_gettop(L);

    if (LIKELY(o != NULL))
        return o;
    lib_client_way_read(L, way, &w);
    o = client_pool_origin(pool, key, &w.way);
    lua_settop(L, top);
    return o;
}

/* Fields as a flat array name, value, name, value, … in the exchange's pool. False: what is wrong
 * is on top of the stack. */
static bool read_fields(lua_State *L, int table, struct client_exchange *x, struct header_list *l)
{
    int n = (int)lua_objlen(L, table);

    l->fields = pool_alloc(&x->pool, (size_t)(n / 2 + 1) * sizeof(*l->fields));
    l->size = (unsigned)(n / 2 + 1);
    for (int i = 1; i < n; i += 2) {
        struct slice name, value;

        lua_rawgeti(L, table, i);
        lua_rawgeti(L, table, i + 1);
        name = arg_slice_or_empty(L, -2);
        value = arg_slice_or_empty(L, -1);
        if (UNLIKELY(!header_is_name(name) || !header_is_value(value))) {
            lua_pushfstring(L, "invalid header field '%s'", name.p);
            return false;
        }
        l->fields[l->n++] = (struct header){pool_dup(&x->pool, name), pool_dup(&x->pool, value),
                                            header_id(name), HEADER_CHECKED};
        lua_pop(L, 2);
    }
    return true;
}

static bool is_visible(struct slice s)
{
    return s.n > 0 && grammar_span_visible(s) == s.n;
}

/* Method, target and authority. False: what is wrong is on top of the stack. */
static bool read_line(lua_State *L, struct client_exchange *x, struct slice method,
                      struct slice target, struct slice authority)
{
    if (!header_is_name(method) || !is_visible(target) || (authority.n && !is_visible(authority))) {
        lua_pushliteral(L, "invalid method, target or host");
        return false;
    }
    x->req.method = method_parse(method);
    x->req.method_token = x->req.method ? method_name(x->req.method) : pool_dup(&x->pool, method);
    x->req.target = pool_dup(&x->pool, target);
    x->req.authority = pool_dup(&x->pool, authority);
    return true;
}

/* A file as a body: {path=, offset=, length=}. False: an error object is on top of the stack. */
static bool open_body(lua_State *L, int table, struct client_call *c)
{
    struct client_request *r = &c->x->req;
    const char *path = opts_text(L, table, "path");
    uint64_t offset = 0, length = UINT64_MAX;
    struct stat st;

    opts_amount(L, table, "offset", 1, &offset);
    opts_amount(L, table, "length", 1, &length);
    c->file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (c->file < 0 || fstat(c->file, &st) < 0) {
        lerr_push(L, err_from_errno(errno), path);
        return false;
    }
    if (!S_ISREG(st.st_mode) || offset > (uint64_t)st.st_size ||
        (length != UINT64_MAX && length > (uint64_t)st.st_size - offset)) {
        lerr_push(L, &err_invalid, path);
        return false;
    }
    r->source = CLIENT_FILE;
    r->fd = c->file;
    r->offset = (off_t)offset;
    r->length = (int64_t)(length != UINT64_MAX ? length : (uint64_t)st.st_size - offset);
    return true;
}

/* A string, a file, true (pushed, of unknown length), a number (pushed, of that length) or nil. */
static bool read_body(lua_State *L, int index, struct client_call *c)
{
    struct client_request *r = &c->x->req;

    switch (lua_type(L, index)) {
    case LUA_TSTRING:
        r->source = CLIENT_BYTES;
        r->bytes = arg_slice_or_empty(L, index);
        lua_pushvalue(L, index);
        c->body_ref = luaL_ref(L, LUA_REGISTRYINDEX);
        return true;
    case LUA_TTABLE:
        return open_body(L, index, c);
    case LUA_TBOOLEAN:
    case LUA_TNUMBER:
        r->source = CLIENT_PUSHED;
        r->length = lua_isnumber(L, index) ? (int64_t)lua_tonumber(L, index) : -1;
        return true;
    default:
        return true;
    }
}

enum {
    ARG_POOL = 1,
    ARG_KEY,
    ARG_WAY,
    ARG_SINK,
    ARG_METHOD,
    ARG_TARGET,
    ARG_AUTHORITY,
    ARG_FIELDS,
    ARG_BODY,
    ARG_OPTIONS,
    ARG_COUNT
};

/* What is not needed often: timeouts, collect, decode, keep_alive, expect, version; a number is
 * `most` of what is collected, and all else as usual. */
static void read_options(lua_State *L, struct client_call *c)
{
    struct client_request *r = &c->x->req;
    uint64_t most = c->most;

    if (lua_type(L, ARG_OPTIONS) == LUA_TNUMBER) {
        c->does_collect = true;
        c->most = (size_t)lua_tonumber(L, ARG_OPTIONS);
    }
    if (!lua_istable(L, ARG_OPTIONS))
        return;
    lib_client_pool_timeouts(L, ARG_OPTIONS, &c->x->timeouts);
    opts_amount(L, ARG_OPTIONS, "most", 1, &most);
    c->most = (size_t)most;
    lua_getfield(L, ARG_OPTIONS, "collect");
    lua_getfield(L, ARG_OPTIONS, "raw");
    lua_getfield(L, ARG_OPTIONS, "close");
    lua_getfield(L, ARG_OPTIONS, "expect");
    lua_getfield(L, ARG_OPTIONS, "http10");
    c->does_collect = lua_toboolean(L, -5);
    c->does_decode = !lua_toboolean(L, -4);
    r->keeps = !lua_toboolean(L, -3);
    r->expects_continue = lua_toboolean(L, -2);
    r->minor = !lua_toboolean(L, -1);
    lua_pop(L, 5);
    r->protocol = pool_dup(&c->x->pool, opts_slice(L, ARG_OPTIONS, "protocol"));
    lua_pop(L, 1);
}

/* What goes behind the body. False: what is wrong is on top of the stack. */
static bool read_trailers(lua_State *L, struct client_exchange *x)
{
    struct header_list *l = &x->req.trailers;

    if (!lua_istable(L, ARG_OPTIONS))
        return true;
    lua_getfield(L, ARG_OPTIONS, "trailers");
    if (lua_istable(L, -1) && !read_fields(L, lua_gettop(L), x, l))
        return false;
    lua_pop(L, 1);
    for (unsigned i = 0; i < l->n; i++) {
        if (header_can_trail(l->fields[i].id, l->fields[i].name))
            continue;
        lua_pushfstring(L, "field '%s' may not be a trailer", l->fields[i].name.p);
        return false;
    }
    return true;
}

/* send(pool, key, way, sink, method, target, authority, fields, body, options) → number of the
 * call; or nil, error object */
static int l_send(lua_State *L)
{
    struct lib_client_pool *p = lib_client_pool_check(L, ARG_POOL);
    struct buf room = BUF_EMPTY;
    struct client_call *c;
    struct slice key;
    double id;

    luaL_checktype(L, ARG_WAY, LUA_TTABLE);
    luaL_checktype(L, ARG_FIELDS, LUA_TTABLE);
    lua_settop(L, ARG_COUNT - 1);
    if (!p->pool)
        return lerr_return(L, &err_closed, "connection pool");
    lua_pushvalue(L, ARG_SINK);
    c = client_call_new(L);
    id = c->id;
    c->most = SIZE_MAX;
    c->does_decode = true;
    c->x->timeouts = p->timeouts;
    read_options(L, c);
    if (!read_line(L, c->x, arg_slice_or_empty(L, ARG_METHOD), arg_slice_or_empty(L, ARG_TARGET),
                   arg_slice_or_empty(L, ARG_AUTHORITY)) ||
        !read_fields(L, ARG_FIELDS, c->x, &c->x->req.headers) || !read_trailers(L, c->x)) {
        client_call_free(&c);
        return lerr_return(L, &err_invalid, lua_tostring(L, -1));
    }
    if (!read_body(L, ARG_BODY, c)) {
        client_call_free(&c);
        lua_pushnil(L);
        lua_insert(L, -2);
        return 2;
    }
    key = key_by_resolver(L, arg_slice_or_empty(L, ARG_KEY), ARG_WAY, &room);
    client_pool_submit(origin_of(L, p->pool, key, ARG_WAY), c->x);
    buf_free(&room);
    lua_pushnumber(L, id);
    return 1;
}

/* cancel(id): nothing is told any more */
static int l_cancel(lua_State *L)
{
    struct client_call *c = client_call_get(lua_tonumber(L, 1));

    if (!c)
        return 0;
    client_exchange_cancel(c->x, &err_cancelled);
    client_call_free(&c);
    return 0;
}

/* forget(id): the rest of the answer is not wanted */
static int l_forget(lua_State *L)
{
    struct client_call *c = client_call_get(lua_tonumber(L, 1));

    if (c)
        client_call_free(&c);
    return 0;
}

/* read(id) → bytes; "" and the text of the trailers or nil at the end; false when there are none
 * now; nil, error */
static int l_read(lua_State *L)
{
    struct client_call *c = client_call_get(lua_tonumber(L, 1));

    if (!c)
        return lerr_return(L, &err_closed, NULL);
    return client_call_read(L, c);
}

/* wait(id): "body" is told once when `read` is worth a try */
static int l_wait(lua_State *L)
{
    struct client_call *c = client_call_get(lua_tonumber(L, 1));

    if (c)
        client_exchange_wait(c->x);
    return 0;
}

/* write(id, bytes, is_last) → true; false when the producer is to wait for "drained"; nil when
 * nobody wants it any more */
static int l_write(lua_State *L)
{
    struct client_call *c = client_call_get(lua_tonumber(L, 1));
    struct chunk piece = CHUNK_BYTES(SLICE_EMPTY);

    if (!c || c->x->is_out_done)
        return 0;
    piece.bytes = arg_slice_or_empty(L, 2);
    piece.is_last = lua_toboolean(L, 3);
    client_exchange_write(c->x, &piece);
    lua_pushboolean(L, !client_exchange_is_congested(c->x));
    return 1;
}

/* write_file(id, path, offset or nil, length or nil): as write; nil and an error when it cannot be
 * read */
static int l_write_file(lua_State *L)
{
    struct client_call *c = client_call_get(lua_tonumber(L, 1));
    struct chunk piece = {.fd = -1, .owns_fd = true};
    const char *path = luaL_checkstring(L, 2);
    double offset = luaL_optnumber(L, 3, 0), length = luaL_optnumber(L, 4, -1);
    const struct err *e = NULL;
    struct stat st;

    if (!c || c->x->is_out_done)
        return 0;
    piece.fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (piece.fd < 0 || fstat(piece.fd, &st) < 0) {
        e = err_from_errno(errno);
    } else {
        if (lua_isnoneornil(L, 4))
            length = (double)st.st_size - offset;
        if (!S_ISREG(st.st_mode) || !(offset >= 0 && length >= 0) ||
            offset + length > (double)st.st_size)
            e = &err_invalid;
    }
    if (e) {
        chunk_drop(&piece);
        return lerr_return(L, e, path);
    }
    piece.offset = (off_t)offset;
    piece.size = (size_t)length;
    client_exchange_write(c->x, &piece);
    lua_pushboolean(L, !client_exchange_is_congested(c->x));
    return 1;
}

/* wait_drained(id) → true when "drained" will be told; false: go on; nil: nobody wants it */
static int l_wait_drained(lua_State *L)
{
    struct client_call *c = client_call_get(lua_tonumber(L, 1));
    bool waits;

    if (!c || (c->x->is_out_done && c->x->state > CLIENT_QUEUED))
        return 0;
    waits = client_exchange_is_congested(c->x);
    if (waits)
        client_exchange_wait_drained(c->x);
    lua_pushboolean(L, waits);
    return 1;
}

/* tunnel(id) → the stream of a CONNECT, of perilune.core.stream; nil: there is none */
static int l_tunnel(lua_State *L)
{
    struct client_call *c = client_call_get(lua_tonumber(L, 1));
    struct buf in = BUF_EMPTY;
    struct lib_stream *ls;
    struct stream *s;

    if (!c || !(s = client_call_take_tunnel(&c, &in)))
        return 0;
    ls = lib_stream_push(L);
    lib_stream_open(ls, s);
    if (in.n)
        wire_unread(&ls->wire, buf_slice(&in));
    buf_free(&in);
    return 1;
}

/* is_reused(id): had the connection served another request before? */
static int l_is_reused(lua_State *L)
{
    struct client_call *c = client_call_get(lua_tonumber(L, 1));

    lua_pushboolean(L, c && c->x->is_reused);
    return 1;
}

/* A userdata that forgets its call when Lua does. */
static int l_guard(lua_State *L)
{
    double *id = lua_newuserdata(L, sizeof(*id));

    *id = luaL_checknumber(L, 1);
    luaL_getmetatable(L, "perilune.client.guard");
    lua_setmetatable(L, -2);
    return 1;
}

static int l_guard_gc(lua_State *L)
{
    struct client_call *c = client_call_get(*(double *)lua_touserdata(L, 1));

    if (c)
        client_call_free(&c);
    return 0;
}

/* listen(fn): fn(sink, event, …) is told what becomes of requests */
static int l_listen(lua_State *L)
{
    luaL_checktype(L, 1, LUA_TFUNCTION);
    lua_settop(L, 1);
    client_call_set_listener(L);
    return 0;
}

int lib_client(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"send", l_send},
        {"cancel", l_cancel},
        {"forget", l_forget},
        {"read", l_read},
        {"wait", l_wait},
        {"write", l_write},
        {"wait_drained", l_wait_drained},
        {"is_reused", l_is_reused},
        {"write_file", l_write_file},
        {"tunnel", l_tunnel},
        {"guard", l_guard},
        {"listen", l_listen},
        {NULL, NULL},
    };

    handle_type(L, "perilune.client.guard", "http call", l_guard_gc);
    lua_newtable(L);
    luaL_register(L, NULL, functions);
    lib_client_pool_register(L);
    lib_client_text_register(L);
    lib_client_way_register(L);
    return 1;
}

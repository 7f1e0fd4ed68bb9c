/* On top of the exchange's spool, which is changed in place when a program sets a body. While one
 * is being put together (init_body … finish_body) the spool's size is BUILDING. */
#include "app/lua/lib_ngx_body.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/lua/lib_ngx_visit.h"
#include "base/num.h"
#include "bind/arg.h"
#include "http/body_spool.h"

enum { BUILDING = -1 };

static void on_complete(struct exchange *x, struct body_spool *s)
{
    UNUSED(s);
    ngx_visit_wake_readers(ngx_visit_of(visit_of(x)));
}

static int fail(lua_State *L, struct visit *v)
{
    const struct err *e = v->x->body_err;

    lua_visit_of(v)->exit_status = exchange_body_status(v->x);
    if (v->x->state < EXCHANGE_DONE && exchange_has_started(v->x))
        exchange_abort(v->x, e ? e : &err_closed);
    co_request_exit(co_current());
    lua_pushnil(L);
    return 1;
}

int lib_ngx_body_read(lua_State *L)
{
    struct visit *v = ngx_visit_check_request(L, NGX_IN_YIELDABLE);
    struct ngx_visit *nv;
    struct ngx_body_waiter *w;
    struct body_spool *s;

    if (v->x->state == EXCHANGE_ABORTED)
        return fail(L, v);
    if (!v->x->spool && ngx_visit_of(v)->is_body_discarded) {
        lua_pushboolean(L, 1);
        return 1;
    }
    s = v->x->spool && v->x->spool->state != BODY_WAIT ? v->x->spool
                                                       : body_spool_start(v->x, on_complete, NULL);
    if (s->state == BODY_FAILED)
        return fail(L, v);
    if (s->state != BODY_WAIT) {
        lua_pushboolean(L, 1);
        return 1;
    }
    nv = ngx_visit_of(v);
    w = pool_new(visit_pool(v), struct ngx_body_waiter);
    *w = (struct ngx_body_waiter){co_current(), co_begin_wait(co_current()), nv->body_waiters};
    nv->body_waiters = w;
    ngx_visit_watch_cancel(v);
    lua_pushboolean(L, 0);
    return 1;
}

int lib_ngx_body_discard(lua_State *L)
{
    struct visit *v = ngx_visit_check_request(L, NGX_IN_YIELDABLE);

    if (!v->x->spool)
        ngx_visit_of(v)->is_body_discarded = true;
    return 0;
}

static struct body_spool *complete_spool(lua_State *L, unsigned contexts)
{
    struct visit *v = ngx_visit_check_request(L, contexts);
    struct body_spool *s = v->x->spool;

    return s && s->state == BODY_END && s->size != BUILDING ? s : NULL;
}

int lib_ngx_body_is_read(lua_State *L)
{
    struct visit *v = ngx_visit_check_request(L, NGX_IN_REQUEST);

    lua_pushboolean(L, v->x->spool && v->x->spool->state == BODY_END);
    return 1;
}

static int push_file(lua_State *L, const struct body_spool *s, size_t most)
{
    luaL_Buffer b;
    size_t at = 0;

    luaL_buffinit(L, &b);
    while (at < most) {
        ssize_t n =
            pread(s->fd, luaL_prepbuffer(&b), MIN(most - at, (size_t)LUAL_BUFFERSIZE), (off_t)at);

        if (n <= 0)
            break;
        at += (size_t)n;
        luaL_addsize(&b, (size_t)n);
    }
    luaL_pushresult(&b);
    return 1;
}

int lib_ngx_body_get_data(lua_State *L)
{
    const struct body_spool *s = complete_spool(L, NGX_IN_REQUEST & ~NGX_IN(SET));
    lua_Number most = luaL_optnumber(L, 1, 0);

    if (s && s->fd >= 0 && most > 0 && s->size <= most)
        return push_file(L, s, (size_t)most);
    if (!s || s->size == 0 || s->fd >= 0) {
        lua_pushnil(L);
        return 1;
    }
    lua_pushlstring(L, s->memory.p, most > 0 ? MIN(s->memory.n, (size_t)most) : s->memory.n);
    return 1;
}

int lib_ngx_body_get_file(lua_State *L)
{
    const struct body_spool *s = complete_spool(L, NGX_IN_REQUEST & ~NGX_IN(SET));

    lua_pushstring(L, s && s->fd >= 0 ? s->path : NULL);
    return 1;
}

/* Has the body been read without a spool: by a socket, or, as there is none, by the proxy? */
static bool is_read_otherwise(struct visit *v)
{
    const struct request *r = &v->x->req;

    return lua_visit_of(v)->has_body_socket || (lua_current_context() == LUA_CONTEXT_BALANCER &&
                                                r->content_length <= 0 && !r->has_unsized_body);
}

/* Another spool, empty, to be filled with something else. Subrequests, as those of mirror, may
 * still read the one before, which ends with the request. */
static struct body_spool *reset(lua_State *L, struct visit *v)
{
    struct body_spool *s = v->x->spool;

    if (s ? s->state == BODY_WAIT : !is_read_otherwise(v)) {
        luaL_error(L, "request body not read yet");
        return NULL; /* luaL_error does not return, which its prototype does not say */
    }
    return body_spool_empty(v->x);
}

static void set_size(struct visit *v, struct body_spool *s, int64_t size)
{
    struct request *req = &v->x->req;
    char *p = pool_alloc(visit_pool(v), 21);

    s->size = size;
    req->content_length = size;
    header_remove_id(&req->headers, HEADER_TRANSFER_ENCODING);
    header_set_id(&req->headers, visit_pool(v), HEADER_CONTENT_LENGTH,
                  slice_of(p, num_format(p, size)));
}

int lib_ngx_body_set_data(lua_State *L)
{
    struct visit *v;
    struct body_spool *s;
    struct slice data;

    if (lua_gettop(L) != 1)
        return luaL_error(L, "expecting 1 arguments but seen %d", lua_gettop(L));
    data = arg_slice(L, 1);
    v = ngx_visit_check_request(L, NGX_IN_YIELDABLE | NGX_IN(BALANCER));
    s = reset(L, v);
    buf_add_slice(&s->memory, data);
    set_size(v, s, (int64_t)data.n);
    return 0;
}

int lib_ngx_body_set_file(lua_State *L)
{
    struct visit *v;
    struct body_spool *s;
    const char *path;
    struct stat st;
    int fd;

    if (lua_gettop(L) != 1 && lua_gettop(L) != 2)
        return luaL_error(L, "expecting 1 or 2 arguments but seen %d", lua_gettop(L));
    path = luaL_checkstring(L, 1);
    v = ngx_visit_check_request(L, NGX_IN_YIELDABLE);
    if (!v->x->spool || v->x->spool->state == BODY_WAIT)
        return luaL_error(L, "request body not read yet");
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st) < 0) {
        if (fd >= 0)
            (void)close(fd);
        return luaL_error(L, "open() \"%s\" failed", path);
    }
    if (v->x->spool->path && strcmp(v->x->spool->path, path) == 0)
        v->x->spool->path = NULL;
    s = reset(L, v);
    s->fd = fd;
    s->path = pool_strdup(visit_pool(v), slice_str(path));
    s->keeps_file = !lua_toboolean(L, 2);
    set_size(v, s, st.st_size);
    return 0;
}

int lib_ngx_body_init(lua_State *L)
{
    struct visit *v;
    lua_Number size = luaL_optnumber(L, 1, 0);

    if (lua_gettop(L) > 1)
        return luaL_error(L, "expecting 0 or 1 argument but seen %d", lua_gettop(L));
    v = ngx_visit_check_request(L, NGX_IN_YIELDABLE);
    if (size < 0)
        return luaL_error(L, "bad size argument: %d", (int)size);
    reset(L, v)->size = BUILDING;
    ngx_visit_of(v)->body_most =
        lua_isnoneornil(L, 1) ? v->x->settings->body_buffer_size : (size_t)size;
    return 0;
}

static struct body_spool *building(lua_State *L, struct visit *v)
{
    struct body_spool *s = v->x->spool;

    if (!s || s->size != BUILDING)
        luaL_error(L, "request_body not initialized");
    return s;
}

int lib_ngx_body_append(lua_State *L)
{
    struct slice data;
    struct visit *v;

    if (lua_gettop(L) != 1)
        return luaL_error(L, "expecting 1 arguments but seen %d", lua_gettop(L));
    data = arg_slice(L, 1);
    v = ngx_visit_check_request(L, NGX_IN_YIELDABLE);
    buf_add_slice(&building(L, v)->memory, data);
    return 0;
}

int lib_ngx_body_finish(lua_State *L)
{
    struct visit *v;
    struct body_spool *s;

    if (lua_gettop(L) != 0)
        return luaL_error(L, "expecting 0 argument but seen %d", lua_gettop(L));
    v = ngx_visit_check_request(L, NGX_IN_YIELDABLE);
    s = building(L, v);
    set_size(v, s, (int64_t)s->memory.n);
    if (s->memory.n > ngx_visit_of(v)->body_most && body_spool_to_file(v->x, s))
        return luaL_error(L, "fail to write file");
    return 0;
}

/* "perilune.core.http": the functions with which lua/perilune/http drives an exchange. All take the
 * request object first and answer "closed" when its exchange is over. What only reads the request
 * is in lib_request.c. */
#include "app/lua/lib_http.h"

#include <errno.h>
#include <fcntl.h>
#include <lauxlib.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/lua/lib_compress.h"
#include "app/lua/lib_request.h"
#include "app/lua/lib_server.h"
#include "app/lua/lib_upgrade.h"
#include "app/lua/lua_answer.h"
#include "app/lua/lua_step.h"
#include "app/proxy/lib_proxy.h"
#include "base/file.h"
#include "bind/arg.h"
#include "bind/co.h"
#include "bind/handle.h"
#include "bind/kept_string.h"
#include "bind/lerr.h"
#include "bind/lib.h"
#include "bind/vm.h"
#include "http/body_decoder.h"
#include "http/body_spool.h"
#include "proto/status.h"

static int closed(lua_State *L)
{
    return lerr_return(L, &err_closed, NULL);
}

/* start(req, status, headers, length or nil) → sends the head; false when no body goes with it.
 * Raises on a bad head. */
static int l_start(lua_State *L)
{
    struct visit *v = lua_answer_open_visit(L, 1);

    if (!v)
        return closed(L);
    if (exchange_has_started(v->x))
        return luaL_error(L, "the response has already begun");
    if (!lua_answer_apply_head(v, L, 2, 3)) {
        v->x->res.headers.n = 0;
        return lua_error(L);
    }
    if (v->x->res.status == 0)
        v->x->res.status = 200;
    v->x->res.content_length = lua_isnumber(L, 4) ? (int64_t)lua_tonumber(L, 4) : -1;
    exchange_start(v->x);
    lua_pushboolean(L, !v->x->is_head && status_can_have_body(v->x->res.status));
    return 1;
}

/* write(req, bytes) → true, or false when the producer should wait for wait_drained */
static int l_write(lua_State *L)
{
    struct visit *v = lua_answer_open_visit(L, 1);
    struct chunk c = CHUNK_BYTES(SLICE_EMPTY);

    if (!v)
        return closed(L);
    c.bytes = arg_slice(L, 2);
    c.keeper = kept_string(L, 2, c.bytes.n);
    if (c.bytes.n > 0)
        exchange_write(v->x, &c);
    keeper_release(&c.keeper);
    lua_pushboolean(L, !exchange_is_congested(v->x));
    return 1;
}

struct lua_file {
    int fd;
    off_t offset;
    size_t size;
};

/* Is what was opened below the directory, by its real path, whatever links led there? */
static bool is_beneath(int fd, const char *root)
{
    char link[64], path[PATH_MAX], real[PATH_MAX];
    ssize_t n;
    size_t root_n;

    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    n = readlink(link, path, sizeof path - 1);
    if (n <= 0 || !realpath(root, real))
        return false;
    path[n] = '\0';
    root_n = strlen(real);
    return strncmp(path, real, root_n) == 0 && (path[root_n] == '/' || root_n == 1);
}

/* open_file(path[, offset, length, root]) → file, size; or nil, error. With `root`: a file below
 * that directory */
static int l_open_file(lua_State *L)
{
    size_t path_n;
    const char *path = luaL_checklstring(L, 1, &path_n);
    double offset = luaL_optnumber(L, 2, 0), length;
    struct lua_file *f = lua_newuserdata(L, sizeof *f);
    struct stat st;

    f->fd = -1;
    luaL_getmetatable(L, "perilune.file");
    lua_setmetatable(L, -2);
    if (memchr(path, '\0', path_n))
        return lerr_return(L, &err_invalid, "a path with a zero byte");
    f->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (f->fd < 0 || fstat(f->fd, &st) < 0)
        return lerr_return(L, err_from_errno(errno), path);
    if (!S_ISREG(st.st_mode))
        return lerr_return(L, &err_invalid, path);
    if (!lua_isnoneornil(L, 4) && !is_beneath(f->fd, luaL_checkstring(L, 4)))
        return lerr_return(L, &err_denied, path);
    length = luaL_optnumber(L, 3, (double)st.st_size - offset);
    if (!(offset >= 0 && length >= 0 && offset + length <= (double)st.st_size))
        return lerr_return(L, &err_invalid, "section outside of the file");
    f->offset = (off_t)offset;
    f->size = (size_t)length;
    lua_pushnumber(L, length);
    return 2;
}

static int l_file_gc(lua_State *L)
{
    struct lua_file *f = luaL_checkudata(L, 1, "perilune.file");

    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
    return 0;
}

/* file_facts(path, root) → bytes, seconds since 1970 when it was changed; nil, error: no file that
 * can be read below the directory `root` */
static int l_file_facts(lua_State *L)
{
    size_t path_n;
    const char *path = luaL_checklstring(L, 1, &path_n), *root = luaL_checkstring(L, 2);
    const struct err *e = NULL;
    struct stat st = {0};
    int fd;

    if (memchr(path, '\0', path_n))
        return lerr_return(L, &err_invalid, "a path with a zero byte");
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || fstat(fd, &st) < 0)
        e = err_from_errno(errno);
    else if (!S_ISREG(st.st_mode))
        e = &err_not_found;
    else if (!is_beneath(fd, root))
        e = &err_denied;
    if (fd >= 0)
        close(fd);
    if (e)
        return lerr_return(L, e, path);
    lua_pushnumber(L, (double)st.st_size);
    lua_pushnumber(L, (double)st.st_mtime);
    return 2;
}

/* write_file(req, file) → as write; the file is consumed */
static int l_write_file(lua_State *L)
{
    struct visit *v = lua_answer_open_visit(L, 1);
    struct lua_file *f = luaL_checkudata(L, 2, "perilune.file");
    struct chunk c = {.fd = f->fd, .offset = f->offset, .size = f->size, .owns_fd = true};

    if (!v)
        return closed(L);
    luaL_argcheck(L, f->fd >= 0, 2, "the file has been sent or closed");
    if (f->size > 0) {
        f->fd = -1;
        exchange_write(v->x, &c);
    }
    lua_pushboolean(L, !exchange_is_congested(v->x));
    return 1;
}

/* finish(req, trailers or nil) → true */
static int l_finish(lua_State *L)
{
    struct visit *v = lua_answer_open_visit(L, 1);

    if (!v)
        return closed(L);
    if (lua_istable(L, 2) && !lua_answer_apply_trailers(v, L, 2))
        return lua_error(L);
    exchange_end(v->x);
    lua_pushboolean(L, 1);
    return 1;
}

/* abort(req): the client sees a truncated response */
static int l_abort(lua_State *L)
{
    struct visit *v = lua_answer_open_visit(L, 1);

    if (v)
        exchange_abort(v->x, &err_cancelled);
    return 0;
}

/* inform(req, status, headers): a 1xx response */
static int l_inform(lua_State *L)
{
    struct visit *v = lua_answer_open_visit(L, 1);
    int status = (int)luaL_checkinteger(L, 2);
    struct header_list before, list;

    luaL_argcheck(L, status > 101 && status < 200, 2, "a status from 102 to 199 expected");
    if (!v || exchange_has_started(v->x))
        return 0;
    before = v->x->res.headers;
    v->x->res.headers = (struct header_list){NULL, 0, 0};
    if (lua_istable(L, 3) && !lua_answer_apply_headers(v, L, 3)) {
        v->x->res.headers = before;
        return lua_error(L);
    }
    list = v->x->res.headers;
    v->x->res.headers = before;
    exchange_inform(v->x, status, &list);
    return 0;
}

/* wait_drained(req, to_empty): numbers a wait; true when the caller is to yield */
static int l_wait_drained(lua_State *L)
{
    struct visit *v = lua_answer_open_visit(L, 1);

    if (!v || !co_current())
        return 0;
    lua_visit_wait_drained(v, lua_toboolean(L, 2));
    lua_pushboolean(L, 1);
    return 1;
}

/* The error says what the request deserves, for those who catch it. */
static int push_body_error(lua_State *L, const struct exchange *x)
{
    (void)lerr_return(L, x->body_err ? x->body_err : &err_closed, "request body");
    if (x->body_err) {
        lua_pushinteger(L, exchange_body_status(x));
        lua_setfield(L, -2, "status");
    }
    return 2;
}

/* decode_body(req, max_size or nil, max_ratio or nil) → true; nil, error: see body_decoder_start;
 * the limits that are not given are those of the location */
static int l_decode_body(lua_State *L)
{
    struct visit *v = lua_answer_open_visit(L, 1);
    struct body_limits limits;
    const struct err *e;

    if (!v)
        return closed(L);
    limits = v->x->settings->decoded;
    if (!lua_isnoneornil(L, 2))
        limits.max_size = (int64_t)luaL_checknumber(L, 2);
    if (!lua_isnoneornil(L, 3))
        limits.max_ratio = (unsigned)luaL_checknumber(L, 3);
    e = body_decoder_start(v->x, limits);
    if (!e) {
        lua_pushboolean(L, 1);
        return 1;
    }
    if (e == v->x->body_err)
        return push_body_error(L, v->x);
    return lerr_return(L, e, "the request body is being read already");
}

/* read(req) → bytes; or "" at the end; false when there is nothing now; nil, error */
static int l_read(lua_State *L)
{
    struct visit *v = lua_answer_open_visit(L, 1);
    struct slice data;

    if (!v)
        return closed(L);
    if (v->x->spool && v->x->spool->state == BODY_WAIT)
        return lerr_return(L, &err_busy, "the request body is being read as a whole");
    switch (exchange_read_body(v->x, &data)) {
    case BODY_DATA:
        lua_pushlstring(L, data.p, data.n);
        return 1;
    case BODY_WAIT:
        lua_pushboolean(L, 0);
        return 1;
    case BODY_END:
        lua_pushliteral(L, "");
        return 1;
    case BODY_FAILED:
        break;
    }
    return push_body_error(L, v->x);
}

static void call_back(struct exchange *x)
{
    lua_visit_wake_reader(visit_of(x));
}

static void keep_callback(lua_State *L, struct visit *v, int index)
{
    struct lua_visit *lv = lua_visit_of(v);

    luaL_checktype(L, index, LUA_TFUNCTION);
    luaL_unref(L, LUA_REGISTRYINDEX, lv->body_ref);
    lua_pushvalue(L, index);
    lv->body_ref = luaL_ref(L, LUA_REGISTRYINDEX);
}

/* on_body(req, fn): fn() is called once when `read` is worth a try */
static int l_on_body(lua_State *L)
{
    struct visit *v = lua_answer_open_visit(L, 1);

    if (!v)
        return closed(L);
    keep_callback(L, v, 2);
    v->x->user.on_body = call_back;
    exchange_wait_body(v->x);
    return 0;
}

static int push_file_content(lua_State *L, const struct body_spool *s)
{
    luaL_Buffer b;
    off_t at = 0;

    luaL_buffinit(L, &b);
    for (;;) {
        char *room = luaL_prepbuffer(&b);
        ssize_t n = pread(s->fd, room, LUAL_BUFFERSIZE, at);

        if (n <= 0)
            break;
        at += n;
        luaL_addsize(&b, (size_t)n);
    }
    luaL_pushresult(&b);
    return 1;
}

static void remove_file(void *path)
{
    (void)unlink(path);
}

/* temp_file(req) → path of a new, empty file that is removed with the exchange; nil, error */
static int l_temp_file(lua_State *L)
{
    struct visit *v = lua_answer_open_visit(L, 1);
    struct buf path = BUF_EMPTY;
    const struct err *e;
    int fd;

    if (!v)
        return closed(L);
    e = file_temp(v->x->settings->temp_path, &path, &fd);
    if (!e) {
        (void)close(fd);
        pool_on_reset(visit_pool(v), remove_file,
                      pool_strdup(visit_pool(v), slice_str(buf_cstr(&path))));
        lua_pushstring(L, buf_cstr(&path));
    }
    buf_free(&path);
    return e ? lerr_return(L, e, v->x->settings->temp_path) : 1;
}

static void on_spool(struct exchange *x, struct body_spool *s)
{
    UNUSED(s);
    call_back(x);
}

/* read_all(req, fn) → bytes; false when fn() will be called and read_all is then to be asked again;
 * nil, error */
static int l_read_all(lua_State *L)
{
    struct visit *v = lua_answer_open_visit(L, 1);
    struct body_spool *s;

    if (!v)
        return closed(L);
    if (!v->x->spool && lua_visit_of(v)->body_ref != LUA_NOREF)
        return lerr_return(L, &err_busy, "the request body is being read as a stream");
    s = body_spool_start(v->x, on_spool, NULL);
    switch (s->state) {
    case BODY_WAIT:
        keep_callback(L, v, 2);
        lua_pushboolean(L, 0);
        return 1;
    case BODY_END:
        break;
    default:
        return push_body_error(L, v->x);
    }
    if (s->fd >= 0)
        return push_file_content(L, s);
    lua_pushlstring(L, s->memory.n ? s->memory.p : "", s->memory.n);
    return 1;
}

/* trailers(req) → array of {name, value}, complete once the body has been read */
static int l_trailers(lua_State *L)
{
    struct visit *v = lua_answer_open_visit(L, 1);
    const struct header_list *l = v ? &v->x->req.trailers : NULL;

    lua_newtable(L);
    for (unsigned i = 0; l && i < l->n; i++) {
        lua_createtable(L, 2, 0);
        lua_pushlstring(L, l->fields[i].name.p, l->fields[i].name.n);
        lua_rawseti(L, -2, 1);
        lua_pushlstring(L, l->fields[i].value.p, l->fields[i].value.n);
        lua_rawseti(L, -2, 2);
        lua_rawseti(L, -2, (int)i + 1);
    }
    return 1;
}

static int open_module(lua_State *L)
{
    static const luaL_Reg functions[] = {
        {"start", l_start},
        {"write", l_write},
        {"open_file", l_open_file},
        {"file_facts", l_file_facts},
        {"write_file", l_write_file},
        {"finish", l_finish},
        {"abort", l_abort},
        {"inform", l_inform},
        {"wait_drained", l_wait_drained},
        {"read", l_read},
        {"on_body", l_on_body},
        {"read_all", l_read_all},
        {"decode_body", l_decode_body},
        {"temp_file", l_temp_file},
        {"trailers", l_trailers},
        {"listen", lib_server_listen},
        {"proxy", lib_proxy_start},
        {"compressor", lib_compress_new},
        {"compress", lib_compress_use},
        {"unmodified", lib_compress_unmodified},
        {NULL, NULL},
    };

    handle_type(L, "perilune.file", "file", l_file_gc);
    luaL_newmetatable(L, "perilune.request");
    lua_pop(L, 1);
    lib_server_open(L);
    lib_compress_open(L);
    lua_newtable(L);
    luaL_register(L, NULL, functions);
    lib_request_register(L);
    return 1;
}

bool lib_http_open(void)
{
    lib_preload(vm_main(), "perilune.core.http", open_module);
    lib_upgrade_preload();
    if (!vm_push_function("perilune.http.handler", "load"))
        return false;
    lua_pop(vm_main(), 1);
    return true;
}

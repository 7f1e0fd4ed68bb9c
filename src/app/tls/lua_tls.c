/* The code of a handshake and its light threads are its parts; the handshake goes on when all have
 * ended, or as soon as one has left by ngx.exit. They are found by their log context, which lies in
 * the task. The stream's slot for hooks keeps a seat: the task until its outcome has been told, and
 * the ngx.ctx of the handshakes of this connection, which its requests inherit.
 *
 * A handshake with a server belongs to a request: its parts work for the visit, and end before it
 * does. Those of a client's handshake work for nobody else and may outlive the stream.
 *
 * To add a context: a row in `words`, and a hook that calls lua_tls_run. */
#include "app/tls/lua_tls.h"

#include <lauxlib.h>

#include "app/conf.h"
#include "app/lua/lua_ctx.h"
#include "app/lua/lua_kill.h"
#include "app/tls/tls_request.h"
#include "app/tls/tls_seat.h"
#include "app/tls/tls_visit.h"
#include "base/mem.h"
#include "bind/co.h"
#include "bind/vm.h"
#include "http/client/client_tls.h"
#include "net/tls/tls_info.h"

_Static_assert(TLS_SEAT_NO_CTX == LUA_NOREF, "a seat without ngx.ctx");

struct tls_task {
    struct log_ctx log;
    struct stream *s;  /* NULL: gone */
    struct visit *v;   /* NULL: a client's handshake */
    struct visit *own; /* of such a one, once Lua has read a variable; else NULL */
    struct co *entry;  /* NULL: has ended */
    struct co **parts; /* that have not ended */
    unsigned n_parts, parts_size;
    const char *directive;
    enum lua_context context;
    int exit_status;
    bool is_over, is_refused, is_starting;
    struct slice id, der; /* of a session to be stored, ours; else empty */
};

/* How lines of the log name what runs. */
static const struct {
    const char *name, *callback;
    const char *part;  /* of a client's handshake; NULL: it is that with an upstream */
    const char *doing; /* NULL: the context is named behind the message */
} words[] = {
    [LUA_CONTEXT_CLIENT_HELLO] = {"ssl_client_hello_by_lua", "client hello cb", "ssl client hello",
                                  NULL},
    [LUA_CONTEXT_CERTIFICATE] = {"ssl_certificate_by_lua", "cert cb", "ssl cert", NULL},
    [LUA_CONTEXT_SESSION_FETCH] = {"ssl_session_fetch_by_lua*", "sess get cb", "ssl session fetch",
                                   NULL},
    [LUA_CONTEXT_SESSION_STORE] = {"ssl_session_store_by_lua*", "sess new cb", "ssl session store",
                                   NULL},
    [LUA_CONTEXT_PROXY_CERTIFICATE] = {"proxy_ssl_certificate_by_lua", "cert cb", NULL,
                                       "loading proxy ssl certificate by lua"},
    [LUA_CONTEXT_PROXY_VERIFY] = {"proxy_ssl_verify_by_lua", "cert verify callback", NULL,
                                  "loading proxy ssl verify by lua"},
};

static struct tls_task *task_at(const struct stream *s)
{
    const struct tls_seat *seat = tls_seat_of(s);

    return seat ? seat->task : NULL;
}

static void free_task(struct tls_task *t)
{
    if (t->own)
        tls_visit_end(&t->own);
    mem_free((char *)(uintptr_t)t->id.p);
    mem_free((char *)(uintptr_t)t->der.p);
    mem_free(t->parts);
    mem_free(t);
}

static void describe(const struct log_ctx *ctx, struct buf *out)
{
    const struct tls_task *t = CONTAINER_OF(ctx, struct tls_task, log);
    const struct listen_conf *l = t->s && !t->v ? tls_owner_of(t->s).listen : NULL;
    struct addr a;

    buf_printf(out, ", context: %s*", t->directive);
    if (!l)
        return;
    if (tls_owner_peer(t->s, &a)) {
        buf_add_lit(out, ", client: ");
        addr_format_host(&a, out);
    }
    buf_add_lit(out, ", server: ");
    addr_format(&l->addr, out);
}

static struct tls_task *task_of(const struct co *co)
{
    return co && co->log && co->log->describe == describe
               ? CONTAINER_OF((struct log_ctx *)(uintptr_t)co->log, struct tls_task, log)
               : NULL;
}

struct stream *lua_tls_stream(void)
{
    const struct tls_task *t = task_of(co_current());

    return t ? t->s : NULL;
}

bool lua_tls_is_of_stream(void)
{
    const struct tls_task *t = task_of(co_current());
    const struct listen_conf *l = t && t->s && !t->v ? tls_owner_of(t->s).listen : NULL;

    return l && l->is_stream;
}

struct visit *lua_tls_visit(void)
{
    struct tls_task *t = task_of(co_current());
    const struct tls_seat *seat;

    if (!lua_tls_is_of_stream())
        return NULL;
    seat = tls_seat_of(t->s);
    if (seat && seat->visit)
        return seat->visit;
    if (!t->own)
        t->own = tls_visit_begin(
            t->s, tls_request_vhost(tls_owner_of(t->s).listen, tls_info_server_name(t->s)));
    return t->own;
}

enum lua_context lua_tls_context(void)
{
    const struct tls_task *t = task_of(co_current());

    return t ? t->context : LUA_CONTEXT_NONE;
}

void lua_tls_set_exit(int status)
{
    struct tls_task *t = task_of(co_current());

    if (t)
        t->exit_status = status;
}

const char *lua_tls_doing(const struct stream *s)
{
    const struct tls_task *t = task_at(s);

    return t ? words[t->context].doing : NULL;
}

int *lua_tls_ctx(void)
{
    const struct tls_task *t = task_of(co_current());

    return t && t->s && !t->v ? &tls_seat_take(t->s)->ctx_ref : NULL;
}

int lua_tls_ctx_of(const struct stream *s)
{
    const struct tls_seat *seat = tls_seat_of(s);

    return seat ? seat->ctx_ref : LUA_NOREF;
}

/* --- the end --- */

static void note_outcome(const struct tls_task *t, bool has_failed)
{
    int value = has_failed ? 500 : t->exit_status;

    if (t->is_starting)
        log_write(&t->log, LOG_DEBUG, "%s: handler return value: %d, %s exit code: %d",
                  words[t->context].name, value, words[t->context].callback, !t->is_refused);
    else
        log_write(&t->log, LOG_DEBUG, "%s: %s exit code: %d", words[t->context].name,
                  words[t->context].callback, !t->is_refused);
}

/* The task is over; nobody asks about one that stored a session, or whose stream has gone. */
static void finish(struct tls_task *t, bool has_failed)
{
    while (t->n_parts)
        lua_kill_orphan(t->parts[--t->n_parts]);
    t->is_over = true;
    t->is_refused = has_failed || t->exit_status == -1;
    if (t->s && t->context == LUA_CONTEXT_SESSION_STORE)
        t->is_refused = true; /* the library keeps no hold of the session */
    note_outcome(t, has_failed);
    if (t->is_starting)
        return;
    if (t->s && !t->der.n) {
        if (t->v)
            client_tls_resume(t->s);
        else
            tls_owner_resume(t->s);
        return;
    }
    if (t->s && task_at(t->s) == t)
        tls_seat_leave(t->s);
    free_task(t);
}

static void drop_part(struct tls_task *t, const struct co *co)
{
    for (unsigned i = 0; i < t->n_parts; i++)
        if (t->parts[i] == co)
            t->parts[i] = t->parts[--t->n_parts];
}

static void on_part_end(struct co *co, enum co_result result, int n)
{
    struct tls_task *t = task_of(co);
    bool has_failed = result == CO_FAILED && co == t->entry;

    UNUSED(n);
    drop_part(t, co);
    if (co == t->entry)
        t->entry = NULL;
    if (has_failed && t->s)
        log_write(&t->log, LOG_ERROR,
                  t->context == LUA_CONTEXT_SESSION_STORE
                      ? "failed to run session_store_by_lua*: %s"
                      : "lua entry thread aborted: runtime error: %s",
                  co_traceback(co));
    co->log = NULL;
    if (has_failed || result == CO_EXITED || !t->n_parts)
        finish(t, has_failed);
}

/* --- the beginning --- */

static struct co *new_part(struct tls_task *t)
{
    struct co *co = co_new(t->v, on_part_end);

    co->log = &t->log;
    co->doing = words[t->context].doing;
    if (t->n_parts == t->parts_size) {
        t->parts_size = t->parts_size ? t->parts_size * 2 : 1;
        t->parts = mem_realloc(t->parts, t->parts_size * sizeof(struct co *));
    }
    t->parts[t->n_parts++] = co;
    return co;
}

struct co *lua_tls_new_thread(void)
{
    struct tls_task *t = task_of(co_current());

    return t ? new_part(t) : NULL;
}

static struct tls_task *new_task(struct stream *s, struct visit *v, const struct lua_code *code,
                                 enum lua_context context)
{
    struct tls_task *t = mem_new(struct tls_task);

    t->log.describe = describe;
    if (v) {
        t->log.parent = &v->x->log;
        t->log.id = v->x->log.id;
    } else {
        struct tls_owner owner = tls_owner_of(s);

        t->log.parent = owner.log;
        t->log.id = owner.id;
    }
    t->s = s;
    t->v = v;
    t->directive = code->directive;
    t->context = context;
    return t;
}

static void start(struct tls_task *t, const struct lua_code *code)
{
    t->is_starting = true;
    if (words[t->context].part) /* in the words of nginx: no connection to spare for another */
        log_write(&t->log, LOG_DEBUG, "%s: connection reusable: 0", words[t->context].part);
    if (lua_code_push((struct lua_code *)(uintptr_t)code, t->v)) {
        log_write(&t->log, LOG_ERROR, "%s", lua_tostring(vm_main(), -1));
        lua_pop(vm_main(), 1);
        finish(t, true);
    } else {
        struct co *co = t->entry = new_part(t);

        lua_xmove(vm_main(), co->L, 1);
        co_start(co, 0);
    }
    t->is_starting = false;
}

bool lua_tls_is_running(struct stream *s, enum lua_context context)
{
    const struct tls_task *t = task_at(s);

    return t && t->context == context;
}

enum tls_answer lua_tls_run(struct stream *s, struct visit *v, const struct lua_code *code,
                            enum lua_context context)
{
    struct tls_task *t = task_at(s);
    enum tls_answer answer;

    if (!code)
        return TLS_GO_ON;
    if (!t) {
        t = new_task(s, v, code, context);
        start(t, code);
    }
    if (!t->is_over) {
        tls_seat_take(s)->task = t;
        return TLS_WAIT;
    }
    answer = t->is_refused ? TLS_REFUSE : TLS_GO_ON;
    tls_seat_leave(s);
    free_task(t);
    return answer;
}

/* The stream's seat is free here: what a handshake waits for has ended before a session is made. */
void lua_tls_store(struct stream *s, const struct lua_code *code, struct slice id, struct slice der)
{
    struct tls_task *t;

    if (task_at(s))
        return;
    t = new_task(s, NULL, code, LUA_CONTEXT_SESSION_STORE);
    t->id = slice_of(mem_strdup(id), id.n);
    t->der = slice_of(mem_strdup(der), der.n);
    start(t, code);
    if (t->is_over)
        free_task(t);
    else
        tls_seat_take(s)->task = t;
}

bool lua_tls_session(struct slice *id, struct slice *der)
{
    const struct tls_task *t = task_of(co_current());

    if (!t || !t->der.n)
        return false;
    *id = t->id;
    *der = t->der;
    return true;
}

/* The connection's own table ends with it. */
static void drop_seat(struct stream *s)
{
    lua_ctx_release(vm_main(), &tls_seat_of(s)->ctx_ref, NULL);
    tls_seat_drop(s);
}

/* A task that stores a session goes on. */
void lua_tls_gone(struct stream *s)
{
    struct tls_task *t = task_at(s);

    drop_seat(s);
    if (!t)
        return;
    t->s = NULL;
    if (t->is_over) {
        free_task(t);
    } else if (t->v) {
        log_write(&t->log, LOG_DEBUG, "%s: %s aborted", words[t->context].name,
                  words[t->context].callback);
        while (t->n_parts)
            lua_kill_orphan(t->parts[--t->n_parts]);
        free_task(t);
    } else if (!t->der.n) {
        for (unsigned i = 0; i < t->n_parts; i++)
            co_cancel_err(t->parts[i], &err_closed);
    }
}

/* The task of a handshake is found by its log context, which its light threads and waits share. It
 * is kept in the stream's slot for hooks until its outcome has been told. */
#include "app/lua_tls.h"

#include <lua.h>

#include "app/conf.h"
#include "app/port.h"
#include "base/mem.h"
#include "bind/co.h"
#include "bind/vm.h"
#include "http/server_tls.h"

struct tls_task {
    struct log_ctx log;
    struct stream *s; /* NULL: gone */
    struct co *co;    /* NULL: has ended */
    const char *directive;
    enum lua_context context;
    int exit_status;
    bool is_refused, is_starting;
    struct slice id, der; /* of a session to be stored, ours; else empty */
};

static void free_task(struct tls_task *t)
{
    mem_free((char *)(uintptr_t)t->id.p);
    mem_free((char *)(uintptr_t)t->der.p);
    mem_free(t);
}

static void describe(const struct log_ctx *ctx, struct buf *out)
{
    const struct tls_task *t = CONTAINER_OF(ctx, struct tls_task, log);
    struct server_conn *c;
    struct addr a;

    buf_printf(out, ", context: %s*", t->directive);
    if (!t->s)
        return;
    c = server_tls_conn(t->s);
    if (server_conn_peer(c, &a)) {
        buf_add_lit(out, ", client: ");
        addr_format_host(&a, out);
    }
    buf_add_lit(out, ", server: ");
    addr_format(&CONTAINER_OF(c->server, struct port, server)->conf->addr, out);
}

static struct tls_task *current(void)
{
    const struct co *co = co_current();

    return co && co->log && co->log->describe == describe
               ? CONTAINER_OF((struct log_ctx *)(uintptr_t)co->log, struct tls_task, log)
               : NULL;
}

struct stream *lua_tls_stream(void)
{
    const struct tls_task *t = current();

    return t ? t->s : NULL;
}

enum lua_context lua_tls_context(void)
{
    const struct tls_task *t = current();

    return t ? t->context : LUA_CONTEXT_NONE;
}

void lua_tls_set_exit(int status)
{
    struct tls_task *t = current();

    if (t)
        t->exit_status = status;
}

/* A task that nobody asks about has ended. */
static void forget(struct tls_task *t)
{
    if (*tls_state(t->s) == t)
        *tls_state(t->s) = NULL;
    free_task(t);
}

static void on_end(struct co *co, enum co_result result, int n)
{
    struct tls_task *t = CONTAINER_OF((struct log_ctx *)(uintptr_t)co->log, struct tls_task, log);

    UNUSED(n);
    if (result == CO_FAILED && t->s)
        log_write(&t->log, LOG_ERROR,
                  t->context == LUA_CONTEXT_SESSION_STORE
                      ? "failed to run session_store_by_lua*: %s"
                      : "lua entry thread aborted: runtime error: %s",
                  co_traceback(co));
    t->is_refused = result == CO_FAILED || (result == CO_EXITED && t->exit_status == -1);
    t->co = NULL;
    co->log = NULL;
    if (!t->s)
        free_task(t);
    else if (!t->is_starting && t->der.n)
        forget(t);
    else if (!t->is_starting)
        server_tls_resume(t->s);
}

static struct tls_task *new_task(struct stream *s, const struct lua_code *code,
                                 enum lua_context context)
{
    struct tls_task *t = mem_new(struct tls_task);
    struct server_conn *c = server_tls_conn(s);

    t->log = (struct log_ctx){.parent = &c->server->log, .id = c->id, .describe = describe};
    t->s = s;
    t->directive = code->directive;
    t->context = context;
    return t;
}

static void start(struct tls_task *t, const struct lua_code *code)
{
    if (lua_code_push((struct lua_code *)code, NULL)) {
        log_write(&t->log, LOG_ERROR, "%s", lua_tostring(vm_main(), -1));
        lua_pop(vm_main(), 1);
        t->is_refused = true;
        return;
    }
    t->co = co_new(NULL, on_end);
    t->co->log = &t->log;
    lua_xmove(vm_main(), t->co->L, 1);
    t->is_starting = true;
    co_start(t->co, 0);
    t->is_starting = false;
}

bool lua_tls_is_running(struct stream *s, enum lua_context context)
{
    const struct tls_task *t = *tls_state(s);

    return t && t->context == context;
}

enum tls_answer lua_tls_run(struct stream *s, const struct lua_code *code, enum lua_context context)
{
    struct tls_task *t = *tls_state(s);
    enum tls_answer answer;

    if (!code)
        return TLS_GO_ON;
    if (!t) {
        t = new_task(s, code, context);
        start(t, code);
    }
    if (t->co) {
        *tls_state(s) = t;
        return TLS_WAIT;
    }
    answer = t->is_refused ? TLS_REFUSE : TLS_GO_ON;
    *tls_state(s) = NULL;
    free_task(t);
    return answer;
}

/* The stream's slot is free here: what a handshake waits for has ended before a session is made. */
void lua_tls_store(struct stream *s, const struct lua_code *code, struct slice id, struct slice der)
{
    struct tls_task *t;

    if (*tls_state(s))
        return;
    t = new_task(s, code, LUA_CONTEXT_SESSION_STORE);
    t->id = slice_of(mem_strdup(id), id.n);
    t->der = slice_of(mem_strdup(der), der.n);
    start(t, code);
    if (t->co)
        *tls_state(s) = t;
    else
        free_task(t);
}

bool lua_tls_session(struct slice *id, struct slice *der)
{
    const struct tls_task *t = current();

    if (!t || !t->der.n)
        return false;
    *id = t->id;
    *der = t->der;
    return true;
}

void lua_tls_gone(struct stream *s)
{
    struct tls_task *t = *tls_state(s);

    *tls_state(s) = NULL;
    t->s = NULL;
    if (!t->co)
        free_task(t);
    else if (!t->der.n)
        co_cancel_err(t->co, &err_closed);
}

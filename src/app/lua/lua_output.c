/* Output of ngx.* on its way into the exchange. Whoever ends an answer that Lua began calls
 * lua_output_end and not exchange_end, or what is held back would be lost. */
#include "app/lua/lua_output.h"

#include "app/error_page.h"
#include "app/files/static_send.h"
#include "app/lua/lua_visit.h"
#include "app/phases.h"
#include "base/buf.h"

static void set_defaults(struct visit *v)
{
    struct response *res = &v->x->res;

    /* As in OpenResty: the page of an error that ngx.exit made keeps its status. */
    if (res->status == 0 && v->error_status && v->error_status == lua_visit_of(v)->exit_error)
        res->status = v->error_status;
    else if (res->status == 0)
        res->status = 200;
    if (v->loc->lua_use_default_type && !lua_visit_of(v)->is_type_cleared)
        static_send_type(v);
}

/* 304 or 412 takes the place of an answer that the client has, or does not want. True: nothing else
 * is to be sent. Where 412 has a page of its own that begins once the handler has ended. */
static bool answer_condition(struct visit *v)
{
    struct response *res = &v->x->res;
    int status;

    if (res->status != 200 || lua_visit_of(v)->bypasses_conditions)
        return false;
    status =
        static_send_conditions(v, header_value(&res->headers, HEADER_ETAG), res->last_modified);
    lua_visit_of(v)->is_unwanted = status == 412;
    if (status > 0 && !(status == 412 && phases_has_error_page(v, status)))
        error_page_answer(v, status);
    return status > 0;
}

void lua_output_start(struct visit *v)
{
    if (exchange_has_started(v->x) || lua_output_is_unwanted(v))
        return;
    set_defaults(v);
    if (!answer_condition(v))
        exchange_start(v->x);
}

static bool can_write(const struct visit *v)
{
    return v->x->state < EXCHANGE_DONE && !v->x->has_ended && !lua_output_is_unwanted(v);
}

bool lua_output_is_unwanted(const struct visit *v)
{
    const struct lua_visit *lv = v->lua;

    return lv && lv->is_unwanted;
}

bool lua_output_is_held(const struct visit *v)
{
    const struct lua_visit *lv = v->lua;

    return lv && lv->held;
}

static bool must_hold(const struct visit *v)
{
    const struct exchange *x = v->x;

    return v->loc->lua_http10_buffering && x->req.version_major == 1 && x->req.version_minor == 0 &&
           !x->is_head && !exchange_has_started(x) && x->res.content_length < 0;
}

static void free_held(void *arg)
{
    buf_free(arg);
}

static void hold(struct visit *v, const struct chunk *c)
{
    struct lua_visit *lv = lua_visit_of(v);

    if (!lv->held) {
        lv->held = pool_new(visit_pool(v), struct buf);
        pool_on_reset(visit_pool(v), free_held, lv->held);
    }
    log_write(&v->x->log, LOG_DEBUG, "lua buffering output bufs for the HTTP 1.0 request");
    buf_add_slice(lv->held, c->bytes);
}

void lua_output_write(struct visit *v, const struct chunk *c)
{
    if (lua_output_is_held(v) || must_hold(v)) {
        hold(v, c);
        return;
    }
    lua_output_start(v);
    if (c->bytes.n > 0 && can_write(v))
        exchange_write(v->x, c);
}

void lua_output_release(struct visit *v)
{
    struct lua_visit *lv = v->lua;
    struct chunk c;

    if (!lua_output_is_held(v))
        return;
    c = CHUNK_BYTES(buf_slice(lv->held));
    lv->held = NULL;
    if (v->x->res.content_length < 0)
        v->x->res.content_length = (int64_t)c.bytes.n;
    lua_output_start(v);
    if (c.bytes.n > 0 && can_write(v))
        exchange_write(v->x, &c);
}

void lua_output_end(struct visit *v)
{
    int status = v->x->res.status;

    lua_output_release(v);
    if (!exchange_has_started(v->x) && (status == 0 || status == 200))
        set_defaults(v);
    if (can_write(v))
        exchange_end(v->x);
}

/* What described the unwanted answer says nothing of the page. */
static void forget_answer(struct response *res)
{
    res->headers.n = 0;
    res->content_length = res->last_modified = -1;
}

enum step_result lua_output_finish(struct visit *v)
{
    lua_output_end(v);
    if (exchange_has_started(v->x) || !lua_output_is_unwanted(v))
        return STEP_DONE;
    lua_visit_of(v)->is_unwanted = false;
    lua_visit_of(v)->exit_error = 412;
    forget_answer(&v->x->res);
    return phases_finish_status(v, 412);
}

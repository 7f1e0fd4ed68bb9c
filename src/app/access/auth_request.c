/* The subrequest shares the variables of the request, has no body, and its own body is dropped. */
#include "app/access/auth_request.h"

#include "app/phases.h"
#include "app/subrequest.h"
#include "app/variables/script.h"

struct auth_run {
    struct visit *v;
    const struct access_conf *conf;
    struct subrequest *sub;
};

static void set_variables(struct auth_run *r)
{
    for (const struct access_variable *a = r->conf->variables; a; a = a->next)
        a->var->set(r->v, a->var,
                    pool_dup(visit_pool(r->v), script_eval(a->value, subrequest_visit(r->sub))));
}

/* The challenges of a 401 are the request's. */
static void take_challenges(struct auth_run *r)
{
    const struct header_list *l = &r->sub->x->res.headers;

    for (unsigned i = 0; i < l->n; i++)
        if (l->fields[i].id == HEADER_WWW_AUTHENTICATE)
            header_add_id(&r->v->x->res.headers, visit_pool(r->v), HEADER_WWW_AUTHENTICATE,
                          pool_dup(visit_pool(r->v), l->fields[i].value));
}

static int opinion(struct auth_run *r)
{
    int status = r->sub->x->res.status;

    set_variables(r);
    if (status == 401)
        take_challenges(r);
    if (status == 401 || status == 403)
        return status;
    if (status >= 200 && status < 300)
        return ACCESS_GRANTED;
    log_write(&r->v->x->log, LOG_ERROR, "auth request unexpected status: %d", status);
    return 500;
}

static void on_end(struct subrequest *s)
{
    struct auth_run *r = s->user;
    struct visit *v = r->v;
    enum step_result result;

    if (v->is_answered) {
        subrequest_release(&r->sub);
        return;
    }
    v->is_running = true;
    result = access_weigh(v, opinion(r));
    v->is_running = false;
    subrequest_release(&r->sub);
    phases_resume(v, result);
}

enum step_result auth_request_start(struct visit *v, const struct access_conf *c)
{
    struct subrequest_options o = {
        .method = METHOD_GET, .path = c->auth_path, .vars = SUBREQUEST_SHARED_VARS};
    struct auth_run *r = pool_new(visit_pool(v), struct auth_run);

    r->v = v;
    r->conf = c;
    r->sub = subrequest_new(v, &o);
    if (!r->sub)
        return phases_finish_status(v, 500);
    r->sub->on_end = on_end;
    r->sub->user = r;
    subrequest_start(r->sub);
    return STEP_WAIT;
}

/* The steps of the rewrite module, by nginx's rules.
 *
 * A URI that was changed by `rewrite` is looked up again when the phase ends, which phases.c does
 * and counts (ten times at most); `break` keeps the location. To add a directive of the module: a
 * step here, its compiler in directives/rewrite.c. */
#include "app/rewrite.h"

#include <sys/stat.h>

#include "app/conf.h"
#include "app/files/static_redirect.h"
#include "app/files/static_send.h"
#include "app/lua/lua_step.h"
#include "app/phases.h"
#include "app/visit.h"
#include "base/check.h"
#include "base/encode.h"
#include "proto/status.h"

/* --- the list --- */

void rewrite_block_add(struct rewrite_block *b, step_fn run, const void *arg, unsigned line)
{
    location_add_step(b->loc, b->phase, run, arg, line);
}

unsigned *rewrite_block_break(struct rewrite_block *b)
{
    if (!b->end)
        b->end = pool_new(&b->loc->conf->pool, unsigned);
    return b->end;
}

/* Lua behind the rewrites does not see a URI whose location is about to be looked for. */
static enum step_result skip_when_changed(struct visit *v, const struct step *s)
{
    UNUSED(s);
    return v->is_uri_changed ? STEP_SKIP_PHASE : STEP_NEXT;
}

void rewrite_block_end(struct rewrite_block *b)
{
    const struct step_list *list = &b->loc->steps[b->phase];

    if (b->end)
        *b->end = list->n;
    if (b->has_rewrite && b->phase == PHASE_REWRITE)
        rewrite_block_add(b, skip_when_changed, NULL, 0);
    for (struct rewrite_if *it = b->ifs; it; it = it->next) {
        it->loc->steps[PHASE_REWRITE] = (struct step_list){0};
        for (unsigned i = 0; i < list->n; i++)
            location_add_step(it->loc, PHASE_REWRITE, list->steps[i].run, list->steps[i].arg,
                              list->steps[i].line);
        if (it->rewrite_by_lua)
            location_add_step(it->loc, PHASE_REWRITE, lua_step_rewrite, it->rewrite_by_lua, 0);
    }
}

/* --- set, break --- */

enum step_result rewrite_step_set(struct visit *v, const struct step *s)
{
    const struct rewrite_set_step *set = s->arg;

    if (!set->variable->set(v, set->variable, script_eval(set->value, v)))
        log_write(&v->x->log, LOG_ERROR, "invalid value of \"$" SLICE_FMT "\"",
                  SLICE_ARG(set->variable->name));
    return STEP_NEXT;
}

/* Goes on with the step of that number. */
static enum step_result jump(struct visit *v, unsigned to)
{
    v->step = to - 1;
    return STEP_NEXT;
}

enum step_result rewrite_step_break(struct visit *v, const struct step *s)
{
    v->is_uri_changed = false;
    return jump(v, *(const unsigned *)s->arg);
}

/* --- rewrite_log --- */

static enum captures_found match(struct visit *v, const struct rewrite_pattern *p,
                                 struct slice subject)
{
    enum captures_found found = captures_match(v, p->regex, p->names, subject);

    if (v->loc->logs_rewrites && found != CAPTURES_FAILED)
        log_write(&v->x->log, LOG_NOTICE, "\"" SLICE_FMT "\" %s \"" SLICE_FMT "\"",
                  SLICE_ARG(p->text), found == CAPTURES_SET ? "matches" : "does not match",
                  SLICE_ARG(subject));
    return found;
}

/* --- if --- */

static bool test_file(const struct rewrite_condition *c, struct visit *v)
{
    struct stat st;
    char *path = pool_strdup(visit_pool(v), script_eval(c->left, v));

    if (stat(path, &st) != 0)
        return false;
    switch (c->test) {
    case REWRITE_FILE:
        return S_ISREG(st.st_mode);
    case REWRITE_DIR:
        return S_ISDIR(st.st_mode);
    case REWRITE_EXECUTABLE:
        return (st.st_mode & S_IXUSR) != 0;
    default:
        return true;
    }
}

/* False: a regular expression failed, so that nobody knows. */
static bool test_condition(const struct rewrite_condition *c, struct visit *v, bool *holds_out)
{
    enum captures_found found;
    struct slice left;

    switch (c->test) {
    case REWRITE_IS_TRUE:
        left = script_eval(c->left, v);
        *holds_out = left.n > 0 && !slice_eq(left, SLICE("0"));
        return true;
    case REWRITE_EQUAL:
    case REWRITE_NOT_EQUAL:
        left = script_eval(c->left, v);
        *holds_out = slice_eq(left, script_eval(c->right, v)) == (c->test == REWRITE_EQUAL);
        return true;
    case REWRITE_MATCH:
    case REWRITE_NO_MATCH:
        found = match(v, &c->pattern, script_eval(c->left, v));
        *holds_out = (found == CAPTURES_SET) == (c->test == REWRITE_MATCH);
        return found != CAPTURES_FAILED;
    case REWRITE_FILE:
    case REWRITE_DIR:
    case REWRITE_EXISTS:
    case REWRITE_EXECUTABLE:
        break;
    }
    *holds_out = test_file(c, v) != c->is_negated;
    return true;
}

/* The list of the location that the body brings is the same one, so the step's number stays right.
 */
enum step_result rewrite_step_if(struct visit *v, const struct step *s)
{
    const struct rewrite_if_step *i = s->arg;
    bool holds;

    if (!test_condition(&i->condition, v, &holds))
        return phases_finish_status(v, 500);
    if (!holds)
        v->step += i->skip;
    else if (i->loc)
        phases_use_location(v, i->loc);
    return STEP_NEXT;
}

/* --- redirects --- */

static enum step_result redirect(struct visit *v, struct slice target, int status)
{
    struct buf out = BUF_EMPTY;

    encode_percent(&out, target, ENCODE_VISIBLE);
    static_redirect_set_location(v, pool_dup(visit_pool(v), buf_slice(&out)));
    buf_free(&out);
    return phases_finish_status(v, status);
}

/* --- return --- */

enum step_result rewrite_step_return(struct visit *v, const struct step *s)
{
    const struct rewrite_return_step *r = s->arg;
    struct response *res = &v->x->res;

    if (r->is_redirect)
        return redirect(v, script_eval(r->text, v), r->status);
    if (r->status >= 300 && !r->has_text)
        return phases_finish_status(v, r->status);
    /* Within an error page the status is the error's, unless error_page said otherwise. */
    if (!v->error_status || res->status == 0)
        res->status = r->status;
    if (status_can_have_body(r->status))
        static_send_type(v);
    exchange_respond(v->x, script_eval(r->text, v));
    return STEP_DONE;
}

/* --- rewrite --- */

static void add_text(struct visit *v, const struct rewrite_text *t, bool is_url, struct buf *out)
{
    for (unsigned i = 0; i < t->n; i++) {
        struct slice value = script_eval(t->pieces[i].script, v);

        if (is_url && t->pieces[i].is_capture)
            encode_percent(out, value, ENCODE_VALUE);
        else
            buf_add_slice(out, value);
    }
}

/* The new query; p == NULL: none. */
static struct slice new_query(struct visit *v, const struct rewrite_rule *r)
{
    struct slice old = v->x->req.query, query;
    struct buf out = BUF_EMPTY;

    if (!r->has_query)
        return r->keeps_args ? old : slice_of(NULL, 0);
    add_text(v, &r->query, true, &out);
    if (r->keeps_args && old.p && old.n > 0) {
        if (out.n > 0)
            buf_add_char(&out, '&');
        buf_add_slice(&out, old);
    }
    query = pool_dup(visit_pool(v), buf_slice(&out));
    buf_free(&out);
    return query;
}

static enum step_result redirect_by(struct visit *v, const struct rewrite_rule *r)
{
    struct slice query = new_query(v, r), target;
    struct buf out = BUF_EMPTY;

    add_text(v, &r->path, true, &out);
    if (query.p && query.n > 0) {
        buf_add_char(&out, '?');
        buf_add_slice(&out, query);
    }
    target = pool_dup(visit_pool(v), buf_slice(&out));
    buf_free(&out);
    if (v->loc->logs_rewrites)
        log_write(&v->x->log, LOG_NOTICE, "rewritten redirect: \"" SLICE_FMT "\"",
                  SLICE_ARG(target));
    return redirect(v, target, r->status);
}

static bool change_uri(struct visit *v, const struct rewrite_rule *r)
{
    struct request *req = &v->x->req;
    struct slice query = new_query(v, r);
    struct buf out = BUF_EMPTY;

    add_text(v, &r->path, false, &out);
    if (out.n == 0) {
        log_write(&v->x->log, LOG_ERROR, "the rewritten URI has a zero length");
        return false;
    }
    req->path = pool_dup(visit_pool(v), buf_slice(&out));
    req->query = query;
    if (v->loc->logs_rewrites)
        log_write(&v->x->log, LOG_NOTICE,
                  "rewritten data: \"" SLICE_FMT "\", args: \"" SLICE_FMT "\"",
                  SLICE_ARG(req->path), SLICE_ARG(query));
    v->is_internal = true;
    buf_free(&out);
    return true;
}

enum step_result rewrite_step_rewrite(struct visit *v, const struct step *s)
{
    const struct rewrite_rule *r = s->arg;
    enum captures_found found = match(v, &r->pattern, v->x->req.path);

    if (found != CAPTURES_SET)
        return found == CAPTURES_NONE ? STEP_NEXT : phases_finish_status(v, 500);
    if (r->flag == REWRITE_REDIRECT)
        return redirect_by(v, r);
    if (!change_uri(v, r))
        return phases_finish_status(v, 500);
    switch (r->flag) {
    case REWRITE_LAST:
        v->is_uri_changed = true;
        return v->phase == PHASE_SERVER_REWRITE ? STEP_SKIP_PHASE : STEP_RESTART;
    case REWRITE_BREAK:
        v->is_uri_changed = false;
        return jump(v, *r->end);
    case REWRITE_GO_ON:
        v->is_uri_changed = true;
        return STEP_NEXT;
    case REWRITE_REDIRECT:
        break;
    }
    return STEP_DONE;
}

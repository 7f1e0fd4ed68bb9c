/* Small answers that need no handler: stub_status, empty_gif. */
#include "app/directives/directives.h"
#include "app/directives/tables.h"
#include "app/files/static_send.h"
#include "app/phases.h"
#include "app/server_counts.h"
#include "proto/method.h"

#define GROUP "Answers"

enum { GIF_MODIFIED = 23349600 }; /* nginx's */

/* One transparent pixel. */
static const unsigned char gif[] = {
    'G',  'I',  'F',  '8',  '9',  'a',  0x01, 0x00, 0x01, 0x00, 0x80, 0x01, 0x00, 0x00, 0x00,
    0x00, 0xff, 0xff, 0xff, 0x21, 0xf9, 0x04, 0x01, 0x00, 0x00, 0x01, 0x00, 0x2c, 0x00, 0x00,
    0x00, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00, 0x02, 0x02, 0x4c, 0x01, 0x00, 0x3b};

static enum step_result gif_step(struct visit *v, const struct step *s)
{
    struct exchange *x = v->x;
    int status;

    UNUSED(s);
    if (x->req.method != METHOD_GET && x->req.method != METHOD_HEAD)
        return phases_finish_status(v, 405);
    x->res.last_modified = GIF_MODIFIED;
    status = static_send_conditions(v, SLICE_EMPTY, GIF_MODIFIED);
    if (status == 412)
        return phases_finish_status(v, status);
    x->res.status = status ? status : 200;
    header_set_id(&x->res.headers, visit_pool(v), HEADER_CONTENT_TYPE, SLICE("image/gif"));
    exchange_respond(x, status ? SLICE_EMPTY : slice_of((const char *)gif, sizeof(gif)));
    return STEP_DONE;
}

static enum step_result status_step(struct visit *v, const struct step *s)
{
    struct server_stats all;

    UNUSED(s);
    if (v->x->req.method != METHOD_GET && v->x->req.method != METHOD_HEAD)
        return phases_finish_status(v, 405);
    server_counts_get(&all);
    v->x->res.status = 200;
    header_set_id(&v->x->res.headers, visit_pool(v), HEADER_CONTENT_TYPE, SLICE("text/plain"));
    exchange_respond(v->x,
                     pool_printf(visit_pool(v),
                                 "Active connections: %u \nserver accepts handled requests\n"
                                 " %llu %llu %llu \nReading: %u Writing: %u Waiting: %u \n",
                                 all.active, (unsigned long long)all.accepted,
                                 (unsigned long long)all.accepted, (unsigned long long)all.requests,
                                 all.reading, all.writing, all.waiting));
    return STEP_DONE;
}

/* The later of two contents of a block takes the place of the other, as nginx does it. */
static void set_content(struct apply *a, const struct config_node *node, step_fn run)
{
    a->own[SLOT_CONTENT] = node;
    a->loc->steps[PHASE_CONTENT] = (struct step_list){0};
    location_add_step(a->loc, PHASE_CONTENT, run, NULL, node->line);
}

static bool set_gif(void *ctx, const struct config_node *node, struct config_error *e)
{
    UNUSED(e);
    set_content(ctx, node, gif_step);
    return true;
}

static bool set_status(void *ctx, const struct config_node *node, struct config_error *e)
{
    UNUSED(e);
    set_content(ctx, node, status_step);
    return true;
}

static const struct directive table[] = {
    {.name = "stub_status",
     .contexts = CTX_SERVER | CTX_LOCATION | CTX_IF_LOCATION,
     .min_args = 0,
     .max_args = 1,
     .group = GROUP,
     .syntax = "stub_status;",
     .doc = "Answers with how many connections there are, have been accepted, and what they do, of "
            "all workers, in nginx's form. `$connections_active`, `$connections_reading`, "
            "`$connections_writing` and `$connections_waiting` are the same figures.",
     .apply = set_status},
    {.name = "empty_gif",
     .contexts = CTX_LOCATION | CTX_IF_LOCATION,
     .group = GROUP,
     .syntax = "empty_gif;",
     .doc = "Answers with a transparent picture of one pixel.",
     .apply = set_gif},
};

void directives_answers_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}

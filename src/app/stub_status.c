/* Apart from the counts, which variables tell as well: a step stands above the phases. */
#include "app/stub_status.h"

#include "app/phases.h"
#include "app/server_counts.h"
#include "app/visit.h"
#include "proto/method.h"

enum step_result stub_status_step(struct visit *v, const struct step *s)
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

/* What was read is compared with what might have been since the head came, with a little in
 * advance, so that small answers need no timer. */
#include "app/proxy/proxy_pace.h"

#include "app/variables/script.h"
#include "base/clock.h"
#include "base/num.h"

enum { PACE_MS = 100, TURN_MOST = 32 };

uint64_t proxy_pace_rate(const struct proxy *p)
{
    int64_t rate;
    struct slice text = p->conf->limit_rate ? script_eval(p->conf->limit_rate, p->v) : SLICE_EMPTY;

    return num_parse_size(text, &rate) ? (uint64_t)rate : 0;
}

bool proxy_pace_holds(struct proxy *p)
{
    uint64_t allowed = p->rate * (clock_ms() - p->up->head_ms + PACE_MS) / 1000;

    if (!p->rate || p->up->body_received < allowed || p->up->state == CLIENT_DONE)
        return false;
    timer_start(&p->pace, (p->up->body_received - allowed) * 1000 / p->rate + 1);
    return true;
}

bool proxy_pace_yields(struct proxy *p, int pieces)
{
    if (pieces < TURN_MOST)
        return false;
    timer_start(&p->pace, 0);
    return true;
}

/* The end of a session has one reason, the first. */
#include "proto/h2_state.h"

#include <nghttp2/nghttp2.h>
#include <stdio.h>

#include "base/check.h"
#include "base/mem.h"

enum { RESETS_KEPT = 256 };

void h2_state_calm(struct h2_session *s, const char *what)
{
    if (s->reason)
        return;
    (void)snprintf(s->text, sizeof(s->text), "too many %s", what);
    s->reason = s->text;
    h2_state_set(s, H2_IS_FLOODED, true);
    (void)nghttp2_session_terminate_session(s->ng, NGHTTP2_ENHANCE_YOUR_CALM);
}

void h2_state_blame(struct h2_session *s, uint32_t code, const char *why)
{
    if (s->reason)
        return;
    s->reason = why;
    (void)nghttp2_session_terminate_session(s->ng, code);
}

void h2_state_count(struct h2_session *s, enum h2_flood_kind kind)
{
    if (!h2_flood_count(&s->flood, kind, s->now))
        h2_state_calm(s, h2_flood_name(kind));
}

void h2_state_fail(struct h2_session *s, ssize_t r)
{
    if (s->reason)
        return;
    if (r == NGHTTP2_ERR_NOMEM)
        PANIC("out of memory");
    if (r <= NGHTTP2_ERR_FLOODED) { /* or one of the later ones, which older headers do not name */
        h2_state_calm(s, "frames at once");
        return;
    }
    h2_state_blame(s, NGHTTP2_PROTOCOL_ERROR, nghttp2_strerror((int)r));
}

void *h2_state_stream(struct h2_session *s, int32_t id)
{
    if (id != s->last_id) {
        s->last_stream = nghttp2_session_get_stream_user_data(s->ng, id);
        s->last_id = s->last_stream ? id : 0;
    }
    return s->last_stream;
}

void h2_state_remember_reset(struct h2_session *s, int32_t id)
{
    if (!s->resets)
        s->resets = mem_alloc(RESETS_KEPT * sizeof(*s->resets));
    s->resets[s->n_resets++ % RESETS_KEPT] = id;
}

bool h2_state_is_our_reset(const struct h2_session *s, int32_t id)
{
    if (s->n_resets > RESETS_KEPT)
        return true;
    for (uint32_t i = 0; i < s->n_resets; i++)
        if (s->resets[i] == id)
            return true;
    return false;
}

/* What nghttp2 tells, passed on as events of the session. Internal to the session. */
#ifndef PROTO_H2_EVENTS_H
#define PROTO_H2_EVENTS_H

#include "proto/h2_state.h"

struct nghttp2_session_callbacks;

/* The callbacks for a session, whose user pointer is the struct h2_session; never freed. */
struct nghttp2_session_callbacks *h2_events_callbacks(void);

#endif

/* What a session sends: heads, trailers, data as it is asked for. Internal to the session. */
#ifndef PROTO_H2_SUBMIT_H
#define PROTO_H2_SUBMIT_H

#include "proto/h2_state.h"

/* Writes the frames that can go; from within an event: nothing. */
void h2_submit_flush(struct h2_session *s);

/* The head of an answer to stream `id`; see h2_session_respond. Here and below what was queued is
 * flushed before return. */
void h2_submit_response(struct h2_session *s, int32_t id, int status, const struct header_list *l,
                        bool has_body);

/* A head with a status below 200. */
void h2_submit_inform(struct h2_session *s, int32_t id, int status, const struct header_list *l);

/* Trailers, from inside on_pull. */
void h2_submit_trailers(struct h2_session *s, const struct header_list *l);

/* The head of a request; the id of its stream, 0: none is left. */
int32_t h2_submit_request(struct h2_session *s, const struct h2_request *r, bool has_body,
                          void *stream);

#endif

/* Frames as they come in, before nghttp2 sees them: where each ends, which kinds floods are made
 * of, what nghttp2 would let pass. Internal to the session. */
#ifndef PROTO_H2_LOOK_H
#define PROTO_H2_LOOK_H

#include "proto/h2_state.h"

/* How much of `in` belongs to the current frame, or to the next when none is. While s->head_n is
 * not 0 the head of a frame is incomplete, and its bytes are in s->head. */
size_t h2_look_next_piece(struct h2_session *s, struct slice in);

#endif

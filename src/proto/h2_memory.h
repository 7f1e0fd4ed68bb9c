/* Where nghttp2's sessions of servers have their memory. */
#ifndef PROTO_H2_MEMORY_H
#define PROTO_H2_MEMORY_H

#include "base/base.h"

struct nghttp2_option;
struct nghttp2_session;
struct nghttp2_session_callbacks;

/* A server's session, to be freed by nghttp2_session_del. Its output is to be fetched to the end
 * each time, and no other session's meanwhile. */
struct nghttp2_session *h2_memory_new_server(const struct nghttp2_session_callbacks *callbacks,
                                             const struct nghttp2_option *option, void *user);

#endif

/* HTTP/2 as a client: many exchanges beside each other on one connection (RFC 9113).
 *
 * Flow control follows the readers: a response that nobody reads stops its own stream (h2_stream).
 * A response that ends before its length is err_truncated, one that breaks a rule err_protocol; a
 * stream that the server has reset is client_err_stream_reset. What the server has certainly not
 * looked at (REFUSED_STREAM, streams beyond a GOAWAY) the owner is told by on_lost. */
#ifndef HTTP_CLIENT_H2_H
#define HTTP_CLIENT_H2_H

#include "http/client/client_conn.h"
#include "http/client/client_dial.h"
#include "proto/h2_session.h"

struct client_h2_options {
    struct h2_options session; /* max_streams: that we have open, whatever the server allows */
    uint64_t ping_interval;    /* ms of silence, with streams open, before a PING; 0: never */
    uint64_t ping_timeout;     /* ms until it must be answered */
};

/* What a server may do to us costs less than what we ask of it: the limits are wide. What it sends
 * on a stream before it hears of our reset, and what gives room to small frames, may be many. */
#define CLIENT_H2_FLOOD                                                                            \
    {                                                                                              \
        [H2_FLOOD_SETTINGS] = 100, [H2_FLOOD_PINGS] = 1000, [H2_FLOOD_EMPTY] = 1000,               \
        [H2_FLOOD_PRIORITIES] = 1000, [H2_FLOOD_WINDOWS] = 50000, [H2_FLOOD_FRAGMENTS] = 16,       \
        [H2_FLOOD_CLOSED] = 50000                                                                  \
    }

/* Is HTTP/2 what was agreed on, or known, for this stream? */
bool client_h2_is_agreed(const struct client_way *way, const struct stream *s);

/* A free connection that speaks HTTP/2 on `s`, which it owns from now on. `options` are borrowed.
 */
struct client_conn *client_h2_open(struct stream *s, const struct client_h2_options *options,
                                   const struct client_conn_owner *owner, void *user);

#endif

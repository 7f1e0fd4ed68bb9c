/* HTTP/2 framing, one side of one connection (RFC 9113): bytes in, events; answers in, bytes out.
 * Pure: no sockets, no clock. Wraps nghttp2.
 *
 * Events are calls into a table. They come from inside h2_session_receive and h2_session_send only.
 * A callback may note what happened and may call what is marked (any time); everything else waits
 * until the call has returned. */
#ifndef PROTO_H2_SESSION_H
#define PROTO_H2_SESSION_H

#include "base/slice.h"
#include "proto/h2_flood.h"
#include "proto/header.h"

enum h2_code {
    H2_NO_ERROR,
    H2_PROTOCOL_ERROR,
    H2_INTERNAL_ERROR,
    H2_REFUSED_STREAM = 7,
    H2_CANCEL = 8,
    H2_ENHANCE_YOUR_CALM = 11,
    H2_HTTP_1_1_REQUIRED = 13,
};

/* What a callback that offers data answers. */
enum h2_pull {
    H2_PULL_SOME,  /* *n bytes are there */
    H2_PULL_LAST,  /* they are the last */
    H2_PULL_AGAIN, /* none now: h2_session_resume */
    H2_PULL_FULL,  /* the output is full: no data of any stream until h2_session_send is called anew
                    */
};

struct h2_events {
    /* Of a server: a head begins on a new stream; what is returned stands for the stream from now
     * on. */
    void *(*on_head)(void *user, int32_t id);
    /* A field of a head or of trailers; pseudo-fields begin with ':'. Slices end with the call.
     * False: malformed, the stream is reset. */
    bool (*on_field)(void *user, void *stream, struct slice name, struct slice value);
    /* The head, or the trailers, are complete; they took `wire` bytes. `is_too_large`: fields were
     * left out. */
    void (*on_head_end)(void *user, void *stream, bool is_trailers, bool is_too_large, size_t wire);
    /* Of a client: a frame of data begins, `n` bytes, the last of its stream or not. Not for padded
     * ones. May be NULL. */
    void (*on_data_head)(void *user, void *stream, size_t n, bool is_last);
    void (*on_data)(void *user, void *stream, struct slice data);
    void (*on_end)(void *user, void *stream); /* the peer's side has ended well */
    /* The last event of a stream; `is_by_peer`: it has reset it. */
    void (*on_close)(void *user, void *stream, uint32_t code, bool is_by_peer);
    void (*on_end_sent)(void *user, void *stream); /* our side has ended well */
    /* Of a server: a head or trailers are too long to be sent; the stream is reset. May be NULL. */
    void (*on_head_unsent)(void *user, void *stream);
    void (*on_pong)(void *user);
    void (*on_settings)(void *user);                                 /* the peer's; may be NULL */
    void (*on_goaway)(void *user, uint32_t code, struct slice text); /* the peer's; may be NULL */
    void (*on_goaway_sent)(void *user, uint32_t code, struct slice text); /* code: enum h2_code */
    /* Data for a frame of at most `most` bytes: how much is there, in *n. May call
     * h2_session_trailers when it says that the stream is at its last. */
    enum h2_pull (*on_pull)(void *user, void *stream, size_t most, size_t *n);
    /* Bytes for the peer. */
    void (*on_output)(void *user, struct slice bytes);
    /* A frame of data for the peer: `head`, then `n` bytes of the stream. False: they cannot be
     * had; nothing was written, the stream is reset. */
    bool (*on_output_data)(void *user, void *stream, struct slice head, size_t n);
};

struct h2_options {
    uint32_t max_streams;       /* that the peer may have open */
    uint32_t stream_window;     /* bytes a peer may send on a stream before they are consumed */
    uint32_t connection_window; /* same, over all streams */
    uint32_t header_list; /* largest head, as RFC 9113 section 6.5.2 counts; beyond: dropped, and
                             beyond four times that the connection ends */
    uint32_t flood[H2_FLOOD_KIND_COUNT];
};

/* What a client asks for; slices are used before h2_session_request returns. */
struct h2_request {
    struct slice method, scheme, authority, path;
    struct slice protocol; /* of an extended CONNECT (RFC 8441); empty: none */
    const struct header_list *headers;
};

struct h2_session;

/* The server's side; its SETTINGS are ready to be sent. `options` and `events` are borrowed. */
struct h2_session *h2_session_new(const struct h2_options *options, const struct h2_events *events,
                                  void *user, uint64_t now_ms);

/* The client's side; the same. Pushed streams are refused. */
struct h2_session *h2_session_new_client(const struct h2_options *options,
                                         const struct h2_events *events, void *user,
                                         uint64_t now_ms);

/* Frees; no events. Clears the pointer. */
void h2_session_free(struct h2_session **s);

/* The connection was upgraded from HTTP/1.1: takes the decoded HTTP2-Settings; stream 1 is there,
 * ended by the peer. False: they are malformed. */
bool h2_session_upgrade(struct h2_session *s, struct slice settings, bool is_head, void *stream);

/* Takes the first bytes off *in: at most to the end of one frame. False: the connection is over;
 * h2_session_send has what the peer shall be told, *in is of no use any more. */
bool h2_session_receive(struct h2_session *s, struct slice *in, uint64_t now_ms);

/* "COMPRESSION_ERROR" for an error code (RFC 9113 section 7). */
const char *h2_session_code_name(uint32_t code);

/* Why the connection is over, for a log line; NULL: it is not. */
const char *h2_session_reason(const struct h2_session *s);

/* Is it over because the peer asked for too much (ENHANCE_YOUR_CALM)? */
bool h2_session_is_flooded(const struct h2_session *s);

/* Writes the frames that can go. Within an event: nothing. */
void h2_session_send(struct h2_session *s);

/* Has h2_session_send something to write? */
bool h2_session_has_output(const struct h2_session *s);

/* Neither side wants anything any more: close. */
bool h2_session_is_over(const struct h2_session *s);

/* Is a head incomplete, or has the peer's preface not come? */
bool h2_session_is_mid_head(const struct h2_session *s);

/* Sends a head, and with it what else can go. With `has_body` on_pull is asked for the data;
 * without, the stream ends with the head. Fields that HTTP/2 does not have (Connection …) are left
 * out. They are used before it returns. (any time) */
void h2_session_respond(struct h2_session *s, int32_t id, int status, const struct header_list *l,
                        bool has_body);

/* Sends a head with a status below 200 (any time). */
void h2_session_inform(struct h2_session *s, int32_t id, int status, const struct header_list *l);

/* Sends trailers behind the data of the stream that on_pull is asked for; to be called by on_pull
 * only. That may be before h2_session_request has told the stream's id. */
void h2_session_trailers(struct h2_session *s, const struct header_list *l);

/* Sends the head of a request on a new stream, which `stream` stands for, and with it what else can
 * go; `has_body` and fields as for h2_session_respond, `TE` goes when it says "trailers". The
 * stream's id; 0: there can be none. */
int32_t h2_session_request(struct h2_session *s, const struct h2_request *r, bool has_body,
                           void *stream);

/* Sends a PING; on_pong follows when it is answered (any time). */
void h2_session_ping(struct h2_session *s);

/* There is data again after H2_PULL_AGAIN (any time). */
void h2_session_resume(struct h2_session *s, int32_t id);

/* Ends a stream (any time). */
void h2_session_reset(struct h2_session *s, int32_t id, enum h2_code code);

/* `n` bytes of a stream's data are used up: its window opens (any time). */
void h2_session_consume(struct h2_session *s, int32_t id, size_t n);

/* Same for the window of the connection (any time). */
void h2_session_consume_shared(struct h2_session *s, size_t n);

/* Does the peer's flow control stop this stream? */
bool h2_session_is_stopped(const struct h2_session *s, int32_t id);

/* First step of a graceful end: new streams are still taken, but the peer is told to stop; a PING
 * shows by on_pong that it knows (any time). */
void h2_session_shutdown_notice(struct h2_session *s);

/* The end: streams begun later are not taken. With an error nothing else happens on the connection
 * (any time). */
void h2_session_goaway(struct h2_session *s, enum h2_code code);

/* --- of a client, about its peer --- */

/* Does it still take requests on new streams? */
bool h2_session_takes_requests(const struct h2_session *s);

/* Have its SETTINGS come? */
bool h2_session_has_settings(const struct h2_session *s);

/* How many streams it lets us have open; the initial value before its SETTINGS have come. */
uint32_t h2_session_max_streams(const struct h2_session *s);

/* Does it take extended CONNECTs (RFC 8441)? */
bool h2_session_allows_protocols(const struct h2_session *s);

#endif

/* A WebSocket at work on a stream, as server or client: messages in and out, pings answered, the
 * closing handshake, heartbeats, limits (RFC 6455 sections 5 to 7).
 *
 * Messages are taken, not pushed. While nobody asks, the connection reads on until one message is
 * waiting, so that pings are answered and a close is seen; then it stops reading, and the peer is
 * slowed down. Callbacks come from the loop only, none after ws_conn_release. */
#ifndef HTTP_WS_CONN_H
#define HTTP_WS_CONN_H

#include "base/err.h"
#include "http/ws/ws_options.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "net/outq.h"
#include "proto/ws_messages.h"

enum ws_state {
    WS_OPEN,
    WS_CLOSING, /* our close frame is on its way, the peer's has not come */
    WS_LINGER,  /* over; output goes out, input is dropped until the peer ends */
    WS_DEAD,    /* the stream is closed */
};

enum ws_taken { WS_TAKEN_MESSAGE, WS_TAKEN_WAIT, WS_TAKEN_END };

struct ws_conn;
struct ws_buffer;

/* A message that was taken, or a piece of one. */
struct ws_taken_message {
    struct slice data; /* valid until the next call or return to the loop */
    bool is_binary;
    bool is_last; /* the message ends with it; always so unless options.is_by_piece */
};

struct ws_conn_user {
    void (*on_message)(struct ws_conn *c); /* once after WS_TAKEN_WAIT: taking is worth a try */
    void (*on_pong)(struct ws_conn *c, struct slice payload);
    void (*on_drained)(struct ws_conn *c); /* once after ws_conn_send was false */
    void (*on_closed)(struct ws_conn *c);  /* once: no message will come any more but those that
                                              wait, none can be sent */
};

/* Connections that end together; zeroed it has none. */
struct ws_set {
    unsigned n;
    bool is_draining;                     /* who joins is closed at once */
    void (*on_empty)(struct ws_set *set); /* the last one has died; NULL: nobody cares */
};

struct ws_conn {
    struct list node;
    struct ws_set *set;               /* NULL: none */
    const struct ws_options *options; /* shared */
    const struct ws_conn_user *callbacks;
    void *user;
    struct stream *stream; /* NULL: WS_DEAD */
    struct ws_deflate *deflate;
    struct ws_buffer *in;  /* what is being read; NULL between two messages */
    const struct err *err; /* why it ended without a close frame; NULL: it did not */
    struct buf *reason;    /* of the peer's close frame; NULL: none */
    uint16_t code;         /* of the peer's close frame; WS_CODE_ABNORMAL when there was none */
    uint8_t state;         /* enum ws_state */
    uint8_t watched;
    bool is_waiting; /* somebody waits for a message */
    bool is_waiting_drained;
    bool has_pending;  /* `in` has a message that was not taken */
    bool is_released;  /* nobody cares any more; frees itself */
    bool has_pinged;   /* a heartbeat's ping is out */
    bool has_shut;     /* our side of the stream has ended */
    bool has_eof;      /* the peer's side has */
    bool has_deadline; /* the timer is that of the closing handshake */
    struct outq out;
    struct loop_call flush;
    struct timer timer;
    uint64_t last_read; /* clock_ms */
};

_Static_assert(sizeof(struct ws_conn) <= 200, "one per idle connection");

/* A connection over `stream` (owned from now on), with `in`, input that was read already (taken,
 * may be NULL), and `out`, output that goes first (moved, may be NULL). The options are copied. */
struct ws_conn *ws_conn_open(struct stream *stream, struct buf *in, struct outq *out,
                             const struct ws_options *options);

/* Takes the next message; *message_out is set with WS_TAKEN_MESSAGE only. */
enum ws_taken ws_conn_take(struct ws_conn *c, struct ws_taken_message *message_out);

/* Queues a message (WS_TEXT, WS_BINARY), sent within this turn. False: the peer is slow,
 * wait for on_drained before sending more; or the connection is no longer open, see c->state. */
bool ws_conn_send(struct ws_conn *c, enum ws_opcode opcode, struct slice data);

/* The same for a piece of a message, uncompressed: WS_TEXT or WS_BINARY for the first one, then
 * WS_CONTINUATION; until the last one nothing else but control frames may be sent. */
bool ws_conn_send_piece(struct ws_conn *c, enum ws_opcode opcode, bool is_last, struct slice data);

/* Queues frames that were encoded before, for many connections at once; same answer. Servers only,
 * without compression contexts of their own. */
bool ws_conn_send_encoded(struct ws_conn *c, struct slice frames);

/* Queues a ping or an unasked pong; at most WS_CONTROL_MOST bytes. */
void ws_conn_send_control(struct ws_conn *c, enum ws_opcode opcode, struct slice payload);

/* Begins the closing handshake; `code` must be sendable, or WS_CODE_NONE; at most 123 bytes of
 * reason. Messages that wait or come until the peer's answer are dropped. Nothing when it is not
 * open. on_closed follows. */
void ws_conn_close(struct ws_conn *c, unsigned code, struct slice reason);

/* Gives the connection up and clears the pointer. What is queued still goes out, within
 * close_timeout; an open one is closed as going away first. */
void ws_conn_release(struct ws_conn **c);

/* Ends it at once (RST); no on_closed follows. */
void ws_conn_abort(struct ws_conn *c, const struct err *why);

/* Connections of the process that are not dead. */
unsigned ws_conn_count(void);

/* Makes a connection one of `set`, which must outlive it or be dissolved. Once, and not when it is
 * dead. */
void ws_conn_join(struct ws_conn *c, struct ws_set *set);

/* Closes every connection of `set` as going away (1001), also those that join later; NULL: of the
 * process, as they are now. */
void ws_conn_drain(struct ws_set *set);

/* The same, and the set has none any more. No callback of it follows. */
void ws_conn_dissolve(struct ws_set *set);

/* `fn` is called when a connection has died; NULL: nobody. */
void ws_conn_on_gone(void (*fn)(void));

/* Is more queued than the watermark? */
bool ws_conn_is_congested(const struct ws_conn *c);

#endif

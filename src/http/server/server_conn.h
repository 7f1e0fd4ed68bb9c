/* One accepted connection: its stream, input, output, deadline. What is spoken on it is the
 * protocol's business.
 *
 * A connection is closed at once and freed at the end of the turn, so callers may go on after an
 * upcall by looking at `stream` (NULL: closed). Internal to the server's files. */
#ifndef HTTP_SERVER_CONN_H
#define HTTP_SERVER_CONN_H

#include <netinet/in.h>

#include "base/buf.h"
#include "base/list.h"
#include "base/log.h"
#include "http/conn_input.h"
#include "http/exchange_transport.h"
#include "http/server/server.h"
#include "http/server/server_stats.h"
#include "loop/loop.h"
#include "loop/timer.h"
#include "net/outq.h"
#include "net/stream.h"
#include "proto/http1_parse.h"

/* Nginx's words, in the log of whichever protocol. */
#define SEND_TIMED_OUT "client timed out (110: Connection timed out) while sending to client"

/* Of a file that fails while it is being sent; an argument: why. */
#define BODY_UNREAD "a response body could not be read: %s"

enum server_conn_wait {
    CONN_WAIT_NONE,
    CONN_WAIT_PROXIED, /* for the header of the PROXY protocol */
    CONN_WAIT_HEAD,
    CONN_WAIT_KEEPALIVE,
    CONN_WAIT_CROSSING, /* as the server ends: for a request that is on its way already */
    CONN_WAIT_BODY,
    CONN_WAIT_SEND,
    CONN_WAIT_PACE,
    CONN_WAIT_PEER,
    CONN_WAIT_LINGER,
    CONN_WAIT_LAST_CALL, /* HTTP/2: for requests that crossed the notice of our end */
};

struct server_conn;

/* Filled by the protocol. Called from the loop only. */
struct server_conn_protocol {
    void (*on_readable)(struct server_conn *c);
    void (*on_work)(struct server_conn *c); /* after every event, and when scheduled: go on with
                                               what can be done, flush */
    void (*on_expired)(struct server_conn *c, enum server_conn_wait what);
    void (*on_close_all)(struct server_conn *c); /* close now, aborting what is on */
    /* NULL: those of one exchange at a time */
    int (*events)(const struct server_conn *c); /* IO_READ | IO_WRITE to wait for */
    enum server_conn_wait (*waits)(const struct server_conn *c); /* which timeout runs */
};

struct server_conn {
    struct list node;
    struct server *server;
    struct stream *stream; /* NULL: closed */
    const struct server_conn_protocol *protocol;
    struct exchange *x;      /* the one that is on; NULL: none, or the protocol keeps several */
    void *state;             /* the protocol's own */
    struct http1_body *body; /* decoder of a request body that is not complete; NULL: none */
    struct conn_input in;
    struct proxy_proto *proxied; /* what a proxy said of the client; NULL: nothing */
    struct timer timer;
    struct loop_call later;
    struct outq out;
    uint64_t id;
    uint64_t since;    /* clock_ms: first byte of the head, the accept, or lingering's start */
    uint64_t deadline; /* of `waits`; 0: none. The timer may be armed for earlier */
    uint32_t opened;   /* clock_ms of the accept, its last 32 bits */
    uint32_t requests;
    uint32_t parsed;  /* bytes of the input that are known not to hold a whole head */
    uint32_t dropped; /* bytes thrown away while draining */
    uint8_t phase;
    uint8_t reads; /* direct reads of a body since the last event */
    uint8_t waits : 4, watched : 4;
    uint8_t framing : 3;
    uint8_t flushes : 2; /* 0, 1, 2 (or more) */
    uint8_t passes : 3;  /* see server_adopt_stream */
    bool is_running;     /* inside an upcall: on_work follows */
    bool is_blocked;     /* the stream took no more: wait for writability */
    bool is_paced;       /* send_rate is used up: wait for time to pass */
    bool is_ending;      /* the response is complete, its bytes are not out */
    bool has_eof;        /* the peer has ended its side */
    bool must_close;
    bool has_progress : 1; /* bytes have moved: the deadline starts anew */
    bool is_late : 1;      /* the peer has let its time for a request pass */
    uint8_t peer_size;
    union {
        struct sockaddr sa;
        struct sockaddr_in6 in6;
    } peer;
};

_Static_assert(sizeof(struct server_conn) <= 248, "one per idle connection, 256 bytes of the heap");

/* A connection on `stream`, which it owns, in the server's list. Its first work is scheduled for
 * this turn. */
struct server_conn *server_conn_open(struct server *s, struct stream *stream,
                                     const struct addr *peer,
                                     const struct server_conn_protocol *protocol);

/* It was just accepted, and its stream reads ahead: what has come with it is received in this turn.
 */
void server_conn_read_soon(struct server_conn *c);

/* Another stream takes the place of the one it has, which is not closed. */
void server_conn_set_stream(struct server_conn *c, struct stream *s);

/* The connection whose stream it is; NULL: of none, as when somebody has taken it over. */
struct server_conn *server_conn_of(const struct stream *s);

/* Closes the stream, drops input and output, leaves the list. `c` lives until the end of the turn.
 * The exchange must have been let go before. */
void server_conn_close(struct server_conn *c);

/* The same, and what TCP has not sent is dropped: the peer sees a reset. */
void server_conn_reset(struct server_conn *c);

/* Ends the connection as server_conn_close does, but hands its stream over, watched by nobody:
 * unread input is added to `in`, unsent output to `out`. */
struct stream *server_conn_detach(struct server_conn *c, struct buf *in, struct outq *out);

/* The one setter of the phase; counts. */
void server_conn_set_phase(struct server_conn *c, enum server_conn_phase to);

/* Has on_work called in this turn or the next. Nothing to do inside an upcall, which on_work
 * follows anyway. */
void server_conn_work_soon(struct server_conn *c);

/* The same, at the very end of the turn. */
void server_conn_work_late(struct server_conn *c);

/* Has on_work called once more, also from inside it. */
void server_conn_call(struct server_conn *c);

/* Has it carried as many requests, or lived as long, as one may? */
bool server_conn_is_spent(const struct server_conn *c, const struct http_settings *s);

/* Idle after a request, and its server wants such connections closed? */
bool server_conn_is_dispensable(const struct server_conn *c);

/* Drops the queue: the exchange's counts are corrected. */
void server_conn_forget_output(struct server_conn *c);

/* Small pieces leave at once from now on (TCP_NODELAY), unless the settings forbid it. A connection
 * that is answered once is not worth the system call: server_conn_flush makes it with the second
 * flush. */
void server_conn_set_nodelay(struct server_conn *c);

/* Sends what is queued as far as it goes. No upcalls. False: the stream is broken (stream->err),
 * the queue is empty. */
bool server_conn_flush(struct server_conn *c);

/* Has what is queued, or will be by then, sent at the very end of the turn, together with the
 * output of other connections; on_work follows. False: it is to be sent now. */
bool server_conn_flush_late(struct server_conn *c) MUST_USE;

/* Brings what is watched and the deadline in line with the state. */
void server_conn_update(struct server_conn *c);

/* An exchange in HEAD_IN, whose head began to come at `since_ms`: a request of `c` more. Its conn
 * is the caller's to set. */
struct exchange *server_conn_exchange(struct server_conn *c,
                                      const struct exchange_transport *transport,
                                      uint64_t since_ms);

/* `x`, in HEAD_IN, breaks the rules: says so in its log, and has the app answer `status`. */
void server_conn_refuse(struct server_conn *c, struct exchange *x, int status, const char *reason);

/* All output is out: ends our side, drops the input, gives the peer time to read the answer. */
void server_conn_linger(struct server_conn *c);

/* Drops what has come meanwhile; false: that was the end. */
bool server_conn_linger_on(struct server_conn *c);

/* The peer's address; false when nothing is known. */
bool server_conn_peer(const struct server_conn *c, struct addr *out);

/* A line about a connection that has no exchange. */
void server_conn_log(const struct server_conn *c, enum log_level level, const char *text);

#endif

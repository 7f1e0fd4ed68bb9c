/* TLS as a stream over a stream (RFC 8446, RFC 5246).
 *
 * A TLS stream is read, written, watched and closed like any other: what TLS itself wants to send
 * or receive happens behind it. Bytes that stream_writev did not take (STREAM_AGAIN, or fewer than
 * offered) are to be offered again, first, before others: they may be encrypted already. */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "net/stream.h"
#include "net/tls/tls_ctx.h"
#include "net/tls/tls_peer.h"

/* The server's end of TLS over `under`, which it owns from now on; takes a reference to `ctx`. */
struct stream *tls_accept(struct stream *under, struct tls_ctx *ctx);

/* The same, where `first` was read from `under` already. */
struct stream *tls_accept_after(struct stream *under, struct tls_ctx *ctx, struct slice first);

/* The client's end. */
struct stream *tls_connect(struct stream *under, struct tls_ctx *ctx, const struct tls_peer *peer);

/* Is it a TLS stream? */
bool tls_is(const struct stream *s);

/* Goes on with the handshake. 0: done; STREAM_AGAIN: watch for tls_wants() and call again (0 there:
 * a hook of the context waits, call when it is through); STREAM_FAILED: s->err and
 * tls_error_text(). Reading or writing does the handshake too. */
int tls_handshake(struct stream *s);

/* What an unfinished handshake waits for: IO_READ, IO_WRITE, or 0. */
int tls_wants(const struct stream *s);

/* Has it read more than the handshake, so that reading will not be in vain? */
bool tls_has_input(const struct stream *s);

/* A pointer for the hooks of a server's context; NULL at first. */
void **tls_state(struct stream *s);

/* Keeps what tls_info.h and tls_certificate.h tell of it readable after stream_close; pairs with
 * tls_release. */
struct stream *tls_hold(struct stream *s);

/* Gives up a hold and clears the pointer. */
void tls_release(struct stream **s);

/* May it be read and written? */
bool tls_is_open(const struct stream *s);

/* Is what was read of it early data of a handshake that is not over? Somebody may have sent it
 * again (RFC 8446 section 8). */
bool tls_is_early(const struct stream *s);

/* What went wrong, for people; empty when the constant says all. Valid as long as the stream. */
struct slice tls_error_text(const struct stream *s);

/* Of a server's stream whose err is err_tls_not_tls: gives back the stream underneath and appends
 * what was read from it to `in`; frees the rest and clears the pointer. */
struct stream *tls_unwrap(struct stream **s, struct buf *in);

/* The newest session that the server has given to this client, the caller's from now on
 * (tls_session_free); NULL when there is none that was not taken before. Servers of TLS 1.3 give it
 * behind the handshake: ask when the connection ends or becomes idle. */
struct tls_session *tls_take_session(struct stream *s);

/* The session of this connection, the caller's from now on; with TLS 1.3 it may be one that cannot
 * be gone on with. NULL before the handshake is over. */
struct tls_session *tls_current_session(struct stream *s);

#endif

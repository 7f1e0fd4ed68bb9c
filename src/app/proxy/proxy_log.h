/* What the error log says of a server that could not be talked to, in nginx's words. */
#ifndef APP_PROXY_PROXY_LOG_H
#define APP_PROXY_PROXY_LOG_H

#include "app/proxy/proxy.h"

/* Is that error one of time? */
bool proxy_log_is_timeout(const struct err *why);

/* Is it that of a handshake that was given up? Such are told at level crit, in these words, with
 * the reason. */
bool proxy_log_is_of_handshake(const struct err *why);
#define PROXY_LOG_HANDSHAKE "SSL_do_handshake() failed (SSL: %s)"

/* nginx's words for what befell an attempt; NULL: it has none. */
const char *proxy_log_words(const struct err *why);

/* What connect() has said, in nginx's words, which go with the address, and their level. NULL: it
 * was something else. */
const char *proxy_log_connect_words(const struct err *why, enum log_level *level_out);

/* nginx's words for a group of which no server may be tried, and for a server that is left out from
 * now on. */
#define PROXY_LOG_NO_PEER  "no live upstreams"
#define PROXY_LOG_DISABLED "upstream server temporarily disabled"

/* Writes that there is no server to be tried. */
void proxy_log_no_peer(struct proxy *p);

/* Writes that the server of the attempt is left out from now on. */
void proxy_log_disabled(const struct proxy *p);

/* Writes what failed and in which stage of the attempt. */
void proxy_log_failure(const struct proxy *p, const struct err *why);

/* Writes what a FastCGI server has said beside its answer. */
void proxy_log_complaint(const struct proxy *p, struct slice text);

#endif

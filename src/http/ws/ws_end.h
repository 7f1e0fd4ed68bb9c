/* How a WebSocket connection ends: its states, its deadline, its death. Used by the files of
 * ws_conn only. */
#ifndef HTTP_WS_END_H
#define HTTP_WS_END_H

#include "http/ws/ws_conn.h"

/* A connection that is not dead, cleared but for that. */
struct ws_conn *ws_end_new(void);

/* Goes on to a later state. */
void ws_end_set_state(struct ws_conn *c, enum ws_state to);

/* Arms the timer for whatever it has to do next: the deadline, or a heartbeat. */
void ws_end_arm(struct ws_conn *c);

/* From now on the closing handshake may take close_timeout. */
void ws_end_set_deadline(struct ws_conn *c);

/* The conversation is over: the user is told. `err`: it did not end with a close frame of the peer.
 * What is queued still goes out. */
void ws_end_finish(struct ws_conn *c, const struct err *err);

/* The stream is broken, or time is up. */
void ws_end_lose(struct ws_conn *c, const struct err *why);

/* Closes the stream; nothing when that has been done. */
void ws_end_die(struct ws_conn *c, bool reset);

/* Frees a dead connection when the turn has ended. */
void ws_end_free_later(struct ws_conn *c);

/* Connections that are not dead. */
struct list *ws_end_living(void);

/* How many they are. */
unsigned ws_end_count(void);

/* `fn` is called when one has died; NULL: nobody. */
void ws_end_on_gone(void (*fn)(void));

#endif

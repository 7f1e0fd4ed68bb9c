/* Passing a connection to a socket of this server's own, without a second connection. */
#ifndef APP_STREAM_PASS_H
#define APP_STREAM_PASS_H

#include "app/visit.h"

/* The content step of `pass`: arg is the struct script * of an address. The session ends; its
 * connection goes on as if it had been accepted there, with what preread has looked at. Whoever is
 * passed around in a circle is refused behind SERVER_PASSES_MOST passes. */
enum step_result pass_step(struct visit *v, const struct step *s);

#endif

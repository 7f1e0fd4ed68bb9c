/* Fields of the request that our own code changes: those that the server reads from a place of
 * their own are kept there, too, and what is set reaches the servers behind us whatever the client
 * says of fields of that name. */
#ifndef APP_REQUEST_FIELDS_H
#define APP_REQUEST_FIELDS_H

#include "app/visit.h"

/* A copy in the pool, terminated, in which bytes that may not stand in a head (of a name, or of a
 * value) are percent-encoded. */
struct slice request_fields_escape(struct pool *pool, struct slice s, bool is_name);

/* Is it a field of which a head, of a request or of a response, has one? */
bool request_fields_is_single(enum header_id id);

/* Did a client send it with a `_` in its name, where `underscores_in_headers` is off? Others may
 * take it for the field with a `-` in that place. */
bool request_fields_is_doubtful(const struct visit *v, const struct header *h);

/* Takes every field of that name away. */
void request_fields_remove(struct visit *v, struct slice name);

/* Adds a field; with `replaces` in the place of those that are there. Name and value are copied.
 * False: no value for a Content-Length. */
bool request_fields_put(struct visit *v, struct slice name, struct slice value, bool replaces);

#endif

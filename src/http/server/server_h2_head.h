/* From the fields of a head in HTTP/2 to a request. */
#ifndef HTTP_SERVER_H2_HEAD_H
#define HTTP_SERVER_H2_HEAD_H

#include "http/server/server_h2_stream.h"

/* h2_events.on_field: collects. */
bool server_h2_head_on_field(void *user, void *stream, struct slice name, struct slice value);

/* The head is complete: fills in x->req. 0, or the status to answer, with *reason_out telling why.
 */
int server_h2_head_finish(struct server_h2_stream *st, const char **reason_out);

#endif

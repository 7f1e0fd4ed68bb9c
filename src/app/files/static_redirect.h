/* The redirect of a directory that was asked for without its final slash. */
#ifndef APP_FILES_STATIC_REDIRECT_H
#define APP_FILES_STATIC_REDIRECT_H

#include "app/visit.h"
#include "base/buf.h"

/* Answers 301 to the path of the request with '/' behind it, query kept, as absolute_redirect,
 * server_name_in_redirect and port_in_redirect say. Returns what the step has to return. */
enum step_result static_redirect_to_dir(struct visit *v);

/* Appends "http://host:port" of our side, as server_name_in_redirect and port_in_redirect say. */
void static_redirect_add_origin(struct visit *v, struct buf *out);

#endif

/* The redirect of a directory that was asked for without its final slash. */
#ifndef APP_FILES_STATIC_REDIRECT_H
#define APP_FILES_STATIC_REDIRECT_H

#include "app/visit.h"

/* Answers 301 to the path of the request with '/' behind it, query kept, as absolute_redirect,
 * server_name_in_redirect and port_in_redirect say. Returns what the step has to return. */
enum step_result static_redirect_to_dir(struct visit *v);

/* A Location of ours: before a path the wire gets "http://host:port" of our side, as
 * absolute_redirect, server_name_in_redirect and port_in_redirect say; response filters see the
 * path. */
void static_redirect_complete(struct visit *v, struct header *location);

/* Sets Location, and completes it. */
void static_redirect_set_location(struct visit *v, struct slice target);

#endif

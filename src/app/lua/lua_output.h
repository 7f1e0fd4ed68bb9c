/* What ngx.print and friends send: the head with its defaults, then the body. The answer to an
 * HTTP/1.0 request is held back until its length is known (lua_http10_buffering). */
#ifndef APP_LUA_LUA_OUTPUT_H
#define APP_LUA_LUA_OUTPUT_H

#include "app/visit.h"
#include "http/filter.h"

/* Sends the head if it has not been sent: status 200 and the default type unless the handler named
 * others. Filters run inside. */
void lua_output_start(struct visit *v);

/* Sends the head if needed, and the chunk; or holds its bytes, which are copied, back. */
void lua_output_write(struct visit *v, const struct chunk *c);

/* Is output held back? Then the head has not been sent, and a flush means nothing. */
bool lua_output_is_held(const struct visit *v);

/* Sends what was held back, under its length. */
void lua_output_release(struct visit *v);

/* Has 412 taken the place of the answer? It may not have begun yet. */
bool lua_output_is_unwanted(const struct visit *v);

/* Ends the answer, after what was held back. */
void lua_output_end(struct visit *v);

/* Same, when the handler has ended: if its answer was not wanted and error_page has a page for
 * that, this begins. Returns what the step has to return. */
enum step_result lua_output_finish(struct visit *v);

#endif

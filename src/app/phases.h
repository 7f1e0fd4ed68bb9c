/* Running a route: server rewrite, find the location, rewrite, preaccess, access, precontent,
 * content; then the answer, then the log. A session of `stream` begins with rewrite, where `set`
 * is, and preread is its access phase.
 *
 * A step answers a step_result. Whoever took over with STEP_WAIT ends with exactly one of
 * phases_resume, phases_finish_status, phases_redirect, or answers the exchange itself and lets its
 * end do the rest. */
#ifndef APP_PHASES_H
#define APP_PHASES_H

#include "app/visit.h"

/* Begins the walk of a fresh exchange whose visit has listen and vhost set. */
void phases_begin(struct visit *v);

/* Begins the walk of a subrequest at the content of the location that its parent is in, as the
 * parent came there. What it answers goes through no filters. */
void phases_begin_content(struct visit *v);

/* Answers a request whose head was bad with `status`, by way of error_page and the log phase. */
void phases_begin_bad(struct visit *v, int status);

/* Makes `loc` the visit's location: its settings, log and filters hold from now on. For a jump
 * inside a step (an `if` whose body takes over); the steps that follow are the new location's. */
void phases_use_location(struct visit *v, const struct location *loc);

/* Goes on after STEP_WAIT with what the step would have answered. From the loop only, or from a
 * task that ended. */
void phases_resume(struct visit *v, enum step_result r);

/* Is there an error_page that phases_finish_status would show? */
bool phases_has_error_page(const struct visit *v, int status);

/* Ends with a status: an error_page if there is one, else the built-in page (status >= 300) or an
 * empty answer. When the answer has begun: aborts. As a step's value: returns STEP_DONE. */
enum step_result phases_finish_status(struct visit *v, int status);

/* The same for a request that nobody has granted access: with 401 after the location's auth_delay.
 * A step's value. */
enum step_result phases_refuse(struct visit *v, int status);

/* Internal redirect to a path with a query (p == NULL: none) or to a named location ("@x"): starts
 * over at the server's locations. 500 when the limit of 10 is passed. As a step's value: returns
 * STEP_DONE or what the new route says. */
enum step_result phases_redirect(struct visit *v, struct slice path, struct slice query);

/* The same; a path is fetched as GET, or HEAD, whatever the request was, and a named location sees
 * the request as it is. */
enum step_result phases_redirect_as_get(struct visit *v, struct slice path, struct slice query);

/* Keeps what the visit lives in, its pool and its configuration, beyond its end. Pairs with
 * phases_let_go. */
void phases_hold(struct visit *v);

/* Gives that up; `v` may be gone. */
void phases_let_go(struct visit *v);

/* A handler of the visit has ended: when the exchange is over too, the log phase runs and the visit
 * is gone. */
void phases_handler_ended(struct visit *v);

#endif

/* Threads for what must block: a job runs in one of a pool's threads, its end is told by the loop.
 */
#ifndef LOOP_OFFLOAD_H
#define LOOP_OFFLOAD_H

#include "base/base.h"
#include "base/list.h"

/* Embedded in its owner, who leaves it alone from offload_submit until `done`. */
struct offload_job {
    struct list node;
    void (*run)(struct offload_job *job);  /* in a thread: must not touch what the loop's has */
    void (*done)(struct offload_job *job); /* from the loop, when it has run; may free the job */
};

struct offload; /* a pool */

/* A pool of at most `threads`, which are started when they are needed, with up to `most_waiting`
 * jobs that wait for one. Threads block every signal. */
struct offload *offload_new(unsigned threads, unsigned most_waiting);

/* Hands a job over; false: too many wait, or no thread can be started. loop_run goes on until the
 * job is done. */
bool offload_submit(struct offload *o, struct offload_job *job) MUST_USE;

/* Ends the threads and clears the pointer; NULL is allowed. Waits for jobs that run; those that
 * wait never run, and `done` is called for none. */
void offload_free(struct offload **o);

#endif

/* Accepting on a listening socket. */
#ifndef NET_LISTENER_H
#define NET_LISTENER_H

#include "loop/io.h"
#include "loop/timer.h"
#include "net/addr.h"

struct listener {
    struct io io;
    struct timer pause;     /* armed while accepting rests for want of descriptors */
    uint64_t complained_at; /* clock_ms() of the last line about that; 0: none */
    /* How many may be accepted now; asked once per wake-up, somebody is waiting then. 0: accepting
     * stops until listener_start. NULL: no limit. */
    unsigned (*room)(struct listener *l);
    void (*on_accept)(struct listener *l, int fd, const struct addr *peer);
    void (*on_exhausted)(struct listener *l); /* no descriptor is left: accepting rests, who has
                                                 some to spare may close them. NULL: nobody has */
    void *user;
    unsigned batch; /* connections accepted at most per wake-up */
};

/* Prepares to accept on `fd` (not owned: the caller closes it after listener_stop). */
void listener_init(struct listener *l, int fd,
                   void (*on_accept)(struct listener *l, int fd, const struct addr *peer));

/* Begins to accept: on_accept gets non-blocking, close-on-exec sockets. Out of descriptors: a rest
 * of 100 ms, on again; a log line at most every ten seconds. */
void listener_start(struct listener *l);

/* Ends accepting; may be started again. */
void listener_stop(struct listener *l);

/* Accepts those who wait already, then ends. */
void listener_finish(struct listener *l);

#endif

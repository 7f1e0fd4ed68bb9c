/* Readiness of a descriptor. */
#ifndef LOOP_IO_H
#define LOOP_IO_H

#include "base/base.h"

enum { IO_READ = 1, IO_WRITE = 2, IO_BACKGROUND = 4 };

struct io {
    void (*fn)(
        struct io *io,
        int events); /* events: IO_READ | IO_WRITE; errors and hang-ups show as both asked for */
    _Alignas(8) char watcher[48]; /* the library's own, kept out of sight; carries the descriptor */
};

/* Prepares a watcher that is not active. */
void io_init(struct io *io, int fd, void (*fn)(struct io *io, int events));

/* The descriptor it was made for. */
int io_fd(const struct io *io);

/* Watches for exactly these events from now on (0 stops). With IO_BACKGROUND among them loop_run
 * does not go on for its sake. Cheap when nothing changes. Kernel state follows lazily. */
void io_watch(struct io *io, int events);

/* Events watched for, IO_BACKGROUND among them if it was given. */
int io_events(const struct io *io);

#endif

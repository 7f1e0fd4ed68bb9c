/* One end of a pipe as a stream: what a child process is talked to with. */
#ifndef NET_PIPE_H
#define NET_PIPE_H

#include "net/stream.h"

/* A stream over a non-blocking end of a pipe, which it owns from now on: the reading end can only
 * be read, the writing end only be written. Shutting the writing end down closes the descriptor.
 * SIGPIPE must be ignored. */
struct stream *pipe_adopt(int fd);

#endif

/* Two streams in memory, each the other's peer: for tests, and for talking to a server within the
 * process. */
#ifndef NET_PAIR_H
#define NET_PAIR_H

#include "net/stream.h"

/* Makes both ends. Each direction holds at most `capacity` bytes that were written and not yet read
 * (1: one byte at a time). No descriptors, no sendfile. Each end is closed by its owner with
 * stream_close. A pair alone does not keep loop_run going, except while an end watches for what it
 * already has. */
void pair_new(struct stream *ends[2], size_t capacity);

/* Sets what the direction that `s` writes to may hold from now on; 0 stalls it. */
void pair_set_capacity(struct stream *s, size_t capacity);

/* Makes this end fail with `e` from now on, as if the network had. */
void pair_fail(struct stream *s, const struct err *e);

#endif

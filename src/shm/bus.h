/* Messages between the processes of a server: whatever one publishes reaches all that listen,
 * itself included, in the same order everywhere.
 *
 * They lie in one ring that all share. A process that lags behind by more than the ring holds loses
 * the oldest of them, and is told how many; it never stops the others. */
#ifndef SHM_BUS_H
#define SHM_BUS_H

#include "base/slice.h"

struct bus; /* this process's view of it */

struct bus_message {
    struct slice topic, data; /* in this process's memory, until the next bus_next */
    uint32_t channel;         /* whom it concerns inside a process: the publisher's number */
    int32_t pid;              /* who published it */
    uint64_t number;          /* counted from 1, without gaps */
};

/* A ring of `size` bytes with room for `seats` listening processes. Before the fork. Panics without
 * memory or descriptors. */
struct bus *bus_new(unsigned seats, size_t size);

/* Unmaps it in this process and clears the pointer; NULL is allowed. */
void bus_free(struct bus **b);

/* Listens from now on, in a seat that nobody alive has. The descriptor that is readable when there
 * are messages; -1: every seat is taken. */
int bus_listen(struct bus *b);

/* Listens no more. */
void bus_leave(struct bus *b);

/* Publishes. False: it is larger than a quarter of the ring. */
bool bus_publish(struct bus *b, uint32_t channel, struct slice topic, struct slice data) MUST_USE;

/* The next message. False: there is none, and the descriptor will tell of the next one. */
bool bus_next(struct bus *b, struct bus_message *out);

/* Messages that this process has lost since it listens. */
uint64_t bus_lost(const struct bus *b);

/* How many processes may listen. */
unsigned bus_seats(const struct bus *b);

/* Bytes of the ring. */
size_t bus_size(const struct bus *b);

#endif

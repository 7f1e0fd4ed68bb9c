/* Where this process's messages come from: for those who start processes. */
#ifndef BIND_LIB_BUS_H
#define BIND_LIB_BUS_H

#include "shm/bus.h"

/* Channel 0 is for perilune.bus, 1 for perilune.shared. */
enum { LIB_BUS_CHANNELS = 8, LIB_BUS_SHARED = 1 };

/* In the process that is going to be forked: `b` is the bus of all. Who subscribes is heard by the
 * children. Borrowed. */
void lib_bus_use(struct bus *b);

/* Publishes; what is too large is logged. */
void lib_bus_publish(uint32_t channel, struct slice topic, struct slice data);

/* Listens no more: the machine is about to be closed. */
void lib_bus_close(void);

/* In a process that serves: listens, if anything of Lua wants to. */
void lib_bus_start(void);

#endif

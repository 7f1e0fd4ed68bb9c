/* Tickets: a task and one wait of it in a single number that Lua can keep. Tasks are numbered when
 * they are made and never go away, so any number is harmless. Internal to the scheduler. */
#ifndef BIND_CO_TICKET_H
#define BIND_CO_TICKET_H

#include "bind/co.h"

/* Numbers a task, once. */
uint32_t co_ticket_number(struct co *co);

/* The task that has this number; NULL: not so many were made. */
struct co *co_ticket_nth(uint32_t id);

/* The task that a ticket names, and which wait of it; NULL: none. */
struct co *co_ticket_task(double ticket, uint32_t *wait_out);

#endif

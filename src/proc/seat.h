/* One worker as its master sees it. */
#ifndef PROC_SEAT_H
#define PROC_SEAT_H

#include "base/list.h"
#include "loop/child.h"
#include "loop/timer.h"
#include "proc/heartbeat.h"

enum seat_state {
    SEAT_VACANT, /* to be filled at `due` */
    SEAT_TAKEN,  /* `pid` runs */
    SEAT_ENDED,  /* it has ended with `status` */
};

struct seat {
    struct list node;
    enum seat_state state;
    int id; /* of a worker, or APP_AGENT */
    unsigned generation;
    bool is_leaving; /* was told to quit */
    pid_t pid;
    int status;
    uint64_t started_at, due; /* clock_ms() */
    struct child child;
    struct heartbeat *heartbeat;
    struct timer watch; /* looks at the heartbeat */
    uint64_t limit;     /* ms without a beat; 0: nobody looks */
    uint64_t beats, beat_at;
    int dumps; /* asked for since the last beat */
};

/* A vacant seat. */
struct seat *seat_new(int id, unsigned generation);

/* Ends all watching, frees and clears. */
void seat_free(struct seat **s);

/* Does its process serve? */
bool seat_is_ready(const struct seat *s);

/* Begins to look at the heartbeat of a process that was just started: one that does not beat for
 * `limit` ms is asked for its Lua stack and killed a second later. 0: it is not looked at. */
void seat_watch(struct seat *s, uint64_t limit);

/* Ends looking. */
void seat_stop_watch(struct seat *s);

/* What its process is: "worker process" or "privileged agent process". */
const char *seat_title(const struct seat *s);

/* Logs how the process ended. */
void seat_log_end(const struct seat *s);

#endif

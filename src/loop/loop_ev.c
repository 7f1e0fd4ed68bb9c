/* The state that the files of this layer share, at the bottom of them, so that they need not know
 * each other. */
#include "loop/loop_ev.h"

struct ev_loop *loop_ev;               /* process-wide: see loop_ev.h */
unsigned loop_ev_active;               /* process-wide: see loop_ev.h */
void (*loop_ev_forget_children)(void); /* process-wide: see loop_ev.h */

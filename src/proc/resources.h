/* What of the machine a worker gets: limits, priority, processors. */
#ifndef PROC_RESOURCES_H
#define PROC_RESOURCES_H

#include "app/conf.h"

/* Takes what `conf` says for worker `id`; APP_AGENT keeps to no processor. Before privileges are
 * dropped: limits that rise need them. What the system refuses is logged and left as it was. */
void resources_take(const struct app_conf *conf, int id);

#endif

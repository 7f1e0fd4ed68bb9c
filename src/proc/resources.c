/* worker_rlimit_nofile, worker_rlimit_core, worker_priority, worker_cpu_affinity: none of them is
 * worth the worker, so what fails is told and the worker serves without. */
#include "proc/resources.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>

#include "base/log.h"

static void set_limit(int resource, const char *name, int64_t value)
{
    struct rlimit limit = {(rlim_t)value, (rlim_t)value};

    if (value >= 0 && setrlimit((__rlimit_resource_t)resource, &limit) < 0)
        log_write(NULL, LOG_ALERT, "setrlimit(%s, %lld) failed (%d: %s)", name, (long long)value,
                  errno, strerror(errno));
}

/* The rightmost digit of a mask is the first processor. */
static void read_mask(struct slice mask, cpu_set_t *out)
{
    CPU_ZERO(out);
    for (size_t i = 0; i < mask.n; i++)
        if (mask.p[mask.n - 1 - i] == '1')
            CPU_SET(i, out);
}

/* The n-th processor of `from`, counted around. */
static void pick_one(const cpu_set_t *from, int n, cpu_set_t *out)
{
    int skip = n % MAX(CPU_COUNT(from), 1);

    CPU_ZERO(out);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, from) || skip-- > 0)
            continue;
        CPU_SET(cpu, out);
        return;
    }
}

/* Which processors worker `id` keeps to. False: all there are. */
static bool choose_processors(const struct app_conf *conf, int id, cpu_set_t *out)
{
    cpu_set_t all;

    if (id < 0)
        return false;
    if (conf->has_auto_affinity) {
        if (conf->n_cpu_masks > 0)
            read_mask(conf->cpu_masks[0], &all);
        else if (sched_getaffinity(0, sizeof(all), &all) < 0)
            return false;
        pick_one(&all, id, out);
        return true;
    }
    if (conf->n_cpu_masks == 0)
        return false;
    read_mask(conf->cpu_masks[MIN((unsigned)id, conf->n_cpu_masks - 1)], out);
    return true;
}

void resources_take(const struct app_conf *conf, int id)
{
    cpu_set_t processors;

    set_limit(RLIMIT_NOFILE, "RLIMIT_NOFILE",
              conf->worker_rlimit_nofile > 0 ? conf->worker_rlimit_nofile : -1);
    set_limit(RLIMIT_CORE, "RLIMIT_CORE", conf->worker_rlimit_core);
    if (conf->worker_priority && setpriority(PRIO_PROCESS, 0, conf->worker_priority) < 0)
        log_write(NULL, LOG_ALERT, "setpriority(%d) failed (%d: %s)", conf->worker_priority, errno,
                  strerror(errno));
    if (choose_processors(conf, id, &processors) &&
        sched_setaffinity(0, sizeof(processors), &processors) < 0)
        log_write(NULL, LOG_ALERT, "sched_setaffinity() failed (%d: %s)", errno, strerror(errno));
}

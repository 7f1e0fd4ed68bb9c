/* Dropping privileges: group, supplementary groups, user, in this order, because without root's
 * rights the groups could no longer be set. */
#include "proc/privs.h"

#include <errno.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

/* The group: as named, or one called like the user, or the user's own. */
static bool find_group(const struct app_conf *conf, const struct passwd *user, gid_t *out,
                       struct config_error *e)
{
    struct slice group = conf->user.n ? conf->group : SLICE_EMPTY;
    char name[256];
    struct group *found;

    snprintf(name, sizeof(name), SLICE_FMT, SLICE_ARG(group));
    found = getgrnam(group.n ? name : user->pw_name);
    if (!found && group.n)
        return config_node_error(conf->user_place, e, "getgrnam(\"%s\") failed", name);
    *out = found ? found->gr_gid : user->pw_gid;
    return true;
}

bool privs_resolve(const struct app_conf *conf, struct privs *out, struct config_error *e)
{
    const struct passwd *user;

    *out = (struct privs){.is_needed = geteuid() == 0};
    if (!out->is_needed)
        return true;
    if (conf->user.n)
        snprintf(out->name, sizeof(out->name), SLICE_FMT, SLICE_ARG(conf->user));
    else
        snprintf(out->name, sizeof(out->name), "nobody");
    user = getpwnam(out->name);
    if (!user)
        return config_node_error(conf->user_place, e, "getpwnam(\"%s\") failed", out->name);
    out->uid = user->pw_uid;
    out->keeps_raw = conf->is_transparent;
    return find_group(conf, user, &out->gid, e);
}

/* What remains of root's rights after the change of user: this one, which nothing in libc sets. */
static bool take_raw(void)
{
    struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

    data[0].effective = data[0].permitted = CAP_TO_MASK(CAP_NET_RAW);
    return syscall(SYS_capset, &head, data) == 0;
}

bool privs_drop(const struct privs *p)
{
    const char *what = NULL;

    if (!p->is_needed)
        return true;
    if (p->keeps_raw && p->uid && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
        what = "prctl";
    else if (setgid(p->gid) < 0)
        what = "setgid";
    else if (initgroups(p->name, p->gid) < 0)
        what = "initgroups";
    else if (setuid(p->uid) < 0)
        what = "setuid";
    else if (p->keeps_raw && p->uid && !take_raw())
        what = "capset";
    if (what) {
        log_write(NULL, LOG_EMERG, "%s() for user \"%s\" failed (%d: %s)", what, p->name, errno,
                  strerror(errno));
        return false;
    }
    /* a change of user forbids core files and debuggers, which is not what anybody wants here */
    prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
    return true;
}

static void own(const struct privs *p, const char *path)
{
    if (path && chown(path, p->uid, (gid_t)-1) < 0 && errno != ENOENT)
        log_write(NULL, LOG_EMERG, "chown(\"%s\", %d) failed (%d: %s)", path, (int)p->uid, errno,
                  strerror(errno));
}

void privs_own_logs(const struct privs *p, struct app_conf *conf)
{
    struct map_entry *entry;
    size_t at = 0;

    if (!p->is_needed || p->uid == 0)
        return;
    own(p, conf->error_log.path);
    while ((entry = map_next(&conf->log_sinks, &at)) != NULL)
        own(p, ((struct conf_sink *)entry->value)->sink.path);
}

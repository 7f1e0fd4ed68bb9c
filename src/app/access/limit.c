/* Zones of limits by name, and what both kinds have in common. */
#include "app/access/limit.h"

#include "app/conf.h"
#include "app/visit.h"

const struct limit_conf limit_defaults = {.status = 503, .level = LOG_ERROR};

struct limit_zone *limit_zone_refer(struct app_conf *conf, enum limit_kind kind, struct slice name)
{
    struct limit_zone **at = &conf->limit_zones;

    while (*at && ((*at)->kind != kind || !slice_eq((*at)->name, name)))
        at = &(*at)->next;
    if (!*at) {
        *at = pool_new(&conf->pool, struct limit_zone);
        (*at)->kind = kind;
        (*at)->name = name;
        (*at)->place = conf->place;
    }
    return *at;
}

bool limit_zones_check(const struct app_conf *conf, struct config_error *e)
{
    for (const struct limit_zone *z = conf->limit_zones; z; z = z->next)
        if (!z->zone) {
            config_node_error(z->place, e, "zero size shared memory zone \"" SLICE_FMT "\"",
                              SLICE_ARG(z->name));
            return config_error_hint(e, "there is no limit_%s_zone of that name",
                                     z->kind == LIMIT_REQ ? "req" : "conn");
        }
    return true;
}

bool limit_key(struct visit *v, const struct limit_rule *rule, size_t most, struct slice *key_out)
{
    struct slice key = script_eval(rule->zone->key, v), shown;

    *key_out = key;
    if (key.n <= most)
        return key.n > 0;
    shown = exchange_shown(v->x, key);
    log_write(&v->x->log, LOG_ERROR,
              "the value of the \"" SLICE_FMT "\" key is more than %zu bytes: \"" SLICE_FMT "\"",
              SLICE_ARG(rule->zone->key_text), most, SLICE_ARG(shown));
    return false;
}

struct slice limit_status_name(enum limit_status s)
{
    static const struct slice names[] = {
        [LIMIT_NOT_ASKED] = {NULL, 0},
        [LIMIT_PASSED] = SLICE("PASSED"),
        [LIMIT_DELAYED] = SLICE("DELAYED"),
        [LIMIT_REJECTED] = SLICE("REJECTED"),
        [LIMIT_DELAYED_DRY_RUN] = SLICE("DELAYED_DRY_RUN"),
        [LIMIT_REJECTED_DRY_RUN] = SLICE("REJECTED_DRY_RUN"),
    };

    return names[s];
}

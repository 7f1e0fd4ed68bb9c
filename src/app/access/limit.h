/* How much a client may ask for: limit_req counts requests in time, limit_conn those that are being
 * answered, both by a key and for all workers together. */
#ifndef APP_ACCESS_LIMIT_H
#define APP_ACCESS_LIMIT_H

#include "app/location.h"
#include "app/zones.h"

enum limit_kind { LIMIT_REQ, LIMIT_CONN, LIMIT_CONN_STREAM };

enum limit_status {
    LIMIT_NOT_ASKED,
    LIMIT_PASSED,
    LIMIT_DELAYED,
    LIMIT_REJECTED,
    LIMIT_DELAYED_DRY_RUN,
    LIMIT_REJECTED_DRY_RUN,
};

/* limit_req_zone, limit_conn_zone */
struct limit_zone {
    enum limit_kind kind;
    struct slice name;
    struct slice key_text; /* as written */
    struct script *key;
    uint64_t rate;                   /* thousandths of a request a second */
    struct zone_conf *zone;          /* NULL: not declared (yet) */
    const struct config_node *place; /* who has named it first */
    struct limit_zone *next;
};

/* limit_req, limit_conn */
struct limit_rule {
    const struct limit_zone *zone;
    uint64_t most;   /* requests above the rate, in thousandths; or connections */
    uint64_t prompt; /* of those requests, how many are not delayed; in thousandths */
    struct limit_rule *next;
};

/* What the directives of a level say of one kind. */
struct limit_conf {
    struct limit_rule *rules;
    int status;
    enum log_level level;
    bool is_dry_run;
};

/* What holds where nothing is said. */
extern const struct limit_conf limit_defaults;

/* The zone of that kind and name; one that is not declared is made. */
struct limit_zone *limit_zone_refer(struct app_conf *conf, enum limit_kind kind, struct slice name);

/* Is every zone that is referred to declared? Otherwise false, with `e` filled. */
bool limit_zones_check(const struct app_conf *conf, struct config_error *e);

/* The value of the rule's key in this visit. False: it does not count, being empty, or longer than
 * `most`, which is logged. */
bool limit_key(struct visit *v, const struct limit_rule *rule, size_t most, struct slice *key_out);

/* "PASSED" …; p == NULL: nobody was asked. */
struct slice limit_status_name(enum limit_status s);

/* The step of limit_req, by the settings of the visit's location. */
enum step_result limit_req_step(struct visit *v, const struct step *s);

/* The step of limit_conn. What it takes v->give_back returns. */
enum step_result limit_conn_step(struct visit *v, const struct step *s);

#endif

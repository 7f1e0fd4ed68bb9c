/* The tables that the builtin variables are listed in, and what their getters have in common. For
 * variables*.c only. */
#ifndef APP_VARIABLES_VARIABLES_H
#define APP_VARIABLES_VARIABLES_H

#include "app/variables/script.h"
#include "app/visit.h"
#include "base/num.h"
#include "proto/header.h"

/* Slots of every visit in which builtins keep what they have made. */
enum {
    SLOT_REQUEST_ID,
    SLOT_REMOTE_ADDR,
    SLOT_SECURE_EXPIRES,
    SLOT_UID_SET,
    SLOT_UID_RESET,
    SLOTS_RESERVED,
};

/* Variables whose names begin alike; the rest of the name is var->suffix. */
struct variables_family {
    struct slice prefix;
    variable_get_fn get;
    bool is_of_fields; /* members carry a struct variables_field as data */
};

/* A field of a head by the spelling of variables. */
struct variables_field {
    enum header_id id; /* of the suffix with '-' for '_' */
    struct slice name; /* the suffix */
};

/* Each ends with an entry without a name. */
extern const struct variable variables_request[];
extern const struct variable variables_response[];
extern const struct variable variables_server[];
extern const struct variable variables_connection[]; /* of requests and of sessions */
extern const struct variable variables_session[];
extern const struct variable variables_relay[]; /* of sessions that are passed on */
extern const struct variable variables_tls[];
extern const struct variable variables_proxied[];
extern const struct variable variables_secure_link[];
extern const struct variable variables_userid[];
extern const struct variable variables_referers[];
extern const struct variable variables_counts[];
extern const struct variable variables_capture[];
extern const struct variable variables_upstream[];
extern const struct variables_family variables_families[];
extern const struct variables_family variables_upstream_families[];
extern const struct variables_family variables_proxied_families[];

/* All values of a field, joined by ", " (`; ` for Cookie); not found when there is none. */
struct slice variables_field_value(struct visit *v, const struct header_list *l,
                                   const struct variables_field *f);

/* "Not found". */
#define VARIABLE_NONE ((struct slice){NULL, 0})

/* An entry of a table. */
#define VARIABLE(text, getter)                                                                     \
    {                                                                                              \
        .name = {(text), sizeof(text) - 1}, .get = (getter)                                        \
    }
#define VARIABLE_SETTABLE(text, getter, setter)                                                    \
    {                                                                                              \
        .name = {(text), sizeof(text) - 1}, .get = (getter), .set = (setter)                       \
    }
#define VARIABLE_END                                                                               \
    {                                                                                              \
        .name = { NULL, 0 }                                                                        \
    }

/* A number as text, in the visit's pool. */
static inline struct slice variables_number(struct visit *v, int64_t number)
{
    char *p = pool_alloc(visit_pool(v), 21);

    return slice_of(p, num_format(p, number));
}

/* Milliseconds as "seconds.mmm", in the visit's pool. */
static inline struct slice variables_seconds(struct visit *v, int64_t ms)
{
    char *p = pool_alloc(visit_pool(v), 26);
    size_t n;

    if (ms < 0)
        ms = 0;
    n = num_format(p, ms / 1000);
    p[n] = '.';
    p[n + 1] = (char)('0' + ms / 100 % 10);
    p[n + 2] = (char)('0' + ms / 10 % 10);
    p[n + 3] = (char)('0' + ms % 10);
    return slice_of(p, n + 4);
}

/* The value of the argument `name` of the request, as $arg_name has it. */
struct slice variables_argument(const struct visit *v, struct slice name);

#endif

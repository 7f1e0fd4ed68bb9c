/* nginx's order: Set-Cookie and Vary: * forbid; X-Accel-Expires goes before Cache-Control, that
 * before Expires, and only an answer that says nothing itself is kept as long as proxy_cache_valid
 * says. From RFC 9111 come the age that an answer had already (section 4.2.3), and that what was
 * asked for with Authorization is kept only when it allows that (section 3.5). */
#include "app/proxy/cache_rules.h"

#include "app/proxy/proxy.h"
#include "app/variables/script.h"
#include "base/num.h"
#include "net/tls/tls_digest.h"
#include "proto/cache_control.h"
#include "proto/date.h"

enum { VARY_MOST = 128, AGE_MOST = INT32_MAX };

const struct cache_conf cache_defaults = {
    .methods = 1ull << METHOD_GET | 1ull << METHOD_HEAD,
    .min_uses = 1,
    .lock_timeout = 5000,
    .lock_age = 5000,
    .max_range_offset = UINT64_MAX,
    .converts_head = true,
};

int cache_rules_zone(const struct cache_conf *c, struct visit *v, const struct cache_zone **out)
{
    enum method m = v->x->req.method;
    struct slice name;

    *out = NULL;
    if (!c || m == METHOD_OTHER || !(c->methods >> m & 1) ||
        (m == METHOD_HEAD && !c->converts_head))
        return 0;
    *out = c->zone;
    if (!c->zone_name)
        return 0;
    name = script_eval(c->zone_name, v);
    if (name.n == 0 || slice_eq(name, SLICE("off")))
        return 0;
    *out = cache_zone_find(v->loc->conf, name);
    if (*out)
        return 0;
    log_write(&v->x->log, LOG_ERROR, "cache \"" SLICE_FMT "\" not found", SLICE_ARG(name));
    return 500;
}

enum said { SAID_NOTHING, SAID_NO, SAID_UNTIL };

static struct slice field_of(const struct cache_answer *a, struct slice name)
{
    const struct header *h = header_find(a->headers, name);

    return h ? h->value : slice_of(NULL, 0);
}

/* "60", "0", "@1700000000" */
static enum said by_accel(const struct cache_answer *a, int64_t now, int64_t *until)
{
    struct slice text = field_of(a, SLICE("X-Accel-Expires"));
    int64_t n;

    if (!text.p || (a->ignored & PROXY_IGNORE_ACCEL_EXPIRES))
        return SAID_NOTHING;
    if (text.n && text.p[0] == '@') {
        if (!num_parse_u63(slice_from(text, 1), until))
            return SAID_NOTHING;
        return *until > now ? SAID_UNTIL : SAID_NO;
    }
    if (!num_parse_u63(text, &n) || n > INT32_MAX)
        return SAID_NOTHING;
    *until = now + n;
    return n ? SAID_UNTIL : SAID_NO;
}

static enum said by_control(const struct cache_control *c, int64_t age, int64_t now, int64_t *until)
{
    if (c->forbids)
        return SAID_NO;
    if (c->max_age < 0)
        return SAID_NOTHING;
    *until = now + c->max_age - age;
    return c->max_age > age ? SAID_UNTIL : SAID_NO;
}

static enum said by_expires(const struct cache_answer *a, int64_t now, int64_t *until)
{
    struct slice text = field_of(a, SLICE("Expires"));

    if (!text.p || (a->ignored & PROXY_IGNORE_EXPIRES))
        return SAID_NOTHING;
    return date_parse(text, until) && *until > now ? SAID_UNTIL : SAID_NO;
}

static enum said by_configuration(const struct cache_conf *c, int status, int64_t now,
                                  int64_t *until)
{
    for (const struct cache_valid *v = c->valid; v; v = v->next)
        if (v->status == 0 || v->status == status) {
            *until = now + v->seconds;
            return v->seconds ? SAID_UNTIL : SAID_NO;
        }
    return SAID_NO;
}

static struct cache_control control_of(const struct cache_answer *a)
{
    struct cache_control c = CACHE_CONTROL_NONE;

    if (a->ignored & PROXY_IGNORE_CACHE_CONTROL)
        return c;
    for (unsigned i = 0; i < a->headers->n; i++)
        if (a->headers->fields[i].id == HEADER_CACHE_CONTROL)
            cache_control_add(&c, a->headers->fields[i].value);
    return c;
}

static int64_t age_of(const struct cache_answer *a)
{
    struct slice text = field_of(a, SLICE("Age"));
    int64_t age;

    return text.p && num_parse_u63(text, &age) ? MIN(age, AGE_MOST) : 0;
}

/* More than one Vary is more than nearly all say, and not kept. False: neither is this one. */
static bool take_vary(const struct cache_answer *a, struct cache_head *out)
{
    unsigned n = 0;

    out->vary = SLICE_EMPTY;
    if (a->ignored & PROXY_IGNORE_VARY)
        return true;
    for (unsigned i = 0; i < a->headers->n; i++)
        if (a->headers->fields[i].id == HEADER_VARY) {
            out->vary = a->headers->fields[i].value;
            n++;
        }
    return n <= 1 && out->vary.n <= VARY_MOST && !header_has_token(out->vary, SLICE("*"));
}

bool cache_rules_keep(const struct cache_conf *c, const struct cache_answer *a, int64_t now,
                      struct cache_head *out)
{
    struct cache_control control = control_of(a);
    bool has_cookie = field_of(a, SLICE("Set-Cookie")).p != NULL;
    enum said said, by_x;

    if (a->status < 200 || (a->status == 206 && !a->is_slice) || a->status == 304 ||
        !take_vary(a, out) || (has_cookie && !(a->ignored & PROXY_IGNORE_SET_COOKIE)))
        return false;
    out->made = now;
    out->age = (uint32_t)age_of(a);
    out->stale_updating = (uint32_t)control.stale_while_revalidate;
    out->stale_error = (uint32_t)control.stale_if_error;
    said = by_x = by_accel(a, now, &out->valid_until);
    if (a->is_private && !control.allows && by_x != SAID_UNTIL)
        return false;
    if (said == SAID_NOTHING)
        said = by_control(&control, out->age, now, &out->valid_until);
    if (said == SAID_NOTHING)
        said = by_expires(a, now, &out->valid_until);
    if (said == SAID_NOTHING)
        said = by_configuration(c, a->status, now, &out->valid_until);
    return said == SAID_UNTIL;
}

/* The last bytes of an answer may be anywhere. */
bool cache_rules_is_far(const struct cache_conf *c, struct slice range)
{
    struct slice unit = slice_cut(&range, '='), first = slice_trim(slice_cut(&range, '-'));
    int64_t offset;

    if (!slice_ieq(unit, SLICE("bytes")) || c->max_range_offset == UINT64_MAX)
        return false;
    return !num_parse_u63(first, &offset) || (uint64_t)offset >= c->max_range_offset;
}

bool cache_rules_holds(const struct cache_condition *list, struct visit *v)
{
    for (; list; list = list->next) {
        struct slice value = script_eval(list->value, v);

        if (value.n && !slice_eq(value, SLICE("0")))
            return true;
    }
    return false;
}

/* Every field of that name; what separates them cannot be in one. */
static void add_values(struct buf *b, struct slice name, const struct header_list *request)
{
    for (unsigned i = 0; i < request->n; i++)
        if (slice_ieq(request->fields[i].name, name)) {
            buf_add_slice(b, request->fields[i].value);
            buf_add_char(b, '\n');
        }
    buf_add_char(b, '\0');
}

void cache_rules_variant(struct slice vary, struct slice main, const struct header_list *request,
                         unsigned char *out)
{
    struct buf b = BUF_EMPTY;

    buf_add_slice(&b, main);
    while (vary.p && vary.n)
        add_values(&b, slice_trim(slice_cut(&vary, ',')), request);
    tls_digest_md5(b.p, b.n, out);
    buf_free(&b);
}

/* What is learned lies in a dictionary that all workers share, under digests of the sessions'
 * names: a session takes the same room whatever its name. The least recently used give way. */
#include "app/proxy/sticky.h"

#include "app/variables/script.h"
#include "app/zones.h"
#include "base/clock.h"
#include "net/tls/tls_digest.h"
#include "proto/date.h"
#include "proto/header.h"

static struct slice first_of(const struct sticky_list *l, struct visit *v)
{
    for (unsigned i = 0; i < l->n; i++) {
        struct slice value = l->all[i]->get(v, l->all[i]);

        if (value.n)
            return value;
    }
    return SLICE_EMPTY;
}

/* --- sessions --- */

static struct slice key_of(struct slice session, unsigned char digest[TLS_DIGEST_MD5])
{
    tls_digest_md5(session.p, session.n, digest);
    return slice_of((const char *)digest, TLS_DIGEST_MD5);
}

static struct slice learned(const struct sticky *s, struct visit *v, struct slice session)
{
    unsigned char digest[TLS_DIGEST_MD5];
    struct dict_item item = {.type = DICT_NIL};

    if (!session.n || dict_get(s->zone->dict, key_of(session, digest), &item) != DICT_OK)
        return SLICE_EMPTY;
    return pool_dup(visit_pool(v), slice_of(item.p, item.n));
}

struct slice sticky_wanted(const struct sticky *s, struct visit *v)
{
    struct slice id = first_of(&s->lookup, v);

    return s->zone ? learned(s, v, id) : id;
}

/* A session that is only asked for may go on, but does not begin. */
void sticky_learn(const struct sticky *s, struct visit *v, struct slice id)
{
    struct dict_item item = {.type = DICT_STRING, .p = id.p, .n = id.n, .ttl = (int64_t)s->timeout};
    unsigned char digest[TLS_DIGEST_MD5];
    struct slice made, session;

    if (!s->zone || !id.n)
        return;
    made = first_of(&s->create, v);
    session = made.n ? made : first_of(&s->lookup, v);
    if (session.n)
        (void)dict_store(s->zone->dict, key_of(session, digest), &item,
                         made.n ? DICT_SET : DICT_REPLACE);
}

/* --- the cookie --- */

bool sticky_is_samesite(struct slice value)
{
    return slice_ieq(value, SLICE("strict")) || slice_ieq(value, SLICE("lax")) ||
           slice_ieq(value, SLICE("none"));
}

static void add_expiry(const struct sticky_cookie *c, struct buf *out)
{
    char date[DATE_SIZE];

    if (c->expires < 0)
        return;
    date_format(date, clock_wall_ms() / 1000 + c->expires);
    buf_printf(out, "; expires=%.*s; max-age=%lld", DATE_SIZE, date, (long long)c->expires);
}

static void add_part(struct buf *out, const char *name, struct slice value)
{
    if (value.n)
        buf_printf(out, "; %s=" SLICE_FMT, name, SLICE_ARG(value));
}

static struct slice samesite_of(const struct sticky_cookie *c, struct visit *v)
{
    struct slice value = c->samesite ? script_eval(c->samesite, v) : SLICE_EMPTY;

    if (value.n && c->is_samesite_checked && !sticky_is_samesite(value))
        return SLICE("strict");
    return value;
}

static struct slice write_cookie(const struct sticky_cookie *c, struct visit *v, struct slice id)
{
    struct buf b = BUF_EMPTY;
    struct slice text;

    buf_printf(&b, SLICE_FMT "=" SLICE_FMT, SLICE_ARG(c->name), SLICE_ARG(id));
    add_expiry(c, &b);
    add_part(&b, "domain", c->domain ? script_eval(c->domain, v) : SLICE_EMPTY);
    if (c->is_httponly)
        buf_printf(&b, "; httponly");
    if (c->is_secure)
        buf_printf(&b, "; secure");
    add_part(&b, "samesite", samesite_of(c, v));
    add_part(&b, "path", c->path);
    text = pool_dup(visit_pool(v), buf_slice(&b));
    buf_free(&b);
    return text;
}

static void replace(struct header_list *l, struct slice last, struct slice next)
{
    for (unsigned i = 0; i < l->n; i++)
        if (l->fields[i].value.p == last.p)
            l->fields[i].value = next;
}

struct slice sticky_tell(const struct sticky *s, struct visit *v, struct slice id,
                         struct slice last)
{
    struct slice text;

    if (!s->cookie || !id.n)
        return last;
    text = write_cookie(s->cookie, v, id);
    if (!header_is_value(text))
        return last;
    if (last.p)
        replace(&v->x->res.headers, last, text);
    else
        header_add_id(&v->x->res.headers, visit_pool(v), HEADER_SET_COOKIE, text);
    return text;
}

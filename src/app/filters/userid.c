/* 16 bytes in base64: who gave it (a number, or the server's address), when, which process, and a
 * number of that process. Variables show them as four numbers. Nothing is secret about it. */
#include "app/filters/userid.h"

#include <arpa/inet.h>

#include "app/variables/variables.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/rand.h"
#include "net/addr.h"
#include "proto/date.h"

enum {
    UID_SIZE = 16,
    UID_TEXT = 24,
    UID_MARK_AT = 22, /* where the padding begins */
    NUMBER_FIRST = 0x03030302,
    NUMBER_STEP = 0x100,
};

const struct userid_conf userid_defaults = {
    .name = {"uid", 3}, .path = {"/", 1}, .expires = USERID_NEVER_EXPIRES, .service = -1};

/* process-wide: what tells this worker's identifiers from those of others */
static uint32_t worker_mark, last_number;

static const struct userid_conf *conf_of(const struct visit *v)
{
    return v->loc->userid ? v->loc->userid : &userid_defaults;
}

/* --- what the client has --- */

static struct slice cookie_of(struct visit *v)
{
    const struct variable *cookie = conf_of(v)->cookie;

    return cookie ? cookie->get(v, cookie) : VARIABLE_NONE;
}

static bool read_cookie(struct visit *v, uint32_t uid_out[4])
{
    struct slice cookie = cookie_of(v);
    struct buf bytes = BUF_EMPTY;
    char text[UID_TEXT];
    bool is_good;

    if (cookie.n < UID_MARK_AT)
        return false;
    memset(text, '=', UID_TEXT);
    memcpy(text, cookie.p, UID_MARK_AT);
    is_good = encode_unbase64(&bytes, slice_of(text, UID_TEXT), false) && bytes.n == UID_SIZE;
    if (is_good)
        memcpy(uid_out, bytes.p, UID_SIZE);
    buf_free(&bytes);
    return is_good;
}

static bool is_marked(struct visit *v, char mark)
{
    struct slice text = cookie_of(v);

    return !mark || (text.n > UID_MARK_AT + 1 && text.p[UID_MARK_AT] == mark &&
                     text.p[UID_MARK_AT + 1] == '=');
}

/* --- what it gets --- */

/* 0 when the connection has gone, as in the log phase. */
static uint32_t number_of_server(struct visit *v)
{
    int64_t service = conf_of(v)->service;
    struct slice address;
    uint32_t number = 0;

    if (service >= 0)
        return htonl((uint32_t)service);
    address = addr_bytes(exchange_local(v->x));
    if (address.n > 0)
        memcpy(&number, address.p + address.n - 4, 4); /* the end of it */
    return number;
}

/* The older form has its numbers in the order of the machine, and no address. */
static void make_uid(struct visit *v, uint32_t uid_out[4])
{
    const struct userid_conf *c = conf_of(v);
    uint32_t now = (uint32_t)(clock_wall_ms() / 1000);

    if (worker_mark == 0)
        worker_mark = (uint32_t)rand_u64() | 1;
    last_number += NUMBER_STEP;
    if (last_number < NUMBER_FIRST)
        last_number = NUMBER_FIRST;
    if (c->mode == USERID_V1) {
        uid_out[0] = c->service >= 0 ? (uint32_t)c->service : 0;
        uid_out[1] = now;
        uid_out[2] = worker_mark;
        uid_out[3] = last_number;
        return;
    }
    uid_out[0] = number_of_server(v);
    uid_out[1] = htonl(now);
    uid_out[2] = htonl(worker_mark);
    uid_out[3] = htonl(last_number);
}

/* $uid_reset asks for a new one. */
static bool is_reset(struct visit *v, const uint32_t uid[4])
{
    struct slice word = v->slots[SLOT_UID_RESET];

    if (word.n == 0 || slice_eq(word, SLICE("0")))
        return false;
    if (slice_eq(word, SLICE("log")))
        log_write(&v->x->log, LOG_NOTICE,
                  "userid cookie \"" SLICE_FMT "=%08X%08X%08X%08X\" was reset",
                  SLICE_ARG(conf_of(v)->name), uid[0], uid[1], uid[2], uid[3]);
    return true;
}

/* The UID_SIZE bytes that this request's client gets; n == 0: none. Decided once, where identifiers
 * are set. */
static struct slice uid_to_set(struct visit *v)
{
    struct slice *decided = &v->slots[SLOT_UID_SET];
    uint32_t *uid;
    bool has;

    if (decided->p || conf_of(v)->mode < USERID_V1)
        return *decided;
    *decided = SLICE_EMPTY;
    uid = pool_alloc(visit_pool(v), UID_SIZE);
    has = read_cookie(v, uid);
    if (has && !is_reset(v, uid)) {
        if (is_marked(v, conf_of(v)->mark))
            return *decided;
    } else {
        make_uid(v, uid);
    }
    return *decided = slice_of((const char *)uid, UID_SIZE);
}

static void add_expires(const struct userid_conf *c, struct buf *out)
{
    char date[DATE_SIZE];

    if (c->expires == USERID_FAR_EXPIRES) {
        buf_add_slice(out, SLICE("; expires=Thu, 31-Dec-37 23:55:55 GMT"));
    } else if (c->expires != USERID_NEVER_EXPIRES) {
        date_format(date, clock_wall_ms() / 1000 + c->expires);
        buf_printf(out, "; expires=%.*s", DATE_SIZE, date);
    }
}

static struct slice write_cookie(struct visit *v, const struct userid_conf *c, struct slice uid)
{
    struct buf b = BUF_EMPTY;
    char text[UID_TEXT];
    struct slice made;

    (void)encode_base64_to(text, uid, false, true);
    if (c->mark)
        text[UID_MARK_AT] = c->mark;
    buf_printf(&b, SLICE_FMT "=%.*s", SLICE_ARG(c->name), UID_TEXT, text);
    add_expires(c, &b);
    if (c->domain.n)
        buf_printf(&b, "; domain=" SLICE_FMT, SLICE_ARG(c->domain));
    buf_printf(&b, "; path=" SLICE_FMT SLICE_FMT, SLICE_ARG(c->path), SLICE_ARG(c->flags));
    made = pool_dup(visit_pool(v), buf_slice(&b));
    buf_free(&b);
    return made;
}

void userid_apply(struct visit *v)
{
    const struct userid_conf *c = conf_of(v);
    struct header_list *l = &v->x->res.headers;
    struct slice uid = v->parent ? SLICE_EMPTY : uid_to_set(v);

    if (uid.n == 0)
        return;
    header_add_id(l, visit_pool(v), HEADER_SET_COOKIE, write_cookie(v, c, uid));
    if (c->p3p.n)
        header_add(l, visit_pool(v), SLICE("P3P"), c->p3p);
}

/* --- variables --- */

static struct slice show(struct visit *v, const uint32_t uid[4])
{
    return pool_printf(visit_pool(v), SLICE_FMT "=%08X%08X%08X%08X", SLICE_ARG(conf_of(v)->name),
                       uid[0], uid[1], uid[2], uid[3]);
}

static struct slice get_got(struct visit *v, const struct variable *var)
{
    uint32_t uid[4];

    UNUSED(var);
    v = visit_main(v);
    return conf_of(v)->mode != USERID_OFF && read_cookie(v, uid) ? show(v, uid) : VARIABLE_NONE;
}

static struct slice get_set(struct visit *v, const struct variable *var)
{
    uint32_t numbers[4];
    struct slice uid;

    UNUSED(var);
    v = visit_main(v);
    uid = uid_to_set(v);
    if (uid.n == 0)
        return VARIABLE_NONE;
    memcpy(numbers, uid.p, UID_SIZE);
    return show(v, numbers);
}

static struct slice get_reset(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return visit_main(v)->slots[SLOT_UID_RESET];
}

static bool set_reset(struct visit *v, const struct variable *var, struct slice value)
{
    UNUSED(var);
    v = visit_main(v);
    v->slots[SLOT_UID_RESET] = pool_dup(visit_pool(v), value);
    return true;
}

const struct variable variables_userid[] = {
    VARIABLE("uid_got", get_got),
    VARIABLE("uid_set", get_set),
    VARIABLE_SETTABLE("uid_reset", get_reset, set_reset),
    VARIABLE_END,
};

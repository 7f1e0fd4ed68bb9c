/* The file is read for each request, so that a change holds at once; it is small, and in the page
 * cache. */
#include "app/access/auth_basic.h"

#include "app/conf.h"
#include "app/phases.h"
#include "app/variables/script.h"
#include "base/encode.h"
#include "base/file.h"
#include "net/crypto_password.h"

enum { FILE_MOST = 1 << 24 };

bool auth_basic_credentials(struct visit *v, struct slice *user_out, struct slice *password_out)
{
    const struct header *h = header_find_id(&v->x->req.headers, HEADER_AUTHORIZATION);
    struct buf decoded = BUF_EMPTY;
    struct slice rest;
    bool is_good = false;

    if (!h || h->value.n < 6 || strncasecmp(h->value.p, "Basic ", 6) != 0)
        return false;
    if (encode_unbase64(&decoded, slice_trim(slice_from(h->value, 6)), false)) {
        rest = pool_dup(visit_pool(v), buf_slice(&decoded));
        *user_out = slice_cut(&rest, ':');
        *password_out = rest;
        is_good = rest.p != NULL;
    }
    buf_free(&decoded);
    return is_good;
}

static int challenge(struct visit *v, struct slice realm)
{
    header_set_id(&v->x->res.headers, visit_pool(v), HEADER_WWW_AUTHENTICATE,
                  pool_printf(visit_pool(v), "Basic realm=\"" SLICE_FMT "\"", SLICE_ARG(realm)));
    return 401;
}

/* What stands behind "user:", up to the next colon. p == NULL: there is no such line. */
static struct slice find_user(struct slice lines, struct slice user)
{
    while (lines.p) {
        struct slice line = slice_cut(&lines, '\n');
        struct slice name = slice_cut(&line, ':');

        if (!line.p || name.n == 0 || name.p[0] == '#' || !slice_eq(name, user))
            continue;
        line = slice_cut(&line, ':');
        if (line.n > 0 && line.p[line.n - 1] == '\r')
            line.n--;
        return line;
    }
    return (struct slice){NULL, 0};
}

static int check(struct visit *v, struct slice lines, const char *path, struct slice realm)
{
    struct slice user = v->user, password, stored;
    struct slice shown;

    if (!auth_basic_credentials(v, &user, &password) || user.n == 0) {
        log_write(&v->x->log, LOG_INFO, "no user/password was provided for basic authentication");
        return challenge(v, realm);
    }
    shown = exchange_shown(v->x, user);
    stored = find_user(lines, user);
    if (!stored.p) {
        log_write(&v->x->log, LOG_ERROR, "user \"" SLICE_FMT "\" was not found in \"%s\"",
                  SLICE_ARG(shown), path);
        return challenge(v, realm);
    }
    if (!crypto_password_is(password, stored)) {
        log_write(&v->x->log, LOG_ERROR, "user \"" SLICE_FMT "\": password mismatch",
                  SLICE_ARG(shown));
        return challenge(v, realm);
    }
    return ACCESS_GRANTED;
}

static const char *path_of(struct visit *v, struct slice path)
{
    struct slice prefix = path.n > 0 && path.p[0] == '/' ? SLICE_EMPTY : v->conf->prefix;

    return pool_printf(visit_pool(v), SLICE_FMT SLICE_FMT, SLICE_ARG(prefix), SLICE_ARG(path)).p;
}

int auth_basic_ask(struct visit *v, const struct access_conf *c)
{
    struct slice realm;
    struct buf lines = BUF_EMPTY;
    const struct err *e;
    const char *path;
    int status;

    if (!c->realm || !c->user_file)
        return ACCESS_NO_OPINION;
    realm = script_eval(c->realm, v);
    if (slice_eq(realm, SLICE("off")))
        return ACCESS_NO_OPINION;
    path = path_of(v, script_eval(c->user_file, v));
    e = file_read(path, FILE_MOST, &lines);
    if (e) {
        log_write(&v->x->log, e == &err_not_found ? LOG_ERROR : LOG_CRIT,
                  "open() \"%s\" failed (%s)", path, e->message);
        status = e == &err_not_found ? 403 : 500;
    } else {
        status = check(v, buf_slice(&lines), path, realm);
    }
    buf_free(&lines);
    return status;
}

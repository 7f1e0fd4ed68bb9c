/* Each method checks what the client says, then acts, and has its errors answered in one place,
 * fail(). A file that is put comes into being under its name in one step; trees are changed piece
 * by piece (dav_tree.c).
 *
 * Against nginx: the root of a location is neither deleted nor moved, and nothing is copied or
 * moved to a place inside of itself. */
#include "app/files/dav.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/files/dav_tree.h"
#include "app/files/static_step.h"
#include "app/location_path.h"
#include "app/phases.h"
#include "base/encode.h"
#include "base/file.h"
#include "http/body_spool.h"
#include "proto/method.h"

const struct dav_conf dav_defaults = {.file_mode = 0600};

static struct slice field(const struct visit *v, struct slice name)
{
    const struct header *h = header_find(&v->x->req.headers, name);

    return h ? h->value : (struct slice){NULL, 0};
}

static bool ends_with_slash(struct slice path)
{
    return path.n > 0 && path.p[path.n - 1] == '/';
}

/* --- answers --- */

/* `what` failed for `path`; `missing` is the answer when something on the way is not there. */
static enum step_result fail(struct visit *v, const char *what, const char *path, int why,
                             int missing)
{
    struct slice shown = exchange_shown(v->x, slice_str(path));
    int status = 500;

    if (why == ENOENT || why == ENOTDIR || why == EISDIR || why == ENAMETOOLONG)
        status = missing;
    else if (why == EEXIST)
        status = 405;
    else if (why == EACCES || why == EPERM || why == ELOOP)
        status = 403;
    else if (why == ENOSPC || why == EDQUOT)
        status = 507;
    log_write(&v->x->log, status >= 500 ? LOG_CRIT : LOG_ERROR,
              "%s \"" SLICE_FMT "\" failed (%d: %s)", what, SLICE_ARG(shown), why, strerror(why));
    return phases_finish_status(v, status);
}

/* The client has said something that cannot be: `text` tells what. */
static enum step_result refuse(struct visit *v, int status, const char *text)
{
    log_write(&v->x->log, LOG_ERROR, "%s", text);
    return phases_finish_status(v, status);
}

static enum step_result succeed(struct visit *v, int status, bool tells_location)
{
    struct buf location = BUF_EMPTY;

    if (tells_location && status == 201) {
        encode_percent(&location, v->x->req.path, ENCODE_PATH);
        header_set_id(&v->x->res.headers, visit_pool(v), HEADER_LOCATION,
                      pool_dup(visit_pool(v), buf_slice(&location)));
        buf_free(&location);
    }
    v->x->res.status = status;
    exchange_respond(v->x, SLICE_EMPTY);
    return STEP_DONE;
}

/* The file of `path`, without the final slash; NULL: none (answered). */
static char *map(struct visit *v, struct slice path)
{
    struct slice file;

    if (!location_path_map(v, path, &file)) {
        (void)phases_finish_status(v, 400);
        return NULL;
    }
    while (file.n > 1 && file.p[file.n - 1] == '/')
        file.n--;
    ((char *)(uintptr_t)file.p)[file.n] = '\0';
    return (char *)(uintptr_t)file.p;
}

static bool make_parents(struct visit *v, const char *path)
{
    struct slice up = slice_str(path);

    if (!v->loc->dav->creates_full_path)
        return true;
    while (up.n > 1 && up.p[up.n - 1] != '/')
        up.n--;
    return !file_mkdirs(pool_strdup(visit_pool(v), up), file_folder_mode(v->loc->dav->file_mode));
}

/* --- PUT --- */

/* The body takes its place. 0, or an errno. */
static int store(struct visit *v, struct body_spool *s, const char *path)
{
    int why;

    if (s->fd < 0 && body_spool_to_file(v->x, s))
        return ENOSPC;
    if (fchmod(s->fd, v->loc->dav->file_mode) < 0)
        return errno;
    why = dav_tree_move(s->path, path);
    s->keeps_file = !why; /* it is no temporary one any more */
    return why;
}

static enum step_result put(struct visit *v, struct body_spool *s)
{
    char *path = map(v, v->x->req.path);
    struct stat st;
    bool is_there;
    int why;

    if (!path)
        return STEP_DONE;
    is_there = lstat(path, &st) == 0;
    if (is_there && S_ISDIR(st.st_mode))
        return fail(v, "could not create", path, EISDIR, 409);
    if (!make_parents(v, path))
        return fail(v, "mkdir()", path, errno, 409);
    why = store(v, s, path);
    if (why)
        return fail(v, "could not create", path, why, 409);
    return succeed(v, is_there ? 204 : 201, true);
}

static enum step_result put_spooled(struct visit *v, struct body_spool *s)
{
    return s->state == BODY_END ? put(v, s) : phases_finish_status(v, exchange_body_status(v->x));
}

static void on_spooled(struct exchange *x, struct body_spool *s)
{
    UNUSED(x);
    (void)put_spooled(s->user, s);
}

static enum step_result begin_put(struct visit *v)
{
    struct body_spool *s;

    if (ends_with_slash(v->x->req.path))
        return refuse(v, 409, "cannot PUT to a collection");
    if (header_find_id(&v->x->req.headers, HEADER_CONTENT_RANGE))
        return refuse(v, 501, "PUT with range is unsupported");
    s = body_spool_start(v->x, on_spooled, v);
    return s->state == BODY_WAIT ? STEP_WAIT : put_spooled(v, s);
}

/* --- DELETE, MKCOL --- */

static bool is_deep_enough(struct slice path, unsigned least)
{
    unsigned n = 0;

    for (size_t i = 0; i < path.n; i++)
        n += path.p[i] == '/';
    return n >= least;
}

/* May what lies at `path`, of which `st` tells, be meant by the request's URI? 0, or the status. */
static int check_form(const struct visit *v, const struct stat *st)
{
    return S_ISDIR(st->st_mode) && !ends_with_slash(v->x->req.path) ? 409 : 0;
}

/* Is the directory `path` the root, or what alias stands for? With a regex that is each place. */
static bool is_root(struct visit *v, const char *path)
{
    struct slice root;

    if (v->x->req.path.n == 1)
        return true;
    if (!v->loc->alias || v->loc->kind == LOCATION_REGEX)
        return false;
    root = location_path_root(v);
    while (ends_with_slash(root))
        root.n--;
    return slice_eq(root, slice_str(path));
}

static enum step_result delete_resource(struct visit *v)
{
    enum dav_depth depth = dav_read_depth(field(v, SLICE("Depth")));
    struct stat st;
    char *path;
    int why;

    if (!is_deep_enough(v->x->req.path, v->loc->dav->least_depth))
        return refuse(v, 409, "insufficient URI depth to DELETE");
    if (depth == DAV_DEPTH_BAD || depth == DAV_DEPTH_1)
        return refuse(v, 400, "\"Depth\" header must be 0 or infinity");
    path = map(v, v->x->req.path);
    if (!path)
        return STEP_DONE;
    if (lstat(path, &st) < 0)
        return fail(v, "lstat()", path, errno, 404);
    if (S_ISDIR(st.st_mode) && is_root(v, path))
        return refuse(v, 403, "the root is not deleted");
    if (check_form(v, &st))
        return fail(v, "DELETE", path, EISDIR, 409);
    if (S_ISDIR(st.st_mode) && depth != DAV_DEPTH_INFINITY)
        return refuse(v, 400, "\"Depth\" header must be infinity");
    why = dav_tree_remove(path);
    return why ? fail(v, "could not delete", path, why, 404) : succeed(v, 204, false);
}

static enum step_result make_collection(struct visit *v)
{
    char *path;

    if (!ends_with_slash(v->x->req.path))
        return refuse(v, 409, "MKCOL can create a collection only");
    path = map(v, v->x->req.path);
    if (!path)
        return STEP_DONE;
    if (mkdir(path, file_folder_mode(v->loc->dav->file_mode)) < 0)
        return fail(v, "mkdir()", path, errno, 409);
    return succeed(v, 201, true);
}

/* --- COPY, MOVE --- */

enum dav_depth dav_read_depth(struct slice value)
{
    if (!value.p || slice_ieq(value, SLICE("infinity")))
        return DAV_DEPTH_INFINITY;
    if (slice_eq(value, SLICE("0")))
        return DAV_DEPTH_0;
    return slice_eq(value, SLICE("1")) ? DAV_DEPTH_1 : DAV_DEPTH_BAD;
}

bool dav_read_destination(struct slice value, struct slice host, struct slice *path_out)
{
    size_t scheme = slice_has_prefix(value, SLICE("http://"))    ? 7
                    : slice_has_prefix(value, SLICE("https://")) ? 8
                                                                 : 0;
    struct slice rest = slice_from(value, scheme);
    ssize_t slash = slice_find(rest, '/');

    if (slash < 0 || (scheme == 0) != (slash == 0))
        return false;
    if (scheme && !slice_ieq(slice_of(rest.p, (size_t)slash), host))
        return false;
    rest = slice_from(rest, (size_t)slash);
    rest = slice_cut(&rest, '#');
    *path_out = slice_cut(&rest, '?');
    return true;
}

/* What COPY and MOVE are about. */
struct transfer {
    struct visit *v;
    bool is_move, is_whole, overwrites;
    char *from, *to;
    struct stat st; /* of `from` */
};

static bool is_inside(const char *path, const char *of)
{
    size_t n = strlen(of);

    return strncmp(path, of, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

static enum step_result carry_out(struct transfer *t)
{
    struct visit *v = t->v;
    struct stat there;
    bool is_there;
    int why;

    if (lstat(t->from, &t->st) < 0)
        return fail(v, "lstat()", t->from, errno, 404);
    if (check_form(v, &t->st))
        return fail(v, t->is_move ? "MOVE" : "COPY", t->from, EISDIR, 409);
    if (is_inside(t->to, t->from) || is_inside(t->from, t->to))
        return refuse(v, 403, "source and destination are within each other");
    is_there = lstat(t->to, &there) == 0;
    if (is_there && !t->overwrites)
        return refuse(v, 412, "the destination exists, and \"Overwrite\" says F");
    if (is_there && (S_ISDIR(there.st_mode) || S_ISDIR(t->st.st_mode))) {
        why = dav_tree_remove(t->to);
        if (why)
            return fail(v, "could not delete", t->to, why, 500);
    }
    if (!make_parents(v, t->to))
        return fail(v, "mkdir()", t->to, errno, 409);
    why = t->is_move ? dav_tree_move(t->from, t->to) : dav_tree_copy(t->from, t->to, t->is_whole);
    if (why)
        return fail(v, "could not create", t->to, why, 409);
    return succeed(v, S_ISDIR(t->st.st_mode) ? 201 : 204, false); /* as nginx; there or not */
}

/* Overwrite: T, which is also without it, or F. */
static bool read_overwrite(const struct visit *v, bool *out)
{
    struct slice value = field(v, SLICE("Overwrite"));

    *out = !value.p || slice_ieq(value, SLICE("T"));
    return *out || slice_ieq(value, SLICE("F"));
}

static enum step_result transfer(struct visit *v, bool is_move)
{
    struct transfer t = {.v = v, .is_move = is_move};
    enum dav_depth depth = dav_read_depth(field(v, SLICE("Depth")));
    struct slice value = field(v, SLICE("Destination")), raw, path;
    const struct header *host = header_find_id(&v->x->req.headers, HEADER_HOST);

    if (!dav_read_destination(value, host ? host->value : SLICE_EMPTY, &raw) ||
        !location_path_read(v, raw, &path))
        return refuse(v, 400,
                      value.p ? "client sent invalid \"Destination\" header"
                              : "client sent no \"Destination\" header");
    if (ends_with_slash(path) != ends_with_slash(v->x->req.path))
        return refuse(v, 409,
                      "both URI and \"Destination\" URI should be either collections or "
                      "non-collections");
    if (depth != DAV_DEPTH_INFINITY && (is_move || depth != DAV_DEPTH_0))
        return refuse(v, 400,
                      is_move ? "\"Depth\" header must be infinity"
                              : "\"Depth\" header must be 0 or infinity");
    if (!read_overwrite(v, &t.overwrites))
        return refuse(v, 400, "client sent invalid \"Overwrite\" header");
    t.is_whole = depth == DAV_DEPTH_INFINITY;
    t.from = map(v, v->x->req.path);
    t.to = t.from ? map(v, path) : NULL;
    return t.to ? carry_out(&t) : STEP_DONE;
}

enum step_result dav_step_content(struct visit *v, const struct step *s)
{
    const struct request *req = &v->x->req;

    if (!(v->loc->dav->methods >> req->method & 1))
        return static_step_content(v, s);
    if (req->method == METHOD_PUT)
        return begin_put(v);
    if (req->content_length > 0 || req->has_unsized_body)
        return refuse(v, 415, "a body is unsupported by this method");
    switch (req->method) {
    case METHOD_DELETE:
        return delete_resource(v);
    case METHOD_MKCOL:
        return make_collection(v);
    default:
        return transfer(v, req->method == METHOD_MOVE);
    }
}

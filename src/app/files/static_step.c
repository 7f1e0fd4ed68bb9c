/* Static content: from a path to a file, a directory's index, a redirect or an error.
 *
 * The order is that of a path's end: with '/' it is a directory (index files, then a listing, then
 * 403), otherwise a file. Behind an alias the path of the file may end otherwise than that of the
 * request: a redirect that adds '/' is made only where the request has none yet. The system's
 * errors become statuses in one place, fail(). How a file is answered is static_send.c, how it is
 * opened file_cache.c. */
#include "app/files/static_step.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/files/autoindex.h"
#include "app/files/file_cache.h"
#include "app/files/static_open.h"
#include "app/files/static_packed.h"
#include "app/files/static_redirect.h"
#include "app/files/static_send.h"
#include "app/location_path.h"
#include "app/phases.h"
#include "app/variables/script.h"

static int status_of(int why)
{
    switch (why) {
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
    case ENXIO:
    case ENODEV:
        return 404;
    case EACCES:
    case EPERM:
    case ELOOP:
    case EMLINK:
        return 403;
    }
    return 500;
}

static bool is_missing(int why)
{
    return why == ENOENT || why == ENOTDIR || why == ENAMETOOLONG;
}

/* Logs and answers that `what` failed for `path`. */
static enum step_result fail(struct visit *v, const char *what, struct slice path, int why)
{
    int status = status_of(why);
    struct slice name = exchange_shown(v->x, path);

    if (why == ENXIO || why == ENODEV)
        log_write(&v->x->log, LOG_CRIT, "\"" SLICE_FMT "\" is not a regular file", SLICE_ARG(name));
    else if (!is_missing(why) || v->loc->does_log_not_found)
        log_write(&v->x->log, status == 500 ? LOG_CRIT : LOG_ERROR,
                  "%s \"" SLICE_FMT "\" failed (%d: %s)", what, SLICE_ARG(name), why,
                  strerror(why));
    return phases_finish_status(v, status);
}

static bool ends_with_slash(struct slice path)
{
    return path.n > 0 && path.p[path.n - 1] == '/';
}

/* --- directories --- */

static bool join(struct visit *v, struct slice a, struct slice b, struct slice *out)
{
    char *p;

    if (b.n == 0 || memchr(b.p, '\0', b.n))
        return false;
    p = pool_alloc(visit_pool(v), a.n + b.n + 1);
    memcpy(p, a.p, a.n);
    memcpy(p + a.n, b.p, b.n);
    p[a.n + b.n] = '\0';
    *out = slice_of(p, a.n + b.n);
    return true;
}

/* Is `path` there, as a directory or as a file? 0 or why not (EISDIR, ENOTDIR when it is the
 * other). */
static int probe(struct visit *v, struct slice path, bool is_dir)
{
    struct symlink_check check = static_open_check(v, path);
    struct stat st;
    int fd, why;

    if (!is_dir && file_cache_has(path, check))
        return 0;
    if (check.policy == SYMLINKS_FOLLOW) {
        if (stat(path.p, &st) != 0)
            return errno;
    } else {
        why = static_open(path.p, check, O_PATH, &fd);
        if (why)
            return why;
        why = fstat(fd, &st) == 0 ? 0 : errno;
        (void)close(fd);
        if (why)
            return why;
    }
    if (S_ISDIR(st.st_mode) == is_dir)
        return 0;
    return is_dir ? ENOTDIR : EISDIR;
}

static enum step_result index_failed(struct visit *v, struct slice path, int why)
{
    int status = status_of(why);
    struct slice name = exchange_shown(v->x, path);

    if (status == 403)
        log_write(&v->x->log, LOG_ERROR, "\"" SLICE_FMT "\" is forbidden (%d: %s)", SLICE_ARG(name),
                  why, strerror(why));
    else if (status != 404)
        log_write(&v->x->log, LOG_CRIT, "open() \"" SLICE_FMT "\" failed (%d: %s)", SLICE_ARG(name),
                  why, strerror(why));
    else if (v->loc->does_log_not_found)
        log_write(&v->x->log, LOG_ERROR, "\"" SLICE_FMT "\" is not found (%d: %s)", SLICE_ARG(name),
                  why, strerror(why));
    return phases_finish_status(v, status);
}

/* Goes to the first index file that is there. False: none is, *r_out is not set. */
static bool find_index(struct visit *v, struct slice dir, enum step_result *r_out)
{
    struct request *req = &v->x->req;
    bool is_dir_known = false;
    struct slice name, file, uri;
    int why;

    for (struct script **at = v->loc->index; at && *at; at++) {
        name = script_eval(*at, v);
        if (name.n > 0 && name.p[0] == '/') {
            *r_out = phases_redirect(v, name, req->query);
            return true;
        }
        if (!join(v, dir, name, &file))
            continue;
        why = probe(v, file, false);
        if (why == 0 && join(v, req->path, name, &uri)) {
            *r_out = phases_redirect(v, uri, req->query);
            return true;
        }
        if (why == EISDIR)
            continue;
        if (why == ENOENT && !is_dir_known) {
            why = probe(v, dir, true);
            is_dir_known = why == 0 || why == EACCES;
            why = is_dir_known ? ENOENT : why;
        } else if (why == ENOENT) {
            continue;
        }
        if (why != ENOENT || !is_dir_known) {
            *r_out = index_failed(v, file, why);
            return true;
        }
    }
    return false;
}

static enum step_result list_dir(struct visit *v, struct slice dir)
{
    struct slice page, type;
    int why = autoindex_page(v, dir, &page, &type);

    if (why == EINVAL)
        return phases_finish_status(v, 400);
    if (why)
        return fail(v, "opendir()", dir, why);
    if (v->x->res.status == 0)
        v->x->res.status = 200;
    header_set_id(&v->x->res.headers, visit_pool(v), HEADER_CONTENT_TYPE, type);
    header_set_id(&v->x->res.headers, visit_pool(v), HEADER_VARY, SLICE("Accept"));
    exchange_respond(v->x, page);
    return STEP_DONE;
}

/* random_index. False: there is nothing to choose, *r_out is not set. */
static bool choose_file(struct visit *v, struct slice dir, enum step_result *r_out)
{
    struct request *req = &v->x->req;
    struct slice name, uri;

    if (!v->loc->has_random_index || autoindex_random(v, dir, &name) || name.n == 0 ||
        !join(v, req->path, name, &uri))
        return false;
    *r_out = phases_redirect(v, uri, req->query);
    return true;
}

static enum step_result serve_dir(struct visit *v, struct slice dir)
{
    enum step_result r;
    int why;

    if (choose_file(v, dir, &r))
        return r;
    if (find_index(v, dir, &r))
        return r;
    if (v->x->req.method != METHOD_GET && v->x->req.method != METHOD_HEAD)
        return phases_finish_status(v, 405);
    if (v->loc->has_autoindex)
        return list_dir(v, dir);
    why = v->loc->index && *v->loc->index ? 0 : probe(v, dir, true);
    if (why)
        return index_failed(v, dir, why);
    dir = exchange_shown(v->x, dir);
    log_write(&v->x->log, LOG_ERROR, "directory index of \"" SLICE_FMT "\" is forbidden",
              SLICE_ARG(dir));
    return phases_finish_status(v, 403);
}

/* --- files --- */

static enum step_result refuse_method(struct visit *v)
{
    header_set_id(&v->x->res.headers, visit_pool(v), HEADER_ALLOW, SLICE("GET, HEAD"));
    return phases_finish_status(v, 405);
}

static enum step_result serve_file(struct visit *v, struct slice path)
{
    const struct file_cache_file *file;
    enum coding coding = CODING_COUNT;
    int why = 0;

    if (v->x->req.method != METHOD_POST)
        coding = static_packed_open(v, path, &file);
    if (coding == CODING_COUNT)
        why = file_cache_open(path, static_open_check(v, path), &file);
    if (why == EISDIR)
        return ends_with_slash(v->x->req.path) ? serve_dir(v, path) : static_redirect_to_dir(v);
    if (why)
        return fail(v, v->loc->symlinks == SYMLINKS_FOLLOW ? "open()" : "openat()", path, why);
    if (UNLIKELY(v->x->req.method == METHOD_POST)) {
        file_cache_release(file);
        return refuse_method(v);
    }
    return static_send(v, file, coding);
}

enum step_result static_step_content(struct visit *v, const struct step *s)
{
    struct request *req = &v->x->req;
    struct slice path;

    UNUSED(s);
    if (req->method != METHOD_GET && req->method != METHOD_HEAD && req->method != METHOD_POST)
        return refuse_method(v);
    if (!location_path_map(v, req->path, &path))
        return phases_finish_status(v, 404);
    if (ends_with_slash(path) && ends_with_slash(req->path))
        return serve_dir(v, path);
    return serve_file(v, path);
}

/* --- try_files --- */

/* The path that location_path_map takes for a name of try_files. Behind an alias a name that is
 * made of variables may begin with the prefix of the location, which the alias stands for; a
 * constant one is always relative to the alias. */
static struct slice path_for(struct visit *v, struct slice name, bool is_constant)
{
    struct slice prefix = SLICE("/"), path;

    if (v->loc->alias) {
        prefix = v->path_prefix;
        if (prefix.n == 0 || (!is_constant && slice_has_prefix(name, prefix)))
            return name;
    } else if (name.n > 0 && name.p[0] == '/') {
        return name;
    }
    return join(v, prefix, name, &path) ? path : prefix;
}

/* Tries one name; true when it is there and the request goes on with it. */
static bool try_name(struct visit *v, const struct script *script, bool is_dir)
{
    struct request *req = &v->x->req;
    struct slice path = path_for(v, script_eval(script, v), script_is_constant(script)), file;
    bool had_slash = ends_with_slash(req->path), is_there;

    v->is_path_in_alias = location_path_is_alias_whole(v->loc);
    is_there = location_path_map(v, path, &file) && probe(v, file, is_dir) == 0;
    /* such a directory has no URI of its own: the request's is kept */
    if (v->is_path_in_alias && (is_dir || !is_there)) {
        v->is_path_in_alias = false;
        return is_there;
    }
    if (!is_there)
        return false;
    /* A directory keeps the form that was asked for, so that one without '/' is redirected. */
    if (is_dir && !had_slash)
        while (path.n > 1 && path.p[path.n - 1] == '/')
            path.n--;
    else if (is_dir && !ends_with_slash(path) && !join(v, path, SLICE("/"), &path))
        return false;
    req->path = pool_dup(visit_pool(v), path);
    return true;
}

static enum step_result fall_back(struct visit *v, const struct try_files *t)
{
    struct slice target, query;

    if (t->fallback_status)
        return phases_finish_status(v, t->fallback_status);
    target = t->n ? script_eval(t->names[t->n - 1], v) : SLICE_EMPTY;
    if (target.n > 0 && target.p[0] == '@')
        return phases_redirect(v, target, slice_of(NULL, 0));
    query = target;
    target = slice_cut(&query, '?');
    return phases_redirect(v, target, query);
}

enum step_result static_step_try_files(struct visit *v, const struct step *s)
{
    const struct try_files *t = s->arg;

    for (unsigned i = 0; i + 1 < t->n; i++)
        if (try_name(v, t->names[i], t->is_dir[i]))
            return STEP_NEXT;
    return fall_back(v, t);
}

/* proxy_cache_path and its kin: where answers are kept, which, and for how long. */
#include "app/directives/directives.h"
#include "app/directives/proxy.h"
#include "app/directives/proxy_levels.h"
#include "app/directives/tables.h"
#include "app/proxy/cache_rules.h"
#include "app/proxy/proxy.h"
#include "app/subrequest.h"
#include "base/num.h"

#define GROUP      "Caching"
#define CTX_LEVELS CTX_HTTP_ALL

static struct cache_conf *own(struct apply *a, const struct config_node *node)
{
    struct proxy_conf *p = directives_proxy_own(a, node);
    struct cache_conf *copy;

    if (p->cache && p->cache->owner == a->loc)
        return p->cache;
    copy = pool_new(&a->conf->pool, struct cache_conf);
    *copy = p->cache ? *p->cache : cache_defaults;
    copy->owner = a->loc;
    p->cache = copy;
    return copy;
}

/* --- proxy_cache_path --- */

/* 1:2 */
static bool read_levels(struct slice text, struct cache_zone *z)
{
    z->n_levels = 0;
    while (text.p) {
        struct slice level = slice_cut(&text, ':');
        int64_t n;

        if (z->n_levels == CACHE_LEVELS_MOST || !num_parse_u63(level, &n) || n < 1 || n > 2)
            return false;
        z->levels[z->n_levels++] = (unsigned)n;
    }
    return true;
}

static bool read_count(struct slice text, unsigned *out)
{
    int64_t n;

    if (!num_parse_u63(text, &n) || n < 1 || n > INT32_MAX)
        return false;
    *out = (unsigned)n;
    return true;
}

static bool read_time(struct slice text, uint64_t *out)
{
    return num_parse_msec(text, (int64_t *)out);
}

static bool read_size(struct slice text, uint64_t *out)
{
    return num_parse_size(text, (int64_t *)out);
}

static bool is_flag(struct slice text)
{
    return slice_eq(text, SLICE("on")) || slice_eq(text, SLICE("off"));
}

/* One parameter but keys_zone. */
static bool read_word(struct slice name, struct slice value, struct cache_zone *z)
{
    uint64_t unused;

    if (slice_eq(name, SLICE("levels")))
        return read_levels(value, z);
    if (slice_eq(name, SLICE("use_temp_path")))
        return is_flag(value);
    if (slice_eq(name, SLICE("inactive")))
        return read_time(value, &z->inactive);
    if (slice_eq(name, SLICE("max_size")))
        return read_size(value, &z->max_size);
    if (slice_eq(name, SLICE("min_free")))
        return read_size(value, &z->min_free);
    if (slice_eq(name, SLICE("manager_files")))
        return read_count(value, &z->manager_files);
    if (slice_eq(name, SLICE("loader_files")))
        return read_count(value, &z->loader_files);
    if (slice_eq(name, SLICE("manager_sleep")))
        return read_time(value, &z->manager_sleep);
    if (slice_eq(name, SLICE("loader_sleep")))
        return read_time(value, &z->loader_sleep);
    if (slice_eq(name, SLICE("manager_threshold")) || slice_eq(name, SLICE("loader_threshold")))
        return read_time(value, &unused);
    return false;
}

/* keys_zone=name:size */
static bool declare(struct apply *a, const struct config_node *node, struct slice text,
                    struct cache_zone **out, struct config_error *e)
{
    static const char kind[] = "proxy_cache_path";
    struct slice size_text = text, name = slice_cut(&size_text, ':'), sums;
    struct cache_zone *z;
    int64_t size;

    if (!name.n || !size_text.p || !num_parse_size(size_text, &size))
        return config_node_error(node, e, "invalid keys zone size \"" SLICE_FMT "\"",
                                 SLICE_ARG(text));
    z = cache_zone_refer(a->conf, name);
    if (z->node)
        return config_node_error(node, e, "duplicate zone \"" SLICE_FMT "\"", SLICE_ARG(name));
    z->notes = zones_declare(a->conf, kind, name, (size_t)size, node, e);
    sums = pool_printf(&a->conf->pool, SLICE_FMT " (sums)", SLICE_ARG(name));
    z->sums = z->notes ? zones_declare(a->conf, kind, sums, DICT_ZONE_LEAST, node, e) : NULL;
    z->node = node;
    *out = z;
    return z->sums != NULL;
}

static void set_folder(struct apply *a, struct cache_zone *z, struct slice path)
{
    struct app_conf *conf = a->conf;

    z->path = slice_str(conf_path(conf, path));
    while (z->path.n > 1 && z->path.p[z->path.n - 1] == '/')
        z->path.n--;
    z->path = slice_str(pool_strdup(&conf->pool, z->path));
    directives_add_folder(conf, z->path, z->node);
}

static bool add_path(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct cache_zone read = {.inactive = 600000,
                              .manager_files = 100,
                              .loader_files = 100,
                              .manager_sleep = 50,
                              .loader_sleep = 50};
    struct cache_zone *z = NULL;

    for (size_t i = 1; i < node->n_args; i++) {
        struct slice value = node->args[i], name = slice_cut(&value, '=');

        if (value.p && slice_eq(name, SLICE("keys_zone"))) {
            if (!declare(ctx, node, value, &z, e))
                return false;
        } else if (!value.p || !read_word(name, value, &read)) {
            return config_arg_refuse(node, node->args[i], e);
        }
    }
    if (!z)
        return config_node_error(node, e, "\"%s\" must have \"keys_zone\" parameter",
                                 node->schema->name);
    read.name = z->name;
    read.node = z->node;
    read.notes = z->notes;
    read.sums = z->sums;
    read.next = z->next;
    *z = read;
    set_folder(ctx, z, node->args[0]);
    return true;
}

/* --- which cache, under which key --- */

static bool set_cache(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    struct cache_conf *c = own(a, node);
    bool is_off = slice_eq(node->args[0], SLICE("off"));
    struct script *name;

    if (!directives_script(a, node, node->args[0], &name, e))
        return false;
    if (!is_off)
        directives_proxy_own(a, node)->flags &= ~(unsigned)PROXY_STORE;
    c->zone_name = script_is_constant(name) ? NULL : name;
    c->zone = c->zone_name || is_off ? NULL : cache_zone_refer(a->conf, node->args[0]);
    return true;
}

static bool set_key(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_script(ctx, node, node->args[0], &own(ctx, node)->key, e);
}

/* GET and HEAD are always among them. */
static bool set_methods(void *ctx, const struct config_node *node, struct config_error *e)
{
    uint64_t methods = cache_defaults.methods;

    for (size_t i = 0; i < node->n_args; i++) {
        enum method m = method_parse(node->args[i]);

        if (m != METHOD_GET && m != METHOD_HEAD && m != METHOD_POST)
            return config_node_error(node, e, "invalid value \"%.200s\"", node->args[i].p);
        methods |= 1ull << m;
    }
    own(ctx, node)->methods = methods;
    return true;
}

/* --- for how long --- */

/* The lists of a level take the place of those above. */
static const struct cache_conf *above(const struct apply *a, const struct config_node *node)
{
    const struct proxy_conf *p = directives_proxy_above(a, node);

    return p ? p->cache : NULL;
}

static void add_valid(struct apply *a, const struct config_node *node, int status, int64_t ms)
{
    struct cache_valid **at = &own(a, node)->valid;

    while (*at)
        at = &(*at)->next;
    *at = pool_new(&a->conf->pool, struct cache_valid);
    (*at)->status = status;
    (*at)->seconds = ms / 1000;
}

static bool set_valid(void *ctx, const struct config_node *node, struct config_error *e)
{
    static const int usual[] = {200, 301, 302};
    struct apply *a = ctx;
    struct cache_conf *c = own(a, node);
    size_t n = node->n_args - 1u;
    int64_t ms, status;

    if (above(a, node) && c->valid == above(a, node)->valid)
        c->valid = NULL;
    if (!config_arg_time(node, n, &ms, e))
        return false;
    for (size_t i = 0; n == 0 && i < ARRAY_LEN(usual); i++)
        add_valid(a, node, usual[i], ms);
    for (size_t i = 0; i < n; i++) {
        if (slice_eq(node->args[i], SLICE("any")))
            status = 0;
        else if (!num_parse_u63(node->args[i], &status) || status < 100 || status > 599)
            return config_node_error(node, e, "invalid status \"%.200s\"", node->args[i].p);
        add_valid(a, node, (int)status, ms);
    }
    return true;
}

static bool add_conditions(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    size_t offset = (size_t)node->schema->id;
    struct cache_condition **at = (struct cache_condition **)((char *)own(a, node) + offset);

    if (above(a, node) &&
        *at == *(struct cache_condition *const *)((const char *)above(a, node) + offset))
        *at = NULL;
    while (*at)
        at = &(*at)->next;
    for (size_t i = 0; i < node->n_args; i++) {
        *at = pool_new(&a->conf->pool, struct cache_condition);
        if (!directives_script(a, node, node->args[i], &(*at)->value, e))
            return false;
        at = &(*at)->next;
    }
    return true;
}

/* --- values --- */

static bool set_stale(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_proxy_bits(node, &own(ctx, node)->use_stale, e);
}

static bool set_time(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_time(own(ctx, node), node, e);
}

static bool set_number(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_number(own(ctx, node), node, e);
}

static bool set_flag(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_flag(own(ctx, node), node, e);
}

static bool set_size(void *ctx, const struct config_node *node, struct config_error *e)
{
    return directives_put_size(own(ctx, node), node, e);
}

#define FIELD(name) offsetof(struct cache_conf, name)

#define TIME(word, field, default_value, text)                                                     \
    DIRECTIVE_SETTING(word, CTX_LEVELS, ARG_TIME, "time", default_value, FIELD(field), text,       \
                      set_time)

#define FLAG(word, field, default_value, text)                                                     \
    DIRECTIVE_FLAG(word, CTX_LEVELS, default_value, FIELD(field), text, set_flag)

static bool set_slice(void *ctx, const struct config_node *node, struct config_error *e)
{
    int64_t *size = &((struct apply *)ctx)->loc->slice_size;

    if (!config_arg_size(node, 0, size, e))
        return false;
    return *size <= SUBREQUEST_BODY_MOST || /* what holds a part */
           config_node_error(node, e, "\"slice\" is more than 256m");
}

static const struct directive table[] = {
    {.name = "proxy_cache_path",
     .contexts = CTX_HTTP,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 2,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "proxy_cache_path path [levels=levels] keys_zone=name:size [inactive=time] "
               "[max_size=size] [min_free=size] [loader_files=number] [loader_sleep=time] "
               "[manager_files=number] [manager_sleep=time];",
     .doc =
         "A folder of answers that are kept, each in a file named by the MD5 of its key, in "
         "folders "
         "below by `levels` (`1:2`). `keys_zone`: the memory in which all workers know what is "
         "there; a megabyte holds about 7,000 keys, and without room the oldest give way. What "
         "nobody asks for in `inactive=10m` is removed, and the oldest while the files are larger "
         "than `max_size` together, or the file system has less than `min_free` left; an answer "
         "that is larger than `max_size` by itself is not kept. One worker "
         "looks every second, `manager_files=100` at a time, with `manager_sleep=50ms` between. "
         "After a start it finds what is there already, `loader_files=100` at a time every "
         "`loader_sleep=50ms`. A file gets its name when it is whole. `use_temp_path` and the "
         "thresholds of nginx are accepted: files are always written beside their place.",
     .apply = add_path},
    {.name = "proxy_cache",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 1,
     .group = GROUP,
     .syntax = "proxy_cache zone | off;",
     .default_text = "proxy_cache off;",
     .doc = "Keeps answers of `proxy_pass` in the cache of that zone, and answers with them. The "
            "name may hold variables: `off` and nothing are no cache, the name of none is an "
            "error (500). Which "
            "and for how long the server says: `X-Accel-Expires` (seconds, `@` and a time, 0: not "
            "at all) before `Cache-Control` (`s-maxage` before `max-age`; not `no-store`, "
            "`no-cache`, `private`) before `Expires`; where it says nothing, `proxy_cache_valid`. "
            "Answers with `Set-Cookie`, `Vary: *` or status 206 (but those of a `slice`), and "
            "those to a client's "
            "`Authorization` that do not allow it (RFC 9111 section 3.5), are not kept; `Vary` "
            "tells variants apart. The server is asked without the client's conditions and "
            "ranges, which count for what is kept. A kept answer has `Age`. "
            "`$upstream_cache_status` is `MISS`, `BYPASS`, `EXPIRED`, `STALE`, `UPDATING`, "
            "`REVALIDATED` or `HIT`. A client that leaves does not end what is being kept.",
     .apply = set_cache},
    {.name = "proxy_cache_key",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 1,
     .group = GROUP,
     .syntax = "proxy_cache_key string;",
     .default_text = "proxy_cache_key $scheme$proxy_host$request_uri;",
     .doc = "What answers are kept by. By default it is the URI that the server is asked for, also "
            "where that is not the client's: in captures, after rewrites.",
     .apply = set_key},
    {.name = "proxy_cache_valid",
     .contexts = CTX_LEVELS,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "proxy_cache_valid [code …] time;",
     .doc = "How long answers with these statuses (`any`: all; without: 200, 301 and 302) are good "
            "that say nothing themselves.",
     .apply = set_valid},
    {.name = "proxy_cache_methods",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "proxy_cache_methods GET | HEAD | POST …;",
     .default_text = "proxy_cache_methods GET HEAD;",
     .doc = "Of which requests answers are kept. GET and HEAD are always among them. The body of a "
            "request comes before the key, so that that can say `$request_body`; a body in a file, "
            "larger than `client_body_buffer_size`, is empty there.",
     .apply = set_methods},
    DIRECTIVE_SETTING("proxy_cache_min_uses", CTX_LEVELS, ARG_NUMBER, "number", "1",
                      FIELD(min_uses), "An answer is kept when it is asked for that many times.",
                      set_number),
    {.name = "proxy_cache_bypass",
     .contexts = CTX_LEVELS,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "proxy_cache_bypass string …;",
     .doc = "The server is asked where one of these is neither empty nor `0`; its answer is kept.",
     .id = FIELD(bypass),
     .apply = add_conditions},
    {.name = "proxy_no_cache",
     .contexts = CTX_LEVELS,
     .flags = DIRECTIVE_REPEATS,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "proxy_no_cache string …;",
     .doc = "An answer is not kept where one of these is neither empty nor `0`.",
     .id = FIELD(no_cache),
     .apply = add_conditions},
    {.name = "proxy_cache_use_stale",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "proxy_cache_use_stale error | timeout | invalid_header | updating | http_500 | "
               "http_502 | http_503 | http_504 | http_403 | http_404 | http_429 | off …;",
     .default_text = "proxy_cache_use_stale off;",
     .doc = "When an answer whose time is over is still given: the server failed so, or somebody "
            "is fetching a new one (`updating`). A `stale-while-revalidate` and a `stale-if-error` "
            "of the answer itself do the same for their time.",
     .extra = directives_proxy_next_bits,
     .apply = set_stale},
    FLAG("proxy_cache_background_update", updates_behind, "off",
         "Who meets an answer whose time is over and which `updating` covers gets it at once; the "
         "server is asked behind his back."),
    FLAG("proxy_cache_revalidate", does_revalidate, "off",
         "Answers whose time is over are asked for with `If-Modified-Since` and `If-None-Match`; "
         "after 304 they are good again."),
    FLAG("proxy_cache_convert_head", converts_head, "on",
         "HEAD is answered from, and asks for, what GET gets. With `off` it has nothing to do with "
         "the cache."),
    {.name = "proxy_cache_max_range_offset",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_SIZE},
     .group = GROUP,
     .syntax = "proxy_cache_max_range_offset size;",
     .doc = "Of an answer that is not kept yet the whole is asked for, whatever part the client "
            "wants. A part that begins there or later, or counts from the end, is asked for as it "
            "is, and not kept; 0: any part. Without the directive none is.",
     .id = FIELD(max_range_offset),
     .apply = set_size},
    FLAG("proxy_cache_lock", has_lock, "off",
         "Of those who want what is not kept yet one asks the server; the others wait for it."),
    TIME("proxy_cache_lock_timeout", lock_timeout, "5s",
         "Who has waited so long asks the server; that answer is not kept."),
    TIME("proxy_cache_lock_age", lock_age, "5s",
         "Who takes longer than that, another one asks besides."),
    {.name = "slice",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_SIZE},
     .group = GROUP,
     .syntax = "slice size;",
     .default_text = "slice 0;",
     .doc =
         "Has large answers fetched, and kept, in parts of this size; 0: as a whole. It takes a "
         "`$slice_range` in what the server is asked (`proxy_set_header Range $slice_range`) "
         "and in `proxy_cache_key`, and `proxy_cache_valid` for 206. Parts are fetched one "
         "after the other as the client takes them, those that were kept not again; a client "
         "that asks for a range gets it, and no other part is fetched. A server that answers "
         "with the whole is passed on as it is. A part whose ETag or size is another than that "
         "of the first ends the answer. Each is held in memory while it is passed on, so that 256m "
         "is the most.",
     .apply = set_slice},
};

void directives_proxy_cache_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}

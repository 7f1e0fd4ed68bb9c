/* Limits and timeouts of connections and requests, and what nginx has in this area that needs no
 * setting here. */
#include "app/directives/directives.h"

#include "app/directives/tables.h"
#include "base/num.h"

#define GROUP         "Limits and timeouts"
#define CTX_LEVELS    CTX_HTTP_ALL
#define CTX_LEVELS_IF (CTX_HTTP_ALL | CTX_IF_LOCATION)
#define CTX_SERVERS   (CTX_HTTP | CTX_SERVER)

enum { RANGES_MOST = 1024 };

static bool set_large_buffers(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct http_settings *http = &((struct apply *)ctx)->loc->http;
    int64_t number, size;

    if (!config_arg_int(node, 0, &number, e) || !config_arg_size(node, 1, &size, e))
        return false;
    if (number < 1 || size < 256 || size > (1 << 30) || number > 1024)
        return config_node_error(node, e, "invalid number or size in \"%s\" directive",
                                 node->name.p);
    http->header_line = (size_t)size;
    http->header_block = (size_t)(number * size);
    http->http2.header_list = (uint32_t)MIN(number * size, INT32_MAX);
    return true;
}

static bool is_count(struct slice text)
{
    int64_t n;

    return num_parse_u63(text, &n) && n > 0;
}

/* One word of open_file_cache and open_log_file_cache; min_uses= and valid= are of the latter. */
static bool is_cache_word(struct slice word, bool is_of_logs, bool *has_max)
{
    struct slice value;
    int64_t ms;

    if (slice_eq(word, SLICE("off")) ||
        (directives_named(word, "max=", &value) && is_count(value))) {
        *has_max = true;
        return true;
    }
    if (directives_named(word, "inactive=", &value) ||
        (is_of_logs && directives_named(word, "valid=", &value)))
        return num_parse_msec(value, &ms);
    return is_of_logs && directives_named(word, "min_uses=", &value) && is_count(value);
}

static bool check_file_cache(void *ctx, const struct config_node *node, struct config_error *e)
{
    bool is_of_logs = slice_eq(node->name, SLICE("open_log_file_cache")), has_max = false;

    UNUSED(ctx);
    for (size_t i = 0; i < node->n_args; i++)
        if (!is_cache_word(node->args[i], is_of_logs, &has_max))
            return config_arg_refuse(node, node->args[i], e);
    return has_max ||
           config_node_error(node, e, "\"%s\" must have the \"max\" parameter", node->name.p);
}

/* Has no effect, but a word that it never takes is a mistake. */
static bool check_aio(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct slice word = node->args[0];

    UNUSED(ctx);
    return slice_eq(word, SLICE("on")) || slice_eq(word, SLICE("off")) ||
           slice_eq(word, SLICE("threads")) ||
           (slice_has_prefix(word, SLICE("threads=")) && word.n > strlen("threads=")) ||
           config_node_error(node, e, "\"aio\" directive invalid value");
}

static bool set_keepalive(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct http_settings *http = &((struct apply *)ctx)->loc->http;
    int64_t idle, header = 0;

    if (!config_arg_time(node, 0, &idle, e))
        return false;
    if (node->n_args > 1 && !config_arg_time(node, 1, &header, e))
        return false;
    http->keepalive_timeout = (uint64_t)idle;
    http->keepalive_header = (uint64_t)header / 1000;
    return true;
}

static bool set_temp_path(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;

    UNUSED(e);
    a->loc->http.temp_path = directives_temp_path(a, node);
    return true;
}

static bool set_max_ranges(void *ctx, const struct config_node *node, struct config_error *e)
{
    int64_t n;

    if (!config_arg_int(node, 0, &n, e))
        return false;
    ((struct apply *)ctx)->loc->max_ranges = (unsigned)MIN(n, RANGES_MOST);
    return true;
}

#define SETTING(text, where, kind, args, member, value, about, fn)                                 \
    DIRECTIVE_SETTING(text, where, kind, args, value, offsetof(struct location, http.member),      \
                      about, fn)

#define TIME(text, where, member, value, about)                                                    \
    SETTING(text, where, ARG_TIME, "time", member, value, about, directives_set_time)

#define SIZE(text, where, member, value, about)                                                    \
    SETTING(text, where, ARG_SIZE, "size", member, value, about, directives_set_size)

#define CHOICE(text, member, words, args, value, about)                                            \
    DIRECTIVE_CHOICE(text, CTX_LEVELS, words, args, value, offsetof(struct location, http.member), \
                     about, directives_set_choice)

#define FLAG(text, where, member, value, about)                                                    \
    SETTING(text, where, ARG_FLAG, "on | off", member, value, about, directives_set_flag)

#define TABLE_SIZE(text, where)                                                                    \
    DIRECTIVE_ACCEPTED(text, where, ARG_SIZE, "size", DIRECTIVE_TABLE_FITS)

/* In the order of enum lingering and enum body_file. */
static const char *const lingering_words[] = {"off", "on", "always", NULL};
static const char *const body_file_words[] = {"off", "clean", "on", NULL};

#define FILES_ARE_CACHED                                                                           \
    "files are always cached, up to 4,096 in a worker, small ones with their bytes; each is "      \
    "looked at again after a second."
/* What is said of caches of open files is checked, and that is all. */
#define FILE_CACHE(most, text, where, args, why)                                                   \
    {                                                                                              \
        .name = (text), .contexts = (where), .min_args = 1, .max_args = (most),                    \
        .group = SCHEMA_GROUP_ACCEPTED, .syntax = text " " args, .doc = "No effect: " why,         \
        .apply = check_file_cache                                                                  \
    }

static const struct directive table[] = {
    TIME("client_header_timeout", CTX_SERVERS, header_timeout, "60s",
         "Longest time for a request head, from its first byte; then the connection closes."),
    TIME("client_body_timeout", CTX_LEVELS, body_timeout, "60s",
         "Longest time between two reads of a request body; then 408."),
    TIME("send_timeout", CTX_LEVELS, send_timeout, "60s",
         "Longest time between two writes that the peer takes; then the connection closes."),
    TIME("lingering_timeout", CTX_LEVELS, lingering_timeout, "5s",
         "Longest time between two reads from a peer that still sends after its connection was "
         "ended."),
    TIME("lingering_time", CTX_LEVELS, lingering_time, "30s",
         "Longest time for all of that together; then the connection closes, whether the peer has "
         "read its answer or not. Behind a 408 it is a second at most."),
    CHOICE("lingering_close", lingering, lingering_words, "on | always | off", "on",
           "When a connection that the server ends is read on, so that its peer gets to read the "
           "answer: when it may still be sending, each time, never (RFC 9112 section 9.6). The "
           "default server of the address says whether, and how long."),
    {.name = "large_client_header_buffers",
     .contexts = CTX_SERVERS,
     .min_args = 2,
     .max_args = 2,
     .kinds = {ARG_NUMBER, ARG_SIZE},
     .group = GROUP,
     .syntax = "large_client_header_buffers number size;",
     .default_text = "large_client_header_buffers 4 8k;",
     .doc = "`size` is the longest request line (beyond: 414) and header line (431); number × size "
            "the longest head (431).",
     .apply = set_large_buffers},
    SETTING("client_max_body_size", CTX_LEVELS_IF, ARG_SIZE, "size", max_body_size, "1m",
            "Largest request body; beyond: 413. 0 is no limit.", directives_set_bytes),
    FLAG("client_body_decode", CTX_LEVELS_IF, decodes_body, "off",
         "Undoes the `Content-Encoding` of request bodies (gzip, deflate, br, zstd) as they are "
         "read, from the access phase on: "
         "handlers, `ngx.req` and `proxy_pass` get what was coded, without that field and "
         "`Content-Length`. 415 for a coding that is not known, 400 for a malformed one."),
    SETTING("client_body_decode_max_size", CTX_LEVELS_IF, ARG_SIZE, "size", decoded.max_size, "1m",
            "Largest request body once it is decoded; beyond: 413. 0 is no limit.",
            directives_set_bytes),
    SETTING("client_body_decode_max_ratio", CTX_LEVELS_IF, ARG_NUMBER, "number", decoded.max_ratio,
            "100",
            "How many times its size a request body may decode to; beyond: 413. Of the first 64k "
            "that come out nothing is asked. 0 is no limit.",
            directives_set_number),
    FLAG("connect_method", CTX_SERVERS, has_connect, "off",
         "CONNECT is routed as `/`, for handlers that make a tunnel of it (`http.accept_tunnel`); "
         "off: it is answered 405. Over HTTP/1.1 the connection ends with the answer to one. An "
         "extended CONNECT (RFC 8441), as WebSocket uses it over HTTP/2, has a path and is always "
         "routed."),
    SETTING("max_headers", CTX_SERVERS, ARG_NUMBER, "number", header_count, "1000",
            "Fields that a request may have; one with more is answered 431. Over HTTP/1.1 it is "
            "1,000 at most. The default server of the address says how many.",
            directives_set_number),
    SIZE("client_body_buffer_size", CTX_LEVELS, body_buffer_size, "16k",
         "A body that is read as a whole goes to a temporary file beyond this."),
    CHOICE("client_body_in_file_only", body_file, body_file_words, "on | clean | off", "off",
           "Every body that is read as a whole goes to a temporary file, which `on` leaves there."),
    {.name = "client_body_temp_path",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 4,
     .group = GROUP,
     .syntax = "client_body_temp_path path [level1 [level2 [level3]]];",
     .default_text = "client_body_temp_path /tmp;",
     .doc = "Directory of temporary files, relative to the prefix; made when it is not there. "
            "The files have no names, so levels have no effect.",
     .apply = set_temp_path},
    {.name = "keepalive_timeout",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 2,
     .kinds = {ARG_TIME, ARG_TIME},
     .group = GROUP,
     .syntax = "keepalive_timeout time [header_time];",
     .default_text = "keepalive_timeout 75s;",
     .doc =
         "How long a connection may wait for its next request; 0 closes after each. The second "
         "time is told to clients as `Keep-Alive: timeout=`. A location can say 0; otherwise the "
         "default server of the address says how long.",
     .apply = set_keepalive},
    SETTING("keepalive_min_timeout", CTX_LEVELS, ARG_TIME, "time", keepalive_min_timeout, "200ms",
            "A worker that ends gracefully keeps a connection for so long after its last answer: a "
            "request that is on its way by then is answered, and the connection closes with that. "
            "The default server of the address says how long.",
            directives_set_time),
    SETTING("keepalive_requests", CTX_LEVELS, ARG_NUMBER, "number", keepalive_requests, "1000",
            "Requests that one connection may carry.", directives_set_number),
    FLAG("chunked_transfer_encoding", CTX_LEVELS, has_chunks, "on",
         "A response whose length is not known is sent in chunks over HTTP/1.1; off: the end of "
         "the connection is its end."),
    FLAG("tcp_nodelay", CTX_LEVELS, is_nodelay, "on",
         "Small packets are sent at once (TCP_NODELAY)."),
    SIZE("limit_rate", CTX_LEVELS_IF, send_rate, "0",
         "Bytes a second at most of each response; 0 is no limit. `set $limit_rate` "
         "does the same for one request."),
    SIZE("limit_rate_after", CTX_LEVELS_IF, send_rate_after, "0",
         "So many bytes of a response are sent at full speed before `limit_rate` holds."),
    FLAG("sendfile", CTX_LEVELS_IF, has_sendfile, "on",
         "Files go from the page cache to the socket without passing through the process; `off` "
         "reads "
         "them, which some file systems want."),
    SETTING("keepalive_time", CTX_LEVELS, ARG_TIME, "time", keepalive_time, "1h",
            "A connection that is older than this closes with the answer to its next request; over "
            "HTTP/2 with the answers to those that it has.",
            directives_set_time),
    SIZE("sendfile_max_chunk", CTX_LEVELS, file_budget, "2m",
         "How much of files a connection sends at a time before others have their turn; 0 is no "
         "limit."),
    {.name = "max_ranges",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_NUMBER},
     .group = GROUP,
     .syntax = "max_ranges number;",
     .default_text = "max_ranges 32;",
     .doc = "More ranges than that in a `Range` field are ignored, and the whole is sent; so are "
            "ranges that overlap. 0: all are ignored. At most 1024.",
     .apply = set_max_ranges},
    DIRECTIVE_FLAG(
        "underscores_in_headers", CTX_SERVERS, "off", offsetof(struct location, passes_underscores),
        "Whether fields of clients with a `_` in their name are passed on to other servers, "
        "to some of which `X_User` is the same as `X-User`, and count for `$http_x_user`. Lua sees "
        "them under their own names either way.",
        directives_set_flag),
    DIRECTIVE_ACCEPTED("client_header_buffer_size", CTX_SERVERS, ARG_SIZE, "size",
                       "heads are read into a buffer that all connections of a worker share; "
                       "`large_client_header_buffers` limits them."),
    DIRECTIVE_ACCEPTED("client_body_in_single_buffer", CTX_LEVELS, ARG_FLAG, "on | off",
                       "a body in memory lies in one piece."),
    {.name = "keepalive_disable",
     .contexts = CTX_LEVELS,
     .flags = DIRECTIVE_SAME,
     .min_args = 1,
     .max_args = 2,
     .kinds = {ARG_ENUM},
     .choices = (const char *const[]){"none", "msie6", "safari", NULL},
     .group = SCHEMA_GROUP_ACCEPTED,
     .syntax = "keepalive_disable none | msie6 | safari …;",
     .doc = "No effect: the browsers that misbehaved (Internet Explorer 6, Safari of 2010) are "
            "gone."},
    DIRECTIVE_ACCEPTED("tcp_nopush", CTX_LEVELS, ARG_FLAG, "on | off", DIRECTIVE_SENT_AT_ONCE),
    DIRECTIVE_ACCEPTED("send_lowat", CTX_LEVELS, ARG_SIZE, "size", "Linux has no such limit."),
    {.name = "output_buffers",
     .contexts = CTX_LEVELS,
     .min_args = 2,
     .max_args = 2,
     .kinds = {ARG_NUMBER, ARG_SIZE},
     .group = SCHEMA_GROUP_ACCEPTED,
     .syntax = "output_buffers number size;",
     .doc = "No effect: files are read as the client takes them."},
    DIRECTIVE_ACCEPTED("postpone_output", CTX_LEVELS, ARG_SIZE, "size", DIRECTIVE_SENT_AT_ONCE),
    DIRECTIVE_ACCEPTED("read_ahead", CTX_LEVELS, ARG_SIZE, "size",
                       "the kernel notices who reads a file from front to back."),
    DIRECTIVE_ACCEPTED("reset_timedout_connection", CTX_LEVELS, ARG_FLAG, "on | off",
                       "a connection whose client does not take its answer in time is always "
                       "reset, so that the kernel keeps nothing of it."),
    DIRECTIVE_ACCEPTED("ignore_invalid_headers", CTX_SERVERS, ARG_FLAG, "on | off",
                       "a field whose name is none by RFC 9110 is answered 400; all others are "
                       "passed on."),
    {.name = "aio",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 1,
     .group = SCHEMA_GROUP_ACCEPTED,
     .syntax = "aio on | off | threads[=pool];",
     .doc = "No effect: files go by `sendfile`; a worker waits for the disk when one is not in the "
            "page cache.",
     .apply = check_aio},
    DIRECTIVE_ACCEPTED("aio_write", CTX_LEVELS, ARG_FLAG, "on | off",
                       "what is written goes to the page cache."),
    {.name = "directio",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_SIZE},
     .choices = (const char *const[]){"off", NULL},
     .group = SCHEMA_GROUP_ACCEPTED,
     .syntax = "directio size | off;",
     .doc = "No effect: files are read by way of the page cache."},
    DIRECTIVE_ACCEPTED("directio_alignment", CTX_LEVELS, ARG_SIZE, "size",
                       "files are read by way of the page cache."),
    FILE_CACHE(2, "open_file_cache", CTX_LEVELS, "off; | max=N [inactive=time];", FILES_ARE_CACHED),
    DIRECTIVE_ACCEPTED("open_file_cache_errors", CTX_LEVELS, ARG_FLAG, "on | off",
                       "a file that is not there is looked for each time."),
    DIRECTIVE_ACCEPTED("open_file_cache_min_uses", CTX_LEVELS, ARG_NUMBER, "number",
                       FILES_ARE_CACHED),
    DIRECTIVE_ACCEPTED("open_file_cache_valid", CTX_LEVELS, ARG_TIME, "time", FILES_ARE_CACHED),
    FILE_CACHE(4, "open_log_file_cache", CTX_LEVELS | CTX_STREAM_ALL,
               "off; | max=N [inactive=time] [min_uses=N] [valid=time];",
               "a log file whose name holds variables is opened for each line."),
    DIRECTIVE_ACCEPTED("subrequest_output_buffer_size", CTX_LEVELS, ARG_SIZE, "size",
                       DIRECTIVE_POOL_GROWS),
    DIRECTIVE_ACCEPTED("connection_pool_size", CTX_SERVERS, ARG_SIZE, "size", DIRECTIVE_POOL_GROWS),
    DIRECTIVE_ACCEPTED("request_pool_size", CTX_SERVERS, ARG_SIZE, "size", DIRECTIVE_POOL_GROWS),
    TABLE_SIZE("types_hash_bucket_size", CTX_LEVELS),
    TABLE_SIZE("types_hash_max_size", CTX_LEVELS),
    TABLE_SIZE("variables_hash_bucket_size", CTX_HTTP | CTX_STREAM),
    TABLE_SIZE("variables_hash_max_size", CTX_HTTP | CTX_STREAM),
    TABLE_SIZE("map_hash_bucket_size", CTX_HTTP | CTX_STREAM),
    TABLE_SIZE("map_hash_max_size", CTX_HTTP | CTX_STREAM),
    TABLE_SIZE("server_names_hash_bucket_size", CTX_HTTP | CTX_STREAM),
    TABLE_SIZE("server_names_hash_max_size", CTX_HTTP | CTX_STREAM),
    TABLE_SIZE("referer_hash_bucket_size", CTX_SERVERS | CTX_LOCATION),
    TABLE_SIZE("referer_hash_max_size", CTX_SERVERS | CTX_LOCATION),
};

void directives_limits_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}

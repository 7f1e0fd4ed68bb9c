/* Limits and timeouts of connections and requests, and what nginx has in this area that needs no
 * setting here. */
#include "app/directives/directives.h"

#include "app/directives/tables.h"

#define GROUP         "Limits and timeouts"
#define CTX_LEVELS    CTX_HTTP_ALL
#define CTX_LEVELS_IF (CTX_HTTP_ALL | CTX_IF_LOCATION)
#define CTX_SERVERS   (CTX_HTTP | CTX_SERVER)

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

static bool set_body_file(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct http_settings *http = &((struct apply *)ctx)->loc->http;
    struct slice word = node->args[0];

    UNUSED(e);
    if (slice_ieq(word, SLICE("clean")))
        http->body_file = BODY_FILE_CLEAN;
    else
        http->body_file = slice_ieq(word, SLICE("on")) ? BODY_FILE_KEPT : BODY_FILE_LARGE;
    return true;
}

static bool set_lingering(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct http_settings *http = &((struct apply *)ctx)->loc->http;
    struct slice word = node->args[0];

    UNUSED(e);
    if (slice_ieq(word, SLICE("always")))
        http->lingering = LINGERING_ALWAYS;
    else
        http->lingering = slice_ieq(word, SLICE("on")) ? LINGERING_ON : LINGERING_OFF;
    return true;
}

static bool set_temp_path(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;
    char *path = conf_path(a->conf, node->args[0]);

    UNUSED(e);
    a->loc->http.temp_path = path;
    directives_add_folder(a->conf, slice_str(path), node);
    return true;
}

#define SETTING(text, where, kind, args, member, value, about, fn)                                 \
    DIRECTIVE_SETTING(text, where, kind, args, value, offsetof(struct location, http.member),      \
                      about, fn)

#define TIME(text, where, member, value, about)                                                    \
    SETTING(text, where, ARG_TIME, "time", member, value, about, directives_set_time)

#define SIZE(text, where, member, value, about)                                                    \
    SETTING(text, where, ARG_SIZE, "size", member, value, about, directives_set_size)

#define FLAG(text, where, member, value, about)                                                    \
    SETTING(text, where, ARG_FLAG, "on | off", member, value, about, directives_set_flag)

/* Arguments are checked, and that is all. */
#define ACCEPTED(text, where, min, max, kind, args)                                                \
    {                                                                                              \
        .name = (text), .contexts = (where), .min_args = (min), .max_args = (max),                 \
        .kinds = {(kind)}, .group = SCHEMA_GROUP_ACCEPTED, .syntax = text " " args ";",            \
        .doc = "Checked, without effect."                                                          \
    }

/* As above, for one of `words` or else a value of the kind. */
#define ACCEPTED_WORDS(text, where, kind, args, ...)                                               \
    {                                                                                              \
        .name = (text), .contexts = (where), .min_args = 1, .max_args = 1, .kinds = {(kind)},      \
        .choices = (const char *const[]){__VA_ARGS__, NULL}, .group = SCHEMA_GROUP_ACCEPTED,       \
        .syntax = text " " args ";", .doc = "Checked, without effect."                             \
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
         "read its answer or not."),
    {.name = "lingering_close",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_FLAG},
     .choices = (const char *const[]){"always", NULL},
     .group = GROUP,
     .syntax = "lingering_close on | always | off;",
     .default_text = "lingering_close on;",
     .doc = "When a connection that the server ends is read on, so that its peer gets to read the "
            "answer: when it may still be sending, each time, never (RFC 9112 section 9.6).",
     .apply = set_lingering},
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
    SIZE("client_body_buffer_size", CTX_LEVELS, body_buffer_size, "16k",
         "A body that is read as a whole goes to a temporary file beyond this."),
    {.name = "client_body_in_file_only",
     .contexts = CTX_LEVELS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_FLAG},
     .choices = (const char *const[]){"clean", NULL},
     .group = GROUP,
     .syntax = "client_body_in_file_only on | clean | off;",
     .default_text = "client_body_in_file_only off;",
     .doc = "Every body that is read as a whole goes to a temporary file, which `on` leaves there.",
     .apply = set_body_file},
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
     .doc = "How long a connection may wait for its next request; 0 closes after each. The second "
            "time is told to clients as `Keep-Alive: timeout=`.",
     .apply = set_keepalive},
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
    ACCEPTED("client_header_buffer_size", CTX_SERVERS, 1, 1, ARG_SIZE, "size"),
    ACCEPTED("client_body_in_single_buffer", CTX_LEVELS, 1, 1, ARG_FLAG, "on | off"),
    ACCEPTED("keepalive_time", CTX_LEVELS, 1, 1, ARG_TIME, "time"),
    ACCEPTED("keepalive_disable", CTX_LEVELS, 1, ARGS_MANY, ARG_WORD, "browser …"),
    ACCEPTED("tcp_nopush", CTX_LEVELS, 1, 1, ARG_FLAG, "on | off"),
    ACCEPTED("sendfile_max_chunk", CTX_LEVELS, 1, 1, ARG_SIZE, "size"),
    ACCEPTED("send_lowat", CTX_LEVELS, 1, 1, ARG_SIZE, "size"),
    {.name = "output_buffers",
     .contexts = CTX_LEVELS,
     .min_args = 2,
     .max_args = 2,
     .kinds = {ARG_NUMBER, ARG_SIZE},
     .group = SCHEMA_GROUP_ACCEPTED,
     .syntax = "output_buffers number size;",
     .doc = "Checked, without effect."},
    ACCEPTED("postpone_output", CTX_LEVELS, 1, 1, ARG_SIZE, "size"),
    ACCEPTED("read_ahead", CTX_LEVELS, 1, 1, ARG_SIZE, "size"),
    ACCEPTED("reset_timedout_connection", CTX_LEVELS, 1, 1, ARG_FLAG, "on | off"),
    ACCEPTED("ignore_invalid_headers", CTX_SERVERS, 1, 1, ARG_FLAG, "on | off"),
    DIRECTIVE_FLAG(
        "underscores_in_headers", CTX_SERVERS, "off", offsetof(struct location, passes_underscores),
        "Whether fields of clients with a `_` in their name are passed on to other servers, "
        "to some of which `X_User` is the same as `X-User`. Lua sees them either way.",
        directives_set_flag),
    ACCEPTED("aio", CTX_LEVELS, 1, 1, ARG_WORD, "on | off | threads[=pool]"),
    ACCEPTED("aio_write", CTX_LEVELS, 1, 1, ARG_FLAG, "on | off"),
    ACCEPTED_WORDS("directio", CTX_LEVELS, ARG_SIZE, "size | off", "off"),
    ACCEPTED("directio_alignment", CTX_LEVELS, 1, 1, ARG_SIZE, "size"),
    ACCEPTED("open_file_cache", CTX_LEVELS, 1, 2, ARG_WORD, "off | max=N [inactive=time]"),
    ACCEPTED("open_file_cache_errors", CTX_LEVELS, 1, 1, ARG_FLAG, "on | off"),
    ACCEPTED("open_file_cache_min_uses", CTX_LEVELS, 1, 1, ARG_NUMBER, "number"),
    ACCEPTED("open_file_cache_valid", CTX_LEVELS, 1, 1, ARG_TIME, "time"),
    ACCEPTED("max_ranges", CTX_LEVELS, 1, 1, ARG_NUMBER, "number"),
    ACCEPTED("connection_pool_size", CTX_SERVERS, 1, 1, ARG_SIZE, "size"),
    ACCEPTED("request_pool_size", CTX_SERVERS, 1, 1, ARG_SIZE, "size"),
    ACCEPTED("types_hash_bucket_size", CTX_LEVELS, 1, 1, ARG_SIZE, "size"),
    ACCEPTED("types_hash_max_size", CTX_LEVELS, 1, 1, ARG_SIZE, "size"),
    ACCEPTED("variables_hash_bucket_size", CTX_HTTP | CTX_STREAM, 1, 1, ARG_SIZE, "size"),
    ACCEPTED("variables_hash_max_size", CTX_HTTP | CTX_STREAM, 1, 1, ARG_SIZE, "size"),
    ACCEPTED("map_hash_bucket_size", CTX_HTTP | CTX_STREAM, 1, 1, ARG_SIZE, "size"),
    ACCEPTED("map_hash_max_size", CTX_HTTP | CTX_STREAM, 1, 1, ARG_SIZE, "size"),
    ACCEPTED("server_names_hash_bucket_size", CTX_HTTP | CTX_STREAM, 1, 1, ARG_SIZE, "size"),
    ACCEPTED("server_names_hash_max_size", CTX_HTTP | CTX_STREAM, 1, 1, ARG_SIZE, "size"),
    ACCEPTED("proxy_temp_path", CTX_LEVELS, 1, 4, ARG_WORD, "path [level …]"),
    ACCEPTED("fastcgi_temp_path", CTX_LEVELS, 1, 4, ARG_WORD, "path [level …]"),
    ACCEPTED("uwsgi_temp_path", CTX_LEVELS, 1, 4, ARG_WORD, "path [level …]"),
    ACCEPTED("scgi_temp_path", CTX_LEVELS, 1, 4, ARG_WORD, "path [level …]"),
};

void directives_limits_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}

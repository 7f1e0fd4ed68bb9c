/* HTTP/2: where it is spoken, its windows and its limits. */
#include "app/directives/directives.h"

#include "app/directives/tables.h"
#include "base/num.h"

#define GROUP       "HTTP/2"
#define CTX_SERVERS (CTX_HTTP | CTX_SERVER)

enum { WINDOW_MOST = INT32_MAX, SHARED_LEAST = 65535 };

static bool set_window(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct h2_options *o = &((struct apply *)ctx)->loc->http.http2;
    bool is_shared = slice_eq(node->name, SLICE("http2_connection_window"));
    int64_t size;

    if (!config_arg_size(node, 0, &size, e))
        return false;
    if (size > WINDOW_MOST || size < (is_shared ? SHARED_LEAST : 1))
        return config_node_error(node, e, "invalid size in \"%s\" directive", node->name.p);
    if (is_shared)
        o->connection_window = (uint32_t)size;
    else
        o->stream_window = (uint32_t)size;
    return true;
}

static const struct slice flood_words[H2_FLOOD_KIND_COUNT] = {
    [H2_FLOOD_RESETS] = {"resets", 6},
    [H2_FLOOD_SETTINGS] = {"settings", 8},
    [H2_FLOOD_PINGS] = {"pings", 5},
    [H2_FLOOD_EMPTY] = {"empty_data", 10},
    [H2_FLOOD_PRIORITIES] = {"priorities", 10},
    [H2_FLOOD_WINDOWS] = {"window_updates", 14},
    [H2_FLOOD_FRAGMENTS] = {"continuations", 13},
    [H2_FLOOD_CLOSED] = {"closed_streams", 14},
};

static bool set_flood_limit(struct h2_options *o, struct slice word)
{
    struct slice name = slice_cut(&word, '=');
    int64_t n;

    if (!word.p || !num_parse_u63(word, &n) || n > UINT32_MAX)
        return false;
    for (unsigned k = 0; k < H2_FLOOD_KIND_COUNT; k++) {
        if (!slice_eq(name, flood_words[k]))
            continue;
        o->flood[k] = (uint32_t)n;
        return true;
    }
    return false;
}

static bool set_flood_limits(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct h2_options *o = &((struct apply *)ctx)->loc->http.http2;

    for (size_t i = 0; i < node->n_args; i++)
        if (!set_flood_limit(o, node->args[i])) {
            config_arg_refuse(node, node->args[i], e);
            return config_error_hint(e,
                                     "give resets=, settings=, pings=, empty_data=, priorities=, "
                                     "window_updates= or continuations= with a number");
        }
    return true;
}

/* Taken as nginx takes it: with whatever value, and a word about what holds instead. */
static bool warn_obsolete(void *ctx, const struct config_node *node, struct config_error *e)
{
    UNUSED(ctx);
    UNUSED(e);
    log_write(NULL, LOG_WARN,
              "the \"%s\" directive is obsolete, use the \"%s\" directive instead in %s:%u",
              node->name.p, (const char *)node->schema->extra, node->file, node->line);
    return true;
}

#define OBSOLETE(text, now)                                                                        \
    {                                                                                              \
        .name = (text), .contexts = CTX_SERVERS, .min_args = 1, .max_args = 1,                     \
        .group = SCHEMA_GROUP_ACCEPTED, .syntax = text " value;",                                  \
        .doc = "No effect: `" now "` holds for HTTP/2, too.", .extra = (now),                      \
        .apply = warn_obsolete                                                                     \
    }

#define NO_PUSH "clients have ceased to take what is pushed."

static const struct directive table[] = {
    {.name = "http2",
     .contexts = CTX_SERVERS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_FLAG},
     .group = GROUP,
     .syntax = "http2 on | off;",
     .default_text = "http2 off;",
     .doc =
         "HTTP/2 with clients that want it: by ALPN over TLS; in cleartext when they begin with "
         "it (prior knowledge) or ask for `Upgrade: h2c`. HTTP/1.1 goes on beside it. Of several "
         "servers on an address the default one decides for cleartext.",
     .id = (int)offsetof(struct location, http.has_http2),
     .apply = directives_set_flag},
    {.name = "http2_max_concurrent_streams",
     .contexts = CTX_SERVERS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_NUMBER},
     .group = GROUP,
     .syntax = "http2_max_concurrent_streams number;",
     .default_text = "http2_max_concurrent_streams 128;",
     .doc = "Requests that a connection may have open at a time; told to clients. Those beyond are "
            "refused (REFUSED_STREAM).",
     .id = (int)offsetof(struct location, http.http2.max_streams),
     .apply = directives_set_number},
    {.name = "http2_body_preread_size",
     .contexts = CTX_SERVERS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_SIZE},
     .group = GROUP,
     .syntax = "http2_body_preread_size size;",
     .default_text = "http2_body_preread_size 64k;",
     .doc = "Bytes of a request body that a client may send before the handler has read them: the "
            "window of a stream, hence the memory it may take. It opens as the handler reads.",
     .apply = set_window},
    {.name = "http2_connection_window",
     .contexts = CTX_SERVERS,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_SIZE},
     .group = GROUP,
     .syntax = "http2_connection_window size;",
     .default_text = "http2_connection_window 1m;",
     .doc = "The same over all streams of a connection, 65535 at least: what all its unread bodies "
            "may take before the fast ones wait for the slow ones too, at most twice as much.",
     .apply = set_window},
    {.name = "http2_flood_limit",
     .contexts = CTX_SERVERS,
     .min_args = 1,
     .max_args = ARGS_MANY,
     .group = GROUP,
     .syntax = "http2_flood_limit kind=number …;",
     .default_text = "http2_flood_limit resets=500 settings=50 pings=200 empty_data=500 "
                     "priorities=1000 window_updates=2000 continuations=8 closed_streams=5000;",
     .doc = "Frames that cost the server more than the client: how many of a kind a connection may "
            "carry at once; a used-up allowance is there again after ten seconds. Beyond, the "
            "connection ends with ENHANCE_YOUR_CALM and a line in the log. 0 is no limit.\n\n"
            "- `resets`: streams that the client resets, or makes the server reset.\n"
            "- `settings`, `pings`: SETTINGS and GOAWAY, PING.\n"
            "- `empty_data`: DATA with nothing in it that does not end a stream.\n"
            "- `priorities`: PRIORITY, PRIORITY_UPDATE, and frames of unknown types.\n"
            "- `window_updates`: WINDOW_UPDATE; 256 bytes of data sent to the client pay for one.\n"
            "- `continuations`: CONTINUATION frames of one head.\n"
            "- `closed_streams`: DATA and HEADERS that come on a stream after its reset.",
     .apply = set_flood_limits},
    DIRECTIVE_ACCEPTED("http2_chunk_size", CTX_HTTP_ALL, ARG_SIZE, "size",
                       "a frame holds what the client takes, 16k at most."),
    OBSOLETE("http2_idle_timeout", "keepalive_timeout"),
    DIRECTIVE_ACCEPTED("http2_max_concurrent_pushes", CTX_SERVERS, ARG_NUMBER, "number", NO_PUSH),
    OBSOLETE("http2_max_field_size", "large_client_header_buffers"),
    OBSOLETE("http2_max_header_size", "large_client_header_buffers"),
    OBSOLETE("http2_max_requests", "keepalive_requests"),
    DIRECTIVE_ACCEPTED("http2_pool_size", CTX_SERVERS, ARG_SIZE, "size", DIRECTIVE_POOL_GROWS),
    DIRECTIVE_ACCEPTED("http2_push", CTX_HTTP_ALL, ARG_WORD, "uri | off", NO_PUSH),
    DIRECTIVE_ACCEPTED("http2_push_preload", CTX_HTTP_ALL, ARG_FLAG, "on | off", NO_PUSH),
    DIRECTIVE_ACCEPTED("http2_recv_buffer_size", CTX_HTTP, ARG_SIZE, "size",
                       "all connections of a worker share one buffer."),
    OBSOLETE("http2_recv_timeout", "client_header_timeout"),
    DIRECTIVE_ACCEPTED("http2_streams_index_size", CTX_SERVERS, ARG_NUMBER, "number",
                       DIRECTIVE_TABLE_FITS),
};

void directives_http2_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}

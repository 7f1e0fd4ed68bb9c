/* Connections that Lua makes with ngx.socket: their timeouts and pools. */
#include "app/directives.h"

#define GROUP "Sockets of Lua"

static bool set_pool_size(void *ctx, const struct config_node *node, struct config_error *e)
{
    struct apply *a = ctx;

    if (!directives_set_number(ctx, node, e))
        return false;
    if (a->loc->sockets.pool_size == 0)
        return config_node_error(node, e, "invalid number: a pool has room for 1 at least");
    return true;
}

#define ROW(text, kind, args, value, member, about, fn)                                            \
    {                                                                                              \
        .name = (text), .contexts = CTX_HTTP_ALL | CTX_IF_LOCATION, .min_args = 1, .max_args = 1,  \
        .kinds = {(kind)}, .group = GROUP, .syntax = text " " args ";",                            \
        .default_text = text " " value ";", .doc = (about),                                        \
        .id = (int)offsetof(struct location, sockets.member), .apply = (fn)                        \
    }

static const struct directive table[] = {
    ROW("lua_socket_connect_timeout", ARG_TIME, "time", "60s", connect_timeout,
        "How long `connect` may take; `settimeout` of the socket comes before it.",
        directives_set_time),
    ROW("lua_socket_send_timeout", ARG_TIME, "time", "60s", send_timeout,
        "How long the peer may take nothing while `send` waits.", directives_set_time),
    ROW("lua_socket_read_timeout", ARG_TIME, "time", "60s", read_timeout,
        "How long the peer may send nothing while `receive` waits.", directives_set_time),
    ROW("lua_socket_keepalive_timeout", ARG_TIME, "time", "60s", keepalive_timeout,
        "How long a connection of `setkeepalive` may idle; 0: for ever.", directives_set_time),
    ROW("lua_socket_pool_size", ARG_NUMBER, "number", "30", pool_size,
        "Connections to one peer that may idle, in each worker.", set_pool_size),
    ROW("lua_socket_log_errors", ARG_FLAG, "on | off", "on", log_errors,
        "Errors and timeouts of sockets are logged.", directives_set_flag),
    ROW("lua_socket_buffer_size", ARG_SIZE, "size", "4k", buffer_size,
        "Accepted for compatibility: input is read into one buffer of the worker.",
        directives_set_size),
    {.name = "lua_socket_send_lowat",
     .contexts = CTX_HTTP_ALL | CTX_IF_LOCATION,
     .min_args = 1,
     .max_args = 1,
     .kinds = {ARG_SIZE},
     .group = GROUP,
     .syntax = "lua_socket_send_lowat size;",
     .doc = "Checked, without effect."},
};

void directives_socket_register(void)
{
    schema_register(table, ARRAY_LEN(table));
}

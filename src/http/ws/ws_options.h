/* How a WebSocket behaves. Connections that were opened with the same options share one copy. */
#ifndef HTTP_WS_OPTIONS_H
#define HTTP_WS_OPTIONS_H

#include "proto/ws_deflate.h"
#include "proto/ws_frame.h"

struct ws_options {
    bool is_client;
    bool is_by_piece; /* large messages come in pieces */
    bool has_deflate; /* `deflate` was agreed on */
    struct ws_deflate_params deflate;
    size_t deflate_least; /* shorter messages go uncompressed; bytes */
    size_t max_frame, max_message;
    size_t watermark;                /* queued output above which a producer should pause; bytes */
    uint64_t heartbeat_idle;         /* ms without input before a ping; 0: none */
    uint64_t heartbeat_timeout;      /* ms after the ping before the peer counts as lost */
    uint64_t close_timeout;          /* ms that the closing handshake may take */
    uint8_t heartbeat_n;             /* bytes of `heartbeat` */
    char heartbeat[WS_CONTROL_MOST]; /* payload of the pings */
};

/* The defaults: 64 KiB frames and 1 MiB messages at most, 64 KiB watermark, 5 s to close. */
extern const struct ws_options ws_options_default;

/* A shared copy of `o`, to be released as often as it was asked for. */
const struct ws_options *ws_options_share(const struct ws_options *o);

/* Undoes one ws_options_share and clears the pointer. */
void ws_options_release(const struct ws_options **o);

#endif

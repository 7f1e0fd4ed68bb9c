/* WebSocket frames (RFC 6455 section 5): their heads and masks, what close frames say. Pure. Frames
 * are read by ws_reader, whole messages are the business of ws_messages. */
#ifndef PROTO_WS_FRAME_H
#define PROTO_WS_FRAME_H

#include "base/slice.h"

enum ws_opcode {
    WS_CONTINUATION = 0,
    WS_TEXT = 1,
    WS_BINARY = 2,
    WS_CLOSE = 8,
    WS_PING = 9,
    WS_PONG = 10,
};

/* Status codes of a close frame (section 7.4.1). */
enum ws_code {
    WS_CODE_NORMAL = 1000,
    WS_CODE_GOING_AWAY = 1001,
    WS_CODE_PROTOCOL = 1002,
    WS_CODE_UNSUPPORTED = 1003,
    WS_CODE_NONE = 1005,     /* a close frame without a code; never sent */
    WS_CODE_ABNORMAL = 1006, /* no close frame at all; never sent */
    WS_CODE_INVALID = 1007,  /* text that is not UTF-8 */
    WS_CODE_POLICY = 1008,
    WS_CODE_TOO_LARGE = 1009,
    WS_CODE_INTERNAL = 1011,
};

enum { WS_HEAD_MOST = 14, WS_CONTROL_MOST = 125 };

/* Takes apart the payload of a close frame. 0, or the code of the error that it is. No payload:
 * WS_CODE_NONE. */
uint16_t ws_close_parse(struct slice payload, uint16_t *code_out, struct slice *reason_out);

/* May this code stand in a close frame (section 7.4)? */
bool ws_code_is_sendable(unsigned code);

/* Writes the head of a final frame (`is_deflated`: with RSV1) of `n` bytes; with `mask` that of a
 * client. Returns its size. */
size_t ws_frame_head(uint8_t out[WS_HEAD_MOST], enum ws_opcode opcode, bool is_deflated, uint64_t n,
                     const uint8_t *mask);

/* The same for a fragment: `is_final` false says that more follow. */
size_t ws_fragment_head(uint8_t out[WS_HEAD_MOST], enum ws_opcode opcode, bool is_final, uint64_t n,
                        const uint8_t *mask);

/* XORs with the mask, whose byte number `turn` (0 to 3) comes first. Returns the turn that follows.
 */
unsigned ws_mask(char *p, size_t n, const uint8_t mask[4], unsigned turn);

#endif

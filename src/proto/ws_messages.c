/* A message that comes in one frame and in one piece is handed on where it lies. Anything else is
 * gathered in a buffer, which is given back to the heap when the message has been read. Text is
 * checked as it comes, so that a bad byte ends the connection before the rest has arrived (RFC 6455
 * section 8.1); compressed text is checked as it comes out. */
#include "proto/ws_messages.h"

enum { ROOM_LEAST = 4096, ROOM_MOST = 1 << 17 };

void ws_messages_init(struct ws_messages *m)
{
    memset(m, 0, sizeof *m);
    ws_reader_init(&m->frames);
    m->max_message = SIZE_MAX / 4;
}

void ws_messages_deinit(struct ws_messages *m)
{
    buf_free(&m->gathered);
}

static enum ws_event refuse(struct ws_messages *m, unsigned code, const char *reason)
{
    m->frames.code = (uint16_t)code;
    m->frames.reason = reason;
    return WS_EVENT_BAD;
}

static bool is_good_text(struct ws_messages *m, struct slice s)
{
    if (m->frames.opcode != WS_TEXT)
        return true;
    if (m->frames.is_first)
        m->utf8 = (struct utf8){0, 0, 0};
    return utf8_read(&m->utf8, s);
}

static enum ws_event refuse_text(struct ws_messages *m)
{
    return refuse(m, WS_CODE_INVALID, "text that is not UTF-8");
}

/* Checks what is to be handed on next. */
static enum ws_event check_text(struct ws_messages *m, struct slice s)
{
    if (!is_good_text(m, s))
        return refuse_text(m);
    if (m->frames.opcode == WS_TEXT && m->frames.is_last && !utf8_is_complete(&m->utf8))
        return refuse_text(m);
    return WS_EVENT_MORE;
}

/* What failed first is told, however the bytes came: bad text before the limit, or the limit. */
static enum ws_event too_large(struct ws_messages *m, struct slice within)
{
    if (!is_good_text(m, within))
        return refuse_text(m);
    return refuse(m, WS_CODE_TOO_LARGE, "message larger than the limit");
}

static enum ws_event inflate_piece(struct ws_messages *m, struct slice piece)
{
    size_t before = m->gathered.n;
    size_t most = m->max_message - (m->size - before);
    enum ws_inflate_result r;

    r = ws_inflate_piece(m->deflate, piece, m->frames.is_last, &m->gathered, most);
    if (r == WS_INFLATE_TOO_LARGE)
        return too_large(m, slice_of(m->gathered.p + before, most - before));
    if (r == WS_INFLATE_BAD)
        return refuse(m, WS_CODE_INVALID, "compressed data that cannot be read");
    m->size += m->gathered.n - before;
    return check_text(m, slice_from(buf_slice(&m->gathered), before));
}

static enum ws_event plain_piece(struct ws_messages *m, struct slice piece)
{
    bool is_alone = m->frames.is_first && m->frames.is_last;
    size_t room = m->max_message - m->size;

    if (piece.n > room)
        return too_large(m, slice_of(piece.p, room));
    m->size += piece.n;
    if (m->gathered.p && piece.n > 0 && piece.p == m->gathered.p + m->gathered.n)
        m->gathered.n += piece.n; /* it was read to where it belongs */
    else if (!m->is_by_piece && !is_alone)
        buf_add_slice(&m->gathered, piece);
    return check_text(m, piece);
}

/* A piece has passed its checks: is there something to hand on? */
static enum ws_event hand_on(struct ws_messages *m, struct slice piece, bool is_plain)
{
    bool is_alone = m->frames.is_first && m->frames.is_last;

    if (!m->is_by_piece && !m->frames.is_last)
        return WS_EVENT_MORE;
    m->data = is_plain && (m->is_by_piece || is_alone) ? piece : buf_slice(&m->gathered);
    return m->data.n == 0 && !m->frames.is_last ? WS_EVENT_MORE : WS_EVENT_DATA;
}

static enum ws_event on_data(struct ws_messages *m)
{
    struct slice piece = m->frames.data;
    bool is_plain = !ws_reader_is_deflated(&m->frames);
    enum ws_event event;

    if (m->frames.is_first)
        m->size = 0;
    event = is_plain ? plain_piece(m, piece) : inflate_piece(m, piece);
    return event == WS_EVENT_BAD ? event : hand_on(m, piece, is_plain);
}

bool ws_messages_room(struct ws_messages *m, char **to_out, size_t *n_out)
{
    uint64_t left = ws_reader_left(&m->frames);

    if (left < ROOM_LEAST || m->data.p || m->is_by_piece || ws_reader_is_deflated(&m->frames) ||
        left > m->max_message - m->size)
        return false;
    *n_out = (size_t)MIN(left, (uint64_t)ROOM_MOST);
    *to_out = buf_reserve(&m->gathered, *n_out);
    return true;
}

enum ws_event ws_messages_next(struct ws_messages *m, struct slice *in)
{
    /* the last event was read: a message that is complete, or a piece that was handed on */
    if (m->data.p && m->data.p == m->gathered.p)
        buf_free(&m->gathered);
    m->data = slice_of(NULL, 0);
    for (;;) {
        enum ws_event event = ws_reader_next(&m->frames, in);

        if (event == WS_EVENT_DATA)
            event = on_data(m);
        else if (event == WS_EVENT_CONTROL)
            m->data = m->frames.data;
        if (event != WS_EVENT_MORE || in->n == 0)
            return event;
    }
}

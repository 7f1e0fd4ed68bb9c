/* Body decoder: one small state machine for the chunked coding, plain counting for the rest.
 *
 * Every byte of framing goes through step(), which answers the next state or STATE_BAD with a
 * reason; data goes past it in pieces. So a body reads the same however it is cut. There is one way
 * to write each thing: CRLF alone ends a line, a size is 1 to 16 hexadecimal digits. Blanks may
 * stand around ';' and '=' of an extension, as RFC 9112 section 7.1.1 has it (whoever reads must
 * take them, RFC 9110 section 5.6.3), and nowhere else: none before the CRLF. To accept something
 * more, add a state; states are grouped by line. */
#include "proto/http1_body.h"

#include "base/num.h"
#include "proto/grammar.h"

enum {
    LINE_MOST = 1024,    /* of a chunk-size line with its extensions */
    TRAILER_MOST = 8192, /* of the trailer section */
    DIGITS_MOST = 16,
};

enum state {
    STATE_SIZE_FIRST,
    STATE_SIZE,
    STATE_EXT_NAME_FIRST,
    STATE_EXT_NAME,
    STATE_EXT_NAME_BLANK, /* blanks behind a name: '=' or ';' follows */
    STATE_EXT_VALUE_FIRST,
    STATE_EXT_VALUE,
    STATE_EXT_QUOTED,
    STATE_EXT_ESCAPED,
    STATE_EXT_CLOSED,
    STATE_EXT_BLANK, /* blanks behind a size or a value: ';' follows */
    STATE_SIZE_LF,
    STATE_DATA,
    STATE_DATA_CR,
    STATE_DATA_LF,
    STATE_FIELD_FIRST,
    STATE_FIELD_NAME,
    STATE_FIELD_VALUE,
    STATE_FIELD_LF,
    STATE_END_LF,
    STATE_END,
    STATE_BAD,
};

void http1_body_init(struct http1_body *b, enum http1_body_kind kind, int64_t length)
{
    *b = (struct http1_body){.kind = kind, .state = STATE_SIZE_FIRST};
    b->left = kind == HTTP1_BODY_LENGTH ? length : 0;
}

static enum state refuse(struct http1_body *b, const char *reason)
{
    b->reason = reason;
    return STATE_BAD;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* A byte behind the size, an extension's name or its value, or behind the blanks there. */
static enum state after_part(struct http1_body *b, char c)
{
    bool is_after_blank = b->state == STATE_EXT_NAME_BLANK || b->state == STATE_EXT_BLANK;

    if (c == '\r' && !is_after_blank)
        return STATE_SIZE_LF;
    if (c == ';')
        return STATE_EXT_NAME_FIRST;
    if (is_blank(c))
        return b->state == STATE_EXT_NAME || b->state == STATE_EXT_NAME_BLANK ? STATE_EXT_NAME_BLANK
                                                                              : STATE_EXT_BLANK;
    return refuse(b, c == '\n' ? "bare LF after chunk size" : "malformed chunk size or extension");
}

static enum state step_size(struct http1_body *b, char c)
{
    int digit = num_hex_digit(c);

    if (digit < 0)
        return b->state == STATE_SIZE ? after_part(b, c) : refuse(b, "chunk size missing");
    if (b->line > DIGITS_MOST || b->left > INT64_MAX >> 4)
        return refuse(b, "chunk size too large");
    b->left = b->left << 4 | digit;
    return STATE_SIZE;
}

static enum state step_ext(struct http1_body *b, char c)
{
    switch (b->state) {
    case STATE_EXT_NAME_BLANK:
        return c == '=' ? STATE_EXT_VALUE_FIRST : after_part(b, c);
    case STATE_EXT_NAME:
        if (c == '=')
            return STATE_EXT_VALUE_FIRST;
        if (grammar_is(c, GRAMMAR_TOKEN))
            return STATE_EXT_NAME;
        break;
    case STATE_EXT_NAME_FIRST:
        if (grammar_is(c, GRAMMAR_TOKEN))
            return STATE_EXT_NAME;
        if (is_blank(c))
            return STATE_EXT_NAME_FIRST;
        break;
    case STATE_EXT_VALUE_FIRST:
        if (c == '"')
            return STATE_EXT_QUOTED;
        if (is_blank(c))
            return STATE_EXT_VALUE_FIRST;
        /* fall through */
    case STATE_EXT_VALUE:
        if (grammar_is(c, GRAMMAR_TOKEN))
            return STATE_EXT_VALUE;
        break;
    case STATE_EXT_QUOTED:
        if (c == '"')
            return STATE_EXT_CLOSED;
        if (c == '\\')
            return STATE_EXT_ESCAPED;
        /* fall through */
    case STATE_EXT_ESCAPED:
        if (grammar_is(c, GRAMMAR_VALUE))
            return STATE_EXT_QUOTED;
        return refuse(b, "control byte in chunk extension");
    }
    if (b->state == STATE_EXT_NAME_FIRST || b->state == STATE_EXT_VALUE_FIRST)
        return refuse(b, "malformed chunk extension");
    return after_part(b, c);
}

static enum state step_field(struct http1_body *b, char c)
{
    if (b->state == STATE_FIELD_FIRST) {
        if (c == '\r')
            return STATE_END_LF;
        return grammar_is(c, GRAMMAR_TOKEN) ? STATE_FIELD_NAME
                                            : refuse(b, "malformed trailer field name");
    }
    if (b->state == STATE_FIELD_NAME) {
        if (c == ':')
            return STATE_FIELD_VALUE;
        return grammar_is(c, GRAMMAR_TOKEN) ? STATE_FIELD_NAME
                                            : refuse(b, "malformed trailer field name");
    }
    if (c == '\r')
        return STATE_FIELD_LF;
    if (grammar_is(c, GRAMMAR_VALUE))
        return STATE_FIELD_VALUE;
    return refuse(b, c == '\n' ? "bare LF in trailer" : "control byte in trailer");
}

static enum state step(struct http1_body *b, char c)
{
    switch ((enum state)b->state) {
    case STATE_SIZE_FIRST:
    case STATE_SIZE:
        return step_size(b, c);
    case STATE_SIZE_LF:
        if (c != '\n')
            return refuse(b, "bare CR after chunk size");
        b->line = 0;
        return b->left ? STATE_DATA : STATE_FIELD_FIRST;
    case STATE_DATA_CR:
        return c == '\r' ? STATE_DATA_LF : refuse(b, "chunk longer than its size");
    case STATE_DATA_LF:
        b->line = 0;
        return c == '\n' ? STATE_SIZE_FIRST : refuse(b, "bare CR after chunk");
    case STATE_FIELD_FIRST:
    case STATE_FIELD_NAME:
    case STATE_FIELD_VALUE:
        return step_field(b, c);
    case STATE_FIELD_LF:
        return c == '\n' ? STATE_FIELD_FIRST : refuse(b, "bare CR in trailer");
    case STATE_END_LF:
        return c == '\n' ? STATE_END : refuse(b, "bare CR after last chunk");
    default:
        return step_ext(b, c);
    }
}

/* Adds the line that just ended. It stands at the end of b->trailer, CRLF included. */
static void add_field(struct http1_body *b, struct header_list *trailers, struct pool *pool)
{
    struct slice line = slice_of(b->trailer + b->trailer_bytes - b->line, b->line - 2u);
    struct slice name = slice_cut(&line, ':');

    if (header_can_trail(header_id(name), name))
        header_add(trailers, pool, name, slice_trim(line));
}

/* Counts and keeps a byte of the trailer section; false when there are too many. */
static bool keep_byte(struct http1_body *b, char c, struct pool *pool)
{
    if (b->trailer_bytes == TRAILER_MOST)
        return false;
    if (pool && !b->trailer)
        b->trailer = pool_alloc(pool, TRAILER_MOST);
    if (b->trailer)
        b->trailer[b->trailer_bytes] = c;
    b->trailer_bytes++;
    return true;
}

/* Framing bytes up to the next data, the end, or the end of the input. */
static enum http1_result decode_framing(struct http1_body *b, struct slice *in,
                                        struct header_list *trailers, struct pool *pool)
{
    while (in->n > 0 && b->state != STATE_DATA) {
        bool is_trailer = b->state >= STATE_FIELD_FIRST;
        char c = in->p[0];

        b->line++;
        b->state = (uint8_t)step(b, c);
        if (b->state < STATE_SIZE_LF && b->line >= LINE_MOST)
            b->state = (uint8_t)refuse(b, "chunk size line too long");
        if (b->state == STATE_BAD)
            return HTTP1_BAD;
        if (is_trailer && b->state < STATE_END_LF && !keep_byte(b, c, trailers ? pool : NULL)) {
            b->state = (uint8_t)refuse(b, "trailer too large");
            return HTTP1_BAD;
        }
        *in = slice_from(*in, 1);
        if (is_trailer && b->state == STATE_FIELD_FIRST) {
            if (trailers)
                add_field(b, trailers, pool);
            b->line = 0;
        }
        if (b->state == STATE_END)
            return HTTP1_DONE;
    }
    return HTTP1_MORE;
}

/* What the current chunk or body has in the input. */
static struct slice take_data(struct http1_body *b, struct slice *in)
{
    size_t n = (uint64_t)b->left < in->n ? (size_t)b->left : in->n;
    struct slice data = slice_of(in->p, n);

    if (n == 0)
        return SLICE_EMPTY;
    *in = slice_from(*in, n);
    b->left -= (int64_t)n;
    return data;
}

static enum http1_result decode_chunked(struct http1_body *b, struct slice *in, struct slice *data,
                                        struct header_list *trailers, struct pool *pool)
{
    enum http1_result r = HTTP1_MORE;

    if (b->state != STATE_DATA)
        r = decode_framing(b, in, trailers, pool);
    if (r != HTTP1_MORE || b->state != STATE_DATA || in->n == 0)
        return r;
    *data = take_data(b, in);
    if (b->left > 0)
        return HTTP1_MORE;
    /* The framing behind the piece is read at once, so that the end is told with the last piece. */
    b->state = STATE_DATA_CR;
    return decode_framing(b, in, trailers, pool);
}

enum http1_result http1_body_decode(struct http1_body *b, struct slice *in, struct slice *data,
                                    struct header_list *trailers, struct pool *pool)
{
    *data = SLICE_EMPTY;
    switch (b->kind) {
    case HTTP1_BODY_NONE:
        break;
    case HTTP1_BODY_LENGTH:
        *data = take_data(b, in);
        return b->left == 0 ? HTTP1_DONE : HTTP1_MORE;
    case HTTP1_BODY_CHUNKED:
        if (b->state == STATE_BAD)
            return HTTP1_BAD;
        return b->state == STATE_END ? HTTP1_DONE : decode_chunked(b, in, data, trailers, pool);
    case HTTP1_BODY_EOF:
        if (in->n == 0)
            return HTTP1_MORE;
        *data = *in;
        *in = slice_from(*in, in->n);
        return HTTP1_MORE;
    }
    return HTTP1_DONE;
}

int64_t http1_body_announced(const struct http1_body *b)
{
    return b->kind == HTTP1_BODY_CHUNKED && b->state == STATE_DATA ? b->left : 0;
}

/* WebSocket frames and messages. The first byte chooses the role, compression and the size of the
 * pieces; read whole and in pieces the messages must agree, and no message is larger than the
 * limit. */
#include "proto/ws_messages.h"

#include "base/check.h"

enum { MOST = 16384 };

struct outcome {
    struct buf text; /* opcode and bytes of everything that was handed on */
    uint16_t code;   /* of the failure; 0: none */
};

static void note(struct outcome *o, const struct ws_messages *m)
{
    CHECK(m->data.n <= MOST);
    buf_add_char(&o->text, (char)m->frames.opcode);
    buf_add_slice(&o->text, m->data);
}

static bool read_some(struct ws_messages *m, struct slice in, struct outcome *o)
{
    for (;;) {
        switch (ws_messages_next(m, &in)) {
        case WS_EVENT_MORE:
            CHECK(in.n == 0);
            return true;
        case WS_EVENT_BAD:
            CHECK(m->frames.reason && ws_code_is_sendable(m->frames.code));
            o->code = m->frames.code;
            return false;
        default:
            note(o, m);
        }
    }
}

/* The next bytes, where the message is gathered if that is possible. */
static bool read_step(struct ws_messages *m, struct slice *in, size_t step, struct outcome *o)
{
    struct buf copy = BUF_EMPTY;
    size_t n = MIN(step, in->n), room = n;
    char *to;
    bool is_good;

    if (step == in->n || !ws_messages_room(m, &to, &room))
        to = buf_reserve(&copy, n);
    n = MIN(n, room);
    memcpy(to, in->p, n);
    *in = slice_from(*in, n);
    is_good = read_some(m, slice_of(to, n), o);
    buf_free(&copy);
    return is_good;
}

static struct outcome read_all(struct slice in, size_t step, unsigned flags)
{
    static const struct ws_deflate_params p = {15, 15, true, false, 6, 8};
    struct outcome o = {BUF_EMPTY, 0};
    struct ws_messages m;
    bool is_good = true;

    ws_messages_init(&m);
    m.max_message = MOST;
    m.frames.expects_mask = flags & 1;
    m.frames.can_be_deflated = flags & 2;
    m.deflate = ws_deflate_new(&p);
    while (in.n > 0 && is_good)
        is_good = read_step(&m, &in, step, &o);
    ws_deflate_free(&m.deflate);
    ws_messages_deinit(&m);
    return o;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice in = slice_of((const char *)data + 1, size - 1);
    struct outcome whole, cut;

    if (size < 2)
        return 0;
    whole = read_all(in, in.n, data[0]);
    cut = read_all(in, 1 + data[0] / 4, data[0]);
    CHECK(whole.code == cut.code);
    CHECK(slice_eq(buf_slice(&whole.text), buf_slice(&cut.text)));
    buf_free(&whole.text);
    buf_free(&cut.text);
    return 0;
}

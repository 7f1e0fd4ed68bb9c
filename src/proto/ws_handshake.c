/* Extension offers are lists of lists: "name; parameter; parameter=value, name …" (RFC 6455 section
 * 9.1). read_offer reads one of them into facts; the accept and read functions at the end
 * compare the facts with what we want. An offer with anything unknown, doubled or out of range is
 * declined as a whole (RFC 7692 section 7), and so is a window of 8 bits for what we send, which
 * zlib cannot keep. */
#include "proto/ws_handshake.h"

#include "proto/grammar.h"

enum { BITS_MOST = 15, BITS_LEAST = 8, BITS_OURS_LEAST = 9, BITS_UNSAID = 1 };

struct offer {
    bool is_deflate, is_valid;
    bool has_server_no_takeover, has_client_no_takeover;
    uint8_t server_bits, client_bits; /* 0: not there; BITS_UNSAID: without a value */
};

static bool has_token(const struct header_list *headers, enum header_id id, struct slice token)
{
    for (unsigned i = 0; i < headers->n; i++) {
        if (headers->fields[i].id == id && header_has_token(headers->fields[i].value, token))
            return true;
    }
    return false;
}

bool ws_handshake_is_upgrade(enum method method, const struct header_list *headers)
{
    return method == METHOD_GET && has_token(headers, HEADER_UPGRADE, SLICE("websocket")) &&
           has_token(headers, HEADER_CONNECTION, SLICE("upgrade"));
}

/* 16 bytes in base64: 22 digits and two signs. */
static bool is_key(struct slice key)
{
    if (key.n != WS_KEY_SIZE || key.p[22] != '=' || key.p[23] != '=')
        return false;
    for (size_t i = 0; i < 22; i++) {
        char c = key.p[i];

        if (!grammar_is(c, GRAMMAR_ALPHA | GRAMMAR_DIGIT) && c != '+' && c != '/')
            return false;
    }
    return strchr("AQgw", key.p[21]) != NULL; /* no bits beyond the 16 bytes */
}

int ws_handshake_check(const struct header_list *headers, struct slice *key_out,
                       const char **reason_out)
{
    const struct header *version = header_find(headers, SLICE("Sec-WebSocket-Version"));
    const struct header *key = header_find_id(headers, HEADER_SEC_WEBSOCKET_KEY);

    if (!version || !slice_eq(version->value, SLICE("13"))) {
        *reason_out = version ? "another version than 13" : "no version";
        return 426;
    }
    if (!key || !is_key(key->value)) {
        *reason_out = key ? "malformed Sec-WebSocket-Key" : "no Sec-WebSocket-Key";
        return 400;
    }
    for (unsigned i = 0; i < headers->n; i++) {
        const struct header *h = &headers->fields[i];

        if (h->id == HEADER_SEC_WEBSOCKET_KEY && h != key) {
            *reason_out = "more than one Sec-WebSocket-Key";
            return 400;
        }
    }
    *key_out = key->value;
    return 0;
}

void ws_handshake_accept_input(struct buf *out, struct slice key)
{
    buf_add_slice(out, key);
    buf_add_lit(out, "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"); /* RFC 6455 section 1.3 */
}

struct slice ws_handshake_protocol(const struct header_list *headers,
                                   bool (*is_known)(struct slice name, void *user), void *user)
{
    for (unsigned i = 0; i < headers->n; i++) {
        struct slice rest = headers->fields[i].value;

        if (!slice_ieq(headers->fields[i].name, SLICE("Sec-WebSocket-Protocol")))
            continue;
        while (rest.p) {
            struct slice name = slice_trim(slice_cut(&rest, ','));

            if (header_is_name(name) && is_known(name, user))
                return name;
        }
    }
    return slice_of(NULL, 0);
}

/* "8" to "15", also in quotes; 0: anything else. */
static uint8_t read_bits(struct slice s)
{
    unsigned n = 0;

    if (s.n >= 2 && s.p[0] == '"' && s.p[s.n - 1] == '"')
        s = slice_of(s.p + 1, s.n - 2);
    if (s.n == 0 || s.n > 2 || s.p[0] == '0')
        return 0;
    for (size_t i = 0; i < s.n; i++) {
        if (!grammar_is(s.p[i], GRAMMAR_DIGIT))
            return 0;
        n = n * 10 + (unsigned)(s.p[i] - '0');
    }
    return n >= BITS_LEAST && n <= BITS_MOST ? (uint8_t)n : 0;
}

static bool set_flag(bool *flag, bool has_value)
{
    bool is_new = !*flag && !has_value;

    *flag = true;
    return is_new;
}

static bool set_bits(uint8_t *bits, struct slice value, bool has_value, bool may_be_unsaid)
{
    bool is_new = *bits == 0;

    *bits = has_value ? read_bits(value) : may_be_unsaid ? BITS_UNSAID : 0;
    return is_new && *bits != 0;
}

static bool read_parameter(struct offer *o, struct slice text)
{
    struct slice value = text;
    struct slice name = slice_trim(slice_cut(&value, '='));
    bool has_value = value.p != NULL;

    value = has_value ? slice_trim(value) : SLICE_EMPTY;
    if (slice_ieq(name, SLICE("server_no_context_takeover")))
        return set_flag(&o->has_server_no_takeover, has_value);
    if (slice_ieq(name, SLICE("client_no_context_takeover")))
        return set_flag(&o->has_client_no_takeover, has_value);
    if (slice_ieq(name, SLICE("server_max_window_bits")))
        return set_bits(&o->server_bits, value, has_value, false);
    if (slice_ieq(name, SLICE("client_max_window_bits")))
        return set_bits(&o->client_bits, value, has_value, true);
    return false;
}

static struct offer read_offer(struct slice text)
{
    struct offer o = {.is_valid = true};
    struct slice rest = text;

    o.is_deflate = slice_ieq(slice_trim(slice_cut(&rest, ';')), SLICE("permessage-deflate"));
    while (o.is_deflate && o.is_valid && rest.p)
        o.is_valid = read_parameter(&o, slice_trim(slice_cut(&rest, ';')));
    return o;
}

/* The next offer in the fields; false: no more. `*field` counts fields, `*rest` is what is left of
 * one. */
static bool next_offer(const struct header_list *headers, unsigned *field, struct slice *rest,
                       struct offer *out)
{
    while (!rest->p) {
        if (*field == headers->n)
            return false;
        if (slice_ieq(headers->fields[*field].name, SLICE("Sec-WebSocket-Extensions")))
            *rest = headers->fields[*field].value;
        ++*field;
    }
    *out = read_offer(slice_cut(rest, ','));
    return true;
}

static uint8_t bits_or_most(uint8_t bits)
{
    return bits == 0 || bits == BITS_UNSAID ? BITS_MOST : bits;
}

static bool can_keep(const struct offer *o)
{
    return o->is_deflate && o->is_valid &&
           (o->server_bits == 0 || o->server_bits >= BITS_OURS_LEAST);
}

static void write_answer(const struct ws_deflate_params *p, const struct offer *o, struct buf *out)
{
    buf_add_lit(out, "permessage-deflate");
    if (p->out_no_takeover)
        buf_add_lit(out, "; server_no_context_takeover");
    if (p->in_no_takeover)
        buf_add_lit(out, "; client_no_context_takeover");
    if (o->server_bits != 0 || p->out_bits < BITS_MOST)
        buf_printf(out, "; server_max_window_bits=%u", p->out_bits);
    if (o->client_bits != 0 && p->in_bits < BITS_MOST)
        buf_printf(out, "; client_max_window_bits=%u", p->in_bits);
}

bool ws_handshake_accept_deflate(const struct header_list *headers,
                                 const struct ws_deflate_wish *wish, struct ws_deflate_params *p,
                                 struct buf *out)
{
    struct slice rest = slice_of(NULL, 0);
    unsigned field = 0;
    struct offer o;

    while (wish->is_wanted && next_offer(headers, &field, &rest, &o)) {
        if (!can_keep(&o))
            continue;
        p->out_no_takeover = wish->out_no_takeover || o.has_server_no_takeover;
        p->in_no_takeover = wish->in_no_takeover || o.has_client_no_takeover;
        p->out_bits = MIN(bits_or_most(wish->out_bits), bits_or_most(o.server_bits));
        /* a client that does not name its window cannot be asked to keep a smaller one */
        p->in_bits = o.client_bits == 0
                         ? BITS_MOST
                         : MIN(bits_or_most(wish->in_bits), bits_or_most(o.client_bits));
        p->in_bits = MAX(p->in_bits, BITS_OURS_LEAST);
        write_answer(p, &o, out);
        return true;
    }
    return false;
}

void ws_handshake_offer_deflate(const struct ws_deflate_wish *wish, struct buf *out)
{
    buf_add_lit(out, "permessage-deflate");
    if (wish->in_no_takeover)
        buf_add_lit(out, "; server_no_context_takeover");
    if (wish->out_no_takeover)
        buf_add_lit(out, "; client_no_context_takeover");
    if (bits_or_most(wish->in_bits) < BITS_MOST)
        buf_printf(out, "; server_max_window_bits=%u", wish->in_bits);
    buf_add_lit(out, "; client_max_window_bits");
    if (bits_or_most(wish->out_bits) < BITS_MOST)
        buf_printf(out, "=%u", wish->out_bits);
}

/* Does the answer stay within what was offered? */
static bool is_within(const struct offer *o, const struct ws_deflate_wish *wish)
{
    if (!o->is_deflate || !o->is_valid || o->client_bits == BITS_UNSAID)
        return false;
    if (wish->in_no_takeover && !o->has_server_no_takeover)
        return false;
    return bits_or_most(o->server_bits) <= bits_or_most(wish->in_bits) &&
           (o->client_bits == 0 || o->client_bits >= BITS_OURS_LEAST);
}

bool ws_handshake_read_deflate(const struct header_list *headers,
                               const struct ws_deflate_wish *wish, struct ws_deflate_params *p,
                               bool *is_agreed_out)
{
    struct slice rest = slice_of(NULL, 0);
    unsigned field = 0;
    struct offer o;

    *is_agreed_out = false;
    while (next_offer(headers, &field, &rest, &o)) {
        if (!wish->is_wanted || *is_agreed_out || !is_within(&o, wish))
            return false;
        *is_agreed_out = true;
        p->out_no_takeover = wish->out_no_takeover || o.has_client_no_takeover;
        p->in_no_takeover = o.has_server_no_takeover;
        p->out_bits = MIN(bits_or_most(wish->out_bits), bits_or_most(o.client_bits));
        p->in_bits = MAX(bits_or_most(o.server_bits), BITS_OURS_LEAST);
    }
    return true;
}

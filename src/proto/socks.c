/* Each stage wants an answer of a known length, or first the part that tells its length: `wanted`
 * is what has to be there before feed looks at it, so that nothing of the target's is ever read. */
#include "proto/socks.h"

const struct err proxy_err_auth = {"proxy_auth", "the proxy does not accept these credentials"};
const struct err proxy_err_denied = {"proxy_denied", "the proxy does not allow it"};
const struct err proxy_err_refused = {"proxy_refused", "the target refused the proxy"};
const struct err proxy_err_unreachable = {"proxy_unreachable", "the proxy cannot reach the target"};
const struct err proxy_err_failed = {"proxy_failed", "the proxy could not connect"};
const struct err proxy_err_protocol = {"proxy_protocol", "malformed answer of the proxy"};

enum stage {
    STAGE_REPLY_4,
    STAGE_METHOD,
    STAGE_AUTH,
    STAGE_REPLY_5, /* up to the byte that tells how long the address is */
    STAGE_ADDRESS,
    STAGE_OVER,
};

enum {
    CONNECT = 1,
    NO_AUTH = 0,
    BY_PASSWORD = 2,
    NONE_ACCEPTABLE = 0xff,
    BY_V4 = 1,
    BY_NAME = 3,
    BY_V6 = 4,
};

enum { FIELD_MOST = 255, REPLY_4_SIZE = 8, REPLY_5_START = 5 };

static enum socks_result fail(struct socks *s, const struct err *e, const char *reason)
{
    s->err = e;
    s->reason = reason;
    s->wanted = 0;
    s->stage = STAGE_OVER;
    return SOCKS_FAILED;
}

static void expect(struct socks *s, enum stage stage, size_t wanted)
{
    s->stage = (uint8_t)stage;
    s->wanted = wanted;
}

static void add_port(struct buf *out, uint16_t port)
{
    buf_add_char(out, (char)(port >> 8));
    buf_add_char(out, (char)(port & 0xff));
}

static void add_counted(struct buf *out, struct slice s)
{
    buf_add_char(out, (char)s.n);
    buf_add_slice(out, s);
}

/* --- version 4 --- */

/* The address 0.0.0.1 says that a name follows (SOCKS4a). */
static void ask_4(const struct socks_request *r, struct buf *out)
{
    static const char by_name[4] = {0, 0, 0, 1};

    buf_add_char(out, 4);
    buf_add_char(out, CONNECT);
    add_port(out, r->port);
    buf_add(out, r->address_size ? (const char *)r->address : by_name, 4);
    buf_add_slice(out, r->user);
    buf_add_char(out, 0);
    if (!r->address_size) {
        buf_add_slice(out, r->host);
        buf_add_char(out, 0);
    }
}

static enum socks_result read_reply_4(struct socks *s, const uint8_t *p)
{
    if (p[0] != 0)
        return fail(s, &proxy_err_protocol, "not an answer of SOCKS4");
    switch (p[1]) {
    case 0x5a:
        expect(s, STAGE_OVER, 0);
        return SOCKS_DONE;
    case 0x5b:
        return fail(s, &proxy_err_failed, "request rejected or failed");
    case 0x5c:
        return fail(s, &proxy_err_auth, "no identd on this machine");
    case 0x5d:
        return fail(s, &proxy_err_auth, "identd names another user");
    default:
        return fail(s, &proxy_err_protocol, "unknown answer of SOCKS4");
    }
}

/* --- version 5 --- */

static void greet(const struct socks_request *r, struct buf *out)
{
    bool has_user = r->user.n > 0;

    buf_add_char(out, 5);
    buf_add_char(out, has_user ? 2 : 1);
    buf_add_char(out, NO_AUTH);
    if (has_user)
        buf_add_char(out, BY_PASSWORD);
}

static void ask_5(struct socks *s, struct buf *out)
{
    const struct socks_request *r = s->request;

    buf_add_char(out, 5);
    buf_add_char(out, CONNECT);
    buf_add_char(out, 0);
    if (r->address_size) {
        buf_add_char(out, r->address_size == 4 ? BY_V4 : BY_V6);
        buf_add(out, r->address, r->address_size);
    } else {
        buf_add_char(out, BY_NAME);
        add_counted(out, r->host);
    }
    add_port(out, r->port);
    expect(s, STAGE_REPLY_5, REPLY_5_START);
}

static enum socks_result read_method(struct socks *s, const uint8_t *p, struct buf *out)
{
    const struct socks_request *r = s->request;

    if (p[0] != 5)
        return fail(s, &proxy_err_protocol, "not an answer of SOCKS5");
    if (p[1] == NONE_ACCEPTABLE)
        return fail(s, &proxy_err_auth,
                    r->user.n ? "no way to authenticate that it accepts" : "credentials wanted");
    if (p[1] == NO_AUTH) {
        ask_5(s, out);
        return SOCKS_MORE;
    }
    if (p[1] != BY_PASSWORD || !r->user.n)
        return fail(s, &proxy_err_protocol, "a way to authenticate that was not offered");
    buf_add_char(out, 1);
    add_counted(out, r->user);
    add_counted(out, r->password);
    expect(s, STAGE_AUTH, 2);
    return SOCKS_MORE;
}

static enum socks_result read_auth(struct socks *s, const uint8_t *p, struct buf *out)
{
    if (p[0] != 1)
        return fail(s, &proxy_err_protocol, "malformed answer to the password");
    if (p[1] != 0)
        return fail(s, &proxy_err_auth, "wrong user or password");
    ask_5(s, out);
    return SOCKS_MORE;
}

static enum socks_result refused_5(struct socks *s, uint8_t code)
{
    static const struct {
        const struct err *err;
        const char *reason;
    } answers[] = {
        [1] = {&proxy_err_failed, "general failure"},
        [2] = {&proxy_err_denied, "not allowed by its rules"},
        [3] = {&proxy_err_unreachable, "network unreachable"},
        [4] = {&proxy_err_unreachable, "host unreachable"},
        [5] = {&proxy_err_refused, "connection refused"},
        [6] = {&proxy_err_unreachable, "time to live expired"},
        [7] = {&proxy_err_failed, "it does not connect for anybody"},
        [8] = {&proxy_err_failed, "kind of address not supported"},
    };

    if (code >= ARRAY_LEN(answers))
        return fail(s, &proxy_err_protocol, "unknown answer of SOCKS5");
    return fail(s, answers[code].err, answers[code].reason);
}

/* Version, code, a reserved byte, kind and first byte of the bound address. What is left to read is
 * that address and a port. */
static enum socks_result read_reply_5(struct socks *s, const uint8_t *p)
{
    if (p[0] != 5 || p[2] != 0)
        return fail(s, &proxy_err_protocol, "malformed answer of SOCKS5");
    if (p[1] != 0)
        return refused_5(s, p[1]);
    switch (p[3]) {
    case BY_V4:
        expect(s, STAGE_ADDRESS, 4 - 1 + 2);
        return SOCKS_MORE;
    case BY_V6:
        expect(s, STAGE_ADDRESS, 16 - 1 + 2);
        return SOCKS_MORE;
    case BY_NAME:
        expect(s, STAGE_ADDRESS, (size_t)p[4] + 2);
        return SOCKS_MORE;
    default:
        return fail(s, &proxy_err_protocol, "unknown kind of address");
    }
}

/* --- both --- */

static bool can_ask(const struct socks_request *r)
{
    bool is_4 = r->version == 4;

    if (!r->port || r->user.n > FIELD_MOST || r->password.n > FIELD_MOST)
        return false;
    if (!r->address_size && (!r->host.n || r->host.n > FIELD_MOST))
        return false;
    return !is_4 || (r->address_size != 16 && slice_find(r->user, 0) < 0 &&
                     (r->address_size || slice_find(r->host, 0) < 0));
}

const struct err *socks_begin(struct socks *s, const struct socks_request *r, struct buf *out)
{
    *s = (struct socks){.request = r};
    if (!can_ask(r))
        return &err_invalid;
    if (r->version == 4) {
        ask_4(r, out);
        expect(s, STAGE_REPLY_4, REPLY_4_SIZE);
    } else {
        greet(r, out);
        expect(s, STAGE_METHOD, 2);
    }
    return NULL;
}

static enum socks_result step(struct socks *s, const uint8_t *p, struct buf *out)
{
    switch ((enum stage)s->stage) {
    case STAGE_REPLY_4:
        return read_reply_4(s, p);
    case STAGE_METHOD:
        return read_method(s, p, out);
    case STAGE_AUTH:
        return read_auth(s, p, out);
    case STAGE_REPLY_5:
        return read_reply_5(s, p);
    default:
        expect(s, STAGE_OVER, 0);
        return SOCKS_DONE;
    }
}

enum socks_result socks_feed(struct socks *s, struct slice in, size_t *used, struct buf *out)
{
    *used = 0;
    while (s->wanted && in.n - *used >= s->wanted) {
        const uint8_t *p = (const uint8_t *)in.p + *used;
        size_t taken = s->wanted;
        enum socks_result r = step(s, p, out);

        *used += taken;
        if (r != SOCKS_MORE)
            return r;
    }
    return s->err ? SOCKS_FAILED : SOCKS_MORE;
}

/* The PROXY protocol as HAProxy defines it ("The PROXY protocol, versions 1 & 2").
 *
 * Version 1 is a line of at most 107 bytes: "PROXY TCP4 1.2.3.4 5.6.7.8 1024 443\r\n". Version 2 is
 * a signature of 12 bytes, a byte with version and command, one with family and transport, a length
 * and so many bytes: the addresses, then TLVs, which are looked through when somebody asks. LOCAL
 * connections and families that are not spoken of here count as unknown. */
#include "proto/proxy_proto.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/num.h"

/* without a terminator */
static const char signature[12] = {'\r', '\n', '\r', '\n', 0, '\r', '\n', 'Q', 'U', 'I', 'T', '\n'};

enum { HEAD = 16, UNIX_PATH = 108 };

static bool copy_address(struct slice text, int family, char out[108])
{
    char binary[16];

    if (text.n == 0 || text.n >= INET6_ADDRSTRLEN)
        return false;
    memcpy(out, text.p, text.n);
    out[text.n] = '\0';
    return inet_pton(family, out, binary) == 1;
}

static bool read_port(struct slice text, uint16_t *out)
{
    int64_t v;

    if (text.n == 0 || text.n > 5 || (text.n > 1 && text.p[0] == '0') || !num_parse_u63(text, &v) ||
        v > 65535)
        return false;
    *out = (uint16_t)v;
    return true;
}

/* The line without "PROXY " and its end. */
static bool read_words(struct slice line, struct proxy_proto *p)
{
    struct slice family = slice_cut(&line, ' '), word[4];
    int af = slice_eq(family, SLICE("TCP4")) ? AF_INET : AF_INET6;

    if (slice_eq(family, SLICE("UNKNOWN")))
        return true; /* whatever follows is to be ignored */
    if (af == AF_INET6 && !slice_eq(family, SLICE("TCP6")))
        return false;
    p->kind = af == AF_INET ? PROXY_PROTO_TCP4 : PROXY_PROTO_TCP6;
    for (unsigned i = 0; i < 4; i++) {
        word[i] = slice_cut(&line, ' ');
        if (!word[i].p)
            return false;
    }
    return !line.p && copy_address(word[0], af, p->source) &&
           copy_address(word[1], af, p->destination) && read_port(word[2], &p->source_port) &&
           read_port(word[3], &p->destination_port);
}

static enum proxy_proto_result read_v1(struct slice in, struct proxy_proto *p)
{
    ssize_t end = slice_find(slice_of(in.p, MIN(in.n, (size_t)PROXY_PROTO_V1_MAX)), '\n');

    if (end < 0)
        return in.n < PROXY_PROTO_V1_MAX ? PROXY_PROTO_MORE : PROXY_PROTO_BAD;
    if (end < 7 || in.p[end - 1] != '\r')
        return PROXY_PROTO_BAD;
    p->n = (size_t)end + 1;
    return read_words(slice_of(in.p + 6, (size_t)end - 7), p) ? PROXY_PROTO_DONE : PROXY_PROTO_BAD;
}

static unsigned u16(const char *p)
{
    return (unsigned)(unsigned char)p[0] << 8 | (unsigned char)p[1];
}

static bool read_ips(struct slice body, int af, struct proxy_proto *p)
{
    size_t n = af == AF_INET ? 4 : 16;

    if (body.n < 2 * n + 4)
        return false;
    inet_ntop(af, body.p, p->source, sizeof(p->source));
    inet_ntop(af, body.p + n, p->destination, sizeof(p->destination));
    p->source_port = (uint16_t)u16(body.p + 2 * n);
    p->destination_port = (uint16_t)u16(body.p + 2 * n + 2);
    p->kind = af == AF_INET ? PROXY_PROTO_TCP4 : PROXY_PROTO_TCP6;
    p->tlvs = slice_from(body, 2 * n + 4);
    return true;
}

static bool read_paths(struct slice body, struct proxy_proto *p)
{
    if (body.n < (size_t)2 * UNIX_PATH || !memchr(body.p, '\0', UNIX_PATH) ||
        !memchr(body.p + UNIX_PATH, '\0', UNIX_PATH))
        return false;
    memcpy(p->source, body.p, UNIX_PATH);
    memcpy(p->destination, body.p + UNIX_PATH, UNIX_PATH);
    p->kind = PROXY_PROTO_UNIX;
    p->tlvs = slice_from(body, (size_t)2 * UNIX_PATH);
    return true;
}

/* What the byte of family and transport says; streams only. */
static bool read_body(unsigned family, struct slice body, struct proxy_proto *p)
{
    switch (family) {
    case 0x11:
        return read_ips(body, AF_INET, p);
    case 0x21:
        return read_ips(body, AF_INET6, p);
    case 0x31:
        return read_paths(body, p);
    default:
        return true;
    }
}

static enum proxy_proto_result read_v2(struct slice in, struct proxy_proto *p)
{
    unsigned command, n;

    if (in.n < HEAD)
        return PROXY_PROTO_MORE;
    command = (unsigned char)in.p[12];
    n = u16(in.p + 14);
    if ((command != 0x20 && command != 0x21) || n > PROXY_PROTO_V2_MAX - HEAD)
        return PROXY_PROTO_BAD;
    if (in.n < HEAD + (size_t)n)
        return PROXY_PROTO_MORE;
    p->n = HEAD + (size_t)n;
    if (command == 0x20)
        return PROXY_PROTO_DONE;
    return read_body((unsigned char)in.p[13], slice_of(in.p + HEAD, n), p) ? PROXY_PROTO_DONE
                                                                           : PROXY_PROTO_BAD;
}

static bool begins_like(struct slice in, struct slice with)
{
    size_t n = MIN(in.n, with.n);

    return memcmp(in.p, with.p, n) == 0;
}

enum proxy_proto_result proxy_proto_read(struct slice in, struct proxy_proto *p)
{
    struct slice v1 = SLICE("PROXY "), v2 = slice_of(signature, sizeof(signature));

    memset(p, 0, sizeof(*p));
    if (in.n == 0)
        return PROXY_PROTO_MORE;
    if (begins_like(in, v1))
        return in.n < v1.n ? PROXY_PROTO_MORE : read_v1(in, p);
    if (begins_like(in, v2))
        return in.n < v2.n ? PROXY_PROTO_MORE : read_v2(in, p);
    return PROXY_PROTO_BAD;
}

size_t proxy_proto_size(const struct proxy_proto *p)
{
    return sizeof(*p) + p->tlvs.n;
}

struct proxy_proto *proxy_proto_copy(void *room, const struct proxy_proto *p)
{
    struct proxy_proto *copy = room;

    *copy = *p;
    if (p->tlvs.n)
        copy->tlvs.p = memcpy(copy + 1, p->tlvs.p, p->tlvs.n);
    return copy;
}

/* --- TLVs: a byte that says what it is, a length of two, and so many bytes --- */

enum { TLV_SSL = 0x20, TLV_HEAD = 3, SSL_HEAD = 5 };

/* `type` 0 is none. */
static struct slice find_tlv(struct slice tlvs, unsigned type)
{
    while (type && tlvs.n >= TLV_HEAD) {
        size_t n = u16(tlvs.p + 1);

        if (n > tlvs.n - TLV_HEAD)
            break;
        if ((unsigned char)tlvs.p[0] == type)
            return slice_of(tlvs.p + TLV_HEAD, n);
        tlvs = slice_from(tlvs, TLV_HEAD + n);
    }
    return (struct slice){NULL, 0};
}

/* The number that a name stands for; 0: none. */
static unsigned tlv_type(struct slice name, bool is_in_ssl)
{
    static const struct {
        const char *name;
        unsigned type;
        bool is_in_ssl;
    } known[] = {
        {"alpn", 0x01, false},   {"authority", 0x02, false}, {"unique_id", 0x05, false},
        {"ssl", TLV_SSL, false}, {"netns", 0x30, false},     {"version", 0x21, true},
        {"cn", 0x22, true},      {"cipher", 0x23, true},     {"sig_alg", 0x24, true},
        {"key_alg", 0x25, true},
    };
    int64_t number;

    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        if (known[i].is_in_ssl == is_in_ssl && slice_eq(name, slice_str(known[i].name)))
            return known[i].type;
    if (slice_has_prefix(name, SLICE("0x")) && num_parse_hex(slice_from(name, 2), &number) &&
        number <= 0xff)
        return (unsigned)number;
    return 0;
}

struct slice proxy_proto_tlv(const struct proxy_proto *p, struct slice name)
{
    struct slice ssl;

    if (!slice_has_prefix(name, SLICE("ssl_")))
        return find_tlv(p->tlvs, tlv_type(name, false));
    ssl = find_tlv(p->tlvs, TLV_SSL);
    if (ssl.n < SSL_HEAD)
        return (struct slice){NULL, 0};
    return find_tlv(slice_from(ssl, SSL_HEAD), tlv_type(slice_from(name, 4), true));
}

bool proxy_proto_verify(const struct proxy_proto *p, uint32_t *out)
{
    struct slice ssl = find_tlv(p->tlvs, TLV_SSL);

    if (ssl.n < SSL_HEAD)
        return false;
    *out = (uint32_t)u16(ssl.p + 1) << 16 | u16(ssl.p + 3);
    return true;
}

static void write_v1(const struct proxy_proto *p, struct buf *out)
{
    if (p->kind == PROXY_PROTO_TCP4 || p->kind == PROXY_PROTO_TCP6)
        buf_printf(out, "PROXY %s %s %s %u %u\r\n", p->kind == PROXY_PROTO_TCP4 ? "TCP4" : "TCP6",
                   p->source, p->destination, p->source_port, p->destination_port);
    else
        buf_add_lit(out, "PROXY UNKNOWN\r\n");
}

static void add_u16(struct buf *out, unsigned v)
{
    buf_add_char(out, (char)(v >> 8));
    buf_add_char(out, (char)v);
}

static void write_ips(const struct proxy_proto *p, int af, struct buf *out)
{
    size_t n = af == AF_INET ? 4 : 16;
    char binary[16];

    (void)inet_pton(af, p->source, binary);
    buf_add(out, binary, n);
    (void)inet_pton(af, p->destination, binary);
    buf_add(out, binary, n);
    add_u16(out, p->source_port);
    add_u16(out, p->destination_port);
}

static void write_v2(const struct proxy_proto *p, struct buf *out)
{
    static const struct {
        char command, family;
        unsigned n;
    } heads[] = {
        [PROXY_PROTO_UNKNOWN] = {0x20, 0x00, 0},
        [PROXY_PROTO_TCP4] = {0x21, 0x11, 12},
        [PROXY_PROTO_TCP6] = {0x21, 0x21, 36},
        [PROXY_PROTO_UNIX] = {0x21, 0x31, 2 * UNIX_PATH},
    };

    buf_add(out, signature, sizeof(signature));
    buf_add_char(out, heads[p->kind].command);
    buf_add_char(out, heads[p->kind].family);
    add_u16(out, heads[p->kind].n);
    if (p->kind == PROXY_PROTO_UNIX) {
        buf_add(out, p->source, UNIX_PATH);
        buf_add(out, p->destination, UNIX_PATH);
    } else if (p->kind != PROXY_PROTO_UNKNOWN) {
        write_ips(p, p->kind == PROXY_PROTO_TCP4 ? AF_INET : AF_INET6, out);
    }
}

void proxy_proto_write(const struct proxy_proto *p, int version, struct buf *out)
{
    if (version == 1)
        write_v1(p, out);
    else
        write_v2(p, out);
}

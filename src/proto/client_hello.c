/* A reader of bytes that never goes beyond its end: `take` and its kind set `is_short` and answer
 * nothing once there is too little. The handshake message is copied out of its records first, which
 * is done anew with each call: it is short, and comes in one piece nearly always. */
#include "proto/client_hello.h"

#include <string.h>

#include "base/base.h"

enum { RECORD_HEAD = 5, RECORD_HANDSHAKE = 22, HANDSHAKE_HEAD = 4, HANDSHAKE_CLIENT_HELLO = 1 };
enum { MESSAGE_MOST = 16384, RECORD_MOST = 16384, RANDOM = 32 };
enum { EXT_SERVER_NAME = 0, EXT_ALPN = 16, EXT_VERSIONS = 43, NAME_IS_HOST = 0 };

struct reader {
    const unsigned char *p;
    size_t n;
    bool is_short; /* something was asked for that is not there */
};

static unsigned number(struct reader *r, size_t bytes)
{
    unsigned value = 0;

    if (r->n < bytes) {
        r->is_short = true;
        r->n = 0;
        return 0;
    }
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | r->p[i];
    r->p += bytes;
    r->n -= bytes;
    return value;
}

/* The next `n` bytes. */
static struct reader take(struct reader *r, size_t n)
{
    struct reader part = {r->p, n, false};

    if (r->n < n) {
        r->is_short = true;
        r->n = 0;
        return (struct reader){NULL, 0, true};
    }
    r->p += n;
    r->n -= n;
    return part;
}

/* A vector behind its length of `bytes` bytes. */
static struct reader vector(struct reader *r, size_t bytes)
{
    return take(r, number(r, bytes));
}

/* --- extensions --- */

static void read_server_name(struct reader r, struct client_hello *out)
{
    struct reader list = vector(&r, 2);

    while (list.n) {
        unsigned kind = number(&list, 1);
        struct reader name = vector(&list, 2);

        if (list.is_short || kind != NAME_IS_HOST || name.n > sizeof(out->name))
            return;
        if (out->name_n == 0 && name.n) {
            memcpy(out->name, name.p, name.n);
            out->name_n = name.n;
        }
    }
}

static void read_alpn(struct reader r, struct client_hello *out)
{
    struct reader list = vector(&r, 2);

    while (list.n) {
        struct reader name = vector(&list, 1);
        size_t comma = out->alpn_n > 0;

        if (list.is_short || name.n == 0 || out->alpn_n + comma + name.n > sizeof(out->alpn))
            return;
        if (comma)
            out->alpn[out->alpn_n++] = ',';
        memcpy(out->alpn + out->alpn_n, name.p, name.n);
        out->alpn_n += name.n;
    }
}

/* Values like 0x?a?a are there to be ignored (RFC 8701). */
static void read_versions(struct reader r, struct client_hello *out)
{
    struct reader list = vector(&r, 1);

    while (list.n) {
        unsigned version = number(&list, 2);

        if (version >> 8 == 3 && version > out->version)
            out->version = version;
    }
}

static void read_extension(unsigned kind, struct reader body, struct client_hello *out)
{
    if (kind == EXT_SERVER_NAME)
        read_server_name(body, out);
    else if (kind == EXT_ALPN)
        read_alpn(body, out);
    else if (kind == EXT_VERSIONS)
        read_versions(body, out);
}

/* --- the message --- */

static bool read_message(struct reader r, struct client_hello *out)
{
    struct reader extensions;

    out->version = number(&r, 2);
    (void)take(&r, RANDOM);
    (void)vector(&r, 1); /* session */
    (void)vector(&r, 2); /* ciphers */
    (void)vector(&r, 1); /* compression */
    if (r.is_short)
        return false;
    if (r.n == 0) /* TLS 1.2 and older may have none */
        return true;
    extensions = vector(&r, 2);
    while (extensions.n) {
        unsigned kind = number(&extensions, 2);
        struct reader body = vector(&extensions, 2);

        if (!extensions.is_short)
            read_extension(kind, body, out);
    }
    return !r.is_short && !extensions.is_short;
}

/* Is there something else than a record of the handshake? */
static bool is_foreign(struct reader r)
{
    return (r.n > 0 && r.p[0] != RECORD_HANDSHAKE) || (r.n > 1 && r.p[1] != 3);
}

enum client_hello_result client_hello_read(struct slice in, struct client_hello *out)
{
    struct reader r = {(const unsigned char *)in.p, in.n, false};
    unsigned char message[MESSAGE_MOST];
    size_t n = 0, size;

    *out = (struct client_hello){.version = 0};
    for (;;) {
        struct reader record;

        if (is_foreign(r))
            return CLIENT_HELLO_NONE;
        if (r.n < RECORD_HEAD)
            return CLIENT_HELLO_MORE;
        (void)number(&r, 3);
        size = number(&r, 2);
        if (size == 0 || size > RECORD_MOST || size > sizeof(message) - n)
            return CLIENT_HELLO_NONE;
        record = take(&r, MIN(size, r.n));
        memcpy(message + n, record.p, record.n);
        n += record.n;
        if (n > 0 && message[0] != HANDSHAKE_CLIENT_HELLO)
            return CLIENT_HELLO_NONE;
        if (n >= HANDSHAKE_HEAD) {
            size_t whole = (size_t)message[1] << 16 | (size_t)message[2] << 8 | message[3];

            if (whole > sizeof(message) - HANDSHAKE_HEAD)
                return CLIENT_HELLO_NONE;
            if (n - HANDSHAKE_HEAD >= whole)
                return read_message((struct reader){message + HANDSHAKE_HEAD, whole, false}, out)
                           ? CLIENT_HELLO_DONE
                           : CLIENT_HELLO_NONE;
        }
        if (record.n < size)
            return CLIENT_HELLO_MORE;
    }
}

struct slice client_hello_version_name(unsigned version)
{
    static const struct slice names[] = {SLICE("SSLv3"), SLICE("TLSv1"), SLICE("TLSv1.1"),
                                         SLICE("TLSv1.2"), SLICE("TLSv1.3")};

    return version >= 0x300 && version - 0x300 < ARRAY_LEN(names) ? names[version - 0x300]
                                                                  : SLICE_EMPTY;
}

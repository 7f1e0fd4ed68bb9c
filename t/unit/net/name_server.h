/* A name server in the loop of a test: answers questions on a UDP port of 127.0.0.1 from a table.
 */
#ifndef UNIT_NET_NAME_SERVER_H
#define UNIT_NET_NAME_SERVER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "loop/io.h"
#include "loop/loop.h"
#include "net/addr.h"
#include "net/dns/dns_message.h"

/* What is answered: records of `type` at `name`; "ip ip" for A, "v6 v6" for AAAA. */
struct zone_row {
    const char *name;
    uint16_t type;
    const char *ips;
    uint32_t ttl;
    unsigned rcode;
    bool is_silent;
};

static struct {
    struct io io;
    int fd;
    char address[32];
    const struct zone_row *rows;
    unsigned asked;
    char last[DNS_NAME_TEXT];
} name_server;

static size_t put16(unsigned char *p, unsigned v)
{
    p[0] = (unsigned char)(v >> 8);
    p[1] = (unsigned char)v;
    return 2;
}

static size_t put_record(unsigned char *p, uint16_t type, uint32_t ttl, const void *data, size_t n)
{
    unsigned char *at = p;

    at += put16(at, 0xc00c);
    at += put16(at, type);
    at += put16(at, 1);
    at += put16(at, ttl >> 16);
    at += put16(at, ttl & 0xffff);
    at += put16(at, (unsigned)n);
    memcpy(at, data, n);
    return (size_t)(at - p) + n;
}

/* SOA with names "." and a minimum of `ttl`. */
static size_t put_soa(unsigned char *p, uint32_t ttl)
{
    unsigned char data[22] = {0};

    put16(data + 18, ttl >> 16);
    put16(data + 20, ttl & 0xffff);
    return put_record(p, DNS_SOA, ttl, data, sizeof data);
}

static const struct zone_row *row_of(const char *name, unsigned type)
{
    for (const struct zone_row *r = name_server.rows; r->name; r++) {
        if (strcasecmp(r->name, name) == 0 && r->type == type)
            return r;
    }
    return NULL;
}

/* Writes the answer behind the question, which ends at `n`. */
static size_t make_answer(unsigned char *p, size_t n, unsigned type)
{
    static const struct zone_row none = {.rcode = 3, .ttl = 60};
    const struct zone_row *r = row_of(name_server.last, type);
    char ips[200];
    unsigned count = 0;

    if (!r)
        r = &none;
    if (r->is_silent)
        return 0;
    snprintf(ips, sizeof ips, "%s", r->ips ? r->ips : "");
    for (char *save, *ip = strtok_r(ips, " ", &save); ip; ip = strtok_r(NULL, " ", &save)) {
        unsigned char data[16];

        inet_pton(type == DNS_A ? AF_INET : AF_INET6, ip, data);
        n += put_record(p + n, (uint16_t)type, r->ttl, data, type == DNS_A ? 4 : 16);
        count++;
    }
    if (!count && r->ttl) {
        n += put_soa(p + n, r->ttl);
        put16(p + 8, 1);
    }
    p[2] |= 0x80;
    p[3] = (unsigned char)(0x80 | r->rcode);
    put16(p + 6, count);
    return n;
}

static void on_question(struct io *io, int events)
{
    unsigned char m[2048];
    struct sockaddr_in from;
    socklen_t len = sizeof from;
    ssize_t got = recvfrom(io_fd(io), m, 512, 0, (struct sockaddr *)&from, &len);
    size_t end, n;

    UNUSED(events);
    if (got < 12)
        return;
    name_server.asked++;
    end = dns_message_name(slice_of((char *)m, (size_t)got), 12, name_server.last);
    put16(m + 10, 0); /* no EDNS back */
    n = make_answer(m, end + 4, (unsigned)m[end] << 8 | m[end + 1]);
    if (n)
        sendto(io_fd(io), m, n, 0, (struct sockaddr *)&from, len);
}

static void name_server_start(const struct zone_row *rows)
{
    struct addr a;

    assert_null(addr_parse(SLICE("127.0.0.1:0"), 0, &a));
    name_server.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(name_server.fd, &a.sa, a.len), 0);
    assert_null(addr_of_fd(name_server.fd, false, &a));
    snprintf(name_server.address, sizeof name_server.address, "127.0.0.1:%d", addr_port(&a));
    name_server.rows = rows;
    name_server.asked = 0;
    io_init(&name_server.io, name_server.fd, on_question);
    io_watch(&name_server.io, IO_READ);
}

static void name_server_stop(void)
{
    io_watch(&name_server.io, 0);
    close(name_server.fd);
}

#endif

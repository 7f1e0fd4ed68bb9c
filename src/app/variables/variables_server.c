/* Variables that tell about the server, the connection, the clock and the files a request maps to.
 */
#include "app/variables/variables.h"

#include <arpa/inet.h>
#include <limits.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/access/limit.h"
#include "app/conf.h"
#include "app/location_path.h"
#include "base/clock.h"
#include "base/product.h"
#include "net/tcp.h"

static char host_name[HOST_NAME_MAX + 1]; /* process-wide: does not change while we run */

static struct slice get_hostname(struct visit *v, const struct variable *var)
{
    UNUSED(v);
    UNUSED(var);
    if (host_name[0] == '\0' && gethostname(host_name, sizeof(host_name) - 1) == 0) {
        for (char *p = host_name; *p; p++)
            *p = *p >= 'A' && *p <= 'Z' ? (char)(*p | 0x20) : *p;
    }
    return slice_str(host_name);
}

static struct slice get_server_name(struct visit *v, const struct variable *var)
{
    struct slice name;

    if (!v->vhost || v->vhost->n_names == 0)
        return SLICE_EMPTY;
    name = v->vhost->names[0];
    if (slice_eq(name, SLICE("$hostname")))
        return get_hostname(v, var);
    return name.n > 0 && name.p[0] == '.' ? slice_from(name, 1) : name;
}

static char *put_octet(char *p, unsigned octet)
{
    if (octet >= 100)
        *p++ = (char)('0' + octet / 100);
    if (octet >= 10)
        *p++ = (char)('0' + octet / 10 % 10);
    *p++ = (char)('0' + octet % 10);
    return p;
}

static struct slice format_v4(struct visit *v, const unsigned char octets[4])
{
    char *text = pool_alloc(visit_pool(v), INET_ADDRSTRLEN), *p = text;

    for (int i = 0; i < 4; i++) {
        if (i > 0)
            *p++ = '.';
        p = put_octet(p, octets[i]);
    }
    return slice_of(text, (size_t)(p - text));
}

static struct slice format_host(struct visit *v, const struct addr *a)
{
    struct slice bytes = addr_bytes(a);
    char *text;

    if (!a)
        return SLICE_EMPTY;
    if (bytes.n == 4)
        return format_v4(v, (const unsigned char *)bytes.p);
    if (bytes.n == 0)
        return SLICE("unix:");
    text = pool_alloc(visit_pool(v), INET6_ADDRSTRLEN);
    return inet_ntop(AF_INET6, bytes.p, text, INET6_ADDRSTRLEN) ? slice_str(text) : SLICE_EMPTY;
}

static struct slice format_port(struct visit *v, const struct addr *a)
{
    int port = a ? addr_port(a) : 0;

    return port > 0 ? variables_number(v, port) : SLICE_EMPTY;
}

/* The address that was connected to; what is listened on when the socket does not tell any more. */
static const struct addr *local_address(struct visit *v)
{
    const struct addr *a = exchange_local(v->x);

    return a || !v->listen ? a : &v->listen->addr;
}

/* With the path of a Unix socket, so that whoever reads it can connect to it. */
static struct slice get_server_addr(struct visit *v, const struct variable *var)
{
    const struct addr *a = local_address(v);
    struct buf text = BUF_EMPTY;
    struct slice out;

    UNUSED(var);
    if (!a || !addr_is_unix(a))
        return format_host(v, a);
    addr_format(a, &text);
    out = pool_dup(visit_pool(v), buf_slice(&text));
    buf_free(&text);
    return out;
}

/* The port is the same on whichever address a wildcard took the connection: no need to ask the
 * socket. */
static struct slice get_server_port(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return format_port(v, v->listen ? &v->listen->addr : exchange_local(v->x));
}

static struct slice get_remote_addr(struct visit *v, const struct variable *var)
{
    struct slice *text = &v->slots[SLOT_REMOTE_ADDR];

    UNUSED(var);
    if (!text->p)
        *text = format_host(v, v->x->peer);
    return *text;
}

static struct slice get_remote_port(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return format_port(v, v->x->peer);
}

static struct slice get_realip_remote_addr(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return format_host(v, visit_connected(v));
}

static struct slice get_realip_remote_port(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return format_port(v, visit_connected(v));
}

static struct slice get_binary_remote_addr(struct visit *v, const struct variable *var)
{
    struct slice bytes = addr_bytes(v->x->peer);

    return bytes.n > 0 ? bytes : get_remote_addr(v, var);
}

static struct slice get_connection(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return variables_number(v, (int64_t)v->x->connection_id);
}

static struct slice get_limit_req_status(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return limit_status_name(visit_main(v)->limit_req_status);
}

static struct slice get_limit_conn_status(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return limit_status_name(visit_main(v)->limit_conn_status);
}

static struct slice get_connection_requests(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return variables_number(v, (int64_t)v->x->connection_requests);
}

static struct slice get_connection_time(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return variables_seconds(v, (int64_t)(clock_ms() - v->x->connected_ms));
}

/* $tcpinfo_x: nothing where the client does not come by TCP. */
static struct slice get_tcpinfo(struct visit *v, const struct variable *var)
{
    struct slice name = slice_from(var->name, sizeof("tcpinfo_") - 1);
    const struct tcp_figures *f = exchange_figures(visit_main(v)->x);

    if (!f)
        return slice_of(NULL, 0);
    if (slice_eq(name, SLICE("rtt")))
        return variables_number(v, f->rtt);
    if (slice_eq(name, SLICE("rttvar")))
        return variables_number(v, f->rtt_variance);
    return variables_number(v, name.p[0] == 's' ? f->send_window : f->receive_space);
}

static struct slice get_pipe(struct visit *v, const struct variable *var)
{
    UNUSED(v);
    UNUSED(var);
    return SLICE(".");
}

static struct slice get_pid(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return variables_number(v, getpid());
}

static struct slice get_nginx_version(struct visit *v, const struct variable *var)
{
    UNUSED(v);
    UNUSED(var);
    return SLICE(NGINX_VERSION);
}

static struct slice get_msec(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return variables_seconds(v, clock_wall_ms());
}

static struct slice get_time_local(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return pool_dup(visit_pool(v), clock_access_date());
}

static struct slice get_time_iso8601(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return pool_dup(visit_pool(v), clock_iso8601());
}

static struct slice get_document_root(struct visit *v, const struct variable *var)
{
    UNUSED(var);
    return location_path_root(v);
}

static struct slice get_realpath_root(struct visit *v, const struct variable *var)
{
    char *root = pool_strdup(visit_pool(v), location_path_root(v));
    char path[PATH_MAX];

    UNUSED(var);
    if (!realpath(root[0] ? root : "/", path)) {
        log_write(&v->x->log, LOG_CRIT, "realpath() \"%s\" failed (%m)", root);
        return VARIABLE_NONE;
    }
    return pool_dup(visit_pool(v), slice_str(path));
}

static struct slice get_request_filename(struct visit *v, const struct variable *var)
{
    struct slice path;

    UNUSED(var);
    return location_path_map(v, v->x->req.path, &path) ? path : VARIABLE_NONE;
}

const struct variable variables_connection[] = {
    VARIABLE("hostname", get_hostname),
    VARIABLE("server_addr", get_server_addr),
    VARIABLE("server_port", get_server_port),
    VARIABLE("remote_addr", get_remote_addr),
    VARIABLE("remote_port", get_remote_port),
    VARIABLE("realip_remote_addr", get_realip_remote_addr),
    VARIABLE("realip_remote_port", get_realip_remote_port),
    VARIABLE("binary_remote_addr", get_binary_remote_addr),
    VARIABLE("connection", get_connection),
    VARIABLE("limit_conn_status", get_limit_conn_status),
    VARIABLE("pid", get_pid),
    VARIABLE("nginx_version", get_nginx_version),
    VARIABLE("msec", get_msec),
    VARIABLE("time_local", get_time_local),
    VARIABLE("time_iso8601", get_time_iso8601),
    VARIABLE_END,
};

const struct variable variables_server[] = {
    VARIABLE("server_name", get_server_name),
    VARIABLE("connection_requests", get_connection_requests),
    VARIABLE("connection_time", get_connection_time),
    VARIABLE("tcpinfo_rtt", get_tcpinfo),
    VARIABLE("tcpinfo_rttvar", get_tcpinfo),
    VARIABLE("tcpinfo_snd_cwnd", get_tcpinfo),
    VARIABLE("tcpinfo_rcv_space", get_tcpinfo),
    VARIABLE("limit_req_status", get_limit_req_status),
    VARIABLE("pipe", get_pipe),
    VARIABLE("document_root", get_document_root),
    VARIABLE("realpath_root", get_realpath_root),
    VARIABLE("request_filename", get_request_filename),
    VARIABLE_END,
};

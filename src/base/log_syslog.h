/* Lines of a log as datagrams to a syslog server (RFC 3164), to an IPv4 or IPv6 address or
 * a Unix socket. */
#ifndef BASE_LOG_SYSLOG_H
#define BASE_LOG_SYSLOG_H

#include <sys/socket.h>

#include "base/buf.h"
#include "base/log.h"

struct log_syslog {
    struct sockaddr_storage addr;
    socklen_t addr_size;
    int facility, severity;
    char tag[33];
    bool has_hostname;
    char hostname[64];
};

/* Reads "server=address[:port][,facility=name][,severity=name][,tag=name][,nohostname]". NULL, or
 * what is wrong. */
const char *log_syslog_parse(struct slice text, struct log_syslog *out);

/* A socket to it; -1 with errno. */
int log_syslog_open(const struct log_syslog *s);

/* Sends a line. A Unix socket of a server that has come, or come anew, is found. False: it is lost,
 * errno says why; one for which the socket has no room is lost without a word. */
bool log_syslog_send(const struct log_syslog *s, int fd, struct slice line);

/* Begins a line of the error log: priority, date, host, tag. */
void log_syslog_begin(const struct log_syslog *s, enum log_level level, struct buf *line);

/* The same of an access log, whose lines all have the severity that was named (info). */
void log_syslog_begin_access(const struct log_syslog *s, struct buf *line);

#endif

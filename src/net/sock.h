/* Options of sockets, those that are a number. */
#ifndef NET_SOCK_H
#define NET_SOCK_H

#include <stdbool.h>
#include <sys/socket.h>

/* Sets one; false with errno: the system refuses. */
static inline bool sock_set(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof(value)) == 0;
}

#endif

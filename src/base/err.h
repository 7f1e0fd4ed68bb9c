/* Errors of the world: named constants compared by address. NULL means that all went well.
 *
 * `code` is the stable string that Lua sees; `message` is for people. To add one, declare it here
 * and define it in err.c. Errors of the operating system come from err_from_errno(). */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include "base/base.h"

struct err {
    const char *code;
    const char *message;
};

extern const struct err err_closed;  /* the peer or the owner closed */
extern const struct err err_reset;   /* connection reset by peer */
extern const struct err err_refused; /* connection refused */
extern const struct err err_timeout;
extern const struct err err_cancelled;
extern const struct err err_truncated; /* the peer ended before the message did */
extern const struct err err_protocol;  /* malformed input */
extern const struct err err_too_large; /* a configured limit was passed */
extern const struct err err_busy;      /* in use */
extern const struct err err_not_found;
extern const struct err err_denied;
extern const struct err err_exists;
extern const struct err err_address_in_use;
extern const struct err
    err_no_address; /* an address that is not this machine's, or no port is left */
extern const struct err err_name_not_found; /* there is no such host name, or it has no such data */
extern const struct err err_name_server;    /* name servers failed or refused to answer */
extern const struct err err_unreachable;
extern const struct err err_no_resources; /* descriptors, buffers, space on disk */
extern const struct err err_invalid;      /* an argument that the system does not take */
extern const struct err err_unsupported;  /* a form of data that is not known here */
extern const struct err err_io;           /* anything else that the system reports */

/* The constant for an errno value; never NULL. 0 maps to err_io. */
const struct err *err_from_errno(int errnum);

#endif

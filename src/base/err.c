/* The errors of the world, and what the system's own error numbers mean in these terms.
 *
 * To add an error: declare it in err.h, define it here, document its code where Lua's errors are
 * documented, and give it a row in t/unit/base/err.c. To give an errno another meaning, change its
 * row in `by_errno`. A row may name a constant that is less exact than the errno: the code is what
 * programs act on. */
#include "base/err.h"

#include <errno.h>

const struct err err_closed = {"closed", "connection closed"};
const struct err err_reset = {"reset", "connection reset by peer"};
const struct err err_refused = {"refused", "connection refused"};
const struct err err_timeout = {"timeout", "timed out"};
const struct err err_cancelled = {"cancelled", "cancelled"};
const struct err err_truncated = {"truncated", "ended before the message did"};
const struct err err_protocol = {"protocol", "malformed input"};
const struct err err_too_large = {"too_large", "larger than the limit"};
const struct err err_busy = {"busy", "in use"};
const struct err err_not_found = {"not_found", "not found"};
const struct err err_denied = {"denied", "permission denied"};
const struct err err_exists = {"exists", "exists already"};
const struct err err_address_in_use = {"address_in_use", "address already in use"};
const struct err err_no_address = {"no_address", "cannot assign requested address"};
const struct err err_name_not_found = {"name_not_found", "no such name"};
const struct err err_name_server = {"name_server", "name servers do not answer as they should"};
const struct err err_unreachable = {"unreachable", "host or network unreachable"};
const struct err err_no_resources = {"no_resources", "out of descriptors, buffers or disk space"};
const struct err err_invalid = {"invalid", "invalid argument"};
const struct err err_unsupported = {"unsupported", "of a kind that is not supported"};
const struct err err_io = {"io", "input/output error"};

static const struct {
    int errnum;
    const struct err *err;
} by_errno[] = {
    /* network */
    {EPIPE, &err_closed},
    {ENOTCONN, &err_closed},
    {ESHUTDOWN, &err_closed},
    {ECONNRESET, &err_reset},
    {ECONNABORTED, &err_reset},
    {ENETRESET, &err_reset},
    {ECONNREFUSED, &err_refused},
    {ETIMEDOUT, &err_timeout},
    {ETIME, &err_timeout},
    {EHOSTUNREACH, &err_unreachable},
    {EHOSTDOWN, &err_unreachable},
    {ENETUNREACH, &err_unreachable},
    {ENETDOWN, &err_unreachable},
    {EADDRNOTAVAIL, &err_no_address},
    {EADDRINUSE, &err_address_in_use},
    {EPROTO, &err_protocol},
    {EBADMSG, &err_protocol},
    {EILSEQ, &err_protocol},
    {EMSGSIZE, &err_too_large},
    /* files */
    {ENOENT, &err_not_found},
    {ENOTDIR, &err_not_found},
    {ENODEV, &err_not_found},
    {ENXIO, &err_not_found},
    {ESRCH, &err_not_found},
    {EACCES, &err_denied},
    {EPERM, &err_denied},
    {EROFS, &err_denied},
    {EEXIST, &err_exists},
    {ENOTEMPTY, &err_exists},
    {EFBIG, &err_too_large},
    {EOVERFLOW, &err_too_large},
    {E2BIG, &err_too_large},
    /* either */
    {ECANCELED, &err_cancelled},
    {EINTR, &err_cancelled},
    {EBUSY, &err_busy},
    {ETXTBSY, &err_busy},
    {EALREADY, &err_busy},
    {EINPROGRESS, &err_busy},
    {EISCONN, &err_busy},
    {EMFILE, &err_no_resources},
    {ENFILE, &err_no_resources},
    {ENOBUFS, &err_no_resources},
    {ENOMEM, &err_no_resources},
    {ENOSPC, &err_no_resources},
    {EDQUOT, &err_no_resources},
    {EAGAIN, &err_no_resources},
    {EINVAL, &err_invalid},
    {EBADF, &err_invalid},
    {ENOTSOCK, &err_invalid},
    {EISDIR, &err_invalid},
    {ELOOP, &err_invalid},
    {ENAMETOOLONG, &err_invalid},
    {ENOTTY, &err_invalid},
    {ESPIPE, &err_invalid},
    {EXDEV, &err_invalid},
    {EDESTADDRREQ, &err_invalid},
    {EAFNOSUPPORT, &err_invalid},
    {EPROTONOSUPPORT, &err_invalid},
    {EPROTOTYPE, &err_invalid},
    {ENOPROTOOPT, &err_invalid},
    {EOPNOTSUPP, &err_invalid},
    {ENOSYS, &err_invalid},
};

const struct err *err_from_errno(int errnum)
{
    for (size_t i = 0; i < ARRAY_LEN(by_errno); i++) {
        if (by_errno[i].errnum == errnum)
            return by_errno[i].err;
    }
    return &err_io;
}

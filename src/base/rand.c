/* Random bytes of the kernel, fetched BATCH at a time so that an identifier costs no system call.
 *
 * Bytes are wiped as they are handed out. The batch belongs to a thread, so that threads never hand
 * out the same bytes; a forked child must call rand_after_fork for the same reason. */
#include "base/rand.h"

#include <errno.h>
#include <string.h>
#include <sys/random.h>

#include "base/check.h"

enum { BATCH = 512 };

static __thread unsigned char batch[BATCH]; /* process-wide: bytes not handed out yet */
static __thread size_t left;                /* process-wide: how many, at the end of `batch` */

static void fetch(unsigned char *out, size_t n)
{
    while (n > 0) {
        ssize_t got = getrandom(out, n, 0);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            PANIC("no random bytes from the kernel: %s", strerror(errno));
        out += got;
        n -= (size_t)got;
    }
}

void rand_bytes(void *out, size_t n)
{
    unsigned char *from;

    if (n > BATCH / 2) {
        fetch(out, n);
        return;
    }
    if (n > left) {
        fetch(batch, BATCH);
        left = BATCH;
    }
    from = batch + BATCH - left;
    memcpy(out, from, n);
    explicit_bzero(from, n);
    left -= n;
}

uint64_t rand_u64(void)
{
    uint64_t v;

    rand_bytes(&v, sizeof(v));
    return v;
}

void rand_after_fork(void)
{
    explicit_bzero(batch, sizeof(batch));
    left = 0;
}

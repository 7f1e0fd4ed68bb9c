/* A ring of io_uring that is empty between calls: operations that may not wait are done while they
 * are submitted, so that submitting is all there is to it, and memory, cancelling and order are as
 * with plain calls. What is saved is the way into the kernel and back, which for a small message is
 * as dear as the message.
 *
 * A kernel without it (before 5.6), a filter of system calls or a limit of memory that forbids it
 * only cost this saving. */
#include "loop/batch.h"

#include <errno.h>
#include <liburing.h>
#include <string.h>
#include <sys/socket.h>

#include "base/check.h"
#include "base/log.h"

enum state { UNTRIED, READY, FORBIDDEN };

enum { TO_DO = -EINTR }; /* the result of what has not run, or was interrupted */

static struct {
    enum state state;
    int refusal; /* errno */
    struct io_uring ring;
} batch; /* process-wide: there is one loop per process */

static int send_flags(const struct batch_op *op)
{
    return MSG_NOSIGNAL | MSG_DONTWAIT | (op->has_more ? MSG_MORE : 0);
}

static ssize_t run_one(const struct batch_op *op)
{
    ssize_t n;

    do
        n = op->is_send ? send(op->fd, op->bytes, op->n, send_flags(op))
                        : recv(op->fd, op->bytes, op->n, MSG_DONTWAIT);
    while (UNLIKELY(n < 0) && errno == EINTR);
    return LIKELY(n >= 0) ? n : -errno;
}

/* Can this kernel receive and send through the ring? */
static bool has_operations(void)
{
    struct io_uring_probe *p = io_uring_get_probe_ring(&batch.ring);
    bool has = p && io_uring_opcode_supported(p, IORING_OP_RECV) &&
               io_uring_opcode_supported(p, IORING_OP_SEND);

    if (p)
        io_uring_free_probe(p);
    return has;
}

static void try_ring(void)
{
    batch.state = FORBIDDEN;
    batch.refusal = -io_uring_queue_init(BATCH_MOST, &batch.ring, 0);
    if (batch.refusal)
        return;
    if (!has_operations()) {
        batch.refusal = EOPNOTSUPP;
        io_uring_queue_exit(&batch.ring);
        return;
    }
    batch.state = READY;
}

void batch_allow(bool is_allowed)
{
    batch_end();
    batch.refusal = 0;
    batch.state = is_allowed ? UNTRIED : FORBIDDEN;
}

bool batch_is_joint(void)
{
    if (UNLIKELY(batch.state == UNTRIED))
        try_ring();
    return batch.state == READY;
}

int batch_refusal(void)
{
    return batch.refusal;
}

void batch_end(void)
{
    if (batch.state != READY)
        return;
    io_uring_queue_exit(&batch.ring);
    batch.state = UNTRIED;
}

/* Asks for all. */
static void prepare(struct batch_op *ops, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct io_uring_sqe *e = io_uring_get_sqe(&batch.ring);

        if (ops[i].is_send)
            io_uring_prep_send(e, ops[i].fd, ops[i].bytes, ops[i].n, send_flags(&ops[i]));
        else
            io_uring_prep_recv(e, ops[i].fd, ops[i].bytes, ops[i].n, MSG_DONTWAIT);
        io_uring_sqe_set_data(e, &ops[i]);
    }
}

/* How many results were there. */
static unsigned collect(void)
{
    struct io_uring_cqe *done;
    unsigned head, n = 0;

    io_uring_for_each_cqe(&batch.ring, head, done)
    {
        struct batch_op *op = io_uring_cqe_get_data(done);

        op->result = done->res;
        n++;
    }
    io_uring_cq_advance(&batch.ring, n);
    return n;
}

static void run_joint(struct batch_op *ops, unsigned n)
{
    prepare(ops, n);
    while (n) {
        int r = io_uring_submit_and_wait(&batch.ring, n);

        n -= collect();
        if (UNLIKELY(r < 0 && r != -EINTR)) { /* nothing of it was begun */
            log_write(NULL, LOG_ALERT, "io_uring_enter() failed (%d: %s), it is not used any more",
                      -r, strerror(-r));
            batch_end();
            batch.state = FORBIDDEN;
            return;
        }
    }
}

void batch_run(struct batch_op *ops, unsigned n)
{
    CHECK(n <= BATCH_MOST);
    for (unsigned i = 0; i < n; i++)
        ops[i].result = TO_DO;
    if (n > 1 && batch_is_joint())
        run_joint(ops, n);
    for (unsigned i = 0; i < n; i++)
        if (ops[i].result == TO_DO)
            ops[i].result = run_one(&ops[i]);
}

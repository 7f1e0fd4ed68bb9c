/* The ring is written under a lock and read without one. Positions only grow; a position modulo the
 * size of the ring is a place in it. What lies between `tail` and `head` is whole messages.
 *
 * A writer first moves `tail` over what it is going to overwrite, then writes, then moves `head`. A
 * reader copies a message and then looks whether `tail` has passed it meanwhile: if so, the copy is
 * void and it goes on at `tail`. A writer that is killed before it has moved `head` has published
 * nothing; whoever comes next writes over it. So there is nothing to mend.
 *
 * A reader that has read everything notes its sleep in its seat and looks again; a writer that
 * finds the note writes to the seat's eventfd, then takes the note away: if it is killed in
 * between, the next writer wakes the reader once more. Sleeps have numbers, so that a slow writer
 * takes away none but that which it has seen. A busy reader costs no system call. The eventfds are
 * made before the fork, so that all processes have those of all seats.
 *
 * A seat is taken by locking it for life: the kernel unlocks it when the process ends, however it
 * ends. */
#include "shm/bus.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/check.h"
#include "base/mem.h"
#include "shm/life.h"
#include "shm/lock.h"

enum { HEADER_ROOM = 64 };

struct seat {
    struct life life;
    int fd;
    _Atomic uint32_t sleep; /* its number; 0: awake */
    uint32_t n_sleeps;      /* the owner's */
    char apart[12];
};

struct shared {
    struct lock lock; /* of writers */
    uint64_t size;
    uint64_t n_published;
    uint64_t n_deaths; /* of writers, inside */
    char apart[HEADER_ROOM];
    _Atomic uint64_t head, tail;
    unsigned n_seats;
    struct seat seats[];
};

struct header {
    uint32_t size; /* of the whole message, a multiple of 8 */
    uint32_t topic_n, data_n;
    uint32_t channel;
    int32_t pid;
    uint32_t spare;
    uint64_t number;
};

struct bus {
    struct shared *shared;
    char *ring;
    size_t room;       /* mapped */
    struct seat *seat; /* NULL: does not listen */
    uint64_t at;       /* next message to read */
    uint64_t number;   /* of it */
    uint64_t n_lost;
    char *copy;
    size_t copy_room;
};

struct bus *bus_new(unsigned seats, size_t size)
{
    struct bus *b = mem_new(struct bus);
    size_t before = (sizeof(struct shared) + seats * sizeof(struct seat) + 63) & ~(size_t)63;

    size = (size + 7) & ~(size_t)7;
    b->room = before + size;
    b->shared = mmap(NULL, b->room, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (b->shared == MAP_FAILED)
        PANIC("no memory for the bus");
    b->ring = (char *)b->shared + before;
    b->shared->size = size;
    b->shared->n_seats = seats;
    lock_init(&b->shared->lock);
    for (unsigned i = 0; i < seats; i++) {
        struct seat *s = &b->shared->seats[i];

        life_init(&s->life);
        s->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        if (s->fd < 0)
            PANIC("no descriptors for the bus");
    }
    return b;
}

void bus_free(struct bus **bp)
{
    struct bus *b = *bp;

    *bp = NULL;
    if (!b)
        return;
    bus_leave(b);
    for (unsigned i = 0; i < b->shared->n_seats; i++)
        close(b->shared->seats[i].fd);
    munmap(b->shared, b->room);
    mem_free(b->copy);
    mem_free(b);
}

/* There is nothing to mend, see above. */
static void enter(struct shared *s)
{
    if (!lock_take(&s->lock))
        s->n_deaths++;
}

/* What was published before is not for us. */
static void begin(struct bus *b)
{
    enter(b->shared);
    b->at = b->shared->head;
    b->number = b->shared->n_published + 1;
    lock_give(&b->shared->lock);
    b->n_lost = 0;
}

static void note_sleep(struct seat *s)
{
    if (++s->n_sleeps == 0)
        s->n_sleeps = 1;
    atomic_store(&s->sleep, s->n_sleeps);
}

int bus_listen(struct bus *b)
{
    CHECK(!b->seat);
    for (unsigned i = 0; i < b->shared->n_seats; i++) {
        struct seat *s = &b->shared->seats[i];
        uint64_t old;

        if (!life_take(&s->life))
            continue;
        while (read(s->fd, &old, sizeof(old)) > 0)
            ;
        b->seat = s;
        begin(b);
        note_sleep(s);
        return s->fd;
    }
    return -1;
}

void bus_leave(struct bus *b)
{
    if (!b->seat)
        return;
    atomic_store(&b->seat->sleep, 0);
    life_give(&b->seat->life);
    b->seat = NULL;
}

static void ring_write(struct bus *b, uint64_t at, const void *p, size_t n)
{
    size_t place = at % b->shared->size, first = MIN(n, b->shared->size - place);

    memcpy(b->ring + place, p, first);
    memcpy(b->ring, (const char *)p + first, n - first);
}

static void ring_read(const struct bus *b, uint64_t at, void *p, size_t n)
{
    size_t place = at % b->shared->size, first = MIN(n, b->shared->size - place);

    memcpy(p, b->ring + place, first);
    memcpy((char *)p + first, b->ring, n - first);
}

static void make_room(struct bus *b, uint64_t end)
{
    uint64_t tail = atomic_load_explicit(&b->shared->tail, memory_order_relaxed);
    struct header h;

    while (end - tail > b->shared->size) {
        ring_read(b, tail, &h, sizeof(h));
        tail += h.size;
    }
    atomic_store_explicit(&b->shared->tail, tail, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst);
}

static void wake(struct bus *b)
{
    const uint64_t one = 1;

    for (unsigned i = 0; i < b->shared->n_seats; i++) {
        struct seat *s = &b->shared->seats[i];
        uint32_t sleep = atomic_load(&s->sleep);

        if (!sleep)
            continue;
        if (write(s->fd, &one, sizeof(one)) < 0)
            CHECK(errno == EAGAIN); /* it is readable already */
        (void)atomic_compare_exchange_strong(&s->sleep, &sleep, 0);
    }
}

bool bus_publish(struct bus *b, uint32_t channel, struct slice topic, struct slice data)
{
    size_t n = (sizeof(struct header) + topic.n + data.n + 7) & ~(size_t)7;
    struct header h = {.size = (uint32_t)n,
                       .topic_n = (uint32_t)topic.n,
                       .data_n = (uint32_t)data.n,
                       .channel = channel,
                       .pid = getpid()};
    struct shared *s = b->shared;
    uint64_t at;

    if (topic.n > s->size || data.n > s->size || n > s->size / 4)
        return false;
    enter(s);
    at = atomic_load_explicit(&s->head, memory_order_relaxed);
    make_room(b, at + n);
    h.number = ++s->n_published;
    ring_write(b, at, &h, sizeof(h));
    ring_write(b, at + sizeof(h), topic.p, topic.n);
    ring_write(b, at + sizeof(h) + topic.n, data.p, data.n);
    atomic_store(&s->head, at + n);
    lock_give(&s->lock);
    wake(b);
    return true;
}

static bool is_overtaken(const struct bus *b)
{
    atomic_thread_fence(memory_order_seq_cst);
    return atomic_load(&b->shared->tail) > b->at;
}

/* Copies the message at b->at; false: it is gone. */
static bool copy_message(struct bus *b, struct header *h)
{
    size_t n;

    ring_read(b, b->at, h, sizeof(*h));
    if (is_overtaken(b))
        return false;
    n = (size_t)h->topic_n + h->data_n;
    if (b->copy_room < n) {
        mem_free(b->copy);
        b->copy_room = MAX((size_t)4096, n * 2);
        b->copy = mem_alloc(b->copy_room);
    }
    ring_read(b, b->at + sizeof(*h), b->copy, n);
    return !is_overtaken(b);
}

static bool is_at_end(const struct bus *b)
{
    return b->at == atomic_load(&b->shared->head);
}

/* Nothing more: the next writer shall wake us, unless there is something by now. */
static bool fall_asleep(struct bus *b)
{
    uint64_t old;

    if (read(b->seat->fd, &old, sizeof(old)) < 0)
        CHECK(errno == EAGAIN);
    note_sleep(b->seat);
    if (is_at_end(b))
        return true;
    atomic_store(&b->seat->sleep, 0);
    return false;
}

bool bus_next(struct bus *b, struct bus_message *out)
{
    struct header h;

    if (!b->seat || (is_at_end(b) && fall_asleep(b)))
        return false;
    while (!copy_message(b, &h))
        b->at = atomic_load(&b->shared->tail);
    b->at += h.size;
    b->n_lost += h.number - b->number;
    b->number = h.number + 1;
    out->topic = slice_of(b->copy, h.topic_n);
    out->data = slice_of(b->copy + h.topic_n, h.data_n);
    out->channel = h.channel;
    out->pid = h.pid;
    out->number = h.number;
    return true;
}

uint64_t bus_lost(const struct bus *b)
{
    return b->n_lost;
}

unsigned bus_seats(const struct bus *b)
{
    return b->shared->n_seats;
}

size_t bus_size(const struct bus *b)
{
    return b->shared->size;
}

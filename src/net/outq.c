/* The queue is a list of pieces: memory of 16 KiB in all (header included) from a cache, memory of
 * an exact size where more was asked for at once, bytes that somebody keeps for us, and sections of
 * files. When as many queues as large pieces are kept have one, as when a thousand tasks answer or
 * clients get the same message in one turn, little is asked for in pieces of 512 bytes: fresh pages
 * for each would cost more than what they hold. `at` and `end` are offsets into the piece's bytes
 * or into the file; every piece but a freshly reserved one has something left (at < end).
 *
 * A flush alternates between two steps until one of them ends it: send_memory gathers all memory
 * before the next file section into one writev, send_section moves a part of a section. Where the
 * stream cannot send files (TLS, pair) send_section reads a part into a memory piece in front of
 * the section, which the next step sends. */
#include "net/outq.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/mem.h"

enum { PIECE_SIZE = 16384, PIECES_KEPT = 64, SECTIONS_KEPT = 64, VECTORS = 64 };
enum { SMALL_SIZE = 512, SMALL_KEPT = 1024 };
enum { KEPT_LEAST = 4096 };

struct piece {
    struct list node;
    uint64_t at, end;
    const char *data;      /* `bytes`, or the keeper's; NULL: a file section */
    size_t room;           /* of `bytes`; 0: there are none */
    struct keeper *keeper; /* of `data`; NULL: it is ours */
    int fd;
    bool owned;
    char bytes[];
};

enum { ROOM = PIECE_SIZE - sizeof(struct piece), SMALL_ROOM = SMALL_SIZE - sizeof(struct piece) };

static struct mem_cache pieces = {NULL, PIECE_SIZE, 0,
                                  PIECES_KEPT}; /* process-wide: shared by all queues */
static unsigned pieces_used;                    /* process-wide: how many of those queues have */
static struct mem_cache small_pieces = {NULL, SMALL_SIZE, 0,
                                        SMALL_KEPT}; /* process-wide: likewise */
static struct mem_cache sections =
    MEM_CACHE(struct piece, SECTIONS_KEPT); /* process-wide: likewise */

static inline struct piece *piece_of(struct list *node)
{
    return CONTAINER_OF(node, struct piece, node);
}

static inline struct piece *first_of(struct outq *q)
{
    return piece_of(q->pieces.next);
}

static inline bool is_section(const struct piece *p)
{
    return !p->data;
}

static struct piece *new_memory(size_t n)
{
    struct piece *p;

    if (n <= SMALL_ROOM && UNLIKELY(pieces_used >= PIECES_KEPT)) {
        p = mem_cache_take(&small_pieces);
        p->room = SMALL_ROOM;
    } else if (n <= ROOM) {
        p = mem_cache_take(&pieces);
        p->room = ROOM;
        pieces_used++;
    } else {
        p = mem_alloc(sizeof(*p) + n);
        p->room = n;
    }
    p->at = p->end = 0;
    p->data = p->bytes;
    p->keeper = NULL;
    return p;
}

static void free_piece(struct piece *p)
{
    list_remove(&p->node);
    if (!p->room) {
        if (p->owned)
            (void)close(p->fd);
        keeper_release(&p->keeper);
        mem_cache_give(&sections, p);
    } else if (p->room == ROOM) {
        pieces_used--;
        mem_cache_give(&pieces, p);
    } else if (p->room == SMALL_ROOM) {
        mem_cache_give(&small_pieces, p);
    } else {
        mem_free(p);
    }
}

void outq_init(struct outq *q)
{
    list_init(&q->pieces);
    q->bytes = 0;
    q->reads_files = false;
    q->is_last = false;
    q->late = 0;
}

void outq_clear(struct outq *q)
{
    while (!list_is_empty(&q->pieces))
        free_piece(first_of(q));
    q->bytes = 0;
}

/* The last piece if it is memory of our own, else NULL. */
static struct piece *last_memory(struct outq *q)
{
    struct piece *p = piece_of(q->pieces.prev);

    return list_is_empty(&q->pieces) || !p->room ? NULL : p;
}

char *outq_reserve(struct outq *q, size_t n)
{
    struct piece *p = last_memory(q);

    if (!p || p->room - p->end < n) {
        if (p && p->at == p->end)
            free_piece(p); /* reserved before, never used */
        p = new_memory(n);
        list_append(&q->pieces, &p->node);
    }
    return p->bytes + p->end;
}

void outq_commit(struct outq *q, size_t n)
{
    struct piece *p = last_memory(q);

    CHECK(p && n <= p->room - p->end);
    p->end += n;
    q->bytes += n;
    if (p->at == p->end)
        free_piece(p);
}

void outq_add(struct outq *q, const void *bytes, size_t n)
{
    struct piece *p = last_memory(q);
    size_t head = p ? MIN(n, p->room - p->end) : 0;

    if (head) {
        memcpy(p->bytes + p->end, bytes, head);
        outq_commit(q, head);
    }
    if (n > head) {
        memcpy(outq_reserve(q, n - head), (const char *)bytes + head, n - head);
        outq_commit(q, n - head);
    }
}

/* A piece without memory of its own, at the end. */
static struct piece *add_foreign(struct outq *q, uint64_t at, size_t n)
{
    struct piece *p = mem_cache_take(&sections);

    p->at = at;
    p->end = at + n;
    p->data = NULL;
    p->room = 0;
    p->keeper = NULL;
    p->owned = false;
    list_append(&q->pieces, &p->node);
    q->bytes += n;
    return p;
}

void outq_add_kept(struct outq *q, const void *bytes, size_t n, struct keeper *keeper)
{
    struct piece *p;

    if (!keeper || n < KEPT_LEAST) {
        outq_add(q, bytes, n);
        return;
    }
    p = add_foreign(q, 0, n);
    p->data = bytes;
    p->keeper = keeper_hold(keeper);
}

void outq_add_file(struct outq *q, int fd, off_t offset, size_t n, bool owned)
{
    struct piece *p;

    CHECK(n > 0 && offset >= 0);
    p = add_foreign(q, (uint64_t)offset, n);
    p->fd = fd;
    p->owned = owned;
}

void outq_append(struct outq *q, struct outq *from)
{
    list_splice(&q->pieces, &from->pieces);
    q->bytes += from->bytes;
    from->bytes = 0;
}

/* Takes `n` bytes off the memory at the front. */
static void drop(struct outq *q, size_t n)
{
    q->bytes -= n;
    while (n) {
        struct piece *p = first_of(q);
        size_t here = MIN(n, (size_t)(p->end - p->at));

        p->at += here;
        n -= here;
        if (p->at == p->end)
            free_piece(p);
    }
}

struct slice outq_front(const struct outq *q, bool *has_more_out)
{
    const struct piece *p = piece_of(q->pieces.next);
    bool is_all = p->node.next == &q->pieces;

    if (list_is_empty(&q->pieces) || is_section(p) || p->at == p->end)
        return SLICE_EMPTY;
    if (!is_all && (q->reads_files || !is_section(piece_of(p->node.next))))
        return SLICE_EMPTY;
    *has_more_out = !is_all || q->is_last;
    return slice_of(p->data + p->at, p->end - p->at);
}

void outq_sent(struct outq *q, size_t n)
{
    drop(q, n);
}

/* Gathers the memory at the front, `most` pieces of it. *next_out is where it stopped: a section, a
 * further piece or the end of the list. */
static int gather(struct outq *q, struct iovec *iov, int most, struct list **next_out)
{
    struct list *node = q->pieces.next;
    int n = 0;

    for (; node != &q->pieces && n < most; node = node->next) {
        struct piece *p = piece_of(node);

        if (is_section(p))
            break;
        iov[n++] = (struct iovec){(void *)(uintptr_t)(p->data + p->at), p->end - p->at};
    }
    *next_out = node;
    return n;
}

/* Reads `n` bytes of the section at the front, which has as many. */
static const struct err *take_section(struct outq *q, char *to, size_t n)
{
    struct piece *p = first_of(q);

    while (n) {
        ssize_t got = pread(p->fd, to, n, (off_t)p->at);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return got ? err_from_errno(errno) : &err_truncated;
        p->at += (uint64_t)got;
        q->bytes -= (size_t)got;
        to += got;
        n -= (size_t)got;
    }
    if (p->at == p->end)
        free_piece(p);
    return NULL;
}

const struct err *outq_take(struct outq *q, void *to, size_t n)
{
    char *at = to;

    CHECK(n <= q->bytes);
    while (n) {
        struct piece *p = first_of(q);
        size_t here = MIN(n, (size_t)(p->end - p->at));

        if (is_section(p)) {
            const struct err *e = take_section(q, at, here);

            if (e)
                return e;
        } else {
            memcpy(at, p->data + p->at, here);
            drop(q, here);
        }
        at += here;
        n -= here;
    }
    return NULL;
}

/* Leaves `most` bytes of the `n` vectors; how many of them are left. */
static int shorten(struct iovec *iov, int n, uint64_t most)
{
    int i = 0;

    for (; i < n && most > 0; i++) {
        iov[i].iov_len = MIN(iov[i].iov_len, most);
        most -= iov[i].iov_len;
    }
    return i;
}

static enum outq_result result_of(ssize_t answer)
{
    return answer == STREAM_FAILED ? OUTQ_FAILED : OUTQ_BLOCKED;
}

enum outq_result outq_write(struct outq *q, struct stream *s, struct slice bytes,
                            struct keeper *keeper, size_t threshold)
{
    while (bytes.n && q->bytes + bytes.n >= threshold) {
        struct iovec iov[VECTORS];
        struct list *next;
        int count = gather(q, iov, VECTORS - 1, &next);
        ssize_t sent;
        size_t queued;

        if (next != &q->pieces && is_section(piece_of(next)))
            break; /* sections are sent at a pace, which is flush's business */
        if (next == &q->pieces)
            iov[count++] = (struct iovec){(void *)(uintptr_t)bytes.p, bytes.n};
        sent = stream_writev(s, iov, count);
        if (sent <= 0) {
            outq_add_kept(q, bytes.p, sent == STREAM_FAILED ? 0 : bytes.n, keeper);
            return result_of(sent);
        }
        queued = MIN((size_t)sent, q->bytes);
        drop(q, queued);
        bytes = slice_from(bytes, (size_t)sent - queued);
    }
    outq_add_kept(q, bytes.p, bytes.n, keeper);
    return q->bytes ? OUTQ_BLOCKED : OUTQ_EMPTY;
}

static bool can_send_files(const struct outq *q, const struct stream *s)
{
    return !q->reads_files && stream_can_sendfile(s);
}

/* Writes at most `most` bytes of the memory at the front; `may_send_file`: what follows it can be
 * sent in this flush. */
static ssize_t send_memory(struct outq *q, struct stream *s, bool may_send_file, uint64_t most)
{
    struct iovec iov[VECTORS];
    struct list *next;
    int count = gather(q, iov, VECTORS, &next);
    bool more = next == &q->pieces
                    ? q->is_last
                    : may_send_file && is_section(piece_of(next)) && can_send_files(q, s);
    ssize_t sent;

    if (UNLIKELY(most < q->bytes)) {
        more = false;
        count = shorten(iov, count, most);
    }
    sent = more ? stream_writev_more(s, iov, count) : stream_writev(s, iov, count);
    if (sent > 0)
        drop(q, (size_t)sent);
    return sent;
}

/* Puts a part of the section at the front into memory before it. */
static ssize_t read_section(struct outq *q, struct stream *s, size_t most)
{
    struct piece *file = first_of(q), *p = new_memory(ROOM);
    ssize_t got;

    do
        got = pread(file->fd, p->bytes, MIN(most, (size_t)ROOM), (off_t)file->at);
    while (got < 0 && errno == EINTR);
    if (got > 0) {
        p->end = (uint64_t)got;
        list_prepend(&q->pieces, &p->node);
        return got;
    }
    if (got < 0) {
        s->err = err_from_errno(errno);
        got = STREAM_FAILED;
    }
    list_init(&p->node);
    free_piece(p);
    return got;
}

/* Moves at most `most` bytes of the section at the front on; how many, or the stream's answer.
 * `direct`: to the stream, not to memory. */
static ssize_t send_section(struct outq *q, struct stream *s, size_t most, bool direct)
{
    struct piece *p = first_of(q);
    ssize_t n;

    most = MIN(most, (size_t)(p->end - p->at));
    n = direct ? stream_sendfile(s, p->fd, (off_t)p->at, most) : read_section(q, s, most);
    if (n == 0) {
        s->err = &err_truncated;
        return STREAM_FAILED;
    }
    if (n < 0)
        return n;
    p->at += (uint64_t)n;
    if (direct)
        q->bytes -= (size_t)n;
    if (p->at == p->end)
        free_piece(p);
    return n;
}

enum outq_result outq_flush_most(struct outq *q, struct stream *s, size_t budget, uint64_t *most)
{
    while (q->bytes) {
        size_t before = q->bytes;
        ssize_t n;

        if (*most == 0)
            return OUTQ_BLOCKED;
        if (!is_section(first_of(q))) {
            n = send_memory(q, s, budget > 0, *most);
        } else if (budget > 0) {
            n = send_section(q, s, MIN(budget, *most), can_send_files(q, s));
            if (n > 0)
                budget -= (size_t)n;
        } else {
            return OUTQ_BLOCKED;
        }
        *most -= before - q->bytes;
        if (n <= 0)
            return result_of(n);
    }
    return OUTQ_EMPTY;
}

/* The output queue against a model, over streams that trickle, stall and fail, and over a real
 * socket. */
#include "net/outq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "loop/loop.h"
#include "net/outq.c"
#include "net/pair.h"
#include "net/tcp.h"

enum { FILE_SIZE = 300000, ALL = 1 << 30 };

static struct stream *ends[2];
static struct outq q;
static int file;
static char content[FILE_SIZE];
static struct buf want, got;
static uint64_t seed;

static void never(struct keeper *k)
{
    UNUSED(k);
    fail_msg("the owner still holds it");
}

static struct keeper keeper = {1, never};

static size_t rnd(size_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (size_t)(seed >> 20) % below;
}

static int set_up_file(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < FILE_SIZE; i++)
        content[i] = (char)rnd(256);
    assert_null(file_temp("/tmp", NULL, &file));
    assert_null(file_write_all(file, content, FILE_SIZE));
    return 0;
}

static int tear_down_file(void **state)
{
    UNUSED(state);
    mem_cache_trim(&pieces);
    mem_cache_trim(&small_pieces);
    mem_cache_trim(&sections);
    assert_int_equal(keeper.holds, 1);
    return close(file);
}

static int set_up(void **state)
{
    UNUSED(state);
    loop_init(LOOP_BEST);
    outq_init(&q);
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    outq_clear(&q);
    assert_true(list_is_empty(&q.pieces) && outq_is_empty(&q));
    stream_close(&ends[0], false);
    stream_close(&ends[1], false);
    buf_free(&want);
    buf_free(&got);
    loop_deinit();
    return 0;
}

static void open_sockets(void)
{
    int fds[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
    ends[0] = tcp_adopt(fds[0]);
    ends[1] = tcp_adopt(fds[1]);
}

static void take(size_t most)
{
    ssize_t n = stream_read(ends[1], buf_reserve(&got, most), most);

    assert_true(n > 0 || n == STREAM_AGAIN);
    got.n += n > 0 ? (size_t)n : 0;
}

static void assert_delivered(void)
{
    assert_int_equal(got.n, want.n);
    assert_memory_equal(got.p, want.p, want.n);
}

static enum outq_result write_now(const char *p, size_t n, size_t threshold)
{
    return outq_write(&q, ends[0], slice_of(p, n), NULL, threshold);
}

static size_t random_size(void)
{
    static const size_t spans[] = {2, 100, 16000, ROOM + 2, 70000};

    return 1 + rnd(spans[rnd(ARRAY_LEN(spans))]);
}

static void add_something(void)
{
    size_t n = random_size(), at = rnd(FILE_SIZE - n), less;
    enum outq_result r;

    switch (rnd(5)) {
    case 0:
        outq_add(&q, content + at, n);
        buf_add(&want, content + at, n);
        break;
    case 1:
        less = rnd(4) ? rnd(n + 1) : 0;
        memcpy(outq_reserve(&q, n), content + at, less);
        outq_commit(&q, less);
        buf_add(&want, content + at, less);
        break;
    case 2:
        outq_add_file(&q, rnd(2) ? file : dup(file), (off_t)at, n, false);
        if (piece_of(q.pieces.prev)->fd != file)
            piece_of(q.pieces.prev)->owned = true;
        buf_add(&want, content + at, n);
        break;
    case 3:
        outq_add_kept(&q, content + at, n, &keeper);
        buf_add(&want, content + at, n);
        break;
    default:
        r = outq_write(&q, ends[0], slice_of(content + at, n), rnd(2) ? &keeper : NULL, rnd(40000));
        assert_int_equal(r, outq_is_empty(&q) ? OUTQ_EMPTY : OUTQ_BLOCKED);
        buf_add(&want, content + at, n);
    }
}

static void check_queue(void)
{
    size_t bytes = 0;

    LIST_FOR (it, &q.pieces) {
        assert_true(piece_of(it)->at < piece_of(it)->end);
        bytes += (size_t)(piece_of(it)->end - piece_of(it)->at);
    }
    assert_int_equal(bytes, q.bytes);
}

static void run_model(unsigned steps)
{
    want = got = BUF_EMPTY;
    for (unsigned i = 0; i < steps; i++) {
        enum outq_result r;

        for (size_t n = rnd(3); n; n--)
            add_something();
        check_queue();
        r = outq_flush(&q, ends[0], rnd(3) ? rnd(50000) : 0);
        check_queue();
        assert_int_equal(r, outq_is_empty(&q) ? OUTQ_EMPTY : OUTQ_BLOCKED);
        take(1 + rnd(60000));
        if (q.bytes > 400000)
            while (outq_flush(&q, ends[0], ALL) == OUTQ_BLOCKED)
                take(65536);
    }
    while (outq_flush(&q, ends[0], ALL) == OUTQ_BLOCKED)
        take(65536);
    assert_true(list_is_empty(&q.pieces));
    while (got.n < want.n)
        take(65536);
    assert_delivered();
}

static void test_model(void **state)
{
    static const size_t capacities[] = {1000, 5000, 16384, 100000, 0}; /* 0: a socket */

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(capacities); i++) {
        seed = i + 1;
        if (capacities[i])
            pair_new(ends, capacities[i]);
        else
            open_sockets();
        run_model(400);
        stream_close(&ends[0], false);
        stream_close(&ends[1], false);
        buf_free(&want);
        buf_free(&got);
    }
}

static void test_trickle(void **state)
{
    UNUSED(state);
    pair_new(ends, 1);
    want = got = BUF_EMPTY;
    outq_add(&q, "head: ", 6);
    outq_add_file(&q, file, 10, 20, false);
    outq_add(&q, " tail", 5);
    buf_add_lit(&want, "head: ");
    buf_add(&want, content + 10, 20);
    buf_add_lit(&want, " tail");
    assert_int_equal(q.bytes, 31);
    for (unsigned i = 0; i < 30; i++) {
        assert_int_equal(outq_flush(&q, ends[0], ALL), OUTQ_BLOCKED);
        take(10);
        assert_int_equal(got.n, i + 1);
    }
    assert_int_equal(outq_flush(&q, ends[0], ALL), OUTQ_EMPTY);
    take(10);
    assert_delivered();
    assert_true(list_is_empty(&q.pieces));
}

static void test_many_pieces(void **state)
{
    static char block[ROOM];

    UNUSED(state);
    pair_new(ends, ALL);
    want = got = BUF_EMPTY;
    for (int i = 0; i < 200; i++) { /* more than one writev takes */
        memset(block, i, sizeof(block));
        outq_add(&q, block, sizeof(block));
        buf_add(&want, block, sizeof(block));
    }
    assert_int_equal(write_now(content, FILE_SIZE, 1), OUTQ_EMPTY);
    buf_add(&want, content, FILE_SIZE);
    take(ALL);
    assert_delivered();
    assert_int_equal(pieces.count, PIECES_KEPT);
}

/* Around the number of vectors that one write takes. */
static void test_just_enough_pieces(void **state)
{
    static char block[ROOM];

    UNUSED(state);
    for (size_t count = VECTORS - 2; count <= VECTORS + 1; count++) {
        pair_new(ends, ALL);
        want = got = BUF_EMPTY;
        for (size_t i = 0; i < count; i++)
            outq_add(&q, block, sizeof(block));
        assert_int_equal(write_now("end", 3, 1), OUTQ_EMPTY);
        take(ALL / 256);
        assert_int_equal(got.n, count * ROOM + 3);
        assert_memory_equal(got.p + count * ROOM, "end", 3);
        buf_free(&got);
        stream_close(&ends[0], false);
        stream_close(&ends[1], false);
    }
}

static void test_budget(void **state)
{
    static const struct {
        bool socket;
        size_t budget, left;
    } rows[] = {{true, 1000, FILE_SIZE - 1000},
                {true, 0, FILE_SIZE},
                {true, 40000, FILE_SIZE - 40000},
                {false, 1000, FILE_SIZE - 1000},
                {false, 0, FILE_SIZE},
                {false, 40000, FILE_SIZE - 40000},
                {false, FILE_SIZE, 0}};

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].socket)
            open_sockets();
        else
            pair_new(ends, ALL);
        outq_add(&q, "x", 1); /* goes whatever the budget */
        outq_add_file(&q, file, 0, FILE_SIZE, false);
        assert_int_equal(outq_flush(&q, ends[0], rows[i].budget),
                         rows[i].left ? OUTQ_BLOCKED : OUTQ_EMPTY);
        assert_int_equal(q.bytes, rows[i].left);
        outq_clear(&q);
        stream_close(&ends[0], false);
        stream_close(&ends[1], false);
    }
}

static void test_write_threshold(void **state)
{
    UNUSED(state);
    pair_new(ends, 50);
    want = got = BUF_EMPTY;
    assert_int_equal(write_now(content, 10, 100), OUTQ_BLOCKED);
    assert_int_equal(q.bytes, 10); /* below: only queued */
    assert_int_equal(write_now(content + 10, 90, 100), OUTQ_BLOCKED);
    assert_int_equal(q.bytes, 50); /* all were offered */
    take(100);
    assert_int_equal(outq_flush(&q, ends[0], 0), OUTQ_EMPTY);
    take(100);
    buf_add(&want, content, 100);
    assert_delivered();
    assert_int_equal(write_now(content, 0, 0), OUTQ_EMPTY);
    outq_add_file(&q, file, 0, 10, false); /* what is behind a file stays behind it */
    assert_int_equal(write_now("z", 1, 0), OUTQ_BLOCKED);
    assert_int_equal(outq_flush(&q, ends[0], ALL), OUTQ_EMPTY);
    take(100);
    buf_add(&want, content, 10);
    buf_add_lit(&want, "z");
    assert_delivered();
}

static void test_failure(void **state)
{
    UNUSED(state);
    pair_new(ends, 5);
    outq_add(&q, "0123456789", 10);
    assert_int_equal(outq_flush(&q, ends[0], ALL), OUTQ_BLOCKED);
    pair_fail(ends[0], &err_reset);
    assert_int_equal(outq_flush(&q, ends[0], ALL), OUTQ_FAILED);
    assert_ptr_equal(ends[0]->err, &err_reset);
    assert_int_equal(write_now("abc", 3, 0), OUTQ_FAILED);
    outq_clear(&q);
    outq_add_file(&q, file, 0, 10, false);
    assert_int_equal(outq_flush(&q, ends[0], ALL), OUTQ_FAILED);
}

static void test_truncated(void **state)
{
    UNUSED(state);
    for (int i = 0; i < 2; i++) {
        if (i)
            open_sockets();
        else
            pair_new(ends, ALL);
        got = BUF_EMPTY;
        outq_add_file(&q, file, FILE_SIZE - 100, 101, false);
        assert_int_equal(outq_flush(&q, ends[0], ALL), OUTQ_FAILED);
        assert_ptr_equal(ends[0]->err, &err_truncated);
        take(1000);
        assert_int_equal(got.n, 100);
        outq_clear(&q);
        outq_add(&q, "x", 1);
        assert_int_equal(outq_flush(&q, ends[0], ALL), OUTQ_FAILED); /* sticky */
        outq_clear(&q);
        buf_free(&got);
        stream_close(&ends[0], false);
        stream_close(&ends[1], false);
    }
}

static void test_unreadable_file(void **state)
{
    int fds[2];

    UNUSED(state);
    assert_int_equal(pipe(fds), 0);
    pair_new(ends, ALL);
    outq_add_file(&q, fds[0], 0, 10, false); /* pread knows no pipes */
    assert_int_equal(outq_flush(&q, ends[0], ALL), OUTQ_FAILED);
    assert_non_null(ends[0]->err);
    close(fds[0]);
    close(fds[1]);
}

static void test_owned_files(void **state)
{
    int sent = dup(file), cleared = dup(file), borrowed = dup(file);

    UNUSED(state);
    pair_new(ends, ALL);
    outq_add_file(&q, sent, 0, 10, true);
    outq_add_file(&q, borrowed, 0, 10, false);
    assert_int_equal(outq_flush(&q, ends[0], 10), OUTQ_BLOCKED);
    assert_int_equal(fcntl(sent, F_GETFD), -1);
    outq_add_file(&q, cleared, 0, 10, true);
    outq_clear(&q);
    assert_int_equal(fcntl(cleared, F_GETFD), -1);
    assert_int_not_equal(fcntl(borrowed, F_GETFD), -1);
    close(borrowed);
}

static void connect_loopback(void)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(a);
    int listening = socket(AF_INET, SOCK_STREAM, 0), fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_int_equal(bind(listening, (struct sockaddr *)&a, size), 0);
    assert_int_equal(listen(listening, 1), 0);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&a, &size), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, size), 0);
    ends[0] = tcp_adopt(fd);
    ends[1] = tcp_adopt(accept4(listening, NULL, NULL, SOCK_NONBLOCK));
    (void)close(listening);
}

/* The last bytes wait for the packet that ends the stream. */
static void test_last(void **state)
{
    char bytes[16];

    UNUSED(state);
    connect_loopback();
    outq_add(&q, "some", 4);
    assert_int_equal(outq_flush(&q, ends[0], 0), OUTQ_EMPTY);
    assert_int_equal(stream_read(ends[1], bytes, sizeof(bytes)), 4);
    q.is_last = true;
    outq_add(&q, "last", 4);
    assert_int_equal(outq_flush(&q, ends[0], 0), OUTQ_EMPTY);
    assert_int_equal(stream_read(ends[1], bytes, sizeof(bytes)), STREAM_AGAIN);
    stream_shutdown(ends[0]);
    assert_int_equal(stream_read(ends[1], bytes, sizeof(bytes)), 4);
    assert_memory_equal(bytes, "last", 4);
    assert_int_equal(stream_read(ends[1], bytes, sizeof(bytes)), 0);
}

static void test_reserve(void **state)
{
    char *first, *p;

    UNUSED(state);
    pair_new(ends, ALL);
    first = outq_reserve(&q, 10);
    outq_commit(&q, 0);
    assert_true(list_is_empty(&q.pieces)); /* an empty queue owns nothing */
    p = outq_reserve(&q, 10);
    assert_ptr_equal(p, first);
    memcpy(p, "0123456789", 10);
    outq_commit(&q, 4);
    assert_ptr_equal(outq_reserve(&q, ROOM - 4), p + 4); /* all of the piece */
    outq_commit(&q, 0);
    assert_ptr_not_equal(outq_reserve(&q, ROOM - 3), p + 4);
    outq_commit(&q, 0);
    memset(outq_reserve(&q, 10 * ROOM), 'x', 10 * ROOM);
    outq_commit(&q, 10 * ROOM);
    assert_int_equal(piece_of(q.pieces.prev)->room, 10 * ROOM);
    assert_int_equal(q.bytes, 4 + 10 * ROOM);
    assert_int_equal(outq_flush(&q, ends[0], 0), OUTQ_EMPTY);
}

static unsigned freed;

static void note_freed(struct keeper *k)
{
    UNUSED(k);
    freed++;
}

/* More queues than large pieces are kept: those beyond take small ones for what is small. */
static void test_many_queues(void **state)
{
    static struct outq many[PIECES_KEPT + 2];
    struct outq *over = &many[PIECES_KEPT];

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(many); i++) {
        outq_init(&many[i]);
        outq_add(&many[i], content + i, 3);
        assert_int_equal(first_of(&many[i])->room, &many[i] < over ? ROOM : SMALL_ROOM);
    }
    outq_add(over, content, SMALL_ROOM + 1);
    assert_int_equal(first_of(over)->end, SMALL_ROOM);
    outq_add(over, content, SMALL_ROOM);
    assert_int_equal(last_memory(over)->room, SMALL_ROOM);
    assert_non_null(outq_reserve(over, SMALL_ROOM + 1));
    assert_int_equal(last_memory(over)->room, ROOM);
    outq_commit(over, 0);
    assert_int_equal(over->bytes, 3 + SMALL_ROOM + 1 + SMALL_ROOM);
    for (size_t i = 0; i < ARRAY_LEN(many); i++)
        outq_clear(&many[i]);
    assert_int_equal(pieces_used, 0);
    assert_int_equal(pieces.count, PIECES_KEPT);
    assert_int_equal(small_pieces.count, 4);
}

/* What is kept is not copied, and held until the last of it has gone or the queue is cleared; a
 * little is copied and not held. */
static void test_kept(void **state)
{
    struct keeper owner = {1, note_freed}, *own = &owner;
    char taken[KEPT_LEAST];

    UNUSED(state);
    freed = 0;
    outq_add(&q, "head", 4);
    outq_add_kept(&q, content, FILE_SIZE, own);
    outq_add_kept(&q, content, KEPT_LEAST - 1, own);
    outq_add_kept(&q, content, KEPT_LEAST, NULL);
    outq_add_kept(&q, content, KEPT_LEAST, own);
    assert_int_equal(owner.holds, 3);
    assert_ptr_equal(piece_of(q.pieces.next->next)->data, content);
    assert_null(outq_take(&q, taken, 4));
    for (size_t n = 0; n < FILE_SIZE; n += 4000) {
        assert_int_equal(owner.holds, 3);
        assert_null(outq_take(&q, taken, 4000));
        assert_memory_equal(taken, content + n, 4000);
    }
    assert_int_equal(owner.holds, 2);
    keeper_release(&own);
    assert_null(own);
    assert_int_equal(freed, 0);
    outq_clear(&q);
    assert_int_equal(freed, 1);
    pair_new(ends, 0);
}

/* Bytes taken off the front are those that were queued, whatever they lie in. */
static void test_take(void **state)
{
    char *to = malloc(FILE_SIZE);
    size_t at = 0, all;

    UNUSED(state);
    want.n = 0;
    for (unsigned i = 0; i < 8; i++) {
        outq_add(&q, content + i * 9000, 9000);
        outq_add_file(&q, file, (off_t)i * 1000, 20000, false);
        buf_add(&want, content + (size_t)i * 9000, 9000);
        buf_add(&want, content + (size_t)i * 1000, 20000);
    }
    all = q.bytes;
    while (q.bytes) {
        size_t n = 1 + rnd(30000);

        n = n < q.bytes ? n : q.bytes;
        assert_null(outq_take(&q, to, n));
        assert_memory_equal(to, want.p + at, n);
        at += n;
    }
    assert_int_equal(at, all);
    outq_add(&q, "x", 1);
    outq_add_file(&q, file, FILE_SIZE - 10, 20, false); /* ends early */
    assert_ptr_equal(outq_take(&q, to, 21), &err_truncated);
    outq_clear(&q);
    free(to);
}

/* `most` counts memory and files alike and stops in the middle of either. */
static void assert_front(const char *text, bool has_more)
{
    bool more = !has_more;
    struct slice front = outq_front(&q, &more);

    assert_int_equal(front.n, strlen(text));
    if (front.n)
        assert_memory_equal(front.p, text, front.n);
    if (front.n)
        assert_int_equal(more, has_more);
}

static void test_front(void **state)
{
    static char large[20000];

    UNUSED(state);
    assert_front("", false);
    outq_add(&q, "hello", 5);
    outq_add(&q, " there", 6);
    assert_front("hello there", false);
    outq_sent(&q, 6);
    assert_front("there", false);
    q.is_last = true;
    assert_front("there", true);
    q.is_last = false;
    outq_add_file(&q, 0, 0, 10, false);
    assert_front("there", true);
    q.reads_files = true;
    assert_front("", false);
    q.reads_files = false;
    outq_sent(&q, 5);
    assert_front("", false); /* a file is no memory */
    outq_clear(&q);
    outq_add(&q, "x", 1);
    outq_add(&q, large, sizeof(large)); /* does not fit into the piece */
    assert_front("", false);
    outq_clear(&q);
    (void)outq_reserve(&q, 10);
    assert_front("", false);
    outq_clear(&q);
}

static void test_paced(void **state)
{
    char seen[64];

    UNUSED(state);
    for (int reads = 0; reads < 2; reads++) {
        pair_new(ends, ALL);
        outq_add(&q, "0123456789", 10);
        outq_add_file(&q, file, 0, 10, false);
        q.reads_files = reads;
        for (size_t n = 0; n < 20; n += 4) {
            uint64_t most = 4;

            assert_int_equal(outq_flush_most(&q, ends[0], ALL, &most),
                             n == 16 ? OUTQ_EMPTY : OUTQ_BLOCKED);
            assert_int_equal(most, 0);
            assert_int_equal(stream_read(ends[1], seen + n, sizeof(seen) - n), 4);
        }
        assert_memory_equal(seen, "0123456789", 10);
        assert_int_equal(outq_flush(&q, ends[0], ALL), OUTQ_EMPTY);
        stream_close(&ends[0], false);
        stream_close(&ends[1], false);
    }
    pair_new(ends, ALL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_model, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_trickle, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_pieces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_just_enough_pieces, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_budget, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_write_threshold, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_failure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_truncated, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_unreadable_file, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_owned_files, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_last, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_reserve, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_many_queues, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_kept, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_take, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_paced, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_front, set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, set_up_file, tear_down_file);
}

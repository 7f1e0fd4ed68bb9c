/* A process dies at each single store of each operation: what it had begun is undone, and
 * everything fits together. */
static void step(void);
#define JOURNAL_STEP() step()
#include "shm/arena.c"
#include "shm/dict.c"
#include "shm/dict_list.c"
#include "shm/dict_walk.c"
#include "shm/journal.c"
#include "shm/shard.c"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 24 << 10, NEVER = -1 };

static long steps_left = NEVER;
static jmp_buf death;
static bool is_real; /* the process is to die, not only its operation */

static void step(void)
{
    if (steps_left == NEVER)
        return;
    if (steps_left-- > 0)
        return;
    if (is_real)
        kill(getpid(), SIGKILL);
    longjmp(death, 1);
}

static struct dict *open_dict(size_t size)
{
    struct zone *z = zone_new(SLICE("test"), size);
    struct dict *d = dict_open(z);

    zone_release(&z);
    return d;
}

static void store(struct dict *d, const char *key, const char *value, unsigned mode)
{
    struct dict_item item = {.type = DICT_STRING, .p = value, .n = strlen(value)};

    dict_store(d, slice_str(key), &item, mode);
}

static void push(struct dict *d, const char *key, const char *value)
{
    struct dict_item item = {.type = DICT_STRING, .p = value, .n = strlen(value)};
    uint32_t n;

    dict_list_push(d, slice_str(key), &item, DICT_RIGHT, &n);
}

static const char *long_text(size_t n)
{
    static char text[8192];

    memset(text, 'x', n);
    text[n] = '\0';
    return text;
}

/* Entries of several kinds, free blocks of several sizes between them. */
static void populate(struct dict *d)
{
    struct dict_incr one = {.by = 1, .has_init = true};
    char key[16];

    for (int i = 0; i < 12; i++) {
        snprintf(key, sizeof key, "key%d", i);
        store(d, key, long_text((size_t)(i * i * 3)), DICT_SET);
    }
    for (int i = 1; i < 12; i += 3) {
        snprintf(key, sizeof key, "key%d", i);
        dict_delete(d, slice_str(key));
    }
    dict_incr(d, SLICE("number"), &one);
    push(d, "list", "a");
    push(d, "list", "bb");
    push(d, "list", "ccc");
    push(d, "single", "only");
}

static void op_new(struct dict *d)
{
    store(d, "fresh", "value", DICT_SET);
}

static void op_same_size(struct dict *d)
{
    store(d, "key6", long_text(100), DICT_SET);
}

static void op_larger(struct dict *d)
{
    store(d, "key6", long_text(700), DICT_SET);
}

static void op_evicting(struct dict *d)
{
    store(d, "large", long_text(8000), DICT_SET);
    store(d, "larger", long_text(8000), DICT_SET);
}

static void op_over_list(struct dict *d)
{
    store(d, "list", "no list", DICT_SET);
}

static void op_delete(struct dict *d)
{
    dict_delete(d, SLICE("key3"));
}

static void op_delete_list(struct dict *d)
{
    dict_delete(d, SLICE("list"));
}

static void op_incr(struct dict *d)
{
    struct dict_incr one = {.by = 1};

    dict_incr(d, SLICE("number"), &one);
}

static bool grow(void *user, struct dict_item *item)
{
    (void)user;
    *item = (struct dict_item){.type = DICT_TABLE, .p = long_text(item->n + 64), .n = item->n + 64};
    return true;
}

static void op_change(struct dict *d)
{
    dict_change(d, SLICE("key6"), DICT_SAFE | DICT_KEEPS, grow, NULL);
}

static void op_get(struct dict *d)
{
    struct dict_item item;

    dict_get(d, SLICE("key3"), &item);
}

static void op_push(struct dict *d)
{
    push(d, "list", "dddd");
}

static void op_push_first(struct dict *d)
{
    push(d, "newlist", "eeeee");
}

static void op_pop(struct dict *d)
{
    struct dict_item item;

    dict_list_pop(d, SLICE("list"), DICT_LEFT, &item);
}

static void op_pop_last(struct dict *d)
{
    struct dict_item item;

    dict_list_pop(d, SLICE("single"), DICT_RIGHT, &item);
}

static void op_swap(struct dict *d)
{
    struct dict_item old = {.type = DICT_NUMBER, .number = 1}, new = {.type = DICT_NIL};

    dict_swap(d, SLICE("number"), &old, &new);
}

static void op_expire(struct dict *d)
{
    dict_expire(d, SLICE("key2"), 5000);
}

static void op_flush(struct dict *d)
{
    dict_walk_flush_all(d);
    dict_walk_flush_expired(d, 0);
}

static const struct {
    const char *name;
    void (*run)(struct dict *d);
    bool is_one; /* a single operation: all or nothing */
} ops[] = {
    {"a new entry", op_new, true},
    {"a value of the same size", op_same_size, true},
    {"a larger value", op_larger, true},
    {"eviction", op_evicting, false},
    {"a value in the place of a list", op_over_list, false},
    {"delete", op_delete, true},
    {"delete a list", op_delete_list, false},
    {"incr", op_incr, true},
    {"change", op_change, true},
    {"get", op_get, true},
    {"push", op_push, true},
    {"push the first", op_push_first, true},
    {"pop", op_pop, true},
    {"pop the last", op_pop_last, false},
    {"swap", op_swap, true},
    {"expire", op_expire, true},
    {"flush", op_flush, false},
};

/* All that can be seen of a dictionary, in order of use. */
static char *describe_all(struct dict *d)
{
    struct shard *s = shard_at(d, 0);
    struct buf b = BUF_EMPTY;
    char *text;

    for (uint32_t at = s->oldest; at; at = shard_entry(s, at)->newer) {
        struct entry *e = shard_entry(s, at);

        buf_printf(&b, "%.*s type %d flags %u expires %lld:", e->key_n, e->key, e->type, e->flags,
                   (long long)e->expires);
        if (e->type != DICT_LIST)
            buf_add_slice(&b, slice_of(shard_value(e), e->value_n));
        else
            for (uint32_t x = ((struct shard_list *)shard_value(e))->first; x;) {
                struct shard_element *element = arena_at(&s->arena, x);

                buf_printf(&b, "<%.*s>", (int)element->n, element->value);
                x = element->next;
            }
        buf_add_char(&b, '\n');
    }
    text = mem_strdup(buf_slice(&b));
    buf_free(&b);
    return text;
}

static void mend_and_leave(struct shard *s)
{
    mend(s);
    lock_give(&s->lock);
}

static struct dict *open_populated(void)
{
    struct dict *d = open_dict(SIZE);

    d->head->seed = 1;
    populate(d);
    return d;
}

/* What the operation leads to when nobody dies. */
static char *outcome(size_t op)
{
    struct dict *d = open_populated();
    char *text;

    ops[op].run(d);
    text = describe_all(d);
    dict_close(&d);
    return text;
}

/* Runs the operation on a new dictionary and ends it after `n` steps; false when it was over
 * before. */
static bool die_after(size_t op, long n, const char *done)
{
    struct dict *d = open_populated();
    char *before = describe_all(d), *after;
    volatile bool has_died = true;

    steps_left = n;
    if (setjmp(death) == 0) {
        ops[op].run(d);
        has_died = false;
    }
    steps_left = NEVER;
    if (has_died)
        mend_and_leave(shard_at(d, 0));
    after = describe_all(d);
    if (!dict_walk_check(d))
        fail_msg("%s, killed after %ld stores: unsound", ops[op].name, n);
    if (ops[op].is_one && strcmp(before, after) != 0 && strcmp(done, after) != 0)
        fail_msg("%s, killed after %ld stores:\n%s", ops[op].name, n, after);
    mem_free(before);
    mem_free(after);
    /* it can be worked with */
    populate(d);
    assert_true(dict_walk_check(d));
    dict_close(&d);
    return has_died;
}

static void test_die_at_each_store(void **state)
{
    UNUSED(state);
    clock_update();
    for (size_t op = 0; op < ARRAY_LEN(ops); op++) {
        char *done = outcome(op);
        long n = 0;

        while (die_after(op, n, done))
            n++;
        assert_true(n > 1);
        mem_free(done);
    }
}

/* The kernel tells of a real death. */
static void test_killed(void **state)
{
    struct dict *d = open_dict(SIZE);
    struct dict_stats stats;
    struct dict_item item;
    int status;
    pid_t pid;

    UNUSED(state);
    populate(d);
    for (int n = 0; n < 12; n++) {
        fflush(NULL);
        pid = fork();
        if (pid == 0) {
            is_real = true;
            steps_left = 3 * n;
            op_larger(d);
            _exit(1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        assert_int_equal(dict_get(d, SLICE("key6"), &item), DICT_OK);
        assert_int_equal(item.n, 108);
        assert_true(dict_walk_check(d));
    }
    dict_walk_stats(d, &stats);
    assert_int_equal(stats.mended, 12);
    dict_close(&d);
}

/* Processes are killed at random while they do anything at all. */
static void work_for_ever(struct dict *d, unsigned seed)
{
    char key[16];

    for (;;) {
        unsigned r = seed = seed * 1103515245 + 12345;

        snprintf(key, sizeof key, "key%u", r >> 8 & 31);
        if (r >> 16 & 1)
            store(d, key, long_text(r >> 20 & 1023), DICT_SET);
        else if (r >> 17 & 1)
            push(d, "list", long_text(r >> 20 & 63));
        else
            ops[(r >> 20) % (ARRAY_LEN(ops) - 1)].run(d);
    }
}

static void test_killed_at_random(void **state)
{
    enum { ROUNDS = 60, WORKERS = 3 };
    struct dict *d = open_dict(SIZE);
    pid_t pids[WORKERS];
    struct dict_stats stats;

    UNUSED(state);
    for (int round = 0; round < ROUNDS; round++) {
        fflush(NULL);
        for (int i = 0; i < WORKERS; i++) {
            pids[i] = fork();
            if (pids[i] == 0)
                work_for_ever(d, (unsigned)(round * WORKERS + i));
        }
        usleep(2000);
        for (int i = 0; i < WORKERS; i++)
            kill(pids[i], SIGKILL);
        for (int i = 0; i < WORKERS; i++)
            waitpid(pids[i], NULL, 0);
        assert_true(dict_walk_check(d));
    }
    dict_walk_stats(d, &stats);
    printf("%u of %u deaths were inside an operation\n", (unsigned)stats.mended, ROUNDS * WORKERS);
    dict_close(&d);
}

int main(void)
{
    const struct log_sink silent = {.fd = STDERR_FILENO, .level = LOG_ERROR};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_die_at_each_store),
        cmocka_unit_test(test_killed),
        cmocka_unit_test(test_killed_at_random),
    };

    log_set_default(&silent);
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The wheel against a model that looks at every timer, over simulated time. */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

static uint64_t fake_now;

static uint64_t fake_ms(void)
{
    return fake_now;
}

#define clock_ms fake_ms
#include "loop/timer.c"
#undef clock_ms

enum { TIMERS = 300, STEPS = 20000 };

/* What the model knows of a timer. */
struct known {
    struct timer *timer; /* on the heap, so that a use after free shows */
    bool is_armed, is_background;
    uint64_t deadline;
    unsigned turn; /* in which it was started */
};

static struct known all[TIMERS];
static unsigned turn;
static uint64_t last_fired;
static unsigned fired;
static uint64_t seed;

static uint64_t rnd(uint64_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (seed >> 20) % below;
}

static void on_timer(struct timer *t);

static uint64_t random_delay(void)
{
    static const uint64_t spans[] = {1,    2,     64,     65,      1000,     4096,
                                     4097, 60000, 262144, 3600000, 86400000, 1u << 31};

    return rnd(spans[rnd(ARRAY_LEN(spans))]);
}

/* The tick that has begun is not counted. */
static uint64_t due_in(uint64_t ms)
{
    return ms ? fake_now + ms + 1 : fake_now;
}

static void start(struct known *k)
{
    uint64_t ms = random_delay();

    if (!k->timer) {
        k->timer = malloc(sizeof(*k->timer));
        timer_init(k->timer, on_timer);
        k->is_background = rnd(4) == 0;
        if (k->is_background)
            timer_set_background(k->timer);
    }
    timer_start(k->timer, ms);
    k->is_armed = true;
    k->deadline = due_in(ms);
    k->turn = turn;
}

static void stop(struct known *k)
{
    if (!k->timer)
        return;
    timer_stop(k->timer);
    assert_false(timer_is_active(k->timer));
    k->is_armed = false;
    if (rnd(2)) {
        free(k->timer);
        k->timer = NULL;
    }
}

static void some_changes(uint64_t most)
{
    for (uint64_t n = rnd(most + 1); n; n--) {
        struct known *k = &all[rnd(TIMERS)];

        if (rnd(3))
            start(k);
        else
            stop(k);
    }
}

static void on_timer(struct timer *t)
{
    struct known *k = all;

    while (k->timer != t)
        k++;
    assert_true(k->is_armed);
    assert_false(timer_is_active(t));
    assert_true(k->deadline <= fake_now);
    assert_true(k->deadline >= last_fired);
    assert_true(k->turn < turn);
    last_fired = k->deadline;
    k->is_armed = false;
    fired++;
    some_changes(3);
    if (rnd(8) == 0)
        stop(k); /* frees the very timer that fired */
}

static void check_against_model(void)
{
    uint64_t earliest = UINT64_MAX;
    unsigned armed = 0, foreground = 0;

    for (size_t i = 0; i < TIMERS; i++) {
        assert_int_equal(all[i].timer && timer_is_active(all[i].timer), all[i].is_armed);
        if (!all[i].is_armed)
            continue;
        earliest = MIN(earliest, all[i].deadline);
        armed++;
        foreground += !all[i].is_background;
    }
    assert_int_equal(timer_count(), armed);
    assert_int_equal(loop_ev_active, foreground);
    assert_true(timer_next() <= earliest);
    assert_int_equal(timer_next() == UINT64_MAX, armed == 0);
    if (timer_next() <= fake_now) /* a false alarm would be a turn that does not wait */
        assert_true(earliest <= fake_now);
}

static void advance(void)
{
    uint64_t next = timer_next();

    switch (rnd(8)) {
    case 0:
        break;
    case 1:
        fake_now += random_delay();
        break;
    case 2:
    case 3:
        fake_now += rnd(70);
        break;
    default: /* as the loop does */
        fake_now = next == UINT64_MAX ? fake_now + 1 : MAX(fake_now, next + rnd(2));
    }
}

static void run_model(uint64_t first_seed, uint64_t start_at)
{
    seed = first_seed;
    fake_now = start_at;
    fired = 0;
    timer_init_wheel();
    loop_ev_active = 0;
    for (turn = 1; turn < STEPS; turn++) {
        some_changes(4);
        check_against_model();
        advance();
        last_fired = 0;
        timer_collect();
        turn++;
        some_changes(3); /* callbacks of descriptors between the two */
        for (size_t i = 0; i < TIMERS; i++)
            if (all[i].is_armed && all[i].turn < turn - 1)
                all[i].turn = 0; /* old enough to fire in this turn */
        timer_fire();
        for (size_t i = 0; i < TIMERS; i++)
            assert_false(all[i].is_armed && all[i].turn == 0 && all[i].deadline <= fake_now);
        check_against_model();
    }
    assert_true(fired > STEPS / 10);
    for (size_t i = 0; i < TIMERS; i++) {
        stop(&all[i]);
        free(all[i].timer);
        all[i].timer = NULL;
    }
    assert_int_equal(timer_count(), 0);
    assert_int_equal(loop_ev_active, 0);
    assert_true(timer_next() == UINT64_MAX);
}

static void test_model(void **state)
{
    static const uint64_t starts[] = {
        0, 1, 63, 4095, 262143, 1234567891, (uint64_t)1 << 36, ((uint64_t)1 << 36) - 1};

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(starts); i++)
        run_model(i + 1, starts[i]);
}

static unsigned calls;

static void on_count(struct timer *t)
{
    UNUSED(t);
    calls++;
}

/* One timer, woken only when the wheel asks: exact, and with few wake-ups on the way. */
static void test_one(void **state)
{
    static const uint64_t delays[] = {0, 1, 63, 64, 65, 4095, 4096, 75000, 86400000, 31536000000};
    struct timer t;

    UNUSED(state);
    for (size_t i = 0; i < ARRAY_LEN(delays); i++) {
        uint64_t deadline;
        unsigned wakeups = 0;

        fake_now = 987654321;
        timer_init_wheel();
        timer_init(&t, on_count);
        timer_start(&t, delays[i]);
        deadline = due_in(delays[i]);
        assert_true(t.deadline == deadline);
        for (calls = 0; !calls; wakeups++) {
            assert_true(timer_next() <= deadline);
            fake_now = MAX(fake_now, timer_next());
            timer_collect();
            timer_fire();
        }
        assert_true(fake_now == deadline);
        assert_true(wakeups <= LEVELS);
    }
}

static void test_longest(void **state)
{
    struct timer t;

    UNUSED(state);
    fake_now = 1000;
    timer_init_wheel();
    timer_init(&t, on_count);
    timer_start(&t, UINT64_MAX);
    assert_true(t.deadline == LATEST);
    timer_start(&t, LATEST);
    assert_true(t.deadline == LATEST);
    timer_stop(&t);
    timer_stop(&t);
    assert_int_equal(timer_count(), 0);
}

static void on_again(struct timer *t)
{
    calls++;
    timer_start(t, 0);
}

static void test_zero_waits_a_turn(void **state)
{
    struct timer t;

    UNUSED(state);
    fake_now = 5000;
    timer_init_wheel();
    timer_init(&t, on_again);
    timer_start(&t, 0);
    calls = 0;
    for (unsigned i = 1; i < 5; i++) {
        timer_collect();
        timer_fire();
        assert_int_equal(calls, i);
    }
    timer_collect();
    timer_start(&t, 0); /* due and started anew: not in this turn */
    timer_fire();
    assert_int_equal(calls, 4);
    timer_stop(&t);
    assert_int_equal(loop_ev_active, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model),
        cmocka_unit_test(test_one),
        cmocka_unit_test(test_longest),
        cmocka_unit_test(test_zero_waits_a_turn),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Command lines and what they mean. */
#include "proc/command.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { WORDS_MOST = 10 };

static int count(char **argv)
{
    int n = 0;

    while (argv[n])
        n++;
    return n;
}

/* NULL and NULL, or the same text. */
static void assert_same(const char *got, const char *expected)
{
    if (!expected)
        assert_null(got);
    else
        assert_string_equal(got ? got : "(null)", expected);
}

static void options_are_read_as_nginx_reads_them(void **state)
{
    static const struct {
        char *argv[WORDS_MOST];
        enum command_kind kind;
        const char *prefix, *path, *directives, *error_log, *signal;
        bool is_quiet;
    } cases[] = {
        {{"perilune"}, COMMAND_SERVE, NULL, NULL, NULL, NULL, NULL, false},
        {{"perilune", "-p", "/srv", "-c", "a.conf"},
         COMMAND_SERVE,
         "/srv",
         "a.conf",
         NULL,
         NULL,
         NULL,
         false},
        {{"perilune", "-e", "e.log", "-p", "/srv/", "-c", "a.conf"},
         COMMAND_SERVE,
         "/srv/",
         "a.conf",
         NULL,
         "e.log",
         NULL,
         false},
        {{"perilune", "-p/srv", "-ca.conf"},
         COMMAND_SERVE,
         "/srv",
         "a.conf",
         NULL,
         NULL,
         NULL,
         false},
        {{"perilune", "-g", "daemon off;"},
         COMMAND_SERVE,
         NULL,
         NULL,
         "daemon off;",
         NULL,
         NULL,
         false},
        {{"perilune", "-t"}, COMMAND_CHECK, NULL, NULL, NULL, NULL, NULL, false},
        {{"perilune", "-tq"}, COMMAND_CHECK, NULL, NULL, NULL, NULL, NULL, true},
        {{"perilune", "-tc", "a.conf"}, COMMAND_CHECK, NULL, "a.conf", NULL, NULL, NULL, false},
        {{"perilune", "-T"}, COMMAND_DUMP, NULL, NULL, NULL, NULL, NULL, false},
        {{"perilune", "-s", "reload"}, COMMAND_SIGNAL, NULL, NULL, NULL, NULL, "reload", false},
        {{"perilune", "-squit", "-p", "x"}, COMMAND_SIGNAL, "x", NULL, NULL, NULL, "quit", false},
        {{"perilune", "-v"}, COMMAND_VERSION, NULL, NULL, NULL, NULL, NULL, false},
        {{"perilune", "-V"}, COMMAND_BUILD, NULL, NULL, NULL, NULL, NULL, false},
        {{"perilune", "-?"}, COMMAND_HELP, NULL, NULL, NULL, NULL, NULL, false},
        {{"perilune", "--directives"}, COMMAND_DIRECTIVES, NULL, NULL, NULL, NULL, NULL, false},
    };
    struct command c;
    struct buf problem = BUF_EMPTY;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char **argv = (char **)cases[i].argv;

        assert_true(command_parse(count(argv), argv, &c, &problem));
        assert_int_equal(c.kind, cases[i].kind);
        assert_same(c.prefix, cases[i].prefix);
        assert_same(c.path, cases[i].path);
        assert_same(c.directives, cases[i].directives);
        assert_same(c.error_log, cases[i].error_log);
        assert_same(c.signal, cases[i].signal);
        assert_int_equal(c.is_quiet, cases[i].is_quiet);
    }
    assert_int_equal(problem.n, 0);
}

static void scripts_get_what_follows_them(void **state)
{
    static const struct {
        char *argv[WORDS_MOST];
        enum command_kind kind;
        const char *subject, *first;
        int n_args;
    } cases[] = {
        {{"perilune", "run", "app.lua"}, COMMAND_RUN, "app.lua", NULL, 0},
        {{"perilune", "run", "app.lua", "-p", "x"}, COMMAND_RUN, "app.lua", "-p", 2},
        {{"perilune", "-e", "print(1)"}, COMMAND_EVAL, "print(1)", NULL, 0},
        {{"perilune", "-e", "print(...)", "a", "b"}, COMMAND_EVAL, "print(...)", "a", 2},
        {{"perilune", "repl"}, COMMAND_REPL, NULL, NULL, 0},
        {{"perilune", "test", "t/", "-j", "2"}, COMMAND_SUITE, NULL, "t/", 3},
        {{"perilune", "test"}, COMMAND_SUITE, NULL, NULL, 0},
    };
    struct command c;
    struct buf problem = BUF_EMPTY;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char **argv = (char **)cases[i].argv;

        assert_true(command_parse(count(argv), argv, &c, &problem));
        assert_int_equal(c.kind, cases[i].kind);
        assert_same(c.subject, cases[i].subject);
        assert_int_equal(c.n_args, cases[i].n_args);
        assert_same(c.n_args ? c.args[0] : NULL, cases[i].first);
    }
}

static void mistakes_are_named(void **state)
{
    static const struct {
        char *argv[WORDS_MOST];
        const char *problem;
    } cases[] = {
        {{"perilune", "-x"}, "invalid option: \"x\""},
        {{"perilune", "-tx"}, "invalid option: \"x\""},
        {{"perilune", "serve"}, "unknown command \"serve\""},
        {{"perilune", "rnu"}, "unknown command \"rnu\"; did you mean \"run\"?"},
        {{"perilune", "a.t"}, "unknown command \"a.t\"; to run tests: perilune test a.t"},
        {{"perilune", "a.conf"},
         "unknown command \"a.conf\"; to serve what it says: perilune -c a.conf"},
        {{"perilune", "a.lua"}, "unknown command \"a.lua\"; to run a script: perilune run a.lua"},
        {{"perilune", "-t", "serve"}, "invalid option: \"serve\""},
        {{"perilune", "repl", "x"}, "\"repl\" takes no arguments"},
        {{"perilune", "-p"}, "option \"-p\" requires directory name"},
        {{"perilune", "-p", ""}, "option \"-p\" requires directory name"},
        {{"perilune", "-e"}, "option \"-e\" requires Lua code, or a file name"},
        {{"perilune", "-t", "-c"}, "option \"-c\" requires file name"},
        {{"perilune", "-g"}, "option \"-g\" requires parameter"},
        {{"perilune", "-s"}, "option \"-s\" requires parameter"},
        {{"perilune", "-s", "restart"}, "invalid option: \"-s restart\""},
        {{"perilune", "run"}, "\"run\" requires a file name"},
    };
    struct command c;

    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char **argv = (char **)cases[i].argv;
        struct buf problem = BUF_EMPTY;

        assert_false(command_parse(count(argv), argv, &c, &problem));
        assert_string_equal(buf_cstr(&problem), cases[i].problem);
        buf_free(&problem);
    }
}

static void signals_have_numbers(void **state)
{
    (void)state;
    assert_int_equal(command_signal_number("quit"), SIGQUIT);
    assert_int_equal(command_signal_number("stop"), SIGTERM);
    assert_int_equal(command_signal_number("reload"), SIGHUP);
    assert_int_equal(command_signal_number("reopen"), SIGUSR1);
    assert_int_equal(command_signal_number("QUIT"), 0);
}

static void usage_names_every_option(void **state)
{
    static const char *const names[] = {"-h",  "-v",  "-V",   "-t",   "-T",
                                        "-q",  "-s ", "-p ",  "-e ",  "-c ",
                                        "-g ", "run", "repl", "test", "--directives"};
    struct buf text = BUF_EMPTY;

    (void)state;
    command_usage(&text);
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        assert_non_null(strstr(buf_cstr(&text), names[i]));
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_read_as_nginx_reads_them),
        cmocka_unit_test(scripts_get_what_follows_them),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(signals_have_numbers),
        cmocka_unit_test(usage_names_every_option),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

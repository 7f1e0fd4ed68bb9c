/* Options are read as nginx reads them: letters may stand together (-tq), a value may be attached
 * (-p/srv) or be the next argument. `-e` has two meanings: with any other option it names the early
 * error log, as for nginx; first and without other options it is Lua code. To add an option, extend
 * take_option or, without a value, take_plain (and `usage`). */
#include "proc/command.h"

#include <signal.h>
#include <string.h>

#include "base/nearest.h"

static const char usage[] =
    "Usage: perilune [-?hvVtTq] [-s signal] [-p prefix] [-e filename] [-c filename] [-g "
    "directives]\n"
    "                                         serve what a configuration says\n"
    "       perilune run file.lua [arguments] run a script; - is standard input\n"
    "       perilune -e 'code' [arguments]    run Lua code\n"
    "       perilune repl                     evaluate lines as they are typed\n"
    "       perilune routes app               print the routes of a module, or of app.lua\n"
    "       perilune test [options] paths     run .t files, see perilune test --help\n"
    "       perilune --directives             print the reference of all directives\n"
    "\n"
    "Options of a server:\n"
    "  -?,-h         : this help\n"
    "  -v            : show version and exit\n"
    "  -V            : show version and configure options then exit\n"
    "  -t            : test configuration and exit\n"
    "  -T            : test configuration, dump it and exit\n"
    "  -q            : suppress non-error messages during configuration testing\n"
    "  -s signal     : send signal to a master process: stop, quit, reopen, reload\n"
    "  -p prefix     : set prefix path (default: the current directory)\n"
    "  -e filename   : set error log file (default: logs/error.log)\n"
    "  -c filename   : set configuration file (default: conf/perilune.conf)\n"
    "  -g directives : set global directives out of configuration file\n"
    "\n"
    "A script's main chunk is a task and may await; the process ends when nothing is left to\n"
    "happen. -e is Lua code when only arguments follow it that are no options.\n";

void command_usage(struct buf *out)
{
    buf_add_lit(out, usage);
}

int command_signal_number(const char *name)
{
    static const struct {
        const char *name;
        int number;
    } signals[] = {{"quit", SIGQUIT}, {"stop", SIGTERM}, {"reload", SIGHUP}, {"reopen", SIGUSR1}};

    for (size_t i = 0; i < ARRAY_LEN(signals); i++) {
        if (strcmp(signals[i].name, name) == 0)
            return signals[i].number;
    }
    return 0;
}

/* What is being read: the arguments, and the option at `p`. */
struct reader {
    char **argv; /* NULL-ended */
    int at;
    struct command *out;
    struct buf *problem;
};

/* The value of the option whose letter stands before `rest`. */
static bool take_value(struct reader *r, const char *rest, char letter, const char **value_out)
{
    static const char *const needs[] = {"p directory name", "e Lua code, or a file name",
                                        "c file name", "g parameter", "s parameter"};

    if (*rest) {
        *value_out = rest;
        return true;
    }
    if (r->argv[r->at + 1] && r->argv[r->at + 1][0]) {
        *value_out = r->argv[++r->at];
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(needs); i++) {
        if (needs[i][0] == letter)
            buf_printf(r->problem, "option \"-%c\" requires %s", letter, needs[i] + 2);
    }
    return false;
}

static bool take_signal(struct reader *r, const char *rest)
{
    if (!take_value(r, rest, 's', &r->out->signal))
        return false;
    if (command_signal_number(r->out->signal) == 0) {
        buf_printf(r->problem, "invalid option: \"-s %s\"", r->out->signal);
        return false;
    }
    r->out->kind = COMMAND_SIGNAL;
    return true;
}

/* One letter without a value; false when it is none of those. */
static bool take_plain(struct command *c, char letter)
{
    static const struct {
        char letter;
        enum command_kind kind;
    } plain[] = {{'?', COMMAND_HELP},  {'h', COMMAND_HELP},  {'v', COMMAND_VERSION},
                 {'V', COMMAND_BUILD}, {'t', COMMAND_CHECK}, {'T', COMMAND_DUMP}};

    if (letter == 'q') {
        c->is_quiet = true;
        return true;
    }
    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        if (plain[i].letter == letter) {
            c->kind = plain[i].kind;
            return true;
        }
    }
    return false;
}

static bool take_option(struct reader *r, const char *p)
{
    struct command *c = r->out;

    for (; *p; p++) {
        switch (*p) {
        case 'p':
            return take_value(r, p + 1, 'p', &c->prefix);
        case 'e':
            return take_value(r, p + 1, 'e', &c->error_log);
        case 'c':
            return take_value(r, p + 1, 'c', &c->path);
        case 'g':
            return take_value(r, p + 1, 'g', &c->directives);
        case 's':
            return take_signal(r, p + 1);
        default:
            if (!take_plain(c, *p)) {
                buf_printf(r->problem, "invalid option: \"%c\"", *p);
                return false;
            }
        }
    }
    return true;
}

static bool is_one_liner(int argc, char **argv)
{
    if (argc < 3 || strcmp(argv[1], "-e") != 0)
        return false;
    for (int i = 3; i < argc; i++) {
        if (argv[i][0] == '-')
            return false;
    }
    return true;
}

static bool is_call_for_help(const char *arg)
{
    return strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0;
}

/* The commands that are a word. */
static const struct {
    const char *word;
    enum command_kind kind;
    bool has_subject;
} words[] = {{"run", COMMAND_RUN, true},
             {"repl", COMMAND_REPL, false},
             {"routes", COMMAND_ROUTES, true},
             {"test", COMMAND_SUITE, false},
             {"--directives", COMMAND_DIRECTIVES, false},
             {"--help", COMMAND_HELP, false},
             {"help", COMMAND_HELP, false},
             {"--version", COMMAND_VERSION, false}};

/* Takes one of them. `first` is the index of the first argument that the command has for
 * itself. */
static bool take_word(int argc, char **argv, struct command *out)
{
    int first;

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(argv[1], words[i].word) != 0)
            continue;
        if (argc == 3 && words[i].kind != COMMAND_SUITE && is_call_for_help(argv[2])) {
            out->kind = COMMAND_HELP;
            return true;
        }
        first = words[i].has_subject ? 3 : 2;
        out->kind = words[i].kind;
        out->subject = words[i].has_subject ? argv[2] : NULL;
        out->args = argv + MIN(first, argc);
        out->n_args = argc - MIN(first, argc);
        return true;
    }
    return false;
}

/* What is done with a file of that name, or the command that is meant. */
static void hint_command(const char *word, struct buf *problem)
{
    struct slice name = slice_str(word);
    struct nearest near = nearest_to(name);

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        nearest_try(&near, slice_str(words[i].word), true);
    if (slice_has_suffix(name, SLICE(".lua")))
        buf_printf(problem, "; to run a script: perilune run %s", word);
    else if (slice_has_suffix(name, SLICE(".t")))
        buf_printf(problem, "; to run tests: perilune test %s", word);
    else if (slice_has_suffix(name, SLICE(".conf")))
        buf_printf(problem, "; to serve what it says: perilune -c %s", word);
    else if (near.found.p)
        buf_printf(problem, "; did you mean \"%s\"?", near.found.p);
}

static void refuse_word(const char *word, bool is_first, struct buf *problem)
{
    buf_printf(problem, is_first ? "unknown command \"%s\"" : "invalid option: \"%s\"", word);
    if (is_first)
        hint_command(word, problem);
}

bool command_parse(int argc, char **argv, struct command *out, struct buf *problem)
{
    struct reader r = {argv, 1, out, problem};

    *out = (struct command){.kind = COMMAND_SERVE};
    if (argc > 1 && take_word(argc, argv, out)) {
        if (out->kind == COMMAND_RUN && !out->subject)
            buf_add_lit(problem, "\"run\" requires a file name");
        if (out->kind == COMMAND_ROUTES && (!out->subject || out->n_args > 0))
            buf_add_lit(problem, "\"routes\" requires one name of a module, or of a file");
        if ((out->kind == COMMAND_REPL || out->kind == COMMAND_DIRECTIVES) && out->n_args > 0)
            buf_printf(problem, "\"%s\" takes no arguments", argv[1]);
        return problem->n == 0;
    }
    if (is_one_liner(argc, argv)) {
        out->kind = COMMAND_EVAL;
        out->subject = argv[2];
        out->args = argv + 3;
        out->n_args = argc - 3;
        return true;
    }
    for (; r.at < argc; r.at++) {
        if (argv[r.at][0] != '-') {
            refuse_word(argv[r.at], r.at == 1, problem);
            return false;
        }
        if (!take_option(&r, argv[r.at] + 1))
            return false;
    }
    return true;
}

/* perilune: arguments → one command. What each command does stands in proc/. */
#include <stdio.h>
#include <unistd.h>

#include "app/app.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/product.h"
#include "config/schema.h"
#include "proc/command.h"
#include "proc/repl.h"
#include "proc/script.h"
#include "proc/serve.h"
#include "proc/title.h"
#include "proc/version.h"

static int print(int fd, struct buf *text)
{
    const struct err *e = file_write_all(fd, text->p, text->n);

    buf_free(text);
    return e ? 1 : 0;
}

static int print_version(bool all)
{
    struct buf text = BUF_EMPTY;

    version_text(all, &text);
    return print(STDERR_FILENO, &text);
}

static int print_help(void)
{
    struct buf text = BUF_EMPTY;

    version_text(false, &text);
    command_usage(&text);
    return print(STDOUT_FILENO, &text);
}

static int print_directives(void)
{
    struct buf text = BUF_EMPTY;

    app_register_directives();
    schema_print_reference(&text);
    return print(STDOUT_FILENO, &text);
}

static int refuse(struct buf *problem)
{
    struct buf text = BUF_EMPTY;

    buf_printf(&text, "perilune: %s\nperilune --help tells how it is used\n", buf_cstr(problem));
    buf_free(problem);
    print(STDERR_FILENO, &text);
    return 1;
}

int main(int argc, char **argv)
{
    struct command command;
    struct buf problem = BUF_EMPTY;

    clock_update();
    title_init(argc, argv);
    product_init(ngx_argv[0]);
    if (!command_parse(argc, argv, &command, &problem))
        return refuse(&problem);
    switch (command.kind) {
    case COMMAND_VERSION:
    case COMMAND_BUILD:
        return print_version(command.kind == COMMAND_BUILD);
    case COMMAND_HELP:
        return print_help();
    case COMMAND_DIRECTIVES:
        return print_directives();
    case COMMAND_RUN:
    case COMMAND_EVAL:
        return script_run(&command);
    case COMMAND_ROUTES:
        return script_routes(&command);
    case COMMAND_REPL:
        return repl_run();
    case COMMAND_SUITE:
        return script_test(&command);
    default:
        return serve_command(&command, PERILUNE_SYSCONFDIR "/perilune/perilune.conf");
    }
}

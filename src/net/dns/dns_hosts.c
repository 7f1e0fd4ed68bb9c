/* Hosts files. The file is looked at once a second at most, when something is asked, and read anew
 * when its times or its size have changed. Entries lie in the order of the file: by name through a
 * map, by address one after the other, which is rarely asked. */
#include "net/dns/dns_hosts.h"

#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"

enum { FILE_MAX = 4 << 20, LOOK_EVERY_MS = 1000 };

struct host {
    struct host *next;
    struct addr addr;
    char *name;
};

struct dns_hosts {
    char *path;
    uint64_t looked_at; /* clock_ms(); 0: never */
    struct stat st;
    struct map by_name;              /* name → struct addr_list */
    struct host *first, **last_next; /* addresses with their first names */
};

static void forget(struct dns_hosts *h)
{
    struct map_entry *e;

    for (size_t at = 0; (e = map_next(&h->by_name, &at)) != NULL;) {
        addr_list_free(e->value);
        mem_free(e->value);
    }
    map_deinit(&h->by_name);
    map_init(&h->by_name, true);
    while (h->first) {
        struct host *dead = h->first;

        h->first = dead->next;
        mem_free(dead->name);
        mem_free(dead);
    }
    h->last_next = &h->first;
}

static void add_name(struct dns_hosts *h, struct slice name, const struct addr *a)
{
    struct addr_list *l = map_get(&h->by_name, name);

    if (!l) {
        l = mem_new(struct addr_list);
        (void)map_set(&h->by_name, name, l);
    }
    addr_list_add(l, a);
}

static void add_host(struct dns_hosts *h, struct slice name, const struct addr *a)
{
    struct host *host = mem_new(struct host);

    host->addr = *a;
    host->name = mem_strdup(name);
    *h->last_next = host;
    h->last_next = &host->next;
}

/* The next word of a line; n == 0 at its end. */
static struct slice take_word(struct slice *line)
{
    struct slice s = *line;
    size_t n = 0;

    while (s.n && (s.p[0] == ' ' || s.p[0] == '\t' || s.p[0] == '\r'))
        s = slice_from(s, 1);
    while (n < s.n && s.p[n] != ' ' && s.p[n] != '\t' && s.p[n] != '\r')
        n++;
    *line = slice_from(s, n);
    return slice_of(s.p, n);
}

static void read_line(struct dns_hosts *h, struct slice line)
{
    ssize_t comment = slice_find(line, '#');
    struct slice word;
    struct addr a;
    bool is_first = true;

    if (comment >= 0)
        line.n = (size_t)comment;
    if (!addr_literal(take_word(&line), &a))
        return;
    while ((word = take_word(&line)).n) {
        add_name(h, word, &a);
        if (is_first)
            add_host(h, word, &a);
        is_first = false;
    }
}

static void look(struct dns_hosts *h)
{
    struct buf text = BUF_EMPTY;
    struct stat st;
    struct slice rest, line;

    if (h->looked_at && clock_ms() - h->looked_at < LOOK_EVERY_MS)
        return;
    h->looked_at = MAX(clock_ms(), (uint64_t)1);
    memset(&st, 0, sizeof(st));
    (void)stat(h->path, &st);
    if (file_is_same(&st, &h->st))
        return;
    h->st = st;
    forget(h);
    if (!file_read(h->path, FILE_MAX, &text)) {
        rest = buf_slice(&text);
        while ((line = slice_cut(&rest, '\n')).p)
            read_line(h, line);
    }
    buf_free(&text);
}

struct dns_hosts *dns_hosts_new(const char *path)
{
    struct dns_hosts *h = mem_new(struct dns_hosts);

    h->path = mem_strdup(slice_str(path));
    map_init(&h->by_name, true);
    h->last_next = &h->first;
    return h;
}

void dns_hosts_free(struct dns_hosts **hp)
{
    struct dns_hosts *h = *hp;

    *hp = NULL;
    if (!h)
        return;
    forget(h);
    map_deinit(&h->by_name);
    mem_free(h->path);
    mem_free(h);
}

void dns_hosts_find(struct dns_hosts *h, struct slice name, struct addr_list *out)
{
    const struct addr_list *l;

    look(h);
    l = map_get(&h->by_name, name);
    if (l)
        addr_list_add_all(out, l, 0);
}

static struct addr without_port(const struct addr *a)
{
    struct addr b = *a;

    addr_set_port(&b, 0);
    return b;
}

struct slice dns_hosts_name(struct dns_hosts *h, const struct addr *a)
{
    struct addr bare = without_port(a);

    look(h);
    for (const struct host *host = h->first; host; host = host->next) {
        if (addr_eq(&host->addr, &bare))
            return slice_str(host->name);
    }
    return (struct slice){NULL, 0};
}

/* A directory as a page, as JSON (called by a function, too) or as XML.
 *
 * Names that begin with a dot are left out, as are links where the location does not follow any.
 * Directories come first, then names in byte order. A name is anybody's bytes: it is escaped for
 * HTML, for URLs and for JSON, each in its place. The page needs nothing from elsewhere: its style
 * is inside, light or dark as the reader's system is. The JSON has the members that nginx gives it,
 * the XML its elements. */
#include "app/files/autoindex.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "app/files/static_open.h"
#include "app/variables/variables.h"
#include "base/encode.h"
#include "base/mem.h"
#include "base/product.h"
#include "base/rand.h"
#include "proto/date.h"

struct item {
    struct slice name;
    int64_t size, mtime;
    bool is_dir;
};

struct items {
    struct item *p;
    size_t n, size;
};

static int by_kind_and_name(const void *a, const void *b)
{
    const struct item *x = a, *y = b;

    return x->is_dir != y->is_dir ? (x->is_dir ? -1 : 1) : slice_cmp(x->name, y->name);
}

/* --- reading --- */

static void add_item(struct visit *v, struct items *l, int fd, const char *name)
{
    int flags = v->loc->symlinks == SYMLINKS_FOLLOW ? 0 : AT_SYMLINK_NOFOLLOW;
    struct stat st;

    if (name[0] == '.' || fstatat(fd, name, &st, flags) != 0)
        return;
    if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
        return;
    if (l->n == l->size) {
        l->size = l->size ? l->size * 2 : 64;
        l->p = mem_realloc(l->p, l->size * sizeof *l->p);
    }
    l->p[l->n++] = (struct item){
        .name = pool_dup(visit_pool(v), slice_str(name)),
        .size = st.st_size,
        .mtime = st.st_mtime,
        .is_dir = S_ISDIR(st.st_mode),
    };
}

static int read_items(struct visit *v, struct slice path, struct items *l)
{
    const struct dirent *e;
    DIR *dir;
    int fd, why = static_open(path.p, static_open_check(v, path), O_RDONLY | O_DIRECTORY, &fd);

    if (why)
        return why;
    dir = fdopendir(fd);
    if (!dir) {
        why = errno;
        (void)close(fd);
        return why;
    }
    for (;;) {
        errno = 0;
        e = readdir(dir);
        if (!e)
            break;
        add_item(v, l, fd, e->d_name);
    }
    why = errno;
    (void)closedir(dir);
    if (l->n > 1)
        qsort(l->p, l->n, sizeof *l->p, by_kind_and_name);
    return why;
}

/* --- JSON --- */

static void write_json_item(struct buf *out, const struct item *i)
{
    char date[DATE_SIZE];

    date_format(date, i->mtime);
    buf_add_lit(out, "{ \"name\":\"");
    encode_json(out, i->name);
    buf_printf(out, "\", \"type\":\"%s\", \"mtime\":\"%.*s\"", i->is_dir ? "directory" : "file",
               DATE_SIZE, date);
    if (!i->is_dir)
        buf_printf(out, ", \"size\":%lld", (long long)i->size);
    buf_add_lit(out, " }");
}

static void write_json(struct buf *out, const struct items *l)
{
    buf_add_lit(out, "[");
    for (size_t i = 0; i < l->n; i++) {
        buf_add_slice(out, i ? SLICE(",\n") : SLICE("\n"));
        write_json_item(out, &l->p[i]);
    }
    buf_add_lit(out, "\n]\n");
}

/* --- XML --- */

static void write_xml_item(struct buf *out, const struct item *i)
{
    const char *kind = i->is_dir ? "directory" : "file";
    time_t t = (time_t)i->mtime;
    char date[32];
    struct tm tm;

    gmtime_r(&t, &tm);
    (void)strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%SZ", &tm);
    buf_printf(out, "<%s mtime=\"%s\"", kind, date);
    if (!i->is_dir)
        buf_printf(out, " size=\"%lld\"", (long long)i->size);
    buf_add_lit(out, ">");
    encode_html(out, i->name);
    buf_printf(out, "</%s>\r\n", kind);
}

static void write_xml(struct buf *out, const struct items *l)
{
    buf_add_lit(out, "<?xml version=\"1.0\"?>\r\n<list>\r\n");
    for (size_t i = 0; i < l->n; i++)
        write_xml_item(out, &l->p[i]);
    buf_add_lit(out, "</list>\r\n");
}

/* --- HTML --- */

static const char page_head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<meta name=\"color-scheme\" content=\"light dark\">\n<title>Index of ";

static const char page_style[] =
    "</title>\n<style>\n"
    ":root{color-scheme:light dark;--line:#e3e5e8;--soft:#6b7280;--hover:#f3f5f8;--link:#0b57a4}\n"
    "@media(prefers-color-scheme:dark){:root{--line:#2c3036;--soft:#9aa2ad;--hover:#1d2126;--link:#"
    "8ab8f0}\n"
    "body{background:#14171a;color:#e4e6e9}}\n"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:2rem 1rem}\n"
    "h1{font-size:1.3rem;font-weight:600;overflow-wrap:anywhere}\n"
    "table{width:100%;border-collapse:collapse}\n"
    "th{font-size:.8rem;font-weight:500;color:var(--soft);text-align:left}\n"
    "th,td{padding:.4rem .5rem;border-bottom:1px solid var(--line)}\n"
    "tr:hover td{background:var(--hover)}\n"
    "td:first-child{overflow-wrap:anywhere}\n"
    ".n{text-align:right;white-space:nowrap;color:var(--soft);font-variant-numeric:tabular-nums}\n"
    "a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}\n"
    ".d a{font-weight:600}\nfooter{margin-top:1rem;font-size:.8rem;color:var(--soft)}\n"
    "@media(max-width:34rem){.t{display:none}}\n"
    "</style>\n</head>\n<body>\n<h1>Index of ";

static const char table_head[] = "</h1>\n<table>\n<thead><tr><th>Name</th><th class=\"n\">Size</th>"
                                 "<th class=\"n t\">Modified</th></tr></thead>\n<tbody>\n";

static void write_size(struct buf *out, int64_t size, bool is_exact)
{
    const char *unit = "KMGTPE";
    double d = (double)size / 1024;

    if (is_exact || size < 1024) {
        buf_add_int(out, size);
        return;
    }
    for (; d >= 1024 && unit[1]; unit++)
        d /= 1024;
    buf_printf(out, d < 10 ? "%.1f%c" : "%.0f%c", d, *unit);
}

static void write_date(struct buf *out, int64_t seconds, bool is_local)
{
    time_t t = (time_t)seconds;
    struct tm tm;

    if (is_local)
        localtime_r(&t, &tm);
    else
        gmtime_r(&t, &tm);
    buf_printf(out, "%04d-%02d-%02d %02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
               tm.tm_hour, tm.tm_min);
}

static void write_row(struct buf *out, const struct location *l, const struct item *i)
{
    struct slice slash = i->is_dir ? SLICE("/") : SLICE_EMPTY;

    buf_printf(out, "<tr><td%s><a href=\"", i->is_dir ? " class=\"d\"" : "");
    encode_percent(out, i->name, ENCODE_COMPONENT);
    buf_add_slice(out, slash);
    buf_add_lit(out, "\">");
    encode_html(out, i->name);
    buf_add_slice(out, slash);
    buf_add_lit(out, "</a></td><td class=\"n\">");
    if (i->is_dir)
        buf_add_lit(out, "-");
    else
        write_size(out, i->size, l->is_autoindex_exact_size);
    buf_add_lit(out, "</td><td class=\"n t\">");
    write_date(out, i->mtime, l->is_autoindex_localtime);
    buf_add_lit(out, "</td></tr>\n");
}

static void write_html(struct buf *out, const struct visit *v, const struct items *l)
{
    struct slice path = v->x->req.path;
    bool is_top = slice_eq(path, SLICE("/"));

    buf_add_lit(out, page_head);
    encode_html(out, path);
    buf_add_lit(out, page_style);
    encode_html(out, path);
    buf_add_lit(out, table_head);
    if (!is_top)
        buf_add_lit(out, "<tr><td class=\"d\"><a href=\"../\">../</a></td><td class=\"n\">-</td>"
                         "<td class=\"n t\"></td></tr>\n");
    for (size_t i = 0; i < l->n; i++)
        write_row(out, v->loc, &l->p[i]);
    buf_printf(out, "</tbody>\n</table>\n<footer>%s</footer>\n</body>\n</html>\n",
               product_is_stand_in() ? product_name() : "perilune (nginx compatible)");
}

/* --- which of them --- */

/* What may stand before the parenthesis of a call without being code. */
static bool is_callback(struct slice name)
{
    for (size_t i = 0; i < name.n; i++) {
        char c = name.p[i];

        if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
            c != '_' && c != '.')
            return false;
    }
    return true;
}

static enum autoindex_format wanted_format(const struct visit *v)
{
    const struct header *accept = header_find_id(&v->x->req.headers, HEADER_ACCEPT);

    if (v->loc->autoindex_format != AUTOINDEX_HTML)
        return v->loc->autoindex_format;
    return accept && memmem(accept->value.p, accept->value.n, "application/json", 16) &&
                   !memmem(accept->value.p, accept->value.n, "text/html", 9)
               ? AUTOINDEX_JSON
               : AUTOINDEX_HTML;
}

static struct slice write_all(struct buf *out, const struct visit *v, const struct items *l,
                              enum autoindex_format format, struct slice callback)
{
    switch (format) {
    case AUTOINDEX_XML:
        write_xml(out, l);
        return SLICE("text/xml; charset=utf-8");
    case AUTOINDEX_HTML:
        write_html(out, v, l);
        return SLICE("text/html; charset=utf-8");
    default:
        break;
    }
    if (callback.n == 0) {
        write_json(out, l);
        return SLICE("application/json");
    }
    buf_add_lit(out, "/* callback */\r\n");
    buf_add_slice(out, callback);
    buf_add_lit(out, "(");
    write_json(out, l);
    buf_add_lit(out, ");");
    return SLICE("application/javascript");
}

int autoindex_page(struct visit *v, struct slice dir, struct slice *page_out,
                   struct slice *type_out)
{
    struct items l = {NULL, 0, 0};
    struct buf out = BUF_EMPTY;
    enum autoindex_format format = wanted_format(v);
    struct slice callback = SLICE_EMPTY;
    int why;

    if (format == AUTOINDEX_JSONP)
        callback = variables_argument(v, SLICE("callback"));
    why = is_callback(callback) ? read_items(v, dir, &l) : EINVAL;
    if (!why) {
        *type_out = write_all(&out, v, &l, format, callback);
        *page_out = pool_dup(visit_pool(v), buf_slice(&out));
    }
    buf_free(&out);
    mem_free(l.p);
    return why;
}

int autoindex_random(struct visit *v, struct slice dir, struct slice *name_out)
{
    struct items l = {NULL, 0, 0};
    int why = read_items(v, dir, &l);
    size_t first = 0;

    *name_out = SLICE_EMPTY;
    while (first < l.n && l.p[first].is_dir)
        first++;
    if (!why && first < l.n)
        *name_out = l.p[first + rand_u64() % (l.n - first)].name;
    mem_free(l.p);
    return why;
}

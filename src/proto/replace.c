/* Held back is never more than the longest string less one byte, so a piece is copied once at its
 * beginning at most. */
#include "proto/replace.h"

#include <string.h>

static char lower(char c)
{
    return (char)(c >= 'A' && c <= 'Z' ? c | 0x20 : c);
}

void replace_init(struct replace *r, struct replace_pair *pairs, unsigned n, bool is_once)
{
    *r = (struct replace){.pairs = pairs, .n = n, .is_once = is_once};
    for (unsigned i = 0; i < n; i++) {
        unsigned char c = (unsigned char)pairs[i].from.p[0];

        r->begins[c] = true;
        r->begins[c >= 'a' && c <= 'z' ? c & ~0x20u : c] = true;
    }
}

/* How many bytes at the beginning are alike. */
static size_t common(struct slice text, struct slice from)
{
    size_t n = 0, most = MIN(text.n, from.n);

    while (n < most && lower(text.p[n]) == from.p[n])
        n++;
    return n;
}

enum look { LOOK_NONE, LOOK_FOUND, LOOK_MORE };

/* What begins where `text` does. MORE: it must go on before that is known. */
static enum look look_at(const struct replace *r, struct slice text, bool is_last,
                         struct replace_pair **found)
{
    for (unsigned i = 0; i < r->n; i++) {
        struct replace_pair *p = &r->pairs[i];
        size_t n = p->is_done ? 0 : common(text, p->from);

        *found = p;
        if (n == p->from.n && !p->is_done)
            return LOOK_FOUND;
        if (n > 0 && n == text.n && !is_last)
            return LOOK_MORE;
    }
    return LOOK_NONE;
}

/* Does what can be decided, and returns how many bytes that took. */
static size_t pass(struct replace *r, struct slice text, bool is_last, struct buf *out)
{
    size_t from = 0, at = 0;

    while (at < text.n) {
        struct replace_pair *p;
        enum look l = LOOK_NONE;

        if (r->begins[(unsigned char)text.p[at]])
            l = look_at(r, slice_from(text, at), is_last, &p);
        if (l == LOOK_MORE)
            break;
        if (l == LOOK_NONE) {
            at++;
            continue;
        }
        buf_add(out, text.p + from, at - from);
        buf_add_slice(out, p->to);
        p->is_done = r->is_once;
        from = at += p->from.n;
    }
    buf_add(out, text.p + from, at - from);
    return at;
}

void replace_feed(struct replace *r, struct slice in, bool is_last, struct buf *out)
{
    struct slice text = in;
    size_t n;

    if (r->held.n) {
        buf_add_slice(&r->held, in);
        text = buf_slice(&r->held);
    }
    n = pass(r, text, is_last, out);
    if (r->held.n)
        memmove(r->held.p, r->held.p + n, text.n - n);
    else
        buf_add(&r->held, text.p + n, text.n - n);
    r->held.n = text.n - n;
}

void replace_free(struct replace *r)
{
    buf_free(&r->held);
}

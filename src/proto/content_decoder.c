/* A chain of stages, the coding that was applied last first. Each stage has a buffer of input that
 * it has not used; the last one writes to the caller.
 *
 * To add a coding: a struct content_coding in a file of its own, and a line in `codings`. */
#include "proto/content_decoder.h"

#include "base/mem.h"
#include "proto/content_codings.h"

struct stage {
    const struct content_coding *coding;
    void *state;
    struct buf in;
    bool has_ended, is_full; /* is_full: there was more than the room took */
};

struct content_decoder {
    struct stage stages[CONTENT_CODINGS_MOST];
    unsigned n;
    bool has_input_end;
};

static const struct content_coding *const codings[] = {
    &content_gzip, &content_x_gzip, &content_deflate, &content_br, &content_zstd};

static const struct content_coding *find(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(codings); i++)
        if (slice_ieq(codings[i]->name, name))
            return codings[i];
    return NULL;
}

/* The names in the field, identity left out; -1: unknown, or too many. */
static int read_names(struct slice field, const struct content_coding *out[CONTENT_CODINGS_MOST])
{
    int n = 0;

    while (field.p) {
        struct slice name = slice_trim(slice_cut(&field, ','));

        if (name.n == 0 || slice_ieq(name, SLICE("identity")))
            continue;
        if (n == CONTENT_CODINGS_MOST || !(out[n] = find(name)))
            return -1;
        n++;
    }
    return n;
}

struct content_decoder *content_decoder_new(struct slice field)
{
    const struct content_coding *names[CONTENT_CODINGS_MOST];
    int n = read_names(field, names);
    struct content_decoder *d;

    if (n <= 0)
        return NULL;
    d = mem_new(struct content_decoder);
    d->n = (unsigned)n;
    for (int i = 0; i < n; i++) {
        d->stages[i].coding = names[n - 1 - i];
        d->stages[i].state = names[n - 1 - i]->open();
    }
    return d;
}

void content_decoder_free(struct content_decoder **at)
{
    struct content_decoder *d = *at;

    *at = NULL;
    if (!d)
        return;
    for (unsigned i = 0; i < d->n; i++) {
        d->stages[i].coding->close(d->stages[i].state);
        buf_free(&d->stages[i].in);
    }
    mem_free(d);
}

/* Runs one stage on its input, with one piece of output at most. */
static const struct err *run(struct stage *s, struct buf *out)
{
    struct slice rest = buf_slice(&s->in);
    size_t room = CONTENT_DECODER_PIECE;
    int r;

    r = s->coding->step(s->state, &rest, buf_reserve(out, room), &room);
    if (r < 0)
        return &err_protocol;
    out->n += room;
    s->is_full = r == 0 && room == CONTENT_DECODER_PIECE;
    s->has_ended = r == 1;
    buf_drop(&s->in, s->in.n - rest.n);
    return s->has_ended && s->in.n ? &err_protocol : NULL;
}

static bool has_ended(const struct content_decoder *d)
{
    for (unsigned i = 0; i < d->n; i++)
        if (!d->stages[i].has_ended)
            return false;
    return true;
}

const struct err *content_decoder_feed(struct content_decoder *d, struct slice in, bool is_end,
                                       struct buf *out)
{
    const struct err *why;

    buf_add_slice(&d->stages[0].in, in);
    for (unsigned i = 0; i < d->n; i++) {
        struct stage *s = &d->stages[i];

        /* what a later stage still has is used before an earlier one makes more */
        if (i + 1 < d->n && (d->stages[i + 1].is_full || d->stages[i + 1].in.n))
            continue;
        if (!s->in.n && !s->is_full)
            continue;
        why = run(s, i + 1 < d->n ? &d->stages[i + 1].in : out);
        if (why)
            return why;
    }
    return is_end && !content_decoder_has_more(d) && !has_ended(d) ? &err_truncated : NULL;
}

bool content_decoder_has_more(const struct content_decoder *d)
{
    for (unsigned i = 0; i < d->n; i++)
        if (d->stages[i].is_full || d->stages[i].in.n)
            return true;
    return false;
}

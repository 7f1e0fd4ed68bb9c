/* Each coding that is configured has a rank: what the client thinks of it, 0 where it would not get
 * it. The best are tried first, and the first whose file is there is taken. A file that only others
 * would get is looked for where Vary has to tell of it. */
#include "app/files/static_packed.h"

#include <errno.h>
#include <string.h>

#include "app/files/static_open.h"
#include "app/filters/compress.h"
#include "http/recode.h"
#include "proto/accept.h"

enum { NOT_CONFIGURED = -1, REFUSED = 0 };

static struct slice suffix(enum coding coding)
{
    static const struct slice suffixes[CODING_COUNT] = {
        [CODING_BROTLI] = SLICE(".br"),
        [CODING_ZSTD] = SLICE(".zst"),
        [CODING_GZIP] = SLICE(".gz"),
    };

    return suffixes[coding];
}

static int rank_of(const struct visit *v, const struct compress_conf *conf, enum coding coding,
                   bool is_fit)
{
    int weight = accept_encoding_wish(&v->x->req.headers, coding_name(coding));

    switch (conf->packed[coding]) {
    case PACKED_ALWAYS:
        return 1 + weight;
    case PACKED_ON:
        return is_fit && weight > 0 ? 1 + weight : REFUSED;
    case PACKED_OFF:
        break;
    }
    return NOT_CONFIGURED;
}

/* Takes the best one out of the ranks. False: there is none left. */
static bool next_coding(int ranks[CODING_COUNT], enum coding *coding_out, bool *is_refused_out)
{
    enum coding best = 0;

    for (enum coding i = 1; i < CODING_COUNT; i++)
        if (ranks[i] > ranks[best])
            best = i;
    *coding_out = best;
    *is_refused_out = ranks[best] == REFUSED;
    if (ranks[best] == NOT_CONFIGURED)
        return false;
    ranks[best] = NOT_CONFIGURED;
    return true;
}

static bool open_packed(struct visit *v, struct slice path, enum coding coding,
                        const struct file_cache_file **file_out)
{
    struct slice end = suffix(coding), packed;
    int why;

    packed = pool_printf(visit_pool(v), SLICE_FMT SLICE_FMT, SLICE_ARG(path), SLICE_ARG(end));
    why = file_cache_open(packed, static_open_check(v, packed), file_out);
    if (why && why != ENOENT && why != ENOTDIR && why != ENAMETOOLONG && why != EISDIR) {
        struct slice shown = exchange_shown(v->x, packed);

        log_write(&v->x->log, LOG_ERROR, "open() \"" SLICE_FMT "\" failed (%d: %s)",
                  SLICE_ARG(shown), why, strerror(why));
    }
    return why == 0;
}

enum coding static_packed_open(struct visit *v, struct slice path,
                               const struct file_cache_file **file_out)
{
    const struct compress_conf *conf = v->loc->compress;
    int ranks[CODING_COUNT];
    bool is_fit, is_refused, is_choice = false;
    enum coding coding, found = CODING_COUNT;
    unsigned n = 0;

    if (LIKELY(!conf || !conf->has_packed))
        return CODING_COUNT;
    is_fit = !compress_is_disabled(v) && filter_compress_is_client_fit(v->x, &conf->settings);
    for (enum coding i = 0; i < CODING_COUNT; i++) {
        ranks[i] = rank_of(v, conf, i, is_fit);
        n += ranks[i] != NOT_CONFIGURED;
    }
    while (found == CODING_COUNT && next_coding(ranks, &coding, &is_refused)) {
        if ((is_refused && !conf->settings.has_vary) || !open_packed(v, path, coding, file_out))
            continue;
        is_choice |= n > 1 || conf->packed[coding] == PACKED_ON;
        if (is_refused)
            file_cache_release(*file_out);
        else
            found = coding;
    }
    if (is_choice && conf->settings.has_vary)
        recode_vary(v->x);
    return found;
}

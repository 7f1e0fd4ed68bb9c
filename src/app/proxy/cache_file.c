/* Names as nginx has them: with levels 1:2 the digest …029c lies in c/29/. A draft is beside its
 * file, with the number of the process behind its name, so that the loader can tell those whose
 * process is gone. */
#include "app/proxy/cache_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/file.h"

enum { HEAD_ROOM = 4096, FOLDER_MODE = 0700, BLOCK = 512 };

struct buf cache_file_name(const struct cache_zone *z, const unsigned char *digest)
{
    struct buf name = BUF_EMPTY, hex = BUF_EMPTY;
    size_t at;

    encode_hex(&hex, slice_of((const char *)digest, CACHE_INDEX_KEY));
    at = hex.n;
    buf_add_slice(&name, z->path);
    for (unsigned i = 0; i < z->n_levels; i++) {
        at -= z->levels[i];
        buf_add_char(&name, '/');
        buf_add(&name, hex.p + at, z->levels[i]);
    }
    buf_add_char(&name, '/');
    buf_add_slice(&name, buf_slice(&hex));
    (void)buf_cstr(&name);
    buf_free(&hex);
    return name;
}

/* What the kernel has not written yet has no blocks. */
static uint64_t size_of(const struct stat *st)
{
    return MAX((uint64_t)st->st_blocks * BLOCK, (uint64_t)st->st_size);
}

/* --- reading --- */

/* False: errno tells, or 0 at an early end. */
static bool read_up_to(struct cache_file *f, size_t n)
{
    while (f->bytes.n < n) {
        ssize_t got;

        buf_reserve(&f->bytes, n - f->bytes.n);
        got = pread(f->fd, f->bytes.p + f->bytes.n, n - f->bytes.n, (off_t)f->bytes.n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        f->bytes.n += (size_t)got;
    }
    return true;
}

/* Most heads come with the first read, which is one block of the file. */
static bool read_head(struct cache_file *f, size_t file_size)
{
    size_t size = MIN(file_size, (size_t)HEAD_ROOM);

    while (size <= file_size && read_up_to(f, size))
        switch (cache_head_read(buf_slice(&f->bytes), &f->head, &size)) {
        case CACHE_HEAD_DONE:
            f->body_at = size;
            return file_size - size == (uint64_t)f->head.body_size;
        case CACHE_HEAD_BAD:
            return false;
        case CACHE_HEAD_MORE:
            break;
        }
    return false;
}

const struct err *cache_file_open_name(const char *name, struct cache_file *out)
{
    struct stat st;

    *out = (struct cache_file){.bytes = BUF_EMPTY};
    out->fd = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (out->fd < 0)
        return err_from_errno(errno);
    if (fstat(out->fd, &st) != 0 || !S_ISREG(st.st_mode) || !read_head(out, (size_t)st.st_size)) {
        cache_file_close(out);
        return &err_protocol;
    }
    out->disk_size = size_of(&st);
    return NULL;
}

const struct err *cache_file_open(const struct cache_zone *z, const unsigned char *digest,
                                  struct cache_file *out)
{
    struct buf name = cache_file_name(z, digest);
    const struct err *e = cache_file_open_name(name.p, out);

    buf_free(&name);
    return e;
}

void cache_file_close(struct cache_file *f)
{
    if (f->fd < 0)
        return;
    (void)close(f->fd);
    f->fd = -1;
    buf_free(&f->bytes);
}

/* Readers see the one or the other: it is one write inside of a block. */
const struct err *cache_file_renew(struct cache_file *f, const struct cache_head *newer)
{
    struct buf head = BUF_EMPTY;
    ssize_t done;

    f->head.made = newer->made;
    f->head.age = newer->age;
    f->head.valid_until = newer->valid_until;
    cache_head_write(&f->head, &head);
    done = pwrite(f->fd, head.p, CACHE_HEAD_FIXED, 0);
    buf_free(&head);
    return done == CACHE_HEAD_FIXED ? NULL : &err_io;
}

void cache_file_remove(const struct cache_zone *z, const unsigned char *digest)
{
    struct buf name = cache_file_name(z, digest);

    (void)unlink(name.p);
    buf_free(&name);
}

/* --- writing --- */

const struct err *cache_draft_begin(const struct cache_zone *z, const unsigned char *digest,
                                    const struct cache_head *head, struct cache_draft *out)
{
    struct buf name = cache_file_name(z, digest);
    const struct err *e;

    *out = (struct cache_draft){.head = BUF_EMPTY};
    e = file_draft_begin(&out->file, buf_slice(&name), FOLDER_MODE);
    buf_free(&name);
    if (e)
        return e;
    cache_head_write(head, &out->head);
    e = file_write_all(out->file.fd, out->head.p, out->head.n);
    if (e)
        cache_draft_drop(out);
    return e;
}

const struct err *cache_draft_add(struct cache_draft *d, struct slice bytes)
{
    d->size += bytes.n;
    return file_write_all(d->file.fd, bytes.p, bytes.n);
}

const struct err *cache_draft_keep(struct cache_draft *d, struct cache_head *head,
                                   uint64_t *size_out)
{
    struct stat st;
    struct buf whole = BUF_EMPTY;
    const struct err *e;
    bool ok;

    head->body_size = (int64_t)d->size;
    cache_head_write(head, &whole);
    ok = whole.n == d->head.n && pwrite(d->file.fd, whole.p, whole.n, 0) == (ssize_t)whole.n &&
         fstat(d->file.fd, &st) == 0;
    e = ok ? file_draft_keep(&d->file) : err_from_errno(errno);
    buf_free(&whole);
    if (ok && !e)
        *size_out = size_of(&st);
    cache_draft_drop(d);
    return e;
}

void cache_draft_drop(struct cache_draft *d)
{
    file_draft_drop(&d->file);
    buf_free(&d->head);
}

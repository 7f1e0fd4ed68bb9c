/*
 * Finds the end of HTTP/1.1 responses, cheaply enough that the client does not become the limit of
 * a measurement.
 *
 * The first response of a kind is read by the state machine. Its length and its last bytes are
 * remembered, and a later response that lies in the buffer as a whole, begins with the same status
 * line and ends with the same bytes at the same place is counted without being read. Everything
 * else goes through the state machine again, so a wrong answer is seen.
 */
#include "frame.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define START   "HTTP/1.1 200"
#define START_N (sizeof START - 1)
#define TAIL    8

/* What a small response looked like the last time. */
static size_t known_n;        /* process-wide: one kind of request per run */
static char known_tail[TAIL]; /* process-wide: the same */

static void over(struct frame *f, const char *end)
{
    if (f->status == 200 && f->left == f->total && f->total >= START_N + TAIL) {
        known_n = f->total;
        memcpy(known_tail, end - TAIL, TAIL);
    }
    f->state = FRAME_HEAD;
    f->is_started = false;
    f->head_n = f->total = f->left = f->line_n = 0;
}

static const char *field(const char *head, const char *name)
{
    const size_t n = strlen(name);

    for (const char *p = strstr(head, "\r\n"); p; p = strstr(p, "\r\n")) {
        p += 2;
        if (!strncasecmp(p, name, n) && p[n] == ':')
            return p + n + 1 + strspn(p + n + 1, " ");
    }
    return NULL;
}

/* The head is complete: chooses the framing of the body. True when there is none. */
static bool read_head(struct frame *f)
{
    const char *length, *coding;

    f->head[f->head_n] = '\0';
    f->status = strncmp(f->head, "HTTP/1.", 7) ? 0 : (int)strtol(f->head + 9, NULL, 10);
    if (f->status == 0 || f->status == 204 || f->status == 304)
        return true;
    coding = field(f->head, "transfer-encoding");
    if (coding && !strncasecmp(coding, "chunked", 7)) {
        f->state = FRAME_CHUNK_SIZE;
        f->left = 0;
        return false;
    }
    length = field(f->head, "content-length");
    f->state = length ? FRAME_LENGTH : FRAME_UNTIL_CLOSE;
    f->left = length ? strtoul(length, NULL, 10) : 0;
    return length && f->left == 0;
}

static size_t take_head(struct frame *f, const char *p, size_t n, bool *done_out)
{
    for (size_t i = 0; i < n; i++) {
        if (f->head_n + 1 >= sizeof f->head) {
            f->status = 0;
            *done_out = true;
            return n;
        }
        f->head[f->head_n++] = p[i];
        if (p[i] == '\n' && f->head_n >= 4 && !memcmp(f->head + f->head_n - 4, "\r\n\r\n", 4)) {
            *done_out = read_head(f);
            return i + 1;
        }
    }
    return n;
}

static size_t take_counted(struct frame *f, size_t n)
{
    const size_t used = n < f->left ? n : f->left;

    f->left -= used;
    return used;
}

static int hex(char c)
{
    static const char digits[] = "0123456789abcdef";
    const char *p = c ? strchr(digits, c | 0x20) : NULL;

    return p ? (int)(p - digits) : -1;
}

/* One byte of the line of a chunk size; the data of a chunk is counted with the CRLF that ends it.
 */
static void take_size(struct frame *f, char c)
{
    if (c == '\n') {
        f->line_n = 0;
        f->state = f->left ? FRAME_CHUNK_DATA : FRAME_TRAILER;
        f->left += f->left ? 2 : 0;
    } else if (hex(c) >= 0) {
        f->left = f->left * 16 + (size_t)hex(c);
    }
}

/* One byte of the trailer section; true at its end. */
static bool take_trailer(struct frame *f, char c)
{
    if (c != '\n') {
        f->line_n += c != '\r';
        return false;
    }
    if (f->line_n == 0)
        return true;
    f->line_n = 0;
    return false;
}

static size_t step(struct frame *f, const char *p, size_t n, bool *done_out)
{
    size_t used = 1;

    switch (f->state) {
    case FRAME_HEAD:
        return take_head(f, p, n, done_out);
    case FRAME_LENGTH:
        used = take_counted(f, n);
        *done_out = f->left == 0;
        return used;
    case FRAME_UNTIL_CLOSE:
        return n;
    case FRAME_CHUNK_SIZE:
        take_size(f, *p);
        return 1;
    case FRAME_CHUNK_DATA:
        used = take_counted(f, n);
        if (f->left == 0)
            f->state = FRAME_CHUNK_SIZE;
        return used;
    case FRAME_TRAILER:
        *done_out = take_trailer(f, *p);
        return 1;
    }
    return n;
}

static bool looks_known(const struct frame *f, const char *p, size_t n)
{
    return known_n && !f->is_started && n >= known_n && !memcmp(p, START, START_N) &&
           !memcmp(p + known_n - TAIL, known_tail, TAIL);
}

size_t frame_take(struct frame *f, const char *p, size_t n, bool *done_out)
{
    size_t used = 0;

    *done_out = false;
    if (looks_known(f, p, n)) {
        f->status = 200;
        *done_out = true;
        return known_n;
    }
    f->is_started = true;
    while (used < n && !*done_out)
        used += step(f, p + used, n - used, done_out);
    f->total += used;
    if (*done_out) {
        f->left = used; /* all of it lay in this buffer: may be remembered */
        over(f, p + used);
    }
    return used;
}

bool frame_close(struct frame *f)
{
    const bool is_end = f->state == FRAME_UNTIL_CLOSE;

    f->left = 0;
    f->total = 0;
    over(f, NULL);
    return is_end;
}

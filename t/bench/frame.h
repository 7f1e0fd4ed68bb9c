#ifndef BENCH_FRAME_H
#define BENCH_FRAME_H

#include <stdbool.h>
#include <stddef.h>

/* Where one HTTP/1.1 response ends. Zeroed: before the first byte. */
enum frame_state {
    FRAME_HEAD,
    FRAME_LENGTH,
    FRAME_UNTIL_CLOSE,
    FRAME_CHUNK_SIZE,
    FRAME_CHUNK_DATA,
    FRAME_TRAILER,
};

struct frame {
    enum frame_state state;
    bool is_started;
    int status;
    size_t left;   /* bytes of the body or of the chunk still to come */
    size_t total;  /* bytes of this response so far */
    size_t line_n; /* bytes of the line of a chunk size or trailer */
    size_t head_n;
    char head[2048];
};

/*
 * Takes bytes of a response. Returns how many belong to it; *done_out says whether it is over (then
 * the frame is ready for the next one, and status of the last response is in f->status). A head
 * that does not fit or makes no sense ends the response at once with status 0.
 */
size_t frame_take(struct frame *f, const char *p, size_t n, bool *done_out);

/* The peer closed: true when that is the proper end of this response. The frame is ready for the
 * next one. */
bool frame_close(struct frame *f);

#endif

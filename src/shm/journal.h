/* An undo log for memory that processes share. Each word is noted before it is changed; when the
 * process dies in the middle, whoever comes next puts the old words back, so that an operation is
 * done or not begun, at whatever instruction its process was killed.
 *
 * Not for power failures: the order of stores as the processor was given them is enough, because
 * the death of a process is seen by others through the kernel. Addresses are those of a mapping
 * that was made before the processes were forked, the same in all of them. */
#ifndef SHM_JOURNAL_H
#define SHM_JOURNAL_H

#include <stdatomic.h>
#include <string.h>

#include "base/base.h"
#include "base/check.h"

/* A test defines it to die in the middle. */
#ifndef JOURNAL_STEP
#define JOURNAL_STEP() ((void)0)
#endif

typedef uint64_t __attribute__((may_alias)) journal_word;

enum { JOURNAL_ROOM = 96, JOURNAL_BYTES = 512 };

struct journal {
    /* how many words and bytes are noted: one word, forgotten by one store */
    uint32_t n __attribute__((aligned(8)));
    uint32_t n_bytes;
    struct {
        journal_word *at;
        uint64_t old;
    } notes[JOURNAL_ROOM];
    char *bytes_at;
    char bytes[JOURNAL_BYTES];
};

/* Keeps the aligned word that holds `p`: from now on it may be written to as one likes. */
static inline void journal_note(struct journal *j, void *p)
{
    journal_word *at = (journal_word *)((uintptr_t)p & ~(uintptr_t)7);

    CHECK(j->n < JOURNAL_ROOM);
    j->notes[j->n].at = at;
    j->notes[j->n].old = *at;
    atomic_signal_fence(memory_order_seq_cst);
    j->n++;
    atomic_signal_fence(memory_order_seq_cst);
    JOURNAL_STEP();
}

/* Keeps up to JOURNAL_BYTES bytes from `p` on, once between two commits; none of their words may be
 * noted besides. */
static inline void journal_note_bytes(struct journal *j, char *p, size_t n)
{
    CHECK(j->n_bytes == 0 && n <= JOURNAL_BYTES);
    memcpy(j->bytes, p, n);
    j->bytes_at = p;
    atomic_signal_fence(memory_order_seq_cst);
    j->n_bytes = (uint32_t)n;
    atomic_signal_fence(memory_order_seq_cst);
    JOURNAL_STEP();
}

/* Notes and sets. */
static inline void journal_set32(struct journal *j, uint32_t *p, uint32_t value)
{
    journal_note(j, p);
    *p = value;
    JOURNAL_STEP();
}

/* Notes and sets. */
static inline void journal_set64(struct journal *j, uint64_t *p, uint64_t value)
{
    journal_note(j, p);
    *p = value;
    JOURNAL_STEP();
}

/* What was done stays. */
static inline void journal_commit(struct journal *j)
{
    atomic_signal_fence(memory_order_seq_cst);
    *(journal_word *)&j->n = 0;
    atomic_signal_fence(memory_order_seq_cst);
    JOURNAL_STEP();
}

/* Takes back what was done since the last commit. May itself be killed and done again. */
void journal_undo(struct journal *j);

#endif

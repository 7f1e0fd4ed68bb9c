/* Newest first, because a word may have been noted twice. The count falls only after the word is
 * back: a second undo does the same again. */
#include "shm/journal.h"

void journal_undo(struct journal *j)
{
    memcpy(j->bytes_at ? j->bytes_at : j->bytes, j->bytes, j->n_bytes);
    atomic_signal_fence(memory_order_seq_cst);
    j->n_bytes = 0;
    while (j->n > 0) {
        *j->notes[j->n - 1].at = j->notes[j->n - 1].old;
        atomic_signal_fence(memory_order_seq_cst);
        j->n--;
        atomic_signal_fence(memory_order_seq_cst);
    }
}

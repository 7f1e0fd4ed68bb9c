/* What nginx and its well-known modules have and this program has not. */
#ifndef CONFIG_ABSENT_H
#define CONFIG_ABSENT_H

#include "base/slice.h"

/* What to do in place of the directive of this name, as a sentence without a full stop; NULL when
 * it is of no module that is known here. Static. */
const char *absent_advice(struct slice name);

#endif

/* Texts that only who has the key can read or make: AES-256-GCM (NIST SP 800-38D).
 *
 * A sealed text is a random nonce of 12 bytes, the encrypted text, and a tag of 16. With random
 * nonces a key is good for 2^32 texts. */
#ifndef NET_CRYPTO_SEAL_H
#define NET_CRYPTO_SEAL_H

#include "base/buf.h"

enum { CRYPTO_SEAL_KEY = 32, CRYPTO_SEAL_NONCE = 12, CRYPTO_SEAL_TAG = 16 };

/* Appends `text`, sealed. `context` is not part of what is sealed, but is needed to open it. */
void crypto_seal(const unsigned char key[CRYPTO_SEAL_KEY], struct slice context, struct slice text,
                 struct buf *out);

/* Appends the text; false, with `out` as it was: nobody has sealed it under this key and context.
 */
bool crypto_unseal(const unsigned char key[CRYPTO_SEAL_KEY], struct slice context,
                   struct slice sealed, struct buf *out);

#endif

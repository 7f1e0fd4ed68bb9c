/* Passwords against what password files hold. */
#ifndef NET_CRYPTO_PASSWORD_H
#define NET_CRYPTO_PASSWORD_H

#include "base/slice.h"

enum { CRYPTO_PASSWORD_MOST = 512 };

/* Does `password` belong to `stored`: "{PLAIN}text", "{SHA}base64", "{SSHA}base64" (RFC 2307),
 * "$apr1$salt$hash" (Apache's MD5), or what crypt(3) makes ("$6$…", "$2y$…")? A password longer
 * than CRYPTO_PASSWORD_MOST or with a NUL in it belongs to nothing. Takes as long as the way it was
 * stored demands. */
bool crypto_password_is(struct slice password, struct slice stored);

#endif

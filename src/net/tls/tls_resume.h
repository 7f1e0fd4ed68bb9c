/* The session that connections to one server go on with: each leaves the newest that it was given,
 * the next one takes it up. Counted, as connections may outlive whoever makes them. */
#ifndef NET_TLS_RESUME_H
#define NET_TLS_RESUME_H

struct ssl_session_st; /* OpenSSL's session */
struct tls_resume;

/* Without a session; one reference. */
struct tls_resume *tls_resume_new(void);

/* One more reference. */
struct tls_resume *tls_resume_ref(struct tls_resume *r);

/* Gives a reference back and clears the pointer (NULL inside is fine); the last one frees it. */
void tls_resume_unref(struct tls_resume **r);

/* Keeps a session, taken over, in place of the one before. */
void tls_resume_put(struct tls_resume *r, struct ssl_session_st *session);

/* The newest, borrowed; NULL: there is none. */
struct ssl_session_st *tls_resume_session(const struct tls_resume *r);

#endif

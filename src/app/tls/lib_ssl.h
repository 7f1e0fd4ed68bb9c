/* "perilune.core.ssl": what ngx.ssl and its kin ask of the connection. */
#ifndef APP_TLS_LIB_SSL_H
#define APP_TLS_LIB_SSL_H

/* Lets Lua require the module. */
void lib_ssl_open(void);

#endif

/* What connections speak whose server has on_stream: nothing; they are handed over at once. */
#ifndef HTTP_SERVER_HANDOVER_H
#define HTTP_SERVER_HANDOVER_H

#include "http/server/server_conn.h"

/* Of a connection that is ready to be handed over. */
extern const struct server_conn_protocol server_handover_protocol;

#endif

/* ssl_stapling without a file: lua/perilune/stapling.lua asks the responders. */
#ifndef APP_TLS_LIB_STAPLING_H
#define APP_TLS_LIB_STAPLING_H

#include "app/conf.h"

/* Begins to look after the responses for all certificates of `conf`, in this worker. */
void lib_stapling_start(const struct app_conf *conf);

#endif

/* "perilune.core.upgrade": from a request to a WebSocket, for lua/perilune/websocket.lua. */
#ifndef APP_LUA_LIB_UPGRADE_H
#define APP_LUA_LIB_UPGRADE_H

/* Lets Lua find the module in the open machine. */
void lib_upgrade_preload(void);

#endif

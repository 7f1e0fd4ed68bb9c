--- Sessions of TLS, in ssl_session_store_by_lua and ssl_session_fetch_by_lua.

local core = require "perilune.core.ssl"

local session = { version = "0.1" }

--- The name of the session that was made, or that the client asks for, in hexadecimal.
-- @treturn ?string
-- @treturn ?string error
function session.get_session_id()
    return core.session_id()
end

--- The session that was made, as bytes to be kept. In ssl_session_store_by_lua.
-- @treturn string
function session.get_serialized_session()
    return core.session()
end

--- Gives the handshake the session that the client asks for. In ssl_session_fetch_by_lua.
-- @tparam string bytes as get_serialized_session gave them
-- @treturn ?boolean true
-- @treturn ?string error
function session.set_serialized_session(bytes)
    return core.set_session(bytes)
end

return session

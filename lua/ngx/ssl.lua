--- Choosing certificates in ssl_certificate_by_lua, and facts of the connection in any phase.
--
-- Functions answer nil and a text when they fail. Chains and keys are DER strings, or objects that the parse_ functions
-- make, which are worth keeping: to parse is the dearest part.

local core = require "perilune.core.ssl"

local ssl = {
    _VERSION = "0.1",
    SSL3_VERSION = 0x0300,
    TLS1_VERSION = 0x0301,
    TLS1_1_VERSION = 0x0302,
    TLS1_2_VERSION = 0x0303,
    TLS1_3_VERSION = 0x0304,
}

local version_names = {
    [0x0300] = "SSLv3", [0x0301] = "TLSv1", [0x0302] = "TLSv1.1", [0x0303] = "TLSv1.2", [0x0304] = "TLSv1.3",
}

local function to_der(kind, text, password)
    local material, err = core.parse(kind, text, password)
    if not material then
        return nil, err
    end
    return core.der(material)
end

local function use(kind, der)
    local material, err = core.parse(kind, der)
    if not material then
        return nil, err
    end
    return core.use(material)
end

--- The connection forgets its certificates and keys.
-- @treturn ?boolean true
-- @treturn ?string error
function ssl.clear_certs()
    return core.clear()
end

--- A chain in PEM as DER: its certificates one after another.
-- @tparam string pem
-- @treturn ?string
-- @treturn ?string error
function ssl.cert_pem_to_der(pem)
    return to_der("chain_pem", pem)
end

--- A key in PEM as DER.
-- @tparam string pem
-- @tparam[opt] string passphrase
-- @treturn ?string
-- @treturn ?string error
function ssl.priv_key_pem_to_der(pem, passphrase)
    return to_der("key_pem", pem, passphrase)
end

--- Gives the connection a chain. Its key must follow.
-- @tparam string der
-- @treturn ?boolean true
-- @treturn ?string error
function ssl.set_der_cert(der)
    return use("chain_der", der)
end

--- Gives the connection the key of its chain.
-- @tparam string der
-- @treturn ?boolean true
-- @treturn ?string error
function ssl.set_der_priv_key(der)
    return use("key_der", der)
end

--- A chain as an object, for set_cert.
-- @tparam string pem
-- @treturn ?userdata
-- @treturn ?string error
function ssl.parse_pem_cert(pem)
    return core.parse("chain_pem", pem)
end

--- A key as an object, for set_priv_key.
-- @tparam string pem
-- @tparam[opt] string passphrase
-- @treturn ?userdata
-- @treturn ?string error
function ssl.parse_pem_priv_key(pem, passphrase)
    return core.parse("key_pem", pem, passphrase)
end

--- As parse_pem_cert, from DER.
function ssl.parse_der_cert(der)
    return core.parse("chain_der", der)
end

--- As parse_pem_priv_key, from DER.
function ssl.parse_der_priv_key(der)
    return core.parse("key_der", der)
end

--- Gives the connection a chain that was parsed. Its key must follow.
-- @treturn ?boolean true
-- @treturn ?string error
function ssl.set_cert(cert)
    return core.use(cert)
end

--- Gives the connection the key of its chain.
-- @treturn ?boolean true
-- @treturn ?string error
function ssl.set_priv_key(key)
    return core.use(key)
end

--- Asks the client for a certificate; `$ssl_client_verify` tells later what came of it.
-- @tparam[opt] userdata authorities of parse_pem_cert; the configured ones when nil
-- @tparam[opt=1] number depth
-- @treturn ?boolean true
-- @treturn ?string error
function ssl.verify_client(authorities, depth)
    return core.verify_client(authorities, depth)
end

--- The name that the client asked for; nil when it named none.
-- @treturn ?string
-- @treturn ?string error
function ssl.server_name()
    return core.server_name()
end

--- Our address: its bytes (4, 16, or a path) and its kind.
-- @treturn ?string
-- @treturn ?string "inet", "inet6", "unix"; or the error
function ssl.raw_server_addr()
    local bytes, kind = core.address(false)
    return bytes, kind
end

--- The client's address, likewise.
function ssl.raw_client_addr()
    local bytes, kind = core.address(true)
    return bytes, kind
end

--- Our port; nil on a Unix socket.
-- @treturn ?number
-- @treturn ?string error
function ssl.server_port()
    local bytes, kind, port = core.address(false)
    if not bytes then
        return nil, kind
    elseif kind == "unix" then
        return nil, "unix domain has no port"
    end
    return port
end

--- The version of TLS, as TLS numbers it (ssl.TLS1_3_VERSION).
-- @treturn ?number
-- @treturn ?string error
function ssl.get_tls1_version()
    return core.version()
end

--- The version of TLS as text: "TLSv1.3".
-- @treturn ?string
-- @treturn ?string error
function ssl.get_tls1_version_str()
    local number, err = core.version()
    if not number then
        return nil, err
    end
    return version_names[number]
end

--- Was an earlier session resumed?
-- @treturn ?boolean
-- @treturn ?string error
function ssl.ssl_session_reused()
    return core.reused()
end

return ssl

--- TLS contexts: certificates, protocols and whom to believe, for servers made in code and for clients.
--
-- A context is made once and used for many connections. Texts named `…_pem` are PEM; `certificate`, `key`, `ca` and
-- `crl` are paths of PEM files. Errors of the world are raised as error objects: `tls_material` (a certificate, key or
-- list that cannot be used), `not_found`, `denied`.

local core = require "perilune.core.tls"
local options = require "perilune.options"
local suggest = require "perilune.suggest"

local tls = {}

local protocol_bits = { ["TLSv1"] = 1, ["TLSv1.1"] = 2, ["TLSv1.2"] = 4, ["TLSv1.3"] = 8 }

local credential = { certificate = "string", key = "string", certificate_pem = "string", key_pem = "string",
    password = "string" }
local shared = { ca = "string", ca_pem = "string", crl = "string", depth = "count", system_ca = "boolean",
    protocols = "table", ciphers = "string", ciphersuites = "string", curves = "string" }
local of_server = options.together(shared, { certificates = "table", alpn = "table", client_auth = "string",
    session_timeout = "seconds", prefer_server_ciphers = "boolean", self_signed = "table" })
local any_of_server = options.together(credential, of_server)
local of_client = options.together(credential, shared, { insecure = "boolean" })
local of_certificate = { common_name = "string", names = "table", key = "string", ca = "boolean", starts_in = "number",
    ends_in = "number", serial = "number", issuer = "table", ocsp_url = "string" }

local function misuse(name, level, ...)
    error(name .. ": " .. string.format(...), level + 1)
end

local function bits_of(name, protocols, level)
    local sum = 0
    for _, protocol in ipairs(protocols or {}) do
        local bit = protocol_bits[protocol]
        if not bit then
            misuse(name, level + 1, "unknown protocol '%s'%s", tostring(protocol),
                suggest(protocol, { "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3" }))
        end
        sum = sum + bit
    end
    return sum
end

local function copy(opts, known)
    local new = {}
    for key in pairs(known) do
        new[key] = opts[key]
    end
    return new
end

local function certificates_of(opts, name, level)
    if opts.self_signed then
        local made = tls.make_certificate(opts.self_signed)
        return { { certificate_pem = made.certificate, key_pem = made.key } }
    end
    local list = opts.certificates or { copy(opts, credential) }
    for _, one in ipairs(list) do
        options.check(one, credential, name, level + 1)
        if not (one.certificate or one.certificate_pem) then
            misuse(name, level + 1, "a certificate is needed: 'certificate', 'certificate_pem' or 'self_signed'")
        elseif not (one.key or one.key_pem) then
            misuse(name, level + 1, "a key is needed: 'key' or 'key_pem'")
        end
    end
    return list
end

--- Names of application protocols (RFC 7301) as the core takes them.
local function alpn_text(name, list, level)
    for _, protocol in ipairs(list) do
        if type(protocol) ~= "string" or #protocol == 0 or #protocol > 255 or protocol:find(",", 1, true) then
            misuse(name, level + 1, "option 'alpn' must be an array of names of 1 to 255 bytes without commas")
        end
    end
    return table.concat(list, ",")
end

--- A list of pins that holds for nobody, or for everybody, is a mistake that must not wait for a peer.
local function pins_text(name, list, level)
    for _, pin in ipairs(list) do
        local digest = type(pin) == "string" and pin:gsub("^sha256/", "") or ""
        if #digest ~= 44 or not digest:find("^[%w+/]+=$") then
            misuse(name, level + 1, "option 'pins' must be an array of \"sha256/\" and 44 characters of base64")
        end
    end
    if #list == 0 then
        misuse(name, level + 1, "option 'pins' must not be empty")
    end
    return table.concat(list, " ")
end

--- The options `alpn` and `pins` of a client as the core takes them; nil where there is none.
function tls._peer_texts(opts, name, level)
    return opts.alpn and alpn_text(name, opts.alpn, level + 1), opts.pins and pins_text(name, opts.pins, level + 1)
end

local client_auths = { none = true, optional = true, required = true }

--- The context of `tls.server_context`; `level` is whom misuse is put down to, as of `error`.
local function context_of(opts, level)
    local name = "tls.server_context"
    opts = options.check(opts, any_of_server, name, level)
    local o = copy(opts, of_server)
    if opts.client_auth and not client_auths[opts.client_auth] then
        misuse(name, level, "option 'client_auth' must be none, optional or required")
    end
    if opts.client_auth == "required" and not (opts.ca or opts.ca_pem or opts.system_ca) then
        misuse(name, level, "authorities are needed for client_auth = 'required': 'ca', 'ca_pem' or 'system_ca'")
    end
    o.certificates = certificates_of(opts, name, level)
    o.protocol_bits = bits_of(name, opts.protocols, level)
    o.alpn_text = opts.alpn and alpn_text(name, opts.alpn, level)
    local context, err = core.server(o)
    if not context then
        error(err, 0)
    end
    return context
end

--- Makes a context for servers.
-- Options: `certificate` and `key` (paths) or `certificate_pem` and `key_pem`, `password` of the key; or
-- `certificates`, an array of such tables for keys of different kinds; or `self_signed`, the options of
-- `make_certificate`: for tests. `client_auth`: "none", "optional" (a certificate is asked for; the handler looks at
-- it) or "required" (no handshake without a good one); `ca`, `ca_pem`: authorities of clients; `crl`: revocation lists;
-- `depth`: most certificates between a client's and an authority's. `protocols`: {"TLSv1.2", "TLSv1.3"}; `ciphers`,
-- `ciphersuites`, `curves`: lists as OpenSSL writes them; `alpn`: protocols, the preferred one first;
-- `session_timeout`: seconds; `prefer_server_ciphers`.
-- @tparam table opts
-- @treturn context
function tls.server_context(opts)
    local context = context_of(opts, 3)
    return context
end

--- Makes a context for clients. Chain and name of the server are verified.
-- Options: `ca`, `ca_pem` (authorities to believe; the system's when none is given), `system_ca` (the system's too),
-- `crl`, `depth`, a certificate of its own (`certificate`, `key`, `certificate_pem`, `key_pem`, `password`),
-- `protocols`, `ciphers`, `ciphersuites`, `curves`, `insecure` (takes any certificate: for tests).
-- @tparam[opt] table opts
-- @treturn context
function tls.client_context(opts)
    opts = options.check(opts, of_client, "tls.client_context", 2)
    local o = copy(opts, of_client)
    o.protocol_bits = bits_of("tls.client_context", opts.protocols, 2)
    local context, err = core.client(o)
    if not context then
        error(err, 0)
    end
    return context
end

--- Raises unless `value` is a context of that role.
function tls._check(value, role, where, level)
    local found = core.role(value)
    if found ~= role then
        error(("%s must be a context for %ss, not %s"):format(where, role,
            found and "one for " .. found .. "s" or "a " .. type(value)), level + 1)
    end
end

--- A context, or the options of one for servers, as a context. Misuse is put down to who called the function that
-- calls this one.
-- @tparam context|table value
-- @tparam[opt] table alpn what options that name no protocols have
-- @treturn context
function tls.context(value, alpn)
    if type(value) == "table" then
        local made = context_of(value.alpn and value or options.together({ alpn = alpn }, value), 4)
        return made
    end
    tls._check(value, "server", "option 'tls'", 3)
    return value
end

--- Makes a key and a certificate.
-- Options: `common_name` ("localhost"), `names` (array of DNS names and addresses that it is good for), `key` ("p256"
-- or "rsa2048"), `ca` (may sign others), `starts_in` and `ends_in` (seconds from now; an hour ago, in a year),
-- `serial`, `issuer` (what this function has returned for an authority; signed by its own key when there is none),
-- `ocsp_url`.
-- @tparam[opt] table opts
-- @treturn table `certificate` and `key`, both PEM
function tls.make_certificate(opts)
    opts = options.check(opts, of_certificate, "tls.make_certificate", 2)
    if opts.key and opts.key ~= "p256" and opts.key ~= "rsa2048" then
        misuse("tls.make_certificate", 2, "option 'key' must be p256 or rsa2048")
    end
    local issuer = opts.issuer or {}
    if opts.issuer and not (issuer.certificate and issuer.key) then
        misuse("tls.make_certificate", 2, "option 'issuer' must have 'certificate' and 'key'")
    end
    local certificate, key = core.make {
        common_name = opts.common_name or opts.names and opts.names[1] or "localhost", names = opts.names,
        is_rsa = opts.key == "rsa2048", ca = opts.ca, starts_in = opts.starts_in, ends_in = opts.ends_in,
        serial = opts.serial, ocsp_url = opts.ocsp_url,
        issuer_certificate = issuer.certificate, issuer_key = issuer.key,
    }
    if not certificate then
        error(key, 0)
    end
    return { certificate = certificate, key = key }
end

--- Makes a list of what an authority has revoked.
-- @tparam table issuer what `make_certificate` has returned for it
-- @tparam table serials array of serial numbers
-- @treturn string PEM
function tls.make_revocations(issuer, serials)
    if type(issuer) ~= "table" or not (issuer.certificate and issuer.key) then
        misuse("tls.make_revocations", 2, "'issuer' must have 'certificate' and 'key'")
    elseif type(serials) ~= "table" then
        misuse("tls.make_revocations", 2, "'serials' must be an array of numbers")
    end
    local pem, err = core.revocations(issuer.certificate, issuer.key, serials)
    if not pem then
        error(err, 0)
    end
    return pem
end

return tls

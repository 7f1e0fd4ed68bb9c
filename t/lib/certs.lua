-- certs.lua: writes certificates for tests into the current directory, NAME.pem and NAME.key each.
--   perilune run t/lib/certs.lua [NAME …]
-- ca; server, rsa (localhost), two (two.example), other (other.example), client, revoked (crl.pem names it), expired,
-- alone
-- (signed by itself), stranger (signed by an authority that nobody knows).
local tls = require "perilune.tls"

local DAY = 86400

local function write(name, text)
    local file = assert(io.open(name, "w"))
    file:write(text)
    file:close()
end

local function make(name, options)
    local made = tls.make_certificate(options)
    write(name .. ".pem", made.certificate)
    write(name .. ".key", made.key)
    return made
end

local ca = make("ca", { common_name = "Test Authority", ca = true })
local localhost = { "localhost", "127.0.0.1" }
local known = {
    server = { common_name = "server", names = localhost, issuer = ca },
    rsa = { common_name = "rsa", names = localhost, issuer = ca, key = "rsa2048" },
    two = { common_name = "two", names = { "two.example" }, issuer = ca },
    other = { common_name = "other", names = { "other.example" }, issuer = ca },
    client = { common_name = "client", issuer = ca, serial = 4096, starts_in = -DAY, ends_in = 10.5 * DAY },
    revoked = { common_name = "revoked", issuer = ca, serial = 4711 },
    expired = { common_name = "expired", names = localhost, issuer = ca, starts_in = -2 * DAY, ends_in = -DAY },
    alone = { common_name = "alone", names = localhost },
    stranger = { common_name = "stranger", issuer = tls.make_certificate { common_name = "Nobody", ca = true } },
}

for _, name in ipairs(arg) do
    make(name, assert(known[name], name))
    if name == "revoked" then
        write("crl.pem", tls.make_revocations(ca, { 4711 }))
    end
end

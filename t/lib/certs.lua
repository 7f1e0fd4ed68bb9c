-- certs.lua: writes certificates for tests into the current directory, NAME.pem and NAME.key each.
--   perilune run t/lib/certs.lua [NAME …]
-- ca; server, rsa (localhost), two (two.example), other (other.example), client, revoked (crl.pem names it), expired,
-- alone
-- (signed by itself), stranger (signed by an authority that nobody knows), below1, below2 (with so many authorities
-- between it and ca, which stand in the file behind it).
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
local middle1 = tls.make_certificate { common_name = "middle1", ca = true, issuer = ca }
local middle2 = tls.make_certificate { common_name = "middle2", ca = true, issuer = middle1 }
local above = { below1 = { middle1 }, below2 = { middle2, middle1 } }
local known = {
    below1 = { common_name = "below1", names = localhost, issuer = middle1 },
    below2 = { common_name = "below2", names = localhost, issuer = middle2 },
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
    local text = make(name, assert(known[name], name)).certificate
    for _, made in ipairs(above[name] or {}) do
        text = text .. made.certificate
    end
    write(name .. ".pem", text)
    if name == "revoked" then
        write("crl.pem", tls.make_revocations(ca, { 4711 }))
    end
end

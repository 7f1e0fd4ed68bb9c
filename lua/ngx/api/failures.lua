--- What sockets say when something fails: codes of Perilune in the words of OpenResty.

local failures = {}

--- What OpenResty says for a code of ours.
local TEXTS = {
    broken_pipe = "broken pipe",
    closed = "closed",
    truncated = "closed",
    client_aborted = "client aborted",
    timeout = "timeout",
    reset = "connection reset by peer",
    refused = "connection refused",
    unreachable = "network is unreachable",
    not_found = "no such file or directory",
    denied = "permission denied",
    busy = "socket busy reading",
}

--- What the system says for it, with its number.
local SYSTEM = {
    broken_pipe = "32: Broken pipe",
    refused = "111: Connection refused",
    unreachable = "101: Network is unreachable",
    not_found = "2: No such file or directory",
    denied = "13: Permission denied",
    reset = "104: Connection reset by peer",
}

--- The words of OpenResty for a code; else `text`, or the code itself.
-- What goes wrong in TLS has no number of the system, and so no name.
function failures.text_of(code, text)
    return TEXTS[code] or code:sub(1, 4) == "tls_" and "error" or text or code
end

--- Those of the system, for the log.
function failures.system_text(code, text)
    return SYSTEM[code] or failures.text_of(code, text)
end

--- The code of a write that failed with `code`: to the system a peer that has gone is a broken pipe.
function failures.of_write(code)
    return code == "closed" and "broken_pipe" or code
end

return failures

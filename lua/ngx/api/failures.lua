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
    no_address = "cannot assign requested address",
    busy = "socket busy reading",
}

--- The system's numbers for them.
local NUMBERS = {
    broken_pipe = 32, refused = 111, unreachable = 101, no_address = 99, not_found = 2, denied = 13, reset = 104,
}

--- The words of OpenResty for a code; else `text`, or the code itself.
-- What goes wrong in TLS has no number of the system, and so no name.
function failures.text_of(code, text)
    return TEXTS[code] or code:sub(1, 4) == "tls_" and "error" or text or code
end

--- Those of the system with its number, for the log.
function failures.system_text(code, text)
    local number, words = NUMBERS[code], failures.text_of(code, text)
    return number and number .. ": " .. words:gsub("^%l", string.upper) or words
end

--- The code of a write that failed with `code`: to the system a peer that has gone is a broken pipe.
function failures.of_write(code)
    return code == "closed" and "broken_pipe" or code
end

return failures

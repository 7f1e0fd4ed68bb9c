--- Checks what came back over the wire: one function for each section.
--
-- Every function gets the run `r` (reporter, name, section values, server, see
-- `perilune.test.block`) and reports through it. A section that holds an array has one entry
-- for each response. To add a section, write its function, call it from `response` or
-- `connection`, and add the name to `perilune.test.sections`.
-- @module perilune.test.check

local check_log = require "perilune.test.check_log"
local perl = require "perilune.test.perl"
local regex = require "perilune.test.regex"
local tap = require "perilune.test.tap"

local M = {}

--- The entry of a section for response `index`; nil when there is nothing to check.
function M.entry(value, index)
    if type(value) == "table" and not regex.is_regex(value) then
        value = value[index]
    end
    if value == perl.undef then
        return nil
    end
    return value
end

local function pattern(r, value, flags, name)
    if regex.is_regex(value) then
        return value
    end
    local re, err = regex.new(tostring(value), flags)
    if not re then
        r.report:fail(name, err)
    end
    return re
end

local function show(text)
    return tap.escape(text, true)
end

local function like(r, got, value, flags, name)
    local re = pattern(r, value, flags, name)
    if re then
        r.report:check(re:find(got) ~= nil, name, function()
            return "does not match /" .. re.pattern .. "/:\n" .. show(got)
        end)
    end
end

local function unlike(r, got, value, flags, name)
    local re = pattern(r, value, flags, name)
    if re then
        r.report:check(re:find(got) == nil, name, function()
            return "must not match /" .. re.pattern .. "/:\n" .. show(got)
        end)
    end
end

local function same_or_like(r, got, value, name)
    if regex.is_regex(value) then
        like(r, got, value, "", name)
    else
        r.report:same(got, r.expand_result(tostring(value)), name)
    end
end

local function code(r, res, index)
    local name = r.name .. " - status code ok"
    local sections = r.sections
    if sections.error_code_like ~= nil then
        local value = M.entry(sections.error_code_like, index)
        if value then
            like(r, res.code, value, "sm", name)
        end
        return
    end
    local want = "200"
    if sections.error_code ~= nil then
        want = M.entry(sections.error_code, index)
    end
    if want then
        want = tostring(want):match("^%s*(.-)%s*$")
        r.report:check(res.code == want, name, function()
            local why = (res.code == "" or res.code:find("^5")) and check_log.errors(r.server:log_lines()) or ""
            return ("expected status %s, got %s\n%s%s"):format(want, res.code == "" and "no response head" or res.code,
                why, show(res.data:sub(1, 500)))
        end)
    end
end

local function parse_headers(text)
    local out = {}
    for line in text:gmatch("[^\n]+") do
        line = line:match("^%s*(.-)%s*$")
        local absent = line:match("^!%s*(.*)$")
        if absent then
            out[#out + 1] = { name = absent }
        elseif line ~= "" then
            local name, value = line:match("^(.-)%s*:%s*(.*)$")
            out[#out + 1] = { name = name or line, value = value or "" }
        end
    end
    return out
end

local function raw_headers(r, res, index)
    local value = M.entry(r.sections.raw_response_headers_like, index)
    if value then
        like(r, res.raw_headers, value, "s", r.name .. " - raw resp headers like")
    end
    value = M.entry(r.sections.raw_response_headers_unlike, index)
    if value then
        unlike(r, res.raw_headers, value, "s", r.name .. " - raw resp headers unlike")
    end
end

local function headers(r, res, index)
    local value = M.entry(r.sections.response_headers, index)
    for _, want in ipairs(value and parse_headers(value) or {}) do
        local got = res:header(want.name)
        if want.value then
            local text = r.expand_result(want.value)
            r.report:check((got or "") == text, ("%s - header %s ok"):format(r.name, want.name), {
                ("- %s: %s"):format(want.name, text),
                got and ("+ %s: %s"):format(want.name, got) or "+ (no such header)",
            })
        else
            r.report:check(not got,
                ("%s - header %s not present in the raw headers"):format(r.name, want.name),
                function()
                    return "present: " .. want.name .. ": " .. got
                end)
        end
    end
    value = not value and M.entry(r.sections.response_headers_like, index)
    for _, want in ipairs(value and parse_headers(value) or {}) do
        like(r, res:header(want.name) or "", "^" .. (want.value or "") .. "$", "",
            ("%s - header %s like ok"):format(r.name, want.name))
    end
end

local BODY_FILTERS = {
    uc = string.upper,
    lc = string.lower,
    length = function(text)
        return tostring(#text)
    end,
    ucfirst = function(text)
        return (text:gsub("^.", string.upper))
    end,
    lcfirst = function(text)
        return (text:gsub("^.", string.lower))
    end,
}

local function filter_body(r, body, index)
    local value = r.sections.response_body_filters
    if value == nil then
        return body
    end
    if type(value) == "table" and type(value[1]) == "table" then
        value = value[index]
    end
    local names = {}
    for _, item in ipairs(type(value) == "table" and value or { value }) do
        for name in item:gmatch("%S+") do
            names[#names + 1] = name
        end
    end
    for _, name in ipairs(names) do
        local fn = BODY_FILTERS[name]
        if not fn then
            r.report:fail(r.name .. " - response_body_filters", "no body filter '" .. name .. "'")
            return body
        end
        body = fn(body)
    end
    return body
end

local function body(r, res, index)
    local sections = r.sections
    if sections.ignore_response_body ~= nil then
        return
    end
    local got = filter_body(r, res.body, index)
    local where = ("(repeated req %d, req %d)"):format(r.round, index - 1)
    if sections.response_body ~= nil then
        local value = M.entry(sections.response_body, index)
        if value ~= nil then
            same_or_like(r, got, value,
                r.name .. " - response_body - response is expected " .. where)
        end
        return
    end
    local value = M.entry(sections.response_body_like, index)
    if value then
        like(r, got, r.expand_pattern(value), "s",
            r.name .. " - response_body_like - response is expected " .. where)
    end
    value = M.entry(sections.response_body_unlike, index)
    if value then
        unlike(r, got, r.expand_pattern(value), "s",
            r.name .. " - response_body_unlike - response is expected " .. where)
    end
end

--- Checks one parsed response.
-- @tparam table r the run
-- @tparam table res from `client.parse`, with `data` (the bytes it was read from)
-- @tparam number index which response, from 1
function M.response(r, res, index)
    if res.problem then
        r.report:fail(r.name .. " - response is well formed", { res.problem, show(res.data) })
    end
    if res.warning then
        r.report:note("warning: " .. r.name .. " - " .. res.warning)
    end
    code(r, res, index)
    raw_headers(r, res, index)
    headers(r, res, index)
    body(r, res, index)
end

--- Checks what holds for a whole connection: its bytes and its end.
-- @tparam table r the run
-- @tparam table conv from `client.talk`
-- @tparam number index which connection, from 1
function M.connection(r, conv, index)
    local value = M.entry(r.sections.raw_response, index)
    if value ~= nil then
        same_or_like(r, conv.data, value, r.name .. " - raw_response")
    end
    value = M.entry(r.sections.raw_response_like, index)
    if value then
        like(r, conv.data, value, "s", r.name .. " - raw_response_like")
    end
    value = M.entry(r.sections.connection, index)
    if value then
        local got = conv.eof and "closed" or "open"
        r.report:check(got == value, r.name .. " - connection " .. value,
            "the connection is " .. got .. (conv.reset and (": " .. conv.reset) or ""))
    end
end

--- Checks the answer of a stream server.
function M.stream(r, conv)
    local value = r.sections.stream_response
    if value ~= nil then
        same_or_like(r, conv.data, value, r.name .. " - stream_response")
    end
    value = r.sections.stream_response_like
    if value ~= nil then
        like(r, conv.data, value, "s", r.name .. " - stream_response_like")
    end
end

--- Checks the output and the exit code of the `exec` section.
function M.exec(r, out, exit, err)
    local want = tostring(r.sections.exec_code or "0")
    r.report:check(exit == want, r.name .. " - exec_code " .. want,
        function()
            return "exit: " .. exit .. "\noutput:\n" .. show(out) .. "\nerrors:\n" .. show(err)
        end)
    if r.sections.exec_out ~= nil then
        same_or_like(r, out, r.sections.exec_out, r.name .. " - exec_out")
    end
    if r.sections.exec_out_like ~= nil then
        like(r, out, r.sections.exec_out_like, "s", r.name .. " - exec_out_like")
    end
end

return M

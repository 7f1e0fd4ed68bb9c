--- Reads a `.t` file: the preamble, then blocks of named sections.
--
-- The format is Test::Base's. Nothing is evaluated here except the few settings that a Perl
-- preamble may hold (`repeat_each`, `our $Name = <<'_EOC_'`, ...); filters run later, when
-- the block runs, because they may need the port. See `perilune.test.filter`.
-- @module perilune.test.parse

local perl = require "perilune.test.perl"

local M = {}

local function trim(text)
    return (text:match("^%s*(.-)%s*$"))
end

-- Test::Base's `norm` and `trim`: LF line ends, no blank lines around the text.
local function normal(text)
    text = text:gsub("\r\n", "\n"):gsub("\r", "\n")
    while text:match("^[ \t]*\n") do
        text = text:gsub("^[ \t]*\n", "")
    end
    return (text:gsub("\n%s*$", "\n"))
end

local function section(head, value)
    local name, rest = head:match("^%-%-%-%s+%(?([%w_]+)%)?%s*(.*)$")
    if not name then
        return nil
    end
    local filters, inline = rest:match("^(.-)%s*:%s+(.*)$")
    if not filters then
        filters = rest:match("^(.-)%s*:$")
        inline = filters and ""
    end
    local words = {}
    for word in (filters or rest):gmatch("%S+") do
        words[#words + 1] = word
    end
    if inline then
        if value:find("%S") then
            return nil, "section '" .. name .. "' has a value on its line and lines below it"
        end
        value = trim(inline)
    end
    return { name = name, filters = words, text = value }
end

local function add_section(block, found)
    block.sections[found.name] = found
    block.order[#block.order + 1] = found.name
end

local function close_section(block, head, lines)
    if not head then
        return
    end
    local found, err = section(head, table.concat(lines))
    if not found then
        block.problem = err or ("unreadable section line: " .. head)
        return
    end
    for _, word in ipairs(found.filters) do
        found.raw = found.raw or word == "-norm" or word == "-trim"
    end
    found.text = found.raw and found.text or normal(found.text)
    add_section(block, found)
end

local function parse_blocks(text, first_line)
    local blocks, block, head, lines = {}, nil, nil, {}
    local number = first_line - 1
    for line in text:gmatch("[^\n]*\n?") do
        number = number + 1
        local bare = line:gsub("[\r\n]+$", "")
        if bare:match("^===") and (bare:match("^===%s") or bare == "===") then
            if block then
                close_section(block, head, lines)
            end
            block = { name = trim(bare:sub(4)), sections = {}, order = {}, line = number }
            blocks[#blocks + 1] = block
            head, lines = nil, {}
        elseif block and bare:match("^%-%-%- +%(?[%w_]+") then
            close_section(block, head, lines)
            head, lines = bare, {}
        else
            lines[#lines + 1] = line
        end
    end
    if block then
        close_section(block, head, lines)
    end
    return blocks
end

-- Calls of the preamble that change how the blocks run; each gets the file and its argument.
local SETTINGS = {}

function SETTINGS.repeat_each(file, value)
    file.repeat_each = tonumber(value) or file.repeat_each
end

function SETTINGS.log_level(file, value)
    file.log_level = value
end

function SETTINGS.workers(file, value)
    file.workers = tonumber(value)
end

function SETTINGS.worker_connections(file, value)
    file.worker_connections = tonumber(value)
end

function SETTINGS.server_name(file, value)
    file.server_name = value
end

function SETTINGS.server_port(file, value)
    file.server_port = tonumber(value)
end

function SETTINGS.timeout(file, value)
    file.timeout = tonumber(value)
end

function SETTINGS.no_root_location(file)
    file.no_root_location = true
end

function SETTINGS.check_accum_error_log(file)
    file.whole_log = true
end

function SETTINGS.master_on(file)
    file.master = true
end

function SETTINGS.master_process_enabled(file, value)
    file.master = value ~= "0" and value ~= "off"
end

function SETTINGS.env_to_nginx(file, _, all)
    for name in all:gmatch("['\"]([^'\"]+)['\"]") do
        file.env[#file.env + 1] = name
    end
end

local function call_setting(file, line)
    local name, rest = line:match("^([%a_]+)%s*%(?(.-)%)?%s*;%s*$")
    if name and SETTINGS[name] then
        local value = rest:match("^%s*['\"](.-)['\"]") or trim(rest)
        SETTINGS[name](file, value, rest)
    end
end

-- Evaluates `our $X = ...;` or `$ENV{X} ||= ...;`; source is the text from the assignment on.
local function assignments(file, text)
    local at = 1
    while true do
        local from, to, env, name = text:find(
            "\n%s*o?u?r?m?y?%s*%$(E?N?V?{?)([%w_]+)}?%s*[|/]*=%s*", at)
        if not from then
            return
        end
        file.pending[#file.pending + 1] = {
            env = env == "ENV{",
            name = env == "ENV{" and name or (env .. name),
            default = text:sub(from, to):find("[|/]=") ~= nil,
            source = text:sub(to + 1),
        }
        at = to
    end
end

--- Runs the assignments of a preamble. Called when port and directories are known.
-- What cannot be evaluated stays unknown: a section that names it then fails and says so.
-- @tparam table file parsed file
-- @tparam table vars receives the variables
-- @tparam table functions functions that the preamble may call, such as html_dir
-- @tparam function setenv called with name and value
function M.run_preamble(file, vars, functions, setenv)
    for _, item in ipairs(file.pending) do
        if not (item.env and item.default and os.getenv(item.name)) then
            local value = perl.eval(item.source, vars, functions, true)
            if value ~= nil and item.env then
                setenv(item.name, tostring(value))
            elseif value ~= nil then
                vars[item.name] = value
            end
        end
    end
end

local SET_VALUE = "%$block%->set_value%(%s*[\"']([%w_]+)[\"']%s*,%s*()"

-- A block preprocessor of the simplest kind sets a section that a block lacks:
-- `if (!defined $block->A) { $block->set_value("B", EXPRESSION); }`.
local function defaults(file, text)
    for test, name, at in text:gmatch("if%s*(%b())%s*{%s*" .. SET_VALUE) do
        local absent = {}
        for other in test:gmatch("!%s*defined%s*%(?%s*%$block%->([%w_]+)") do
            absent[#absent + 1] = other
        end
        if absent[1] then
            file.defaults[#file.defaults + 1] =
                { name = name, absent = absent, source = text:sub(at) }
        end
    end
end

-- One that sets a section of every block: `$block->set_value("B", EXPRESSION);` outside of any braces.
local function constants(file, text)
    for from, sub in text:gmatch("add_block_preprocessor%s*%(%s*sub%s*()(%b{})") do
        local bare = sub:sub(2):gsub("%b{}", function(inner)
            return (" "):rep(#inner)
        end)
        for name, at in bare:gmatch(SET_VALUE) do
            file.defaults[#file.defaults + 1] = { name = name, absent = {}, source = text:sub(from + at) }
        end
    end
end

--- Sets the sections that the preprocessors of the file give to a block.
-- @tparam table file parsed file
-- @tparam table values sections of the block; changed
-- @tparam table vars Perl variables
function M.apply_defaults(file, values, vars)
    for _, item in ipairs(file.defaults) do
        local lacks = true
        for _, name in ipairs(item.absent) do
            lacks = lacks and values[name] == nil
        end
        if lacks then
            values[item.name] = perl.eval(item.source, vars, {}, true) or values[item.name]
        end
    end
end

local function preamble(file, text)
    local code = "\n" .. text .. "\n"
    local heredoc
    for line in text:gmatch("[^\n]+") do
        if heredoc then
            heredoc = line ~= heredoc and heredoc or nil
        else
            heredoc = line:match("<<%s*['\"]?([%w_]+)['\"]?%s*;")
            call_setting(file, line)
        end
    end
    assignments(file, code)
    defaults(file, code)
    constants(file, code)
    file.skip_all = code:match("skip_all%s*=>%s*['\"](.-)['\"]")
    file.is_of_stream = code:find("\nuse Test::Nginx::Socket::Lua::Stream") ~= nil
    file.master = file.master or code:find("%$ENV{TEST_NGINX_USE_HUP}%s*=%s*1") ~= nil
end

-- Test::Base: ONLY runs that block alone, LAST ends the list, SKIP drops the block.
local function selected(file, blocks)
    local out = {}
    for _, block in ipairs(blocks) do
        if block.sections.ONLY then
            return { block }
        end
        if not block.sections.SKIP then
            out[#out + 1] = block
        else
            file.skip_all = file.skip_all or "its blocks are skipped"
        end
        if block.sections.LAST then
            break
        end
    end
    return out
end

--- Parses the text of a `.t` file.
-- @tparam string text
-- @tparam string path named in results
-- @treturn table file: path, blocks, repeat_each, log_level, ...
function M.parse(text, path)
    local file = { path = path, repeat_each = 1, env = {}, pending = {}, defaults = {} }
    local head_end, body_start = ("\n" .. text):find("\n__DATA__[ \t\r]*\n")
    if not head_end then
        head_end = ("\n" .. text):find("\n===[ \t]")
        body_start = head_end and head_end - 1
    else
        body_start = body_start - 1
    end
    if not head_end then
        file.blocks = {}
        return file
    end
    local head = text:sub(1, math.max(head_end - 1, 0))
    local _, lines = text:sub(1, body_start):gsub("\n", "")
    preamble(file, head)
    file.blocks = selected(file, parse_blocks(text:sub(body_start + 1), lines + 1))
    return file
end

return M

--- The interactive interpreter: takes lines, evaluates what is complete, prints values.
--
-- Each input runs in a task of its own, so that it may await. Lines that come while one runs wait for their turn.
-- The program calls `start`, `feed`, `interrupt` and `finish`; nothing else does.
-- @module perilune.repl

local inspect = require "perilune.inspect"
local task = require "perilune.task"

local M = {}

local state = { lines = {}, chunk = nil, running = nil, is_ending = false }

local function write(text)
    io.stdout:write(text)
    io.stdout:flush()
end

local function prompt()
    if state.is_terminal and not state.running and not state.is_ending then
        write(state.chunk and ">> " or "> ")
    end
end

-- Compiles `text` as an expression, or as statements. Returns the function; or nil, the error and
-- whether more lines could mend it.
local function compile(text)
    local fn = loadstring("return " .. text:gsub("^%s*=", "", 1), "=stdin")
    if fn then
        return fn
    end
    local err
    fn, err = loadstring(text, "=stdin")
    return fn, err, err ~= nil and err:find("'<eof>'", 1, true) ~= nil
end

local function show_values(n, values)
    if n == 0 then
        return
    end
    local out = {}
    for i = 1, n do
        out[i] = inspect.inspect(values[i])
    end
    write(table.concat(out, "\t") .. "\n")
end

local function traceback(err)
    if type(err) == "string" then
        local text = debug.traceback(err, 2)
        text = text:gsub("\n\t%[C%]: in function 'xpcall'.*$", ""):gsub("\n\t%[builtin.*$", "")
        return (text:gsub("\nstack traceback:$", ""))
    end
    return err
end

local step

local function finished()
    state.running = nil
    prompt()
    step()
end

local function show_error(err)
    io.stdout:flush()
    io.stderr:write(type(err) == "table" and tostring(err) or inspect.inspect(err), "\n")
    finished()
end

local function pack(ok, ...)
    return { ok = ok, n = select("#", ...), ... }
end

local function evaluate(fn)
    state.running = task.spawn(function()
        return pack(xpcall(fn, traceback))
    end)
    state.running:on_realized(function(result)
        if result.ok then
            show_values(result.n, result)
            finished()
        elseif type(result[1]) == "string" then
            io.stdout:flush()
            io.stderr:write(result[1], "\n")
            finished()
        else
            show_error(result[1])
        end
    end, show_error)
end

local function take_line(line)
    local text = state.chunk and state.chunk .. "\n" .. line or line
    if not text:find("%S") then
        prompt()
        return
    end
    local fn, err, is_open = compile(text)
    state.chunk = nil
    if fn then
        evaluate(fn)
    elseif is_open and not (state.is_ending and #state.lines == 0) then
        state.chunk = text
        prompt()
    else
        io.stderr:write(err, "\n")
        prompt()
    end
end

-- Goes on with the lines that wait.
step = function()
    while not state.running and #state.lines > 0 do
        take_line(table.remove(state.lines, 1))
    end
    if state.is_ending and not state.running then
        if state.chunk then
            take_line("")
        end
        state.quit()
    end
end

--- Prints the first prompt.
-- @tparam boolean is_terminal show prompts
-- @tparam function quit called once the end of input was reached and everything was evaluated
function M.start(is_terminal, quit)
    state.is_terminal, state.quit = is_terminal, quit
    if is_terminal then
        write("Perilune on " .. jit.version .. ". Ctrl-D ends.\n")
    end
    prompt()
end

--- Takes one line of input.
-- @tparam string line
function M.feed(line)
    state.lines[#state.lines + 1] = line
    step()
end

--- Ctrl-C: cancels what runs, or drops what was begun.
function M.interrupt()
    write("\n")
    if state.running then
        state.running:cancel("interrupted")
    else
        state.chunk = nil
        prompt()
    end
end

--- The input has ended.
function M.finish()
    state.is_ending = true
    if state.is_terminal then
        write("\n")
        state.lines = {}
        state.quit()
    else
        step()
    end
end

return M

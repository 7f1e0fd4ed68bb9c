--- One request of the client from its first attempt to its response: sending, redirects, authentication, retries.
--
-- A call is a table that the C side tells what happens (`listener`), outside of any task. Nothing here waits: each
-- answer either ends the call or starts the next attempt. `call.d` is the deferred that the user has.

local body_source = require "perilune.http.body_source"
local core = require "perilune.core.client"
local core_task = require "perilune.core.task"
local deferred = require "perilune.deferred"
local digest = require "perilune.http.digest"
local failure = require "perilune.failure"
local proxy = require "perilune.http.proxy"
local redirect = require "perilune.http.redirect"
local response = require "perilune.http.response"
local retry = require "perilune.http.retry"
local status_text = require "perilune.http.status"
local task = require "perilune.task"

local call = {}

local NO_FIELDS = {}

--- The call is over. It lets go of its deferred: C holds on to the call while a body is read, and a response that
-- nobody has any more is to be collected.
local function finish(self, err, res)
    local timer, d = self.timer, self.d
    self.timer, self.d = nil, nil
    if timer then
        timer:stop()
    end
    if err then
        d:error(err)
    else
        d:success(res)
    end
end

--- Everything that is being done for the call stops.
local function stop(self)
    if self.id then
        core.cancel(self.id)
        self.id = nil
    end
    if self.timer then
        self.timer:stop()
    end
    if self.writer then
        self.writer:cancel()
    end
end

-- --- request bodies that are produced while they are sent ---

local function wait_drained(self)
    while true do
        local waits = core.wait_drained(self.id)
        if waits == nil then
            return false
        elseif not waits then
            return true
        end
        self.drained = deferred.deferred()
        deferred.await(self.drained)
    end
end

local function pusher(self, id)
    return function(piece)
        if self.id ~= id or not wait_drained(self) then
            error(failure.new("closed", "the request is over"), 0)
        end
        if type(piece) == "table" then
            local _, err = core.write_file(id, piece.path, piece.offset, piece.length)
            if err then
                error(err, 0)
            end
        elseif piece ~= "" then
            if self.activity then
                self.activity:bytes(">", piece)
            end
            core.write(id, piece)
        end
    end
end

--- What the producer fails with fails the request, unless the response is there already.
local function write_body(self, source)
    local id, stream = self.id, source.stream
    self.writer = task.spawn(function()
        source.write(pusher(self, id))
        if wait_drained(self) then
            core.write(id, "", true)
        end
    end)
    self.writer:on_realized(nil, function(err)
        if stream then
            stream:close()
        end
        if self.id == id and not self.is_answered and self.d then
            core.cancel(id)
            finish(self, failure.new("request_body", "the request's body could not be produced", err))
        end
    end)
end

-- --- attempts ---

local function send(self)
    local u, source = self.url, self.source
    self.is_answered = false
    local target, fields = u.target, self.fields or NO_FIELDS
    if self.proxy then
        target, fields = proxy.absolute(self.proxy, u, fields)
    end
    local host = not self.has_host and u.authority or ""
    if self.activity then
        self.activity:request(self.method, target, host, fields, source and source.core)
    end
    local id, err = core.send(self.pool.core, self.key or u.key, self.way or u, self, self.method, target, host, fields,
        source and source.core, self.core_options)
    if not id then
        finish(self, err)
        return
    end
    self.id = id
    if source and source.write then
        write_body(self, source)
    end
end

--- Starts an attempt, now or in `seconds`.
local function again(self, seconds)
    if not seconds or seconds <= 0 then
        send(self)
        return
    end
    self.timer = core_task.timer(seconds, function()
        self.timer = nil
        send(self)
    end)
end

--- Is the status one that the caller wants to see as an error?
local function is_exceptional(o, status)
    if o.throw_exceptions == false then
        return false
    end
    local unexceptional = o.unexceptional_status
    if type(unexceptional) == "function" then
        return not unexceptional(status)
    elseif unexceptional then
        for _, s in ipairs(unexceptional) do
            if s == status then
                return false
            end
        end
        return true
    end
    return status >= 400
end

local function deliver(self, res)
    local o = self.options
    if res.status == 416 and o.as == "file" and o.resume then
        require("perilune.http.download").finish_whole(self, res, finish)
    elseif is_exceptional(o, res.status) then
        local err = failure.new("status", ("%d %s from %s"):format(res.status, status_text(res.status), self.url_text))
        err.status, err.response = res.status, res
        finish(self, err)
    elseif self.coerce then
        self.coerce(self, res, finish)
    else
        finish(self, nil, res)
    end
end

--- An answer whose body is to be followed by another attempt is dropped.
local function drop(self, res)
    res:close()
    if self.writer then
        self.writer:cancel()
        self.writer = nil
    end
end

--- What the head of an answer leads to, other than the end of the call: true when another attempt was started.
local function goes_on(self, res)
    local o = self.options
    local step, err
    if res.status == 401 and o.digest_auth then
        step = digest.answer(self, res)
    end
    if not step and res.status >= 300 and res.status < 400 and o.follow_redirects ~= false then
        step, err = redirect.follow(self, res)
    end
    if err then
        res:close()
        finish(self, err)
        return true
    elseif step then
        drop(self, res)
        again(self)
        return true
    end
    local delay = self.retry and retry.after_answer(self, res)
    if delay then
        drop(self, res)
        again(self, delay)
    end
    return delay ~= nil
end

local events = {}

function events.head(self, status, head, body)
    local res = response.new(self, status, head, body)
    self.is_answered = true
    if self.activity then
        self.activity:head(head)
        self.activity:bytes("<", body or "")
    end
    if self.options.cookie_store then
        self.options.cookie_store:take(self.url, res.headers)
    end
    if (status >= 300 or self.retry) and goes_on(self, res) then
        return
    end
    res.request_time = core_task.clock() - self.started
    if self.trace then
        res.trace_redirects = self.trace
    end
    if self.options.save_request then
        local sent = self.options.debug_body and self.source and self.source.core
        res.request = { method = self.method, url = self.url_text, headers = self.fields,
            body = type(sent) == "string" and sent or nil }
    end
    deliver(self, res)
end

function events.failed(self, err)
    if self.writer then
        self.writer:cancel()
    end
    if self.activity then
        self.activity:line("*", tostring(err))
    end
    if not self.d then
        return
    end
    local delay = self.retry and retry.after_failure(self, err)
    if delay then
        again(self, delay)
    else
        finish(self, err)
    end
end

function events.body(self)
    local fn = self.on_body
    self.on_body = nil
    if fn then
        fn()
    end
end

function events.drained(self)
    if self.drained then
        self.drained:success(true)
    end
end

function events.inform(self, status, head)
    local fn = self.options.on_informational
    if self.activity then
        self.activity:head(("HTTP/1.1 %d\r\n"):format(status) .. head:gsub("^[^\r\n]*\r\n", "", 1))
    end
    if fn then
        fn(status, response.headers_of(head))
    end
end

core.listen(function(self, event, a, b, c)
    events[event](self, a, b, c)
end)

--- Starts a prepared call.
-- @tparam table self `url url_text method fields source options pool core_options coerce`
-- @treturn deferred of the response
function call.start(self)
    self.started = core_task.clock()
    local d = deferred.deferred(function()
        if self.activity then
            self.activity:line("*", "cancelled")
        end
        stop(self)
        self.d = nil
    end)
    d.is_personal = true -- a task that is cancelled while it alone waits stops the request, too
    self.d = d
    if self.retry and not body_source.is_replayable(self.source) then
        self.retry = nil
    end
    send(self)
    return d
end

return call

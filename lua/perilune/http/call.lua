--- One request of the client from its first attempt to its response: sending, redirects, authentication, retries.
--
-- A call is a table that the C side tells what happens (`listener`), outside of any task. Nothing here waits: each
-- answer either ends the call or starts the next attempt. `call.d` is the deferred that the user has.

local body_source = require "perilune.http.body_source"
local core = require "perilune.core.client"
local core_task = require "perilune.core.task"
local deadline = require "perilune.http.deadline"
local deferred = require "perilune.deferred"
local deferred_core = require "perilune.deferred.core"
local digest = require "perilune.http.digest"
local failure = require "perilune.failure"
local options = require "perilune.options"
local pool = require "perilune.http.pool"
local proxy = require "perilune.http.proxy"
local redirect = require "perilune.http.redirect"
local response = require "perilune.http.response"
local retry = require "perilune.http.retry"
local status_text = require "perilune.http.status"
local sys = require "perilune.core.sys"
local task = require "perilune.task"
local timers = require "perilune.timers"

local PENDING, SUCCESS, ERROR = deferred_core.PENDING, deferred_core.SUCCESS, deferred_core.ERROR
local STATE = 1

local call = {}

local NO_FIELDS = {}

--- The call is over. It lets go of its deferred: C holds on to the call while a body is read, and a response that
-- nobody has any more is to be collected.
local function finish(self, err, res)
    local timer, d = self.timer, self.d
    self.d = nil
    if timer then
        timer:stop()
        self.timer = nil
    end
    if d[STATE] == PENDING then
        deferred_core.settle(d, err and ERROR or SUCCESS, err or res)
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
    if self.cache then
        local is_answered
        is_answered, fields = self.cache:before(self, fields)
        if is_answered then
            return
        end
    end
    if self.proxy then
        target, fields = proxy.absolute(self.proxy, u, fields)
    end
    local host = not self.has_host and u.authority or ""
    if self.activity then
        self.activity:request(self.method, target, host, fields, source and source.core)
    end
    local id, err = core.send(self.pool.core, self.key or u.key, self.way or u, self, self.method, target, host, fields,
        source and source.core or nil, self.core_options)
    if not id then
        finish(self, err)
        return
    end
    self.id = id
    if source and source.write then
        write_body(self, source)
    end
end

--- Another attempt has what is left of the time.
local function attempt(self)
    self.core_options = deadline.within(self.core_options, self.deadline)
    send(self)
end

--- Starts another attempt, now or in `seconds`.
local function again(self, seconds)
    if deadline.left(self.deadline) <= (seconds or 0) then
        finish(self, deadline.failure())
        return
    end
    if not seconds or seconds <= 0 then
        attempt(self)
        return
    end
    self.timer = core_task.timer(seconds, function()
        self.timer = nil
        attempt(self)
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
    local is_in_time = delay ~= nil and delay < deadline.left(self.deadline)
    if is_in_time then
        drop(self, res)
        again(self, delay)
    end
    return is_in_time
end

local events = {}

--- Passes an answer by the cache. True: the call will be answered otherwise.
local function ask_cache(self, res, status, head, body)
    local is_answered, collect = self.cache:after_head(self, status, head, body)
    self.collect = collect
    if is_answered then
        res:close()
    end
    return is_answered
end

function events.head(self, status, head, body, trailers, is_stored)
    local res = response.new(self, status, head, body, trailers)
    self.is_answered = true
    if self.activity then
        self.activity:head(head)
        self.activity:bytes("<", body or "")
    end
    if self.options.cookie_store and not is_stored then
        self.options.cookie_store:take(self.url, res.headers)
    end
    if self.cache and not is_stored and ask_cache(self, res, status, head, body) then
        return
    end
    if self.cache_status then
        res.cache_status = self.cache_status
    end
    if (status >= 300 or self.retry) and goes_on(self, res) then
        return
    end
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
    if not self.d or self.cache and self.cache:after_failure(self) then
        return
    end
    local delay = self.retry and retry.after_failure(self, err)
    local left = deadline.left(self.deadline)
    if delay and delay < left then
        again(self, delay)
    else
        finish(self, left <= 0 and deadline.failure(err) or err)
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

--- A function of the user's has failed (`unexceptional_status`, `on_informational`, a store): so has the call, which
-- would never be answered otherwise.
local function on_user_error(self, err)
    if self.d then
        stop(self)
        finish(self, err)
    else
        sys.log("error", "http client: " .. tostring(err))
    end
end

core.listen(function(self, event, a, b, c, d)
    local ok, err = pcall((self.events or events)[event], self, a, b, c, d)
    if not ok then
        on_user_error(self, err)
    end
end)

-- --- for the cache ---

--- Answers the call with what is stored, on a later turn.
local function answer(self, status, head, body)
    deferred._later(function()
        if self.d then
            if self.activity then
                self.activity:line("*", "from the cache: " .. self.cache_status)
            end
            events.head(self, status, head, body, nil, true)
        end
    end)
end

-- --- life ---

--- The work behind a deferred is given up: the response is not wanted any more.
local function abandon(self)
    if self.activity then
        self.activity:line("*", "cancelled")
    end
    stop(self)
    self.d = nil
end

--- A call. All fields that it usually has are named here, so that its table never grows.
-- @tparam table o options
-- @tparam table u of `url.parse`
-- @tparam string method
-- @tparam table fields flat array
-- @treturn table to which `source core_options coerce cache has_host`, `retry key way proxy activity` may be added
function call.new(o, u, method, fields)
    return {
        options = o, url = u, method = method, fields = fields, pool = o.pool or pool.default(), url_text = u.url,
        first_origin = u.origin, started = timers.now(), deadline = deadline.of(o), abandon = abandon,
        d = false, id = false, is_answered = false, source = false, core_options = false,
        coerce = false, cache = false, has_host = false,
    }
end

--- Sends the same once more for the cache's sake.
local function again_for_cache(self)
    local options_of_core = type(self.core_options) == "table" and self.core_options or nil
    local other = call.new({ decompress = self.options.decompress, follow_redirects = false, throw_exceptions = false,
        pool = self.pool }, self.url, self.method, self.fields)
    other.url_text, other.has_host, other.cache, other.must_validate = self.url_text, self.has_host, self.cache, true
    other.key, other.way, other.proxy = self.key, self.way, self.proxy
    other.core_options = options.together(options_of_core, { collect = true, most = self.cache.max_entry_size })
    return call.start(other)
end

--- Starts a call.
-- @tparam table self of `call.new`
-- @treturn deferred of the response
function call.start(self)
    if self.cache then
        self.answer, self.again_for_cache, self.resend = answer, again_for_cache, again
    end
    local d = deferred_core.new(self)
    self.d = d
    if self.retry and not body_source.is_replayable(self.source) then
        self.retry = nil
    end
    send(self)
    return d
end

return call

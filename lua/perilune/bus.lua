--- An event bus: messages by topic, to whoever has subscribed.
--
--     local s = bus.subscribe("room.*")          for message in s:each() do … end
--     bus.publish("room.lobby", { text = "hello" })                       to subscribers in this worker
--     bus.publish("room.lobby", { text = "hello" }, { scope = "all" })    to those in every worker
--
-- A subscription is a stream; closing it ends it. Its buffer says what happens when it is slow: a plain one makes
-- `publish`'s deferred wait, `stream.sliding(n)` and `stream.dropping(n)` lose messages instead. Messages to all
-- workers travel as strings through shared memory (perilune.core.bus): the publisher does not wait for anybody, and a
-- subscriber that leaves more than MAX_PENDING of them untaken loses the newest, which `stats` counts, as it counts
-- what a worker that lagged lost.
--
-- Topics are compared as Lua compares; in strings, parts are separated by dots, and a subscription may have `*` for
-- one part and `**` at the end for any number of them.

local check_options = require("perilune.options").check
local argument = require "perilune.argument"
local deferred = require "perilune.deferred"
local stream = require "perilune.stream"
local transport = require "perilune.core.bus"

local success = deferred.success_deferred
local TRUE, FALSE = success(true), success(false)

local CACHED_TOPICS = 4096

local Bus = {}
local mt = { __index = Bus, __name = "bus" }

local function check_topic(topic, what)
    if topic == nil or topic ~= topic then
        argument.bad("topic", what, "a value expected", 3)
    end
end

--- The Lua pattern of a topic with wildcards; nil when it has none.
local function pattern_of(topic)
    if type(topic) ~= "string" or not topic:find("*", 1, true) then
        return nil
    end
    local parts = {}
    for part in (topic .. "."):gmatch("(.-)%.") do
        if part == "**" then
            parts[#parts + 1] = ".+"
        elseif part == "*" then
            parts[#parts + 1] = "[^.]+"
        else
            parts[#parts + 1] = (part:gsub("%p", "%%%0"))
        end
    end
    return "^" .. table.concat(parts, "%.") .. "$"
end

local function forget_matches(self)
    self.matches, self.n_matches = {}, 0
end

--- Subscriptions that a message of this topic goes to.
local function matching(self, topic)
    local found = self.matches[topic]
    if found then
        return found
    end
    found = {}
    for _, sub in ipairs(self.subscriptions) do
        if sub.topic == topic or sub.pattern and type(topic) == "string" and topic:find(sub.pattern) then
            found[#found + 1] = sub.stream
        end
    end
    if self.n_matches >= CACHED_TOPICS then
        forget_matches(self)
    end
    self.matches[topic], self.n_matches = found, self.n_matches + 1
    return found
end

local function unsubscribe(self, sub)
    for i, other in ipairs(self.subscriptions) do
        if other == sub then
            table.remove(self.subscriptions, i)
            break
        end
    end
    forget_matches(self)
    if #self.subscriptions == 0 and self.on_last then
        self.on_last()
    end
end

local SUBSCRIBE = { capacity = "number", stream = "table" }

--- Subscribes to a topic.
-- @param topic any value; a string may have wildcards
-- @tparam[opt] table options `capacity` of the subscription's stream (0), or a `stream` made for it
-- @treturn stream
function Bus:subscribe(topic, options)
    check_topic(topic, "subscribe")
    options = check_options(options, SUBSCRIBE, "subscribe", 2)
    local s = options.stream or self.make_stream(topic, options.capacity)
    local sub = { topic = topic, pattern = pattern_of(topic), stream = s }
    if sub.pattern then
        sub.topic = nil
    end
    sub.name = topic
    self.subscriptions[#self.subscriptions + 1] = sub
    forget_matches(self)
    if self.on_first then
        self.on_first()
    end
    s:on_closed(function()
        unsubscribe(self, sub)
    end)
    return s:source_only()
end

local function to_true()
    return true
end

--- Sends a message to the subscribers in this worker.
-- @treturn deferred true once all have accepted it, false when there is none
function Bus:publish(topic, message)
    check_topic(topic, "publish")
    if message == nil then
        argument.bad("message", "publish", "nil cannot be a message")
    end
    local subscribers, waiting = matching(self, topic), nil
    for i = 1, #subscribers do
        local d = subscribers[i]:put(message)
        if not d:is_realized() or d:error_value() ~= nil then
            waiting = waiting or {}
            waiting[#waiting + 1] = d
        end
    end
    if waiting then
        return deferred.zip_all(unpack(waiting)):chain(to_true)
    end
    return #subscribers > 0 and TRUE or FALSE
end

--- Has the topic subscribers in this worker?
-- @treturn boolean
function Bus:active(topic)
    check_topic(topic, "active")
    return #matching(self, topic) > 0
end

--- What is subscribed to in this worker, each topic or pattern once.
-- @treturn table array
function Bus:topics()
    local seen, list = {}, {}
    for _, sub in ipairs(self.subscriptions) do
        if not seen[sub.name] then
            seen[sub.name] = true
            list[#list + 1] = sub.name
        end
    end
    return list
end

--- The streams in this worker that a message of this topic goes to.
-- @treturn table array
function Bus:downstream(topic)
    check_topic(topic, "downstream")
    return { unpack(matching(self, topic)) }
end

local function make_stream(_, capacity)
    return stream.stream(capacity)
end

local function new_bus(make)
    local self = setmetatable({ subscriptions = {}, make_stream = make or make_stream }, mt)
    forget_matches(self)
    return self
end

-- ---------------------------------------------------------------------------------------------------------------------
-- The bus of the process, which reaches other workers

local bus = {}
local default = new_bus()
local counts = { sent = 0, received = 0, dropped = 0 }

local codec

local function find_codec()
    codec = codec or require "string.buffer"
    return codec
end

local function on_message(topic, data)
    local subscribers = matching(default, topic)
    if #subscribers == 0 then
        return
    end
    local message = find_codec().decode(data)
    counts.received = counts.received + 1
    for i = 1, #subscribers do
        if subscribers[i]:put(message):error_value() ~= nil then
            counts.dropped = counts.dropped + 1
        end
    end
end

local is_listening = false

function default.on_first()
    if not is_listening then
        is_listening = transport.listen(on_message, bus.CHANNEL)
    end
end

function default.on_last()
    if is_listening then
        is_listening = false
        transport.unlisten(bus.CHANNEL)
    end
end

--- The channel of the transport that topics use.
bus.CHANNEL = 0

--- A bus of its own, inside this worker.
-- @tparam[opt] function make_stream called with the topic and the capacity asked for: the stream of a subscription
-- @treturn bus with the methods `subscribe publish active topics downstream`
function bus.new(make)
    argument.check_optional(make, "function", "make_stream", "bus.new")
    return new_bus(make)
end

local function publish_to_all(topic, message)
    if type(topic) ~= "string" then
        argument.bad("topic", "publish", "a string expected for scope 'all'", 3)
    elseif message == nil then
        argument.bad("message", "publish", "nil cannot be a message", 3)
    end
    local can_go, data = pcall(find_codec().encode, message)
    if not can_go then
        argument.bad("message", "publish", data, 3)
    end
    local ok, err = transport.publish(topic, data, bus.CHANNEL)
    if not ok then
        return deferred.error_deferred(err)
    end
    counts.sent = counts.sent + 1
    return TRUE
end

local PUBLISH, SCOPES = { scope = "string" }, { worker = true, all = true }

--- Sends a message to subscribers.
-- @tparam string topic
-- @param message for scope "all" what string.buffer can encode: strings, numbers, booleans, tables of them
-- @tparam[opt] table options `scope`: "worker" (the default) or "all", every worker of the server
-- @treturn deferred "worker": true once all have accepted it, false when there is none; "all": true once it is sent
function bus.publish(topic, message, options)
    local scope = options and check_options(options, PUBLISH, "publish", 2).scope or "worker"
    if not SCOPES[scope] then
        error("bad option 'scope' of publish ('worker' or 'all' expected)", 2)
    elseif scope == "all" then
        return publish_to_all(topic, message)
    end
    return default:publish(topic, message)
end

--- Subscribes to a topic: what is published in this worker, or in any with scope "all".
-- @treturn stream
function bus.subscribe(topic, options)
    return default:subscribe(topic, options)
end

function bus.active(topic)
    return default:active(topic)
end

function bus.topics()
    return default:topics()
end

function bus.downstream(topic)
    return default:downstream(topic)
end

--- Counts of this worker: `subscriptions`, `sent` and `received` with scope "all", `dropped` because a subscriber
-- left too many untaken, `lost` because the worker lagged.
-- @treturn table
function bus.stats()
    local lost = is_listening and transport.stats().lost or 0
    return { subscriptions = #default.subscriptions, sent = counts.sent, received = counts.received,
        dropped = counts.dropped, lost = lost }
end

return bus

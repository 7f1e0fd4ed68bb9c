--- `resty.limit.traffic`: several limiters that all have to agree.

local traffic = { _VERSION = "0.09" }

local function take_back(limiters, keys, first, last)
    for i = first, last do
        local ok, err = limiters[i]:uncommit(keys[i])
        if not ok then
            return nil, err
        end
    end
    return true
end

--- A request counts with all limiters, or with none.
-- @tparam table limiters objects of resty.limit.*
-- @tparam table keys one for each of them
-- @tparam[opt] table states filled with what each of them says besides the delay
-- @treturn number|nil the longest delay, in seconds; nil and "rejected" or an error
function traffic.combine(limiters, keys, states)
    local n, longest = #limiters, 0
    -- all but the last one are only asked; then they are told
    for i = 1, n do
        local delay, state = limiters[i]:incoming(keys[i], i == n)
        if not delay then
            return nil, state
        end
        longest = math.max(longest, delay)
        if states then
            states[i] = state
        end
    end
    for i = 1, n - 1 do
        local delay, state = limiters[i]:incoming(keys[i], true)
        if not delay then
            local ok, err = take_back(limiters, keys, 1, i - 1)
            if ok then
                ok, err = take_back(limiters, keys, n, n)
            end
            return nil, ok and state or err
        end
        longest = math.max(longest, delay)
    end
    return longest
end

return traffic

--- Xforms: what becomes of values, without a stream for each step. They compose, and serve any stream:
--
--     local x = xform.compose(xform.filter(is_even), xform.map(double), xform.take(3))
--     stream.stream(10, { xform = x })      s:transform(x)
--
-- An xform is a function of `emit(value)`, which hands a value on, that returns `step(value)` and perhaps `last()`.
-- `step` is called for each value and returns true once no more are wanted; `last` is called once at the end and may
-- still emit. To add one, write such a function.

local xform = {}

--- Runs xforms one after the other; the first sees the values first.
-- @param ... xforms
-- @treturn xform
function xform.compose(...)
    local all = { ... }
    return function(emit)
        local steps, lasts, n = {}, {}, #all
        local is_over = false
        for i = n, 1, -1 do
            local next_step = steps[i + 1]
            steps[i], lasts[i] = all[i](next_step and function(v)
                if next_step(v) then
                    is_over = true
                end
            end or emit)
        end
        return function(v)
            return steps[1](v) or is_over
        end, function()
            for i = 1, n do
                if lasts[i] then
                    lasts[i]()
                end
            end
        end
    end
end

--- `fn(value)` in each value's place; nil drops it.
function xform.map(fn)
    return function(emit)
        return function(v)
            local result = fn(v)
            if result ~= nil then
                emit(result)
            end
        end
    end
end

--- The values for which `fn(value)` is true.
function xform.filter(fn)
    return function(emit)
        return function(v)
            if fn(v) then
                emit(v)
            end
        end
    end
end

--- The elements of the array that `fn(value)` returns.
function xform.mapcat(fn)
    return function(emit)
        return function(v)
            local values = fn(v)
            for i = 1, #values do
                emit(values[i])
            end
        end
    end
end

--- The first `n` values, then the end.
function xform.take(n)
    return function(emit)
        local left = n
        return function(v)
            if left > 0 then
                left = left - 1
                emit(v)
            end
            return left <= 0
        end
    end
end

--- All but the first `n` values.
function xform.drop(n)
    return function(emit)
        local left = n
        return function(v)
            if left > 0 then
                left = left - 1
            else
                emit(v)
            end
        end
    end
end

--- The values up to the first for which `fn(value)` is not true; then the end.
function xform.take_while(fn)
    return function(emit)
        local is_over = false
        return function(v)
            is_over = is_over or not fn(v)
            if not is_over then
                emit(v)
            end
            return is_over
        end
    end
end

--- All values from the first for which `fn(value)` is not true.
function xform.drop_while(fn)
    return function(emit)
        local has_begun = false
        return function(v)
            has_begun = has_begun or not fn(v)
            if has_begun then
                emit(v)
            end
        end
    end
end

--- Arrays of `n` values; the last one may be shorter.
function xform.partition_all(n)
    return function(emit)
        local part = {}
        return function(v)
            part[#part + 1] = v
            if #part == n then
                local whole = part
                part = {}
                emit(whole)
            end
        end, function()
            if #part > 0 then
                emit(part)
            end
        end
    end
end

--- Values that are not equal to the one before.
function xform.dedupe()
    return function(emit)
        local before
        return function(v)
            if v ~= before then
                before = v
                emit(v)
            end
        end
    end
end

return xform

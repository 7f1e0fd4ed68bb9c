--- The answer of the full-stack scenario: about 2 KB of JSON, made of the request's note.

local notes = {}

--- A table to encode.
-- @tparam table note decoded body of the request
-- @tparam number visits of the session
-- @treturn table
function notes.page(note, visits)
    local items = {}
    for i = 1, 12 do
        items[i] = { id = note.page * 12 + i, title = note.title .. " " .. i, text = note.text, tags = note.tags,
            changed = 1700000000 + i, done = i % 3 == 0 }
    end
    return { page = note.page, visits = visits, total = 144, items = items }
end

return notes

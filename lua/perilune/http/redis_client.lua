--- The client of Redis with which a part of the kit keeps what it has been told to.
-- @tparam any db the option `redis`
-- @tparam[opt] string who wants it, before the text of the error
-- @treturn client of perilune.redis; an error when it is none
return function(db, who)
    if type(db) ~= "table" or (getmetatable(db) or {}).__name ~= "redis client" then
        error(("%soption 'redis' must be a client of perilune.redis"):format(who and who .. ": " or ""), 0)
    end
    return db
end

--- HTTP dates as seconds since 1970: the three forms of RFC 9110 section 5.6.7, and what cookies make of them (RFC 6265
-- section 5.1.1, whose algorithm reads all of them).

local MONTHS = { jan = 1, feb = 2, mar = 3, apr = 4, may = 5, jun = 6, jul = 7, aug = 8, sep = 9, oct = 10, nov = 11,
    dec = 12 }
local LENGTHS = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 }
local FIRST_YEAR = 1601

--- What stands between the words of a date.
local WORD = "[^\t\32-\47\59-\64\91-\96\123-\126]+"

--- Days from 1970-01-01 to a date of the Gregorian calendar.
local function days(y, m, d)
    y = m <= 2 and y - 1 or y
    local era = math.floor(y / 400)
    local yoe = y - era * 400
    local doy = math.floor((153 * (m + (m > 2 and -3 or 9)) + 2) / 5) + d - 1
    return era * 146097 + yoe * 365 + math.floor(yoe / 4) - math.floor(yoe / 100) + doy - 719468
end

--- A number of so many digits at the beginning of a word; what follows must be no digit.
local function number(word, pattern)
    return tonumber((word:match("^(" .. pattern .. ")%f[%D]")))
end

--- Takes a word for the first thing that it may be and that has not been seen yet.
local function read(found, word)
    local h, min, s = word:match("^(%d%d?):(%d%d?):(%d%d?)%f[%D]")
    if h and not found.hour then
        found.hour, found.min, found.sec = tonumber(h), tonumber(min), tonumber(s)
        return
    end
    local day = not found.day and number(word, "%d%d?")
    local month = not found.month and MONTHS[word:sub(1, 3):lower()]
    local year = not found.year and number(word, "%d%d%d?%d?")
    if day then
        found.day = day
    elseif month then
        found.month = month
    elseif year then
        found.year = year < 70 and year + 2000 or year < 100 and year + 1900 or year
    end
end

local function length_of(year, month)
    local is_leap = year % 4 == 0 and (year % 100 ~= 0 or year % 400 == 0)
    return month == 2 and is_leap and 29 or LENGTHS[month]
end

--- Reads a date leniently: a time, a day, a month and a year in any order.
-- @tparam string text
-- @treturn number seconds, or nil
return function(text)
    local found = {}
    for word in text:gmatch(WORD) do
        read(found, word)
    end
    local day, month, year, hour = found.day, found.month, found.year, found.hour
    if not (day and month and year and hour) or year < FIRST_YEAR or day < 1 or day > length_of(year, month)
        or hour > 23 or found.min > 59 or found.sec > 60 then
        return nil
    end
    return days(year, month, day) * 86400 + hour * 3600 + found.min * 60 + found.sec
end

--- HTTP dates as seconds since 1970: the three forms of RFC 9110 section 5.6.7, and what cookies make of them (RFC 6265
-- section 5.1.1).

local MONTHS = { jan = 1, feb = 2, mar = 3, apr = 4, may = 5, jun = 6, jul = 7, aug = 8, sep = 9, oct = 10, nov = 11,
    dec = 12 }

--- Days from 1970-01-01 to a date of the Gregorian calendar.
local function days(y, m, d)
    y = m <= 2 and y - 1 or y
    local era = math.floor(y / 400)
    local yoe = y - era * 400
    local doy = math.floor((153 * (m + (m > 2 and -3 or 9)) + 2) / 5) + d - 1
    return era * 146097 + yoe * 365 + math.floor(yoe / 4) - math.floor(yoe / 100) + doy - 719468
end

--- Reads a date leniently: a time, a day, a month and a year in any order.
-- @tparam string text
-- @treturn number seconds, or nil
return function(text)
    local h, min, s = text:match("(%d%d?):(%d%d):(%d%d)")
    local month = MONTHS[(text:lower():match("[%s%-](%a%a%a)%a*[%s%-]") or "")]
    local rest = text:gsub("%d%d?:%d%d:%d%d", " ")
    local year = tonumber(rest:match("%d%d%d%d") or rest:match("%-(%d%d)%s") or "")
    local day = tonumber(rest:match("^%D*(%d%d?)%D") or "")
    if not (h and month and year and day) or day > 31 or tonumber(h) > 23 then
        return nil
    elseif year < 100 then
        year = year + (year < 70 and 2000 or 1900)
    end
    return days(year, month, day) * 86400 + tonumber(h) * 3600 + tonumber(min) * 60 + tonumber(s)
end

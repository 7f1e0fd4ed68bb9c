--- Is `text` a token (RFC 9110 section 5.6.2), as names of fields, of cookies and of parameters are?
-- @param text
-- @treturn boolean
return function(text)
    return type(text) == "string" and text:find("^[%w!#$%%&'*+%-.^_`|~]+$") ~= nil
end

--- OCSP: asking whether a certificate is revoked, and stapling the answer in ssl_certificate_by_lua.
--
-- A chain is a DER string as ngx.ssl.cert_pem_to_der makes it: the certificate, then its issuer.

local core = require "perilune.core.ssl"

local ocsp = { version = "0.1" }

--- The URL of the responder that the certificate names; nil when it names none.
-- @tparam string chain
-- @tparam[opt] number longest of the URL; what is beyond is cut off
-- @treturn ?string
-- @treturn ?string error, or "truncated"
function ocsp.get_ocsp_responder_from_der_chain(chain, longest)
    local url, err = core.ocsp_responder(chain)
    if url and longest and #url > longest then
        return url:sub(1, longest), "truncated"
    end
    return url, err
end

--- The request to be sent to a responder, by POST as application/ocsp-request.
-- @tparam string chain
-- @tparam[opt] number longest
-- @treturn ?string
-- @treturn ?string error
function ocsp.create_ocsp_request(chain, longest)
    local request, err = core.ocsp_request(chain)
    if request and longest and #request > longest then
        return nil, "output buffer too small: " .. #request .. " > " .. longest
    end
    return request, err
end

--- Is it a response that the issuer, or whom it has charged with that, has signed, valid now, and good?
-- @tparam string response
-- @tparam string chain
-- @tparam[opt] number longest of an error
-- @treturn ?boolean true
-- @treturn ?number|string when there will be a newer one, in seconds since 1970; or the error
function ocsp.validate_ocsp_response(response, chain, longest)
    local ok, more = core.ocsp_check(response, chain)
    if not ok and longest then
        more = more:sub(1, longest)
    end
    return ok, more
end

--- Shows the response to the client.
-- @tparam string response
-- @treturn ?boolean true
-- @treturn ?string "no status req" when the client has not asked for it; or the error
function ocsp.set_ocsp_status_resp(response)
    local is_asked, err = core.ocsp_staple(response)
    if is_asked == nil then
        return nil, err
    end
    return true, not is_asked and "no status req" or nil
end

return ocsp

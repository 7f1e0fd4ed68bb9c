--- The C functions behind ngx.ssl and its kind (src/app/tls/ffi_nginx_ssl.h), and what their callers share.

local ffi = require "ffi"
local context = require "ngx.api.context"
local base = require "resty.core.base"

ffi.cdef [[
int ngx_http_lua_ffi_cert_pem_to_der(const unsigned char *pem, size_t n, unsigned char *der, char **err);
int ngx_http_lua_ffi_priv_key_pem_to_der(const unsigned char *pem, size_t n, const unsigned char *passphrase,
    unsigned char *der, char **err);
void *ngx_http_lua_ffi_parse_pem_cert(const unsigned char *pem, size_t n, char **err);
void *ngx_http_lua_ffi_parse_der_cert(const char *der, size_t n, char **err);
void *ngx_http_lua_ffi_parse_pem_priv_key(const unsigned char *pem, size_t n, char **err);
void *ngx_http_lua_ffi_parse_der_priv_key(const char *der, size_t n, char **err);
void ngx_http_lua_ffi_free_cert(void *chain);
void ngx_http_lua_ffi_free_priv_key(void *key);
int ngx_http_lua_ffi_ssl_clear_certs(ngx_http_request_t *r, char **err);
int ngx_http_lua_ffi_ssl_set_der_certificate(ngx_http_request_t *r, const char *der, size_t n, char **err);
int ngx_http_lua_ffi_ssl_set_der_private_key(ngx_http_request_t *r, const char *der, size_t n, char **err);
int ngx_http_lua_ffi_set_cert(ngx_http_request_t *r, void *chain, char **err);
int ngx_http_lua_ffi_set_priv_key(ngx_http_request_t *r, void *key, char **err);
int ngx_http_lua_ffi_ssl_verify_client(ngx_http_request_t *r, void *named, void *trusted, int depth, char **err);
int ngx_http_lua_ffi_ssl_raw_server_addr(ngx_http_request_t *r, char **addr, size_t *n, int *type, char **err);
int ngx_http_lua_ffi_ssl_raw_client_addr(ngx_http_request_t *r, char **addr, size_t *n, int *type, char **err);
int ngx_http_lua_ffi_ssl_server_port(ngx_http_request_t *r, unsigned short *port, char **err);
int ngx_http_lua_ffi_ssl_server_name(ngx_http_request_t *r, char **name, size_t *n, char **err);
int ngx_http_lua_ffi_ssl_get_tls1_version(ngx_http_request_t *r, char **err);
int ngx_http_lua_ffi_ssl_client_random(ngx_http_request_t *r, unsigned char *out, size_t *n, char **err);
int ngx_http_lua_ffi_ssl_server_random(ngx_http_request_t *r, unsigned char *out, size_t *n, char **err);
int ngx_http_lua_ffi_ssl_session_master_key(ngx_http_request_t *r, unsigned char *out, size_t *n, char **err);
int ngx_http_lua_ffi_ssl_export_keying_material(ngx_http_request_t *r, unsigned char *out, size_t size,
    const char *label,
    size_t label_n, const unsigned char *context, size_t context_n, int has_context, char **err);
int ngx_http_lua_ffi_ssl_export_keying_material_early(ngx_http_request_t *r, unsigned char *out, size_t size,
    const char *label,
    size_t label_n, const unsigned char *context, size_t context_n, char **err);
int ngx_http_lua_ffi_req_shared_ssl_ciphers(ngx_http_request_t *r, unsigned short *ciphers, unsigned short *n,
    int without_grease,
    char **err);
void *ngx_http_lua_ffi_get_req_ssl_pointer(ngx_http_request_t *r, char **err);
void *ngx_http_lua_ffi_get_upstream_ssl_pointer(ngx_http_request_t *r, char **err);
int ngx_http_lua_ffi_ssl_get_client_hello_server_name(ngx_http_request_t *r, const char **name, size_t *n, char **err);
int ngx_http_lua_ffi_ssl_get_client_hello_ext(ngx_http_request_t *r, unsigned int type, const unsigned char **out,
    size_t *n,
    char **err);
int ngx_http_lua_ffi_ssl_get_client_hello_ext_present(ngx_http_request_t *r, int **out, size_t *n, char **err);
int ngx_http_lua_ffi_ssl_get_client_hello_ciphers(ngx_http_request_t *r, unsigned short *out, size_t most, char **err);
int ngx_http_lua_ffi_ssl_set_protocols(ngx_http_request_t *r, int protocols, char **err);
int ngx_http_lua_ffi_proxy_ssl_clear_certs(ngx_http_request_t *r, char **err);
int ngx_http_lua_ffi_proxy_ssl_set_der_certificate(ngx_http_request_t *r, const char *der, size_t n, char **err);
int ngx_http_lua_ffi_proxy_ssl_set_der_private_key(ngx_http_request_t *r, const char *der, size_t n, char **err);
int ngx_http_lua_ffi_proxy_ssl_set_cert(ngx_http_request_t *r, void *chain, char **err);
int ngx_http_lua_ffi_proxy_ssl_set_priv_key(ngx_http_request_t *r, void *key, char **err);
int ngx_http_lua_ffi_proxy_ssl_get_tls1_version(ngx_http_request_t *r, char **err);
int ngx_http_lua_ffi_proxy_ssl_get_verify_result(ngx_http_request_t *r, char **err);
int ngx_http_lua_ffi_proxy_ssl_set_verify_result(ngx_http_request_t *r, int result, char **err);
void *ngx_http_lua_ffi_proxy_ssl_get_verify_cert(ngx_http_request_t *r, char **err);
void ngx_http_lua_ffi_proxy_ssl_free_verify_cert(void *x509);
]]

local tls = {
    C = ffi.C,
    --- Where functions leave the text of a failure, sizes and pointers.
    message = base.get_errmsg_ptr(),
    size = base.get_size_ptr(),
    pointer = ffi.new "char *[1]",
    bytes = ffi.new "const unsigned char *[1]",
}

--- Names of versions by TLS's numbers.
tls.versions = {
    [0x0300] = "SSLv3", [0x0301] = "TLSv1", [0x0302] = "TLSv1.1", [0x0303] = "TLSv1.2", [0x0304] = "TLSv1.3",
}

--- The text of the last failure.
function tls.why()
    return ffi.string(tls.message[0])
end

--- What a function that answers nothing has come to: true; or nil and the error.
function tls.done(rc)
    if rc == 0 then
        return true
    end
    return nil, tls.why()
end

--- The bytes that a function has pointed to; nil; or nil and the error.
function tls.text(rc, pointer)
    if rc == 0 then
        return ffi.string(pointer[0], tls.size[0])
    elseif rc == base.FFI_DECLINED then
        return nil
    end
    return nil, tls.why()
end

--- An object that `free` frees when it is collected; or nil and the error.
function tls.object(pointer, free)
    if pointer ~= nil then
        return ffi.gc(pointer, free)
    end
    return nil, tls.why()
end

--- C functions know the request without it.
local REQUEST = ffi.cast("ngx_http_request_t *", 1)

--- What stands for the running request or handshake; raises where there is none.
function tls.request()
    return base.get_request() and REQUEST or error("no request found", 3)
end

--- Raises unless that phase runs.
function tls.check(phase)
    if context.numbers[phase] ~= ffi.C.ffi_ngx_context() then
        error("API disabled in the current context", 3)
    end
end

--- Gives `module` the numbers of versions and the two functions that tell a connection's.
-- @tparam table module
-- @tparam cdata ask C's function: the number for a request, or below 0 and a message
function tls.tell_versions(module, ask)
    module.SSL3_VERSION, module.TLS1_VERSION = 0x0300, 0x0301
    module.TLS1_1_VERSION, module.TLS1_2_VERSION, module.TLS1_3_VERSION = 0x0302, 0x0303, 0x0304

    --- The version of TLS, as TLS numbers it; or nil and the error.
    function module.get_tls1_version()
        local number = ask(tls.request(), tls.message)
        if number < 0 then
            return nil, tls.why()
        end
        return number
    end

    --- The version of TLS as text: "TLSv1.3"; or nil and the error.
    function module.get_tls1_version_str()
        local number, err = module.get_tls1_version()
        if not number then
            return nil, err
        end
        return tls.versions[number]
    end
end

--- A function's bytes copied to a room of `most`, or how many there are when `most` is 0.
function tls.copy(read, most)
    local room = base.get_string_buf(math.max(most, 1))
    tls.size[0] = most
    if read(tls.request(), room, tls.size, tls.message) ~= 0 then
        return nil, tls.why()
    elseif most == 0 then
        return tonumber(tls.size[0])
    end
    return ffi.string(room, tls.size[0])
end

return tls

--- Receives a body of any size piece by piece: nothing is kept, so memory does not grow with it.
--
--     curl -T big.file http://localhost:8080/upload
--     curl -F one=@big.file -F two=@other.file http://localhost:8080/upload

local http = require "perilune.http"

local page = [[
<!doctype html>
<meta charset="utf-8">
<title>Upload</title>
<style>body { font: 16px/1.5 system-ui; max-width: 40rem; margin: 3rem auto; padding: 0 1rem }</style>
<h1>Upload a file</h1>
<p><input type="file" id="file"> <progress id="bar" value="0"></progress></p>
<pre id="out"></pre>
<form method="post" enctype="multipart/form-data">
<p>Several at once: <input type="file" name="files" multiple> <button>Send</button></p>
</form>
<script>
document.getElementById('file').onchange = (event) => {
    const xhr = new XMLHttpRequest();
    xhr.upload.onprogress = (e) => { document.getElementById('bar').value = e.loaded / e.total; };
    xhr.onload = () => { document.getElementById('out').textContent = xhr.responseText; };
    xhr.open('PUT', location.pathname);
    xhr.send(event.target.files[0]);
};
</script>
]]

--- The bytes and the pieces of a stream.
local function count(body)
    local bytes, pieces = 0, 0
    for piece in body:each() do
        bytes = bytes + #piece
        pieces = pieces + 1
    end
    return bytes, pieces
end

--- A form: what is in each of its parts.
local function receive_parts(req)
    local lines = {}
    for part in http.multipart(req, { max_parts = 20 }):each() do
        lines[#lines + 1] = ("%s: %d bytes\n"):format(part.filename or part.name, (count(part.body)))
    end
    return table.concat(lines)
end

local function receive(req)
    if req.method == "GET" or req.method == "HEAD" then
        return { headers = { ["Content-Type"] = "text/html" }, body = page }
    elseif req.method ~= "PUT" and req.method ~= "POST" then
        return { status = 405, headers = { Allow = "GET, HEAD, POST, PUT" }, body = "send a file with PUT or POST\n" }
    end
    if (req.headers["content-type"] or ""):find("^multipart/") then
        return receive_parts(req)
    end
    return ("received %d bytes in %d pieces\n"):format(count(req.body))
end

return http.middleware.error_pages {} (receive)

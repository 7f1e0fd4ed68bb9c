--- Receives a body of any size piece by piece: nothing is kept, so memory does not grow with it.
--
--     curl -T big.file http://localhost:8080/upload
--     curl -F one=@big.file -F two=@other.file http://localhost:8080/upload

local http = require "perilune.http"

local page = [[
<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Upload</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; }
section { border: 1px solid #8886; border-radius: .75rem; padding: 0 1.25rem 1rem; margin: 1rem 0; }
progress { width: 100%; }
input, button { font: inherit; max-width: 100%; }
</style>
<h1>Upload</h1>
<section>
<h2>One file</h2>
<p><input type="file" id="file" aria-label="file"></p>
<progress id="bar" value="0" aria-label="how much is sent"></progress>
<pre id="out" aria-live="polite">Nothing sent yet.</pre>
</section>
<section>
<h2>Several, as a form</h2>
<form method="post" enctype="multipart/form-data">
<p><input type="file" name="files" multiple aria-label="files"> <button>Send</button></p>
</form>
</section>
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

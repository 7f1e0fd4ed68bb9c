--- The pages: templates with `{name}` for a text, which is escaped, and `{{name}}` for HTML that was made here.

local pages = {}

local ESCAPES = { ["&"] = "&amp;", ["<"] = "&lt;", [">"] = "&gt;", ['"'] = "&quot;", ["'"] = "&#39;" }

local function escape(value)
    return (tostring(value):gsub("[&<>\"']", ESCAPES))
end

local function fill(template, values)
    return (template:gsub("{({?)([%w_]+)}?}", function(is_html, name)
        local value = values[name] or ""
        return is_html ~= "" and value or escape(value)
    end))
end

local LAYOUT = [[
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="stylesheet" href="/assets/style.css">
<link rel="icon" href="/assets/icon.svg">
<script src="/assets/notes.js" defer></script>
</head>
<body>
<a class="skip" href="#main">To the notes</a>
<header>
<h1><a href="/">Notes</a></h1>
{{user}}
</header>
<main id="main">
{{flash}}
{{main}}
</main>
</body>
</html>
]]

local USER = [[
<form method="post" action="/logout" class="who"><span>{name}</span> <button class="quiet">Log out</button></form>
]]

local LOGIN = [[
<section class="login" aria-labelledby="welcome">
<h2 id="welcome">A place for what you do not want to forget</h2>
<p>Notes with files, the same on every device, live. Log in, or choose a name and register.</p>
<form method="post" action="/login">
<label>Name <input name="name" required minlength="2" maxlength="32" pattern="[a-z0-9]+" autocomplete="username"
 title="small letters and digits" autofocus></label>
<label>Password <input name="password" type="password" required minlength="8" autocomplete="current-password"></label>
<div class="buttons"><button>Log in</button> <button class="quiet" formaction="/register">Register</button></div>
</form>
</section>
]]

local NOTES = [[
<form method="post" action="/notes" enctype="multipart/form-data" class="new" id="new" aria-label="New note">
<label><span>Title</span> <input name="title" maxlength="200" placeholder="Title" autocomplete="off"></label>
<label><span>Text</span>
<textarea name="text" rows="3" maxlength="20000" placeholder="What is on your mind?"></textarea></label>
<div class="buttons">
<label class="file"><span>File</span> <input type="file" name="file"></label>
<progress id="progress" max="1" value="0" hidden aria-label="Upload"></progress>
<button>Save</button>
</div>
</form>
<p id="status" class="status" role="status"></p>
<section id="notes" aria-label="Your notes" data-live="/live">
{{list}}
</section>
]]

local NOTE = [[
<article id="note-{id}" aria-labelledby="title-{id}">
<h2 id="title-{id}">{title}</h2>
<p class="text">{text}</p>
{{file}}
<footer>
<time datetime="{iso}">{when}</time>
<details><summary>Edit</summary>
<form method="post" action="/notes/{id}">
<label><span>Title</span> <input name="title" maxlength="200" value="{title}"></label>
<label><span>Text</span> <textarea name="text" rows="4" maxlength="20000">{text}</textarea></label>
<div class="buttons"><button>Save</button>
<button class="danger" formaction="/notes/{id}/delete" formnovalidate aria-label="Delete {title}">Delete</button></div>
</form>
</details>
</footer>
</article>
]]

local IMAGES = { ["image/png"] = true, ["image/jpeg"] = true, ["image/gif"] = true, ["image/webp"] = true }

local function size(n)
    return n < 1024 and n .. " B" or n < 1048576 and ("%.0f KB"):format(n / 1024) or ("%.1f MB"):format(n / 1048576)
end

local function file_of(note)
    if not note.file then
        return ""
    end
    local values = { id = note.id, name = note.file.name, size = size(note.file.size), changed = note.changed }
    local image = IMAGES[note.file.type] and '<img src="/notes/{id}/file?{changed}" alt="{name}" loading="lazy">' or ""
    local link = '<a href="/notes/{id}/file?{changed}">' .. image .. "{name}</a>"
    return fill('<p class="attached">' .. link .. " <small>{size}</small></p>", values)
end

--- The notes as a list, for the page and for what the page loads when something has changed.
function pages.list(notes)
    local out = {}
    for i, note in ipairs(notes) do
        out[i] = fill(NOTE, { id = note.id, title = note.title ~= "" and note.title or "Without a title",
            text = note.text, iso = os.date("!%Y-%m-%dT%H:%M:%SZ", note.changed),
            when = os.date("%e %b %Y, %H:%M", note.changed), file = file_of(note) })
    end
    return #out > 0 and table.concat(out) or '<p class="empty">No notes yet. Write the first one.</p>\n'
end

local function page(title, user, flash, main)
    return { headers = { ["Content-Type"] = "text/html; charset=utf-8", ["Cache-Control"] = "private, no-store" },
        body = fill(LAYOUT, { title = title, user = user and fill(USER, { name = user }), main = main,
            flash = flash and fill('<p class="flash" role="alert">{flash}</p>', { flash = flash }) }) }
end

function pages.login(flash)
    return page("Notes", nil, flash, LOGIN)
end

function pages.notes(user, notes, flash)
    return page("Notes of " .. user, user, flash, fill(NOTES, { list = pages.list(notes) }))
end

return pages

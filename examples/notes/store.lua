--- Where the notes are: files below one directory, so that the application starts with nothing else installed.
--
--     users/ada.json         {"name": "ada", "password": …}
--     notes/ada/ID.json      {"id": …, "title": …, "text": …, "changed": …, "file": {"name", "type", "size"}}
--     notes/ada/ID.file      what was uploaded with it
--
-- A file is written beside its place and renamed, so a reader sees the old one or the new one, never half of one. Names
-- of files are made here; what a visitor typed is never part of a path.

local crypto = require "perilune.crypto"
local ffi = require "ffi"
local json = require "perilune.json"

local store = { root = os.getenv("NOTES_DATA") or "notes-data" }

-- What Lua's io has not: directories.
ffi.cdef [[
typedef struct notes_dir notes_dir;
struct notes_entry { uint64_t ino; int64_t off; unsigned short size; unsigned char type; char name[256]; };
notes_dir *opendir(const char *path);
struct notes_entry *readdir(notes_dir *dir);
int closedir(notes_dir *dir);
int mkdir(const char *path, unsigned mode);
]]

--- Makes a directory and those above it; only we may look into them.
local function make_directory(path)
    for above in path:gmatch("().%f[/%z]") do
        ffi.C.mkdir(path:sub(1, above), 448) -- 0700
    end
end

local function names_in(path)
    local names, dir = {}, ffi.C.opendir(path)
    local entry = dir ~= nil and ffi.C.readdir(dir) or nil
    while entry ~= nil do
        names[#names + 1] = ffi.string(entry.name)
        entry = ffi.C.readdir(dir)
    end
    if dir ~= nil then
        ffi.C.closedir(dir)
    end
    return names
end

local function read(path)
    local file = io.open(path, "rb")
    local text = file and file:read("*a")
    if file then
        file:close()
    end
    return text
end

local function write(path, text)
    local beside = path .. "." .. crypto.token(6)
    local file = assert(io.open(beside, "wb"))
    assert(file:write(text))
    file:close()
    assert(os.rename(beside, path))
end

local function read_json(path)
    local text = read(path)
    return text and json.decode(text) or nil
end

local function directory(user)
    return ("%s/notes/%s"):format(store.root, user)
end

local function path_of(user, id, ending)
    return ("%s/%s.%s"):format(directory(user), id, ending)
end

--- May this be the name of a user? Then it may also be the name of a file.
function store.is_name(name)
    return type(name) == "string" and #name >= 2 and #name <= 32 and not name:find("[^a-z0-9]")
end

--- May this be the identifier of a note?
function store.is_id(id)
    return type(id) == "string" and id:find("^%x+$") ~= nil and #id <= 32
end

--- A text that nobody knows, the same one each time: the key of the sessions.
function store.secret()
    local path = store.root .. "/secret"
    if not read(path) then
        make_directory(store.root)
        write(path, crypto.token(32))
    end
    return read(path)
end

function store.user(name)
    return store.is_name(name) and read_json(("%s/users/%s.json"):format(store.root, name)) or nil
end

--- Keeps a new user; false when the name is taken.
function store.add_user(name, password)
    make_directory(store.root .. "/users")
    make_directory(directory(name))
    local file = io.open(("%s/users/%s.json"):format(store.root, name), "wbx") -- x: only if it is not there
    if not file then
        return false
    end
    assert(file:write(json.encode { name = name, password = password }))
    file:close()
    return true
end

--- The notes of a user, the latest first.
function store.notes(user)
    local notes = {}
    for _, name in ipairs(names_in(directory(user))) do
        local id = name:match("^(%x+)%.json$")
        notes[#notes + 1] = id and read_json(path_of(user, id, "json"))
    end
    table.sort(notes, function(a, b)
        return a.changed > b.changed or a.changed == b.changed and a.id < b.id
    end)
    return notes
end

function store.note(user, id)
    return store.is_id(id) and read_json(path_of(user, id, "json")) or nil
end

--- Keeps a note, and the file that came with it, if any (a file of http.form).
function store.save(user, note, file)
    note.id = note.id or crypto.hex(crypto.random(8))
    if file then
        file:save(path_of(user, note.id, "file"))
        note.file = { name = file.filename, type = file.content_type, size = file.size }
    end
    write(path_of(user, note.id, "json"), json.encode(note))
    return note
end

function store.delete(user, id)
    os.remove(path_of(user, id, "file"))
    return os.remove(path_of(user, id, "json")) ~= nil
end

--- Where the file of a note lies.
function store.file_path(user, id)
    return path_of(user, id, "file")
end

return store

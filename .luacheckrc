-- Settings of luacheck for every Lua file of the project.
std = "luajit"
max_line_length = 120
-- `await` and `try_await` are the globals of the native API; `ngx` and `ndk` exist where the OpenResty face is loaded.
read_globals = {"await", "try_await", "ngx", "ndk"}
-- Unused `self` belongs to methods that share a signature; `_` names what is not wanted.
self = false
ignore = {"212/_.*"}

-- The OpenResty face defines what others may only read.
files["lua/ngx"] = {globals = {"ngx", "ndk"}}
-- Programs of tests and examples may define what a test looks at.
files["t"] = {read_globals = {"await", "try_await", "ngx", "ndk"}}

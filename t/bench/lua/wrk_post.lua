-- A script of wrk: each request posts 4 KB.
-- luacheck: globals wrk
wrk.method = "POST"
wrk.body = ("x"):rep(4096)

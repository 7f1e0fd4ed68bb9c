-- A script of wrk: each request posts 4 KB, or what the environment says.
-- luacheck: globals wrk
wrk.method = "POST"
wrk.body = os.getenv("WRK_BODY") or ("x"):rep(4096)

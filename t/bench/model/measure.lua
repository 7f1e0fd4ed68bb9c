--- Measures CPU time per operation: `measure(name, n, fn)` runs fn(n) after a tenth of it, takes the best of three.
return function(name, n, fn)
    local best = math.huge
    fn(math.floor(n / 10))
    for _ = 1, 3 do
        collectgarbage()
        local begin = os.clock()
        fn(n)
        best = math.min(best, os.clock() - begin)
    end
    print(("%s %.4f"):format(name, best / n * 1e6))
end

--- `resty.lrucache.pureffi`: the same cache.

return require "resty.lrucache"

-- What wrk sends: GET of the paths in the file PATHS, in turn, or PUT of SIZE bytes that are always others, below
-- FOLDER. Its last line is JSON.
local threads = 0

function setup(thread)
    threads = threads + 1
    thread:set("id", threads)
end

function init(args)
    count = 0
    requests = {}
    method, folder, size = os.getenv("METHOD"), os.getenv("FOLDER"), tonumber(os.getenv("SIZE"))
    headers = {}
    if method == "PUT" then
        for name, value in string.gmatch(os.getenv("HEADERS"), "([^:\n]+): ([^\n]+)") do headers[name] = value end
        rest = string.rep("x", size - 64)
    else
        for path in io.lines(os.getenv("PATHS")) do table.insert(requests, wrk.format("GET", path)) end
        count = (id - 1) * math.floor(#requests / 2)
    end
end

function request()
    count = count + 1
    if method ~= "PUT" then return requests[(count - 1) % #requests + 1] end
    local name = string.format("%d/%d/%d", id, math.floor(count / 500), count)
    return wrk.format("PUT", folder .. "/" .. name, headers, string.format("%-64s", folder .. "/" .. name) .. rest)
end

function done(summary, latency, _)
    local e = summary.errors
    print(string.format('{"requests":%d,"bytes":%.0f,"microseconds":%d,"errors":%d,"p50":%d,"p99":%d}',
        summary.requests, summary.bytes, summary.duration, e.connect + e.read + e.write + e.status + e.timeout,
        latency:percentile(50), latency:percentile(99)))
end

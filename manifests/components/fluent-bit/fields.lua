-- Gives an entry the fields of the index template, and no others: where it is from, and what a line of
-- JSON says.
local taken_over = {"level", "logger", "event", "request_id", "trace_id", "sequence"}

function fields(tag, timestamp, record)
    local namespace, pod, container = tag:match("^kube_([^_]+)_([^_]+)_([^_]+)$")
    local entry = {
        namespace = namespace,
        pod = pod,
        container = container,
        node = os.getenv("NODE_NAME"),
        stream = record["stream"],
        message = record["log"],
    }
    for _, name in ipairs(taken_over) do
        entry[name] = record[name]
    end
    return 2, timestamp, entry
end

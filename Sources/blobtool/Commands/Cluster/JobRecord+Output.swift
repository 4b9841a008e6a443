internal import BlobCluster
internal import BlobTerminal

extension JobRecord {
    /// The `job` line.
    var line: JSONLine {
        JSONLine(
            "job",
            [
                "id": .string(id), "kind": .string(kind), "feed": feed.map { .string($0) },
                "state": .string(condition.rawValue), "node": nodes.first.map { .string($0) },
                "nodes": .array(nodes.map { .string($0) }),
                "progress": .object([
                    .init("percent", .integer(percent)), .init("shards", .integer(Int64(shards.count))),
                    .init("shardsEnded", .integer(Int64(shardsEnded))),
                ]),
                "by": .string(by), "schedule": schedule.map { .string($0) }, "created": .string(created.description),
                "ended": ended.map { .string($0.description) }, "result": .object(fields(of: result)),
                "message": message.map { .string($0) },
            ])
    }

    /// The job for people, on several lines.
    var text: String {
        var lines = [
            "job      \(id)", "kind     \(kind)\(feed.map { ", feed \($0)" } ?? "")",
            "state    \(condition.rawValue), \(percent)%, \(shardsEnded) of \(counted(Int64(shards.count), "part"))",
            "created  \(created) by \(by)",
        ]
        if let ended { lines.append("ended    \(ended)") }
        let result = result.sorted { $0.key < $1.key }.map { "\($0.key) \(grouped($0.value))" }
        if !result.isEmpty { lines.append("result   \(result.joined(separator: ", "))") }
        if let message { lines.append("message  \(message)") }
        return lines.map(\.printable).joined(separator: "\n")
    }

    /// What the answer of a job that has ended is; of one that has not, that it goes on.
    var exitStatus: ExitStatus {
        switch outcome {
        case .failed, .cancelled: return .failed
        case nil, .done, .superseded: break
        }
        if result["incomplete", default: 0] > 0 { return .failed }
        return result["errors", default: 0] + result["failed", default: 0] > 0 ? .notGood : .done
    }
}

extension JobRecord.Shard {
    /// The `shard` line.
    func line(of job: String) -> JSONLine {
        JSONLine(
            "shard",
            [
                "job": .string(job), "name": .string(name), "state": .string(state.rawValue), "term": .integer(term),
                "node": node.map { .string($0) }, "checkpoint": checkpoint.map { .string($0) },
                "done": .integer(progress.done), "total": progress.total.map { .integer($0) },
                "attempts": .integer(Int64(attempts)), "result": result.map { .object(fields(of: $0)) },
                "message": note.map { .string($0) },
            ])
    }
}

private func fields(of result: [String: Int64]) -> [LineValue.Field] {
    result.sorted { $0.key < $1.key }.map { LineValue.Field($0.key, .integer($0.value)) }
}

// What people and programs are told of a job.
extension JobRecord {
    /// Where a job is.
    public enum Condition: String, Sendable {
        /// No node has begun it yet.
        case waiting
        case running, done, failed, cancelled, superseded
    }

    /// Where it is.
    public var condition: Condition {
        switch outcome {
        case .done: .done
        case .failed: .failed
        case .cancelled: .cancelled
        case .superseded: .superseded
        case nil: shards.allSatisfy { $0.term == 0 } ? .waiting : .running
        }
    }

    /// The feed that it is about; nil for several, or none.
    public var feed: String? { arguments["feed"] }

    /// The nodes that are at it, in the order of their names.
    public var nodes: [String] {
        if outcome != nil { return [] }
        return Set(shards.lazy.filter { $0.state == .claimed }.compactMap(\.node)).sorted()
    }

    /// How many shards have ended.
    public var shardsEnded: Int { shards.count(where: \.hasEnded) }

    /// About how much of it is done, in percent; each shard counts the same.
    public var percent: Int64 {
        if shards.isEmpty || outcome == .done { return 100 }
        return Int64(shards.reduce(0) { $0 + $1.fraction } * 100 / Double(shards.count))
    }

    /// What its shards came to so far, added up by name.
    public var result: [String: Int64] {
        shards.reduce(into: [:]) { sums, shard in
            for (name, value) in shard.result ?? [:] { sums[name, default: 0].add(stated: value) }
        }
    }

    /// Why a shard failed, or what one found, with the shard's name in front; nil where there is nothing to say.
    public var message: String? {
        let shard = shards.first { $0.state == .failed } ?? shards.first { $0.note != nil }
        return shard.flatMap { shard in shard.note.map { "\(shard.name): \($0)" } }
    }
}

extension JobRecord.Shard {
    /// Why it failed, or what was found.
    public var note: String? { message ?? remark }

    /// About how much of it is done, from 0 to 1.
    fileprivate var fraction: Double {
        if hasEnded { return 1 }
        guard let total = progress.total, total > 0 else { return 0 }
        return min(1, max(0, Double(progress.done) / Double(total)))
    }
}

/// A piece of work that any node may do, in shards that several nodes share: `cluster/jobs/<id>.json`.
///
/// Everything that nodes must agree on about a job stands in this one record, which changes only by compare-and-swap:
/// who is at a shard, under which term, how far it has come, and that it has ended.
public struct JobRecord: DocumentBody {
    package static let title = "job record"
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case id, kind, arguments, schedule, occasion, by, term, created, shards, outcome, ended
    }

    /// How a job ended.
    public enum Outcome: String, Sendable, Codable {
        case done
        /// At least one shard failed for good.
        case failed
        case cancelled
        /// A later occasion of the same schedule took its place before it began.
        case superseded
    }

    /// Names it and no other job, ever.
    public let id: String
    /// What there is to do: the name of a ``JobRunner``.
    public let kind: String
    /// What the runner needs to know.
    public let arguments: [String: String]
    /// The schedule that it is of; nil for one that somebody asked for.
    public let schedule: String?
    /// Which time of the schedule it is; grows by one each time.
    public let occasion: Int64?
    /// Who asked for it.
    public let by: String
    /// The planner's term; nil for one that somebody asked for.
    public let term: Int64?
    /// When it was made; for people.
    public let created: Timestamp
    /// Its parts, in the order in which they are listed.
    public var shards: [Shard]
    /// How it ended; nil while it has not. It is never changed once it is there.
    public private(set) var outcome: Outcome?
    /// When it ended; for people.
    public private(set) var ended: Timestamp?

    package init(
        id: String, kind: String, arguments: [String: String], schedule: String? = nil, occasion: Int64? = nil,
        by: String, term: Int64? = nil, created: Timestamp, shards: [String]
    ) {
        self.id = id
        self.kind = kind
        self.arguments = arguments
        self.schedule = schedule
        self.occasion = occasion
        self.by = by
        self.term = term
        self.created = created
        self.shards = shards.map { Shard($0) }
        if shards.isEmpty { end(.done, at: created) }
    }

    package static let folder = KeyPrefix(trusted: "cluster/jobs/")
    package static let maximumShards = 1_000
    /// More nodes are not at one job at the same time, since each of them changes its record every few seconds.
    package static let maximumClaims = 8
    /// A shard that failed so often has failed for good.
    package static let maximumAttempts = 5
    /// A shard has failed when so many holders in a row fell silent while it did not get any further.
    package static let maximumDeaths = 5

    package static func key(_ id: String) throws(StoreError) -> Key { try Key("\(folder)\(id).json") }

    package var flaw: String? {
        if shards.count > Self.maximumShards { return "it has \(shards.count) shards" }
        return shards.lazy.compactMap(\.flaw).first
    }

    mutating func end(_ outcome: Outcome, at now: Timestamp) {
        self.outcome = outcome
        ended = now
    }

    /// Ends the job once each shard has ended.
    mutating func endIfComplete(at now: Timestamp) {
        guard shards.allSatisfy(\.hasEnded) else { return }
        end(shards.contains { $0.state == .failed } ? .failed : .done, at: now)
    }
}

extension JobRecord {
    /// A part of a job, which one node at a time does.
    public struct Shard: Sendable, Codable, Equatable {
        /// Where a shard is.
        public enum State: String, Sendable, Codable {
            case waiting, claimed, done, failed
        }

        /// What the runner calls it, e.g. a feed.
        public let name: String
        /// Where it is.
        public internal(set) var state: State
        /// Grows each time that it is claimed: the fencing number of what its holder writes.
        public internal(set) var term: Int64
        /// The node that has it, or had it last.
        public internal(set) var node: String?
        /// The process of that node.
        package internal(set) var process: String?
        /// Signs of life in this term.
        package internal(set) var beats: Int64
        /// How far it has come: where the next holder resumes.
        public internal(set) var checkpoint: String?
        /// How many things are done in it, and how many there are where that is known.
        public internal(set) var progress: Progress
        /// How often it failed.
        public internal(set) var attempts: Int
        /// Why it failed last.
        public internal(set) var message: String?
        /// The first thing that a person should know of what it found.
        public internal(set) var remark: String?
        /// How many holders in a row fell silent without getting any further; nil for none.
        public internal(set) var deaths: Int?
        /// What it came to, by name, e.g. `errors`.
        public internal(set) var result: [String: Int64]?

        init(_ name: String) {
            self.name = name
            state = .waiting
            term = 0
            beats = 0
            progress = Progress(done: 0)
            attempts = 0
        }

        /// Whether nothing more happens to it.
        public var hasEnded: Bool { state == .done || state == .failed }

        var flaw: String? {
            if let flaw = term.flawOfCounter { return "the term of shard \"\(name.prefix(80))\" \(flaw)" }
            if let flaw = beats.flawOfCounter { return "the beats of shard \"\(name.prefix(80))\" \(flaw)" }
            if !(0...1_000_000).contains(deaths ?? 0) { return "the number of deaths is \(deaths ?? 0)" }
            return (0...1_000_000).contains(attempts) ? nil : "the number of attempts is \(attempts)"
        }
    }

    /// How far a shard has come, for people.
    public struct Progress: Sendable, Codable, Equatable {
        /// Things done.
        public var done: Int64
        /// How many there are; nil where that is not known.
        public var total: Int64?

        /// So many things of so many.
        public init(done: Int64, total: Int64? = nil) {
            self.done = done
            self.total = total
        }
    }
}

extension JobRecord.Shard {
    /// Whether two holders in a row fell silent while they did it: then it may be what they died of. A node does it
    /// alone, so that no other shard that it is at is taken for that.
    var isSuspect: Bool { (deaths ?? 0) + (state == .claimed ? 1 : 0) >= 2 }
}

/// A node as it describes itself with each heartbeat: `cluster/nodes/<node>.json`.
public struct NodeRecord: DocumentBody {
    package static let title = "node record"
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case node, process, about, started, at, beats, hasLeft
    }

    /// What a node says of itself.
    public struct Description: Sendable, Equatable, Codable {
        /// The version of the program.
        public var version: String
        /// The URL at which others reach it; nil where it serves nobody.
        public var address: String?
        /// The id of each root that it has open, by the root's URL without credentials.
        public var roots: [String: String]
        /// Names the settings that it runs with, without revealing them; nodes of a store should agree.
        public var settings: String?
        /// What it knows of the shared secrets.
        public var secrets: SecretsKnown?
        /// What it has to do, by name, e.g. `jobs` or `uploads`.
        public var load: [String: Int64]
        /// After how many heartbeats of this process the oldest work began that was running; nil of a node that does
        /// not tell.
        public var oldestWork: Int64?

        /// A description.
        public init(
            version: String, address: String? = nil, roots: [String: String] = [:], settings: String? = nil,
            secrets: SecretsKnown? = nil, load: [String: Int64] = [:]
        ) {
            self.version = version
            self.address = address
            self.roots = roots
            self.settings = settings
            self.secrets = secrets
            self.load = load
        }
    }

    /// The node's name.
    public let node: String
    /// Fresh for each start: two processes never share a record.
    public let process: String
    /// What the node says of itself.
    public var about: Description
    /// When the process started, by its own clock; for people.
    public let started: Timestamp
    /// When it gave the last sign of life, by its own clock; for people. Nil where an earlier version wrote it.
    public var at: Timestamp?
    /// How many signs of life it gave.
    public var beats: Int64
    /// Whether it left in an orderly way.
    public var hasLeft: Bool

    package var flaw: String? {
        beats.flawOfCounter.map { "the number of heartbeats \($0)" }
    }

    package static let folder = KeyPrefix(trusted: "cluster/nodes/")
    package static func key(_ node: NodeName) -> Key { Key(trusted: "\(folder)\(node).json") }
}

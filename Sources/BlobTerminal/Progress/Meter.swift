internal import Synchronization

/// How far a piece of work has come; fed by the work, read by whoever draws it.
public final class Meter: Sendable {
    /// What a meter shows at one moment.
    public struct Reading: Sendable, Equatable {
        public var items: Int64 = 0
        public var bytes: Int64 = 0
        /// How many items and bytes there will be, as far as known.
        public var expectedItems: Int64?
        public var expectedBytes: Int64?
        public var failures: Int64 = 0
        /// What is being done now, where it is not what the meter was made for.
        public var activity: String?

        public init() {}
    }

    /// What is being done, e.g. `importing`.
    public let activity: String
    /// What is counted, e.g. `packages`.
    public let unit: String
    private let state = Mutex(Reading())

    public init(_ activity: String, unit: String = "packages") {
        self.activity = activity
        self.unit = unit
    }

    /// What was counted so far.
    public var reading: Reading { state.withLock { $0 } }

    /// Changes the reading.
    public func update(_ change: (inout sending Reading) -> Void) {
        state.withLock { change(&$0) }
    }

    /// Counts what was done.
    public func add(items: Int64 = 0, bytes: Int64 = 0, failures: Int64 = 0) {
        update { reading in
            reading.items += items
            reading.bytes += bytes
            reading.failures += failures
        }
    }
}

internal import Synchronization

/// How far a piece of work has come; fed by the work, read by whoever draws it.
public final class Meter: Sendable {
    /// What a meter shows at one moment.
    public struct Reading: Sendable, Equatable {
        /// Items that are done.
        public var items: Int64 = 0
        /// Bytes that are done.
        public var bytes: Int64 = 0
        /// How many items and bytes there will be, as far as known.
        public var expectedItems: Int64?
        /// How many bytes there are in all; nil while that is unknown.
        public var expectedBytes: Int64?
        /// Items that failed.
        public var failures: Int64 = 0
        /// What is being done now, where it is not what the meter was made for.
        public var activity: String?

        /// Nothing is done yet.
        public init() {}
    }

    /// What is being done, e.g. `importing`.
    public let activity: String
    /// What is counted, e.g. `packages`.
    public let unit: String
    private let state = Mutex(Reading())

    /// A meter of work that has not begun.
    /// - Parameter unit: what is counted, in the plural.
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

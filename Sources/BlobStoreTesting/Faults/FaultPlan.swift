public import ObjectStorage
internal import Synchronization

/// What a ``FaultStorage`` does wrong, and when.
public enum Fault: Sendable {
    /// The operation fails, and nothing has happened.
    case before(StoreError)
    /// The operation takes place, and fails all the same: the caller cannot know.
    case after(StoreError)
    /// A read fails after so many bytes, a listing after so many entries; anything else fails before it begins.
    case cutOff(after: Int, StoreError)
    /// Others act first, and then the operation takes place: no fault, but a race as a test wants it.
    case late(after: @Sendable () async -> Void)
}

/// Decides, operation by operation, what goes wrong.
public struct FaultPlan: Sendable {
    /// Given the operation, its key (nil where it has none) and how many of its kind came before: the fault, if any.
    public typealias Decision =
        @Sendable (
            _ operation: StorageOperation, _ key: String?, _ occurrence: Int
        ) -> Fault?

    let decide: Decision

    /// A plan by its rule.
    public init(_ decide: @escaping Decision) {
        self.decide = decide
    }

    /// One fault: at that operation, when it comes for that time (counted from 0).
    public static func once(_ operation: StorageOperation, at occurrence: Int = 0, _ fault: Fault) -> FaultPlan {
        FaultPlan { $0 == operation && $2 == occurrence ? fault : nil }
    }

    /// The same fault each time that the operation comes.
    public static func always(_ operation: StorageOperation, _ fault: Fault) -> FaultPlan {
        FaultPlan { candidate, _, _ in candidate == operation ? fault : nil }
    }

    /// Faults of all kinds by chance. The same seed and the same order of operations give the same faults.
    /// - Parameters:
    ///   - seed: to be printed by a test, so that it can be replayed.
    ///   - chance: the share of operations that fail, from 0 to 1.
    ///   - error: what they fail with.
    public static func random(
        seed: UInt64, chance: Double,
        error: StoreError = StoreError(.unavailable, "a fault was injected")
    ) -> FaultPlan {
        let generator = SharedGenerator(seed: seed)
        return FaultPlan { operation, _, _ in
            generator.draw { random in
                guard Double.random(in: 0..<1, using: &random) < chance else { return nil }
                switch UInt8.random(in: 0..<3, using: &random) {
                case 0: return .before(error)
                case 1: return .after(error)
                default: return .cutOff(after: Int.random(in: 0..<4_096, using: &random), error)
                }
            }
        }
    }
}

/// A seeded generator that several tasks draw from.
private final class SharedGenerator: Sendable {
    private let state: Mutex<SeededGenerator>

    init(seed: UInt64) {
        state = Mutex(SeededGenerator(seed: seed))
    }

    func draw<Value: Sendable>(_ body: (inout SeededGenerator) -> sending Value) -> Value {
        state.withLock { body(&$0) }
    }
}

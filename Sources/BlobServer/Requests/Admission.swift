internal import HTTPTypes
internal import Synchronization

/// Lets so many in at a time, and sends the others away: who waits holds a connection and, soon, memory.
final class Admission: Sendable {
    private let places: Int
    private let taken = Mutex(0)

    init(places: Int) { self.places = places }

    /// How many are in.
    var count: Int { taken.withLock { $0 } }

    /// Runs `body` with a place taken.
    /// - Throws: 503 when there is none, and what `body` throws.
    func pass<Value>(_ body: () async throws -> Value) async throws -> Value {
        let isIn = taken.withLock { taken in
            if taken >= places { return false }
            taken += 1
            return true
        }
        guard isIn else {
            throw Problem(.serviceUnavailable, "too many uploads are under way; try again").retry(after: 2)
        }
        defer { taken.withLock { $0 -= 1 } }
        return try await body()
    }
}

import BlobSystem
import Glibc

/// Which seeds a test tries: `BLOBSTORE_SEED` for one alone, `BLOBSTORE_CLUSTER_SEEDS` for so many new ones.
enum Seeds {
    private static func number(_ name: String) -> UInt64? {
        getenv(name).flatMap { UInt64(String(cString: $0)) }
    }

    /// - Parameter usual: so many are tried in a normal run, always the same.
    static func all(usual: UInt64) -> [UInt64] {
        if let seed = number("BLOBSTORE_SEED") { return [seed] }
        guard let count = number("BLOBSTORE_CLUSTER_SEEDS") else { return Array(1...usual) }
        return (0..<count).map { _ in UInt64.random(in: 1_000...999_999_999) }
    }
}

/// Runs work on a thread of its own: the few that run tasks are for the other tests.
func onThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        let isStarted = Thread.start(named: "simulation") { continuation.resume(with: Result { try work() }) }
        if !isStarted { continuation.resume(throwing: NoThread()) }
    }
}

private struct NoThread: Error {}

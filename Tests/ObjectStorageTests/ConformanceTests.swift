import BlobStoreTesting
import Logging
import ObjectStorage
import Testing

@Suite("Every storage in this module keeps every promise of the protocol")
struct ConformanceTests {
    @Test("memory, in pages of 7 names", arguments: StorageConformance.checks)
    func memory(_ check: StorageConformance.Check) async throws {
        try await check.run { MemoryStorage(pageSize: 7) }
    }

    @Test("memory under a prefix, beside other things", arguments: StorageConformance.checks)
    func prefixed(_ check: StorageConformance.Check) async throws {
        try await check.run {
            let memory = MemoryStorage(pageSize: 100)
            for name in ["a", "some/place", "some/place-b/x", "some/placf", "z/z"] {
                _ = try await memory.writeObject(try Key(name), ObjectSource([1]))
            }
            return PrefixStorage(memory, prefix: try KeyPrefix("some/place/"))
        }
    }

    @Test("an observed storage", arguments: StorageConformance.checks)
    func observed(_ check: StorageConformance.Check) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        try await check.run { ObservingStorage(MemoryStorage(), logger: logger) }
    }

    @Test("a throttled storage", arguments: StorageConformance.checks)
    func throttled(_ check: StorageConformance.Check) async throws {
        let bucket = TokenBucket(bytesPerSecond: 20 << 30)
        try await check.run { ThrottledStorage(MemoryStorage(), bucket: bucket) }
    }

    @Test("a storage with a plan of no faults", arguments: StorageConformance.checks)
    func faultless(_ check: StorageConformance.Check) async throws {
        try await check.run { FaultStorage(MemoryStorage(), plan: FaultPlan { _, _, _ in nil }) }
    }

    @Test("all decorators on top of each other, seen from two nodes", arguments: StorageConformance.checks)
    func stacked(_ check: StorageConformance.Check) async throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        try await check.run(onNodes: {
            let memory = MemoryStorage(pageSize: 50)
            let bucket = TokenBucket(bytesPerSecond: 20 << 30)
            return try (0..<2).map { _ in
                let inside = PrefixStorage(memory, prefix: try KeyPrefix("first/"))
                let observed = ObservingStorage(ThrottledStorage(inside, bucket: bucket), logger: logger)
                return FaultStorage(observed, plan: FaultPlan { _, _, _ in nil })
            }
        })
    }
}

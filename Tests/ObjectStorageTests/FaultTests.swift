import BlobStoreTesting
import CoreMetrics
import Logging
import MetricsTestKit
import ObjectStorage
import Synchronization
import TestSupport
import Testing

@Suite("Faults that are made, and what is seen of them")
struct FaultTests {
    private let failure = StoreError(.unavailable, "made to fail")

    @Test("a fault before leaves nothing done, and a fault after leaves it done")
    func beforeAndAfter() async throws {
        for (fault, isDone) in [(Fault.before(failure), false), (.after(failure), true)] {
            let memory = MemoryStorage()
            let storage = FaultStorage(memory, plan: .once(.writeRecord, at: 1, fault))
            _ = try await storage.writeRecord(try Key("a.json"), [1], expecting: .absent)
            let error = await #expect(throws: StoreError.self) {
                try await storage.writeRecord(try Key("b.json"), [1], expecting: .absent)
            }
            #expect(error?.code == .unavailable)
            #expect((try await memory.readRecord(try Key("b.json")) != nil) == isDone)
            #expect(storage.count(of: .writeRecord) == 2)
        }
    }

    @Test("a read is cut off after so many bytes, with an error")
    func cutOff() async throws {
        let storage = FaultStorage(MemoryStorage(), plan: .always(.readObject, .cutOff(after: 1_500_000, failure)))
        _ = try await storage.writeObject(try Key("a"), ObjectSource([UInt8](repeating: 3, count: 3_000_000)))
        var received = 0
        let error = await #expect(throws: StoreError.self) {
            try await storage.withObject(try Key("a")) { content in
                for try await chunk in content.chunks { received += chunk.count }
            }
        }
        #expect(error?.code == .unavailable)
        #expect(received == 1_500_000)
    }

    @Test("a listing fails at its begin, midway or at its end", arguments: [0, 3, 6])
    func listing(_ count: Int) async throws {
        let fault: Fault = count == 0 ? .before(failure) : count == 6 ? .after(failure) : .cutOff(after: count, failure)
        let storage = FaultStorage(MemoryStorage(pageSize: 2), plan: .always(.list, fault))
        for name in ["a", "b", "c", "d", "e", "f"] {
            _ = try await storage.writeObject(try Key(name), ObjectSource([1]))
        }
        var received = 0
        await #expect(throws: StoreError.self) {
            for try await page in storage.list(ListRequest()) { received += page.count }
        }
        #expect(received == count)
    }

    @Test("a random plan gives the same faults for the same seed")
    func seeded() async throws {
        func faults(_ seed: UInt64) async throws -> [Bool] {
            let storage = FaultStorage(MemoryStorage(), plan: .random(seed: seed, chance: 0.3))
            var faults: [Bool] = []
            for _ in 0..<200 { faults.append((try? await storage.checkLocation()) == nil) }
            return faults
        }
        let first = try await faults(1)
        #expect(try await faults(1) == first)
        #expect(try await faults(2) != first)
        #expect((20...100).contains(first.count(where: { $0 })))
    }

    @Test("what happens is counted by operation and outcome, with its bytes, and logged quietly")
    func observed() async throws {
        let metrics = TestMetrics()
        let log = LogLines()
        let memory = FaultStorage(
            MemoryStorage(), plan: .once(.statObject, at: 1, .before(StoreError(.corrupt, "odd"))))
        var logger = Logger(label: "test") { _ in log }
        logger.logLevel = .trace
        let storage = withMetricsFactory(metrics) { ObservingStorage(memory, logger: logger) }
        _ = try await storage.writeObject(try Key("a"), ObjectSource([1, 2, 3]))
        try await storage.withObject(try Key("a")) { content in for try await _ in content.chunks {} }
        _ = try await storage.statObject(try Key("a"))
        await withMetricsFactory(metrics) {
            _ = try? await storage.statObject(try Key("a"))
            try? await storage.withObject(try Key("none")) { _ in }
        }
        func counter(_ name: String, _ dimensions: [(String, String)]) throws -> Int64 {
            try metrics.expectCounter("blobstore_storage_" + name, dimensions).totalValue
        }
        #expect(try counter("bytes", [("operation", "writeObject")]) == 3)
        #expect(try counter("bytes", [("operation", "readObject")]) == 3)
        #expect(try counter("operations", [("operation", "statObject"), ("outcome", "ok")]) == 1)
        #expect(try counter("operations", [("operation", "statObject"), ("outcome", "corrupt")]) == 1)
        #expect(try counter("operations", [("operation", "readObject"), ("outcome", "notFound")]) == 1)
        #expect(log.levels(of: "statObject failed") == [.debug])
        #expect(log.levels(of: "readObject failed") == [.debug])
        #expect(log.levels(of: "writeObject done") == [.debug])
        #expect(log.levels(of: "statObject done") == [.trace])
    }

    @Test("a storage is observed only where somebody listens")
    func listening() {
        let memory = MemoryStorage()
        var logger = Logger(label: "test")
        func observed() -> any Storage { ObservingStorage.ifAnybodyListens(to: memory, logger: logger) }
        logger.logLevel = .info
        #expect(observed() is MemoryStorage)
        #expect(withMetricsFactory(TestMetrics()) { observed() } is ObservingStorage)
        logger.logLevel = .debug
        #expect(observed() is ObservingStorage)
    }
}

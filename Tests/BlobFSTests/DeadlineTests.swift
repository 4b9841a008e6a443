import BlobSystem
import ObjectStorage
import TestSupport
import Testing

@testable import BlobFS

@Suite("How long an operation may take grows with its size")
struct DeadlineTests {
    @Test("a commit gets a second more for each MiB, and work on many names a tenth of one for each")
    func rule() {
        #expect(Duration.flushing(bytes: 1) == .zero)
        #expect(Duration.flushing(bytes: 5 << 20) == .seconds(5))
        #expect(Duration.changing(names: 1_000) == .seconds(100))
    }

    @Test("while the disk hangs the write of a small object is given up, and that of a large one waits and succeeds")
    func writes() async throws {
        let folder = TemporaryFolder(in: "/dev/shm")
        let isFree = Monitor(true)
        let held = Counter()
        let signal = Signal()
        var calls = InterceptedCalls()
        calls.before = { (call) throws(Errno) in
            guard call.name == "fsync" || call.name == "syncfs" else { return }
            if !isFree.withLock({ $0 }) { _ = held.next() }
            _ = isFree.wait(for: signal) { $0 ? true : nil }
        }
        let storage = try await folder.open(calls, deadline: .seconds(3))
        // Makes the folders that the others need.
        _ = try await storage.writeObject(Key("first"), ObjectSource([1]))
        isFree.withLock { $0 = false }
        let content = [UInt8](repeating: 7, count: 60 << 20)
        async let outcome = storage.writeObject(Key("large"), ObjectSource(content))
        let deadline = ContinuousClock.now + .seconds(60)
        while held.value == 0, ContinuousClock.now < deadline { await Task.yield() }
        await expectError(.unavailable) { try await storage.writeObject(Key("small"), ObjectSource([1])) }
        isFree.withLock { $0 = true }
        signal.wakeAll()
        #expect(try await outcome == .created)
        await storage.close()
    }
}

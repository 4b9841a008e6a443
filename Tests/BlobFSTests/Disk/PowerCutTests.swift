import BlobFS
import BlobStoreTesting
import BlobSystem
import ObjectStorage
import Testing

@Suite("What was reported done survives a power cut at any system call")
struct PowerCutTests {
    /// Printed with each failure; put a number here to replay it.
    private static let seed = UInt64.random(in: 0...UInt64.max)

    private func open(_ disk: SimulatedDisk) async throws -> FileStorage {
        var options = FileStorageOptions(threads: 2)
        options.calls = disk
        options.flushFailures = FlushFailures()
        return try await FileStorage.open(path: SimulatedDisk.rootPath, options: options)
    }

    /// What may survive of that which was not flushed.
    enum Luck: CaseIterable { case none, all, some }

    @Test("single operations", arguments: Scenario.all, Luck.allCases)
    func single(_ scenario: Scenario, _ luck: Luck) async throws {
        if scenario.name.contains("large") { return }
        var cut = 0
        while try await !survives(scenario, luck, cut) { cut += 1 }
        #expect(cut > 0)
    }

    /// - Returns: whether the operation came to its end before the cut.
    private func survives(_ scenario: Scenario, _ luck: Luck, _ cut: Int) async throws -> Bool {
        let disk = SimulatedDisk()
        let storage = try await open(disk)
        try await scenario.prepare(storage)
        disk.cutPower(after: cut)
        var failure: (any Error)?
        do { try await scenario.act(storage) } catch { failure = error }
        let calls = disk.callCount
        disk.cutPower(after: 0)
        await storage.close()
        let what =
            "\"\(scenario.name)\" with the power cut after \(cut) calls of \(calls), luck \(luck), seed \(Self.seed)"
        for toss in 0..<(luck == .some ? 8 : 1) {
            var coin = SeededGenerator(seed: Self.seed &+ UInt64(toss))
            let restarted = disk.restarted {
                switch luck {
                case .none: false
                case .all: true
                case .some: Bool.random(using: &coin)
                }
            }
            try await judge(scenario, failure, try await open(restarted), what)
        }
        return failure == nil
    }

    private func judge(
        _ scenario: Scenario, _ failure: (any Error)?, _ storage: FileStorage, _ what: String
    ) async throws {
        let (isOld, isNew) = (try await scenario.isOld(storage), try await scenario.isNew(storage))
        if failure == nil { #expect(isNew, "lost what was done: \(what)") }
        #expect(isOld || isNew, "something between: \(what)")
        if !isNew { try await scenario.act(storage) }
        #expect(try await scenario.isNew(storage), "the same again after \(what)")
        await storage.close()
    }

    @Test("also where a flush failed, and the next one succeeded", arguments: Scenario.all)
    func failingFlush(_ scenario: Scenario) async throws {
        if scenario.name.contains("large") { return }
        var flush = 0
        while try await !survives(scenario, failingFlush: flush) { flush += 1 }
        #expect(flush > 0)
    }

    /// Does it up to three times, until it is reported done, and then cuts the power.
    /// - Returns: whether the operation came to its end before so many flushes.
    private func survives(_ scenario: Scenario, failingFlush flush: Int) async throws -> Bool {
        let disk = SimulatedDisk()
        let storage = try await open(disk)
        try await scenario.prepare(storage)
        disk.failFlush(after: flush)
        var isDone = false
        for _ in 0..<3 where !isDone {
            do {
                try await scenario.act(storage)
                isDone = true
            } catch is StoreError {}
        }
        let hasFailed = disk.hasFailedFlush
        await storage.close()
        let restarted = try await open(disk.restarted { false })
        if isDone {
            let isNew = try await scenario.isNew(restarted)
            #expect(isNew, "\"\(scenario.name)\" was done after flush \(flush) had failed, and is lost")
        }
        await restarted.close()
        return !hasFailed
    }

    @Test("what another call of this process failed to flush is not reported done by the next")
    func acrossCalls() async throws {
        let disk = SimulatedDisk()
        let storage = try await open(disk)
        _ = try await storage.writeObject(Key("a/first"), ObjectSource([1]))
        disk.failFlush(after: 1)  // The file's own, then its folder's.
        let object = try Key("a/object")
        await #expect(throws: StoreError.self) { try await storage.writeObject(object, ObjectSource([2])) }
        #expect(disk.hasFailedFlush)
        do {
            _ = try await storage.writeObject(object, ObjectSource([2]))
            Issue.record("a second flush was believed")
        } catch {
            #expect(error.code == .outcomeUnknown && error.message.contains("restart this program"))
        }
        // What is new is flushed with a flush of its own.
        #expect(try await storage.writeObject(Key("a/other"), ObjectSource([3])) == .created)
        await storage.close()
        let restarted = try await open(disk.restarted { false })
        #expect(try await restarted.statObject(object) == nil)
        #expect(try await restarted.statObject(Key("a/other"))?.size == 1)
        await restarted.close()
    }
}

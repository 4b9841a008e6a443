import BlobFS
import BlobSystem
import ObjectStorage
import TestSupport
import Testing

@Suite("What may block does so on the root's own threads")
struct ThreadTests {
    /// Calls that count those which were made on a thread that must not block.
    private func counting(_ strays: Counter) -> InterceptedCalls {
        var calls = InterceptedCalls()
        calls.before = { (_) throws(Errno) in if !Thread.mayBlock { _ = strays.next() } }
        calls.onClose = { if !Thread.mayBlock { _ = strays.next() } }
        return calls
    }

    @Test("every call of every operation, those that end the life of what is open included", arguments: Scenario.all)
    func operations(_ scenario: Scenario) async throws {
        let folder = TemporaryFolder()
        let strays = Counter()
        let storage = try await folder.open(counting(strays))
        try await scenario.prepare(storage)
        try await scenario.act(storage)
        await storage.close()
        #expect(strays.value == 0)
    }

    @Test("also when content and readings are let go before their end")
    func letGo() async throws {
        let folder = TemporaryFolder()
        let strays = Counter()
        let storage = try await folder.open(counting(strays))
        _ = try await storage.writeObject(Key("large"), ObjectSource(Scenario.large))
        do {
            let staged = try await storage.stageObject()
            try await staged.append(Scenario.large)
        }
        try await storage.withObject(Key("large")) { content in
            var chunks = content.chunks.makeAsyncIterator()
            _ = try await chunks.next()
        }
        for try await _ in storage.list(ListRequest()) { break }
        await storage.close()
        #expect(strays.value == 0)
    }

    @Test("a file that belongs to no root is closed on another thread where its scope ends on one of Swift's")
    func descriptors() async throws {
        let folder = TemporaryFolder()
        let closed = Monitor<Bool?>(nil)
        let signal = Signal()
        var calls = InterceptedCalls()
        calls.onClose = {
            closed.withLock { $0 = Thread.mayBlock }
            signal.wakeAll()
        }
        do { _ = try calls.opened(path: folder.path, [.readOnly, .directory]) }
        let mayBlock = await withCheckedContinuation { continuation in
            let hasBegun = Thread.start(named: "waiting") {
                continuation.resume(returning: closed.wait(for: signal, atMost: .seconds(60)) { $0 })
            }
            if !hasBegun { continuation.resume(returning: nil) }
        }
        #expect(mayBlock == true)
    }

    @Test("a burst of flushes that hang holds up neither readers nor those who send content")
    func lanes() async throws {
        let folder = TemporaryFolder()
        let isHeld = Monitor(false)
        let gate = Signal()
        var calls = InterceptedCalls()
        calls.before = { (call) throws(Errno) in
            guard call.name == "fsync" else { return }
            _ = isHeld.wait(for: gate) { $0 ? nil : true }
        }
        var options = FileStorageOptions(threads: 2)
        options.calls = calls
        let storage = try await FileStorage.open(path: folder.path, options: options)
        _ = try await storage.writeObject(Key("there"), ObjectSource([1]))
        isHeld.withLock { $0 = true }
        try await withThrowingTaskGroup { group in
            for number in 0..<16 {
                group.addTask { _ = try await storage.writeObject(Key("new/\(number)"), ObjectSource([2])) }
            }
            // Would wait for its deadline, and fail, if flushes had all the threads.
            #expect(try await storage.statObject(Key("there")) != nil)
            let staged = try await storage.stageObject()
            try await staged.append(Scenario.large)
            await staged.discard()
            isHeld.withLock { $0 = false }
            gate.wakeAll()
            try await group.waitForAll()
        }
        await storage.close()
    }
}

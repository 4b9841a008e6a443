import BlobFS
import BlobSystem
import ObjectStorage
import Testing

@Suite("A share is worked with as its client wants it")
struct ShareTests {
    private func open(_ calls: any SystemCalls, threads: Int = 2) async throws -> FileStorage {
        var options = FileStorageOptions(threads: threads)
        options.calls = calls
        options.flushFailures = FlushFailures()
        return try await FileStorage.open(path: SimulatedDisk.rootPath, options: options)
    }

    @Test(
        "on SMB no name is opened while another of its file is, and none goes while it is open", arguments: Scenario.all
    )
    func names(_ scenario: Scenario) async throws {
        let disk = SimulatedDisk.onSMB()
        let storage = try await open(disk)
        try await scenario.prepare(storage)
        try await scenario.act(storage)
        #expect(try await scenario.isNew(storage))
        #expect(disk.unlinkedWhileOpen == [])
        await storage.close()
        #expect(disk.unlinkedWhileOpen == [])
    }

    @Test(
        "on SMB a publisher looks at its blob, and brings it back, while it holds on to what it staged",
        arguments: [3, 1 << 20, 3 << 20])
    func publication(_ size: Int) async throws {
        let disk = SimulatedDisk.onSMB()
        let storage = try await open(disk)
        let key = try Key("blobs/object")
        let staged = try await storage.stageObject()
        for start in stride(from: 0, to: size, by: 1 << 20) {
            try await staged.append([UInt8](repeating: 1, count: min(1 << 20, size - start)))
        }
        for _ in 0..<3 {
            #expect(try await staged.commit(key) == .created)
            #expect(try await storage.statObject(key)?.size == Int64(size))
            #expect(try await storage.refreshObject(key, size: Int64(size)))
            #expect(try await staged.commit(key) == .present)
            try await storage.removeObject(key)
        }
        #expect(try await staged.commit(key) == .created)
        await staged.discard()
        #expect(try await storage.statObject(key)?.size == Int64(size))
        #expect(try await storage.uploadsInFlight().flattened().isEmpty)
        #expect(disk.unlinkedWhileOpen == [])
        await storage.close()
    }

    @Test(
        "a file that was read to its end is closed before its reader goes on", arguments: [0, 1, 1 << 20, 3 << 20 | 1])
    func closedAtTheEnd(_ size: Int) async throws {
        let disk = SimulatedDisk.onSMB()
        let storage = try await open(disk)
        let key = try Key("blobs/object")
        _ = try await storage.writeObject(key, ObjectSource([UInt8](repeating: 1, count: size)))
        try await storage.readObject(key, range: nil) { (content) throws(StoreError) in
            for try await _ in content.chunks {}
            try await storage.removeObject(key)
        }
        #expect(disk.unlinkedWhileOpen == [])
        await storage.close()
    }

    @Test("on SMB EINVAL from an opening means to look again, a bounded number of times; on a disk it is an error")
    func looksAgain() async throws {
        for (isSMB, failures, isFound) in [(true, 10, true), (true, 10_000, false), (false, 1, false)] {
            let disk = isSMB ? SimulatedDisk.onSMB() : SimulatedDisk()
            var calls = InterceptedCalls(disk)
            let count = Counter()
            calls.before = { (call) throws(Errno) in
                if call.name == "open", call.subject == "object", count.next() <= failures { throw .invalidArgument }
            }
            let storage = try await open(calls)
            _ = try await storage.writeObject(Key("a/object"), ObjectSource([1]))
            count.reset()
            do {
                #expect(try await storage.statObject(Key("a/object"))?.size == 1)
                #expect(isFound)
            } catch {
                #expect(!isFound && error.code == .failed)
            }
            #expect(count.value < 100)
            await storage.close()
        }
    }

    @Test("on SMB a name that was seen absent, and was made on another machine since, is found at once")
    func absentBefore() async throws {
        let disk = SimulatedDisk.onSMB()
        let (record, object) = (try Key("a/b/record.json"), try Key("c/object"))
        // What the client remembers as absent, until somebody looks in a way that makes it ask the server.
        let absent = Monitor(Set(["a", "a/b", "record.json", "record.json~", "c", "object"]))
        var calls = InterceptedCalls(disk)
        calls.before = { (call) throws(Errno) in
            if call.name == "stat" { absent.withLock { _ = $0.remove(call.subject) } }
            if call.name == "open", absent.withLock({ $0.contains(call.subject) }) { throw .notFound }
        }
        let (other, storage) = (try await open(disk), try await open(calls))
        let first = try await other.writeRecord(record, [1], expecting: .absent)
        _ = try await other.writeRecord(record, [2], expecting: .version(first))
        _ = try await other.writeObject(object, ObjectSource([3]))
        #expect(try await storage.readRecord(record)?.bytes == [2])
        #expect(try await storage.statObject(object)?.size == 1)
        #expect(try await storage.statObject(Key("c/none")) == nil)
        await other.close()
        await storage.close()
    }

    @Test("EAGAIN of a server that is only just back is ridden out at every call", arguments: Scenario.all)
    func restartedServer(_ scenario: Scenario) async throws {
        let disk = SimulatedDisk.onSMB()
        var calls = InterceptedCalls(disk)
        let last = Monitor("")
        // Each kind of call fails twice before it works.
        let count = Counter()
        calls.before = { (call) throws(Errno) in
            let isNew = last.withLock { last in
                defer { last = call.name }
                return last != call.name
            }
            if isNew { count.reset() }
            if count.next() <= 2 { throw .tryAgain }
        }
        let storage = try await open(calls, threads: 1)
        try await scenario.prepare(storage)
        try await scenario.act(storage)
        #expect(try await scenario.isNew(storage))
        await storage.close()
    }

    @Test(
        "an error of link that may stand for a lost answer leaves a record's write unknown, and a refusal does not",
        arguments: [
            (Errno.inputOutput, StoreError.Code.outcomeUnknown), (.timedOut, .outcomeUnknown),
            (.connectionReset, .outcomeUnknown), (.noSpace, .outOfSpace), (.quotaExceeded, .outOfSpace),
            (.accessDenied, .permissionDenied), (.readOnlyFilesystem, .readOnly),
        ])
    func ambiguousLink(_ errno: Errno, _ expected: StoreError.Code) async throws {
        for key in ["new.json", "old.json"] {
            let disk = SimulatedDisk.onSMB()
            var calls = InterceptedCalls(disk)
            calls.before = { (call) throws(Errno) in
                if call.name == "linkat", call.subject == "new.json" || call.subject == "2" { throw errno }
            }
            let storage = try await open(calls)
            let version = try await open(disk).writeRecord(Key("old.json"), [1], expecting: .absent)
            do {
                let isNew = key == "new.json"
                _ = try await storage.writeRecord(Key(key), [2], expecting: isNew ? .absent : .version(version))
                Issue.record("nothing was thrown")
            } catch {
                #expect(error.code == expected)
            }
            await storage.close()
        }
    }
}

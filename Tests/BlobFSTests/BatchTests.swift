import BlobFS
import BlobSystem
import ObjectStorage
import Synchronization
import TestSupport
import Testing

@Suite("Many at once are as good as one by one")
struct BatchTests {
    private let small = Array("some content".utf8)

    private func keys(_ count: Int, _ kind: String) throws -> [Key] {
        try (0..<count).map { try Key("batch/\($0 % 4)/\($0)\(kind)") }
    }

    @Test("each object has an outcome of its own")
    func objects() async throws {
        let folder = TemporaryFolder()
        let storage = try await folder.open()
        let keys = try keys(10, "")
        _ = try await storage.writeObject(keys[3], ObjectSource(small))
        _ = try await storage.writeObject(keys[5], ObjectSource([1, 2, 3]))
        let results = await storage.writeObjects((keys + [keys[0]]).map { ($0, small) })
        for (index, result) in results.enumerated() {
            switch index {
            case 3, 10: #expect(try result.get() == .present)
            case 5: #expect(throws: StoreError.self) { try result.get() }
            default: #expect(try result.get() == .created)
            }
        }
        #expect(try await storage.statObject(keys[5])?.size == 3)
        #expect(try await storage.statObject(keys[0])?.size == Int64(small.count))
        await storage.close()
    }

    @Test("each record has an outcome of its own, also one that is on its way out")
    func records() async throws {
        let folder = TemporaryFolder()
        let storage = try await folder.open()
        let keys = try keys(9, ".json")
        let version = try await storage.writeRecord(keys[2], Array("one".utf8), expecting: .absent)
        _ = try await storage.writeRecord(keys[2], Array("two".utf8), expecting: .version(version))
        let results = await storage.createRecords(keys.map { ($0, small) })
        for (index, result) in results.enumerated() {
            switch result {
            case .success(let version):
                #expect(try await storage.readRecord(keys[index])?.version == version && index != 2)
            case .failure(let error): #expect(error.code == .preconditionFailed && index == 2)
            }
        }
        #expect(try await storage.readRecord(keys[2])?.bytes == Array("two".utf8))
        await storage.close()
    }

    @Test("of writers who race for the same records each has one winner")
    func races() async throws {
        let folder = TemporaryFolder()
        let storages = try await [folder.open(), folder.open(), folder.open(), folder.open()]
        let keys = try keys(32, ".json")
        let wins = await withTaskGroup(of: [Bool].self) { group in
            for (number, storage) in storages.enumerated() {
                group.addTask {
                    let results = await storage.createRecords(keys.map { ($0, Array("\(number)".utf8)) })
                    return results.map { if case .success = $0 { true } else { false } }
                }
            }
            return await group.reduce(into: [[Bool]]()) { $0.append($1) }
        }
        for (index, key) in keys.enumerated() {
            #expect(wins.count { $0[index] } == 1, "\(key)")
        }
        for storage in storages { await storage.close() }
    }

    @Test("a flush of the disk that fails is a failure of all that it covered")
    func failedFlush() async throws {
        let folder = TemporaryFolder()
        let fails = Atomic(false)
        var calls = InterceptedCalls()
        calls.before = { (call) throws(Errno) in
            if call.name == "syncfs", fails.load(ordering: .relaxed) { throw .inputOutput }
        }
        let storage = try await folder.open(calls)
        let keys = try keys(8, "")
        _ = await storage.writeObjects(keys.map { ($0, small) })
        fails.store(true, ordering: .relaxed)
        let others = try (0..<8).map { try Key("batch/0/other\($0)") }
        let results = await storage.writeObjects(others.map { ($0, small) })
        for result in results { #expect(throws: StoreError.self) { try result.get() } }
        for key in others { #expect(try await storage.statObject(key) == nil) }
        await storage.close()
    }

    @Test("a key of the other kind, or a record that is too large, is refused")
    func refusals() async throws {
        let folder = TemporaryFolder()
        let storage = try await folder.open()
        let (object, record) = (try Key("a/object"), try Key("a/record.json"))
        for result in await storage.writeObjects([(record, small)]) {
            #expect(throws: StoreError.self) { try result.get() }
        }
        for result in await storage.createRecords([(object, small)]) {
            #expect(throws: StoreError.self) { try result.get() }
        }
        let large = [UInt8](repeating: 32, count: Record.maximumBytes + 1)
        let results = await storage.createRecords([(record, large), (try Key("a/small.json"), small)])
        #expect(results.map { (try? $0.get()) != nil } == [false, true])
        await storage.close()
    }

    /// So many calls that open something: a look for a record that is there already, two files in `staging/`, a look
    /// for generations of the record, and the folders, each once.
    @Test("thirty-two packages cost few opened files, and few flushes")
    func cost() async throws {
        let folder = TemporaryFolder()
        let counts = Mutex<[String: Int]>([:])
        var calls = InterceptedCalls()
        calls.before = { (call) in counts.withLock { $0[call.name, default: 0] += 1 } }
        let storage = try await folder.open(calls)
        let blobs = try keys(32, "")
        let records = try keys(32, ".json")
        _ = await storage.writeObjects(blobs.map { ($0, small) })
        counts.withLock { $0 = [:] }
        let others = try (0..<32).map { try Key("batch/0/other\($0)") }
        for result in await storage.writeObjects(others.map { ($0, small) }) { _ = try result.get() }
        for result in await storage.createRecords(records.map { ($0, small) }) { _ = try result.get() }
        let found = counts.withLock { $0 }
        #expect(found["syncfs"] ?? 0 <= 4 && found["fsync"] ?? 0 <= 8, "\(found)")
        #expect(found["open"] ?? 0 <= 32 * 3 + 16, "\(found)")
        await storage.close()
    }
}

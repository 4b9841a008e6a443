import BlobFS
import BlobSystem
import FoundationEssentials
import ObjectStorage
import TestSupport
import Testing

/// What an unmount and a mount do to a path: the directory that it leads to is another.
@Suite("A root that is mounted anew while a process works in it")
struct RemountTests {
    private static let marker = Array("the root".utf8)

    /// A storage in `root`, anchored, with an object in it, and a copy of it all in `copy`.
    private func mounted(
        _ folder: TemporaryFolder, _ calls: any SystemCalls = LinuxCalls()
    ) async throws -> FileStorage {
        var options = FileStorageOptions()
        options.calls = calls
        let storage = try await FileStorage.create(path: folder.path + "/root", options: options)
        _ = try await storage.writeRecord(Key("root.json"), Self.marker, expecting: .absent)
        storage.anchor(to: try Key("root.json"), Self.marker)
        _ = try await storage.writeObject(Key("old"), ObjectSource([1]))
        try FileManager.default.copyItem(atPath: folder.path + "/root", toPath: folder.path + "/copy")
        return storage
    }

    private func remount(_ folder: TemporaryFolder) throws {
        try FileManager.default.moveItem(atPath: folder.path + "/root", toPath: folder.path + "/detached")
        try FileManager.default.moveItem(atPath: folder.path + "/copy", toPath: folder.path + "/root")
    }

    private func code(_ work: () async throws -> some Any) async -> StoreError.Code? {
        do {
            _ = try await work()
            return nil
        } catch { return (error as? StoreError)?.code }
    }

    @Test("is opened anew where its marker stands, and everything goes on there")
    func goesOn() async throws {
        let folder = TemporaryFolder()
        let storage = try await mounted(folder)
        try remount(folder)
        try await storage.checkLocation()
        #expect(try await storage.writeObject(Key("a/new"), ObjectSource([2])) == .created)
        #expect(try await storage.writeObject(Key("old"), ObjectSource([1])) == .present)
        let version = try await storage.writeRecord(Key("r.json"), [1], expecting: .absent)
        _ = try await storage.writeRecord(Key("r.json"), [2], expecting: .version(version))
        #expect(folder.names("root") == ["a", "old", "r.json", "r.json~", "root.json", "staging"])
        #expect(folder.names("detached") == ["old", "root.json", "staging"])
        await storage.close()
    }

    @Test("is noticed by who only reads within a second")
    func reading() async throws {
        let folder = TemporaryFolder()
        let elapsed = Monitor(Duration.zero)
        var calls = InterceptedCalls()
        calls.ahead = { elapsed.withLock { $0 } }
        let storage = try await mounted(folder, calls)
        try remount(folder)
        try folder.touch("root/new")
        elapsed.withLock { $0 = .seconds(1) }
        #expect(try await storage.statObject(Key("new")) != nil)
        await storage.close()
    }

    @Test("is waited for: until it is there nothing is read or written, and then work goes on")
    func unmounted() async throws {
        let folder = TemporaryFolder()
        let storage = try await mounted(folder)
        try FileManager.default.moveItem(atPath: folder.path + "/root", toPath: folder.path + "/detached")
        try FileManager.default.createDirectory(atPath: folder.path + "/root", withIntermediateDirectories: false)
        #expect(await code { try await storage.checkLocation() } == .wrongRoot)
        #expect(await code { try await storage.statObject(Key("old")) } == .wrongRoot)
        #expect(await code { try await storage.writeObject(Key("new"), ObjectSource([1])) } == .wrongRoot)
        #expect(folder.names("root") == [])
        try FileManager.default.removeItem(atPath: folder.path + "/root")
        try FileManager.default.moveItem(atPath: folder.path + "/copy", toPath: folder.path + "/root")
        #expect(try await storage.statObject(Key("old")) != nil)
        #expect(try await storage.writeObject(Key("new"), ObjectSource([1])) == .created)
        await storage.close()
    }

    @Test("is not taken for another root that is mounted there")
    func another() async throws {
        let folder = TemporaryFolder()
        let storage = try await mounted(folder)
        try Data("another".utf8).write(to: URL(filePath: folder.path + "/copy/root.json"))
        try remount(folder)
        #expect(await code { try await storage.checkLocation() } == .wrongRoot)
        #expect(await code { try await storage.writeObject(Key("new"), ObjectSource([1])) } == .wrongRoot)
        #expect(await code { try await storage.readRecord(Key("root.json")) } == .wrongRoot)
        #expect(folder.names("root") == ["old", "root.json", "staging"])
        await storage.close()
    }

    @Test(
        "is where all stands that is reported done: a write that a detached mount got is told as unknown",
        arguments: ["object", "record", "removal"])
    func writtenElsewhere(_ kind: String) async throws {
        let folder = TemporaryFolder()
        let isDue = Monitor(false)
        var calls = InterceptedCalls()
        calls.before = { (call) throws(Errno) in
            guard call.name == "fsync" || call.name == "unlinkat", isDue.withLock({ $0 }) else { return }
            isDue.withLock { $0 = false }
            try? FileManager.default.moveItem(atPath: folder.path + "/root", toPath: folder.path + "/detached")
            try? FileManager.default.moveItem(atPath: folder.path + "/copy", toPath: folder.path + "/root")
        }
        let storage = try await mounted(folder, calls)
        _ = try await storage.writeObject(Key("new"), ObjectSource([1, 2]))  // So that folders are known.
        isDue.withLock { $0 = true }
        let found = await code {
            switch kind {
            case "object": _ = try await storage.writeObject(Key("newer"), ObjectSource([2]))
            case "record": _ = try await storage.writeRecord(Key("r.json"), [1], expecting: .absent)
            default: try await storage.removeObject(Key("old"))
            }
        }
        #expect(found == .outcomeUnknown)
        #expect(try await storage.statObject(Key("newer")) == nil)
        #expect(try await storage.readRecord(Key("r.json")) == nil)
        #expect(try await storage.statObject(Key("old")) != nil)
        await storage.close()
    }

    @Test("takes small content that was on its way, which is in memory")
    func smallOnItsWay() async throws {
        let folder = TemporaryFolder()
        let storage = try await mounted(folder)
        let staged = try await storage.stageObject()
        try await staged.append([1, 2, 3])
        try remount(folder)
        try await storage.checkLocation()
        #expect(try await staged.commit(Key("new")) == .created)
        #expect(folder.exists("root/new"))
        await storage.close()
    }

    @Test("is told to who has large content on its way, and takes it when it is sent again")
    func onItsWay() async throws {
        let folder = TemporaryFolder()
        let storage = try await mounted(folder)
        let staged = try await storage.stageObject()
        try await staged.append(Scenario.large)
        try remount(folder)
        try await storage.checkLocation()
        do {
            _ = try await staged.commit(Key("new"))
            Issue.record("content that stands elsewhere was committed")
        } catch {
            #expect(error.code == .unavailable && error.isRetryable)
        }
        #expect(try await storage.writeObject(Key("new"), ObjectSource([1, 2, 3])) == .created)
        await storage.close()
    }

    @Test("is found by its path when the server has forgotten the old one")
    func stale() async throws {
        let folder = TemporaryFolder()
        let isForgotten = Monitor(false)
        var calls = InterceptedCalls()
        calls.before = { (call) throws(Errno) in
            if isForgotten.withLock({ $0 }), call.name == "open", !call.subject.hasPrefix("/") {
                isForgotten.withLock { $0 = false }
                throw .stale
            }
        }
        let storage = try await mounted(folder, calls)
        try remount(folder)
        isForgotten.withLock { $0 = true }
        #expect(try await storage.statObject(Key("old")) != nil)
        #expect(try await storage.writeObject(Key("new"), ObjectSource([1])) == .created)
        #expect(folder.exists("root/new"))
        await storage.close()
    }
}

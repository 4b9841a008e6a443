import BlobFS
import BlobSystem
import FoundationEssentials
import ObjectStorage
import TestSupport
import Testing

@Suite("Nothing happens outside the root that was opened")
struct GuardTests {
    private func code(_ work: () async throws -> some Any) async -> StoreError.Code? {
        do {
            _ = try await work()
            return nil
        } catch { return (error as? StoreError)?.code }
    }

    @Test("a directory that was moved away and replaced is the wrong root, and nothing is written there")
    func replaced() async throws {
        let folder = TemporaryFolder()
        let root = folder.path + "/root"
        let storage = try await FileStorage.create(path: root)
        try await storage.checkLocation()
        try FileManager.default.moveItem(atPath: root, toPath: folder.path + "/away")
        #expect(await code { try await storage.checkLocation() } == .wrongRoot)
        try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: false)
        #expect(await code { try await storage.checkLocation() } == .wrongRoot)
        #expect(await code { try await storage.writeObject(Key("object"), ObjectSource([1])) } == .wrongRoot)
        #expect(folder.names("root") == [])
        #expect(folder.names("away") == [])
        await storage.close()
    }

    @Test("opening what is missing, or is no directory, says so and makes nothing")
    func missing() async throws {
        let folder = TemporaryFolder()
        #expect(await code { try await FileStorage.open(path: folder.path + "/none") } == .notFound)
        #expect(FileManager.default.createFile(atPath: folder.path + "/file", contents: nil))
        #expect(await code { try await FileStorage.open(path: folder.path + "/file") } == .invalidArgument)
        #expect(await code { try await FileStorage.open(path: folder.path + "/file/below") } == .invalidArgument)
        #expect(folder.names() == ["file"])
        let storage = try await FileStorage.open(path: folder.path)
        #expect(try await storage.statObject(Key("a/b")) == nil)
        #expect(folder.names() == ["file"])
        await storage.close()
    }

    @Test("a symbolic link inside the root is refused on every way in", arguments: TemporaryFolder.places)
    func links(_ place: String) async throws {
        let (folder, outside) = (TemporaryFolder(in: place), TemporaryFolder(in: place))
        #expect(FileManager.default.createFile(atPath: outside.path + "/secret", contents: nil))
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/link", withDestinationPath: outside.path)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/object", withDestinationPath: outside.path + "/secret")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/r.json~", withDestinationPath: outside.path)
        let storage = try await folder.open()
        #expect(await code { try await storage.statObject(Key("link/secret")) } == .corrupt)
        #expect(await code { try await storage.statObject(Key("object")) } == .corrupt)
        #expect(await code { try await storage.writeObject(Key("link/new"), ObjectSource([1])) } == .corrupt)
        #expect(await code { try await storage.writeObject(Key("object"), ObjectSource([1])) } == .corrupt)
        #expect(await code { try await storage.readRecord(Key("r.json")) } == .corrupt)
        var found: [ListEntry] = []
        for try await page in storage.list(ListRequest()) { found += page }
        #expect(found == [.foreign("link", .notAFile), .foreign("object", .notAFile), .foreign("r.json~", .notAFile)])
        #expect(outside.names() == ["secret"])
        await storage.close()
    }

    @Test("a kernel without openat2 is refused")
    func oldKernel() async throws {
        let folder = TemporaryFolder()
        var calls = InterceptedCalls()
        calls.before = { (call) throws(Errno) in if call.name == "open", call.subject == "." { throw .noSuchCall } }
        let old = calls
        #expect(await code { try await folder.open(old) } == .unsupported)
    }

    @Test("a call that hangs makes its own operation unavailable, while others go on")
    func hanging() async throws {
        let folder = TemporaryFolder(in: "/dev/shm")
        let gate = Monitor(false)
        let signal = Signal()
        var calls = InterceptedCalls()
        calls.before = { (call) throws(Errno) in
            if call.subject == "hung" { _ = gate.wait(for: signal) { $0 ? true : nil } }
        }
        let storage = try await folder.open(calls, deadline: .seconds(3))
        #expect(await code { try await storage.statObject(Key("hung")) } == .unavailable)
        #expect(await code { try await storage.readRecord(Key("other.json")) } == nil)
        #expect(try await storage.writeObject(Key("object"), ObjectSource([1])) == .created)
        gate.withLock { $0 = true }
        signal.wakeAll()
        await storage.close()
    }

    @Test("a record whose write hangs after it began has an unknown outcome")
    func hangingRecord() async throws {
        let folder = TemporaryFolder(in: "/dev/shm")
        let gate = Monitor(false)
        let signal = Signal()
        var calls = InterceptedCalls()
        calls.after = { (call) throws(Errno) in
            if call.subject == "r.json", call.name == "linkat" { _ = gate.wait(for: signal) { $0 ? true : nil } }
        }
        let storage = try await folder.open(calls, deadline: .seconds(3))
        #expect(await code { try await storage.writeRecord(Key("r.json"), [1], expecting: .absent) } == .outcomeUnknown)
        #expect(try await storage.readRecord(Key("r.json"))?.bytes == [1])
        gate.withLock { $0 = true }
        signal.wakeAll()
        await storage.close()
    }
}

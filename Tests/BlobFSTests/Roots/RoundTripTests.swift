import BlobFS
import BlobSystem
import Glibc
import ObjectStorage
import Synchronization
import TestSupport
import Testing

/// On a share each of these calls is a request to its server, or several.
@Suite("Calls that a share pays for")
struct RoundTripTests {
    private static let (nfs, smb): (UInt64, UInt64) = (0x6969, 0xFE53_4D42)

    /// The calls of an operation, each by its name and subject.
    private final class Log: Sendable {
        private let lines = Mutex<[String]>([])

        func add(_ call: InterceptedCalls.Call) { lines.withLock { $0.append("\(call.name) \(call.subject)") } }

        /// What was called since the last time this was asked.
        func taken() -> [String] {
            lines.withLock { lines in
                defer { lines = [] }
                return lines
            }
        }
    }

    private func open(_ folder: TemporaryFolder, as filesystem: UInt64, _ log: Log) async throws -> FileStorage {
        var calls = InterceptedCalls()
        calls.filesystem = filesystem
        calls.before = { (call) throws(Errno) in log.add(call) }
        return try await folder.open(calls)
    }

    /// A folder in which a process that has ended wrote `a/b/one.json`.
    private func used(as filesystem: UInt64) async throws -> TemporaryFolder {
        let folder = TemporaryFolder()
        let storage = try await open(folder, as: filesystem, Log())
        _ = try await storage.writeRecord(Key("a/b/one.json"), [1], expecting: .absent)
        await storage.close()
        return folder
    }

    @Test("the directory that was just opened is not opened again for the first who looks into it, but for the next")
    func freshRoot() async throws {
        let (folder, log) = (TemporaryFolder(), Log())
        let storage = try await open(folder, as: Self.nfs, log)
        _ = log.taken()
        #expect(try await storage.readRecord(Key("a.json")) == nil)
        #expect(!log.taken().contains("open ."))
        #expect(try await storage.readRecord(Key("a.json")) == nil)
        #expect(log.taken().contains("open ."))
        await storage.close()
    }

    @Test("on NFS a process that finds a folder publishes into it without a look at those above, or a trial of links")
    func foundFolder() async throws {
        let (folder, log) = (try await used(as: Self.nfs), Log())
        let second = try await open(folder, as: Self.nfs, log)
        _ = log.taken()
        _ = try await second.writeRecord(Key("a/b/two.json"), [2], expecting: .absent)
        let calls = log.taken()
        #expect(calls.filter { $0 == "open a/b" }.count == 1, "\(calls)")
        #expect(!calls.contains("open a") && !calls.contains("open b") && !calls.contains("open ."), "\(calls)")
        #expect(calls.filter { $0.hasPrefix("linkat") } == ["linkat two.json"], "\(calls)")
        await second.close()
    }

    @Test("elsewhere it flushes the names of the folders above first, which another may have made")
    func foundFolderElsewhere() async throws {
        for filesystem in [Self.smb, 0xEF53] {
            let (folder, log) = (try await used(as: filesystem), Log())
            let second = try await open(folder, as: filesystem, log)
            _ = log.taken()
            _ = try await second.writeRecord(Key("a/b/two.json"), [2], expecting: .absent)
            let calls = log.taken()
            // The root, `a`, the staged file and `a/b`.
            #expect(calls.filter { $0.hasPrefix("fsync") }.count >= 4, "\(calls)")
            await second.close()
        }
    }

    @Test("a mount without links is noticed by the first publication, which succeeds all the same, and the next knows")
    func noLinks() async throws {
        let (folder, log) = (TemporaryFolder(), Log())
        var calls = InterceptedCalls()
        calls.before = { (call) throws(Errno) in
            log.add(call)
            if call.name == "linkat" { throw .notPermitted }
        }
        let storage = try await folder.open(calls)
        _ = try await storage.writeRecord(Key("a/one.json"), [1], expecting: .absent)
        #expect(log.taken().filter { $0.hasPrefix("linkat") }.count == 2)
        #expect(!storage.capabilities.atomicMove)
        _ = try await storage.writeRecord(Key("a/two.json"), [2], expecting: .absent)
        #expect(!log.taken().contains { $0.hasPrefix("linkat") })
        #expect(try await storage.readRecord(Key("a/one.json"))?.bytes == [1])
        await storage.close()
    }

    @Test("on SMB a look at a record asks once whether it has later generations")
    func absenceOnSMB() async throws {
        let (folder, log) = (TemporaryFolder(), Log())
        let storage = try await open(folder, as: Self.smb, log)
        _ = try await storage.writeRecord(Key("a/one.json"), [1], expecting: .absent)
        _ = log.taken()
        #expect(try await storage.readRecord(Key("a/one.json"))?.bytes == [1])
        #expect(log.taken().filter { $0.hasSuffix(" one.json~") } == ["stat one.json~"])
        await storage.close()
    }

    @Test("on NFS a folder that no longer has the root's mode is set right, and those above it, too")
    func changedMode() async throws {
        let folder = try await used(as: Self.nfs)
        #expect(chmod(folder.path, 0o2775) == 0)
        let second = try await open(folder, as: Self.nfs, Log())
        _ = try await second.writeRecord(Key("a/b/two.json"), [2], expecting: .absent)
        #expect(try folder.status("a").permissions == 0o2775)
        #expect(try folder.status("a/b").permissions == 0o2775)
        await second.close()
    }

    @Test("on NFS, too, a folder whose name could not be flushed is not trusted afterwards, but made anew")
    func failedFlush() async throws {
        let (folder, log) = (TemporaryFolder(), Log())
        let isBroken = Monitor(false)
        var calls = InterceptedCalls()
        calls.filesystem = Self.nfs
        calls.before = { (call) throws(Errno) in
            log.add(call)
            if call.name == "fsync", isBroken.withLock({ $0 }) { throw .inputOutput }
        }
        let storage = try await folder.open(calls)
        isBroken.withLock { $0 = true }
        await #expect(throws: StoreError.self) {
            try await storage.writeRecord(Key("a/one.json"), [1], expecting: .absent)
        }
        isBroken.withLock { $0 = false }
        _ = log.taken()
        _ = try await storage.writeRecord(Key("a/one.json"), [1], expecting: .absent)
        #expect(log.taken().contains("rmdir a"))
        await storage.close()
    }
}

import BlobFS
import BlobSystem
import ObjectStorage
import TestSupport
import Testing

/// An SMB server that restarts forgets files that are open: the flush of a staged file answers EBADF then, although the
/// descriptor is good.
@Suite("What a server forgot while it was staged is staged once more")
struct ForgottenFileTests {
    private static let errnos: [Errno] = [.badDescriptor, .stale]

    /// A root whose next calls of a name fail, once it is armed.
    private struct ForgetfulRoot {
        let folder = TemporaryFolder()
        let storage: FileStorage
        private let left: Monitor<(name: String, times: Int)>

        init(_ errno: Errno) async throws {
            let left = Monitor((name: "", times: 0))
            var calls = InterceptedCalls()
            calls.filesystem = 0xFE53_4D42
            calls.before = { (call) throws(Errno) in
                let isDue = left.withLock { left in
                    guard left.name == call.name, left.times > 0 else { return false }
                    left.times -= 1
                    return true
                }
                if isDue { throw errno }
            }
            self.left = left
            storage = try await folder.open(calls)
            // So that what follows flushes no new folder.
            _ = try await storage.writeObject(Key("o/first"), ObjectSource([0]))
            _ = try await storage.writeRecord(Key("r/first.json"), [0], expecting: .absent)
        }

        func forget(_ name: String, times: Int = 1) { left.withLock { $0 = (name, times) } }
        var timesLeft: Int { left.withLock { $0.times } }
    }

    @Test("small and large objects", arguments: errnos, [3, 3 << 20])
    func objects(_ errno: Errno, _ size: Int) async throws {
        for call in ["fsync", "write"] {
            let root = try await ForgetfulRoot(errno)
            root.forget(call)
            let bytes = [UInt8](repeating: 7, count: size)
            #expect(try await root.storage.writeObject(Key("o/new"), ObjectSource(bytes)) == .created)
            #expect(root.timesLeft == 0)
            #expect(try await root.storage.statObject(Key("o/new"))?.size == Int64(size))
            await root.storage.close()
        }
    }

    @Test("content that was appended and is in memory", arguments: errnos)
    func upload(_ errno: Errno) async throws {
        let root = try await ForgetfulRoot(errno)
        let staged = try await root.storage.stageObject()
        try await staged.append([1, 2, 3])
        root.forget("fsync")
        #expect(try await staged.commit(Key("o/new")) == .created)
        #expect(root.timesLeft == 0)
        await root.storage.close()
    }

    @Test("content that is no longer in memory is asked for again, and never taken as durable", arguments: errnos)
    func largeUpload(_ errno: Errno) async throws {
        let root = try await ForgetfulRoot(errno)
        let staged = try await root.storage.stageObject()
        for _ in 0..<3 { try await staged.append([UInt8](repeating: 1, count: 1 << 20)) }
        root.forget("fsync")
        for _ in 0..<2 {
            do {
                _ = try await staged.commit(Key("o/new"))
                Issue.record("what a flush failed for was published")
            } catch {
                #expect(error.code == .unavailable && error.isRetryable && error.isStagingLost)
            }
        }
        #expect(try await root.storage.statObject(Key("o/new")) == nil)
        await root.storage.close()
    }

    @Test("records, new and replaced", arguments: errnos)
    func records(_ errno: Errno) async throws {
        let root = try await ForgetfulRoot(errno)
        root.forget("fsync")
        let first = try await root.storage.writeRecord(Key("r/new.json"), [1], expecting: .absent)
        #expect(root.timesLeft == 0)
        let second = try await root.storage.writeRecord(Key("r/new.json"), [2], expecting: .version(first))
        root.forget("fsync")
        _ = try await root.storage.writeRecord(Key("r/new.json"), [3], expecting: .version(second))
        #expect(root.timesLeft == 0)
        #expect(try await root.storage.readRecord(Key("r/new.json"))?.bytes == [3])
        await root.storage.close()
    }

    @Test("a server that forgets each time is told", arguments: errnos)
    func forEver(_ errno: Errno) async throws {
        let root = try await ForgetfulRoot(errno)
        root.forget("fsync", times: .max)
        do {
            _ = try await root.storage.writeObject(Key("o/new"), ObjectSource([1]))
            Issue.record("it was reported done")
        } catch {
            #expect(error.code == .unavailable && error.isRetryable)
        }
        await root.storage.close()
    }
}

/// An SMB mount fails each call while its server cannot be reached, and an NFS mount with the option `soft`, too.
@Suite("A file server that is away for a while is waited for")
struct OutageTests {
    private struct AbsentServer {
        let folder = TemporaryFolder()
        let storage: FileStorage
        private let away: Monitor<Int>

        init(_ errno: Errno, outage: Duration = .seconds(30)) async throws {
            let away = Monitor(0)
            var calls = InterceptedCalls()
            calls.filesystem = 0xFE53_4D42
            calls.before = { (_) throws(Errno) in
                let isAway = away.withLock { left in
                    left = max(0, left - 1)
                    return left > 0
                }
                if isAway { throw errno }
            }
            self.away = away
            storage = try await folder.open(calls, outage: outage)
            _ = try await storage.writeObject(Key("o/first"), ObjectSource([UInt8](repeating: 1, count: 3 << 20)))
            _ = try await storage.writeRecord(Key("r/first.json"), [0], expecting: .absent)
        }

        /// The next `calls` fail.
        func leave(for calls: Int) { away.withLock { $0 = calls + 1 } }
    }

    @Test("by what writes, reads, and lists", arguments: [Errno.hostDown, .timedOut, .connectionReset])
    func waiting(_ errno: Errno) async throws {
        let server = try await AbsentServer(errno)
        let storage = server.storage
        for calls in [1, 3] {
            server.leave(for: calls)
            _ = try await storage.writeObject(Key("o/\(calls)"), ObjectSource([1, 2, 3]))
            server.leave(for: calls)
            #expect(try await storage.statObject(Key("o/\(calls)"))?.size == 3)
            server.leave(for: calls)
            #expect(try await storage.readRecord(Key("r/first.json"))?.bytes == [0])
            server.leave(for: calls)
            var names = 0
            for try await page in storage.list(try ListRequest(KeyPrefix("r/"))) { names += page.count }
            #expect(names == 1)
            let size = try await storage.readObject(Key("o/first"), range: nil) {
                content async throws(StoreError) -> Int in
                server.leave(for: calls)
                var size = 0
                for try await chunk in content.chunks { size += chunk.count }
                return size
            }
            #expect(size == 3 << 20)
        }
        await storage.close()
    }

    @Test("and no longer than it is told")
    func patience() async throws {
        let server = try await AbsentServer(.hostDown, outage: .seconds(1))
        server.leave(for: .max - 1)
        do {
            _ = try await server.storage.statObject(Key("o/first"))
            Issue.record("it was told what nobody can know")
        } catch {
            #expect(error.code == .unavailable && error.isRetryable)
        }
        await server.storage.close()
    }
}

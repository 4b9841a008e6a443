import BlobFS
import BlobSystem
import FoundationEssentials
import ObjectStorage
import TestSupport
import Testing

@Suite("A move is one rename")
struct MovingTests {
    private static let good = Array("good".utf8)

    /// Moves a bad object, with a say before and after each of its calls.
    private func moving(
        before: @escaping @Sendable (_ call: InterceptedCalls.Call, _ path: String) throws(Errno) -> Void = {
            (_, _) throws(Errno) in
        },
        after: @escaping @Sendable (_ call: InterceptedCalls.Call, _ path: String) throws(Errno) -> Void = {
            (_, _) throws(Errno) in
        },
        filesystem: UInt64? = nil
    ) async throws -> (folder: TemporaryFolder, storage: FileStorage, code: StoreError.Code?) {
        let folder = TemporaryFolder(in: "/dev/shm")
        let clean = try await folder.open()
        _ = try await clean.writeObject(Key("blobs/object"), ObjectSource(Array("bad!".utf8)))
        var calls = InterceptedCalls()
        let path = folder.path
        calls.before = { (call) throws(Errno) in try before(call, path) }
        calls.after = { (call) throws(Errno) in try after(call, path) }
        calls.filesystem = filesystem
        let slow = try await folder.open(calls)
        var code: StoreError.Code?
        do { try await slow.moveObject(Key("blobs/object"), to: Key("quarantine/object.1")) } catch {
            code = error.code
        }
        await slow.close()
        return (folder, clean, code)
    }

    private static func rename(_ old: String, _ new: String) throws(Errno) {
        do { try FileManager.default.moveItem(atPath: old, toPath: new) } catch { throw .inputOutput }
    }

    private static func publish(_ path: String) throws(Errno) {
        guard FileManager.default.createFile(atPath: path + "/blobs/object", contents: Data(good)) else {
            throw .inputOutput
        }
    }

    private func content(_ key: String, _ storage: FileStorage) async throws -> [UInt8] {
        try await storage.withObject(Key(key)) { content in
            var bytes: [UInt8] = []
            for try await chunk in content.chunks { bytes += chunk }
            return bytes
        }
    }

    @Test("before and after each of its calls the object has exactly one of its two names")
    func oneName() async throws {
        let seen = Monitor<[Int]>([])
        let look: @Sendable (InterceptedCalls.Call, String) throws(Errno) -> Void = { (_, path) throws(Errno) in
            let names = ["/blobs/object", "/quarantine/object.1"]
            let count = names.count { FileManager.default.fileExists(atPath: path + $0) }
            seen.withLock { $0.append(count) }
        }
        let (folder, storage, code) = try await moving(before: look, after: look)
        #expect(code == nil)
        let counts = seen.withLock { $0 }
        #expect(counts.count > 10 && counts.allSatisfy { $0 == 1 }, "\(counts)")
        await storage.close()
        withExtendedLifetime(folder) {}
    }

    @Test("what was published there meanwhile is what is moved, and nothing of it is lost")
    func outrunAndHealed() async throws {
        let (folder, storage, code) = try await moving(before: { (call, path) throws(Errno) in
            guard call.name == "renameat" else { return }
            try Self.rename(path + "/blobs/object", path + "/quarantine/object.2")
            try Self.publish(path)
        })
        #expect(code == nil)
        #expect(try await content("quarantine/object.1", storage) == Self.good)
        #expect(
            try await storage.list(ListRequest()).flattened().map(\.text).sorted() == [
                "quarantine/object.1", "quarantine/object.2",
            ])
        await storage.close()
        withExtendedLifetime(folder) {}
    }

    @Test("an object that another mover took is moved once, and the other is told so")
    func outrun() async throws {
        let (folder, storage, code) = try await moving(before: { (call, path) throws(Errno) in
            guard call.name == "renameat" else { return }
            try Self.rename(path + "/blobs/object", path + "/quarantine/object.2")
        })
        #expect(code == .notFound)
        #expect(try await storage.list(ListRequest()).flattened().map(\.text) == ["quarantine/object.2"])
        await storage.close()
        withExtendedLifetime(folder) {}
    }

    @Test("a move whose answer is lost is found done", arguments: [Errno.inputOutput, .notFound, .timedOut])
    func lostAnswer(_ errno: Errno) async throws {
        let (folder, storage, code) = try await moving(
            after: { (call, _) throws(Errno) in if call.name == "renameat" { throw errno } }, filesystem: 0x6969)
        #expect(code == nil)
        #expect(try await content("quarantine/object.1", storage) == Array("bad!".utf8))
        await storage.close()
        withExtendedLifetime(folder) {}
    }

    @Test("a move of which nothing is seen, and which a server may yet do, has an unknown outcome")
    func unknown() async throws {
        for (errno, expected) in [(Errno.inputOutput, StoreError.Code.outcomeUnknown), (.noSpace, .outOfSpace)] {
            let (folder, storage, code) = try await moving(
                before: { (call, _) throws(Errno) in if call.name == "renameat" { throw errno } }, filesystem: 0x6969)
            #expect(code == expected)
            #expect(try await content("blobs/object", storage) == Array("bad!".utf8))
            await storage.close()
            withExtendedLifetime(folder) {}
        }
    }
}

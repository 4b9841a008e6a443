import BlobFS
import BlobStore
import BlobSystem
import FoundationEssentials
import Testing

@Suite("A move takes away what it moved, and nothing else")
struct MovingTests {
    private static let good = Array("good".utf8)

    /// Moves a bad object while others act at one moment: right before its old name is taken away.
    private func moving(_ others: @escaping @Sendable (_ path: String) throws(Errno) -> Void) async throws -> (
        folder: TemporaryFolder, storage: FileStorage, code: StoreError.Code?
    ) {
        let folder = try TemporaryFolder(in: "/dev/shm")
        let clean = try await folder.open()
        _ = try await clean.writeObject(Key("blobs/object"), ObjectSource(Array("bad!".utf8)))
        var calls = InterceptedCalls()
        let isDue = Monitor(true)
        let path = folder.path
        calls.before = { (call) throws(Errno) in
            let takesAway = call.name == "renameat" || call.name == "unlinkat" && call.subject == "object"
            guard takesAway,
                isDue.withLock({ isDue in
                    defer { isDue = false }
                    return isDue
                })
            else { return }
            try others(path)
        }
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

    @Test("what was published there meanwhile stays, where another mover had been faster")
    func outrunAndHealed() async throws {
        let (folder, storage, code) = try await moving { (path) throws(Errno) in
            try Self.rename(path + "/blobs/object", path + "/quarantine/object.2")
            try Self.publish(path)
        }
        #expect(code == .notFound)
        #expect(try await content("blobs/object", storage) == Self.good)
        #expect(
            try await storage.list(ListRequest()).flattened().map(\.text).sorted() == [
                "blobs/object", "quarantine/object.2",
            ])
        await storage.close()
        withExtendedLifetime(folder) {}
    }

    @Test("what was published there meanwhile stays, where the old object was removed")
    func removedAndHealed() async throws {
        let (folder, storage, code) = try await moving { (path) throws(Errno) in
            do { try FileManager.default.removeItem(atPath: path + "/blobs/object") } catch { throw .inputOutput }
            try Self.publish(path)
        }
        #expect(code == nil)
        #expect(try await content("blobs/object", storage) == Self.good)
        #expect(try await content("quarantine/object.1", storage) == Array("bad!".utf8))
        #expect(try await storage.list(ListRequest()).flattened().count == 2)
        await storage.close()
        withExtendedLifetime(folder) {}
    }

    @Test("an object that another mover took, and nobody published again, is moved once")
    func outrun() async throws {
        let (folder, storage, code) = try await moving { (path) throws(Errno) in
            try Self.rename(path + "/blobs/object", path + "/quarantine/object.2")
        }
        #expect(code == .notFound)
        #expect(try await storage.list(ListRequest()).flattened().map(\.text) == ["quarantine/object.2"])
        await storage.close()
        withExtendedLifetime(folder) {}
    }
}

import BlobFS
import BlobSystem
import FoundationEssentials
import Glibc
import ObjectStorage
import TestSupport
import Testing

@Suite("A root inside of another is entered by way of that one")
struct InnerRootTests {
    private func code(_ work: () async throws -> some Any) async -> StoreError.Code? {
        do {
            _ = try await work()
            return nil
        } catch { return (error as? StoreError)?.code }
    }

    @Test("a symbolic link on the way is refused, and nothing is made behind it", arguments: ["feeds", "feeds/npm"])
    func links(_ link: String) async throws {
        let (folder, outside) = (TemporaryFolder(), TemporaryFolder())
        if link == "feeds" {
            try FileManager.default.createDirectory(
                atPath: outside.path + "/npm", withIntermediateDirectories: false)
        } else {
            try FileManager.default.createDirectory(
                atPath: folder.path + "/feeds", withIntermediateDirectories: false)
        }
        let before = outside.names()
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/" + link, withDestinationPath: outside.path)
        for name in ["npm", "other"] where link == "feeds" || name == "npm" {
            let path = folder.path + "/feeds/" + name
            #expect(await code { try await FileStorage.open(path: path, inside: folder.path) } == .wrongRoot)
            #expect(await code { try await FileStorage.create(path: path, inside: folder.path) } == .wrongRoot)
        }
        #expect(outside.names() == before)
    }

    @Test("a folder that cannot be made is refused for that reason, and not for not being there")
    func readOnly() async throws {
        let folder = TemporaryFolder()
        var calls = InterceptedCalls()
        calls.before = { (call) throws(Errno) in if call.name == "mkdirat" { throw .readOnlyFilesystem } }
        var options = FileStorageOptions(threads: 2)
        options.calls = calls
        let path = folder.path + "/feeds/npm"
        do {
            _ = try await FileStorage.create(path: path, inside: folder.path, options: options)
            Issue.record("nothing was thrown")
        } catch {
            #expect(error.code == .readOnly)
        }
    }

    @Test("the links above the outer root are followed, as the administrator set them")
    func above() async throws {
        let folder = TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path + "/real", withIntermediateDirectories: false)
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/link", withDestinationPath: folder.path + "/real")
        let outer = folder.path + "/link"
        let inner = try await FileStorage.create(path: outer + "/feeds/npm", inside: outer)
        _ = try await inner.writeObject(Key("object"), ObjectSource([1]))
        try await inner.checkLocation()
        try await inner.removeObject(Key("object"))
        try await inner.dismantle()
        await inner.close()
        #expect(folder.names("real/feeds") == [])
    }

    @Test("a link that comes and goes never lets anything outside be removed")
    func swapped() async throws {
        let (folder, outside) = (TemporaryFolder(), TemporaryFolder())
        let path = folder.path + "/feeds/npm"
        let inner = try await FileStorage.create(path: path, inside: folder.path)
        await inner.close()
        try outside.touch("precious")
        try FileManager.default.createDirectory(
            atPath: outside.path + "/empty", withIntermediateDirectories: false)
        let isOver = Monitor(false)
        let hasEnded = Monitor(false)
        let ended = Signal()
        let hasBegun = Thread.start(named: "swapping") {
            while !isOver.withLock({ $0 }) {
                rename(path, path + "-real")
                symlink(outside.path, path)
                unlink(path)
                rename(path + "-real", path)
            }
            hasEnded.withLock { $0 = true }
            ended.wakeAll()
        }
        #expect(hasBegun)
        var opened = 0
        for _ in 0..<200 {
            guard let storage = try? await FileStorage.open(path: path, inside: folder.path) else { continue }
            opened += 1
            _ = try? await storage.removeObjects([Key("precious")])
            try? await storage.dismantle()
            await storage.close()
            _ = mkdir(path, 0o755)
        }
        isOver.withLock { $0 = true }
        _ = hasEnded.wait(for: ended) { $0 ? true : nil }
        #expect(outside.names() == ["empty", "precious"])
        #expect(opened > 0)
    }
}

import BlobSystem
import Glibc
import ObjectStorage
import TestSupport
import Testing

@testable import LocalFiles

@Suite("What a killed process left unfinished goes, and nothing else")
struct UnfinishedFileTests {
    private let folder = TemporaryFolder()

    /// A mark of a process of this machine that has ended.
    private func markOfTheDead() throws -> String {
        let mark = ProcessMark.current.text.split(separator: "-")
        // Numbers of processes do not go as far.
        return "\(mark[0])-\(Int32.max)-\(mark[2])"
    }

    private func write(_ name: String) async throws {
        try await LocalDestination.write("\(folder.path)/\(name)") { (append) async throws(StoreError) in
            try await append([1])
        }
    }

    private func age(_ name: String) {
        var times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
        utimensat(AT_FDCWD, "\(folder.path)/\(name)", &times, 0)
    }

    @Test("the next output into a folder removes them, and leaves those of the living and of other machines")
    func cleared() async throws {
        let dead = ".blobstore-\(try markOfTheDead())-1.part"
        let living = UnfinishedName().text
        let foreign = ".blobstore-abc-1-1-1.part"
        let aged = ".blobstore-abc-1-1-2.part"
        let former = ".0c7c3f4e-58a1-4f54-8f5e-3c1b8f8b7f10.part"
        let wide = ".０c7c3f4e-58a1-4f54-8f5e-3c1b8f8b7f10.part"
        let others = ["a.part", ".blobstore-x.part", ".part", ".blobstore-abc-1-1-3.partial", wide]
        for name in [dead, living, foreign, aged, former] + others { folder.write(name, [1]) }
        for name in [aged, former] + others { age(name) }
        try await write("new")
        for name in [dead, aged, former] { #expect(folder.read(name) == nil, "\(name)") }
        for name in [living, foreign, "new"] + others { #expect(folder.read(name) != nil, "\(name)") }
    }

    @Test("they are never imported")
    func walked() async throws {
        for name in [UnfinishedName().text, ".blobstore-abc-1-1-1.part", "a.part"] { folder.write(name, [1]) }
        let tree = try await LocalTree(folder.path)
        var found: [String] = []
        while let page = try await tree.next() {
            for case .file(let name) in page { found.append(name) }
        }
        #expect(found == ["a.part"])
    }

    @Test("an output gets the time that its content was changed last")
    func times() async throws {
        try await LocalDestination.write(folder.path + "/x", modified: Timestamp(seconds: 1_000_000_000)) {
            (append) async throws(StoreError) in try await append([1])
        }
        #expect(try await LocalFile.open(folder.path + "/x").modified.seconds == 1_000_000_000)
    }

    @Test("a mark tells the living from the dead, and knows nothing of other machines")
    func marks() throws {
        #expect(ProcessMark(ProcessMark.current.text) == .current)
        #expect(ProcessMark.current.life == .running)
        #expect(ProcessMark(try markOfTheDead())?.life == .gone)
        let mine = ProcessMark.current.text.split(separator: "-")
        #expect(ProcessMark("\(mine[0])-\(mine[1])-1")?.life == .gone)
        #expect(ProcessMark("abc-1-1")?.life == .unknown)
        for text in ["", "-", "a-b", "a-1-b", "a-0-1", "a--1-1", "a-01-1", "g-1-1", "a-99999999999-1", "a-1-1-1"] {
            #expect(ProcessMark(text) == nil, "\(text)")
        }
    }
}

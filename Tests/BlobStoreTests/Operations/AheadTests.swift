import Glibc
import LocalFiles
import Synchronization
import TestSupport
import Testing

@testable import BlobStore

/// What is counted ahead, and how an operation tells how far it is.
@Suite struct AheadTests {
    /// A tree with everything that can be in one.
    private func tree() -> TemporaryFolder {
        let folder = TemporaryFolder()
        for (name, size) in [("a", 1), ("b/c", 70_000), ("b/d/e", 3_000_000), ("empty", 0)] {
            folder.write(name, [UInt8](repeating: 7, count: size))
        }
        folder.write(String(repeating: "L", count: 150), [1])
        mkfifo(folder.path + "/pipe", 0o666)
        symlink("b/c", folder.path + "/link")
        symlink("nowhere", folder.path + "/dangling")
        symlink("b", folder.path + "/folder")
        let bad = Array((folder.path + "/b/").utf8CString.dropLast()) + [CChar(bitPattern: 0xFF), 0]
        close(open(bad, O_CREAT | O_WRONLY, 0o666))
        return folder
    }

    @Test(
        "what is counted ahead of an import is what it comes to",
        arguments: [false, true], [nil, ["b/", "a", "gone", "b/c"]])
    func survey(_ followsLinks: Bool, _ only: [String]?) async throws {
        let folder = tree()
        let last = Mutex(WorkProgress("none"))
        var options = PublishOperation.Options(
            PublicationDetails(by: "x"), followsLinks: followsLinks, only: only?.map { LocalName($0) })
        options.countsAhead = true
        let operation = PublishOperation(.tree(folder.path), into: try await Bench().feed(), options) { event in
            if case .progress(let progress) = event { last.withLock { $0 = progress } }
        }
        let survey = try await operation.survey()
        let summary = try await operation.run()
        #expect(survey.items == summary.published + summary.failed)
        let refused: Int64 = only == nil ? 1 : 0
        #expect(survey.bytes == summary.bytes + refused)
        let progress = last.withLock { $0 }
        #expect(progress.items == survey.items && progress.bytes == summary.bytes)
    }

    @Test("of content that is read again the last reading counts")
    func readAgain() async throws {
        let sum = Mutex<Int64>(0)
        let source = ObjectSource([UInt8](repeating: 1, count: 100)).counted { bytes in sum.withLock { $0 += bytes } }
        for _ in 0..<3 {
            for try await _ in try await source.read() {}
            #expect(sum.withLock { $0 } == 100)
        }
    }

    @Test("an export counts every path, and its progress ends at that")
    func export() async throws {
        let feed = try await Bench().feed()
        for name in ["a", "b", "c"] { try await feed.publish(name, at: name) }
        try await feed.remove(PackagePath("b"), by: "x")
        let last = Mutex(WorkProgress("none"))
        let operation = ExportOperation(
            feed, to: TemporaryFolder().path, ExportOperation.Options(countsAhead: true)
        ) { event in
            if case .progress(let progress) = event { last.withLock { $0 = progress } }
        }
        #expect(try await operation.count(in: try await feed.open()) == 3)
        #expect(try await operation.run().exported == 2)
        #expect(last.withLock { $0.items } == 3)
        #expect(last.withLock { $0.bytes } == 2)
    }
}

import BlobBackends
import BlobStore
import FoundationEssentials
import Testing

@Suite("The README")
struct ReadmeTests {
    @Test("the example of the library is the code that is compiled here, word for word")
    func exampleIsCompiled() throws {
        let readme = try Repository.text("README.md")
        let example = try Repository.text("Tests/DocumentationTests/ReadmeExample.swift")
        #expect(readme.contains("```swift\n\(example)```"))
    }

    @Test("the example of the library stores a package and reads it back")
    func exampleWorks() async throws {
        let root = FileManager.default.temporaryDirectory.appending(path: "readme-\(UUID())").path()
        defer { try? FileManager.default.removeItem(atPath: root) }
        let (made, _) = try await PackageStore.create(RootURL(root), node: NodeName("test"), with: Backends())
        _ = try await made.createFeed(FeedName("npm"))
        await made.close()
        let chunks = AsyncThrowingStream<[UInt8], any Error> { upload in
            for _ in 0..<3 { upload.yield([UInt8](repeating: 7, count: 100_000)) }
            upload.finish()
        }
        #expect(try await store(chunks, in: root) == 300_000)
    }

    @Test("every command that the README and the operations guide use is one of blobtool's")
    func commandsExist() throws {
        let sources = try Repository.files(below: "Sources/blobtool/Commands").map { try Repository.text($0) }
        let names = Set(sources.flatMap { $0.matches(of: /commandName: "([a-z]+)"/).map { String($0.1) } })
        #expect(names.count > 10)
        for page in ["README.md", "docs/operations.md"] {
            let used = try Repository.text(page).matches(of: /(?m)(?:^ +|`)blobtool ([a-z]+)/).map { String($0.1) }
            #expect(used.count > 3, "\(page) uses no commands")
            for name in used {
                #expect(names.contains(name), "\(page) uses \"blobtool \(name)\", which does not exist")
            }
        }
    }
}

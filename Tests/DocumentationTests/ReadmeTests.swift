import FoundationEssentials
import TestSupport
import Testing

@Suite("The README")
struct ReadmeTests {
    @Test("the example of the library, to the letter, builds as a package of its own and prints what the README says")
    func example() async throws {
        let blocks = try Repository.text("README.md").matches(of: /```(swift|)\n((?s).*?)```/)
            .map { (language: $0.1, text: String($0.2)) }
        let sources = blocks.filter { $0.language == "swift" }.map(\.text)
        try #require(sources.count == 2)
        let package = OutsidePackage(
            "hello", files: ["Package.swift": sources[0], "Sources/hello/main.swift": sources[1]])

        let build = try await package.swift("build")
        #expect(build.code == 0, "\(build.text)")
        let ownDependencies: Set<String> = ["swift-argument-parser", "swift-log", "swift-metrics"]
        #expect(Set(package.fetched).isSubset(of: ownDependencies), "without the trait: \(package.fetched)")
        #expect(!package.fetched.isEmpty)
        let root = TemporaryFolder()
        let first = try await package.swift("run", "--skip-build", "hello", root.path + "/packages")
        #expect(first.code == 0, "\(first.text)")
        #expect(blocks.contains { $0.text == first.text + "\n" }, "the README does not show \(first.text)")
        let second = try await package.swift("run", "--skip-build", "hello", root.path + "/packages")
        #expect(second.text == first.text.replacing("created", with: "unchanged"))
    }

    @Test("every command that the README, the runbook and the guides use is one of blobtool's")
    func commandsExist() throws {
        let sources = try Repository.files(below: "Sources/blobtool/Commands").map { try Repository.text($0) }
        let names = Set(sources.flatMap { $0.matches(of: /commandName: "([a-z]+)"/).map { String($0.1) } })
        #expect(names.count > 10)
        for page in ["README.md", "docs/operations.md"] + (try Repository.files(below: "docs/guides")) {
            let used = try Repository.text(page).matches(of: /(?m)(?:^ +|`)blobtool ([a-z]+)/).map { String($0.1) }
            #expect(used.count > 2, "\(page) uses no commands")
            for name in used {
                #expect(names.contains(name), "\(page) uses \"blobtool \(name)\", which does not exist")
            }
        }
    }
}

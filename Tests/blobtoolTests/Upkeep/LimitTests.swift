import Testing

@Suite("What the system lets the process have")
struct LimitTests {
    private func tree(_ scratch: Scratch) throws {
        for number in 0..<300 { try scratch.write("tree/\(number % 20)/\(number)", "\(number)") }
        try scratch.write("tree/large", String(repeating: "large ", count: 2_000_000))
    }

    @Test("few open files: as much is done at once as they allow, whatever was asked for")
    func openFiles() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try tree(scratch)
        let result = try await scratch.shell("ulimit -n 256; \"$0\" import npm tree --jobs 1024 --format json")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try result.line("summary")[number: "imported"] == 301)
    }

    @Test("too few open files are told as that, and no place is taken for a root because it could not be looked at")
    func hardlyAnyFiles() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try scratch.write("tree/a", "a")
        for limit in 5...24 {
            for command in ["import npm tree", "export npm out", "pull npm a -o copy", "check --junit report.xml"] {
                let result = try await scratch.shell("ulimit -n \(limit); \"$0\" \(command)")
                #expect(!result.errors.contains("is a root of the store"), "\(limit) \(command): \(result.errors)")
            }
        }
    }

    @Test("a soft limit of open files is raised to the hard one")
    func softLimit() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try tree(scratch)
        let result = try await scratch.shell("ulimit -Sn 32; \"$0\" import npm tree --format json")
        #expect(result.status == 0, "\(result.errors)")
    }

    @Test("an address space that is enough for an import is enough, and one that is not is told before it begins")
    func addressSpace() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try tree(scratch)
        for kibibytes in [200_000, 500_000] {
            let result = try await scratch.shell(
                "ulimit -v \(kibibytes); \"$0\" import npm tree --jobs 1024 --format json")
            #expect(result.status == 2)
            #expect(try result.line("error")["message"]?.contains("raise the limit with ulimit -v") == true)
        }
        let result = try await scratch.shell("ulimit -v 540000; \"$0\" import npm tree --jobs 1024 --format json")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try result.line("summary")[number: "imported"] == 301)
    }
}

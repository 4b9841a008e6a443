import FoundationEssentials
import Glibc
import Testing

struct SignalTests {
    @Test(
        "a push that is stopped leaves nothing behind, and the next one publishes",
        arguments: [
            (SIGINT, 130), (SIGTERM, 143),
        ] as [(Int32, Int32)])
    func push(signal: Int32, status: Int32) async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        let process = try scratch.start("push", "npm", "-", "--as", "slow", "--format", "json")
        await Tool.blocking { writeAll(Array("the first part".utf8), to: process.input) }
        #expect(await Tool.comes { (try? scratch.files("root/feeds/npm/staging"))?.isEmpty == false })
        process.signal(signal)
        let result = await Tool.finish(process)
        process.closeInput()
        #expect(result.status == status)
        #expect(try result.line("error")["code"] == "cancelled")
        #expect(try scratch.files("root/feeds/npm/staging") == [])
        #expect(try await scratch.run("ls", "npm", "--names").succeeded().output == "")
        try await scratch.run("push", "npm", "-", "--as", "slow", input: "all of it").succeeded()
    }

    @Test("an import that is stopped leaves a sound feed, and the same command goes on from there")
    func importing() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        let content = String(repeating: "0123456789abcdef", count: 16_384)
        // So many that the end does not come before the signal, however busy the machine is.
        for number in 0..<40 { try scratch.write("tree/\(number)", content + "\(number)") }
        let process = try scratch.start("import", "npm", "tree", "--jobs", "1", "--bwlimit", "200kB")
        process.closeInput()
        #expect(await Tool.comes { (try? scratch.files("root/feeds/npm/blobs"))?.isEmpty == false })
        process.signal(SIGTERM)
        let stopped = await Tool.finish(process)
        #expect(stopped.status == 143)
        // Lines of progress come before it where the machine is busy.
        #expect(stopped.errors.contains("SIGTERM"))
        #expect(try await scratch.json("check", "--content", "all").succeeded().lines.last?[number: "errors"] == 0)
        let again = try await scratch.json("import", "npm", "tree").succeeded().line("summary")
        #expect(again[number: "failed"] == 0)
        #expect((again[number: "imported"] ?? 0) + (again[number: "unchanged"] ?? 0) == 40)
        #expect(try scratch.files("root/feeds/npm/staging") == [])
    }

    @Test("what takes its time tells programs on standard error how far it is, with the total")
    func progress() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        let content = String(repeating: "0123456789abcdef", count: 250_000)
        try scratch.write("tree/a", content)
        let process = try scratch.start("import", "npm", "tree", "--bwlimit", "100kB", "--format", "json")
        process.closeInput()
        let first = await Tool.blocking { readSome(process.errors) }
        let line = try JSONDecoder().decode(Line.self, from: Data(first))
        #expect(line.type == "progress" && line["phase"] == "importing")
        #expect(line[number: "itemsTotal"] == 1 && line[number: "bytesTotal"] == 4_000_000)
        #expect((0..<4_000_000).contains(line[number: "bytes"] ?? -1))
        process.signal(SIGTERM)
        let stopped = await Tool.finish(process)
        // Further lines of progress come before it where the machine is busy.
        #expect(try stopped.lines.map(\.type).filter { $0 != "progress" } == ["error"])
    }

    @Test(
        "a probe that is stopped removes its folder, also where that takes longer than other commands may",
        .enabled(if: Privileges.canTrace))
    func probe() async throws {
        let scratch = try Scratch()
        try scratch.write("place/file", "")
        // Each removal takes a while, as on a slow mount.
        let process = try scratch.start(
            program: "/usr/bin/strace",
            [
                "-D", "-f", "-qq", "-o", "/dev/null", "--seccomp-bpf", "-e", "trace=unlinkat", "-e",
                "inject=unlinkat:delay_enter=400000", Tool.path, "probe", "place", "--workers", "2",
            ])
        process.closeInput()
        let folder = { @Sendable () -> String? in
            (try? scratch.files("place"))?.first { $0.contains("/notes/") || $0.contains("/meetings/") }
                .map { String($0.prefix { $0 != "/" }) }
        }
        #expect(await Tool.comes { folder() != nil })
        // They alone keep it longer than the time that other commands have.
        for number in 0..<8 { try scratch.write("place/\(try #require(folder()))/slow/\(number)", "") }
        process.signal(SIGINT)
        let result = await Tool.finish(process)
        #expect(result.status == 130, "\(result.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path + "/place") == ["file"])
    }

    @Test("a second signal ends the process at once, with the code of the second")
    func second() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        let process = try scratch.start("push", "npm", "-", "--as", "slow")
        #expect(await Tool.comes { (try? scratch.files("root/feeds/npm/staging"))?.isEmpty == false })
        process.signal(SIGINT)
        process.signal(SIGTERM)
        let result = await Tool.finish(process)
        process.closeInput()
        // Both were pending at once, or the first had ended it already.
        #expect([130, 143].contains(result.status))
    }

    @Test("a listing ends quietly when its reader has seen enough")
    func closedPipe() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        // More than a pipe holds.
        for number in 0..<900 { try scratch.write("tree/\(String(repeating: "n", count: 150))\(number)", "") }
        try await scratch.run("import", "npm", "tree").succeeded()
        let process = try scratch.start("ls", "npm")
        process.closeInput()
        let (first, status, errors) = await Tool.blocking {
            let first = readSome(process.output)
            close(process.output)
            return (first, process.wait(), readSome(process.errors))
        }
        close(process.errors)
        #expect(first.starts(with: Array("nnn".utf8)))
        #expect(status == 141)
        #expect(errors.isEmpty)
    }
}

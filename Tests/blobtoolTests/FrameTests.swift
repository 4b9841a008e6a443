import FoundationEssentials
import Glibc
import Testing

struct FrameTests {
    @Test("the version is printed and nothing else")
    func version() async throws {
        let result = try await Tool.run("--version")
        #expect(result.status == 0)
        #expect(result.output.wholeMatch(of: /blobtool \d+\.\d+\.\d+\n/) != nil)
        #expect(result.errors == "")
    }

    @Test(
        "a command line that cannot be understood exits 64 with one sentence that names it",
        arguments: [
            ["feed"], ["nope"], ["man", "--nope"], ["man", "extra"], ["man", "--format", "xml"], ["man", "-q", "-v"],
        ])
    func usage(arguments: [String]) async throws {
        let result = try await Tool.run(arguments)
        #expect(result.status == 64)
        #expect(result.output == "")
        #expect(result.errors.hasPrefix("error: "))
        #expect(result.errors.split(separator: "\n").count == 1)
        #expect(result.errors.contains("--help"))
    }

    @Test("the name alone prints the help")
    func bare() async throws {
        let result = try await Tool.run([])
        #expect(result.status == 0 && result.errors == "")
        #expect(result.output == (try await Tool.run("--help").output))
    }

    @Test(
        "a mistyped command is told with the nearest, and one that is near none alone",
        arguments: [
            (["chek"], "there is no command \"chek\", but there is \"check\"; see"),
            (["feed", "craete"], "there is no command \"feed craete\", but there is \"feed create\"; see"),
            (["frobnicate"], "there is no command \"frobnicate\"; see"),
        ])
    func mistyped(arguments: [String], sentence: String) async throws {
        let result = try await Tool.run(arguments)
        #expect(result.status == 64 && result.sentence.hasPrefix("error: " + sentence), "\(result.sentence)")
    }

    @Test("a mistyped feed is told with the nearest, in the same sentence")
    func mistypedFeed() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm", "pypi")
        for command in [
            ["ls", "npn"], ["check", "npn"], ["explain", "npn"], ["stats", "pypi", "npn"], ["gc", "npn"],
        ] {
            let result = try await scratch.json(command)
            #expect(result.status == 2)
            let message = try #require(try result.lines.first { $0.type == "error" }?["message"])
            #expect(message.contains("; use \"npm\" if that is meant, or create it with"), "\(command): \(message)")
        }
        let far = try await scratch.json("ls", "something")
        #expect(
            try far.line("error")["message"]?.hasSuffix("create it with \"blobtool feed create something\"") == true)
    }

    @Test("colours come where they are asked for, and never into JSON, a document or a file")
    func colours() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        let plain = try await scratch.run("check").succeeded()
        #expect(!plain.output.contains("\u{1b}"))
        let painted = try await scratch.run("check", "--color", "always", "--html", "x").succeeded()
        #expect(painted.output.contains("\u{1b}[32mGOOD:\u{1b}[0m ") && scratch.read("x")?.contains("\u{1b}") == false)
        let failed = try await scratch.run("ls", "other", "--color=always")
        #expect(failed.errors.hasPrefix("\u{1b}[1;31merror:\u{1b}[0m there is no feed"))
        let usage = try await scratch.run("ls", "--color=always")
        #expect(usage.status == 64 && usage.errors.hasPrefix("\u{1b}[1;31merror:"))
        let json = try await scratch.json("check", "--color", "always", "nope")
        #expect(json.status == 2 && !(json.output + json.errors).contains("\u{1b}"))
        #expect(try await scratch.run("check", "--color", "red").status == 64)
    }

    @Test("names of feeds and paths of packages complete, a folder at a time, and nothing where there is no root")
    func offered() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm", "pypi")
        for path in ["left-pad/1.3.0/a.tgz", "left-pad/b.tgz", "lodash.tgz"] {
            try await scratch.run("push", "npm", "-", "--as", path, input: "x").succeeded()
        }
        func offers(_ argument: Int, _ words: String...) async throws -> [String] {
            let last = words.last ?? ""
            let result = try await scratch.run(
                ["---completion", words[1], "--", "positional@\(argument)", "\(words.count - 1)", "\(last.count)"]
                    + words)
            #expect(result.status == 0 && result.errors == "")
            return result.output.split(separator: "\n").map(String.init)
        }
        #expect(try await offers(0, "blobtool", "pull", "") == ["npm", "pypi"])
        #expect(try await offers(1, "blobtool", "pull", "npm", "") == ["left-pad/", "lodash.tgz"])
        #expect(
            try await offers(1, "blobtool", "pull", "-o", "x", "npm", "left-pad/")
                == ["left-pad/1.3.0/", "left-pad/b.tgz"])
        #expect(try await offers(1, "blobtool", "pull", "npm", "lo") == ["lodash.tgz"])
        #expect(try await offers(0, "blobtool", "pull", "--root", "/nonexistent", "") == [])
        #expect(try await offers(1, "blobtool", "pull", "nope", "") == [])
    }

    @Test("-v tells what is changed on a local root, and no word of what is read; -vv tells that, too")
    func verbose() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        let once = try await scratch.run("push", "npm", "-", "--as", "a", "-v", input: "a").succeeded()
        #expect(once.errors.contains("writeRecord done key=packages/a.json"))
        #expect(!once.errors.contains("readRecords done"))
        let twice = try await scratch.run("push", "npm", "-", "--as", "b", "-vv", input: "b").succeeded()
        #expect(twice.errors.contains("readRecords done"))
        #expect(try await scratch.run("push", "npm", "-", "--as", "c", input: "c").succeeded().errors == "")
    }

    @Test(
        "with JSON a usage error is a line on standard output too",
        arguments: [
            ["man", "--format", "json", "--nope"], ["--format=json", "nope"],
        ])
    func usageInJSON(arguments: [String]) async throws {
        let result = try await Tool.run(arguments)
        let line = try result.line("error")
        #expect(result.status == 64)
        #expect(line["code"] == "usage")
        #expect(line["message"]?.isEmpty == false)
    }

    @Test(
        "an argument that is no UTF-8 is refused by its position, and nothing is published", arguments: ["as", "file"])
    func bytes(_ place: String) async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        let command =
            place == "as"
            ? "echo x | \"$0\" push npm - --as \"$(printf 'z\\377.txt')\" --format json"
            : "touch \"$(printf 'z\\377')\"; \"$0\" --format json push npm z*"
        let result = try await scratch.shell(command)
        #expect(result.status == 64)
        #expect(result.errors.contains("argument 5 is not valid UTF-8"))
        #expect(try result.line("error")["code"] == "usage")
        #expect(try await scratch.run("ls", "npm").succeeded().output == "")
    }

    @Test("the completion script of each shell is printed", arguments: ["bash", "zsh", "fish"])
    func completions(shell: String) async throws {
        let result = try await Tool.run("--generate-completion-script", shell)
        #expect(result.status == 0)
        #expect(result.output.contains("blobtool"))
    }

    @Test("a full disk under standard output is an error, not a success")
    func fullDisk() async throws {
        let shell = try SpawnedProcess(
            "/bin/sh", ["-c", "exec \"$0\" man >/dev/full", Tool.path], environment: Tool.environment([:]))
        shell.closeInput()
        let result = await Tool.finish(shell)
        #expect(result.status == 2)
        #expect(result.errors.contains("No space left"))
    }

    @Test("a closed standard output ends the tool quietly, as SIGPIPE would")
    func closedOutput() async throws {
        let process = try Tool.start(["man"])
        process.closeInput()
        close(process.output)
        let (status, errors) = await Tool.blocking { (process.wait(), readSome(process.errors)) }
        close(process.errors)
        #expect(status == 141)
        #expect(errors.isEmpty)
    }

    @Test(
        "what is printed to a stream that is closed gets into no file of the store",
        arguments: [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
    func closedStreams(_ closed: String) async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try scratch.write("file", "hello")
        let result = try await scratch.shell("\"$0\" push npm file -vv \(closed)")
        #expect(result.status == (closed.hasPrefix("2") ? 0 : 2))
        let good = try await scratch.json("check", "--content", "all").succeeded().lines.last
        #expect(good?[number: "packages"] == 1 && good?[number: "warnings"] == 0)
        for file in try scratch.files("root") {
            let text = scratch.read("root/\(file)") ?? ""
            #expect(!text.contains("created  ") && !text.contains("debug"), "\(file)")
        }
    }

    @Test("no file that is opened gets the number of a stream that is closed")
    func occupied() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        let process = try SpawnedProcess(
            "/bin/sh", ["-c", "exec \"$0\" push npm - --as slow >&- 2>&-", Tool.path],
            environment: Tool.environment(["BLOBSTORE_ROOT": scratch.root]), directory: scratch.path)
        #expect(await Tool.comes { (try? scratch.files("root/feeds/npm/staging"))?.isEmpty == false })
        for stream in [1, 2] {
            let place = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process.pid)/fd/\(stream)")
            #expect(place == "/dev/null")
        }
        process.signal(SIGTERM)
        #expect(await Tool.finish(process).status == 143)
        process.closeInput()
    }

    @Test("a standard input that is closed is not taken for an empty one")
    func closedInput() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        #expect(try await scratch.shell("\"$0\" push npm - --as a <&-").status == 2)
        #expect(try await scratch.run("ls", "npm").succeeded().output == "")
    }
}

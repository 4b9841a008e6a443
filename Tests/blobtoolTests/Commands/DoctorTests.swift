import FoundationEssentials
import Glibc
import Testing

struct DoctorTests {
    /// The advice about one thing, of the server root or of a feed.
    private func advice(_ result: Tool.Result, _ what: String, feed: String? = nil) throws -> [Line] {
        try result.lines.filter { $0.type == "advice" && $0["what"] == what && $0["feed"] == feed }
    }

    private func severities(_ result: Tool.Result, _ what: String, feed: String? = nil) throws -> [String?] {
        try advice(result, what, feed: feed).map { $0["severity"] }
    }

    @Test("a sound root is good in every respect, exits 0, and is left as it was")
    func sound() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try await scratch.run("feed", "create", "big", "--feed-root", scratch.path + "/big").succeeded()
        let before = try FileManager.default.subpathsOfDirectory(atPath: scratch.path).sorted()
        let result = try await scratch.json("doctor").succeeded()
        for what in ["setting", "identity", "read", "write", "clock", "staging", "file-flush", "hard-links"] {
            #expect(try severities(result, what).first == "good", "\(what)")
        }
        for (feed, words) in [("npm", "in the server root"), ("big", "a root of its own")] {
            let line = try #require(try advice(result, "identity", feed: feed).first)
            #expect(line["severity"] == "good" && line["message"]?.contains(words) == true)
        }
        #expect(try severities(result, "write", feed: "big") == ["good"])
        #expect(try severities(result, "nodes") == ["info"])
        let summary = try result.line("summary")
        #expect(summary[bool: "complete"] == true && summary[number: "errors"] == 0)
        #expect(try FileManager.default.subpathsOfDirectory(atPath: scratch.path).sorted() == before)
        let text = try await scratch.run("doctor").succeeded().output
        #expect(text.contains("npm: identity: ") && text.hasSuffix("nothing is wrong\n"))
    }

    @Test("the settings that another one hides are told, without what may be a credential in them")
    func hidden() async throws {
        let scratch = try await Scratch.withRoot()
        try scratch.write("config.json", "{\"packagesRoot\": \"/elsewhere\"}")
        let result = try await Tool.run(
            [
                "doctor", "--root", scratch.root, "--config", scratch.path + "/config.json", "--format", "json",
            ], environment: ["BLOBSTORE_ROOT": "s3://user:hunter2@bucket/x"])
        #expect(result.status == 0)
        let messages = try advice(result, "setting").compactMap { $0["message"] }
        #expect(messages.count == 3 && messages[0].contains("named by flag --root"))
        #expect(messages[1].hasPrefix("environment BLOBSTORE_ROOT names no root"))
        #expect(messages[2].contains("key packagesRoot names file:///elsewhere"))
        #expect(!result.output.contains("hunter2"))
    }

    @Test("a feed root that is gone is an error, and exits 1; the other feeds are looked at")
    func goneFeedRoot() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm", "pypi")
        try FileManager.default.removeItem(atPath: scratch.place("npm"))
        let result = try await scratch.json("doctor")
        #expect(result.status == 1)
        #expect(try severities(result, "identity", feed: "npm") == ["error"])
        #expect(try severities(result, "identity", feed: "pypi") == ["good"])
        #expect(try result.line("summary")[number: "errors"] == 1)
    }

    @Test("where the root cannot be opened, the place is told all the same, and the exit code is 2")
    func unopened() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        let pinned = try await scratch.json("doctor", "--root-id", "00000000-0000-0000-0000-000000000000")
        #expect(pinned.status == 2)
        #expect(try severities(pinned, "identity") == ["error"] && severities(pinned, "place").first == "info")
        #expect(try advice(pinned, "feeds").map { $0[bool: "certain"] } == [false])
        let absent = try await scratch.json("doctor", "--root", scratch.path + "/none")
        #expect(absent.status == 2)
        #expect(try advice(absent, "root").map { $0[bool: "certain"] } == [false])
        #expect(try absent.line("summary")[bool: "complete"] == false)
    }

    @Test("what a dead writer left is counted, once it is old")
    func leftovers() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try scratch.write("root/feeds/npm/staging/0f0f0f0f-0000-4000-8000-000000000000", "half")
        let file = scratch.place("npm") + "/staging/0f0f0f0f-0000-4000-8000-000000000000"
        try FileManager.default.setAttributes([.modificationDate: Date() - 200_000], ofItemAtPath: file)
        let line = try #require(try advice(try await scratch.json("doctor").succeeded(), "staging", feed: "npm").first)
        #expect(line["severity"] == "info" && line["message"]?.contains("1 unfinished upload") == true)
    }

    @Test("where nothing can be written, that is an error, and reading is good", .enabled(if: Privileges.canMount))
    func readOnly() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        let result = try await scratch.shell(
            """
            exec unshare -rm sh -c 'mount --bind root root && mount -o remount,bind,ro root &&
            exec "$0" doctor --format json' "$0"
            """)
        #expect(result.status == 1)
        #expect(try severities(result, "read") == ["good"] && severities(result, "write") == ["error"])
        #expect(try severities(result, "write", feed: "npm") == ["error"])
    }

    @Test("live nodes are counted, and those that left are no error")
    func nodes() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        var running: [SpawnedProcess] = []
        for number in 0..<2 {
            running.append(
                try scratch.start(
                    program: Tool.path.replacing(/blobtool$/, with: "blobnode"),
                    [
                        "-q", "--root", scratch.root, "--listen", "127.0.0.1:0", "--node", "web-\(number)",
                        "--drain", "0s",
                    ]))
        }
        try await comes("2 of 2 known nodes are alive", "good", in: scratch)
        for process in running {
            process.signal(SIGTERM)
            #expect(await Tool.finish(process).status == 0)
        }
        let left = try await scratch.json("doctor").succeeded()
        #expect(try severities(left, "nodes").allSatisfy { $0 != "error" } && severities(left, "drift").isEmpty)
        #expect(try severities(left, "planner").isEmpty)
    }

    /// Waits until the doctor says so of the nodes.
    private func comes(
        _ words: String, _ severity: String, in scratch: Scratch
    ) async throws {
        let deadline = ContinuousClock.now + .seconds(120)
        while true {
            let result = try await scratch.json("doctor")
            let said = try advice(result, "nodes")
            if said.contains(where: { $0["severity"] == severity && $0["message"]?.contains(words) == true }) { return }
            try #require(ContinuousClock.now < deadline, "\(result.output)")
        }
    }
}

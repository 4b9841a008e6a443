import FoundationEssentials
import Testing

@Suite("check and gc write what a monitoring system reads")
struct MetricsTests {
    /// A server root with a package in it.
    private static func withPackage() async throws -> Scratch {
        let scratch = try await Scratch.withRoot(feeds: "npm", "pypi")
        try await scratch.run("push", "npm", "-", "--as", "a", input: "hello\n").succeeded()
        return scratch
    }

    /// The values of a textfile by series, without the common prefix.
    private static func series(_ scratch: Scratch, _ file: String = "m.prom") throws -> [String: String] {
        let text = try #require(scratch.read(file))
        let pairs = text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { $0.split(separator: " ") }
        #expect(pairs.allSatisfy { $0.count == 2 && $0[0].hasPrefix("blobstore_") })
        return Dictionary(
            uniqueKeysWithValues: pairs.map { (String($0[0].dropFirst("blobstore_".count)), String($0[1])) })
    }

    /// Takes the only blob of a feed away.
    private static func loseBlob(_ scratch: Scratch) throws {
        let blobs = "\(scratch.place("npm"))/blobs"
        for file in try scratch.files("root/feeds/npm/blobs") {
            try FileManager.default.removeItem(atPath: "\(blobs)/\(file)")
        }
    }

    @Test("a check says what each feed holds, and when it ran and was good")
    func good() async throws {
        let scratch = try await Self.withPackage()
        try await scratch.run("check", "--content", "all", "--metrics", "m.prom").succeeded()
        let found = try Self.series(scratch)
        for (name, value) in [
            ("packages", "1"), ("blobs", "1"), ("bytes", "6"), ("bytes_read", "6"), ("errors", "0"), ("warnings", "0"),
            ("complete", "1"), ("fresh_ratio", "1.0"),
        ] { #expect(found["check_\(name){feed=\"npm\"}"] == value, "\(name)") }
        #expect(found["check_complete"] == "1" && found["check_packages{feed=\"pypi\"}"] == "0")
        #expect(found["check_fresh_ratio{feed=\"pypi\"}"] == nil)
        let run = try #require(found["check_last_run_timestamp_seconds{feed=\"npm\"}"].flatMap { Int64($0) })
        #expect(run > 1_700_000_000)
        #expect(found["check_last_good_timestamp_seconds{feed=\"npm\"}"] == String(run))
    }

    @Test("after damage, and where nothing could be read, the file still says when all was good")
    func notGood() async throws {
        let scratch = try await Self.withPackage()
        let name = "check_last_good_timestamp_seconds{feed=\"npm\"}"
        try scratch.write("m.prom", "blobstore_\(name) 1600000000\nblobstore_check_errors{feed=\"npm\"} 7\n")
        try Self.loseBlob(scratch)
        #expect(try await scratch.run("check", "--metrics", "m.prom").status == 1)
        var found = try Self.series(scratch)
        #expect(found[name] == "1600000000" && found["check_errors{feed=\"npm\"}"] == "1")
        #expect(found["check_complete{feed=\"npm\"}"] == "1")
        try await scratch.shell("mv root away").succeeded()
        for arguments in [["check"], ["check", "npm"]] {
            #expect(try await scratch.run(arguments + ["--metrics", "m.prom"]).status == 2)
            found = try Self.series(scratch)
            #expect(found[name] == "1600000000" && found["check_packages{feed=\"npm\"}"] == nil)
            #expect(found[arguments.count == 1 ? "check_complete" : "check_complete{feed=\"npm\"}"] == "0")
        }
    }

    @Test("a feed of which not all could be looked at says no number of packages")
    func incomplete() async throws {
        let scratch = try await Self.withPackage()
        try FileManager.default.removeItem(atPath: scratch.place("npm"))
        #expect(try await scratch.run("check", "--metrics", "m.prom").status == 2)
        let found = try Self.series(scratch)
        #expect(found["check_complete{feed=\"npm\"}"] == "0" && found["check_packages{feed=\"npm\"}"] == nil)
        #expect(found["check_complete{feed=\"pypi\"}"] == "1" && found["check_packages{feed=\"pypi\"}"] == "0")
        #expect(found["check_last_good_timestamp_seconds{feed=\"npm\"}"] == nil)
        #expect(found["check_last_good_timestamp_seconds{feed=\"pypi\"}"] != nil)
    }

    @Test("gc says what it found, and with --delete what it removed")
    func collected() async throws {
        let scratch = try await Self.withPackage()
        try await scratch.run("feed", "set", "npm", "--grace", "0s").succeeded()
        let age = "touch -d '3 days ago' root/feeds/npm/blobs/sha256/*/* root/feeds/npm/packages/*"
        try await scratch.shell("echo more >b && \"$0\" push npm b && rm root/feeds/npm/packages/b.json").succeeded()
        try await scratch.shell(age).succeeded()
        try await scratch.run("gc", "--metrics", "m.prom").succeeded()
        var found = try Self.series(scratch)
        #expect(found["gc_candidates{feed=\"npm\"}"] == "1" && found["gc_candidate_bytes{feed=\"npm\"}"] == "5")
        #expect(found["gc_removed{feed=\"npm\"}"] == nil && found["gc_complete"] == "1")
        #expect(found["gc_last_good_timestamp_seconds{feed=\"npm\"}"] == nil)
        try await scratch.run("gc", "--delete", "--max-delete", "100%", "--metrics", "m.prom").succeeded()
        found = try Self.series(scratch)
        #expect(found["gc_retired{feed=\"npm\"}"] == "1" && found["gc_failed{feed=\"npm\"}"] == "0")
        #expect(found["gc_last_good_timestamp_seconds{feed=\"npm\"}"] != nil)
        try await scratch.shell("find root/feeds/npm/retired -type f -exec touch -d '3 days ago' {} +").succeeded()
        try await scratch.run("gc", "npm", "--delete", "--max-delete", "100%", "--metrics", "m.prom").succeeded()
        found = try Self.series(scratch)
        #expect(found["gc_removed{feed=\"npm\"}"] == "1" && found["gc_removed_bytes{feed=\"npm\"}"] == "5")
    }

    @Test("gc that must stop says so, and keeps when it was good")
    func stopped() async throws {
        let scratch = try await Self.withPackage()
        try await scratch.run("gc", "--delete", "--metrics", "m.prom").succeeded()
        try scratch.write("root/feeds/npm/packages/garbled.json", "{")
        #expect(try await scratch.run("gc", "--delete", "--metrics", "m.prom").status == 1)
        var found = try Self.series(scratch)
        #expect(found["gc_complete{feed=\"npm\"}"] == "0" && found["gc_complete{feed=\"pypi\"}"] == "1")
        #expect(found["gc_last_good_timestamp_seconds{feed=\"npm\"}"] != nil)
        try await scratch.shell("mv root away").succeeded()
        for arguments in [["gc"], ["gc", "npm"]] {
            #expect(try await scratch.run(arguments + ["--delete", "--metrics", "m.prom"]).status == 2)
            found = try Self.series(scratch)
            #expect(found["gc_last_good_timestamp_seconds{feed=\"npm\"}"] != nil)
            #expect(found["gc_candidates{feed=\"npm\"}"] == nil)
            #expect(found[arguments.count == 1 ? "gc_complete" : "gc_complete{feed=\"npm\"}"] == "0")
        }
    }

    @Test("a former file that cannot be read is told of, and replaced")
    func unreadable() async throws {
        let scratch = try await Self.withPackage()
        try scratch.write("m.prom", String(repeating: "#\n", count: 1 << 24))
        let result = try await scratch.run("check", "--metrics", "m.prom").succeeded()
        #expect(result.errors.contains("note: when an earlier run was good is not known"))
        #expect(try Self.series(scratch)["check_complete"] == "1")
        let output = try await scratch.run("check", "--metrics", "-").succeeded().output
        #expect(output.hasPrefix("# HELP blobstore_check_") && scratch.read("-") == nil)
        #expect(try await scratch.run("check", "--dry-run", "--metrics", "m.prom").status == 64)
    }
}

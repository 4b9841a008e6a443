import Testing

/// What a small disk of the test's own does to commands.
@Suite(.enabled(if: Privileges.canMount))
struct DiskTests {
    /// Runs lines of shell with a root on a disk of so many KiB, which is gone after them.
    private func run(_ scratch: Scratch, kibibytes: Int, _ lines: String) async throws -> Tool.Result {
        try scratch.write("lines.sh", "set -e; tool=$1; blobtool() { \"$tool\" \"$@\"; }\n" + lines)
        return try await scratch.shell(
            """
            mkdir -p root && exec unshare -rm sh -c 'mount -t tmpfs -o size=\(kibibytes)k none root &&
            "$0" init "$BLOBSTORE_ROOT" -q >&2 && "$0" feed create npm -q >&2 && exec sh lines.sh "$0"' "$0"
            """)
    }

    @Test(
        "a full disk is told by the package and the root, with what was done until then", arguments: ["import", "push"])
    func full(command: String) async throws {
        let scratch = try Scratch()
        for name in ["a", "b", "c"] { try scratch.write("tree/\(name)", name) }
        try scratch.write("tree/d", String(repeating: "x", count: 400_000))
        let arguments = command == "import" ? "import npm tree" : "push npm tree/a tree/b tree/c tree/d"
        let result = try await run(scratch, kibibytes: 300, "blobtool \(arguments) --jobs 1 --format json --failed f")
        #expect(result.status == 2)
        let error = try result.line("error")
        #expect(error["code"] == "outOfSpace")
        #expect(error["item"] == (command == "import" ? "d" : "tree/d"))
        #expect(error["message"]?.hasPrefix("file://\(scratch.root)/feeds/npm is full; free space") == true)
        #expect(scratch.read("f") == (command == "import" ? "d\n" : "tree/d\n"))
        #expect(result.errors.contains("the rest was not tried"))
        if command == "import" {
            let summary = try result.line("summary")
            #expect(summary[number: "failed"] == 1)
            #expect(summary[bool: "complete"] == false)
        } else {
            #expect(try result.lines.filter { $0.type == "published" }.count == 3)
        }
    }

    @Test("a disk that is mounted read-only is told by the root, and with what to do")
    func readOnly() async throws {
        let scratch = try Scratch()
        try scratch.write("file", "x")
        let result = try await run(scratch, kibibytes: 300, "mount -o remount,ro root; blobtool push npm file")
        #expect(result.status == 2)
        #expect(
            result.errors.contains("file: file://\(scratch.root)/feeds/npm is mounted read-only; mount it for writing"))
        #expect(!result.errors.contains("the rest"))
    }

    @Test("one file that is too large for the filesystem fails alone")
    func tooLarge() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try scratch.write("tree/large", String(repeating: "x", count: 100_000))
        try scratch.write("tree/small", "x")
        let result = try await scratch.shell("trap '' XFSZ; ulimit -f 20; \"$0\" import npm tree --format json")
        #expect(result.status == 1)
        #expect(try result.line("summary")[number: "imported"] == 1)
        #expect(try result.line("error")["item"] == "large")
    }
}

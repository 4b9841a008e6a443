import FoundationEssentials
import Glibc
import Testing

@Suite("What a command writes stays out of roots, and what it walks too")
struct OutputTests {
    private static func withPackages() async throws -> Scratch {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        for name in ["a", "d/b"] {
            try await scratch.run("push", "npm", "-", "--as", name, input: name).succeeded()
        }
        return scratch
    }

    @Test(
        "an output into a root is refused before any work, and the root is as it was",
        arguments: [
            ["export", "npm", "PLACE/packages"], ["export", "npm", "PLACE/packages", "--dry-run"],
            ["export", "npm", "PLACE/new/deep", "--link"], ["export", "npm", "link"],
            ["pull", "npm", "a", "-o", "ROOT/root.json"], ["pull", "npm", "a", "-o", "PLACE/packages/x.json"],
            ["check", "--junit", "ROOT/root.json"], ["check", "--html", "PLACE/x.html"],
            ["check", "--metrics", "ROOT/x.prom"], ["gc", "--metrics", "PLACE/x.prom"],
            ["import", "npm", "tree", "--failed", "ROOT/catalog/npm.json"], ["rm", "npm", "a", "--failed", "link/x"],
            ["push", "npm", "tree/c", "--failed", "PLACE/root.json"], ["repair", "npm", "--failed", "ROOT/x"],
        ])
    func refused(_ arguments: [String]) async throws {
        let scratch = try await Self.withPackages()
        try scratch.write("tree/c", "c")
        symlink("root/feeds/npm", scratch.path + "/link")
        let before = try scratch.files("root")
        let marker = scratch.read("root/root.json")
        let words = arguments.map {
            $0.replacing("PLACE", with: scratch.place("npm")).replacing("ROOT", with: scratch.root)
        }
        let result = try await scratch.json(words)
        #expect(result.status == 2)
        #expect(try result.line("error")["code"] == "invalidArgument")
        #expect(result.errors.contains("which is a root of the store"))
        #expect(try scratch.files("root") == before && scratch.read("root/root.json") == marker)
    }

    @Test(
        "an output that cannot be written is told before any work",
        arguments: [
            ["check", "--html", "none/check.html"], ["check", "--junit", "blocked/check.xml"],
            ["check", "--metrics", "folder"], ["gc", "--metrics", "none/gc.prom", "--delete"],
            ["import", "npm", "tree", "--failed", "none/failed"], ["repair", "npm", "--failed", "folder"],
        ])
    func unwritable(_ arguments: [String]) async throws {
        let scratch = try await Self.withPackages()
        try scratch.write("tree/c", "c")
        try scratch.write("blocked", "a file")
        try scratch.write("folder/x", "x")
        let result = try await scratch.json(arguments)
        #expect(result.status == 2)
        #expect(try result.lines.map(\.type) == ["error"], "\(result.output)")
        #expect(try await scratch.run("ls", "npm").output == "a\nd/b\n")
    }

    @Test(
        "two outputs into one file are a mistake of the command line",
        arguments: [
            ["check", "--html", "x", "--junit", "x"], ["check", "--html", "x", "--junit", "./x"],
            ["check", "--junit", "x", "--metrics", "link"],
        ])
    func sameFile(_ arguments: [String]) async throws {
        let scratch = try await Self.withPackages()
        symlink("x", scratch.path + "/link")
        let result = try await scratch.run(arguments)
        #expect(result.status == 64 && result.sentence.contains("both write to"))
        #expect(scratch.read("x") == nil)
        try await scratch.run("check", "--html", "/dev/null", "--junit", "/dev/null").succeeded()
    }

    @Test("where a report cannot be written, a check exits 2 whatever it found, and writes the others")
    func unwritten() async throws {
        let scratch = try await Self.withPackages()
        try FileManager.default.removeItem(atPath: scratch.place("npm") + "/blobs")
        #expect(try await scratch.run("check", "--html", "x").status == 1)
        let result = try await scratch.run("check", "--junit", "/dev/full", "--html", "y")
        #expect(result.status == 2 && result.errors.contains("/dev/full"))
        #expect(scratch.read("y")?.hasPrefix("<!doctype html>") == true)
    }

    @Test(
        "a folder with a root in it is taken without the root, which is told as failed", arguments: ["import", "push"])
    func walked(_ command: String) async throws {
        let scratch = try await Self.withPackages()
        try scratch.write("own/file", "file")
        let arguments = command == "push" ? ["push", "npm", "-r", "."] : ["import", "npm", "."]
        for _ in 0..<2 {
            let result = try await scratch.json(arguments + ["--failed", "/dev/null"])
            #expect(result.status == 1)
            #expect(try result.line("error")["message"]?.contains("a root of the store") == true)
        }
        #expect(try await scratch.run("ls", "npm").output == "a\nd/b\nown/file\n")
        for folder in ["root", "root/feeds/npm", "root/feeds/npm/blobs"] {
            let whole = command == "push" ? ["push", "npm", "-r", folder] : ["import", "npm", folder]
            #expect(try await scratch.run(whole).status == 2)
        }
        #expect(try await scratch.run("ls", "npm").output == "a\nd/b\nown/file\n")
    }

    @Test("a file that says it has no bytes is published with those it has")
    func kernelFiles() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        let pushed = try await scratch.json("push", "npm", "/proc/filesystems").succeeded().line("published")
        let content = try await scratch.run("pull", "npm", "filesystems", "-o", "-").output
        #expect(content.contains("tmpfs") && pushed[number: "size"] == Int64(content.utf8.count))
    }

    @Test("what a killed pull left is gone after the next, and is never imported")
    func leftovers() async throws {
        let scratch = try await Self.withPackages()
        let left = ".blobstore-abc-1-1-1.part"
        try scratch.write("out/\(left)", "half")
        try scratch.write("out/.0c7c3f4e-58a1-4f54-8f5e-3c1b8f8b7f10.part", "half")
        #expect(try await scratch.run("import", "npm", "out").succeeded().output.contains("imported 0"))
        var times = [timespec(tv_sec: 1, tv_nsec: 0), timespec(tv_sec: 1, tv_nsec: 0)]
        utimensat(AT_FDCWD, "\(scratch.path)/out/\(left)", &times, 0)
        try await scratch.run("pull", "npm", "a", "-o", "out/a").succeeded()
        #expect(try scratch.files("out") == [".0c7c3f4e-58a1-4f54-8f5e-3c1b8f8b7f10.part", "a"])
    }

    @Test("an exported file has the time of the file that was imported, and the package that of its publication")
    func times() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try scratch.write("tree/x", "x")
        var times = [timespec(tv_sec: 1_000_000_000, tv_nsec: 5), timespec(tv_sec: 1_000_000_000, tv_nsec: 5)]
        utimensat(AT_FDCWD, scratch.path + "/tree/x", &times, 0)
        try await scratch.run("import", "npm", "tree").succeeded()
        try await scratch.run("push", "npm", "tree/x", "--as", "pushed").succeeded()
        try await scratch.run("export", "npm", "out").succeeded()
        for name in ["x", "pushed"] {
            var status = stat()
            #expect(stat("\(scratch.path)/out/\(name)", &status) == 0 && status.st_mtim.tv_sec == 1_000_000_000)
        }
        let shown = try await scratch.run("stat", "npm", "x").output
        #expect(shown.contains("2001-09-09T01:46:40Z") && !shown.contains("published  2001"))
    }
}

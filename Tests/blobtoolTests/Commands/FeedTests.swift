import FoundationEssentials
import Glibc
import Testing

struct FeedTests {
    @Test("a feed is made, listed, shown, changed and deleted")
    func life() async throws {
        let scratch = try await Scratch.withRoot()
        let options = ["--grace", "48h", "--digests", "sha1,md5"]
        let made = try await scratch.json(["feed", "create", "npm"] + options).line("feed")
        #expect(made["feed"] == "npm")
        #expect(made["root"] == "file://\(scratch.place("npm"))")
        #expect(made["source"] == "server")
        #expect(made[bool: "mutable"] == false)
        #expect(made["state"] == "active")
        #expect(made[number: "epoch"] == 1)
        #expect(made[number: "graceSeconds"] == 172_800)
        let changed = try await scratch.json("feed", "set", "npm", "--mutable").line("feed")
        #expect(changed[bool: "mutable"] == true)
        #expect(try await scratch.json("feed", "show", "npm").line("feed")[bool: "mutable"] == true)
        #expect(try await scratch.json("feed", "set", "npm", "--immutable").line("feed")[bool: "mutable"] == false)
        #expect(try await scratch.json("feed", "list").lines.compactMap { $0["feed"] } == ["npm"])
        #expect(try await scratch.json("feed", "delete", "npm").line("feed")["state"] == "deleted")
        #expect(try await scratch.json("feed", "list").succeeded().output == "")
    }

    @Test("a feed with a root of its own says so")
    func ownRoot() async throws {
        let scratch = try await Scratch.withRoot()
        let line = try await scratch.json("feed", "create", "npm", "--feed-root", scratch.path + "/own").line("feed")
        #expect(line["source"] == "feed")
        #expect(line["root"] == "file://\(scratch.path)/own")
        let explained = try await scratch.json("explain", "npm").line("explain")
        #expect(explained["source"] == "feed")
        #expect(explained["setBy"] == "catalog")
    }

    @Test("a feed that holds packages is deleted only with --purge")
    func purge() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try await scratch.run("push", "npm", "-", "--as", "a", input: "x").succeeded()
        let refused = try await scratch.json("feed", "delete", "npm")
        #expect(refused.status == 2)
        #expect(try refused.line("error")["code"] == "alreadyExists")
        #expect(try await scratch.json("ls", "npm").succeeded().lines.count == 1)
        try await scratch.run("feed", "delete", "npm", "--purge").succeeded()
        let again = try await scratch.run("feed", "delete", "npm", "--purge")
        #expect(again.status == 2 && again.sentence.hasSuffix("so nothing is left to delete"))
        #expect(try await scratch.json("ls", "npm").line("error")["code"] == "notFound")
    }

    @Test("on a terminal a feed that holds packages is purged only with --yes")
    func purgeOnTerminal() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm", "empty")
        try await scratch.run("push", "npm", "-", "--as", "a", input: "x").succeeded()
        let delete = { (words: String) async throws -> Tool.Result in
            try await scratch.shell("script -qec \"'$0' feed delete \(words) --purge\" /dev/null")
        }
        let refused = try await delete("npm")
        #expect(refused.status == 2)
        #expect(refused.output.contains("1 package (deleted ones too), 1 B") && refused.output.contains("--yes"))
        #expect(try await scratch.json("ls", "npm").succeeded().lines.count == 1)
        #expect(try await delete("empty").status == 0)
        #expect(try await delete("npm --yes").status == 0)
        #expect(try await scratch.json("feed", "list").succeeded().lines.isEmpty)
    }

    @Test("a deleted feed leaves no folder behind, whoever made its root")
    func leavesNothing() async throws {
        let scratch = try await Scratch.withRoot(feeds: "a")
        let before = try FileManager.default.subpathsOfDirectory(atPath: scratch.root).sorted()
        try await scratch.run("feed", "create", "b").succeeded()
        try await scratch.run("feed", "create", "own", "--feed-root", scratch.path + "/disk").succeeded()
        try FileManager.default.createDirectory(
            atPath: scratch.path + "/disk/lost+found", withIntermediateDirectories: false)
        for feed in ["b", "own"] {
            try await scratch.run("push", feed, "-", "--as", "x/y", input: "x").succeeded()
            try await scratch.run("feed", "delete", feed, "--purge").succeeded()
        }
        #expect(try FileManager.default.subpathsOfDirectory(atPath: scratch.root).sorted() == before)
        // A disk's own folder is not the feed's.
        #expect(try FileManager.default.subpathsOfDirectory(atPath: scratch.path + "/disk") == ["lost+found"])
    }

    @Test("a feed that could not be made leaves no folder behind")
    func notMade() async throws {
        let scratch = try await Scratch.withRoot(feeds: "a")
        let before = try FileManager.default.subpathsOfDirectory(atPath: scratch.root)
        let result = try await scratch.shell("trap '' XFSZ; ulimit -f 0; \"$0\" feed create b")
        #expect(result.status == 2)
        #expect(try FileManager.default.subpathsOfDirectory(atPath: scratch.root) == before)
        try await scratch.run("feed", "create", "b").succeeded()
    }

    @Test("the catalog notes a feed's place without dots, which would change their meaning; in a bucket they have none")
    func dots() async throws {
        let scratch = try await Scratch.withRoot(feeds: "a")
        let path = scratch.path
        try FileManager.default.createDirectory(atPath: path + "/one/two", withIntermediateDirectories: true)
        symlink("one/two", path + "/link")
        try await scratch.run("feed", "create", "b", "--feed-root", path + "/link/../disk/./b").succeeded()
        let real = String(decoding: path.utf8, as: UTF8.self)
        let list = try await scratch.run("feed", "list", "--format", "json")
        #expect(list.output.contains(real + "/one/disk/b\""), "\(list.output)")
        try FileManager.default.removeItem(atPath: path + "/link")
        try await scratch.run("push", "b", "-", "--as", "x", input: "x").succeeded()
        let refused = try await scratch.json("feed", "create", "c", "--feed-root", "s3://bucket/../x")
        #expect(refused.status == 2)
        #expect(try refused.line("error")["code"] == "invalidArgument")
    }

    @Test("a root does not get into another root, nor around one")
    func nesting() async throws {
        let scratch = try await Scratch.withRoot(feeds: "a")
        let (root, path) = (scratch.root, scratch.path)
        try await scratch.run("feed", "create", "b", "--feed-root", path + "/disk/b").succeeded()
        symlink(root, path + "/link")
        let before = try FileManager.default.subpathsOfDirectory(atPath: path).sorted()
        for place in [
            root + "/sub", root + "/feeds/a/packages/sub", root + "/feeds/c", path + "/link/sub", path + "/disk/b/sub",
            path + "/disk",
        ] {
            let made = try await scratch.json("feed", "create", "n", "--feed-root", place)
            #expect(made.status == 2, "\(place)")
            #expect(try made.line("error")["code"] == "invalidArgument", "\(place)")
            #expect(try await scratch.run("feed", "set", "a", "--feed-root", place).status == 2, "\(place)")
        }
        for place in [root + "/sub", root + "/feeds/a/sub", path + "/disk/b/sub/sub"] {
            let made = try await scratch.json("init", place)
            #expect(made.status == 2, "\(place)")
            #expect(try made.line("error")["message"]?.contains(" lies in ") == true, "\(place)")
        }
        #expect(try FileManager.default.subpathsOfDirectory(atPath: path).sorted() == before)
        try await scratch.run("feed", "create", "c", "--feed-root", root + "/feeds/c").succeeded()
        try await scratch.run("feed", "create", "d", "--feed-root", path + "/disk/d").succeeded()
    }

    @Test(
        "a bad name is refused with its rule, before anything is done",
        arguments: [
            "../x", "", "NPM", ".hidden", "a.json", "con", "a b", "ünicode", String(repeating: "a", count: 64), "end.",
        ])
    func badNames(name: String) async throws {
        let scratch = try await Scratch.withRoot()
        let before = try scratch.files("root")
        let result = try await scratch.run("feed", "create", name)
        #expect(result.status == 64)
        #expect(result.sentence.contains("is not a valid feed name"))
        #expect(try scratch.files("root") == before)
    }

    @Test("making a feed twice is a conflict, and one that does not exist is not found")
    func conflicts() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        #expect(try await scratch.json("feed", "create", "npm").line("error")["code"] == "alreadyExists")
        let missing = try await scratch.json("ls", "pypi")
        #expect(missing.status == 2)
        #expect(try missing.line("error")["code"] == "notFound")
    }

    @Test(
        "options that cannot be understood exit 64 with the way to write them",
        arguments: [
            (["--grace", "48"], "90s, 15m"), (["--digests", "crc32"], "sha1, sha512 and md5"),
            (["--mutable", "--immutable"], "--immutable"), (["--feed-root", "ftp://x/y"], "file:// or s3://"),
        ])
    func badOptions(options: [String], hint: String) async throws {
        let result = try await Tool.run(["feed", "create", "npm"] + options)
        #expect(result.status == 64)
        #expect(result.sentence.contains(hint))
    }
}

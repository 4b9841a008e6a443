import FoundationEssentials
import Testing

struct RootTests {
    @Test("init makes a root, and says so when it is one already")
    func initTwice() async throws {
        let scratch = try Scratch()
        let first = try await scratch.json("init", scratch.root).succeeded().line("root")
        let second = try await scratch.json("init", scratch.root).succeeded().line("root")
        #expect(first["kind"] == "server")
        #expect(first[number: "format"] == 1)
        #expect(first["url"] == "file://\(scratch.root)")
        #expect(first["id"]?.count == 36)
        #expect(second["id"] == first["id"])
        #expect(first[bool: "created"] == true)
        #expect(second[bool: "created"] == false)
    }

    @Test("init refuses a directory that holds other things, and leaves it as it was")
    func initElsewhere() async throws {
        let scratch = try Scratch()
        try scratch.write("root/thesis.txt", "precious")
        let result = try await scratch.json("init", scratch.root)
        #expect(result.status == 2)
        #expect(try result.line("error")["code"] == "alreadyExists")
        #expect(try scratch.files("root") == ["thesis.txt"])
    }

    @Test("init names the file that stands where a directory should be", arguments: ["file", "file/below/it"])
    func initFile(_ place: String) async throws {
        let scratch = try Scratch()
        try scratch.write("file", "precious")
        let result = try await scratch.run("init", "\(scratch.path)/\(place)")
        #expect(result.status == 2)
        #expect(result.sentence.hasPrefix("error: \(scratch.path)/file is a file, not a directory"))
        #expect(scratch.read("file") == "precious")
    }

    @Test("a URL that carries credentials is refused, and they are not repeated")
    func credentials() async throws {
        let result = try await Tool.run("init", "s3://alice:hunter2@bucket/prefix")
        #expect(result.status == 64)
        #expect(result.sentence.contains("credentials"))
        #expect(!result.errors.contains("hunter2"))
    }

    @Test("explain names the root, who set it, and that it matches")
    func explain() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        let line = try await scratch.json("explain", "npm").succeeded().line("explain")
        #expect(line["feed"] == "npm")
        #expect(line["root"] == "file://\(scratch.place("npm"))")
        #expect(line["source"] == "server")
        #expect(line["setBy"] == "environment BLOBSTORE_ROOT")
        #expect(line["expectedId"] == line["foundId"])
        #expect(line[bool: "matches"] == true)
    }

    @Test("explain exits 1 when the feed's root is gone")
    func explainMismatch() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try FileManager.default.removeItem(atPath: scratch.place("npm"))
        let result = try await scratch.json("explain", "npm")
        #expect(result.status == 1)
        #expect(try result.line("explain")[bool: "matches"] == false)
    }

    @Test("a flag wins over the environment, and that over the config file")
    func precedence() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try scratch.write("config.json", "{\"packagesRoot\": \"\(scratch.root)\"}")
        let config = scratch.path + "/config.json"
        for (arguments, environment, setBy) in [
            (["--root", scratch.root], ["BLOBSTORE_ROOT": "/nowhere", "BLOBSTORE_CONFIG": config], "flag --root"),
            ([], ["BLOBSTORE_ROOT": scratch.root, "BLOBSTORE_CONFIG": config], "environment BLOBSTORE_ROOT"),
            ([], ["BLOBSTORE_CONFIG": config], "config file \(config), key packagesRoot"),
            (["--config", config], ["BLOBSTORE_CONFIG": "/nowhere"], "config file \(config), key packagesRoot"),
        ] {
            let result = try await Tool.run(
                ["explain", "npm", "--format", "json"] + arguments, environment: environment)
            #expect(try result.succeeded().line("explain")["setBy"] == setBy)
        }
    }

    @Test("a config file in the working directory counts for nothing")
    func plantedConfig() async throws {
        let scratch = try await Scratch.withRoot()
        try scratch.write("config.json", "{\"packagesRoot\": \"\(scratch.root)\"}")
        let result = try await Tool.run("feed", "list", directory: scratch.path)
        #expect(result.status == 2)
        #expect(result.sentence.contains("no root is named"))
    }

    @Test("a broken config file is told with line and column")
    func brokenConfig() async throws {
        let scratch = try Scratch()
        try scratch.write("config.json", "{\n  \"packagesRoot\": \"/x\",,\n}\n")
        let result = try await Tool.run("feed", "list", "--config", scratch.path + "/config.json")
        #expect(result.status == 2)
        #expect(result.sentence.contains("line 2, column"))
    }

    @Test(
        "with another root or none in its place every command says so and writes nothing",
        arguments: [
            ["feed", "list"], ["feed", "create", "x"], ["feed", "show", "npm"], ["feed", "set", "npm", "--mutable"],
            ["feed", "delete", "npm", "--purge"], ["explain", "npm"], ["push", "npm", "file"], ["pull", "npm", "a"],
            ["ls", "npm"], ["stat", "npm", "a"], ["rm", "npm", "a"], ["restore", "npm", "a"], ["log", "npm", "a"],
            ["promote", "npm", "a", "npm"], ["import", "npm", "."], ["export", "npm", "out"], ["check"],
        ])
    func wrongRoot(arguments: [String]) async throws {
        let scratch = try Scratch()
        try scratch.write("file", "content")
        try FileManager.default.createDirectory(atPath: scratch.root, withIntermediateDirectories: false)
        let result = try await Tool.run(
            arguments + ["--format", "json"], environment: ["BLOBSTORE_ROOT": scratch.root], directory: scratch.path)
        #expect(result.status == 2)
        #expect(try result.line("error")["code"] == "wrongRoot")
        #expect(try scratch.files("root") == [])
        #expect(try scratch.files(".") == ["file"])
    }

    @Test("a pinned id that the root does not carry is refused")
    func pinned() async throws {
        let scratch = try await Scratch.withRoot()
        let result = try await scratch.json("feed", "list", "--root-id", "00000000-0000-0000-0000-000000000000")
        #expect(result.status == 2)
        #expect(try result.line("error")["code"] == "wrongRoot")
    }
}

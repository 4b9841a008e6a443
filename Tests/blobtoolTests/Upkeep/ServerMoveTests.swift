import Testing

struct ServerMoveTests {
    private func scene() async throws -> Scratch {
        let scratch = try await Scratch.withRoot(feeds: "npm", "nuget")
        try scratch.write("one", "content of one")
        for feed in ["npm", "nuget"] { try await scratch.run("push", feed, "one", "--as", "a/one").succeeded() }
        return scratch
    }

    @Test("a server root moves by one command, which tells of each feed, and the old place goes on to answer")
    func moves() async throws {
        let scratch = try await scene()
        let place = scratch.path + "/new"
        let forecast = try await scratch.json("migrate", "--server", "--to", place, "--dry-run").line("summary")
        #expect(forecast[number: "feeds"] == 2 && forecast[number: "copied"] == 2)
        #expect(forecast[bool: "dryRun"] == true && forecast[bool: "cutover"] == false)
        #expect(try scratch.files(".").allSatisfy { !$0.hasPrefix("new/") })

        let done = try await scratch.json("migrate", "--server", "--to", place).succeeded()
        let moved = try done.lines.filter { $0["type"] == "handedOver" }.compactMap { $0["feed"] }
        #expect(moved == ["npm", "nuget"])
        let summary = try done.line("summary")
        #expect(summary[bool: "cutover"] == true && summary[number: "feeds"] == 2)
        #expect(summary[number: "failedFeeds"] == 0 && summary[number: "copied"] == 2)

        let pulled = try await scratch.run("pull", "npm", "a/one", "-o", "-").succeeded()
        #expect(pulled.output == "content of one")
        #expect(pulled.errors.contains("moved to file://\(place)"))
        let explained = try await scratch.json("explain", "npm").line("explain")
        #expect(explained["root"] == "file://\(place)/feeds/npm" && explained["source"] == "server")
        let elsewhere = try await scratch.run("pull", "npm", "a/one", "-o", "-", "--root", place).succeeded()
        #expect(elsewhere.output == "content of one" && elsewhere.errors == "")
        #expect(try await scratch.run("check", "--content", "all").status == 0)
    }

    @Test("a feed with damage is named, and nothing cuts over")
    func damage() async throws {
        let scratch = try await scene()
        let blob = try #require(scratch.files("root/feeds/npm/blobs").first)
        try scratch.overwrite("root/feeds/npm/blobs/\(blob)", "c0ntent of one")
        let stayed = try await scratch.json("migrate", "--server", "--to", scratch.path + "/new")
        #expect(stayed.status == 1)
        let items = try stayed.lines.filter { $0["type"] == "error" }.compactMap { $0["item"] }
        #expect(items == ["npm/a/one", "feed npm"])
        #expect(try stayed.line("summary")[bool: "cutover"] == false)
        #expect(try await scratch.run("pull", "nuget", "a/one", "-o", "-").succeeded().errors == "")
        try await scratch.run("migrate", "--server", "--abort").succeeded()
        #expect(try await scratch.run("migrate", "--server", "--abort").status == 2)
    }

    @Test(
        "what does not go together is said in one sentence",
        arguments: [
            ["--to", "/tmp/x"], ["npm", "--server", "--to", "/tmp/x"], ["--server"], ["--server", "--to-server"],
            ["--server", "--to", "/tmp/x", "--abort"], ["--server", "--delete-source", "--reopen"],
        ])
    func usage(_ arguments: [String]) async throws {
        let scratch = try await Scratch.withRoot()
        #expect(try await scratch.run(["migrate"] + arguments).status == 64)
    }
}

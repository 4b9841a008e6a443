import Testing

struct ClusterTests {
    @Test("without any node, a job is taken, listed, shown part by part and cancelled")
    func jobs() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm", "pypi")
        #expect(try await scratch.json("cluster", "status").succeeded().output == "")
        let asked = try await scratch.json("cluster", "run", "check", "npm", "--content", "all")
        let id = try #require(try asked.line("job")["id"])
        #expect(try asked.line("job")["state"] == "waiting" && asked.sentence.hasPrefix("note: no node gave"))
        try await scratch.json("cluster", "run", "gc").succeeded()
        let listed = try await scratch.json("cluster", "jobs").succeeded().lines
        #expect(listed.map { $0["kind"] }.sorted { ($0 ?? "") < ($1 ?? "") } == ["check", "gc", "gc"])
        #expect(Set(listed.compactMap { $0["feed"] }) == ["npm", "pypi"])
        let shown = try await scratch.json("cluster", "jobs", id).succeeded().lines
        #expect(shown.filter { $0["type"] == "shard" }.count == 17)
        let cancelled = try await scratch.json("cluster", "cancel", id).line("job")
        #expect(cancelled["state"] == "cancelled")
        #expect(try await scratch.run("cluster", "jobs", id).status == 2)
        #expect(try await scratch.json("cluster", "jobs", "--open").succeeded().lines.count == 2)
    }

    @Test("what is not there is told, and nothing is begun for a misspelt feed")
    func absent() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        for command in [["jobs", "nothing"], ["remove", "web-1"], ["cancel", "nothing"], ["run", "check", "npn"]] {
            let result = try await scratch.json(["cluster"] + command)
            #expect(result.status == 2)
            #expect(try result.line("error")["code"] == "notFound", "\(command)")
        }
        #expect(try await scratch.json("cluster", "jobs").succeeded().lines.isEmpty)
        #expect(try await scratch.run("cluster", "run", "gc", "--max-delete", "200%").status == 64)
    }

    @Test("the secret that nodes share is rotated once at a time, and former ones are forgotten")
    func secrets() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        let added = try await scratch.json("key", "rotate-secret").line("secret")
        #expect(added["id"]?.count == 8)
        let second = try await scratch.json("key", "rotate-secret")
        #expect(try second.status == 2 && second.line("error")["code"] == "alreadyExists")
        #expect(try await scratch.json("key", "forget-secrets").line("forgotten")[number: "secrets"] == 0)
    }

    @Test("a feed's rules are set, shown and changed; a period that is too short is refused")
    func rules() async throws {
        let scratch = try await Scratch.withRoot()
        let made = try await scratch.json("feed", "create", "npm").line("feed")
        #expect(made[number: "verifySeconds"] == 2_592_000 && made[bool: "collects"] == false)
        let changed = try await scratch.json("feed", "set", "npm", "--verify", "7d", "--collect").line("feed")
        #expect(changed[number: "verifySeconds"] == 604_800 && changed[bool: "collects"] == true)
        #expect(changed[number: "epoch"] == 1)
        let never = try await scratch.json("feed", "set", "npm", "--verify", "never", "--no-collect").line("feed")
        #expect(never[number: "verifySeconds"] == 0 && never[bool: "collects"] == false)
        #expect(try await scratch.run("feed", "set", "npm", "--verify", "5m").status == 2)
        let rules = ["--anonymous-read", "--replaceable", "**/index.json", "--replaceable", "dists/**"]
        let open = try await scratch.json(["feed", "set", "npm"] + rules).line("feed")
        #expect(open[bool: "anonymousRead"] == true && open[number: "epoch"] == 2)
        #expect(try await scratch.run("feed", "set", "npm", "--replaceable", "a//b").status == 64)
        #expect(
            try await scratch.run("feed", "show", "npm").succeeded().output.contains(
                "replaces **/index.json, dists/**"))
        let closed = try await scratch.json("feed", "set", "npm", "--no-anonymous-read", "--replaceable", "none")
        #expect(try closed.line("feed")[bool: "anonymousRead"] == false)
        let text = try await scratch.run("feed", "show", "npm").succeeded().output
        #expect(!text.contains("replaces") && text.contains("reading  with an API key over HTTP"))
        #expect(text.contains("upkeep   no verification, garbage is kept"))
    }
}

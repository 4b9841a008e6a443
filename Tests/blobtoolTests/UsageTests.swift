import Testing

struct UsageTests {
    @Test(
        "what is wrong with a value is said once, with the rule and the option",
        arguments: [
            (["feed", "create", "NPM"], "\"NPM\" is not a valid feed name because it has capital letters", "NPM"),
            (["feed", "create", "npm", "--grace", "48"], "--grace: \"48\" is not a duration", "48"),
            (["feed", "create", "npm", "--grace=48"], "--grace: \"48\" is not a duration", "48"),
            (["push", "npm", "a", "--digest", "abc"], "--digest: \"abc\" is not a digest", "abc"),
            (["stat", "npm", "a/../b"], "the package path \"a/../b\" has the segment", "a/../b"),
            (["feed", "create", "npm", "--digests", "it's"], "--digests: \"it's\" is not a digest", "it's"),
        ])
    func once(arguments: [String], sentence: String, value: String) async throws {
        let result = try await Tool.run(arguments)
        #expect(result.status == 64)
        #expect(result.sentence.hasPrefix("error: " + sentence))
        #expect(result.sentence.split(separator: value, omittingEmptySubsequences: false).count == 2)
    }

    @Test(
        "a value that begins with a hyphen is a value, and told to be wrong",
        arguments: [
            (["ls", "npm", "--limit", "-1"], "of 0 or more, not -1"),
            (["feed", "create", "npm", "--grace", "-5h"], "\"-5h\" is negative"),
            (["push", "npm", "a", "--bwlimit", "-1MB"], "\"-1MB\" is negative"),
            (["push", "npm", "a", "--jobs", "-1"], "from 1 to 1024, not -1"), (["gc", "--jobs", "-1"], "not -1"),
            (["gc", "--max-delete", "-5%"], "\"-5%\" is not a percentage"), (["check", "--content", "-1%"], "\"-1%\""),
            (["probe", "/x", "--workers", "-1"], "from 1 to 64, not -1"),
            (["probe", "/x", "--rendezvous", "a", "--nodes", "-1"], "from 1 to 64, not -1"),
        ])
    func negative(arguments: [String], hint: String) async throws {
        let result = try await Tool.run(arguments)
        #expect(result.status == 64)
        #expect(result.sentence.contains(hint))
        #expect(!result.sentence.contains("missing"))
    }

    @Test(
        "a long word is not repeated as a whole",
        arguments: [
            ["NAME"], ["feed", "NAME"], ["feed", "create", "NAME"], ["stat", "npm", "NAME"], ["man", "NAME"],
            ["man", "--NAME"], ["man", "--format", "NAME"], ["man", "--format=NAME"],
            ["push", "npm", "a", "--digest", "NAME"],
            ["ls", "npm", "--limit", "NAME"],
        ])
    func long(arguments: [String]) async throws {
        let name = String(repeating: "n", count: 300)
        let result = try await Tool.run(arguments.map { $0.replacing("NAME", with: name) })
        #expect(result.status == 64)
        #expect(!result.errors.contains(String(repeating: "n", count: 201)))
        #expect(result.errors.count < 500)
    }

    @Test(
        "a credential in a URL is repeated by no command",
        arguments: [
            ["repair", "npm", "--from", "URL"], ["repair", "npm", "--from=URL"], ["migrate", "npm", "--to", "URL"],
            ["feed", "create", "npm", "--feed-root", "URL"], ["probe", "URL"], ["man", "URL"], ["URL"],
        ])
    func credentials(arguments: [String]) async throws {
        let result = try await Tool.run(arguments.map { $0.replacing("URL", with: "s3://alice:hunter2@bucket/prefix") })
        #expect(result.status == 64)
        #expect(!result.errors.contains("hunter2"))
    }

    @Test("a word that is no command is told with the words before it")
    func noCommand() async throws {
        #expect(try await Tool.run("feed", "nope").sentence.contains("there is no command \"feed nope\""))
        #expect(try await Tool.run("nope").sentence.contains("there is no command \"nope\""))
    }

    @Test("without a login name the account's own is kept")
    func account() async throws {
        let scratch = try await Scratch.withRoot(feeds: "npm")
        try await scratch.run("push", "npm", "-", "--as", "a", input: "x").succeeded()
        let account = try await scratch.shell("id -un").succeeded().output.split(separator: "\n").first
        #expect(try await scratch.json("stat", "npm", "a").line("package")["publishedBy"] == account.map(String.init))
    }
}

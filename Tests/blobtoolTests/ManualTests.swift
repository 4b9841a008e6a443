import Glibc
import Testing

struct ManualTests {
    @Test("the manual describes every command, and every option that help shows")
    func complete() async throws {
        let page = try await Tool.run("man").output.replacing("\\-", with: "-")
        for command in try await Self.commands() {
            #expect(page.contains(".SS \"blobtool \(command.joined(separator: " "))"), "\(command)")
            let help = try await Tool.run(command + ["--help"]).output
            for option in help.matches(of: /\n  (-.[^\n]*?)(  |\n)/).map(\.1) where !option.contains("--help") {
                for name in option.matches(of: /--[a-z-]+/).map(\.output) where name != "--version" {
                    #expect(page.contains(name), "\(option) of \(command)")
                }
            }
        }
    }

    @Test("the manual is sound roff", .enabled(if: access("/usr/bin/groff", X_OK) == 0))
    func sound() async throws {
        let page = try await Tool.run("man").output
        let groff = try SpawnedProcess(
            "/usr/bin/groff", ["-man", "-ww", "-z", "-Kutf8"], environment: Tool.environment([:]))
        async let result = Tool.finish(groff)
        await Tool.blocking { writeAll(Array(page.utf8), to: groff.input) }
        groff.closeInput()
        #expect(await result.status == 0)
        #expect(await result.errors == "")
    }

    @Test("the manual of blobnode describes every option that its help shows")
    func node() async throws {
        let page = try await Self.blobnode("--man").output.replacing("\\-", with: "-")
        #expect(page.hasPrefix(".TH \"BLOBNODE\" \"8\""))
        for name in try await Self.blobnode("--help").output.matches(of: /--[a-z-]+/).map(\.output) {
            #expect(page.contains(name), "\(name)")
        }
    }

    @Test("both programs are of one version")
    func version() async throws {
        let version = try await Tool.run("--version").output.replacing("blobtool", with: "blobnode")
        #expect(try await Self.blobnode("--version").output == version)
        #expect(version.contains(/^blobnode [0-9]+\.[0-9]+\.[0-9]+\n$/))
    }

    /// Runs the node's program, which stands beside the tool.
    private static func blobnode(_ argument: String) async throws -> Tool.Result {
        let path = Tool.path.replacing(/blobtool$/, with: "blobnode")
        let process = try SpawnedProcess(path, [argument], environment: Tool.environment([:]))
        process.closeInput()
        return await Tool.finish(process)
    }

    @Test("the help of every command has an example of it")
    func examples() async throws {
        for command in try await Self.commands() {
            let result = try await Tool.run(command + ["--help"])
            #expect(result.status == 0)
            #expect(result.output.contains("\n  blobtool \(command.joined(separator: " "))"), "\(command)")
            // A line that is too long would be broken, and could not be copied.
            for line in result.output.split(separator: "USAGE:")[0].split(separator: "Examples:\n")[1].split(
                separator: "\n")
            {
                #expect(line.hasPrefix("  "), "\(command)")
            }
        }
    }

    /// Every command that does something, from the help texts.
    static func commands(below path: [String] = []) async throws -> [[String]] {
        let help = try await Tool.run(path + ["--help"]).output
        guard let start = help.firstRange(of: "SUBCOMMANDS:") else { return [path] }
        var found: [[String]] = []
        for line in help[start.upperBound...].split(separator: "\n") {
            guard let name = line.firstMatch(of: /^  ([a-z]+)( |$)/)?.1 else { continue }
            found += try await commands(below: path + [String(name)])
        }
        return found
    }
}

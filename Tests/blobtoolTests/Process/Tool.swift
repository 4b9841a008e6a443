import BlobStore
import BlobSystem
import FoundationEssentials
import Glibc

/// The built `blobtool`, run as a process.
enum Tool {
    /// Beside the test bundle.
    static let path: String = {
        var link = [CChar](repeating: 0, count: 4_096)
        let length = max(0, readlink("/proc/self/exe", &link, link.count))
        let test = String(decoding: link.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return test.prefix(upTo: test.lastIndex(of: "/") ?? test.startIndex) + "/blobtool"
    }()

    /// Runs wait on threads of their own, never on Swift's.
    static let threads = BlockingPool(name: "tool")
    /// Input is written on others: a run whose output is waited for holds a thread until its input has come.
    private static let feeders = BlockingPool(name: "tool-input")

    struct Result: Sendable {
        let status: Int32
        let output: String
        let errors: String
    }

    static func environment(_ more: [String: String]) -> [String: String] {
        ["PATH": "/usr/bin:/bin", "HOME": "/nonexistent"].merging(more) { $1 }
    }

    static func start(
        _ arguments: [String], environment: [String: String] = [:], directory: String? = nil
    ) throws -> SpawnedProcess {
        // A child that does not read its input must not end the tests.
        signal(SIGPIPE, SIG_IGN)
        return try SpawnedProcess(path, arguments, environment: Self.environment(environment), directory: directory)
    }

    @discardableResult
    static func run(
        _ arguments: String..., input: [UInt8] = [], environment: [String: String] = [:], directory: String? = nil
    ) async throws -> Result {
        try await run(arguments, input: input, environment: environment, directory: directory)
    }

    static func run(
        _ arguments: [String], input: [UInt8] = [], environment: [String: String] = [:], directory: String? = nil
    ) async throws -> Result {
        let process = try start(arguments, environment: environment, directory: directory)
        if input.isEmpty {
            process.closeInput()
        } else {
            Task {
                await blocking(on: feeders) { writeAll(input, to: process.input) }
                process.closeInput()
            }
        }
        return await finish(process)
    }

    static func finish(_ process: SpawnedProcess) async -> Result {
        await blocking {
            let (output, errors) = process.collect()
            return Result(
                status: process.wait(), output: String(decoding: output, as: UTF8.self),
                errors: String(decoding: errors, as: UTF8.self))
        }
    }

    /// Waits until a condition holds, a minute at most.
    static func comes(_ condition: @Sendable () -> Bool) async -> Bool {
        let deadline = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < deadline {
            if condition() { return true }
            try? await Task.sleep(for: .milliseconds(5))
        }
        return false
    }

    static func blocking<Value: Sendable>(
        on pool: BlockingPool = threads, _ body: @escaping @Sendable () -> Value
    ) async -> Value {
        let outcome: BlockingOutcome<Value, Never> = await pool.run(deadline: nil) { _ in body() }
        guard case .done(.success(let value)) = outcome else { preconditionFailure("the tests have no threads left") }
        return value
    }
}

extension Tool.Result {
    /// The lines of JSON output.
    var lines: [Line] {
        get throws {
            try output.split(separator: "\n").map { try JSONDecoder().decode(Line.self, from: Data($0.utf8)) }
        }
    }

    /// The only line of that type.
    func line(_ type: String) throws -> Line {
        let found = try lines.filter { $0.type == type }
        guard found.count == 1 else { throw Missing(description: "\(found.count) lines of type \(type) in: \(output)") }
        return found[0]
    }

    struct Missing: Error, CustomStringConvertible { let description: String }
}

/// One object of JSON output.
struct Line: Decodable {
    let fields: [String: JSONValue]

    init(from decoder: any Decoder) throws {
        fields = try decoder.singleValueContainer().decode([String: JSONValue].self)
    }

    var type: String? { self["type"] }

    subscript(name: String) -> String? { if case .string(let text) = fields[name] { text } else { nil } }
    subscript(number name: String) -> Int64? { if case .integer(let value) = fields[name] { value } else { nil } }
    subscript(bool name: String) -> Bool? { if case .bool(let value) = fields[name] { value } else { nil } }
}
